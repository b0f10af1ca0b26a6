//! Any input that colonna reads becomes a table.
//!
//! `cargo run --release --example convert -- INPUT TABLE [TIME-COLUMN]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use colonna::{Granularity, Ingest, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (input, table, time) = match arguments.as_slice() {
        [input, table] => (input, table, None),
        [input, table, time] => (input, table, Some(time)),
        _ => return Err("usage: convert INPUT TABLE [TIME-COLUMN]".into()),
    };
    let mut ingest = Ingest::into(table).input(input);
    if let Some(time) = time {
        ingest = ingest.partition_by(time, Granularity::Day);
    }
    println!("{}\n", ingest.run()?);
    for field in &Table::open(table)?.schema().fields {
        println!("{:<24} {}", field.name, field.data_type);
    }
    Ok(())
}
