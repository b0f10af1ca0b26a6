use std::fmt::Write as _;

use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use super::*;
use crate::{FormatName, InferOptions, Input, Prepared, SourceOptions, infer};

/// What a source becomes: the description, the names, each row, each rejected record.
#[derive(Debug, PartialEq)]
struct Outcome {
    description: String,
    names: Vec<String>,
    rows: Vec<Vec<String>>,
    rejections: Vec<(u64, u64, String)>,
}

fn load(text: &[u8], csv: &CsvOptions, chunk_byte_len: usize) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input.csv");
    std::fs::write(&path, text).unwrap();
    let read = ReadOptions {
        format: Some(FormatName::Csv),
        csv: csv.clone(),
        chunk_byte_len,
        ..ReadOptions::default()
    };
    let source = Source::try_new(Input::File(path), &SourceOptions::default()).unwrap();
    let source = Prepared::try_new(source, &read).unwrap();
    // Every value as the text it is, so that a test sees what the decoder gives.
    let options = InferOptions { all_text: true, ..InferOptions::default() };
    let mut evidence = Evidence::new(&options);
    let mut observed = Observed::default();
    for chunk in source.chunks().unwrap() {
        let seen = source.observe(&chunk.unwrap(), &mut evidence).unwrap();
        observed.records += seen.records;
        observed.rejections += seen.rejections;
    }
    let shape = Arc::new(infer(&evidence, &options).shape);
    let names = shape.schema().fields.iter().map(|field| field.name.clone()).collect();
    let (mut rows, mut rejections, mut records) = (Vec::new(), Vec::new(), 0);
    for chunk in source.chunks().unwrap() {
        let chunk = chunk.unwrap();
        assert_eq!(chunk.has_records_before, records > 0);
        let decoded = source.decode(&chunk, &shape).unwrap();
        records += decoded.records;
        for row in 0..decoded.columns.row_count() {
            rows.push(decoded.columns.row(row).iter().map(ToString::to_string).collect());
        }
        rejections.extend(decoded.rejections.into_iter().map(|rejection| {
            let Position { line, byte_offset } = rejection.position;
            let raw = rejection.raw;
            let start = usize::try_from(byte_offset).unwrap();
            assert_eq!(text[start..start + raw.len()], raw);
            (line, byte_offset, String::from_utf8_lossy(&raw).into_owned())
        }));
    }
    assert_eq!(observed.records, records);
    assert_eq!(observed.rejections, crate::chunk::count(rejections.len()));
    assert_eq!(records, crate::chunk::count(rows.len() + rejections.len()));
    Outcome { description: source.description(), names, rows, rejections }
}

/// Rows as lines with `|` between the values; names first. The answer is the same by any chunks.
#[track_caller]
fn check_with(text: &str, csv: &CsvOptions, expected: &[&str]) -> Outcome {
    let outcome = load(text.as_bytes(), csv, 4 << 20);
    let mut lines = vec![outcome.names.join("|")];
    lines.extend(outcome.rows.iter().map(|row| row.join("|")));
    assert_eq!(lines, expected, "{}", outcome.description);
    for chunk_byte_len in [1, 16] {
        assert_eq!(load(text.as_bytes(), csv, chunk_byte_len), outcome);
    }
    outcome
}

#[track_caller]
fn check(text: &str, expected: &[&str]) -> Outcome {
    let outcome = check_with(text, &CsvOptions::default(), expected);
    assert_eq!(outcome.rejections, [], "{}", outcome.description);
    outcome
}

#[track_caller]
fn check_rejected(text: &str, expected: &[&str], rejected: &[(u64, &str)]) {
    let outcome = check_with(text, &CsvOptions::default(), expected);
    let found: Vec<(u64, &str)> =
        outcome.rejections.iter().map(|(line, _, raw)| (*line, raw.as_str())).collect();
    assert_eq!(found, rejected);
}

#[test]
fn quotes_hold_delimiters_line_ends_and_doubled_quotes() {
    check(
        "id,text\n1,\"a, b\"\n2,\"say \"\"hi\"\"\"\n3,\"two\r\nlines\"\n",
        &["id|text", "1|a, b", "2|say \"hi\"", "3|two\r\nlines"],
    );
}

#[test]
fn every_line_end_is_known_and_an_empty_line_is_no_record() {
    for end in ["\n", "\r\n", "\r\r\n", "\r"] {
        for tail in ["", end, &end.repeat(3)] {
            let text = format!("a,b{end}{end}1,2{end}3,4{tail}");
            check(&text, &["a|b", "1|2", "3|4"]);
        }
    }
    check("a,b\n1,2\r\n3,4\r\r\n5,6", &["a|b", "1|2", "3|4", "5|6"]);
}

#[test]
fn a_cr_in_a_line_that_ends_with_lf_is_text() {
    check("a,b\n1,x\ry\n2,z\n", &["a|b", "1|x\ry", "2|z"]);
}

