//! A file that has to stay as it is while it is read.
//!
//! A file that is cut short under its reader ends like any other: what was lost would be missed by
//! nobody. So each end is checked, and so is the time of the last change, for what was read before may
//! have been written over since.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::time::SystemTime;

/// By what it is told that a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    byte_len: u64,
    /// Not every file system tells it.
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { byte_len: metadata.len(), modified: metadata.modified().ok() }
    }

    /// An error where the file is another than it was.
    fn check(self, file: &File) -> io::Result<()> {
        let now = Self::of(&file.metadata()?);
        let (before, len) = (self.byte_len, now.byte_len);
        let what = match len {
            // Files that a kernel makes up have no length, and a time of change that is none.
            _ if now == self || (before, len) == (0, 0) => return Ok(()),
            len if len != before => {
                format!("had {before} bytes when the load began, and has {len} now")
            }
            _ => "was written to since the load began".to_owned(),
        };
        Err(io::Error::other(format!("the file {what}: load it again when it is complete")))
    }
}

/// Reads a file to its end, which has to be the one it had at first.
#[derive(Debug)]
pub(super) struct Steady {
    file: File,
    stamp: Stamp,
}

impl Steady {
    /// From its start.
    pub(super) fn try_new(file: File, stamp: Stamp) -> io::Result<Self> {
        stamp.check(&file)?;
        Ok(Self { file, stamp })
    }
}

impl Read for Steady {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buffer)?;
        if len == 0 && !buffer.is_empty() {
            self.stamp.check(&self.file)?;
        }
        Ok(len)
    }
}
