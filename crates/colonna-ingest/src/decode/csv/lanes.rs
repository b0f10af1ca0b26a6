//! Numbers and times that stand in a column of fields, many at a time.
//!
//! Of each eight bytes are taken, and what they come to is told without a branch, so that the compiler
//! takes several values at once in vectors. What is longer, or written in another way, is looked at
//! closely, one by one.

use fearless_simd::{Level, Simd, dispatch};

use super::bounds::Places;
use super::delimiters::{WIDTH, every};
use crate::decode::digits::{DOUBLE_POWERS, double, exact, integer, number_of};
use crate::decode::moments::{Moments, clock_of};
use crate::time::MICROS_PER_SECOND;

/// What a minus and a point are above a zero.
const MINUS: u64 = (b'-' ^ b'0') as u64;
const POINT: u64 = (b'.' ^ b'0') as u64;

/// Where the last byte of a word stands, in bits.
const LAST: u64 = u64::BITS as u64 - 8;

/// So many values are read at a time at most.
pub(super) const MOST_LANES: usize = 128;

/// Fewer are not worth setting up vectors: columns with many nulls have short runs.
const LEAST_LANES: usize = 16;

/// Reads the values of a column, and holds them until it reads others.
pub(super) struct Lanes {
    level: Level,
    taken: Taken,
    whole: [i64; MOST_LANES],
    doubles: [f64; MOST_LANES],
}

/// What was taken of some values that follow each other.
struct Taken {
    /// Eight bytes of each, and what else has to be known of it: the length of a number, the midnight
    /// before a time.
    words: [u64; MOST_LANES],
    others: [u64; MOST_LANES],
    /// How many there are.
    len: usize,
    /// Whether one has to be looked at closely.
    are_odd: [bool; MOST_LANES],
    is_any_odd: bool,
}

/// A kind of values that can be told from what is taken of them.
trait Kind {
    type Value;

    /// The value, and whether it has to be looked at closely. Without a branch, so that the compiler
    /// takes several at a time.
    fn of_lane(word: u64, other: u64) -> (Self::Value, bool);
}

struct Integers;
struct Doubles;
struct Times;

impl Lanes {
    pub(super) fn new() -> Self {
        Self {
            level: Level::new(),
            taken: Taken {
                words: [0; MOST_LANES],
                others: [0; MOST_LANES],
                len: 0,
                are_odd: [false; MOST_LANES],
                is_any_odd: false,
            },
            whole: [0; MOST_LANES],
            doubles: [0.0; MOST_LANES],
        }
    }

    /// The integers at some places, up to the first that is none, or that is written as few are.
    pub(super) fn integers(&mut self, text: &[u8], places: Places<'_>) -> &[i64] {
        self.taken.take_numbers(text, places.clone());
        self.taken.read::<Integers>(self.level, &mut self.whole);
        let closely = |start, end| integer_at(text, start, end);
        let count = self.taken.look_closely(&mut self.whole, places, closely);
        self.whole.get(..count).unwrap_or_default()
    }

    /// The same of doubles.
    pub(super) fn doubles(&mut self, text: &[u8], places: Places<'_>) -> &[f64] {
        self.taken.take_numbers(text, places.clone());
        self.taken.read::<Doubles>(self.level, &mut self.doubles);
        let closely = |start, end| double_at(text, start, end);
        let count = self.taken.look_closely(&mut self.doubles, places, closely);
        self.doubles.get(..count).unwrap_or_default()
    }

    /// The same of times, in microseconds.
    pub(super) fn moments(
        &mut self,
        text: &[u8],
        places: Places<'_>,
        moments: &mut Moments,
    ) -> &[i64] {
        self.taken.take_times(text, places.clone(), moments);
        self.taken.read::<Times>(self.level, &mut self.whole);
        let closely = |start, end| moments.moment_at(text, start, end);
        let count = self.taken.look_closely(&mut self.whole, places, closely);
        self.whole.get(..count).unwrap_or_default()
    }

    /// The same of days.
    pub(super) fn days(
        &mut self,
        text: &[u8],
        places: Places<'_>,
        moments: &mut Moments,
    ) -> &[i64] {
        self.taken.len = 0;
        let closely = |start, end| moments.day_at(text, start, end);
        let count = self.taken.look_closely(&mut self.whole, places, closely);
        self.whole.get(..count).unwrap_or_default()
    }
}

impl Taken {
    /// Takes numbers up to the first field without any.
    #[inline(always)]
    fn take_numbers(&mut self, text: &[u8], places: Places<'_>) {
        let mut len = 0;
        let lanes = self.words.iter_mut().zip(&mut self.others);
        for ((word, number_len), (start, end)) in lanes.zip(places) {
            if start >= end {
                break;
            }
            let last = text.get(end.wrapping_sub(WIDTH)..end).and_then(<[u8]>::first_chunk);
            // Where there are none is what no number is.
            *word = last.map_or(0, |last| u64::from_le_bytes(*last));
            *number_len = (end - start) as u64;
            len += 1;
        }
        self.len = len;
    }

