//! DELTA_BYTE_ARRAY: of each text how many bytes it shares with the start of the one before, and
//! the bytes that follow. Sorted texts become short.

use colonna_column::Strings;

use super::delta_binary_packed::{self, Widths};
use super::{delta_length_byte_array, malformed};
use crate::PageError;

/// Adds the texts between these offsets, which lead into `arena`.
///
/// # Errors
///
/// Where one of them is longer than the format allows.
pub fn encode(out: &mut Vec<u8>, offsets: &[usize], arena: &[u8]) -> Result<(), PageError> {
    let count = offsets.len().saturating_sub(1);
    let (mut shared_lens, mut ending_lens) = (vec![0; count], vec![0; count]);
    let mut endings = Vec::new();
    let (mut last, mut last_len) = (arena, 0);
    let lens = shared_lens.iter_mut().zip(&mut ending_lens);
    for (pair, (shared_len, ending_len)) in offsets.windows(2).zip(lens) {
        let (text, len) = (&arena[pair[0]..], pair[1] - pair[0]);
        let shared = shared_start(last, text, len.min(last_len));
        let signed =
            |len| i32::try_from(len).map_err(|_too_large| PageError::TooLong { byte_len: len });
        (*shared_len, *ending_len) = (signed(shared)?, signed(len - shared)?);
        push_start(&mut endings, &text[shared..], len - shared);
        (last, last_len) = (text, len);
    }
    delta_binary_packed::encode_i32(out, &shared_lens, Widths::Natural);
    delta_binary_packed::encode_i32(out, &ending_lens, Widths::Natural);
    out.extend_from_slice(&endings);
    Ok(())
}

/// How many bytes are the same at the start of both, of at most so many.
#[inline]
fn shared_start(left: &[u8], right: &[u8], most: usize) -> usize {
    let mut shared = 0;
    while let (Some(left), Some(right)) = (word(left, shared), word(right, shared)) {
        let differing = left ^ right;
        shared += (differing.trailing_zeros() / u8::BITS) as usize;
        if differing != 0 || shared >= most {
            return shared.min(most);
        }
    }
    let rest = left[shared..most].iter().zip(&right[shared..most]);
    shared + rest.take_while(|(left, right)| left == right).count()
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}

/// Adds the first `len` bytes. Few of them are added as a whole word, of which the rest is taken back.
#[inline]
fn push_start(out: &mut Vec<u8>, bytes: &[u8], len: usize) {
    match bytes.first_chunk::<WORD>() {
        Some(word) if len <= WORD => {
            let end = out.len() + len;
            out.extend_from_slice(word);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&bytes[..len]),
    }
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
    let offsets = offsets_of(&shared_lens, &endings, most_bytes)?;
    let bytes = joined(&offsets, &endings)?;
    Strings::from_parts(offsets, bytes).ok_or_else(|| malformed("texts that do not add up"))
}

/// Where the texts start, and where the last one ends.
fn offsets_of(
    shared_lens: &[i32],
    endings: &Strings,
    most_bytes: usize,
) -> Result<Vec<usize>, PageError> {
    let mut offsets = Vec::with_capacity(shared_lens.len() + 1);
    let (mut end, mut last_len) = (0, 0);
    offsets.push(end);
    for (&shared, ending) in shared_lens.iter().zip(endings.parts().0.windows(2)) {
        let shared = usize::try_from(shared).ok().filter(|shared| *shared <= last_len);
        let shared = shared.ok_or_else(|| malformed("a text shares what is not there"))?;
        last_len = shared + (ending[1] - ending[0]);
        end += last_len;
        if end > most_bytes {
            return Err(malformed(format!("texts of more than {most_bytes} bytes")));
        }
        offsets.push(end);
    }
    Ok(offsets)
}

/// How many bytes make a word, which most texts fit into.
const WORD: usize = 16;

/// The bytes of the texts one behind the other.
fn joined(offsets: &[usize], endings: &Strings) -> Result<Vec<u8>, PageError> {
    let byte_len = offsets.last().copied().unwrap_or_default();
    // What a word has too much is overwritten by what follows, or cut off in the end.
    let mut bytes = vec![0; byte_len + WORD];
    let (ends, arena) = endings.parts();
    // The first bytes of the last text: to read back what was just written would be to wait for it.
    let (mut last, mut word) = (0, 0_u128);
    for (text, ending) in offsets.windows(2).zip(ends.windows(2)) {
        let (start, len) = (text[0], text[1] - text[0]);
        let (from, to) = (ending[0], ending[1]);
        let shared = len - (to - from);
        match arena[from..].first_chunk() {
            Some(ending) if len <= WORD => {
                let bits = 8 * u32::try_from(shared).unwrap_or(u32::MAX);
                let start_mask = 1_u128.checked_shl(bits).map_or(u128::MAX, |bit| bit - 1);
                let ending = u128::from_le_bytes(*ending).checked_shl(bits).unwrap_or_default();
                word = word & start_mask | ending;
                *word_at(&mut bytes, start)? = word.to_le_bytes();
            }
            _ => {
                bytes.copy_within(last..last + shared, start);
                bytes[start + shared..start + len].copy_from_slice(&arena[from..to]);
                word = u128::from_le_bytes(*word_at(&mut bytes, start)?);
            }
        }
        last = start;
    }
    bytes.truncate(byte_len);
    Ok(bytes)
}

fn word_at(bytes: &mut [u8], at: usize) -> Result<&mut [u8; WORD], PageError> {
    bytes[at..].first_chunk_mut().ok_or_else(|| malformed("a text without room"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_inverts_encoding(
            mut texts in prop::collection::vec("[ab]{0,12}|[ab]{10,40}", 0..300),
            sorted in any::<bool>(),
            start: prop::sample::Index,
        ) {
            if sorted {
                texts.sort();
            }
            let all: Strings = texts.iter().collect();
            let start = start.index(texts.len() + 1);
            let (offsets, arena) = all.parts();
            let mut bytes = Vec::new();
            encode(&mut bytes, &offsets[start..], arena).unwrap();
            let values = all.slice(start..texts.len());
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
