//! Decoded batches as columns. A dictionary that many batches share becomes one dictionary.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType as ArrowType, Int32Type};
use arrow::record_batch::RecordBatch;
use colonna_column::{Bitmap, Column, ColumnError, Columns, Strings, Values, from_arrow};
use colonna_schema::{DataType, Field, Schema};

/// Turns the batches of one row group into columns.
#[derive(Debug, Default)]
pub(crate) struct Converter {
    /// By the position of the array in its batch: the last dictionary, and what it became.
    dictionaries: HashMap<usize, (ArrayRef, Arc<Strings>)>,
}

impl Converter {
    pub(crate) fn columns(&mut self, batch: &RecordBatch) -> Result<Columns, ColumnError> {
        let schema = batch.schema();
        let mut position = 0;
        let mut columns = Vec::with_capacity(batch.num_columns());
        let mut fields = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let column = self.column(field.name(), array, &mut position)?;
            fields.push(Field::new(field.name(), column.data_type().clone()));
            columns.push(column);
        }
        Columns::try_new(Arc::new(Schema::new(fields)), columns, batch.num_rows())
    }

    fn column(
        &mut self,
        name: &str,
        array: &ArrayRef,
        position: &mut usize,
    ) -> Result<Column, ColumnError> {
        *position += 1;
        match array.data_type() {
            ArrowType::Dictionary(key, value)
                if **key == ArrowType::Int32 && **value == ArrowType::Utf8 =>
            {
                self.coded(array, *position)
            }
            ArrowType::Struct(fields) => {
                let validity = array
                    .logical_nulls()
                    .map(|nulls| Bitmap::from_fn(nulls.len(), |row| nulls.is_valid(row)));
                let mut columns = Vec::with_capacity(fields.len());
                let mut types = Vec::with_capacity(fields.len());
                for (field, child) in fields.iter().zip(array.as_struct().columns()) {
                    let column = self.column(field.name(), child, position)?;
                    types.push(Field::new(field.name(), column.data_type().clone()));
                    columns.push(match &validity {
                        Some(validity) => column.masked(validity),
                        None => column,
                    });
                }
                let data_type = DataType::Struct(types);
                Column::try_new(data_type, array.len(), Values::Struct(columns), validity)
            }
            _ => from_arrow(name, array),
        }
    }

    fn coded(&mut self, array: &ArrayRef, position: usize) -> Result<Column, ColumnError> {
        let coded = array.as_dictionary::<Int32Type>();
        let words = coded.values();
        if words.is_empty() {
            return Ok(Column::nulls(DataType::Utf8, array.len()));
        }
        let known = self.dictionaries.get(&position);
        let known = known.filter(|(last, _)| last.to_data().ptr_eq(&words.to_data()));
        let dictionary = match known {
            Some((_, dictionary)) => Arc::clone(dictionary),
            None => {
                let words_of = words.as_string::<i32>();
                let texts = (0..words_of.len()).map(|word| words_of.value(word));
                let dictionary = Arc::new(texts.collect::<Strings>());
                self.dictionaries.insert(position, (Arc::clone(words), Arc::clone(&dictionary)));
                dictionary
            }
        };
        // A null row may have any code; one that leads out of the dictionary must not survive.
        let last = u32::try_from(words.len() - 1).unwrap_or(u32::MAX);
        let codes = coded.keys().values().iter();
        let codes = codes.map(|code| u32::try_from(*code).unwrap_or_default().min(last)).collect();
        let validity = array
            .logical_nulls()
            .map(|nulls| Bitmap::from_fn(nulls.len(), |row| nulls.is_valid(row)));
        Column::try_new(DataType::Utf8, array.len(), Values::Codes { codes, dictionary }, validity)
    }
}
