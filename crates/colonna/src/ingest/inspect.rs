//! A look at every value of the input, and the shape that holds what was seen.

use std::path::Path;
use std::sync::atomic::Ordering;

use colonna_ingest::{
    Evidence, InferOptions, Inferred, Observed, Prepared, ReadOptions, RecordShape, Source, expand,
    infer,
};
use colonna_schema::{DataType, Field, Schema};
use rayon::prelude::*;

use super::Ingest;
use super::chunks::for_each_chunk;
use super::notes::Notes;
use super::options::{PartitionBy, Progress, Stage};
use super::target::{Target, no_such_field, path_of};
use crate::Error;

/// What the columns of an input would be, and why.
#[derive(Debug)]
pub struct Inspection {
    /// The shape that was found, with a report on each field.
    pub inferred: Inferred,
    /// What the user should know of names and types.
    pub notes: Vec<String>,
    /// For each source its name and its format in words.
    pub sources: Vec<(String, String)>,
    /// How many records there are, broken ones included.
    pub records: u64,
    /// How many of them cannot be read.
    pub rejections: u64,
}

pub(super) fn inspect(ingest: &Ingest) -> Result<Inspection, Error> {
    let sources = prepare(ingest)?;
    let options = infer_options(ingest, None);
    let (evidence, observed) = observe_all(ingest, &sources, &options)?;
    let describe = |source: &Prepared| (source.source().name().to_string(), source.description());
    let inferred = infer(&evidence, &options);
    if observed.records > 0 {
        check_times(&inferred, &options, None)?;
    }
    Ok(Inspection {
        notes: Notes::on(&inferred, None).words(),
        inferred,
        sources: sources.iter().map(describe).collect(),
        records: observed.records,
        rejections: observed.rejections,
    })
}

/// Looks at every value of the input.
pub(super) fn observe_all(
    ingest: &Ingest,
    sources: &[Prepared],
    options: &InferOptions,
) -> Result<(Evidence, Observed), Error> {
    let mut evidence = Evidence::new(options);
    let mut observed = Observed::default();
    let total = bytes_total(sources);
    let before = bytes_done(sources);
    for_each_chunk(
        sources,
        None,
        |source, chunk| {
            let mut evidence = Evidence::new(options);
            let observed = source.observe(chunk, &mut evidence)?;
            Ok((evidence, observed))
        },
        |_, (later, seen)| {
            evidence.merge(later);
            observed.records += seen.records;
            observed.rejections += seen.rejections;
            ingest.tell(Progress {
                stage: Stage::Inspecting,
                bytes_done: bytes_done(sources) - before,
                bytes_total: total,
                rows: observed.records,
            });
            Ok(())
        },
    )?;
    Ok((evidence, observed))
}

pub(super) fn prepare(ingest: &Ingest) -> Result<Vec<Prepared>, Error> {
    let mut inputs = Vec::new();
    for (path, format) in &ingest.inputs {
        let expanded = expand(std::slice::from_ref(path))?;
        inputs.extend(expanded.into_iter().map(|input| (input, format.or(ingest.read.format))));
    }
    let mut seen = std::collections::BTreeSet::new();
    inputs.retain(|(input, _)| seen.insert(input.resolved()));
    let chunk_byte_len = chunk_byte_len(ingest);
    let prepare = |(input, format): (colonna_ingest::Input, _)| {
        let read = ReadOptions { format, chunk_byte_len, ..ingest.read.clone() };
        Ok(Prepared::try_new(Source::try_new(input, &read.source)?, &read)?)
    };
    inputs.into_par_iter().map(prepare).collect()
}

/// Chunks are small enough that all that are held at a time take a quarter of the memory.
fn chunk_byte_len(ingest: &Ingest) -> usize {
    let held = 16 * rayon::current_num_threads().max(1);
    let share = usize::try_from(ingest.memory / 4).unwrap_or(usize::MAX) / held;
    share.max(64 << 10).min(ingest.read.chunk_byte_len)
}

pub(super) fn infer_options(ingest: &Ingest, table_time: Option<String>) -> InferOptions {
    let mut options = ingest.infer.clone();
    let asked = match &ingest.partition {
        Some(PartitionBy::Time(time, _)) => Some(time.clone()),
        _ => table_time,
    };
    if let Some(time) = asked
        && !options.time_columns.contains(&time)
    {
        options.time_columns.push(time);
    }
    options
}

pub(super) fn bytes_total(sources: &[Prepared]) -> Option<u64> {
    sources.iter().map(|source| source.source().byte_len()).sum()
}

/// Bytes read from all sources so far, in all passes.
pub(super) fn bytes_done(sources: &[Prepared]) -> u64 {
    sources.iter().map(|source| source.source().bytes_read().load(Ordering::Relaxed)).sum()
}

/// The shape that rows take: that of the schema file, or the one that all that was seen fits; and
/// where there is a table, as its types decide. With notes on what the user should know.
pub(super) fn shape_of(
    ingest: &Ingest,
    sources: &[Prepared],
    evidence: &Evidence,
    options: &InferOptions,
    target: &Target,
) -> Result<(RecordShape, Notes), Error> {
    let table = target.table_rows();
    let (shape, notes) = match &ingest.schema_file {
        Some(path) => (read_shape(path)?, Notes::default()),
        None => {
            let inferred = infer(evidence, options);
            check_times(&inferred, options, table.as_ref())?;
            let notes = Notes::on(&inferred, table.as_ref());
            (inferred.shape, notes)
        }
    };
    let notes = notes.with_sources(sources);
    let shape = match table {
        Some(table) => shape.reconciled_with(&table),
        // Records without any field are rows too, and a table needs a column.
        None if shape.schema().fields.is_empty() => {
            let residual = Field::new("_residual", DataType::Utf8);
            shape.reconciled_with(&Schema::new(vec![residual]))
        }
        None => shape,
    };
    Ok((shape, notes))
}

/// An error where a field that is named as a time is nowhere.
fn check_times(
    inferred: &Inferred,
    options: &InferOptions,
    table: Option<&Schema>,
) -> Result<(), Error> {
    for time in &options.time_columns {
        let is_field = inferred.fields.iter().any(|field| field.path.join(".") == *time);
        let is_given = inferred.unseen.iter().any(|field| field.path == *time);
        if !is_field && !is_given && table.is_none_or(|table| path_of(time, table).is_none()) {
            return Err(no_such_field(time, "read as a time", inferred.shape.schema()));
        }
    }
    Ok(())
}

fn read_shape(path: &Path) -> Result<RecordShape, Error> {
    let shown = || path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
        action: "read",
        path: shown(),
        source,
    })?;
    serde_json::from_str(&text).map_err(|source| Error::SchemaFile { path: shown(), source })
}
