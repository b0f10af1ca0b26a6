//! Columns out: six queries over a table of events, warm.
//!
//! `cargo bench -p colonna-benches --bench query`
#![expect(clippy::unwrap_used, reason = "a bench that cannot run has failed")]

use std::fs;

use colonna::{Granularity, Ingest, QueryOptions, Table};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ROWS: u64 = 300_000;

const QUERIES: [(&str, &str); 6] = [
    ("count", "SELECT count(*) FROM t"),
    ("by_kind", "SELECT kind, count(*), avg(duration_ms) FROM t GROUP BY kind"),
    (
        "one_hour",
        "SELECT count(*), max(duration_ms) FROM t WHERE ts >= '2025-10-15T10:00:00Z' AND ts < '2025-10-15T11:00:00Z'",
    ),
    ("top_urls", "SELECT url, count(*) AS c FROM t GROUP BY url ORDER BY c DESC, url LIMIT 10"),
    (
        "distinct_users_by_day",
        "SELECT date_trunc('day', ts), count(DISTINCT user.id) FROM t GROUP BY 1",
    ),
    ("like_agent", "SELECT user.country, count(*) FROM t WHERE agent LIKE '%Firefox%' GROUP BY 1"),
];

fn query(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("events.ndjson");
    let mut bytes = Vec::new();
    colonna_benches::events(ROWS, 11, &mut bytes).unwrap();
    fs::write(&input, &bytes).unwrap();
    let table = folder.path().join("events");
    Ingest::into(&table).input(&input).partition_by("ts", Granularity::Day).run().unwrap();
    let table = Table::open(&table).unwrap();

    let mut group = criterion.benchmark_group("query");
    group.sample_size(20);
    group.throughput(Throughput::Elements(ROWS));
    for (name, sql) in QUERIES {
        let query = colonna_sql::parse(sql).unwrap().query;
        group.bench_function(name, |bencher| {
            bencher.iter(|| table.query(&query, &QueryOptions::default()).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, query);
criterion_main!(benches);
