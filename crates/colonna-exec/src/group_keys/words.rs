//! Distinct words: integers, days, moments, booleans, and the bits of doubles.

use std::borrow::Cow;

use colonna_column::{Bitmap, Numbers, Values};

use super::codes::{EntryKeys, ResolvedCodes};
use super::hash::{hash_word, position_of, process_seed};
use super::{DIRECT_MAX, RecentTable, UNSET, canonical_bits, direct_limit, valid_word};
use crate::ExecError;
use crate::accumulator::bounds;

/// The distinct words, in order of first appearance.
#[derive(Clone, Debug)]
pub(crate) struct WordKeys {
    table: RecentTable,
    values: Vec<i64>,
    direct: DirectTable,
    row_count: usize,
    resolved: ResolvedCodes<Numbers>,
    /// Few entries of a dictionary were among the values when it was met.
    are_others: bool,
}

/// The positions of words that lie close together, from the least on; `UNSET` where one was not met.
#[derive(Clone, Debug, Default)]
struct DirectTable {
    least: i64,
    positions: Vec<u32>,
    /// Whether all words of the last batch had a place.
    is_wide_enough: bool,
    /// The words lie too far apart.
    is_given_up: bool,
}

impl WordKeys {
    /// No words yet; whether each must have one position.
    pub(crate) fn new(exact: bool) -> Self {
        let (table, direct) = (RecentTable::new(exact), DirectTable::default());
        let resolved = ResolvedCodes::default();
        Self { table, values: Vec::new(), direct, row_count: 0, resolved, are_others: false }
    }

    /// The words by their positions. Where null has one, any word stands there.
    pub(crate) fn values(&self) -> &[i64] {
        &self.values
    }

    pub(crate) fn is_unique(&self) -> bool {
        self.table.is_unique()
    }

    /// Takes the next position for null.
    pub(crate) fn push_null(&mut self) {
        self.values.push(0);
    }

    #[inline]
    pub(crate) fn hash_at(&self, position: usize) -> u64 {
        hash_word(self.values[position].cast_unsigned(), process_seed())
    }

    /// The position of each word, and `UNSET` for the first null: the caller says which its position
    /// is by giving it in `null` from then on.
    pub(crate) fn resolve(
        &mut self,
        words: &[i64],
        validity: Option<&Bitmap>,
        null: &mut Option<u32>,
        positions: &mut [u32],
    ) -> Result<(), ExecError> {
        self.row_count = self.row_count.saturating_add(words.len());
        self.table.begin(words.len());
        if !self.direct.is_wide_enough && !self.direct.is_given_up {
            self.direct.widen(words, validity, direct_limit(self.row_count));
        }
        let mut last = (0, UNSET);
        let chunks = words.chunks(64).zip(positions.chunks_mut(64));
        for (index, (words, positions)) in chunks.enumerate() {
            let valid = valid_word(validity, index);
            let null_position = null.unwrap_or(UNSET);
            if !self.direct.look_up(words, valid, null_position, positions) {
                last = self.resolve_chunk((words, valid), null, positions, last)?;
            }
        }
        Ok(())
    }

    /// The rows of a chunk one by one, those in it whose position is not known. It is told which word
    /// was looked up last, with its position, and tells it again: often the next is the same.
    fn resolve_chunk(
        &mut self,
        (words, valid): (&[i64], u64),
        null: &mut Option<u32>,
        positions: &mut [u32],
        mut last: (i64, u32),
    ) -> Result<(i64, u32), ExecError> {
        for (bit, (&word, position)) in words.iter().zip(positions).enumerate() {
            if valid >> bit & 1 == 0 {
                *position = self.null_position(null)?;
                continue;
            }
            if *position == UNSET {
                if last.1 == UNSET || last.0 != word {
                    last = (word, self.position(word)?);
                }
                *position = last.1;
            }
        }
        Ok(last)
    }

    /// The position of a word that has one, unless it takes long to find.
    #[inline]
    fn known(&self, word: i64) -> Option<u32> {
        self.direct.get(word).or_else(|| {
            let hash = hash_word(word.cast_unsigned(), process_seed());
            let candidate = self.table.candidate(hash)?;
            (self.values.get(candidate as usize) == Some(&word)).then_some(candidate)
        })
    }

    #[inline]
    fn position(&mut self, word: i64) -> Result<u32, ExecError> {
        if let Some(position) = self.direct.get(word) {
            return Ok(position);
        }
        let known = &self.values;
        let hash = hash_word(word.cast_unsigned(), process_seed());
        let position = self.table.position(hash, known.len(), |at| known[at] == word)?;
        if position as usize == known.len() {
            self.values.push(word);
        }
        self.direct.set(word, position);
        Ok(position)
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        let resolved = self.resolved.known().map_or(0, |(_, len)| len * 12);
        self.table.byte_len() + self.values.len() * 8 + self.direct.positions.len() * 4 + resolved
    }
}

