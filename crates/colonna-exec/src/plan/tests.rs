use std::collections::BTreeMap;

use colonna_column::Bitmap;
use colonna_schema::{
    AggregateExpr, AggregateFunction as F, ColumnStatistics, DataType, Function, Projection,
    Scalar, SortKey, Statistics, avg, col, count, count_distinct, count_of, first, last, lit, max,
    median, min, quantile, sum, variance,
};

use super::*;

mod laws;

const DECIMAL: DataType = DataType::Decimal { precision: 20, scale: 2 };

fn schema() -> Arc<Schema> {
    let user = vec![Field::new("country", DataType::Utf8), Field::new("age", DataType::Int64)];
    Arc::new(Schema::new(vec![
        Field::new("word", DataType::Utf8),
        Field::new("number", DataType::Int64),
        Field::new("ratio", DataType::Float64),
        Field::new("price", DECIMAL),
        Field::new("moment", DataType::Timestamp),
        Field::new("flag", DataType::Boolean),
        Field::new("user", DataType::Struct(user)),
    ]))
}

type Row = Vec<Scalar>;

fn user(country: Scalar, age: impl Into<Scalar>) -> Scalar {
    Scalar::Struct(vec![("country".to_owned(), country), ("age".to_owned(), age.into())])
}

/// Rows of word and number; the other columns follow from the number.
fn rows(rows: &[(&str, i64)]) -> Vec<Row> {
    rows.iter()
        .map(|&(word, number)| {
            vec![
                word.into(),
                number.into(),
                (number as f64 / 4.0).into(),
                Scalar::Decimal { value: i128::from(number), scale: 2 },
                Scalar::Timestamp(number * 1_000_000),
                (number % 2 == 0).into(),
                user(word.to_uppercase().into(), number),
            ]
        })
        .collect()
}

fn columns_of(plan: &Plan, rows: &[Row], reform: &dyn Fn(Column) -> Column) -> Columns {
    let schema = schema();
    let table: Vec<(String, Column)> = schema
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let values: Vec<Scalar> = rows.iter().map(|row| row[index].clone()).collect();
            let column = Column::from_scalars(&field.data_type, &values).unwrap();
            (field.name.clone(), reform(column))
        })
        .collect();
    let table = Columns::from_named(table).unwrap();
    let read = plan.slots().paths().iter().map(|path| table.column_at(path).unwrap());
    let schema = Arc::new(plan.slots().slot_schema());
    Columns::try_new(schema, read.collect(), rows.len()).unwrap()
}

fn answer(query: &Query, tasks: &[&[Row]], reform: &dyn Fn(Column) -> Column) -> Vec<Row> {
    let plan = Plan::try_new(query, &schema()).unwrap();
    let mut whole = plan.partial();
    for task in tasks {
        let mut partial = plan.partial();
        let middle = task.len() / 2;
        for batch in [&task[..middle], &task[middle..]] {
            partial.update(&columns_of(&plan, batch, reform)).unwrap();
        }
        whole.merge(partial).unwrap();
    }
    let answer = plan.finish(whole).unwrap();
    assert_eq!(**answer.schema(), plan.output_schema());
    (0..answer.row_count()).map(|row| answer.row(row)).collect()
}

#[track_caller]
fn check(query: &Query, rows: &[Row], expected: &[&[Scalar]]) {
    let found = answer(query, &[rows], &|column| column);
    assert_eq!(found, expected, "in one task");
    for cut in 0..=rows.len() {
        let tasks = [&rows[..cut], &rows[cut..]];
        assert_eq!(answer(query, &tasks, &|column| column), expected, "cut at {cut}");
    }
}

#[track_caller]
fn check_error(query: &Query, expected: &str) {
    let found = Plan::try_new(query, &schema()).map(|_| String::new());
    assert_eq!(found.unwrap_or_else(|error| error.to_string()), expected);
}

