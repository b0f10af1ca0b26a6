//! Where answers and reports go.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// A file or standard output, buffered.
pub(crate) struct Output {
    sink: Box<dyn Write + Send>,
    path: Option<PathBuf>,
}

impl Output {
    /// The file of that path, made anew, or standard output.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else {
            return Ok(Self { sink: Box::new(BufWriter::new(io::stdout())), path: None });
        };
        let file = File::create(path)
            .map_err(|source| CliError::Write { path: path.to_owned(), source })?;
        Ok(Self { sink: Box::new(BufWriter::new(file)), path: Some(path.to_owned()) })
    }

    /// Standard output.
    pub(crate) fn standard() -> Self {
        Self { sink: Box::new(BufWriter::new(io::stdout())), path: None }
    }

    /// Whether it is what somebody looks at.
    pub(crate) fn is_terminal(&self) -> bool {
        self.path.is_none() && io::stdout().is_terminal()
    }

    /// Whether it is standard output.
    pub(crate) fn is_standard(&self) -> bool {
        self.path.is_none()
    }

    /// Writes by `write`, to the last byte.
    pub(crate) fn write(
        mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let written = write(&mut self.sink).and_then(|()| self.sink.flush());
        written.map_err(|source| match self.path {
            Some(path) => CliError::Write { path, source },
            None => CliError::Output { source },
        })
    }

    /// Writes a line.
    pub(crate) fn write_line(self, line: &str) -> Result<(), CliError> {
        self.write(|out| writeln!(out, "{line}"))
    }

    /// The sink, for a writer that keeps it.
    pub(crate) fn into_sink(self) -> Box<dyn Write + Send> {
        self.sink
    }
}
