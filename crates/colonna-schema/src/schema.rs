//! What a column is called and what it holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The type of a column.
///
/// Every column may hold nulls. Integers and floats of other widths, met in tables that other
/// programs wrote, are read into these.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    /// Nothing but nulls has been seen.
    Null,
    /// True or false.
    Boolean,
    /// A signed integer of 64 bits.
    Int64,
    /// An IEEE 754 double.
    Float64,
    /// An exact decimal number: `unscaled / 10^scale`, the unscaled integer in 128 bits.
    Decimal {
        /// The most digits a value may have, 38 at most.
        precision: u8,
        /// How many of them stand behind the decimal point.
        scale: u8,
    },
    /// UTF-8 text.
    Utf8,
    /// Bytes.
    Binary,
    /// Days since 1970-01-01.
    Date,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// Values of one type in an order.
    List(Box<DataType>),
    /// Named fields.
    Struct(Vec<Field>),
    /// Keys that are data, each with a value. Keys are text in the tables colonna writes.
    Map(Box<DataType>, Box<DataType>),
}

impl DataType {
    /// Whether arithmetic works on it.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Self::Int64 | Self::Float64 | Self::Decimal { .. })
    }

    /// Whether it is a date or a timestamp.
    pub fn is_temporal(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }

    /// Whether it has parts: a list, a struct or a map.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::List(_) | Self::Struct(_) | Self::Map(..))
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean => formatter.write_str("boolean"),
            Self::Int64 => formatter.write_str("int64"),
            Self::Float64 => formatter.write_str("float64"),
            Self::Decimal { precision, scale } => write!(formatter, "decimal({precision},{scale})"),
            Self::Utf8 => formatter.write_str("text"),
            Self::Binary => formatter.write_str("binary"),
            Self::Date => formatter.write_str("date"),
            Self::Timestamp => formatter.write_str("timestamp"),
            Self::List(element) => write!(formatter, "list<{element}>"),
            Self::Map(key, value) => write!(formatter, "map<{key}, {value}>"),
            Self::Struct(fields) => {
                formatter.write_str("struct<")?;
                for (index, field) in fields.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(formatter, "{separator}{}: {}", field.name, field.data_type)?;
                }
                formatter.write_str(">")
            }
        }
    }
}

/// A column's name and type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// The name, as the input wrote it.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub data_type: DataType,
}

impl Field {
    /// A field of that name and type.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type }
    }
}

/// The columns of a table, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schema {
    /// The columns, in their order.
    pub fields: Vec<Field>,
}

impl Schema {
    /// A schema of these columns.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields }
    }

    /// The position of the column of exactly that name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The type at a path: a column's name, then names of struct fields.
    pub fn type_of<S: AsRef<str>>(&self, path: &[S]) -> Option<&DataType> {
        let (first, rest) = path.split_first()?;
        let mut found = &self.fields[self.index_of(first.as_ref())?].data_type;
        for name in rest {
            let DataType::Struct(fields) = found else { return None };
            found = &fields.iter().find(|field| field.name == name.as_ref())?.data_type;
        }
        Some(found)
    }

    /// How many paths lead to a value that is no struct.
    pub fn leaf_count(&self) -> usize {
        fn count(fields: &[Field]) -> usize {
            let leaves = fields.iter().map(|field| match &field.data_type {
                DataType::Struct(children) => count(children),
                _ => 1,
            });
            leaves.sum()
        }
        count(&self.fields)
    }

    /// Every path that leads to a value that is no struct, depth first, with its type.
    pub fn leaves(&self) -> Vec<(Vec<String>, &DataType)> {
        fn walk<'a>(
            prefix: &[String],
            fields: &'a [Field],
            leaves: &mut Vec<(Vec<String>, &'a DataType)>,
        ) {
            for field in fields {
                let mut path = prefix.to_vec();
                path.push(field.name.clone());
                match &field.data_type {
                    DataType::Struct(children) => walk(&path, children, leaves),
                    leaf => leaves.push((path, leaf)),
                }
            }
        }
        let mut leaves = Vec::new();
        walk(&[], &self.fields, &mut leaves);
        leaves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_listed_depth_first_with_their_paths() {
        let schema = Schema::new(vec![
            Field::new("id", DataType::Int64),
            Field::new(
                "user",
                DataType::Struct(vec![
                    Field::new("name", DataType::Utf8),
                    Field::new("tags", DataType::List(Box::new(DataType::Utf8))),
                ]),
            ),
        ]);
        let paths: Vec<String> = schema
            .leaves()
            .into_iter()
            .map(|(path, kind)| format!("{}: {kind}", path.join("/")))
            .collect();
        assert_eq!(schema.leaf_count(), paths.len());
        assert_eq!(paths, ["id: int64", "user/name: text", "user/tags: list<text>"]);
    }

    #[test]
    fn a_schema_survives_its_file() {
        let schema = Schema::new(vec![Field::new(
            "price",
            DataType::Map(
                Box::new(DataType::Utf8),
                Box::new(DataType::Decimal { precision: 10, scale: 2 }),
            ),
        )]);
        let text = serde_json::to_string(&schema).unwrap();
        assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), schema);
    }
}
