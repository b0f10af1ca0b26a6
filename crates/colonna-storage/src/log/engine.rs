//! The kernel's engine on plain files: no runtime, no object store.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use delta_kernel::arrow::json::ReaderBuilder;
use delta_kernel::engine::arrow_conversion::TryFromArrow as _;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::engine::arrow_expression::ArrowEvaluationHandler;
use delta_kernel::engine::arrow_utils::{
    RowIndexBuilder, build_json_reorder_indices, fixup_json_read, fixup_parquet_read,
    json_arrow_schema, ordering_needs_row_indexes, parquet_read_plan,
};
use delta_kernel::engine::parquet_row_group_skipping::ParquetRowGroupSkipping;
use delta_kernel::engine::{parse_json, reader_options, to_json_bytes, writer_options};
use delta_kernel::parquet::arrow::ArrowWriter;
use delta_kernel::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReaderBuilder,
};
use delta_kernel::schema::{SchemaRef, StructType};
use delta_kernel::{
    Engine, EngineData, EvaluationHandler, FileDataReadResultIterator, FileMeta, FileSize,
    FilteredEngineData, JsonHandler, KernelError, KernelResult, KernelResultIterator,
    KernelResultIteratorStatic, ParquetFooter, ParquetHandler, PredicateRef, StorageHandler,
};
use url::Url;

use super::files::TableFiles;
use crate::durable::Disk;

/// Rows of a checkpoint that are decoded at a time.
const CHECKPOINT_BATCH_ROWS: usize = 8192;

/// Reads and writes the log of one table.
pub(super) struct TableEngine {
    evaluation: Arc<ArrowEvaluationHandler>,
    formats: Arc<Formats>,
    files: Arc<TableFiles>,
}

impl std::fmt::Debug for TableEngine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TableEngine").field("root", &self.files.root).finish()
    }
}

impl TableEngine {
    pub(super) fn new(root: PathBuf, disk: Arc<Disk>) -> Self {
        let files = Arc::new(TableFiles { root, disk });
        let formats = Arc::new(Formats { files: Arc::clone(&files) });
        Self { evaluation: Arc::new(ArrowEvaluationHandler {}), formats, files }
    }

    pub(super) fn files(&self) -> &Arc<TableFiles> {
        &self.files
    }
}

impl Engine for TableEngine {
    fn evaluation_handler(&self) -> Arc<dyn EvaluationHandler> {
        Arc::<ArrowEvaluationHandler>::clone(&self.evaluation)
    }

    fn storage_handler(&self) -> Arc<dyn StorageHandler> {
        Arc::<TableFiles>::clone(&self.files)
    }

    fn json_handler(&self) -> Arc<dyn JsonHandler> {
        Arc::<Formats>::clone(&self.formats)
    }

    fn parquet_handler(&self) -> Arc<dyn ParquetHandler> {
        Arc::<Formats>::clone(&self.formats)
    }
}

/// The two formats that a log is written in.
#[derive(Debug)]
struct Formats {
    files: Arc<TableFiles>,
}

type Batches = Box<dyn Iterator<Item = KernelResult<Box<dyn EngineData>>> + Send>;

impl Formats {
    /// The batches of all files, one file opened after the other.
    fn in_turn(
        self: Arc<Self>,
        files: &[FileMeta],
        open: impl Fn(&Self, &FileMeta) -> KernelResult<Batches> + Send + 'static,
    ) -> FileDataReadResultIterator {
        let files = files.to_vec();
        Box::new(files.into_iter().flat_map(move |file| -> Batches {
            open(&self, &file).unwrap_or_else(|error| Box::new(std::iter::once(Err(error))))
        }))
    }

    fn json_batches(&self, file: &FileMeta, schema: &SchemaRef) -> KernelResult<Batches> {
        let bytes = self.files.read(&file.location)?;
        let order = build_json_reorder_indices(schema)?;
        let reader = ReaderBuilder::new(Arc::new(json_arrow_schema(schema)?))
            .with_coerce_primitive(true)
            .build(Cursor::new(bytes))?;
        let location = file.location.to_string();
        Ok(Box::new(reader.map(move |batch| -> KernelResult<Box<dyn EngineData>> {
            Ok(Box::new(fixup_json_read(batch?, &order, &location)?))
        })))
    }

