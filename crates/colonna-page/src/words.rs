//! Dictionaries: the distinct values of a column chunk, and each value as a code.
//!
//! A chunk is coded as a whole or not at all, and that is decided before its first page is
//! written. Codes that a column comes with are never looked up row by row: they are counted, and
//! what a word becomes is looked up once for each word.

use std::borrow::Cow;
use std::cell::OnceCell;
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

/// Room is made for so many times fewer words than there are values.
const FEW_OF: usize = 8;

/// In which order words are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The commonest first: small codes, many of them alike.
    Frequency,
    /// As they sort: words that are alike stand together.
    Sorted,
}

/// The distinct values of a chunk.
#[derive(Debug)]
pub(crate) struct Distinct<'a> {
    /// For each value a number, which stands for one of the words.
    numbers: Cow<'a, [u32]>,
    /// Words by their numbers. Several may be equal, and some may have no value.
    words: Words<'a>,
    /// For each number the place of its word among the sorted ones; any where it has no value.
    ranks: Vec<u32>,
    /// The words that have values, as they sort: for each a number and how many values it has.
    sorted: Vec<(u32, u32)>,
}

/// The distinct values of a chunk, found when they are first asked for.
#[derive(Debug)]
pub(crate) struct Dictionary<'a> {
    values: &'a Dense<'a>,
    found: OnceCell<Option<Distinct<'a>>>,
}

impl<'a> Dictionary<'a> {
    pub(crate) fn new(values: &'a Dense<'a>) -> Self {
        Self { values, found: OnceCell::new() }
    }

    /// None where the values are too many for a dictionary or of a type that has none.
    pub(crate) fn distinct(&self) -> Option<&Distinct<'a>> {
        self.found.get_or_init(|| Distinct::of(self.values)).as_ref()
    }
}

/// A column chunk as codes into words.
#[derive(Debug)]
pub(crate) struct Coded<'a> {
    distinct: &'a Distinct<'a>,
    /// For each number what it is coded as.
    places: Vec<Place>,
    /// For each code where its word stands among the sorted ones; none where codes are in that
    /// order.
    ranks: Option<Vec<u32>>,
}

/// A word of a dictionary: its code, and where it stands among the sorted ones.
#[derive(Clone, Copy, Debug)]
struct Place {
    code: u32,
    rank: u32,
}

/// Where words stand among the sorted ones, the first of them and the last.
pub(crate) type Extremes = Option<(u32, u32)>;

#[derive(Debug)]
enum Words<'a> {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Fixed(Vec<i128>),
    Strings(Cow<'a, Strings>),
}

impl<'a> Distinct<'a> {
    fn of(values: &'a Dense<'_>) -> Option<Self> {
        match values {
            Dense::Nothing | Dense::Boolean { .. } => None,
            Dense::Int32(values) => Self::of_numbers(values, Words::Int32),
            Dense::Int64(values) => Self::of_numbers(values, Words::Int64),
            Dense::Double(values) => Self::of_numbers(values, Words::Double),
            Dense::Fixed(values) => Self::of_numbers(values, Words::Fixed),
            Dense::Strings(values) => Self::of_strings(values),
            Dense::Codes { codes, words } => {
                Self::of_words(Cow::Borrowed(codes), Cow::Borrowed(words))
            }
        }
    }

    fn of_numbers<T: Number>(values: &[T], words: impl Fn(Vec<T>) -> Words<'a>) -> Option<Self> {
        let most = most_words(values.len()).min(CACHED_BYTES / size_of::<T>());
        let found = distinct_numbers(values, most)?;
        let count = |number: &u32| (*number, found.counts[*number as usize]);
        Some(Self {
            numbers: Cow::Owned(found.codes),
            words: words(found.words),
            ranks: inverse(&found.sorted),
            sorted: found.sorted.iter().map(count).collect(),
        })
    }

    fn of_strings(values: &Strings) -> Option<Self> {
        // Memory that grows by and by is copied again and again.
        let mut interner =
            Interner::with_capacity(values.len() / FEW_OF, values.byte_len() / FEW_OF);
        let mut numbers = Vec::with_capacity(values.len());
        let most = most_words(values.len());
        let most_bytes = most_bytes(plain_len(values));
        for value in values.iter() {
            numbers.push(interner.intern(value));
            if interner.len() > most || plain_len(interner.words()) > most_bytes {
                return None;
            }
        }
        let words = interner.into_words();
        Self::of_words(Cow::Owned(numbers), Cow::Owned(words))
    }

    /// Of numbers of words of which some may be equal and some have no value.
    fn of_words(numbers: Cow<'a, [u32]>, words: Cow<'a, Strings>) -> Option<Self> {
        let counts = counts(&numbers, words.len())?;
        let used: Vec<u32> =
            (0..).zip(&counts).filter(|(_, count)| **count > 0).map(|(number, _)| number).collect();
        let mut ranks = vec![0; words.len()];
        let mut sorted: Vec<(u32, u32)> = Vec::with_capacity(used.len());
        let (mut words_len, mut values_len) = (0, 0);
        for number in sorted_strings(&words, &used) {
            let (word, count) = (words.bytes(number as usize), counts[number as usize]);
            let byte_len = word.len() + size_of::<u32>();
            match sorted.last_mut() {
                Some((last, all)) if words.bytes(*last as usize) == word => {
                    *all = all.saturating_add(count);
                }
                _ => {
                    sorted.push((number, count));
                    words_len += byte_len;
                }
            }
            ranks[number as usize] = u32::try_from(sorted.len() - 1).ok()?;
            values_len += count as usize * byte_len;
        }
        if sorted.len() > most_words(numbers.len()) || words_len > most_bytes(values_len) {
            return None;
        }
        Some(Self { numbers, words: Words::Strings(words), ranks, sorted })
    }

