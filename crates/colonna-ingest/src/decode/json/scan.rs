//! Where a JSON value ends, found without parsing it.
//!
//! The scan knows strings and brackets and little else; what it calls a value the parser may still
//! refuse. What it must get right is that a broken value does not swallow the good ones behind it.

use super::parse::plain_len;

/// What the bytes from a place on are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A value that ends there.
    Ends(usize),
    /// A value that goes on behind the last byte.
    Incomplete,
    /// No value, whatever follows.
    Broken,
}

/// A record separator of RFC 7464.
pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

/// How deep brackets are followed. A value that never ends is scanned again from each line of it that
/// a record could start in, so this bounds how often any byte is looked at.
const DEEPEST: usize = 1024;

/// Of how many open brackets the kind is kept, from the outermost on.
const KINDS: usize = 128;

/// Which brackets are open.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    depth: usize,
    /// A bit for each of the outermost: set for `{`.
    braces: u128,
}

impl Open {
    fn push(&mut self, bracket: u8) {
        if self.depth < KINDS {
            let bit = 1 << self.depth;
            self.braces = if bracket == b'{' { self.braces | bit } else { self.braces & !bit };
        }
        self.depth += 1;
    }

    /// Closes one; false where it is known to be of the other kind.
    fn pop(&mut self, bracket: u8) -> bool {
        self.depth = self.depth.saturating_sub(1);
        self.depth >= KINDS || (bracket == b'}') == (self.braces >> self.depth & 1 == 1)
    }
}

/// Scans the value that starts at `start`, which is no blank.
pub(super) fn scan_value(bytes: &[u8], start: usize) -> Scan {
    match bytes.get(start) {
        Some(b'{' | b'[') => scan_nested(bytes, start, 0),
        Some(b'"') => scan_string(bytes, start),
        Some(_) => scan_word(bytes, start),
        None => Scan::Incomplete,
    }
}

/// Scans to the end of `depth` brackets that were opened before `start`.
pub(super) fn scan_rest(bytes: &[u8], start: usize, depth: usize) -> Scan {
    scan_nested(bytes, start, depth)
}

fn scan_nested(bytes: &[u8], start: usize, depth: usize) -> Scan {
    let mut open = Open { depth, braces: 0 };
    let (mut at, mut last) = (start, b',');
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => {
                at += 1;
                continue;
            }
            b'"' => match scan_string(bytes, at) {
                Scan::Ends(end) => at = end,
                other => return other,
            },
            b'{' | b'[' => {
                // Within a value only these come before a bracket; behind anything else a new
                // record has started, and this one was never closed.
                if !matches!(last, b':' | b',' | b'[') || open.depth >= DEEPEST {
                    return Scan::Broken;
                }
                open.push(byte);
                at += 1;
            }
            b'}' | b']' => {
                // Brackets opened before the start are of unknown kind.
                let is_unknown = open.depth <= depth;
                let is_match = open.pop(byte) || is_unknown;
                if !is_match {
                    return Scan::Broken;
                }
                at += 1;
                if open.depth == 0 {
                    return Scan::Ends(at);
                }
            }
            RECORD_SEPARATOR => return Scan::Broken,
            _ => at += 1,
        }
        last = byte;
    }
    Scan::Incomplete
}

/// Scans the string whose opening quote is at `start`. A line feed in it breaks it.
pub(super) fn scan_string(bytes: &[u8], start: usize) -> Scan {
    let mut at = start + 1;
    loop {
        at += plain_len(bytes.get(at..).unwrap_or_default());
        match bytes.get(at) {
            Some(b'"') => return Scan::Ends(at + 1),
            Some(b'\\') => match bytes.get(at + 1) {
                Some(b'\n') => return Scan::Broken,
                _ => at += 2,
            },
            Some(b'\n' | &RECORD_SEPARATOR) => return Scan::Broken,
            Some(_) => at += 1,
            None => return Scan::Incomplete,
        }
    }
}

/// Scans a number, a word, or what is neither: to the next byte that can stand behind one. At the
/// end of the bytes it may go on.
fn scan_word(bytes: &[u8], start: usize) -> Scan {
    let rest = bytes.get(start + 1..).unwrap_or_default();
    let is_end = |byte: &u8| {
        matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b',' | b'{' | b'}' | b'[' | b']' | b'"')
            || *byte == RECORD_SEPARATOR
    };
    rest.iter().position(is_end).map_or(Scan::Incomplete, |len| Scan::Ends(start + 1 + len))
}

