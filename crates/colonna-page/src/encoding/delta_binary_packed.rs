//! DELTA_BINARY_PACKED: the first integer, and then the steps from one to the next, above the
//! smallest step of their block, in as few bits as the largest of them needs.

use fearless_simd::{Level, Simd, dispatch};

use super::{bits, malformed, split, varint};
use crate::PageError;

/// Steps that share a smallest one.
const BLOCK: usize = 128;
/// Steps that share a number of bits.
const MINIBLOCK: usize = 32;
const MINIBLOCKS: usize = BLOCK / MINIBLOCK;

/// In how many bits steps are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Widths {
    /// As many as they need.
    Natural,
    /// Whole bytes, of one number within a block, and counted from one step in all blocks where
    /// that takes no more of them: more bytes, in which compression can see what repeats.
    WholeBytes,
}

/// Adds integers of 64 bits.
pub fn encode_i64(out: &mut Vec<u8>, values: &[i64], widths: Widths) {
    let step = |pair: &[i64]| pair[1].wrapping_sub(pair[0]);
    let steps: Vec<i64> = values.windows(2).map(step).collect();
    encode(out, values.first().copied(), &steps, widths);
}

/// Adds integers of 32 bits. Their steps are of 32 bits, too, as readers of 32 bits expect.
pub fn encode_i32(out: &mut Vec<u8>, values: &[i32], widths: Widths) {
    let step = |pair: &[i32]| i64::from(pair[1].wrapping_sub(pair[0]));
    let steps: Vec<i64> = values.windows(2).map(step).collect();
    encode(out, values.first().copied().map(i64::from), &steps, widths);
}

fn encode(out: &mut Vec<u8>, first: Option<i64>, steps: &[i64], widths: Widths) {
    varint::write(out, BLOCK as u64);
    varint::write(out, MINIBLOCKS as u64);
    varint::write(out, steps.len() as u64 + u64::from(first.is_some()));
    varint::write_signed(out, first.unwrap_or_default());
    dispatch!(Level::new(), simd => encode_blocks(simd, out, steps, widths));
}

/// Adds all blocks, in the vectors that the processor has: each passes over its steps several times.
#[inline(always)]
fn encode_blocks<S: Simd>(_: S, out: &mut Vec<u8>, steps: &[i64], widths: Widths) {
    let smallest = steps.iter().copied().min().unwrap_or_default();
    for steps in steps.chunks(BLOCK) {
        encode_block(out, steps, smallest, widths);
    }
}

/// Adds a block of steps, none of which is below `smallest`.
#[inline(always)]
fn encode_block(out: &mut Vec<u8>, steps: &[i64], smallest: i64, widths: Widths) {
    let mut base = steps.iter().copied().min().unwrap_or_default();
    let largest = steps.iter().copied().max().unwrap_or_default();
    let above = |step: i64, base: i64| step.wrapping_sub(base).cast_unsigned();
    let whole_bytes = |base| bits::width_of(above(largest, base)).next_multiple_of(8);
    if widths == Widths::WholeBytes && whole_bytes(smallest) == whole_bytes(base) {
        base = smallest;
    }
    varint::write_signed(out, base);
    let mut all_above = [0_u64; BLOCK];
    for (place, step) in all_above.iter_mut().zip(steps) {
        *place = above(*step, base);
    }
    let (miniblocks, _) = all_above.as_chunks::<MINIBLOCK>();
    let used = steps.len().div_ceil(MINIBLOCK);
    let mut bit_widths = [0; MINIBLOCKS];
    for (width, miniblock) in bit_widths.iter_mut().zip(miniblocks).take(used) {
        *width = match widths {
            Widths::WholeBytes => whole_bytes(base),
            Widths::Natural => bits::width_of(miniblock.iter().fold(0, |bits, step| bits | step)),
        };
    }
    out.extend(bit_widths.map(|width| (width & 0xff) as u8));
    for (width, miniblock) in bit_widths.into_iter().zip(miniblocks).take(used) {
        if width <= u32::BITS {
            bits::pack(out, &miniblock.map(|step| (step & 0xffff_ffff) as u32), width);
        } else {
            bits::pack_wide(out, miniblock, width);
        }
    }
}

/// The integers of 64 bits at the front, of which there must be at most `most`. Whatever follows
/// them is left.
///
/// # Errors
///
/// Where the bytes are none that such integers are encoded to.
pub fn decode_i64(bytes: &mut &[u8], most: usize) -> Result<Vec<i64>, PageError> {
    decode(bytes, most, u64::BITS, i64::wrapping_add)
}

/// The integers of 32 bits at the front, of which there must be at most `most`.
///
/// # Errors
///
/// Where the bytes are none that such integers are encoded to.
#[expect(clippy::cast_possible_truncation, reason = "the low half of a step is asked for")]
pub fn decode_i32(bytes: &mut &[u8], most: usize) -> Result<Vec<i32>, PageError> {
    let add = |last: i64, step: i64| i64::from((last.wrapping_add(step) & 0xffff_ffff) as i32);
    let values = decode(bytes, most, u32::BITS, add)?;
    // All but the first are made by steps, which stay within 32 bits.
    if let Some(first) = values.first().filter(|first| i32::try_from(**first).is_err()) {
        return Err(malformed(format!("{first} in 32 bits")));
    }
    Ok(values.iter().map(|value| *value as i32).collect())
}

