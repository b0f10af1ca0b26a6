//! Data files that are made durable while others are encoded.
//!
//! To make a file durable is to wait for the disk: for that there are threads that do nothing else.
//! Folders are made at once and become durable at the end, all names in one of them together.

use std::collections::BTreeSet;
use std::fs::File;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use crate::{StorageError, TableFolder};

/// How many threads wait for the disk at a time. It takes several writes at once.
const MOST_THREADS: usize = 4;

/// How many files may wait, open. Who brings more waits, too.
const MOST_WAITING: usize = 16;

/// Makes data files durable, on threads of its own.
///
/// Invariant: what was brought here is durable only once [`Syncs::finish`] has come back without an
/// error.
#[derive(Debug)]
pub struct Syncs {
    table: TableFolder,
    /// Folders that may not be durable yet.
    made: Mutex<BTreeSet<PathBuf>>,
    threads: Mutex<Threads>,
}

#[derive(Debug, Default)]
struct Threads {
    sender: Option<SyncSender<Written>>,
    receiver: Option<Arc<Mutex<Receiver<Written>>>>,
    handles: Vec<JoinHandle<Result<(), StorageError>>>,
}

/// A file that has all of its bytes.
#[derive(Debug)]
struct Written {
    file: File,
    path: PathBuf,
}

impl Syncs {
    /// For the data files of a table.
    pub fn new(table: TableFolder) -> Self {
        Self { table, made: Mutex::default(), threads: Mutex::default() }
    }

    /// The table that the files are of.
    pub(crate) fn table(&self) -> &TableFolder {
        &self.table
    }

    /// Makes the folders from below the table's down to `folder`.
    pub(crate) fn create_folders(&self, folder: &Path) -> Result<(), StorageError> {
        let mut made = lock(&self.made);
        if !made.contains(folder) {
            made.extend(self.table.disk().make_folders_below(self.table.root(), folder)?);
        }
        Ok(())
    }

    /// Takes a file that is to become durable. An error of it is told at the end.
    pub(crate) fn add(&self, file: File, path: &Path) -> Result<(), StorageError> {
        let written = Written { file, path: path.to_owned() };
        let sender = lock(&self.threads).sender(&self.table);
        match sender {
            // The threads end only when there are no senders left.
            Some(sender) => drop(sender.send(written)),
            None => written.sync(&self.table)?,
        }
        Ok(())
    }

    /// Waits until all files and their names are durable.
    ///
    /// # Errors
    ///
    /// Where one of them could not be made durable. All of them are then of no use.
    pub fn finish(&self) -> Result<(), StorageError> {
        let Threads { sender, handles, .. } = std::mem::take(&mut *lock(&self.threads));
        drop(sender);
        let ends =
            handles.into_iter().map(|handle| handle.join().unwrap_or_else(|it| resume_unwind(it)));
        ends.fold(Ok(()), Result::and)?;
        self.table.disk().sync_made(&std::mem::take(&mut *lock(&self.made)))
    }
}

impl Threads {
    /// Where files are handed over. Nothing where the system gives no threads.
    fn sender(&mut self, table: &TableFolder) -> Option<SyncSender<Written>> {
        if self.handles.len() < MOST_THREADS {
            let receiver = self.receiver.get_or_insert_with(|| {
                let (sender, receiver) = sync_channel(MOST_WAITING);
                self.sender = Some(sender);
                Arc::new(Mutex::new(receiver))
            });
            let (receiver, table) = (Arc::clone(receiver), table.clone());
            let thread = Builder::new().name("colonna-sync".to_owned());
            self.handles.extend(thread.spawn(move || sync_all(&receiver, &table)));
        }
        self.sender.clone().filter(|_| !self.handles.is_empty())
    }
}

/// Makes files durable until no more come. After an error they are only taken.
fn sync_all(receiver: &Mutex<Receiver<Written>>, table: &TableFolder) -> Result<(), StorageError> {
    let mut result = Ok(());
    loop {
        let Ok(written) = lock(receiver).recv() else { return result };
        if result.is_ok() {
            result = written.sync(table);
        }
    }
}

impl Written {
    fn sync(&self, table: &TableFolder) -> Result<(), StorageError> {
        table.disk().sync_file(&self.file, &self.path)?;
        self.path.parent().map_or(Ok(()), |folder| table.disk().sync_folder(folder))
    }
}

/// What is behind it is whole whatever became of another thread.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn more_files_than_may_wait_become_durable() {
        let folder = tempfile::tempdir().unwrap();
        let syncs = Syncs::new(TableFolder::create(folder.path()).unwrap());
        let numbers = 0..MOST_WAITING * 3;
        for number in numbers.clone() {
            let place = syncs.table().root().join(format!("day={}/hour=1", number % 5));
            syncs.create_folders(&place).unwrap();
            let path = place.join(number.to_string());
            fs::write(&path, b"rows").unwrap();
            syncs.add(File::open(&path).unwrap(), &path).unwrap();
        }
        syncs.finish().unwrap();
        let expected = numbers.filter(|number| number % 5 == 4).count();
        let found = fs::read_dir(folder.path().join("day=4/hour=1")).unwrap().count();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_folder_that_is_gone_is_told_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let syncs = Syncs::new(TableFolder::create(folder.path()).unwrap());
        let place = syncs.table().root().join("day=1");
        syncs.create_folders(&place).unwrap();
        let path = place.join("rows");
        fs::write(&path, b"rows").unwrap();
        let file = File::open(&path).unwrap();
        fs::remove_dir_all(&place).unwrap();
        syncs.add(file, &path).unwrap();
        assert!(syncs.finish().is_err());
        // Nothing is believed of that disk any more.
        assert!(syncs.table().disk().sync_folder(folder.path()).is_err());
    }
}
