//! What the executor answers is what the oracle answers: in memory, whatever the form of the columns
//! and however the rows are split, and from files, whatever is skipped on the way.

#![expect(clippy::panic, reason = "a law that is broken ends its test")]
#![expect(clippy::unwrap_used, reason = "and so does a case that cannot be made")]

mod aggregates;
mod dictionaries;
mod files;
mod queries;

use std::fmt;
use std::sync::Arc;

use colonna_column::Columns;
use colonna_exec::{ExecError, Plan, Slots};
use colonna_schema::{DataType, Query, Scalar, Schema};
use colonna_testkit::generate::{Question, any_batches};
use colonna_testkit::{Answer, OracleError, assert_same_rows};
use proptest::prelude::Strategy;

/// The executor's answer over batches: folded into one state, or each into a state of its own,
/// which are merged in order.
fn answer(
    query: &Query,
    schema: &Arc<Schema>,
    batches: &[Columns],
    merged: bool,
) -> Result<Columns, ExecError> {
    let plan = Plan::try_new(query, schema)?;
    let mut whole = plan.partial();
    for batch in batches {
        let columns = slots_of(plan.slots(), batch)?;
        if merged {
            let mut part = plan.partial();
            part.update(&columns)?;
            whole.merge(part)?;
        } else {
            whole.update(&columns)?;
        }
    }
    plan.finish(whole)
}

/// The columns that the slots ask for, as a scan hands them over.
fn slots_of(slots: &Slots, batch: &Columns) -> Result<Columns, ExecError> {
    let columns = slots.paths().iter().filter_map(|path| batch.column_at(path)).collect();
    Ok(Columns::try_new(Arc::new(slots.slot_schema()), columns, batch.row_count())?)
}

fn rows_of(columns: &Columns) -> Vec<Vec<Scalar>> {
    (0..columns.row_count()).map(|row| columns.row(row)).collect()
}

/// Whether two types are the same, but for the digits a decimal may have.
fn same_kind(expected: &DataType, found: &DataType) -> bool {
    match (expected, found) {
        (DataType::Decimal { .. }, DataType::Decimal { .. }) => true,
        (expected, found) => expected == found,
    }
}

#[track_caller]
fn check<E: fmt::Display>(
    question: &Question,
    expected: &Result<Answer, OracleError>,
    found: Result<Columns, E>,
) {
    match (expected, found) {
        (Err(OracleError::NotCovered { .. }), _) => {}
        // Rows that a limit leaves out need not be computed.
        (Err(_), Ok(_)) if question.query.limit.is_some() => {}
        (Err(error), Ok(found)) => {
            panic!("should fail, as {error}, but answered {:?}", rows_of(&found))
        }
        (Err(_), Err(_)) => {}
        (Ok(expected), Err(error)) => panic!("failed: {error}; expected {:?}", expected.rows),
        (Ok(expected), Ok(found)) => {
            let names: Vec<&str> =
                found.schema().fields.iter().map(|field| field.name.as_str()).collect();
            assert_eq!(expected.names(), names);
            for (expected, found) in expected.schema.fields.iter().zip(&found.schema().fields) {
                assert!(same_kind(&expected.data_type, &found.data_type), "{expected:?} {found:?}");
            }
            assert_same_rows(&expected.rows, &rows_of(&found), question.ordered);
        }
    }
}

/// A table, and the same rows in batches of any form.
#[derive(Clone)]
struct Input {
    table: Columns,
    batches: Vec<Columns>,
}

/// Row by row, so that a counterexample can be read.
impl fmt::Debug for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for batch in &self.batches {
            writeln!(formatter, "batch")?;
            rows_of(batch).iter().try_for_each(|row| writeln!(formatter, "  {row:?}"))?;
        }
        Ok(())
    }
}

/// Any of the tables, in any batches.
fn any_input(tables: impl Strategy<Value = Columns>) -> impl Strategy<Value = Input> {
    tables.prop_flat_map(|table| {
        any_batches(&table).prop_map(move |batches| Input { table: table.clone(), batches })
    })
}
