//! Rows put in an order.

use std::borrow::Cow;
use std::cmp::Ordering;

use colonna_column::{Column, Numbers, Strings, Values};
use colonna_schema::Scalar;

use crate::ExecError;
use crate::group_keys::position_rows;

/// Which way a key sorts, and where its nulls stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Direction {
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

impl Direction {
    /// How two values stand to each other, `None` being null.
    pub(crate) fn place(
        self,
        left_valid: bool,
        right_valid: bool,
        cmp: impl FnOnce() -> Ordering,
    ) -> Ordering {
        match (left_valid, right_valid) {
            (true, true) if self.descending => cmp().reverse(),
            (true, true) => cmp(),
            (false, false) => Ordering::Equal,
            (false, true) if self.nulls_first => Ordering::Less,
            (true, false) if !self.nulls_first => Ordering::Less,
            _ => Ordering::Greater,
        }
    }
}

/// Doubles in the order of [`Scalar::total_cmp`]: both zeros are equal, NaN is above all.
#[inline]
pub(crate) fn cmp_doubles(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

/// A column made ready for comparing its rows. What a row that is null compares as means nothing.
#[derive(Debug)]
pub(crate) enum OrderedColumn<'a> {
    /// All rows are equal.
    Equal,
    /// Words in the order of the values.
    Ranks(Vec<u64>),
    Decimals(&'a [i128]),
    Strings(Cow<'a, Strings>),
    Scalars(Vec<Scalar>),
}

impl<'a> OrderedColumn<'a> {
    pub(crate) fn new(column: &'a Column) -> Self {
        match column.values() {
            Values::Null | Values::Constant(_) => Self::Equal,
            Values::Boolean(bits) => Self::Ranks(bits.iter().map(u64::from).collect()),
            Values::Int64(values) => Self::Ranks(values.iter().copied().map(rank_of).collect()),
            Values::Float64(values) => {
                Self::Ranks(values.iter().copied().map(rank_of_double).collect())
            }
            Values::Decimal(values) => Self::Decimals(values),
            Values::Strings(strings) => Self::Strings(Cow::Borrowed(strings)),
            Values::Codes { codes, dictionary } if dictionary.len() <= codes.len() => {
                let ranks = dictionary_ranks(dictionary);
                let rank = |&code: &u32| ranks.get(code as usize).copied().unwrap_or_default();
                Self::Ranks(codes.iter().map(rank).collect())
            }
            Values::Codes { codes, dictionary } => {
                Self::Strings(Cow::Owned(dictionary.gather(codes)))
            }
            Values::NumberCodes { codes, dictionary } => {
                let rank = |&code: &u32| dictionary_rank(dictionary, code);
                Self::Ranks(codes.iter().map(rank).collect())
            }
            Values::List { .. }
            | Values::Struct(_)
            | Values::Map { .. }
            | Values::Sparse { .. } => Self::Scalars(column.scalars()),
        }
    }

    /// How the values of two rows compare.
    #[inline]
    pub(crate) fn cmp(&self, left: usize, right: usize) -> Ordering {
        match self {
            Self::Equal => Ordering::Equal,
            Self::Ranks(ranks) => ranks[left].cmp(&ranks[right]),
            Self::Decimals(values) => values[left].cmp(&values[right]),
            Self::Strings(strings) => strings.bytes(left).cmp(strings.bytes(right)),
            Self::Scalars(values) => values[left].total_cmp(&values[right]),
        }
    }
}

fn dictionary_rank(dictionary: &Numbers, code: u32) -> u64 {
    match dictionary {
        Numbers::Int64(numbers) => rank_of(numbers.get(code as usize).copied().unwrap_or_default()),
        Numbers::Float64(numbers) => {
            rank_of_double(numbers.get(code as usize).copied().unwrap_or_default())
        }
    }
}

fn rank_of(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

fn rank_of_double(value: f64) -> u64 {
    let bits = crate::group_keys::canonical_bits(value);
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// For each entry how many distinct ones stand before it.
fn dictionary_ranks(dictionary: &Strings) -> Vec<u64> {
    let mut entries: Vec<usize> = (0..dictionary.len()).collect();
    entries.sort_unstable_by(|&left, &right| dictionary.bytes(left).cmp(dictionary.bytes(right)));
    let mut ranks = vec![0; dictionary.len()];
    let mut rank = 0;
    for (index, &entry) in entries.iter().enumerate() {
        if index > 0 && dictionary.bytes(entries[index - 1]) != dictionary.bytes(entry) {
            rank += 1;
        }
        ranks[entry] = rank;
    }
    ranks
}

/// The rows in the order of the keys, each a column and whether it descends and whether its nulls
/// come first. Rows that are equal in every key keep the order they have.
///
/// # Errors
///
/// Where there are more rows than 32 bits count.
pub fn sort_rows(keys: &[(Column, bool, bool)], row_count: usize) -> Result<Vec<u32>, ExecError> {
    let key = |(column, descending, nulls_first): &'_ (Column, bool, bool)| {
        let direction = Direction { descending: *descending, nulls_first: *nulls_first };
        (Cow::<Column>::Owned(column.clone()), direction)
    };
    sorted_rows(&keys.iter().map(key).collect::<Vec<_>>(), row_count, None)
}

/// The first `limit` rows in the order of the keys, or all. Rows that are equal in every key keep
/// the order they have.
pub(crate) fn sorted_rows<C: AsRef<Column>>(
    keys: &[(C, Direction)],
    row_count: usize,
    limit: Option<usize>,
) -> Result<Vec<u32>, ExecError> {
    let limit = limit.unwrap_or(row_count).min(row_count);
    let rows = position_rows(0..row_count)?;
    if limit == 0 || keys.is_empty() {
        return Ok(rows.into_iter().take(limit).collect());
    }
    let ordered: Vec<(OrderedColumn<'_>, &Column, Direction)> = keys
        .iter()
        .map(|(column, direction)| {
            (OrderedColumn::new(column.as_ref()), column.as_ref(), *direction)
        })
        .collect();
    if let [(OrderedColumn::Ranks(ranks), column, direction)] = ordered.as_slice() {
        return Ok(sorted_by_ranks(ranks, column, *direction, limit));
    }
    let cmp = |&left: &u32, &right: &u32| {
        let (from, to) = (left as usize, right as usize);
        ordered
            .iter()
            .map(|(ordered, column, direction)| {
                let cmp = || ordered.cmp(from, to);
                direction.place(column.is_valid(from), column.is_valid(to), cmp)
            })
            .find(|ordering| ordering.is_ne())
            .unwrap_or_else(|| left.cmp(&right))
    };
    Ok(first_in_order(rows, limit, cmp))
}

/// One key of words: packed above the row number, so that the packed words are what is sorted.
fn sorted_by_ranks(ranks: &[u64], column: &Column, direction: Direction, limit: usize) -> Vec<u32> {
    let is_all = limit == ranks.len();
    let is_plain = !direction.descending && column.null_count() == 0;
    if is_all && is_plain && ranks.is_sorted() {
        return (0..).zip(ranks).map(|(row, _)| row).collect();
    }
    let null_bit = u128::from(!direction.nulls_first);
    let packed = (0_u32..).zip(ranks).map(|(row, &rank)| {
        let (null, rank) = match column.is_valid(row as usize) {
            true if direction.descending => (1 - null_bit, !rank),
            true => (1 - null_bit, rank),
            false => (null_bit, 0),
        };
        null << 96 | u128::from(rank) << 32 | u128::from(row)
    });
    let packed: Vec<u128> = packed.collect();
    let sorted =
        if is_all { sorted_mostly(packed) } else { first_in_order(packed, limit, u128::cmp) };
    sorted.into_iter().map(row_of).collect()
}

/// Sorts what is mostly in order already, as moments are: what is not is sorted apart, and both are
/// merged.
fn sorted_mostly(items: Vec<u128>) -> Vec<u128> {
    let len = items.len();
    let (mut sorted, mut late) = (Vec::with_capacity(len), Vec::new());
    for item in items {
        let is_late = sorted.last().is_some_and(|last| *last > item);
        if is_late { late.push(item) } else { sorted.push(item) }
    }
    if late.len() > len / 8 {
        sorted.append(&mut late);
        sorted.sort_unstable();
        return sorted;
    }
    late.sort_unstable();
    let mut merged = Vec::with_capacity(len);
    let mut late = late.into_iter().peekable();
    for item in sorted {
        while let Some(before) = late.next_if(|late| *late < item) {
            merged.push(before);
        }
        merged.push(item);
    }
    merged.extend(late);
    merged
}

#[expect(clippy::cast_possible_truncation, reason = "the row stands in the low 32 bits")]
fn row_of(packed: u128) -> u32 {
    packed as u32
}

fn first_in_order<T>(mut items: Vec<T>, limit: usize, cmp: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if limit < items.len() {
        items.select_nth_unstable_by(limit, &cmp);
        items.truncate(limit);
    }
    items.sort_unstable_by(&cmp);
    items
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use colonna_schema::DataType;
    use proptest::prelude::*;

    fn any_column() -> impl Strategy<Value = (DataType, Vec<Scalar>)> {
        let doubles =
            prop_oneof![Just(-0.0), Just(0.0), Just(f64::NAN), Just(f64::NEG_INFINITY), -3.0..3.0,];
        let of = |data_type: DataType, value: BoxedStrategy<Scalar>| {
            let value = prop_oneof![4 => value, 1 => Just(Scalar::Null)];
            (Just(data_type), prop::collection::vec(value, 30))
        };
        prop_oneof![
            of(DataType::Int64, (-3_i64..3).prop_map(Scalar::from).boxed()),
            of(DataType::Float64, doubles.prop_map(Scalar::from).boxed()),
            of(DataType::Utf8, "[ab]{0,2}".prop_map(Scalar::from).boxed()),
            of(DataType::Boolean, any::<bool>().prop_map(Scalar::from).boxed()),
            of(
                DataType::Decimal { precision: 38, scale: 1 },
                (-2_i128..2).prop_map(|value| Scalar::Decimal { value, scale: 1 }).boxed(),
            ),
        ]
    }

    fn any_direction() -> impl Strategy<Value = Direction> {
        (any::<bool>(), any::<bool>())
            .prop_map(|(descending, nulls_first)| Direction { descending, nulls_first })
    }

    proptest! {
        #[test]
        fn what_is_mostly_in_order_is_sorted(
            mut items in prop::collection::vec(0_u128..1000, 0..200),
            late in prop::collection::vec((any::<prop::sample::Index>(), 0_u128..1000), 0..20),
        ) {
            items.sort_unstable();
            if !items.is_empty() {
                let len = items.len();
                late.into_iter().for_each(|(at, item)| items[at.index(len)] = item);
            }
            let mut expected = items.clone();
            expected.sort_unstable();
            prop_assert_eq!(sorted_mostly(items), expected);
        }

        #[test]
        fn rows_are_ordered_as_a_stable_sort_of_scalars_would(
            keys in prop::collection::vec((any_column(), any_direction()), 1..3),
            limit in prop::option::of(0_usize..40),
        ) {
            let columns: Vec<(Arc<Column>, Direction)> = keys
                .iter()
                .map(|((data_type, values), direction)| {
                    (Arc::new(Column::from_scalars(data_type, values).unwrap()), *direction)
                })
                .collect();
            let mut expected: Vec<u32> = (0..30).collect();
            expected.sort_by(|&left, &right| {
                keys.iter()
                    .map(|((_, values), direction)| {
                        let (left, right) = (&values[left as usize], &values[right as usize]);
                        let cmp = || left.total_cmp(right);
                        direction.place(!left.is_null(), !right.is_null(), cmp)
                    })
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or(Ordering::Equal)
            });
            expected.truncate(limit.unwrap_or(30));
            prop_assert_eq!(sorted_rows(&columns, 30, limit).unwrap(), expected);
        }
    }
}
