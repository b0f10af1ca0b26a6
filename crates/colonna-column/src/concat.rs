//! Columns joined end to end.

use std::sync::Arc;

use colonna_schema::{DataType, Field, Schema};

use crate::{Bitmap, Column, ColumnError, Columns, Interner, Strings, Values};

/// The rows of all columns, one after the other. All must be of the type; a column of nothing but
/// nulls fits any.
pub fn concat(data_type: &DataType, columns: &[Column]) -> Column {
    if let [column] = columns {
        return column.clone();
    }
    let len = columns.iter().map(Column::len).sum();
    if columns.iter().all(|column| matches!(column.values(), Values::Null)) {
        return Column::nulls(data_type.clone(), len);
    }
    if columns.iter().any(|column| matches!(column.values(), Values::Sparse { .. })) {
        let dense: Vec<Column> = columns.iter().map(|column| column.dense().into_owned()).collect();
        return concat(data_type, &dense);
    }
    let validity = columns.iter().any(|column| column.null_count() > 0).then(|| {
        let mut validity = Bitmap::new();
        for column in columns {
            match column.validity() {
                Some(bits) => validity.append(bits),
                None => validity.extend(!matches!(column.values(), Values::Null), column.len()),
            }
        }
        validity
    });
    let values = match data_type {
        DataType::Utf8 | DataType::Binary => {
            shared_codes(columns).or_else(|| merged_codes(columns, len))
        }
        DataType::Struct(fields) => Some(joined_fields(fields, columns)),
        _ => shared_number_codes(columns),
    };
    let values = values.unwrap_or_else(|| {
        let flat: Vec<Column> = columns.iter().map(Column::to_flat).collect();
        concat_flat(data_type, &flat)
    });
    Column::from_parts(data_type.clone(), len, values, validity)
}

/// Codes stay codes where all columns share one dictionary.
fn shared_codes(columns: &[Column]) -> Option<Values> {
    let Values::Codes { dictionary, .. } = columns.first()?.values() else { return None };
    let mut joined = Vec::new();
    for column in columns {
        match column.values() {
            Values::Codes { codes, dictionary: other } if Arc::ptr_eq(dictionary, other) => {
                joined.extend_from_slice(codes);
            }
            _ => return None,
        }
    }
    Some(Values::Codes { codes: joined, dictionary: Arc::clone(dictionary) })
}

/// As [`shared_codes`], of numbers.
fn shared_number_codes(columns: &[Column]) -> Option<Values> {
    let Values::NumberCodes { dictionary, .. } = columns.first()?.values() else { return None };
    let mut joined = Vec::new();
    for column in columns {
        match column.values() {
            Values::NumberCodes { codes, dictionary: other } if Arc::ptr_eq(dictionary, other) => {
                joined.extend_from_slice(codes);
            }
            _ => return None,
        }
    }
    Some(Values::NumberCodes { codes: joined, dictionary: Arc::clone(dictionary) })
}

/// Codes stay codes where most rows are coded and texts repeat: each word that a row uses is looked
/// up once for each of the columns. None where the texts had better be flat.
fn merged_codes(columns: &[Column], len: usize) -> Option<Values> {
    let coded = columns.iter().filter(|column| matches!(column.values(), Values::Codes { .. }));
    if coded.map(Column::len).sum::<usize>() * 2 <= len {
        return None;
    }
    let mut interner = Interner::new();
    let mut joined = Vec::with_capacity(len);
    for column in columns {
        match column.values() {
            Values::Codes { codes, dictionary } => {
                let mut numbers = vec![UNSEEN; dictionary.len()];
                joined.extend(codes.iter().enumerate().map(|(row, &code)| {
                    match numbers.get_mut(code as usize) {
                        Some(number) if column.is_valid(row) => {
                            if *number == UNSEEN {
                                *number = interner.intern(dictionary.bytes(code as usize));
                            }
                            *number
                        }
                        _ => 0,
                    }
                }));
            }
            _ => joined.extend(
                (0..column.len())
                    .map(|row| column.bytes_at(row).map_or(0, |text| interner.intern(text))),
            ),
        }
        if interner.len() * 2 > joined.len() && joined.len() > FEW_ROWS {
            return None;
        }
    }
    let dictionary = Arc::new(interner.into_words());
    Some(Values::Codes { codes: joined, dictionary })
}

/// A word that no row has used yet.
const UNSEEN: u32 = u32::MAX;

