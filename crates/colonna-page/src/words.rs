//! Dictionaries: the distinct values of a column chunk, and each value as a code.
//!
//! A chunk is coded as a whole or not at all, and that is decided before its first page is
//! written. Codes that a column comes with are never looked up row by row: they are counted, and
//! what a word becomes is looked up once for each word.

use std::hash::Hash;
use std::ops::Range;

use colonna_column::{Interner, Strings};
use rustc_hash::FxHashMap;

use crate::PageError;
use crate::bounds::{Bound, Bounds, Shape};
use crate::dense::Dense;
use crate::encoding::plain;

/// The most bytes of a dictionary page: it stays in a processor's cache while codes are read.
const MOST_BYTES: usize = 1 << 20;

/// In which order words are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The commonest first: small codes, many of them alike.
    Frequency,
    /// As they sort: words that are alike stand together.
    Sorted,
}

/// A column chunk as codes into words.
#[derive(Debug)]
pub(crate) struct Coded {
    pub(crate) codes: Vec<u32>,
    words: Words,
    /// Where the word of a code stands among the sorted ones; none where codes are in that order.
    ranks: Option<Ranks>,
}

#[derive(Debug)]
struct Ranks {
    of_codes: Vec<u32>,
    /// The codes by their ranks.
    codes: Vec<u32>,
}

/// Distinct values, by their codes.
#[derive(Debug)]
enum Words {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Fixed(Vec<i128>),
    Strings(Strings),
}

impl Coded {
    /// Codes the values; none where they are too many for that or of a type that is not coded.
    pub(crate) fn of(values: &Dense<'_>, order: Order) -> Option<Self> {
        match values {
            Dense::Nothing | Dense::Boolean { .. } => None,
            Dense::Int32(values) => numbers(values, |value| *value, order, Words::Int32),
            Dense::Int64(values) => numbers(values, |value| *value, order, Words::Int64),
            Dense::Double(values) => {
                // Zeros of both signs and all NaNs are kept apart, as they are told apart.
                let key = |value: &f64| ordered(*value);
                let words = |keys: Vec<i64>| Words::Double(keys.into_iter().map(double).collect());
                numbers(values, key, order, words)
            }
            Dense::Fixed(values) => numbers(values, |value| *value, order, Words::Fixed),
            Dense::Strings(values) => {
                let mut interner = Interner::new();
                let mut codes = Vec::with_capacity(values.len());
                let most = most_words(values.len());
                for value in values.iter() {
                    codes.push(interner.intern(value));
                    if interner.len() > most || plain_len(interner.words()) > MOST_BYTES {
                        return None;
                    }
                }
                Self::of_codes(&codes, interner.words(), order)
            }
            Dense::Codes { codes, words } => Self::of_codes(codes, words, order),
        }
    }

    /// Codes of words of which some may be equal and some have no code.
    fn of_codes(codes: &[u32], words: &Strings, order: Order) -> Option<Self> {
        let counts = counts(codes, words.len())?;
        let mut interner = Interner::new();
        let mut numbers = vec![0; words.len()];
        let mut merged = Vec::new();
        for (number, (word, count)) in numbers.iter_mut().zip(words.iter().zip(&counts)) {
            if *count > 0 {
                *number = interner.intern(word);
                if *number as usize == merged.len() {
                    merged.push(0);
                }
                merged[*number as usize] += count;
            }
        }
        let used = interner.words();
        if used.len() > most_words(codes.len()) || plain_len(used) > MOST_BYTES {
            return None;
        }
        let sorted = sorted_by(used.len(), |left, right| {
            used.bytes(left as usize).cmp(used.bytes(right as usize))
        });
        let (order, ranks) = numbered(&merged, sorted, order);
        let places = inverse(&order);
        for number in &mut numbers {
            *number = places.get(*number as usize).copied().unwrap_or_default();
        }
        let codes = codes.iter().map(|code| numbers[*code as usize]).collect();
        Some(Self { codes, words: Words::Strings(used.gather(&order)), ranks })
    }

    pub(crate) fn word_count(&self) -> usize {
        match &self.words {
            Words::Int32(words) => words.len(),
            Words::Int64(words) => words.len(),
            Words::Double(words) => words.len(),
            Words::Fixed(words) => words.len(),
            Words::Strings(words) => words.len(),
        }
    }

    /// Whether the words ascend.
    pub(crate) fn is_sorted(&self) -> bool {
        // Doubles are in an order that tells zeros apart, which readers may not expect.
        self.ranks.is_none() && !matches!(self.words, Words::Double(_))
    }

    /// Adds the words as a dictionary page has them.
    pub(crate) fn encode_words(&self, out: &mut Vec<u8>, shape: Shape) -> Result<(), PageError> {
        match &self.words {
            Words::Int32(words) => plain::encode_i32(out, words),
            Words::Int64(words) => plain::encode_i64(out, words),
            Words::Double(words) => plain::encode_f64(out, words),
            Words::Fixed(words) => plain::encode_fixed(out, words, shape.fixed_width),
            Words::Strings(words) => return plain::encode_strings(out, words.iter()),
        }
        Ok(())
    }

