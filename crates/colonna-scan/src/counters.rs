//! What a scan read, and what it could leave alone.

use std::fmt;
use std::ops::AddAssign;

/// What a scan considered, skipped and read, at every level at which it can skip.
///
/// Invariant: at each level, considered = skipped + read, where a file answered by its statistics
/// counts as skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Data files of the table.
    pub files_considered: u64,
    /// Files that were not opened, or of which no row group was read.
    pub files_skipped: u64,
    /// Files whose rows were counted in by their statistics alone. They are among the skipped.
    pub files_answered_by_statistics: u64,
    /// Row groups of the files that were opened.
    pub row_groups_considered: u64,
    /// Row groups of which nothing was read.
    pub row_groups_skipped: u64,
    /// Bloom filters that were read to find out whether a row group has a value.
    pub bloom_filters_read: u64,
    /// Pages of the columns that the query needs, in the row groups that were read.
    pub pages_considered: u64,
    /// Pages that were not read.
    pub pages_skipped: u64,
    /// Of the pages read, those that a cache had.
    pub pages_cached: u64,
    /// Bytes of all data files.
    pub bytes_considered: u64,
    /// Bytes of pages that were read, compressed.
    pub bytes_read: u64,
    /// Rows that were decoded.
    pub rows_decoded: u64,
    /// Values that were decoded.
    pub values_decoded: u64,
    /// Bytes that were written to a temporary file, because memory is bounded.
    pub bytes_spilled: u64,
}

impl Counters {
    /// Files that were read.
    pub fn files_read(&self) -> u64 {
        self.files_considered - self.files_skipped
    }

    /// Row groups that were read.
    pub fn row_groups_read(&self) -> u64 {
        self.row_groups_considered - self.row_groups_skipped
    }

    /// Pages that were read.
    pub fn pages_read(&self) -> u64 {
        self.pages_considered - self.pages_skipped
    }

    /// Every counter with its name, in order.
    pub fn named(&self) -> [(&'static str, u64); 17] {
        [
            ("files_considered", self.files_considered),
            ("files_skipped", self.files_skipped),
            ("files_read", self.files_read()),
            ("files_answered_by_statistics", self.files_answered_by_statistics),
            ("row_groups_considered", self.row_groups_considered),
            ("row_groups_skipped", self.row_groups_skipped),
            ("row_groups_read", self.row_groups_read()),
            ("bloom_filters_read", self.bloom_filters_read),
            ("pages_considered", self.pages_considered),
            ("pages_skipped", self.pages_skipped),
            ("pages_read", self.pages_read()),
            ("pages_cached", self.pages_cached),
            ("bytes_considered", self.bytes_considered),
            ("bytes_read", self.bytes_read),
            ("rows_decoded", self.rows_decoded),
            ("values_decoded", self.values_decoded),
            ("bytes_spilled", self.bytes_spilled),
        ]
    }
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        self.files_considered += other.files_considered;
        self.files_skipped += other.files_skipped;
        self.files_answered_by_statistics += other.files_answered_by_statistics;
        self.row_groups_considered += other.row_groups_considered;
        self.row_groups_skipped += other.row_groups_skipped;
        self.bloom_filters_read += other.bloom_filters_read;
        self.pages_considered += other.pages_considered;
        self.pages_skipped += other.pages_skipped;
        self.pages_cached += other.pages_cached;
        self.bytes_considered += other.bytes_considered;
        self.bytes_read += other.bytes_read;
        self.rows_decoded += other.rows_decoded;
        self.values_decoded += other.values_decoded;
        self.bytes_spilled += other.bytes_spilled;
    }
}

/// One line for each level: what was considered, skipped and read.
impl fmt::Display for Counters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut level = |name: &str, considered: u64, skipped: u64, read: u64| {
            writeln!(
                formatter,
                "{name:<11}{considered:>12} considered {skipped:>12} skipped {read:>12} read"
            )
        };
        level("files", self.files_considered, self.files_skipped, self.files_read())?;
        level(
            "row groups",
            self.row_groups_considered,
            self.row_groups_skipped,
            self.row_groups_read(),
        )?;
        level("pages", self.pages_considered, self.pages_skipped, self.pages_read())?;
        let bytes_skipped = self.bytes_considered.saturating_sub(self.bytes_read);
        level("bytes", self.bytes_considered, bytes_skipped, self.bytes_read)?;
        write!(
            formatter,
            "decoded    {:>12} rows       {:>12} values",
            self.rows_decoded, self.values_decoded
        )?;
        if self.bloom_filters_read > 0 {
            write!(formatter, "\n{} Bloom filters were asked", self.bloom_filters_read)?;
        }
        if self.pages_cached > 0 {
            write!(formatter, "\n{} pages were in the cache", self.pages_cached)?;
        }
        if self.bytes_spilled > 0 {
            write!(formatter, "\n{} bytes went to a temporary file", self.bytes_spilled)?;
        }
        if self.files_answered_by_statistics > 0 {
            write!(
                formatter,
                "\n{} files answered by their statistics",
                self.files_answered_by_statistics
            )?;
        }
        Ok(())
    }
}
