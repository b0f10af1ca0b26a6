//! Expressions over codes into dictionaries, which batches and columns share, are those over the
//! same texts without codes.

use std::fmt;
use std::sync::Arc;

use colonna_column::{Bitmap, Column, Columns, Numbers, Strings, Values};
use colonna_exec::{Slots, bind, evaluate};
use colonna_schema::{
    AggregateExpr, AggregateFunction, BinaryOperator, DataType, Expr, Field, Function, Projection,
    Query, Scalar, Schema, col, count, lit,
};
use colonna_testkit::generate::Question;
use colonna_testkit::oracle;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, proptest};
use proptest::prop_oneof;
use proptest::sample::{Index, select};

use crate::{answer, check, rows_of, slots_of};

const NAMES: [&str; 3] = ["a", "b", "c"];
const WORDS: [&str; 10] = ["", "a", "b", "ab", "B", "7", "-12", " x ", "\u{e9}a", "a%b"];

fn schema() -> Arc<Schema> {
    let texts = NAMES.iter().map(|name| Field::new(*name, DataType::Utf8));
    Arc::new(Schema::new(texts.chain([Field::new("n", DataType::Int64)]).collect()))
}

/// The same rows twice, in batches.
#[derive(Clone)]
struct Input {
    coded: Vec<Columns>,
    flat: Vec<Columns>,
}

/// Row by row, so that a counterexample can be read.
impl fmt::Debug for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for batch in &self.coded {
            let forms: Vec<&str> = batch.columns().iter().map(form_of).collect();
            writeln!(formatter, "batch of {forms:?}")?;
            rows_of(batch).iter().try_for_each(|row| writeln!(formatter, "  {row:?}"))?;
        }
        Ok(())
    }
}

fn form_of(column: &Column) -> &'static str {
    match column.values() {
        Values::Null => "nulls",
        Values::Codes { .. } | Values::NumberCodes { .. } => "codes",
        Values::Constant(_) => "constant",
        _ => "flat",
    }
}

/// How a batch hands over a column of texts. A constant is the first text of all rows.
#[derive(Clone, Copy, Debug)]
enum Form {
    Codes,
    Flat,
    Constant,
}

/// For each row, which entry of its dictionary each column has, if any, and a number.
type Row = ([Option<Index>; 3], Option<i64>);

fn any_row() -> impl Strategy<Value = Row> {
    let entry = || option::weighted(0.8, any::<Index>());
    ((entry(), entry(), entry()), option::of(-2..3_i64)).prop_map(|((a, b, c), n)| ([a, b, c], n))
}

fn any_input() -> impl Strategy<Value = Input> {
    let dictionary = vec(select(WORDS.to_vec()), 1..5)
        .prop_map(|words| Arc::new(words.into_iter().collect::<Strings>()));
    let form =
        || prop_oneof![4 => Just(Form::Codes), 1 => Just(Form::Flat), 2 => Just(Form::Constant)];
    let batch = (vec(any_row(), 0..60), [form(), form(), form()]);
    // Of up to three dictionaries, each column has one in all batches; several may have the same.
    (vec(dictionary, 1..=3), any::<[Index; 3]>(), vec(batch, 1..4)).prop_map(
        |(dictionaries, chosen, batches)| {
            let chosen = chosen.map(|index| Arc::clone(index.get(&dictionaries)));
            // No row has the last one, of which much overflows.
            let numbers = Arc::new(Numbers::Int64(vec![-2, -1, 0, 1, 2, i64::MAX]));
            let made =
                batches.iter().map(|(rows, forms)| batch_of(rows, *forms, &chosen, &numbers));
            let (coded, flat) = made.unzip();
            Input { coded, flat }
        },
    )
}

/// A batch as it is handed over, and flat.
fn batch_of(
    rows: &[Row],
    forms: [Form; 3],
    chosen: &[Arc<Strings>; 3],
    numbers: &Arc<Numbers>,
) -> (Columns, Columns) {
    let numbers = number_column(rows, numbers);
    let mut coded: Vec<Column> = (0..NAMES.len())
        .map(|index| text_column(rows, index, forms[index], &chosen[index]))
        .collect();
    let flat = |column: &Column| Column::from_scalars(&DataType::Utf8, &column.scalars()).unwrap();
    let mut flat: Vec<Column> = coded.iter().map(flat).collect();
    flat.push(Column::from_scalars(&DataType::Int64, &numbers.scalars()).unwrap());
    coded.push(numbers);
    let batch = |columns| Columns::try_new(schema(), columns, rows.len()).unwrap();
    (batch(coded), batch(flat))
}

