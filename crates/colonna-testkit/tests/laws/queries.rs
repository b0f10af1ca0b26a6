//! Any query over any table, in memory.

use std::sync::Arc;

use colonna_column::Columns;
use colonna_exec::{Slots, bind, evaluate, select};
use colonna_schema::{Expr, Query, Scalar};
use colonna_testkit::generate::{any_predicate, any_query, any_table};
use colonna_testkit::{OracleError, oracle};
use proptest::prelude::{any, proptest};

use crate::{answer, any_input, check, slots_of};

/// What a predicate says of each row, from the oracle.
fn truths(predicate: &Expr, table: &Columns) -> Result<Vec<Scalar>, OracleError> {
    let query = Query { projection: vec![predicate.clone().into()], ..Query::default() };
    Ok(oracle::answer(&query, table)?.rows.into_iter().flatten().collect())
}

proptest! {
    #[test]
    fn any_query_over_any_batches_is_answered_as_by_the_oracle(
        input in any_input(any_table()),
        question in any_query(),
        merged in any::<bool>(),
    ) {
        let expected = oracle::answer(&question.query, &input.table);
        let found = answer(&question.query, input.table.schema(), &input.batches, merged);
        check(&question, &expected, found);
    }

    #[test]
    fn any_predicate_keeps_the_rows_for_which_it_is_true(
        input in any_input(any_table()),
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
