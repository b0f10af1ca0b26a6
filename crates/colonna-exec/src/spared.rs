//! Aggregates that statistics tell, so that no row need be read for them.

use colonna_schema::{AggregateFunction, ColumnStatistics, DataType, Scalar, Statistics};

use crate::accumulator::Accumulator;
use crate::aggregate::{Aggregate, Grouped};
use crate::{BoundKind, ExecError, Slots};

/// What statistics tell of rows of one group, where they do not tell all that is asked: some of the
/// aggregates, and which columns need not be read for the rest.
#[derive(Clone, Debug)]
pub struct Spared {
    /// For each aggregate what is known of it.
    known: Vec<Option<Known>>,
    unread: Vec<usize>,
    is_taken: bool,
}

impl Spared {
    /// What these statistics spare of the rows that they are of, all of which have the same keys. None
    /// where every column must be read nevertheless.
    pub(crate) fn of(
        plan: &Grouped,
        slots: &Slots,
        told: &Told<'_>,
        is_constant: impl Fn(usize) -> bool,
    ) -> Option<Self> {
        let known = plan.aggregates.iter().map(|aggregate| {
            // Statistics of a file do not tell of what is no column of it.
            let is_stored = aggregate.reads.iter().all(|slot| !is_constant(*slot));
            known(aggregate, slots, told).filter(|_| is_stored)
        });
        let known: Vec<Option<Known>> = known.collect();
        let mut read = vec![false; slots.paths().len()];
        let mut look = |slot: usize| read.get_mut(slot).into_iter().for_each(|read| *read = true);
        plan.keys.iter().for_each(|key| key.visit_slots(&mut look));
        for (aggregate, _) in
            plan.aggregates.iter().zip(&known).filter(|(_, known)| known.is_none())
        {
            let parts = [&aggregate.argument, &aggregate.order_by, &aggregate.filter];
            parts.into_iter().flatten().for_each(|part| part.visit_slots(&mut look));
        }
        let unread = (0..read.len()).filter(|slot| !read[*slot] && !is_constant(*slot));
        let unread: Vec<usize> = unread.collect();
        (!unread.is_empty()).then_some(Self { known, unread, is_taken: false })
    }

    /// Whether statistics may spare reading the column of an aggregate.
    pub(crate) fn may_know(aggregate: &Aggregate) -> bool {
        use AggregateFunction as F;
        let argument = aggregate.argument.as_ref();
        matches!(aggregate.kind.function, F::Count | F::Min | F::Max)
            && argument.is_some_and(|argument| matches!(argument.kind, BoundKind::Slot(_)))
    }

    /// The slots that need not be read; nulls may stand for them.
    pub fn unread(&self) -> &[usize] {
        &self.unread
    }

    /// Whether rows need not be asked for an aggregate.
    pub(crate) fn has(&self, aggregate: usize) -> bool {
        self.known.get(aggregate).is_some_and(Option::is_some)
    }

    /// Adds what is known to the group of all rows, once.
    pub(crate) fn take(
        &mut self,
        accumulators: &mut [Accumulator],
        group: Option<usize>,
        group_count: usize,
    ) -> Result<(), ExecError> {
        if std::mem::replace(&mut self.is_taken, true) {
            return Ok(());
        }
        let group = group.ok_or(ExecError::ForeignPartial)?;
        for (accumulator, known) in accumulators.iter_mut().zip(&self.known) {
            if let Some(known) = known {
                known.add_to(accumulator, group, group_count)?;
            }
        }
        Ok(())
    }
}

/// What is told of some rows without reading them.
pub(crate) struct Told<'a> {
    pub(crate) statistics: &'a Statistics,
    /// Whether no row of a column is NaN, where the statistics do not know: to find out may take some
    /// reading.
    pub(crate) is_nan_free: &'a dyn Fn(&[String]) -> bool,
}

/// What statistics say of an aggregate.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Count(u64),
    Value(Scalar),
    /// There is no value.
    Nothing,
}

impl Known {
    /// Adds it to what a group has, of which there are so many.
    pub(crate) fn add_to(
        &self,
        accumulator: &mut Accumulator,
        group: usize,
        group_count: usize,
    ) -> Result<(), ExecError> {
        match (accumulator, self) {
            (Accumulator::CountRows(state), Self::Count(count)) => state.add(group, *count),
            (Accumulator::CountValues(state), Self::Count(count)) => state.add(group, *count),
            (Accumulator::Extreme(state), Self::Value(value)) => {
                state.add(value, group, group_count)
            }
            _ => Ok(()),
        }
    }
}

/// What is told of an aggregate over some rows; none where it is not.
pub(crate) fn known(aggregate: &Aggregate, slots: &Slots, told: &Told<'_>) -> Option<Known> {
    use AggregateFunction as F;
    let statistics = told.statistics;
    if aggregate.filter.is_some() {
        return None;
    }
    let (function, distinct) = (aggregate.kind.function, aggregate.kind.distinct);
    let slot = match aggregate.argument.as_ref().map(|argument| &argument.kind) {
        None if function == F::CountRows => return Some(Known::Count(statistics.row_count)),
        Some(BoundKind::Literal(value)) if function == F::Count && !distinct => {
            let count = if value.is_null() { 0 } else { statistics.row_count };
            return Some(Known::Count(count));
        }
        Some(BoundKind::Slot(slot)) if !aggregate.kind.input.is_nested() => *slot,
        _ => return None,
    };
    let path = slots.paths().get(slot)?;
    let column = statistics.columns.get(path)?;
    let nulls = column.null_count?;
    let (input, row_count) = (&aggregate.kind.input, statistics.row_count);
    match function {
        F::Count if !distinct => Some(Known::Count(row_count.checked_sub(nulls)?)),
        F::Min | F::Max if nulls == row_count => Some(Known::Nothing),
        F::Min | F::Max => {
            let bound = exact(column, function == F::Max, input)?;
            // NaN is outside the bounds, and the greatest where there is one.
            let may_be_nan =
                function == F::Max && *input == DataType::Float64 && !column.is_nan_free;
            (!may_be_nan || (told.is_nan_free)(path)).then_some(Known::Value(bound))
        }
        _ => None,
    }
}

fn exact(column: &ColumnStatistics, greatest: bool, input: &DataType) -> Option<Scalar> {
    let (bound, is_exact) = if greatest {
        (&column.max, column.max_is_exact)
    } else {
        (&column.min, column.min_is_exact)
    };
    let bound = bound.as_ref().filter(|bound| is_exact && !bound.is_null())?;
    let suits = match (bound, input) {
        (Scalar::Decimal { scale: left, .. }, DataType::Decimal { scale: right, .. }) => {
            left == right
        }
        (bound, input) => bound.data_type() == *input,
    };
    suits.then(|| bound.clone())
}
