//! A shape as a file that people read and edit.

use std::sync::Arc;

use colonna_schema::{Field, Schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{FieldShape, ObjectShape, Policy, Reading, RecordShape, ValueShape};
use crate::TimeFormat;
use crate::infer::{NumberStyle, RESIDUAL};

/// The columns of a table and where they come from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShapeFile {
    columns: Vec<ColumnFile>,
    /// Spellings of null in texts of CSV.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    nulls: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ColumnFile {
    name: String,
    /// The keys that lead to it in the input, where they are not its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    from: Vec<String>,
    #[serde(flatten)]
    value: ValueFile,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ValueFile {
    #[serde(rename = "type")]
    type_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<TimeFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    numbers: Option<NumberStyle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elements: Option<Box<ValueFile>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Box<ValueFile>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<ColumnFile>,
}

/// A schema file does not hold together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(super) enum ShapeFileError {
    #[error(
        "no type is called {name:?}: use boolean, int64, float64, decimal(p,s), text, binary, date, \
         timestamp, list, struct or map"
    )]
    UnknownType { name: String },
    #[error("a column of type {type_name} lacks its {part:?}")]
    MissingPart { type_name: &'static str, part: &'static str },
    #[error("two columns are called {name:?}; names must differ in more than case")]
    RepeatedName { name: String },
}

impl From<RecordShape> for ShapeFile {
    fn from(shape: RecordShape) -> Self {
        let mut columns = Vec::new();
        collect_columns(&shape.root, &[], &mut columns);
        if let Some(slot) = shape.residual {
            let value = value_file(&ValueShape::TEXT);
            columns.push((slot, ColumnFile { name: RESIDUAL.to_owned(), from: Vec::new(), value }));
        }
        // A column that only a table has comes from the field of its own name.
        for (slot, field) in shape.schema.fields.iter().enumerate() {
            if !columns.iter().any(|(known, _)| *known == slot) {
                let value = crate::infer::given_shape(&field.data_type, None, Policy::Reject);
                let value = value_file(&value);
                columns
                    .push((slot, ColumnFile { name: field.name.clone(), from: Vec::new(), value }));
            }
        }
        columns.sort_by_key(|(slot, _)| *slot);
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        Self { columns, nulls: shape.nulls.to_vec() }
    }
}

/// The columns of the record with their slots, those of flattened structs among them.
fn collect_columns(object: &ObjectShape, path: &[String], columns: &mut Vec<(usize, ColumnFile)>) {
    for field in &object.fields {
        let mut path = path.to_vec();
        path.push(field.key.to_string());
        match &field.value {
            ValueShape::Flat(nested) => collect_columns(nested, &path, columns),
            _ => columns.push((field.slot, column_file(field, path))),
        }
    }
}

fn column_file(field: &FieldShape, path: Vec<String>) -> ColumnFile {
    let is_own_name = path.len() == 1 && path.first() == Some(&field.name);
    let from = if is_own_name { Vec::new() } else { path };
    ColumnFile { name: field.name.clone(), from, value: value_file(&field.value) }
}

fn value_file(value: &ValueShape) -> ValueFile {
    let mut file = ValueFile { type_name: value.data_type().to_string(), ..ValueFile::default() };
    match value {
        ValueShape::Date(format) | ValueShape::Timestamp { format, .. } => {
            file.format = Some(format.clone());
        }
        ValueShape::Int64(reading) | ValueShape::Float64(reading) => {
            file.numbers = Some(reading.style).filter(|style| *style != NumberStyle::Plain);
        }
        ValueShape::List(element) => {
            "list".clone_into(&mut file.type_name);
            file.elements = Some(Box::new(value_file(element)));
        }
        ValueShape::Map(values) => {
            "map".clone_into(&mut file.type_name);
            file.values = Some(Box::new(value_file(values)));
        }
        ValueShape::Struct(object) | ValueShape::Flat(object) => {
            "struct".clone_into(&mut file.type_name);
            let mut fields: Vec<&FieldShape> = object.fields.iter().collect();
            fields.sort_by_key(|field| field.slot);
            let fields = fields.into_iter();
            file.fields =
                fields.map(|field| column_file(field, vec![field.key.to_string()])).collect();
        }
        _ => {}
    }
    file
}

impl TryFrom<ShapeFile> for RecordShape {
    type Error = ShapeFileError;

