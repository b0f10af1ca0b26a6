//! The first rows of an order: what is likely to hold them is read first, and what cannot hold any
//! more of them is not read.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering as Memory};
use std::sync::{Mutex, PoisonError};

use colonna_column::{Bitmap, Column};
use colonna_exec::{OrderHint, Partial, Plan};
use colonna_schema::Scalar;

use crate::plan::Task;
use crate::{Counters, ScanError, ScanSource, row_group};

/// The value that a row must not stand after to be in the answer, as far as any thread knows it.
#[derive(Debug)]
pub(crate) struct SharedBound {
    pub(crate) hint: OrderHint,
    bound: Mutex<Option<Scalar>>,
}

impl SharedBound {
    fn new(hint: OrderHint) -> Self {
        Self { hint, bound: Mutex::new(None) }
    }

    /// What is known now.
    pub(crate) fn now(&self) -> Option<Scalar> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells what the rows of one task say.
    pub(crate) fn tell(&self, found: &Scalar) {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if bound.as_ref().is_none_or(|bound| self.hint.is_tighter(found, bound)) {
            *bound = Some(found.clone());
        }
    }

    /// Which of the values are still in the running; `None` where all may be.
    pub(crate) fn within(&self, values: &Column) -> Result<Option<Bitmap>, ScanError> {
        Ok(self.now().map(|bound| self.hint.within(values, &bound)).transpose()?)
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
            let is_past = bound
                .now()
                .is_some_and(|bound_now| !bound.hint.may_be_within(&task.order, &bound_now));
            found.push((
                index,
                if is_past {
                    let skipped = Counters { row_groups_skipped: 1, ..Counters::default() };
                    (plan.partial(), skipped)
                } else {
                    let mut partial = plan.partial();
                    let read = row_group::run(source, plan, task, &mut partial, Some(&bound))?;
                    (partial, read)
                },
            ));
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

/// The tasks by their best value. Those that do not say it come first.
fn best_first(tasks: &[Task], hint: &OrderHint) -> Vec<usize> {
    let best = |index: &usize| {
        let known = tasks.get(*index).map(|task| &task.order);
        known
            .and_then(|known| if hint.descending { known.max.as_ref() } else { known.min.as_ref() })
    };
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    order.sort_by(|left, right| match (best(left), best(right)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(left), Some(right)) if hint.descending => right.total_cmp(left),
        (Some(left), Some(right)) => left.total_cmp(right),
    });
    order
}
