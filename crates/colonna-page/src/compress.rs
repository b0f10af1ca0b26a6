//! zstd, whose memory is kept from page to page: a thread has one compressor for each level.

use std::cell::RefCell;
use std::io;

use parquet::basic::{Compression, ZstdLevel};
use zstd::bulk::Compressor;

use crate::PageError;

/// How the pages of a column chunk are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// Not at all.
    None,
    /// By zstd at a level.
    Zstd(i32),
}

impl Codec {
    /// zstd at a level, which must be one of zstd's.
    pub(crate) fn zstd(level: i32) -> Result<Self, PageError> {
        ZstdLevel::try_new(level).map_err(|_out_of_range| PageError::NoSuchLevel { level })?;
        Ok(Self::Zstd(level))
    }

    /// As the footer names it.
    pub(crate) fn named(self) -> Compression {
        match self {
            Self::None => Compression::UNCOMPRESSED,
            Self::Zstd(level) => Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default()),
        }
    }

    /// Gives `work` the bytes as they go into the file.
    pub(crate) fn compressed<T>(
        self,
        bytes: &[u8],
        work: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, PageError> {
        match self {
            Self::None => Ok(work(bytes)),
            Self::Zstd(level) => COMPRESSORS.with_borrow_mut(|compressors| {
                let compressors = &mut *compressors;
                let failed = |source| PageError::Compress { source };
                let compressor = compressors.of_level(level).map_err(failed)?;
                compress(compressor, bytes).map(work).map_err(failed)
            }),
        }
    }
}

thread_local! {
    static COMPRESSORS: RefCell<Compressors> = RefCell::default();
}

#[derive(Default)]
struct Compressors {
    of_levels: Vec<(i32, Context)>,
}

/// A compressor, and the room that it writes to.
struct Context {
    compressor: Compressor<'static>,
    room: Vec<u8>,
}

impl Compressors {
    fn of_level(&mut self, level: i32) -> io::Result<&mut Context> {
        let found = self.of_levels.iter().position(|(known, _)| *known == level);
        let position = match found {
            Some(position) => position,
            None => {
                let context = Context { compressor: Compressor::new(level)?, room: Vec::new() };
                self.of_levels.push((level, context));
                self.of_levels.len() - 1
            }
        };
        Ok(&mut self.of_levels[position].1)
    }
}

/// Room that one large page took is given back after it.
const KEPT_BYTES: usize = 4 << 20;

fn compress<'a>(context: &'a mut Context, bytes: &[u8]) -> io::Result<&'a [u8]> {
    let Context { compressor, room } = context;
    room.clear();
    let bound = zstd::zstd_safe::compress_bound(bytes.len());
    if bound < KEPT_BYTES {
        room.shrink_to(KEPT_BYTES);
    }
    room.reserve(bound);
    compressor.compress_to_buffer(bytes, room)?;
    Ok(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        for level in [1, 3, 1, 19] {
            let codec = Codec::zstd(level).unwrap();
            for len in [0, 1, 100_000, 6 << 20, 10] {
                let bytes: Vec<u8> = (0..7).cycle().take(len).collect();
                let compressed = codec.compressed(&bytes, <[u8]>::to_vec).unwrap();
                assert!(compressed.len() < bytes.len() / 10 + 20);
                assert_eq!(zstd::bulk::decompress(&compressed, len).unwrap(), bytes);
            }
        }
        assert_eq!(Codec::None.compressed(b"abc", <[u8]>::to_vec).unwrap(), b"abc");
        assert!(matches!(Codec::zstd(23), Err(PageError::NoSuchLevel { level: 23 })));
    }
}
