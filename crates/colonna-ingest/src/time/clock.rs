//! The time of a day behind a date, and its offset from UTC, as people write them.

use super::calendar::{Clock, Fraction, MICROS_PER_SECOND, Moment};
use super::cursor::{Cursor, two_digits};

/// What follows a date to the end of the text: nothing, or a time of that day, after a blank, a
/// comma, a `T` or ` at `.
pub(super) fn moment_on(days: i64, mut cursor: Cursor<'_>) -> Option<Moment> {
    if cursor.is_at_end() {
        return Some(Moment::day(days));
    }
    let has_comma = cursor.eat(b',');
    let has_blank = cursor.eat_blanks() > 0;
    let has_word = cursor.eat_letters(if has_blank { b"at ".as_slice() } else { b"T" });
    cursor.eat_blanks();
    if !(has_comma || has_blank || has_word) {
        return None;
    }
    let (clock, offset_seconds) = clock_and_offset(cursor)?;
    Some(Moment::at(days, clock, offset_seconds))
}

/// A time of day and perhaps an offset, to the end of the text.
pub(super) fn clock_and_offset(mut cursor: Cursor<'_>) -> Option<(Clock, i64)> {
    let clock = clock(&mut cursor)?;
    Some((clock, offset(cursor.rest)?))
}

/// `8:26`, `13:45:01.250`, `01.45.01,5 PM`, `5 pm`.
fn clock(cursor: &mut Cursor<'_>) -> Option<Clock> {
    let (hour, _) = cursor.number(2)?;
    let separator = cursor.peek().filter(|byte| matches!(byte, b':' | b'.'));
    let Some(separator) = separator else {
        let hour = hour_of_half_day(hour, half_of_day(cursor)?)?;
        return Clock::try_new(hour, 0, 0, Fraction::ZERO);
    };
    cursor.eat(separator);
    let minute = cursor.digits(2)?;
    let (mut second, mut fraction) = (0, Fraction::ZERO);
    if cursor.eat(separator) {
        second = cursor.digits(2)?;
        fraction = cursor.fraction(MICROS_PER_SECOND)?;
    } else if separator == b'.' {
        // `5.30` may as well be a price.
        return None;
    }
    let hour = match half_of_day(cursor) {
        Some(half) => hour_of_half_day(hour, half)?,
        None => hour,
    };
    Clock::try_new(hour, minute, second, fraction)
}

/// Which half of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HalfOfDay {
    Morning,
    Afternoon,
}

/// The hour from midnight of an hour from 1 to 12.
pub(super) fn hour_of_half_day(hour: i64, half: HalfOfDay) -> Option<i64> {
    let from_midnight = hour % 12 + if half == HalfOfDay::Afternoon { 12 } else { 0 };
    (1..=12).contains(&hour).then_some(from_midnight)
}

/// Takes `AM`, `pm`, `a.m.` and the blanks before it, where they are next.
pub(super) fn half_of_day(cursor: &mut Cursor<'_>) -> Option<HalfOfDay> {
    let mut ahead = *cursor;
    ahead.eat_blanks();
    let names: [(&[u8], HalfOfDay); 4] = [
        (b"am", HalfOfDay::Morning),
        (b"pm", HalfOfDay::Afternoon),
        (b"a.m.", HalfOfDay::Morning),
        (b"p.m.", HalfOfDay::Afternoon),
    ];
    let (_, half) = names.into_iter().find(|(name, _)| ahead.eat_letters(name))?;
    *cursor = ahead;
    Some(half)
}

/// The seconds ahead of UTC that the rest of a text says: none for an empty rest, `Z`, `UTC` or
/// `GMT`; else `+hh`, `+hhmm`, `+hh:mm` or `+hh:mm:ss`.
#[inline]
pub(super) fn offset(rest: &[u8]) -> Option<i64> {
    let (sign, digits) = match rest.trim_ascii_start() {
        [] if rest.is_empty() => return Some(0),
        [b'Z' | b'z'] => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        name if name.eq_ignore_ascii_case(b"UTC") || name.eq_ignore_ascii_case(b"GMT") => {
            return Some(0);
        }
        _ => return None,
    };
    let (hours, minutes, seconds) = match digits {
        [h1, h2] => (two_digits(*h1, *h2)?, 0, 0),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => {
            (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?, 0)
        }
        [h1, h2, b':', m1, m2, b':', s1, s2] => {
            (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?, two_digits(*s1, *s2)?)
        }
        _ => return None,
    };
    let is_valid = hours <= 23 && minutes <= 59 && seconds <= 59;
    is_valid.then_some(sign * ((hours * 60 + minutes) * 60 + seconds))
}
