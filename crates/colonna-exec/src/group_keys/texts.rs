//! Distinct texts, bytes, and encoded values.

use std::sync::Arc;

use colonna_column::{Bitmap, Strings};

use super::hash::{hash_bytes, position_of, process_seed};
use super::{RecentTable, UNSET, valid_word};
use crate::ExecError;

/// The distinct sequences of bytes, in order of first appearance, with their hashes.
#[derive(Clone, Debug)]
pub(crate) struct ByteKeys {
    table: RecentTable,
    values: Strings,
    hashes: Vec<u64>,
    /// The positions of the entries of the dictionary that was met last, as far as they are known:
    /// the columns that were cut from one row group share one.
    resolved: Option<(Arc<Strings>, Vec<u32>)>,
}

impl ByteKeys {
    /// No values yet; whether each must have one position.
    pub(crate) fn new(exact: bool) -> Self {
        let (table, values) = (RecentTable::new(exact), Strings::new());
        Self { table, values, hashes: Vec::new(), resolved: None }
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

    fn null_position(&mut self, null: &mut Option<u32>) -> Result<u32, ExecError> {
        if let Some(null) = *null {
            return Ok(null);
        }
        let position = position_of(self.values.len())?;
        self.push_null();
        Ok(*null.insert(position))
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
        let mut hashes = [0; 64];
        for (index, positions) in positions.chunks_mut(64).enumerate() {
            let (start, valid) = (index * 64, valid_word(validity, index));
            for (row, hash) in (start..start + positions.len()).zip(&mut hashes) {
                *hash = hash_bytes(texts.bytes(row), process_seed());
            }
            for (bit, (position, &hash)) in positions.iter_mut().zip(&hashes).enumerate() {
                *position = if valid >> bit & 1 == 1 {
                    self.hashed_position(texts.bytes(start + bit), hash)?
                } else {
                    self.null_position(null)?
                };
            }
        }
        Ok(())
    }

    /// The positions of the texts that codes stand for. Each entry is looked up once.
    pub(crate) fn resolve_codes(
        &mut self,
        codes: &[u32],
        dictionary: &Arc<Strings>,
        validity: Option<&Bitmap>,
        null: &mut Option<u32>,
        positions: &mut [u32],
    ) -> Result<(), ExecError> {
        let mut resolved = match self.resolved.take() {
            Some((known, resolved)) if Arc::ptr_eq(&known, dictionary) => resolved,
            _ => {
                self.table.begin(dictionary.len());
                vec![UNSET; dictionary.len()]
            }
        };
        let chunks = codes.chunks(64).zip(positions.chunks_mut(64));
        for (index, (codes, positions)) in chunks.enumerate() {
            let valid = valid_word(validity, index);
            if look_up(&resolved, codes, valid, null.unwrap_or(UNSET), positions) {
                continue;
            }
            for (bit, (&code, position)) in codes.iter().zip(positions).enumerate() {
                if valid >> bit & 1 == 0 {
                    *position = self.null_position(null)?;
                    continue;
                }
                let known = resolved.get(code as usize).copied().unwrap_or(UNSET);
                *position = if known == UNSET {
                    self.position(dictionary.bytes(code as usize))?
                } else {
                    known
                };
                resolved.get_mut(code as usize).into_iter().for_each(|known| *known = *position);
            }
        }
        self.resolved = Some((Arc::clone(dictionary), resolved));
        Ok(())
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
        let resolved = self
            .resolved
            .as_ref()
            .map_or(0, |(dictionary, resolved)| resolved.len() * 12 + dictionary.byte_len());
        self.table.byte_len() + self.values.byte_len() + self.values.len() * 16 + resolved
    }
}

/// The positions of a chunk of codes, `UNSET` where one is not known. Whether all are.
#[inline]
fn look_up(resolved: &[u32], codes: &[u32], valid: u64, null: u32, positions: &mut [u32]) -> bool {
    let known = |code: u32| resolved.get(code as usize).copied().unwrap_or(UNSET);
    let mut all_known = true;
    if valid == u64::MAX {
        for (&code, position) in codes.iter().zip(positions) {
            *position = known(code);
            all_known &= *position != UNSET;
        }
    } else {
        for (bit, (&code, position)) in codes.iter().zip(positions).enumerate() {
            *position = if valid >> bit & 1 == 1 { known(code) } else { null };
            all_known &= *position != UNSET;
        }
    }
    all_known
}
