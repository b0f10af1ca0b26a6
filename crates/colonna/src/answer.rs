//! The rows that answer a query, with what was read for them.

use std::fmt;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use colonna_column::Columns;
use colonna_scan::Counters;
use colonna_schema::{DataType, Scalar, Schema};

use crate::Error;

/// A block of an answer that is handed out has at most that many rows.
const ROWS_PER_BATCH: usize = 65_536;

/// More rows than these are not shown by `Display`.
const ROWS_SHOWN: usize = 40;

/// The rows that answer a query.
#[derive(Clone, Debug)]
pub struct Answer {
    columns: Columns,
    counters: Counters,
    elapsed: Duration,
}

impl Answer {
    pub(crate) fn new(columns: Columns, counters: Counters, elapsed: Duration) -> Self {
        Self { columns, counters, elapsed }
    }

    /// Names and types of the result columns.
    pub fn schema(&self) -> &Schema {
        self.columns.schema()
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.columns.row_count()
    }

    /// The rows in columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The values of a row.
    pub fn row(&self, row: usize) -> Vec<Scalar> {
        self.columns.row(row)
    }

    /// The rows as Arrow batches of at most 65,536 rows; an empty answer is one empty batch.
    ///
    /// # Errors
    ///
    /// Where a column is too large for Arrow's 32-bit offsets.
    pub fn batches(&self) -> Result<Vec<RecordBatch>, Error> {
        let starts = (0..self.row_count().max(1)).step_by(ROWS_PER_BATCH);
        Ok(starts
            .map(|start| self.columns.slice(start, ROWS_PER_BATCH).to_batch())
            .collect::<Result<_, _>>()?)
    }

    /// What was considered, skipped and read.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How long it took.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

/// A table of the first 40 rows, numbers to the right.
impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = &self.schema().fields;
        let shown = self.row_count().min(ROWS_SHOWN);
        let mut lines: Vec<Vec<String>> =
            vec![fields.iter().map(|field| field.name.clone()).collect()];
        lines.extend((0..shown).map(|row| {
            self.row(row).iter().map(|value| value.to_string().replace('\n', "\\n")).collect()
        }));
        let width = |column: usize| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..fields.len()).map(width).collect();
        for (index, line) in lines.iter().enumerate() {
            let cells: Vec<String> = (0..fields.len())
                .map(|column| {
                    let (cell, width) = (&line[column], widths[column]);
                    if index > 0 && is_right_aligned(&fields[column].data_type) {
                        format!("{cell:>width$}")
                    } else {
                        format!("{cell:<width$}")
                    }
                })
                .collect();
            writeln!(formatter, "{}", cells.join("  ").trim_end())?;
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                writeln!(formatter, "{}", rule.join("  "))?;
            }
        }
        if shown < self.row_count() {
            writeln!(formatter, ".. {} more rows", self.row_count() - shown)?;
        }
        Ok(())
    }
}

fn is_right_aligned(data_type: &DataType) -> bool {
    data_type.is_numeric()
}
