//! The columns an expression reads, and how names lead to them.

use std::sync::Arc;

use colonna_schema::{DataType, Field, Function, Schema};

use super::{BoundExpr, BoundKind};
use crate::ExecError;

/// The columns a plan reads, in the order in which the scan must hand them over.
///
/// Invariant: every path leads to a column or struct field of the schema, and no two are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Slots {
    schema: Arc<Schema>,
    paths: Vec<Vec<String>>,
    types: Vec<DataType>,
}

impl Slots {
    /// No columns of that schema yet.
    pub fn new(schema: Arc<Schema>) -> Self {
        Self { schema, paths: Vec::new(), types: Vec::new() }
    }

    /// The schema that names are looked up in.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The path of each column: a column's name, then names of struct fields.
    pub fn paths(&self) -> &[Vec<String>] {
        &self.paths
    }

    /// The columns as they are handed over: each under its path joined by dots.
    pub fn slot_schema(&self) -> Schema {
        let fields = self.paths.iter().zip(&self.types);
        Schema::new(
            fields.map(|(path, data_type)| Field::new(path.join("."), data_type.clone())).collect(),
        )
    }

    /// The slot of the column at a path that the schema spells exactly so, added if it is new.
    pub(crate) fn slot_of(&mut self, path: Vec<String>, data_type: &DataType) -> usize {
        if let Some(slot) = self.paths.iter().position(|known| *known == path) {
            return slot;
        }
        self.paths.push(path);
        self.types.push(data_type.clone());
        self.paths.len() - 1
    }

    /// What the dotted name leads to: a column, a field of structs, or the value under a key of a
    /// map on the way.
    ///
    /// The longest name that equals a dotted prefix wins; a spelling that is exact throughout wins
    /// over one that differs in case.
    pub(crate) fn resolve(&mut self, parts: &[String]) -> Result<BoundExpr, ExecError> {
        let schema = Arc::clone(&self.schema);
        let split: Vec<String> =
            parts.iter().flat_map(|part| part.split('.')).map(str::to_owned).collect();
        for exact in [true, false] {
            for parts in [parts, &split] {
                let mut search = Search { exact, name: parts.join("."), path: Vec::new() };
                if let Some(found) = search.walk(&schema.fields, parts)? {
                    return Ok(self.bound(search.path, found));
                }
            }
        }
        let name = parts.join(".");
        let advice = advice(&schema, &name);
        Err(ExecError::UnknownColumn { name, advice })
    }

    fn bound(&mut self, path: Vec<String>, found: Found<'_>) -> BoundExpr {
        let kind = BoundKind::Slot(self.slot_of(path, found.data_type));
        let column = BoundExpr { kind, data_type: found.data_type.clone() };
        let (DataType::Map(_, value), Some(key)) = (found.data_type, found.key) else {
            return column;
        };
        let key = BoundExpr { kind: BoundKind::Literal(key.into()), data_type: DataType::Utf8 };
        let kind = BoundKind::Call { function: Function::ElementAt, arguments: vec![column, key] };
        BoundExpr { kind, data_type: (**value).clone() }
    }
}

/// Where a name led.
struct Found<'a> {
    data_type: &'a DataType,
    /// The rest of the name, where it stopped at a map.
    key: Option<String>,
}

struct Search {
    exact: bool,
    name: String,
    path: Vec<String>,
}

impl Search {
    fn walk<'a>(
        &mut self,
        fields: &'a [Field],
        parts: &[String],
    ) -> Result<Option<Found<'a>>, ExecError> {
        for split in (1..=parts.len()).rev() {
            let (prefix, rest) = parts.split_at(split);
            let Some(field) = self.field(fields, &prefix.join("."))? else { continue };
            self.path.push(field.name.clone());
            let found = match (&field.data_type, rest) {
                (data_type, []) => Some(Found { data_type, key: None }),
                (DataType::Struct(children), rest) => self.walk(children, rest)?,
                (data_type @ DataType::Map(key, _), rest) if **key == DataType::Utf8 => {
                    Some(Found { data_type, key: Some(rest.join(".")) })
                }
                _ => None,
            };
            if found.is_some() {
                return Ok(found);
            }
            self.path.pop();
        }
        Ok(None)
    }

    fn field<'a>(&self, fields: &'a [Field], name: &str) -> Result<Option<&'a Field>, ExecError> {
        if let Some(field) = fields.iter().find(|field| field.name == name) {
            return Ok(Some(field));
        }
        if self.exact {
            return Ok(None);
        }
        let name = name.to_lowercase();
        let matching: Vec<&Field> =
            fields.iter().filter(|field| field.name.to_lowercase() == name).collect();
        match matching.as_slice() {
            [] => Ok(None),
            [field] => Ok(Some(field)),
            several => Err(ExecError::AmbiguousColumn {
                name: self.name.clone(),
                candidates: several.iter().map(|field| format!("{:?}", field.name)).collect(),
            }),
        }
    }
}

