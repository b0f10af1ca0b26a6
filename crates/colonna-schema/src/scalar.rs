//! A single value, its order, and how it is written.

use std::cmp::Ordering;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};
use thiserror::Error;

use crate::DataType;

/// A text that is no value of the wanted type.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScalarError {
    /// The text cannot be read as a point in time.
    #[error("cannot read {text:?} as a {wanted}: write it as 2025-10-31 or 2025-10-31T13:45:00Z")]
    NotATime {
        /// What was given.
        text: String,
        /// What it was to be.
        wanted: DataType,
    },
}

/// One value of any type.
///
/// Invariant: [`Scalar::total_cmp`] is a total order in which `-0.0` equals `0.0`, every NaN equals
/// every other and stands above all numbers, and null stands above all; equality follows from it.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// An integer.
    Int64(i64),
    /// A double.
    Float64(f64),
    /// `value / 10^scale`, exactly.
    Decimal {
        /// The unscaled integer.
        value: i128,
        /// The digits behind the decimal point.
        scale: u8,
    },
    /// Text.
    Utf8(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// The values of a list.
    List(Vec<Scalar>),
    /// The fields of a struct, by name.
    Struct(Vec<(String, Scalar)>),
    /// The entries of a map.
    Map(Vec<(Scalar, Scalar)>),
}

impl Scalar {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The type that holds it.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean(_) => DataType::Boolean,
            Self::Int64(_) => DataType::Int64,
            Self::Float64(_) => DataType::Float64,
            Self::Decimal { scale, .. } => DataType::Decimal { precision: 38, scale: *scale },
            Self::Utf8(_) => DataType::Utf8,
            Self::Binary(_) => DataType::Binary,
            Self::Date(_) => DataType::Date,
            Self::Timestamp(_) => DataType::Timestamp,
            Self::List(values) => {
                DataType::List(Box::new(values.first().map_or(DataType::Null, Self::data_type)))
            }
            Self::Struct(fields) => DataType::Struct(
                fields
                    .iter()
                    .map(|(name, value)| crate::Field::new(name, value.data_type()))
                    .collect(),
            ),
            Self::Map(entries) => {
                let (key, value) =
                    entries.first().map_or((DataType::Utf8, DataType::Null), |(key, value)| {
                        (key.data_type(), value.data_type())
                    });
                DataType::Map(Box::new(key), Box::new(value))
            }
        }
    }

    /// The one order over all values. Numbers of different types compare by their exact value.
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Boolean(left), Self::Boolean(right)) => left.cmp(right),
            (Self::Int64(left), Self::Int64(right))
            | (Self::Timestamp(left), Self::Timestamp(right)) => left.cmp(right),
            (Self::Date(left), Self::Date(right)) => left.cmp(right),
            (Self::Date(left), Self::Timestamp(right)) => {
                i64::from(*left).saturating_mul(MICROS_PER_DAY).cmp(right)
            }
            (Self::Timestamp(left), Self::Date(right)) => {
                left.cmp(&i64::from(*right).saturating_mul(MICROS_PER_DAY))
            }
            (Self::Utf8(left), Self::Utf8(right)) => left.cmp(right),
            (Self::Binary(left), Self::Binary(right)) => left.cmp(right),
            (Self::Float64(left), Self::Float64(right)) => cmp_float(*left, *right),
            (Self::List(left), Self::List(right)) => {
                cmp_sequence(left.iter().zip(right), left.len().cmp(&right.len()))
            }
            (Self::Struct(left), Self::Struct(right)) => cmp_sequence(
                left.iter().map(|(_, value)| value).zip(right.iter().map(|(_, value)| value)),
                left.len().cmp(&right.len()),
            ),
            (Self::Map(left), Self::Map(right)) => {
                let flat = |entries: &[(Self, Self)]| {
                    entries
                        .iter()
                        .flat_map(|(key, value)| [key.clone(), value.clone()])
                        .collect::<Vec<_>>()
                };
                cmp_sequence(flat(left).iter().zip(&flat(right)), left.len().cmp(&right.len()))
            }
            (left, right) => match (left.as_decimal(), right.as_decimal()) {
                (Some(left), Some(right)) => cmp_decimal(left, right),
                _ => match (left.as_f64(), right.as_f64()) {
                    (Some(_), Some(_)) => cmp_mixed(left, right),
                    _ => left.rank().cmp(&right.rank()),
                },
            },
        }
    }

    /// The number as a double, where it is a number.
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int64(value) => Some(*value as f64),
            Self::Float64(value) => Some(*value),
            Self::Decimal { value, scale } => {
                // The text is parsed with correct rounding; a division would round twice.
                decimal_text(*value, *scale).parse().ok()
            }
            _ => None,
        }
    }

    /// The exact number as (unscaled, scale), where it is an integer or a decimal.
    fn as_decimal(&self) -> Option<(i128, u8)> {
        match self {
            Self::Int64(value) => Some((i128::from(*value), 0)),
            Self::Decimal { value, scale } => Some((*value, *scale)),
            _ => None,
        }
    }

    /// Where values of types that do not compare stand against each other.
    fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Int64(_) | Self::Float64(_) | Self::Decimal { .. } => 1,
            Self::Date(_) | Self::Timestamp(_) => 2,
            Self::Utf8(_) => 3,
            Self::Binary(_) => 4,
            Self::List(_) => 5,
            Self::Struct(_) => 6,
            Self::Map(_) => 7,
            Self::Null => 8,
        }
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.total_cmp(other) == Ordering::Equal
    }
}

