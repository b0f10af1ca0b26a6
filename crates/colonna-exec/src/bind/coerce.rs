//! Which types go together, and how a literal takes the type of what it meets.
//!
//! A text literal is read as the type of the other side. A number literal becomes a number of the
//! other side's type where it is exactly one; where not, the two are compared by value. Between
//! computed values only widenings are written out as casts: int64 to decimal or double, decimal to
//! double, date to timestamp, null to anything.

use colonna_schema::{DataType, Expr, Scalar, parse_date, parse_timestamp};

use super::{BoundExpr, BoundKind};
use crate::ExecError;
use crate::decimal;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The digits of the widest 64-bit integer.
const INT64_DIGITS: u8 = 19;

/// Both sides of a comparison, made to compare exactly.
pub(super) fn comparable(
    left: BoundExpr,
    right: BoundExpr,
    expr: &Expr,
) -> Result<(BoundExpr, BoundExpr), ExecError> {
    let (left, right) = match (left.as_literal().is_some(), right.as_literal().is_some()) {
        (false, true) => {
            let right = literal_beside(right, &left.data_type, expr)?;
            (left, right)
        }
        (true, false) => (literal_beside(left, &right.data_type, expr)?, right),
        _ if left.data_type == DataType::Utf8 && left.as_literal().is_some() => {
            (literal_beside(left, &right.data_type, expr)?, right)
        }
        (true, true) => {
            let right = literal_beside(right, &left.data_type, expr)?;
            (left, right)
        }
        (false, false) => (left, right),
    };
    if compare(&left.data_type, &right.data_type) {
        Ok((left, right))
    } else {
        Err(incompatible(expr, &left.data_type, &right.data_type))
    }
}

/// Whether values of the two types compare.
fn compare(left: &DataType, right: &DataType) -> bool {
    left == right
        || *left == DataType::Null
        || *right == DataType::Null
        || (left.is_numeric() && right.is_numeric())
        || (left.is_temporal() && right.is_temporal())
        || match (left, right) {
            (DataType::List(left), DataType::List(right)) => compare(left, right),
            _ => false,
        }
}

/// A literal that stands beside a value of the type: of that type, or exactly comparable with it.
/// One that does not suit the type at all is left as it is.
pub(super) fn literal_beside(
    literal: BoundExpr,
    data_type: &DataType,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let Some(value) = literal.as_literal() else { return Ok(literal) };
    if value.is_null() {
        return Ok(BoundExpr::literal(Scalar::Null, data_type.clone()));
    }
    if literal.data_type == *data_type {
        return Ok(literal);
    }
    let adapted = match value {
        Scalar::Utf8(text) => match read(text, data_type) {
            Some(value) => value,
            None if data_type.is_nested() || *data_type == DataType::Null => return Ok(literal),
            None => {
                let (expression, text) = (expr.to_string(), text.clone());
                let data_type = data_type.clone();
                return Err(ExecError::UnreadableLiteral { expression, text, data_type });
            }
        },
        other => match converted(other, data_type) {
            Some(value) => value,
            None => return Ok(literal),
        },
    };
    let data_type =
        if suits(&adapted, data_type) { data_type.clone() } else { adapted.data_type() };
    Ok(BoundExpr::literal(adapted, data_type))
}

/// Whether a column of the type can repeat the value.
fn suits(value: &Scalar, data_type: &DataType) -> bool {
    match (value, data_type) {
        (Scalar::Decimal { value, scale }, DataType::Decimal { precision, scale: wanted }) => {
            scale == wanted && decimal::fits(*value, *precision)
        }
        (value, data_type) => value.data_type() == *data_type,
    }
}

