//! Aggregates of an expression over the rows of a group.

use super::Expr;

/// What an aggregate makes of the rows of a group. Nulls are passed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AggregateFunction {
    /// `count(*)`: the rows, nulls included. Takes no argument.
    CountRows,
    /// `count(x)`: the values.
    Count,
    /// `count(DISTINCT x)`, exactly.
    CountDistinct,
    /// `approx_count_distinct(x)`: HyperLogLog, within about 1.6 %.
    ApproximateCountDistinct,
    /// `sum(x)`; overflow is an error.
    Sum,
    /// `min(x)`
    Min,
    /// `max(x)`
    Max,
    /// `avg(x)`, a double.
    Avg,
    /// `var_samp(x)`; null below two values.
    VarianceSample,
    /// `var_pop(x)`
    VariancePopulation,
    /// `stddev_samp(x)`; null below two values.
    StddevSample,
    /// `stddev_pop(x)`
    StddevPopulation,
    /// `quantile_cont(x, q)`: linear between the two values next to it. The median is 0.5.
    QuantileContinuous(f64),
    /// `quantile_disc(x, q)`: the first value at or above the fraction.
    QuantileDiscrete(f64),
    /// `first(x ORDER BY time)`: x of the row with the least time; ties go to the first row read.
    First,
    /// `last(x ORDER BY time)`: x of the row with the greatest time; ties go to the last row read.
    Last,
    /// `bool_and(x)`
    BoolAnd,
    /// `bool_or(x)`
    BoolOr,
}

impl AggregateFunction {
    /// The name that SQL and results use.
    pub fn name(self) -> &'static str {
        match self {
            Self::CountRows | Self::Count | Self::CountDistinct => "count",
            Self::ApproximateCountDistinct => "approx_count_distinct",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Avg => "avg",
            Self::VarianceSample => "var_samp",
            Self::VariancePopulation => "var_pop",
            Self::StddevSample => "stddev_samp",
            Self::StddevPopulation => "stddev_pop",
            Self::QuantileContinuous(0.5) => "median",
            Self::QuantileContinuous(_) => "quantile_cont",
            Self::QuantileDiscrete(_) => "quantile_disc",
            Self::First => "first",
            Self::Last => "last",
            Self::BoolAnd => "bool_and",
            Self::BoolOr => "bool_or",
        }
    }
}

/// An aggregate of an expression over the rows of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateExpr {
    /// What is made of the values.
    pub function: AggregateFunction,
    /// The values; none for `count(*)`.
    pub argument: Option<Box<Expr>>,
    /// What `first` and `last` go by.
    pub order_by: Option<Box<Expr>>,
    /// `sum(DISTINCT x)`: each value once.
    pub distinct: bool,
    /// `FILTER (WHERE ..)`: only the rows for which it is true.
    pub filter: Option<Box<Expr>>,
}

impl AggregateExpr {
    /// That aggregate of these values.
    pub fn new(function: AggregateFunction, argument: Expr) -> Self {
        let argument = Some(Box::new(argument));
        Self { function, argument, order_by: None, distinct: false, filter: None }
    }
}