/// With fewer rows than these it does not matter whether words repeat.
const FEW_ROWS: usize = 256;

fn joined_fields(fields: &[Field], columns: &[Column]) -> Values {
    let field = |(index, field): (usize, &Field)| {
        let parts = columns.iter().map(|column| column.field_at(index, &field.data_type));
        concat(&field.data_type, &parts.collect::<Vec<_>>())
    };
    Values::Struct(fields.iter().enumerate().map(field).collect())
}

/// Joins flat columns. One whose form is not that of the type has been ruled out by the callers.
fn concat_flat(data_type: &DataType, columns: &[Column]) -> Values {
    macro_rules! joined {
        ($form:ident) => {{
            let parts = columns.iter().filter_map(|column| match column.values() {
                Values::$form(values) => Some(values.as_slice()),
                _ => None,
            });
            Values::$form(parts.flatten().copied().collect())
        }};
    }
    let children = |data_type: &DataType, child: &dyn Fn(&Column) -> Option<&Column>| {
        concat(data_type, &columns.iter().filter_map(child).cloned().collect::<Vec<_>>())
    };
    match data_type {
        DataType::Null => Values::Null,
        DataType::Boolean => Values::Boolean(joined_bits(columns)),
        DataType::Int64 | DataType::Date | DataType::Timestamp => joined!(Int64),
        DataType::Float64 => joined!(Float64),
        DataType::Decimal { .. } => joined!(Decimal),
        DataType::Utf8 | DataType::Binary => Values::Strings(Arc::new(joined_strings(columns))),
        DataType::List(element) => {
            let elements = children(element, &|column| match column.values() {
                Values::List { elements, .. } => Some(elements),
                _ => None,
            });
            Values::List { offsets: joined_offsets(columns), elements: Box::new(elements) }
        }
        DataType::Map(key, value) => {
            let keys = children(key, &|column| match column.values() {
                Values::Map { keys, .. } => Some(keys),
                _ => None,
            });
            let values = children(value, &|column| match column.values() {
                Values::Map { values, .. } => Some(values),
                _ => None,
            });
            let (keys, values) = (Box::new(keys), Box::new(values));
            Values::Map { offsets: joined_offsets(columns), keys, values }
        }
        DataType::Struct(fields) => joined_fields(fields, columns),
    }
}

fn joined_bits(columns: &[Column]) -> Bitmap {
    let mut joined = Bitmap::new();
    for column in columns {
        if let Values::Boolean(bits) = column.values() {
            joined.append(bits);
        }
    }
    joined
}

fn joined_strings(columns: &[Column]) -> Strings {
    let mut joined = Strings::new();
    for column in columns {
        if let Values::Strings(strings) = column.values() {
            joined.append(strings);
        }
    }
    joined
}

fn joined_offsets(columns: &[Column]) -> Vec<usize> {
    let mut joined = vec![0];
    let mut start = 0;
    for column in columns {
        if let Values::List { offsets, .. } | Values::Map { offsets, .. } = column.values() {
            joined.extend(offsets.iter().skip(1).map(|offset| start + offset));
            start = joined.last().copied().unwrap_or_default();
        }
    }
    joined
}

impl Columns {
    /// The rows of all parts, one after the other, under one schema.
    ///
    /// # Errors
    ///
    /// Where a part has other columns.
    pub fn concat(schema: &Arc<Schema>, parts: &[Self]) -> Result<Self, ColumnError> {
        if let [part] = parts
            && part.schema() == schema
        {
            return Ok(part.clone());
        }
        for part in parts {
            if part.columns().len() != schema.fields.len() {
                let (expected, found) = (schema.fields.len(), part.columns().len());
                return Err(ColumnError::LengthMismatch { expected, found });
            }
        }
        let column = |(index, field): (usize, &Field)| {
            let pieces: Vec<Column> =
                parts.iter().filter_map(|part| part.columns().get(index).cloned()).collect();
            match pieces.iter().find(|piece| *piece.data_type() != field.data_type) {
                Some(piece) => Err(ColumnError::TypeMismatch {
                    expected: field.data_type.clone(),
                    found: piece.data_type().clone(),
                }),
                None => Ok(concat(&field.data_type, &pieces)),
            }
        };
        let columns =
            schema.fields.iter().enumerate().map(column).collect::<Result<Vec<_>, _>>()?;
        let row_count = parts.iter().map(Self::row_count).sum();
        Self::try_new(Arc::clone(schema), columns, row_count)
    }
}
