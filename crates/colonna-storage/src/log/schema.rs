//! The log's schema and ours.

use std::path::Path;

use colonna_schema::{DataType, Field, Schema};
use delta_kernel::schema::{
    ArrayType, DataType as LogType, MapType, PrimitiveType, StructField, StructType,
};

use super::log_error;
use crate::StorageError;

/// The schema that a table's schema is read as.
///
/// Integers of all widths are [`DataType::Int64`], floats [`DataType::Float64`], timestamps with
/// and without a zone [`DataType::Timestamp`].
pub(super) fn from_log(schema: &StructType) -> Result<Schema, StorageError> {
    Ok(Schema::new(fields_from_log("", schema)?))
}

fn fields_from_log(prefix: &str, schema: &StructType) -> Result<Vec<Field>, StorageError> {
    let field = |field: &StructField| {
        let path = format!("{prefix}{}", field.name());
        Ok(Field::new(field.name(), type_from_log(&path, field.data_type())?))
    };
    schema.fields().map(field).collect()
}

fn type_from_log(column: &str, data_type: &LogType) -> Result<DataType, StorageError> {
    Ok(match data_type {
        LogType::Primitive(primitive) => match primitive {
            PrimitiveType::String => DataType::Utf8,
            PrimitiveType::Byte
            | PrimitiveType::Short
            | PrimitiveType::Integer
            | PrimitiveType::Long => DataType::Int64,
            PrimitiveType::Float | PrimitiveType::Double => DataType::Float64,
            PrimitiveType::Boolean => DataType::Boolean,
            PrimitiveType::Binary => DataType::Binary,
            PrimitiveType::Date => DataType::Date,
            PrimitiveType::Timestamp | PrimitiveType::TimestampNtz => DataType::Timestamp,
            PrimitiveType::Void => DataType::Null,
            PrimitiveType::Decimal(decimal) => {
                DataType::Decimal { precision: decimal.precision(), scale: decimal.scale() }
            }
            other => return Err(unsupported(column, other)),
        },
        LogType::Array(array) => {
            DataType::List(Box::new(type_from_log(column, array.element_type())?))
        }
        LogType::Map(map) => DataType::Map(
            Box::new(type_from_log(column, map.key_type())?),
            Box::new(type_from_log(column, map.value_type())?),
        ),
        LogType::Struct(fields) => {
            DataType::Struct(fields_from_log(&format!("{column}."), fields)?)
        }
        LogType::Variant(_) => return Err(unsupported(column, &"variant")),
    })
}

fn unsupported(column: &str, data_type: &impl std::fmt::Display) -> StorageError {
    StorageError::UnsupportedType { column: column.to_owned(), data_type: data_type.to_string() }
}

/// The table schema of a new table; every column may be null.
pub(super) fn to_log(table: &Path, schema: &Schema) -> Result<StructType, StorageError> {
    struct_to_log(table, "", &schema.fields)
}

/// A column of a new or a wider table.
pub(super) fn field_to_log(
    table: &Path,
    prefix: &str,
    field: &Field,
) -> Result<StructField, StorageError> {
    let path = format!("{prefix}{}", field.name);
    Ok(StructField::nullable(&field.name, type_to_log(table, &path, &field.data_type)?))
}

fn struct_to_log(table: &Path, prefix: &str, fields: &[Field]) -> Result<StructType, StorageError> {
    let fields = fields.iter().map(|field| field_to_log(table, prefix, field));
    let fields: Vec<StructField> = fields.collect::<Result<_, _>>()?;
    StructType::try_new(fields).map_err(log_error("write a schema to", table))
}

fn type_to_log(table: &Path, column: &str, data_type: &DataType) -> Result<LogType, StorageError> {
    Ok(match data_type {
        DataType::Null => return Err(StorageError::NoType { column: column.to_owned() }),
        DataType::Boolean => LogType::BOOLEAN,
        DataType::Int64 => LogType::LONG,
        DataType::Float64 => LogType::DOUBLE,
        DataType::Utf8 => LogType::STRING,
        DataType::Binary => LogType::BINARY,
        DataType::Date => LogType::DATE,
        DataType::Timestamp => LogType::TIMESTAMP,
        DataType::Decimal { precision, scale } => LogType::decimal(*precision, *scale)
            .map_err(log_error("write a decimal's type to", table))?,
        DataType::List(element) => {
            ArrayType::new(type_to_log(table, column, element)?, true).into()
        }
        DataType::Map(key, value) => {
            let (key, value) =
                (type_to_log(table, column, key)?, type_to_log(table, column, value)?);
            MapType::new(key, value, true).into()
        }
        DataType::Struct(fields) => struct_to_log(table, &format!("{column}."), fields)?.into(),
    })
}

/// Why data files with our types must not go into a table of this schema: the first column that
/// the table keeps in another width, or that must not be null.
pub(super) fn not_writable(
    schema: &StructType,
    partition_columns: &[String],
) -> Option<(String, String)> {
    fn narrow(path: &str, data_type: &LogType) -> Option<(String, String)> {
        match data_type {
            LogType::Primitive(
                kind @ (PrimitiveType::Byte
                | PrimitiveType::Short
                | PrimitiveType::Integer
                | PrimitiveType::Float
                | PrimitiveType::TimestampNtz
                | PrimitiveType::Void),
            ) => Some((path.to_owned(), format!("kept as {kind}"))),
            LogType::Array(array) => narrow(path, array.element_type()),
            LogType::Map(map) => {
                narrow(path, map.key_type()).or_else(|| narrow(path, map.value_type()))
            }
            LogType::Struct(fields) => fields.fields().find_map(|field| refused(path, field)),
            _ => None,
        }
    }
    fn refused(prefix: &str, field: &StructField) -> Option<(String, String)> {
        let dot = if prefix.is_empty() { "" } else { "." };
        let path = format!("{prefix}{dot}{}", field.name());
        if !field.is_nullable() {
            return Some((path, "declared never to be null".to_owned()));
        }
        narrow(&path, field.data_type())
    }
    schema
        .fields()
        .filter(|field| !partition_columns.contains(field.name()))
        .find_map(|field| refused("", field))
}
