//! A leaf column of one row group, page by page.

use std::borrow::Cow;
use std::ops::Range;

use colonna_column::{Bitmap, Column, Numbers, Values, concat};
use colonna_schema::DataType;
use fearless_simd::{Level, dispatch};
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::ColumnChunkMetaData;

use super::kind::Kind;
use super::list::{ListLevels, ListRows};
use super::values::{Words, decode, spread};
use super::window::{Found, Pages};
use crate::PageError;
use crate::encoding::hybrid;
use crate::leaf::{Leaf, is_coded};
use crate::page_header::ReadKind;
use crate::source::FileBytes;

/// The most values of a page. Beyond it a few bytes would take all memory.
const MOST_VALUES: usize = 1 << 28;

/// Rows of a row group: all from the first to the last, or some of them.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) range: Range<u64>,
    /// Counted from the first of the range, ascending; all where there is none.
    pub(super) some: Option<Vec<u32>>,
}

impl Rows {
    pub(super) fn count(&self) -> usize {
        match &self.some {
            Some(some) => some.len(),
            None => usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX),
        }
    }

    /// The rows that lie in a part of the range, counted from the first of `from`.
    fn within(&self, part: &Range<u64>, from: u64) -> Option<Cow<'_, [u32]>> {
        let some = self.some.as_ref()?;
        let narrow = |row: u64| u32::try_from(row).unwrap_or(u32::MAX);
        let first = narrow(part.start - self.range.start);
        let end = narrow(part.end - self.range.start);
        let rows = &some[some.partition_point(|row| *row < first)..];
        let rows = &rows[..rows.partition_point(|row| *row < end)];
        if from == self.range.start {
            return Some(Cow::Borrowed(rows));
        }
        let moved = |row: &u32| narrow(u64::from(*row) + self.range.start - from);
        Some(Cow::Owned(rows.iter().map(moved).collect()))
    }
}

/// Reads a leaf column that is in no list, or lists of leaves.
#[derive(Debug)]
pub(super) struct LeafReader {
    kind: Kind,
    data_type: DataType,
    codec: Compression,
    /// The level at which a value is there.
    most_level: u8,
    /// The level of an element, where it is in a list.
    element_level: Option<u8>,
    pages: Pages,
    words: Option<Words>,
    page: Option<Decoded>,
    /// Data pages that were decoded.
    pub(super) pages_read: u64,
    /// Of these, pages that a cache had.
    pub(super) pages_cached: u64,
    /// The values in those that were decoded.
    pub(super) values_decoded: u64,
}

/// A page that was decoded.
#[derive(Debug)]
struct Decoded {
    rows: Range<u64>,
    /// None once it was handed out.
    column: Option<Column>,
    levels: Levels,
}

/// At which level each row is there.
#[derive(Debug)]
enum Levels {
    /// All at the highest.
    Full,
    /// At the highest, or not at all.
    Bits(Bitmap),
    /// Each at its own.
    Each(Vec<u8>),
}

impl LeafReader {
    pub(super) fn new(
        kind: Kind,
        data_type: DataType,
        leaf: &Leaf,
        chunk: &ColumnChunkMetaData,
        pages: Pages,
    ) -> Result<Self, PageError> {
        let descriptor = chunk.column_descr();
        let level = |level: i16| {
            u8::try_from(level).map_err(|_too_many| {
                malformed(format!("column {:?} is nested too deep", leaf.path.join(".")))
            })
        };
        let most_level = level(descriptor.max_def_level())?;
        let element = leaf.repeated.then(|| level(descriptor.repeated_ancestor_def_level()));
        let element_level = element.transpose()?;
        Ok(Self {
            kind,
            data_type,
            codec: chunk.compression(),
            most_level,
            element_level,
            pages,
            words: None,
            page: None,
            pages_read: 0,
            pages_cached: 0,
            values_decoded: 0,
        })
    }

    /// Data pages that were found so far.
    pub(super) fn pages_found(&self) -> u64 {
        self.pages.found_count
    }

    /// The last row of the page that has this one, plus one.
    pub(super) fn page_end(&mut self, row: u64) -> Result<u64, PageError> {
        self.pages.at(row).map(|found| found.end_row)
    }

    /// The values of some rows.
    pub(super) fn column(&mut self, rows: &Rows) -> Result<Column, PageError> {
        let mut parts = Vec::new();
        let mut next = rows.range.start;
        loop {
            let page = self.page(next, true)?;
            let part = next..rows.range.end.min(page.rows.end);
            next = part.end;
            parts.push(match rows.within(&part, page.rows.start) {
                Some(rows) => page.gathered(&rows),
                None => page.part(&part),
            });
            if next >= rows.range.end {
                break;
            }
        }
        Ok(match parts.len() {
            1 => parts.swap_remove(0),
            _ => concat(&self.data_type, &parts),
        })
    }

