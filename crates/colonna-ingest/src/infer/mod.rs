//! From what was seen to a shape.

use std::sync::Arc;

use crate::RecordShape;

/// How a shape is found.
#[derive(Clone, Debug, Default)]
pub struct InferOptions {}

/// What was seen of every field.
#[derive(Clone, Debug)]
pub struct Evidence {
    records: u64,
}

impl Evidence {
    /// Nothing seen yet.
    pub fn new(_options: &InferOptions) -> Self {
        Self { records: 0 }
    }
    /// Nothing seen yet, under the same options.
    pub fn fresh(&self) -> Self {
        Self { records: 0 }
    }
    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }
    /// Adds what was seen in records that stand later.
    pub fn merge(&mut self, later: Self) {
        self.records += later.records;
    }
    /// The source that the next records come from. Call it at the start of each chunk.
    pub fn begin_source(&mut self, _name: &Arc<str>) {}
    /// The index of the field of that name, for the records of this evidence only.
    pub fn text_field(&mut self, _name: &str) -> usize {
        0
    }
    /// Sees the text of a field. A text that is not quoted and empty is a null.
    pub fn observe_text(&mut self, _index: usize, _text: &str, _quoted: bool, _line: u64) {}
    /// Ends a record of texts.
    pub fn finish_text_record(&mut self) {
        self.records += 1;
    }
    /// A record has values that no column takes: there will be a residual column.
    pub fn observe_surplus(&mut self) {}
}

/// A shape, and why it is so.
#[derive(Clone, Debug)]
pub struct Inferred {
    /// The shape.
    pub shape: RecordShape,
}

/// Decides the shape that holds everything that was seen.
pub fn infer(_evidence: &Evidence, _options: &InferOptions) -> Inferred {
    Inferred { shape: RecordShape::default() }
}
