//! The files of one version of a table, as a scan meets them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use colonna_page::{PageCache, Reader};
use colonna_schema::{Scalar, Schema, Statistics};
use colonna_storage::Snapshot;
use roaring::RoaringTreemap;

use crate::ScanError;

/// One data file: where it lies, and what is known of it before it is opened.
#[derive(Debug)]
pub struct ScanFile {
    /// Where it lies.
    pub path: PathBuf,
    /// How many bytes it has.
    pub byte_len: u64,
    /// Columns that are not in the file because all its rows share their value.
    pub constants: Vec<(String, Scalar)>,
    /// What the log knows of its rows.
    pub statistics: Option<Statistics>,
    /// The positions of rows that are deleted.
    pub deleted_rows: RoaringTreemap,
    /// The footer, once it has been read.
    reader: OnceLock<Arc<Reader>>,
    pages: Option<Arc<PageCache>>,
}

impl ScanFile {
    /// A file of which nothing else is known.
    pub fn new(path: PathBuf, byte_len: u64, constants: Vec<(String, Scalar)>) -> Self {
        let (deleted_rows, reader) = (RoaringTreemap::new(), OnceLock::new());
        Self { path, byte_len, constants, statistics: None, deleted_rows, reader, pages: None }
    }

    /// What the file's own footer knows of its rows.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn footer_statistics(&self) -> Result<Statistics, ScanError> {
        Ok(self.reader()?.statistics())
    }

    /// The file's reader. The footer is read once, however many queries ask.
    pub(crate) fn reader(&self) -> Result<Arc<Reader>, ScanError> {
        if let Some(reader) = self.reader.get() {
            return Ok(Arc::clone(reader));
        }
        let reader = Reader::open(&self.path)
            .map_err(|source| ScanError::Page { path: self.path.clone(), source })?;
        let reader = match &self.pages {
            Some(pages) => reader.with_page_cache(Arc::clone(pages)),
            None => reader,
        };
        Ok(Arc::clone(self.reader.get_or_init(|| Arc::new(reader))))
    }
}

/// The files of one version of a table, and its schema.
///
/// Invariant: the files are in an order that does not change between two queries.
#[derive(Debug)]
pub struct ScanSource {
    /// All columns, those that partition the table too.
    pub schema: Arc<Schema>,
    /// The data files, in the order of their paths.
    pub files: Vec<ScanFile>,
    /// Where a column goes by another path in the files.
    pub renamed: BTreeMap<Vec<String>, Vec<String>>,
}

impl ScanSource {
    /// The files of a version of a Delta table.
    ///
    /// # Errors
    ///
    /// Where the log cannot be read.
    pub fn from_snapshot(snapshot: &Snapshot) -> Result<Self, ScanError> {
        let mut files = Vec::new();
        for file in snapshot.files()? {
            files.push(ScanFile {
                path: snapshot.path_of(&file),
                byte_len: file.byte_len,
                deleted_rows: snapshot.deleted_rows(&file)?,
                constants: file.partition_values,
                statistics: file.statistics,
                reader: OnceLock::new(),
                pages: None,
            });
        }
        let schema = Arc::clone(snapshot.schema());
        let mut renamed = BTreeMap::new();
        let mut rename = |path: &[String]| {
            let physical = snapshot.physical_path(path);
            if physical != path {
                renamed.insert(path.to_vec(), physical);
            }
        };
        for (path, _) in schema.leaves() {
            (1..=path.len()).for_each(|len| rename(&path[..len]));
        }
        Ok(Self { schema, files, renamed })
    }

    /// Keeps inflated pages of all files in up to so many bytes.
    pub fn cache_pages(&mut self, byte_len: u64) {
        let pages = Arc::new(PageCache::new(byte_len));
        for file in &mut self.files {
            // The footers of a folder's files are read for its schema.
            if let Some(reader) = file.reader.take().and_then(Arc::into_inner) {
                let reader = reader.with_page_cache(Arc::clone(&pages));
                file.reader = OnceLock::from(Arc::new(reader));
            }
            file.pages = Some(Arc::clone(&pages));
        }
    }

    /// The path of a column in the files.
    pub(crate) fn physical_path(&self, path: &[String]) -> Vec<String> {
        self.renamed.get(path).cloned().unwrap_or_else(|| path.to_vec())
    }

    /// Whether files of a folder belong to what a scan reads: no hidden ones, and none of those that
    /// other programs keep beside the data.
    pub(crate) fn is_data_path(path: &Path) -> bool {
        let hidden =
            |name: &str| name.starts_with('.') || name.starts_with('_') && !name.contains('=');
        !path.components().any(|part| part.as_os_str().to_str().is_some_and(hidden))
            && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
    }
}
