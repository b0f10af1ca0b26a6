//! Data files that no commit names yet.

use std::path::PathBuf;

use colonna_storage::{DataFile, StorageError, TableFolder};

/// Data files on their way to a commit.
///
/// Invariant: those that certainly did not become visible are removed when this is dropped, for
/// readers of bare folders would take them for rows of the table. Those of which it cannot be told
/// are kept.
#[derive(Debug, Default)]
pub(super) struct Written {
    files: Vec<DataFile>,
    paths: Vec<PathBuf>,
}

impl Written {
    pub(super) fn add(&mut self, table: &TableFolder, file: DataFile) {
        self.paths.push(table.path_of(&file));
        self.files.push(file);
    }

    pub(super) fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// They are visible.
    pub(super) fn keep(mut self) {
        self.paths.clear();
    }

    /// They did not become visible, unless the error says that this cannot be told.
    pub(super) fn failed(self, error: &StorageError) {
        if matches!(error, StorageError::OutcomeUnknown { .. }) {
            self.keep();
        }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for path in &self.paths {
            // One that cannot be removed stays an orphan, which a vacuum removes.
            drop(std::fs::remove_file(path));
        }
    }
}
