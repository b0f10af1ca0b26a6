//! `colonna schema`.

use serde_json::json;

use crate::{EVENTS, Sandbox};

#[test]
fn each_field_is_shown_with_its_type_and_what_was_seen() {
    let sandbox = Sandbox::new();
    sandbox.write("1.ndjson", EVENTS);
    sandbox.write("2.ndjson", "{\"status\":\"gone\"}\n");
    let text = sandbox.run(&["schema", "1.ndjson", "2.ndjson"]).text(0);
    assert!(text.starts_with("2 sources: NDJSON"), "{text}");
    assert!(text.contains("4 records"), "{text}");
    let line = |name: &str| {
        let found = text.lines().find(|line| line.trim_start().starts_with(name));
        found.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    };
    assert!(line("ts ").contains("timestamp"), "{text}");
    assert!(line("status").contains("text") && line("status").contains("2.ndjson:1"), "{text}");
    assert!(line("country").starts_with("  "), "{text}");
}

#[test]
fn the_evidence_is_there_for_programs() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", EVENTS);
    let found = sandbox.run(&["schema", "in.ndjson", "--json"]).json(0);
    assert_eq!((&found["records"], &found["rejections"]), (&json!(3), &json!(0)));
    let types: Vec<(String, String)> = found["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| {
            let text = |name: &str| field[name].as_str().unwrap().to_owned();
            (text("name"), text("type"))
        })
        .collect();
    assert!(types.contains(&("status".to_owned(), "int64".to_owned())), "{types:?}");
    assert!(types.contains(&("user.country".to_owned(), "text".to_owned())), "{types:?}");
}

#[test]
fn the_types_go_through_a_file_into_a_load() {
    let sandbox = Sandbox::new();
    sandbox.write("in.csv", "id,price\n1,2.5\n2,x\n");
    sandbox.run(&["schema", "in.csv", "--write", "types.json", "--header", "yes"]).text(0);
    let text = std::fs::read_to_string(sandbox.path("types.json")).unwrap();
    assert!(text.contains("\"price\""), "{text}");
    let columns = r#"{"columns":[{"name":"id","type":"int64"},{"name":"price","type":"float64"}]}"#;
    sandbox.write("types.json", columns);
    let load = ["load", "sales", "in.csv", "--schema", "types.json", "--header", "yes"];
    sandbox.run(&load).text(1);
    assert_eq!(sandbox.rows("sales", "SELECT id, price FROM t"), "id,price\n1,2.5\n");
}

#[test]
fn a_number_becomes_a_time_when_named() {
    let sandbox = Sandbox::new();
    sandbox.write("in.ndjson", "{\"at\":1759305600}\n");
    let found = sandbox.run(&["schema", "in.ndjson", "--time", "at", "--json"]).json(0);
    assert_eq!(found["fields"][0]["type"], "timestamp");
}
