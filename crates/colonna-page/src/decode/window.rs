//! The pages of a column chunk, one after the other, as they stand in the file.

use std::cell::RefCell;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;

use super::values::Words;
use crate::PageError;
use crate::cache::{CachedPage, Content};
use crate::compress::inflated;
use crate::error::parquet_error;
use crate::page_header::{PageHeader, ReadKind, read_header};
use crate::source::FileBytes;

/// How many bytes are read at a time, where a page is not longer.
const READ_AHEAD: usize = 128 << 10;

/// About the most bytes of a header of a page.
const HEADER_BYTES: u64 = 512;

thread_local! {
    /// Room that a chunk has left, for the next one: fresh memory costs more than reading into it.
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A part of a file, seen through a window that moves along it.
#[derive(Debug)]
struct Window {
    source: FileBytes,
    /// Where the part ends.
    end: u64,
    /// Where the bytes in `room` begin.
    start: u64,
    room: Vec<u8>,
    len: usize,
}

impl Window {
    /// The part up to `end`, of which nothing is read yet.
    fn new(source: &FileBytes, end: u64) -> Self {
        let room = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        Self { source: source.clone(), end, start: 0, room, len: 0 }
    }

    /// How many bytes before a position are in the window, where it is in there, too.
    fn skip(&self, position: u64) -> Option<usize> {
        let skip = usize::try_from(position.checked_sub(self.start)?).ok()?;
        (skip < self.len).then_some(skip)
    }

    /// The bytes from a position on: `len` of them, or more, but none from `until` on where they
    /// must be read first.
    fn bytes(&mut self, position: u64, len: usize, until: u64) -> Result<&[u8], PageError> {
        let skip = self.skip(position);
        if let Some(skip) = skip.filter(|skip| len <= self.len - skip) {
            return Ok(&self.room[skip..self.len]);
        }
        let left = self.end.saturating_sub(position);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        if len > left {
            let detail = format!("a page of {len} bytes where {left} are left");
            return Err(PageError::Malformed { action: "read a page", detail });
        }
        let ahead = usize::try_from(until.saturating_sub(position)).unwrap_or(usize::MAX);
        let len = len.max(READ_AHEAD.min(ahead)).min(left);
        if self.room.len() < len {
            self.room.resize(len, 0);
        }
        // What is known of it already is not read again.
        let known = skip.map_or(0..0, |skip| skip..self.len);
        let known_len = known.len();
        self.room.copy_within(known, 0);
        // In case it fails, nothing is known.
        (self.start, self.len) = (position, 0);
        let rest = &mut self.room[known_len..len];
        let from = position.saturating_add(known_len as u64);
        self.source.read_into(from, rest).map_err(parquet_error("read a page"))?;
        self.len = len;
        Ok(&self.room[..len])
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let room = std::mem::take(&mut self.room);
        if (1..=4 * READ_AHEAD).contains(&room.len()) {
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < 64 {
                    spare.push(room);
                }
            });
        }
    }
}

/// A page that was found, not yet read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) header: PageHeader,
    /// Where its header begins, and behind it its bytes.
    start: u64,
    position: u64,
    pub(super) first_row: u64,
    /// One behind its last row.
    pub(super) end_row: u64,
}

/// The data pages of a column chunk. Without lists, each value is a row's; with lists it is known where
/// the pages are.
#[derive(Debug)]
pub(super) struct Pages {
    window: Window,
    start: u64,
    /// So far is read at first: of a dictionary that is longer than the window only the header, for it
    /// is read when it is known that it is needed.
    first_end: u64,
    /// Where the next page is, and its first row.
    next: (u64, u64),
    row_count: u64,
    /// Where the pages are and which row is their first, if it is known.
    places: Vec<(u64, u64)>,
    has_lists: bool,
    found: Option<Found>,
    /// Data pages that were found.
    pub(super) found_count: u64,
}

impl Pages {
    /// The pages of a chunk, for rows up to `row_count`.
    pub(super) fn new(
        source: &FileBytes,
        chunk: &ColumnChunkMetaData,
        row_count: u64,
        places: Vec<(u64, u64)>,
    ) -> Self {
        let (start, len) = chunk.byte_range();
        let window = Window::new(source, start.saturating_add(len));
        let behind = u64::try_from(chunk.data_page_offset()).unwrap_or_default();
        let is_long = behind.saturating_sub(start) > READ_AHEAD as u64;
        let first_end = if is_long { start.saturating_add(HEADER_BYTES) } else { u64::MAX };
        let (next, has_lists) = ((start, 0), chunk.column_descr().max_rep_level() > 0);
        let (found, found_count) = (None, 0);
        Self { window, start, first_end, next, row_count, places, has_lists, found, found_count }
    }

