//! A load from its sources to the commit.

use std::sync::Arc;

use colonna_column::Columns;
use colonna_ingest::{Prepared, RecordShape, Rejection};
use colonna_storage::{Change, Committed, PartitionKey, PartitionSpec, Snapshot, commit};

use super::Ingest;
use super::chunks::for_each_chunk;
use super::inspect::{Found, bytes_done, bytes_total, first_pass, shape_of};
use super::options::{MissingTime, Progress, Stage};
use super::quarantine::Quarantine;
use super::router::{Budget, Router};
use super::target::Target;
use super::written::Written;
use crate::clock::Stopwatch;
use crate::{Error, LoadOutcome, LoadReport};

/// Rejected records that are told of in the report; all of them are in the side table.
const REJECTS_SHOWN: usize = 5;

pub(super) fn run(ingest: &Ingest) -> Result<LoadReport, Error> {
    let stopwatch = Stopwatch::start();
    let mut report =
        if ingest.rows.is_empty() { load_sources(ingest)? } else { load_rows(ingest)? };
    report.seconds = stopwatch.elapsed().as_secs_f64();
    Ok(report)
}

/// `source -> decode -> infer`, then `source -> decode -> shape -> partition -> encode -> commit`.
fn load_sources(ingest: &Ingest) -> Result<LoadReport, Error> {
    let mut target = Target::find(ingest)?;
    let found = first_pass(ingest, target.time_column())?;
    let Some(identity) = target.new_identity(&found.identity, ingest.again)? else {
        return Ok(LoadReport::of(LoadOutcome::AlreadyLoaded, target.version()));
    };
    if found.observed.records == 0 {
        return Ok(LoadReport::of(LoadOutcome::Empty, target.version()));
    }
    let (shape, mut notes) = shape_of(ingest, &found, &target)?;
    target.plan(ingest, shape.schema(), found.options.time_columns.first())?;
    let shape = match (ingest.missing, target.partition_path()) {
        (MissingTime::Quarantine, Some(path)) => {
            Arc::new(RecordShape::clone(&shape).with_required(&path))
        }
        _ => shape,
    };
    let mut pass =
        SecondPass { report: LoadReport::of(LoadOutcome::Committed, None), found: &found, ingest };
    pass.report.notes.append(&mut notes);
    if ingest.dry_run {
        pass.decode_only(&shape)?;
        pass.report.outcome = LoadOutcome::DryRun;
        return Ok(pass.report);
    }
    let snapshot = target.opened(ingest)?;
    let (schema, sorted_by) = (target.file_schema(), target.sorted_by());
    let mut router = Router::new(&snapshot, schema, sorted_by, Budget::of(ingest.memory));
    let mut quarantine = Quarantine::new(&ingest.table, &identity);
    pass.load(&shape, target.spec(), &mut router, &mut quarantine)?;
    let mut report = pass.report;
    let (written, keys) = router.finish()?;
    let change = target.change(ingest, written.files(), keys, Some(identity), &mut report)?;
    if report.rows_read != report.rows_written + report.rows_quarantined {
        let (read, written, quarantined) =
            (report.rows_read, report.rows_written, report.rows_quarantined);
        return Err(Error::RowsLost { read, written, quarantined });
    }
    ingest.tell(Progress {
        stage: Stage::Committing,
        bytes_done: report.bytes_in,
        bytes_total: Some(report.bytes_in),
        rows: report.rows_read,
    });
    quarantine.commit()?;
    make_visible(&snapshot, &change, written, report)
}

fn make_visible(
    snapshot: &Snapshot,
    change: &Change,
    written: Written,
    mut report: LoadReport,
) -> Result<LoadReport, Error> {
    match commit(snapshot, change) {
        Ok(Committed::Now { version }) => {
            written.keep();
            report.version = Some(version);
            Ok(report)
        }
        // Another process loaded the same meanwhile.
        Ok(Committed::Before { version }) => {
            Ok(LoadReport::of(LoadOutcome::AlreadyLoaded, Some(version)))
        }
        Err(error) => {
            written.failed(&error);
            Err(error.into())
        }
    }
}

