//! Units and parts of time, in the proleptic Gregorian calendar and UTC.

use chrono::{DateTime, Datelike, Days, NaiveDate};
use colonna_schema::Scalar;

use crate::ExecError;

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(super) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    /// So many microseconds, a day at most.
    Micros(i64),
    /// From Monday on.
    Week,
    /// So many months: a month, quarter, year, decade, century or millennium. The last three start
    /// with a year that they divide, as the year 2000.
    Months(i64),
}

/// The units by their names; plurals and abbreviations follow in [`TimeUnit::named`].
const UNITS: [(&str, TimeUnit); 13] = [
    ("microsecond", TimeUnit::Micros(1)),
    ("millisecond", TimeUnit::Micros(1000)),
    ("second", TimeUnit::Micros(MICROS_PER_SECOND)),
    ("minute", TimeUnit::Micros(60 * MICROS_PER_SECOND)),
    ("hour", TimeUnit::Micros(3600 * MICROS_PER_SECOND)),
    ("day", TimeUnit::Micros(MICROS_PER_DAY)),
    ("week", TimeUnit::Week),
    ("month", TimeUnit::Months(1)),
    ("quarter", TimeUnit::Months(3)),
    ("year", TimeUnit::Months(12)),
    ("decade", TimeUnit::Months(120)),
    ("century", TimeUnit::Months(1200)),
    ("millennium", TimeUnit::Months(12_000)),
];

/// The name that a plural or an abbreviation stands for.
fn canonical(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    match name.as_str() {
        "us" | "usec" | "usecs" => "microsecond",
        "ms" | "msec" | "msecs" => "millisecond",
        "s" | "sec" | "secs" => "second",
        "m" | "min" | "mins" => "minute",
        "h" | "hr" | "hrs" => "hour",
        "d" | "dayofmonth" => "day",
        "w" | "weekofyear" | "isoweek" => "week",
        "mon" | "mons" => "month",
        "y" | "yr" | "yrs" => "year",
        "centuries" => "century",
        "millennia" | "millenium" => "millennium",
        "dayofweek" | "weekday" => "dow",
        "dayofyear" => "doy",
        other => other.strip_suffix('s').filter(|unit| is_unit(unit)).unwrap_or(other),
    }
    .to_owned()
}

fn is_unit(name: &str) -> bool {
    UNITS.iter().any(|(unit, _)| *unit == name)
}

impl TimeUnit {
    /// The unit of that name.
    pub(crate) fn named(function: &'static str, name: &str) -> Result<Self, ExecError> {
        let wanted = canonical(name);
        UNITS.iter().find(|(known, _)| *known == wanted).map(|(_, unit)| *unit).ok_or_else(|| {
            let known: Vec<&str> = UNITS.iter().map(|(known, _)| *known).collect();
            let (unit, known) = (name.to_owned(), known.join(", "));
            ExecError::UnknownUnit { function, unit, known }
        })
    }

    /// Whether it is a number of days.
    pub(crate) fn is_whole_days(self) -> bool {
        !matches!(self, Self::Micros(micros) if micros < MICROS_PER_DAY)
    }

    /// The start of the unit that a moment lies in.
    pub(super) fn start(self, micros: i64) -> Option<i64> {
        match self {
            Self::Micros(width) => micros.checked_sub(micros.rem_euclid(width)),
            _ => self.start_of_day(micros.div_euclid(MICROS_PER_DAY))?.checked_mul(MICROS_PER_DAY),
        }
    }

    /// The first day of the unit that a day lies in.
    pub(super) fn start_of_day(self, day: i64) -> Option<i64> {
        match self {
            Self::Micros(_) => Some(day),
            // 1970-01-01 was a Thursday.
            Self::Week => day.checked_sub((day.rem_euclid(7) + 3) % 7),
            Self::Months(width) => {
                let month = month_number(day)?;
                first_day(month - month.rem_euclid(width))
            }
        }
    }

    /// The number of the unit that a moment lies in, counted from any fixed one.
    pub(super) fn number(self, micros: i64) -> Option<i64> {
        let day = micros.div_euclid(MICROS_PER_DAY);
        match self {
            Self::Micros(width) => Some(micros.div_euclid(width)),
            Self::Week => Some((day + 3).div_euclid(7)),
            Self::Months(width) => Some(month_number(day)?.div_euclid(width)),
        }
    }
}

/// The date of a day since 1970-01-01.
pub(super) fn date_of(day: i64) -> Option<NaiveDate> {
    let epoch = DateTime::UNIX_EPOCH.date_naive();
    match u64::try_from(day) {
        Ok(after) => epoch.checked_add_days(Days::new(after)),
        Err(_) => epoch.checked_sub_days(Days::new(day.unsigned_abs())),
    }
}

