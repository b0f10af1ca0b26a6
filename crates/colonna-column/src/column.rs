//! A column: values in one of a few forms, and which of them are null.

use std::sync::Arc;

use colonna_schema::{DataType, Scalar};

use crate::sparse::bits_at;
use crate::{Bitmap, ColumnBuilder, ColumnError, Numbers, Strings};

/// The values of a column, in the form that suits them.
///
/// What stands at a null position has no meaning. `Codes`, `NumberCodes`, `Constant` and `Sparse` are
/// other forms of what the flat forms hold; [`Column::to_flat`] gives the flat form of any column.
#[derive(Clone, Debug)]
pub enum Values {
    /// Nothing but nulls.
    Null,
    /// Booleans.
    Boolean(Bitmap),
    /// Integers, days, or microseconds.
    Int64(Vec<i64>),
    /// Doubles.
    Float64(Vec<f64>),
    /// Unscaled integers; the scale is in the column's type.
    Decimal(Vec<i128>),
    /// Texts or bytes.
    Strings(Arc<Strings>),
    /// Positions in a dictionary of texts or bytes. Two codes may stand for equal values.
    Codes {
        /// For each row the position in the dictionary; any number where the row is null.
        codes: Vec<u32>,
        /// The values. Shared by the columns that were cut from one.
        dictionary: Arc<Strings>,
    },
    /// Positions in a dictionary of numbers. Two codes may stand for equal numbers.
    NumberCodes {
        /// For each row the position in the dictionary; any number where the row is null.
        codes: Vec<u32>,
        /// The numbers. Shared by the columns that were cut from one.
        dictionary: Arc<Numbers>,
    },
    /// One value for all rows, never null.
    Constant(Scalar),
    /// The values of a few rows; all others are null. Decoders make it of columns that most records
    /// have nothing for. Whoever computes with columns does not know it: [`Column::dense`] undoes it.
    Sparse {
        /// The rows that have a value, in ascending order.
        rows: Vec<u32>,
        /// Their values, none null.
        values: Box<Column>,
    },
    /// Lists: row `i` holds the elements from `offsets[i]` to `offsets[i + 1]`.
    List {
        /// One entry more than there are rows, from 0, never falling.
        offsets: Vec<usize>,
        /// The elements of all rows.
        elements: Box<Column>,
    },
    /// Structs: one column for each field of the type, as long as this one.
    Struct(Vec<Column>),
    /// Maps: row `i` holds the entries from `offsets[i]` to `offsets[i + 1]`.
    Map {
        /// One entry more than there are rows, from 0, never falling.
        offsets: Vec<usize>,
        /// The keys of all rows, none null.
        keys: Box<Column>,
        /// The values of all rows.
        values: Box<Column>,
    },
}

/// A column of one type.
///
/// Invariant: `values` and `validity` have `len` rows; a field of a struct is null wherever the
/// struct is; `validity` is `None` where no row is null, and for [`Values::Null`] and
/// [`Values::Sparse`].
#[derive(Clone, Debug)]
pub struct Column {
    data_type: DataType,
    len: usize,
    values: Values,
    validity: Option<Bitmap>,
}

impl Column {
    /// A column of these parts.
    ///
    /// # Errors
    ///
    /// Where the parts differ in length or the form does not suit the type.
    pub fn try_new(
        data_type: DataType,
        len: usize,
        values: Values,
        validity: Option<Bitmap>,
    ) -> Result<Self, ColumnError> {
        let length_mismatch = |found| ColumnError::LengthMismatch { expected: len, found };
        let found = match &values {
            Values::Null | Values::Constant(_) => len,
            Values::Sparse { rows, values } => {
                let is_sparse = validity.is_none()
                    && rows.len() == values.len()
                    && values.null_count() == 0
                    && rows.is_sorted_by(|left, right| left < right);
                let end = rows.last().map_or(0, |last| *last as usize + 1);
                if is_sparse && end <= len { len } else { rows.len() }
            }
            Values::Boolean(bits) => bits.len(),
            Values::Int64(values) => values.len(),
            Values::Float64(values) => values.len(),
            Values::Decimal(values) => values.len(),
            Values::Strings(values) => values.len(),
            Values::Codes { codes, .. } | Values::NumberCodes { codes, .. } => codes.len(),
            Values::List { offsets, .. } | Values::Map { offsets, .. } => {
                offsets.len().saturating_sub(1)
            }
            Values::Struct(fields) => {
                fields.iter().map(Self::len).find(|found| *found != len).unwrap_or(len)
            }
        };
        if found != len {
            return Err(length_mismatch(found));
        }
        if let Some(validity) = &validity
            && validity.len() != len
        {
            return Err(length_mismatch(validity.len()));
        }
        if !suits(&data_type, &values) {
            return Err(ColumnError::TypeMismatch { expected: data_type, found: DataType::Null });
        }
        let validity = validity.filter(|bits| bits.count_ones() < len);
        Ok(Self { data_type, len, values, validity })
    }

