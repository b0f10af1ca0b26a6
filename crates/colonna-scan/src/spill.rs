//! Groups that take more memory than they may: their rows are set aside in parts, in one temporary
//! file, and the groups of each part are made for themselves.
//!
//! The file is without a name from the start, or removed by the one who opened it, so that nothing
//! is left of it however the process ends. It holds chunks, each of them a Parquet file of rows of
//! one part which follow each other.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use colonna_column::{Column, Columns};
use colonna_exec::{Divided, Partial, Plan};
use colonna_page::{Layout, Profile, Reader, WriteOptions, write_file};
use colonna_schema::{DataType, Field};

use crate::memory::{Growth, Memory, STATE_SHARE, bytes};
use crate::plan::Task;
use crate::row_group::{self, Selected, conform};
use crate::{Counters, ScanError, ScanSource};

/// The fewest parts.
const PARTS_MIN: usize = 8;

/// Of how many parts the groups are made at once: of more, each could take less memory.
const PARTS_AT_ONCE: usize = 4;

/// Rows that wait to be written take one in so many bytes of the memory that is allowed.
const BUFFER_SHARE: u64 = 3;

/// Runs of tasks for each thread.
const RUNS_PER_THREAD: usize = 4;

/// A scan whose groups take more memory than they may.
pub(crate) struct Spill<'a> {
    pub(crate) source: &'a ScanSource,
    pub(crate) plan: &'a Plan,
    pub(crate) divided: &'a Divided,
    pub(crate) tasks: &'a [Task],
    /// The bytes of memory that are allowed.
    pub(crate) limit: u64,
}

/// Rows of one part that follow each other.
#[derive(Clone, Debug)]
struct Chunk {
    first_place: i64,
    bytes: Range<u64>,
}

/// The chunks of one part, in the order of their rows.
#[derive(Clone, Debug)]
struct Part {
    chunks: Vec<Chunk>,
    /// How often its rows were divided.
    level: u32,
}

