//! Lines of text: logs of web servers, lines that a pattern takes apart, lines as they are.
//!
//! A line of nothing but blanks is no record. A line that does not fit the form is rejected.

mod access_log;

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;

use self::access_log::{AccessLog, looks_like_access_log};
use super::feed::Feed;
use super::lines::{LineChunks, lines};
use super::{Chunks, Decode, Decoded, Observed};
use crate::{
    Chunk, Evidence, IngestError, Position, ReadOptions, RecordShape, Rejection, Shaper, Source,
};

/// How lines of text are read. The default finds logs of web servers, and else keeps whole lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// A regular expression with named groups, as in `(?<level>\w+) (?<message>.*)`. Each group
    /// becomes a field. It has to match somewhere in a line: anchor it with `^` and `$` to match all.
    pub regex: Option<String>,
}

/// Reads one source of lines.
#[derive(Debug)]
pub(crate) struct TextDecoder {
    form: Form,
    record_byte_len: usize,
    chunk_byte_len: usize,
}

/// What is in a line.
#[derive(Debug)]
enum Form {
    Line,
    AccessLog,
    Regex { regex: Regex, names: Vec<(usize, String)> },
}

/// The fields of one line: name and text, null where it has none.
type Fields<'a> = Vec<(&'a str, Option<&'a str>)>;

impl TextDecoder {
    pub(crate) fn try_new(
        _source: &Source,
        head: &[u8],
        options: &ReadOptions,
    ) -> Result<Self, IngestError> {
        let form = match &options.text.regex {
            Some(pattern) => regex_form(pattern)?,
            None if looks_like_access_log(head) => Form::AccessLog,
            None => Form::Line,
        };
        let record_byte_len = options.limits.record_byte_len;
        Ok(Self { form, record_byte_len, chunk_byte_len: options.chunk_byte_len })
    }

    /// Calls `each` with every line and its fields.
    fn read(
        &self,
        chunk: &Chunk,
        mut each: impl FnMut(&Line<'_>, Result<&Fields<'_>, &'static str>),
    ) {
        let mut fields = Vec::new();
        for (number, line) in (chunk.start.line..).zip(lines(&chunk.bytes)) {
            if line.is_blank() {
                continue;
            }
            let returns = line.bytes.iter().rev().take_while(|byte| **byte == b'\r').count();
            let bytes = line.bytes.get(..line.bytes.len() - returns).unwrap_or_default();
            let position = Position {
                line: number,
                byte_offset: chunk.start.byte_offset + crate::chunk::count(line.start),
            };
            fields.clear();
            let result = match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => self.form.split(text, &mut fields),
                Err(_) => Err(
                    "bytes that are not UTF-8: give the encoding, as in --encoding windows-1252",
                ),
            };
            each(&Line { bytes, position }, result.map(|()| &fields));
        }
    }
}

/// A line without its end.
struct Line<'a> {
    bytes: &'a [u8],
    position: Position,
}

fn regex_form(pattern: &str) -> Result<Form, IngestError> {
    let invalid = |reason: String| IngestError::InvalidOption {
        option: "regex",
        value: pattern.to_owned(),
        reason,
    };
    let regex = Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        // The last line of several says what is wrong; the others draw where.
        invalid(text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
    })?;
    let groups = regex.capture_names().enumerate();
    let names: Vec<(usize, String)> =
        groups.filter_map(|(index, name)| Some((index, name?.to_owned()))).collect();
    if names.is_empty() {
        return Err(invalid("no group has a name: write (?<name>...)".to_owned()));
    }
    Ok(Form::Regex { regex, names })
}

impl Form {
    fn split<'a>(&'a self, text: &'a str, fields: &mut Fields<'a>) -> Result<(), &'static str> {
        match self {
            Self::Line => fields.push(("line", Some(text))),
            Self::AccessLog => {
                let log = AccessLog::of(text).ok_or("is no line of an access log")?;
                log.fields(fields);
            }
            Self::Regex { regex, names } => {
                let captures = regex.captures(text).ok_or("does not match the regex")?;
                fields.extend(names.iter().map(|(index, name)| {
                    (name.as_str(), captures.get(*index).map(|found| found.as_str()))
                }));
            }
        }
        Ok(())
    }
}