    /// The least and the greatest of some values, and whether none of them is NaN.
    pub(crate) fn bounds(&self, range: Range<usize>) -> (Option<Bounds>, bool) {
        let codes = &self.codes[range];
        if let Words::Double(words) = &self.words {
            let values: Vec<f64> = codes.iter().map(|code| words[*code as usize]).collect();
            return Bounds::of_f64(&values);
        }
        let extremes = match &self.ranks {
            None => codes.iter().min().zip(codes.iter().max()).map(|(min, max)| (*min, *max)),
            Some(ranks) => {
                let ranked = codes.iter().map(|code| ranks.of_codes[*code as usize]);
                let (min, max) =
                    ranked.fold((u32::MAX, 0), |(min, max), rank| (min.min(rank), max.max(rank)));
                (min <= max).then(|| (ranks.codes[min as usize], ranks.codes[max as usize]))
            }
        };
        let bound = |code: u32| match &self.words {
            Words::Int32(words) => Bound::Int32(words[code as usize]),
            Words::Int64(words) => Bound::Int64(words[code as usize]),
            Words::Double(words) => Bound::Double(words[code as usize]),
            Words::Fixed(words) => Bound::Fixed(words[code as usize]),
            Words::Strings(words) => Bound::Bytes(words.bytes(code as usize).to_vec()),
        };
        (extremes.map(|(min, max)| Bounds { min: bound(min), max: bound(max) }), true)
    }
}

/// More words than that save nothing.
fn most_words(value_count: usize) -> usize {
    value_count.div_ceil(2).max(1)
}

fn plain_len(words: &Strings) -> usize {
    words.byte_len() + words.len() * 4
}

/// How often each word is used; none where a code leads out of them.
fn counts(codes: &[u32], word_count: usize) -> Option<Vec<u32>> {
    let mut counts = vec![0_u32; word_count];
    for code in codes {
        let count = counts.get_mut(*code as usize)?;
        *count = count.saturating_add(1);
    }
    Some(counts)
}

/// Codes of numbers. The keys order as the numbers do.
fn numbers<T, K: Copy + Ord + Hash>(
    values: &[T],
    key: impl Fn(&T) -> K,
    order: Order,
    words: impl Fn(Vec<K>) -> Words,
) -> Option<Coded> {
    let most = most_words(values.len()).min(MOST_BYTES / size_of::<K>());
    let mut known: FxHashMap<K, u32> = FxHashMap::default();
    let mut keys = Vec::new();
    let mut merged: Vec<u32> = Vec::new();
    let mut codes = Vec::with_capacity(values.len());
    for value in values {
        let key = key(value);
        let next = u32::try_from(keys.len()).ok()?;
        let code = *known.entry(key).or_insert(next);
        if code == next {
            keys.push(key);
            merged.push(0);
            if keys.len() > most {
                return None;
            }
        }
        merged[code as usize] = merged[code as usize].saturating_add(1);
        codes.push(code);
    }
    let sorted =
        sorted_by(keys.len(), |left, right| keys[left as usize].cmp(&keys[right as usize]));
    let (order, ranks) = numbered(&merged, sorted, order);
    let places = inverse(&order);
    codes.iter_mut().for_each(|code| *code = places[*code as usize]);
    let words = words(order.iter().map(|number| keys[*number as usize]).collect());
    Some(Coded { codes, words, ranks })
}

fn sorted_by(len: usize, compare: impl Fn(u32, u32) -> std::cmp::Ordering) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..u32::try_from(len).unwrap_or(u32::MAX)).collect();
    numbers.sort_unstable_by(|left, right| compare(*left, *right));
    numbers
}

/// The words in the order of their codes, and how they sort where that is another.
fn numbered(counts: &[u32], sorted: Vec<u32>, order: Order) -> (Vec<u32>, Option<Ranks>) {
    if order == Order::Sorted {
        return (sorted, None);
    }
    let mut common = sorted.clone();
    common.sort_by_key(|number| std::cmp::Reverse(counts[*number as usize]));
    let places = inverse(&common);
    let codes: Vec<u32> = sorted.iter().map(|number| places[*number as usize]).collect();
    let of_codes = inverse(&codes);
    (common, Some(Ranks { of_codes, codes }))
}

/// Where each number stands.
fn inverse(numbers: &[u32]) -> Vec<u32> {
    let mut places = vec![0; numbers.len()];
    for (place, number) in (0..).zip(numbers) {
        places[*number as usize] = place;
    }
    places
}

/// An integer for each double, which order as the doubles do.
fn ordered(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

/// The double of [`ordered`].
fn double(key: i64) -> f64 {
    let bits = key ^ ((key >> 63).cast_unsigned() >> 1).cast_signed();
    f64::from_bits(bits.cast_unsigned())
}