/// The field of that name among the fields of a struct that is computed.
pub(super) fn field_of<'a>(fields: &'a [Field], name: &str) -> Result<&'a Field, ExecError> {
    let search = Search { exact: false, name: name.to_owned(), path: Vec::new() };
    search.field(fields, name)?.ok_or_else(|| {
        let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        ExecError::UnknownColumn { name: name.to_owned(), advice: near_names(&names, name) }
    })
}

/// How many names an error lists.
const NAMES_LISTED: usize = 3;

fn advice(schema: &Schema, name: &str) -> String {
    let mut names: Vec<String> =
        schema.leaves().into_iter().map(|(path, _)| path.join(".")).collect();
    names.extend(schema.fields.iter().map(|field| field.name.clone()));
    near_names(&names, name)
}

/// `did you mean ..`, or the names there are where none is near.
pub(crate) fn near_names(names: &[String], wanted: &str) -> String {
    let wanted = wanted.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(2);
    let mut near: Vec<(usize, &String)> = names
        .iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let last = lower.rsplit('.').next().unwrap_or_default();
            (edit_distance(&lower, &wanted).min(edit_distance(last, &wanted)), name)
        })
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort();
    near.dedup();
    let quoted: Vec<String> =
        near.iter().take(NAMES_LISTED).map(|(_, name)| format!("{name:?}")).collect();
    if !quoted.is_empty() {
        return format!("did you mean {}?", quoted.join(" or "));
    }
    let known: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
    let more = if names.len() > known.len() { ", .." } else { "" };
    format!("there are {}{more}", known.join(", "))
}

/// How many characters must be put in, left out or replaced to make one text of the other.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(line + 1);
        for (index, to) in right.iter().enumerate() {
            let replaced = row[index] + usize::from(from != *to);
            let best = replaced.min(row[index + 1] + 1).min(next[index] + 1);
            next.push(best);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Arc<Schema> {
        let user = vec![
            Field::new("country", DataType::Utf8),
            Field::new("Name", DataType::Utf8),
            Field::new("tags", DataType::Map(Box::new(DataType::Utf8), Box::new(DataType::Int64))),
        ];
        Arc::new(Schema::new(vec![
            Field::new("id", DataType::Struct(vec![Field::new("orig_h", DataType::Int64)])),
            Field::new("id.orig_h", DataType::Utf8),
            Field::new("status", DataType::Int64),
            Field::new("Code", DataType::Int64),
            Field::new("code", DataType::Utf8),
            Field::new("user", DataType::Struct(user)),
        ]))
    }

    #[track_caller]
    fn check(name: &str, expected: &str) {
        let mut slots = Slots::new(schema());
        let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
        let found = match slots.resolve(&parts) {
            Ok(bound) => format!("{} {}", slots.paths()[0].join("/"), bound.data_type),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn the_longest_column_name_wins_over_a_field() {
        check("id.orig_h", "id.orig_h text");
        check("user.country", "user/country text");
    }

    #[test]
    fn an_exact_name_wins_over_one_that_differs_in_case() {
        check("code", "code text");
        check("STATUS", "status int64");
        check("USER.name", "user/Name text");
        check("CODE", "column \"CODE\" could be \"Code\" or \"code\": write it exactly");
    }

    #[test]
    fn what_follows_a_map_is_a_key() {
        check("user.tags.a.b", "user/tags int64");
    }

    #[test]
    fn an_unknown_name_is_told_the_near_ones() {
        check("statuss", "no column \"statuss\"; did you mean \"status\"?");
        check("contry", "no column \"contry\"; did you mean \"user.country\"?");
        check(
            "something_else",
            "no column \"something_else\"; there are id.orig_h, id.orig_h, status, Code, code, \
             user.country, user.Name, user.tags, ..",
        );
    }
}
