//! The table that a load goes to: as it is, or as it is to be.

use std::collections::BTreeMap;
use std::sync::Arc;

use colonna_column::{Column, Columns};
use colonna_page::SortedBy;
use colonna_schema::{DataType, Field, Schema};
use colonna_storage::{
    Change, DataFile, PartitionKey, PartitionSpec, Replaced, Snapshot, StorageError,
};

use super::Ingest;
use super::options::{Mode, PartitionBy};
use super::router::Folder;
use crate::{Error, LoadReport};

/// The table property that says by what its files are sorted.
const SORTED_BY: &str = "colonna.sortedBy";

/// Names that an error lists at most.
const NAMES_SHOWN: usize = 12;

/// The table that a load goes to.
#[derive(Debug)]
pub(super) struct Target {
    existing: Option<Snapshot>,
    spec: PartitionSpec,
    /// The columns of the rows, those that partition the table by their values too.
    rows: Arc<Schema>,
    sort_by: Vec<String>,
}

impl Target {
    pub(super) fn find(ingest: &Ingest) -> Result<Self, Error> {
        let existing = match Snapshot::open(&ingest.table, None) {
            Ok(existing) => Some(existing),
            // There may be a log without an entry: somebody is making the table just now.
            Err(StorageError::NotATable { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { existing, spec: PartitionSpec::None, rows: Arc::default(), sort_by: Vec::new() })
    }

    /// Whether there is a table.
    pub(super) fn exists(&self) -> bool {
        self.existing.is_some()
    }

    /// The folder that data files go to.
    pub(super) fn folder(&self, ingest: &Ingest) -> Folder {
        match &self.existing {
            Some(existing) => Folder::Made(existing.folder()),
            None => Folder::Planned(ingest.table.clone()),
        }
    }

    pub(super) fn version(&self) -> Option<u64> {
        self.existing.as_ref().map(Snapshot::version)
    }

    pub(super) fn spec(&self) -> &PartitionSpec {
        &self.spec
    }

    /// The time that the table is partitioned by, where there is a table.
    pub(super) fn time_column(&self) -> Option<String> {
        match self.existing.as_ref()?.partition_spec()? {
            PartitionSpec::Time { column, .. } => Some(column),
            _ => None,
        }
    }

    /// The columns that rows of the table have, where there is a table: all but those that are made
    /// from a time.
    pub(super) fn table_rows(&self) -> Option<Schema> {
        let existing = self.existing.as_ref()?;
        Some(match existing.partition_spec() {
            Some(PartitionSpec::Column { .. }) => existing.schema().as_ref().clone(),
            _ => existing.file_schema(),
        })
    }

    /// The identity under which to commit; `None` where that was done before.
    pub(super) fn new_identity(
        &self,
        identity: &(String, i64),
        again: bool,
    ) -> Result<Option<(String, i64)>, Error> {
        let (application, version) = identity;
        let landed = match &self.existing {
            Some(snapshot) => snapshot.transaction_version(application)?,
            None => None,
        };
        Ok(match landed {
            Some(landed) if landed >= *version && again => {
                Some((application.clone(), landed.saturating_add(1)))
            }
            Some(landed) if landed >= *version => {
                // To do nothing is to say that it is there, also after a crash.
                self.existing.as_ref().map_or(Ok(()), Snapshot::sync_log)?;
                None
            }
            _ => Some(identity.clone()),
        })
    }

    /// Decides how rows of that schema are partitioned and sorted.
    pub(super) fn plan(
        &mut self,
        ingest: &Ingest,
        rows: &Arc<Schema>,
        time: Option<&String>,
    ) -> Result<(), Error> {
        self.rows = Arc::clone(rows);
        let asked = ingest.partition.as_ref().map(|by| match by {
            PartitionBy::Time(column, granularity) => {
                PartitionSpec::Time { column: column.clone(), granularity: *granularity }
            }
            PartitionBy::Column(name) => PartitionSpec::Column { name: name.clone() },
            PartitionBy::Nothing => PartitionSpec::None,
        });
        self.spec = match &self.existing {
            None => asked.unwrap_or_default(),
            Some(existing) => {
                let table = existing.partition_spec();
                match (table, asked) {
                    (Some(table), None) => table,
                    (Some(table), Some(asked)) if table == asked => table,
                    (table, asked) => {
                        return Err(other_partitioning(
                            existing,
                            table,
                            &asked.unwrap_or_default(),
                        ));
                    }
                }
            }
        };
        match &self.spec {
            PartitionSpec::Time { column, .. } => check_time(column, rows)?,
            PartitionSpec::Column { name } => {
                field_type(name, "partition it by", rows)?;
                if rows.fields.len() == 1 {
                    return Err(Error::NothingBesidePartition { field: name.clone() });
                }
            }
            PartitionSpec::None => {}
        }
        self.sort_by = self.sort_columns(ingest, time);
        for column in &self.sort_by {
            field_type(column, "sort it by", rows)?;
        }
        Ok(())
    }

    /// As asked, or as the table was sorted before, or by the time.
    fn sort_columns(&self, ingest: &Ingest, time: Option<&String>) -> Vec<String> {
        if let Some(asked) = &ingest.sort_by {
            return asked.clone();
        }
        let property =
            self.existing.as_ref().and_then(|table| table.properties().remove(SORTED_BY));
        if let Some(columns) = property {
            let columns: Vec<String> = columns.split(',').map(str::to_owned).collect();
            if columns.iter().all(|column| path_of(column, &self.rows).is_some()) {
                return columns;
            }
        }
        match &self.spec {
            PartitionSpec::Time { column, .. } => vec![column.clone()],
            _ => time
                .filter(|time| path_of(time, &self.rows).is_some())
                .into_iter()
                .cloned()
                .collect(),
        }
    }

    /// The table, made where there is none.
    pub(super) fn opened(&self, ingest: &Ingest) -> Result<Snapshot, Error> {
        match &self.existing {
            Some(existing) => Ok(existing.clone()),
            None => {
                let made = Snapshot::create_partitioned(
                    &ingest.table,
                    &self.rows,
                    &self.spec,
                    &properties(&self.sort_by),
                );
                match made {
                    // Another process was faster.
                    Err(StorageError::TableExists { .. }) => {
                        let theirs = Snapshot::open(&ingest.table, None)?;
                        match theirs.partition_spec() {
                            Some(spec) if spec == self.spec => Ok(theirs),
                            other => Err(other_partitioning(&theirs, other, &self.spec)),
                        }
                    }
                    made => Ok(made?),
                }
            }
        }
    }

    /// The columns of the data files.
    pub(super) fn file_schema(&self) -> Arc<Schema> {
        Arc::new(without(&self.rows, &self.spec))
    }

    pub(super) fn sorted_by(&self) -> Vec<SortedBy> {
        let key = |column: &String| {
            let path = path_of(column, &self.rows)?;
            Some(SortedBy { path, descending: false, nulls_first: false })
        };
        self.sort_by.iter().filter_map(key).collect()
    }

    /// The path of what the table is partitioned by.
    pub(super) fn partition_path(&self) -> Option<Vec<String>> {
        match &self.spec {
            PartitionSpec::None => None,
            PartitionSpec::Time { column: name, .. } | PartitionSpec::Column { name } => {
                path_of(name, &self.rows)
            }
        }
    }

    /// The change that makes these files visible, counted into the report.
    pub(super) fn change(
        &self,
        ingest: &Ingest,
        adds: &[DataFile],
        keys: Vec<PartitionKey>,
        identity: Option<(String, i64)>,
        report: &mut LoadReport,
    ) -> Result<Change, Error> {
        report.files = u64::try_from(adds.len()).unwrap_or(u64::MAX);
        report.partitions = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        report.bytes_out = adds.iter().map(|file| file.byte_len).sum();
        let replaced = match ingest.mode {
            Mode::Append => Replaced::Nothing,
            Mode::ReplaceTable => Replaced::Everything,
            Mode::ReplacePartitions => Replaced::Partitions(keys),
        };
        if let Some(existing) = &self.existing {
            for file in existing.files()? {
                let is_replaced = match &replaced {
                    Replaced::Everything => true,
                    Replaced::Partitions(keys) => keys.contains(&file.partition_key()),
                    _ => false,
                };
                if is_replaced {
                    let hidden = file.deletion_vector.as_ref().map_or(0, |vector| vector.row_count);
                    let rows =
                        file.statistics.as_ref().map_or(0, |statistics| statistics.row_count);
                    report.rows_replaced += rows.saturating_sub(hidden);
                }
            }
        }
        let new_columns = self.file_schema().fields.clone();
        let adds = adds.to_vec();
        Ok(Change { adds, replaced, keeps_rows: false, new_columns, identity })
    }

    /// The rows with the columns in the order in which the table has them, and nulls for those that
    /// only the table has.
    pub(super) fn in_table_order(&self, rows: &Columns) -> Result<Columns, Error> {
        let column = |field: &Field| match rows.column_at(&[&field.name]) {
            Some(column) => column,
            None => Column::nulls(field.data_type.clone(), rows.row_count()),
        };
        let columns = self.rows.fields.iter().map(column).collect();
        Ok(Columns::try_new(Arc::clone(&self.rows), columns, rows.row_count())?)
    }
}

fn other_partitioning(
    snapshot: &Snapshot,
    table: Option<PartitionSpec>,
    asked: &PartitionSpec,
) -> Error {
    let columns = || snapshot.partition_columns().join(", ");
    let table = table.map_or_else(columns, |table| table.to_string());
    Error::OtherPartitioning { table, asked: asked.to_string() }
}

/// The path that a name leads to: a column of the whole name, or through structs.
pub(super) fn path_of(name: &str, schema: &Schema) -> Option<Vec<String>> {
    let whole = vec![name.to_owned()];
    let split: Vec<String> = name.split('.').map(str::to_owned).collect();
    [whole, split].into_iter().find(|path| schema.type_of(path).is_some())
}

fn field_type<'a>(
    name: &str,
    purpose: &'static str,
    schema: &'a Schema,
) -> Result<&'a DataType, Error> {
    let found = path_of(name, schema).and_then(|path| schema.type_of(&path));
    found.ok_or_else(|| no_such_field(name, purpose, schema))
}

