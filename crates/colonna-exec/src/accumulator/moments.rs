//! Variance and standard deviation, from exact sums of the values and of their squares.
//!
//! The sums are exact, so the mean can be taken out of them afterwards without losing anything; the
//! result is the same for every split, and constants have a variance of zero.

use colonna_column::{Column, Numbers, Values};
use colonna_schema::{AggregateFunction, DataType};

use super::coded::Made;
use super::exact_sum::{ExactSum, biased_exponent, parts};
use super::{
    AggregateKind, Rows, Taken, add_value_counts, cell_count, each_in_lanes, expanded, optional,
    zeroed,
};
use crate::ExecError;

/// The low half of a square of 106 bits.
const HALF_BITS: i32 = 53;

/// Variances and standard deviations.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    kind: AggregateKind,
    states: Vec<State>,
    /// The numbers as integers of one power of two.
    made: Option<Made<FixedNumber>>,
    fixed: Fixed,
}

#[derive(Clone, Debug, Default)]
struct State {
    count: u64,
    sum: ExactSum,
    /// The squares, in two sums: one alone would leave its window for what is far smaller.
    squares: ExactSum,
    squares_low: ExactSum,
}

impl State {
    #[inline]
    fn add_double(&mut self, value: f64) {
        self.count += 1;
        let Some((mantissa, exponent)) = parts(value) else {
            return self.sum.add_special(value);
        };
        self.sum.add_scaled(mantissa, exponent);
        let magnitude = u128::from(mantissa.unsigned_abs());
        let square = (magnitude * magnitude).cast_signed();
        let low = square & ((1 << HALF_BITS) - 1);
        // A half of 53 bits is as small as a mantissa.
        self.squares.add_scaled(word(square >> HALF_BITS), 2 * exponent + HALF_BITS);
        self.squares_low.add_scaled(word(low), 2 * exponent);
    }

    #[inline]
    fn add_integer(&mut self, value: i64) {
        self.count += 1;
        let value = i128::from(value);
        self.sum.add_window(value, 0);
        self.squares.add_window(value * value, 0);
    }

    fn merge(&mut self, later: &Self) {
        self.count += later.count;
        self.sum.merge(&later.sum);
        self.squares.merge(&later.squares);
        self.squares_low.merge(&later.squares_low);
    }

    /// The sum of the squared distances to the mean.
    fn squared_distances(&self) -> f64 {
        let count = self.count as f64;
        let high = self.sum.round();
        if !high.is_finite() {
            return f64::NAN;
        }
        let low = rest(&self.sum, high);
        let mean = high / count;
        let mean = mean + ((-mean).mul_add(count, high) + low) / count;
        // sum (x - m)^2 = sum x^2 - 2 m sum x + n m^2, with every product split into two exact
        // halves, so that what cancels does so exactly.
        let mut distances = self.squares.clone();
        distances.merge(&self.squares_low);
        let mut sum = self.sum.clone();
        for (left, right) in [(-2.0 * mean, high), (-2.0 * mean, low)] {
            add_product(&mut distances, left, right);
        }
        let (product, error) = exact_product(count, mean);
        add_product(&mut distances, product, mean);
        add_product(&mut distances, error, mean);
        sum.add(-product);
        sum.add(-error);
        // The mean is rounded; what its rounding has left over counts once more.
        let left_over = sum.round();
        (distances.round() - left_over * left_over / count).max(0.0)
    }
}

/// Doubles of a batch as integers of 64 bits and one power of two.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    exponent: i32,
}

/// The sums of integers of a batch.
#[derive(Clone, Copy, Debug, Default)]
struct FixedSums {
    sum: i128,
    /// The low and the high halves of the squares, summed up apart.
    squares_low: u128,
    squares_high: u128,
}

impl Fixed {
    /// How many bits a mantissa of 53 bits may be shifted up, so that 63 hold it.
    const ROOM: i32 = 10;

    /// None where some are not finite, or too far apart.
    fn of(values: &[f64]) -> Option<Self> {
        let (mut least, mut greatest) = (i32::MAX, 0);
        for value in values {
            let biased = biased_exponent(*value);
            least = least.min(if *value == 0.0 { i32::MAX } else { biased });
            greatest = greatest.max(biased);
        }
        let least = if least == i32::MAX { 1 } else { least.max(1) };
        let is_near = greatest < 0x7ff && greatest - least <= Self::ROOM;
        // The double of mantissa 1 and the least exponent.
        is_near.then_some(Self { exponent: least - 1075 })
    }

    /// The double without its power of two; without a branch, for zeros and signs come in no order.
    #[inline]
    fn integer(self, value: f64) -> i64 {
        let (bits, biased) = (value.to_bits(), biased_exponent(value));
        let whole = u64::from(biased != 0) << 52;
        let mantissa = (bits & ((1 << 52) - 1) | whole).cast_signed();
        let sign = bits.cast_signed() >> 63;
        let shift = biased.max(1) - 1075 - self.exponent;
        ((mantissa << (shift.max(0) & 63)) ^ sign) - sign
    }
}

/// A double without its power of two, and the square of that.
#[derive(Clone, Copy, Debug, Default)]
struct FixedNumber {
    integer: i64,
    square: u128,
}

