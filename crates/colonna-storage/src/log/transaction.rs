//! One try to commit: files to add and to remove, on top of one snapshot.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use colonna_schema::Field;
use delta_kernel::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, MapBuilder, MapFieldNames, RecordBatch, StringArray,
    StringBuilder, StructArray,
};
use delta_kernel::arrow::datatypes::{Field as ArrowField, Schema as ArrowSchema};
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::expressions::ColumnName;
use delta_kernel::transaction::{
    CommitResult, Transaction as LogTransaction, UpdateTableOperation,
};
use delta_kernel::{Engine as _, EngineData, FilteredEngineData, KernelError, KernelResult};

use super::committer::Landing;
use super::snapshot::{DataFile, Snapshot};
use super::{cause, log_error, partition_value, path, schema, statistics};
use crate::StorageError;
use crate::error::Cause;

/// Who wrote an entry, for the log.
pub(super) const ENGINE: &str = concat!("colonna/", env!("CARGO_PKG_VERSION"));

/// A checkpoint is due after that many commits: a table of 10,000 commits opens fifty times as
/// fast with one.
const COMMITS_PER_CHECKPOINT: u64 = 50;

/// What a commit does, for the history of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Rows are added.
    Append,
    /// Rows take the place of others.
    Replace,
    /// Rows are deleted.
    Delete,
    /// The same rows are kept in other files.
    Optimize,
}

impl Operation {
    /// Whether the table's rows change.
    fn changes_data(self) -> bool {
        self != Self::Optimize
    }
}

/// How a try to commit ended. Whatever could not have landed is an error instead.
#[derive(Debug)]
#[must_use]
pub enum CommitOutcome {
    /// It is the version's content, durably.
    Committed {
        /// The version.
        version: u64,
    },
    /// Another writer's commit became the version; nothing of this one is visible.
    Conflict {
        /// The version that the other has.
        winner: u64,
    },
    /// It may have landed. No file may be deleted; the transaction's version tells a later reader.
    Unknown {
        /// What stopped it.
        source: Cause,
    },
}

/// A column, or a field of a struct, that a table gets. Every one may be null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewColumn {
    /// The names that lead to the struct; `element` and `value` lead into lists and maps. Empty for
    /// a column.
    pub parent: Vec<String>,
    /// The column.
    pub field: Field,
}

/// Files to add and to remove in one commit on top of one snapshot.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// What it does.
    pub operation: Operation,
    /// Files that are on disk, durably.
    pub adds: Vec<DataFile>,
    /// Paths of files that are in the snapshot.
    pub removes: BTreeSet<String>,
    /// Columns that the table gets.
    pub new_columns: Vec<NewColumn>,
    /// The application's name and its version, by which a repetition is known.
    pub identity: Option<(String, i64)>,
}

