//! Any table, any predicate, any query: what the laws of the tests are tried on.
//!
//! All tables have one schema ([`table_schema`]), so that any predicate and any query suits any
//! table. Values are chosen from few and awkward ones: the ends of the integers, NaN and both
//! zeros, moments before 1970, empty texts, nulls everywhere.

mod expr;
mod query;
mod table;

pub use expr::{any_predicate, booleans, numbers, texts, times};
pub use query::{Question, any_query};
pub use table::{Form, any_batches, any_table, in_form, table_schema};
