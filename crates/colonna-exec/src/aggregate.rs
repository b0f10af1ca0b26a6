//! The groups of some rows, and the state of each aggregate over them.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_column::{Bitmap, Column, Columns, Values};
use colonna_schema::Schema;

use crate::accumulator::{Accumulator, AggregateKind, Grouping, Rows, row_counts};
use crate::evaluate::{Memo, evaluate_with, select_with};
use crate::group_keys::GroupKeys;
use crate::settle::{Settled, settle};
use crate::spared::{Spared, Told, known};
use crate::{BoundExpr, BoundKind, ExecError, Slots};

/// An aggregate over the columns of a scan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) kind: AggregateKind,
    pub(crate) argument: Option<BoundExpr>,
    pub(crate) order_by: Option<BoundExpr>,
    pub(crate) filter: Option<BoundExpr>,
    /// The slots that argument and order read.
    pub(crate) reads: Vec<usize>,
}

impl Aggregate {
    /// Whether it computes the same as another, however the two are written.
    pub(crate) fn computes(&self, other: &Self) -> bool {
        let name = other.kind.name.clone();
        let kind = AggregateKind { name, ..self.kind.clone() };
        Self { kind, ..self.clone() } == *other
    }
}

/// What rows are grouped by, and what is made of each group.
#[derive(Clone, Debug)]
pub(crate) struct Grouped {
    pub(crate) keys: Vec<BoundExpr>,
    pub(crate) aggregates: Vec<Aggregate>,
    /// Keys, then aggregates.
    pub(crate) schema: Arc<Schema>,
}

impl Grouped {
    /// Whether the rows of a batch may be among others that a mask leaves out.
    pub(crate) fn takes_masks(&self) -> bool {
        let is_plain =
            |aggregate: &Aggregate| aggregate.filter.is_none() && aggregate.order_by.is_none();
        self.keys.is_empty() && self.aggregates.iter().all(is_plain)
    }
}

/// The values of an expression; those of a plain column are borrowed.
pub(crate) fn values_of<'a>(
    expr: &BoundExpr,
    columns: &'a Columns,
    memo: &Memo,
) -> Result<Cow<'a, Column>, ExecError> {
    match &expr.kind {
        BoundKind::Slot(slot) => match columns.columns().get(*slot) {
            Some(column) => Ok(Cow::Borrowed(column)),
            None => Err(ExecError::MissingSlot { slot: *slot }),
        },
        _ => evaluate_with(expr, columns, memo).map(Cow::Owned),
    }
}

/// These rows of the columns that are read; nulls stand for the others.
pub(crate) fn gather_read(
    columns: &Columns,
    rows: &[u32],
    is_read: impl Fn(usize) -> bool,
) -> Result<Columns, ExecError> {
    let gathered = columns.columns().iter().enumerate().map(|(slot, column)| {
        if is_read(slot) {
            column.gather(rows)
        } else {
            Column::nulls(column.data_type().clone(), rows.len())
        }
    });
    Ok(Columns::try_new(Arc::clone(columns.schema()), gathered.collect(), rows.len())?)
}

/// Whether all rows, of which there are some, have one value.
fn is_same_for_all(column: &Column) -> bool {
    match column.values() {
        Values::Null => !column.is_empty(),
        Values::Constant(_) => !column.is_empty() && column.validity().is_none(),
        _ => false,
    }
}

/// The groups met so far, in parts that follow each other; the last one takes in rows. Equal groups
/// of several parts are joined in the end, see [`settle`].
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    parts: Vec<Part>,
}

/// A part that has so many groups does not grow where it looks none of them up: to move what is there
/// to a larger place costs more than to join one part more.
const ENOUGH_GROUPS: usize = 1 << 16;

/// The groups of some rows that follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) keys: GroupKeys,
    pub(crate) accumulators: Vec<Accumulator>,
    memo: Memo,
}

impl Part {
    fn new(plan: &Grouped) -> Self {
        // A key that is met again costs less than looking up what hardly ever is.
        let keys = GroupKeys::new(plan.keys.iter().map(|key| &key.data_type), false);
        Self { keys, accumulators: empty_states(plan), memo: Memo::default() }
    }

