//! What can go wrong between a table's files and the columns of a query.

use std::io;
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
    /// What an answer must hold at once, which are rows or what is kept of one group, takes more
    /// memory than it may.
    #[error(
        "the answer must hold {found} bytes of rows or of one group in memory, and {limit} are allowed: allow more, or ask for fewer rows"
    )]
    OutOfMemory {
        /// The bytes it takes so far.
        found: u64,
        /// The bytes that are allowed.
        limit: u64,
    },
    /// What does not fit into memory cannot be kept in a temporary file.
    #[error("cannot keep rows in a temporary file in {}", folder.display())]
    TemporaryFile {
        /// Where the file is.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Rows cannot be written to a temporary file, or read from it.
    #[error("cannot keep rows in a temporary file")]
    TemporaryRows {
        /// Why not.
        #[source]
        source: PageError,
    },
    /// A folder cannot be listed.
    #[error("cannot list {}", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
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
