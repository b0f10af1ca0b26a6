//! What is left to read once statistics have had their say.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use colonna_exec::{BoundExpr, OrderHint, OrderKey, Plan, Spared};
use colonna_page::{Page, Reader};
use colonna_schema::{ColumnStatistics, Scalar, Statistics};
use roaring::RoaringTreemap;

use crate::prune::{Filters, Known, conjuncts, may_match, only_slot};
use crate::{Counters, ScanError, ScanFile, ScanOptions, ScanSource};

/// Rows of one row group that are to be read.
#[derive(Clone, Debug)]
pub struct Task {
    /// Which file of the source.
    pub file: usize,
    /// Its reader.
    pub reader: Arc<Reader>,
    /// Which row group of the file.
    pub row_group: usize,
    /// Which of its rows, ascending; `None` for all.
    pub ranges: Option<Vec<Range<u64>>>,
    /// With an order and a limit, what is known of the columns that the rows are ordered by.
    pub order: Vec<ColumnStatistics>,
    /// What statistics spare of reading it.
    pub spared: Option<Spared>,
}

impl Task {
    /// The task without the pages whose rows all stand behind a bound; none where these are all.
    pub fn within(
        &self,
        source: &ScanSource,
        plan: &Plan,
        hint: &OrderHint,
        bound: &[Scalar],
    ) -> Option<Self> {
        if self.is_behind(source, plan, hint, bound) {
            return None;
        }
        let ranges = rows_within(source, plan, self, hint, bound);
        let is_empty = ranges.as_ref().is_some_and(|ranges| ranges.iter().all(Range::is_empty));
        (!is_empty).then(|| Self { ranges, ..self.clone() })
    }

    /// Whether all rows stand behind a bound.
    fn is_behind(
        &self,
        source: &ScanSource,
        plan: &Plan,
        hint: &OrderHint,
        bound: &[Scalar],
    ) -> bool {
        let is_nan_free = |key: &OrderKey| {
            let path = plan.slots().paths().get(key.slot).map(|path| source.physical_path(path));
            path.is_some_and(|path| self.reader.is_nan_free(self.row_group, &path))
        };
        let sure = self.order.iter().cloned().map(without_nan);
        !hint.may_be_within(&self.order, bound)
            || !hint.may_be_within(&sure.collect::<Vec<_>>(), bound)
                && hint.keys.iter().all(is_nan_free)
    }

    /// How many rows it has.
    pub(crate) fn row_count(&self) -> u64 {
        match &self.ranges {
            Some(ranges) => ranges.iter().map(|range| range.end - range.start).sum(),
            None => self.reader.row_group_rows(self.row_group),
        }
    }
}

/// Whether the log rules out that the file has a row for the predicate.
pub(crate) fn file_is_skipped(file: &ScanFile, plan: &Plan) -> bool {
    let Some(predicate) = plan.predicate() else { return false };
    let constants = constant_statistics(file, plan);
    let unknown = Statistics { row_count: u64::MAX, ..Statistics::default() };
    let statistics = file.statistics.as_ref().unwrap_or(&unknown);
    let slots = plan.slots().paths().iter().zip(&constants);
    let slots = slots
        .map(|(path, constant)| constant.as_ref().or_else(|| statistics.columns.get(path)))
        .collect();
    // The null count of a constant is that of as many rows as there are.
    let (row_count, schema) = (statistics.row_count, plan.slots());
    !may_match(predicate, &Known { row_count, slots, schema, filters: None })
}

/// The tasks of a file that is opened.
pub(crate) fn tasks_of(
    source: &ScanSource,
    index: usize,
    plan: &Plan,
    options: &ScanOptions,
    counters: &mut Counters,
) -> Result<Vec<Task>, ScanError> {
    let file = &source.files[index];
    let reader = file.reader()?;
    check_row_count(file, &reader)?;
    let constants = constant_statistics(file, plan);
    let predicate = plan.predicate().filter(|_| options.pruning);
    let paths: Vec<Vec<String>> =
        plan.slots().paths().iter().map(|path| source.physical_path(path)).collect();
    let order = plan.order_hint().filter(|_| options.pruning);
    let mut tasks = Vec::new();
    let mut first_row = 0;
    for row_group in 0..reader.row_group_count() {
        counters.row_groups_considered += 1;
        let row_count = reader.row_group_rows(row_group);
        let rows = first_row..first_row + row_count;
        first_row = rows.end;
        let mut ranges = all_rows(row_count);
        if let Some(predicate) = predicate {
            let group = Group { reader: &reader, row_group, row_count, paths: &paths, plan };
            ranges = if group.may_match(predicate, &constants, counters) {
                group.page_ranges(predicate)
            } else {
                Vec::new()
            };
        }
        let ranges = without(&ranges, &rows, &file.deleted_rows);
        if ranges.iter().all(Range::is_empty) {
            counters.row_groups_skipped += 1;
            continue;
        }
        let is_whole = ranges.len() == 1 && ranges.first() == Some(&(0..row_count));
        let ranges = (!is_whole).then_some(ranges);
        let order = order.as_ref().map(|order| order_statistics(&reader, row_group, &paths, order));
        let order = order.unwrap_or_default();
        let is_known = options.pruning && ranges.is_none() && source.renamed.is_empty();
        let is_constant = |slot: usize| constants.get(slot).is_some_and(Option::is_some);
        let statistics = || reader.row_group_statistics(row_group);
        let is_nan_free = |path: &[String]| reader.is_nan_free(row_group, path);
        let spared = is_known.then(|| plan.spared(is_constant, statistics, &is_nan_free)).flatten();
        let reader = Arc::clone(&reader);
        tasks.push(Task { file: index, reader, row_group, ranges, order, spared });
    }
    Ok(tasks)
}

