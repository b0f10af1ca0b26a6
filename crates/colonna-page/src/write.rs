//! Columns into a Parquet file.

use std::io::{self, Write};
use std::sync::Arc;

use colonna_column::{Columns, arrow_schema};
use colonna_schema::{Schema, Statistics};
use parquet::basic::ColumnOrder;
use parquet::file::metadata::{FileMetaData, KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescPtr;

use crate::compress::Codec;
use crate::error::parquet_error;
use crate::leaf::{Leaf, leaves_of};
use crate::row_group::{LeafTarget, encode_row_group, parquet_schema, targets};
use crate::{Layout, PageError, Profile, statistics};

/// Before a row was written, a row in the file is taken to be so many times smaller than one in
/// memory. It is mostly smaller still.
const LEAST_RATIO: usize = 4;

/// A column by which the rows are sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortedBy {
    /// The leaf column's path.
    pub path: Vec<String>,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Whether nulls come before the values.
    pub nulls_first: bool,
}

/// How a file is laid out.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// What the file is written for.
    pub profile: Profile,
    /// The level of zstd, from 1 to 22. Where none is given, each column has the one that suits
    /// it best.
    pub compression_level: Option<i32>,
    /// The most rows of a row group.
    pub row_group_rows: usize,
    /// About the most bytes of a row group, encoded.
    pub row_group_bytes: usize,
    /// The most rows of a page. A page of large values has fewer.
    pub page_rows: usize,
    /// By what the rows are sorted, the first column first. It is noted, not done.
    pub sorted_by: Vec<SortedBy>,
    /// Where the encodings of the columns are remembered, so that other files of such rows need
    /// not find them again. One of another schema is left alone.
    pub layout: Option<Arc<Layout>>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            compression_level: None,
            row_group_rows: 500_000,
            row_group_bytes: 128 << 20,
            page_rows: 20_000,
            sorted_by: Vec::new(),
            layout: None,
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenFile {
    /// How many bytes.
    pub byte_len: u64,
    /// How many rows.
    pub row_count: u64,
    /// What is known of the rows.
    pub statistics: Statistics,
}

/// Writes a file of these blocks of rows, all of which have the schema, and gives back the sink.
///
/// # Errors
///
/// Where the sink fails, or a type cannot be kept in Parquet.
///
/// ```
/// use colonna_column::{Column, Columns};
/// use colonna_page::{WriteOptions, write_file};
///
/// let rows = Columns::from_named(vec![("n".to_owned(), Column::from_i64(vec![1, 2, 3]))]).unwrap();
/// let (bytes, written) =
///     write_file(Vec::new(), rows.schema(), [&rows], &WriteOptions::default()).unwrap();
/// assert_eq!(written.row_count, 3);
/// assert_eq!(written.byte_len, bytes.len() as u64);
/// ```
pub fn write_file<'a, W: Write + Send>(
    sink: W,
    schema: &Arc<Schema>,
    blocks: impl IntoIterator<Item = &'a Columns>,
    options: &WriteOptions,
) -> Result<(W, WrittenFile), PageError> {
    let mut writer = Writer::try_new(sink, Arc::clone(schema), options.clone())?;
    for block in blocks {
        writer.write(block)?;
    }
    writer.finish()
}

/// Writes a file, one row group or more for each block of rows.
///
/// Invariant: the file is whole only after [`Writer::finish`].
#[derive(Debug)]
pub struct Writer<W: Write + Send> {
    schema: Arc<Schema>,
    options: WriteOptions,
    leaves: Vec<Leaf>,
    targets: Vec<LeafTarget>,
    layout: Arc<Layout>,
    /// The leaf columns of doubles in which no NaN was met, by position.
    nan_free: Vec<usize>,
    /// About how many bytes a row takes in the file, once rows were written.
    row_bytes: Option<usize>,
    file: SerializedFileWriter<Counted<W>>,
    row_count: u64,
}

