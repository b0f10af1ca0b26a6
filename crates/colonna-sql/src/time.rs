//! Intervals, parts and units of time, and the present.

use chrono::{DateTime, Months};
use colonna_schema::{BinaryOperator, Expr, Function, Scalar};
use sqlparser::ast;

use crate::SqlError;
use crate::error::Place;
use crate::expr::negate;
use crate::literal;
use crate::select::Lowering;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// How an INTERVAL is written.
const INTERVAL: &str = "an INTERVAL as '15 minutes', '1 day 02:30:00' or '1' HOUR";

/// A span of time: months, whose length differs, and microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Interval {
    pub(crate) months: Expr,
    pub(crate) micros: Expr,
}

impl Interval {
    fn constant(months: i64, micros: i64) -> Self {
        Self { months: Expr::from(months), micros: Expr::from(micros) }
    }

    fn negated(self) -> Self {
        Self { months: negate(self.months), micros: negate(self.micros) }
    }

    /// None where the product leaves 64 bits.
    fn times(self, factor: &Expr) -> Option<Self> {
        Some(Self { months: scaled(self.months, factor)?, micros: scaled(self.micros, factor)? })
    }
}

fn scaled(part: Expr, factor: &Expr) -> Option<Expr> {
    match (&part, factor) {
        (Expr::Literal(Scalar::Int64(0)), _) => Some(part),
        (Expr::Literal(Scalar::Int64(1)), _) => Some(factor.clone()),
        (Expr::Literal(Scalar::Int64(part)), Expr::Literal(Scalar::Int64(factor))) => {
            part.checked_mul(*factor).map(Expr::from)
        }
        _ => Some(part.times(factor.clone())),
    }
}

