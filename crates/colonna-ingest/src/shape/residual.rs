//! What no column takes, as one JSON object for each record.

use crate::decode::json::quoted;

/// A value that is not in its column, or not wholly.
#[derive(Clone, Debug)]
pub(super) struct Unfit {
    /// The keys that lead to it, the innermost first.
    pub(super) reversed_path: Vec<String>,
    /// The value as JSON text.
    pub(super) json: String,
    /// Why it does not fit.
    pub(super) reason: String,
    /// The record is to be rejected for it.
    pub(super) is_rejected: bool,
}

impl Unfit {
    /// The keys that lead to it, with dots between them.
    pub(super) fn field(&self) -> String {
        let path: Vec<&str> = self.reversed_path.iter().rev().map(String::as_str).collect();
        path.join(".")
    }
}

/// The values as an object that is nested as the record is. A key may stand in it more than once, as
/// it did in the record.
pub(super) fn residual_json(unfit: &[Unfit]) -> String {
    let entries: Vec<&Unfit> = unfit.iter().collect();
    let mut json = String::new();
    write_level(&entries, 0, &mut json);
    json
}

fn write_level(entries: &[&Unfit], depth: usize, json: &mut String) {
    let key_at = |entry: &Unfit| {
        let from_behind = entry.reversed_path.len().checked_sub(depth + 1)?;
        entry.reversed_path.get(from_behind).cloned()
    };
    json.push('{');
    let mut rest = entries;
    while let Some((first, _)) = rest.split_first() {
        if rest.len() < entries.len() {
            json.push(',');
        }
        let key = key_at(first);
        let is_nested = first.reversed_path.len() > depth + 1;
        // Neighbours that lie inside of the same object are written as one.
        let same = rest.iter().take_while(|entry| {
            is_nested && key_at(entry) == key && entry.reversed_path.len() > depth + 1
        });
        let (group, behind) = rest.split_at_checked(same.count().max(1)).unwrap_or((rest, &[]));
        json.push_str(&quoted(&key.unwrap_or_default()));
        json.push(':');
        if is_nested {
            write_level(group, depth + 1, json);
        } else {
            json.push_str(&first.json);
        }
        rest = behind;
    }
    json.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_is_nested_as_it_was() {
        let unfit = |path: &[&str], json: &str| Unfit {
            reversed_path: path.iter().rev().map(|key| (*key).to_owned()).collect(),
            json: json.to_owned(),
            reason: String::new(),
            is_rejected: false,
        };
        let left = [
            unfit(&["a", "b", "c"], "1"),
            unfit(&["a", "d"], "\"x\""),
            unfit(&["e"], "[2]"),
            unfit(&["e"], "3"),
        ];
        assert_eq!(residual_json(&left), r#"{"a":{"b":{"c":1},"d":"x"},"e":[2],"e":3}"#);
    }
}
