//! How sources are read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use crate::decode::{CsvOptions, JsonOptions, Mark, TextOptions, Unwrap};
use crate::{IngestError, SourceOptions};

/// What a source holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatName {
    /// JSON values, one to a line or in any other arrangement.
    Json,
    /// Fields between delimiters.
    Csv,
    /// Lines of text.
    Text,
}

impl fmt::Display for FormatName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Text => "text",
        })
    }
}

impl FromStr for FormatName {
    type Err = IngestError;

    fn from_str(name: &str) -> Result<Self, IngestError> {
        match name {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "text" => Ok(Self::Text),
            _ => Err(IngestError::UnknownName {
                what: "format",
                name: name.to_owned(),
                expected: "json, csv or text",
            }),
        }
    }
}

/// How far a single record may go before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one record; a longer one is an error that names this limit.
    pub record_byte_len: usize,
    /// How deeply lists and objects may lie in one another; a deeper record is rejected.
    /// Past 1024, only where each record is a line.
    pub depth: usize,
    /// The most bytes of a key; a record with a longer one is rejected.
    pub key_byte_len: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_byte_len: 64 << 20, depth: 128, key_byte_len: 64 << 10 }
    }
}

/// How sources are read. The default finds out by itself.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// What the sources hold; found out from their bytes unless given.
    pub format: Option<FormatName>,
    /// For JSON.
    pub json: JsonOptions,
    /// For CSV.
    pub csv: CsvOptions,
    /// For lines of text.
    pub text: TextOptions,
    /// For opening them.
    pub source: SourceOptions,
    /// How far a record may go.
    pub limits: Limits,
    /// About how many bytes of text a chunk has.
    pub chunk_byte_len: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            json: JsonOptions::default(),
            csv: CsvOptions::default(),
            text: TextOptions::default(),
            source: SourceOptions::default(),
            limits: Limits::default(),
            chunk_byte_len: 1 << 20,
        }
    }
}
