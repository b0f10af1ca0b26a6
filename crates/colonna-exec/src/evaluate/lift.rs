//! Constants are computed once, and codes once for each entry of their dictionary.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_column::{Bitmap, Column, Strings, Values};
use colonna_schema::{BinaryOperator, DataType, Function, Scalar};

use super::frame::Site;
use super::{kernel, logic};
use crate::{BoundExpr, BoundKind, ExecError};

/// The kernel of an expression over operands of any form.
pub(super) fn lifted(site: &Site<'_>, operands: &[&Column]) -> Result<Column, ExecError> {
    let len = operands.first().map_or(0, |operand| operand.len());
    let data_type = &site.expr.data_type;
    if let (BoundKind::IsNull { negated, .. }, [operand]) = (&site.expr.kind, operands) {
        return Ok(logic::is_null(operand, *negated));
    }
    if passes_null_on(site.expr) && operands.iter().any(|operand| is_null_form(operand)) {
        return Ok(Column::nulls(data_type.clone(), len));
    }
    if len > 1 && operands.iter().all(|operand| is_constant(operand)) {
        let first: Vec<Column> = operands.iter().map(|operand| operand.slice(0, 1)).collect();
        let value = kernel(site, &first.iter().collect::<Vec<_>>())?.scalar_at(0);
        return Ok(Column::constant(data_type.clone(), value, len));
    }
    if let Some(column) = by_dictionary(site, operands)? {
        return Ok(column);
    }
    let flat: Vec<Cow<'_, Column>> = operands.iter().map(|operand| flat(operand)).collect();
    kernel(site, &flat.iter().map(AsRef::as_ref).collect::<Vec<_>>())
}

/// Whether the value is null as soon as one operand is.
fn passes_null_on(expr: &BoundExpr) -> bool {
    match &expr.kind {
        BoundKind::Binary { operator, .. } => !matches!(
            operator,
            BinaryOperator::IsDistinctFrom
                | BinaryOperator::IsNotDistinctFrom
                | BinaryOperator::And
                | BinaryOperator::Or
        ),
        BoundKind::Call { function, .. } => !matches!(
            function,
            Function::Greatest
                | Function::Least
                | Function::Coalesce
                | Function::Concat
                | Function::ConcatWithSeparator
        ),
        BoundKind::Unary { .. }
        | BoundKind::Like { .. }
        | BoundKind::Cast { .. }
        | BoundKind::Field { .. } => true,
        _ => false,
    }
}

fn is_null_form(column: &Column) -> bool {
    matches!(column.values(), Values::Null)
}

fn is_constant(column: &Column) -> bool {
    matches!(column.values(), Values::Null)
        || (matches!(column.values(), Values::Constant(_)) && column.validity().is_none())
}

/// Codes are resolved and a constant that has nulls is written out; the rest is flat enough.
fn flat(column: &Column) -> Cow<'_, Column> {
    match column.values() {
        Values::Codes { .. } => Cow::Owned(column.to_flat()),
        Values::Constant(_) if column.validity().is_some() => Cow::Owned(written_out(column)),
        _ => Cow::Borrowed(column),
    }
}

/// A constant under a validity, flat with its nulls.
fn written_out(column: &Column) -> Column {
    let values = column.to_flat().values().clone();
    Column::try_new(column.data_type().clone(), column.len(), values, column.validity().cloned())
        .unwrap_or_else(|_| column.clone())
}

