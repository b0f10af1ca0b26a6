//! The least and the greatest of values, as pages and column chunks say them.

use std::ops::Range;

use colonna_column::Strings;
use parquet::basic::Type as PhysicalType;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::statistics::{Statistics, ValueStatistics};

/// A longer bound of texts is cut: the file says of it that it is not exact.
const MOST_BYTES: usize = 64;

/// A value that others are compared with. Those of one column are of one kind.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Bound {
    Boolean(bool),
    Int32(i32),
    Int64(i64),
    /// No NaN.
    Double(f64),
    /// A decimal of more than 18 digits.
    Fixed(i128),
    Bytes(Vec<u8>),
}

/// The least and the greatest of some values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) min: Bound,
    pub(crate) max: Bound,
}

impl Bounds {
    pub(crate) fn of_i32(values: &[i32]) -> Option<Self> {
        let (min, max) = (values.iter().min()?, values.iter().max()?);
        Some(Self { min: Bound::Int32(*min), max: Bound::Int32(*max) })
    }

    pub(crate) fn of_i64(values: &[i64]) -> Option<Self> {
        let (min, max) = (values.iter().min()?, values.iter().max()?);
        Some(Self { min: Bound::Int64(*min), max: Bound::Int64(*max) })
    }

    pub(crate) fn of_fixed(values: &[i128]) -> Option<Self> {
        let (min, max) = (values.iter().min()?, values.iter().max()?);
        Some(Self { min: Bound::Fixed(*min), max: Bound::Fixed(*max) })
    }

    /// Bounds of the values that are no NaN, and whether that is all of them. A zero that bounds
    /// has the sign that makes the bound wider, since readers differ on which zero is the less.
    pub(crate) fn of_f64(values: &[f64]) -> (Option<Self>, bool) {
        let (mut min, mut max, mut nan_free) = (f64::INFINITY, f64::NEG_INFINITY, true);
        for value in values {
            // Nothing compares with a NaN.
            min = if *value < min { *value } else { min };
            max = if *value > max { *value } else { max };
            nan_free &= !value.is_nan();
        }
        if min > max {
            return (None, nan_free);
        }
        let min = if min == 0.0 { -0.0 } else { min };
        let max = if max == 0.0 { 0.0 } else { max };
        (Some(Self { min: Bound::Double(min), max: Bound::Double(max) }), nan_free)
    }

    /// Bounds of the texts in a range of positions.
    pub(crate) fn of_texts(values: &Strings, range: Range<usize>) -> Option<Self> {
        let (offsets, arena) = values.parts();
        // Most are told apart by their first bytes, and only where those are alike, the rest is asked.
        let mut texts = offsets[range.start..=range.end].windows(2).map(|pair| {
            let len = pair[1] - pair[0];
            (first_bytes(&arena[pair[0]..], len), &arena[pair[0]..pair[1]])
        });
        let first = texts.next()?;
        let (mut min, mut max) = (first, first);
        for text in texts {
            if text < min {
                min = text;
            } else if text > max {
                max = text;
            }
        }
        Some(Self { min: Bound::Bytes(min.1.to_vec()), max: Bound::Bytes(max.1.to_vec()) })
    }

    pub(crate) fn of_booleans(any_false: bool, any_true: bool) -> Option<Self> {
        let bound = Bound::Boolean;
        (any_false || any_true).then_some(Self { min: bound(!any_false), max: bound(any_true) })
    }

    /// Bounds of the values of both.
    pub(crate) fn widen(&mut self, other: &Self) {
        if other.min < self.min {
            self.min = other.min.clone();
        }
        if other.max > self.max {
            self.max = other.max.clone();
        }
    }
}

/// The first eight of `len` bytes, with others behind them, as a number that orders as they do; zeros
/// stand where there are fewer.
#[inline]
fn first_bytes(bytes: &[u8], len: usize) -> u64 {
    let word = match bytes.first_chunk() {
        Some(word) => u64::from_be_bytes(*word),
        None => {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_be_bytes(word)
        }
    };
    let missing = u32::try_from(8_usize.saturating_sub(len) * 8).unwrap_or_default();
    u64::MAX.checked_shl(missing).map_or(0, |mask| word & mask)
}

/// A bound as a page index has it, cut where it is long.
pub(crate) fn index_bytes(bound: &Bound, side: Side, shape: Shape) -> Vec<u8> {
    match bound {
        Bound::Boolean(value) => vec![u8::from(*value)],
        Bound::Int32(value) => value.to_le_bytes().to_vec(),
        Bound::Int64(value) => value.to_le_bytes().to_vec(),
        Bound::Double(value) => value.to_le_bytes().to_vec(),
        Bound::Fixed(value) => value.to_be_bytes()[16 - shape.fixed_width.min(16)..].to_vec(),
        Bound::Bytes(bytes) => cut(bytes, side, shape.is_text).0,
    }
}

/// Which bound is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Min,
    Max,
}

/// What a column's values look like as bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) physical: PhysicalType,
    pub(crate) is_text: bool,
    /// The bytes of a decimal of more than 18 digits.
    pub(crate) fixed_width: usize,
}

