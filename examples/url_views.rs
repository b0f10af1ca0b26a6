//! Cumulative views for each URL from a click log, day after day; safe to rerun.
//!
//! `cargo run --release --example url_views -- CLICKS.ndjson FOLDER`
//!
//! The clicks go to one table, which knows what it has loaded. From it the views of each day and the
//! sum of all days up to it are computed and written to a second table, which is replaced whole.
//! Running it again, or after a crash anywhere, ends in the same two tables.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use colonna::{
    Column, Columns, Granularity, Ingest, LoadOutcome, Mode, Scalar, Table, col, count,
    count_distinct,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [clicks, folder] = arguments.as_slice() else {
        return Err("usage: url_views CLICKS.ndjson FOLDER".into());
    };
    let folder = Path::new(folder);
    let (raw, views) = (folder.join("clicks"), folder.join("views"));

    let loaded = Ingest::into(&raw).json(clicks).partition_by("ts", Granularity::Day).run()?;
    println!("{loaded}\n");

    // What a crash between the two tables left undone is done on the next run, because the views
    // are named after the version of the clicks they were made from.
    let version = loaded.version.unwrap_or_default();
    let report = Ingest::into(&views)
        .rows(cumulative_views(&raw)?)
        .partition_by("day", Granularity::Month)
        .mode(Mode::ReplaceTable)
        .identity("url_views", version)
        .run()?;
    if report.outcome == LoadOutcome::AlreadyLoaded {
        println!("nothing new: the views are those of version {version} of the clicks\n");
    } else {
        println!("{report}\n");
    }

    let top = Table::open(&views)?
        .scan()
        .filter(col("day").eq("2025-10-07"))
        .select([col("url"), col("views"), col("views_so_far")])
        .order_by_descending("views_so_far")
        .order_by("url")
        .limit(5)
        .collect()?;
    println!("{top}");
    Ok(())
}

/// For each URL and day the views and visitors of the day, and the views of all days up to it.
fn cumulative_views(clicks: &Path) -> Result<Columns, Box<dyn Error>> {
    let by_day = Table::open(clicks)?
        .scan()
        .group_by([col("url"), col("ts").date_trunc("day")])
        .aggregate([count(), count_distinct("visitor")])
        .order_by("url")
        .order_by("date_trunc('day', ts)")
        .collect()?;
    let mut so_far: BTreeMap<Scalar, i64> = BTreeMap::new();
    let mut sums = Vec::with_capacity(by_day.row_count());
    for row in 0..by_day.row_count() {
        let [url, _, Scalar::Int64(views), _] = &by_day.row(row)[..] else {
            return Err("a count is an integer".into());
        };
        let sum = so_far.entry(url.clone()).or_default();
        *sum += views;
        sums.push(*sum);
    }
    let names = ["url", "day", "views", "visitors"].map(str::to_owned);
    let columns = by_day.columns().columns().iter().cloned();
    let mut named: Vec<(String, Column)> = names.into_iter().zip(columns).collect();
    named.push(("views_so_far".to_owned(), Column::from_i64(sums)));
    Ok(Columns::from_named(named)?)
}