fn decode(
    bytes: &mut &[u8],
    most: usize,
    widest: u32,
    add: impl Fn(i64, i64) -> i64,
) -> Result<Vec<i64>, PageError> {
    let block = varint::read_len(bytes)?;
    let miniblocks = varint::read_len(bytes)?;
    let count = varint::read_len(bytes)?;
    let miniblock = block.checked_div(miniblocks).unwrap_or_default();
    if miniblock == 0 || miniblock * miniblocks != block || !miniblock.is_multiple_of(MINIBLOCK) {
        return Err(malformed(format!("{miniblocks} parts of a block of {block} steps")));
    }
    if count > most {
        return Err(malformed(format!("{count} values where at most {most} were to be")));
    }
    let mut last = varint::read_signed(bytes)?;
    let mut values = Vec::with_capacity(count.min(bytes.len().saturating_mul(8)));
    if count > 0 {
        values.push(last);
    }
    let (mut narrow, mut wide) = (Vec::new(), Vec::new());
    while values.len() < count {
        let smallest = varint::read_signed(bytes)?;
        let (widths, rest) = split(bytes, miniblocks)?;
        *bytes = rest;
        for width in widths {
            if values.len() == count {
                // The widths of parts that no step is in may be anything.
                break;
            }
            let width = u32::from(*width);
            if width > widest {
                return Err(malformed(format!("steps of {width} bits")));
            }
            let len = miniblock.checked_mul(width as usize).map(|bits| bits / 8);
            // What follows may be read with them, though not used: that is done at once.
            let packed = *bytes;
            let (_, rest) = split(bytes, len.ok_or_else(|| malformed("too many steps"))?)?;
            *bytes = rest;
            let wanted = miniblock.min(count - values.len());
            let sum = |last, step| add(last, smallest.wrapping_add(step));
            if width <= u32::BITS {
                narrow.clear();
                bits::unpack(&mut narrow, packed, width, wanted);
                last = sum_up(&mut values, last, narrow.iter().copied().map(i64::from), sum);
            } else {
                wide.clear();
                bits::unpack_wide(&mut wide, packed, width, wanted);
                last = sum_up(&mut values, last, wide.iter().map(|step| step.cast_signed()), sum);
            }
        }
    }
    Ok(values)
}

/// Adds the sums of steps, each with all before it, and says the last of them. As a plain loop it keeps
/// the sum in a register, where it is one step away from the next.
fn sum_up(
    values: &mut Vec<i64>,
    mut last: i64,
    steps: impl ExactSizeIterator<Item = i64>,
    sum: impl Fn(i64, i64) -> i64,
) -> i64 {
    let start = values.len();
    values.resize(start + steps.len(), 0);
    for (value, step) in values[start..].iter_mut().zip(steps) {
        last = sum(last, step);
        *value = last;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_values() -> impl Strategy<Value = Vec<i64>> {
        let sorted = prop::collection::vec(0_i64..1000, 0..500).prop_map(|mut steps| {
            steps.iter_mut().fold(0, |sum, step| {
                *step += sum;
                *step
            });
            steps
        });
        prop_oneof![prop::collection::vec(any::<i64>(), 0..300), sorted]
    }

    proptest! {
        #[test]
        fn decoding_inverts_encoding(values in any_values()) {
            let narrow: Vec<i32> =
                values.iter().map(|value| (value & 0xffff_ffff) as i32).collect();
            for widths in [Widths::Natural, Widths::WholeBytes] {
                let mut bytes = Vec::new();
                encode_i64(&mut bytes, &values, widths);
                bytes.push(7);
                let mut rest = bytes.as_slice();
                prop_assert_eq!(&decode_i64(&mut rest, values.len()).unwrap(), &values);
                prop_assert_eq!(rest, &[7]);

                bytes.clear();
                encode_i32(&mut bytes, &narrow, widths);
                prop_assert_eq!(&decode_i32(&mut bytes.as_slice(), narrow.len()).unwrap(), &narrow);
            }
        }

        #[test]
        fn malformed_bytes_are_an_error_or_values(
            mut bytes in prop::collection::vec(any::<u8>(), 0..60),
            begins_well in any::<bool>(),
            most in 0_usize..300,
        ) {
            if begins_well {
                bytes.splice(..0, [0x80, 1, 4, 100]);
            }
            for found in [
                decode_i64(&mut bytes.as_slice(), most).map(|values| values.len()),
                decode_i32(&mut bytes.as_slice(), most).map(|values| values.len()),
            ].into_iter().flatten() {
                prop_assert!(found <= most);
            }
        }
    }

    #[test]
    fn even_steps_take_no_bits() {
        let values: Vec<i64> = (0..10_000).map(|row| row * 864_000).collect();
        let mut bytes = Vec::new();
        encode_i64(&mut bytes, &values, Widths::Natural);
        assert!(bytes.len() < 800, "{}", bytes.len());
    }
}
