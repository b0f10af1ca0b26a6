//! Quantiles, exactly: every value is kept.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use colonna_column::{Column, ColumnBuilder, Values, concat};
use colonna_schema::{AggregateFunction, DataType, Scalar};
use rayon::prelude::*;

use super::{AggregateKind, Grouping, Rows, Taken, expanded, optional};
use crate::ExecError;
use crate::group_keys::{canonical_bits, position_rows};
use crate::sort::{OrderedColumn, cmp_doubles};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// `quantile_cont` or `quantile_disc`.
#[derive(Clone, Debug)]
pub(crate) struct Quantile {
    kind: AggregateKind,
    kept: Kept,
    value_count: usize,
    /// The group of each value; nothing where all are of the only group.
    groups: Vec<u32>,
}

/// The values, none null, batch by batch.
#[derive(Clone, Debug)]
enum Kept {
    /// Words in the order of the values.
    Words(Vec<Arc<Vec<u64>>>),
    Columns(Vec<Arc<Column>>),
}

/// The two values next to the fraction, and how far it lies between them.
type Middle<T> = Option<(T, T, f64)>;

impl Quantile {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        let is_continuous = matches!(kind.function, AggregateFunction::QuantileContinuous(_));
        let kept = match kind.input {
            DataType::Int64 | DataType::Date | DataType::Timestamp | DataType::Float64
                if is_continuous =>
            {
                Kept::Words(Vec::new())
            }
            _ => Kept::Columns(Vec::new()),
        };
        Self { kind: kind.clone(), kept, value_count: 0, groups: Vec::new() }
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        let Some(column) = rows.values else { return Ok(()) };
        let count = column.len() - column.null_count();
        if count == 0 {
            return Ok(());
        }
        if !matches!(rows.grouping, Grouping::One) {
            rows.grouping.each_valid(column, |_, row| self.groups.push(rows.grouping.at(row)));
        }
        self.value_count += count;
        let piece = if count == column.len() {
            expanded(column)
        } else {
            Cow::Owned(column.gather(&column.valid_bits().positions()).to_flat())
        };
        match &mut self.kept {
            Kept::Words(pieces) => pieces.push(Arc::new(match piece.values() {
                Values::Int64(values) => {
                    values.iter().map(|value| word_of_integer(*value)).collect()
                }
                Values::Float64(values) => {
                    values.iter().map(|value| word_of_double(*value)).collect()
                }
                _ => return Err(ExecError::ForeignPartial),
            })),
            Kept::Columns(pieces) => pieces.push(Arc::new(piece.into_owned())),
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        let mapping = taken.mapping();
        self.groups.extend(later.groups.iter().map(|&group| mapping[group as usize]));
        match (&mut self.kept, &later.kept) {
            (Kept::Words(pieces), Kept::Words(later)) => pieces.extend(later.iter().cloned()),
            (Kept::Columns(pieces), Kept::Columns(later)) => pieces.extend(later.iter().cloned()),
            _ => return Err(ExecError::ForeignPartial),
        }
        self.value_count += later.value_count;
        Ok(())
    }

    pub(super) fn finish(self, group_count: usize) -> Result<Column, ExecError> {
        match (self.kind.function, &self.kept) {
            (AggregateFunction::QuantileContinuous(fraction), Kept::Words(pieces)) => {
                let middles = self.middles(pieces, fraction, group_count);
                self.between(&middles)
            }
            (AggregateFunction::QuantileContinuous(fraction), Kept::Columns(pieces)) => {
                let (values, rows) = self.joined(pieces, group_count)?;
                let doubles = doubles_of(&values);
                let picked = rows.each(|rows| {
                    let mut words: Vec<u64> =
                        rows.iter().map(|&row| word_of_double(doubles[row as usize])).collect();
                    middle(&mut words, fraction)
                });
                self.between(&picked.collect::<Vec<_>>())
            }
            (AggregateFunction::QuantileDiscrete(fraction), Kept::Columns(pieces)) => {
                let (values, rows) = self.joined(pieces, group_count)?;
                discrete(&values, &rows, fraction, &self.kind.output)
            }
            _ => Err(ExecError::ForeignPartial),
        }
    }

    /// The values next to the fraction, group by group.
    fn middles(
        &self,
        pieces: &[Arc<Vec<u64>>],
        fraction: f64,
        group_count: usize,
    ) -> Vec<Middle<u64>> {
        if self.groups.is_empty() {
            let mut middles = vec![middle_of_all(pieces, self.value_count, fraction)];
            middles.resize(group_count, None);
            return middles;
        }
        let mut starts = vec![0; group_count + 1];
        self.groups.iter().for_each(|&group| starts[group as usize + 1] += 1);
        (0..group_count).for_each(|group| starts[group + 1] += starts[group]);
        let mut next = starts.clone();
        let mut words = vec![0; self.value_count];
        for (&word, &group) in pieces.iter().flat_map(|piece| piece.iter()).zip(&self.groups) {
            let at = &mut next[group as usize];
            words[*at] = word;
            *at += 1;
        }
        let mut rest = words.as_mut_slice();
        let mut parts = Vec::with_capacity(group_count);
        for pair in starts.windows(2) {
            let (part, others) = rest.split_at_mut(pair[1] - pair[0]);
            parts.push(part);
            rest = others;
        }
        parts.into_par_iter().map(|part| middle(part, fraction)).collect()
    }

