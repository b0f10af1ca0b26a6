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

use fearless_simd::{Level, Simd, dispatch};

pub(crate) use self::detect::looks_like_json;
use self::frame::{Framing, SpanChunks};
pub use self::options::{JsonOptions, Unwrap};
pub(crate) use self::parse::{Cursor, Parser, plain_len, plain_len_by};
use self::unwrap::Rewriter;
pub(crate) use self::unwrap::quoted;
pub use self::value::Value;
pub(crate) use self::value::{Kind, has_lone_surrogate, unescape};
use super::feed::Feed;
use super::lines::{LineChunks, lines};
use super::{Chunks, Decode, Decoded, Observed};
use crate::chunk::Span;
use crate::{
    Chunk, Evidence, IngestError, Limits, Misfit, Position, ReadOptions, RecordShape, Rejection,
    Shaper, Source,
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
}

/// What is done with the value of a record that stands at that place. It says why the record is
/// refused, if it is.
type Each<'e> = &'e mut dyn FnMut(Position, &Value<'_>) -> Result<(), Refusal>;

/// Goes through the records of a chunk.
struct Walk<'a> {
    decoder: &'a JsonDecoder,
    source: &'a Source,
    chunk: &'a Chunk,
    /// The text, where all of it is UTF-8.
    whole: Option<&'a str>,
    parser: Parser,
    rewriter: Rewriter,
    place: Place<'a>,
    records: u64,
    rejections: Vec<Rejection>,
}

impl<'a> Walk<'a> {
    fn new(decoder: &'a JsonDecoder, source: &'a Source, chunk: &'a Chunk) -> Self {
        let JsonDecoder { options, header, limits, .. } = decoder;
        Self {
            decoder,
            source,
            chunk,
            whole: simdutf8::basic::from_utf8(&chunk.bytes).ok(),
            parser: Parser::new(limits),
            rewriter: Rewriter::new(options.unwrap, header.clone(), limits),
            place: Place::new(chunk),
            records: 0,
            rejections: Vec::new(),
        }
    }

    /// All records, one span after the other.
    fn spans(&mut self, each: Each<'_>) {
        let skip_header =
            usize::from(self.decoder.header.is_some() && !self.chunk.has_records_before);
        for span in spans(self.chunk, &self.decoder.framing).skip(skip_header) {
            self.span(span, each);
        }
    }

    /// One record.
    fn span(&mut self, span: Span, each: Each<'_>) {
        self.records += 1;
        let bytes = self.chunk.bytes.get(span.start..span.end).unwrap_or_default();
        let position = self.place.of(span.start);
        let refusal = match text_of(self.whole, bytes, span) {
            Ok(text) if span.is_misplaced => Err(misplaced(self.parser.parse(text).err())),
            Ok(text) if self.rewriter.is_needed() => {
                self.rewriter.rewrite(text, |value| each(position, value))
            }
            Ok(text) => match self.parser.parse(text) {
                Ok(value) if value.kind() == Kind::Object => each(position, &value),
                Ok(_) => self.rewriter.wrap(text, |value| each(position, value)),
                Err(error) => Err(error.into()),
            },
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = refusal {
            self.reject(position, refusal, bytes);
        }
    }

    /// The records of lines, straight into columns where that goes.
    fn lines(&mut self, text: &str, shaper: &mut Shaper) {
        dispatch!(Level::new(), simd => self.lines_with(simd, text, shaper));
    }

    fn lines_with<S: Simd>(&mut self, simd: S, text: &str, shaper: &mut Shaper) {
        let bytes = text.as_bytes();
        let mut start = 0;
        let mut scratch = Vec::new();
        while start < bytes.len() {
            let first = start + blank_len(bytes.get(start..).unwrap_or_default());
            let next = shaper.push_line(simd, text, first, &mut scratch);
            let end = next.unwrap_or_else(|| {
                let rest = bytes.get(first..).unwrap_or_default();
                memchr::memchr(b'\n', rest).map_or(bytes.len(), |newline| first + newline + 1)
            });
            let line_end = if bytes.get(end - 1) == Some(&b'\n') { end - 1 } else { end };
            if next.is_some() {
                self.records += 1;
                if let Err(misfit) = shaper.finish_record() {
                    let line = bytes.get(start..line_end).unwrap_or_default();
                    let position = self.place.of(start);
                    self.reject(position, misfit.into(), line);
                }
            } else if first < line_end {
                self.span(Span::new(start, line_end), &mut |_, value| {
                    shaper.push_record(value).map_err(Refusal::from)
                });
            }
            start = end;
        }
    }

    fn reject(&mut self, position: Position, refusal: Refusal, bytes: &[u8]) {
        let Refusal { field, reason } = refusal;
        let (source, raw) = (Arc::clone(self.source.name()), bytes.to_vec());
        self.rejections.push(Rejection { source, position, field, reason, raw });
    }
}

/// How many blanks a line starts with.
fn blank_len(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count()
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

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        Self { field: misfit.field, reason: misfit.reason }
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

    fn has_a_record_on_each_line(&self) -> bool {
        self.framing == Framing::Lines
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
        let mut walk = Walk::new(self, source, chunk);
        walk.spans(&mut |position, value| {
            evidence.observe_record(value, position.line);
            Ok(())
        });
        let Walk { records, rejections, .. } = walk;
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
        let mut walk = Walk::new(self, source, chunk);
        match (&self.framing, walk.whole) {
            (Framing::Lines, Some(text)) if !walk.rewriter.is_needed() => {
                walk.lines(text, &mut shaper);
            }
            _ => walk.spans(&mut |_, value| shaper.push_record(value).map_err(Refusal::from)),
        }
        let Walk { records, rejections, .. } = walk;
        let surprises = shaper.surprises();
        Ok(Decoded { columns: shaper.finish()?, rejections, records, surprises })
    }
}
