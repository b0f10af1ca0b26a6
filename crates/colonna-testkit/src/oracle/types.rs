//! Which type an expression has, and which it may not be written with.

use colonna_schema::{
    AggregateExpr, AggregateFunction, BinaryOperator, DataType, Expr, Scalar, Schema,
    UnaryOperator, parse_date, parse_timestamp,
};

use super::{Outcome, arithmetic, call, cast, fails, names, not_covered, walk};

/// What names mean where an expression stands.
pub(super) struct Scope<'a> {
    pub(super) schema: &'a Schema,
    /// Group keys and aggregates, which stand for themselves.
    pub(super) known: Vec<(Expr, DataType)>,
    /// Whether the columns of single rows are out of sight.
    pub(super) grouped: bool,
}

impl Scope<'_> {
    /// The position of the expression among those known.
    pub(super) fn position(&self, expr: &Expr) -> Option<usize> {
        let same_place = |known: &Expr| match (known, expr) {
            (Expr::Column(left), Expr::Column(right)) => {
                let places =
                    (names::resolve(self.schema, left), names::resolve(self.schema, right));
                matches!(places, (Ok(left), Ok(right)) if left == right)
            }
            _ => false,
        };
        self.known.iter().position(|(known, _)| walk::alike(known, expr) || same_place(known))
    }
}

/// The type of an expression. It checks all its parts on the way.
pub(super) fn type_of(expr: &Expr, scope: &Scope<'_>) -> Outcome<DataType> {
    if let Some(found) = scope.position(expr).and_then(|index| scope.known.get(index)) {
        return Ok(found.1.clone());
    }
    match expr {
        Expr::Column(path) => {
            let place = names::resolve(scope.schema, path)?;
            if scope.grouped {
                return not_covered(format!("{path}, neither grouped nor aggregated"));
            }
            Ok(place.data_type)
        }
        Expr::Literal(value) => Ok(value.data_type()),
        Expr::Unary { operator: UnaryOperator::Not, operand } => condition(operand, scope),
        Expr::Unary { operator: UnaryOperator::Negate, operand } => {
            match type_of(operand, scope)? {
                DataType::Null => Ok(DataType::Int64),
                found if found.is_numeric() => Ok(found),
                found => not_covered(format!("-{found}")),
            }
        }
        Expr::Binary { operator, left, right } => binary(*operator, left, right, scope),
        Expr::IsNull { operand, .. } => type_of(operand, scope).map(|_| DataType::Boolean),
        Expr::InList { operand, list, .. } => {
            list.iter().try_for_each(|item| comparable(operand, item, scope))?;
            type_of(operand, scope).map(|_| DataType::Boolean)
        }
        Expr::Like { operand, pattern, .. } => {
            text(operand, scope)?;
            text(pattern, scope).map(|()| DataType::Boolean)
        }
        Expr::Case { operand, branches, otherwise } => {
            for (when, _) in branches {
                match operand {
                    Some(operand) => comparable(operand, when, scope)?,
                    None => condition(when, scope).map(|_| ())?,
                }
            }
            unified(&case_values(branches, otherwise.as_deref()), scope)
        }
        Expr::Cast { operand, data_type, .. } => {
            cast::check(&type_of(operand, scope)?, data_type)?;
            Ok(data_type.clone())
        }
        Expr::Call { function, arguments } => call::type_of(*function, arguments, scope),
        Expr::Field { operand, name } => match type_of(operand, scope)? {
            DataType::Struct(fields) => match fields.iter().find(|field| field.name == *name) {
                Some(field) => Ok(field.data_type.clone()),
                None => not_covered(format!("the field {name:?}")),
            },
            found => not_covered(format!("a field of {found}")),
        },
        Expr::Aggregate(_) => fails("an aggregate stands where only one row is known"),
    }
}

/// The expressions that a CASE may have as its value.
pub(super) fn case_values<'a>(
    branches: &'a [(Expr, Expr)],
    otherwise: Option<&'a Expr>,
) -> Vec<&'a Expr> {
    branches.iter().map(|(_, then)| then).chain(otherwise).collect()
}

