//! How values become bytes and come back: a file for each of Parquet's encodings, both ways side
//! by side.
//!
//! What holds for each: decoding gives back what was encoded, and bytes that nothing was encoded
//! to are an error or some values, never a panic. Memory is taken for values that were asked for
//! and not for those that malformed bytes promise.

mod bits;
pub mod boolean;
pub mod byte_stream_split;
pub mod delta_binary_packed;
pub mod delta_byte_array;
pub mod delta_length_byte_array;
pub mod dictionary;
pub mod hybrid;
pub mod plain;
pub(crate) mod varint;

use crate::PageError;

fn malformed(detail: impl Into<String>) -> PageError {
    PageError::Malformed { action: "decode values", detail: detail.into() }
}

/// The first `len` bytes, and the rest.
fn split(bytes: &[u8], len: usize) -> Result<(&[u8], &[u8]), PageError> {
    bytes
        .split_at_checked(len)
        .ok_or_else(|| malformed(format!("{} bytes where {len} were to be", bytes.len())))
}
