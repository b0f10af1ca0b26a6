//! Texts and numbers that mean a time.
//!
//! A column becomes a time only where every one of its values fits ONE [`TimeFormat`]: the first
//! pass shows each value to [`TimeCandidates`] (or to [`EpochCandidates`], for numbers in a column
//! that was named as a time), which strikes out the formats it does not fit; the second pass reads
//! every value by the format that was left.
//!
//! All moments are microseconds since 1970-01-01T00:00:00Z. An offset is applied, a text without one
//! is UTC. What is finer than a microsecond is cut towards the past, and [`Moment::is_exact`] says
//! so; a leap second is folded into the second after it, and is not exact either.
//!
//! Rules that a reader of a text cannot see by looking at it:
//!
//! - Digits alone (`20251001`, `1588205000`) are a number, never a time, until a format is given.
//! - `05/06/2010` is day first or month first by the evidence of the whole column. A column in which
//!   no value tells is [`Ambiguity::DayOrMonthFirst`]. With dots (`05.06.2010`) it is day first.
//! - Two digits of a year are 1969 to 2068. They are looked for in `5/6/10` and `5-Jun-10` only, for
//!   `5.6.10` may as well be a version; and they are looked for last (`10/06/05` with the year first
//!   must be given as `%y/%m/%d`).
//! - A year and a month, or a year and a week, name no day: they stay text.
//! - A weekday that is not the date's own, and a time zone by name other than UTC and GMT, are not
//!   read: what cannot be kept is not guessed.

mod calendar;
mod candidates;
mod clock;
mod cursor;
mod epoch;
mod format;
mod iso8601;
mod month_name;
mod numeric;
mod pattern;
#[cfg(test)]
mod tests;

pub use calendar::Moment;
pub(crate) use calendar::{MICROS_PER_DAY, MICROS_PER_SECOND};
pub use candidates::{Ambiguity, Decided, TimeCandidates};
pub use epoch::{EpochCandidates, EpochUnit};
pub use format::{Separator, TimeFormat, TimeFormatError, YearDigits};
pub use pattern::Pattern;
