//! The bytes of a file, by position: many threads read one file without a shared cursor.
//!
//! A table may have more files than a process may have open. So only the first that are opened stay
//! open, and of the others those that a thread has read last.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use crate::cache::{CachedPage, PageCache, Place};

/// How many bytes are read ahead where the end of what is wanted is not known, as for the header
/// of a page.
const READ_AHEAD: usize = 4096;

/// How many files stay open that were opened by their paths.
const MOST_HELD: usize = 32;

/// How many of the others a thread keeps open.
const MOST_OPEN: usize = 4;

static HELD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Files that were read last, the last of them at the end, with their numbers.
    static OPEN: RefCell<Vec<(u64, File)>> = const { RefCell::new(Vec::new()) };
}

/// A file that is open, or can be opened again.
#[derive(Debug)]
enum Handle {
    Given(Arc<File>),
    /// One of those that stay open.
    Held(File),
    Path(PathBuf),
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Self::Held(_) = self {
            HELD.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A file, and the parts of it that were read in one go.
#[derive(Clone, Debug)]
pub(crate) struct FileBytes {
    handle: Arc<Handle>,
    /// Where the first byte stands, where it is a part of a file.
    start: u64,
    len: u64,
    /// What tells it from all other files that were opened.
    number: u64,
    cache: Option<Arc<PageCache>>,
    /// Parts that are in memory, with their positions.
    spans: Vec<(u64, Bytes)>,
    read: Arc<AtomicU64>,
}

impl FileBytes {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self::of(Handle::Given(Arc::new(file)), 0..len))
    }

    /// These bytes of a file, as if they were all of it.
    pub(crate) fn of_part(file: Arc<File>, part: Range<u64>) -> Self {
        Self::of(Handle::Given(file), part)
    }

    /// The file at a path.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        if HELD.fetch_add(1, Ordering::Relaxed) < MOST_HELD {
            return Ok(Self::of(Handle::Held(file), 0..len));
        }
        HELD.fetch_sub(1, Ordering::Relaxed);
        Ok(Self::of(Handle::Path(path.to_owned()), 0..len))
    }

    fn of(handle: Handle, part: Range<u64>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (handle, number) = (Arc::new(handle), NEXT.fetch_add(1, Ordering::Relaxed));
        let (start, len) = (part.start, part.end.saturating_sub(part.start));
        Self { handle, start, len, number, cache: None, spans: Vec::new(), read: Arc::default() }
    }

    /// Fills the room with the bytes from a position of the part on.
    fn read_exact_at(&self, room: &mut [u8], position: u64) -> io::Result<()> {
        let start = self.start.saturating_add(position);
        let path = match self.handle.as_ref() {
            Handle::Given(file) => return file.read_exact_at(room, start),
            Handle::Held(file) => return file.read_exact_at(room, start),
            Handle::Path(path) => path,
        };
        OPEN.with_borrow_mut(|open| {
            match open.iter().position(|(number, _)| *number == self.number) {
                Some(place) => open[place..].rotate_left(1),
                None => {
                    if open.len() >= MOST_OPEN {
                        open.remove(0);
                    }
                    open.push((self.number, File::open(path)?));
                }
            }
            open.last().map_or(Ok(()), |(_, file)| file.read_exact_at(room, start))
        })
    }

    /// The same file with a count of its own of the bytes read.
    pub(crate) fn counting(&self) -> Self {
        Self { read: Arc::default(), ..self.clone() }
    }

    /// Looks for pages in a cache first, and keeps there what it inflates.
    pub(crate) fn set_cache(&mut self, cache: Arc<PageCache>) {
        self.cache = Some(cache);
    }

    /// The cache, and the place in it of the page whose header is at a position.
    pub(crate) fn cache_place(&self, position: u64) -> Option<(&Arc<PageCache>, Place)> {
        self.cache.as_ref().map(|cache| (cache, (self.number, position)))
    }

    /// The page whose header is at a position, if it is in the cache.
    pub(crate) fn cached(&self, position: u64) -> Option<Arc<CachedPage>> {
        self.cache_place(position).and_then(|(cache, place)| cache.get(place))
    }

    /// How many bytes were read since [`FileBytes::counting`].
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Reads a part into memory, from where it is served later.
    pub(crate) fn prefetch(&mut self, start: u64, len: u64) -> Result<()> {
        let len = usize::try_from(len)
            .map_err(|_too_large| ParquetError::General(format!("a part of {len} bytes")))?;
        let bytes = self.read_at(start, len)?;
        self.spans.push((start, bytes));
        Ok(())
    }

    fn read_at(&self, start: u64, len: usize) -> Result<Bytes> {
        let end = u64::try_from(len).ok().and_then(|len| start.checked_add(len));
        // Checked before memory is taken: a malformed file may name any length.
        if end.is_none_or(|end| end > self.len) {
            let message = format!("{len} bytes at {start} of a file of {}", self.len);
            return Err(ParquetError::EOF(message));
        }
        let mut bytes = vec![0; len];
        self.read_exact_at(&mut bytes, start)?;
        self.read.fetch_add(u64::try_from(len).unwrap_or_default(), Ordering::Relaxed);
        Ok(bytes.into())
    }

    /// Fills the room with the bytes from `start` on.
    pub(crate) fn read_into(&self, start: u64, room: &mut [u8]) -> Result<()> {
        let len = u64::try_from(room.len()).unwrap_or(u64::MAX);
        if start.checked_add(len).is_none_or(|end| end > self.len) {
            let message = format!("{len} bytes at {start} of a file of {}", self.len);
            return Err(ParquetError::EOF(message));
        }
        self.read_exact_at(room, start)?;
        self.read.fetch_add(len, Ordering::Relaxed);
        Ok(())
    }

    /// What is in memory from `start` on.
    fn in_memory(&self, start: u64) -> Option<Bytes> {
        self.spans.iter().find_map(|(position, bytes)| {
            let offset = usize::try_from(start.checked_sub(*position)?).ok()?;
            (offset < bytes.len()).then(|| bytes.slice(offset..))
        })
    }
}

