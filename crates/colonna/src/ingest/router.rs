//! Rows on their way to the file of their partition.
//!
//! Rows gather in memory, partition by partition. When they take more than the budget, large
//! partitions that have stopped growing are sorted and written, so that a day that is complete
//! becomes one file and rows that come late do not make many. Partitions are closed by memory, never
//! by time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use colonna_column::{Column, Columns, Pick, Picks, pick};
use colonna_exec::sort_rows;
use colonna_page::{Layout, SortedBy, WriteOptions};
use colonna_schema::Schema;
use colonna_storage::{DataFile, Encoder, PartitionKey, Syncs, TableFolder};
use rayon::prelude::*;

use super::Ingest;
use super::written::Written;
use crate::Error;

/// What each column of one more part costs beside its values: its own bookkeeping.
const PART_OVERHEAD: usize = 320;

/// Parts of a partition are joined when there are more.
const MAX_PARTS: usize = 64;

/// Of small parts, of which each takes more than its rows do, when there are more than these.
const MAX_SMALL_PARTS: usize = 6;

/// Parts of fewer bytes, in the mean, are small.
const SMALL_PART_BYTES: usize = 16 << 10;

/// Files are ended when their rows take that many bytes in memory.
const FILE_BYTES: usize = 512 << 20;

/// How much is held, and how large a file may grow.
#[derive(Clone, Copy, Debug)]
struct Budget {
    /// Bytes of rows that gather in memory.
    gathered: usize,
    /// Bytes of rows in memory that make a file worth ending.
    file: usize,
    /// Partitions that gather rows at a time.
    open_partitions: usize,
}

impl Budget {
    /// Three eighths of the memory gather rows; the rest is for those that are read, sorted and
    /// encoded.
    fn of(memory: u64) -> Self {
        let gathered = usize::try_from(memory / 8 * 3).unwrap_or(usize::MAX);
        Self { gathered, file: FILE_BYTES, open_partitions: 1 << 16 }
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
    /// How many parts were added.
    additions: u64,
    written: Written,
    /// Where the files are made durable, once there is one.
    syncs: Option<Arc<Syncs>>,
    keys: BTreeMap<String, PartitionKey>,
}

struct Open {
    key: PartitionKey,
    parts: Vec<Part>,
    byte_len: usize,
    /// When it last grew by more than a little, counted in additions to any partition.
    grown_at: u64,
}

/// Rows of one partition that came together.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) rows: Columns,
    /// Which of the rows it is, where not all of them are.
    pub(super) picked: Option<Vec<u32>>,
}

impl Part {
    pub(super) fn row_count(&self) -> usize {
        self.picked.as_ref().map_or(self.rows.row_count(), Vec::len)
    }

    fn byte_len(&self) -> usize {
        self.rows.byte_len() + self.picked.as_ref().map_or(0, |picked| picked.len() * 4)
    }
}

impl Router {
    pub(super) fn new(
        folder: Folder,
        schema: Arc<Schema>,
        sorted_by: Vec<SortedBy>,
        ingest: &Ingest,
    ) -> Self {
        let budget = Budget::of(ingest.memory);
        // Encodings that one file has found good are good for the others.
        let layout = Some(Arc::new(Layout::new(&schema)));
        let profile = ingest.profile;
        let options = WriteOptions { profile, sorted_by, layout, ..WriteOptions::default() };
        Self {
            folder,
            schema,
            options,
            budget,
            open: BTreeMap::new(),
            byte_len: 0,
            additions: 0,
            written: Written::default(),
            syncs: None,
            keys: BTreeMap::new(),
        }
    }

    /// Goes on with a schema that has more columns. Files that were written lack them, which is the
    /// same as nulls.
    pub(super) fn widen(&mut self, schema: Arc<Schema>) {
        self.options.layout = Some(Arc::new(Layout::new(&schema)));
        self.schema = schema;
    }

    /// Adds rows of a partition; writes some partitions where too much is gathered.
    pub(super) fn add(&mut self, key: PartitionKey, part: Part) -> Result<(), Error> {
        let leaf_count = part.rows.schema().leaf_count();
        let byte_len = part.byte_len() + PART_OVERHEAD * (leaf_count + 1);
        let folder = key.folder();
        if !self.keys.contains_key(&folder) {
            self.keys.insert(folder.clone(), key.clone());
        }
        self.additions += 1;
        let open = self.open.entry(folder).or_insert_with(|| Open {
            key,
            parts: Vec::new(),
            byte_len: 0,
            grown_at: 0,
        });
        if byte_len * 16 >= open.byte_len {
            open.grown_at = self.additions;
        }
        open.parts.push(part);
        open.byte_len += byte_len;
        self.byte_len += byte_len;
        let is_small = open.byte_len / open.parts.len() < SMALL_PART_BYTES;
        if open.parts.len() > if is_small { MAX_SMALL_PARTS } else { MAX_PARTS } {
            let rows = sorted(&self.schema, std::mem::take(&mut open.parts), &[])?;
            let joined = Part { rows, picked: None };
            let joined_len = joined.byte_len() + PART_OVERHEAD * (leaf_count + 1);
            self.byte_len = (self.byte_len - open.byte_len) + joined_len;
            open.parts = vec![joined];
            open.byte_len = joined_len;
        }
        let too_many = self.open.len() > self.budget.open_partitions;
        if self.byte_len > self.budget.gathered || too_many {
            self.write_some()?;
        }
        Ok(())
    }