impl Spill<'_> {
    /// The state after all rows of the tasks, whose groups would take about so many bytes.
    pub(crate) fn run(&self, expected: u64) -> Result<(Partial, Counters), ScanError> {
        let store = Store::try_new(self.divided)?;
        let at_once = PARTS_AT_ONCE.min(rayon::current_num_threads()).max(1);
        let share = self.limit / STATE_SHARE / bytes(at_once);
        // Parts differ in size, and what is expected may be too little.
        let part_count = expected.saturating_mul(3) / 2 / share.max(1);
        let part_count = usize::try_from(part_count).unwrap_or(usize::MAX);
        let part_count = part_count.clamp(PARTS_MIN, Divided::PARTS_MAX).next_power_of_two();
        let (chunks, mut counters) = self.set_aside(&store, part_count)?;
        let parts = sorted(chunks, part_count, 1);
        let mut state = self.plan.partial();
        let mut too_large = Vec::new();
        for (part, made) in self.made_at_once(&store, &parts, share, at_once)? {
            match made {
                Some(partial) => state.merge(partial)?,
                None => too_large.extend(parts.get(part).cloned()),
            }
        }
        // One at a time, with all the memory there is.
        while let Some(part) = too_large.pop() {
            match self.make(&store, &part, self.limit / STATE_SHARE)? {
                Some(partial) => state.merge(partial)?,
                None => too_large.extend(self.divide(&store, &part)?),
            }
        }
        counters.bytes_spilled = store.end.load(Ordering::Relaxed);
        Ok((state, counters))
    }

    /// The rows of all tasks by part. Each thread takes tasks that follow each other, one run after
    /// the other, so that a chunk has all rows of its part between its first and its last.
    fn set_aside(
        &self,
        store: &Store<'_>,
        part_count: usize,
    ) -> Result<(Vec<(usize, Chunk)>, Counters), ScanError> {
        let threads = rayon::current_num_threads().max(1);
        let limit = self.limit / BUFFER_SHARE / bytes(threads);
        let run_len = self.tasks.len().div_ceil(threads * RUNS_PER_THREAD).max(1);
        let next = AtomicUsize::new(0);
        let found = rayon::broadcast(|_| {
            let mut counters = Counters::default();
            let mut chunks = Vec::new();
            loop {
                let first = next.fetch_add(run_len, Ordering::Relaxed);
                let tasks = self.tasks.iter().enumerate().skip(first).take(run_len);
                if tasks.len() == 0 {
                    return Ok::<_, ScanError>((chunks, counters));
                }
                let mut buffers = Buffers::new(store, part_count, limit);
                for (index, task) in tasks {
                    counters += self.set_task_aside(index, task, &mut buffers)?;
                }
                chunks.extend(buffers.into_chunks()?);
            }
        });
        let mut counters = Counters::default();
        let mut all = Vec::new();
        for found in found {
            let (chunks, read) = found?;
            all.extend(chunks);
            counters += read;
        }
        Ok((all, counters))
    }

    fn set_task_aside(
        &self,
        index: usize,
        task: &Task,
        buffers: &mut Buffers<'_>,
    ) -> Result<Counters, ScanError> {
        let mut place = i64::try_from(index).unwrap_or(i64::MAX) << 32;
        // There is no mask, for there are keys.
        let set_aside = |_: &mut Partial, rows: Selected, _| {
            let rows = self.divided.placed(rows.columns, place)?;
            place += i64::try_from(rows.row_count()).unwrap_or(i64::MAX);
            buffers.push(&rows, 0)
        };
        // The state is there for what it remembers of dictionaries.
        let mut partial = self.plan.partial();
        row_group::run(self.source, self.plan, task, &mut partial, (None, None), set_aside)
    }

    /// The groups of each part, a few parts at once.
    fn made_at_once(
        &self,
        store: &Store<'_>,
        parts: &[Part],
        limit: u64,
        at_once: usize,
    ) -> Result<Vec<(usize, Option<Partial>)>, ScanError> {
        let next = AtomicUsize::new(0);
        let made = rayon::broadcast(|context| {
            let mut made = Vec::new();
            while context.index() < at_once {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(index) else { break };
                made.push((index, self.make(store, part, limit)?));
            }
            Ok(made)
        });
        let made = made.into_iter().collect::<Result<Vec<_>, ScanError>>()?;
        Ok(made.into_iter().flatten().collect())
    }

    /// The groups of a part, unless they take more than so many bytes and can be divided.
    fn make(
        &self,
        store: &Store<'_>,
        part: &Part,
        limit: u64,
    ) -> Result<Option<Partial>, ScanError> {
        let mut partial = self.divided.partial();
        // What cannot be divided may take all that is allowed.
        let (soft, hard) = (Memory::new(Some(limit)), Memory::new(Some(self.limit)));
        let (mut soft, mut hard) = (Growth::new(&soft, &partial), Growth::new(&hard, &partial));
        let mut is_within = true;
        for chunk in &part.chunks {
            for rows in store.rows(chunk)? {
                let rows = rows?;
                partial.update_selected(&rows)?;
                is_within = is_within && soft.take(&partial, rows.row_count()).is_ok();
                if is_within {
                    continue;
                }
                if limit < self.limit / STATE_SHARE
                    || part.level < Divided::LEVELS && partial.group_count() > 1
                {
                    return Ok(None);
                }
                hard.take(&partial, rows.row_count())?;
            }
        }
        Ok(Some(self.divided.finish(partial)?))
    }

    /// The parts of a part.
    fn divide(&self, store: &Store<'_>, part: &Part) -> Result<Vec<Part>, ScanError> {
        let mut buffers = Buffers::new(store, PARTS_MIN, self.limit / BUFFER_SHARE);
        for chunk in &part.chunks {
            for rows in store.rows(chunk)? {
                buffers.push(&rows?, part.level)?;
            }
        }
        Ok(sorted(buffers.into_chunks()?, PARTS_MIN, part.level + 1))
    }
}

/// The chunks by part, in the order of their rows.
fn sorted(mut chunks: Vec<(usize, Chunk)>, part_count: usize, level: u32) -> Vec<Part> {
    chunks.sort_unstable_by_key(|(_, chunk)| chunk.first_place);
    let empty = || Part { chunks: Vec::new(), level };
    let mut parts: Vec<Part> = std::iter::repeat_with(empty).take(part_count).collect();
    for (part, chunk) in chunks {
        parts[part].chunks.push(chunk);
    }
    parts.retain(|part| !part.chunks.is_empty());
    parts
}

/// The temporary file.
struct Store<'a> {
    divided: &'a Divided,
    file: Arc<File>,
    end: AtomicU64,
    options: WriteOptions,
}

impl<'a> Store<'a> {
    fn try_new(divided: &'a Divided) -> Result<Self, ScanError> {
        let file = Arc::new(tempfile::tempfile().map_err(file_error)?);
        let layout = Some(Arc::new(Layout::new(divided.schema())));
        let options = WriteOptions { profile: Profile::Fastest, layout, ..WriteOptions::default() };
        Ok(Self { divided, file, end: AtomicU64::new(0), options })
    }

