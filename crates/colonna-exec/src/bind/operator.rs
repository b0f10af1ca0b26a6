//! Operators, casts and lists: which types they take and what they give.

use colonna_schema::{BinaryOperator, DataType, Expr, UnaryOperator};

use super::coerce::{self, comparable, digits, incompatible, literal_beside, unify, widened};
use super::{BoundExpr, BoundKind};
use crate::ExecError;
use crate::decimal::MAX_PRECISION;

/// `NOT x`, `-x`.
pub(super) fn unary(
    operator: UnaryOperator,
    operand: BoundExpr,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let operand = match operator {
        UnaryOperator::Not => condition(operand, expr)?,
        UnaryOperator::Negate => number(operand, expr)?,
    };
    let data_type = operand.data_type.clone();
    Ok(BoundExpr { kind: BoundKind::Unary { operator, operand: Box::new(operand) }, data_type })
}

/// An operator with two operands.
pub(super) fn binary(
    operator: BinaryOperator,
    left: BoundExpr,
    right: BoundExpr,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    match operator {
        BinaryOperator::And | BinaryOperator::Or => {
            let (left, right) = (condition(left, expr)?, condition(right, expr)?);
            Ok(joined(operator, left, right, DataType::Boolean))
        }
        BinaryOperator::Concat => {
            let (left, right) = (as_text(left), as_text(right));
            Ok(joined(operator, left, right, DataType::Utf8))
        }
        operator if operator.is_comparison() => comparison(operator, left, right, expr),
        BinaryOperator::Divide => {
            let (left, right) = (double(left, expr)?, double(right, expr)?);
            Ok(joined(operator, left, right, DataType::Float64))
        }
        _ => arithmetic(operator, left, right, expr),
    }
}

fn joined(
    operator: BinaryOperator,
    left: BoundExpr,
    right: BoundExpr,
    data_type: DataType,
) -> BoundExpr {
    let (left, right) = (Box::new(left), Box::new(right));
    BoundExpr { kind: BoundKind::Binary { operator, left, right }, data_type }
}

/// `left = right`
pub(super) fn equal(
    left: BoundExpr,
    right: BoundExpr,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    comparison(BinaryOperator::Equal, left, right, expr)
}

/// A comparison, with a literal on the right where there is one.
fn comparison(
    operator: BinaryOperator,
    left: BoundExpr,
    right: BoundExpr,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let (left, right) = comparable(left, right, expr)?;
    let turned = left.as_literal().is_some() && right.as_literal().is_none();
    let bound = if turned {
        joined(mirrored(operator), right, left, DataType::Boolean)
    } else {
        joined(operator, left, right, DataType::Boolean)
    };
    Ok(super::fold(bound))
}

/// The operator that says the same with its operands exchanged.
fn mirrored(operator: BinaryOperator) -> BinaryOperator {
    match operator {
        BinaryOperator::Less => BinaryOperator::Greater,
        BinaryOperator::LessOrEqual => BinaryOperator::GreaterOrEqual,
        BinaryOperator::Greater => BinaryOperator::Less,
        BinaryOperator::GreaterOrEqual => BinaryOperator::LessOrEqual,
        other => other,
    }
}

/// `x IN (..)`
pub(super) fn in_list(
    operand: BoundExpr,
    list: Vec<BoundExpr>,
    negated: bool,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let mut operand = operand;
    let mut items = Vec::with_capacity(list.len());
    for item in list {
        let (adapted, item) = comparable(operand, item, expr)?;
        operand = adapted;
        items.push(item);
    }
    let kind = BoundKind::InList { operand: Box::new(operand), list: items, negated };
    Ok(BoundExpr::boolean(kind))
}

