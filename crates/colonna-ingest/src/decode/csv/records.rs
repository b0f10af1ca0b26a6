//! The records of a chunk, and the texts of their fields.

use super::dialect::{Dialect, Extent, Field};
use super::layout::{Layout, count_lines};

/// Goes over the records of a chunk.
pub(super) struct Records<'a> {
    layout: &'a Layout,
    bytes: &'a [u8],
    /// The bytes as text, where all of them are.
    text: Option<&'a str>,
    at: usize,
    /// The lines before `counted`, which is not past `at`.
    lines: u64,
    counted: usize,
    fields: Vec<Field>,
}

/// A record, or what stands in place of one.
pub(super) struct Record<'a> {
    /// Its bytes, without the end of the line.
    pub(super) bytes: &'a [u8],
    /// Where it starts in the chunk.
    pub(super) start: usize,
    /// How many lines of the chunk stand before it.
    pub(super) lines: u64,
    /// Its text, or why it is none.
    pub(super) text: Result<&'a str, &'static str>,
}

const UNCLOSED: &str = "a quote is not closed: double the quotes in the field, or say what quotes";
const STRAY: &str =
    "text stands behind a closing quote: double the quotes in the field, or say what quotes";
const NOT_UTF8: &str = "bytes that are not UTF-8: give the encoding, as in --encoding windows-1252";

impl<'a> Records<'a> {
    pub(super) fn new(layout: &'a Layout, bytes: &'a [u8]) -> Self {
        let text = simdutf8::basic::from_utf8(bytes).ok();
        Self { layout, bytes, text, at: 0, lines: 0, counted: 0, fields: Vec::new() }
    }

    /// The chunk as text, where all of it is.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.text
    }

    /// Where the next line starts.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Passes over a record that was read otherwise, to the line behind it.
    pub(super) fn skip_to(&mut self, next: usize) {
        self.at = next;
    }

    /// The next record. Its fields are [`Records::fields`].
    pub(super) fn next(&mut self) -> Option<Record<'a>> {
        while self.at < self.bytes.len() {
            let start = self.at;
            let extent = self.layout.dialect.split(self.bytes, start, true, &mut self.fields);
            let (end, next, has_stray_quote) = match extent {
                Extent::Record { end, next, has_stray_quote }
                | Extent::Broken { end, next, has_stray_quote } => (end, next, has_stray_quote),
                // The bytes are the last ones there are.
                Extent::Incomplete => (self.bytes.len(), self.bytes.len(), false),
            };
            if self.counted < start {
                let passed = self.bytes.get(self.counted..start).unwrap_or_default();
                self.lines += count_lines(&self.layout.dialect, passed);
            }
            let lines = self.lines;
            self.lines += self.count_lines(start, next);
            (self.at, self.counted) = (next, next);
            if !self.layout.is_record(self.bytes, start, extent) {
                continue;
            }
            let bytes = self.bytes.get(start..end).unwrap_or_default();
            // A broken record has no fields.
            let text = if has_stray_quote && self.fields.len() != self.layout.names.len() {
                Err(STRAY)
            } else if self.fields.is_empty() {
                Err(UNCLOSED)
            } else {
                self.text_of(start, end).ok_or(NOT_UTF8)
            };
            return Some(Record { bytes, start, lines, text });
        }
        None
    }

    /// The fields of the record read last.
    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn count_lines(&self, start: usize, next: usize) -> u64 {
        // Only quotes and escapes carry a record over lines.
        if self.fields.iter().any(|field| field.is_quoted || field.has_escapes) {
            count_lines(&self.layout.dialect, self.bytes.get(start..next).unwrap_or_default())
        } else {
            1
        }
    }

    fn text_of(&self, start: usize, end: usize) -> Option<&'a str> {
        match self.text {
            Some(text) => text.get(start..end),
            None => std::str::from_utf8(self.bytes.get(start..end)?).ok(),
        }
    }
}

/// The text of a field of the record that starts at `start`.
#[inline]
pub(super) fn text_of<'t>(
    dialect: &Dialect,
    field: &Field,
    record: &'t str,
    start: usize,
    scratch: &'t mut String,
) -> &'t str {
    let range = field.start.saturating_sub(start)..field.end.saturating_sub(start);
    let text = record.get(range).unwrap_or_default();
    if !field.has_escapes {
        return text;
    }
    scratch.clear();
    unescape(dialect, field.is_quoted, text, scratch);
    scratch
}

/// A doubled quote is one. An escape is dropped before what it takes the meaning from, and kept
/// before anything else.
pub(super) fn unescape(dialect: &Dialect, is_quoted: bool, text: &str, target: &mut String) {
    let quote = dialect.quote.unwrap_or(b'"');
    let escape = dialect.escape.unwrap_or(quote);
    let mut rest = text;
    while let Some(found) = memchr::memchr(escape, rest.as_bytes()) {
        let (before, from) = rest.split_at_checked(found).unwrap_or((rest, ""));
        target.push_str(before);
        let after = from.get(1..).unwrap_or_default();
        let escaped = after.as_bytes().first();
        let has_meaning = if is_quoted {
            escaped == Some(&quote) || escaped == Some(&escape)
        } else {
            escaped == Some(&escape)
                || matches!(escaped, Some(b'\n' | b'\r'))
                || (!dialect.delimiter.is_empty()
                    && after.as_bytes().starts_with(&dialect.delimiter))
        };
        // What is escaped is copied here, so that an escaped escape does not start another.
        let len = match (has_meaning, escaped) {
            (true, Some(_)) => 1,
            _ => {
                target.push(char::from(escape));
                0
            }
        };
        let (kept, tail) = after.split_at_checked(len).unwrap_or((after, ""));
        target.push_str(kept);
        rest = tail;
    }
    target.push_str(rest);
}
