//! Expressions that suit the schema of all tables.

use colonna_schema::{BinaryOperator, DataType, Expr, Function, Scalar, col, lit};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;

fn columns(names: &'static [&'static str]) -> BoxedStrategy<Expr> {
    select(names).prop_map(col).boxed()
}

fn call<const N: usize>(function: Function, arguments: [Expr; N]) -> Expr {
    Expr::call(function, arguments)
}

/// Integers: columns, literals, and what is computed of them. Some overflow.
pub fn numbers() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        6 => columns(&["n", "small", "a.b", "user.id", "SMALL", "labels.k", "labels.a.b"]),
        2 => (-4_i64..5).prop_map(lit),
        1 => columns(&["city", "name", "small", "ok"]).prop_map(|operand| Expr::Cast {
            operand: Box::new(operand.cast(DataType::Utf8)),
            data_type: DataType::Int64,
            or_null: true,
        }),
        1 => columns(&["city", "name"])
            .prop_map(|text| call(Function::Position, [text, lit("e")])),
        1 => columns(&["city", "name"]).prop_map(|text| call(Function::Length, [text])),
        1 => Just(call(Function::Length, [col("tags")])),
        1 => (columns(&["day", "ts"]), select(&["year", "month", "day", "hour", "dow", "week"][..]))
            .prop_map(|(time, part)| call(Function::DatePart, [lit(part), time])),
    ];
    let operators = &[
        BinaryOperator::Add,
        BinaryOperator::Subtract,
        BinaryOperator::Multiply,
        BinaryOperator::IntegerDivide,
        BinaryOperator::Modulo,
    ][..];
    leaf.prop_recursive(2, 6, 3, move |inner| {
        prop_oneof![
            4 => (inner.clone(), select(operators), inner.clone())
                .prop_map(|(left, operator, right)| left.binary(operator, right)),
            1 => (inner.clone(), inner.clone())
                .prop_map(|(left, right)| call(Function::Coalesce, [left, right])),
            1 => (inner.clone(), inner.clone())
                .prop_map(|(left, right)| call(Function::NullIf, [left, right])),
            1 => (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(left, right, least)| {
                let function = if least { Function::Least } else { Function::Greatest };
                call(function, [left, right, lit(0)])
            }),
            1 => (comparisons(), inner.clone(), inner.clone()).prop_map(|(when, then, otherwise)| {
                let otherwise = Some(Box::new(otherwise));
                Expr::Case { operand: None, branches: vec![(when, then)], otherwise }
            }),
            1 => inner.prop_map(|inner| call(Function::Abs, [inner])),
        ]
    })
    .boxed()
}

/// Doubles.
fn doubles() -> BoxedStrategy<Expr> {
    prop_oneof![
        4 => Just(col("x")),
        1 => select(vec![0.0, 0.25, -1.5, f64::NAN]).prop_map(lit),
        1 => (columns(&["n", "small", "x"]), columns(&["small", "x"]))
            .prop_map(|(left, right)| left.divided_by(right)),
        1 => (Just(col("x")), numbers()).prop_map(|(left, right)| left.times(right)),
        1 => select(&[Function::Floor, Function::Ceil, Function::Trunc, Function::Round][..])
            .prop_map(|function| call(function, [col("x")])),
        1 => Just(col("price").cast(DataType::Float64)),
    ]
    .boxed()
}

/// Decimals.
fn decimals() -> BoxedStrategy<Expr> {
    prop_oneof![
        4 => Just(col("price")),
        1 => (-300_i64..300)
            .prop_map(|value| lit(Scalar::Decimal { value: value.into(), scale: 1 })),
        1 => Just(col("price").plus(col("price"))),
        1 => (1_i64..9).prop_map(|by| col("price").times(by)),
        1 => Just(call(Function::Abs, [col("price")])),
    ]
    .boxed()
}

/// Texts: columns, literals, and what is computed of them.
pub fn texts() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        5 => columns(&["city", "name", "user.country", "USER.country"]),
        1 => select(vec!["Bern", "", "a", "\u{e9}"]).prop_map(lit),
        1 => select(vec![-2_i64, -1, 1, 2, 3])
            .prop_map(|index| call(Function::ElementAt, [col("tags"), lit(index)])),
        1 => columns(&["small", "ok", "day"]).prop_map(|other| other.cast(DataType::Utf8)),
        1 => parts_of_json(),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            2 => (inner.clone(), select(&[Function::Lower, Function::Upper, Function::Reverse][..]))
                .prop_map(|(text, function)| call(function, [text])),
            1 => (inner.clone(), 1_i64..4, 0_i64..4).prop_map(|(text, start, len)| {
                call(Function::Substring, [text, lit(start), lit(len)])
            }),
            1 => inner.clone().prop_map(|text| call(Function::Trim, [text])),
            1 => inner.clone()
                .prop_map(|text| call(Function::Replace, [text, lit("e"), lit("ee")])),
            1 => (inner.clone(), inner.clone())
                .prop_map(|(left, right)| left.binary(BinaryOperator::Concat, right)),
            1 => (inner.clone(), inner.clone())
                .prop_map(|(left, right)| call(Function::Concat, [left, lit("-"), right])),
            1 => (inner.clone(), inner)
                .prop_map(|(left, right)| call(Function::Coalesce, [left, right, lit("none")])),
        ]
    })
    .boxed()
}

