//! Booleans packed into words.

use fearless_simd::{Level, Simd, dispatch, mask32x16, prelude::*, u8x64, u32x16};

/// How many numbers a vector has.
const LANES: usize = 16;

/// A sequence of bits, 64 to a word.
///
/// Invariant: `words` holds just the words that `len` bits need, and the bits past `len` in the
/// last one are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// No bits.
    pub fn new() -> Self {
        Self::default()
    }

    /// That many bits of one value.
    pub fn filled(value: bool, len: usize) -> Self {
        let mut bitmap =
            Self { words: vec![if value { u64::MAX } else { 0 }; len.div_ceil(64)], len };
        bitmap.clear_tail();
        bitmap
    }

    /// `len` bits, each asked for by its position.
    pub fn from_fn(len: usize, mut bit: impl FnMut(usize) -> bool) -> Self {
        let words = (0..len.div_ceil(64))
            .map(|word| {
                let start = word * 64;
                let end = (start + 64).min(len);
                (start..end)
                    .fold(0, |bits, index| bits | (u64::from(bit(index)) << (index - start)))
            })
            .collect();
        Self { words, len }
    }

    /// One bit for each of the values.
    pub fn from_values<T: Copy>(values: &[T], bit: impl Fn(T) -> bool) -> Self {
        dispatch!(Level::new(), simd => Self::from_values_with(simd, values, bit))
    }

    #[inline(always)]
    fn from_values_with<S: Simd, T: Copy>(simd: S, values: &[T], bit: impl Fn(T) -> bool) -> Self {
        let mut words = Vec::with_capacity(values.len().div_ceil(64));
        let (chunks, rest) = values.as_chunks::<64>();
        let mut bytes = [0; 64];
        for chunk in chunks {
            for (byte, &value) in bytes.iter_mut().zip(chunk) {
                *byte = u8::from(bit(value));
            }
            words.push(u8x64::load_array(simd, bytes).simd_eq(1).to_bitmask());
        }
        if !rest.is_empty() {
            let bits = rest.iter().rev().fold(0, |bits, &value| bits << 1 | u64::from(bit(value)));
            words.push(bits);
        }
        Self { words, len: values.len() }
    }

    /// How many bits there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bit at `index`; false past the end.
    #[inline]
    pub fn get(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Sets the bit at `index`; does nothing past the end.
    pub fn set(&mut self, index: usize, value: bool) {
        if index < self.len
            && let Some(word) = self.words.get_mut(index / 64)
        {
            *word = *word & !(1 << (index % 64)) | (u64::from(value) << (index % 64));
        }
    }

    /// Adds a bit at the end.
    #[inline]
    pub fn push(&mut self, value: bool) {
        let bit = u64::from(value) << (self.len % 64);
        match self.words.last_mut() {
            Some(word) if !self.len.is_multiple_of(64) => *word |= bit,
            _ => self.words.push(bit),
        }
        self.len += 1;
    }

    /// Adds `count` bits of one value at the end.
    #[inline]
    pub fn extend(&mut self, value: bool, count: usize) {
        // Most runs are short and end in the word that they start in.
        let shift = self.len % 64;
        match self.words.last_mut() {
            Some(last) if shift > 0 && shift + count < 64 => {
                *last |= ((u64::from(value) << count) - u64::from(value)) << shift;
                self.len += count;
            }
            _ => self.extend_words(value, count),
        }
    }

    fn extend_words(&mut self, value: bool, count: usize) {
        let old_len = self.len;
        self.len += count;
        let word_count = self.len.div_ceil(64);
        if value {
            if !old_len.is_multiple_of(64)
                && let Some(last) = self.words.last_mut()
            {
                *last |= u64::MAX << (old_len % 64);
            }
            self.words.resize(word_count, u64::MAX);
            self.clear_tail();
        } else {
            self.words.resize(word_count, 0);
        }
    }

    /// Keeps the first `len` bits.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.words.truncate(len.div_ceil(64));
            self.clear_tail();
        }
    }

    /// Adds the bits of another at the end.
    pub fn append(&mut self, other: &Self) {
        let shift = self.len % 64;
        self.len += other.len;
        if shift == 0 {
            self.words.extend_from_slice(&other.words);
            return;
        }
        for word in &other.words {
            if let Some(last) = self.words.last_mut() {
                *last |= word << shift;
            }
            self.words.push(word >> (64 - shift));
        }
        self.words.truncate(self.len.div_ceil(64));
    }

    /// Adds `count` bits of another at the end, from `start` on. Past its end there are zeros.
    pub fn append_range(&mut self, other: &Self, start: usize, count: usize) {
        let mut done = 0;
        while done < count {
            let taken = (count - done).min(64);
            self.push_word(other.word_at(start + done), taken);
            done += taken;
        }
    }

    /// The 64 bits from `start` on.
    #[inline]
    fn word_at(&self, start: usize) -> u64 {
        let (index, shift) = (start / 64, start % 64);
        let word = |index: usize| self.words.get(index).copied().unwrap_or_default();
        if shift == 0 {
            word(index)
        } else {
            word(index) >> shift | word(index + 1) << (64 - shift)
        }
    }

    /// Adds the lowest `count` bits of a word, which are 64 at most, and one at least.
    #[inline]
    fn push_word(&mut self, word: u64, count: usize) {
        let word = word & (u64::MAX >> (64 - count));
        let shift = self.len % 64;
        match self.words.last_mut() {
            Some(last) if shift > 0 => {
                *last |= word << shift;
                if shift + count > 64 {
                    self.words.push(word >> (64 - shift));
                }
            }
            _ => self.words.push(word),
        }
        self.len += count;
    }

    /// Adds the first `count` bits of these bytes at the end, the lowest bit of each byte first.
    /// Where there are not so many, zeros stand for the rest.
    pub fn append_packed(&mut self, bytes: &[u8], count: usize) {
        let (whole, rest) = bytes.as_chunks::<8>();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let words = whole.iter().chain(std::iter::once(&last)).take(count.div_ceil(64));
        let mut packed =
            Self { words: words.map(|word| u64::from_le_bytes(*word)).collect(), len: count };
        packed.words.resize(count.div_ceil(64), 0);
        packed.clear_tail();
        if self.is_empty() {
            *self = packed;
        } else {
            self.append(&packed);
        }
    }

    /// The bits, 64 to a word, the first in the lowest; those past the end are zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// How many bits are set.
    pub fn count_ones(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The positions of the bits that are set, ascending.
    pub fn ones(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            std::iter::successors((word != 0).then_some(word), |rest| {
                let rest = rest & (rest - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |rest| index * 64 + rest.trailing_zeros() as usize)
        })
    }

    /// The positions of the bits that are set, ascending, as far as 32 bits count them.
    pub fn positions(&self) -> Vec<u32> {
        dispatch!(Level::new(), simd => self.positions_with(simd))
    }

    #[inline(always)]
    fn positions_with<S: Simd>(&self, simd: S) -> Vec<u32> {
        // What a vector has too much is overwritten by the next one, or cut off in the end.
        let mut positions = vec![0; self.count_ones() + LANES];
        let mut len = 0;
        let lanes =
            u32x16::load_array(simd, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        for (&word, start) in self.words.iter().zip((0_u32..=u32::MAX).step_by(64)) {
            let (mut word, mut start) = (word, start);
            while word != 0 {
                let bits = word & 0xffff;
                if let Some(room) = positions[len..].first_chunk_mut() {
                    let picked = mask32x16::from_bitmask(simd, bits);
                    (lanes + start).compress(picked).store_array(room);
                }
                len += bits.count_ones() as usize;
                (word, start) = (word >> LANES, start.wrapping_add(16));
            }
        }
        positions.truncate(len);
        positions
    }

    /// Puts a value at the places whose bits are not set, as far as there are bits.
    pub fn fill_unset<T: Copy>(&self, places: &mut [T], value: T) {
        let len = places.len().min(self.len);
        for (places, word) in places[..len].chunks_mut(64).zip(&self.words) {
            // A step for each of them: a look at each bit would be a branch that follows no rule.
            let mut unset = !word;
            while let Some(place) = places.get_mut(unset.trailing_zeros() as usize) {
                *place = value;
                unset &= unset - 1;
            }
        }
    }

    /// All bits in order.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        (0..self.len).map(|index| self.get(index))
    }

    /// The bits set in both. The lengths must agree; the shorter decides.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |left, right| left & right)
    }

    /// The bits set in either. The lengths must agree; the shorter decides.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.zip(other, |left, right| left | right)
    }

    /// The bits that are not set.
    #[must_use]
    pub fn not(&self) -> Self {
        let mut bitmap =
            Self { words: self.words.iter().map(|word| !word).collect(), len: self.len };
        bitmap.clear_tail();
        bitmap
    }

    /// The bits at these positions; false past the end.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        if let Some((first, count)) = self.only_run() {
            return Self::from_values(rows, |row| row.wrapping_sub(first) < count);
        }
        if self.len > rows.len() {
            return Self::from_values(rows, |row| self.get(row as usize));
        }
        if let [word] = self.words[..] {
            return dispatch!(Level::new(), simd => gathered_of(simd, word, rows));
        }
        // A byte is found in fewer steps than a bit.
        let bytes: Vec<u8> = self.iter().map(u8::from).collect();
        let byte = |row: u32| bytes.get(row as usize).copied().unwrap_or_default();
        let words = rows.chunks(64).map(|rows| {
            let mut picked = [0; 64];
            for (picked, &row) in picked.iter_mut().zip(rows) {
                *picked = byte(row);
            }
            packed(&picked)
        });
        Self { words: words.collect(), len: rows.len() }
    }

    /// Where all bits that are set follow each other: the first of them, and how many they are. So are
    /// those that a condition leaves of words in order, and the one that a word is equal to.
    fn only_run(&self) -> Option<(u32, u32)> {
        let is_set = |word: &u64| *word != 0;
        let Some(first) = self.words.iter().position(is_set) else { return Some((0, 0)) };
        let last = self.words.iter().rposition(is_set)?;
        let start = first * 64 + self.words[first].trailing_zeros() as usize;
        let end = (last + 1) * 64 - self.words[last].leading_zeros() as usize;
        let count = end - start;
        let is_run = self.count_ones() == count;
        Some((u32::try_from(start).ok()?, u32::try_from(count).ok()?)).filter(|_| is_run)
    }

    /// `len` bits from `start` on, as far as there are any.
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        let len = len.min(self.len.saturating_sub(start));
        if start.is_multiple_of(64) {
            let first = start / 64;
            let mut bitmap =
                Self { words: self.words[first..first + len.div_ceil(64)].to_vec(), len };
            bitmap.clear_tail();
            return bitmap;
        }
        let (first, shift) = (start / 64, start % 64);
        let word = |index: usize| self.words.get(index).copied().unwrap_or_default();
        let words = (first..first + len.div_ceil(64))
            .map(|index| word(index) >> shift | word(index + 1) << (64 - shift));
        let mut bitmap = Self { words: words.collect(), len };
        bitmap.clear_tail();
        bitmap
    }

    fn zip(&self, other: &Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(left, right)| combine(*left, *right));
        let mut bitmap = Self { words: words.collect(), len: self.len.min(other.len) };
        bitmap.clear_tail();
        bitmap
    }

    fn clear_tail(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }
}

