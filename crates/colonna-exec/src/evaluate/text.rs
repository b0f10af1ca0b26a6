//! Functions of texts. Positions count code points, from one.

use std::sync::Arc;

use colonna_column::{Bitmap, Column, Strings, Values};
use colonna_schema::{DataType, Function};
use memchr::memmem;

use super::frame::Site;
use super::logic::boolean;
use super::operand::{CheckedTexts, Side, Texts, all_valid, integers, is_valid};
use crate::ExecError;

/// The longest text that a function may make of one row.
const MAX_TEXT_BYTES: usize = 16 << 20;

/// A function of texts.
pub(super) fn call(
    site: &Site<'_>,
    function: Function,
    operands: &[&Column],
) -> Result<Column, ExecError> {
    match function {
        Function::Concat => Ok(concat(operands)?),
        Function::ConcatWithSeparator => concat_with_separator(operands),
        Function::StartsWith | Function::EndsWith | Function::Contains => {
            Ok(tests(function, operands))
        }
        Function::Length | Function::OctetLength | Function::Position => {
            numbers(function, operands)
        }
        _ => texts(site, function, operands),
    }
}

/// A column of texts, one for each row that is valid.
pub(super) fn text_rows(
    len: usize,
    validity: Option<Bitmap>,
    mut write: impl FnMut(usize, &mut String) -> Result<(), ExecError>,
) -> Result<Column, ExecError> {
    let mut strings = Strings::with_capacity(len, len * 8);
    let mut text = String::new();
    for row in 0..len {
        text.clear();
        if is_valid(validity.as_ref(), row) {
            write(row, &mut text)?;
        }
        strings.push(&text);
    }
    Ok(Column::try_new(DataType::Utf8, len, Values::Strings(Arc::new(strings)), validity)?)
}

/// `||`: all texts after one another; null where one is null.
pub(super) fn join_all(operands: &[&Column]) -> Result<Column, ExecError> {
    let parts: Vec<Texts<'_>> = operands.iter().map(|operand| Texts::of(operand)).collect();
    let len = operands.first().map_or(0, |operand| operand.len());
    text_rows(len, all_valid(operands), |row, text| {
        parts.iter().for_each(|part| text.push_str(part.text(row)));
        Ok(())
    })
}

/// As [`join_all`], passing over nulls.
fn concat(operands: &[&Column]) -> Result<Column, ExecError> {
    let len = operands.first().map_or(0, |operand| operand.len());
    text_rows(len, None, |row, text| {
        for operand in operands {
            text.push_str(operand.text_at(row).unwrap_or_default());
        }
        Ok(())
    })
}

fn concat_with_separator(operands: &[&Column]) -> Result<Column, ExecError> {
    let Some((separator, parts)) = operands.split_first() else { return concat(operands) };
    text_rows(separator.len(), all_valid(&[separator]), |row, text| {
        let mut first = true;
        for part in parts.iter().filter_map(|part| part.text_at(row)) {
            if !first {
                text.push_str(separator.text_at(row).unwrap_or_default());
            }
            text.push_str(part);
            first = false;
        }
        Ok(())
    })
}

/// Whether one text stands in the other.
fn tests(function: Function, operands: &[&Column]) -> Column {
    let [texts, parts] = operands else { return Column::nulls(DataType::Boolean, 0) };
    let len = texts.len();
    let validity = all_valid(operands);
    let (texts, parts) = (Texts::of(texts), Texts::of(parts));
    let bits = match (function, parts.constant()) {
        (Function::StartsWith, _) => {
            Bitmap::from_fn(len, |row| texts.bytes(row).starts_with(parts.bytes(row)))
        }
        (Function::EndsWith, _) => {
            Bitmap::from_fn(len, |row| texts.bytes(row).ends_with(parts.bytes(row)))
        }
        (_, Some(part)) => with_part(&texts, part, len),
        _ => Bitmap::from_fn(len, |row| memmem::find(texts.bytes(row), parts.bytes(row)).is_some()),
    };
    boolean(bits, validity)
}

