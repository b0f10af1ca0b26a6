//! Where a commit gets its name: the one moment at which it becomes visible.

use std::sync::{Arc, Mutex, PoisonError};

use delta_kernel::committer::{CommitMetadata, CommitResponse, Committer, PublishMetadata};
use delta_kernel::engine::to_json_bytes;
use delta_kernel::{
    Engine, FileMeta, FilteredEngineData, KernelError, KernelResult, KernelResultIterator,
};

use super::files::{TableFiles, as_kernel_error};
use crate::StorageError;
use crate::durable::Put;

/// What became of the log entry. The kernel may still fail after it has landed, so that the
/// outcome is read here and not from the kernel's result.
#[derive(Debug, Default)]
pub(super) enum Landing {
    /// It was not tried, or certainly did not land.
    #[default]
    NotLanded,
    /// It is there, durably.
    Landed,
    /// Another writer has the version.
    Taken,
    /// It may be there.
    Unknown(StorageError),
}

/// Commits by linking a durable file to the version's name, which fails where it is taken.
#[derive(Debug)]
pub(super) struct DurableCommitter {
    pub(super) files: Arc<TableFiles>,
    pub(super) landing: Arc<Mutex<Landing>>,
}

impl DurableCommitter {
    fn note(&self, landing: Landing) {
        *self.landing.lock().unwrap_or_else(PoisonError::into_inner) = landing;
    }
}

impl Committer for DurableCommitter {
    fn commit(
        &self,
        _engine: &dyn Engine,
        actions: KernelResultIterator<'_, FilteredEngineData>,
        metadata: CommitMetadata,
    ) -> KernelResult<CommitResponse> {
        let location = metadata.published_commit_path()?;
        let path = self.files.path(&location)?;
        let bytes = to_json_bytes(actions)?;
        self.files.make_folder_of(&path)?;
        match self.files.disk.put_if_absent(&path, &bytes).map_err(as_kernel_error)? {
            Put::Done => {
                self.note(Landing::Landed);
                let last_modified = metadata.in_commit_timestamp();
                let size = u64::try_from(bytes.len()).unwrap_or_default();
                Ok(CommitResponse::Committed {
                    file_meta: FileMeta { location, last_modified, size },
                })
            }
            Put::Taken => {
                self.note(Landing::Taken);
                Ok(CommitResponse::Conflict { version: metadata.version() })
            }
            Put::Unknown(error) => {
                self.note(Landing::Unknown(error));
                Err(KernelError::generic("the outcome of the commit is unknown"))
            }
        }
    }

    fn is_catalog_committer(&self) -> bool {
        false
    }

    fn publish(&self, _engine: &dyn Engine, _metadata: PublishMetadata) -> KernelResult<()> {
        Ok(())
    }
}
