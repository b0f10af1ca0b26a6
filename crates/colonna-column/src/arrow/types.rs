//! The types of Arrow that ours become, and ours that Arrow's are read as.

use std::sync::Arc;

use arrow::datatypes::{
    DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema, TimeUnit,
};
use colonna_schema::{DataType, Field, Schema};

use crate::ColumnError;

const DECIMAL_DIGITS: u8 = 38;

/// The Arrow type that a column of this type becomes.
pub(super) fn arrow_type(data_type: &DataType) -> ArrowType {
    match data_type {
        DataType::Null => ArrowType::Null,
        DataType::Boolean => ArrowType::Boolean,
        DataType::Int64 => ArrowType::Int64,
        DataType::Float64 => ArrowType::Float64,
        DataType::Decimal { precision, scale } => {
            ArrowType::Decimal128(*precision, i8::try_from(*scale).unwrap_or(0))
        }
        DataType::Utf8 => ArrowType::Utf8,
        DataType::Binary => ArrowType::Binary,
        DataType::Date => ArrowType::Date32,
        DataType::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::List(element) => ArrowType::List(list_field(element)),
        DataType::Struct(fields) => ArrowType::Struct(fields.iter().map(arrow_field).collect()),
        DataType::Map(key, value) => ArrowType::Map(entries_field(key, value), false),
    }
}

fn arrow_field(field: &Field) -> ArrowField {
    ArrowField::new(&field.name, arrow_type(&field.data_type), true)
}

/// Parquet's own names for the parts of lists and maps.
pub(super) fn list_field(element: &DataType) -> Arc<ArrowField> {
    Arc::new(ArrowField::new("element", arrow_type(element), true))
}

pub(super) fn entries_field(key: &DataType, value: &DataType) -> Arc<ArrowField> {
    let key = ArrowField::new("key", arrow_type(key), false);
    let value = ArrowField::new("value", arrow_type(value), true);
    Arc::new(ArrowField::new("key_value", ArrowType::Struct(vec![key, value].into()), false))
}

/// The Arrow schema that columns of this schema become; every field may be null.
pub fn arrow_schema(schema: &Schema) -> ArrowSchema {
    ArrowSchema::new(schema.fields.iter().map(arrow_field).collect::<Vec<_>>())
}

/// The schema that an Arrow schema is read as.
///
/// # Errors
///
/// Where a type has no counterpart.
pub fn schema_from_arrow(schema: &ArrowSchema) -> Result<Schema, ColumnError> {
    let field = |field: &Arc<ArrowField>| field_from_arrow(field);
    Ok(Schema::new(schema.fields().iter().map(field).collect::<Result<_, _>>()?))
}

fn field_from_arrow(field: &ArrowField) -> Result<Field, ColumnError> {
    Ok(Field::new(field.name(), type_from_arrow(field.name(), field.data_type())?))
}

pub(super) fn type_from_arrow(name: &str, data_type: &ArrowType) -> Result<DataType, ColumnError> {
    Ok(match data_type {
        ArrowType::Null => DataType::Null,
        ArrowType::Boolean => DataType::Boolean,
        ArrowType::Int8 | ArrowType::Int16 | ArrowType::Int32 | ArrowType::Int64 => DataType::Int64,
        ArrowType::UInt8 | ArrowType::UInt16 | ArrowType::UInt32 => DataType::Int64,
        ArrowType::UInt64 => DataType::Decimal { precision: 20, scale: 0 },
        ArrowType::Float16 | ArrowType::Float32 | ArrowType::Float64 => DataType::Float64,
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale)
        | ArrowType::Decimal256(precision, scale)
            if *precision <= DECIMAL_DIGITS && *scale >= 0 =>
        {
            DataType::Decimal { precision: *precision, scale: scale.unsigned_abs() }
        }
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => DataType::Utf8,
        ArrowType::Binary
        | ArrowType::LargeBinary
        | ArrowType::BinaryView
        | ArrowType::FixedSizeBinary(_) => DataType::Binary,
        ArrowType::Date32 | ArrowType::Date64 => DataType::Date,
        ArrowType::Timestamp(..) => DataType::Timestamp,
        ArrowType::Time32(_) | ArrowType::Time64(_) | ArrowType::Duration(_) => DataType::Int64,
        ArrowType::Dictionary(_, value) => type_from_arrow(name, value)?,
        ArrowType::List(element)
        | ArrowType::LargeList(element)
        | ArrowType::FixedSizeList(element, _) => {
            DataType::List(Box::new(type_from_arrow(name, element.data_type())?))
        }
        ArrowType::Struct(fields) => DataType::Struct(
            fields.iter().map(|field| field_from_arrow(field)).collect::<Result<_, _>>()?,
        ),
        ArrowType::Map(entries, _) => match entries.data_type() {
            ArrowType::Struct(fields) if fields.len() == 2 => DataType::Map(
                Box::new(type_from_arrow(name, fields[0].data_type())?),
                Box::new(type_from_arrow(name, fields[1].data_type())?),
            ),
            other => return Err(unsupported(name, other)),
        },
        other => return Err(unsupported(name, other)),
    })
}

fn unsupported(name: &str, data_type: &ArrowType) -> ColumnError {
    ColumnError::UnsupportedArrowType { name: name.to_owned(), data_type: data_type.to_string() }
}

/// A list with 32-bit offsets, whatever kind of list it was.
pub(super) fn list_type(data_type: &ArrowType) -> ArrowType {
    match data_type {
        ArrowType::LargeList(element) | ArrowType::FixedSizeList(element, _) => {
            ArrowType::List(Arc::clone(element))
        }
        other => other.clone(),
    }
}
