//! Sums, and the means that follow from them.

use colonna_column::{Bitmap, Column, Numbers, Values};
use colonna_schema::{AggregateFunction, DataType, Scalar};

use super::coded::{CodedRows, Made};
use super::exact_sum::{ExactSum, Halving};
use super::{
    AggregateKind, Rows, Taken, add_value_counts, cell_count, each_in_lanes, expanded, optional,
    zeroed,
};
use crate::ExecError;

const MICROS_PER_DAY: i128 = 86_400_000_000;

/// Sums of integers, in 128 bits: no number of rows can overflow them.
#[derive(Clone, Debug)]
pub(crate) struct IntegerSum {
    kind: AggregateKind,
    sums: Vec<i128>,
    counts: Vec<u64>,
    /// The numbers themselves, where they are small.
    made: Option<Made<i64>>,
}

impl IntegerSum {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        Self { kind: kind.clone(), sums: Vec::new(), counts: Vec::new(), made: None }
    }

    fn resize(&mut self, group_count: usize) {
        self.sums.resize(group_count, 0);
        self.counts.resize(group_count, 0);
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.resize(rows.group_count);
        let Some(column) = rows.values else { return Ok(()) };
        let (sums, counts) = (&mut self.sums, &mut self.counts);
        if let Some(coded) = Made::rows(&mut self.made, column, rows, small_numbers) {
            let coded = coded.with_null();
            add_small(sums, rows, |row| coded.at(row));
            add_value_counts(counts, rows, column);
            return Ok(());
        }
        let column = expanded(column);
        match (column.values(), rows.grouping.single()) {
            (Values::Int64(values), Some(group)) => {
                sums[group] += sum_of(&zeroed(values, column.validity()));
                add_value_counts(counts, rows, &column);
            }
            (Values::Int64(values), None)
                if rows.row_counts.is_some() && are_small(values, values.len()) =>
            {
                let values = zeroed(values, column.validity());
                add_small(sums, rows, |row| values[row]);
                add_value_counts(counts, rows, &column);
            }
            (Values::Int64(values), None) => rows.grouping.each_valid(&column, |group, row| {
                sums[group] += i128::from(values[row]);
                counts[group] += 1;
            }),
            (Values::Boolean(bits), _) => rows.grouping.each_valid(&column, |group, row| {
                sums[group] += i128::from(bits.get(row));
                counts[group] += 1;
            }),
            _ => {}
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.resize(taken.group_count);
        taken.each(&later.sums, |group, sum| self.sums[group] += sum);
        taken.each(&later.counts, |group, count| self.counts[group] += count);
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        self.resize(group_count);
        let groups = self.sums.iter().zip(&self.counts);
        let output = &self.kind.output;
        if self.kind.function == AggregateFunction::Avg && *output == DataType::Float64 {
            let means = groups.map(|(&sum, &count)| (count > 0).then(|| quotient(sum, count)));
            return optional(output, means.collect(), Values::Float64);
        }
        let overflow = || ExecError::SumOverflow { column: self.kind.name.clone() };
        let values = groups.map(|(&sum, &count)| {
            if count == 0 {
                return Ok(None);
            }
            let value = match (self.kind.function, &self.kind.input) {
                (AggregateFunction::Avg, DataType::Date) => nearest(sum * MICROS_PER_DAY, count),
                (AggregateFunction::Avg, _) => nearest(sum, count),
                _ => sum,
            };
            i64::try_from(value).ok().ok_or_else(overflow).map(Some)
        });
        optional(output, values.collect::<Result<_, _>>()?, Values::Int64)
    }

    pub(super) fn byte_len(&self) -> usize {
        self.sums.len() * 24 + self.made.as_ref().map_or(0, Made::byte_len)
    }
}

/// Whether so many of the integers cannot overflow 64 bits.
fn are_small(values: &[i64], row_count: usize) -> bool {
    let bits = values.iter().fold(0, |bits, value| bits | (value ^ (value >> 63)));
    bits.leading_zeros() > 64 - row_count.leading_zeros() + 1
}

/// Integers of which so many rows cannot overflow 64 bits.
fn small_numbers(numbers: &Numbers, row_count: usize) -> Option<Vec<i64>> {
    match numbers {
        Numbers::Int64(values) if are_small(values, row_count) => Some(values.clone()),
        _ => None,
    }
}

/// Adds up integers that cannot overflow 64 bits.
fn add_small(sums: &mut [i128], rows: &Rows<'_>, value: impl Fn(usize) -> i64) {
    let groups = rows.groups();
    if let Some(group) = rows.grouping.single() {
        sums[group] += i128::from((0..rows.row_count).map(value).sum::<i64>());
        return;
    }
    let mut cells = vec![0_i64; cell_count(groups.len())];
    each_in_lanes(rows, |cell, row| cells[cell] += value(row));
    for lane in cells.chunks(groups.len().max(1)) {
        let sums = sums[groups.clone()].iter_mut().zip(lane);
        sums.for_each(|(sum, more)| *sum += i128::from(*more));
    }
}

