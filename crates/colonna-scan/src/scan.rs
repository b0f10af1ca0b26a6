//! All rows of a table that a plan wants, folded into one state.

use colonna_exec::{Partial, Plan};
use rayon::prelude::*;

use crate::plan::{Task, file_is_skipped, tasks_of};
use crate::{Counters, ScanError, ScanSource, row_group};

/// How a scan goes about it. None of it changes the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOptions {
    /// The most bytes that the state of the answer may take; passing it is an error.
    pub memory: Option<u64>,
    /// Whether statistics are used, to skip rows and to answer without reading.
    pub pruning: bool,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self { memory: None, pruning: true }
    }
}

/// Tasks whose states are held at a time, for each thread. A state is merged once all before it
/// are, so that the answer never depends on which was ready first.
const TASKS_PER_THREAD: usize = 4;

/// Folds the rows of a source into the state of a plan.
///
/// # Errors
///
/// Where a file cannot be read, or a value cannot be computed.
pub fn scan(
    source: &ScanSource,
    plan: &Plan,
    options: &ScanOptions,
) -> Result<(Partial, Counters), ScanError> {
    let mut state = plan.partial();
    let mut counters = Counters::default();
    let opened = opened_files(source, plan, options, &mut state, &mut counters);
    let window = TASKS_PER_THREAD * rayon::current_num_threads();
    for files in opened.chunks(window.max(1)) {
        let tasks = tasks_of_files(source, files, plan, options, &mut counters)?;
        for tasks in tasks.chunks(window.max(1)) {
            let done: Vec<(Partial, Counters)> = tasks
                .par_iter()
                .with_max_len(1)
                .map(|task| row_group::run(source, plan, task))
                .collect::<Result<_, _>>()?;
            for (partial, read) in done {
                state.merge(partial)?;
                counters += read;
            }
            check_memory(&state, options)?;
            if plan.row_limit().is_some_and(|limit| state.row_count() >= limit) {
                return Ok((state, counters));
            }
        }
    }
    Ok((state, counters))
}

/// The groups and rows of an answer are held in memory; more than is allowed is refused before the
/// machine runs out of it.
fn check_memory(state: &Partial, options: &ScanOptions) -> Result<(), ScanError> {
    let found = u64::try_from(state.byte_len()).unwrap_or(u64::MAX);
    match options.memory {
        Some(limit) if found > limit => Err(ScanError::OutOfMemory { found, limit }),
        _ => Ok(()),
    }
}

/// What a scan would consider and skip. Footers are read, pages are not.
///
/// # Errors
///
/// Where a footer cannot be read.
pub fn explain(source: &ScanSource, plan: &Plan) -> Result<Counters, ScanError> {
    let mut counters = Counters::default();
    let options = ScanOptions::default();
    let mut state = plan.partial();
    let opened = opened_files(source, plan, &options, &mut state, &mut counters);
    tasks_of_files(source, &opened, plan, &options, &mut counters)?;
    Ok(counters)
}

/// The files that must be opened. Where the plan can be answered from statistics, those of a file
/// are folded into `state` instead of its rows.
fn opened_files(
    source: &ScanSource,
    plan: &Plan,
    options: &ScanOptions,
    state: &mut Partial,
    counters: &mut Counters,
) -> Vec<usize> {
    let mut opened = Vec::new();
    for (index, file) in source.files.iter().enumerate() {
        counters.files_considered += 1;
        counters.bytes_considered += file.byte_len;
        if options.pruning && file_is_skipped(file, plan) {
            counters.files_skipped += 1;
            continue;
        }
        let statistics =
            file.statistics.as_ref().filter(|_| options.pruning && file.deleted_rows.is_empty());
        if statistics.is_some_and(|statistics| state.update_from_statistics(statistics)) {
            counters.files_skipped += 1;
            counters.files_answered_by_statistics += 1;
            continue;
        }
        opened.push(index);
    }
    opened
}

fn tasks_of_files(
    source: &ScanSource,
    files: &[usize],
    plan: &Plan,
    options: &ScanOptions,
    counters: &mut Counters,
) -> Result<Vec<Task>, ScanError> {
    let tasks: Vec<(Vec<Task>, Counters)> = files
        .par_iter()
        .map(|&index| {
            let mut counters = Counters::default();
            let tasks = tasks_of(source, index, plan, options, &mut counters)?;
            counters.files_skipped = u64::from(tasks.is_empty());
            Ok((tasks, counters))
        })
        .collect::<Result<_, ScanError>>()?;
    let mut all = Vec::new();
    for (tasks, read) in tasks {
        all.extend(tasks);
        *counters += read;
    }
    Ok(all)
}