/// Which of the texts the part stands in. All of them are searched in one go: a search that begins
/// anew with each of them costs more than most of them are long.
pub(super) fn with_part(texts: &Texts<'_>, part: &str, len: usize) -> Bitmap {
    let finder = memmem::Finder::new(part);
    let (Texts::Each(strings), false) = (texts, part.is_empty()) else {
        return Bitmap::from_fn(len, |row| finder.find(texts.bytes(row)).is_some());
    };
    let (offsets, bytes) = strings.parts();
    let ends = offsets.get(1..).unwrap_or_default();
    let mut bits = Bitmap::filled(false, len);
    let (mut row, mut from) = (0, offsets.first().copied().unwrap_or_default());
    while let Some(found) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
        let start = from + found;
        row += ends[row..].partition_point(|end| *end <= start);
        let Some(&end) = ends.get(row) else { break };
        // What begins in one text may end in the next.
        let is_within = start + part.len() <= end;
        if is_within {
            bits.set(row, true);
        }
        from = if is_within { end } else { start + 1 };
    }
    bits
}

fn numbers(function: Function, operands: &[&Column]) -> Result<Column, ExecError> {
    let Some((first, rest)) = operands.split_first() else {
        return Ok(Column::nulls(DataType::Int64, 0));
    };
    let len = first.len();
    let texts = Texts::of(first);
    let in_bytes = function == Function::OctetLength
        || *first.data_type() == DataType::Binary
        || texts.is_ascii();
    let part = rest.first().map(|part| Texts::of(part));
    let count = |row: usize| match &part {
        Some(part) => {
            let text = texts.text(row);
            text.find(part.text(row)).map_or(0, |start| 1 + code_points(&text.as_bytes()[..start]))
        }
        None if in_bytes => texts.bytes(row).len(),
        None => code_points(texts.bytes(row)),
    };
    let values = (0..len).map(|row| i64::try_from(count(row)).unwrap_or(i64::MAX)).collect();
    Ok(Column::try_new(DataType::Int64, len, Values::Int64(values), all_valid(operands))?)
}

/// Every byte of UTF-8 that does not continue a code point starts one.
fn code_points(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The arguments of a function that makes a text of a text, row by row.
struct Arguments<'a> {
    texts: Vec<CheckedTexts<'a>>,
    numbers: Vec<Option<Side<'a, i64>>>,
}

impl<'a> Arguments<'a> {
    fn of(operands: &[&'a Column]) -> Self {
        let number = |operand: &&'a Column| {
            (*operand.data_type() == DataType::Int64).then(|| integers(operand))
        };
        Self {
            texts: operands.iter().map(|operand| CheckedTexts::of(operand)).collect(),
            numbers: operands.iter().map(number).collect(),
        }
    }

    fn text(&self, position: usize, row: usize) -> &'a str {
        self.texts.get(position).map_or("", |texts| texts.text(row))
    }

    fn number(&self, position: usize, row: usize) -> Option<i64> {
        Some(self.numbers.get(position)?.as_ref()?.get(row))
    }

    fn has(&self, position: usize) -> bool {
        position < self.texts.len()
    }
}

fn texts(site: &Site<'_>, function: Function, operands: &[&Column]) -> Result<Column, ExecError> {
    let len = operands.first().map_or(0, |operand| operand.len());
    let arguments = Arguments::of(operands);
    text_rows(len, all_valid(operands), |row, out| {
        let text = arguments.text(0, row);
        let number = |position| arguments.number(position, row);
        let count = number(1).unwrap_or_default();
        match function {
            Function::Lower if text.is_ascii() => {
                out.push_str(text);
                out.make_ascii_lowercase();
            }
            Function::Upper if text.is_ascii() => {
                out.push_str(text);
                out.make_ascii_uppercase();
            }
            Function::Lower => out.push_str(&text.to_lowercase()),
            Function::Upper => out.push_str(&text.to_uppercase()),
            Function::Reverse => out.extend(text.chars().rev()),
            Function::Substring => out.push_str(substring(text, count, number(2))),
            Function::Left => out.push_str(left(text, count)),
            Function::Right => out.push_str(right(text, count)),
            Function::Trim | Function::TrimStart | Function::TrimEnd => {
                let letters = arguments.has(1).then(|| arguments.text(1, row));
                out.push_str(trimmed(function, text, letters));
            }
            Function::Replace => {
                out.push_str(&replaced(text, arguments.text(1, row), arguments.text(2, row)));
            }
            Function::SplitPart => {
                let part = number(2).unwrap_or_default();
                out.push_str(split_part(text, arguments.text(1, row), part));
            }
            Function::Repeat => repeat(site, text, count, out)?,
            _ => {
                let fill = if arguments.has(2) { arguments.text(2, row) } else { " " };
                pad(site, text, count, fill, function == Function::PadStart, out)?;
            }
        }
        if out.len() > MAX_TEXT_BYTES { Err(too_long(site)) } else { Ok(()) }
    })
}