fn selecting(projection: impl IntoIterator<Item = Expr>) -> Query {
    let projection = projection.into_iter().map(Projection::from).collect();
    Query { projection, ..Query::default() }
}

fn grouping(keys: &[&str], projection: impl IntoIterator<Item = Expr>) -> Query {
    Query { group_by: keys.iter().map(|key| col(key)).collect(), ..selecting(projection) }
}

fn aggregate(function: F, column: &str) -> AggregateExpr {
    AggregateExpr::new(function, col(column))
}

fn few() -> Vec<Row> {
    rows(&[("a", 3), ("b", 1), ("a", 4), ("c", 1), ("b", 5), ("a", 9)])
}

#[test]
fn groups_come_in_the_order_in_which_they_first_appear() {
    let query = grouping(&["word"], [col("word"), count(), sum("number"), max("number")]);
    check(
        &query,
        &few(),
        &[
            &["a".into(), 3.into(), 16.into(), 9.into()],
            &["b".into(), 2.into(), 6.into(), 5.into()],
            &["c".into(), 1.into(), 1.into(), 1.into()],
        ],
    );
}

#[test]
fn without_rows_there_is_one_group_only_where_nothing_is_grouped_by() {
    let aggregates = || [count(), sum("number"), min("word"), avg("ratio"), count_distinct("flag")];
    let nulls = [0.into(), Scalar::Null, Scalar::Null, Scalar::Null, 0.into()];
    check(&selecting(aggregates()), &[], &[&nulls]);
    check(&grouping(&["word"], aggregates()), &[], &[]);
}

#[test]
fn an_empty_projection_is_all_columns_or_the_keys() {
    let plan = Plan::try_new(&Query::default(), &schema()).unwrap();
    assert_eq!(plan.output_schema(), *schema());
    let query = grouping(&["flag"], []);
    check(&query, &few(), &[&[false.into()], &[true.into()]]);
    let except = vec!["WORD".to_owned(), "user".to_owned()];
    let query = Query { projection: vec![Projection::All { except }], ..Query::default() };
    let plan = Plan::try_new(&query, &schema()).unwrap();
    assert_eq!(plan.slots().paths().len(), 5);
}

#[test]
fn result_columns_of_one_name_are_told_apart() {
    let plan = Plan::try_new(&selecting([col("word"), col("word"), count_of("x")]), &schema());
    assert!(plan.is_err());
    let plan = Plan::try_new(&selecting([col("word"), col("word")]), &schema()).unwrap();
    let names: Vec<String> =
        plan.output_schema().fields.into_iter().map(|field| field.name).collect();
    assert_eq!(names, ["word", "word_1"]);
}

#[test]
fn a_field_of_a_key_can_be_asked_for() {
    let query = grouping(&["user"], [col("user.country"), count()]);
    let twice = [few(), few()].concat();
    let expected: Vec<Row> = ["A", "B", "A", "C", "B", "A"]
        .iter()
        .map(|country| vec![Scalar::from(*country), 2.into()])
        .collect();
    let expected: Vec<&[Scalar]> = expected.iter().map(Vec::as_slice).collect();
    check(&query, &twice, &expected);
}

#[test]
fn what_is_neither_grouped_nor_aggregated_is_named() {
    check_error(
        &grouping(&["word"], [col("number")]),
        "column \"number\" is neither grouped nor aggregated: add it to GROUP BY, or ask for \
         first(number), min(number) or another aggregate of it",
    );
    check_error(
        &grouping(&["word"], [sum("flags")]),
        "no column \"flags\"; did you mean \"flag\"?",
    );
    check_error(&selecting([sum("word")]), "sum(word): expected a number, found text");
    check_error(
        &selecting([quantile("number", 1.5)]),
        "quantile_cont(number, 1.5): the fraction cannot be 1.5: it must be from 0 to 1",
    );
    let query = Query { distinct: true, ..selecting([col("word")]) };
    check_error(
        &Query { order_by: vec![SortKey::ascending(col("number"))], ..query },
        "ORDER BY number: SELECT DISTINCT can only be ordered by what it selects: add the \
         expression to SELECT",
    );
    let order_by = vec![SortKey::ascending(2)];
    check_error(
        &Query { order_by, ..selecting([col("word")]) },
        "ORDER BY 2: the position cannot be 2: it must be the number of a result column, counted \
         from one",
    );
}

