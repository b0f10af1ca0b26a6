//! Every field of every record can be found again: records are read back from the table, rebuilt, and
//! compared with the source.
//!
//! Both sides are brought to one form first. Null and absent are the same; a text that is a number, a
//! moment or a JSON document counts as that, because a column of mixed values keeps them as text.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use colonna::{Granularity, Ingest, Scalar, Table, timestamp};
use serde_json::Value;

use crate::corridor::Sandbox;
use crate::shared_data::unpacked;

/// The leaves of a record by their paths.
type Leaves = BTreeMap<String, String>;

/// For each column whose name is not its key: its path, and the key.
type Keys = BTreeMap<Vec<String>, String>;

fn add_text(path: &str, text: &str, leaves: &mut Leaves) {
    if let Ok(document) = serde_json::from_str::<Value>(text)
        && !document.is_string()
        && !document.is_null()
    {
        return add_json(path, &document, leaves);
    }
    let canonical = match timestamp(text) {
        Ok(moment) => moment.to_string(),
        Err(_) => text.to_owned(),
    };
    leaves.insert(path.to_owned(), canonical);
}

fn add_number(path: &str, text: &str, leaves: &mut Leaves) {
    let canonical = match (text.parse::<i128>(), text.parse::<f64>()) {
        (Ok(integer), _) => integer.to_string(),
        (_, Ok(double)) if double.fract() == 0.0 && double.abs() < 1e15 => format!("{double:.0}"),
        (_, Ok(double)) => format!("{double:?}"),
        _ => text.to_owned(),
    };
    leaves.insert(path.to_owned(), canonical);
}

fn add_json(path: &str, value: &Value, leaves: &mut Leaves) {
    match value {
        Value::Null => {}
        Value::Bool(value) => {
            leaves.insert(path.to_owned(), value.to_string());
        }
        Value::Number(number) => add_number(path, &number.to_string(), leaves),
        Value::String(text) => add_text(path, text, leaves),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| add_json(&format!("{path}/{index}"), item, leaves));
        }
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(key, value)| add_json(&format!("{path}/{key}"), value, leaves));
        }
    }
}

fn add_scalar(path: &str, column: &[String], value: &Scalar, keys: &Keys, leaves: &mut Leaves) {
    match value {
        Scalar::Null => {}
        Scalar::Int64(_) | Scalar::Float64(_) | Scalar::Decimal { .. } => {
            add_number(path, &value.to_string(), leaves);
        }
        Scalar::List(items) => {
            for (index, item) in items.iter().enumerate() {
                add_scalar(&format!("{path}/{index}"), column, item, keys, leaves);
            }
        }
        Scalar::Struct(fields) => {
            for (name, value) in fields {
                add_field(path, column, name, value, keys, leaves);
            }
        }
        Scalar::Map(entries) => {
            for (key, value) in entries {
                add_scalar(&format!("{path}/{key}"), column, value, keys, leaves);
            }
        }
        other => add_text(path, &other.to_string(), leaves),
    }
}

fn add_field(
    path: &str,
    parent: &[String],
    name: &str,
    value: &Scalar,
    keys: &Keys,
    leaves: &mut Leaves,
) {
    let mut column = parent.to_vec();
    column.push(name.to_owned());
    let key = keys.get(&column).map_or(name, String::as_str);
    add_scalar(&format!("{path}/{key}"), &column, value, keys, leaves);
}

fn source_records(files: &[PathBuf]) -> Vec<Leaves> {
    let mut records = Vec::new();
    for file in files {
        for line in fs::read_to_string(file).unwrap().lines().filter(|line| !line.trim().is_empty())
        {
            let mut leaves = Leaves::new();
            add_json("", &serde_json::from_str(line).unwrap(), &mut leaves);
            records.push(leaves);
        }
    }
    records.sort();
    records
}

fn table_records(table: &Path, keys: &Keys) -> Vec<Leaves> {
    let table = Table::open(table).unwrap();
    let made = table.partition_columns();
    let answer = table.scan().collect().unwrap();
    let names: Vec<String> =
        answer.schema().fields.iter().map(|field| field.name.clone()).collect();
    let mut records: Vec<Leaves> = (0..answer.row_count())
        .map(|row| {
            let mut leaves = Leaves::new();
            for (name, value) in names.iter().zip(answer.row(row)) {
                match (name.as_str(), value) {
                    ("_residual", Scalar::Utf8(text)) => {
                        add_json("", &serde_json::from_str(&text).unwrap(), &mut leaves);
                    }
                    (name, _) if made.iter().any(|column| column == name) => {}
                    (name, value) => add_field("", &[], name, &value, keys, &mut leaves),
                }
            }
            leaves
        })
        .collect();
    records.sort();
    records
}

fn keys_of(files: &[PathBuf], time: &str) -> Keys {
    let inspection = Ingest::into("unused")
        .inputs(files)
        .partition_by(time, Granularity::Day)
        .inspect()
        .unwrap();
    let is_name = |part: &&String| !matches!(part.as_str(), "[]" | "{}");
    inspection
        .inferred
        .fields
        .iter()
        .filter_map(|field| {
            let column: Vec<String> = field.column.iter().filter(is_name).cloned().collect();
            let key = field.path.iter().rfind(is_name)?;
            (column.last()? != key).then(|| (column, key.clone()))
        })
        .collect()
}

#[track_caller]
fn check(files: &[PathBuf], time: &str) {
    let sandbox = Sandbox::new();
    Ingest::into(sandbox.table()).inputs(files).partition_by(time, Granularity::Day).run().unwrap();
    let expected = source_records(files);
    let found = table_records(&sandbox.table(), &keys_of(files, time));
    assert_eq!(expected.len(), found.len());
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected, found);
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn events_are_found_again() {
    check(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/events.ndjson")], "ts");
}

#[test]
fn windows_events_are_found_again() {
    let Some(folder) = unpacked("windows-persistence") else { return };
    check(&files_in(&folder.join("security-datasets-json")), "@timestamp");
}

#[test]
fn network_logs_are_found_again() {
    let Some(folder) = unpacked("zeek-dns-ssl") else { return };
    check(&files_in(&folder.join("zeek-ndjson")), "ts");
}