impl FromIterator<bool> for Bitmap {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        let mut bitmap = Self::new();
        bits.into_iter().for_each(|bit| bitmap.push(bit));
        bitmap
    }
}

/// The bits of a word at these positions; false past the end.
#[inline(always)]
fn gathered_of<S: Simd>(simd: S, word: u64, rows: &[u32]) -> Bitmap {
    let bytes = u8x64::from_fn(simd, |index| (word >> index & 1) as u8);
    let mut bits = Vec::with_capacity(rows.len().div_ceil(64));
    let (chunks, rest) = rows.as_chunks::<64>();
    for chunk in chunks {
        if chunk.iter().fold(0, |all, row| all | row) < 64 {
            let places = u8x64::load_array(simd, chunk.map(|row| (row & 0xff) as u8));
            bits.push(bytes.swizzle_dyn(places).simd_eq(1).to_bitmask());
        } else {
            bits.push(word_at(word, chunk));
        }
    }
    if !rest.is_empty() {
        bits.push(word_at(word, rest));
    }
    Bitmap { words: bits, len: rows.len() }
}

/// The bits of a word at up to 64 positions.
fn word_at(word: u64, rows: &[u32]) -> u64 {
    let bit = |row: u32| word.checked_shr(row).unwrap_or_default() & 1;
    rows.iter().rev().fold(0, |bits, &row| bits << 1 | bit(row))
}