/// Remembers the index of each name. A line's fields come in the same order as the last line's.
#[derive(Default)]
struct Indices {
    known: Vec<(Cow<'static, str>, Option<usize>)>,
}

impl Indices {
    fn get(
        &mut self,
        place: usize,
        name: &str,
        find: impl FnOnce() -> Option<usize>,
    ) -> Option<usize> {
        if let Some((known, index)) = self.known.get(place)
            && known == name
        {
            return *index;
        }
        if let Some((_, index)) = self.known.iter().find(|(known, _)| known == name) {
            return *index;
        }
        let index = find();
        self.known.push((Cow::Owned(name.to_owned()), index));
        index
    }
}

impl Decode for TextDecoder {
    fn description(&self) -> String {
        match &self.form {
            Form::Line => "text, a column of lines".to_owned(),
            Form::AccessLog => "access log of a web server".to_owned(),
            Form::Regex { regex, .. } => format!("text, regex {:?}", regex.as_str()),
        }
    }

    fn has_a_record_on_each_line(&self) -> bool {
        true
    }

    fn chunks(&self, source: &Source) -> Result<Chunks, IngestError> {
        let feed = Feed::open(source, self.record_byte_len, self.chunk_byte_len)?;
        Ok(Box::new(LineChunks::new(feed)))
    }

    fn observe(
        &self,
        source: &Source,
        chunk: &Chunk,
        evidence: &mut Evidence,
    ) -> Result<Observed, IngestError> {
        evidence.begin_source(source);
        let mut observed = Observed::default();
        let mut indices = Indices::default();
        self.read(chunk, |line, fields| {
            observed.records += 1;
            let Ok(fields) = fields else {
                observed.rejections += 1;
                return;
            };
            for (place, (name, text)) in fields.iter().enumerate() {
                let index = indices.get(place, name, || Some(evidence.text_field(name)));
                if let (Some(index), Some(text)) = (index, text) {
                    evidence.observe_text(index, text, false, line.position.line);
                }
            }
            evidence.finish_text_record(line.position.line);
        });
        Ok(observed)
    }

    fn decode(
        &self,
        source: &Source,
        chunk: &Chunk,
        shape: &Arc<RecordShape>,
    ) -> Result<Decoded, IngestError> {
        let mut shaper = Shaper::new(shape);
        shaper.begin_source(source);
        let mut indices = Indices::default();
        let (mut records, mut rejections) = (0, Vec::new());
        self.read(chunk, |line, fields| {
            records += 1;
            let (field, reason) = match fields {
                Ok(fields) => match push(fields, &mut indices, &mut shaper) {
                    Ok(()) => return,
                    Err(misfit) => (misfit.field, misfit.reason),
                },
                Err(reason) => (None, reason.to_owned()),
            };
            rejections.push(Rejection {
                source: Arc::clone(source.name()),
                position: line.position,
                field,
                reason,
                raw: line.bytes.to_vec(),
            });
        });
        let surprises = shaper.surprises();
        Ok(Decoded { columns: shaper.finish()?, rejections, records, surprises })
    }
}

fn push(
    fields: &Fields<'_>,
    indices: &mut Indices,
    shaper: &mut Shaper,
) -> Result<(), crate::Misfit> {
    for (place, (name, text)) in fields.iter().enumerate() {
        let Some(text) = text else { continue };
        match indices.get(place, name, || shaper.column_of(name)) {
            Some(index) => shaper.push_text(index, text, false),
            None if text.is_empty() => {}
            None => shaper.push_surplus(name, text),
        }
    }
    shaper.finish_record()
}

/// Whether the source is a log that is known by its form, or a pattern was given for its lines.
pub(crate) fn looks_like_log(head: &[u8], options: &TextOptions) -> bool {
    options.regex.is_some() || looks_like_access_log(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: &Form, text: &str, expected: &[(&str, Option<&str>)]) {
        let mut fields = Vec::new();
        form.split(text, &mut fields).unwrap();
        assert_eq!(fields, expected);
    }

    #[test]
    fn named_groups_are_fields() {
        let form =
            regex_form(r"^(?<level>[A-Z]+)(?: \[(?<thread>.*?)\])? (?<message>.*)$").unwrap();
        check(
            &form,
            "INFO [main] up",
            &[("level", Some("INFO")), ("thread", Some("main")), ("message", Some("up"))],
        );
        check(
            &form,
            "INFO up",
            &[("level", Some("INFO")), ("thread", None), ("message", Some("up"))],
        );
        assert!(form.split("info", &mut Vec::new()).is_err());
    }

    #[test]
    fn a_pattern_without_names_or_sense_is_an_error() {
        for pattern in ["(a)", "(?<a>"] {
            let error = regex_form(pattern).unwrap_err().to_string();
            assert!(error.starts_with("regex ") && !error.contains('\n'), "{error}");
        }
    }
}
