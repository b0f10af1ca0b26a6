//! What can go wrong between columns and a committed table.

use std::io;
use std::path::PathBuf;

use colonna_column::ColumnError;
use colonna_page::PageError;
use colonna_schema::DataType;
use thiserror::Error;

/// A cause that another library reports.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A table cannot be read, written or committed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The operating system refused a file or a folder.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// An earlier write could not be made durable, so that nothing written since can be trusted.
    #[error("{} could not be made durable earlier: check the disk and open the table again", path.display())]
    Poisoned {
        /// What was not written.
        path: PathBuf,
    },
    /// There is no table.
    #[error("{} holds no Delta table: there is no _delta_log with a commit in it", path.display())]
    NotATable {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A table is to be created where one is.
    #[error("{} holds a table already", path.display())]
    TableExists {
        /// Where.
        path: PathBuf,
    },
    /// A version is asked for that the log does not hold, or no longer.
    #[error("{} has no version {version}", path.display())]
    NoSuchVersion {
        /// The table.
        path: PathBuf,
        /// The version asked for.
        version: u64,
    },
    /// The log refused a step.
    #[error("cannot {action} the log of {}", path.display())]
    Log {
        /// What was tried.
        action: &'static str,
        /// The table.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// A column's type has no counterpart.
    #[error("column {column:?} has the type {data_type}, which cannot be read")]
    UnsupportedType {
        /// The column, with the names of structs before it.
        column: String,
        /// Its type, as the table spells it.
        data_type: String,
    },
    /// A table needs something that is not supported.
    #[error("{} uses {feature}, which is not supported", path.display())]
    UnsupportedTable {
        /// The table.
        path: PathBuf,
        /// What it uses.
        feature: &'static str,
    },
    /// A path in the log leads out of the table.
    #[error("the log of {} names {found:?}, which does not lie inside the table", table.display())]
    PathOutsideTable {
        /// The table.
        table: PathBuf,
        /// The path, as the log writes it.
        found: String,
    },
    /// A text in the log is no value of its partition column.
    #[error("the log of {} gives {text:?} for the partition column {column:?}", table.display())]
    BadPartitionValue {
        /// The table.
        table: PathBuf,
        /// The column.
        column: String,
        /// What stands there.
        text: String,
        /// Why it is none.
        #[source]
        source: Cause,
    },
    /// A value cannot stand for a partition.
    #[error(
        "{value:?} cannot stand for a partition of {column:?}: partition by another column, or replace the value"
    )]
    NoPartitionFor {
        /// The partition column.
        column: String,
        /// The value.
        value: String,
    },
    /// A column to partition by is not there, or of a type that cannot be partitioned by.
    #[error("cannot partition by {column:?}, which is {found}")]
    NotAPartitionColumn {
        /// The column.
        column: String,
        /// What it is.
        found: String,
    },
    /// A table that another program made keeps a column in a way that is not written here.
    #[error("column {column:?} of {} is {found}: such a column is read, but not written", table.display())]
    NotWritable {
        /// The table.
        table: PathBuf,
        /// The column.
        column: String,
        /// How the table keeps it.
        found: String,
    },
    /// A column holds nothing but nulls, and a table needs a type.
    #[error("column {column:?} holds nothing but nulls: give it a type")]
    NoType {
        /// The column.
        column: String,
    },
    /// A column that is to be added is there with another type.
    #[error("column {column:?} is {found} in the table: it cannot be added as {wanted}")]
    ColumnExists {
        /// The column.
        column: String,
        /// Its type in the table.
        found: DataType,
        /// The type it was to have.
        wanted: DataType,
    },
    /// A file that is to be removed is not in the table.
    #[error("{file:?} is not in version {version} of the table")]
    NoSuchFile {
        /// The file.
        file: String,
        /// The version that was looked at.
        version: u64,
    },
    /// Somebody else changed what was to be replaced.
    #[error("version {winner} changed what was to be replaced: read the table again and repeat")]
    Conflict {
        /// The version that came first.
        winner: u64,
    },
    /// Every try to commit lost against another writer.
    #[error("lost {tries} races for a version of {}: try again when fewer writers are at it", path.display())]
    TooManyRaces {
        /// The table.
        path: PathBuf,
        /// How often it was tried.
        tries: u32,
    },
    /// Whether a commit landed cannot be told. Nothing was deleted.
    #[error(
        "cannot tell whether version {version} was committed: repeat with the same transaction"
    )]
    OutcomeUnknown {
        /// The version it would have become.
        version: u64,
        /// What stopped it.
        #[source]
        source: Cause,
    },
    /// Columns do not fit together.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A data file cannot be written.
    #[error("cannot write {}", path.display())]
    Page {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: PageError,
    },
}
