//! The way from Arrow and back to it, at the doors of the house.
//!
//! Types of other widths become ours: integers of up to 64 signed or 32 unsigned bits are
//! [`DataType::Int64`], unsigned ones of 64 bits `decimal(20,0)`, floats [`DataType::Float64`],
//! timestamps of any unit microseconds (finer ones are cut), with or without a zone UTC.

mod types;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    DictionaryArray, Float64Array, Int64Array, ListArray, MapArray, NullArray, StringArray,
    StructArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as ArrowType, Date32Type, Decimal128Type, Field as ArrowField, Float64Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType,
};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use colonna_schema::{DataType, Field};

pub use self::types::{arrow_schema, schema_from_arrow};
use self::types::{arrow_type, entries_field, list_field, list_type, type_from_arrow};
use crate::{Bitmap, Column, ColumnError, Columns, Strings, Values};

/// The column that an Arrow array holds.
///
/// # Errors
///
/// Where the type has no counterpart, or a value does not fit it.
pub fn from_arrow(name: &str, array: &ArrayRef) -> Result<Column, ColumnError> {
    let data_type = type_from_arrow(name, array.data_type())?;
    let len = array.len();
    let validity = array.logical_nulls().map(|nulls| bitmap(nulls.inner()));
    let canonical = |wanted: &ArrowType| {
        if array.data_type() == wanted { Ok(Arc::clone(array)) } else { cast(array, wanted) }
    };
    let values = match &data_type {
        DataType::Null => Values::Null,
        DataType::Boolean => {
            Values::Boolean(bitmap(canonical(&ArrowType::Boolean)?.as_boolean().values()))
        }
        DataType::Int64 => {
            let array = canonical(&ArrowType::Int64)?;
            Values::Int64(array.as_primitive::<Int64Type>().values().to_vec())
        }
        DataType::Timestamp => {
            let array = canonical(&ArrowType::Timestamp(TimeUnit::Microsecond, timezone(array)))?;
            Values::Int64(array.as_primitive::<TimestampMicrosecondType>().values().to_vec())
        }
        DataType::Date => {
            let array = canonical(&ArrowType::Date32)?;
            let days = array.as_primitive::<Date32Type>().values();
            Values::Int64(days.iter().copied().map(i64::from).collect())
        }
        DataType::Float64 => {
            let array = canonical(&ArrowType::Float64)?;
            Values::Float64(array.as_primitive::<Float64Type>().values().to_vec())
        }
        DataType::Decimal { .. } => {
            let array = canonical(&arrow_type(&data_type))?;
            Values::Decimal(array.as_primitive::<Decimal128Type>().values().to_vec())
        }
        DataType::Utf8 | DataType::Binary => strings_from_arrow(&data_type, array)?,
        DataType::List(_) => list_from_arrow(name, array)?,
        DataType::Map(..) => map_from_arrow(name, array)?,
        DataType::Struct(fields) => {
            let array = array.as_struct();
            let column = |(field, child): (&Field, &ArrayRef)| {
                let column = from_arrow(&field.name, child)?;
                Ok(match &validity {
                    Some(validity) => column.masked(validity),
                    None => column,
                })
            };
            let columns = fields.iter().zip(array.columns()).map(column);
            Values::Struct(columns.collect::<Result<_, ColumnError>>()?)
        }
    };
    let validity = if matches!(values, Values::Null) { None } else { validity };
    Column::try_new(data_type, len, values, validity)
}

fn list_from_arrow(name: &str, array: &ArrayRef) -> Result<Values, ColumnError> {
    let list = cast(array, &list_type(array.data_type()))?;
    let list = list.as_list::<i32>();
    let (offsets, first, count) = offsets_from_arrow(list.value_offsets());
    let elements = Box::new(from_arrow(name, &list.values().slice(first, count))?);
    Ok(Values::List { offsets, elements })
}

fn map_from_arrow(name: &str, array: &ArrayRef) -> Result<Values, ColumnError> {
    let map = array.as_map();
    let (offsets, first, count) = offsets_from_arrow(map.value_offsets());
    let keys = Box::new(from_arrow(name, &map.keys().slice(first, count))?);
    let values = Box::new(from_arrow(name, &map.values().slice(first, count))?);
    Ok(Values::Map { offsets, keys, values })
}

