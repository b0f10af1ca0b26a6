//! What a load makes of values that its sample has not shown it.

use std::sync::Arc;

use colonna::{Granularity, InferOptions, Ingest, LoadReport, ReadOptions};
use colonna_ingest::{Evidence, Prepared, Source, expand, infer};
use proptest::prelude::*;

use crate::corridor::{Sandbox, rows};

const LINES: usize = 4_000;

/// Lines of which all but a few are alike, in an input so large that its sample misses most of them.
fn lines(odd: &[(usize, String)]) -> String {
    let mut lines: Vec<String> = (0..LINES)
        .map(|id| {
            let (day, word) = (1 + id * 20 / LINES, ["red", "green", "blue"][id % 3]);
            format!(
                "{{\"id\":{id},\"ts\":\"2025-10-{day:02}T00:00:00Z\",\"n\":{},\"ms\":{}.5,\
                 \"word\":\"{word}\",\"user\":{{\"age\":{}}},\"gone\":null,\"tags\":[],\
                 \"seen\":\"2025-01-0{}T10:00:00Z\"}}",
                id % 7,
                id % 9,
                id % 90,
                1 + id % 8,
            )
        })
        .collect();
    for (at, line) in odd {
        lines[*at] = line.clone();
    }
    lines.join("\n") + "\n"
}

fn odd_line(id: usize, members: &str) -> String {
    format!("{{\"id\":{id},\"ts\":\"2025-10-07T00:00:00Z\",{members}}}")
}

fn read_options() -> ReadOptions {
    ReadOptions { chunk_byte_len: 8 << 10, ..ReadOptions::default() }
}

/// Loads the lines, and compares the table with the columns that they have where every value is
/// looked at before the first is decoded.
#[track_caller]
fn check(text: &str) -> LoadReport {
    let sandbox = Sandbox::new();
    let input = sandbox.write("in.ndjson", text);
    let report = Ingest::into(sandbox.table())
        .json(&input)
        .read_options(read_options())
        .partition_by("ts", Granularity::Day)
        .run()
        .unwrap();
    let (read, mut options) = (read_options(), InferOptions::default());
    options.time_columns.push("ts".to_owned());
    let input = expand(&[input.display().to_string()]).unwrap().remove(0);
    let source = Source::try_new(input, &read.source).unwrap();
    let source = Prepared::try_new(source, &read).unwrap();
    let mut evidence = Evidence::new(&options);
    for chunk in source.chunks().unwrap() {
        source.observe(&chunk.unwrap(), &mut evidence).unwrap();
    }
    let shape = Arc::new(infer(&evidence, &options).shape);
    let mut names: Vec<&str> =
        shape.schema().fields.iter().map(|field| field.name.as_str()).collect();
    names.sort_unstable();
    let mut expected = Vec::new();
    for chunk in source.chunks().unwrap() {
        let decoded = source.decode(&chunk.unwrap(), &shape).unwrap();
        let columns: Vec<_> =
            names.iter().map(|name| decoded.columns.column_at(&[name]).unwrap()).collect();
        expected.extend((0..decoded.columns.row_count()).map(|row| {
            columns.iter().map(|column| shown(&column.scalar_at(row))).collect::<Vec<_>>().join(" ")
        }));
    }
    expected.sort_unstable();
    let table = colonna::Table::open(sandbox.table()).unwrap();
    let mut types: Vec<String> = Vec::new();
    for name in &names {
        let data_type = table.schema().type_of(&[(*name).to_owned()]).unwrap();
        let wanted = shape.schema().type_of(&[(*name).to_owned()]).unwrap();
        assert_eq!(sorted_fields(data_type), sorted_fields(wanted), "{name}");
        types.push(format!("\"{name}\""));
    }
    assert_eq!(table.schema().fields.len(), names.len() + 1, "and the day");
    let mut found = shown_rows(&sandbox, &names);
    found.sort_unstable();
    assert_eq!(found, expected);
    report
}

/// A type in which the order of a struct's fields does not count.
fn sorted_fields(data_type: &colonna::DataType) -> String {
    let mut letters: Vec<char> = data_type.to_string().chars().collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

/// A value in which the order of a struct's fields does not count, nor fields that are null.
fn shown(value: &colonna::Scalar) -> String {
    match value {
        colonna::Scalar::Struct(fields) => {
            let mut fields: Vec<String> = fields
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| format!("{name}={}", shown(value)))
                .collect();
            fields.sort_unstable();
            format!("{{{}}}", fields.join(","))
        }
        value => value.to_string(),
    }
}

