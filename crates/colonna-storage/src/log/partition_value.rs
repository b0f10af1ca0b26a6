//! Values of partition columns, which the log keeps as text.

use std::path::Path;

use colonna_schema::Scalar;
use delta_kernel::expressions::{DecimalData, Scalar as LogScalar};
use delta_kernel::schema::{DataType as LogType, PrimitiveType};

use super::cause;
use crate::StorageError;

/// The value that the log's text stands for.
pub(super) fn from_text(
    table: &Path,
    column: &str,
    data_type: &LogType,
    text: &str,
) -> Result<Scalar, StorageError> {
    let LogType::Primitive(primitive) = data_type else {
        let found = format!("a {data_type}");
        return Err(StorageError::NotAPartitionColumn { column: column.to_owned(), found });
    };
    // The protocol has no empty value but for text and bytes, where the log of another writer may
    // hold one.
    match primitive {
        PrimitiveType::String => return Ok(Scalar::Utf8(text.to_owned())),
        PrimitiveType::Binary => return Ok(Scalar::Binary(text.as_bytes().to_vec())),
        _ => {}
    }
    let parsed = primitive.parse_scalar(text).map_err(|error| StorageError::BadPartitionValue {
        table: table.to_owned(),
        column: column.to_owned(),
        text: text.to_owned(),
        source: cause(error),
    })?;
    Ok(match parsed {
        LogScalar::Byte(value) => Scalar::Int64(value.into()),
        LogScalar::Short(value) => Scalar::Int64(value.into()),
        LogScalar::Integer(value) => Scalar::Int64(value.into()),
        LogScalar::Long(value) => Scalar::Int64(value),
        LogScalar::Float(value) => Scalar::Float64(value.into()),
        LogScalar::Double(value) => Scalar::Float64(value),
        LogScalar::Boolean(value) => Scalar::Boolean(value),
        LogScalar::Date(days) => Scalar::Date(days),
        LogScalar::Timestamp(micros) | LogScalar::TimestampNtz(micros) => Scalar::Timestamp(micros),
        LogScalar::Decimal(decimal) => {
            Scalar::Decimal { value: decimal.bits(), scale: decimal.ty().scale() }
        }
        _ => Scalar::Null,
    })
}

/// The value as the kernel takes it for a partition column of that type.
pub(super) fn to_log(
    column: &str,
    data_type: &LogType,
    value: &Scalar,
) -> Result<LogScalar, StorageError> {
    let no_partition =
        || StorageError::NoPartitionFor { column: column.to_owned(), value: value.to_string() };
    let LogType::Primitive(primitive) = data_type else { return Err(no_partition()) };
    let narrowed = match (primitive, value) {
        (_, Scalar::Null) => Some(LogScalar::Null(data_type.clone())),
        // The log would read back null.
        (PrimitiveType::String, Scalar::Utf8(text)) if !text.is_empty() => {
            Some(LogScalar::String(text.clone()))
        }
        (PrimitiveType::Byte, Scalar::Int64(value)) => {
            i8::try_from(*value).ok().map(LogScalar::Byte)
        }
        (PrimitiveType::Short, Scalar::Int64(value)) => {
            i16::try_from(*value).ok().map(LogScalar::Short)
        }
        (PrimitiveType::Integer, Scalar::Int64(value)) => {
            i32::try_from(*value).ok().map(LogScalar::Integer)
        }
        (PrimitiveType::Long, Scalar::Int64(value)) => Some(LogScalar::Long(*value)),
        (PrimitiveType::Double, Scalar::Float64(value)) => Some(LogScalar::Double(*value)),
        (PrimitiveType::Boolean, Scalar::Boolean(value)) => Some(LogScalar::Boolean(*value)),
        (PrimitiveType::Date, Scalar::Date(days)) => Some(LogScalar::Date(*days)),
        (PrimitiveType::Timestamp, Scalar::Timestamp(micros)) => {
            Some(LogScalar::Timestamp(*micros))
        }
        (PrimitiveType::TimestampNtz, Scalar::Timestamp(micros)) => {
            Some(LogScalar::TimestampNtz(*micros))
        }
        (PrimitiveType::Decimal(kind), Scalar::Decimal { value, scale })
            if kind.scale() == *scale =>
        {
            DecimalData::try_new(*value, *kind).ok().map(LogScalar::Decimal)
        }
        _ => None,
    };
    narrowed.ok_or_else(no_partition)
}