fn bitmap(bits: &BooleanBuffer) -> Bitmap {
    Bitmap::from_fn(bits.len(), |index| bits.value(index))
}

fn timezone(array: &ArrayRef) -> Option<Arc<str>> {
    match array.data_type() {
        ArrowType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    }
}

/// Offsets from 0, the first entry and the number of entries.
fn offsets_from_arrow(offsets: &[i32]) -> (Vec<usize>, usize, usize) {
    let at = |offset: &i32| usize::try_from(*offset).unwrap_or_default();
    let first = offsets.first().map_or(0, at);
    let offsets: Vec<usize> = offsets.iter().map(|offset| at(offset) - first).collect();
    let count = offsets.last().copied().unwrap_or_default();
    (offsets, first, count)
}

fn strings_from_arrow(data_type: &DataType, array: &ArrayRef) -> Result<Values, ColumnError> {
    if let ArrowType::Dictionary(_, value) = array.data_type()
        && matches!(**value, ArrowType::Utf8 | ArrowType::Binary)
    {
        let wanted = ArrowType::Dictionary(Box::new(ArrowType::Int32), value.clone());
        let dictionary = cast(array, &wanted)?;
        let dictionary: &DictionaryArray<Int32Type> = dictionary.as_dictionary();
        let words = strings_of(data_type, dictionary.values())?;
        // A null row may have any code; one that leads out of the dictionary must not survive.
        let last = u32::try_from(words.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let codes = dictionary.keys().values().iter();
        let codes: Vec<u32> =
            codes.map(|code| u32::try_from(*code).unwrap_or(0).min(last)).collect();
        if words.is_empty() {
            return Ok(Values::Strings(Arc::new(codes.iter().map(|_| "").collect())));
        }
        return Ok(Values::Codes { codes, dictionary: Arc::new(words) });
    }
    Ok(Values::Strings(Arc::new(strings_of(data_type, array)?)))
}

fn strings_of(data_type: &DataType, array: &ArrayRef) -> Result<Strings, ColumnError> {
    let wanted =
        if *data_type == DataType::Binary { ArrowType::LargeBinary } else { ArrowType::LargeUtf8 };
    let array =
        if *array.data_type() == wanted { Arc::clone(array) } else { cast(array, &wanted)? };
    let mut strings = Strings::with_capacity(array.len(), array.get_buffer_memory_size());
    if *data_type == DataType::Binary {
        let array = array.as_binary::<i64>();
        (0..array.len()).for_each(|row| strings.push(array.value(row)));
    } else {
        let array = array.as_string::<i64>();
        (0..array.len()).for_each(|row| strings.push(array.value(row)));
    }
    Ok(strings)
}

/// The Arrow array that holds the column. Codes and constants become plain values.
///
/// # Errors
///
/// Where the column is too large for Arrow's 32-bit offsets.
pub fn to_arrow(column: &Column) -> Result<ArrayRef, ColumnError> {
    let wanted = arrow_type(column.data_type());
    if matches!(column.values(), Values::Null) {
        return Ok(new_null_array(&wanted, column.len()));
    }
    let column = column.to_flat();
    let nulls = column.validity().map(|bits| NullBuffer::new(bits.iter().collect()));
    Ok(match column.values() {
        Values::Boolean(bits) => Arc::new(BooleanArray::new(bits.iter().collect(), nulls)),
        Values::Int64(values) => match column.data_type() {
            DataType::Timestamp => Arc::new(
                TimestampMicrosecondArray::try_new(values.clone().into(), nulls)?
                    .with_timezone("UTC"),
            ),
            DataType::Date => {
                let days = values.iter().map(|days| i32::try_from(*days).unwrap_or_default());
                Arc::new(Date32Array::try_new(days.collect(), nulls)?)
            }
            _ => Arc::new(Int64Array::try_new(values.clone().into(), nulls)?),
        },
        Values::Float64(values) => Arc::new(Float64Array::try_new(values.clone().into(), nulls)?),
        Values::Decimal(values) => {
            let array = Decimal128Array::try_new(values.clone().into(), nulls)?;
            Arc::new(array.with_data_type(wanted))
        }
        Values::Strings(strings) => {
            let (offsets, bytes) = strings.parts();
            let (offsets, bytes) = (arrow_offsets(offsets)?, bytes.to_vec().into());
            match column.data_type() {
                DataType::Binary => Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?),
                _ => Arc::new(StringArray::try_new(offsets, bytes, nulls)?),
            }
        }
        Values::List { offsets, elements } => {
            let field = list_field(elements.data_type());
            let elements = to_arrow(elements)?;
            Arc::new(ListArray::try_new(field, arrow_offsets(offsets)?, elements, nulls)?)
        }
        Values::Struct(columns) => {
            let ArrowType::Struct(fields) = wanted else {
                return Ok(Arc::new(NullArray::new(column.len())));
            };
            let columns = columns.iter().map(to_arrow).collect::<Result<_, _>>()?;
            Arc::new(StructArray::try_new_with_length(fields, columns, nulls, column.len())?)
        }
        Values::Map { offsets, keys, values } => {
            let field = entries_field(keys.data_type(), values.data_type());
            let ArrowType::Struct(fields) = field.data_type().clone() else {
                return Ok(Arc::new(NullArray::new(column.len())));
            };
            let entries =
                StructArray::try_new(fields, vec![to_arrow(keys)?, to_arrow(values)?], None)?;
            Arc::new(MapArray::try_new(field, arrow_offsets(offsets)?, entries, nulls, false)?)
        }
        Values::Null
        | Values::Codes { .. }
        | Values::NumberCodes { .. }
        | Values::Constant(_)
        | Values::Sparse { .. } => new_null_array(&wanted, column.len()),
    })
}

