//! One version of a table, as the log tells it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use colonna_schema::{Scalar, Schema, Statistics};
use delta_kernel::arrow::array::{Array, AsArray};
use delta_kernel::committer::Committer;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::scan::StatsOptions;
use delta_kernel::scan::state::{DvInfo, ScanFile};
use delta_kernel::schema::{DataType as LogType, StructType};
use delta_kernel::table_features::ColumnMappingMode;
use delta_kernel::transaction::create_table::create_table;
use delta_kernel::transaction::data_layout::DataLayout;
use delta_kernel::{FilteredEngineData, KernelError, KernelResult, SnapshotRef};
use rayon::prelude::*;
use roaring::RoaringTreemap;
use url::Url;

use super::committer::{DurableCommitter, Landing};
use super::engine::TableEngine;
use super::statistics::Layout;
use super::transaction::ENGINE;
use super::{log_error, partition_value, path, schema, statistics};
use crate::StorageError;
use crate::durable::Disk;

/// One data file of a table.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Where it lies below the table's folder, with `/` between folders.
    pub path: String,
    /// How many bytes it has.
    pub byte_len: u64,
    /// When it was written, in milliseconds since the epoch.
    pub modified_ms: i64,
    /// A value for each partition column, in the table's order of them.
    pub partition_values: Vec<(String, Scalar)>,
    /// What the log knows of its rows: all of them, those that `deletion_vector` hides too.
    pub statistics: Option<Statistics>,
    /// Which of its rows are deleted.
    pub deletion_vector: Option<DeletionVector>,
}

/// Rows of a file that are deleted, kept elsewhere: see [`Snapshot::deleted_rows`].
#[derive(Clone, PartialEq)]
pub struct DeletionVector {
    /// How many rows are deleted.
    pub row_count: u64,
    descriptor: DvInfo,
}

impl fmt::Debug for DeletionVector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeletionVector").field("row_count", &self.row_count).finish()
    }
}

/// One version of a table.
///
/// Invariant: what it tells never changes, whatever is committed meanwhile.
#[derive(Clone, Debug)]
pub struct Snapshot {
    root: PathBuf,
    engine: Arc<TableEngine>,
    inner: SnapshotRef,
    schema: Arc<Schema>,
    partition_columns: Vec<String>,
}

impl Snapshot {
    /// The table in a folder at a version, or at its newest.
    ///
    /// # Errors
    ///
    /// Where there is no table, or not that version of it, or one that asks for what is not
    /// supported.
    pub fn open(folder: impl AsRef<Path>, version: Option<u64>) -> Result<Self, StorageError> {
        let folder = folder.as_ref();
        if !folder.join("_delta_log").is_dir() {
            return Err(StorageError::NotATable { path: folder.to_owned() });
        }
        let root = canonical(folder)?;
        let engine = Arc::new(TableEngine::new(root, Arc::new(Disk::default())));
        Self::read(engine, version)
    }

