//! Keys that codes lead to: each entry of a dictionary is looked up once.

use std::sync::Arc;

use colonna_column::Bitmap;
use fearless_simd::{Level, Simd, dispatch, prelude::*, u8x64};

use super::{UNSET, valid_word};
use crate::ExecError;

/// Keys that have positions, to which entries of a dictionary can be added.
pub(super) trait EntryKeys<D>: Sized {
    /// The positions of the entries that were met last.
    fn resolved(&mut self) -> &mut ResolvedCodes<D>;

    /// Sets the positions of these entries, taking in those that are new in their order.
    fn resolve_entries(
        &mut self,
        codes: &[u32],
        dictionary: &D,
        resolved: &mut [u32],
    ) -> Result<(), ExecError>;

    /// Sets the positions of entries that are taken in already, as far as that is worth it; of each entry
    /// once in the order of the dictionary, where one lies behind the other.
    fn find_entries(&mut self, _dictionary: &D, _resolved: &mut [u32]) {}

    /// Takes the next position for null.
    fn take_null(&mut self) -> Result<u32, ExecError>;

    /// A dictionary is met for the first time. How many entries it has.
    fn begin(&mut self, dictionary: &D) -> usize;

    /// The position of null, which is taken where it has none.
    #[inline]
    fn null_position(&mut self, null: &mut Option<u32>) -> Result<u32, ExecError> {
        match *null {
            Some(null) => Ok(null),
            None => Ok(*null.insert(self.take_null()?)),
        }
    }

    /// The positions of what codes stand for. Each entry is looked up once.
    /// Of its own, so that it knows that the positions it writes lie apart from those it reads.
    #[inline(never)]
    fn resolve_codes(
        &mut self,
        codes: &[u32],
        dictionary: &Arc<D>,
        validity: Option<&Bitmap>,
        null: &mut Option<u32>,
        positions: &mut [u32],
    ) -> Result<(), ExecError> {
        let mut resolved = match self.resolved().0.take() {
            Some((known, resolved)) if Arc::ptr_eq(&known, dictionary) => resolved,
            _ => {
                let mut resolved = vec![UNSET; self.begin(dictionary)];
                // Of a dictionary most entries are met, but not where few rows of many are left.
                if resolved.len() / MOST_UNMET <= codes.len() {
                    self.find_entries(dictionary, &mut resolved);
                }
                resolved
            }
        };
        // Most dictionaries have few entries, and are known as a whole after some rows. Where entries
        // are new they often are in what follows, too.
        let pieces = codes.chunks(PIECE).zip(positions.chunks_mut(PIECE));
        let mut are_known = true;
        for (index, (codes, positions)) in pieces.enumerate() {
            are_known = are_known && look_up(&resolved, codes, positions);
            if !are_known || (null.is_none() && validity.is_some()) {
                let valid = |chunk: usize| valid_word(validity, index * (PIECE / BATCH) + chunk);
                are_known = !resolve_new(self, (codes, dictionary), valid, null, &mut resolved)?;
                look_up(&resolved, codes, positions);
            }
        }
        if let (Some(valid), Some(null)) = (validity, *null) {
            valid.fill_unset(positions, null);
        }
        self.resolved().0 = Some((Arc::clone(dictionary), resolved));
        Ok(())
    }
}

/// The positions of codes, [`UNSET`] where one is not known. Whether all are.
fn look_up(resolved: &[u32], codes: &[u32], positions: &mut [u32]) -> bool {
    if let Some(few) = few(resolved) {
        dispatch!(Level::new(), simd => look_up_few(simd, &few, codes, positions));
        return true;
    }
    let mut are_known = true;
    for (&code, position) in codes.iter().zip(positions) {
        *position = resolved.get(code as usize).copied().unwrap_or(UNSET);
        are_known &= *position != UNSET;
    }
    are_known
}

/// As many entries as a vector has bytes.
const FEW: usize = 64;

/// The positions of few entries, of a byte each; none where there are more entries, or longer ones, or
/// one that is not known.
fn few(resolved: &[u32]) -> Option<[u8; FEW]> {
    let mut few = [0; FEW];
    for (&position, few) in resolved.iter().zip(few.get_mut(..resolved.len())?) {
        *few = u8::try_from(position).ok()?;
    }
    Some(few)
}

