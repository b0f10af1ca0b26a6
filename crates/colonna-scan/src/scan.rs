//! All rows of a table that a plan wants, folded into one state.

use colonna_exec::{Divided, Partial, Plan};
use rayon::prelude::*;

use crate::memory::{Growth, Memory, STATE_SHARE};
use crate::plan::{Task, file_is_skipped, tasks_of};
use crate::row_group::{self, Selected};
use crate::runs::Runs;
use crate::spill::Spill;
use crate::{Counters, ScanError, ScanSource, top_k};

/// How a scan goes about it. None of it changes the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOptions {
    /// The most bytes that the state of the answer may take. Groups that take more are made part by
    /// part, from rows in a temporary file; anything else that does is an error.
    pub memory: Option<u64>,
    /// Whether statistics are used, to skip rows and to answer without reading.
    pub pruning: bool,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self { memory: None, pruning: true }
    }
}

/// How many files are opened, and tasks run, before it is looked whether the rows are enough.
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
    // Where any rows will do, a few tasks at a time; everything else is one run over all of them.
    let window = match plan.row_limit() {
        Some(_) => TASKS_PER_THREAD * rayon::current_num_threads(),
        None => usize::MAX,
    };
    let bounds = Bounds::new(plan, options);
    for files in opened.chunks(window.max(1)) {
        let tasks = tasks_of_files(source, files, plan, options, &mut state, &mut counters)?;
        if let Some(hint) = plan.order_hint().filter(|_| options.pruning) {
            for (partial, read) in top_k::run(source, plan, &tasks, hint)? {
                state.merge(partial)?;
                counters += read;
            }
            continue;
        }
        for tasks in tasks.chunks(window.max(1)) {
            for (partial, read) in bounds.run(source, plan, tasks)? {
                state.merge(partial)?;
                counters += read;
            }
            if plan.row_limit().is_some_and(|limit| state.row_count() >= limit) {
                return Ok((state, counters));
            }
        }
    }
    Ok((state, counters))
}

/// What memory allows, and what is done beyond that.
struct Bounds {
    memory: Memory,
    /// With GROUP BY: how groups that are too many are made part by part, and within which memory.
    divided: Option<(Divided, u64)>,
}

impl Bounds {
    fn new(plan: &Plan, options: &ScanOptions) -> Self {
        let divided = options.memory.and_then(|limit| Some((Divided::try_new(plan)?, limit)));
        let share = if divided.is_some() { STATE_SHARE } else { 1 };
        Self { memory: Memory::new(options.memory.map(|limit| limit / share)), divided }
    }

    /// States of the rows of some tasks, in their order.
    fn run(
        &self,
        source: &ScanSource,
        plan: &Plan,
        tasks: &[Task],
    ) -> Result<Vec<(Partial, Counters)>, ScanError> {
        let folded: Result<Vec<_>, _> =
            run(source, plan, tasks, &self.memory).into_iter().collect();
        match (&folded, &self.divided) {
            (Err(ScanError::OutOfMemory { .. }), &Some((ref divided, limit))) => {
                let spill = Spill { source, plan, divided, tasks, limit };
                spill.run(self.memory.expected(tasks)).map(|made| vec![made])
            }
            _ => folded,
        }
    }
}

/// Runs of tasks that follow each other, each folded into one state, in their order. How many they
/// are goes by which thread was free, which the answer does not depend on.
fn run(
    source: &ScanSource,
    plan: &Plan,
    tasks: &[Task],
    memory: &Memory,
) -> Vec<Result<(Partial, Counters), ScanError>> {
    let thread_count = rayon::current_num_threads().min(tasks.len());
    let runs = Runs::new(tasks.len(), thread_count);
    let threads = (0..thread_count).into_par_iter().with_max_len(1);
    let folded = threads.map(|_| {
        let mut folded = Vec::new();
        while let Some(run) = runs.take() {
            if let Some(first) = runs.next(run) {
                let taken = std::iter::once(first).chain(std::iter::from_fn(|| runs.next(run)));
                let taken = taken.filter_map(|index| tasks.get(index));
                let state = fold(source, plan, taken, memory);
                if state.is_err() {
                    runs.leave(run);
                }
                folded.push((first, state));
            }
        }
        folded
    });
    let mut folded: Vec<_> = folded.flatten().collect();
    folded.sort_unstable_by_key(|(first, _)| *first);
    folded.into_iter().map(|(_, state)| state).collect()
}

