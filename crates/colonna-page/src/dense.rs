//! The values of a leaf column without its nulls, in the types that Parquet keeps them in.

use std::borrow::Cow;
use std::ops::Range;

use colonna_column::{Bitmap, Column, Strings, Values};
use colonna_schema::Scalar;
use parquet::basic::Type as PhysicalType;

use crate::PageError;
use crate::bounds::{Bounds, Shape};
use crate::encoding::{
    boolean, byte_stream_split, delta_binary_packed, delta_byte_array, delta_length_byte_array,
    plain,
};
use crate::layout::Uncoded;
use crate::levels::{Present, bytes_of};

/// Values side by side, without a gap where a row is null.
#[derive(Debug)]
pub(crate) enum Dense<'a> {
    /// None at all.
    Nothing,
    /// Eight to a byte, the first in the lowest bit.
    Boolean {
        bytes: Vec<u8>,
        len: usize,
    },
    Int32(Vec<i32>),
    Int64(Cow<'a, [i64]>),
    Double(Cow<'a, [f64]>),
    /// Decimals of more than 18 digits.
    Fixed(Cow<'a, [i128]>),
    Strings(Cow<'a, Strings>),
    /// Two codes may stand for equal words, and a word may have no code.
    Codes {
        codes: Cow<'a, [u32]>,
        words: Cow<'a, Strings>,
    },
}

impl<'a> Dense<'a> {
    /// The rows of a column that are values.
    pub(crate) fn of(
        column: Option<&'a Column>,
        present: &Present,
        shape: Shape,
    ) -> Result<Self, PageError> {
        let (Some(column), false) = (column, matches!(present, Present::None)) else {
            return Ok(Self::Nothing);
        };
        let mismatch = || PageError::Malformed {
            action: "write a column",
            detail: format!("{} as {}", column.data_type(), shape.physical),
        };
        Ok(match (column.values(), shape.physical) {
            (Values::NumberCodes { codes, dictionary }, physical) => {
                numbers(dictionary.gather(&picked(codes, present)), physical)?
                    .ok_or_else(mismatch)?
            }
            (Values::Boolean(bits), PhysicalType::BOOLEAN) => match present {
                Present::Some(rows) => booleans(&bits.gather(rows)),
                _ => booleans(bits),
            },
            (Values::Int64(values), PhysicalType::INT64) => Self::Int64(picked(values, present)),
            (Values::Int64(values), PhysicalType::INT32) => {
                Self::Int32(narrowed(&picked(values, present))?)
            }
            (Values::Float64(values), PhysicalType::DOUBLE) => {
                Self::Double(picked(values, present))
            }
            (Values::Decimal(values), physical) => decimals(picked(values, present), physical)?,
            (Values::Strings(values), PhysicalType::BYTE_ARRAY) => Self::Strings(match present {
                Present::Some(rows) => Cow::Owned(values.gather(rows)),
                _ => Cow::Borrowed(values),
            }),
            (Values::Codes { codes, dictionary }, PhysicalType::BYTE_ARRAY) => Self::Codes {
                codes: picked(codes, present),
                words: Cow::Borrowed(dictionary.as_ref()),
            },
            (Values::Constant(value), _) => {
                let len = match present {
                    Present::Some(rows) => rows.len(),
                    _ => column.len(),
                };
                repeated(value, len, shape.physical)?.ok_or_else(mismatch)?
            }
            _ => return Err(mismatch()),
        })
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Boolean { len, .. } => *len,
            Self::Int32(values) => values.len(),
            Self::Int64(values) => values.len(),
            Self::Double(values) => values.len(),
            Self::Fixed(values) => values.len(),
            Self::Strings(values) => values.len(),
            Self::Codes { codes, .. } => codes.len(),
        }
    }

    /// About how many bytes these values take as they are.
    pub(crate) fn byte_len(&self, range: Range<usize>) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Boolean { .. } => range.len() / 8,
            Self::Int32(_) | Self::Codes { .. } => range.len() * 4,
            Self::Int64(_) | Self::Double(_) => range.len() * 8,
            Self::Fixed(_) => range.len() * 16,
            Self::Strings(values) => {
                let (offsets, _) = values.parts();
                offsets[range.end] - offsets[range.start] + range.len() * 4
            }
        }
    }

    /// The least and the greatest of some values, and whether none of them is NaN. Codes have
    /// bounds only once their words are in order.
    pub(crate) fn bounds(&self, range: Range<usize>) -> (Option<Bounds>, bool) {
        let bounds = match self {
            Self::Nothing | Self::Codes { .. } => None,
            Self::Boolean { bytes, .. } => {
                let (mut any_true, mut any_false) = (false, false);
                for index in range {
                    let bit = bytes[index / 8] >> (index % 8) & 1 == 1;
                    any_true |= bit;
                    any_false |= !bit;
                }
                Bounds::of_booleans(any_false, any_true)
            }
            Self::Int32(values) => Bounds::of_i32(&values[range]),
            Self::Int64(values) => Bounds::of_i64(&values[range]),
            Self::Double(values) => return Bounds::of_f64(&values[range]),
            Self::Fixed(values) => Bounds::of_fixed(&values[range]),
            Self::Strings(values) => Bounds::of_texts(values, range),
        };
        (bounds, true)
    }

    /// Adds some of the values as they are kept without a dictionary.
    pub(crate) fn encode(
        &self,
        out: &mut Vec<u8>,
        way: Uncoded,
        range: Range<usize>,
        fixed_width: usize,
    ) -> Result<(), PageError> {
        match (self, way) {
            (Self::Nothing | Self::Codes { .. }, _) => {}
            (Self::Boolean { bytes, .. }, way) => {
                let bytes = &bits_from(bytes, range.clone());
                match way {
                    Uncoded::Runs => boolean::encode_runs(out, bytes, range.len()),
                    _ => boolean::encode_plain(out, bytes, range.len()),
                }
            }
            (Self::Int32(values), Uncoded::Delta(widths)) => {
                delta_binary_packed::encode_i32(out, &values[range], widths);
            }
            (Self::Int64(values), Uncoded::Delta(widths)) => {
                delta_binary_packed::encode_i64(out, &values[range], widths);
            }
            (Self::Int32(values), Uncoded::Split) => {
                byte_stream_split::encode_i32(out, &values[range]);
            }
            (Self::Int64(values), Uncoded::Split) => {
                byte_stream_split::encode_i64(out, &values[range]);
            }
            (Self::Double(values), Uncoded::Split) => {
                byte_stream_split::encode_f64(out, &values[range]);
            }
            (Self::Fixed(values), Uncoded::Split) => {
                byte_stream_split::encode_fixed(out, &values[range], fixed_width);
            }
            (Self::Int32(values), _) => plain::encode_i32(out, &values[range]),
            (Self::Int64(values), _) => plain::encode_i64(out, &values[range]),
            (Self::Double(values), _) => plain::encode_f64(out, &values[range]),
            (Self::Fixed(values), _) => {
                plain::encode_fixed(out, &values[range], fixed_width);
            }
            (Self::Strings(values), way) => return strings(out, values, way, range),
        }
        Ok(())
    }

    /// Whether values of this type can be kept in that way.
    pub(crate) fn suits(&self, way: Uncoded) -> bool {
        match self {
            Self::Nothing => way == Uncoded::Plain,
            Self::Boolean { .. } => matches!(way, Uncoded::Plain | Uncoded::Runs),
            Self::Int32(_) | Self::Int64(_) => {
                matches!(way, Uncoded::Plain | Uncoded::Delta(_) | Uncoded::Split)
            }
            Self::Double(_) | Self::Fixed(_) => matches!(way, Uncoded::Plain | Uncoded::Split),
            Self::Strings(_) | Self::Codes { .. } => {
                matches!(way, Uncoded::Plain | Uncoded::DeltaLength | Uncoded::DeltaPrefix)
            }
        }
    }

    /// The same values without codes; none where they have no codes.
    pub(crate) fn without_codes(&self) -> Option<Dense<'static>> {
        match self {
            Self::Codes { codes, words } => Some(Dense::Strings(Cow::Owned(words.gather(codes)))),
            _ => None,
        }
    }
}

