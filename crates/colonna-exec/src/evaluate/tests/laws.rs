//! What holds for any values.

use colonna_schema::{BinaryOperator, Function, col, lit};
use proptest::prelude::*;

use super::*;

fn some_int() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![Just(None), (-3_i64..4).prop_map(Some), any::<i64>().prop_map(Some)]
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[ab%_\u{fc}]{0,4}")
}

fn text_column(values: &[Option<String>]) -> Column {
    texts(&values.iter().map(Option::as_deref).collect::<Vec<_>>())
}

fn comparison() -> impl Strategy<Value = BinaryOperator> {
    prop::sample::select(vec![
        BinaryOperator::Equal,
        BinaryOperator::NotEqual,
        BinaryOperator::Less,
        BinaryOperator::LessOrEqual,
        BinaryOperator::Greater,
        BinaryOperator::GreaterOrEqual,
    ])
}

/// LIKE, slowly and obviously.
fn like(text: &[char], pattern: &[char]) -> bool {
    match (text, pattern) {
        (text, []) => text.is_empty(),
        (text, ['%', rest @ ..]) => (0..=text.len()).any(|start| like(&text[start..], rest)),
        ([_, text @ ..], ['_', rest @ ..]) => like(text, rest),
        ([letter, text @ ..], [wanted, rest @ ..]) => letter == wanted && like(text, rest),
        ([], _) => false,
    }
}

proptest! {
    #[test]
    fn a_negated_and_is_the_or_of_the_negated(
        rows in prop::collection::vec((proptest::option::of(any::<bool>()), proptest::option::of(any::<bool>())), 1..20),
    ) {
        let (a, b): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let columns = vec![("a", bools(&a)), ("b", bools(&b))];
        let and = col("a").and(col("b")).not();
        prop_assert_eq!(answer(&and, &columns), answer(&col("a").not().or(col("b").not()), &columns));
        let or = col("a").or(col("b")).not();
        prop_assert_eq!(answer(&or, &columns), answer(&col("a").not().and(col("b").not()), &columns));
    }

    #[test]
    fn a_comparison_is_the_order_of_scalars(
        ints_given in prop::collection::vec(some_int(), 6),
        floats_given in prop::collection::vec(proptest::option::of(any::<f64>()), 6),
        operator in comparison(),
    ) {
        let columns = vec![("i", ints(&ints_given)), ("d", floats(&floats_given))];
        let found = answer(&col("i").binary(operator, col("d")), &columns).unwrap();
        for (row, found) in found.iter().enumerate() {
            let (left, right) = (columns[0].1.scalar_at(row), columns[1].1.scalar_at(row));
            let order = left.total_cmp(&right);
            let expected = match operator {
                _ if left.is_null() || right.is_null() => Scalar::Null,
                BinaryOperator::Equal => order.is_eq().into(),
                BinaryOperator::NotEqual => order.is_ne().into(),
                BinaryOperator::Less => order.is_lt().into(),
                BinaryOperator::LessOrEqual => order.is_le().into(),
                BinaryOperator::Greater => order.is_gt().into(),
                _ => order.is_ge().into(),
            };
            prop_assert_eq!(found, &expected);
        }
    }

    #[test]
    fn an_arithmetic_result_is_exact_or_there_is_none(
        left in prop::collection::vec(some_int(), 4),
        right in prop::collection::vec(some_int(), 4),
    ) {
        let columns = vec![("a", ints(&left)), ("b", ints(&right))];
        let sum = |left: i64, right: i64| left.checked_add(right);
        let expected: Option<Vec<Scalar>> = left
            .iter()
            .zip(&right)
            .map(|(left, right)| match (left, right) {
                (Some(left), Some(right)) => sum(*left, *right).map(Scalar::Int64),
                _ => Some(Scalar::Null),
            })
            .collect();
        prop_assert_eq!(answer(&col("a").plus(col("b")), &columns).ok(), expected);
    }

    #[test]
    fn like_is_what_its_two_wildcards_say(
        values in prop::collection::vec(some_text(), 1..6),
        pattern in "[ab%_\u{fc}]{0,5}",
    ) {
        let columns = vec![("s", text_column(&values))];
        let pattern_letters: Vec<char> = pattern.chars().collect();
        let expected: Vec<Scalar> = values
            .iter()
            .map(|text| {
                text.as_ref()
                    .map(|text| like(&text.chars().collect::<Vec<_>>(), &pattern_letters))
                    .into()
            })
            .collect();
        prop_assert_eq!(answer(&col("s").like(pattern.as_str()), &columns).unwrap(), expected);
    }

    #[test]
    fn any_form_of_a_text_column_gives_the_same_answer(
        values in prop::collection::vec(some_text(), 1..6),
        start in -5_i64..6,
        length in -2_i64..5,
    ) {
        let columns = vec![("s", text_column(&values))];
        let calls = [
            Expr::call(Function::Substring, [col("s"), lit(start), lit(length)]),
            Expr::call(Function::Left, [col("s"), lit(start)]),
            Expr::call(Function::Right, [col("s"), lit(start)]),
            Expr::call(Function::Upper, [col("s")]),
            Expr::call(Function::Concat, [col("s"), lit("-"), col("s")]),
            Expr::call(Function::Coalesce, [col("s"), lit("none")]),
            Expr::call(Function::RegexpReplace, [col("s"), lit("a+"), lit("x")]),
            col("s").is_in(["a", "b", "ab", "ba", ""]),
        ];
        for call in calls {
            answer(&call, &columns).unwrap();
        }
    }

    #[test]
    fn the_start_of_a_unit_is_at_or_before_the_time_and_its_own_start(
        micros in -4_000_000_000_000_000_i64..8_000_000_000_000_000,
        unit in prop::sample::select(vec!["second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century"]),
    ) {
        let time = column(&DataType::Timestamp, &[Scalar::Timestamp(micros)]);
        let columns = vec![("t", time)];
        let start = col("t").date_trunc(unit);
        check(&start.clone().at_most(col("t")), &columns, [true]);
        check(&start.clone().date_trunc(unit).eq(start.clone()), &columns, [true]);
        // No boundary lies between the start and the time.
        check(&Expr::call(Function::DateDiff, [lit(unit), start, col("t")]), &columns, [0]);
    }

    #[test]
    fn a_bin_holds_the_time_it_is_asked_of(
        micros in -4_000_000_000_000_000_i64..8_000_000_000_000_000,
        width in 1_i64..10_000_000_000_000,
        months in 1_i64..50,
        origin in -1_000_000_000_000_000_i64..1_000_000_000_000_000,
    ) {
        let time = column(&DataType::Timestamp, &[Scalar::Timestamp(micros)]);
        let columns = vec![("t", time)];
        let origin = lit(Scalar::Timestamp(origin));
        for (months, width) in [(0, width), (months, 0)] {
            for rest in [vec![], vec![origin.clone()]] {
                let bin = |time: Expr| {
                    let arguments = [lit(months), lit(width), time];
                    Expr::call(Function::DateBin, arguments.into_iter().chain(rest.clone()))
                };
                let next = Expr::call(Function::DateAdd, [bin(col("t")), lit(months), lit(width)]);
                check(&bin(col("t")).at_most(col("t")), &columns, [true]);
                check(&bin(bin(col("t"))).eq(bin(col("t"))), &columns, [true]);
                if rest.is_empty() || months == 0 {
                    check(&next.greater_than(col("t")), &columns, [true]);
                }
            }
        }
    }
}
