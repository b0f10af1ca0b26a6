//! Expressions with their names resolved, their types checked and their coercions written out.

mod slots;

use colonna_schema::{BinaryOperator, DataType, Expr, Function, Scalar, UnaryOperator};

pub use slots::Slots;

use crate::ExecError;

/// An expression over the columns of some [`Slots`], and the type of its value.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundExpr {
    /// What is computed.
    pub kind: BoundKind,
    /// The type of the value.
    pub data_type: DataType,
}

/// What a [`BoundExpr`] computes.
#[derive(Clone, Debug, PartialEq)]
pub enum BoundKind {
    /// The value of the column at that position of the slots.
    Slot(usize),
    /// A value.
    Literal(Scalar),
    /// `NOT x` or `-x`.
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what.
        operand: Box<BoundExpr>,
    },
    /// An operator with two operands. A comparison of a slot with a literal has the slot on the
    /// left, and the literal is of the slot's type or compares exactly with it
    /// ([`Scalar::total_cmp`]).
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// The left operand.
        left: Box<BoundExpr>,
        /// The right operand.
        right: Box<BoundExpr>,
    },
    /// `x IS [NOT] NULL`.
    IsNull {
        /// Of what.
        operand: Box<BoundExpr>,
        /// IS NOT NULL.
        negated: bool,
    },
    /// `x [NOT] IN (..)`. Literals of the list are as in a comparison.
    InList {
        /// What is looked for.
        operand: Box<BoundExpr>,
        /// Where.
        list: Vec<BoundExpr>,
        /// NOT IN.
        negated: bool,
    },
    /// `x [NOT] LIKE pattern`.
    Like {
        /// The text.
        operand: Box<BoundExpr>,
        /// The pattern.
        pattern: Box<BoundExpr>,
        /// What takes the next character literally.
        escape: Option<char>,
        /// ILIKE.
        case_insensitive: bool,
        /// NOT LIKE.
        negated: bool,
    },
    /// `CASE WHEN condition THEN value .. ELSE value END`; an operand has become equalities.
    Case {
        /// Conditions and values.
        branches: Vec<(BoundExpr, BoundExpr)>,
        /// ELSE; null without it.
        otherwise: Option<Box<BoundExpr>>,
    },
    /// A cast to the type of this expression.
    Cast {
        /// What is cast.
        operand: Box<BoundExpr>,
        /// What does not fit is null, not an error.
        or_null: bool,
    },
    /// A function of the row.
    Call {
        /// Which.
        function: Function,
        /// Of what.
        arguments: Vec<BoundExpr>,
    },
    /// A field of a struct that is itself computed.
    Field {
        /// The struct.
        operand: Box<BoundExpr>,
        /// The field's name, exactly.
        name: String,
    },
}

/// Binds an expression to the schema of the slots, and adds the columns it reads to them.
///
/// # Errors
///
/// Where a name is unknown or ambiguous, types do not go together, or an aggregate stands in it.
pub fn bind(expr: &Expr, slots: &mut Slots) -> Result<BoundExpr, ExecError> {
    match expr {
        Expr::Column(path) => slots.resolve(&path.0),
        Expr::Literal(value) => {
            Ok(BoundExpr { kind: BoundKind::Literal(value.clone()), data_type: value.data_type() })
        }
        other => Err(ExecError::MisplacedAggregate { aggregate: other.to_string() }),
    }
}
