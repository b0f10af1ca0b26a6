//! Rows picked from several columns at once.

use std::sync::Arc;

use colonna_schema::DataType;

use crate::{Bitmap, Column, Interner, Strings, Values, concat};

/// One row of one of several columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Which of the columns.
    pub piece: u32,
    /// Which of its rows.
    pub row: u32,
}

impl Pick {
    fn at(self) -> (usize, usize) {
        (self.piece as usize, self.row as usize)
    }
}

/// The picked rows of columns of one type, in the order of the picks: what [`concat()`] and
/// [`Column::gather`] give together, without the columns in between. Every pick must lie inside.
///
/// ```
/// use colonna_column::{Column, Pick, pick};
/// use colonna_schema::DataType;
///
/// let (left, right) = (Column::from_i64(vec![1, 2]), Column::from_i64(vec![3]));
/// let picks = [Pick { piece: 1, row: 0 }, Pick { piece: 0, row: 1 }];
/// assert_eq!(pick(&DataType::Int64, &[&left, &right], &picks), Column::from_i64(vec![3, 2]));
/// ```
pub fn pick(data_type: &DataType, pieces: &[&Column], picks: &[Pick]) -> Column {
    let len = picks.len();
    if pieces.iter().all(|piece| matches!(piece.values(), Values::Null)) {
        return Column::nulls(data_type.clone(), len);
    }
    let has_nulls = pieces.iter().any(|piece| piece.null_count() > 0);
    let validity = has_nulls.then(|| {
        Bitmap::from_fn(len, |index| {
            let (piece, row) = picks[index].at();
            pieces[piece].is_valid(row)
        })
    });
    let values = picked(data_type, pieces, picks)
        .unwrap_or_else(|| gathered(data_type, pieces, picks).values().clone());
    Column::from_parts(data_type.clone(), len, values, validity)
}

/// The slow way, for forms that are rare.
fn gathered(data_type: &DataType, pieces: &[&Column], picks: &[Pick]) -> Column {
    let mut starts = Vec::with_capacity(pieces.len());
    let mut len = 0;
    for piece in pieces {
        starts.push(len);
        len += piece.len();
    }
    let rows: Option<Vec<u32>> = picks
        .iter()
        .map(|pick| {
            let (piece, row) = pick.at();
            u32::try_from(starts[piece] + row).ok()
        })
        .collect();
    match rows {
        Some(rows) => {
            let pieces: Vec<Column> = pieces.iter().map(|piece| (*piece).clone()).collect();
            concat(data_type, &pieces).gather(&rows)
        }
        None => {
            let row = |pick: &Pick| pieces[pick.piece as usize].slice(pick.row as usize, 1);
            concat(data_type, &picks.iter().map(row).collect::<Vec<_>>())
        }
    }
}

