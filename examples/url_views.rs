//! Cumulative views for each URL from a click log, day after day; safe to rerun.
//!
//! `cargo run --release --example url_views -- CLICKS.ndjson FOLDER`
//!
//! The clicks go to one table, which knows what it has loaded. From it the views of each day and the
//! sum of all days up to it are computed and written to a second table, whose days are replaced.
//! Running it again, or after a crash anywhere, ends in the same two tables.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use colonna::{Granularity, Ingest, LoadOutcome, Mode, Scalar, Table, col, count, count_distinct};

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
    // carry the version of the clicks they were made from.
    let version = loaded.version.unwrap_or_default();
    let report = Ingest::into(&views)
        .rows("views", cumulative_views(&raw)?)
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

/// For each day and URL the views of the day and of all days up to it, as NDJSON.
fn cumulative_views(clicks: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let by_day = Table::open(clicks)?
        .scan()
        .group_by([col("url"), col("ts").date_trunc("day")])
        .aggregate([count(), count_distinct("visitor")])
        .order_by("url")
        .order_by("date_trunc('day', ts)")
        .collect()?;
    let mut so_far: BTreeMap<String, i64> = BTreeMap::new();
    let mut lines = String::new();
    for row in 0..by_day.row_count() {
        let values = by_day.row(row);
        let [Scalar::Utf8(url), Scalar::Timestamp(_), Scalar::Int64(views), Scalar::Int64(visitors)] =
            values.as_slice()
        else {
            return Err(format!("a row of clicks without a url or a time: {values:?}").into());
        };
        let sum = so_far.entry(url.clone()).or_default();
        *sum += views;
        let day = values[1].to_string();
        lines.push_str(&format!(
            "{{\"day\":\"{}\",\"url\":{url:?},\"views\":{views},\"visitors\":{visitors},\"views_so_far\":{sum}}}\n",
            &day[..10]
        ));
    }
    Ok(lines.into_bytes())
}
