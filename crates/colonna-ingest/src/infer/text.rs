//! What the text of a CSV field can be besides text.

use std::borrow::Cow;

use super::number::{Number, read_number};

/// What one text is by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TextValue {
    /// Empty: a null where it is not quoted.
    Empty,
    /// A word for null, which counts as one only where the others are no texts.
    SpelledNull,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// NaN or an infinity, which count as numbers only beside numbers.
    Special(f64),
    /// Text.
    Other,
}

/// Reads one text. Blanks around a value do not count.
pub(crate) fn read_text(text: &str) -> TextValue {
    let text = text.trim_ascii();
    let Some(&first) = text.as_bytes().first() else { return TextValue::Empty };
    match first {
        b'0'..=b'9' => read_number(text).map_or(TextValue::Other, TextValue::Number),
        b'-' if text.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => {
            read_number(text).map_or(TextValue::Other, TextValue::Number)
        }
        b't' | b'T' | b'f' | b'F' => match text {
            "true" | "True" | "TRUE" => TextValue::Boolean(true),
            "false" | "False" | "FALSE" => TextValue::Boolean(false),
            _ => TextValue::Other,
        },
        b'n' | b'N' | b'i' | b'I' | b'-' | b'+' => match text {
            "NA" | "N/A" | "n/a" | "null" | "NULL" | "Null" => TextValue::SpelledNull,
            "NaN" | "nan" | "NAN" => TextValue::Special(f64::NAN),
            "inf" | "Inf" | "INF" | "+inf" | "Infinity" | "infinity" | "+Infinity" => {
                TextValue::Special(f64::INFINITY)
            }
            "-inf" | "-Inf" | "-INF" | "-Infinity" | "-infinity" => {
                TextValue::Special(f64::NEG_INFINITY)
            }
            _ => TextValue::Other,
        },
        _ => TextValue::Other,
    }
}

/// How the numbers of a column are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NumberStyle {
    /// `1234.5`
    #[default]
    Plain,
    /// `1234,5`
    DecimalComma,
    /// `1,234.5`
    Grouped,
}

impl NumberStyle {
    /// The number as JSON writes it. None where the text is not of this style.
    pub(crate) fn normalized(self, text: &str) -> Option<Cow<'_, str>> {
        let text = text.trim_ascii();
        let has_comma = self != Self::Plain && has_byte(text, b',');
        self.may_be(text).then(|| match self {
            Self::DecimalComma if has_comma => Cow::Owned(text.replacen(',', ".", 1)),
            Self::Grouped if has_comma => Cow::Owned(text.replace(',', "")),
            _ => Cow::Borrowed(text),
        })
    }

    /// Whether points and commas stand where the style has them. The text has no blanks around it.
    fn may_be(self, text: &str) -> bool {
        match self {
            Self::Plain => true,
            Self::DecimalComma => !has_byte(text, b'.'),
            Self::Grouped => is_grouped(text),
        }
    }
}

/// The texts are short: a plain loop is faster than a search.
fn has_byte(text: &str, wanted: u8) -> bool {
    text.bytes().any(|byte| byte == wanted)
}

/// Whether every group behind the first has three digits: `1,234,567.8`, `-12`.
fn is_grouped(text: &str) -> bool {
    let text = text.as_bytes();
    let mut rest = text.strip_prefix(b"-").unwrap_or(text).iter();
    let (mut group_len, mut is_first) = (0, true);
    let ends_well = |len, is_first| len == 3 || (is_first && (1..=2).contains(&len));
    while let Some(byte) = rest.next() {
        match byte {
            b'0'..=b'9' => group_len += 1,
            b',' if ends_well(group_len, is_first) => (group_len, is_first) = (0, false),
            b'.' => {
                let fraction = rest.as_slice();
                return ends_well(group_len, is_first)
                    && !fraction.is_empty()
                    && fraction.iter().all(u8::is_ascii_digit);
            }
            _ => return false,
        }
    }
    ends_well(group_len, is_first)
}

/// Whether the numbers of a column are written with commas, and how.
///
/// A style is `possible` as long as every value has it, and `shown` once one value has it that can
/// have no other: `1,234` alone is either, and leaves a column of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commas {
    decimal: Style,
    grouped: Style,
    /// The values with a comma.
    pub(crate) count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Style {
    is_possible: bool,
    is_shown: bool,
    is_integer: bool,
    is_exact_double: bool,
}

impl Style {
    const UNSEEN: Self =
        Self { is_possible: true, is_shown: false, is_integer: true, is_exact_double: true };

