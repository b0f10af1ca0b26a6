//! Functions: which arguments they take and what they give.

use colonna_schema::{DataType, Expr, Function, Scalar};

use super::coerce::{self, comparable, literal_beside, unify};
use super::operator::{as_text, double, equal, number};
use super::{BoundExpr, BoundKind};
use crate::ExecError;
use crate::evaluate::{PATHS, TimeUnit, is_path};

/// A call of a function with bound arguments.
pub(super) fn call(
    function: Function,
    arguments: Vec<BoundExpr>,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    check_count(function, arguments.len())?;
    match function {
        Function::Greatest | Function::Least | Function::Coalesce => {
            let (arguments, data_type) = unify(arguments, expr)?;
            Ok(typed(function, arguments, data_type))
        }
        Function::NullIf => null_if(arguments, expr),
        Function::Concat | Function::ConcatWithSeparator => {
            let arguments = arguments.into_iter().map(as_text).collect();
            Ok(typed(function, arguments, DataType::Utf8))
        }
        Function::Abs
        | Function::Ceil
        | Function::Floor
        | Function::Round
        | Function::Trunc
        | Function::Sign => rounding(function, arguments, expr),
        Function::Sqrt
        | Function::Ln
        | Function::Log10
        | Function::Log2
        | Function::Exp
        | Function::Power => {
            let arguments = all(arguments, |argument| double(argument, expr))?;
            Ok(typed(function, arguments, DataType::Float64))
        }
        Function::Length | Function::OctetLength => length(function, arguments, expr),
        Function::DateTrunc
        | Function::DateBin
        | Function::DatePart
        | Function::FormatTime
        | Function::ToTimestamp
        | Function::EpochMilliseconds
        | Function::Epoch
        | Function::DateAdd
        | Function::DateDiff => time(function, arguments, expr),
        Function::ElementAt
        | Function::ListContains
        | Function::ListJoin
        | Function::MapKeys
        | Function::MapValues => nested(function, arguments, expr),
        Function::JsonExtract | Function::JsonExtractText => json_part(function, arguments, expr),
        _ => of_text(function, arguments, expr),
    }
}

fn typed(function: Function, arguments: Vec<BoundExpr>, data_type: DataType) -> BoundExpr {
    super::fold(BoundExpr { kind: BoundKind::Call { function, arguments }, data_type })
}

fn all(
    arguments: Vec<BoundExpr>,
    adapt: impl FnMut(BoundExpr) -> Result<BoundExpr, ExecError>,
) -> Result<Vec<BoundExpr>, ExecError> {
    arguments.into_iter().map(adapt).collect()
}

/// The least and the greatest number of arguments.
fn argument_count(function: Function) -> (usize, usize) {
    const ANY: usize = usize::MAX;
    match function {
        Function::Greatest | Function::Least | Function::Coalesce | Function::Concat => (1, ANY),
        Function::ConcatWithSeparator => (2, ANY),
        Function::Round | Function::Trim | Function::TrimStart | Function::TrimEnd => (1, 2),
        Function::Substring | Function::PadStart | Function::PadEnd | Function::RegexpExtract => {
            (2, 3)
        }
        Function::RegexpReplace | Function::DateBin => (3, 4),
        Function::Replace | Function::SplitPart | Function::DateAdd | Function::DateDiff => (3, 3),
        Function::Power
        | Function::NullIf
        | Function::Left
        | Function::Right
        | Function::Repeat
        | Function::StartsWith
        | Function::EndsWith
        | Function::Contains
        | Function::Position
        | Function::RegexpMatches
        | Function::DateTrunc
        | Function::DatePart
        | Function::FormatTime
        | Function::ParseTime
        | Function::TryParseTime
        | Function::ElementAt
        | Function::ListContains
        | Function::ListJoin
        | Function::JsonExtract
        | Function::JsonExtractText => (2, 2),
        _ => (1, 1),
    }
}

fn check_count(function: Function, found: usize) -> Result<(), ExecError> {
    let (least, most) = argument_count(function);
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let expected = match (least, most) {
        (1, 1) => "one argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, usize::MAX) => format!("{least} arguments or more"),
        (least, most) => format!("{least} to {most} arguments"),
    };
    Err(ExecError::WrongArgumentCount { function: name(function), expected, found })
}

