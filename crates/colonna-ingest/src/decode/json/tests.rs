//! JSON from bytes to columns, and back.

use std::io::Write;
use std::sync::Arc;

use colonna_column::Columns;
use colonna_schema::{DataType, Field, Schema};

use crate::{
    Evidence, FormatName, GivenType, InferOptions, IngestError, JsonOptions, Prepared, ReadOptions,
    RecordShape, Rejection, Source, TimeFormat, Unwrap, expand, infer,
};

mod laws;

/// What came of a source.
struct Read {
    shape: RecordShape,
    columns: Columns,
    rejections: Vec<Rejection>,
}

impl Read {
    fn schema(&self) -> Vec<String> {
        let fields = self.shape.schema().fields.iter();
        fields.map(|field| format!("{}: {}", field.name, field.data_type)).collect()
    }

    fn row(&self, row: usize) -> Vec<String> {
        self.columns.row(row).iter().map(ToString::to_string).collect()
    }
}

fn try_read(
    text: &[u8],
    read: ReadOptions,
    infer_options: &InferOptions,
    reshape: impl FnOnce(RecordShape) -> RecordShape,
) -> Result<Read, IngestError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    let read = ReadOptions { format: Some(FormatName::Json), ..read };
    let input = expand(&[file.path().display().to_string()])?.remove(0);
    let source = Prepared::try_new(Source::try_new(input, &read.source)?, &read)?;
    let mut evidence = Evidence::new(infer_options);
    let mut observed = (0, 0);
    for chunk in source.chunks()? {
        let seen = source.observe(&chunk?, &mut evidence)?;
        observed = (observed.0 + seen.records, observed.1 + seen.rejections);
    }
    let shape = Arc::new(reshape(infer(&evidence, infer_options).shape));
    let (mut parts, mut rejections, mut records) = (Vec::new(), Vec::new(), 0);
    for chunk in source.chunks()? {
        let decoded = source.decode(&chunk?, &shape)?;
        assert_eq!(
            decoded.records,
            crate::chunk::count(decoded.columns.row_count() + decoded.rejections.len())
        );
        records += decoded.records;
        parts.push(decoded.columns);
        rejections.extend(decoded.rejections);
    }
    assert_eq!(observed.0, records, "both passes see the same records");
    let columns = Columns::concat(shape.schema(), &parts)?;
    Ok(Read { shape: Arc::unwrap_or_clone(shape), columns, rejections })
}

fn read(text: &str) -> Read {
    read_with(text, JsonOptions::default(), &InferOptions::default())
}

fn read_with(text: &str, json: JsonOptions, infer_options: &InferOptions) -> Read {
    let options = ReadOptions { json, ..ReadOptions::default() };
    try_read(text.as_bytes(), options, infer_options, |shape| shape).unwrap()
}

#[track_caller]
fn check(text: &str, schema: &[&str], rows: &[&[&str]]) {
    let found = read(text);
    assert_eq!(found.schema(), schema);
    assert_eq!(found.columns.row_count(), rows.len());
    for (row, expected) in rows.iter().enumerate() {
        assert_eq!(found.row(row), *expected, "row {row}");
    }
}

#[test]
fn a_late_value_of_another_kind_widens_the_column_and_changes_none() {
    check(
        "{\"a\":7}\n{\"a\":\"007\"}\n{\"a\":{\"b\":1.50}}\n",
        &["a: text"],
        &[&["7"], &["007"], &["{\"b\":1.50}"]],
    );
    check("{\"a\":1}\n{\"a\":0.5}\n", &["a: float64"], &[&["1.0"], &["0.5"]]);
    check(
        "{\"a\":9007199254740993}\n{\"a\":0.5}\n",
        &["a: text"],
        &[&["9007199254740993"], &["0.5"]],
    );
    check(
        "{\"a\":18446744073709551615}\n{\"a\":1}\n",
        &["a: text"],
        &[&["18446744073709551615"], &["1"]],
    );
}

