//! The rows of one partition into a data file in its folder.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use colonna_column::Columns;
use colonna_page::{PageError, WriteOptions, Writer};
use colonna_schema::Schema;
use uuid::Uuid;

use crate::log::modified_ms;
use crate::{DataFile, PartitionKey, Snapshot, StorageError, Syncs, TableFolder};

/// Bytes that are gathered before the system is asked to write them.
const BUFFER_BYTES: usize = 1 << 20;

/// Writes the rows of one partition into a new file in its folder, durably. Nobody reads it before
/// a commit names it, and one that no commit ever names does no harm.
///
/// The rows come without the columns that partition the table.
///
/// # Errors
///
/// Where the file cannot be written or made durable, or a type cannot be kept in Parquet.
pub fn encode(
    table: &Snapshot,
    key: &PartitionKey,
    rows: &Columns,
    options: &WriteOptions,
) -> Result<DataFile, StorageError> {
    let mut encoder =
        Encoder::try_new(&table.folder(), key.clone(), Arc::clone(rows.schema()), options.clone())?;
    encoder.write(rows)?;
    encoder.finish()
}

/// Writes a data file block by block.
///
/// Invariant: the file is whole only after [`Encoder::finish`], and durable then, or after
/// [`Syncs::finish`] where it was begun for that; one that is dropped before is removed.
#[derive(Debug)]
pub struct Encoder {
    table: TableFolder,
    /// Where the file is made durable, if not here.
    syncs: Option<Arc<Syncs>>,
    key: PartitionKey,
    relative: String,
    path: PathBuf,
    writer: Option<Writer<BufWriter<File>>>,
}

impl Encoder {
    /// A new file in a partition's folder, for rows of that schema.
    ///
    /// # Errors
    ///
    /// Where the folder or the file cannot be made.
    pub fn try_new(
        table: &TableFolder,
        key: PartitionKey,
        schema: Arc<Schema>,
        options: WriteOptions,
    ) -> Result<Self, StorageError> {
        let (relative, path) = place_of(table, &key);
        if let Some(folder) = path.parent() {
            table.disk().create_folders_below(table.root(), folder)?;
        }
        Self { table: table.clone(), syncs: None, key, relative, path, writer: None }
            .begun(schema, options)
    }

    /// The same, for a file that is made durable by others.
    ///
    /// # Errors
    ///
    /// Where the folder or the file cannot be made.
    pub fn beside(
        syncs: &Arc<Syncs>,
        key: PartitionKey,
        schema: Arc<Schema>,
        options: WriteOptions,
    ) -> Result<Self, StorageError> {
        let table = syncs.table().clone();
        let (relative, path) = place_of(&table, &key);
        if let Some(folder) = path.parent() {
            syncs.create_folders(folder)?;
        }
        Self { table, syncs: Some(Arc::clone(syncs)), key, relative, path, writer: None }
            .begun(schema, options)
    }

    fn begun(self, schema: Arc<Schema>, options: WriteOptions) -> Result<Self, StorageError> {
        let mut encoder = self;
        let file = File::create_new(&encoder.path).map_err(|source| StorageError::Io {
            action: "make",
            path: encoder.path.clone(),
            source,
        })?;
        let sink = BufWriter::with_capacity(BUFFER_BYTES, file);
        let writer = Writer::try_new(sink, schema, options);
        encoder.writer = Some(writer.map_err(|source| encoder.failed(source))?);
        Ok(encoder)
    }

    /// Adds the rows of a block.
    ///
    /// # Errors
    ///
    /// Where they cannot be written.
    pub fn write(&mut self, rows: &Columns) -> Result<(), StorageError> {
        let written = self.writer.as_mut().map_or(Ok(()), |writer| writer.write(rows));
        written.map_err(|source| self.failed(source))
    }

    /// About how many bytes the file has so far.
    pub fn byte_len(&self) -> usize {
        self.writer.as_ref().map_or(0, Writer::byte_len)
    }

    /// Ends the file and makes it and its name durable, or has that done.
    ///
    /// # Errors
    ///
    /// Where that fails. The file is then of no use.
    pub fn finish(mut self) -> Result<DataFile, StorageError> {
        let io_error = |action| {
            let path = self.path.clone();
            move |source| StorageError::Io { action, path, source }
        };
        let Some(writer) = self.writer.take() else {
            return Err(io_error("end")(std::io::Error::other("it was ended before")));
        };
        let done = (|| {
            let (mut sink, written) = writer.finish().map_err(|source| self.failed(source))?;
            sink.flush().map_err(io_error("write"))?;
            let metadata = sink.get_ref().metadata().map_err(io_error("look at"))?;
            let (file, _written) = sink.into_parts();
            self.make_durable(file)?;
            Ok(DataFile {
                path: self.relative.clone(),
                byte_len: written.byte_len,
                modified_ms: modified_ms(&metadata),
                partition_values: self.key.values().to_vec(),
                statistics: Some(written.statistics),
                deletion_vector: None,
            })
        })();
        if done.is_err() {
            drop(fs::remove_file(&self.path));
        }
        done
    }

    fn make_durable(&self, file: File) -> Result<(), StorageError> {
        if let Some(syncs) = &self.syncs {
            return syncs.add(file, &self.path);
        }
        self.table.disk().sync_file(&file, &self.path)?;
        self.path.parent().map_or(Ok(()), |folder| self.table.disk().sync_folder(folder))
    }

    fn failed(&self, source: PageError) -> StorageError {
        StorageError::Page { path: self.path.clone(), source }
    }
}

/// A new name for a file of a partition, in the table's folder and on disk.
fn place_of(table: &TableFolder, key: &PartitionKey) -> (String, PathBuf) {
    let name = format!("part-{}.zstd.parquet", Uuid::new_v4());
    let folder = key.folder();
    let relative = if folder.is_empty() { name } else { format!("{folder}/{name}") };
    let path = relative.split('/').fold(table.root().to_owned(), |path, part| path.join(part));
    (relative, path)
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // Nobody knows the file yet. Where it cannot be removed it stays an orphan.
        if self.writer.take().is_some() {
            drop(fs::remove_file(&self.path));
        }
    }
}