    /// What lies at the fraction between the values next to it.
    fn between(&self, middles: &[Middle<u64>]) -> Result<Column, ExecError> {
        let output = &self.kind.output;
        if self.kind.input == DataType::Float64 || matches!(self.kept, Kept::Columns(_)) {
            let doubles = middles.iter().map(|middle| {
                middle.map(|(low, high, part)| linear(double_of(low), double_of(high), part))
            });
            return optional(output, doubles.collect(), Values::Float64);
        }
        let scale = if self.kind.input == DataType::Date { MICROS_PER_DAY } else { 1 };
        let integer = |word: u64| integer_of(word).saturating_mul(scale);
        let pairs = middles
            .iter()
            .map(|middle| middle.map(|(low, high, part)| (integer(low), integer(high), part)));
        if *output == DataType::Timestamp {
            let moments = pairs.map(|pair| {
                pair.map(|(low, high, part)| low.saturating_add(between(low, high, part)))
            });
            return optional(output, moments.collect(), Values::Int64);
        }
        let doubles =
            pairs.map(|pair| pair.map(|(low, high, part)| linear(low as f64, high as f64, part)));
        optional(output, doubles.collect(), Values::Float64)
    }

    /// All values in one column, and the rows of each group.
    fn joined(
        &self,
        pieces: &[Arc<Column>],
        group_count: usize,
    ) -> Result<(Column, RowsByGroup), ExecError> {
        let pieces: Vec<Column> = pieces.iter().map(|piece| piece.as_ref().clone()).collect();
        let values = concat(&self.kind.input, &pieces).to_flat();
        let only = vec![0; if self.groups.is_empty() { self.value_count } else { 0 }];
        let groups = if self.groups.is_empty() { &only } else { &self.groups };
        Ok((values, RowsByGroup::new(groups, group_count)?))
    }

    pub(super) fn byte_len(&self) -> usize {
        let kept = match &self.kept {
            Kept::Words(pieces) => pieces.iter().map(|piece| piece.len() * 8).sum::<usize>(),
            Kept::Columns(pieces) => pieces.iter().map(|piece| piece.byte_len()).sum(),
        };
        self.groups.len() * 4 + kept
    }
}

const SIGN: u64 = 1 << 63;

/// Words in the order of integers.
#[inline]
fn word_of_integer(value: i64) -> u64 {
    value.cast_unsigned() ^ SIGN
}

fn integer_of(word: u64) -> i64 {
    (word ^ SIGN).cast_signed()
}

/// Words in the order of doubles, NaN as the greatest.
#[inline]
fn word_of_double(value: f64) -> u64 {
    let bits = canonical_bits(value);
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn double_of(word: u64) -> f64 {
    f64::from_bits(if word & SIGN == 0 { !word } else { word ^ SIGN })
}

/// Values are counted by so many of their first bits.
const COUNTED_BITS: u32 = 16;

/// As [`middle`], of many pieces. Values are counted by their first bits, and only those that have
/// the bits of the middle are put in order.
fn middle_of_all(pieces: &[Arc<Vec<u64>>], value_count: usize, fraction: f64) -> Middle<u64> {
    let bucket_of = |word: &u64| usize::try_from(word >> (u64::BITS - COUNTED_BITS)).unwrap_or(0);
    let (rank, part) = rank_and_part(value_count, fraction)?;
    let none = || vec![0_usize; 1 << COUNTED_BITS];
    let counted = pieces.par_iter().fold(none, |mut counts, piece| {
        piece.iter().for_each(|word| counts[bucket_of(word)] += 1);
        counts
    });
    let counts = counted.reduce(none, |mut counts, others| {
        counts.iter_mut().zip(others).for_each(|(count, other)| *count += other);
        counts
    });
    let (mut before, mut first) = (0, 0);
    while before + counts[first] <= rank {
        before += counts[first];
        first += 1;
    }
    // The value behind the rank may have other bits.
    let (mut last, mut known) = (first, before + counts[first]);
    while known <= rank + 1 && known < value_count {
        last += 1;
        known += counts[last];
    }
    let near = |word: &u64| (first..=last).contains(&bucket_of(word));
    let mut words: Vec<u64> =
        pieces.par_iter().flat_map_iter(|piece| piece.iter().copied().filter(near)).collect();
    let (low, high) = pair_at(&mut words, rank - before);
    Some((low, high, part))
}

fn doubles_of(values: &Column) -> Cow<'_, [f64]> {
    match values.values() {
        Values::Float64(values) => Cow::Borrowed(values),
        _ => (0..values.len())
            .map(|row| values.scalar_at(row).as_f64().unwrap_or(f64::NAN))
            .collect(),
    }
}

