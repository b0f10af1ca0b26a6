//! Calls of aggregates.

use colonna_schema::{AggregateExpr, AggregateFunction, Expr, Scalar};
use sqlparser::ast;

use crate::SqlError;
use crate::call::Call;
use crate::names::check_no_aggregate;
use crate::select::Lowering;

/// How an aggregate's arguments are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `count(*)`, `count(x)`
    Count,
    /// `count_if(condition)`
    CountIf,
    /// `sum(x)`
    OfValues(Plain),
    /// `median(x)`
    Median,
    /// `quantile_cont(x, q)`, `quantile_cont(q) WITHIN GROUP (ORDER BY x)`
    Quantile { discrete: bool },
    /// `first(x [ORDER BY y])`
    OfOrder { last: bool },
    /// `arg_min(x, y)`
    AtExtreme { last: bool },
}

/// The aggregates of one argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    ApproximateCountDistinct,
    Sum,
    Min,
    Max,
    Avg,
    VarianceSample,
    VariancePopulation,
    StddevSample,
    StddevPopulation,
    BoolAnd,
    BoolOr,
}

fn shape(name: &str) -> Option<Shape> {
    Some(match name {
        "count" => Shape::Count,
        "count_if" | "countif" => Shape::CountIf,
        "approx_count_distinct" | "approx_distinct" => {
            Shape::OfValues(Plain::ApproximateCountDistinct)
        }
        "sum" => Shape::OfValues(Plain::Sum),
        "min" => Shape::OfValues(Plain::Min),
        "max" => Shape::OfValues(Plain::Max),
        "avg" | "mean" => Shape::OfValues(Plain::Avg),
        "var_samp" | "variance" => Shape::OfValues(Plain::VarianceSample),
        "var_pop" => Shape::OfValues(Plain::VariancePopulation),
        "stddev" | "stddev_samp" => Shape::OfValues(Plain::StddevSample),
        "stddev_pop" => Shape::OfValues(Plain::StddevPopulation),
        "bool_and" | "every" => Shape::OfValues(Plain::BoolAnd),
        "bool_or" => Shape::OfValues(Plain::BoolOr),
        "median" => Shape::Median,
        "quantile" | "quantile_cont" | "percentile_cont" => Shape::Quantile { discrete: false },
        "quantile_disc" | "percentile_disc" => Shape::Quantile { discrete: true },
        "first" | "first_value" | "any_value" => Shape::OfOrder { last: false },
        "last" | "last_value" => Shape::OfOrder { last: true },
        "arg_min" | "argmin" | "min_by" => Shape::AtExtreme { last: false },
        "arg_max" | "argmax" | "max_by" => Shape::AtExtreme { last: true },
        _ => return None,
    })
}

impl Plain {
    fn function(self) -> AggregateFunction {
        match self {
            Self::ApproximateCountDistinct => AggregateFunction::ApproximateCountDistinct,
            Self::Sum => AggregateFunction::Sum,
            Self::Min => AggregateFunction::Min,
            Self::Max => AggregateFunction::Max,
            Self::Avg => AggregateFunction::Avg,
            Self::VarianceSample => AggregateFunction::VarianceSample,
            Self::VariancePopulation => AggregateFunction::VariancePopulation,
            Self::StddevSample => AggregateFunction::StddevSample,
            Self::StddevPopulation => AggregateFunction::StddevPopulation,
            Self::BoolAnd => AggregateFunction::BoolAnd,
            Self::BoolOr => AggregateFunction::BoolOr,
        }
    }

    /// Whether DISTINCT makes no difference.
    fn ignores_repeats(self) -> bool {
        matches!(
            self,
            Self::ApproximateCountDistinct | Self::Min | Self::Max | Self::BoolAnd | Self::BoolOr
        )
    }
}

impl Lowering {
    /// The aggregate of that name; none where there is no such aggregate.
    pub(crate) fn aggregate(&mut self, call: &Call<'_>) -> Result<Option<Expr>, SqlError> {
        let Some(shape) = shape(&call.name) else { return Ok(None) };
        check_clauses(call, shape)?;
        let mut aggregate = match shape {
            Shape::Count => self.count(call)?,
            Shape::CountIf => {
                let condition = self.only_argument(call)?;
                let mut rows = AggregateExpr::new(AggregateFunction::CountRows, condition);
                rows.filter = rows.argument.take();
                rows
            }
            Shape::OfValues(plain) => {
                let argument = self.only_argument(call)?;
                let aggregate = AggregateExpr::new(plain.function(), argument);
                AggregateExpr { distinct: call.distinct && !plain.ignores_repeats(), ..aggregate }
            }
            Shape::Median => {
                let argument = self.only_argument(call)?;
                AggregateExpr::new(AggregateFunction::QuantileContinuous(0.5), argument)
            }
            Shape::Quantile { discrete } => self.quantile(call, discrete)?,
            Shape::OfOrder { last } => self.of_order(call, last)?,
            Shape::AtExtreme { last } => {
                let [Some(value), Some(by)] = call.arguments.as_slice() else {
                    return Err(call.wants("what is answered and what it goes by: arg_max(x, ts)"));
                };
                let argument = self.of_rows(value, call)?;
                let order_by = Some(Box::new(self.of_rows(by, call)?));
                AggregateExpr { order_by, ..AggregateExpr::new(first_or_last(last), argument) }
            }
        };
        if let Some(filter) = call.filter {
            let filter = self.of_rows(filter, call)?;
            aggregate.filter = Some(Box::new(match aggregate.filter.take() {
                Some(condition) => condition.and(filter),
                None => filter,
            }));
        }
        Ok(Some(Expr::Aggregate(aggregate)))
    }

