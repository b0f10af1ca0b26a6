//! Expressions as SQL writes them.

use std::fmt;

use super::{AggregateExpr, AggregateFunction, ColumnPath, Expr, UnaryOperator};
use crate::Scalar;

impl Expr {
    /// The name a result column has unless another is given: that of a column its last part,
    /// `count` for `count(*)`, for the rest the expression as it is written.
    pub fn default_name(&self) -> String {
        match self {
            Self::Column(path) => path.0.last().cloned().unwrap_or_default(),
            Self::Aggregate(AggregateExpr {
                function: AggregateFunction::CountRows,
                filter: None,
                ..
            }) => "count".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for ColumnPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("."))
    }
}

struct Joined<'a>(&'a [Expr]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, expr) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{expr}")?;
        }
        Ok(())
    }
}

fn not_if(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

/// The expression as SQL writes it, with every operator in parentheses.
impl fmt::Display for Expr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(path) => write!(formatter, "{path}"),
            Self::Literal(Scalar::Utf8(text)) => {
                write!(formatter, "'{}'", text.replace('\'', "''"))
            }
            Self::Literal(value @ (Scalar::Date(_) | Scalar::Timestamp(_))) => {
                write!(formatter, "'{value}'")
            }
            Self::Literal(value) => write!(formatter, "{value}"),
            Self::Unary { operator: UnaryOperator::Not, operand } => {
                write!(formatter, "(NOT {operand})")
            }
            Self::Unary { operator: UnaryOperator::Negate, operand } => {
                write!(formatter, "(-{operand})")
            }
            Self::Binary { operator, left, right } => {
                write!(formatter, "({left} {} {right})", operator.symbol())
            }
            Self::IsNull { operand, negated } => {
                write!(formatter, "({operand} IS {}NULL)", not_if(*negated))
            }
            Self::InList { operand, list, negated } => {
                write!(formatter, "({operand} {}IN ({}))", not_if(*negated), Joined(list))
            }
            Self::Like { operand, pattern, case_insensitive, negated, .. } => {
                let like = if *case_insensitive { "ILIKE" } else { "LIKE" };
                write!(formatter, "({operand} {}{like} {pattern})", not_if(*negated))
            }
            Self::Case { operand, branches, otherwise } => {
                formatter.write_str("CASE")?;
                operand.iter().try_for_each(|operand| write!(formatter, " {operand}"))?;
                for (when, then) in branches {
                    write!(formatter, " WHEN {when} THEN {then}")?;
                }
                otherwise
                    .iter()
                    .try_for_each(|otherwise| write!(formatter, " ELSE {otherwise}"))?;
                formatter.write_str(" END")
            }
            Self::Cast { operand, data_type, or_null } => {
                let cast = if *or_null { "TRY_CAST" } else { "CAST" };
                write!(formatter, "{cast}({operand} AS {data_type})")
            }
            Self::Call { function, arguments } => {
                write!(formatter, "{}({})", function.names()[0], Joined(arguments))
            }
            Self::Field { operand, name } => write!(formatter, "{operand}.{name}"),
            Self::Aggregate(aggregate) => write!(formatter, "{aggregate}"),
        }
    }
}

impl fmt::Display for AggregateExpr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distinct = self.distinct || self.function == AggregateFunction::CountDistinct;
        write!(formatter, "{}({}", self.function.name(), if distinct { "DISTINCT " } else { "" })?;
        match &self.argument {
            Some(argument) => write!(formatter, "{argument}")?,
            None => formatter.write_str("*")?,
        }
        match self.function {
            AggregateFunction::QuantileContinuous(fraction) if fraction.total_cmp(&0.5).is_ne() => {
                write!(formatter, ", {fraction}")?;
            }
            AggregateFunction::QuantileDiscrete(fraction) => write!(formatter, ", {fraction}")?,
            _ => {}
        }
        self.order_by.iter().try_for_each(|order| write!(formatter, " ORDER BY {order}"))?;
        formatter.write_str(")")?;
        self.filter.iter().try_for_each(|filter| write!(formatter, " FILTER (WHERE {filter})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{col, count_distinct, quantile};

    #[track_caller]
    fn check(expr: &Expr, expected: &str) {
        assert_eq!(expr.to_string(), expected);
    }

    #[test]
    fn an_expression_is_written_as_sql() {
        check(&col("a").eq(1).and(col("b.c").like("x%")), "((a = 1) AND (b.c LIKE 'x%'))");
        check(&col("name").eq("O'Hara"), "(name = 'O''Hara')");
        check(&quantile("ms", 0.9), "quantile_cont(ms, 0.9)");
        check(&count_distinct("user"), "count(DISTINCT user)");
        check(&col("ts").date_trunc("hour"), "date_trunc('hour', ts)");
    }
}
