//! Fields between delimiters. (Frame; the helper "csv" owns this folder.)

use std::sync::Arc;

use super::{Chunks, Decode, Decoded, Observed};
use crate::{Chunk, Evidence, IngestError, ReadOptions, RecordShape, Source};

/// How CSV is read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CsvOptions {}

#[derive(Debug)]
pub(crate) struct CsvDecoder {}

impl CsvDecoder {
    pub(crate) fn try_new(
        _source: &Source,
        _head: &[u8],
        _options: &ReadOptions,
    ) -> Result<Self, IngestError> {
        Ok(Self {})
    }
}

impl Decode for CsvDecoder {
    fn description(&self) -> String {
        "CSV".to_owned()
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
