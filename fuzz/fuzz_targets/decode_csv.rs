//! Any bytes, read as CSV: no panic, no lost record, and no dependence on the chunks.
//!
//! The first byte chooses what is given about the dialect and how long chunks are, `<` for nothing
//! and chunks of 16 bytes; what follows is the source.
#![no_main]

mod laws;

use colonna_ingest::{CsvOptions, FormatName, Mark, ReadOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let choice = laws::Choice::of(choice);
    let quoted = CsvOptions { quote: Mark::Byte(b'"'), header: Some(false), ..Default::default() };
    let csv = match choice.dialect {
        1 => CsvOptions { delimiter: Some("||".to_owned()), ..quoted },
        2 => CsvOptions { escape: Mark::Byte(b'\\'), ..quoted },
        3 => CsvOptions { comment: Mark::Byte(b'#'), skip_lines: Some(1), ..quoted },
        _ => CsvOptions::default(),
    };
    let chunk_byte_len = choice.chunk_byte_len;
    let format = Some(FormatName::Csv);
    let read = ReadOptions { format, csv, chunk_byte_len, ..ReadOptions::default() };
    laws::check(bytes, &read, &choice.infer);
});
