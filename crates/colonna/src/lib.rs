//! Rows in, columns kept, answers out.
//!
//! What enters is JSON, CSV or text of any shape, in files, folders or a pipe. It becomes a Delta
//! Lake table of zstd-compressed Parquet in time-partitioned folders, without losing a value: the
//! types are decided by the whole input, and what cannot be read is set aside with its place. What
//! leaves are answers, computed over all cores from the files that can matter.
//!
//! What holds: a commit is the only moment at which anything becomes visible, the same input loaded
//! again changes nothing, and an answer depends on nothing but the rows.
//!
//! ```
//! use colonna::{Granularity, Ingest, Table, col, count, mean};
//!
//! # let folder = tempfile::tempdir()?;
//! # std::fs::create_dir(folder.path().join("logs"))?;
//! # let logs = folder.path().join("logs").display().to_string();
//! # let warehouse = folder.path().join("events");
//! # std::fs::write(folder.path().join("logs/1.ndjson"), concat!(
//! #     r#"{"ts":"2025-10-01T08:00:00Z","status":200,"ms":12,"user":{"country":"KR"}}"#, "\n",
//! #     r#"{"ts":"2025-10-02T09:30:00Z","status":500,"ms":7,"user":{"country":"DE"}}"#, "\n"))?;
//! let report = Ingest::into(&warehouse)
//!     .json(format!("{logs}/*.ndjson"))
//!     .partition_by("ts", Granularity::Day)
//!     .run()?;
//! assert_eq!((report.rows_written, report.files), (2, 2));
//!
//! let answer = Table::open(&warehouse)?
//!     .scan()
//!     .filter(col("ts").at_or_after("2025-10-02").and(col("status").eq(500)))
//!     .group_by([col("user.country")])
//!     .aggregate([count(), mean("ms")])
//!     .collect()?;
//! assert_eq!(answer.row(0), ["DE".into(), 1.into(), 7.0.into()]);
//! assert_eq!(answer.counters().files_read(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod clock;
mod error;
mod ingest;
mod query;
mod report;
mod table;
mod threads;

pub use answer::Answer;
pub use clock::{Stopwatch, now_micros};
pub use colonna_column::{Column, Columns};
pub use colonna_ingest::{
    Conflict, CsvOptions, FieldReport, FormatName, GivenType, InferOptions, Inferred, JsonOptions,
    Limits, Mark, ReadOptions, RecordShape, Rejection, SourceOptions, TextOptions, TimeFormat,
    UnseenField, Unwrap,
};
pub use colonna_page::Profile;
pub use colonna_scan::Counters;
pub use colonna_schema::{
    AggregateExpr, AggregateFunction, DataType, Expr, Field, Function, Projection, Query, Scalar,
    Schema, SortKey, Statistics, approximate_count_distinct, avg, col, count, count_distinct,
    count_of, first, last, lit, max, mean, median, min, quantile, stddev, sum, timestamp, variance,
};
pub use colonna_storage::{DataFile, Granularity};
pub use error::Error;
pub use ingest::{Ingest, Inspection, MissingTime, Mode, Progress, Stage};
pub use query::{QueryOptions, Scan};
pub use report::{LoadOutcome, LoadReport, byte_size, counted, grouped};
pub use table::Table;
