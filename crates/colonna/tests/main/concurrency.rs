//! Several loads at once.

use std::thread;

use colonna::{Granularity, Ingest};

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
