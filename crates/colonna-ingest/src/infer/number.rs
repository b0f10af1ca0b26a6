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
        for (at, &byte) in digits.iter().enumerate() {
            if !byte.is_ascii_digit() {
                if !matches!(byte, b'.' | b'e' | b'E') {
                    return None;
                }
                let short = short_decimal(value, at, digits);
                let short = short.map(|magnitude| if is_negative { -magnitude } else { magnitude });
                return short.map(Number::Float).or_else(|| read_decimal(text, digits));
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

/// The value of `digits.digits` where these are at most fifteen digits, of which those up to the
/// point have been read. Both they and the power of ten are doubles exactly then, so that their
/// quotient is the double nearest to the text.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "fifteen digits are a double exactly")]
fn short_decimal(whole: i64, point: usize, unsigned: &[u8]) -> Option<f64> {
    const POWERS_OF_TEN: [f64; 15] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14];
    let (b'.', fraction) = unsigned.get(point..)?.split_first()? else { return None };
    if point == 0 || fraction.is_empty() || unsigned.len() > 16 {
        return None;
    }
    let mut digits = whole;
    for &byte in fraction {
        if !byte.is_ascii_digit() {
            return None;
        }
        digits = digits * 10 + i64::from(byte - b'0');
    }
    Some(digits as f64 / POWERS_OF_TEN.get(fraction.len())?)
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
    let text = unsigned.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or_default();
    let is_text = |written: String| {
        let mantissa = written.split_once('e').map_or("", |(mantissa, _)| mantissa);
        significant(text).eq(significant(mantissa.as_bytes()))
    };
    // The magnitudes agree: the double is the one nearest to the text, and it is not zero. Where it
    // lies in the middle between two texts of that many digits, the shortest text of it may be the
    // one and its rounding the other.
    value != 0.0
        && (is_text(format!("{:.*e}", digits.saturating_sub(1), value.abs()))
            || is_text(format!("{:e}", value.abs())))
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
        check("1727077535126088.3", Some(Number::Float(1_727_077_535_126_088.3)));
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
        fn a_short_decimal_is_the_double_that_is_nearest(text in "(0|-?[1-9][0-9]{0,9})[.][0-9]{1,8}") {
            let expected = Some(Number::Float(text.parse().unwrap()));
            let number = read_number(&text);
            prop_assert!(number == expected || text.len() > 16, "{text}: {number:?}");
        }

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
