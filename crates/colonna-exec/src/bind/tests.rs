use std::sync::Arc;

use colonna_column::Column;
use colonna_schema::{
    BinaryOperator, DataType, Expr, Field, Function, Scalar, Schema, col, count, lit,
};

use super::*;

fn schema() -> Arc<Schema> {
    let user = vec![Field::new("country", DataType::Utf8), Field::new("age", DataType::Int64)];
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64),
        Field::new("ratio", DataType::Float64),
        Field::new("price", DataType::Decimal { precision: 10, scale: 2 }),
        Field::new("name", DataType::Utf8),
        Field::new("ok", DataType::Boolean),
        Field::new("day", DataType::Date),
        Field::new("ts", DataType::Timestamp),
        Field::new("user", DataType::Struct(user)),
        Field::new("tags", DataType::List(Box::new(DataType::Utf8))),
        Field::new("labels", DataType::Map(Box::new(DataType::Utf8), Box::new(DataType::Int64))),
    ]))
}

/// The bound expression as written, with its type, or the error.
#[track_caller]
fn check(expr: &Expr, expected: &str) {
    let mut slots = Slots::new(schema());
    let found = match bind(expr, &mut slots) {
        Ok(bound) => {
            let paths = slots.paths().to_vec();
            let expr = bound.to_expr(&|slot| paths[slot].join("."));
            format!("{expr}: {}", bound.data_type)
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected);
}

#[test]
fn a_text_literal_takes_the_type_of_the_column_beside_it() {
    check(&col("ts").at_least("2025-10-31"), "(ts >= '2025-10-31T00:00:00Z'): boolean");
    check(&col("day").eq("2025-10-31"), "(day = '2025-10-31'): boolean");
    check(&col("id").eq("7"), "(id = 7): boolean");
    check(&col("ratio").less_than("0.5"), "(ratio < 0.5): boolean");
    check(&col("ok").eq("true"), "(ok = true): boolean");
    check(&col("price").eq("1.5"), "(price = 1.50): boolean");
    check(&col("id").is_in(["1", "2"]), "(id IN (1, 2)): boolean");
    check(
        &col("ts").eq("yesterday"),
        "(ts = 'yesterday'): cannot read the text \"yesterday\" as timestamp",
    );
    check(&col("id").is_in(["x"]), "(id IN ('x')): cannot read the text \"x\" as int64");
}

#[test]
fn a_number_literal_is_a_number_of_the_columns_type_where_it_is_exactly_one() {
    check(&col("id").eq(5.0), "(id = 5): boolean");
    check(&col("id").less_than(5.5), "(id < 5.5): boolean");
    check(&col("ratio").eq(5), "(ratio = 5.0): boolean");
    check(&col("price").eq(0.1), "(price = 0.10): boolean");
    check(&col("price").eq(0.125), "(price = 0.125): boolean");
    check(
        &col("day").less_than(Scalar::Timestamp(86_400_000_000)),
        "(day < '1970-01-02'): boolean",
    );
}

#[test]
fn a_comparison_has_its_column_on_the_left() {
    check(&lit(5).less_than(col("id")), "(id > 5): boolean");
    check(&lit("a").eq(col("name")), "(name = 'a'): boolean");
    check(&lit(5).at_most(col("id")), "(id >= 5): boolean");
}

#[test]
fn what_reads_no_column_is_worked_out_once() {
    check(&col("id").eq(lit(2).plus(3)), "(id = 5): boolean");
    check(
        &lit("2025-01-31T10:00:00Z").cast(DataType::Timestamp).date_trunc("day"),
        "'2025-01-31T00:00:00Z': timestamp",
    );
    check(&col("id").plus(lit(i64::MAX).plus(1)), "(id + (9223372036854775807 + 1)): int64");
}

#[test]
fn types_that_do_not_go_together_are_refused() {
    check(&col("name").eq(5), "(name = 5): text and int64 do not go together: cast one of them");
    check(
        &col("name").eq(col("id")),
        "(name = id): text and int64 do not go together: cast one of them",
    );
    check(&col("id").and(true), "(id AND true): expected a condition, found int64");
    check(&col("name").plus(1), "(name + 1): expected a number, found text");
    check(&Expr::call(Function::Lower, [col("id")]), "lower(id): expected a text, found int64");
    check(&Expr::call(Function::Lower, []), "lower takes one argument, not 0");
    check(
        &col("ts").date_trunc("fortnight"),
        "unknown unit of time \"fortnight\" for date_trunc: use microsecond, millisecond, second, \
         minute, hour, day, week, month, quarter, year, decade, century, millennium",
    );
    check(
        &count(),
        "count(*) is an aggregate and cannot stand here: move it to SELECT, HAVING or ORDER BY",
    );
}

#[test]
fn a_field_of_a_column_is_read_alone() {
    let mut slots = Slots::new(schema());
    let field = Expr::Field { operand: Box::new(col("user")), name: "Country".into() };
    let element = Expr::call(Function::ElementAt, [col("user"), lit("country")]);
    let path = col("user.country");
    let bound: Vec<_> =
        [field, element, path].iter().map(|expr| bind(expr, &mut slots).unwrap()).collect();
    assert!(bound.iter().all(|expr| *expr == bound[0]));
    assert_eq!(slots.paths(), [["user", "country"]]);
    assert_eq!(slots.slot_schema().fields, [Field::new("user.country", DataType::Utf8)]);
    check(&col("labels.de"), "element_at(labels, 'de'): int64");
}

#[test]
fn branches_have_one_type() {
    let case = |then: Expr, otherwise: Expr| Expr::Case {
        operand: None,
        branches: vec![(col("ok"), then)],
        otherwise: Some(Box::new(otherwise)),
    };
    check(
        &case(col("id"), lit(0.5)),
        "CASE WHEN ok THEN CAST(id AS float64) ELSE 0.5 END: float64",
    );
    check(
        &case(col("price"), lit(0.125)),
        "CASE WHEN ok THEN CAST(price AS decimal(11,3)) ELSE 0.125 END: decimal(11,3)",
    );
    check(&case(lit(-136.95), lit(2)), "CASE WHEN ok THEN -136.95 ELSE 2.0 END: float64");
    check(&case(lit(Scalar::Null), col("id")), "CASE WHEN ok THEN null ELSE id END: int64");
    check(
        &case(col("ts"), lit("2025-01-01")),
        "CASE WHEN ok THEN ts ELSE '2025-01-01T00:00:00Z' END: timestamp",
    );
    check(
        &case(col("ts"), col("id")),
        "CASE WHEN ok THEN ts ELSE id END: timestamp and int64 do not go together: cast one of them",
    );
}

/// `least(price, 12.25) = price` is true of every price below, so nothing of it may be rounded.
#[test]
fn a_number_that_is_written_beside_decimals_is_one() {
    let least = |others: &[Expr]| {
        let first = std::iter::once(col("price"));
        Expr::call(Function::Least, first.chain(others.iter().cloned()))
    };
    let cast = "CAST(price AS float64)";
    check(&least(&[lit(12.25)]), "least(price, 12.25): decimal(10,2)");
    check(
        &least(&[lit(1e9), lit(1)]),
        "least(CAST(price AS decimal(21,2)), 1000000000.00, 1.00): decimal(21,2)",
    );
    check(&least(&[col("ratio"), lit(0.5)]), &format!("least({cast}, ratio, 0.5): float64"));
    check(&least(&[lit(f64::NAN)]), &format!("least({cast}, NaN): float64"));
    check(&least(&[lit(1e37)]), &format!("least({cast}, 1e37): float64"));
}

#[test]
fn an_expression_may_be_deep_but_not_bottomless() {
    let deep = |levels: usize| (0..levels).fold(col("ok"), |expr, _| expr.not());
    let mut slots = Slots::new(schema());
    let bound = bind(&deep(MAX_DEPTH - 1), &mut slots).unwrap();
    let ok = Column::constant(DataType::Boolean, true.into(), 3);
    let columns = Columns::from_named(vec![("ok".into(), ok)]).unwrap();
    assert_eq!(evaluate(&bound, &columns).unwrap().scalar_at(0), Scalar::Boolean(false));
    check(&deep(MAX_DEPTH), "the expression is nested deeper than 200 levels: break it up");
}

#[test]
fn a_chain_of_conditions_may_be_long() {
    let chain = (0..5000).fold(col("id").eq(-1), |chain, id| chain.or(col("id").eq(id)));
    let mut slots = Slots::new(schema());
    let bound = bind(&chain, &mut slots).unwrap();
    let ids = Column::from_i64(vec![4999, 5000, 0]);
    let columns = Columns::from_named(vec![("id".into(), ids)]).unwrap();
    let found = evaluate(&bound, &columns).unwrap();
    assert_eq!(found.scalars(), [true, false, true].map(Scalar::from));
}

#[test]
fn decimals_keep_all_their_digits() {
    check(&col("price").times(col("price")), "(price * price): decimal(20,4)");
    check(&col("price").times(0.5), "(price * 0.50): decimal(20,4)");
    check(&col("price").divided_by(2), "(CAST(price AS float64) / 2.0): float64");
    check(&col("id").binary(BinaryOperator::IntegerDivide, 2), "(id // 2): int64");
}
