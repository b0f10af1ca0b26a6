//! ISO 8601, and its close kin: a blank in place of the `T`, an offset such as ` UTC`.
//!
//! This is the hot one: most columns of time are written so, and every value is read twice.

use super::calendar::{
    Clock, MICROS_PER_SECOND, Moment, days_of_date, days_of_ordinal, days_of_week,
};
use super::clock::offset;
use super::cursor::{Cursor, two_digits};

/// How the day was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayForm {
    /// `2025-10-01`
    Calendar,
    /// `2025-W40-3`
    Week,
    /// `2025-274`
    Ordinal,
}

/// Reads a text without blanks around it. Eight or seven digits alone are a date here; whoever only
/// guesses at the format has to keep them away.
#[inline]
pub(super) fn parse(text: &[u8]) -> Option<Moment> {
    parse_with_form(text).map(|(moment, _)| moment)
}

#[inline]
pub(super) fn parse_with_form(text: &[u8]) -> Option<(Moment, DayForm)> {
    let (days, form, rest) = match text {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, rest @ ..] => {
            let year = two_digits(*y1, *y2)? * 100 + two_digits(*y3, *y4)?;
            match (two_digits(*m1, *m2), two_digits(*d1, *d2)) {
                (Some(month), Some(day)) => {
                    (days_of_date(year, month, day)?, DayForm::Calendar, rest)
                }
                _ => day(text)?,
            }
        }
        _ => day(text)?,
    };
    let moment = match rest {
        [] => Moment::day(days),
        [b'T' | b't', clock @ ..] => moment_at(days, clock, true)?,
        [b' ', clock @ ..] => moment_at(days, clock, false)?,
        _ => return None,
    };
    Some((moment, form))
}

/// The days that stand for a date of any form, and what follows it.
fn day(text: &[u8]) -> Option<(i64, DayForm, &[u8])> {
    let mut cursor = Cursor::new(text);
    let is_negative = cursor.eat(b'-');
    let has_sign = is_negative || cursor.eat(b'+');
    let (days, form) = if has_sign {
        // Only a sign and the hyphens say where such a year ends.
        let (year, len) = cursor.number(6)?;
        let year = if is_negative { -year } else { year };
        (len >= 4 && cursor.eat(b'-')).then_some(())?;
        day_of_year(year, true, &mut cursor)?
    } else {
        let year = cursor.digits(4)?;
        let has_hyphens = cursor.eat(b'-');
        day_of_year(year, has_hyphens, &mut cursor)?
    };
    Some((days, form, cursor.rest))
}

fn day_of_year(year: i64, has_hyphens: bool, cursor: &mut Cursor<'_>) -> Option<(i64, DayForm)> {
    if cursor.eat(b'W') {
        let week = cursor.digits(2)?;
        (cursor.eat(b'-') == has_hyphens).then_some(())?;
        let days = days_of_week(year, week, cursor.digits(1)?)?;
        return Some((days, DayForm::Week));
    }
    let (digits, len) = cursor.number(4)?;
    match (len, has_hyphens) {
        (2, true) => {
            cursor.eat(b'-').then_some(())?;
            let days = days_of_date(year, digits, cursor.digits(2)?)?;
            Some((days, DayForm::Calendar))
        }
        (3, _) => Some((days_of_ordinal(year, digits)?, DayForm::Ordinal)),
        (4, false) => Some((days_of_date(year, digits / 100, digits % 100)?, DayForm::Calendar)),
        _ => None,
    }
}

#[inline]
fn moment_at(days: i64, text: &[u8], may_be_basic: bool) -> Option<Moment> {
    let (clock, rest) = match text {
        [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] => {
            let (hour, minute) = (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?);
            let mut cursor = Cursor::new(rest);
            let fraction = cursor.fraction(MICROS_PER_SECOND)?;
            (Clock::try_new(hour, minute, two_digits(*s1, *s2)?, fraction)?, cursor.rest)
        }
        _ => short_clock(text, may_be_basic)?,
    };
    Some(Moment::at(days, clock, offset(rest)?))
}

/// A time without seconds or without colons. Its last part may have a fraction.
fn short_clock(text: &[u8], may_be_basic: bool) -> Option<(Clock, &[u8])> {
    let mut cursor = Cursor::new(text);
    let mut parts = [cursor.digits(2)?, 0, 0];
    let mut unit_micros = 3600 * MICROS_PER_SECOND;
    let has_colons = cursor.peek() == Some(b':');
    if has_colons || may_be_basic {
        for part in parts.iter_mut().skip(1) {
            let is_next = match has_colons {
                true => cursor.eat(b':'),
                false => cursor.peek().is_some_and(|byte| byte.is_ascii_digit()),
            };
            if !is_next {
                break;
            }
            *part = cursor.digits(2)?;
            unit_micros /= 60;
        }
    }
    let fraction = cursor.fraction(unit_micros)?;
    let [hour, minute, second] = parts;
    Some((Clock::try_new(hour, minute, second, fraction)?, cursor.rest))
}
