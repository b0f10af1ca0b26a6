//! The straight way of a record into its columns, without a list of its fields in between.
//!
//! It knows what nearly all records are: as many fields as there are names, each without quotes or
//! within them, each a value of its column's type. Where it meets anything else it takes back what it
//! wrote of the record, which then goes the ordinary way, through [`Records`](super::records::Records)
//! and [`Shaper::push_text`]; so it decides nothing, and whatever it accepts the ordinary way would
//! have written just so.

use colonna_column::ColumnBuilder;

use super::delimiters::find;
use super::dialect::Dialect;
use super::layout::Layout;
use super::records::unescape;
use crate::decode::digits::{double, integer};
use crate::decode::moments::Moments;
use crate::infer::NumberStyle;
use crate::shape::{Policy, Reading, UNQUOTED_NULL, ValueShape, write_text};
use crate::{RecordShape, Shaper};

/// Where so many more records of a chunk had to go the ordinary way than did not, all others do.
const MOST_REFUSED: usize = 64;

/// Reads the records of a chunk.
pub(super) struct Shredder<'a> {
    line: Line<'a>,
    comment: Option<u8>,
    cells: Vec<Cell<'a>>,
    /// The slots of the columns of the cells.
    slots: Vec<usize>,
    /// How many records were added, and how many had to go the ordinary way.
    added: usize,
    refused: usize,
}

/// What holds for all fields.
struct Line<'a> {
    dialect: &'a Dialect,
    text: &'a str,
    bytes: &'a [u8],
    delimiter: u8,
    /// The delimiter, where there are no quotes.
    quote: u8,
    /// The quote, where nothing escapes.
    escape: u8,
    blank_before_quote: bool,
    nulls: &'a [String],
    /// The bytes that a spelling of null starts with.
    null_starts: [bool; 256],
    scratch: String,
}

/// Where the values of a field go, and how they are read.
struct Cell<'a> {
    slot: usize,
    shape: &'a ValueShape,
    exactly: bool,
    form: Form,
}

/// What the straight way knows of a type. Whatever it does not read is read as any text is.
enum Form {
    Text,
    Integer,
    Double,
    Date(Moments),
    Moment(Moments),
    Other,
}

impl Form {
    fn of(shape: &ValueShape) -> Self {
        match shape {
            ValueShape::Text(Reading { is_open: false, .. }) => Self::Text,
            ValueShape::Int64(Reading { style: NumberStyle::Plain, .. }) => Self::Integer,
            ValueShape::Float64(Reading { style: NumberStyle::Plain, .. }) => Self::Double,
            ValueShape::Date(format) if Moments::are_of(format) => Self::Date(Moments::default()),
            ValueShape::Timestamp { format, .. } if Moments::are_of(format) => {
                Self::Moment(Moments::default())
            }
            _ => Self::Other,
        }
    }
}

impl<'a> Shredder<'a> {
    /// None where the records of the chunk have to go the ordinary way.
    pub(super) fn try_new(
        layout: &'a Layout,
        text: &'a str,
        shape: &'a RecordShape,
        extra_fields: &[(String, String)],
    ) -> Option<Self> {
        let cells = layout.names.iter().map(|name| Cell::of(shape, name));
        let cells = cells.collect::<Option<Vec<Cell<'a>>>>()?;
        let mut slots: Vec<usize> = cells.iter().map(|cell| cell.slot).collect();
        // A column that gets two values of one record keeps the first of them.
        let extra = extra_fields.iter();
        slots.extend(extra.filter_map(|(name, _)| Some(Cell::of(shape, name)?.slot)));
        slots.sort_unstable();
        let slot_count = slots.len();
        slots.dedup();
        let is_first_only = slots.len() < slot_count;
        let line = Line::try_new(&layout.dialect, text, &shape.nulls)?;
        let comment = layout.dialect.comment.map(|comment| comment.mark);
        let is_known = !cells.is_empty() && !is_first_only;
        is_known.then_some(Self { line, comment, cells, slots, added: 0, refused: 0 })
    }

    /// Adds the record that starts at `start`. Where the next line starts; nothing where the record
    /// has to go the ordinary way, and nothing of it is left then. Else the record is to be ended by
    /// [`Shaper::finish_record`].
    #[inline]
    pub(super) fn push_record(&mut self, shaper: &mut Shaper, start: usize) -> Option<usize> {
        if self.refused > self.added + MOST_REFUSED {
            return None;
        }
        let (_, columns, row, _) = shaper.parts_mut();
        let next = self.record(columns, row, start);
        match next {
            Some(_) => self.added += 1,
            None => self.take_back(columns, row),
        }
        next
    }

