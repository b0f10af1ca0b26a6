//! Where the fields of records stand, of many records at once.
//!
//! It knows records in which quotes are told apart by counting and which have one number of fields,
//! and takes 64 bytes at a time. It stops before a record in which it meets anything else.

use fearless_simd::{Level, Simd, dispatch};

use super::dialect::Dialect;
use super::marks::{BLOCK_LEN, Blocks, Marks, Meanings, Quoting, level_for_places};

/// As many places are noted at once.
const NOTED: usize = 8;

/// The bounds of the fields of some records that follow each other.
///
/// Invariant: field `f` of record `r` stands between the bounds `r * field_count + f` and the next,
/// which is behind the byte that ends it; `starts` has one entry more than there are records.
pub(super) struct Bounds<'a> {
    bytes: &'a [u8],
    level: Level,
    meanings: Meanings,
    comment: Option<u8>,
    /// A quote in quotes is doubled.
    is_doubled: bool,
    name_count: usize,
    bounds: Vec<u32>,
    /// How many of the bounds are known.
    bound_count: usize,
    starts: Vec<u32>,
    count: usize,
    field_count: usize,
    has_doubled: bool,
    has_returns: bool,
}

/// The places of one field in the records: where it starts, and where it ends.
#[derive(Clone)]
pub(super) struct Places<'b> {
    bounds: &'b [u32],
    field_count: usize,
    count: usize,
}

impl<'a> Bounds<'a> {
    /// None where the dialect, or a text of that length, is none that it knows.
    pub(super) fn try_new(dialect: &Dialect, bytes: &'a [u8], name_count: usize) -> Option<Self> {
        let [delimiter] = *dialect.delimiter else { return None };
        let quote = dialect.quote;
        let has_escapes = dialect.escape.is_some_and(|it| memchr::memchr(it, bytes).is_some());
        let is_known = !b"\r\n".contains(&delimiter)
            && quote != Some(delimiter)
            && !has_escapes
            && !dialect.ends_at_cr
            && name_count > 1
            && bytes.len() <= dialect.record_limit
            && i32::try_from(bytes.len()).is_ok();
        is_known.then(|| Self {
            bytes,
            level: level_for_places(),
            meanings: Meanings { delimiter, quote },
            comment: dialect.comment.map(|comment| comment.mark),
            is_doubled: dialect.escape.is_none(),
            name_count,
            bounds: Vec::new(),
            bound_count: 0,
            starts: Vec::new(),
            count: 0,
            field_count: 0,
            has_doubled: false,
            has_returns: false,
        })
    }

    /// Finds the fields of the records from `start` on, where a line starts, up to `most` records.
    pub(super) fn find(&mut self, start: usize, most: usize) {
        let level = self.level;
        let found = dispatch!(level, simd => self.scan(simd, start, most)).min(most);
        let second = self.starts.get(1).filter(|_| found > 0);
        let first_len = second.and_then(|it| self.bounds.iter().position(|bound| bound == it));
        self.field_count = first_len.unwrap_or_default();
        // One field is an empty line, or one whose names say nothing.
        let found = if self.field_count > 1 { found } else { 0 };
        self.count = (0..found).take_while(|record| self.is_alike(*record)).count();
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Where the lines of the first `count` records start, and where the one behind them does.
    pub(super) fn starts(&self, count: usize) -> &[u32] {
        self.starts.get(..=count).unwrap_or_default()
    }

    /// Whether any field has a doubled quote.
    pub(super) fn has_doubled(&self) -> bool {
        self.has_doubled
    }

    /// How many fields each of them has.
    pub(super) fn field_count(&self) -> usize {
        self.field_count
    }

    /// The places of a field that the records have.
    pub(super) fn places(&self, index: usize) -> Places<'_> {
        let bounds = self.bounds.get(index..).unwrap_or_default();
        Places { bounds, field_count: self.field_count, count: self.count }
    }

    /// Whether CRs may stand at the end of a field, before the end of the line.
    pub(super) fn may_have_returns(&self, index: usize) -> bool {
        self.has_returns && index + 1 == self.field_count
    }

