//! Columns of which few rows have a value.
//!
//! Records with thousands of keys, of which each has a few, would take gigabytes with room for each
//! value that is not there.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use colonna_schema::DataType;

use crate::{Bitmap, Column, Pick, Picks, Strings, Values, pick};

/// A column is sparse when it has more rows to a value than these.
pub(crate) const ROWS_PER_VALUE: usize = 8;

impl Column {
    /// A column with these values, none of them null, in these rows; dense where they are not few.
    pub(crate) fn of_rows(data_type: DataType, len: usize, rows: Vec<u32>, values: Self) -> Self {
        if rows.is_empty() {
            return Self::nulls(data_type, len);
        }
        if rows.len() * ROWS_PER_VALUE > len {
            return values.spread(&rows, len);
        }
        let values = Values::Sparse { rows, values: Box::new(values) };
        Self::from_parts(data_type, len, values, None)
    }

    /// Where the value of a row of a sparse column is.
    pub(crate) fn in_sparse(&self, row: usize) -> Option<usize> {
        let Values::Sparse { rows, .. } = self.values() else { return None };
        rows.binary_search(&u32::try_from(row).ok()?).ok()
    }

    fn is_dense(&self) -> bool {
        match self.values() {
            Values::Sparse { .. } => false,
            Values::Struct(columns) => columns.iter().all(Self::is_dense),
            _ => true,
        }
    }

    /// The same values with room for each row, as whoever computes with them expects them.
    pub fn dense(&self) -> Cow<'_, Self> {
        if self.is_dense() {
            return Cow::Borrowed(self);
        }
        let (data_type, len) = (self.data_type().clone(), self.len());
        Cow::Owned(match self.values() {
            Values::Sparse { rows, values } => values.spread(rows, len),
            Values::Struct(columns) => {
                let columns = columns.iter().map(|column| column.dense().into_owned()).collect();
                Self::from_parts(data_type, len, Values::Struct(columns), self.validity().cloned())
            }
            _ => self.clone(),
        })
    }

    /// The same, of a column that is not needed otherwise.
    #[must_use]
    pub fn into_dense(self) -> Self {
        if self.is_dense() { self } else { self.dense().into_owned() }
    }

    /// Each value at its row among `len`, with nulls between them.
    pub(crate) fn spread(&self, rows: &[u32], len: usize) -> Self {
        let valid = (0..).zip(rows).filter(|(index, _)| self.is_valid(*index));
        let valid: Vec<u32> = valid.map(|(_, row)| *row).collect();
        let valid = bits_at(&valid, len);
        let values = match self.values() {
            Values::Null => Values::Null,
            Values::Boolean(bits) => {
                let set = rows.iter().zip(bits.iter()).filter(|(_, bit)| *bit);
                Values::Boolean(bits_at(&set.map(|(row, _)| *row).collect::<Vec<_>>(), len))
            }
            Values::Int64(values) => Values::Int64(spread(values, rows, len)),
            Values::Float64(values) => Values::Float64(spread(values, rows, len)),
            Values::Decimal(values) => Values::Decimal(spread(values, rows, len)),
            Values::Strings(values) => Values::Strings(Arc::new(spread_texts(values, rows, len))),
            Values::Codes { codes, dictionary } => Values::Codes {
                codes: spread(codes, rows, len),
                dictionary: Arc::clone(dictionary),
            },
            Values::NumberCodes { codes, dictionary } => Values::NumberCodes {
                codes: spread(codes, rows, len),
                dictionary: Arc::clone(dictionary),
            },
            Values::List { offsets, elements } => Values::List {
                offsets: spread_offsets(offsets, rows, len),
                elements: elements.clone(),
            },
            Values::Map { offsets, keys, values } => Values::Map {
                offsets: spread_offsets(offsets, rows, len),
                keys: keys.clone(),
                values: values.clone(),
            },
            Values::Struct(columns) => {
                Values::Struct(columns.iter().map(|column| column.spread(rows, len)).collect())
            }
            Values::Constant(_) => return self.to_flat().spread(rows, len),
            Values::Sparse { .. } => return self.dense().spread(rows, len),
        };
        let valid = (!matches!(values, Values::Null)).then_some(valid);
        Self::from_parts(self.data_type().clone(), len, values, valid)
    }
}

/// Bits of which those at these positions are set.
pub(crate) fn bits_at(positions: &[u32], len: usize) -> Bitmap {
    let mut bits = Bitmap::filled(false, len);
    positions.iter().for_each(|position| bits.set(*position as usize, true));
    bits
}

/// Each value at its row.
pub(crate) fn spread<T: Copy + Default>(values: &[T], rows: &[u32], len: usize) -> Vec<T> {
    let mut spread = vec![T::default(); len];
    for (row, value) in rows.iter().zip(values) {
        if let Some(place) = spread.get_mut(*row as usize) {
            *place = *value;
        }
    }
    spread
}

