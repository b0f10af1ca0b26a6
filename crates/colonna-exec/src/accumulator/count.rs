//! How many rows, and how many values.

use colonna_column::Column;

use super::{Grouping, Rows};
use crate::ExecError;

/// `count(*)`
#[derive(Clone, Debug, Default)]
pub(crate) struct CountRows(Vec<i64>);

/// `count(x)`
#[derive(Clone, Debug, Default)]
pub(crate) struct CountValues(Vec<i64>);

impl CountRows {
    /// Counts that many rows of the only group without having seen them.
    pub(crate) fn add(&mut self, row_count: u64) -> Result<(), ExecError> {
        add(&mut self.0, row_count)
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.0.resize(rows.group_count, 0);
        match rows.grouping {
            Grouping::One => return add(&mut self.0, rows.row_count as u64),
            Grouping::Each(groups) => groups.iter().for_each(|&group| self.0[group as usize] += 1),
        }
        Ok(())
    }

    #[expect(clippy::needless_pass_by_value, reason = "every accumulator has this form")]
    pub(super) fn merge(
        &mut self,
        later: Self,
        mapping: &[u32],
        group_count: usize,
    ) -> Result<(), ExecError> {
        merge(&mut self.0, &later.0, mapping, group_count)
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
    /// Counts that many values of the only group without having seen them.
    pub(crate) fn add(&mut self, value_count: u64) -> Result<(), ExecError> {
        add(&mut self.0, value_count)
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.0.resize(rows.group_count, 0);
        let Some(values) = rows.values else { return Ok(()) };
        match rows.grouping {
            Grouping::One => return add(&mut self.0, (values.len() - values.null_count()) as u64),
            grouping => grouping.each_valid(values, |group, _| self.0[group] += 1),
        }
        Ok(())
    }

    #[expect(clippy::needless_pass_by_value, reason = "every accumulator has this form")]
    pub(super) fn merge(
        &mut self,
        later: Self,
        mapping: &[u32],
        group_count: usize,
    ) -> Result<(), ExecError> {
        merge(&mut self.0, &later.0, mapping, group_count)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn finish(self, group_count: usize) -> Result<Column, ExecError> {
        Ok(finish(self.0, group_count))
    }

    pub(super) fn byte_len(&self) -> usize {
        self.0.len() * 8
    }
}

fn add(counts: &mut Vec<i64>, count: u64) -> Result<(), ExecError> {
    counts.resize(counts.len().max(1), 0);
    let overflow = || ExecError::SumOverflow { column: "count(*)".to_owned() };
    let count = i64::try_from(count).ok();
    for total in counts.iter_mut().take(1) {
        *total = count.and_then(|count| total.checked_add(count)).ok_or_else(overflow)?;
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
fn merge(
    counts: &mut Vec<i64>,
    later: &[i64],
    mapping: &[u32],
    group_count: usize,
) -> Result<(), ExecError> {
    counts.resize(group_count, 0);
    for (&count, &group) in later.iter().zip(mapping) {
        counts[group as usize] += count;
    }
    Ok(())
}

fn finish(mut counts: Vec<i64>, group_count: usize) -> Column {
    counts.resize(group_count, 0);
    Column::from_i64(counts)
}
