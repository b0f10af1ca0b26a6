//! Aggregates over columns with many nulls and with the awkward doubles: those of the oracle, and to
//! the last bit the same for every split into batches and every form of a column.

use std::slice;
use std::sync::Arc;

use colonna_column::{Column, Columns};
use colonna_schema::{
    AggregateExpr, AggregateFunction as F, DataType, Expr, Field, Projection, Query, Scalar,
    Schema, col,
};
use colonna_testkit::generate::Question;
use colonna_testkit::oracle;
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, proptest};
use proptest::sample::{select, subsequence};

use crate::{Input, answer, any_input, check, rows_of};

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        Field::new("g", DataType::Utf8),
        Field::new("k", DataType::Int64),
        Field::new("x", DataType::Float64),
        Field::new("n", DataType::Int64),
        Field::new("price", DataType::Decimal { precision: 12, scale: 2 }),
        Field::new("ts", DataType::Timestamp),
        Field::new("text", DataType::Utf8),
    ]))
}

/// Doubles of one kind each; a table has some of the kinds. A quarter of the smallest is a double too,
/// or the oracle would round it in its own way.
const DOUBLES: [&[f64]; 5] = [
    &[0.25, -3.5, 17.0, 1000.75, -0.125],
    &[0.0, -0.0],
    &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY],
    &[8e-323, -8e-323, 1e-310, -3e-309, f64::MIN_POSITIVE],
    &[1e300, -1e300, 1e15, 0.1, -1e-15],
];

fn any_doubles() -> BoxedStrategy<Vec<Scalar>> {
    let kinds = subsequence(DOUBLES.to_vec(), 1..=3);
    kinds.prop_map(|kinds| kinds.concat().into_iter().map(Scalar::from).collect()).boxed()
}

fn any_integers() -> BoxedStrategy<Vec<Scalar>> {
    let wide = vec![i64::MAX, i64::MIN, 1 << 40, -(1 << 33)];
    let wide = (subsequence(wide, 0..=2), vec(-9_i64..9, 1..4));
    wide.prop_map(|(wide, small)| wide.into_iter().chain(small).map(Scalar::from).collect()).boxed()
}

fn some(values: Vec<Scalar>) -> BoxedStrategy<Vec<Scalar>> {
    Just(values).boxed()
}

/// The values that a column chooses from.
fn palette(name: &str) -> BoxedStrategy<Vec<Scalar>> {
    let cents = [0_i128, -1, 99, 12_345, -999_999].map(|value| Scalar::Decimal { value, scale: 2 });
    let moments = [0_i64, -1, 86_400_000_000, 1_759_276_800_000_000].map(Scalar::Timestamp);
    match name {
        "g" => some(["", "a", "b"].map(Scalar::from).to_vec()),
        "k" => some((0_i64..4).map(Scalar::from).collect()),
        "x" => any_doubles(),
        "n" => any_integers(),
        "price" => some(cents.to_vec()),
        "ts" => some(moments.to_vec()),
        _ => some(["", "a", "ab", "b", "\u{e9}"].map(Scalar::from).to_vec()),
    }
}

/// A column of so many rows, of which none, some, most or all are null.
fn any_column(field: Field, row_count: usize) -> BoxedStrategy<Column> {
    let nulls = select(vec![0_u32, 50, 90, 100]);
    (palette(&field.name), nulls)
        .prop_flat_map(move |(values, nulls)| {
            let value = (0..100_u32, select(values))
                .prop_map(move |(chance, value)| if chance < nulls { Scalar::Null } else { value });
            let field = field.clone();
            vec(value, row_count)
                .prop_map(move |values| Column::from_scalars(&field.data_type, &values).unwrap())
        })
        .boxed()
}

fn any_rows() -> impl Strategy<Value = Columns> {
    proptest::prop_oneof![Just(0), 1..6_usize, 1..200_usize].prop_flat_map(|row_count| {
        let columns = schema().fields.clone();
        let columns: Vec<_> =
            columns.into_iter().map(|field| any_column(field, row_count)).collect();
        columns.prop_map(move |columns| Columns::try_new(schema(), columns, row_count).unwrap())
    })
}

const NUMERIC: [F; 13] = [
    F::Sum,
    F::Avg,
    F::VarianceSample,
    F::VariancePopulation,
    F::StddevSample,
    F::StddevPopulation,
    F::QuantileContinuous(0.0),
    F::QuantileContinuous(0.25),
    F::QuantileContinuous(0.5),
    F::QuantileContinuous(1.0),
    F::QuantileDiscrete(0.0),
    F::QuantileDiscrete(0.6),
    F::QuantileDiscrete(1.0),
];

const OF_ANY: [F; 4] = [F::Min, F::Max, F::Count, F::CountDistinct];

/// Every aggregate of every column that it suits.
fn all_aggregates() -> Vec<Expr> {
    let of = |name: &'static str| {
        move |function: &F| Expr::from(AggregateExpr::new(*function, col(name)))
    };
    let numeric = ["x", "n", "price"].into_iter().flat_map(|name| NUMERIC.iter().map(of(name)));
    let any = ["x", "n", "price", "ts", "text"].into_iter();
    let any = any.flat_map(|name| OF_ANY.iter().map(of(name)));
    let distinct = ["x", "n", "price"].into_iter().map(|name| {
        Expr::from(AggregateExpr { distinct: true, ..AggregateExpr::new(F::Sum, col(name)) })
    });
    numeric.chain(any).chain(distinct).collect()
}

fn question(aggregate: &Expr, keys: &[&str]) -> Question {
    let group_by: Vec<Expr> = keys.iter().map(|name| col(name)).collect();
    let exprs = group_by.iter().chain([aggregate]).cloned();
    let projection = exprs.map(Projection::from).collect();
    Question { query: Query { projection, group_by, ..Query::default() }, ordered: false }
}

/// The integers of a variance must be doubles too, or the oracle rounds them.
fn is_known_to_the_oracle(aggregate: &Expr, table: &Columns) -> bool {
    let Expr::Aggregate(aggregate) = aggregate else { return true };
    let is_rounded = matches!(
        aggregate.function,
        F::VarianceSample | F::VariancePopulation | F::StddevSample | F::StddevPopulation
    );
    let integers = table.column_at(&["n".to_owned()]).unwrap().scalars();
    let is_wide =
        |value: &Scalar| matches!(value, Scalar::Int64(value) if value.unsigned_abs() >> 53 > 0);
    !(is_rounded && integers.iter().any(is_wide))
}

proptest! {
    #[test]
    fn aggregates_of_columns_with_nulls_are_those_of_the_oracle_for_any_split(
        input in any_input(any_rows()),
        keys in select(vec![vec![], vec!["g"], vec!["k"], vec!["g", "k"]]),
        merged in any::<bool>(),
    ) {
        for aggregate in all_aggregates() {
            let question = question(&aggregate, &keys);
            let query = &question.query;
            let Input { table, batches } = &input;
            let whole = answer(query, &schema(), slice::from_ref(table), false);
            let split = answer(query, &schema(), batches, merged);
            match (&whole, &split) {
                // As text, which tells the zeros apart and finds no two NaNs different.
                (Ok(whole), Ok(split)) => {
                    let text = |columns: &Columns| format!("{:?}", rows_of(columns));
                    assert_eq!(text(whole), text(split), "{aggregate} by {keys:?}");
                }
                _ => assert_eq!(whole.is_ok(), split.is_ok(), "{aggregate} by {keys:?}"),
            }
            if is_known_to_the_oracle(&aggregate, table) {
                check(&question, &oracle::answer(query, table), split);
            }
        }
    }
}
