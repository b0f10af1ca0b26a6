//! Cases that broke others, by the number of the report, each with what colonna does.

use std::path::Path;

use colonna::{Granularity, Ingest};

use crate::corridor::{Sandbox, rows};

#[track_caller]
fn check(name: &str, content: impl AsRef<[u8]>, sql: &str, expected: &[&str]) {
    let sandbox = Sandbox::new();
    let input = sandbox.write(name, content);
    Ingest::into(sandbox.table()).input(&input).run().unwrap();
    assert_eq!(rows(&sandbox.table(), sql), expected);
}

/// duckdb#25826, polars#29330, ClickHouse#120348: keys that come after the sample vanish.
#[test]
fn a_key_that_comes_late_is_a_column() {
    let mut lines = "{\"a\":1}\n".repeat(50_000);
    lines.push_str("{\"a\":2,\"late\":\"x\"}\n");
    check("in.ndjson", lines, "SELECT late FROM t WHERE a = 2", &["x"]);
}

/// duckdb#25786, ClickHouse#120634: a late value is altered to fit the sampled type.
#[test]
fn a_late_value_keeps_its_zeros() {
    let mut lines = "code\n".to_owned() + &"12\n".repeat(50_000);
    lines.push_str("007\n");
    check("in.csv", lines, "SELECT code FROM t WHERE code LIKE '0%'", &["007"]);
}

/// polars#13177: `01001` becomes a number.
#[test]
fn a_postal_code_stays_text() {
    check(
        "in.csv",
        "zip,city\n01001,Agawam\n90210,Beverly Hills\n",
        "SELECT zip FROM t ORDER BY zip",
        &["01001", "90210"],
    );
}

/// duckdb#25164: `\r\r\n` doubles the rows.
#[test]
fn a_doubled_carriage_return_ends_one_line() {
    check("in.csv", "a,b\r\r\n1,2\r\r\n3,4\r\r\n", "SELECT count(*), sum(a) FROM t", &["2 4"]);
}

/// duckdb#7578, #14177: rows of a quoted file are lost.
#[test]
fn a_quoted_newline_is_part_of_its_field() {
    let text = "id,note\n1,\"two\nlines\"\n2,\"a \"\"quoted\"\" word\"\n";
    check("in.csv", text, "SELECT count(*), max(length(note)) FROM t", &["2 15"]);
}

/// arrow-rs#9484: a value that is now a scalar, now an array.
#[test]
fn a_field_that_is_now_a_scalar_now_an_array_is_text_as_written() {
    let lines = "{\"v\":1}\n{\"v\":[1, 2]}\n{\"v\":\"x\"}\n";
    check("in.ndjson", lines, "SELECT v FROM t ORDER BY v", &["1", "[1, 2]", "x"]);
}

/// duckdb#24308: null and the sentinel of Hive collide. presto#2233: `06` becomes 6.
/// ClickHouse#111758: `a/b` becomes `a`. duckdb#25535: partitions that differ in case.
#[test]
fn partition_values_come_back_as_they_were() {
    let sandbox = Sandbox::new();
    let values = [
        "06",
        "6",
        "a/b",
        "A",
        "a",
        "..",
        "50%",
        "x=y",
        " ",
        "__HIVE_DEFAULT_PARTITION_",
        "\u{e4}",
    ];
    let lines: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(n, value)| format!("{{\"k\":{value:?},\"n\":{n}}}"))
        .collect();
    let lines = lines.join("\n") + "\n{\"n\":99}\n";
    let input = sandbox.write("in.ndjson", lines);
    let report = Ingest::into(sandbox.table()).json(&input).partition_by_column("k").run().unwrap();
    assert_eq!(report.partitions, 12);
    let expected: Vec<String> =
        values.iter().map(ToString::to_string).chain(["null".to_owned()]).collect();
    assert_eq!(rows(&sandbox.table(), "SELECT k FROM t ORDER BY n"), expected);
}