#[test]
fn times_are_found_where_every_value_has_one_format() {
    check(
        "{\"t\":\"2025-10-01\"}\n{\"t\":\"2025-10-01T12:00:00+02:00\"}\n",
        &["t: timestamp"],
        &[&["2025-10-01T00:00:00Z"], &["2025-10-01T10:00:00Z"]],
    );
    check("{\"t\":\"2025-10-01\"}\n{\"t\":\"x\"}", &["t: text"], &[&["2025-10-01"], &["x"]]);
    // A digit would be lost.
    check(
        "{\"t\":\"2025-10-01T12:00:00.123456789Z\"}",
        &["t: text"],
        &[&["2025-10-01T12:00:00.123456789Z"]],
    );
    let options = InferOptions { time_columns: vec!["ts".into()], ..InferOptions::default() };
    let found = read_with("{\"ts\":1588205000.123456}\n", JsonOptions::default(), &options);
    assert_eq!(found.schema(), ["ts: timestamp"]);
    assert_eq!(found.row(0), ["2020-04-30T00:03:20.123456Z"]);
}

#[test]
fn every_arrangement_of_the_same_records_reads_the_same() {
    let rows: &[&[&str]] = &[&["1", "[x]"], &["2", "[]"]];
    for text in [
        "{\"a\":1,\"b\":[\"x\"]}\n{\"a\":2,\"b\":[]}\n",
        "{\"a\":1,\"b\":[\"x\"]}\r\n\r\n{\"a\":2,\"b\":[]}",
        "{\"a\":1,\"b\":[\"x\"]}{\"a\":2,\"b\":[]}",
        "{\n  \"a\": 1,\n  \"b\": [\n    \"x\"\n  ]\n}\n{\n  \"a\": 2,\n  \"b\": []\n}\n",
        "[{\"a\":1,\"b\":[\"x\"]},{\"a\":2,\"b\":[]}]",
        "[\n  {\"a\":1,\"b\":[\"x\"]},\n  {\"a\":2,\"b\":[]}\n]\n",
        "\u{1e}{\"a\":1,\"b\":[\"x\"]}\n\u{1e}{\"a\":2,\"b\":[]}\n",
    ] {
        check(text, &["a: int64", "b: list<text>"], rows);
    }
    let within = JsonOptions { pointer: Some("/hits/hits".into()), ..JsonOptions::default() };
    let text = "{\"took\":[1,{}],\"hits\":{\"n\":2,\"hits\":[{\"a\":1},{\"a\":2}]},\"x\":\"]}\"}";
    let found = read_with(text, within.clone(), &InferOptions::default());
    assert_eq!((found.schema(), found.columns.row_count()), (vec!["a: int64".to_owned()], 2));
    let missing = ReadOptions { json: within, ..ReadOptions::default() };
    let missing = try_read(b"{\"a\":1}", missing, &InferOptions::default(), |shape| shape);
    assert!(matches!(missing, Err(IngestError::PointerLeadsNowhere { line: 1, .. })));
}

#[test]
fn names_in_the_first_record_name_the_values_of_the_others() {
    let options = JsonOptions { array_header: true, ..JsonOptions::default() };
    let text = "[\"a\",\"b\"]\n[1,2]\n[3]\n[4,5,6]\n{\"a\":1}\n";
    let found = read_with(text, options, &InferOptions::default());
    assert_eq!(found.schema(), ["a: int64", "b: int64", "column_3: int64"]);
    assert_eq!(found.row(2), ["4", "5", "6"]);
    assert_eq!(found.rejections.len(), 1);
    let options = JsonOptions { array_header: true, ..JsonOptions::default() };
    let found = read_with("[[\"a\",\"b\"],[1,2]]", options, &InferOptions::default());
    assert_eq!(found.row(0), ["1", "2"]);
}

