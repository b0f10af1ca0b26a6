//! What each technique leaves unread and undecoded, counted; and the answer is the same without it.

use std::fs::File;
use std::sync::Arc;

use colonna::{
    Answer, Column, Columns, Counters, DataType, Granularity, Ingest, QueryOptions, Scalar, Table,
};
use colonna_column::{Strings, Values};
use colonna_page::{Profile, WriteOptions, write_file};
use colonna_testkit::forget_nan;

use crate::corridor::Sandbox;

const ROWS: i64 = 4000;
const GROUP_ROWS: i64 = 1000;
const PAGE_ROWS: i64 = 100;
/// The one row whose `scatter` is odd.
const ODD_ROW: i64 = 1234;

/// Four row groups of ten pages a column:
///
/// `n` ascends, `phase` ascends in each row group from 0 on, `tie` is the same in all rows,
/// `scatter` goes from 0 to 1000 in each page and is odd in one row only, `x` has nulls, and `note`
/// is another text in each row.
fn file(sandbox: &Sandbox) -> Table {
    let numbers = |of: &dyn Fn(i64) -> i64| Column::from_i64((0..ROWS).map(of).collect());
    let scatter = |row: i64| match (row % PAGE_ROWS, row) {
        (_, ODD_ROW) => 501,
        (0, _) => 0,
        (1, _) => 1000,
        _ => row * 7919 % 500 * 2,
    };
    let x = |row: i64| {
        if row % 3 == 0 { Scalar::Null } else { Scalar::from(row as f64 / 8.0) }
    };
    let x: Vec<Scalar> = (0..ROWS).map(x).collect();
    let notes: Strings = (0..ROWS).map(|row| format!("note {}", row * 7919 % ROWS)).collect();
    let notes = Values::Strings(Arc::new(notes));
    let row_count = usize::try_from(ROWS).unwrap();
    let rows = Columns::from_named(vec![
        ("n".to_owned(), numbers(&|row| row)),
        ("phase".to_owned(), numbers(&|row| row % GROUP_ROWS)),
        ("tie".to_owned(), numbers(&|_| 7)),
        ("scatter".to_owned(), numbers(&scatter)),
        ("x".to_owned(), Column::from_scalars(&DataType::Float64, &x).unwrap()),
        ("note".to_owned(), Column::try_new(DataType::Utf8, row_count, notes, None).unwrap()),
    ]);
    let rows = rows.unwrap();
    let options = WriteOptions {
        row_group_rows: usize::try_from(GROUP_ROWS).unwrap(),
        page_rows: usize::try_from(PAGE_ROWS).unwrap(),
        ..WriteOptions::default()
    };
    let path = sandbox.write("table/rows.parquet", "");
    write_file(File::create(&path).unwrap(), rows.schema(), [&rows], &options).unwrap();
    Table::open(sandbox.table()).unwrap()
}

fn options(threads: usize, pruning: bool) -> QueryOptions {
    QueryOptions { threads: Some(threads), pruning, ..QueryOptions::default() }
}

fn ask(table: &Table, sql: &str, options: &QueryOptions) -> Answer {
    table.query(&colonna_sql::parse(sql).unwrap().query, options).unwrap()
}

/// What a query counts on one thread. The answer must be that of a scan that reads everything, on
/// any number of threads.
#[track_caller]
fn counted(table: &Table, sql: &str) -> Counters {
    let everything = ask(table, sql, &options(1, false));
    for threads in [1, 2, 5] {
        let found = ask(table, sql, &options(threads, true));
        assert_eq!(found.to_string(), everything.to_string(), "{sql} on {threads} threads");
    }
    *ask(table, sql, &options(1, true)).counters()
}

#[test]
fn counts_and_bounds_are_answered_without_a_page() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    for sql in [
        "SELECT count(*) FROM t",
        "SELECT count(x), count(note), count(*) FROM t",
        "SELECT min(n), max(n), min(scatter), max(tie) FROM t",
        "SELECT max(n) - min(n) + count(*) AS c FROM t",
    ] {
        let counters = counted(&table, sql);
        assert_eq!((counters.pages_read(), counters.bytes_read), (0, 0), "{sql}");
        assert_eq!((counters.rows_decoded, counters.values_decoded), (0, 0), "{sql}");
        assert_eq!(counters.files_answered_by_statistics, 1, "{sql}");
    }
    let everything = ask(&table, "SELECT max(n) FROM t", &options(1, false));
    assert_eq!(everything.counters().pages_read(), 40);
}

#[test]
fn what_statistics_do_not_say_is_read() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    assert_eq!(counted(&table, "SELECT sum(n) FROM t").values_decoded, 4000);
    assert_eq!(counted(&table, "SELECT count(DISTINCT tie) FROM t").values_decoded, 4000);
    assert_eq!(counted(&table, "SELECT max(n) FROM t WHERE scatter > 0").values_decoded, 8000);
}

