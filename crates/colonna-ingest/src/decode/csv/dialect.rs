//! The settings of one source, found or given, and where its records and fields end under them.
//!
//! The rules, in the order in which they apply:
//!
//! - A line ends with LF, with CRLF, or with any number of CR before LF. A CR alone ends a line only
//!   in a source whose lines were found to end so. An empty line is no record.
//! - A field is quoted if its first character is the quote (behind blanks, where the source puts
//!   blanks behind its delimiters). A quote anywhere else is a character like any other.
//! - A quoted field ends at the first quote that is not escaped and has the delimiter or the end of
//!   the line behind it; blanks may stand between. It may go over lines.
//! - A quote in a quoted field that is neither escaped nor such an end is a stray one. It is taken as
//!   written where the record still ends with its line and has as many fields as it should.
//! - Where quotes do not come to an end (stray quotes, the end of the text, the limit of a record's
//!   bytes), the line in which the record starts is broken, and reading goes on with the line behind
//!   it. So a quote too many costs one line, not the rest of the source.

use std::fmt;

use super::delimiters::each_place;

/// How one source is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// What stands between fields; empty where a line is one field.
    pub(crate) delimiter: Box<[u8]>,
    pub(crate) quote: Option<u8>,
    /// None where a quote in a quoted field is doubled.
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<Comment>,
    /// A CR alone ends a line.
    pub(crate) ends_at_cr: bool,
    /// Blanks may stand before a quote.
    pub(crate) blank_before_quote: bool,
    /// The most bytes of a record.
    pub(crate) record_limit: usize,
}

/// Which lines are no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) mark: u8,
    /// A line with as many fields as a record is one, for nobody said that there are comments.
    pub(crate) is_guess: bool,
}

/// One field in the bytes: without its quotes, with its escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) is_quoted: bool,
    pub(crate) has_escapes: bool,
}

/// What stands at a place in the bytes. `next` is where the next line starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A line or, with quotes, several, up to `end`.
    Record { end: usize, next: usize, has_stray_quote: bool },
    /// A line whose quotes do not end.
    Broken { end: usize, next: usize, has_stray_quote: bool },
    /// The bytes end before the record does.
    Incomplete,
}

/// A line end: where it starts, and where the next line does.
#[derive(Clone, Copy)]
struct LineEnd {
    end: usize,
    next: usize,
}

/// Where a quoted field ends.
enum Close {
    /// At this quote; behind it and blanks, `after`.
    At {
        quote: usize,
        after: usize,
        has_escapes: bool,
    },
    Broken,
    Incomplete,
}

impl Dialect {
    /// Fields are whole lines.
    pub(crate) fn lines(record_limit: usize) -> Self {
        Self {
            delimiter: Box::default(),
            quote: None,
            escape: None,
            comment: None,
            ends_at_cr: false,
            blank_before_quote: false,
            record_limit,
        }
    }

    /// What stands at `at`. The bytes are the last ones of the source, or of a chunk, where
    /// `is_last`.
    pub(crate) fn extent(&self, bytes: &[u8], at: usize, is_last: bool) -> Extent {
        let line = self.line_end(bytes, at, is_last);
        if !self.has_marks(bytes, at, line) {
            return match line {
                Some(LineEnd { end, next }) => Extent::Record { end, next, has_stray_quote: false },
                None => Extent::Incomplete,
            };
        }
        self.walk(bytes, at, is_last, &mut |_| {})
    }

    /// What stands at `at`, with its fields. They are none where it is no whole record.
    pub(crate) fn split(
        &self,
        bytes: &[u8],
        at: usize,
        is_last: bool,
        fields: &mut Vec<Field>,
    ) -> Extent {
        fields.clear();
        let line = self.line_end(bytes, at, is_last);
        if let Some(LineEnd { end, next }) = line
            && !self.has_marks(bytes, at, line)
        {
            self.split_plain(bytes, at, end, fields);
            return Extent::Record { end, next, has_stray_quote: false };
        }
        let extent = self.walk(bytes, at, is_last, &mut |field| fields.push(field));
        if !matches!(extent, Extent::Record { .. }) {
            fields.clear();
        }
        extent
    }