/// Parts of JSON that is made of the values of each row.
fn parts_of_json() -> impl Strategy<Value = Expr> {
    let functions = &[Function::JsonExtract, Function::JsonExtractText][..];
    let paths = vec!["a", "$.a", "$.b[0]", "/b/1", "$.b[1].c", "$.n", "$.b.a", "zz", "$", "/b"];
    let or_null =
        |name: &str| call(Function::Coalesce, [col(name).cast(DataType::Utf8), lit("null")]);
    (select(functions), select(paths)).prop_map(move |(function, path)| {
        let json = [
            lit(r#"{"a": "#),
            or_null("small"),
            lit(r#", "b":["#),
            or_null("ok"),
            lit(r#", {"c":"\u00e9\n"}], "n":null}"#),
        ];
        call(function, [call(Function::Concat, json), lit(path)])
    })
}

/// Dates and timestamps.
pub fn times() -> BoxedStrategy<Expr> {
    let units = &["second", "minute", "hour", "day", "week", "month", "quarter", "year"][..];
    let widths = &[1_000_000_i64, 900_000_000, 3_600_000_000, 86_400_000_000][..];
    prop_oneof![
        3 => columns(&["day", "ts"]),
        2 => (columns(&["day", "ts"]), select(units)).prop_map(|(time, unit)| time.date_trunc(unit)),
        1 => select(widths).prop_map(|width| {
            call(Function::DateBin, [lit(0), lit(width), col("ts")])
        }),
        1 => select(&[1_i64, 3, 6, 12][..]).prop_map(|months| {
            call(Function::DateBin, [lit(months), lit(0), col("ts")])
        }),
        1 => (0_i64..9).prop_map(|days| col("day").plus(days)),
        1 => Just(col("ts").cast(DataType::Date)),
    ]
    .boxed()
}

/// Conditions that are not made of conditions.
pub fn booleans() -> BoxedStrategy<Expr> {
    prop_oneof![
        6 => comparisons(),
        2 => computed_comparisons(),
        1 => Just(col("ok")),
        1 => (columns(&["n", "x", "city", "user", "user.country", "tags", "labels.k"]), any::<bool>())
            .prop_map(|(operand, negated)| Expr::IsNull { operand: Box::new(operand), negated }),
        1 => lists(),
        1 => patterns(),
        1 => (texts(), select(&[Function::StartsWith, Function::Contains, Function::EndsWith][..]))
            .prop_map(|(text, function)| call(function, [text, lit("e")])),
    ]
    .boxed()
}

fn comparison_operators() -> impl Strategy<Value = BinaryOperator> {
    select(
        &[
            BinaryOperator::Equal,
            BinaryOperator::NotEqual,
            BinaryOperator::Less,
            BinaryOperator::LessOrEqual,
            BinaryOperator::Greater,
            BinaryOperator::GreaterOrEqual,
            BinaryOperator::IsNotDistinctFrom,
            BinaryOperator::IsDistinctFrom,
        ][..],
    )
}

/// A column against a literal, on either side, as predicates mostly are.
fn comparisons() -> BoxedStrategy<Expr> {
    let integers = prop_oneof![
        (-10_i64..10).prop_map(lit),
        (-500_i64..500).prop_map(lit),
        select(vec![0.5, -3.0, 1e300]).prop_map(lit),
        select(vec!["0", "-2", "17"]).prop_map(lit),
        select(vec![i64::MIN, i64::MAX]).prop_map(lit),
    ];
    let floats = prop_oneof![
        select(vec![0.0, -0.0, 0.25, f64::NAN, f64::INFINITY]).prop_map(lit),
        (-100_i64..100).prop_map(lit),
        Just(lit(9_007_199_254_740_993_i64)),
        Just(lit("-12.5")),
    ];
    let prices = prop_oneof![
        (-500_i64..500).prop_map(lit),
        (-900_i64..900).prop_map(|value| lit(Scalar::Decimal { value: value.into(), scale: 1 })),
    ];
    let moments = prop_oneof![
        (-200_i64..200).prop_map(|minutes| lit(Scalar::Timestamp(minutes * 60_000_000))),
        select(vec!["1970-01-01", "1969-12-31T23:59:00Z", "1998-02-03 04:05:06"]).prop_map(lit),
        (-2_i32..3).prop_map(|day| lit(Scalar::Date(day))),
    ];
    let words = select(vec!["Bern", "Oslo", "", "a", "no", "\u{e9}"]);
    let pair = prop_oneof![
        3 => (columns(&["n", "small", "a.b", "user.id", "labels.k"]), integers),
        2 => (Just(col("x")), floats),
        1 => (Just(col("price")), prices),
        3 => (columns(&["city", "name", "user.country"]), words.prop_map(lit)),
        2 => (columns(&["ts", "day"]), moments),
        1 => (Just(col("ok")), select(vec![lit(true), lit(false), lit("true")])),
        1 => (columns(&["n", "city"]), Just(lit(Scalar::Null))),
    ];
    (pair, comparison_operators(), any::<bool>())
        .prop_map(|((column, literal), operator, turned)| {
            if turned { literal.binary(operator, column) } else { column.binary(operator, literal) }
        })
        .boxed()
}

fn computed_comparisons() -> BoxedStrategy<Expr> {
    let pair = prop_oneof![
        3 => (numbers(), numbers()),
        1 => (numbers(), doubles()),
        1 => (doubles(), doubles()),
        1 => (decimals(), decimals()),
        1 => (decimals(), columns(&["n", "x"])),
        2 => (texts(), texts()),
        2 => (times(), times()),
        1 => (Just(col("tags")), Just(col("tags"))),
        1 => (Just(col("user")), Just(col("user"))),
    ];
    (pair, comparison_operators())
        .prop_map(|((left, right), operator)| left.binary(operator, right))
        .boxed()
}

fn lists() -> BoxedStrategy<Expr> {
    let integers = proptest::collection::vec(
        prop_oneof![4 => (-3_i64..4).prop_map(lit), 1 => Just(lit(Scalar::Null)), 1 => Just(col("n"))],
        1..4,
    );
    let words = proptest::collection::vec(
        prop_oneof![
            4 => select(vec!["Bern", "Oslo", "no", ""]).prop_map(lit),
            1 => Just(lit(Scalar::Null)),
        ],
        1..4,
    );
    let pair = prop_oneof![
        (columns(&["small", "a.b", "user.id"]), integers),
        (columns(&["city", "user.country"]), words),
    ];
    (pair, any::<bool>())
        .prop_map(|((operand, list), negated)| Expr::InList {
            operand: Box::new(operand),
            list,
            negated,
        })
        .boxed()
}

fn patterns() -> BoxedStrategy<Expr> {
    let pattern = prop_oneof![select(vec![
        "%", "_%", "B%", "%n", "%er%", "_er_", "a!%b", "", "b_r%", "%\u{e9}", "a%b%c", "__"
    ]),];
    (texts(), pattern, any::<bool>(), any::<bool>())
        .prop_map(|(operand, pattern, case_insensitive, negated)| Expr::Like {
            operand: Box::new(operand),
            pattern: Box::new(lit(pattern)),
            escape: Some('!'),
            case_insensitive,
            negated,
        })
        .boxed()
}

/// Any condition over the rows of any table.
pub fn any_predicate() -> BoxedStrategy<Expr> {
    booleans()
        .prop_recursive(3, 8, 2, |inner| {
            prop_oneof![
                2 => (inner.clone(), inner.clone()).prop_map(|(left, right)| left.and(right)),
                2 => (inner.clone(), inner.clone()).prop_map(|(left, right)| left.or(right)),
                1 => inner.prop_map(Expr::not),
            ]
        })
        .boxed()
}

/// Any value, with its type a matter of chance.
pub(super) fn values() -> BoxedStrategy<Expr> {
    prop_oneof![
        3 => numbers(),
        1 => doubles(),
        1 => decimals(),
        2 => texts(),
        2 => times(),
        1 => booleans(),
        1 => columns(&["user", "tags", "labels"]),
    ]
    .boxed()
}

/// A key of groups.
pub(super) fn keys() -> BoxedStrategy<Expr> {
    prop_oneof![
        6 => columns(&["small", "city", "user.country", "ok", "a.b", "x", "name", "price", "n"]),
        2 => columns(&["tags", "user", "day", "labels"]),
        2 => times(),
        1 => texts(),
        1 => numbers(),
    ]
    .boxed()
}

/// What an aggregate may be of, with doubles and without.
pub(super) fn measures() -> BoxedStrategy<Expr> {
    prop_oneof![
        4 => columns(&["small", "a.b", "user.id", "n"]),
        2 => Just(col("x")),
        1 => Just(col("price")),
        1 => numbers(),
    ]
    .boxed()
}
