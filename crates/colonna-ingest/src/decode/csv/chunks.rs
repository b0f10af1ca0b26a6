//! A source in chunks of whole records.

use std::sync::Arc;

use super::cut::whole_len;
use super::dialect::Extent;
use super::ends::Ends;
use super::layout::{Layout, count_lines};
use super::records::Records;
use crate::decode::feed::Feed;
use crate::{Chunk, IngestError};

/// The chunks of a source. The first comes also where there is no record, for the names of a header.
#[derive(Debug)]
pub(super) struct RecordChunks {
    layout: Arc<Layout>,
    feed: Feed,
    /// The lines before the next chunk, where they end with CR.
    lines: u64,
    has_records_before: bool,
    is_started: bool,
    is_failed: bool,
}

impl RecordChunks {
    pub(super) fn new(layout: Arc<Layout>, feed: Feed) -> Self {
        let lines = layout.start_line;
        let (has_records_before, is_started, is_failed) = (false, false, false);
        Self { layout, feed, lines, has_records_before, is_started, is_failed }
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>, IngestError> {
        let is_first = !self.is_started;
        if is_first {
            self.start()?;
        }
        loop {
            if self.feed.bytes().len() < self.feed.chunk_byte_len() && !self.feed.is_ended() {
                self.feed.fill()?;
            }
            let (len, ends) = self.whole_len()?;
            if len > 0 || (is_first && self.feed.is_ended()) {
                return Ok(Some(self.cut(len, ends)));
            }
            if self.feed.is_ended() {
                return Ok(None);
            }
            self.feed.check_record(0, self.feed.bytes().len())?;
            self.feed.fill()?;
        }
    }

    /// Goes to the first record.
    fn start(&mut self) -> Result<(), IngestError> {
        self.is_started = true;
        while self.feed.bytes().len() < self.layout.start_byte && !self.feed.is_ended() {
            self.feed.fill()?;
        }
        drop(self.feed.cut(self.layout.start_byte));
        Ok(())
    }

    /// How many of the bytes at hand are whole records, and where fields end in these as far as that was
    /// looked for.
    fn whole_len(&self) -> Result<(usize, Ends), IngestError> {
        let (bytes, dialect) = (self.feed.bytes(), &self.layout.dialect);
        if bytes.len() <= dialect.record_limit {
            return Ok(match self.feed.is_ended() {
                true => (bytes.len(), Ends::default()),
                false => whole_len(dialect, bytes),
            });
        }
        // One of them may be too long.
        let mut at = 0;
        while at < bytes.len() {
            let (end, next) = match dialect.extent(bytes, at, self.feed.is_ended()) {
                Extent::Record { end, next, .. } | Extent::Broken { end, next, .. } => (end, next),
                Extent::Incomplete => break,
            };
            self.feed.check_record(at, end.saturating_sub(at))?;
            at = next;
        }
        Ok((at, Ends::default()))
    }

    fn cut(&mut self, len: usize, ends: Ends) -> Chunk {
        let (bytes, mut start) = self.feed.cut(len);
        if self.layout.dialect.ends_at_cr {
            // The feed knows of no lines that end with CR.
            start.line = self.lines + 1;
            self.lines += count_lines(&self.layout.dialect, &bytes);
        }
        let has_records_before = self.has_records_before;
        self.has_records_before =
            has_records_before || Records::new(&self.layout, &bytes).next().is_some();
        Chunk { bytes, start, has_records_before, ends, ..Chunk::default() }
    }
}

impl Iterator for RecordChunks {
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
