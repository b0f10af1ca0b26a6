//! What can be wrong with a question.

use colonna_column::ColumnError;
use colonna_schema::DataType;
use thiserror::Error;

/// An expression cannot be bound to a schema, or has no value for a row it was asked of.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExecError {
    /// No column or field has that name.
    #[error("no column {name:?}; {advice}")]
    UnknownColumn {
        /// What was asked for.
        name: String,
        /// The names that are near, or those there are.
        advice: String,
    },
    /// A name differs from several columns in case alone.
    #[error("column {name:?} could be {}: write it exactly", .candidates.join(" or "))]
    AmbiguousColumn {
        /// What was asked for.
        name: String,
        /// The columns it could be.
        candidates: Vec<String>,
    },
    /// An aggregate stands where only the values of one row are known.
    #[error(
        "{aggregate} is an aggregate and cannot stand here: move it to SELECT, HAVING or ORDER BY"
    )]
    MisplacedAggregate {
        /// The aggregate as written.
        aggregate: String,
    },
    /// An expression is nested deeper than it may be.
    #[error("the expression is nested deeper than {limit} levels: break it up")]
    TooDeep {
        /// How deep it may be.
        limit: usize,
    },
    /// Two operands have types that do not go together.
    #[error("{expression}: {left} and {right} do not go together: cast one of them")]
    Incompatible {
        /// The expression as written.
        expression: String,
        /// The type of the first.
        left: DataType,
        /// The type of the second.
        right: DataType,
    },
    /// An operand has a type that the operation does not take.
    #[error("{expression}: expected {expected}, found {found}")]
    WrongType {
        /// The expression as written.
        expression: String,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        found: DataType,
    },
    /// A function was called with too many or too few arguments.
    #[error("{function} takes {expected}, not {found}")]
    WrongArgumentCount {
        /// The function's name.
        function: &'static str,
        /// What it takes.
        expected: String,
        /// How many were given.
        found: usize,
    },
    /// A text literal stands where another type is wanted and cannot be read as one.
    #[error("{expression}: cannot read the text {text:?} as {data_type}")]
    UnreadableLiteral {
        /// The expression as written.
        expression: String,
        /// The literal.
        text: String,
        /// What it is compared with.
        data_type: DataType,
    },
    /// A unit or part of time that does not exist.
    #[error("unknown unit of time {unit:?} for {function}: use {known}")]
    UnknownUnit {
        /// The function's name.
        function: &'static str,
        /// What was given.
        unit: String,
        /// What there is.
        known: String,
    },
    /// A regular expression that cannot be compiled.
    #[error("cannot use {pattern:?} as a regular expression")]
    InvalidPattern {
        /// The pattern.
        pattern: String,
        /// Why.
        source: Box<regex::Error>,
    },
    /// A format of times that cannot be read.
    #[error(
        "cannot use {format:?} as a format of times: use the letters of strftime, such as %Y-%m-%d"
    )]
    InvalidFormat {
        /// The format.
        format: String,
    },
    /// A result leaves its type.
    #[error(
        "overflow in {expression}: a value does not fit {data_type}; cast an operand to a wider type"
    )]
    Overflow {
        /// The expression as written.
        expression: String,
        /// The type of the result.
        data_type: DataType,
    },
    /// A value cannot be cast.
    #[error(
        "cannot cast {value:?} to {data_type} in {expression}: use TRY_CAST to get null instead"
    )]
    CastFailed {
        /// The expression as written.
        expression: String,
        /// The value.
        value: String,
        /// What it was to be.
        data_type: DataType,
    },
    /// A text does not have the format it should have.
    #[error("{text:?} does not have the format {format:?}: use try_strptime to get null instead")]
    UnreadableTime {
        /// The text.
        text: String,
        /// The format.
        format: String,
    },
    /// A text is no JSON.
    #[error("{expression}: {text:?} is no JSON: ask json_valid first")]
    NotJson {
        /// The expression as written.
        expression: String,
        /// The start of the text.
        text: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A value that an argument cannot have.
    #[error("{expression}: {argument} cannot be {value}: it must be {expected}")]
    InvalidArgument {
        /// The expression as written.
        expression: String,
        /// Which argument.
        argument: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A text would grow past the limit.
    #[error("{expression}: a text would be longer than {limit} bytes")]
    TextTooLong {
        /// The expression as written.
        expression: String,
        /// The limit.
        limit: usize,
    },
    /// The columns handed over lack one that the expression reads.
    #[error(
        "column {slot} of the expression is missing: hand over the columns of its slots, in their order"
    )]
    MissingSlot {
        /// Its position.
        slot: usize,
    },
    /// A column stands outside of aggregates and is no key of the groups.
    #[error(
        "column {column:?} is neither grouped nor aggregated: add it to GROUP BY, or ask for first({column}), min({column}) or another aggregate of it"
    )]
    NotGrouped {
        /// The column as written.
        column: String,
    },
    /// With DISTINCT, an order by something that is not selected.
    #[error(
        "ORDER BY {expression}: SELECT DISTINCT can only be ordered by what it selects: add the expression to SELECT"
    )]
    NotSelected {
        /// The expression as written.
        expression: String,
    },
    /// A sum does not fit its type.
    #[error(
        "overflow in {column}: the result does not fit its type; cast the argument to a double, or sum it in smaller groups"
    )]
    SumOverflow {
        /// The aggregate as written.
        column: String,
    },
    /// There are more groups than can be numbered.
    #[error("more than {limit} groups: group by fewer or coarser keys")]
    TooManyGroups {
        /// How many there may be.
        limit: u32,
    },
    /// There are more rows than can be numbered.
    #[error("more than {limit} rows to be held at once: filter them, or ask with a limit")]
    TooManyRows {
        /// How many there may be.
        limit: u32,
    },
    /// States of two different plans were put together.
    #[error("a partial answer of another plan cannot be merged: take both from one plan")]
    ForeignPartial,
    /// A column could not be built.
    #[error(transparent)]
    Column(#[from] ColumnError),
}