fn condition(expr: &Expr, scope: &Scope<'_>) -> Outcome<DataType> {
    match type_of(expr, scope)? {
        DataType::Boolean | DataType::Null => Ok(DataType::Boolean),
        found => not_covered(format!("{found} as a condition")),
    }
}

/// Checks that it can stand as a condition.
pub(super) fn check_condition(expr: &Expr, scope: &Scope<'_>) -> Outcome<()> {
    condition(expr, scope).map(|_| ())
}

fn text(expr: &Expr, scope: &Scope<'_>) -> Outcome<()> {
    match type_of(expr, scope)? {
        DataType::Utf8 | DataType::Null => Ok(()),
        found => not_covered(format!("{found} where a text is wanted")),
    }
}

fn binary(
    operator: BinaryOperator,
    left: &Expr,
    right: &Expr,
    scope: &Scope<'_>,
) -> Outcome<DataType> {
    match operator {
        BinaryOperator::And | BinaryOperator::Or => {
            condition(left, scope)?;
            condition(right, scope)
        }
        BinaryOperator::Concat => {
            cast::check(&type_of(left, scope)?, &DataType::Utf8)?;
            cast::check(&type_of(right, scope)?, &DataType::Utf8)?;
            Ok(DataType::Utf8)
        }
        operator if operator.is_comparison() => {
            comparable(left, right, scope).map(|()| DataType::Boolean)
        }
        operator => {
            check_decimal_beside_double(left, right, scope)?;
            arithmetic::type_of(operator, &type_of(left, scope)?, &type_of(right, scope)?)
        }
    }
}

/// Checks that two expressions compare.
pub(super) fn comparable(left: &Expr, right: &Expr, scope: &Scope<'_>) -> Outcome<()> {
    let (left_type, right_type) = (type_of(left, scope)?, type_of(right, scope)?);
    let left_type = beside(left, left_type, &right_type)?;
    let right_type = beside(right, right_type, &left_type)?;
    check_decimal_beside_double(left, right, scope)?;
    let compare = left_type == right_type
        || left_type == DataType::Null
        || right_type == DataType::Null
        || (left_type.is_numeric() && right_type.is_numeric())
        || (left_type.is_temporal() && right_type.is_temporal());
    if compare { Ok(()) } else { not_covered(format!("{left_type} against {right_type}")) }
}

/// A double that is written down stands for its digits beside a decimal, one that is computed for
/// its binary value; which is which is not for the oracle to say.
fn check_decimal_beside_double(left: &Expr, right: &Expr, scope: &Scope<'_>) -> Outcome<()> {
    let types = (type_of(left, scope)?, type_of(right, scope)?);
    let double = match types {
        (DataType::Decimal { .. }, DataType::Float64) => right,
        (DataType::Float64, DataType::Decimal { .. }) => left,
        _ => return Ok(()),
    };
    if matches!(double, Expr::Column(_)) {
        return Ok(());
    }
    not_covered(format!("{double}, a double beside a decimal"))
}

fn beside(expr: &Expr, own: DataType, other: &DataType) -> Outcome<DataType> {
    match expr {
        Expr::Literal(Scalar::Utf8(text)) => Ok(read(text, other)?.data_type()),
        _ => Ok(own),
    }
}

/// The value of a text literal beside values of a type.
pub(super) fn read(text: &str, data_type: &DataType) -> Outcome<Scalar> {
    let unreadable = || fails(format!("{text:?} is no {data_type}"));
    match data_type {
        DataType::Utf8 | DataType::Null => Ok(text.into()),
        DataType::Int64 => match (text.parse::<i64>(), text.trim().parse::<f64>()) {
            (Ok(value), _) => Ok(value.into()),
            (Err(_), Ok(_)) => not_covered(format!("{text:?} beside integers")),
            _ => unreadable(),
        },
        DataType::Float64 => match text.parse::<f64>() {
            Ok(value) => Ok(value.into()),
            Err(_) => not_covered(format!("{text:?} beside doubles")),
        },
        DataType::Boolean => match text.to_lowercase().as_str() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => not_covered(format!("{text:?} beside booleans")),
        },
        DataType::Date => match (parse_date(text), parse_timestamp(text)) {
            (Ok(days), _) => Ok(Scalar::Date(days)),
            (_, Ok(micros)) => Ok(Scalar::Timestamp(micros)),
            _ => unreadable(),
        },
        DataType::Timestamp => match parse_timestamp(text) {
            Ok(micros) => Ok(Scalar::Timestamp(micros)),
            Err(_) => unreadable(),
        },
        other => not_covered(format!("a text literal beside {other}")),
    }
}

