//! Where bytes come from: files and standard input, as text that can be read more than once.
//!
//! What a source gives is decompressed UTF-8 without a byte order mark, whatever lies on disk. What
//! was decided about it (compression, encoding) is decided once, when the source is made, so that
//! every pass over it reads the same text.

mod decompress;
mod digest;
mod encoding;
mod expand;
mod path_pattern;
mod spool;
mod steady;
mod transcode;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use self::decompress::Layer;
use self::digest::Digest;
use self::encoding::TextEncoding;
pub use self::expand::{Input, expand};
use self::path_pattern::PathPattern;
use self::spool::Spool;
use self::steady::{Stamp, Steady};
use crate::IngestError;

/// How much of the decompressed bytes decides the encoding.
const SAMPLE_BYTE_LEN: u64 = 1 << 20;

const DIGEST_BUFFER_BYTE_LEN: usize = 1 << 20;

/// How sources are opened. The default finds out compression and encoding by the bytes.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// The encoding of the text, by a label such as `windows-1252`. A byte order mark goes first.
    pub encoding: Option<String>,
    /// What the end of a source's path tells, such as `{symbol}/{date}_*.csv`. Each name in braces
    /// becomes a field of every record.
    pub path_pattern: Option<String>,
    /// The field that gets the name of the source a record comes from.
    pub source_column: Option<String>,
    /// How many times its compressed length a source may grow to. Only what is past the first
    /// 256 MiB of text counts.
    pub max_expansion: u64,
    /// Where standard input is kept between two passes, when not in the system's folder.
    pub spool_folder: Option<PathBuf>,
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self {
            encoding: None,
            path_pattern: None,
            source_column: None,
            max_expansion: 5_000,
            spool_folder: None,
        }
    }
}

/// A source that can be opened many times.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    origin: Origin,
    byte_len: Option<u64>,
    bytes_read: Arc<AtomicU64>,
    layers: Vec<Layer>,
    encoding: TextEncoding,
    max_expansion: u64,
    extra_fields: Vec<(String, String)>,
    digest: Digest,
}

#[derive(Clone, Debug)]
enum Origin {
    /// A file, as it was when the source was made.
    File(PathBuf, Stamp),
    Spool(Arc<Spool>),
}

impl Source {
    /// A source that reads that input. Its compression and encoding are found out here.
    ///
    /// # Errors
    ///
    /// Where the input cannot be read, or an option is none.
    pub fn try_new(input: Input, options: &SourceOptions) -> Result<Self, IngestError> {
        let named = options.encoding.as_deref().map(encoding::named).transpose()?;
        let extra_fields = extra_fields(&input, options)?;
        let name: Arc<str> = input.name().into();
        let (origin, byte_len) = origin(input, options)?;
        let mut source = Self {
            name,
            origin,
            byte_len,
            bytes_read: Arc::default(),
            layers: Vec::new(),
            encoding: TextEncoding::UTF8,
            max_expansion: options.max_expansion,
            extra_fields,
            digest: Digest::default(),
        };
        source.layers = source.find_layers().map_err(|error| source.failed(0, error))?;
        source.encoding = source.find_encoding(named)?;
        source.bytes_read.store(0, Ordering::Relaxed);
        Ok(source)
    }