/// `CAST(x AS type)`
pub(super) fn cast(
    operand: BoundExpr,
    data_type: &DataType,
    or_null: bool,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    if let DataType::Decimal { precision, scale } = data_type
        && (*precision > MAX_PRECISION || scale > precision || *precision == 0)
    {
        return Err(ExecError::InvalidArgument {
            expression: expr.to_string(),
            argument: "the type",
            value: data_type.to_string(),
            expected: "a decimal of 1 to 38 digits, no more of them behind the point",
        });
    }
    if operand.data_type == *data_type {
        return Ok(operand);
    }
    if !castable(&operand.data_type, data_type) {
        return Err(incompatible(expr, &operand.data_type, data_type));
    }
    let kind = BoundKind::Cast { operand: Box::new(operand), or_null };
    Ok(BoundExpr { kind, data_type: data_type.clone() })
}

/// Whether a cast between the types exists. Numbers are no times: there, `to_timestamp`, `epoch_ms`
/// and `epoch` say what is counted.
fn castable(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (DataType::Null, _) | (_, DataType::Utf8) => true,
        (DataType::Utf8, to) => !to.is_nested() && *to != DataType::Null,
        (DataType::Boolean, to) => to.is_numeric(),
        (from, DataType::Boolean) => from.is_numeric(),
        (DataType::List(from), DataType::List(to)) => castable(from, to),
        (DataType::Map(from_key, from), DataType::Map(to_key, to)) => {
            castable(from_key, to_key) && castable(from, to)
        }
        (DataType::Struct(from), DataType::Struct(to)) => to.iter().all(|wanted| {
            from.iter()
                .find(|given| given.name == wanted.name)
                .is_none_or(|given| castable(&given.data_type, &wanted.data_type))
        }),
        (from, to) => {
            (from.is_numeric() && to.is_numeric()) || (from.is_temporal() && to.is_temporal())
        }
    }
}

/// A condition: a boolean, or null.
pub(super) fn condition(operand: BoundExpr, expr: &Expr) -> Result<BoundExpr, ExecError> {
    let operand = if operand.as_literal().is_some() {
        literal_beside(operand, &DataType::Boolean, expr)?
    } else {
        operand
    };
    match operand.data_type {
        DataType::Boolean => Ok(operand),
        DataType::Null => Ok(coerce::cast(operand, &DataType::Boolean)),
        found => {
            let expression = expr.to_string();
            Err(ExecError::WrongType { expression, expected: "a condition", found })
        }
    }
}

/// A number; null counts as an integer.
pub(super) fn number(operand: BoundExpr, expr: &Expr) -> Result<BoundExpr, ExecError> {
    match &operand.data_type {
        DataType::Null => Ok(coerce::cast(operand, &DataType::Int64)),
        kind if kind.is_numeric() => Ok(operand),
        found => {
            let (expression, found) = (expr.to_string(), found.clone());
            Err(ExecError::WrongType { expression, expected: "a number", found })
        }
    }
}

/// A number as a double.
pub(super) fn double(operand: BoundExpr, expr: &Expr) -> Result<BoundExpr, ExecError> {
    Ok(coerce::cast(number(operand, expr)?, &DataType::Float64))
}

/// Anything as text.
pub(super) fn as_text(operand: BoundExpr) -> BoundExpr {
    coerce::cast(operand, &DataType::Utf8)
}

/// `+`, `-`, `*`, `//` and `%`.
fn arithmetic(
    operator: BinaryOperator,
    left: BoundExpr,
    right: BoundExpr,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    if left.data_type.is_temporal() || right.data_type.is_temporal() {
        return day_arithmetic(operator, left, right, expr);
    }
    let (left, right) = (number(left, expr)?, number(right, expr)?);
    // 0.5 beside a decimal is a decimal: nothing of a price is rounded because of it.
    let (left, right) = match (&left.data_type, &right.data_type) {
        (DataType::Decimal { .. }, DataType::Float64) if right.as_literal().is_some() => {
            let right = literal_beside(right, &left.data_type, expr)?;
            (left, right)
        }
        (DataType::Float64, DataType::Decimal { .. }) if left.as_literal().is_some() => {
            (literal_beside(left, &right.data_type, expr)?, right)
        }
        _ => (left, right),
    };
    match (&left.data_type, &right.data_type) {
        (DataType::Int64, DataType::Int64) => Ok(joined(operator, left, right, DataType::Int64)),
        (DataType::Float64, _) | (_, DataType::Float64) => {
            let (left, right) = (double(left, expr)?, double(right, expr)?);
            Ok(joined(operator, left, right, DataType::Float64))
        }
        _ => decimal_arithmetic(operator, left, right, expr),
    }
}