#[test]
fn columns_of_which_only_counts_and_bounds_are_asked_are_not_read_beside_others() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    let counters = counted(&table, "SELECT sum(n), max(scatter), min(scatter), count(x) FROM t");
    assert_eq!((counters.values_decoded, counters.rows_decoded), (4000, 4000));
    assert_eq!((counters.pages_considered, counters.pages_read()), (40, 40));
    // Of all rows of the answer nothing is known.
    assert_eq!(
        counted(&table, "SELECT sum(n), max(tie) FROM t GROUP BY phase").values_decoded,
        12_000
    );
    assert_eq!(counted(&table, "SELECT sum(n), max(tie + 1) FROM t").values_decoded, 8000);
}

#[test]
fn what_is_known_of_a_partition_is_not_read() {
    let sandbox = Sandbox::new();
    let mut lines = String::new();
    for row in 0..300_i64 {
        let (day, hour) = (1 + row % 3, row % 24);
        let y = if day == 2 || row % 7 == 0 { "null".to_owned() } else { (row % 50).to_string() };
        let time = format!("2026-03-0{day}T{hour:02}:00:00Z");
        lines.push_str(&format!("{{\"ts\":\"{time}\",\"x\":{row},\"y\":{y}}}\n"));
    }
    let input = sandbox.write("rows.ndjson", &lines);
    Ingest::into(sandbox.table()).json(&input).partition_by("ts", Granularity::Day).run().unwrap();
    let table = Table::open(sandbox.table()).unwrap();
    let asked = "SELECT ts_date, sum(x), max(y), min(y), count(y), max(ts), count(*)";
    let sql = format!("{asked} FROM t GROUP BY ts_date ORDER BY ts_date");
    assert_eq!(counted(&table, &sql).values_decoded, 300);
    let sql = format!("{asked} FROM t WHERE x >= 0 GROUP BY ts_date ORDER BY ts_date");
    assert_eq!(counted(&table, &sql).values_decoded, 900);
}

#[test]
fn a_predicate_on_a_sorted_column_reads_one_page_of_each_column() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    let counters = counted(&table, "SELECT note, x FROM t WHERE n = 2345");
    assert_eq!((counters.row_groups_skipped, counters.row_groups_read()), (3, 1));
    assert_eq!((counters.pages_considered, counters.pages_read()), (30, 3));
    assert_eq!(counters.rows_decoded, 100);
    // What lies between the pages of two row groups is two pages.
    let counters = counted(&table, "SELECT sum(x) FROM t WHERE n BETWEEN 1999 AND 2000");
    assert_eq!((counters.row_groups_read(), counters.pages_read()), (2, 4));
    assert_eq!(counted(&table, "SELECT note FROM t WHERE n > 4000").row_groups_read(), 0);
}

#[test]
fn other_columns_are_decoded_only_for_blocks_that_the_predicate_selects() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    // Statistics rule no page of `scatter` out.
    let nothing = counted(&table, "SELECT note, x FROM t WHERE scatter = 503");
    assert_eq!((nothing.pages_read(), nothing.values_decoded), (40, 4000));
    let one = counted(&table, "SELECT note, x FROM t WHERE scatter = 501");
    assert_eq!((one.pages_read(), one.values_decoded), (42, 4200));
    assert_eq!(one.rows_decoded, 4000);
    let all = counted(&table, "SELECT count(note), sum(x) FROM t WHERE scatter >= 0");
    assert_eq!((all.pages_read(), all.values_decoded), (120, 12_000));
    // What the predicate alone reads is read once.
    let own = counted(&table, "SELECT scatter FROM t WHERE scatter = 501");
    assert_eq!((own.pages_read(), own.values_decoded), (40, 4000));
}

#[test]
fn the_first_rows_of_an_order_leave_row_groups_out() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    let counters = counted(&table, "SELECT n, note FROM t ORDER BY n DESC LIMIT 5");
    assert_eq!((counters.row_groups_skipped, counters.row_groups_read()), (3, 1));
    let counters = counted(&table, "SELECT n, note FROM t ORDER BY n LIMIT 5 OFFSET 998");
    // The rows 998 to 1002 are of two row groups.
    assert_eq!((counters.row_groups_skipped, counters.row_groups_read()), (2, 2));
}

#[test]
fn where_the_first_key_ties_the_second_leaves_row_groups_out() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    for sql in [
        "SELECT tie, n, note FROM t ORDER BY tie, n DESC LIMIT 5",
        "SELECT n, note FROM t ORDER BY tie DESC, n LIMIT 5",
        "SELECT note FROM t ORDER BY tie NULLS FIRST, tie DESC, n LIMIT 5",
    ] {
        let counters = counted(&table, sql);
        assert_eq!((counters.row_groups_skipped, counters.row_groups_read()), (3, 1), "{sql}");
    }
}

