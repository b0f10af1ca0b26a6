//! What the path of a source tells about its records.

use regex::Regex;

use super::Input;
use crate::IngestError;

/// A pattern over the end of a path, such as `{symbol}/{date}_*.csv`.
///
/// `{name}` takes the shortest text without `/` that lets the rest fit; `*` any text without `/`,
/// `**` any text, `?` one character but `/`. The pattern starts at the start of a folder's name and
/// goes to the end of the path.
#[derive(Clone, Debug)]
pub(super) struct PathPattern {
    text: String,
    names: Vec<String>,
    regex: Regex,
}

impl PathPattern {
    pub(super) fn try_new(text: &str) -> Result<Self, IngestError> {
        let invalid = |reason: String| IngestError::InvalidOption {
            option: "path pattern",
            value: text.to_owned(),
            reason,
        };
        let mut names = Vec::new();
        let mut regex = String::from("(?s)(?:^|/)");
        let mut rest = text.strip_prefix("./").unwrap_or(text);
        while let Some(character) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix('{') {
                let (name, after) = after
                    .split_once('}')
                    .ok_or_else(|| invalid("a brace is not closed".to_owned()))?;
                if name.is_empty() {
                    return Err(invalid("a name is empty".to_owned()));
                }
                names.push(name.to_owned());
                regex.push_str("([^/]+?)");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("**") {
                regex.push_str(".*");
                rest = after;
            } else {
                match character {
                    '*' => regex.push_str("[^/]*"),
                    '?' => regex.push_str("[^/]"),
                    _ => regex.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
                }
                rest = rest.get(character.len_utf8()..).unwrap_or_default();
            }
        }
        regex.push('$');
        if names.is_empty() {
            return Err(invalid("no field is named in braces".to_owned()));
        }
        let regex = Regex::new(&regex).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { text: text.to_owned(), names, regex })
    }

    /// The fields that the path of that input tells.
    pub(super) fn fields_of(&self, input: &Input) -> Result<Vec<(String, String)>, IngestError> {
        let name = input.name();
        let path = if cfg!(windows) { name.replace('\\', "/") } else { name };
        let captures = self.regex.captures(&path).ok_or_else(|| IngestError::PathMismatch {
            path: path.clone(),
            pattern: self.text.clone(),
        })?;
        let texts = captures.iter().skip(1).flatten().map(|found| found.as_str().to_owned());
        Ok(self.names.iter().cloned().zip(texts).collect())
    }
}
