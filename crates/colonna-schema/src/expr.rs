//! Expressions over columns, as the builder and SQL write them, before names are resolved.

use std::fmt;

use crate::{DataType, Scalar, ScalarError, parse_timestamp};

/// The name of a column, in the parts that dots separate.
///
/// Which part names a column and which a struct field is decided when the expression is bound to a
/// schema: a column of the whole dotted name (`id.orig_h`) wins over a field of a struct, and a
/// name that is spelled exactly so wins over one that differs in case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnPath(pub Vec<String>);

impl From<&str> for ColumnPath {
    fn from(text: &str) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }
}

impl fmt::Display for ColumnPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("."))
    }
}

/// An operator with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `NOT x`, null where `x` is null.
    Not,
    /// `-x`; overflow is an error.
    Negate,
}

/// An operator with two operands. Null on either side gives null, but for AND, OR and IS DISTINCT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`; integer overflow is an error.
    Add,
    /// `-`; integer overflow is an error.
    Subtract,
    /// `*`; integer overflow is an error.
    Multiply,
    /// `/`, always a double.
    Divide,
    /// `//`, rounding towards zero; null where the divisor is zero.
    IntegerDivide,
    /// `%`, with the sign of the dividend; null where the divisor is zero.
    Modulo,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IS NOT DISTINCT FROM`: equal, or both null.
    IsNotDistinctFrom,
    /// `IS DISTINCT FROM`.
    IsDistinctFrom,
    /// AND of three-valued logic: false wins over null.
    And,
    /// OR of three-valued logic: true wins over null.
    Or,
    /// `||`, text after text.
    Concat,
}

impl BinaryOperator {
    /// Whether it compares.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
                | Self::IsNotDistinctFrom
                | Self::IsDistinctFrom
        )
    }

    /// As SQL writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::IntegerDivide => "//",
            Self::Modulo => "%",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
            Self::IsDistinctFrom => "IS DISTINCT FROM",
            Self::And => "AND",
            Self::Or => "OR",
            Self::Concat => "||",
        }
    }
}

macro_rules! functions {
    ($($(#[doc = $doc:literal])+ $variant:ident = $($name:literal)|+),+ $(,)?) => {
        /// A function of the values of one row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Function { $($(#[doc = $doc])+ $variant),+ }

        impl Function {
            /// Every function.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The names it has in SQL, in lower case, the preferred one first.
            pub fn names(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($name),+]),+ }
            }
        }
    };
}

functions! {
    /// `abs(x)`: without its sign; overflow is an error.
    Abs = "abs",
    /// `ceil(x)`: the least whole number not below.
    Ceil = "ceil" | "ceiling",
    /// `floor(x)`: the greatest whole number not above.
    Floor = "floor",
    /// `round(x [, digits])`: halves away from zero.
    Round = "round",
    /// `trunc(x)`: towards zero.
    Trunc = "trunc",
    /// `sqrt(x)`
    Sqrt = "sqrt",
    /// `ln(x)`
    Ln = "ln",
    /// `log10(x)`
    Log10 = "log10" | "log",
    /// `log2(x)`
    Log2 = "log2",
    /// `exp(x)`
    Exp = "exp",
    /// `power(x, y)`, a double.
    Power = "power" | "pow",
    /// `sign(x)`: -1, 0 or 1.
    Sign = "sign",
    /// `greatest(x, ..)`, passing over nulls.
    Greatest = "greatest",
    /// `least(x, ..)`, passing over nulls.
    Least = "least",
    /// `coalesce(x, ..)`: the first that is not null.
    Coalesce = "coalesce" | "ifnull",
    /// `nullif(x, y)`: null where they are equal, else x.
    NullIf = "nullif",
    /// `lower(text)`
    Lower = "lower" | "lcase",
    /// `upper(text)`
    Upper = "upper" | "ucase",
    /// `length(text)` in code points; of a list or map, its entries.
    Length = "length" | "len" | "char_length" | "character_length" | "array_length" | "cardinality",
    /// `octet_length(text)` in bytes.
    OctetLength = "octet_length" | "strlen",
    /// `substring(text, start [, length])`, counted from one, in code points.
    Substring = "substring" | "substr",
    /// `left(text, n)`
    Left = "left",
    /// `right(text, n)`
    Right = "right",
    /// `trim(text [, characters])`
    Trim = "trim" | "btrim",
    /// `ltrim(text [, characters])`
    TrimStart = "ltrim",
    /// `rtrim(text [, characters])`
    TrimEnd = "rtrim",
    /// `lpad(text, length [, fill])`
    PadStart = "lpad",
    /// `rpad(text, length [, fill])`
    PadEnd = "rpad",
    /// `replace(text, from, to)`
    Replace = "replace",
    /// `reverse(text)` by code points.
    Reverse = "reverse",
    /// `repeat(text, n)`
    Repeat = "repeat",
    /// `concat(x, ..)`: as text, passing over nulls.
    Concat = "concat",
    /// `concat_ws(separator, x, ..)`: as text, passing over nulls.
    ConcatWithSeparator = "concat_ws",
    /// `starts_with(text, prefix)`
    StartsWith = "starts_with" | "prefix",
    /// `ends_with(text, suffix)`
    EndsWith = "ends_with" | "suffix",
    /// `contains(text, part)`
    Contains = "contains",
    /// `strpos(text, part)`: the position counted from one, 0 where it is not there.
    Position = "strpos" | "instr" | "position",
    /// `split_part(text, separator, n)`, counted from one, from the end where negative.
    SplitPart = "split_part",
    /// `regexp_matches(text, pattern)`: whether any part of the text matches.
    RegexpMatches = "regexp_matches" | "regexp_like",
    /// `regexp_extract(text, pattern [, group])`: the match or one group of it, empty where none.
    RegexpExtract = "regexp_extract",
    /// `regexp_replace(text, pattern, replacement [, flags])`: the first match; all with flag `g`.
    RegexpReplace = "regexp_replace",
    /// `date_trunc(unit, time)`: the start of the microsecond .. millennium it lies in.
    DateTrunc = "date_trunc",
    /// `date_bin(interval, time [, origin])`: the start of the bin it lies in; the interval comes as
    /// months and microseconds: arguments are (months, micros, time [, origin]).
    DateBin = "date_bin" | "time_bucket",
    /// `extract(part FROM time)`: arguments are (part, time).
    DatePart = "date_part" | "extract",
    /// `strftime(time, format)`, with the letters of C's strftime.
    FormatTime = "strftime" | "to_char",
    /// `strptime(text, format)`, with the letters of C's strptime; what does not fit is an error.
    ParseTime = "strptime",
    /// `try_strptime(text, format)`: what does not fit is null.
    TryParseTime = "try_strptime",
    /// `to_timestamp(seconds)` since 1970.
    ToTimestamp = "to_timestamp",
    /// `epoch_ms(time)`: milliseconds since 1970; of an integer, the moment.
    EpochMilliseconds = "epoch_ms",
    /// `epoch(time)`: seconds since 1970, a double.
    Epoch = "epoch",
    /// `date_add(time, interval)`: arguments are (time, months, micros).
    DateAdd = "date_add",
    /// `date_diff(unit, from, to)`: unit boundaries crossed.
    DateDiff = "date_diff" | "datediff",
    /// `list[n]` counted from one, from the end where negative; `map[key]`. Null where absent.
    ElementAt = "element_at" | "list_extract" | "array_extract" | "map_extract_value",
    /// `list_contains(list, x)`
    ListContains = "list_contains" | "array_contains" | "list_has",
    /// `array_to_string(list, separator)`, passing over nulls.
    ListJoin = "array_to_string" | "list_join",
    /// `map_keys(map)`, a list.
    MapKeys = "map_keys",
    /// `map_values(map)`, a list.
    MapValues = "map_values",
}

impl Function {
    /// The function of that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::ALL.iter().copied().find(|function| function.names().contains(&name.as_str()))
    }
}

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

/// An expression over the columns of one row, or over the aggregates of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// The value of a column or struct field.
    Column(ColumnPath),
    /// A value.
    Literal(Scalar),
    /// An operator with one operand.
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what.
        operand: Box<Expr>,
    },
    /// An operator with two operands.
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `x IS [NOT] NULL`, never null itself.
    IsNull {
        /// Of what.
        operand: Box<Expr>,
        /// IS NOT NULL.
        negated: bool,
    },
    /// `x [NOT] IN (..)`; null where nothing is equal and a null is among them.
    InList {
        /// What is looked for.
        operand: Box<Expr>,
        /// Where.
        list: Vec<Expr>,
        /// NOT IN.
        negated: bool,
    },
    /// `x [NOT] LIKE pattern`: `%` any text, `_` any code point, the escape character before either.
    Like {
        /// The text.
        operand: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// What takes the next character literally; none unless ESCAPE names one.
        escape: Option<char>,
        /// ILIKE.
        case_insensitive: bool,
        /// NOT LIKE.
        negated: bool,
    },
    /// `CASE [operand] WHEN .. THEN .. ELSE .. END`
    Case {
        /// What each branch is compared with; without it each branch is a condition.
        operand: Option<Box<Expr>>,
        /// WHEN and THEN.
        branches: Vec<(Expr, Expr)>,
        /// ELSE; null without it.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS type)`
    Cast {
        /// What is cast.
        operand: Box<Expr>,
        /// To what.
        data_type: DataType,
        /// TRY_CAST: what does not fit is null, not an error.
        or_null: bool,
    },
    /// A function of the row.
    Call {
        /// Which.
        function: Function,
        /// Of what.
        arguments: Vec<Expr>,
    },
    /// A field of a struct that is itself computed.
    Field {
        /// The struct.
        operand: Box<Expr>,
        /// The field's name.
        name: String,
    },
    /// An aggregate; only in the projection, HAVING and ORDER BY of a query.
    Aggregate(AggregateExpr),
}

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

    #[test]
    fn every_function_is_found_by_each_of_its_names_and_no_two_share_one() {
        for function in Function::ALL {
            for name in function.names() {
                assert_eq!(Function::from_name(&name.to_uppercase()), Some(*function), "{name}");
            }
        }
    }
}
