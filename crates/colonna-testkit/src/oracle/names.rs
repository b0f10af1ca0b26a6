//! Where the name of a column leads.

use colonna_schema::{ColumnPath, DataType, Field, Scalar, Schema};

use super::{Outcome, fails, not_covered};

/// One step from a value into it.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(usize),
    Key(String),
}

/// The way to a column, a struct field or a map entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    steps: Vec<Step>,
    pub(super) data_type: DataType,
}

impl Place {
    /// The value there in a row.
    pub(super) fn value(&self, row: &[Scalar]) -> Scalar {
        let mut steps = self.steps.iter();
        let Some(Step::Field(column)) = steps.next() else { return Scalar::Null };
        let mut value = row.get(*column).cloned().unwrap_or(Scalar::Null);
        for step in steps {
            value = match (step, value) {
                (Step::Field(index), Scalar::Struct(fields)) => {
                    fields.into_iter().nth(*index).map_or(Scalar::Null, |(_, value)| value)
                }
                (Step::Key(key), Scalar::Map(entries)) => entries
                    .into_iter()
                    .find(|(found, _)| *found == Scalar::from(key.as_str()))
                    .map_or(Scalar::Null, |(_, value)| value),
                _ => Scalar::Null,
            };
        }
        value
    }
}

/// The place of a name: the longest column name first, exact spelling before any case.
pub(super) fn resolve(schema: &Schema, path: &ColumnPath) -> Outcome<Place> {
    for exact in [true, false] {
        if let Some(place) = walk(&schema.fields, &path.0, exact)? {
            return Ok(place);
        }
    }
    fails(format!("no column {path}"))
}

fn walk(fields: &[Field], parts: &[String], exact: bool) -> Outcome<Option<Place>> {
    for len in (1..=parts.len()).rev() {
        let (prefix, rest) = parts.split_at(len);
        let Some(index) = position(fields, &prefix.join("."), exact)? else { continue };
        let Some(field) = fields.get(index) else { continue };
        let mut steps = vec![Step::Field(index)];
        match &field.data_type {
            found if rest.is_empty() => {
                return Ok(Some(Place { steps, data_type: found.clone() }));
            }
            DataType::Struct(children) => {
                if let Some(inner) = walk(children, rest, exact)? {
                    steps.extend(inner.steps);
                    return Ok(Some(Place { steps, data_type: inner.data_type }));
                }
            }
            DataType::Map(key, value) if **key == DataType::Utf8 => {
                steps.push(Step::Key(rest.join(".")));
                return Ok(Some(Place { steps, data_type: (**value).clone() }));
            }
            _ => {}
        }
    }
    Ok(None)
}

fn position(fields: &[Field], name: &str, exact: bool) -> Outcome<Option<usize>> {
    if let Some(index) = fields.iter().position(|field| field.name == name) {
        return Ok(Some(index));
    }
    if exact {
        return Ok(None);
    }
    let alike = |field: &Field| field.name.to_lowercase() == name.to_lowercase();
    let mut found = (0..fields.len()).filter(|index| fields.get(*index).is_some_and(alike));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => not_covered(format!("the ambiguous name {name:?}")),
        (only, _) => Ok(only),
    }
}