/// The sum of many integers, by halves that no slice in memory can overflow.
fn sum_of(values: &[i64]) -> i128 {
    let (mut high, mut low) = (0_i128, 0_i128);
    for chunk in values.chunks(1 << 16) {
        let sums = chunk.iter().fold((0_i64, 0_i64), |(high, low), value| {
            (high + (value >> 32), low + (value & 0xffff_ffff))
        });
        high += i128::from(sums.0);
        low += i128::from(sums.1);
    }
    (high << 32) + low
}

/// The integer nearest to `sum / count`, halves upwards.
fn nearest(sum: i128, count: u64) -> i128 {
    let count = i128::from(count);
    (sum * 2 + count).div_euclid(count * 2)
}

/// The double nearest to `sum / count`.
pub(crate) fn quotient(sum: i128, count: u64) -> f64 {
    let magnitude = sum.unsigned_abs();
    if magnitude == 0 {
        return 0.0;
    }
    // Shifted up as far as it goes, the quotient has 63 bits at least; a last bit stands for the
    // remainder, and the conversion rounds once.
    let shift = magnitude.leading_zeros();
    let (shifted, divisor) = (magnitude << shift, u128::from(count));
    let sticky = u128::from(!shifted.is_multiple_of(divisor));
    let quotient = ((shifted / divisor) | sticky) as f64 / 2_f64.powi(shift.cast_signed());
    if sum < 0 { -quotient } else { quotient }
}

/// A sum of decimals that is exact past 128 bits: `low` wraps, and `carry` counts how often.
#[derive(Clone, Copy, Debug, Default)]
struct WideSum {
    low: i128,
    carry: i64,
}

impl WideSum {
    #[inline]
    fn add(&mut self, value: i128) {
        let (low, wrapped) = self.low.overflowing_add(value);
        self.low = low;
        self.carry += i64::from(wrapped) * if value < 0 { -1 } else { 1 };
    }

    fn merge(&mut self, other: Self) {
        self.add(other.low);
        self.carry += other.carry;
    }

    fn exact(self) -> Option<i128> {
        (self.carry == 0).then_some(self.low)
    }
}

/// Sums of decimals.
#[derive(Clone, Debug)]
pub(crate) struct DecimalSum {
    kind: AggregateKind,
    sums: Vec<WideSum>,
    counts: Vec<u64>,
}

impl DecimalSum {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        Self { kind: kind.clone(), sums: Vec::new(), counts: Vec::new() }
    }

    fn resize(&mut self, group_count: usize) {
        self.sums.resize(group_count, WideSum::default());
        self.counts.resize(group_count, 0);
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.resize(rows.group_count);
        let Some(column) = rows.values else { return Ok(()) };
        let column = expanded(column);
        if let Values::Decimal(values) = column.values() {
            rows.grouping.each_valid(&column, |group, row| {
                self.sums[group].add(values[row]);
                self.counts[group] += 1;
            });
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.resize(taken.group_count);
        taken.each(&later.sums, |group, &sum| self.sums[group].merge(sum));
        taken.each(&later.counts, |group, count| self.counts[group] += count);
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        const MAX: i128 = 10_i128.pow(38);
        self.resize(group_count);
        let scale = if let DataType::Decimal { scale, .. } = self.kind.input { scale } else { 0 };
        let overflow = || ExecError::SumOverflow { column: self.kind.name.clone() };
        let mut sums = Vec::with_capacity(group_count);
        for (sum, &count) in self.sums.iter().zip(&self.counts) {
            let exact = sum.exact().filter(|sum| -MAX < *sum && *sum < MAX);
            sums.push((count > 0).then(|| exact.ok_or_else(overflow)).transpose()?);
        }
        if self.kind.function != AggregateFunction::Avg {
            return optional(&self.kind.output, sums, Values::Decimal);
        }
        let means = sums.into_iter().zip(self.counts).map(|(sum, count)| {
            let sum = Scalar::Decimal { value: sum?, scale }.as_f64()?;
            Some(sum / count as f64)
        });
        optional(&self.kind.output, means.collect(), Values::Float64)
    }

    pub(super) fn byte_len(&self) -> usize {
        self.sums.len() * (size_of::<WideSum>() + 8)
    }
}

/// Sums of doubles, rounded once at the end.
#[derive(Clone, Debug)]
pub(crate) struct FloatSum {
    kind: AggregateKind,
    sums: Vec<ExactSum>,
    counts: Vec<u64>,
    /// The halves of the numbers.
    made: Option<Made<(f64, f64)>>,
}

