//! A parsed record, borrowed from its text.

use std::borrow::Cow;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    /// A number without fraction and exponent.
    Integer,
    /// A number with a fraction or an exponent.
    Decimal,
    /// A string without escapes.
    PlainText,
    /// A string with escapes.
    EscapedText,
    Array,
    Object,
}

/// One value on the tape: where its text lies, and where the next value behind it is.
///
/// Invariant: the values inside of an array or object follow it on the tape; in an object keys and
/// values alternate. A string's range is without its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) next: u32,
    pub(super) kind: Kind,
}

/// A JSON value of a record. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    text: &'a str,
    nodes: &'a [Node],
    index: u32,
}

const NULL: Node = Node { start: 0, end: 0, next: 0, kind: Kind::Null };

impl<'a> Value<'a> {
    /// The value whose nodes start the tape.
    pub(super) fn root(text: &'a str, nodes: &'a [Node]) -> Self {
        Self { text, nodes, index: 0 }
    }

    #[inline]
    fn node(&self) -> Node {
        self.nodes.get(self.index as usize).copied().unwrap_or(NULL)
    }

    #[inline]
    fn at(&self, index: u32) -> Self {
        Self { index, ..*self }
    }

    #[inline]
    pub(crate) fn kind(&self) -> Kind {
        self.node().kind
    }

    /// The text between the quotes of a string as it stands there, or any other value as written.
    #[inline]
    pub(crate) fn inner(&self) -> &'a str {
        let node = self.node();
        self.text.get(node.start as usize..node.end as usize).unwrap_or_default()
    }

    /// The value as written, a string with its quotes.
    pub(crate) fn raw(&self) -> &'a str {
        let node = self.node();
        let (start, end) = (node.start as usize, node.end as usize);
        let range = match node.kind {
            Kind::PlainText | Kind::EscapedText => start.saturating_sub(1)..end + 1,
            _ => start..end,
        };
        self.text.get(range).unwrap_or_default()
    }

    /// The text of a string, or any other value as written.
    #[inline]
    pub(crate) fn as_written(&self) -> Cow<'a, str> {
        match self.kind() {
            Kind::EscapedText => Cow::Owned(unescape(self.inner())),
            _ => Cow::Borrowed(self.inner()),
        }
    }

    /// Whether it is a string.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.kind(), Kind::PlainText | Kind::EscapedText)
    }

    /// The names and values of an object, in their order; none for any other value.
    pub(crate) fn members(&self) -> Members<'a> {
        let node = self.node();
        let is_object = node.kind == Kind::Object;
        let next = self.index + 1;
        Members { value: *self, next, end: if is_object { node.next } else { next } }
    }

    /// The values of an array, in their order; none for any other value.
    pub(crate) fn elements(&self) -> Elements<'a> {
        let node = self.node();
        let is_array = node.kind == Kind::Array;
        let next = self.index + 1;
        Elements { value: *self, next, end: if is_array { node.next } else { next } }
    }

    /// The last member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        self.members().filter(|(key, _)| key.as_written() == name).map(|(_, value)| value).last()
    }
}

/// The names and values of an object. A name is a string value.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    value: Value<'a>,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Value<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let (key, value) = (self.value.at(self.next), self.value.at(self.next + 1));
        self.next = value.node().next.max(self.next + 2);
        Some((key, value))
    }
}

/// The values of an array.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> {
    value: Value<'a>,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let value = self.value.at(self.next);
        self.next = value.node().next.max(self.next + 1);
        Some(value)
    }
}

/// The text that a string with valid escapes stands for. Half of a surrogate pair has no UTF-8: its
/// escape stays as it was written.
pub(crate) fn unescape(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        text.push_str(plain);
        let (character, len) = match escape.as_bytes().get(1) {
            Some(b'b') => (Some('\u{8}'), 2),
            Some(b'f') => (Some('\u{c}'), 2),
            Some(b'n') => (Some('\n'), 2),
            Some(b'r') => (Some('\r'), 2),
            Some(b't') => (Some('\t'), 2),
            Some(b'u') => unescape_unicode(escape),
            Some(&literal) => (Some(char::from(literal)), 2),
            None => (Some('\\'), 1),
        };
        let (taken, behind) = escape.split_at_checked(len).unwrap_or((escape, ""));
        match character {
            Some(character) => text.push(character),
            None => text.push_str(taken),
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// The character of an escape that starts with `\u`, and how many bytes it takes.
fn unescape_unicode(escape: &str) -> (Option<char>, usize) {
    let unit = |start: usize| {
        let digits = escape.get(start..start + 4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(2) else { return (None, escape.len().min(6)) };
    let is_pair = (0xd800..0xdc00).contains(&first) && escape.get(6..8) == Some("\\u");
    if is_pair && let Some(second @ 0xdc00..0xe000) = unit(8) {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code), 12);
    }
    (char::from_u32(first), 6)
}

/// Whether a string with escapes has half of a surrogate pair.
pub(crate) fn has_lone_surrogate(inner: &str) -> bool {
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let escape = rest.get(at..).unwrap_or_default();
        let len = match escape.as_bytes().get(1) {
            Some(b'u') => match unescape_unicode(escape) {
                (None, _) => return true,
                (Some(_), len) => len,
            },
            _ => 2,
        };
        rest = escape.get(len..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(inner: &str, expected: &str) {
        assert_eq!(unescape(inner), expected);
    }

    #[test]
    fn escapes_become_what_they_stand_for() {
        check(r#"a\n\"\\\/\u00e9\u0000z"#, "a\n\"\\/\u{e9}\0z");
        check(r"\ud83d\ude00", "\u{1f600}");
    }

    #[test]
    fn half_of_a_pair_stays_as_written() {
        check(r"a\ud800b", r"a\ud800b");
        check(r"\ud800\ud83d\ude00", "\\ud800\u{1f600}");
        check(r"\ude00\n", "\\ude00\n");
        assert!(has_lone_surrogate(r"\n\ud800"));
        assert!(!has_lone_surrogate(r"\\ud800 \ud83d\ude00"));
    }
}
