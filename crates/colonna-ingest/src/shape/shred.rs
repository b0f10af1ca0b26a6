//! The straight way of a JSON record into its columns, without a tree in between.
//!
//! It knows what nearly all records are: an object on one line, with keys that the shape knows,
//! mostly in its order, and values of the types of their columns. Where it meets anything else it
//! takes back what it wrote of the record, which then goes the ordinary way, through
//! [`Shaper::push_record`]; so it decides nothing, and whatever it accepts the ordinary way would
//! have written just so.

use colonna_column::ColumnBuilder;

use super::shaper::{write_number, write_string};
use super::{ObjectShape, Policy, Shaper, ValueShape};
use crate::decode::digits;
use crate::decode::json::{Cursor, Kind, plain_len, unescape};
use crate::decode::moments::Moments;
use crate::infer::read_number;

impl Shaper {
    /// Adds the record that starts at `start` of a text and takes up the rest of its line. Where the
    /// next line starts; nothing where the record has to go the ordinary way, and nothing of it is
    /// left then. Else the record is to be ended by [`Shaper::finish_record`].
    #[inline]
    pub(crate) fn push_line(&mut self, text: &str, start: usize) -> Option<usize> {
        let (shape, columns, row, moments) = self.parts_mut();
        let rest = text.as_bytes().get(start..)?;
        let next = Shredder { text, moments }.record(rest, columns, &shape.root, row);
        if next.is_none() {
            columns.iter_mut().for_each(|column| column.truncate(row));
        }
        next
    }
}

/// What follows in the text what was read; nothing where the record has to go the ordinary way.
type Rest<'a> = Option<&'a [u8]>;

/// Reads a text, of which each step is given what is left, and leaves what it has not read.
struct Shredder<'a, 'm> {
    text: &'a str,
    moments: &'m mut Moments,
}

