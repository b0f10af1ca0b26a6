//! Integers of as many bytes as they need, seven bits to a byte.

use super::malformed;
use crate::PageError;

pub(crate) fn write(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Small negative numbers become small positive ones first.
pub(crate) fn write_signed(out: &mut Vec<u8>, value: i64) {
    write(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Takes an integer from the front.
pub(crate) fn read(bytes: &mut &[u8]) -> Result<u64, PageError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let Some((byte, rest)) = bytes.split_first() else { break };
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(malformed("an integer without an end"))
}

pub(crate) fn read_signed(bytes: &mut &[u8]) -> Result<i64, PageError> {
    let value = read(bytes)?;
    Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

/// An integer that is a number of bytes or values.
pub(crate) fn read_len(bytes: &mut &[u8]) -> Result<usize, PageError> {
    let value = read(bytes)?;
    usize::try_from(value).map_err(|_too_large| malformed(format!("a length of {value}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reading_inverts_writing(value in any::<i64>(), small in -200_i64..200) {
            for value in [value, small] {
                let mut bytes = Vec::new();
                write_signed(&mut bytes, value);
                write(&mut bytes, value.cast_unsigned());
                let mut rest = bytes.as_slice();
                prop_assert_eq!(read_signed(&mut rest).unwrap(), value);
                prop_assert_eq!(read(&mut rest).unwrap(), value.cast_unsigned());
                prop_assert!(rest.is_empty());
            }
        }
    }

    #[test]
    fn an_integer_without_an_end_is_an_error() {
        assert!(read(&mut &[0x80, 0x80][..]).is_err());
        assert!(read(&mut &[0xff; 11][..]).is_err());
    }
}
