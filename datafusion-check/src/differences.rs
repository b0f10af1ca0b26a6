//! Everything in which the two engines are known to differ, each with its reason.
//!
//! What both can say, each in its own words, is a function here; what is left out because they mean
//! different things by it is in [`LEFT_OUT`]. No other file has two spellings of one thing.

use colonna_schema::Scalar;

use crate::phrase::Phrase;

/// What is not generated, because the engines mean different things by it.
pub const LEFT_OUT: &[&str] = &[
    "overflow: an error here; DataFusion wraps integers. Numbers that are computed with stay small.",
    "ORDER BY without NULLS: last here in either direction; DataFusion puts them first in DESC. The \
     place of nulls is always written.",
    "ORDER BY -6: a place that does not exist here, a constant in DataFusion.",
    "ORDER BY a list or a struct: nulls in it are above all values here, below them in DataFusion.",
    "a double cast to an integer: nearest here, cut in DataFusion. Only whole ones are cast.",
    "a double or a timestamp cast to text: written as JSON and ISO 8601 write them here.",
];

/// How DataFusion is set up, so that its own faults do not hide ours.
pub const SETTINGS: &[(&str, bool)] = &[
    // A check of what colonna skips should not depend on what another skips.
    ("datafusion.execution.parquet.pruning", false),
    ("datafusion.execution.parquet.enable_page_index", false),
    ("datafusion.execution.parquet.bloom_filter_on_read", false),
    // A column whose least and largest value are equal is taken for a constant, also where it has a
    // NaN, which Parquet leaves out of both.
    ("datafusion.execution.collect_statistics", false),
    // ORDER BY with LIMIT skips row groups by their statistics, and with them their NaNs.
    ("datafusion.optimizer.enable_dynamic_filter_pushdown", false),
    // ORDER BY with LIMIT over groups panics.
    ("datafusion.optimizer.enable_topk_aggregation", false),
    // `x IS FALSE` as a key of groups is refused as an internal error.
    ("datafusion.execution.skip_physical_aggregate_schema_check", true),
];

/// Queries that DataFusion refuses by a fault of its own, by what it says.
pub const REFUSALS: &[(&str, &str)] = &[
    (
        "Projections require unique expression names",
        "ts and CAST(ts AS DATE) as keys of groups are taken for one name",
    ),
    ("Error during planning: invalid digit found in string", "first_value(1.5 ORDER BY 1.5)"),
    (
        "Schema contains duplicate unqualified field name",
        "two aggregates with DISTINCT, of ts and of CAST(ts AS DATE), are taken for one",
    ),
];

/// `left / right`: a double here; DataFusion divides integers as integers, and decimals as decimals,
/// and takes `x / x` for 1, also where x is 0.
pub fn divided(left: Phrase, right: Phrase) -> Phrase {
    computed(Phrase::pair(
        "({0} / {1})",
        "((CAST({0} AS DOUBLE) + CAST(0 AS DOUBLE)) / CAST({1} AS DOUBLE))",
        &[left, right],
    ))
}

/// `left // right`: null here where the divisor is zero, an error in DataFusion, which writes `/`.
pub fn divided_whole(left: Phrase, right: Phrase) -> Phrase {
    Phrase::pair("({0} // {1})", "({0} / nullif({1}, 0))", &[left, right])
}

/// `left % right`: null here where the divisor is zero, an error in DataFusion.
pub fn remainder(left: Phrase, right: Phrase) -> Phrase {
    Phrase::pair("({0} % {1})", "({0} % nullif({1}, 0))", &[left, right])
}

/// A computed double: -0.0 equals 0.0 here; in DataFusion it is below 0.0 and a group of its own, and
/// so is a NaN with a sign, which processors make of 0/0.
pub fn computed(double: Phrase) -> Phrase {
    Phrase::pair("{0}", "nanvl({0} + CAST(0 AS DOUBLE), CAST('NaN' AS DOUBLE))", &[double])
}

/// MIN and MAX of doubles: in DataFusion they begin with the largest finite double, so that they are
/// wrong for groups of infinities.
pub fn extreme_double(largest: bool, double: Phrase) -> Phrase {
    let (function, direction) = if largest { ("max", " DESC") } else { ("min", "") };
    Phrase::pair(
        &format!("{function}({{0}})"),
        &format!("first_value({{0}} ORDER BY {{0}}{direction}) FILTER (WHERE {{0}} IS NOT NULL)"),
        &[double],
    )
}

/// `date_bin`: bins are counted from a Monday here, as weeks are; in DataFusion from a Thursday.
pub fn binned(width: &str, moment: Phrase) -> Phrase {
    Phrase::pair(
        "date_bin(INTERVAL '{1}', {0})",
        "date_bin(INTERVAL '{1}', {0}, TIMESTAMP '2000-01-03')",
        &[moment, Phrase::same(width)],
    )
}

/// A decimal literal: DataFusion reads `1.50` as a double.
pub fn decimal(text: &str, precision: u8, scale: u8) -> Phrase {
    let part = Phrase::same(text);
    let theirs = format!("CAST('{{0}}' AS DECIMAL({precision}, {scale}))");
    Phrase::pair("({0})", &theirs, &[part])
}

/// A field of a struct: DataFusion takes a name with a dot for that of a table.
pub fn field(path: &[&str]) -> Phrase {
    let (root, fields) = path.split_first().unwrap_or((&"", &[]));
    let brackets: String = fields.iter().map(|field| format!("['{field}']")).collect();
    Phrase { ours: path.join("."), theirs: format!("\"{root}\"{brackets}") }
}

