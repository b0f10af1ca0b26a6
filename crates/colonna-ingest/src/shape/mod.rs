//! From records to columns of a shape.

use std::sync::Arc;

use colonna_column::Columns;
use colonna_schema::Schema;

use crate::IngestError;

/// The columns that records become.
#[derive(Clone, Debug, Default)]
pub struct RecordShape {
    schema: Arc<Schema>,
}

impl RecordShape {
    /// The columns.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }
}

/// A value that does not fit its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The field.
    pub field: Option<String>,
    /// Why it does not fit, in one line.
    pub reason: String,
}

/// Collects records into columns.
#[derive(Debug)]
pub struct Shaper {
    shape: Arc<RecordShape>,
    rows: usize,
}

impl Shaper {
    /// No rows yet.
    pub fn new(shape: &Arc<RecordShape>) -> Self {
        Self { shape: Arc::clone(shape), rows: 0 }
    }
    /// The index of the column that the field of that name goes to.
    pub fn column_of(&self, _name: &str) -> Option<usize> {
        None
    }
    /// Adds the text of a field to the record. One that does not fit is told by
    /// [`Shaper::finish_record`].
    pub fn push_text(&mut self, _index: usize, _text: &str, _quoted: bool) {}
    /// Keeps a value that no column takes in the residual column, under that key.
    pub fn push_surplus(&mut self, _key: &str, _text: &str) {}
    /// Ends the record. Fields that got nothing are null.
    ///
    /// # Errors
    ///
    /// Where a value does not fit; the record is dropped then.
    pub fn finish_record(&mut self) -> Result<(), Misfit> {
        self.rows += 1;
        Ok(())
    }
    /// Drops what was pushed of a record that was not finished.
    pub fn rollback_record(&mut self) {}
    /// The columns of all records.
    ///
    /// # Errors
    ///
    /// Where the columns do not hold together, which no input brings about.
    pub fn finish(self) -> Result<Columns, IngestError> {
        Ok(Columns::try_new(Arc::clone(self.shape.schema()), Vec::new(), self.rows)?)
    }
}