    /// Which of the rows are there up to a level: those in which a struct is not null.
    pub(super) fn is_there(&mut self, rows: &Rows, level: u8) -> Result<Bitmap, PageError> {
        let mut bits = Bitmap::new();
        let mut next = rows.range.start;
        while next < rows.range.end {
            let page = self.page(next, false)?;
            let part = next..rows.range.end.min(page.rows.end);
            next = part.end;
            let at = |row: u64| usize::try_from(row - page.rows.start).unwrap_or(usize::MAX);
            match rows.within(&part, page.rows.start) {
                Some(rows) => {
                    rows.iter().for_each(|row| bits.push(page.levels.reach(*row as usize, level)));
                }
                None => {
                    let rows = at(part.start)..at(part.end);
                    rows.for_each(|row| bits.push(page.levels.reach(row, level)));
                }
            }
        }
        Ok(bits)
    }

    /// The page that has the row, decoded.
    fn page(&mut self, row: u64, with_column: bool) -> Result<&mut Decoded, PageError> {
        let is_known =
            |page: &Decoded| page.rows.contains(&row) && (!with_column || page.column.is_some());
        if !self.page.as_ref().is_some_and(is_known) {
            let found = self.pages.at(row)?;
            self.page = Some(self.decoded(&found)?);
        }
        self.page.as_mut().ok_or_else(|| malformed("no page".to_owned()))
    }

    fn decoded(&mut self, found: &Found) -> Result<Decoded, PageError> {
        let header = found.header;
        if header.count > MOST_VALUES {
            return Err(malformed(format!("a page of {} values", header.count)));
        }
        let is_coded =
            matches!(header.encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
        if is_coded && self.words.is_none() {
            self.words = Some(self.dictionary()?);
        }
        let Self { kind, codec, pages, words, .. } = self;
        let (data_type, most_level, element_level) =
            (&self.data_type, self.most_level, self.element_level);
        let rows = found.first_row..found.end_row;
        let row_count = usize::try_from(rows.end - rows.start).unwrap_or(usize::MAX);
        let ((levels, column), is_cached) = pages.inflated(found, *codec, |bytes| {
            let (repetition, definition, values) = match header.kind {
                ReadKind::DataV2 { repetition_len, definition_len, .. } => {
                    let (repetition, rest) =
                        bytes.split_at_checked(repetition_len).ok_or_else(short)?;
                    let (definition, values) =
                        rest.split_at_checked(definition_len).ok_or_else(short)?;
                    (repetition, definition, values)
                }
                _ => {
                    let (repetition, rest) = split_levels(bytes, element_level.is_some())?;
                    let (definition, values) = split_levels(rest, most_level > 0)?;
                    (repetition, definition, values)
                }
            };
            let read = |count| decode(*kind, header.encoding, values, count, words.as_ref());
            match element_level {
                None => {
                    let levels = Levels::decode(definition, most_level, header.count)?;
                    let validity = levels.validity(most_level);
                    let count = validity.as_deref().map_or(header.count, Bitmap::count_ones);
                    let column =
                        column(data_type, header.count, read(count)?, validity.as_deref())?;
                    Ok((levels, column))
                }
                Some(element) => {
                    let known = ListLevels { element, most: most_level };
                    let levels = (repetition, definition);
                    let rows = ListRows::decode(levels, known, header.count, row_count)?;
                    lists(data_type, rows, element, read)
                }
            }
        })?;
        self.pages_read += 1;
        self.pages_cached += u64::from(is_cached);
        self.values_decoded += header.count as u64;
        Ok(Decoded { rows, column: Some(column), levels })
    }

    fn dictionary(&mut self) -> Result<Words, PageError> {
        let kind = self.kind;
        self.pages.words(self.codec, |bytes, count| Words::decode(kind, bytes, count))
    }
}

/// Whether all values of a chunk of doubles are words of its dictionary, of which none is NaN. Nothing
/// behind the dictionary is read.
pub(crate) fn has_only_numbers(
    source: &FileBytes,
    leaf: &Leaf,
    chunk: &ColumnChunkMetaData,
) -> Result<bool, PageError> {
    let Some(kind) = Kind::of(leaf, chunk).filter(|_| is_coded(chunk)) else { return Ok(false) };
    let behind = u64::try_from(chunk.data_page_offset()).unwrap_or_default();
    let pages = Pages::new(source, chunk, 0, vec![(behind, 0)]);
    let mut reader = LeafReader::new(kind, DataType::Float64, leaf, chunk, pages)?;
    Ok(match reader.dictionary()? {
        Words::Numbers(words) => match words.as_ref() {
            Numbers::Float64(words) => !words.iter().any(|word| word.is_nan()),
            Numbers::Int64(_) => false,
        },
        Words::Strings(_) | Words::Decimals(_) => false,
    })
}

/// Levels that are compressed with the values of a page, if there are such, and what follows.
fn split_levels(bytes: &[u8], are_there: bool) -> Result<(&[u8], &[u8]), PageError> {
    if !are_there {
        return Ok((&[], bytes));
    }
    let (len, rest) = bytes.split_first_chunk().ok_or_else(short)?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or_else(short)
}

fn column(
    data_type: &DataType,
    len: usize,
    values: Values,
    validity: Option<&Bitmap>,
) -> Result<Column, PageError> {
    let Some(validity) = validity else {
        return Ok(Column::try_new(data_type.clone(), len, values, None)?);
    };
    if validity.count_ones() == 0 {
        return Ok(Column::nulls(data_type.clone(), len));
    }
    let values = spread(values, validity)?;
    Ok(Column::try_new(data_type.clone(), len, values, Some(validity.clone()))?)
}

/// Lists, and at which level each is there.
fn lists(
    data_type: &DataType,
    rows: ListRows,
    element_level: u8,
    read: impl FnOnce(usize) -> Result<Values, PageError>,
) -> Result<(Levels, Column), PageError> {
    let DataType::List(element) = data_type else {
        return Err(malformed(format!("lists as {data_type}")));
    };
    let (len, count) = (rows.levels.len(), rows.element_count());
    let value_count = rows.validity.as_ref().map_or(count, Bitmap::count_ones);
    let values = read(value_count)?;
    let elements = column(element, count, values, rows.validity.as_ref())?.with_numbers();
    let values = Values::List { offsets: rows.offsets, elements: Box::new(elements) };
    let is_list = |level: u8| level >= element_level.saturating_sub(1);
    if rows.levels.iter().all(|level| is_list(*level)) {
        return Ok((Levels::Full, Column::try_new(data_type.clone(), len, values, None)?));
    }
    let validity = Bitmap::from_values(&rows.levels, is_list);
    let column = Column::try_new(data_type.clone(), len, values, Some(validity))?;
    Ok((Levels::Each(rows.levels), column))
}

/// Levels in a byte each, the least and the greatest.
#[inline(always)]
fn narrowed(levels: &[u32]) -> (Vec<u8>, u32, u32) {
    let (mut least, mut greatest) = (u32::MAX, u32::MIN);
    for &level in levels {
        (least, greatest) = (least.min(level), greatest.max(level));
    }
    (levels.iter().map(|level| (level & 0xff) as u8).collect(), least, greatest)
}

impl Levels {
    fn decode(bytes: &[u8], most_level: u8, count: usize) -> Result<Self, PageError> {
        match most_level {
            0 => Ok(Self::Full),
            1 => {
                let bits = hybrid::decode_bits(bytes, count)?;
                Ok(if bits.count_ones() == count { Self::Full } else { Self::Bits(bits) })
            }
            _ => {
                let levels = hybrid::decode(bytes, hybrid::width_of(most_level.into()), count)?;
                let (narrow, least, greatest) = dispatch!(Level::new(), _ => narrowed(&levels));
                if greatest > u32::from(most_level) {
                    return Err(malformed(format!("level {greatest} of {most_level}")));
                }
                if least == u32::from(most_level) {
                    return Ok(Self::Full);
                }
                Ok(Self::Each(narrow))
            }
        }
    }

