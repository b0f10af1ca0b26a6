//! The slow, obvious executor: one row after the other, one value after the other.
//!
//! It follows the words of `colonna_schema` and nothing else. Where they leave a case open it
//! declines ([`OracleError::NotCovered`]) instead of guessing.

mod aggregate;
mod arithmetic;
mod call;
mod cast;
mod evaluate;
mod json;
mod names;
mod query;
mod text;
mod time;
mod types;
mod walk;

#[cfg(test)]
mod tests;

use colonna_column::Columns;
use colonna_schema::{Query, Scalar, Schema};
use thiserror::Error;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OracleError {
    /// The oracle does not know this; the executor may.
    #[error("the oracle does not cover {what}")]
    NotCovered {
        /// What it does not know.
        what: String,
    },
    /// The question has no answer; the executor must fail too.
    #[error("the question fails: {why}")]
    Fails {
        /// What went wrong.
        why: String,
    },
}

type Outcome<T> = Result<T, OracleError>;

fn not_covered<T>(what: impl Into<String>) -> Outcome<T> {
    Err(OracleError::NotCovered { what: what.into() })
}

fn fails<T>(why: impl Into<String>) -> Outcome<T> {
    Err(OracleError::Fails { why: why.into() })
}

/// Rows under a schema. Decimals of the schema may have other digits than those of the executor.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Names and types of the result columns.
    pub schema: Schema,
    /// The rows.
    pub rows: Vec<Vec<Scalar>>,
}

impl Answer {
    /// The names of the result columns.
    pub fn names(&self) -> Vec<&str> {
        self.schema.fields.iter().map(|field| field.name.as_str()).collect()
    }
}

/// What the query answers over these rows.
///
/// # Errors
///
/// Where the question fails, as by an overflow, and where the oracle does not know it.
pub fn answer(query: &Query, rows: &Columns) -> Result<Answer, OracleError> {
    let input = Answer {
        schema: (**rows.schema()).clone(),
        rows: (0..rows.row_count()).map(|row| rows.row(row)).collect(),
    };
    query::answer(query, &input)
}