    /// A column of the parts that a kernel made, which agree by construction.
    pub(crate) fn from_parts(
        data_type: DataType,
        len: usize,
        values: Values,
        validity: Option<Bitmap>,
    ) -> Self {
        Self { data_type, len, values, validity: validity.filter(|bits| bits.count_ones() < len) }
    }

    /// A column of nulls.
    pub fn nulls(data_type: DataType, len: usize) -> Self {
        Self { data_type, len, values: Values::Null, validity: None }
    }

    /// A column that repeats one value. A null makes a column of nulls.
    pub fn constant(data_type: DataType, value: Scalar, len: usize) -> Self {
        let values = if value.is_null() { Values::Null } else { Values::Constant(value) };
        Self { data_type, len, values, validity: None }
    }

    /// Integers without a null.
    pub fn from_i64(values: Vec<i64>) -> Self {
        Self {
            data_type: DataType::Int64,
            len: values.len(),
            values: Values::Int64(values),
            validity: None,
        }
    }

    /// A column of these values.
    ///
    /// # Errors
    ///
    /// Where one of them is of another type.
    pub fn from_scalars(data_type: &DataType, values: &[Scalar]) -> Result<Self, ColumnError> {
        let mut builder = ColumnBuilder::new(data_type);
        values.iter().try_for_each(|value| builder.push_scalar(value))?;
        Ok(builder.finish())
    }

    /// What the column holds.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values, in the form they have.
    pub fn values(&self) -> &Values {
        &self.values
    }

    pub(crate) fn into_values(self) -> Values {
        self.values
    }

    /// Which rows are not null; `None` where the form says it: all of them, or for
    /// [`Values::Null`] none and for [`Values::Sparse`] few.
    pub fn validity(&self) -> Option<&Bitmap> {
        self.validity.as_ref()
    }