    #[cold]
    fn take_back(&mut self, columns: &mut [ColumnBuilder], row: usize) {
        self.refused += 1;
        for slot in &self.slots {
            if let Some(column) = columns.get_mut(*slot) {
                column.truncate(row);
            }
        }
    }

    fn record(&mut self, columns: &mut [ColumnBuilder], row: usize, start: usize) -> Option<usize> {
        let line = &mut self.line;
        let first = line.bytes.get(start);
        if self.comment.is_some() && first == self.comment.as_ref() || first == Some(&b'\n') {
            return None;
        }
        let mut at = start;
        for cell in &mut self.cells {
            let column = columns.get_mut(cell.slot)?;
            at = line.field(cell, column, row, at)?;
            match line.bytes.get(at)? {
                delimiter if *delimiter == line.delimiter => at += 1,
                _ => return line.line_end(at).filter(|_| at > start),
            }
        }
        // What is empty past the names is nothing.
        while line.bytes.get(at) == Some(&line.delimiter) {
            at += 1;
        }
        line.line_end(at)
    }
}

impl<'a> Cell<'a> {
    fn of(shape: &'a RecordShape, name: &str) -> Option<Self> {
        let field = shape.root.fields.get(shape.root.find(name, usize::MAX)?)?;
        let is_column = !matches!(field.value, ValueShape::Flat(_));
        is_column.then_some(Self {
            slot: field.slot,
            shape: &field.value,
            exactly: field.policy == Policy::Keep,
            form: Form::of(&field.value),
        })
    }
}

impl<'a> Line<'a> {
    fn try_new(dialect: &'a Dialect, text: &'a str, nulls: &'a [String]) -> Option<Self> {
        let [delimiter] = *dialect.delimiter else { return None };
        let quote = dialect.quote.unwrap_or(delimiter);
        let escape = dialect.escape.unwrap_or(quote);
        // What stands in numbers and times must end none.
        let is_plain = !delimiter.is_ascii_alphanumeric() && !b" +-.:\"\r\n".contains(&delimiter);
        let has_quote = dialect.quote.is_some();
        let is_known = is_plain
            && (has_quote || dialect.escape.is_none())
            && dialect.quote != Some(delimiter)
            && !dialect.ends_at_cr
            && text.len() <= dialect.record_limit;
        let mut null_starts = [false; 256];
        for null in nulls.iter().filter_map(|null| null.as_bytes().first()) {
            if let Some(is_start) = null_starts.get_mut(usize::from(*null)) {
                *is_start = true;
            }
        }
        let (bytes, scratch) = (text.as_bytes(), String::new());
        is_known.then_some(Self {
            dialect,
            text,
            bytes,
            delimiter,
            quote,
            escape,
            blank_before_quote: dialect.blank_before_quote && has_quote,
            nulls,
            null_starts,
            scratch,
        })
    }

    /// Adds the field that starts at `at` to its column. Where it ends; a null may be left to be
    /// filled up.
    #[inline]
    fn field(
        &mut self,
        cell: &mut Cell<'_>,
        column: &mut ColumnBuilder,
        row: usize,
        at: usize,
    ) -> Option<usize> {
        let first = *self.bytes.get(at)?;
        if first == self.delimiter || first == b'\n' || first == b'\r' {
            return Some(at);
        }
        if column.len() < row {
            column.push_nulls_to(row);
        }
        if first == self.quote {
            return self.quoted(cell, column, at + 1);
        }
        if first == b' ' && self.blank_before_quote {
            let blanks = self.bytes.get(at..)?.iter().take_while(|byte| **byte == b' ').count();
            if self.bytes.get(at + blanks) == Some(&self.quote) {
                return self.quoted(cell, column, at + blanks + 1);
            }
        }
        let is_text = matches!(cell.form, Form::Text) && !self.may_be_null(first);
        if !is_text
            && !self.may_be_null(first)
            && let Some(end) = self.typed(cell, column, at, false)
        {
            return Some(end);
        }
        let end = self.plain_end(at)?;
        let text = self.text.get(at..end)?;
        if is_text {
            column.push_text(text).ok()?;
        } else {
            self.value(cell, column, text, false)?;
        }
        Some(end)
    }