    /// What an aggregate sees are rows: there is no aggregate in it.
    fn of_rows(&mut self, written: &ast::Expr, call: &Call<'_>) -> Result<Expr, SqlError> {
        let lowered = self.expr(written)?;
        check_no_aggregate(&lowered, "an aggregate", call.at)?;
        Ok(lowered)
    }

    fn only_argument(&mut self, call: &Call<'_>) -> Result<Expr, SqlError> {
        match call.arguments.as_slice() {
            [Some(argument)] => self.of_rows(argument, call),
            _ => Err(call.wants("one argument")),
        }
    }

    fn count(&mut self, call: &Call<'_>) -> Result<AggregateExpr, SqlError> {
        let rows = AggregateExpr {
            function: AggregateFunction::CountRows,
            argument: None,
            order_by: None,
            distinct: false,
            filter: None,
        };
        let argument = match call.arguments.as_slice() {
            [] | [None] if !call.distinct => return Ok(rows),
            [Some(argument)] => self.of_rows(argument, call)?,
            _ => return Err(call.wants("one argument, or *: count(DISTINCT x) for one column")),
        };
        Ok(match (&argument, call.distinct) {
            // `count(1)`: a value that is never null is there in every row.
            (Expr::Literal(value), false) if !value.is_null() => rows,
            (_, false) => AggregateExpr::new(AggregateFunction::Count, argument),
            (_, true) => AggregateExpr::new(AggregateFunction::CountDistinct, argument),
        })
    }

    fn quantile(&mut self, call: &Call<'_>, discrete: bool) -> Result<AggregateExpr, SqlError> {
        let wanted = "a column and a fraction from 0 to 1: quantile_cont(x, 0.9)";
        let (argument, fraction, descending) = match (call.arguments.as_slice(), call.within_group)
        {
            ([Some(argument), Some(fraction)], []) => (*argument, *fraction, false),
            ([Some(fraction)], [key]) => {
                let descending = key.options.sort == Some(ast::OrderBySort::Desc);
                (&key.expr, *fraction, descending)
            }
            _ => return Err(call.wants(wanted)),
        };
        let argument = self.of_rows(argument, call)?;
        let fraction = match self.expr(fraction)? {
            Expr::Literal(Scalar::Int64(0)) => 0.0,
            Expr::Literal(Scalar::Int64(1)) => 1.0,
            Expr::Literal(Scalar::Float64(fraction)) if (0.0..=1.0).contains(&fraction) => fraction,
            _ => return Err(call.wants(wanted)),
        };
        let function = match (discrete, descending) {
            (false, false) => AggregateFunction::QuantileContinuous(fraction),
            (false, true) => AggregateFunction::QuantileContinuous(1.0 - fraction),
            (true, false) => AggregateFunction::QuantileDiscrete(fraction),
            (true, true) => {
                let advice = "order ascending, by the fraction that is left to 1";
                let what = "percentile_disc over a descending order";
                return Err(SqlError::unsupported(what, call.at, advice));
            }
        };
        Ok(AggregateExpr::new(function, argument))
    }

    /// `first(x ORDER BY y DESC)` is the last by y.
    fn of_order(&mut self, call: &Call<'_>, last: bool) -> Result<AggregateExpr, SqlError> {
        let argument = self.only_argument(call)?;
        let (order_by, descending) = match call.order_by {
            [] => (None, false),
            [key] => {
                if key.options.nulls_first == Some(true) {
                    let advice = "rows whose key is null come last";
                    let what = "NULLS FIRST in an aggregate";
                    return Err(SqlError::unsupported(what, call.at, advice));
                }
                let descending = key.options.sort == Some(ast::OrderBySort::Desc);
                (Some(Box::new(self.of_rows(&key.expr, call)?)), descending)
            }
            _ => {
                let advice = "order by one expression";
                let what = "ORDER BY several keys in an aggregate";
                return Err(SqlError::unsupported(what, call.at, advice));
            }
        };
        let function = first_or_last(last != descending);
        Ok(AggregateExpr { order_by, ..AggregateExpr::new(function, argument) })
    }
}

fn first_or_last(last: bool) -> AggregateFunction {
    if last { AggregateFunction::Last } else { AggregateFunction::First }
}

/// Refuses clauses that change nothing in an aggregate of this shape, or nothing that we compute.
fn check_clauses(call: &Call<'_>, shape: Shape) -> Result<(), SqlError> {
    let takes_order = matches!(shape, Shape::OfOrder { .. });
    let takes_group = matches!(shape, Shape::Quantile { .. });
    let takes_distinct = matches!(shape, Shape::Count | Shape::OfValues(_));
    let refused = [
        (!call.order_by.is_empty() && !takes_order, "ORDER BY", "only first and last take it"),
        (!call.within_group.is_empty() && !takes_group, "WITHIN GROUP", "only quantiles take it"),
        (call.distinct && !takes_distinct, "DISTINCT", "group by the values in a subquery first"),
    ];
    match refused.iter().find(|(present, ..)| *present) {
        None => Ok(()),
        Some((_, word, advice)) => {
            let what = format!("{word} in {}(..)", call.name);
            Err(SqlError::unsupported(what, call.at, advice))
        }
    }
}
