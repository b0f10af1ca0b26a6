//! A table that is open for questions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use colonna_scan::ScanSource;
use colonna_schema::{Query, Schema};
use colonna_storage::{DataFile, Snapshot};

use crate::query::{self, QueryOptions, Scan};
use crate::{Answer, Error};

/// One version of a table: a Delta table, or a folder of Parquet files that somebody else wrote.
///
/// Invariant: its answers never change, whatever is committed meanwhile; open it again to see that.
#[derive(Debug)]
pub struct Table {
    name: String,
    source: ScanSource,
    snapshot: Option<Snapshot>,
}

impl Table {
    /// The newest version of the table in a folder.
    ///
    /// # Errors
    ///
    /// Where there is neither a table nor a Parquet file, or it cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        if path.join("_delta_log").is_dir() {
            return Self::from_snapshot(path, Snapshot::open(path, None)?);
        }
        let source = ScanSource::from_folder(path)?;
        if source.files.is_empty() {
            return Err(Error::NothingToQuery { path: path.display().to_string() });
        }
        Ok(Self { name: name_of(path), source, snapshot: None })
    }

    /// Whether a folder holds a Delta table.
    pub fn exists(path: impl AsRef<Path>) -> bool {
        Snapshot::exists(path)
    }

    /// A version of the Delta table in a folder.
    ///
    /// # Errors
    ///
    /// Where there is no such version, or it cannot be read.
    pub fn open_version(path: impl AsRef<Path>, version: u64) -> Result<Self, Error> {
        Self::from_snapshot(path.as_ref(), Snapshot::open(&path, Some(version))?)
    }

    fn from_snapshot(path: &Path, snapshot: Snapshot) -> Result<Self, Error> {
        let source = ScanSource::from_snapshot(&snapshot)?;
        Ok(Self { name: name_of(path), source, snapshot: Some(snapshot) })
    }

    /// Keeps pages that queries have inflated, up to so many bytes of them, for the queries that
    /// follow. Without it every query reads and inflates what it needs.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let (input, path) = (folder.path().join("in.ndjson"), folder.path().join("events"));
    /// # std::fs::write(&input, "{\"status\":500}\n{\"status\":200}\n")?;
    /// # colonna::Ingest::into(&path).json(&input).run()?;
    /// use colonna::{Table, sum};
    ///
    /// let table = Table::open(&path)?.with_page_cache(64 << 20);
    /// let query = || table.scan().aggregate([sum("status")]).collect();
    /// assert_eq!(query()?.counters().pages_cached, 0);
    /// assert_eq!(query()?.counters().pages_cached, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_page_cache(mut self, byte_len: u64) -> Self {
        self.source.cache_pages(byte_len);
        self
    }

    /// The folder's name, which SQL knows the table by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All columns, those that partition the table too.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.source.schema
    }

    /// The version; none for a folder without a log.
    pub fn version(&self) -> Option<u64> {
        self.snapshot.as_ref().map(Snapshot::version)
    }

    /// The columns that partition the table.
    pub fn partition_columns(&self) -> Vec<String> {
        match &self.snapshot {
            Some(snapshot) => snapshot.partition_columns().to_vec(),
            None => self.source.files.first().map_or_else(Vec::new, |file| {
                file.constants.iter().map(|(name, _)| name.clone()).collect()
            }),
        }
    }

    /// The table's properties; none for a folder without a log.
    pub fn properties(&self) -> BTreeMap<String, String> {
        self.snapshot.as_ref().map(Snapshot::properties).unwrap_or_default()
    }

    /// The data files, in the order of their paths.
    ///
    /// # Errors
    ///
    /// Where the log cannot be read.
    pub fn files(&self) -> Result<Vec<DataFile>, Error> {
        if let Some(snapshot) = &self.snapshot {
            return Ok(snapshot.files()?);
        }
        let file = |file: &colonna_scan::ScanFile| {
            let statistics = file.footer_statistics()?;
            Ok(DataFile {
                path: file.path.display().to_string(),
                byte_len: file.byte_len,
                modified_ms: 0,
                partition_values: file.constants.clone(),
                statistics: Some(statistics),
                deletion_vector: None,
            })
        };
        self.source.files.iter().map(file).collect()
    }

    /// Begins a query.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let (input, path) = (folder.path().join("in.ndjson"), folder.path().join("events"));
    /// # std::fs::write(&input, "{\"status\":500}\n{\"status\":200}\n{\"status\":500}\n")?;
    /// # colonna::Ingest::into(&path).json(&input).run()?;
    /// use colonna::{Table, col, count};
    ///
    /// let table = Table::open(&path)?;
    /// let answer = table.scan().filter(col("status").eq(500)).aggregate([count()]).collect()?;
    /// assert_eq!(answer.row(0), [2.into()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan(&self) -> Scan<'_> {
        Scan::new(self)
    }

    /// Answers a query, such as one that `colonna-sql` has read.
    ///
    /// # Errors
    ///
    /// Where a name is unknown, types do not go together, a value overflows, or a file cannot be
    /// read.
    pub fn query(&self, query: &Query, options: &QueryOptions) -> Result<Answer, Error> {
        query::answer(&self.source, query, options)
    }

    /// How a query would be answered, and what would be skipped. No page is read.
    ///
    /// # Errors
    ///
    /// As [`Table::query`].
    pub fn explain(&self, query: &Query) -> Result<String, Error> {
        query::explain(&self.source, query)
    }
}

fn name_of(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_missing| path.to_owned());
    let name = if full.is_dir() { full.file_name() } else { full.file_stem() };
    name.map_or_else(|| "t".to_owned(), |name| name.to_string_lossy().into_owned())
}