fn strings(
    out: &mut Vec<u8>,
    values: &Strings,
    way: Uncoded,
    range: Range<usize>,
) -> Result<(), PageError> {
    let (offsets, arena) = values.parts();
    let offsets = &offsets[range.start..=range.end];
    match way {
        Uncoded::DeltaLength => delta_length_byte_array::encode(out, offsets, arena),
        Uncoded::DeltaPrefix => delta_byte_array::encode(out, offsets, arena),
        _ => {
            let each = offsets.windows(2).map(|pair| &arena[pair[0]..pair[1]]);
            plain::encode_strings(out, each)
        }
    }
}

/// The bits of a range from the lowest bit of a byte on.
fn bits_from(bytes: &[u8], range: Range<usize>) -> Cow<'_, [u8]> {
    let (first, shift) = (range.start / 8, range.start % 8);
    let bytes = &bytes[first..range.end.div_ceil(8).max(first)];
    if shift == 0 {
        return Cow::Borrowed(bytes);
    }
    let next = bytes.iter().skip(1).copied().chain([0]);
    let joined = bytes.iter().zip(next).map(|(byte, next)| byte >> shift | next << (8 - shift));
    joined.take(range.len().div_ceil(8)).collect()
}

pub(crate) fn booleans(bits: &Bitmap) -> Dense<'static> {
    Dense::Boolean { bytes: bytes_of(bits), len: bits.len() }
}

