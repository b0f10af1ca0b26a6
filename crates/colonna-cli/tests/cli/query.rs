//! `colonna query`.

use std::io::Read;
use std::process::Stdio;

use serde_json::json;

use crate::Sandbox;

#[test]
fn a_table_is_shown_with_the_number_of_its_rows() {
    let sandbox = Sandbox::with_events();
    let sql =
        "SELECT user.country AS country, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC";
    let text = sandbox.run(&["query", "events", sql]).text(0);
    assert_eq!(text, "country  n\n-------  -\nKR       2\nDE       1\n(2 rows)\n");
}

#[test]
fn the_table_has_no_other_name_than_its_folders_and_t() {
    let sandbox = Sandbox::with_events();
    assert_eq!(sandbox.rows("events/", "SELECT count(*) AS n FROM Events"), "n\n3\n");
    let failed = sandbox.run(&["query", "events", "SELECT * FROM event"]).complaint();
    assert_eq!(failed, "this table is not called \"event\": write FROM events, or FROM t");
    let failed = sandbox.run(&["query", "events", "SELECT 1"]).complaint();
    assert!(failed.contains("FROM"), "{failed}");
}

#[test]
fn what_was_read_is_told_apart_from_the_rows() {
    let sandbox = Sandbox::with_events();
    let sql = "SELECT count(*) AS n FROM t WHERE ts >= '2025-10-02' AND status > 0";
    let run = sandbox.run(&["query", "events", sql, "--stats", "--format", "csv"]);
    assert!(run.stderr.contains("considered"), "{run:?}");
    assert_eq!(run.text(0), "n\n1\n");
}

#[test]
fn runs_are_measured_in_one_process() {
    let sandbox = Sandbox::with_events();
    let sql = "SELECT status, ms FROM t WHERE ts >= '2025-10-02'";
    let measured = |options: &[&str]| {
        sandbox.run(&[&["query", "events", sql, "--json"], options].concat()).json(0)
    };
    let report = measured(&["--repeat", "3"]);
    assert_eq!(report["rows"], json!([{ "status": 500, "ms": null }]));
    assert_eq!(report["runs_ms"].as_array().map(Vec::len), Some(3));
    assert!(report["best_ms"].is_number());
    assert_eq!(report["counters"]["files_considered"], json!(2));
    assert_eq!(report["counters"]["files_read"], json!(1));
    let everything = measured(&["--no-pruning", "--threads", "1"]);
    assert_eq!(everything["rows"], report["rows"]);
    assert_eq!(everything["counters"]["files_read"], json!(2));
}

#[test]
fn a_plan_is_explained_and_analyzed() {
    let sandbox = Sandbox::with_events();
    let select = "SELECT max(ms) FROM t WHERE status = 500";
    let plan = sandbox.run(&["query", "events", &format!("EXPLAIN {select}")]).text(0);
    assert!(plan.contains("status = 500"), "{plan}");
    assert!(!plan.contains("1 row in"), "{plan}");
    let analyzed = sandbox.run(&["query", "events", &format!("EXPLAIN ANALYZE {select}")]).text(0);
    assert!(analyzed.starts_with(&plan) && analyzed.contains("1 row in"), "{analyzed}");
}

#[test]
fn an_older_version_is_asked_as_it_was() {
    let sandbox = Sandbox::with_events();
    let before = sandbox.run(&["show", "events", "--json"]).json(0)["version"].to_string();
    sandbox.write("more.ndjson", "{\"ts\":\"2025-10-03T00:00:00Z\"}\n");
    sandbox.run(&["load", "events", "more.ndjson"]).text(0);
    let count = "SELECT count(*) AS n FROM t";
    assert_eq!(sandbox.rows("events", count), "n\n4\n");
    let old = ["query", "events", count, "--version", &before, "--format", "csv"];
    assert_eq!(sandbox.run(&old).text(0), "n\n3\n");
    let never = sandbox.run(&["query", "events", count, "--version", "99"]).complaint();
    assert!(never.contains("99"), "{never}");
}