    /// Whether a folder holds a table: a log with a version in it.
    pub fn exists(folder: impl AsRef<Path>) -> bool {
        let Ok(entries) = std::fs::read_dir(folder.as_ref().join("_delta_log")) else {
            return false;
        };
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            name.to_str().is_some_and(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        })
    }

    /// Makes a table: the folder, where it is missing, and a first version without rows.
    ///
    /// # Errors
    ///
    /// Where there is a table already, or the schema cannot be kept in one.
    pub fn create(
        folder: impl AsRef<Path>,
        schema: &Schema,
        partition_columns: &[String],
        properties: &BTreeMap<String, String>,
    ) -> Result<Self, StorageError> {
        let folder = folder.as_ref();
        let disk = Arc::new(Disk::default());
        disk.create_folders(folder)?;
        let root = canonical(folder)?;
        let refused = log_error("create", &root);
        let engine = Arc::new(TableEngine::new(root.clone(), disk));
        let log_schema = Arc::new(schema::to_log(&root, schema)?);
        let mut builder = create_table(table_url(&root)?, log_schema, ENGINE, false)
            .with_table_properties(
                properties.iter().map(|(key, value)| (key.as_str(), value.as_str())),
            );
        if !partition_columns.is_empty() {
            let layout = DataLayout::partitioned(partition_columns.iter().map(String::as_str));
            builder = builder.with_data_layout(layout);
        }
        let exists = || StorageError::TableExists { path: folder.to_owned() };
        if root.join("_delta_log").join(format!("{:020}.json", 0)).exists() {
            return Err(exists());
        }
        let (committer, landing) = engine.committer(&[]);
        let result = builder
            .build(engine.as_ref(), committer)
            .and_then(|transaction| transaction.commit(engine.as_ref()));
        match (landing.take(), result) {
            (Landing::Landed, _) => Self::read(engine, Some(0)),
            (Landing::Taken, _) => Err(exists()),
            (Landing::Unknown(error), _) => {
                Err(StorageError::OutcomeUnknown { version: 0, source: Box::new(error) })
            }
            // Somebody was faster, and the kernel noticed it.
            (Landing::NotLanded, Err(_)) if Self::exists(&root) => Err(exists()),
            (Landing::NotLanded, Err(error)) => Err(refused(error)),
            (Landing::NotLanded, Ok(_)) => {
                Err(refused(KernelError::generic("nothing was committed")))
            }
        }
    }

    /// The newest version of the same table.
    ///
    /// # Errors
    ///
    /// Where the log cannot be read.
    pub fn refresh(&self) -> Result<Self, StorageError> {
        Self::read(Arc::clone(&self.engine), None)
    }

    fn read(engine: Arc<TableEngine>, version: Option<u64>) -> Result<Self, StorageError> {
        let root = engine.files().root.clone();
        let mut builder = delta_kernel::Snapshot::builder_for(table_url(&root)?);
        if let Some(version) = version {
            builder = builder.at_version(version);
        }
        let inner = builder.build(engine.as_ref()).map_err(|error| match (error, version) {
            (KernelError::MissingVersion(missing), _) => {
                let version = version.unwrap_or(missing);
                StorageError::NoSuchVersion { path: root.clone(), version }
            }
            (KernelError::EmptyLog | KernelError::FileNotFound(_), None) => {
                StorageError::NotATable { path: root.clone() }
            }
            (error, _) => log_error("read", &root)(error),
        })?;
        let configuration = inner.table_configuration();
        if configuration.column_mapping_mode() == ColumnMappingMode::Id {
            let feature = "column mapping by id";
            return Err(StorageError::UnsupportedTable { path: root, feature });
        }
        let partition_columns = configuration.metadata().partition_columns().to_vec();
        let schema = Arc::new(schema::from_log(&inner.schema())?);
        Ok(Self { root, engine, inner, schema, partition_columns })
    }

    /// The version.
    pub fn version(&self) -> u64 {
        self.inner.version()
    }

    /// The folder that holds the table.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All columns, those that partition the table too.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The columns that partition the table. They are not in the data files.
    pub fn partition_columns(&self) -> &[String] {
        &self.partition_columns
    }

    /// The table's properties.
    pub fn properties(&self) -> BTreeMap<String, String> {
        let properties = self.inner.metadata_configuration().iter();
        properties.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The path by which a column of that path goes in the data files. It differs where the table
    /// maps its columns' names.
    pub fn physical_path(&self, column: &[String]) -> Vec<String> {
        let mapping = self.mapping();
        let mut physical = Vec::with_capacity(column.len());
        let schema = self.inner.schema();
        let mut fields: Option<&StructType> = Some(&schema);
        for name in column {
            let field = fields.and_then(|fields| fields.field(name));
            physical
                .push(field.map_or(name.as_str(), |field| field.physical_name(mapping)).to_owned());
            fields = match field.map(|field| field.data_type()) {
                Some(LogType::Struct(inner)) => Some(inner),
                _ => None,
            };
        }
        physical
    }

    /// The version that an application last committed under its name.
    ///
    /// # Errors
    ///
    /// Where the log cannot be read.
    pub fn transaction_version(&self, application: &str) -> Result<Option<i64>, StorageError> {
        self.inner
            .get_app_id_version(application, self.engine.as_ref())
            .map_err(log_error("read the transactions in", &self.root))
    }

    /// The data files, in the order of their paths.
    ///
    /// # Errors
    ///
    /// Where the log cannot be read, or names what lies outside the table.
    pub fn files(&self) -> Result<Vec<DataFile>, StorageError> {
        let mut entries = Vec::new();
        self.each_batch(|batch| {
            entries.extend(entries_of(&batch)?);
            Ok(())
        })?;
        let mut files: Vec<DataFile> =
            entries.into_par_iter().map(|entry| self.data_file(entry)).collect::<Result<_, _>>()?;
        files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        Ok(files)
    }

    /// Where a data file lies on disk.
    pub fn path_of(&self, file: &DataFile) -> PathBuf {
        path::on_disk(&self.root, &file.path)
    }

    /// The positions of a file's deleted rows.
    ///
    /// # Errors
    ///
    /// Where they cannot be read.
    pub fn deleted_rows(&self, file: &DataFile) -> Result<RoaringTreemap, StorageError> {
        let Some(vector) = &file.deletion_vector else { return Ok(RoaringTreemap::new()) };
        let root = Url::from_directory_path(&self.root)
            .map_err(|()| StorageError::NotATable { path: self.root.clone() })?;
        let rows = vector.descriptor.get_row_indexes(self.engine.as_ref(), &root);
        let rows = rows.map_err(log_error("read a deletion vector of", &self.root))?;
        Ok(rows.unwrap_or_default().into_iter().collect())
    }

    /// Writes a checkpoint of this version, from which later readers start.
    ///
    /// # Errors
    ///
    /// Where it cannot be written. The table is as good as before.
    pub fn checkpoint(&self) -> Result<(), StorageError> {
        let written = self.inner.checkpoint(self.engine.as_ref(), None);
        written.map(drop).map_err(log_error("write a checkpoint of", &self.root))
    }

    pub(super) fn engine(&self) -> &Arc<TableEngine> {
        &self.engine
    }

    pub(super) fn inner(&self) -> &SnapshotRef {
        &self.inner
    }

    pub(super) fn log_schema(&self) -> delta_kernel::schema::SchemaRef {
        self.inner.schema()
    }

    pub(super) fn mapping(&self) -> ColumnMappingMode {
        self.inner.table_configuration().column_mapping_mode()
    }

    /// Makes the names of the log's entries durable. Who finds what another has committed may rely on
    /// it only then: the other may have gone between the two.
    ///
    /// # Errors
    ///
    /// Where the log's folder cannot be synced.
    pub fn sync_log(&self) -> Result<(), StorageError> {
        self.disk().sync_folder(&self.root.join("_delta_log"))
    }

    /// The disk on which the table is written.
    pub(crate) fn disk(&self) -> &Arc<Disk> {
        &self.engine.files().disk
    }

    /// Hands over the log's rows of files, batch after batch.
    pub(super) fn each_batch(
        &self,
        mut take: impl FnMut(delta_kernel::scan::ScanMetadata) -> KernelResult<()>,
    ) -> Result<(), StorageError> {
        let refused = log_error("list the files in", &self.root);
        let scan = Arc::clone(&self.inner)
            .scan_builder()
            .with_stats(StatsOptions::json_only())
            .without_row_transforms()
            .build()
            .map_err(&refused)?;
        for batch in scan.scan_metadata(self.engine.as_ref()).map_err(&refused)? {
            batch.and_then(&mut take).map_err(&refused)?;
        }
        Ok(())
    }

    fn data_file(&self, entry: Entry) -> Result<DataFile, StorageError> {
        let Entry { file, statistics } = entry;
        let refused = log_error("read a deletion vector of", &self.root);
        let row_count = file.dv_info.cardinality().map_err(refused)?;
        let schema = self.inner.schema();
        let layout = Layout { schema: &schema, mapping: self.mapping() };
        let hidden = row_count.is_some();
        let deletion_vector =
            row_count.map(|row_count| DeletionVector { row_count, descriptor: file.dv_info });
        Ok(DataFile {
            path: path::decode(&self.root, &file.path)?,
            byte_len: u64::try_from(file.size).unwrap_or_default(),
            modified_ms: file.modification_time,
            partition_values: self.partition_values(&file.partition_values)?,
            statistics: statistics.and_then(|text| statistics::from_json(&text, layout, hidden)),
            deletion_vector,
        })
    }

    fn partition_values(
        &self,
        texts: &std::collections::HashMap<String, String>,
    ) -> Result<Vec<(String, Scalar)>, StorageError> {
        let schema = self.inner.schema();
        let value = |column: &String| {
            let field = schema.field(column).ok_or_else(|| StorageError::NotAPartitionColumn {
                column: column.clone(),
                found: "not in the schema".to_owned(),
            })?;
            let value = match texts.get(field.physical_name(self.mapping())) {
                Some(text) => {
                    partition_value::from_text(&self.root, column, field.data_type(), text)?
                }
                None => Scalar::Null,
            };
            Ok((column.clone(), value))
        };
        self.partition_columns.iter().map(value).collect()
    }
}

