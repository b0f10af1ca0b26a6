//! What can go wrong in the program itself, and how every error is shown.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use colonna_ingest::{FormatName, IngestError, TimeFormatError};
use colonna_page::PageError;
use colonna_sql::SqlError;
use thiserror::Error;

/// A command failed.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    /// A load or a query failed.
    #[error(transparent)]
    Colonna(#[from] colonna::Error),
    /// The options for the input do not hold together.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The SQL cannot be understood.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The query asks another table.
    #[error("this table is not called {asked:?}: write FROM {name}, or FROM t")]
    OtherTable { asked: String, name: String },
    /// The query asks no table.
    #[error("the query has no FROM: write FROM {name}, or FROM t")]
    NoTable { name: String },
    /// A word that may be a column or a length of time was taken for a column.
    #[error(
        "the input has no field {word:?} to partition by: for the {word} of a time, name its field: --time COLUMN --by {word}"
    )]
    NoTimeToPartitionBy { word: String },
    /// An option that the format does not have.
    #[error("{option} is for {format}, and the format is given as {given}: leave one of them out")]
    OptionOfOtherFormat { option: &'static str, format: FormatName, given: FormatName },
    /// A format of times cannot be read.
    #[error("--type {field}: cannot read the format {format:?}")]
    TimeFormat {
        field: String,
        format: String,
        #[source]
        source: TimeFormatError,
    },
    /// Parquet is no text.
    #[error("parquet is not written to a terminal: add --output FILE, or send it down a pipe")]
    ParquetToTerminal,
    /// A file cannot be written.
    #[error("cannot write {path}", path = path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Output {
        #[source]
        source: io::Error,
    },
    /// The rows cannot be written as Parquet.
    #[error("cannot write the rows as Parquet")]
    Parquet {
        #[source]
        source: PageError,
    },
    /// A report cannot be written as JSON.
    #[error("cannot write the report as JSON")]
    Report {
        #[source]
        source: serde_json::Error,
    },
}

impl CliError {
    /// Whether it is only that nobody reads on, as under `| head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        if !matches!(self, Self::Output { .. } | Self::Parquet { .. }) {
            return false;
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let io_error = error.downcast_ref::<io::Error>();
            if io_error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// The error and its causes in one line.
pub(crate) fn in_one_line(error: &dyn Error) -> String {
    let mut line = flat(&error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = flat(&error.to_string());
        // Some libraries repeat the cause in their own message.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

/// The text with every run of blanks and line breaks as one blank, and nothing that steers a
/// terminal.
pub(crate) fn flat(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_their_error_in_one_line() {
        let source = io::Error::other("no\n  space");
        let error = CliError::Write { path: PathBuf::from("a.csv"), source };
        assert_eq!(in_one_line(&error), "cannot write a.csv: no space");
    }

    #[test]
    fn only_an_output_that_nobody_reads_ends_quietly() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(CliError::Output { source: broken() }.is_broken_pipe());
        let file = CliError::Write { path: PathBuf::from("a.csv"), source: broken() };
        assert!(!file.is_broken_pipe());
    }
}
