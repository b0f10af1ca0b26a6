//! Keys made for comparing: most keys of a record are those that the shape has next.

use crate::decode::json::plain_len;

const HEAD_LEN: usize = size_of::<u128>();

/// A key as JSON writes it behind another member, made for comparing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QuotedKey {
    /// With a comma, quotes and a colon.
    bytes: Box<[u8]>,
    /// Its first bytes, and which bits of as many bytes belong to it.
    head: u128,
    mask: u128,
}

impl QuotedKey {
    pub(crate) fn new(key: &str) -> Self {
        let bytes = match plain_len(key.as_bytes()) {
            len if len == key.len() => format!(",\"{key}\":").into_bytes(),
            // It cannot be written without escapes. No text has such bytes.
            _ => vec![0xff; 4],
        };
        let (mut head, mut mask) = ([0; HEAD_LEN], [0; HEAD_LEN]);
        for ((head, mask), byte) in head.iter_mut().zip(&mut mask).zip(&bytes) {
            (*head, *mask) = (*byte, u8::MAX);
        }
        let (head, mask) = (u128::from_le_bytes(head), u128::from_le_bytes(mask));
        Self { bytes: bytes.into_boxed_slice(), head, mask }
    }

    /// What stands behind the key and its colon, where the text starts with it, but for the first
    /// `SKIPPED` bytes: its comma.
    #[inline(always)]
    pub(super) fn strip_from<'a, const SKIPPED: usize>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let key = self.bytes.get(SKIPPED..)?;
        let Some(head) = text.first_chunk() else { return text.strip_prefix(key) };
        let [head_of_key, mask] = [self.head, self.mask].map(|bits| bits >> (8 * SKIPPED));
        if (u128::from_le_bytes(*head) ^ head_of_key) & mask != 0 {
            return None;
        }
        let (start, rest) = text.split_at_checked(key.len())?;
        (key.len() <= HEAD_LEN - SKIPPED || have_one_tail(start, key)).then_some(rest)
    }
}

/// Whether two texts of one length are equal that start alike.
#[inline(never)]
fn have_one_tail(left: &[u8], right: &[u8]) -> bool {
    // The last bytes are all that is left to be compared of most.
    left.last_chunk::<HEAD_LEN>() == right.last_chunk()
        && (left.len() < 2 * HEAD_LEN || left == right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, text: &str, expected: Option<&str>) {
        let key = QuotedKey::new(key);
        let expected = expected.map(str::as_bytes);
        assert_eq!(key.strip_from::<1>(text.as_bytes()), expected, "{text}");
        let text = format!(",{text}");
        assert_eq!(key.strip_from::<0>(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn a_key_is_found_whatever_its_length() {
        for len in 0..40 {
            let key = "k".repeat(len);
            for tail in ["1", "1,\"more\":\"and more\""] {
                let text = format!("\"{key}\":{tail}");
                check(&key, &text, Some(tail));
                check(&format!("{key}k"), &text, None);
                for at in 0..len {
                    let mut other = key.clone();
                    other.replace_range(at..=at, "j");
                    check(&other, &text, None);
                }
            }
        }
    }

    #[test]
    fn a_key_that_needs_escapes_is_found_nowhere() {
        for text in ["\"a\\\"b\":1                      ", "\"a\\\"b\":1", "\"a\"b\":1", ""] {
            check("a\"b", text, None);
        }
    }
}
