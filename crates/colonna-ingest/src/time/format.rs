//! The formats of a time, their names, and one value read by one of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::numeric::Numbers;
use super::{EpochUnit, Moment, Pattern, iso8601, month_name};

/// A text that is no name of a format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TimeFormatError {
    /// Neither a name nor a pattern.
    #[error(
        "{text:?} is no time format: write iso8601, rfc2822, common_log, month_name, epoch_s, \
         epoch_ms, epoch_us, epoch_ns, day/month/year, month/day/yy, year.month.day (with / - or .), \
         syslog:2025, or a pattern such as %d.%m.%Y %H:%M:%S"
    )]
    UnknownName {
        /// What was given.
        text: String,
    },
    /// A pattern with a letter that is not read.
    #[error("time pattern {pattern:?}: %{letter} is not read{hint}")]
    UnknownLetter {
        /// What was given.
        pattern: String,
        /// The letter behind the percent sign; empty if the pattern ends there.
        letter: String,
        /// What to write in its place, with a separator before it, or nothing.
        hint: &'static str,
    },
    /// A pattern that leaves out what a moment needs.
    #[error("time pattern {pattern:?} has no {missing}")]
    Incomplete {
        /// What was given.
        pattern: String,
        /// What is missing.
        missing: &'static str,
    },
}

/// What stands between the three numbers of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Separator {
    /// `/`
    Slash,
    /// `-`
    Hyphen,
    /// `.`
    Dot,
}

impl Separator {
    const ALL: [Self; 3] = [Self::Slash, Self::Hyphen, Self::Dot];

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Slash => b'/',
            Self::Hyphen => b'-',
            Self::Dot => b'.',
        }
    }

    pub(super) fn of_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|separator| separator.byte() == byte)
    }
}

/// How many digits a year has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YearDigits {
    /// `10`: 1969 to 2068.
    Two,
    /// `2010`
    Four,
}

/// How the times of one column are written.
///
/// A name is its text form: [`fmt::Display`] writes it and [`FromStr`] reads it, in schema files and
/// on the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TimeFormat {
    /// `iso8601`: every form of ISO 8601 that names a day.
    Iso8601,
    /// `rfc2822`: `Tue, 1 Jul 2003 10:52:37 +0200`.
    Rfc2822,
    /// `common_log`: `10/Oct/2000:13:55:36 -0700`.
    CommonLog,
    /// `month_name`: `1-Dec-2010`, `Dec 1, 2010 5:03 PM`, `Wed Oct 11 14:32:52 2000`.
    MonthName,
    /// `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`: a number.
    Epoch(EpochUnit),
    /// `day/month/year`, `day.month.yy`: three numbers, perhaps with a time behind them.
    DayFirst {
        /// What stands between the numbers.
        separator: Separator,
        /// How many digits the year has.
        year: YearDigits,
    },
    /// `month/day/year`, `month-day-yy`.
    MonthFirst {
        /// What stands between the numbers.
        separator: Separator,
        /// How many digits the year has.
        year: YearDigits,
    },
    /// `year/month/day`. With hyphens it is ISO 8601 or `2025-1-5 8:05`.
    YearFirst {
        /// What stands between the numbers.
        separator: Separator,
    },
    /// `syslog:2025`: `Oct  1 22:14:15`, in the year that is given.
    Syslog {
        /// The year of all of them.
        year: i32,
    },
    /// The letters of `strptime`: `%d.%m.%Y %H:%M:%S`.
    Given(Pattern),
}

impl TimeFormat {
    /// Reads one value. Blanks around it do not count.
    ///
    /// ```
    /// use colonna_ingest::TimeFormat;
    /// let moment = TimeFormat::Iso8601.parse("1970-01-01T01:00:00,5+01:00").unwrap();
    /// assert_eq!(moment.micros, 500_000);
    /// ```
    #[inline]
    pub fn parse(&self, text: &str) -> Option<Moment> {
        let text = text.trim_ascii();
        let bytes = text.as_bytes();
        match self {
            Self::Iso8601 => iso8601::parse(bytes),
            Self::Rfc2822 => month_name::parse_rfc2822(text),
            Self::CommonLog => month_name::parse_common_log(bytes),
            Self::MonthName => month_name::parse(bytes),
            Self::Epoch(unit) => unit.parse(bytes),
            Self::DayFirst { separator, year } => {
                Self::numbers(bytes, *separator)?.day_first(*year)
            }
            Self::MonthFirst { separator, year } => {
                Self::numbers(bytes, *separator)?.month_first(*year)
            }
            Self::YearFirst { separator: Separator::Hyphen } => iso8601::parse(bytes)
                .or_else(|| Self::numbers(bytes, Separator::Hyphen)?.year_first()),
            Self::YearFirst { separator } => Self::numbers(bytes, *separator)?.year_first(),
            Self::Syslog { year } => month_name::parse_syslog(bytes, *year),
            Self::Given(pattern) => pattern.parse(bytes),
        }
    }

