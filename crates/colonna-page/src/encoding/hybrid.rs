//! RLE: runs of one value, and between them values side by side in a few bits each. Levels, codes
//! and booleans are kept so.

use colonna_column::Bitmap;

use super::{bits, malformed, split, varint};
use crate::PageError;

/// Values side by side come in groups, so that each group ends at a byte.
const GROUP: usize = 8;

/// How many bits each value needs where this is the largest.
pub fn width_of(largest: u32) -> u32 {
    bits::width_of(largest.into())
}

/// Adds values that need `width` bits, of 32 at most.
pub fn encode<T: Copy + Into<u32>>(out: &mut Vec<u8>, values: &[T], width: u32) {
    let shortest = shortest_run(width);
    let (mut side_by_side, mut at) = (0, 0);
    while at < values.len() {
        let run = run_at(values, at);
        if run >= shortest || (run == values.len() && run > 0) {
            pack(out, &values[side_by_side..at], width);
            encode_run(out, run, values[at].into(), width);
            at += run;
            side_by_side = at;
        } else {
            at += GROUP.max(run / GROUP * GROUP);
        }
    }
    pack(out, &values[side_by_side..], width);
}

/// Adds booleans, eight to a byte with the first in the lowest bit, as values of one bit.
pub fn encode_bits(out: &mut Vec<u8>, bytes: &[u8], count: usize) {
    /// Of a run shorter than so many bytes nothing is saved that is worth a step of the reader.
    const SHORTEST: usize = 16;
    let whole = count / GROUP;
    let bytes = &bytes[..count.div_ceil(GROUP)];
    let (mut side_by_side, mut at) = (0, 0);
    while at < whole {
        let byte = bytes[at];
        let run = match byte {
            0 | 0xff => bytes[at..whole].iter().take_while(|next| **next == byte).count(),
            _ => 0,
        };
        if run >= SHORTEST {
            push_bytes(out, &bytes[side_by_side..at]);
            encode_run(out, run * GROUP, u32::from(byte & 1), 1);
            at += run;
            side_by_side = at;
        } else {
            at += run.max(1);
        }
    }
    push_bytes(out, &bytes[side_by_side..]);
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.is_empty() {
        varint::write(out, (bytes.len() as u64) << 1 | 1);
        out.extend_from_slice(bytes);
    }
}

/// A shorter run costs more bytes, or more steps of the reader, than it saves.
fn shortest_run(width: u32) -> usize {
    let run_bytes = 4 + width.div_ceil(8);
    (16 * run_bytes).div_ceil(width.max(1)).max(16) as usize
}

/// How many values from there on are one value, or fewer than a group.
fn run_at<T: Copy + Into<u32>>(values: &[T], at: usize) -> usize {
    let first: u32 = values[at].into();
    // Without a way out of the middle, which processors do at once.
    let differ = |values: &[T]| {
        let bits = |value: &T| -> u32 { (*value).into() ^ first };
        values.iter().fold(0, |differing, value| differing | bits(value)) != 0
    };
    let rest = &values[at..];
    if differ(&rest[..rest.len().min(GROUP)]) {
        return 0;
    }
    let (groups, _) = rest.as_chunks::<GROUP>();
    let run = groups.iter().take_while(|group| !differ(group.as_slice())).count() * GROUP;
    let rest = &rest[run..];
    run + rest.iter().take_while(|value| (**value).into() == first).count()
}

/// Adds one value that many times.
pub fn encode_run(out: &mut Vec<u8>, count: usize, value: u32, width: u32) {
    varint::write(out, (count as u64) << 1);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

fn pack<T: Copy + Into<u32>>(out: &mut Vec<u8>, values: &[T], width: u32) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(GROUP);
    varint::write(out, (groups as u64) << 1 | 1);
    let end = out.len() + groups * width as usize;
    bits::pack(out, values, width);
    out.resize(end, 0);
}

