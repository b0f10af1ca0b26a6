//! A text or number as a value of a type, exactly or not at all.

use crate::infer::{Number, is_exact_double, read_number};
use crate::time::MICROS_PER_DAY;
use crate::{EpochUnit, TimeFormat};

/// A number as a double that does not change it. An integer past 64 bits makes a column text, so that
/// only where not `exactly` it may be a double.
#[expect(clippy::cast_precision_loss, reason = "integers that lose digits are refused before")]
pub(super) fn double(text: &str, number: Number, exactly: bool) -> Option<f64> {
    match number {
        Number::Int(value) if is_exact_double(value) => Some(value as f64),
        Number::Float(value) => Some(value),
        Number::BigInt if !exactly => {
            let text = text.trim_ascii();
            text.parse().ok().filter(|value: &f64| format!("{value:.0}") == text)
        }
        _ => None,
    }
}

/// A number as an integer. Where not `exactly` as it is written, `14075.0` and `1e3` are integers.
pub(super) fn integer(text: &str, number: Number, exactly: bool) -> Option<i64> {
    match number {
        Number::Int(value) => Some(value),
        Number::Float(_) if !exactly => {
            let unscaled = decimal(text, 19, 0)?;
            i64::try_from(unscaled).ok()
        }
        _ => None,
    }
}

/// The number times `10^scale`, where that is an integer of at most `precision` digits.
pub(super) fn decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let text = text.trim_ascii();
    read_number(text)?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let fraction_len = i64::try_from(fraction.len()).ok()?;
    // The value is `digits * 10^shift`, in units of the scale.
    let shift = exponent.checked_add(i64::from(scale))?.checked_sub(fraction_len)?;
    let significant = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    if significant.trim_start_matches(['-', '0']).is_empty() {
        return Some(0);
    }
    let power = u32::try_from(shift.checked_add(zeros)?).ok()?;
    let value = significant.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(power)?)?;
    let bound = 10_u128.checked_pow(u32::from(precision))?;
    (value.unsigned_abs() < bound).then_some(value)
}

/// A day, in days since 1970. A text with a time of day is none.
pub(super) fn days(text: &str, format: &TimeFormat) -> Option<i64> {
    let moment = format.parse(text).filter(|moment| moment.is_date && moment.is_exact)?;
    Some(moment.micros.div_euclid(MICROS_PER_DAY))
}

/// A moment, in microseconds since 1970. `exactly` refuses a number that would not have made the
/// column one of times.
pub(super) fn micros(text: &str, format: &TimeFormat, may_cut: bool, exactly: bool) -> Option<i64> {
    let moment = format.parse(text).filter(|moment| moment.is_exact || may_cut)?;
    let is_number = matches!(format, TimeFormat::Epoch(_));
    (!is_number || !exactly || EpochUnit::is_plausible(moment.micros)).then_some(moment.micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_keeps_every_digit_or_is_refused() {
        assert_eq!(decimal("1.10", 10, 2), Some(110));
        assert_eq!(decimal("-0.005", 10, 3), Some(-5));
        assert_eq!(decimal("1.5e2", 10, 0), Some(150));
        assert_eq!(decimal("1.500", 10, 1), Some(15));
        assert_eq!(decimal("1.55", 10, 1), None);
        assert_eq!(decimal("12345", 4, 0), None);
        assert_eq!(decimal("0e999999", 4, 0), Some(0));
        assert_eq!(decimal("1e999999999999999999999", 4, 0), None);
        assert_eq!(decimal("x", 4, 0), None);
    }

    #[test]
    fn a_double_is_the_number_or_none_even_where_its_type_was_given() {
        let given = |text| double(text, read_number(text).unwrap(), false);
        assert_eq!(given("9007199254740992"), Some(9_007_199_254_740_992.0));
        assert_eq!(given("9007199254740993"), None);
        assert_eq!(given("0.1"), Some(0.1));
        assert_eq!(given("0.12345678901234567890123"), None);
        assert_eq!(given("1e400"), None);
        assert_eq!(given("1e-400"), None);
        assert_eq!(given("18446744073709551616"), Some(18_446_744_073_709_551_616.0));
        assert_eq!(given("18446744073709551617"), None);
        assert_eq!(double("18446744073709551616", Number::BigInt, true), None);
    }

    #[test]
    fn an_integer_in_another_dress_is_one_only_where_the_type_was_given() {
        assert_eq!(integer("14075.0", Number::Float(14075.0), false), Some(14075));
        assert_eq!(integer("14075.0", Number::Float(14075.0), true), None);
        assert_eq!(integer("0.5", Number::Float(0.5), false), None);
    }
}
