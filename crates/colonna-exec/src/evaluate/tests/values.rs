//! Comparisons, logic, conditions, casts and nested values.

use colonna_schema::{BinaryOperator, Function, col, lit};

use super::*;

const NULL: Scalar = Scalar::Null;

fn null_int() -> Named {
    vec![("x", ints(&[Some(0), Some(5), None])), ("y", ints(&[Some(2), None, Some(1)]))]
}

#[test]
fn an_integer_meets_a_double_by_its_exact_value() {
    let columns = vec![
        ("i", ints(&[Some(9_007_199_254_740_993), Some(1), Some(2), None])),
        ("d", floats(&[Some(9_007_199_254_740_992.0), Some(1.0), Some(f64::NAN), Some(0.0)])),
    ];
    check(&col("i").eq(col("d")), &columns, [Some(false), Some(true), Some(false), None]);
    check(&col("i").greater_than(col("d")), &columns, [Some(true), Some(false), Some(false), None]);
    check(&col("d").less_than(col("i")), &columns, [Some(true), Some(false), Some(false), None]);
    check(&col("i").at_most(1.5), &columns, [Some(false), Some(true), Some(false), None]);
}

#[test]
fn nan_equals_itself_and_stands_above_all_numbers() {
    let columns = vec![("d", floats(&[Some(f64::NAN), Some(f64::INFINITY), Some(-0.0), None]))];
    check(&col("d").eq(f64::NAN), &columns, [Some(true), Some(false), Some(false), None]);
    check(&col("d").greater_than(1e300), &columns, [Some(true), Some(true), Some(false), None]);
    check(&col("d").eq(0.0), &columns, [Some(false), Some(false), Some(true), None]);
    check(&col("d").at_most(f64::NAN), &columns, [Some(true), Some(true), Some(true), None]);
}

#[test]
fn distinct_knows_null() {
    let same = |operator| col("x").binary(operator, col("y"));
    let columns = vec![
        ("x", texts(&[Some("a"), None, None, Some("b")])),
        ("y", texts(&[Some("a"), None, Some("a"), Some("c")])),
    ];
    check(&same(BinaryOperator::IsNotDistinctFrom), &columns, [true, true, false, false]);
    check(&same(BinaryOperator::IsDistinctFrom), &columns, [false, false, true, true]);
    let with_null = col("x").binary(BinaryOperator::IsNotDistinctFrom, NULL);
    check(&with_null, &columns, [false, true, true, false]);
}

#[test]
fn a_day_and_a_moment_meet_at_midnight() {
    let day = column(&DataType::Date, &[Scalar::Date(1), Scalar::Date(-1), Scalar::Date(i32::MAX)]);
    let columns = vec![
        ("day", day),
        ("ts", moments(&["1970-01-02", "1969-12-31T00:00:00.000001", "2000-01-01"])),
    ];
    check(&col("day").eq(col("ts")), &columns, [true, false, false]);
    check(&col("day").less_than(col("ts")), &columns, [false, true, false]);
    check(&col("day").at_least("1970-01-01T12:00:00Z"), &columns, [true, false, true]);
}

#[test]
fn false_wins_over_null_in_and_true_in_or() {
    let (t, f, n) = (Some(true), Some(false), None);
    let columns = vec![
        ("a", bools(&[t, t, t, f, f, f, n, n, n])),
        ("b", bools(&[t, f, n, t, f, n, t, f, n])),
    ];
    check(&col("a").and(col("b")), &columns, [t, f, n, f, f, f, n, f, n]);
    check(&col("a").or(col("b")), &columns, [t, t, t, t, f, n, t, n, n]);
    check(&col("a").not(), &columns, [f, f, f, t, t, t, n, n, n]);
    check(
        &col("a").is_null(),
        &columns,
        [false, false, false, false, false, false, true, true, true],
    );
}

#[test]
fn what_a_row_does_not_take_raises_no_error_for_it() {
    let columns = vec![
        ("x", ints(&[Some(0), Some(2), None])),
        ("s", texts(&[Some("none"), Some("7"), Some("8")])),
    ];
    let number = col("s").cast(DataType::Int64);
    check_error(
        &number,
        &columns,
        "cannot cast \"none\" to int64 in CAST(s AS int64): use TRY_CAST to get null instead",
    );
    check(
        &col("x").not_eq(0).and(number.clone().greater_than(1)),
        &columns,
        [Some(false), Some(true), None],
    );
    check(
        &col("x").eq(0).or(number.clone().greater_than(7)),
        &columns,
        [Some(true), Some(false), Some(true)],
    );
    let case = Expr::Case {
        operand: Some(Box::new(col("s"))),
        branches: vec![(lit("none"), lit(-1))],
        otherwise: Some(Box::new(number.clone())),
    };
    check(&case, &columns, [-1, 7, 8]);
    let first =
        Expr::Case { operand: None, branches: vec![(col("x").eq(0), col("x"))], otherwise: None };
    let coalesce = Expr::call(Function::Coalesce, [first, number]);
    check(&coalesce, &columns, [0, 7, 8]);
}

