//! Parts of JSON that stands in texts, as in the column `_residual`.
//!
//! Of keys that stand in an object again the last one counts, as it does where JSON is loaded.

use std::sync::Arc;

use colonna_column::{Bitmap, Column, Strings, Values};
use colonna_schema::{DataType, Function, Scalar};
use serde_json::Value;

use super::frame::Site;
use super::logic::boolean;
use super::operand::{Side, Texts, all_valid, integers, is_valid};
use crate::ExecError;

/// So much of a text is shown that is no JSON.
const SHOWN_CHARS: usize = 60;

/// How a path is written.
pub(crate) const PATHS: &str = "a name, $.name.\"other name\"[0], or /name/0";

/// One step on the way to a part.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// To the member of that key.
    Key(String),
    /// To an element, counted from zero, from the end where negative.
    Index(i64),
    /// To whatever there is by that name.
    Either(String),
}

/// A function of JSON.
pub(super) fn call(
    site: &Site<'_>,
    function: Function,
    operands: &[&Column],
) -> Result<Column, ExecError> {
    let Some((first, rest)) = operands.split_first() else {
        return Ok(Column::nulls(site.expr.data_type.clone(), 0));
    };
    let (len, texts, validity) = (first.len(), Texts::of(first), all_valid(operands));
    if function == Function::JsonValid {
        let is_json = |row| serde_json::from_str::<Value>(texts.text(row)).is_ok();
        let bits = Bitmap::from_fn(len, |row| is_valid(validity.as_ref(), row) && is_json(row));
        return Ok(boolean(bits, validity));
    }
    let ways = rest.first().map(|way| Ways::of(site, way)).transpose()?;
    let mut found = Strings::with_capacity(len, len * 8);
    let mut is_found = Bitmap::new();
    for row in 0..len {
        let part = match &ways {
            Some(ways) if is_valid(validity.as_ref(), row) => {
                let value = parsed(site, texts.text(row))?;
                let part = ways.of_row(site, row, |steps| part_at(&value, steps).cloned())?;
                part.and_then(|part| written(function, part))
            }
            _ => None,
        };
        is_found.push(part.is_some());
        found.push(part.unwrap_or_default());
    }
    Ok(Column::try_new(DataType::Utf8, len, Values::Strings(Arc::new(found)), Some(is_found))?)
}

/// The ways to a part: one for all rows, or one for each.
enum Ways<'a> {
    One(Vec<Step>),
    Paths(Texts<'a>),
    Indices(Side<'a, i64>),
}

impl<'a> Ways<'a> {
    fn of(site: &Site<'_>, way: &'a Column) -> Result<Self, ExecError> {
        if *way.data_type() == DataType::Int64 {
            return Ok(Self::Indices(integers(way)));
        }
        let paths = Texts::of(way);
        match paths.constant() {
            Some(path) => steps_of(path).map(Self::One).ok_or_else(|| no_path(site, path)),
            None => Ok(Self::Paths(paths)),
        }
    }

    fn of_row<T>(
        &self,
        site: &Site<'_>,
        row: usize,
        walk: impl FnOnce(&[Step]) -> Option<T>,
    ) -> Result<Option<T>, ExecError> {
        Ok(match self {
            Self::One(steps) => walk(steps),
            Self::Indices(indices) => walk(&[Step::Index(indices.get(row))]),
            Self::Paths(paths) => {
                let path = paths.text(row);
                walk(&steps_of(path).ok_or_else(|| no_path(site, path))?)
            }
        })
    }
}

fn no_path(site: &Site<'_>, path: &str) -> ExecError {
    ExecError::InvalidArgument {
        expression: site.expression(),
        argument: "a path",
        value: format!("{path:?}"),
        expected: PATHS,
    }
}

/// Whether a literal is a path into JSON.
pub(crate) fn is_path(literal: &Scalar) -> bool {
    match literal {
        Scalar::Utf8(path) => steps_of(path).is_some(),
        _ => true,
    }
}

/// The steps that a path names: `$.a."b c"[0]`, `/a/0`, or the name of a member.
fn steps_of(path: &str) -> Option<Vec<Step>> {
    if let Some(steps) = path.strip_prefix('$') {
        return dotted_steps(steps);
    }
    if let Some(names) = path.strip_prefix('/') {
        let unescaped = |name: &str| Step::Either(name.replace("~1", "/").replace("~0", "~"));
        return Some(names.split('/').map(unescaped).collect());
    }
    Some(if path.is_empty() { Vec::new() } else { vec![Step::Key(path.to_owned())] })
}

fn dotted_steps(mut rest: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, behind) = if let Some(quoted) = rest.strip_prefix(".\"") {
            let (key, behind) = quoted.split_once('"')?;
            (Step::Key(key.to_owned()), behind)
        } else if let Some(name) = rest.strip_prefix('.') {
            let (key, behind) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
            // A star would be many parts.
            if key.is_empty() || key == "*" {
                return None;
            }
            (Step::Key(key.to_owned()), behind)
        } else {
            let (index, behind) = rest.strip_prefix('[')?.split_once(']')?;
            let index = match index.strip_prefix('#') {
                Some(from_end) => from_end.parse().ok().filter(|index| *index < 0)?,
                None => index.parse().ok()?,
            };
            (Step::Index(index), behind)
        };
        steps.push(step);
        rest = behind;
    }
    Some(steps)
}

fn part_at<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match (step, value) {
        (Step::Key(key) | Step::Either(key), Value::Object(members)) => members.get(key),
        (Step::Index(index), Value::Array(elements)) => {
            let from_end = usize::try_from(index.unsigned_abs()).ok()?;
            let place = match index {
                0.. => from_end,
                _ => elements.len().checked_sub(from_end)?,
            };
            elements.get(place)
        }
        (Step::Either(name), Value::Array(elements)) => elements.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// A part as JSON; where a text is asked for, a string without its quotes, and null as null.
fn written(function: Function, part: Value) -> Option<String> {
    match part {
        Value::String(text) if function == Function::JsonExtractText => Some(text),
        Value::Null if function == Function::JsonExtractText => None,
        part => Some(part.to_string()),
    }
}

fn parsed(site: &Site<'_>, text: &str) -> Result<Value, ExecError> {
    serde_json::from_str(text).map_err(|source| ExecError::NotJson {
        expression: site.expression(),
        text: text.chars().take(SHOWN_CHARS).collect(),
        source,
    })
}