fn text_column(rows: &[Row], index: usize, form: Form, dictionary: &Arc<Strings>) -> Column {
    let entry = |(entries, _): &Row| entries[index].map(|entry| entry.index(dictionary.len()));
    let entries: Vec<Option<usize>> = rows.iter().map(entry).collect();
    // Of a null row the code may be any number.
    let codes = entries.iter().map(|entry| entry.map_or(u32::MAX, |at| u32::try_from(at).unwrap()));
    let values = Values::Codes { codes: codes.collect(), dictionary: Arc::clone(dictionary) };
    let validity = Bitmap::from_fn(rows.len(), |row| entries[row].is_some());
    let validity = (validity.count_ones() < rows.len()).then_some(validity);
    let coded = Column::try_new(DataType::Utf8, rows.len(), values, validity).unwrap();
    match form {
        Form::Codes => coded,
        Form::Flat => coded.to_flat(),
        Form::Constant if rows.is_empty() => coded,
        Form::Constant => Column::constant(DataType::Utf8, coded.scalar_at(0), rows.len()),
    }
}

fn number_column(rows: &[Row], dictionary: &Arc<Numbers>) -> Column {
    let code = |(_, number): &Row| number.map_or(u32::MAX, |n| u32::try_from(n + 2).unwrap());
    let codes = rows.iter().map(code).collect();
    let validity = Bitmap::from_fn(rows.len(), |row| rows[row].1.is_some());
    let values = Values::NumberCodes { codes, dictionary: Arc::clone(dictionary) };
    Column::try_new(DataType::Int64, rows.len(), values, Some(validity)).unwrap()
}

fn call<const N: usize>(function: Function, arguments: [Expr; N]) -> Expr {
    Expr::call(function, arguments)
}

/// A column, more often than a word.
fn leaf() -> BoxedStrategy<Expr> {
    prop_oneof![6 => select(NAMES.to_vec()).prop_map(col), 1 => select(WORDS.to_vec()).prop_map(lit)]
        .boxed()
}

/// Texts that are made of texts.
fn texts() -> BoxedStrategy<Expr> {
    leaf()
        .prop_recursive(3, 8, 3, |inner| {
            let two = (inner.clone(), inner.clone());
            let shaped = select(vec![
                Function::Lower,
                Function::Upper,
                Function::Reverse,
                Function::Trim,
                Function::TrimStart,
            ]);
            prop_oneof![
                3 => joined(inner.clone()),
                2 => (two.clone(), any::<bool>()).prop_map(|((left, right), word)| match word {
                    true => call(Function::Coalesce, [left, right, lit("none")]),
                    false => call(Function::Coalesce, [left, right]),
                }),
                2 => cases(inner.clone()),
                1 => two.clone().prop_map(|(left, right)| call(Function::NullIf, [left, right])),
                1 => (two, any::<bool>()).prop_map(|((left, right), least)| {
                    let function = if least { Function::Least } else { Function::Greatest };
                    call(function, [left, right])
                }),
                1 => (inner.clone(), shaped).prop_map(|(text, function)| call(function, [text])),
                1 => (inner.clone(), -2..3_i64, 0..3_i64).prop_map(|(text, start, len)| {
                    call(Function::Substring, [text, lit(start), lit(len)])
                }),
                1 => (inner, leaf()).prop_map(|(text, by)| call(Function::Replace, [text, lit("a"), by])),
            ]
        })
        .boxed()
}

fn joined(inner: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    (inner.clone(), inner, 0..4)
        .prop_map(|(left, right, way)| match way {
            0 => left.binary(BinaryOperator::Concat, right),
            1 => call(Function::Concat, [left, right]),
            2 => call(Function::Concat, [left, lit(" / "), right]),
            _ => call(Function::ConcatWithSeparator, [lit(","), left, right]),
        })
        .boxed()
}

fn cases(inner: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let otherwise = option::of(inner.clone());
    (conditions(inner.clone()), inner, otherwise)
        .prop_map(|(when, then, otherwise)| Expr::Case {
            operand: None,
            branches: vec![(when, then)],
            otherwise: otherwise.map(Box::new),
        })
        .boxed()
}

/// Conditions on texts.
fn conditions(texts: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let operators = select(vec![
        BinaryOperator::Equal,
        BinaryOperator::NotEqual,
        BinaryOperator::Less,
        BinaryOperator::GreaterOrEqual,
        BinaryOperator::IsDistinctFrom,
        BinaryOperator::IsNotDistinctFrom,
    ]);
    let words = vec(
        prop_oneof![6 => select(WORDS.to_vec()).prop_map(lit), 1 => Just(lit(Scalar::Null)), 1 => leaf()],
        1..4,
    );
    let simple = prop_oneof![
        1 => (-3..3_i64, operators.clone())
            .prop_map(|(bound, operator)| col("n").binary(operator, lit(bound))),
        4 => (texts.clone(), operators, texts.clone())
            .prop_map(|(left, operator, right)| left.binary(operator, right)),
        1 => (texts.clone(), select(vec!["%", "a%", "%b", "_", "", "%a%"]))
            .prop_map(|(text, pattern)| text.like(pattern)),
        1 => (texts.clone(), words, any::<bool>()).prop_map(|(operand, list, negated)| {
            Expr::InList { operand: Box::new(operand), list, negated }
        }),
        1 => (texts.clone(), any::<bool>())
            .prop_map(|(text, negated)| Expr::IsNull { operand: Box::new(text), negated }),
        1 => (texts, leaf()).prop_map(|(text, part)| call(Function::Contains, [text, part])),
    ];
    simple
        .prop_recursive(1, 3, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(left, right)| left.and(right)),
                (inner.clone(), inner.clone()).prop_map(|(left, right)| left.or(right)),
                inner.prop_map(Expr::not),
            ]
        })
        .boxed()
}