/// The state after the rows of tasks that follow each other.
fn fold<'a>(
    source: &ScanSource,
    plan: &Plan,
    tasks: impl Iterator<Item = &'a Task>,
    memory: &Memory,
) -> Result<(Partial, Counters), ScanError> {
    let (mut partial, mut counters) = (plan.partial(), Counters::default());
    for task in tasks {
        let mut growth = Growth::new(memory, &partial);
        let mut spared = task.spared.clone();
        let take_in = |partial: &mut Partial, rows: Selected, read| {
            match &rows.mask {
                Some(mask) => partial.update_masked(rows.columns, mask)?,
                None => partial.update_sparing(&rows.columns, spared.as_mut())?,
            }
            growth.take(partial, read)
        };
        let known = (None, task.spared.as_ref());
        counters += row_group::run(source, plan, task, &mut partial, known, take_in)?;
        growth.end(&partial)?;
    }
    Ok((partial, counters))
}

/// What a scan would consider and skip. Footers and what helps to skip are read, rows are not.
///
/// # Errors
///
/// Where a footer cannot be read.
pub fn explain(source: &ScanSource, plan: &Plan) -> Result<Counters, ScanError> {
    let mut counters = Counters::default();
    let options = ScanOptions::default();
    let mut state = plan.partial();
    let opened = opened_files(source, plan, &options, &mut state, &mut counters);
    tasks_of_files(source, &opened, plan, &options, &mut state, &mut counters)?;
    Ok(counters)
}

/// What a scan would read, as far as statistics say it. Footers and what helps to skip are read, rows
/// are not.
///
/// # Errors
///
/// Where a footer cannot be read.
pub fn tasks(
    source: &ScanSource,
    plan: &Plan,
    options: &ScanOptions,
) -> Result<Vec<Task>, ScanError> {
    let (mut state, mut counters) = (plan.partial(), Counters::default());
    let opened = opened_files(source, plan, options, &mut state, &mut counters);
    tasks_of_files(source, &opened, plan, options, &mut state, &mut counters)
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
    state: &mut Partial,
    counters: &mut Counters,
) -> Result<Vec<Task>, ScanError> {
    let opened: Vec<Opened> = files
        .par_iter()
        .map(|&index| open(source, index, plan, options))
        .collect::<Result<_, ScanError>>()?;
    let mut all = Vec::new();
    for Opened { tasks, answer, counters: read } in opened {
        all.extend(tasks);
        if let Some(answer) = answer {
            state.merge(answer)?;
        }
        *counters += read;
    }
    Ok(all)
}

/// What is left to do of a file once its footer is read.
struct Opened {
    tasks: Vec<Task>,
    /// Where the footer says all that is asked, the state after the file's rows.
    answer: Option<Partial>,
    counters: Counters,
}

fn open(
    source: &ScanSource,
    index: usize,
    plan: &Plan,
    options: &ScanOptions,
) -> Result<Opened, ScanError> {
    let mut counters = Counters::default();
    let tasks = tasks_of(source, index, plan, options, &mut counters)?;
    let file = &source.files[index];
    let is_whole = options.pruning && file.deleted_rows.is_empty() && source.renamed.is_empty();
    let answer = if is_whole && plan.may_have_metadata_answer() {
        let reader = file.reader()?;
        let is_nan_free = |path: &[String]| {
            (0..reader.row_group_count()).all(|row_group| reader.is_nan_free(row_group, path))
        };
        plan.metadata_answer(&reader.statistics(), &is_nan_free)
    } else {
        None
    };
    if answer.is_some() {
        let counters =
            Counters { files_skipped: 1, files_answered_by_statistics: 1, ..Counters::default() };
        return Ok(Opened { tasks: Vec::new(), answer, counters });
    }
    counters.files_skipped = u64::from(tasks.is_empty());
    Ok(Opened { tasks, answer, counters })
}
