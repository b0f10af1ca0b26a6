//! A source in chunks of whole records.

use std::sync::Arc;

use super::dialect::Extent;
use super::layout::{Layout, count_lines};
use crate::decode::feed::Feed;
use crate::{Chunk, IngestError, Position};

/// The chunks of a source. The first comes also where there is no record, for the names of a header.
#[derive(Debug)]
pub(super) struct RecordChunks {
    layout: Arc<Layout>,
    feed: Feed,
    lines: u64,
    records: u64,
    is_started: bool,
    is_failed: bool,
}

impl RecordChunks {
    pub(super) fn new(layout: Arc<Layout>, feed: Feed) -> Self {
        let lines = layout.start_line;
        Self { layout, feed, lines, records: 0, is_started: false, is_failed: false }
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
            let (len, records) = self.whole_records()?;
            if len > 0 || (is_first && self.feed.is_ended()) {
                return Ok(Some(self.cut(len, records)));
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

    /// How many of the bytes at hand are whole records, and how many these are.
    fn whole_records(&self) -> Result<(usize, u64), IngestError> {
        let bytes = self.feed.bytes();
        let (mut at, mut records) = (0, 0);
        while at < bytes.len() {
            let extent = self.layout.dialect.extent(bytes, at, self.feed.is_ended());
            let (end, next) = match extent {
                Extent::Record { end, next, .. } | Extent::Broken { end, next, .. } => (end, next),
                Extent::Incomplete => break,
            };
            self.feed.check_record(at, end.saturating_sub(at))?;
            records += u64::from(self.layout.is_record(bytes, at, extent));
            at = next;
        }
        Ok((at, records))
    }

    fn cut(&mut self, len: usize, records: u64) -> Chunk {
        let (bytes, start) = self.feed.cut(len);
        // The feed knows of no lines that end with CR.
        let start = Position { line: self.lines + 1, ..start };
        self.lines += count_lines(&self.layout.dialect, &bytes);
        let record_start = self.records;
        self.records += records;
        Chunk { bytes, start, record_start, ..Chunk::default() }
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