impl Lowering {
    /// `+` and `-`, where one side may be an INTERVAL.
    pub(crate) fn plus_or_minus(
        &mut self,
        left: &ast::Expr,
        operator: &ast::BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Expr, SqlError> {
        let minus = *operator == ast::BinaryOperator::Minus;
        if let Some(interval) = self.interval(right)? {
            let time = self.expr(left)?;
            return Ok(date_add(time, if minus { interval.negated() } else { interval }));
        }
        if !minus && let Some(interval) = self.interval(left)? {
            let time = self.expr(right)?;
            return Ok(date_add(time, interval));
        }
        let operator = if minus { BinaryOperator::Subtract } else { BinaryOperator::Add };
        let left = self.expr(left)?;
        Ok(left.binary(operator, self.expr(right)?))
    }

    /// The INTERVAL that is written, with a sign or a factor; none where it is something else.
    pub(crate) fn interval(
        &mut self,
        mut written: &ast::Expr,
    ) -> Result<Option<Interval>, SqlError> {
        let mut negated = false;
        let interval = loop {
            match written {
                ast::Expr::Nested(inner) => written = inner,
                ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => {
                    negated = !negated;
                    written = expr;
                }
                ast::Expr::Interval(interval) => break self.written_interval(interval)?,
                ast::Expr::BinaryOp { left, op: ast::BinaryOperator::Multiply, right } => {
                    let (interval, factor) = match (&**left, &**right) {
                        (ast::Expr::Interval(interval), factor)
                        | (factor, ast::Expr::Interval(interval)) => (interval, factor),
                        _ => return Ok(None),
                    };
                    let factor = self.expr(factor)?;
                    let product = self.written_interval(interval)?.times(&factor);
                    break product.ok_or_else(|| {
                        SqlError::literal("INTERVAL", INTERVAL, Place::start(&interval.value))
                    })?;
                }
                _ => return Ok(None),
            }
        };
        Ok(Some(if negated { interval.negated() } else { interval }))
    }

    fn written_interval(&mut self, interval: &ast::Interval) -> Result<Interval, SqlError> {
        let at = Place::start(&interval.value);
        if interval.last_field.is_some() || interval.leading_precision.is_some() {
            let what = "an INTERVAL from one unit TO another";
            return Err(SqlError::unsupported(what, at, "write '1 day 02:30:00'"));
        }
        let unit = interval.leading_field.as_ref().map(ToString::to_string);
        let written = match &*interval.value {
            ast::Expr::Value(value) => match &value.value {
                ast::Value::Number(digits, _) => Some(digits.replace('_', "")),
                value => literal::text(value).map(str::to_owned),
            },
            _ => None,
        };
        let (text, factor) = match (written, unit) {
            (Some(text), None) => (text, None),
            (Some(count), Some(unit)) => (format!("{count} {unit}"), None),
            (None, Some(unit)) => (format!("1 {unit}"), Some(self.expr(&interval.value)?)),
            (None, None) => return Err(SqlError::literal("INTERVAL", INTERVAL, at)),
        };
        let wrong = || SqlError::literal(text.as_str(), INTERVAL, at);
        let (months, micros) = interval_text(&text).ok_or_else(wrong)?;
        let constant = Interval::constant(months, micros);
        match factor {
            None => Ok(constant),
            Some(factor) => constant.times(&factor).ok_or_else(wrong),
        }
    }

    /// An INTERVAL, or a text that is one, as an argument.
    pub(crate) fn interval_argument(
        &mut self,
        written: &ast::Expr,
    ) -> Result<Option<Interval>, SqlError> {
        if let ast::Expr::Value(value) = written
            && let Some(text) = literal::text(&value.value)
        {
            let (months, micros) = interval_text(text)
                .ok_or_else(|| SqlError::literal(text, INTERVAL, value.span.into()))?;
            return Ok(Some(Interval::constant(months, micros)));
        }
        self.interval(written)
    }

    /// A part of a time, by any of its names.
    pub(crate) fn date_part(
        &mut self,
        written: &str,
        time: Expr,
        at: Place,
    ) -> Result<Expr, SqlError> {
        match part(written) {
            Some("epoch") => Ok(Expr::call(Function::Epoch, [time])),
            Some(part) => Ok(Expr::call(Function::DatePart, [Expr::from(part), time])),
            None => {
                let wanted = "a part of a time: year, month, day, hour, minute, second, dow, doy, \
                              week, quarter, epoch, ..";
                Err(SqlError::literal(written, wanted, at))
            }
        }
    }

    /// What the functions of the present stand for: a time or, with `day`, its day.
    pub(crate) fn present(&self, name: &str, day: bool, at: Place) -> Result<Expr, SqlError> {
        let Some(micros) = self.options.now_micros else {
            let advice = "write the time as TIMESTAMP '..', so that the answer can be had again";
            return Err(SqlError::unsupported(name, at, advice));
        };
        let days = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or_default();
        Ok(Expr::Literal(if day { Scalar::Date(days) } else { Scalar::Timestamp(micros) }))
    }
}

/// A time and an interval; worked out where both are literals, so that data is skipped by it.
pub(crate) fn date_add(time: Expr, interval: Interval) -> Expr {
    let Interval { months, micros } = interval;
    folded(&time, &months, &micros)
        .unwrap_or_else(|| Expr::call(Function::DateAdd, [time, months, micros]))
}

/// Months first, which end at the last day of a shorter month, and then the microseconds.
fn folded(time: &Expr, months: &Expr, micros: &Expr) -> Option<Expr> {
    let time = match time {
        Expr::Literal(Scalar::Timestamp(micros)) => *micros,
        Expr::Literal(Scalar::Date(days)) => i64::from(*days).checked_mul(MICROS_PER_DAY)?,
        _ => return None,
    };
    let (Expr::Literal(Scalar::Int64(months)), Expr::Literal(Scalar::Int64(micros))) =
        (months, micros)
    else {
        return None;
    };
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    let day = DateTime::from_timestamp_micros(time)?;
    let moved =
        if *months < 0 { day.checked_sub_months(count)? } else { day.checked_add_months(count)? };
    let micros = moved.timestamp_micros().checked_add(*micros)?;
    Some(Expr::Literal(Scalar::Timestamp(micros)))
}

/// The one name by which a part of a time is known further down.
pub(crate) fn part(written: &str) -> Option<&'static str> {
    Some(match written.trim_matches('\'').to_ascii_lowercase().as_str() {
        "dow" | "dayofweek" | "weekday" => "dow",
        "isodow" => "isodow",
        "doy" | "dayofyear" => "doy",
        "day" | "days" | "d" | "dayofmonth" => "day",
        "week" | "weeks" | "w" | "weekofyear" | "isoweek" => "week",
        "isoyear" => "isoyear",
        "epoch" => "epoch",
        other => unit(other)?,
    })
}

