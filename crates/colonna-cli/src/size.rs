//! Sizes of memory as people write them: `512MB`, `1GiB`, `4096`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// A text that is no size.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{text:?} is no size: write 512MB, 1GiB, 1.5GB or a number of bytes")]
pub(crate) struct SizeError {
    text: String,
}

/// The units by their lower-case names. `k`, `m`, `g` and `t` alone are powers of 1024, as `ulimit`
/// and `dd` have it; `MB` is a million bytes, `MiB` 1,048,576.
const UNITS: [(&str, u64); 14] = [
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kb", 1000),
    ("kib", 1 << 10),
    ("m", 1 << 20),
    ("mb", 1_000_000),
    ("mib", 1 << 20),
    ("g", 1 << 30),
    ("gb", 1_000_000_000),
    ("gib", 1 << 30),
    ("t", 1 << 40),
    ("tb", 1_000_000_000_000),
    ("tib", 1 << 40),
];

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        read(text.trim()).ok_or_else(|| SizeError { text: text.to_owned() }).map(Self)
    }
}

fn read(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_ascii_lowercase();
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().ok()?;
    let mut bytes = u128::from(whole).checked_mul(u128::from(*unit))?;
    if !fraction.is_empty() {
        let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let part: u128 = fraction.parse().ok()?;
        bytes = bytes.checked_add(part.checked_mul(u128::from(*unit))? / scale)?;
    }
    // No bytes at all is no bound that anything could run under.
    u64::try_from(bytes).ok().filter(|bytes| *bytes > 0)
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(text.parse::<Size>().ok().map(|size| size.0), expected, "{text:?}");
    }

    #[test]
    fn sizes_are_read_in_decimal_and_binary_units() {
        check("4096", Some(4096));
        check("512MB", Some(512_000_000));
        check("1GiB", Some(1 << 30));
        check("1 gib", Some(1 << 30));
        check("1.5GB", Some(1_500_000_000));
        check("64k", Some(65_536));
        check("2T", Some(2 << 40));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "MB", "-1", "1XB", "1.2.3GB", "0", "0GB", "99999999999TB", ".5GB", "1e9"] {
            check(text, None);
        }
    }
}
