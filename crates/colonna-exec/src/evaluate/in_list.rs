//! `x IN (..)`.

use colonna_column::{Bitmap, Column, Values};
use colonna_schema::{BinaryOperator, DataType, Scalar};
use rustc_hash::FxHashSet;

use super::compare::compare;
use super::logic::{Truth, boolean};
use super::operand::{Texts, all_valid};
use crate::ExecError;

/// Below this many values, comparing with each is as fast as looking up.
const LOOKUP_FROM: usize = 4;

/// Whether the operand equals one of the list; null where none is equal and a null is among them.
pub(super) fn in_list(
    operand: &Column,
    list: &[&Column],
    negated: bool,
) -> Result<Column, ExecError> {
    let len = operand.len();
    if list.is_empty() {
        return Ok(Column::constant(DataType::Boolean, negated.into(), len));
    }
    let found = match looked_up(operand, list) {
        Some(found) => found,
        None => compared(operand, list)?,
    };
    let found =
        if negated { Truth { is_true: found.is_false, is_false: found.is_true } } else { found };
    Ok(found.into_column())
}

/// An OR of equalities.
fn compared(operand: &Column, list: &[&Column]) -> Result<Truth, ExecError> {
    let len = operand.len();
    let none = Bitmap::filled(false, len);
    let mut found = Truth { is_true: none, is_false: Bitmap::filled(true, len) };
    for item in list {
        let equal = Truth::of(&compare(BinaryOperator::Equal, operand, item)?);
        found.is_true = found.is_true.or(&equal.is_true);
        found.is_false = found.is_false.and(&equal.is_false);
    }
    Ok(found)
}

/// A list of constants of the operand's own form is looked up.
fn looked_up(operand: &Column, list: &[&Column]) -> Option<Truth> {
    if list.len() < LOOKUP_FROM || matches!(operand.values(), Values::Null | Values::Constant(_)) {
        return None;
    }
    let (mut integers, mut texts) = (FxHashSet::default(), FxHashSet::default());
    let mut has_null = false;
    for item in list {
        match (item.values(), operand.data_type()) {
            (Values::Null, _) => has_null = true,
            (Values::Constant(Scalar::Int64(value)), DataType::Int64)
            | (Values::Constant(Scalar::Timestamp(value)), DataType::Timestamp) => {
                integers.insert(*value);
            }
            (Values::Constant(Scalar::Date(days)), DataType::Date) => {
                integers.insert(i64::from(*days));
            }
            (Values::Constant(Scalar::Utf8(text)), DataType::Utf8) => {
                texts.insert(text.as_bytes());
            }
            _ => return None,
        }
    }
    let found = match operand.values() {
        Values::Int64(values) => {
            Bitmap::from_fn(values.len(), |row| integers.contains(&values[row]))
        }
        Values::Strings(_) => {
            let values = Texts::of(operand);
            Bitmap::from_fn(operand.len(), |row| texts.contains(values.bytes(row)))
        }
        _ => return None,
    };
    let mut truth = Truth::of(&boolean(found, all_valid(&[operand])));
    if has_null {
        truth.is_false = Bitmap::filled(false, operand.len());
    }
    Some(truth)
}
