//! Where bytes come from. (Frame; the helper "csv" owns this folder.)

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::IngestError;

/// How sources are opened.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SourceOptions {}

/// A file, or standard input.
#[derive(Clone, Debug)]
pub struct Input {
    path: PathBuf,
}

/// A source that can be opened many times.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    path: PathBuf,
    bytes_read: Arc<AtomicU64>,
    extra_fields: Vec<(String, String)>,
}

/// The files that the inputs lead to, in the order of their paths.
///
/// # Errors
///
/// Where an input leads to nothing.
pub fn expand(inputs: &[String]) -> Result<Vec<Input>, IngestError> {
    Ok(inputs.iter().map(|input| Input { path: PathBuf::from(input) }).collect())
}

impl Source {
    /// A source that reads that input.
    ///
    /// # Errors
    ///
    /// Where the input cannot be read.
    pub fn try_new(input: Input, _options: &SourceOptions) -> Result<Self, IngestError> {
        Ok(Self {
            name: input.path.display().to_string().into(),
            path: input.path,
            bytes_read: Arc::default(),
            extra_fields: Vec::new(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its text from the start: decompressed, UTF-8, without a byte order mark.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, IngestError> {
        let file = File::open(&self.path)
            .map_err(|source| IngestError::Unreadable { path: self.path.clone(), source })?;
        Ok(Box::new(file))
    }

    /// How many bytes of it have been read so far.
    pub fn bytes_read(&self) -> &Arc<AtomicU64> {
        &self.bytes_read
    }

    /// Fields that every record of it gets: name and text.
    pub fn extra_fields(&self) -> &[(String, String)] {
        &self.extra_fields
    }
}
