//! A Parquet file into columns.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::datatypes::{DataType as ArrowType, Schema as ArrowSchema};
use colonna_column::schema_from_arrow;
use colonna_schema::{ColumnStatistics, Schema, Statistics};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, ParquetStatisticsPolicy,
    RowGroupMetaData,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use crate::bloom::rules_out;
use crate::decode::{Blocks, RowGroup, has_only_numbers};
use crate::error::parquet_error;
use crate::guard::guarded;
use crate::leaf::{Leaf, leaves_of, projected};
use crate::mend::mended;
use crate::source::FileBytes;
use crate::{PageCache, PageError, Wanted, statistics};

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
    /// Data pages that were decoded. Of a column in lists, and of one that only Parquet's own reader
    /// reads, all count as one.
    pub pages_read: u64,
    /// Of these, pages that a cache had.
    pub pages_cached: u64,
    /// Data pages there are. Where the file does not say where its pages are, those that were met.
    pub pages_total: u64,
    /// Compressed bytes read.
    pub bytes_read: u64,
    /// Compressed bytes there are.
    pub bytes_total: u64,
    /// Values of the pages that were decoded, nulls among them.
    pub values_decoded: u64,
}

impl std::ops::AddAssign for ReadCounters {
    fn add_assign(&mut self, other: Self) {
        self.pages_read += other.pages_read;
        self.pages_cached += other.pages_cached;
        self.pages_total += other.pages_total;
        self.bytes_read += other.bytes_read;
        self.bytes_total += other.bytes_total;
        self.values_decoded += other.values_decoded;
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
    /// What dictionaries told of NaN, by row group and leaf.
    nan_free: Mutex<BTreeMap<(usize, usize), bool>>,
}

impl Reader {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, is no Parquet file, or has a column whose type has no counterpart.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PageError> {
        let opened = FileBytes::open(path.as_ref());
        Self::from_source(opened.map_err(|source| PageError::Open { source })?)
    }

    /// Reads the footer of a file that is open.
    ///
    /// # Errors
    ///
    /// As [`Reader::open`].
    pub fn from_file(file: File) -> Result<Self, PageError> {
        Self::from_source(FileBytes::new(file).map_err(|source| PageError::Open { source })?)
    }

    /// Reads the footer of a Parquet file that is a part of another file.
    ///
    /// # Errors
    ///
    /// As [`Reader::open`].
    pub fn from_part(file: &Arc<File>, part: Range<u64>) -> Result<Self, PageError> {
        Self::from_source(FileBytes::of_part(Arc::clone(file), part))
    }

    fn from_source(source: FileBytes) -> Result<Self, PageError> {
        guarded("read the footer", || {
            let metadata = ArrowReaderMetadata::load(&source, options())
                .map_err(parquet_error("read the footer"))?;
            let arrow_schema = Arc::clone(metadata.schema());
            let schema = Arc::new(schema_from_arrow(&arrow_schema)?);
            let leaves = leaves_of(&arrow_schema);
            let metadata = mended(metadata.metadata())?;
            check(&metadata, &leaves)?;
            let (indexed, nan_free) = (OnceLock::new(), Mutex::default());
            Ok(Self { source, metadata, indexed, arrow_schema, schema, leaves, nan_free })
        })
    }