fn name(function: Function) -> &'static str {
    function.names().first().copied().unwrap_or_default()
}

/// `CASE WHEN x = y THEN NULL ELSE x END`
fn null_if(arguments: Vec<BoundExpr>, expr: &Expr) -> Result<BoundExpr, ExecError> {
    let mut arguments = arguments.into_iter();
    let (Some(value), Some(other)) = (arguments.next(), arguments.next()) else {
        return check_count(Function::NullIf, 0)
            .map(|()| BoundExpr::literal(Scalar::Null, DataType::Null));
    };
    let data_type = value.data_type.clone();
    let condition = equal(value.clone(), other, expr)?;
    let null = BoundExpr::literal(Scalar::Null, data_type.clone());
    let (branches, otherwise) = (vec![(condition, null)], Some(Box::new(value)));
    Ok(BoundExpr { kind: BoundKind::Case { branches, otherwise }, data_type })
}

/// Functions that keep the type of a number, but for the digits behind its point.
fn rounding(
    function: Function,
    arguments: Vec<BoundExpr>,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let arguments = all(arguments, |argument| number(argument, expr))?;
    let data_type = match (function, arguments.as_slice()) {
        (Function::Sign, _) => DataType::Int64,
        (Function::Abs, [value]) | (Function::Round, [value, _]) => value.data_type.clone(),
        (_, [value, ..]) => match value.data_type {
            DataType::Decimal { precision, scale } => {
                let precision = precision.saturating_sub(scale).saturating_add(1).min(38);
                DataType::Decimal { precision, scale: 0 }
            }
            ref other => other.clone(),
        },
        (_, []) => DataType::Null,
    };
    if let [_, digits] = arguments.as_slice() {
        integer_check(digits, expr)?;
    }
    Ok(typed(function, arguments, data_type))
}

fn integer_check(argument: &BoundExpr, expr: &Expr) -> Result<(), ExecError> {
    match &argument.data_type {
        DataType::Int64 => Ok(()),
        found => Err(wrong_type(expr, "an integer", found)),
    }
}

fn integer(argument: BoundExpr, expr: &Expr) -> Result<BoundExpr, ExecError> {
    let argument = match argument.data_type {
        DataType::Null => coerce::cast(argument, &DataType::Int64),
        _ => literal_beside(argument, &DataType::Int64, expr)?,
    };
    integer_check(&argument, expr)?;
    Ok(argument)
}

/// A text; null counts as one.
pub(super) fn text(argument: BoundExpr, expr: &Expr) -> Result<BoundExpr, ExecError> {
    match &argument.data_type {
        DataType::Utf8 => Ok(argument),
        DataType::Null => Ok(coerce::cast(argument, &DataType::Utf8)),
        found => Err(wrong_type(expr, "a text", found)),
    }
}

fn wrong_type(expr: &Expr, expected: &'static str, found: &DataType) -> ExecError {
    ExecError::WrongType { expression: expr.to_string(), expected, found: found.clone() }
}

fn length(
    function: Function,
    arguments: Vec<BoundExpr>,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let arguments = all(arguments, |argument| match (&argument.data_type, function) {
        (DataType::Binary, _) => Ok(argument),
        (DataType::List(_) | DataType::Map(..), Function::Length) => Ok(argument),
        _ => text(argument, expr),
    })?;
    Ok(typed(function, arguments, DataType::Int64))
}

/// Functions of texts, with numbers among their arguments.
fn of_text(
    function: Function,
    arguments: Vec<BoundExpr>,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let mut position = 0;
    let arguments = all(arguments, |argument| {
        position += 1;
        if takes_integer(function, position) {
            integer(argument, expr)
        } else {
            text(argument, expr)
        }
    })?;
    let data_type = match function {
        Function::StartsWith
        | Function::EndsWith
        | Function::Contains
        | Function::RegexpMatches
        | Function::JsonValid => DataType::Boolean,
        Function::Position => DataType::Int64,
        Function::ParseTime | Function::TryParseTime => DataType::Timestamp,
        _ => DataType::Utf8,
    };
    Ok(typed(function, arguments, data_type))
}

