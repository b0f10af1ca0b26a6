//! Functions of lists and maps.

use std::borrow::Cow;
use std::ops::Range;

use colonna_column::{Column, Values};
use colonna_schema::{BinaryOperator, DataType, Function};

use super::cast::cast_to;
use super::compare::compare;
use super::frame::Site;
use super::logic::{Truth, boolean};
use super::operand::{all_valid, integers};
use super::text::text_rows;
use crate::ExecError;

/// A function of lists and maps.
pub(super) fn call(
    site: &Site<'_>,
    function: Function,
    operands: &[&Column],
) -> Result<Column, ExecError> {
    let Some((first, rest)) = operands.split_first() else {
        return Ok(Column::nulls(site.expr.data_type.clone(), 0));
    };
    let first = flat_for(function, first);
    let second = rest.first().copied();
    match (function, first.values(), second) {
        (Function::Length, Values::List { offsets, .. } | Values::Map { offsets, .. }, _) => {
            lengths(&first, offsets)
        }
        (Function::ElementAt, Values::List { offsets, elements }, Some(index)) => {
            let indexes = integers(index);
            let position = |row: usize| {
                let entries = entries(offsets, row);
                let index = indexes.get(row);
                let position = match usize::try_from(index.unsigned_abs()).ok()? {
                    0 => return None,
                    back if index < 0 => entries.end.checked_sub(back)?,
                    ahead => entries.start.checked_add(ahead - 1)?,
                };
                entries.contains(&position).then_some(position)
            };
            picked(site, elements, &[&first, index], position)
        }
        (Function::ElementAt, Values::Map { offsets, keys, values }, Some(wanted)) => {
            let found = matches(keys, wanted, offsets)?;
            let position =
                |row: usize| entries(offsets, row).find(|entry| found.is_true.get(*entry));
            picked(site, values, &[&first, wanted], position)
        }
        (Function::ListContains, Values::List { offsets, elements }, Some(wanted)) => {
            let found = matches(elements, wanted, offsets)?;
            let contains = |row| entries(offsets, row).any(|entry| found.is_true.get(entry));
            let bits = colonna_column::Bitmap::from_fn(first.len(), contains);
            Ok(boolean(bits, all_valid(&[&first, wanted])))
        }
        (Function::ListJoin, Values::List { offsets, elements }, Some(separator)) => {
            let texts = cast_to(site, elements, &DataType::Utf8, false)?;
            text_rows(first.len(), all_valid(&[&first, separator]), |row, out| {
                let parts = entries(offsets, row).filter_map(|entry| texts.text_at(entry));
                for (index, part) in parts.enumerate() {
                    if index > 0 {
                        out.push_str(separator.text_at(row).unwrap_or_default());
                    }
                    out.push_str(part);
                }
                Ok(())
            })
        }
        (Function::MapKeys, Values::Map { offsets, keys, .. }, _) => {
            list(site, &first, offsets, keys)
        }
        (Function::MapValues, Values::Map { offsets, values, .. }, _) => {
            list(site, &first, offsets, values)
        }
        _ => Ok(Column::nulls(site.expr.data_type.clone(), first.len())),
    }
}

/// The lists or maps with flat entries, where a function looks at these.
fn flat_for(function: Function, column: &Column) -> Cow<'_, Column> {
    match column.values() {
        Values::List { .. } | Values::Map { .. } if function == Function::Length => {
            Cow::Borrowed(column)
        }
        _ => Cow::Owned(column.to_flat()),
    }
}

/// How many entries each row has.
fn lengths(column: &Column, offsets: &[usize]) -> Result<Column, ExecError> {
    let lengths = offsets
        .windows(2)
        .map(|pair| i64::try_from(pair[1].saturating_sub(pair[0])).unwrap_or(i64::MAX));
    let (values, validity) = (Values::Int64(lengths.collect()), column.validity().cloned());
    Ok(Column::try_new(DataType::Int64, column.len(), values, validity)?)
}

/// Where the entries of a row stand.
fn entries(offsets: &[usize], row: usize) -> Range<usize> {
    match (offsets.get(row), offsets.get(row + 1)) {
        (Some(start), Some(end)) => *start..*end,
        _ => 0..0,
    }
}

/// For each element whether it equals what its row looks for.
fn matches(elements: &Column, wanted: &Column, offsets: &[usize]) -> Result<Truth, ExecError> {
    let wanted: Cow<'_, Column> = match wanted.values() {
        Values::Constant(value) => {
            Cow::Owned(Column::constant(wanted.data_type().clone(), value.clone(), elements.len()))
        }
        _ => {
            // Elements before the first row or after the last one belong to none.
            let mut rows = vec![0_u32; elements.len()];
            for (row, number) in (0..wanted.len()).zip(0_u32..) {
                if let Some(places) = rows.get_mut(entries(offsets, row)) {
                    places.fill(number);
                }
            }
            if wanted.is_empty() {
                rows.clear();
            }
            Cow::Owned(wanted.gather(&rows))
        }
    };
    Ok(Truth::of(&compare(BinaryOperator::Equal, elements, &wanted)?))
}

/// The element at the position of each row; null where there is none or an operand is null.
fn picked(
    site: &Site<'_>,
    elements: &Column,
    operands: &[&Column],
    position: impl Fn(usize) -> Option<usize>,
) -> Result<Column, ExecError> {
    let len = operands.first().map_or(0, |operand| operand.len());
    let data_type = site.expr.data_type.clone();
    if elements.is_empty() {
        return Ok(Column::nulls(data_type, len));
    }
    let mut valid =
        all_valid(operands).unwrap_or_else(|| colonna_column::Bitmap::filled(true, len));
    let mut rows = vec![0_u32; len];
    for (row, place) in rows.iter_mut().enumerate() {
        match position(row) {
            Some(position) if valid.get(row) => {
                *place = u32::try_from(position).map_err(|_too_many| site.overflow())?;
            }
            _ => valid.set(row, false),
        }
    }
    let picked = elements.gather(&rows);
    let valid = valid.and(&picked.valid_bits());
    let flat = picked.to_flat();
    null_where_absent(&flat, &data_type, &valid)
}

/// The column with more nulls. The fields of a struct are null wherever it is.
fn null_where_absent(
    column: &Column,
    data_type: &DataType,
    valid: &colonna_column::Bitmap,
) -> Result<Column, ExecError> {
    let valid_here = column.valid_bits().and(valid);
    let values = match (column.values(), data_type) {
        (Values::Struct(columns), DataType::Struct(fields)) => Values::Struct(
            columns
                .iter()
                .zip(fields)
                .map(|(child, field)| null_where_absent(child, &field.data_type, valid))
                .collect::<Result<_, _>>()?,
        ),
        (values, _) => values.clone(),
    };
    if matches!(values, Values::Null) {
        return Ok(column.clone());
    }
    Ok(Column::try_new(data_type.clone(), column.len(), values, Some(valid_here))?)
}

fn list(
    site: &Site<'_>,
    map: &Column,
    offsets: &[usize],
    elements: &Column,
) -> Result<Column, ExecError> {
    let values = Values::List { offsets: offsets.to_vec(), elements: Box::new(elements.clone()) };
    let data_type = site.expr.data_type.clone();
    Ok(Column::try_new(data_type, map.len(), values, map.validity().cloned())?)
}
