//! Comparisons, in the order of `Scalar::total_cmp`: numbers by their exact value, NaN equal to
//! itself and above all numbers, `-0.0` equal to `0.0`.

use std::borrow::Cow;
use std::cmp::Ordering;

use colonna_column::{Bitmap, Column, Values};
use colonna_schema::{BinaryOperator, DataType, Scalar};

use super::logic::boolean;
use super::operand::{Side, Texts, all_valid, decimals, doubles, integers, led_to};
use crate::ExecError;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A comparison of two columns.
#[expect(clippy::unnecessary_wraps, reason = "kernels share one signature")]
pub(super) fn compare(
    operator: BinaryOperator,
    left: &Column,
    right: &Column,
) -> Result<Column, ExecError> {
    let len = left.len();
    let both = all_valid(&[left, right]);
    let bits = match operator {
        BinaryOperator::IsDistinctFrom | BinaryOperator::IsNotDistinctFrom => {
            let mut same = holds_for(BinaryOperator::Equal, left, right);
            if let Some(both) = &both {
                let neither = left.valid_bits().or(&right.valid_bits()).not();
                same = same.and(both).or(&neither);
            }
            let distinct = operator == BinaryOperator::IsDistinctFrom;
            return Ok(boolean(if distinct { same.not() } else { same }, None));
        }
        _ if both.as_ref().is_some_and(|both| both.count_ones() == 0) && len > 0 => {
            return Ok(Column::nulls(DataType::Boolean, len));
        }
        operator => holds_for(operator, left, right),
    };
    Ok(boolean(bits, both))
}

/// For each row whether the comparison holds. Null rows may say anything.
fn holds_for(operator: BinaryOperator, left: &Column, right: &Column) -> Bitmap {
    let len = left.len();
    if matches!(left.values(), Values::Null) || matches!(right.values(), Values::Null) {
        return Bitmap::filled(false, len);
    }
    match (left.data_type(), right.data_type()) {
        (DataType::Int64, DataType::Int64)
        | (DataType::Date, DataType::Date)
        | (DataType::Timestamp, DataType::Timestamp) => {
            ordered(operator, &integers(left), &integers(right), len, |a, b| a < b, |a, b| a == b)
        }
        (DataType::Date | DataType::Timestamp, DataType::Date | DataType::Timestamp) => {
            let (left, right) = (moments(left), moments(right));
            ordered(operator, &left, &right, len, |a, b| a < b, |a, b| a == b)
        }
        (DataType::Float64, DataType::Float64) => {
            let (left, right) = (doubles(left), doubles(right));
            ordered(operator, &left, &right, len, double_below, double_equal)
        }
        (DataType::Int64, DataType::Float64) => {
            let (left, right) = (integers(left), doubles(right));
            by_order(operator, len, |row| integer_with_double(left.get(row), right.get(row)))
        }
        (DataType::Float64, DataType::Int64) => {
            let (left, right) = (doubles(left), integers(right));
            by_order(operator, len, |row| {
                integer_with_double(right.get(row), left.get(row)).reverse()
            })
        }
        (DataType::Decimal { scale, .. }, DataType::Decimal { scale: other, .. })
            if scale == other =>
        {
            ordered(operator, &decimals(left), &decimals(right), len, |a, b| a < b, |a, b| a == b)
        }
        (DataType::Utf8, DataType::Utf8) | (DataType::Binary, DataType::Binary) => {
            texts(operator, Texts::of(left), Texts::of(right), len)
        }
        (DataType::Boolean, DataType::Boolean) => {
            let (left, right) = (bits_of(left), bits_of(right));
            by_order(operator, len, |row| left.get(row).cmp(&right.get(row)))
        }
        // Decimals beside other numbers, and nested values.
        _ => by_order(operator, len, |row| left.scalar_at(row).total_cmp(&right.scalar_at(row))),
    }
}

fn texts(operator: BinaryOperator, left: Texts<'_>, right: Texts<'_>, len: usize) -> Bitmap {
    match operator {
        BinaryOperator::Equal => {
            Bitmap::from_fn(len, |row| same(left.bytes(row), right.bytes(row)))
        }
        BinaryOperator::NotEqual => {
            Bitmap::from_fn(len, |row| !same(left.bytes(row), right.bytes(row)))
        }
        operator => by_order(operator, len, |row| left.bytes(row).cmp(right.bytes(row))),
    }
}

/// Whether two texts are equal. Of most that are not, the length, the first or the last word tells it.
#[inline]
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.first_chunk::<8>() == right.first_chunk()
        && left.last_chunk::<8>() == right.last_chunk()
        && left == right
}