/// A part of a text of JSON, at a path or a position.
fn json_part(
    function: Function,
    arguments: Vec<BoundExpr>,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let mut position = 0;
    let arguments = all(arguments, |argument| {
        position += 1;
        match argument.as_literal() {
            Some(path) if position == 2 && !is_path(path) => Err(ExecError::InvalidArgument {
                expression: expr.to_string(),
                argument: "a path",
                value: path.to_string(),
                expected: PATHS,
            }),
            _ if position == 2 && argument.data_type == DataType::Int64 => Ok(argument),
            _ => text(argument, expr),
        }
    })?;
    Ok(typed(function, arguments, DataType::Utf8))
}

/// Whether the argument at that position, counted from one, is an integer.
fn takes_integer(function: Function, position: usize) -> bool {
    match function {
        Function::Substring => position >= 2,
        Function::Left
        | Function::Right
        | Function::Repeat
        | Function::PadStart
        | Function::PadEnd => position == 2,
        Function::SplitPart | Function::RegexpExtract => position == 3,
        _ => false,
    }
}

/// A time; a text literal is read as a timestamp.
fn moment(argument: BoundExpr, expr: &Expr) -> Result<BoundExpr, ExecError> {
    let argument = match (&argument.data_type, argument.as_literal()) {
        (DataType::Null, _) => coerce::cast(argument, &DataType::Timestamp),
        (DataType::Utf8, Some(_)) => literal_beside(argument, &DataType::Timestamp, expr)?,
        _ => argument,
    };
    match &argument.data_type {
        kind if kind.is_temporal() => Ok(argument),
        found => Err(wrong_type(expr, "a date or timestamp", found)),
    }
}

fn timestamp(argument: BoundExpr, expr: &Expr) -> Result<BoundExpr, ExecError> {
    Ok(coerce::cast(moment(argument, expr)?, &DataType::Timestamp))
}

/// Functions of times.
fn time(
    function: Function,
    arguments: Vec<BoundExpr>,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let mut arguments = arguments.into_iter();
    let mut next = || arguments.next().unwrap_or(BoundExpr::literal(Scalar::Null, DataType::Null));
    match function {
        Function::DateTrunc => {
            let (unit, value) = (unit(function, next(), expr)?, moment(next(), expr)?);
            // A day has no hours: below a day the result is a moment.
            let (value, data_type) = if value.data_type == DataType::Date && unit.1.is_whole_days()
            {
                (value, DataType::Date)
            } else {
                (coerce::cast(value, &DataType::Timestamp), DataType::Timestamp)
            };
            Ok(typed(function, vec![unit.0, value], data_type))
        }
        Function::DatePart => {
            let part = text(next(), expr)?;
            let value = moment(next(), expr)?;
            if matches!(part.as_literal(), Some(Scalar::Utf8(part)) if part.eq_ignore_ascii_case("epoch"))
            {
                return Ok(typed(Function::Epoch, vec![value], DataType::Float64));
            }
            crate::evaluate::time_part(part.as_literal())?;
            Ok(typed(function, vec![part, value], DataType::Int64))
        }
        Function::DateDiff => {
            let unit = unit(function, next(), expr)?;
            let (from, to) = (timestamp(next(), expr)?, timestamp(next(), expr)?);
            Ok(typed(function, vec![unit.0, from, to], DataType::Int64))
        }
        Function::FormatTime => {
            let (value, format) = (timestamp(next(), expr)?, text(next(), expr)?);
            Ok(typed(function, vec![value, format], DataType::Utf8))
        }
        Function::DateAdd => {
            let value = timestamp(next(), expr)?;
            let (months, micros) = (integer(next(), expr)?, integer(next(), expr)?);
            Ok(typed(function, vec![value, months, micros], DataType::Timestamp))
        }
        Function::DateBin => date_bin(arguments.collect(), expr),
        Function::ToTimestamp => {
            let seconds = number(next(), expr)?;
            let seconds = match seconds.data_type {
                DataType::Int64 => seconds,
                _ => coerce::cast(seconds, &DataType::Float64),
            };
            Ok(typed(function, vec![seconds], DataType::Timestamp))
        }
        Function::EpochMilliseconds => {
            let value = next();
            match value.data_type {
                DataType::Int64 => Ok(typed(function, vec![value], DataType::Timestamp)),
                _ => Ok(typed(function, vec![timestamp(value, expr)?], DataType::Int64)),
            }
        }
        _ => Ok(typed(function, vec![timestamp(next(), expr)?], DataType::Float64)),
    }
}

