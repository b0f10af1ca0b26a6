//! Rows on their way to the file of their partition.
//!
//! Rows gather in memory, partition by partition. When they take more than the budget, the largest
//! partitions are sorted and written, so that a day that is complete becomes one file and rows that
//! come late do not make many. Partitions are closed by memory, never by time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use colonna_column::{Column, Columns, concat};
use colonna_exec::sort_rows;
use colonna_page::{SortedBy, WriteOptions};
use colonna_schema::Schema;
use colonna_storage::{DataFile, Encoder, PartitionKey, TableFolder};
use rayon::prelude::*;

use super::written::Written;
use crate::Error;

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

/// The folder that data files go to.
#[derive(Clone, Debug)]
pub(super) enum Folder {
    Made(TableFolder),
    /// Made when the first file is written.
    Planned(PathBuf),
}

impl Folder {
    fn made(&mut self) -> Result<TableFolder, Error> {
        let folder = match self {
            Self::Made(folder) => folder.clone(),
            Self::Planned(path) => TableFolder::create(path)?,
        };
        *self = Self::Made(folder.clone());
        Ok(folder)
    }
}

/// Rows gathering for the files of their partitions.
///
/// Invariant: every row that was added is in `open` or in one of the files `written`.
pub(super) struct Router {
    folder: Folder,
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

impl Router {
    pub(super) fn new(
        folder: Folder,
        schema: Arc<Schema>,
        sorted_by: Vec<SortedBy>,
        budget: Budget,
    ) -> Self {
        let options = WriteOptions { sorted_by, ..WriteOptions::default() };
        let (open, keys, written) = (BTreeMap::new(), BTreeMap::new(), Written::default());
        Self { folder, schema, options, budget, open, byte_len: 0, written, keys }
    }

    /// Goes on with a schema that has more columns. Files that were written lack them, which is the
    /// same as nulls.
    pub(super) fn widen(&mut self, schema: Arc<Schema>) {
        self.schema = schema;
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
            let parts: Vec<Columns> = std::mem::take(&mut open.parts);
            let joined = sorted(&self.schema, parts, &[])?;
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
        if partitions.is_empty() {
            return Ok(());
        }
        let table = self.folder.made()?;
        let (schema, options, file) = (&self.schema, &self.options, self.budget.file);
        let results: Vec<Result<Vec<DataFile>, Error>> = partitions
            .into_par_iter()
            .with_max_len(1)
            .map(|open| write_partition(&table, schema, options, file, open))
            .collect();
        // The files of all are remembered, so that none is left behind by the error of another.
        let mut failed = None;
        for result in results {
            match result {
                Ok(files) => files.into_iter().for_each(|file| self.written.add(&table, file)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

fn write_partition(
    table: &TableFolder,
    schema: &Arc<Schema>,
    options: &WriteOptions,
    file_bytes: usize,
    open: Open,
) -> Result<Vec<DataFile>, Error> {
    let byte_len: usize = open.parts.iter().map(Columns::byte_len).sum();
    let rows = sorted(schema, open.parts, &options.sorted_by)?;
    let file_count = byte_len.div_ceil(file_bytes.max(1)).max(1);
    let rows_per_file = rows.row_count().div_ceil(file_count).max(1);
    let mut files = Vec::with_capacity(file_count);
    for start in (0..rows.row_count()).step_by(rows_per_file) {
        let end = (start + rows_per_file).min(rows.row_count());
        let (key, schema) = (open.key.clone(), Arc::clone(schema));
        let mut file = Encoder::try_new(table, key, schema, options.clone())?;
        if end - start == rows.row_count() {
            file.write(&rows)?;
        } else {
            file.write(&rows.slice(start, end - start))?;
        }
        files.push(file.finish()?);
    }
    Ok(files)
}

/// Joins parts and sorts their rows, column by column and the columns side by side, so that hardly
/// more than the rows themselves is in memory.
fn sorted(
    schema: &Arc<Schema>,
    parts: Vec<Columns>,
    sort_by: &[SortedBy],
) -> Result<Columns, Error> {
    let parts: Vec<Columns> =
        parts.into_iter().map(|part| part.conformed(schema)).collect::<Result<_, _>>()?;
    let row_count = parts.iter().map(Columns::row_count).sum();
    let order = order_of(&parts, sort_by, row_count)?;
    let mut pieces: Vec<Vec<Column>> = schema.fields.iter().map(|_| Vec::new()).collect();
    for part in parts {
        let columns = part.into_parts().1;
        pieces.iter_mut().zip(columns).for_each(|(pieces, column)| pieces.push(column));
    }
    let columns = schema.fields.par_iter().zip(pieces).with_max_len(1).map(|(field, pieces)| {
        let joined = concat(&field.data_type, &pieces);
        drop(pieces);
        match &order {
            Some(order) => joined.gather(order),
            None => joined,
        }
    });
    Ok(Columns::try_new(Arc::clone(schema), columns.collect(), row_count)?)
}

/// The rows of all parts in the order of the keys; `None` where they are in it already.
fn order_of(
    parts: &[Columns],
    sort_by: &[SortedBy],
    row_count: usize,
) -> Result<Option<Vec<u32>>, Error> {
    if sort_by.is_empty() {
        return Ok(None);
    }
    let joined = |key: &SortedBy| {
        let pieces: Option<Vec<Column>> =
            parts.iter().map(|part| part.column_at(&key.path)).collect();
        let pieces = pieces.filter(|pieces| !pieces.is_empty())?;
        let data_type = pieces.first()?.data_type().clone();
        Some((concat(&data_type, &pieces), key.descending, key.nulls_first))
    };
    let keys: Vec<(Column, bool, bool)> = sort_by.iter().filter_map(joined).collect();
    let order = sort_rows(&keys, row_count)?;
    let in_order = order.iter().enumerate().all(|(index, row)| index == *row as usize);
    Ok((!in_order).then_some(order))
}