    /// Whether quotes or escapes on the line may matter.
    fn has_marks(&self, bytes: &[u8], at: usize, line: Option<LineEnd>) -> bool {
        let end = line.map_or(bytes.len(), |line| line.end);
        let text = bytes.get(at..end).unwrap_or_default();
        if self.comment.is_some_and(|comment| text.first() == Some(&comment.mark)) {
            return false;
        }
        self.quote.or(self.escape).is_some_and(|mark| memchr::memchr(mark, text).is_some())
    }

    fn split_plain(&self, bytes: &[u8], at: usize, end: usize, fields: &mut Vec<Field>) {
        let text = bytes.get(at..end).unwrap_or_default();
        let mut start = at;
        let mut push = |start, end| {
            fields.push(Field { start, end, is_quoted: false, has_escapes: false });
        };
        match *self.delimiter {
            [] => {}
            [byte] => each_place(byte, text, |found| {
                push(start, at + found);
                start = at + found + 1;
            }),
            _ => {
                for found in memchr::memmem::find_iter(text, &self.delimiter) {
                    push(start, at + found);
                    start = at + found + self.delimiter.len();
                }
            }
        }
        push(start, end);
    }

    /// The end of the line that `from` is in.
    fn line_end(&self, bytes: &[u8], from: usize, is_last: bool) -> Option<LineEnd> {
        let rest = bytes.get(from..).unwrap_or_default();
        let found = if self.ends_at_cr {
            memchr::memchr2(b'\n', b'\r', rest)
        } else {
            memchr::memchr(b'\n', rest)
        };
        match found {
            Some(found) => self.line_end_at(bytes, from, from + found, is_last),
            None if is_last => {
                let end = bytes.len() - usize::from(rest.ends_with(b"\r"));
                Some(LineEnd { end, next: bytes.len() })
            }
            None => None,
        }
    }

    /// The line end that starts at this LF or, where it counts, CR.
    fn line_end_at(&self, bytes: &[u8], from: usize, at: usize, is_last: bool) -> Option<LineEnd> {
        if self.ends_at_cr {
            let is_cr = bytes.get(at) == Some(&b'\r');
            return match bytes.get(at + 1) {
                Some(b'\n') if is_cr => Some(LineEnd { end: at, next: at + 2 }),
                None if is_cr && !is_last => None,
                _ => Some(LineEnd { end: at, next: at + 1 }),
            };
        }
        let line = bytes.get(from..at).unwrap_or_default();
        let returns = line.iter().rev().take_while(|byte| **byte == b'\r').count();
        Some(LineEnd { end: at - returns, next: at + 1 })
    }

    /// Reads a record field by field.
    fn walk(&self, bytes: &[u8], at: usize, is_last: bool, push: &mut impl FnMut(Field)) -> Extent {
        let mut start = at;
        let mut stray = None;
        loop {
            let after = if let Some(inner) = self.opening(bytes, start) {
                match self.close(bytes, at, inner, is_last, &mut stray) {
                    Close::At { quote, after, has_escapes } => {
                        push(Field { start: inner, end: quote, is_quoted: true, has_escapes });
                        after
                    }
                    Close::Broken => return self.broken(bytes, at, is_last, stray.is_some()),
                    Close::Incomplete => return Extent::Incomplete,
                }
            } else {
                let Some((end, has_escapes)) = self.plain_end(bytes, start, is_last) else {
                    return Extent::Incomplete;
                };
                push(Field { start, end, is_quoted: false, has_escapes });
                end
            };
            if self.is_delimiter(bytes, after) {
                start = after + self.delimiter.len();
                continue;
            }
            return match self.line_end(bytes, after, is_last) {
                Some(LineEnd { next, .. }) => {
                    Extent::Record { end: after, next, has_stray_quote: stray.is_some() }
                }
                None => Extent::Incomplete,
            };
        }
    }