    fn parquet_batches(
        &self,
        file: &FileMeta,
        schema: SchemaRef,
        predicate: Option<&PredicateRef>,
    ) -> KernelResult<Batches> {
        let source = self.files.open(&file.location)?;
        let metadata = ArrowReaderMetadata::load(&source, reader_options())?;
        let (ordering, mask) = parquet_read_plan(&schema, &metadata)?;
        let mut row_indexes = ordering_needs_row_indexes(&ordering)
            .then(|| RowIndexBuilder::new(metadata.metadata().row_groups()));
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata)
            .with_batch_size(CHECKPOINT_BATCH_ROWS);
        if let Some(mask) = mask {
            builder = builder.with_projection(mask);
        }
        if let Some(predicate) = predicate {
            builder = builder.with_row_group_filter(predicate.as_ref(), row_indexes.as_mut());
        }
        let mut row_indexes = row_indexes.map(RowIndexBuilder::build).transpose()?;
        let location = file.location.to_string();
        let reader = builder.build()?;
        Ok(Box::new(reader.map(move |batch| -> KernelResult<Box<dyn EngineData>> {
            let (location, schema) = (Some(location.as_str()), Some(&schema));
            let rows = row_indexes.as_mut();
            Ok(Box::new(fixup_parquet_read(batch?, &ordering, rows, location, schema)?))
        })))
    }
}

impl JsonHandler for Formats {
    fn parse_json(
        &self,
        json_strings: Box<dyn EngineData>,
        output_schema: SchemaRef,
    ) -> KernelResult<Box<dyn EngineData>> {
        parse_json(json_strings, output_schema)
    }

    fn read_json_files(
        &self,
        files: &[FileMeta],
        schema: SchemaRef,
        _predicate: Option<PredicateRef>,
    ) -> KernelResult<FileDataReadResultIterator> {
        let formats = Arc::new(Self { files: Arc::clone(&self.files) });
        Ok(formats.in_turn(files, move |formats, file| formats.json_batches(file, &schema)))
    }

    fn write_json_file(
        &self,
        url: &Url,
        data: KernelResultIterator<'_, FilteredEngineData>,
        overwrite: bool,
    ) -> KernelResult<FileSize> {
        let bytes = to_json_bytes(data)?;
        self.files.put(url, bytes.clone().into(), overwrite)?;
        file_size(&bytes)
    }
}

impl ParquetHandler for Formats {
    fn read_parquet_files(
        &self,
        files: &[FileMeta],
        schema: SchemaRef,
        predicate: Option<PredicateRef>,
    ) -> KernelResult<FileDataReadResultIterator> {
        let formats = Arc::new(Self { files: Arc::clone(&self.files) });
        Ok(formats.in_turn(files, move |formats, file| {
            formats.parquet_batches(file, Arc::clone(&schema), predicate.as_ref())
        }))
    }

    fn write_parquet_file(
        &self,
        url: Url,
        data: KernelResultIteratorStatic<Box<dyn EngineData>>,
    ) -> KernelResult<FileSize> {
        let mut writer: Option<ArrowWriter<Vec<u8>>> = None;
        for batch in data {
            let batch = ArrowEngineData::try_from_engine_data(batch?)?;
            let batch = batch.record_batch();
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(ArrowWriter::try_new_with_options(
                    Vec::new(),
                    batch.schema(),
                    writer_options(),
                )?),
            };
            writer.write(batch)?;
        }
        let writer = writer.ok_or_else(|| KernelError::generic("a checkpoint without actions"))?;
        let bytes = writer.into_inner()?;
        self.files.replace(&url, &bytes)?;
        file_size(&bytes)
    }

    fn read_parquet_footer(&self, file: &FileMeta) -> KernelResult<ParquetFooter> {
        let source = self.files.open(&file.location)?;
        let metadata = ArrowReaderMetadata::load(&source, reader_options())?;
        let schema = StructType::try_from_arrow(metadata.schema().as_ref())?;
        Ok(ParquetFooter { schema: Arc::new(schema) })
    }
}

fn file_size(bytes: &[u8]) -> KernelResult<FileSize> {
    FileSize::try_from(bytes.len())
        .map_err(|_too_large| KernelError::generic("a file of more than 2^64 bytes"))
}
