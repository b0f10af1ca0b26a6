//! Laws of JSON: what is written is read back, whatever the chunks and the way to the columns.

use colonna_schema::Scalar;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::decode::json::{JsonDecoder, Refusal, Walk};
use crate::{Chunk, Shaper};

/// Values that a record may have, from few names, so that types meet.
fn any_record() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-9_i64..9).prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "[a-c\\\\\"\u{e9}]{0,3}".prop_map(Json::from),
        "[a-c\\\\\"/\u{8}\u{c}\n\r\t\u{1}\u{e9}]{14,18}|[a-c\u{e9}]{60,66}".prop_map(Json::from),
        (1_u32..28).prop_map(|day| json!(format!("2025-10-{day:02}"))),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map("[a-c]", inner, 0..3)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-d]|a_key_of_(16|[ab]_lot_of)_bytes", value, 0..4)
        .prop_map(|members| Json::Object(members.into_iter().collect()))
}

/// Whether a column's value says what the record said: a missing one is null, a number is its
/// value, and a text what was written.
fn agrees(column: &Scalar, source: Option<&Json>) -> bool {
    let Some(source) = source else { return column.is_null() };
    match (column, source) {
        (Scalar::Null, Json::Null) => true,
        (Scalar::Utf8(text), Json::String(source)) => text == source,
        (Scalar::Utf8(text), source) => {
            serde_json::from_str::<Json>(text).ok().as_ref() == Some(source)
        }
        (Scalar::Boolean(value), Json::Bool(source)) => value == source,
        (Scalar::Int64(value), Json::Number(source)) => source.as_i64() == Some(*value),
        (Scalar::Float64(value), Json::Number(source)) => source.as_f64() == Some(*value),
        (date @ Scalar::Date(_), Json::String(source)) => date.to_string() == *source,
        (Scalar::List(values), Json::Array(source)) => {
            values.len() == source.len()
                && values.iter().zip(source).all(|(value, source)| agrees(value, Some(source)))
        }
        (Scalar::Struct(fields), Json::Object(source)) => {
            fields.iter().all(|(name, value)| agrees(value, source.get(name)))
                && source.keys().all(|key| fields.iter().any(|(name, _)| name == key))
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_decoded_is_what_was_written(records in prop::collection::vec(any_record(), 1..12)) {
        let text: String = records.iter().map(|record| format!("{record}\n")).collect();
        let found = read(&text);
        prop_assert!(found.rejections.is_empty());
        for (row, record) in records.iter().enumerate() {
            let fields = &found.shape.schema().fields;
            for (field, value) in fields.iter().zip(found.columns.row(row)) {
                prop_assert!(
                    agrees(&value, record.get(&field.name)),
                    "{}: {:?} of {record}", field.name, value
                );
            }
            let has_column = |key: &String| fields.iter().any(|field| field.name == *key);
            prop_assert!(record.as_object().unwrap().keys().all(has_column));
        }
    }

    #[test]
    fn chunks_of_any_length_read_the_same(
        records in prop::collection::vec(any_record(), 1..12),
        chunk_byte_len in 1_usize..200,
        arrangement in 0..3,
    ) {
        let text = match arrangement {
            0 => records.iter().map(|record| format!("{record}\n")).collect(),
            1 => records.iter().map(|record| format!("{record:#}\n")).collect(),
            _ => serde_json::to_string_pretty(&records).unwrap(),
        };
        let whole = read(&text);
        let options = ReadOptions { chunk_byte_len, ..ReadOptions::default() };
        let parts =
            try_read(text.as_bytes(), options, &InferOptions::default(), |shape| shape).unwrap();
        prop_assert_eq!(whole.schema(), parts.schema());
        prop_assert_eq!(whole.columns.row_count(), records.len());
        for row in 0..records.len() {
            prop_assert_eq!(whole.columns.row(row), parts.columns.row(row));
        }
    }

    #[test]
    fn no_bytes_bring_it_down_or_read_otherwise_in_other_chunks(
        bytes in prop::collection::vec(prop::sample::select(&b"{}[]\",:\\u01e-.tn \n\x1e"[..]), 0..60),
        chunk_byte_len in 1_usize..40,
    ) {
        let options = ReadOptions { chunk_byte_len, ..ReadOptions::default() };
        let found = try_read(&bytes, options, &InferOptions::default(), |shape| shape).unwrap();
        for rejection in &found.rejections {
            let start = usize::try_from(rejection.position.byte_offset).unwrap();
            prop_assert!(bytes[start..].starts_with(&rejection.raw));
        }
        let in_chunks_of =
            |byte_len| rows_and_rejections(&bytes, &JsonOptions::default(), byte_len);
        prop_assert_eq!(in_chunks_of(chunk_byte_len), in_chunks_of(bytes.len() + 1));
    }

    #[test]
    fn the_straight_way_writes_what_the_ordinary_way_writes(
        known in prop::collection::vec(any_record(), 1..8),
        others in prop::collection::vec(any_line(), 0..8),
    ) {
        // The shape is that of some of the records, so that others surprise it.
        let text: String = known.iter().map(|record| format!("{record}\n")).collect();
        let shape = Arc::new(read(&text).shape);
        let text = format!("{}\n{text}", others.join("\n"));
        let input = tempfile::NamedTempFile::new().unwrap();
        let input = expand(&[input.path().display().to_string()]).unwrap().remove(0);
        let source = Source::try_new(input, &ReadOptions::default().source).unwrap();
        let decoder = JsonDecoder::new(b"{}\n{}\n", &ReadOptions::default());
        let chunk = Chunk { bytes: text.clone().into_bytes(), ..Chunk::default() };
        let (mut straight, mut ordinary) = (Shaper::new(&shape), Shaper::new(&shape));
        let mut lines = Walk::new(&decoder, &source, &chunk);
        lines.lines(&text, &mut straight);
        let mut spans = Walk::new(&decoder, &source, &chunk);
        spans.spans(&mut |_, value| ordinary.push_record(value).map_err(Refusal::from));
        prop_assert_eq!(lines.records, spans.records);
        prop_assert_eq!(straight.surprises(), ordinary.surprises());
        prop_assert_eq!(format!("{:?}", lines.rejections), format!("{:?}", spans.rejections));
        let (straight, ordinary) = (straight.finish().unwrap(), ordinary.finish().unwrap());
        prop_assert_eq!(straight.row_count(), ordinary.row_count());
        for row in 0..ordinary.row_count() {
            prop_assert_eq!(straight.row(row), ordinary.row(row), "{}", text);
        }
    }
}

/// A record on its line, perhaps written in another way, or damaged.
fn any_line() -> impl Strategy<Value = String> {
    let damage = prop::sample::select(vec![
        "",
        " ",
        "\t\r",
        "\"",
        "\\",
        "{",
        "}",
        "]",
        ",",
        ":",
        "0",
        "-",
        ".5",
        "e3",
        "null",
        "\\u00e9",
        "\u{1}",
        "1234567890123456789012",
        "\"a\":1,",
    ]);
    (any_record(), any::<prop::sample::Index>(), damage).prop_map(|(record, at, damage)| {
        let mut line = record.to_string();
        let mut at = at.index(line.len() + 1);
        while !line.is_char_boundary(at) {
            at -= 1;
        }
        line.insert_str(at, damage);
        line
    })
}