#[test]
fn the_first_rows_of_an_order_leave_pages_out() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    // Each row group begins with 0 in `phase`; of all but the first one page can hold such rows.
    let counters = counted(&table, "SELECT phase, n FROM t ORDER BY phase, n LIMIT 6");
    assert_eq!(counters.row_groups_read(), 4);
    // Ten pages of `phase` in the first row group, and one each of both columns where rows were in
    // the running.
    assert_eq!((counters.pages_read(), counters.values_decoded), (10 + 3 + 4, 1700));
    let without =
        ask(&table, "SELECT phase, n FROM t ORDER BY phase, n LIMIT 6", &options(1, false));
    assert_eq!(without.counters().pages_read(), 80);
}

#[test]
fn pages_in_the_cache_are_not_read_again() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    let cached = Table::open(sandbox.table()).unwrap().with_page_cache(64 << 20);
    for sql in [
        "SELECT sum(n), max(x), count(DISTINCT note) FROM t",
        "SELECT n, note FROM t WHERE n BETWEEN 1500 AND 1720 ORDER BY n",
        "SELECT n, scatter FROM t WHERE scatter = 501",
        "SELECT tie, n FROM t ORDER BY tie, n DESC LIMIT 3",
    ] {
        let expected = ask(&table, sql, &options(1, true));
        assert!(expected.counters().bytes_read > 0, "{sql}");
        let first = ask(&cached, sql, &options(1, true));
        let again = ask(&cached, sql, &options(1, true));
        assert_eq!(first.to_string(), expected.to_string(), "{sql}");
        assert_eq!(again.to_string(), expected.to_string(), "{sql}");
        assert_eq!(again.counters().bytes_read, 0, "{sql}");
        assert_eq!(again.counters().pages_cached, again.counters().pages_read(), "{sql}");
        assert_eq!(again.counters().pages_read(), expected.counters().pages_read(), "{sql}");
        assert_eq!(again.counters().values_decoded, expected.counters().values_decoded, "{sql}");
        assert_eq!(expected.counters().pages_cached, 0, "{sql}");
    }
}

