//! Writes a workload to a file:
//! `cargo run --release -p colonna-benches --bin generate -- events 3000000 11 events.ndjson`

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, rows, seed, path] = arguments.as_slice() else {
        return Err("usage: generate events|trips|clicks|access_log ROWS SEED FILE".into());
    };
    let workload = match kind.as_str() {
        "events" => colonna_benches::events,
        "trips" => colonna_benches::trips,
        "clicks" => colonna_benches::clicks,
        "access_log" => colonna_benches::access_log,
        other => {
            return Err(
                format!("no workload {other:?}: events, trips, clicks or access_log").into()
            );
        }
    };
    let mut out = BufWriter::new(File::create(path)?);
    workload(rows.parse()?, seed.parse()?, &mut out)?;
    Ok(out.flush()?)
}
