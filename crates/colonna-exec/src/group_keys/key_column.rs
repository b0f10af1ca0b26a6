//! The distinct values of one key column, numbered by first appearance.

use std::sync::Arc;

use colonna_column::{Bitmap, Column, ColumnBuilder, Pick, Strings, Values, pick};
use colonna_schema::DataType;

use super::codes::EntryKeys;
use super::hash::{PositionTable, hash_wide, position_of, process_seed};
use super::texts::ByteKeys;
use super::words::{WordKeys, words_of};
use super::{UNSET, encode};
use crate::ExecError;

/// The hash of null.
const NULL_HASH: u64 = 0x2545_f491_4f6c_dd1d;

/// The distinct values of one column, in order of first appearance. Null is one of them.
///
/// Invariant: the value at a position stands there in `values`; where null has the position, any
/// value stands there.
#[derive(Clone, Debug)]
pub(crate) struct KeyColumn {
    data_type: DataType,
    null: Option<u32>,
    values: KeyValues,
}

#[derive(Clone, Debug)]
enum KeyValues {
    /// Nothing but null.
    Nothing(usize),
    Words(WordKeys),
    Decimals(PositionTable, Vec<i128>),
    Bytes(ByteKeys),
    /// Values with parts, by their encoding.
    Encoded(ByteKeys, Box<ColumnBuilder>),
}

impl KeyColumn {
    /// No values of that type yet. Where it is not `exact`, a value may have several positions.
    pub(crate) fn new(data_type: &DataType, exact: bool) -> Self {
        let values = match data_type {
            DataType::Null => KeyValues::Nothing(0),
            DataType::Boolean
            | DataType::Int64
            | DataType::Float64
            | DataType::Date
            | DataType::Timestamp => KeyValues::Words(WordKeys::new(exact)),
            DataType::Decimal { .. } => KeyValues::Decimals(PositionTable::default(), Vec::new()),
            DataType::Utf8 | DataType::Binary => KeyValues::Bytes(ByteKeys::new(exact)),
            DataType::List(_) | DataType::Struct(_) | DataType::Map(..) => {
                let builder = Box::new(ColumnBuilder::new(data_type));
                KeyValues::Encoded(ByteKeys::new(true), builder)
            }
        };
        Self { data_type: data_type.clone(), null: None, values }
    }

    /// No values, for the rows that follow, where these are numbered without a look-up.
    pub(crate) fn successor(&self) -> Option<Self> {
        let KeyValues::Bytes(keys) = &self.values else { return None };
        let values = KeyValues::Bytes(keys.successor()?);
        Some(Self { data_type: self.data_type.clone(), null: None, values })
    }

    /// How many values there are, null among them.
    pub(crate) fn len(&self) -> usize {
        match &self.values {
            KeyValues::Nothing(len) => *len,
            KeyValues::Words(keys) => keys.values().len(),
            KeyValues::Decimals(_, values) => values.len(),
            KeyValues::Bytes(keys) | KeyValues::Encoded(keys, _) => keys.values().len(),
        }
    }

    /// Whether each value has one position.
    pub(crate) fn is_unique(&self) -> bool {
        match &self.values {
            KeyValues::Words(keys) => keys.is_unique(),
            KeyValues::Bytes(keys) => keys.is_unique(),
            _ => true,
        }
    }

