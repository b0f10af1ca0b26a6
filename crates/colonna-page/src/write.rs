//! Columns into a Parquet file.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::Schema as ArrowSchema;
use colonna_column::{Column, Columns, Values, arrow_schema};
use colonna_schema::{Scalar, Schema, Statistics};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::error::parquet_error;
use crate::leaf::leaves_of;
use crate::{PageError, encoding, statistics};

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
    /// The level of zstd, from 1 to 22.
    pub compression_level: i32,
    /// The most rows of a row group.
    pub row_group_rows: usize,
    /// About the most bytes of a row group, encoded.
    pub row_group_bytes: usize,
    /// The most rows of a page.
    pub page_rows: usize,
    /// By what the rows are sorted, the first column first. It is noted, not done.
    pub sorted_by: Vec<SortedBy>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            compression_level: 1,
            row_group_rows: 500_000,
            row_group_bytes: 128 << 20,
            page_rows: 20_000,
            sorted_by: Vec::new(),
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

/// Writes a file block by block.
///
/// Invariant: the file is whole only after [`Writer::finish`].
#[derive(Debug)]
pub struct Writer<W: Write + Send> {
    schema: Arc<Schema>,
    arrow_schema: Arc<ArrowSchema>,
    options: WriteOptions,
    /// The leaf columns of doubles in which no NaN was met, by position and path.
    nan_free: Vec<(usize, Vec<String>)>,
    stage: Stage<W>,
}

#[derive(Debug)]
enum Stage<W: Write + Send> {
    /// The first block decides on encodings.
    Waiting(W),
    Writing(Box<ArrowWriter<Shared<W>>>, Shared<W>),
    /// An error came between.
    Lost,
}

impl<W: Write + Send> Writer<W> {
    /// A file of that schema.
    ///
    /// # Errors
    ///
    /// Where the options make no sense for the schema.
    pub fn try_new(sink: W, schema: Arc<Schema>, options: WriteOptions) -> Result<Self, PageError> {
        let arrow_schema = Arc::new(arrow_schema(&schema));
        let leaves = leaves_of(&arrow_schema).into_iter().enumerate();
        let nan_free = leaves
            .filter(|(_, leaf)| leaf.is_double() && !leaf.repeated)
            .map(|(position, leaf)| (position, leaf.path))
            .collect();
        let stage = Stage::Waiting(sink);
        let writer = Self { schema, arrow_schema, options, nan_free, stage };
        writer.properties(None)?;
        Ok(writer)
    }

    /// Adds the rows of a block.
    ///
    /// # Errors
    ///
    /// Where the block has another schema, or the sink fails.
    pub fn write(&mut self, block: &Columns) -> Result<(), PageError> {
        let batch = block.to_batch()?;
        self.nan_free
            .retain(|(_, path)| !block.column_at(path).is_some_and(|column| has_nan(&column)));
        self.started(Some(block))?.write(&batch).map_err(parquet_error("write rows"))
    }

    /// About how many bytes the file has so far, with what is not yet compressed.
    pub fn byte_len(&self) -> usize {
        match &self.stage {
            Stage::Writing(writer, _) => writer.bytes_written() + writer.in_progress_size(),
            _ => 0,
        }
    }

    /// Ends the file and gives back the sink.
    ///
    /// # Errors
    ///
    /// Where the sink fails.
    pub fn finish(mut self) -> Result<(W, WrittenFile), PageError> {
        let nan_free: Vec<String> =
            self.nan_free.iter().map(|(position, _)| position.to_string()).collect();
        let writer = self.started(None)?;
        let nan_free = KeyValue::new(statistics::NAN_FREE_KEY.to_owned(), nan_free.join(","));
        writer.append_key_value_metadata(nan_free);
        let metadata = writer.finish().map_err(parquet_error("end a file"))?;
        let statistics = statistics::of_file(&metadata, &leaves_of(&self.arrow_schema));
        let Stage::Writing(writer, shared) = self.stage else { return Err(lost()) };
        drop(writer);
        let counted = Arc::into_inner(shared.0).ok_or_else(lost)?;
        let Counted { sink, byte_len } =
            counted.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((sink, WrittenFile { byte_len, row_count: statistics.row_count, statistics }))
    }

    fn started(
        &mut self,
        first: Option<&Columns>,
    ) -> Result<&mut ArrowWriter<Shared<W>>, PageError> {
        if let Stage::Waiting(_) = &self.stage {
            let options = ArrowWriterOptions::new()
                .with_properties(self.properties(first)?)
                .with_skip_arrow_metadata(true);
            let Stage::Waiting(sink) = std::mem::replace(&mut self.stage, Stage::Lost) else {
                return Err(lost());
            };
            let shared = Shared(Arc::new(Mutex::new(Counted { sink, byte_len: 0 })));
            let schema = Arc::clone(&self.arrow_schema);
            let writer = ArrowWriter::try_new_with_options(Shared::clone(&shared), schema, options)
                .map_err(parquet_error("begin a file"))?;
            self.stage = Stage::Writing(Box::new(writer), shared);
        }
        match &mut self.stage {
            Stage::Writing(writer, _) => Ok(writer),
            _ => Err(lost()),
        }
    }

    fn properties(&self, first: Option<&Columns>) -> Result<WriterProperties, PageError> {
        let level = self.options.compression_level;
        let zstd =
            ZstdLevel::try_new(level).map_err(|_out_of_range| PageError::NoSuchLevel { level })?;
        let builder = WriterProperties::builder()
            .set_created_by(concat!("colonna version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(zstd))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_max_row_group_row_count(Some(self.options.row_group_rows.max(1)))
            .set_max_row_group_bytes(Some(self.options.row_group_bytes.max(1)))
            .set_data_page_row_count_limit(self.options.page_rows.max(1))
            .set_sorting_columns(self.sorting_columns()?);
        Ok(match first {
            Some(first) => encoding::choose(builder, first).build(),
            None => builder.build(),
        })
    }

    fn sorting_columns(&self) -> Result<Option<Vec<SortingColumn>>, PageError> {
        let leaves = leaves_of(&self.arrow_schema);
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
            self.options.sorted_by.iter().map(sorting_column).collect::<Result<_, PageError>>()?;
        Ok((!columns.is_empty()).then_some(columns))
    }

    /// The columns that are written.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }
}

fn has_nan(column: &Column) -> bool {
    match column.values() {
        Values::Float64(values) => {
            let mut rows = values.iter().enumerate();
            rows.any(|(row, value)| value.is_nan() && column.is_valid(row))
        }
        Values::Constant(Scalar::Float64(value)) => value.is_nan(),
        _ => false,
    }
}

fn lost() -> PageError {
    PageError::Malformed {
        action: "go on with a file",
        detail: "an earlier write to it failed".to_owned(),
    }
}

/// The sink, and what has passed into it.
#[derive(Debug)]
struct Counted<W> {
    sink: W,
    byte_len: u64,
}

/// A hold on the sink besides the writer's own, which gives back either the sink or what it wrote
/// of the footer, and not both.
#[derive(Debug)]
struct Shared<W>(Arc<Mutex<Counted<W>>>);

impl<W> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = counted.sink.write(bytes)?;
        counted.byte_len += u64::try_from(written).unwrap_or_default();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sink.flush()
    }
}
