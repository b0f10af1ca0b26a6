//! Making files visible: tried again on top of other writers' commits where that changes nothing,
//! and refused where it would.
//!
//! Appends never disturb each other. What replaces partitions has seen their files; where another
//! commit touched one of them meanwhile, it would undo that unseen, so it is an error. A commit
//! under a transaction's identity that has landed before is not made twice.

use std::collections::BTreeMap;

use colonna_schema::{DataType, Field};

use crate::error::Cause;
use crate::{
    CommitOutcome, DataFile, NewColumn, Operation, PartitionKey, Snapshot, StorageError,
    Transaction,
};

/// More lost races than writers that one table has.
const MOST_TRIES: u32 = 100;

/// What a commit takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Replaced {
    /// Nothing: rows are added.
    #[default]
    Nothing,
    /// All rows of these partitions, also of those that have none yet.
    Partitions(Vec<PartitionKey>),
    /// All rows.
    Everything,
    /// These files, by their paths.
    Files(Vec<String>),
}

/// What is to become visible at once.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Files that [`encode`](crate::encode) wrote.
    pub adds: Vec<DataFile>,
    /// What they take the place of.
    pub replaced: Replaced,
    /// Whether the rows stay the same in other files, as in a compaction.
    pub keeps_rows: bool,
    /// Columns that the files have and the table may not have yet.
    pub new_columns: Vec<Field>,
    /// The application's name and its version. Versions of one application must grow.
    pub identity: Option<(String, i64)>,
}

/// How a change became visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// In this version.
    Now {
        /// The version.
        version: u64,
    },
    /// The same transaction landed before, so that there was nothing to do. The files are orphans.
    Before {
        /// A version that holds it.
        version: u64,
    },
}

impl Committed {
    /// The version that holds the change.
    pub fn version(self) -> u64 {
        match self {
            Self::Now { version } | Self::Before { version } => version,
        }
    }
}

/// Makes a change visible, planned on a snapshot.
///
/// # Errors
///
/// [`StorageError::Conflict`] where another writer changed what is replaced,
/// [`StorageError::OutcomeUnknown`] where it cannot be told whether it landed; after any other the
/// change is certainly not visible.
pub fn commit(planned: &Snapshot, change: &Change) -> Result<Committed, StorageError> {
    let mut snapshot = planned.clone();
    for _ in 0..MOST_TRIES {
        if landed_before(&snapshot, change)? {
            // Whoever made it may have gone before it was durable.
            return snapshot.sync_log().map_or_else(
                |error| Err(unknown(snapshot.version(), Box::new(error))),
                |()| Ok(Committed::Before { version: snapshot.version() }),
            );
        }
        let transaction = transaction(&snapshot, change)?;
        match transaction.commit(&snapshot)? {
            CommitOutcome::Committed { version } => return Ok(Committed::Now { version }),
            CommitOutcome::Unknown { source } => {
                // To be seen is not enough: a disk that has failed refuses to say that it is durable.
                let seen = snapshot.sync_log().and_then(|()| {
                    let now = snapshot.refresh()?;
                    Ok((landed_before(&now, change)?, now))
                });
                return match seen {
                    Ok((true, now)) => Ok(Committed::Now { version: now.version() }),
                    _ => Err(unknown(snapshot.version() + 1, source)),
                };
            }
            CommitOutcome::Conflict { winner } => {
                let now = snapshot.refresh()?;
                if !landed_before(&now, change)? {
                    check_untouched(planned, &now, change, winner)?;
                }
                snapshot = now;
            }
        }
    }
    Err(StorageError::TooManyRaces { path: planned.root().to_owned(), tries: MOST_TRIES })
}

fn unknown(version: u64, source: Cause) -> StorageError {
    StorageError::OutcomeUnknown { version, source }
}

fn landed_before(snapshot: &Snapshot, change: &Change) -> Result<bool, StorageError> {
    let Some((application, version)) = &change.identity else { return Ok(false) };
    Ok(snapshot.transaction_version(application)?.is_some_and(|landed| landed >= *version))
}

