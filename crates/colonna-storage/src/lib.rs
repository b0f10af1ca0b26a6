//! Columns into a committed table, and a committed table's files out again.
//!
//! What enters: sorted columns with the partition they belong to. What leaves: data files under a
//! partition's folder, a commit that makes them visible, and a [`Snapshot`] that names them.
//!
//! What holds: a commit is the only moment at which anything becomes visible. Files are durable
//! before the log names them; the log's entry is durable before it has its name; the name is given
//! to one writer only.
//!
//! ```
//! use colonna_column::{Column, Columns};
//! use colonna_page::WriteOptions;
//! use colonna_storage::{Change, PartitionSpec, Snapshot, commit, encode};
//! # let folder = tempfile::tempdir().unwrap();
//! # let folder = folder.path().join("events");
//!
//! let rows = Columns::from_named(vec![("n".to_owned(), Column::from_i64(vec![1, 2, 3]))]).unwrap();
//! let spec = PartitionSpec::None;
//! let table =
//!     Snapshot::create_partitioned(&folder, rows.schema(), &spec, &Default::default()).unwrap();
//! let mut change = Change { identity: Some(("doc".to_owned(), 1)), ..Change::default() };
//! for (key, members) in spec.split(&rows).unwrap() {
//!     let rows = spec.without_partition_columns(rows.gather(&members)).unwrap();
//!     change.adds.push(encode(&table, &key, &rows, &WriteOptions::default()).unwrap());
//! }
//! let version = commit(&table, &change).unwrap().version();
//! assert_eq!(Snapshot::open(&folder, Some(version)).unwrap().files().unwrap().len(), 1);
//! ```

mod commit;
mod encode;
mod folder;
mod partition;
mod partition_key;
mod snapshot;
mod syncs;

mod durable;
mod error;
mod log;

#[cfg(test)]
mod tests;

pub use commit::{Change, Committed, Replaced, commit};
pub use encode::{Encoder, encode};
pub use error::{Cause, StorageError};
pub use folder::TableFolder;
pub use log::{
    CommitOutcome, DataFile, DeletionVector, NewColumn, Operation, Snapshot, Transaction,
};
pub use partition::{Granularity, PartitionSpec};
pub use partition_key::PartitionKey;
pub use syncs::Syncs;
