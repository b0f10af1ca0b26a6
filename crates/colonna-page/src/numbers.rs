//! The distinct ones of numbers. Integers of a small range are found by array, others by hash. Doubles
//! with few decimals, such as prices, are integers for that.

use crate::sort::sorted_by_key;

/// What a column of numbers holds.
pub(crate) trait Number: Copy {
    /// Differs for each number that is told apart, and orders as the numbers do.
    type Key: Copy + Ord;

    fn key(self) -> Self::Key;

    /// Any function of the key.
    fn hash(key: Self::Key) -> u64;

    /// Whether numbers have a distance that counts what lies between.
    const IS_COUNTED: bool;

    /// How far above `least` it is, where that is no large number.
    fn offset(self, least: Self) -> Option<usize>;

    /// The number so far above this one.
    fn above(self, offset: usize) -> Option<Self>;

    /// The numbers as integers, which are told apart and order as the numbers do, and the way back.
    fn as_integers(_values: &[Self]) -> Option<(Vec<i32>, impl Fn(i32) -> Self)> {
        None::<(Vec<i32>, fn(i32) -> Self)>
    }
}

impl Number for i32 {
    type Key = Self;

    fn key(self) -> Self {
        self
    }

    fn hash(key: Self) -> u64 {
        mixed(i64::from(key).cast_unsigned())
    }

    const IS_COUNTED: bool = true;

    fn offset(self, least: Self) -> Option<usize> {
        usize::try_from(i64::from(self) - i64::from(least)).ok()
    }

    fn above(self, offset: usize) -> Option<Self> {
        self.checked_add(Self::try_from(offset).ok()?)
    }
}

impl Number for i64 {
    type Key = Self;

    fn key(self) -> Self {
        self
    }

    fn hash(key: Self) -> u64 {
        mixed(key.cast_unsigned())
    }

    const IS_COUNTED: bool = true;

    fn offset(self, least: Self) -> Option<usize> {
        usize::try_from(self.checked_sub(least)?).ok()
    }

    fn above(self, offset: usize) -> Option<Self> {
        self.checked_add(Self::try_from(offset).ok()?)
    }
}

impl Number for i128 {
    type Key = Self;

    fn key(self) -> Self {
        self
    }

    fn hash(key: Self) -> u64 {
        let (low, high) = (key & 0xffff_ffff_ffff_ffff, key >> 64 & 0xffff_ffff_ffff_ffff);
        let half = |half: i128| u64::try_from(half).unwrap_or_default();
        mixed(half(low) ^ mixed(half(high)))
    }

    const IS_COUNTED: bool = true;

    fn offset(self, least: Self) -> Option<usize> {
        usize::try_from(self.checked_sub(least)?).ok()
    }

    fn above(self, offset: usize) -> Option<Self> {
        self.checked_add(Self::try_from(offset).ok()?)
    }
}

impl Number for f64 {
    /// Zeros of both signs and all NaNs are kept apart, as they are told apart by readers.
    type Key = i64;

    fn key(self) -> i64 {
        let bits = self.to_bits().cast_signed();
        bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
    }

    fn hash(key: i64) -> u64 {
        mixed(key.cast_unsigned())
    }

    const IS_COUNTED: bool = false;

    fn offset(self, _least: Self) -> Option<usize> {
        None
    }

    fn above(self, _offset: usize) -> Option<Self> {
        None
    }

    fn as_integers(values: &[Self]) -> Option<(Vec<i32>, impl Fn(i32) -> Self)> {
        let step = values.len().div_ceil(TRIED).max(1);
        let fits = |scale: &f64| values.iter().step_by(step).all(|value| scaled(*value, *scale).1);
        let scale = SCALES.into_iter().find(fits)?;
        let mut integers = Vec::with_capacity(values.len());
        for values in values.chunks(CHECKED_AT_ONCE) {
            let mut are_same = true;
            integers.extend(values.iter().map(|value| {
                let (integer, is_same) = scaled(*value, scale);
                are_same &= is_same;
                integer
            }));
            if !are_same {
                return None;
            }
        }
        Some((integers, move |integer| unscaled(integer, scale)))
    }
}

