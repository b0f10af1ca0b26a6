//! Any bytes, read as JSON: no panic, no lost record, and no dependence on the chunks.
#![no_main]

mod laws;

use colonna_ingest::FormatName;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| laws::check(bytes, FormatName::Json));