impl<W: Write + Send> Writer<W> {
    /// A file of that schema.
    ///
    /// # Errors
    ///
    /// Where the options make no sense for the schema, or the sink fails.
    pub fn try_new(sink: W, schema: Arc<Schema>, options: WriteOptions) -> Result<Self, PageError> {
        let leaves = leaves_of(&arrow_schema(&schema));
        let parquet_schema = parquet_schema(&schema)?;
        let properties = WriterProperties::builder()
            .set_created_by(concat!("colonna version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_sorting_columns(sorting_columns(&options.sorted_by, &leaves)?)
            .build();
        let targets = targets(&parquet_schema);
        if let Some(level) = options.compression_level {
            Codec::zstd(level)?;
        }
        let known = options.layout.as_ref().filter(|layout| *layout.schema() == schema);
        let layout = known.map_or_else(|| Arc::new(Layout::new(&schema)), Arc::clone);
        let doubles = leaves.iter().enumerate();
        let nan_free = doubles
            .filter(|(_, leaf)| leaf.is_double() && !leaf.repeated)
            .map(|(position, _)| position)
            .collect();
        let sink = Counted { sink, byte_len: 0 };
        let file =
            SerializedFileWriter::new(sink, parquet_schema.root_schema_ptr(), Arc::new(properties))
                .map_err(parquet_error("begin a file"))?;
        let (row_bytes, row_count) = (None, 0);
        Ok(Self { schema, options, leaves, targets, layout, nan_free, row_bytes, file, row_count })
    }

    /// Adds the rows of a block as a row group of their own, or as several where they are too
    /// many for one.
    ///
    /// # Errors
    ///
    /// Where the block has another schema, or the sink fails.
    pub fn write(&mut self, block: &Columns) -> Result<(), PageError> {
        if **block.schema() != *self.schema {
            return Err(PageError::OtherSchema);
        }
        let mut start = 0;
        while start < block.row_count() {
            let len = self.row_group_len(block).min(block.row_count() - start);
            if len == block.row_count() {
                self.write_row_group(block)?;
            } else {
                self.write_row_group(&block.slice(start, len))?;
            }
            start += len;
        }
        Ok(())
    }

    /// How many rows of such a block make a row group.
    fn row_group_len(&self, block: &Columns) -> usize {
        let in_memory = || block.byte_len().div_ceil(block.row_count().max(1)) / LEAST_RATIO;
        let row_bytes = self.row_bytes.unwrap_or_else(in_memory).max(1);
        self.options.row_group_rows.min(self.options.row_group_bytes / row_bytes).max(1)
    }

    fn write_row_group(&mut self, rows: &Columns) -> Result<(), PageError> {
        let chunks = encode_row_group(rows, &self.targets, &self.layout, &self.options)?;
        let before = self.file.bytes_written();
        let failed = parquet_error("write rows");
        let mut row_group = self.file.next_row_group().map_err(&failed)?;
        for (position, chunk) in chunks.into_iter().enumerate() {
            if !chunk.nan_free {
                self.nan_free.retain(|known| *known != position);
            }
            row_group.append_column(&chunk.bytes, chunk.close).map_err(&failed)?;
        }
        row_group.close().map_err(failed)?;
        self.row_bytes = Some((self.file.bytes_written() - before).div_ceil(rows.row_count()));
        self.row_count += rows.row_count() as u64;
        Ok(())
    }

    /// How many bytes the file has so far.
    pub fn byte_len(&self) -> usize {
        self.file.bytes_written()
    }

    /// Ends the file and gives back the sink.
    ///
    /// # Errors
    ///
    /// Where the sink fails.
    pub fn finish(mut self) -> Result<(W, WrittenFile), PageError> {
        let nan_free: Vec<String> = self.nan_free.iter().map(ToString::to_string).collect();
        let nan_free = KeyValue::new(statistics::NAN_FREE_KEY.to_owned(), nan_free.join(","));
        self.file.append_key_value_metadata(nan_free.clone());
        let file = self.file_metadata(nan_free);
        let row_groups = self.file.flushed_row_groups();
        let statistics = statistics::of_row_groups(&file, row_groups, &self.leaves);
        let Counted { sink, byte_len } =
            self.file.into_inner().map_err(parquet_error("end a file"))?;
        Ok((sink, WrittenFile { byte_len, row_count: statistics.row_count, statistics }))
    }

    /// What the footer says of all rows.
    fn file_metadata(&self, nan_free: KeyValue) -> FileMetaData {
        let schema = Arc::new(self.file.schema_descr().clone());
        let order = |column: &ColumnDescPtr| {
            ColumnOrder::TYPE_DEFINED_ORDER(ColumnOrder::sort_order_for_type(
                column.logical_type_ref(),
                column.converted_type(),
                column.physical_type(),
            ))
        };
        let orders = schema.columns().iter().map(order).collect();
        let row_count = i64::try_from(self.row_count).unwrap_or(i64::MAX);
        FileMetaData::new(1, row_count, None, Some(vec![nan_free]), schema, Some(orders))
    }

    /// The columns that are written.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }
}

fn sorting_columns(
    sorted_by: &[SortedBy],
    leaves: &[Leaf],
) -> Result<Option<Vec<SortingColumn>>, PageError> {
    let sorting_column = |sorted: &SortedBy| {
        let mut leaves = leaves.iter();
        let position = leaves.position(|leaf| !leaf.repeated && leaf.path == sorted.path);
        let column_idx = position.and_then(|position| i32::try_from(position).ok());
        let column_idx = column_idx
            .ok_or_else(|| PageError::NoSuchSortColumn { column: sorted.path.join(".") })?;
        let SortedBy { descending, nulls_first, .. } = *sorted;
        Ok(SortingColumn { column_idx, descending, nulls_first })
    };
    let columns: Vec<SortingColumn> =
        sorted_by.iter().map(sorting_column).collect::<Result<_, PageError>>()?;
    Ok((!columns.is_empty()).then_some(columns))
}

/// The sink, and how much has passed into it.
#[derive(Debug)]
struct Counted<W> {
    sink: W,
    byte_len: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.byte_len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