#[test]
fn aggregates_stand_in_expressions_and_groups_are_chosen_by_them() {
    let ratio = sum("number").divided_by(count());
    let query = Query {
        having: Some(count().greater_than(1)),
        order_by: vec![SortKey::descending(sum("number").plus(lit(0)))],
        ..grouping(&["word"], [col("word"), ratio])
    };
    let third = 16.0 / 3.0;
    check(&query, &few(), &[&["a".into(), third.into()], &["b".into(), 3.0.into()]]);
}

#[test]
fn a_key_that_is_an_expression_is_found_in_the_projection() {
    let parity = || col("number").modulo(2);
    let query = Query {
        group_by: vec![parity()],
        order_by: vec![SortKey::ascending(1)],
        ..selecting([parity().plus(10), count()])
    };
    check(&query, &few(), &[&[10.into(), 1.into()], &[11.into(), 5.into()]]);
}

#[test]
fn only_rows_that_the_filters_select_are_aggregated() {
    let mut even = aggregate(F::Sum, "number");
    even.filter = Some(Box::new(col("flag")));
    let query = Query { filter: Some(col("number").greater_than(1)), ..selecting([count()]) };
    check(&query, &few(), &[&[4.into()]]);
    let query = grouping(&["word"], [col("word"), even.into(), count()]);
    let (a, b, c) = (
        ["a".into(), 4.into(), 3.into()],
        ["b".into(), Scalar::Null, 2.into()],
        ["c".into(), Scalar::Null, 1.into()],
    );
    check(&query, &few(), &[&a, &b, &c]);
}

#[test]
fn distinct_takes_each_value_once() {
    let mut once = aggregate(F::Sum, "number");
    once.distinct = true;
    let query = selecting([once.into(), count_distinct("word"), count_distinct("number")]);
    check(&query, &few(), &[&[22.into(), 3.into(), 5.into()]]);
    let query = Query {
        distinct: true,
        order_by: vec![SortKey::descending(col("flag")), SortKey::ascending(col("word"))],
        ..selecting([col("word"), col("flag")])
    };
    check(
        &query,
        &few(),
        &[
            &["a".into(), true.into()],
            &["a".into(), false.into()],
            &["b".into(), false.into()],
            &["c".into(), false.into()],
        ],
    );
    let query = Query { distinct: true, ..grouping(&["word"], [min("flag")]) };
    check(&query, &few(), &[&[false.into()]]);
}

#[test]
fn rows_are_cut_after_they_are_ordered() {
    let order_by = vec![SortKey::descending(col("number")), SortKey::ascending(col("word"))];
    let query = |offset, limit| Query {
        order_by: order_by.clone(),
        offset,
        limit,
        ..selecting([col("word")])
    };
    let all: [&[Scalar]; 6] =
        [&["a".into()], &["b".into()], &["a".into()], &["a".into()], &["b".into()], &["c".into()]];
    check(&query(0, None), &few(), &all);
    check(&query(1, Some(3)), &few(), &all[1..4]);
    check(&query(4, Some(9)), &few(), &all[4..]);
    check(&query(0, Some(0)), &few(), &[]);
    check(&query(9, Some(1)), &few(), &[]);
}

