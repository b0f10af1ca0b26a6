//! A column in another form.

use std::sync::Arc;

use colonna_schema::DataType;

use crate::{Column, ColumnBuilder, Values};

impl Column {
    /// The same values without codes, constants and all-null forms, so that a kernel meets one form
    /// for each type. Fields of structs and elements of lists are made flat too.
    #[must_use]
    pub fn to_flat(&self) -> Self {
        let (data_type, len) = (self.data_type(), self.len());
        let form =
            |values| Self::from_parts(data_type.clone(), len, values, self.validity().cloned());
        match self.values() {
            Values::Null if *data_type != DataType::Null => {
                let mut builder = ColumnBuilder::new(data_type);
                builder.push_nulls(len);
                builder.finish()
            }
            Values::Constant(value) => {
                let mut builder = ColumnBuilder::new(data_type);
                for _ in 0..len {
                    if builder.push_scalar(value).is_err() {
                        builder.push_null();
                    }
                }
                builder.finish()
            }
            Values::Sparse { .. } => self.dense().to_flat(),
            Values::Codes { codes, dictionary } => {
                let strings = Values::Strings(Arc::new(dictionary.gather(codes)));
                form(strings)
            }
            Values::NumberCodes { codes, dictionary } => {
                let numbers = dictionary.gather(codes);
                form(numbers)
            }
            Values::List { offsets, elements } => {
                let elements = Box::new(elements.to_flat());
                let values = Values::List { offsets: offsets.clone(), elements };
                form(values)
            }
            Values::Struct(columns) => {
                let values = Values::Struct(columns.iter().map(Self::to_flat).collect());
                form(values)
            }
            Values::Map { offsets, keys, values } => {
                let (keys, values) = (Box::new(keys.to_flat()), Box::new(values.to_flat()));
                let values = Values::Map { offsets: offsets.clone(), keys, values };
                form(values)
            }
            _ => self.clone(),
        }
    }

    /// The same values, with numbers in the place of codes.
    #[must_use]
    pub fn with_numbers(self) -> Self {
        if matches!(self.values(), Values::NumberCodes { .. }) { self.to_flat() } else { self }
    }
}
