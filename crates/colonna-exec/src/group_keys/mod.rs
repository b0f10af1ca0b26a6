//! Rows numbered by the values of their keys.
//!
//! Each key column has its own positions, and further columns are folded in pair by pair, so that
//! only words are hashed once the columns are resolved. Positions are dense and follow the first
//! appearance of a value; accumulators hold vectors by them.

mod encoding;
mod hash;
mod key_column;
mod pairs;

use colonna_column::Column;
use colonna_schema::DataType;

pub(crate) use encoding::encode;
pub(crate) use hash::{finalize, hash_bytes, hash_wide, hash_word};
pub(crate) use key_column::{KeyColumn, canonical_bits};
pub(crate) use pairs::PairKeys;

use crate::ExecError;

/// Marks an entry of a local table that has no position yet.
const UNSET: u32 = u32::MAX;

/// Row numbers as kernels take them.
pub(crate) fn position_rows(rows: impl Iterator<Item = usize>) -> Result<Vec<u32>, ExecError> {
    rows.map(|row| u32::try_from(row).ok().ok_or(ExecError::TooManyRows { limit: u32::MAX }))
        .collect()
}

/// How many entries a table over a range may have where so many rows are looked up in it.
fn direct_limit(row_count: usize) -> usize {
    (row_count * 2).max(1024)
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
    /// No tuples of these types yet. Without a type there is one group, from the start.
    pub(crate) fn new<'a>(types: impl IntoIterator<Item = &'a DataType>) -> Self {
        let columns: Vec<KeyColumn> = types.into_iter().map(KeyColumn::new).collect();
        let folds = columns.iter().skip(1).map(|_| PairKeys::default()).collect();
        Self { columns, folds }
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        match (self.folds.last(), self.columns.last()) {
            (Some(fold), _) => fold.len(),
            (None, Some(column)) => column.len(),
            (None, None) => 1,
        }
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
        for ((key, column), fold) in keys.zip(&mut self.folds) {
            let positions = key.resolve(column.as_ref())?;
            groups = fold.resolve(&groups, &positions)?;
        }
        Ok(groups)
    }

    /// Takes in the groups of another, and says which group each of them is here.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<Vec<u32>, ExecError> {
        let mut keys = self.columns.iter_mut().zip(&other.columns);
        let Some((first, theirs)) = keys.next() else { return Ok(vec![0]) };
        let mut mapping = first.resolve(&theirs.to_column()?)?;
        for ((key, theirs), (fold, pairs)) in keys.zip(self.folds.iter_mut().zip(&other.folds)) {
            let positions = key.resolve(&theirs.to_column()?)?;
            mapping = fold.merge(pairs, &mapping, &positions)?;
        }
        Ok(mapping)
    }

    /// The values of the keys, one row for each group.
    pub(crate) fn to_columns(&self) -> Result<Vec<Column>, ExecError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        let mut positions: Option<Vec<u32>> = None;
        for (index, key) in self.columns.iter().enumerate().rev() {
            let column = key.to_column()?;
            let fold = index.checked_sub(1).and_then(|fold| self.folds.get(fold));
            let (left, right) = match (fold, positions.take()) {
                (Some(fold), None) => fold.sides(),
                (Some(fold), Some(positions)) => fold.sides_at(&positions),
                (None, Some(positions)) => (Vec::new(), positions),
                (None, None) => {
                    columns.push(column);
                    break;
                }
            };
            columns.push(column.gather(&right));
            positions = Some(left);
        }
        columns.reverse();
        Ok(columns)
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        self.columns.iter().map(KeyColumn::byte_len).sum::<usize>()
            + self.folds.iter().map(PairKeys::byte_len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