    /// Its name: the path as it was found, or `-` for standard input.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its text from the start: decompressed, UTF-8, without a byte order mark.
    ///
    /// Bytes that are not valid in the encoding of the source come through as bytes that are not
    /// valid UTF-8, so that the record which holds them is rejected and nothing is replaced.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened. While it is read, a damaged or truncated stream is an error.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, IngestError> {
        let bytes = self.decompressed(self.digest.of(self.open_raw()?), &self.layers)?;
        transcode::reader(bytes, self.encoding).map_err(|error| self.failed(0, error))
    }

    /// A digest of its bytes as they are stored. Where nobody has read all of them yet, they are read
    /// now.
    ///
    /// # Errors
    ///
    /// Where they cannot be read.
    pub fn digest(&self) -> Result<u128, IngestError> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let mut bytes = self.digest.of(self.open_raw()?);
        let mut buffer = vec![0; DIGEST_BUFFER_BYTE_LEN];
        loop {
            match bytes.read(&mut buffer) {
                Ok(0) => return Ok(self.digest.get().unwrap_or_default()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(0, error)),
            }
        }
    }

    /// Whether its text is just what lies on disk.
    pub(crate) fn is_plain(&self) -> bool {
        let is_file = matches!(self.origin, Origin::File(..));
        is_file && self.layers.is_empty() && self.encoding == TextEncoding::UTF8
    }

    /// Up to `len` bytes of its text from `byte_offset` on, where its text is just what lies on disk;
    /// else none.
    ///
    /// # Errors
    ///
    /// Where they cannot be read.
    pub(crate) fn text_at(
        &self,
        byte_offset: u64,
        len: usize,
    ) -> Result<Option<Vec<u8>>, IngestError> {
        let Origin::File(path, _) = &self.origin else { return Ok(None) };
        if !self.is_plain() {
            return Ok(None);
        }
        let mut file = open_file(path)?;
        let mut text = Vec::with_capacity(len);
        let read = file
            .seek(SeekFrom::Start(byte_offset))
            .and_then(|_| file.take(crate::chunk::count(len)).read_to_end(&mut text));
        read.map_err(|error| self.failed(text.len(), error))?;
        Ok(Some(text))
    }

    /// How many bytes it has on disk. A pipe does not know.
    pub fn byte_len(&self) -> Option<u64> {
        self.byte_len
    }

    /// How many bytes of it have been read so far, as they are on disk, by all who opened it.
    pub fn bytes_read(&self) -> &Arc<AtomicU64> {
        &self.bytes_read
    }

    /// Fields that every record of it gets: name and text.
    pub fn extra_fields(&self) -> &[(String, String)] {
        &self.extra_fields
    }

    /// What had to be undone to get at its text, such as `gzip, windows-1252`. Empty for plain UTF-8.
    pub fn description(&self) -> String {
        let layers = self.layers.iter().map(|layer| layer.name().to_owned());
        let encoding = self.encoding.description();
        layers.chain(encoding).collect::<Vec<_>>().join(", ")
    }

    fn find_layers(&self) -> io::Result<Vec<Layer>> {
        let mut layers: Vec<Layer> = Vec::new();
        while layers.len() < decompress::MAX_LAYERS {
            let bytes = self.open_decompressed(&layers).map_err(io::Error::other)?;
            let mut head = Vec::new();
            bytes.take(decompress::MAGIC_BYTE_LEN).read_to_end(&mut head)?;
            match Layer::of(&head) {
                Some(layer) => layers.push(layer),
                None => break,
            }
        }
        Ok(layers)
    }

    fn find_encoding(
        &self,
        named: Option<&'static encoding_rs::Encoding>,
    ) -> Result<TextEncoding, IngestError> {
        let mut sample = Vec::new();
        let bytes = self.open_decompressed(&self.layers)?;
        let read = bytes.take(SAMPLE_BYTE_LEN).read_to_end(&mut sample);
        read.map_err(|error| self.failed(sample.len(), error))?;
        let is_whole = crate::chunk::count(sample.len()) < SAMPLE_BYTE_LEN;
        Ok(TextEncoding::of(&sample, is_whole, named))
    }

    fn open_decompressed(&self, layers: &[Layer]) -> Result<Box<dyn Read + Send>, IngestError> {
        self.decompressed(self.open_raw()?, layers)
    }

    fn open_raw(&self) -> Result<Box<dyn Read + Send>, IngestError> {
        Ok(match &self.origin {
            Origin::File(path, stamp) => {
                let steady = Steady::try_new(open_file(path)?, *stamp);
                Box::new(steady.map_err(|error| self.failed(0, error))?)
            }
            Origin::Spool(spool) => Box::new(spool.reader()),
        })
    }

    fn decompressed(
        &self,
        raw: Box<dyn Read + Send>,
        layers: &[Layer],
    ) -> Result<Box<dyn Read + Send>, IngestError> {
        let limit = decompress::Limit::new(&self.bytes_read, self.max_expansion);
        decompress::reader(raw, layers, limit).map_err(|error| self.failed(0, error))
    }

    fn failed(&self, byte_offset: usize, source: io::Error) -> IngestError {
        // A failure to open lies inside of one to read where layers are looked through.
        match source.downcast::<IngestError>() {
            Ok(error) => error,
            Err(source) => IngestError::ReadFailed {
                name: Arc::clone(&self.name),
                byte_offset: crate::chunk::count(byte_offset),
                source,
            },
        }
    }
}

fn open_file(path: &Path) -> Result<File, IngestError> {
    File::open(path).map_err(|source| IngestError::Unreadable { path: path.to_path_buf(), source })
}

/// A file is opened again for each pass. What is no file (a pipe, a device) can be read but once.
fn origin(input: Input, options: &SourceOptions) -> Result<(Origin, Option<u64>), IngestError> {
    let folder = options.spool_folder.as_deref();
    match input {
        Input::StandardInput => {
            let spool = Spool::try_new(Box::new(io::stdin()), folder)?;
            Ok((Origin::Spool(Arc::new(spool)), None))
        }
        Input::File(path) => {
            let unreadable = |source| IngestError::Unreadable { path: path.clone(), source };
            let metadata = path.metadata().map_err(unreadable)?;
            if metadata.is_file() {
                let stamp = Stamp::of(&metadata);
                return Ok((Origin::File(path, stamp), Some(metadata.len())));
            }
            let spool = Spool::try_new(Box::new(open_file(&path)?), folder)?;
            Ok((Origin::Spool(Arc::new(spool)), None))
        }
    }
}

fn extra_fields(
    input: &Input,
    options: &SourceOptions,
) -> Result<Vec<(String, String)>, IngestError> {
    let mut fields = Vec::new();
    if let Some(column) = &options.source_column {
        fields.push((column.clone(), input.name()));
    }
    if let Some(pattern) = &options.path_pattern {
        fields.extend(PathPattern::try_new(pattern)?.fields_of(input)?);
    }
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => Err(IngestError::InvalidOption {
            option: "path pattern",
            value: options.path_pattern.clone().unwrap_or_default(),
            reason: format!("the name {:?} is given twice", pair.first().unwrap_or(&"")),
        }),
        None => Ok(fields),
    }
}

#[cfg(test)]
mod tests;
