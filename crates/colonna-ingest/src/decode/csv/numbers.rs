//! Numbers between two places in a text, many at a time.
//!
//! Of each the last eight bytes are taken, and what they come to is told without a branch, so that the
//! compiler takes several numbers at once in vectors. What is longer, or written in another way, is
//! looked at closely, one by one.

use fearless_simd::{Level, Simd, dispatch};

use super::delimiters::{WIDTH, every};
use crate::decode::digits::{DOUBLE_POWERS, double, exact, integer, number_of};

/// What a minus and a point are above a zero.
const MINUS: u64 = (b'-' ^ b'0') as u64;
const POINT: u64 = (b'.' ^ b'0') as u64;

/// Where the last byte of a word stands, in bits.
const LAST: u64 = u64::BITS as u64 - 8;

/// So many numbers are read at a time at most.
pub(super) const MOST_NUMBERS: usize = 128;

/// Fewer are not worth setting up vectors: columns with many nulls have short runs.
const LEAST_NUMBERS: usize = 16;

/// The last bytes of some numbers, and what they come to.
struct Batch {
    /// The last eight bytes of each, and where the first of the number's own stands, in bits.
    words: [u64; MOST_NUMBERS],
    firsts: [u64; MOST_NUMBERS],
    /// The digits as one number, without its point and sign.
    numbers: [u64; MOST_NUMBERS],
    /// The lowest bit of the byte of the point; 0 where there is none.
    points: [u64; MOST_NUMBERS],
    /// The highest bit where there is a minus, but for the zero that is an integer.
    signs: [u64; MOST_NUMBERS],
    /// Whether it has to be looked at closely.
    are_odd: [bool; MOST_NUMBERS],
}

/// Reads integers that stand between two places each, up to the first that is none, or that is written
/// as few are. How many there were.
pub(super) fn integers(
    level: Level,
    text: &[u8],
    places: impl Iterator<Item = (usize, usize)> + Clone,
    values: &mut [i64; MOST_NUMBERS],
) -> usize {
    let of_lane = |batch: &Batch, lane: usize| {
        let value = batch.numbers[lane].cast_signed();
        let is_whole = batch.points[lane] == 0;
        is_whole.then_some(if batch.signs[lane] != 0 { -value } else { value })
    };
    read(level, text, places, values, of_lane, integer_at)
}

/// The same of doubles.
pub(super) fn doubles(
    level: Level,
    text: &[u8],
    places: impl Iterator<Item = (usize, usize)> + Clone,
    values: &mut [f64; MOST_NUMBERS],
) -> usize {
    let of_lane = |batch: &Batch, lane: usize| {
        // Without a point all bits of it are before the last byte.
        let fraction_len = batch.points[lane].leading_zeros() as usize / 8 % WIDTH;
        let magnitude = exact(batch.numbers[lane]) / DOUBLE_POWERS[fraction_len];
        Some(f64::from_bits(magnitude.to_bits() | batch.signs[lane]))
    };
    read(level, text, places, values, of_lane, double_at)
}

/// Reads numbers: what a batch comes to, and else what a close look says.
#[inline(always)]
fn read<T>(
    level: Level,
    text: &[u8],
    places: impl Iterator<Item = (usize, usize)> + Clone,
    values: &mut [T; MOST_NUMBERS],
    of_lane: impl Fn(&Batch, usize) -> Option<T>,
    closely: impl Fn(&[u8], usize, usize) -> Option<T>,
) -> usize {
    let is_value = |(start, end): &(usize, usize)| start < end;
    let run = places.clone().take(MOST_NUMBERS).take_while(is_value).count();
    let batch = (run >= LEAST_NUMBERS).then(|| Batch::of(level, text, places.clone().take(run)));
    let mut count = 0;
    for (value, (start, end)) in values.iter_mut().zip(places.take(run)) {
        let plain = batch.as_ref().filter(|batch| !batch.are_odd[count]);
        let plain = plain.and_then(|batch| of_lane(batch, count));
        let Some(read) = plain.or_else(|| closely(text, start, end)) else { break };
        *value = read;
        count += 1;
    }
    count
}

