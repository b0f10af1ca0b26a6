//! Laws, against the slow and obvious way.

use colonna_column::{Strings, Values};
use proptest::prelude::*;

use super::*;

fn any_row() -> impl Strategy<Value = Row> {
    let ratio = prop_oneof![
        8 => (-20_i32..20).prop_map(|quarters| f64::from(quarters) / 4.0),
        1 => Just(-0.0),
        1 => Just(f64::NAN),
    ];
    let nullable = |value: BoxedStrategy<Scalar>| prop_oneof![5 => value, 1 => Just(Scalar::Null)];
    (
        nullable("[ab]{0,1}".prop_map(Scalar::from).boxed()),
        nullable((-4_i64..4).prop_map(Scalar::from).boxed()),
        nullable(ratio.prop_map(Scalar::from).boxed()),
        nullable((-9_i128..9).prop_map(|value| Scalar::Decimal { value, scale: 2 }).boxed()),
        nullable((0_i64..5).prop_map(Scalar::Timestamp).boxed()),
        nullable(any::<bool>().prop_map(Scalar::from).boxed()),
    )
        .prop_map(|(word, number, ratio, price, moment, flag)| {
            let user = user(word.clone(), number.clone());
            vec![word, number, ratio, price, moment, flag, user]
        })
}

const ORDER: usize = 4;

fn any_aggregate() -> impl Strategy<Value = (AggregateExpr, usize)> {
    let functions = prop::sample::select(vec![
        F::Count,
        F::CountDistinct,
        F::Sum,
        F::Min,
        F::Max,
        F::Avg,
        F::VarianceSample,
        F::VariancePopulation,
        F::QuantileContinuous(0.3),
        F::QuantileDiscrete(0.6),
        F::First,
        F::Last,
    ]);
    (functions, 0_usize..4, any::<bool>()).prop_map(|(function, column, distinct)| {
        let text =
            matches!(function, F::Count | F::CountDistinct | F::Min | F::Max | F::First | F::Last);
        let column = if text { column } else { column.max(1) };
        let name = ["word", "number", "ratio", "price"][column];
        let mut aggregate = aggregate(function, name);
        aggregate.distinct = distinct;
        if matches!(function, F::First | F::Last) {
            aggregate.order_by = Some(Box::new(col("moment")));
        }
        (aggregate, column)
    })
}

/// What the aggregate makes of the rows of one group, as its documentation says it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small numbers, and ranks within a list"
)]
fn expected(aggregate: &AggregateExpr, column: usize, rows: &[&Row]) -> Scalar {
    let rows: Vec<&&Row> = rows.iter().filter(|row| !row[column].is_null()).collect();
    let mut values: Vec<Scalar> = Vec::new();
    for row in &rows {
        if !aggregate.distinct || !values.contains(&row[column]) {
            values.push(row[column].clone());
        }
    }
    let doubles: Vec<f64> = values.iter().filter_map(Scalar::as_f64).collect();
    let mut sorted = values.clone();
    sorted.sort_by(Scalar::total_cmp);
    let len = values.len();
    let count = len as f64;
    match aggregate.function {
        F::Count => i64::try_from(len).unwrap().into(),
        F::CountDistinct => {
            sorted.dedup();
            i64::try_from(sorted.len()).unwrap().into()
        }
        F::First | F::Last => {
            let mut ordered: Vec<&&&Row> =
                rows.iter().filter(|row| !row[ORDER].is_null()).collect();
            ordered.sort_by(|left, right| left[ORDER].total_cmp(&right[ORDER]));
            let row = if aggregate.function == F::First { ordered.first() } else { ordered.last() };
            row.map_or(Scalar::Null, |row| row[column].clone())
        }
        _ if len == 0 => Scalar::Null,
        F::Min => sorted[0].clone(),
        F::Max => sorted[len - 1].clone(),
        F::Sum => match column {
            1 => values.iter().map(|value| value.as_f64().unwrap() as i64).sum::<i64>().into(),
            2 => doubles.iter().sum::<f64>().into(),
            _ => {
                let unscaled = values.iter().map(|value| match value {
                    Scalar::Decimal { value, .. } => *value,
                    _ => 0,
                });
                Scalar::Decimal { value: unscaled.sum(), scale: 2 }
            }
        },
        F::Avg => (doubles.iter().sum::<f64>() / count).into(),
        F::VarianceSample if len == 1 => Scalar::Null,
        F::VarianceSample | F::VariancePopulation => {
            let mean = doubles.iter().sum::<f64>() / count;
            let distances: f64 = doubles.iter().map(|value| (value - mean).powi(2)).sum();
            let sample = f64::from(u8::from(aggregate.function == F::VarianceSample));
            (distances / (count - sample)).into()
        }
        F::QuantileContinuous(fraction) => {
            let place = fraction * (count - 1.0);
            let at = |place: f64| sorted[place as usize].as_f64().unwrap();
            let (low, high) = (at(place.floor()), at(place.ceil()));
            (low + (high - low) * place.fract()).into()
        }
        F::QuantileDiscrete(fraction) => {
            sorted[((fraction * count).ceil() as usize).max(1) - 1].clone()
        }
        _ => Scalar::Null,
    }
}