/// The value that a text is, for a column of the type: of that type, or comparable with it.
fn read(text: &str, data_type: &DataType) -> Option<Scalar> {
    let trimmed = text.trim();
    match data_type {
        DataType::Utf8 => Some(Scalar::Utf8(text.to_owned())),
        DataType::Binary => Some(Scalar::Binary(text.as_bytes().to_vec())),
        DataType::Boolean => crate::evaluate::parse_bool(trimmed).map(Scalar::Boolean),
        DataType::Int64 => match trimmed.parse::<i64>() {
            Ok(value) => Some(Scalar::Int64(value)),
            Err(_) => decimal::parse(trimmed)
                .map(|(value, scale)| Scalar::Decimal { value, scale })
                .map(|value| converted(&value, data_type).unwrap_or(value)),
        },
        DataType::Float64 => trimmed.parse::<f64>().ok().map(Scalar::Float64),
        DataType::Decimal { .. } => decimal::parse(trimmed)
            .map(|(value, scale)| Scalar::Decimal { value, scale })
            .map(|value| converted(&value, data_type).unwrap_or(value)),
        DataType::Date => parse_date(trimmed).ok().map(Scalar::Date).or_else(|| {
            let moment = Scalar::Timestamp(parse_timestamp(trimmed).ok()?);
            Some(converted(&moment, data_type).unwrap_or(moment))
        }),
        DataType::Timestamp => parse_timestamp(trimmed).ok().map(Scalar::Timestamp),
        _ => None,
    }
}

/// A number or time as one of another type that compares in the same way.
fn converted(value: &Scalar, data_type: &DataType) -> Option<Scalar> {
    match (value, data_type) {
        (Scalar::Int64(value), DataType::Float64) => exact_double(*value).map(Scalar::Float64),
        (Scalar::Int64(value), DataType::Decimal { scale, .. }) => {
            let value = decimal::rescale(i128::from(*value), 0, *scale)?;
            Some(Scalar::Decimal { value, scale: *scale })
        }
        (Scalar::Float64(value), DataType::Int64) => exact_integer(*value).map(Scalar::Int64),
        // A double that is written down stands for its digits, as 0.1 does beside a price.
        (Scalar::Float64(double), DataType::Decimal { scale, .. }) => {
            let (value, digits) = decimal::of_double(*double)?;
            Some(match decimal::rescale_exactly(value, digits, *scale) {
                Some(value) => Scalar::Decimal { value, scale: *scale },
                None => Scalar::Decimal { value, scale: digits },
            })
        }
        (value @ Scalar::Decimal { .. }, DataType::Float64) => value.as_f64().map(Scalar::Float64),
        (Scalar::Decimal { value, scale }, DataType::Int64) => {
            let whole = decimal::rescale_exactly(*value, *scale, 0)?;
            i64::try_from(whole).ok().map(Scalar::Int64)
        }
        (Scalar::Decimal { value, scale }, DataType::Decimal { scale: wanted, .. }) => {
            let value = decimal::rescale_exactly(*value, *scale, *wanted)?;
            Some(Scalar::Decimal { value, scale: *wanted })
        }
        (Scalar::Date(days), DataType::Timestamp) => {
            i64::from(*days).checked_mul(MICROS_PER_DAY).map(Scalar::Timestamp)
        }
        (Scalar::Timestamp(micros), DataType::Date) if micros % MICROS_PER_DAY == 0 => {
            i32::try_from(micros / MICROS_PER_DAY).ok().map(Scalar::Date)
        }
        _ => None,
    }
}

/// The double that is exactly that integer.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the way back shows whether anything was lost"
)]
fn exact_double(value: i64) -> Option<f64> {
    let double = value as f64;
    (double as i128 == i128::from(value)).then_some(double)
}

/// The integer that is exactly that double.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked before the cast")]
pub(crate) fn exact_integer(value: f64) -> Option<i64> {
    const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;
    let fits = (-TWO_POW_63..TWO_POW_63).contains(&value) && value.fract() == 0.0;
    fits.then_some(value as i64)
}