impl Batch {
    #[inline(always)]
    fn of(level: Level, text: &[u8], places: impl Iterator<Item = (usize, usize)>) -> Self {
        const NONE: [u64; MOST_NUMBERS] = [0; MOST_NUMBERS];
        let (numbers, points, signs) = (NONE, NONE, NONE);
        let are_odd = [true; MOST_NUMBERS];
        let mut batch = Self { words: NONE, firsts: NONE, numbers, points, signs, are_odd };
        let lanes = batch.words.iter_mut().zip(&mut batch.firsts);
        let mut len = 0;
        for ((word, first), (start, end)) in lanes.zip(places) {
            // Of more than eight bytes a word says nothing, and of none what is odd.
            (*word, *first) = last_bytes(text, start, end).unwrap_or_default();
            len += 1;
        }
        dispatch!(level, simd => batch.read(simd, len));
        batch
    }

    #[inline(always)]
    fn read<S: Simd>(&mut self, simd: S, len: usize) {
        simd.vectorize(
            #[inline(always)]
            || {
                for lane in 0..len.min(MOST_NUMBERS) {
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

/// The integer that a text is from `start` to `end`. None where it is none, or written as few are.
pub(super) fn integer_at(text: &[u8], start: usize, end: usize) -> Option<i64> {
    integer(text, start).filter(|(_, len)| start + len == end).map(|(value, _)| value)
}

/// The same of a double.
pub(super) fn double_at(text: &[u8], start: usize, end: usize) -> Option<f64> {
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

    /// The texts one behind the other, and where each of them stands.
    fn placed(before: &str, texts: &[String]) -> (Vec<u8>, Vec<(usize, usize)>) {
        let mut text = before.to_owned();
        let places = texts.iter().map(|next| {
            let start = text.len();
            text.push_str(next);
            text.push(',');
            (start, text.len() - 1)
        });
        let places = places.collect();
        (text.into_bytes(), places)
    }

    proptest! {
        #[test]
        fn numbers_are_read_up_to_the_first_that_is_none(
            before in "\\PC{0,9}",
            texts in prop::collection::vec(
                prop_oneof![
                    8 => "-?[0-9]{1,6}",
                    8 => "-?[0-9]{1,6}[.][0-9]{1,4}",
                    1 => "-?[0-9]{0,11}([.\u{80}/:]?[0-9]{0,5}){0,2}",
                    1 => "x?[0-9.-]{0,12}",
                ],
                0..150,
            ),
            start in 0_usize..20,
        ) {
            let texts = texts.get(start..).unwrap_or_default();
            let (text, places) = placed(&before, texts);
            let mut values = [0; MOST_NUMBERS];
            let count = integers(Level::new(), &text, places.iter().copied(), &mut values);
            let read = |text: &String| integer_at(text.as_bytes(), 0, text.len());
            let expected: Vec<i64> = texts.iter().take(MOST_NUMBERS).map_while(read).collect();
            prop_assert_eq!(&values[..count], expected);
            let mut values = [0.0; MOST_NUMBERS];
            let count = doubles(Level::new(), &text, places.iter().copied(), &mut values);
            let read = |text: &String| Some(double_at(text.as_bytes(), 0, text.len())?.to_bits());
            let expected: Vec<u64> = texts.iter().take(MOST_NUMBERS).map_while(read).collect();
            let found: Vec<u64> = values[..count].iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn integers_are_read_up_to_the_first_that_is_none(
            texts in prop::collection::vec("-?[0-9]{1,8}|[1-9][0-9]{8,19}|-?0{1,2}", 0..150),
        ) {
            let (text, places) = placed(",", &texts);
            let mut values = [0; MOST_NUMBERS];
            let count = integers(Level::new(), &text, places.iter().copied(), &mut values);
            let read = |text: &String| integer_at(text.as_bytes(), 0, text.len());
            let expected: Vec<i64> = texts.iter().take(MOST_NUMBERS).map_while(read).collect();
            prop_assert_eq!(&values[..count], expected);
        }
    }
}
