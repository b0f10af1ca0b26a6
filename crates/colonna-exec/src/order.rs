//! Which rows an order and a limit leave in the running.

use std::cmp::Ordering;

use colonna_column::{Bitmap, Column, Columns};
use colonna_schema::{BinaryOperator, ColumnStatistics, DataType, Scalar};

use crate::{BoundExpr, BoundKind, ExecError, select};

/// What the rows of an answer are ordered by, as far as it is columns of the table.
///
/// A bound is the keys of a row behind which no row is wanted: a value for each of the keys, or for
/// the first of them.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderHint {
    /// The column that rows are ordered by first, and what decides between those that are alike.
    pub keys: Vec<OrderKey>,
    /// How many rows are wanted.
    pub limit: usize,
}

/// A column that rows are ordered by.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderKey {
    /// The slot of the column.
    pub slot: usize,
    /// Whether the greatest value comes first.
    pub descending: bool,
    /// Whether nulls come before all values.
    pub nulls_first: bool,
    /// The type of the column.
    pub data_type: DataType,
}

impl OrderHint {
    /// Whether any of the rows that the statistics are of, key by key, may stand no later than a
    /// bound.
    pub fn may_be_within(&self, known: &[ColumnStatistics], bound: &[Scalar]) -> bool {
        for ((key, known), bound) in self.keys.iter().zip(known).zip(bound) {
            match key.best_to(known, bound) {
                // None has the same value, and the key behind it decides.
                Some(Ordering::Equal) => {}
                Some(Ordering::Greater) => return false,
                Some(Ordering::Less) | None => return true,
            }
        }
        true
    }

    /// Which of two rows comes first, by the keys of both.
    pub fn cmp(&self, left: &[Scalar], right: &[Scalar]) -> Ordering {
        let mut pairs = self.keys.iter().zip(left.iter().zip(right));
        let differing = pairs.find_map(|(key, (left, right))| {
            Some(key.place(left, right)).filter(|order| *order != Ordering::Equal)
        });
        differing.unwrap_or_else(|| right.len().cmp(&left.len()))
    }

    /// Which of two row groups is likely to have the rows that come first. One that does not say
    /// what it has is as good as any.
    pub fn cmp_best(&self, left: &[ColumnStatistics], right: &[ColumnStatistics]) -> Ordering {
        for (key, (left, right)) in self.keys.iter().zip(left.iter().zip(right)) {
            let order = match (key.best(left), key.best(right)) {
                (Some(left), Some(right)) => key.place(left, right),
                (left, right) => left.is_some().cmp(&right.is_some()),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl OrderKey {
    /// Which values do not stand after a bound.
    ///
    /// # Errors
    ///
    /// Where the values are of another type than the column.
    pub fn within(&self, values: &Column, bound: &Scalar) -> Result<Bitmap, ExecError> {
        let rows = Columns::from_named(vec![("key".to_owned(), values.clone())])?;
        let slot = || BoundExpr { kind: BoundKind::Slot(0), data_type: self.data_type.clone() };
        let literal = BoundKind::Literal(bound.clone());
        let literal = BoundExpr { kind: literal, data_type: self.data_type.clone() };
        let operator = if self.descending {
            BinaryOperator::GreaterOrEqual
        } else {
            BinaryOperator::LessOrEqual
        };
        let kind = BoundKind::Binary { operator, left: Box::new(slot()), right: Box::new(literal) };
        let within = select(&BoundExpr { kind, data_type: DataType::Boolean }, &rows)?;
        Ok(if self.nulls_first { within.or(&values.valid_bits().not()) } else { within })
    }

    /// How a value stands to another in the order.
    fn place(&self, left: &Scalar, right: &Scalar) -> Ordering {
        if self.descending { right.total_cmp(left) } else { left.total_cmp(right) }
    }

    /// The value that comes first, as far as it is known.
    fn best<'a>(&self, known: &'a ColumnStatistics) -> Option<&'a Scalar> {
        if self.descending { known.max.as_ref() } else { known.min.as_ref() }
    }

    /// How the value that comes first stands to a bound; none where that is not known.
    fn best_to(&self, known: &ColumnStatistics, bound: &Scalar) -> Option<Ordering> {
        // NaN is above all, and in no statistics.
        let nan_first =
            self.descending && self.data_type == DataType::Float64 && !known.is_nan_free;
        let null_first = self.nulls_first && known.null_count != Some(0);
        let best = self.best(known).filter(|best| !best.is_null() && !nan_first && !null_first)?;
        Some(self.place(best, bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_values() -> impl Strategy<Value = (DataType, Vec<Scalar>)> {
        let number = prop_oneof![
            1 => Just(Scalar::Null),
            1 => Just(Scalar::Float64(f64::NAN)),
            4 => prop::sample::select(vec![-1.5, -0.0, 0.0, 2.0]).prop_map(Scalar::Float64),
        ];
        let text = prop_oneof![
            1 => Just(Scalar::Null),
            4 => "[ab]{0,2}".prop_map(Scalar::Utf8),
        ];
        prop_oneof![
            prop::collection::vec(number, 1..20).prop_map(|values| (DataType::Float64, values)),
            prop::collection::vec(text, 1..20).prop_map(|values| (DataType::Utf8, values)),
        ]
    }

    proptest! {
        /// No value within a bound is left out, neither by itself nor with all that are like it.
        #[test]
        fn what_stands_no_later_than_a_bound_is_within_it(
            (data_type, values) in any_values(),
            bound in any::<prop::sample::Index>(),
            descending in any::<bool>(),
            nulls_first in any::<bool>(),
        ) {
            let bound = bound.get(&values);
            prop_assume!(!bound.is_null());
            let key = OrderKey { slot: 0, descending, nulls_first, data_type: data_type.clone() };
            let hint = OrderHint { keys: vec![key.clone(), key.clone()], limit: 1 };
            let column = Column::from_scalars(&data_type, &values).unwrap();
            let within = key.within(&column, bound).unwrap();
            let expected = |value: &Scalar| match (value.is_null(), descending) {
                (true, _) => nulls_first,
                (false, true) => value.total_cmp(bound) != Ordering::Less,
                (false, false) => value.total_cmp(bound) != Ordering::Greater,
            };
            prop_assert_eq!(
                within.iter().collect::<Vec<_>>(),
                values.iter().map(expected).collect::<Vec<_>>()
            );

            let is_nan = |value: &&Scalar| matches!(value, Scalar::Float64(value) if value.is_nan());
            let plain = || values.iter().filter(|value| !value.is_null() && !is_nan(value));
            let known = ColumnStatistics {
                min: plain().min_by(|left, right| left.total_cmp(right)).cloned(),
                max: plain().max_by(|left, right| left.total_cmp(right)).cloned(),
                null_count: Some(values.iter().filter(|value| value.is_null()).count() as u64),
                min_is_exact: true,
                max_is_exact: true,
                is_nan_free: !values.iter().any(|value| is_nan(&value)),
            };
            if values.iter().any(expected) {
                // The second key is the first once more, and rules out nothing.
                let known = [known.clone(), known];
                let bound = [bound.clone(), bound.clone()];
                prop_assert!(hint.may_be_within(&known, &bound));
                prop_assert!(hint.may_be_within(&known, &bound[..1]));
            }
        }
    }
}
