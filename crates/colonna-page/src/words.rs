//! Dictionaries: the distinct values of a column chunk, and each value as a code.
//!
//! A chunk is coded as a whole or not at all, and that is decided before its first page is
//! written. Codes that a column comes with are never looked up row by row: they are counted, and
//! what a word becomes is looked up once for each word.

use std::borrow::Cow;
use std::ops::Range;

use colonna_column::{Interner, Strings};

use crate::PageError;
use crate::bounds::{Bound, Bounds};
use crate::dense::Dense;
use crate::encoding::plain;
use crate::numbers::{Number, distinct_numbers};
use crate::sort::{inverse, sorted_strings};

/// A dictionary page of so many bytes stays in a processor's cache while codes are read. A larger
/// one must save many bytes.
const CACHED_BYTES: usize = 1 << 20;
/// A reader of one page has to read all words: they are never more than that.
const MOST_BYTES: usize = 8 << 20;
/// How many times as many bytes the values of a larger dictionary take.
const LEAST_SAVING: usize = 2;

/// In which order words are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The commonest first: small codes, many of them alike.
    Frequency,
    /// As they sort: words that are alike stand together.
    Sorted,
}

/// The distinct values of a chunk, numbered in any order.
#[derive(Debug)]
pub(crate) struct Distinct<'a> {
    /// What the words are numbered by: each becomes one of the words.
    keys: Cow<'a, [u32]>,
    /// The word of each key; none where a key is its word.
    words_of_keys: Option<Vec<u32>>,
    /// How many values each word has.
    counts: Vec<u32>,
    words: Words,
    /// The words as they sort.
    sorted: Vec<u32>,
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

/// Distinct values, by their numbers.
#[derive(Debug)]
pub(crate) enum Words {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Fixed(Vec<i128>),
    Strings(Strings),
}

impl<'a> Distinct<'a> {
    /// The distinct ones of these values; none where they are too many for a dictionary or of a
    /// type that has none.
    pub(crate) fn of(values: &'a Dense<'_>) -> Option<Self> {
        match values {
            Dense::Nothing | Dense::Boolean { .. } => None,
            Dense::Int32(values) => Self::of_numbers(values, Words::Int32),
            Dense::Int64(values) => Self::of_numbers(values, Words::Int64),
            Dense::Double(values) => Self::of_numbers(values, Words::Double),
            Dense::Fixed(values) => Self::of_numbers(values, Words::Fixed),
            Dense::Strings(values) => Self::of_strings(values),
            Dense::Codes { codes, words } => Self::of_codes(codes, words),
        }
    }

    fn of_numbers<T: Number>(values: &[T], words: impl Fn(Vec<T>) -> Words) -> Option<Self> {
        let most = most_words(values.len()).min(CACHED_BYTES / size_of::<T>());
        let found = distinct_numbers(values, most)?;
        Some(Self {
            keys: Cow::Owned(found.codes),
            words_of_keys: None,
            counts: found.counts,
            sorted: found.sorted,
            words: words(found.words),
        })
    }

    fn of_strings(values: &Strings) -> Option<Self> {
        let mut interner = Interner::new();
        let mut codes = Vec::with_capacity(values.len());
        let mut counts: Vec<u32> = Vec::new();
        let most = most_words(values.len());
        let most_bytes = most_bytes(plain_len(values));
        for value in values.iter() {
            let code = interner.intern(value);
            match counts.get_mut(code as usize) {
                Some(count) => *count = count.saturating_add(1),
                None => {
                    if interner.len() > most || plain_len(interner.words()) > most_bytes {
                        return None;
                    }
                    counts.push(1);
                }
            }
            codes.push(code);
        }
        let words = interner.into_words();
        Some(Self {
            keys: Cow::Owned(codes),
            words_of_keys: None,
            counts,
            sorted: sorted_strings(&words),
            words: Words::Strings(words),
        })
    }

    /// Of codes of words of which some may be equal and some have no code.
    fn of_codes(codes: &'a [u32], words: &Strings) -> Option<Self> {
        let uses = counts(codes, words.len())?;
        let mut interner = Interner::new();
        let mut words_of_keys = vec![0; words.len()];
        let mut counts: Vec<u32> = Vec::new();
        let mut byte_len = 0;
        for (place, (word, uses)) in words_of_keys.iter_mut().zip(words.iter().zip(uses)) {
            if uses > 0 {
                let number = interner.intern(word);
                *place = number;
                match counts.get_mut(number as usize) {
                    Some(count) => *count = count.saturating_add(uses),
                    None => counts.push(uses),
                }
                byte_len += uses as usize * (word.len() + size_of::<u32>());
            }
        }
        let words = interner.into_words();
        if words.len() > most_words(codes.len()) || plain_len(&words) > most_bytes(byte_len) {
            return None;
        }
        Some(Self {
            keys: Cow::Borrowed(codes),
            words_of_keys: Some(words_of_keys),
            counts,
            sorted: sorted_strings(&words),
            words: Words::Strings(words),
        })
    }

