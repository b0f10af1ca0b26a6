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
        let mut shredder = Shredder { text, bytes: text.as_bytes(), at: start, moments };
        let next = shredder.record(columns, &shape.root, row);
        if next.is_none() {
            columns.iter_mut().for_each(|column| column.truncate(row));
        }
        next
    }
}

/// A place in the text. Every step gives `None` where the record has to go the ordinary way.
struct Shredder<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    moments: &'a mut Moments,
}

impl<'a> Shredder<'a> {
    fn record(
        &mut self,
        columns: &mut [ColumnBuilder],
        shape: &ObjectShape,
        row: usize,
    ) -> Option<usize> {
        self.eat(b'{')?;
        self.object(columns, shape, row)?;
        self.skip_blanks();
        match self.peek() {
            Some(b'\n') => Some(self.at + 1),
            None => Some(self.at),
            Some(_) => None,
        }
    }

    /// The members of an object, from behind its brace to behind the other one.
    fn object(
        &mut self,
        columns: &mut [ColumnBuilder],
        shape: &ObjectShape,
        row: usize,
    ) -> Option<()> {
        self.skip_blanks();
        if self.eat(b'}').is_some() {
            return Some(());
        }
        let mut hint = 0;
        loop {
            let index = self.key(shape, hint)?;
            hint = index + 1;
            let field = shape.fields.get(index)?;
            let column = columns.get_mut(field.slot)?;
            // One more row than there should be: the key stood in the object before.
            if column.len() > row {
                return None;
            }
            column.push_nulls_to(row);
            self.value(column, &field.value, field.policy == Policy::Keep)?;
            self.skip_blanks();
            match self.peek()? {
                b',' => {
                    self.at += 1;
                    self.skip_blanks();
                }
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// The field of the key that stands here, and past its colon.
    #[inline]
    fn key(&mut self, shape: &ObjectShape, hint: usize) -> Option<usize> {
        let rest = self.bytes.get(self.at..)?;
        // Keys come in one order; the next one or two may be missing.
        let mut index = None;
        for (skipped, key) in shape.keys.get(hint..).unwrap_or_default().iter().take(3).enumerate()
        {
            if let Some(len) = key.len_in(rest) {
                index = Some(hint + skipped);
                self.at += len;
                break;
            }
        }
        let index = match index {
            Some(index) => index,
            None => {
                let key = self.plain_string()?;
                shape.find(key, usize::MAX)?
            }
        };
        self.skip_blanks();
        self.eat(b':')?;
        self.skip_blanks();
        Some(index)
    }

    fn value(
        &mut self,
        column: &mut ColumnBuilder,
        shape: &ValueShape,
        exactly: bool,
    ) -> Option<()> {
        match (shape, self.peek()?) {
            (_, b'n') => {
                self.word("null")?;
                column.push_null();
            }
            (ValueShape::Text(reading), first) if !reading.is_open => {
                self.text(column, first)?;
            }
            (ValueShape::Int64(_), b'-' | b'0'..=b'9') => {
                let value = self.integer()?;
                column.push_i64(value).ok()?;
            }
            (ValueShape::Float64(_), b'-' | b'0'..=b'9') => self.double(column, shape, exactly)?,
            (ValueShape::Boolean, first @ (b't' | b'f')) => {
                self.word(if first == b't' { "true" } else { "false" })?;
                column.push_bool(first == b't').ok()?;
            }
            (ValueShape::Date(_) | ValueShape::Timestamp { .. }, b'"') => {
                if let Some(value) = self.moment(shape) {
                    return column.push_i64(value).ok();
                }
                let text = self.plain_string()?;
                write_string(column, shape, text, exactly).then_some(())?;
            }
            (ValueShape::Date(_) | ValueShape::Timestamp { .. }, b'-' | b'0'..=b'9') => {
                let text = self.number_text()?;
                let number = read_number(text);
                write_number(column, shape, text, number, exactly).then_some(())?;
            }
            (ValueShape::Struct(object), b'{') => {
                self.at += 1;
                let row = column.len();
                self.object(column.fields_mut(), object, row)?;
                column.close_row();
            }
            (ValueShape::List(element), b'[') => {
                self.at += 1;
                if let [elements] = column.elements_mut() {
                    self.elements(elements, element, exactly)?;
                }
                column.close_row();
            }
            _ => return None,
        }
        Some(())
    }

    /// A day or a moment, and past its quotes, where it is written as most are.
    #[inline]
    fn moment(&mut self, shape: &ValueShape) -> Option<i64> {
        let start = self.at + 1;
        let (value, len) = match shape {
            ValueShape::Date(format) if Moments::are_of(format) => {
                let (micros, len) = self.moments.date(self.bytes, start)?;
                (micros / MICROS_PER_DAY, len)
            }
            ValueShape::Timestamp { format, .. } if Moments::are_of(format) => {
                self.moments.moment(self.bytes, start)?
            }
            _ => return None,
        };
        (self.bytes.get(start + len) == Some(&b'"')).then_some(())?;
        self.at = start + len + 1;
        Some(value)
    }

    /// The elements of a list, from behind its bracket to behind the other one.
    fn elements(
        &mut self,
        column: &mut ColumnBuilder,
        shape: &ValueShape,
        exactly: bool,
    ) -> Option<()> {
        self.skip_blanks();
        if self.eat(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(column, shape, exactly)?;
            self.skip_blanks();
            match self.peek()? {
                b',' => {
                    self.at += 1;
                    self.skip_blanks();
                }
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// A value for a column of texts: a string, or a number or boolean as it is written.
    #[inline]
    fn text(&mut self, column: &mut ColumnBuilder, first: u8) -> Option<()> {
        match first {
            b'"' => {
                let start = self.at + 1;
                let len = plain_len(self.bytes.get(start..)?);
                if self.bytes.get(start + len) == Some(&b'"') {
                    self.at = start + len + 1;
                    return column.push_text(self.text.get(start..start + len)?).ok();
                }
                let mut cursor = Cursor { bytes: self.bytes, at: self.at };
                let kind = cursor.string().ok()?;
                self.at = cursor.at;
                let inner = self.text.get(start..self.at - 1)?;
                match kind {
                    Kind::EscapedText => column.push_text(&unescape(inner)).ok(),
                    _ => column.push_text(inner).ok(),
                }
            }
            b'-' | b'0'..=b'9' => {
                let text = self.number_text()?;
                column.push_text(text).ok()
            }
            b't' => column.push_text(self.word("true")?).ok(),
            b'f' => column.push_text(self.word("false")?).ok(),
            _ => None,
        }
    }

    /// A string without escapes.
    #[inline]
    fn plain_string(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let start = self.at;
        self.at += plain_len(self.bytes.get(start..)?);
        let text = self.text.get(start..self.at)?;
        self.eat(b'"')?;
        Some(text)
    }

    fn number_text(&mut self) -> Option<&'a str> {
        let start = self.at;
        let mut cursor = Cursor { bytes: self.bytes, at: start };
        cursor.number().ok()?;
        self.at = cursor.at;
        self.text.get(start..self.at)
    }

    #[inline]
    fn integer(&mut self) -> Option<i64> {
        match digits::integer(self.bytes, self.at) {
            Some((value, len)) => {
                self.at += len;
                Some(value)
            }
            None => self.number_text().and_then(|text| text.parse().ok()),
        }
    }

    #[inline]
    fn double(
        &mut self,
        column: &mut ColumnBuilder,
        shape: &ValueShape,
        exactly: bool,
    ) -> Option<()> {
        match digits::double(self.bytes, self.at) {
            Some((value, len)) if !matches!(self.bytes.get(self.at + len), Some(b'e' | b'E')) => {
                self.at += len;
                column.push_f64(value).ok()
            }
            _ => {
                let text = self.number_text()?;
                let number = read_number(text);
                write_number(column, shape, text, number, exactly).then_some(())
            }
        }
    }

    fn word(&mut self, word: &'static str) -> Option<&'static str> {
        self.bytes.get(self.at..)?.starts_with(word.as_bytes()).then_some(())?;
        self.at += word.len();
        Some(word)
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then_some(())?;
        self.at += 1;
        Some(())
    }

    /// Blanks within a line.
    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A key as JSON writes it, made for comparing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QuotedKey {
    /// With its quotes; empty where it cannot be written without escapes.
    bytes: Box<[u8]>,
    /// The first sixteen bytes of it, and which bits of sixteen bytes belong to it.
    head: u128,
    mask: u128,
}

impl QuotedKey {
    pub(crate) fn new(key: &str) -> Self {
        if plain_len(key.as_bytes()) < key.len() {
            return Self { bytes: Box::default(), head: 0, mask: 0 };
        }
        let bytes = format!("\"{key}\"").into_bytes().into_boxed_slice();
        let mut head = [0; 16];
        head.iter_mut().zip(&bytes).for_each(|(to, from)| *to = *from);
        let mask =
            u128::MAX.checked_shr(128 - 8 * u32::try_from(bytes.len().min(16)).unwrap_or(16));
        let (head, mask) = (u128::from_le_bytes(head), mask.unwrap_or_default());
        Self { bytes, head, mask }
    }

    /// The key's length, with its quotes, where the text starts with it.
    #[inline]
    fn len_in(&self, text: &[u8]) -> Option<usize> {
        let len = self.bytes.len();
        let is_here = match text.first_chunk::<16>() {
            Some(head) => {
                (u128::from_le_bytes(*head) ^ self.head) & self.mask == 0
                    && (len <= 16 || text.get(16..len) == self.bytes.get(16..))
            }
            None => text.starts_with(&self.bytes),
        };
        (is_here && len > 0).then_some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_whatever_its_length() {
        for len in 0..40 {
            let key = "k".repeat(len);
            let text = format!("\"{key}\":1");
            assert_eq!(QuotedKey::new(&key).len_in(text.as_bytes()), Some(len + 2), "{len}");
            let longer = format!("\"{key}k\":1,\"more\":\"and more\"");
            assert_eq!(QuotedKey::new(&key).len_in(longer.as_bytes()), None, "{len}");
        }
        assert_eq!(QuotedKey::new("a\"b").len_in(b"\"a\\\"b\":1                      "), None);
    }
}