    /// The position of the value of each row.
    pub(crate) fn resolve(&mut self, column: &Column) -> Result<Vec<u32>, ExecError> {
        let mut positions = vec![UNSET; column.len()];
        if column.is_empty() {
            return Ok(positions);
        }
        // Taking the position of null before its first row would number the values wrongly where
        // null is not the first of them; so it is asked for when the row is met.
        let (null, validity) = (&mut self.null, column.validity());
        match (&mut self.values, column.values()) {
            (_, Values::Null) => positions.fill(self.null_position()?),
            (_, Values::Constant(_)) if validity.is_none() => {
                let one = self.resolve(&column.slice(0, 1).to_flat())?;
                positions.fill(one.first().copied().unwrap_or_default());
            }
            (KeyValues::Words(keys), Values::Int64(words)) => {
                keys.resolve(words, validity, null, &mut positions)?;
            }
            (KeyValues::Words(keys), Values::Float64(values)) => {
                keys.resolve(&words_of(values), validity, null, &mut positions)?;
            }
            (KeyValues::Words(keys), Values::NumberCodes { codes, dictionary }) => {
                keys.resolve_codes(codes, dictionary, validity, null, &mut positions)?;
            }
            (KeyValues::Words(keys), Values::Boolean(bits)) => {
                let words: Vec<i64> = bits.iter().map(i64::from).collect();
                keys.resolve(&words, validity, null, &mut positions)?;
            }
            (KeyValues::Bytes(keys), Values::Codes { codes, dictionary }) => {
                keys.resolve_codes(codes, dictionary, validity, null, &mut positions)?;
            }
            (KeyValues::Bytes(keys), Values::Strings(texts)) => {
                keys.resolve(texts, validity, null, &mut positions)?;
            }
            _ => {
                for (row, position) in positions.iter_mut().enumerate() {
                    *position = self.position_at(column, row)?;
                }
            }
        }
        Ok(positions)
    }

    fn position_at(&mut self, column: &Column, row: usize) -> Result<u32, ExecError> {
        if !column.is_valid(row) {
            return self.null_position();
        }
        match (&mut self.values, column.values()) {
            (KeyValues::Decimals(table, known), Values::Decimal(values)) => {
                let value = values[row];
                let hash = hash_wide(value, process_seed());
                let position = table.position(hash, known.len(), |at| known[at] == value)?;
                if position as usize == known.len() {
                    known.push(value);
                }
                Ok(position)
            }
            (KeyValues::Encoded(keys, builder), _) => {
                let value = column.scalar_at(row);
                let mut bytes = Vec::new();
                encode(&value, &mut bytes);
                let position = keys.position(&bytes)?;
                if position as usize == builder.len() {
                    builder.push_scalar(&value)?;
                }
                Ok(position)
            }
            (KeyValues::Bytes(keys), _) => keys.position(column.bytes_at(row).unwrap_or_default()),
            // A constant that has nulls is all that is left.
            _ => self
                .resolve(&column.slice(row, 1).to_flat())
                .map(|one| one.first().copied().unwrap_or_default()),
        }
    }

    /// The position of null, taken the first time it is asked for.
    fn null_position(&mut self) -> Result<u32, ExecError> {
        if let Some(position) = self.null {
            return Ok(position);
        }
        let position = position_of(self.len())?;
        match &mut self.values {
            KeyValues::Nothing(len) => *len += 1,
            KeyValues::Words(keys) => keys.push_null(),
            KeyValues::Decimals(_, values) => values.push(0),
            KeyValues::Bytes(keys) => keys.push_null(),
            KeyValues::Encoded(keys, builder) => {
                keys.push_null();
                builder.push_null();
            }
        }
        Ok(*self.null.insert(position))
    }

    /// The hash of the value at a position; equal values have equal hashes in every key column.
    #[inline]
    pub(crate) fn hash_at(&self, position: usize) -> u64 {
        if self.is_null(position) {
            return NULL_HASH;
        }
        match &self.values {
            KeyValues::Nothing(_) => NULL_HASH,
            KeyValues::Words(keys) => keys.hash_at(position),
            KeyValues::Decimals(_, values) => hash_wide(values[position], process_seed()),
            KeyValues::Bytes(keys) | KeyValues::Encoded(keys, _) => keys.hash_at(position),
        }
    }

    /// The words of the values by their positions, where these are words and none is null: two values
    /// are equal just where their words are.
    pub(crate) fn words(&self) -> Option<&[i64]> {
        match &self.values {
            KeyValues::Words(keys) if self.null.is_none() => Some(keys.values()),
            _ => None,
        }
    }

    #[inline]
    fn is_null(&self, position: usize) -> bool {
        self.null.is_some_and(|null| null as usize == position)
    }

