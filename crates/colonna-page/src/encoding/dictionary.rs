//! RLE_DICTIONARY: each value as its position in the dictionary page of its column chunk.

use fearless_simd::{Level, dispatch};

use super::{hybrid, malformed};
use crate::PageError;

/// In how many bits a code is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeWidth {
    /// As many as the largest code needs.
    Natural,
    /// Eight, sixteen or more in whole bytes: more of them, in which compression can see what
    /// repeats.
    WholeBytes,
}

impl CodeWidth {
    /// The number of bits for codes into a dictionary of so many words.
    pub fn bits(self, word_count: usize) -> u32 {
        let largest = u32::try_from(word_count.saturating_sub(1)).unwrap_or(u32::MAX);
        match self {
            Self::Natural => hybrid::width_of(largest),
            Self::WholeBytes => hybrid::width_of(largest).next_multiple_of(8),
        }
    }
}

/// Adds codes of so many bits.
pub fn encode(out: &mut Vec<u8>, codes: &[u32], bits: u32) {
    out.push((bits & 0xff) as u8);
    if !codes.is_empty() {
        hybrid::encode(out, codes, bits);
    }
}

/// The first `count` codes of a page into a dictionary of so many words.
///
/// # Errors
///
/// Where the bytes do not hold so many, or one of them leads out of the dictionary.
pub fn decode(bytes: &[u8], count: usize, word_count: usize) -> Result<Vec<u32>, PageError> {
    let (bits, rest) = bytes.split_first().ok_or_else(|| malformed("codes without a width"))?;
    let codes = hybrid::decode(rest, u32::from(*bits), count)?;
    if dispatch!(Level::new(), _ => leads_out(&codes, word_count)) {
        return Err(malformed(format!("a code beyond {word_count} words")));
    }
    Ok(codes)
}

/// Whether one of the codes is no position of a word.
#[inline(always)]
fn leads_out(codes: &[u32], word_count: usize) -> bool {
    // Both of 31 bits, a code is the larger one where their difference is negative; so none is told
    // apart by a branch or by a comparison without signs, which old processors lack.
    match word_count.checked_sub(1).map(i32::try_from) {
        None => !codes.is_empty(),
        Some(Ok(last)) => {
            let signs = codes.iter().fold(0, |signs, code| {
                let code = code.cast_signed();
                signs | code | last.wrapping_sub(code)
            });
            signs < 0
        }
        Some(Err(_)) => codes.iter().any(|code| *code as usize >= word_count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_inverts_encoding(
            codes in prop::collection::vec(prop_oneof![0_u32..4, 0_u32..70_000], 0..300),
        ) {
            let word_count = codes.iter().max().map_or(0, |code| *code as usize + 1);
            for width in [CodeWidth::Natural, CodeWidth::WholeBytes] {
                let mut bytes = Vec::new();
                encode(&mut bytes, &codes, width.bits(word_count));
                prop_assert_eq!(&decode(&bytes, codes.len(), word_count).unwrap(), &codes);
                if word_count > 0 {
                    prop_assert!(decode(&bytes, codes.len(), word_count - 1).is_err());
                }
            }
        }

        #[test]
        fn malformed_bytes_are_an_error_or_values(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            count in 0_usize..300,
            word_count in 0_usize..300,
        ) {
            if let Ok(codes) = decode(&bytes, count, word_count) {
                prop_assert_eq!(codes.len(), count);
            }
        }
    }
}
