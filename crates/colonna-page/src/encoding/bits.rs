//! Integers of a fixed number of bits side by side, the lowest bit first.

use fearless_simd::{Level, Simd, dispatch, prelude::*, u8x64, u32x16};

/// How many values are packed at a time: with so many, values of any width end at a whole byte.
pub(super) const BLOCK: usize = 32;

/// How many bits the largest of them needs.
pub(super) fn width_of(largest: u64) -> u32 {
    u64::BITS - largest.leading_zeros()
}

/// Adds values of `width` bits, of 32 at most, which end at a byte: zeros fill the last one up.
pub(super) fn pack<T: Copy + Into<u32>>(out: &mut Vec<u8>, values: &[T], width: u32) {
    out.reserve((values.len() * width as usize).div_ceil(8) + BLOCK * 4);
    let wide = |value: &T| -> u32 { (*value).into() };
    match width {
        8 => out.extend(values.iter().map(|value| (wide(value) & 0xff) as u8)),
        16 => {
            let narrow = |value| ((wide(value) & 0xffff) as u16).to_le_bytes();
            out.extend(values.iter().flat_map(narrow));
        }
        32 => out.extend(values.iter().flat_map(|value| wide(value).to_le_bytes())),
        _ => {
            let pack = packer(width);
            let (blocks, rest) = values.as_chunks::<BLOCK>();
            blocks.iter().for_each(|block| pack(&block.map(Into::into), out));
            if !rest.is_empty() {
                let mut block = [0; BLOCK];
                block.iter_mut().zip(rest).for_each(|(place, value)| *place = wide(value));
                let end = out.len() + (rest.len() * width as usize).div_ceil(8);
                pack(&block, out);
                out.truncate(end);
            }
        }
    }
}

/// So many values of any width end at a whole byte, too, and are few enough that a loop over them
/// becomes straight code.
const GROUP: usize = 8;

/// Packs a block of values of `WIDTH` bits. The width is known when it is compiled.
fn pack_block<const WIDTH: usize>(values: &[u32; BLOCK], out: &mut Vec<u8>) {
    // What a group has too much is overwritten by the next, or cut off in the end.
    let mut bytes = [0_u8; BLOCK * 4];
    for (index, values) in values.as_chunks::<GROUP>().0.iter().enumerate() {
        let mut words = [0_u64; GROUP / 2];
        for (index, value) in values.iter().enumerate() {
            let (word, shift) = (index * WIDTH / 64, index * WIDTH % 64);
            words[word] |= u64::from(*value) << shift;
            if shift + WIDTH > 64 {
                words[word + 1] |= u64::from(*value) >> (64 - shift);
            }
        }
        let words = words.map(u64::to_le_bytes);
        if let Some(room) = bytes[index * WIDTH..].first_chunk_mut::<{ GROUP * 4 }>() {
            room.copy_from_slice(words.as_flattened());
        }
    }
    out.extend_from_slice(&bytes[..WIDTH * 4]);
}

type Packer = fn(&[u32; BLOCK], &mut Vec<u8>);

