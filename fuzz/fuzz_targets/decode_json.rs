//! Any bytes, read as JSON: no panic, no lost record, and no dependence on the chunks.
//!
//! The first byte chooses how records are arranged and how long chunks are, `<` for the default in
//! chunks of 16 bytes; what follows is the source.
#![no_main]

mod laws;

use colonna_ingest::{FormatName, JsonOptions, ReadOptions, Unwrap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let choice = laws::Choice::of(choice);
    let json = match choice.dialect {
        1 => JsonOptions { pointer: Some("/a".to_owned()), ..JsonOptions::default() },
        2 => JsonOptions { array_header: true, ..JsonOptions::default() },
        3 => JsonOptions { unwrap: Unwrap::ElasticBulk, ..JsonOptions::default() },
        _ => JsonOptions::default(),
    };
    let chunk_byte_len = choice.chunk_byte_len;
    let format = Some(FormatName::Json);
    let read = ReadOptions { format, json, chunk_byte_len, ..ReadOptions::default() };
    laws::check(bytes, &read, &choice.infer);
});
