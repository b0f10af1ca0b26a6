//! Which formats every text of a column fits.

use std::fmt;

use super::iso8601::{self, DayForm};
use super::numeric::Numbers;
use super::{Moment, Separator, TimeFormat, YearDigits, month_name};

/// The format of a column, and what is lost by reading it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The format that every value fits.
    pub format: TimeFormat,
    /// No value has a time of day.
    pub is_date: bool,
    /// No value loses a digit or a leap second.
    pub is_exact: bool,
    /// Why the values alone do not settle it: the column stays text unless somebody says more.
    pub ambiguous: Option<Ambiguity>,
}

/// What the values of a column leave open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ambiguity {
    /// No value has a day past the twelfth; `other` reads them all as well, to other days.
    DayOrMonthFirst {
        /// The format with the other order.
        other: TimeFormat,
    },
    /// All values look like `2025-274`: ordinal dates of ISO 8601, or the numbers of some papers. In
    /// a column that is named as a time they are dates.
    OrdinalOrIdentifier,
}

/// The reason in words, for a report: `could be day/month/year as well: give its format`.
impl fmt::Display for Ambiguity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DayOrMonthFirst { other } => {
                write!(formatter, "could be {other} as well: give its format")
            }
            Self::OrdinalOrIdentifier => formatter
                .write_str("could be ordinal dates or identifiers: give its format to read dates"),
        }
    }
}

/// The formats that fit all texts seen so far. Cheap to copy; costs next to nothing once no format
/// is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeCandidates {
    alive: Formats,
    seen: Seen,
}

/// What holds for every text seen. Invariant: all true before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    nothing: bool,
    only_dates: bool,
    only_exact: bool,
    only_ordinals: bool,
    only_equal_day_and_month: bool,
}

/// A set of formats, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Formats(u16);

impl Formats {
    const NONE: Self = Self(0);
    const ALL: Self = Self((1 << 14) - 1);
    const ISO8601: Self = Self(1);
    const RFC2822: Self = Self(1 << 1);
    const COMMON_LOG: Self = Self(1 << 2);
    const YEAR_HYPHEN: Self = Self(1 << 3);
    const YEAR_SLASH: Self = Self(1 << 4);
    const YEAR_DOT: Self = Self(1 << 5);
    const MONTH_NAME: Self = Self(1 << 6);
    const DAY_SLASH: Self = Self(1 << 7);
    const DAY_SLASH_YY: Self = Self(1 << 8);
    const DAY_HYPHEN: Self = Self(1 << 9);
    const DAY_DOT: Self = Self(1 << 10);
    const MONTH_SLASH: Self = Self(1 << 11);
    const MONTH_SLASH_YY: Self = Self(1 << 12);
    const MONTH_HYPHEN: Self = Self(1 << 13);

    /// The formats, the one to prefer first.
    const TABLE: [(Self, TimeFormat); 14] = [
        (Self::ISO8601, TimeFormat::Iso8601),
        (Self::RFC2822, TimeFormat::Rfc2822),
        (Self::COMMON_LOG, TimeFormat::CommonLog),
        (Self::YEAR_HYPHEN, TimeFormat::YearFirst { separator: Separator::Hyphen }),
        (Self::YEAR_SLASH, TimeFormat::YearFirst { separator: Separator::Slash }),
        (Self::YEAR_DOT, TimeFormat::YearFirst { separator: Separator::Dot }),
        (Self::MONTH_NAME, TimeFormat::MonthName),
        (Self::DAY_SLASH, day_first(Separator::Slash, YearDigits::Four)),
        (Self::DAY_SLASH_YY, day_first(Separator::Slash, YearDigits::Two)),
        (Self::DAY_HYPHEN, day_first(Separator::Hyphen, YearDigits::Four)),
        (Self::DAY_DOT, day_first(Separator::Dot, YearDigits::Four)),
        (Self::MONTH_SLASH, month_first(Separator::Slash, YearDigits::Four)),
        (Self::MONTH_SLASH_YY, month_first(Separator::Slash, YearDigits::Two)),
        (Self::MONTH_HYPHEN, month_first(Separator::Hyphen, YearDigits::Four)),
    ];

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The formats of the set, the one to prefer first.
    fn iter(self) -> impl Iterator<Item = TimeFormat> {
        Self::TABLE.into_iter().filter(move |(bit, _)| self.has_any(*bit)).map(|(_, format)| format)
    }
}

const fn day_first(separator: Separator, year: YearDigits) -> TimeFormat {
    TimeFormat::DayFirst { separator, year }
}

const fn month_first(separator: Separator, year: YearDigits) -> TimeFormat {
    TimeFormat::MonthFirst { separator, year }
}

impl Default for TimeCandidates {
    fn default() -> Self {
        Self::new()
    }
}

impl TimeCandidates {
    /// No text seen.
    pub fn new() -> Self {
        let seen = Seen {
            nothing: true,
            only_dates: true,
            only_exact: true,
            only_ordinals: true,
            only_equal_day_and_month: true,
        };
        Self { alive: Formats::ALL, seen }
    }

    /// Sees one text. Blanks around it do not count; an empty one fits no format.
    #[inline]
    pub fn observe(&mut self, text: &str) {
        if !self.is_hopeless() {
            self.observe_hopeful(text);
        }
    }

    fn observe_hopeful(&mut self, text: &str) {
        let one = fit(text.trim_ascii(), self.alive);
        self.merge(&one.unwrap_or(Self { alive: Formats::NONE, ..Self::new() }));
    }

