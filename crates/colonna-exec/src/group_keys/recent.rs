//! A table that gives up on values that hardly ever come again.

use super::hash::{PositionTable, position_of};
use crate::ExecError;

/// How many new values are found between two looks at whether looking up pays.
const LOOK_AFTER: usize = 1 << 16;

/// How many rows are numbered without a look-up once it does not.
const SKIPPED_ROWS: usize = 1 << 20;

/// Positions by hash, as [`PositionTable`] has them, unless nearly every value is a new one: then
/// the rows that follow are numbered without a look-up for a while, so that a value may have several
/// positions. Whoever joins several tables finds equal values anyway.
#[derive(Clone, Debug)]
pub(crate) struct RecentTable {
    table: PositionTable,
    /// Every value has one position, whatever it costs.
    exact: bool,
    is_unique: bool,
    /// Look-ups and positions since the last look at them.
    asked: usize,
    looked_at: usize,
    /// Rows that are still to be numbered without a look-up.
    skipped: usize,
}

impl RecentTable {
    /// No values yet.
    pub(crate) fn new(exact: bool) -> Self {
        let table = PositionTable::default();
        Self { table, exact, is_unique: true, asked: 0, looked_at: 0, skipped: 0 }
    }

    /// Whether every value has one position.
    pub(crate) fn is_unique(&self) -> bool {
        self.is_unique
    }

    /// Decides whether the next rows are looked up. Must be called before each batch of them.
    pub(crate) fn begin(&mut self, row_count: usize) {
        if self.exact {
            return;
        }
        if self.skipped > 0 {
            self.skipped = self.skipped.saturating_sub(row_count);
            return;
        }
        let found = self.table.len() - self.looked_at;
        if found < LOOK_AFTER {
            return;
        }
        if self.asked < found + found / 4 {
            (self.skipped, self.is_unique) = (SKIPPED_ROWS, false);
            self.table = PositionTable::default();
        }
        (self.asked, self.looked_at) = (0, self.table.len());
    }

    /// The position of an equal value, or `next`, which is then its position.
    #[inline]
    pub(crate) fn position(
        &mut self,
        hash: u64,
        next: usize,
        equals: impl Fn(usize) -> bool,
    ) -> Result<u32, ExecError> {
        if self.skipped > 0 {
            return position_of(next);
        }
        self.asked += 1;
        self.table.position(hash, next, equals)
    }

    /// Whether the next rows are numbered without a look-up.
    pub(crate) fn skips(&self) -> bool {
        self.skipped > 0
    }

    /// Takes in a value that was numbered elsewhere, of which nothing is to be learned.
    pub(crate) fn insert(
        &mut self,
        hash: u64,
        position: usize,
        equals: impl Fn(usize) -> bool,
    ) -> Result<(), ExecError> {
        if self.skipped == 0 {
            let known = self.table.len();
            self.table.position(hash, position, equals)?;
            self.looked_at += self.table.len() - known;
        }
        Ok(())
    }

    /// The position of a value that may be equal; none where it takes more than a look.
    #[inline]
    pub(crate) fn candidate(&self, hash: u64) -> Option<u32> {
        if self.skipped > 0 { None } else { self.table.candidate(hash) }
    }

    /// So many values were found to be equal to their candidates.
    pub(crate) fn found(&mut self, count: usize) {
        self.asked += count;
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn byte_len(&self) -> usize {
        self.table.byte_len()
    }
}