fn shown_rows(sandbox: &Sandbox, names: &[&str]) -> Vec<String> {
    let columns: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let sql = format!("SELECT {} FROM t", columns.join(", "));
    let query = colonna_sql::parse(&sql).unwrap().query;
    let table = colonna::Table::open(sandbox.table()).unwrap();
    let answer = table.query(&query, &colonna::QueryOptions::default()).unwrap();
    let row = |row| answer.row(row).iter().map(shown).collect::<Vec<_>>().join(" ");
    (0..answer.row_count()).map(row).collect()
}

#[test]
fn an_input_without_surprises_is_read_once() {
    let report = check(&lines(&[]));
    assert_eq!(report.bytes_again, 0);
    assert_eq!(report.rows_written, 4_000);
}

#[test]
fn dates_that_a_late_one_makes_ambiguous_are_text() {
    let same = lines(&[]).replace("\"gone\":null", "\"gone\":\"1/1/2020\"");
    let late = odd_line(1_111, r#""gone":"1/2/2020""#);
    let mixed: Vec<&str> = same
        .lines()
        .enumerate()
        .map(|(at, line)| if at == 1_111 { late.as_str() } else { line })
        .collect();
    check(&same);
    check(&(mixed.join("\n") + "\n"));
}

#[test]
fn an_object_that_its_sample_takes_for_a_struct_is_the_map_that_all_of_it_is() {
    // Where the sample looks, most objects have both keys; where it does not, few have.
    let counted = |id: usize| if id % 167 < 45 { r#"{"1":1,"2":1}"# } else { r#"{"1":1      }"# };
    let late = odd_line(2_042, r#""gone":{"1":1,"2":1,"3":1}"#);
    let lines: Vec<String> = lines(&[])
        .lines()
        .enumerate()
        .map(|(id, line)| match id {
            2_042 => late.clone(),
            _ => line.replace("\"gone\":null", &format!("\"gone\":{}", counted(id))),
        })
        .collect();
    check(&(lines.join("\n") + "\n"));
}

#[test]
fn a_late_key_costs_only_its_chunk() {
    let report = check(&lines(&[(1_111, odd_line(1_111, r#""late":[1],"user":{"name":"x"}"#))]));
    assert!(report.bytes_again > 0);
    assert!(report.bytes_again < report.bytes_decoded / 10, "{}", report.bytes_again);
}

#[test]
fn a_late_value_of_another_type_costs_one_pass() {
    let report = check(&lines(&[(1_111, odd_line(1_111, r#""n":"seven""#))]));
    assert_eq!(report.bytes_again, report.bytes_decoded);
}

#[test]
fn a_field_that_was_null_for_long_gets_its_type() {
    check(&lines(&[(3_333, odd_line(3_333, r#""gone":0.5,"tags":["a"]"#))]));
}

#[test]
fn rows_of_a_late_key_are_found_by_it() {
    let sandbox = Sandbox::new();
    let text = lines(&[(1_111, odd_line(1_111, r#""late":17"#))]);
    let input = sandbox.write("in.ndjson", text);
    Ingest::into(sandbox.table()).json(&input).read_options(read_options()).run().unwrap();
    assert_eq!(rows(&sandbox.table(), "SELECT id FROM t WHERE late = 17"), ["1111"]);
    assert_eq!(rows(&sandbox.table(), "SELECT count(*) FROM t WHERE late IS NULL"), ["3999"]);
}

fn any_members() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        r#""n":1.5"#,
        r#""n":9007199254740993"#,
        r#""n":123456789012345678901234567890"#,
        r#""n":"12""#,
        r#""n":{"deep":1}"#,
        r#""n":1,"n":2"#,
        r#""ms":7"#,
        r#""ms":9007199254740993"#,
        r#""ms":1e400"#,
        r#""word":7"#,
        r#""word":{"a":[1,null]}"#,
        r#""word":"a\u00e9\nb""#,
        r#""user":{"age":"old"}"#,
        r#""user":{"AGE":3}"#,
        r#""user":null"#,
        r#""user":[]"#,
        r#""gone":"2025-01-01""#,
        r#""gone":true"#,
        r#""gone":"x""#,
        r#""tags":[{"a":1}]"#,
        r#""tags":[[]]"#,
        r#""seen":"""#,
        r#""seen":"NA""#,
        r#""seen":20251001"#,
        r#""seen":"20251001""#,
        r#""seen":"2025-10-01""#,
        r#""seen":"2025-10-01T00:00:00.0000001Z""#,
        r#""new":{}"#,
        r#""new":"1","Word":2"#,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_load_finds_the_columns_that_the_whole_input_has(
        odd in prop::collection::vec((1..LINES, any_members()), 0..5),
    ) {
        let odd: Vec<(usize, String)> =
            odd.into_iter().map(|(at, members)| (at, odd_line(at, members))).collect();
        check(&lines(&odd));
    }
}
