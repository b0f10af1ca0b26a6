//! Expressions put together by methods and functions.

use super::{
    AggregateExpr, AggregateFunction, BinaryOperator, ColumnPath, Expr, Function, UnaryOperator,
};
use crate::{DataType, Scalar, ScalarError, parse_timestamp};

macro_rules! comparison_methods {
    ($($(#[doc = $doc:literal])+ $name:ident => $operator:ident),+ $(,)?) => {$(
        $(#[doc = $doc])+
        #[must_use]
        pub fn $name(self, other: impl Into<Expr>) -> Self {
            self.binary(BinaryOperator::$operator, other)
        }
    )+};
}

impl Expr {
    /// This and another under an operator.
    #[must_use]
    pub fn binary(self, operator: BinaryOperator, other: impl Into<Expr>) -> Self {
        Self::Binary { operator, left: Box::new(self), right: Box::new(other.into()) }
    }

    comparison_methods! {
        /// `self = other`
        eq => Equal,
        /// `self <> other`
        not_eq => NotEqual,
        /// `self < other`
        less_than => Less,
        /// `self <= other`
        at_most => LessOrEqual,
        /// `self > other`
        greater_than => Greater,
        /// `self >= other`
        at_least => GreaterOrEqual,
        /// `self < other`, of times.
        before => Less,
        /// `self >= other`, of times.
        at_or_after => GreaterOrEqual,
        /// `self AND other`
        and => And,
        /// `self OR other`
        or => Or,
        /// `self + other`
        plus => Add,
        /// `self - other`
        minus => Subtract,
        /// `self * other`
        times => Multiply,
        /// `self / other`, a double.
        divided_by => Divide,
        /// `self % other`
        modulo => Modulo,
    }

    /// `self >= low AND self <= high`
    #[must_use]
    pub fn between(self, low: impl Into<Self>, high: impl Into<Self>) -> Self {
        self.clone().at_least(low).and(self.at_most(high))
    }

    /// `self IN (list)`
    #[must_use]
    pub fn is_in<E: Into<Self>>(self, list: impl IntoIterator<Item = E>) -> Self {
        let list = list.into_iter().map(Into::into).collect();
        Self::InList { operand: Box::new(self), list, negated: false }
    }

    /// `self LIKE pattern`
    #[must_use]
    pub fn like(self, pattern: impl Into<Self>) -> Self {
        let (operand, pattern) = (Box::new(self), Box::new(pattern.into()));
        Self::Like { operand, pattern, escape: None, case_insensitive: false, negated: false }
    }

    /// `self ILIKE pattern`
    #[must_use]
    pub fn ilike(self, pattern: impl Into<Self>) -> Self {
        let (operand, pattern) = (Box::new(self), Box::new(pattern.into()));
        Self::Like { operand, pattern, escape: None, case_insensitive: true, negated: false }
    }

    /// Whether any part of the text matches the regular expression.
    #[must_use]
    pub fn matches(self, pattern: impl Into<Self>) -> Self {
        call(Function::RegexpMatches, [self, pattern.into()])
    }

    /// `self IS NULL`
    #[must_use]
    pub fn is_null(self) -> Self {
        Self::IsNull { operand: Box::new(self), negated: false }
    }

    /// `self IS NOT NULL`
    #[must_use]
    pub fn is_not_null(self) -> Self {
        Self::IsNull { operand: Box::new(self), negated: true }
    }

    /// `NOT self`
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "SQL's NOT, beside `and` and `or`")]
    pub fn not(self) -> Self {
        Self::Unary { operator: UnaryOperator::Not, operand: Box::new(self) }
    }

    /// `CAST(self AS data_type)`
    #[must_use]
    pub fn cast(self, data_type: DataType) -> Self {
        Self::Cast { operand: Box::new(self), data_type, or_null: false }
    }

    /// The start of the `unit` the time lies in: `"hour"`, `"day"`, `"month"`, ..
    #[must_use]
    pub fn date_trunc(self, unit: &str) -> Self {
        call(Function::DateTrunc, [lit(unit), self])
    }

    /// A function of the row.
    #[must_use]
    pub fn call(function: Function, arguments: impl IntoIterator<Item = Self>) -> Self {
        call(function, arguments)
    }
}

fn call(function: Function, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::Call { function, arguments: arguments.into_iter().collect() }
}

impl<T: Into<Scalar>> From<T> for Expr {
    fn from(value: T) -> Self {
        Self::Literal(value.into())
    }
}

impl From<AggregateExpr> for Expr {
    fn from(aggregate: AggregateExpr) -> Self {
        Self::Aggregate(aggregate)
    }
}

/// The column of that name; dots lead into structs.
pub fn col(name: &str) -> Expr {
    Expr::Column(ColumnPath::from(name))
}

/// A literal.
pub fn lit(value: impl Into<Scalar>) -> Expr {
    Expr::Literal(value.into())
}

/// A moment, written as ISO 8601 does; without an offset it is UTC.
///
/// # Errors
///
/// Where the text is no such moment.
pub fn timestamp(text: &str) -> Result<Expr, ScalarError> {
    parse_timestamp(text).map(|micros| Expr::Literal(Scalar::Timestamp(micros)))
}

/// `count(*)`
pub fn count() -> Expr {
    let function = AggregateFunction::CountRows;
    Expr::Aggregate(AggregateExpr {
        function,
        argument: None,
        order_by: None,
        distinct: false,
        filter: None,
    })
}

macro_rules! aggregate_constructors {
    ($($(#[doc = $doc:literal])+ $name:ident => $function:ident),+ $(,)?) => {$(
        $(#[doc = $doc])+
        pub fn $name(column: &str) -> Expr {
            AggregateExpr::new(AggregateFunction::$function, col(column)).into()
        }
    )+};
}

aggregate_constructors! {
    /// `count(column)`: the values that are not null.
    count_of => Count,
    /// `count(DISTINCT column)`, exactly.
    count_distinct => CountDistinct,
    /// `approx_count_distinct(column)`, within about 1.6 %.
    approximate_count_distinct => ApproximateCountDistinct,
    /// `sum(column)`; overflow is an error.
    sum => Sum,
    /// `min(column)`
    min => Min,
    /// `max(column)`
    max => Max,
    /// `avg(column)`
    avg => Avg,
    /// `avg(column)`
    mean => Avg,
    /// The sample variance.
    variance => VarianceSample,
    /// The sample standard deviation.
    stddev => StddevSample,
}

/// The middle value, or the mean of the two middle ones.
pub fn median(column: &str) -> Expr {
    quantile(column, 0.5)
}

/// The value below which that fraction of the values lies, linear between two.
pub fn quantile(column: &str, fraction: f64) -> Expr {
    AggregateExpr::new(AggregateFunction::QuantileContinuous(fraction), col(column)).into()
}

fn by_order(function: AggregateFunction, column: &str, order_by: &str) -> Expr {
    let order_by = Some(Box::new(col(order_by)));
    Expr::Aggregate(AggregateExpr { order_by, ..AggregateExpr::new(function, col(column)) })
}

/// `column` of the row with the least `order_by`.
pub fn first(column: &str, order_by: &str) -> Expr {
    by_order(AggregateFunction::First, column, order_by)
}

/// `column` of the row with the greatest `order_by`.
pub fn last(column: &str, order_by: &str) -> Expr {
    by_order(AggregateFunction::Last, column, order_by)
}
