//! Standard input, kept so that it can be read again.
//!
//! A thread of its own pulls blocks from the pipe, hands them to whoever reads along, a few ahead, and
//! writes them to a temporary file, compressed. So the pipe waits for neither. Whoever reads later
//! reads the file. It has no name, so that it is gone when the program is, however it ends.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::IngestError;

const BLOCK_BYTE_LEN: usize = 1 << 20;

/// So many blocks are read ahead.
const BLOCKS_AHEAD: usize = 4;

/// The level of zstd: a fast one, for mostly nobody reads the file.
const LEVEL: i32 = -20;

/// A stream that is read once and given out as often as it takes.
pub(super) struct Spool {
    arriving: Mutex<Arriving>,
    kept: Arc<Kept>,
}

/// A block of the stream, or none at its end.
type Arrival = io::Result<Option<Arc<Vec<u8>>>>;

/// The stream as it comes.
struct Arriving {
    blocks: Receiver<Arrival>,
    count: usize,
    /// The block that came last, for the reader that follows the pipe.
    latest: Arc<Vec<u8>>,
    /// The stream has come to its end.
    is_ended: bool,
}

/// The stream as far as it has been written to the file.
struct Kept {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    file: File,
    file_byte_len: u64,
    blocks: Vec<Block>,
    /// No more blocks will be written.
    is_over: bool,
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
        let unreadable = |source| IngestError::Unreadable {
            path: folder.map_or_else(std::env::temp_dir, Path::to_path_buf),
            source,
        };
        let file = match folder {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        };
        let file = file.map_err(unreadable)?;
        let state = State { file, file_byte_len: 0, blocks: Vec::new(), is_over: false };
        let kept = Arc::new(Kept { state: Mutex::new(state), changed: Condvar::new() });
        let (sender, blocks) = sync_channel(BLOCKS_AHEAD);
        let over = Over(Arc::clone(&kept));
        thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || pump(stream, &over.0, &sender))
            .map_err(unreadable)?;
        let arriving = Arriving { blocks, count: 0, latest: Arc::default(), is_ended: false };
        Ok(Self { arriving: Mutex::new(arriving), kept })
    }

    /// The stream from its start.
    pub(super) fn reader(self: &Arc<Self>) -> SpoolReader {
        SpoolReader { spool: Arc::clone(self), next: 0, block: Arc::default(), position: 0 }
    }

    fn block(&self, index: usize) -> Arrival {
        let mut arriving = lock(&self.arriving);
        if index >= arriving.count {
            return arriving.pull();
        }
        if index + 1 == arriving.count {
            return Ok(Some(Arc::clone(&arriving.latest)));
        }
        drop(arriving);
        self.kept.read_back(index).map(Some)
    }
}

/// A panic of another reader leaves the state as it was between two blocks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the stream to its end, hands its blocks over and keeps them. Ends when nobody wants them.
fn pump(stream: Box<dyn Read + Send>, kept: &Kept, arrivals: &SyncSender<Arrival>) {
    let mut stream = stream;
    let end = (|| {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        loop {
            let mut bytes = Vec::with_capacity(BLOCK_BYTE_LEN);
            (&mut stream).take(crate::chunk::count(BLOCK_BYTE_LEN)).read_to_end(&mut bytes)?;
            if bytes.is_empty() {
                return Ok(());
            }
            let block = Arc::new(bytes);
            if arrivals.send(Ok(Some(Arc::clone(&block)))).is_err() {
                return Ok(());
            }
            kept.add(&compressor.compress(&block)?, block.len())?;
        }
    })();
    // Where nobody listens, nobody misses it.
    drop(arrivals.send(end.map(|()| None)));
}

/// Tells those who wait for blocks, however the thread ends, that none will come.
struct Over(Arc<Kept>);

impl Drop for Over {
    fn drop(&mut self) {
        lock(&self.0.state).is_over = true;
        self.0.changed.notify_all();
    }
}

impl Arriving {
    fn pull(&mut self) -> Arrival {
        if self.is_ended {
            return Ok(None);
        }
        // After an error there is another one: an end must not be made of it.
        let gone = |_| Err(io::Error::other("the stream could not be read to its end"));
        let arrival = self.blocks.recv().unwrap_or_else(gone)?;
        match &arrival {
            Some(block) => {
                self.latest = Arc::clone(block);
                self.count += 1;
            }
            None => self.is_ended = true,
        }
        Ok(arrival)
    }
}

impl Kept {
    fn add(&self, compressed: &[u8], byte_len: usize) -> io::Result<()> {
        let mut state = lock(&self.state);
        let start = state.file_byte_len;
        state.file.seek(SeekFrom::Start(start))?;
        state.file.write_all(compressed)?;
        let compressed_byte_len = crate::chunk::count(compressed.len());
        state.file_byte_len += compressed_byte_len;
        state.blocks.push(Block { start, compressed_byte_len, byte_len });
        self.changed.notify_all();
        Ok(())
    }

    /// A block that has come already; it may be on its way into the file.
    fn read_back(&self, index: usize) -> io::Result<Arc<Vec<u8>>> {
        let state = lock(&self.state);
        let is_awaited = |state: &mut State| index >= state.blocks.len() && !state.is_over;
        let mut state =
            self.changed.wait_while(state, is_awaited).unwrap_or_else(PoisonError::into_inner);
        let Some(block) = state.blocks.get(index).copied() else {
            return Err(io::Error::other("the temporary file lacks a part of the stream"));
        };
        state.file.seek(SeekFrom::Start(block.start))?;
        let mut compressed = Vec::new();
        (&mut state.file).take(block.compressed_byte_len).read_to_end(&mut compressed)?;
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
