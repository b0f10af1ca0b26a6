//! Any query over any table in files: what statistics, an order with a limit and a cache of pages
//! leave out changes no answer.

use std::fs::File;
use std::sync::{Arc, LazyLock};

use colonna_column::Columns;
use colonna_exec::Plan;
use colonna_page::{WriteOptions, write_file};
use colonna_scan::{Counters, ScanError, ScanOptions, ScanSource, scan};
use colonna_schema::{Expr, Projection, Query, SortKey, col};
use colonna_testkit::generate::{Question, any_predicate, any_query, any_table};
use colonna_testkit::{Sandbox, forget_nan, oracle};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, proptest};
use proptest::sample::Index;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::check;

/// More threads than this machine may have, so that tasks are done in any order.
static POOL: LazyLock<ThreadPool> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(4).build().unwrap());

/// How a table is cut into files, row groups and pages.
#[derive(Clone, Debug)]
struct Layout {
    cuts: Vec<Index>,
    row_group_rows: usize,
    page_rows: usize,
    /// Whether footers say which columns have no NaN, as only ours do.
    tells_of_nan: bool,
}

fn any_layout() -> impl Strategy<Value = Layout> {
    (proptest::collection::vec(any::<Index>(), 0..3), 1..12_usize, 1..6_usize, any::<bool>())
        .prop_map(|(cuts, row_group_rows, page_rows, tells_of_nan)| Layout {
            cuts,
            row_group_rows,
            page_rows,
            tells_of_nan,
        })
}

/// The rows in files, in their order.
fn written(table: &Columns, layout: &Layout) -> (Sandbox, ScanSource) {
    let sandbox = Sandbox::new();
    let mut ends: Vec<usize> =
        layout.cuts.iter().map(|cut| cut.index(table.row_count() + 1)).collect();
    ends.push(table.row_count());
    ends.sort_unstable();
    let mut start = 0;
    for (number, end) in ends.into_iter().enumerate() {
        let rows = table.slice(start, end - start);
        let options = WriteOptions {
            row_group_rows: layout.row_group_rows,
            page_rows: layout.page_rows,
            ..WriteOptions::default()
        };
        let path = sandbox.path(&format!("{number}.parquet"));
        write_file(File::create(&path).unwrap(), rows.schema(), [&rows], &options).unwrap();
        if !layout.tells_of_nan {
            forget_nan(&path);
        }
        start = end;
    }
    let source = ScanSource::from_folder(sandbox.root()).unwrap();
    assert_eq!(source.schema, *table.schema());
    (sandbox, source)
}

fn answer(
    source: &ScanSource,
    query: &Query,
    pruning: bool,
) -> Result<(Columns, Counters), ScanError> {
    let plan = Plan::try_new(query, &source.schema)?;
    let options = ScanOptions { pruning, ..ScanOptions::default() };
    let (partial, counters) = POOL.install(|| scan(source, &plan, &options))?;
    Ok((plan.finish(partial)?, counters))
}

/// How many files, row groups and pages were left out.
fn left_out(counters: &Counters) -> u64 {
    counters.files_skipped + counters.row_groups_skipped + counters.pages_skipped
}

/// Every way to the answer leads to the same one.
fn check_all(question: &Question, table: &Columns, layout: &Layout, cache: Option<u64>) {
    let expected = oracle::answer(&question.query, table);
    let (_sandbox, mut source) = written(table, layout);
    if let Some(byte_len) = cache {
        source.cache_pages(byte_len);
    }
    for pruning in [false, true, true] {
        let found = answer(&source, &question.query, pruning);
        if let Ok((_, counters)) = &found {
            assert!(counters.pages_read() <= counters.pages_considered);
            assert!(counters.pages_cached <= counters.pages_read());
            // Rows that statistics rule out are not computed, so they raise no error either.
            if expected.is_err() && pruning && left_out(counters) > 0 {
                continue;
            }
        }
        check(question, &expected, found.map(|(rows, _)| rows));
    }
}

/// The first rows in an order of columns, which are all that the answer has.
fn any_first_rows() -> impl Strategy<Value = Question> {
    let names = vec!["small", "city", "x", "n", "ok", "price", "user.country", "day"];
    let columns = proptest::sample::subsequence(names, 1..=4).prop_shuffle();
    let filter = option::weighted(0.3, any_predicate());
    (columns, any::<[(bool, bool); 4]>(), filter, 0..3_u64, 0..7_u64).prop_map(
        |(columns, directions, filter, offset, limit)| {
            let exprs: Vec<Expr> = columns.iter().map(|name| col(name)).collect();
            let key = |(expr, (descending, nulls_first)): (&Expr, (bool, bool))| SortKey {
                expr: expr.clone(),
                descending,
                nulls_first,
            };
            let order_by = exprs.iter().zip(directions).map(key).collect();
            let projection = exprs.iter().cloned().map(Projection::from).collect();
            let limit = Some(limit);
            let query = Query { projection, filter, order_by, limit, offset, ..Query::default() };
            Question { query, ordered: true }
        },
    )
}

/// No cache, one that is too small, and one that holds everything.
fn any_cache() -> impl Strategy<Value = Option<u64>> {
    proptest::prop_oneof![
        Just(None),
        Just(Some(1)),
        (50_u64..3000).prop_map(Some),
        Just(Some(1 << 24))
    ]
}

proptest! {
    #[test]
    fn any_query_over_any_files_is_answered_as_by_the_oracle(
        table in any_table(),
        layout in any_layout(),
        question in any_query(),
        cache in any_cache(),
    ) {
        check_all(&question, &table, &layout, cache);
    }

    #[test]
    fn the_first_rows_of_any_order_are_those_of_the_oracle(
        table in any_table(),
        layout in any_layout(),
        question in any_first_rows(),
        cache in any_cache(),
    ) {
        check_all(&question, &table, &layout, cache);
    }
}

/// Types that the laws rely on.
#[test]
fn a_file_keeps_the_schema_of_every_table() {
    let layout = Layout { cuts: Vec::new(), row_group_rows: 1, page_rows: 1, tells_of_nan: true };
    let schema = colonna_testkit::generate::table_schema();
    let columns = schema.fields.iter();
    let columns = columns.map(|field| colonna_column::Column::nulls(field.data_type.clone(), 1));
    let table = Columns::try_new(Arc::clone(&schema), columns.collect(), 1).unwrap();
    let (_sandbox, source) = written(&table, &layout);
    assert_eq!(source.schema, schema);
}
