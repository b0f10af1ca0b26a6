//! `+`, `-`, `*`, `/`, `//`, `%`: integers and decimals exactly or not at all, doubles as IEEE 754
//! has it.

use colonna_column::{Bitmap, Column, Values};
use colonna_schema::{BinaryOperator, DataType};

use super::frame::Site;
use super::operand::{Side, all_valid, decimals, doubles, integers, is_valid, led_to};
use crate::ExecError;
use crate::decimal::{fits, rescale};

/// An operator between two numbers, or a day and a number of days.
pub(super) fn binary(
    site: &Site<'_>,
    operator: BinaryOperator,
    left: &Column,
    right: &Column,
) -> Result<Column, ExecError> {
    let divides = matches!(operator, BinaryOperator::IntegerDivide | BinaryOperator::Modulo);
    let mut validity = all_valid(&[left, right]);
    if divides {
        let divisor = not_zero(right);
        validity = Some(match validity {
            Some(bits) => bits.and(&divisor),
            None => divisor,
        });
    }
    let values = match (left.data_type(), right.data_type()) {
        (DataType::Float64, DataType::Float64) => {
            Values::Float64(of_doubles(operator, &doubles(left), &doubles(right), left.len()))
        }
        (DataType::Decimal { scale: left_scale, .. }, DataType::Decimal { scale, .. }) => {
            let scales = (*left_scale, *scale);
            Values::Decimal(of_decimals(site, operator, left, right, scales, validity.as_ref())?)
        }
        _ => Values::Int64(of_integers(site, operator, left, right, validity.as_ref())?),
    };
    Ok(Column::try_new(site.expr.data_type.clone(), left.len(), values, validity)?)
}

/// `-x`
pub(super) fn negate(site: &Site<'_>, operand: &Column) -> Result<Column, ExecError> {
    let validity = operand.validity().cloned();
    let len = operand.len();
    let values = match operand.data_type() {
        DataType::Float64 => {
            let values = doubles(operand);
            Values::Float64((0..len).map(|row| -values.get(row)).collect())
        }
        DataType::Decimal { .. } => {
            let values = decimals(operand);
            Values::Decimal((0..len).map(|row| values.get(row).wrapping_neg()).collect())
        }
        _ => {
            let zero = Side::One(0);
            let values = integers(operand);
            let negated =
                checked(site, &zero, &values, len, validity.as_ref(), i64::overflowing_sub)?;
            Values::Int64(negated)
        }
    };
    Ok(Column::try_new(site.expr.data_type.clone(), len, values, validity)?)
}

/// The rows whose divisor is not zero.
fn not_zero(column: &Column) -> Bitmap {
    let len = column.len();
    match column.data_type() {
        DataType::Float64 => {
            let values = doubles(column);
            Bitmap::from_fn(len, |row| values.get(row) != 0.0)
        }
        DataType::Decimal { .. } => {
            let values = decimals(column);
            Bitmap::from_fn(len, |row| values.get(row) != 0)
        }
        _ => {
            let values = integers(column);
            Bitmap::from_fn(len, |row| values.get(row) != 0)
        }
    }
}

fn of_doubles(
    operator: BinaryOperator,
    left: &Side<'_, f64>,
    right: &Side<'_, f64>,
    len: usize,
) -> Vec<f64> {
    match operator {
        BinaryOperator::Add => zipped(left, right, len, |left, right| left + right),
        BinaryOperator::Subtract => zipped(left, right, len, |left, right| left - right),
        BinaryOperator::Multiply => zipped(left, right, len, |left, right| left * right),
        BinaryOperator::IntegerDivide => {
            zipped(left, right, len, |left, right| (left / right).trunc())
        }
        BinaryOperator::Modulo => zipped(left, right, len, |left, right| left % right),
        _ => zipped(left, right, len, |left, right| left / right),
    }
}

fn of_integers(
    site: &Site<'_>,
    operator: BinaryOperator,
    left: &Column,
    right: &Column,
    validity: Option<&Bitmap>,
) -> Result<Vec<i64>, ExecError> {
    let len = left.len();
    let (left, right) = (integers(left), integers(right));
    let (left, right) = (&left, &right);
    let values = match operator {
        BinaryOperator::Add => checked(site, left, right, len, validity, i64::overflowing_add)?,
        BinaryOperator::Subtract => {
            checked(site, left, right, len, validity, i64::overflowing_sub)?
        }
        BinaryOperator::Multiply => {
            checked(site, left, right, len, validity, i64::overflowing_mul)?
        }
        BinaryOperator::IntegerDivide => {
            checked(site, left, right, len, validity, |left, right| {
                if right == 0 { (0, false) } else { left.overflowing_div(right) }
            })?
        }
        // The least integer modulo -1 is 0, though the division would overflow.
        _ => zipped(
            left,
            right,
            len,
            |left, right| {
                if right == 0 { 0 } else { left.wrapping_rem(right) }
            },
        ),
    };
    // A day is kept in 32 bits.
    let leaves_days = site.expr.data_type == DataType::Date
        && values
            .iter()
            .enumerate()
            .any(|(row, day)| is_valid(validity, row) && i32::try_from(*day).is_err());
    if leaves_days { Err(site.overflow()) } else { Ok(values) }
}