    /// Writes rows as a chunk.
    fn write(&self, rows: &Columns) -> Result<Chunk, ScanError> {
        let written = write_file(Vec::new(), self.divided.schema(), [rows], &self.options);
        let (written, _) = written.map_err(|source| ScanError::TemporaryRows { source })?;
        let start = self.end.fetch_add(bytes(written.len()), Ordering::Relaxed);
        self.file.write_all_at(&written, start).map_err(file_error)?;
        let first_place = rows.columns().last().and_then(|places| places.i64_at(0));
        let first_place = first_place.unwrap_or_default();
        Ok(Chunk { first_place, bytes: start..start + bytes(written.len()) })
    }

    /// The rows of a chunk, block after block.
    fn rows(
        &self,
        chunk: &Chunk,
    ) -> Result<impl Iterator<Item = Result<Columns, ScanError>> + use<'_>, ScanError> {
        let page_error = |source| ScanError::TemporaryRows { source };
        let schema = self.divided.schema();
        let reader = Reader::from_part(&self.file, chunk.bytes.clone()).map_err(page_error)?;
        let paths: Vec<Vec<String>> =
            schema.fields.iter().map(|field| vec![field.name.clone()]).collect();
        let blocks = (0..reader.row_group_count())
            .map(|row_group| reader.read(row_group, &paths, None).map_err(page_error))
            .collect::<Result<Vec<_>, _>>()?;
        let as_set_aside = move |block: Result<Columns, _>| {
            let block = block.map_err(page_error)?;
            let columns = schema.fields.iter().zip(&paths);
            let columns = columns.map(|(field, path)| column_of(&block, path, field));
            let columns = columns.collect::<Result<_, _>>()?;
            Ok(Columns::try_new(Arc::clone(schema), columns, block.row_count())?)
        };
        Ok(blocks.into_iter().flatten().map(as_set_aside))
    }
}

/// A column of a block as it was set aside. There may be none of nothing but nulls.
fn column_of(block: &Columns, path: &[String], field: &Field) -> Result<Column, ScanError> {
    let Field { name, data_type } = field;
    let found = match block.column_at(path).map(|column| conform(column, data_type)) {
        Some(Ok(column)) => return Ok(column),
        Some(Err(column)) => column.data_type().clone(),
        None if *data_type == DataType::Null => {
            return Ok(Column::nulls(DataType::Null, block.row_count()));
        }
        None => DataType::Null,
    };
    let (path, column, expected) = (std::env::temp_dir(), name.clone(), data_type.clone());
    Err(ScanError::TypeMismatch { path, column, expected, found })
}

fn file_error(source: std::io::Error) -> ScanError {
    ScanError::TemporaryFile { folder: std::env::temp_dir(), source }
}

/// Rows that wait until they are enough for a chunk, by part.
struct Buffers<'a> {
    store: &'a Store<'a>,
    parts: Vec<Buffer>,
    byte_len: usize,
    limit: u64,
    chunks: Vec<(usize, Chunk)>,
}

#[derive(Default)]
struct Buffer {
    batches: Vec<Columns>,
    byte_len: usize,
}

impl<'a> Buffers<'a> {
    fn new(store: &'a Store<'a>, part_count: usize, limit: u64) -> Self {
        let parts = std::iter::repeat_with(Buffer::default).take(part_count).collect();
        Self { store, parts, byte_len: 0, limit, chunks: Vec::new() }
    }

    /// Adds rows that come after all others.
    fn push(&mut self, rows: &Columns, level: u32) -> Result<(), ScanError> {
        let (positions, starts) = self.store.divided.parts_of(rows, level, self.parts.len())?;
        for (index, bounds) in starts.windows(2).enumerate() {
            let rows = rows.gather(&positions[bounds[0]..bounds[1]]).compacted();
            let byte_len = rows.byte_len();
            let part = &mut self.parts[index];
            if rows.row_count() > 0 {
                part.batches.push(rows);
                part.byte_len += byte_len;
                self.byte_len += byte_len;
            }
        }
        while bytes(self.byte_len) > self.limit {
            let largest = (0..self.parts.len()).max_by_key(|&part| self.parts[part].byte_len);
            self.flush(largest.unwrap_or_default())?;
        }
        Ok(())
    }

    fn flush(&mut self, part: usize) -> Result<(), ScanError> {
        let Buffer { batches, byte_len } = std::mem::take(&mut self.parts[part]);
        self.byte_len -= byte_len;
        if !batches.is_empty() {
            let rows = Columns::concat(self.store.divided.schema(), &batches)?;
            drop(batches);
            self.chunks.push((part, self.store.write(&rows)?));
        }
        Ok(())
    }

    fn into_chunks(mut self) -> Result<Vec<(usize, Chunk)>, ScanError> {
        (0..self.parts.len()).try_for_each(|part| self.flush(part))?;
        Ok(self.chunks)
    }
}
