//! The value of the row that is first or last in an order.

use std::cmp::Ordering;

use colonna_column::{Column, ColumnBuilder, Values};
use colonna_schema::{AggregateFunction, DataType, Scalar};

use super::{AggregateKind, Rows, Taken};
use crate::ExecError;
use crate::sort::OrderedColumn;

/// `first` or `last`. Rows whose value, or whose place in the order, is null are passed over.
#[derive(Clone, Debug)]
pub(crate) struct Pick {
    data_type: DataType,
    last: bool,
    /// The place in the order and the value, by group.
    picked: Vec<Option<(Scalar, Scalar)>>,
}

impl Pick {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        let last = kind.function == AggregateFunction::Last;
        Self { data_type: kind.output.clone(), last, picked: Vec::new() }
    }

    /// Whether a row takes the place of an earlier one that it so compares with.
    fn replaces(&self, ordering: Ordering) -> bool {
        if self.last { ordering != Ordering::Less } else { ordering == Ordering::Less }
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        const NONE: u32 = u32::MAX;
        self.picked.resize(rows.group_count, None);
        let Some(column) = rows.values else { return Ok(()) };
        let ordered = rows.order.map(OrderedColumn::new);
        let passed_over = rows.order.is_some_and(|order| matches!(order.values(), Values::Null));
        if passed_over {
            return Ok(());
        }
        // The row of each group is found first; only its value is then taken out of the column.
        let mut best = vec![NONE; rows.group_count];
        rows.grouping.each_valid(column, |group, row| {
            if rows.order.is_some_and(|order| !order.is_valid(row)) {
                return;
            }
            let known = best[group];
            let ordering = match &ordered {
                Some(ordered) if known != NONE => ordered.cmp(row, known as usize),
                _ => Ordering::Equal,
            };
            if known == NONE || self.replaces(ordering) {
                best[group] = u32::try_from(row).unwrap_or(NONE);
            }
        });
        for (group, row) in best.into_iter().enumerate().filter(|(_, row)| *row != NONE) {
            let row = row as usize;
            let place = rows.order.map_or(Scalar::Boolean(true), |order| order.scalar_at(row));
            self.offer(group, place, || column.scalar_at(row));
        }
        Ok(())
    }

    fn offer(&mut self, group: usize, place: Scalar, value: impl FnOnce() -> Scalar) {
        let replaces = match &self.picked[group] {
            Some((known, _)) => self.replaces(place.total_cmp(known)),
            None => true,
        };
        if replaces {
            self.picked[group] = Some((place, value()));
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.picked.resize(taken.group_count, None);
        taken.each(&later.picked, |group, picked| {
            if let Some((place, value)) = picked {
                self.offer(group, place.clone(), || value.clone());
            }
        });
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        self.picked.resize(group_count, None);
        let mut builder = ColumnBuilder::new(&self.data_type);
        for picked in self.picked {
            builder.push_scalar(&picked.map_or(Scalar::Null, |(_, value)| value))?;
        }
        Ok(builder.finish())
    }

    pub(super) fn byte_len(&self) -> usize {
        self.picked.len() * size_of::<Option<(Scalar, Scalar)>>()
    }
}
