//! What the executor answers is what the oracle answers.

#![expect(clippy::panic, reason = "a law that is broken ends its test")]

use std::fmt;
use std::sync::Arc;

use colonna_column::Columns;
use colonna_exec::{ExecError, Plan, Slots, bind, evaluate, select};
use colonna_schema::{DataType, Expr, Query, Scalar};
use colonna_testkit::generate::{Question, any_batches, any_predicate, any_query, any_table};
use colonna_testkit::{Answer, OracleError, assert_same_rows, oracle};
use proptest::prelude::{Strategy, any, proptest};

/// The executor's answer over batches: folded into one state, or each into a state of its own,
/// which are merged in order.
fn answer(query: &Query, batches: &[Columns], merged: bool) -> Result<Columns, ExecError> {
    let schema = colonna_testkit::generate::table_schema();
    let plan = Plan::try_new(query, &schema)?;
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
fn check(question: &Question, expected: Result<Answer, OracleError>, input: &Input, merged: bool) {
    let found = answer(&question.query, &input.batches, merged);
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

fn any_input() -> impl Strategy<Value = Input> {
    any_table().prop_flat_map(|table| {
        any_batches(&table).prop_map(move |batches| Input { table: table.clone(), batches })
    })
}

/// What a predicate says of each row, from the oracle.
fn truths(predicate: &Expr, table: &Columns) -> Result<Vec<Scalar>, OracleError> {
    let query = Query { projection: vec![predicate.clone().into()], ..Query::default() };
    Ok(oracle::answer(&query, table)?.rows.into_iter().flatten().collect())
}

proptest! {
    #[test]
    fn any_query_over_any_batches_is_answered_as_by_the_oracle(
        input in any_input(),
        question in any_query(),
        merged in any::<bool>(),
    ) {
        let expected = oracle::answer(&question.query, &input.table);
        check(&question, expected, &input, merged);
    }

    #[test]
    fn any_predicate_keeps_the_rows_for_which_it_is_true(
        input in any_input(),
        predicate in any_predicate(),
    ) {
        let Ok(expected) = truths(&predicate, &input.table) else { return Ok(()) };
        let mut slots = Slots::new(Arc::clone(input.table.schema()));
        let bound = bind(&predicate, &mut slots).unwrap();
        let (mut values, mut kept) = (Vec::new(), Vec::new());
        for batch in &input.batches {
            let columns = slots_of(&slots, batch).unwrap();
            values.extend(evaluate(&bound, &columns).unwrap().scalars());
            kept.extend(select(&bound, &columns).unwrap().iter());
        }
        assert_eq!(&values, &expected, "{}", predicate);
        let is_true: Vec<bool> = expected.iter().map(|truth| *truth == Scalar::Boolean(true)).collect();
        assert_eq!(kept, is_true);
    }
}