    /// Writes what is left. Gives back the files, which are durable, and the partitions that rows went
    /// to.
    pub(super) fn finish(mut self) -> Result<(Written, Vec<PartitionKey>), Error> {
        let open = std::mem::take(&mut self.open);
        self.write(open.into_values().collect())?;
        self.syncs.map_or(Ok(()), |syncs| syncs.finish())?;
        Ok((self.written, self.keys.into_values().collect()))
    }

    /// Writes partitions until a quarter of the budget is free: first the large ones, and of these first
    /// those that have not grown for the longest time. So a day that is complete goes before the one
    /// that is just filling, and a few late rows wait for more of their kind.
    fn write_some(&mut self) -> Result<(), Error> {
        let largest = self.open.values().map(|open| open.byte_len).max().unwrap_or_default();
        let mut candidates: Vec<(bool, u64, String)> = self
            .open
            .iter()
            .map(|(folder, open)| (open.byte_len * 8 < largest, open.grown_at, folder.clone()))
            .collect();
        candidates.sort_unstable();
        let mut chosen = BTreeMap::new();
        for (_, _, folder) in candidates {
            let enough_memory = self.byte_len <= self.budget.gathered / 4 * 3;
            if enough_memory && self.open.len() <= self.budget.open_partitions / 2 {
                break;
            }
            if let Some(open) = self.open.remove(&folder) {
                self.byte_len -= open.byte_len;
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
        let syncs = self.syncs.get_or_insert_with(|| Arc::new(Syncs::new(table.clone())));
        let (schema, options, file) = (&self.schema, &self.options, self.budget.file);
        let results: Vec<Result<Vec<DataFile>, Error>> = partitions
            .into_par_iter()
            .with_max_len(1)
            .map(|open| write_partition(syncs, schema, options, file, open))
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
    syncs: &Arc<Syncs>,
    schema: &Arc<Schema>,
    options: &WriteOptions,
    file_bytes: usize,
    open: Open,
) -> Result<Vec<DataFile>, Error> {
    let byte_len: usize = open.parts.iter().map(Part::byte_len).sum();
    let rows = sorted(schema, open.parts, &options.sorted_by)?;
    let file_count = byte_len.div_ceil(file_bytes.max(1)).max(1);
    let rows_per_file = rows.row_count().div_ceil(file_count).max(1);
    let mut files = Vec::with_capacity(file_count);
    for start in (0..rows.row_count()).step_by(rows_per_file) {
        let end = (start + rows_per_file).min(rows.row_count());
        let (key, schema) = (open.key.clone(), Arc::clone(schema));
        let mut file = Encoder::beside(syncs, key, schema, options.clone())?;
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
fn sorted(schema: &Arc<Schema>, parts: Vec<Part>, sort_by: &[SortedBy]) -> Result<Columns, Error> {
    let picks = in_order(&parts, sort_by)?;
    let row_count = picks.len();
    let mut pieces: Vec<Vec<Column>> = schema.fields.iter().map(|_| Vec::new()).collect();
    for part in parts {
        let columns = part.rows.conformed(schema)?.into_parts().1;
        pieces.iter_mut().zip(columns).for_each(|(pieces, column)| pieces.push(column));
    }
    let columns =
        schema.fields.par_iter().zip(pieces).with_max_len(1).map(|(field, pieces)| {
            pick(&field.data_type, &pieces.iter().collect::<Vec<_>>(), &picks)
        });
    Ok(Columns::try_new(Arc::clone(schema), columns.collect(), row_count)?)
}

/// The rows of all parts, one part after the other.
fn picks_of(parts: &[Part]) -> Picks {
    let mut picks = Picks::default();
    for (piece, part) in (0..).zip(parts) {
        match (&part.picked, u32::try_from(part.row_count())) {
            (None, Ok(row_count)) => picks.push_first(piece, row_count),
            (None, Err(_)) => {
                (0..).take(part.row_count()).for_each(|row| picks.push(Pick { piece, row }))
            }
            (Some(rows), _) => rows.iter().for_each(|row| picks.push(Pick { piece, row: *row })),
        }
    }
    picks
}

/// The rows in the order of the keys.
fn in_order(parts: &[Part], sort_by: &[SortedBy]) -> Result<Picks, Error> {
    let unordered = picks_of(parts);
    let joined = |key: &SortedBy| {
        let pieces: Option<Vec<Cow<'_, Column>>> =
            parts.iter().map(|part| part.rows.look_at(&key.path)).collect();
        let pieces = pieces.filter(|pieces| !pieces.is_empty())?;
        let data_type = pieces.first()?.data_type().clone();
        let values =
            pick(&data_type, &pieces.iter().map(Cow::as_ref).collect::<Vec<_>>(), &unordered);
        Some((values.into_dense(), key.descending, key.nulls_first))
    };
    let keys: Vec<(Column, bool, bool)> = sort_by.iter().filter_map(joined).collect();
    if keys.is_empty() {
        return Ok(unordered);
    }
    let order = sort_rows(&keys, unordered.len())?;
    if order.is_sorted() {
        return Ok(unordered);
    }
    let picks: Vec<Pick> = unordered.iter().collect();
    Ok(order.into_iter().map(|row| picks[row as usize]).collect())
}
