//! The values of expressions, column by column.
//!
//! One expression is one kernel call over whole columns. Before a kernel runs, [`lift`] looks at
//! the form of its operands: constants are computed once and codes once for each entry of their
//! dictionary, so that kernels meet flat columns and constants only. What a row does not take (the
//! right side of an AND that is false already, the other branches of a CASE) raises no error for
//! that row.

mod arithmetic;
mod calendar;
mod cast;
mod compare;
mod conditional;
mod frame;
mod in_list;
mod json;
mod lift;
mod logic;
mod memo;
mod nested;
mod number;
mod operand;
mod pattern;
mod text;
mod time;
mod time_format;

use std::borrow::Cow;

use colonna_column::{Bitmap, Column, Columns};
use colonna_schema::{BinaryOperator, DataType, Function, UnaryOperator};

pub(crate) use calendar::{TimeUnit, time_part};
pub(crate) use cast::parse_bool;
use frame::{Frame, Site};
pub(crate) use json::{PATHS, is_path};
pub(crate) use memo::Memo;

use crate::{BoundExpr, BoundKind, ExecError};

/// The values of an expression, one for each row. `columns` are those of its slots, in their order.
///
/// # Errors
///
/// Where a row has no value: an overflow, or a cast of what cannot be cast.
pub fn evaluate(expr: &BoundExpr, columns: &Columns) -> Result<Column, ExecError> {
    evaluate_with(expr, columns, &Memo::default())
}

/// As [`evaluate`], with what is remembered of earlier batches.
pub(crate) fn evaluate_with(
    expr: &BoundExpr,
    columns: &Columns,
    memo: &Memo,
) -> Result<Column, ExecError> {
    let frame = Frame::new(columns, memo);
    Ok(values(expr, &frame)?.into_owned())
}

/// The rows for which a predicate is true: neither false nor null.
///
/// # Errors
///
/// As [`evaluate`], and where the expression is no predicate.
pub fn select(predicate: &BoundExpr, columns: &Columns) -> Result<Bitmap, ExecError> {
    select_with(predicate, columns, &Memo::default())
}

/// As [`select`], with what is remembered of earlier batches.
pub(crate) fn select_with(
    predicate: &BoundExpr,
    columns: &Columns,
    memo: &Memo,
) -> Result<Bitmap, ExecError> {
    let frame = Frame::new(columns, memo);
    let column = values(predicate, &frame)?;
    if !matches!(column.data_type(), DataType::Boolean | DataType::Null) {
        return Err(ExecError::WrongType {
            expression: frame.site(predicate).expression(),
            expected: "a condition",
            found: column.data_type().clone(),
        });
    }
    Ok(logic::Truth::of(&column).is_true)
}

/// The values of an expression over the rows of a frame.
fn values<'f>(expr: &BoundExpr, frame: &'f Frame<'_>) -> Result<Cow<'f, Column>, ExecError> {
    let column = match &expr.kind {
        BoundKind::Slot(slot) => return frame.column(*slot).map(Cow::Borrowed),
        BoundKind::Literal(value) => {
            Column::constant(expr.data_type.clone(), value.clone(), frame.row_count())
        }
        BoundKind::Binary {
            operator: operator @ (BinaryOperator::And | BinaryOperator::Or),
            left,
            right,
        } => logic::connect(*operator, left, right, frame)?,
        BoundKind::Case { branches, otherwise } => {
            conditional::case(expr, branches, otherwise.as_deref(), frame)?
        }
        BoundKind::Call { function: Function::Coalesce, arguments } => {
            conditional::coalesce(expr, arguments, frame)?
        }
        _ => {
            let operands = expr
                .children()
                .into_iter()
                .map(|child| values(child, frame))
                .collect::<Result<Vec<_>, _>>()?;
            let operands: Vec<&Column> = operands.iter().map(AsRef::as_ref).collect();
            lift::lifted(&frame.site(expr), &operands)?
        }
    };
    Ok(Cow::Owned(column))
}

/// One kernel over flat columns and constants.
fn kernel(site: &Site<'_>, operands: &[&Column]) -> Result<Column, ExecError> {
    match (&site.expr.kind, operands) {
        (BoundKind::Unary { operator: UnaryOperator::Not, .. }, [operand]) => {
            Ok(logic::not(operand))
        }
        (BoundKind::Unary { operator: UnaryOperator::Negate, .. }, [operand]) => {
            arithmetic::negate(site, operand)
        }
        (BoundKind::Binary { operator, .. }, [left, right]) if operator.is_comparison() => {
            compare::compare(*operator, left, right)
        }
        (BoundKind::Binary { operator: BinaryOperator::Concat, .. }, operands) => {
            text::join_all(operands)
        }
        (BoundKind::Binary { operator, .. }, [left, right]) => {
            arithmetic::binary(site, *operator, left, right)
        }
        (BoundKind::IsNull { negated, .. }, [operand]) => Ok(logic::is_null(operand, *negated)),
        (BoundKind::InList { negated, .. }, [operand, list @ ..]) => {
            in_list::in_list(operand, list, *negated)
        }
        (BoundKind::Like { escape, case_insensitive, negated, .. }, [operand, pattern]) => {
            pattern::like(operand, pattern, *escape, *case_insensitive, *negated)
        }
        (BoundKind::Cast { or_null, .. }, [operand]) => cast::cast(site, operand, *or_null),
        (BoundKind::Field { name, .. }, [operand]) => Ok(operand
            .field(name)
            .unwrap_or_else(|| Column::nulls(site.expr.data_type.clone(), operand.len()))),
        (BoundKind::Call { function, .. }, operands) => call(site, *function, operands),
        _ => Err(ExecError::MissingSlot { slot: 0 }),
    }
}

/// A function over flat columns and constants.
fn call(site: &Site<'_>, function: Function, operands: &[&Column]) -> Result<Column, ExecError> {
    match function {
        Function::Greatest | Function::Least => conditional::extreme(site, function, operands),
        Function::Abs
        | Function::Ceil
        | Function::Floor
        | Function::Round
        | Function::Trunc
        | Function::Sign
        | Function::Sqrt
        | Function::Ln
        | Function::Log10
        | Function::Log2
        | Function::Exp
        | Function::Power => number::call(site, function, operands),
        Function::RegexpMatches | Function::RegexpExtract | Function::RegexpReplace => {
            pattern::call(site, function, operands)
        }
        Function::DateTrunc
        | Function::DateBin
        | Function::DatePart
        | Function::ToTimestamp
        | Function::EpochMilliseconds
        | Function::Epoch
        | Function::DateAdd
        | Function::DateDiff => time::call(site, function, operands),
        Function::FormatTime | Function::ParseTime | Function::TryParseTime => {
            time_format::call(site, function, operands)
        }
        Function::ElementAt
        | Function::ListContains
        | Function::ListJoin
        | Function::MapKeys
        | Function::MapValues => nested::call(site, function, operands),
        Function::Length if operands.iter().any(|operand| operand.data_type().is_nested()) => {
            nested::call(site, function, operands)
        }
        Function::JsonExtract | Function::JsonExtractText | Function::JsonValid => {
            json::call(site, function, operands)
        }
        _ => text::call(site, function, operands),
    }
}

#[cfg(test)]
mod tests;
