//! The least or the greatest word of each group, in no more memory than the words take.

use std::cmp::Ordering;

use colonna_column::{Bitmap, Column};

use super::{Rows, Taken, cell_count, each_in_lanes};

/// Values that one is the best of: the greatest where `Ordering::Greater` is wanted, else the least.
pub(super) trait Ranked: Copy + PartialOrd {
    /// The value that every other is at least as good as.
    fn worst(wanted: Ordering) -> Self;

    fn is_worst(self, wanted: Ordering) -> bool;

    fn is_better_than(self, kept: Self, wanted: Ordering) -> bool;

    /// Whether numbers say the order of these values, and equal ones are the same in every bit.
    fn are_plain(values: &[Self]) -> bool;

    /// A number that none goes before.
    fn last(wanted: Ordering) -> Self;
}

impl Ranked for i64 {
    fn worst(wanted: Ordering) -> Self {
        if wanted == Ordering::Greater { Self::MIN } else { Self::MAX }
    }

    #[inline]
    fn is_worst(self, wanted: Ordering) -> bool {
        self == Self::worst(wanted)
    }

    #[inline]
    fn is_better_than(self, kept: Self, wanted: Ordering) -> bool {
        if wanted == Ordering::Greater { self > kept } else { self < kept }
    }

    fn are_plain(_: &[Self]) -> bool {
        true
    }

    fn last(wanted: Ordering) -> Self {
        Self::worst(wanted)
    }
}

/// NaN is the greatest.
impl Ranked for f64 {
    fn worst(wanted: Ordering) -> Self {
        if wanted == Ordering::Greater { Self::NEG_INFINITY } else { Self::NAN }
    }

    #[inline]
    fn is_worst(self, wanted: Ordering) -> bool {
        if wanted == Ordering::Greater { self == Self::NEG_INFINITY } else { self.is_nan() }
    }

    #[inline]
    fn is_better_than(self, kept: Self, wanted: Ordering) -> bool {
        match wanted {
            Ordering::Greater => (self > kept) | (self.is_nan() & !kept.is_nan()),
            _ => (self < kept) | (kept.is_nan() & !self.is_nan()),
        }
    }

    /// There is neither NaN nor a zero with a sign.
    fn are_plain(values: &[Self]) -> bool {
        const LANES: usize = 8;
        let is_odd = |value: &Self| value.is_nan() | (value.to_bits() == (-0.0_f64).to_bits());
        let (chunks, rest) = values.as_chunks::<LANES>();
        let mut odd = [false; LANES];
        for chunk in chunks {
            odd.iter_mut().zip(chunk).for_each(|(odd, value)| *odd |= is_odd(value));
        }
        !odd.contains(&true) && !rest.iter().any(is_odd)
    }

    fn last(wanted: Ordering) -> Self {
        if wanted == Ordering::Greater { Self::NEG_INFINITY } else { Self::INFINITY }
    }
}

/// The best value of each group, of equal ones the first.
///
/// Invariant: a group that has met no value has the worst one; of those that have the worst one, just
/// the groups in `met` have met it.
#[derive(Clone, Debug)]
pub(super) struct Best<T> {
    wanted: Ordering,
    kept: Vec<T>,
    met: Bitmap,
}

impl<T: Ranked> Best<T> {
    pub(super) fn new(wanted: Ordering) -> Self {
        Self { wanted, kept: Vec::new(), met: Bitmap::new() }
    }

    pub(super) fn resize(&mut self, group_count: usize) {
        self.kept.resize(group_count, T::worst(self.wanted));
    }

    #[inline]
    pub(super) fn offer(&mut self, group: usize, value: T) {
        self.offer_as(self.wanted, group, value);
    }

    #[inline]
    fn offer_as(&mut self, wanted: Ordering, group: usize, value: T) {
        let kept = &mut self.kept[group];
        // Without a branch: whether one of the few values of a group is better follows no rule.
        *kept = if value.is_better_than(*kept, wanted) { value } else { *kept };
        if value.is_worst(wanted) {
            self.meet(group);
        }
    }

