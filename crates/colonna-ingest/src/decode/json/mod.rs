//! JSON.

mod options;

use std::sync::Arc;

pub use self::options::{JsonOptions, Unwrap};
use super::{Chunks, Decode, Decoded, Observed};
use crate::{Chunk, Evidence, IngestError, ReadOptions, RecordShape, Source};

#[derive(Debug)]
pub(crate) struct JsonDecoder {}

impl JsonDecoder {
    pub(crate) fn new(_head: &[u8], _options: &ReadOptions) -> Self {
        Self {}
    }
}

/// Whether the source holds JSON.
pub(crate) fn looks_like_json(head: &[u8], _options: &JsonOptions) -> bool {
    matches!(head.trim_ascii_start().first(), Some(b'{' | b'['))
}

impl Decode for JsonDecoder {
    fn description(&self) -> String {
        "JSON".to_owned()
    }

    fn chunks(&self, _source: &Source) -> Result<Chunks, IngestError> {
        Ok(Box::new(std::iter::empty()))
    }

    fn observe(
        &self,
        _source: &Source,
        _chunk: &Chunk,
        _evidence: &mut Evidence,
    ) -> Result<Observed, IngestError> {
        Ok(Observed::default())
    }

    fn decode(
        &self,
        _source: &Source,
        _chunk: &Chunk,
        shape: &Arc<RecordShape>,
    ) -> Result<Decoded, IngestError> {
        let columns = crate::Shaper::new(shape).finish()?;
        Ok(Decoded { columns, rejections: Vec::new(), records: 0 })
    }
}