/// The unit of time that a text literal names.
fn unit(
    function: Function,
    argument: BoundExpr,
    expr: &Expr,
) -> Result<(BoundExpr, TimeUnit), ExecError> {
    let unit = match argument.as_literal() {
        Some(Scalar::Utf8(text)) => TimeUnit::named(name(function), text)?,
        _ => return Err(wrong_type(expr, "a unit of time as a text literal", &argument.data_type)),
    };
    Ok((argument, unit))
}

/// Bins are a number of months or a number of microseconds wide.
fn date_bin(arguments: Vec<BoundExpr>, expr: &Expr) -> Result<BoundExpr, ExecError> {
    let mut arguments = arguments.into_iter();
    let mut bound = Vec::with_capacity(4);
    for argument in arguments.by_ref().take(2) {
        bound.push(integer(argument, expr)?);
    }
    let width = match bound.as_slice() {
        [months, micros] => match (months.as_literal(), micros.as_literal()) {
            (Some(Scalar::Int64(months)), Some(Scalar::Int64(micros))) => Some((*months, *micros)),
            _ => None,
        },
        _ => None,
    };
    if !matches!(width, Some((1.., 0) | (0, 1..))) {
        return Err(ExecError::InvalidArgument {
            expression: expr.to_string(),
            argument: "the interval",
            value: width.map_or("computed".to_owned(), |(months, micros)| {
                format!("{months} months and {micros} microseconds")
            }),
            expected: "a literal above zero, of months alone or of days and less alone",
        });
    }
    for argument in arguments {
        bound.push(timestamp(argument, expr)?);
    }
    Ok(typed(Function::DateBin, bound, DataType::Timestamp))
}

/// Functions of lists and maps.
fn nested(
    function: Function,
    arguments: Vec<BoundExpr>,
    expr: &Expr,
) -> Result<BoundExpr, ExecError> {
    let mut arguments = arguments.into_iter();
    let (operand, second) = (arguments.next(), arguments.next());
    let Some(operand) = operand else {
        return check_count(function, 0).map(|()| BoundExpr::literal(Scalar::Null, DataType::Null));
    };
    match (function, operand.data_type.clone(), second) {
        (Function::ElementAt, DataType::List(element), Some(index)) => {
            Ok(typed(function, vec![operand, integer(index, expr)?], *element))
        }
        (Function::ElementAt, DataType::Map(key, value), Some(wanted)) => {
            let wanted = beside(&key, wanted, expr)?;
            Ok(typed(function, vec![operand, wanted], *value))
        }
        (Function::ListContains, DataType::List(element), Some(wanted)) => {
            let wanted = beside(&element, wanted, expr)?;
            Ok(typed(function, vec![operand, wanted], DataType::Boolean))
        }
        (Function::ListJoin, DataType::List(_), Some(separator)) => {
            Ok(typed(function, vec![operand, text(separator, expr)?], DataType::Utf8))
        }
        (Function::MapKeys, DataType::Map(key, _), _) => {
            Ok(typed(function, vec![operand], DataType::List(key)))
        }
        (Function::MapValues, DataType::Map(_, value), _) => {
            Ok(typed(function, vec![operand], DataType::List(value)))
        }
        (_, DataType::Null, _) => Ok(BoundExpr::literal(Scalar::Null, DataType::Null)),
        (Function::ElementAt, found, _) => Err(wrong_type(expr, "a list or map", &found)),
        (Function::MapKeys | Function::MapValues, found, _) => {
            Err(wrong_type(expr, "a map", &found))
        }
        (_, found, _) => Err(wrong_type(expr, "a list", &found)),
    }
}

/// What is looked for among values of the type, made to compare with them.
fn beside(data_type: &DataType, wanted: BoundExpr, expr: &Expr) -> Result<BoundExpr, ExecError> {
    let sample = BoundExpr { kind: BoundKind::Slot(usize::MAX), data_type: data_type.clone() };
    let (_, wanted) = comparable(sample, wanted, expr)?;
    Ok(wanted)
}
