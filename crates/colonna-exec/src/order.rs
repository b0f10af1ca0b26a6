//! Which rows an order and a limit leave in the running.

use std::cmp::Ordering;

use colonna_column::{Bitmap, Column, Columns};
use colonna_schema::{BinaryOperator, ColumnStatistics, DataType, Scalar};

use crate::{BoundExpr, BoundKind, ExecError, select};

/// What the rows of an answer are ordered by first.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderHint {
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

    /// Whether any of the rows that the statistics are of may stand no later than a bound.
    pub fn may_be_within(&self, known: &ColumnStatistics, bound: &Scalar) -> bool {
        // NaN is above all, and in no bound.
        let nan_first =
            self.descending && self.data_type == DataType::Float64 && !known.is_nan_free;
        let null_first = self.nulls_first && known.null_count != Some(0);
        let (best, wanted) = if self.descending {
            (&known.max, Ordering::Less)
        } else {
            (&known.min, Ordering::Greater)
        };
        nan_first
            || null_first
            || best.as_ref().is_none_or(|best| best.is_null() || best.total_cmp(bound) != wanted)
    }

    /// Whether a bound leaves fewer rows than another.
    pub fn is_tighter(&self, bound: &Scalar, than: &Scalar) -> bool {
        let wanted = if self.descending { Ordering::Greater } else { Ordering::Less };
        bound.total_cmp(than) == wanted
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
            let hint = OrderHint { slot: 0, descending, nulls_first, data_type: data_type.clone() };
            let column = Column::from_scalars(&data_type, &values).unwrap();
            let within = hint.within(&column, bound).unwrap();
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
                prop_assert!(hint.may_be_within(&known, bound));
            }
        }
    }
}
