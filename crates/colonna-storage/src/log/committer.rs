//! Where a commit gets its name: the one moment at which it becomes visible.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use colonna_schema::Statistics;
use delta_kernel::committer::{CommitMetadata, CommitResponse, Committer, PublishMetadata};
use delta_kernel::engine::to_json_bytes;
use delta_kernel::{
    Engine, FileMeta, FilteredEngineData, KernelError, KernelResult, KernelResultIterator,
};

use serde_json::Value;

use super::files::{TableFiles, as_kernel_error};
use super::statistics;
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
    /// Statistics with bounds that the kernel leaves out of the entry, by the paths of their files there.
    pub(super) infinite: BTreeMap<String, Statistics>,
}

impl DurableCommitter {
    fn note(&self, landing: Landing) {
        *self.landing.lock().unwrap_or_else(PoisonError::into_inner) = landing;
    }

    /// The entry with the infinite bounds of its files, which the kernel writes as null.
    fn with_infinities(&self, entry: Vec<u8>) -> Vec<u8> {
        if self.infinite.is_empty() {
            return entry;
        }
        let mut changed = Vec::with_capacity(entry.len());
        for line in entry.split_inclusive(|byte| *byte == b'\n') {
            match self.line_with_infinities(line) {
                Some(line) => changed.extend(line.into_bytes().into_iter().chain(*b"\n")),
                None => changed.extend(line),
            }
        }
        changed
    }

    fn line_with_infinities(&self, line: &[u8]) -> Option<String> {
        let mut action: Value = serde_json::from_slice(line).ok()?;
        let add = action.get_mut("add")?;
        let statistics = self.infinite.get(add.get("path")?.as_str()?)?;
        let text = add.get_mut("stats")?;
        *text = statistics::with_infinities(text.as_str()?, statistics)?.into();
        Some(action.to_string())
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
        let bytes = self.with_infinities(to_json_bytes(actions)?);
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
