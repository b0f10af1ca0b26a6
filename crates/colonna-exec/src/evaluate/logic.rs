//! AND, OR, NOT and IS NULL, with three values: true, false and null.

use colonna_column::{Bitmap, Column, Values};
use colonna_schema::{BinaryOperator, DataType, Scalar};

use super::frame::Frame;
use super::values;
use crate::{BoundExpr, ExecError};

/// The rows where a condition is true and those where it is false; the rest are null.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    pub(super) is_true: Bitmap,
    pub(super) is_false: Bitmap,
}

impl Truth {
    pub(super) fn of(column: &Column) -> Self {
        let len = column.len();
        let bits = match column.values() {
            Values::Boolean(bits) => bits.clone(),
            Values::Constant(Scalar::Boolean(value)) => Bitmap::filled(*value, len),
            _ => {
                let none = Bitmap::filled(false, len);
                return Self { is_true: none.clone(), is_false: none };
            }
        };
        match column.validity() {
            None => Self { is_false: bits.not(), is_true: bits },
            Some(valid) => Self { is_false: bits.not().and(valid), is_true: bits.and(valid) },
        }
    }

    pub(super) fn into_column(self) -> Column {
        let len = self.is_true.len();
        let known = self.is_true.or(&self.is_false);
        let validity = (known.count_ones() < len).then_some(known);
        boolean(self.is_true, validity)
    }

    fn negated(self) -> Self {
        Self { is_true: self.is_false, is_false: self.is_true }
    }
}

/// A column of booleans. Both bitmaps have its length.
pub(super) fn boolean(bits: Bitmap, validity: Option<Bitmap>) -> Column {
    let len = bits.len();
    Column::try_new(DataType::Boolean, len, Values::Boolean(bits), validity)
        .unwrap_or_else(|_| Column::nulls(DataType::Boolean, len))
}

pub(super) fn not(operand: &Column) -> Column {
    Truth::of(operand).negated().into_column()
}

pub(super) fn is_null(operand: &Column, negated: bool) -> Column {
    match operand.null_count() {
        0 => Column::constant(DataType::Boolean, negated.into(), operand.len()),
        count if count == operand.len() => {
            Column::constant(DataType::Boolean, (!negated).into(), operand.len())
        }
        _ => {
            let valid = operand.valid_bits();
            boolean(if negated { valid } else { valid.not() }, None)
        }
    }
}

/// Below this share of rows still open, the right side is computed for those alone.
const SPARSE: usize = 8;

/// AND and OR. The right side is asked only of rows that the left side leaves open, where that
/// spares an error or much of the work.
pub(super) fn connect(
    operator: BinaryOperator,
    left: &BoundExpr,
    right: &BoundExpr,
    frame: &Frame<'_>,
) -> Result<Column, ExecError> {
    let is_and = operator == BinaryOperator::And;
    let left = Truth::of(values(left, frame)?.as_ref());
    let decided = if is_and { &left.is_false } else { &left.is_true };
    let decided_count = decided.count_ones();
    let len = frame.row_count();
    if decided_count == len {
        return Ok(left.into_column());
    }
    let open = decided_count > 0 && ((len - decided_count) * SPARSE < len || right.may_fail());
    let right = if open {
        let rows = decided.not().positions();
        let narrowed = frame.narrowed(right, &rows);
        let part = Truth::of(values(right, &narrowed)?.as_ref());
        Truth {
            is_true: scattered(&part.is_true, &rows, len),
            is_false: scattered(&part.is_false, &rows, len),
        }
    } else {
        Truth::of(values(right, frame)?.as_ref())
    };
    let joined = if is_and {
        Truth {
            is_true: left.is_true.and(&right.is_true),
            is_false: left.is_false.or(&right.is_false),
        }
    } else {
        Truth {
            is_true: left.is_true.or(&right.is_true),
            is_false: left.is_false.and(&right.is_false),
        }
    };
    Ok(joined.into_column())
}

fn scattered(bits: &Bitmap, rows: &[u32], len: usize) -> Bitmap {
    let mut scattered = Bitmap::filled(false, len);
    for index in bits.ones() {
        if let Some(&row) = rows.get(index) {
            scattered.set(row as usize, true);
        }
    }
    scattered
}
