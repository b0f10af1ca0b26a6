//! The ordinary way is the oracle of the straight one.

use std::sync::Arc;

use colonna_schema::DataType;
use proptest::prelude::*;

use super::CsvDecoder;
use super::cut::whole_len;
use super::records::Records;
use super::shred::Shredder;
use crate::decode::{Decode, Decoded};
use crate::{
    Chunk, CsvOptions, Evidence, GivenType, InferOptions, Input, Mark, Position, ReadOptions,
    RecordShape, Source, SourceOptions, TimeFormat, infer,
};

const NAMES: &str = "text,integer,double,flag,day,moment,price,open";

const CLEAN_ROW: &str = "w,1,1.5,true,2025-10-01,2025-10-01 00:00:00,1.5,\n";

/// What stands in a field of a table that is as its author wished.
const CLEAN: [&str; 16] = [
    "",
    "12",
    "-7",
    "0",
    "3.25",
    "-0.5",
    "true",
    "False",
    "2025-10-01",
    "2025-10-01 08:30:00",
    "2025-10-02T00:00:00.250Z",
    "word",
    "two words",
    "\"a, b\"",
    "\"\"",
    "\"12\"",
];

/// What stands in others.
const HOSTILE: [&str; 44] = [
    "007",
    "1e5",
    "+5",
    "-0",
    "-0.0",
    "1.",
    ".5",
    "-",
    "1,5",
    " 12",
    "12 ",
    " ",
    "\\N",
    "\"\\N\"",
    "NA",
    "\"NA\"",
    "null",
    "nan",
    "-inf",
    "9223372036854775807",
    "9223372036854775808",
    "1234567890123456789",
    "123456789012345.6",
    "12345678.12345678",
    "0.1234567890123456789",
    "12345678",
    "123456789.5",
    "2025-02-30",
    "2025-10-01 24:00:00",
    "2025-10-01 08:30:60",
    "2025-10-01T08:30:00+02:00",
    "2025-10-01 08:30:00.1234567",
    "2025-10-1",
    "5\" pipe",
    "\"say \"\"hi\"\"\"",
    "\"a\nb\"",
    "\"a\r\nb\"",
    "\"x\"y",
    "\"open",
    "\"12\" ",
    " \"12\"",
    "x\ry",
    "\r",
    "\u{e4}\u{f6}",
];

fn any_field() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(&CLEAN[..]).prop_map(str::to_owned),
        1 => prop::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
        1 => "-?[0-9]{1,20}([.][0-9]{0,9})?",
        1 => "20[0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](Z|[.][0-9]{1,7})?)?",
    ]
}

/// A field that is likely to be a value of its column.
fn any_fitting_field(index: usize) -> BoxedStrategy<String> {
    let fitting: &'static [&'static str] = match index {
        1 => &["12", "-7", "0", "1234567890123", "\"5\"", ""],
        2 => &["3.25", "-0.5", "12", "0.001", "12345678.5", "\"1.5\"", ""],
        3 => &["true", "false", "TRUE", ""],
        4 => &["2025-10-01", "1969-12-31", "\"2025-10-02\"", ""],
        5 => &["2025-10-01 08:30:00", "1969-12-31T23:59:59.5Z", ""],
        6 => &["1.50", "-3", "0.05", ""],
        7 => &[""],
        _ => &["word", "\"a, b\"", "\"say \"\"hi\"\"\"", "two words", ""],
    };
    prop_oneof![12 => prop::sample::select(fitting).prop_map(str::to_owned), 1 => any_field()]
        .boxed()
}

/// Rows that fit, for the most part, in a text that no dialect reads without doubt.
fn any_table() -> impl Strategy<Value = String> {
    let row = (0..8).map(any_fitting_field).collect::<Vec<_>>();
    let row = prop_oneof![
        12 => row,
        1 => prop::collection::vec(any_field(), 0..12),
    ];
    let end = prop_oneof![8 => Just("\n"), 4 => Just("\r\n"), 1 => Just("\r\r\n"), 1 => Just(",\n"),
        1 => Just(",,\n"), 1 => Just("\n\n"), 1 => Just("\n# no, record\n"), 1 => Just("\r")];
    let line = (row, end).prop_map(|(row, end)| row.join(",") + end);
    // Now and then more records than are taken at a time.
    let times = prop_oneof![7 => Just(1), 1 => 2_usize..20];
    (prop::collection::vec(line, 0..24), times)
        .prop_map(|(lines, times)| lines.concat().repeat(times))
}

