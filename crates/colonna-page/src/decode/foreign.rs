//! What is read by Parquet's own reader: lists, and types and encodings that are rare.

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::Schema as ArrowSchema;
use colonna_column::{Bitmap, Column, Columns};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::ParquetMetaData;

use super::leaf::Rows;
use super::window::Pages;
use crate::PageError;
use crate::convert::Converter;
use crate::error::parquet_error;
use crate::guard::guarded;
use crate::leaf::hinted;
use crate::read::options;
use crate::source::FileBytes;

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 16_384;

/// Leaf columns that belong to one column of ours.
pub(super) struct ForeignReader {
    path: Vec<String>,
    source: FileBytes,
    metadata: Arc<ParquetMetaData>,
    arrow_schema: Arc<ArrowSchema>,
    row_group: usize,
    leaves: Vec<usize>,
    /// The rows that will be asked for, at most.
    ranges: Vec<Range<u64>>,
    /// The first row of each range, and how many rows of the others stand before it.
    ranks: Vec<(u64, u64)>,
    started: Option<Started>,
    pub(super) values_decoded: u64,
}

struct Started {
    reader: ParquetRecordBatchReader,
    converter: Converter,
    /// Rows that were decoded last, counted within the ranges, and their columns.
    decoded: (Range<u64>, Vec<Columns>),
}

impl std::fmt::Debug for ForeignReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ForeignReader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ForeignReader {
    pub(super) fn new(
        path: Vec<String>,
        (source, metadata): (&FileBytes, &Arc<ParquetMetaData>),
        arrow_schema: &Arc<ArrowSchema>,
        row_group: usize,
        leaves: Vec<usize>,
        ranges: Vec<Range<u64>>,
    ) -> Self {
        let mut rank = 0;
        let ranks = ranges.iter().map(|range| {
            let known = rank;
            rank += range.end - range.start;
            (range.start, known)
        });
        let ranks = ranks.collect();
        Self {
            path,
            source: source.clone(),
            metadata: Arc::clone(metadata),
            arrow_schema: Arc::clone(arrow_schema),
            row_group,
            leaves,
            ranges,
            ranks,
            started: None,
            values_decoded: 0,
        }
    }

