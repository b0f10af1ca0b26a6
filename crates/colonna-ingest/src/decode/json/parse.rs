//! JSON by the letter of RFC 8259, onto a tape.

use fearless_simd::{Level, Simd, dispatch, prelude::*, u8x16};

use super::value::{Kind, Node, Value};
use crate::Limits;

/// Why a text is no JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) reason: &'static str,
    pub(crate) offset: usize,
}

type Parsed<T> = Result<T, ParseError>;

/// Parses one record after the other onto the same tape.
#[derive(Debug)]
pub(crate) struct Parser {
    nodes: Vec<Node>,
    /// The arrays and objects that are open: their place on the tape.
    open: Vec<u32>,
    depth: usize,
    key_byte_len: usize,
}

/// What may stand next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    FirstElement,
    FirstKey,
    Key,
    CommaOrEnd,
}

impl Parser {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (depth, key_byte_len) = (limits.depth, limits.key_byte_len);
        Self { nodes: Vec::new(), open: Vec::new(), depth, key_byte_len }
    }

    /// The one value that the text is, with nothing but blanks around it.
    pub(crate) fn parse<'a>(&'a mut self, text: &'a str) -> Parsed<Value<'a>> {
        let end = self.parse_prefix(text)?;
        let mut cursor = Cursor { bytes: text.as_bytes(), at: end };
        cursor.skip_blanks();
        match cursor.peek() {
            None => Ok(Value::root(text, &self.nodes)),
            Some(_) => Err(cursor.error("something follows the end of the value")),
        }
    }

    /// Parses the value that the text starts with, blanks before it allowed. Its end.
    fn parse_prefix(&mut self, text: &str) -> Parsed<usize> {
        self.nodes.clear();
        self.open.clear();
        let mut cursor = Cursor { bytes: text.as_bytes(), at: 0 };
        if u32::try_from(text.len()).is_err() {
            return Err(cursor.error("the record is larger than 4 GiB"));
        }
        let mut expect = Expect::Value;
        loop {
            cursor.skip_blanks();
            let Some(byte) = cursor.peek() else {
                return Err(cursor.error("the value is not complete"));
            };
            expect = match (expect, byte) {
                (Expect::CommaOrEnd, b',') => {
                    cursor.at += 1;
                    if self.innermost() == Some(Kind::Object) { Expect::Key } else { Expect::Value }
                }
                (Expect::CommaOrEnd | Expect::FirstKey, b'}')
                    if self.innermost() == Some(Kind::Object) =>
                {
                    self.close(&mut cursor)
                }
                (Expect::CommaOrEnd | Expect::FirstElement, b']')
                    if self.innermost() == Some(Kind::Array) =>
                {
                    self.close(&mut cursor)
                }
                (Expect::FirstKey | Expect::Key, b'"') => {
                    self.key(&mut cursor)?;
                    Expect::Value
                }
                (Expect::Value | Expect::FirstElement, _) => self.value(&mut cursor, byte)?,
                (Expect::FirstKey | Expect::Key, _) => {
                    return Err(cursor.error("expected a key in quotes"));
                }
                (Expect::CommaOrEnd, _) => {
                    return Err(cursor.error("expected a comma or the end of the list or object"));
                }
            };
            if self.open.is_empty() && expect == Expect::CommaOrEnd {
                return Ok(cursor.at);
            }
        }
    }

    fn innermost(&self) -> Option<Kind> {
        let open = *self.open.last()?;
        Some(self.nodes.get(open as usize)?.kind)
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = position(self.nodes.len() + 1);
        self.nodes.push(Node { start: position(start), end: position(end), next, kind });
    }

    fn close(&mut self, cursor: &mut Cursor<'_>) -> Expect {
        cursor.at += 1;
        let next = position(self.nodes.len());
        if let Some(open) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(open as usize)
        {
            node.end = position(cursor.at);
            node.next = next;
        }
        Expect::CommaOrEnd
    }

    #[inline]
    fn key(&mut self, cursor: &mut Cursor<'_>) -> Parsed<()> {
        let start = cursor.at + 1;
        let kind = cursor.string()?;
        if cursor.at - start > self.key_byte_len {
            return Err(cursor.error("a key is longer than the limit"));
        }
        self.push(kind, start, cursor.at - 1);
        cursor.skip_blanks();
        if cursor.peek() != Some(b':') {
            return Err(cursor.error("expected a colon behind the key"));
        }
        cursor.at += 1;
        Ok(())
    }

    #[inline]
    fn value(&mut self, cursor: &mut Cursor<'_>, byte: u8) -> Parsed<Expect> {
        let start = cursor.at;
        match byte {
            b'"' => {
                let kind = cursor.string()?;
                self.push(kind, start + 1, cursor.at - 1);
            }
            b'-' | b'0'..=b'9' => {
                let kind = cursor.number()?;
                self.push(kind, start, cursor.at);
            }
            b'{' | b'[' => {
                if self.open.len() >= self.depth {
                    return Err(cursor.error("nested deeper than the limit"));
                }
                let (kind, expect) = match byte {
                    b'{' => (Kind::Object, Expect::FirstKey),
                    _ => (Kind::Array, Expect::FirstElement),
                };
                self.open.push(position(self.nodes.len()));
                self.push(kind, start, start);
                cursor.at += 1;
                return Ok(expect);
            }
            b't' => self.word(cursor, "true", Kind::True)?,
            b'f' => self.word(cursor, "false", Kind::False)?,
            b'n' => self.word(cursor, "null", Kind::Null)?,
            _ => return Err(cursor.error("expected a value")),
        }
        Ok(Expect::CommaOrEnd)
    }

    fn word(&mut self, cursor: &mut Cursor<'_>, word: &'static str, kind: Kind) -> Parsed<()> {
        let start = cursor.at;
        if !cursor.bytes.get(start..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return Err(cursor.error("expected a value"));
        }
        cursor.at += word.len();
        self.push(kind, start, cursor.at);
        Ok(())
    }
}

