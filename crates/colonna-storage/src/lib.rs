//! Columns into a committed table, and a committed table's files out again.
//!
//! What enters: sorted columns with the partition they belong to. What leaves: data files under a
//! partition's folder, a commit that makes them visible, and a [`Snapshot`] that names them.
//!
//! What holds: a commit is the only moment at which anything becomes visible. Files are durable
//! before the log names them; the log's entry is durable before it has its name; the name is given
//! to one writer only.

mod commit;
mod encode;
mod partition;
mod snapshot;

mod durable;
mod error;
mod log;

#[cfg(test)]
mod tests;

pub use commit::{Change, Committed, Replaced, commit};
pub use encode::{Encoder, encode};
pub use error::{Cause, StorageError};
pub use log::{CommitOutcome, DataFile, DeletionVector, Operation, Snapshot, Transaction};
pub use partition::{Granularity, PartitionKey, PartitionSpec};