    /// Whether the row is not null.
    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        match (&self.validity, &self.values) {
            (Some(bits), _) => bits.get(row),
            (None, Values::Null) => false,
            (None, Values::Sparse { .. }) => self.in_sparse(row).is_some(),
            (None, _) => true,
        }
    }

    /// Which rows are not null, as bits.
    pub fn valid_bits(&self) -> Bitmap {
        match (&self.validity, &self.values) {
            (Some(bits), _) => bits.clone(),
            (None, Values::Sparse { rows, .. }) => bits_at(rows, self.len),
            (None, values) => Bitmap::filled(!matches!(values, Values::Null), self.len),
        }
    }

    /// How many rows are null.
    pub fn null_count(&self) -> usize {
        match (&self.validity, &self.values) {
            (_, Values::Null) => self.len,
            (_, Values::Sparse { rows, .. }) => self.len - rows.len(),
            (Some(bits), _) => self.len - bits.count_ones(),
            (None, _) => 0,
        }
    }

    /// The same values under another type of the same form, such as a timestamp for an integer.
    ///
    /// # Errors
    ///
    /// Where the form does not suit the type.
    pub fn with_type(self, data_type: DataType) -> Result<Self, ColumnError> {
        let Self { len, values, validity, .. } = self.into_dense();
        Self::try_new(data_type, len, values, validity)
    }

    /// The same values under a type whose structs may have more fields. Of any other type they stay
    /// as they are.
    pub(crate) fn conformed(self, data_type: &DataType) -> Self {
        if self.data_type == *data_type {
            return self;
        }
        let len = self.len;
        let values = match (self.values, data_type) {
            (Values::Null, _) => return Self::nulls(data_type.clone(), len),
            (Values::Struct(columns), DataType::Struct(fields)) => {
                let DataType::Struct(own) = &self.data_type else {
                    return Self::nulls(data_type.clone(), len);
                };
                let conformed = fields.iter().map(|field| {
                    let known = own.iter().position(|known| known.name == field.name);
                    match known.and_then(|index| columns.get(index)) {
                        Some(column) => column.clone().conformed(&field.data_type),
                        None => Self::nulls(field.data_type.clone(), len),
                    }
                });
                Values::Struct(conformed.collect())
            }
            (Values::List { offsets, elements }, DataType::List(element)) => {
                Values::List { offsets, elements: Box::new(elements.conformed(element)) }
            }
            (Values::Map { offsets, keys, values }, DataType::Map(_, value)) => {
                Values::Map { offsets, keys, values: Box::new(values.conformed(value)) }
            }
            (Values::Sparse { rows, values }, _) => {
                Values::Sparse { rows, values: Box::new(values.conformed(data_type)) }
            }
            (values, _) => return Self { values, ..self },
        };
        Self::from_parts(data_type.clone(), len, values, self.validity)
    }

    /// The column of a struct's field.
    pub fn field(&self, name: &str) -> Option<Self> {
        let DataType::Struct(fields) = &self.data_type else { return None };
        let index = fields.iter().position(|field| field.name == name)?;
        Some(self.field_at(index, &fields[index].data_type))
    }

    /// The column of a struct's field at a place among its fields, which is of that type.
    pub(crate) fn field_at(&self, index: usize, data_type: &DataType) -> Self {
        match &self.values {
            Values::Struct(columns) if index < columns.len() => columns[index].clone(),
            Values::Constant(Scalar::Struct(values)) => {
                let value = values.get(index).map_or(Scalar::Null, |(_, value)| value.clone());
                Self::constant(data_type.clone(), value, self.len)
            }
            _ => Self::nulls(data_type.clone(), self.len),
        }
    }

    /// The integer, day or moment at a row of a flat column; null, or another form, gives `None`.
    #[inline]
    pub fn i64_at(&self, row: usize) -> Option<i64> {
        match &self.values {
            Values::Int64(values) if self.is_valid(row) => values.get(row).copied(),
            Values::NumberCodes { codes, dictionary } if self.is_valid(row) => {
                dictionary.i64_at(*codes.get(row)?)
            }
            Values::Constant(Scalar::Int64(value) | Scalar::Timestamp(value)) => Some(*value),
            Values::Constant(Scalar::Date(days)) => Some(i64::from(*days)),
            Values::Sparse { values, .. } => values.i64_at(self.in_sparse(row)?),
            _ => None,
        }
    }

    /// The bytes of the text at a row; null, or another form, gives `None`.
    #[inline]
    pub fn bytes_at(&self, row: usize) -> Option<&[u8]> {
        if !self.is_valid(row) {
            return None;
        }
        match &self.values {
            Values::Strings(values) => Some(values.bytes(row)),
            Values::Codes { codes, dictionary } => {
                Some(dictionary.bytes(*codes.get(row)? as usize))
            }
            Values::Constant(Scalar::Utf8(text)) => Some(text.as_bytes()),
            Values::Constant(Scalar::Binary(bytes)) => Some(bytes),
            Values::Sparse { values, .. } => values.bytes_at(self.in_sparse(row)?),
            _ => None,
        }
    }

    /// The text at a row; null, or another form, gives `None`.
    #[inline]
    pub fn text_at(&self, row: usize) -> Option<&str> {
        std::str::from_utf8(self.bytes_at(row)?).ok()
    }

    /// The value at a row; past the end it is null.
    pub fn scalar_at(&self, row: usize) -> Scalar {
        if row >= self.len || !self.is_valid(row) {
            return Scalar::Null;
        }
        let entries = |offsets: &[usize]| offsets[row]..offsets[row + 1];
        match &self.values {
            Values::Null => Scalar::Null,
            Values::Constant(value) => value.clone(),
            Values::Sparse { values, .. } => {
                self.in_sparse(row).map_or(Scalar::Null, |index| values.scalar_at(index))
            }
            Values::Boolean(bits) => Scalar::Boolean(bits.get(row)),
            Values::Int64(values) => int_scalar(&self.data_type, values[row]),
            Values::Float64(values) => Scalar::Float64(values[row]),
            Values::Decimal(values) => {
                let scale =
                    if let DataType::Decimal { scale, .. } = self.data_type { scale } else { 0 };
                Scalar::Decimal { value: values[row], scale }
            }
            Values::Strings(values) => bytes_scalar(&self.data_type, values.bytes(row)),
            Values::Codes { codes, dictionary } => {
                bytes_scalar(&self.data_type, dictionary.bytes(codes[row] as usize))
            }
            Values::NumberCodes { codes, dictionary } => {
                dictionary.scalar(codes[row], &self.data_type)
            }
            Values::List { offsets, elements } => {
                Scalar::List(entries(offsets).map(|index| elements.scalar_at(index)).collect())
            }
            Values::Struct(columns) => {
                let names = match &self.data_type {
                    DataType::Struct(fields) => fields.as_slice(),
                    _ => &[],
                };
                let values = names.iter().zip(columns);
                Scalar::Struct(
                    values
                        .map(|(field, column)| (field.name.clone(), column.scalar_at(row)))
                        .collect(),
                )
            }
            Values::Map { offsets, keys, values } => {
                let entry = |index| (keys.scalar_at(index), values.scalar_at(index));
                Scalar::Map(entries(offsets).map(entry).collect())
            }
        }
    }

    /// All values.
    pub fn scalars(&self) -> Vec<Scalar> {
        (0..self.len).map(|row| self.scalar_at(row)).collect()
    }

    /// About how many bytes of memory it takes. A shared dictionary counts in full.
    pub fn byte_len(&self) -> usize {
        let validity = self.validity.as_ref().map_or(0, |bits| bits.len() / 8);
        let strings = |strings: &Strings| strings.byte_len() + strings.len() * size_of::<usize>();
        validity
            + match &self.values {
                Values::Null | Values::Constant(_) => 0,
                Values::Sparse { rows, values } => {
                    size_of::<Self>() + rows.len() * 4 + values.byte_len()
                }
                Values::Boolean(bits) => bits.len() / 8,
                Values::Int64(values) => values.len() * 8,
                Values::Float64(values) => values.len() * 8,
                Values::Decimal(values) => values.len() * 16,
                Values::Strings(values) => strings(values),
                Values::Codes { codes, dictionary } => codes.len() * 4 + strings(dictionary),
                Values::NumberCodes { codes, dictionary } => codes.len() * 4 + dictionary.len() * 8,
                Values::List { offsets, elements } => offsets.len() * 8 + elements.byte_len(),
                Values::Struct(columns) => columns.iter().map(Self::byte_len).sum(),
                Values::Map { offsets, keys, values } => {
                    offsets.len() * 8 + keys.byte_len() + values.byte_len()
                }
            }
    }
}

