//! Values of any type, one by one, into a column that grows.

use colonna_schema::{DataType, Scalar};

use crate::{ColumnBuilder, ColumnError};

impl ColumnBuilder {
    /// Adds a value of any type.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    pub fn push_scalar(&mut self, value: &Scalar) -> Result<(), ColumnError> {
        match (value, &self.data_type) {
            (Scalar::Null, _) => self.push_null(),
            (Scalar::Boolean(value), _) => self.push_bool(*value)?,
            (Scalar::Int64(value), DataType::Int64)
            | (Scalar::Timestamp(value), DataType::Timestamp) => {
                self.push_i64(*value)?;
            }
            (Scalar::Date(days), DataType::Date) => self.push_i64(i64::from(*days))?,
            (Scalar::Float64(value), _) => self.push_f64(*value)?,
            (Scalar::Decimal { value, scale }, DataType::Decimal { scale: wanted, .. })
                if scale == wanted =>
            {
                self.push_decimal(*value)?;
            }
            (Scalar::Utf8(text), DataType::Utf8) => self.push_text(text)?,
            (Scalar::Binary(bytes), _) => self.push_bytes(bytes)?,
            (Scalar::List(values), DataType::List(_)) => {
                if let [elements] = self.elements_mut() {
                    values.iter().try_for_each(|value| elements.push_scalar(value))?;
                }
                self.close_row();
            }
            (Scalar::Map(entries), DataType::Map(..)) => {
                if let [keys, values] = self.elements_mut() {
                    for (key, value) in entries {
                        keys.push_scalar(key)?;
                        values.push_scalar(value)?;
                    }
                }
                self.close_row();
            }
            (Scalar::Struct(values), DataType::Struct(fields)) => {
                let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
                let row = self.len;
                for (name, field) in names.iter().zip(self.fields_mut()) {
                    field.push_nulls_to(row);
                    match values.iter().find(|(given, _)| given == name) {
                        Some((_, value)) => field.push_scalar(value)?,
                        None => field.push_null(),
                    }
                }
                self.close_row();
            }
            (other, _) => return Err(self.mismatch(other.data_type())),
        }
        Ok(())
    }
}