    pub(crate) fn word_count(&self) -> usize {
        self.sorted.len()
    }

    /// The values as codes of words in an order.
    pub(crate) fn coded(&self, order: Order) -> Coded<'_> {
        let ranks = (order == Order::Frequency).then(|| {
            let mut ranks: Vec<u32> = (0..).zip(&self.sorted).map(|(rank, _)| rank).collect();
            ranks.sort_by_key(|rank| std::cmp::Reverse(self.sorted[*rank as usize].1));
            ranks
        });
        let codes = ranks.as_deref().map(inverse);
        let place = |rank: &u32| {
            // Of nothing but nulls there are words and no code.
            let code = |codes: &Vec<u32>| codes.get(*rank as usize).copied().unwrap_or_default();
            Place { code: codes.as_ref().map_or(*rank, code), rank: *rank }
        };
        Coded { distinct: self, places: self.ranks.iter().map(place).collect(), ranks }
    }
}

impl Coded<'_> {
    pub(crate) fn word_count(&self) -> usize {
        self.distinct.word_count()
    }

    /// The codes of some values, and the extremes of their words.
    pub(crate) fn codes(&self, range: Range<usize>) -> (Vec<u32>, Extremes) {
        let (numbers, places) = (&self.distinct.numbers[range], self.places.as_slice());
        let (mut min, mut max) = (u32::MAX, 0);
        let mut codes = vec![0; numbers.len()];
        for (code, number) in codes.iter_mut().zip(numbers) {
            let place = places[*number as usize];
            (min, max) = (min.min(place.rank), max.max(place.rank));
            *code = place.code;
        }
        (codes, (min <= max).then_some((min, max)))
    }

    /// Whether the words ascend.
    pub(crate) fn is_sorted(&self) -> bool {
        // Doubles are in an order that tells zeros apart, which readers may not expect.
        self.ranks.is_none() && !matches!(self.distinct.words, Words::Double(_))
    }

    /// Adds the words as a dictionary page has them.
    pub(crate) fn encode_words(
        &self,
        out: &mut Vec<u8>,
        fixed_width: usize,
    ) -> Result<(), PageError> {
        let sorted = &self.distinct.sorted;
        let numbers: Vec<u32> = match &self.ranks {
            Some(ranks) => ranks.iter().map(|rank| sorted[*rank as usize].0).collect(),
            None => sorted.iter().map(|(number, _)| *number).collect(),
        };
        fn pick<T: Copy>(words: &[T], numbers: &[u32]) -> Vec<T> {
            numbers.iter().map(|number| words[*number as usize]).collect()
        }
        match &self.distinct.words {
            Words::Int32(words) => plain::encode_i32(out, &pick(words, &numbers)),
            Words::Int64(words) => plain::encode_i64(out, &pick(words, &numbers)),
            Words::Double(words) => plain::encode_f64(out, &pick(words, &numbers)),
            Words::Fixed(words) => plain::encode_fixed(out, &pick(words, &numbers), fixed_width),
            Words::Strings(words) => {
                let words = numbers.iter().map(|number| words.bytes(*number as usize));
                out.reserve(words.clone().map(|word| size_of::<u32>() + word.len()).sum());
                return plain::encode_strings(out, words);
            }
        }
        Ok(())
    }

    /// The least and the greatest of the values of these codes with these extremes, and whether none of them is NaN.
    pub(crate) fn bounds(&self, codes: &[u32], extremes: Extremes) -> (Option<Bounds>, bool) {
        let sorted = &self.distinct.sorted;
        if let Words::Double(words) = &self.distinct.words {
            let word = |rank: usize| words[sorted[rank].0 as usize];
            // NaNs sort before all other doubles or behind them.
            let ends = sorted.first().zip(sorted.last());
            if ends.is_none_or(|(first, last)| {
                words[first.0 as usize].is_nan() || words[last.0 as usize].is_nan()
            }) {
                let words = codes.iter().map(|code| word(self.rank(*code)));
                return Bounds::of_f64(&words.collect::<Vec<f64>>());
            }
            let extremes = extremes.map(|(min, max)| [word(min as usize), word(max as usize)]);
            return Bounds::of_f64(extremes.as_ref().map_or(&[], <[f64; 2]>::as_slice));
        }
        let bound = |rank: u32| self.distinct.words.bound(sorted[rank as usize].0 as usize);
        (extremes.map(|(min, max)| Bounds { min: bound(min), max: bound(max) }), true)
    }

    /// Where the word of a code stands among the sorted ones.
    fn rank(&self, code: u32) -> usize {
        self.ranks.as_ref().map_or(code, |ranks| ranks[code as usize]) as usize
    }
}

impl Words<'_> {
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
