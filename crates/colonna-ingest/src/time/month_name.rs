//! Dates with the month's English name, whose order is never in doubt, and the lines of servers that
//! write them: the common log, syslog, C's `ctime`.

use super::calendar::{Moment, days_of_date, weekday_of, year_of_two_digits};
use super::clock::{clock_and_offset, moment_on, offset};
use super::cursor::Cursor;

/// `1-Dec-2010`, `1 December 2010 17:03`, `Dec 1st, 2010 5:03 PM`, `2010-Dec-01`,
/// `Wed Oct 11 14:32:52.123 UTC 2000`; a weekday may stand before any of them.
pub(super) fn parse(text: &[u8]) -> Option<Moment> {
    let mut cursor = Cursor::new(text);
    let mut ahead = cursor;
    let weekday = weekday_of_name(ahead.word());
    if weekday.is_some() {
        cursor = ahead;
        let _has_point = cursor.eat(b',') || cursor.eat(b'.');
        cursor.eat_blanks();
    }
    let (days, moment) = match cursor.peek()? {
        b'0'..=b'9' => day_or_year_first(cursor)?,
        _ => month_first(cursor)?,
    };
    weekday.is_none_or(|weekday| weekday == weekday_of(days)).then_some(moment)
}

/// `10/Oct/2000:13:55:36 -0700`, with or without the brackets around it.
pub(super) fn parse_common_log(text: &[u8]) -> Option<Moment> {
    let text = match text {
        [b'[', text @ .., b']'] => text,
        text => text,
    };
    let mut cursor = Cursor::new(text);
    let day = cursor.digits(2)?;
    cursor.eat(b'/').then_some(())?;
    let month = month_of_name(cursor.word())?;
    cursor.eat(b'/').then_some(())?;
    let year = cursor.digits(4)?;
    cursor.eat(b':').then_some(())?;
    let (clock, offset_seconds) = clock_and_offset(cursor)?;
    Some(Moment::at(days_of_date(year, month, day)?, clock, offset_seconds))
}

/// `Oct  1 22:14:15`, in a year that is known from elsewhere.
pub(super) fn parse_syslog(text: &[u8], year: i32) -> Option<Moment> {
    let mut cursor = Cursor::new(text);
    let month = month_of_name(cursor.word())?;
    (cursor.eat_blanks() > 0).then_some(())?;
    let (day, _) = cursor.number(2)?;
    (cursor.eat_blanks() > 0).then_some(())?;
    let (clock, offset_seconds) = clock_and_offset(cursor)?;
    Some(Moment::at(days_of_date(i64::from(year), month, day)?, clock, offset_seconds))
}

fn day_or_year_first(mut cursor: Cursor<'_>) -> Option<(i64, Moment)> {
    let (number, len) = cursor.number(4)?;
    let is_year = len == 4;
    if !is_year {
        eat_ordinal_suffix(&mut cursor);
    }
    let separator = eat_separator(&mut cursor);
    let month = month_of_name(cursor.word())?;
    // `1-Dec-2010`: the same separator again; `1 Dec. 2010`, `1Dec2010`: whatever comes.
    let again = eat_separator(&mut cursor);
    let has_hyphens = matches!(separator, Some(b'-' | b'/'));
    (!has_hyphens || again == separator).then_some(())?;
    let (last, last_len) = cursor.number(4)?;
    let (year, day) = match (is_year, last_len) {
        (true, 1 | 2) => (number, last),
        (false, 4) if len <= 2 => (last, number),
        (false, 2) if len <= 2 && has_hyphens => (year_of_two_digits(last), number),
        _ => return None,
    };
    let days = days_of_date(year, month, day)?;
    Some((days, moment_on(days, cursor)?))
}

fn month_first(mut cursor: Cursor<'_>) -> Option<(i64, Moment)> {
    let month = month_of_name(cursor.word())?;
    eat_separator(&mut cursor)?;
    let (day, _) = cursor.number(2)?;
    eat_ordinal_suffix(&mut cursor);
    eat_separator(&mut cursor)?;
    let mut ahead = cursor;
    if let Some(year) = ahead.digits(4)
        && ahead.peek() != Some(b':')
    {
        let days = days_of_date(year, month, day)?;
        return Some((days, moment_on(days, ahead)?));
    }
    // `ctime` puts the year behind the time and its zone.
    let blank = cursor.rest.iter().rposition(|byte| *byte == b' ')?;
    let (clock, year) = cursor.rest.split_at_checked(blank)?;
    let mut year = Cursor::new(year.trim_ascii_start());
    let days = days_of_date(year.digits(4)?, month, day)?;
    let (clock, offset_seconds) = clock_and_offset(Cursor::new(clock.trim_ascii_end()))?;
    year.is_at_end().then(|| (days, Moment::at(days, clock, offset_seconds)))
}

/// A point or comma with blanks behind it, blanks alone, a hyphen or a slash. None if there is none.
fn eat_separator(cursor: &mut Cursor<'_>) -> Option<u8> {
    let separator =
        cursor.peek().filter(|byte| matches!(byte, b',' | b'.' | b'-' | b'/' | b' '))?;
    cursor.eat(separator);
    if !matches!(separator, b'-' | b'/') {
        cursor.eat_blanks();
    }
    Some(separator)
}

fn eat_ordinal_suffix(cursor: &mut Cursor<'_>) {
    let suffixes: [&[u8]; 4] = [b"st", b"nd", b"rd", b"th"];
    let mut ahead = *cursor;
    let word = ahead.word();
    if suffixes.iter().any(|suffix| word.eq_ignore_ascii_case(suffix)) {
        *cursor = ahead;
    }
}

/// RFC 2822, by `chrono`, save for the zones of one letter: the standard itself says that nobody
/// knows what a writer meant by them.
pub(super) fn parse_rfc2822(text: &str) -> Option<Moment> {
    let zone = text.rsplit(' ').find(|word| !word.ends_with(')'))?;
    if zone.len() == 1 && offset(zone.as_bytes()).is_none() {
        return None;
    }
    let time = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    let is_leap_second = time.timestamp_subsec_nanos() >= 1_000_000_000;
    Some(Moment { micros: time.timestamp_micros(), is_date: false, is_exact: !is_leap_second })
}

const MONTHS: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

const WEEKDAYS: [&[u8]; 7] =
    [b"sunday", b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday"];

/// The month from 1 of a name: the whole of it, its first three letters, or `Sept`.
pub(super) fn month_of_name(word: &[u8]) -> Option<i64> {
    if word.eq_ignore_ascii_case(b"sept") {
        return Some(9);
    }
    position_of_name(&MONTHS, word).map(|position| position + 1)
}

/// The weekday of a name, whole or three letters of it; Sunday is 0.
pub(super) fn weekday_of_name(word: &[u8]) -> Option<i64> {
    let longer: [(&[u8], i64); 3] = [(b"tues", 2), (b"thur", 4), (b"thurs", 4)];
    position_of_name(&WEEKDAYS, word).or_else(|| {
        longer.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, day)| *day)
    })
}

fn position_of_name(names: &[&[u8]], word: &[u8]) -> Option<i64> {
    let position = names.iter().position(|name| {
        word.eq_ignore_ascii_case(name)
            || name.get(..3).is_some_and(|start| word.eq_ignore_ascii_case(start))
    })?;
    i64::try_from(position).ok()
}
