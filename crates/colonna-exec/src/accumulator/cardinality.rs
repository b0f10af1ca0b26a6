//! How many distinct values there are, about: HyperLogLog with the estimator of O. Ertl ("New
//! cardinality estimation algorithms for HyperLogLog sketches", 2017), which needs no table of
//! corrections.

use colonna_column::{Column, Values};

use super::{Rows, Taken, expanded};
use crate::ExecError;
use crate::group_keys::{canonical_bits, encode, finalize, hash_bytes, hash_wide, hash_word};

const INDEX_BITS: u32 = 12;
const REGISTERS: usize = 1 << INDEX_BITS;
/// The bits of a hash that are left once the register is chosen.
const RANK_BITS: u32 = u64::BITS - INDEX_BITS;
/// How many registers are kept one by one before all of them are.
const SPARSE_MAX: usize = 256;
/// Any number does, as long as it never changes: states of several runs must agree.
const SEED: u64 = 0x5bd1_e995_9d1b_899f;

/// `approx_count_distinct`
#[derive(Clone, Debug, Default)]
pub(crate) struct Cardinality(Vec<Sketch>);

/// The greatest rank met by each register, 0 where none was.
#[derive(Clone, Debug)]
enum Sketch {
    /// Register and rank, by register.
    Sparse(Vec<(u16, u8)>),
    Dense(Box<[u8; REGISTERS]>),
}

impl Default for Sketch {
    fn default() -> Self {
        Self::Sparse(Vec::new())
    }
}

impl Sketch {
    fn add(&mut self, hash: u64) {
        let register = u16::try_from(hash >> RANK_BITS).unwrap_or_default();
        let rest = hash << INDEX_BITS;
        let rank = (rest.leading_zeros() + 1).min(RANK_BITS + 1);
        self.offer(register, u8::try_from(rank).unwrap_or(u8::MAX));
    }

    fn offer(&mut self, register: u16, rank: u8) {
        match self {
            Self::Dense(ranks) => {
                let known = &mut ranks[usize::from(register)];
                *known = rank.max(*known);
            }
            Self::Sparse(entries) => {
                match entries.binary_search_by_key(&register, |entry| entry.0) {
                    Ok(found) => entries[found].1 = rank.max(entries[found].1),
                    Err(at) => entries.insert(at, (register, rank)),
                }
                if entries.len() > SPARSE_MAX {
                    let mut ranks = Box::new([0; REGISTERS]);
                    for &(register, rank) in entries.iter() {
                        ranks[usize::from(register)] = rank;
                    }
                    *self = Self::Dense(ranks);
                }
            }
        }
    }

    fn merge(&mut self, later: &Self) {
        match later {
            Self::Sparse(entries) => {
                entries.iter().for_each(|&(register, rank)| self.offer(register, rank));
            }
            Self::Dense(ranks) => {
                for (register, &rank) in (0..).zip(ranks.iter()).filter(|(_, rank)| **rank > 0) {
                    self.offer(register, rank);
                }
            }
        }
    }

    fn estimate(&self) -> i64 {
        const SIZE: f64 = REGISTERS as f64;
        let mut counts = [0_u32; RANK_BITS as usize + 2];
        let mut count = |rank: u8| counts[usize::from(rank)] += 1;
        match self {
            Self::Sparse(entries) => {
                entries.iter().for_each(|entry| count(entry.1));
                counts[0] = u32::try_from(REGISTERS - entries.len()).unwrap_or_default();
            }
            Self::Dense(ranks) => ranks.iter().for_each(|&rank| count(rank)),
        }
        let full = f64::from(counts[RANK_BITS as usize + 1]);
        let mut sum = SIZE * tau(1.0 - full / SIZE);
        for rank in (1..=RANK_BITS as usize).rev() {
            sum = 0.5 * (sum + f64::from(counts[rank]));
        }
        sum += SIZE * sigma(f64::from(counts[0]) / SIZE);
        rounded(SIZE * SIZE / (2.0 * std::f64::consts::LN_2 * sum))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "an estimate past every integer is the last")]
