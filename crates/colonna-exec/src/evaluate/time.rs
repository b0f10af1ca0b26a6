//! Functions of times, in UTC.

use colonna_column::{Bitmap, Column, Values};
use colonna_schema::{DataType, Function, Scalar};

use super::calendar::{
    MICROS_PER_DAY, TimePart, TimeUnit, add_months, date_of, first_day, month_number, time_part,
};
use super::frame::Site;
use super::operand::{Side, Texts, all_valid, doubles, integers, is_valid};
use crate::ExecError;

/// Bins of days and less are counted from here unless an origin is given: a Monday, so that weeks
/// start on Mondays.
const BIN_ORIGIN_DAY: i64 = 10_959;

/// Bins of months are counted from here: January of the year 2000, in months since the year 0.
const BIN_ORIGIN_MONTH: i64 = 24_000;

/// A function of times.
pub(super) fn call(
    site: &Site<'_>,
    function: Function,
    operands: &[&Column],
) -> Result<Column, ExecError> {
    match (function, operands) {
        (Function::DateTrunc, [unit, time]) => date_trunc(site, unit_of(unit)?, time),
        (Function::DatePart, [part, time]) => {
            let name = Texts::of(part).constant().unwrap_or_default();
            date_part(site, time_part(Some(&name.into()))?, time)
        }
        (Function::DateBin, [months, micros, time, origin @ ..]) => {
            date_bin(site, (months, micros), time, origin.first().copied())
        }
        (Function::DateDiff, [unit, from, to]) => {
            let unit = unit_of(unit)?;
            let to_values = integers(to);
            zipped(site, operands, from, |row, from| {
                unit.number(to_values.get(row))?.checked_sub(unit.number(from)?)
            })
        }
        (Function::DateAdd, [time, months, micros]) => {
            let (months, added) = (integers(months), integers(micros));
            zipped(site, operands, time, |row, time| {
                let months = months.get(row);
                let moved = if months == 0 { Some(time) } else { add_months(time, months) };
                moved?.checked_add(added.get(row))
            })
        }
        (Function::ToTimestamp, [seconds]) => to_timestamp(site, seconds),
        (Function::EpochMilliseconds, [value]) => match value.data_type() {
            DataType::Int64 => rows(site, value, |millis| millis.checked_mul(1000)),
            _ => rows(site, value, |micros| Some(micros.div_euclid(1000))),
        },
        (_, [time, ..]) => epoch(site, time),
        _ => Ok(Column::nulls(site.expr.data_type.clone(), 0)),
    }
}

/// The start of the unit that a time lies in.
fn date_trunc(site: &Site<'_>, unit: TimeUnit, time: &Column) -> Result<Column, ExecError> {
    if *time.data_type() == DataType::Date {
        // Days are truncated as days.
        return rows(site, time, memoized(|day| unit.start_of_day(day)));
    }
    if let TimeUnit::Micros(width) = unit {
        return spanned(site, time, |micros| {
            let start = unit.start(micros)?;
            Some(Span { start, width, value: start })
        });
    }
    spanned_days(site, time, |day| unit.start_of_day(day)?.checked_mul(MICROS_PER_DAY))
}

fn unit_of(unit: &Column) -> Result<TimeUnit, ExecError> {
    TimeUnit::named("date_trunc", Texts::of(unit).constant().unwrap_or_default())
}

/// Remembers the last answer: neighbouring rows are mostly of one day.
fn memoized(mut compute: impl FnMut(i64) -> Option<i64>) -> impl FnMut(i64) -> Option<i64> {
    let mut last: Option<(i64, i64)> = None;
    move |day| match last {
        Some((known, answer)) if known == day => Some(answer),
        _ => {
            let answer = compute(day)?;
            last = Some((day, answer));
            Some(answer)
        }
    }
}

/// Moments from `start` on, for so many microseconds, and what is computed of each of them.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: i64,
    width: i64,
    value: i64,
}

impl Span {
    #[inline]
    fn has(&self, micros: i64) -> bool {
        micros.wrapping_sub(self.start).cast_unsigned() < self.width.cast_unsigned()
    }
}

/// How many neighbouring rows are looked at together, whether they are in one span.
const NEIGHBOURS: usize = 16;

/// A 64-bit integer for each moment, the same one for the whole span that it lies in; none is an
/// overflow. Neighbouring rows are mostly in one span: only where they are not is one computed.
fn spanned(
    site: &Site<'_>,
    time: &Column,
    span_of: impl Fn(i64) -> Option<Span>,
) -> Result<Column, ExecError> {
    let moments = integers(time);
    let Side::Each(moments) = &moments else {
        return rows(site, time, |micros| span_of(micros).map(|span| span.value));
    };
    let mut computed = Vec::with_capacity(moments.len());
    let mut span = Span { start: 0, width: 0, value: 0 };
    for moments in moments.chunks(NEIGHBOURS) {
        if moments.iter().fold(true, |all, micros| all & span.has(*micros)) {
            computed.resize(computed.len() + moments.len(), span.value);
            continue;
        }
        for &micros in moments {
            if !span.has(micros) {
                match span_of(micros) {
                    Some(found) => span = found,
                    // What stands at a null row has no meaning.
                    None if !time.is_valid(computed.len()) => {}
                    None => return Err(site.overflow()),
                }
            }
            computed.push(span.value);
        }
    }
    column(site, Values::Int64(computed), time.len(), all_valid(&[time]))
}

