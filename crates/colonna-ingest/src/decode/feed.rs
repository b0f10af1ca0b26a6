//! The text of a source, in a buffer that grows only as far as one record needs.

use std::fmt;
use std::io::{ErrorKind, Read};
use std::sync::Arc;

use crate::chunk::{self, count};
use crate::{IngestError, Position, Source};

/// What is read of a source at first.
const SMALL_BYTE_LEN: usize = 64 << 10;

/// Reads a source into a buffer from which chunks are cut.
pub(crate) struct Feed {
    reader: Box<dyn Read + Send>,
    name: Arc<str>,
    /// What has been read and not been cut off yet, and room behind it.
    buffer: Vec<u8>,
    /// How much has been read into the buffer.
    len: usize,
    is_ended: bool,
    /// Where the buffer starts.
    position: Position,
    record_byte_len: usize,
    chunk_byte_len: usize,
}

impl fmt::Debug for Feed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Feed").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Feed {
    pub(crate) fn open(
        source: &Source,
        record_byte_len: usize,
        chunk_byte_len: usize,
    ) -> Result<Self, IngestError> {
        Ok(Self {
            reader: source.open()?,
            name: Arc::clone(source.name()),
            buffer: chunk::spare_buffer(),
            len: 0,
            is_ended: false,
            position: Position::default(),
            record_byte_len,
            chunk_byte_len: chunk_byte_len.max(1),
        })
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What has been read and not been cut off yet.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Whether nothing follows the bytes.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    pub(crate) fn record_byte_len(&self) -> usize {
        self.record_byte_len
    }

    pub(crate) fn chunk_byte_len(&self) -> usize {
        self.chunk_byte_len
    }

    /// Fills the buffer to a chunk; where it has that already, to twice its length.
    pub(crate) fn fill(&mut self) -> Result<(), IngestError> {
        let wanted = match self.len {
            len if len < self.chunk_byte_len => self.chunk_byte_len,
            len => len * 2,
        };
        while self.len < wanted && !self.is_ended {
            if self.buffer.len() == self.len {
                // Step by step, for most sources of a load may be small.
                let step = (self.len * 2).max(SMALL_BYTE_LEN).min(wanted);
                self.buffer.resize(step, 0);
            }
            let end = self.buffer.len().min(wanted);
            match self.reader.read(self.buffer.get_mut(self.len..end).unwrap_or_default()) {
                Ok(0) => self.is_ended = true,
                Ok(len) => self.len += len,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    let byte_offset = self.position.byte_offset + count(self.len);
                    return Err(IngestError::ReadFailed {
                        name: Arc::clone(&self.name),
                        byte_offset,
                        source,
                    });
                }
            }
        }
        Ok(())
    }

    /// An error where the record that starts at `start` of the buffer is larger than a record may
    /// be when it has `len` bytes.
    pub(crate) fn check_record(&self, start: usize, len: usize) -> Result<(), IngestError> {
        if len <= self.record_byte_len {
            return Ok(());
        }
        let before = self.bytes().get(..start).unwrap_or_default();
        Err(IngestError::RecordTooLarge {
            name: Arc::clone(&self.name),
            line: self.position.after(before).line,
            limit: self.record_byte_len,
        })
    }

    /// Cuts the first `len` bytes off, and where they start.
    pub(crate) fn cut(&mut self, len: usize) -> (Vec<u8>, Position) {
        let len = len.min(self.len);
        let mut bytes = std::mem::replace(&mut self.buffer, chunk::spare_buffer());
        let rest = bytes.get(len..self.len).unwrap_or_default();
        if self.buffer.len() < rest.len() {
            self.buffer.resize(rest.len(), 0);
        }
        if let Some(start) = self.buffer.get_mut(..rest.len()) {
            start.copy_from_slice(rest);
        }
        self.len = rest.len();
        bytes.truncate(len);
        let start = self.position;
        self.position = start.after(&bytes);
        (bytes, start)
    }
}
