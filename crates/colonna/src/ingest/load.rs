//! A load from its sources to the commit.
//!
//! It hopes to pass over its input once. A sample of records from all over the input proposes a
//! shape, and the input is decoded into it at once. A chunk with a value that another shape could
//! have taken better is a surprise: it is set aside, and everything in it is looked at. Where that
//! leads to the same shape with more columns, only what was set aside is decoded again; where it
//! leads to another, everything is. After two such hopes in vain, and where a sample cannot settle
//! the types, every value is looked at before any is decoded. So the shape is always that of the
//! whole input.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use colonna_column::Columns;
use colonna_ingest::{Decoded, Evidence, InferOptions, Prepared, RESIDUAL, RecordShape, Rejection};
use colonna_storage::{Change, Committed, PartitionSpec, Snapshot, commit};

use super::Ingest;
use super::chunks::{Place, for_each_chunk};
use super::identity::{Identity, check_unchanged, digests};
use super::inspect::{bytes_done, bytes_total, infer_options, observe_all, prepare, shape_of};
use super::notes::Notes;
use super::options::{MissingTime, Progress, Stage};
use super::quarantine::{Quarantine, note_rejects};
use super::router::Router;
use super::sample::{Sample, sample};
use super::split::{Split, named_partitions, split};
use super::target::Target;
use super::written::Written;
use crate::clock::Stopwatch;
use crate::{Error, LoadOutcome, LoadReport};

/// Passes that hope for no surprise.
const HOPEFUL_PASSES: usize = 2;

/// With more chunks set aside than these, and than were not, the next ones are only looked at.
const CHUNKS_ASIDE: usize = 16;

pub(super) fn run(ingest: &Ingest) -> Result<LoadReport, Error> {
    let stopwatch = Stopwatch::start();
    let mut report =
        if ingest.rows.is_empty() { load_sources(ingest)? } else { load_rows(ingest)? };
    report.seconds = stopwatch.elapsed().as_secs_f64();
    Ok(report)
}

fn load_sources(ingest: &Ingest) -> Result<LoadReport, Error> {
    let mut target = Target::find(ingest)?;
    let sources = prepare(ingest)?;
    let identity = Identity::new(ingest.identity.clone(), &sources);
    if target.exists() && target.new_identity(&identity.get()?, ingest.repeats())?.is_none() {
        return Ok(LoadReport::of(LoadOutcome::AlreadyLoaded, target.version()));
    }
    let options = infer_options(ingest, target.time_column());
    let mut load = Load { ingest, sources: &sources, options, identity: &identity, bytes_again: 0 };
    if ingest.schema_file.is_none() && !ingest.dry_run {
        let Sample { mut evidence, first } = sample(&sources, &load.options)?;
        for _ in 0..HOPEFUL_PASSES {
            match load.hopeful(&mut target, evidence, first.as_ref())? {
                Hope::Fulfilled(report) => return Ok(*report),
                Hope::Surprised(more) => evidence = *more,
                Hope::None => break,
            }
        }
    }
    load.thorough(&mut target)
}

/// How a pass ended that hoped for no surprise.
enum Hope {
    /// The rows are in the table.
    Fulfilled(Box<LoadReport>),
    /// They are not; this is what has been seen so far.
    Surprised(Box<Evidence>),
    /// What has been seen leaves the shape open.
    None,
}

/// What a load goes by from its beginning to its end.
struct Load<'a> {
    ingest: &'a Ingest,
    sources: &'a [Prepared],
    options: InferOptions,
    identity: &'a Identity<'a>,
    /// Bytes of text that were decoded or looked at in vain.
    bytes_again: u64,
}

impl<'a> Load<'a> {
    /// Looks at every value, and then decodes.
    fn thorough(&mut self, target: &mut Target) -> Result<LoadReport, Error> {
        let (evidence, observed) = observe_all(self.ingest, self.sources, &self.options)?;
        if observed.records == 0 {
            return Ok(LoadReport::of(LoadOutcome::Empty, target.version()));
        }
        let before = digests(self.sources)?;
        let (shape, notes) = self.planned(target, &evidence)?;
        let mut pass = Pass::new(self, target, &shape, notes);
        if self.ingest.dry_run {
            pass.decode_only()?;
            pass.report.outcome = LoadOutcome::DryRun;
            return Ok(pass.report);
        }
        pass.decode(None, None)?;
        check_unchanged(self.sources, &before, &digests(self.sources)?)?;
        pass.report.bytes_again = self.bytes_again + pass.report.bytes_decoded;
        pass.finish(target)
    }

