//! The straight way of records into their columns, without a list of the fields of each in between.
//!
//! It knows what nearly all records are: as many fields as the record before, each without quotes or
//! within them, each a value of its column's type. It takes some records at a time: first it finds
//! where their fields stand, then it goes through them column by column, so that no value waits for
//! the one before it and what holds for a column is asked once. A record in which it meets anything
//! else, and those behind it, it takes back; that record then goes the ordinary way, through
//! [`Records`](super::records::Records) and [`Shaper::push_text`]. So it decides nothing, and whatever
//! it accepts the ordinary way would have written just so.

use std::ops::Range;

use colonna_column::{ColumnBuilder, ColumnError};

use super::bounds::{Bounds, Places};
use super::dialect::Dialect;
use super::ends::Ends;
use super::lanes::{Lanes, MOST_LANES, double_at, integer_at};
use super::layout::Layout;
use super::records::unescape;
use crate::decode::moments::Moments;
use crate::infer::NumberStyle;
use crate::shape::{Policy, Reading, UNQUOTED_NULL, ValueShape, write_text};
use crate::{RecordShape, Shaper};

/// Where so many more records of a chunk had to go the ordinary way than did not, all others do.
const MOST_REFUSED: usize = 64;

/// As many records are taken at a time at most, so that their bytes stay in the cache.
const MOST_AT_A_TIME: usize = MOST_LANES;

/// Reads the records of a chunk.
pub(super) struct Shredder<'a> {
    line: Line<'a>,
    bounds: Bounds<'a>,
    lanes: Box<Lanes>,
    cells: Vec<Cell<'a>>,
    /// The slots of the columns of the cells.
    slots: Vec<usize>,
    /// How many records are taken at a time.
    most: usize,
    /// How many records were added, and how many had to go the ordinary way.
    added: usize,
    refused: usize,
}

/// What holds for all fields.
struct Line<'a> {
    dialect: &'a Dialect,
    text: &'a str,
    bytes: &'a [u8],
    nulls: &'a [String],
    /// What a field may be that starts with a byte; 0 is a text.
    starts: [u8; 256],
    /// A spelling of null may be a number or a time.
    may_null_be_a_value: bool,
}

