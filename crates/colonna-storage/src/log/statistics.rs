//! Statistics as the log keeps them: JSON text beside each file.
//!
//! Bounds are taken only where they are sure to hold. A timestamp in the log is cut to
//! milliseconds, so that a maximum read is widened by what may have been cut, and one written is
//! rounded up. Long texts are cut. Floats of 32 bits are written with as many digits as tell them
//! apart, and must be read as such. Some writers send decimals through doubles.

use colonna_schema::{
    ColumnStatistics, Scalar, Statistics, format_timestamp, parse_date, parse_timestamp,
};
use delta_kernel::schema::{DataType as LogType, PrimitiveType, StructType};
use delta_kernel::table_features::ColumnMappingMode;
use serde_json::{Map, Number, Value};

/// Longer texts are cut in the log, by us and by most others.
const TEXT_CHARS: usize = 32;
/// More digits than a double keeps of any decimal.
const SAFE_DECIMAL_DIGITS: usize = 15;
const MICROS_PER_MILLI: i64 = 1000;

/// How the columns of a file's statistics are found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'a> {
    pub(super) schema: &'a StructType,
    pub(super) mapping: ColumnMappingMode,
}

/// The statistics in a log entry; `None` where there are none to be understood.
///
/// Where rows are hidden by a deletion vector, bounds are not exact and counts of nulls unknown.
pub(super) fn from_json(
    text: &str,
    layout: Layout<'_>,
    rows_are_hidden: bool,
) -> Option<Statistics> {
    let json: Value = serde_json::from_str(text).ok()?;
    let row_count = json.get("numRecords")?.as_u64()?;
    let tight =
        json.get("tightBounds").and_then(Value::as_bool).unwrap_or(true) && !rows_are_hidden;
    let mut statistics = Statistics { row_count, ..Statistics::default() };
    let at = |name: &str| json.get(name).and_then(Value::as_object);
    let parts = Parts { min: at("minValues"), max: at("maxValues"), nulls: at("nullCount"), tight };
    collect(&mut Vec::new(), layout.schema, layout.mapping, &parts, &mut statistics);
    Some(statistics)
}

/// The three objects of one level.
struct Parts<'a> {
    min: Option<&'a Map<String, Value>>,
    max: Option<&'a Map<String, Value>>,
    nulls: Option<&'a Map<String, Value>>,
    tight: bool,
}

fn collect(
    path: &mut Vec<String>,
    schema: &StructType,
    mapping: ColumnMappingMode,
    parts: &Parts<'_>,
    statistics: &mut Statistics,
) {
    for field in schema.fields() {
        let name = field.physical_name(mapping);
        let min = parts.min.and_then(|object| object.get(name));
        let max = parts.max.and_then(|object| object.get(name));
        let nulls = parts.nulls.and_then(|object| object.get(name));
        path.push(field.name().clone());
        match field.data_type() {
            LogType::Struct(fields) => {
                let inner = Parts {
                    min: min.and_then(Value::as_object),
                    max: max.and_then(Value::as_object),
                    nulls: nulls.and_then(Value::as_object),
                    tight: parts.tight,
                };
                collect(path, fields, mapping, &inner, statistics);
            }
            data_type => {
                let column = leaf(data_type, min, max, nulls, parts.tight, statistics.row_count);
                if column != ColumnStatistics::default() {
                    statistics.columns.insert(path.clone(), column);
                }
            }
        }
        path.pop();
    }
}

fn leaf(
    data_type: &LogType,
    min: Option<&Value>,
    max: Option<&Value>,
    nulls: Option<&Value>,
    tight: bool,
    row_count: u64,
) -> ColumnStatistics {
    let mut column = ColumnStatistics::default();
    // Of lists and maps some writers count the elements that are null, others the rows.
    let LogType::Primitive(primitive) = data_type else { return column };
    // A count of nulls is of the rows that a deletion vector hides, too: only none and all are
    // sure to hold for the rest.
    let null_count = nulls.and_then(Value::as_u64).filter(|count| *count <= row_count);
    column.null_count = null_count.filter(|count| tight || *count == 0 || *count == row_count);
    let min = min.and_then(|value| bound(primitive, value, Side::Min));
    let max = max.and_then(|value| bound(primitive, value, Side::Max));
    if let (Some((min, _)), Some((max, _))) = (&min, &max)
        && min.total_cmp(max).is_gt()
    {
        return column;
    }
    if let Some((value, exact)) = min {
        column.min = Some(value);
        column.min_is_exact = exact && tight;
    }
    if let Some((value, exact)) = max {
        column.max = Some(value);
        column.max_is_exact = exact && tight;
    }
    column
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Min,
    Max,
}

