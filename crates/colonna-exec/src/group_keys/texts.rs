//! Distinct texts, bytes, and encoded values.

use colonna_column::{Bitmap, Strings};

use super::codes::{EntryKeys, ResolvedCodes};
use super::hash::{hash_bytes, position_of, process_seed};
use super::{RecentTable, UNSET, valid_word};
use crate::ExecError;

/// The distinct sequences of bytes, in order of first appearance, with their hashes.
#[derive(Clone, Debug)]
pub(crate) struct ByteKeys {
    table: RecentTable,
    values: Strings,
    hashes: Vec<u64>,
    resolved: ResolvedCodes<Strings>,
    /// Few entries of a dictionary were among the values when it was met.
    are_others: bool,
}

impl ByteKeys {
    /// No values yet; whether each must have one position.
    pub(crate) fn new(exact: bool) -> Self {
        let (table, values, resolved) =
            (RecentTable::new(exact), Strings::new(), ResolvedCodes::default());
        Self { table, values, hashes: Vec::new(), resolved, are_others: false }
    }

    /// No values, for the rows that follow, where these are numbered without a look-up.
    pub(crate) fn successor(&self) -> Option<Self> {
        self.table.skips().then(|| Self { table: self.table.clone(), ..Self::new(false) })
    }

    /// The values by their positions. Where null has one, any value stands there.
    pub(crate) fn values(&self) -> &Strings {
        &self.values
    }

    pub(crate) fn is_unique(&self) -> bool {
        self.table.is_unique()
    }

    #[inline]
    pub(crate) fn hash_at(&self, position: usize) -> u64 {
        self.hashes[position]
    }

    /// Takes the next position for null.
    pub(crate) fn push_null(&mut self) {
        self.values.push("");
        self.hashes.push(0);
    }

    /// The positions of texts.
    pub(crate) fn resolve(
        &mut self,
        texts: &Strings,
        validity: Option<&Bitmap>,
        null: &mut Option<u32>,
        positions: &mut [u32],
    ) -> Result<(), ExecError> {
        self.table.begin(positions.len());
        if self.table.skips() && validity.is_none() {
            return self.append(texts, positions);
        }
        let mut batch = Batch::default();
        for (index, positions) in positions.chunks_mut(BATCH).enumerate() {
            let (start, valid) = (index * BATCH, valid_word(validity, index));
            batch.look_up(self, positions.len(), |at| texts.bytes(start + at));
            for (bit, position) in positions.iter_mut().enumerate() {
                *position = if valid >> bit & 1 == 1 {
                    self.position_in(&batch, bit, texts.bytes(start + bit))?
                } else {
                    self.null_position(null)?
                };
            }
        }
        Ok(())
    }

    /// Takes in texts as new ones, all of them.
    fn append(&mut self, texts: &Strings, positions: &mut [u32]) -> Result<(), ExecError> {
        let start = position_of(self.values.len())?;
        position_of(self.values.len() + texts.len())?;
        self.values.append(texts);
        let seed = process_seed();
        self.hashes.extend(texts.iter().map(|bytes| hash_bytes(bytes, seed)));
        positions.iter_mut().zip(start..).for_each(|(position, next)| *position = next);
        Ok(())
    }

    /// The position of a value of a batch that was looked up.
    #[inline]
    fn position_in(&mut self, batch: &Batch, at: usize, bytes: &[u8]) -> Result<u32, ExecError> {
        if batch.is_equal[at] {
            self.table.found(1);
            return Ok(batch.candidates[at]);
        }
        self.hashed_position(bytes, batch.hashes[at])
    }

    /// The position of a value; where it is a new one, it is kept.
    #[inline]
    pub(crate) fn position(&mut self, bytes: &[u8]) -> Result<u32, ExecError> {
        self.hashed_position(bytes, hash_bytes(bytes, process_seed()))
    }

    #[inline]
    fn hashed_position(&mut self, bytes: &[u8], hash: u64) -> Result<u32, ExecError> {
        let known = &self.values;
        let position = self.table.position(hash, known.len(), |at| known.bytes(at) == bytes)?;
        if position as usize == self.values.len() {
            self.values.push(bytes);
            self.hashes.push(hash);
        }
        Ok(position)
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        let resolved = self.resolved.known();
        let resolved = resolved.map_or(0, |(known, len)| len * 12 + known.byte_len());
        self.table.byte_len() + self.values.byte_len() + self.values.len() * 16 + resolved
    }
}