/// What doubles with up to four decimals are integers of.
const SCALES: [f64; 5] = [1.0, 10.0, 100.0, 1000.0, 10_000.0];

/// As many values show which scale may suit all.
const TRIED: usize = 32;

/// So many are scaled before it is asked whether they come back.
const CHECKED_AT_ONCE: usize = 1024;

/// An integer, and whether it is the double, bit by bit, once it is divided by the scale.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "what is cut off is looked at afterwards")]
fn scaled(value: f64, scale: f64) -> (i32, bool) {
    // What is added to it moves the integer that is nearest into the lowest bits.
    const MOVE: f64 = 6_755_399_441_055_744.0;
    let integer = (value * scale + MOVE).to_bits() as i32;
    (integer, unscaled(integer, scale).to_bits() == value.to_bits())
}

#[inline]
fn unscaled(integer: i32, scale: f64) -> f64 {
    f64::from(integer) / scale
}

/// All bits of the result depend on all bits of the number.
fn mixed(bits: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = (bits ^ (bits >> 32)).wrapping_mul(ODD);
    product ^ (product >> 29)
}

/// Distinct numbers, and each number as a code.
pub(crate) struct DistinctNumbers<T> {
    pub(crate) codes: Vec<u32>,
    pub(crate) words: Vec<T>,
    pub(crate) counts: Vec<u32>,
    /// The codes as their words sort.
    pub(crate) sorted: Vec<u32>,
}

/// The distinct ones, where they are no more than `most`.
pub(crate) fn distinct_numbers<T: Number>(values: &[T], most: usize) -> Option<DistinctNumbers<T>> {
    if values.is_empty() {
        return None;
    }
    if let Some((integers, number_of)) = T::as_integers(values) {
        let DistinctNumbers { codes, words, counts, sorted } = distinct_numbers(&integers, most)?;
        let words = words.into_iter().map(number_of).collect();
        return Some(DistinctNumbers { codes, words, counts, sorted });
    }
    if !T::IS_COUNTED {
        return by_hash(values, most);
    }
    let first = values.first()?;
    let least = values
        .iter()
        .copied()
        .fold(*first, |least, value| if value.key() < least.key() { value } else { least });
    let greatest = values
        .iter()
        .copied()
        .fold(*first, |most, value| if value.key() > most.key() { value } else { most });
    match greatest.offset(least) {
        Some(range) if range / 2 < values.len() => by_array(values, most, least, range),
        _ => by_hash(values, most),
    }
}

/// No word has that number.
const FREE: u32 = u32::MAX;

fn by_array<T: Number>(
    values: &[T],
    most: usize,
    least: T,
    range: usize,
) -> Option<DistinctNumbers<T>> {
    let place = |value: T| value.offset(least).unwrap_or_default();
    let mut counts_of_places = vec![0_u32; range + 1];
    for value in values {
        let count = &mut counts_of_places[place(*value)];
        *count = count.saturating_add(1);
    }
    let used = counts_of_places.iter().filter(|count| **count > 0).count();
    if used > most {
        return None;
    }
    let mut codes_of_places = vec![FREE; range + 1];
    let (mut counts, mut words) = (Vec::with_capacity(used), Vec::with_capacity(used));
    let places = codes_of_places.iter_mut().zip(&counts_of_places);
    for (place, (code, count)) in places.enumerate().filter(|(_, (_, count))| **count > 0) {
        *code = u32::try_from(counts.len()).ok()?;
        counts.push(*count);
        words.push(least.above(place)?);
    }
    let mut codes = vec![0; values.len()];
    for (code, value) in codes.iter_mut().zip(values) {
        *code = codes_of_places[place(*value)];
    }
    let sorted = (0..u32::try_from(used).ok()?).collect();
    Some(DistinctNumbers { codes, words, counts, sorted })
}

