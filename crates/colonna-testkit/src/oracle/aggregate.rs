//! Aggregates over the rows of one group, all of them kept.

use std::cmp::Ordering;

use colonna_schema::{AggregateExpr, AggregateFunction, Scalar};

use super::evaluate::{Row, truth_of, value_of};
use super::types::Scope;
use super::{Outcome, fails, not_covered};

/// The value of an aggregate over these rows.
pub(super) fn over(
    aggregate: &AggregateExpr,
    rows: &[&Vec<Scalar>],
    scope: &Scope<'_>,
) -> Outcome<Scalar> {
    let mut values = Vec::new();
    for row in rows {
        let row = Row { scope, values: row, known: &[] };
        if let Some(filter) = &aggregate.filter
            && truth_of(filter, &row)? != Some(true)
        {
            continue;
        }
        let Some(argument) = &aggregate.argument else {
            values.push((Scalar::Null, Scalar::Null));
            continue;
        };
        let value = value_of(argument, &row)?;
        let order = match &aggregate.order_by {
            Some(order) => value_of(order, &row)?,
            None => Scalar::Null,
        };
        // Nulls are passed over, and so is a row that stands at no time.
        if value.is_null() || (aggregate.order_by.is_some() && order.is_null()) {
            continue;
        }
        values.push((value, order));
    }
    if matches!(aggregate.function, AggregateFunction::First | AggregateFunction::Last) {
        return Ok(at_an_end(&values, aggregate.function == AggregateFunction::Last));
    }
    let mut values: Vec<Scalar> = values.into_iter().map(|(value, _)| value).collect();
    if aggregate.distinct || aggregate.function == AggregateFunction::CountDistinct {
        values = distinct(values);
    }
    of_values(aggregate.function, values)
}

fn at_an_end(values: &[(Scalar, Scalar)], last: bool) -> Scalar {
    let by_order = |left: &&(Scalar, Scalar), right: &&(Scalar, Scalar)| left.1.total_cmp(&right.1);
    // Of several with the same time `min_by` takes the first, `max_by` the last.
    let found = if last { values.iter().max_by(by_order) } else { values.iter().min_by(by_order) };
    found.map_or(Scalar::Null, |(value, _)| value.clone())
}