impl<'a> Shredder<'a, '_> {
    fn record(
        &mut self,
        text: &'a [u8],
        columns: &mut [ColumnBuilder],
        shape: &ObjectShape,
        row: usize,
    ) -> Option<usize> {
        let rest = self.object(text.strip_prefix(b"{")?, columns, shape, row)?;
        let rest = match behind_blanks(rest) {
            [b'\n', rest @ ..] => rest,
            [] => &[],
            _ => return None,
        };
        Some(self.text.len() - rest.len())
    }

    /// The members of an object, from behind its brace to behind the other one.
    fn object(
        &mut self,
        text: &'a [u8],
        columns: &mut [ColumnBuilder],
        shape: &ObjectShape,
        row: usize,
    ) -> Rest<'a> {
        let mut rest = behind_blanks(text);
        if let [b'}', rest @ ..] = rest {
            return Some(rest);
        }
        let mut hint = 0;
        loop {
            let (index, value) = match shape.near_key(rest, hint) {
                Some(found) => found,
                None => self.key(rest, shape)?,
            };
            hint = index + 1;
            let field = shape.fields.get(index)?;
            let column = columns.get_mut(field.slot)?;
            if column.len() != row {
                fill_up(column, row)?;
            }
            let is_exact = field.policy == Policy::Keep;
            rest = self.value(behind_blanks(value), column, &field.value, is_exact)?;
            rest = match behind_blanks(rest) {
                [b',', rest @ ..] => behind_blanks(rest),
                [b'}', rest @ ..] => return Some(rest),
                _ => return None,
            };
        }
    }

    /// The field of a key that stands anywhere in the object, and what stands behind its colon.
    #[inline(never)]
    fn key(&self, text: &'a [u8], shape: &ObjectShape) -> Option<(usize, &'a [u8])> {
        let (key, rest) = self.plain_string(text)?;
        let index = shape.find(key, usize::MAX)?;
        Some((index, behind_blanks(rest).strip_prefix(b":")?))
    }

    /// A value as most are.
    #[inline(always)]
    fn value(
        &mut self,
        text: &'a [u8],
        column: &mut ColumnBuilder,
        shape: &ValueShape,
        exactly: bool,
    ) -> Rest<'a> {
        let (first, behind) = text.split_first()?;
        match shape {
            ValueShape::Text(reading) if *first == b'"' && !reading.is_open => {
                let (value, rest) = behind.split_at_checked(plain_len(behind))?;
                if let [b'"', rest @ ..] = rest {
                    column.push_utf8(value).ok()?;
                    return Some(rest);
                }
            }
            ValueShape::Int64(_) => {
                if let Some((value, len)) = digits::integer(text, 0) {
                    column.push_i64(value).ok()?;
                    return text.get(len..);
                }
            }
            ValueShape::Float64(_) => {
                if let Some((value, len)) = digits::double(text, 0) {
                    let rest = text.get(len..)?;
                    if !matches!(rest, [b'e' | b'E', ..]) {
                        column.push_f64(value).ok()?;
                        return Some(rest);
                    }
                }
            }
            ValueShape::Date(_) | ValueShape::Timestamp { .. } if *first == b'"' => {
                if let Some((value, rest)) = self.moment(behind, shape) {
                    column.push_i64(value).ok()?;
                    return Some(rest);
                }
            }
            ValueShape::Struct(object) if *first == b'{' => {
                let row = column.len();
                let rest = self.object(behind, column.fields_mut(), object, row)?;
                column.close_row();
                return Some(rest);
            }
            _ => {}
        }
        self.other_value(text, column, shape, exactly)
    }

    /// Any value.
    #[inline(never)]
    fn other_value(
        &mut self,
        text: &'a [u8],
        column: &mut ColumnBuilder,
        shape: &ValueShape,
        exactly: bool,
    ) -> Rest<'a> {
        let (first, behind) = text.split_first()?;
        match (shape, first) {
            (_, b'n') => {
                let rest = text.strip_prefix(b"null")?;
                column.push_null();
                Some(rest)
            }
            (ValueShape::Text(reading), _) if !reading.is_open => self.text(text, column),
            (ValueShape::Int64(_), b'-' | b'0'..=b'9') => {
                let (number, rest) = self.number(text)?;
                column.push_i64(number.parse().ok()?).ok()?;
                Some(rest)
            }
            (
                ValueShape::Float64(_) | ValueShape::Date(_) | ValueShape::Timestamp { .. },
                b'-' | b'0'..=b'9',
            ) => {
                let (text, rest) = self.number(text)?;
                write_number(column, shape, text, read_number(text), exactly).then_some(rest)
            }
            (ValueShape::Boolean, b't' | b'f') => {
                let rest = text.strip_prefix(b"true").or_else(|| text.strip_prefix(b"false"))?;
                column.push_bool(*first == b't').ok()?;
                Some(rest)
            }
            (ValueShape::Date(_) | ValueShape::Timestamp { .. }, b'"') => {
                let (text, rest) = self.plain_string(text)?;
                write_string(column, shape, text, exactly).then_some(rest)
            }
            (ValueShape::List(element), b'[') => {
                let rest = match column.elements_mut() {
                    [elements] => self.elements(behind, elements, element, exactly)?,
                    _ => return None,
                };
                column.close_row();
                Some(rest)
            }
            _ => None,
        }
    }

    /// A day or a moment, and past its closing quote, where it is written as most are.
    #[inline(always)]
    fn moment(&mut self, text: &'a [u8], shape: &ValueShape) -> Option<(i64, &'a [u8])> {
        let (value, len) = match shape {
            ValueShape::Date(format) if Moments::are_of(format) => {
                let (micros, len) = self.moments.date(text, 0)?;
                (micros / MICROS_PER_DAY, len)
            }
            ValueShape::Timestamp { format, .. } if Moments::are_of(format) => {
                self.moments.moment(text, 0)?
            }
            _ => return None,
        };
        Some((value, text.get(len..)?.strip_prefix(b"\"")?))
    }

    /// The elements of a list, from behind its bracket to behind the other one.
    fn elements(
        &mut self,
        text: &'a [u8],
        column: &mut ColumnBuilder,
        shape: &ValueShape,
        exactly: bool,
    ) -> Rest<'a> {
        let mut rest = behind_blanks(text);
        if let [b']', rest @ ..] = rest {
            return Some(rest);
        }
        loop {
            rest = self.value(rest, column, shape, exactly)?;
            rest = match behind_blanks(rest) {
                [b',', rest @ ..] => behind_blanks(rest),
                [b']', rest @ ..] => return Some(rest),
                _ => return None,
            };
        }
    }

    /// A value for a column of texts: a string, or a number or boolean as it is written.
    fn text(&self, text: &'a [u8], column: &mut ColumnBuilder) -> Rest<'a> {
        let mut cursor = Cursor { bytes: text, at: 0 };
        let kind = match text.first()? {
            b'"' => cursor.string().ok()?,
            b'-' | b'0'..=b'9' => cursor.number().ok()?,
            b't' if text.starts_with(b"true") => {
                cursor.at = 4;
                Kind::True
            }
            b'f' if text.starts_with(b"false") => {
                cursor.at = 5;
                Kind::False
            }
            _ => return None,
        };
        let (written, rest) = self.split(text, cursor.at)?;
        match kind {
            Kind::EscapedText => column.push_text(&unescape(within_quotes(written)?)),
            Kind::PlainText => column.push_text(within_quotes(written)?),
            _ => column.push_text(written),
        }
        .ok()?;
        Some(rest)
    }

    /// A string without escapes.
    fn plain_string(&self, text: &'a [u8]) -> Option<(&'a str, &'a [u8])> {
        let text = text.strip_prefix(b"\"")?;
        let (inner, rest) = self.split(text, plain_len(text))?;
        Some((inner, rest.strip_prefix(b"\"")?))
    }

    fn number(&self, text: &'a [u8]) -> Option<(&'a str, &'a [u8])> {
        let mut cursor = Cursor { bytes: text, at: 0 };
        cursor.number().ok()?;
        self.split(text, cursor.at)
    }

    /// The first `len` bytes of what is left of the text, and the rest.
    fn split(&self, text: &'a [u8], len: usize) -> Option<(&'a str, &'a [u8])> {
        let start = self.text.len().checked_sub(text.len())?;
        Some((self.text.get(start..start + len)?, text.get(len..)?))
    }
}