/// The kernel over the entries of a dictionary, where one operand has codes, the rest are constant
/// and null gives null.
fn by_dictionary(site: &Site<'_>, operands: &[&Column]) -> Result<Option<Column>, ExecError> {
    let null_in_null_out =
        passes_null_on(site.expr) || matches!(site.expr.kind, BoundKind::InList { .. });
    let mut coded = None;
    for (position, operand) in operands.iter().enumerate() {
        match operand.values() {
            Values::Codes { codes, dictionary } if coded.is_none() => {
                coded = Some((position, *operand, codes, dictionary));
            }
            _ if is_constant(operand) => {}
            _ => return Ok(None),
        }
    }
    let Some((position, column, codes, dictionary)) = coded else { return Ok(None) };
    // Only what stands first in IN is looked for; the list holds the operands of an OR.
    let looked_for = position == 0 || !matches!(site.expr.kind, BoundKind::InList { .. });
    // An empty list holds nothing, not even null: there null gives false.
    let empty_list = operands.len() == 1 && matches!(site.expr.kind, BoundKind::InList { .. });
    if !null_in_null_out || !looked_for || empty_list || dictionary.is_empty() {
        return Ok(None);
    }
    let Some((codes, dictionary)) = entries_asked(site, column, codes, dictionary) else {
        return Ok(None);
    };
    let entries = Values::Strings(dictionary.as_ref().clone());
    let entries = Column::try_new(column.data_type().clone(), dictionary.len(), entries, None)?;
    let replaced: Vec<Column> =
        operands
            .iter()
            .enumerate()
            .map(|(index, operand)| {
                if index == position {
                    entries.clone()
                } else {
                    repeated(operand, dictionary.len())
                }
            })
            .collect();
    let result = kernel(site, &replaced.iter().collect::<Vec<_>>())?;
    spread(&result, &codes, column.validity()).map(Some)
}

/// The entries to compute the kernel for, and for each row the position of its entry. None where
/// that spares no work.
fn entries_asked<'a>(
    site: &Site<'_>,
    column: &Column,
    codes: &'a [u32],
    dictionary: &Arc<Strings>,
) -> Option<(Cow<'a, [u32]>, Arc<Strings>)> {
    let in_range =
        codes.iter().max().is_none_or(|greatest| (*greatest as usize) < dictionary.len());
    let short = dictionary.len() < column.len();
    if short && in_range && !site.expr.fails_itself() {
        return Some((Cow::Borrowed(codes), Arc::clone(dictionary)));
    }
    let (codes, dictionary) = used_entries(column, codes, dictionary);
    (dictionary.len() < column.len()).then_some((Cow::Owned(codes), dictionary))
}

/// The codes and entries of a dictionary that rows use: an entry that no row has may raise no error.
fn used_entries(column: &Column, codes: &[u32], dictionary: &Strings) -> (Vec<u32>, Arc<Strings>) {
    const UNUSED: u32 = u32::MAX;
    let mut new_code = vec![UNUSED; dictionary.len()];
    let mut entries: Vec<u32> = Vec::new();
    let mut recoded = Vec::with_capacity(codes.len());
    for (row, &code) in codes.iter().enumerate() {
        // The code of a null row may be any number.
        let Some(new) = new_code.get_mut(code as usize).filter(|_| column.is_valid(row)) else {
            recoded.push(0);
            continue;
        };
        if *new == UNUSED {
            *new = u32::try_from(entries.len()).unwrap_or(UNUSED);
            entries.push(code);
        }
        recoded.push(*new);
    }
    (recoded, Arc::new(dictionary.gather(&entries)))
}

/// A constant of another length.
fn repeated(column: &Column, len: usize) -> Column {
    let value = if column.is_empty() { Scalar::Null } else { column.scalar_at(0) };
    Column::constant(column.data_type().clone(), value, len)
}

/// The result for each entry, for the rows that have the entry.
fn spread(result: &Column, codes: &[u32], validity: Option<&Bitmap>) -> Result<Column, ExecError> {
    let len = codes.len();
    let data_type = result.data_type().clone();
    if result.is_empty() || is_null_form(result) {
        return Ok(Column::nulls(data_type, len));
    }
    let result = result.to_flat();
    let own = result.validity().map(|bits| bits.gather(codes));
    let validity = match (own, validity) {
        (Some(own), Some(validity)) => Some(own.and(validity)),
        (own, validity) => own.or_else(|| validity.cloned()),
    };
    let values = match result.values() {
        Values::Strings(entries) if matches!(data_type, DataType::Utf8 | DataType::Binary) => {
            Values::Codes { codes: codes.to_vec(), dictionary: Arc::new(entries.clone()) }
        }
        _ => result.gather(codes).values().clone(),
    };
    Ok(Column::try_new(data_type, len, values, validity)?)
}
