//! The encoding of a source's text: what a byte order mark says, else what was named, else what the
//! first bytes look like.
//!
//! Text that is valid UTF-8 is UTF-8. Bytes that are not are a few bad bytes in UTF-8 where most of
//! what is not ASCII is valid, and another encoding where little is. A text that starts like JSON is
//! UTF-8, as JSON is.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::IngestError;

/// How the bytes of a source become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextEncoding {
    pub(super) scheme: Scheme,
    /// How many bytes at the start are a byte order mark.
    pub(super) mark_byte_len: u8,
    is_guess: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Nothing to do.
    Utf8,
    /// Four bytes to a character, which no label of the web names.
    Utf32 { is_big_endian: bool },
    /// Any other.
    Legacy(&'static Encoding),
}

const UTF32_LITTLE: Scheme = Scheme::Utf32 { is_big_endian: false };
const UTF32_BIG: Scheme = Scheme::Utf32 { is_big_endian: true };

/// The marks. UTF-32 goes before UTF-16, whose mark its own starts with.
const MARKS: [(&[u8], Scheme); 5] = [
    (&[0xef, 0xbb, 0xbf], Scheme::Utf8),
    (&[0xff, 0xfe, 0, 0], UTF32_LITTLE),
    (&[0, 0, 0xfe, 0xff], UTF32_BIG),
    (&[0xff, 0xfe], Scheme::Legacy(UTF_16LE)),
    (&[0xfe, 0xff], Scheme::Legacy(UTF_16BE)),
];

/// The encoding of that label.
pub(super) fn named(label: &str) -> Result<&'static Encoding, IngestError> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| IngestError::UnknownName {
        what: "encoding",
        name: label.to_owned(),
        expected: "a label of the Encoding Standard, such as windows-1252, shift_jis or utf-16le",
    })
}

impl TextEncoding {
    pub(super) const UTF8: Self = Self { scheme: Scheme::Utf8, mark_byte_len: 0, is_guess: false };

    /// The encoding of a text that starts with this sample.
    pub(super) fn of(sample: &[u8], is_whole: bool, named: Option<&'static Encoding>) -> Self {
        // Four bytes of a mark with nothing behind them are two of UTF-16 and a NUL: no matter.
        if let Some((mark, scheme)) = MARKS.iter().find(|(mark, _)| sample.starts_with(mark)) {
            let mark_byte_len = u8::try_from(mark.len()).unwrap_or(0);
            return Self { scheme: *scheme, mark_byte_len, is_guess: false };
        }
        match named {
            Some(encoding) if encoding == UTF_8 => Self::UTF8,
            Some(encoding) => Self { scheme: Scheme::Legacy(encoding), ..Self::UTF8 },
            None => match guess(sample, is_whole) {
                Some(encoding) => {
                    Self { scheme: Scheme::Legacy(encoding), mark_byte_len: 0, is_guess: true }
                }
                None => Self::UTF8,
            },
        }
    }

    /// The encoding in words, where there is something to say.
    pub(super) fn description(self) -> Option<String> {
        let name = match self.scheme {
            Scheme::Utf8 => return None,
            Scheme::Utf32 { is_big_endian: false } => "UTF-32LE",
            Scheme::Utf32 { is_big_endian: true } => "UTF-32BE",
            Scheme::Legacy(encoding) => encoding.name(),
        };
        Some(if self.is_guess { format!("{name} (by its bytes)") } else { name.to_owned() })
    }
}

/// How many bytes have to show the encoding of western Europe, which is by far the most common.
const WESTERN_BYTES: usize = 4;

/// How many bytes have to show any other. With fewer a guess is as good as another, and the records
/// that hold the bytes are better rejected than misread.
const OTHER_BYTES: usize = 16;

fn guess(sample: &[u8], is_whole: bool) -> Option<&'static Encoding> {
    if let Some(encoding) = wide(sample) {
        return Some(encoding);
    }
    let census = Census::of(sample, is_whole);
    let is_binary = memchr::memchr(0, sample).is_some();
    let is_json = matches!(sample.trim_ascii_start().first(), Some(b'{' | b'['));
    if census.invalid <= census.valid || is_binary || is_json {
        return None;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, is_whole);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
    let wanted = if encoding == encoding_rs::WINDOWS_1252 { WESTERN_BYTES } else { OTHER_BYTES };
    (census.invalid >= wanted).then_some(encoding)
}

/// How many characters past ASCII are valid UTF-8, and how many bytes are not.
struct Census {
    valid: usize,
    invalid: usize,
}

impl Census {
    fn of(sample: &[u8], is_whole: bool) -> Self {
        let mut census = Self { valid: 0, invalid: 0 };
        let mut chunks = sample.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            census.valid += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
            // The sample may cut a character.
            let is_cut = !is_whole && chunks.peek().is_none();
            if !is_cut && !chunk.invalid().is_empty() {
                census.invalid += 1;
            }
        }
        census
    }
}

/// UTF-16 without a mark: mostly ASCII shows as every other byte being zero.
fn wide(sample: &[u8]) -> Option<&'static Encoding> {
    let head = sample.get(..sample.len().min(4096) & !1).unwrap_or_default();
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|byte| **byte == 0);
    let (even, odd) = (zeros(0).count(), zeros(1).count());
    if even == 0 && odd * 10 >= pairs * 7 {
        Some(UTF_16LE)
    } else if odd == 0 && even * 10 >= pairs * 7 {
        Some(UTF_16BE)
    } else {
        None
    }
}
