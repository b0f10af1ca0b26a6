use super::*;
use crate::ColumnBuilder;
use colonna_schema::{Field, Scalar};
use proptest::prelude::*;

fn any_type() -> impl Strategy<Value = DataType> {
    let leaf = prop::sample::select(vec![
        DataType::Int64,
        DataType::Float64,
        DataType::Boolean,
        DataType::Utf8,
    ]);
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|element| DataType::List(Box::new(element))),
            inner
                .clone()
                .prop_map(|value| { DataType::Map(Box::new(DataType::Utf8), Box::new(value)) }),
            (inner.clone(), inner).prop_map(|(left, right)| {
                DataType::Struct(vec![Field::new("a", left), Field::new("b", right)])
            }),
        ]
    })
}

fn value_of(data_type: &DataType, seed: u64) -> Scalar {
    let number = i64::try_from(seed % 5).unwrap();
    match data_type {
        _ if seed.is_multiple_of(7) => Scalar::Null,
        DataType::Int64 => number.into(),
        DataType::Float64 => Scalar::Float64(f64::from(u8::try_from(number).unwrap()) / 2.0),
        DataType::Boolean => Scalar::Boolean(number > 2),
        DataType::List(element) => {
            Scalar::List((0..seed % 3).map(|at| value_of(element, seed / 3 + at)).collect())
        }
        DataType::Map(_, value) => {
            let entry = |at| (Scalar::Utf8(format!("key {at}")), value_of(value, seed / 3 + at));
            Scalar::Map((0..seed % 3).map(entry).collect())
        }
        DataType::Struct(fields) => Scalar::Struct(
            fields
                .iter()
                .enumerate()
                .map(|(at, field)| {
                    let seed = seed / 5 + u64::try_from(at).unwrap();
                    (field.name.clone(), value_of(&field.data_type, seed))
                })
                .collect(),
        ),
        _ => Scalar::Utf8(format!("word {number}")),
    }
}

proptest! {
    #[test]
    fn picking_is_joining_and_gathering(
        data_type in any_type(),
        seeds in prop::collection::vec(
            (prop::collection::vec(any::<u64>(), 1..20), any::<bool>()),
            1..4,
        ),
        picks in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1_usize..9),
            0..20,
        ),
    ) {
        let pieces: Vec<Column> = seeds
            .iter()
            .map(|(seeds, is_interned)| {
                let mut builder = match is_interned {
                    true => ColumnBuilder::saving(&data_type),
                    false => ColumnBuilder::new(&data_type),
                };
                for seed in seeds {
                    builder.push_scalar(&value_of(&data_type, *seed)).unwrap();
                }
                builder.finish()
            })
            .collect();
        let picks: Vec<Pick> = picks
            .iter()
            .flat_map(|(piece, row, len)| {
                let piece = piece.index(pieces.len());
                let row = row.index(pieces[piece].len());
                let rows = row..(row + len).min(pieces[piece].len());
                rows.map(move |row| (u32::try_from(piece).unwrap(), u32::try_from(row).unwrap()))
            })
            .map(|(piece, row)| Pick { piece, row })
            .collect();
        let refs: Vec<&Column> = pieces.iter().collect();
        let runs: Picks = picks.iter().copied().collect();
        let found = pick(&data_type, &refs, &runs).scalars();
        let expected: Vec<Scalar> = picks
            .iter()
            .map(|pick| pieces[pick.piece as usize].scalar_at(pick.row as usize))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