    /// Whether it is known of each page which rows it has, of which a value of a list says nothing: the
    /// file says it, or one page has all values.
    pub(super) fn are_of_rows(&mut self, chunk: &ColumnChunkMetaData) -> Result<bool, PageError> {
        let value_count = u64::try_from(chunk.num_values()).unwrap_or_default();
        if self.places.is_empty() && value_count > 0 {
            let mut position = self.start;
            let count = loop {
                let (header, behind) = self.header(position)?;
                if !matches!(header.kind, ReadKind::Dictionary | ReadKind::Other) {
                    break header.count as u64;
                }
                position = behind + header.compressed_len as u64;
            };
            if count == value_count {
                self.next = (position, 0);
                self.places.push(self.next);
            }
        }
        Ok(self.places.first().is_some_and(|(_, row)| *row == 0)
            && self.places.windows(2).all(|pair| pair[0].1 < pair[1].1))
    }

    /// The page that has the row.
    pub(super) fn at(&mut self, row: u64) -> Result<Found, PageError> {
        if let Some(found) =
            self.found.filter(|found| found.first_row <= row && row < found.end_row)
        {
            return Ok(found);
        }
        if self.next.1 > row {
            self.next = (self.start, 0);
        }
        let place = self.places.partition_point(|(_, first)| *first <= row);
        if let Some(place) = place.checked_sub(1).and_then(|place| self.places.get(place))
            && place.1 > self.next.1
        {
            self.next = *place;
        }
        loop {
            let (start, first_row) = self.next;
            let (header, position) = self.header(start)?;
            let after = position + header.compressed_len as u64;
            if matches!(header.kind, ReadKind::Dictionary | ReadKind::Other) {
                self.next.0 = after;
                continue;
            }
            let end_row = match self.has_lists {
                false => first_row + header.count as u64,
                true => {
                    let next = self.places.partition_point(|(_, row)| *row <= first_row);
                    self.places.get(next).map_or(self.row_count, |(_, row)| *row)
                }
            };
            let found = Found { header, start, position, first_row, end_row };
            self.check(&found)?;
            self.next = (after, found.end_row);
            self.found_count += 1;
            if row < found.end_row {
                self.found = Some(found);
                return Ok(found);
            }
        }
    }

    /// A page must end where the next one begins, as far as that is known, and within the rows.
    fn check(&self, found: &Found) -> Result<(), PageError> {
        let (first, end) = (found.first_row, found.end_row);
        let next = self.places.partition_point(|(_, row)| *row <= first);
        let next = self.places.get(next).map(|(_, row)| *row);
        if end > self.row_count || next.is_some_and(|next| end != next && end > first) {
            let row_count = self.row_count;
            return Err(malformed(format!("a page with rows {first}..{end} of {row_count}")));
        }
        Ok(())
    }

    /// The words of the dictionary, which a cache keeps as they are decoded.
    pub(super) fn words(
        &mut self,
        codec: Compression,
        decode: impl FnOnce(&[u8], usize) -> Result<Words, PageError>,
    ) -> Result<Words, PageError> {
        if let Some(page) = self.window.source.cached(self.start)
            && let Content::Words(words) = &page.content
        {
            return Ok(words.clone());
        }
        if self.window.skip(self.start).is_some() {
            return self.read_words(codec, decode);
        }
        // The data page that asks for the words stays in its window.
        let own = Window::new(&self.window.source, self.window.end);
        let data = std::mem::replace(&mut self.window, own);
        let words = self.read_words(codec, decode);
        self.window = data;
        words
    }

    fn read_words(
        &mut self,
        codec: Compression,
        decode: impl FnOnce(&[u8], usize) -> Result<Words, PageError>,
    ) -> Result<Words, PageError> {
        let found = self.dictionary()?;
        let words = self.inflate(&found, codec, |bytes| decode(bytes, found.header.count))?;
        if let Some((cache, place)) = self.window.source.cache_place(found.start) {
            let (header, position) = (found.header, found.position);
            let content = Content::Words(words.clone());
            cache.insert(place, CachedPage { header, position, content });
        }
        Ok(words)
    }

    /// The dictionary, which stands before all data pages.
    fn dictionary(&mut self) -> Result<Found, PageError> {
        let (header, position) = self.header(self.start)?;
        match header.kind {
            ReadKind::Dictionary => {
                let (start, first_row, end_row) = (self.start, 0, 0);
                Ok(Found { header, start, position, first_row, end_row })
            }
            _ => Err(malformed("codes without a dictionary".to_owned())),
        }
    }

