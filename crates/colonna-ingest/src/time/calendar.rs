//! Days of the Gregorian calendar, counted from 1970-01-01, and moments made of them.

/// A point in time that was read from a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub micros: i64,
    /// The text names a day and no time of it.
    pub is_date: bool,
    /// Nothing was lost: no digit other than zero stood below a microsecond, no leap second was
    /// folded into the next.
    pub is_exact: bool,
}

impl Moment {
    /// The day alone, at its midnight.
    pub(super) fn day(days: i64) -> Self {
        Self { micros: days * MICROS_PER_DAY, is_date: true, is_exact: true }
    }

    /// A time of a day, `offset_seconds` ahead of UTC.
    pub(super) fn at(days: i64, clock: Clock, offset_seconds: i64) -> Self {
        let micros = days * MICROS_PER_DAY + clock.micros - offset_seconds * MICROS_PER_SECOND;
        Self { micros, is_date: false, is_exact: clock.is_exact }
    }
}

pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(crate) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// The years either side of zero that are read: those that `chrono` can write. Their microseconds
/// stay well inside 64 bits, so that no sum below needs a check.
const MAX_YEAR: i64 = 262_000;

/// A time of day. Invariant: `micros` is from zero to a day and a second, both included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) micros: i64,
    pub(super) is_exact: bool,
}

/// A part of a second, minute or hour. Invariant: less than the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fraction {
    pub(super) micros: i64,
    pub(super) is_exact: bool,
}

impl Fraction {
    pub(super) const ZERO: Self = Self { micros: 0, is_exact: true };
}

impl Clock {
    /// Accepts 24:00:00 as the end of the day, and second 60 at the end of an hour.
    #[inline]
    pub(super) fn try_new(hour: i64, minute: i64, second: i64, fraction: Fraction) -> Option<Self> {
        let micros = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + fraction.micros;
        let is_leap_second = second == 60 && minute == 59;
        let is_valid = (0..=59).contains(&minute)
            && ((0..=59).contains(&second) || is_leap_second)
            && ((0..=23).contains(&hour) || micros == MICROS_PER_DAY)
            && hour <= 24;
        is_valid.then_some(Self { micros, is_exact: fraction.is_exact && !is_leap_second })
    }
}

/// The days from 1970-01-01 to a date, where there is such a date.
#[inline]
pub(super) fn days_of_date(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_valid = (-MAX_YEAR..=MAX_YEAR).contains(&year)
        && (1..=12).contains(&month)
        && day >= 1
        && (day <= 28 || day <= days_in_month(year, month));
    is_valid.then(|| days_unchecked(year, month, day))
}

/// The days from 1970-01-01 to the n-th day of a year, counted from one.
pub(super) fn days_of_ordinal(year: i64, ordinal: i64) -> Option<i64> {
    let len = if is_leap_year(year) { 366 } else { 365 };
    let first = days_of_date(year, 1, 1)?;
    (1..=len).contains(&ordinal).then_some(first + ordinal - 1)
}

/// The days from 1970-01-01 to a day of an ISO week; Monday is 1.
pub(super) fn days_of_week(year: i64, week: i64, weekday: i64) -> Option<i64> {
    if !(1..=53).contains(&week) || !(1..=7).contains(&weekday) {
        return None;
    }
    let monday_of_week_one = |year| {
        let fourth = days_of_date(year, 1, 4)?;
        Some(fourth - (weekday_of(fourth) + 6) % 7)
    };
    let monday = monday_of_week_one(year)? + (week - 1) * 7;
    (monday < monday_of_week_one(year + 1)?).then_some(monday + weekday - 1)
}

/// The weekday of a day; Sunday is 0.
pub(super) fn weekday_of(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// The full year of two digits, as POSIX has it.
pub(super) fn year_of_two_digits(digits: i64) -> i64 {
    if digits < 69 { 2000 + digits } else { 1900 + digits }
}

/// Zero for a month that does not exist.
#[inline]
fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

#[inline]
fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Counts in eras of 400 years that begin on 1 March, so that the leap day is an era's last day.
#[inline]
fn days_unchecked(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