/// The first `count` values of `width` bits, of 32 at most.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode(mut bytes: &[u8], width: u32, count: usize) -> Result<Vec<u32>, PageError> {
    if width > u32::BITS {
        return Err(malformed(format!("values of {width} bits")));
    }
    /// Room for the values of most pages, and for those by which a last block is too long. What a
    /// header promises is not yet there.
    const ROOM: usize = 1 << 20;
    let mut values = Vec::with_capacity(count.min(ROOM) + bits::BLOCK);
    while values.len() < count {
        let header = varint::read_len(&mut bytes)?;
        let wanted = count - values.len();
        if header & 1 == 0 {
            let (value, rest) = split(bytes, width.div_ceil(8) as usize)?;
            let mut wide = [0; 4];
            wide[..value.len()].copy_from_slice(value);
            let run = header >> 1;
            if run == 0 {
                return Err(malformed("a run of no value"));
            }
            values.resize(values.len() + run.min(wanted), u32::from_le_bytes(wide));
            bytes = rest;
        } else {
            let groups = header >> 1;
            let len = groups.checked_mul(width as usize);
            let len = len.ok_or_else(|| malformed(format!("{groups} groups of values")))?;
            let (_, rest) = split(bytes, len)?;
            if groups == 0 {
                return Err(malformed("a group of no value"));
            }
            bits::unpack(&mut values, bytes, width, wanted.min(groups.saturating_mul(GROUP)));
            bytes = rest;
        }
    }
    Ok(values)
}

/// The first `count` values of one bit.
///
/// # Errors
///
/// Where the bytes do not hold so many.
pub fn decode_bits(mut bytes: &[u8], count: usize) -> Result<Bitmap, PageError> {
    let mut values = Bitmap::new();
    while values.len() < count {
        let header = varint::read_len(&mut bytes)?;
        let wanted = count - values.len();
        let (len, is_run) = (header >> 1, header & 1 == 0);
        if len == 0 {
            return Err(malformed("a run of no value"));
        }
        let (run, rest) = split(bytes, if is_run { 1 } else { len })?;
        if is_run {
            values.extend(run == [1], len.min(wanted));
        } else {
            values.append_packed(run, wanted.min(len.saturating_mul(GROUP)));
        }
        bytes = rest;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_inverts_encoding(
            runs in prop::collection::vec((any::<u32>(), prop_oneof![1_usize..4, 1_usize..200]), 0..20),
            width in 0_u32..=32,
        ) {
            let mask = if width == 0 { 0 } else { u32::MAX >> (32 - width) };
            let runs = runs.into_iter();
            let values: Vec<u32> =
                runs.flat_map(|(value, len)| std::iter::repeat_n(value & mask, len)).collect();
            let mut bytes = Vec::new();
            encode(&mut bytes, &values, width);
            prop_assert_eq!(decode(&bytes, width, values.len()).unwrap(), values);
        }

        #[test]
        fn bits_are_values_of_one_bit(
            runs in prop::collection::vec((any::<bool>(), prop_oneof![1_usize..4, 1_usize..500]), 0..20),
        ) {
            let runs = runs.into_iter();
            let values: Vec<u32> =
                runs.flat_map(|(value, len)| std::iter::repeat_n(u32::from(value), len)).collect();
            let mut packed = Vec::new();
            bits::pack(&mut packed, &values, 1);
            let mut bytes = Vec::new();
            encode_bits(&mut bytes, &packed, values.len());
            prop_assert_eq!(decode(&bytes, 1, values.len()).unwrap(), &values[..]);
            let found = decode_bits(&bytes, values.len()).unwrap();
            prop_assert_eq!(found.iter().map(u32::from).collect::<Vec<_>>(), values);
        }

        #[test]
        fn malformed_bytes_are_an_error_or_values(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            width in 0_u32..40,
            count in 0_usize..1000,
        ) {
            if let Ok(values) = decode(&bytes, width, count) {
                prop_assert_eq!(values.len(), count);
            }
            if let Ok(values) = decode_bits(&bytes, count) {
                prop_assert_eq!(values.len(), count);
            }
        }
    }

    #[test]
    fn a_long_run_takes_a_few_bytes() {
        let mut bytes = Vec::new();
        encode(&mut bytes, &[7_u32; 100_000], 3);
        assert!(bytes.len() <= 4, "{bytes:?}");
    }
}