#[test]
fn a_broken_record_is_rejected_alone_with_its_place() {
    let found = read("{\"a\":1}\n{\"a\":\n{\"a\":3}\n\n{\"a\":4} x\n[");
    assert_eq!(found.columns.row_count(), 2);
    let places: Vec<(u64, u64, &[u8])> = found
        .rejections
        .iter()
        .map(|rejection| {
            (rejection.position.line, rejection.position.byte_offset, rejection.raw.as_slice())
        })
        .collect();
    assert_eq!(places, [(2, 8, &b"{\"a\":"[..]), (5, 23, b"{\"a\":4} x"), (6, 33, b"[")]);

    let pretty = "{\n \"a\": 1\n}\n{\n \"a\": [2\n}\n{\n \"a\": 3\n}\n";
    let found = read(pretty);
    assert_eq!((found.columns.row_count(), found.rejections.len()), (2, 1));
    assert_eq!(found.rejections[0].position.line, 4);
}

#[test]
fn bytes_that_are_no_utf8_reject_their_record_only() {
    let text = b"{\"a\":\"x\"}\n{\"a\":\"\xff\"}\n{\"a\":\"\xc3\xa9\\u0000\\ud800\"}\n";
    let found =
        try_read(text, ReadOptions::default(), &InferOptions::default(), |shape| shape).unwrap();
    assert_eq!(found.rejections.len(), 1);
    assert_eq!(found.rejections[0].position.line, 2);
    assert_eq!(found.row(1), ["\u{e9}\0\\ud800"]);
}

#[test]
fn a_key_that_stands_twice_keeps_both_values() {
    let found = read("{\"a\":1,\"b\":{\"c\":1,\"c\":2},\"a\":3}\n{\"a\":4}\n");
    assert_eq!(found.schema(), ["a: int64", "b: struct<c: int64>", "_residual: text"]);
    assert_eq!(found.row(0), ["3", "{c: 2}", "{\"a\":1,\"b\":{\"c\":1}}"]);
    assert_eq!(found.row(1), ["4", "null", "null"]);
}

#[test]
fn keys_past_the_limit_of_columns_go_to_the_residual_column() {
    let options = InferOptions { column_limit: 2, ..InferOptions::default() };
    let text = "{\"a\":1,\"b\":2}\n{\"c\":[3],\"d\":\"x\",\"a\":4}\n";
    let found = read_with(text, JsonOptions::default(), &options);
    assert_eq!(found.schema(), ["a: int64", "b: int64", "_residual: text"]);
    assert_eq!(found.row(1), ["4", "null", "{\"c\":[3],\"d\":\"x\"}"]);
}

#[test]
fn a_value_that_does_not_fit_its_given_type_rejects_the_record() {
    let types = vec![
        GivenType { path: "a.b".into(), data_type: DataType::Int64, format: None },
        GivenType {
            path: "t".into(),
            data_type: DataType::Timestamp,
            format: Some(TimeFormat::Iso8601),
        },
    ];
    let options = InferOptions { types, ..InferOptions::default() };
    let text =
        "{\"a\":{\"b\":\"7\"},\"t\":\"2025-10-01\"}\n{\"a\":{\"b\":\"x\"}}\n{\"a\":{\"b\":3.0}}\n";
    let found = read_with(text, JsonOptions::default(), &options);
    assert_eq!(found.schema(), ["a: struct<b: int64>", "t: timestamp"]);
    assert_eq!(found.columns.row_count(), 2);
    assert_eq!(found.rejections[0].field.as_deref(), Some("a.b"));
    assert_eq!(found.rejections[0].reason, "expected int64, found \"x\"");
}

