//! The words that every other crate of colonna speaks, without any I/O.
//!
//! What enters is nothing but text and literals; what leaves are plain values: a [`Schema`] of
//! [`Field`]s, single [`Scalar`]s, [`Expr`]essions over columns, a [`Query`] made of them, and the
//! [`Statistics`] by which data is skipped.
//!
//! What holds: these types never touch a file, a thread or a clock, and two equal values mean the
//! same thing in every crate.
//!
//! ```
//! use colonna_schema::{DataType, Field, Schema, col};
//!
//! let schema = Schema::new(vec![
//!     Field::new("status", DataType::Int64),
//!     Field::new("user", DataType::Struct(vec![Field::new("country", DataType::Utf8)])),
//! ]);
//! assert_eq!(schema.type_of(&["user", "country"]), Some(&DataType::Utf8));
//! assert_eq!(col("status").eq(500).to_string(), "(status = 500)");
//! ```

mod expr;
mod query;
mod scalar;
mod schema;
mod statistics;

pub use expr::{
    AggregateExpr, AggregateFunction, BinaryOperator, ColumnPath, Expr, Function, UnaryOperator,
    approximate_count_distinct, avg, col, count, count_distinct, count_of, first, last, lit, max,
    mean, median, min, quantile, stddev, sum, timestamp, variance,
};
pub use query::{Projection, Query, SortKey};
pub use scalar::{Scalar, ScalarError, format_date, format_timestamp, parse_date, parse_timestamp};
pub use schema::{DataType, Field, Schema};
pub use statistics::{ColumnStatistics, Statistics};
