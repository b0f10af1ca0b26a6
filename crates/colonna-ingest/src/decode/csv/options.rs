//! How CSV is read.

use std::fmt;
use std::str::FromStr;

use crate::IngestError;

/// How CSV is read. Whatever is not given is found out by the content of each source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// What stands between fields: one character, or several as in `||`. Empty for one field a line.
    pub delimiter: Option<String>,
    /// What stands around fields.
    pub quote: Mark,
    /// What makes the character behind it a plain one. Without one, a quote in a quoted field is
    /// doubled. With one and without quotes, it also goes before delimiters.
    pub escape: Mark,
    /// What a line starts with that is no record.
    pub comment: Mark,
    /// Whether the first record holds the names.
    pub header: Option<bool>,
    /// How many lines stand before the header or the first record.
    pub skip_lines: Option<u64>,
    /// The names of the fields, in place of a header.
    pub names: Option<Vec<String>>,
}

/// A character with a meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Found out by the content.
    #[default]
    Auto,
    /// No character has that meaning.
    None,
    /// This one, which is ASCII.
    Byte(u8),
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::None => formatter.write_str("none"),
            Self::Byte(byte) => write!(formatter, "{}", byte.escape_ascii()),
        }
    }
}

/// `auto`, `none` (or nothing), or the character.
impl FromStr for Mark {
    type Err = IngestError;

    fn from_str(text: &str) -> Result<Self, IngestError> {
        match (text, text.as_bytes()) {
            ("auto", _) => Ok(Self::Auto),
            ("none" | "", _) => Ok(Self::None),
            (_, [byte]) if !matches!(byte, b'\r' | b'\n') => Ok(Self::Byte(*byte)),
            _ => Err(IngestError::UnknownName {
                what: "character",
                name: text.to_owned(),
                expected: "one ASCII character, none or auto",
            }),
        }
    }
}

impl CsvOptions {
    /// Whether the options hold together.
    pub(super) fn check(&self) -> Result<(), IngestError> {
        let invalid = |option, value: String, reason: &str| {
            Err(IngestError::InvalidOption { option, value, reason: reason.to_owned() })
        };
        if let Some(delimiter) = &self.delimiter {
            if delimiter.contains(['\r', '\n']) {
                return invalid("delimiter", delimiter.clone(), "a line end delimits records");
            }
            let marks = [self.quote, self.escape];
            if marks.iter().any(|mark| match mark {
                Mark::Byte(byte) => delimiter.as_bytes().contains(byte),
                Mark::Auto | Mark::None => false,
            }) {
                return invalid("delimiter", delimiter.clone(), "is a quote or an escape as well");
            }
        }
        if let (Some(names), Some(true)) = (&self.names, self.header) {
            return invalid(
                "names",
                names.join(","),
                "are given, and so is a header: skip its line",
            );
        }
        Ok(())
    }
}
