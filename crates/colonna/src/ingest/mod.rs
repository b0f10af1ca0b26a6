//! The way from sources to a committed table:
//! `source -> decode -> infer -> shape -> partition -> encode -> commit`.

mod chunks;
mod identity;
mod inspect;
mod load;
mod notes;
mod options;
mod quarantine;
mod router;
mod sample;
mod split;
mod target;
mod written;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use colonna_column::Columns;
use colonna_ingest::{FormatName, InferOptions, ReadOptions};
use colonna_page::Profile;
use colonna_storage::Granularity;

pub use self::inspect::Inspection;
pub use self::options::{MissingTime, Mode, Progress, Stage};

use self::options::{Listener, PartitionBy};
use crate::threads::Threads;
use crate::{Error, LoadReport};

/// The memory that a load keeps to unless told otherwise.
const DEFAULT_MEMORY: u64 = 256 << 20;

/// A load, as it is put together; [`Ingest::run`] does it.
///
/// ```
/// use colonna::Ingest;
///
/// # let folder = tempfile::tempdir()?;
/// # let (input, table) = (folder.path().join("in.csv"), folder.path().join("table"));
/// std::fs::write(&input, "id;price\n007;1,5\n008;2,25\n")?;
/// let report = Ingest::into(&table).csv(&input).run()?;
/// assert_eq!(report.rows_written, 2);
///
/// // The same input again is a no-op.
/// let again = Ingest::into(&table).csv(&input).run()?;
/// assert_eq!(again.rows_written, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ingest {
    table: PathBuf,
    inputs: Vec<(String, Option<FormatName>)>,
    rows: Vec<Columns>,
    read: ReadOptions,
    infer: InferOptions,
    schema_file: Option<PathBuf>,
    partition: Option<PartitionBy>,
    sort_by: Option<Vec<String>>,
    mode: Mode,
    missing: MissingTime,
    profile: Profile,
    max_rejects: Option<u64>,
    identity: Option<(String, i64)>,
    again: bool,
    dry_run: bool,
    memory: u64,
    threads: Option<usize>,
    listener: Option<Listener>,
}

impl Ingest {
    /// A load into the table in a folder, which is made where there is none.
    pub fn into(table: impl AsRef<Path>) -> Self {
        Self {
            table: table.as_ref().to_owned(),
            inputs: Vec::new(),
            rows: Vec::new(),
            read: ReadOptions::default(),
            infer: InferOptions::default(),
            schema_file: None,
            partition: None,
            sort_by: None,
            mode: Mode::default(),
            missing: MissingTime::default(),
            profile: Profile::default(),
            max_rejects: None,
            identity: None,
            again: false,
            dry_run: false,
            memory: DEFAULT_MEMORY,
            threads: None,
            listener: None,
        }
    }

    /// Reads a file, a glob, a folder with all below it, or `-` for standard input. What it holds is
    /// found out by its content.
    #[must_use]
    pub fn input(self, path: impl AsRef<Path>) -> Self {
        self.add_input(path.as_ref(), None)
    }