/// A place on the tape or in the text. Both are shorter than 2^32, which the door has checked.
#[inline]
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A place in a text of JSON.
pub(crate) struct Cursor<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

impl Cursor<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn error(&self, reason: &'static str) -> ParseError {
        ParseError { reason, offset: self.at }
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Passes a string from its opening quote to behind its closing one.
    #[inline]
    pub(crate) fn string(&mut self) -> Parsed<Kind> {
        self.at += 1;
        let mut kind = Kind::PlainText;
        loop {
            self.at += plain_len(self.bytes.get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(kind);
                }
                Some(b'\\') => {
                    kind = Kind::EscapedText;
                    self.escape()?;
                }
                Some(_) => return Err(self.error("a control character stands in a string")),
                None => return Err(self.error("a string is not complete")),
            }
        }
    }

    fn escape(&mut self) -> Parsed<()> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.error("an escape \\u needs four hexadecimal digits"));
                }
                self.at += 6;
            }
            _ => return Err(self.error("no such escape in a string")),
        }
        Ok(())
    }

    #[inline]
    fn digits(&mut self) -> Parsed<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.error("a number lacks a digit")) } else { Ok(()) }
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Parsed<Kind> {
        let mut kind = Kind::Integer;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                return Err(self.error("a number starts with a zero"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            kind = Kind::Decimal;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            kind = Kind::Decimal;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(kind)
    }
}

/// How many bytes come before the first quote, backslash or control character.
#[inline]
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    // Every processor has what this needs: nothing is chosen when it runs.
    dispatch!(Level::baseline(), simd => plain_len_by::<_, u8x16<_>>(simd, bytes))
}

/// The same, as many bytes at a time as a vector has.
#[inline(always)]
pub(crate) fn plain_len_by<S: Simd, V: SimdInt<S, Element = u8>>(simd: S, bytes: &[u8]) -> usize {
    let (quote, backslash) = (V::splat(simd, b'"'), V::splat(simd, b'\\'));
    let control = V::splat(simd, 0x1f);
    let mut rest = bytes;
    while let Some((block, behind)) = rest.split_at_checked(V::LEN) {
        let block = V::from_slice(simd, block);
        let special = block.simd_eq(quote) | block.simd_eq(backslash) | block.simd_le(control);
        let found = special.to_bitmask();
        if found != 0 {
            return bytes.len() - rest.len() + found.trailing_zeros() as usize;
        }
        rest = behind;
    }
    bytes.len() - rest.len() + plain_len_of_few(rest)
}

