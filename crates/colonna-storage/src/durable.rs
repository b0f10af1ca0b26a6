//! Files that outlive a crash: written whole, made durable, and only then given their name.
//!
//! The order is the safety. Bytes go to a hidden name and to the disk; then the name is linked,
//! which fails where it is taken; then the folder goes to the disk. A crash between two steps
//! leaves either the old state or the new one, and at worst a hidden file that nobody reads.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::StorageError;

/// How putting a file ended.
#[derive(Debug)]
pub(crate) enum Put {
    /// It is there, durably.
    Done,
    /// The name was taken, and what stood there is untouched.
    Taken,
    /// It may be there or not, or may be gone after a crash.
    Unknown(StorageError),
}

/// Writes files durably until one cannot be made durable; from then on it refuses.
///
/// After a failed fsync the kernel may have dropped the pages and reports success the next time,
/// so that no later success can be believed.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    poisoned: AtomicBool,
    durable_folders: Mutex<HashSet<PathBuf>>,
}

impl Disk {
    /// Puts a file under a name that is free. Readers see all of it or nothing.
    pub(crate) fn put_if_absent(&self, path: &Path, bytes: &[u8]) -> Result<Put, StorageError> {
        let hidden = self.write_hidden(path, bytes)?;
        let linked = step("link").and_then(|()| fs::hard_link(&hidden, path));
        remove_quietly(&hidden);
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Put::Taken),
            Err(source) => {
                let error = StorageError::Io { action: "link", path: path.to_owned(), source };
                // Where the name is there now, the link may have been ours.
                return if path.exists() { Ok(Put::Unknown(error)) } else { Err(error) };
            }
        }
        Ok(match self.sync_folder(parent_of(path)) {
            Ok(()) => Put::Done,
            Err(error) => Put::Unknown(error),
        })
    }

    /// Puts a file under a name, in the place of what stands there.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
        let hidden = self.write_hidden(path, bytes)?;
        step("rename").and_then(|()| fs::rename(&hidden, path)).map_err(|source| {
            remove_quietly(&hidden);
            StorageError::Io { action: "rename to", path: path.to_owned(), source }
        })?;
        self.sync_folder(parent_of(path))
    }

    /// Makes a file durable that was written under its own name.
    pub(crate) fn sync_file(&self, file: &File, path: &Path) -> Result<(), StorageError> {
        self.check(path)?;
        self.synced("fsync", path, step("fsync").and_then(|()| file.sync_all()))
    }

    /// Makes the names in a folder durable.
    pub(crate) fn sync_folder(&self, folder: &Path) -> Result<(), StorageError> {
        self.check(folder)?;
        let synced = step("fsync folder").and_then(|()| File::open(folder)?.sync_all());
        self.synced("fsync", folder, synced)
    }

    /// Makes a folder and those above it that are missing, each of them durable.
    pub(crate) fn create_folders(&self, folder: &Path) -> Result<(), StorageError> {
        // The last ancestor of a relative path is the empty one: the current folder, which is there.
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
        missing.into_iter().rev().try_for_each(|path| self.create_folder(path))
    }

    /// Makes the folders from below `root` down to `folder`, each of them durable. One that is there
    /// already may have been made by somebody who did not come to make it durable, so that each
    /// is synced once.
    pub(crate) fn create_folders_below(
        &self,
        root: &Path,
        folder: &Path,
    ) -> Result<(), StorageError> {
        let below: Vec<&Path> = folder.ancestors().take_while(|path| *path != root).collect();
        for path in below.into_iter().rev() {
            if !self.is_durable(path) || !path.is_dir() {
                self.create_folder(path)?;
                let mut folders =
                    self.durable_folders.lock().unwrap_or_else(PoisonError::into_inner);
                folders.insert(path.to_owned());
            }
        }
        Ok(())
    }

    /// Makes the folders from below `root` down to `folder`. Gives back those that are not known to be
    /// durable, for [`Disk::sync_made`].
    pub(crate) fn make_folders_below(
        &self,
        root: &Path,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, StorageError> {
        let below: Vec<&Path> = folder.ancestors().take_while(|path| *path != root).collect();
        let mut made = Vec::new();
        for path in below.into_iter().rev() {
            if !self.is_durable(path) || !path.is_dir() {
                make_folder(path)?;
                made.push(path.to_owned());
            }
        }
        Ok(made)
    }

    /// Makes the names of these folders durable.
    pub(crate) fn sync_made(&self, made: &BTreeSet<PathBuf>) -> Result<(), StorageError> {
        let parents: BTreeSet<&Path> = made.iter().map(|path| parent_of(path)).collect();
        parents.into_iter().try_for_each(|parent| self.sync_folder(parent))?;
        let mut folders = self.durable_folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.extend(made.iter().cloned());
        Ok(())
    }

    fn is_durable(&self, folder: &Path) -> bool {
        self.durable_folders.lock().unwrap_or_else(PoisonError::into_inner).contains(folder)
    }

    fn create_folder(&self, path: &Path) -> Result<(), StorageError> {
        make_folder(path)?;
        self.sync_folder(path)?;
        self.sync_folder(parent_of(path))
    }

    fn write_hidden(&self, path: &Path, bytes: &[u8]) -> Result<PathBuf, StorageError> {
        self.check(path)?;
        let hidden = parent_of(path).join(format!(".{}.tmp", Uuid::new_v4()));
        let written = step("write").and_then(|()| {
            let mut file = File::create_new(&hidden)?;
            file.write_all(bytes)?;
            Ok(file)
        });
        let synced = written
            .map_err(|source| StorageError::Io { action: "write", path: hidden.clone(), source })
            .and_then(|file| self.sync_file(&file, &hidden));
        match synced {
            Ok(()) => Ok(hidden),
            Err(error) => {
                remove_quietly(&hidden);
                Err(error)
            }
        }
    }

    fn check(&self, path: &Path) -> Result<(), StorageError> {
        if self.poisoned.load(Ordering::Acquire) {
            return Err(StorageError::Poisoned { path: path.to_owned() });
        }
        Ok(())
    }

    fn synced(
        &self,
        action: &'static str,
        path: &Path,
        result: io::Result<()>,
    ) -> Result<(), StorageError> {
        result.map_err(|source| {
            self.poisoned.store(true, Ordering::Release);
            StorageError::Io { action, path: path.to_owned(), source }
        })
    }
}

