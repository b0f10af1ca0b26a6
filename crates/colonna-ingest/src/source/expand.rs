//! From what was given on the command line to files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::IngestError;

/// A file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// Whatever is piped in.
    StandardInput,
    /// A file, or anything else that can be read by a path.
    File(PathBuf),
}

impl Input {
    /// The path as it was found, or `-`.
    pub fn name(&self) -> String {
        match self {
            Self::StandardInput => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// The same by its path from the root, without links, as far as there is such a file.
    #[must_use]
    pub fn resolved(&self) -> Self {
        match self {
            Self::StandardInput => Self::StandardInput,
            Self::File(path) => {
                Self::File(path.canonicalize().unwrap_or_else(|_missing| path.clone()))
            }
        }
    }
}

/// The files that the inputs lead to, in the order of their paths, each of them once.
///
/// An input is the path of a file, of a folder (all files in it and in its folders, without those
/// whose name starts with `.` or `_`), a pattern (`logs/*/2025-1?.csv`, `**` for any folders), or
/// `-` for standard input. A path that exists is that path, whatever characters are in it.
///
/// # Errors
///
/// Where an input leads to nothing, or a folder cannot be read.
pub fn expand(inputs: &[String]) -> Result<Vec<Input>, IngestError> {
    let mut found = BTreeSet::new();
    for input in inputs {
        let path = Path::new(input);
        let count = if input == "-" {
            found.insert(Input::StandardInput);
            1
        } else if path.exists() {
            add_path(path, &mut found)?
        } else {
            add_matches(input, &mut found)?
        };
        if count == 0 {
            let input = input.clone();
            return Err(match path.is_dir() {
                true => IngestError::EmptyFolder { input },
                false => IngestError::NoSuchInput { input },
            });
        }
    }
    Ok(found.into_iter().collect())
}

fn add_matches(pattern: &str, found: &mut BTreeSet<Input>) -> Result<usize, IngestError> {
    let paths = glob::glob(pattern).map_err(|error| IngestError::InvalidOption {
        option: "input pattern",
        value: pattern.to_owned(),
        reason: error.msg.to_owned(),
    })?;
    let mut count = 0;
    for path in paths {
        let path = path.map_err(|error| IngestError::Unreadable {
            path: error.path().to_path_buf(),
            source: error.into(),
        })?;
        count += add_path(&path, found)?;
    }
    Ok(count)
}

fn add_path(path: &Path, found: &mut BTreeSet<Input>) -> Result<usize, IngestError> {
    if !path.is_dir() {
        found.insert(Input::File(path.to_path_buf()));
        return Ok(1);
    }
    let mut count = 0;
    let walk = WalkDir::new(path).follow_links(true).into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)) {
        let entry = entry.map_err(|error| IngestError::Unreadable {
            path: error.path().unwrap_or(path).to_path_buf(),
            source: error.into(),
        })?;
        if !entry.file_type().is_dir() {
            found.insert(Input::File(entry.into_path()));
            count += 1;
        }
    }
    Ok(count)
}

/// Files that programs keep for themselves, as Hadoop, Spark and Delta name them.
fn is_hidden(entry: &DirEntry) -> bool {
    matches!(entry.file_name().as_encoded_bytes().first(), Some(b'.' | b'_'))
}