/// Rows that are in columns already need no passes.
fn load_rows(ingest: &Ingest) -> Result<LoadReport, Error> {
    let mut target = Target::find(ingest)?;
    let mut identity = None;
    if let Some(given) = &ingest.identity {
        identity = target.new_identity(given, ingest.again)?;
        if identity.is_none() {
            return Ok(LoadReport::of(LoadOutcome::AlreadyLoaded, target.version()));
        }
    }
    let mut report = LoadReport::of(LoadOutcome::Committed, None);
    report.rows_read = ingest.rows.iter().map(|rows| count(rows.row_count())).sum();
    let schema = ingest.rows.first().map(|rows| Arc::clone(rows.schema())).unwrap_or_default();
    target.plan(ingest, &schema, None)?;
    if ingest.dry_run {
        report.outcome = LoadOutcome::DryRun;
        report.rows_written = report.rows_read;
        return Ok(report);
    }
    let snapshot = target.opened(ingest)?;
    let (file_schema, sorted_by) = (target.file_schema(), target.sorted_by());
    let mut router = Router::new(&snapshot, file_schema, sorted_by, Budget::of(ingest.memory));
    for rows in &ingest.rows {
        let rows = target.in_table_order(rows)?;
        route(&mut router, split(target.spec(), &rows)?, &mut report)?;
    }
    let (written, keys) = router.finish()?;
    let change = target.change(ingest, written.files(), keys, identity, &mut report)?;
    make_visible(&snapshot, &change, written, report)
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

type Split = Vec<(PartitionKey, Columns)>;

/// The rows of each partition, as its files hold them.
fn split(spec: &PartitionSpec, rows: &Columns) -> Result<Split, Error> {
    let row_count = rows.row_count();
    let mut split = Vec::new();
    for (key, members) in spec.split(rows)? {
        let members = if members.len() == row_count { rows.clone() } else { rows.gather(&members) };
        split.push((key, spec.without_partition_columns(members)?));
    }
    Ok(split)
}

fn route(router: &mut Router<'_>, split: Split, report: &mut LoadReport) -> Result<(), Error> {
    for (key, rows) in split {
        let row_count = count(rows.row_count());
        report.rows_written += row_count;
        if !key.values().is_empty() && key.values().iter().all(|(_, value)| value.is_null()) {
            report.rows_without_partition += row_count;
        }
        router.add(key, rows)?;
    }
    Ok(())
}

/// What one chunk comes to.
struct Worked {
    split: Split,
    rejections: Vec<Rejection>,
    records: u64,
    byte_len: u64,
}

struct SecondPass<'a> {
    ingest: &'a Ingest,
    found: &'a Found,
    report: LoadReport,
}

impl SecondPass<'_> {
    fn load(
        &mut self,
        shape: &Arc<RecordShape>,
        spec: &PartitionSpec,
        router: &mut Router<'_>,
        quarantine: &mut Quarantine,
    ) -> Result<(), Error> {
        let work = |columns| split(spec, &columns);
        self.run(shape, work, |split, rejections, report| {
            quarantine.add(rejections)?;
            route(router, split, report)
        })
    }

    /// Everything but the writing.
    fn decode_only(&mut self, shape: &Arc<RecordShape>) -> Result<(), Error> {
        let work = |columns| Ok(vec![(PartitionKey::new(Vec::new()), columns)]);
        self.run(shape, work, |split, _, report| {
            report.rows_written +=
                split.iter().map(|(_, rows)| count(rows.row_count())).sum::<u64>();
            Ok(())
        })
    }

    fn run(
        &mut self,
        shape: &Arc<RecordShape>,
        work: impl Fn(Columns) -> Result<Split, Error> + Sync,
        mut take: impl FnMut(Split, Vec<Rejection>, &mut LoadReport) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Self { ingest, found, report } = self;
        let sources = &found.sources;
        let (total, before) = (bytes_total(sources), bytes_done(sources));
        let digests = for_each_chunk(
            sources,
            |source, chunk| {
                let decoded = source.decode(chunk, shape)?;
                let (rejections, records) = (decoded.rejections, decoded.records);
                let byte_len = count(chunk.bytes.len());
                Ok(Worked { split: work(decoded.columns)?, rejections, records, byte_len })
            },
            |_: &Prepared, worked: Worked| {
                report.rows_read += worked.records;
                report.bytes_decoded += worked.byte_len;
                report.rows_quarantined += count(worked.rejections.len());
                note_rejects(&worked.rejections, report);
                check_budget(ingest.max_rejects, report)?;
                take(worked.split, worked.rejections, report)?;
                ingest.tell(Progress {
                    stage: Stage::Loading,
                    bytes_done: bytes_done(sources) - before,
                    bytes_total: total,
                    rows: report.rows_read,
                });
                Ok(())
            },
        )?;
        report.bytes_in = total.unwrap_or(bytes_done(sources) - before);
        check_unchanged(found, &digests)?;
        if report.rows_written == 0 && report.rows_quarantined > 0 {
            let first = report.first_rejects.first().cloned().unwrap_or_default();
            return Err(Error::NothingReadable { rejected: report.rows_quarantined, first });
        }
        Ok(())
    }
}

fn note_rejects(rejections: &[Rejection], report: &mut LoadReport) {
    let room = REJECTS_SHOWN.saturating_sub(report.first_rejects.len());
    report.first_rejects.extend(rejections.iter().take(room).map(super::quarantine::describe));
}

fn check_budget(max_rejects: Option<u64>, report: &LoadReport) -> Result<(), Error> {
    match max_rejects {
        Some(budget) if report.rows_quarantined > budget => Err(Error::TooManyRejects {
            rejected: report.rows_quarantined,
            read: report.rows_read,
            budget,
            first: report.first_rejects.first().cloned().unwrap_or_default(),
        }),
        _ => Ok(()),
    }
}

/// Types were found for what the first pass saw; they say nothing of anything else.
fn check_unchanged(found: &Found, digests: &[u128]) -> Result<(), Error> {
    let pairs = found.digests.iter().zip(digests).zip(&found.sources);
    match pairs.into_iter().find(|((before, now), _)| before != now) {
        Some((_, source)) => Err(Error::InputChanged { path: source.source().name().to_string() }),
        None => Ok(()),
    }
}