    fn is_delimiter(&self, bytes: &[u8], at: usize) -> bool {
        !self.delimiter.is_empty()
            && bytes.get(at..).is_some_and(|rest| rest.starts_with(&self.delimiter))
    }

    /// Where the inside of a quoted field starts that starts at `start`.
    fn opening(&self, bytes: &[u8], start: usize) -> Option<usize> {
        let quote = self.quote?;
        let rest = bytes.get(start..)?;
        let blanks = if self.blank_before_quote { blanks(rest) } else { 0 };
        (rest.get(blanks) == Some(&quote)).then_some(start + blanks + 1)
    }

    /// Where a field without quotes ends, and whether escapes are in it.
    fn plain_end(&self, bytes: &[u8], start: usize, is_last: bool) -> Option<(usize, bool)> {
        let mut from = start;
        let mut has_escapes = false;
        loop {
            let rest = bytes.get(from..).unwrap_or_default();
            let Some(found) = self.next_mark(rest) else {
                let end = bytes.len() - usize::from(rest.ends_with(b"\r"));
                return is_last.then_some((end, has_escapes));
            };
            let at = from + found;
            match bytes.get(at) {
                Some(b'\n' | b'\r') => {
                    let line = self.line_end_at(bytes, start, at, is_last);
                    return line.map(|line| (line.end, has_escapes));
                }
                _ if self.is_delimiter(bytes, at) => return Some((at, has_escapes)),
                byte if self.quote.is_none() && byte == self.escape.as_ref() => {
                    has_escapes = true;
                    from = at + 2;
                    if from > bytes.len() {
                        return is_last.then_some((bytes.len(), has_escapes));
                    }
                }
                _ => from = at + 1,
            }
        }
    }

    /// The next byte that may end a field without quotes, or that escapes such a byte.
    fn next_mark(&self, text: &[u8]) -> Option<usize> {
        let end = if self.ends_at_cr { b'\r' } else { b'\n' };
        let escape = if self.quote.is_none() { self.escape } else { None };
        match (self.delimiter.first(), escape) {
            (Some(delimiter), None) => memchr::memchr3(*delimiter, b'\n', end, text),
            (Some(delimiter), Some(escape)) => {
                text.iter().position(|byte| [*delimiter, escape, b'\n', end].contains(byte))
            }
            (None, Some(escape)) => memchr::memchr3(escape, b'\n', end, text),
            (None, None) => memchr::memchr2(b'\n', end, text),
        }
    }

    /// Where the quoted field ends whose inside starts at `inner`, in the record that starts at
    /// `at`. After a stray quote `stray` is the end of the line, which the record must not pass.
    fn close(
        &self,
        bytes: &[u8],
        at: usize,
        inner: usize,
        is_last: bool,
        stray: &mut Option<LineEnd>,
    ) -> Close {
        let Some(quote) = self.quote else {
            return Close::Broken;
        };
        let record_limit = at.saturating_add(self.record_limit).min(bytes.len());
        let mut from = inner;
        let mut has_escapes = false;
        loop {
            let limit = stray.map_or(record_limit, |line| line.end.min(record_limit));
            let text = bytes.get(from..limit).unwrap_or_default();
            let found = match self.escape {
                Some(escape) => memchr::memchr2(quote, escape, text),
                None => memchr::memchr(quote, text),
            };
            let Some(found) = found.map(|found| from + found) else {
                let is_cut = limit == bytes.len() && !is_last && stray.is_none();
                return if is_cut { Close::Incomplete } else { Close::Broken };
            };
            let is_doubled = self.escape.is_none() && bytes.get(found + 1) == Some(&quote);
            if is_doubled || bytes.get(found) != Some(&quote) {
                has_escapes = true;
                from = found + 2;
                continue;
            }
            match self.after_quote(bytes, found + 1, is_last) {
                AfterQuote::End(after) => return Close::At { quote: found, after, has_escapes },
                AfterQuote::Unknown => return Close::Incomplete,
                AfterQuote::Text => {}
            }
            if stray.is_none() {
                match self.line_end(bytes, at, is_last) {
                    // Another line has the quote, which a chunk of this one may not hold.
                    Some(line) if line.end <= found => return Close::Broken,
                    Some(line) => *stray = Some(line),
                    None => return Close::Incomplete,
                }
            }
            from = found + 1;
        }
    }

