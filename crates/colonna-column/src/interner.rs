//! Texts that are given numbers as they come, equal texts the same one.

use crate::Strings;

/// Numbers words in the order in which they are first met.
///
/// Invariant: no two of the words are equal; a slot holds a word's hash, its length and its number
/// plus one, or nothing; more than half of the slots are free.
#[derive(Clone, Debug)]
pub struct Interner {
    words: Strings,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    hash: u64,
    /// The length of the word, or as much of it as 32 bits hold.
    len: u32,
    number: u32,
}

const FIRST_SLOT_COUNT: usize = 64;

/// So many grow more slowly, since they take much memory.
const MANY_SLOTS: usize = 1 << 16;

/// Words of that many bytes and one hash are equal.
const TOLD_BY_HASH: usize = 8;

/// Twice as many are compared in two registers.
const TWO_HALVES: usize = 2 * TOLD_BY_HASH;

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
    pub fn intern(&mut self, word: &[u8]) -> u32 {
        if word.len() <= TOLD_BY_HASH {
            self.number_of(word, |_, _| true)
        } else if word.len() <= TWO_HALVES {
            self.intern_two_halves(word)
        } else {
            self.intern_long(word)
        }
    }

    /// Of its own, so that shorter words do not pay for what longer ones need.
    #[inline(never)]
    fn intern_two_halves(&mut self, word: &[u8]) -> u32 {
        let wanted = halves::<TOLD_BY_HASH>(word);
        self.number_of(word, |words, number| halves(words.bytes(number)) == wanted)
    }

    #[inline(never)]
    fn intern_long(&mut self, word: &[u8]) -> u32 {
        self.number_of(word, |words, number| is_same(words.bytes(number), word))
    }

    /// The number of a word, which is the one of its length and hash that is the same.
    #[inline(always)]
    fn number_of(&mut self, word: &[u8], is_same: impl Fn(&Strings, usize) -> bool) -> u32 {
        let (hash, len) = (hash(word), len_of(word));
        let mask = self.slots.len() - 1;
        let mut at = slot_of(hash) & mask;
        loop {
            let slot = self.slots[at];
            if slot.number == 0 {
                return self.insert(at, hash, word);
            }
            let number = slot.number - 1;
            if slot.hash == hash && slot.len == len && is_same(&self.words, number as usize) {
                return number;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn insert(&mut self, at: usize, hash: u64, word: &[u8]) -> u32 {
        self.words.push(word);
        // Whoever interns keeps to fewer than 2^32 values.
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.slots[at] = Slot { hash, len: len_of(word), number };
        if self.words.len() * 2 > self.slots.len() {
            self.grow();
        }
        number - 1
    }

    fn grow(&mut self) {
        let factor = if self.slots.len() < MANY_SLOTS { 4 } else { 2 };
        let mask = self.slots.len() * factor - 1;
        let mut slots = vec![Slot::default(); mask + 1];
        for slot in self.slots.iter().filter(|slot| slot.number != 0) {
            let mut at = slot_of(slot.hash) & mask;
            while slots[at].number != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = *slot;
        }
        self.slots = slots;
    }
}

/// A multiplicative hash over words of eight bytes. It is fast on short texts and good enough for a
/// table that compares the bytes. No two texts of one length up to [`TOLD_BY_HASH`] have the same:
/// each step can be undone.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    let mut state = bytes.len() as u64;
    if let Some(last) = bytes.last_chunk::<16>() {
        let (blocks, _) = bytes[..bytes.len() - 1].as_chunks::<16>();
        for block in blocks {
            state = folded(state, u128::from_le_bytes(*block));
        }
        // The last bytes may overlap with what has been folded in, which does no harm.
        state = folded(state, u128::from_le_bytes(*last));
    } else if bytes.len() > TOLD_BY_HASH
        && let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk())
    {
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        state = folded(state, u128::from(first) << 64 | u128::from(last));
    } else {
        state = (state.rotate_left(23) ^ short_word(bytes)).wrapping_mul(FACTOR);
    }
    state ^ (state >> 32)
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Both halves of a block multiplied, and the halves of the product laid upon each other: each bit
/// depends on many.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "numbers are cut into their halves")]
fn folded(state: u64, block: u128) -> u64 {
    const OTHER_FACTOR: u64 = 0xd6e8_feb8_6659_fd93;
    let (left, right) = ((block >> 64) as u64, block as u64);
    let product = u128::from(left ^ state ^ FACTOR) * u128::from(right ^ OTHER_FACTOR);
    (product >> 64) as u64 ^ product as u64
}

/// All of up to eight bytes, some of them twice.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return 0 };
    let middle = bytes[bytes.len() / 2];
    u64::from(*first) << 16 | u64::from(middle) << 8 | u64::from(*last)
}

/// The first and the last bytes of a text, which may overlap.
#[inline(always)]
fn halves<const N: usize>(text: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    text.first_chunk().zip(text.last_chunk())
}

/// Whether texts of one length are equal. Those that are not long are compared in registers: a call
/// costs more. Inlined into a loop, more of it is made ready before the loop than is needed in it.
#[inline(never)]
fn is_same(left: &[u8], right: &[u8]) -> bool {
    match left.len() {
        16..=32 => halves::<16>(left) == halves::<16>(right),
        33..=64 => halves::<32>(left) == halves::<32>(right),
        _ => left == right,
    }
}

#[inline]
fn len_of(word: &[u8]) -> u32 {
    u32::try_from(word.len()).unwrap_or(u32::MAX)
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
            words in prop::collection::vec("[ab]{0,9}|[ab]{5,18}|[ab]{15,40}", 0..300),
        ) {
            let mut interner = Interner::new();
            let numbers: Vec<u32> = words.iter().map(|word| interner.intern(word.as_bytes())).collect();
            for (word, number) in words.iter().zip(&numbers) {
                prop_assert_eq!(interner.words().text(*number as usize), word);
            }
            let distinct: std::collections::BTreeSet<&String> = words.iter().collect();
            prop_assert_eq!(interner.len(), distinct.len());
        }

        #[test]
        fn short_words_of_one_hash_are_equal(
            left in prop::collection::vec(any::<u8>(), 0..=TOLD_BY_HASH),
            at: prop::sample::Index,
            bit in 0_u32..8,
        ) {
            let mut right = left.clone();
            prop_assert_eq!(hash(&left), hash(&right));
            if !right.is_empty() {
                right[at.index(left.len())] ^= 1 << bit;
                prop_assert_ne!(hash(&left), hash(&right));
            }
        }

        #[test]
        fn words_of_one_length_are_the_same_where_all_bytes_are(
            left in prop::collection::vec(any::<u8>(), 1..80),
            at: prop::sample::Index,
        ) {
            let mut right = left.clone();
            prop_assert!(is_same(&left, &right));
            right[at.index(left.len())] ^= 1;
            prop_assert!(!is_same(&left, &right));
        }
    }
}
