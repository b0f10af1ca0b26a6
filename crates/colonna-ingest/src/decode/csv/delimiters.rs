//! Where bytes stand in a text, of which they cut off one short field after the other.
//!
//! Eight bytes are compared at a time, in a register: a search that starts anew behind each find costs
//! more than the fields between are long. Where all bytes of a block are asked for, the compiler
//! compares sixteen at a time.

use super::marks::BLOCK_LEN;

pub(crate) const WIDTH: usize = size_of::<u64>();
const LOW_BITS: u64 = every(0x7f);

/// A byte in all places of a word.
pub(crate) const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WIDTH])
}

/// The highest bit of each byte that is zero, and no other.
#[inline]
fn zeros(word: u64) -> u64 {
    !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS)
}

/// How many bytes of a word stand before the lowest bit that is set; all of them where none is.
#[inline]
pub(crate) fn bytes_before(bits: u64) -> usize {
    (bits.trailing_zeros() / 8) as usize
}

/// Calls `each` with every place of the byte, in order.
#[inline]
pub(super) fn each_place(wanted: u8, text: &[u8], mut each: impl FnMut(usize)) {
    let pattern = every(wanted);
    let (words, rest) = text.as_chunks::<WIDTH>();
    for (index, word) in words.iter().enumerate() {
        let mut found = zeros(u64::from_le_bytes(*word) ^ pattern);
        while found != 0 {
            each(index * WIDTH + bytes_before(found));
            found &= found - 1;
        }
    }
    let start = text.len() - rest.len();
    for (index, byte) in rest.iter().enumerate() {
        if *byte == wanted {
            each(start + index);
        }
    }
}

/// A bit for each of the bytes, set where it is one of those wanted.
#[inline]
pub(super) fn mask<const N: usize>(wanted: [u8; N], block: &[u8; BLOCK_LEN]) -> u64 {
    // The lowest bits of eight bytes, one next to the other, in the highest byte of the product.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let is_wanted = |byte| wanted.iter().fold(false, |is_one, wanted| is_one | (byte == *wanted));
    let found = block.map(|byte| u8::from(is_wanted(byte)));
    let (words, _) = found.as_chunks::<WIDTH>();
    words
        .iter()
        .rev()
        .fold(0, |mask, word| mask << WIDTH | u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_is_found_and_no_other(wanted: u8, text in "\\PC{0,40}", other: u8) {
            for wanted in [wanted, other, b',', b'+', b'-', b'\t', 0x80 | b','] {
                let mut bytes = text.clone().into_bytes();
                bytes.extend([b',', wanted, other, wanted ^ 1, wanted ^ 0x80, wanted]);
                let mut found = Vec::new();
                each_place(wanted, &bytes, |place| found.push(place));
                let expected: Vec<usize> = memchr::memchr_iter(wanted, &bytes).collect();
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn a_mask_has_a_bit_for_each_place(block: [u8; BLOCK_LEN], first: u8, second: u8) {
            let mut block = block;
            (block[7], block[8], block[63]) = (first, second, first);
            let expected = block.iter().rev().fold(0, |mask, byte| {
                mask << 1 | u64::from([first, second].contains(byte))
            });
            prop_assert_eq!(mask([first, second], &block), expected);
            prop_assert_eq!(mask([first], &block) | mask([second], &block), expected);
        }
    }
}
