//! Lines of text. (Frame; the helper "csv" owns this file.)

use std::sync::Arc;

use super::{Chunks, Decode, Decoded, Observed};
use crate::{Chunk, Evidence, IngestError, ReadOptions, RecordShape, Source};

/// How lines of text are read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TextOptions {}

#[derive(Debug)]
pub(crate) struct TextDecoder {}

impl TextDecoder {
    pub(crate) fn try_new(
        _source: &Source,
        _head: &[u8],
        _options: &ReadOptions,
    ) -> Result<Self, IngestError> {
        Ok(Self {})
    }
}

impl Decode for TextDecoder {
    fn description(&self) -> String {
        "text".to_owned()
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

/// Whether the source is a log that is known by its form.
pub(crate) fn looks_like_log(_head: &[u8], _options: &TextOptions) -> bool {
    false
}
