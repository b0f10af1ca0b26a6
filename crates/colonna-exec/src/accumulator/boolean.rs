//! `bool_and` and `bool_or`.

use colonna_column::{Column, Values};
use colonna_schema::{AggregateFunction, DataType};

use super::{Rows, Taken, expanded, optional};
use crate::ExecError;

/// Whether all values are true, or any is.
#[derive(Clone, Debug)]
pub(crate) struct BooleanFold {
    /// The value that decides once it is met: false for `bool_and`, true for `bool_or`.
    decisive: bool,
    states: Vec<Option<bool>>,
}

impl BooleanFold {
    pub(super) fn new(function: AggregateFunction) -> Self {
        Self { decisive: function == AggregateFunction::BoolOr, states: Vec::new() }
    }

    fn add(&mut self, group: usize, value: bool) {
        let state = &mut self.states[group];
        if *state != Some(self.decisive) {
            *state = Some(value);
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.states.resize(rows.group_count, None);
        let Some(column) = rows.values else { return Ok(()) };
        let column = expanded(column);
        if let Values::Boolean(bits) = column.values() {
            rows.grouping.each_valid(&column, |group, row| self.add(group, bits.get(row)));
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.states.resize(taken.group_count, None);
        taken.each(&later.states, |group, state| {
            state.iter().for_each(|value| self.add(group, *value));
        });
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        self.states.resize(group_count, None);
        optional(&DataType::Boolean, self.states, |values| {
            Values::Boolean(values.into_iter().collect())
        })
    }

    pub(super) fn byte_len(&self) -> usize {
        self.states.len()
    }
}
