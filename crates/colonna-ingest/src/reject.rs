//! A record that could not be read.

use std::sync::Arc;

use crate::Position;

/// A record that is kept apart, with all it takes to mend it and load it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The name of the source.
    pub source: Arc<str>,
    /// Where the record starts.
    pub position: Position,
    /// The field that does not fit, where it is one field.
    pub field: Option<String>,
    /// Why it cannot be read, in one line.
    pub reason: String,
    /// The record as it stands in the decoded source.
    pub raw: Vec<u8>,
}