/// What a column chunk says of its values.
pub(crate) fn statistics(bounds: Option<&Bounds>, null_count: u64, shape: Shape) -> Statistics {
    let nulls = Some(null_count);
    macro_rules! of_kind {
        ($kind:ident, $function:ident) => {
            match bounds {
                Some(Bounds { min: Bound::$kind(min), max: Bound::$kind(max) }) => {
                    Statistics::$function(Some(*min), Some(*max), None, nulls, false)
                }
                _ => Statistics::$function(None, None, None, nulls, false),
            }
        };
    }
    match shape.physical {
        PhysicalType::BOOLEAN => of_kind!(Boolean, boolean),
        PhysicalType::INT32 => of_kind!(Int32, int32),
        PhysicalType::INT64 => of_kind!(Int64, int64),
        PhysicalType::DOUBLE => of_kind!(Double, double),
        PhysicalType::FIXED_LEN_BYTE_ARRAY => {
            let value =
                |bound: &Bound, side| FixedLenByteArray::from(index_bytes(bound, side, shape));
            let (min, max) = (
                bounds.map(|bounds| value(&bounds.min, Side::Min)),
                bounds.map(|bounds| value(&bounds.max, Side::Max)),
            );
            Statistics::fixed_len_byte_array(min, max, None, nulls, false)
        }
        _ => {
            let cut_bound = |bound: &Bound, side| match bound {
                Bound::Bytes(bytes) => cut(bytes, side, shape.is_text),
                _ => (Vec::new(), false),
            };
            let min = bounds.map(|bounds| cut_bound(&bounds.min, Side::Min));
            let max = bounds.map(|bounds| cut_bound(&bounds.max, Side::Max));
            let is_exact = |bound: &Option<(Vec<u8>, bool)>| bound.as_ref().is_none_or(|cut| cut.1);
            let (min_is_exact, max_is_exact) = (is_exact(&min), is_exact(&max));
            let value = |bound: Option<(Vec<u8>, bool)>| bound.map(|cut| ByteArray::from(cut.0));
            Statistics::ByteArray(
                ValueStatistics::new(value(min), value(max), None, nulls, false)
                    .with_min_is_exact(min_is_exact)
                    .with_max_is_exact(max_is_exact),
            )
        }
    }
}

/// The bound itself, or a shorter one that bounds, too; and whether it is the bound itself.
fn cut(bytes: &[u8], side: Side, is_text: bool) -> (Vec<u8>, bool) {
    if bytes.len() <= MOST_BYTES {
        return (bytes.to_vec(), true);
    }
    let text = std::str::from_utf8(bytes).ok().filter(|_| is_text);
    let shorter = match (text, side) {
        (Some(text), Side::Min) => {
            let end = (1..=MOST_BYTES).rfind(|end| text.is_char_boundary(*end));
            end.map(|end| bytes[..end].to_vec())
        }
        (Some(text), Side::Max) => text_above(text),
        (None, Side::Min) => Some(bytes[..MOST_BYTES].to_vec()),
        (None, Side::Max) => bytes_above(&bytes[..MOST_BYTES]),
    };
    shorter.map_or_else(|| (bytes.to_vec(), true), |shorter| (shorter, false))
}

/// A short text that is above all texts that begin as this one does.
fn text_above(text: &str) -> Option<Vec<u8>> {
    let end = (1..=MOST_BYTES).rfind(|end| text.is_char_boundary(*end))?;
    let start = text.get(..end)?;
    start.char_indices().rev().find_map(|(index, last)| {
        let next = char::from_u32(u32::from(last) + 1)?;
        // One that takes more bytes might make the bound longer than it may be.
        (next.len_utf8() == last.len_utf8()).then(|| {
            let mut above = start[..index].to_owned();
            above.push(next);
            above.into_bytes()
        })
    })
}

/// Short bytes that are above all that begin as these do.
fn bytes_above(start: &[u8]) -> Option<Vec<u8>> {
    let last = start.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut above = start[..=last].to_vec();
    above[last] += 1;
    Some(above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cut_bound_bounds(
            text in "[a\u{7f}\u{7ff}\u{ffff}\u{d7ff}\u{10ffff}]{0,70}",
            bytes in prop::collection::vec(prop_oneof![Just(0xff), any::<u8>()], 0..70),
        ) {
            for (bytes, is_text) in [(text.as_bytes(), true), (text.as_bytes(), false), (&bytes, false)] {
                let (min, exact) = cut(bytes, Side::Min, is_text);
                prop_assert!(min.as_slice() <= bytes && (!exact || min == bytes));
                let (max, exact) = cut(bytes, Side::Max, is_text);
                prop_assert!(max.as_slice() >= bytes && (!exact || max == bytes));
                if is_text {
                    prop_assert!(std::str::from_utf8(&min).is_ok() && std::str::from_utf8(&max).is_ok());
                }
            }
        }
    }

    #[test]
    fn zeros_bound_both_zeros() {
        let (bounds, nan_free) = Bounds::of_f64(&[0.0, f64::NAN, -0.0]);
        let bounds = bounds.unwrap();
        let signs = [bounds.min, bounds.max].map(|bound| match bound {
            Bound::Double(value) => value.is_sign_negative(),
            other => panic!("{other:?}"),
        });
        assert_eq!((signs, nan_free), ([true, false], false));
        assert_eq!(Bounds::of_f64(&[f64::NAN]), (None, false));
        assert_eq!(Bounds::of_f64(&[]), (None, true));
    }
}
