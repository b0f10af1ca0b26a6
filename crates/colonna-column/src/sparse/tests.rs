use super::*;
use crate::{ColumnBuilder, concat, to_arrow};
use colonna_schema::{Field, Scalar};
use proptest::prelude::*;

fn types() -> Vec<DataType> {
    vec![
        DataType::Int64,
        DataType::Float64,
        DataType::Boolean,
        DataType::Decimal { precision: 20, scale: 2 },
        DataType::Utf8,
        DataType::Binary,
        DataType::List(Box::new(DataType::Int64)),
        DataType::Map(Box::new(DataType::Utf8), Box::new(DataType::Int64)),
        DataType::Struct(vec![
            Field::new("a", DataType::Int64),
            Field::new("b", DataType::Struct(vec![Field::new("c", DataType::Utf8)])),
        ]),
    ]
}

fn value_of(data_type: &DataType, seed: u8) -> Scalar {
    let number = i64::from(seed % 5);
    let some = |value: Scalar| if seed.is_multiple_of(3) { Scalar::Null } else { value };
    match data_type {
        DataType::Float64 => Scalar::Float64(f64::from(seed) / 2.0),
        DataType::Boolean => Scalar::Boolean(seed > 100),
        DataType::Decimal { scale, .. } => Scalar::Decimal { value: number.into(), scale: *scale },
        DataType::Utf8 if number == 0 => Scalar::Utf8(String::new()),
        DataType::Utf8 => Scalar::Utf8(format!("word {number}")),
        DataType::Binary => Scalar::Binary(vec![seed]),
        DataType::List(element) => {
            Scalar::List((0..seed % 3).map(|at| value_of(element, seed / 3 + at)).collect())
        }
        DataType::Map(_, value) => Scalar::Map(vec![("k".into(), value_of(value, seed / 2))]),
        DataType::Struct(fields) => {
            let field = |field: &Field| {
                (field.name.clone(), some(value_of(&field.data_type, seed.wrapping_mul(7))))
            };
            Scalar::Struct(fields.iter().map(field).collect())
        }
        _ => number.into(),
    }
}

