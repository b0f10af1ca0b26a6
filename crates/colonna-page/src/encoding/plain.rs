//! PLAIN: values as they are, little-endian, one after the other; texts each after their length.

use colonna_column::Strings;

use super::{malformed, split};
use crate::PageError;

/// Adds integers of 32 bits.
pub fn encode_i32(out: &mut Vec<u8>, values: &[i32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Adds integers of 64 bits.
pub fn encode_i64(out: &mut Vec<u8>, values: &[i64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Adds doubles.
pub fn encode_f64(out: &mut Vec<u8>, values: &[f64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Adds integers of `width` bytes, of 16 at most, the highest byte first, as decimals are kept.
pub fn encode_fixed(out: &mut Vec<u8>, values: &[i128], width: usize) {
    for value in values {
        out.extend_from_slice(&value.to_be_bytes()[16 - width.min(16)..]);
    }
}

/// Adds texts or bytes.
///
/// # Errors
///
/// Where one of them is longer than the format allows.
pub fn encode_strings<'a>(
    out: &mut Vec<u8>,
    values: impl Iterator<Item = &'a [u8]>,
) -> Result<(), PageError> {
    for value in values {
        let too_long = |_| PageError::TooLong { byte_len: value.len() };
        out.extend_from_slice(&u32::try_from(value.len()).map_err(too_long)?.to_le_bytes());
        out.extend_from_slice(value);
    }
    Ok(())
}

/// Values of `WIDTH` bytes each.
fn decode<const WIDTH: usize, T>(
    bytes: &[u8],
    count: usize,
    value: impl Fn([u8; WIDTH]) -> T,
) -> Result<Vec<T>, PageError> {
    let values = bytes.as_chunks::<WIDTH>().0.get(..count);
    let values = values.ok_or_else(|| malformed(format!("{} bytes of values", bytes.len())))?;
    Ok(values.iter().map(|bytes| value(*bytes)).collect())
}

/// The first `count` integers of 32 bits.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_i32(bytes: &[u8], count: usize) -> Result<Vec<i32>, PageError> {
    decode(bytes, count, i32::from_le_bytes)
}

/// The first `count` integers of 64 bits.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_i64(bytes: &[u8], count: usize) -> Result<Vec<i64>, PageError> {
    decode(bytes, count, i64::from_le_bytes)
}

/// The first `count` doubles.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_f64(bytes: &[u8], count: usize) -> Result<Vec<f64>, PageError> {
    decode(bytes, count, f64::from_le_bytes)
}

/// The first `count` integers of `width` bytes, the highest byte first.
///
/// # Errors
///
/// Where the bytes do not hold so many, or the width is not from 1 to 16.
pub fn decode_fixed(bytes: &[u8], count: usize, width: usize) -> Result<Vec<i128>, PageError> {
    if !(1..=16).contains(&width) {
        return Err(malformed(format!("integers of {width} bytes")));
    }
    let len = count.checked_mul(width).ok_or_else(|| malformed("too many values"))?;
    let (bytes, _) = split(bytes, len)?;
    let value = |bytes: &[u8]| {
        let mut wide = [if bytes[0] & 0x80 == 0 { 0 } else { 0xff }; 16];
        wide[16 - width..].copy_from_slice(bytes);
        i128::from_be_bytes(wide)
    };
    Ok(bytes.chunks_exact(width).map(value).collect())
}

/// The first `count` texts.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_strings(mut bytes: &[u8], count: usize) -> Result<Strings, PageError> {
    /// As many bytes are copied at once, which most texts fit into; what is too much is taken off
    /// again.
    const COPIED: usize = 64;
    // Each takes four bytes at least.
    let mut offsets = Vec::with_capacity(count.min(bytes.len() / 4) + 1);
    let mut arena = Vec::with_capacity(bytes.len() + COPIED);
    offsets.push(0);
    for _ in 0..count {
        let (len, rest) = split(bytes, 4)?;
        let len = len.first_chunk().map_or(0, |len| u32::from_le_bytes(*len)) as usize;
        let end = arena.len() + len;
        match rest.first_chunk::<COPIED>() {
            Some(value) if len <= COPIED => {
                arena.extend_from_slice(value);
                arena.truncate(end);
            }
            _ => arena.extend_from_slice(split(rest, len)?.0),
        }
        offsets.push(end);
        bytes = &rest[len..];
    }
    Strings::from_parts(offsets, arena).ok_or_else(|| malformed("texts that do not add up"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_inverts_encoding(
            ints in prop::collection::vec(any::<i64>(), 0..50),
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..50),
            width in 1_usize..=16,
        ) {
            let mut bytes = Vec::new();
            encode_i64(&mut bytes, &ints);
            prop_assert_eq!(&decode_i64(&bytes, ints.len()).unwrap(), &ints);

            let narrow: Vec<i32> = ints.iter().map(|int| (int >> 32).try_into().unwrap()).collect();
            bytes.clear();
            encode_i32(&mut bytes, &narrow);
            prop_assert_eq!(&decode_i32(&bytes, narrow.len()).unwrap(), &narrow);

            let doubles: Vec<f64> = narrow.iter().map(|int| f64::from(*int) / 8.0).collect();
            bytes.clear();
            encode_f64(&mut bytes, &doubles);
            prop_assert_eq!(&decode_f64(&bytes, doubles.len()).unwrap(), &doubles);

            let bits = 8 * u32::try_from(width).unwrap() - 1;
            let fixed: Vec<i128> = ints
                .iter()
                .map(|int| if bits < 64 { i128::from(*int) % (1 << bits) } else { (*int).into() })
                .collect();
            bytes.clear();
            encode_fixed(&mut bytes, &fixed, width);
            prop_assert_eq!(decode_fixed(&bytes, fixed.len(), width).unwrap(), fixed);

            bytes.clear();
            encode_strings(&mut bytes, texts.iter().map(Vec::as_slice)).unwrap();
            let decoded = decode_strings(&bytes, texts.len()).unwrap();
            prop_assert_eq!(decoded, texts.iter().collect::<Strings>());
        }

        #[test]
        fn malformed_bytes_are_an_error_or_values(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            count in 0_usize..20,
            width in 0_usize..20,
        ) {
            for found in [
                decode_i32(&bytes, count).map(|values| values.len()),
                decode_i64(&bytes, count).map(|values| values.len()),
                decode_f64(&bytes, count).map(|values| values.len()),
                decode_fixed(&bytes, count, width).map(|values| values.len()),
                decode_strings(&bytes, count).map(|values| values.len()),
            ].into_iter().flatten() {
                prop_assert_eq!(found, count);
            }
            prop_assert!(decode_fixed(&bytes, usize::MAX, 16).is_err());
        }
    }
}
