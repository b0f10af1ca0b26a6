//! Where answers and reports go.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// A file or standard output, buffered.
pub(crate) struct Output {
    file: Option<(File, PathBuf)>,
}

impl Output {
    /// The file of that path, or standard output. What stands in the file goes when something is
    /// written.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else { return Ok(Self::standard()) };
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(path);
        let file = file.map_err(|source| CliError::Write { path: path.to_owned(), source })?;
        Ok(Self { file: Some((file, path.to_owned())) })
    }

    /// Standard output.
    pub(crate) fn standard() -> Self {
        Self { file: None }
    }

    /// Whether it is what somebody looks at.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_standard() && io::stdout().is_terminal()
    }

    /// Whether it is standard output.
    pub(crate) fn is_standard(&self) -> bool {
        self.file.is_none()
    }

    /// Writes by `write`, to the last byte.
    pub(crate) fn write(
        self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let path = self.file.as_ref().map(|(_, path)| path.clone());
        let mut sink = self.into_sink()?;
        write(&mut sink).and_then(|()| sink.flush()).map_err(|source| match path {
            Some(path) => CliError::Write { path, source },
            None => CliError::Output { source },
        })
    }

    /// Writes a line.
    pub(crate) fn write_line(self, line: &str) -> Result<(), CliError> {
        self.write(|out| writeln!(out, "{line}"))
    }

    /// The sink, empty, for a writer that keeps it.
    pub(crate) fn into_sink(self) -> Result<Box<dyn Write + Send>, CliError> {
        let Some((file, path)) = self.file else {
            return Ok(Box::new(BufWriter::new(io::stdout())));
        };
        // A pipe or a device has no length.
        let emptied =
            file.metadata().and_then(|it| if it.is_file() { file.set_len(0) } else { Ok(()) });
        emptied.map_err(|source| CliError::Write { path, source })?;
        Ok(Box::new(BufWriter::new(file)))
    }
}
