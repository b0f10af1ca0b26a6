//! Booleans, one bit each: PLAIN, or as RLE, whose length comes first.

use colonna_column::Bitmap;

use super::{hybrid, malformed, split};
use crate::PageError;

/// Adds booleans that stand eight to a byte, the first in the lowest bit.
pub fn encode_plain(out: &mut Vec<u8>, bytes: &[u8], count: usize) {
    out.extend_from_slice(&bytes[..count.div_ceil(8)]);
}

/// Adds booleans that stand eight to a byte as runs.
pub fn encode_runs(out: &mut Vec<u8>, bytes: &[u8], count: usize) {
    with_length(out, |out| hybrid::encode_bits(out, bytes, count));
}

/// Adds what `add` adds, after its length in four bytes.
pub(crate) fn with_length(out: &mut Vec<u8>, add: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    add(out);
    // More than that is no page: the whole of it is refused where its header is written.
    let len = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
}

/// The first `count` booleans.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_plain(bytes: &[u8], count: usize) -> Result<Bitmap, PageError> {
    let (bytes, _) = split(bytes, count.div_ceil(8))?;
    let mut values = Bitmap::new();
    values.append_packed(bytes, count);
    Ok(values)
}

/// The first `count` booleans of runs.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_runs(bytes: &[u8], count: usize) -> Result<Bitmap, PageError> {
    let (len, rest) =
        bytes.split_first_chunk().ok_or_else(|| malformed("runs without their length"))?;
    let (runs, _) = split(rest, u32::from_le_bytes(*len) as usize)?;
    hybrid::decode_bits(runs, count)
}

#[cfg(test)]
mod tests {
    use super::super::bits;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_inverts_encoding(runs in prop::collection::vec((any::<bool>(), 1_usize..300), 0..9)) {
            let values: Vec<bool> =
                runs.into_iter().flat_map(|(value, len)| std::iter::repeat_n(value, len)).collect();
            let mut packed = Vec::new();
            bits::pack(&mut packed, &values.iter().map(|value| u32::from(*value)).collect::<Vec<_>>(), 1);
            let mut bytes = Vec::new();
            encode_plain(&mut bytes, &packed, values.len());
            let expected: Bitmap = values.iter().copied().collect();
            prop_assert_eq!(&decode_plain(&bytes, values.len()).unwrap(), &expected);
            bytes.clear();
            encode_runs(&mut bytes, &packed, values.len());
            prop_assert_eq!(decode_runs(&bytes, values.len()).unwrap(), expected);
        }

        #[test]
        fn malformed_bytes_are_an_error_or_values(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            count in 0_usize..300,
        ) {
            for values in [decode_plain(&bytes, count), decode_runs(&bytes, count)].into_iter().flatten() {
                prop_assert_eq!(values.len(), count);
            }
        }
    }
}