/// Exact: sums, differences and rests at the larger scale, products at the sum of the scales.
fn decimal_arithmetic(
    operator: BinaryOperator,
    left: BoundExpr,
    right: BoundExpr,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let (left_whole, left_scale) = digits(&left.data_type);
    let (right_whole, right_scale) = digits(&right.data_type);
    let (whole, scale) = match operator {
        BinaryOperator::Multiply => (left_whole + right_whole, left_scale + right_scale),
        BinaryOperator::IntegerDivide => (left_whole + right_scale, 0),
        BinaryOperator::Modulo => (left_whole.max(right_whole), left_scale.max(right_scale)),
        _ => (left_whole.max(right_whole) + 1, left_scale.max(right_scale)),
    };
    let precision = whole.saturating_add(scale).clamp(1, MAX_PRECISION);
    let data_type = DataType::Decimal { precision, scale };
    if scale > MAX_PRECISION {
        return Err(ExecError::Overflow { expression: expr.to_string(), data_type });
    }
    let exact = |operand: BoundExpr| match operand.data_type {
        DataType::Int64 => coerce::cast(
            operand,
            &DataType::Decimal { precision: digits(&DataType::Int64).0, scale: 0 },
        ),
        _ => operand,
    };
    Ok(joined(operator, exact(left), exact(right), data_type))
}

/// A day and a number of days, or the days between two.
fn day_arithmetic(
    operator: BinaryOperator,
    left: BoundExpr,
    right: BoundExpr,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let (left, right) = match (left.data_type.is_temporal(), right.data_type.is_temporal()) {
        (true, true) => unify_pair(left, right, expr)?,
        (true, false) => {
            let right = days_or_day(right, &left.data_type, expr)?;
            (left, right)
        }
        (false, _) => (days_or_day(left, &right.data_type, expr)?, right),
    };
    let data_type = match (operator, &left.data_type, &right.data_type) {
        (BinaryOperator::Add | BinaryOperator::Subtract, DataType::Date, DataType::Int64)
        | (BinaryOperator::Add, DataType::Int64, DataType::Date) => DataType::Date,
        (BinaryOperator::Subtract, DataType::Date, DataType::Date) => DataType::Int64,
        (BinaryOperator::Subtract, DataType::Timestamp, DataType::Timestamp) => {
            return Err(ExecError::WrongType {
                expression: expr.to_string(),
                expected: "date_diff(unit, from, to) or a difference of epoch(time) or epoch_ms(time)",
                found: DataType::Timestamp,
            });
        }
        (_, left, right) => return Err(incompatible(expr, left, right)),
    };
    Ok(joined(operator, left, right, data_type))
}

fn unify_pair(
    left: BoundExpr,
    right: BoundExpr,
    expr: &Expr,
) -> Result<(BoundExpr, BoundExpr), ExecError> {
    let (_, common) = unify(vec![left.clone(), right.clone()], expr)?;
    Ok((widened(left, &common, expr)?, widened(right, &common, expr)?))
}

/// A text literal beside a time is a time; the rest are days.
fn days_or_day(
    operand: BoundExpr,
    data_type: &DataType,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    match operand.data_type {
        DataType::Null => Ok(coerce::cast(operand, &DataType::Int64)),
        DataType::Utf8 => literal_beside(operand, data_type, expr),
        _ => Ok(operand),
    }
}