    /// Gives `work` the levels and the values of a data page, and says whether they came out of a
    /// cache.
    pub(super) fn inflated<T>(
        &mut self,
        found: &Found,
        codec: Compression,
        work: impl FnOnce(&[u8]) -> Result<T, PageError>,
    ) -> Result<(T, bool), PageError> {
        if let Some(page) = self.window.source.cached(found.start)
            && let Content::Bytes(bytes) = &page.content
        {
            return Ok((work(bytes)?, true));
        }
        let Found { header, start, position, .. } = *found;
        let place = self.window.source.cache_place(start);
        let place = place.map(|(cache, place)| (Arc::clone(cache), place));
        let whole = |bytes: &[u8]| {
            if let Some((cache, place)) = place {
                let content = Content::Bytes(bytes.into());
                cache.insert(place, CachedPage { header, position, content });
            }
            work(bytes)
        };
        Ok((self.inflate(found, codec, whole)?, false))
    }

    /// Gives `work` the levels and the values of a page, or the words of a dictionary.
    fn inflate<T>(
        &mut self,
        found: &Found,
        codec: Compression,
        work: impl FnOnce(&[u8]) -> Result<T, PageError>,
    ) -> Result<T, PageError> {
        let header = found.header;
        let body = self.body(found)?;
        match header.kind {
            ReadKind::DataV2 { repetition_len, definition_len, is_compressed } => {
                let levels_len = repetition_len.saturating_add(definition_len);
                let (levels, values) = body.split_at_checked(levels_len).ok_or_else(short)?;
                let len = header.byte_len.checked_sub(levels_len).ok_or_else(short)?;
                // Where all are null, some write nothing at all, and not something compressed.
                if values.is_empty() || !is_compressed {
                    work(body)
                } else {
                    inflated(codec, values, len, |values| work(&[levels, values].concat()))
                }
            }
            _ => inflated(codec, body, header.byte_len, work),
        }
    }

    /// The bytes of a page.
    fn body(&mut self, found: &Found) -> Result<&[u8], PageError> {
        let (len, until) = (found.header.compressed_len, self.page_end(found.position));
        let bytes = &self.window.bytes(found.position, len, until)?[..len];
        match found.header.checksum {
            Some(checksum) if checksum != crc32fast::hash(bytes) => Err(malformed(format!(
                "the page of rows {}..{} has another checksum than it says: it was damaged",
                found.first_row, found.end_row
            ))),
            _ => Ok(bytes),
        }
    }

    /// Where the page ends that a position is in, if it is known: the next one may not be wanted.
    fn page_end(&self, position: u64) -> u64 {
        let next = self.places.partition_point(|(start, _)| *start <= position);
        self.places.get(next).map_or(u64::MAX, |(start, _)| *start)
    }

    /// Looks at the headers of all pages with so many values, for a reader that takes their word.
    pub(super) fn check_headers(mut self, value_count: u64) -> Result<(), PageError> {
        let (mut position, mut values) = (self.start, 0);
        while position < self.window.end && values < value_count {
            let (header, body) = self.header_until(position, position + HEADER_BYTES)?;
            values += header.count as u64 * u64::from(header.kind != ReadKind::Dictionary);
            position = body + header.compressed_len as u64;
        }
        Ok(())
    }

    fn header(&mut self, position: u64) -> Result<(PageHeader, u64), PageError> {
        let until = if position == self.start { self.first_end } else { u64::MAX };
        self.header_until(position, until.min(self.page_end(position)))
    }

    /// The header at a position, and where it ends. Not more than up to `until` is read ahead.
    fn header_until(&mut self, position: u64, until: u64) -> Result<(PageHeader, u64), PageError> {
        if let Some(page) = self.window.source.cached(position) {
            return Ok((page.header, page.position));
        }
        let mut least = 32;
        loop {
            let left =
                usize::try_from(self.window.end.saturating_sub(position)).unwrap_or(usize::MAX);
            if left == 0 {
                return Err(malformed("rows are missing".to_owned()));
            }
            let bytes = self.window.bytes(position, least.min(left), until)?;
            let seen = bytes.len();
            let mut rest = bytes;
            if let Some(header) = read_header(&mut rest)? {
                return Ok((header, position + (seen - rest.len()) as u64));
            }
            if seen >= left {
                return Err(malformed("the header of a page without an end".to_owned()));
            }
            least = seen.saturating_mul(2);
        }
    }
}

fn short() -> PageError {
    malformed("a page that is shorter than what it says".to_owned())
}

fn malformed(detail: String) -> PageError {
    PageError::Malformed { action: "read the pages of a column", detail }
}
