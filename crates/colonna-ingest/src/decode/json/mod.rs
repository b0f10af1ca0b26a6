//! JSON, however its records are arranged.

mod detect;
mod frame;
mod options;
mod parse;
mod pointer;
mod scan;
#[cfg(test)]
mod tests;
mod unwrap;
mod value;

use std::sync::Arc;

pub(crate) use self::detect::looks_like_json;
use self::frame::{Framing, SpanChunks};
pub use self::options::{JsonOptions, Unwrap};
pub(crate) use self::parse::Parser;
use self::unwrap::Rewriter;
pub(crate) use self::unwrap::quoted;
pub use self::value::Value;
pub(crate) use self::value::{Kind, has_lone_surrogate};
use super::feed::Feed;
use super::lines::{LineChunks, lines};
use super::{Chunks, Decode, Decoded, Observed};
use crate::chunk::Span;
use crate::{
    Chunk, Evidence, IngestError, Limits, Position, ReadOptions, RecordShape, Rejection, Shaper,
    Source,
};

/// Reads the records of one JSON source.
#[derive(Debug)]
pub(crate) struct JsonDecoder {
    framing: Framing,
    options: JsonOptions,
    /// The names that records which are arrays get for their values.
    header: Option<Arc<[String]>>,
    limits: Limits,
    chunk_byte_len: usize,
}

impl JsonDecoder {
    pub(crate) fn new(head: &[u8], options: &ReadOptions) -> Self {
        let framing = detect::framing(head, &options.json);
        let header = options.json.array_header.then(|| header_of(head, &framing, &options.limits));
        Self {
            framing,
            options: options.json.clone(),
            header: header.flatten(),
            limits: options.limits,
            chunk_byte_len: options.chunk_byte_len,
        }
    }

    /// Calls `each` with the text, place and value of every record, which says why it is refused if
    /// it is. The rejections, with the records in all.
    fn for_each(
        &self,
        source: &Source,
        chunk: &Chunk,
        mut each: impl FnMut(Position, &Value<'_>) -> Result<(), Refusal>,
    ) -> (u64, Vec<Rejection>) {
        let whole = simdutf8::basic::from_utf8(&chunk.bytes).ok();
        let mut parser = Parser::new(&self.limits);
        let mut rewriter = Rewriter::new(self.options.unwrap, self.header.clone(), &self.limits);
        let (mut records, mut rejections) = (0, Vec::new());
        let mut place = Place::new(chunk);
        let skip_header = usize::from(self.header.is_some() && chunk.record_start == 0);
        for span in spans(chunk, &self.framing).skip(skip_header) {
            records += 1;
            let bytes = chunk.bytes.get(span.start..span.end).unwrap_or_default();
            let position = place.of(span.start);
            let refusal = match text_of(whole, bytes, span) {
                Ok(text) if span.is_misplaced => Err(misplaced(parser.parse(text).err())),
                Ok(text) if rewriter.is_needed() => {
                    rewriter.rewrite(text, |value| each(position, value))
                }
                Ok(text) => match parser.parse(text) {
                    Ok(value) if value.kind() == Kind::Object => each(position, &value),
                    Ok(_) => rewriter.wrap(text, |value| each(position, value)),
                    Err(error) => Err(error.into()),
                },
                Err(refusal) => Err(refusal),
            };
            if let Err(Refusal { field, reason }) = refusal {
                rejections.push(Rejection {
                    source: Arc::clone(source.name()),
                    position,
                    field,
                    reason,
                    raw: bytes.to_vec(),
                });
            }
        }
        (records, rejections)
    }
}

/// Why a record is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) field: Option<String>,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self { field: None, reason: reason.into() }
    }
}

impl From<parse::ParseError> for Refusal {
    fn from(error: parse::ParseError) -> Self {
        Self::because(format!("{} (at byte {} of the record)", error.reason, error.offset))
    }
}

/// Why a record is refused that the framing gave up on.
fn misplaced(error: Option<parse::ParseError>) -> Refusal {
    error.map_or_else(|| Refusal::because("stands where no record can"), Refusal::from)
}

