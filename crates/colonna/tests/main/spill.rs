//! Groups that do not fit into the memory that is allowed.

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};

use colonna::{Answer, Error, QueryOptions, Table};
use colonna_column::{Column, Columns};
use colonna_page::{WriteOptions, write_file};
use colonna_schema::{DataType, Query, Scalar};
use colonna_testkit::generate::{Question, any_query, any_table, table_schema};
use colonna_testkit::{Sandbox, assert_same_rows};
use proptest::prelude::{ProptestConfig, Strategy, TestCaseError, prop};
use proptest::test_runner::TestRunner;

/// The rows in two files of small row groups.
fn written(sandbox: &Sandbox, rows: &Columns, row_group_rows: usize) -> Table {
    let half = rows.row_count() / 2;
    for (name, start, len) in [("a", 0, half), ("b", half, rows.row_count() - half)] {
        let file = File::create(sandbox.path(&format!("{name}.parquet"))).unwrap();
        let options = WriteOptions { row_group_rows, ..WriteOptions::default() };
        write_file(file, rows.schema(), [&rows.slice(start, len)], &options).unwrap();
    }
    Table::open(sandbox.root()).unwrap()
}

fn asked(
    table: &Table,
    query: &Query,
    threads: usize,
    memory: Option<u64>,
) -> Result<Answer, Error> {
    table.query(query, &QueryOptions { threads: Some(threads), memory, pruning: true })
}

fn rows_of(answer: &Answer) -> Vec<Vec<Scalar>> {
    (0..answer.row_count()).map(|row| answer.row(row)).collect()
}

/// Many rows, out of several small tables.
fn any_large_table() -> impl Strategy<Value = Columns> {
    prop::collection::vec(any_table(), 8..16)
        .prop_map(|tables| Columns::concat(&table_schema(), &tables).unwrap())
}

fn is_out_of_memory(error: &Error) -> bool {
    error.to_string().contains("must hold")
}

#[test]
fn an_answer_does_not_depend_on_how_much_of_it_fits_into_memory() {
    let spilled = AtomicUsize::new(0);
    let config = ProptestConfig { cases: 64, ..ProptestConfig::default() };
    let law = |(rows, question): (Columns, Question)| {
        let sandbox = Sandbox::new();
        let table = written(&sandbox, &rows, 37);
        let expected = asked(&table, &question.query, 2, None);
        for (threads, memory) in [(1, 6 << 10), (3, 6 << 10), (1, 32 << 10), (3, 32 << 10)] {
            match (&expected, asked(&table, &question.query, threads, Some(memory))) {
                // One group, or rows without LIMIT, may be too much.
                (_, Err(error)) if is_out_of_memory(&error) => {}
                (Err(_), Err(_)) => {}
                (Ok(expected), Ok(found)) => {
                    spilled.fetch_add(
                        usize::from(found.counters().bytes_spilled > 0),
                        Ordering::Relaxed,
                    );
                    assert_same_rows(&rows_of(expected), &rows_of(&found), true);
                }
                (Ok(_), Err(error)) => return Err(TestCaseError::fail(error.to_string())),
                (Err(error), Ok(_)) => return Err(TestCaseError::fail(error.to_string())),
            }
        }
        Ok(())
    };
    TestRunner::new(config).run(&(any_large_table(), any_query()), law).unwrap();
    assert!(spilled.into_inner() > 30);
}

/// That many rows, two of each id, and a hundred of each word.
fn events(count: i64) -> Columns {
    let word = |row: i64| format!("word {}", row * 7919 % (count / 100));
    let words: Vec<Scalar> = (0..count).map(|row| Scalar::from(word(row).as_str())).collect();
    let words = Column::from_scalars(&DataType::Utf8, &words);
    let id = |row: i64| row * 104_729 % (count / 2);
    Columns::from_named(vec![
        ("id".to_owned(), Column::from_i64((0..count).map(id).collect())),
        ("word".to_owned(), words.unwrap()),
        ("n".to_owned(), Column::from_i64((0..count).collect())),
    ])
    .unwrap()
}

#[test]
fn groups_that_take_more_than_is_allowed_go_to_a_temporary_file() {
    let sandbox = Sandbox::new();
    let table = written(&sandbox, &events(40_000), 3_000);
    for sql in [
        "SELECT id, count(*) AS c, min(n) FROM t GROUP BY id",
        "SELECT id, count(*) AS c FROM t WHERE n % 3 = 1 GROUP BY id ORDER BY c DESC, id LIMIT 5",
        "SELECT id, max(word) FROM t GROUP BY id HAVING max(n) > 30000 LIMIT 7 OFFSET 3",
        "SELECT id, first(n ORDER BY word), last(n ORDER BY word) FROM t GROUP BY id",
        "SELECT DISTINCT id, word FROM t",
        "SELECT word, count(DISTINCT n), median(n) FROM t GROUP BY word",
        "SELECT DISTINCT count(*) FROM t GROUP BY id, word",
        "SELECT lower(word), sum(DISTINCT id) FROM t GROUP BY lower(word) ORDER BY 2 DESC",
    ] {
        let query = colonna_sql::parse(sql).unwrap().query;
        let expected = asked(&table, &query, 2, None).unwrap();
        assert_eq!(expected.counters().bytes_spilled, 0);
        for threads in [1, 3] {
            let found = asked(&table, &query, threads, Some(256 << 10)).unwrap();
            assert!(found.counters().bytes_spilled > 0, "{sql}");
            assert_same_rows(&rows_of(&expected), &rows_of(&found), true);
        }
    }
}

/// What is expected of the first rows is too little for those that follow, and a part too large.
#[test]
fn parts_that_are_too_large_are_divided_again() {
    let sandbox = Sandbox::new();
    let table = written(&sandbox, &events(40_000), 3_000);
    let query = colonna_sql::parse("SELECT id, max(word) AS w, count(*) FROM t GROUP BY id");
    let query = query.unwrap().query;
    let expected = asked(&table, &query, 2, None).unwrap();
    let [once, again] = [512 << 10, 8 << 10].map(|memory| {
        let found = asked(&table, &query, 3, Some(memory)).unwrap();
        assert_same_rows(&rows_of(&expected), &rows_of(&found), true);
        found.counters().bytes_spilled
    });
    assert!(0 < once && once * 2 < again, "{once} {again}");
}

#[test]
fn what_must_be_held_at_once_may_not_take_more_than_is_allowed() {
    let sandbox = Sandbox::new();
    let table = written(&sandbox, &events(40_000), 3_000);
    for sql in [
        "SELECT median(n) FROM t",
        "SELECT id > 0 AS k, median(n) FROM t GROUP BY 1",
        "SELECT n FROM t ORDER BY id",
    ] {
        let query = colonna_sql::parse(sql).unwrap().query;
        let error = asked(&table, &query, 2, Some(64 << 10)).unwrap_err();
        assert!(is_out_of_memory(&error), "{sql}: {error}");
    }
}
