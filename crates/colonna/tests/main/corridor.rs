//! From rows to answers, and what may not happen on the way.

use std::fs;
use std::path::{Path, PathBuf};

use colonna::{
    Granularity, Ingest, LoadOutcome, MissingTime, Mode, QueryOptions, Table, col, count,
};
use tempfile::TempDir;

/// A folder with one input, and room for a table.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn table(&self) -> PathBuf {
        self.folder.path().join("table")
    }
}

/// Everything below a folder; nothing where there is none.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let below: Vec<PathBuf> = paths.iter().flat_map(|path| walk(path)).collect();
    paths.into_iter().chain(below).collect()
}

/// The rows of an answer, one line each.
#[track_caller]
pub(crate) fn rows(table: &Path, sql: &str) -> Vec<String> {
    let query = colonna_sql::parse(sql).unwrap().query;
    let answer = Table::open(table).unwrap().query(&query, &QueryOptions::default()).unwrap();
    let row = |row| answer.row(row).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    (0..answer.row_count()).map(row).collect()
}

const EVENTS: &str = r#"{"ts":"2025-10-01T23:59:59Z","user":{"country":"KR"},"ms":1.5}
{"ts":"2025-10-02T00:00:00Z","user":{"country":"DE"},"ms":2}
{"ts":"2025-10-02T01:00:00+09:00","user":{"country":"KR"},"ms":4}
{"user":{"country":"FR"}}
"#;

#[test]
fn rows_go_to_the_partition_of_their_own_day_in_utc() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", EVENTS);
    let report = Ingest::into(sandbox.table())
        .json(&input)
        .partition_by("ts", Granularity::Day)
        .run()
        .unwrap();
    assert_eq!((report.rows_written, report.partitions, report.rows_without_partition), (4, 3, 1));
    assert!(sandbox.table().join("ts_date=2025-10-01").is_dir());
    assert!(sandbox.table().join("ts_date=2025-10-02").is_dir());
    assert_eq!(
        rows(&sandbox.table(), "SELECT ts_date, count(*), sum(ms) FROM t GROUP BY 1 ORDER BY 1"),
        ["2025-10-01 2 5.5", "2025-10-02 1 2.0", "null 1 null"]
    );
}

#[test]
fn a_predicate_on_the_time_opens_one_file() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", EVENTS);
    Ingest::into(sandbox.table()).json(&input).partition_by("ts", Granularity::Day).run().unwrap();
    let table = Table::open(sandbox.table()).unwrap();
    let scan = table.scan().filter(col("ts").at_or_after("2025-10-02")).aggregate([count()]);
    let answer = scan.clone().collect().unwrap();
    assert_eq!(answer.row(0), [1.into()]);
    assert_eq!((answer.counters().files_considered, answer.counters().files_read()), (3, 1));
    assert_eq!(scan.without_pruning().collect().unwrap().row(0), [1.into()]);
}

#[test]
fn a_count_reads_no_page() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", EVENTS);
    Ingest::into(sandbox.table())
        .json(&input)
        .partition_by("ts", Granularity::Month)
        .run()
        .unwrap();
    let answer =
        Table::open(sandbox.table()).unwrap().scan().aggregate([count()]).collect().unwrap();
    assert_eq!(answer.row(0), [4.into()]);
    assert_eq!((answer.counters().pages_read(), answer.counters().files_read()), (0, 0));
}

#[test]
fn the_same_input_again_is_a_no_op_unless_told_otherwise() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", EVENTS);
    let load = || Ingest::into(sandbox.table()).json(&input);
    assert_eq!(load().run().unwrap().outcome, LoadOutcome::Committed);
    assert_eq!(load().run().unwrap().outcome, LoadOutcome::AlreadyLoaded);
    assert_eq!(rows(&sandbox.table(), "SELECT count(*) FROM t"), ["4"]);
    load().again().run().unwrap();
    assert_eq!(rows(&sandbox.table(), "SELECT count(*) FROM t"), ["8"]);
    // One file by two paths is one input.
    let other = input.parent().unwrap().join(".").join("in.ndjson");
    let report = load().again().json(&other).run().unwrap();
    assert_eq!(report.rows_written, 4);
}