pub(super) fn no_such_field(name: &str, purpose: &'static str, schema: &Schema) -> Error {
    let mut known: Vec<String> =
        schema.fields.iter().take(NAMES_SHOWN).map(|field| field.name.clone()).collect();
    if schema.fields.len() > NAMES_SHOWN {
        known.push("..".to_owned());
    }
    Error::NoSuchField { field: name.to_owned(), purpose, known: known.join(", ") }
}

fn check_time(column: &str, schema: &Schema) -> Result<(), Error> {
    let found = field_type(column, "partition it by", schema)?;
    if found.is_temporal() {
        return Ok(());
    }
    Err(Error::NotATime {
        field: column.to_owned(),
        found: found.to_string(),
        advice: "not every value of it can be read as a time; `colonna schema` shows the first that cannot, and a format can be given with the type".to_owned(),
    })
}

/// Properties of a table that colonna makes.
fn properties(sort_by: &[String]) -> BTreeMap<String, String> {
    // Statistics of every column are in the log, not of the first 32 only.
    let all = ("delta.dataSkippingNumIndexedCols".to_owned(), "-1".to_owned());
    let mut properties = BTreeMap::from([all]);
    if !sort_by.is_empty() {
        properties.insert(SORTED_BY.to_owned(), sort_by.join(","));
    }
    properties
}

/// The schema without the columns that the folders' names hold.
fn without(schema: &Schema, spec: &PartitionSpec) -> Schema {
    match spec {
        PartitionSpec::Column { name } => {
            Schema::new(schema.fields.iter().filter(|field| field.name != *name).cloned().collect())
        }
        _ => schema.clone(),
    }
}