    /// Looks for pages in a cache before it reads and inflates them, and keeps them there. What only
    /// Parquet's own reader reads does not go through it.
    #[must_use]
    pub fn with_page_cache(mut self, cache: Arc<PageCache>) -> Self {
        self.source.set_cache(cache);
        self
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

    /// Whether it is known that no row of a leaf column is NaN in a row group: it has no doubles, the
    /// footer says so, or all values are words of a dictionary, which is read once.
    pub fn is_nan_free(&self, row_group: usize, path: &[String]) -> bool {
        let is_asked = |leaf: &&Leaf| !leaf.repeated && leaf.path == path;
        let leaf = self.leaves.iter().enumerate().find(|(_, leaf)| is_asked(leaf));
        let (Some((position, leaf)), Some(group)) =
            (leaf, self.metadata.row_groups().get(row_group))
        else {
            return false;
        };
        let chunk = group.column(position);
        let nulls = chunk.statistics().and_then(|statistics| statistics.null_count_opt());
        if !leaf.is_double() || nulls == Some(rows_of(group)) {
            return true;
        }
        self.known_nan_free(row_group, position).unwrap_or_else(|| {
            let look = || has_only_numbers(&self.source, leaf, chunk);
            let found = guarded("read a dictionary", look).unwrap_or(false);
            let mut known = self.nan_free.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert((row_group, position), found);
            found
        })
    }

    fn known_nan_free(&self, row_group: usize, position: usize) -> Option<bool> {
        if statistics::is_nan_free(self.metadata.file_metadata(), position) {
            return Some(true);
        }
        let known = self.nan_free.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(row_group, position)).copied()
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

    /// Whether a Bloom filter rules out that a leaf column has a value in a row group; `None` where
    /// the file has no such filter.
    pub fn rules_out(&self, row_group: usize, path: &[String], wanted: Wanted<'_>) -> Option<bool> {
        let is_wanted = |leaf: &&Leaf| !leaf.repeated && leaf.path == path;
        let (position, leaf) = self.leaves.iter().enumerate().find(|(_, leaf)| is_wanted(leaf))?;
        let chunk = self.metadata.row_groups().get(row_group)?.columns().get(position)?;
        // What was kept in another way was counted into the filter with other bytes.
        let is_kept_so = match (wanted, chunk.column_type()) {
            (Wanted::Bytes(_), PhysicalType::BYTE_ARRAY) => {
                leaf.arrow_type.is_string() || leaf.arrow_type.is_binary()
            }
            (Wanted::Int64(_), PhysicalType::INT64) => leaf.arrow_type == ArrowType::Int64,
            _ => false,
        };
        let has_filter = is_kept_so && chunk.bloom_filter_offset().is_some();
        has_filter.then(|| rules_out(&self.source, chunk, wanted))
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
        guarded("read a row group", || self.start(row_group, &columns, ranges))
    }

    fn start(
        &self,
        row_group: usize,
        columns: &[usize],
        ranges: Option<Vec<Range<u64>>>,
    ) -> Result<Blocks, PageError> {
        let row_count = rows_of(self.metadata.row_group(row_group));
        // Pages can be passed over unread only where their places are known, and only then it is known
        // which rows a page of lists has.
        let has_lists = columns.iter().any(|column| self.leaves[*column].repeated);
        let metadata = match ranges.is_some() || has_lists {
            true => self.indexed(),
            false => Arc::clone(&self.metadata),
        };
        let group = RowGroup {
            source: self.source.counting(),
            metadata: &metadata,
            arrow_schema: &self.arrow_schema,
            schema: &self.schema,
            leaves: &self.leaves,
            row_group,
            row_count,
            totals: self.totals(row_group, columns),
        };
        group.blocks(columns, ranges.unwrap_or_else(|| std::iter::once(0..row_count).collect()))
    }

    /// The pages and bytes that some columns have, as far as it is known already.
    fn totals(&self, row_group: usize, columns: &[usize]) -> ReadCounters {
        let mut totals = ReadCounters::default();
        for &column in columns {
            let chunk = self.metadata.row_group(row_group).column(column);
            totals.bytes_total += u64::try_from(chunk.compressed_size()).unwrap_or_default();
            let pages =
                self.indexed.get().and_then(|indexed| page_rows(indexed, row_group, column));
            totals.pages_total += pages.map_or(0, |pages| pages.len() as u64);
        }
        totals
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

    fn pages_at(&self, row_group: usize, position: usize) -> Option<Vec<Page>> {
        let metadata = self.indexed();
        let rows = page_rows(&metadata, row_group, position)?;
        let places = metadata.offset_index()?.get(row_group)?.get(position)?.page_locations();
        let index = metadata.column_index().and_then(|index| index.get(row_group)?.get(position));
        let leaf = self.leaves.get(position)?;
        let file = metadata.file_metadata();
        let nan_free =
            leaf.is_double() && self.known_nan_free(row_group, position).unwrap_or(false);
        let index = index.filter(|index| {
            // Where there is none, it cannot be asked for its length.
            !matches!(index, ColumnIndexMetaData::NONE)
                && usize::try_from(index.num_pages()) == Ok(rows.len())
        });
        let pages = rows.into_iter().zip(places).enumerate().map(|(number, (rows, place))| {
            let row_count = rows.end - rows.start;
            let statistics = index.map_or_else(ColumnStatistics::default, |index| {
                let page = statistics::of_page(file, position, leaf, index, number, row_count);
                ColumnStatistics { is_nan_free: nan_free, ..page }
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

/// What the file itself says of its types, so that a file of anybody's making is read the same way.
pub(crate) fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
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
