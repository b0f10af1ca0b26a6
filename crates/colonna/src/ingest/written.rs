//! Data files that no commit names yet.

use colonna_storage::{DataFile, Snapshot, StorageError};

/// Data files on their way to a commit.
///
/// Invariant: those that certainly did not become visible are removed when this is dropped, for
/// readers of bare folders would take them for rows of the table. Those of which it cannot be told
/// are kept.
#[derive(Debug)]
pub(super) struct Written {
    table: Snapshot,
    files: Vec<DataFile>,
}

impl Written {
    pub(super) fn new(table: &Snapshot) -> Self {
        Self { table: table.clone(), files: Vec::new() }
    }

    pub(super) fn add(&mut self, file: DataFile) {
        self.files.push(file);
    }

    pub(super) fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// They are visible.
    pub(super) fn keep(mut self) {
        self.files.clear();
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
        for file in &self.files {
            // One that cannot be removed stays an orphan, which a vacuum removes.
            drop(std::fs::remove_file(self.table.path_of(file)));
        }
    }
}
