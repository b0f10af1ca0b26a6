//! The same queries asked of colonna and of DataFusion, over the same files.
//!
//! What enters is a seed. It makes a table, which colonna writes, and queries in the words of both
//! engines. What leaves is how many queries agreed, and what is needed to look into those that did
//! not.
//!
//! What holds: everything in which the engines are known to differ stands in [`differences`], with
//! its reason. What differs beyond it is a fault, of the one or of the other.

pub mod author;
pub mod check;
pub mod compare;
pub mod dice;
pub mod differences;
pub mod peer;
pub mod phrase;
pub mod question;
pub mod rows;
pub mod table;

use colonna_column::ColumnError;
use datafusion::error::DataFusionError;
use thiserror::Error;

/// Why a check could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// No folder for a table, or no runtime to ask DataFusion on.
    #[error("the system refuses a folder or a runtime")]
    Folder {
        /// What it says.
        source: std::io::Error,
    },
    /// The rows of a table do not fit its columns.
    #[error("the rows do not fit the columns")]
    Rows {
        /// Why.
        source: ColumnError,
    },
    /// The table cannot be written.
    #[error(transparent)]
    Storage(#[from] colonna_storage::StorageError),
    /// The table cannot be opened.
    #[error(transparent)]
    Colonna(#[from] colonna::Error),
    /// DataFusion cannot read the table.
    #[error("DataFusion cannot read the table")]
    DataFusion(#[from] DataFusionError),
}