    /// Takes times up to the first that is written in another way.
    #[inline(always)]
    fn take_times(&mut self, text: &[u8], places: Places<'_>, moments: &mut Moments) {
        let mut len = 0;
        let lanes = self.words.iter_mut().zip(&mut self.others);
        for ((word, midnight), (start, end)) in lanes.zip(places) {
            let Some((before, clock)) = moments.parts_at(text, start, end) else { break };
            (*word, *midnight) = (clock, before.cast_unsigned());
            len += 1;
        }
        self.len = len;
    }

    /// What was taken comes to these values, but where it is odd. Of few nothing is told.
    #[inline(always)]
    fn read<K: Kind>(&mut self, level: Level, values: &mut [K::Value; MOST_LANES]) {
        if self.len < LEAST_LANES {
            self.len = 0;
        }
        dispatch!(level, simd => self.read_lanes::<_, K>(simd, values));
    }

    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "zipped iterators are not made into vectors")]
    fn read_lanes<S: Simd, K: Kind>(&mut self, _: S, values: &mut [K::Value; MOST_LANES]) {
        let mut odd_count = 0;
        for lane in 0..self.len.min(MOST_LANES) {
            let (value, is_odd) = K::of_lane(self.words[lane], self.others[lane]);
            (values[lane], self.are_odd[lane]) = (value, is_odd);
            odd_count += u64::from(is_odd);
        }
        self.is_any_odd = odd_count > 0;
    }

    /// Looks closely at the values that are odd, and at all behind those that were taken. How many
    /// values there are up to the first that is none.
    #[inline(always)]
    fn look_closely<T>(
        &self,
        values: &mut [T; MOST_LANES],
        places: Places<'_>,
        mut closely: impl FnMut(usize, usize) -> Option<T>,
    ) -> usize {
        let mut count = 0;
        let mut places = places;
        loop {
            let taken = self.are_odd.get(count..self.len).unwrap_or_default();
            let odd = self.is_any_odd.then(|| taken.iter().position(|is_odd| *is_odd));
            let plain = odd.flatten().unwrap_or(taken.len());
            places = places.behind(plain);
            count += plain;
            let Some(slot) = values.get_mut(count) else { return count };
            let value = places.next().and_then(|(start, end)| closely(start, end));
            let Some(value) = value else { return count };
            *slot = value;
            count += 1;
        }
    }
}

/// Where the digits of a number stand in its last eight bytes, of which they are what is above zeros,
/// and the rest is zero.
struct Digits {
    digits: u64,
    /// Where the first of them stands, in bits; it is past the last where there are none.
    first: u64,
    is_negative: bool,
    /// The number has more bytes.
    is_long: bool,
}

impl Digits {
    #[inline(always)]
    fn of(word: u64, len: u64) -> Self {
        let width = WIDTH as u64;
        let first = 8 * (width - len.min(width));
        let signed = (word ^ every(b'0')) >> first << first;
        let is_negative = signed >> first & 0xff == MINUS;
        let digits = if is_negative { signed ^ MINUS << first } else { signed };
        let first = if is_negative { first + 8 } else { first };
        Self { digits, first, is_negative, is_long: len > width }
    }

    /// Where the first digit stands, as a bit, to be compared with that of the point.
    #[inline(always)]
    fn first_bit(&self) -> u64 {
        if self.first < u64::from(u64::BITS) { 1 << self.first } else { 0 }
    }

    /// Whether the first digit is a zero.
    #[inline(always)]
    fn has_zero(&self) -> bool {
        let first_bit = self.first_bit();
        self.digits & (first_bit << 8).wrapping_sub(first_bit) == 0
    }
}

impl Kind for Integers {
    type Value = i64;

    #[inline(always)]
    fn of_lane(word: u64, len: u64) -> (i64, bool) {
        let it = Digits::of(word, len);
        let first_bit = it.first_bit();
        let is_odd = (first_bit == 0) | (it.has_zero() & (first_bit < 1 << LAST));
        let value = number_of(it.digits).cast_signed();
        let is_odd = is_odd | it.is_long | (overs(it.digits) != 0);
        (if it.is_negative { -value } else { value }, is_odd)
    }
}

impl Kind for Doubles {
    type Value = f64;