    /// A part for the rows that follow, where this one has many groups and looks none of them up.
    fn successor(&mut self, plan: &Grouped) -> Option<Self> {
        let keys = (self.keys.len() >= ENOUGH_GROUPS).then(|| self.keys.successor())??;
        let memo = std::mem::take(&mut self.memo);
        Some(Self { keys, accumulators: empty_states(plan), memo })
    }

    fn update(
        &mut self,
        plan: &Grouped,
        columns: &Columns,
        mut spared: Option<&mut Spared>,
    ) -> Result<(), ExecError> {
        let memo = &self.memo;
        let keys = plan.keys.iter().map(|key| values_of(key, columns, memo));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let groups = match keys.as_slice() {
            [] => Vec::new(),
            // Of a partition's rows all have the same keys, which are resolved once.
            keys if keys.iter().all(|key| is_same_for_all(key)) => {
                let one = keys.iter().map(|key| Cow::Owned(key.slice(0, 1)));
                self.keys.resolve(&one.collect::<Vec<Cow<'_, Column>>>(), 1)?
            }
            keys => self.keys.resolve(keys, columns.row_count())?,
        };
        let grouping = match groups.as_slice() {
            _ if keys.is_empty() => Grouping::One,
            [group] => Grouping::Same(*group),
            groups => Grouping::Each(groups),
        };
        let group_count = self.keys.len();
        let counts = row_counts(grouping, group_count);
        if let Some(spared) = &mut spared {
            spared.take(&mut self.accumulators, grouping.single(), group_count)?;
        }
        let is_spared = |index| spared.as_ref().is_some_and(|spared| spared.has(index));
        let aggregates = plan.aggregates.iter().zip(&mut self.accumulators).enumerate();
        for (_, (aggregate, accumulator)) in aggregates.filter(|(index, _)| !is_spared(*index)) {
            let grouped = (grouping, counts.as_deref());
            update(aggregate, accumulator, (columns, memo), grouped, group_count)?;
        }
        Ok(())
    }

    /// As [`Part::update`] of the rows whose bits are set; the others are null in the columns. Says
    /// whether it was done: where an argument has no value for a row, that may be one of the others.
    fn update_masked(
        &mut self,
        plan: &Grouped,
        columns: &Columns,
        selected: &Bitmap,
    ) -> Result<bool, ExecError> {
        if !plan.takes_masks() {
            return Ok(false);
        }
        let mut arguments = Vec::with_capacity(plan.aggregates.len());
        for aggregate in &plan.aggregates {
            let values = aggregate.argument.as_ref();
            let values = values.map(|expr| values_of(expr, columns, &self.memo)).transpose();
            let Ok(values) = values else { return Ok(false) };
            // Of null an expression may make a value.
            arguments.push(values.map(|values| match values {
                Cow::Borrowed(column) => Cow::Borrowed(column),
                Cow::Owned(column) => Cow::Owned(column.masked(selected)),
            }));
        }
        for (accumulator, values) in self.accumulators.iter_mut().zip(arguments) {
            let all = columns.row_count();
            accumulator.update(&Rows {
                row_count: if values.is_some() { all } else { selected.count_ones() },
                values: values.as_deref(),
                order: None,
                grouping: Grouping::One,
                group_count: self.keys.len(),
                row_counts: None,
            })?;
        }
        Ok(true)
    }

    fn byte_len(&self) -> usize {
        self.keys.byte_len() + self.accumulators.iter().map(Accumulator::byte_len).sum::<usize>()
    }
}

impl Groups {
    pub(crate) fn new(plan: &Grouped) -> Self {
        Self { parts: vec![Part::new(plan)] }
    }

    /// Takes in the rows of a batch.
    pub(crate) fn update(
        &mut self,
        plan: &Grouped,
        columns: &Columns,
        spared: Option<&mut Spared>,
    ) -> Result<(), ExecError> {
        let successor = self.parts.last_mut().and_then(|part| part.successor(plan));
        self.parts.extend(successor);
        self.parts.last_mut().map_or(Ok(()), |part| part.update(plan, columns, spared))
    }

