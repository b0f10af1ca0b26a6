//! Columns in, answers out: expressions, groups, aggregates and orders, all in memory.
//!
//! What enters: [`colonna_schema::Expr`]essions with the schema they are asked of, and
//! [`colonna_column::Columns`] as a scan hands them over. What leaves: new columns, and the rows
//! for which a predicate is true.
//!
//! What holds: an answer depends on the values of the columns alone, never on their form (flat,
//! codes, constant), on how the rows were cut into batches, or on the number of threads. This crate
//! knows columns, not files.
//!
//! ```
//! use std::sync::Arc;
//!
//! use colonna_column::{Column, Columns};
//! use colonna_exec::{Slots, bind, select};
//! use colonna_schema::{DataType, Field, Schema, col};
//!
//! let schema = Arc::new(Schema::new(vec![Field::new("status", DataType::Int64)]));
//! let mut slots = Slots::new(schema);
//! let predicate = bind(&col("Status").at_least(500), &mut slots).unwrap();
//! let columns =
//!     Columns::from_named(vec![("status".into(), Column::from_i64(vec![200, 503, 404]))]).unwrap();
//! assert_eq!(select(&predicate, &columns).unwrap().ones().collect::<Vec<_>>(), [1]);
//! ```

mod accumulator;
mod aggregate;
mod bind;
mod decimal;
mod divided;
mod error;
mod evaluate;
mod group_keys;
mod order;
mod plan;
mod resolve;
mod settle;
mod sort;
mod spared;
mod top_k;

pub use bind::{BoundExpr, BoundKind, Slots, bind};
pub use divided::Divided;
pub use error::ExecError;
pub use evaluate::{evaluate, select};
pub use order::{OrderHint, OrderKey};
pub use plan::{Partial, Plan};
pub use sort::sort_rows;
pub use spared::Spared;
