//! Texts, or sequences of bytes, one after the other in one arena.

use std::ops::Range;

use crate::Bitmap;

/// Sequences of bytes in one arena.
///
/// Invariant: `offsets` starts with 0, never falls, has one entry more than there are values, and
/// ends with the length of `bytes`. In a text column every value is valid UTF-8, because it came
/// in as `&str` or was checked at the door that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strings {
    offsets: Vec<usize>,
    bytes: Vec<u8>,
}

impl Default for Strings {
    fn default() -> Self {
        Self { offsets: vec![0], bytes: Vec::new() }
    }
}

impl Strings {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for that many values with that many bytes in all.
    pub fn with_capacity(value_count: usize, byte_len: usize) -> Self {
        let mut offsets = Vec::with_capacity(value_count + 1);
        offsets.push(0);
        Self { offsets, bytes: Vec::with_capacity(byte_len) }
    }

    /// The values between these offsets into the bytes: one offset more than there are values, the
    /// first of them 0, none below the one before, the last where the bytes end. None where they
    /// are no such offsets.
    pub fn from_parts(offsets: Vec<usize>, bytes: Vec<u8>) -> Option<Self> {
        let is_whole = offsets.first() == Some(&0) && offsets.last() == Some(&bytes.len());
        (is_whole && offsets.is_sorted()).then_some(Self { offsets, bytes })
    }

    /// The values with empty ones between them, so that they stand where a bit is set. None where
    /// there are not as many values as such bits.
    #[must_use]
    pub fn spread(self, places: &Bitmap) -> Option<Self> {
        if places.count_ones() != self.len() {
            return None;
        }
        let mut offsets = Vec::with_capacity(places.len() + 1);
        let mut next = 0;
        offsets.push(0);
        offsets.extend(places.iter().map(|place| {
            next += usize::from(place);
            self.offsets[next]
        }));
        Some(Self { offsets, bytes: self.bytes })
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of all values.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes of the values in a range of positions, which must lie inside.
    pub fn byte_len_of(&self, range: Range<usize>) -> usize {
        self.offsets[range.end] - self.offsets[range.start]
    }

    /// Adds a value at the end.
    #[inline(always)]
    pub fn push(&mut self, value: impl AsRef<[u8]>) {
        self.bytes.extend_from_slice(value.as_ref());
        self.offsets.push(self.bytes.len());
    }

    /// Adds that many empty values at the end.
    pub fn push_empty(&mut self, count: usize) {
        self.offsets.resize(self.offsets.len() + count, self.bytes.len());
    }

    /// Keeps the first `len` values.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.offsets.truncate(len + 1);
            self.bytes.truncate(self.offsets[len]);
        }
    }

    /// The value at `index` as bytes; empty past the end.
    #[inline]
    pub fn bytes(&self, index: usize) -> &[u8] {
        match (self.offsets.get(index), self.offsets.get(index + 1)) {
            (Some(&start), Some(&end)) => &self.bytes[start..end],
            _ => &[],
        }
    }

    /// The value at `index` as text; empty past the end, and where it is no UTF-8.
    #[inline]
    pub fn text(&self, index: usize) -> &str {
        std::str::from_utf8(self.bytes(index)).unwrap_or_default()
    }

    /// All values as bytes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.offsets.windows(2).map(|pair| &self.bytes[pair[0]..pair[1]])
    }

    /// The values at these positions.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        let byte_len = rows.iter().map(|&row| self.bytes(row as usize).len()).sum();
        let mut gathered = Self::with_capacity(rows.len(), byte_len);
        rows.iter().for_each(|&row| gathered.push(self.bytes(row as usize)));
        gathered
    }

    /// The values in a range of positions, which must lie inside.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let start = self.offsets[range.start];
        let offsets = self.offsets[range.start..=range.end].iter().map(|offset| offset - start);
        Self {
            offsets: offsets.collect(),
            bytes: self.bytes[start..self.offsets[range.end]].to_vec(),
        }
    }

    /// Adds the values of another at the end.
    pub fn append(&mut self, other: &Self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.offsets.extend(other.offsets[1..].iter().map(|offset| start + offset));
    }

    /// Adds values of another at the end, those in a range of positions, which must lie inside.
    pub fn append_range(&mut self, other: &Self, range: Range<usize>) {
        let (from, to) = (other.offsets[range.start], self.bytes.len());
        self.bytes.extend_from_slice(&other.bytes[from..other.offsets[range.end]]);
        let offsets = &other.offsets[range.start + 1..=range.end];
        self.offsets.extend(offsets.iter().map(|offset| offset - from + to));
    }

    /// Gives back the room that the values do not take.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.offsets.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }

    /// The offsets, one more than there are values, and the bytes they lead into.
    pub fn parts(&self) -> (&[usize], &[u8]) {
        (&self.offsets, &self.bytes)
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for Strings {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut strings = Self::new();
        values.into_iter().for_each(|value| strings.push(value));
        strings
    }
}
