//! Rows on their way to the file of their partition.
//!
//! Rows gather in memory, partition by partition. When they take more than the budget, the largest
//! partitions are sorted and written, so that a day that is complete becomes one file and rows that
//! come late do not make many. Partitions are closed by memory, never by time.

use std::collections::BTreeMap;
use std::sync::Arc;

use colonna_column::{Column, Columns, concat};
use colonna_exec::sort_rows;
use colonna_page::{SortedBy, WriteOptions};
use colonna_schema::Schema;
use colonna_storage::{DataFile, Encoder, PartitionKey, Snapshot};
use rayon::prelude::*;

use super::written::Written;
use crate::Error;

/// Rows that are gathered and handed to the encoder at a time.
const BLOCK_ROWS: usize = 65_536;

/// What one more part of a partition costs beside its values: the columns' own bookkeeping.
const PART_OVERHEAD: usize = 160;

/// Parts of a partition are joined when there are more.
const MAX_PARTS: usize = 64;

/// Files are ended when their rows take that many bytes in memory.
const FILE_BYTES: usize = 512 << 20;

/// How much is held, and how large a file may grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Bytes of rows that gather in memory.
    gathered: usize,
    /// Bytes of rows in memory that make a file worth ending.
    file: usize,
    /// Partitions that gather rows at a time.
    open_partitions: usize,
}

impl Budget {
    /// A quarter of the memory gathers rows; sorting and encoding take as much again.
    pub(super) fn of(memory: u64) -> Self {
        let gathered = usize::try_from(memory / 4).unwrap_or(usize::MAX);
        Self { gathered, file: FILE_BYTES, open_partitions: 4096 }
    }
}

/// Rows gathering for the files of their partitions.
///
/// Invariant: every row that was added is in `open` or in one of the files `written`.
pub(super) struct Router<'a> {
    table: &'a Snapshot,
    schema: Arc<Schema>,
    options: WriteOptions,
    budget: Budget,
    /// By the folder of the partition.
    open: BTreeMap<String, Open>,
    byte_len: usize,
    written: Written,
    keys: BTreeMap<String, PartitionKey>,
}

struct Open {
    key: PartitionKey,
    parts: Vec<Columns>,
    byte_len: usize,
}

impl<'a> Router<'a> {
    pub(super) fn new(
        table: &'a Snapshot,
        schema: Arc<Schema>,
        sorted_by: Vec<SortedBy>,
        budget: Budget,
    ) -> Self {
        let options = WriteOptions { sorted_by, ..WriteOptions::default() };
        let (open, keys) = (BTreeMap::new(), BTreeMap::new());
        let written = Written::new(table);
        Self { table, schema, options, budget, open, byte_len: 0, written, keys }
    }

    /// Adds rows of a partition; writes the largest partitions where too much is gathered.
    pub(super) fn add(&mut self, key: PartitionKey, rows: Columns) -> Result<(), Error> {
        let byte_len = rows.byte_len() + PART_OVERHEAD * (rows.schema().leaves().len() + 1);
        let folder = key.folder();
        if !self.keys.contains_key(&folder) {
            self.keys.insert(folder.clone(), key.clone());
        }
        let open =
            self.open.entry(folder).or_insert_with(|| Open { key, parts: Vec::new(), byte_len: 0 });
        open.parts.push(rows);
        open.byte_len += byte_len;
        self.byte_len += byte_len;
        if open.parts.len() > MAX_PARTS {
            let joined = Columns::concat(&self.schema, &open.parts)?;
            let joined_len = joined.byte_len() + PART_OVERHEAD;
            self.byte_len = (self.byte_len - open.byte_len) + joined_len;
            open.parts = vec![joined];
            open.byte_len = joined_len;
        }
        let too_many = self.open.len() > self.budget.open_partitions;
        if self.byte_len > self.budget.gathered || too_many {
            self.write_largest()?;
        }
        Ok(())
    }

    /// Writes what is left. Gives back the files and the partitions that rows went to.
    pub(super) fn finish(mut self) -> Result<(Written, Vec<PartitionKey>), Error> {
        let open = std::mem::take(&mut self.open);
        self.write(open.into_values().collect())?;
        Ok((self.written, self.keys.into_values().collect()))
    }

