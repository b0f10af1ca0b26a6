//! JSON: one object for each row, one row to a line.
//!
//! Integers and decimals are numbers with all their digits, however many; doubles are written so
//! that reading them gives the same double back. JSON has no NaN and no infinity: they are null.
//! Times are ISO 8601 text in UTC, bytes are text of hexadecimal digits after `0x`, maps are objects.

use std::io::{self, Write};

use colonna_column::Columns;
use colonna_schema::{Scalar, Schema};

/// Writes every row as an object on a line of its own.
pub(crate) fn write_lines(out: &mut dyn Write, rows: &Columns) -> io::Result<()> {
    let keys = keys(rows.schema());
    let mut line = String::new();
    for row in 0..rows.row_count() {
        line.clear();
        push_row(&mut line, &keys, &rows.row(row));
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// Every row as an object, between brackets.
pub(crate) fn array(rows: &Columns) -> String {
    let keys = keys(rows.schema());
    let mut text = String::from("[");
    for row in 0..rows.row_count() {
        if row > 0 {
            text.push(',');
        }
        push_row(&mut text, &keys, &rows.row(row));
    }
    text.push(']');
    text
}

/// A value on its own, as it stands in a row.
pub(crate) fn value(value: &Scalar) -> String {
    let mut text = String::new();
    push_value(&mut text, value);
    text
}

/// The names of the columns as JSON text. The second of two equal names gets `_2`, the next free
/// number after it, for most readers keep only one of two equal keys.
fn keys(schema: &Schema) -> Vec<String> {
    let mut taken: Vec<String> = Vec::with_capacity(schema.fields.len());
    for field in &schema.fields {
        let mut name = field.name.clone();
        let mut number = 2;
        let is_other = |name: &str| schema.fields.iter().any(|field| field.name == name);
        while taken.contains(&name) || (number > 2 && is_other(&name)) {
            name = format!("{}_{number}", field.name);
            number += 1;
        }
        taken.push(name);
    }
    taken.iter().map(|name| quoted(name)).collect()
}

fn push_row(text: &mut String, keys: &[String], values: &[Scalar]) {
    text.push('{');
    for (index, (key, value)) in keys.iter().zip(values).enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(key);
        text.push(':');
        push_value(text, value);
    }
    text.push('}');
}

fn push_value(text: &mut String, value: &Scalar) {
    match value {
        Scalar::Null => text.push_str("null"),
        Scalar::Float64(number) if !number.is_finite() => text.push_str("null"),
        Scalar::Boolean(_) | Scalar::Int64(_) | Scalar::Float64(_) | Scalar::Decimal { .. } => {
            text.push_str(&value.to_string());
        }
        Scalar::Utf8(words) => text.push_str(&quoted(words)),
        Scalar::Binary(_) | Scalar::Date(_) | Scalar::Timestamp(_) => {
            text.push_str(&quoted(&value.to_string()));
        }
        Scalar::List(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push_value(text, value);
            }
            text.push(']');
        }
        Scalar::Struct(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), value));
            push_object(text, fields);
        }
        Scalar::Map(entries) => {
            push_object(text, entries.iter().map(|(key, value)| (key.to_string(), value)));
        }
    }
}

fn push_object<'a>(text: &mut String, entries: impl Iterator<Item = (String, &'a Scalar)>) {
    text.push('{');
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&quoted(&key));
        text.push(':');
        push_value(text, value);
    }
    text.push('}');
}

/// A text as JSON writes it, with its quotes.
pub(crate) fn quoted(words: &str) -> String {
    serde_json::Value::from(words).to_string()
}

#[cfg(test)]
mod tests {
    use colonna_column::Column;
    use colonna_schema::parse_timestamp;

    use super::*;

    #[track_caller]
    fn check(scalar: &Scalar, expected: &str) {
        let text = value(scalar);
        assert_eq!(text, expected);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text} is no JSON");
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        check(&Scalar::Int64(i64::MIN), "-9223372036854775808");
        check(
            &Scalar::Decimal { value: 12_345_678_901_234_567_890_123, scale: 3 },
            "12345678901234567890.123",
        );
        check(&Scalar::Float64(0.1), "0.1");
        check(&Scalar::Float64(1e300), "1e300");
        check(&Scalar::Float64(1.0), "1.0");
    }

    #[test]
    fn what_json_has_no_number_for_is_null() {
        check(&Scalar::Float64(f64::NAN), "null");
        check(&Scalar::Float64(f64::NEG_INFINITY), "null");
    }

    #[test]
    fn times_and_bytes_are_text() {
        let micros = parse_timestamp("2025-10-31T13:45:00.25Z").unwrap();
        check(&Scalar::Timestamp(micros), "\"2025-10-31T13:45:00.250Z\"");
        check(&Scalar::Binary(vec![0, 255]), "\"0x00ff\"");
    }

    #[test]
    fn texts_are_escaped_and_parts_are_nested() {
        let nested = Scalar::Struct(vec![
            ("a\"b".to_owned(), Scalar::List(vec!["x\ny".into(), Scalar::Null])),
            ("m".to_owned(), Scalar::Map(vec![("k".into(), Scalar::Float64(f64::NAN))])),
        ]);
        check(&nested, r#"{"a\"b":["x\ny",null],"m":{"k":null}}"#);
    }

    #[test]
    fn no_value_is_lost_where_names_are_equal() {
        let named = |name: &str, value| (name.to_owned(), Column::from_i64(vec![value]));
        let rows =
            Columns::from_named(vec![named("a", 1), named("a", 2), named("a_2", 3), named("a", 4)])
                .unwrap();
        assert_eq!(array(&rows), r#"[{"a":1,"a_3":2,"a_2":3,"a_4":4}]"#);
    }
}
