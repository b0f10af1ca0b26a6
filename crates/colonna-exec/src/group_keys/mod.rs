//! Rows numbered by the values of their keys.
//!
//! Each key column has its own positions, and further columns are folded in pair by pair, so that
//! only words are hashed once the columns are resolved. Positions are dense and follow the first
//! appearance of a value; accumulators hold vectors by them.

mod codes;
mod encoding;
mod hash;
mod key_column;
mod pairs;
mod recent;
mod texts;
mod words;

use colonna_column::{Bitmap, Column};
use colonna_schema::DataType;

pub(crate) use encoding::encode;
pub(crate) use hash::{
    PositionTable, finalize, hash_bytes, hash_pair, hash_wide, hash_word, position_of, process_seed,
};
pub(crate) use key_column::{KeyColumn, canonical_bits};
pub(crate) use pairs::PairKeys;
use recent::RecentTable;

use crate::ExecError;

/// Marks an entry of a local table that has no position yet.
const UNSET: u32 = u32::MAX;

/// Row numbers as kernels take them.
pub(crate) fn position_rows(rows: impl Iterator<Item = usize>) -> Result<Vec<u32>, ExecError> {
    // Made for none of the rows that are no error: the least work for each of them counts.
    let too_many = || ExecError::TooManyRows { limit: u32::MAX };
    rows.map(|row| u32::try_from(row).ok().ok_or_else(too_many)).collect()
}

/// The most places of a table over a range of values.
const DIRECT_MAX: usize = 1 << 20;

/// How many places a table over a range may have where so many rows are looked up in it.
fn direct_limit(row_count: usize) -> usize {
    row_count.saturating_mul(2).max(1024)
}

/// Which rows of the chunk of 64 with that index are valid.
#[inline]
fn valid_word(validity: Option<&Bitmap>, index: usize) -> u64 {
    validity.map_or(u64::MAX, |bits| bits.words().get(index).copied().unwrap_or_default())
}

/// The distinct tuples of some key columns, in order of first appearance.
///
/// Invariant: one fold for each column after the first; the last one numbers the groups.
#[derive(Clone, Debug)]
pub(crate) struct GroupKeys {
    columns: Vec<KeyColumn>,
    folds: Vec<PairKeys>,
}

impl GroupKeys {
    /// No tuples of these types yet. Without a type there is one group, from the start. Where it is
    /// not `exact`, a tuple may be met again under another number, once looking up has proved vain.
    pub(crate) fn new<'a>(types: impl IntoIterator<Item = &'a DataType>, exact: bool) -> Self {
        let columns: Vec<KeyColumn> =
            types.into_iter().map(|data_type| KeyColumn::new(data_type, exact)).collect();
        let folds = columns.iter().skip(1).map(|_| PairKeys::new(exact)).collect();
        Self { columns, folds }
    }

    /// No tuples, for the rows that follow, where these are numbered without a look-up.
    pub(crate) fn successor(&self) -> Option<Self> {
        let [column] = self.columns.as_slice() else { return None };
        Some(Self { columns: vec![column.successor()?], folds: Vec::new() })
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        match (self.folds.last(), self.columns.last()) {
            (Some(fold), _) => fold.len(),
            (None, Some(column)) => column.len(),
            (None, None) => 1,
        }
    }

    /// Whether each tuple has one number.
    pub(crate) fn is_unique(&self) -> bool {
        self.columns.iter().all(KeyColumn::is_unique) && self.folds.iter().all(PairKeys::is_unique)
    }

    /// The group of each row; `columns` are the values of the keys.
    pub(crate) fn resolve<C: AsRef<Column>>(
        &mut self,
        columns: &[C],
        row_count: usize,
    ) -> Result<Vec<u32>, ExecError> {
        let mut keys = self.columns.iter_mut().zip(columns);
        let Some((first, column)) = keys.next() else { return Ok(vec![0; row_count]) };
        let mut groups = first.resolve(column.as_ref())?;
        let mut group_count = first.len();
        for ((key, column), fold) in keys.zip(&mut self.folds) {
            let positions = key.resolve(column.as_ref())?;
            groups = fold.resolve(&groups, &positions, (group_count, key.len()))?;
            group_count = fold.len();
        }
        Ok(groups)
    }

    /// The key columns, and for each the position of the value of each group; a single column has
    /// the groups themselves for positions.
    pub(crate) fn into_columns(self) -> Vec<(KeyColumn, Option<Vec<u32>>)> {
        let mut columns = Vec::with_capacity(self.columns.len());
        let mut groups: Option<Vec<u32>> = None;
        for (index, key) in self.columns.into_iter().enumerate().rev() {
            let fold = index.checked_sub(1).and_then(|fold| self.folds.get(fold));
            let Some(fold) = fold else {
                columns.push((key, groups.take()));
                continue;
            };
            let (left, right) = match &groups {
                None => fold.sides(),
                Some(groups) => fold.sides_at(groups),
            };
            columns.push((key, Some(right)));
            groups = Some(left);
        }
        columns.reverse();
        columns
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        self.columns.iter().map(KeyColumn::byte_len).sum::<usize>()
            + self.folds.iter().map(PairKeys::byte_len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