    /// Writes the largest partitions until half the budget is free.
    fn write_largest(&mut self) -> Result<(), Error> {
        let mut sizes: Vec<(usize, String)> =
            self.open.iter().map(|(folder, open)| (open.byte_len, folder.clone())).collect();
        sizes.sort_unstable_by(|left, right| right.cmp(left));
        let mut chosen = BTreeMap::new();
        for (byte_len, folder) in sizes {
            let enough_memory = self.byte_len <= self.budget.gathered / 2;
            if enough_memory && self.open.len() <= self.budget.open_partitions / 2 {
                break;
            }
            if let Some(open) = self.open.remove(&folder) {
                self.byte_len -= byte_len;
                chosen.insert(folder, open);
            }
        }
        self.write(chosen.into_values().collect())
    }

    /// Sorts and encodes partitions side by side, and remembers their files in the order given.
    fn write(&mut self, partitions: Vec<Open>) -> Result<(), Error> {
        let (table, schema, options, file) =
            (self.table, &self.schema, &self.options, self.budget.file);
        let results: Vec<Result<Vec<DataFile>, Error>> = partitions
            .into_par_iter()
            .with_max_len(1)
            .map(|open| write_partition(table, schema, options, file, open))
            .collect();
        // The files of all are remembered, so that none is left behind by the error of another.
        let mut failed = None;
        for result in results {
            match result {
                Ok(files) => files.into_iter().for_each(|file| self.written.add(file)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

fn write_partition(
    table: &Snapshot,
    schema: &Arc<Schema>,
    options: &WriteOptions,
    file_bytes: usize,
    open: Open,
) -> Result<Vec<DataFile>, Error> {
    let byte_len: usize = open.parts.iter().map(Columns::byte_len).sum();
    let rows = joined(schema, open.parts)?;
    let order = order_of(&rows, &options.sorted_by)?;
    let file_count = byte_len.div_ceil(file_bytes.max(1)).max(1);
    let rows_per_file = rows.row_count().div_ceil(file_count).max(1);
    let mut files = Vec::with_capacity(file_count);
    for start in (0..rows.row_count()).step_by(rows_per_file) {
        let end = (start + rows_per_file).min(rows.row_count());
        let (key, schema) = (open.key.clone(), Arc::clone(schema));
        let mut file = Encoder::try_new(table, key, schema, options.clone())?;
        for block_start in (start..end).step_by(BLOCK_ROWS) {
            let block_end = (block_start + BLOCK_ROWS).min(end);
            match &order {
                Some(order) => file.write(&rows.gather(&order[block_start..block_end]))?,
                None => file.write(&rows.slice(block_start, block_end - block_start))?,
            }
        }
        files.push(file.finish()?);
    }
    Ok(files)
}

/// Joins parts column by column, so that no more than one column is in memory twice.
fn joined(schema: &Arc<Schema>, parts: Vec<Columns>) -> Result<Columns, Error> {
    let row_count = parts.iter().map(Columns::row_count).sum();
    let mut columns: Vec<std::vec::IntoIter<Column>> =
        parts.into_iter().map(|part| part.into_parts().1.into_iter()).collect();
    let join = |field: &colonna_schema::Field| {
        let pieces: Vec<Column> = columns.iter_mut().filter_map(Iterator::next).collect();
        concat(&field.data_type, &pieces)
    };
    let joined = schema.fields.iter().map(join).collect();
    Ok(Columns::try_new(Arc::clone(schema), joined, row_count)?)
}

/// The rows in the order of the keys; `None` where they are in it already.
fn order_of(rows: &Columns, sort_by: &[SortedBy]) -> Result<Option<Vec<u32>>, Error> {
    if sort_by.is_empty() {
        return Ok(None);
    }
    let keys = sort_by
        .iter()
        .filter_map(|key| Some((rows.column_at(&key.path)?, key.descending, key.nulls_first)));
    let order = sort_rows(&keys.collect::<Vec<_>>(), rows.row_count())?;
    let in_order = order.iter().enumerate().all(|(index, row)| index == *row as usize);
    Ok((!in_order).then_some(order))
}