fn distinct(values: Vec<Scalar>) -> Vec<Scalar> {
    let mut seen: Vec<Scalar> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

fn of_values(function: AggregateFunction, mut values: Vec<Scalar>) -> Outcome<Scalar> {
    use AggregateFunction as F;
    let truths = || values.iter().map(|value| *value == Scalar::Boolean(true));
    Ok(match function {
        F::CountRows | F::Count | F::CountDistinct => return super::text::count(values.len()),
        F::Min => values.into_iter().min_by(Scalar::total_cmp).unwrap_or(Scalar::Null),
        F::Max => values.into_iter().max_by(Scalar::total_cmp).unwrap_or(Scalar::Null),
        _ if values.is_empty() => Scalar::Null,
        F::Sum => return sum(&values),
        F::Avg => return average(&values).map(Scalar::Float64),
        F::VarianceSample => return variance(&values, 1).map(Into::into),
        F::VariancePopulation => return variance(&values, 0).map(Into::into),
        F::StddevSample => return Ok(variance(&values, 1)?.map(f64::sqrt).into()),
        F::StddevPopulation => return Ok(variance(&values, 0)?.map(f64::sqrt).into()),
        F::QuantileContinuous(fraction) => return quantile(&values, fraction),
        F::QuantileDiscrete(fraction) => {
            values.sort_by(Scalar::total_cmp);
            let position = (fraction * double(values.len())).ceil() - 1.0;
            values.get(whole(position)).cloned().unwrap_or(Scalar::Null)
        }
        F::BoolAnd => truths().all(|truth| truth).into(),
        F::BoolOr => truths().any(|truth| truth).into(),
        other => return not_covered(other.name()),
    })
}

fn sum(values: &[Scalar]) -> Outcome<Scalar> {
    match values.first() {
        Some(Scalar::Int64(_)) => match i64::try_from(exact_sum(values)?) {
            Ok(sum) => Ok(sum.into()),
            Err(_) => fails("the sum overflows"),
        },
        Some(Scalar::Decimal { scale, .. }) => {
            Ok(Scalar::Decimal { value: exact_sum(values)?, scale: *scale })
        }
        _ => Ok(sum_of_doubles(&doubles(values)).into()),
    }
}

/// The sum of the integers of values of one type.
fn exact_sum(values: &[Scalar]) -> Outcome<i128> {
    let parts = values.iter().filter_map(super::arithmetic::unscaled);
    let sum = parts.map(|(value, _)| value).try_fold(0_i128, i128::checked_add);
    sum.map_or_else(|| fails("the sum overflows"), Ok)
}

fn doubles(values: &[Scalar]) -> Vec<f64> {
    values.iter().filter_map(Scalar::as_f64).collect()
}

/// The sum of doubles, rounded once: the parts that do not overlap are kept apart to the end.
fn sum_of_doubles(values: &[f64]) -> f64 {
    if values.iter().any(|value| !value.is_finite()) {
        return values.iter().sum();
    }
    let mut parts: Vec<f64> = Vec::new();
    for value in values {
        let mut rest = *value;
        let mut kept = Vec::new();
        for part in parts {
            let (large, small) = if rest.abs() < part.abs() { (part, rest) } else { (rest, part) };
            let sum = large + small;
            let lost = small - (sum - large);
            if lost != 0.0 {
                kept.push(lost);
            }
            rest = sum;
        }
        kept.push(rest);
        parts = kept;
    }
    parts.iter().sum()
}

fn average(values: &[Scalar]) -> Outcome<f64> {
    let count = double(values.len());
    match values.first() {
        Some(Scalar::Float64(_)) => Ok(sum_of_doubles(&doubles(values)) / count),
        Some(Scalar::Decimal { scale, .. }) => {
            let sum = Scalar::Decimal { value: exact_sum(values)?, scale: *scale };
            Ok(sum.as_f64().unwrap_or(f64::NAN) / count)
        }
        _ => Ok(exact_sum(values)? as f64 / count),
    }
}

/// The mean square distance from the mean, over as many values less `correction`.
fn variance(values: &[Scalar], correction: usize) -> Outcome<Option<f64>> {
    let Some(count) = values.len().checked_sub(correction).filter(|count| *count > 0) else {
        return Ok(None);
    };
    let numbers = doubles(values);
    // Distances from one of the values are exact where all are equal, those from a mean are not.
    let base = numbers.first().copied().unwrap_or_default();
    let shifted: Vec<f64> = numbers.iter().map(|value| value - base).collect();
    let mean = sum_of_doubles(&shifted) / double(shifted.len());
    let squares: Vec<f64> = shifted.iter().map(|value| (value - mean).powi(2)).collect();
    let variance = sum_of_doubles(&squares) / double(count);
    if !variance.is_finite() {
        return not_covered("a variance that is not finite");
    }
    let largest = numbers.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if variance > 0.0 && variance.sqrt() < largest * 1e-6 {
        return not_covered("values so close to each other that rounding decides");
    }
    Ok(Some(variance))
}

/// Linear between the two values next to the fraction.
fn quantile(values: &[Scalar], fraction: f64) -> Outcome<Scalar> {
    let mut numbers = doubles(values);
    if numbers.iter().any(|value| !value.is_finite()) {
        return not_covered("a quantile of what is not finite");
    }
    numbers.sort_by(|left, right| left.partial_cmp(right).unwrap_or(Ordering::Equal));
    let position = fraction * double(numbers.len() - 1);
    let (below, above) = (whole(position.floor()), whole(position.ceil()));
    let (Some(below), Some(above)) = (numbers.get(below), numbers.get(above)) else {
        return not_covered("a fraction outside 0 to 1");
    };
    let share = position.fract();
    Ok((below * (1.0 - share) + above * share).into())
}

fn double(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in a short list, cut to 0 where it is below"
)]
fn whole(position: f64) -> usize {
    position as usize
}
