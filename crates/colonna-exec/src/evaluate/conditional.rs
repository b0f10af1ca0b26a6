//! CASE, COALESCE, GREATEST and LEAST: values picked row by row.

use std::borrow::Cow;

use colonna_column::{Bitmap, Column, concat};
use colonna_schema::{BinaryOperator, DataType, Function, Scalar};

use super::compare::compare;
use super::frame::{Frame, Site};
use super::logic::Truth;
use super::memo::Entries;
use super::values;
use crate::{BoundExpr, BoundKind, ExecError};

/// Values that were computed for some of the rows each.
struct Pieces {
    columns: Vec<Column>,
    /// The rows of all columns, in their order.
    rows: Vec<u32>,
}

impl Pieces {
    fn new() -> Self {
        Self { columns: Vec::new(), rows: Vec::new() }
    }

    fn push(&mut self, column: Column, rows: &[u32]) {
        self.columns.push(column);
        self.rows.extend_from_slice(rows);
    }

    /// One column in the order of the rows, which all must be there once.
    fn assembled(self, data_type: &DataType) -> Column {
        let joined = concat(data_type, &self.columns);
        if self.rows.is_sorted() {
            return joined;
        }
        let mut position = vec![0_u32; self.rows.len()];
        for (index, &row) in (0_u32..).zip(&self.rows) {
            if let Some(place) = position.get_mut(row as usize) {
                *place = index;
            }
        }
        joined.gather(&position)
    }
}

/// The values of an expression for some rows of the frame.
fn values_for(expr: &BoundExpr, rows: &[u32], frame: &Frame<'_>) -> Result<Column, ExecError> {
    if rows.len() == frame.row_count() {
        return Ok(values(expr, frame)?.into_owned());
    }
    let narrowed = frame.narrowed(expr, rows);
    Ok(values(expr, &narrowed)?.into_owned())
}

/// Each branch is asked only of the rows that no branch before it took.
pub(super) fn case(
    expr: &BoundExpr,
    branches: &[(BoundExpr, BoundExpr)],
    otherwise: Option<&BoundExpr>,
    frame: &Frame<'_>,
) -> Result<Column, ExecError> {
    if let Some(column) = case_of_literals(expr, branches, otherwise, frame)? {
        return Ok(column);
    }
    let mut open = Bitmap::filled(true, frame.row_count());
    let mut open_rows = open.positions();
    let mut pieces = Pieces::new();
    for (condition, value) in branches {
        if open_rows.is_empty() {
            break;
        }
        let taken = taken(condition, &open_rows, frame)?;
        if taken.is_empty() {
            continue;
        }
        pieces.push(values_for(value, &taken, frame)?, &taken);
        for &row in &taken {
            open.set(row as usize, false);
        }
        open_rows = open.positions();
    }
    if !open_rows.is_empty() || pieces.columns.is_empty() {
        let rest = match otherwise {
            Some(otherwise) => values_for(otherwise, &open_rows, frame)?,
            None => Column::nulls(expr.data_type.clone(), open_rows.len()),
        };
        pieces.push(rest, &open_rows);
    }
    Ok(pieces.assembled(&expr.data_type))
}

/// A CASE whose values are literals and whose conditions cannot fail: all conditions are asked of
/// all rows, and each row says only which of the few values it has.
fn case_of_literals(
    expr: &BoundExpr,
    branches: &[(BoundExpr, BoundExpr)],
    otherwise: Option<&BoundExpr>,
    frame: &Frame<'_>,
) -> Result<Option<Column>, ExecError> {
    let null = Scalar::Null;
    let literal = |value: &BoundExpr| match &value.kind {
        BoundKind::Literal(value) => Some(value.clone()),
        _ => None,
    };
    let otherwise = otherwise.map_or(Some(null), literal);
    let values = branches.iter().map(|(_, value)| literal(value)).chain([otherwise]);
    let Some(values) = values.collect::<Option<Vec<Scalar>>>() else { return Ok(None) };
    if branches.iter().any(|(condition, _)| condition.may_fail()) {
        return Ok(None);
    }
    let column = Column::from_scalars(&expr.data_type, &values)?;
    let mut numbers = vec![u32::try_from(branches.len()).unwrap_or(u32::MAX); frame.row_count()];
    for (number, (condition, _)) in branches.iter().enumerate().rev() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let is_true = Truth::of(self::values(condition, frame)?.as_ref()).is_true;
        for (numbers, word) in numbers.chunks_mut(64).zip(is_true.words()) {
            for (bit, place) in numbers.iter_mut().enumerate() {
                *place = if word >> bit & 1 == 1 { number } else { *place };
            }
        }
    }
    Entries::of(&column).spread(&numbers, None).map(Some)
}

/// Those of the rows for which the condition is true.
fn taken(condition: &BoundExpr, rows: &[u32], frame: &Frame<'_>) -> Result<Vec<u32>, ExecError> {
    let truth = Truth::of(&values_for(condition, rows, frame)?).is_true;
    Ok(truth.ones().filter_map(|index| rows.get(index).copied()).collect())
}

/// Each argument is asked only of the rows for which all before it are null.
pub(super) fn coalesce(
    expr: &BoundExpr,
    arguments: &[BoundExpr],
    frame: &Frame<'_>,
) -> Result<Column, ExecError> {
    let mut open_rows = Bitmap::filled(true, frame.row_count()).positions();
    let mut pieces = Pieces::new();
    for argument in arguments {
        let column = values_for(argument, &open_rows, frame)?;
        if column.null_count() == 0 {
            pieces.push(column, &open_rows);
            open_rows.clear();
            break;
        }
        let valid = column.valid_bits();
        let (found, missing) = (valid.positions(), valid.not().positions());
        let row_of = |index: &u32| open_rows.get(*index as usize).copied();
        pieces.push(column.gather(&found), &found.iter().filter_map(row_of).collect::<Vec<_>>());
        open_rows = missing.iter().filter_map(row_of).collect();
    }
    if !open_rows.is_empty() {
        pieces.push(Column::nulls(expr.data_type.clone(), open_rows.len()), &open_rows);
    }
    Ok(pieces.assembled(&expr.data_type))
}

/// The greatest or least of the operands that are not null.
pub(super) fn extreme(
    site: &Site<'_>,
    function: Function,
    operands: &[&Column],
) -> Result<Column, ExecError> {
    let better =
        if function == Function::Greatest { BinaryOperator::Greater } else { BinaryOperator::Less };
    let Some((first, rest)) = operands.split_first() else {
        return Ok(Column::nulls(site.expr.data_type.clone(), 0));
    };
    let mut best: Cow<'_, Column> = Cow::Borrowed(first);
    for operand in rest {
        let wins = Truth::of(&compare(better, operand, &best)?).is_true;
        let alone = best.valid_bits().not();
        let replaced = wins.or(&alone.and(&operand.valid_bits()));
        let len = best.len();
        let positions = (0..len)
            .map(|row| u32::try_from(if replaced.get(row) { len + row } else { row }))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_too_many| site.overflow())?;
        let both = [best.into_owned(), (*operand).clone()];
        best = Cow::Owned(concat(&site.expr.data_type, &both).gather(&positions));
    }
    Ok(best.into_owned())
}
