//! The rows of a query without groups: all of them, or the first in an order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use colonna_column::{Column, Columns, Values};
use colonna_schema::{Scalar, Schema};

use crate::aggregate::values_of;
use crate::evaluate::{Memo, evaluate_with};
use crate::sort::{Direction, cmp_doubles, sorted_rows};
use crate::{BoundExpr, ExecError};

/// How many rows more than twice those asked for are gathered before they are cut to those.
const SLACK: usize = 64;

/// What is made of each row, and which rows are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Projected {
    /// The result columns, and after them what is only sorted by.
    pub(crate) exprs: Vec<BoundExpr>,
    pub(crate) schema: Arc<Schema>,
    /// The columns that are sorted by.
    pub(crate) sort: Vec<(usize, Direction)>,
    /// How many rows are wanted, those that OFFSET passes over among them.
    pub(crate) limit: Option<usize>,
}

/// The rows kept so far, in the order in which they came.
///
/// Invariant: with an order and a limit of k rows, the first k rows in that order of all that came
/// are among them, and they are about twice k at most.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptRows {
    batches: Vec<Columns>,
    row_count: usize,
    /// With an order and a limit: no row whose keys stand after these is wanted. At least one, and
    /// none of them null.
    bound: Option<Vec<Scalar>>,
    memo: Memo,
}

impl KeptRows {
    /// Takes in the rows of a batch.
    pub(crate) fn update(&mut self, plan: &Projected, columns: &Columns) -> Result<(), ExecError> {
        let columns = match (plan.limit, plan.sort.is_empty()) {
            (None, _) => Cow::Borrowed(columns),
            (Some(limit), true) => {
                let missing = limit.saturating_sub(self.row_count);
                if missing < columns.row_count() {
                    Cow::Owned(columns.slice(0, missing))
                } else {
                    Cow::Borrowed(columns)
                }
            }
            (Some(limit), false) => self.candidates(plan, columns, limit)?,
        };
        if columns.row_count() == 0 {
            return Ok(());
        }
        let made = plan.exprs.iter().map(|expr| evaluate_with(expr, &columns, &self.memo));
        let made = made.collect::<Result<Vec<_>, _>>()?;
        self.push(Columns::try_new(Arc::clone(&plan.schema), made, columns.row_count())?);
        self.cut(plan)
    }

    /// The rows of a batch that may be among the first, before anything but the keys is computed.
    fn candidates<'a>(
        &self,
        plan: &Projected,
        columns: &'a Columns,
        limit: usize,
    ) -> Result<Cow<'a, Columns>, ExecError> {
        let keys = plan.sort.iter().filter_map(|(index, direction)| {
            let expr = plan.exprs.get(*index)?;
            Some(values_of(expr, columns, &self.memo).map(|values| (values, *direction)))
        });
        let mut keys = keys.collect::<Result<Vec<_>, _>>()?;
        let bound = self.bound.as_deref().unwrap_or_default();
        let mut rows = within(&keys, bound)?;
        if let Some(rows) = &rows {
            for (column, _) in &mut keys {
                *column = Cow::Owned(column.gather(rows));
            }
        }
        let row_count = rows.as_ref().map_or(columns.row_count(), Vec::len);
        if row_count > limit {
            let mut first = sorted_rows(&keys, row_count, Some(limit))?;
            first.sort_unstable();
            rows = Some(match rows {
                Some(rows) => first.into_iter().map(|row| rows[row as usize]).collect(),
                None => first,
            });
        }
        Ok(match rows {
            Some(rows) => Cow::Owned(columns.gather(&rows)),
            None => Cow::Borrowed(columns),
        })
    }

    fn push(&mut self, batch: Columns) {
        self.row_count += batch.row_count();
        self.batches.push(batch);
    }

    /// Lets go of the rows that are not wanted, once they are many.
    fn cut(&mut self, plan: &Projected) -> Result<(), ExecError> {
        let Some(limit) = plan.limit.filter(|_| !plan.sort.is_empty()) else { return Ok(()) };
        let least = if self.bound.is_none() {
            limit
        } else {
            limit.saturating_mul(2).saturating_add(SLACK)
        };
        if self.row_count < least || self.row_count == 0 {
            return Ok(());
        }
        let all = Columns::concat(&plan.schema, &self.batches)?;
        let mut rows = sorted_rows(&sort_keys(plan, &all), all.row_count(), Some(limit))?;
        if let Some(&last) = rows.last()
            && rows.len() == limit
        {
            let key = |(index, _): &(usize, Direction)| {
                let key = all.columns().get(*index)?.scalar_at(last as usize);
                (!key.is_null()).then_some(key)
            };
            let keys: Vec<Scalar> = plan.sort.iter().map_while(key).collect();
            self.bound = (!keys.is_empty()).then_some(keys);
        }
        rows.sort_unstable();
        let kept = if rows.len() < all.row_count() { all.gather(&rows) } else { all };
        self.row_count = kept.row_count();
        self.batches = vec![kept];
        Ok(())
    }

    /// Takes in the rows that came after these.
    pub(crate) fn merge(&mut self, plan: &Projected, later: Self) -> Result<(), ExecError> {
        for batch in later.batches {
            let enough =
                plan.sort.is_empty() && plan.limit.is_some_and(|limit| self.row_count >= limit);
            if !enough {
                self.push(batch);
            }
        }
        self.cut(plan)
    }

    /// The rows in their order, with the columns that are only sorted by.
    pub(crate) fn finish(self, plan: &Projected) -> Result<Columns, ExecError> {
        let all = Columns::concat(&plan.schema, &self.batches)?;
        if plan.sort.is_empty() {
            return Ok(match plan.limit {
                Some(limit) if limit < all.row_count() => all.slice(0, limit),
                _ => all,
            });
        }
        let rows = sorted_rows(&sort_keys(plan, &all), all.row_count(), plan.limit)?;
        Ok(all.gather(&rows))
    }

    /// The keys of the rows that come first, those of which none is null.
    pub(crate) fn keys(&self, plan: &Projected) -> Result<Vec<Vec<Scalar>>, ExecError> {
        let all = Columns::concat(&plan.schema, &self.batches)?;
        let rows = sorted_rows(&sort_keys(plan, &all), all.row_count(), plan.limit)?;
        let keys_of = |row: u32| {
            let key = |(index, _): &(usize, Direction)| {
                let key = all.columns().get(*index)?.scalar_at(row as usize);
                (!key.is_null()).then_some(key)
            };
            plan.sort.iter().map(key).collect::<Option<Vec<Scalar>>>()
        };
        Ok(rows.into_iter().filter_map(keys_of).collect())
    }

    /// The keys of a row behind which no row is wanted.
    pub(crate) fn bound(&self) -> Option<&[Scalar]> {
        self.bound.as_deref()
    }

    /// How many rows are kept.
    pub(crate) fn row_count(&self) -> usize {
        self.row_count
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        self.batches.iter().map(Columns::byte_len).sum()
    }
}

