//! Why a text is no query that colonna answers, and where in it.

use std::fmt;

use sqlparser::ast::{Expr, Query, SetExpr, Spanned};
use sqlparser::tokenizer::{Location, Span};
use thiserror::Error;

/// A place in the SQL text. Both numbers count from one; zero where the place is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column within the line, in characters.
    pub column: u64,
}

impl Place {
    /// Where a small node of the syntax tree begins: a name, a join, a table.
    pub(crate) fn of(node: &impl Spanned) -> Self {
        node.span().into()
    }

    /// Where an expression begins. The parser's own spans are found by walking the whole tree, and
    /// recursively; this goes down its left side in a loop.
    pub(crate) fn start(mut expr: &Expr) -> Self {
        loop {
            expr = match expr {
                Expr::BinaryOp { left: next, .. }
                | Expr::AnyOp { left: next, .. }
                | Expr::AllOp { left: next, .. }
                | Expr::UnaryOp { expr: next, .. }
                | Expr::Cast { expr: next, .. }
                | Expr::InList { expr: next, .. }
                | Expr::InSubquery { expr: next, .. }
                | Expr::Between { expr: next, .. }
                | Expr::Like { expr: next, .. }
                | Expr::ILike { expr: next, .. }
                | Expr::SimilarTo { expr: next, .. }
                | Expr::RLike { expr: next, .. }
                | Expr::AtTimeZone { timestamp: next, .. }
                | Expr::Collate { expr: next, .. }
                | Expr::Extract { expr: next, .. }
                | Expr::Ceil { expr: next, .. }
                | Expr::Floor { expr: next, .. }
                | Expr::Position { expr: next, .. }
                | Expr::Substring { expr: next, .. }
                | Expr::Trim { expr: next, .. }
                | Expr::CompoundFieldAccess { root: next, .. }
                | Expr::JsonAccess { value: next, .. }
                | Expr::IsDistinctFrom(next, _)
                | Expr::IsNotDistinctFrom(next, _)
                | Expr::IsTrue(next)
                | Expr::IsNotTrue(next)
                | Expr::IsFalse(next)
                | Expr::IsNotFalse(next)
                | Expr::IsNull(next)
                | Expr::IsNotNull(next)
                | Expr::IsUnknown(next)
                | Expr::IsNotUnknown(next)
                | Expr::Nested(next) => next,
                Expr::Interval(interval) => &interval.value,
                Expr::Tuple(parts) => match parts.first() {
                    Some(first) => first,
                    None => return Self::default(),
                },
                Expr::Function(function) => return Self::of(&function.name),
                Expr::Case { case_token, .. } => return case_token.0.span.into(),
                Expr::Identifier(name) => return name.span.into(),
                Expr::CompoundIdentifier(names) => {
                    return names.first().map_or_else(Self::default, |name| name.span.into());
                }
                Expr::Value(value) => return value.span.into(),
                Expr::TypedString(typed) => return typed.value.span.into(),
                Expr::Subquery(query) | Expr::Exists { subquery: query, .. } => {
                    return Self::of_query(query);
                }
                _ => return Self::default(),
            }
        }
    }

    /// Where the first SELECT of a query begins.
    pub(crate) fn of_query(query: &Query) -> Self {
        match (&query.with, &*query.body) {
            (Some(with), _) => with.with_token.0.span.into(),
            (None, SetExpr::Select(select)) => select.select_token.0.span.into(),
            _ => Self::default(),
        }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        span.start.into()
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line, column: location.column }
    }
}

/// ` at line 1, column 8`, with the blank before it; nothing where the place is not known.
impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => Ok(()),
            line => write!(formatter, " at line {line}, column {}", self.column),
        }
    }
}

/// A text that is no query that colonna answers.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SqlError {
    /// It is not SQL.
    #[error("cannot read the SQL{at}: {message}")]
    Syntax {
        /// What the parser missed.
        message: String,
        /// Where.
        at: Place,
    },
    /// It is SQL, but not of the part that colonna answers.
    #[error("{what} is not supported{at}: {advice}")]
    Unsupported {
        /// What, as SQL names it.
        what: String,
        /// Where.
        at: Place,
        /// What to do instead.
        advice: &'static str,
    },
    /// There is no function of that name.
    #[error("there is no function {name:?}{at}: check its spelling, or compute it before loading")]
    UnknownFunction {
        /// The name as it was written.
        name: String,
        /// Where.
        at: Place,
    },
    /// A function was given what it does not take.
    #[error("{function} takes {wanted}{at}")]
    Arguments {
        /// The function.
        function: String,
        /// What it takes.
        wanted: &'static str,
        /// Where.
        at: Place,
    },
    /// A literal cannot be read.
    #[error("cannot read {text:?}{at}: write {wanted}")]
    Literal {
        /// The literal as it was written.
        text: String,
        /// What belongs there.
        wanted: &'static str,
        /// Where.
        at: Place,
    },
    /// An aggregate stands where rows are not grouped yet.
    #[error("the aggregate {aggregate} cannot stand in {clause}{at}: {advice}")]
    MisplacedAggregate {
        /// The aggregate.
        aggregate: String,
        /// The clause or aggregate it stands in.
        clause: &'static str,
        /// Where.
        at: Place,
        /// What to do instead.
        advice: &'static str,
    },
    /// A position in GROUP BY or ORDER BY that counts no entry of the SELECT list.
    #[error("{clause} {position} is out of range{at}: the SELECT list has {columns} entries")]
    Position {
        /// GROUP BY or ORDER BY.
        clause: &'static str,
        /// The position as it was written.
        position: String,
        /// How many entries there are.
        columns: usize,
        /// Where.
        at: Place,
    },
    /// The nesting of the statement leaves the limit.
    #[error("the statement is nested too deeply{at}: split it, or write long chains as IN lists")]
    TooDeep {
        /// Where.
        at: Place,
    },
    /// The statement is larger than the limit.
    #[error("the statement has {size} {unit}, more than {limit}: write long chains as IN lists")]
    TooLarge {
        /// How many it has.
        size: usize,
        /// Of what.
        unit: &'static str,
        /// How many it may have.
        limit: usize,
    },
    /// A long statement is read on a thread of its own, and there is none to be had.
    #[error("cannot start a thread to read the SQL on: free some, or shorten the statement")]
    Thread {
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// A text is to hold one statement.
    #[error("expected one statement, found {count}: send them one by one")]
    NotOneStatement {
        /// How many it holds.
        count: usize,
    },
}

impl SqlError {
    pub(crate) fn unsupported(what: impl Into<String>, at: Place, advice: &'static str) -> Self {
        Self::Unsupported { what: what.into(), at, advice }
    }

    pub(crate) fn arguments(function: &str, wanted: &'static str, at: Place) -> Self {
        Self::Arguments { function: function.to_owned(), wanted, at }
    }

    pub(crate) fn literal(text: impl Into<String>, wanted: &'static str, at: Place) -> Self {
        Self::Literal { text: text.into(), wanted, at }
    }
}