fn rounded(estimate: f64) -> i64 {
    estimate.round() as i64
}

/// What the registers that met nothing say.
fn sigma(mut share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, share);
    loop {
        share *= share;
        let before = sum;
        sum += share * weight;
        weight += weight;
        if sum <= before {
            return sum;
        }
    }
}

/// What the registers that can rise no further say.
fn tau(mut share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - share);
    loop {
        share = share.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - share).powi(2) * weight;
        if sum >= before {
            return sum / 3.0;
        }
    }
}

impl Cardinality {
    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.0.resize_with(rows.group_count, Sketch::default);
        let Some(column) = rows.values else { return Ok(()) };
        let column = expanded(column);
        let sketches = &mut self.0;
        if let Values::Codes { codes, dictionary } = column.values() {
            let hashes: Vec<u64> =
                dictionary.iter().map(|bytes| finalize(hash_bytes(bytes, SEED))).collect();
            rows.grouping.each_valid(&column, |group, row| {
                let hash = hashes.get(codes[row] as usize);
                hash.into_iter().for_each(|&hash| sketches[group].add(hash));
            });
        } else {
            rows.grouping.each_valid(&column, |group, row| {
                sketches[group].add(finalize(hash_at(&column, row)));
            });
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.0.resize_with(taken.group_count, Sketch::default);
        taken.each(&later.0, |group, sketch| self.0[group].merge(sketch));
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        self.0.resize_with(group_count, Sketch::default);
        Ok(Column::from_i64(self.0.iter().map(Sketch::estimate).collect()))
    }

    pub(super) fn byte_len(&self) -> usize {
        let sketch = |sketch: &Sketch| match sketch {
            Sketch::Sparse(entries) => size_of::<Sketch>() + entries.len() * 4,
            Sketch::Dense(_) => size_of::<Sketch>() + REGISTERS,
        };
        self.0.iter().map(sketch).sum()
    }
}

/// The hash of the value at a row that is not null.
fn hash_at(column: &Column, row: usize) -> u64 {
    match column.values() {
        Values::Int64(values) => hash_word(values[row].cast_unsigned(), SEED),
        Values::Float64(values) => hash_word(canonical_bits(values[row]), SEED),
        Values::Boolean(bits) => hash_word(u64::from(bits.get(row)), SEED),
        Values::Decimal(values) => hash_wide(values[row], SEED),
        Values::Strings(strings) => hash_bytes(strings.bytes(row), SEED),
        _ => {
            let mut bytes = Vec::new();
            encode(&column.scalar_at(row), &mut bytes);
            hash_bytes(&bytes, SEED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(count: u64) {
        let mut sketch = Sketch::default();
        for value in 0..count {
            let hash = finalize(hash_word(value, SEED));
            sketch.add(hash);
            sketch.add(hash);
        }
        let (found, expected) = (sketch.estimate() as f64, count as f64);
        assert!((found - expected).abs() <= expected * 0.05, "{found} for {expected}");
    }

    #[test]
    fn an_estimate_is_near_the_count() {
        [0, 1, 10, 100, 1_000, 5_000, 20_000, 300_000].into_iter().for_each(check);
    }

    #[test]
    fn texts_of_any_length_are_told_apart() {
        let mut sketch = Sketch::default();
        (0..10_000).for_each(|index| {
            let text = format!("{index}{}", "x".repeat(index % 40));
            sketch.add(finalize(hash_bytes(text.as_bytes(), SEED)));
        });
        assert!((9_500..10_500).contains(&sketch.estimate()), "{}", sketch.estimate());
    }

    #[test]
    fn sketches_of_parts_become_the_sketch_of_the_whole() {
        let sketch_of = |range: std::ops::Range<u64>| {
            let mut sketch = Sketch::default();
            range.for_each(|value| sketch.add(finalize(hash_word(value, SEED))));
            sketch
        };
        let mut parts = sketch_of(0..100);
        parts.merge(&sketch_of(50..3_000));
        assert_eq!(parts.estimate(), sketch_of(0..3_000).estimate());
    }
}