    /// How many records end in what it went through. The bounds and the starts are noted.
    #[inline(always)]
    fn scan<S: Simd>(&mut self, simd: S, start: usize, most: usize) -> usize {
        let Ok(first) = u32::try_from(start) else { return 0 };
        let text = self.bytes.get(start..).unwrap_or_default();
        // A short text has few fields, however many names there are.
        let most_bounds = (most * self.name_count).min(text.len());
        self.bounds.resize(most_bounds + self.name_count + BLOCK_LEN + NOTED, 0);
        self.starts.resize(most.min(text.len()) + BLOCK_LEN + NOTED, 0);
        let (mut bounds, mut starts) = (Noted::new(&mut self.bounds), Noted::new(&mut self.starts));
        bounds.note(first, 1);
        starts.note_few(first, 1);
        let mut quoting = Quoting::new(self.is_doubled);
        let mut returns = 0;
        let blocks = Blocks::of(text);
        for (base, (block, len)) in (first + 1..).step_by(BLOCK_LEN).zip(blocks.iter()) {
            let marks = Marks::of(simd, self.meanings, block, len);
            let (within, odd) = quoting.step(&marks);
            // Up to the first odd one.
            let known = !within & odd.wrapping_sub(1) & !odd;
            bounds.note(base, marks.ends & known);
            starts.note_few(base, marks.newlines & known);
            returns |= marks.returns;
            if odd != 0 || bounds.count > most_bounds || starts.count > most {
                break;
            }
        }
        let (bound_count, count) = (bounds.count, starts.count - 1);
        self.bound_count = bound_count;
        (self.has_doubled, self.has_returns) = (quoting.has_doubled, returns != 0);
        count
    }

    /// Whether a record has as many fields as the first, and nothing past the names.
    #[inline]
    fn is_alike(&self, record: usize) -> bool {
        let bound = |field: usize| self.bounds.get(record * self.field_count + field).copied();
        let (start, next) = (bound(0).unwrap_or_default(), bound(self.field_count));
        let is_comment = self.comment.is_some() && self.byte(start as usize) == self.comment;
        let has_surplus = || {
            let first = bound(self.name_count).unwrap_or_default() as usize;
            let end = (next.unwrap_or_default() as usize).saturating_sub(1);
            let end = self.without_returns(first, end);
            end > first + self.field_count - self.name_count - 1
        };
        self.starts.get(record + 1).copied() == next
            && (record + 1) * self.field_count < self.bound_count
            && !is_comment
            && (self.field_count <= self.name_count || !has_surplus())
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Where a field ends whose line does at `end`, without the CRs before that.
    #[inline]
    pub(super) fn without_returns(&self, start: usize, mut end: usize) -> usize {
        while end > start && self.byte(end - 1) == Some(b'\r') {
            end -= 1;
        }
        end
    }
}

impl Iterator for Places<'_> {
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize)> {
        self.count = self.count.checked_sub(1)?;
        let [start, next, ..] = *self.bounds else { return None };
        self.bounds = self.bounds.get(self.field_count..)?;
        Some((start as usize, (next as usize).wrapping_sub(1)))
    }
}

impl Places<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Those behind the first so many.
    pub(super) fn behind(&self, passed: usize) -> Self {
        let bounds = self.bounds.get(passed * self.field_count..).unwrap_or_default();
        Self { bounds, count: self.count.saturating_sub(passed), ..*self }
    }
}

/// Places noted one after the other, several at once. What is noted past the end is lost.
struct Noted<'a> {
    places: &'a mut [u32],
    count: usize,
}

impl<'a> Noted<'a> {
    fn new(places: &'a mut [u32]) -> Self {
        Self { places, count: 0 }
    }

    /// The places of the bits, counted from `base`. Behind them, up to [`NOTED`] others are
    /// overwritten: nobody knows beforehand how many there are, and each guess would cost more.
    #[inline(always)]
    fn note(&mut self, base: u32, bits: u64) {
        let (mut bits, mut at) = (bits, self.count);
        self.count += bits.count_ones() as usize;
        while bits != 0 {
            let room = self.places.get_mut(at..).and_then(<[u32]>::first_chunk_mut::<NOTED>);
            let Some(room) = room else { break };
            for place in room {
                *place = base + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
            at += NOTED;
        }
    }

    /// The same, where there are seldom any.
    #[inline(always)]
    fn note_few(&mut self, base: u32, bits: u64) {
        let mut bits = bits;
        while bits != 0 {
            if let Some(place) = self.places.get_mut(self.count) {
                *place = base + bits.trailing_zeros();
            }
            self.count += 1;
            bits &= bits - 1;
        }
    }
}
