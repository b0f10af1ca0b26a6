//! What can go wrong with columns.

use colonna_schema::DataType;
use thiserror::Error;

/// A column cannot be built or converted as asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// A value of one type was given to a column of another.
    #[error("a column of {expected} cannot hold a value of {found}")]
    TypeMismatch {
        /// The column's type.
        expected: DataType,
        /// The value's type.
        found: DataType,
    },
    /// Parts of one column, or columns of one batch, differ in length.
    #[error("the parts of a column differ in length: {expected} against {found}")]
    LengthMismatch {
        /// The length of the first part.
        expected: usize,
        /// The length of the part that differs.
        found: usize,
    },
    /// An Arrow type has no counterpart.
    #[error("column {name:?} has the Arrow type {data_type}, which cannot be read")]
    UnsupportedArrowType {
        /// The column's name.
        name: String,
        /// Its Arrow type.
        data_type: String,
    },
    /// Arrow refused the parts it was given.
    #[error("arrow refused a column")]
    Arrow {
        /// Why.
        #[from]
        source: arrow::error::ArrowError,
    },
}