#[test]
fn nulls_come_last_unless_they_are_to_come_first() {
    let mut with_null = rows(&[("a", 2), ("b", 0), ("c", 1)]);
    with_null[1][1] = Scalar::Null;
    let query = |descending, nulls_first, limit| Query {
        order_by: vec![SortKey { expr: col("number"), descending, nulls_first }],
        limit,
        ..selecting([col("word")])
    };
    for limit in [None, Some(3)] {
        let (a, b, c) = (["a".into()], ["b".into()], ["c".into()]);
        check(&query(false, false, limit), &with_null, &[&c, &a, &b]);
        check(&query(true, false, limit), &with_null, &[&a, &c, &b]);
        check(&query(true, true, limit), &with_null, &[&b, &a, &c]);
    }
}

#[test]
fn without_an_order_the_first_rows_are_taken() {
    let query = Query { limit: Some(2), offset: 1, ..selecting([col("number")]) };
    check(&query, &few(), &[&[1.into()], &[4.into()]]);
    assert_eq!(Plan::try_new(&query, &schema()).unwrap().row_limit(), Some(3));
}

#[test]
fn first_and_last_go_by_their_order_and_then_by_the_rows() {
    let query = selecting([first("word", "number"), last("word", "number"), last("word", "flag")]);
    check(&query, &few(), &[&["b".into(), "a".into(), "a".into()]]);
    let tied = rows(&[("a", 1), ("b", 1), ("c", 1)]);
    check(&query, &tied, &[&["a".into(), "c".into(), "c".into()]]);
}

#[test]
fn a_sum_that_does_not_fit_is_an_error_and_one_that_overflows_on_the_way_is_not() {
    let query = selecting([sum("number")]);
    let plan = Plan::try_new(&query, &schema()).unwrap();
    let partial_of = |values: Vec<i64>| {
        let mut partial = plan.partial();
        let columns = Columns::from_named(vec![("number".to_owned(), Column::from_i64(values))]);
        partial.update(&columns.unwrap()).unwrap();
        partial
    };
    let error = plan.finish(partial_of(vec![i64::MAX, 1])).unwrap_err();
    assert!(error.to_string().starts_with("overflow in sum(number)"), "{error}");
    let answer = plan.finish(partial_of(vec![i64::MAX, 1, -1])).unwrap();
    assert_eq!(answer.row(0), [Scalar::Int64(i64::MAX)]);
}

#[test]
fn times_have_means_and_quantiles_that_are_times() {
    let query = selecting([avg("moment"), median("moment"), max("moment")]);
    let second = |seconds: f64| {
        let micros = format!("{:.0}", seconds * 1e6).parse().unwrap();
        Scalar::Timestamp(micros)
    };
    check(&query, &few(), &[&[second(3.833_333), second(3.5), second(9.0)]]);
}

#[test]
fn constants_have_no_variance() {
    let same: Vec<Row> = (0..7).flat_map(|_| rows(&[("a", 1_234_567_891)])).collect();
    let mut tenths = same.clone();
    tenths.iter_mut().for_each(|row| row[2] = 0.1.into());
    check(
        &selecting([variance("ratio"), variance("number")]),
        &tenths,
        &[&[0.0.into(), 0.0.into()]],
    );
    check(&selecting([variance("number")]), &tenths[..1], &[&[Scalar::Null]]);
}

fn statistics(exact: bool) -> Statistics {
    let number = ColumnStatistics {
        min: Some(1.into()),
        max: Some(9.into()),
        null_count: Some(2),
        min_is_exact: true,
        max_is_exact: exact,
        ..ColumnStatistics::default()
    };
    let columns = BTreeMap::from([(vec!["number".to_owned()], number)]);
    Statistics { row_count: 10, columns }
}

#[test]
fn counts_and_exact_bounds_are_answered_from_statistics() {
    let query = selecting([count(), count_of("number"), min("number"), max("number")]);
    let plan = Plan::try_new(&query, &schema()).unwrap();
    let mut partial = plan.metadata_answer(&statistics(true), &|_| false).unwrap();
    assert!(!partial.update_from_statistics(&statistics(false)));
    assert!(partial.update_from_statistics(&statistics(true)));
    partial.update(&columns_of(&plan, &rows(&[("a", 0)]), &|column| column)).unwrap();
    let answer = plan.finish(partial).unwrap();
    assert_eq!(answer.row(0), [21.into(), 17.into(), 0.into(), 9.into()]);
}