fn by_hash<T: Number>(values: &[T], most: usize) -> Option<DistinctNumbers<T>> {
    let mut slots = vec![FREE; 1024];
    let mut keys: Vec<T::Key> = Vec::new();
    let (mut words, mut counts) = (Vec::new(), Vec::new());
    let mut codes = Vec::with_capacity(values.len());
    for value in values {
        let key = value.key();
        let mask = slots.len() - 1;
        let mut slot = slot_of(T::hash(key), slots.len());
        let code = loop {
            match slots[slot] {
                FREE => {
                    let code = u32::try_from(keys.len()).ok().filter(|_| keys.len() < most)?;
                    slots[slot] = code;
                    keys.push(key);
                    words.push(*value);
                    counts.push(0_u32);
                    if keys.len() * 2 > slots.len() {
                        slots = grown::<T>(&keys, slots.len() * 4);
                    }
                    break code;
                }
                code if keys[code as usize] == key => break code,
                _ => slot = (slot + 1) & mask,
            }
        };
        counts[code as usize] = counts[code as usize].saturating_add(1);
        codes.push(code);
    }
    let sorted = sorted_by_key(&keys, |key| *key);
    Some(DistinctNumbers { codes, words, counts, sorted })
}

/// Slots for the keys, more than half of them free.
fn grown<T: Number>(keys: &[T::Key], len: usize) -> Vec<u32> {
    let mut slots = vec![FREE; len];
    for (code, key) in (0..).zip(keys) {
        let mut slot = slot_of(T::hash(*key), len);
        while slots[slot] != FREE {
            slot = (slot + 1) & (len - 1);
        }
        slots[slot] = code;
    }
    slots
}

/// The length is a power of two.
fn slot_of(hash: u64, len: usize) -> usize {
    usize::try_from(hash & (len as u64 - 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<T: Number + PartialEq + std::fmt::Debug>(values: &[T]) {
        let mut keys: Vec<T::Key> = values.iter().map(|value| value.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            assert!(distinct_numbers(values, usize::MAX).is_none());
            return;
        }
        assert!(distinct_numbers(values, keys.len() - 1).is_none());
        let found = distinct_numbers(values, keys.len()).unwrap();
        let sorted = found.sorted.iter().map(|code| found.words[*code as usize].key());
        assert!(sorted.eq(keys));
        assert_eq!(found.counts.iter().sum::<u32>() as usize, values.len());
        for (value, code) in values.iter().zip(&found.codes) {
            assert!(found.words[*code as usize].key() == value.key());
        }
    }

    proptest! {
        #[test]
        fn each_number_has_the_code_of_its_word(
            values in prop::collection::vec(any::<i64>(), 0..200),
            few in prop::collection::vec(-100_i64..100, 0..2000),
        ) {
            for values in [values, few] {
                check(&values);
                check(&values.iter().map(|value| i128::from(*value) << 50).collect::<Vec<_>>());
                check(&values.iter().map(|value| (value >> 32) as i32).collect::<Vec<_>>());
                check(&values.iter().map(|value| f64::from_bits(value.cast_unsigned())).collect::<Vec<_>>());
                for scale in SCALES {
                    check(&values.iter().map(|value| *value as f64 / scale).collect::<Vec<_>>());
                }
            }
        }

        #[test]
        fn a_double_is_an_integer_once_it_is_scaled_only_where_it_comes_back(
            integer: i32,
            shift in 0..32,
            bits: u64,
        ) {
            let integer = integer >> shift;
            for scale in SCALES {
                prop_assert_eq!(scaled(unscaled(integer, scale), scale), (integer, true));
                let (integer, is_same) = scaled(f64::from_bits(bits), scale);
                prop_assert_eq!(unscaled(integer, scale).to_bits() == bits, is_same);
            }
        }
    }

    #[test]
    fn zeros_below_zero_and_what_is_no_number_are_no_integers() {
        for value in [-0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.12345, 1e300, 5e-324] {
            assert!(SCALES.iter().all(|scale| !scaled(value, *scale).1), "{value}");
        }
        assert_eq!(scaled(25.45, 100.0), (2545, true));
        let prices = [2.5, -1.25, 0.0, 2.5];
        assert_eq!(f64::as_integers(&prices).unwrap().0, [250, -125, 0, 250]);
        assert!(f64::as_integers(&[2.5, -0.0]).is_none());
    }

    #[test]
    fn keys_of_doubles_order_as_doubles_do() {
        let doubles = [f64::NEG_INFINITY, -1.5, -0.0, 0.0, 2.0, f64::INFINITY];
        assert!(doubles.windows(2).all(|pair| pair[0].key() < pair[1].key()));
    }
}
