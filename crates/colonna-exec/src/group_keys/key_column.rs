//! The distinct values of one key column, numbered by first appearance.

use std::sync::Arc;

use colonna_column::{Bitmap, Column, ColumnBuilder, Strings, Values};
use colonna_schema::DataType;

use super::hash::{PositionTable, hash_bytes, hash_wide, hash_word, position_of, process_seed};
use super::{UNSET, direct_limit, encode};
use crate::ExecError;

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
    /// Integers, days, moments, booleans, and the bits of doubles.
    Words(PositionTable, Vec<i64>),
    Decimals(PositionTable, Vec<i128>),
    Bytes(ByteKeys),
    /// Values with parts, by their encoding.
    Encoded(ByteKeys, Box<ColumnBuilder>),
}

#[derive(Clone, Debug, Default)]
struct ByteKeys {
    table: PositionTable,
    values: Strings,
    /// The positions of the entries of the dictionary that was met last, as far as they are known:
    /// the columns that were cut from one row group share one.
    resolved: Option<(Arc<Strings>, Vec<u32>)>,
}

impl KeyColumn {
    /// No values of that type yet.
    pub(crate) fn new(data_type: &DataType) -> Self {
        let table = PositionTable::default();
        let values = match data_type {
            DataType::Null => KeyValues::Nothing(0),
            DataType::Boolean
            | DataType::Int64
            | DataType::Float64
            | DataType::Date
            | DataType::Timestamp => KeyValues::Words(table, Vec::new()),
            DataType::Decimal { .. } => KeyValues::Decimals(table, Vec::new()),
            DataType::Utf8 | DataType::Binary => KeyValues::Bytes(ByteKeys::default()),
            DataType::List(_) | DataType::Struct(_) | DataType::Map(..) => {
                KeyValues::Encoded(ByteKeys::default(), Box::new(ColumnBuilder::new(data_type)))
            }
        };
        Self { data_type: data_type.clone(), null: None, values }
    }

    /// How many values there are, null among them.
    pub(crate) fn len(&self) -> usize {
        match &self.values {
            KeyValues::Nothing(len) => *len,
            KeyValues::Words(_, values) => values.len(),
            KeyValues::Decimals(_, values) => values.len(),
            KeyValues::Bytes(keys) | KeyValues::Encoded(keys, _) => keys.values.len(),
        }
    }

    /// The position of the value of each row.
    pub(crate) fn resolve(&mut self, column: &Column) -> Result<Vec<u32>, ExecError> {
        let mut positions = Vec::with_capacity(column.len());
        if column.is_empty() {
            return Ok(positions);
        }
        match column.values() {
            Values::Null => positions.resize(column.len(), self.null_position()?),
            Values::Constant(_) => {
                let one = self.resolve(&column.slice(0, 1).to_flat())?;
                positions.resize(column.len(), one.first().copied().unwrap_or_default());
            }
            _ => self.resolve_rows(column, &mut positions)?,
        }
        Ok(positions)
    }

    fn resolve_rows(&mut self, column: &Column, positions: &mut Vec<u32>) -> Result<(), ExecError> {
        // Taking the position of null before its first row would number the values wrongly where
        // null is not the first of them; so it is asked for when the row is met.
        match column.values() {
            Values::Int64(values) => self.resolve_words(values, column.validity(), positions),
            Values::Float64(values) => {
                let words: Vec<i64> =
                    values.iter().map(|&value| canonical_bits(value).cast_signed()).collect();
                self.resolve_words(&words, column.validity(), positions)
            }
            Values::Boolean(bits) => {
                let words: Vec<i64> = bits.iter().map(i64::from).collect();
                self.resolve_words(&words, column.validity(), positions)
            }
            Values::Codes { codes, dictionary } => {
                self.resolve_codes(codes, dictionary, column.validity(), positions)
            }
            _ => {
                for row in 0..column.len() {
                    positions.push(self.position_at(column, row)?);
                }
                Ok(())
            }
        }
    }

    fn resolve_words(
        &mut self,
        words: &[i64],
        validity: Option<&Bitmap>,
        positions: &mut Vec<u32>,
    ) -> Result<(), ExecError> {
        let min = words.iter().copied().min().unwrap_or_default();
        let max = words.iter().copied().max().unwrap_or_default();
        let range = usize::try_from(max.wrapping_sub(min).cast_unsigned()).unwrap_or(usize::MAX);
        let mut local = Vec::new();
        if range < direct_limit(words.len()) {
            local.resize(range + 1, UNSET);
        }
        let mut last = None;
        for (row, &word) in words.iter().enumerate() {
            if validity.is_some_and(|valid| !valid.get(row)) {
                positions.push(self.null_position()?);
                continue;
            }
            let offset = word.wrapping_sub(min).cast_unsigned();
            let entry = usize::try_from(offset).ok().and_then(|offset| local.get_mut(offset));
            let position = match (entry, last) {
                (Some(entry), _) => {
                    if *entry == UNSET {
                        *entry = self.values.word_position(word)?;
                    }
                    *entry
                }
                (None, Some((known, position))) if known == word => position,
                (None, _) => self.values.word_position(word)?,
            };
            last = Some((word, position));
            positions.push(position);
        }
        Ok(())
    }