/// The one type of values that stand for each other, as the branches of a CASE. Text literals and
/// nulls follow the others.
pub(super) fn unified(exprs: &[&Expr], scope: &Scope<'_>) -> Outcome<DataType> {
    let mut common = DataType::Null;
    let mut has_text_literal = false;
    for expr in exprs {
        if matches!(expr, Expr::Literal(Scalar::Utf8(_))) {
            has_text_literal = true;
        } else {
            common = wider(&common, &type_of(expr, scope)?)?;
        }
    }
    for left in exprs {
        for right in exprs {
            check_decimal_beside_double(left, right, scope)?;
        }
    }
    if has_text_literal && common == DataType::Null {
        common = DataType::Utf8;
    }
    for expr in exprs {
        if let Expr::Literal(Scalar::Utf8(text)) = expr
            && read(text, &common)?.data_type() != common
        {
            return not_covered(format!("{text:?} as a {common}"));
        }
    }
    Ok(common)
}

fn wider(left: &DataType, right: &DataType) -> Outcome<DataType> {
    Ok(match (left, right) {
        (left, right) if left == right => left.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        (DataType::Float64, other) | (other, DataType::Float64) if other.is_numeric() => {
            DataType::Float64
        }
        (DataType::Decimal { .. }, DataType::Int64) => left.clone(),
        (DataType::Int64, DataType::Decimal { .. }) => right.clone(),
        (DataType::Decimal { scale: left, .. }, DataType::Decimal { scale: right, .. }) => {
            DataType::Decimal { precision: 38, scale: (*left).max(*right) }
        }
        (left, right) if left.is_temporal() && right.is_temporal() => DataType::Timestamp,
        _ => return not_covered(format!("{left} beside {right}")),
    })
}

/// The type of an aggregate over rows of the scope.
pub(super) fn of_aggregate(aggregate: &AggregateExpr, scope: &Scope<'_>) -> Outcome<DataType> {
    aggregate.filter.iter().try_for_each(|filter| check_condition(filter, scope))?;
    aggregate.order_by.iter().try_for_each(|order| type_of(order, scope).map(|_| ()))?;
    let argument = match &aggregate.argument {
        Some(argument) => type_of(argument, scope)?,
        None => DataType::Null,
    };
    use AggregateFunction as F;
    let unsuitable = || not_covered(format!("{aggregate} of {argument}"));
    match aggregate.function {
        F::CountRows | F::Count | F::CountDistinct => Ok(DataType::Int64),
        F::ApproximateCountDistinct => not_covered("approximate counts"),
        F::Sum => match &argument {
            DataType::Decimal { scale, .. } => {
                Ok(DataType::Decimal { precision: 38, scale: *scale })
            }
            DataType::Int64 | DataType::Float64 => Ok(argument),
            _ => unsuitable(),
        },
        F::Avg
        | F::VarianceSample
        | F::VariancePopulation
        | F::StddevSample
        | F::StddevPopulation
        | F::QuantileContinuous(_) => {
            if argument.is_numeric() {
                Ok(DataType::Float64)
            } else {
                unsuitable()
            }
        }
        F::Min | F::Max | F::QuantileDiscrete(_) => {
            if argument.is_nested() || argument == DataType::Null {
                unsuitable()
            } else {
                Ok(argument)
            }
        }
        F::First | F::Last => Ok(argument),
        F::BoolAnd | F::BoolOr => {
            if argument == DataType::Boolean {
                Ok(argument)
            } else {
                unsuitable()
            }
        }
    }
}
