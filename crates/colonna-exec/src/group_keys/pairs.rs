//! Pairs of positions, numbered by first appearance.

use super::hash::{PositionTable, hash_word, process_seed};
use super::{UNSET, direct_limit};
use crate::ExecError;

/// The distinct pairs of two positions, in order of first appearance.
#[derive(Clone, Debug, Default)]
pub(crate) struct PairKeys {
    table: PositionTable,
    pairs: Vec<u64>,
}

impl PairKeys {
    /// How many pairs there are.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The position of each pair. Where both sides are small, a pair is hashed once a call.
    pub(crate) fn resolve(&mut self, left: &[u32], right: &[u32]) -> Result<Vec<u32>, ExecError> {
        let count = |side: &[u32]| side.iter().max().map_or(0, |&last| last as usize + 1);
        let width = count(right);
        let range = count(left).saturating_mul(width);
        let mut positions = Vec::with_capacity(left.len());
        if range <= direct_limit(left.len()) {
            let mut local = vec![UNSET; range];
            for (&left, &right) in left.iter().zip(right) {
                let entry = &mut local[left as usize * width + right as usize];
                if *entry == UNSET {
                    *entry = self.position(left, right)?;
                }
                positions.push(*entry);
            }
        } else {
            for (&left, &right) in left.iter().zip(right) {
                positions.push(self.position(left, right)?);
            }
        }
        Ok(positions)
    }

    #[inline]
    fn position(&mut self, left: u32, right: u32) -> Result<u32, ExecError> {
        let pair = u64::from(left) << 32 | u64::from(right);
        let pairs = &self.pairs;
        let hash = hash_word(pair, process_seed());
        let position = self.table.position(hash, pairs.len(), |at| pairs[at] == pair)?;
        if position as usize == self.pairs.len() {
            self.pairs.push(pair);
        }
        Ok(position)
    }

    /// Takes in the pairs of another, whose sides have become other positions here.
    pub(crate) fn merge(
        &mut self,
        other: &Self,
        left_mapping: &[u32],
        right_mapping: &[u32],
    ) -> Result<Vec<u32>, ExecError> {
        let (left, right) = other.sides();
        let mapped = |side: Vec<u32>, mapping: &[u32]| -> Vec<u32> {
            side.into_iter().map(|position| mapping[position as usize]).collect()
        };
        self.resolve(&mapped(left, left_mapping), &mapped(right, right_mapping))
    }

    /// Both sides of all pairs.
    pub(crate) fn sides(&self) -> (Vec<u32>, Vec<u32>) {
        self.pairs.iter().copied().map(split).unzip()
    }

    /// Both sides of the pairs at these positions.
    pub(crate) fn sides_at(&self, positions: &[u32]) -> (Vec<u32>, Vec<u32>) {
        positions.iter().map(|&position| split(self.pairs[position as usize])).unzip()
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        self.table.byte_len() + self.pairs.len() * 8
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half is asked for")]
fn split(pair: u64) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}