impl EntryKeys<Strings> for ByteKeys {
    fn resolved(&mut self) -> &mut ResolvedCodes<Strings> {
        &mut self.resolved
    }

    fn resolve_entries(
        &mut self,
        codes: &[u32],
        dictionary: &Strings,
        resolved: &mut [u32],
    ) -> Result<(), ExecError> {
        let mut batch = Batch::default();
        for codes in codes.chunks(BATCH) {
            batch.look_up(self, codes.len(), |at| dictionary.bytes(codes[at] as usize));
            for (at, &code) in codes.iter().enumerate() {
                let word = dictionary.bytes(code as usize);
                resolved[code as usize] = self.position_in(&batch, at, word)?;
            }
        }
        Ok(())
    }

    fn find_entries(&mut self, dictionary: &Strings, resolved: &mut [u32]) {
        if self.are_others || self.values.is_empty() || self.table.skips() {
            return;
        }
        let (mut batch, mut found) = (Batch::default(), 0);
        for (index, resolved) in resolved.chunks_mut(BATCH).enumerate() {
            batch.look_up(self, resolved.len(), |at| dictionary.bytes(index * BATCH + at));
            let candidates = batch.candidates.iter().zip(&batch.is_equal);
            for (position, (&candidate, &is_equal)) in resolved.iter_mut().zip(candidates) {
                *position = if is_equal { candidate } else { *position };
                found += usize::from(is_equal);
            }
        }
        self.table.found(found);
        self.are_others = found < dictionary.len() / 2;
    }

    fn take_null(&mut self) -> Result<u32, ExecError> {
        let position = position_of(self.values.len())?;
        self.push_null();
        Ok(position)
    }

    fn begin(&mut self, dictionary: &Strings) -> usize {
        self.table.begin(dictionary.len());
        dictionary.len()
    }
}

/// As many values as a word of a bitmap has bits.
const BATCH: usize = 64;

/// Values that are looked up together, step by step: where the keys are too many for the cache, a
/// processor waits for all of a step at once.
#[derive(Debug)]
struct Batch {
    hashes: [u64; BATCH],
    /// The position that may be the value's; any where there is none.
    candidates: [u32; BATCH],
    /// Where the bytes of the candidate start and end.
    ranges: [(usize, usize); BATCH],
    is_equal: [bool; BATCH],
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            hashes: [0; BATCH],
            candidates: [UNSET; BATCH],
            ranges: [(0, 0); BATCH],
            is_equal: [false; BATCH],
        }
    }
}

impl Batch {
    /// Looks `count` values up among the keys. What is not found may be there nevertheless.
    fn look_up<'a>(&mut self, keys: &ByteKeys, count: usize, value: impl Fn(usize) -> &'a [u8]) {
        let seed = process_seed();
        let (offsets, bytes) = keys.values.parts();
        // Nor need a hash wait for the bytes of the one before it: a look at both ends of each value
        // asks for all of them at once.
        let ends = |at: usize| {
            let bytes = value(at);
            (bytes.first().copied().unwrap_or_default(), bytes.last().copied().unwrap_or_default())
        };
        let looked = (0..count).map(ends).fold(0, |seen, (first, last)| seen ^ first ^ last);
        std::hint::black_box(looked);
        for (at, hash) in self.hashes[..count].iter_mut().enumerate() {
            *hash = hash_bytes(value(at), seed);
        }
        for (candidate, &hash) in self.candidates.iter_mut().zip(&self.hashes[..count]) {
            *candidate = keys.table.candidate(hash).unwrap_or(UNSET);
        }
        for (range, &candidate) in self.ranges.iter_mut().zip(&self.candidates[..count]) {
            let bound = |index: usize| offsets.get(index).copied().unwrap_or_default();
            *range = (bound(candidate as usize), bound((candidate as usize).saturating_add(1)));
        }
        // Of most of what is not equal the last byte tells it; of what is, both ends are at hand then.
        for (at, is_equal) in self.is_equal[..count].iter_mut().enumerate() {
            let (value, (start, end)) = (value(at), self.ranges[at]);
            let last = bytes.get(end.wrapping_sub(1));
            let are_ends = (bytes.get(start) == value.first()) & (last == value.last());
            *is_equal = are_ends & last.is_some();
        }
        for (at, is_equal) in self.is_equal[..count].iter_mut().enumerate() {
            *is_equal = *is_equal && keys.values.bytes(self.candidates[at] as usize) == value(at);
        }
    }
}