    pub(crate) fn word_count(&self) -> usize {
        self.words.len()
    }

    /// The values as codes of words in an order.
    pub(crate) fn coded(&self, order: Order) -> Coded {
        let numbers: Vec<u32> = match order {
            Order::Sorted => self.sorted.clone(),
            Order::Frequency => {
                let mut numbers = self.sorted.clone();
                numbers.sort_by_key(|number| std::cmp::Reverse(self.counts[*number as usize]));
                numbers
            }
        };
        let places = inverse(&numbers);
        let ranks = (order != Order::Sorted).then(|| {
            let codes: Vec<u32> =
                self.sorted.iter().map(|number| places[*number as usize]).collect();
            Ranks { of_codes: inverse(&codes), codes }
        });
        let of_keys: Cow<'_, [u32]> = match &self.words_of_keys {
            Some(words) => words
                .iter()
                // Of nothing but nulls there is a word of no value.
                .map(|word| places.get(*word as usize).copied().unwrap_or_default())
                .collect(),
            None => Cow::Borrowed(&places),
        };
        let codes = self.keys.iter().map(|key| of_keys[*key as usize]).collect();
        Coded { codes, words: self.words.gather(&numbers), ranks }
    }
}

impl Coded {
    pub(crate) fn word_count(&self) -> usize {
        self.words.len()
    }

    /// Whether the words ascend.
    pub(crate) fn is_sorted(&self) -> bool {
        // Doubles are in an order that tells zeros apart, which readers may not expect.
        self.ranks.is_none() && !matches!(self.words, Words::Double(_))
    }

    /// Adds the words as a dictionary page has them.
    pub(crate) fn encode_words(
        &self,
        out: &mut Vec<u8>,
        fixed_width: usize,
    ) -> Result<(), PageError> {
        match &self.words {
            Words::Int32(words) => plain::encode_i32(out, words),
            Words::Int64(words) => plain::encode_i64(out, words),
            Words::Double(words) => plain::encode_f64(out, words),
            Words::Fixed(words) => plain::encode_fixed(out, words, fixed_width),
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
        let bound = |code: u32| self.words.bound(code as usize);
        (extremes.map(|(min, max)| Bounds { min: bound(min), max: bound(max) }), true)
    }
}

impl Words {
    fn len(&self) -> usize {
        match self {
            Self::Int32(words) => words.len(),
            Self::Int64(words) => words.len(),
            Self::Double(words) => words.len(),
            Self::Fixed(words) => words.len(),
            Self::Strings(words) => words.len(),
        }
    }

    fn gather(&self, numbers: &[u32]) -> Self {
        fn pick<T: Copy>(words: &[T], numbers: &[u32]) -> Vec<T> {
            numbers.iter().map(|number| words[*number as usize]).collect()
        }
        match self {
            Self::Int32(words) => Self::Int32(pick(words, numbers)),
            Self::Int64(words) => Self::Int64(pick(words, numbers)),
            Self::Double(words) => Self::Double(pick(words, numbers)),
            Self::Fixed(words) => Self::Fixed(pick(words, numbers)),
            Self::Strings(words) => Self::Strings(words.gather(numbers)),
        }
    }

    fn bound(&self, number: usize) -> Bound {
        match self {
            Self::Int32(words) => Bound::Int32(words[number]),
            Self::Int64(words) => Bound::Int64(words[number]),
            Self::Double(words) => Bound::Double(words[number]),
            Self::Fixed(words) => Bound::Fixed(words[number]),
            Self::Strings(words) => Bound::Bytes(words.bytes(number).to_vec()),
        }
    }
}

/// More words than that save nothing.
fn most_words(value_count: usize) -> usize {
    value_count.div_ceil(2).max(1)
}

/// The most bytes of words for values that take so many bytes as they are.
fn most_bytes(byte_len: usize) -> usize {
    (byte_len / LEAST_SAVING).clamp(CACHED_BYTES, MOST_BYTES)
}

fn plain_len(words: &Strings) -> usize {
    words.byte_len() + words.len() * size_of::<u32>()
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