/// Days and moments on one scale. A day beyond the last moment stands for the last one.
fn moments(column: &Column) -> Side<'_, i64> {
    let moment = |days: &i64| days.saturating_mul(MICROS_PER_DAY);
    match (column.data_type(), integers(column)) {
        (DataType::Date, Side::Each(days)) => {
            Side::Each(Cow::Owned(days.iter().map(moment).collect()))
        }
        (DataType::Date, Side::Coded(codes, days)) => {
            let moments = codes.iter().map(|code| moment(&led_to(days, *code)));
            Side::Each(Cow::Owned(moments.collect()))
        }
        (DataType::Date, Side::One(days)) => Side::One(moment(&days)),
        (_, side) => side,
    }
}

fn bits_of(column: &Column) -> Cow<'_, Bitmap> {
    match column.values() {
        Values::Boolean(bits) => Cow::Borrowed(bits),
        Values::Constant(Scalar::Boolean(value)) => {
            Cow::Owned(Bitmap::filled(*value, column.len()))
        }
        _ => Cow::Owned(Bitmap::filled(false, column.len())),
    }
}

#[inline]
pub(super) fn double_below(left: f64, right: f64) -> bool {
    // Without a branch, which values that come in no order would lead astray.
    (left < right) | (right.is_nan() & !left.is_nan())
}

#[inline]
fn double_equal(left: f64, right: f64) -> bool {
    (left == right) | (left.is_nan() & right.is_nan())
}

/// An integer against a double by value, not by rounding the integer first.
#[expect(
    clippy::cast_possible_truncation,
    reason = "every integral double of that range is an exact i128"
)]
fn integer_with_double(left: i64, right: f64) -> Ordering {
    const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;
    if right.is_nan() || right >= TWO_POW_63 {
        return Ordering::Less;
    }
    if right < -TWO_POW_63 {
        return Ordering::Greater;
    }
    let floor = right.floor();
    let by_whole = left.cmp(&(floor as i64));
    by_whole.then(if right > floor { Ordering::Less } else { Ordering::Equal })
}

/// Whether the operator holds between two values of that order.
fn holds(operator: BinaryOperator, order: Ordering) -> bool {
    match operator {
        BinaryOperator::Equal | BinaryOperator::IsNotDistinctFrom => order.is_eq(),
        BinaryOperator::NotEqual | BinaryOperator::IsDistinctFrom => order.is_ne(),
        BinaryOperator::Less => order.is_lt(),
        BinaryOperator::LessOrEqual => order.is_le(),
        BinaryOperator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

fn by_order(operator: BinaryOperator, len: usize, order: impl Fn(usize) -> Ordering) -> Bitmap {
    Bitmap::from_fn(len, |row| holds(operator, order(row)))
}

/// One loop for each operator, made of `<` and `=` of a total order.
fn ordered<T: Copy + Default>(
    operator: BinaryOperator,
    left: &Side<'_, T>,
    right: &Side<'_, T>,
    len: usize,
    below: impl Fn(T, T) -> bool,
    equal: impl Fn(T, T) -> bool,
) -> Bitmap {
    match operator {
        BinaryOperator::Equal | BinaryOperator::IsNotDistinctFrom => each(left, right, len, equal),
        BinaryOperator::NotEqual | BinaryOperator::IsDistinctFrom => {
            each(left, right, len, |left, right| !equal(left, right))
        }
        BinaryOperator::Less => each(left, right, len, below),
        BinaryOperator::LessOrEqual => each(left, right, len, |left, right| !below(right, left)),
        BinaryOperator::Greater => each(left, right, len, |left, right| below(right, left)),
        _ => each(left, right, len, |left, right| !below(left, right)),
    }
}

fn each<T: Copy + Default>(
    left: &Side<'_, T>,
    right: &Side<'_, T>,
    len: usize,
    test: impl Fn(T, T) -> bool,
) -> Bitmap {
    match (left, right) {
        (Side::Each(left), Side::Each(right)) => {
            Bitmap::from_fn(len, |row| test(left[row], right[row]))
        }
        (Side::Each(left), Side::One(right)) => {
            Bitmap::from_values(left, |left| test(left, *right))
        }
        (Side::One(left), Side::Each(right)) => {
            Bitmap::from_values(right, |right| test(*left, right))
        }
        (Side::One(left), Side::One(right)) => Bitmap::filled(test(*left, *right), len),
        (left, right) => Bitmap::from_fn(len, |row| test(left.get(row), right.get(row))),
    }
}
