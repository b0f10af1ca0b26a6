//! Rows in columns: what one door hands to the next.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_schema::{Field, Scalar, Schema};

use crate::{Column, ColumnError};

/// Columns of one length under a schema.
///
/// Invariant: one column for each field, of its type, and all of `row_count` rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    schema: Arc<Schema>,
    columns: Vec<Column>,
    row_count: usize,
}

impl Columns {
    /// These columns under that schema.
    ///
    /// # Errors
    ///
    /// Where number, types or lengths do not agree.
    pub fn try_new(
        schema: Arc<Schema>,
        columns: Vec<Column>,
        row_count: usize,
    ) -> Result<Self, ColumnError> {
        if schema.fields.len() != columns.len() {
            let (expected, found) = (schema.fields.len(), columns.len());
            return Err(ColumnError::LengthMismatch { expected, found });
        }
        for (field, column) in schema.fields.iter().zip(&columns) {
            if column.len() != row_count {
                return Err(ColumnError::LengthMismatch {
                    expected: row_count,
                    found: column.len(),
                });
            }
            if field.data_type != *column.data_type() {
                let (expected, found) = (field.data_type.clone(), column.data_type().clone());
                return Err(ColumnError::TypeMismatch { expected, found });
            }
        }
        Ok(Self { schema, columns, row_count })
    }

    /// Columns with their names; the schema follows from them.
    ///
    /// # Errors
    ///
    /// Where lengths do not agree.
    pub fn from_named(columns: Vec<(String, Column)>) -> Result<Self, ColumnError> {
        let row_count = columns.first().map_or(0, |(_, column)| column.len());
        let fields =
            columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone()));
        let schema = Arc::new(Schema::new(fields.collect()));
        Self::try_new(schema, columns.into_iter().map(|(_, column)| column).collect(), row_count)
    }

    /// Names and types.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The columns, in the schema's order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows there are. There may be rows without any column.
    pub fn row_count(&self) -> usize {
        self.row_count
    }

    /// The column at a path: a column's name, then names of struct fields.
    pub fn column_at<S: AsRef<str>>(&self, path: &[S]) -> Option<Column> {
        self.look_at(path).map(Cow::into_owned)
    }

    /// The same, which is not copied where it is no field of a struct.
    pub fn look_at<S: AsRef<str>>(&self, path: &[S]) -> Option<Cow<'_, Column>> {
        let (first, rest) = path.split_first()?;
        let column = self.columns.get(self.schema.index_of(first.as_ref())?)?;
        rest.iter().try_fold(Cow::Borrowed(column), |column, name| {
            column.field(name.as_ref()).map(Cow::Owned)
        })
    }

    /// The values of a row.
    pub fn row(&self, row: usize) -> Vec<Scalar> {
        self.columns.iter().map(|column| column.scalar_at(row)).collect()
    }

    /// The rows at these positions, in their order.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| column.gather(rows)).collect();
        Self { schema: Arc::clone(&self.schema), columns, row_count: rows.len() }
    }

    /// The same rows without sparse columns, as whoever computes with them expects them.
    #[must_use]
    pub fn dense(self) -> Self {
        let columns = self.columns.into_iter().map(Column::into_dense).collect();
        Self { columns, ..self }
    }

    /// The same rows, which do not hold on to dictionaries with more words than there are rows.
    #[must_use]
    pub fn compacted(self) -> Self {
        let columns = self.columns.into_iter().map(Column::compacted).collect();
        Self { columns, ..self }
    }

    /// `len` rows from `start` on, as far as there are any.
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        let start = start.min(self.row_count);
        let len = len.min(self.row_count - start);
        let columns = self.columns.iter().map(|column| column.slice(start, len)).collect();
        Self { schema: Arc::clone(&self.schema), columns, row_count: len }
    }

    /// About how many bytes of memory they take.
    pub fn byte_len(&self) -> usize {
        self.columns.iter().map(Column::byte_len).sum()
    }

    /// The same rows with one more column.
    ///
    /// # Errors
    ///
    /// Where the column's length differs.
    pub fn with_column(mut self, name: &str, column: Column) -> Result<Self, ColumnError> {
        let mut fields = self.schema.fields.clone();
        fields.push(Field::new(name, column.data_type().clone()));
        self.columns.push(column);
        Self::try_new(Arc::new(Schema::new(fields)), self.columns, self.row_count)
    }

    /// The same rows under a schema that has their columns and may have more, also inside of
    /// structs: those are null.
    ///
    /// # Errors
    ///
    /// Where a column is of another type.
    pub fn conformed(self, schema: &Arc<Schema>) -> Result<Self, ColumnError> {
        if self.schema == *schema {
            return Ok(self);
        }
        let column = |field: &Field| match self.schema.index_of(&field.name) {
            Some(index) => self.columns[index].clone().conformed(&field.data_type),
            None => Column::nulls(field.data_type.clone(), self.row_count),
        };
        let columns = schema.fields.iter().map(column).collect();
        Self::try_new(Arc::clone(schema), columns, self.row_count)
    }

    /// The schema and the columns, taken apart.
    pub fn into_parts(self) -> (Arc<Schema>, Vec<Column>) {
        (self.schema, self.columns)
    }
}
