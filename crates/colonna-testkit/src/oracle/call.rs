//! Functions of the values of one row.

use colonna_schema::{DataType, Expr, Function, Scalar};

use super::evaluate::{Row, pair, value_as, value_of as value_of_expr};
use super::types::{Scope, comparable, type_of as type_of_expr, unified};
use super::{Outcome, arithmetic, cast, fails, json, not_covered, text, time};

/// The type of a call, its arguments checked.
pub(super) fn type_of(
    function: Function,
    arguments: &[Expr],
    scope: &Scope<'_>,
) -> Outcome<DataType> {
    use Function as F;
    match function {
        F::Greatest | F::Least | F::Coalesce => {
            return unified(&arguments.iter().collect::<Vec<_>>(), scope);
        }
        F::NullIf => {
            let [value, other] = arguments else { return not_covered("nullif") };
            comparable(value, other, scope)?;
            return type_of_expr(value, scope);
        }
        _ => {}
    }
    let types: Vec<DataType> =
        arguments.iter().map(|argument| type_of_expr(argument, scope)).collect::<Outcome<_>>()?;
    let suits = |wanted: &[DataType]| {
        types.iter().zip(wanted).all(|(found, wanted)| found == wanted || *found == DataType::Null)
    };
    const TEXT: DataType = DataType::Utf8;
    const INTEGER: DataType = DataType::Int64;
    match function {
        F::Concat | F::ConcatWithSeparator => {
            types.iter().try_for_each(|found| cast::check(found, &TEXT)).map(|()| TEXT)
        }
        F::Abs | F::Ceil | F::Floor | F::Round | F::Trunc | F::Sign => of_number(function, &types),
        F::Sqrt | F::Ln | F::Log10 | F::Log2 | F::Exp | F::Power
            if types.iter().all(DataType::is_numeric) =>
        {
            Ok(DataType::Float64)
        }
        F::Length if matches!(types.as_slice(), [DataType::List(_) | DataType::Map(..)]) => {
            Ok(INTEGER)
        }
        F::Length | F::OctetLength if suits(&[TEXT]) => Ok(INTEGER),
        F::Substring | F::Left | F::Repeat if suits(&[TEXT, INTEGER, INTEGER]) => Ok(TEXT),
        F::SplitPart if suits(&[TEXT, TEXT, INTEGER]) => Ok(TEXT),
        F::Lower | F::Upper | F::Reverse | F::Trim | F::TrimStart | F::TrimEnd | F::Replace
            if suits(&[TEXT, TEXT, TEXT]) =>
        {
            Ok(TEXT)
        }
        F::StartsWith | F::EndsWith | F::Contains if suits(&[TEXT, TEXT]) => Ok(DataType::Boolean),
        F::Position if suits(&[TEXT, TEXT]) => Ok(INTEGER),
        F::JsonValid if suits(&[TEXT]) => Ok(DataType::Boolean),
        F::JsonExtract | F::JsonExtractText if suits(&[TEXT, TEXT]) || suits(&[TEXT, INTEGER]) => {
            Ok(TEXT)
        }
        F::ElementAt => of_element(&types, arguments),
        F::DateTrunc | F::DatePart | F::DateBin => of_time(function, &types, arguments),
        _ => not_covered(format!("{function:?} of {types:?}")),
    }
}

fn of_number(function: Function, types: &[DataType]) -> Outcome<DataType> {
    match (function, types) {
        (Function::Sign, [found]) if found.is_numeric() => Ok(DataType::Int64),
        (Function::Abs, [found @ DataType::Decimal { .. }]) => Ok(found.clone()),
        (_, [DataType::Decimal { precision, .. }]) => {
            Ok(DataType::Decimal { precision: *precision, scale: 0 })
        }
        (_, [found]) if found.is_numeric() => Ok(found.clone()),
        _ => not_covered(format!("{function:?} of {types:?}")),
    }
}

