//! The calendar, counted by hand, so that no library's fault is shared.

use colonna_schema::{DataType, Scalar};

use super::cast::cast;
use super::{Outcome, fails, not_covered};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Year, month and day of a day since 1970 in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the day that comes and goes is the last of the year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// The days from 1970-01-01 to the first of a month.
fn first_of(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let years = year - 1;
    let leap_days = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    let of_year = usize::try_from(month - 1).ok().and_then(|month| BEFORE.get(month).copied());
    let leap_day = i64::from(month > 2 && is_leap(year));
    years * 365 + leap_days + of_year.unwrap_or_default() + leap_day - 719_162
}

/// The day of the week, Monday being 0. 1970 began on a Thursday.
fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

/// Microseconds of a date or a timestamp.
fn micros_of(time: &Scalar) -> Outcome<i64> {
    match cast(time, &DataType::Timestamp)? {
        Scalar::Timestamp(micros) => Ok(micros),
        other => not_covered(format!("{other} as a time")),
    }
}

/// Whether the unit is a day or longer.
pub(super) fn is_whole_days(unit: &str) -> bool {
    matches!(unit, "day" | "week" | "month" | "quarter" | "year" | "decade")
}

fn at_day(days: i64) -> Outcome<Scalar> {
    match days.checked_mul(MICROS_PER_DAY) {
        Some(micros) => Ok(Scalar::Timestamp(micros)),
        None => fails("overflow"),
    }
}

/// `date_trunc(unit, time)`
pub(super) fn truncated(unit: &str, time: &Scalar) -> Outcome<Scalar> {
    let micros = micros_of(time)?;
    let floored = |width: i64| match micros.checked_sub(micros.rem_euclid(width)) {
        Some(micros) => Ok(Scalar::Timestamp(micros)),
        None => fails("overflow"),
    };
    let days = micros.div_euclid(MICROS_PER_DAY);
    let (year, month, _) = civil(days);
    let start = match unit {
        "microsecond" => floored(1),
        "millisecond" => floored(1_000),
        "second" => floored(1_000_000),
        "minute" => floored(60_000_000),
        "hour" => floored(3_600_000_000),
        "day" => floored(MICROS_PER_DAY),
        "week" => at_day(days - weekday(days)),
        "month" => at_day(first_of(year, month)),
        "quarter" => at_day(first_of(year, (month - 1) / 3 * 3 + 1)),
        "year" => at_day(first_of(year, 1)),
        "decade" if year > 0 => at_day(first_of(year - year % 10, 1)),
        _ => return not_covered(format!("date_trunc to {unit:?}")),
    }?;
    match time {
        Scalar::Date(_) if is_whole_days(unit) => cast(&start, &DataType::Date),
        _ => Ok(start),
    }
}

/// `extract(part FROM time)`
pub(super) fn part(part: &str, time: &Scalar) -> Outcome<Scalar> {
    let micros = micros_of(time)?;
    let (days, of_day) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
    let (year, month, day) = civil(days);
    let value = match part {
        "year" => year,
        "quarter" => (month - 1) / 3 + 1,
        "month" => month,
        "week" => {
            // The week belongs to the year that its Thursday lies in.
            let thursday = days - weekday(days) + 3;
            (thursday - first_of(civil(thursday).0, 1)) / 7 + 1
        }
        "day" => day,
        "doy" => days - first_of(year, 1) + 1,
        "dow" => (weekday(days) + 1) % 7,
        "isodow" => weekday(days) + 1,
        "hour" => of_day / 3_600_000_000,
        "minute" => of_day / 60_000_000 % 60,
        "second" => of_day / 1_000_000 % 60,
        _ => return not_covered(format!("the part {part:?} of a time")),
    };
    Ok(value.into())
}

/// `date_bin(months, micros, time [, origin])`. Without an origin only bins that begin at the same
/// moments whichever day they are counted from are known.
pub(super) fn binned(
    months: i64,
    width: i64,
    time: &Scalar,
    origin: Option<&Scalar>,
) -> Outcome<Scalar> {
    let micros = micros_of(time)?;
    match (months, width, origin) {
        (0, 1.., origin) => {
            let origin = match origin {
                Some(origin) => micros_of(origin)?,
                None if MICROS_PER_DAY % width == 0 => 0,
                None => return not_covered("bins that do not divide a day"),
            };
            let into_bin = micros.checked_sub(origin).map(|distance| distance.rem_euclid(width));
            match into_bin.and_then(|into_bin| micros.checked_sub(into_bin)) {
                Some(start) => Ok(Scalar::Timestamp(start)),
                None => not_covered("bins at the end of time"),
            }
        }
        (1.., 0, None) if 12 % months == 0 => {
            let (year, month, _) = civil(micros.div_euclid(MICROS_PER_DAY));
            at_day(first_of(year, (month - 1) / months * months + 1))
        }
        _ => not_covered("such bins"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use colonna_schema::{format_date, parse_date};

    #[test]
    fn the_calendar_agrees_with_the_one_that_dates_are_written_by() {
        for days in (-1_000_000..1_000_000).step_by(97) {
            let (year, month, day) = civil(days);
            assert_eq!(first_of(year, month) + day - 1, days);
            if (0..10_000).contains(&year) {
                let written = format!("{year:04}-{month:02}-{day:02}");
                assert_eq!(written, format_date(i32::try_from(days).unwrap()));
            }
        }
        assert_eq!(weekday(i64::from(parse_date("2025-10-27").unwrap())), 0);
    }

    #[test]
    fn a_moment_before_the_epoch_belongs_to_the_unit_before() {
        let moment = Scalar::Timestamp(-1);
        assert_eq!(truncated("hour", &moment).unwrap().to_string(), "1969-12-31T23:00:00Z");
        assert_eq!(truncated("quarter", &moment).unwrap().to_string(), "1969-10-01T00:00:00Z");
        assert_eq!(truncated("week", &moment).unwrap().to_string(), "1969-12-29T00:00:00Z");
        assert_eq!(part("doy", &moment).unwrap(), 365_i64.into());
        assert_eq!(part("week", &moment).unwrap(), 1_i64.into());
        let bin = binned(0, 900_000_000, &moment, None).unwrap();
        assert_eq!(bin.to_string(), "1969-12-31T23:45:00Z");
    }
}