fn of_decimals(
    site: &Site<'_>,
    operator: BinaryOperator,
    left: &Column,
    right: &Column,
    (left_scale, right_scale): (u8, u8),
    validity: Option<&Bitmap>,
) -> Result<Vec<i128>, ExecError> {
    let precision = match site.expr.data_type {
        DataType::Decimal { precision, .. } => precision,
        _ => 0,
    };
    let common = left_scale.max(right_scale);
    let (left, right, len) = (decimals(left), decimals(right), left.len());
    let compute = |left: i128, right: i128| {
        if operator == BinaryOperator::Multiply {
            return left.checked_mul(right);
        }
        let left = rescale(left, left_scale, common)?;
        let right = rescale(right, right_scale, common)?;
        match operator {
            BinaryOperator::Add => left.checked_add(right),
            BinaryOperator::Subtract => left.checked_sub(right),
            BinaryOperator::IntegerDivide => left.checked_div(right),
            _ => left.checked_rem(right),
        }
    };
    (0..len)
        .map(|row| {
            if !is_valid(validity, row) {
                return Ok(0);
            }
            compute(left.get(row), right.get(row))
                .filter(|value| fits(*value, precision))
                .ok_or_else(|| site.overflow())
        })
        .collect()
}

fn zipped<T: Copy + Default, R>(
    left: &Side<'_, T>,
    right: &Side<'_, T>,
    len: usize,
    compute: impl Fn(T, T) -> R,
) -> Vec<R> {
    match (left, right) {
        (Side::Each(left), Side::Each(right)) => {
            left.iter().zip(right.iter()).map(|(left, right)| compute(*left, *right)).collect()
        }
        (Side::Each(left), Side::One(right)) => {
            left.iter().map(|left| compute(*left, *right)).collect()
        }
        (Side::One(left), Side::Each(right)) => {
            right.iter().map(|right| compute(*left, *right)).collect()
        }
        (Side::Coded(codes, values), Side::Each(right)) => {
            zipped_by(codes, right, |code, right| compute(led_to(values, code), right))
        }
        (Side::Each(left), Side::Coded(codes, values)) => {
            zipped_by(left, codes, |left, code| compute(left, led_to(values, code)))
        }
        (Side::Coded(codes, values), Side::Coded(others, other_values)) => {
            zipped_by(codes, others, |code, other| {
                compute(led_to(values, code), led_to(other_values, other))
            })
        }
        (left, right) => (0..len).map(|row| compute(left.get(row), right.get(row))).collect(),
    }
}

/// Some rows at a time: what a code leads to is waited for, and more of it at once then.
fn zipped_by<L: Copy, R: Copy, T>(left: &[L], right: &[R], compute: impl Fn(L, R) -> T) -> Vec<T> {
    const ROWS: usize = 8;
    let mut values = Vec::with_capacity(left.len().min(right.len()));
    let (lefts, left_rest) = left.as_chunks::<ROWS>();
    let (rights, right_rest) = right.as_chunks::<ROWS>();
    for (left, right) in lefts.iter().zip(rights) {
        values.extend(std::array::from_fn::<T, ROWS, _>(|row| compute(left[row], right[row])));
    }
    values.extend(left_rest.iter().zip(right_rest).map(|(left, right)| compute(*left, *right)));
    values
}

/// All rows at full speed; only if one of them overflowed, a look at whether it is null.
fn checked(
    site: &Site<'_>,
    left: &Side<'_, i64>,
    right: &Side<'_, i64>,
    len: usize,
    validity: Option<&Bitmap>,
    compute: impl Fn(i64, i64) -> (i64, bool),
) -> Result<Vec<i64>, ExecError> {
    let any = std::cell::Cell::new(false);
    let values = zipped(left, right, len, |left, right| {
        let (value, overflowed) = compute(left, right);
        any.set(any.get() | overflowed);
        value
    });
    let of_a_value = any.get()
        && (0..len).any(|row| is_valid(validity, row) && compute(left.get(row), right.get(row)).1);
    if of_a_value { Err(site.overflow()) } else { Ok(values) }
}
