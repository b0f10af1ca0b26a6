//! Arithmetic and functions of numbers.

use colonna_schema::{BinaryOperator, Function, col, lit};

use super::*;

fn decimals(scale: u8, values: &[i128]) -> Column {
    let data_type = DataType::Decimal { precision: 20, scale };
    let values: Vec<Scalar> =
        values.iter().map(|value| Scalar::Decimal { value: *value, scale }).collect();
    column(&data_type, &values)
}

#[test]
fn integers_are_exact_or_an_error_that_names_the_expression() {
    let columns = vec![
        ("x", ints(&[Some(i64::MAX), Some(1), None])),
        ("y", ints(&[Some(0), Some(2), Some(3)])),
    ];
    check(&col("x").plus(col("y")), &columns, [Some(i64::MAX), Some(3), None]);
    let overflow = |expr: &str| {
        format!("overflow in {expr}: a value does not fit int64; cast an operand to a wider type")
    };
    check_error(&col("x").plus(1), &columns, &overflow("(x + 1)"));
    check_error(&col("x").times(2), &columns, &overflow("(x * 2)"));
    let least = vec![("x", ints(&[Some(i64::MIN)]))];
    check_error(&lit(0).minus(col("x")), &least, &overflow("(0 - x)"));
    check_error(
        &col("x").binary(BinaryOperator::IntegerDivide, -1),
        &least,
        &overflow("(x // -1)"),
    );
    check(&col("x").modulo(-1), &least, [0]);
    check_error(&Expr::call(Function::Abs, [col("x")]), &least, &overflow("abs(x)"));
}

#[test]
fn a_division_by_zero_is_ieee_for_doubles_and_null_for_integers() {
    let columns = vec![
        ("x", ints(&[Some(7), Some(-7), Some(0), None])),
        ("z", ints(&[Some(0), Some(2), Some(0), Some(1)])),
    ];
    let divided = col("x").divided_by(col("z"));
    check(&divided, &columns, [Some(f64::INFINITY), Some(-3.5), Some(f64::NAN), None]);
    let whole = col("x").binary(BinaryOperator::IntegerDivide, col("z"));
    check(&whole, &columns, [None, Some(-3), None, None]);
    check(&col("x").modulo(col("z")), &columns, [None, Some(-1), None, None]);
    let doubles =
        vec![("d", floats(&[Some(7.5), Some(0.0)])), ("z", floats(&[Some(2.0), Some(0.0)]))];
    let whole = col("d").binary(BinaryOperator::IntegerDivide, col("z"));
    check(&whole, &doubles, [Some(3.0), None]);
    check(&col("d").modulo(col("z")), &doubles, [Some(1.5), None]);
}

#[test]
fn decimals_are_exact() {
    let columns = vec![("p", decimals(2, &[10, -1999])), ("q", decimals(3, &[200, 5]))];
    check_shown(&col("p").plus(col("q")), &columns, &["0.300", "-19.985"]);
    check_shown(&col("p").times(col("q")), &columns, &["0.02000", "-0.09995"]);
    check_shown(&col("p").minus(1), &columns, &["-0.90", "-20.99"]);
    check_shown(&col("p").times(0.1), &columns, &["0.0100", "-1.9990"]);
    check_shown(&col("p").modulo(col("q")), &columns, &["0.100", "0.000"]);
    check_shown(
        &col("p").binary(BinaryOperator::IntegerDivide, col("q")),
        &columns,
        &["0", "-3998"],
    );
    check(&col("p").eq(0.1), &columns, [true, false]);
    check_shown(&Expr::call(Function::Round, [col("p"), lit(1)]), &columns, &["0.10", "-20.00"]);
    check_shown(&Expr::call(Function::Round, [col("p")]), &columns, &["0", "-20"]);
    check_shown(&Expr::call(Function::Floor, [col("p")]), &columns, &["0", "-20"]);
    check_shown(&Expr::call(Function::Ceil, [col("p")]), &columns, &["1", "-19"]);
    check(&Expr::call(Function::Sign, [col("p")]), &columns, [1, -1]);
    let wide = vec![("p", decimals(0, &[10_i128.pow(18)]))];
    check_error(
        &col("p").times(col("p")).times(col("p")),
        &wide,
        "overflow in ((p * p) * p): a value does not fit decimal(38,0); cast an operand to a wider type",
    );
}

#[test]
fn rounding_goes_away_from_zero_at_halves() {
    let columns = vec![("d", floats(&[Some(2.5), Some(-2.5), Some(1.234), None]))];
    check(
        &Expr::call(Function::Round, [col("d")]),
        &columns,
        [Some(3.0), Some(-3.0), Some(1.0), None],
    );
    check(
        &Expr::call(Function::Round, [col("d"), lit(2)]),
        &columns,
        [Some(2.5), Some(-2.5), Some(1.23), None],
    );
    check(
        &Expr::call(Function::Round, [col("d"), lit(-400)]),
        &columns,
        [Some(0.0), Some(0.0), Some(0.0), None],
    );
    let near = vec![("d", floats(&[Some(2.675), Some(1e300), Some(f64::NAN)]))];
    let rounded = Expr::call(Function::Round, [col("d"), lit(2)]);
    check(&rounded, &near, [2.68, 1e300, f64::NAN]);
    let ints = vec![("i", ints(&[Some(15), Some(-25), Some(i64::MAX - 7)]))];
    check(&Expr::call(Function::Round, [col("i"), lit(-1)]), &ints, [20, -30, i64::MAX - 7]);
    check(&Expr::call(Function::Round, [col("i"), lit(-30)]), &ints, [0, 0, 0]);
}

#[test]
fn functions_of_doubles_are_those_of_ieee() {
    let columns = vec![("d", floats(&[Some(-1.0), Some(4.0), None]))];
    check(&Expr::call(Function::Sqrt, [col("d")]), &columns, [Some(f64::NAN), Some(2.0), None]);
    check(
        &Expr::call(Function::Ln, [lit(0).times(col("d"))]),
        &columns,
        [Some(f64::NEG_INFINITY), Some(f64::NEG_INFINITY), None],
    );
    check(
        &Expr::call(Function::Power, [col("d"), lit(2)]),
        &columns,
        [Some(1.0), Some(16.0), None],
    );
    check(&Expr::call(Function::Sign, [col("d")]), &columns, [Some(-1), Some(1), None]);
}

#[test]
fn days_can_be_added_to_a_day() {
    let columns =
        vec![("day", column(&DataType::Date, &[Scalar::Date(10), Scalar::Date(i32::MAX - 1)]))];
    check(&col("day").plus(1), &columns, [Scalar::Date(11), Scalar::Date(i32::MAX)]);
    check(&col("day").minus("1970-01-01"), &columns, [10, i64::from(i32::MAX) - 1]);
    check_error(
        &col("day").plus(2),
        &columns,
        "overflow in (day + 2): a value does not fit date; cast an operand to a wider type",
    );
}