/// What would be known, were no row NaN.
fn without_nan(known: ColumnStatistics) -> ColumnStatistics {
    ColumnStatistics { is_nan_free: true, ..known }
}

/// What a row group knows of the columns that the answer is ordered by.
fn order_statistics(
    reader: &Reader,
    row_group: usize,
    paths: &[Vec<String>],
    order: &OrderHint,
) -> Vec<ColumnStatistics> {
    let columns = reader.row_group_statistics(row_group).columns;
    let known = |key: &OrderKey| paths.get(key.slot).and_then(|path| columns.get(path).cloned());
    order.keys.iter().map(known).map(Option::unwrap_or_default).collect()
}

/// Those rows of a task whose pages may have a row that stands no later than a bound.
fn rows_within(
    source: &ScanSource,
    plan: &Plan,
    task: &Task,
    order: &OrderHint,
    bound: &[Scalar],
) -> Option<Vec<Range<u64>>> {
    let slot = order.keys.first()?.slot;
    let path = source.physical_path(plan.slots().paths().get(slot)?);
    let pages = task.reader.pages(task.row_group, &path);
    if pages.len() < 2 {
        return task.ranges.clone();
    }
    let may_be = |page: &&Page| order.may_be_within(std::slice::from_ref(&page.statistics), bound);
    let within = joined(pages.iter().filter(may_be).map(|page| page.rows.clone()));
    let known = task.ranges.clone();
    let known = known.unwrap_or_else(|| all_rows(task.reader.row_group_rows(task.row_group)));
    Some(intersect(&known, &within))
}

/// A log and a file that disagree would make answers from one of them wrong.
fn check_row_count(file: &ScanFile, reader: &Reader) -> Result<(), ScanError> {
    match &file.statistics {
        Some(statistics) if statistics.row_count != reader.row_count() => {
            Err(ScanError::RowCount {
                path: file.path.clone(),
                expected: statistics.row_count,
                found: reader.row_count(),
            })
        }
        _ => Ok(()),
    }
}

/// For each slot that is a constant of the file, what that says.
fn constant_statistics(file: &ScanFile, plan: &Plan) -> Vec<Option<ColumnStatistics>> {
    let row_count = file.statistics.as_ref().map_or(u64::MAX, |statistics| statistics.row_count);
    let of_slot = |path: &Vec<String>| {
        let [name] = path.as_slice() else { return None };
        let (_, value) = file.constants.iter().find(|(constant, _)| constant == name)?;
        Some(match value {
            Scalar::Null => {
                ColumnStatistics { null_count: Some(row_count), ..ColumnStatistics::default() }
            }
            value => ColumnStatistics {
                min: Some(value.clone()),
                max: Some(value.clone()),
                null_count: Some(0),
                min_is_exact: true,
                max_is_exact: true,
                is_nan_free: !matches!(value, Scalar::Float64(value) if value.is_nan()),
            },
        })
    };
    plan.slots().paths().iter().map(of_slot).collect()
}

/// One row group, and the columns a plan wants of it.
struct Group<'a> {
    reader: &'a Reader,
    row_group: usize,
    row_count: u64,
    paths: &'a [Vec<String>],
    plan: &'a Plan,
}

