//! A Parquet file into columns.

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::Schema as ArrowSchema;
use colonna_column::{Column, Columns, schema_from_arrow};
use colonna_schema::{ColumnStatistics, Schema, Statistics};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, ParquetStatisticsPolicy,
    RowGroupMetaData,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use crate::convert::Converter;
use crate::error::parquet_error;
use crate::guard::guarded;
use crate::leaf::{Leaf, hinted, leaves_of, projected};
use crate::source::FileBytes;
use crate::{PageError, statistics};

/// The most rows of a block: enough to make a kernel's loop long, and few enough for the cache.
const BLOCK_ROWS: usize = 65_536;
/// The fewest, however long they are.
const LEAST_BLOCK_ROWS: usize = 256;
/// About the most bytes of a block.
const BLOCK_BYTES: u64 = 64 << 20;

/// One page of a leaf column.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Its rows, counted from the first of the row group.
    pub rows: Range<u64>,
    /// Its bytes in the file.
    pub byte_len: u64,
    /// What is known of its values.
    pub statistics: ColumnStatistics,
}

/// What a read touched, of the columns that were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadCounters {
    /// Data pages with a wanted row. Where the file does not say where its pages are, all of a
    /// column count as one.
    pub pages_read: u64,
    /// Data pages there are.
    pub pages_total: u64,
    /// Compressed bytes read.
    pub bytes_read: u64,
    /// Compressed bytes there are.
    pub bytes_total: u64,
}

impl std::ops::AddAssign for ReadCounters {
    fn add_assign(&mut self, other: Self) {
        self.pages_read += other.pages_read;
        self.pages_total += other.pages_total;
        self.bytes_read += other.bytes_read;
        self.bytes_total += other.bytes_total;
    }
}

/// A Parquet file, open for reading by many threads at once.
#[derive(Debug)]
pub struct Reader {
    source: FileBytes,
    metadata: Arc<ParquetMetaData>,
    /// The metadata with the page index, once somebody asked for pages.
    indexed: OnceLock<Arc<ParquetMetaData>>,
    arrow_schema: Arc<ArrowSchema>,
    schema: Arc<Schema>,
    leaves: Vec<Leaf>,
}

impl Reader {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, is no Parquet file, or has a column whose type has no counterpart.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PageError> {
        Self::from_file(File::open(path).map_err(|source| PageError::Open { source })?)
    }

    /// Reads the footer of a file that is open.
    ///
    /// # Errors
    ///
    /// As [`Reader::open`].
    pub fn from_file(file: File) -> Result<Self, PageError> {
        let source = FileBytes::new(file).map_err(|source| PageError::Open { source })?;
        guarded("read the footer", || {
            let metadata = ArrowReaderMetadata::load(&source, options())
                .map_err(parquet_error("read the footer"))?;
            let arrow_schema = Arc::clone(metadata.schema());
            let schema = Arc::new(schema_from_arrow(&arrow_schema)?);
            let leaves = leaves_of(&arrow_schema);
            let metadata = Arc::clone(metadata.metadata());
            check(&metadata, &leaves)?;
            let indexed = OnceLock::new();
            Ok(Self { source, metadata, indexed, arrow_schema, schema, leaves })
        })
    }

    /// The columns that the file has.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// How many rows there are.
    pub fn row_count(&self) -> u64 {
        self.metadata.row_groups().iter().map(rows_of).sum()
    }