/// The days since 1970-01-01.
pub(super) fn day_of(date: NaiveDate) -> i64 {
    date.signed_duration_since(DateTime::UNIX_EPOCH.date_naive()).num_days()
}

/// The months since the year 0.
pub(super) fn month_number(day: i64) -> Option<i64> {
    let date = date_of(day)?;
    Some(i64::from(date.year()) * 12 + i64::from(date.month0()))
}

/// The first day of a month since the year 0.
pub(super) fn first_day(month: i64) -> Option<i64> {
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    let month = u32::try_from(month.rem_euclid(12)).ok()? + 1;
    NaiveDate::from_ymd_opt(year, month, 1).map(day_of)
}

/// Months later or earlier, at the same time of the day; a day that the month lacks becomes its
/// last one.
pub(super) fn add_months(micros: i64, months: i64) -> Option<i64> {
    let (day, time) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
    let date = date_of(day)?;
    let month = month_number(day)?.checked_add(months)?;
    let (first, next) = (first_day(month)?, first_day(month.checked_add(1)?)?);
    let day = (first + i64::from(date.day0())).min(next - 1);
    day.checked_mul(MICROS_PER_DAY)?.checked_add(time)
}

/// A part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimePart {
    /// Of the time of the day: the rest by the first, in steps of the second.
    Clock(i64, i64),
    Day,
    Month,
    Year,
    Quarter,
    Week,
    IsoYear,
    /// From 0, Sunday.
    DayOfWeek,
    /// From 1, Monday.
    IsoDayOfWeek,
    DayOfYear,
    /// Year divided.
    Decade,
    /// So many years, counted from one: 2000 is in the 20th century.
    Era(i64),
    YearWeek,
}

const MINUTE: i64 = 60 * MICROS_PER_SECOND;

/// The parts by their names.
const PARTS: [(&str, TimePart); 18] = [
    ("year", TimePart::Year),
    ("quarter", TimePart::Quarter),
    ("month", TimePart::Month),
    ("week", TimePart::Week),
    ("day", TimePart::Day),
    ("hour", TimePart::Clock(MICROS_PER_DAY, 60 * MINUTE)),
    ("minute", TimePart::Clock(60 * MINUTE, MINUTE)),
    ("second", TimePart::Clock(MINUTE, MICROS_PER_SECOND)),
    // These two hold the seconds too, as SQL has it.
    ("millisecond", TimePart::Clock(MINUTE, 1000)),
    ("microsecond", TimePart::Clock(MINUTE, 1)),
    ("dow", TimePart::DayOfWeek),
    ("isodow", TimePart::IsoDayOfWeek),
    ("doy", TimePart::DayOfYear),
    ("isoyear", TimePart::IsoYear),
    ("yearweek", TimePart::YearWeek),
    ("decade", TimePart::Decade),
    ("century", TimePart::Era(100)),
    ("millennium", TimePart::Era(1000)),
];

/// The part of that name; a literal, so that a wrong name is found before any row is.
pub(crate) fn time_part(name: Option<&Scalar>) -> Result<TimePart, ExecError> {
    let name = match name {
        Some(Scalar::Utf8(name)) => name.as_str(),
        _ => "",
    };
    let wanted = canonical(name);
    PARTS.iter().find(|(known, _)| *known == wanted).map(|(_, part)| *part).ok_or_else(|| {
        let known: Vec<&str> = PARTS.iter().map(|(known, _)| *known).chain(["epoch"]).collect();
        let (unit, known) = (name.to_owned(), known.join(", "));
        ExecError::UnknownUnit { function: "extract", unit, known }
    })
}

impl TimePart {
    /// The part of a date. Parts of the time of the day are 0.
    pub(super) fn of_date(self, date: NaiveDate) -> i64 {
        let year = i64::from(date.year());
        let week = date.iso_week();
        match self {
            Self::Clock(..) => 0,
            Self::Year => year,
            Self::Month => i64::from(date.month()),
            Self::Day => i64::from(date.day()),
            Self::Quarter => i64::from(date.quarter()),
            Self::Week => i64::from(week.week()),
            Self::IsoYear => i64::from(week.year()),
            Self::YearWeek => {
                let year = i64::from(week.year());
                year * 100 + if year < 0 { -1 } else { 1 } * i64::from(week.week())
            }
            Self::DayOfWeek => i64::from(date.weekday().num_days_from_sunday()),
            Self::IsoDayOfWeek => i64::from(date.weekday().number_from_monday()),
            Self::DayOfYear => i64::from(date.ordinal()),
            Self::Decade => year.div_euclid(10),
            Self::Era(years) if year > 0 => (year - 1) / years + 1,
            Self::Era(years) => year / years - 1,
        }
    }
}
