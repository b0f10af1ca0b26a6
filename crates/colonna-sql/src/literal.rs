//! Numbers, texts, dates and times as they are written.

use colonna_schema::{DataType, Expr, Scalar, parse_date, parse_timestamp};
use sqlparser::ast::{Value, ValueWithSpan};

use crate::SqlError;
use crate::error::Place;

/// The value that a literal writes.
pub(crate) fn value(written: &ValueWithSpan) -> Result<Scalar, SqlError> {
    let at = Place::from(written.span);
    Ok(match &written.value {
        Value::Null => Scalar::Null,
        Value::Boolean(value) => Scalar::Boolean(*value),
        Value::Number(text, _) => number(text, at)?,
        Value::HexStringLiteral(digits) => Scalar::Binary(bytes(digits).ok_or_else(|| {
            SqlError::literal(digits, "an even number of hexadecimal digits", at)
        })?),
        Value::Placeholder(name) => {
            let what = format!("the parameter {name}");
            return Err(SqlError::unsupported(what, at, "write the value into the statement"));
        }
        other => match text(other) {
            Some(text) => Scalar::Utf8(text.to_owned()),
            None => {
                let what = format!("the literal {other}");
                return Err(SqlError::unsupported(what, at, "write it in single quotes"));
            }
        },
    })
}

/// What stands between the quotes of a text.
pub(crate) fn text(written: &Value) -> Option<&str> {
    match written {
        Value::SingleQuotedString(text)
        | Value::EscapedStringLiteral(text)
        | Value::UnicodeStringLiteral(text)
        | Value::NationalStringLiteral(text) => Some(text),
        Value::DollarQuotedString(quoted) => Some(&quoted.value),
        _ => None,
    }
}

/// An integer of 64 bits; a wider one becomes a decimal; with a point or an exponent, a double.
fn number(written: &str, at: Place) -> Result<Scalar, SqlError> {
    let text = written.replace('_', "");
    if text.contains(['.', 'e', 'E']) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Scalar::Float64(value)),
            _ => Err(SqlError::literal(written, "a number that a double holds", at)),
        };
    }
    if let Ok(value) = text.parse::<i64>() {
        return Ok(Scalar::Int64(value));
    }
    match text.parse::<i128>() {
        // 38 digits are what a decimal holds; the last few of 128 bits are beyond them.
        Ok(value) if value.unsigned_abs() < 10_u128.pow(38) => {
            Ok(Scalar::Decimal { value, scale: 0 })
        }
        _ => Err(SqlError::literal(written, "an integer of at most 38 digits", at)),
    }
}

/// `-literal`, where it is a number.
pub(crate) fn negated(value: &Scalar) -> Option<Scalar> {
    Some(match value {
        Scalar::Int64(value) => Scalar::Int64(value.checked_neg()?),
        Scalar::Float64(value) => Scalar::Float64(-value),
        Scalar::Decimal { value, scale } => {
            let value = value.checked_neg()?;
            match i64::try_from(value) {
                // The least integer: without its sign it does not fit.
                Ok(integer) if *scale == 0 => Scalar::Int64(integer),
                _ => Scalar::Decimal { value, scale: *scale },
            }
        }
        _ => return None,
    })
}

/// A cast of a text that is a date or a time is that date or time, so that data is skipped by it.
/// What does not read as one is left to fail, or not, where it is evaluated.
pub(crate) fn fold_cast(operand: Expr, data_type: DataType, or_null: bool) -> Expr {
    if let Expr::Literal(Scalar::Utf8(text)) = &operand {
        let folded = match data_type {
            DataType::Date => parse_date(text).ok().map(Scalar::Date),
            DataType::Timestamp => parse_timestamp(text).ok().map(Scalar::Timestamp),
            _ => None,
        };
        if let Some(value) = folded {
            return Expr::Literal(value);
        }
    }
    Expr::Cast { operand: Box::new(operand), data_type, or_null }
}

/// `DATE '..'`, `TIMESTAMP '..'`, and any other type before a text.
pub(crate) fn typed(written: &str, data_type: DataType, at: Place) -> Result<Expr, SqlError> {
    let value = match data_type {
        DataType::Date => parse_date(written)
            .map(Scalar::Date)
            .map_err(|_cause| SqlError::literal(written, "a day as 2025-10-31", at))?,
        DataType::Timestamp => {
            parse_timestamp(written).map(Scalar::Timestamp).map_err(|_cause| {
                SqlError::literal(
                    written,
                    "a time as 2025-10-31T13:45:00Z or 2025-10-31 13:45:00",
                    at,
                )
            })?
        }
        other => return Ok(Expr::from(written).cast(other)),
    };
    Ok(Expr::Literal(value))
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(digits.get(start..start + 2)?, 16).ok())
        .collect()
}