    /// Whether the value at a position equals one of another key column of the same type.
    #[inline]
    pub(crate) fn equals(&self, position: usize, other: &Self, at: usize) -> bool {
        if self.is_null(position) || other.is_null(at) {
            return self.is_null(position) && other.is_null(at);
        }
        match (&self.values, &other.values) {
            (KeyValues::Words(left), KeyValues::Words(right)) => {
                left.values()[position] == right.values()[at]
            }
            (KeyValues::Decimals(_, left), KeyValues::Decimals(_, right)) => {
                left[position] == right[at]
            }
            (KeyValues::Bytes(left), KeyValues::Bytes(right))
            | (KeyValues::Encoded(left, _), KeyValues::Encoded(right, _)) => {
                left.values().bytes(position) == right.values().bytes(at)
            }
            _ => false,
        }
    }

    /// The values at positions of several key columns of one type, in the order of the picks.
    pub(crate) fn pick(keys: &[&Self], picks: &[Pick]) -> Result<Column, ExecError> {
        let Some(first) = keys.first() else { return Ok(Column::nulls(DataType::Null, 0)) };
        let (data_type, len) = (first.data_type.clone(), picks.len());
        let key = |pick: &Pick| (keys[pick.piece as usize], pick.row as usize);
        let validity = keys.iter().any(|key| key.null.is_some()).then(|| {
            Bitmap::from_fn(len, |row| {
                let (key, position) = key(&picks[row]);
                !key.is_null(position)
            })
        });
        let values = match &first.values {
            KeyValues::Nothing(_) => return Ok(Column::nulls(data_type, len)),
            KeyValues::Words(_) => {
                let words = picks.iter().map(|pick| match key(pick) {
                    (Self { values: KeyValues::Words(keys), .. }, at) => keys.values()[at],
                    _ => 0,
                });
                words_as(&data_type, words)
            }
            KeyValues::Decimals(..) => Values::Decimal(
                picks
                    .iter()
                    .map(|pick| match key(pick) {
                        (Self { values: KeyValues::Decimals(_, values), .. }, at) => values[at],
                        _ => 0,
                    })
                    .collect(),
            ),
            KeyValues::Bytes(_) => {
                let bytes_of = |pick: &Pick| match key(pick) {
                    (Self { values: KeyValues::Bytes(keys), .. }, at) => keys.values().bytes(at),
                    _ => &[],
                };
                let byte_len = picks.iter().map(|pick| bytes_of(pick).len()).sum();
                let mut strings = Strings::with_capacity(len, byte_len);
                picks.iter().for_each(|pick| strings.push(bytes_of(pick)));
                Values::Strings(Arc::new(strings))
            }
            KeyValues::Encoded(..) => {
                let columns = keys.iter().filter_map(|key| match &key.values {
                    KeyValues::Encoded(_, builder) => Some(builder.as_ref().clone().finish()),
                    _ => None,
                });
                let columns: Vec<Column> = columns.collect();
                let picks = picks.iter().copied().collect();
                return Ok(pick(&data_type, &columns.iter().collect::<Vec<_>>(), &picks));
            }
        };
        Ok(Column::try_new(data_type, len, values, validity)?)
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        match &self.values {
            KeyValues::Nothing(_) => 0,
            KeyValues::Words(keys) => keys.byte_len(),
            KeyValues::Decimals(table, values) => table.byte_len() + values.len() * 16,
            KeyValues::Bytes(keys) => keys.byte_len(),
            KeyValues::Encoded(keys, builder) => keys.byte_len() + builder.byte_len(),
        }
    }
}

/// Words as the values of a type.
fn words_as(data_type: &DataType, words: impl Iterator<Item = i64>) -> Values {
    match data_type {
        DataType::Boolean => Values::Boolean(words.map(|word| word == 1).collect()),
        DataType::Float64 => {
            Values::Float64(words.map(|word| f64::from_bits(word.cast_unsigned())).collect())
        }
        _ => Values::Int64(words.collect()),
    }
}

/// The bits of a double, the same for both zeros and for every NaN.
#[inline]
pub(crate) fn canonical_bits(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else if value == 0.0 {
        0
    } else {
        value.to_bits()
    }
}
