//! `colonna load`.

use serde_json::json;

use crate::{EVENTS, Sandbox};

#[test]
fn a_load_reports_what_it_read_and_wrote() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", EVENTS);
    let report = sandbox.run(&["load", "events", "in.ndjson", "--time", "ts", "--json"]).json(0);
    for (name, expected) in [
        ("rows_read", json!(3)),
        ("rows_written", json!(3)),
        ("rows_quarantined", json!(0)),
        ("files", json!(2)),
        ("bytes_in", json!(EVENTS.len())),
    ] {
        assert_eq!(report[name], expected, "{name}: {report}");
    }
    assert!(report["bytes_out"].is_u64() && report["seconds"].is_number(), "{report}");
    assert!(sandbox.path("events/ts_date=2025-10-02").is_dir());
}

#[test]
fn nothing_but_the_report_is_written_where_nobody_looks() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", EVENTS);
    let run = sandbox.run(&["load", "events", "in.ndjson"]);
    assert_eq!(run.stderr, "");
    assert!(run.text(0).starts_with("3 rows read = 3 written + 0 quarantined"));
}

#[test]
fn the_same_input_again_is_no_new_rows() {
    let sandbox = Sandbox::with_events();
    let load = ["load", "events", "in.ndjson", "--time", "ts"];
    assert!(sandbox.run(&load).text(0).starts_with("nothing to do"));
    assert_eq!(sandbox.rows("events", "SELECT count(*) AS n FROM t"), "n\n3\n");
    sandbox.run(&[&load[..], &["--again"]].concat()).text(0);
    assert_eq!(sandbox.rows("events", "SELECT count(*) AS n FROM t"), "n\n6\n");
}

#[test]
fn a_load_is_known_by_the_identity_it_is_given() {
    let sandbox = Sandbox::new();
    let load = |version: &str, input: &str| {
        let identity = format!("nightly:{version}");
        sandbox.run_with_input(&["load", "t1", "-", "--identity", &identity], input).text(0)
    };
    load("7", "{\"a\":1}\n");
    assert!(load("7", "{\"a\":2}\n").starts_with("nothing to do"));
    load("8", "{\"a\":3}\n");
    assert_eq!(sandbox.rows("t1", "SELECT sum(a) AS s FROM t"), "s\n4\n");
}

#[test]
fn records_that_cannot_be_read_are_set_aside_and_told_by_the_exit_code() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n");
    let load = ["load", "events", "in.ndjson", "--format", "json"];
    let failed = sandbox.run(&[&load[..], &["--max-rejects", "0"]].concat()).complaint();
    assert!(failed.contains("in.ndjson:2"), "{failed}");
    let report = sandbox.run(&[&load[..], &["--json"]].concat()).json(1);
    assert_eq!((&report["rows_written"], &report["rows_quarantined"]), (&json!(2), &json!(1)));
    let rows = sandbox.rows("events/_quarantine", "SELECT line, reason IS NULL AS bare FROM t");
    assert_eq!(rows, "line,bare\n2,false\n");
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", EVENTS);
    let run = sandbox.run(&["load", "events", "in.ndjson", "--dry-run"]);
    assert!(run.text(0).starts_with("dry run"));
    assert!(!sandbox.path("events").join("_delta_log").exists());
}

#[test]
fn partitions_follow_the_words() {
    for (options, folder) in [
        (&["--time", "ts", "--by", "hour"][..], "ts_date=2025-10-01/ts_hour=8"),
        (&["--time", "ts", "--by", "month"], "ts_month=2025-10"),
        (&["--time", "ts", "--by", "year"], "ts_year=2025"),
        (&["--by", "status"], "status=404"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("in.ndjson", EVENTS);
        sandbox.run(&[&["load", "events", "in.ndjson"], options].concat()).text(0);
        assert!(sandbox.path("events").join(folder).is_dir(), "{options:?}: {folder}");
    }
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", EVENTS);
    sandbox.run(&["load", "events", "in.ndjson", "--time", "ts", "--by", "none"]).text(0);
    let shown = sandbox.run(&["show", "events", "--json"]).json(0);
    assert_eq!(shown["partition_columns"], json!([]));
}

#[test]
fn a_length_of_time_without_a_time_says_what_is_missing() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", EVENTS);
    let failed = sandbox.run(&["load", "events", "in.ndjson", "--by", "day"]).complaint();
    assert!(failed.contains("--time COLUMN --by day"), "{failed}");
    // Where there is such a column, it is what was meant.
    sandbox.write("flights.csv", "month,day,n\n1,30,5\n1,31,6\n");
    sandbox.run(&["load", "flights", "flights.csv", "--by", "day"]).text(0);
    assert!(sandbox.path("flights/day=31").is_dir());
}

