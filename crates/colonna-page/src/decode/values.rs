//! The values of one page, those that are not null.

use std::sync::Arc;

use colonna_column::{Bitmap, Numbers, Strings, Values};
use fearless_simd::{Level, Simd, dispatch, mask32x16, prelude::*, u32x16};
use parquet::basic::Encoding;

use super::kind::Kind;
use crate::PageError;
use crate::encoding::{
    boolean, byte_stream_split, delta_binary_packed, delta_byte_array, delta_length_byte_array,
    dictionary, plain,
};

/// The most bytes of the texts of a page: a few bytes of it can stand for very many.
const MOST_TEXT_BYTES: usize = 1 << 30;

/// The words of a dictionary.
#[derive(Clone, Debug)]
pub(crate) enum Words {
    /// Texts or bytes, to which codes lead.
    Strings(Arc<Strings>),
    /// Numbers, to which codes lead.
    Numbers(Arc<Numbers>),
    /// Decimals, which take the place of their codes.
    Decimals(Vec<i128>),
}

impl Words {
    /// The `count` words of a page.
    pub(super) fn decode(kind: Kind, bytes: &[u8], count: usize) -> Result<Self, PageError> {
        Ok(match decode(kind, Encoding::PLAIN, bytes, count, None)? {
            Values::Strings(words) => Self::Strings(words),
            Values::Int64(numbers) => Self::Numbers(Arc::new(Numbers::Int64(numbers))),
            Values::Float64(numbers) => Self::Numbers(Arc::new(Numbers::Float64(numbers))),
            Values::Decimal(decimals) => Self::Decimals(decimals),
            _ => return Err(malformed("codes of values that have no dictionary")),
        })
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        match self {
            Self::Strings(words) => words.byte_len() + words.len() * size_of::<usize>(),
            Self::Numbers(words) => words.len() * size_of::<i64>(),
            Self::Decimals(words) => words.len() * size_of::<i128>(),
        }
    }

    /// The values of so many codes at the front.
    fn decode_codes(&self, bytes: &[u8], count: usize) -> Result<Values, PageError> {
        let codes = |word_count: usize| dictionary::decode(bytes, count, word_count);
        Ok(match self {
            Self::Strings(words) => {
                Values::Codes { codes: codes(words.len())?, dictionary: Arc::clone(words) }
            }
            Self::Numbers(words) => {
                Values::NumberCodes { codes: codes(words.len())?, dictionary: Arc::clone(words) }
            }
            Self::Decimals(words) => {
                let word = |code: u32| words.get(code as usize).copied().unwrap_or_default();
                Values::Decimal(codes(words.len())?.into_iter().map(word).collect())
            }
        })
    }
}

/// The first `count` values of these bytes.
pub(super) fn decode(
    kind: Kind,
    encoding: Encoding,
    bytes: &[u8],
    count: usize,
    words: Option<&Words>,
) -> Result<Values, PageError> {
    if matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY) {
        let Some(words) = words else { return Err(malformed("codes without a dictionary")) };
        // Where all values are null, there may be no byte at all.
        let bytes = if count == 0 { &[0] } else { bytes };
        return words.decode_codes(bytes, count);
    }
    let values = match kind {
        Kind::Boolean => Values::Boolean(booleans(encoding, bytes, count)?),
        Kind::Int32 => Values::Int64(int32(encoding, bytes, count)?.map(i64::from).collect()),
        Kind::UInt32 => {
            let unsigned = |value: i32| i64::from(value.cast_unsigned());
            Values::Int64(int32(encoding, bytes, count)?.map(unsigned).collect())
        }
        Kind::Int64 => Values::Int64(int64(encoding, bytes, count)?),
        Kind::Milliseconds => {
            let micros =
                int64(encoding, bytes, count)?.into_iter().map(|value| value.checked_mul(1000));
            let micros = micros.collect::<Option<_>>();
            Values::Int64(micros.ok_or_else(|| malformed("a time that microseconds do not reach"))?)
        }
        Kind::Nanoseconds => {
            let nanos = int64(encoding, bytes, count)?;
            Values::Int64(nanos.into_iter().map(|value| value / 1000).collect())
        }
        Kind::Float => {
            // A float is kept in the bits of an integer.
            let float = |bits: i32| f64::from(f32::from_bits(bits.cast_unsigned()));
            Values::Float64(int32(encoding, bytes, count)?.map(float).collect())
        }
        Kind::Double => Values::Float64(match encoding {
            Encoding::PLAIN => plain::decode_f64(bytes, count)?,
            Encoding::BYTE_STREAM_SPLIT => byte_stream_split::decode_f64(bytes, count)?,
            other => return Err(unknown(other)),
        }),
        Kind::Decimal32 => {
            Values::Decimal(int32(encoding, bytes, count)?.map(i128::from).collect())
        }
        Kind::Decimal64 => {
            Values::Decimal(int64(encoding, bytes, count)?.into_iter().map(i128::from).collect())
        }
        Kind::Decimal(width) => Values::Decimal(fixed(encoding, bytes, count, width)?),
        Kind::Text | Kind::Bytes => {
            let values = strings(encoding, bytes, count)?;
            if kind == Kind::Text {
                check_text(&values)?;
            }
            Values::Strings(Arc::new(values))
        }
    };
    Ok(values)
}

