//! DELTA_LENGTH_BYTE_ARRAY: the lengths of all texts, and then their bytes in one piece.

use colonna_column::Strings;

use super::delta_binary_packed::{self, Widths};
use super::{malformed, split};
use crate::PageError;

/// Adds the texts between these offsets, which lead into `arena`.
///
/// # Errors
///
/// Where one of them is longer than the format allows.
pub fn encode(out: &mut Vec<u8>, offsets: &[usize], arena: &[u8]) -> Result<(), PageError> {
    let lens: Vec<i32> = offsets.windows(2).map(length).collect::<Result<_, _>>()?;
    delta_binary_packed::encode_i32(out, &lens, Widths::Natural);
    if let (Some(first), Some(last)) = (offsets.first(), offsets.last()) {
        out.extend_from_slice(&arena[*first..*last]);
    }
    Ok(())
}

fn length(pair: &[usize]) -> Result<i32, PageError> {
    let byte_len = pair[1] - pair[0];
    i32::try_from(byte_len).map_err(|_too_large| PageError::TooLong { byte_len })
}

/// The texts of a page, of which there must be at most `most`.
///
/// # Errors
///
/// Where the bytes are none that texts are encoded to.
pub fn decode(mut bytes: &[u8], most: usize) -> Result<Strings, PageError> {
    let lens = delta_binary_packed::decode_i32(&mut bytes, most)?;
    let mut offsets = Vec::with_capacity(lens.len() + 1);
    let mut end = 0;
    offsets.push(end);
    for len in lens {
        let len = usize::try_from(len)
            .map_err(|_negative| malformed(format!("a text of {len} bytes")))?;
        end += len;
        offsets.push(end);
    }
    let (arena, _) = split(bytes, end)?;
    Strings::from_parts(offsets, arena.to_vec()).ok_or_else(|| malformed("texts without order"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_inverts_encoding(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..300),
            start in 0_usize..300,
        ) {
            let values: Strings = texts.iter().collect();
            let start = start.min(texts.len());
            let (offsets, arena) = values.parts();
            let mut bytes = Vec::new();
            encode(&mut bytes, &offsets[start..], arena).unwrap();
            let expected: Strings = texts[start..].iter().collect();
            prop_assert_eq!(decode(&bytes, texts.len()).unwrap(), expected);
        }

        #[test]
        fn malformed_bytes_are_an_error_or_values(
            mut bytes in prop::collection::vec(any::<u8>(), 0..60),
            most in 0_usize..300,
        ) {
            bytes.splice(..0, [0x80, 1, 4]);
            if let Ok(values) = decode(&bytes, most) {
                prop_assert!(values.len() <= most);
            }
        }
    }
}
