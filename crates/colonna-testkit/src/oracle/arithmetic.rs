//! Numbers: exact where they are integers or decimals, IEEE 754 where one is a double.

use colonna_schema::{BinaryOperator, DataType, Scalar};

use super::{Outcome, fails, not_covered};

/// The type of `left operator right`.
pub(super) fn type_of(
    operator: BinaryOperator,
    left: &DataType,
    right: &DataType,
) -> Outcome<DataType> {
    use BinaryOperator as B;
    let number = |data_type: &DataType| match data_type {
        DataType::Null => DataType::Int64,
        other => other.clone(),
    };
    let (left, right) = (number(left), number(right));
    match (operator, &left, &right) {
        (B::Add | B::Subtract, DataType::Date, DataType::Int64)
        | (B::Add, DataType::Int64, DataType::Date) => Ok(DataType::Date),
        (B::Subtract, DataType::Date, DataType::Date) => Ok(DataType::Int64),
        (_, left, right) if !left.is_numeric() || !right.is_numeric() => {
            not_covered(format!("{left} {} {right}", operator.symbol()))
        }
        (B::Divide, ..) | (_, DataType::Float64, _) | (_, _, DataType::Float64) => {
            Ok(DataType::Float64)
        }
        (_, DataType::Int64, DataType::Int64) => Ok(DataType::Int64),
        (_, left, right) => {
            let (left, right) = (scale_of(left), scale_of(right));
            let scale = match operator {
                B::Multiply => left + right,
                B::IntegerDivide => 0,
                _ => left.max(right),
            };
            Ok(DataType::Decimal { precision: 38, scale })
        }
    }
}

fn scale_of(data_type: &DataType) -> u8 {
    if let DataType::Decimal { scale, .. } = data_type { *scale } else { 0 }
}

/// `-value`
pub(super) fn negated(value: &Scalar) -> Outcome<Scalar> {
    match value {
        Scalar::Null => Ok(Scalar::Null),
        Scalar::Int64(value) => match value.checked_neg() {
            Some(value) => Ok(value.into()),
            None => fails("overflow"),
        },
        Scalar::Float64(value) => Ok((-value).into()),
        Scalar::Decimal { value, scale } => Ok(Scalar::Decimal { value: -value, scale: *scale }),
        other => not_covered(format!("-{other:?}")),
    }
}

/// `left operator right`
pub(super) fn computed(operator: BinaryOperator, left: &Scalar, right: &Scalar) -> Outcome<Scalar> {
    if left.is_null() || right.is_null() {
        return Ok(Scalar::Null);
    }
    match (left, right) {
        (Scalar::Date(_), _) | (_, Scalar::Date(_)) => of_days(operator, left, right),
        (Scalar::Float64(_), _) | (_, Scalar::Float64(_)) => of_doubles(operator, left, right),
        _ if operator == BinaryOperator::Divide => of_doubles(operator, left, right),
        (Scalar::Int64(left), Scalar::Int64(right)) => {
            match exact(operator, (*left).into(), (*right).into())? {
                None => Ok(Scalar::Null),
                Some(value) => match i64::try_from(value) {
                    Ok(value) => Ok(value.into()),
                    Err(_) => fails("overflow"),
                },
            }
        }
        _ => of_decimals(operator, left, right),
    }
}

/// The exact result; none where the divisor is zero.
fn exact(operator: BinaryOperator, left: i128, right: i128) -> Outcome<Option<i128>> {
    let result = match operator {
        BinaryOperator::Add => left.checked_add(right),
        BinaryOperator::Subtract => left.checked_sub(right),
        BinaryOperator::Multiply => left.checked_mul(right),
        BinaryOperator::IntegerDivide if right == 0 => return Ok(None),
        BinaryOperator::IntegerDivide => left.checked_div(right),
        BinaryOperator::Modulo if right == 0 => return Ok(None),
        BinaryOperator::Modulo => left.checked_rem(right),
        other => return not_covered(other.symbol()),
    };
    result.map_or_else(|| fails("overflow"), |result| Ok(Some(result)))
}

fn of_doubles(operator: BinaryOperator, left: &Scalar, right: &Scalar) -> Outcome<Scalar> {
    let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) else {
        return not_covered("arithmetic of what are no numbers");
    };
    Ok(match operator {
        BinaryOperator::Add => (left + right).into(),
        BinaryOperator::Subtract => (left - right).into(),
        BinaryOperator::Multiply => (left * right).into(),
        BinaryOperator::Divide => (left / right).into(),
        BinaryOperator::IntegerDivide | BinaryOperator::Modulo if right == 0.0 => Scalar::Null,
        BinaryOperator::IntegerDivide => (left / right).trunc().into(),
        BinaryOperator::Modulo => (left % right).into(),
        other => return not_covered(other.symbol()),
    })
}

fn of_decimals(operator: BinaryOperator, left: &Scalar, right: &Scalar) -> Outcome<Scalar> {
    let (Some((left, left_scale)), Some((right, right_scale))) = (unscaled(left), unscaled(right))
    else {
        return not_covered("arithmetic of what are no numbers");
    };
    if operator == BinaryOperator::Multiply {
        let product = exact(operator, left, right)?;
        let scale = left_scale + right_scale;
        return Ok(product.map_or(Scalar::Null, |value| Scalar::Decimal { value, scale }));
    }
    let scale = left_scale.max(right_scale);
    let result =
        exact(operator, raised(left, left_scale, scale)?, raised(right, right_scale, scale)?)?;
    let scale = if operator == BinaryOperator::IntegerDivide { 0 } else { scale };
    Ok(result.map_or(Scalar::Null, |value| Scalar::Decimal { value, scale }))
}

/// An exact number as an integer and its scale.
pub(super) fn unscaled(value: &Scalar) -> Option<(i128, u8)> {
    match value {
        Scalar::Int64(value) => Some(((*value).into(), 0)),
        Scalar::Decimal { value, scale } => Some((*value, *scale)),
        _ => None,
    }
}

/// The integer of the same number at a larger scale.
pub(super) fn raised(value: i128, from: u8, to: u8) -> Outcome<i128> {
    let power = 10_i128.checked_pow(u32::from(to.saturating_sub(from)));
    match power.and_then(|power| value.checked_mul(power)) {
        Some(value) => Ok(value),
        None => fails("overflow"),
    }
}

fn of_days(operator: BinaryOperator, left: &Scalar, right: &Scalar) -> Outcome<Scalar> {
    let shifted = |days: i32, by: Option<i64>| {
        let days = by.and_then(|by| i64::from(days).checked_add(by));
        match days.and_then(|days| i32::try_from(days).ok()) {
            Some(days) => Ok(Scalar::Date(days)),
            None => fails("overflow"),
        }
    };
    match (operator, left, right) {
        (BinaryOperator::Add, Scalar::Date(days), Scalar::Int64(by))
        | (BinaryOperator::Add, Scalar::Int64(by), Scalar::Date(days)) => shifted(*days, Some(*by)),
        (BinaryOperator::Subtract, Scalar::Date(days), Scalar::Int64(by)) => {
            shifted(*days, by.checked_neg())
        }
        (BinaryOperator::Subtract, Scalar::Date(left), Scalar::Date(right)) => {
            Ok((i64::from(*left) - i64::from(*right)).into())
        }
        _ => not_covered("arithmetic of days"),
    }
}