fn booleans(encoding: Encoding, bytes: &[u8], count: usize) -> Result<Bitmap, PageError> {
    match encoding {
        Encoding::PLAIN => boolean::decode_plain(bytes, count),
        Encoding::RLE => boolean::decode_runs(bytes, count),
        other => Err(unknown(other)),
    }
}

fn int32(
    encoding: Encoding,
    mut bytes: &[u8],
    count: usize,
) -> Result<impl Iterator<Item = i32> + use<>, PageError> {
    let values = match encoding {
        Encoding::PLAIN => plain::decode_i32(bytes, count)?,
        Encoding::DELTA_BINARY_PACKED => delta_binary_packed::decode_i32(&mut bytes, count)?,
        Encoding::BYTE_STREAM_SPLIT => byte_stream_split::decode_i32(bytes, count)?,
        other => return Err(unknown(other)),
    };
    check_count(values.len(), count)?;
    Ok(values.into_iter())
}

fn int64(encoding: Encoding, mut bytes: &[u8], count: usize) -> Result<Vec<i64>, PageError> {
    let values = match encoding {
        Encoding::PLAIN => plain::decode_i64(bytes, count)?,
        Encoding::DELTA_BINARY_PACKED => delta_binary_packed::decode_i64(&mut bytes, count)?,
        Encoding::BYTE_STREAM_SPLIT => byte_stream_split::decode_i64(bytes, count)?,
        other => return Err(unknown(other)),
    };
    check_count(values.len(), count)?;
    Ok(values)
}

fn fixed(
    encoding: Encoding,
    bytes: &[u8],
    count: usize,
    width: usize,
) -> Result<Vec<i128>, PageError> {
    match encoding {
        Encoding::PLAIN => plain::decode_fixed(bytes, count, width),
        Encoding::BYTE_STREAM_SPLIT => byte_stream_split::decode_fixed(bytes, count, width),
        Encoding::DELTA_BYTE_ARRAY => {
            let values = delta_byte_array::decode(bytes, count, MOST_TEXT_BYTES)?;
            check_count(values.len(), count)?;
            if values.iter().any(|value| value.len() != width) {
                return Err(malformed("a value that is longer or shorter than the others"));
            }
            plain::decode_fixed(values.parts().1, count, width)
        }
        other => Err(unknown(other)),
    }
}

fn strings(encoding: Encoding, bytes: &[u8], count: usize) -> Result<Strings, PageError> {
    let values = match encoding {
        Encoding::PLAIN => plain::decode_strings(bytes, count)?,
        Encoding::DELTA_LENGTH_BYTE_ARRAY => delta_length_byte_array::decode(bytes, count)?,
        Encoding::DELTA_BYTE_ARRAY => delta_byte_array::decode(bytes, count, MOST_TEXT_BYTES)?,
        other => return Err(unknown(other)),
    };
    check_count(values.len(), count)?;
    Ok(values)
}

/// Every text must be UTF-8, and not only all of them in a row.
fn check_text(values: &Strings) -> Result<(), PageError> {
    let (offsets, bytes) = values.parts();
    if bytes.is_ascii() {
        return Ok(());
    }
    let is_start = |offset: &usize| bytes.get(*offset).is_none_or(|byte| byte & 0xc0 != 0x80);
    if simdutf8::basic::from_utf8(bytes).is_ok() && offsets.iter().all(is_start) {
        return Ok(());
    }
    Err(malformed("a text that is no UTF-8"))
}

fn check_count(found: usize, count: usize) -> Result<(), PageError> {
    if found == count {
        return Ok(());
    }
    Err(malformed(&format!("{found} values where {count} were to be")))
}

fn unknown(encoding: Encoding) -> PageError {
    malformed(&format!("values of a type that is never kept as {encoding}"))
}

fn malformed(detail: &str) -> PageError {
    PageError::Malformed { action: "decode a page", detail: detail.to_owned() }
}