    /// Whether a text that it reads makes a column one of times where nobody says that it is one. A
    /// number alone does not, nor does `2024.10.1`, which is more often a version.
    pub(crate) fn is_evident_in(&self, text: &str) -> bool {
        let bytes = text.trim_ascii().as_bytes();
        match self {
            Self::Epoch(_) => true,
            Self::YearFirst { separator: Separator::Dot } => {
                Numbers::read(bytes).is_some_and(|numbers| numbers.is_padded())
            }
            _ => !bytes.iter().all(u8::is_ascii_digit),
        }
    }

    fn numbers(text: &[u8], separator: Separator) -> Option<Numbers<'_>> {
        Numbers::read(text).filter(|numbers| numbers.separator == separator)
    }

    /// Every format that has a name of its own.
    pub(super) fn all_named() -> impl Iterator<Item = Self> {
        let plain = [
            Self::Iso8601,
            Self::Rfc2822,
            Self::CommonLog,
            Self::MonthName,
            Self::Epoch(EpochUnit::Seconds),
            Self::Epoch(EpochUnit::Milliseconds),
            Self::Epoch(EpochUnit::Microseconds),
            Self::Epoch(EpochUnit::Nanoseconds),
        ];
        let numeric = Separator::ALL.into_iter().flat_map(|separator| {
            [
                Self::YearFirst { separator },
                Self::DayFirst { separator, year: YearDigits::Four },
                Self::DayFirst { separator, year: YearDigits::Two },
                Self::MonthFirst { separator, year: YearDigits::Four },
                Self::MonthFirst { separator, year: YearDigits::Two },
            ]
        });
        plain.into_iter().chain(numeric)
    }
}

impl fmt::Display for TimeFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = |parts: [&str; 3], separator: &Separator| {
            let separator = char::from(separator.byte());
            let [first, second, third] = parts;
            write!(formatter, "{first}{separator}{second}{separator}{third}")
        };
        let name_of_year = |year: &YearDigits| match year {
            YearDigits::Two => "yy",
            YearDigits::Four => "year",
        };
        match self {
            Self::DayFirst { separator, year } => {
                parts(["day", "month", name_of_year(year)], separator)
            }
            Self::MonthFirst { separator, year } => {
                parts(["month", "day", name_of_year(year)], separator)
            }
            Self::YearFirst { separator } => parts(["year", "month", "day"], separator),
            Self::Iso8601 => formatter.write_str("iso8601"),
            Self::Rfc2822 => formatter.write_str("rfc2822"),
            Self::CommonLog => formatter.write_str("common_log"),
            Self::MonthName => formatter.write_str("month_name"),
            Self::Epoch(EpochUnit::Seconds) => formatter.write_str("epoch_s"),
            Self::Epoch(EpochUnit::Milliseconds) => formatter.write_str("epoch_ms"),
            Self::Epoch(EpochUnit::Microseconds) => formatter.write_str("epoch_us"),
            Self::Epoch(EpochUnit::Nanoseconds) => formatter.write_str("epoch_ns"),
            Self::Syslog { year } => write!(formatter, "syslog:{year}"),
            Self::Given(pattern) => formatter.write_str(pattern.text()),
        }
    }
}

impl FromStr for TimeFormat {
    type Err = TimeFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('%') {
            return Pattern::try_new(text).map(Self::Given);
        }
        let syslog_year = text.strip_prefix("syslog:").and_then(|year| year.parse().ok());
        if let Some(year) = syslog_year.filter(|year| (0..=9999).contains(year)) {
            return Ok(Self::Syslog { year });
        }
        Self::all_named()
            .find(|format| format.to_string() == text)
            .ok_or_else(|| TimeFormatError::UnknownName { text: text.to_owned() })
    }
}

impl TryFrom<String> for TimeFormat {
    type Error = TimeFormatError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeFormat> for String {
    fn from(format: TimeFormat) -> Self {
        format.to_string()
    }
}