/// What a field may be by its first byte: nothing, in quotes, or a spelling of null.
const END: u8 = 1;
const QUOTE: u8 = 2;
const NULL: u8 = 3;

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
        ends: &'a Ends,
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
        let bounds = Bounds::try_new(&layout.dialect, text.as_bytes(), ends, cells.len())?;
        let line = Line::new(&layout.dialect, text, &shape.nulls);
        let (most, added, refused) = (MOST_AT_A_TIME, 0, 0);
        let lanes = Box::new(Lanes::new());
        (!is_first_only).then_some(Self { line, bounds, lanes, cells, slots, most, added, refused })
    }

    /// Adds some records from `start` on, where a line starts, and gives back where their lines start
    /// and where the one behind them does. They are to be ended by [`Shaper::finish_record`], one
    /// after the other. Where there are none, the record at `start` has to go the ordinary way.
    pub(super) fn push_records(&mut self, shaper: &mut Shaper, start: usize) -> &[u32] {
        if self.refused > self.added + MOST_REFUSED {
            return &[];
        }
        let (_, columns, row, _) = shaper.parts_mut();
        self.bounds.find(start, self.most);
        let found = self.bounds.len();
        let mut count = found;
        for (index, cell) in self.cells.iter_mut().enumerate() {
            if count > 0 && index < self.bounds.field_count() {
                let column = columns.get_mut(cell.slot);
                let fill = |column| {
                    self.line.fill(&mut self.lanes, cell, column, row, &self.bounds, index)
                };
                count = count.min(column.map_or(0, fill));
            }
        }
        if count < found {
            self.take_back(columns, row + count);
        }
        self.most = if count < self.most { count.max(1) } else { MOST_AT_A_TIME.min(2 * count) };
        self.added += count;
        self.refused += usize::from(count == 0);
        self.bounds.starts(count)
    }

    #[cold]
    fn take_back(&self, columns: &mut [ColumnBuilder], row: usize) {
        for slot in &self.slots {
            if let Some(column) = columns.get_mut(*slot) {
                column.truncate(row);
            }
        }
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
    fn new(dialect: &'a Dialect, text: &'a str, nulls: &'a [String]) -> Self {
        let mut starts = [0; 256];
        let mut mark = |byte: u8, start| starts[usize::from(byte)] = start;
        let null_starts = || nulls.iter().filter_map(|null| null.bytes().next());
        null_starts().for_each(|byte| mark(byte, NULL));
        // No value in quotes starts with a quote but where that is doubled.
        dialect.quote.iter().for_each(|quote| mark(*quote, QUOTE));
        dialect.delimiter.iter().chain(b"\n").for_each(|end| mark(*end, END));
        let may_null_be_a_value = null_starts().any(|byte| byte == b'-' || byte.is_ascii_digit());
        let bytes = text.as_bytes();
        Self { dialect, text, bytes, nulls, starts, may_null_be_a_value }
    }

    /// Adds the values of a field to its column, from `row` on; nulls may be left to be filled up.
    /// How many could be added before one could not.
    fn fill(
        &self,
        lanes: &mut Lanes,
        cell: &mut Cell<'_>,
        column: &mut ColumnBuilder,
        row: usize,
        bounds: &Bounds<'_>,
        index: usize,
    ) -> usize {
        let is_text = matches!(cell.form, Form::Text);
        let may_have_returns = bounds.may_have_returns(index);
        let goes_fast = !may_have_returns && (is_text || !self.may_null_be_a_value);
        let doubled = bounds.doubled();
        let mut left = bounds.places(index);
        let mut taken = 0;
        loop {
            let nothing = left.clone().take_while(|(start, end)| start == end).count();
            (left, taken) = (left.behind(nothing), taken + nothing);
            if left.is_empty() {
                return taken;
            }
            column.push_nulls_to(row + taken);
            if goes_fast {
                let added = self.push(lanes, cell, column, left.clone(), doubled);
                let added = added.unwrap_or_default();
                (left, taken) = (left.behind(added), taken + added);
            }
            // One that is not as most are.
            let Some((start, mut end)) = left.next() else { return taken };
            if may_have_returns {
                end = bounds.without_returns(start, end);
            }
            let is_added =
                start == end || self.push_one(cell, column, (start, end), doubled).is_some();
            if !is_added {
                return taken;
            }
            taken += 1;
        }
    }

    /// Adds values that are written as most are, up to the first that is not. How many there were.
    fn push(
        &self,
        lanes: &mut Lanes,
        cell: &mut Cell<'_>,
        column: &mut ColumnBuilder,
        places: Places<'_>,
        doubled: &Range<usize>,
    ) -> Result<usize, ColumnError> {
        let bytes = self.bytes;
        match &mut cell.form {
            Form::Text => self.add_texts(column, places, doubled),
            Form::Integer => add_whole(column, lanes.integers(bytes, places)),
            Form::Date(moments) => add_whole(column, lanes.days(bytes, places, moments)),
            Form::Moment(moments) => add_whole(column, lanes.moments(bytes, places, moments)),
            Form::Double => {
                let values = lanes.doubles(bytes, places);
                column.extend_f64(values).map(|()| values.len())
            }
            Form::Other => Ok(0),
        }
    }

    #[inline(never)]
    fn add_texts(
        &self,
        column: &mut ColumnBuilder,
        places: Places<'_>,
        doubled: &Range<usize>,
    ) -> Result<usize, ColumnError> {
        column.extend_texts(Texts { line: self, places, doubled })
    }

    /// The text of a field that is no null, and has no escapes.
    #[inline(always)]
    fn plain_text(&self, start: usize, end: usize, doubled: &Range<usize>) -> Option<&'a [u8]> {
        let kind = |byte: &u8| self.starts[usize::from(*byte)];
        let field = self.bytes.get(start..end)?;
        let (first, rest) = field.split_first()?;
        if kind(first) == 0 {
            return Some(field);
        }
        let (last, text) = rest.split_last()?;
        if kind(first) != QUOTE || kind(last) != QUOTE || kind(text.first()?) == NULL {
            return None;
        }
        (!may_have(start, end, doubled) || !self.has_quote(text)).then_some(text)
    }

    #[cold]
    fn has_quote(&self, text: &[u8]) -> bool {
        self.dialect.quote.is_some_and(|quote| text.contains(&quote))
    }

    /// What a field may be that starts there.
    #[inline(always)]
    fn start(&self, at: usize) -> u8 {
        let byte = self.bytes.get(at).copied().unwrap_or_default();
        self.starts[usize::from(byte)]
    }

    /// Adds a value. None where it needs the rules, or does not fit its column.
    #[inline(never)]
    fn push_one(
        &self,
        cell: &mut Cell<'_>,
        column: &mut ColumnBuilder,
        (start, end): (usize, usize),
        doubled: &Range<usize>,
    ) -> Option<()> {
        let quote = self.dialect.quote.as_ref();
        let is_quoted = quote.is_some() && self.bytes.get(start) == quote;
        // The quotes are even in number, and a CR may stand behind the last.
        if is_quoted && (end < start + 2 || self.bytes.get(end - 1) != quote) {
            return None;
        }
        let (start, end) = if is_quoted { (start + 1, end - 1) } else { (start, end) };
        let text = self.text.get(start..end)?;
        if is_quoted && may_have(start, end, doubled) && self.has_quote(text.as_bytes()) {
            let mut unescaped = String::with_capacity(text.len());
            unescape(self.dialect, true, text, &mut unescaped);
            return self.value(cell, column, &unescaped, true);
        }
        let bytes = self.bytes;
        let is_plain = !text.is_empty() && self.start(start) != NULL;
        let value = match &mut cell.form {
            _ if !is_plain => None,
            Form::Integer => integer_at(bytes, start, end),
            Form::Date(moments) => moments.day_at(bytes, start, end),
            Form::Moment(moments) => moments.moment_at(bytes, start, end),
            Form::Double => {
                let value = double_at(bytes, start, end);
                return match value {
                    Some(value) => column.push_f64(value).ok(),
                    None => self.value(cell, column, text, is_quoted),
                };
            }
            Form::Text | Form::Other => None,
        };
        match value {
            Some(value) => column.push_i64(value).ok(),
            None => self.value(cell, column, text, is_quoted),
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
}

/// The texts of a field in some records, up to the first that is a null or has escapes. They stand
/// between delimiters and quotes, which are characters, and so they are as valid as the whole text.
struct Texts<'t> {
    line: &'t Line<'t>,
    places: Places<'t>,
    doubled: &'t Range<usize>,
}

impl<'t> Iterator for Texts<'t> {
    type Item = &'t [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'t [u8]> {
        let (start, end) = self.places.next()?;
        self.line.plain_text(start, end, self.doubled)
    }
}

/// Whether a field may have something of what stands in a range.
#[inline(always)]
fn may_have(start: usize, end: usize, range: &Range<usize>) -> bool {
    end > range.start && start < range.end
}

fn add_whole(column: &mut ColumnBuilder, values: &[i64]) -> Result<usize, ColumnError> {
    column.extend_i64(values).map(|()| values.len())
}
