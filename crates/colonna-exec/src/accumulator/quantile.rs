//! Quantiles, exactly: every value is kept.

use std::borrow::Cow;
use std::cmp::Ordering;

use colonna_column::{Column, ColumnBuilder, Values, concat};
use colonna_schema::{AggregateFunction, DataType, Scalar};

use super::{AggregateKind, Grouping, Rows, Taken, optional};
use crate::ExecError;
use crate::group_keys::position_rows;
use crate::sort::{OrderedColumn, cmp_doubles};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// `quantile_cont` or `quantile_disc`.
#[derive(Clone, Debug)]
pub(crate) struct Quantile {
    kind: AggregateKind,
    /// The values, none null.
    pieces: Vec<Column>,
    value_count: usize,
    /// The group of each value; nothing where all are of the only group.
    groups: Vec<u32>,
}

impl Quantile {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        Self { kind: kind.clone(), pieces: Vec::new(), value_count: 0, groups: Vec::new() }
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        let Some(column) = rows.values else { return Ok(()) };
        let count = column.len() - column.null_count();
        if count == 0 {
            return Ok(());
        }
        if let Grouping::Each(_) = rows.grouping {
            rows.grouping.each_valid(column, |_, row| self.groups.push(rows.grouping.at(row)));
        }
        self.value_count += count;
        let piece = if count == column.len() {
            column.clone()
        } else {
            column.gather(&position_rows(column.valid_bits().ones())?)
        };
        self.pieces.push(piece);
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        let mapping = taken.mapping();
        self.groups.extend(later.groups.iter().map(|&group| mapping[group as usize]));
        self.pieces.extend(later.pieces.iter().cloned());
        self.value_count += later.value_count;
        Ok(())
    }

    /// The doubles of the only group, where that is all there is.
    fn only_doubles(&self) -> Option<Vec<f64>> {
        let mut all = Vec::with_capacity(self.value_count);
        for piece in self.pieces.iter().filter(|_| self.groups.is_empty()) {
            let Values::Float64(values) = piece.values() else { return None };
            all.extend_from_slice(values);
        }
        (all.len() == self.value_count).then_some(all)
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        if let AggregateFunction::QuantileContinuous(fraction) = self.kind.function
            && group_count == 1
            && let Some(mut values) = self.only_doubles()
        {
            let picked = middle(&mut values, fraction, |a, b| cmp_doubles(*a, *b));
            let picked = picked.map(|(low, high, part)| linear(low, high, part));
            return optional(&self.kind.output, vec![picked], Values::Float64);
        }
        if self.groups.is_empty() {
            self.groups.resize(self.value_count, 0);
        }
        let output = &self.kind.output;
        let values = match concat(&self.kind.input, &self.pieces) {
            flat if matches!(flat.values(), Values::Int64(_) | Values::Float64(_)) => flat,
            other => other.to_flat(),
        };
        let rows = RowsByGroup::new(&self.groups, group_count)?;
        match (self.kind.function, values.values()) {
            (AggregateFunction::QuantileContinuous(fraction), Values::Int64(values)) => {
                let scale = if self.kind.input == DataType::Date { MICROS_PER_DAY } else { 1 };
                let picked = rows.each(|rows| {
                    let mut values: Vec<i64> = rows
                        .iter()
                        .map(|&row| values[row as usize].saturating_mul(scale))
                        .collect();
                    middle(&mut values, fraction, i64::cmp)
                });
                if *output == DataType::Timestamp {
                    let moments = picked.map(|picked| {
                        picked.map(|(low, high, part)| low.saturating_add(between(low, high, part)))
                    });
                    return optional(output, moments.collect(), Values::Int64);
                }
                let doubles = picked.map(|picked| {
                    picked.map(|(low, high, part)| linear(low as f64, high as f64, part))
                });
                optional(output, doubles.collect(), Values::Float64)
            }
            (AggregateFunction::QuantileContinuous(fraction), _) => {
                let doubles = doubles_of(&values);
                let picked = rows.each(|rows| {
                    let mut values: Vec<f64> =
                        rows.iter().map(|&row| doubles[row as usize]).collect();
                    let picked = middle(&mut values, fraction, |a, b| cmp_doubles(*a, *b));
                    picked.map(|(low, high, part)| linear(low, high, part))
                });
                optional(output, picked.collect(), Values::Float64)
            }
            (AggregateFunction::QuantileDiscrete(fraction), _) => {
                discrete(&values, &rows, fraction, output)
            }
            _ => Err(ExecError::ForeignPartial),
        }
    }

    pub(super) fn byte_len(&self) -> usize {
        self.groups.len() * 4 + self.pieces.iter().map(Column::byte_len).sum::<usize>()
    }
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
fn middle<T: Copy>(
    values: &mut [T],
    fraction: f64,
    cmp: impl Fn(&T, &T) -> Ordering,
) -> Option<(T, T, f64)> {
    let last = values.len().checked_sub(1)?;
    let place = fraction * last as f64;
    let rank = whole(place.floor()).min(last);
    let (_, low, above) = values.select_nth_unstable_by(rank, &cmp);
    let low = *low;
    let high = above.iter().copied().min_by(&cmp).unwrap_or(low);
    Some((low, high, place - place.floor()))
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
