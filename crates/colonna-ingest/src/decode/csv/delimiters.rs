//! Where a byte stands in a line, of which it cuts off one short field after the other.

const WIDTH: usize = size_of::<u64>();
const LOW_BITS: u64 = u64::MAX / 255 * 0x7f;

/// Calls `each` with every place of the byte, in order.
///
/// Eight bytes are compared at a time, in a register: a search that starts anew behind each find
/// costs more than the fields between are long.
#[inline]
pub(super) fn each_place(wanted: u8, text: &[u8], mut each: impl FnMut(usize)) {
    let pattern = u64::from_le_bytes([wanted; WIDTH]);
    let (words, rest) = text.as_chunks::<WIDTH>();
    for (index, word) in words.iter().enumerate() {
        let difference = u64::from_le_bytes(*word) ^ pattern;
        // The highest bit of each byte that does not differ, and no other.
        let mut found = !(((difference & LOW_BITS) + LOW_BITS) | difference | LOW_BITS);
        while found != 0 {
            each(index * WIDTH + (found.trailing_zeros() / 8) as usize);
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
    }
}
