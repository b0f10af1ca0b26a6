//! Constants are computed once, and codes once for each entry of their dictionary.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_column::{Column, Strings, Values};
use colonna_schema::{BinaryOperator, Function, Scalar};

use super::frame::Site;
use super::memo::{Dictionary, Entries};
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
    if let Some(column) = by_combination(site, operands)? {
        return Ok(column);
    }
    let takes_codes = matches!(&site.expr.kind,
        BoundKind::Binary { operator, .. } if operator.is_arithmetic());
    let flat: Vec<Cow<'_, Column>> =
        operands.iter().map(|operand| flat(operand, takes_codes)).collect();
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

/// Codes are resolved, but where a kernel takes those of numbers, and a constant that has nulls is
/// written out; the rest is flat enough.
fn flat(column: &Column, takes_codes: bool) -> Cow<'_, Column> {
    match column.values() {
        Values::NumberCodes { .. } if takes_codes => Cow::Borrowed(column),
        Values::Codes { .. } | Values::NumberCodes { .. } => Cow::Owned(column.to_flat()),
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
        match Dictionary::of(operand) {
            Some((codes, dictionary)) if coded.is_none() => {
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
    let over = |entries: Values, len| over_entries(site, operands, position, (entries, len));
    // What is constant in this batch only may be something else in the next one.
    let mut others = site.expr.children().into_iter().enumerate();
    let is_same = others.all(|(index, other)| index == position || !other.reads_slots());
    // An entry that no row has may raise no error: where one does, only those are computed that rows
    // have, as is done for a few rows.
    if is_same
        && let Ok(Some(entries)) = site.memo.entries(site.expr, &dictionary, column.len(), || {
            over(dictionary.to_values(), dictionary.len())
        })
        && entries.has_all(codes)
    {
        return entries.spread(codes, column.validity()).map(Some);
    }
    // A number costs as little as a look at whether it was computed already.
    let Dictionary::Texts(dictionary) = &dictionary else { return Ok(None) };
    let (codes, dictionary) = used_entries(column, codes, dictionary);
    if dictionary.len() >= column.len() {
        return Ok(None);
    }
    if dictionary.is_empty() {
        return Ok(Some(Column::nulls(site.expr.data_type.clone(), column.len())));
    }
    let len = dictionary.len();
    Entries::of(&over(Values::Strings(dictionary), len)?)
        .spread(&codes, column.validity())
        .map(Some)
}

/// The most combinations of codes that are told apart.
const COMBINATIONS_MAX: usize = 1 << 16;

/// The kernel over one row of each combination of codes, where several operands have codes and the
/// rest are constant.
fn by_combination(site: &Site<'_>, operands: &[&Column]) -> Result<Option<Column>, ExecError> {
    let is_coded = |operand: &Column| matches!(operand.values(), Values::Codes { .. });
    if !operands.iter().all(|operand| is_coded(operand) || is_constant(operand))
        || !operands.iter().any(|operand| is_coded(operand))
    {
        return Ok(None);
    }
    let len = operands.first().map_or(0, |operand| operand.len());
    let mut combined = vec![0_u32; len];
    let mut combinations = 1_usize;
    for operand in operands {
        let Values::Codes { codes, dictionary } = operand.values() else { continue };
        // Null is one more code.
        let null = dictionary.len();
        combinations = combinations.saturating_mul(null + 1);
        if combinations > COMBINATIONS_MAX.min(len) {
            return Ok(None);
        }
        let Ok(null) = u32::try_from(null) else { return Ok(None) };
        let mut codes = Cow::Borrowed(codes);
        if let Some(valid) = operand.validity() {
            valid.fill_unset(codes.to_mut(), null);
        }
        for (combined, &code) in combined.iter_mut().zip(codes.iter()) {
            *combined = *combined * (null + 1) + code.min(null);
        }
    }
    let mut numbers = vec![u32::MAX; combinations];
    let (mut rows, mut codes) = (Vec::new(), Vec::with_capacity(len));
    for (row, combination) in (0..).zip(combined) {
        let number = &mut numbers[combination as usize];
        if *number == u32::MAX {
            *number = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            rows.push(row);
        }
        codes.push(*number);
    }
    let few: Vec<Column> = operands.iter().map(|operand| operand.gather(&rows).to_flat()).collect();
    let result = kernel(site, &few.iter().collect::<Vec<_>>())?;
    Entries::of(&result).spread(&codes, None).map(Some)
}

/// The kernel over the entries of a dictionary, which stand at one position of the operands; the
/// others are constant.
fn over_entries(
    site: &Site<'_>,
    operands: &[&Column],
    position: usize,
    (entries, len): (Values, usize),
) -> Result<Column, ExecError> {
    let replaced = operands.iter().enumerate().map(|(index, operand)| {
        if index == position {
            Column::try_new(operand.data_type().clone(), len, entries.clone(), None)
        } else {
            Ok(repeated(operand, len))
        }
    });
    let replaced: Vec<Column> = replaced.collect::<Result<_, _>>()?;
    kernel(site, &replaced.iter().collect::<Vec<_>>())
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
