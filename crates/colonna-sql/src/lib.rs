//! SQL text to a [`Query`].
//!
//! What enters is the text of one SELECT, perhaps after EXPLAIN; what leaves is a [`Statement`]: the
//! name of the table it asks and the [`Query`] over it. Names are not looked up here: the table is
//! opened, and columns are bound, by who asked.
//!
//! What holds: a text is either understood whole or refused by name; nothing in it is passed over.
//! No text can exhaust the stack, however deep it is nested.
//!
//! ```
//! let sql = "SELECT status, count(*) AS hits FROM requests GROUP BY 1 ORDER BY hits DESC LIMIT 3";
//! let statement = colonna_sql::parse(sql)?;
//! assert_eq!(statement.table, "requests");
//! assert_eq!(statement.query.group_by, [colonna_schema::col("status")]);
//! assert_eq!(statement.query.limit, Some(3));
//! # Ok::<(), colonna_sql::SqlError>(())
//! ```

mod access;
mod aggregate;
mod call;
mod clauses;
mod dialect;
mod error;
mod expr;
mod limits;
mod literal;
mod names;
mod pattern;
mod refuse;
mod select;
mod statement;
mod time;
mod types;
mod walk;

use colonna_schema::Query;

pub use error::{Place, SqlError};

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// EXPLAIN: the plan is asked for, not the answer.
    pub explain: bool,
    /// EXPLAIN ANALYZE: the plan with what its execution counted.
    pub analyze: bool,
    /// The table in FROM, as it is written there; empty without FROM.
    pub table: String,
    /// The question.
    pub query: Query,
}

/// What a text may refer to beyond itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseOptions {
    /// The moment that `now()` stands for, in microseconds since 1970; without it such functions
    /// are refused, so that an answer never depends on a clock unasked.
    pub now_micros: Option<i64>,
}

impl ParseOptions {
    /// With the moment that `now()` stands for, in microseconds since 1970.
    #[must_use]
    pub fn with_now_micros(self, now_micros: i64) -> Self {
        Self { now_micros: Some(now_micros) }
    }
}

/// Reads one statement.
///
/// # Errors
///
/// Where the text is not SQL, or asks what colonna does not answer.
pub fn parse(sql: &str) -> Result<Statement, SqlError> {
    parse_with(sql, ParseOptions::default())
}

/// Reads one statement that may refer to the present.
///
/// # Errors
///
/// Where the text is not SQL, or asks what colonna does not answer.
pub fn parse_with(sql: &str, options: ParseOptions) -> Result<Statement, SqlError> {
    statement::read(sql, options)
}
