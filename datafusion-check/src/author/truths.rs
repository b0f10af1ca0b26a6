//! Conditions.

use super::texts::EXPRESSIONS;
use super::{Author, Kind, columns, named, quoted};
use crate::differences::{in_list_or_null, like};
use crate::phrase::Phrase;

const COMPARISONS: &[&str] =
    &["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"];

/// Patterns of LIKE; `!` takes the next character literally.
const PATTERNS: &[&str] =
    &["%", "_%", "B%", "%n", "%er%", "_er_", "a!%b", "", "b_r%", "%\u{fc}%", "%o%o%", "%!_%", "__"];

impl Author<'_> {
    /// Any condition, joined of others so many times at most.
    pub fn condition(&mut self, depth: usize) -> Phrase {
        if depth == 0 {
            return self.simple_condition();
        }
        match self.dice.below(8) {
            0 | 1 => {
                Phrase::of("({0} AND {1})", &[self.condition(depth - 1), self.condition(depth - 1)])
            }
            2 | 3 => {
                Phrase::of("({0} OR {1})", &[self.condition(depth - 1), self.condition(depth - 1)])
            }
            4 => Phrase::of("(NOT {0})", &[self.condition(depth - 1)]),
            5 => self.computed_condition(depth - 1),
            _ => self.simple_condition(),
        }
    }

    /// A column against literals, as predicates mostly are.
    fn simple_condition(&mut self) -> Phrase {
        let kind = self.dice.pick(Kind::ALL);
        match self.dice.below(14) {
            0..=4 => self.comparison(kind),
            5 if self.dice.one_in(2) => self.mixed_comparison(),
            5 => self.wide_comparison(),
            6 => self.between(kind),
            7 | 8 => self.in_list(kind),
            9 => self.null_test(),
            10 => {
                let text = self.column(Kind::Text);
                self.pattern(text)
            }
            11 => self.column(Kind::Truth),
            12 => {
                let test = self.dice.pick(&["IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE"]);
                Phrase::of("({0} {1})", &[self.column(Kind::Truth), Phrase::same(test)])
            }
            _ => self.list_test(),
        }
    }

    fn comparison(&mut self, kind: Kind) -> Phrase {
        let path = self.dice.pick(columns(kind));
        let literal = self.literal_of(path, kind);
        let operator = Phrase::same(self.dice.pick(COMPARISONS));
        match self.dice.one_in(5) {
            true => Phrase::of("({1} {2} {0})", &[named(path), literal, operator]),
            false => Phrase::of("({0} {2} {1})", &[named(path), literal, operator]),
        }
    }

    /// Numbers from end to end, compared and not computed with.
    fn wide_comparison(&mut self) -> Phrase {
        let name = self.dice.pick(&["big", "wild"]);
        let path = &[name];
        let literal = self.literal_of(path, Kind::Integer);
        let operator = Phrase::same(self.dice.pick(COMPARISONS));
        Phrase::of("({0} {2} {1})", &[named(path), literal, operator])
    }

    /// Values of types that differ and compare all the same.
    fn mixed_comparison(&mut self) -> Phrase {
        let operator = Phrase::same(self.dice.pick(COMPARISONS));
        let columns = [("n", "x"), ("price", "small"), ("price", "x"), ("day", "ts"), ("x", "id")];
        let (left, right) = match self.dice.below(6) {
            0 | 1 => {
                let (left, right) = self.dice.pick(&columns);
                (named(&[left]), named(&[right]))
            }
            2 => (named(&["n"]), self.literal(Kind::Double)),
            3 => (named(&["price"]), self.literal(Kind::Integer)),
            4 => (named(&["x"]), self.literal(Kind::Integer)),
            _ => {
                let (name, kind) = self.dice.pick(&[("day", Kind::Day), ("ts", Kind::Moment)]);
                let literal = self.literal(kind);
                // The text alone, without the word for its type.
                let text = |words: String| words.replace("DATE ", "").replace("TIMESTAMP ", "");
                let text = Phrase { ours: text(literal.ours), theirs: text(literal.theirs) };
                (named(&[name]), text)
            }
        };
        Phrase::of("({0} {2} {1})", &[left, right, operator])
    }

    fn between(&mut self, kind: Kind) -> Phrase {
        let path = self.dice.pick(columns(kind));
        let (low, high) = (self.literal_of(path, kind), self.literal_of(path, kind));
        let not = if self.dice.one_in(3) { "NOT " } else { "" };
        Phrase::of("({0} {3}BETWEEN {1} AND {2})", &[named(path), low, high, Phrase::same(not)])
    }

    fn in_list(&mut self, kind: Kind) -> Phrase {
        let path = self.dice.pick(columns(kind));
        let len = 1 + self.dice.below(5);
        let list: Vec<Phrase> = (0..len).map(|_| self.literal_of(path, kind)).collect();
        let list = Phrase::joined(&list, ", ");
        let not = if self.dice.one_in(3) { "NOT " } else { "" };
        if self.dice.one_in(5) {
            let found = in_list_or_null(named(path), list);
            return Phrase::of("({1}{0})", &[found, Phrase::same(not)]);
        }
        let parts = [named(path), list, Phrase::same(not)];
        Phrase::of("({0} {2}IN ({1}))", &parts)
    }

    fn null_test(&mut self) -> Phrase {
        let kind = self.dice.pick(Kind::ALL);
        let operand = match self.dice.below(6) {
            0 => Phrase::same(self.dice.pick(&["wild", "big", "tags", "\"user\""])),
            1 => self.value(kind, 1),
            _ => self.column(kind),
        };
        let not = if self.dice.one_in(2) { "NOT " } else { "" };
        Phrase::of("({0} IS {1}NULL)", &[operand, Phrase::same(not)])
    }

    fn list_test(&mut self) -> Phrase {
        match self.dice.below(3) {
            0 => {
                let text = self.column(Kind::Text);
                let part = quoted(self.dice.pick(&["e", "Os", "o", "rn", ""]));
                let function =
                    Phrase::same(self.dice.pick(&["starts_with", "ends_with", "contains"]));
                Phrase::of("{2}({0}, {1})", &[text, part, function])
            }
            1 => {
                let word = quoted(self.dice.pick(crate::rows::WORDS));
                Phrase::of("list_contains(tags, {0})", &[word])
            }
            _ => {
                let text = self.column(Kind::Text);
                self.matched(text)
            }
        }
    }

    fn pattern(&mut self, text: Phrase) -> Phrase {
        let operator = self.dice.pick(&["LIKE", "LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE"]);
        let pattern = self.dice.pick(PATTERNS);
        like(text, operator, pattern)
    }

    fn matched(&mut self, text: Phrase) -> Phrase {
        let operator = Phrase::same(self.dice.pick(&["~", "~*", "!~", "!~*"]));
        let pattern = quoted(self.dice.pick(EXPRESSIONS));
        Phrase::of("({0} {2} {1})", &[text, pattern, operator])
    }

    /// Computed values against each other.
    fn computed_condition(&mut self, depth: usize) -> Phrase {
        let kind = self.dice.pick(Kind::ALL);
        match self.dice.below(6) {
            0 => {
                let text = self.text(depth);
                self.pattern(text)
            }
            1 => {
                let text = self.text(depth);
                self.matched(text)
            }
            2 => {
                let parts = [self.condition(0), self.condition(depth), self.condition(0)];
                Phrase::of("(CASE WHEN {0} THEN {1} ELSE {2} END)", &parts)
            }
            3 => Phrase::of("coalesce({0}, false)", &[self.condition(depth)]),
            _ => {
                let operator = Phrase::same(self.dice.pick(COMPARISONS));
                let (left, right) = (self.value(kind, 1 + depth), self.value(kind, depth));
                Phrase::of("({0} {2} {1})", &[left, right, operator])
            }
        }
    }
}
