//! Values of options that take more than one word apart.

use std::str::FromStr;

use colonna_schema::DataType;
use thiserror::Error;

/// A value of an option cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum WordError {
    /// It lacks a part.
    #[error("{text:?} is no FIELD=TYPE: write price=decimal(10,2), or 'at=timestamp:%d/%m/%Y'")]
    FieldType { text: String },
    /// There is no such type.
    #[error(
        "there is no type {name:?}: write boolean, int64, float64, decimal(P,S), text, binary, date, timestamp, or list<TYPE>"
    )]
    Type { name: String },
    /// It lacks the number, or has no name.
    #[error("{text:?} is no NAME:VERSION: write hourly-logs:2025103113, with a whole number")]
    Identity { text: String },
}

/// One character or more. `tab` and `\\t` are what a shell can hardly write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Character(pub(crate) String);

impl From<&str> for Character {
    fn from(text: &str) -> Self {
        match text {
            "tab" | "\\t" => Self("\t".to_owned()),
            text => Self(text.to_owned()),
        }
    }
}

/// A field with the type it is given, and the format of its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldType {
    pub(crate) field: String,
    pub(crate) data_type: DataType,
    pub(crate) format: Option<String>,
}

impl FromStr for FieldType {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let not_a_field_type = || WordError::FieldType { text: text.to_owned() };
        let (field, rest) = text.split_once('=').ok_or_else(not_a_field_type)?;
        if field.is_empty() || rest.is_empty() {
            return Err(not_a_field_type());
        }
        // No name of a type has a colon; a format may have many.
        let (name, format) = match rest.split_once(':') {
            Some((name, format)) => (name, Some(format.to_owned())),
            None => (rest, None),
        };
        let data_type = data_type(name).ok_or_else(|| WordError::Type { name: name.to_owned() })?;
        Ok(Self { field: field.to_owned(), data_type, format })
    }
}

/// The type of that name, as `colonna schema` writes it or as SQL does.
fn data_type(name: &str) -> Option<DataType> {
    let name = name.trim().to_ascii_lowercase();
    Some(match name.as_str() {
        "boolean" | "bool" => DataType::Boolean,
        "int64" | "int" | "integer" | "bigint" | "long" => DataType::Int64,
        "float64" | "float" | "double" | "real" => DataType::Float64,
        "text" | "utf8" | "string" | "varchar" => DataType::Utf8,
        "binary" | "blob" | "bytes" => DataType::Binary,
        "date" => DataType::Date,
        "timestamp" | "datetime" | "time" => DataType::Timestamp,
        _ => {
            let (kind, rest) = name.split_once(['(', '<'])?;
            match kind {
                "decimal" | "numeric" => return decimal(rest.strip_suffix(')')?),
                "list" | "array" => DataType::List(Box::new(data_type(rest.strip_suffix('>')?)?)),
                "map" => {
                    let (key, value) = rest.strip_suffix('>')?.split_once(',')?;
                    DataType::Map(Box::new(data_type(key)?), Box::new(data_type(value)?))
                }
                _ => return None,
            }
        }
    })
}

fn decimal(parts: &str) -> Option<DataType> {
    let (precision, scale) = parts.split_once(',').unwrap_or((parts, "0"));
    let precision: u8 = precision.trim().parse().ok()?;
    let scale: u8 = scale.trim().parse().ok()?;
    ((1..=38).contains(&precision) && scale <= precision)
        .then_some(DataType::Decimal { precision, scale })
}

/// What a load is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) version: u64,
}

impl FromStr for Identity {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let not_an_identity = || WordError::Identity { text: text.to_owned() };
        let (name, version) = text.rsplit_once(':').ok_or_else(not_an_identity)?;
        match version.parse() {
            Ok(version) if !name.is_empty() => Ok(Self { name: name.to_owned(), version }),
            _ => Err(not_an_identity()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, field: &str, data_type: &str, format: Option<&str>) {
        let read: FieldType = text.parse().unwrap();
        assert_eq!(read.field, field);
        assert_eq!(read.data_type.to_string(), data_type);
        assert_eq!(read.format.as_deref(), format);
    }

    #[test]
    fn a_field_is_given_a_type_and_a_format() {
        check("a.b=int", "a.b", "int64", None);
        check("price=decimal(10,2)", "price", "decimal(10,2)", None);
        check("at=timestamp:%H:%M=%S", "at", "timestamp", Some("%H:%M=%S"));
        check("tags=list<text>", "tags", "list<text>", None);
        check("attributes=map<text, float>", "attributes", "map<text, float64>", None);
    }

    #[test]
    fn what_is_no_type_is_refused_by_name() {
        for text in
            ["a", "=int", "a=", "a=decimal(39,2)", "a=decimal(2,3)", "a=list<text", "a=inte"]
        {
            assert!(text.parse::<FieldType>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_tab_has_a_name_for_a_shell_can_hardly_write_it() {
        assert_eq!(Character::from("tab").0, "\t");
        assert_eq!(Character::from("\\t").0, "\t");
        assert_eq!(Character::from(";").0, ";");
    }

    #[test]
    fn an_identity_ends_in_a_whole_number() {
        let identity = Identity { name: "a:b".to_owned(), version: 7 };
        assert_eq!("a:b:7".parse(), Ok(identity));
        assert!("a".parse::<Identity>().is_err());
        assert!(":7".parse::<Identity>().is_err());
        assert!("a:b".parse::<Identity>().is_err());
    }
}
