//! CSV as RFC 4180 has it, with a header and with lines that end in a line feed.
//!
//! A null is nothing at all, an empty text is two quotes, so that the two stay apart. Lists, structs
//! and maps are their JSON text. Doubles may be `NaN`, `inf` and `-inf`.

use std::io::{self, Write};

use colonna_column::Columns;
use colonna_schema::Scalar;

use super::json;

/// Writes the names of the columns and every row.
pub(crate) fn write(out: &mut dyn Write, rows: &Columns) -> io::Result<()> {
    let mut line = String::new();
    for (index, field) in rows.schema().fields.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push_text(&mut line, &field.name);
    }
    line.push('\n');
    out.write_all(line.as_bytes())?;
    for row in 0..rows.row_count() {
        line.clear();
        for (index, value) in rows.row(row).iter().enumerate() {
            if index > 0 {
                line.push(',');
            }
            push_value(&mut line, value);
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn push_value(line: &mut String, value: &Scalar) {
    match value {
        Scalar::Null => {}
        Scalar::Utf8(text) => push_text(line, text),
        Scalar::List(_) | Scalar::Struct(_) | Scalar::Map(_) => {
            push_text(line, &json::value(value))
        }
        // None of the others ever holds a comma, a quote or a line break.
        plain => line.push_str(&plain.to_string()),
    }
}

fn push_text(line: &mut String, text: &str) {
    let needs_quotes = text.is_empty()
        || text.contains([',', '"', '\n', '\r'])
        || text.starts_with([' ', '\t', '#'])
        || text.ends_with([' ', '\t'])
        || text == "\\N";
    if !needs_quotes {
        line.push_str(text);
        return;
    }
    line.push('"');
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use colonna_column::Column;
    use colonna_schema::DataType;

    use super::*;

    #[track_caller]
    fn check(data_type: &DataType, values: &[Scalar], expected: &str) {
        let column = Column::from_scalars(data_type, values).unwrap();
        let rows = Columns::from_named(vec![("x".to_owned(), column)]).unwrap();
        let mut text = Vec::new();
        write(&mut text, &rows).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), format!("x\n{expected}"));
    }

    #[test]
    fn an_empty_text_is_no_null() {
        check(&DataType::Utf8, &["".into(), Scalar::Null, "a".into()], "\"\"\n\na\n");
    }

    #[test]
    fn what_would_be_read_otherwise_is_quoted() {
        check(
            &DataType::Utf8,
            &["a,b".into(), "say \"hi\"".into(), "two\nlines".into(), " x".into(), "\\N".into()],
            "\"a,b\"\n\"say \"\"hi\"\"\"\n\"two\nlines\"\n\" x\"\n\"\\N\"\n",
        );
    }

    #[test]
    fn lists_are_json_text() {
        let list = Scalar::List(vec!["a".into(), "b".into()]);
        check(&DataType::List(Box::new(DataType::Utf8)), &[list], "\"[\"\"a\"\",\"\"b\"\"]\"\n");
    }

    #[test]
    fn names_are_quoted_like_texts() {
        let column = Column::from_i64(vec![1]);
        let rows = Columns::from_named(vec![("a,b".to_owned(), column)]).unwrap();
        let mut text = Vec::new();
        write(&mut text, &rows).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "\"a,b\"\n1\n");
    }
}
