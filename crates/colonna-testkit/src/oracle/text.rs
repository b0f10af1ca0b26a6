//! Patterns and functions of text, by code points.

use colonna_schema::{Function, Scalar};

use super::{Outcome, not_covered};

/// One part of a LIKE pattern.
enum Part {
    Exactly(char),
    AnyOne,
    AnyText,
}

/// Whether the text is like the pattern.
pub(super) fn is_like(
    text: &str,
    pattern: &str,
    escape: Option<char>,
    case_insensitive: bool,
) -> Outcome<bool> {
    let folded = |text: &str| if case_insensitive { text.to_lowercase() } else { text.to_owned() };
    let mut parts = Vec::new();
    let pattern = folded(pattern);
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        parts.push(match next {
            next if Some(next) == escape => match rest.next() {
                Some(literal) => Part::Exactly(literal),
                None => return not_covered("a pattern that ends with its escape character"),
            },
            '%' => Part::AnyText,
            '_' => Part::AnyOne,
            next => Part::Exactly(next),
        });
    }
    Ok(fits(&folded(text).chars().collect::<Vec<_>>(), &parts))
}

fn fits(text: &[char], parts: &[Part]) -> bool {
    match (parts.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((Part::AnyText, parts)), _) => {
            (0..=text.len()).any(|skipped| fits(text.get(skipped..).unwrap_or_default(), parts))
        }
        (Some((Part::AnyOne, parts)), Some((_, rest))) => fits(rest, parts),
        (Some((Part::Exactly(wanted), parts)), Some((found, rest))) => {
            wanted == found && fits(rest, parts)
        }
        (Some(_), None) => false,
    }
}

/// A function of texts and integers, none null.
pub(super) fn of_text(function: Function, arguments: &[Scalar]) -> Outcome<Scalar> {
    use Function as F;
    use Scalar::{Int64, Utf8};
    Ok(match (function, arguments) {
        (F::Lower, [Utf8(text)]) => text.to_lowercase().into(),
        (F::Upper, [Utf8(text)]) => text.to_uppercase().into(),
        (F::Length, [Utf8(text)]) => return count(text.chars().count()),
        (F::OctetLength, [Utf8(text)]) => return count(text.len()),
        (F::Reverse, [Utf8(text)]) => text.chars().rev().collect::<String>().into(),
        (F::Substring, [Utf8(text), Int64(start)]) => return part(text, *start, i64::MAX),
        (F::Substring, [Utf8(text), Int64(start), Int64(len)]) => return part(text, *start, *len),
        (F::Left, [Utf8(text), Int64(len)]) => return part(text, 1, *len),
        (F::Trim | F::TrimStart | F::TrimEnd, [Utf8(text)]) => trimmed(function, text, " ").into(),
        (F::Trim | F::TrimStart | F::TrimEnd, [Utf8(text), Utf8(characters)]) => {
            trimmed(function, text, characters).into()
        }
        (F::Replace, [Utf8(text), Utf8(from), Utf8(to)]) if !from.is_empty() => {
            text.replace(from, to).into()
        }
        (F::Repeat, [Utf8(text), Int64(times @ 0..=100)]) => {
            (0..*times).map(|_| text.as_str()).collect::<String>().into()
        }
        (F::StartsWith, [Utf8(text), Utf8(prefix)]) => text.starts_with(prefix.as_str()).into(),
        (F::EndsWith, [Utf8(text), Utf8(suffix)]) => text.ends_with(suffix.as_str()).into(),
        (F::Contains, [Utf8(text), Utf8(part)]) => text.contains(part.as_str()).into(),
        (F::Position, [Utf8(text), Utf8(part)]) => match text.split_once(part.as_str()) {
            Some((before, _)) => return count(before.chars().count() + 1),
            None => 0_i64.into(),
        },
        (F::SplitPart, [Utf8(text), Utf8(separator), Int64(index)]) if !separator.is_empty() => {
            let parts: Vec<&str> = text.split(separator.as_str()).collect();
            if *index == 0 {
                return not_covered("split_part at 0");
            }
            element(&parts, *index).copied().unwrap_or_default().into()
        }
        _ => return not_covered(format!("{function:?} of {arguments:?}")),
    })
}

/// A number of things as an integer.
pub(super) fn count(count: usize) -> Outcome<Scalar> {
    i64::try_from(count).map_or_else(|_| not_covered("a length"), |count| Ok(count.into()))
}

/// The element at a position counted from one, from the end where negative.
pub(super) fn element<T>(elements: &[T], index: i64) -> Option<&T> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?.checked_sub(1)?;
    if index > 0 { elements.get(distance) } else { elements.iter().rev().nth(distance) }
}

fn part(text: &str, start: i64, len: i64) -> Outcome<Scalar> {
    let (Ok(start @ 1..), Ok(len)) = (usize::try_from(start), usize::try_from(len)) else {
        return not_covered("a part of a text from before its start");
    };
    Ok(text.chars().skip(start - 1).take(len).collect::<String>().into())
}

fn trimmed<'a>(function: Function, text: &'a str, characters: &str) -> &'a str {
    let unwanted = |character: char| characters.contains(character);
    match function {
        Function::TrimStart => text.trim_start_matches(unwanted),
        Function::TrimEnd => text.trim_end_matches(unwanted),
        _ => text.trim_matches(unwanted),
    }
}