/// The dialect, as far as options can give it, and a shape that was found or given.
#[derive(Clone, Debug)]
struct Setting {
    csv: CsvOptions,
    infer: InferOptions,
    extra_column: Option<&'static str>,
    /// A record has to have a value in this column.
    required: Option<&'static str>,
}

fn given_types() -> Vec<GivenType> {
    let given =
        |path: &str, data_type, format| GivenType { path: path.to_owned(), data_type, format };
    vec![
        given("integer", DataType::Int64, None),
        given("double", DataType::Float64, None),
        given("flag", DataType::Boolean, None),
        given("day", DataType::Date, Some(TimeFormat::Iso8601)),
        given("moment", DataType::Timestamp, Some(TimeFormat::Iso8601)),
        given("price", DataType::Decimal { precision: 10, scale: 2 }, None),
    ]
}

fn any_setting() -> impl Strategy<Value = Setting> {
    let escape = prop_oneof![3 => Just(Mark::None), 1 => Just(Mark::Byte(b'\\'))];
    let quote = prop_oneof![4 => Just(Mark::Byte(b'"')), 1 => Just(Mark::None)];
    let comment = prop_oneof![2 => Just(Mark::None), 1 => Just(Mark::Byte(b'#'))];
    let delimiter =
        prop_oneof![4 => Just(","), 1 => prop::sample::select(vec![";", " ", "-", "0"])];
    let nulls = prop_oneof![
        2 => Just(Vec::new()),
        1 => Just(vec!["NA".to_owned(), "-7".to_owned()]),
        1 => Just(vec![String::new(), "word".to_owned()]),
    ];
    let extra = prop_oneof![3 => Just(None), 1 => Just(Some("file")), 1 => Just(Some("integer"))];
    let required = prop_oneof![3 => Just(None), 1 => Just(Some("moment"))];
    (delimiter, escape, quote, comment, nulls, extra, required, 0..3).prop_map(
        |(delimiter, escape, quote, comment, nulls, extra_column, required, kind)| Setting {
            csv: CsvOptions {
                delimiter: Some(delimiter.to_owned()),
                quote,
                escape,
                comment,
                header: Some(true),
                skip_lines: Some(0),
                names: None,
            },
            infer: InferOptions {
                nulls,
                types: if kind == 1 { given_types() } else { Vec::new() },
                all_text: kind == 2,
                ..InferOptions::default()
            },
            extra_column,
            required,
        },
    )
}

/// A decoder, its source, and the chunk of all records.
fn prepare(text: &[u8], setting: &Setting) -> (tempfile::TempDir, CsvDecoder, Source, Chunk) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input.csv");
    let names = NAMES.replace(',', setting.csv.delimiter.as_deref().unwrap_or(","));
    std::fs::write(&path, [names.as_bytes(), b"\n", text].concat()).unwrap();
    let options = SourceOptions {
        source_column: setting.extra_column.map(str::to_owned),
        ..SourceOptions::default()
    };
    let source = Source::try_new(Input::File(path), &options).unwrap();
    let options = ReadOptions { csv: setting.csv.clone(), ..ReadOptions::default() };
    let head = [names.as_bytes(), b"\n"].concat();
    let decoder = CsvDecoder::try_new(&source, &head, &options).unwrap();
    let start = Position { line: 2, byte_offset: 100 };
    let chunk = Chunk { bytes: text.to_vec(), start, ..Chunk::default() };
    (folder, decoder, source, chunk)
}

fn shape_of(decoder: &CsvDecoder, source: &Source, text: &[u8], setting: &Setting) -> RecordShape {
    let mut evidence = Evidence::new(&setting.infer);
    let chunk = Chunk { bytes: text.to_vec(), ..Chunk::default() };
    decoder.observe(source, &chunk, &mut evidence).unwrap();
    let shape = infer(&evidence, &setting.infer).shape;
    match setting.required {
        Some(path) => shape.with_required(&[path.to_owned()]),
        None => shape,
    }
}

type Outcome = (Vec<Vec<String>>, Vec<(Position, Option<String>, String, Vec<u8>)>, u64, u64);