/// Numbers that are made of texts. A cast may fail.
fn numbers() -> BoxedStrategy<Expr> {
    let cast = (texts(), any::<bool>()).prop_map(|(operand, or_null)| Expr::Cast {
        operand: Box::new(operand),
        data_type: DataType::Int64,
        or_null,
    });
    prop_oneof![
        3 => texts().prop_map(|text| call(Function::Length, [text])),
        2 => (texts(), leaf()).prop_map(|(text, part)| call(Function::Position, [text, part])),
        1 => (texts(), leaf()).prop_map(|(left, right)| {
            call(Function::Length, [left]).plus(call(Function::Length, [right]))
        }),
        1 => texts().prop_map(|text| call(Function::Length, [text]).times(col("n"))),
        1 => cast,
        2 => Just(col("n")),
        1 => (texts(), -3..3_i64).prop_map(|(text, by)| {
            call(Function::Length, [text]).plus(col("n").times(lit(by)))
        }),
        1 => (0..4_i64).prop_map(|by| col("n").plus(lit(i64::MAX - by))),
        1 => (-3..3_i64, -3..3_i64).prop_map(|(bound, other)| Expr::Case {
            operand: None,
            branches: vec![(col("n").binary(BinaryOperator::Less, lit(bound)), col("n"))],
            otherwise: Some(Box::new(lit(other))),
        }),
    ]
    .boxed()
}

fn any_expr() -> BoxedStrategy<Expr> {
    prop_oneof![4 => texts(), 2 => conditions(texts()), 2 => numbers()].boxed()
}

fn named(exprs: Vec<Expr>) -> Vec<Projection> {
    let name = |(index, expr)| Projection::Expr { expr, name: Some(format!("c{index}")) };
    exprs.into_iter().enumerate().map(name).collect()
}

/// Rows, or groups by a text, where a condition is true.
fn any_question() -> impl Strategy<Value = Question> {
    let rows = vec(any_expr(), 1..4)
        .prop_map(|exprs| Query { projection: named(exprs), ..Query::default() });
    let functions = select(vec![
        AggregateFunction::Max,
        AggregateFunction::Count,
        AggregateFunction::CountDistinct,
    ]);
    let sums = select(vec![AggregateFunction::Sum, AggregateFunction::Avg]);
    // Of large numbers the oracle's variance is not exact.
    let variances = (Just(AggregateFunction::VarianceSample), Just(col("n")));
    let aggregates = prop_oneof![(functions, any_expr()), (sums, numbers()), variances];
    let groups = (vec(any_expr(), 0..3), aggregates).prop_map(|(keys, (function, of))| {
        let aggregate = Expr::from(AggregateExpr::new(function, of));
        let exprs = keys.iter().cloned().chain([aggregate, count()]).collect();
        Query { projection: named(exprs), group_by: keys, ..Query::default() }
    });
    (prop_oneof![rows, groups], option::of(conditions(texts()))).prop_map(|(query, filter)| {
        let query = Query { filter, ..query };
        Question { query, ordered: false }
    })
}

proptest! {
    #[test]
    fn an_expression_over_codes_is_that_over_texts(input in any_input(), expr in any_expr()) {
        let mut slots = Slots::new(schema());
        let Ok(bound) = bind(&expr, &mut slots) else { return Ok(()) };
        for (coded, flat) in input.coded.iter().zip(&input.flat) {
            let found = evaluate(&bound, &slots_of(&slots, coded).unwrap());
            let expected = evaluate(&bound, &slots_of(&slots, flat).unwrap());
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!(found.data_type(), expected.data_type(), "{expr}");
                    assert_eq!(found.scalars(), expected.scalars(), "{expr}");
                }
                (found, expected) => assert_eq!(found.is_ok(), expected.is_ok(), "{expr}"),
            }
        }
    }

    #[test]
    fn a_query_over_codes_that_batches_share_is_that_over_texts(
        input in any_input(),
        question in any_question(),
        merged in any::<bool>(),
    ) {
        let found = answer(&question.query, &schema(), &input.coded, merged);
        let flat = answer(&question.query, &schema(), &input.flat, merged);
        match (&found, &flat) {
            (Ok(found), Ok(flat)) => assert_eq!(rows_of(found), rows_of(flat)),
            _ => assert_eq!(found.is_ok(), flat.is_ok()),
        }
        let table = Columns::concat(&schema(), &input.flat).unwrap();
        check(&question, &oracle::answer(&question.query, &table), found);
    }
}
