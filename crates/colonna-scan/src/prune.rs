//! Which rows a predicate cannot be true for, by their statistics alone.
//!
//! Every expression is asked which of true, false and null it *may* come to on some rows of which
//! only the statistics are known. A doubt allows all three, so pruning may keep too much and never
//! too little: it is only where *true* is ruled out that rows are skipped.

use std::cell::Cell;
use std::cmp::Ordering;
use std::sync::Arc;

use colonna_column::{Column, Columns};
use colonna_exec::{BoundExpr, BoundKind, Slots, evaluate};
use colonna_page::{Reader, Wanted};
use colonna_schema::{
    BinaryOperator, ColumnStatistics, DataType, Field, Function, Scalar, Schema, UnaryOperator,
};

/// What is known of some rows: their number, and the statistics of each slot of the predicate.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// How many rows there are.
    pub(crate) row_count: u64,
    /// For each slot its statistics; `None` where nothing is known.
    pub(crate) slots: Vec<Option<&'a ColumnStatistics>>,
    /// The columns the slots stand for.
    pub(crate) schema: &'a Slots,
    /// What rules values out, where bounds do not.
    pub(crate) filters: Option<&'a Filters<'a>>,
}

/// The Bloom filters of the columns of a row group.
#[derive(Debug)]
pub(crate) struct Filters<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) row_group: usize,
    /// Where the columns of the slots are; none for those that are not read.
    pub(crate) paths: Vec<Option<&'a [String]>>,
    /// How many filters were asked.
    pub(crate) asked: Cell<u64>,
}

impl Filters<'_> {
    /// Whether no row has that value.
    fn rule_out(&self, slot: usize, value: &Scalar) -> bool {
        let wanted = match value {
            Scalar::Utf8(text) => Wanted::Bytes(text.as_bytes()),
            Scalar::Binary(bytes) => Wanted::Bytes(bytes),
            Scalar::Int64(value) => Wanted::Int64(*value),
            _ => return false,
        };
        let Some(path) = self.paths.get(slot).copied().flatten() else { return false };
        let ruled_out = self.reader.rules_out(self.row_group, path, wanted);
        self.asked.set(self.asked.get() + u64::from(ruled_out.is_some()));
        ruled_out.unwrap_or(false)
    }
}

/// Whether the predicate may be true for any of the rows.
pub(crate) fn may_match(predicate: &BoundExpr, known: &Known<'_>) -> bool {
    known.row_count > 0 && outcomes(predicate, known).may_be_true
}

/// What an expression of booleans may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcomes {
    may_be_true: bool,
    may_be_false: bool,
    may_be_null: bool,
}

impl Outcomes {
    const ANY: Self = Self { may_be_true: true, may_be_false: true, may_be_null: true };
    const NULL: Self = Self { may_be_true: false, may_be_false: false, may_be_null: true };

    fn not(self) -> Self {
        Self { may_be_true: self.may_be_false, may_be_false: self.may_be_true, ..self }
    }

