//! Rows in: bytes of input a second, everything included (inference, sort, commit).
//!
//! `cargo bench -p colonna-benches --bench load`
#![expect(clippy::unwrap_used, reason = "a bench that cannot run has failed")]

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use colonna::{Granularity, Ingest};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

type Workload = fn(u64, u64, &mut dyn Write) -> io::Result<()>;

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    let inputs: [(&str, Workload, u64, &str); 2] = [
        ("events.ndjson", colonna_benches::events, 100_000, "ts"),
        ("trips.csv", colonna_benches::trips, 200_000, "began_at"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, workload, rows, time) in inputs {
        let input: PathBuf = folder.path().join(name);
        let mut bytes = Vec::new();
        workload(rows, 11, &mut bytes).unwrap();
        fs::write(&input, &bytes).unwrap();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || tempfile::tempdir().unwrap(),
                |table| {
                    let ingest = Ingest::into(table.path().join("table")).input(&input);
                    ingest.partition_by(time, Granularity::Day).run().unwrap()
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
