//! The forms in which rows are written.

use crate::Sandbox;

/// One row of everything that is easily written wrongly, and one of nulls.
const AWKWARD: &str = concat!(
    r#"{"text":"a \"b\", c\n","empty":"","list":[1,null],"object":{"x":0.1},"big":9007199254740993}"#,
    "\n",
    r#"{"text":null,"empty":null,"list":null,"object":null,"big":null}"#,
    "\n",
);

fn awkward() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", AWKWARD);
    sandbox.run(&["load", "awkward", "in.ndjson"]).text(0);
    sandbox
}

const ALL: &str = "SELECT text, empty, list, object, big FROM t";

#[test]
fn json_gives_back_what_was_loaded() {
    let text = awkward().run(&["query", "awkward", ALL, "--format", "json"]).text(0);
    let parsed = |text: &str| -> Vec<serde_json::Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let mut expected = parsed(AWKWARD);
    // A struct of which nothing is known has a field of which nothing is known, or is null itself.
    expected[1]["object"] = parsed(&text)[1]["object"].clone();
    assert_eq!(parsed(&text), expected);
    assert!(text.contains("9007199254740993"), "{text}");
}

#[test]
fn csv_keeps_null_apart_from_the_empty_text() {
    let sandbox = awkward();
    let sql = "SELECT text, empty, list, object.x AS x, big FROM t";
    assert_eq!(
        sandbox.rows("awkward", sql),
        "text,empty,list,x,big\n\"a \"\"b\"\", c\n\",\"\",\"[1,null]\",0.1,9007199254740993\n,,,,\n"
    );
}

#[test]
fn a_table_in_a_pipe_has_whole_cells_up_to_a_limit() {
    let sandbox = Sandbox::new();
    let long = "x".repeat(100);
    sandbox.write("in.ndjson", &format!("{{\"a\":\"{long}\",\"b\":\"{}\"}}\n", &long[..60]));
    sandbox.run(&["load", "t1", "in.ndjson"]).text(0);
    let text = sandbox.run(&["query", "t1", "SELECT a, b FROM t"]).text(0);
    assert!(text.contains(&format!("{}..", "x".repeat(58))), "{text}");
    assert!(text.contains("cells cut: 1; --format json or csv shows all"), "{text}");
    let told =
        sandbox.command(&["query", "t1", "SELECT a, b FROM t"]).env("COLUMNS", "40").output();
    let told = String::from_utf8(told.unwrap().stdout).unwrap();
    assert!(told.lines().take(3).all(|line| line.len() <= 40), "{told}");
}

#[test]
fn parquet_can_be_asked_again() {
    let sandbox = Sandbox::with_events();
    std::fs::create_dir(sandbox.path("copy")).unwrap();
    let sql = "SELECT status, user.country AS country FROM t ORDER BY status";
    let to_file = ["query", "events", sql, "--format", "parquet", "--output", "copy/1.parquet"];
    assert_eq!(sandbox.run(&to_file).text(0), "");
    let rows = sandbox.rows("copy", "SELECT country FROM copy WHERE status >= 404 ORDER BY status");
    assert_eq!(rows, "country\nDE\nKR\n");
    let piped = sandbox.run(&["query", "events", sql, "--format", "parquet"]);
    assert_eq!(piped.stdout, std::fs::read(sandbox.path("copy/1.parquet")).unwrap());
}

#[test]
fn rows_go_to_a_file_in_any_format() {
    let sandbox = Sandbox::with_events();
    for (format, expected) in
        [("csv", "n\n3\n"), ("json", "{\"n\":3}\n"), ("table", "n\n-\n3\n(1 row)\n")]
    {
        let sql = "SELECT count(*) AS n FROM t";
        let args = ["query", "events", sql, "--format", format, "--output", "out"];
        assert_eq!(sandbox.run(&args).text(0), "");
        assert_eq!(std::fs::read_to_string(sandbox.path("out")).unwrap(), expected);
    }
    let sql = "SELECT count(*) AS n FROM t";
    let nowhere = sandbox.run(&["query", "events", sql, "--output", "no/such/folder"]).complaint();
    assert!(nowhere.starts_with("cannot write no/such/folder: "), "{nowhere}");
}
