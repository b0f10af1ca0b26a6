//! LZ4 for values of eight bytes, such as doubles.
//!
//! Of doubles that were written with a few decimals the lower bits repeat, for those of a fraction
//! have a period; but not always the lowest byte, which is rounded. So repeats are looked for where a
//! value begins and one byte behind it, and the longer one is taken. That leaves an eighth fewer bytes
//! than a search at every byte that takes the first repeat it finds, and looks at a quarter of the
//! places.

/// The table of places is as large as most caches of a core allow.
const HASH_BITS: u32 = 14;

/// How many bytes of a place are looked up.
const LOOKED_UP_BITS: u32 = 40;

/// The fewest bytes that are worth a repeat, and the fewest that the format can say.
const LEAST_REPEAT: usize = 5;
const LEAST_LEN: usize = 4;

/// How far back a repeat may lie.
const FARTHEST: usize = (1 << 16) - 1;

/// Bytes at the end that are no repeats by the format: the last five; and none may begin in the last
/// twelve, which a value that is looked at never does.
const LAST_LITERALS: usize = 5;
const LAST_PLACES: usize = 16;

/// Where bytes were met last, by their hash. What lies there is compared: any place may stand in it.
pub(super) struct Places(Vec<u32>);

/// Bytes that were there before.
#[derive(Clone, Copy)]
struct Repeat {
    start: usize,
    len: usize,
    distance: usize,
}

impl Places {
    pub(super) fn new() -> Self {
        Self(vec![0; 1 << HASH_BITS])
    }

    /// Puts the bytes into `out` as a block of LZ4. The last value ends where they end.
    pub(super) fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        // What was met in other bytes would make equal bytes different blocks.
        self.0.fill(0);
        out.clear();
        // Levels may stand before the values.
        let (mut place, mut taken) = (bytes.len() % 8, 0);
        while place + LAST_PLACES < bytes.len() {
            let first = self.repeat(bytes, place, taken);
            let second = self.repeat(bytes, place + 1, taken);
            place += 8;
            let Some(repeat) = longer(first, second) else { continue };
            push_sequence(out, &bytes[taken..repeat.start], Some(repeat));
            taken = repeat.start + repeat.len;
            while place + 8 <= taken {
                self.met(bytes, place);
                self.met(bytes, place + 1);
                place += 8;
            }
        }
        push_sequence(out, &bytes[taken..], None);
    }

    /// The place that has bytes like those here, as far as is known; from now on it is this one.
    #[inline]
    fn met(&mut self, bytes: &[u8], place: usize) -> Option<usize> {
        let word = u64::from_le_bytes(*bytes.get(place..)?.first_chunk()?);
        let hash = (word << (64 - LOOKED_UP_BITS)).wrapping_mul(0x9e37_79b1_85eb_ca87);
        let slot = self.0.get_mut(usize::try_from(hash >> (64 - HASH_BITS)).ok()?)?;
        let place = u32::try_from(place).ok()?;
        usize::try_from(std::mem::replace(slot, place)).ok()
    }

    /// A repeat that has the bytes at a place, and no byte before `taken`.
    #[inline]
    fn repeat(&mut self, bytes: &[u8], place: usize, taken: usize) -> Option<Repeat> {
        let before = self.met(bytes, place)?;
        let distance = place.checked_sub(before)?;
        if place < taken || !(1..=FARTHEST).contains(&distance) {
            return None;
        }
        let end = bytes.len() - LAST_LITERALS;
        let after = alike(&bytes[place..end], &bytes[before..]);
        let back = bytes[taken..place].iter().rev().zip(bytes[..before].iter().rev());
        let back = back.take_while(|(left, right)| left == right).count();
        let (start, len) = (place - back, back + after);
        (after >= LEAST_LEN && len >= LEAST_REPEAT).then_some(Repeat { start, len, distance })
    }
}

/// The longer of two; the first of equal ones.
#[inline]
fn longer(first: Option<Repeat>, second: Option<Repeat>) -> Option<Repeat> {
    match (first, second) {
        (Some(one), Some(other)) if other.len > one.len => second,
        _ => first.or(second),
    }
}

