//! What a load did.

use std::fmt;

use serde::Serialize;

/// How a load ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadOutcome {
    /// The rows are in the table.
    Committed,
    /// The same input was loaded before, so nothing was done.
    AlreadyLoaded,
    /// Everything was read and checked, and nothing written, as asked.
    DryRun,
    /// The input held no record.
    Empty,
}

/// What a load read, wrote and set aside.
///
/// Invariant: `rows_read = rows_written + rows_quarantined`, unless the load was a no-op or a dry
/// run; it is checked before anything is committed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadReport {
    /// How it ended.
    pub outcome: LoadOutcome,
    /// The table's version after the load.
    pub version: Option<u64>,
    /// Records found in the input.
    pub rows_read: u64,
    /// Rows now in the table through this load.
    pub rows_written: u64,
    /// Records that could not be read, or not shaped, and stand in the table `_quarantine`.
    pub rows_quarantined: u64,
    /// Rows that stand in the null partition, for want of the time or column to partition by.
    pub rows_without_partition: u64,
    /// Rows of which something stands in `_residual`, because no column takes it.
    pub rows_with_residual: u64,
    /// Rows that were in the table before and that this load replaced.
    pub rows_replaced: u64,
    /// Data files written.
    pub files: u64,
    /// Partitions the rows went to.
    pub partitions: u64,
    /// Bytes of the input, as it is stored.
    pub bytes_in: u64,
    /// Bytes of the input once decompressed.
    pub bytes_decoded: u64,
    /// Bytes of the decompressed input that were read again, because a late value did not fit what a
    /// sample of the input had proposed, or because a sample could not settle the types.
    pub bytes_again: u64,
    /// Bytes of the data files written.
    pub bytes_out: u64,
    /// How long it took.
    pub seconds: f64,
    /// What the load did to names and values that its user should know.
    pub notes: Vec<String>,
    /// The first few records that were quarantined: where and why.
    pub first_rejects: Vec<String>,
}

impl LoadReport {
    /// A report of nothing yet.
    pub(crate) fn of(outcome: LoadOutcome, version: Option<u64>) -> Self {
        Self {
            outcome,
            version,
            rows_read: 0,
            rows_written: 0,
            rows_quarantined: 0,
            rows_without_partition: 0,
            rows_with_residual: 0,
            rows_replaced: 0,
            files: 0,
            partitions: 0,
            bytes_in: 0,
            bytes_decoded: 0,
            bytes_again: 0,
            bytes_out: 0,
            seconds: 0.0,
            notes: Vec::new(),
            first_rejects: Vec::new(),
        }
    }
}

/// A count with its thousands set apart: `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes in the unit that suits it: `12.3 MB`, in powers of a thousand.
#[expect(clippy::cast_precision_loss, reason = "it is shown to one digit")]
pub fn byte_size(byte_len: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut size = byte_len as f64;
    let mut unit = 0;
    while size >= 999.95 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{byte_len} B") } else { format!("{size:.1} {}", units[unit]) }
}

/// "1 file", "2 files".
pub fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count))
}

impl fmt::Display for LoadReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            LoadOutcome::Committed => {}
            LoadOutcome::AlreadyLoaded => {
                write!(formatter, "nothing to do: the same input was loaded before")?;
                if let Some(version) = self.version {
                    write!(formatter, " (the table is at version {version})")?;
                }
                return Ok(());
            }
            LoadOutcome::Empty => {
                return formatter.write_str("the input holds no record; nothing was written");
            }
            LoadOutcome::DryRun => writeln!(formatter, "dry run: nothing was written")?,
        }
        write!(
            formatter,
            "{} read = {} written + {} quarantined",
            counted(self.rows_read, "row"),
            grouped(self.rows_written),
            grouped(self.rows_quarantined),
        )?;
        if self.rows_replaced > 0 {
            write!(formatter, "; {} replaced", counted(self.rows_replaced, "row"))?;
        }
        write!(
            formatter,
            "\n{} in {}, {} in, {} out",
            counted(self.files, "file"),
            counted(self.partitions, "partition"),
            byte_size(self.bytes_in),
            byte_size(self.bytes_out),
        )?;
        if let Some(version) = self.version {
            write!(formatter, ", version {version}")?;
        }
        write!(formatter, ", {:.2} s", self.seconds)?;
        if self.rows_without_partition > 0 {
            write!(
                formatter,
                "\n{} in the null partition",
                counted(self.rows_without_partition, "row")
            )?;
        }
        if self.rows_with_residual > 0 {
            let rows = counted(self.rows_with_residual, "row");
            write!(formatter, "\n{rows} with values in _residual, which no column takes")?;
        }
        self.notes.iter().try_for_each(|note| write!(formatter, "\nnote: {note}"))?;
        self.first_rejects
            .iter()
            .try_for_each(|reject| write!(formatter, "\nquarantined: {reject}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(byte_size(999), "999 B");
        assert_eq!(byte_size(999_990), "1.0 MB");
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "row"), "0 rows");
    }
}