    #[inline(always)]
    fn of_lane(word: u64, len: u64) -> (f64, bool) {
        let it = Digits::of(word, len);
        let (digits, first_bit, has_zero) = (it.digits, it.first_bit(), it.has_zero());
        let over = overs(digits);
        let point = over >> 7;
        let before = point.wrapping_sub(1);
        let is_whole = over == 0;
        let is_one_point = over & over.wrapping_sub(1) == 0
            && digits & (point << 8).wrapping_sub(point) == point.wrapping_mul(POINT);
        let is_odd_fraction = !is_one_point
            | (point >= 1 << LAST)
            | (point <= first_bit)
            | (has_zero & (point > first_bit << 8));
        let is_odd_whole = (first_bit == 0) | (has_zero & (first_bit < 1 << LAST));
        let is_odd = it.is_long | if is_whole { is_odd_whole } else { is_odd_fraction };
        let digits = match is_whole {
            true => digits,
            false => (digits & before) << 8 | digits & !(before << 8 | 0xff),
        };
        let number = number_of(digits);
        let mut power = 1.0;
        for (fraction_len, wanted) in DOUBLE_POWERS.into_iter().enumerate().take(WIDTH).skip(1) {
            power = if point == 1 << (LAST - 8 * fraction_len as u64) { wanted } else { power };
        }
        // An integer zero has no sign.
        let has_sign = it.is_negative & !(is_whole & (number == 0));
        let sign = if has_sign { 1 << (u64::BITS - 1) } else { 0 };
        (f64::from_bits((exact(number) / power).to_bits() | sign), is_odd)
    }
}

impl Kind for Times {
    type Value = i64;

    #[inline(always)]
    fn of_lane(clock: u64, midnight: u64) -> (i64, bool) {
        let (seconds, is_odd) = clock_of(clock);
        (midnight.cast_signed() + seconds.cast_signed() * MICROS_PER_SECOND, is_odd)
    }
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

    /// The texts one behind the other, and the bounds of each of them.
    fn placed(before: &str, texts: &[String]) -> (Vec<u8>, Vec<u32>) {
        let mut text = before.to_owned();
        let mut bounds = Vec::new();
        for next in texts {
            bounds.push(u32::try_from(text.len()).unwrap());
            text.push_str(next);
            text.push(',');
            bounds.push(u32::try_from(text.len()).unwrap());
        }
        (text.into_bytes(), bounds)
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    proptest! {
        #[test]
        fn values_are_read_up_to_the_first_that_is_none(
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
            let (text, bounds) = placed(&before, texts);
            let places = Places::new(&bounds, 2);
            let mut lanes = Lanes::new();
            let whole = |text: &String| integer_at(text.as_bytes(), 0, text.len());
            let expected: Vec<i64> = texts.iter().take(MOST_LANES).map_while(whole).collect();
            prop_assert_eq!(lanes.integers(&text, places.clone()), expected);
            let double = |text: &String| double_at(text.as_bytes(), 0, text.len());
            let expected: Vec<f64> = texts.iter().take(MOST_LANES).map_while(double).collect();
            prop_assert_eq!(bits(lanes.doubles(&text, places)), bits(&expected));
        }

        #[test]
        fn integers_are_read_up_to_the_first_that_is_none(
            texts in prop::collection::vec("-?[0-9]{1,8}|[1-9][0-9]{8,19}|-?0{1,2}", 0..150),
        ) {
            let (text, bounds) = placed(",", &texts);
            let whole = |text: &String| integer_at(text.as_bytes(), 0, text.len());
            let expected: Vec<i64> = texts.iter().take(MOST_LANES).map_while(whole).collect();
            let mut lanes = Lanes::new();
            prop_assert_eq!(lanes.integers(&text, Places::new(&bounds, 2)), expected);
        }

        #[test]
        fn times_are_read_up_to_the_first_that_is_none(
            texts in prop::collection::vec(
                prop_oneof![
                    30 => "20(24|25)-0[1-9]-(29|30)[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?",
                    1 => "2025-10-(01|3[0-2])[T x]([01][0-9]|2[0-5]):[0-6][0-9]:[0-6][0-9/:][Zx]?",
                    1 => "2025-10-01( 08:30:00([.][0-9]{0,7})?Z?)?",
                ],
                0..150,
            ),
        ) {
            let (text, bounds) = placed(",", &texts);
            let places = Places::new(&bounds, 2);
            let (mut lanes, mut moments) = (Lanes::new(), Moments::default());
            let moment = |text: &String| Moments::default().moment_at(text.as_bytes(), 0, text.len());
            let expected: Vec<i64> = texts.iter().take(MOST_LANES).map_while(moment).collect();
            prop_assert_eq!(lanes.moments(&text, places.clone(), &mut moments), expected);
            let day = |text: &String| Moments::default().day_at(text.as_bytes(), 0, text.len());
            let expected: Vec<i64> = texts.iter().take(MOST_LANES).map_while(day).collect();
            prop_assert_eq!(lanes.days(&text, places, &mut moments), expected);
        }
    }
}
