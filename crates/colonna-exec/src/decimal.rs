//! Exact decimal numbers: an integer of 128 bits over a power of ten.

/// The most digits a decimal may have.
pub(crate) const MAX_PRECISION: u8 = 38;

/// Ten to that power, as far as 128 bits hold it.
pub(crate) fn power_of_ten(exponent: u8) -> Option<i128> {
    10_i128.checked_pow(u32::from(exponent))
}

/// Whether the unscaled integer has at most that many digits.
pub(crate) fn fits(value: i128, precision: u8) -> bool {
    power_of_ten(precision.min(MAX_PRECISION))
        .is_some_and(|limit| value.unsigned_abs() < limit.unsigned_abs())
}

/// The same number with another scale; digits that are lost are rounded, halves away from zero.
pub(crate) fn rescale(value: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        return value.checked_mul(power_of_ten(to - from)?);
    }
    let Some(divisor) = power_of_ten(from - to) else { return Some(0) };
    let (quotient, rest) = (value / divisor, value % divisor);
    // Doubling the rest could leave 128 bits; its complement cannot.
    let rounds_up = rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs();
    Some(if rounds_up { quotient + value.signum() } else { quotient })
}

/// The same number with another scale, where no digit is lost.
pub(crate) fn rescale_exactly(value: i128, from: u8, to: u8) -> Option<i128> {
    let rescaled = rescale(value, from, to)?;
    (rescale(rescaled, to, from) == Some(value)).then_some(rescaled)
}

/// Reads `-12.50` or `1.25e3` as (unscaled, scale), exactly, with the least scale that shows all
/// digits written.
pub(crate) fn parse(text: &str) -> Option<(i128, u8)> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0_i128;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value.checked_mul(10)?.checked_add(i128::from(digit.to_digit(10)?))?;
    }
    if mantissa.starts_with('-') {
        value = -value;
    }
    let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    if scale < 0 {
        let power = power_of_ten(u8::try_from(scale.unsigned_abs()).ok()?)?;
        return Some((value.checked_mul(power)?, 0));
    }
    let scale = u8::try_from(scale).ok().filter(|scale| *scale <= MAX_PRECISION)?;
    Some((value, scale))
}

/// The digits that people see in a double, as an exact decimal.
pub(crate) fn of_double(value: f64) -> Option<(i128, u8)> {
    if !value.is_finite() {
        return None;
    }
    let (value, scale) = parse(&format!("{value:?}"))?;
    // `1.0` is shown with a digit that says nothing.
    Some(match (value % 10, scale) {
        (0, 1) => (value / 10, 0),
        _ => (value, scale),
    })
}

/// How many of these digits stand before and behind the point.
pub(crate) fn digits_of_double(value: f64) -> Option<(u8, u8)> {
    let (value, scale) = of_double(value)?;
    let whole = power_of_ten(scale).map(|power| value.unsigned_abs() / power.unsigned_abs())?;
    let count = whole.checked_ilog10().map_or(0, |count| count + 1);
    Some((u8::try_from(count).ok()?, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_with_all_its_digits() {
        assert_eq!(parse("-12.50"), Some((-1250, 2)));
        assert_eq!(parse("1.25e3"), Some((1250, 0)));
        assert_eq!(parse("1e-3"), Some((1, 3)));
        assert_eq!(parse("."), None);
        assert_eq!(parse("12a"), None);
        assert_eq!(of_double(0.1), Some((1, 1)));
        assert_eq!(of_double(1e300), None);
        assert_eq!(digits_of_double(-136.95), Some((3, 2)));
        assert_eq!(digits_of_double(0.125), Some((0, 3)));
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(rescale(125, 2, 1), Some(13));
        assert_eq!(rescale(-125, 2, 1), Some(-13));
        assert_eq!(rescale(124, 2, 1), Some(12));
        assert_eq!(rescale(-5, 1, 0), Some(-1));
        assert_eq!(rescale(4, 1, 0), Some(0));
        assert_eq!(rescale_exactly(120, 2, 1), Some(12));
        assert_eq!(rescale_exactly(125, 2, 1), None);
    }
}