    fn after_quote(&self, bytes: &[u8], at: usize, is_last: bool) -> AfterQuote {
        let rest = bytes.get(at..).unwrap_or_default();
        if self.is_delimiter(bytes, at) {
            return AfterQuote::End(at);
        }
        // Blanks are text where they are the delimiter's.
        let blanks = blanks(rest);
        let after = at + blanks;
        let tail = rest.get(blanks..).unwrap_or_default();
        let returns = tail.iter().take_while(|byte| **byte == b'\r').count();
        match tail.get(returns) {
            _ if self.is_delimiter(bytes, after) => AfterQuote::End(after),
            Some(b'\n') => AfterQuote::End(after),
            _ if self.ends_at_cr && returns > 0 => AfterQuote::End(after),
            None if is_last && returns <= 1 => AfterQuote::End(after),
            None if !is_last => AfterQuote::Unknown,
            _ if !is_last && tail.len() < self.delimiter.len() => AfterQuote::Unknown,
            _ => AfterQuote::Text,
        }
    }

    fn broken(&self, bytes: &[u8], at: usize, is_last: bool, has_stray_quote: bool) -> Extent {
        match self.line_end(bytes, at, is_last) {
            Some(LineEnd { end, next }) => Extent::Broken { end, next, has_stray_quote },
            None => Extent::Incomplete,
        }
    }
}

enum AfterQuote {
    /// The field ends; behind blanks, this is where.
    End(usize),
    /// The quote is a stray one.
    Text,
    Unknown,
}

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == b' ').count()
}

/// The dialect in words: `delimiter ';', quote '"'`.
impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.delimiter {
            [] => formatter.write_str("one field a line")?,
            b"\t" => formatter.write_str("delimiter tab")?,
            b" " => formatter.write_str("delimiter blank")?,
            delimiter => write!(formatter, "delimiter '{}'", String::from_utf8_lossy(delimiter))?,
        }
        match self.quote {
            Some(b'"') => {}
            Some(quote) => write!(formatter, ", quote {:?}", char::from(quote))?,
            None => formatter.write_str(", no quotes")?,
        }
        if let Some(escape) = self.escape {
            write!(formatter, ", escape '{}'", char::from(escape))?;
        }
        if let Some(comment) = self.comment {
            write!(formatter, ", comments '{}'", char::from(comment.mark))?;
        }
        if self.ends_at_cr {
            formatter.write_str(", lines end with CR")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_broken_for_the_same_reason_without_the_lines_behind_it() {
        let dialect =
            Dialect { delimiter: (*b",").into(), quote: Some(b'"'), ..Dialect::lines(1 << 20) };
        for (text, stray) in [
            ("1,\"a \n\"b\" \nc\"\n3,4\n", false),
            ("1,\"a\nb\" c\n", false),
            ("1,\"a\n", false),
            ("1,\"a\" b\nc\"\n", true),
        ] {
            let whole = dialect.extent(text.as_bytes(), 0, true);
            let Extent::Broken { next, has_stray_quote, .. } = whole else {
                panic!("{text:?} is {whole:?}");
            };
            assert_eq!(has_stray_quote, stray, "{text:?}");
            for (end, _) in text.match_indices('\n').filter(|(end, _)| *end + 1 >= next) {
                let cut = &text.as_bytes()[..=end];
                assert_eq!(dialect.extent(cut, 0, true), whole, "{cut:?}");
            }
        }
    }
}