#[test]
fn a_partition_is_replaced_and_the_others_stay() {
    let sandbox = Sandbox::with_events();
    sandbox.write("fixed.ndjson", "{\"ts\":\"2025-10-02T00:00:00Z\",\"status\":201}\n");
    let load = ["load", "events", "fixed.ndjson", "--time", "ts", "--replace", "partitions"];
    sandbox.run(&load).text(0);
    let rows = sandbox.rows("events", "SELECT status FROM t ORDER BY status");
    assert_eq!(rows, "status\n200\n201\n404\n");
}

#[test]
fn a_later_load_needs_no_word_about_partitions() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", EVENTS);
    sandbox.run(&["load", "events", "in.ndjson", "--time", "ts", "--by", "hour"]).text(0);
    sandbox.write("more.ndjson", "{\"ts\":\"2025-10-03T00:00:00Z\",\"status\":201}\n");
    sandbox.run(&["load", "events", "more.ndjson", "--time", "ts"]).text(0);
    assert!(sandbox.path("events/ts_date=2025-10-03/ts_hour=0").is_dir());
}

#[test]
fn csv_is_read_as_the_options_say() {
    let sandbox = Sandbox::new();
    sandbox.write("in.txt", "made by hand\na|b|day\n'x|y'|NONE|31/10/2025\n");
    let load = [
        "load",
        "events",
        "in.txt",
        "--format",
        "csv",
        "--delimiter",
        "|",
        "--quote",
        "'",
        "--header",
        "yes",
        "--skip",
        "1",
        "--null",
        "NONE",
        "--type",
        "day=date:%d/%m/%Y",
        "--source-column",
        "file",
    ];
    sandbox.run(&load).text(0);
    assert_eq!(sandbox.rows("events", "SELECT a, b, day FROM t"), "a,b,day\nx|y,,2025-10-31\n");
    assert!(sandbox.rows("events", "SELECT file FROM t").ends_with("in.txt\n"));
}

#[test]
fn everything_stays_text_when_asked() {
    let sandbox = Sandbox::new();
    sandbox.write("in.csv", "a,b\n007,1.50\n");
    sandbox.run(&["load", "events", "in.csv", "--all-text", "--header", "yes"]).text(0);
    assert_eq!(
        sandbox.run(&["query", "events", "SELECT a, b FROM t", "--format", "json"]).text(0),
        "{\"a\":\"007\",\"b\":\"1.50\"}\n"
    );
}

#[test]
fn records_are_taken_out_of_a_document() {
    let sandbox = Sandbox::new();
    sandbox.write("in.json", r#"{"hits":{"hits":[{"_source":{"a":1}},{"_source":{"a":2}}]}}"#);
    let load = ["load", "events", "in.json", "--pointer", "/hits/hits", "--unwrap", "elastic"];
    sandbox.run(&load).text(0);
    assert_eq!(sandbox.rows("events", "SELECT sum(a) AS s FROM t"), "s\n3\n");
}

#[test]
fn lines_of_text_become_the_groups_of_an_expression() {
    let sandbox = Sandbox::new();
    sandbox.write("in.log", "GET /a 200\nPUT /b 404\n");
    let regex = r"(?<verb>\S+) (?<path>\S+) (?<status>\d+)";
    sandbox.run(&["load", "events", "in.log", "--format", "text", "--regex", regex]).text(0);
    let rows = sandbox.rows("events", "SELECT path FROM t WHERE status > 300");
    assert_eq!(rows, "path\n/b\n");
}

#[test]
fn a_folder_and_a_glob_and_bounds_are_taken_together() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/1.ndjson", "{\"a\":1}\n");
    sandbox.write("logs/deep/2.ndjson", "{\"a\":2}\n");
    sandbox.write("more-3.ndjson", "{\"a\":3}\n");
    let load = [
        "--threads",
        "1",
        "load",
        "events",
        "logs",
        "more-*.ndjson",
        "--memory",
        "64MB",
        "--sort",
        "a",
    ];
    sandbox.run(&load).text(0);
    assert_eq!(sandbox.rows("events", "SELECT sum(a) AS s FROM t"), "s\n6\n");
}

#[test]
fn an_input_that_is_not_there_fails_by_name() {
    let sandbox = Sandbox::new();
    let failed = sandbox.run(&["load", "events", "nothing-*.json"]).complaint();
    assert!(failed.contains("nothing-*.json"), "{failed}");
    assert!(!sandbox.path("events").exists());
}