/// A null for each value that is not there.
fn any_rows(values: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Option<u8>>> {
    let gap = prop_oneof![3 => 10_usize..60, 1 => Just(0)];
    let runs = prop::collection::vec((gap, any::<u8>()), values);
    (runs, 0_usize..60).prop_map(|(runs, rest)| {
        let rows = runs
            .into_iter()
            .flat_map(|(gap, value)| std::iter::repeat_n(None, gap).chain([Some(value)]));
        rows.chain(std::iter::repeat_n(None, rest)).collect()
    })
}

fn push(builder: &mut ColumnBuilder, data_type: &DataType, rows: &[Option<u8>]) {
    for row in rows {
        match row {
            Some(seed) => builder.push_scalar(&value_of(data_type, *seed)).unwrap(),
            None => builder.push_null(),
        }
    }
}

/// The same column with room for each row, and, where it has few values, without.
fn both(data_type: &DataType, rows: &[Option<u8>]) -> (Column, Column) {
    let (mut dense, mut saving) = (ColumnBuilder::new(data_type), ColumnBuilder::saving(data_type));
    push(&mut dense, data_type, rows);
    push(&mut saving, data_type, rows);
    (dense.finish(), saving.finish())
}

fn any_type() -> impl Strategy<Value = DataType> {
    prop::sample::select(types())
}

#[test]
fn a_column_with_few_values_has_room_for_these_only() {
    for data_type in types() {
        let mut builder = ColumnBuilder::saving(&data_type);
        for row in 0..50 {
            builder.push_nulls_to(row * 1000);
            builder.push_scalar(&value_of(&data_type, 4)).unwrap();
        }
        let column = builder.finish();
        assert_eq!(column.null_count(), 49_001 - 50, "{data_type}");
        // A struct keeps a bit for each row, for its fields to go by.
        assert!(column.byte_len() < 16_000, "{data_type}: {}", column.byte_len());
        assert!(column.to_flat().byte_len() > 10 * column.byte_len());
    }
}

#[test]
fn a_column_without_a_value_takes_nothing() {
    let mut builder = ColumnBuilder::saving(&DataType::Int64);
    builder.push_nulls_to(1_000_000);
    let column = builder.finish();
    assert!(matches!(column.values(), Values::Null));
    assert_eq!((column.len(), column.byte_len()), (1_000_000, 0));
}

proptest! {
    #[test]
    fn what_saves_holds_what_was_pushed(
        data_type in any_type(),
        first in any_rows(0..40),
        dense in prop::collection::vec(any::<u8>().prop_map(Some), 0..150),
        kept in any::<prop::sample::Index>(),
        last in any_rows(0..40),
    ) {
        let all: Vec<Option<u8>> = [first, dense].concat();
        let kept = &all[..kept.index(all.len() + 1)];
        let mut saving = ColumnBuilder::saving(&data_type);
        push(&mut saving, &data_type, &all);
        saving.truncate(kept.len());
        for row in 0..kept.len() + 2 {
            let seed = kept.get(row).copied().flatten();
            prop_assert_eq!(saving.is_valid(row), seed.is_some());
            let empty = seed.filter(|seed| value_of(&data_type, *seed) == Scalar::Utf8(String::new()));
            prop_assert_eq!(saving.is_empty_text(row), empty.is_some());
        }
        let are_valid = kept.iter().all(Option::is_some);
        prop_assert!(are_valid || !saving.are_valid_to(kept.len()));
        prop_assert!(!are_valid || all.contains(&None) || saving.are_valid_to(kept.len()));
        push(&mut saving, &data_type, &last);
        let (dense, _) = both(&data_type, &[kept, &last].concat());
        let column = saving.finish();
        prop_assert_eq!(column.null_count(), dense.null_count());
        prop_assert_eq!(column.valid_bits(), dense.valid_bits());
        prop_assert_eq!(column.scalars(), dense.scalars());
        for row in 0..dense.len() {
            prop_assert_eq!(column.i64_at(row), dense.i64_at(row));
            prop_assert_eq!(column.bytes_at(row), dense.bytes_at(row));
        }
    }

    #[test]
    fn a_sparse_column_is_what_it_is_when_dense(
        data_type in any_type(),
        rows in any_rows(1..30),
        picked in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
        range in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let (dense, sparse) = both(&data_type, &rows);
        prop_assert_eq!(&sparse, &dense);
        prop_assert!(sparse.dense().is_dense());
        prop_assert_eq!(sparse.to_flat().scalars(), dense.scalars());
        prop_assert_eq!(to_arrow(&sparse).unwrap().to_data(), to_arrow(&dense).unwrap().to_data());
        let mut picked: Vec<u32> =
            picked.iter().map(|index| u32::try_from(index.index(rows.len())).unwrap()).collect();
        prop_assert_eq!(sparse.gather(&picked), dense.gather(&picked));
        picked.sort_unstable();
        picked.dedup();
        prop_assert_eq!(sparse.gather(&picked), dense.gather(&picked));
        prop_assert_eq!(sparse.gather(&picked).compacted(), dense.gather(&picked));
        let (start, len) = (range.0.index(rows.len()), range.1.index(rows.len() + 1));
        prop_assert_eq!(sparse.slice(start, len), dense.slice(start, len));
        let mask = bits_at(&picked, rows.len());
        prop_assert_eq!(sparse.clone().masked(&mask), dense.clone().masked(&mask));
        let joined = concat(&data_type, &[sparse.clone(), dense.clone(), sparse]);
        prop_assert_eq!(joined, concat(&data_type, &[dense.clone(), dense.clone(), dense]));
    }

    #[test]
    fn picking_from_sparse_columns_is_picking_from_dense_ones(
        data_type in any_type(),
        pieces in prop::collection::vec((any_rows(0..30), any::<bool>()), 1..4),
        picks in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 0..90),
        are_all in any::<bool>(),
    ) {
        let pieces: Vec<(Column, Column)> = pieces
            .iter()
            .map(|(rows, is_null)| match is_null {
                true => both(&data_type, &vec![None; rows.len()]),
                false => both(&data_type, rows),
            })
            .collect();
        let mut picks: Vec<(u32, u32)> = picks
            .iter()
            .map(|(piece, row)| (piece.index(pieces.len()), row))
            .filter(|(piece, _)| !pieces[*piece].0.is_empty())
            .map(|(piece, row)| (piece, row.index(pieces[piece].0.len())))
            .map(|(piece, row)| (u32::try_from(piece).unwrap(), u32::try_from(row).unwrap()))
            .collect();
        if are_all {
            // Each row once, the last one first.
            let rows_of = |(piece, (column, _)): (u32, &(Column, Column))| {
                (0..u32::try_from(column.len()).unwrap()).map(move |row| (piece, row))
            };
            picks = (0..).zip(&pieces).flat_map(rows_of).collect();
            picks.reverse();
        }
        let picks: Picks = picks.into_iter().map(|(piece, row)| Pick { piece, row }).collect();
        let dense: Vec<&Column> = pieces.iter().map(|(dense, _)| dense).collect();
        let sparse: Vec<&Column> = pieces.iter().map(|(_, sparse)| sparse).collect();
        let mixed: Vec<&Column> =
            (0..).zip(&pieces).map(|(at, (dense, sparse))| if at % 2 == 0 { sparse } else { dense }).collect();
        let expected = pick(&data_type, &dense, &picks).scalars();
        prop_assert_eq!(pick(&data_type, &sparse, &picks).scalars(), expected.clone());
        prop_assert_eq!(pick(&data_type, &mixed, &picks).scalars(), expected);
    }
}
