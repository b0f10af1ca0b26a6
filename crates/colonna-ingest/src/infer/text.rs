//! What the text of a CSV field can be besides text.

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
    pub(crate) fn normalized(self, text: &str) -> Option<String> {
        let text = text.trim_ascii();
        match self {
            Self::Plain => Some(text.to_owned()),
            Self::DecimalComma if text.contains('.') => None,
            Self::DecimalComma => Some(text.replacen(',', ".", 1)),
            Self::Grouped if is_grouped(text) => Some(text.replace(',', "")),
            Self::Grouped => None,
        }
    }

    /// The number that the text is in this style.
    pub(crate) fn read(self, text: &str) -> Option<Number> {
        match self {
            Self::Plain => read_number(text.trim_ascii()),
            _ => read_number(&self.normalized(text)?),
        }
    }
}

/// Whether every group behind the first has three digits: `1,234,567.8`, `-12`.
fn is_grouped(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first_is_well = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    first_is_well
        && groups.all(|group| group.len() == 3)
        && is_digits(&whole.replace(',', ""))
        && !fraction.is_empty()
        && is_digits(fraction)
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
    /// Sees a text that is a number or anything else, but no null.
    pub(crate) fn observe(&mut self, text: &str) {
        if self.is_hopeless() {
            return;
        }
        let decimal = NumberStyle::DecimalComma.read(text);
        let grouped = NumberStyle::Grouped.read(text);
        if text.contains(',') {
            self.count += 1;
            self.decimal.is_shown |= decimal.is_some() && grouped.is_none();
            self.grouped.is_shown |= grouped.is_some() && decimal.is_none();
        }
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
        texts.iter().for_each(|text| commas.observe(text));
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
