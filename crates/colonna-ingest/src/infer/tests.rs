//! What was seen does not depend on how the records were cut.

use std::fs;
use std::sync::{Arc, LazyLock};

use colonna_schema::{DataType, Schema};
use proptest::prelude::*;

use super::*;
use crate::decode::json::Parser;
use crate::shape::ObjectShape;
use crate::{Limits, ReadOptions, Source, expand};

/// Sources of which only the names matter; the last two have a field of their own for every record.
static SOURCES: LazyLock<[Source; 3]> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let patterns = [("none", None), ("one", Some("{a}.ndjson")), ("two", Some("{of_two}.ndjson"))];
    patterns.map(|(name, pattern)| {
        let path = folder.path().join(format!("{name}.ndjson"));
        fs::write(&path, "{}\n").unwrap();
        let input = expand(&[path.display().to_string()]).unwrap().remove(0);
        let mut options = ReadOptions::default().source;
        options.path_pattern = pattern.map(str::to_owned);
        Source::try_new(input, &options).unwrap()
    })
});

/// Records in the order in which they are looked at.
struct Records<'a, R> {
    records: &'a [R],
    sources: &'a [Source],
    /// Sees one record, of that line.
    look: fn(&R, &mut Evidence, u64),
}

impl<R> Records<'_, R> {
    /// Evidence of all of them. What is seen of those behind a record that `ends` a chunk is merged
    /// into what was seen before.
    fn observed(&self, ends: impl Fn(usize) -> bool, options: &InferOptions) -> Evidence {
        let mut all: Option<Evidence> = None;
        let mut chunk = Evidence::new(options);
        let mut begun = None;
        for (index, record) in self.records.iter().enumerate() {
            let source = index * self.sources.len() / self.records.len();
            if begun != Some(source) {
                chunk.begin_source(&self.sources[source]);
                begun = Some(source);
            }
            (self.look)(record, &mut chunk, index as u64 + 1);
            if ends(index) || index + 1 == self.records.len() {
                let chunk = std::mem::replace(&mut chunk, Evidence::new(options));
                begun = None;
                match &mut all {
                    Some(all) => all.merge(chunk),
                    None => all = Some(chunk),
                }
            }
        }
        all.unwrap_or(chunk)
    }

    /// What is decided where chunks end so, and why.
    fn decided(
        &self,
        ends: impl Fn(usize) -> bool,
        options: &InferOptions,
    ) -> (Vec<FieldReport>, Arc<Schema>, ObjectShape, Option<usize>, bool) {
        let Inferred { shape, fields, .. } = infer(&self.observed(ends, options), options);
        let is_settled = shape.is_settled();
        (fields, shape.schema, shape.root, shape.residual, is_settled)
    }
}

#[expect(clippy::ptr_arg, reason = "records are strings here")]
fn look_at_json(record: &String, evidence: &mut Evidence, line: u64) {
    let mut parser = Parser::new(&Limits::default());
    evidence.observe_record(&parser.parse(record).unwrap(), line);
}

fn look_at_texts(record: &Vec<(&'static str, bool)>, evidence: &mut Evidence, line: u64) {
    for (name, (text, quoted)) in ["a", "b", "c", "d"].iter().zip(record) {
        let index = evidence.text_field(name);
        evidence.observe_text(index, text, *quoted, line);
    }
    evidence.finish_text_record(line);
}

/// The types, for records that are looked at in one go and one by one.
#[track_caller]
fn check(records: &[&str], options: &InferOptions, expected: &[&str]) {
    let records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
    let records = Records { records: &records, sources: &SOURCES[..1], look: look_at_json };
    for is_cut in [false, true] {
        let (_, schema, ..) = records.decided(|_| is_cut, options);
        let types =
            schema.fields.iter().map(|field| format!("{}: {}", field.name, field.data_type));
        assert_eq!(types.collect::<Vec<_>>(), expected, "one by one: {is_cut}");
    }
}

#[test]
fn more_keys_than_columns_are_data_in_one_chunk_as_in_many() {
    let options = InferOptions { column_limit: 4, ..InferOptions::default() };
    let words = [
        r#"{"a":{"p":1,"q":1,"r":1}}"#,
        r#"{"a":{"p":1,"q":1,"r":1,"s":0.5}}"#,
        r#"{"a":{"t":1}}"#,
    ];
    check(&words, &options, &["a: map<text, float64>"]);
    let flat = InferOptions { flatten: true, ..options };
    check(&words, &flat, &["a: map<text, float64>"]);
}

#[test]
fn keys_of_records_past_the_limit_of_columns_are_forgotten_in_one_chunk_as_in_many() {
    let options = InferOptions { column_limit: 2, ..InferOptions::default() };
    let records = [r#"{"a b":[],"c":[],"a_b":[],"d":1}"#, r#"{"d":[],"c":[1]}"#];
    let expected = ["a_b: list<text>", "c: list<int64>", "_residual: text"];
    check(&records, &options, &expected);
}

#[test]
fn the_fields_of_values_that_were_put_together_stand_in_the_order_of_the_input() {
    let options = InferOptions { column_limit: 3, ..InferOptions::default() };
    let records = [
        r#"{"a":{"k":{"x":1},"l":{}}}"#,
        r#"{"a":{"l":{"y":1}}}"#,
        r#"{"a":{"k":{"z":1},"m":{},"n":{}}}"#,
    ];
    check(&records, &options, &["a: map<text, struct<x: int64, y: int64, z: int64>>"]);
}

/// Few enough for records to share them; some look like data.
fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec!["p", "q", "r", "P", "a b", "a_b", ""]).prop_map(str::to_owned),
        2 => (0_u8..12).prop_map(|number| number.to_string()),
    ]
}