fn picked<'a, T: Copy>(values: &'a [T], present: &Present) -> Cow<'a, [T]> {
    match present {
        Present::Some(rows) => rows.iter().map(|row| values[*row as usize]).collect(),
        _ => Cow::Borrowed(values),
    }
}

/// Numbers that were codes.
fn numbers(values: Values, physical: PhysicalType) -> Result<Option<Dense<'static>>, PageError> {
    Ok(match (values, physical) {
        (Values::Int64(values), PhysicalType::INT64) => Some(Dense::Int64(values.into())),
        (Values::Int64(values), PhysicalType::INT32) => Some(Dense::Int32(narrowed(&values)?)),
        (Values::Float64(values), PhysicalType::DOUBLE) => Some(Dense::Double(values.into())),
        _ => None,
    })
}

/// Days, which are kept in 32 bits.
fn narrowed(values: &[i64]) -> Result<Vec<i32>, PageError> {
    let narrow = |value: &i64| {
        i32::try_from(*value).map_err(|_too_large| PageError::OutOfRange { value: (*value).into() })
    };
    values.iter().map(narrow).collect()
}

fn decimals(values: Cow<'_, [i128]>, physical: PhysicalType) -> Result<Dense<'_>, PageError> {
    let out_of_range = |value: &i128| PageError::OutOfRange { value: *value };
    Ok(match physical {
        PhysicalType::INT32 => {
            let narrow =
                |value: &i128| i32::try_from(*value).map_err(|_too_large| out_of_range(value));
            Dense::Int32(values.iter().map(narrow).collect::<Result<_, _>>()?)
        }
        PhysicalType::INT64 => {
            let narrow =
                |value: &i128| i64::try_from(*value).map_err(|_too_large| out_of_range(value));
            Dense::Int64(Cow::Owned(values.iter().map(narrow).collect::<Result<_, _>>()?))
        }
        _ => Dense::Fixed(values),
    })
}

/// One value `len` times.
fn repeated(
    value: &Scalar,
    len: usize,
    physical: PhysicalType,
) -> Result<Option<Dense<'static>>, PageError> {
    let words = |bytes: &[u8]| Dense::Codes {
        codes: Cow::Owned(vec![0; len]),
        words: Cow::Owned(std::iter::once(bytes).collect()),
    };
    Ok(Some(match (value, physical) {
        (Scalar::Boolean(value), PhysicalType::BOOLEAN) => booleans(&Bitmap::filled(*value, len)),
        (Scalar::Int64(value) | Scalar::Timestamp(value), PhysicalType::INT64) => {
            Dense::Int64(Cow::Owned(vec![*value; len]))
        }
        (Scalar::Date(days), PhysicalType::INT32) => Dense::Int32(vec![*days; len]),
        (Scalar::Float64(value), PhysicalType::DOUBLE) => {
            Dense::Double(Cow::Owned(vec![*value; len]))
        }
        (Scalar::Decimal { value, .. }, physical) => {
            decimals(Cow::Owned(vec![*value; len]), physical)?
        }
        (Scalar::Utf8(text), PhysicalType::BYTE_ARRAY) => words(text.as_bytes()),
        (Scalar::Binary(bytes), PhysicalType::BYTE_ARRAY) => words(bytes),
        _ => return Ok(None),
    }))
}
