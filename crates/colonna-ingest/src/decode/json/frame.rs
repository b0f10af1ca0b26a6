//! Where the records of a source lie.

use std::sync::Arc;

use super::pointer::{Descent, descend};
use super::scan::{Scan, indent_of, resume_after, scan_rest, scan_value, skip_blanks};
use crate::chunk::Span;
use crate::decode::feed::Feed;
use crate::decode::lines::lines;
use crate::{Chunk, IngestError};

/// How records are arranged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// One to a line.
    Lines,
    /// One behind the other, with or without blanks between them.
    Values,
    /// The elements of an array that is the whole source.
    Array,
    /// The elements of an array inside of each document.
    Pointer(Arc<[String]>),
    /// A line with an action, then a line with the document; an action that deletes stands alone.
    Bulk,
}

/// Where the framing stands between two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Outside of any array.
    Outside,
    /// Behind the opening bracket.
    First,
    /// Behind a comma.
    Element,
    /// Behind an element.
    CommaOrEnd,
    /// Behind the array, inside of its document.
    Tail,
    /// Behind the only array there may be.
    Done,
}

/// What stands next.
enum Step {
    /// A record, or what is left of one; the framing then is in that state.
    Record(Span, State),
    /// No record: go on from there.
    Go(usize, State),
    /// More bytes are needed to tell. What is undecided starts there.
    More(usize),
    /// Nothing follows.
    End,
}

/// The chunks of a source whose records are found by scanning.
#[derive(Debug)]
pub(super) struct SpanChunks {
    feed: Feed,
    framing: Framing,
    pointer: Option<String>,
    state: State,
    /// Whether the bytes of the feed start a line. Where they do not, more than blanks were cut off
    /// it: a cut is behind a record, or where a broken one ended at a new line.
    starts_line: bool,
    has_records_before: bool,
    is_done: bool,
}

