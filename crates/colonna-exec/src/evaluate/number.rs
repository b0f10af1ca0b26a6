//! Functions of numbers.

use colonna_column::{Column, Values};
use colonna_schema::{DataType, Function};

use super::frame::Site;
use super::operand::{all_valid, decimals, doubles, integers, is_valid};
use crate::ExecError;
use crate::decimal::{fits, power_of_ten, rescale};

/// A function of numbers.
pub(super) fn call(
    site: &Site<'_>,
    function: Function,
    operands: &[&Column],
) -> Result<Column, ExecError> {
    let Some((value, rest)) = operands.split_first() else {
        return Ok(Column::nulls(site.expr.data_type.clone(), 0));
    };
    let digits = rest.first().map(|digits| integers(digits));
    let digits_at = |row| digits.as_ref().map_or(0, |digits| digits.get(row));
    let validity = all_valid(operands);
    let len = value.len();
    let rows = (0..len).map(|row| is_valid(validity.as_ref(), row).then_some(row));
    let values = match value.data_type() {
        DataType::Float64 if function == Function::Sign => {
            let values = doubles(value);
            Values::Int64((0..len).map(|row| sign(values.get(row))).collect())
        }
        DataType::Float64 if function == Function::Power => {
            let (base, exponent) = (doubles(value), rest.first().map(|column| doubles(column)));
            let exponent = |row| exponent.as_ref().map_or(1.0, |exponent| exponent.get(row));
            Values::Float64((0..len).map(|row| base.get(row).powf(exponent(row))).collect())
        }
        DataType::Float64 => {
            let values = doubles(value);
            let compute = |row| of_double(function, values.get(row), digits_at(row));
            Values::Float64((0..len).map(compute).collect())
        }
        DataType::Decimal { scale, .. } => {
            let values = decimals(value);
            let compute = |row: Option<usize>| match row {
                Some(row) => of_decimal(site, function, values.get(row), *scale, digits_at(row)),
                None => Ok(0),
            };
            let computed = rows.map(compute).collect::<Result<Vec<_>, _>>()?;
            if function == Function::Sign {
                let signs =
                    computed.iter().map(|value| i64::from(*value > 0) - i64::from(*value < 0));
                Values::Int64(signs.collect())
            } else {
                Values::Decimal(computed)
            }
        }
        _ => {
            let values = integers(value);
            let compute = |row: Option<usize>| match row {
                Some(row) => of_integer(function, values.get(row), digits_at(row))
                    .ok_or_else(|| site.overflow()),
                None => Ok(0),
            };
            Values::Int64(rows.map(compute).collect::<Result<_, _>>()?)
        }
    };
    Ok(Column::try_new(site.expr.data_type.clone(), len, values, validity)?)
}

fn sign(value: f64) -> i64 {
    i64::from(value > 0.0) - i64::from(value < 0.0)
}

fn of_double(function: Function, value: f64, digits: i64) -> f64 {
    match function {
        Function::Abs => value.abs(),
        Function::Ceil => value.ceil(),
        Function::Floor => value.floor(),
        Function::Round => round(value, digits),
        Function::Trunc => value.trunc(),
        Function::Sqrt => value.sqrt(),
        Function::Ln => value.ln(),
        Function::Log10 => value.log10(),
        Function::Log2 => value.log2(),
        Function::Exp => value.exp(),
        _ => f64::NAN,
    }
}

/// Halves away from zero. Where the digits lie beyond a double's, it stays as it is.
fn round(value: f64, digits: i64) -> f64 {
    let digits = i32::try_from(digits.clamp(-400, 400)).unwrap_or_default();
    if digits < 0 {
        let factor = 10_f64.powi(-digits);
        return if factor.is_finite() { (value / factor).round() * factor } else { 0.0 };
    }
    let factor = 10_f64.powi(digits);
    let rounded = (value * factor).round() / factor;
    if rounded.is_finite() { rounded } else { value }
}

fn of_integer(function: Function, value: i64, digits: i64) -> Option<i64> {
    match function {
        Function::Abs => value.checked_abs(),
        Function::Sign => Some(value.signum()),
        Function::Round if digits < 0 => {
            let digits = u8::try_from(digits.unsigned_abs()).unwrap_or(u8::MAX).min(38);
            let rounded = rescale(i128::from(value), digits, 0)?;
            i64::try_from(rounded.checked_mul(power_of_ten(digits)?)?).ok()
        }
        _ => Some(value),
    }
}

/// Abs and Round with digits keep the scale; the rest have no digits behind the point.
fn of_decimal(
    site: &Site<'_>,
    function: Function,
    value: i128,
    scale: u8,
    digits: i64,
) -> Result<i128, ExecError> {
    let unit = power_of_ten(scale).unwrap_or(i128::MAX);
    let keeps_scale =
        matches!(site.expr.data_type, DataType::Decimal { scale: kept, .. } if kept == scale);
    let computed = match function {
        Function::Sign => return Ok(value),
        Function::Abs => value.checked_abs(),
        Function::Floor => Some(value.div_euclid(unit)),
        Function::Ceil => value.checked_neg().map(|value| -value.div_euclid(unit)),
        Function::Trunc => Some(value / unit),
        Function::Round if digits >= i64::from(scale) && keeps_scale => Some(value),
        Function::Round if keeps_scale => rounded_to(value, scale, digits),
        _ => rescale(value, scale, 0),
    };
    let precision = match site.expr.data_type {
        DataType::Decimal { precision, .. } => precision,
        _ => 0,
    };
    computed.filter(|value| fits(*value, precision)).ok_or_else(|| site.overflow())
}

fn rounded_to(value: i128, scale: u8, digits: i64) -> Option<i128> {
    let lost = i64::from(scale).checked_sub(digits)?;
    let lost = u8::try_from(lost).unwrap_or(u8::MAX);
    let Some(power) = power_of_ten(lost) else { return Some(0) };
    rescale(value, lost, 0)?.checked_mul(power)
}