fn near(found: &Scalar, expected: &Scalar) -> bool {
    match (found, expected) {
        (Scalar::Float64(found), Scalar::Float64(expected)) => {
            found.is_nan() && expected.is_nan()
                || (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
        }
        _ => found == expected && found.data_type() == expected.data_type(),
    }
}

/// The same column in another form: codes of a dictionary that has every entry twice, a constant,
/// or nothing but nulls.
fn reformed(column: Column) -> Column {
    let values = column.scalars();
    let data_type = column.data_type().clone();
    if values.iter().all(Scalar::is_null) {
        return Column::nulls(data_type, values.len());
    }
    if values.windows(2).all(|pair| format!("{pair:?}") == format!("{:?}", [&pair[0], &pair[0]])) {
        return Column::constant(data_type, values[0].clone(), values.len());
    }
    if data_type != DataType::Utf8 {
        return column;
    }
    let texts: Vec<String> = values
        .iter()
        .map(|value| if value.is_null() { String::new() } else { value.to_string() })
        .collect();
    let dictionary: Strings = texts.iter().rev().chain(&texts).collect();
    let last = u32::try_from(values.len()).unwrap();
    let codes = (0..last).map(|row| if row % 2 == 0 { row + last } else { last - 1 - row });
    let validity = Bitmap::from_fn(values.len(), |row| !values[row].is_null());
    let codes = Values::Codes { codes: codes.collect(), dictionary: Arc::new(dictionary) };
    Column::try_new(data_type, values.len(), codes, Some(validity)).unwrap()
}

fn names() -> Vec<String> {
    schema().fields.iter().map(|field| field.name.clone()).collect()
}

fn cut<'a>(rows: &'a [Row], cuts: &[usize]) -> Vec<&'a [Row]> {
    let mut bounds: Vec<usize> = cuts.iter().map(|cut| cut % (rows.len() + 1)).collect();
    bounds.extend([0, rows.len()]);
    bounds.sort_unstable();
    bounds.windows(2).map(|pair| &rows[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn of_no_selected_rows_an_aggregate_is_that_of_no_rows(
        rows in prop::collection::vec(any_row(), 1..20),
        (mut aggregate, _) in any_aggregate(),
    ) {
        let none = answer(&selecting([aggregate.clone().into()]), &[&[]], &|column| column);
        aggregate.filter = Some(Box::new(col("number").greater_than(100)));
        check(&selecting([aggregate.into()]), &rows, &[&none[0]]);
    }

    #[test]
    fn aggregates_are_what_a_loop_over_the_rows_makes_of_them(
        rows in prop::collection::vec(any_row(), 0..40),
        aggregates in prop::collection::vec(any_aggregate(), 1..4),
        keys in prop::sample::subsequence(vec![0_usize, 1, 2, 3, 5, 6], 0..3),
        cuts in prop::collection::vec(0_usize..60, 0..4),
    ) {
        let names = names();
        let keyed: Vec<&str> = keys.iter().map(|key| names[*key].as_str()).collect();
        let projection = keyed.iter().map(|key| col(key));
        let projection = projection.chain(aggregates.iter().map(|(aggregate, _)| aggregate.clone().into()));
        let query = grouping(&keyed, projection);

        let mut groups: Vec<(Row, Vec<&Row>)> = Vec::new();
        if keys.is_empty() {
            groups.push((Vec::new(), Vec::new()));
        }
        for row in &rows {
            let tuple: Row = keys.iter().map(|key| row[*key].clone()).collect();
            match groups.iter_mut().find(|(known, _)| *known == tuple) {
                Some((_, members)) => members.push(row),
                None => groups.push((tuple, vec![row])),
            }
        }

        let whole = answer(&query, &[&rows], &|column| column);
        prop_assert_eq!(whole.len(), groups.len());
        for (found, (tuple, members)) in whole.iter().zip(&groups) {
            prop_assert_eq!(&found[..keys.len()], tuple.as_slice());
            for (found, (aggregate, column)) in found[keys.len()..].iter().zip(&aggregates) {
                let expected = expected(aggregate, *column, members);
                prop_assert!(near(found, &expected), "{}: {} for {}", aggregate, found, expected);
            }
        }
        // Splits and forms change nothing at all.
        prop_assert_eq!(&answer(&query, &cut(&rows, &cuts), &|column| column), &whole);
        prop_assert_eq!(&answer(&query, &cut(&rows, &cuts), &reformed), &whole);
    }

    #[test]
    fn rows_that_a_mask_leaves_out_are_as_if_they_were_not_there(
        rows in prop::collection::vec(any_row(), 1..60),
        aggregates in prop::collection::vec(any_aggregate(), 0..4),
        is_selected in prop::collection::vec(prop::bool::weighted(0.8), 60),
        reform in any::<bool>(),
    ) {
        let of = |function, argument| Expr::from(AggregateExpr::new(function, argument));
        let filled = Expr::call(Function::Coalesce, [col("number"), lit(7)]);
        // One of the rows may overflow: if that one is left out, there is no error.
        let steep = col("number").times(i64::MAX / 3);
        let more = [count(), of(F::Sum, filled), of(F::Max, steep), of(F::Count, lit(1)), max("ratio")];
        let aggregates = aggregates.into_iter().map(|(aggregate, _)| aggregate.into());
        let query = selecting(aggregates.chain(more));
        let plan = Plan::try_new(&query, &schema()).unwrap();
        let reform = |column| if reform { reformed(column) } else { column };
        let mut masked = plan.partial();
        let selected: Bitmap = is_selected[..rows.len()].iter().copied().collect();
        let masked = masked
            .update_masked(columns_of(&plan, &rows, &reform), &selected)
            .and_then(|()| plan.finish(masked));
        let kept: Vec<Row> = selected.ones().map(|row| rows[row].clone()).collect();
        let mut some = plan.partial();
        let some = some.update(&columns_of(&plan, &kept, &reform)).and_then(|()| plan.finish(some));
        prop_assert_eq!(masked.is_err(), some.is_err());
        if let (Ok(masked), Ok(some)) = (masked, some) {
            prop_assert_eq!(format!("{:?}", masked.row(0)), format!("{:?}", some.row(0)));
        }
    }

    #[test]
    fn ordered_rows_are_those_of_a_stable_sort(
        rows in prop::collection::vec(any_row(), 0..60),
        keys in prop::collection::vec((0_usize..6, any::<bool>(), any::<bool>()), 0..3),
        limit in prop::option::of(0_u64..20),
        offset in 0_u64..4,
        cuts in prop::collection::vec(0_usize..60, 0..4),
    ) {
        let names = names();
        let order_by = keys.iter().map(|&(key, descending, nulls_first)| {
            SortKey { expr: col(&names[key]), descending, nulls_first }
        });
        let query = Query { order_by: order_by.collect(), limit, offset, ..selecting([col("word"), col("price")]) };
        let mut ordered: Vec<&Row> = rows.iter().collect();
        ordered.sort_by(|left, right| {
            keys.iter().map(|&(key, descending, nulls_first)| {
                let direction = Direction { descending, nulls_first };
                let (left, right) = (&left[key], &right[key]);
                direction.place(!left.is_null(), !right.is_null(), || left.total_cmp(right))
            }).find(|ordering| ordering.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        let skip = usize::try_from(offset).unwrap();
        let take = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
        let expected: Vec<Row> = ordered.into_iter().skip(skip).take(take)
            .map(|row| vec![row[0].clone(), row[3].clone()]).collect();
        prop_assert_eq!(answer(&query, &[&rows], &|column| column), expected.clone());
        prop_assert_eq!(answer(&query, &cut(&rows, &cuts), &reformed), expected);
    }
}

fn texts_and_numbers(plan: &Plan, keys: impl Iterator<Item = u64> + Clone) -> Columns {
    let texts: Strings = keys.clone().map(|key| format!("text {key}")).collect();
    let len = texts.len();
    let texts =
        Column::try_new(DataType::Utf8, len, Values::Strings(Arc::new(texts)), None).unwrap();
    let numbers = keys.map(|key| i64::try_from(key % 5).unwrap()).collect();
    let schema = Arc::new(plan.slots().slot_schema());
    Columns::try_new(schema, vec![texts, Column::from_i64(numbers)], len).unwrap()
}

/// Groups by text and number, or by text alone: it has but one number.
fn by_text(once: bool, is_alone: bool) -> Query {
    let last = if once { count_distinct("text") } else { min("number") };
    let (number, mut group_by) = match is_alone {
        true => (min("number"), Vec::new()),
        false => (col("number"), vec![col("number")]),
    };
    group_by.insert(0, col("text"));
    let projection = [col("text"), number, count(), sum("number"), last];
    Query { group_by, ..selecting(projection) }
}

/// So many groups that they are spread over partitions, in parts that have few or all of them in
/// common, or but a few, and met so rarely that they are not even looked up. Values that are counted
/// once keep groups from being spread. A key alone is another kind of key.
#[test]
fn many_groups_are_what_a_map_makes_of_them() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("text", DataType::Utf8),
        Field::new("number", DataType::Int64),
    ]));
    let spread = [(150_000_u64, true), (4_000_000, true), (4_000_000, false), (20_000, true)];
    let once = [(150_000, true), (150_000, false), (20_000, true), (7, false)];
    let cases = spread.map(|case| (case, false)).into_iter().chain(once.map(|case| (case, true)));
    let cases = cases.flat_map(|(case, once)| [(case, once, false), (case, once, true)]);
    for ((range, merged), once, is_alone) in cases {
        let key = |row: u64| (row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % range;
        let query = by_text(once, is_alone);
        let ordered = Query {
            order_by: vec![SortKey::descending(count()), SortKey::ascending(col("text"))],
            limit: Some(20),
            ..query.clone()
        };
        let mut expected: Vec<(u64, i64)> = Vec::new();
        let mut known = BTreeMap::new();
        for key in (0..200_000).map(key) {
            let group = *known.entry(key).or_insert_with(|| {
                expected.push((key, 0));
                expected.len() - 1
            });
            expected[group].1 += 1;
        }
        let row = |&(key, count): &(u64, i64)| -> Row {
            let number = i64::try_from(key % 5).unwrap();
            vec![
                format!("text {key}").into(),
                number.into(),
                count.into(),
                (number * count).into(),
                if once { 1 } else { number }.into(),
            ]
        };
        let expected: Vec<Row> = expected.iter().map(row).collect();
        for query in [&query, &ordered] {
            let plan = Plan::try_new(query, &schema).unwrap();
            let mut whole = plan.partial();
            for task in 0..4 {
                // The rows of several tasks come to one state, or to one each.
                let mut partial = plan.partial();
                let state = if merged { &mut partial } else { &mut whole };
                for batch in 0..10 {
                    let rows = (0..5_000).map(|row| key((task * 10 + batch) * 5_000 + row));
                    state.update(&texts_and_numbers(&plan, rows)).unwrap();
                }
                whole.merge(partial).unwrap();
            }
            let answer = plan.finish(whole).unwrap();
            let found: Vec<Row> = (0..answer.row_count()).map(|row| answer.row(row)).collect();
            let mut expected = expected.clone();
            if query.limit.is_some() {
                expected.sort_by(|a, b| b[2].total_cmp(&a[2]).then(a[0].total_cmp(&b[0])));
                expected.truncate(20);
            }
            assert!(found == expected, "{range} {merged} {once} {is_alone}");
        }
    }
}