#[test]
fn a_cache_that_is_too_small_changes_no_answer() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    let queries = [
        "SELECT sum(n), max(x), count(DISTINCT note), min(scatter) FROM t WHERE scatter > 0",
        "SELECT n, note, x FROM t WHERE scatter > 990 ORDER BY n",
        "SELECT phase, n, note FROM t ORDER BY phase, n LIMIT 50",
        "SELECT scatter, count(*) AS c, sum(x) AS s FROM t GROUP BY scatter ORDER BY scatter",
    ];
    let expected = queries.map(|sql| ask(&table, sql, &options(1, true)).to_string());
    for byte_len in [0, 1, 1000, 5000, 20_000, 100_000] {
        let cached = Table::open(sandbox.table()).unwrap().with_page_cache(byte_len);
        for threads in [1, 4, 4] {
            for (sql, expected) in queries.iter().zip(&expected) {
                let found = ask(&cached, sql, &options(threads, true));
                assert_eq!(&found.to_string(), expected, "{sql} with {byte_len} bytes");
                let counters = found.counters();
                assert!(counters.pages_cached <= counters.pages_read(), "{sql}: {counters}");
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_counter() {
    let sandbox = Sandbox::new();
    let table = file(&sandbox);
    for sql in [
        "SELECT count(*), sum(x) FROM t",
        "SELECT note FROM t WHERE n BETWEEN 950 AND 1050",
        "SELECT note FROM t WHERE scatter = 501",
        "SELECT scatter, count(*) FROM t GROUP BY scatter",
    ] {
        let expected = *ask(&table, sql, &options(1, true)).counters();
        for threads in [2, 5] {
            assert_eq!(*ask(&table, sql, &options(threads, true)).counters(), expected, "{sql}");
        }
    }
}

/// Four row groups of doubles, of which each has eight, by a writer that does not say which columns
/// have no NaN: `y` rises from row group to row group, and `z` is the same with a NaN at the end.
fn doubles(sandbox: &Sandbox) -> Table {
    let y = |row: i64| Scalar::from((row / GROUP_ROWS * 10 + row * 7919 % 8) as f64 / 4.0);
    let y: Vec<Scalar> = (0..ROWS).map(y).collect();
    let mut z = y.clone();
    z[y.len() - 3] = Scalar::from(f64::NAN);
    let column = |values: &[Scalar]| Column::from_scalars(&DataType::Float64, values).unwrap();
    let rows = vec![("y".to_owned(), column(&y)), ("z".to_owned(), column(&z))];
    let rows = Columns::from_named(rows).unwrap();
    let options = WriteOptions {
        row_group_rows: usize::try_from(GROUP_ROWS).unwrap(),
        ..WriteOptions::default()
    };
    let path = sandbox.write("table/rows.parquet", "");
    write_file(File::create(&path).unwrap(), rows.schema(), [&rows], &options).unwrap();
    forget_nan(&path);
    Table::open(sandbox.table()).unwrap()
}

#[test]
fn a_dictionary_tells_that_no_row_is_nan() {
    let sandbox = Sandbox::new();
    let table = doubles(&sandbox);
    assert_eq!(counted(&table, "SELECT max(y), min(z) FROM t").pages_read(), 0);
    let one = counted(&table, "SELECT max(z), count(y) FROM t");
    assert_eq!((one.pages_read(), one.values_decoded), (1, 1000));
    assert_eq!(counted(&table, "SELECT max(y), sum(z) FROM t").values_decoded, 4000);
    for (sql, read) in [
        ("SELECT y FROM t WHERE y > 9.25", 0),
        ("SELECT y FROM t WHERE z = 9.5 OR z = 100", 0),
        ("SELECT y FROM t WHERE NOT z <= 9.25", 1),
        ("SELECT y FROM t WHERE y <> 'NaN' AND y > 9", 1),
        ("SELECT y FROM t ORDER BY y DESC LIMIT 9", 1),
        ("SELECT z FROM t ORDER BY z DESC LIMIT 9", 1),
        ("SELECT z FROM t ORDER BY z DESC LIMIT 1100", 2),
    ] {
        assert_eq!(counted(&table, sql).row_groups_read(), read, "{sql}");
    }
}

/// Ids that come in no order, so that every page has some from all over.
fn id(row: i64) -> String {
    format!("{:016x}", row.wrapping_add(1).wrapping_mul(-0x61c8_8646_80b5_83eb))
}

/// Four row groups of ids, and their numbers.
fn ids(sandbox: &Sandbox, profile: Profile) -> Table {
    let texts: Strings = (0..ROWS).map(id).collect();
    let row_count = usize::try_from(ROWS).unwrap();
    let texts = Column::try_new(DataType::Utf8, row_count, Values::Strings(Arc::new(texts)), None);
    let n = Column::from_i64((0..ROWS).collect());
    let rows = vec![("id".to_owned(), texts.unwrap()), ("n".to_owned(), n)];
    let rows = Columns::from_named(rows).unwrap();
    let options = WriteOptions {
        profile,
        row_group_rows: usize::try_from(GROUP_ROWS).unwrap(),
        page_rows: usize::try_from(PAGE_ROWS).unwrap(),
        ..WriteOptions::default()
    };
    let path = sandbox.write("table/rows.parquet", "");
    write_file(File::create(&path).unwrap(), rows.schema(), [&rows], &options).unwrap();
    Table::open(sandbox.table()).unwrap()
}

#[test]
fn filters_leave_out_row_groups_that_lack_a_value() {
    let sandbox = Sandbox::new();
    let table = ids(&sandbox, Profile::Fastest);
    let (mut read, mut asked) = (0, 0);
    for row in (0..ROWS).step_by(97) {
        let counters = counted(&table, &format!("SELECT n FROM t WHERE id = '{}'", id(row)));
        assert!(counters.row_groups_read() >= 1);
        read += counters.row_groups_read();
        asked += counters.bloom_filters_read;
    }
    // Of 42 ids, each is in one row group; the others are hardly ever read in vain.
    assert!((42..=45).contains(&read), "{read}");
    assert!(asked > 42 * 3, "{asked}");
    for sql in [
        &format!("SELECT n FROM t WHERE id IN ('{}', 'b')", id(5)),
        &format!("SELECT n FROM t WHERE id = '{}' AND n < 700 OR id = 'bb'", id(5)),
        &format!(
            "SELECT n FROM t WHERE NOT (id IS DISTINCT FROM '{}' OR n < 0) AND id = 'c'",
            id(5)
        ),
    ] {
        let counters = counted(&table, sql);
        assert!(counters.row_groups_read() < 4 && counters.bloom_filters_read > 0, "{sql}");
    }
    // What is not asked whether it is equal reads no filter.
    let all = counted(&table, &format!("SELECT n FROM t WHERE id <> '{}'", id(5)));
    assert_eq!((all.row_groups_read(), all.bloom_filters_read), (4, 0));
}

#[test]
fn the_smallest_files_have_no_filters() {
    let sandbox = Sandbox::new();
    let table = ids(&sandbox, Profile::Smallest);
    let counters = counted(&table, &format!("SELECT n FROM t WHERE id = '{}'", id(5)));
    assert_eq!(counters.bloom_filters_read, 0);
}