/// A pattern in which `!` stands before what is meant literally: there is no escape here unless one
/// is named; in DataFusion it is always a backslash.
pub fn like(text: Phrase, operator: &str, pattern: &str) -> Phrase {
    let theirs = pattern.replace('!', "\\");
    let pattern = Phrase { ours: pattern.to_owned(), theirs };
    let escaped = if pattern.ours.contains('!') { " ESCAPE '!'" } else { "" };
    Phrase::pair(
        &format!("({{0}} {operator} '{{1}}'{escaped})"),
        &format!("({{0}} {operator} '{{1}}')"),
        &[text, pattern],
    )
}

/// The first match of a pattern: empty here where there is none; DataFusion gives a list, or null.
pub fn regexp_extract(text: Phrase, pattern: &str) -> Phrase {
    Phrase::pair(
        "regexp_extract({0}, '{1}')",
        "(CASE WHEN {0} IS NULL THEN NULL ELSE coalesce(regexp_match({0}, '({1})')[1], '') END)",
        &[text, Phrase::same(pattern)],
    )
}

/// A moment as a format writes it, by names of functions of their own.
pub fn formatted(moment: Phrase, format: Phrase) -> Phrase {
    Phrase::pair("strftime({0}, {1})", "to_char({0}, {1})", &[moment, format])
}

/// A day and a number of days: DataFusion adds intervals only.
pub fn days_later(day: Phrase, days: i64) -> Phrase {
    Phrase::pair(
        "({0} + {1})",
        "CAST(({0} + INTERVAL '{1} days') AS DATE)",
        &[day, Phrase::same(days.to_string())],
    )
}

/// `avg`, `median` and quantiles are doubles here; DataFusion keeps integers and decimals.
pub fn of_doubles(template: &str, number: Phrase) -> Phrase {
    Phrase::pair(template, &template.replace("{0}", "CAST({0} AS DOUBLE)"), &[number])
}

/// `quantile_cont(x, 0.25)`, which DataFusion calls by its name in the standard. It weighs the two
/// values next to the place by six digits only, so the fraction is a quarter or a half.
pub fn quantile(number: Phrase, fraction: &str) -> Phrase {
    Phrase::pair(
        "quantile_cont({0}, {1})",
        "percentile_cont({1}) WITHIN GROUP (ORDER BY CAST({0} AS DOUBLE))",
        &[number, Phrase::same(fraction)],
    )
}

/// The value of the first or last row: nulls are passed over here and kept in DataFusion.
pub fn at_end(last: bool, value: Phrase, order: Phrase) -> Phrase {
    let function = if last { "last" } else { "first" };
    Phrase::pair(
        &format!("{function}({{0}} ORDER BY {{1}})"),
        &format!("{function}_value({{0}} ORDER BY {{1}}) FILTER (WHERE {{0}} IS NOT NULL)"),
        &[value, order],
    )
}

/// How many entries a list has: unsigned in DataFusion, where it becomes a decimal beside integers.
pub fn list_len(list: &str) -> Phrase {
    Phrase::pair("array_length({0})", "CAST(array_length({0}) AS BIGINT)", &[Phrase::same(list)])
}

/// `x IN (.., NULL)`: DataFusion forgets the null where it joins two lists about one column.
pub fn in_list_or_null(operand: Phrase, list: Phrase) -> Phrase {
    Phrase::pair(
        "({0} IN ({1}, NULL))",
        "(({0} IN ({1})) OR CAST(NULL AS BOOLEAN))",
        &[operand, list],
    )
}

/// `count_if(condition)`, which DataFusion lacks.
pub fn count_if(condition: Phrase) -> Phrase {
    Phrase::pair("count_if({0})", "count(*) FILTER (WHERE {0})", &[condition])
}

/// Whether two answers of a value say the same. Integers, decimals and doubles are one kind, dates
/// and timestamps another: the engines choose different types for what is computed.
pub fn same_value(ours: &Scalar, theirs: &Scalar) -> bool {
    match (ours, theirs) {
        (Scalar::Null, Scalar::Null) => true,
        (Scalar::Null, _) | (_, Scalar::Null) => false,
        (Scalar::List(ours), Scalar::List(theirs)) => same_row(ours, theirs),
        (Scalar::Struct(ours), Scalar::Struct(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|((_, ours), (_, theirs))| same_value(ours, theirs))
        }
        (Scalar::Float64(_), _) | (_, Scalar::Float64(_)) => {
            number(ours).zip(number(theirs)).is_some_and(|(ours, theirs)| same_double(ours, theirs))
        }
        _ => ours == theirs,
    }
}

/// Whether two rows say the same.
pub fn same_row(ours: &[Scalar], theirs: &[Scalar]) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(ours, theirs)| same_value(ours, theirs))
}

/// How far two doubles may lie apart, as a part of the larger: sums of them are exact and rounded
/// once here, and rounded at every step in DataFusion.
const TOLERANCE: f64 = 1e-9;

/// What rounding at every step may leave of variances and sums that are zero. All that is generated
/// is far from it, or not summed.
const LEFT_OF_ZERO: f64 = 1e-9;

fn same_double(ours: f64, theirs: f64) -> bool {
    if ours == theirs || (ours.is_nan() && theirs.is_nan()) {
        return true;
    }
    let near = (ours - theirs).abs() <= TOLERANCE * ours.abs().max(theirs.abs()) + LEFT_OF_ZERO;
    near && ours.is_finite() && theirs.is_finite()
}

fn number(value: &Scalar) -> Option<f64> {
    match value {
        Scalar::Int64(value) => Some(*value as f64),
        Scalar::Float64(value) => Some(*value),
        Scalar::Decimal { value, scale } => Some(*value as f64 / 10_f64.powi(i32::from(*scale))),
        _ => None,
    }
}
