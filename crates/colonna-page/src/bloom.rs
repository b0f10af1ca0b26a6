//! Bloom filters, which tell that a row group does not have a value: of columns whose values are
//! looked up one by one, and where least and greatest say nothing.
//!
//! The filters are those of Parquet's `BloomFilter.md`: split into blocks of 256 bits, of which a
//! value sets eight (F. Putze, P. Sanders, J. Singler, 2007).

use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::ColumnChunkMetaData;

use crate::bounds::{Bound, Bounds};
use crate::dense::Dense;
use crate::error::parquet_error;
use crate::guard::guarded;
use crate::source::FileBytes;
use crate::{PageError, Profile};

/// Fewer values are read as fast as a filter is.
const LEAST_VALUES: usize = 64;

/// A filter takes so much less than its column chunk at least.
const LEAST_SHARE: usize = 6;

/// A filter of the values of a column chunk of so many bytes, where it pays: where pages have values
/// from all over, so that bounds rule nothing out, and take far more bytes than the filter.
///
/// A balanced file has 6 to 12 bits for each value: of the row groups that lack a value at most one
/// in ten is read in vain, and mostly one in a hundred. One that is to be read fast has 8 to 16.
pub(crate) fn filter_of(
    values: &Dense<'_>,
    pages: &[Bounds],
    chunk_byte_len: usize,
    profile: Profile,
) -> Option<Sbbf> {
    let value_count = values.len();
    // The format wants a power of two.
    let byte_len = match profile {
        Profile::Smallest => return None,
        Profile::Balanced => (value_count / 4 * 3).next_power_of_two(),
        Profile::Fastest => value_count.next_power_of_two(),
    };
    if value_count < LEAST_VALUES || byte_len > chunk_byte_len / LEAST_SHARE || are_apart(pages) {
        return None;
    }
    let mut filter = Sbbf::new_with_num_of_bytes(byte_len);
    match values {
        Dense::Strings(texts) => texts.iter().for_each(|text| filter.insert(text)),
        Dense::Int64(values) => values.iter().for_each(|value| filter.insert(value)),
        _ => return None,
    }
    Some(filter)
}

/// Whether the bounds of pages leave out half of them or more for a value of the chunk.
fn are_apart(pages: &[Bounds]) -> bool {
    let may_have = |value: &Bound| {
        pages.iter().filter(|page| page.min <= *value && *value <= page.max).count()
    };
    let found: usize = pages.iter().map(|page| may_have(&page.min) + may_have(&page.max)).sum();
    pages.len() > 1 && found <= pages.len() * pages.len()
}

/// A value that is looked for, as the file keeps it.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// A text, or bytes.
    Bytes(&'a [u8]),
    /// An integer of 64 bits.
    Int64(i64),
}

/// Whether the filter of a column chunk rules a value out. Where there is none, or it cannot be
/// read, nothing is ruled out.
pub(crate) fn rules_out(
    source: &FileBytes,
    chunk: &ColumnChunkMetaData,
    wanted: Wanted<'_>,
) -> bool {
    let read = || {
        let filter = Sbbf::read_from_column_chunk(chunk, source)
            .map_err(parquet_error("read a Bloom filter"))?;
        Ok::<bool, PageError>(filter.is_some_and(|filter| match wanted {
            Wanted::Bytes(bytes) => !filter.check(bytes),
            Wanted::Int64(value) => !filter.check(&value),
        }))
    };
    guarded("read a Bloom filter", read).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use colonna_column::Strings;
    use proptest::prelude::*;

    use super::*;

    fn bounds(pages: &[(i64, i64)]) -> Vec<Bounds> {
        let bounds =
            |(min, max): &(i64, i64)| Bounds { min: Bound::Int64(*min), max: Bound::Int64(*max) };
        pages.iter().map(bounds).collect()
    }

    #[test]
    fn sorted_values_have_no_filter() {
        assert!(are_apart(&bounds(&[(0, 9), (10, 19), (20, 29)])));
        assert!(are_apart(&bounds(&[(0, 11), (10, 22), (20, 29), (29, 40)])));
        assert!(!are_apart(&bounds(&[(0, 99), (1, 100), (2, 98)])));
        assert!(!are_apart(&bounds(&[(0, 9)])));
    }

    #[test]
    fn a_filter_pays_only_beside_many_bytes() {
        let values: Vec<i64> = (0..1000).collect();
        let values = Dense::Int64(Cow::Borrowed(&values));
        let filter = |chunk_byte_len, profile| filter_of(&values, &[], chunk_byte_len, profile);
        for profile in [Profile::Balanced, Profile::Fastest] {
            assert!(filter(6 * 1024, profile).is_some());
            assert!(filter(6 * 1024 - 1, profile).is_none());
        }
        assert!(filter(1 << 20, Profile::Smallest).is_none());
        let few = Dense::Int64(Cow::Borrowed(&[1, 2, 3]));
        assert!(filter_of(&few, &[], 1 << 20, Profile::Balanced).is_none());
    }

    proptest! {
        #[test]
        fn no_value_is_ruled_out(texts in prop::collection::vec(".{0,20}", 64..300)) {
            let values: Strings = texts.iter().collect();
            let values = Dense::Strings(Cow::Owned(values));
            let filter = filter_of(&values, &[], 1 << 20, Profile::Balanced).unwrap();
            for text in &texts {
                prop_assert!(filter.check(text.as_bytes()));
            }
        }
    }
}
