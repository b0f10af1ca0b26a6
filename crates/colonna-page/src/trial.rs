//! Which encoding suits a column, found by trying all of them on a part of its values.
//!
//! What is weighed is what a file costs: its bytes, and the time to write it once and to read it
//! again and again. Bytes are measured. Times are not, since they would make the same rows
//! different files: each step has a fixed price, taken from measurements.

use std::borrow::Cow;
use std::ops::Range;

use crate::PageError;
use crate::compress::Codec;
use crate::dense::{Dense, booleans};
use crate::encoding::delta_binary_packed::Widths;
use crate::encoding::dictionary::{self, CodeWidth};
use crate::layout::{Choice, Codes, Goal, Profile, Uncoded};
use crate::levels::Levels;
use crate::words::{Coded, Dictionary, Order};

/// Fewer values are not worth a trial, nor do they say what more of them would be like.
pub(crate) const LEAST_VALUES: usize = 4096;

/// The most bytes of values that are tried. zstd treats pages of more than 256 KiB alike, and
/// smaller ones in another way; lengths that are kept in a few bits are counted as four bytes.
const SAMPLE_BYTES: usize = 448 << 10;

/// With more words than that, codes in the order of the words are tried, too.
const FEW_WORDS: usize = 256;

/// What costs so many times as much with one codec will not cost less with another.
const HOPELESS: f64 = 1.1;

/// The choice that costs least.
pub(crate) fn choose(
    values: &Dense<'_>,
    dictionary: &Dictionary<'_>,
    levels: &Levels,
    goal: &Goal,
) -> Result<Choice, PageError> {
    let sample = Sample::of(values, levels, goal.page_rows);
    let ways = uncoded_ways(values, goal.profile);
    let ways = ways.into_iter().map(|way| Ok((way, sample.uncoded(way, levels, goal)?)));
    let is_hot = is_hot(values);
    let suits = |way, codec| match codec {
        // Short repeats are in steps of whole bytes.
        Codec::Short => way == Uncoded::Delta(Widths::WholeBytes),
        Codec::Lz4Eights => is_hot,
        Codec::Lz4 => goal.profile == Profile::Fastest || is_hot,
        // It is for words.
        Codec::Snappy => false,
        _ => true,
    };
    let plain = cheapest(ways.collect::<Result<_, PageError>>()?, goal, suits)?;
    let mut coded = Vec::new();
    for order in [Order::Frequency, Order::Sorted] {
        let Some(distinct) = dictionary.distinct() else { break };
        if order == Order::Sorted && distinct.word_count() <= FEW_WORDS {
            break;
        }
        let words = distinct.coded(order);
        for width in [CodeWidth::Natural, CodeWidth::WholeBytes] {
            coded.push((Codes { order, width }, sample.coded(&words, levels, width, goal)?));
        }
    }
    let suits = |_, codec| match codec {
        Codec::Short | Codec::Lz4Eights => false,
        Codec::Lz4 => goal.profile == Profile::Fastest,
        _ => true,
    };
    let codes = cheapest(coded, goal, suits)?;
    let usual = Choice::usual(values, goal.usual_codec());
    Ok(match (plain, codes) {
        (Some(plain), Some(codes)) if codes.cost < plain.cost => {
            Choice { codes: Some((codes.kind, codes.codec)), plain: (plain.kind, plain.codec) }
        }
        (Some(plain), _) => Choice { codes: None, plain: (plain.kind, plain.codec) },
        (None, _) => usual,
    })
}

/// One of several kinds, and the codec that goes with it.
struct Cheapest<T> {
    kind: T,
    codec: Codec,
    cost: f64,
}

/// The cheapest of these. With all codecs that suit them only those are tried that are cheap with
/// one.
fn cheapest<T: Copy>(
    tried: Vec<(T, Vec<Pages>)>,
    goal: &Goal,
    suits: impl Fn(T, Codec) -> bool,
) -> Result<Option<Cheapest<T>>, PageError> {
    let cost = |pages: &[Pages], codec| {
        pages.iter().map(|pages| pages.cost(codec, goal)).sum::<Result<f64, PageError>>()
    };
    let first = tried.into_iter().map(|(kind, pages)| {
        let cost = cost(&pages, goal.usual_codec())?;
        Ok((cost, kind, pages))
    });
    let mut first = first.collect::<Result<Vec<_>, PageError>>()?;
    first.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut least: Option<Cheapest<T>> = None;
    let hopeless = first.first().map_or(0.0, |(cost, ..)| cost * HOPELESS);
    for (known, kind, pages) in first.iter().take_while(|(cost, ..)| *cost <= hopeless) {
        let mut last_level = f64::INFINITY;
        for codec in codecs(goal).into_iter().filter(|codec| suits(*kind, *codec)) {
            let cost = if codec == goal.usual_codec() { *known } else { cost(pages, codec)? };
            if least.as_ref().is_none_or(|least| cost < least.cost) {
                least = Some(Cheapest { kind: *kind, codec, cost });
            }
            if matches!(codec, Codec::Zstd(_)) {
                if cost > last_level && goal.profile != Profile::Smallest {
                    // A higher level would cost more still.
                    break;
                }
                last_level = cost;
            }
        }
    }
    Ok(least)
}

