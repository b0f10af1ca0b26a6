//! What the tests of colonna stand on; no other crate depends on it outside its tests.
//!
//! What enters: a query and rows, or a wish for any table and any query. What leaves: the answer of
//! [`oracle`], the slow and obvious executor that every fast one must match; tables, predicates and
//! queries from [`generate`]; a [`Sandbox`] to write files in; and [`assert_same_rows`].
//!
//! What holds: the oracle shares no code with the executor, so that one cannot hide the faults of
//! the other. What it does not know it says, as [`OracleError::NotCovered`], and a test skips it.
//!
//! ```
//! use colonna_column::{Column, Columns};
//! use colonna_schema::{Query, Scalar, col, sum};
//! use colonna_testkit::oracle;
//!
//! let rows = Columns::from_named(vec![("n".into(), Column::from_i64(vec![1, 2, 3]))]).unwrap();
//! let query = Query {
//!     projection: vec![sum("n").into()],
//!     filter: Some(col("n").greater_than(1)),
//!     ..Query::default()
//! };
//! assert_eq!(oracle::answer(&query, &rows).unwrap().rows, [[Scalar::Int64(5)]]);
//! ```

mod compare;
pub mod generate;
pub mod oracle;
mod sandbox;

pub use compare::{assert_same_rows, same_value};
pub use oracle::{Answer, OracleError};
pub use sandbox::{Sandbox, forget_nan};