impl Group<'_> {
    fn may_match(
        &self,
        predicate: &BoundExpr,
        constants: &[Option<ColumnStatistics>],
        counters: &mut Counters,
    ) -> bool {
        let statistics = self.reader.row_group_statistics(self.row_group);
        // Constants were weighed with the file; a column of that name in the file is not read.
        let paths = self.paths.iter().zip(constants);
        let paths = paths.map(|(path, constant)| constant.is_none().then_some(path.as_slice()));
        let paths: Vec<Option<&[String]>> = paths.collect();
        let slots = paths.iter().map(|path| path.and_then(|path| statistics.columns.get(path)));
        let (row_count, schema) = (self.row_count, self.plan.slots());
        let mut known = Known { row_count, slots: slots.collect(), schema, filters: None };
        if !may_match(predicate, &known) || self.only_nan_may_match(predicate, &known, &paths) {
            return false;
        }
        let (reader, row_group) = (self.reader, self.row_group);
        let filters = Filters { reader, row_group, paths, asked: Cell::new(0) };
        known.filters = Some(&filters);
        let may_match = may_match(predicate, &known);
        counters.bloom_filters_read += filters.asked.get();
        may_match
    }

    /// Whether the predicate could be true for a NaN only, and there is none.
    fn only_nan_may_match(
        &self,
        predicate: &BoundExpr,
        known: &Known<'_>,
        paths: &[Option<&[String]>],
    ) -> bool {
        let sure: Vec<Option<ColumnStatistics>> =
            known.slots.iter().map(|slot| slot.cloned().map(without_nan)).collect();
        let slots = sure.iter().map(Option::as_ref).collect();
        let is_nan_free = |path: Option<&[String]>| {
            path.is_none_or(|path| self.reader.is_nan_free(self.row_group, path))
        };
        !may_match(predicate, &Known { slots, ..*known })
            && self.plan.predicate_slots().iter().all(|slot| is_nan_free(paths[*slot]))
    }

    /// The rows that are in pages which may match, for every part of the predicate that looks at one
    /// column only.
    fn page_ranges(&self, predicate: &BoundExpr) -> Vec<Range<u64>> {
        let mut ranges = all_rows(self.row_count);
        for conjunct in conjuncts(predicate) {
            let Some(slot) = only_slot(conjunct) else { continue };
            let Some(path) = self.paths.get(slot) else { continue };
            let pages = self.reader.pages(self.row_group, path);
            if pages.len() < 2 {
                continue;
            }
            let kept = pages.iter().filter(|page| self.page_may_match(conjunct, slot, page));
            ranges = intersect(&ranges, &joined(kept.map(|page| page.rows.clone())));
        }
        ranges
    }

    fn page_may_match(&self, conjunct: &BoundExpr, slot: usize, page: &Page) -> bool {
        let slots = (0..self.paths.len()).map(|other| (other == slot).then_some(&page.statistics));
        let row_count = page.rows.end - page.rows.start;
        let (slots, schema) = (slots.collect(), self.plan.slots());
        may_match(conjunct, &Known { row_count, slots, schema, filters: None })
    }
}

fn all_rows(row_count: u64) -> Vec<Range<u64>> {
    std::iter::once(0..row_count).collect()
}

/// Ranges that touch made one.
fn joined(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => joined.push(range),
        }
    }
    joined
}

/// The rows in both. Each list ascends and does not overlap itself.
fn intersect(left: &[Range<u64>], right: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut both = Vec::new();
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let (start, end) = (a.start.max(b.start), a.end.min(b.end));
        if start < end {
            both.push(start..end);
        }
        if a.end <= b.end {
            left.next();
        } else {
            right.next();
        }
    }
    both
}

/// The ranges, counted from the first of `rows`, without the rows of the file that are deleted.
fn without(ranges: &[Range<u64>], rows: &Range<u64>, deleted: &RoaringTreemap) -> Vec<Range<u64>> {
    let mut kept = Vec::new();
    let mut start = 0;
    let mut deleted = deleted.iter();
    deleted.advance_to(rows.start);
    for row in deleted.take_while(|row| *row < rows.end) {
        let row = row - rows.start;
        if start < row {
            kept.push(start..row);
        }
        start = row + 1;
    }
    kept.push(start..rows.end - rows.start);
    intersect(ranges, &kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(ranges: &[Range<u64>]) -> Vec<u64> {
        ranges.iter().cloned().flatten().collect()
    }

    /// Ascending ranges out of the gaps and lengths between them.
    fn any_ranges() -> impl Strategy<Value = Vec<Range<u64>>> {
        prop::collection::vec((1_u64..5, 1_u64..5), 0..6).prop_map(|steps| {
            let mut end = 0;
            let range = |(gap, len)| {
                let start = end + gap;
                end = start + len;
                start..end
            };
            steps.into_iter().map(range).collect()
        })
    }

    proptest! {
        #[test]
        fn ranges_are_sets_of_rows(left in any_ranges(), right in any_ranges(), offset in 0_u64..50) {
            let expected: Vec<u64> =
                rows(&left).into_iter().filter(|row| rows(&right).contains(row)).collect();
            prop_assert_eq!(rows(&intersect(&left, &right)), expected);

            let deleted = rows(&right).into_iter().map(|row| row + offset).collect();
            let expected: Vec<u64> =
                rows(&left).into_iter().filter(|row| !rows(&right).contains(row)).collect();
            prop_assert_eq!(rows(&without(&left, &(offset..offset + 100), &deleted)), expected);
        }
    }
}
