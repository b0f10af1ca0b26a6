//! How much memory the states of an answer take, and how much they may.

use std::sync::atomic::{AtomicU64, Ordering};

use colonna_exec::Partial;

use crate::ScanError;
use crate::plan::Task;

/// Groups may take this part of the memory that is allowed: as much again is taken where their vectors
/// grow, and where equal groups of several states are joined.
pub(crate) const STATE_SHARE: u64 = 3;

/// The states of all threads together.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: Option<u64>,
    found: AtomicU64,
    /// The rows that were taken in.
    row_count: AtomicU64,
}

impl Memory {
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self { limit, found: AtomicU64::new(0), row_count: AtomicU64::new(0) }
    }

    /// About how many bytes the states would take after all rows of the tasks.
    pub(crate) fn expected(&self, tasks: &[Task]) -> u64 {
        let found = u128::from(self.found.load(Ordering::Relaxed));
        let seen = u128::from(self.row_count.load(Ordering::Relaxed));
        let all: u128 = tasks.iter().map(|task| u128::from(task.row_count())).sum();
        u64::try_from(found * all.max(seen) / seen.max(1)).unwrap_or(u64::MAX)
    }
}

/// How one state grows.
#[derive(Debug)]
pub(crate) struct Growth<'a> {
    memory: &'a Memory,
    /// What it took when it was last looked at, and the rows it has taken in since then.
    known: usize,
    row_count: usize,
}

/// A row adds about that many bytes to a state at most. To ask a state how many it takes is not free.
const ROW_BYTES: usize = 512;

impl<'a> Growth<'a> {
    pub(crate) fn new(memory: &'a Memory, partial: &Partial) -> Self {
        let known = if memory.limit.is_some() { partial.byte_len() } else { 0 };
        Self { memory, known, row_count: 0 }
    }

    /// The state has taken in so many rows.
    pub(crate) fn take(&mut self, partial: &Partial, row_count: usize) -> Result<(), ScanError> {
        self.row_count += row_count;
        if self.row_count.saturating_mul(ROW_BYTES) < self.known {
            return Ok(());
        }
        self.end(partial)
    }

    /// Looks at the state, whatever it has taken in.
    pub(crate) fn end(&mut self, partial: &Partial) -> Result<(), ScanError> {
        let Some(limit) = self.memory.limit else { return Ok(()) };
        let after = partial.byte_len();
        let grown = bytes(after.saturating_sub(self.known));
        self.memory.row_count.fetch_add(bytes(self.row_count), Ordering::Relaxed);
        (self.known, self.row_count) = (after.max(self.known), 0);
        let found = self.memory.found.fetch_add(grown, Ordering::Relaxed).saturating_add(grown);
        if found > limit { Err(ScanError::OutOfMemory { found, limit }) } else { Ok(()) }
    }
}

/// A length as counters have it.
pub(crate) fn bytes(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
