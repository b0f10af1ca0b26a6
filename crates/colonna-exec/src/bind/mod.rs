//! Expressions with their names resolved, their types checked and their coercions written out.

mod bound;
mod call;
mod coerce;
mod operator;
mod slots;

use std::sync::Arc;

use colonna_column::Columns;
use colonna_schema::{BinaryOperator, ColumnPath, DataType, Expr, Function, Scalar, Schema};

pub use bound::{BoundExpr, BoundKind};
pub(crate) use coerce::exact_integer;
pub use slots::Slots;

use crate::ExecError;
use crate::evaluate::evaluate;

/// How deep an expression may be nested. Deeper ones could exhaust the stack.
const MAX_DEPTH: usize = 200;

/// Binds an expression to the schema of the slots, and adds the columns it reads to them.
///
/// What does not depend on a column is worked out here, once; where that fails it is left to fail
/// for the rows that ask for it.
///
/// # Errors
///
/// Where a name is unknown or ambiguous, types do not go together, or an aggregate stands in it.
pub fn bind(expr: &Expr, slots: &mut Slots) -> Result<BoundExpr, ExecError> {
    Binder { slots, depth: 0 }.bind(expr)
}

struct Binder<'a> {
    slots: &'a mut Slots,
    depth: usize,
}

impl Binder<'_> {
    fn bind(&mut self, expr: &Expr) -> Result<BoundExpr, ExecError> {
        if self.depth >= MAX_DEPTH {
            return Err(ExecError::TooDeep { limit: MAX_DEPTH });
        }
        self.depth += 1;
        let bound = self.bound(expr)?;
        self.depth -= 1;
        Ok(fold(bound))
    }

    fn bound(&mut self, expr: &Expr) -> Result<BoundExpr, ExecError> {
        match expr {
            Expr::Column(path) => self.slots.resolve(&path.0),
            Expr::Literal(value) => Ok(BoundExpr::literal(value.clone(), value.data_type())),
            Expr::Unary { operator, operand } => {
                let operand = self.bind(operand)?;
                operator::unary(*operator, operand, expr)
            }
            Expr::Binary { operator: BinaryOperator::And | BinaryOperator::Or, .. } => {
                self.chain(expr)
            }
            Expr::Binary { operator, left, right } => {
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                operator::binary(*operator, left, right, expr)
            }
            Expr::IsNull { operand, negated } => {
                let operand = Box::new(self.bind(operand)?);
                Ok(BoundExpr::boolean(BoundKind::IsNull { operand, negated: *negated }))
            }
            Expr::InList { operand, list, negated } => {
                let operand = self.bind(operand)?;
                let list = self.bind_all(list)?;
                operator::in_list(operand, list, *negated, expr)
            }
            Expr::Like { .. } => self.like(expr),
            Expr::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref(), expr)
            }
            Expr::Cast { operand, data_type, or_null } => {
                let operand = self.bind(operand)?;
                operator::cast(operand, data_type, *or_null, expr)
            }
            Expr::Call { function: Function::ElementAt, arguments } => {
                self.element(arguments, expr)
            }
            Expr::Call { function, arguments } => {
                let arguments = self.bind_all(arguments)?;
                call::call(*function, arguments, expr)
            }
            Expr::Field { operand, name } => self.field(operand, name, expr),
            Expr::Aggregate(aggregate) => {
                Err(ExecError::MisplacedAggregate { aggregate: aggregate.to_string() })
            }
        }
    }

    fn bind_all(&mut self, exprs: &[Expr]) -> Result<Vec<BoundExpr>, ExecError> {
        exprs.iter().map(|expr| self.bind(expr)).collect()
    }

    /// A chain of ANDs or ORs, however long, becomes a tree that is no deeper than it must be.
    fn chain(&mut self, expr: &Expr) -> Result<BoundExpr, ExecError> {
        let Expr::Binary { operator, .. } = expr else { return self.bound(expr) };
        let mut links = Vec::new();
        let mut rest = expr;
        while let Expr::Binary { operator: next, left, right } = rest
            && next == operator
        {
            links.push(&**right);
            rest = left;
        }
        links.push(rest);
        let mut links =
            links.into_iter().rev().map(|link| self.bind(link)).collect::<Result<Vec<_>, _>>()?;
        while links.len() > 1 {
            let mut pairs = Vec::with_capacity(links.len().div_ceil(2));
            let mut pending = links.into_iter();
            while let Some(left) = pending.next() {
                pairs.push(match pending.next() {
                    Some(right) => fold(operator::binary(*operator, left, right, expr)?),
                    None => left,
                });
            }
            links = pairs;
        }
        links.pop().ok_or(ExecError::TooDeep { limit: MAX_DEPTH })
    }

    fn like(&mut self, expr: &Expr) -> Result<BoundExpr, ExecError> {
        let Expr::Like { operand, pattern, escape, case_insensitive, negated } = expr else {
            return self.bound(expr);
        };
        let operand = call::text(self.bind(operand)?, expr)?;
        let pattern = call::text(self.bind(pattern)?, expr)?;
        Ok(BoundExpr::boolean(BoundKind::Like {
            operand: Box::new(operand),
            pattern: Box::new(pattern),
            escape: *escape,
            case_insensitive: *case_insensitive,
            negated: *negated,
        }))
    }

    /// A CASE with an operand becomes one with conditions.
    fn case(
        &mut self,
        operand: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        expr: &Expr,
    ) -> Result<BoundExpr, ExecError> {
        let operand = operand.map(|operand| self.bind(operand)).transpose()?;
        let mut conditions = Vec::with_capacity(branches.len());
        let mut values = Vec::with_capacity(branches.len() + 1);
        for (when, then) in branches {
            let when = self.bind(when)?;
            conditions.push(match &operand {
                Some(operand) => operator::equal(operand.clone(), when, expr)?,
                None => operator::condition(when, expr)?,
            });
            values.push(self.bind(then)?);
        }
        values.extend(otherwise.map(|otherwise| self.bind(otherwise)).transpose()?);
        let (mut values, data_type) = coerce::unify(values, expr)?;
        let otherwise = otherwise.and_then(|_| values.pop()).map(Box::new);
        let branches = conditions.into_iter().zip(values).collect();
        Ok(BoundExpr { kind: BoundKind::Case { branches, otherwise }, data_type })
    }

    /// `struct['field']` is the field; the rest is for lists and maps.
    fn element(&mut self, arguments: &[Expr], expr: &Expr) -> Result<BoundExpr, ExecError> {
        if let [operand, Expr::Literal(Scalar::Utf8(name))] = arguments {
            // The struct itself must not become a slot: all its fields would be read.
            let mut trial = self.slots.clone();
            let bound = Binder { slots: &mut trial, depth: self.depth }.bind(operand)?;
            if matches!(bound.data_type, DataType::Struct(_)) {
                return self.field(operand, name, expr);
            }
        }
        let arguments = self.bind_all(arguments)?;
        call::call(Function::ElementAt, arguments, expr)
    }

    /// A field of a column is a column of its own; of another expression it is taken out.
    fn field(&mut self, operand: &Expr, name: &str, expr: &Expr) -> Result<BoundExpr, ExecError> {
        if let Some(path) = path_of(operand, name) {
            return self.slots.resolve(&path.0);
        }
        let operand = self.bind(operand)?;
        let fields = match &operand.data_type {
            DataType::Struct(fields) => fields,
            DataType::Map(key, _) if **key == DataType::Utf8 => {
                let key = BoundExpr::literal(name.into(), DataType::Utf8);
                return call::call(Function::ElementAt, vec![operand, key], expr);
            }
            other => {
                let (expression, found) = (expr.to_string(), other.clone());
                return Err(ExecError::WrongType { expression, expected: "a struct", found });
            }
        };
        let field = slots::field_of(fields, name)?;
        let (name, data_type) = (field.name.clone(), field.data_type.clone());
        Ok(BoundExpr { kind: BoundKind::Field { operand: Box::new(operand), name }, data_type })
    }
}

/// The path of a field of a column.
fn path_of(operand: &Expr, name: &str) -> Option<ColumnPath> {
    let mut path = match operand {
        Expr::Column(path) => path.clone(),
        Expr::Field { operand, name } => path_of(operand, name)?,
        _ => return None,
    };
    path.0.push(name.to_owned());
    Some(path)
}

/// Works out what depends on no column.
fn fold(bound: BoundExpr) -> BoundExpr {
    let children = bound.children();
    let constant = match bound.kind {
        BoundKind::Slot(_) | BoundKind::Literal(_) => false,
        _ => children.iter().all(|child| child.as_literal().is_some()),
    };
    if !constant {
        return bound;
    }
    let one_row = Columns::try_new(Arc::new(Schema::default()), Vec::new(), 1);
    let value = match one_row {
        Ok(columns) => evaluate(&bound, &columns).ok().map(|column| column.scalar_at(0)),
        Err(_) => None,
    };
    match value {
        Some(value) => BoundExpr::literal(value, bound.data_type),
        None => bound,
    }
}

#[cfg(test)]
mod tests;