/// The folder that holds a path.
fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn make_folder(path: &Path) -> Result<(), StorageError> {
    match step("mkdir").and_then(|()| fs::create_dir(path)) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(source) => {
            let path = path.to_owned();
            Err(StorageError::Io { action: "make the folder", path, source })
        }
    }
}

/// Removes a hidden file that is of no more use. One that stays does no harm.
fn remove_quietly(path: &Path) {
    if step("remove").is_ok() {
        drop(fs::remove_file(path));
    }
}

/// Where a test pulls the plug: see [`crash`].
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "its twin for tests fails")]
fn step(_name: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
fn step(name: &str) -> io::Result<()> {
    crash::step(name)
}

/// A plug to pull: after a number of steps every further one fails, as if the process had died.
#[cfg(test)]
pub(crate) mod crash {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static STEPS_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// Runs `work` and lets that many steps succeed. Gives back whether the plug was pulled.
    pub(crate) fn after<T>(steps: usize, work: impl FnOnce() -> T) -> (T, bool) {
        STEPS_LEFT.set(Some(steps));
        let result = work();
        let crashed = STEPS_LEFT.take() == Some(0);
        (result, crashed)
    }

    pub(super) fn step(name: &str) -> io::Result<()> {
        match STEPS_LEFT.get() {
            Some(0) => Err(io::Error::other(format!("crashed before {name}"))),
            Some(steps) => {
                STEPS_LEFT.set(Some(steps - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.json");
        let disk = Disk::default();
        assert!(matches!(disk.put_if_absent(&path, b"first").unwrap(), Put::Done));
        assert!(matches!(disk.put_if_absent(&path, b"second").unwrap(), Put::Taken));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_crash_leaves_nothing_or_everything() {
        for steps in 0..10 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("1.json");
            let (result, crashed) =
                crash::after(steps, || Disk::default().put_if_absent(&path, b"whole"));
            let there = fs::read(&path).ok();
            match result {
                Ok(Put::Done) => assert_eq!(there.as_deref(), Some(b"whole".as_slice())),
                Ok(Put::Unknown(_)) => assert!(there.is_none_or(|bytes| bytes == b"whole")),
                Ok(Put::Taken) => panic!("nobody else is here"),
                Err(_) => assert_eq!(there, None),
            }
            if !crashed {
                return;
            }
        }
        panic!("the plug was pulled at every step");
    }

    #[test]
    fn after_a_failed_fsync_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        // The first step writes, the second is the fsync.
        let (failed, _) =
            crash::after(1, || disk.put_if_absent(&folder.path().join("1.json"), b""));
        assert!(failed.is_err());
        let refused = disk.put_if_absent(&folder.path().join("2.json"), b"");
        assert!(matches!(refused, Err(StorageError::Poisoned { .. })));
    }
}