fn discrete(
    values: &Column,
    rows: &RowsByGroup,
    fraction: f64,
    output: &DataType,
) -> Result<Column, ExecError> {
    let ordered = OrderedColumn::new(values);
    let mut builder = ColumnBuilder::new(output);
    let picked = rows.each(|rows| {
        let mut rows = rows.to_vec();
        let rank = rank_of(fraction * rows.len() as f64).min(rows.len()).saturating_sub(1);
        let cmp = |a: &u32, b: &u32| ordered.cmp(*a as usize, *b as usize).then(a.cmp(b));
        (!rows.is_empty()).then(|| *rows.select_nth_unstable_by(rank, cmp).1)
    });
    for row in picked {
        let value = row.map_or(Scalar::Null, |row| values.scalar_at(row as usize));
        builder.push_scalar(&value)?;
    }
    Ok(builder.finish())
}

/// The rows of each group, in order.
struct RowsByGroup {
    /// Group `i` has the rows from `starts[i]` to `starts[i + 1]`.
    starts: Vec<usize>,
    rows: Vec<u32>,
}

impl RowsByGroup {
    fn new(groups: &[u32], group_count: usize) -> Result<Self, ExecError> {
        let mut starts = vec![0; group_count + 1];
        groups.iter().for_each(|&group| starts[group as usize + 1] += 1);
        (0..group_count).for_each(|group| starts[group + 1] += starts[group]);
        let mut next = starts.clone();
        let mut rows = vec![0; groups.len()];
        for (row, &group) in position_rows(0..groups.len())?.into_iter().zip(groups) {
            let at = &mut next[group as usize];
            rows[*at] = row;
            *at += 1;
        }
        Ok(Self { starts, rows })
    }

    fn each<T>(&self, mut visit: impl FnMut(&[u32]) -> T) -> impl Iterator<Item = T> {
        self.starts.windows(2).map(move |pair| visit(&self.rows[pair[0]..pair[1]]))
    }
}

/// The two values next to the fraction, and how far it lies between them.
fn middle(words: &mut [u64], fraction: f64) -> Middle<u64> {
    let (rank, part) = rank_and_part(words.len(), fraction)?;
    let (low, high) = pair_at(words, rank);
    Some((low, high, part))
}

/// The rank of the value before the fraction, and how far the fraction lies behind it.
fn rank_and_part(value_count: usize, fraction: f64) -> Option<(usize, f64)> {
    let last = value_count.checked_sub(1)?;
    let place = fraction * last as f64;
    Some((whole(place.floor()).min(last), place - place.floor()))
}

/// The word of a rank, and the one behind it, or the same where it is the last.
fn pair_at(words: &mut [u64], rank: usize) -> (u64, u64) {
    let (_, low, above) = words.select_nth_unstable(rank);
    let low = *low;
    (low, above.iter().copied().min().unwrap_or(low))
}

/// How many values are at or below a fraction of them.
fn rank_of(place: f64) -> usize {
    whole(place.ceil())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a fraction of a length is neither negative nor longer than it"
)]
fn whole(place: f64) -> usize {
    place as usize
}

fn linear(low: f64, high: f64, part: f64) -> f64 {
    // Without a distance there is nothing to scale: infinity minus itself would be NaN.
    if part == 0.0 || cmp_doubles(low, high) == Ordering::Equal {
        return low;
    }
    let distance = high - low;
    if distance.is_finite() {
        low + distance * part
    } else {
        // An infinite distance would lead away from the end that is infinite.
        low * (1.0 - part) + high * part
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a part of a distance is within it")]
fn between(low: i64, high: i64, part: f64) -> i64 {
    ((i128::from(high) - i128::from(low)) as f64 * part).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(low: f64, high: f64, expected: f64) {
        let found = linear(low, high, 0.25);
        assert!(cmp_doubles(found, expected).is_eq(), "{low}, {high}: {found}");
    }

    #[test]
    fn between_a_number_and_an_infinity_lies_the_infinity() {
        check(f64::NEG_INFINITY, 3.0, f64::NEG_INFINITY);
        check(3.0, f64::INFINITY, f64::INFINITY);
        check(f64::NEG_INFINITY, f64::INFINITY, f64::NAN);
        check(f64::INFINITY, f64::INFINITY, f64::INFINITY);
    }

    #[test]
    fn a_distance_past_the_largest_double_has_a_quarter() {
        let large = 2_f64.powi(1023);
        check(-large, large, -large / 2.0);
        check(1.0, 2.0, 1.25);
    }
}