/// As [`spanned`], the same integer for a whole day.
fn spanned_days(
    site: &Site<'_>,
    time: &Column,
    of_day: impl Fn(i64) -> Option<i64>,
) -> Result<Column, ExecError> {
    spanned(site, time, |micros| {
        let day = micros.div_euclid(MICROS_PER_DAY);
        Some(Span {
            start: day.checked_mul(MICROS_PER_DAY)?,
            width: MICROS_PER_DAY,
            value: of_day(day)?,
        })
    })
}

/// A 64-bit integer for each row from one operand; none is an overflow.
fn rows(
    site: &Site<'_>,
    operand: &Column,
    mut compute: impl FnMut(i64) -> Option<i64>,
) -> Result<Column, ExecError> {
    zipped(site, &[operand], operand, |_, value| compute(value))
}

/// As [`rows`], null where any operand is.
fn zipped(
    site: &Site<'_>,
    operands: &[&Column],
    first: &Column,
    mut compute: impl FnMut(usize, i64) -> Option<i64>,
) -> Result<Column, ExecError> {
    let validity = all_valid(operands);
    let values = integers(first);
    let mut value_of = |row: usize| compute(row, values.get(row)).ok_or_else(|| site.overflow());
    let computed = (0..first.len())
        .map(|row| if is_valid(validity.as_ref(), row) { value_of(row) } else { Ok(0) })
        .collect::<Result<Vec<_>, _>>()?;
    column(site, Values::Int64(computed), first.len(), validity)
}

fn column(
    site: &Site<'_>,
    values: Values,
    len: usize,
    validity: Option<Bitmap>,
) -> Result<Column, ExecError> {
    Ok(Column::try_new(site.expr.data_type.clone(), len, values, validity)?)
}

fn date_part(site: &Site<'_>, part: TimePart, time: &Column) -> Result<Column, ExecError> {
    let of_day = |day| date_of(day).map(|date| part.of_date(date));
    match part {
        _ if *time.data_type() == DataType::Date => rows(site, time, memoized(of_day)),
        TimePart::Clock(within, step) => spanned(site, time, |micros| {
            let value = micros.rem_euclid(within) / step;
            let whole = micros.checked_sub(micros.rem_euclid(step));
            let (start, width) = whole.map_or((micros, 1), |start| (start, step));
            Some(Span { start, width, value })
        }),
        _ => spanned_days(site, time, of_day),
    }
}

/// Seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "doubles hold microseconds up to the year 2255")]
fn epoch(site: &Site<'_>, time: &Column) -> Result<Column, ExecError> {
    let values = integers(time);
    let seconds = (0..time.len()).map(|row| values.get(row) as f64 / 1e6).collect();
    column(site, Values::Float64(seconds), time.len(), all_valid(&[time]))
}

fn to_timestamp(site: &Site<'_>, seconds: &Column) -> Result<Column, ExecError> {
    if *seconds.data_type() != DataType::Float64 {
        return rows(site, seconds, |seconds| seconds.checked_mul(1_000_000));
    }
    let validity = all_valid(&[seconds]);
    let values = doubles(seconds);
    let micros = (0..seconds.len())
        .map(|row| {
            if !is_valid(validity.as_ref(), row) {
                return Ok(0);
            }
            crate::bind::exact_integer((values.get(row) * 1e6).round())
                .ok_or_else(|| site.overflow())
        })
        .collect::<Result<Vec<_>, _>>()?;
    column(site, Values::Int64(micros), seconds.len(), validity)
}

/// The start of the bin that a moment lies in: bins reach from the origin in both directions.
fn date_bin(
    site: &Site<'_>,
    (months, micros): (&Column, &Column),
    time: &Column,
    origin: Option<&Column>,
) -> Result<Column, ExecError> {
    let width = match (months.scalar_at(0), micros.scalar_at(0)) {
        (Scalar::Int64(months), Scalar::Int64(micros)) => (months, micros),
        // Without rows there is no width either.
        _ => return Ok(Column::nulls(site.expr.data_type.clone(), time.len())),
    };
    let operands: Vec<&Column> = std::iter::once(time).chain(origin).collect();
    let default_origin = Side::One(BIN_ORIGIN_DAY * MICROS_PER_DAY);
    let origins = origin.map_or(default_origin, integers);
    match width {
        (months @ 1.., 0) if origin.is_none() => spanned_days(site, time, |day| {
            let month = month_number(day)? - BIN_ORIGIN_MONTH;
            let first = first_day(BIN_ORIGIN_MONTH + month - month.rem_euclid(months))?;
            first.checked_mul(MICROS_PER_DAY)
        }),
        (months @ 1.., 0) => zipped(site, &operands, time, |row, micros| {
            bin_of_months(months, micros, origins.get(row))
        }),
        (0, width @ 1..) => {
            let start = |micros: i64, origin: i64| {
                let after = i128::from(micros) - i128::from(origin);
                i64::try_from(i128::from(micros) - after.rem_euclid(i128::from(width))).ok()
            };
            if let Side::One(origin) = origins {
                return spanned(site, time, |micros| {
                    let start = start(micros, origin)?;
                    Some(Span { start, width, value: start })
                });
            }
            zipped(site, &operands, time, |row, micros| start(micros, origins.get(row)))
        }
        _ => Err(site.overflow()),
    }
}

fn bin_of_months(width: i64, micros: i64, origin: i64) -> Option<i64> {
    let month_of = |micros: i64| month_number(micros.div_euclid(MICROS_PER_DAY));
    let after = month_of(micros)?.checked_sub(month_of(origin)?)?;
    let start = add_months(origin, after - after.rem_euclid(width))?;
    if start <= micros {
        Some(start)
    } else {
        add_months(origin, after - after.rem_euclid(width) - width)
    }
}
