//! Which bytes of a text mean something in a dialect, 64 at a time, and which of them are in quotes.
//!
//! Quotes are told apart by counting, which is right as long as each of them opens a field at its
//! start, or closes it at its end, or is doubled within. That is checked for each; where one stands
//! elsewhere, the rules decide.

use fearless_simd::{Simd, prelude::*, u8x64};

/// As many bytes as a mask has bits.
pub(super) const BLOCK_LEN: usize = 64;

/// The bytes that mean something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meanings {
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
}

/// A bit for each byte of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    quotes: u64,
    /// Delimiters and line ends.
    pub(super) ends: u64,
    pub(super) newlines: u64,
    pub(super) returns: u64,
    /// The bytes that there are.
    all: u64,
}

/// A text in blocks, the last one filled up with zeros.
pub(super) struct Blocks<'a> {
    whole: &'a [[u8; BLOCK_LEN]],
    tail: [u8; BLOCK_LEN],
    tail_len: usize,
}

impl<'a> Blocks<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let (whole, rest) = bytes.as_chunks::<BLOCK_LEN>();
        let mut tail = [0; BLOCK_LEN];
        tail.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Self { whole, tail, tail_len: rest.len() }
    }

    /// The blocks, and how many bytes of the text are in each.
    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8; BLOCK_LEN], usize)> {
        let whole = self.whole.iter().map(|block| (block, BLOCK_LEN));
        whole.chain([(&self.tail, self.tail_len)])
    }
}

impl Marks {
    /// The marks in the first `len` bytes of a block.
    #[inline(always)]
    pub(super) fn of<S: Simd>(
        simd: S,
        meanings: Meanings,
        block: &[u8; BLOCK_LEN],
        len: usize,
    ) -> Self {
        let bytes = u8x64::load_array_ref(simd, block);
        let all = if len < BLOCK_LEN { (1 << len) - 1 } else { u64::MAX };
        let places = |wanted: u8| bytes.simd_eq(u8x64::splat(simd, wanted)).to_bitmask() & all;
        let newlines = places(b'\n');
        Self {
            quotes: meanings.quote.map_or(0, places),
            ends: places(meanings.delimiter) | newlines,
            newlines,
            returns: places(b'\r'),
            all,
        }
    }
}

/// How far quotes were followed, from the start of a record.
///
/// In each of these but the first, the lowest bit says what stands before the next block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoting {
    /// All bits, where the next block starts in quotes.
    inside: u64,
    after_end: u64,
    after_quote: u64,
    after_close: u64,
    after_closed_return: u64,
    /// Whether a doubled quote is one; else it needs the rules.
    is_doubled: bool,
}

impl Quoting {
    pub(super) fn new(is_doubled: bool) -> Self {
        Self {
            is_doubled,
            inside: 0,
            after_end: 1,
            after_quote: 0,
            after_close: 0,
            after_closed_return: 0,
        }
    }

    /// Which bytes of the next block are in quotes, the opening one among them, at which of them it
    /// shows that a quote needs the rules, and whether a quote is doubled. What stands before the first
    /// that needs the rules is told rightly.
    #[inline(always)]
    pub(super) fn step(&mut self, marks: &Marks) -> (u64, u64, bool) {
        let Marks { quotes, ends, newlines, returns, all } = *marks;
        let within = parities(quotes) ^ self.inside;
        let (opening, closing) = (quotes & within, quotes & !within);
        let after_quote = quotes << 1 | self.after_quote;
        let after_close = closing << 1 | self.after_close;
        let closed_returns = after_close & returns;
        let after_closed_return = closed_returns << 1 | self.after_closed_return;
        let after_end = (ends & !within) << 1 | self.after_end;
        let doubled = opening & after_quote;
        let odd = opening & !(after_end | after_quote)
            | if self.is_doubled { 0 } else { doubled }
            | after_close & all & !(ends | quotes | returns)
            | after_closed_return & all & !newlines;
        self.inside = if within >> (BLOCK_LEN - 1) == 1 { u64::MAX } else { 0 };
        self.after_end = (ends & !within) >> (BLOCK_LEN - 1);
        self.after_quote = quotes >> (BLOCK_LEN - 1);
        self.after_close = closing >> (BLOCK_LEN - 1);
        self.after_closed_return = closed_returns >> (BLOCK_LEN - 1);
        (within, odd, doubled != 0)
    }
}

/// For each bit, whether it and those below it are odd in number.
#[inline(always)]
fn parities(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, shift| bits ^ bits << shift)
}
