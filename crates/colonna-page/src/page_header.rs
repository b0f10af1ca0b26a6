//! The header of a page, in Thrift's compact protocol. Parquet's own writer of headers leaves the
//! checksum out.

use parquet::basic::Encoding;

use crate::PageError;

/// What follows the header.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PageKind {
    /// Values, as many as there are levels.
    Data {
        /// How the values are kept.
        encoding: Encoding,
    },
    /// The words of a dictionary.
    Dictionary {
        /// Whether they ascend.
        is_sorted: bool,
    },
}

/// Adds the header of a page of `count` values, which takes `byte_len` bytes when it is not
/// compressed, and the page itself.
pub(crate) fn write_page(
    out: &mut Vec<u8>,
    kind: PageKind,
    count: usize,
    byte_len: usize,
    compressed: &[u8],
) -> Result<(), PageError> {
    let length = |byte_len: usize| {
        i32::try_from(byte_len).map_err(|_too_large| PageError::TooLong { byte_len })
    };
    let checksum = crc32fast::hash(compressed).cast_signed();
    let mut header = Compact { out, last: 0 };
    header.int(1, if matches!(kind, PageKind::Data { .. }) { 0 } else { 2 });
    header.int(2, length(byte_len)?);
    header.int(3, length(compressed.len())?);
    header.int(4, checksum);
    let count = length(count)?;
    match kind {
        PageKind::Data { encoding } => header.nested(5, |header| {
            header.int(1, count);
            header.int(2, number(encoding));
            header.int(3, number(Encoding::RLE));
            header.int(4, number(Encoding::RLE));
        }),
        PageKind::Dictionary { is_sorted } => header.nested(7, |header| {
            header.int(1, count);
            header.int(2, number(Encoding::PLAIN));
            header.boolean(3, is_sorted);
        }),
    }
    out.push(0);
    out.extend_from_slice(compressed);
    Ok(())
}

/// Parquet's number of an encoding.
fn number(encoding: Encoding) -> i32 {
    match encoding {
        Encoding::PLAIN => 0,
        Encoding::RLE => 3,
        Encoding::DELTA_BINARY_PACKED => 5,
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 6,
        Encoding::DELTA_BYTE_ARRAY => 7,
        Encoding::RLE_DICTIONARY => 8,
        Encoding::BYTE_STREAM_SPLIT => 9,
        // Nothing is written so.
        _ => -1,
    }
}

/// Fields of a Thrift struct. Each is named by how far its number is from the last one's.
struct Compact<'a> {
    out: &'a mut Vec<u8>,
    last: u8,
}

impl Compact<'_> {
    fn field(&mut self, number: u8, kind: u8) {
        self.out.push((number - self.last) << 4 | kind);
        self.last = number;
    }

    fn int(&mut self, number: u8, value: i32) {
        self.field(number, 5);
        let mut rest = ((value << 1) ^ (value >> 31)).cast_unsigned();
        while rest >= 0x80 {
            self.out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push((rest & 0x7f) as u8);
    }

    fn boolean(&mut self, number: u8, value: bool) {
        self.field(number, if value { 1 } else { 2 });
    }

    fn nested(&mut self, number: u8, fields: impl FnOnce(&mut Compact<'_>)) {
        self.field(number, 12);
        fields(&mut Compact { out: self.out, last: 0 });
        self.out.push(0);
    }
}