/// The text of a record. The UTF-8 of a chunk is checked at once, and record by record only where
/// something is wrong with it.
fn text_of<'a>(whole: Option<&'a str>, bytes: &'a [u8], span: Span) -> Result<&'a str, Refusal> {
    match whole.and_then(|whole| whole.get(span.start..span.end)) {
        Some(text) => Ok(text),
        None => std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            Refusal::because(format!("the text is not valid UTF-8 (at byte {at} of the record)"))
        }),
    }
}

/// Where the records of a chunk lie.
fn spans<'a>(chunk: &'a Chunk, framing: &Framing) -> Box<dyn Iterator<Item = Span> + 'a> {
    if *framing != Framing::Lines {
        return Box::new(chunk.spans.iter().copied());
    }
    let lines = lines(&chunk.bytes).filter(|line| !line.is_blank());
    Box::new(lines.map(|line| Span::new(line.start, line.start + line.bytes.len())))
}

/// Counts lines up to the records of a chunk, which come in their order.
struct Place<'a> {
    bytes: &'a [u8],
    at: usize,
    position: Position,
}

impl<'a> Place<'a> {
    fn new(chunk: &'a Chunk) -> Self {
        Self { bytes: &chunk.bytes, at: 0, position: chunk.start }
    }

    fn of(&mut self, start: usize) -> Position {
        self.position = self.position.after(self.bytes.get(self.at..start).unwrap_or_default());
        self.at = start;
        self.position
    }
}

/// The names in the first record of a source.
fn header_of(head: &[u8], framing: &Framing, limits: &Limits) -> Option<Arc<[String]>> {
    let start = scan::skip_blanks(head, 0);
    let inside = match framing {
        Framing::Array => scan::skip_blanks(head, start + 1),
        Framing::Pointer(path) => match pointer::descend(head, start, path) {
            pointer::Descent::Found(at) => scan::skip_blanks(head, at + 1),
            _ => return None,
        },
        _ => start,
    };
    let scan::Scan::Ends(end) = scan::scan_value(head, inside) else { return None };
    let text = std::str::from_utf8(head.get(inside..end)?).ok()?;
    let mut parser = Parser::new(limits);
    let names = parser.parse(text).ok()?;
    let is_header = names.kind() == Kind::Array && names.elements().all(|name| name.is_text());
    is_header.then(|| names.elements().map(|name| name.as_written().into_owned()).collect())
}

impl Decode for JsonDecoder {
    fn description(&self) -> String {
        let mut words = match &self.framing {
            Framing::Lines => "NDJSON".to_owned(),
            Framing::Values => "JSON, values one behind the other".to_owned(),
            Framing::Array => "JSON, one array of records".to_owned(),
            Framing::Pointer(_) => {
                format!("JSON, records at {}", self.options.pointer.as_deref().unwrap_or_default())
            }
            Framing::Bulk => "NDJSON, actions and documents".to_owned(),
        };
        if self.header.is_some() {
            words.push_str(", names in the first record");
        }
        if self.options.unwrap != Unwrap::None {
            words.push_str(&format!(", unwrapped from {}", self.options.unwrap));
        }
        words
    }

    fn chunks(&self, source: &Source) -> Result<Chunks, IngestError> {
        let feed = Feed::open(source, self.limits.record_byte_len, self.chunk_byte_len)?;
        Ok(match &self.framing {
            Framing::Lines => Box::new(LineChunks::new(feed)),
            framing => {
                let pointer = self.options.pointer.clone();
                Box::new(SpanChunks::new(feed, framing.clone(), pointer))
            }
        })
    }

    fn observe(
        &self,
        source: &Source,
        chunk: &Chunk,
        evidence: &mut Evidence,
    ) -> Result<Observed, IngestError> {
        evidence.begin_source(source);
        let (records, rejections) = self.for_each(source, chunk, |position, value| {
            evidence.observe_record(value, position.line);
            Ok(())
        });
        Ok(Observed { records, rejections: crate::chunk::count(rejections.len()) })
    }

    fn decode(
        &self,
        source: &Source,
        chunk: &Chunk,
        shape: &Arc<RecordShape>,
    ) -> Result<Decoded, IngestError> {
        let mut shaper = Shaper::new(shape);
        shaper.begin_source(source);
        let (records, rejections) = self.for_each(source, chunk, |_, value| {
            let pushed = shaper.push_record(value);
            pushed.map_err(|misfit| Refusal { field: misfit.field, reason: misfit.reason })
        });
        Ok(Decoded { columns: shaper.finish()?, rejections, records })
    }
}