    /// How many row groups there are.
    pub fn row_group_count(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// How many rows a row group has; none where there is no such one.
    pub fn row_group_rows(&self, row_group: usize) -> u64 {
        self.metadata.row_groups().get(row_group).map_or(0, rows_of)
    }

    /// What is known of the rows of a row group: nothing where there is no such one.
    pub fn row_group_statistics(&self, row_group: usize) -> Statistics {
        let Some(group) = self.metadata.row_groups().get(row_group) else {
            return Statistics::default();
        };
        let file = self.metadata.file_metadata();
        let all = || Ok(statistics::of_row_group(file, group, &self.leaves));
        let unknown = || Statistics { row_count: rows_of(group), ..Statistics::default() };
        guarded("read statistics", all).unwrap_or_else(|_unreadable| unknown())
    }

    /// What is known of all rows.
    pub fn statistics(&self) -> Statistics {
        let all = || Ok(statistics::of_file(&self.metadata, &self.leaves));
        let unknown = || Statistics { row_count: self.row_count(), ..Statistics::default() };
        guarded("read statistics", all).unwrap_or_else(|_unreadable| unknown())
    }

    /// The pages of a leaf column in a row group, in their order. None where the file does not say
    /// where they are, and for columns inside lists.
    pub fn pages(&self, row_group: usize, path: &[String]) -> Vec<Page> {
        let mut leaves = self.leaves.iter();
        let Some(position) = leaves.position(|leaf| !leaf.repeated && leaf.path == path) else {
            return Vec::new();
        };
        guarded("read the page index", || Ok(self.pages_at(row_group, position)))
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    /// Reads rows of some columns: all at or below one of the paths that the file has, structs
    /// with no more than the fields asked for. What the file does not have is left out. The rows
    /// are those in the ranges, which must ascend, or all.
    ///
    /// # Errors
    ///
    /// Where there is no such row group or range, or the file is malformed.
    pub fn read(
        &self,
        row_group: usize,
        projection: &[Vec<String>],
        ranges: Option<&[Range<u64>]>,
    ) -> Result<Blocks, PageError> {
        let group = self
            .metadata
            .row_groups()
            .get(row_group)
            .ok_or(PageError::NoSuchRowGroup { row_group, count: self.row_group_count() })?;
        let row_count = rows_of(group);
        let ranges = checked_ranges(row_group, row_count, ranges)?;
        let columns = projected(&self.leaves, projection);
        if columns.is_empty() {
            let rows = ranges.as_ref().map_or(row_count, |ranges| total(ranges));
            return Ok(Blocks::without_columns(rows));
        }
        guarded("read a row group", || self.start(row_group, &columns, ranges.as_deref()))
    }

    fn start(
        &self,
        row_group: usize,
        columns: &[usize],
        ranges: Option<&[Range<u64>]>,
    ) -> Result<Blocks, PageError> {
        let group = self.metadata.row_group(row_group);
        let mut source = self.source.counting();
        // Pages can be skipped only where their places are known.
        let metadata = if ranges.is_some() { self.indexed() } else { Arc::clone(&self.metadata) };
        if ranges.is_none() {
            for &column in columns {
                let (start, len) = group.column(column).byte_range();
                source.prefetch(start, len).map_err(parquet_error("read a column chunk"))?;
            }
        }
        let counters = self.counters(row_group, columns, ranges);
        let parquet_schema = metadata.file_metadata().schema_descr();
        let schema = hinted(&self.arrow_schema, parquet_schema, group);
        let mask = ProjectionMask::leaves(parquet_schema, columns.iter().copied());
        let metadata = ArrowReaderMetadata::try_new(
            Arc::clone(&metadata),
            options().with_schema(Arc::new(schema)),
        )
        .map_err(parquet_error("read the schema"))?;
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), metadata)
                .with_row_groups(vec![row_group])
                .with_projection(mask)
                .with_batch_size(block_rows(group, columns));
        if let Some(ranges) = ranges {
            builder = builder.with_row_selection(selection(ranges, rows_of(group)));
        }
        let reader = builder.build().map_err(parquet_error("read a row group"))?;
        let wanted = ranges.map_or(rows_of(group), total);
        Ok(Blocks {
            rows_left: wanted,
            rest: Rest::Rows(Box::new(reader), Converter::default()),
            source: Some(source),
            counters,
        })
    }

    fn counters(
        &self,
        row_group: usize,
        columns: &[usize],
        ranges: Option<&[Range<u64>]>,
    ) -> ReadCounters {
        let mut counters = ReadCounters::default();
        for &column in columns {
            let chunk = self.metadata.row_group(row_group).column(column);
            counters.bytes_total += u64::try_from(chunk.compressed_size()).unwrap_or_default();
            // The index is not read for the sake of counting.
            let pages = self.indexed.get().and_then(|_| self.page_rows(row_group, column));
            let (read, all) = match (pages, ranges) {
                (Some(pages), Some(ranges)) => {
                    let wanted = |page: &&Range<u64>| {
                        ranges.iter().any(|range| range.start < page.end && page.start < range.end)
                    };
                    (pages.iter().filter(wanted).count(), pages.len())
                }
                (Some(pages), None) => (pages.len(), pages.len()),
                (None, _) => (1, 1),
            };
            counters.pages_read += u64::try_from(read).unwrap_or_default();
            counters.pages_total += u64::try_from(all).unwrap_or_default();
        }
        counters
    }