/// Adds nulls for the rows before this one. None where there is one more row than there should be:
/// the key stood in the object before.
fn fill_up(column: &mut ColumnBuilder, row: usize) -> Option<()> {
    column.push_nulls_to(row);
    (column.len() == row).then_some(())
}

fn within_quotes(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// What stands behind blanks within a line.
#[inline]
fn behind_blanks(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [b' ' | b'\t' | b'\r', behind @ ..] = rest {
        rest = behind;
    }
    rest
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// How many fields may be missing between one and the next.
const MOST_MISSING: usize = 2;

impl ObjectShape {
    /// The field of the key that stands here, if it is one of the next from `hint` on, and what stands
    /// behind its colon.
    #[inline(always)]
    fn near_key<'a>(&self, text: &'a [u8], hint: usize) -> Option<(usize, &'a [u8])> {
        let near = self.keys.get(hint..)?.iter().take(1 + MOST_MISSING);
        for (index, key) in (hint..).zip(near) {
            if let Some(rest) = key.strip_from(text) {
                return Some((index, rest));
            }
        }
        None
    }
}

const HEAD_LEN: usize = size_of::<u128>();

/// A key as JSON writes it, made for comparing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QuotedKey {
    /// With its quotes and a colon.
    bytes: Box<[u8]>,
    /// Its first bytes, and which bits of as many bytes belong to it.
    head: u128,
    mask: u128,
}

impl QuotedKey {
    pub(crate) fn new(key: &str) -> Self {
        let bytes = match plain_len(key.as_bytes()) {
            len if len == key.len() => format!("\"{key}\":").into_bytes(),
            // It cannot be written without escapes. No text has this byte.
            _ => vec![0xff],
        };
        let mut head = [0; HEAD_LEN];
        let mut mask = head;
        for (index, byte) in bytes.iter().enumerate().take(HEAD_LEN) {
            (head[index], mask[index]) = (*byte, u8::MAX);
        }
        let (head, mask) = (u128::from_le_bytes(head), u128::from_le_bytes(mask));
        Self { bytes: bytes.into_boxed_slice(), head, mask }
    }

    /// What stands behind the key, where the text starts with it.
    #[inline(always)]
    fn strip_from<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let Some(head) = text.first_chunk() else { return text.strip_prefix(&*self.bytes) };
        if (u128::from_le_bytes(*head) ^ self.head) & self.mask != 0 {
            return None;
        }
        let (key, rest) = text.split_at_checked(self.bytes.len())?;
        (key.len() <= HEAD_LEN || self.has_tail(key)).then_some(rest)
    }

    /// Whether a key that is as long and starts alike is the same.
    #[inline(never)]
    fn has_tail(&self, key: &[u8]) -> bool {
        // The last bytes are all there is left to be compared of most.
        key.last_chunk::<HEAD_LEN>() == self.bytes.last_chunk()
            && (key.len() <= 2 * HEAD_LEN || *key == *self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_whatever_its_length() {
        for len in 0..40 {
            let key = "k".repeat(len);
            for tail in ["1", "1,\"more\":\"and more\""] {
                let text = format!("\"{key}\":{tail}");
                let rest = QuotedKey::new(&key).strip_from(text.as_bytes());
                assert_eq!(rest, Some(tail.as_bytes()), "{len}");
                for other in [format!("{key}k"), format!("{key}j"), format!("j{key}")] {
                    let rest = QuotedKey::new(&other).strip_from(text.as_bytes());
                    assert_eq!(rest, None, "{len}");
                }
                for at in 0..len {
                    let mut other = key.clone().into_bytes();
                    other[at] = b'j';
                    let other = String::from_utf8(other).unwrap();
                    let rest = QuotedKey::new(&other).strip_from(text.as_bytes());
                    assert_eq!(rest, None, "{len} {at}");
                }
            }
        }
        for text in ["\"a\\\"b\":1                      ", "\"a\\\"b\":1", "\"a\"b\":1"] {
            assert_eq!(QuotedKey::new("a\"b").strip_from(text.as_bytes()), None);
        }
    }
}
