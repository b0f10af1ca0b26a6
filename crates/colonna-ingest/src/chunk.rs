//! A piece of a source that holds whole records.

use std::sync::{Mutex, PoisonError};

use crate::decode::csv::Ends;

/// A place in the decoded text of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, counted from 1.
    pub line: u64,
    /// The byte, counted from 0, in the decompressed UTF-8 text.
    pub byte_offset: u64,
}

impl Default for Position {
    fn default() -> Self {
        Self { line: 1, byte_offset: 0 }
    }
}

impl Position {
    /// The place behind these bytes, when they start here.
    #[must_use]
    pub fn after(self, bytes: &[u8]) -> Self {
        Self {
            line: self.line + count(memchr::memchr_iter(b'\n', bytes).count()),
            byte_offset: self.byte_offset + count(bytes.len()),
        }
    }
}

/// A length as a counter that does not depend on the width of addresses.
pub(crate) fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Buffers of chunks that are done with. Fresh memory costs more than reading into it.
static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// How many buffers are kept, and how large ones: those of all threads of a load.
const MOST_SPARE: usize = 32;
const MOST_SPARE_BYTE_LEN: usize = 8 << 20;

/// A buffer to read into: whatever is in it is to be overwritten.
pub(crate) fn spare_buffer() -> Vec<u8> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
}

/// Whole records of a source, as bytes whose UTF-8 nobody has checked yet.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where they start.
    pub start: Position,
    /// Whether records of the source stand before them, broken ones included.
    pub has_records_before: bool,
    /// Where the records lie, where their format cannot tell it again from the bytes.
    pub(crate) spans: Vec<Span>,
    /// Where fields of CSV end, as far as that is known.
    pub(crate) ends: Ends,
}

impl Chunk {
    /// Gives the memory back for the next chunks.
    pub fn recycle(self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST_SPARE && self.bytes.capacity() <= MOST_SPARE_BYTE_LEN {
            spare.push(self.bytes);
        }
    }
}

/// One record in the bytes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Its first byte.
    pub(crate) start: usize,
    /// The byte behind its last.
    pub(crate) end: usize,
    /// It stands where no record can, whatever it looks like.
    pub(crate) is_misplaced: bool,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end, is_misplaced: false }
    }

    pub(crate) fn misplaced(start: usize, end: usize) -> Self {
        Self { start, end, is_misplaced: true }
    }
}
