//! Hashes of values, and the table that finds the position of an equal one.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

use crate::ExecError;

const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const SECOND: u64 = 0xd6e8_feb8_6659_fd93;
const THIRD: u64 = 0xa076_1d64_78bd_642f;

/// A seed that differs from process to process, so that no input can be made whose keys collide.
/// No answer depends on it: groups are numbered by first appearance.
pub(crate) fn process_seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().build_hasher().finish())
}

/// Both halves of the product, folded into one.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half of the product is asked for")]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of a word.
#[inline]
pub(crate) fn hash_word(word: u64, seed: u64) -> u64 {
    fold(word ^ seed ^ FIRST, SECOND)
}

/// The hash of an integer of 128 bits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half is hashed")]
pub(crate) fn hash_wide(value: i128, seed: u64) -> u64 {
    let bits = value.cast_unsigned();
    fold((bits as u64) ^ seed ^ FIRST, ((bits >> 64) as u64) ^ SECOND).wrapping_mul(THIRD)
}

/// The hash of some bytes. Its last words may overlap those before them: the length is hashed too, so
/// that this tells no less.
#[inline]
pub(crate) fn hash_bytes(bytes: &[u8], seed: u64) -> u64 {
    let mut state = seed ^ (bytes.len() as u64).wrapping_mul(FIRST);
    let (left, right) = match (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
        (Some(_), Some(last)) => {
            for block in bytes[..bytes.len() - 1].as_chunks::<16>().0 {
                let (left, right) = halves(block);
                state = fold(left ^ SECOND, right ^ state);
            }
            halves(last)
        }
        _ => short_words(bytes),
    };
    fold(fold(left ^ SECOND, right ^ state) ^ THIRD, FIRST)
}

#[inline]
fn halves(block: &[u8; 16]) -> (u64, u64) {
    let block = u128::from_le_bytes(*block);
    (low_word(block), low_word(block >> 64))
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low half is asked for")]
fn low_word(wide: u128) -> u64 {
    wide as u64
}

/// Fewer than 16 bytes as two words, which differ for any two values of one length.
#[inline]
fn short_words(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
    }
    (bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
}

/// Spreads every bit of a hash over all others, for sketches that read single bits.
pub(crate) fn finalize(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// The hash of a tuple of two, from those of its sides.
#[inline]
pub(crate) fn hash_pair(left: u64, right: u64) -> u64 {
    fold(left ^ THIRD, right.rotate_left(32) ^ SECOND)
}

/// Positions by hash; the values stand with the caller.
///
/// Invariant: a slot is 0 where it is free, or holds the high half of a hash above the position
/// plus one; at most as many slots are taken as [`most_taken`] says, and their number is a power of
/// two.
#[derive(Clone, Debug, Default)]
pub(crate) struct PositionTable {
    slots: Vec<u64>,
    len: usize,
}

impl PositionTable {
    /// Room for that many positions.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        let mut slots = (capacity / 5 * 8 + 16).next_power_of_two();
        while most_taken(slots) < capacity {
            slots *= 2;
        }
        Self { slots: vec![0; slots], len: 0 }
    }

    /// How many positions there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The position of an equal value, or `next`, which is then taken as its position.
    #[inline]
    pub(crate) fn position(
        &mut self,
        hash: u64,
        next: usize,
        equals: impl Fn(usize) -> bool,
    ) -> Result<u32, ExecError> {
        if self.len >= most_taken(self.slots.len()) {
            self.grow();
        }
        let (tag, mask) = (hash >> 32, self.slots.len() - 1);
        let mut index = index_of(tag, mask);
        loop {
            let slot = self.slots[index];
            if slot == 0 {
                break;
            }
            if slot >> 32 == tag {
                let position = low_half(slot) - 1;
                if equals(position as usize) {
                    return Ok(position);
                }
            }
            index = (index + 1) & mask;
        }
        let position = position_of(next)?;
        self.slots[index] = tag << 32 | (u64::from(position) + 1);
        self.len += 1;
        Ok(position)
    }

    /// The position that may be that of an equal value; none where there is no such value.
    #[inline]
    pub(crate) fn candidate(&self, hash: u64) -> Option<u32> {
        let tag = hash >> 32;
        let mask = self.slots.len().checked_sub(1)?;
        let mut index = index_of(tag, mask);
        loop {
            let slot = self.slots[index];
            if slot == 0 {
                return None;
            }
            if slot >> 32 == tag {
                return Some(low_half(slot).wrapping_sub(1));
            }
            index = (index + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![0; (old.len() * 2).max(64)];
        let mask = self.slots.len() - 1;
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut index = index_of(slot >> 32, mask);
            while self.slots[index] != 0 {
                index = (index + 1) & mask;
            }
            self.slots[index] = slot;
        }
    }

    pub(crate) fn byte_len(&self) -> usize {
        self.slots.len() * 8
    }
}

/// So many slots stay in the cache.
const CACHED_SLOTS: usize = 1 << 16;

/// How many slots may be taken. Of few ones most are free, so that nearly every value is found where
/// it is looked for first, and a processor guesses so; of many, memory counts more.
#[inline]
fn most_taken(slots: usize) -> usize {
    if slots <= CACHED_SLOTS { slots / 4 } else { slots / 8 * 5 }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the tag has 32 bits, and is masked")]
fn index_of(tag: u64, mask: usize) -> usize {
    tag as usize & mask
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low half is asked for")]
fn low_half(slot: u64) -> u32 {
    slot as u32
}

/// A position as the 32 bits it is kept in.
#[inline]
pub(crate) fn position_of(index: usize) -> Result<u32, ExecError> {
    match u32::try_from(index) {
        Ok(position) if position < u32::MAX - 1 => Ok(position),
        _ => Err(ExecError::TooManyGroups { limit: u32::MAX - 1 }),
    }
}
