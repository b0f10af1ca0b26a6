//! What is known of a file, a row group or a page without reading it.

use std::collections::BTreeMap;

use crate::Scalar;

/// Bounds and null count of one leaf column.
///
/// Invariant: every value `v` that is neither null nor NaN satisfies `min <= v <= max` where they
/// are given. A bound that is not exact may be wider than the data: it prunes, and never answers
/// a `MIN` or a `MAX`. NaN is outside the bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnStatistics {
    /// A lower bound.
    pub min: Option<Scalar>,
    /// An upper bound.
    pub max: Option<Scalar>,
    /// How many rows are null.
    pub null_count: Option<u64>,
    /// Whether `min` is a value of the column and not merely below all of them.
    pub min_is_exact: bool,
    /// Whether `max` is a value of the column and not merely above all of them.
    pub max_is_exact: bool,
    /// Whether it is known that no row is NaN. Of a column of doubles for which it is not known, any
    /// row may be NaN, which stands above all bounds.
    pub is_nan_free: bool,
}

/// What is known of some rows: how many, and the bounds of their leaf columns by path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// How many rows there are.
    pub row_count: u64,
    /// The leaf columns of which something is known, by path. A column that is not here may hold
    /// anything.
    pub columns: BTreeMap<Vec<String>, ColumnStatistics>,
}
