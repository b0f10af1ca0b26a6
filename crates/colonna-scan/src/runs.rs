//! How threads share tasks: each has a run of tasks that follow each other, so that it needs but one
//! state for all of them, and what meets often in its rows is learned but once. A thread with
//! nothing left to do takes the later half of the longest run.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Runs of tasks.
#[derive(Debug)]
pub(crate) struct Runs(Mutex<Vec<Run>>);

/// What is left of a run.
#[derive(Debug)]
struct Run {
    tasks: Range<usize>,
    is_taken: bool,
}

impl Runs {
    /// So many tasks in so many runs.
    pub(crate) fn new(task_count: usize, run_count: usize) -> Self {
        let bound = |index: usize| task_count * index / run_count.max(1);
        let runs = (0..run_count).map(|index| bound(index)..bound(index + 1));
        Self(Mutex::new(runs.map(|tasks| Run { tasks, is_taken: false }).collect()))
    }

    /// A run for a thread that has none, unless no task is left: one that is nobody's, or else the
    /// later half of the longest.
    pub(crate) fn take(&self) -> Option<usize> {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = runs.iter().position(|run| !run.is_taken && !run.tasks.is_empty()) {
            runs[index].is_taken = true;
            return Some(index);
        }
        let longest = runs.iter_mut().max_by_key(|run| run.tasks.len())?;
        let Range { start, end } = longest.tasks;
        if start == end {
            return None;
        }
        let middle = start + (end - start) / 2;
        longest.tasks.end = middle;
        runs.push(Run { tasks: middle..end, is_taken: true });
        Some(runs.len() - 1)
    }

    /// The next task of a run.
    pub(crate) fn next(&self, run: usize) -> Option<usize> {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.get_mut(run)?.tasks.next()
    }

    /// Leaves out the tasks that are left of a run.
    pub(crate) fn leave(&self, run: usize) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.get_mut(run).into_iter().for_each(|run| run.tasks.start = run.tasks.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets threads take tasks in turns; the runs as they were taken, in the order of their tasks.
    fn taken(task_count: usize, run_count: usize, turns: &[usize]) -> Vec<Vec<usize>> {
        let runs = Runs::new(task_count, run_count);
        let mut threads: Vec<Option<(usize, Vec<usize>)>> = vec![None; 3];
        let (mut all, mut idle) = (Vec::new(), 0);
        for &thread in turns.iter().cycle() {
            let own = &mut threads[thread];
            if own.is_none() {
                *own = runs.take().map(|run| (run, Vec::new()));
            }
            let next = own.as_ref().and_then(|(run, _)| runs.next(*run));
            match (next, own.as_mut()) {
                (Some(task), Some((_, tasks))) => (tasks.push(task), idle = 0).1,
                _ => {
                    idle += 1;
                    all.extend(own.take().map(|(_, tasks)| tasks));
                }
            }
            if idle > 9 {
                break;
            }
        }
        all.retain(|run: &Vec<usize>| !run.is_empty());
        all.sort_unstable();
        all
    }

    #[test]
    fn every_task_is_in_one_run_and_runs_follow_each_other() {
        for (tasks, runs) in [(0, 2), (1, 3), (7, 3), (30, 2), (100, 3)] {
            for turns in [&[0, 1, 2][..], &[0, 0, 0, 1, 2], &[2, 1, 1, 0, 1, 1]] {
                let all = taken(tasks, runs, turns).concat();
                assert_eq!(all, (0..tasks).collect::<Vec<_>>(), "{tasks} {runs} {turns:?}");
            }
        }
    }

    #[test]
    fn a_thread_alone_takes_whole_runs() {
        assert_eq!(taken(9, 1, &[0]), [(0..9).collect::<Vec<_>>()]);
        assert_eq!(taken(9, 3, &[0]), [vec![0, 1, 2], vec![3, 4, 5], vec![6, 7, 8]]);
    }

    #[test]
    fn what_is_left_of_a_run_can_be_left_out() {
        let runs = Runs::new(4, 1);
        let run = runs.take().unwrap();
        assert_eq!(runs.next(run), Some(0));
        runs.leave(run);
        assert_eq!((runs.next(run), runs.take()), (None, None));
    }
}