    /// Adds a field whose inside starts at `inner`. Where the end of it lies behind its quote.
    #[inline]
    fn quoted(
        &mut self,
        cell: &mut Cell<'_>,
        column: &mut ColumnBuilder,
        inner: usize,
    ) -> Option<usize> {
        let first = *self.bytes.get(inner)?;
        let is_text = matches!(cell.form, Form::Text) && !self.may_be_null(first);
        if !is_text
            && !self.may_be_null(first)
            && let Some(end) = self.typed(cell, column, inner, true)
        {
            return Some(end + 1);
        }
        let mut has_escapes = false;
        let mut end = inner;
        loop {
            end = find([self.quote, self.escape], self.bytes, end)?;
            let is_quote = self.bytes.get(end) == Some(&self.quote);
            let is_doubled =
                self.dialect.escape.is_none() && self.bytes.get(end + 1) == Some(&self.quote);
            if is_quote && !is_doubled {
                break;
            }
            has_escapes = true;
            end += 2;
        }
        let text = self.text.get(inner..end)?;
        if has_escapes {
            let mut scratch = std::mem::take(&mut self.scratch);
            scratch.clear();
            unescape(self.dialect, true, text, &mut scratch);
            let is_added = self.value(cell, column, &scratch, true);
            self.scratch = scratch;
            is_added?;
        } else if is_text && end > inner {
            column.push_text(text).ok()?;
        } else {
            self.value(cell, column, text, true)?;
        }
        Some(end + 1)
    }

    /// Adds a value of the column's type that is written as most are and stands alone between `at`
    /// and the end of its field, which is given back. None where nothing was added.
    #[inline]
    fn typed(
        &self,
        cell: &mut Cell<'_>,
        column: &mut ColumnBuilder,
        at: usize,
        is_quoted: bool,
    ) -> Option<usize> {
        let ends_at = |end: usize| {
            let last = self.bytes.get(end)?;
            let is_end = if is_quoted { *last == self.quote } else { self.is_end(*last) };
            // The quote ends the field where the field ends.
            let is_end = is_end && (!is_quoted || self.is_end(*self.bytes.get(end + 1)?));
            is_end.then_some(end)
        };
        match &mut cell.form {
            Form::Text | Form::Other => None,
            Form::Integer => {
                let (value, len) = integer(self.bytes, at)?;
                let end = ends_at(at + len)?;
                column.push_i64(value).ok().map(|()| end)
            }
            Form::Double => {
                let (value, len) = double(self.bytes, at)?;
                let end = ends_at(at + len)?;
                column.push_f64(value).ok().map(|()| end)
            }
            Form::Date(moments) => {
                let (micros, len) = moments.date(self.bytes, at)?;
                let end = ends_at(at + len)?;
                column.push_i64(micros / MICROS_PER_DAY).ok().map(|()| end)
            }
            Form::Moment(moments) => {
                let (micros, len) = moments.moment(self.bytes, at)?;
                let end = ends_at(at + len)?;
                column.push_i64(micros).ok().map(|()| end)
            }
        }
    }

    /// Adds a text as [`Shaper::push_text`] does, where it fits its column and is no surprise.
    fn value(
        &self,
        cell: &Cell<'_>,
        column: &mut ColumnBuilder,
        text: &str,
        is_quoted: bool,
    ) -> Option<()> {
        let is_null = |null: &String| null == text && !(is_quoted && null == UNQUOTED_NULL);
        if self.nulls.iter().any(is_null) {
            column.push_null();
            return Some(());
        }
        let is_open = matches!(cell.shape, ValueShape::Text(reading) if reading.is_open);
        (!is_open && write_text(column, cell.shape, text, cell.exactly)).then_some(())
    }

    #[inline]
    fn may_be_null(&self, first: u8) -> bool {
        self.null_starts.get(usize::from(first)) == Some(&true)
    }

    /// Where a field without quotes ends.
    #[inline]
    fn plain_end(&self, at: usize) -> Option<usize> {
        let end = find([self.delimiter, b'\n'], self.bytes, at)?;
        if self.bytes.get(end) == Some(&self.delimiter) {
            return Some(end);
        }
        let field = self.bytes.get(at..end)?;
        let returns = field.iter().rev().take_while(|byte| **byte == b'\r').count();
        Some(end - returns)
    }

    #[inline]
    fn is_end(&self, byte: u8) -> bool {
        byte == self.delimiter || byte == b'\n' || byte == b'\r'
    }

    /// Where the next line starts if this one ends at `at`.
    #[inline]
    fn line_end(&self, at: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'\n' => Some(at + 1),
            b'\r' => {
                let mut behind = self.bytes.get(at..)?.iter();
                let returns = behind.position(|byte| *byte != b'\r')?;
                (self.bytes.get(at + returns) == Some(&b'\n')).then_some(at + returns + 1)
            }
            _ => None,
        }
    }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;
