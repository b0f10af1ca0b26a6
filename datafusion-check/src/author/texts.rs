//! Texts.

use super::{Author, Kind, named, quoted};
use crate::differences::{formatted, regexp_extract};
use crate::phrase::Phrase;
use crate::rows::WORDS;

/// Patterns that both engines hand to the same regular expressions.
pub(super) const EXPRESSIONS: &[&str] =
    &["[a-c]+", "^[A-Z]", "er", "[0-9]{1,2}", "o$", "(a|b)c?", "\\s", "^$", "^[^a]*$", "\u{e9}"];

impl Author<'_> {
    pub(super) fn text(&mut self, depth: usize) -> Phrase {
        if depth == 0 {
            return match self.dice.below(6) {
                0 => {
                    let word = self.dice.pick(WORDS);
                    quoted(word)
                }
                1 => self.element(),
                _ => self.column(Kind::Text),
            };
        }
        let depth = depth - 1;
        match self.dice.below(13) {
            0 => {
                let function = self.dice.pick(&["lower", "upper", "reverse", "trim", "ltrim"]);
                Phrase::of("{1}({0})", &[self.text(depth), Phrase::same(function)])
            }
            1 => self.cut(depth),
            2 => Phrase::of("replace({0}, 'e', 'ee')", &[self.text(depth)]),
            3 => Phrase::of("({0} || {1})", &[self.text(depth), self.text(0)]),
            4 => Phrase::of("concat({0}, '-', {1})", &[self.text(depth), self.text(0)]),
            5 => Phrase::of("concat_ws('/', {0}, {1})", &[self.text(depth), self.text(0)]),
            6 => self.widened(depth),
            7 => self.cast_to_text(),
            8 => self.replaced(depth),
            9 => {
                let pattern = self.dice.pick(EXPRESSIONS);
                regexp_extract(self.text(depth), pattern)
            }
            10 => {
                let format = self.dice.pick(&["%Y-%m", "%H:%M", "%d.%m.%Y", "%j"]);
                formatted(self.column(Kind::Moment), quoted(format))
            }
            _ => self.chosen(Kind::Text, depth),
        }
    }

    fn element(&mut self) -> Phrase {
        let index = self.dice.pick(&[-2, -1, 1, 2, 3]);
        Phrase::same(format!("tags[{index}]"))
    }

    fn cut(&mut self, depth: usize) -> Phrase {
        let text = self.text(depth);
        let (start, len) = (self.dice.between(1, 4), self.dice.between(0, 4));
        let cut = match self.dice.below(5) {
            0 => format!("left({{0}}, {len})"),
            1 => format!("right({{0}}, {len})"),
            2 => format!("substring({{0}}, {start})"),
            3 => format!("split_part({{0}}, 'e', {start})"),
            _ => format!("substring({{0}}, {start}, {len})"),
        };
        Phrase::of(&cut, &[text])
    }

    fn widened(&mut self, depth: usize) -> Phrase {
        let text = self.text(depth);
        let template = self.dice.pick(&[
            "lpad({0}, 6, '*')",
            "rpad({0}, 6, '-+')",
            "lpad({0}, 3)",
            "repeat({0}, 2)",
            "rtrim({0})",
            "btrim({0}, 'ab')",
        ]);
        Phrase::of(template, &[text])
    }

    fn replaced(&mut self, depth: usize) -> Phrase {
        let text = self.text(depth);
        let pattern = quoted(self.dice.pick(EXPRESSIONS));
        let template = self.dice.pick(&[
            "regexp_replace({0}, {1}, '#', 'g')",
            "regexp_replace({0}, {1}, '#')",
            "regexp_replace({0}, {1}, '')",
        ]);
        Phrase::of(template, &[text, pattern])
    }

    fn cast_to_text(&mut self) -> Phrase {
        let name = self.dice.pick(&["n", "small", "ok", "day", "price", "id"]);
        Phrase::of("CAST({0} AS VARCHAR)", &[named(&[name])])
    }
}
