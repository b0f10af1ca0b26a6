//! Sums of doubles without a rounding on the way.
//!
//! A double is an integer times a power of two, so a sum of doubles is one as well. It is kept
//! exactly and rounded once, at the end; so it depends neither on the order of the values nor on
//! how they were split. Nearly all sums fit into one window of 128 bits; what does not is moved to
//! an integer that is wide enough for every double and for the square of every double.

use colonna_column::Bitmap;

use super::lanes;

/// The exact sum of some doubles.
///
/// Invariant: the sum is `window * 2^exponent` and `wide` together, and what is not finite is kept
/// apart in `special`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExactSum {
    window: i128,
    exponent: i32,
    special: u8,
    wide: Option<Box<Wide>>,
}

const NAN: u8 = 1;
const INFINITE: u8 = 2;
const NEGATIVE_INFINITE: u8 = 4;

/// How far a mantissa of 53 bits may be shifted in the window.
const MAX_SHIFT: i32 = 72;

/// The integer and the power of two that a finite double is; `None` for others.
#[inline]
pub(crate) fn parts(value: f64) -> Option<(i64, i32)> {
    let bits = value.to_bits();
    let fraction = (bits & ((1 << 52) - 1)).cast_signed();
    // Eleven bits fit any integer.
    let biased = i32::try_from(bits >> 52 & 0x7ff).unwrap_or_default();
    let (mantissa, exponent) = match biased {
        0x7ff => return None,
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, biased - 1075),
    };
    Some((if value.is_sign_negative() { -mantissa } else { mantissa }, exponent))
}

impl ExactSum {
    /// Adds a double.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        match parts(value) {
            Some((mantissa, exponent)) => self.add_scaled(mantissa, exponent),
            None => self.add_special(value),
        }
    }

    /// Adds infinity or NaN.
    #[cold]
    pub(crate) fn add_special(&mut self, value: f64) {
        self.special |= match value {
            f64::INFINITY => INFINITE,
            f64::NEG_INFINITY => NEGATIVE_INFINITE,
            _ => NAN,
        };
    }

    /// Adds `mantissa * 2^exponent`, the mantissa of 53 bits at most.
    #[inline]
    pub(crate) fn add_scaled(&mut self, mantissa: i64, exponent: i32) {
        let shift = exponent - self.exponent;
        if (0..=MAX_SHIFT).contains(&shift)
            && let Some(sum) = self.window.checked_add(i128::from(mantissa) << shift)
        {
            self.window = sum;
        } else {
            self.add_window(i128::from(mantissa), exponent);
        }
    }

    /// Adds `value * 2^exponent`.
    pub(crate) fn add_window(&mut self, value: i128, exponent: i32) {
        if value == 0 {
            return;
        }
        if self.window == 0 {
            (self.window, self.exponent) = (value, exponent);
            return;
        }
        let common = exponent.min(self.exponent);
        let aligned = lowered(self.window, self.exponent - common)
            .zip(lowered(value, exponent - common))
            .and_then(|(window, value)| window.checked_add(value));
        match aligned {
            Some(window) => (self.window, self.exponent) = (window, common),
            None => {
                self.wide.get_or_insert_default().add(self.window, self.exponent);
                (self.window, self.exponent) = (value, exponent);
            }
        }
    }

    /// Adds all that another has summed up.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.special |= other.special;
        self.add_window(other.window, other.exponent);
        if let Some(theirs) = &other.wide {
            self.wide.get_or_insert_default().merge(theirs);
        }
    }

    /// The double nearest to the sum, to the even one where two are as near.
    pub(crate) fn round(&self) -> f64 {
        match self.special {
            0 => {}
            INFINITE => return f64::INFINITY,
            NEGATIVE_INFINITE => return f64::NEG_INFINITY,
            _ => return f64::NAN,
        }
        match &self.wide {
            None => scaled(self.window, self.exponent),
            Some(wide) => {
                let mut wide = wide.clone();
                wide.add(self.window, self.exponent);
                wide.round()
            }
        }
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn byte_len(&self) -> usize {
        size_of::<Self>() + self.wide.as_ref().map_or(0, |_| size_of::<Wide>())
    }
}

/// A way to split doubles of one batch so that both halves can be added up as doubles without a
/// rounding, in any order and in any groups.
///
/// Added to `anchor` and taken off it again, a double is rounded to a multiple of the anchor's last
/// place; what that leaves is exact, for the anchor is the greater of the two (T. J. Dekker, 1971).
/// With at most `2^n` doubles in `2^least ..= 2^(greatest + 1)` that place is `2^(greatest + n - 51)`:
/// the high halves are multiples of it and add up to less than `2^53` of it; the low ones are
/// multiples of `2^(least - 52)`, none above half that place, and add up to less than `2^53` of
/// theirs as long as `greatest - least` is at most `53 - 2n`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Halving {
    anchor: f64,
}