    /// Offers the value of each row of a column that is valid to its group. All values that rows
    /// have are among those in `all`.
    pub(super) fn offer_rows(
        &mut self,
        rows: &Rows<'_>,
        column: &Column,
        all: &[T],
        value: impl Fn(usize) -> T,
    ) {
        let grouping = rows.grouping;
        if let (Some(row_counts), None) = (rows.row_counts, column.validity())
            && T::are_plain(all)
        {
            return self.offer_in_lanes(rows, row_counts, value);
        }
        // What is wanted is known to each of the loops.
        if self.wanted == Ordering::Greater {
            grouping.each_valid(column, |group, row| {
                self.offer_as(Ordering::Greater, group, value(row));
            });
        } else {
            grouping.each_valid(column, |group, row| {
                self.offer_as(Ordering::Less, group, value(row));
            });
        }
    }

    /// As [`Best::offer_rows`], of few groups, plain values and no nulls.
    fn offer_in_lanes(&mut self, rows: &Rows<'_>, row_counts: &[u32], value: impl Fn(usize) -> T) {
        let last = T::last(self.wanted);
        let mut cells = vec![last; cell_count(row_counts.len())];
        let greater = |kept: T, value: T| if value > kept { value } else { kept };
        let less = |kept: T, value: T| if value < kept { value } else { kept };
        // What is wanted is known to each of the loops.
        let is_greatest = self.wanted == Ordering::Greater;
        if is_greatest {
            each_in_lanes(rows, |cell, row| cells[cell] = greater(cells[cell], value(row)));
        } else {
            each_in_lanes(rows, |cell, row| cells[cell] = less(cells[cell], value(row)));
        }
        let groups = row_counts.iter().enumerate().filter(|(_, count)| **count > 0);
        for (group, _) in groups {
            let lanes = cells[group..].iter().step_by(row_counts.len()).copied();
            let best = if is_greatest { lanes.fold(last, greater) } else { lanes.fold(last, less) };
            self.offer(group, best);
        }
    }

    #[cold]
    fn meet(&mut self, group: usize) {
        self.met.extend(false, (group + 1).saturating_sub(self.met.len()));
        self.met.set(group, true);
    }

    fn has_met(&self, group: usize) -> bool {
        !self.kept[group].is_worst(self.wanted) || group < self.met.len() && self.met.get(group)
    }

    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) {
        for (&from, &to) in taken.from.iter().zip(taken.to) {
            let from = from as usize;
            if from < later.kept.len() && later.has_met(from) {
                self.offer(to as usize, later.kept[from]);
            }
        }
    }

    /// The best value of each group that has met one.
    pub(super) fn into_values(self) -> Vec<Option<T>> {
        let values = self.kept.iter().enumerate();
        values.map(|(group, &value)| self.has_met(group).then_some(value)).collect()
    }

    pub(super) fn byte_len(&self) -> usize {
        self.kept.len() * size_of::<T>() + self.met.len() / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: Ranked + PartialEq + std::fmt::Debug>(
        wanted: Ordering,
        rows: &[(usize, T)],
        expected: &str,
    ) {
        let mut best = Best::new(wanted);
        best.resize(3);
        rows.iter().for_each(|&(group, value)| best.offer(group, value));
        assert_eq!(format!("{:?}", best.clone().into_values()), expected);
        let mut merged = Best::new(wanted);
        merged.resize(3);
        merged.merge(&best, &Taken { from: &[0, 1, 2, 3], to: &[0, 1, 2, 0], group_count: 3 });
        assert_eq!(format!("{:?}", merged.into_values()), expected);
    }

    #[test]
    fn the_worst_value_is_a_value() {
        let (greatest, least) = (Ordering::Greater, Ordering::Less);
        check(
            greatest,
            &[(0, i64::MIN), (2, 3), (2, 2)],
            &format!("{:?}", [Some(i64::MIN), None, Some(3)]),
        );
        check(
            least,
            &[(2, i64::MAX), (0, i64::MAX), (0, 7)],
            &format!("{:?}", [Some(7), None, Some(i64::MAX)]),
        );
        check(
            greatest,
            &[(1, f64::NEG_INFINITY), (0, f64::NAN), (0, 1.0)],
            "[Some(NaN), Some(-inf), None]",
        );
        check(
            least,
            &[(1, f64::NAN), (0, f64::NAN), (0, f64::INFINITY)],
            "[Some(inf), Some(NaN), None]",
        );
    }

    #[test]
    fn of_equal_values_the_first_is_kept() {
        check(
            Ordering::Greater,
            &[(0, 0.0), (0, -0.0), (1, -0.0), (1, 0.0)],
            "[Some(0.0), Some(-0.0), None]",
        );
    }
}