fn too_long(site: &Site<'_>) -> ExecError {
    ExecError::TextTooLong { expression: site.expression(), limit: MAX_TEXT_BYTES }
}

/// Where the code point of that number starts, counted from zero; past the last, the end.
fn offset_of(text: &str, code_point: usize) -> usize {
    if text.is_ascii() {
        return code_point.min(text.len());
    }
    text.char_indices().nth(code_point).map_or(text.len(), |(offset, _)| offset)
}

fn between(text: &str, start: usize, end: usize) -> &str {
    text.get(offset_of(text, start)..offset_of(text, end)).unwrap_or_default()
}

/// A start below zero counts from the end, and zero is the place before the first code point; a
/// length below zero leads backwards. This is DuckDB's reading.
fn substring(text: &str, start: i64, length: Option<i64>) -> &str {
    let count = i64::try_from(code_points(text.as_bytes())).unwrap_or(i64::MAX);
    let first = if start < 0 { count.saturating_add(start) } else { start - 1 };
    let other = first.saturating_add(length.unwrap_or(i64::MAX));
    // Places before the first code point and behind the last are empty, and count.
    let position = |position: i64| usize::try_from(position.clamp(0, count)).unwrap_or_default();
    between(text, position(first.min(other)), position(first.max(other)))
}

/// The first code points; with a number below zero all but the last ones.
fn left(text: &str, count: i64) -> &str {
    let wanted = match usize::try_from(count) {
        Ok(count) => count,
        Err(_) => code_points(text.as_bytes()).saturating_sub(magnitude(count)),
    };
    between(text, 0, wanted)
}

/// The last code points; with a number below zero all but the first ones.
fn right(text: &str, count: i64) -> &str {
    let start = match usize::try_from(count) {
        Ok(count) => code_points(text.as_bytes()).saturating_sub(count),
        Err(_) => magnitude(count),
    };
    between(text, start, usize::MAX)
}

fn magnitude(count: i64) -> usize {
    usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX)
}

/// Without letters, blanks are trimmed: the space and its kin, not tabs and line ends.
fn trimmed<'a>(function: Function, text: &'a str, letters: Option<&str>) -> &'a str {
    let goes = |letter: char| match letters {
        Some(letters) => letters.contains(letter),
        None => {
            letter == ' '
                || (letter.is_whitespace()
                    && !letter.is_control()
                    && !matches!(letter, '\u{2028}' | '\u{2029}'))
        }
    };
    match function {
        Function::TrimStart => text.trim_start_matches(goes),
        Function::TrimEnd => text.trim_end_matches(goes),
        _ => text.trim_matches(goes),
    }
}

/// An empty text stands nowhere, so that nothing is replaced.
fn replaced(text: &str, from: &str, to: &str) -> String {
    if from.is_empty() { text.to_owned() } else { text.replace(from, to) }
}

fn split_part<'a>(text: &'a str, separator: &str, part: i64) -> &'a str {
    if separator.is_empty() {
        return if part == 1 || part == -1 { text } else { "" };
    }
    let index = magnitude(part).wrapping_sub(1);
    let found = match part {
        0 => None,
        1.. => text.split(separator).nth(index),
        _ => text.rsplit(separator).nth(index),
    };
    found.unwrap_or_default()
}

fn repeat(site: &Site<'_>, text: &str, count: i64, out: &mut String) -> Result<(), ExecError> {
    let count = usize::try_from(count).unwrap_or_default();
    match text.len().checked_mul(count) {
        Some(len) if len <= MAX_TEXT_BYTES => {
            out.push_str(&text.repeat(count));
            Ok(())
        }
        _ => Err(too_long(site)),
    }
}

/// Fills up to so many code points, or cuts off what is beyond them.
fn pad(
    site: &Site<'_>,
    text: &str,
    wanted: i64,
    fill: &str,
    at_start: bool,
    out: &mut String,
) -> Result<(), ExecError> {
    let wanted = usize::try_from(wanted).unwrap_or_default();
    let missing = wanted.saturating_sub(code_points(text.as_bytes()));
    if missing > MAX_TEXT_BYTES {
        return Err(too_long(site));
    }
    if missing == 0 || fill.is_empty() {
        out.push_str(between(text, 0, wanted));
        return Ok(());
    }
    if !at_start {
        out.push_str(text);
    }
    out.extend(fill.chars().cycle().take(missing));
    if at_start {
        out.push_str(text);
    }
    Ok(())
}