fn outcome(decoded: Decoded) -> Outcome {
    let Decoded { columns, rejections, records, surprises } = decoded;
    let row = |row| columns.row(row).iter().map(|value| format!("{value:?}")).collect();
    let rows = (0..columns.row_count()).map(row).collect();
    let rejections = rejections.into_iter().map(|it| (it.position, it.field, it.reason, it.raw));
    (rows, rejections.collect(), records, surprises)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_straight_way_comes_to_what_the_ordinary_way_does(
        setting in any_setting(),
        seen in any_table(),
        text in any_table(),
        tail in prop::collection::vec(any::<u8>(), 0..3),
    ) {
        let delimiter = setting.csv.delimiter.clone().unwrap_or_default();
        let with_delimiter = |text: &str| text.replace(',', &delimiter);
        let clean_row = with_delimiter(CLEAN_ROW);
        let seen = clean_row.clone() + &with_delimiter(&seen);
        let bytes = [with_delimiter(&text).as_bytes(), &tail].concat();
        let (_folder, decoder, source, chunk) = prepare(&bytes, &setting);
        let (len, ends) = whole_len(&decoder.layout.dialect, &chunk.bytes);
        let cut = Chunk { bytes: chunk.bytes[..len].to_vec(), ends, ..chunk.clone() };
        for seen in [seen.as_bytes(), &bytes, clean_row.as_bytes()] {
            let shape = Arc::new(shape_of(&decoder, &source, seen, &setting));
            for chunk in [&chunk, &cut] {
                let records = Records::new(&decoder.layout, &chunk.bytes);
                let ordinary = decoder.decode_records(&source, chunk, &shape, records, None);
                let straight = decoder.decode(&source, chunk, &shape);
                prop_assert_eq!(outcome(straight.unwrap()), outcome(ordinary.unwrap()));
            }
        }
    }
}

/// How many of the records went the straight way.
fn straight_count(text: &str, setting: &Setting) -> usize {
    let (_folder, decoder, source, chunk) = prepare(text.as_bytes(), setting);
    let shape = Arc::new(shape_of(&decoder, &source, &chunk.bytes, setting));
    let mut shaper = crate::Shaper::new(&shape);
    let fields = source.extra_fields();
    let Some(mut shredder) = Shredder::try_new(&decoder.layout, text, &chunk.ends, &shape, fields)
    else {
        return 0;
    };
    let mut at = 0;
    let mut straight = 0;
    while at < text.len() {
        match shredder.push_records(&mut shaper, at) {
            [starts @ .., next] if !starts.is_empty() => {
                straight += starts.len();
                at = *next as usize;
            }
            // One that goes the ordinary way, as far as a line tells.
            _ => at += text[at..].find('\n').map_or(text.len(), |newline| newline + 1),
        }
    }
    straight
}

#[test]
fn most_records_go_the_straight_way() {
    let csv = CsvOptions {
        delimiter: Some(",".to_owned()),
        quote: Mark::Byte(b'"'),
        escape: Mark::None,
        comment: Mark::Byte(b'#'),
        header: Some(true),
        skip_lines: Some(0),
        names: None,
    };
    let (infer, extra_column, required) = (InferOptions::default(), Some("file"), None);
    let setting = Setting { csv, infer, extra_column, required };
    let text = "word,1,1.5,true,2025-10-01,2025-10-01 08:30:00,2.50,\n\
                \"a, b\",-12,-0.25,FALSE,2025-10-02,2025-10-01T08:30:00.250Z,\"3\",\n\
                \"say \"\"hi\"\"\",007,1e3,,,2025-10-01 08:30,4,\r\n\
                pipe,,,\n\
                ,,,,,,,,,\n";
    assert_eq!(straight_count(&text.replace("007", "7"), &setting), 5);
    // More than is looked at once.
    assert_eq!(straight_count(&text.replace("007", "7").repeat(700), &setting), 3500);
    // A comment, an empty line, stray quotes, a value too many: the rules decide.
    let odd = "# a,b\n\n5\" pipe,,,\n\"x\" y,1\n,,,,,,,,1\n";
    assert_eq!(straight_count(&format!("{}{odd}", text.replace("007", "7")), &setting), 5);
    let extra_column = Some("integer");
    assert_eq!(straight_count(text, &Setting { extra_column, ..setting }), 0);
}
