//! Several loads at once.

use std::sync::{Arc, Once};
use std::thread;

use colonna::{Granularity, Ingest, ReadOptions};

use crate::corridor::{Sandbox, rows};

#[test]
fn loads_that_race_lose_no_row_and_repeat_none() {
    let sandbox = Sandbox::new();
    let inputs: Vec<_> = (0..6)
        .map(|index| {
            let line = |row: u32| {
                format!(
                    "{{\"ts\":\"2025-10-0{}T00:00:00Z\",\"n\":{}}}\n",
                    1 + row % 3,
                    index * 100 + row
                )
            };
            sandbox.write(&format!("{index}.ndjson"), (0..100).map(line).collect::<String>())
        })
        .collect();
    thread::scope(|scope| {
        // Each input twice: the second load of the same must find the first, or lose the race to it.
        for input in inputs.iter().chain(&inputs) {
            let table = sandbox.table();
            scope.spawn(move || {
                Ingest::into(table).json(input).partition_by("ts", Granularity::Day).run().unwrap();
            });
        }
    });
    assert_eq!(
        rows(&sandbox.table(), "SELECT count(*), count(DISTINCT n), sum(n) FROM t"),
        ["600 600 179700"]
    );
}

/// What is lost of a file that another program cuts short is no row that anybody would miss.
#[test]
fn a_file_that_is_cut_short_while_it_is_loaded_fails_the_load() {
    let sandbox = Sandbox::new();
    let lines: String = (0..200_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let input = sandbox.write("in.ndjson", &lines);
    let file = std::fs::File::options().write(true).open(&input).unwrap();
    let read = ReadOptions { chunk_byte_len: 4 << 10, ..ReadOptions::default() };
    let cut = Once::new();
    let ingest = Ingest::into(sandbox.table()).json(&input).read_options(read);
    // Of many chunks a few have been read when the first is told of.
    let shorter = lines.len() as u64 / 2;
    let ingest = ingest.on_progress(Arc::new(move |_| {
        cut.call_once(|| file.set_len(shorter).unwrap());
    }));
    let told = ingest.run().unwrap_err();
    let cause = std::error::Error::source(&told).unwrap().to_string();
    assert!(told.to_string().contains(&format!("in.ndjson: reading failed at byte {shorter}")));
    let expected = format!("had {} bytes when the load began, and has {shorter} now", lines.len());
    assert!(cause.contains(&expected), "{told}: {cause}");
    assert!(!sandbox.table().join("_delta_log").exists());
}
