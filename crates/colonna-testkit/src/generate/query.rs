//! Queries whose answer can be compared.

use std::fmt;

use colonna_schema::{
    AggregateExpr, AggregateFunction, Expr, Projection, Query, Scalar, SortKey, col, count, lit,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;

use super::expr::{any_predicate, keys, measures, texts, times, values};

/// A query, and whether its answer has one order only.
#[derive(Clone)]
pub struct Question {
    /// What is asked.
    pub query: Query,
    /// Whether ORDER BY leaves no two different rows in a tie. Only such queries have a LIMIT.
    pub ordered: bool,
}

/// In the words of SQL, so that a counterexample can be read.
impl fmt::Debug for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = &self.query;
        let words =
            |exprs: &[Expr]| exprs.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ");
        let exprs: Vec<Expr> = query
            .projection
            .iter()
            .filter_map(|projection| match projection {
                Projection::Expr { expr, .. } => Some(expr.clone()),
                Projection::All { .. } => None,
            })
            .collect();
        let distinct = if query.distinct { "DISTINCT " } else { "" };
        write!(formatter, "SELECT {distinct}{}", words(&exprs))?;
        query.filter.iter().try_for_each(|filter| write!(formatter, " WHERE {filter}"))?;
        if !query.group_by.is_empty() {
            write!(formatter, " GROUP BY {}", words(&query.group_by))?;
        }
        query.having.iter().try_for_each(|having| write!(formatter, " HAVING {having}"))?;
        for key in &query.order_by {
            let direction = if key.descending { "DESC" } else { "ASC" };
            let nulls = if key.nulls_first { "FIRST" } else { "LAST" };
            write!(formatter, " ORDER BY {} {direction} NULLS {nulls}", key.expr)?;
        }
        query.limit.iter().try_for_each(|limit| write!(formatter, " LIMIT {limit}"))?;
        write!(formatter, " OFFSET {}", query.offset)
    }
}

/// Any query over any table: rows, distinct rows, or groups, filtered, ordered and cut.
pub fn any_query() -> impl Strategy<Value = Question> {
    let body = prop_oneof![4 => plain(), 6 => grouped(), 1 => everything()];
    let order = option::weighted(0.6, (any::<u64>(), any::<u64>(), 0_u64..4, 0_u64..12));
    let filter = option::of(any_predicate());
    (body, filter, order, 0_usize..6).prop_map(|(mut query, filter, order, lead)| {
        query.filter = filter;
        let is_open = query.projection.iter().all(|it| matches!(it, Projection::All { .. }));
        // The oracle rounds on the way to a variance, and so does not know which of two is the greater
        // that are as good as equal.
        let has_rounded = query.projection.iter().any(is_variance);
        let may_order = !is_open && !has_rounded;
        let Some((directions, nulls, offset, limit)) = order.filter(|_| may_order) else {
            return Question { query, ordered: false };
        };
        let bit = |bits: u64, index: usize| bits.checked_shr(u32::try_from(index).unwrap_or(0));
        // Every result column is a key, so rows in a tie are equal.
        let columns = (0..query.projection.len()).rev().map(|index| position(index + 1));
        let keys = leading_key(&query, lead).into_iter().chain(columns).enumerate();
        query.order_by = keys
            .map(|(index, expr)| SortKey {
                expr,
                descending: bit(directions, index).unwrap_or(0) & 1 == 1,
                nulls_first: bit(nulls, index).unwrap_or(0) & 1 == 1,
            })
            .collect();
        query.offset = offset;
        query.limit = Some(limit).filter(|limit| *limit < 9);
        Question { query, ordered: true }
    })
}

/// A key that is no result column, a result column by its name, or none.
fn leading_key(query: &Query, choice: usize) -> Option<Expr> {
    let is_grouped = query.distinct || !query.group_by.is_empty() || has_aggregate(query);
    match choice {
        0 if query.distinct => None,
        0 if is_grouped => Some(count()),
        0 => Some(col("n").modulo(3)),
        1 if !is_grouped => Some(col("user.country")),
        2 if !is_grouped => Some(col("x")),
        3 => Some(col("c0")),
        _ => None,
    }
}

fn has_aggregate(query: &Query) -> bool {
    // Every grouped query has one, and it is the last of its columns.
    matches!(query.projection.last(), Some(Projection::Expr { expr, .. }) if is_of_aggregates(expr))
}

fn is_variance(result: &Projection) -> bool {
    let Projection::Expr { expr: Expr::Aggregate(aggregate), .. } = result else { return false };
    matches!(
        aggregate.function,
        AggregateFunction::VarianceSample
            | AggregateFunction::VariancePopulation
            | AggregateFunction::StddevSample
            | AggregateFunction::StddevPopulation
    )
}

fn is_of_aggregates(expr: &Expr) -> bool {
    match expr {
        Expr::Aggregate(_) => true,
        Expr::IsNull { operand, .. } => is_of_aggregates(operand),
        Expr::Binary { left, .. } => is_of_aggregates(left),
        _ => false,
    }
}