/// The ways to keep such values without a dictionary.
fn uncoded_ways(values: &Dense<'_>, profile: Profile) -> Vec<Uncoded> {
    let mut ways = match values {
        Dense::Nothing => vec![Uncoded::Plain],
        Dense::Boolean { .. } => vec![Uncoded::Plain, Uncoded::Runs],
        Dense::Int32(_) | Dense::Int64(_) => vec![
            Uncoded::Plain,
            Uncoded::Delta(Widths::Natural),
            Uncoded::Delta(Widths::WholeBytes),
        ],
        Dense::Double(_) | Dense::Fixed(_) => vec![Uncoded::Plain],
        Dense::Strings(_) | Dense::Codes { .. } => {
            vec![Uncoded::Plain, Uncoded::DeltaLength, Uncoded::DeltaPrefix]
        }
    };
    // It is so new that many readers do not know it.
    if profile == Profile::Smallest && values.suits(Uncoded::Split) {
        ways.push(Uncoded::Split);
    }
    ways
}

/// About how many nanoseconds a reader needs for a value.
fn decode_nanos(way: Uncoded) -> f64 {
    match way {
        Uncoded::Plain => 0.3,
        Uncoded::Runs => 0.4,
        Uncoded::Split => 0.8,
        Uncoded::Delta(_) => 1.5,
        Uncoded::DeltaLength => 2.5,
        Uncoded::DeltaPrefix => 8.0,
    }
}

/// The same for a code, and for a word of a dictionary.
const CODE_NANOS: f64 = 0.3;
const WORD_NANOS: f64 = 4.0;

/// Whether values are such that queries compute with all of them. Of texts and ids most only look for
/// some, and whole numbers are inflated in no time, being short.
fn is_hot(values: &Dense<'_>) -> bool {
    matches!(values, Dense::Double(_))
}

/// How many times as often such values are read as others.
const HOT_READS: f64 = 4.0;

/// Which codecs are tried, the levels of zstd last and rising.
fn codecs(goal: &Goal) -> Vec<Codec> {
    let levels: &[i32] = match (goal.level, goal.profile) {
        (Some(level), _) => return vec![Codec::None, Codec::Zstd(level)],
        (None, Profile::Smallest) => &[1, 3, 6, 9],
        (None, Profile::Balanced) => &[1, 2, 3],
        (None, Profile::Fastest) => &[1],
    };
    let mut codecs = vec![Codec::None, Codec::Lz4, Codec::Lz4Eights, Codec::Snappy];
    codecs.extend([Codec::Near, Codec::Short]);
    codecs.extend(levels.iter().copied().map(Codec::Zstd));
    codecs
}

/// About how many nanoseconds a codec needs for a byte that it compresses, and for one that comes
/// back: the mean over times, doubles, texts, codes and ids. A byte of a text costs half of it.
fn codec_nanos(codec: Codec) -> (f64, f64) {
    match codec {
        Codec::None => (0.0, 0.05),
        Codec::Lz4 | Codec::Snappy => (2.0, 0.3),
        Codec::Lz4Eights => (3.0, 0.3),
        Codec::Near => (2.0, 0.9),
        Codec::Short => (3.7, 1.0),
        Codec::Zstd(..=1) => (2.3, 0.8),
        Codec::Zstd(2) => (3.0, 0.9),
        Codec::Zstd(3..=4) => (4.2, 1.0),
        Codec::Zstd(5..=6) => (10.0, 1.0),
        Codec::Zstd(_) => (20.0, 1.0),
    }
}

/// How many nanoseconds of a reader a byte is worth, as where files come over a network, and what a
/// nanosecond of the writer weighs against one of a reader.
fn weights(profile: Profile) -> (f64, f64) {
    match profile {
        Profile::Smallest => (100.0, 0.1),
        Profile::Balanced => (10.0, 0.3),
        Profile::Fastest => (3.0, 0.3),
    }
}

/// Pages as they are before they are compressed.
struct Pages {
    bytes: Vec<u8>,
    /// How many nanoseconds a reader needs for what is in them.
    decode_nanos: f64,
    /// How often they are inflated, for each time that others are.
    reads: f64,
    /// How many times as many there are in all.
    share: f64,
}

