//! Compressed streams, known by their first bytes.
//!
//! Several members, frames or streams behind one another are one text. A stream that breaks off is
//! an error, never a shorter text.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;

/// A compressed file in a compressed file is as far as this goes.
pub(super) const MAX_LAYERS: usize = 2;

/// How many first bytes [`Layer::of`] needs.
pub(super) const MAGIC_BYTE_LEN: u64 = 10;

/// How much text comes out of any source before its expansion counts.
const FREE_BYTE_LEN: u64 = 256 << 20;

const BUFFER_BYTE_LEN: usize = 256 << 10;

/// One compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Layer {
    /// The compression of a stream that starts so.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A frame, or a frame to skip, as pzstd writes first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            // A block, or the end of a stream without blocks.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => {
                Some(Self::Bzip2)
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }

    fn reader(self, bytes: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        let bytes = BufReader::with_capacity(BUFFER_BYTE_LEN, bytes);
        Ok(match self {
            Self::Gzip => Box::new(GzipStreams { stream: Some(GzDecoder::new(bytes)) }),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(bytes)?),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
            Self::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(bytes)),
        })
    }
}

/// Gzip streams one behind the other.
struct GzipStreams {
    /// The one that is read; none behind the last.
    stream: Option<GzDecoder<BufReader<Box<dyn Read + Send>>>>,
}

impl Read for GzipStreams {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(stream) = &mut self.stream {
            let len = stream.read(buffer)?;
            if len > 0 || buffer.is_empty() {
                return Ok(len);
            }
            let ended = self.stream.take();
            self.stream = ended.map(|stream| behind(stream.into_inner())).transpose()?.flatten();
        }
        Ok(0)
    }
}

/// The stream behind the end of another. Zeros are what tapes and blocks are filled up with.
fn behind<R: BufRead>(mut bytes: R) -> io::Result<Option<GzDecoder<R>>> {
    loop {
        let buffer = bytes.fill_buf()?;
        let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
        match (buffer, buffer.get(zeros)) {
            ([], _) => return Ok(None),
            (_, None) => bytes.consume(zeros),
            (_, Some(0x1f)) => {
                bytes.consume(zeros);
                return Ok(Some(GzDecoder::new(bytes)));
            }
            (_, Some(_)) => {
                return Err(io::Error::other(
                    "other bytes follow the end of the gzip stream: `gzip -dc` gives what stands before them",
                ));
            }
        }
    }
}

/// How much text may come out of how many bytes.
pub(super) struct Limit {
    total: Arc<AtomicU64>,
    max_expansion: u64,
}

impl Limit {
    /// `total` counts what is read from the source by all of its readers.
    pub(super) fn new(total: &Arc<AtomicU64>, max_expansion: u64) -> Self {
        Self { total: Arc::clone(total), max_expansion }
    }
}

/// The bytes under these layers, the outermost first.
pub(super) fn reader(
    raw: Box<dyn Read + Send>,
    layers: &[Layer],
    limit: Limit,
) -> io::Result<Box<dyn Read + Send>> {
    let consumed = Arc::new(AtomicU64::new(0));
    let mut bytes: Box<dyn Read + Send> =
        Box::new(Counted { inner: raw, own: Arc::clone(&consumed), total: limit.total });
    for layer in layers {
        bytes = layer.reader(bytes)?;
    }
    if layers.is_empty() {
        return Ok(bytes);
    }
    let max_expansion = limit.max_expansion;
    Ok(Box::new(Limited { inner: bytes, consumed, produced: 0, max_expansion }))
}

/// Counts what is read.
struct Counted {
    inner: Box<dyn Read + Send>,
    own: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.own.fetch_add(crate::chunk::count(len), Ordering::Relaxed);
        self.total.fetch_add(crate::chunk::count(len), Ordering::Relaxed);
        Ok(len)
    }
}

/// Stops a stream that grows past all measure.
struct Limited {
    inner: Box<dyn Read + Send>,
    consumed: Arc<AtomicU64>,
    produced: u64,
    max_expansion: u64,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.produced += crate::chunk::count(len);
        let consumed = self.consumed.load(Ordering::Relaxed);
        let limit = FREE_BYTE_LEN.saturating_add(consumed.saturating_mul(self.max_expansion));
        if self.produced > limit {
            return Err(io::Error::other(format!(
                "{consumed} bytes grew to more than {limit}: raise the limit of expansion if that is right"
            )));
        }
        Ok(len)
    }
}