impl Transaction {
    /// A commit of nothing yet.
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            adds: Vec::new(),
            removes: BTreeSet::new(),
            new_columns: Vec::new(),
            identity: None,
        }
    }

    /// Tries to become the version after the snapshot's.
    ///
    /// # Errors
    ///
    /// Where it certainly did not land, for another reason than a race.
    pub fn commit(&self, snapshot: &Snapshot) -> Result<CommitOutcome, StorageError> {
        let next = snapshot.version() + 1;
        self.check_writable(snapshot)?;
        let (committer, landing) = snapshot.engine().committer(&self.adds);
        let mut transaction = self.begin(snapshot, committer)?;
        self.stage_removes(snapshot, &mut transaction)?;
        self.stage_adds(snapshot, &mut transaction)?;
        let result = transaction.commit(snapshot.engine().as_ref());
        match landing.take() {
            Landing::Landed => {
                if let Ok(CommitResult::Committed(done)) = result
                    && done.post_commit_stats().commits_since_checkpoint >= COMMITS_PER_CHECKPOINT
                    && let Some(after) = done.post_commit_snapshot()
                {
                    // The commit stands whether the checkpoint works or not, and the next commit
                    // finds it due again.
                    drop(after.checkpoint(snapshot.engine().as_ref(), None));
                }
                Ok(CommitOutcome::Committed { version: next })
            }
            Landing::Taken => Ok(CommitOutcome::Conflict { winner: next }),
            Landing::Unknown(error) => Ok(CommitOutcome::Unknown { source: Box::new(error) }),
            Landing::NotLanded => {
                let error = result.err().unwrap_or_else(|| KernelError::generic("nothing landed"));
                Err(log_error("commit to", snapshot.root())(error))
            }
        }
    }

    fn check_writable(&self, snapshot: &Snapshot) -> Result<(), StorageError> {
        if self.adds.is_empty() {
            return Ok(());
        }
        let table = snapshot.root().to_owned();
        if snapshot.mapping() != delta_kernel::table_features::ColumnMappingMode::None {
            let feature = "column mapping, which is read, but not written";
            return Err(StorageError::UnsupportedTable { path: table, feature });
        }
        match schema::not_writable(&snapshot.log_schema(), snapshot.partition_columns()) {
            Some((column, found)) => Err(StorageError::NotWritable { table, column, found }),
            None => Ok(()),
        }
    }

    fn begin(
        &self,
        snapshot: &Snapshot,
        committer: Box<dyn delta_kernel::committer::Committer>,
    ) -> Result<LogTransaction, StorageError> {
        let files = !self.adds.is_empty() || !self.removes.is_empty();
        let (operation, mode) = match self.operation {
            _ if !files && !self.new_columns.is_empty() => (UpdateTableOperation::AlterTable, None),
            Operation::Append => (UpdateTableOperation::Write, Some("Append")),
            Operation::Replace => (UpdateTableOperation::Write, Some("Overwrite")),
            Operation::Delete => (UpdateTableOperation::Delete, None),
            Operation::Optimize => (UpdateTableOperation::Optimize, None),
        };
        let changes_data = files && self.operation.changes_data();
        let mut builder =
            Arc::clone(snapshot.inner()).update_table(operation, ENGINE, changes_data);
        if let Some(mode) = mode {
            builder = builder.with_operation_parameters([("mode", Some(mode))]);
        }
        if let Some((application, version)) = &self.identity {
            builder = builder.with_transaction_id(application.clone(), *version);
        }
        if changes_data && self.removes.is_empty() && self.new_columns.is_empty() {
            builder = builder.with_blind_append();
        }
        for column in &self.new_columns {
            let field = schema::field_to_log(snapshot.root(), "", &column.field)?;
            builder = builder.add_column_at(ColumnName::new(&column.parent), field);
        }
        builder
            .build(snapshot.engine().as_ref(), committer)
            .map_err(log_error("begin a commit to", snapshot.root()))
    }

    /// Removal needs the log's own rows of the files.
    fn stage_removes(
        &self,
        snapshot: &Snapshot,
        transaction: &mut LogTransaction,
    ) -> Result<(), StorageError> {
        let mut missing = self.removes.clone();
        if missing.is_empty() {
            return Ok(());
        }
        snapshot.each_batch(|batch| {
            let (data, mut selected) = batch.scan_files.into_parts();
            let data = ArrowEngineData::try_from_engine_data(data)?;
            let rows = data.record_batch();
            selected.resize(rows.num_rows(), true);
            let paths = rows.column_by_name("path").and_then(|paths| paths.as_string_opt::<i32>());
            let paths = paths.ok_or_else(|| KernelError::missing_column("path"))?;
            for (row, selected) in selected.iter_mut().enumerate() {
                *selected = *selected
                    && paths.is_valid(row)
                    && path::decode(snapshot.root(), paths.value(row))
                        .is_ok_and(|path| missing.remove(&path));
            }
            if selected.contains(&true) {
                transaction.remove_files(FilteredEngineData::try_new(data, selected)?);
            }
            Ok(())
        })?;
        match missing.pop_first() {
            Some(file) => Err(StorageError::NoSuchFile { file, version: snapshot.version() }),
            None => Ok(()),
        }
    }

    fn stage_adds(
        &self,
        snapshot: &Snapshot,
        transaction: &mut LogTransaction,
    ) -> Result<(), StorageError> {
        if self.adds.is_empty() {
            return Ok(());
        }
        let texts = self.adds.iter().map(|file| partition_texts(snapshot, transaction, file));
        let texts: Vec<_> = texts.collect::<Result<_, _>>()?;
        let rows = self
            .add_rows(snapshot, transaction, &texts)
            .map_err(log_error("add files to", snapshot.root()))?;
        transaction.add_files(rows);
        Ok(())
    }

    fn add_rows(
        &self,
        snapshot: &Snapshot,
        transaction: &LogTransaction,
        partition_texts: &[HashMap<String, Option<String>>],
    ) -> KernelResult<Box<dyn EngineData>> {
        let json = self.adds.iter().map(|file| file.statistics.as_ref().map(statistics::to_json));
        let json: ArrayRef = Arc::new(StringArray::from_iter(json));
        let json = RecordBatch::try_from_iter_with_nullable([("statistics", json, true)])?;
        let json = Box::new(ArrowEngineData::new(json));
        let handler = snapshot.engine().json_handler();
        let parsed = handler.parse_json(json, transaction.stats_schema()?)?;
        let parsed = ArrowEngineData::try_from_engine_data(parsed)?;
        let parsed: StructArray = parsed.record_batch().clone().into();
        let integers = |value: &dyn Fn(&DataFile) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(self.adds.iter().map(value)))
        };
        let paths = self.adds.iter().map(|file| path::encode(&file.path));
        let columns: Vec<(&str, ArrayRef, bool)> = vec![
            ("path", Arc::new(StringArray::from_iter_values(paths)), false),
            ("partitionValues", partition_map(partition_texts)?, false),
            ("size", integers(&|file| i64::try_from(file.byte_len).unwrap_or(i64::MAX)), false),
            ("modificationTime", integers(&|file| file.modified_ms), false),
            ("stats", Arc::new(parsed), true),
        ];
        let field = |(name, column, nullable): &(&str, ArrayRef, bool)| {
            ArrowField::new(*name, column.data_type().clone(), *nullable)
        };
        let schema = ArrowSchema::new(columns.iter().map(field).collect::<Vec<_>>());
        let columns = columns.into_iter().map(|(_, column, _)| column).collect();
        let rows = RecordBatch::try_new(Arc::new(schema), columns)?;
        Ok(Box::new(ArrowEngineData::new(rows)))
    }
}

