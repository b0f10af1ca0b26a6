//! The doors that rows pass on their way in, each by itself, so that a loss shows where it is.
//!
//! `cargo bench -p colonna-benches --bench stages`
#![expect(clippy::unwrap_used, reason = "a bench that cannot run has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::sync::Arc;

use colonna_column::Columns;
use colonna_exec::sort_rows;
use colonna_ingest::{
    Chunk, Evidence, InferOptions, Prepared, ReadOptions, RecordShape, Source, expand, infer,
};
use colonna_page::{Layout, Profile, WriteOptions, write_file};
use colonna_storage::{Change, Granularity, PartitionKey, PartitionSpec, Snapshot, commit, encode};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

type Workload = fn(u64, u64, &mut dyn Write) -> io::Result<()>;

const INPUTS: [(&str, Workload, u64, &str); 2] = [
    ("events.ndjson", colonna_benches::events, 50_000, "ts"),
    ("trips.csv", colonna_benches::trips, 100_000, "began_at"),
];

/// An input, and what each door makes of it.
struct Input {
    /// Keeps the file where it is.
    _folder: tempfile::TempDir,
    name: &'static str,
    time: &'static str,
    byte_len: u64,
    source: Prepared,
    chunks: Vec<Chunk>,
    shape: Arc<RecordShape>,
    rows: Columns,
}

fn inputs() -> Vec<Input> {
    let input = |(name, workload, row_count, time): (&'static str, Workload, u64, &'static str)| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let mut bytes = Vec::new();
        workload(row_count, 11, &mut bytes).unwrap();
        fs::write(&path, &bytes).unwrap();
        let read = ReadOptions::default();
        let found = expand(&[path.display().to_string()]).unwrap().remove(0);
        let source = Source::try_new(found, &read.source).unwrap();
        let source = Prepared::try_new(source, &read).unwrap();
        let chunks: Vec<Chunk> = source.chunks().unwrap().collect::<Result<_, _>>().unwrap();
        let shape = Arc::new(infer(&observed(&source, &chunks), &InferOptions::default()).shape);
        let parts: Vec<Columns> =
            chunks.iter().map(|chunk| source.decode(chunk, &shape).unwrap().columns).collect();
        let rows = Columns::concat(shape.schema(), &parts).unwrap();
        let byte_len = bytes.len() as u64;
        Input { _folder: folder, name, time, byte_len, source, chunks, shape, rows }
    };
    INPUTS.into_iter().map(input).collect()
}

fn observed(source: &Prepared, chunks: &[Chunk]) -> Evidence {
    let mut evidence = Evidence::new(&InferOptions::default());
    for chunk in chunks {
        source.observe(chunk, &mut evidence).unwrap();
    }
    evidence
}

fn read(criterion: &mut Criterion) {
    for input in inputs() {
        let mut group = criterion.benchmark_group(input.name);
        group.throughput(Throughput::Bytes(input.byte_len));
        group.bench_function("cut", |bencher| {
            bencher.iter(|| {
                let chunks = input.source.chunks().unwrap();
                chunks.map(|chunk| chunk.map(Chunk::recycle).unwrap()).count()
            });
        });
        group.bench_function("observe", |bencher| {
            bencher.iter(|| observed(&input.source, &input.chunks).record_count());
        });
        let evidence = observed(&input.source, &input.chunks);
        group.bench_function("infer", |bencher| {
            bencher.iter(|| infer(&evidence, &InferOptions::default()));
        });
        group.bench_function("decode", |bencher| {
            let decode = |chunk| input.source.decode(chunk, &input.shape).unwrap().records;
            bencher.iter(|| input.chunks.iter().map(decode).sum::<u64>());
        });
        group.finish();
    }
}

fn write(criterion: &mut Criterion) {
    for input in inputs() {
        let mut group = criterion.benchmark_group(input.name);
        group.throughput(Throughput::Elements(input.rows.row_count() as u64));
        let column = input.time.to_owned();
        let spec = PartitionSpec::Time { column, granularity: Granularity::Day };
        group.bench_function("route", |bencher| bencher.iter(|| spec.split(&input.rows).unwrap()));
        let key = [(input.rows.column_at(&[input.time]).unwrap(), true, false)];
        group.bench_function("sort", |bencher| {
            bencher.iter(|| sort_rows(&key, input.rows.row_count()).unwrap());
        });
        for profile in [Profile::Smallest, Profile::Balanced, Profile::Fastest] {
            let layout = Some(Arc::new(Layout::new(input.rows.schema())));
            let options = WriteOptions { profile, layout, ..WriteOptions::default() };
            let id = BenchmarkId::new("encode and compress", format!("{profile:?}"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    write_file(Vec::new(), input.rows.schema(), [&input.rows], &options).unwrap()
                });
            });
        }
        group.finish();
    }
}

/// A file made durable, and a commit of it.
fn land(criterion: &mut Criterion) {
    let input = inputs().remove(0);
    let rows = input.rows.slice(0, 1_000);
    criterion.bench_function("write and commit 1,000 rows", |bencher| {
        bencher.iter_batched(
            || {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("table");
                let (schema, properties) = (rows.schema(), BTreeMap::new());
                let none = PartitionSpec::None;
                let table = Snapshot::create_partitioned(path, schema, &none, &properties).unwrap();
                (folder, table)
            },
            |(folder, table)| {
                let key = PartitionKey::new(Vec::new());
                let file = encode(&table, &key, &rows, &WriteOptions::default()).unwrap();
                commit(&table, &Change { adds: vec![file], ..Change::default() }).unwrap();
                folder
            },
            BatchSize::PerIteration,
        );
    });
}

criterion_group!(benches, read, write, land);
criterion_main!(benches);
