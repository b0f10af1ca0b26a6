//! Text of any encoding, read as UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use super::encoding::{Scheme, TextEncoding};

const BUFFER_BYTE_LEN: usize = 64 << 10;

/// Stands for what is not valid in the encoding of the source: never a byte of UTF-8, so that the
/// record is seen to be broken.
const INVALID: u8 = 0xff;

/// The text of those bytes, without a byte order mark.
pub(super) fn reader(
    mut bytes: Box<dyn Read + Send>,
    encoding: TextEncoding,
) -> io::Result<Box<dyn Read + Send>> {
    let mut mark = [0; 4];
    let mark = mark.get_mut(..usize::from(encoding.mark_byte_len)).unwrap_or_default();
    bytes.read_exact(mark)?;
    Ok(match encoding.scheme {
        Scheme::Utf8 => bytes,
        Scheme::Utf32 { is_big_endian } => {
            Box::new(Transcoded::new(bytes, Wide { is_big_endian, held: Vec::new() }))
        }
        Scheme::Legacy(encoding) => {
            Box::new(Transcoded::new(bytes, encoding.new_decoder_without_bom_handling()))
        }
    })
}

/// Turns bytes into UTF-8, in pieces.
trait Transcode {
    /// Appends the text of `bytes` to `text`. What a piece leaves open is kept for the next.
    fn transcode(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>);
}

struct Transcoded<T> {
    bytes: Box<dyn Read + Send>,
    transcode: T,
    buffer: Vec<u8>,
    text: Vec<u8>,
    position: usize,
    ended: bool,
}

impl<T: Transcode> Transcoded<T> {
    fn new(bytes: Box<dyn Read + Send>, transcode: T) -> Self {
        let buffer = vec![0; BUFFER_BYTE_LEN];
        Self { bytes, transcode, buffer, text: Vec::new(), position: 0, ended: false }
    }
}

impl<T: Transcode> Read for Transcoded<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position >= self.text.len() && !self.ended {
            self.text.clear();
            self.position = 0;
            let count = self.bytes.read(&mut self.buffer)?;
            self.ended = count == 0;
            let bytes = self.buffer.get(..count).unwrap_or_default();
            self.transcode.transcode(bytes, self.ended, &mut self.text);
        }
        let mut rest = self.text.get(self.position..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.position += count;
        Ok(count)
    }
}

impl Transcode for Decoder {
    fn transcode(&mut self, mut bytes: &[u8], is_last: bool, text: &mut Vec<u8>) {
        loop {
            let start = text.len();
            let room = self.max_utf8_buffer_length_without_replacement(bytes.len());
            text.resize(start + room.unwrap_or(BUFFER_BYTE_LEN).max(16), 0);
            let target = text.get_mut(start..).unwrap_or_default();
            let (result, read, written) =
                self.decode_to_utf8_without_replacement(bytes, target, is_last);
            text.truncate(start + written);
            bytes = bytes.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => text.push(INVALID),
            }
        }
    }
}

/// UTF-32, whose pieces may cut a character.
struct Wide {
    is_big_endian: bool,
    held: Vec<u8>,
}

impl Transcode for Wide {
    fn transcode(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>) {
        self.held.extend_from_slice(bytes);
        let mut quads = self.held.chunks_exact(4);
        for quad in &mut quads {
            let quad = quad.first_chunk().copied().unwrap_or_default();
            let code = if self.is_big_endian {
                u32::from_be_bytes(quad)
            } else {
                u32::from_le_bytes(quad)
            };
            match char::from_u32(code) {
                Some(character) => {
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                None => text.push(INVALID),
            }
        }
        let rest = quads.remainder().to_vec();
        if is_last && !rest.is_empty() {
            text.push(INVALID);
        }
        self.held = if is_last { Vec::new() } else { rest };
    }
}
