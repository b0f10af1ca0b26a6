//! The Delta log: the only place that names `delta_kernel`.
//!
//! What enters: a folder, and data files to add or remove. What leaves: a [`Snapshot`] in our own
//! words, and the outcome of a commit. The kernel replays and writes the log; the files under it
//! are read and written here, synchronously, and durably in the order that makes a commit safe.

mod committer;
mod engine;
mod files;
mod partition_value;
mod path;
mod schema;
mod snapshot;
mod statistics;
mod transaction;

#[cfg(test)]
mod tests;

pub(crate) use files::modified_ms;
pub(crate) use path::on_disk;
pub use snapshot::{DataFile, DeletionVector, Snapshot};
pub use transaction::{CommitOutcome, NewColumn, Operation, Transaction};

use std::path::Path;

use delta_kernel::KernelError;

use crate::StorageError;

/// The kernel's error as a cause on one line, without the backtrace it may carry.
fn cause(error: KernelError) -> crate::error::Cause {
    match error {
        KernelError::Backtraced { source, .. } => cause(*source),
        other => Box::new(other),
    }
}

fn log_error(action: &'static str, table: &Path) -> impl Fn(KernelError) -> StorageError {
    move |error| StorageError::Log { action, path: table.to_owned(), source: cause(error) }
}