/// Two columns are equal when they hold equal values, whatever their form.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.data_type == other.data_type
            && self.len == other.len
            && (0..self.len).all(|row| self.scalar_at(row) == other.scalar_at(row))
    }
}

pub(crate) fn int_scalar(data_type: &DataType, value: i64) -> Scalar {
    match data_type {
        DataType::Timestamp => Scalar::Timestamp(value),
        DataType::Date => i32::try_from(value).map_or(Scalar::Null, Scalar::Date),
        _ => Scalar::Int64(value),
    }
}

fn bytes_scalar(data_type: &DataType, bytes: &[u8]) -> Scalar {
    match data_type {
        DataType::Binary => Scalar::Binary(bytes.to_vec()),
        _ => Scalar::Utf8(String::from_utf8_lossy(bytes).into_owned()),
    }
}

fn suits(data_type: &DataType, values: &Values) -> bool {
    match values {
        Values::Null | Values::Constant(_) => true,
        Values::Sparse { values, .. } => values.data_type == *data_type,
        Values::Boolean(_) => *data_type == DataType::Boolean,
        Values::Int64(_) => {
            matches!(data_type, DataType::Int64 | DataType::Date | DataType::Timestamp)
        }
        Values::Float64(_) => *data_type == DataType::Float64,
        Values::NumberCodes { dictionary, .. } => suits(data_type, &dictionary.gather(&[])),
        Values::Decimal(_) => matches!(data_type, DataType::Decimal { .. }),
        Values::Strings(_) | Values::Codes { .. } => {
            matches!(data_type, DataType::Utf8 | DataType::Binary)
        }
        Values::List { elements, .. } => {
            matches!(data_type, DataType::List(element) if **element == elements.data_type)
        }
        Values::Struct(columns) => match data_type {
            DataType::Struct(fields) => {
                fields.len() == columns.len()
                    && fields
                        .iter()
                        .zip(columns)
                        .all(|(field, column)| field.data_type == column.data_type)
            }
            _ => false,
        },
        Values::Map { keys, values, .. } => {
            matches!(data_type, DataType::Map(key, value)
                if **key == keys.data_type && **value == values.data_type)
        }
    }
}