    /// Decodes at once into the shape that what has been seen so far leads to.
    fn hopeful(
        &mut self,
        target: &mut Target,
        evidence: Evidence,
        first: Option<&colonna_ingest::Chunk>,
    ) -> Result<Hope, Error> {
        if evidence.record_count() == 0 {
            return Ok(Hope::None);
        }
        let (shape, notes) = match self.planned(target, &evidence) {
            Ok((shape, notes)) if shape.is_settled() => (shape, notes),
            // Whatever is wrong, what has not been seen yet may mend it.
            _ => return Ok(Hope::None),
        };
        let shape = self.with_forms(shape, first)?;
        let mut pass = Pass::new(self, target, &shape, notes);
        let mut aside = Aside::new(evidence);
        pass.decode(Some(&mut aside), None)?;
        if aside.places.is_empty() {
            pass.report.bytes_again = self.bytes_again;
            return Ok(Hope::Fulfilled(Box::new(pass.finish(target)?)));
        }
        self.bytes_again += aside.byte_len;
        let wider = self.planned(target, &aside.evidence).ok();
        let Some((wider, notes)) = wider.filter(|(wider, _)| wider.extends(&shape)) else {
            self.bytes_again += pass.report.bytes_decoded;
            return Ok(Hope::Surprised(Box::new(aside.evidence)));
        };
        let before = digests(self.sources)?;
        pass.report.bytes_again = self.bytes_again;
        pass.widen(target, &wider, notes);
        pass.decode(None, Some(&aside.places))?;
        check_unchanged(self.sources, &before, &digests(self.sources)?)?;
        Ok(Hope::Fulfilled(Box::new(pass.finish(target)?)))
    }

    /// The shape that evidence leads to in this table, with what its user should know. The target
    /// is planned for it.
    fn planned(
        &self,
        target: &mut Target,
        evidence: &Evidence,
    ) -> Result<(Arc<RecordShape>, Notes), Error> {
        let (shape, notes) = shape_of(self.ingest, self.sources, evidence, &self.options, target)?;
        target.plan(self.ingest, shape.schema(), self.options.time_columns.first())?;
        let shape = match (self.ingest.missing, target.partition_path()) {
            (MissingTime::Quarantine, Some(path)) => shape.with_required(&path),
            _ => shape,
        };
        Ok((Arc::new(shape), notes))
    }

    /// The shape, which knows from some first records which texts repeat.
    fn with_forms(
        &self,
        shape: Arc<RecordShape>,
        first: Option<&colonna_ingest::Chunk>,
    ) -> Result<Arc<RecordShape>, Error> {
        let (Some(source), Some(chunk)) = (self.sources.first(), first) else { return Ok(shape) };
        let decoded = source.decode(chunk, &shape)?;
        Ok(Arc::new(RecordShape::clone(&shape).with_forms_of(&decoded.columns)))
    }
}

/// The chunks that surprised, and what was seen in them and before.
struct Aside {
    places: BTreeSet<Place>,
    byte_len: u64,
    /// How many chunks did not surprise.
    decoded: usize,
    evidence: Evidence,
}

impl Aside {
    fn new(evidence: Evidence) -> Self {
        Self { places: BTreeSet::new(), byte_len: 0, decoded: 0, evidence }
    }

    fn add(&mut self, place: Place, byte_len: u64, later: Evidence) {
        self.places.insert(place);
        self.byte_len += byte_len;
        self.evidence.merge(later);
    }

    /// So many surprise that the rest had better be looked at at once.
    fn is_rule(&self) -> bool {
        self.places.len() > CHUNKS_ASIDE.max(self.decoded)
    }
}

/// What one chunk comes to.
enum Worked {
    Rows { split: Split, rejections: Vec<Rejection>, records: u64, residuals: u64, byte_len: u64 },
    Surprise { evidence: Box<Evidence>, byte_len: u64 },
}

