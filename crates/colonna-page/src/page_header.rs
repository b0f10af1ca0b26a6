//! The header of a page, in Thrift's compact protocol. Parquet's own writer of headers leaves the
//! checksum out, and its reader takes the whole page into memory of its own.

use parquet::basic::Encoding;

use crate::PageError;
use crate::encoding::varint;

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

/// What the header of a page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageHeader {
    /// What follows it.
    pub(crate) kind: ReadKind,
    /// Values, those that are null among them.
    pub(crate) count: usize,
    pub(crate) encoding: Encoding,
    /// The bytes of the page as it stands in the file.
    pub(crate) compressed_len: usize,
    /// And when it is no longer compressed.
    pub(crate) byte_len: usize,
    /// CRC-32 of the page as it stands in the file, where its writer took it.
    pub(crate) checksum: Option<u32>,
}

/// The kinds of pages that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadKind {
    /// Levels, after their length, and values, compressed together.
    Data,
    /// Levels of so many bytes, then values, of which only these may be compressed.
    DataV2 { repetition_len: usize, definition_len: usize, is_compressed: bool },
    /// The words of a dictionary.
    Dictionary,
    /// Anything else, to be passed over.
    Other,
}

/// A field of a header; what is not looked at is read as `Other`.
enum Field<'a> {
    Int(i64),
    Boolean(bool),
    Struct(&'a [u8]),
    Other,
}

/// Takes the header from the front. None where the bytes end before it does.
///
/// # Errors
///
/// Where the bytes are no header of a page.
pub(crate) fn read_header(bytes: &mut &[u8]) -> Result<Option<PageHeader>, PageError> {
    let mut rest = *bytes;
    let Some(fields) = fields_of(&mut rest) else { return Ok(None) };
    let header = page_header(&fields).ok_or_else(|| PageError::Malformed {
        action: "read the header of a page",
        detail: "it lacks a field, or one is out of range".to_owned(),
    })?;
    *bytes = rest;
    Ok(Some(header))
}

fn page_header(fields: &[(i16, Field<'_>)]) -> Option<PageHeader> {
    let kind = int(fields, 1)?;
    let (byte_len, compressed_len) = (len(fields, 2)?, len(fields, 3)?);
    let inner = |number| nested(fields, number).and_then(|mut bytes| fields_of(&mut bytes));
    let (kind, count, encoding) = match kind {
        0 => {
            let inner = inner(5)?;
            (ReadKind::Data, len(&inner, 1)?, int(&inner, 2)?)
        }
        2 => {
            let inner = inner(7)?;
            (ReadKind::Dictionary, len(&inner, 1)?, int(&inner, 2)?)
        }
        3 => {
            let inner = inner(8)?;
            let kind = ReadKind::DataV2 {
                definition_len: len(&inner, 5)?,
                repetition_len: len(&inner, 6)?,
                is_compressed: find(&inner, 7)
                    .is_none_or(|field| !matches!(field, Field::Boolean(false))),
            };
            (kind, len(&inner, 1)?, int(&inner, 4)?)
        }
        _ => (ReadKind::Other, 0, 0),
    };
    let checksum = int(fields, 4).and_then(|checksum| i32::try_from(checksum).ok());
    Some(PageHeader {
        kind,
        count,
        encoding: encoding_of(encoding)?,
        compressed_len,
        byte_len,
        checksum: checksum.map(i32::cast_unsigned),
    })
}

fn find<'a, 'b>(fields: &'a [(i16, Field<'b>)], number: i16) -> Option<&'a Field<'b>> {
    fields.iter().find(|(found, _)| *found == number).map(|(_, field)| field)
}

fn int(fields: &[(i16, Field<'_>)], number: i16) -> Option<i64> {
    match find(fields, number)? {
        Field::Int(value) => Some(*value),
        _ => None,
    }
}

fn len(fields: &[(i16, Field<'_>)], number: i16) -> Option<usize> {
    i32::try_from(int(fields, number)?).ok().and_then(|len| usize::try_from(len).ok())
}

fn nested<'b>(fields: &[(i16, Field<'b>)], number: i16) -> Option<&'b [u8]> {
    match find(fields, number)? {
        Field::Struct(bytes) => Some(bytes),
        _ => None,
    }
}

/// The fields of a struct, which is taken from the front. None where the bytes end before it does,
/// or hold what no struct does.
fn fields_of<'a>(bytes: &mut &'a [u8]) -> Option<Vec<(i16, Field<'a>)>> {
    let mut fields = Vec::new();
    let mut number = 0_i16;
    loop {
        let head = take(bytes, 1)?[0];
        let (step, kind) = (head >> 4, head & 0xf);
        if kind == 0 {
            return Some(fields);
        }
        number = match step {
            0 => i16::try_from(varint::read_signed(bytes).ok()?).ok()?,
            step => number.checked_add(i16::from(step))?,
        };
        fields.push((number, value_of(bytes, kind, MOST_NESTING)?));
    }
}

/// Structs in structs, and lists in lists: statistics lie two deep.
const MOST_NESTING: u8 = 8;

fn value_of<'a>(bytes: &mut &'a [u8], kind: u8, nesting: u8) -> Option<Field<'a>> {
    let nesting = nesting.checked_sub(1)?;
    Some(match kind {
        1 | 2 => Field::Boolean(kind == 1),
        3 => {
            take(bytes, 1)?;
            Field::Other
        }
        4..=6 => Field::Int(varint::read_signed(bytes).ok()?),
        7 => {
            take(bytes, 8)?;
            Field::Other
        }
        8 => {
            let len = varint::read_len(bytes).ok()?;
            take(bytes, len)?;
            Field::Other
        }
        9 | 10 => {
            let head = take(bytes, 1)?[0];
            let count = match head >> 4 {
                15 => varint::read_len(bytes).ok()?,
                short => usize::from(short),
            };
            for _ in 0..count {
                match head & 0xf {
                    // In a list a boolean takes a byte.
                    1 | 2 => take(bytes, 1).map(|_| ())?,
                    kind => value_of(bytes, kind, nesting).map(|_| ())?,
                }
            }
            Field::Other
        }
        12 => {
            let whole = *bytes;
            let mut head;
            while {
                head = take(bytes, 1)?[0];
                head & 0xf != 0
            } {
                if head >> 4 == 0 {
                    varint::read_signed(bytes).ok()?;
                }
                value_of(bytes, head & 0xf, nesting)?;
            }
            Field::Struct(&whole[..whole.len() - bytes.len()])
        }
        _ => return None,
    })
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

fn encoding_of(number: i64) -> Option<Encoding> {
    Some(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return None,
    })
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
