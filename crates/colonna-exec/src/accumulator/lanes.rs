//! Doubles eight at a time, for what may be done in any order.
//!
//! Compilers know that the sum of doubles depends on their order, and do not do this by themselves.
//! Nulls are passed over; what stands in their rows may be anything.

use colonna_column::Bitmap;
use fearless_simd::{Level, Simd, dispatch, f64x8, mask64x8, prelude::*};

const LEN: usize = 8;

/// The least of the magnitudes that are not zero, and the greatest of all: infinity and zero where
/// there are none. `None` where one of the doubles is not finite.
pub(super) fn magnitudes(values: &[f64], valid: Option<&Bitmap>) -> Option<(f64, f64)> {
    dispatch!(Level::new(), simd => magnitudes_by(simd, values, valid))
}

#[inline(always)]
fn magnitudes_by<S: Simd>(simd: S, values: &[f64], valid: Option<&Bitmap>) -> Option<(f64, f64)> {
    let (zeros, infinities) = (f64x8::splat(simd, 0.0), f64x8::splat(simd, f64::INFINITY));
    let (mut least, mut greatest, mut marks) = (infinities, zeros, zeros);
    each(simd, (values, valid), 0.0, |values| {
        let magnitudes = values.abs();
        least = least.min(magnitudes.simd_eq(zeros).select(infinities, magnitudes));
        greatest = greatest.max(magnitudes);
        marks += values * zeros;
    });
    let least = least.as_slice().iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = greatest.as_slice().iter().copied().fold(0.0, f64::max);
    are_finite(marks).then_some((least, greatest))
}

/// The sums of the high and of the low halves: see [`super::exact_sum::Halving`].
pub(super) fn sums_of_halves(values: &[f64], valid: Option<&Bitmap>, anchor: f64) -> (f64, f64) {
    dispatch!(Level::new(), simd => sums_of_halves_by(simd, (values, valid), anchor))
}

#[inline(always)]
fn sums_of_halves_by<S: Simd>(
    simd: S,
    values: (&[f64], Option<&Bitmap>),
    anchor: f64,
) -> (f64, f64) {
    let anchor = f64x8::splat(simd, anchor);
    let (mut highs, mut lows) = (f64x8::splat(simd, 0.0), f64x8::splat(simd, 0.0));
    each(simd, values, 0.0, |values| {
        let high = (values + anchor) - anchor;
        highs += high;
        lows += values - high;
    });
    (highs.as_slice().iter().sum(), lows.as_slice().iter().sum())
}

/// The least or the greatest, a zero of either sign where that is one. `None` where there is none,
/// or one of them is not finite.
pub(super) fn best(values: &[f64], valid: Option<&Bitmap>, is_greatest: bool) -> Option<f64> {
    let first = valid.map_or(Some(0), |valid| valid.ones().next());
    let first = first.and_then(|first| values.get(first).copied())?;
    let values = (values, valid);
    dispatch!(Level::new(), simd => match is_greatest {
        true => best_by(simd, values, first, |left, right| left.max(right), f64::max),
        false => best_by(simd, values, first, |left, right| left.min(right), f64::min),
    })
}

#[inline(always)]
fn best_by<S: Simd>(
    simd: S,
    values: (&[f64], Option<&Bitmap>),
    first: f64,
    better: impl Fn(f64x8<S>, f64x8<S>) -> f64x8<S>,
    better_of_two: impl Fn(f64, f64) -> f64,
) -> Option<f64> {
    let zeros = f64x8::splat(simd, 0.0);
    let (mut kept, mut marks) = (f64x8::splat(simd, first), zeros);
    each(simd, values, first, |values| {
        kept = better(kept, values);
        marks += values * zeros;
    });
    are_finite(marks).then(|| kept.as_slice().iter().copied().fold(first, better_of_two))
}

/// Hands over all values, with another in place of nulls and behind the last.
#[inline(always)]
fn each<S: Simd>(
    simd: S,
    (values, valid): (&[f64], Option<&Bitmap>),
    filler: f64,
    mut take: impl FnMut(f64x8<S>),
) {
    let (chunks, rest) = values.as_chunks::<LEN>();
    let mut last = [filler; LEN];
    last[..rest.len()].copy_from_slice(rest);
    let filler = f64x8::splat(simd, filler);
    // One loop for both, or what is done in it becomes a call.
    for (index, chunk) in chunks.iter().chain([&last]).enumerate() {
        let (word, shift) = (index * LEN / 64, index * LEN % 64);
        let word = valid.map_or(u64::MAX, |valid| valid.words().get(word).copied().unwrap_or(0));
        let is_valid = mask64x8::from_bitmask(simd, word >> shift & 0xff);
        take(is_valid.select(f64x8::load_array_ref(simd, chunk), filler));
    }
}

/// Whether values were finite: times zero a value is zero, but NaN where it is not finite.
#[inline(always)]
fn are_finite<S: Simd>(marks: f64x8<S>) -> bool {
    marks.as_slice().iter().all(|mark| *mark == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_double() -> impl Strategy<Value = f64> {
        prop_oneof![8 => any::<f64>(), 1 => Just(0.0), 1 => Just(-0.0), 4 => (-99..99).prop_map(f64::from)]
    }

    proptest! {
        #[test]
        fn eight_at_a_time_is_one_by_one(
            rows in prop::collection::vec((any_double(), any::<bool>()), 0..150),
            has_nulls in any::<bool>(),
        ) {
            let all: Vec<f64> = rows.iter().map(|(value, _)| *value).collect();
            let valid: Bitmap = rows.iter().map(|(_, valid)| *valid).collect();
            let valid = has_nulls.then_some(&valid);
            let rows = rows.iter().filter(|(_, valid)| *valid || !has_nulls);
            let values: Vec<f64> = rows.map(|(value, _)| *value).collect();
            let are_finite = values.iter().all(|value| value.is_finite());
            let magnitudes = || values.iter().map(|value| value.abs());
            let least = magnitudes().filter(|value| *value != 0.0).fold(f64::INFINITY, f64::min);
            let expected = are_finite.then(|| (least, magnitudes().fold(0.0, f64::max)));
            prop_assert_eq!(super::magnitudes(&all, valid), expected);

            let greatest = values.iter().copied().reduce(f64::max).filter(|_| are_finite);
            let least = values.iter().copied().reduce(f64::min).filter(|_| are_finite);
            prop_assert_eq!(best(&all, valid, true), greatest);
            prop_assert_eq!(best(&all, valid, false), least);
        }

        #[test]
        fn halves_add_up_to_the_whole(values in prop::collection::vec(-9999..9999, 0..40)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let (high, low) = sums_of_halves(&values, None, 1.5 * 2_f64.powi(56));
            prop_assert_eq!(high + low, values.iter().sum::<f64>());
            prop_assert_eq!(high % 16.0, 0.0);
        }
    }
}