/// The values, where all pieces have the form that is usual for the type.
fn picked(data_type: &DataType, pieces: &[&Column], picks: &[Pick]) -> Option<Values> {
    macro_rules! flat {
        ($form:ident) => {{
            let slices = pieces.iter().map(|piece| match piece.values() {
                Values::$form(values) => Some(values.as_slice()),
                Values::Null => Some(&[][..]),
                _ => None,
            });
            let slices: Vec<&[_]> = slices.collect::<Option<_>>()?;
            let value = |pick: &Pick| {
                let (piece, row) = pick.at();
                slices[piece].get(row).copied().unwrap_or_default()
            };
            Some(Values::$form(picks.iter().map(value).collect()))
        }};
    }
    match data_type {
        DataType::Int64 | DataType::Date | DataType::Timestamp => flat!(Int64),
        DataType::Float64 => flat!(Float64),
        DataType::Decimal { .. } => flat!(Decimal),
        DataType::Boolean => {
            let is_flat =
                |piece: &&Column| matches!(piece.values(), Values::Boolean(_) | Values::Null);
            pieces.iter().all(is_flat).then(|| {
                Values::Boolean(Bitmap::from_fn(picks.len(), |index| {
                    let (piece, row) = picks[index].at();
                    matches!(pieces[piece].values(), Values::Boolean(bits) if bits.get(row))
                }))
            })
        }
        DataType::Utf8 | DataType::Binary => picked_texts(pieces, picks),
        DataType::Struct(fields) => {
            let field = |(index, field): (usize, &colonna_schema::Field)| {
                let nulls: Vec<Column> = pieces
                    .iter()
                    .map(|piece| Column::nulls(field.data_type.clone(), piece.len()))
                    .collect();
                let pieces = pieces.iter().zip(&nulls).map(|(piece, nulls)| match piece.values() {
                    Values::Struct(columns) => columns.get(index),
                    Values::Null => Some(nulls),
                    _ => None,
                });
                Some(pick(&field.data_type, &pieces.collect::<Option<Vec<_>>>()?, picks))
            };
            Some(Values::Struct(fields.iter().enumerate().map(field).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// Texts in the form they have.
#[derive(Clone, Copy)]
enum Texts<'a> {
    Flat(&'a Strings),
    Coded(&'a [u32], &'a Strings),
    Null,
}

impl<'a> Texts<'a> {
    fn of(column: &'a Column) -> Option<Self> {
        match column.values() {
            Values::Strings(strings) => Some(Self::Flat(strings)),
            Values::Codes { codes, dictionary } => Some(Self::Coded(codes, dictionary)),
            Values::Null => Some(Self::Null),
            _ => None,
        }
    }

    /// The text at a row; anything where it is null.
    #[inline]
    fn bytes(self, row: usize) -> &'a [u8] {
        match self {
            Self::Flat(strings) => strings.bytes(row),
            Self::Coded(codes, words) => {
                codes.get(row).map_or(&[], |code| words.bytes(*code as usize))
            }
            Self::Null => &[],
        }
    }
}

/// Codes where most of the rows are coded, and else flat.
fn picked_texts(pieces: &[&Column], picks: &[Pick]) -> Option<Values> {
    let texts: Vec<Texts<'_>> =
        pieces.iter().map(|piece| Texts::of(piece)).collect::<Option<_>>()?;
    let (mut coded, mut flat) = (0, 0);
    for (piece, texts) in pieces.iter().zip(&texts) {
        match texts {
            Texts::Coded(..) => coded += piece.len(),
            Texts::Flat(_) => flat += piece.len(),
            Texts::Null => {}
        }
    }
    if coded >= flat {
        return Some(picked_codes(pieces, &texts, picks));
    }
    let bytes_of = |pick: &Pick| {
        let (piece, row) = pick.at();
        if pieces[piece].is_valid(row) { texts[piece].bytes(row) } else { &[] }
    };
    let byte_len = picks.iter().map(|pick| bytes_of(pick).len()).sum();
    let mut picked = Strings::with_capacity(picks.len(), byte_len);
    picks.iter().for_each(|pick| picked.push(bytes_of(pick)));
    Some(Values::Strings(picked))
}

/// A word that no row has used yet.
const UNSEEN: u32 = u32::MAX;

/// Each word that a row uses is looked up once for each of the pieces.
fn picked_codes(pieces: &[&Column], texts: &[Texts<'_>], picks: &[Pick]) -> Values {
    let mut interner = Interner::new();
    let mut numbers: Vec<Vec<u32>> = texts
        .iter()
        .map(|texts| match texts {
            Texts::Coded(_, words) => vec![UNSEEN; words.len()],
            _ => Vec::new(),
        })
        .collect();
    let number = |pick: &Pick| {
        let (piece, row) = pick.at();
        if !pieces[piece].is_valid(row) {
            return 0;
        }
        match texts[piece] {
            Texts::Coded(codes, words) => {
                let code = codes[row] as usize;
                let number = &mut numbers[piece][code];
                if *number == UNSEEN {
                    *number = interner.intern(words.bytes(code));
                }
                *number
            }
            texts => interner.intern(texts.bytes(row)),
        }
    };
    let codes = picks.iter().map(number).collect();
    Values::Codes { codes, dictionary: Arc::new(interner.into_words()) }
}

#[cfg(test)]
mod tests {
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
            picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
        ) {
            let pieces: Vec<Column> = seeds
                .iter()
                .map(|(seeds, is_interned)| {
                    let mut builder = match is_interned {
                        true => ColumnBuilder::interning(&data_type),
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
                .map(|(piece, row)| {
                    let piece = piece.index(pieces.len());
                    let row = row.index(pieces[piece].len());
                    Pick { piece: u32::try_from(piece).unwrap(), row: u32::try_from(row).unwrap() }
                })
                .collect();
            let refs: Vec<&Column> = pieces.iter().collect();
            let found = pick(&data_type, &refs, &picks).scalars();
            let expected: Vec<Scalar> = picks
                .iter()
                .map(|pick| pieces[pick.piece as usize].scalar_at(pick.row as usize))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
