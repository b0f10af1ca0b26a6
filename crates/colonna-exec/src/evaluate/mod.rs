//! The values of expressions, column by column.

use colonna_column::{Bitmap, Column, Columns, Values};
use colonna_schema::Scalar;

use crate::{BoundExpr, BoundKind, ExecError};

/// The values of an expression, one for each row. `columns` are those of its slots, in their order.
///
/// # Errors
///
/// Where a row has no value: an overflow, or a cast of what cannot be cast.
pub fn evaluate(expr: &BoundExpr, columns: &Columns) -> Result<Column, ExecError> {
    match &expr.kind {
        BoundKind::Slot(slot) => {
            columns.columns().get(*slot).cloned().ok_or(ExecError::MissingSlot { slot: *slot })
        }
        BoundKind::Literal(value) => {
            Ok(Column::constant(expr.data_type.clone(), value.clone(), columns.row_count()))
        }
        _ => Err(ExecError::MissingSlot { slot: 0 }),
    }
}

/// The rows for which a predicate is true: neither false nor null.
///
/// # Errors
///
/// As [`evaluate`], and where the expression is no predicate.
pub fn select(predicate: &BoundExpr, columns: &Columns) -> Result<Bitmap, ExecError> {
    let column = evaluate(predicate, columns)?;
    let bits = match column.values() {
        Values::Boolean(bits) => bits.clone(),
        Values::Constant(Scalar::Boolean(value)) => Bitmap::filled(*value, column.len()),
        _ => Bitmap::filled(false, column.len()),
    };
    Ok(match column.validity() {
        Some(valid) => bits.and(valid),
        None => bits,
    })
}
