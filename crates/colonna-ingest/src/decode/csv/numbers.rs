//! Numbers between two places in a text, whose last eight bytes are looked at at once.

use super::delimiters::{WIDTH, every};
use crate::decode::digits::{DOUBLE_POWERS, double, exact, integer, number_of};

/// What a minus and a point are above a zero.
const MINUS: u64 = (b'-' ^ b'0') as u64;
const POINT: u64 = (b'.' ^ b'0') as u64;

/// The last bytes of a number.
struct Digits {
    /// How far each byte is above a zero, the last one in the highest byte, with zeros before the
    /// first and in place of a sign.
    digits: u64,
    /// Where the first digit stands, in bits.
    first: u32,
    is_negative: bool,
}

/// The integer that a text is from `start` to `end`. None where it has to be looked at closely.
#[inline(always)]
pub(super) fn integer_at(text: &[u8], start: usize, end: usize) -> Option<i64> {
    let Some(digits) = Digits::of(text, start, end) else {
        return long_integer(text, start, end);
    };
    if overs(digits.digits) != 0 {
        return None;
    }
    let value = digits.integer()?.cast_signed();
    Some(if digits.is_negative { -value } else { value })
}

/// The double that a text is from `start` to `end`. None where it has to be looked at closely.
#[inline(always)]
pub(super) fn double_at(text: &[u8], start: usize, end: usize) -> Option<f64> {
    let Some(number) = Digits::of(text, start, end) else {
        return long_double(text, start, end);
    };
    let Digits { digits, first, is_negative } = number;
    let over = overs(digits);
    if over == 0 {
        // An integer zero has no sign.
        let value = number.integer()?;
        let magnitude = exact(value);
        return Some(if is_negative && value > 0 { -magnitude } else { magnitude });
    }
    // A bit in the byte of the point; all bits below that byte.
    let point = over >> 7;
    let before = point.wrapping_sub(1);
    let at = point.trailing_zeros();
    let odd = over & over.wrapping_sub(1) | (digits >> at & 0xff) ^ POINT;
    if odd != 0 || at >= LAST || at <= first {
        return long_double(text, start, end);
    }
    if digits >> first & 0xff == 0 && at > first + 8 {
        return None;
    }
    let digits = (digits & before) << 8 | digits & !(before << 8 | 0xff);
    let magnitude = exact(number_of(digits)) / *DOUBLE_POWERS.get((LAST - at) as usize / 8)?;
    Some(if is_negative { -magnitude } else { magnitude })
}

/// Where the last byte of a word stands, in bits.
const LAST: u32 = u64::BITS - 8;

impl Digits {
    /// None where there are none, or more than eight bytes.
    #[inline(always)]
    fn of(text: &[u8], start: usize, end: usize) -> Option<Self> {
        let word = text.get(end.wrapping_sub(WIDTH)..end)?.first_chunk()?;
        let len = end.wrapping_sub(start);
        if len.wrapping_sub(1) >= WIDTH {
            return None;
        }
        let first = u64::BITS - 8 * u32::try_from(len).ok()?;
        let digits = (u64::from_le_bytes(*word) ^ every(b'0')) >> first << first;
        let is_negative = digits >> first & 0xff == MINUS;
        Some(match is_negative {
            true => Self { digits: digits ^ MINUS << first, first: first + 8, is_negative },
            false => Self { digits, first, is_negative },
        })
    }

    /// The number, where all of it are digits. None where there are none, or a zero before others.
    #[inline(always)]
    fn integer(&self) -> Option<u64> {
        let has_extra_zero = self.first < LAST && self.digits >> self.first & 0xff == 0;
        (self.first <= LAST && !has_extra_zero).then(|| number_of(self.digits))
    }
}

#[cold]
fn long_integer(text: &[u8], start: usize, end: usize) -> Option<i64> {
    integer(text, start).filter(|(_, len)| start + len == end).map(|(value, _)| value)
}

#[cold]
fn long_double(text: &[u8], start: usize, end: usize) -> Option<f64> {
    double(text, start).filter(|(_, len)| start + len == end).map(|(value, _)| value)
}

/// The highest bit of each byte that is above nine, and at most some of bytes behind the first such.
#[inline(always)]
fn overs(digits: u64) -> u64 {
    (digits | digits.wrapping_add(every(0x76))) & every(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_read_between_two_places_is_what_is_read_up_to_the_end_of_it(
            before in "\\PC{0,9}",
            text in "-?[0-9]{0,11}([.\u{80}/:]?[0-9]{0,5}){0,2}",
            after in "(,[.0-9,]{0,3})?",
        ) {
            let (start, end) = (before.len(), before.len() + text.len());
            let bytes = (before + &text + &after).into_bytes();
            let is_whole = |len: usize| len == text.len();
            let expected = integer(text.as_bytes(), 0).filter(|(_, len)| is_whole(*len));
            prop_assert_eq!(integer_at(&bytes, start, end), expected.map(|(value, _)| value));
            let expected = double(text.as_bytes(), 0).filter(|(_, len)| is_whole(*len));
            let expected = expected.map(|(value, _)| value.to_bits());
            prop_assert_eq!(double_at(&bytes, start, end).map(f64::to_bits), expected);
        }
    }
}
