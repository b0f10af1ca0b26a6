//! Pairs of positions, numbered by first appearance.

use super::hash::{hash_word, position_of, process_seed};
use super::{RecentTable, UNSET, direct_limit};
use crate::ExecError;

/// The most places of a table of pairs. Of more, a look-up in such a table takes as long as hashing.
const PAIRS_MAX: usize = 1 << 22;

/// The distinct pairs of two positions, in order of first appearance.
#[derive(Clone, Debug)]
pub(crate) struct PairKeys {
    table: RecentTable,
    pairs: Vec<u64>,
    /// So many of the pairs are in the table; the others were only met where each has a place.
    hashed: usize,
    /// The positions of pairs by both sides, the right one in the low `right_bits`, where both are
    /// few; empty where they are not.
    direct: Vec<u32>,
    right_bits: u32,
    row_count: usize,
    /// All left positions lie below this.
    left_count: usize,
}

impl PairKeys {
    /// No pairs yet; whether each must have one position.
    pub(crate) fn new(exact: bool) -> Self {
        let table = RecentTable::new(exact);
        Self {
            table,
            pairs: Vec::new(),
            hashed: 0,
            direct: Vec::new(),
            right_bits: 0,
            row_count: 0,
            left_count: 0,
        }
    }

    /// How many pairs there are.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether each pair has one position.
    pub(crate) fn is_unique(&self) -> bool {
        self.table.is_unique()
    }

    /// The position of each pair. All positions lie below the counts.
    pub(crate) fn resolve(
        &mut self,
        left: &[u32],
        right: &[u32],
        (left_count, right_count): (usize, usize),
    ) -> Result<Vec<u32>, ExecError> {
        self.row_count = self.row_count.saturating_add(left.len());
        self.table.begin(left.len());
        let mut positions = vec![UNSET; left.len()];
        if !self.cover(left_count, right_count) {
            self.hash_known()?;
            for ((&left, &right), position) in left.iter().zip(right).zip(&mut positions) {
                *position = self.position(left, right)?;
            }
            return Ok(positions);
        }
        let sides = left.chunks(64).zip(right.chunks(64));
        let mut are_known = true;
        for ((left, right), positions) in sides.zip(positions.chunks_mut(64)) {
            // Where pairs are new they often are in what follows, too.
            are_known = are_known && self.look_up(left, right, positions);
            if !are_known {
                are_known = !self.number(left, right, positions)?;
            }
        }
        Ok(positions)
    }

    /// The positions of pairs that have a place each, `UNSET` where one is new. Whether none is.
    #[inline]
    fn look_up(&self, left: &[u32], right: &[u32], positions: &mut [u32]) -> bool {
        let mut all_known = true;
        for ((&left, &right), position) in left.iter().zip(right).zip(positions) {
            *position = self.direct[(left as usize) << self.right_bits | right as usize];
            all_known &= *position != UNSET;
        }
        all_known
    }

    /// The positions of pairs that have a place each, with new ones for those that are new. Whether
    /// there were such.
    #[inline]
    fn number(
        &mut self,
        left: &[u32],
        right: &[u32],
        positions: &mut [u32],
    ) -> Result<bool, ExecError> {
        let start = self.pairs.len();
        position_of(start + left.len())?;
        let mut next = position_of(start)?;
        self.pairs.resize(start + left.len(), 0);
        for ((&left, &right), position) in left.iter().zip(right).zip(positions) {
            let place = &mut self.direct[(left as usize) << self.right_bits | right as usize];
            // Without a branch: which pairs are new follows no rule.
            let is_new = *place == UNSET;
            *place = if is_new { next } else { *place };
            *position = *place;
            self.pairs[next as usize] = pair_of(left, right);
            next += u32::from(is_new);
        }
        self.pairs.truncate(next as usize);
        Ok(next as usize > start)
    }

    /// Whether the direct table has a place for each pair of positions below the counts.
    fn cover(&mut self, left_count: usize, right_count: usize) -> bool {
        let right_bits = right_count.next_power_of_two().trailing_zeros().max(self.right_bits);
        // A pair that has a place is found in a quarter of the time that hashing takes.
        let limit = direct_limit(self.row_count.saturating_mul(4)).min(PAIRS_MAX);
        self.left_count = self.left_count.max(left_count);
        let places = self.left_count.saturating_mul(1 << right_bits);
        if places > limit {
            (self.direct, self.right_bits) = (Vec::new(), right_bits);
            return false;
        }
        if right_bits != self.right_bits || self.direct.is_empty() {
            self.right_bits = right_bits;
            self.direct = vec![UNSET; places];
            for (position, &pair) in (0..).zip(&self.pairs) {
                let (left, right) = split(pair);
                self.direct[(left as usize) << right_bits | right as usize] = position;
            }
        } else if self.direct.len() < places {
            self.direct.resize(places, UNSET);
        }
        true
    }

    /// Puts the pairs into the table that are not in it.
    fn hash_known(&mut self) -> Result<(), ExecError> {
        let pairs = &self.pairs;
        for (position, &pair) in pairs.iter().enumerate().skip(self.hashed) {
            let hash = hash_word(pair, process_seed());
            self.table.insert(hash, position, |at| pairs[at] == pair)?;
        }
        self.hashed = self.pairs.len();
        Ok(())
    }

    #[inline]
    fn position(&mut self, left: u32, right: u32) -> Result<u32, ExecError> {
        let pair = pair_of(left, right);
        let pairs = &self.pairs;
        let hash = hash_word(pair, process_seed());
        let position = self.table.position(hash, pairs.len(), |at| pairs[at] == pair)?;
        if position as usize == self.pairs.len() {
            self.pairs.push(pair);
            self.hashed += 1;
        }
        Ok(position)
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
        self.table.byte_len() + self.pairs.len() * 8 + self.direct.len() * 4
    }
}

#[inline]
fn pair_of(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half is asked for")]
fn split(pair: u64) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}