#[test]
fn a_string_that_makes_text_of_its_column_is_no_null_where_the_column_is_none() {
    for known in ["[1]", "{\"b\":1}", "\"2025-10-01T12:00:00Z\"", "1", "0.5", "true"] {
        let known = format!("{{\"a\":{known}}}\n");
        for word in ["", " ", "NA", "null"] {
            let text = format!("{{\"a\":\"{word}\"}}\n");
            assert_eq!(read(&format!("{known}{text}")).schema(), ["a: text"], "{known}{text}");
            // The shape has no place for what does not fit, so that the record is refused.
            let shape = |_| read(&known).shape;
            let options = ReadOptions::default();
            let found = try_read(text.as_bytes(), options, &InferOptions::default(), shape);
            assert_eq!(found.unwrap().rejections.len(), 1, "{known}{text}");
        }
    }
}

#[test]
fn a_time_whose_type_alone_is_given_is_settled_by_the_whole_input() {
    let is_settled = |data_type: &DataType, format: Option<TimeFormat>| {
        let given = GivenType { path: "a".to_owned(), data_type: data_type.clone(), format };
        let options = InferOptions { types: vec![given], ..InferOptions::default() };
        ["{\"a\":\"13/1/2020\"}", "{\"a\":null}", "{}"]
            .map(|text| read_with(text, JsonOptions::default(), &options).shape.is_settled())
    };
    let times = DataType::List(Box::new(DataType::Timestamp));
    for data_type in [DataType::Date, DataType::Timestamp, times] {
        assert_eq!(is_settled(&data_type, None), [false; 3], "{data_type}");
        assert_eq!(is_settled(&data_type, Some(TimeFormat::Iso8601)), [true; 3], "{data_type}");
    }
    assert_eq!(is_settled(&DataType::Int64, None), [true; 3]);
}

#[test]
fn a_struct_that_objects_not_counted_could_turn_extends_none() {
    let extends = |later: &str| {
        let known = "{\"a\":{\"1\":1,\"2\":1}}\n";
        let (known, wider) = (read(known), read(&format!("{known}{later}")));
        assert_eq!(known.schema(), ["a: struct<1: int64, 2: int64>"]);
        assert!(known.shape.is_settled());
        assert!(matches!(wider.shape.schema().fields[0].data_type, DataType::Struct(_)));
        wider.shape.extends(&known.shape)
    };
    // Any number of `{"a":{"1":1}}` fits what is known; enough of them make a map of three such keys.
    assert!(!extends("{\"a\":{\"1\":1,\"2\":1,\"3\":1}}\n"));
    assert!(extends("{\"a\":{\"1\":1,\"2\":1,\"word\":1}}\n"));
    // Where the object is new, all of it has been counted.
    assert!(extends("{\"b\":{\"1\":1,\"2\":1,\"3\":1}}\n"));
}

#[test]
fn a_column_whose_type_is_given_is_there_even_if_no_record_has_it() {
    let types = vec![GivenType { path: "late".into(), data_type: DataType::Date, format: None }];
    let options = InferOptions { types, ..InferOptions::default() };
    let found = read_with("{\"a\":1}\n", JsonOptions::default(), &options);
    assert_eq!(found.schema(), ["a: int64", "late: date"]);
    assert_eq!(found.row(0), ["1", "null"]);
}

#[test]
fn the_type_of_a_table_decides_and_what_does_not_fit_is_kept() {
    let table = Schema::new(vec![
        Field::new("n", DataType::Int64),
        Field::new("only_table", DataType::Utf8),
        Field::new("l", DataType::List(Box::new(DataType::Int64))),
        Field::new("s", DataType::Struct(vec![Field::new("x", DataType::Int64)])),
    ]);
    let text =
        "{\"new\":true,\"N\":1,\"l\":[1,\"y\"],\"s\":{\"x\":\"q\",\"z\":2}}\n{\"N\":\"007\"}\n";
    let reshape = |shape: RecordShape| shape.reconciled_with(&table);
    let found =
        try_read(text.as_bytes(), ReadOptions::default(), &InferOptions::default(), reshape)
            .unwrap();
    assert_eq!(
        found.schema(),
        [
            "n: int64",
            "only_table: text",
            "l: list<int64>",
            "s: struct<x: int64, z: int64>",
            "new: boolean",
            "_residual: text"
        ]
    );
    let kept = "{\"l\":[1,\"y\"],\"s\":{\"x\":\"q\"}}";
    assert_eq!(found.row(0), ["1", "null", "[1, null]", "{x: null, z: 2}", "true", kept]);
    assert_eq!(found.row(1), ["null", "null", "null", "null", "null", "{\"N\":\"007\"}"]);
}