fn sort_keys<'a>(plan: &Projected, all: &'a Columns) -> Vec<(Cow<'a, Column>, Direction)> {
    let keys = plan.sort.iter();
    keys.filter_map(|(index, direction)| {
        Some((Cow::Borrowed(all.columns().get(*index)?), *direction))
    })
    .collect()
}

/// The rows whose keys do not stand after the bound, as far as that is looked into; `None` where it
/// is not.
fn within(
    keys: &[(Cow<'_, Column>, Direction)],
    bound: &[Scalar],
) -> Result<Option<Vec<u32>>, ExecError> {
    let (mut before, mut equal) = (Vec::new(), None);
    for ((column, direction), bound) in keys.iter().zip(bound) {
        match by_bound(column, *direction, bound, equal.as_deref(), &mut before)? {
            Some(rows) => equal = Some(rows),
            None => break,
        }
    }
    let Some(equal) = equal else { return Ok(None) };
    before.extend(equal);
    before.sort_unstable();
    Ok(Some(before))
}

/// Of these rows, or of all, those whose value is equal to the bound; those that stand before it are
/// added to the others. `None` where that is not looked into.
pub(crate) fn by_bound(
    column: &Column,
    direction: Direction,
    bound: &Scalar,
    rows: Option<&[u32]>,
    before: &mut Vec<u32>,
) -> Result<Option<Vec<u32>>, ExecError> {
    let after = if direction.descending { Ordering::Less } else { Ordering::Greater };
    let mut equal = Vec::new();
    macro_rules! each_row {
        ($cmp:expr) => {{
            let mut look = |row: u32, index: usize| match column.is_valid(index) {
                true => match $cmp(index) {
                    Ordering::Equal => equal.push(row),
                    order if order != after => before.push(row),
                    _ => {}
                },
                false if direction.nulls_first => before.push(row),
                false => {}
            };
            match rows {
                Some(rows) => rows.iter().for_each(|&row| look(row, row as usize)),
                None => (0..).zip(0..column.len()).for_each(|(row, index)| look(row, index)),
            }
            Ok(Some(equal))
        }};
    }
    match (column.values(), bound) {
        (Values::Int64(values), Scalar::Int64(bound) | Scalar::Timestamp(bound)) => {
            each_row!(|row: usize| values[row].cmp(bound))
        }
        (Values::Int64(values), Scalar::Date(bound)) => {
            let bound = i64::from(*bound);
            each_row!(|row: usize| values[row].cmp(&bound))
        }
        (Values::Float64(values), Scalar::Float64(bound)) => {
            each_row!(|row: usize| cmp_doubles(values[row], *bound))
        }
        (Values::Strings(_) | Values::Codes { .. }, Scalar::Utf8(bound)) => {
            let bound = bound.as_bytes();
            each_row!(|row: usize| column.bytes_at(row).unwrap_or_default().cmp(bound))
        }
        _ => Ok(None),
    }
}
