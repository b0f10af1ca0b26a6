//! Texts that are given numbers as they come, equal texts the same one.

use crate::Strings;

/// Numbers words in the order in which they are first met.
///
/// Words of 9 to 16 bytes stand whole in their slots, as two words of a register that may overlap. Of
/// others a slot has the hash: up to eight bytes are equal where that is, and longer ones are compared.
///
/// Invariant: no two of the words are equal; each stands in one slot of one of the tables.
#[derive(Clone, Debug)]
pub struct Interner {
    words: Strings,
    hashed: Slots<Hashed>,
    whole: Slots<Whole>,
}

/// Where words are found.
///
/// Invariant: a slot holds the key of a word and its number plus one, or no number; more than half of
/// the slots are free, or there are none.
#[derive(Clone, Debug, Default)]
struct Slots<K> {
    slots: Vec<Slot<K>>,
    count: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot<K> {
    key: K,
    number: u32,
}

/// What a slot knows of a word. Numbers are kept as bytes, which leave no gaps in a slot.
trait Key: Copy + Default + PartialEq {
    fn hash(&self) -> u64;
}

/// A word by its hash and its length, or as much of that as 32 bits hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Hashed {
    hash: [u8; 8],
    len: u32,
}

/// A word of 9 to 16 bytes: its first eight and its last eight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Whole {
    first: [u8; 8],
    last: [u8; 8],
    len: u32,
}

impl Key for Hashed {
    #[inline(always)]
    fn hash(&self) -> u64 {
        u64::from_le_bytes(self.hash)
    }
}

impl Key for Whole {
    #[inline(always)]
    fn hash(&self) -> u64 {
        let [first, last] = [self.first, self.last].map(u64::from_le_bytes);
        spread(folded(u64::from(self.len), u128::from(first) << 64 | u128::from(last)))
    }
}

const FIRST_SLOT_COUNT: usize = 64;

/// So many grow more slowly, since they take much memory.
const MANY_SLOTS: usize = 1 << 16;

/// Words of that many bytes and one hash are equal.
const TOLD_BY_HASH: usize = 8;

impl Default for Interner {
    fn default() -> Self {
        Self::with_capacity(0, 0)
    }
}

impl Interner {
    /// No words.
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for so many words with so many bytes in all.
    pub fn with_capacity(word_count: usize, byte_len: usize) -> Self {
        let (mut hashed, mut whole) = (Slots::default(), Slots::default());
        // Words are mostly of about one length.
        if (9 * word_count..=16 * word_count).contains(&byte_len) && word_count > 0 {
            whole.reserve(word_count);
        } else {
            hashed.reserve(word_count);
        }
        Self { words: Strings::with_capacity(word_count, byte_len), hashed, whole }
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
        let Self { words, hashed, whole } = self;
        if let (Some((first, last)), 9..=16) = (halves(word), word.len()) {
            let key = Whole { first: *first, last: *last, len: len_of(word) };
            whole.number_of(key, word, words, |_, _| true)
        } else {
            hashed.intern(word, words)
        }
    }
}

impl Slots<Hashed> {
    #[inline(never)]
    fn intern(&mut self, word: &[u8], words: &mut Strings) -> u32 {
        let key = Hashed { hash: hash(word).to_le_bytes(), len: len_of(word) };
        if word.len() <= TOLD_BY_HASH {
            self.number_of(key, word, words, |_, _| true)
        } else {
            self.number_of(key, word, words, |words, number| is_same(words.bytes(number), word))
        }
    }
}

impl<K: Key> Slots<K> {
    /// Room for so many words.
    fn reserve(&mut self, word_count: usize) {
        let slot_count = (word_count * 2 + 1).next_power_of_two().max(FIRST_SLOT_COUNT);
        self.slots.resize(slot_count, Slot::default());
    }

    /// The number of a word, which is the one with its key that is the same.
    #[inline(always)]
    fn number_of(
        &mut self,
        key: K,
        word: &[u8],
        words: &mut Strings,
        is_same: impl Fn(&Strings, usize) -> bool,
    ) -> u32 {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = slot_of(key.hash()) & mask;
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.number != 0) {
            let number = slot.number - 1;
            if slot.key == key && is_same(words, number as usize) {
                return number;
            }
            at = (at + 1) & mask;
        }
        self.insert(key, word, words)
    }

    #[cold]
    fn insert(&mut self, key: K, word: &[u8], words: &mut Strings) -> u32 {
        words.push(word);
        self.count += 1;
        if self.count * 2 > self.slots.len() {
            self.grow();
        }
        // Whoever interns keeps to fewer than 2^32 values.
        let number = u32::try_from(words.len()).unwrap_or(u32::MAX);
        self.put(Slot { key, number });
        number - 1
    }

    fn grow(&mut self) {
        let factor = if self.slots.len() < MANY_SLOTS { 4 } else { 2 };
        let slot_count = (self.slots.len() * factor).max(FIRST_SLOT_COUNT);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); slot_count]);
        old.into_iter().filter(|slot| slot.number != 0).for_each(|slot| self.put(slot));
    }

    /// Puts the slot of a word that has none where it belongs.
    fn put(&mut self, slot: Slot<K>) {
        let mask = self.slots.len() - 1;
        let mut at = slot_of(slot.key.hash()) & mask;
        while self.slots[at].number != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
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
    } else {
        state = (state.rotate_left(23) ^ short_word(bytes)).wrapping_mul(FACTOR);
    }
    spread(state)
}

/// The bits that choose a slot are the lowest.
#[inline(always)]
fn spread(state: u64) -> u64 {
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