    fn resolve_codes(
        &mut self,
        codes: &[u32],
        dictionary: &Arc<Strings>,
        validity: Option<&Bitmap>,
        positions: &mut Vec<u32>,
    ) -> Result<(), ExecError> {
        let KeyValues::Bytes(keys) = &mut self.values else { return Ok(()) };
        let mut resolved = match keys.resolved.take() {
            Some((known, resolved)) if Arc::ptr_eq(&known, dictionary) => resolved,
            _ => vec![UNSET; dictionary.len()],
        };
        for (row, &code) in codes.iter().enumerate() {
            if validity.is_some_and(|valid| !valid.get(row)) {
                positions.push(self.null_position()?);
                continue;
            }
            let known = resolved.get(code as usize).copied().unwrap_or(UNSET);
            let position = if known == UNSET {
                let position = self.values.bytes_position(dictionary.bytes(code as usize))?;
                resolved.get_mut(code as usize).into_iter().for_each(|entry| *entry = position);
                position
            } else {
                known
            };
            positions.push(position);
        }
        if let KeyValues::Bytes(keys) = &mut self.values {
            keys.resolved = Some((Arc::clone(dictionary), resolved));
        }
        Ok(())
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
            (values, _) => values.bytes_position(column.bytes_at(row).unwrap_or_default()),
        }
    }

    /// The position of null, taken the first time it is asked for.
    #[inline]
    fn null_position(&mut self) -> Result<u32, ExecError> {
        match self.null {
            Some(position) => Ok(position),
            None => self.take_null_position(),
        }
    }

    #[cold]
    fn take_null_position(&mut self) -> Result<u32, ExecError> {
        let position = position_of(self.len())?;
        match &mut self.values {
            KeyValues::Nothing(len) => *len += 1,
            KeyValues::Words(_, values) => values.push(0),
            KeyValues::Decimals(_, values) => values.push(0),
            KeyValues::Bytes(keys) => keys.values.push(""),
            KeyValues::Encoded(keys, builder) => {
                keys.values.push("");
                builder.push_null();
            }
        }
        self.null = Some(position);
        Ok(position)
    }

    /// The values in order of their positions.
    pub(crate) fn to_column(&self) -> Result<Column, ExecError> {
        let len = self.len();
        let validity = self.null.map(|null| Bitmap::from_fn(len, |row| row != null as usize));
        let values = match &self.values {
            KeyValues::Nothing(_) => return Ok(Column::nulls(self.data_type.clone(), len)),
            KeyValues::Words(_, words) => match self.data_type {
                DataType::Boolean => Values::Boolean(words.iter().map(|word| *word == 1).collect()),
                DataType::Float64 => Values::Float64(
                    words.iter().map(|word| f64::from_bits(word.cast_unsigned())).collect(),
                ),
                _ => Values::Int64(words.clone()),
            },
            KeyValues::Decimals(_, values) => Values::Decimal(values.clone()),
            KeyValues::Bytes(keys) => Values::Strings(keys.values.clone()),
            KeyValues::Encoded(_, builder) => return Ok(builder.as_ref().clone().finish()),
        };
        Ok(Column::try_new(self.data_type.clone(), len, values, validity)?)
    }

    /// About how many bytes of memory they take.
    pub(crate) fn byte_len(&self) -> usize {
        match &self.values {
            KeyValues::Nothing(_) => 0,
            KeyValues::Words(table, values) => table.byte_len() + values.len() * 8,
            KeyValues::Decimals(table, values) => table.byte_len() + values.len() * 16,
            KeyValues::Bytes(keys) => keys.byte_len(),
            KeyValues::Encoded(keys, builder) => keys.byte_len() + builder.byte_len(),
        }
    }
}

impl KeyValues {
    /// A word in a column of anything else has been ruled out by the column's type.
    #[inline]
    fn word_position(&mut self, word: i64) -> Result<u32, ExecError> {
        let Self::Words(table, known) = self else { return Ok(0) };
        let hash = hash_word(word.cast_unsigned(), process_seed());
        let position = table.position(hash, known.len(), |at| known[at] == word)?;
        if position as usize == known.len() {
            known.push(word);
        }
        Ok(position)
    }

    #[inline]
    fn bytes_position(&mut self, bytes: &[u8]) -> Result<u32, ExecError> {
        let Self::Bytes(keys) = self else { return Ok(0) };
        keys.position(bytes)
    }
}

impl ByteKeys {
    #[inline]
    fn position(&mut self, bytes: &[u8]) -> Result<u32, ExecError> {
        let known = &self.values;
        let hash = hash_bytes(bytes, process_seed());
        let position = self.table.position(hash, known.len(), |at| known.bytes(at) == bytes)?;
        if position as usize == self.values.len() {
            self.values.push(bytes);
        }
        Ok(position)
    }

    fn byte_len(&self) -> usize {
        let resolved = self
            .resolved
            .as_ref()
            .map_or(0, |(dictionary, resolved)| resolved.len() * 12 + dictionary.byte_len());
        self.table.byte_len() + self.values.byte_len() + self.values.len() * 8 + resolved
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
