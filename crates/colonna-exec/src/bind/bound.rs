//! What binding makes of an expression.

use colonna_schema::{BinaryOperator, ColumnPath, DataType, Expr, Function, Scalar, UnaryOperator};

/// An expression over the columns of some [`Slots`](crate::Slots), and the type of its value.
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

impl BoundExpr {
    /// A value of that type.
    pub(crate) fn literal(value: Scalar, data_type: DataType) -> Self {
        Self { kind: BoundKind::Literal(value), data_type }
    }

    /// A condition.
    pub(crate) fn boolean(kind: BoundKind) -> Self {
        Self { kind, data_type: DataType::Boolean }
    }

    /// The value, where it is a literal.
    pub fn as_literal(&self) -> Option<&Scalar> {
        match &self.kind {
            BoundKind::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The expressions it is made of, in the order in which they are written.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            BoundKind::Slot(_) | BoundKind::Literal(_) => Vec::new(),
            BoundKind::Unary { operand, .. }
            | BoundKind::IsNull { operand, .. }
            | BoundKind::Cast { operand, .. }
            | BoundKind::Field { operand, .. } => vec![operand],
            BoundKind::Binary { left, right, .. } => vec![left, right],
            BoundKind::Like { operand, pattern, .. } => vec![operand, pattern],
            BoundKind::InList { operand, list, .. } => {
                std::iter::once(&**operand).chain(list).collect()
            }
            BoundKind::Case { branches, otherwise } => branches
                .iter()
                .flat_map(|(when, then)| [when, then])
                .chain(otherwise.as_deref())
                .collect(),
            BoundKind::Call { arguments, .. } => arguments.iter().collect(),
        }
    }

    /// Whether it reads a column.
    pub fn reads_slots(&self) -> bool {
        matches!(self.kind, BoundKind::Slot(_))
            || self.children().into_iter().any(Self::reads_slots)
    }

    /// Calls `visit` with every slot it reads.
    pub fn visit_slots(&self, visit: &mut impl FnMut(usize)) {
        if let BoundKind::Slot(slot) = self.kind {
            visit(slot);
        }
        self.children().into_iter().for_each(|child| child.visit_slots(visit));
    }

    /// Whether some value of its columns makes it an error, rather than a value or null.
    pub(crate) fn may_fail(&self) -> bool {
        self.fails_itself() || self.children().into_iter().any(Self::may_fail)
    }

    /// As [`Self::may_fail`], where its operands do not.
    pub(crate) fn fails_itself(&self) -> bool {
        match &self.kind {
            BoundKind::Slot(_)
            | BoundKind::Literal(_)
            | BoundKind::IsNull { .. }
            | BoundKind::InList { .. }
            | BoundKind::Like { .. }
            | BoundKind::Case { .. }
            | BoundKind::Field { .. } => false,
            BoundKind::Unary { operator, .. } => {
                *operator == UnaryOperator::Negate && self.data_type != DataType::Float64
            }
            BoundKind::Binary { operator, .. } => {
                !operator.is_comparison()
                    && !matches!(
                        operator,
                        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Concat
                    )
                    && self.data_type != DataType::Float64
            }
            BoundKind::Cast { operand, or_null } => {
                !or_null
                    && self.data_type != DataType::Utf8
                    && !(self.data_type == DataType::Float64 && operand.data_type.is_numeric())
            }
            // Of the rest, few can fail and none is worth an exception.
            BoundKind::Call { function, .. } => !matches!(
                function,
                Function::Coalesce
                    | Function::Greatest
                    | Function::Least
                    | Function::Lower
                    | Function::Upper
                    | Function::Length
                    | Function::OctetLength
                    | Function::StartsWith
                    | Function::EndsWith
                    | Function::Contains
                    | Function::Position
                    | Function::ElementAt
                    | Function::ListContains
            ),
        }
    }

    /// The expression as it could have been written, for messages; `name_of` names the slots.
    pub(crate) fn to_expr(&self, name_of: &dyn Fn(usize) -> String) -> Expr {
        let one = |expr: &Self| Box::new(expr.to_expr(name_of));
        let all = |exprs: &[Self]| exprs.iter().map(|expr| expr.to_expr(name_of)).collect();
        match &self.kind {
            BoundKind::Slot(slot) => Expr::Column(ColumnPath(vec![name_of(*slot)])),
            BoundKind::Literal(value) => Expr::Literal(value.clone()),
            BoundKind::Unary { operator, operand } => {
                Expr::Unary { operator: *operator, operand: one(operand) }
            }
            BoundKind::Binary { operator, left, right } => {
                Expr::Binary { operator: *operator, left: one(left), right: one(right) }
            }
            BoundKind::IsNull { operand, negated } => {
                Expr::IsNull { operand: one(operand), negated: *negated }
            }
            BoundKind::InList { operand, list, negated } => {
                Expr::InList { operand: one(operand), list: all(list), negated: *negated }
            }
            BoundKind::Like { operand, pattern, escape, case_insensitive, negated } => Expr::Like {
                operand: one(operand),
                pattern: one(pattern),
                escape: *escape,
                case_insensitive: *case_insensitive,
                negated: *negated,
            },
            BoundKind::Case { branches, otherwise } => Expr::Case {
                operand: None,
                branches: branches
                    .iter()
                    .map(|(when, then)| (when.to_expr(name_of), then.to_expr(name_of)))
                    .collect(),
                otherwise: otherwise.as_deref().map(one),
            },
            BoundKind::Cast { operand, or_null } => Expr::Cast {
                operand: one(operand),
                data_type: self.data_type.clone(),
                or_null: *or_null,
            },
            BoundKind::Call { function, arguments } => {
                Expr::Call { function: *function, arguments: all(arguments) }
            }
            BoundKind::Field { operand, name } => {
                Expr::Field { operand: one(operand), name: name.clone() }
            }
        }
    }
}
