//! The value of an expression for one row, or for one group.

use std::cmp::Ordering;

use colonna_schema::{BinaryOperator, DataType, Expr, Scalar, UnaryOperator};

use super::types::{Scope, case_values, read, type_of, unified};
use super::{Outcome, arithmetic, call, cast, names, not_covered, text};

/// What an expression is evaluated over.
pub(super) struct Row<'a> {
    pub(super) scope: &'a Scope<'a>,
    /// The columns of the row; none for a group.
    pub(super) values: &'a [Scalar],
    /// The values of what the scope knows.
    pub(super) known: &'a [Scalar],
}

/// The value of an expression whose types have been checked.
pub(super) fn value_of(expr: &Expr, row: &Row<'_>) -> Outcome<Scalar> {
    if let Some(value) = row.scope.position(expr).and_then(|index| row.known.get(index)) {
        return Ok(value.clone());
    }
    match expr {
        Expr::Column(path) => Ok(names::resolve(row.scope.schema, path)?.value(row.values)),
        Expr::Literal(value) => Ok(value.clone()),
        Expr::Unary { operator: UnaryOperator::Not, operand } => {
            Ok(truth_of(operand, row)?.map(|truth| !truth).into())
        }
        Expr::Unary { operator: UnaryOperator::Negate, operand } => {
            arithmetic::negated(&value_of(operand, row)?)
        }
        Expr::Binary { operator, left, right } => binary(*operator, left, right, row),
        Expr::IsNull { operand, negated } => {
            Ok((value_of(operand, row)?.is_null() != *negated).into())
        }
        Expr::InList { operand, list, negated } => {
            Ok(is_in(operand, list, row)?.map(|found| found != *negated).into())
        }
        Expr::Like { operand, pattern, escape, case_insensitive, negated } => {
            match (value_of(operand, row)?, value_of(pattern, row)?) {
                (Scalar::Utf8(value), Scalar::Utf8(pattern)) => {
                    let found = text::is_like(&value, &pattern, *escape, *case_insensitive)?;
                    Ok((found != *negated).into())
                }
                _ => Ok(Scalar::Null),
            }
        }
        Expr::Case { operand, branches, otherwise } => {
            case(operand.as_deref(), branches, otherwise.as_deref(), row)
        }
        Expr::Cast { operand, data_type, or_null } => {
            match cast::cast(&value_of(operand, row)?, data_type) {
                Err(super::OracleError::Fails { .. }) if *or_null => Ok(Scalar::Null),
                outcome => outcome,
            }
        }
        Expr::Call { function, arguments } => call::value_of(*function, arguments, row),
        Expr::Field { operand, name } => match value_of(operand, row)? {
            Scalar::Struct(fields) => Ok(fields
                .into_iter()
                .find(|(field, _)| field == name)
                .map_or(Scalar::Null, |(_, value)| value)),
            _ => Ok(Scalar::Null),
        },
        Expr::Aggregate(_) => not_covered("an aggregate that was not computed"),
    }
}

/// True, false, or neither.
pub(super) fn truth_of(expr: &Expr, row: &Row<'_>) -> Outcome<Option<bool>> {
    match value_of(expr, row)? {
        Scalar::Boolean(truth) => Ok(Some(truth)),
        Scalar::Null => Ok(None),
        other => not_covered(format!("{other} as a condition")),
    }
}

fn binary(operator: BinaryOperator, left: &Expr, right: &Expr, row: &Row<'_>) -> Outcome<Scalar> {
    match operator {
        BinaryOperator::And | BinaryOperator::Or => {
            // The value that decides alone: false for AND, true for OR.
            let decisive = operator == BinaryOperator::Or;
            let left = truth_of(left, row)?;
            if left == Some(decisive) {
                return Ok(decisive.into());
            }
            Ok(match (left, truth_of(right, row)?) {
                (_, Some(right)) if right == decisive => decisive.into(),
                (Some(_), Some(_)) => (!decisive).into(),
                _ => Scalar::Null,
            })
        }
        BinaryOperator::Concat => {
            let (left, right) = (value_of(left, row)?, value_of(right, row)?);
            match (cast::cast(&left, &DataType::Utf8)?, cast::cast(&right, &DataType::Utf8)?) {
                (Scalar::Utf8(left), Scalar::Utf8(right)) => Ok((left + &right).into()),
                _ => Ok(Scalar::Null),
            }
        }
        operator if operator.is_comparison() => {
            let (left, right) = pair(left, right, row)?;
            Ok(compared(operator, &left, &right).into())
        }
        operator => arithmetic::computed(operator, &value_of(left, row)?, &value_of(right, row)?),
    }
}

/// Both sides of a comparison, a text literal read as what it stands beside.
pub(super) fn pair(left: &Expr, right: &Expr, row: &Row<'_>) -> Outcome<(Scalar, Scalar)> {
    let (left_type, right_type) = (type_of(left, row.scope)?, type_of(right, row.scope)?);
    let left_value = match left {
        Expr::Literal(Scalar::Utf8(text)) => read(text, &right_type)?,
        _ => value_of(left, row)?,
    };
    let right_value = match right {
        Expr::Literal(Scalar::Utf8(text)) => read(text, &left_type)?,
        _ => value_of(right, row)?,
    };
    Ok((left_value, right_value))
}

fn compared(operator: BinaryOperator, left: &Scalar, right: &Scalar) -> Option<bool> {
    let order = left.total_cmp(right);
    match operator {
        BinaryOperator::IsNotDistinctFrom => return Some(order == Ordering::Equal),
        BinaryOperator::IsDistinctFrom => return Some(order != Ordering::Equal),
        _ if left.is_null() || right.is_null() => return None,
        _ => {}
    }
    Some(match operator {
        BinaryOperator::Equal => order == Ordering::Equal,
        BinaryOperator::NotEqual => order != Ordering::Equal,
        BinaryOperator::Less => order == Ordering::Less,
        BinaryOperator::LessOrEqual => order != Ordering::Greater,
        BinaryOperator::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

fn is_in(operand: &Expr, list: &[Expr], row: &Row<'_>) -> Outcome<Option<bool>> {
    let mut answer = Some(false);
    for item in list {
        let (left, right) = pair(operand, item, row)?;
        match compared(BinaryOperator::Equal, &left, &right) {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => answer = None,
        }
    }
    Ok(answer)
}

fn case(
    operand: Option<&Expr>,
    branches: &[(Expr, Expr)],
    otherwise: Option<&Expr>,
    row: &Row<'_>,
) -> Outcome<Scalar> {
    let common = unified(&case_values(branches, otherwise), row.scope)?;
    for (when, then) in branches {
        let taken = match operand {
            Some(operand) => {
                let (operand, when) = pair(operand, when, row)?;
                compared(BinaryOperator::Equal, &operand, &when)
            }
            None => truth_of(when, row)?,
        };
        if taken == Some(true) {
            return value_as(then, &common, row);
        }
    }
    otherwise.map_or(Ok(Scalar::Null), |otherwise| value_as(otherwise, &common, row))
}

/// The value of one of several expressions that share a type.
pub(super) fn value_as(expr: &Expr, data_type: &DataType, row: &Row<'_>) -> Outcome<Scalar> {
    match expr {
        Expr::Literal(Scalar::Utf8(text)) => read(text, data_type),
        _ => cast::widened(&value_of(expr, row)?, data_type),
    }
}
