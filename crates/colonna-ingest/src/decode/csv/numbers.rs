//! Numbers between two places in a text, whose last eight bytes are looked at at once, and doubles many
//! at a time, in vectors.

use fearless_simd::{Level, Simd, dispatch};

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
    first: u64,
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

/// So many doubles are read at a time.
pub(super) const DOUBLES: usize = 128;

/// Fewer are not worth setting up vectors: columns with many nulls have short runs.
const LEAST_DOUBLES: usize = 16;

/// The last bytes of some numbers, and what they come to.
struct Batch {
    /// The last eight bytes of each, and where the first of the number's own stands, in bits.
    words: [u64; DOUBLES],
    firsts: [u64; DOUBLES],
    /// The digits as one number, without its point and sign.
    numbers: [u64; DOUBLES],
    /// The lowest bit of the byte of the point; 0 where there is none.
    points: [u64; DOUBLES],
    signs: [u64; DOUBLES],
    /// Whether it has to be looked at closely.
    are_odd: [bool; DOUBLES],
}

/// Reads doubles that stand between two places each, up to the first that has to be looked at closely
/// even then. How many there were.
pub(super) fn doubles(
    level: Level,
    text: &[u8],
    places: impl Iterator<Item = (usize, usize)> + Clone,
    values: &mut [f64; DOUBLES],
) -> usize {
    let is_value = |(start, end): &(usize, usize)| start < end;
    let run = places.clone().take(DOUBLES).take_while(is_value).count();
    if run < LEAST_DOUBLES {
        let mut count = 0;
        for (value, (start, end)) in values.iter_mut().zip(places) {
            let Some(read) = double_at(text, start, end) else { break };
            *value = read;
            count += 1;
        }
        return count;
    }
    const NONE: [u64; DOUBLES] = [0; DOUBLES];
    let (numbers, points, signs) = (NONE, NONE, NONE);
    let are_odd = [true; DOUBLES];
    let mut batch = Batch { words: NONE, firsts: NONE, numbers, points, signs, are_odd };
    let lanes = batch.words.iter_mut().zip(&mut batch.firsts);
    for ((word, first), (start, end)) in lanes.zip(places.clone().take(run)) {
        // Of more than eight bytes a word says nothing, and of none what is odd.
        (*word, *first) = last_bytes(text, start, end).unwrap_or_default();
    }
    dispatch!(level, simd => batch.read(simd, run));
    let Batch { numbers, points, signs, are_odd, .. } = &batch;
    let read = numbers.iter().zip(points).zip(signs).zip(are_odd);
    let mut count = 0;
    for ((value, (start, end)), (((number, point), sign), is_odd)) in
        values.iter_mut().zip(places.take(run)).zip(read)
    {
        if *is_odd {
            let Some(long) = double_at(text, start, end) else { break };
            *value = long;
        } else {
            // Without a point all bits of it are before the last byte.
            let fraction_len = point.leading_zeros() as usize / 8 % WIDTH;
            let magnitude = exact(*number) / DOUBLE_POWERS[fraction_len];
            *value = f64::from_bits(magnitude.to_bits() | sign);
        }
        count += 1;
    }
    count
}

impl Batch {
    #[inline(always)]
    fn read<S: Simd>(&mut self, simd: S, len: usize) {
        simd.vectorize(
            #[inline(always)]
            || {
                for lane in 0..len.min(DOUBLES) {
                    self.read_lane(lane);
                }
            },
        );
    }

    /// Without a branch, so that the compiler takes several at a time.
    #[inline(always)]
    fn read_lane(&mut self, lane: usize) {
        let first = self.firsts[lane];
        let signed = (self.words[lane] ^ every(b'0')) >> first << first;
        let is_negative = signed >> first & 0xff == MINUS;
        let digits = if is_negative { signed ^ MINUS << first } else { signed };
        let first = if is_negative { first + 8 } else { first };
        // Where the first digit stands is a bit, too, to be compared with that of the point.
        let first_bit = if first < u64::from(u64::BITS) { 1_u64 << first } else { 0 };
        let over = overs(digits);
        let point = over >> 7;
        let before = point.wrapping_sub(1);
        let is_whole = over == 0;
        let is_one_point = over & over.wrapping_sub(1) == 0
            && digits & (point << 8).wrapping_sub(point) == point.wrapping_mul(POINT);
        let has_zero = digits & (first_bit << 8).wrapping_sub(first_bit) == 0;
        let is_odd_fraction = !is_one_point
            | (point >= 1 << LAST)
            | (point <= first_bit)
            | (has_zero & (point > first_bit << 8));
        let is_odd_whole = (first_bit == 0) | (has_zero & (first_bit < 1 << LAST));
        let digits = match is_whole {
            true => digits,
            false => (digits & before) << 8 | digits & !(before << 8 | 0xff),
        };
        let number = number_of(digits);
        // An integer zero has no sign.
        let has_sign = is_negative & !(is_whole & (number == 0));
        self.numbers[lane] = number;
        self.points[lane] = point;
        self.signs[lane] = if has_sign { 1 << (u64::BITS - 1) } else { 0 };
        self.are_odd[lane] = if is_whole { is_odd_whole } else { is_odd_fraction };
    }
}

/// The last eight bytes of up to eight, and where the first of these stands in them, in bits.
#[inline(always)]
fn last_bytes(text: &[u8], start: usize, end: usize) -> Option<(u64, u64)> {
    let word = text.get(end.wrapping_sub(WIDTH)..end)?.first_chunk()?;
    let missing = WIDTH.checked_sub(end.wrapping_sub(start)).filter(|it| *it < WIDTH)?;
    Some((u64::from_le_bytes(*word), 8 * missing as u64))
}

/// The double that a text is from `start` to `end`. None where it has to be looked at closely.
#[cold]
pub(super) fn double_at(text: &[u8], start: usize, end: usize) -> Option<f64> {
    double(text, start).filter(|(_, len)| start + len == end).map(|(value, _)| value)
}

/// Where the last byte of a word stands, in bits.
const LAST: u64 = u64::BITS as u64 - 8;

impl Digits {
    /// None where there are none, or more than eight bytes.
    #[inline(always)]
    fn of(text: &[u8], start: usize, end: usize) -> Option<Self> {
        let (word, first) = last_bytes(text, start, end)?;
        let digits = (word ^ every(b'0')) >> first << first;
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
            let expected = double_at(text.as_bytes(), 0, text.len()).map(f64::to_bits);
            let mut values = [0.0; DOUBLES];
            let count = doubles(Level::new(), &bytes, [(start, end)].into_iter(), &mut values);
            prop_assert_eq!((count == 1).then_some(values[0].to_bits()), expected);
        }

        #[test]
        fn doubles_are_read_up_to_the_first_that_is_none(
            texts in prop::collection::vec("-?[0-9]{1,6}([.][0-9]{1,4})?|x?[0-9.-]{0,12}", 0..150),
        ) {
            let text = texts.iter().fold(",".repeat(8), |text, next| text + next + ",");
            let ends = texts.iter().scan(7, |end, text| {
                *end += text.len() + 1;
                Some((*end - text.len(), *end))
            });
            let places: Vec<(usize, usize)> = ends.collect();
            let read = |(start, end): &(usize, usize)| double_at(text.as_bytes(), *start, *end);
            let expected: Vec<u64> =
                places.iter().take(DOUBLES).map_while(read).map(f64::to_bits).collect();
            let mut values = [0.0; DOUBLES];
            let count = doubles(Level::new(), text.as_bytes(), places.iter().copied(), &mut values);
            let found: Vec<u64> = values[..count].iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
