//! The queries as they stand in `peers/queries.toml`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Outcome;

#[derive(Debug, Deserialize)]
struct File {
    query: Vec<Question>,
}

/// A query; what other engines are asked instead is not read.
#[derive(Debug, Deserialize)]
pub(crate) struct Question {
    pub(crate) id: String,
    pub(crate) class: String,
    pub(crate) sql: String,
}

impl Question {
    /// The table that it asks.
    pub(crate) fn table(&self) -> Option<&str> {
        let mut words = self.sql.split_whitespace();
        words.find(|word| *word == "FROM")?;
        words.next()
    }
}

/// All of a file, in their order.
pub(crate) fn questions(path: &Path) -> Outcome<Vec<Question>> {
    let file: File = toml::from_str(&fs::read_to_string(path)?)?;
    Ok(file.query)
}
