//! Which columns are worth a dictionary.
//!
//! A dictionary that outgrows its page is given up in the middle of a row group, when the work is
//! done and the pages before it are coded already. So the number of distinct values is estimated
//! first, from a sample of the first block: among `n` values of `d` equally likely ones about
//! `n * n / 2d` are met twice.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use colonna_column::{Column, Columns, Values};
use colonna_schema::DataType;
use parquet::basic::Encoding;
use parquet::file::properties::WriterPropertiesBuilder;
use parquet::schema::types::ColumnPath;

const SAMPLE_ROWS: usize = 4096;
/// Where Parquet's writer gives a dictionary up.
const DICTIONARY_BYTES: usize = 1 << 20;

/// Chooses an encoding for every leaf column that is not inside a list.
pub(crate) fn choose(
    mut builder: WriterPropertiesBuilder,
    first: &Columns,
) -> WriterPropertiesBuilder {
    for (path, data_type) in first.schema().leaves() {
        let Some(column) = first.column_at(&path) else { continue };
        let parquet_path = ColumnPath::new(path);
        if data_type.is_nested() {
            continue;
        }
        if matches!(data_type, DataType::Int64 | DataType::Timestamp) {
            // What is used where there is no dictionary: near integers take few bits.
            let delta = Encoding::DELTA_BINARY_PACKED;
            builder = builder.set_column_encoding(parquet_path.clone(), delta);
        }
        if *data_type != DataType::Boolean && !is_worth_a_dictionary(&column) {
            builder = builder.set_column_dictionary_enabled(parquet_path, false);
        }
    }
    builder
}

fn is_worth_a_dictionary(column: &Column) -> bool {
    let (distinct, value_bytes) = match column.values() {
        Values::Int64(values) => (distinct(column, |row| values[row]), 8),
        Values::Float64(values) => (distinct(column, |row| values[row].to_bits()), 8),
        Values::Decimal(values) => (distinct(column, |row| values[row]), 16),
        Values::Strings(values) => {
            let mean = values.byte_len() / values.len().max(1);
            (distinct(column, |row| values.bytes(row)), mean + size_of::<u32>())
        }
        Values::Codes { dictionary, .. } => (dictionary.len(), 0),
        _ => return true,
    };
    distinct <= column.len() / 2 && distinct.saturating_mul(value_bytes) <= DICTIONARY_BYTES
}

/// An estimate of how many distinct values there are.
fn distinct<T: Hash>(column: &Column, value: impl Fn(usize) -> T) -> usize {
    let len = column.len();
    let mut seen = HashSet::new();
    let mut sampled = 0_usize;
    for index in 0..len.min(SAMPLE_ROWS) {
        // Rows from all over, without a step: rows often repeat in steps themselves.
        let row = if len <= SAMPLE_ROWS { index } else { scattered(index) % len };
        if column.is_valid(row) {
            let mut hasher = DefaultHasher::new();
            value(row).hash(&mut hasher);
            seen.insert(hasher.finish());
            sampled += 1;
        }
    }
    let repeated = sampled - seen.len();
    if len <= SAMPLE_ROWS || repeated > seen.len() {
        // All were looked at, or nearly all values were met.
        return seen.len();
    }
    sampled.saturating_mul(sampled).checked_div(2 * repeated).unwrap_or(usize::MAX)
}

/// A number without order, the same for the same index.
fn scattered(index: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    index.hash(&mut hasher);
    usize::try_from(hasher.finish() >> 32).unwrap_or(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: impl Iterator<Item = i64>, expected: bool) {
        assert_eq!(is_worth_a_dictionary(&Column::from_i64(values.collect())), expected);
    }

    #[test]
    fn few_distinct_values_are_worth_a_dictionary() {
        check((0..500_000).map(|row| row % 10), true);
        check((0..500_000).map(|row| (row * 7919) % 40_000), true);
        check(0..500_000, false);
        check(0..100, false);
        check(std::iter::repeat_n(1, 3), true);
    }

    #[test]
    fn a_dictionary_that_would_be_given_up_is_not_begun() {
        check((0..2_000_000).map(|row| (row * 7919) % 300_000), false);
    }
}
