//! Numbers that count from 1970-01-01T00:00:00Z.

use serde::{Deserialize, Serialize};

use super::calendar::Moment;

/// What such a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpochUnit {
    /// Seconds, perhaps with a fraction.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Billionths of a second. What is below a microsecond is cut.
    Nanoseconds,
}

impl EpochUnit {
    const ALL: [Self; 4] =
        [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

    /// The power of ten that makes microseconds of it.
    fn micros_exponent(self) -> i64 {
        match self {
            Self::Seconds => 6,
            Self::Milliseconds => 3,
            Self::Microseconds => 0,
            Self::Nanoseconds => -3,
        }
    }

    /// Whether such a number is taken for a time where nobody said that it is one.
    pub(crate) fn is_plausible(micros: i64) -> bool {
        let seconds = micros.div_euclid(1_000_000);
        (EpochCandidates::FIRST_SECOND..EpochCandidates::END_SECOND).contains(&seconds)
    }

    /// Reads a decimal number, exactly: it is never a double on the way.
    pub(super) fn parse(self, text: &[u8]) -> Option<Moment> {
        let number = Decimal::read(text)?;
        let (micros, is_exact) = number.floor_of_shifted(self.micros_exponent())?;
        Some(Moment { micros, is_date: false, is_exact })
    }
}

/// A decimal number as it was written.
#[derive(Clone, Copy, Debug)]
struct Decimal<'a> {
    is_negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let (is_negative, rest) = split_sign(text);
        let (whole, rest) = split_digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_digits(rest),
            rest => (&[][..], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return None,
        };
        let has_digits = !(whole.is_empty() && fraction.is_empty());
        has_digits.then_some(Self { is_negative, whole, fraction, exponent })
    }

    /// The largest integer not above the number times ten to the `shift`, and whether they are equal.
    /// None if it leaves 64 bits.
    fn floor_of_shifted(self, shift: i64) -> Option<(i64, bool)> {
        // How many of the digits stand before the point after the shift.
        let mut places = i64::try_from(self.whole.len()).ok()? + self.exponent + shift;
        let (mut value, mut is_exact) = (0_i64, true);
        for digit in self.whole.iter().chain(self.fraction).map(|byte| i64::from(byte - b'0')) {
            if places > 0 {
                value = value.checked_mul(10)?.checked_add(digit)?;
            } else {
                is_exact &= digit == 0;
            }
            places -= 1;
        }
        while places > 0 && value != 0 {
            value = value.checked_mul(10)?;
            places -= 1;
        }
        match (self.is_negative, is_exact) {
            (false, _) => Some((value, is_exact)),
            (true, true) => Some((-value, true)),
            (true, false) => Some(((-value).checked_sub(1)?, false)),
        }
    }
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(len).unwrap_or((text, &[]))
}

/// An exponent past a million is as good as any: the number is zero or leaves 64 bits.
fn exponent(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = split_sign(text);
    let (digits, rest) = split_digits(digits);
    let value = digits
        .iter()
        .fold(0_i64, |value, byte| (value * 10 + i64::from(byte - b'0')).min(1_000_000));
    let is_valid = rest.is_empty() && !digits.is_empty();
    is_valid.then_some(if is_negative { -value } else { value })
}

/// Which unit all the numbers of a column have in common, by their magnitude.
///
/// The start of 1971 to the start of 2200 is no two units' common range; so one number has one unit
/// or none, and a column has a unit only if every number of it agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochCandidates {
    state: UnitSoFar,
    is_exact: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnitSoFar {
    Unseen,
    One(EpochUnit),
    Hopeless,
}

impl Default for EpochCandidates {
    fn default() -> Self {
        Self::new()
    }
}

impl EpochCandidates {
    const FIRST_SECOND: i64 = 31_536_000;
    const END_SECOND: i64 = 7_258_118_400;

    /// No number seen.
    pub fn new() -> Self {
        Self { state: UnitSoFar::Unseen, is_exact: true }
    }

    /// Sees one number, as it was written.
    pub fn observe(&mut self, number: &str) {
        if self.is_hopeless() {
            return;
        }
        let text = number.trim_ascii().as_bytes();
        // One number has one unit or none: where the unit is known no other can fit.
        let known = match &self.state {
            UnitSoFar::One(unit) => std::slice::from_ref(unit),
            _ => &EpochUnit::ALL,
        };
        let fit = known.iter().copied().find_map(|unit| {
            let moment = unit.parse(text)?;
            EpochUnit::is_plausible(moment.micros).then_some((unit, moment.is_exact))
        });
        self.merge(
            &fit.map_or(Self { state: UnitSoFar::Hopeless, is_exact: true }, |(unit, is_exact)| {
                Self { state: UnitSoFar::One(unit), is_exact }
            }),
        );
    }

    /// Sees what the other has seen.
    pub fn merge(&mut self, other: &Self) {
        self.is_exact &= other.is_exact;
        self.state = match (self.state, other.state) {
            (UnitSoFar::Unseen, state) | (state, UnitSoFar::Unseen) => state,
            (UnitSoFar::One(unit), UnitSoFar::One(other)) if unit == other => UnitSoFar::One(unit),
            _ => UnitSoFar::Hopeless,
        };
        if self.is_hopeless() {
            // One form for all hopeless ones: they are equal however they came to be so.
            self.is_exact = false;
        }
    }

    /// Whether no unit is left.
    pub fn is_hopeless(&self) -> bool {
        self.state == UnitSoFar::Hopeless
    }

    /// The one unit of all numbers. None before the first number.
    pub fn decide(&self) -> Option<super::Decided> {
        match self.state {
            UnitSoFar::One(unit) => Some(super::Decided {
                format: super::TimeFormat::Epoch(unit),
                is_date: false,
                is_exact: self.is_exact,
                ambiguous: None,
            }),
            UnitSoFar::Unseen | UnitSoFar::Hopeless => None,
        }
    }
}