fn position(index: usize) -> Expr {
    lit(Scalar::Int64(i64::try_from(index).unwrap_or(i64::MAX)))
}

/// The expressions as result columns `c0`, `c1` and so on.
fn named(exprs: Vec<Expr>) -> Vec<Projection> {
    let name = |(index, expr)| Projection::Expr { expr, name: Some(format!("c{index}")) };
    exprs.into_iter().enumerate().map(name).collect()
}

fn plain() -> BoxedStrategy<Query> {
    (vec(values(), 1..4), any::<bool>())
        .prop_map(|(exprs, distinct)| Query {
            projection: named(exprs),
            distinct,
            ..Query::default()
        })
        .boxed()
}

/// All columns, but for some of them, or the keys of groups without a word.
fn everything() -> BoxedStrategy<Query> {
    let except = proptest::sample::subsequence(vec!["city", "a.b", "user", "ts"], 0..=4);
    let all = except.prop_map(|except| {
        let except = except.into_iter().map(str::to_owned).collect();
        Query { projection: vec![Projection::All { except }], ..Query::default() }
    });
    let silent = vec(keys(), 0..3).prop_map(|mut group_by| {
        // The oracle does not know the numbers that tell result columns of one name apart.
        let mut names = Vec::new();
        group_by.retain(|key| {
            let name = key.default_name();
            let is_new = !names.contains(&name);
            names.push(name);
            is_new
        });
        Query { group_by, ..Query::default() }
    });
    (prop_oneof![all, silent], any::<bool>())
        .prop_map(|(query, distinct)| Query { distinct, ..query })
        .boxed()
}

fn grouped() -> BoxedStrategy<Query> {
    let having = option::weighted(0.3, (0_i64..4).prop_map(|least| count().at_least(least)));
    (vec(keys(), 0..4), vec(any_aggregate(), 1..4), having)
        .prop_map(|(group_by, aggregates, having)| {
            let exprs = group_by.iter().cloned().chain(aggregates).collect();
            Query { projection: named(exprs), group_by, having, ..Query::default() }
        })
        .boxed()
}

/// Any aggregate, or something computed of aggregates.
fn any_aggregate() -> BoxedStrategy<Expr> {
    let of_numbers = (numeric_functions(), measures());
    let of_any = (
        select(
            &[
                AggregateFunction::Count,
                AggregateFunction::CountDistinct,
                AggregateFunction::Min,
                AggregateFunction::Max,
                AggregateFunction::QuantileDiscrete(0.5),
            ][..],
        ),
        prop_oneof![
            texts(),
            times(),
            measures(),
            select(&["city", "user.country", "name", "ts", "day"][..]).prop_map(col),
        ],
    );
    let of_truths =
        (select(&[AggregateFunction::BoolAnd, AggregateFunction::BoolOr][..]), Just(col("ok")));
    let plain = prop_oneof![6 => of_numbers, 4 => of_any, 1 => of_truths]
        .prop_map(|(function, argument)| AggregateExpr::new(function, argument));
    let at_ends = (
        select(&[AggregateFunction::First, AggregateFunction::Last][..]),
        select(&["n", "city", "x", "user.country", "price"][..]),
        select(&["ts", "day", "small", "city"][..]),
    );
    let at_ends = at_ends.prop_map(|(function, value, order)| AggregateExpr {
        order_by: Some(Box::new(col(order))),
        ..AggregateExpr::new(function, col(value))
    });
    let filter = option::weighted(0.2, any_predicate().prop_map(Box::new));
    let aggregate = (prop_oneof![6 => plain, 1 => at_ends], any::<bool>(), filter).prop_map(
        |(mut aggregate, distinct, filter)| {
            aggregate.filter = filter;
            aggregate.distinct = distinct && may_be_distinct(aggregate.function);
            Expr::from(aggregate)
        },
    );
    prop_oneof![
        6 => aggregate.clone(),
        2 => Just(count()),
        1 => aggregate.prop_map(|aggregate| aggregate.is_null()),
        1 => measures().prop_map(|of| {
            Expr::from(AggregateExpr::new(AggregateFunction::Sum, of)).divided_by(count())
        }),
    ]
    .boxed()
}

fn may_be_distinct(function: AggregateFunction) -> bool {
    matches!(function, AggregateFunction::Count | AggregateFunction::Sum | AggregateFunction::Avg)
}

fn numeric_functions() -> impl Strategy<Value = AggregateFunction> {
    select(
        &[
            AggregateFunction::Sum,
            AggregateFunction::Sum,
            AggregateFunction::Avg,
            AggregateFunction::Min,
            AggregateFunction::Max,
            AggregateFunction::VarianceSample,
            AggregateFunction::VariancePopulation,
            AggregateFunction::StddevSample,
            AggregateFunction::StddevPopulation,
            AggregateFunction::QuantileContinuous(0.5),
            AggregateFunction::QuantileContinuous(0.9),
            AggregateFunction::QuantileDiscrete(0.25),
        ][..],
    )
}
