//! What a field looks like, to tell names from values and a delimiter from a character.

use crate::TimeCandidates;

/// What a field looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing, or a spelling of null.
    Empty,
    Number,
    Moment,
    Boolean,
    Text,
}

impl Kind {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let bytes = bytes.trim_ascii();
        match bytes {
            b"" | b"-" | b"\\N" | b"NA" | b"N/A" | b"null" | b"NULL" | b"nan" | b"NaN" => {
                Self::Empty
            }
            _ if is_number(bytes) => Self::Number,
            _ if [&b"true"[..], b"false"].iter().any(|word| bytes.eq_ignore_ascii_case(word)) => {
                Self::Boolean
            }
            _ if is_moment(bytes) => Self::Moment,
            _ => Self::Text,
        }
    }

    /// Whether it is a value and no name.
    pub(super) fn is_typed(self) -> bool {
        matches!(self, Self::Number | Self::Moment | Self::Boolean)
    }
}

/// Digits, with a sign, a fraction, an exponent, a percent sign, thousands.
fn is_number(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"-").or(bytes.strip_prefix(b"+")).unwrap_or(bytes);
    let bytes = bytes.strip_prefix(b"$").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"%").unwrap_or(bytes);
    let (mantissa, exponent) = match bytes.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..)),
        None => (bytes, None),
    };
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+"));
        if !are_digits(digits.unwrap_or(exponent)) {
            return false;
        }
    }
    let groups = mantissa.split(|byte| matches!(byte, b'.' | b',')).count();
    let mut digits = 0;
    for (index, group) in mantissa.split(|byte| matches!(byte, b'.' | b',')).enumerate() {
        let is_inner = index > 0 && index + 1 < groups;
        if !group.iter().all(u8::is_ascii_digit) || (is_inner && group.len() != 3) {
            return false;
        }
        digits += group.len();
    }
    digits > 0
}

fn are_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

fn is_moment(bytes: &[u8]) -> bool {
    if is_time_of_day(bytes) {
        return true;
    }
    // Reading a time takes long beside the rest.
    let is_likely = (6..=48).contains(&bytes.len())
        && bytes.iter().filter(|byte| byte.is_ascii_digit()).count() >= 3
        && bytes.iter().any(|byte| matches!(byte, b'-' | b'/' | b'.' | b':' | b' '));
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| is_likely) else {
        return false;
    };
    let mut candidates = TimeCandidates::new();
    candidates.observe(text);
    candidates.decide().is_some()
}

/// `12:30`, `12:30:00.5`.
fn is_time_of_day(bytes: &[u8]) -> bool {
    let groups = bytes.split(|byte| *byte == b':').count();
    let is_shape = bytes.split(|byte| *byte == b':').enumerate().all(|(index, group)| {
        let (whole, fraction) = match group.iter().position(|byte| *byte == b'.') {
            Some(at) if index == 2 => (group.get(..at), group.get(at + 1..)),
            _ => (Some(group), None),
        };
        whole.is_some_and(|whole| are_digits(whole) && whole.len() <= 2)
            && fraction.is_none_or(are_digits)
    });
    (2..=3).contains(&groups) && is_shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, texts: &[&str]) {
        for text in texts {
            assert_eq!(Kind::of(text.as_bytes()), kind, "{text}");
        }
    }

    #[test]
    fn a_field_is_known_by_its_look() {
        check(Kind::Number, &["1", "-1.5", " 007", "1e9", "1,234,567.8", "1.234,5", "5%", "$3"]);
        check(Kind::Moment, &["2025-10-01", "2025-10-01 00:00:00", "12:30", "1/2/2025"]);
        check(Kind::Boolean, &["true", "FALSE"]);
        check(Kind::Empty, &["", " ", "NA", "\\N"]);
        check(Kind::Text, &["a", "10.0.0.1", "1-2-3-4", "1e", "e", "C536379", ".", "12:", "x:1"]);
    }
}