/// The one name by which a unit of time is known further down.
pub(crate) fn unit(written: &str) -> Option<&'static str> {
    Some(match written.to_ascii_lowercase().as_str() {
        "microsecond" | "microseconds" | "us" | "usec" => "microsecond",
        "millisecond" | "milliseconds" | "ms" | "msec" => "millisecond",
        "second" | "seconds" | "sec" | "secs" | "s" => "second",
        "minute" | "minutes" | "min" | "mins" | "m" => "minute",
        "hour" | "hours" | "hr" | "hrs" | "h" => "hour",
        "day" | "days" | "d" => "day",
        "week" | "weeks" | "w" => "week",
        "month" | "months" | "mon" | "mons" => "month",
        "quarter" | "quarters" => "quarter",
        "year" | "years" | "yr" | "yrs" | "y" => "year",
        "decade" | "decades" => "decade",
        "century" | "centuries" => "century",
        "millennium" | "millenniums" | "millennia" | "millenium" => "millennium",
        _ => return None,
    })
}

/// How long a unit is, in months and microseconds; one of them is zero.
fn unit_len(unit: &str) -> Option<(i64, i64)> {
    Some(match unit {
        "microsecond" => (0, 1),
        "millisecond" => (0, 1000),
        "second" => (0, MICROS_PER_SECOND),
        "minute" => (0, 60 * MICROS_PER_SECOND),
        "hour" => (0, 3600 * MICROS_PER_SECOND),
        "day" => (0, MICROS_PER_DAY),
        "week" => (0, 7 * MICROS_PER_DAY),
        "month" => (1, 0),
        "quarter" => (3, 0),
        "year" => (12, 0),
        "decade" => (120, 0),
        "century" => (1200, 0),
        "millennium" => (12_000, 0),
        _ => return None,
    })
}

/// `1 year 2 days`, `15min`, `1 day 02:30:00`, as months and microseconds.
fn interval_text(text: &str) -> Option<(i64, i64)> {
    let mut words = text.split_whitespace();
    let (mut months, mut micros) = (0_i64, 0_i64);
    let mut empty = true;
    while let Some(word) = words.next() {
        empty = false;
        if word.contains(':') {
            micros = micros.checked_add(clock(word)?)?;
            continue;
        }
        let digits = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
        let (count, unit_name) = word.split_at(digits);
        let unit_name = if unit_name.is_empty() { words.next()? } else { unit_name };
        let (unit_months, unit_micros) = unit_len(unit(unit_name)?)?;
        months = months.checked_add(times(count, unit_months, false)?)?;
        micros = micros.checked_add(times(count, unit_micros, true)?)?;
    }
    (!empty).then_some((months, micros))
}

/// `02:30`, `02:30:15.5`, as microseconds.
fn clock(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = text.split(':');
    let (hours, minutes) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("0");
    let signed = [hours, minutes, seconds].iter().any(|part| part.starts_with(['-', '+']));
    if signed || parts.next().is_some() {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = times(seconds, MICROS_PER_SECOND, true)?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    minutes.checked_mul(60 * MICROS_PER_SECOND)?.checked_add(seconds)?.checked_mul(sign)
}

/// A decimal number times a unit, exactly; with `truncated`, what is finer than the unit's one is
/// left off, and without it there must be nothing such.
fn times(count: &str, unit: i64, truncated: bool) -> Option<i64> {
    let (whole, fraction) = count.split_once('.').unwrap_or((count, ""));
    if fraction.len() > 18 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits = format!("{whole}{fraction}").parse::<i64>().ok()?;
    let product = i128::from(digits).checked_mul(i128::from(unit))?;
    if !truncated && product % scale != 0 {
        return None;
    }
    i64::try_from(product / scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(i64, i64)>) {
        assert_eq!(interval_text(text), expected, "{text}");
    }

    #[test]
    fn an_interval_is_months_and_microseconds() {
        check("15 minutes", Some((0, 900_000_000)));
        check("1 year 2 months 3 days", Some((14, 3 * MICROS_PER_DAY)));
        check("-1 day 02:30:00", Some((0, -MICROS_PER_DAY + 9_000 * MICROS_PER_SECOND)));
        check("1.5 hours", Some((0, 5_400_000_000)));
        check("0.5 years", Some((6, 0)));
        check("250ms", Some((0, 250_000)));
        check("00:00:00.25", Some((0, 250_000)));
        check("-00:01", Some((0, -60_000_000)));
    }

    #[test]
    fn what_is_no_interval_is_none() {
        for text in ["", "15", "minutes", "1 fortnight", "0.5 months", "1:2:3:4", "1:-2", "1 day 2"]
        {
            check(text, None);
        }
        check("9223372036854775807 days", None);
        check("1.0000000000000000001 days", None);
    }
}
