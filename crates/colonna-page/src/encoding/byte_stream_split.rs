//! BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes, and so on. Bytes that
//! are alike come to stand together, which compression likes.

use super::{malformed, split};
use crate::PageError;

/// Adds values of `WIDTH` bytes each.
fn encode<const WIDTH: usize, T>(
    out: &mut Vec<u8>,
    values: &[T],
    bytes: impl Fn(&T) -> [u8; WIDTH],
) {
    for stream in 0..WIDTH {
        out.extend(values.iter().map(|value| bytes(value)[stream]));
    }
}

/// Adds integers of 32 bits.
pub fn encode_i32(out: &mut Vec<u8>, values: &[i32]) {
    encode(out, values, |value| value.to_le_bytes());
}

/// Adds integers of 64 bits.
pub fn encode_i64(out: &mut Vec<u8>, values: &[i64]) {
    encode(out, values, |value| value.to_le_bytes());
}

/// Adds doubles.
pub fn encode_f64(out: &mut Vec<u8>, values: &[f64]) {
    encode(out, values, |value| value.to_le_bytes());
}

/// Adds integers of `width` bytes, of 16 at most, the highest byte first.
pub fn encode_fixed(out: &mut Vec<u8>, values: &[i128], width: usize) {
    for stream in 16 - width.min(16)..16 {
        out.extend(values.iter().map(|value| value.to_be_bytes()[stream]));
    }
}

/// The first bytes of a page are of its first values only where the page has `count` of them.
fn decode<const WIDTH: usize, T>(
    bytes: &[u8],
    count: usize,
    value: impl Fn([u8; WIDTH]) -> T,
) -> Result<Vec<T>, PageError> {
    let len = count.checked_mul(WIDTH).ok_or_else(|| malformed("too many values"))?;
    let (bytes, _) = split(bytes, len)?;
    let value_at =
        |index: usize| value(std::array::from_fn(|stream| bytes[stream * count + index]));
    Ok((0..count).map(value_at).collect())
}

/// The `count` integers of 32 bits of a page.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_i32(bytes: &[u8], count: usize) -> Result<Vec<i32>, PageError> {
    decode(bytes, count, i32::from_le_bytes)
}

/// The `count` integers of 64 bits of a page.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_i64(bytes: &[u8], count: usize) -> Result<Vec<i64>, PageError> {
    decode(bytes, count, i64::from_le_bytes)
}

/// The `count` doubles of a page.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_f64(bytes: &[u8], count: usize) -> Result<Vec<f64>, PageError> {
    decode(bytes, count, f64::from_le_bytes)
}

/// The `count` integers of `width` bytes of a page.
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
    let value_at = |index: usize| {
        let sign = if bytes[index] & 0x80 == 0 { 0 } else { 0xff };
        i128::from_be_bytes(std::array::from_fn(|byte| match byte.checked_sub(16 - width) {
            Some(stream) => bytes[stream * count + index],
            None => sign,
        }))
    };
    Ok((0..count).map(value_at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_inverts_encoding(ints in prop::collection::vec(any::<i64>(), 0..50)) {
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

            let fixed: Vec<i128> = ints.iter().map(|int| i128::from(*int)).collect();
            for width in [9, 16] {
                bytes.clear();
                encode_fixed(&mut bytes, &fixed, width);
                prop_assert_eq!(bytes.len(), width * fixed.len());
                prop_assert_eq!(&decode_fixed(&bytes, fixed.len(), width).unwrap(), &fixed);
            }
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
            ].into_iter().flatten() {
                prop_assert_eq!(found, count);
            }
            prop_assert!(decode_i64(&bytes, usize::MAX).is_err());
        }
    }
}