#[test]
fn records_that_are_arrays_take_their_names_from_the_first() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", "[\"a\",\"b\"]\n[1,\"x\"]\n[2,\"y\"]\n");
    sandbox.run(&["load", "rows", "in.ndjson", "--array-header"]).text(0);
    assert_eq!(sandbox.rows("rows", "SELECT a, b FROM t ORDER BY a"), "a,b\n1,x\n2,y\n");
}

#[test]
fn what_is_passed_over_and_what_no_column_takes_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("in.csv", "channel,members\nx,5\n#dev\n#ops\n");
    let told = sandbox.run(&["load", "t", "in.csv"]).text(0);
    assert!(told.contains("in.csv: lines that begin with # passed over as comments"), "{told}");
    let load = ["load", "t", "in.csv", "--comment", "none", "--again"];
    assert!(sandbox.run(&load).text(0).starts_with("3 rows read = 3 written"));

    sandbox.write("more.csv", "channel,members\ny,many\nz,6\n");
    let told = sandbox.run(&["load", "t", "more.csv"]).text(0);
    assert!(told.contains("1 row with values in _residual"), "{told}");
}

#[test]
fn a_line_of_more_fields_than_any_table_has_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("in.csv", &format!("{}\n1,2\n", ",".repeat(100_001)));
    let failed = sandbox.run(&["load", "t", "in.csv"]).complaint();
    assert!(failed.contains("in.csv:1: a record of more than 100000 fields"), "{failed}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_load_is_done_whether_or_not_its_report_can_be_written() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", EVENTS);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = sandbox.command(&["load", "events", "in.ndjson"]);
    let run = command.stdout(full).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stderr).contains("the load is done"), "{run:?}");
    assert_eq!(sandbox.rows("events", "SELECT count(*) AS n FROM t"), "n\n3\n");
}

#[test]
fn a_record_with_the_empty_text_for_its_partition_is_set_aside() {
    let sandbox = Sandbox::new();
    sandbox.write("in.json", "{\"k\":\"a\",\"n\":1}\n{\"k\":\"\",\"n\":2}\n{\"n\":4}\n");
    sandbox.write("in.csv", "k,n\na,1\n\"\",2\n,4\n");
    // Few that repeat, and many that do not.
    let many: String = (0..1100).map(|n| format!("\"{n}\",0\n")).collect();
    sandbox.write("many.csv", &format!("k,n\n{}\"\",2\n,5\n", many.replace("\"1099\"", "x")));
    // Most records have nothing.
    let few: String = (0..1999).map(|_| "{\"n\":0}\n").collect();
    sandbox.write("few.json", &format!("{few}{{\"k\":\"a\",\"n\":1}}\n{{\"k\":\"\",\"n\":2}}\n"));
    let inputs = [("in.json", "2"), ("in.csv", "2"), ("many.csv", "1,101"), ("few.json", "2,000")];
    for (input, rows) in inputs {
        let load = ["load", "t", input, "--by", "k", "--dry-run"];
        for args in [&load[..], &load[..5]] {
            let report = sandbox.run(args).text(1);
            assert!(report.contains(&format!("{rows} written + 1 quarantined")), "{report}");
            let reason = "field \"k\": the empty text cannot stand for a partition";
            assert!(report.contains(reason), "{report}");
        }
    }
    assert_eq!(sandbox.rows("t", "SELECT sum(n) AS s FROM t WHERE k IS NULL"), "s\n13\n");
    assert_eq!(sandbox.rows("t/_quarantine", "SELECT count(*) AS n FROM t"), "n\n4\n");
}

#[test]
fn a_number_that_a_given_type_would_change_is_set_aside() {
    let sandbox = Sandbox::new();
    sandbox.write("in.csv", "x,y\n0.1,1\n9007199254740993,2\n0.12345678901234567890123,3\n1e3,4\n");
    let load = ["load", "t", "in.csv", "--type", "x=float64"];
    let report = sandbox.run(&load).text(1);
    let told = "in.csv:3: field \"x\": expected float64, found 9007199254740993, which a double would change";
    assert!(report.contains("4 rows read = 2 written + 2 quarantined"), "{report}");
    assert!(report.contains(told), "{report}");
    assert_eq!(sandbox.rows("t", "SELECT x FROM t ORDER BY y"), "x\n0.1\n1000.0\n");
    sandbox.write("in.ndjson", "{\"x\":[1,9007199254740993]}\n{\"x\":[0.5]}\n");
    let load = ["load", "lists", "in.ndjson", "--type", "x=list<float64>"];
    assert!(sandbox.run(&load).text(1).contains("1 written + 1 quarantined"));
}

