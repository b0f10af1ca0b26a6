//! Casts of the common pairs, and the widenings that happen unasked.

use colonna_schema::{DataType, Scalar, parse_date, parse_timestamp};

use super::arithmetic::{raised, unscaled};
use super::{Outcome, fails, not_covered};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Whether the oracle knows the cast.
pub(super) fn check(from: &DataType, to: &DataType) -> Outcome<()> {
    use DataType as D;
    let known = match (from, to) {
        (from, to) if from == to => true,
        (D::Null, to) => !to.is_nested(),
        (from, D::Utf8) => !from.is_nested() && *from != D::Binary,
        (D::Utf8, D::Int64 | D::Float64 | D::Boolean | D::Date | D::Timestamp) => true,
        (D::Boolean, D::Int64) | (D::Int64, D::Boolean) => true,
        (from, to) => {
            (from.is_numeric() && to.is_numeric()) || (from.is_temporal() && to.is_temporal())
        }
    };
    if known { Ok(()) } else { not_covered(format!("a cast of {from} to {to}")) }
}

/// The value as one of the type.
pub(super) fn cast(value: &Scalar, data_type: &DataType) -> Outcome<Scalar> {
    match (value, data_type) {
        (Scalar::Null, _) => Ok(Scalar::Null),
        (Scalar::Utf8(text), DataType::Utf8) => Ok(text.as_str().into()),
        (Scalar::Utf8(text), data_type) => of_text(text, data_type),
        (value, DataType::Utf8) => match value {
            Scalar::List(_) | Scalar::Struct(_) | Scalar::Map(_) | Scalar::Binary(_) => {
                not_covered("nested values and bytes as text")
            }
            value => Ok(value.to_string().into()),
        },
        (Scalar::Boolean(value), DataType::Int64) => Ok(i64::from(*value).into()),
        (Scalar::Int64(value), DataType::Boolean) => Ok((*value != 0).into()),
        (Scalar::Timestamp(micros), DataType::Date) => {
            match i32::try_from(micros.div_euclid(MICROS_PER_DAY)) {
                Ok(days) => Ok(Scalar::Date(days)),
                Err(_) => fails("overflow"),
            }
        }
        (Scalar::Float64(value), DataType::Int64) => of_double(*value),
        (Scalar::Decimal { value, scale }, DataType::Int64) => {
            let power = raised(1, 0, *scale)?;
            match i64::try_from(value / power) {
                Ok(whole) if value % power == 0 => Ok(whole.into()),
                Ok(_) => not_covered("a decimal that is rounded to an integer"),
                Err(_) => fails("overflow"),
            }
        }
        (value, data_type) => widened(value, data_type),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn of_double(value: f64) -> Outcome<Scalar> {
    if value.fract().abs() == 0.5 {
        return not_covered("a double half way between two integers");
    }
    let rounded = value.round();
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded) {
        Ok((rounded as i64).into())
    } else {
        fails("overflow")
    }
}

fn of_text(text: &str, data_type: &DataType) -> Outcome<Scalar> {
    let unreadable = || fails(format!("{text:?} is no {data_type}"));
    let trimmed = text.trim();
    if trimmed != text {
        return not_covered("a cast of text with blanks around it");
    }
    match data_type {
        DataType::Int64 => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(value), _) => Ok(value.into()),
            (Err(_), Ok(_)) => not_covered("a text with a fraction cast to an integer"),
            _ => unreadable(),
        },
        DataType::Float64 => text.parse::<f64>().map_or_else(|_| unreadable(), |x| Ok(x.into())),
        DataType::Boolean => match text.to_lowercase().as_str() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            "t" | "f" | "yes" | "no" | "y" | "n" | "on" | "off" | "1" | "0" => {
                not_covered("a short form of true or false")
            }
            _ => unreadable(),
        },
        DataType::Date => match (parse_date(text), parse_timestamp(text)) {
            (Ok(days), _) => Ok(Scalar::Date(days)),
            (_, Ok(_)) => not_covered("a text with a time of day cast to a date"),
            _ => unreadable(),
        },
        DataType::Timestamp => {
            parse_timestamp(text).map_or_else(|_| unreadable(), |at| Ok(Scalar::Timestamp(at)))
        }
        other => not_covered(format!("a cast of text to {other}")),
    }
}

/// The same value as one of a wider type.
pub(super) fn widened(value: &Scalar, data_type: &DataType) -> Outcome<Scalar> {
    match (value, data_type) {
        (Scalar::Null, _) => Ok(Scalar::Null),
        (Scalar::Int64(_) | Scalar::Decimal { .. }, DataType::Float64) => Ok(value.as_f64().into()),
        (Scalar::Int64(_) | Scalar::Decimal { .. }, DataType::Decimal { precision, scale }) => {
            let Some((value, from)) = unscaled(value) else { return not_covered("a number") };
            if from > *scale {
                return not_covered("a decimal that loses digits");
            }
            let value = raised(value, from, *scale)?;
            let limit = 10_u128.checked_pow(u32::from(*precision));
            if limit.is_some_and(|limit| value.unsigned_abs() >= limit) {
                return fails("overflow");
            }
            Ok(Scalar::Decimal { value, scale: *scale })
        }
        (Scalar::Date(days), DataType::Timestamp) => {
            match i64::from(*days).checked_mul(MICROS_PER_DAY) {
                Some(micros) => Ok(Scalar::Timestamp(micros)),
                None => fails("overflow"),
            }
        }
        (Scalar::Float64(_), DataType::Decimal { .. }) => not_covered("a double cast to a decimal"),
        (value, data_type) => {
            let own = value.data_type();
            if own == *data_type || own.is_nested() {
                Ok(value.clone())
            } else {
                not_covered(format!("{own} as {data_type}"))
            }
        }
    }
}