#[test]
fn in_is_null_where_a_null_could_be_the_one() {
    let columns = null_int();
    check(&col("x").is_in([0, 1]), &columns, [Some(true), Some(false), None]);
    check(&col("x").is_in([lit(0), lit(NULL)]), &columns, [Some(true), None, None]);
    check(&col("x").is_in([0, 1, 2, 3, 4, 6]), &columns, [Some(true), Some(false), None]);
    let many = (0..5).map(lit).chain([lit(NULL)]);
    check(&col("x").is_in(many).not(), &columns, [Some(false), None, None]);
    check(&col("x").is_in([col("y"), lit(0)]), &columns, [Some(true), None, None]);
    let names = vec![("s", texts(&[Some("a"), Some("b"), None]))];
    check(&col("s").is_in(["b", "c", "d", "e", "f"]), &names, [Some(false), Some(true), None]);
    check(&col("s").is_in(Vec::<Expr>::new()), &names, [false, false, false]);
}

#[test]
fn the_first_branch_that_is_true_is_taken() {
    let case = Expr::Case {
        operand: None,
        branches: vec![(col("x").greater_than(3), lit("high")), (col("x").at_least(0), col("s"))],
        otherwise: None,
    };
    let columns = vec![
        ("x", ints(&[Some(5), Some(0), None, Some(1)])),
        ("s", texts(&[None, Some("a"), Some("b"), None])),
    ];
    check(&case, &columns, [Some("high"), Some("a"), None, None]);
}

#[test]
fn greatest_and_least_pass_over_nulls() {
    let columns = null_int();
    check(&Expr::call(Function::Greatest, [col("x"), col("y")]), &columns, [2, 5, 1]);
    check(&Expr::call(Function::Least, [col("x"), col("y"), lit(1.5)]), &columns, [0.0, 1.5, 1.0]);
    check(&Expr::call(Function::NullIf, [col("x"), lit(5)]), &columns, [Some(0), None, None]);
    check(&Expr::call(Function::Coalesce, [col("x"), col("y")]), &columns, [0, 5, 1]);
}

#[test]
fn a_cast_rounds_as_stated_or_names_the_value() {
    let int = DataType::Int64;
    let columns = vec![("d", floats(&[Some(0.5), Some(1.5), Some(-2.5), None]))];
    check(&col("d").cast(int.clone()), &columns, [Some(0), Some(2), Some(-2), None]);
    let decimal = DataType::Decimal { precision: 5, scale: 1 };
    check_shown(&col("d").cast(decimal.clone()), &columns, &["0.5", "1.5", "-2.5", "null"]);
    check(
        &col("d").cast(decimal.clone()).cast(int.clone()),
        &columns,
        [Some(1), Some(2), Some(-3), None],
    );
    check(&col("d").cast(DataType::Boolean), &columns, [Some(true), Some(true), Some(true), None]);
    let wide = vec![("d", floats(&[Some(f64::NAN), Some(9.3e18), Some(1.0)]))];
    check_error(
        &col("d").cast(int.clone()),
        &wide,
        "cannot cast \"NaN\" to int64 in CAST(d AS int64): use TRY_CAST to get null instead",
    );
    let try_cast = |operand: Expr, data_type: &DataType| Expr::Cast {
        operand: Box::new(operand),
        data_type: data_type.clone(),
        or_null: true,
    };
    check(&try_cast(col("d"), &int), &wide, [None, None, Some(1)]);
    let written = vec![("s", texts(&[Some(" 12 "), Some("1.25"), Some("x"), None]))];
    check(&try_cast(col("s"), &int), &written, [Some(12), None, None, None]);
    check(&try_cast(col("s"), &DataType::Float64), &written, [Some(12.0), Some(1.25), None, None]);
    check_shown(&try_cast(col("s"), &decimal), &written, &["12.0", "1.3", "null", "null"]);
}

