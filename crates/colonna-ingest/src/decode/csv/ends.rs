//! Where the fields and the lines of a text end, a bit for each byte.
//!
//! Who cuts a source into chunks finds that for the quotes' sake, and hands it on with the chunk, so
//! that nobody looks for it again. Where it was not looked for, it is found a part at a time.

use fearless_simd::{Level, Simd, dispatch};

use super::marks::{BLOCK_LEN, Blocks, Marks, Meanings, Quoting};

/// The ends in a text from the start of a record on, as far as quotes are told apart by counting.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    start: usize,
    blocks: Vec<Block>,
    /// Up to here they are known.
    end: usize,
}

/// The ends in 64 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    /// Where delimiters and line ends stand that are not in quotes.
    pub(super) fields: u64,
    /// The line ends among them.
    pub(super) lines: u64,
    /// Whether there is any doubled quote.
    pub(super) has_doubled: bool,
    /// Whether there is any CR.
    pub(super) has_returns: bool,
}

impl Ends {
    /// Finds them from `start` on, where a record starts, up to the first quote that needs the rules.
    /// In a dialect without escapes a quote in quotes is doubled.
    pub(super) fn find(&mut self, meanings: Meanings, is_doubled: bool, text: &[u8], start: usize) {
        self.blocks.clear();
        (self.start, self.end) = (start, start);
        let text = text.get(start..).unwrap_or_default();
        self.blocks.reserve_exact(text.len().div_ceil(BLOCK_LEN));
        dispatch!(Level::new(), simd => self.fill(simd, meanings, is_doubled, text));
    }

    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, meanings: Meanings, is_doubled: bool, text: &[u8]) {
        let mut quoting = Quoting::new(is_doubled);
        for (block, len) in Blocks::of(text).iter() {
            let marks = Marks::of(simd, meanings, block, len);
            let (within, odd, has_doubled) = quoting.step(&marks);
            // Up to the first odd one.
            let known = !within & odd.wrapping_sub(1) & !odd;
            self.blocks.push(Block {
                fields: marks.ends & known,
                lines: marks.newlines & known,
                has_doubled,
                has_returns: marks.returns != 0,
            });
            if odd != 0 {
                self.end += odd.trailing_zeros() as usize;
                return;
            }
            self.end += len;
        }
    }

    /// Up to where they are known.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Where the last line ends, behind its line end. The start, where none does.
    pub(super) fn last_line_end(&self) -> usize {
        let last = self.blocks.iter().rposition(|block| block.lines != 0);
        let block = last.and_then(|last| Some((last, self.blocks.get(last)?)));
        block.map_or(self.start, |(index, block)| {
            self.start + (index + 1) * BLOCK_LEN - block.lines.leading_zeros() as usize
        })
    }

    /// Forgets those behind the first `len` bytes of the text.
    pub(super) fn truncate(&mut self, len: usize) {
        self.end = self.end.min(len);
        let known = self.end.saturating_sub(self.start);
        self.blocks.truncate(known.div_ceil(BLOCK_LEN));
        if let (Some(last), 1..) = (self.blocks.last_mut(), known % BLOCK_LEN) {
            let mask = (1 << (known % BLOCK_LEN)) - 1;
            (last.fields, last.lines) = (last.fields & mask, last.lines & mask);
        }
    }

    /// Whether a record starts there, as far as they know.
    pub(super) fn has_start(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(self.start + 1) else { return at == self.start };
        let block = self.blocks.get(before / BLOCK_LEN);
        block.is_some_and(|block| block.lines >> (before % BLOCK_LEN) & 1 == 1)
    }

    /// The ends from a place on: the blocks, and where each of them starts. What ends before the place
    /// is in none of them.
    #[inline(always)]
    pub(super) fn behind(&self, at: usize) -> impl Iterator<Item = (usize, Block)> {
        let passed = at.saturating_sub(self.start);
        let first = passed / BLOCK_LEN;
        let mut mask = u64::MAX << (passed % BLOCK_LEN);
        let blocks = self.blocks.get(first..).unwrap_or_default();
        let starts = (self.start + first * BLOCK_LEN..).step_by(BLOCK_LEN);
        starts.zip(blocks).map(move |(start, block)| {
            let block = Block { fields: block.fields & mask, lines: block.lines & mask, ..*block };
            mask = u64::MAX;
            (start, block)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where lines end that are not in quotes, and where delimiters stand, found byte by byte.
    fn ends_of(text: &[u8]) -> (Vec<usize>, Vec<usize>) {
        let (mut fields, mut lines, mut is_quoted) = (Vec::new(), Vec::new(), false);
        for (at, byte) in text.iter().enumerate() {
            is_quoted ^= *byte == b'"';
            if !is_quoted && b",\n".contains(byte) {
                fields.push(at);
            }
            if !is_quoted && *byte == b'\n' {
                lines.push(at);
            }
        }
        (fields, lines)
    }

    fn places(bits: impl Iterator<Item = (usize, u64)>) -> Vec<usize> {
        let each = |(start, bits): (usize, u64)| {
            (0..BLOCK_LEN).filter(move |at| bits >> at & 1 == 1).map(move |at| start + at)
        };
        bits.flat_map(each).collect()
    }

    proptest! {
        #[test]
        fn ends_are_those_outside_of_quotes(
            lines in prop::collection::vec("([a-z]{0,9}|\"([a-z,\n]|\"\"){0,9}\")(,[a-z]{0,5}){0,3}\r?\n", 0..40),
            tail in "[a-z,]{0,9}",
            odd in prop::option::of("[a-z]\"[a-z,\n]{0,99}"),
            len: prop::sample::Index,
            from: prop::sample::Index,
        ) {
            let known = lines.concat() + &tail;
            // The quote itself needs the rules.
            let odd_at = odd.as_ref().map(|_| known.len() + 1);
            let text = known.clone() + &odd.unwrap_or_default();
            let meanings = Meanings { delimiter: b',', quote: Some(b'"') };
            let start = lines.first().map_or(0, String::len);
            let mut ends = Ends::default();
            ends.find(meanings, true, text.as_bytes(), start);
            prop_assert_eq!(ends.end(), odd_at.unwrap_or(text.len()));
            let (mut fields, mut line_ends) = ends_of(known.as_bytes());
            fields.retain(|at| *at >= start);
            line_ends.retain(|at| *at >= start);
            prop_assert_eq!(ends.last_line_end(), line_ends.last().map_or(start, |at| at + 1));
            let len = len.index(text.len() + 1).max(start);
            ends.truncate(len);
            let from = start + from.index(text.len() + 1 - start);
            for at in 0..=text.len() {
                let is_start = at == start || (line_ends.contains(&(at.wrapping_sub(1))) && at <= len);
                prop_assert_eq!(ends.has_start(at), is_start, "{}", at);
            }
            let is_left = |at: &usize| *at >= from && *at < len;
            fields.retain(is_left);
            line_ends.retain(is_left);
            prop_assert_eq!(places(ends.behind(from).map(|(at, it)| (at, it.fields))), fields);
            prop_assert_eq!(places(ends.behind(from).map(|(at, it)| (at, it.lines))), line_ends);
        }
    }
}