/// The texts that the kernel writes for a file's partition values.
fn partition_texts(
    snapshot: &Snapshot,
    transaction: &LogTransaction,
    file: &DataFile,
) -> Result<HashMap<String, Option<String>>, StorageError> {
    let schema = snapshot.log_schema();
    let mut values = HashMap::new();
    for (column, value) in &file.partition_values {
        let field = schema.field(column).ok_or_else(|| StorageError::NotAPartitionColumn {
            column: column.clone(),
            found: "not in the schema".to_owned(),
        })?;
        values.insert(column.clone(), partition_value::to_log(column, field.data_type(), value)?);
    }
    let context = || -> KernelResult<_> {
        let mut builder = transaction.write_state()?.write_context_builder();
        if !snapshot.partition_columns().is_empty() || !values.is_empty() {
            builder = builder.with_partition_values(values);
        }
        Ok(builder.build()?.physical_partition_values().clone())
    };
    context().map_err(|error| StorageError::Log {
        action: "write the partition values to",
        path: snapshot.root().to_owned(),
        source: cause(error),
    })
}

fn partition_map(texts: &[HashMap<String, Option<String>>]) -> KernelResult<ArrayRef> {
    let names = MapFieldNames {
        entry: "key_value".to_owned(),
        key: "key".to_owned(),
        value: "value".to_owned(),
    };
    let mut map = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for texts in texts {
        // In order, so that equal commits have equal bytes.
        let ordered: std::collections::BTreeMap<_, _> = texts.iter().collect();
        for (key, value) in ordered {
            map.keys().append_value(key);
            map.values().append_option(value.as_deref());
        }
        map.append(true)?;
    }
    Ok(Arc::new(map.finish()))
}