#[test]
fn replacing_touched_partitions_leaves_the_others() {
    let sandbox = Sandbox::new();
    let first = sandbox.write("1.csv", "day,n\n2025-10-01,1\n2025-10-02,2\n");
    let second = sandbox.write("2.csv", "day,n\n2025-10-02,20\n2025-10-03,30\n");
    let load = |input: &Path| Ingest::into(sandbox.table()).csv(input);
    load(&first).partition_by("day", Granularity::Day).run().unwrap();
    let report = load(&second).mode(Mode::ReplacePartitions).run().unwrap();
    assert_eq!((report.rows_written, report.rows_replaced), (2, 1));
    assert_eq!(rows(&sandbox.table(), "SELECT n FROM t ORDER BY n"), ["1", "20", "30"]);

    // The same once more is done once more, since the rows of others may stand there now.
    let fourth = sandbox.write("4.csv", "day,n\n2025-10-03,31\n");
    load(&fourth).run().unwrap();
    let report = load(&second).mode(Mode::ReplacePartitions).run().unwrap();
    assert_eq!((report.rows_written, report.rows_replaced), (2, 3));
    assert_eq!(rows(&sandbox.table(), "SELECT n FROM t ORDER BY n"), ["1", "20", "30"]);

    let third = sandbox.write("3.csv", "day,n\n2025-12-01,7\n");
    let report = load(&third).mode(Mode::ReplaceTable).run().unwrap();
    assert_eq!(report.rows_replaced, 3);
    assert_eq!(rows(&sandbox.table(), "SELECT n FROM t"), ["7"]);
}

#[test]
fn a_broken_record_is_kept_with_its_place_and_the_rest_is_loaded() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n");
    let report = Ingest::into(sandbox.table()).json(&input).run().unwrap();
    assert_eq!((report.rows_read, report.rows_written, report.rows_quarantined), (3, 2, 1));
    let quarantine = sandbox.table().join("_quarantine");
    let kept = rows(&quarantine, "SELECT line, byte_offset, CAST(raw AS text) FROM t");
    assert_eq!(kept, ["2 8 {\"a\":"]);
}

#[test]
fn a_budget_of_rejects_stops_the_load_with_nothing_visible() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", "{\"a\":1}\nx\ny\n");
    let error = Ingest::into(sandbox.table()).json(&input).max_rejects(1).run().unwrap_err();
    assert!(error.to_string().contains("more than the 1 allowed"), "{error}");
    // Nor may a reader of bare folders find rows.
    let found = walk(&sandbox.table());
    assert!(found.iter().all(|path| path.is_dir()), "{found:?}");
    assert!(Table::open(sandbox.table()).is_err());
}

#[test]
fn records_without_the_time_go_to_quarantine_when_asked() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", EVENTS);
    let report = Ingest::into(sandbox.table())
        .json(&input)
        .partition_by("ts", Granularity::Day)
        .missing_time(MissingTime::Quarantine)
        .run()
        .unwrap();
    assert_eq!((report.rows_written, report.rows_quarantined), (3, 1));
    let kept =
        rows(&sandbox.table().join("_quarantine"), "SELECT line, field, CAST(raw AS text) FROM t");
    assert_eq!(kept, ["4 ts {\"user\":{\"country\":\"FR\"}}"]);
}

#[test]
fn records_without_any_field_are_rows_too() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", "{}\n{}\n");
    let report = Ingest::into(sandbox.table()).input(&input).run().unwrap();
    assert_eq!(report.rows_written, 2);
    assert_eq!(rows(&sandbox.table(), "SELECT count(*) FROM t"), ["2"]);
}

#[test]
fn a_broken_file_whose_name_says_json_is_not_taken_for_csv() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.json", "[1 true]");
    let report = Ingest::into(sandbox.table()).input(&input).run().unwrap();
    assert_eq!((report.rows_read, report.rows_quarantined), (2, 1));
}

#[test]
fn a_data_file_is_no_input() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.csv", "a\n1\n");
    Ingest::into(sandbox.table()).csv(&input).run().unwrap();
    let error = Ingest::into(sandbox.table()).input(sandbox.table()).run().unwrap_err();
    assert!(error.to_string().contains("a Parquet file"), "{error}");
    assert_eq!(rows(&sandbox.table(), "SELECT count(*) FROM t"), ["1"]);
}