    /// Sees what the other has seen.
    pub fn merge(&mut self, other: &Self) {
        self.alive = self.alive.and(other.alive);
        let (seen, other) = (&mut self.seen, &other.seen);
        seen.nothing &= other.nothing;
        seen.only_dates &= other.only_dates;
        seen.only_exact &= other.only_exact;
        seen.only_ordinals &= other.only_ordinals;
        seen.only_equal_day_and_month &= other.only_equal_day_and_month;
        if self.is_hopeless() {
            // One form for all hopeless ones: they are equal however they came to be so.
            *self = Self { alive: Formats::NONE, ..Self::new() };
        }
    }

    /// Whether no format is left, so that the column is text.
    #[inline]
    pub fn is_hopeless(&self) -> bool {
        self.alive == Formats::NONE
    }

    /// The format that every text fits. None before the first text.
    pub fn decide(&self) -> Option<Decided> {
        if self.seen.nothing {
            return None;
        }
        let format = self.alive.iter().next()?;
        let ambiguous = match &format {
            TimeFormat::Iso8601 if self.seen.only_ordinals => Some(Ambiguity::OrdinalOrIdentifier),
            TimeFormat::DayFirst { .. } if !self.seen.only_equal_day_and_month => {
                self.month_first().map(|other| Ambiguity::DayOrMonthFirst { other })
            }
            _ => None,
        };
        let Seen { only_dates: is_date, only_exact: is_exact, .. } = self.seen;
        Some(Decided { format, is_date, is_exact, ambiguous })
    }

    /// Whether a text of the format that was decided could make it ambiguous: so far the day and
    /// the month were the same number in every text.
    pub fn may_become_ambiguous(&self) -> bool {
        !self.seen.nothing && self.seen.only_equal_day_and_month && self.month_first().is_some()
    }

    /// The format that all texts fit with the month first.
    fn month_first(&self) -> Option<TimeFormat> {
        self.alive.iter().find(|format| matches!(format, TimeFormat::MonthFirst { .. }))
    }
}

/// What one text says by itself. Of the formats outside `alive` it need not say anything.
fn fit(text: &str, alive: Formats) -> Option<TimeCandidates> {
    let bytes = text.as_bytes();
    let first = bytes.first()?;
    if bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    const YEAR_HYPHEN: Formats = Formats::ISO8601.or(Formats::YEAR_HYPHEN);
    if alive.has_any(YEAR_HYPHEN)
        && let Some((moment, form)) = iso8601::parse_with_form(bytes)
    {
        // All that ISO 8601 reads, the looser format with hyphens reads to the same moment.
        let mut fit = fitting(YEAR_HYPHEN, moment);
        fit.seen.only_ordinals = form == DayForm::Ordinal && moment.is_date;
        return Some(fit);
    }
    if first.is_ascii_digit()
        && let Some(numbers) = Numbers::read(bytes)
    {
        return fit_numbers(&numbers);
    }
    let readings = [
        (Formats::RFC2822, month_name::parse_rfc2822 as fn(&str) -> Option<Moment>),
        (Formats::MONTH_NAME, |text| month_name::parse(text.as_bytes())),
        (Formats::COMMON_LOG, |text| month_name::parse_common_log(text.as_bytes())),
    ];
    union(
        readings
            .into_iter()
            .filter(|(bit, _)| alive.has_any(*bit))
            .map(|(bit, read)| (bit, read(text))),
    )
}

fn fit_numbers(numbers: &Numbers<'_>) -> Option<TimeCandidates> {
    let day_first = |year| numbers.day_first(year);
    let month_first = |year| numbers.month_first(year);
    let (four, two) = (YearDigits::Four, YearDigits::Two);
    let mut fit = match numbers.separator {
        Separator::Slash => union([
            (Formats::YEAR_SLASH, numbers.year_first()),
            (Formats::DAY_SLASH, day_first(four)),
            (Formats::MONTH_SLASH, month_first(four)),
            (Formats::DAY_SLASH_YY, day_first(two)),
            (Formats::MONTH_SLASH_YY, month_first(two)),
        ]),
        Separator::Hyphen => union([
            (Formats::YEAR_HYPHEN, numbers.year_first()),
            (Formats::DAY_HYPHEN, day_first(four)),
            (Formats::MONTH_HYPHEN, month_first(four)),
        ]),
        // Where month and day are not padded, see [`TimeFormat::is_evident_in`]. Nobody puts the month
        // before the day with dots.
        Separator::Dot => union([
            (Formats::YEAR_DOT, numbers.year_first().filter(|_| numbers.is_padded())),
            (Formats::DAY_DOT, day_first(four)),
        ]),
    }?;
    fit.seen.only_equal_day_and_month = numbers.has_equal_day_and_month();
    Some(fit)
}

/// The formats by which one text could be read. They agree on what was lost, though not on the day.
fn union(readings: impl IntoIterator<Item = (Formats, Option<Moment>)>) -> Option<TimeCandidates> {
    readings
        .into_iter()
        .filter_map(|(bit, moment)| Some(fitting(bit, moment?)))
        .reduce(|left, right| TimeCandidates { alive: left.alive.or(right.alive), ..left })
}

fn fitting(alive: Formats, moment: Moment) -> TimeCandidates {
    let seen = Seen {
        nothing: false,
        only_dates: moment.is_date,
        only_exact: moment.is_exact,
        only_ordinals: false,
        only_equal_day_and_month: false,
    };
    TimeCandidates { alive, seen }
}