impl EntryKeys<Numbers> for WordKeys {
    fn resolved(&mut self) -> &mut ResolvedCodes<Numbers> {
        &mut self.resolved
    }

    fn resolve_entries(
        &mut self,
        codes: &[u32],
        dictionary: &Numbers,
        resolved: &mut [u32],
    ) -> Result<(), ExecError> {
        let words = match dictionary.gather(codes) {
            Values::Int64(words) => words,
            Values::Float64(doubles) => words_of(&doubles),
            _ => return Ok(()),
        };
        let mut positions = vec![UNSET; words.len()];
        self.resolve(&words, None, &mut None, &mut positions)?;
        for (&code, position) in codes.iter().zip(positions) {
            resolved[code as usize] = position;
        }
        Ok(())
    }

    fn find_entries(&mut self, dictionary: &Numbers, resolved: &mut [u32]) {
        if self.are_others || self.values.is_empty() || self.table.skips() {
            return;
        }
        let words = match dictionary {
            Numbers::Int64(words) => Cow::Borrowed(words),
            Numbers::Float64(doubles) => Cow::Owned(words_of(doubles)),
        };
        let mut found = 0;
        for (&word, position) in words.iter().zip(resolved) {
            let known = self.known(word);
            found += usize::from(known.is_some());
            *position = known.unwrap_or(UNSET);
        }
        self.table.found(found);
        self.are_others = found < words.len() / 2;
    }

    fn take_null(&mut self) -> Result<u32, ExecError> {
        let position = position_of(self.values.len())?;
        self.push_null();
        Ok(position)
    }

    fn begin(&mut self, dictionary: &Numbers) -> usize {
        dictionary.len()
    }
}

/// The words that doubles are told apart by.
pub(super) fn words_of(doubles: &[f64]) -> Vec<i64> {
    doubles.iter().map(|&double| canonical_bits(double).cast_signed()).collect()
}

impl DirectTable {
    /// Makes room for the words of a batch, where the table stays within the limit.
    fn widen(&mut self, words: &[i64], validity: Option<&Bitmap>, limit: usize) {
        let found = bounds(words, validity);
        let Some((mut least, mut greatest)) = found else { return };
        if let Ok(len) = i64::try_from(self.positions.len())
            && len > 0
        {
            least = least.min(self.least);
            greatest = greatest.max(self.least.saturating_add(len - 1));
        }
        let range = greatest.wrapping_sub(least).cast_unsigned();
        let range = usize::try_from(range).unwrap_or(usize::MAX).saturating_add(1);
        if range > limit.min(DIRECT_MAX) {
            self.is_given_up = range > DIRECT_MAX;
            return;
        }
        let mut positions = vec![UNSET; range];
        let shift = self.least.wrapping_sub(least).cast_unsigned();
        let shift = usize::try_from(shift).unwrap_or_default();
        if let Some(place) = positions.get_mut(shift..shift + self.positions.len()) {
            place.copy_from_slice(&self.positions);
        }
        (self.least, self.positions, self.is_wide_enough) = (least, positions, true);
    }

    #[inline]
    fn index(&self, word: i64) -> usize {
        usize::try_from(word.wrapping_sub(self.least).cast_unsigned()).unwrap_or(usize::MAX)
    }

    #[inline]
    fn get(&self, word: i64) -> Option<u32> {
        self.positions.get(self.index(word)).copied().filter(|position| *position != UNSET)
    }

    #[inline]
    fn set(&mut self, word: i64, position: u32) {
        let index = self.index(word);
        match self.positions.get_mut(index) {
            Some(known) => *known = position,
            None => self.is_wide_enough = false,
        }
    }

    /// The positions of a chunk of words, `UNSET` where one is not known. Whether all are.
    #[inline]
    fn look_up(&self, words: &[i64], valid: u64, null: u32, positions: &mut [u32]) -> bool {
        if self.positions.is_empty() {
            return false;
        }
        let known = |word: i64| self.positions.get(self.index(word)).copied().unwrap_or(UNSET);
        let mut all_known = true;
        if valid == u64::MAX {
            for (&word, position) in words.iter().zip(positions) {
                *position = known(word);
                all_known &= *position != UNSET;
            }
            return all_known;
        }
        for (bit, (&word, position)) in words.iter().zip(positions).enumerate() {
            *position = if valid >> bit & 1 == 1 { known(word) } else { null };
            all_known &= *position != UNSET;
        }
        all_known
    }
}
