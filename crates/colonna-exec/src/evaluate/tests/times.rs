//! Functions of times.

use colonna_schema::{Function, col, lit};

use super::*;

fn times() -> Named {
    vec![("t", moments(&["2025-10-31T13:45:59.123456", "1969-12-31T23:59:59.5", "2000-02-29"]))]
}

#[track_caller]
fn check_trunc(unit: &str, expected: [&str; 3]) {
    check_shown(&col("t").date_trunc(unit), &times(), &expected);
}

#[test]
fn a_time_is_truncated_downwards_also_before_the_epoch() {
    check_trunc(
        "microsecond",
        ["2025-10-31T13:45:59.123456Z", "1969-12-31T23:59:59.500Z", "2000-02-29T00:00:00Z"],
    );
    check_trunc(
        "milliseconds",
        ["2025-10-31T13:45:59.123Z", "1969-12-31T23:59:59.500Z", "2000-02-29T00:00:00Z"],
    );
    check_trunc("second", ["2025-10-31T13:45:59Z", "1969-12-31T23:59:59Z", "2000-02-29T00:00:00Z"]);
    check_trunc("minute", ["2025-10-31T13:45:00Z", "1969-12-31T23:59:00Z", "2000-02-29T00:00:00Z"]);
    check_trunc("HOUR", ["2025-10-31T13:00:00Z", "1969-12-31T23:00:00Z", "2000-02-29T00:00:00Z"]);
    check_trunc("day", ["2025-10-31T00:00:00Z", "1969-12-31T00:00:00Z", "2000-02-29T00:00:00Z"]);
    check_trunc("week", ["2025-10-27T00:00:00Z", "1969-12-29T00:00:00Z", "2000-02-28T00:00:00Z"]);
    check_trunc("month", ["2025-10-01T00:00:00Z", "1969-12-01T00:00:00Z", "2000-02-01T00:00:00Z"]);
    check_trunc(
        "quarter",
        ["2025-10-01T00:00:00Z", "1969-10-01T00:00:00Z", "2000-01-01T00:00:00Z"],
    );
    check_trunc("year", ["2025-01-01T00:00:00Z", "1969-01-01T00:00:00Z", "2000-01-01T00:00:00Z"]);
    check_trunc("decade", ["2020-01-01T00:00:00Z", "1960-01-01T00:00:00Z", "2000-01-01T00:00:00Z"]);
    check_trunc(
        "century",
        ["2000-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "2000-01-01T00:00:00Z"],
    );
    check_trunc(
        "millennium",
        ["2000-01-01T00:00:00Z", "1000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"],
    );
    let day = col("t").cast(DataType::Date);
    check_shown(
        &day.clone().date_trunc("month"),
        &times(),
        &["2025-10-01", "1969-12-01", "2000-02-01"],
    );
    check_shown(
        &day.date_trunc("hour"),
        &times(),
        &["2025-10-31T00:00:00Z", "1969-12-31T00:00:00Z", "2000-02-29T00:00:00Z"],
    );
}

#[track_caller]
fn check_part(part: &str, expected: [i64; 3]) {
    check(&Expr::call(Function::DatePart, [lit(part), col("t")]), &times(), expected);
}

#[test]
fn a_time_has_parts() {
    check_part("year", [2025, 1969, 2000]);
    check_part("month", [10, 12, 2]);
    check_part("day", [31, 31, 29]);
    check_part("hour", [13, 23, 0]);
    check_part("minute", [45, 59, 0]);
    check_part("second", [59, 59, 0]);
    check_part("millisecond", [59_123, 59_500, 0]);
    check_part("microseconds", [59_123_456, 59_500_000, 0]);
    check_part("dow", [5, 3, 2]);
    check_part("isodow", [5, 3, 2]);
    check_part("doy", [304, 365, 60]);
    check_part("week", [44, 1, 9]);
    check_part("isoyear", [2025, 1970, 2000]);
    check_part("quarter", [4, 4, 1]);
    check_part("decade", [202, 196, 200]);
    check_part("century", [21, 20, 20]);
    check_part("millennium", [3, 2, 2]);
    let epoch = Expr::call(Function::DatePart, [lit("epoch"), col("t")]);
    check(&epoch, &times(), [1_761_918_359.123_456, -0.5, 951_782_400.0]);
    let day = col("t").cast(DataType::Date);
    check(&Expr::call(Function::DatePart, [lit("hour"), day.clone()]), &times(), [0, 0, 0]);
    check(&Expr::call(Function::DatePart, [lit("year"), day]), &times(), [2025, 1969, 2000]);
}

#[test]
fn bins_reach_from_the_origin_in_both_directions() {
    let bin = |months: i64, micros: i64| {
        Expr::call(Function::DateBin, [lit(months), lit(micros), col("t")])
    };
    let minute = 60_000_000;
    check_shown(
        &bin(0, 15 * minute),
        &times(),
        &["2025-10-31T13:45:00Z", "1969-12-31T23:45:00Z", "2000-02-29T00:00:00Z"],
    );
    check_shown(
        &bin(0, 7 * 1440 * minute),
        &times(),
        &["2025-10-27T00:00:00Z", "1969-12-29T00:00:00Z", "2000-02-28T00:00:00Z"],
    );
    check_shown(
        &bin(5, 0),
        &times(),
        &["2025-06-01T00:00:00Z", "1969-08-01T00:00:00Z", "2000-01-01T00:00:00Z"],
    );
    let with_origin = Expr::call(
        Function::DateBin,
        [lit(0), lit(1440 * minute), col("t"), lit("2020-01-01T06:00:00Z")],
    );
    check_shown(
        &with_origin,
        &times(),
        &["2025-10-31T06:00:00Z", "1969-12-31T06:00:00Z", "2000-02-28T06:00:00Z"],
    );
    let months = Expr::call(Function::DateBin, [lit(1), lit(0), col("t"), lit("2020-01-15")]);
    check_shown(
        &months,
        &times(),
        &["2025-10-15T00:00:00Z", "1969-12-15T00:00:00Z", "2000-02-15T00:00:00Z"],
    );
    check_error(
        &bin(0, 0),
        &times(),
        "date_bin(0, 0, t): the interval cannot be 0 months and 0 microseconds: it must be a literal \
         above zero, of months alone or of days and less alone",
    );
}

#[test]
fn months_end_at_the_last_day_of_a_shorter_one() {
    let add = |months: i64, micros: i64| {
        Expr::call(Function::DateAdd, [col("t"), lit(months), lit(micros)])
    };
    check_shown(
        &add(1, 0),
        &times(),
        &["2025-11-30T13:45:59.123456Z", "1970-01-31T23:59:59.500Z", "2000-03-29T00:00:00Z"],
    );
    check_shown(
        &add(-12, 1),
        &times(),
        &[
            "2024-10-31T13:45:59.123457Z",
            "1968-12-31T23:59:59.500001Z",
            "1999-02-28T00:00:00.000001Z",
        ],
    );
    check_error(
        &add(i64::MAX, 0),
        &times(),
        "overflow in date_add(t, 9223372036854775807, 0): a value does not fit timestamp; cast an \
         operand to a wider type",
    );
}

#[test]
fn a_difference_counts_the_boundaries_between() {
    let diff =
        |unit: &str| Expr::call(Function::DateDiff, [lit(unit), lit("1970-01-01"), col("t")]);
    check(&diff("day"), &times(), [20_392, -1, 11_016]);
    check(&diff("hour"), &times(), [489_421, -1, 264_384]);
    check(&diff("month"), &times(), [669, -1, 361]);
    check(&diff("year"), &times(), [55, -1, 30]);
    check(&diff("week"), &times(), [2913, 0, 1574]);
}

#[test]
fn times_are_written_and_read_by_a_format() {
    let written = |format: &str| Expr::call(Function::FormatTime, [col("t"), lit(format)]);
    check(
        &written("%d.%m.%Y %H:%M:%S.%f"),
        &times(),
        ["31.10.2025 13:45:59.123456", "31.12.1969 23:59:59.500000", "29.02.2000 00:00:00.000000"],
    );
    check(
        &written("%a %b %-d %g %%"),
        &times(),
        ["Fri Oct 31 123 %", "Wed Dec 31 500 %", "Tue Feb 29 000 %"],
    );
    check_error(
        &written("%Q"),
        &times(),
        "cannot use \"%Q\" as a format of times: use the letters of strftime, such as %Y-%m-%d",
    );
    let read = |format: &str| Expr::call(Function::TryParseTime, [col("s"), lit(format)]);
    let columns = vec![("s", texts(&[Some("31/Oct/2025:13:45:59 +0200"), Some("no"), None]))];
    check_shown(&read("%d/%b/%Y:%H:%M:%S %z"), &columns, &["2025-10-31T11:45:59Z", "null", "null"]);
    check_error(
        &Expr::call(Function::ParseTime, [col("s"), lit("%Y")]),
        &columns,
        "\"31/Oct/2025:13:45:59 +0200\" does not have the format \"%Y\": use try_strptime to get null instead",
    );
    let parts = vec![("s", texts(&[Some("2025-10"), Some("1969-12")]))];
    check_shown(&read("%Y-%m"), &parts, &["2025-10-01T00:00:00Z", "1969-12-01T00:00:00Z"]);
    let fractions = vec![("s", texts(&[Some("2025-10-31 07.25"), Some("1969-12-31 07.123456")]))];
    check_shown(&read("%Y-%m-%d %S.%f"), &fractions, &["null", "null"]);
    let fractions =
        vec![("s", texts(&[Some("2025-10-31 00:00:07.25"), Some("1969-12-31 10:00:07.123456")]))];
    check_shown(
        &read("%Y-%m-%d %H:%M:%S.%f"),
        &fractions,
        &["2025-10-31T00:00:07.250Z", "1969-12-31T10:00:07.123456Z"],
    );
    let hours = vec![("s", texts(&[Some("2025103107")]))];
    check_shown(&read("%Y%m%d%H"), &hours, &["2025-10-31T07:00:00Z"]);
    let seconds = vec![("s", texts(&[Some("86400")]))];
    check_shown(&read("%s"), &seconds, &["1970-01-02T00:00:00Z"]);
}

#[test]
fn moments_are_counted_since_1970() {
    let columns = vec![
        ("i", ints(&[Some(-1), Some(1500), None])),
        ("d", floats(&[Some(1.5), Some(-0.25), None])),
    ];
    check(
        &Expr::call(Function::ToTimestamp, [col("i")]),
        &columns,
        [Scalar::Timestamp(-1_000_000), Scalar::Timestamp(1_500_000_000), Scalar::Null],
    );
    check(
        &Expr::call(Function::ToTimestamp, [col("d")]),
        &columns,
        [Scalar::Timestamp(1_500_000), Scalar::Timestamp(-250_000), Scalar::Null],
    );
    check(
        &Expr::call(Function::EpochMilliseconds, [col("i")]),
        &columns,
        [Scalar::Timestamp(-1000), Scalar::Timestamp(1_500_000), Scalar::Null],
    );
    check(
        &Expr::call(Function::EpochMilliseconds, [col("t")]),
        &times(),
        [1_761_918_359_123, -500, 951_782_400_000_i64].map(Scalar::Int64),
    );
    let nan = vec![("d", floats(&[Some(f64::NAN)]))];
    check_error(
        &Expr::call(Function::ToTimestamp, [col("d")]),
        &nan,
        "overflow in to_timestamp(d): a value does not fit timestamp; cast an operand to a wider type",
    );
}