impl Worked {
    fn rows(decoded: Decoded, spec: &PartitionSpec, byte_len: u64) -> Result<Self, Error> {
        let Decoded { columns, rejections, records, .. } = decoded;
        let residuals = residuals(&columns);
        Ok(Self::Rows { split: split(spec, columns)?, rejections, records, residuals, byte_len })
    }
}

/// Rows on their way into the table, and what is known of them so far.
struct Pass<'a> {
    ingest: &'a Ingest,
    sources: &'a [Prepared],
    identity: &'a Identity<'a>,
    options: InferOptions,
    shape: Arc<RecordShape>,
    spec: PartitionSpec,
    notes: Notes,
    router: Router,
    quarantine: Quarantine,
    report: LoadReport,
    /// Bytes read before this load, and in it before this pass.
    bytes_before: u64,
}

impl<'a> Pass<'a> {
    fn new(load: &Load<'a>, target: &Target, shape: &Arc<RecordShape>, notes: Notes) -> Self {
        let Load { ingest, sources, options, identity, .. } = load;
        let folder = target.folder(ingest);
        let (schema, sorted_by) = (target.file_schema(), target.sorted_by());
        Self {
            ingest,
            sources,
            identity,
            options: options.clone(),
            shape: Arc::clone(shape),
            spec: target.spec().clone(),
            notes,
            router: Router::new(folder, schema, sorted_by, ingest),
            quarantine: Quarantine::new(&ingest.table),
            report: LoadReport::of(LoadOutcome::Committed, None),
            bytes_before: bytes_done(sources),
        }
    }

    /// Goes on with a shape that has more columns.
    fn widen(&mut self, target: &Target, shape: &Arc<RecordShape>, notes: Notes) {
        self.shape = Arc::clone(shape);
        self.notes = notes.following(&self.notes);
        self.spec = target.spec().clone();
        self.router.widen(target.file_schema());
    }

    /// Decodes all chunks, or the chosen ones, and routes their rows. Where there is a place for
    /// them, those that surprise are set aside.
    fn decode(
        &mut self,
        aside: Option<&mut Aside>,
        chosen: Option<&BTreeSet<Place>>,
    ) -> Result<(), Error> {
        let Self { ingest, sources, identity, options, shape, spec, notes, .. } = self;
        let (router, quarantine) = (&mut self.router, &mut self.quarantine);
        let (report, bytes_before) = (&mut self.report, self.bytes_before);
        let is_rule = AtomicBool::new(false);
        let may_surprise = aside.is_some();
        let mut aside = aside;
        let total = bytes_total(sources);
        for_each_chunk(
            sources,
            chosen,
            |source, chunk| {
                let byte_len = count(chunk.bytes.len());
                if !is_rule.load(Ordering::Relaxed) {
                    let decoded = source.decode(chunk, shape)?;
                    if !may_surprise || decoded.surprises == 0 {
                        let decoded = named_partitions(source, chunk, shape, spec, decoded)?;
                        notes.look_at(&decoded.columns);
                        return Worked::rows(decoded, spec, byte_len);
                    }
                }
                let mut evidence = Evidence::new(options);
                source.observe(chunk, &mut evidence)?;
                Ok(Worked::Surprise { evidence: Box::new(evidence), byte_len })
            },
            |place, worked| {
                match (worked, &mut aside) {
                    (Worked::Rows { split, rejections, records, residuals, byte_len }, aside) => {
                        if let Some(aside) = aside {
                            aside.decoded += 1;
                        }
                        report.rows_read += records;
                        report.rows_with_residual += residuals;
                        report.bytes_decoded += byte_len;
                        report.rows_quarantined += count(rejections.len());
                        note_rejects(&rejections, report);
                        check_budget(ingest.max_rejects, report)?;
                        quarantine.add(rejections, || Ok(identity.get()?.0))?;
                        route(router, split, report)?;
                    }
                    (Worked::Surprise { evidence, byte_len }, Some(aside)) => {
                        aside.add(place, byte_len, *evidence);
                        is_rule.store(aside.is_rule(), Ordering::Relaxed);
                    }
                    (Worked::Surprise { .. }, None) => {}
                }
                ingest.tell(Progress {
                    stage: Stage::Loading,
                    bytes_done: bytes_done(sources) - bytes_before,
                    bytes_total: total,
                    rows: report.rows_read,
                });
                Ok(())
            },
        )
    }

