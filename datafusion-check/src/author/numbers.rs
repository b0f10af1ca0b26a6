//! Integers, doubles and decimals.

use colonna_schema::Scalar;

use super::{Author, Kind, columns, named};
use crate::differences::{computed, decimal, divided, divided_whole, list_len, remainder};
use crate::phrase::Phrase;
use crate::rows::DECIMAL;

impl Author<'_> {
    /// An integer of at most some thousands times a few factors.
    pub(super) fn integer(&mut self, depth: usize) -> Phrase {
        if depth == 0 {
            return match self.dice.below(5) {
                0 => self.small_integer(),
                _ => self.column(Kind::Integer),
            };
        }
        let depth = depth - 1;
        match self.dice.below(16) {
            0 | 1 => Phrase::of("({0} + {1})", &[self.integer(depth), self.integer(depth)]),
            2 => Phrase::of("({0} - {1})", &[self.integer(depth), self.integer(depth)]),
            3 => Phrase::of("({0} * {1})", &[self.integer(depth), self.small_integer()]),
            4 => divided_whole(self.integer(depth), self.integer(0)),
            5 => remainder(self.integer(depth), self.integer(0)),
            6 => Phrase::of("abs({0})", &[self.integer(depth)]),
            7 => Phrase::of("(-{0})", &[self.column(Kind::Integer)]),
            8 => Phrase::of("length({0})", &[self.text(depth)]),
            9 => self.of_text(depth),
            10 => self.time_part(depth),
            11 => Phrase::of("TRY_CAST({0} AS BIGINT)", &[named(&["digits"])]),
            12 => Phrase::of("CAST({0} AS BIGINT)", &[named(&["ok"])]),
            13 => Phrase::of("CAST(floor({0}) AS BIGINT)", &[named(&["x"])]),
            _ => self.chosen(Kind::Integer, depth),
        }
    }

    fn of_text(&mut self, depth: usize) -> Phrase {
        let text = self.text(depth);
        match self.dice.below(4) {
            0 => Phrase::of("octet_length({0})", &[text]),
            1 => list_len("tags"),
            _ => {
                let part = self.dice.pick(&["'o'", "'er'", "'a'", "' '"]);
                Phrase::of("strpos({0}, {1})", &[text, Phrase::same(part)])
            }
        }
    }

    fn small_integer(&mut self) -> Phrase {
        let value = self.dice.between(-9, 9);
        Phrase::same(if value < 0 { format!("({value})") } else { value.to_string() })
    }

    /// A double that both compute bit by bit alike.
    pub(super) fn double(&mut self, depth: usize) -> Phrase {
        if depth == 0 {
            return match self.dice.below(4) {
                0 => self.quarters(),
                _ => self.column(Kind::Double),
            };
        }
        let depth = depth - 1;
        let double = match self.dice.below(15) {
            0 => Phrase::of("({0} + {1})", &[self.double(depth), self.double(depth)]),
            1 => Phrase::of("({0} - {1})", &[self.double(depth), self.integer(depth)]),
            2 => Phrase::of("({0} * {1})", &[self.double(depth), self.quarters()]),
            3 => divided(self.integer(depth), self.integer(0)),
            4 => divided(self.double(depth), self.integer(0)),
            5 => {
                let function = self.dice.pick(&["abs", "floor", "ceil", "round", "trunc"]);
                Phrase::of("{1}({0})", &[self.double(depth), Phrase::same(function)])
            }
            6 => Phrase::of("round({0}, 1)", &[self.double(depth)]),
            7 => Phrase::of("(-{0})", &[self.double(depth)]),
            8 => Phrase::of("CAST({0} AS DOUBLE)", &[self.decimal(0)]),
            9 => Phrase::of("CAST({0} AS DOUBLE)", &[self.integer(depth)]),
            10 => Phrase::of("sqrt(abs({0}))", &[self.double(depth)]),
            11 => Phrase::of("exp({0} / 1000.0)", &[self.column(Kind::Double)]),
            12 => Phrase::of("power({0}, 2.0)", &[self.double(0)]),
            _ => return self.chosen(Kind::Double, depth),
        };
        computed(double)
    }

    fn quarters(&mut self) -> Phrase {
        let value = self.dice.between(-40, 40) as f64 / 4.0;
        Phrase::same(if value < 0.0 { format!("({value:?})") } else { format!("{value:?}") })
    }

    pub(super) fn decimal(&mut self, depth: usize) -> Phrase {
        if depth == 0 {
            return match self.dice.below(4) {
                0 => decimal(&format!("{}.25", self.dice.between(-99, 99)), DECIMAL.0, DECIMAL.1),
                _ => self.column(Kind::Decimal),
            };
        }
        let depth = depth - 1;
        match self.dice.below(6) {
            0 => Phrase::of("({0} + {1})", &[self.decimal(depth), self.decimal(depth)]),
            1 => Phrase::of("({0} - {1})", &[self.decimal(depth), self.decimal(0)]),
            2 => Phrase::of("({0} * {1})", &[self.decimal(0), self.decimal(0)]),
            3 => Phrase::of("abs({0})", &[self.decimal(depth)]),
            4 => Phrase::of("CAST({0} AS DECIMAL(12, 2))", &[self.integer(0)]),
            _ => self.chosen(Kind::Decimal, depth),
        }
    }

    /// A function that chooses among values of one type.
    pub(super) fn chosen(&mut self, kind: Kind, depth: usize) -> Phrase {
        match self.dice.below(5) {
            0 => Phrase::of("coalesce({0}, {1})", &[self.value(kind, depth), self.value(kind, 0)]),
            1 => Phrase::of("nullif({0}, {1})", &[self.value(kind, depth), self.literal(kind)]),
            2 => {
                let function = self.dice.pick(&["greatest", "least"]);
                let parts = [self.value(kind, depth), self.value(kind, 0), Phrase::same(function)];
                Phrase::of("{2}({0}, {1})", &parts)
            }
            3 => {
                let parts =
                    [self.condition(depth), self.value(kind, depth), self.value(kind, depth)];
                let template = match self.dice.below(3) {
                    0 => "(CASE WHEN {0} THEN {1} END)",
                    _ => "(CASE WHEN {0} THEN {1} ELSE {2} END)",
                };
                Phrase::of(template, &parts)
            }
            _ => {
                let parts = [
                    self.column(Kind::Integer),
                    self.literal(Kind::Integer),
                    self.value(kind, depth),
                    self.literal(Kind::Integer),
                    self.value(kind, depth),
                    self.literal(kind),
                ];
                Phrase::of("(CASE {0} WHEN {1} THEN {2} WHEN {3} THEN {4} ELSE {5} END)", &parts)
            }
        }
    }

    /// A literal: mostly a value that a column of the table has.
    pub(super) fn literal(&mut self, kind: Kind) -> Phrase {
        let path = self.dice.pick(columns(kind));
        self.literal_of(path, kind)
    }

    /// A literal of a type: mostly a value that the column of that path has.
    pub(super) fn literal_of(&mut self, path: &[&str], kind: Kind) -> Phrase {
        let found = self.found(path);
        match (kind, found) {
            (_, Scalar::Int64(value)) => integer_literal(value),
            (_, Scalar::Float64(value)) => double_literal(value),
            (_, value @ Scalar::Decimal { .. }) => {
                decimal(&value.to_string(), DECIMAL.0, DECIMAL.1)
            }
            (_, Scalar::Boolean(value)) => Phrase::same(value.to_string()),
            (_, Scalar::Utf8(text)) => super::quoted(&text),
            (_, Scalar::Date(day)) => super::times::day_literal(day),
            (_, Scalar::Timestamp(micros)) => super::times::moment_literal(micros),
            (Kind::Integer, _) => self.small_integer(),
            (Kind::Double, _) => self.quarters(),
            (Kind::Decimal, _) => decimal("1.50", DECIMAL.0, DECIMAL.1),
            (Kind::Truth, _) => Phrase::same("true"),
            (Kind::Text, _) => super::quoted("Bern"),
            (Kind::Day, _) => super::times::day_literal(19_700),
            (Kind::Moment, _) => super::times::moment_literal(1_700_000_000_000_000),
        }
    }
}

/// The least integer is written as what it is computed of: without its sign it is none.
fn integer_literal(value: i64) -> Phrase {
    Phrase::same(match value {
        i64::MIN => format!("({} - 1)", i64::MIN + 1),
        value if value < 0 => format!("({value})"),
        value => value.to_string(),
    })
}

fn double_literal(value: f64) -> Phrase {
    Phrase::same(match value {
        value if value.is_nan() => "CAST('NaN' AS DOUBLE)".to_owned(),
        value if value.is_infinite() && value > 0.0 => "CAST('inf' AS DOUBLE)".to_owned(),
        value if value.is_infinite() => "CAST('-inf' AS DOUBLE)".to_owned(),
        value if value < 0.0 => format!("({value:?})"),
        value => format!("{value:?}"),
    })
}