#[test]
fn lines_that_are_passed_over_are_told_of() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.csv", "exported yesterday\na,b\n1,2\n3,4\n5,6\n");
    let report = Ingest::into(sandbox.table()).csv(&input).run().unwrap();
    assert_eq!(report.rows_written, 3);
    assert!(report.notes[0].contains("1 line before the records"), "{:?}", report.notes);
}

#[test]
fn a_file_with_another_header_is_another_input() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.csv", "a,b\n1,2\n3,4\n");
    Ingest::into(sandbox.table()).csv(&input).run().unwrap();
    sandbox.write("in.csv", "a,z\n1,2\n3,4\n");
    Ingest::into(sandbox.table()).csv(&input).run().unwrap();
    assert_eq!(rows(&sandbox.table(), "SELECT count(*), count(b), count(z) FROM t"), ["4 2 2"]);
}

#[test]
fn a_dry_run_tells_everything_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", EVENTS);
    let report = Ingest::into(sandbox.table()).json(&input).dry_run().run().unwrap();
    assert_eq!((report.outcome, report.rows_read), (LoadOutcome::DryRun, 4));
    assert!(!sandbox.table().exists());
}

#[test]
fn what_does_not_fit_the_table_goes_to_the_residual_column() {
    let sandbox = Sandbox::new();
    let first = sandbox.write("1.ndjson", "{\"a\":1}\n");
    let second = sandbox.write("2.ndjson", "{\"a\":\"x\",\"b\":true}\n{\"a\":2,\"c\":{\"d\":5}}\n");
    Ingest::into(sandbox.table()).json(&first).run().unwrap();
    Ingest::into(sandbox.table()).json(&second).run().unwrap();
    assert_eq!(
        rows(&sandbox.table(), "SELECT a, b, c.d, _residual FROM t ORDER BY a"),
        ["1 null null null", "2 null 5 null", "null true null {\"a\":\"x\"}"]
    );
}

#[test]
fn a_struct_in_the_table_gets_new_fields() {
    let sandbox = Sandbox::new();
    let first = sandbox.write("1.ndjson", "{\"user\":{\"id\":1}}\n");
    let second = sandbox.write("2.ndjson", "{\"user\":{\"id\":2,\"plan\":\"plus\"}}\n");
    Ingest::into(sandbox.table()).json(&first).run().unwrap();
    Ingest::into(sandbox.table()).json(&second).run().unwrap();
    assert_eq!(
        rows(&sandbox.table(), "SELECT user.id, user.plan FROM t ORDER BY 1"),
        ["1 null", "2 plus"]
    );
}

#[test]
fn an_answer_does_not_depend_on_the_number_of_threads_nor_on_memory() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/events.ndjson");
    let mut answers = Vec::new();
    for (threads, memory) in [(1, 512 << 20), (3, 1 << 20)] {
        let sandbox = Sandbox::new();
        let ingest =
            Ingest::into(sandbox.table()).json(&testdata).partition_by("ts", Granularity::Day);
        ingest.threads(threads).memory(memory).run().unwrap();
        let table = Table::open(sandbox.table()).unwrap();
        let query = colonna_sql::parse(
            "SELECT kind, count(*), sum(duration_ms), count(DISTINCT user.id), median(duration_ms) FROM t GROUP BY kind ORDER BY kind",
        );
        let query = query.unwrap().query;
        for threads in [1, 4] {
            let options = QueryOptions { threads: Some(threads), ..QueryOptions::default() };
            answers.push(table.query(&query, &options).unwrap().to_string());
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

#[test]
fn rows_that_are_in_columns_already_become_a_table() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", EVENTS);
    let source = sandbox.write("unused/x", "");
    let source = source.parent().unwrap().join("source");
    Ingest::into(&source).json(&input).run().unwrap();
    let source = Table::open(&source).unwrap();
    let by_country = source.scan().group_by([col("user.country")]).aggregate([count()]);
    let by_country = by_country.collect().unwrap();
    Ingest::into(sandbox.table()).rows(by_country.columns().clone()).run().unwrap();
    assert_eq!(
        rows(&sandbox.table(), "SELECT country, \"count\" FROM t ORDER BY country"),
        ["DE 1", "FR 1", "KR 2"]
    );
}
