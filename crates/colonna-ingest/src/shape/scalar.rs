//! Single values, as JSON or as text, written into columns of scalars.

use colonna_column::ColumnBuilder;

use super::convert::{days, decimal, double, integer, micros};
use super::{Reading, ValueShape};
use crate::TimeFormat;
use crate::decode::json::{Kind, Value};
use crate::infer::{Number, TextValue, read_number, read_text};

/// Adds a boolean, number or string of JSON to a column of scalars; nothing where it does not fit.
pub(super) fn write_scalar(
    column: &mut ColumnBuilder,
    shape: &ValueShape,
    value: &Value<'_>,
    exactly: bool,
) -> bool {
    match value.kind() {
        Kind::True | Kind::False => match shape {
            ValueShape::Boolean => column.push_bool(value.kind() == Kind::True).is_ok(),
            _ => false,
        },
        Kind::PlainText | Kind::EscapedText => {
            write_string(column, shape, &value.as_written(), exactly)
        }
        _ => write_number(column, shape, value.inner(), read_number(value.inner()), exactly),
    }
}

pub(super) fn write_number(
    column: &mut ColumnBuilder,
    shape: &ValueShape,
    text: &str,
    number: Option<Number>,
    exactly: bool,
) -> bool {
    let Some(number) = number else { return false };
    match shape {
        ValueShape::Int64(_) => {
            integer(text, number, exactly).is_some_and(|value| column.push_i64(value).is_ok())
        }
        ValueShape::Float64(_) => {
            double(text, number, exactly).is_some_and(|value| column.push_f64(value).is_ok())
        }
        ValueShape::Decimal { .. } | ValueShape::Date(_) | ValueShape::Timestamp { .. } => {
            write_text(column, shape, text, exactly)
        }
        _ => false,
    }
}

/// Adds a string of JSON to a column; nothing where it does not fit. What else a text may be, a
/// number, a boolean or a null, it is only where the type was given: where types are found, every
/// string counts as text.
pub(super) fn write_string(
    column: &mut ColumnBuilder,
    shape: &ValueShape,
    text: &str,
    exactly: bool,
) -> bool {
    match shape {
        ValueShape::Text(_) | ValueShape::Binary => write_text(column, shape, text, exactly),
        _ if !exactly => write_text(column, shape, text, exactly),
        // Only numbers make a column one of counted times.
        ValueShape::Timestamp { format: TimeFormat::Epoch(_), .. } => false,
        _ => write_moment(column, shape, text, exactly),
    }
}

/// Adds a text to a column of days or moments; nothing where it is none, or the column another.
fn write_moment(column: &mut ColumnBuilder, shape: &ValueShape, text: &str, exactly: bool) -> bool {
    if let (true, ValueShape::Date(format) | ValueShape::Timestamp { format, .. }) =
        (exactly, shape)
        && !format.is_evident_in(text)
    {
        return false;
    }
    let value = match shape {
        ValueShape::Date(format) => days(text, format),
        ValueShape::Timestamp { format, may_cut } => micros(text, format, *may_cut, exactly),
        _ => None,
    };
    value.is_some_and(|value| column.push_i64(value).is_ok())
}

/// Adds a text to a column of scalars; nothing where it does not fit. Words for null are null in a
/// column of anything but text.
pub(crate) fn write_text(
    column: &mut ColumnBuilder,
    shape: &ValueShape,
    text: &str,
    exactly: bool,
) -> bool {
    if let ValueShape::Text(_) = shape {
        return column.push_text(text).is_ok();
    }
    if let ValueShape::Binary = shape {
        return column.push_bytes(text.as_bytes()).is_ok();
    }
    let pushed = match shape {
        ValueShape::Date(_) | ValueShape::Timestamp { .. } => {
            Some(write_moment(column, shape, text, exactly))
        }
        ValueShape::Decimal { precision, scale } => {
            decimal(text, *precision, *scale).map(|unscaled| column.push_decimal(unscaled).is_ok())
        }
        ValueShape::Int64(Reading { style, .. }) | ValueShape::Float64(Reading { style, .. }) => {
            let plain = style.normalized(text);
            let number = plain.as_deref().and_then(read_number);
            let number = number.or_else(|| loose_number(text, exactly));
            number.map(|number| {
                let plain = plain.unwrap_or_default();
                write_number(column, shape, &plain, Some(number), exactly)
            })
        }
        _ => None,
    };
    if let Some(true) = pushed {
        return true;
    }
    match (read_text(text), shape) {
        (TextValue::Empty | TextValue::SpelledNull, _) => {
            column.push_null();
            true
        }
        (TextValue::Boolean(value), ValueShape::Boolean) => column.push_bool(value).is_ok(),
        (TextValue::Special(value), ValueShape::Float64(_)) => column.push_f64(value).is_ok(),
        _ => false,
    }
}

/// Where the type was given, `007` and `+7` are numbers too.
fn loose_number(text: &str, exactly: bool) -> Option<Number> {
    if exactly {
        return None;
    }
    text.trim_ascii().parse().ok().map(Number::Int)
}
