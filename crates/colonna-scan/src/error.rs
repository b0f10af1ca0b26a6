//! What can go wrong between a table's files and the columns of a query.

use std::path::PathBuf;

use colonna_column::ColumnError;
use colonna_exec::ExecError;
use colonna_page::PageError;
use colonna_schema::DataType;
use colonna_storage::StorageError;
use thiserror::Error;

/// The files of a table cannot be scanned.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// A data file cannot be read.
    #[error("cannot read {}", path.display())]
    Page {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: PageError,
    },
    /// A data file has another number of rows than the log says.
    #[error("{} has {found} rows, but the log says {expected}", path.display())]
    RowCount {
        /// The file.
        path: PathBuf,
        /// What the log says.
        expected: u64,
        /// What the file has.
        found: u64,
    },
    /// A column of a file has a type that cannot stand for that of the table.
    #[error("column {column:?} of {} is {found}, which cannot be read as {expected}", path.display())]
    TypeMismatch {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The table's type.
        expected: DataType,
        /// The file's type.
        found: DataType,
    },
    /// The state of an answer takes more memory than it may.
    #[error(
        "the answer takes {found} bytes of memory, and {limit} are allowed: allow more, or ask for fewer groups or rows"
    )]
    OutOfMemory {
        /// The bytes it takes so far.
        found: u64,
        /// The bytes that are allowed.
        limit: u64,
    },
    /// A folder cannot be listed.
    #[error("cannot list {}", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Rows cannot be computed on.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// Columns do not fit together.
    #[error(transparent)]
    Column(#[from] ColumnError),
}