impl Length for FileBytes {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for FileBytes {
    type T = BytesFrom;

    fn get_read(&self, start: u64) -> Result<BytesFrom> {
        let ahead = self.in_memory(start).unwrap_or_default();
        Ok(BytesFrom { source: self.clone(), position: start, ahead })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        match self.in_memory(start) {
            Some(bytes) if bytes.len() >= length => Ok(bytes.slice(..length)),
            _ => self.read_at(start, length),
        }
    }
}

/// The bytes of a file from a position on.
#[derive(Debug)]
pub(crate) struct BytesFrom {
    source: FileBytes,
    /// Where the first byte of `ahead` stands in the file.
    position: u64,
    ahead: Bytes,
}

impl Read for BytesFrom {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            let rest = self.source.len.saturating_sub(self.position);
            let len = usize::try_from(rest).unwrap_or(READ_AHEAD).min(READ_AHEAD);
            self.ahead = self.source.read_at(self.position, len).map_err(io::Error::other)?;
        }
        let len = buffer.len().min(self.ahead.len());
        self.ahead.copy_to_slice(&mut buffer[..len]);
        self.position += u64::try_from(len).unwrap_or_default();
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn more_files_are_read_than_stay_open() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<FileBytes> = (0..MOST_HELD + 20)
            .map(|number| {
                let path = folder.path().join(number.to_string());
                std::fs::write(&path, number.to_le_bytes()).unwrap();
                FileBytes::open(&path).unwrap()
            })
            .collect();
        let is_held = |file: &&FileBytes| matches!(file.handle.as_ref(), Handle::Held(_));
        assert!(files.iter().filter(is_held).count() <= MOST_HELD);
        for _ in 0..2 {
            for (number, file) in files.iter().enumerate().rev() {
                let mut room = [0; 8];
                file.read_into(0, &mut room).unwrap();
                assert_eq!(usize::from_le_bytes(room), number);
            }
        }
    }

    #[test]
    fn parts_are_read_by_position_and_counted() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        file.write_all(&bytes).unwrap();
        let again = Arc::new(file.try_clone().unwrap());
        let mut source = FileBytes::new(file).unwrap();
        assert_eq!(source.get_bytes(10, 5).unwrap(), bytes[10..15]);
        assert_eq!(source.bytes_read(), 5);
        source.prefetch(100, 50).unwrap();
        assert_eq!(source.get_bytes(120, 30).unwrap(), bytes[120..150]);
        assert_eq!(source.bytes_read(), 55);
        let mut rest = Vec::new();
        source.get_read(140).unwrap().read_to_end(&mut rest).unwrap();
        assert_eq!(rest, bytes[140..]);
        assert!(source.get_bytes(79_999, 2).is_err());
        assert!(source.get_bytes(u64::MAX, 2).is_err());
        assert_eq!(source.counting().bytes_read(), 0);
        let part = FileBytes::of_part(again, 100..200);
        assert_eq!(part.get_bytes(20, 30).unwrap(), bytes[120..150]);
        assert!(part.get_bytes(90, 11).is_err());
    }
}