/// The positions of codes that lead to few entries, [`FEW`] rows at once.
#[inline(always)]
fn look_up_few<S: Simd>(simd: S, few: &[u8; FEW], codes: &[u32], positions: &mut [u32]) {
    let table = u8x64::load_array_ref(simd, few);
    let (chunks, rest) = codes.as_chunks::<FEW>();
    let (places, last) = positions.as_chunks_mut::<FEW>();
    for (codes, places) in chunks.iter().zip(places) {
        let narrow = codes.map(|code| (code & 0xff) as u8);
        let found = table.swizzle_dyn(u8x64::load_array(simd, narrow));
        *places = found.to_array().map(u32::from);
    }
    for (&code, place) in rest.iter().zip(last) {
        *place = u32::from(few[code as usize % FEW]);
    }
}

/// The positions of the entries of the dictionary that was met last, as far as they are known: the
/// columns that were cut from one row group share one.
#[derive(Debug)]
pub(super) struct ResolvedCodes<D>(Option<(Arc<D>, Vec<u32>)>);

impl<D> Default for ResolvedCodes<D> {
    fn default() -> Self {
        Self(None)
    }
}

impl<D> Clone for ResolvedCodes<D> {
    fn clone(&self) -> Self {
        let cloned = |(known, resolved): &(Arc<D>, Vec<u32>)| (Arc::clone(known), resolved.clone());
        Self(self.0.as_ref().map(cloned))
    }
}

/// As many codes as a word of a bitmap has bits.
const BATCH: usize = 64;

/// Where a row has come for one in so many entries, most of these will be met.
const MOST_UNMET: usize = 4;

/// In so many rows it is looked for new entries at once.
const PIECE: usize = 64 * BATCH;

impl<D> ResolvedCodes<D> {
    /// The dictionary, and how many positions are kept for it.
    pub(super) fn known(&self) -> Option<(&D, usize)> {
        self.0.as_ref().map(|(known, resolved)| (known.as_ref(), resolved.len()))
    }
}

/// Resolves the entries that these rows are the first to have, in their order. Whether there are such.
fn resolve_new<D>(
    keys: &mut impl EntryKeys<D>,
    (codes, dictionary): (&[u32], &D),
    valid_word: impl Fn(usize) -> u64,
    null: &mut Option<u32>,
    resolved: &mut [u32],
) -> Result<bool, ExecError> {
    /// Marks an entry that waits to be looked up.
    const WAITS: u32 = UNSET - 1;
    let mut new = Vec::new();
    // How many new entries come before the first null, where that is new, too.
    let mut before_null = None;
    for (index, codes) in codes.chunks(BATCH).enumerate() {
        let valid = valid_word(index);
        let are_known = codes.iter().fold(true, |all, code| all & is_known(resolved, *code));
        if are_known && (valid == u64::MAX || null.is_some()) {
            continue;
        }
        let mut len = new.len();
        new.resize(len + codes.len(), 0);
        for (bit, &code) in codes.iter().enumerate() {
            let is_valid = valid >> bit & 1 == 1;
            if before_null.is_none() && !is_valid {
                before_null = Some(len);
            }
            let Some(entry) = resolved.get_mut(code as usize) else { continue };
            // Without a branch: which entries are new follows no rule.
            let is_new = is_valid & (*entry == UNSET);
            *entry = if is_new { WAITS } else { *entry };
            new[len] = code;
            len += usize::from(is_new);
        }
        new.truncate(len);
    }
    let before_null = before_null.filter(|_| null.is_none());
    let (first, rest) = new.split_at(before_null.unwrap_or_default());
    keys.resolve_entries(first, dictionary, resolved)?;
    if before_null.is_some() {
        *null = Some(keys.take_null()?);
    }
    keys.resolve_entries(rest, dictionary, resolved)?;
    Ok(!new.is_empty())
}

#[inline]
fn is_known(resolved: &[u32], code: u32) -> bool {
    resolved.get(code as usize).is_some_and(|position| *position != UNSET)
}