    fn and(self, other: Self) -> Self {
        Self {
            may_be_true: self.may_be_true && other.may_be_true,
            may_be_false: self.may_be_false || other.may_be_false,
            may_be_null: self.may_be_null || other.may_be_null,
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

fn outcomes(expr: &BoundExpr, known: &Known<'_>) -> Outcomes {
    match &expr.kind {
        BoundKind::Literal(Scalar::Boolean(value)) => {
            Outcomes { may_be_true: *value, may_be_false: !*value, may_be_null: false }
        }
        BoundKind::Literal(Scalar::Null) => Outcomes::NULL,
        BoundKind::Unary { operator: UnaryOperator::Not, operand } => {
            outcomes(operand, known).not()
        }
        BoundKind::Binary { operator: BinaryOperator::And, left, right } => {
            outcomes(left, known).and(outcomes(right, known))
        }
        BoundKind::Binary { operator: BinaryOperator::Or, left, right } => {
            outcomes(left, known).or(outcomes(right, known))
        }
        BoundKind::Binary { operator, left, right } => match &right.kind {
            BoundKind::Literal(literal) => compare(*operator, left, literal, known),
            _ => Outcomes::ANY,
        },
        BoundKind::IsNull { operand, negated } => {
            let found = is_null(operand, known);
            if *negated { found.not() } else { found }
        }
        BoundKind::InList { operand, list, negated } => {
            let found = in_list(operand, list, known);
            if *negated { found.not() } else { found }
        }
        BoundKind::Like { operand, pattern, escape, case_insensitive: false, negated } => {
            match &pattern.kind {
                BoundKind::Literal(Scalar::Utf8(pattern)) => {
                    let found = has_prefix(operand, &literal_prefix(pattern, *escape), known);
                    if *negated { found.not() } else { found }
                }
                _ => Outcomes::ANY,
            }
        }
        BoundKind::Call { function: Function::StartsWith, arguments } => match arguments.as_slice()
        {
            [text, BoundExpr { kind: BoundKind::Literal(Scalar::Utf8(prefix)), .. }] => {
                has_prefix(text, prefix, known)
            }
            _ => Outcomes::ANY,
        },
        BoundKind::Slot(_) => compare(BinaryOperator::Equal, expr, &Scalar::Boolean(true), known),
        _ => Outcomes::ANY,
    }
}

fn is_null(operand: &BoundExpr, known: &Known<'_>) -> Outcomes {
    let null_count = match &operand.kind {
        BoundKind::Slot(slot) => {
            known.slots.get(*slot).copied().flatten().and_then(|found| found.null_count)
        }
        _ => None,
    };
    match null_count {
        Some(null_count) => Outcomes {
            may_be_true: null_count > 0,
            may_be_false: null_count < known.row_count,
            may_be_null: false,
        },
        None => Outcomes { may_be_null: false, ..Outcomes::ANY },
    }
}

fn in_list(operand: &BoundExpr, list: &[BoundExpr], known: &Known<'_>) -> Outcomes {
    let never = Outcomes { may_be_true: false, may_be_false: true, may_be_null: false };
    list.iter().fold(never, |found, item| {
        found.or(match &item.kind {
            BoundKind::Literal(literal) => compare(BinaryOperator::Equal, operand, literal, known),
            _ => Outcomes::ANY,
        })
    })
}

fn compare(
    operator: BinaryOperator,
    operand: &BoundExpr,
    literal: &Scalar,
    known: &Known<'_>,
) -> Outcomes {
    if literal.is_null() || !operator.is_comparison() {
        let definite =
            matches!(operator, BinaryOperator::IsDistinctFrom | BinaryOperator::IsNotDistinctFrom);
        return if definite || !operator.is_comparison() { Outcomes::ANY } else { Outcomes::NULL };
    }
    let Some(range) = Range::of(operand, known) else { return Outcomes::ANY };
    if range.is_all_null {
        return match operator {
            BinaryOperator::IsDistinctFrom => {
                Outcomes { may_be_true: true, may_be_false: false, may_be_null: false }
            }
            BinaryOperator::IsNotDistinctFrom => {
                Outcomes { may_be_true: false, may_be_false: true, may_be_null: false }
            }
            _ => Outcomes::NULL,
        };
    }
    // Whether some value may stand below, at, or above the literal.
    let below =
        range.min.as_ref().is_none_or(|min| orders(min, literal).is_none_or(Ordering::is_lt));
    let above = range.may_hold_nan
        || range.max.as_ref().is_none_or(|max| orders(max, literal).is_none_or(Ordering::is_gt));
    let is_nan = matches!(literal, Scalar::Float64(literal) if literal.is_nan());
    let at = range.may_hold_nan && is_nan
        || (range.min.as_ref().is_none_or(|min| orders(min, literal).is_none_or(Ordering::is_le))
            && range
                .max
                .as_ref()
                .is_none_or(|max| orders(max, literal).is_none_or(Ordering::is_ge)));
    let is_equality = matches!(operator, BinaryOperator::Equal | BinaryOperator::IsNotDistinctFrom);
    // A literal of another type would be kept with other bytes.
    let at = at
        && match (&operand.kind, known.filters) {
            (BoundKind::Slot(slot), Some(filters))
                if is_equality && operand.data_type == literal.data_type() =>
            {
                !filters.rule_out(*slot, literal)
            }
            _ => true,
        };
    let (may_be_true, may_be_false) = match operator {
        BinaryOperator::Equal | BinaryOperator::IsNotDistinctFrom => (at, below || above),
        BinaryOperator::NotEqual | BinaryOperator::IsDistinctFrom => (below || above, at),
        BinaryOperator::Less => (below, at || above),
        BinaryOperator::LessOrEqual => (below || at, above),
        BinaryOperator::Greater => (above, below || at),
        _ => (above || at, below),
    };
    match operator {
        // Null is distinct from every literal, and the answer never null.
        BinaryOperator::IsDistinctFrom => Outcomes {
            may_be_true: may_be_true || range.may_hold_null,
            may_be_false,
            may_be_null: false,
        },
        BinaryOperator::IsNotDistinctFrom => Outcomes {
            may_be_true,
            may_be_false: may_be_false || range.may_hold_null,
            may_be_null: false,
        },
        _ => Outcomes { may_be_true, may_be_false, may_be_null: range.may_hold_null },
    }
}

/// How two values stand to each other, where their types compare at all.
fn orders(left: &Scalar, right: &Scalar) -> Option<Ordering> {
    let (left_type, right_type) = (left.data_type(), right.data_type());
    let comparable = left_type == right_type
        || left_type.is_numeric() && right_type.is_numeric()
        || left_type.is_temporal() && right_type.is_temporal();
    comparable.then(|| left.total_cmp(right))
}

/// The text before the first wildcard.
fn literal_prefix(pattern: &str, escape: Option<char>) -> String {
    let mut prefix = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if Some(character) == escape {
            prefix.extend(characters.next());
        } else if character == '%' || character == '_' {
            break;
        } else {
            prefix.push(character);
        }
    }
    prefix
}

/// A text with that prefix stands at or above the prefix; and what stands above the prefix without
/// having it stands above all that have it.
fn has_prefix(operand: &BoundExpr, prefix: &str, known: &Known<'_>) -> Outcomes {
    let Some(range) = Range::of(operand, known) else { return Outcomes::ANY };
    if range.is_all_null {
        return Outcomes::NULL;
    }
    let too_low = matches!(&range.max, Some(Scalar::Utf8(max)) if max.as_str() < prefix);
    let too_high = matches!(&range.min, Some(Scalar::Utf8(min)) if min.as_str() > prefix && !min.starts_with(prefix));
    let may_be_true = !prefix.is_empty() && !too_low && !too_high || prefix.is_empty();
    Outcomes { may_be_true, may_be_false: true, may_be_null: range.may_hold_null }
}

/// Where the values of an expression lie.
struct Range {
    min: Option<Scalar>,
    max: Option<Scalar>,
    may_hold_null: bool,
    may_hold_nan: bool,
    is_all_null: bool,
}

impl Range {
    /// The range of a slot, or of a function of it that never falls where the slot rises.
    fn of(expr: &BoundExpr, known: &Known<'_>) -> Option<Self> {
        let slot = match &expr.kind {
            BoundKind::Slot(slot) => *slot,
            _ => rising_in(expr)?,
        };
        let statistics = known.slots.get(slot).copied().flatten()?;
        let slot_type = known.schema.slot_schema().fields.get(slot)?.data_type.clone();
        let null_count = statistics.null_count;
        let reversed = matches!((&statistics.min, &statistics.max),
            (Some(min), Some(max)) if orders(min, max).is_some_and(Ordering::is_gt));
        let bound = |bound: &Option<Scalar>| if reversed { None } else { bound.clone() };
        let mut range = Self {
            min: bound(&statistics.min),
            max: bound(&statistics.max),
            may_hold_null: null_count != Some(0),
            may_hold_nan: slot_type == DataType::Float64 && !statistics.is_nan_free,
            is_all_null: null_count == Some(known.row_count),
        };
        if !matches!(expr.kind, BoundKind::Slot(_)) {
            range.min = image(expr, slot, &slot_type, range.min.as_ref());
            range.max = image(expr, slot, &slot_type, range.max.as_ref());
            range.may_hold_null = true;
            range.is_all_null = false;
        }
        Some(range)
    }
}

/// The slot that the expression is a rising function of: a start of a unit or a bin of time, or the
/// day of a moment.
fn rising_in(expr: &BoundExpr) -> Option<usize> {
    let is_literal = |argument: &BoundExpr| matches!(argument.kind, BoundKind::Literal(_));
    match &expr.kind {
        BoundKind::Slot(slot) => Some(*slot),
        BoundKind::Call { function: Function::DateTrunc, arguments } => {
            match arguments.as_slice() {
                [unit, time] if is_literal(unit) => rising_in(time),
                _ => None,
            }
        }
        BoundKind::Call { function: Function::DateBin, arguments } => match arguments.as_slice() {
            [months, micros, time, origin @ ..]
                if is_literal(months) && is_literal(micros) && origin.iter().all(is_literal) =>
            {
                rising_in(time)
            }
            _ => None,
        },
        BoundKind::Cast { operand, .. }
            if expr.data_type.is_temporal() && operand.data_type.is_temporal() =>
        {
            rising_in(operand)
        }
        _ => None,
    }
}

/// The value of the expression where its slot has that value.
fn image(
    expr: &BoundExpr,
    slot: usize,
    slot_type: &DataType,
    value: Option<&Scalar>,
) -> Option<Scalar> {
    let column = Column::from_scalars(slot_type, std::slice::from_ref(value?)).ok()?;
    let fields = (0..=slot).map(|index| Field::new(index.to_string(), slot_type.clone())).collect();
    let columns = vec![column; slot + 1];
    let columns = Columns::try_new(Arc::new(Schema::new(fields)), columns, 1).ok()?;
    let value = evaluate(expr, &columns).ok()?.scalar_at(0);
    (!value.is_null()).then_some(value)
}

/// The parts of a predicate that must all be true.
pub(crate) fn conjuncts(predicate: &BoundExpr) -> Vec<&BoundExpr> {
    match &predicate.kind {
        BoundKind::Binary { operator: BinaryOperator::And, left, right } => {
            let mut parts = conjuncts(left);
            parts.extend(conjuncts(right));
            parts
        }
        _ => vec![predicate],
    }
}

/// The slot of a part that looks at one column only, as far as it can be pruned by.
pub(crate) fn only_slot(part: &BoundExpr) -> Option<usize> {
    match &part.kind {
        BoundKind::Binary { operator: BinaryOperator::Or, left, right } => {
            only_slot(left).filter(|slot| only_slot(right) == Some(*slot))
        }
        BoundKind::Binary { left, .. } => rising_in(left),
        BoundKind::Unary { operator: UnaryOperator::Not, operand } => only_slot(operand),
        BoundKind::IsNull { operand, .. }
        | BoundKind::InList { operand, .. }
        | BoundKind::Like { operand, .. } => rising_in(operand),
        BoundKind::Call { function: Function::StartsWith, arguments } => {
            rising_in(arguments.first()?)
        }
        _ => rising_in(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use colonna_exec::bind;
    use colonna_schema::{Expr, col, lit, timestamp};

    #[track_caller]
    fn check(data_type: DataType, statistics: &ColumnStatistics, predicate: &Expr, expected: bool) {
        let schema = Schema::new(vec![Field::new("x", data_type)]);
        let mut slots = Slots::new(Arc::new(schema));
        let bound = bind(predicate, &mut slots).unwrap();
        let slots_known = slots.paths().iter().map(|_| Some(statistics)).collect();
        let known = Known { row_count: 10, slots: slots_known, schema: &slots, filters: None };
        assert_eq!(may_match(&bound, &known), expected, "{predicate}");
    }

    fn between(min: impl Into<Scalar>, max: impl Into<Scalar>) -> ColumnStatistics {
        ColumnStatistics {
            min: Some(min.into()),
            max: Some(max.into()),
            null_count: Some(0),
            ..ColumnStatistics::default()
        }
    }

    #[test]
    fn rows_are_skipped_only_where_the_predicate_cannot_be_true() {
        let statistics = between(3, 9);
        for (predicate, expected) in [
            (col("x").eq(2), false),
            (col("x").eq(3), true),
            (col("x").not_eq(3), true),
            (col("x").less_than(3), false),
            (col("x").at_most(3), true),
            (col("x").greater_than(9), false),
            (col("x").at_least(9), true),
            (col("x").is_null(), false),
            (col("x").is_in([1, 2, 10]), false),
            (col("x").is_in([1, 9]), true),
            (col("x").between(10, 20), false),
            (col("x").less_than(3).or(col("x").greater_than(9)), false),
            (col("x").at_least(3).not(), false),
            (col("x").eq(lit(Scalar::Null)), false),
            (col("x").plus(1).eq(0), true),
        ] {
            check(DataType::Int64, &statistics, &predicate, expected);
        }
    }

    #[test]
    fn nan_stands_above_every_bound_unless_it_is_known_to_be_absent() {
        let doubtful = between(1.0, 2.0);
        check(DataType::Float64, &doubtful, &col("x").greater_than(5.0), true);
        check(DataType::Float64, &doubtful, &col("x").less_than(0.5), false);
        let sure = ColumnStatistics { is_nan_free: true, ..doubtful };
        check(DataType::Float64, &sure, &col("x").greater_than(5.0), false);
        check(DataType::Float64, &sure, &col("x").at_most(2.0).not(), false);
    }

    #[test]
    fn zero_is_found_whatever_the_sign_of_the_bound() {
        let statistics = ColumnStatistics { is_nan_free: true, ..between(-1.0, -0.0) };
        check(DataType::Float64, &statistics, &col("x").eq(0.0), true);
        check(DataType::Float64, &statistics, &col("x").at_least(0.0), true);
    }

    #[test]
    fn nothing_is_skipped_on_reversed_bounds() {
        check(DataType::Int64, &between(9, 3), &col("x").eq(100), true);
    }

    #[test]
    fn a_column_of_nulls_matches_nothing_but_is_null() {
        let nulls = ColumnStatistics { null_count: Some(10), ..ColumnStatistics::default() };
        check(DataType::Int64, &nulls, &col("x").not_eq(1), false);
        check(DataType::Int64, &nulls, &col("x").is_null(), true);
        check(DataType::Int64, &nulls, &col("x").is_not_null(), false);
    }

    #[test]
    fn a_prefix_prunes_texts() {
        let statistics = between("melon", "peach");
        check(DataType::Utf8, &statistics, &col("x").like("apple%"), false);
        check(DataType::Utf8, &statistics, &col("x").like("pea%"), true);
        check(DataType::Utf8, &statistics, &col("x").like("peax%"), false);
        check(DataType::Utf8, &statistics, &col("x").like("%x"), true);
        check(DataType::Utf8, &statistics, &col("x").like("apple%").not(), true);
    }

    #[test]
    fn the_start_of_a_unit_prunes_by_the_times_in_it() {
        let at = |text: &str| match timestamp(text).unwrap() {
            Expr::Literal(scalar) => scalar,
            other => panic!("{other}"),
        };
        let statistics = between(at("2025-10-03T05:00:00Z"), at("2025-10-04T23:00:00Z"));
        let day = |text: &str| col("x").date_trunc("day").eq(text);
        check(DataType::Timestamp, &statistics, &day("2025-10-03"), true);
        check(DataType::Timestamp, &statistics, &day("2025-10-04"), true);
        check(DataType::Timestamp, &statistics, &day("2025-10-05"), false);
        check(DataType::Timestamp, &statistics, &col("x").at_or_after("2025-10-05"), false);
        check(
            DataType::Timestamp,
            &statistics,
            &col("x").cast(DataType::Date).eq("2025-10-02"),
            false,
        );
    }
}