/// A committer and the place where its outcome can be read.
pub(super) struct LandingSlot(Arc<std::sync::Mutex<Landing>>);

impl LandingSlot {
    pub(super) fn take(&self) -> Landing {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl TableEngine {
    pub(super) fn committer(&self, adds: &[DataFile]) -> (Box<dyn Committer>, LandingSlot) {
        let landing = Arc::default();
        let slot = LandingSlot(Arc::clone(&landing));
        let infinite = adds.iter().filter_map(|file| {
            let statistics = file.statistics.as_ref().filter(|it| statistics::is_infinite(it))?;
            Some((path::encode(&file.path), statistics.clone()))
        });
        let (files, infinite) = (Arc::clone(self.files()), infinite.collect());
        (Box::new(DurableCommitter { files, landing, infinite }), slot)
    }
}

/// What the log says of one file.
struct Entry {
    file: ScanFile,
    statistics: Option<String>,
}

fn entries_of(batch: &delta_kernel::scan::ScanMetadata) -> KernelResult<Vec<Entry>> {
    let files =
        batch.visit_scan_files(Vec::new(), |files: &mut Vec<ScanFile>, file| files.push(file))?;
    let statistics = statistics_of(&batch.scan_files)?;
    let entries = files.into_iter().zip(statistics);
    Ok(entries.map(|(file, statistics)| Entry { file, statistics }).collect())
}

/// The JSON statistics of the rows that a visit of the files meets, in its order.
fn statistics_of(rows: &FilteredEngineData) -> KernelResult<Vec<Option<String>>> {
    let batch = rows.data().any_ref().downcast_ref::<ArrowEngineData>();
    let batch = batch.ok_or_else(|| KernelError::generic("a scan without Arrow data"))?;
    let batch = batch.record_batch();
    let column = |name: &str| {
        let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        column.ok_or_else(|| KernelError::missing_column(name))
    };
    let (paths, statistics) = (column("path")?, column("stats")?);
    let selected = |row: &usize| {
        rows.selection_vector().get(*row).copied().unwrap_or(true) && paths.is_valid(*row)
    };
    Ok((0..batch.num_rows())
        .filter(selected)
        .map(|row| statistics.is_valid(row).then(|| statistics.value(row).to_owned()))
        .collect())
}

pub(super) fn table_url(root: &Path) -> Result<String, StorageError> {
    Url::from_directory_path(root)
        .map(String::from)
        .map_err(|()| StorageError::NotATable { path: root.to_owned() })
}

fn canonical(folder: &Path) -> Result<PathBuf, StorageError> {
    folder.canonicalize().map_err(|source| StorageError::Io {
        action: "open",
        path: folder.to_owned(),
        source,
    })
}
