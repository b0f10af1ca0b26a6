//! How the records of a source are arranged, by its first bytes.

use std::sync::Arc;

use super::frame::Framing;
use super::options::{JsonOptions, Unwrap};
use super::parse::Parser;
use super::pointer;
use super::scan::{RECORD_SEPARATOR, Scan, scan_value, skip_blanks};
use crate::Limits;
use crate::decode::lines::lines;

/// How many lines are tried before a source counts as one that is not made of lines.
const LINES_TRIED: usize = 100;

/// Whether a source with these first bytes, of which nothing else is known, holds JSON: an object
/// at the start says so, and an array whose first element is followed by what must follow it. A log
/// whose lines start with `[2025-10-01]` is none.
pub(crate) fn looks_like_json(head: &[u8]) -> bool {
    let start = skip_blanks(head, 0);
    match head.get(start) {
        _ if head.first() == Some(&RECORD_SEPARATOR) => true,
        Some(b'{') => true,
        Some(b'[') => {
            let first = skip_blanks(head, start + 1);
            if head.get(first) == Some(&b']') {
                return true;
            }
            let element = match scan_value(head, first) {
                Scan::Ends(end) => end,
                Scan::Incomplete => return head.get(first).is_none_or(|byte| b"{[".contains(byte)),
                Scan::Broken => return head.get(first) == Some(&b'{'),
            };
            let is_value = parses(head.get(first..element).unwrap_or_default());
            let behind = head.get(skip_blanks(head, element));
            is_value && matches!(behind, Some(b',' | b']') | None)
        }
        _ => false,
    }
}

/// The arrangement of a source with these first bytes.
pub(super) fn framing(head: &[u8], options: &JsonOptions) -> Framing {
    if options.unwrap == Unwrap::ElasticBulk {
        return Framing::Bulk;
    }
    if let Some(pointer) = &options.pointer {
        return Framing::Pointer(Arc::from(pointer::tokens(pointer)));
    }
    if head.first() == Some(&RECORD_SEPARATOR) {
        return Framing::Values;
    }
    let start = skip_blanks(head, 0);
    let rest = head.get(start..).unwrap_or_default();
    let line_len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let (first, behind) = rest.split_at_checked(line_len).unwrap_or((rest, &[]));
    let first_is_value = parses(first);
    let is_last_line = behind.trim_ascii().is_empty();
    match rest.first() {
        // One array on one line is the list of the records; more lines of arrays are records.
        Some(b'[') if first_is_value && !is_last_line => Framing::Lines,
        Some(b'[') if !options.array_header || holds_arrays(rest) => Framing::Array,
        _ => by_lines(rest),
    }
}

/// Whether the first element of the array is an array: a record, then, where records are arrays.
fn holds_arrays(rest: &[u8]) -> bool {
    rest.get(skip_blanks(rest, 1)) == Some(&b'[')
}

/// For a source that is no single array: the first line that is no value by itself tells whether
/// values go over lines. The first value of a source may well stand on one line and the next not.
fn by_lines(rest: &[u8]) -> Framing {
    let written = lines(rest).filter(|line| !line.is_blank()).take(LINES_TRIED);
    let broken = written.into_iter().find(|line| !parses(line.bytes));
    match broken {
        Some(line) => {
            let from = rest.get(line.start..).unwrap_or_default();
            by_first_value(from, line.bytes.len())
        }
        None => Framing::Lines,
    }
}

/// For a source whose first line is no value: whether its values go over lines, or the line is
/// broken.
fn by_first_value(rest: &[u8], line_len: usize) -> Framing {
    match scan_value(rest, 0) {
        Scan::Ends(end) if end <= line_len => {
            let line = rest.get(end..line_len).unwrap_or_default().trim_ascii();
            match line.first() {
                Some(b'{' | b'[') => Framing::Values,
                _ => Framing::Lines,
            }
        }
        Scan::Ends(end) if parses(rest.get(..end).unwrap_or_default()) => Framing::Values,
        _ if rest.first() != Some(&b'{') => Framing::Lines,
        _ if lines(rest).skip(1).take(LINES_TRIED).any(|line| is_object(line.bytes)) => {
            Framing::Lines
        }
        _ if line_len == rest.len() => Framing::Lines,
        _ => Framing::Values,
    }
}

fn is_object(line: &[u8]) -> bool {
    line.trim_ascii_start().first() == Some(&b'{') && parses(line)
}

fn parses(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes);
    text.is_ok_and(|text| Parser::new(&Limits::default()).parse(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, expected: &Framing) {
        assert_eq!(framing(head.as_bytes(), &JsonOptions::default()), *expected, "{head}");
    }

    #[test]
    fn the_arrangement_is_seen_from_the_first_bytes() {
        check("{\"a\":1}\r\n{\"a\":2}\n", &Framing::Lines);
        check("\n\n{\"a\":1}", &Framing::Lines);
        check("{\n  \"a\": 1\n}\n{\n", &Framing::Values);
        check("{\"a\":1}{\"a\":2}\n", &Framing::Values);
        check("[{\"a\":1},\n{\"a\":2}]", &Framing::Array);
        check("[1,2,3]\n", &Framing::Array);
        check("[1,2]\n[3,4]\n", &Framing::Lines);
        check("1\n2\n", &Framing::Lines);
        check("{}\n{\n\"a\":1}\n", &Framing::Values);
    }

    #[test]
    fn a_broken_first_line_does_not_hide_the_lines() {
        check("{\"a\":\n{\"a\":2}\n", &Framing::Lines);
        check("{\"a\":1} x\n{\"a\":2}\n", &Framing::Lines);
        check("{\"a\":tru}\n{\"a\":2}\n", &Framing::Lines);
    }

    #[test]
    fn a_log_line_in_brackets_is_no_json() {
        assert!(!looks_like_json(b"[2025-10-01 12:00:00] started"));
        assert!(!looks_like_json(b"[Sun Dec 04 04:47:44 2005] [notice] up"));
        assert!(looks_like_json(b" [\n {\"a\": 1}"));
        assert!(looks_like_json(b"[[1,2],[3,4]]"));
        assert!(looks_like_json(b"[]"));
    }
}
