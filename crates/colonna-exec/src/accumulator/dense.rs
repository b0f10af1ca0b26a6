//! Sets of integers that lie close together, as bits.

use colonna_column::Bitmap;
use fearless_simd::{Level, dispatch};

use super::{Grouping, Taken};

/// So many bytes of bits are worth it however few of them are set.
const BYTES_MIN: usize = 1 << 20;

/// With so many bytes of bits for each value a hash table is no larger.
const VALUE_BYTES: usize = 16;

/// A set of integers for each group, a bit for each integer of a range.
///
/// Invariant: each group has `width` words of `bits`; the lowest bit of its first word stands for the
/// integer `first * 64`.
#[derive(Clone, Debug, Default)]
pub(crate) struct DenseSets {
    first: i64,
    width: usize,
    bits: Vec<u64>,
    /// At least so many bits are set.
    found: usize,
}

/// The least and the greatest of the integers that are valid.
pub(crate) fn bounds(values: &[i64], validity: Option<&Bitmap>) -> Option<(i64, i64)> {
    let wider = |(least, greatest): (i64, i64), value: i64| (least.min(value), greatest.max(value));
    match validity {
        None => {
            let first = *values.first()?;
            Some(dispatch!(
                Level::new(), _ => values.iter().copied().fold((first, first), wider)
            ))
        }
        Some(valid) => {
            let first = values[valid.ones().next()?];
            Some(valid.ones().map(|row| values[row]).fold((first, first), wider))
        }
    }
}

impl DenseSets {
    /// Takes in the integers of some rows, unless they lie so far apart that bits would take more
    /// memory than a hash table: then nothing has changed.
    pub(super) fn insert(
        &mut self,
        values: &[i64],
        validity: Option<&Bitmap>,
        grouping: Grouping<'_>,
        group_count: usize,
    ) -> bool {
        let Some((least, greatest)) = bounds(values, validity) else { return true };
        if !self.cover((least >> 6, greatest >> 6), group_count, values.len()) {
            return false;
        }
        let (least, width, bits) = (self.first << 6, self.width, self.bits.as_mut_slice());
        grouping.each(values.len(), validity, |group, row| {
            let index = values[row].wrapping_sub(least).cast_unsigned();
            let word = group * width + usize::try_from(index >> 6).unwrap_or_default();
            bits[word] |= 1 << (index & 63);
        });
        true
    }

    /// Takes in the sets of others, unless there is no room for them: then nothing has changed.
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> bool {
        let Some(last) = later.last() else { return true };
        if !self.cover((later.first, last), taken.group_count, later.len()) {
            return false;
        }
        let shift = usize::try_from(later.first - self.first).unwrap_or_default();
        for (&from, &to) in taken.from.iter().zip(taken.to) {
            let start = from as usize * later.width;
            let Some(theirs) = later.bits.get(start..start + later.width) else { continue };
            let own = self.bits.iter_mut().skip(to as usize * self.width + shift);
            own.zip(theirs).for_each(|(own, more)| *own |= more);
        }
        true
    }

    /// The last word of a group, counted from zero as `first` is.
    fn last(&self) -> Option<i64> {
        Some(self.first + i64::try_from(self.width.checked_sub(1)?).ok()?)
    }