fn packer(width: u32) -> Packer {
    macro_rules! by_width {
        ($($known:literal)+) => {
            match width {
                $($known => pack_block::<$known>,)+
                _ => pack_block::<0>,
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
}

/// Adds values of `width` bits, of 64 at most, which end at a byte: zeros fill the last one up.
pub(super) fn pack_wide(out: &mut Vec<u8>, values: &[u64], width: u32) {
    let (mut bits, mut count) = (0_u128, 0);
    for value in values {
        bits |= u128::from(*value) << count;
        count += width;
        if count >= 64 {
            out.extend_from_slice(&bits.to_le_bytes()[..8]);
            bits >>= 64;
            count -= 64;
        }
    }
    out.extend_from_slice(&bits.to_le_bytes()[..count.div_ceil(8) as usize]);
}

/// Adds the values of `width` bits, of 32 at most, that the bytes begin with: `count` of them, for
/// which there must be bytes enough. Where there are more, the last values are read faster.
pub(super) fn unpack(out: &mut Vec<u32>, bytes: &[u8], width: u32, count: usize) {
    out.reserve(count);
    match width {
        0 => out.resize(out.len() + count, 0),
        8 => out.extend(bytes.iter().take(count).map(|byte| u32::from(*byte))),
        16 => {
            let words = bytes.as_chunks::<2>().0.iter().take(count);
            out.extend(words.map(|word| u32::from(u16::from_le_bytes(*word))));
        }
        32 => {
            let words = bytes.as_chunks::<4>().0.iter().take(count);
            out.extend(words.map(|word| u32::from_le_bytes(*word)));
        }
        _ => unpacker(width)(out, bytes, count),
    }
}

/// How many bytes are read at once: values of 32 bits that begin within the first byte end in them.
const READ: usize = size_of::<u64>();

/// Up to so many bits a value that begins within a byte ends in four.
const NARROW: usize = 25;

/// Adds `count` values of `WIDTH` bits, which is known when it is compiled.
fn unpack_blocks<const WIDTH: usize>(out: &mut Vec<u32>, bytes: &[u8], count: usize) {
    let start = out.len();
    out.resize(start + count.next_multiple_of(BLOCK), 0);
    if WIDTH <= NARROW {
        dispatch!(Level::new(), simd => unpack_narrow::<_, WIDTH>(simd, &mut out[start..], bytes));
    } else {
        unpack_wider::<WIDTH>(&mut out[start..], bytes);
    }
    out.truncate(start + count);
}

/// How many values are cut out at once, and four times as many bytes.
const LANES: usize = 16;

/// Which four bytes each of the values is in.
#[expect(clippy::cast_possible_truncation, reason = "of narrow values it is below 64")]
const fn places(width: usize) -> [u8; 4 * LANES] {
    let (mut places, mut at) = ([0; 4 * LANES], 0);
    while at < places.len() {
        places[at] = (at / 4 * width / 8 + at % 4) as u8;
        at += 1;
    }
    places
}

/// Behind how many bits of these each of the values starts.
#[expect(clippy::cast_possible_truncation, reason = "it is below 8")]
const fn shifts(width: usize) -> [u32; LANES] {
    let (mut shifts, mut at) = ([0; LANES], 0);
    while at < LANES {
        shifts[at] = (at * width % 8) as u32;
        at += 1;
    }
    shifts
}

/// Values of so few bits that each is cut out of four bytes, many of them at once.
#[inline(always)]
fn unpack_narrow<S: Simd, const WIDTH: usize>(simd: S, out: &mut [u32], mut bytes: &[u8]) {
    let places = u8x64::load_array_ref(simd, const { &places(WIDTH) });
    let shifts = u32x16::load_array_ref(simd, const { &shifts(WIDTH) });
    let mask = u32x16::splat(simd, low_word((1 << WIDTH) - 1));
    for values in out.as_chunks_mut::<LANES>().0 {
        let read = match bytes.first_chunk() {
            Some(read) => u8x64::load_array_ref(simd, read),
            None => {
                // What is lacking is not asked for.
                let mut last = [0; 4 * LANES];
                last[..bytes.len()].copy_from_slice(bytes);
                u8x64::load_array(simd, last)
            }
        };
        let words: u32x16<S> = read.swizzle_dyn(places).bitcast();
        (words >> shifts & mask).store_array(values);
        bytes = bytes.get(WIDTH * LANES / 8..).unwrap_or_default();
    }
}

/// Values one by one, each a read, a shift and a mask at places that are known.
fn unpack_wider<const WIDTH: usize>(out: &mut [u32], bytes: &[u8]) {
    let blocks = out.as_chunks_mut::<BLOCK>().0;
    for (values, bytes) in blocks.iter_mut().zip(bytes.chunks(WIDTH * BLOCK / 8)) {
        // What a short block lacks is not asked for.
        let mut whole = [0; BLOCK * 4 + READ];
        whole[..bytes.len()].copy_from_slice(bytes);
        let mask = if WIDTH == 0 { 0 } else { u64::from(u32::MAX >> (32 - WIDTH)) };
        for (index, value) in values.iter_mut().enumerate() {
            let (byte, shift) = (index * WIDTH / 8, index * WIDTH % 8);
            let word = whole[byte..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
            *value = low_word(word >> shift & mask);
        }
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low half is asked for")]
fn low_word(word: u64) -> u32 {
    word as u32
}

type Unpacker = fn(&mut Vec<u32>, &[u8], usize);

fn unpacker(width: u32) -> Unpacker {
    macro_rules! by_width {
        ($($known:literal)+) => {
            match width {
                $($known => unpack_blocks::<$known>,)+
                _ => unpack_blocks::<0>,
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
}

/// Adds the values of `width` bits, of 64 at most, that the bytes begin with: as many as there are,
/// and no more than `count`.
pub(super) fn unpack_wide(out: &mut Vec<u64>, bytes: &[u8], width: u32, count: usize) {
    if width == 0 {
        out.resize(out.len() + count, 0);
        return;
    }
    let (width, mask) = (width.min(64) as usize, u64::MAX >> (64 - width.min(64)));
    let count = count.min(bytes.len() * 8 / width);
    out.reserve(count);
    for index in 0..count {
        let (byte, shift) = (index * width / 8, index * width % 8);
        let (low, behind) = match bytes[byte..].split_first_chunk() {
            Some((low, behind)) => (u64::from_le_bytes(*low), behind.first()),
            None => {
                let mut last = [0; READ];
                last[..bytes.len() - byte].copy_from_slice(&bytes[byte..]);
                (u64::from_le_bytes(last), None)
            }
        };
        // What does not begin with a byte may end in a ninth.
        let high = behind.map_or(0, |behind| u64::from(*behind) << 8 << (56 - shift));
        out.push((low >> shift | high) & mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unpacking_inverts_packing(
            values in prop::collection::vec(any::<u64>(), 0..200),
            width in 0_u32..=64,
        ) {
            let mask = if width == 0 { 0 } else { u64::MAX >> (64 - width) };
            let wide: Vec<u64> = values.iter().map(|value| value & mask).collect();
            let mut bytes = Vec::new();
            pack_wide(&mut bytes, &wide, width);
            prop_assert_eq!(bytes.len(), (wide.len() * width as usize).div_ceil(8));
            let mut unpacked = vec![7];
            unpack_wide(&mut unpacked, &bytes, width, wide.len());
            prop_assert_eq!(&unpacked[1..], &wide);

            if width <= 32 {
                let narrow: Vec<u32> =
                    wide.iter().map(|value| u32::try_from(*value).unwrap()).collect();
                let mut same = Vec::new();
                pack(&mut same, &narrow, width);
                prop_assert_eq!(&same, &bytes);
                let mut unpacked = vec![7];
                unpack(&mut unpacked, &bytes, width, narrow.len());
                prop_assert_eq!(&unpacked[1..], &narrow);
            }
        }

        #[test]
        fn no_more_is_unpacked_than_there_is(
            bytes in prop::collection::vec(any::<u8>(), 0..50),
            width in 1_u32..=64,
            count in any::<usize>(),
        ) {
            let mut unpacked = Vec::new();
            unpack_wide(&mut unpacked, &bytes, width, count);
            prop_assert!(unpacked.len() * width as usize <= bytes.len() * 8);
        }
    }
}