/// Each text at its row.
pub(crate) fn spread_texts(texts: &Strings, rows: &[u32], len: usize) -> Strings {
    let mut spread = Strings::with_capacity(len, texts.byte_len());
    for (row, text) in rows.iter().zip(texts.iter()) {
        spread.push_empty((*row as usize).saturating_sub(spread.len()));
        spread.push(text);
    }
    spread.push_empty(len.saturating_sub(spread.len()));
    spread
}

/// The offsets of entries of which each row that is not among these has none.
pub(crate) fn spread_offsets(offsets: &[usize], rows: &[u32], len: usize) -> Vec<usize> {
    let mut spread = Vec::with_capacity(len + 1);
    let mut start = 0;
    for (row, end) in rows.iter().zip(offsets.iter().skip(1)) {
        spread.resize(*row as usize + 1, start);
        start = *end;
    }
    spread.resize(len + 1, start);
    spread
}

/// The rows of a sparse column that are picked: where they stand among the picked ones, and where
/// their values do.
pub(crate) fn gathered(rows: &[u32], picked: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let is_ascending = picked.is_sorted_by(|left, right| left < right);
    if rows.len() < picked.len() && is_ascending {
        let found = (0..).zip(rows).filter_map(|(index, row)| {
            let place = picked.binary_search(row).ok()?;
            Some((u32::try_from(place).ok()?, index))
        });
        return found.unzip();
    }
    let found = (0..).zip(picked).filter_map(|(place, row)| {
        let index = rows.binary_search(row).ok()?;
        Some((place, u32::try_from(index).ok()?))
    });
    found.unzip()
}

/// The picked rows of columns of which some are sparse; `None` where none is.
pub(crate) fn pick_sparse(
    data_type: &DataType,
    pieces: &[&Column],
    picks: &Picks,
) -> Option<Column> {
    let is_sparse = |piece: &&Column| matches!(piece.values(), Values::Sparse { .. });
    if !pieces.iter().any(is_sparse) {
        return None;
    }
    let is_empty = |piece: &&Column| matches!(piece.values(), Values::Null);
    let all_sparse = pieces.iter().all(|piece| is_sparse(piece) || is_empty(piece));
    let Some(places) = picks.places_of_rows().filter(|_| all_sparse) else {
        let dense: Vec<Cow<'_, Column>> = pieces.iter().map(|piece| piece.dense()).collect();
        return Some(pick(data_type, &dense.iter().map(Cow::as_ref).collect::<Vec<_>>(), picks));
    };
    let none = Column::nulls(data_type.clone(), 0);
    let mut found: Vec<(u32, Pick)> = Vec::new();
    let mut values: Vec<&Column> = Vec::with_capacity(pieces.len());
    for (piece, (column, places)) in (0..).zip(pieces.iter().zip(places.each_piece(pieces.len()))) {
        let Values::Sparse { rows, values: of_piece } = column.values() else {
            values.push(&none);
            continue;
        };
        values.push(of_piece);
        found.extend((0..).zip(rows).filter_map(|(index, row)| {
            let place = *places.get(*row as usize)?;
            (place != NOT_PICKED).then_some((place, Pick { piece, row: index }))
        }));
    }
    found.sort_unstable_by_key(|(place, _)| *place);
    let (rows, picked): (Vec<u32>, Picks) = (
        found.iter().map(|(place, _)| *place).collect(),
        found.iter().map(|(_, pick)| *pick).collect(),
    );
    let values = pick(data_type, &values, &picked);
    Some(Column::of_rows(data_type.clone(), picks.len(), rows, values))
}

/// Where rows stand among the picked ones.
#[derive(Clone, Debug)]
pub(crate) struct Places(Vec<Vec<u32>>);

/// The place of a row that is not picked.
const NOT_PICKED: u32 = u32::MAX;

impl Places {
    /// None where a row is picked twice, or more rows than 32 bits count.
    pub(crate) fn of(picks: impl Iterator<Item = Pick>) -> Option<Self> {
        let mut places: Vec<Vec<u32>> = Vec::new();
        for (place, Pick { piece, row }) in picks.enumerate() {
            let place = u32::try_from(place).ok().filter(|place| *place != NOT_PICKED)?;
            let (piece, row) = (piece as usize, row as usize);
            if places.len() <= piece {
                places.resize(piece + 1, Vec::new());
            }
            let of_piece = &mut places[piece];
            if of_piece.len() <= row {
                of_piece.resize(row + 1, NOT_PICKED);
            }
            if std::mem::replace(&mut of_piece[row], place) != NOT_PICKED {
                return None;
            }
        }
        Some(Self(places))
    }

    /// The places of the rows of each of so many pieces.
    fn each_piece(&self, count: usize) -> impl Iterator<Item = &[u32]> {
        self.0.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..])).take(count)
    }
}

/// [`Places`] that are found when they are first asked for.
pub(crate) type LazyPlaces = OnceLock<Option<Places>>;

#[cfg(test)]
mod tests;
