//! Numbers at a place in a text, eight bytes at a time.

use super::csv::delimiters::{WIDTH, bytes_before, every};

/// As many digits never leave 64 bits.
pub(crate) const MOST_DIGITS: usize = 18;

/// The powers of ten with up to that many zeros.
const POWERS_OF_TEN: [u64; WIDTH + 1] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Powers of ten that are doubles exactly, as far as fifteen digits need them.
pub(crate) const DOUBLE_POWERS: [f64; 15] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14];

/// The bytes from `at` on as one word, filled up with zeros.
#[inline(always)]
fn word(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    rest.first_chunk().map_or_else(|| last_word(rest), |word| u64::from_le_bytes(*word))
}

#[cold]
fn last_word(rest: &[u8]) -> u64 {
    rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The value and the count of the digits that stand at `at`. Past [`MOST_DIGITS`] the value means
/// nothing.
#[inline(always)]
pub(crate) fn leading_digits(text: &[u8], at: usize) -> (i64, usize) {
    let (value, len) = digits_of(word(text, at));
    if len < WIDTH { (value.cast_signed(), len) } else { many_digits(text, at, value) }
}

/// The same where the first word is all digits.
#[inline(never)]
fn many_digits(text: &[u8], at: usize, first: u64) -> (i64, usize) {
    let (mut value, mut len) = (first, WIDTH);
    loop {
        let word = word(text, at + len);
        let (part, count) = digits_of(word);
        let power = POWERS_OF_TEN.get(count).copied().unwrap_or(1);
        value = value.wrapping_mul(power).wrapping_add(part);
        len += count;
        if count < WIDTH || len > MOST_DIGITS {
            return (value.cast_signed(), len);
        }
    }
}

/// The value and the count of the digits that a word starts with.
#[inline(always)]
fn digits_of(word: u64) -> (u64, usize) {
    let count = bytes_before(no_digits(word));
    (first_digits(word, count), count)
}

/// Some bits of each byte that is no digit, none of one before which all are.
#[inline(always)]
fn no_digits(word: u64) -> u64 {
    // The upper half of a digit is 3, also when 6 is added. A sum that goes over into the next byte
    // comes from one that is no digit.
    let upper = every(0xf0);
    let zero = every(b'0');
    ((word & upper) ^ zero) | ((word.wrapping_add(every(6)) & upper) ^ zero)
}

/// The number whose digits are the first `count` bytes of a word.
#[inline(always)]
fn first_digits(word: u64, count: usize) -> u64 {
    if count == 0 {
        return 0;
    }
    // Zeros before the digits change nothing.
    number_of((word ^ every(b'0')) << (64 - 8 * count))
}

/// The number of eight digits, the first of which is the lowest byte.
#[inline]
pub(crate) fn number_of(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

/// The integer that stands at `at`, and its length. None where it has to be looked at closely.
#[inline(always)]
pub(crate) fn integer(text: &[u8], at: usize) -> Option<(i64, usize)> {
    let is_negative = text.get(at) == Some(&b'-');
    let start = at + usize::from(is_negative);
    let (value, len) = leading_digits(text, start);
    let is_plain = (1..=MOST_DIGITS).contains(&len) && (len == 1 || text.get(start) != Some(&b'0'));
    let value = if is_negative { -value } else { value };
    is_plain.then_some((value, len + usize::from(is_negative)))
}

/// The double nearest to the number that stands at `at`, and the length of that. None where it has to
/// be looked at closely: it has more than fifteen digits, or an exponent.
#[inline(always)]
pub(crate) fn double(text: &[u8], at: usize) -> Option<(f64, usize)> {
    let is_negative = text.get(at) == Some(&b'-');
    let start = at + usize::from(is_negative);
    let (digits, whole_len, fraction_len) =
        short_number(word(text, start)).or_else(|| long_number(text, start))?;
    if whole_len == 0 || (whole_len > 1 && text.get(start) == Some(&b'0')) {
        return None;
    }
    let magnitude = exact(digits) / *DOUBLE_POWERS.get(fraction_len)?;
    // An integer zero has no sign.
    let has_sign = is_negative && (fraction_len > 0 || digits > 0);
    let value = if has_sign { -magnitude } else { magnitude };
    let point_len = usize::from(fraction_len > 0);
    Some((value, start - at + whole_len + point_len + fraction_len))
}

/// A number of up to fifteen digits as a double, which it is exactly.
#[inline]
pub(crate) fn exact(number: u64) -> f64 {
    // As the last bits of 2^52. The instruction that converts an integer keeps half of the register
    // that it writes to, so that it waits for the division before.
    const OFFSET: f64 = 4_503_599_627_370_496.0;
    f64::from_bits(OFFSET.to_bits() | number) - OFFSET
}

/// The digits of a number that ends in this word, and how many of them stand before and behind the
/// point. A point without digits is left to whoever looks closely.
#[inline(always)]
fn short_number(word: u64) -> Option<(u64, usize, usize)> {
    let ends = no_digits(word);
    let point = bytes_before(ends);
    if point == WIDTH {
        return None;
    }
    if word >> (8 * point) & 0xff != u64::from(b'.') {
        return Some((first_digits(word, point), point, 0));
    }
    let end = bytes_before(ends & !(0xff << (8 * point)));
    if end == WIDTH {
        return None;
    }
    // The digits before the point, moved over it.
    let before = (1 << (8 * point)) - 1;
    let moved = (word & before) << 8 | u64::from(b'0');
    let digits = moved | (word & !(before << 8 | 0xff));
    Some((first_digits(digits, end), point, end - point - 1))
}

#[cold]
fn long_number(text: &[u8], start: usize) -> Option<(u64, usize, usize)> {
    let (whole, whole_len) = leading_digits(text, start);
    let point = start + whole_len;
    let (fraction, fraction_len) = match text.get(point) {
        Some(b'.') => leading_digits(text, point + 1),
        _ => (0, 0),
    };
    let power = 10_i64.pow(u32::try_from(fraction_len).ok()?.min(15));
    let is_short = whole_len + fraction_len <= 15;
    is_short.then(|| ((whole * power + fraction).cast_unsigned(), whole_len, fraction_len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::{Number, read_number};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_read_up_to_what_is_none(digits in "[0-9]{0,20}", tail in "[^0-9]?\\PC{0,9}") {
            let text = format!("{digits}{tail}");
            let count = text.bytes().take_while(u8::is_ascii_digit).count();
            let (value, len) = leading_digits(text.as_bytes(), 0);
            if count <= MOST_DIGITS {
                prop_assert_eq!(len, count);
                prop_assert_eq!(value, text[..count].parse().unwrap_or(0));
            } else {
                prop_assert!(len > MOST_DIGITS);
            }
        }

        #[test]
        fn a_number_that_is_read_is_the_number(text in "-?[0-9]{0,20}([.][0-9]{0,18})?[,e+]?[0-9]?") {
            let text = text.as_bytes();
            if let Some((value, len)) = integer(text, 0) {
                let expected = read_number(std::str::from_utf8(&text[..len]).unwrap());
                prop_assert_eq!(Some(Number::Int(value)), expected);
            }
            if let Some((value, len)) = double(text, 0) {
                let expected = match read_number(std::str::from_utf8(&text[..len]).unwrap()) {
                    Some(Number::Int(value)) => value.to_string().parse().unwrap(),
                    Some(Number::Float(value)) => value,
                    other => panic!("{other:?}"),
                };
                prop_assert_eq!(value.to_bits(), f64::to_bits(expected));
            }
        }
    }

    #[test]
    fn numbers_as_people_write_them_are_read() {
        assert_eq!(integer(b"x12,", 1), Some((12, 2)));
        assert_eq!(integer(b"-0", 0), Some((0, 2)));
        assert_eq!(integer(b"007", 0), None);
        assert_eq!(integer(b"1234567890123456789", 0), None);
        assert_eq!(double(b"-25.45,", 0), Some((-25.45, 6)));
        assert_eq!(double(b"3,4", 0), Some((3.0, 1)));
        assert_eq!(double(b"1234567890.123456", 0), None);
        assert_eq!(double(b".5", 0), None);
    }
}