#[cold]
fn plain_len_of_few(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::u8x64;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_special_in_a_string_is_found_first(
            text in "[a-z\u{20}\u{7f}\u{fc}\u{2603}]{0,200}",
            special in "[\"\\\\\u{0}\n\u{1f}]?",
            more in "[a-z\"\\\\]{0,40}",
        ) {
            let text = format!("{text}{special}{more}");
            let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
            let expected = text.bytes().take_while(|byte| !is_special(*byte)).count();
            prop_assert_eq!(plain_len(text.as_bytes()), expected);
            let found = dispatch!(
                Level::new(), simd => plain_len_by::<_, u8x64<_>>(simd, text.as_bytes())
            );
            prop_assert_eq!(found, expected);
        }
    }

    fn parse(text: &str) -> Result<String, ParseError> {
        let mut parser = Parser::new(&Limits::default());
        parser.parse(text).map(rebuilt)
    }

    /// The value written out from the tape, to compare with the oracle.
    fn rebuilt(value: Value<'_>) -> String {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        match value.kind() {
            Kind::Array => {
                let elements: Vec<String> = value.elements().map(rebuilt).collect();
                format!("[{}]", elements.join(","))
            }
            Kind::Object => {
                let member = |(key, value): (Value<'_>, Value<'_>)| {
                    format!("{}:{}", quoted(&key.as_written()), rebuilt(value))
                };
                format!("{{{}}}", value.members().map(member).collect::<Vec<_>>().join(","))
            }
            Kind::PlainText | Kind::EscapedText => quoted(&value.as_written()),
            _ => value.raw().to_owned(),
        }
    }

    #[test]
    fn values_keep_their_text() {
        let text = r#" {"a" : [1, -0.5e3, "x\ny", {}], "b":{"c":null}, "d":[] } "#;
        assert_eq!(parse(text).unwrap(), r#"{"a":[1,-0.5e3,"x\ny",{}],"b":{"c":null},"d":[]}"#);
        let mut parser = Parser::new(&Limits::default());
        let value = parser.parse(text).unwrap();
        assert_eq!(value.get("b").unwrap().raw(), r#"{"c":null}"#);
        assert_eq!(value.get("a").unwrap().elements().nth(2).unwrap().raw(), r#""x\ny""#);
    }

    #[test]
    fn what_is_deeper_than_the_limit_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(128)).is_ok());
        assert_eq!(parse(&nested(129)).unwrap_err().reason, "nested deeper than the limit");
        assert!(parse(&"[".repeat(1_000_000)).is_err());
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(parse(r#"{"a":1,}"#).unwrap_err().offset, 7);
        assert_eq!(parse("[1] 2").unwrap_err().offset, 4);
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".*".prop_map(serde_json::Value::String),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((".{0,9}", inner), 0..6).prop_map(|members| {
                    serde_json::Value::Object(members.into_iter().collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_json_writes_is_read_as_it_was(value in any_json()) {
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(parse(&text).unwrap(), text.clone());
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(parse(&pretty).unwrap(), text);
        }

        #[test]
        fn damaged_json_is_judged_as_serde_json_judges_it(
            value in any_json(),
            at in any::<prop::sample::Index>(),
            with in prop::sample::select(vec!["", "\"", "\\", "{", "]", ",", "0", "\u{1}", " ", "\\u12"]),
        ) {
            let mut text = serde_json::to_string(&value).unwrap();
            let mut at = at.index(text.len());
            while !text.is_char_boundary(at) { at -= 1; }
            let end = (at + 1..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap();
            text.replace_range(at..end, with);
            let oracle = serde_json::from_str::<serde::de::IgnoredAny>(&text);
            prop_assert_eq!(parse(&text).is_ok(), oracle.is_ok(), "{}", text);
        }
    }
}
