//! The straight way of a JSON record into its columns, without a tree in between.
//!
//! It knows what nearly all records are: an object on one line, with keys that the shape knows,
//! mostly in its order, and values of the types of their columns. Where it meets anything else it
//! takes back what it wrote of the record, which then goes the ordinary way, through
//! [`Shaper::push_record`]; so it decides nothing, and whatever it accepts the ordinary way would
//! have written just so.

use colonna_column::ColumnBuilder;
use fearless_simd::{Simd, u8x64};

use super::scalar::{write_number, write_string};
use super::{ObjectShape, Policy, Shaper, ValueShape};
use crate::decode::digits;
use crate::decode::json::{Cursor, Kind, plain_len, plain_len_by, unescape};
use crate::decode::moments::Moments;
use crate::infer::read_number;

impl Shaper {
    /// Adds the record that starts at `start` of a text and takes up the rest of its line. Where the
    /// next line starts; nothing where the record has to go the ordinary way, which takes back what
    /// was written of it. Else the record is to be ended by [`Shaper::finish_record`].
    #[inline(always)]
    pub(crate) fn push_line<S: Simd>(
        &mut self,
        simd: S,
        text: &str,
        start: usize,
        scratch: &mut Vec<u8>,
    ) -> Option<usize> {
        self.take_back();
        let (shape, columns, row, moments) = self.parts_mut();
        let rest = text.as_bytes().get(start..)?;
        let mut shredder = Shredder { simd, text, moments, scratch };
        let next = shredder.record(rest, columns, &shape.root, row);
        self.is_torn = next.is_none();
        next
    }
}

/// What follows in the text what was read; nothing where the record has to go the ordinary way.
type Rest<'a> = Option<&'a [u8]>;

/// What stands next in an object.
enum Next<'a> {
    /// The field of the next key, and what stands behind its colon.
    Member(usize, &'a [u8]),
    End(&'a [u8]),
}

/// Reads a text, of which each step is given what is left, and leaves what it has not read.
struct Shredder<'a, 'm, S> {
    simd: S,
    text: &'a str,
    moments: &'m mut Moments,
    /// The text that a string with escapes stands for.
    scratch: &'m mut Vec<u8>,
}

impl<'a, S: Simd> Shredder<'a, '_, S> {
    #[inline]
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
        // Here the processor's vectors come in, and again for each object within another.
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            move || self.members(text, columns, shape, row),
        )
    }

    #[inline(always)]
    fn members(
        &mut self,
        text: &'a [u8],
        columns: &mut [ColumnBuilder],
        shape: &ObjectShape,
        row: usize,
    ) -> Rest<'a> {
        let first = shape.keys.first().and_then(|key| key.strip_from::<1>(text));
        let mut next = first.map(|value| Next::Member(0, value));
        if next.is_none() {
            next = self.first_member(text, shape);
        }
        let (mut index, mut value) = match next? {
            Next::Member(index, value) => (index, value),
            Next::End(rest) => return Some(rest),
        };
        loop {
            let field = shape.fields.get(index)?;
            let column = columns.get_mut(field.slot)?;
            if column.len() != row {
                fill_up(column, row)?;
            }
            let is_exact = field.policy == Policy::Keep;
            let rest = self.value(behind_blanks(value), column, &field.value, is_exact)?;
            if let [b'}', rest @ ..] = rest {
                return Some(rest);
            }
            index += 1;
            value = match shape.keys.get(index).and_then(|key| key.strip_from::<0>(rest)) {
                Some(value) => value,
                None => match self.next_member(rest, shape, index)? {
                    Next::End(rest) => return Some(rest),
                    Next::Member(found, value) => {
                        index = found;
                        value
                    }
                },
            };
        }
    }

    /// What stands behind the brace of an object.
    #[inline(never)]
    fn first_member(&self, text: &'a [u8], shape: &ObjectShape) -> Option<Next<'a>> {
        match behind_blanks(text) {
            [b'}', rest @ ..] => Some(Next::End(rest)),
            rest => self.member(rest, shape, 0),
        }
    }

    /// What stands behind a value of an object.
    #[inline(never)]
    fn next_member(&self, text: &'a [u8], shape: &ObjectShape, hint: usize) -> Option<Next<'a>> {
        match behind_blanks(text) {
            [b'}', rest @ ..] => Some(Next::End(rest)),
            [b',', rest @ ..] => self.member(behind_blanks(rest), shape, hint),
            _ => None,
        }
    }

    /// The member whose key stands here.
    #[inline]
    fn member(&self, text: &'a [u8], shape: &ObjectShape, hint: usize) -> Option<Next<'a>> {
        // Keys come in one order; the next one or two may be missing.
        let near = shape.keys.get(hint..).unwrap_or_default().iter().take(3);
        for (index, key) in (hint..).zip(near) {
            if let Some(value) = key.strip_from::<1>(text) {
                return Some(Next::Member(index, value));
            }
        }
        let (key, rest) = self.plain_string(text)?;
        let index = shape.find(key, usize::MAX)?;
        Some(Next::Member(index, behind_blanks(rest).strip_prefix(b":")?))
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
                let len = plain_len_by::<S, u8x64<S>>(self.simd, behind);
                let (value, rest) = behind.split_at_checked(len)?;
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
                let [elements] = column.elements_mut() else { return None };
                let simd = self.simd;
                let rest = simd.vectorize(
                    #[inline(always)]
                    move || self.elements(behind, elements, element, exactly),
                )?;
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
            ValueShape::Date(format) if Moments::are_of(format) => self.moments.day(text, 0)?,
            ValueShape::Timestamp { format, .. } if Moments::are_of(format) => {
                self.moments.moment(text, 0)?
            }
            _ => return None,
        };
        Some((value, text.get(len..)?.strip_prefix(b"\"")?))
    }

    /// The elements of a list, from behind its bracket to behind the other one.
    #[inline(always)]
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
    fn text(&mut self, text: &'a [u8], column: &mut ColumnBuilder) -> Rest<'a> {
        if let Some(rest) = self.unescaped(text) {
            column.push_utf8(self.scratch).ok()?;
            return Some(rest);
        }
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

    /// Unescapes a string, where no escape stands for more than one byte.
    fn unescaped(&mut self, text: &'a [u8]) -> Rest<'a> {
        let mut rest = text.strip_prefix(b"\"")?;
        self.scratch.clear();
        loop {
            let (plain, behind) = rest.split_at_checked(plain_len(rest))?;
            self.scratch.extend_from_slice(plain);
            let (escape, behind) = match behind {
                [b'"', behind @ ..] => return Some(behind),
                [b'\\', escape, behind @ ..] => (*escape, behind),
                _ => return None,
            };
            self.scratch.push(match escape {
                b'"' | b'\\' | b'/' => escape,
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => return None,
            });
            rest = behind;
        }
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

/// What stands behind blanks within a line. Mostly there are none.
#[inline(always)]
fn behind_blanks(text: &[u8]) -> &[u8] {
    if text.first().is_some_and(|first| *first <= b' ') { behind_any_blanks(text) } else { text }
}

#[inline(never)]
fn behind_any_blanks(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [b' ' | b'\t' | b'\r', behind @ ..] = rest {
        rest = behind;
    }
    rest
}