#[test]
fn fields_of_structs_become_columns_where_they_are_flattened() {
    let options = InferOptions { flatten: true, ..InferOptions::default() };
    let text = "{\"a\":{\"b\":1,\"c\":{\"d\":\"x\"}},\"a.b\":2,\"e\":[{\"f\":1}]}\n{\"a\":{}}\n";
    let found = read_with(text, JsonOptions::default(), &options);
    assert_eq!(
        found.schema(),
        ["a.b: int64", "a.c.d: text", "a.b_2: int64", "e: list<struct<f: int64>>"]
    );
    assert_eq!(found.row(0), ["1", "x", "2", "[{f: 1}]"]);
}

#[test]
fn keys_that_are_data_become_a_map() {
    let line = |day: usize| format!("{{\"n\":{{\"2025-10-{day:02}\":{day}}}}}\n");
    let text: String = (1..=9).map(line).collect();
    let found = read(&text);
    assert_eq!(found.schema(), ["n: map<text, int64>"]);
    assert_eq!(found.row(2), ["{2025-10-03: 3}"]);
    let options = InferOptions { find_maps: false, ..InferOptions::default() };
    let found = read_with(&text, JsonOptions::default(), &options);
    assert!(found.schema()[0].starts_with("n: struct<2025-10-01: int64, "));
}

#[test]
fn a_shape_survives_its_file() {
    let text = "{\"a\":{\"b\":[1]},\"Name\":1,\"name\":\"2025-10-01\",\"x\":{\"x\":1},\"x\":{}}\n";
    for flatten in [false, true] {
        let options = InferOptions { flatten, ..InferOptions::default() };
        let found = read_with(text, JsonOptions::default(), &options);
        let file = serde_json::to_string_pretty(&found.shape).unwrap();
        let shape: RecordShape = serde_json::from_str(&file).unwrap();
        assert_eq!(shape.schema(), found.shape.schema(), "{file}");
        let again = |_: RecordShape| shape;
        let again = try_read(text.as_bytes(), ReadOptions::default(), &options, again).unwrap();
        assert_eq!(again.row(0), found.row(0));
    }
    let unknown = serde_json::from_str::<RecordShape>(
        "{\"columns\":[{\"name\":\"a\",\"type\":\"varchar\"}]}",
    );
    assert!(unknown.unwrap_err().to_string().starts_with("no type is called \"varchar\""));
}

#[test]
fn actions_of_a_bulk_file_are_joined_with_their_documents() {
    let options = JsonOptions { unwrap: Unwrap::ElasticBulk, ..JsonOptions::default() };
    let text = "{\"index\":{\"_id\":\"1\"}}\n{\"a\":1}\n{\"delete\":{\"_id\":\"2\"}}\n\n{\"create\":{}}\n{\"a\":3}";
    let found = read_with(text, options, &InferOptions::default());
    assert_eq!(found.schema(), ["_action: text", "_id: text", "a: int64"]);
    assert_eq!(found.row(1), ["delete", "2", "null"]);
    assert_eq!(found.columns.row_count(), 3);
}

