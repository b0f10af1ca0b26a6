//! What stops the reading of a source. A record that cannot be read does not: it becomes a
//! [`Rejection`](crate::Rejection).

use std::path::PathBuf;
use std::sync::Arc;

use colonna_column::ColumnError;
use thiserror::Error;

/// A source cannot be read, or the options do not hold together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IngestError {
    /// A pattern or path leads to no file.
    #[error("{input}: no such file; check the path or the pattern")]
    NoSuchInput {
        /// What was given.
        input: String,
    },
    /// A folder is given that has no file in it.
    #[error("{input}: no file in this folder, names that start with . or _ aside; check the path")]
    EmptyFolder {
        /// What was given.
        input: String,
    },
    /// A path exists that cannot be read.
    #[error("{path}: cannot read", path = path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Reading a source failed.
    #[error("{name}: reading failed at byte {byte_offset} of its text")]
    ReadFailed {
        /// The source.
        name: Arc<str>,
        /// How much of its text had been read.
        byte_offset: u64,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What was given is no text.
    #[error(
        "{name}: this is {found}, and not JSON, CSV or lines of text; leave it out, or give the format if it is"
    )]
    NotText {
        /// The source.
        name: Arc<str>,
        /// What it looks like.
        found: &'static str,
    },
    /// A record of CSV has more fields than are read.
    #[error("{name}:{line}: a record of more than {limit} fields; is the delimiter another one?")]
    TooManyFields {
        /// The source.
        name: Arc<str>,
        /// Where the record starts.
        line: u64,
        /// The most fields.
        limit: usize,
    },
    /// A record is too large.
    #[error(
        "{name}:{line}: a record is larger than {limit} bytes or never ends; raise --max-record if it is right"
    )]
    RecordTooLarge {
        /// The source.
        name: Arc<str>,
        /// Where the record starts.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// A document does not have what the pointer leads to.
    #[error("{name}:{line}: nothing stands at {pointer:?} in this document; correct the pointer")]
    PointerLeadsNowhere {
        /// The source.
        name: Arc<str>,
        /// Where the document starts.
        line: u64,
        /// The pointer.
        pointer: String,
    },
    /// A document is broken before the records in it are reached.
    #[error("{name}:{line}: {reason} before {pointer:?} is reached; mend the document")]
    BrokenDocument {
        /// The source.
        name: Arc<str>,
        /// Where it breaks.
        line: u64,
        /// The pointer.
        pointer: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A word is none of those known.
    #[error("unknown {what} {name:?}: use {expected}")]
    UnknownName {
        /// What kind of word it is.
        what: &'static str,
        /// The word.
        name: String,
        /// The words known.
        expected: &'static str,
    },
    /// An option does not hold together.
    #[error("{option} {value:?}: {reason}")]
    InvalidOption {
        /// The option.
        option: &'static str,
        /// What was given for it.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The path of a source does not fit the path pattern.
    #[error("{path}: does not fit the path pattern {pattern:?}; correct the pattern")]
    PathMismatch {
        /// The path.
        path: String,
        /// The pattern.
        pattern: String,
    },
    /// The parts of a batch do not hold together.
    #[error("columns do not hold together")]
    Columns {
        /// Why.
        #[from]
        source: ColumnError,
    },
}
