//! A question, as the builder and SQL ask it, before it is bound to a table.

use crate::{Expr, Scalar};

/// One entry of a SELECT list.
#[derive(Clone, Debug, PartialEq)]
pub enum Projection {
    /// `*`: all columns but these.
    All {
        /// The names of the columns left out.
        except: Vec<String>,
    },
    /// An expression and the name of its result; without a name, [`Expr::default_name`].
    Expr {
        /// What is computed.
        expr: Expr,
        /// `AS name`
        name: Option<String>,
    },
}

impl<T: Into<Expr>> From<T> for Projection {
    fn from(expr: T) -> Self {
        Self::Expr { expr: expr.into(), name: None }
    }
}

/// One key of an ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// What rows are ordered by. A plain column may name a result column.
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST; without the words nulls come last, in either direction.
    pub nulls_first: bool,
}

/// One SELECT over one input.
///
/// It is evaluated in SQL's order: `filter`, `group_by` and aggregates, `having`, `projection`,
/// `distinct`, `order_by`, `offset`, `limit`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// A query whose result is the input; without it, the table.
    pub from: Option<Box<Query>>,
    /// What is answered. Empty means all columns, or, with `group_by`, its keys.
    pub projection: Vec<Projection>,
    /// WHERE: rows for which it is true are kept; false and null are not.
    pub filter: Option<Expr>,
    /// GROUP BY. Null is a group of its own.
    pub group_by: Vec<Expr>,
    /// HAVING: groups for which it is true are kept.
    pub having: Option<Expr>,
    /// SELECT DISTINCT.
    pub distinct: bool,
    /// ORDER BY. An integer literal counts result columns from one.
    pub order_by: Vec<SortKey>,
    /// How many rows at most.
    pub limit: Option<u64>,
    /// How many rows are passed over first.
    pub offset: u64,
}

impl SortKey {
    /// Ascending, nulls last.
    pub fn ascending(expr: impl Into<Expr>) -> Self {
        Self { expr: expr.into(), descending: false, nulls_first: false }
    }

    /// Descending, nulls last.
    pub fn descending(expr: impl Into<Expr>) -> Self {
        Self { expr: expr.into(), descending: true, nulls_first: false }
    }

    /// The result column that an integer literal counts, from one.
    pub fn position(&self) -> Option<i64> {
        match &self.expr {
            Expr::Literal(Scalar::Int64(position)) => Some(*position),
            _ => None,
        }
    }
}
