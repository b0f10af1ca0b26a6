//! Formats that the user writes in the letters of `strptime`.
//!
//! Not `chrono`'s own parser: to it `%f` counts nanoseconds (`.5` would be five of them), a comma
//! stands before no fraction, `%Z` is skipped unread, and a tenth digit is dropped without a word.

use super::calendar::{
    Clock, Fraction, MICROS_PER_SECOND, Moment, days_of_date, days_of_ordinal, weekday_of,
    year_of_two_digits,
};
use super::clock::{HalfOfDay, half_of_day, hour_of_half_day, offset};
use super::cursor::Cursor;
use super::format::TimeFormatError;
use super::month_name::{month_of_name, weekday_of_name};

/// A checked pattern of `strptime` letters.
///
/// Read are `%Y %y %m %b %B %h %d %e %j %H %k %I %l %M %S %f %p %P %a %A %z %Z %s %T %R %F %D %n %t
/// %%`, with the flags `-`, `_`, `0`, `:` and `#` without effect. `%f` is the digits behind the
/// decimal point, however many; `%.f` is the point too, where there is one. `%Z` is UTC, GMT or Z. A
/// blank stands for any number of blanks. Numbers may lack their leading zeros.
///
/// Invariant: the steps name a day: year, month and day, or year and day of the year, or `%s`.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    steps: Vec<Step>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Literal(u8),
    Blanks,
    Year,
    YearOfTwoDigits,
    Month,
    MonthName,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Second,
    FractionDigits,
    PointAndFraction,
    HalfOfDay,
    Weekday,
    Offset,
    ZoneName,
    EpochSeconds,
}

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    ///
    /// [`TimeFormatError`] where a letter is not read, or where no day is named.
    pub fn try_new(text: &str) -> Result<Self, TimeFormatError> {
        let mut steps = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            rest = after;
            match first {
                b'%' => rest = push_letter(&mut steps, rest, text)?,
                byte if byte.is_ascii_whitespace() => steps.push(Step::Blanks),
                byte => steps.push(Step::Literal(*byte)),
            }
        }
        let pattern = Self { text: text.to_owned(), steps };
        match pattern.missing() {
            None => Ok(pattern),
            Some(missing) => Err(TimeFormatError::Incomplete { pattern: pattern.text, missing }),
        }
    }

    /// The pattern as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn missing(&self) -> Option<&'static str> {
        let has = |step| self.steps.contains(&step);
        let has_month = has(Step::Month) || has(Step::MonthName);
        let rules = [
            (has(Step::EpochSeconds), ""),
            (!has(Step::Year) && !has(Step::YearOfTwoDigits), "year (for syslog give syslog:2025)"),
            (has(Step::DayOfYear), ""),
            (!has_month, "month"),
            (!has(Step::Day), "day"),
        ];
        let needs_hour = has(Step::Minute) || has(Step::Second) || has(Step::HalfOfDay);
        if needs_hour && !has(Step::Hour) && !has(Step::EpochSeconds) {
            return Some("hour");
        }
        rules
            .into_iter()
            .find(|(applies, _)| *applies)
            .map(|(_, name)| name)
            .filter(|name| !name.is_empty())
    }

    /// Reads a text without blanks around it.
    pub(super) fn parse(&self, text: &[u8]) -> Option<Moment> {
        let mut cursor = Cursor::new(text);
        let mut parts = Parts::default();
        for step in &self.steps {
            parts.take(*step, &mut cursor)?;
        }
        cursor.eat_blanks();
        cursor.is_at_end().then(|| parts.moment())?
    }
}

/// Takes one letter, with its flags, off the rest of a pattern.
fn push_letter<'a>(
    steps: &mut Vec<Step>,
    rest: &'a [u8],
    pattern: &str,
) -> Result<&'a [u8], TimeFormatError> {
    let flags = |byte: &u8| matches!(byte, b'-' | b'_' | b'0' | b':' | b'#');
    let (letter, rest) = match rest {
        [b'.', b'f', rest @ ..] | [b'.', b'0'..=b'9', b'f', rest @ ..] => {
            steps.push(Step::PointAndFraction);
            return Ok(rest);
        }
        [b'1'..=b'9', b'f', rest @ ..] => (b'f', rest),
        [flag, letter, rest @ ..] if flags(flag) => (*letter, rest),
        [letter, rest @ ..] => (*letter, rest),
        [] => return Err(unknown_letter(pattern, None)),
    };
    let expanded: &[Step] = match letter {
        b'Y' => &[Step::Year],
        b'y' => &[Step::YearOfTwoDigits],
        b'm' => &[Step::Month],
        b'b' | b'B' | b'h' => &[Step::MonthName],
        b'd' | b'e' => &[Step::Day],
        b'j' => &[Step::DayOfYear],
        b'H' | b'k' | b'I' | b'l' => &[Step::Hour],
        b'M' => &[Step::Minute],
        b'S' => &[Step::Second],
        b'f' => &[Step::FractionDigits],
        b'p' | b'P' => &[Step::HalfOfDay],
        b'a' | b'A' => &[Step::Weekday],
        b'z' => &[Step::Offset],
        b'Z' => &[Step::ZoneName],
        b's' => &[Step::EpochSeconds],
        b'R' => &[Step::Hour, COLON, Step::Minute],
        b'T' => &[Step::Hour, COLON, Step::Minute, COLON, Step::Second],
        b'F' => &[Step::Year, Step::Literal(b'-'), Step::Month, Step::Literal(b'-'), Step::Day],
        b'D' => &[Step::Month, SLASH, Step::Day, SLASH, Step::YearOfTwoDigits],
        b'n' | b't' => &[Step::Blanks],
        b'%' => &[Step::Literal(b'%')],
        _ => return Err(unknown_letter(pattern, Some(letter))),
    };
    steps.extend_from_slice(expanded);
    Ok(rest)
}

