//! Texts that are given numbers as they come, equal texts the same one.

use crate::Strings;

/// Numbers words in the order in which they are first met.
///
/// Invariant: no two of the words are equal; a slot holds the upper half of a word's hash and its
/// number plus one, or nothing; more than half of the slots are free.
#[derive(Clone, Debug)]
pub struct Interner {
    words: Strings,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    tag: u32,
    number: u32,
}

const FIRST_SLOT_COUNT: usize = 64;

impl Default for Interner {
    fn default() -> Self {
        Self { words: Strings::new(), slots: vec![Slot::default(); FIRST_SLOT_COUNT] }
    }
}

impl Interner {
    /// No words.
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for so many words with so many bytes in all.
    pub fn with_capacity(word_count: usize, byte_len: usize) -> Self {
        let slot_count = (word_count * 2 + 1).next_power_of_two().max(FIRST_SLOT_COUNT);
        let words = Strings::with_capacity(word_count, byte_len);
        Self { words, slots: vec![Slot::default(); slot_count] }
    }

    /// Gives back the room that the words do not take.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.words.shrink_to_fit();
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words so far, in the order of their numbers.
    pub fn words(&self) -> &Strings {
        &self.words
    }

    /// The words, in the order of their numbers.
    pub fn into_words(self) -> Strings {
        self.words
    }

    /// The number of a word, a new one where it was not met before.
    ///
    /// ```
    /// use colonna_column::Interner;
    ///
    /// let mut interner = Interner::new();
    /// assert_eq!([b"a", b"b", b"a"].map(|word| interner.intern(word)), [0, 1, 0]);
    /// ```
    #[inline]
    pub fn intern(&mut self, word: &[u8]) -> u32 {
        let hash = hash(word);
        let tag = tag_of(hash);
        let mask = self.slots.len() - 1;
        let mut at = slot_of(hash) & mask;
        loop {
            let slot = self.slots[at];
            if slot.number == 0 {
                return self.insert(at, tag, word);
            }
            if slot.tag == tag && self.words.bytes(slot.number as usize - 1) == word {
                return slot.number - 1;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn insert(&mut self, at: usize, tag: u32, word: &[u8]) -> u32 {
        self.words.push(word);
        // Whoever interns keeps to fewer than 2^32 values.
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.slots[at] = Slot { tag, number };
        if self.words.len() * 2 > self.slots.len() {
            self.grow();
        }
        number - 1
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 4 - 1;
        let mut slots = vec![Slot::default(); mask + 1];
        for (index, word) in self.words.iter().enumerate() {
            let hash = hash(word);
            let mut at = slot_of(hash) & mask;
            while slots[at].number != 0 {
                at = (at + 1) & mask;
            }
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            slots[at] = Slot { tag: tag_of(hash), number };
        }
        self.slots = slots;
    }
}

/// A multiplicative hash over words of eight bytes. It is fast on short texts and good enough for a
/// table that compares the bytes.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    let mut state = bytes.len() as u64;
    for word in words {
        state = mix(state, u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let tail = match bytes.last_chunk::<8>() {
            // The last eight bytes overlap with what has been mixed in, which does no harm.
            Some(last) => u64::from_le_bytes(*last),
            None => rest.iter().fold(0, |tail, byte| tail << 8 | u64::from(*byte)),
        };
        state = mix(state, tail);
    }
    state ^ (state >> 32)
}

#[inline]
fn tag_of(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "only as many bits as there are slots count")]
fn slot_of(hash: u64) -> usize {
    hash as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_words_have_one_number_and_others_have_others(
            words in prop::collection::vec("[ab]{0,20}", 0..300),
        ) {
            let mut interner = Interner::new();
            let numbers: Vec<u32> = words.iter().map(|word| interner.intern(word.as_bytes())).collect();
            for (word, number) in words.iter().zip(&numbers) {
                prop_assert_eq!(interner.words().text(*number as usize), word);
            }
            let distinct: std::collections::BTreeSet<&String> = words.iter().collect();
            prop_assert_eq!(interner.len(), distinct.len());
        }
    }
}