impl SpanChunks {
    pub(super) fn new(feed: Feed, framing: Framing, pointer: Option<String>) -> Self {
        let state = State::Outside;
        let (starts_line, has_records_before, is_done) = (true, false, false);
        Self { feed, framing, pointer, state, starts_line, has_records_before, is_done }
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>, IngestError> {
        let mut spans = Vec::new();
        let mut at = 0;
        self.feed.fill()?;
        loop {
            match self.step(at)? {
                Step::Record(span, state) => {
                    self.feed.check_record(span.start, span.end - span.start)?;
                    spans.push(span);
                    (at, self.state) = (span.end, state);
                }
                Step::Go(next, state) => (at, self.state) = (next, state),
                Step::More(_) if !spans.is_empty() => break,
                Step::More(start) => {
                    self.feed.check_record(start, self.feed.bytes().len() - start)?;
                    self.feed.fill()?;
                }
                Step::End => {
                    self.is_done = true;
                    break;
                }
            }
        }
        if spans.is_empty() {
            return Ok(None);
        }
        let (bytes, start) = self.feed.cut(at);
        self.starts_line = bytes.last().map_or(self.starts_line, |&byte| byte == b'\n');
        let has_records_before = std::mem::replace(&mut self.has_records_before, true);
        Ok(Some(Chunk { bytes, start, has_records_before, spans, ..Chunk::default() }))
    }

    fn step(&self, at: usize) -> Result<Step, IngestError> {
        if self.framing == Framing::Bulk {
            return Ok(self.bulk_step(at));
        }
        let bytes = self.feed.bytes();
        let start = skip_blanks(bytes, at);
        let Some(&byte) = bytes.get(start) else {
            return Ok(self.step_at_end(start));
        };
        Ok(match (self.state, byte) {
            (State::Outside, b'[') if self.framing == Framing::Array => {
                Step::Go(start + 1, State::First)
            }
            (State::Outside, _) => match &self.framing {
                Framing::Pointer(path) => self.descent(start, path)?,
                _ => self.record(start, State::Outside),
            },
            (State::First | State::CommaOrEnd, b']') => Step::Go(start + 1, self.after_array()),
            (State::Element, b']') => {
                // A comma with nothing behind it is a record that cannot be read.
                Step::Record(Span::misplaced(start, start + 1), self.after_array())
            }
            (State::CommaOrEnd, b',') => Step::Go(start + 1, State::Element),
            (State::First | State::Element, _) => self.record(start, State::CommaOrEnd),
            // Something stands where a comma must: it is passed over as one broken record.
            (State::CommaOrEnd, _) => self.broken(start),
            (State::Tail, _) => match scan_rest(bytes, start, self.pointer_depth()) {
                Scan::Ends(end) => Step::Go(end, State::Outside),
                Scan::Incomplete if !self.feed.is_ended() => Step::More(start),
                _ => self.broken(start),
            },
            (State::Done, _) => self.line_of_junk(start),
        })
    }

    /// Blanks, and then nothing that has been read.
    fn step_at_end(&self, at: usize) -> Step {
        match self.state {
            _ if !self.feed.is_ended() => Step::More(at),
            State::Outside | State::Done => Step::End,
            // The array is not closed: an empty record that cannot be read says so.
            _ => Step::Record(Span::misplaced(at, at), State::Done),
        }
    }

    fn pointer_depth(&self) -> usize {
        if let Framing::Pointer(path) = &self.framing { path.len() } else { 0 }
    }

    fn after_array(&self) -> State {
        match &self.framing {
            Framing::Pointer(path) if path.is_empty() => State::Outside,
            Framing::Pointer(_) => State::Tail,
            _ => State::Done,
        }
    }

    fn record(&self, start: usize, behind: State) -> Step {
        let bytes = self.feed.bytes();
        match scan_value(bytes, start) {
            Scan::Ends(end) => Step::Record(Span::new(start, end), behind),
            Scan::Incomplete if !self.feed.is_ended() => Step::More(start),
            // A number or a word ends with the source.
            Scan::Incomplete if !matches!(bytes.get(start), Some(b'{' | b'[' | b'"')) => {
                Step::Record(Span::new(start, bytes.len()), behind)
            }
            Scan::Incomplete | Scan::Broken => self.broken(start),
        }
    }

    /// A record that is broken: everything to where reading can go on.
    fn broken(&self, start: usize) -> Step {
        let bytes = self.feed.bytes();
        let (indent, state) = match self.state {
            State::Outside => (indent_of(bytes, start, self.starts_line), State::Outside),
            // Behind the records only the next document can be read, and that is not indented.
            State::Tail => (Some(&[][..]), State::Outside),
            _ => (indent_of(bytes, start, self.starts_line), State::Element),
        };
        match resume_after(bytes, start, indent) {
            Some(end) => Step::Record(Span::misplaced(start, end), state),
            None if !self.feed.is_ended() => Step::More(start),
            None => {
                // All is read, and the broken record has taken the end of the array with it.
                let state = if state == State::Element { State::Done } else { state };
                Step::Record(Span::misplaced(start, bytes.len()), state)
            }
        }
    }

    fn line_of_junk(&self, start: usize) -> Step {
        let bytes = self.feed.bytes();
        match memchr::memchr(b'\n', bytes.get(start..).unwrap_or_default()) {
            Some(len) => Step::Record(Span::misplaced(start, start + len), State::Done),
            None if !self.feed.is_ended() => Step::More(start),
            None => Step::Record(Span::misplaced(start, bytes.len()), State::Done),
        }
    }

    /// The way into a document to its records.
    fn descent(&self, start: usize, path: &[String]) -> Result<Step, IngestError> {
        let bytes = self.feed.bytes();
        let line = |at: usize| self.feed.position().after(bytes.get(..at).unwrap_or_default()).line;
        let pointer = self.pointer.clone().unwrap_or_default();
        let name = Arc::clone(self.feed.name());
        match descend(bytes, start, path) {
            Descent::Found(at) if bytes.get(at) == Some(&b'[') => {
                Ok(Step::Go(at + 1, State::First))
            }
            Descent::Found(at) => Ok(self.record(at, self.after_array())),
            Descent::Incomplete if !self.feed.is_ended() => Ok(Step::More(start)),
            Descent::Missing => {
                Err(IngestError::PointerLeadsNowhere { name, line: line(start), pointer })
            }
            Descent::Incomplete => {
                let (line, reason) = (line(bytes.len()), "the document ends");
                Err(IngestError::BrokenDocument { name, line, pointer, reason })
            }
            Descent::Broken(at) => {
                let (line, reason) = (line(at), "the document breaks");
                Err(IngestError::BrokenDocument { name, line, pointer, reason })
            }
        }
    }

    /// The next action of a bulk file, with its document.
    fn bulk_step(&self, at: usize) -> Step {
        let bytes = self.feed.bytes();
        let rest = bytes.get(at..).unwrap_or_default();
        let is_whole = |end: usize| self.feed.is_ended() || end < bytes.len();
        let mut action = None;
        for line in lines(rest).filter(|line| !line.is_blank()) {
            let (start, end) = (at + line.start, at + line.start + line.bytes.len());
            if !is_whole(end) {
                return Step::More(action.unwrap_or(start));
            }
            match action {
                None if is_delete(line.bytes) => {
                    return Step::Record(Span::new(start, end), State::Outside);
                }
                None => action = Some(start),
                Some(start) => return Step::Record(Span::new(start, end), State::Outside),
            }
        }
        match action {
            _ if !self.feed.is_ended() => Step::More(action.unwrap_or(at)),
            Some(start) => Step::Record(Span::new(start, bytes.len()), State::Outside),
            None => Step::End,
        }
    }
}

fn is_delete(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    line.strip_prefix(b"{").is_some_and(|line| line.trim_ascii_start().starts_with(b"\"delete\""))
}

impl Iterator for SpanChunks {
    type Item = Result<Chunk, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let chunk = self.next_chunk();
        self.is_done |= !matches!(chunk, Ok(Some(_)));
        chunk.transpose()
    }
}