/// The first byte from `start` on that is no blank, nor a record separator.
pub(super) fn skip_blanks(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let is_blank =
        |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t') || *byte == RECORD_SEPARATOR;
    start + rest.iter().position(|byte| !is_blank(byte)).unwrap_or(rest.len())
}

/// The blanks that `start` is indented by; None where anything else stands before it on its line.
/// Of the line that the bytes start in, `starts_line` says whether they hold its start.
pub(super) fn indent_of(bytes: &[u8], start: usize, starts_line: bool) -> Option<&[u8]> {
    let before = bytes.get(..start)?;
    let indent = match memchr::memrchr(b'\n', before) {
        Some(newline) => before.get(newline + 1..)?,
        None if starts_line => before,
        None => return None,
    };
    indent.iter().all(is_blank).then_some(indent)
}

/// Where reading goes on behind a broken value that starts at `start`: at a record separator, or at
/// the next line that starts with a bracket and has that indent, any where it is None. None where
/// the bytes hold no such place.
pub(super) fn resume_after(bytes: &[u8], start: usize, indent: Option<&[u8]>) -> Option<usize> {
    let from = start + 1;
    let rest = bytes.get(from..)?;
    memchr::memchr2_iter(b'\n', RECORD_SEPARATOR, rest).map(|at| from + at + 1).find(|&next| {
        let line = bytes.get(next..).unwrap_or_default();
        let indent_len = match indent {
            Some(indent) => line.starts_with(indent).then_some(indent.len()),
            // Not past the line: where all are empty, each would be looked through from each.
            None => line.iter().position(|byte| !is_blank(byte)),
        };
        let first = indent_len.and_then(|len| line.get(len));
        bytes.get(next - 1) == Some(&RECORD_SEPARATOR) || matches!(first, Some(b'{' | b'['))
    })
}

/// Whether it is a blank within a line.
fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Scan) {
        assert_eq!(scan_value(text.as_bytes(), 0), expected, "{text}");
    }

    #[test]
    fn a_value_ends_where_its_brackets_do() {
        check(r#"{"a":[1,{"b":"}"}]} x"#, Scan::Ends(19));
        check(r#""a\"b" "#, Scan::Ends(6));
        check("12,", Scan::Ends(2));
        check("12", Scan::Incomplete);
        check(r#"{"a":"\\"}"#, Scan::Ends(10));
    }

    #[test]
    fn a_broken_value_is_noticed_before_it_swallows_the_next() {
        check("{\"a\":[1}\n{}", Scan::Broken);
        check("{\"a\":\"x\n{}", Scan::Broken);
        check("{\"a\":1\n{\"a\":2}", Scan::Broken);
        check("{\"a\":1", Scan::Incomplete);
        assert_eq!(resume_after(b"{\"a\":1\n {\n{\"a\":2}", 0, Some(b"")), Some(10));
        assert_eq!(resume_after(b"[\n  {\"a\"\n\n  {\"a\":2}", 4, None), Some(10));
    }

    #[test]
    fn brackets_are_followed_deeper_than_records_may_go_and_not_without_end() {
        let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        for depth in [KINDS, KINDS + 1, DEEPEST] {
            check(&nested(depth), Scan::Ends(depth * 6 + 1));
        }
        check(&nested(DEEPEST + 1), Scan::Broken);
        check(&"[\n".repeat(DEEPEST), Scan::Incomplete);
        check(&"[\n".repeat(DEEPEST + 1), Scan::Broken);
        check(&nested(KINDS + 1).replace("}}", "}]"), Scan::Broken);
    }

    #[test]
    fn the_indent_is_known_only_where_the_start_of_the_line_is() {
        assert_eq!(indent_of(b"[\n \t{", 4, false), Some(&b" \t"[..]));
        assert_eq!(indent_of(b"[\n ,{", 4, true), None);
        assert_eq!(indent_of(b"  {", 2, true), Some(&b"  "[..]));
        assert_eq!(indent_of(b"  {", 2, false), None);
    }
}
