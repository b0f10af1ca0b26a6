//! Which numbers a type holds without changing them.

/// What a number's text can become exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// A signed integer of 64 bits.
    Int(i64),
    /// An integer that leaves 64 bits.
    BigInt,
    /// A double whose digits, as many as the text has, are those of the text.
    Float(f64),
    /// A number that a double would change.
    Wide,
}

/// Reads a number as JSON writes it. None where the text is none.
#[inline]
pub(crate) fn read_number(text: &str) -> Option<Number> {
    let bytes = text.as_bytes();
    let (is_negative, digits) = match bytes.split_first() {
        Some((b'-', digits)) => (true, digits),
        _ => (false, bytes),
    };
    match digits {
        [] => return None,
        [b'0', b'0'..=b'9', ..] => return None,
        _ => {}
    }
    // Eighteen digits never leave 64 bits.
    if digits.len() <= 18 {
        let mut value = 0_i64;
        for &byte in digits {
            if !byte.is_ascii_digit() {
                return read_decimal(text, digits);
            }
            value = value * 10 + i64::from(byte - b'0');
        }
        return Some(Number::Int(if is_negative { -value } else { value }));
    }
    if digits.iter().all(u8::is_ascii_digit) {
        return Some(text.parse().map_or(Number::BigInt, Number::Int));
    }
    read_decimal(text, digits)
}

/// Reads a number with a fraction or an exponent, whose digits without the sign are given.
fn read_decimal(text: &str, unsigned: &[u8]) -> Option<Number> {
    let form = Form::of(unsigned)?;
    let value: f64 = text.parse().ok()?;
    let is_exact = match (form.significant_digits, form.exponent) {
        (0, _) => true,
        // Fifteen digits survive the way into a double and back wherever doubles are dense.
        (1..=15, -290..=290) => true,
        _ => value.is_finite() && has_digits_of(value, unsigned, form.significant_digits),
    };
    Some(if is_exact { Number::Float(value) } else { Number::Wide })
}

/// How the text of a number is made up.
struct Form {
    /// The digits from the first to the last that is not zero.
    significant_digits: usize,
    /// The power of ten that is written behind the digits, as far as it is below 1000.
    exponent: i32,
}

impl Form {
    /// The form of `digits[.digits][e[sign]digits]`; none where the text has another.
    fn of(unsigned: &[u8]) -> Option<Self> {
        let exponent_at = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = match exponent_at {
            Some(at) => (unsigned.get(..at)?, Some(unsigned.get(at + 1..)?)),
            None => (unsigned, None),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
        let (whole, fraction) = mantissa.split_at_checked(point)?;
        let is_digits = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let fraction_is_well = fraction.is_empty() || is_digits(fraction.get(1..)?);
        if !is_digits(whole) || !fraction_is_well {
            return None;
        }
        let exponent = match exponent {
            None => 0,
            Some(text) => {
                let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
                if !is_digits(digits) {
                    return None;
                }
                let value = digits
                    .iter()
                    .fold(0_i32, |value, byte| (value * 10 + i32::from(byte - b'0')).min(1000));
                if text.starts_with(b"-") { -value } else { value }
            }
        };
        let significant_digits = significant(mantissa).count();
        Some(Self { significant_digits, exponent })
    }
}

/// The digits of a mantissa, without its point, the zeros before the first other digit and those
/// behind the last.
fn significant(mantissa: &[u8]) -> impl Iterator<Item = u8> + Clone + '_ {
    let is_digit = |byte: &u8| matches!(byte, b'1'..=b'9');
    let first = mantissa.iter().position(is_digit).unwrap_or(mantissa.len());
    let last = mantissa.iter().rposition(is_digit).map_or(first, |last| last + 1);
    mantissa.get(first..last).unwrap_or_default().iter().copied().filter(|byte| *byte != b'.')
}

/// Whether the double, written with that many digits, has those of the text, and its magnitude.
fn has_digits_of(value: f64, unsigned: &[u8], digits: usize) -> bool {
    // Beyond 800 digits no double has others than zero.
    if digits > 800 {
        return false;
    }
    let written = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let Some((mantissa, _)) = written.split_once('e') else { return false };
    let text_mantissa = unsigned.split(|byte| matches!(byte, b'e' | b'E')).next();
    // The magnitudes agree: the double is the one nearest to the text, and it is not zero.
    value != 0.0
        && text_mantissa.is_some_and(|text| significant(text).eq(significant(mantissa.as_bytes())))
}

/// Whether an integer is a double exactly.
#[inline]
pub(crate) fn is_exact_double(value: i64) -> bool {
    const LAST_DENSE: u64 = 1 << 53;
    let magnitude = value.unsigned_abs();
    magnitude <= LAST_DENSE || magnitude >> magnitude.trailing_zeros() <= LAST_DENSE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Number>) {
        assert_eq!(read_number(text), expected, "{text}");
    }

    #[test]
    fn integers_stay_integers_and_big_ones_are_known() {
        check("0", Some(Number::Int(0)));
        check("-0", Some(Number::Int(0)));
        check("-9223372036854775808", Some(Number::Int(i64::MIN)));
        check("9223372036854775808", Some(Number::BigInt));
        check("007", None);
        check("+1", None);
        check("", None);
        check("-", None);
    }

    #[test]
    fn a_decimal_is_a_double_where_its_digits_come_back() {
        check("0.1", Some(Number::Float(0.1)));
        check("1.10", Some(Number::Float(1.1)));
        check("-0.0", Some(Number::Float(0.0)));
        check("1e3", Some(Number::Float(1000.0)));
        check("5e-324", Some(Number::Float(5e-324)));
        check("0.30000000000000004", Some(Number::Float(0.300_000_000_000_000_04)));
        check("0.12345678901234567890123", Some(Number::Wide));
        check("1e400", Some(Number::Wide));
        check("1e-400", Some(Number::Wide));
        check("0e999999999999", Some(Number::Float(0.0)));
        check("9007199254740993.0", Some(Number::Wide));
        check("1.", None);
        check(".5", None);
        check("1e", None);
        check("1.5x", None);
        check("0x10", None);
    }

    #[test]
    fn an_integer_is_a_double_where_its_bits_fit() {
        assert!(is_exact_double(1 << 53));
        assert!(!is_exact_double((1 << 53) + 1));
        assert!(is_exact_double(i64::MIN));
        assert!(!is_exact_double(i64::MAX));
    }

    proptest! {
        #[test]
        fn the_shortest_text_of_a_double_is_that_double(value in any::<f64>()) {
            prop_assume!(value.is_finite());
            let expected = Some(Number::Float(value));
            prop_assert_eq!(read_number(&format!("{value:e}")), expected);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "[-+0-9.eE]{0,30}") {
            if let Some(Number::Float(value)) = read_number(&text) {
                prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            }
        }
    }
}
