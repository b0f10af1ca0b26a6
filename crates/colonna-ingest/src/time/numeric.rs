//! Dates of three numbers whose order the text does not tell: `31/12/2025`, `12.31.25`, `2025/12/31`.

use super::calendar::{Moment, days_of_date, year_of_two_digits};
use super::clock::moment_on;
use super::cursor::Cursor;
use super::format::{Separator, YearDigits};

/// Three numbers between two separators, as they were written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers<'a> {
    pub(super) separator: Separator,
    first: Number,
    second: Number,
    third: Number,
    rest: Cursor<'a>,
}

#[derive(Clone, Copy, Debug)]
struct Number {
    value: i64,
    len: usize,
}

impl<'a> Numbers<'a> {
    /// Reads the start of a text without blanks around it.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let mut rest = Cursor::new(text);
        let first = Number::read(&mut rest)?;
        let separator = Separator::of_byte(rest.peek()?)?;
        rest.eat(separator.byte());
        let second = Number::read(&mut rest)?;
        rest.eat(separator.byte()).then_some(())?;
        let third = Number::read(&mut rest)?;
        Some(Self { separator, first, second, third, rest })
    }

    /// How many digits the year has if it is the last of the three.
    pub(super) fn last_year_digits(&self) -> Option<YearDigits> {
        match self.third.len {
            4 => Some(YearDigits::Four),
            2 => Some(YearDigits::Two),
            _ => None,
        }
    }

    /// Month and day both have two digits, with the year first.
    pub(super) fn is_padded(&self) -> bool {
        self.second.len == 2 && self.third.len == 2
    }

    /// The order of day and month makes no difference.
    pub(super) fn has_equal_day_and_month(&self) -> bool {
        self.first.value == self.second.value
    }

    pub(super) fn year_first(&self) -> Option<Moment> {
        let has_widths = self.first.len == 4 && self.second.len <= 2 && self.third.len <= 2;
        has_widths.then(|| self.moment(self.first.value, self.second.value, self.third.value))?
    }

    pub(super) fn day_first(&self, year: YearDigits) -> Option<Moment> {
        self.moment(self.last_year(year)?, self.second.value, self.first.value)
    }

    pub(super) fn month_first(&self, year: YearDigits) -> Option<Moment> {
        self.moment(self.last_year(year)?, self.first.value, self.second.value)
    }

    fn last_year(&self, wanted: YearDigits) -> Option<i64> {
        let has_widths = self.first.len <= 2 && self.second.len <= 2;
        (has_widths && self.last_year_digits()? == wanted).then_some(match wanted {
            YearDigits::Four => self.third.value,
            YearDigits::Two => year_of_two_digits(self.third.value),
        })
    }

    fn moment(&self, year: i64, month: i64, day: i64) -> Option<Moment> {
        moment_on(days_of_date(year, month, day)?, self.rest)
    }
}

impl Number {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.number(4).map(|(value, len)| Self { value, len })
    }
}
