//! A place in a text that is being read from left to right.

use super::calendar::{Fraction, MICROS_PER_SECOND};

/// The bytes that are still to be read. A copy is a place to come back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

const POWERS_OF_TEN: [i64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// The value of two digits.
#[inline]
pub(super) fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| i64::from(tens) * 10 + i64::from(ones))
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes the byte if it is next.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes the letters, of either case, if they are next.
    pub(super) fn eat_letters(&mut self, letters: &[u8]) -> bool {
        match self.rest.split_at_checked(letters.len()) {
            Some((head, rest)) if head.eq_ignore_ascii_case(letters) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes all blanks that are next and says how many there were.
    pub(super) fn eat_blanks(&mut self) -> usize {
        let before = self.rest.len();
        self.rest = self.rest.trim_ascii_start();
        before - self.rest.len()
    }

    /// Takes from one up to `max_len` (at most 18) digits: their value and their count.
    #[inline]
    pub(super) fn number(&mut self, max_len: usize) -> Option<(i64, usize)> {
        let mut value = 0_i64;
        let mut len = 0;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest
            && len < max_len
        {
            value = value * 10 + i64::from(digit - b'0');
            len += 1;
            self.rest = rest;
        }
        (len > 0).then_some((value, len))
    }

    /// Takes exactly `len` digits.
    #[inline]
    pub(super) fn digits(&mut self, len: usize) -> Option<i64> {
        self.number(len).filter(|(_, found)| *found == len).map(|(value, _)| value)
    }

    /// Takes all letters that are next; there may be none.
    pub(super) fn word(&mut self) -> &'a [u8] {
        let len = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        word
    }

    /// Takes a point or comma and the digits behind it, where they are next: a part of `unit_micros`.
    /// None where a point has no digits behind it.
    #[inline]
    pub(super) fn fraction(&mut self, unit_micros: i64) -> Option<Fraction> {
        match self.rest {
            [b'.' | b',', rest @ ..] => {
                self.rest = rest;
                self.fraction_digits(unit_micros)
            }
            _ => Some(Fraction::ZERO),
        }
    }

    /// Takes all digits that are next, at least one, as those behind a decimal point.
    #[inline]
    pub(super) fn fraction_digits(&mut self, unit_micros: i64) -> Option<Fraction> {
        // Nine digits of an hour, in microseconds, stay inside 64 bits.
        let (value, len) = self.number(9)?;
        let denominator = *POWERS_OF_TEN.get(len)?;
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            if len <= 6 && unit_micros == MICROS_PER_SECOND {
                // The common case, without a division.
                let micros = value * *POWERS_OF_TEN.get(6 - len)?;
                return Some(Fraction { micros, is_exact: true });
            }
            let product = value * unit_micros;
            let (micros, cut) = (product / denominator, product % denominator);
            return Some(Fraction { micros, is_exact: cut == 0 });
        }
        // The tenth digit can still count for an hour; the twenty-fifth cannot.
        let (mut value, mut denominator) = (i128::from(value), i128::from(denominator));
        let mut is_exact = true;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            if denominator < 10_i128.pow(24) {
                value = value * 10 + i128::from(digit - b'0');
                denominator *= 10;
            } else {
                is_exact &= *digit == b'0';
            }
            self.rest = rest;
        }
        let product = value * i128::from(unit_micros);
        let micros = i64::try_from(product / denominator).ok()?;
        Some(Fraction { micros, is_exact: is_exact && product % denominator == 0 })
    }
}