    /// How many integers there are in all sets.
    fn len(&self) -> usize {
        self.bits.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Makes room for words from one to another in so many groups, where they are worth it for what
    /// is found and so many values more.
    fn cover(&mut self, (first, last): (i64, i64), group_count: usize, more: usize) -> bool {
        let known = self.last().unwrap_or(last);
        let first = if self.width == 0 { first } else { first.min(self.first) };
        let width = usize::try_from(last.max(known) - first + 1).unwrap_or(usize::MAX);
        let group_count = group_count.max(1).max(self.bits.len() / self.width.max(1));
        let words = width.saturating_mul(group_count);
        if words <= self.bits.len() {
            return true;
        }
        let is_worth = |found: usize| {
            words.saturating_mul(8) <= BYTES_MIN + (found + more).saturating_mul(VALUE_BYTES)
        };
        if !is_worth(self.found) {
            self.found = self.len();
            if !is_worth(self.found) {
                return false;
            }
        }
        if first == self.first && (width == self.width || group_count == 1) {
            self.bits.resize(words, 0);
            self.width = width;
            return true;
        }
        // Room for more, lest each batch moves all that is there.
        let width = if self.width == 0 { width } else { width + width / 2 };
        let shift = usize::try_from(self.first - first).unwrap_or_default();
        let mut bits = vec![0; width * group_count];
        if self.width > 0 {
            for (wide, narrow) in bits.chunks_mut(width).zip(self.bits.chunks(self.width)) {
                wide[shift..shift + narrow.len()].copy_from_slice(narrow);
            }
        }
        (self.first, self.width, self.bits) = (first, width, bits);
        true
    }

    /// How many integers each set has.
    pub(super) fn counts(&self) -> impl Iterator<Item = usize> {
        let sets = self.bits.chunks(self.width.max(1));
        sets.map(|words| words.iter().map(|word| word.count_ones() as usize).sum())
    }

    /// All integers of all sets, and for each the group it is of.
    pub(super) fn into_values(self) -> (Vec<i64>, Vec<u32>) {
        let (mut values, mut groups) = (Vec::new(), Vec::new());
        for (group, words) in (0..).zip(self.bits.chunks(self.width.max(1))) {
            for (index, &word) in (self.first..).zip(words) {
                let mut rest = word;
                while rest != 0 {
                    values.push((index << 6) + i64::from(rest.trailing_zeros()));
                    groups.push(group);
                    rest &= rest - 1;
                }
            }
        }
        (values, groups)
    }

    /// About how many bytes of memory they take.
    pub(super) fn byte_len(&self) -> usize {
        self.bits.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(sets: &DenseSets, known: &[BTreeSet<i64>]) {
        let counts: Vec<usize> = sets.counts().collect();
        for (group, set) in known.iter().enumerate() {
            assert_eq!(counts.get(group).copied().unwrap_or_default(), set.len(), "group {group}");
        }
        let (values, groups) = sets.clone().into_values();
        let pairs = groups.into_iter().zip(values).collect::<Vec<_>>();
        let expected =
            (0..).zip(known).flat_map(|(group, set)| set.iter().map(move |v| (group, *v)));
        assert_eq!(pairs, expected.collect::<Vec<(u32, i64)>>());
    }

    fn any_batch() -> impl Strategy<Value = Vec<(i64, u32)>> {
        let start = prop_oneof![-5_000_i64..5_000, Just(i64::MIN), Just(i64::MAX - 300)];
        let row = (0_i64..300, 0_u32..5);
        (start, prop::collection::vec(row, 1..50)).prop_map(|(start, rows)| {
            rows.into_iter().map(|(value, group)| (start + value, group)).collect()
        })
    }

    fn insert(sets: &mut DenseSets, known: &mut [BTreeSet<i64>], batch: &[(i64, u32)]) -> bool {
        let (values, groups): (Vec<i64>, Vec<u32>) = batch.iter().copied().unzip();
        let group_count = groups.iter().max().map_or(0, |group| *group as usize + 1);
        let taken = sets.insert(&values, None, Grouping::Each(&groups), group_count);
        if taken {
            batch.iter().for_each(|(value, group)| _ = known[*group as usize].insert(*value));
        }
        taken
    }

    proptest! {
        #[test]
        fn sets_hold_what_was_put_into_them(batches in prop::collection::vec(any_batch(), 1..8)) {
            let (mut sets, mut known) = (DenseSets::default(), vec![BTreeSet::new(); 5]);
            for batch in &batches {
                insert(&mut sets, &mut known, batch);
                check(&sets, &known);
            }
        }

        #[test]
        fn sets_that_are_merged_hold_what_both_had(
            left in prop::collection::vec(any_batch(), 0..4),
            right in prop::collection::vec(any_batch(), 0..4),
            to in Just([4_u32, 2, 0, 1, 3]),
        ) {
            let (mut sets, mut known) = (DenseSets::default(), vec![BTreeSet::new(); 5]);
            left.iter().for_each(|batch| _ = insert(&mut sets, &mut known, batch));
            let (mut later, mut theirs) = (DenseSets::default(), vec![BTreeSet::new(); 5]);
            right.iter().for_each(|batch| _ = insert(&mut later, &mut theirs, batch));
            if sets.merge(&later, &Taken { from: &[0, 1, 2, 3, 4], to: &to, group_count: 5 }) {
                for (to, theirs) in to.iter().zip(theirs) {
                    known[*to as usize].extend(theirs);
                }
            }
            check(&sets, &known);
        }
    }

    #[test]
    fn integers_far_apart_are_refused() {
        let mut sets = DenseSets::default();
        assert!(sets.insert(&[1, 2], None, Grouping::One, 1));
        assert!(!sets.insert(&[i64::MIN, i64::MAX], None, Grouping::One, 1));
        assert!(!sets.insert(&[1 << 40], None, Grouping::One, 1));
        assert_eq!(sets.counts().collect::<Vec<_>>(), [2]);
    }
}