#[test]
fn what_statistics_do_not_say_is_not_answered_from_them() {
    let refused = |query: Query| {
        let plan = Plan::try_new(&query, &schema()).unwrap();
        assert!(plan.metadata_answer(&statistics(true), &|_| false).is_none(), "{query:?}");
    };
    refused(selecting([sum("number")]));
    refused(selecting([count_of("word")]));
    refused(grouping(&["word"], [count()]));
    refused(Query { filter: Some(col("flag")), ..selecting([count()]) });
    refused(selecting([col("number")]));
}

#[test]
fn an_order_by_a_plain_column_is_hinted_at() {
    let by = |key: SortKey, limit| {
        let query = Query { order_by: vec![key], limit, ..selecting([col("word")]) };
        let hint = Plan::try_new(&query, &schema()).unwrap().order_hint();
        let first = hint.and_then(|hint| hint.keys.into_iter().next());
        first.map(|key| (key.slot, key.descending, key.nulls_first))
    };
    assert_eq!(by(SortKey::descending(col("number")), Some(5)), Some((1, true, false)));
    assert_eq!(by(SortKey::ascending(col("ratio")), Some(5)), Some((1, false, false)));
    let nulls_first = SortKey { nulls_first: true, ..SortKey::ascending(col("number")) };
    assert_eq!(by(nulls_first, Some(5)), Some((1, false, true)));
    assert_eq!(by(SortKey::ascending(col("ratio")), None), None);
}

#[test]
fn of_an_ordered_table_only_the_rows_asked_for_are_held() {
    let order_by = vec![SortKey::descending(col("number"))];
    let query = Query { order_by, limit: Some(3), ..selecting([col("number")]) };
    let plan = Plan::try_new(&query, &schema()).unwrap();
    let mut partial = plan.partial();
    for start in 0..200 {
        let numbers = Column::from_i64((start * 100..start * 100 + 100).collect());
        let columns = Columns::from_named(vec![("number".to_owned(), numbers)]).unwrap();
        partial.update(&columns).unwrap();
        assert!(partial.row_count() < 200);
        assert!(partial.order_bound().is_some());
    }
    let answer = plan.finish(partial).unwrap();
    assert_eq!(answer.columns()[0].scalars(), [19_999.into(), 19_998.into(), 19_997.into()]);
}

#[test]
fn a_limit_past_every_table_is_no_limit() {
    let order_by = vec![SortKey::ascending(col("number"))];
    let query = Query { order_by, limit: Some(u64::MAX), offset: 5, ..selecting([col("number")]) };
    check(&query, &few(), &[&[9.into()]]);
}

#[test]
fn a_mask_is_taken_where_it_leaves_few_rows_out_and_nothing_is_grouped_by() {
    let bits = |count: usize| (0..100).map(|row| row < count).collect::<Bitmap>();
    let takes =
        |query: &Query, count| Plan::try_new(query, &schema()).unwrap().takes_mask(&bits(count));
    let plain = selecting([sum("number"), count()]);
    assert!(takes(&plain, 75) && takes(&plain, 100) && !takes(&plain, 74));
    let mut filtered = aggregate(F::Sum, "number");
    filtered.filter = Some(Box::new(col("flag")));
    let others = [
        grouping(&["word"], [count()]),
        selecting([filtered.into()]),
        selecting([first("word", "moment")]),
        selecting([col("number")]),
    ];
    assert!(others.iter().all(|query| !takes(query, 90)));
}

#[test]
fn partials_of_two_plans_are_not_merged() {
    let plan = |query| Plan::try_new(&query, &schema()).unwrap();
    let (counts, sums) = (plan(selecting([count()])), plan(selecting([sum("number")])));
    assert!(counts.partial().merge(sums.partial()).is_err());
}