    /// How many leaf columns it reads.
    pub(super) fn leaf_count(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// Whether anything was read.
    pub(super) fn is_started(&self) -> bool {
        self.started.is_some()
    }

    /// The values of some rows, none of which stands before one that was asked for.
    pub(super) fn column(&mut self, rows: &Rows) -> Result<Column, PageError> {
        let columns = self.columns(rows)?;
        let column = columns.column_at(&self.path);
        column.ok_or_else(|| malformed(format!("no column {:?}", self.path.join("."))))
    }

    /// In which of the rows the struct at a depth of the path is not null.
    pub(super) fn is_there(&mut self, rows: &Rows, depth: usize) -> Result<Bitmap, PageError> {
        let columns = self.columns(rows)?;
        let parent = columns.column_at(&self.path[..depth.min(self.path.len())]);
        Ok(parent.map_or_else(|| Bitmap::filled(true, rows.count()), |parent| parent.valid_bits()))
    }

    fn columns(&mut self, rows: &Rows) -> Result<Columns, PageError> {
        // Where each row comes in what is read.
        let place = |row: u64| -> u64 {
            let before = self.ranks.partition_point(|(start, _)| *start <= row);
            let before = before.checked_sub(1).and_then(|before| self.ranks.get(before));
            before.map_or(0, |(start, rank)| rank + (row - start))
        };
        let places: Vec<u64> = match &rows.some {
            Some(some) => {
                some.iter().map(|row| place(rows.range.start + u64::from(*row))).collect()
            }
            None => {
                let first = place(rows.range.start);
                (first..first + (rows.range.end - rows.range.start)).collect()
            }
        };
        if self.started.is_none() {
            self.started = Some(guarded("read a row group", || self.start())?);
        }
        let width = self.leaf_count();
        let started = self.started.as_mut();
        let started = started.ok_or_else(|| malformed("nothing to read".to_owned()))?;
        let (Some(first), Some(last)) = (places.first().copied(), places.last().copied()) else {
            return Err(malformed("no rows are asked for".to_owned()));
        };
        let known = started.up_to(first, last, width, &mut self.values_decoded)?;
        let at = |place: &u64| u32::try_from(place - first).unwrap_or(u32::MAX);
        let places: Vec<u32> = places.iter().map(at).collect();
        if places.len() == known.row_count() {
            return Ok(known);
        }
        Ok(known.gather(&places))
    }

    fn start(&self) -> Result<Started, PageError> {
        let group = self.metadata.row_group(self.row_group);
        let row_count = u64::try_from(group.num_rows()).unwrap_or_default();
        let parquet_schema = self.metadata.file_metadata().schema_descr();
        let schema = hinted(&self.arrow_schema, parquet_schema, group);
        let mask = ProjectionMask::leaves(parquet_schema, self.leaves.iter().copied());
        let metadata = ArrowReaderMetadata::try_new(
            Arc::clone(&self.metadata),
            options().with_schema(Arc::new(schema)),
        )
        .map_err(parquet_error("read the schema"))?;
        let mut source = self.source.clone();
        let is_whole = self.ranges.len() == 1 && self.ranges[0] == (0..row_count);
        if is_whole {
            for &leaf in &self.leaves {
                let (start, len) = group.column(leaf).byte_range();
                source.prefetch(start, len).map_err(parquet_error("read a column chunk"))?;
            }
        }
        // Of a header that names more things than there are bytes it would go through all of them.
        for &leaf in &self.leaves {
            let chunk = group.column(leaf);
            let value_count = u64::try_from(chunk.num_values()).unwrap_or_default();
            Pages::new(&source, chunk, row_count, Vec::new()).check_headers(value_count)?;
        }
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata)
            .with_row_groups(vec![self.row_group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS);
        if !is_whole {
            let narrow = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
            let ranges = self.ranges.iter().map(|range| narrow(range.start)..narrow(range.end));
            let selection = RowSelection::from_consecutive_ranges(ranges, narrow(row_count));
            builder = builder.with_row_selection(selection);
        }
        let reader = builder.build().map_err(parquet_error("read a row group"))?;
        Ok(Started { reader, converter: Converter::default(), decoded: (0..0, Vec::new()) })
    }
}

impl Started {
    /// The rows from one to another, both included.
    fn up_to(
        &mut self,
        first: u64,
        last: u64,
        width: u64,
        values_decoded: &mut u64,
    ) -> Result<Columns, PageError> {
        let Self { reader, converter, decoded: (range, blocks) } = self;
        if first < range.start {
            return Err(malformed("rows are asked for again".to_owned()));
        }
        while range.end <= last || blocks.is_empty() {
            let block = guarded("read rows", || match reader.next() {
                Some(Ok(batch)) => Ok(Some(converter.columns(&batch)?)),
                Some(Err(error)) => Err(parquet_error("read rows")(error.into())),
                None => Ok(None),
            })?;
            // A footer that promises more rows than the pages hold would make counts wrong.
            let block = block.ok_or_else(|| malformed("rows are missing".to_owned()))?;
            range.end += block.row_count() as u64;
            *values_decoded += block.row_count() as u64 * width;
            blocks.push(block);
        }
        // What stands before the first is not asked for again.
        while let [block, _, ..] = blocks.as_slice()
            && range.start + block.row_count() as u64 <= first
        {
            range.start += block.row_count() as u64;
            blocks.remove(0);
        }
        let (Some(block), narrow) =
            (blocks.first(), |row: u64| usize::try_from(row).unwrap_or(usize::MAX))
        else {
            return Err(malformed("rows are missing".to_owned()));
        };
        let whole = match blocks.len() {
            1 => block.slice(narrow(first - range.start), narrow(last + 1 - first)),
            _ => Columns::concat(block.schema(), blocks)?
                .slice(narrow(first - range.start), narrow(last + 1 - first)),
        };
        Ok(whole)
    }
}

fn malformed(detail: String) -> PageError {
    PageError::Malformed { action: "read rows", detail }
}