impl FixedNumber {
    #[inline]
    fn of(integer: i64) -> Self {
        let magnitude = u128::from(integer.unsigned_abs());
        Self { integer, square: magnitude * magnitude }
    }
}

/// Adds doubles of a batch up as integers, and only then exactly.
fn add_fixed(
    states: &mut [State],
    fixed: Fixed,
    column: &Column,
    rows: &Rows<'_>,
    number: impl Fn(usize) -> FixedNumber,
) {
    let groups = rows.groups();
    let mut cells = vec![FixedSums::default(); cell_count(groups.len())];
    each_in_lanes(rows, |cell, row| {
        let (FixedNumber { integer, square }, sums) = (number(row), &mut cells[cell]);
        sums.sum += i128::from(integer);
        sums.squares_low += square & u128::from(u64::MAX);
        sums.squares_high += square >> 64;
    });
    let states = &mut states[groups.clone()];
    match &mut *states {
        [state] => state.count += (column.len() - column.null_count()) as u64,
        states => {
            let mut counts = vec![0; groups.len()];
            add_value_counts(&mut counts, rows, column);
            states.iter_mut().zip(counts).for_each(|(state, count)| state.count += count);
        }
    }
    for lane in cells.chunks(groups.len().max(1)) {
        for (state, sums) in states.iter_mut().zip(lane) {
            state.sum.add_window(sums.sum, fixed.exponent);
            // No batch has so many rows that a sum of halves reaches the last bit.
            state.squares.add_window(sums.squares_high.cast_signed(), 2 * fixed.exponent + 64);
            state.squares_low.add_window(sums.squares_low.cast_signed(), 2 * fixed.exponent);
        }
    }
}

/// A half of a square, which fits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "it has 53 bits")]
fn word(half: i128) -> i64 {
    half as i64
}

/// What is left of a sum once its rounded value is taken off.
fn rest(sum: &ExactSum, rounded: f64) -> f64 {
    let mut rest = sum.clone();
    rest.add(-rounded);
    rest.round()
}

/// A product and what its rounding has lost.
fn exact_product(left: f64, right: f64) -> (f64, f64) {
    let product = left * right;
    (product, left.mul_add(right, -product))
}

fn add_product(sum: &mut ExactSum, left: f64, right: f64) {
    let (product, error) = exact_product(left, right);
    sum.add(product);
    if product.is_finite() {
        sum.add(error);
    }
}

impl Moments {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        let fixed = Fixed { exponent: 0 };
        Self { kind: kind.clone(), states: Vec::new(), made: None, fixed }
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.states.resize_with(rows.group_count, State::default);
        let Some(column) = rows.values else { return Ok(()) };
        let Self { states, made, fixed, .. } = self;
        let coded = Made::rows(made, column, rows, |numbers, _| {
            let Numbers::Float64(values) = numbers else { return None };
            *fixed = Fixed::of(values)?;
            Some(values.iter().map(|value| FixedNumber::of(fixed.integer(*value))).collect())
        });
        if let Some(coded) = coded {
            let coded = coded.with_null();
            add_fixed(states, *fixed, column, rows, |row| coded.at(row));
            return Ok(());
        }
        let column = expanded(column);
        let few = rows.has_few_groups();
        match column.values() {
            Values::Int64(values) => rows.grouping.each_valid(&column, |group, row| {
                states[group].add_integer(values[row]);
            }),
            Values::Float64(values) => {
                let zeroed = zeroed(values, column.validity());
                match Fixed::of(&zeroed).filter(|_| few) {
                    Some(fixed) => add_fixed(states, fixed, &column, rows, |row| {
                        FixedNumber::of(fixed.integer(zeroed[row]))
                    }),
                    None => rows.grouping.each_valid(&column, |group, row| {
                        states[group].add_double(values[row]);
                    }),
                }
            }
            Values::Decimal(_) => rows.grouping.each_valid(&column, |group, row| {
                let value = column.scalar_at(row).as_f64();
                states[group].add_double(value.unwrap_or(f64::NAN));
            }),
            _ => {}
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.states.resize_with(taken.group_count, State::default);
        taken.each(&later.states, |group, state| self.states[group].merge(state));
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        use AggregateFunction as F;
        self.states.resize_with(group_count, State::default);
        let sample = matches!(self.kind.function, F::VarianceSample | F::StddevSample);
        let root = matches!(self.kind.function, F::StddevSample | F::StddevPopulation);
        let values = self.states.iter().map(|state| {
            let divisor = state.count.checked_sub(u64::from(sample)).filter(|count| *count > 0)?;
            let variance = state.squared_distances() / divisor as f64;
            Some(if root { variance.sqrt() } else { variance })
        });
        optional(&DataType::Float64, values.collect(), Values::Float64)
    }

    pub(super) fn byte_len(&self) -> usize {
        let state = |state: &State| {
            state.sum.byte_len() + state.squares.byte_len() + state.squares_low.byte_len()
        };
        let made = self.made.as_ref().map_or(0, Made::byte_len);
        self.states.iter().map(state).sum::<usize>() + made
    }
}
