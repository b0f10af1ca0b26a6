//! Pages compressed and inflated. Memory is kept from page to page: a thread has one compressor of
//! zstd for each level, and one that inflates.

mod eights;

use std::cell::RefCell;
use std::io;

use parquet::basic::{Compression, ZstdLevel};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, Strategy, compress_bound};

use self::eights::Places;
use crate::PageError;

/// How the pages of a column chunk are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// Not at all.
    None,
    /// By zstd at a level.
    Zstd(i32),
    /// By zstd at its lowest level, which looks for what repeats in the last few values only. Of
    /// values that are mostly noise, such as ids, it finds what is no noise.
    Near,
    /// By zstd without much searching, but for repeats of four bytes on: steps of times in
    /// microseconds are mostly a few bytes that were there before.
    Short,
    /// By LZ4, which takes more bytes than zstd and comes back three times as fast.
    Lz4,
    /// By LZ4 as it suits values of eight bytes, such as doubles.
    Lz4Eights,
    /// By Snappy, which comes back as fast as LZ4; of words in their order it leaves fewer bytes.
    Snappy,
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
            Self::Near | Self::Short => Compression::ZSTD(ZstdLevel::default()),
            Self::Lz4 | Self::Lz4Eights => Compression::LZ4_RAW,
            Self::Snappy => Compression::SNAPPY,
        }
    }

    /// Gives `work` the bytes as they go into the file.
    pub(crate) fn compressed<T>(
        self,
        bytes: &[u8],
        work: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, PageError> {
        if self == Self::None {
            return Ok(work(bytes));
        }
        if matches!(self, Self::Lz4 | Self::Lz4Eights | Self::Snappy) {
            return QUICK.with_borrow_mut(|quick| Ok(work(quick.compress(self, bytes)?)));
        }
        CONTEXTS.with_borrow_mut(|contexts| {
            let failed = |source| PageError::Compress { source };
            let context = contexts.of(self).map_err(failed)?;
            context.compress(bytes).map(work).map_err(failed)
        })
    }
}

/// Whether pages of such a column chunk can be inflated here.
pub(crate) fn can_inflate(codec: Compression) -> bool {
    matches!(
        codec,
        Compression::UNCOMPRESSED
            | Compression::ZSTD(_)
            | Compression::SNAPPY
            | Compression::LZ4_RAW
    )
}

/// Gives `work` the `len` bytes that were compressed to these.
pub(crate) fn inflated<T>(
    codec: Compression,
    bytes: &[u8],
    len: usize,
    work: impl FnOnce(&[u8]) -> Result<T, PageError>,
) -> Result<T, PageError> {
    let malformed = |detail: String| PageError::Malformed { action: "inflate a page", detail };
    if codec == Compression::UNCOMPRESSED {
        return if bytes.len() == len {
            work(bytes)
        } else {
            Err(malformed(format!("{} bytes where {len} were to be", bytes.len())))
        };
    }
    INFLATER.with_borrow_mut(|inflater| {
        let inflater = match inflater {
            Some(inflater) => inflater,
            None => inflater.insert(Inflater::new().map_err(|error| malformed(error.to_string()))?),
        };
        work(inflater.inflate(codec, bytes, len).map_err(malformed)?)
    })
}

/// What inflates, and the room that it writes to.
struct Inflater {
    zstd: Decompressor<'static>,
    snappy: snap::raw::Decoder,
    room: Vec<u8>,
}

impl Inflater {
    fn new() -> io::Result<Self> {
        let (zstd, snappy) = (Decompressor::new()?, snap::raw::Decoder::new());
        Ok(Self { zstd, snappy, room: Vec::new() })
    }

    fn inflate(&mut self, codec: Compression, bytes: &[u8], len: usize) -> Result<&[u8], String> {
        let Self { zstd, snappy, room } = self;
        if len < KEPT_BYTES && room.capacity() > KEPT_BYTES {
            *room = Vec::new();
        }
        let found = match codec {
            Compression::SNAPPY | Compression::LZ4_RAW => {
                if room.len() < len {
                    room.try_reserve(len - room.len()).map_err(|error| error.to_string())?;
                    room.resize(len, 0);
                }
                let room = &mut room[..len];
                match codec {
                    Compression::SNAPPY => {
                        snappy.decompress(bytes, room).map_err(|error| error.to_string())?
                    }
                    _ => lz4_flex::block::decompress_into(bytes, room)
                        .map_err(|error| error.to_string())?,
                }
            }
            _ => {
                room.clear();
                room.try_reserve(len).map_err(|error| error.to_string())?;
                zstd.decompress_to_buffer(bytes, room).map_err(|error| error.to_string())?
            }
        };
        if found != len {
            return Err(format!("{found} bytes where {len} were to be"));
        }
        Ok(&room[..len])
    }
}