    /// Which rows have a value; none where all have.
    fn validity(&self, most_level: u8) -> Option<Cow<'_, Bitmap>> {
        match self {
            Self::Full => None,
            Self::Bits(bits) => Some(Cow::Borrowed(bits)),
            Self::Each(levels) => {
                Some(Cow::Owned(Bitmap::from_values(levels, |level| level == most_level)))
            }
        }
    }

    fn reach(&self, row: usize, level: u8) -> bool {
        match self {
            Self::Full => true,
            Self::Bits(bits) => level == 0 || bits.get(row),
            Self::Each(levels) => levels.get(row).is_some_and(|found| *found >= level),
        }
    }
}

impl Decoded {
    fn gathered(&self, rows: &[u32]) -> Column {
        self.column
            .as_ref()
            .map_or_else(|| Column::nulls(DataType::Null, rows.len()), |column| column.gather(rows))
    }

    /// Some rows, counted as those of the page are. All of them are handed out, and not copied.
    fn part(&mut self, rows: &Range<u64>) -> Column {
        let narrow = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
        let len = narrow(rows.end - rows.start);
        let whole = *rows == self.rows;
        let column = if whole { self.column.take() } else { None };
        match (column, &self.column) {
            (Some(column), _) => column,
            (None, Some(column)) => column.slice(narrow(rows.start - self.rows.start), len),
            (None, None) => Column::nulls(DataType::Null, len),
        }
    }
}

fn short() -> PageError {
    malformed("a page that is shorter than what it says".to_owned())
}

fn malformed(detail: String) -> PageError {
    PageError::Malformed { action: "decode a page", detail }
}
