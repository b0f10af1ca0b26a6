//! NDJSON and CSV become two tables, and five questions are asked of them.
//!
//! `cargo run --release --example quickstart [FOLDER]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::{Path, PathBuf};

use colonna::{
    Answer, Granularity, Ingest, Table, col, count, count_distinct, max, mean, median, sum,
    timestamp,
};

const TESTDATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");

fn main() -> Result<(), Box<dyn Error>> {
    let folder =
        std::env::args().nth(1).map_or_else(|| PathBuf::from("target/quickstart"), PathBuf::from);
    let (events, trips) = (folder.join("events"), folder.join("trips"));

    println!("== events.ndjson -> {}\n", events.display());
    let report = Ingest::into(&events)
        .json(format!("{TESTDATA}/events.ndjson"))
        .partition_by("ts", Granularity::Day)
        .run()?;
    println!("{report}\n");

    println!("== trips.csv -> {}\n", trips.display());
    let report = Ingest::into(&trips)
        .csv(format!("{TESTDATA}/trips.csv"))
        .partition_by("began_at", Granularity::Month)
        .sort_by(["from_zone"])
        .run()?;
    println!("{report}\n");

    ask(&events, &trips)
}

fn ask(events: &Path, trips: &Path) -> Result<(), Box<dyn Error>> {
    let events = Table::open(events)?;
    let trips = Table::open(trips)?;

    show(
        "How many events are there? The log knows.",
        &events.scan().aggregate([count()]).collect()?,
    );

    let failures = events
        .scan()
        .filter(col("ts").at_or_after(timestamp("2025-10-15")?).and(col("status").eq(500)))
        .group_by([col("user.country")])
        .aggregate([count(), mean("duration_ms")])
        .order_by_descending("count")
        .limit(5)
        .collect()?;
    show("Which countries saw failures since 15 October? Earlier days are not opened.", &failures);

    let hour = events
        .scan()
        .filter(col("ts").between("2025-10-20T10:00:00Z", "2025-10-20T15:59:59Z"))
        .group_by([col("ts").date_trunc("hour")])
        .aggregate([count(), count_distinct("user.id")])
        .order_by("date_trunc('hour', ts)")
        .collect()?;
    show("What happened in six hours of one day? One file is read.", &hour);

    let zones = trips
        .scan()
        .group_by([col("from_zone")])
        .aggregate([count(), sum("fare"), median("distance_km")])
        .order_by_descending("sum(fare)")
        .limit(5)
        .collect()?;
    show("Where do the best fares begin?", &zones);

    let tips = trips
        .scan()
        .filter(col("payment").eq("card").and(col("from_zone").like("Amsel%")))
        .aggregate([count(), max("tip"), mean("tip")])
        .collect()?;
    show("How are tips by card from Amsel?", &tips);
    Ok(())
}

fn show(question: &str, answer: &Answer) {
    println!("== {question}\n\n{answer}\n{}\n", answer.counters());
}