/// A bound and whether it is a value of the column.
fn bound(primitive: &PrimitiveType, value: &Value, side: Side) -> Option<(Scalar, bool)> {
    match primitive {
        PrimitiveType::Byte
        | PrimitiveType::Short
        | PrimitiveType::Integer
        | PrimitiveType::Long => Some((Scalar::Int64(value.as_i64()?), true)),
        PrimitiveType::Double => finite(value.as_number()?.to_string().parse().ok()?),
        PrimitiveType::Float => {
            let single: f32 = value.as_number()?.to_string().parse().ok()?;
            finite(single.into())
        }
        PrimitiveType::Boolean => Some((Scalar::Boolean(value.as_bool()?), true)),
        PrimitiveType::String => {
            let text = value.as_str()?;
            Some((Scalar::Utf8(text.to_owned()), text.chars().count() < TEXT_CHARS))
        }
        PrimitiveType::Date => Some((Scalar::Date(parse_date(value.as_str()?).ok()?), true)),
        PrimitiveType::Timestamp | PrimitiveType::TimestampNtz => {
            let text = value.as_str()?;
            let micros = parse_timestamp(text).ok()?;
            let exact = fraction_digits(text) >= 6;
            let micros = match side {
                Side::Max if !exact => micros.checked_add(MICROS_PER_MILLI - 1)?,
                _ => micros,
            };
            Some((Scalar::Timestamp(micros), exact))
        }
        PrimitiveType::Decimal(kind) => {
            let value = decimal(&value.as_number()?.to_string(), kind.scale())?;
            Some((Scalar::Decimal { value, scale: kind.scale() }, true))
        }
        _ => None,
    }
}

fn finite(value: f64) -> Option<(Scalar, bool)> {
    value.is_finite().then_some((Scalar::Float64(value), true))
}

fn fraction_digits(text: &str) -> usize {
    let fraction = text.rsplit_once('.').map_or("", |(_, fraction)| fraction);
    fraction.bytes().take_while(u8::is_ascii_digit).count()
}

/// A decimal that the text spells exactly, with so few digits that it cannot have been rounded.
fn decimal(text: &str, scale: u8) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit).count();
    let padding = usize::from(scale).checked_sub(fraction.len())?;
    if digits > SAFE_DECIMAL_DIGITS {
        return None;
    }
    // An exponent does not parse, and is left out.
    format!("{whole}{fraction}{}", "0".repeat(padding)).parse().ok()
}

/// The statistics as a log entry, without what the log cannot hold.
pub(super) fn to_json(statistics: &Statistics) -> String {
    let mut json = Map::new();
    json.insert("numRecords".to_owned(), statistics.row_count.into());
    json.insert("tightBounds".to_owned(), true.into());
    for (name, side) in
        [("minValues", Some(Side::Min)), ("maxValues", Some(Side::Max)), ("nullCount", None)]
    {
        let mut values = Map::new();
        for (path, column) in &statistics.columns {
            let value = match side {
                Some(Side::Min) => column.min.as_ref().and_then(|min| written(min, Side::Min)),
                // To most other readers NaN is a number, and above all others.
                Some(Side::Max)
                    if matches!(column.max, Some(Scalar::Float64(_))) && !column.is_nan_free =>
                {
                    None
                }
                Some(Side::Max) => column.max.as_ref().and_then(|max| written(max, Side::Max)),
                None => column.null_count.map(Value::from),
            };
            if let Some(value) = value {
                insert(&mut values, path, value);
            }
        }
        json.insert(name.to_owned(), Value::Object(values));
    }
    Value::Object(json).to_string()
}

