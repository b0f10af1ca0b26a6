//! Sources in which every line is a record.

use crate::decode::feed::Feed;
use crate::{Chunk, IngestError};

/// The chunks of a source in which every line that is not blank is a record.
#[derive(Debug)]
pub(crate) struct LineChunks {
    feed: Feed,
    has_records_before: bool,
    is_failed: bool,
}

impl LineChunks {
    pub(crate) fn new(feed: Feed) -> Self {
        Self { feed, has_records_before: false, is_failed: false }
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>, IngestError> {
        loop {
            if self.feed.bytes().len() < self.feed.chunk_byte_len() && !self.feed.is_ended() {
                self.feed.fill()?;
            }
            let whole = match memchr::memrchr(b'\n', self.feed.bytes()) {
                _ if self.feed.is_ended() => self.feed.bytes().len(),
                Some(newline) => newline + 1,
                None => {
                    self.feed.check_record(0, self.feed.bytes().len())?;
                    self.feed.fill()?;
                    continue;
                }
            };
            if whole == 0 {
                return Ok(None);
            }
            if whole > self.feed.record_byte_len() {
                for line in lines(self.feed.bytes().get(..whole).unwrap_or_default()) {
                    self.feed.check_record(line.start, line.bytes.len())?;
                }
            }
            let (bytes, start) = self.feed.cut(whole);
            if lines(&bytes).any(|line| !line.is_blank()) {
                let has_records_before = std::mem::replace(&mut self.has_records_before, true);
                return Ok(Some(Chunk { bytes, start, has_records_before, ..Chunk::default() }));
            }
        }
    }
}

impl Iterator for LineChunks {
    type Item = Result<Chunk, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_failed {
            return None;
        }
        let chunk = self.next_chunk();
        self.is_failed = chunk.is_err();
        chunk.transpose()
    }
}

/// A line without its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) bytes: &'a [u8],
    /// Its first byte in the text.
    pub(crate) start: usize,
}

impl Line<'_> {
    pub(crate) fn is_blank(&self) -> bool {
        self.bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
    }
}

/// The lines of a text, without line feeds; a carriage return stays. A line feed at the very end
/// ends the last line and starts none.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut newlines = memchr::memchr_iter(b'\n', bytes);
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= bytes.len() {
            return None;
        }
        let end = newlines.next().unwrap_or(bytes.len());
        let line = Line { bytes: bytes.get(start..end).unwrap_or_default(), start };
        start = end + 1;
        Some(line)
    })
}