    /// Reads several inputs, each as [`Ingest::input`] does.
    #[must_use]
    pub fn inputs<P: AsRef<Path>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        paths.into_iter().fold(self, Self::input)
    }

    /// Reads JSON from a file, a glob, a folder or `-`.
    #[must_use]
    pub fn json(self, path: impl AsRef<Path>) -> Self {
        self.add_input(path.as_ref(), Some(FormatName::Json))
    }

    /// Reads CSV from a file, a glob, a folder or `-`.
    #[must_use]
    pub fn csv(self, path: impl AsRef<Path>) -> Self {
        self.add_input(path.as_ref(), Some(FormatName::Csv))
    }

    /// Reads lines of text, such as a web server's log, from a file, a glob, a folder or `-`.
    #[must_use]
    pub fn text(self, path: impl AsRef<Path>) -> Self {
        self.add_input(path.as_ref(), Some(FormatName::Text))
    }

    /// Takes rows that are in columns already, such as those of an answer. All that are added must
    /// have the same schema. They have no identity unless one is given.
    #[must_use]
    pub fn rows(mut self, rows: Columns) -> Self {
        self.rows.push(rows);
        self
    }

    /// How the inputs are read.
    #[must_use]
    pub fn read_options(mut self, options: ReadOptions) -> Self {
        self.read = options;
        self
    }

    /// How types are found.
    #[must_use]
    pub fn infer_options(mut self, options: InferOptions) -> Self {
        self.infer = options;
        self
    }

    /// Takes the types from a schema file, as `colonna schema --write` makes them, instead of finding
    /// them. A value that does not fit sends its record to the quarantine.
    #[must_use]
    pub fn schema_file(mut self, path: impl AsRef<Path>) -> Self {
        self.schema_file = Some(path.as_ref().to_owned());
        self
    }

    /// Partitions a new table by the hour, day, month or year of a time, in UTC. Numbers and texts in
    /// that field become times if they all can.
    #[must_use]
    pub fn partition_by(mut self, time: &str, granularity: Granularity) -> Self {
        self.partition = Some(PartitionBy::Time(time.to_owned(), granularity));
        self
    }

    /// Partitions a new table by the values of a column.
    #[must_use]
    pub fn partition_by_column(mut self, column: &str) -> Self {
        self.partition = Some(PartitionBy::Column(column.to_owned()));
        self
    }

    /// Leaves a new table in one piece.
    #[must_use]
    pub fn unpartitioned(mut self) -> Self {
        self.partition = Some(PartitionBy::Nothing);
        self
    }

    /// Makes a field that holds times a time, whatever form they have, without partitioning by it. A
    /// name that neither the input nor the table has is an error.
    #[must_use]
    pub fn time(mut self, field: &str) -> Self {
        self.infer.time_columns.push(field.to_owned());
        self
    }

    /// Sorts the rows of each file by these columns instead of by the time; dots lead into structs.
    #[must_use]
    pub fn sort_by<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.sort_by = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// What happens to the rows in the table.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Where records go that lack what the table is partitioned by.
    #[must_use]
    pub fn missing_time(mut self, missing: MissingTime) -> Self {
        self.missing = missing;
        self
    }

    /// What the files are written for: few bytes, fast reading, or something of both.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Fails the load, with nothing written, when more records than these are rejected.
    #[must_use]
    pub fn max_rejects(mut self, records: u64) -> Self {
        self.max_rejects = Some(records);
        self
    }

    /// Names the load: it is done once for each name and version. Without it the name is made from
    /// the sources, and a load that replaces rows is done each time.
    #[must_use]
    pub fn identity(mut self, application: &str, version: u64) -> Self {
        self.identity = Some((application.to_owned(), i64::try_from(version).unwrap_or(i64::MAX)));
        self
    }

    /// Loads the input even if it was loaded before.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }

    /// Reads and checks everything and writes nothing.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// About how many bytes of memory the load may take; 256 MiB unless given.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Uses that many threads instead of all cores.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Is told of the progress, from the threads of the load, by one of them at a time.
    #[must_use]
    pub fn on_progress(mut self, listener: Arc<dyn Fn(Progress) + Send + Sync>) -> Self {
        self.listener = Some(Listener(listener));
        self
    }

    /// Does it: reads everything, writes the files, and makes them visible in one commit.
    ///
    /// # Errors
    ///
    /// Where the input cannot be read, the rejects are more than allowed, the table cannot be
    /// written, or another writer replaced what this load replaces. Nothing is visible then.
    pub fn run(self) -> Result<LoadReport, Error> {
        Threads::try_new(self.threads)?.run(|| load::run(&self))
    }

    /// Looks at the whole input and says what its columns would be. Nothing is written.
    ///
    /// # Errors
    ///
    /// Where the input cannot be read.
    pub fn inspect(self) -> Result<Inspection, Error> {
        Threads::try_new(self.threads)?.run(|| inspect::inspect(&self))
    }

    /// Whether it is done even where the same was done before. What replaces rows is, unless it is known
    /// by a name of its own: others may have come since, which are to go.
    fn repeats(&self) -> bool {
        self.again || (self.mode != Mode::Append && self.identity.is_none())
    }

    fn add_input(mut self, path: &Path, format: Option<FormatName>) -> Self {
        self.inputs.push((path.to_string_lossy().into_owned(), format));
        self
    }

    fn tell(&self, progress: Progress) {
        if let Some(Listener(listener)) = &self.listener {
            listener(progress);
        }
    }
}
