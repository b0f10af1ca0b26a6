//! What can go wrong, from any door.

use colonna_column::ColumnError;
use colonna_exec::ExecError;
use colonna_ingest::IngestError;
use colonna_scan::ScanError;
use colonna_schema::ScalarError;
use colonna_storage::StorageError;
use thiserror::Error;

/// A load or a query failed. Nothing of it is visible in the table, unless the error says that it
/// cannot be told.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The input cannot be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The table cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The data files cannot be scanned.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The query cannot be answered.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// Columns do not fit together.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A literal is none.
    #[error(transparent)]
    Scalar(#[from] ScalarError),
    /// The input has no field of the name that is to partition or sort it.
    #[error("the input has no field {field:?} to {purpose}; its fields are {known}")]
    NoSuchField {
        /// The field that was named.
        field: String,
        /// What it was named for.
        purpose: &'static str,
        /// The first fields there are.
        known: String,
    },
    /// The field that is to partition by time holds no times.
    #[error("field {field:?} is {found}, not a time: {advice}")]
    NotATime {
        /// The field.
        field: String,
        /// What it holds.
        found: String,
        /// What to do.
        advice: String,
    },
    /// The field to partition by is the only one, and files need one more.
    #[error("field {field:?} is the only one: a table cannot be partitioned by all it has")]
    NothingBesidePartition {
        /// The field.
        field: String,
    },
    /// A table is partitioned in another way than a load asks for.
    #[error(
        "the table is partitioned by {table}, not by {asked}: leave the option out, or load into another folder"
    )]
    OtherPartitioning {
        /// How the table is partitioned.
        table: String,
        /// How the load asks for it.
        asked: String,
    },
    /// More records were rejected than the budget allows.
    #[error(
        "{rejected} of {read} records were rejected, more than the {budget} allowed; the first: {first}"
    )]
    TooManyRejects {
        /// How many were rejected so far.
        rejected: u64,
        /// How many were read so far.
        read: u64,
        /// How many may be.
        budget: u64,
        /// Where and why.
        first: String,
    },
    /// No record of the input could be read.
    #[error(
        "none of the {rejected} records could be read, so nothing was written; the first: {first}"
    )]
    NothingReadable {
        /// How many there were.
        rejected: u64,
        /// Where and why.
        first: String,
    },
    /// The rows do not add up, which is an error in colonna; nothing was committed.
    #[error(
        "{read} records were read, but {written} written and {quarantined} quarantined: please report this"
    )]
    RowsLost {
        /// Records read.
        read: u64,
        /// Rows written.
        written: u64,
        /// Records quarantined.
        quarantined: u64,
    },
    /// The input changed between two passes over it.
    #[error("{path} changed while it was read: load it again when it is complete")]
    InputChanged {
        /// The input.
        path: String,
    },
    /// A folder holds neither a table nor Parquet files.
    #[error("{path} holds neither a table nor Parquet files")]
    NothingToQuery {
        /// The folder.
        path: String,
    },
    /// A thread failed, which is an error in colonna.
    #[error("{what} failed: {message}: please report this")]
    ThreadPanicked {
        /// What it did.
        what: &'static str,
        /// Its last words.
        message: String,
    },
    /// The threads cannot be started.
    #[error("cannot start {threads} threads")]
    NoThreads {
        /// How many.
        threads: usize,
        /// Why not.
        #[source]
        source: rayon::ThreadPoolBuildError,
    },
    /// A schema file is none.
    #[error("{path} is no schema file: `colonna schema --write` makes one")]
    SchemaFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A file beside the table cannot be read or written.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}