/// How many bytes are the same from the front.
#[inline]
fn alike(left: &[u8], right: &[u8]) -> usize {
    let (lefts, _) = left.as_chunks::<8>();
    let (rights, _) = right.as_chunks::<8>();
    let mut len = 0;
    for (left, right) in lefts.iter().zip(rights) {
        let different = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if different != 0 {
            return len + different.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let rest = left[len..].iter().zip(&right[len..]);
    len + rest.take_while(|(left, right)| left == right).count()
}

/// Bytes as they are, and the repeat behind them; at the end there is none.
fn push_sequence(out: &mut Vec<u8>, literals: &[u8], repeat: Option<Repeat>) {
    const FOLLOWS: usize = 15;
    let len = repeat.map_or(0, |repeat| repeat.len - LEAST_LEN);
    let token = literals.len().min(FOLLOWS) << 4 | len.min(FOLLOWS);
    out.push(u8::try_from(token).unwrap_or_default());
    push_len(out, literals.len().checked_sub(FOLLOWS));
    out.extend_from_slice(literals);
    if let Some(repeat) = repeat {
        out.extend_from_slice(&u16::try_from(repeat.distance).unwrap_or_default().to_le_bytes());
        push_len(out, len.checked_sub(FOLLOWS));
    }
}

/// What of a length the token has no room for.
fn push_len(out: &mut Vec<u8>, rest: Option<usize>) {
    let Some(rest) = rest else { return };
    out.extend(std::iter::repeat_n(u8::MAX, rest / 255));
    out.push(u8::try_from(rest % 255).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(bytes: &[u8]) -> Vec<u8> {
        let (mut places, mut out) = (Places::new(), Vec::new());
        places.compress(bytes, &mut out);
        out
    }

    /// Prices and durations as they are written: some decimals, and the same ones again and again.
    fn prices(count: u32) -> Vec<u8> {
        (0..count)
            .flat_map(|row| (f64::from(row.wrapping_mul(40_503) % 90_000) / 1000.0).to_le_bytes())
            .collect()
    }

    #[test]
    fn of_doubles_with_decimals_fewer_bytes_are_left_than_by_a_search_at_every_byte() {
        let bytes = prices(20_000);
        let usual = lz4_flex::block::compress(&bytes);
        let own = block(&bytes);
        assert!(own.len() * 100 < usual.len() * 95, "{} and {}", own.len(), usual.len());
        assert_eq!(lz4_flex::block::decompress(&own, bytes.len()).unwrap(), bytes);
    }

    #[test]
    fn values_are_found_behind_levels() {
        let bytes = prices(4000);
        let behind_levels = [&[1, 2, 3], bytes.as_slice()].concat();
        assert!(block(&behind_levels).len() <= block(&bytes).len() + 8);
    }

    #[test]
    fn what_lies_too_far_back_is_no_repeat() {
        for apart in [FARTHEST - 8, FARTHEST - 7, FARTHEST, FARTHEST + 1] {
            let mut bytes = b"a value ".repeat(2);
            bytes.resize(apart, 0);
            bytes.extend_from_slice(&b"a value ".repeat(8));
            let back = lz4_flex::block::decompress(&block(&bytes), bytes.len()).unwrap();
            assert_eq!(back, bytes);
        }
    }

    proptest! {
        #[test]
        fn what_is_compressed_comes_back_and_depends_on_nothing_before(
            picks in prop::collection::vec((0_usize..5, 0_usize..400), 0..40),
        ) {
            let mut bytes = Vec::new();
            for (kind, len) in picks {
                match kind {
                    0 => bytes.resize(bytes.len() + len, 0),
                    1 => bytes.extend((0..len).map(|byte| (byte * byte % 251).to_le_bytes()[0])),
                    2 => bytes.extend_from_slice(&prices(17)),
                    3 => bytes.extend_from_within(bytes.len().saturating_sub(len)..),
                    _ => bytes.push(7),
                }
            }
            let (mut places, mut out) = (Places::new(), Vec::new());
            places.compress(&prices(1000), &mut out);
            places.compress(&bytes, &mut out);
            prop_assert_eq!(&out, &block(&bytes));
            prop_assert!(out.len() <= lz4_flex::block::get_maximum_output_size(bytes.len()));
            prop_assert_eq!(lz4_flex::block::decompress(&out, bytes.len()).unwrap(), bytes);
        }
    }
}