    /// The metadata with the page index where there is one that can be read.
    fn indexed(&self) -> Arc<ParquetMetaData> {
        let read = || {
            guarded("read the page index", || {
                let metadata = ParquetMetaData::clone(&self.metadata);
                let mut reader = ParquetMetaDataReader::new_with_metadata(metadata)
                    .with_page_index_policy(PageIndexPolicy::Optional);
                reader
                    .read_page_indexes(&self.source)
                    .and_then(|()| reader.finish())
                    .map_err(parquet_error("read the page index"))
            })
            .map_or_else(|_without| Arc::clone(&self.metadata), |indexed| self.checked(indexed))
        };
        Arc::clone(self.indexed.get_or_init(read))
    }

    /// An index that contradicts the row groups would lead to the wrong rows, and is not used.
    fn checked(&self, indexed: ParquetMetaData) -> Arc<ParquetMetaData> {
        let mut columns = (0..self.row_group_count())
            .flat_map(|group| (0..self.leaves.len()).map(move |leaf| (group, leaf)));
        if columns.all(|(group, leaf)| page_rows(&indexed, group, leaf).is_some()) {
            return Arc::new(indexed);
        }
        Arc::clone(&self.metadata)
    }

    fn page_rows(&self, row_group: usize, column: usize) -> Option<Vec<Range<u64>>> {
        page_rows(&self.indexed(), row_group, column)
    }

    fn pages_at(&self, row_group: usize, position: usize) -> Option<Vec<Page>> {
        let metadata = self.indexed();
        let rows = page_rows(&metadata, row_group, position)?;
        let places = metadata.offset_index()?.get(row_group)?.get(position)?.page_locations();
        let index = metadata.column_index().and_then(|index| index.get(row_group)?.get(position));
        let leaf = self.leaves.get(position)?;
        let file = metadata.file_metadata();
        let index = index.filter(|index| {
            // Where there is none, it cannot be asked for its length.
            !matches!(index, ColumnIndexMetaData::NONE)
                && usize::try_from(index.num_pages()) == Ok(rows.len())
        });
        let pages = rows.into_iter().zip(places).enumerate().map(|(number, (rows, place))| {
            let row_count = rows.end - rows.start;
            let statistics = index.map_or_else(ColumnStatistics::default, |index| {
                statistics::of_page(file, position, leaf, index, number, row_count)
            });
            let byte_len = u64::try_from(place.compressed_page_size).unwrap_or_default();
            Page { rows, byte_len, statistics }
        });
        Some(pages.collect())
    }
}

/// Which rows each page of a column has; `None` where the index does not say, or contradicts the
/// row group.
fn page_rows(
    metadata: &ParquetMetaData,
    row_group: usize,
    column: usize,
) -> Option<Vec<Range<u64>>> {
    let places = metadata.offset_index()?.get(row_group)?.get(column)?.page_locations();
    let row_count = rows_of(metadata.row_groups().get(row_group)?);
    let starts = places.iter().map(|place| u64::try_from(place.first_row_index).ok());
    let starts: Vec<u64> = starts.collect::<Option<_>>()?;
    let ends = starts.iter().skip(1).copied().chain([row_count]);
    let rows: Vec<Range<u64>> =
        starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect();
    let whole = starts.first().is_none_or(|first| *first == 0)
        && (row_count == 0 || !starts.is_empty())
        && rows.iter().all(|rows| rows.start <= rows.end);
    whole.then_some(rows)
}

/// The rest of the rows that were asked for, block after block.
#[derive(Debug)]
pub struct Blocks {
    rows_left: u64,
    rest: Rest,
    source: Option<FileBytes>,
    counters: ReadCounters,
}

#[derive(Debug)]
enum Rest {
    Rows(Box<ParquetRecordBatchReader>, Converter),
    /// Rows of no column.
    Count,
    Ended,
}

impl Blocks {
    fn without_columns(rows: u64) -> Self {
        let counters = ReadCounters::default();
        Self { rows_left: rows, rest: Rest::Count, source: None, counters }
    }

    /// What was touched so far.
    pub fn counters(&self) -> ReadCounters {
        let bytes_read = self.source.as_ref().map_or(0, FileBytes::bytes_read);
        ReadCounters { bytes_read, ..self.counters }
    }