thread_local! {
    static CONTEXTS: RefCell<Contexts> = RefCell::default();
    static QUICK: RefCell<Quick> = RefCell::new(Quick::new());
    static INFLATER: RefCell<Option<Inflater>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Contexts {
    of_codecs: Vec<(Codec, Context)>,
}

/// A compressor, and the room that it writes to.
struct Context {
    compressor: Compressor<'static>,
    room: Vec<u8>,
}

impl Contexts {
    fn of(&mut self, codec: Codec) -> io::Result<&mut Context> {
        let found = self.of_codecs.iter().position(|(known, _)| *known == codec);
        let position = match found {
            Some(position) => position,
            None => {
                self.of_codecs.push((codec, Context::new(codec)?));
                self.of_codecs.len() - 1
            }
        };
        Ok(&mut self.of_codecs[position].1)
    }
}

/// Room that one large page took is given back after it.
const KEPT_BYTES: usize = 4 << 20;

/// A table of so few places knows what came last and nothing else.
const NEAR_HASH_BITS: u32 = 6;
const NEAR_MATCH_BYTES: u32 = 5;

/// A table with a place for nearly every position of a page.
const SHORT_HASH_BITS: u32 = 17;
const SHORT_MATCH_BYTES: u32 = 4;

impl Context {
    fn new(codec: Codec) -> io::Result<Self> {
        let level = if let Codec::Zstd(level) = codec { level } else { 1 };
        let mut compressor = Compressor::new(level)?;
        let own = match codec {
            Codec::Near => Some((NEAR_HASH_BITS, NEAR_MATCH_BYTES)),
            Codec::Short => Some((SHORT_HASH_BITS, SHORT_MATCH_BYTES)),
            _ => None,
        };
        if let Some((hash_bits, match_bytes)) = own {
            compressor.set_parameter(CParameter::Strategy(Strategy::ZSTD_fast))?;
            compressor.set_parameter(CParameter::HashLog(hash_bits))?;
            compressor.set_parameter(CParameter::MinMatch(match_bytes))?;
        }
        Ok(Self { compressor, room: Vec::new() })
    }

    fn compress(&mut self, bytes: &[u8]) -> io::Result<&[u8]> {
        let Self { compressor, room } = self;
        room.clear();
        let bound = compress_bound(bytes.len());
        if bound < KEPT_BYTES {
            room.shrink_to(KEPT_BYTES);
        }
        room.reserve(bound);
        compressor.compress_to_buffer(bytes, room)?;
        Ok(room)
    }
}

/// What compresses by LZ4 and by Snappy, and the room that it writes to.
struct Quick {
    places: Places,
    snappy: snap::raw::Encoder,
    room: Vec<u8>,
}

impl Quick {
    fn new() -> Self {
        Self { places: Places::new(), snappy: snap::raw::Encoder::new(), room: Vec::new() }
    }

    fn compress(&mut self, codec: Codec, bytes: &[u8]) -> Result<&[u8], PageError> {
        let Self { places, snappy, room } = self;
        let bound = match codec {
            Codec::Snappy => snap::raw::max_compress_len(bytes.len()),
            _ => lz4_flex::block::get_maximum_output_size(bytes.len()),
        };
        if bound < KEPT_BYTES {
            room.truncate(KEPT_BYTES);
            room.shrink_to(KEPT_BYTES);
        }
        if codec == Codec::Lz4Eights {
            places.compress(bytes, room);
            return Ok(room);
        }
        if room.len() < bound {
            room.resize(bound, 0);
        }
        let len = match codec {
            Codec::Snappy => snappy.compress(bytes, room).map_err(io::Error::other),
            _ => lz4_flex::block::compress_into(bytes, room).map_err(io::Error::other),
        };
        let len = len.map_err(|source| PageError::Compress { source })?;
        Ok(room.get(..len).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        let of_levels = [1, 3, 1, 19].map(|level| Codec::zstd(level).unwrap());
        for codec in of_levels.into_iter().chain([
            Codec::Near,
            Codec::Short,
            Codec::Lz4,
            Codec::Lz4Eights,
            Codec::Snappy,
        ]) {
            for len in [0, 1, 100_000, 6 << 20, 10] {
                let bytes: Vec<u8> = (0..7).cycle().take(len).collect();
                let compressed = codec.compressed(&bytes, <[u8]>::to_vec).unwrap();
                assert!(compressed.len() < bytes.len() / 10 + 20);
                let named = codec.named();
                let back = inflated(named, &compressed, len, |bytes| Ok(bytes.to_vec()));
                assert_eq!(back.unwrap(), bytes);
                assert!(inflated(named, &compressed, len + 1, |_| Ok(())).is_err());
            }
        }
        assert_eq!(Codec::None.compressed(b"abc", <[u8]>::to_vec).unwrap(), b"abc");
        assert!(matches!(Codec::zstd(23), Err(PageError::NoSuchLevel { level: 23 })));
    }
}
