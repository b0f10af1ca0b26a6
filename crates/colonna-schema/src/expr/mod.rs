//! Expressions over columns, as the builder and SQL write them, before names are resolved.

mod aggregate;
mod build;
mod display;
mod function;
mod operator;

pub use self::aggregate::{AggregateExpr, AggregateFunction};
pub use self::build::{
    approximate_count_distinct, avg, col, count, count_distinct, count_of, first, last, lit, max,
    mean, median, min, quantile, stddev, sum, timestamp, variance,
};
pub use self::function::Function;
pub use self::operator::{BinaryOperator, UnaryOperator};

use crate::{DataType, Scalar};

/// The name of a column, in the parts that dots separate.
///
/// Which part names a column and which a struct field is decided when the expression is bound to a
/// schema: a column of the whole dotted name (`id.orig_h`) wins over a field of a struct, and a
/// name that is spelled exactly so wins over one that differs in case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnPath(pub Vec<String>);

impl From<&str> for ColumnPath {
    fn from(text: &str) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }
}

/// An expression over the columns of one row, or over the aggregates of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// The value of a column or struct field.
    Column(ColumnPath),
    /// A value.
    Literal(Scalar),
    /// An operator with one operand.
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what.
        operand: Box<Expr>,
    },
    /// An operator with two operands.
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `x IS [NOT] NULL`, never null itself.
    IsNull {
        /// Of what.
        operand: Box<Expr>,
        /// IS NOT NULL.
        negated: bool,
    },
    /// `x [NOT] IN (..)`; null where nothing is equal and a null is among them.
    InList {
        /// What is looked for.
        operand: Box<Expr>,
        /// Where.
        list: Vec<Expr>,
        /// NOT IN.
        negated: bool,
    },
    /// `x [NOT] LIKE pattern`: `%` any text, `_` any code point, the escape character before either.
    Like {
        /// The text.
        operand: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// What takes the next character literally; none unless ESCAPE names one.
        escape: Option<char>,
        /// ILIKE.
        case_insensitive: bool,
        /// NOT LIKE.
        negated: bool,
    },
    /// `CASE [operand] WHEN .. THEN .. ELSE .. END`
    Case {
        /// What each branch is compared with; without it each branch is a condition.
        operand: Option<Box<Expr>>,
        /// WHEN and THEN.
        branches: Vec<(Expr, Expr)>,
        /// ELSE; null without it.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS type)`
    Cast {
        /// What is cast.
        operand: Box<Expr>,
        /// To what.
        data_type: DataType,
        /// TRY_CAST: what does not fit is null, not an error.
        or_null: bool,
    },
    /// A function of the row.
    Call {
        /// Which.
        function: Function,
        /// Of what.
        arguments: Vec<Expr>,
    },
    /// A field of a struct that is itself computed.
    Field {
        /// The struct.
        operand: Box<Expr>,
        /// The field's name.
        name: String,
    },
    /// An aggregate; only in the projection, HAVING and ORDER BY of a query.
    Aggregate(AggregateExpr),
}