#[test]
fn a_record_that_never_ends_is_an_error_that_names_the_limit() {
    let mut options = ReadOptions { chunk_byte_len: 16, ..ReadOptions::default() };
    options.limits.record_byte_len = 100;
    let text = format!("{{\"a\":1}}\n{{\"a\":\"{}\"}}\n", "x".repeat(200));
    let error = try_read(text.as_bytes(), options, &InferOptions::default(), |shape| shape);
    assert!(matches!(error, Err(IngestError::RecordTooLarge { line: 2, limit: 100, .. })));
}

/// What a broken text reads as in chunks of that length: its rows, and where and what was rejected.
fn rows_and_rejections(text: &[u8], json: &JsonOptions, chunk_byte_len: usize) -> Vec<String> {
    let options = ReadOptions { json: json.clone(), chunk_byte_len, ..ReadOptions::default() };
    let found = try_read(text, options, &InferOptions::default(), |shape| shape);
    let found = found.expect("a text of which records can be read");
    let rows = (0..found.columns.row_count()).map(|row| found.row(row).join(", "));
    let rejections = found.rejections.iter().map(|rejection| {
        format!("{:?}: {} {:?}", rejection.position, rejection.reason, rejection.raw)
    });
    rows.chain(rejections).collect()
}

#[test]
fn behind_a_broken_record_chunks_of_any_length_resume_at_the_same_place() {
    let within = JsonOptions { pointer: Some("/r".into()), ..JsonOptions::default() };
    for (text, json, row_count) in [
        ("[\n  {\n    \"a\": x y\n  },\n  {\n    \"a\": 1\n  }\n]", JsonOptions::default(), 1),
        (
            "[\n  \n    \"a\": 1,\n    \"b\": \"ha \n\"ha\" \nha\"\n  },\n  {\n    \"a\": 3\n  }\n]",
            JsonOptions::default(),
            2,
        ),
        ("[{\"a\": 1}, {\"a\": [\n  2}\n\n  ,\n    {\"a\": 3}\n]", JsonOptions::default(), 2),
        ("{\n  \"a\": [1\n} {\"a\":\n  [{\n}\n{\n  \"a\": 2\n}\n", JsonOptions::default(), 1),
        ("[{\"a\":1},\x1e {\"a\"\x1e{\"a\":2}\n", JsonOptions::default(), 2),
        ("{\"r\":[{\"a\":1}], \"x\": {\"y\" {\n  {}\n}}\n{\"r\":[{\"a\":2}]}", within.clone(), 2),
        ("{\n \"r\": [\n  {\"a\":1}\n  {\n  },\n  {\"a\":2}\n]}", within, 2),
    ] {
        let whole = rows_and_rejections(text.as_bytes(), &json, text.len() + 1);
        for chunk_byte_len in 1..=text.len() {
            let parts = rows_and_rejections(text.as_bytes(), &json, chunk_byte_len);
            assert_eq!(parts, whole, "{text}, in chunks of {chunk_byte_len}");
        }
        let rejections = whole.iter().filter(|line| line.starts_with("Position")).count();
        assert_eq!(whole.len() - rejections, row_count, "{text}: {whole:#?}");
    }
}

#[test]
fn keys_that_few_records_have_take_memory_for_their_values_only() {
    let record = |row: usize| {
        let (key, field) = (row % 1500, row % 900);
        format!("{{\"k{key}\": {row}, \"p\": {{\"q{field}\": \"v{row}\"}}, \"id\": {row}}}\n")
    };
    let found = read(&(0..3000).map(record).collect::<String>());
    assert_eq!(found.columns.row_count(), 3000);
    assert_eq!(found.columns.columns().len(), 1502);
    // With room for each value that is not there they would take 50 MB.
    assert!(found.columns.byte_len() < 2_000_000, "{}", found.columns.byte_len());
    let key = found.columns.column_at(&["k7"]).unwrap();
    assert_eq!((key.null_count(), key.scalar_at(1507)), (2998, 1507.into()));
    let field = found.columns.column_at(&["p", "q7"]).unwrap();
    assert_eq!((field.null_count(), field.text_at(907)), (2996, Some("v907")));
}
