//! The side table of records that could not be read: `_quarantine` inside the table's folder.
//!
//! It is a Delta table of its own, written under the same identity as the load and before it, so
//! that a load that is repeated after a crash finds its rejects there already.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use colonna_column::{ColumnBuilder, ColumnError, Columns};
use colonna_ingest::Rejection;
use colonna_page::WriteOptions;
use colonna_schema::{DataType, Field, Schema};
use colonna_storage::{
    Change, Committed, PartitionKey, PartitionSpec, Snapshot, StorageError, commit, encode,
};

use super::written::Written;
use crate::clock::now_millis;
use crate::{Error, LoadReport};

/// The folder below the table's.
const FOLDER: &str = "_quarantine";

/// Rejected records that are told of in the report.
const REJECTS_SHOWN: usize = 5;

/// The columns of the side table.
static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    let field = |name: &str, data_type| Field::new(name, data_type);
    Arc::new(Schema::new(vec![
        field("source", DataType::Utf8),
        field("line", DataType::Int64),
        field("byte_offset", DataType::Int64),
        field("field", DataType::Utf8),
        field("reason", DataType::Utf8),
        field("raw", DataType::Binary),
        field("load", DataType::Utf8),
        field("rejected_at", DataType::Timestamp),
    ]))
});

/// Rejected records are written when they take that much memory.
const BUFFER_BYTES: usize = 16 << 20;

/// Collects the rejected records of one load.
#[derive(Debug)]
pub(super) struct Quarantine {
    path: PathBuf,
    waiting: Vec<Rejection>,
    waiting_bytes: usize,
    table: Option<Snapshot>,
    written: Written,
}

impl Quarantine {
    pub(super) fn new(table: &Path) -> Self {
        Self {
            path: table.join(FOLDER),
            waiting: Vec::new(),
            waiting_bytes: 0,
            table: None,
            written: Written::default(),
        }
    }

    /// Adds rejected records; `load` is asked for the name of the load when they are written.
    pub(super) fn add(
        &mut self,
        rejections: Vec<Rejection>,
        load: impl FnOnce() -> Result<String, Error>,
    ) -> Result<(), Error> {
        let byte_len = |rejection: &Rejection| {
            rejection.raw.len() + rejection.reason.len() + size_of::<Rejection>()
        };
        self.waiting_bytes += rejections.iter().map(byte_len).sum::<usize>();
        self.waiting.extend(rejections);
        if self.waiting_bytes > BUFFER_BYTES { self.write(&load()?) } else { Ok(()) }
    }

    /// Makes the rejects visible, once for each identity.
    pub(super) fn commit(mut self, identity: &(String, i64)) -> Result<(), Error> {
        self.write(&identity.0)?;
        let Some(table) = self.table else { return Ok(()) };
        let (adds, identity) = (self.written.files().to_vec(), Some(identity.clone()));
        match commit(&table, &Change { adds, identity, ..Change::default() }) {
            Ok(Committed::Now { .. }) => self.written.keep(),
            Ok(Committed::Before { .. }) => {}
            Err(error) => {
                self.written.failed(&error);
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn write(&mut self, load: &str) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let table = match self.table.take() {
            Some(table) => table,
            None => opened(&self.path)?,
        };
        let rows = rows(&self.waiting, load, now_millis())?;
        let key = PartitionKey::new(Vec::new());
        let file = encode(&table, &key, &rows, &WriteOptions::default())?;
        self.written.add(&table.folder(), file);
        self.table = Some(table);
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(())
    }
}

fn opened(path: &Path) -> Result<Snapshot, StorageError> {
    if Snapshot::exists(path) {
        return Snapshot::open(path, None);
    }
    match Snapshot::create_partitioned(path, &SCHEMA, &PartitionSpec::None, &BTreeMap::new()) {
        // Another load was faster.
        Err(StorageError::TableExists { .. }) => Snapshot::open(path, None),
        made => made,
    }
}

/// Rejected records as rows of the side table.
fn rows(rejections: &[Rejection], load: &str, now_millis: i64) -> Result<Columns, ColumnError> {
    let mut builders: Vec<ColumnBuilder> =
        SCHEMA.fields.iter().map(|field| ColumnBuilder::new(&field.data_type)).collect();
    for rejection in rejections {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let Rejection { source, position, field, reason, raw } = rejection;
        if let [in_source, line, byte_offset, in_field, why, bytes, by, at] =
            builders.as_mut_slice()
        {
            in_source.push_text(source)?;
            line.push_i64(signed(position.line))?;
            byte_offset.push_i64(signed(position.byte_offset))?;
            match field {
                Some(field) => in_field.push_text(field)?,
                None => in_field.push_null(),
            }
            why.push_text(reason)?;
            bytes.push_bytes(raw)?;
            by.push_text(load)?;
            at.push_i64(now_millis.saturating_mul(1000))?;
        }
    }
    let columns = builders.into_iter().map(ColumnBuilder::finish).collect();
    Columns::try_new(Arc::clone(&SCHEMA), columns, rejections.len())
}

/// Tells of the first rejected records in the report; all of them are in the side table.
pub(super) fn note_rejects(rejections: &[Rejection], report: &mut LoadReport) {
    let room = REJECTS_SHOWN.saturating_sub(report.first_rejects.len());
    report.first_rejects.extend(rejections.iter().take(room).map(describe));
}

/// Where and why, in one line.
fn describe(rejection: &Rejection) -> String {
    let Rejection { source, position, field, reason, .. } = rejection;
    let field = field.as_ref().map_or_else(String::new, |field| format!("field {field:?}: "));
    format!("{source}:{}: {field}{reason}", position.line)
}
