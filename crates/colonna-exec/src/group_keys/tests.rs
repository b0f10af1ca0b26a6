use std::sync::Arc;

use colonna_column::{Numbers, Pick, Strings, Values};
use colonna_schema::Scalar;
use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(data_type: &DataType, values: &[Scalar], expected: &[u32]) {
    let column = [Arc::new(Column::from_scalars(data_type, values).unwrap())];
    let mut keys = GroupKeys::new([data_type], true);
    assert_eq!(keys.resolve(&column, values.len()).unwrap(), expected);
    let back = columns_of_groups(keys);
    for (row, group) in expected.iter().enumerate() {
        assert_eq!(back[0].scalar_at(*group as usize), values[row], "row {row}");
    }
}

/// The values of the keys, one row for each group.
fn columns_of_groups(keys: GroupKeys) -> Vec<Column> {
    let group_count = u32::try_from(keys.len()).unwrap();
    let column = |(key, positions): (KeyColumn, Option<Vec<u32>>)| {
        let positions = positions.unwrap_or_else(|| (0..group_count).collect());
        let picks: Vec<Pick> = positions.into_iter().map(|row| Pick { piece: 0, row }).collect();
        KeyColumn::pick(&[&key], &picks).unwrap()
    };
    keys.into_columns().into_iter().map(column).collect()
}

#[test]
fn null_is_a_group_of_its_own_where_it_first_appears() {
    check(&DataType::Int64, &[5.into(), Scalar::Null, 0.into(), 5.into()], &[0, 1, 2, 0]);
    check(&DataType::Utf8, &["".into(), Scalar::Null, "".into()], &[0, 1, 0]);
    check(&DataType::Null, &[Scalar::Null, Scalar::Null], &[0, 0]);
}

#[test]
fn both_zeros_are_one_group_and_every_nan_another() {
    let values = [0.0.into(), f64::NAN.into(), (-0.0).into(), (-f64::NAN).into()];
    check(&DataType::Float64, &values, &[0, 1, 0, 1]);
    let list = |value: f64| Scalar::List(vec![value.into(), Scalar::Null]);
    let values = [list(0.0), list(f64::NAN), list(-0.0), list(-f64::NAN), Scalar::Null];
    check(&DataType::List(Box::new(DataType::Float64)), &values, &[0, 1, 0, 1, 2]);
}

#[test]
fn integers_far_apart_are_found_as_those_close_together() {
    let values = [i64::MIN.into(), i64::MAX.into(), 0.into(), i64::MAX.into()];
    check(&DataType::Int64, &values, &[0, 1, 2, 1]);
    let decimal = |value| Scalar::Decimal { value, scale: 2 };
    let values = [decimal(1 << 70), decimal(-1), decimal(1 << 70)];
    check(&DataType::Decimal { precision: 38, scale: 2 }, &values, &[0, 1, 0]);
}

#[test]
fn equal_entries_of_a_dictionary_are_one_group() {
    let dictionary: Strings = ["a", "b", "a"].into_iter().collect();
    let values = Values::Codes { codes: vec![2, 1, 0], dictionary: Arc::new(dictionary) };
    let column = [Arc::new(Column::try_new(DataType::Utf8, 3, values, None).unwrap())];
    let mut keys = GroupKeys::new([&DataType::Utf8], true);
    assert_eq!(keys.resolve(&column, 3).unwrap(), [0, 1, 0]);
    assert_eq!(keys.resolve(&column, 3).unwrap(), [0, 1, 0]);
}

fn any_key() -> impl Strategy<Value = (Option<i64>, Option<String>, Option<bool>)> {
    let integer = prop::option::of(prop_oneof![0_i64..4, any::<i64>()]);
    (integer, prop::option::of("[ab]{0,2}"), prop::option::of(any::<bool>()))
}

