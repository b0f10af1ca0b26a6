//! The folder of a table, whether or not there is a table in it yet.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::durable::Disk;
use crate::{DataFile, Snapshot, StorageError};

/// Where the data files of a table go. Cheap to clone.
#[derive(Clone)]
pub struct TableFolder {
    root: PathBuf,
    disk: Arc<Disk>,
}

impl fmt::Debug for TableFolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TableFolder").field("root", &self.root).finish_non_exhaustive()
    }
}

impl TableFolder {
    /// Makes a folder in which a table is going to be. From the start it has a place for the log, by
    /// which readers know that files without a log entry are nothing to read.
    ///
    /// # Errors
    ///
    /// Where it cannot be made.
    pub fn create(folder: impl AsRef<Path>) -> Result<Self, StorageError> {
        let folder = folder.as_ref();
        let disk = Arc::new(Disk::default());
        disk.create_folders(&folder.join("_delta_log"))?;
        let root = folder.canonicalize().map_err(|source| StorageError::Io {
            action: "open",
            path: folder.to_owned(),
            source,
        })?;
        Ok(Self { root, disk })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a data file lies on disk.
    pub fn path_of(&self, file: &DataFile) -> PathBuf {
        crate::log::on_disk(&self.root, &file.path)
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }
}

impl Snapshot {
    /// The folder of the table.
    pub fn folder(&self) -> TableFolder {
        TableFolder { root: self.root().to_owned(), disk: Arc::clone(self.disk()) }
    }
}