#[test]
fn delimiters_are_found() {
    for delimiter in [",", "\t", ";", "|", "\u{1}"] {
        let text = "id,name,x\n1,Ann Lee,2.5\n2,Bob Ray,3.5\n".replace(',', delimiter);
        check(&text, &["id|name|x", "1|Ann Lee|2.5", "2|Bob Ray|3.5"]);
    }
    check("id x y\n1 2 3\n4 5 6\n", &["id|x|y", "1|2|3", "4|5|6"]);
}

#[test]
fn delimiters_in_values_are_none() {
    check(
        "at\n2025-10-01 00:00:00\n2025-10-02 00:00:00\n",
        &["at", "2025-10-01 00:00:00", "2025-10-02 00:00:00"],
    );
    check("n;x\n1,5;2,5\n3,5;4,5\n", &["n|x", "1,5|2,5", "3,5|4,5"]);
    check("word\nNew York\nSan Jose\n", &["word", "New York", "San Jose"]);
}

#[test]
fn a_delimiter_of_several_characters_can_be_given() {
    let csv = CsvOptions { delimiter: Some("||".to_owned()), ..CsvOptions::default() };
    check_with("a||b\n1||\"x||y\"\n2|||\n", &csv, &["a|b", "1|x||y", "2||"]);
}

#[test]
fn other_quotes_and_escapes_are_found() {
    check("a,b\n1,'x, y'\n2,'z, w'\n", &["a|b", "1|x, y", "2|z, w"]);
    check("a,b\n1,\"x \\\"y\\\", z\"\n2,\"\\\\\"\n", &["a|b", "1|x \"y\", z", "2|\\"]);
    check("a, b\n1, \"x, y\"\n2, \"z\"\n", &["a|b", "1|x, y", "2|z"]);
}

#[test]
fn an_escape_without_quotes_goes_before_delimiters() {
    let csv = CsvOptions { quote: Mark::None, escape: Mark::Byte(b'\\'), ..CsvOptions::default() };
    check_with("a,b\n1,x\\,y\n2,\\\\\\n\n3,p\\\nq\n", &csv, &["a|b", "1|x,y", "2|\\\\n", "3|p\nq"]);
}

#[test]
fn lines_before_the_header_are_skipped_where_a_header_follows() {
    let outcome =
        check("Report\nmade by hand\n\na,b,c\n1,2,3\n4,5,6\n", &["a|b|c", "1|2|3", "4|5|6"]);
    assert_eq!(outcome.description, "CSV, delimiter ',', header, 3 lines before");
    check("1\n2,3,4\n5,6,7\n", &["column_1|column_2|column_3", "1|null|null", "2|3|4", "5|6|7"]);
}

#[test]
fn comments_are_skipped_unless_they_could_be_records() {
    check("# made by hand\na,b\n1,2\n# 3\n4,5\n", &["a|b", "1|2", "4|5"]);
    check("#id,name\n1,x\n2,y\n", &["#id|name", "1|x", "2|y"]);
    check("tag,n\n#a,1\nb,2\n#c,3\n", &["tag|n", "#a|1", "b|2", "#c|3"]);
}

#[test]
fn names_come_from_a_header_or_from_places() {
    check("1,ann\n2,bob\n", &["column_1|column_2", "1|ann", "2|bob"]);
    check("a,a,\n1,2,3\n", &["a|a_2|column_3", "1|2|3"]);
    check("a,b,\n1,2,\n3,4,\n", &["a|b", "1|2", "3|4"]);
    let csv =
        CsvOptions { names: Some(vec!["x".to_owned(), "y".to_owned()]), ..CsvOptions::default() };
    check_with("a,b\n1,2\n", &csv, &["x|y", "a|b", "1|2"]);
}

#[test]
fn a_header_alone_has_columns_and_no_rows() {
    check("id,name\n", &["id|name"]);
    check("id", &["id"]);
    check("", &[""]);
    check("\n\r\n", &[""]);
}

#[test]
fn ragged_rows_keep_what_they_have() {
    check(
        "a,b,c\n1,2\n3,4,5\n6,7,8\n9,10,11,,x\n",
        &[
            "a|b|c|_residual",
            "1|2|null|null",
            "3|4|5|null",
            "6|7|8|null",
            "9|10|11|{\"column_5\":\"x\"}",
        ],
    );
}

#[test]
fn a_backslash_n_is_text_where_all_is_text() {
    check("a,b\n\\N,1\n\"\\N\",2\n", &["a|b", "\\N|1", "\\N|2"]);
}

#[test]
fn a_quoted_empty_text_is_no_null() {
    check("a,b\n1,\n2,\"\"\n", &["a|b", "1|null", "2|"]);
    check("a\n\"\"\nx\n", &["a", "", "x"]);
}