proptest! {
    #[test]
    fn tuples_are_numbered_as_a_search_from_the_start_would(
        rows in prop::collection::vec(any_key(), 0..200),
        cut in 0_usize..200,
    ) {
        let types = [DataType::Int64, DataType::Utf8, DataType::Boolean];
        let tuples: Vec<[Scalar; 3]> = rows
            .into_iter()
            .map(|(integer, text, boolean)| [integer.into(), text.into(), boolean.into()])
            .collect();
        let columns_of = |rows: &[[Scalar; 3]]| -> Vec<Arc<Column>> {
            let column = |index: usize| {
                let values: Vec<Scalar> = rows.iter().map(|row| row[index].clone()).collect();
                Arc::new(Column::from_scalars(&types[index], &values).unwrap())
            };
            (0..3).map(column).collect()
        };
        let mut known: Vec<&[Scalar; 3]> = Vec::new();
        let expected: Vec<u32> = tuples.iter().map(|tuple| {
            let found = known.iter().position(|known| *known == tuple);
            let position = found.unwrap_or_else(|| { known.push(tuple); known.len() - 1 });
            u32::try_from(position).unwrap()
        }).collect();

        // In one batch and in two: tables over ranges are laid out anew where the second needs it.
        let (head, tail) = tuples.split_at(cut.min(tuples.len()));
        let (mut whole, mut parts) = (GroupKeys::new(&types, true), GroupKeys::new(&types, true));
        prop_assert_eq!(&whole.resolve(&columns_of(&tuples), tuples.len()).unwrap(), &expected);
        let mut found = parts.resolve(&columns_of(head), head.len()).unwrap();
        found.extend(parts.resolve(&columns_of(tail), tail.len()).unwrap());
        prop_assert_eq!(found, expected);
        let back = columns_of_groups(whole);
        for (group, tuple) in known.iter().enumerate() {
            for (column, value) in back.iter().zip(tuple.iter()) {
                prop_assert_eq!(&column.scalar_at(group), value);
            }
        }
    }

    /// Dictionaries have entries in common, and entries that no row has.
    #[test]
    fn entries_are_numbered_as_rows_have_them(
        batches in prop::collection::vec((
            prop::collection::vec(0_i32..30, 1..40),
            prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        ), 1..6),
    ) {
        for data_type in [DataType::Utf8, DataType::Int64, DataType::Float64] {
            let mut coded = KeyColumn::new(&data_type, true);
            let mut flat = coded.clone();
            for (words, rows) in &batches {
                let code = |row: &prop::sample::Index| u32::try_from(row.index(words.len())).unwrap();
                let codes = rows.iter().map(code).collect();
                let doubles = || words.iter().map(|word| f64::from(*word) / 8.0);
                let numbers = match data_type {
                    DataType::Int64 => Numbers::Int64(words.iter().copied().map(i64::from).collect()),
                    _ => Numbers::Float64(doubles().collect()),
                };
                let values = match data_type {
                    DataType::Utf8 => {
                        let dictionary = Arc::new(words.iter().map(i32::to_string).collect());
                        Values::Codes { codes, dictionary }
                    }
                    _ => Values::NumberCodes { codes, dictionary: Arc::new(numbers) },
                };
                let column = Column::try_new(data_type.clone(), rows.len(), values, None).unwrap();
                let found = coded.resolve(&column).unwrap();
                prop_assert_eq!(found, flat.resolve(&column.to_flat()).unwrap());
            }
            prop_assert_eq!(coded.len(), flat.len());
        }
    }

    /// Values that hardly ever come again may get several positions, but each has its own value.
    #[test]
    fn a_position_stands_for_its_value_also_where_looking_up_was_given_up(seed in any::<u32>()) {
        let mut key = KeyColumn::new(&DataType::Int64, false);
        for batch in 0..9_i64 {
            let start = if batch < 8 { batch << 14 } else { 0 };
            let word = |row: i64| (start + row).wrapping_mul(0x5851_f42d_4c95_7f2d) ^ i64::from(seed);
            let words: Vec<i64> = (0..1 << 14).map(word).collect();
            let positions = key.resolve(&Column::from_i64(words.clone())).unwrap();
            let picks: Vec<Pick> = positions.into_iter().map(|row| Pick { piece: 0, row }).collect();
            let back = KeyColumn::pick(&[&key], &picks).unwrap();
            prop_assert_eq!(back, Column::from_i64(words));
        }
        prop_assert!(!key.is_unique());
        prop_assert_eq!(key.len(), 9 << 14);
    }
}

/// Rows enough for several pieces, in which null and the last entry come late.
#[test]
fn codes_are_the_groups_of_what_they_stand_for() {
    for word_count in [1, 7, 64, 65, 300] {
        let words: Strings = (0..word_count).map(|word: u32| format!("w{word}")).collect();
        let code = |row: u32| if row == 9_000 { word_count - 1 } else { row * row % word_count };
        let codes: Vec<u32> = (0..10_000).map(code).collect();
        let valid = Bitmap::from_fn(codes.len(), |row| row < 6_000 || row % 7 > 0);
        for validity in [None, Some(valid)] {
            let values =
                Values::Codes { codes: codes.clone(), dictionary: Arc::new(words.clone()) };
            let column = Column::try_new(DataType::Utf8, codes.len(), values, validity).unwrap();
            let groups = |column: &Column| {
                let mut keys = GroupKeys::new([&DataType::Utf8], true);
                keys.resolve(&[Arc::new(column.clone())], column.len()).unwrap()
            };
            assert_eq!(groups(&column), groups(&column.to_flat()), "{word_count} words");
        }
    }
}
