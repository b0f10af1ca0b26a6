//! What can go wrong between columns and Parquet pages.

use std::io;

use colonna_column::ColumnError;
use parquet::errors::ParquetError;
use thiserror::Error;

/// A Parquet file cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PageError {
    /// The operating system refused the file.
    #[error("cannot open the file")]
    Open {
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The Parquet library refused a step.
    #[error("cannot {action}")]
    Parquet {
        /// What was tried.
        action: &'static str,
        /// Why not.
        #[source]
        source: ParquetError,
    },
    /// The file contradicts itself in a way that its format does not allow.
    #[error("cannot {action}: the file is malformed: {detail}")]
    Malformed {
        /// What was tried.
        action: &'static str,
        /// Where it contradicts itself.
        detail: String,
    },
    /// Columns do not fit together, or have a type without a counterpart.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A row group is asked for that the file does not have.
    #[error("the file has {count} row groups: there is no number {row_group}")]
    NoSuchRowGroup {
        /// Which was asked for, from 0.
        row_group: usize,
        /// How many there are.
        count: usize,
    },
    /// Rows are asked for that the row group does not have, or not in ascending order.
    #[error(
        "row group {row_group} has {row_count} rows: {start}..{end} is no range of them after the one before"
    )]
    NoSuchRows {
        /// The row group.
        row_group: usize,
        /// How many rows it has.
        row_count: u64,
        /// Where the range starts.
        start: u64,
        /// Where it ends.
        end: u64,
    },
    /// A column to sort by is not a leaf of the columns written.
    #[error("the rows are said to be sorted by {column:?}, which is no leaf column of theirs")]
    NoSuchSortColumn {
        /// The column.
        column: String,
    },
    /// Rows have other columns than the file.
    #[error("the rows to be written have other columns than the file")]
    OtherSchema,
    /// A value, a page or a row group is larger than Parquet can say.
    #[error("a value or a page of {byte_len} bytes is longer than Parquet allows")]
    TooLong {
        /// How many bytes it takes.
        byte_len: usize,
    },
    /// A list has more elements in one row group than 32 bits count.
    #[error("{column:?} has too many elements for one row group")]
    TooManyElements {
        /// The column.
        column: String,
    },
    /// A value does not fit the type of its column.
    #[error("{value} does not fit the type of its column")]
    OutOfRange {
        /// The value, without its decimal point.
        value: i128,
    },
    /// zstd failed.
    #[error("cannot compress a page")]
    Compress {
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The compression level is none of zstd's.
    #[error("zstd has no level {level}: take one from 1 to 22")]
    NoSuchLevel {
        /// The level asked for.
        level: i32,
    },
}

pub(crate) fn parquet_error(action: &'static str) -> impl Fn(ParquetError) -> PageError {
    move |source| PageError::Parquet { action, source }
}
