//! From the files of a table and a plan to partial answers.
//!
//! What enters: a [`ScanSource`], which is one version of a table, and a
//! [`Plan`](colonna_exec::Plan). What leaves: the merged state of all rows that the plan's predicate
//! is true for, and [`Counters`] of what was read and what could be skipped.
//!
//! What holds: with pruning or without, on one thread or many, the state is the same. Files are
//! skipped by what the log knows, row groups by their footers, pages by the page index; each row
//! group that is left is one task, and the states of tasks are merged in their order.
//!
//! ```
//! use std::sync::Arc;
//!
//! use colonna_exec::Plan;
//! use colonna_scan::{ScanOptions, ScanSource, scan};
//! use colonna_schema::{Query, count};
//! # use colonna_column::{Column, Columns};
//! # use colonna_page::{WriteOptions, write_file};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("numbers.parquet");
//! # let rows = Columns::from_named(vec![("n".to_owned(), Column::from_i64((0..10).collect()))]).unwrap();
//! # let file = std::fs::File::create(&path).unwrap();
//! # write_file(file, rows.schema(), [&rows], &WriteOptions::default()).unwrap();
//!
//! let source = ScanSource::from_folder(folder.path()).unwrap();
//! let query = Query { projection: vec![count().into()], ..Query::default() };
//! let plan = Plan::try_new(&query, &source.schema).unwrap();
//! let (state, counters) = scan(&source, &plan, &ScanOptions::default()).unwrap();
//! assert_eq!(plan.finish(state).unwrap().row(0), [10.into()]);
//! assert_eq!(counters.pages_read(), 0);
//! ```

mod counters;
mod error;
mod folder;
mod memory;
mod plan;
mod prune;
mod row_group;
mod runs;
mod scan;
mod source;
mod spill;
mod top_k;

pub use counters::Counters;
pub use error::ScanError;
pub use plan::Task;
pub use scan::{ScanOptions, explain, scan, tasks};
pub use source::{ScanFile, ScanSource};