impl Eq for Scalar {}

impl PartialOrd for Scalar {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scalar {
    fn cmp(&self, other: &Self) -> Ordering {
        self.total_cmp(other)
    }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

fn cmp_sequence<'a>(
    mut pairs: impl Iterator<Item = (&'a Scalar, &'a Scalar)>,
    by_len: Ordering,
) -> Ordering {
    pairs
        .find_map(|(left, right)| match left.total_cmp(right) {
            Ordering::Equal => None,
            unequal => Some(unequal),
        })
        .unwrap_or(by_len)
}

/// `-0.0` equals `0.0`; NaN equals NaN and is above all numbers.
fn cmp_float(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

fn cmp_decimal((left, left_scale): (i128, u8), (right, right_scale): (i128, u8)) -> Ordering {
    let widen = |value: i128, by: u8| value.checked_mul(10_i128.checked_pow(u32::from(by))?);
    let scale = left_scale.max(right_scale);
    match (widen(left, scale - left_scale), widen(right, scale - right_scale)) {
        (Some(left), Some(right)) => left.cmp(&right),
        // The one that leaves 128 bits is the larger in absolute value.
        (None, _) => left.cmp(&0),
        (_, None) => 0.cmp(&right),
    }
}

/// An exact number against a double: by value, not by rounding the exact one first.
fn cmp_mixed(left: &Scalar, right: &Scalar) -> Ordering {
    match (left, right) {
        (Scalar::Float64(float), exact) => cmp_exact(exact, *float).reverse(),
        (exact, Scalar::Float64(float)) => cmp_exact(exact, *float),
        _ => Ordering::Equal,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before the cast")]
fn cmp_exact(exact: &Scalar, float: f64) -> Ordering {
    const TWO_POW_126: f64 = 85_070_591_730_234_615_865_843_651_857_942_052_864.0;
    if float.is_nan() || float >= TWO_POW_126 {
        return Ordering::Less;
    }
    if float <= -TWO_POW_126 {
        return Ordering::Greater;
    }
    let Some((value, scale)) = exact.as_decimal() else { return Ordering::Equal };
    let divisor = 10_i128.checked_pow(u32::from(scale)).unwrap_or(i128::MAX);
    let (whole, rest) = (value.div_euclid(divisor), value.rem_euclid(divisor));
    let floor = float.floor();
    whole.cmp(&(floor as i128)).then_with(|| {
        let fraction = Scalar::Decimal { value: rest, scale }.as_f64().unwrap_or(0.0);
        cmp_float(fraction, float - floor)
    })
}

fn decimal_text(value: i128, scale: u8) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = value.unsigned_abs().to_string();
    let scale = usize::from(scale);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// The value as people read it: text without quotes, times in ISO 8601 and UTC.
impl fmt::Display for Scalar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean(value) => write!(formatter, "{value}"),
            Self::Int64(value) => write!(formatter, "{value}"),
            // Debug keeps `1.0` apart from `1` and writes large numbers as `1e300`.
            Self::Float64(value) => write!(formatter, "{value:?}"),
            Self::Decimal { value, scale } => formatter.write_str(&decimal_text(*value, *scale)),
            Self::Utf8(value) => formatter.write_str(value),
            Self::Binary(bytes) => {
                formatter.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
            Self::Date(days) => formatter.write_str(&format_date(*days)),
            Self::Timestamp(micros) => formatter.write_str(&format_timestamp(*micros)),
            Self::List(values) => {
                write_joined(formatter, '[', ']', values, |value, out| write!(out, "{value}"))
            }
            Self::Struct(fields) => {
                write_joined(formatter, '{', '}', fields, |(name, value), out| {
                    write!(out, "{name}: {value}")
                })
            }
            Self::Map(entries) => {
                write_joined(formatter, '{', '}', entries, |(key, value), out| {
                    write!(out, "{key}: {value}")
                })
            }
        }
    }
}

fn write_joined<T>(
    formatter: &mut fmt::Formatter<'_>,
    open: char,
    close: char,
    items: &[T],
    write: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    write!(formatter, "{open}")?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            formatter.write_str(", ")?;
        }
        write(item, formatter)?;
    }
    write!(formatter, "{close}")
}

