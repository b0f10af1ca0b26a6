//! The files of one table, as the kernel asks for them by URL.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use delta_kernel::{
    FileMeta, FileSlice, KernelError, KernelResult, KernelResultIteratorStatic, StorageHandler,
};
use url::Url;

use crate::StorageError;
use crate::durable::{Disk, Put};

/// The files of one table.
///
/// Invariant: no file outside `root` is read or written, whatever a log says.
#[derive(Debug)]
pub(super) struct TableFiles {
    pub(super) root: PathBuf,
    pub(super) disk: Arc<Disk>,
}

impl TableFiles {
    /// Where the URL's file lies.
    pub(super) fn path(&self, url: &Url) -> KernelResult<PathBuf> {
        let path = url
            .to_file_path()
            .map_err(|()| KernelError::generic(format!("{url} names no local file")))?;
        let plain = path.components().all(|part| part != Component::ParentDir);
        if plain && path.starts_with(&self.root) {
            return Ok(path);
        }
        let (table, found) = (self.root.clone(), url.to_string());
        Err(as_kernel_error(StorageError::PathOutsideTable { table, found }))
    }

    pub(super) fn open(&self, url: &Url) -> KernelResult<File> {
        File::open(self.path(url)?).map_err(|error| io_error(url, error))
    }

    pub(super) fn read(&self, url: &Url) -> KernelResult<Vec<u8>> {
        fs::read(self.path(url)?).map_err(|error| io_error(url, error))
    }

    pub(super) fn replace(&self, url: &Url, bytes: &[u8]) -> KernelResult<()> {
        let path = self.path(url)?;
        self.make_folder_of(&path)?;
        self.disk.put(&path, bytes).map_err(as_kernel_error)
    }

    pub(super) fn put_new(&self, url: &Url, bytes: &[u8]) -> KernelResult<()> {
        let path = self.path(url)?;
        self.make_folder_of(&path)?;
        match self.disk.put_if_absent(&path, bytes).map_err(as_kernel_error)? {
            Put::Done => Ok(()),
            Put::Taken => Err(KernelError::FileAlreadyExists(url.to_string())),
            Put::Unknown(error) => Err(as_kernel_error(error)),
        }
    }

    pub(super) fn make_folder_of(&self, path: &Path) -> KernelResult<()> {
        match path.parent() {
            Some(folder) => {
                self.disk.create_folders_below(&self.root, folder).map_err(as_kernel_error)
            }
            None => Ok(()),
        }
    }
}

impl StorageHandler for TableFiles {
    fn list_from(&self, url: &Url) -> KernelResult<KernelResultIteratorStatic<FileMeta>> {
        let path = self.path(url)?;
        let mut listed = Vec::new();
        let folder = if url.path().ends_with('/') {
            path.clone()
        } else {
            path.parent().map_or_else(|| path.clone(), Path::to_owned)
        };
        list(&folder, &mut listed).map_err(|error| io_error(url, error))?;
        listed.retain(|(found, _)| *found > path);
        listed.sort_unstable_by(|(left, _), (right, _)| {
            left.as_os_str().as_encoded_bytes().cmp(right.as_os_str().as_encoded_bytes())
        });
        Ok(Box::new(listed.into_iter().map(|(path, metadata)| {
            let location = Url::from_file_path(&path)
                .map_err(|()| KernelError::generic(format!("{} has no URL", path.display())))?;
            Ok(file_meta(location, &metadata))
        })))
    }

    fn read_files(&self, files: Vec<FileSlice>) -> KernelResult<KernelResultIteratorStatic<Bytes>> {
        let read = |(url, range): FileSlice| {
            let Some(range) = range else { return Ok(self.read(&url)?.into()) };
            let file = self.open(&url)?;
            let available = file.metadata().map_err(|error| io_error(&url, error))?.len();
            // A log may name any range; memory is taken only for bytes that are there.
            let len = range.end.min(available).saturating_sub(range.start);
            let len = usize::try_from(len).map_err(|_too_large| {
                KernelError::generic(format!("{url} is too large for this machine"))
            })?;
            let mut bytes = vec![0; len];
            file.read_exact_at(&mut bytes, range.start).map_err(|error| io_error(&url, error))?;
            Ok(bytes.into())
        };
        let read: Vec<KernelResult<Bytes>> = files.into_iter().map(read).collect();
        Ok(Box::new(read.into_iter()))
    }

    fn copy_atomic(&self, from: &Url, to: &Url) -> KernelResult<()> {
        self.put_new(to, &self.read(from)?)
    }

    fn put(&self, url: &Url, data: Bytes, overwrite: bool) -> KernelResult<()> {
        if overwrite { self.replace(url, &data) } else { self.put_new(url, &data) }
    }

    fn head(&self, url: &Url) -> KernelResult<FileMeta> {
        let metadata = fs::metadata(self.path(url)?).map_err(|error| io_error(url, error))?;
        Ok(file_meta(url.clone(), &metadata))
    }

    fn delete(&self, url: &Url) -> KernelResult<()> {
        match fs::remove_file(self.path(url)?) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            done => done.map_err(|error| io_error(url, error)),
        }
    }
}

/// Every file below a folder but the hidden ones: they are not yet, or no longer, of any meaning.
fn list(folder: &Path, listed: &mut Vec<(PathBuf, fs::Metadata)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => list(&entry.path(), listed)?,
            Ok(metadata) if metadata.is_file() => listed.push((entry.path(), metadata)),
            Ok(_) => {}
            // Somebody's clean-up came between.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn file_meta(location: Url, metadata: &fs::Metadata) -> FileMeta {
    FileMeta { location, last_modified: modified_ms(metadata), size: metadata.len() }
}

/// When the file was last written, in milliseconds since the epoch; 0 where nobody knows.
pub(crate) fn modified_ms(metadata: &fs::Metadata) -> i64 {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    modified.and_then(|age| i64::try_from(age.as_millis()).ok()).unwrap_or_default()
}

pub(super) fn io_error(url: &Url, error: std::io::Error) -> KernelError {
    match error.kind() {
        std::io::ErrorKind::NotFound => KernelError::file_not_found(url),
        _ => KernelError::GenericError { source: Box::new(error) },
    }
}

/// Our error on its way through the kernel. Never its `IOError`, which means "try once more".
pub(super) fn as_kernel_error(error: StorageError) -> KernelError {
    KernelError::GenericError { source: Box::new(error) }
}
