//! The shapes of types that are given.

use colonna_schema::{DataType, Field};

use super::evidence::ValueEvidence;
use crate::TimeFormat;
use crate::shape::{FieldShape, ObjectShape, Policy, Reading, ValueShape};

/// The shape of a type, for values of which nothing is known.
pub(crate) fn given_shape(
    data_type: &DataType,
    format: Option<&TimeFormat>,
    policy: Policy,
) -> ValueShape {
    seen_shape(data_type, format, None, policy)
}

/// The shape of a type that is given. Where no format is, the values show it, or it is ISO 8601.
pub(super) fn seen_shape(
    data_type: &DataType,
    format: Option<&TimeFormat>,
    evidence: Option<&ValueEvidence>,
    policy: Policy,
) -> ValueShape {
    let time_format = || match (format, evidence) {
        (Some(format), _) => format.clone(),
        (None, Some(evidence)) => evidence
            .times
            .decide()
            .or_else(|| evidence.epoch.decide())
            .map_or(TimeFormat::Iso8601, |times| times.format),
        (None, None) => TimeFormat::Iso8601,
    };
    match data_type {
        DataType::Boolean => ValueShape::Boolean,
        DataType::Int64 => ValueShape::Int64(Reading::default()),
        DataType::Float64 => ValueShape::Float64(Reading::default()),
        DataType::Decimal { precision, scale } => {
            ValueShape::Decimal { precision: *precision, scale: *scale }
        }
        DataType::Utf8 | DataType::Null => ValueShape::TEXT,
        DataType::Binary => ValueShape::Binary,
        DataType::Date => ValueShape::Date(time_format()),
        DataType::Timestamp => {
            ValueShape::Timestamp { format: time_format(), may_cut: policy == Policy::Reject }
        }
        DataType::List(element) => {
            let evidence = evidence.and_then(|evidence| evidence.element.as_deref());
            ValueShape::List(Box::new(seen_shape(element, format, evidence, policy)))
        }
        DataType::Map(_, value) => {
            ValueShape::Map(Box::new(seen_shape(value, format, None, policy)))
        }
        DataType::Struct(fields) => {
            let object = evidence.and_then(|evidence| evidence.object.as_deref());
            let field = |(slot, field): (usize, &Field)| {
                let seen = object.and_then(|object| object.find(&field.name));
                let value =
                    seen_shape(&field.data_type, None, seen.map(|seen| &seen.value), policy);
                field_shape(&field.name, field.name.clone(), slot, value, policy)
            };
            ValueShape::Struct(ObjectShape::new(fields.iter().enumerate().map(field).collect()))
        }
    }
}

pub(super) fn field_shape(
    key: &str,
    name: String,
    slot: usize,
    value: ValueShape,
    policy: Policy,
) -> FieldShape {
    FieldShape { key: key.into(), name, slot, value, policy }
}

/// Whether it is all values together that say how the times of a given type are written. None of
/// them is a surprise.
pub(super) fn is_format_open(data_type: &DataType, format: Option<&TimeFormat>) -> bool {
    match data_type {
        DataType::Date | DataType::Timestamp => format.is_none(),
        DataType::List(element) => is_format_open(element, format),
        DataType::Struct(fields) => {
            fields.iter().any(|field| is_format_open(&field.data_type, None))
        }
        _ => false,
    }
}