macro_rules! scalar_from {
    ($($from:ty => $variant:ident),+) => {$(
        impl From<$from> for Scalar {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )+};
}
scalar_from!(bool => Boolean, i64 => Int64, i32 => Int64, u32 => Int64, f64 => Float64, &str => Utf8, String => Utf8);

impl<T: Into<Scalar>> From<Option<T>> for Scalar {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A day as ISO 8601 writes it: `2025-10-31`.
pub fn format_date(days: i32) -> String {
    DateTime::from_timestamp(i64::from(days) * 86_400, 0)
        .map_or_else(|| format!("day {days}"), |time| iso_day(time.date_naive()))
}

/// A moment as ISO 8601 writes it, in UTC, with as many digits of a second as it needs in steps of
/// three: `2025-10-31T13:45:00Z`, `2025-10-31T13:45:00.250Z`.
pub fn format_timestamp(micros: i64) -> String {
    let Some(time) = DateTime::from_timestamp_micros(micros) else {
        return format!("{micros} microseconds");
    };
    let day = iso_day(time.date_naive());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let fraction = match micros.rem_euclid(1_000_000) {
        0 => String::new(),
        part if part % 1000 == 0 => format!(".{:03}", part / 1000),
        part => format!(".{part:06}"),
    };
    format!("{day}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn iso_day(day: NaiveDate) -> String {
    let (year, month, day) = (day.year(), day.month(), day.day());
    match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:+05}-{month:02}-{day:02}"),
    }
}

/// Reads a day: `2025-10-31`.
///
/// # Errors
///
/// Where the text is no such day.
pub fn parse_date(text: &str) -> Result<i32, ScalarError> {
    let not_a_time = || ScalarError::NotATime { text: text.to_owned(), wanted: DataType::Date };
    let day = text.trim().parse::<NaiveDate>().ok().ok_or_else(not_a_time)?;
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days())
        .ok()
        .ok_or_else(not_a_time)
}

/// Reads a moment to microseconds: a day, or a day and a time with `T` or a blank between them, a
/// fraction, and an offset. Without an offset it is UTC.
///
/// # Errors
///
/// Where the text is no such moment.
///
/// ```
/// use colonna_schema::parse_timestamp;
/// assert_eq!(parse_timestamp("1970-01-01T01:00:00.5+01:00").unwrap(), 500_000);
/// assert_eq!(parse_timestamp("1970-01-02").unwrap(), 86_400_000_000);
/// ```
pub fn parse_timestamp(text: &str) -> Result<i64, ScalarError> {
    let trimmed = text.trim();
    if let Ok(day) = parse_date(trimmed) {
        return Ok(i64::from(day) * MICROS_PER_DAY);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(trimmed) {
        return Ok(time.timestamp_micros());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"]
    {
        if let Ok(time) = DateTime::parse_from_str(trimmed, format) {
            return Ok(time.timestamp_micros());
        }
    }
    for format in
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    {
        if let Ok(time) = NaiveDateTime::parse_from_str(trimmed, format) {
            return Ok(time.and_utc().timestamp_micros());
        }
    }
    Err(ScalarError::NotATime { text: text.to_owned(), wanted: DataType::Timestamp })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_compares_with_a_double_by_its_exact_value() {
        // 2^53 + 1 has no double; rounding it first would call the two equal.
        let integer = Scalar::Int64(9_007_199_254_740_993);
        assert_eq!(integer.total_cmp(&Scalar::Float64(9_007_199_254_740_992.0)), Ordering::Greater);
        let tenth = Scalar::Decimal { value: 25, scale: 2 };
        assert_eq!(tenth.total_cmp(&Scalar::Float64(0.25)), Ordering::Equal);
        assert_eq!(
            Scalar::Decimal { value: -25, scale: 2 }.total_cmp(&Scalar::Float64(-0.25)),
            Ordering::Equal
        );
        assert_eq!(Scalar::Int64(1).total_cmp(&Scalar::Float64(f64::NAN)), Ordering::Less);
    }

    #[test]
    fn zero_has_no_sign_and_nan_equals_itself() {
        assert_eq!(Scalar::Float64(-0.0), Scalar::Float64(0.0));
        assert_eq!(Scalar::Float64(f64::NAN), Scalar::Float64(-f64::NAN));
    }

    #[test]
    fn a_moment_before_the_epoch_is_written_as_it_was() {
        let micros = parse_timestamp("1969-12-31T23:59:59.999999Z").unwrap();
        assert_eq!(micros, -1);
        assert_eq!(format_timestamp(micros), "1969-12-31T23:59:59.999999Z");
        assert_eq!(format_date(-1), "1969-12-31");
    }

    #[test]
    fn a_decimal_is_written_with_all_its_digits() {
        assert_eq!(Scalar::Decimal { value: -5, scale: 3 }.to_string(), "-0.005");
        assert_eq!(Scalar::Decimal { value: 12345, scale: 2 }.to_string(), "123.45");
    }
}
