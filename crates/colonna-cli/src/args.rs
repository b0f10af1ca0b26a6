//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::size::Size;
use crate::words::{Character, FieldType, Identity};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done, but records were rejected; they stand in the table's _quarantine
  2  failed, and nothing of it is visible in the table; or the command line is wrong";

const LOAD_EXAMPLES: &str = "\
Examples:
  One folder of logs, a partition for each day of the field `ts`:
    $ colonna load warehouse/events logs/ --time ts
  Compressed files and a pipe, by hour, with rows of one user side by side:
    $ zcat old.gz | colonna load warehouse/events new/*.ndjson.zst - --time ts --by hour --sort user.id
  CSV that says NA for nothing and writes 2025-10-31 13:45 as 31/10/2025 13:45:
    $ colonna load sales sales.csv --null NA --type 'sold=timestamp:%d/%m/%Y %H:%M' --time sold --by month
  The same days again, corrected: the partitions they touch are replaced in one commit:
    $ colonna load warehouse/events fixed/2025-10-*.json --time ts --replace partitions
  What would happen, without writing anything:
    $ colonna load warehouse/events logs/ --time ts --dry-run --json

The same input loaded again is no new rows: a load is known by its sources (or --identity).
With --replace it is done again, for others may have come since.
Records that cannot be read are set aside with file, line and reason:
    $ colonna query warehouse/events/_quarantine \"SELECT source, line, reason FROM t\"";

const QUERY_EXAMPLES: &str = "\
Examples:
  The table goes by its folder's name and by t:
    $ colonna query warehouse/events \"SELECT status, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC\"
  Only the files of that day are opened; --stats says so:
    $ colonna query warehouse/events \"SELECT count(*) FROM t WHERE ts >= '2025-10-15' AND ts < '2025-10-16'\" --stats
  What would be read and what skipped:
    $ colonna query warehouse/events \"EXPLAIN SELECT max(duration_ms) FROM t WHERE status = 500\"
  Into a file, or on to the next program:
    $ colonna query warehouse/events \"SELECT * FROM t WHERE status = 500\" --format parquet --output errors.parquet
    $ colonna query warehouse/events \"SELECT user, ts FROM t\" --format json | jq .user
  How fast, over five runs in one process:
    $ colonna query warehouse/events \"SELECT avg(price) FROM t\" --repeat 5 --json

Formats:
  json     one object a line. Integers and decimals with all their digits; NaN and infinities are
           null; times are ISO 8601 in UTC; bytes are 0x and hexadecimal digits. The second of two
           columns of one name gets _2
  csv      RFC 4180 with lines that end in LF. Null is nothing, the empty text is \"\"; lists, structs
           and maps are JSON text
  parquet  zstd, to --output or to a pipe";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  What each field would become, and what was seen of it:
    $ colonna schema logs/*.ndjson
  Write the types to a file, correct them there, and load by them:
    $ colonna schema sales.csv --write sales.schema.json
    $ colonna load sales sales.csv --schema sales.schema.json
  For programs:
    $ colonna schema logs/ --json | jq '.fields[] | select(.type == \"text\") | .name'

Every value of the input is looked at, and nothing is written but the file of --write.";

const SHOW_EXAMPLES: &str = "\
Examples:
  Version, rows, bytes, partitions, columns:
    $ colonna show warehouse/events
  Every data file with its rows and bytes:
    $ colonna show warehouse/events --files
  All partitions as they were in version 3, for programs:
    $ colonna show warehouse/events --partitions --version 3 --json";

/// Rows in, columns kept, answers out: JSON and CSV to Delta Lake tables, and fast answers from them.
#[derive(Debug, Parser)]
#[command(name = "colonna", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load files, folders, globs or standard input into a table
    #[command(after_help = LOAD_EXAMPLES)]
    Load(Box<LoadArgs>),
    /// Ask a table in SQL
    #[command(after_help = QUERY_EXAMPLES)]
    Query(QueryArgs),
    /// Show what would be inferred of an input, field by field, with the evidence
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(Box<SchemaArgs>),
    /// Show a table: version, rows, bytes, files, partitions, columns
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
}

/// What bounds any command.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Bounds {
    /// Work on that many threads instead of all cores
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Hold about that much memory at most, such as 512MB or 1GiB; a load writes files earlier then,
    /// and a query groups what does not fit by way of a temporary file
    #[arg(long, global = true, value_name = "SIZE")]
    pub(crate) memory: Option<Size>,
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// The table's folder; it is made where it does not exist
    pub(crate) table: PathBuf,
    /// Files (plain or compressed), folders, globs, or - for standard input
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<String>,
    /// The field that holds the time of each record; it is read as a time even where it is a number
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// Partition by hour, day, month or year of the --time field (day unless given), by the values
    /// of a COLUMN, or not at all: none
    #[arg(long, value_name = "hour|day|month|year|COLUMN|none")]
    pub(crate) by: Option<String>,
    /// Sort the rows of each file by these fields, so that queries on them skip more
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub(crate) sort: Vec<String>,
    /// Replace the whole table, or the partitions that the input has rows for, in one commit
    #[arg(long, value_name = "WHAT")]
    pub(crate) replace: Option<Replace>,
    /// Write files that are smallest, balanced (small, and fast to read), or fastest to write and
    /// read
    #[arg(long, value_name = "FOR", default_value = "balanced")]
    pub(crate) profile: Profile,
    /// Where records go that have no time or column to partition by
    #[arg(long, value_name = "WHERE", default_value = "null")]
    pub(crate) missing_time: MissingTime,
    /// Fail when more than N records cannot be read; without it any number is set aside
    #[arg(long, value_name = "N")]
    pub(crate) max_rejects: Option<u64>,
    /// Be known by that name and number instead of by the sources: a load of a NAME whose VERSION
    /// was loaded before does nothing
    #[arg(long, value_name = "NAME:VERSION")]
    pub(crate) identity: Option<Identity>,
    /// Load even what was loaded before
    #[arg(long)]
    pub(crate) again: bool,
    /// Read and check everything, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Take the types from a file that `colonna schema --write` made
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["types", "all_text", "null", "flatten", "maps"]
    )]
    pub(crate) schema: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How inputs are read, for `load` and `schema`.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    pub(crate) types: TypeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Types")]
pub(crate) struct TypeArgs {
    /// Give a field a type: boolean, int64, float64, decimal(P,S), text, binary, date or timestamp,
    /// with the format of a time after a colon; a record with a value that it does not hold, digit
    /// by digit, is rejected; may be repeated
    #[arg(long = "type", value_name = "FIELD=TYPE[:FORMAT]")]
    pub(crate) types: Vec<FieldType>,
    /// Keep every value as the text it was
    #[arg(long)]
    pub(crate) all_text: bool,
    /// A text that stands for null; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) null: Vec<String>,
    /// Make columns of the fields of objects, named `a.b`
    #[arg(long)]
    pub(crate) flatten: bool,
    /// Whether objects whose keys are data become maps (on unless given)
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    pub(crate) maps: Option<OnOff>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Format")]
pub(crate) struct FormatArgs {
    /// What the inputs hold, where their content does not say
    #[arg(long, value_name = "json|csv|text", hide_possible_values = true)]
    pub(crate) format: Option<InputFormat>,
    /// CSV: what stands between fields, such as ';', '||' or tab
    #[arg(long, value_name = "TEXT")]
    pub(crate) delimiter: Option<Character>,
    /// CSV: what stands around fields, or none
    #[arg(long, value_name = "CHAR")]
    pub(crate) quote: Option<Character>,
    /// CSV: what takes the meaning from the next character, or none
    #[arg(long, value_name = "CHAR")]
    pub(crate) escape: Option<Character>,
    /// CSV: what begins a line that is passed over, or none
    #[arg(long, value_name = "CHAR")]
    pub(crate) comment: Option<Character>,
    /// CSV: whether the first line names the fields
    #[arg(long, value_name = "yes|no", hide_possible_values = true)]
    pub(crate) header: Option<YesNo>,
    /// CSV: pass over the first N lines
    #[arg(long, value_name = "N")]
    pub(crate) skip: Option<u64>,
    /// The most bytes of one record, such as 256MB; 64MiB unless given
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_record: Option<Size>,
    /// The encoding of the text, such as windows-1252 or utf-16le
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// Lines of text, whatever the inputs look like: a regular expression whose named groups are the
    /// fields: '(?<ip>\S+) (?<path>\S+)'
    #[arg(long, value_name = "RE")]
    pub(crate) regex: Option<String>,
    /// JSON: where the records stand in a document, such as /hits/hits
    #[arg(long, value_name = "/PATH")]
    pub(crate) pointer: Option<String>,
    /// JSON: records are arrays, and the first of each source holds the names of the fields
    #[arg(long)]
    pub(crate) array_header: bool,
    /// JSON: take off what another program wrapped around values or records
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) unwrap: Option<Unwrapping>,
    /// Add a column of that name with the name of the source of each record
    #[arg(long, value_name = "NAME")]
    pub(crate) source_column: Option<String>,
    /// Make columns of parts of the sources' paths: 'logs/{host}/{day}.json'
    #[arg(long, value_name = "PATTERN")]
    pub(crate) path_pattern: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// The table's folder, or a folder of Parquet files
    pub(crate) table: PathBuf,
    /// A SELECT, or EXPLAIN [ANALYZE] before one
    pub(crate) sql: String,
    /// How the rows are written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: OutputFormat,
    /// Write the rows to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Say on standard error what was read, what skipped, and how long it took
    #[arg(long)]
    pub(crate) stats: bool,
    /// Read everything, whatever the statistics say
    #[arg(long)]
    pub(crate) no_pruning: bool,
    /// Ask the table as it was in version N
    #[arg(long = "version", value_name = "N")]
    pub(crate) table_version: Option<u64>,
    /// Run the query N times
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
    /// Keep inflated pages in that much memory, such as 512MB, for the runs after the first
    #[arg(long, value_name = "SIZE")]
    pub(crate) cache: Option<Size>,
    /// Write one JSON object: best_ms, runs_ms, counters and rows
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Files (plain or compressed), folders, globs, or - for standard input
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<String>,
    /// The field that holds the time of each record; it is read as a time even where it is a number
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the types to a file that --schema reads
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The table's folder
    pub(crate) table: PathBuf,
    /// List every data file
    #[arg(long)]
    pub(crate) files: bool,
    /// List every partition instead of the first 20
    #[arg(long)]
    pub(crate) partitions: bool,
    /// Show the table as it was in version N
    #[arg(long = "version", value_name = "N")]
    pub(crate) table_version: Option<u64>,
    /// Report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What files are written for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Profile {
    Smallest,
    Balanced,
    Fastest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Replace {
    /// Everything that was in the table
    Table,
    /// The partitions that the input has rows for
    Partitions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MissingTime {
    /// To the null partition
    Null,
    /// To the quarantine
    Quarantine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// JSON, one value a line or in any other arrangement
    Json,
    /// Fields between delimiters
    Csv,
    /// Lines of text
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For the eye
    Table,
    /// With a header
    Csv,
    /// One object a line
    Json,
    /// Zstd-compressed
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unwrapping {
    /// MongoDB Extended JSON: {"$numberLong": "7"} is 7
    #[value(alias = "mongodb")]
    Mongo,
    /// DynamoDB's types: {"N": "7"} is 7
    Dynamodb,
    /// Search hits of Elasticsearch: the fields of _source
    #[value(alias = "elastic-source")]
    Elastic,
    /// Bulk files of Elasticsearch: a line for the action, one for the document
    ElasticBulk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    /// It does
    Yes,
    /// It does not
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnOff {
    /// They do
    On,
    /// They do not
    Off,
}