impl Halving {
    /// A way for so many rows of these doubles; `None` where they are too many, or the doubles too far
    /// apart or not all finite.
    pub(crate) fn of(values: &[f64], valid: Option<&Bitmap>, row_count: usize) -> Option<Self> {
        const NEAR: i32 = 900;
        let (least, greatest) = lanes::magnitudes(values, valid)?;
        if greatest == 0.0 {
            return Some(Self { anchor: 1.0 });
        }
        let (least, greatest) = (biased_exponent(least) - 1023, biased_exponent(greatest) - 1023);
        let count_bits = row_count.next_power_of_two().trailing_zeros().max(2).cast_signed();
        let near = -NEAR < least && greatest < NEAR && count_bits < 24;
        let anchor = 1.5 * power_of_two((greatest + count_bits + 1).clamp(-1022, 1023));
        (near && greatest - least <= 53 - 2 * count_bits).then_some(Self { anchor })
    }

    /// The sums of the high and of the low halves of doubles.
    pub(crate) fn sums(self, values: &[f64], valid: Option<&Bitmap>) -> (f64, f64) {
        lanes::sums_of_halves(values, valid, self.anchor)
    }

    /// Both halves of one of the doubles.
    #[inline]
    pub(crate) fn halves(self, value: f64) -> (f64, f64) {
        let high = (value + self.anchor) - self.anchor;
        (high, value - high)
    }
}

/// The exponent as it is stored, of eleven bits.
#[inline]
pub(crate) fn biased_exponent(value: f64) -> i32 {
    (value.to_bits() >> 52) as i32 & 0x7ff
}

/// The value shifted up, where it has room for that.
fn lowered(value: i128, by: i32) -> Option<i128> {
    let by = u32::try_from(by).ok()?;
    (by < value.unsigned_abs().leading_zeros()).then(|| value << by)
}

/// The double nearest to `value * 2^exponent`.
///
/// The conversion rounds once. Where the result is subnormal, the value has 53 bits at most and the
/// conversion is exact, so that the scaling alone rounds.
fn scaled(value: i128, exponent: i32) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the one rounding that is asked for")]
    let mut result = value as f64;
    let mut exponent = exponent;
    while exponent > 0 {
        let step = exponent.min(1000);
        result *= power_of_two(step);
        exponent -= step;
    }
    while exponent < 0 {
        let step = exponent.max(-1000);
        result *= power_of_two(step);
        exponent -= step;
    }
    result
}

/// Two to the power of -1022 .. 1023.
fn power_of_two(exponent: i32) -> f64 {
    let biased = u64::try_from(exponent + 1023).unwrap_or_default();
    f64::from_bits(biased << 52)
}

const LIMBS: usize = 144;
/// The power of two of the first bit of the first limb: below the square of the least double.
const LOWEST: i32 = -32 * 68;
const LIMB_BITS: i32 = 32;
/// How many additions a limb takes before its carry must move on.
const MAX_PENDING: u32 = 1 << 28;

/// An integer in limbs of 32 bits, each with room for carries.
#[derive(Clone, Debug)]
struct Wide {
    limbs: [i64; LIMBS],
    pending: u32,
}

impl Default for Wide {
    fn default() -> Self {
        Self { limbs: [0; LIMBS], pending: 0 }
    }
}

impl Wide {
    fn add(&mut self, value: i128, exponent: i32) {
        let offset = exponent - LOWEST;
        let (Ok(first), Ok(shift)) = (
            usize::try_from(offset.div_euclid(LIMB_BITS)),
            u32::try_from(offset.rem_euclid(LIMB_BITS)),
        ) else {
            return;
        };
        let sign = if value < 0 { -1 } else { 1 };
        let mut rest = value.unsigned_abs();
        let mut index = first;
        while rest != 0 {
            let piece = low_word(rest) << shift;
            self.add_at(index, sign * low_limb(piece));
            self.add_at(index + 1, sign * (piece >> 32).cast_signed());
            rest >>= 32;
            index += 1;
        }
        self.pending += 1;
        if self.pending >= MAX_PENDING {
            self.propagate();
        }
    }

    /// No double reaches the last limb, nor its square.
    fn add_at(&mut self, index: usize, piece: i64) {
        if let Some(limb) = self.limbs.get_mut(index) {
            *limb += piece;
        }
    }

    fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.propagate();
        self.propagate();
        for (limb, theirs) in self.limbs.iter_mut().zip(other.limbs) {
            *limb += theirs;
        }
        self.pending += 1;
    }

    /// Moves all carries on: every limb but the last is then in `0..2^32`.
    fn propagate(&mut self) {
        self.pending = 0;
        let mut carry = 0;
        let last = LIMBS - 1;
        for limb in &mut self.limbs[..last] {
            let total = *limb + carry;
            carry = total >> 32;
            *limb = total & 0xffff_ffff;
        }
        self.limbs[last] += carry;
    }

    fn round(mut self: Box<Self>) -> f64 {
        self.propagate();
        let negative = self.limbs[LIMBS - 1] < 0;
        if negative {
            self.limbs.iter_mut().for_each(|limb| *limb = -*limb);
            self.propagate();
        }
        let Some(top) = self.limbs.iter().rposition(|limb| *limb != 0) else { return 0.0 };
        let base = top.saturating_sub(2);
        let limbs = self.limbs[base..=top].iter().rev();
        let head = limbs.fold(0_i128, |value, limb| value << 32 | i128::from(*limb));
        // Where anything is left below, the value lies strictly between two: a last bit says so.
        let sticky = i128::from(self.limbs[..base].iter().any(|limb| *limb != 0));
        let exponent = i32::try_from(base).unwrap_or_default() * LIMB_BITS + LOWEST;
        let rounded = scaled(head | sticky, exponent);
        if negative { -rounded } else { rounded }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are asked for")]
fn low_word(value: u128) -> u64 {
    u64::from(value as u32)
}

fn low_limb(piece: u64) -> i64 {
    (piece & 0xffff_ffff).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        values.iter().for_each(|value| sum.add(*value));
        sum.round()
    }

    #[track_caller]
    fn check(values: &[f64], expected: f64) {
        let found = sum(values);
        assert!(found.total_cmp(&expected).is_eq(), "{values:?}: {found:?} for {expected:?}");
    }

    #[test]
    fn what_cancels_leaves_the_rest_exactly() {
        check(&[1e300, 1.0, -1e300], 1.0);
        check(&[1e16, 1.0, 1.0], 1e16 + 2.0);
        check(&[f64::MAX, f64::MAX, -f64::MAX], f64::MAX);
        check(&[f64::MIN_POSITIVE, 5e-324, -f64::MIN_POSITIVE], 5e-324);
        check(&[0.1; 10], 1.0);
        check(&[], 0.0);
        check(&[-0.0], 0.0);
        check(&[f64::MAX, f64::MAX], f64::INFINITY);
    }

    #[test]
    fn a_half_goes_to_the_even_double_unless_something_is_below() {
        let two_53 = 9_007_199_254_740_992.0;
        check(&[two_53, 1.0], two_53);
        check(&[two_53, 1.0, 5e-324], two_53 + 2.0);
        check(&[-two_53, -1.0, -5e-324], -two_53 - 2.0);
    }

    #[test]
    fn what_is_not_finite_follows_ieee() {
        check(&[f64::INFINITY, 1.0], f64::INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(sum(&[f64::NAN, 1.0]).is_nan());
    }

    /// Doubles of every magnitude, often such that they cancel.
    fn any_double() -> impl Strategy<Value = f64> {
        prop_oneof![
            (-1e6..1e6),
            any::<f64>().prop_filter("finite", |value| value.is_finite()),
            Just(1e300),
            Just(-1e300),
            Just(5e-324),
        ]
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_give_the_same_sum(
            values in prop::collection::vec(any_double(), 0..60),
            cut in 0_usize..60,
        ) {
            let whole = sum(&values);
            let reversed: Vec<f64> = values.iter().rev().copied().collect();
            prop_assert_eq!(whole.to_bits(), sum(&reversed).to_bits());
            let (mut first, mut second) = (ExactSum::default(), ExactSum::default());
            let cut = cut.min(values.len());
            values[..cut].iter().for_each(|value| first.add(*value));
            values[cut..].iter().for_each(|value| second.add(*value));
            first.merge(&second);
            prop_assert_eq!(whole.to_bits(), first.round().to_bits());
        }

        /// Halves added up as doubles in any groups are what the values add up to exactly.
        #[test]
        fn halves_add_up_without_a_rounding(
            values in prop::collection::vec((0_usize..3, prop_oneof![
                4 => -1e3..1e3,
                2 => 1e-4..1e4,
                1 => Just(0.0),
                1 => Just(-0.0),
                1 => any::<f64>(),
            ]), 0..300),
            common in prop::option::of(1e-2..1e3),
        ) {
            let values: Vec<(usize, f64)> = values
                .into_iter()
                .map(|(group, value)| (group, common.map_or(value, |common| (value % 8.0 + 9.0) * common)))
                .collect();
            let doubles: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
            let Some(halving) = Halving::of(&doubles, None, doubles.len()) else { return Ok(()) };
            let mut cells = [(0.0, 0.0); 3];
            let mut exact: [ExactSum; 3] = Default::default();
            for (group, value) in values {
                let (high, low) = halving.halves(value);
                cells[group].0 += high;
                cells[group].1 += low;
                exact[group].add(value);
            }
            for ((high, low), exact) in cells.into_iter().zip(exact) {
                prop_assert_eq!(sum(&[high, low]).to_bits(), exact.round().to_bits());
            }
        }

        /// A sum of two is what the processor rounds it to.
        #[test]
        fn a_sum_of_two_is_rounded_once(left in any_double(), right in any_double()) {
            let (found, expected) = (sum(&[left, right]), left + right);
            prop_assert!(found == expected, "{:?} for {:?}", found, expected);
        }

        #[test]
        fn integers_are_summed_as_integers(values in prop::collection::vec(-1_i64 << 50..1 << 50, 0..50)) {
            let doubles: Vec<f64> = values.iter().map(|value| *value as f64).collect();
            let expected: i64 = values.iter().sum();
            prop_assert!(sum(&doubles) == expected as f64);
        }
    }
}