    fn next_block(&mut self) -> Option<Result<Columns, PageError>> {
        match &mut self.rest {
            Rest::Ended => None,
            Rest::Count => {
                let rows = usize::try_from(self.rows_left).unwrap_or(BLOCK_ROWS).min(BLOCK_ROWS);
                if rows == 0 {
                    return None;
                }
                self.rows_left -= u64::try_from(rows).unwrap_or(self.rows_left);
                let columns = Columns::try_new(Arc::default(), Vec::<Column>::new(), rows);
                Some(columns.map_err(PageError::from))
            }
            Rest::Rows(reader, converter) => {
                let block = guarded("read rows", || match reader.next() {
                    Some(Ok(batch)) => Ok(Some(converter.columns(&batch)?)),
                    Some(Err(error)) => Err(parquet_error("read rows")(error.into())),
                    None => Ok(None),
                });
                let short = || PageError::Malformed {
                    action: "read rows",
                    detail: format!("{} rows are missing", self.rows_left),
                };
                match block {
                    Ok(Some(block)) => {
                        let rows = u64::try_from(block.row_count()).unwrap_or_default();
                        match self.rows_left.checked_sub(rows) {
                            Some(left) => self.rows_left = left,
                            None => return Some(Err(short())),
                        }
                        Some(Ok(block))
                    }
                    // A footer that promises more rows than the pages hold would make counts wrong.
                    Ok(None) if self.rows_left > 0 => Some(Err(short())),
                    Ok(None) => None,
                    Err(error) => Some(Err(error)),
                }
            }
        }
    }
}

impl Iterator for Blocks {
    type Item = Result<Columns, PageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.next_block();
        if !matches!(block, Some(Ok(_))) {
            self.rest = Rest::Ended;
        }
        block
    }
}

/// What the file itself says of its types, so that a file of anybody's making is read the same way.
fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
}

/// Rows of a block of these columns: long texts make short blocks.
fn block_rows(row_group: &RowGroupMetaData, columns: &[usize]) -> usize {
    let chunks = columns.iter().map(|&column| row_group.column(column).uncompressed_size());
    let bytes: u64 = chunks.filter_map(|bytes| u64::try_from(bytes).ok()).sum();
    let rows = BLOCK_BYTES.saturating_mul(rows_of(row_group)).checked_div(bytes);
    let rows = rows.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(BLOCK_ROWS);
    rows.clamp(LEAST_BLOCK_ROWS, BLOCK_ROWS)
}

fn rows_of(row_group: &RowGroupMetaData) -> u64 {
    u64::try_from(row_group.num_rows()).unwrap_or_default()
}

fn total(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|range| range.end - range.start).sum()
}

/// What every later step relies on.
fn check(metadata: &ParquetMetaData, leaves: &[Leaf]) -> Result<(), PageError> {
    let malformed = |detail: String| PageError::Malformed { action: "read the footer", detail };
    let columns = metadata.file_metadata().schema_descr().num_columns();
    if columns != leaves.len() {
        return Err(malformed(format!(
            "{columns} columns in it, and {} in its schema",
            leaves.len()
        )));
    }
    for (number, group) in metadata.row_groups().iter().enumerate() {
        if group.num_rows() < 0 || group.num_columns() != columns {
            let (rows, chunks) = (group.num_rows(), group.num_columns());
            return Err(malformed(format!(
                "row group {number} of {rows} rows and {chunks} columns"
            )));
        }
    }
    Ok(())
}

fn checked_ranges(
    row_group: usize,
    row_count: u64,
    ranges: Option<&[Range<u64>]>,
) -> Result<Option<Vec<Range<u64>>>, PageError> {
    let Some(ranges) = ranges else { return Ok(None) };
    let mut last = 0;
    for range in ranges {
        let (start, end) = (range.start, range.end);
        if start < last || end < start || end > row_count {
            return Err(PageError::NoSuchRows { row_group, row_count, start, end });
        }
        last = end;
    }
    if total(ranges) == row_count {
        return Ok(None);
    }
    Ok(Some(ranges.iter().filter(|range| !range.is_empty()).cloned().collect()))
}

fn selection(ranges: &[Range<u64>], row_count: u64) -> RowSelection {
    let narrow = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
    let ranges = ranges.iter().map(|range| narrow(range.start)..narrow(range.end));
    RowSelection::from_consecutive_ranges(ranges, narrow(row_count))
}