fn insert(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => {
            object.insert(name.clone(), value);
        }
        [name, rest @ ..] => {
            let inner = object.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn written(value: &Scalar, side: Side) -> Option<Value> {
    match value {
        Scalar::Boolean(value) => Some((*value).into()),
        Scalar::Int64(value) => Some((*value).into()),
        Scalar::Float64(value) => float(*value),
        Scalar::Utf8(text) => cut_text(text, side).map(Value::String),
        Scalar::Date(_) => Some(Value::String(value.to_string())),
        Scalar::Timestamp(micros) => {
            let millis = match side {
                Side::Min => micros.div_euclid(MICROS_PER_MILLI),
                Side::Max => micros.checked_add(MICROS_PER_MILLI - 1)?.div_euclid(MICROS_PER_MILLI),
            };
            let text = format_timestamp(millis.checked_mul(MICROS_PER_MILLI)?);
            // Years of more than four digits are written with a sign, which few can read.
            text.starts_with(|first: char| first.is_ascii_digit()).then_some(Value::String(text))
        }
        Scalar::Decimal { .. } => value.to_string().parse().ok().map(Value::Number),
        _ => None,
    }
}

/// Infinities are no numbers of JSON, but words, as Spark and the Delta Kernel for Java write them. To
/// leave them out would be right, but some readers (deltalake 1.6 as a PyArrow dataset) take a bound
/// that is missing for null, and find no rows then.
fn float(value: f64) -> Option<Value> {
    match Number::from_f64(value) {
        Some(number) => Some(Value::Number(number)),
        None if value == f64::INFINITY => Some("Infinity".into()),
        None if value == f64::NEG_INFINITY => Some("-Infinity".into()),
        None => None,
    }
}

/// Whether a bound is infinite.
pub(super) fn is_infinite(statistics: &Statistics) -> bool {
    let mut bounds = statistics.columns.values().flat_map(|column| [&column.min, &column.max]);
    bounds.any(|bound| matches!(bound, Some(Scalar::Float64(value)) if value.is_infinite()))
}

/// The text of a log entry, in which the kernel wrote infinite bounds as null, with those bounds.
pub(super) fn with_infinities(text: &str, statistics: &Statistics) -> Option<String> {
    let whole: Value = serde_json::from_str(&to_json(statistics)).ok()?;
    let mut json: Value = serde_json::from_str(text).ok()?;
    for side in ["minValues", "maxValues"] {
        fill_nulls(json.get_mut(side)?, whole.get(side)?);
    }
    Some(json.to_string())
}

fn fill_nulls(target: &mut Value, whole: &Value) {
    match (target, whole) {
        (Value::Object(target), Value::Object(whole)) => {
            for (name, value) in target {
                if let Some(whole) = whole.get(name) {
                    fill_nulls(value, whole);
                }
            }
        }
        (target @ Value::Null, whole) => *target = whole.clone(),
        _ => {}
    }
}

/// A text of few characters that is not above, or not below, the whole one.
fn cut_text(text: &str, side: Side) -> Option<String> {
    // A reader takes a text of the full length for one that was cut, so that ours is shorter.
    let Some((end, _)) = text.char_indices().nth(TEXT_CHARS - 1) else {
        return Some(text.to_owned());
    };
    let mut cut = text[..end].to_owned();
    match side {
        Side::Min => cut.push_str(&text[end..].chars().take(1).collect::<String>()),
        Side::Max => {
            // The last character that has a next one is raised, those behind it fall away.
            loop {
                let last = cut.pop()?;
                if let Some(next) = next_char(last) {
                    cut.push(next);
                    break;
                }
            }
            let missing = TEXT_CHARS - cut.chars().count();
            cut.extend(std::iter::repeat_n('!', missing));
        }
    }
    Some(cut)
}

fn next_char(character: char) -> Option<char> {
    match character {
        // The code points between are surrogates and no characters.
        '\u{D7FF}' => Some('\u{E000}'),
        char::MAX => None,
        other => char::from_u32(u32::from(other) + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use delta_kernel::schema::StructField;
    use proptest::prelude::*;

    fn schema() -> StructType {
        let inner = StructType::try_new([StructField::nullable("country", LogType::STRING)]);
        StructType::try_new([
            StructField::nullable("n", LogType::LONG),
            StructField::nullable("f", LogType::DOUBLE),
            StructField::nullable("single", LogType::FLOAT),
            StructField::nullable("s", LogType::STRING),
            StructField::nullable("ts", LogType::TIMESTAMP),
            StructField::nullable("d", LogType::DATE),
            StructField::nullable("price", LogType::decimal(20, 2).unwrap()),
            StructField::nullable("user", inner.unwrap()),
            StructField::nullable("flag", LogType::BOOLEAN),
        ])
        .unwrap()
    }

    fn read(json: &str) -> Statistics {
        let layout = Layout { schema: &schema(), mapping: ColumnMappingMode::None };
        from_json(json, layout, false).unwrap()
    }

    #[track_caller]
    fn check_max(column: &str, json: &str, expected: impl Into<Option<(Scalar, bool)>>) {
        let read = read(&format!(r#"{{"numRecords":3,"maxValues":{{"{column}":{json}}}}}"#));
        let found = read.columns.get(&vec![column.to_owned()]);
        let found = found.map(|column| (column.max.clone().unwrap(), column.max_is_exact));
        assert_eq!(found, expected.into());
    }

    #[test]
    fn only_sure_bounds_are_taken() {
        check_max("n", "9007199254740993", Some((Scalar::Int64(9_007_199_254_740_993), true)));
        check_max("n", "1e300", None);
        check_max("f", "\"NaN\"", None);
        check_max("single", "1.1", Some((Scalar::Float64(f64::from(1.1_f32)), true)));
        check_max("price", "1.5", Some((Scalar::Decimal { value: 150, scale: 2 }, true)));
        check_max("price", "-0.05", Some((Scalar::Decimal { value: -5, scale: 2 }, true)));
        check_max("price", "12345678901234567.89", None);
        check_max("price", "1.005", None);
        check_max("d", "\"2025-10-31\"", Some((Scalar::Date(20_392), true)));
        check_max("s", "\"abc\"", Some(("abc".into(), true)));
        check_max("s", &format!("{:?}", "x".repeat(32)), Some(("x".repeat(32).into(), false)));
    }

    #[test]
    fn an_infinite_bound_is_a_word() {
        let column = ColumnStatistics {
            min: Some(Scalar::Float64(f64::NEG_INFINITY)),
            max: Some(Scalar::Float64(f64::INFINITY)),
            is_nan_free: true,
            ..ColumnStatistics::default()
        };
        let columns = [(vec!["f".to_owned()], column)].into();
        let json: Value =
            serde_json::from_str(&to_json(&Statistics { row_count: 2, columns })).unwrap();
        assert_eq!(json["minValues"]["f"], "-Infinity");
        assert_eq!(json["maxValues"]["f"], "Infinity");
        // Bounds that bound nothing are none to us.
        check_max("f", "\"Infinity\"", None);
    }

    #[test]
    fn a_maximum_cut_to_milliseconds_is_widened() {
        check_max("ts", "\"1970-01-01T00:00:00.001Z\"", Some((Scalar::Timestamp(1999), false)));
        check_max("ts", "\"1970-01-01T00:00:00.001000Z\"", Some((Scalar::Timestamp(1000), true)));
        check_max(
            "ts",
            "\"1970-01-01T01:00:00.001+01:00\"",
            Some((Scalar::Timestamp(1999), false)),
        );
    }

    #[test]
    fn bounds_that_are_reversed_are_left_out() {
        let read = read(r#"{"numRecords":1,"minValues":{"n":2},"maxValues":{"n":1}}"#);
        assert!(read.columns.is_empty());
    }

    #[test]
    fn rows_that_are_hidden_make_bounds_inexact_and_counts_unknown() {
        let json = r#"{"numRecords":9,"minValues":{"n":2},"nullCount":{"n":1,"s":9,"f":0}}"#;
        let layout = Layout { schema: &schema(), mapping: ColumnMappingMode::None };
        let read = from_json(json, layout, true).unwrap();
        let column = |name: &str| &read.columns[&vec![name.to_owned()]];
        assert_eq!(column("n").min, Some(Scalar::Int64(2)));
        assert!(!column("n").min_is_exact);
        assert_eq!(column("n").null_count, None);
        assert_eq!(column("s").null_count, Some(9));
        assert_eq!(column("f").null_count, Some(0));
    }

    /// What the log gives back may be wider, never narrower.
    #[track_caller]
    fn check_round_trip(path: &[&str], value: &Scalar) {
        let path: Vec<String> = path.iter().map(|&name| name.to_owned()).collect();
        let column = ColumnStatistics {
            min: Some(value.clone()),
            max: Some(value.clone()),
            null_count: Some(1),
            min_is_exact: true,
            max_is_exact: true,
            is_nan_free: true,
        };
        let mut statistics = Statistics { row_count: 7, ..Statistics::default() };
        statistics.columns.insert(path.clone(), column);
        let read = read(&to_json(&statistics));
        assert_eq!(read.row_count, 7);
        let column = &read.columns[&path];
        assert_eq!(column.null_count, Some(1));
        if let Some(min) = &column.min {
            assert!(min.total_cmp(value).is_le(), "{min} above {value}");
            assert!(!column.min_is_exact || min == value);
        }
        if let Some(max) = &column.max {
            assert!(max.total_cmp(value).is_ge(), "{max} below {value}");
            assert!(!column.max_is_exact || max == value);
        }
    }

    proptest! {
        #[test]
        fn the_log_never_narrows_a_bound(
            number in any::<i64>(),
            float in any::<f64>(),
            text in "\\PC{0,60}",
            high in "[\u{D7FE}-\u{E001}\u{10FFFE}-\u{10FFFF}]{28,40}",
            micros in any::<i64>(),
            day in -700_000_i32..2_900_000,
            unscaled in any::<i64>(),
        ) {
            check_round_trip(&["n"], &Scalar::Int64(number));
            check_round_trip(&["f"], &Scalar::Float64(float));
            check_round_trip(&["s"], &Scalar::Utf8(text.clone()));
            check_round_trip(&["s"], &Scalar::Utf8(high));
            check_round_trip(&["user", "country"], &Scalar::Utf8(text));
            check_round_trip(&["ts"], &Scalar::Timestamp(micros));
            check_round_trip(&["ts"], &Scalar::Timestamp(micros % 250_000_000_000_000_000));
            check_round_trip(&["d"], &Scalar::Date(day));
            check_round_trip(&["flag"], &Scalar::Boolean(day % 2 == 0));
            check_round_trip(&["price"], &Scalar::Decimal { value: unscaled.into(), scale: 2 });
        }
    }
}