    fn observe(&mut self, number: Option<Number>) {
        match number {
            Some(Number::Int(value)) => {
                self.is_exact_double &= super::number::is_exact_double(value);
            }
            Some(Number::Float(_)) => self.is_integer = false,
            _ => self.is_possible = false,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.is_possible &= other.is_possible;
        self.is_shown |= other.is_shown;
        self.is_integer &= other.is_integer;
        self.is_exact_double &= other.is_exact_double;
    }

    fn may_decide(&self) -> bool {
        self.is_possible && (self.is_integer || self.is_exact_double)
    }

    fn is_decided(&self) -> bool {
        self.is_possible && self.is_shown && (self.is_integer || self.is_exact_double)
    }
}

impl Default for Commas {
    fn default() -> Self {
        Self { decimal: Style::UNSEEN, grouped: Style::UNSEEN, count: 0 }
    }
}

impl Commas {
    /// Whether texts are left that could be numbers.
    pub(crate) fn may_decide(&self) -> bool {
        self.decimal.may_decide() || self.grouped.may_decide()
    }

    /// Sees a text that is no null; `plain` is the number that it is without commas.
    #[inline]
    pub(crate) fn observe(&mut self, text: &str, plain: Option<Number>) {
        if !self.is_hopeless() {
            self.observe_hopeful(text.trim_ascii(), plain);
        }
    }

    fn observe_hopeful(&mut self, text: &str, plain: Option<Number>) {
        // Most numbers have no comma: they are the same in every style that they can have.
        if plain.is_none() && has_byte(text, b',') {
            self.observe_comma(text);
            return;
        }
        if self.decimal.is_possible {
            let may_be = NumberStyle::DecimalComma.may_be(text);
            self.decimal.observe(plain.filter(|_| may_be));
        }
        if self.grouped.is_possible {
            let may_be = match plain {
                Some(Number::Int(value)) => value.unsigned_abs() < 1000,
                _ => NumberStyle::Grouped.may_be(text),
            };
            self.grouped.observe(plain.filter(|_| may_be));
        }
    }

    fn observe_comma(&mut self, text: &str) {
        let read = |style: NumberStyle| read_number(&style.normalized(text)?);
        let decimal = read(NumberStyle::DecimalComma);
        let grouped = read(NumberStyle::Grouped);
        self.count += 1;
        self.decimal.is_shown |= decimal.is_some() && grouped.is_none();
        self.grouped.is_shown |= grouped.is_some() && decimal.is_none();
        self.decimal.observe(decimal);
        self.grouped.observe(grouped);
    }

    fn is_hopeless(&self) -> bool {
        !self.decimal.is_possible && !self.grouped.is_possible
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.decimal.merge(&other.decimal);
        self.grouped.merge(&other.grouped);
        self.count += other.count;
    }

    /// The one style of all numbers, and whether they are integers.
    pub(crate) fn decide(&self) -> Option<(NumberStyle, bool)> {
        match (self.decimal.is_decided(), self.grouped.is_decided()) {
            (true, false) => Some((NumberStyle::DecimalComma, false)),
            (false, true) => Some((NumberStyle::Grouped, self.grouped.is_integer)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], expected: Option<(NumberStyle, bool)>) {
        let mut commas = Commas::default();
        texts.iter().for_each(|text| commas.observe(text, read_number(text.trim_ascii())));
        assert_eq!(commas.decide(), expected);
    }

    #[test]
    fn commas_are_understood_only_where_the_column_shows_what_they_are() {
        check(&["1,5", "2", "1234,25"], Some((NumberStyle::DecimalComma, false)));
        check(&["1,234", "12", "1,234,567"], Some((NumberStyle::Grouped, true)));
        check(&["1,234.5", "12"], Some((NumberStyle::Grouped, false)));
        check(&["1,234", "2,345"], None);
        check(&["1,234,567", "1234"], None);
        check(&["1,5", "1.5"], None);
        check(&["1,5", "x"], None);
        check(&[" 1,5", "2 "], Some((NumberStyle::DecimalComma, false)));
        check(&["1,2345", "1,234.5"], None);
    }

    #[test]
    fn words_for_null_and_numbers_that_are_none_stand_apart() {
        assert_eq!(read_text(" 12 "), TextValue::Number(Number::Int(12)));
        assert_eq!(read_text("N/A"), TextValue::SpelledNull);
        assert_eq!(read_text("-Infinity"), TextValue::Special(f64::NEG_INFINITY));
        assert_eq!(read_text("-"), TextValue::Other);
        assert_eq!(read_text("007"), TextValue::Other);
    }
}