#[test]
fn an_output_that_nobody_reads_on_ends_quietly() {
    let sandbox = Sandbox::new();
    let text: String = (0..60_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    sandbox.write("in.ndjson", &text);
    sandbox.run(&["load", "numbers", "in.ndjson"]).text(0);
    for format in ["csv", "json", "table", "parquet"] {
        let args = ["query", "numbers", "SELECT n FROM t", "--format", format];
        let mut child = sandbox.command(&args).stdout(Stdio::piped()).spawn().unwrap();
        let mut head = [0; 2];
        child.stdout.take().unwrap().read_exact(&mut head).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
}

#[test]
fn what_cannot_be_answered_is_told_in_one_line() {
    let sandbox = Sandbox::with_events();
    for sql in [
        "SELECT nothing FROM t",
        "SELECT FROM t",
        "DROP TABLE t",
        "SELECT status + user FROM t",
        "SELECT\n(\n\nFROM t",
    ] {
        let failed = sandbox.run(&["query", "events", sql]).complaint();
        assert!(!failed.is_empty(), "{sql}");
    }
    let missing = sandbox.run(&["query", "nowhere", "SELECT 1 FROM t"]).complaint();
    assert!(missing.contains("nowhere"), "{missing}");
}

#[test]
fn a_query_leaves_no_temporary_file_behind() {
    let sandbox = Sandbox::with_events();
    let lines = (0..30_000).map(|id| format!("{{\"id\":{id},\"n\":9223372036854775807}}\n"));
    sandbox.write("ids.ndjson", &lines.collect::<String>());
    sandbox.run(&["load", "ids", "ids.ndjson"]).text(0);
    let folder = tempfile::tempdir().unwrap();
    let run = |sql: &str| {
        let arguments = ["query", "ids", sql, "--memory", "256KiB", "--stats", "--format", "csv"];
        let mut command = sandbox.command(&arguments);
        let output = command.env("TMPDIR", folder.path()).output().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run("SELECT id, sum(n) FROM t GROUP BY id ORDER BY id LIMIT 3");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("bytes went to a temporary file"), "{told}");
    // Only the groups of 30 ids have a sum that is too large: some of them are made before.
    let (code, told) = run("SELECT id % 29970, sum(n) FROM t GROUP BY 1");
    assert_eq!(code, Some(2), "{told}");
}

#[test]
fn a_query_that_fails_leaves_the_file_as_it_was() {
    let sandbox = Sandbox::with_events();
    sandbox.write("kept.csv", "a long line of what was there before\n");
    let sql = "SELECT CAST(user.country AS BIGINT) AS n FROM t";
    let query = |sql| ["query", "events", sql, "--format", "csv", "--output", "kept.csv"];
    sandbox.run(&query(sql)).complaint();
    let kept = std::fs::read_to_string(sandbox.path("kept.csv")).unwrap();
    assert_eq!(kept, "a long line of what was there before\n");
    sandbox.run(&query("SELECT count(*) AS n FROM t")).text(0);
    assert_eq!(std::fs::read_to_string(sandbox.path("kept.csv")).unwrap(), "n\n3\n");
}

#[test]
fn a_malformed_footer_is_told_in_one_line_whatever_its_reader_does() {
    let sandbox = Sandbox::with_events();
    let day = sandbox.path("events/ts_date=2025-10-01");
    let files = std::fs::read_dir(day).unwrap().map(|entry| entry.unwrap().path());
    let whole = std::fs::read(files.collect::<Vec<_>>().first().unwrap()).unwrap();
    let footer_len: [u8; 4] = *whole[whole.len() - 8..].first_chunk().unwrap();
    let footer = whole.len() - 8 - u32::from_le_bytes(footer_len) as usize;
    for at in (footer..whole.len() - 8).step_by(2) {
        let mut broken = whole.clone();
        broken[at] ^= 0x01;
        std::fs::write(sandbox.path("broken.parquet"), broken).unwrap();
        let run = sandbox.run(&["query", "broken.parquet", "SELECT * FROM t"]);
        if run.code != 0 {
            run.complaint();
        }
    }
}

#[test]
fn what_stands_in_the_residual_column_can_be_taken_apart() {
    let sandbox = Sandbox::new();
    sandbox.write("one.ndjson", "{\"n\":1}\n");
    sandbox.write("two.ndjson", "{\"n\":{\"of\":[\"x\",2]}}\n{\"n\":2.5}\n{\"n\":7}\n");
    sandbox.run(&["load", "t", "one.ndjson"]).text(0);
    sandbox.run(&["load", "t", "two.ndjson"]).text(0);
    let sql = "SELECT n, _residual -> 'n' AS j, _residual ->> '$.n.of[0]' AS x, \
               (_residual ->> '$.n.of[-1]')::int + 1 AS y FROM t ORDER BY n, j";
    let expected = "n,j,x,y\n1,,,\n7,,,\n,2.5,,\n,\"{\"\"of\"\":[\"\"x\"\",2]}\",x,3\n";
    assert_eq!(sandbox.rows("t", sql), expected);
}

#[test]
fn what_is_no_finite_number_is_found() {
    let sandbox = Sandbox::new();
    sandbox.write("in.csv", "f,n\n1.5,1\nNaN,2\ninf,4\n-inf,8\n,16\n");
    sandbox.run(&["load", "t", "in.csv"]).text(0);
    for (condition, sum) in [
        ("isnan(f)", 2),
        ("isinf(f)", 12),
        ("isfinite(f)", 1),
        ("NOT isfinite(f)", 14),
        ("isnan(f) IS NULL", 16),
        ("isfinite(n)", 31),
        ("NOT isnan(CAST(n AS DECIMAL(5, 2)))", 31),
    ] {
        let rows = sandbox.rows("t", &format!("SELECT sum(n) AS s FROM t WHERE {condition}"));
        assert_eq!(rows, format!("s\n{sum}\n"), "{condition}");
    }
}
