//! Rows written by colonna: partitions, files, row groups and pages of many sizes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use colonna::{Profile, Table};
use colonna_column::Columns;
use colonna_page::WriteOptions;
use colonna_storage::{Change, Granularity, PartitionSpec, Snapshot, commit, encode};
use tempfile::TempDir;

use crate::CheckError;
use crate::dice::Dice;
use crate::rows::rows;

/// A table on disk, and the rows it was made of.
#[derive(Debug)]
pub struct Written {
    _folder: TempDir,
    path: PathBuf,
    /// The rows.
    pub rows: Columns,
    /// By what it is partitioned.
    pub spec: PartitionSpec,
    /// The table, open.
    pub table: Table,
}

impl Written {
    /// The table of a seed.
    ///
    /// # Errors
    ///
    /// Where it cannot be written or opened.
    pub fn try_new(seed: u64) -> Result<Self, CheckError> {
        let mut dice = Dice::new(seed);
        let folder =
            TempDir::with_prefix("colonna-").map_err(|source| CheckError::Folder { source })?;
        let path = folder.path().join("t");
        let rows = rows(&mut dice).map_err(|source| CheckError::Rows { source })?;
        let spec = any_spec(&mut dice, &rows)?;
        write(&mut dice, &path, &rows, &spec)?;
        let table = Table::open(&path)?;
        Ok(Self { _folder: folder, path, rows, spec, table })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// More partitions than these would take longer to write than to query.
const MOST_PARTITIONS: usize = 40;

fn any_spec(dice: &mut Dice, rows: &Columns) -> Result<PartitionSpec, CheckError> {
    let spec = wished_spec(dice);
    let few = spec.split(rows)?.len() <= MOST_PARTITIONS;
    Ok(if few { spec } else { PartitionSpec::None })
}

fn wished_spec(dice: &mut Dice) -> PartitionSpec {
    let by_time =
        |column: &str, granularity| PartitionSpec::Time { column: column.to_owned(), granularity };
    match dice.below(10) {
        0..=2 => PartitionSpec::None,
        3 => by_time("ts", Granularity::Month),
        4 => by_time("ts", Granularity::Year),
        5 => by_time("ts", Granularity::Day),
        6 => by_time("ts", Granularity::Hour),
        7 => by_time("day", Granularity::Year),
        8 => by_time("day", Granularity::Month),
        _ => PartitionSpec::Column { name: "shard".to_owned() },
    }
}

/// Commits the rows, in one go or in several.
fn write(
    dice: &mut Dice,
    path: &Path,
    rows: &Columns,
    spec: &PartitionSpec,
) -> Result<(), CheckError> {
    let table = Snapshot::create_partitioned(path, rows.schema(), spec, &BTreeMap::new())?;
    let options = WriteOptions {
        profile: dice.pick(&[Profile::Smallest, Profile::Balanced, Profile::Fastest]),
        row_group_rows: dice.pick(&[16, 100, 700, 500_000]),
        page_rows: dice.pick(&[8, 50, 300, 20_000]),
        compression_level: Some(1),
        ..WriteOptions::default()
    };
    let loads = 1 + dice.below(3);
    let len = rows.row_count().div_ceil(loads).max(1);
    for (load, start) in (0..rows.row_count()).step_by(len).enumerate() {
        let part = rows.slice(start, len);
        let version = i64::try_from(load).unwrap_or_default();
        let identity = Some(("datafusion-check".to_owned(), version));
        let mut change = Change { identity, ..Change::default() };
        for (key, members) in spec.split(&part)? {
            let rows = spec.without_partition_columns(part.gather(&members))?;
            change.adds.push(encode(&table, &key, &rows, &options)?);
        }
        commit(&table, &change)?;
    }
    Ok(())
}
