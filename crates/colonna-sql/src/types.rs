//! The types that a cast names.

use colonna_schema::DataType;
use sqlparser::ast::{self, ExactNumberInfo};

/// The widest decimal.
const MAX_PRECISION: u8 = 38;

/// The type that holds what SQL's type holds; none where there is no such type. Integers and floats
/// of every signed width are held in 64 bits.
pub(crate) fn data_type(written: &ast::DataType) -> Option<DataType> {
    use ast::DataType as Sql;
    Some(match written {
        Sql::Bool | Sql::Boolean => DataType::Boolean,
        Sql::TinyInt(_)
        | Sql::SmallInt(_)
        | Sql::MediumInt(_)
        | Sql::Int(_)
        | Sql::Integer(_)
        | Sql::BigInt(_)
        | Sql::Int2(_)
        | Sql::Int4(_)
        | Sql::Int8(_)
        | Sql::Int16
        | Sql::Int32
        | Sql::Int64
        | Sql::Signed
        | Sql::SignedInteger => DataType::Int64,
        Sql::HugeInt | Sql::Int128 => DataType::Decimal { precision: MAX_PRECISION, scale: 0 },
        Sql::Float(_)
        | Sql::Float4
        | Sql::Float8
        | Sql::Float32
        | Sql::Float64
        | Sql::Real
        | Sql::Double(_)
        | Sql::DoublePrecision => DataType::Float64,
        Sql::Decimal(info) | Sql::Numeric(info) | Sql::Dec(info) => decimal(info)?,
        Sql::Text
        | Sql::TinyText
        | Sql::MediumText
        | Sql::LongText
        | Sql::String(_)
        | Sql::Varchar(_)
        | Sql::Nvarchar(_)
        | Sql::Char(_)
        | Sql::Character(_)
        | Sql::CharVarying(_)
        | Sql::CharacterVarying(_) => DataType::Utf8,
        Sql::Date | Sql::Date32 => DataType::Date,
        Sql::Timestamp(..) | Sql::TimestampNtz(_) | Sql::Datetime(_) => DataType::Timestamp,
        Sql::Blob(_) | Sql::Binary(_) | Sql::Varbinary(_) | Sql::Bytea | Sql::Bytes(_) => {
            DataType::Binary
        }
        Sql::Custom(name, modifiers) if modifiers.is_empty() => custom(&name.to_string())?,
        _ => return None,
    })
}

/// Names that the parser knows no keyword for.
fn custom(name: &str) -> Option<DataType> {
    Some(match name.to_ascii_lowercase().as_str() {
        "long" => DataType::Int64,
        "short" => DataType::Int64,
        "timestamp_s" | "timestamp_ms" | "timestamp_us" | "timestamp_ns" | "timestamp_ntz"
        | "timestamptz" => DataType::Timestamp,
        "utf8" => DataType::Utf8,
        _ => return None,
    })
}

/// DuckDB's default is `decimal(18, 3)`.
fn decimal(info: &ExactNumberInfo) -> Option<DataType> {
    let (precision, scale) = match *info {
        ExactNumberInfo::None => (18, 3),
        ExactNumberInfo::Precision(precision) => (u8::try_from(precision).ok()?, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => {
            (u8::try_from(precision).ok()?, u8::try_from(scale).ok()?)
        }
    };
    let fits = (1..=MAX_PRECISION).contains(&precision) && scale <= precision;
    fits.then_some(DataType::Decimal { precision, scale })
}
