//! Which values of Parquet are read here, and what they become.

use arrow::datatypes::{DataType as ArrowType, TimeUnit};
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::file::metadata::ColumnChunkMetaData;

use crate::compress::can_inflate;
use crate::leaf::Leaf;

/// How the values of a leaf column are kept, and what becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Int32,
    /// The same bits, counted from zero.
    UInt32,
    Int64,
    /// Moments that become microseconds.
    Milliseconds,
    /// The same, cut.
    Nanoseconds,
    Float,
    Double,
    Text,
    Bytes,
    Decimal32,
    Decimal64,
    /// Decimals of so many bytes, the highest first.
    Decimal(usize),
}

/// The greatest level that is kept in a byte.
const MOST_LEVELS: i16 = 255;

impl Kind {
    /// The kind of the values of a leaf column's chunk. None where it is one that only Parquet's own reader reads.
    pub(super) fn of(leaf: &Leaf, chunk: &ColumnChunkMetaData) -> Option<Self> {
        let descriptor = chunk.column_descr();
        let known = |encoding: Encoding| match encoding {
            Encoding::PLAIN
            | Encoding::PLAIN_DICTIONARY
            | Encoding::RLE
            | Encoding::RLE_DICTIONARY
            | Encoding::DELTA_BINARY_PACKED
            | Encoding::DELTA_LENGTH_BYTE_ARRAY
            | Encoding::DELTA_BYTE_ARRAY
            | Encoding::BYTE_STREAM_SPLIT => true,
            // Old files name it for levels that they do not have.
            #[expect(deprecated, reason = "old files have it")]
            Encoding::BIT_PACKED => descriptor.max_def_level() == 0,
        };
        // In one list, if in any.
        if descriptor.max_rep_level() != i16::from(leaf.repeated)
            || descriptor.max_def_level() > MOST_LEVELS
            || !can_inflate(chunk.compression())
            || !chunk.encodings().all(known)
        {
            return None;
        }
        Some(match (descriptor.physical_type(), &leaf.arrow_type) {
            (PhysicalType::BOOLEAN, ArrowType::Boolean) => Self::Boolean,
            (
                PhysicalType::INT32,
                ArrowType::Int8
                | ArrowType::Int16
                | ArrowType::Int32
                | ArrowType::UInt8
                | ArrowType::UInt16
                | ArrowType::Date32,
            ) => Self::Int32,
            (PhysicalType::INT32, ArrowType::UInt32) => Self::UInt32,
            (PhysicalType::INT32, ArrowType::Decimal128(..)) => Self::Decimal32,
            (PhysicalType::INT64, ArrowType::Int64) => Self::Int64,
            (PhysicalType::INT64, ArrowType::Timestamp(unit, _)) => match unit {
                TimeUnit::Second => return None,
                TimeUnit::Millisecond => Self::Milliseconds,
                TimeUnit::Microsecond => Self::Int64,
                TimeUnit::Nanosecond => Self::Nanoseconds,
            },
            (PhysicalType::INT64, ArrowType::Decimal128(..)) => Self::Decimal64,
            (PhysicalType::FLOAT, ArrowType::Float32) => Self::Float,
            (PhysicalType::DOUBLE, ArrowType::Float64) => Self::Double,
            (PhysicalType::BYTE_ARRAY, ArrowType::Utf8) => Self::Text,
            (PhysicalType::BYTE_ARRAY, ArrowType::Binary) => Self::Bytes,
            (PhysicalType::FIXED_LEN_BYTE_ARRAY, ArrowType::Decimal128(..)) => {
                let width = usize::try_from(descriptor.type_length()).ok()?;
                return (1..=16).contains(&width).then_some(Self::Decimal(width));
            }
            _ => return None,
        })
    }
}
