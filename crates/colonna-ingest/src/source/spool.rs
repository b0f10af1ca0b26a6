//! Standard input, kept so that it can be read again.
//!
//! Blocks are pulled from the pipe when a reader first asks for them, and written to a temporary
//! file, compressed. Whoever reads first reads along with the pipe; whoever reads later reads the
//! file. The file has no name, so that it is gone when the program is, however it ends.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::IngestError;

const BLOCK_BYTE_LEN: u64 = 1 << 20;

/// The level of zstd: a fast one, for mostly nobody reads the file.
const LEVEL: i32 = -5;

/// A stream that is read once and given out as often as it takes.
pub(super) struct Spool {
    state: Mutex<State>,
}

struct State {
    /// What is left to read; none at the end.
    stream: Option<Box<dyn Read + Send>>,
    file: File,
    file_byte_len: u64,
    blocks: Vec<Block>,
    /// The block read last, for the reader that follows the pipe.
    latest: Arc<Vec<u8>>,
}

#[derive(Clone, Copy)]
struct Block {
    start: u64,
    compressed_byte_len: u64,
    byte_len: usize,
}

impl fmt::Debug for Spool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Spool").finish_non_exhaustive()
    }
}

impl Spool {
    pub(super) fn try_new(
        stream: Box<dyn Read + Send>,
        folder: Option<&Path>,
    ) -> Result<Self, IngestError> {
        let file = match folder {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        };
        let file = file.map_err(|source| IngestError::Unreadable {
            path: folder.map_or_else(std::env::temp_dir, Path::to_path_buf),
            source,
        })?;
        let state = State {
            stream: Some(stream),
            file,
            file_byte_len: 0,
            blocks: Vec::new(),
            latest: Arc::default(),
        };
        Ok(Self { state: Mutex::new(state) })
    }

    /// The stream from its start.
    pub(super) fn reader(self: &Arc<Self>) -> SpoolReader {
        SpoolReader { spool: Arc::clone(self), next: 0, block: Arc::default(), position: 0 }
    }

    fn block(&self, index: usize) -> io::Result<Option<Arc<Vec<u8>>>> {
        // A panic of another reader leaves the state as it was between two blocks.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if index >= state.blocks.len() {
            return state.pull();
        }
        if index + 1 == state.blocks.len() {
            return Ok(Some(Arc::clone(&state.latest)));
        }
        state.read_back(index).map(Some)
    }
}

impl State {
    fn pull(&mut self) -> io::Result<Option<Arc<Vec<u8>>>> {
        let Some(stream) = &mut self.stream else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        stream.take(BLOCK_BYTE_LEN).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            self.stream = None;
            return Ok(None);
        }
        let compressed = zstd::bulk::compress(&bytes, LEVEL)?;
        self.file.seek(SeekFrom::Start(self.file_byte_len))?;
        self.file.write_all(&compressed)?;
        let block = Block {
            start: self.file_byte_len,
            compressed_byte_len: crate::chunk::count(compressed.len()),
            byte_len: bytes.len(),
        };
        self.file_byte_len += block.compressed_byte_len;
        self.blocks.push(block);
        self.latest = Arc::new(bytes);
        Ok(Some(Arc::clone(&self.latest)))
    }

    fn read_back(&mut self, index: usize) -> io::Result<Arc<Vec<u8>>> {
        let Some(block) = self.blocks.get(index).copied() else {
            return Ok(Arc::default());
        };
        self.file.seek(SeekFrom::Start(block.start))?;
        let mut compressed = Vec::new();
        (&mut self.file).take(block.compressed_byte_len).read_to_end(&mut compressed)?;
        Ok(Arc::new(zstd::bulk::decompress(&compressed, block.byte_len)?))
    }
}

/// One reader of a [`Spool`].
pub(super) struct SpoolReader {
    spool: Arc<Spool>,
    next: usize,
    block: Arc<Vec<u8>>,
    position: usize,
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.block.len() {
            let Some(block) = self.spool.block(self.next)? else {
                return Ok(0);
            };
            self.block = block;
            self.next += 1;
            self.position = 0;
        }
        let mut rest = self.block.get(self.position..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.position += count;
        Ok(count)
    }
}
