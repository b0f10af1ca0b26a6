//! Where the fields of records stand, of many records at once.
//!
//! It knows records in which quotes are told apart by counting and which have one number of fields. It
//! stops before a record in which it meets anything else.

use std::ops::Range;

use fearless_simd::{Level, Simd, dispatch};

use super::dialect::Dialect;
use super::ends::Ends;
use super::marks::{BLOCK_LEN, Meanings};

/// As many places are noted at once.
const NOTED: usize = 8;

/// In so many bytes ends are looked for, where they are not known.
const LOOKED_AT: usize = 32 << 10;

/// The bounds of the fields of some records that follow each other.
///
/// Invariant: field `f` of record `r` stands between the bounds `r * field_count + f` and the next,
/// which is behind the byte that ends it; `starts` has one entry more than there are records.
pub(super) struct Bounds<'a> {
    bytes: &'a [u8],
    /// The ends that are known, and those that had to be looked for.
    known: &'a Ends,
    looked: Ends,
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
    doubled: Range<usize>,
    has_returns: bool,
}

/// The places of one field in the records: where it starts, and where it ends.
///
/// Invariant: the first two of the bounds, where there are two, are those of the field in a record.
#[derive(Clone)]
pub(super) struct Places<'b> {
    bounds: &'b [u32],
    field_count: usize,
}

impl<'a> Bounds<'a> {
    /// None where the dialect, or a text of that length, is none that it knows.
    pub(super) fn try_new(
        dialect: &Dialect,
        bytes: &'a [u8],
        known: &'a Ends,
        name_count: usize,
    ) -> Option<Self> {
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
            known,
            looked: Ends::default(),
            meanings: Meanings { delimiter, quote },
            comment: dialect.comment.map(|comment| comment.mark),
            is_doubled: dialect.escape.is_none(),
            name_count,
            bounds: Vec::new(),
            bound_count: 0,
            starts: Vec::new(),
            count: 0,
            field_count: 0,
            doubled: 0..0,
            has_returns: false,
        })
    }

    /// Finds the fields of the records from `start` on, where a line starts, up to `most` records.
    pub(super) fn find(&mut self, start: usize, most: usize) {
        let knows = |ends: &Ends| ends.has_start(start) && start < ends.end();
        let known = if knows(self.known) { self.known } else { &Ends::default() };
        let mut looked = std::mem::take(&mut self.looked);
        let mut found = self.note(if knows(&looked) { &looked } else { known }, start, most);
        if found == 0 {
            let end = self.bytes.len().min(start + LOOKED_AT);
            let text = self.bytes.get(..end).unwrap_or_default();
            looked.find(self.meanings, self.is_doubled, text, start);
            found = self.note(&looked, start, most);
        }
        self.looked = looked;
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

    /// Where doubled quotes stand, from before the first of them until behind the last.
    pub(super) fn doubled(&self) -> &Range<usize> {
        &self.doubled
    }

    /// How many fields each of them has.
    pub(super) fn field_count(&self) -> usize {
        self.field_count
    }

    /// The places of a field that the records have.
    pub(super) fn places(&self, index: usize) -> Places<'_> {
        let end = self.count * self.field_count + 1;
        Places::new(self.bounds.get(index..end).unwrap_or_default(), self.field_count)
    }

    /// Whether CRs may stand at the end of a field, before the end of the line.
    pub(super) fn may_have_returns(&self, index: usize) -> bool {
        self.has_returns && index + 1 == self.field_count
    }

    /// Notes the bounds and the starts, as far as the ends go. How many records there are, up to `most`.
    fn note(&mut self, ends: &Ends, start: usize, most: usize) -> usize {
        // A short text has few fields, however many names there are.
        let len = self.bytes.len() - start.min(self.bytes.len());
        let (most, most_bounds) = (most.min(len), (most * self.name_count).min(len));
        self.bounds.resize(most_bounds + self.name_count + BLOCK_LEN + NOTED, 0);
        self.starts.resize(most + BLOCK_LEN + NOTED, 0);
        let level = level_for_places();
        dispatch!(level, simd => self.note_places(simd, ends, start, most, most_bounds)).min(most)
    }

    #[inline(always)]
    fn note_places<S: Simd>(
        &mut self,
        _: S,
        ends: &Ends,
        start: usize,
        most: usize,
        most_bounds: usize,
    ) -> usize {
        let Ok(first) = u32::try_from(start) else { return 0 };
        let (mut bounds, mut starts) = (Noted::new(&mut self.bounds), Noted::new(&mut self.starts));
        bounds.note(first, 1);
        starts.note_few(first, 1);
        (self.doubled, self.has_returns) = (0..0, false);
        for (at, block) in ends.behind(start) {
            if block.has_doubled {
                let first = if self.doubled.is_empty() { at } else { self.doubled.start };
                self.doubled = first..at + BLOCK_LEN;
            }
            let Ok(at) = u32::try_from(at) else { break };
            bounds.note(at + 1, block.fields);
            starts.note_few(at + 1, block.lines);
            self.has_returns |= block.has_returns;
            if bounds.count > most_bounds || starts.count > most {
                break;
            }
        }
        self.bound_count = bounds.count;
        starts.count - 1
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
        let [start, next, ..] = *self.bounds else { return None };
        self.bounds = self.bounds.get(self.field_count..).unwrap_or_default();
        Some((start as usize, (next as usize).wrapping_sub(1)))
    }
}

impl<'b> Places<'b> {
    /// Of bounds of which the first two, and two behind each so many others, are those of a field.
    pub(super) fn new(bounds: &'b [u32], field_count: usize) -> Self {
        Self { bounds, field_count }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bounds.len() < 2
    }

    /// Those behind the first so many.
    pub(super) fn behind(&self, passed: usize) -> Self {
        let bounds = self.bounds.get(passed * self.field_count..).unwrap_or_default();
        Self { bounds, ..*self }
    }
}

/// The instructions to use where places are noted one by one. With newer ones, zeros are
/// counted in vectors, which takes longer where few are counted.
fn level_for_places() -> Level {
    let best = Level::new();
    #[cfg(target_arch = "x86_64")]
    let best = best.as_avx2().map_or(best, Level::Avx2);
    best
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