/// Bytes of 0 and 1 as bits.
fn packed(bytes: &[u8; 64]) -> u64 {
    /// Moves the bit of each byte to its place in the highest one.
    const TO_HIGHEST: u64 = 0x0102_0408_1020_4080;
    let (eights, _) = bytes.as_chunks::<8>();
    let packed = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(TO_HIGHEST) >> 56;
    eights.iter().rev().fold(0, |word, eight| word << 8 | packed(eight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_of_bits_is_gathered_as_any_other_bits() {
        let rows: Vec<u32> = (0..1000).map(|row| row * 37 % 330).collect();
        for (start, end) in [(0, 0), (0, 1), (63, 64), (60, 70), (64, 300), (0, 300)] {
            let bits = Bitmap::from_fn(300, |row| (start..end).contains(&row));
            let expected = Bitmap::from_fn(rows.len(), |row| bits.get(rows[row] as usize));
            assert_eq!(bits.gather(&rows), expected, "{start}..{end}");
        }
    }

    proptest! {
        #[test]
        fn a_bitmap_is_a_vector_of_booleans(
            bits in prop::collection::vec(any::<bool>(), 0..300),
            more in prop::collection::vec(any::<bool>(), 0..200),
            start in 0_usize..300,
        ) {
            let bitmap: Bitmap = bits.iter().copied().collect();
            prop_assert_eq!(&bitmap, &Bitmap::from_fn(bits.len(), |index| bits[index]));
            prop_assert_eq!(&bitmap, &Bitmap::from_values(&bits, |bit| bit));
            prop_assert_eq!(bitmap.iter().collect::<Vec<_>>(), bits.clone());
            let ones: Vec<usize> = (0..bits.len()).filter(|&index| bits[index]).collect();
            prop_assert_eq!(bitmap.count_ones(), ones.len());
            let positions = bitmap.positions();
            prop_assert!(positions.iter().map(|position| *position as usize).eq(ones.iter().copied()));
            let mut places: Vec<usize> = (0..bits.len() + more.len()).collect();
            bitmap.fill_unset(&mut places, usize::MAX);
            for (row, place) in places.into_iter().enumerate() {
                let is_unset = bits.get(row).is_some_and(|bit| !bit);
                prop_assert_eq!(place, if is_unset { usize::MAX } else { row });
            }
            prop_assert_eq!(bitmap.ones().collect::<Vec<_>>(), ones);
            prop_assert_eq!(bitmap.not().not(), bitmap.clone());
            for row_count in [start, bits.len() + start] {
                let rows: Vec<u32> = (0..).step_by(37).map(|row| row % 310).take(row_count).collect();
                let expected: Vec<bool> =
                    rows.iter().map(|row| bits.get(*row as usize).is_some_and(|bit| *bit)).collect();
                prop_assert_eq!(bitmap.gather(&rows).iter().collect::<Vec<_>>(), expected);
            }

            let mut joined = bitmap.clone();
            joined.append(&more.iter().copied().collect());
            let expected: Vec<bool> = bits.iter().chain(&more).copied().collect();
            prop_assert_eq!(joined.iter().collect::<Vec<_>>(), expected);

            let mut part = bitmap.clone();
            part.append_range(&joined, start, 70);
            let expected: Vec<bool> = (start..start + 70).map(|index| joined.get(index)).collect();
            prop_assert_eq!(part.slice(bits.len(), 70).iter().collect::<Vec<_>>(), expected);
            prop_assert_eq!(part.slice(0, bits.len()), bitmap.clone());

            let bytes: Vec<u8> = joined.words().iter().flat_map(|word| word.to_le_bytes()).collect();
            let mut unpacked = bitmap.clone();
            unpacked.append_packed(&bytes, joined.len());
            let mut twice = bitmap.clone();
            twice.append(&joined);
            prop_assert_eq!(unpacked, twice);

            let start = start.min(bits.len());
            prop_assert_eq!(bitmap.slice(start, 70).iter().collect::<Vec<_>>(),
                bits[start..(start + 70).min(bits.len())].to_vec());

            for (value, count) in [(true, 65), (true, start), (false, start), (true, start % 64)] {
                let mut extended = bitmap.clone();
                extended.extend(value, count);
                let more = (0..count).map(|_| value);
                let expected: Bitmap = bitmap.iter().chain(more).collect();
                prop_assert_eq!(extended, expected);
            }
        }
    }
}
