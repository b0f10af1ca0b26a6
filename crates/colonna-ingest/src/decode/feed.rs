//! The text of a source, in a buffer that grows only as far as one record needs.

use std::fmt;
use std::io::{ErrorKind, Read};
use std::sync::Arc;

use crate::chunk::count;
use crate::{IngestError, Position, Source};

/// Reads a source into a buffer from which chunks are cut.
pub(crate) struct Feed {
    reader: Box<dyn Read + Send>,
    name: Arc<str>,
    buffer: Vec<u8>,
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
            buffer: Vec::new(),
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
        &self.buffer
    }

    /// Whether nothing follows the bytes.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    pub(crate) fn chunk_byte_len(&self) -> usize {
        self.chunk_byte_len
    }

    /// Fills the buffer to a chunk; where it has that already, to twice its length.
    pub(crate) fn fill(&mut self) -> Result<(), IngestError> {
        let wanted = match self.buffer.len() {
            len if len < self.chunk_byte_len => self.chunk_byte_len,
            len => len * 2,
        };
        let missing = count(wanted - self.buffer.len());
        let read = (&mut self.reader).take(missing).read_to_end(&mut self.buffer);
        match read {
            Ok(len) if count(len) < missing => self.is_ended = true,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(source) => {
                let byte_offset = self.position.byte_offset + count(self.buffer.len());
                return Err(IngestError::ReadFailed {
                    name: Arc::clone(&self.name),
                    byte_offset,
                    source,
                });
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
        let before = self.buffer.get(..start).unwrap_or_default();
        Err(IngestError::RecordTooLarge {
            name: Arc::clone(&self.name),
            line: self.position.after(before).line,
            limit: self.record_byte_len,
        })
    }

    /// Cuts the first `len` bytes off, and where they start.
    pub(crate) fn cut(&mut self, len: usize) -> (Vec<u8>, Position) {
        let len = len.min(self.buffer.len());
        let rest = self.buffer.split_off(len);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let start = self.position;
        self.position = start.after(&bytes);
        (bytes, start)
    }
}