    /// Everything but the writing.
    fn decode_only(&mut self) -> Result<(), Error> {
        let Self { ingest, sources, shape, spec, notes, report, .. } = self;
        for_each_chunk(
            sources,
            None,
            |source, chunk| {
                let decoded = source.decode(chunk, shape)?;
                let decoded = named_partitions(source, chunk, shape, spec, decoded)?;
                notes.look_at(&decoded.columns);
                Ok((count(decoded.columns.row_count()), decoded.rejections, chunk.bytes.len()))
            },
            |_, (rows, rejections, byte_len)| {
                report.rows_read += rows + count(rejections.len());
                report.rows_written += rows;
                report.bytes_decoded += count(byte_len);
                report.rows_quarantined += count(rejections.len());
                note_rejects(&rejections, report);
                check_budget(ingest.max_rejects, report)
            },
        )?;
        self.check_rows()
    }

    fn check_rows(&mut self) -> Result<(), Error> {
        let report = &mut self.report;
        report.notes = self.notes.words();
        report.bytes_in = bytes_total(self.sources).unwrap_or(report.bytes_decoded);
        if report.rows_written == 0 && report.rows_quarantined > 0 {
            let first = report.first_rejects.first().cloned().unwrap_or_default();
            return Err(Error::NothingReadable { rejected: report.rows_quarantined, first });
        }
        if report.rows_read != report.rows_written + report.rows_quarantined {
            let (read, written, quarantined) =
                (report.rows_read, report.rows_written, report.rows_quarantined);
            return Err(Error::RowsLost { read, written, quarantined });
        }
        Ok(())
    }

    /// Makes the rows visible, unless another process has loaded the same meanwhile.
    fn finish(mut self, target: &Target) -> Result<LoadReport, Error> {
        self.check_rows()?;
        self.identity.check_unchanged()?;
        let Some(identity) = target.new_identity(&self.identity.get()?, self.ingest.repeats())?
        else {
            return Ok(LoadReport::of(LoadOutcome::AlreadyLoaded, target.version()));
        };
        let (written, keys) = self.router.finish()?;
        let mut report = self.report;
        self.ingest.tell(Progress {
            stage: Stage::Committing,
            bytes_done: report.bytes_in,
            bytes_total: Some(report.bytes_in),
            rows: report.rows_read,
        });
        let snapshot = target.opened(self.ingest)?;
        self.quarantine.commit(&identity)?;
        let identity = Some(identity);
        let change = target.change(self.ingest, written.files(), keys, identity, &mut report)?;
        make_visible(&snapshot, &change, written, report)
    }
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
        identity = target.new_identity(given, ingest.repeats())?;
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
    let (file_schema, sorted_by) = (target.file_schema(), target.sorted_by());
    let folder = target.folder(ingest);
    let mut router = Router::new(folder, file_schema, sorted_by, ingest);
    for rows in &ingest.rows {
        let rows = target.in_table_order(rows)?;
        route(&mut router, split(target.spec(), rows)?, &mut report)?;
    }
    let (written, keys) = router.finish()?;
    let snapshot = target.opened(ingest)?;
    let change = target.change(ingest, written.files(), keys, identity, &mut report)?;
    make_visible(&snapshot, &change, written, report)
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// How many rows have something that no column takes.
fn residuals(rows: &Columns) -> u64 {
    let residual = rows.look_at(&[RESIDUAL]);
    residual.map_or(0, |column| count(column.len() - column.null_count()))
}

fn route(router: &mut Router, split: Split, report: &mut LoadReport) -> Result<(), Error> {
    for (key, part) in split {
        let row_count = count(part.row_count());
        report.rows_written += row_count;
        if !key.values().is_empty() && key.values().iter().all(|(_, value)| value.is_null()) {
            report.rows_without_partition += row_count;
        }
        router.add(key, part)?;
    }
    Ok(())
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