#[test]
fn anything_is_cast_to_text_as_it_is_shown() {
    let columns = vec![
        ("d", floats(&[Some(1.0), Some(0.1), None])),
        ("ts", moments(&["2025-10-31", "1969-12-31T23:59:59.5", "2000-01-01"])),
        ("l", list_of(&DataType::Utf8, &[Some(&["a\"b".into(), NULL]), Some(&[]), None])),
    ];
    check(&col("d").cast(DataType::Utf8), &columns, [Some("1.0"), Some("0.1"), None]);
    check(
        &col("ts").cast(DataType::Utf8),
        &columns,
        ["2025-10-31T00:00:00Z", "1969-12-31T23:59:59.500Z", "2000-01-01T00:00:00Z"],
    );
    check(&col("l").cast(DataType::Utf8), &columns, [Some("[\"a\\\"b\",null]"), Some("[]"), None]);
    let day = col("ts").cast(DataType::Date);
    check_shown(&day, &columns, &["2025-10-31", "1969-12-31", "2000-01-01"]);
}

#[test]
fn elements_are_counted_from_one_and_from_the_end() {
    let columns = vec![
        ("l", list_of(&DataType::Int64, &[Some(&[7.into(), 8.into()]), Some(&[]), None])),
        ("i", ints(&[Some(2), Some(1), Some(1)])),
    ];
    let at = |index: Expr| Expr::call(Function::ElementAt, [col("l"), index]);
    check(&at(lit(1)), &columns, [Some(7), None, None]);
    check(&at(lit(-1)), &columns, [Some(8), None, None]);
    check(&at(lit(0)), &columns, [None::<i64>, None, None]);
    check(&at(col("i")), &columns, [Some(8), None, None]);
    check(&Expr::call(Function::Length, [col("l")]), &columns, [Some(2), Some(0), None]);
    let contains = |wanted: Expr| Expr::call(Function::ListContains, [col("l"), wanted]);
    check(&contains(lit(8)), &columns, [Some(true), Some(false), None]);
    check(&contains(col("i").plus(6)), &columns, [Some(true), Some(false), None]);
    check(
        &Expr::call(Function::ListJoin, [col("l"), lit("-")]),
        &columns,
        [Some("7-8"), Some(""), None],
    );
}

#[test]
fn a_map_is_asked_by_key() {
    let map = DataType::Map(Box::new(DataType::Utf8), Box::new(DataType::Int64));
    let entries = |entries: &[(&str, i64)]| {
        Scalar::Map(entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect())
    };
    let rows = [entries(&[("a", 1), ("b", 2)]), entries(&[("b", 3)]), entries(&[]), NULL];
    let columns = vec![
        ("m", column(&map, &rows)),
        ("k", texts(&[Some("a"), Some("b"), Some("a"), Some("a")])),
    ];
    check(&col("m.b"), &columns, [Some(2), Some(3), None, None]);
    check(
        &Expr::call(Function::ElementAt, [col("m"), col("k")]),
        &columns,
        [Some(1), Some(3), None, None],
    );
    check_shown(
        &Expr::call(Function::MapKeys, [col("m")]),
        &columns,
        &["[a, b]", "[b]", "[]", "null"],
    );
    check_shown(
        &Expr::call(Function::MapValues, [col("m")]),
        &columns,
        &["[1, 2]", "[3]", "[]", "null"],
    );
    check(&Expr::call(Function::Length, [col("m")]), &columns, [Some(2), Some(1), Some(0), None]);
}

#[test]
fn only_true_selects_a_row() {
    let columns =
        Columns::from_named(vec![("b".into(), bools(&[Some(true), Some(false), None]))]).unwrap();
    let mut slots = Slots::new(Arc::clone(columns.schema()));
    let selected = |expr: &Expr, slots: &mut Slots| {
        let predicate = bind(expr, slots).unwrap();
        select(&predicate, &columns).map(|bits| bits.ones().collect::<Vec<_>>())
    };
    assert_eq!(selected(&col("b"), &mut slots).unwrap(), [0]);
    assert_eq!(selected(&col("b").not(), &mut slots).unwrap(), [1]);
    assert_eq!(selected(&col("b").is_null(), &mut slots).unwrap(), [2]);
    assert_eq!(selected(&lit(NULL), &mut slots).unwrap(), [0; 0]);
    assert_eq!(selected(&lit(true), &mut slots).unwrap(), [0, 1, 2]);
    assert!(selected(&lit(1), &mut slots).is_err());
}