fn transaction(snapshot: &Snapshot, change: &Change) -> Result<Transaction, StorageError> {
    let operation = match (&change.replaced, change.keeps_rows) {
        (_, true) => Operation::Optimize,
        (Replaced::Nothing, _) => Operation::Append,
        _ if change.adds.is_empty() => Operation::Delete,
        _ => Operation::Replace,
    };
    let mut transaction = Transaction::new(operation);
    transaction.adds.clone_from(&change.adds);
    transaction.identity.clone_from(&change.identity);
    transaction.new_columns = missing_columns(snapshot, &change.new_columns)?;
    transaction.removes = match &change.replaced {
        Replaced::Nothing => Vec::new(),
        Replaced::Files(paths) => paths.clone(),
        replaced => {
            let files = snapshot.files()?.into_iter().filter(|file| is_replaced(replaced, file));
            files.map(|file| file.path).collect()
        }
    }
    .into_iter()
    .collect();
    Ok(transaction)
}

/// The columns, and fields of structs, that the table does not have yet; another writer may have
/// added them meanwhile.
fn missing_columns(snapshot: &Snapshot, columns: &[Field]) -> Result<Vec<NewColumn>, StorageError> {
    let mut missing = Vec::new();
    missing_fields(&mut Vec::new(), &snapshot.schema().fields, columns, &mut missing)?;
    Ok(missing)
}

fn missing_fields(
    parent: &mut Vec<String>,
    table: &[Field],
    wanted: &[Field],
    missing: &mut Vec<NewColumn>,
) -> Result<(), StorageError> {
    for field in wanted {
        match table.iter().find(|known| known.name == field.name) {
            None => missing.push(NewColumn { parent: parent.clone(), field: field.clone() }),
            Some(known) => {
                parent.push(field.name.clone());
                missing_in_type(parent, &known.data_type, &field.data_type, missing)?;
                parent.pop();
            }
        }
    }
    Ok(())
}

fn missing_in_type(
    parent: &mut Vec<String>,
    table: &DataType,
    wanted: &DataType,
    missing: &mut Vec<NewColumn>,
) -> Result<(), StorageError> {
    let mut below = |part: &str, table: &DataType, wanted: &DataType| {
        parent.push(part.to_owned());
        let found = missing_in_type(parent, table, wanted, missing);
        parent.pop();
        found
    };
    match (table, wanted) {
        (table, wanted) if table == wanted => Ok(()),
        (DataType::Struct(table), DataType::Struct(wanted)) => {
            missing_fields(parent, table, wanted, missing)
        }
        (DataType::List(table), DataType::List(wanted)) => below("element", table, wanted),
        (DataType::Map(_, table), DataType::Map(_, wanted)) => below("value", table, wanted),
        (table, wanted) => Err(StorageError::ColumnExists {
            column: parent.join("."),
            found: table.clone(),
            wanted: wanted.clone(),
        }),
    }
}

fn is_replaced(replaced: &Replaced, file: &DataFile) -> bool {
    match replaced {
        Replaced::Nothing => false,
        Replaced::Everything => true,
        Replaced::Files(paths) => paths.contains(&file.path),
        Replaced::Partitions(keys) => {
            keys.iter().any(|key| key.values() == file.partition_values.as_slice())
        }
    }
}

/// Whether what is replaced is still what the change was planned on.
fn check_untouched(
    planned: &Snapshot,
    now: &Snapshot,
    change: &Change,
    winner: u64,
) -> Result<(), StorageError> {
    if change.replaced == Replaced::Nothing {
        return Ok(());
    }
    let files = |snapshot: &Snapshot| -> Result<BTreeMap<String, u64>, StorageError> {
        let files =
            snapshot.files()?.into_iter().filter(|file| is_replaced(&change.replaced, file));
        let hidden =
            |file: &DataFile| file.deletion_vector.as_ref().map_or(0, |rows| rows.row_count);
        Ok(files.map(|file| (file.path.clone(), hidden(&file))).collect())
    };
    if files(planned)? == files(now)? { Ok(()) } else { Err(StorageError::Conflict { winner }) }
}
