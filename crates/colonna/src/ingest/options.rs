//! What a load can be told.

use std::fmt;
use std::sync::Arc;

use colonna_storage::Granularity;

/// What happens to the rows that the table holds already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They stay; the new rows come beside them.
    #[default]
    Append,
    /// All of them are replaced, in the same commit that adds the new ones.
    ReplaceTable,
    /// Those of the partitions that the new rows go to are replaced, in the same commit.
    ReplacePartitions,
}

/// Where a record goes that lacks the time, or the column, that the table is partitioned by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingTime {
    /// To the null partition.
    #[default]
    NullPartition,
    /// To the quarantine.
    Quarantine,
}

/// What a load is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The first pass: every value is looked at.
    Inspecting,
    /// The second pass: rows become files.
    Loading,
    /// The files are made visible.
    Committing,
}

/// How far a load is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What it is busy with.
    pub stage: Stage,
    /// Bytes of the input read in this stage, as they are stored.
    pub bytes_done: u64,
    /// Bytes of the whole input, where that is known.
    pub bytes_total: Option<u64>,
    /// Records read in this stage.
    pub rows: u64,
}

/// What a load tells of its progress.
#[derive(Clone)]
pub(super) struct Listener(pub(super) Arc<dyn Fn(Progress) + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Listener")
    }
}

/// By what the rows are partitioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PartitionBy {
    Time(String, Granularity),
    Column(String),
    Nothing,
}