impl Pages {
    /// What all such pages cost.
    fn cost(&self, codec: Codec, goal: &Goal) -> Result<f64, PageError> {
        let (byte_nanos, writer) = weights(goal.profile);
        let (deflate, inflate) = codec_nanos(codec);
        let before = self.bytes.len() as f64;
        let after = codec.compressed(&self.bytes, <[u8]>::len)? as f64;
        // What does not shrink is only copied.
        let inflate = if after > before * 0.99 { 0.05 } else { inflate };
        let inflate = self.reads * inflate;
        let cost = self.decode_nanos + after * byte_nanos + before * (inflate + writer * deflate);
        Ok(cost * self.share)
    }
}

/// Some rows that make a page.
struct Sample {
    slots: Range<usize>,
    values: Dense<'static>,
    /// The positions of the values among all of them.
    positions: Range<usize>,
    /// How many times as many rows there are in all.
    share: f64,
}

impl Sample {
    /// A page from the middle, so that an order of the rows shows in it. Only of a whole page is
    /// compression what it will be.
    fn of(values: &Dense<'_>, levels: &Levels, page_rows: usize) -> Self {
        let row_count = levels.row_count();
        let row_bytes = values.mean_byte_len() * values.len() / row_count.max(1);
        let len = (SAMPLE_BYTES / row_bytes.max(1)).clamp(1, page_rows).min(row_count);
        let start = (row_count - len) / 2;
        let before = levels.value_count(levels.slots(0..start));
        let slots = levels.slots(start..start + len);
        let positions = before..before + levels.value_count(slots.clone());
        let share = levels.slot_count() as f64 / slots.len().max(1) as f64;
        Self { values: values.at(positions.clone()), slots, positions, share }
    }

    fn uncoded(&self, way: Uncoded, levels: &Levels, goal: &Goal) -> Result<Vec<Pages>, PageError> {
        let mut page = Vec::new();
        levels.encode(&mut page, &self.slots);
        self.values.encode(&mut page, way, 0..self.values.len(), goal.fixed_width)?;
        let decode_nanos = decode_nanos(way) * self.values.len() as f64;
        let reads = if is_hot(&self.values) { HOT_READS } else { 1.0 };
        Ok(vec![Pages { bytes: page, decode_nanos, reads, share: self.share }])
    }

    fn coded(
        &self,
        coded: &Coded<'_>,
        levels: &Levels,
        width: CodeWidth,
        goal: &Goal,
    ) -> Result<Vec<Pages>, PageError> {
        let mut words = Vec::new();
        coded.encode_words(&mut words, goal.fixed_width)?;
        let words_len = words.len().min(SAMPLE_BYTES);
        let share = words.len() as f64 / words_len.max(1) as f64;
        words.truncate(words_len);
        let decode_nanos = WORD_NANOS * coded.word_count() as f64 / share.max(1.0);
        let reads = 1.0;
        let words = Pages { bytes: words, decode_nanos, reads, share };
        let mut page = Vec::new();
        levels.encode(&mut page, &self.slots);
        let bits = width.bits(coded.word_count());
        let (codes, _) = coded.codes(self.positions.clone());
        dictionary::encode(&mut page, &codes, bits);
        let decode_nanos = CODE_NANOS * self.positions.len() as f64;
        Ok(vec![words, Pages { bytes: page, decode_nanos, reads, share: self.share }])
    }
}

impl Dense<'_> {
    /// About how many bytes a value takes as it is.
    fn mean_byte_len(&self) -> usize {
        match self {
            Self::Codes { words, .. } => words.byte_len() / words.len().max(1) + 4,
            other => other.byte_len(0..other.len()) / other.len().max(1),
        }
    }

    /// The values in a range, without codes.
    fn at(&self, range: Range<usize>) -> Dense<'static> {
        match self {
            Self::Nothing => Dense::Nothing,
            Self::Boolean { bytes, .. } => {
                let bits = range.map(|index| bytes[index / 8] >> (index % 8) & 1 == 1);
                booleans(&bits.collect())
            }
            Self::Int32(values) => Dense::Int32(values[range].to_vec()),
            Self::Int64(values) => Dense::Int64(Cow::Owned(values[range].to_vec())),
            Self::Double(values) => Dense::Double(Cow::Owned(values[range].to_vec())),
            Self::Fixed(values) => Dense::Fixed(Cow::Owned(values[range].to_vec())),
            Self::Strings(values) => Dense::Strings(Cow::Owned(values.slice(range))),
            Self::Codes { codes, words } => Dense::Strings(Cow::Owned(words.gather(&codes[range]))),
        }
    }
}