const COLON: Step = Step::Literal(b':');
const SLASH: Step = Step::Literal(b'/');

fn unknown_letter(pattern: &str, letter: Option<u8>) -> TimeFormatError {
    let hint = match letter {
        Some(b'L' | b'N') => ": for the digits of a fraction write %f",
        Some(b'r') => ": write %I:%M:%S %p",
        Some(b'c' | b'x' | b'X') => ": it depends on a country; write the parts",
        None => ": for a percent sign write %%",
        Some(_) => "",
    };
    TimeFormatError::UnknownLetter {
        pattern: pattern.to_owned(),
        letter: letter.map(char::from).map(String::from).unwrap_or_default(),
        hint,
    }
}

/// What the steps have found so far.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    ordinal: Option<i64>,
    hour: Option<i64>,
    half: Option<HalfOfDay>,
    minute: i64,
    second: i64,
    fraction: Option<Fraction>,
    weekday: Option<i64>,
    offset_seconds: i64,
    epoch_seconds: Option<i64>,
}

impl Parts {
    fn take(&mut self, step: Step, cursor: &mut Cursor<'_>) -> Option<()> {
        let mut short = || cursor.number(2).map(|(value, _)| value);
        match step {
            Step::Literal(byte) => return cursor.eat(byte).then_some(()),
            Step::Blanks => {
                cursor.eat_blanks();
            }
            Step::Year => self.year = cursor.digits(4)?,
            Step::YearOfTwoDigits => self.year = year_of_two_digits(cursor.digits(2)?),
            Step::Month => self.month = short()?,
            Step::MonthName => self.month = month_of_name(cursor.word())?,
            Step::Day => {
                cursor.eat_blanks();
                self.day = cursor.number(2)?.0;
            }
            Step::DayOfYear => self.ordinal = Some(cursor.number(3)?.0),
            Step::Hour => {
                cursor.eat_blanks();
                self.hour = Some(cursor.number(2)?.0);
            }
            Step::Minute => self.minute = short()?,
            Step::Second => self.second = short()?,
            Step::FractionDigits => {
                self.fraction = Some(cursor.fraction_digits(MICROS_PER_SECOND)?);
            }
            Step::PointAndFraction => self.fraction = Some(cursor.fraction(MICROS_PER_SECOND)?),
            Step::HalfOfDay => self.half = Some(half_of_day(cursor)?),
            Step::Weekday => self.weekday = Some(weekday_of_name(cursor.word())?),
            Step::Offset => self.offset_seconds = take_offset(cursor)?,
            Step::ZoneName => return is_utc(cursor.word()).then_some(()),
            Step::EpochSeconds => {
                let sign = if cursor.eat(b'-') { -1 } else { 1 };
                self.epoch_seconds = Some(sign * cursor.number(12)?.0);
            }
        }
        Some(())
    }

    fn moment(self) -> Option<Moment> {
        let fraction = self.fraction.unwrap_or(Fraction::ZERO);
        if let Some(seconds) = self.epoch_seconds {
            let micros = seconds * MICROS_PER_SECOND + fraction.micros;
            return Some(Moment { micros, is_date: false, is_exact: fraction.is_exact });
        }
        let days = match self.ordinal {
            Some(ordinal) => days_of_ordinal(self.year, ordinal)?,
            None => days_of_date(self.year, self.month, self.day)?,
        };
        if self.weekday.is_some_and(|weekday| weekday != weekday_of(days)) {
            return None;
        }
        let Some(hour) = self.hour else { return Some(Moment::day(days)) };
        let hour = match self.half {
            Some(half) => hour_of_half_day(hour, half)?,
            None => hour,
        };
        let clock = Clock::try_new(hour, self.minute, self.second, fraction)?;
        Some(Moment::at(days, clock, self.offset_seconds))
    }
}

fn is_utc(name: &[u8]) -> bool {
    !name.is_empty() && offset(name) == Some(0)
}

/// Takes an offset with a sign, or `Z`, where it is next.
fn take_offset(cursor: &mut Cursor<'_>) -> Option<i64> {
    cursor.eat_blanks();
    let is_part = |byte: &&u8| byte.is_ascii_digit() || **byte == b':';
    let len = match cursor.peek()? {
        b'+' | b'-' => 1 + cursor.rest.iter().skip(1).take_while(is_part).count(),
        _ => 1,
    };
    let (text, rest) = cursor.rest.split_at_checked(len)?;
    cursor.rest = rest;
    offset(text)
}