/// duckdb#19497: a day of the machine's zone instead of UTC.
#[test]
fn a_day_is_one_of_utc_also_before_1970() {
    let sandbox = Sandbox::new();
    let lines = "{\"at\":\"1969-12-31T23:59:59.999Z\"}\n{\"at\":\"1970-01-01T00:30:00+01:00\"}\n";
    let input = sandbox.write("in.ndjson", lines);
    let report = Ingest::into(sandbox.table())
        .json(&input)
        .partition_by("at", Granularity::Day)
        .run()
        .unwrap();
    assert_eq!(report.partitions, 1);
    assert!(sandbox.table().join("at_date=1969-12-31").is_dir());
}

/// polars#13782: a sum wraps around.
#[test]
fn a_sum_that_overflows_is_an_error() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.csv", format!("n\n{}\n1\n", i64::MAX));
    Ingest::into(sandbox.table()).csv(&input).run().unwrap();
    let table = colonna::Table::open(sandbox.table()).unwrap();
    let error = table.scan().aggregate([colonna::sum("n")]).collect().unwrap_err();
    assert!(error.to_string().contains('n'), "{error}");
}

/// arrow-rs#653: integers go through doubles.
#[test]
fn integers_beyond_the_digits_of_a_double_are_exact() {
    let lines = "{\"id\":9007199254740993}\n{\"id\":9007199254740992}\n";
    check(
        "in.ndjson",
        lines,
        "SELECT id FROM t WHERE id > 9007199254740992",
        &["9007199254740993"],
    );
}

/// delta-kernel-rs#1003: a maximum of microseconds is cut to milliseconds and the row is pruned.
#[test]
fn the_last_microsecond_of_a_file_is_found() {
    let sandbox = Sandbox::new();
    let input = sandbox.write(
        "in.ndjson",
        "{\"ts\":\"2025-10-01T00:00:00.000123Z\"}\n{\"ts\":\"2025-10-01T00:00:00.000999Z\"}\n",
    );
    Ingest::into(sandbox.table()).json(&input).partition_by("ts", Granularity::Day).run().unwrap();
    let sql = "SELECT count(*) FROM t WHERE ts >= '2025-10-01T00:00:00.000999Z'";
    assert_eq!(rows(&sandbox.table(), sql), ["1"]);
}

/// polars#16187, duckdb#10282: files that no commit names are read.
#[test]
fn a_file_that_no_commit_names_is_not_read() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.csv", "n\n1\n");
    Ingest::into(sandbox.table()).csv(&input).run().unwrap();
    let first = |folder: &Path| {
        let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.extension().is_some_and(|extension| extension == "parquet")).unwrap()
    };
    let file = first(&sandbox.table());
    std::fs::copy(&file, file.with_file_name("left-behind.parquet")).unwrap();
    assert_eq!(rows(&sandbox.table(), "SELECT count(*) FROM t"), ["1"]);
}

/// `\N` is how databases export null; in quotes it is a text.
#[test]
fn a_backslash_n_is_null_only_without_quotes() {
    check(
        "in.csv",
        "a,b\nx,0\n\\N,1\n\"\\N\",2\n",
        "SELECT a FROM t ORDER BY b",
        &["x", "null", "\\N"],
    );
}

/// A CASE that is one text in a page and another text in the next was compared with the entries of
/// a dictionary once for both.
#[test]
fn what_is_constant_in_a_page_is_not_taken_for_a_constant() {
    let rows = (0..60_000).map(|n| format!("{n},{}\n", if n % 2 == 0 { "x" } else { "y" }));
    let input = "n,a\n".to_owned() + &rows.collect::<String>();
    check(
        "in.csv",
        input,
        "SELECT count(*), sum(n) FROM t WHERE a = CASE WHEN n + 1 > 20000 THEN 'x' ELSE 'y' END",
        &["30000 899980000"],
    );
}