#[test]
fn a_type_for_a_field_that_is_nowhere_is_told() {
    let sandbox = Sandbox::with_events();
    let note = |field: &str, args: &[&str]| {
        let given = format!("{field}=decimal(10,2)");
        let report = sandbox.run(&[args, &["in.ndjson", "--type", &given]].concat()).text(0);
        let note = format!("note: a type is given for {field:?}, of which no record has a value");
        assert_eq!(report.contains(&note), report.contains("note:"), "{report}");
        report.contains("note:")
    };
    for field in ["mss", "user.contry"] {
        assert!(note(field, &["load", "new", "--again"]), "{field}");
        assert!(note(field, &["load", "dry", "--dry-run"]), "{field}");
        assert!(note(field, &["schema"]), "{field}");
    }
    // The table has the column since, and a day without it is a day like others.
    assert!(!note("mss", &["load", "new", "--again"]));
    assert!(!note("ms", &["load", "other"]));
}

/// The sample of a large input may miss a field that is there.
#[test]
fn a_type_for_a_field_that_is_rare_is_used_and_not_told() {
    let sandbox = Sandbox::new();
    let mut lines: Vec<String> = (0..100_000).map(|n| format!("{{\"n\":{n}}}")).collect();
    lines[50_123] = "{\"n\":50123,\"rare\":7}".to_owned();
    sandbox.write("in.ndjson", &lines.join("\n"));
    let args = ["load", "t", "in.ndjson", "--type", "rare=float64", "--json"];
    let report = sandbox.run(&args).json(0);
    assert_eq!((&report["notes"], &report["bytes_again"]), (&json!([]), &json!(0)));
    assert_eq!(sandbox.rows("t", "SELECT sum(rare) AS s FROM t"), "s\n7.0\n");
}

#[test]
fn a_time_that_is_nowhere_is_refused() {
    let sandbox = Sandbox::with_events();
    for command in
        [&["load", "new", "--by", "none"][..], &["load", "events", "--again"], &["schema"]]
    {
        let args = [command, &["in.ndjson", "--time", "tss"]].concat();
        let told = sandbox.run(&args).complaint();
        let expected = "the input has no field \"tss\" to read as a time; its fields are ts, ";
        assert!(told.contains(expected), "{told}");
    }
    assert!(!sandbox.path("new/_delta_log").exists());
    // What the table has may be missing for a day.
    sandbox.write("less.ndjson", "{\"status\":200}\n");
    sandbox.run(&["load", "events", "less.ndjson", "--time", "ts"]).text(0);
}

#[test]
fn an_expression_is_for_lines_of_text_whatever_they_look_like() {
    let sandbox = Sandbox::new();
    sandbox.write("in.json", "{\"a\":1}\n{\"a\":22}\n");
    sandbox.run(&["load", "t", "in.json", "--regex", r#":(?<n>\d+)}"#]).text(0);
    assert_eq!(sandbox.rows("t", "SELECT sum(n) AS s FROM t"), "s\n23\n");
    let args = ["load", "t", "in.json", "--regex", "(?<n>.)", "--format", "json"];
    let told = sandbox.run(&args).complaint();
    assert!(told.contains("--regex is for text, and the format is given as json"), "{told}");
}

#[test]
fn a_record_may_be_as_large_as_said() {
    let sandbox = Sandbox::new();
    let text = "x".repeat(100_000);
    sandbox.write("in.json", &format!("{{\"a\":\"{text}\"}}\n"));
    let load = ["load", "t", "in.json", "--max-record", "64KiB"];
    let told = sandbox.run(&load).complaint();
    assert!(
        told.contains("larger than 65536 bytes") && told.contains("raise --max-record"),
        "{told}"
    );
    sandbox.run(&[&load[..4], &["1MB"]].concat()).text(0);
}

#[test]
fn a_message_says_what_to_do_about_an_input() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("empty/.git")).unwrap();
    let told = sandbox.run(&["load", "t", "empty"]).complaint();
    assert!(told.starts_with("empty: no file in this folder"), "{told}");
    std::fs::write(sandbox.path("latin.csv"), b"a,b\n1,caf\xe9\n2,x\n").unwrap();
    let report = sandbox.run(&["load", "t", "latin.csv"]).text(1);
    assert!(report.contains("--encoding windows-1252"), "{report}");
}