impl FloatSum {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        Self { kind: kind.clone(), sums: Vec::new(), counts: Vec::new(), made: None }
    }

    fn resize(&mut self, group_count: usize) {
        self.sums.resize_with(group_count, ExactSum::default);
        self.counts.resize(group_count, 0);
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.resize(rows.group_count);
        let Some(column) = rows.values else { return Ok(()) };
        add_value_counts(&mut self.counts, rows, column);
        if let Some(coded) = Made::rows(&mut self.made, column, rows, halved) {
            match rows.grouping.single() {
                Some(group) => add_entries(&mut self.sums[group], &coded),
                None => {
                    let coded = coded.with_null();
                    add_halves(&mut self.sums, rows, |row| coded.at(row));
                }
            }
            return Ok(());
        }
        let column = expanded(column);
        let Values::Float64(values) = column.values() else { return Ok(()) };
        let few = rows.has_few_groups();
        let valid = column.validity();
        let halving = if few { Halving::of(values, valid, values.len()) } else { None };
        match (halving, rows.grouping.single()) {
            (Some(halving), Some(group)) => {
                let (high, low) = halving.sums(values, valid);
                self.sums[group].add(high);
                self.sums[group].add(low);
            }
            (Some(halving), None) => {
                let values = zeroed(values, valid);
                add_halves(&mut self.sums, rows, |row| halving.halves(values[row]));
            }
            (None, _) => {
                rows.grouping.each_valid(&column, |group, row| self.sums[group].add(values[row]))
            }
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.resize(taken.group_count);
        taken.each(&later.sums, |group, sum| self.sums[group].merge(sum));
        taken.each(&later.counts, |group, count| self.counts[group] += count);
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        self.resize(group_count);
        let mean = self.kind.function == AggregateFunction::Avg;
        let values = self
            .sums
            .iter()
            .zip(&self.counts)
            .map(|(sum, &count)| if mean { sum.round() / count as f64 } else { sum.round() });
        let values = Values::Float64(values.collect());
        let validity = Bitmap::from_fn(group_count, |group| self.counts[group] > 0);
        Ok(Column::try_new(DataType::Float64, group_count, values, Some(validity))?)
    }

    pub(super) fn byte_len(&self) -> usize {
        let made = self.made.as_ref().map_or(0, Made::byte_len);
        self.sums.iter().map(ExactSum::byte_len).sum::<usize>() + self.counts.len() * 8 + made
    }
}

/// The halves of numbers, for so many rows.
fn halved(numbers: &Numbers, row_count: usize) -> Option<Vec<(f64, f64)>> {
    let Numbers::Float64(values) = numbers else { return None };
    let halving = Halving::of(values, None, row_count)?;
    Some(values.iter().map(|value| halving.halves(*value)).collect())
}

/// Adds up the halves of rows of one group, as [`add_halves`] does. What that adds for nulls is taken
/// off again, which is exact too.
fn add_entries(sum: &mut ExactSum, coded: &CodedRows<'_, (f64, f64)>) {
    let (high, low) = sums_of_entries(&coded.codes, coded.entries);
    sum.add(high);
    sum.add(low);
    let nulls = coded.valid.map(Bitmap::not);
    let nulls = nulls.iter().flat_map(Bitmap::ones).map(|row| coded.at(row));
    let (high, low) = nulls.fold((0.0, 0.0), |(high, low), next| (high + next.0, low + next.1));
    sum.add(-high);
    sum.add(-low);
}

/// The sums of the first and of the second of what codes lead to. They stay in registers here, and
/// would not in a longer function.
#[inline(never)]
fn sums_of_entries(codes: &[u32], entries: &[(f64, f64)]) -> (f64, f64) {
    const LANES: usize = 4;
    let (mut highs, mut lows) = ([0.0; LANES], [0.0; LANES]);
    let entry = |code: u32| entries.get(code as usize).copied().unwrap_or_default();
    let (chunks, rest) = codes.as_chunks::<LANES>();
    for chunk in chunks {
        for (code, (highs, lows)) in chunk.iter().zip(highs.iter_mut().zip(&mut lows)) {
            let (high, low) = entry(*code);
            *highs += high;
            *lows += low;
        }
    }
    for code in rest {
        let (high, low) = entry(*code);
        highs[0] += high;
        lows[0] += low;
    }
    (highs.iter().sum(), lows.iter().sum())
}

/// Adds up high and low halves apart, which rounds nothing, and only then exactly.
fn add_halves(sums: &mut [ExactSum], rows: &Rows<'_>, halves: impl Fn(usize) -> (f64, f64)) {
    let groups = rows.groups();
    let mut cells = vec![(0.0, 0.0); cell_count(groups.len())];
    each_in_lanes(rows, |cell, row| {
        let (high, low) = halves(row);
        let (highs, lows) = &mut cells[cell];
        *highs += high;
        *lows += low;
    });
    let (first, lanes) = cells.split_at_mut(groups.len());
    for lane in lanes.chunks(groups.len().max(1)) {
        for ((highs, lows), (high, low)) in first.iter_mut().zip(lane) {
            *highs += high;
            *lows += low;
        }
    }
    for (sum, (high, low)) in sums[groups].iter_mut().zip(first) {
        sum.add(*high);
        sum.add(*low);
    }
}
