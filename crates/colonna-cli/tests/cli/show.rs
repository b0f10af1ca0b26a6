//! `colonna show`.

use serde_json::json;

use crate::Sandbox;

#[test]
fn a_table_is_described() {
    let sandbox = Sandbox::with_events();
    let text = sandbox.run(&["show", "events"]).text(0);
    for expected in [
        "table       events",
        "rows        3",
        "files       2",
        "partitions  2 by ts_date",
        "quarantine  0 records",
        "timestamp",
        "  country",
        "2025-10-01",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains(".parquet"), "{text}");
    assert!(sandbox.run(&["show", "events", "--files"]).text(0).contains(".parquet"));
}

#[test]
fn only_the_first_partitions_are_listed_unless_asked() {
    let sandbox = Sandbox::new();
    let rows: String = (10..35).map(|n| format!("{{\"n\":{n},\"v\":1}}\n")).collect();
    sandbox.write("in.ndjson", &rows);
    sandbox.run(&["load", "many", "in.ndjson", "--by", "n"]).text(0);
    let text = sandbox.run(&["show", "many"]).text(0);
    assert!(text.ends_with("... 5 more; --partitions lists all\n"), "{text}");
    let all = sandbox.run(&["show", "many", "--partitions"]).text(0);
    assert!(all.lines().any(|line| line.starts_with("34 ")), "{all}");
}

#[test]
fn programs_get_the_same_as_json() {
    let sandbox = Sandbox::with_events();
    sandbox.write("bad.ndjson", "{\"ts\":\"2025-10-02T00:00:00Z\"}\n{\"ts\":\n");
    sandbox.run(&["load", "events", "bad.ndjson", "--format", "json"]).text(1);
    let shown = sandbox.run(&["show", "events", "--json", "--files"]).json(0);
    assert_eq!(shown["rows"], json!(4));
    assert_eq!(shown["quarantined"], json!(1));
    assert_eq!(shown["partition_columns"], json!(["ts_date"]));
    assert_eq!(shown["partitions"][1]["values"], json!({ "ts_date": "2025-10-02" }));
    assert_eq!(shown["partitions"][1]["rows"], json!(2));
    assert_eq!(shown["data_files"].as_array().map(Vec::len), Some(3));
    assert_eq!(shown["schema"][0], json!({ "name": "ts", "type": "timestamp" }));
}

#[test]
fn a_folder_that_is_no_table_fails_by_name() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    assert!(sandbox.run(&["show", "empty"]).complaint().contains("empty"));
}
