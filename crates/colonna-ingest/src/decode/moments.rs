//! Times as ISO 8601 writes them most often, with the day of the one before at hand.

use super::digits::leading_digits;
use crate::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use crate::{Separator, TimeFormat};

const DATE_LEN: usize = 10;

/// The bytes of a date, a separator and a clock.
const TIME_LEN: usize = 19;

/// The microseconds that each digit of a fraction counts.
const MICROS_OF_DIGIT: [i64; 6] = [100_000, 10_000, 1_000, 100, 10, 1];

/// Reads times, and remembers the last day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moments {
    /// The date that was read last, and the microseconds to its midnight.
    date: [u8; DATE_LEN],
    midnight: i64,
}

impl Moments {
    /// Whether times of that format are mostly of this form.
    pub(crate) fn are_of(format: &TimeFormat) -> bool {
        matches!(
            format,
            TimeFormat::Iso8601 | TimeFormat::YearFirst { separator: Separator::Hyphen }
        )
    }

    /// The microseconds to the midnight of `2025-10-01`.
    #[inline(always)]
    fn midnight(&mut self, date: &[u8; DATE_LEN]) -> Option<i64> {
        if *date != self.date {
            self.learn(date)?;
        }
        Some(self.midnight)
    }

    /// The days to `2025-10-01`, where that stands at `at`; and the length of it.
    #[inline]
    pub(crate) fn day(&mut self, text: &[u8], at: usize) -> Option<(i64, usize)> {
        let midnight = self.midnight(text.get(at..)?.first_chunk()?)?;
        Some((midnight / MICROS_PER_DAY, DATE_LEN))
    }

    /// The microseconds to `2025-10-01 08:30:00`, with up to six digits of a fraction and a `Z`, where
    /// that stands at `at`; and the length of it.
    #[inline(always)]
    pub(crate) fn moment(&mut self, text: &[u8], at: usize) -> Option<(i64, usize)> {
        let (midnight, clock) = self.parts(text.get(at..)?)?;
        let (seconds, is_none) = clock_of(clock);
        let mut micros = seconds.cast_signed() * MICROS_PER_SECOND;
        let mut end = at + TIME_LEN;
        if is_none {
            return None;
        }
        if text.get(end) == Some(&b'.') {
            let (value, len) = leading_digits(text, end + 1);
            micros += value * MICROS_OF_DIGIT.get(len.wrapping_sub(1))?;
            end += 1 + len;
        }
        end += usize::from(text.get(end) == Some(&b'Z'));
        Some((midnight + micros, end - at))
    }

    /// The microseconds to the midnight and the clock of a time to the second, with a `Z` or none, that
    /// stands between two places. Nobody has looked at the clock yet: see [`clock_of`].
    #[inline(always)]
    pub(crate) fn parts_at(&mut self, text: &[u8], start: usize, end: usize) -> Option<(i64, u64)> {
        let text = text.get(start..end)?;
        let is_alone = text.len() == TIME_LEN || text.get(TIME_LEN..) == Some(b"Z");
        is_alone.then(|| self.parts(text))?
    }

    /// The microseconds to the midnight and the clock of the time that a text starts with.
    #[inline(always)]
    fn parts(&mut self, text: &[u8]) -> Option<(i64, u64)> {
        let time: &[u8; TIME_LEN] = text.first_chunk()?;
        let (date, clock) = (time.first_chunk()?, time.last_chunk()?);
        let has_separator = matches!(time.get(DATE_LEN), Some(b'T' | b' '));
        let midnight = self.midnight(date)?;
        has_separator.then_some((midnight, u64::from_le_bytes(*clock)))
    }

    /// The days to a date that stands between two places, and nothing besides.
    #[inline]
    pub(crate) fn day_at(&mut self, text: &[u8], start: usize, end: usize) -> Option<i64> {
        let (day, len) = self.day(text, start)?;
        (start + len == end).then_some(day)
    }

    /// The microseconds to a time that stands between two places, and nothing besides.
    #[inline]
    pub(crate) fn moment_at(&mut self, text: &[u8], start: usize, end: usize) -> Option<i64> {
        let (micros, len) = self.moment(text, start)?;
        (start + len == end).then_some(micros)
    }

    #[cold]
    fn learn(&mut self, date: &[u8; DATE_LEN]) -> Option<()> {
        let is_date = date.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        let text = std::str::from_utf8(date).ok().filter(|_| is_date)?;
        (self.date, self.midnight) = (*date, TimeFormat::Iso8601.parse(text)?.micros);
        Some(())
    }
}

/// The seconds that eight bytes as `08:30:00` count, and whether they are none such. The end of a day
/// as 24:00, and leap seconds, are left to whoever looks closely. There is no branch in it, so that
/// several can be told at once.
#[inline(always)]
pub(crate) fn clock_of(text: u64) -> (u64, bool) {
    // What stands above the colons and the zeros of the digits, and how far the most that may stand
    // there is below 16.
    const ZEROS: u64 = u64::from_le_bytes(*b"00:00:00");
    const ROOM: u64 = u64::from_le_bytes([13, 6, 15, 10, 6, 15, 10, 6]);
    const UPPER: u64 = u64::from_le_bytes([0xf0; 8]);
    let digits = text ^ ZEROS;
    let is_none = (digits | digits.wrapping_add(ROOM)) & UPPER != 0;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let (hour, minute, second) = (pairs & 0xff, pairs >> 24 & 0xff, pairs >> 48 & 0xff);
    ((hour * 60 + minute) * 60 + second, is_none | (hour > 23))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_time_that_is_read_is_what_the_format_reads(
            texts in prop::collection::vec(
                "(2025|1969|0000|2024)-(02|12|1[0-4])-(28|29|3[0-2]|W1)([T ]([01][0-9]|2[0-5]):[0-6][0-9]:[0-6][0-9]([.][0-9]{0,8})?Z?[+x]?)?",
                1..5,
            ),
        ) {
            for format in [TimeFormat::Iso8601, TimeFormat::YearFirst { separator: Separator::Hyphen }] {
                prop_assert!(Moments::are_of(&format));
                let mut moments = Moments::default();
                for text in &texts {
                    let day = moments.day(text.as_bytes(), 0);
                    let midnight = day.map(|(day, len)| (day * MICROS_PER_DAY, len));
                    let moment = moments.moment(text.as_bytes(), 0);
                    for (micros, len) in midnight.into_iter().chain(moment) {
                        let expected = format.parse(&text[..len]).unwrap();
                        prop_assert_eq!(micros, expected.micros);
                        prop_assert_eq!(expected.is_date, len == DATE_LEN);
                        prop_assert!(expected.is_exact);
                    }
                }
            }
        }
    }

    #[test]
    fn times_as_people_write_them_are_read() {
        let mut moments = Moments::default();
        assert_eq!(moments.moment(b"1970-01-02 00:00:01,", 0), Some((86_401_000_000, 19)));
        assert_eq!(moments.moment(b"x1970-01-02T00:00:00.25Z", 1), Some((86_400_250_000, 23)));
        assert_eq!(moments.day(b"1970-01-03", 0), Some((2, 10)));
        assert!(!Moments::are_of(&TimeFormat::Rfc2822));
    }
}