/// Values that must have one type, as the branches of a CASE, and that type.
pub(super) fn unify(
    operands: Vec<BoundExpr>,
    expr: &Expr,
) -> Result<(Vec<BoundExpr>, DataType), ExecError> {
    // Text literals and nulls follow the others, so they have no say unless they are alone.
    let follows = |operand: &BoundExpr| {
        operand.data_type == DataType::Null
            || matches!(operand.as_literal(), Some(Scalar::Utf8(_) | Scalar::Null))
    };
    let exact = exact_common(&operands);
    let mut common: Option<DataType> = None;
    for operand in operands.iter().filter(|operand| exact.is_none() && !follows(operand)) {
        common = Some(match common {
            None => operand.data_type.clone(),
            Some(known) => wider(&known, &operand.data_type)
                .ok_or_else(|| incompatible(expr, &known, &operand.data_type))?,
        });
    }
    let common = exact.or(common);
    let common = common.unwrap_or_else(|| {
        let types = operands.iter().map(|operand| &operand.data_type);
        types.clone().find(|kind| **kind != DataType::Null).cloned().unwrap_or(DataType::Null)
    });
    let operands = operands
        .into_iter()
        .map(|operand| widened(operand, &common, expr))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((operands, common))
}

/// The decimal that holds all, where there are decimals and every double is one that is written down
/// and so stands for its digits.
fn exact_common(operands: &[BoundExpr]) -> Option<DataType> {
    let is_decimal = |operand: &BoundExpr| matches!(operand.data_type, DataType::Decimal { .. });
    if !operands.iter().any(is_decimal) {
        return None;
    }
    let (mut whole, mut scale) = (0, 0);
    for operand in operands {
        let (operand_whole, operand_scale) = match operand.as_literal() {
            Some(Scalar::Float64(double)) => decimal::digits_of_double(*double)?,
            Some(Scalar::Utf8(_) | Scalar::Null) => continue,
            _ => match operand.data_type {
                DataType::Decimal { .. } | DataType::Int64 => digits(&operand.data_type),
                DataType::Null => continue,
                _ => return None,
            },
        };
        (whole, scale) = (operand_whole.max(whole), operand_scale.max(scale));
    }
    let precision = whole + scale;
    (precision <= decimal::MAX_PRECISION).then_some(DataType::Decimal { precision, scale })
}

/// The type that holds the values of both.
fn wider(left: &DataType, right: &DataType) -> Option<DataType> {
    Some(match (left, right) {
        (left, right) if left == right => left.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        (DataType::Float64, other) | (other, DataType::Float64) if other.is_numeric() => {
            DataType::Float64
        }
        (left, right) if left.is_numeric() && right.is_numeric() => {
            let (left_whole, left_scale) = digits(left);
            let (right_whole, right_scale) = digits(right);
            let scale = left_scale.max(right_scale);
            let precision = (left_whole.max(right_whole) + scale).min(decimal::MAX_PRECISION);
            DataType::Decimal { precision, scale }
        }
        (DataType::Date, DataType::Timestamp) | (DataType::Timestamp, DataType::Date) => {
            DataType::Timestamp
        }
        _ => return None,
    })
}

/// The digits before and behind the point that an exact number may have.
pub(super) fn digits(data_type: &DataType) -> (u8, u8) {
    match data_type {
        DataType::Decimal { precision, scale } => (precision.saturating_sub(*scale), *scale),
        _ => (INT64_DIGITS, 0),
    }
}

/// The operand as a value of the wider type.
pub(super) fn widened(
    operand: BoundExpr,
    data_type: &DataType,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let operand = literal_beside(operand, data_type, expr)?;
    if operand.data_type == *data_type {
        return Ok(operand);
    }
    if operand.as_literal().is_some_and(Scalar::is_null) {
        return Ok(BoundExpr::literal(Scalar::Null, data_type.clone()));
    }
    if wider(&operand.data_type, data_type).as_ref() != Some(data_type) {
        return Err(incompatible(expr, &operand.data_type, data_type));
    }
    Ok(cast(operand, data_type))
}

/// A cast, unless the type is right already.
pub(super) fn cast(operand: BoundExpr, data_type: &DataType) -> BoundExpr {
    if operand.data_type == *data_type {
        return operand;
    }
    let kind = BoundKind::Cast { operand: Box::new(operand), or_null: false };
    super::fold(BoundExpr { kind, data_type: data_type.clone() })
}

pub(super) fn incompatible(expr: &Expr, left: &DataType, right: &DataType) -> ExecError {
    ExecError::Incompatible {
        expression: expr.to_string(),
        left: left.clone(),
        right: right.clone(),
    }
}