/// The values at the places of the bits that are set, and anything between them.
pub(super) fn spread(values: Values, places: &Bitmap) -> Result<Values, PageError> {
    fn numbers<T: Copy + Default>(values: &[T], places: &Bitmap) -> Vec<T> {
        let mut spread = vec![T::default(); places.len()];
        let mut rest = values;
        for (word, room) in places.words().iter().zip(spread.chunks_mut(64)) {
            let (taken, after) = rest.split_at(rest.len().min(word.count_ones() as usize));
            rest = after;
            if taken.len() == room.len() {
                room.copy_from_slice(taken);
                continue;
            }
            let mut bits = *word;
            for value in taken {
                room[bits.trailing_zeros() as usize] = *value;
                bits &= bits - 1;
            }
        }
        spread
    }
    Ok(match values {
        Values::Int64(values) => Values::Int64(numbers(&values, places)),
        Values::Float64(values) => Values::Float64(numbers(&values, places)),
        Values::Decimal(values) => Values::Decimal(numbers(&values, places)),
        Values::Codes { codes, dictionary } if !dictionary.is_empty() => {
            Values::Codes { codes: spread_codes(&codes, places), dictionary }
        }
        Values::NumberCodes { codes, dictionary } if !dictionary.is_empty() => {
            Values::NumberCodes { codes: spread_codes(&codes, places), dictionary }
        }
        Values::Strings(values) => {
            let spread = Arc::unwrap_or_clone(values).spread(places);
            Values::Strings(Arc::new(spread.ok_or_else(|| malformed("as many levels as values"))?))
        }
        Values::Boolean(values) => {
            let mut spread = Bitmap::filled(false, places.len());
            for (place, value) in places.ones().zip(values.iter()) {
                spread.set(place, value);
            }
            Values::Boolean(spread)
        }
        _ => Values::Null,
    })
}

/// The codes at the places of the bits that are set, and others between them.
fn spread_codes(codes: &[u32], places: &Bitmap) -> Vec<u32> {
    dispatch!(Level::new(), simd => spread_with(simd, codes, places))
}

#[inline(always)]
fn spread_with<S: Simd>(simd: S, mut codes: &[u32], places: &Bitmap) -> Vec<u32> {
    const LANES: usize = 16;
    let mut spread = vec![0; places.len().next_multiple_of(64)];
    for (word, room) in places.words().iter().zip(spread.as_chunks_mut::<64>().0) {
        for (part, room) in (0..).zip(room.as_chunks_mut::<LANES>().0) {
            let bits = word >> (part * LANES) & 0xffff;
            let next = match codes.first_chunk() {
                Some(next) => u32x16::load_array_ref(simd, next),
                None => {
                    let mut last = [0; LANES];
                    last[..codes.len()].copy_from_slice(codes);
                    u32x16::load_array(simd, last)
                }
            };
            next.expand(mask32x16::from_bitmask(simd, bits)).store_array(room);
            codes = codes.get(bits.count_ones() as usize..).unwrap_or_default();
        }
    }
    spread.truncate(places.len());
    spread
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_are_spread_to_their_places(places in prop::collection::vec(any::<bool>(), 0..200)) {
            let bits: Bitmap = places.iter().copied().collect();
            let dense: Vec<i64> = (1..).take(bits.count_ones()).collect();
            let mut next = 0;
            let expected: Vec<i64> = places
                .iter()
                .map(|place| {
                    next += i64::from(*place);
                    if *place { next } else { 0 }
                })
                .collect();
            let texts: Strings = dense.iter().map(i64::to_string).collect();
            let text = |value: &i64| if *value == 0 { String::new() } else { value.to_string() };
            let codes: Vec<u32> = dense.iter().map(|value| u32::try_from(*value).unwrap()).collect();
            let found: Vec<i64> = spread_codes(&codes, &bits).into_iter().map(i64::from).collect();
            prop_assert_eq!(&found, &expected);
            let Values::Int64(found) = spread(Values::Int64(dense), &bits).unwrap() else {
                panic!("other values")
            };
            prop_assert_eq!(&found, &expected);
            let Values::Strings(found) = spread(Values::Strings(Arc::new(texts)), &bits).unwrap() else {
                panic!("other values")
            };
            prop_assert_eq!(found.as_ref(), &expected.iter().map(text).collect::<Strings>());
        }
    }

    #[test]
    fn texts_that_are_utf8_only_together_are_refused() {
        let cut = |at: &[usize]| Strings::from_parts(at.to_vec(), "a\u{fc}b".into()).unwrap();
        assert!(check_text(&cut(&[0, 1, 3, 4])).is_ok());
        assert!(check_text(&cut(&[0, 2, 4])).is_err());
        assert!(check_text(&[b"\xff"].iter().collect()).is_err());
    }
}
