//! The one form of a column between the doors of colonna.
//!
//! What enters: values as decoders read them, pages as they are decoded, Arrow batches at the
//! facade. What leaves: the same [`Column`]s, gathered, sliced and joined, or Arrow again.
//!
//! What holds: a [`Column`]'s parts agree in length, and a child of a struct is null wherever its
//! parent is, so that a nested field is read like any other column, without asking its parents.
//!
//! ```
//! use colonna_column::Column;
//! use colonna_schema::{DataType, Scalar};
//!
//! let column = Column::from_scalars(&DataType::Int64, &[7.into(), Scalar::Null, 9.into()]).unwrap();
//! assert_eq!(column.null_count(), 1);
//! assert_eq!(column.gather(&[2, 0]).scalar_at(0), Scalar::Int64(9));
//! ```

mod arrow;
mod bitmap;
mod builder;
mod column;
mod columns;
mod concat;
mod error;
mod forms;
mod gather;
mod interner;
mod numbers;
mod pick;
mod sparse;
mod strings;

pub use arrow::{arrow_schema, from_arrow, schema_from_arrow, to_arrow};
pub use bitmap::Bitmap;
pub use builder::ColumnBuilder;
pub use column::{Column, Values};
pub use columns::Columns;
pub use concat::concat;
pub use error::ColumnError;
pub use interner::Interner;
pub use numbers::Numbers;
pub use pick::{Pick, Picks, pick};
pub use strings::Strings;
