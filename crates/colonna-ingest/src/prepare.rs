//! One source, with its format decided.

use std::io::Read;
use std::sync::Arc;

use crate::decode::{self, Decode, Decoded, Observed};
use crate::{Chunk, Evidence, FormatName, IngestError, Position, ReadOptions, RecordShape, Source};

/// How much of a source decides its format.
const HEAD_BYTE_LEN: usize = 1 << 20;

/// One source that is ready to be read, as often as it takes.
#[derive(Debug)]
pub struct Prepared {
    source: Source,
    decoder: Box<dyn Decode>,
}

impl Prepared {
    /// Decides the format of a source: by the options (a regular expression is for lines of text), by
    /// the ending of its name, or by its first bytes.
    ///
    /// # Errors
    ///
    /// Where the source cannot be read or the options do not suit it.
    pub fn try_new(source: Source, options: &ReadOptions) -> Result<Self, IngestError> {
        let head = head_of(&source)?;
        if let (None, Some(found)) = (options.format, no_text(&head)) {
            return Err(IngestError::NotText { name: Arc::clone(source.name()), found });
        }
        let by_regex = options.text.regex.as_ref().map(|_| FormatName::Text);
        let given = options.format.or(by_regex);
        let format = match given.or_else(|| named_format(source.name())) {
            Some(format) => format,
            None if decode::json::looks_like_json(&head) => FormatName::Json,
            None if decode::text::looks_like_log(&head, &options.text) => FormatName::Text,
            None => FormatName::Csv,
        };
        let decoder: Box<dyn Decode> = match format {
            FormatName::Json => Box::new(decode::json::JsonDecoder::new(&head, options)),
            FormatName::Csv => Box::new(decode::csv::CsvDecoder::try_new(&source, &head, options)?),
            FormatName::Text => {
                Box::new(decode::text::TextDecoder::try_new(&source, &head, options)?)
            }
        };
        Ok(Self { source, decoder })
    }

    /// The source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Its format in words, such as `NDJSON` or `CSV, delimiter ';', header, gzip, windows-1252`.
    pub fn description(&self) -> String {
        let format = self.decoder.description();
        match self.source.description() {
            source if source.is_empty() => format,
            source => format!("{format}, {source}"),
        }
    }

    /// What of the source is passed over, because it was taken for something that is no record, such
    /// as `3 lines before the records passed over`.
    pub fn passed_over(&self) -> Vec<String> {
        self.decoder.passed_over()
    }

    /// The source in pieces of whole records, in memory that does not grow with it.
    ///
    /// # Errors
    ///
    /// Where the source cannot be opened; and each piece may fail to be read.
    pub fn chunks(
        &self,
    ) -> Result<Box<dyn Iterator<Item = Result<Chunk, IngestError>> + Send>, IngestError> {
        self.decoder.chunks(&self.source)
    }

    /// Some of the records that lie around a byte of the source: about `len` bytes of them, and none
    /// where records of this source can only be found by reading it from its start, or where there
    /// is no whole one. Their lines are not known.
    ///
    /// # Errors
    ///
    /// Where the source cannot be read.
    pub fn sample(&self, byte_offset: u64, len: usize) -> Result<Option<Chunk>, IngestError> {
        if byte_offset == 0 {
            return self.chunks()?.next().transpose();
        }
        if !self.is_seekable() {
            return Ok(None);
        }
        let Some(mut bytes) = self.source.text_at(byte_offset, len)? else { return Ok(None) };
        let newlines = (memchr::memchr(b'\n', &bytes), memchr::memrchr(b'\n', &bytes));
        let (Some(first), Some(last)) = newlines else { return Ok(None) };
        bytes.truncate(last + 1);
        drop(bytes.drain(..=first));
        let byte_offset = byte_offset + crate::chunk::count(first + 1);
        let start = Position { line: 0, byte_offset };
        let chunk = Chunk { bytes, start, has_records_before: true, ..Chunk::default() };
        Ok((!chunk.bytes.is_empty()).then_some(chunk))
    }

    /// Whether records can be found from any place of the source on.
    pub fn is_seekable(&self) -> bool {
        self.decoder.has_a_record_on_each_line() && self.source.is_plain()
    }

    /// Adds what the values of a chunk are to the evidence.
    ///
    /// # Errors
    ///
    /// Where the chunk is not of this source.
    pub fn observe(&self, chunk: &Chunk, evidence: &mut Evidence) -> Result<Observed, IngestError> {
        if evidence.is_empty() {
            return self.decoder.observe(&self.source, chunk, evidence);
        }
        // A chunk at a time, so that the limit of columns bounds what is kept between chunks.
        let mut later = evidence.fresh();
        let observed = self.decoder.observe(&self.source, chunk, &mut later)?;
        evidence.merge(later);
        Ok(observed)
    }

    /// The rows of a chunk under a shape.
    ///
    /// # Errors
    ///
    /// Where the columns do not hold together, which no input brings about.
    pub fn decode(&self, chunk: &Chunk, shape: &Arc<RecordShape>) -> Result<Decoded, IngestError> {
        self.decoder.decode(&self.source, chunk, shape)
    }
}

/// What the bytes are, where they are certainly no text: a Parquet file, or one byte in fifty is NUL.
fn no_text(head: &[u8]) -> Option<&'static str> {
    let nuls = memchr::memchr_iter(0, head).count();
    if head.starts_with(b"PAR1") {
        Some("a Parquet file")
    } else if nuls > 8 && nuls > head.len() / 50 {
        Some("a binary file")
    } else {
        None
    }
}

/// What the ending of a name promises, without that of a compression. A broken JSON file is broken
/// JSON then, and no CSV of one column.
fn named_format(name: &str) -> Option<FormatName> {
    let mut parts = name.rsplit('.').map(str::to_ascii_lowercase);
    let last = parts.next()?;
    let ending = match last.as_str() {
        "gz" | "zst" | "zstd" | "bz2" | "xz" => parts.next()?,
        _ => last,
    };
    match ending.as_str() {
        "json" | "ndjson" | "jsonl" | "geojson" => Some(FormatName::Json),
        "csv" | "tsv" | "psv" => Some(FormatName::Csv),
        _ => None,
    }
}

fn head_of(source: &Source) -> Result<Vec<u8>, IngestError> {
    let mut head = Vec::new();
    let read = source.open()?.take(crate::chunk::count(HEAD_BYTE_LEN)).read_to_end(&mut head);
    read.map_err(|error| IngestError::ReadFailed {
        name: Arc::clone(source.name()),
        byte_offset: crate::chunk::count(head.len()),
        source: error,
    })?;
    Ok(head)
}
