//! DELTA_BYTE_ARRAY: of each text how many bytes it shares with the start of the one before, and
//! the bytes that follow. Sorted texts become short.

use colonna_column::Strings;

use super::delta_binary_packed::{self, Widths};
use super::{delta_length_byte_array, malformed};
use crate::PageError;

/// Adds texts.
///
/// # Errors
///
/// Where one of them is longer than the format allows.
pub fn encode<'a>(
    out: &mut Vec<u8>,
    values: impl ExactSizeIterator<Item = &'a [u8]>,
) -> Result<(), PageError> {
    let mut shared_lens = Vec::with_capacity(values.len());
    let mut endings = Strings::with_capacity(values.len(), 0);
    let mut last: &[u8] = &[];
    for value in values {
        let shared = last.iter().zip(value).take_while(|(last, byte)| last == byte).count();
        let too_long = |_| PageError::TooLong { byte_len: value.len() };
        shared_lens.push(i32::try_from(shared).map_err(too_long)?);
        endings.push(&value[shared..]);
        last = value;
    }
    delta_binary_packed::encode_i32(out, &shared_lens, Widths::Natural);
    let (offsets, arena) = endings.parts();
    delta_length_byte_array::encode(out, offsets, arena)
}

/// The texts of a page, of which there must be at most `most`, and which may have `most_bytes`
/// bytes together: a few bytes can stand for very many.
///
/// # Errors
///
/// Where the bytes are none that such texts are encoded to.
pub fn decode(mut bytes: &[u8], most: usize, most_bytes: usize) -> Result<Strings, PageError> {
    let shared_lens = delta_binary_packed::decode_i32(&mut bytes, most)?;
    let endings = delta_length_byte_array::decode(bytes, most)?;
    if endings.len() != shared_lens.len() {
        let (starts, ends) = (shared_lens.len(), endings.len());
        return Err(malformed(format!("{starts} starts and {ends} ends of texts")));
    }
    let mut values = Strings::new();
    let mut value = Vec::new();
    for (shared, ending) in shared_lens.into_iter().zip(endings.iter()) {
        let shared = usize::try_from(shared).ok().filter(|shared| *shared <= value.len());
        value.truncate(shared.ok_or_else(|| malformed("a text shares what is not there"))?);
        value.extend_from_slice(ending);
        if values.byte_len() + value.len() > most_bytes {
            return Err(malformed(format!("texts of more than {most_bytes} bytes")));
        }
        values.push(&value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_inverts_encoding(
            mut texts in prop::collection::vec("[ab]{0,12}", 0..300),
            sorted in any::<bool>(),
        ) {
            if sorted {
                texts.sort();
            }
            let values: Strings = texts.iter().collect();
            let mut bytes = Vec::new();
            encode(&mut bytes, values.iter()).unwrap();
            prop_assert_eq!(&decode(&bytes, texts.len(), values.byte_len()).unwrap(), &values);
            if let Some(too_few) = values.byte_len().checked_sub(1) {
                prop_assert!(decode(&bytes, texts.len(), too_few).is_err());
            }
        }

        #[test]
        fn malformed_bytes_are_an_error_or_values(
            mut bytes in prop::collection::vec(any::<u8>(), 0..60),
            most in 0_usize..300,
        ) {
            bytes.splice(..0, [0x80, 1, 4]);
            if let Ok(values) = decode(&bytes, most, 1000) {
                prop_assert!(values.len() <= most && values.byte_len() <= 1000);
            }
        }
    }
}