fn of_element(types: &[DataType], arguments: &[Expr]) -> Outcome<DataType> {
    match (types, arguments) {
        ([DataType::List(element), DataType::Int64], _) => Ok((**element).clone()),
        ([DataType::Map(key, value), wanted], _) if **key == *wanted => Ok((**value).clone()),
        _ => not_covered(format!("an element of {types:?}")),
    }
}

fn of_time(function: Function, types: &[DataType], arguments: &[Expr]) -> Outcome<DataType> {
    match (function, arguments, types) {
        (Function::DateTrunc, [Expr::Literal(Scalar::Utf8(unit)), _], [_, found])
            if found.is_temporal() =>
        {
            // An unknown unit is found here, even where there is no row.
            time::truncated(unit, &Scalar::Timestamp(0))?;
            let keeps_day = *found == DataType::Date && time::is_whole_days(unit);
            Ok(if keeps_day { DataType::Date } else { DataType::Timestamp })
        }
        (Function::DatePart, [Expr::Literal(Scalar::Utf8(part)), _], [_, found])
            if found.is_temporal() =>
        {
            time::part(part, &Scalar::Timestamp(0)).map(|_| DataType::Int64)
        }
        (
            Function::DateBin,
            [
                Expr::Literal(Scalar::Int64(months)),
                Expr::Literal(Scalar::Int64(width)),
                _,
                rest @ ..,
            ],
            [_, _, times @ ..],
        ) if times.iter().all(DataType::is_temporal) && rest.len() < 2 => {
            let origin = rest.first().map(|_| &Scalar::Timestamp(0));
            time::binned(*months, *width, &Scalar::Timestamp(0), origin)
                .map(|_| DataType::Timestamp)
        }
        _ => not_covered(format!("{function:?} of {types:?}")),
    }
}

/// The value of a call.
pub(super) fn value_of(function: Function, arguments: &[Expr], row: &Row<'_>) -> Outcome<Scalar> {
    use Function as F;
    match function {
        F::Coalesce => {
            let common = unified(&arguments.iter().collect::<Vec<_>>(), row.scope)?;
            for argument in arguments {
                let value = value_as(argument, &common, row)?;
                if !value.is_null() {
                    return Ok(value);
                }
            }
            Ok(Scalar::Null)
        }
        F::Greatest | F::Least => {
            let common = unified(&arguments.iter().collect::<Vec<_>>(), row.scope)?;
            let values = arguments.iter().map(|argument| value_as(argument, &common, row));
            let values = values.collect::<Outcome<Vec<_>>>()?;
            let values = values.into_iter().filter(|value| !value.is_null());
            let found = if function == F::Greatest {
                values.max_by(Scalar::total_cmp)
            } else {
                values.min_by(Scalar::total_cmp)
            };
            Ok(found.unwrap_or(Scalar::Null))
        }
        F::NullIf => {
            let [value, other] = arguments else { return not_covered("nullif") };
            let (left, right) = pair(value, other, row)?;
            let equal = !left.is_null() && !right.is_null() && left == right;
            if equal { Ok(Scalar::Null) } else { value_of_expr(value, row) }
        }
        _ => {
            let values = arguments.iter().map(|argument| value_of_expr(argument, row));
            of_values(function, &values.collect::<Outcome<Vec<_>>>()?)
        }
    }
}

