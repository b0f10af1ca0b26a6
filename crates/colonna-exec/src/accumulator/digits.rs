//! Texts of digits as integers: numbers of orders, tickets or places, whose leading zeros made texts
//! of them.

use colonna_column::{Bitmap, Strings};

/// The most digits.
const DIGITS_MAX: usize = 16;

const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// An integer for each text, where each is made of digits; none where one is not. Texts that differ
/// have integers that differ, those that follow each other ones that do, and the integer has one
/// digit more, lest leading zeros be lost. Of rows that are not valid it is any.
pub(super) fn numbers(texts: &Strings, validity: Option<&Bitmap>) -> Option<Vec<i64>> {
    let (offsets, bytes) = texts.parts();
    let texts = offsets.iter().zip(offsets.get(1..)?);
    let number = |(row, (&start, &end)): (usize, (&usize, &usize))| {
        let found = number(bytes.get(..end)?, end.checked_sub(start)?);
        found.or_else(|| validity.is_some_and(|valid| !valid.get(row)).then_some(0))
    };
    texts.enumerate().map(number).collect()
}

/// The text of such an integer.
pub(super) fn text_of(number: i64) -> String {
    number.to_string().split_off(1)
}

/// The integer for the last `len` bytes.
#[inline]
fn number(bytes: &[u8], len: usize) -> Option<i64> {
    if len > DIGITS_MAX {
        return None;
    }
    let low = last_digits(bytes, len.min(8))?;
    let high = match len.checked_sub(8) {
        Some(rest) if rest > 0 => last_digits(&bytes[..bytes.len() - 8], rest)?,
        _ => 0,
    };
    Some(POWERS[len] + high * POWERS[8] + low)
}

const POWERS: [i64; DIGITS_MAX + 1] = {
    let mut powers = [1; DIGITS_MAX + 1];
    let mut len = 1;
    while len <= DIGITS_MAX {
        powers[len] = powers[len - 1] * 10;
        len += 1;
    }
    powers
};

/// The number that the last `len` bytes are, 8 at most: read as one word, with zeros for the bytes
/// before them, and added up in pairs.
#[inline]
fn last_digits(bytes: &[u8], len: usize) -> Option<i64> {
    let word = match bytes.last_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => bytes.iter().fold(0, |word, byte| word >> 8 | u64::from(*byte) << 56),
    };
    let wanted = u64::try_from(u128::from(u64::MAX) << (8 * (8 - len)) & u128::from(u64::MAX));
    let wanted = wanted.unwrap_or_default();
    let digits = ((word & wanted) | (ZEROS & !wanted)) ^ ZEROS;
    // What is no digit differs from zero in a high half, or is more than nine in the low one.
    if (digits | (digits.wrapping_add(0x0606_0606_0606_0606))) & 0xf0f0_f0f0_f0f0_f0f0 != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(2561) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(6_553_601) >> 16 & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(42_949_672_960_001) >> 32).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(texts: &[&str], expected: Option<&[i64]>) {
        let strings: Strings = texts.iter().collect();
        assert_eq!(numbers(&strings, None).as_deref(), expected);
    }

    #[test]
    fn an_integer_keeps_leading_zeros() {
        check(&["", "0", "00", "7", "0012345"], Some(&[1, 10, 100, 17, 10_012_345]));
        check(&["9876543210123456", "00000000"], Some(&[19_876_543_210_123_456, 100_000_000]));
    }

    #[test]
    fn what_is_no_text_of_digits_has_no_integer() {
        for text in ["-1", "1 ", "1.5", "12345678901234567", "0x10", "/", ":", "\u{663}"] {
            check(&["1", text], None);
        }
    }

    #[test]
    fn what_is_null_need_not_be_a_number() {
        let strings: Strings = ["12", "x"].into_iter().collect();
        assert_eq!(
            numbers(&strings, Some(&Bitmap::from_fn(2, |row| row == 0))),
            Some(vec![112, 0])
        );
        assert_eq!(numbers(&strings, Some(&Bitmap::from_fn(2, |row| row == 1))), None);
    }

    proptest! {
        #[test]
        fn a_text_comes_back(texts in prop::collection::vec("[0-9]{0,16}", 1..20)) {
            let strings: Strings = texts.iter().collect();
            let back = numbers(&strings, None).unwrap().into_iter().map(text_of);
            prop_assert_eq!(back.collect::<Vec<_>>(), texts);
        }

        #[test]
        fn just_texts_of_digits_have_integers(text in "[ -~]{0,17}") {
            let strings: Strings = [&text].into_iter().collect();
            let are_digits = text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(numbers(&strings, None).is_some(), are_digits);
        }
    }
}