#[test]
fn a_quote_too_many_costs_one_line() {
    check_rejected("a,b\n1,\"x\n2,y\n3,z\n", &["a|b", "2|y", "3|z"], &[(2, "1,\"x")]);
    check_rejected(
        "a,b\n1,\"x\n2,\"y\"\n3,\"z\n\"\n4,w\n",
        &["a|b", "2|y", "3|z\n", "4|w"],
        &[(2, "1,\"x")],
    );
}

#[test]
fn a_stray_quote_is_kept_where_it_is_clear_and_rejected_where_not() {
    check("a,b\n1,5\" pipe\n2,x\n", &["a|b", "1|5\" pipe", "2|x"]);
    check_rejected(
        "a,b\n1,\"an \"odd\" one\"\n2,\"x\"y\n3,\"p \"q\", r\"\n4,\"z\"\n5,\"w\"\n6,\"v\"\n",
        &["a|b", "1|an \"odd\" one", "4|z", "5|w", "6|v"],
        &[(3, "2,\"x\"y"), (4, "3,\"p \"q\", r\"")],
    );
}

#[test]
fn line_numbers_count_lines_in_quotes() {
    check_rejected(
        "a,b\n\n1,\"x\n\ny\"\n2,\"z\n3,w\n",
        &["a|b", "1|x\n\ny", "3|w"],
        &[(6, "2,\"z")],
    );
    check_rejected("a,b\r1,\"x\ry\"\r2,\"z\r3,w\r", &["a|b", "1|x\ry", "3|w"], &[(4, "2,\"z")]);
}

#[test]
fn bytes_that_are_no_text_cost_one_record() {
    let text = ["a,b\n1,\u{fc}\u{e4}\n".as_bytes(), b"2,\xff\n3,z\n"].concat();
    let outcome = load(&text, &CsvOptions::default(), 4 << 20);
    assert_eq!(outcome.rows, [["1", "\u{fc}\u{e4}"], ["3", "z"]]);
    assert_eq!(outcome.rejections, [(3, 11, "2,\u{fffd}".to_owned())]);
}

#[test]
fn settings_can_be_given() {
    let csv = CsvOptions {
        delimiter: Some(";".to_owned()),
        comment: Mark::Byte(b'%'),
        header: Some(false),
        skip_lines: Some(1),
        ..CsvOptions::default()
    };
    check_with("x;y\n%a;b\nc;d\n%e;f\n", &csv, &["column_1|column_2", "c|d"]);
    assert!("ab".parse::<Mark>().is_err());
    assert_eq!("'".parse::<Mark>().unwrap(), Mark::Byte(b'\''));
    let csv = CsvOptions {
        delimiter: Some("\"".to_owned()),
        quote: Mark::Byte(b'"'),
        ..CsvOptions::default()
    };
    assert!(csv.check().is_err());
}

/// What may stand in a field.
fn any_field() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9 .:-]{0,8}", "[a-z,;\"'\\n\\r\\\\#\u{e4}]{0,8}", Just(String::new()),]
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        rows in proptest::collection::vec(proptest::collection::vec(any_field(), 3), 1..12),
        chunk_byte_len in 1_usize..64,
    ) {
        let mut text = "a,b,c\n".to_owned();
        for row in &rows {
            let fields: Vec<String> =
                row.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            writeln!(text, "{}", fields.join(",")).unwrap();
        }
        let csv = CsvOptions {
            delimiter: Some(",".to_owned()),
            quote: Mark::Byte(b'"'),
            escape: Mark::None,
            comment: Mark::None,
            header: Some(true),
            skip_lines: Some(0),
            names: None,
        };
        let outcome = load(text.as_bytes(), &csv, chunk_byte_len);
        prop_assert_eq!(outcome.rejections, []);
        prop_assert_eq!(outcome.rows, rows);
    }

    #[test]
    fn any_bytes_read_the_same_by_any_chunks(
        text in "([a-b12]|,|\"|\"\"|\n|\r\n|\r|;|'|#|\\\\| ){0,60}",
        tail in proptest::collection::vec(any::<u8>(), 0..4),
        chunk_byte_len in 1_usize..40,
    ) {
        let bytes = [text.as_bytes(), &tail].concat();
        // A byte order mark or UTF-16 would move the places of records.
        if std::str::from_utf8(&bytes).is_ok() && !bytes.contains(&0) {
            let whole = load(&bytes, &CsvOptions::default(), 4 << 20);
            prop_assert_eq!(load(&bytes, &CsvOptions::default(), chunk_byte_len), whole);
        }
    }
}

#[test]
fn a_broken_first_line_is_no_preamble() {
    check_rejected("\"hello\n\nworld\n", &["column_1", "world"], &[(1, "\"hello")]);
    check("a,b\n1,2,3\n", &["a|b|_residual", "1|2|{\"column_3\":\"3\"}"]);
}

#[test]
fn quotes_that_break_most_records_mean_nothing() {
    check(
        "id\ttitle\n0\t\"x\" y\n1\t\"z\n2\t\"it\" is\n3\tw\n",
        &["id|title", "0|\"x\" y", "1|\"z", "2|\"it\" is", "3|w"],
    );
}