/// A function that looks at all its arguments, whatever they are.
fn of_values(function: Function, values: &[Scalar]) -> Outcome<Scalar> {
    use Function as F;
    match function {
        F::Concat => joined("", values),
        F::ConcatWithSeparator => match values {
            [Scalar::Utf8(separator), rest @ ..] => joined(separator, rest),
            _ => Ok(Scalar::Null),
        },
        _ if values.iter().any(Scalar::is_null) => Ok(Scalar::Null),
        F::Abs | F::Ceil | F::Floor | F::Round | F::Trunc | F::Sign => number(function, values),
        F::Sqrt | F::Ln | F::Log10 | F::Log2 | F::Exp | F::Power => double(function, values),
        F::DateTrunc | F::DatePart | F::DateBin => match values {
            [Scalar::Utf8(unit), at] if function == F::DateTrunc => time::truncated(unit, at),
            [Scalar::Utf8(part), at] => time::part(part, at),
            [Scalar::Int64(months), Scalar::Int64(width), at, origin @ ..] => {
                time::binned(*months, *width, at, origin.first())
            }
            _ => not_covered("such a time"),
        },
        F::JsonExtract | F::JsonExtractText | F::JsonValid => json::of_json(function, values),
        F::ElementAt | F::Length => match values {
            [Scalar::List(elements)] => text::count(elements.len()),
            [Scalar::Map(entries)] => text::count(entries.len()),
            [Scalar::List(elements), Scalar::Int64(index)] => {
                Ok(text::element(elements, *index).cloned().unwrap_or(Scalar::Null))
            }
            [Scalar::Map(entries), key] => {
                let entry = entries.iter().find(|(found, _)| found == key);
                Ok(entry.map_or(Scalar::Null, |(_, value)| value.clone()))
            }
            _ => text::of_text(function, values),
        },
        _ => text::of_text(function, values),
    }
}

fn joined(separator: &str, values: &[Scalar]) -> Outcome<Scalar> {
    let mut texts = Vec::new();
    for value in values {
        if let Scalar::Utf8(text) = cast::cast(value, &DataType::Utf8)? {
            texts.push(text);
        }
    }
    Ok(texts.join(separator).into())
}

fn number(function: Function, values: &[Scalar]) -> Outcome<Scalar> {
    match (function, values) {
        (Function::Sign, [value]) => {
            if matches!(value, Scalar::Float64(value) if value.is_nan()) {
                return not_covered("the sign of NaN");
            }
            let order = value.total_cmp(&Scalar::Int64(0));
            Ok((i64::from(order.is_gt()) - i64::from(order.is_lt())).into())
        }
        (Function::Abs, [Scalar::Int64(value)]) => match value.checked_abs() {
            Some(value) => Ok(value.into()),
            None => fails("overflow"),
        },
        (_, [Scalar::Int64(value)]) => Ok((*value).into()),
        (_, [Scalar::Float64(value)]) => Ok(match function {
            Function::Abs => value.abs(),
            Function::Ceil => value.ceil(),
            Function::Floor => value.floor(),
            Function::Round => value.round(),
            _ => value.trunc(),
        }
        .into()),
        (Function::Abs, [Scalar::Decimal { value, scale }]) => {
            Ok(Scalar::Decimal { value: value.abs(), scale: *scale })
        }
        (_, [Scalar::Decimal { value, scale }]) => {
            let unit = arithmetic::raised(1, 0, *scale)?;
            let (floor, above) = (value.div_euclid(unit), value.rem_euclid(unit));
            let goes_up = match function {
                Function::Ceil => above > 0,
                Function::Floor => false,
                // Half goes away from zero: up where positive, down where negative.
                Function::Round => above * 2 > unit || (above * 2 == unit && *value > 0),
                _ => above > 0 && *value < 0,
            };
            Ok(Scalar::Decimal { value: floor + i128::from(goes_up), scale: 0 })
        }
        _ => not_covered(format!("{function:?} of {values:?}")),
    }
}

fn double(function: Function, values: &[Scalar]) -> Outcome<Scalar> {
    let values: Vec<f64> = values.iter().filter_map(Scalar::as_f64).collect();
    Ok(match (function, values.as_slice()) {
        (Function::Sqrt, [value]) => value.sqrt(),
        (Function::Ln, [value]) => value.ln(),
        (Function::Log10, [value]) => value.log10(),
        (Function::Log2, [value]) => value.log2(),
        (Function::Exp, [value]) => value.exp(),
        (Function::Power, [base, exponent]) => base.powf(*exponent),
        _ => return not_covered(format!("{function:?}")),
    }
    .into())
}
