//! Columns into Parquet pages, and pages into columns.
//!
//! What enters: blocks of columns and a sink, or a file. What leaves: a file with its statistics,
//! or the columns, row groups and rows of it that were asked for, with counts of what was read.
//!
//! What holds: a bound that is handed out is sure, whoever wrote the file; and a malformed file
//! gives an error or right values, never a panic.
//!
//! Types of other writers become ours by the rule of `colonna_column`'s Arrow door: integers of
//! other widths `int64` (unsigned ones of 64 bits `decimal(20,0)`), floats `float64`, timestamps
//! of any unit microseconds (finer ones are cut), times their integers, fixed bytes `binary`.
//! Intervals and decimals of more than 38 digits are errors that name the column.
//!
//! ```
//! use colonna_column::{Column, Columns};
//! use colonna_page::{Reader, WriteOptions, write_file};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("numbers.parquet");
//!
//! let rows = Columns::from_named(vec![("n".to_owned(), Column::from_i64((0..10).collect()))]).unwrap();
//! let file = std::fs::File::create(&path).unwrap();
//! write_file(file, rows.schema(), [&rows], &WriteOptions::default()).unwrap();
//!
//! let reader = Reader::open(&path).unwrap();
//! let blocks = reader.read(0, &[vec!["n".to_owned()]], Some(&[2..4])).unwrap();
//! let blocks: Vec<Columns> = blocks.collect::<Result<_, _>>().unwrap();
//! assert_eq!(blocks[0].row(0), [2.into()]);
//! ```

mod bloom;
mod bounds;
mod cache;
mod chunk;
mod compress;
mod convert;
mod decode;
mod dense;
pub mod encoding;
mod error;
mod guard;
mod layout;
mod leaf;
mod levels;
mod mend;
mod numbers;
mod page_header;
mod read;
mod row_group;
mod shred;
mod sort;
mod source;
mod statistics;
mod trial;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use bloom::Wanted;
pub use cache::PageCache;
pub use decode::Blocks;
pub use error::PageError;
pub use guard::is_reading_guarded;
pub use layout::{Layout, Profile};
pub use read::{Page, ReadCounters, Reader};
pub use write::{SortedBy, WriteOptions, Writer, WrittenFile, write_file};
