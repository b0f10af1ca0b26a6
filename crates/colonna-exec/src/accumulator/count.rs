//! How many rows, and how many values.

use colonna_column::Column;

use super::{Rows, Taken};
use crate::ExecError;

/// `count(*)`
#[derive(Clone, Debug, Default)]
pub(crate) struct CountRows(Vec<i64>);

/// `count(x)`
#[derive(Clone, Debug, Default)]
pub(crate) struct CountValues(Vec<i64>);

impl CountRows {
    /// Counts that many rows of a group without having seen them.
    pub(crate) fn add(&mut self, group: usize, row_count: u64) -> Result<(), ExecError> {
        add(&mut self.0, group, row_count)
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.0.resize(rows.group_count, 0);
        if let Some(group) = rows.grouping.single() {
            return add(&mut self.0, group, rows.row_count as u64);
        }
        match (rows.grouping, rows.row_counts) {
            (_, Some(counts)) => add_each(&mut self.0, counts),
            (grouping, None) => grouping.each(rows.row_count, None, |group, _| self.0[group] += 1),
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        merge(&mut self.0, &later.0, taken)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn finish(self, group_count: usize) -> Result<Column, ExecError> {
        Ok(finish(self.0, group_count))
    }

    pub(super) fn byte_len(&self) -> usize {
        self.0.len() * 8
    }
}

impl CountValues {
    /// Counts that many values of a group without having seen them.
    pub(crate) fn add(&mut self, group: usize, value_count: u64) -> Result<(), ExecError> {
        add(&mut self.0, group, value_count)
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.0.resize(rows.group_count, 0);
        let Some(values) = rows.values else { return Ok(()) };
        if let Some(group) = rows.grouping.single() {
            return add(&mut self.0, group, (values.len() - values.null_count()) as u64);
        }
        match rows.row_counts {
            Some(counts) if values.null_count() == 0 => add_each(&mut self.0, counts),
            _ => rows.grouping.each_valid(values, |group, _| self.0[group] += 1),
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        merge(&mut self.0, &later.0, taken)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn finish(self, group_count: usize) -> Result<Column, ExecError> {
        Ok(finish(self.0, group_count))
    }

    pub(super) fn byte_len(&self) -> usize {
        self.0.len() * 8
    }
}

fn add_each(counts: &mut [i64], more: &[u32]) {
    counts.iter_mut().zip(more).for_each(|(count, more)| *count += i64::from(*more));
}

fn add(counts: &mut Vec<i64>, group: usize, count: u64) -> Result<(), ExecError> {
    counts.resize(counts.len().max(group + 1), 0);
    let overflow = || ExecError::SumOverflow { column: "count(*)".to_owned() };
    let count = i64::try_from(count).ok();
    for total in counts.iter_mut().skip(group).take(1) {
        *total = count.and_then(|count| total.checked_add(count)).ok_or_else(overflow)?;
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
fn merge(counts: &mut Vec<i64>, later: &[i64], taken: &Taken<'_>) -> Result<(), ExecError> {
    counts.resize(taken.group_count, 0);
    taken.each(later, |group, count| counts[group] += count);
    Ok(())
}

fn finish(mut counts: Vec<i64>, group_count: usize) -> Column {
    counts.resize(group_count, 0);
    Column::from_i64(counts)
}