    /// Takes in the rows of a batch whose bits are set, if it can be done so.
    pub(crate) fn update_masked(
        &mut self,
        plan: &Grouped,
        columns: &Columns,
        selected: &Bitmap,
    ) -> Result<bool, ExecError> {
        let part = self.parts.last_mut();
        part.map_or(Ok(true), |part| part.update_masked(plan, columns, selected))
    }

    /// Takes in the groups of later rows.
    pub(crate) fn merge(&mut self, later: Self) {
        self.parts.extend(later.parts);
    }

    /// Joins equal groups.
    pub(crate) fn settle(self, plan: &Grouped) -> Result<Settled, ExecError> {
        settle(plan, self.parts)
    }

    /// How many there are; one that is in several parts counts in each.
    pub(crate) fn group_count(&self) -> usize {
        self.parts.iter().map(|part| part.keys.len()).sum()
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        self.parts.iter().map(Part::byte_len).sum()
    }

    /// Takes in the rows that the statistics are of, where these say all that is asked. What they
    /// do not say leaves everything as it was.
    pub(crate) fn update_from_statistics(
        &mut self,
        plan: &Grouped,
        slots: &Slots,
        told: &Told<'_>,
    ) -> Result<bool, ExecError> {
        if !plan.keys.is_empty() {
            return Ok(false);
        }
        let known = plan.aggregates.iter().map(|aggregate| known(aggregate, slots, told));
        let Some(known) = known.collect::<Option<Vec<_>>>() else { return Ok(false) };
        let Some(part) = self.parts.last_mut() else { return Ok(false) };
        for (accumulator, known) in part.accumulators.iter_mut().zip(known) {
            known.add_to(accumulator, 0, 1)?;
        }
        Ok(true)
    }
}

/// A state of each aggregate that has taken in nothing.
pub(crate) fn empty_states(plan: &Grouped) -> Vec<Accumulator> {
    plan.aggregates.iter().map(|aggregate| Accumulator::new(&aggregate.kind)).collect()
}

fn update(
    aggregate: &Aggregate,
    accumulator: &mut Accumulator,
    (columns, memo): (&Columns, &Memo),
    (grouping, row_counts): (Grouping<'_>, Option<&[u32]>),
    group_count: usize,
) -> Result<(), ExecError> {
    if let Some(filter) = &aggregate.filter {
        let selected = select_with(filter, columns, memo)?;
        if selected.count_ones() < columns.row_count() {
            let rows = selected.positions();
            let narrowed = gather_read(columns, &rows, |slot| aggregate.reads.contains(&slot))?;
            let groups: Vec<u32> = match grouping {
                Grouping::Each(groups) => rows.iter().map(|&row| groups[row as usize]).collect(),
                _ => Vec::new(),
            };
            let grouping = match grouping {
                Grouping::Each(_) => Grouping::Each(&groups),
                single => single,
            };
            return take_in(
                aggregate,
                accumulator,
                (&narrowed, memo),
                (grouping, None),
                group_count,
            );
        }
    }
    take_in(aggregate, accumulator, (columns, memo), (grouping, row_counts), group_count)
}

fn take_in(
    aggregate: &Aggregate,
    accumulator: &mut Accumulator,
    (columns, memo): (&Columns, &Memo),
    (grouping, row_counts): (Grouping<'_>, Option<&[u32]>),
    group_count: usize,
) -> Result<(), ExecError> {
    let values = |expr: &Option<BoundExpr>| {
        expr.as_ref().map(|expr| values_of(expr, columns, memo)).transpose()
    };
    let (argument, order) = (values(&aggregate.argument)?, values(&aggregate.order_by)?);
    accumulator.update(&Rows {
        values: argument.as_deref(),
        order: order.as_deref(),
        grouping,
        row_count: columns.row_count(),
        group_count,
        row_counts,
    })
}
