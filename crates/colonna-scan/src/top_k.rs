//! The first rows of an order: what is likely to hold them is read first, and what cannot hold any
//! more of them is not read.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering as Memory};
use std::sync::{Mutex, PoisonError};

use colonna_column::{Bitmap, Columns};
use colonna_exec::{OrderHint, Partial, Plan};
use colonna_schema::Scalar;

use crate::row_group::{self, Selected};
use crate::{Counters, ScanError, ScanSource, Task};

/// Of more rows than that it costs more to keep them in order than it saves.
const TOLD_MAX: usize = 4096;

/// Which rows are still in the running, as far as any thread knows it.
#[derive(Debug)]
pub(crate) struct SharedBound {
    pub(crate) hint: OrderHint,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The keys of a row behind which none is in the answer.
    bound: Option<Vec<Scalar>>,
    /// The keys of the first rows of all tasks that are done, in their order: no more than are
    /// wanted.
    first: Vec<Vec<Scalar>>,
}

impl SharedBound {
    fn new(hint: OrderHint) -> Self {
        Self { hint, known: Mutex::default() }
    }

    /// What is known now.
    pub(crate) fn now(&self) -> Option<Vec<Scalar>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).bound.clone()
    }

    /// Tells of a bound that some of the rows of a task set.
    pub(crate) fn tell(&self, found: &[Scalar]) {
        self.tighten(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner), found);
    }

    /// Tells of the rows that a task has found, once it is done.
    fn tell_rows(&self, keys: Vec<Vec<Scalar>>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.first.extend(keys);
        known.first.sort_by(|left, right| self.hint.cmp(left, right));
        known.first.truncate(self.hint.limit);
        if let Some(last) = self.hint.limit.checked_sub(1).and_then(|last| known.first.get(last)) {
            let last = last.clone();
            self.tighten(&mut known, &last);
        }
    }

    fn tighten(&self, known: &mut Known, found: &[Scalar]) {
        let is_tighter = |bound: &Vec<Scalar>| self.hint.cmp(found, bound) == Ordering::Less;
        if known.bound.as_ref().is_none_or(is_tighter) {
            known.bound = Some(found.to_vec());
        }
    }

    /// Which of the rows are still in the running by their first key; `None` where all may be.
    pub(crate) fn within(&self, rows: &Columns) -> Result<Option<Bitmap>, ScanError> {
        let (Some(key), Some(bound)) = (self.hint.keys.first(), self.now()) else {
            return Ok(None);
        };
        let (values, bound) = (rows.columns().get(key.slot), bound.first());
        Ok(values.zip(bound).map(|(values, bound)| key.within(values, bound)).transpose()?)
    }
}

/// What each task finds, in the order of the tasks. Which of them find rows that others outdo goes by
/// which thread was faster; the answer does not depend on it.
pub(crate) fn run(
    source: &ScanSource,
    plan: &Plan,
    tasks: &[Task],
    hint: OrderHint,
) -> Result<Vec<(Partial, Counters)>, ScanError> {
    let order = best_first(tasks, &hint);
    let bound = SharedBound::new(hint);
    let next = AtomicUsize::new(0);
    let found = rayon::broadcast(|_| {
        let mut found = Vec::new();
        while let Some(&index) = order.get(next.fetch_add(1, Memory::Relaxed)) {
            let Some(task) = tasks.get(index) else { break };
            found.push((index, run_task(source, plan, task, &bound)?));
        }
        Ok::<_, ScanError>(found)
    });
    let mut all = Vec::with_capacity(tasks.len());
    for found in found {
        all.extend(found?);
    }
    all.sort_unstable_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, found)| found).collect())
}

/// What one task finds, as far as its rows are still in the running.
fn run_task(
    source: &ScanSource,
    plan: &Plan,
    task: &Task,
    bound: &SharedBound,
) -> Result<(Partial, Counters), ScanError> {
    let mut partial = plan.partial();
    // There is no mask, for there are no groups.
    let take_in = |partial: &mut Partial, rows: Selected, _| {
        partial.update_selected(&rows.columns)?;
        partial.order_bound().into_iter().for_each(|found| bound.tell(found));
        Ok(())
    };
    let task = match bound.now() {
        None => Some(Cow::Borrowed(task)),
        Some(now) => task.within(source, plan, &bound.hint, &now).map(Cow::Owned),
    };
    let read = match task {
        None => Counters { row_groups_skipped: 1, ..Counters::default() },
        Some(task) => {
            row_group::run(source, plan, &task, &mut partial, (Some(bound), None), take_in)?
        }
    };
    if bound.hint.limit <= TOLD_MAX {
        bound.tell_rows(partial.order_keys()?);
    }
    Ok((partial, read))
}

/// The tasks, those first that are likely to have the first rows.
fn best_first(tasks: &[Task], hint: &OrderHint) -> Vec<usize> {
    let known = |index: &usize| tasks.get(*index).map_or(&[][..], |task| task.order.as_slice());
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    order.sort_by(|left, right| hint.cmp_best(known(left), known(right)));
    order
}