fn any_value() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "7",
        "9007199254740993",
        "18446744073709551616",
        "0.5",
        "1e400",
        "1700000000",
        r#""x""#,
        r#""2025-10-01""#,
        r#""2025-10-01T12:00:00Z""#,
        r#""1/1/2020""#,
        r#""1/2/2020""#,
        r#""13/2/2020""#,
        r#""\ud800""#,
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|elements| format!("[{}]", elements.join(","))),
            4 => prop::collection::vec((any_key(), inner), 0..7).prop_map(object),
        ]
    })
}

#[expect(clippy::needless_pass_by_value, reason = "strategies are mapped by it")]
fn object(members: Vec<(String, String)>) -> String {
    let members: Vec<String> =
        members.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Records of fields with all sorts of values.
fn any_records() -> impl Strategy<Value = Vec<String>> {
    let field = (prop::sample::select(vec!["a", "b", "c", "A", "a.p", "a b"]), any_value());
    let field = field.prop_map(|(name, value)| (name.to_owned(), value));
    prop::collection::vec(prop::collection::vec(field, 0..4).prop_map(object), 1..10)
}

/// Records of one object of objects, whose keys come in any order.
fn records_of_objects_in_objects() -> impl Strategy<Value = Vec<String>> {
    let keys = || prop::sample::select(vec!["p", "q", "r", "s", "1"]).prop_map(str::to_owned);
    let value =
        prop::sample::select(vec!["1", "null", "\"x\"", "{\"y\":[]}"]).prop_map(str::to_owned);
    let inner = prop::collection::vec((keys(), value), 0..2).prop_map(object);
    let outer = prop::collection::vec((keys(), inner), 1..4).prop_map(object);
    let record = outer.prop_map(|outer| object(vec![("a".to_owned(), outer)]));
    prop::collection::vec(record, 4..12)
}

/// Records of one object, whose keys are many: some that come up again, and others that do not.
fn records_of_many_keys() -> impl Strategy<Value = Vec<String>> {
    let value = prop::sample::select(vec!["1", "null", "{\"x\":1}", "{\"y\":{\"1\":0}}", "[[]]"]);
    (value, 0_usize..120, 1_usize..5, 40_usize..70, any::<bool>()).prop_map(
        |(value, key_count, per_object, record_count, has_words)| {
            let key = |at: usize| if has_words { format!("k{at}") } else { format!("{at}") };
            let members = |record: usize| -> Vec<(String, String)> {
                let at = |place: usize| key((record * per_object + place) % key_count.max(1));
                (0..per_object).map(|place| (at(place), value.to_owned())).collect()
            };
            let record = |record| object(vec![("a".to_owned(), object(members(record)))]);
            (0..record_count).map(record).collect()
        },
    )
}

fn any_options() -> impl Strategy<Value = InferOptions> {
    let given =
        |path: &str, data_type| GivenType { path: path.to_owned(), data_type, format: None };
    let types = vec![
        Vec::new(),
        vec![given("a", DataType::Timestamp)],
        vec![given("a.p", DataType::Int64), given("c", DataType::Date)],
    ];
    let limit = prop_oneof![3 => 1_usize..6, 1 => 40_usize..60, 1 => Just(10_000)];
    (limit, any::<bool>(), prop::sample::select(types), 0..4).prop_map(
        |(column_limit, flatten, types, more)| {
            let mut options =
                InferOptions { column_limit, flatten, types, ..InferOptions::default() };
            match more {
                1 => options.maps.push("a".to_owned()),
                2 => options.structs.push("a".to_owned()),
                3 => options.time_columns.push("b".to_owned()),
                _ => {}
            }
            options
        },
    )
}

fn any_texts() -> impl Strategy<Value = Vec<(&'static str, bool)>> {
    let text = prop::sample::select(vec![
        "",
        " ",
        "x",
        "NA",
        "NaN",
        "-inf",
        "true",
        "7",
        "007",
        "1234",
        "0.5",
        "1,5",
        "1,234",
        "1,234.5",
        "1,234,567",
        "9007199254740993",
        "2025-10-01",
        "1/1/2020",
        "1/2/2020",
        "1700000000",
    ]);
    prop::collection::vec((text, any::<bool>()), 4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn evidence_of_any_parts_is_that_of_the_whole(
        records in prop_oneof![
            3 => any_records(),
            3 => records_of_objects_in_objects(),
            1 => records_of_many_keys(),
        ],
        ends in prop::collection::vec(any::<bool>(), 70),
        has_one_source in any::<bool>(),
        options in any_options(),
    ) {
        let sources = if has_one_source { &SOURCES[..1] } else { &SOURCES[1..] };
        let records = Records { records: &records, sources, look: look_at_json };
        let whole = records.decided(|_| false, &options);
        prop_assert_eq!(&whole, &records.decided(|index| ends[index], &options));
        prop_assert_eq!(&whole, &records.decided(|_| true, &options));
    }

    #[test]
    fn evidence_of_any_parts_of_texts_is_that_of_the_whole(
        records in prop::collection::vec(any_texts(), 1..10),
        ends in prop::collection::vec(any::<bool>(), 10),
        options in any_options(),
    ) {
        let records = Records { records: &records, sources: &SOURCES[1..], look: look_at_texts };
        let whole = records.decided(|_| false, &options);
        prop_assert_eq!(whole, records.decided(|index| ends[index], &options));
    }
}
