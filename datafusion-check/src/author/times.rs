//! Days and moments.

use colonna_schema::Scalar;

use super::{Author, Kind};
use crate::differences::{binned, days_later};
use crate::phrase::Phrase;

const UNITS: &[&str] = &["second", "minute", "hour", "day", "week", "month", "quarter", "year"];

const PARTS: &[&str] =
    &["year", "quarter", "month", "week", "day", "doy", "dow", "hour", "minute", "second"];

impl Author<'_> {
    pub(super) fn day(&mut self, depth: usize) -> Phrase {
        if depth == 0 {
            return match self.dice.below(5) {
                0 => self.literal(Kind::Day),
                _ => self.column(Kind::Day),
            };
        }
        match self.dice.below(4) {
            0 => Phrase::of("CAST({0} AS DATE)", &[self.moment(depth - 1)]),
            1 | 2 => {
                let days = self.dice.between(-40, 40);
                days_later(self.day(depth - 1), days)
            }
            _ => self.chosen(Kind::Day, depth - 1),
        }
    }

    pub(super) fn moment(&mut self, depth: usize) -> Phrase {
        if depth == 0 {
            return match self.dice.below(6) {
                0 => self.literal(Kind::Moment),
                _ => self.column(Kind::Moment),
            };
        }
        let depth = depth - 1;
        match self.dice.below(8) {
            0..=2 => self.truncated(depth),
            3 => {
                let width = self.dice.pick(&["15 minutes", "1 hour", "7 days", "10 seconds"]);
                binned(width, self.moment(depth))
            }
            4 | 5 => {
                let sign = self.dice.pick(&["+", "-"]);
                let span = self.dice.pick(&["1 day", "90 minutes", "1 month", "1 year 2 days"]);
                let parts = [self.moment(depth), Phrase::same(sign), Phrase::same(span)];
                Phrase::of("({0} {1} INTERVAL '{2}')", &parts)
            }
            6 => Phrase::of("CAST({0} AS TIMESTAMP)", &[self.column(Kind::Day)]),
            _ => self.chosen(Kind::Moment, depth),
        }
    }

    pub(super) fn truncated(&mut self, depth: usize) -> Phrase {
        let unit = super::quoted(self.dice.pick(UNITS));
        let of_day = self.dice.one_in(4);
        let time = if of_day { self.day(depth) } else { self.moment(depth) };
        Phrase::of("date_trunc({1}, {0})", &[time, unit])
    }

    pub(super) fn time_part(&mut self, depth: usize) -> Phrase {
        let of_day = self.dice.one_in(3);
        let known = if of_day { PARTS.len() - 3 } else { PARTS.len() };
        let part = Phrase::same(PARTS[self.dice.below(known)]);
        let time = if of_day { self.day(depth) } else { self.moment(depth) };
        let template = match self.dice.below(2) {
            0 => "extract({1} FROM {0})",
            _ => "date_part('{1}', {0})",
        };
        Phrase::of(template, &[time, part])
    }
}

/// `DATE '2024-02-29'`
pub(super) fn day_literal(day: i32) -> Phrase {
    Phrase::same(format!("DATE '{}'", Scalar::Date(day)))
}

/// `TIMESTAMP '2024-02-29T12:00:00Z'`, without the zone: all are in UTC.
pub(super) fn moment_literal(micros: i64) -> Phrase {
    let written = Scalar::Timestamp(micros).to_string();
    Phrase::same(format!("TIMESTAMP '{}'", written.trim_end_matches('Z').replace('T', " ")))
}