    fn try_from(file: ShapeFile) -> Result<Self, ShapeFileError> {
        check_names(&file.columns)?;
        let mut columns = Vec::new();
        let mut fields = Vec::new();
        let mut residual = None;
        for (slot, column) in file.columns.iter().enumerate() {
            let value = value_shape(&column.value)?;
            columns.push(Field::new(&column.name, value.data_type()));
            if column.name == RESIDUAL {
                residual = Some(slot);
                continue;
            }
            let own = std::slice::from_ref(&column.name);
            let path = if column.from.is_empty() { own } else { &column.from };
            insert(&mut fields, path, column.name.clone(), slot, value);
        }
        let schema = Arc::new(Schema::new(columns));
        let (root, nulls) = (ObjectShape::new(fields), file.nulls.into());
        Ok(Self { is_settled: true, ..Self::new(schema, root, residual, nulls) })
    }
}

fn check_names(columns: &[ColumnFile]) -> Result<(), ShapeFileError> {
    let mut names = rustc_hash::FxHashSet::default();
    match columns.iter().find(|column| !names.insert(column.name.to_lowercase())) {
        Some(column) => Err(ShapeFileError::RepeatedName { name: column.name.clone() }),
        None => Ok(()),
    }
}

/// Puts a column under the keys that lead to it; those before the last are flattened structs.
fn insert(
    fields: &mut Vec<FieldShape>,
    path: &[String],
    name: String,
    slot: usize,
    value: ValueShape,
) {
    let Some((key, rest)) = path.split_first() else { return };
    let policy = Policy::Reject;
    let key = key.as_str().into();
    if rest.is_empty() {
        fields.push(FieldShape { key, name, slot, value, policy });
        return;
    }
    let known = fields.iter_mut().find(|field| field.key == key);
    if let Some(FieldShape { value: ValueShape::Flat(object), .. }) = known {
        insert(&mut object.fields, rest, name, slot, value);
        *object = ObjectShape::new(std::mem::take(&mut object.fields));
        return;
    }
    let mut nested = Vec::new();
    insert(&mut nested, rest, name, slot, value);
    let value = ValueShape::Flat(ObjectShape::new(nested));
    fields.push(FieldShape { key, name: String::new(), slot: 0, value, policy });
}

fn value_shape(file: &ValueFile) -> Result<ValueShape, ShapeFileError> {
    let reading =
        || Reading { style: file.numbers.unwrap_or_default(), times: None, is_open: false };
    let format = || file.format.clone().unwrap_or(TimeFormat::Iso8601);
    let part = |part: &Option<Box<ValueFile>>, type_name, name| match part {
        Some(part) => Ok(Box::new(value_shape(part)?)),
        None => Err(ShapeFileError::MissingPart { type_name, part: name }),
    };
    Ok(match file.type_name.as_str() {
        "boolean" => ValueShape::Boolean,
        "int64" => ValueShape::Int64(reading()),
        "float64" => ValueShape::Float64(reading()),
        "text" => ValueShape::TEXT,
        "binary" => ValueShape::Binary,
        "date" => ValueShape::Date(format()),
        "timestamp" => ValueShape::Timestamp { format: format(), may_cut: true },
        "list" => ValueShape::List(part(&file.elements, "list", "elements")?),
        "map" => ValueShape::Map(part(&file.values, "map", "values")?),
        "struct" => {
            check_names(&file.fields)?;
            let mut fields = Vec::new();
            for (slot, column) in file.fields.iter().enumerate() {
                let key = column.from.last().unwrap_or(&column.name).as_str().into();
                let (name, value) = (column.name.clone(), value_shape(&column.value)?);
                fields.push(FieldShape { key, name, slot, value, policy: Policy::Reject });
            }
            ValueShape::Struct(ObjectShape::new(fields))
        }
        name => decimal_shape(name)
            .ok_or_else(|| ShapeFileError::UnknownType { name: name.to_owned() })?,
    })
}

/// The shape called `decimal(10,2)`.
fn decimal_shape(name: &str) -> Option<ValueShape> {
    let digits = name.strip_prefix("decimal(")?.strip_suffix(')')?;
    let (precision, scale) = digits.split_once(',')?;
    let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    (precision <= 38 && scale <= precision).then_some(ValueShape::Decimal { precision, scale })
}
