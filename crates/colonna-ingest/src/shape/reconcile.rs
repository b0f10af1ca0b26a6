//! A shape made to fit a table that exists already.

use std::sync::Arc;

use colonna_schema::{DataType, Field, Schema};

use super::{FieldShape, ObjectShape, Policy, RecordShape, ValueShape};
use crate::TimeFormat;
use crate::infer::{RESIDUAL, given_shape};

impl RecordShape {
    /// The shape whose columns are the table's, in their order and of their types, with the columns
    /// behind them that the table lacks.
    ///
    /// A column is the table's if it has its name, or else if it is the only one that differs from it
    /// in case only. A value that the table's type does not hold exactly goes to the residual
    /// column, which is added where that can happen.
    #[must_use]
    pub fn reconciled_with(&self, table: &Schema) -> Self {
        let mut merge = Merge { columns: table.fields.clone(), is_exact: true };
        let root = merge.flat(&self.root);
        let mut columns = merge.columns;
        let residual = columns.iter().position(|column| column.name == RESIDUAL);
        let residual = residual.or_else(|| {
            (self.residual.is_some() || !merge.is_exact).then(|| {
                columns.push(Field::new(RESIDUAL, DataType::Utf8));
                columns.len() - 1
            })
        });
        let schema = Arc::new(Schema::new(columns));
        let is_settled = self.is_settled && merge.is_exact;
        Self { is_settled, ..Self::new(schema, root, residual, Arc::clone(&self.nulls)) }
    }
}

struct Merge {
    columns: Vec<Field>,
    /// No value can fail to fit.
    is_exact: bool,
}

impl Merge {
    /// The fields that are columns of the record.
    fn flat(&mut self, object: &ObjectShape) -> ObjectShape {
        let mut columns = std::mem::take(&mut self.columns);
        let mut fields = Vec::with_capacity(object.fields.len());
        for field in &object.fields {
            if let ValueShape::Flat(nested) = &field.value {
                self.columns = columns;
                let value = ValueShape::Flat(self.flat(nested));
                columns = std::mem::take(&mut self.columns);
                fields.push(FieldShape { value, ..field.clone() });
            } else {
                fields.push(self.field(field, &mut columns));
            }
        }
        self.columns = columns;
        ObjectShape::new(fields).with_may_turn(object.may_turn)
    }

    /// The field in its column, which is added where there is none.
    fn field(&mut self, field: &FieldShape, columns: &mut Vec<Field>) -> FieldShape {
        let Some(slot) = position(columns, &field.name) else {
            columns.push(Field::new(&field.name, field.value.data_type()));
            return FieldShape { slot: columns.len() - 1, ..field.clone() };
        };
        let mut merged = field.clone();
        merged.slot = slot;
        if let Some(column) = columns.get_mut(slot) {
            merged.name.clone_from(&column.name);
            merged.value = self.value(&field.value, &column.data_type);
            // Nested fields may have been added.
            column.data_type = merged.value.data_type();
        }
        merged
    }

    fn value(&mut self, value: &ValueShape, wanted: &DataType) -> ValueShape {
        match (value, wanted) {
            (ValueShape::Struct(object), DataType::Struct(columns)) => {
                let mut columns = columns.clone();
                let fields = object.fields.iter().map(|field| self.field(field, &mut columns));
                let mut fields: Vec<FieldShape> = fields.collect();
                let known: Vec<usize> = fields.iter().map(|field| field.slot).collect();
                // What only the table has stays, for it is part of the column's type.
                fields.extend(
                    columns.iter().enumerate().filter(|(slot, _)| !known.contains(slot)).map(
                        |(slot, column)| FieldShape {
                            key: column.name.as_str().into(),
                            name: column.name.clone(),
                            slot,
                            value: given_shape(&column.data_type, None, Policy::Keep),
                            policy: Policy::Keep,
                        },
                    ),
                );
                ValueShape::Struct(ObjectShape::new(fields).with_may_turn(object.may_turn))
            }
            (ValueShape::List(element), DataType::List(wanted)) => {
                ValueShape::List(Box::new(self.value(element, wanted)))
            }
            (ValueShape::Map(value), DataType::Map(key, wanted)) if **key == DataType::Utf8 => {
                ValueShape::Map(Box::new(self.value(value, wanted)))
            }
            (_, DataType::Utf8) => ValueShape::TEXT,
            (value, wanted) if value.data_type() == *wanted => value.clone(),
            (ValueShape::Date(format), DataType::Timestamp) => {
                ValueShape::Timestamp { format: format.clone(), may_cut: false }
            }
            (ValueShape::Int64(reading), DataType::Float64) => {
                self.is_exact = false;
                ValueShape::Float64(reading.clone())
            }
            (ValueShape::Float64(reading), DataType::Int64) => {
                self.is_exact = false;
                ValueShape::Int64(reading.clone())
            }
            (value, wanted) => {
                self.is_exact = false;
                given_shape(wanted, times_of(value), Policy::Keep)
            }
        }
    }
}

/// How the values would be read as times.
fn times_of(value: &ValueShape) -> Option<&TimeFormat> {
    match value {
        ValueShape::Int64(reading) | ValueShape::Float64(reading) | ValueShape::Text(reading) => {
            reading.times.as_ref()
        }
        ValueShape::Date(format) | ValueShape::Timestamp { format, .. } => Some(format),
        _ => None,
    }
}

/// The column of that name, or the only one that differs from it in case only.
fn position(columns: &[Field], name: &str) -> Option<usize> {
    if let Some(exact) = columns.iter().position(|column| column.name == name) {
        return Some(exact);
    }
    let lower = name.to_lowercase();
    let mut alike =
        columns.iter().enumerate().filter(|(_, column)| column.name.to_lowercase() == lower);
    match (alike.next(), alike.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}
