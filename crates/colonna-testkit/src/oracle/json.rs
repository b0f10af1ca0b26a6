//! Parts of JSON in texts, found by JSON pointers.

use colonna_schema::{Function, Scalar};
use serde_json::Value;

use super::{Outcome, fails, not_covered};

/// A function of a text and of a path or a position.
pub(super) fn of_json(function: Function, arguments: &[Scalar]) -> Outcome<Scalar> {
    let Some((Scalar::Utf8(text), path)) = arguments.split_first() else {
        return not_covered("JSON that is no text");
    };
    let parsed: Result<Value, _> = serde_json::from_str(text);
    if function == Function::JsonValid {
        return Ok(parsed.is_ok().into());
    }
    let Ok(value) = parsed else { return fails("no JSON") };
    let pointer = match path {
        [Scalar::Int64(index @ 0..)] if value.is_array() => format!("/{index}"),
        [Scalar::Int64(0..)] => return Ok(Scalar::Null),
        [Scalar::Utf8(path)] => pointer_of(path)?,
        _ => return not_covered("such a path"),
    };
    Ok(match value.pointer(&pointer) {
        None => Scalar::Null,
        Some(Value::Null) if function == Function::JsonExtractText => Scalar::Null,
        Some(Value::String(text)) if function == Function::JsonExtractText => text.as_str().into(),
        Some(part) => part.to_string().into(),
    })
}

/// `/a/0` for `$.a[0]` and for itself, `/a` for `a`.
fn pointer_of(path: &str) -> Outcome<String> {
    if path.contains(['"', '-', '#', '*', '~']) {
        return not_covered("a path of other signs");
    }
    Ok(match path.strip_prefix('$') {
        Some(steps) => steps.replace(']', "").replace(['.', '['], "/"),
        None if path.starts_with('/') || path.is_empty() => path.to_owned(),
        None => format!("/{path}"),
    })
}