fn arrow_offsets(offsets: &[usize]) -> Result<OffsetBuffer<i32>, ColumnError> {
    let too_large = || ColumnError::LengthMismatch {
        expected: i32::MAX as usize,
        found: offsets.last().copied().unwrap_or_default(),
    };
    let offsets: Option<Vec<i32>> =
        offsets.iter().map(|offset| i32::try_from(*offset).ok()).collect();
    Ok(OffsetBuffer::new(offsets.ok_or_else(too_large)?.into()))
}

impl Columns {
    /// The columns of an Arrow batch.
    ///
    /// # Errors
    ///
    /// Where a type has no counterpart.
    pub fn from_batch(batch: &RecordBatch) -> Result<Self, ColumnError> {
        let schema = batch.schema();
        let column =
            |(field, array): (&Arc<ArrowField>, &ArrayRef)| from_arrow(field.name(), array);
        let columns = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .map(column)
            .collect::<Result<Vec<_>, _>>()?;
        Self::try_new(Arc::new(schema_from_arrow(&schema)?), columns, batch.num_rows())
    }

    /// The Arrow batch that holds the columns.
    ///
    /// # Errors
    ///
    /// Where a column is too large for Arrow's 32-bit offsets.
    pub fn to_batch(&self) -> Result<RecordBatch, ColumnError> {
        let schema = Arc::new(arrow_schema(self.schema()));
        let arrays = self.columns().iter().map(to_arrow).collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.row_count()));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use colonna_schema::Scalar;
    use proptest::prelude::*;

    /// A type, and rows of it with nulls at every level.
    fn any_column() -> impl Strategy<Value = (DataType, Vec<Scalar>)> {
        let leaf = prop_oneof![
            Just(DataType::Boolean),
            Just(DataType::Int64),
            Just(DataType::Float64),
            Just(DataType::Utf8),
            Just(DataType::Binary),
            Just(DataType::Date),
            Just(DataType::Timestamp),
            Just(DataType::Decimal { precision: 20, scale: 3 }),
        ];
        let data_type = leaf.prop_recursive(3, 8, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|element| DataType::List(Box::new(element))),
                inner
                    .clone()
                    .prop_map(|value| DataType::Map(Box::new(DataType::Utf8), Box::new(value))),
                prop::collection::vec(inner, 1..3).prop_map(|types| {
                    let field = |(index, kind)| Field::new(format!("f{index}"), kind);
                    DataType::Struct(types.into_iter().enumerate().map(field).collect())
                }),
            ]
        });
        data_type.prop_flat_map(|data_type| {
            let values = prop::collection::vec(any_scalar(&data_type), 0..20);
            (Just(data_type), values)
        })
    }

    fn any_scalar(data_type: &DataType) -> BoxedStrategy<Scalar> {
        let value = match data_type {
            DataType::Null => Just(Scalar::Null).boxed(),
            DataType::Boolean => any::<bool>().prop_map(Scalar::Boolean).boxed(),
            DataType::Int64 => any::<i64>().prop_map(Scalar::Int64).boxed(),
            DataType::Float64 => any::<f64>().prop_map(Scalar::Float64).boxed(),
            DataType::Decimal { scale, .. } => {
                let scale = *scale;
                (-1_000_000_i64..1_000_000)
                    .prop_map(move |value| Scalar::Decimal { value: value.into(), scale })
                    .boxed()
            }
            DataType::Utf8 => ".{0,5}".prop_map(Scalar::Utf8).boxed(),
            DataType::Binary => {
                prop::collection::vec(any::<u8>(), 0..4).prop_map(Scalar::Binary).boxed()
            }
            DataType::Date => any::<i32>().prop_map(Scalar::Date).boxed(),
            DataType::Timestamp => any::<i64>().prop_map(Scalar::Timestamp).boxed(),
            DataType::List(element) => {
                prop::collection::vec(any_scalar(element), 0..3).prop_map(Scalar::List).boxed()
            }
            DataType::Map(_, value) => {
                prop::collection::vec((".{0,3}".prop_map(Scalar::Utf8), any_scalar(value)), 0..3)
                    .prop_map(Scalar::Map)
                    .boxed()
            }
            DataType::Struct(fields) => {
                let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
                let values: Vec<_> =
                    fields.iter().map(|field| any_scalar(&field.data_type)).collect();
                values
                    .prop_map(move |values| {
                        Scalar::Struct(names.iter().cloned().zip(values).collect())
                    })
                    .boxed()
            }
        };
        prop_oneof![1 => Just(Scalar::Null), 4 => value].boxed()
    }

    proptest! {
        #[test]
        fn a_column_is_its_scalars((data_type, values) in any_column()) {
            let column = Column::from_scalars(&data_type, &values).unwrap();
            prop_assert_eq!(column.scalars(), values);
        }

        #[test]
        fn arrow_gives_back_the_column((data_type, values) in any_column()) {
            let column = Column::from_scalars(&data_type, &values).unwrap();
            let back = from_arrow("x", &to_arrow(&column).unwrap()).unwrap();
            prop_assert_eq!(back, column);
        }

        #[test]
        fn gathering_slicing_and_joining_agree_with_vectors(
            (data_type, values) in any_column(),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            at in any::<prop::sample::Index>(),
        ) {
            let column = Column::from_scalars(&data_type, &values).unwrap();
            let middle = if values.is_empty() { 0 } else { at.index(values.len()) };
            let parts = [column.slice(0, middle), column.slice(middle, values.len())];
            prop_assert_eq!(&crate::concat(&data_type, &parts), &column);
            if !values.is_empty() {
                let rows: Vec<usize> = picks.iter().map(|pick| pick.index(values.len())).collect();
                let expected: Vec<Scalar> = rows.iter().map(|&row| values[row].clone()).collect();
                let rows: Vec<u32> = rows.iter().map(|&row| u32::try_from(row).unwrap()).collect();
                prop_assert_eq!(column.gather(&rows).scalars(), expected);
            }
        }
    }

    #[test]
    fn a_dictionary_stays_codes() {
        let array: DictionaryArray<Int32Type> =
            vec![Some("a"), None, Some("b"), Some("a")].into_iter().collect();
        let column = from_arrow("x", &(Arc::new(array) as ArrayRef)).unwrap();
        assert!(
            matches!(column.values(), Values::Codes { dictionary, .. } if dictionary.len() == 2)
        );
        assert_eq!(column.scalars(), ["a".into(), Scalar::Null, "b".into(), "a".into()]);
        assert_eq!(column.to_flat(), column);
    }

    #[test]
    fn a_field_is_null_where_its_struct_is() {
        let child: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let fields = vec![ArrowField::new("n", ArrowType::Int64, true)].into();
        let array =
            StructArray::new(fields, vec![child], Some(NullBuffer::from(vec![true, false])));
        let column = from_arrow("s", &(Arc::new(array) as ArrayRef)).unwrap();
        assert_eq!(column.field("n").unwrap().scalars(), [Scalar::Int64(1), Scalar::Null]);
    }
}
