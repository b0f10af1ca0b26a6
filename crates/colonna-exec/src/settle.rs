//! Parts of groups become one: equal groups of several parts are joined.
//!
//! Groups are spread over partitions by their hashes, and each partition is joined for itself, on
//! all cores. No key is copied: a group is known by where it first appeared, which also gives the
//! groups their order. Several keys are one word each way, where they fit into it. Where hardly any
//! group is in two parts, the parts stay as they are.

use colonna_column::{Bitmap, Column, Pick};
use rayon::prelude::*;

use crate::ExecError;
use crate::accumulator::{Accumulator, Taken};
use crate::aggregate::{Grouped, Part, empty_states};
use crate::group_keys::{
    KeyColumn, PositionTable, hash_pair, hash_word, position_rows, process_seed,
};

/// Groups that one partition may have without a need for others.
const PARTITION_GROUPS: usize = 1 << 14;

/// Where no more than one in so many groups is equal to an earlier one, groups stay in their parts.
const FEW_OF: usize = 16;

/// The most partitions.
const PARTITIONS_MAX: usize = 256;

/// The groups of some parts, in partitions that have no group in common.
#[derive(Debug)]
pub(crate) struct Settled {
    parts: Vec<SealedPart>,
    /// The partitions.
    pub(crate) partitions: Vec<Partition>,
}

/// Some of the groups.
#[derive(Debug)]
pub(crate) struct Partition {
    /// The part in which each group first appeared and its number there, ascending.
    pub(crate) firsts: Vec<Pick>,
    accumulators: Vec<Accumulator>,
}

/// A part that takes in no more rows.
#[derive(Debug)]
struct SealedPart {
    /// The values of each key and their positions by group, which are the groups where none are.
    keys: Vec<(KeyColumn, Option<Vec<u32>>)>,
    group_count: usize,
    accumulators: Vec<Accumulator>,
}

/// Rows by the partitions that their words lead to.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    /// The rows of the partitions one after the other, each in order, and their words.
    pub(crate) rows: Vec<u32>,
    words: Vec<u64>,
    /// Partition `i` has those from `starts[i]` to `starts[i + 1]`.
    pub(crate) starts: Vec<usize>,
}

/// Joins parts, which are in the order of their rows.
pub(crate) fn settle(plan: &Grouped, mut parts: Vec<Part>) -> Result<Settled, ExecError> {
    let divides = parts.iter().all(|part| part.accumulators.iter().all(Accumulator::divides));
    let group_count: usize = parts.iter().map(|part| part.keys.len()).sum();
    let partition_count = if divides { partition_count(group_count) } else { 1 };
    // The groups of one part are its own numbers: nothing has to be looked up.
    let single = match parts.as_mut_slice() {
        [part] if part.keys.is_unique() => Some(Partition {
            firsts: firsts_of(part.keys.len())?,
            accumulators: std::mem::take(&mut part.accumulators),
        }),
        _ => None,
    };
    if let Some(partition) = single {
        let parts = parts.into_iter().map(SealedPart::unsealed).collect();
        return Ok(Settled { parts, partitions: vec![partition] });
    }
    let sealed = parts.into_par_iter().map(SealedPart::new);
    let parts = in_order(sealed.collect())?;
    let words = PackedKeys::try_new(&parts)?;
    let spreads = (0..parts.len()).into_par_iter().map(|piece| match &words {
        Some(packed) => {
            Spread::new(&packed.words_of(piece, &parts[piece]), hash_of, partition_count)
        }
        None => {
            let hashes = hashes_of(&parts[piece].keys, parts[piece].group_count);
            Spread::new(&hashes, |hash| hash, partition_count)
        }
    });
    let groups =
        Groups { spreads: in_order(spreads.collect())?, are_packed: words.is_some(), parts };
    let numbered = (0..partition_count).into_par_iter().map(|index| groups.numbered(index));
    let numbered = in_order(numbered.collect())?;
    let distinct_count: usize = numbered.iter().map(|numbered| numbered.firsts.len()).sum();
    if divides && (group_count - distinct_count) * FEW_OF <= group_count {
        return groups.in_their_parts(plan, &numbered);
    }
    let partitions = numbered.into_par_iter().enumerate();
    let partitions = partitions.map(|(index, numbered)| groups.merged(plan, index, numbered));
    let partitions = in_order(partitions.collect())?;
    Ok(Settled { parts: groups.parts, partitions })
}

/// How many partitions so many groups are spread over.
pub(crate) fn partition_count(group_count: usize) -> usize {
    group_count.div_ceil(PARTITION_GROUPS).next_power_of_two().min(PARTITIONS_MAX)
}

/// The first error in order, whichever came first in time.
pub(crate) fn in_order<T>(results: Vec<Result<T, ExecError>>) -> Result<Vec<T>, ExecError> {
    results.into_iter().collect()
}

fn firsts_of(group_count: usize) -> Result<Vec<Pick>, ExecError> {
    let groups = position_rows(0..group_count)?;
    Ok(groups.into_iter().map(|row| Pick { piece: 0, row }).collect())
}

impl SealedPart {
    fn unsealed(part: Part) -> Self {
        let group_count = part.keys.len();
        Self { keys: part.keys.into_columns(), group_count, accumulators: part.accumulators }
    }

    fn new(part: Part) -> Result<Self, ExecError> {
        let mut sealed = Self::unsealed(part);
        sealed.accumulators.iter_mut().try_for_each(Accumulator::seal)?;
        Ok(sealed)
    }

    /// The words of the only key.
    fn own_words(&self) -> Option<Vec<Vec<u64>>> {
        let words = self.keys.first()?.0.words()?;
        Some(vec![words.iter().map(|word| word.cast_unsigned()).collect()])
    }
}

/// The keys of a group in one word, the same in all parts: for each value of each key of a part the
/// bits that it has there. Two groups are equal just where their words are.
#[derive(Debug)]
struct PackedKeys(Vec<Vec<Vec<u64>>>);

impl PackedKeys {
    /// None where there is but one key that is no word by itself, where the values of keys are not far
    /// fewer than the groups, or where they do not fit into a word.
    fn try_new(parts: &[SealedPart]) -> Result<Option<Self>, ExecError> {
        let key_count = parts.first().map_or(0, |part| part.keys.len());
        if key_count == 1 {
            return Ok(parts.iter().map(SealedPart::own_words).collect::<Option<_>>().map(Self));
        }
        let group_count: usize = parts.iter().map(|part| part.group_count).sum();
        let keys = parts.iter().flat_map(|part| &part.keys);
        let value_count: usize = keys.map(|(key, _)| key.len()).sum();
        if key_count < 2 || value_count > group_count / 2 {
            return Ok(None);
        }
        let common = (0..key_count).into_par_iter().map(|key| {
            let keys: Vec<&KeyColumn> = parts.iter().map(|part| &part.keys[key].0).collect();
            common_positions(&keys)
        });
        let mut packed = vec![Vec::with_capacity(key_count); parts.len()];
        let mut shift = 0;
        for (positions, count) in in_order(common.collect())? {
            let bits = usize::BITS - count.leading_zeros();
            if shift + bits > u64::BITS {
                return Ok(None);
            }
            for (packed, positions) in packed.iter_mut().zip(positions) {
                packed.push(
                    positions.into_iter().map(|position| u64::from(position) << shift).collect(),
                );
            }
            shift += bits;
        }
        Ok(Some(Self(packed)))
    }

    fn words_of(&self, piece: usize, part: &SealedPart) -> Vec<u64> {
        let mut words = vec![0; part.group_count];
        for ((_, positions), bits) in part.keys.iter().zip(&self.0[piece]) {
            for (group, word) in words.iter_mut().enumerate() {
                *word |= bits[position_at(positions.as_deref(), group)];
            }
        }
        words
    }
}

/// The values of several key columns of one type, numbered together: for each column the numbers by
/// position, and how many there are.
fn common_positions(keys: &[&KeyColumn]) -> Result<(Vec<Vec<u32>>, usize), ExecError> {
    let mut table = PositionTable::default();
    let mut firsts: Vec<(&KeyColumn, usize)> = Vec::new();
    let mut all = Vec::with_capacity(keys.len());
    for key in keys {
        let mut positions = Vec::with_capacity(key.len());
        for at in 0..key.len() {
            let same = |known: usize| firsts[known].0.equals(firsts[known].1, key, at);
            let position = table.position(key.hash_at(at), firsts.len(), same)?;
            if position as usize == firsts.len() {
                firsts.push((key, at));
            }
            positions.push(position);
        }
        all.push(positions);
    }
    Ok((all, firsts.len()))
}

fn hash_of(word: u64) -> u64 {
    hash_word(word, process_seed())
}

/// The hash of the keys of each group.
pub(crate) fn hashes_of(keys: &[(KeyColumn, Option<Vec<u32>>)], group_count: usize) -> Vec<u64> {
    let mut hashes = vec![0; group_count];
    for (column, (key, positions)) in keys.iter().enumerate() {
        for (group, hash) in hashes.iter_mut().enumerate() {
            let own = key.hash_at(position_at(positions.as_deref(), group));
            *hash = if column == 0 { own } else { hash_pair(*hash, own) };
        }
    }
    hashes
}

impl Spread {
    /// Rows by the hashes of their words.
    pub(crate) fn new(
        words: &[u64],
        hash_of: impl Fn(u64) -> u64,
        partition_count: usize,
    ) -> Result<Self, ExecError> {
        // The table of a partition goes by the high half of the hash.
        let mask = partition_count as u64 - 1;
        let partition_of = |word: u64| usize::try_from(hash_of(word) & mask).unwrap_or_default();
        let mut starts = vec![0; partition_count + 1];
        words.iter().for_each(|&word| starts[partition_of(word) + 1] += 1);
        (0..partition_count).for_each(|index| starts[index + 1] += starts[index]);
        let mut next = starts.clone();
        let mut spread = Self { rows: vec![0; words.len()], words: vec![0; words.len()], starts };
        for (row, &word) in position_rows(0..words.len())?.into_iter().zip(words) {
            let at = &mut next[partition_of(word)];
            spread.rows[*at] = row;
            spread.words[*at] = word;
            *at += 1;
        }
        Ok(spread)
    }

    /// The rows of a partition and their words.
    pub(crate) fn of(&self, partition: usize) -> (&[u32], &[u64]) {
        let range = self.starts[partition]..self.starts[partition + 1];
        (&self.rows[range.clone()], &self.words[range])
    }
}

#[inline]
fn position_at(positions: Option<&[u32]>, group: usize) -> usize {
    positions.map_or(group, |positions| positions[group] as usize)
}

/// The groups of all parts by partition.
struct Groups {
    parts: Vec<SealedPart>,
    /// For each part its groups by partition, and for each of them its keys as a word, or the hash
    /// of its keys.
    spreads: Vec<Spread>,
    are_packed: bool,
}

/// The groups of a partition, numbered by first appearance.
struct Numbered {
    firsts: Vec<Pick>,
    /// For each part the numbers of its groups.
    numbers: Vec<Vec<u32>>,
}

impl Groups {
    /// Numbers the groups of a partition, equal ones alike.
    fn numbered(&self, partition: usize) -> Result<Numbered, ExecError> {
        let row_count = self.spreads.iter().map(|spread| spread.of(partition).0.len()).sum();
        let mut table = PositionTable::with_capacity(row_count);
        let mut firsts: Vec<Pick> = Vec::with_capacity(row_count);
        let mut known: Vec<u64> = Vec::new();
        let mut numbers = Vec::with_capacity(self.parts.len());
        for (piece, spread) in (0..).zip(&self.spreads) {
            let (rows, words) = spread.of(partition);
            let mut own = Vec::with_capacity(rows.len());
            for (&row, &word) in rows.iter().zip(words) {
                let (pick, next) = (Pick { piece, row }, firsts.len());
                let number = if self.are_packed {
                    table.position(hash_of(word), next, |at| known[at] == word)?
                } else {
                    table.position(word, next, |at| is_same(&self.parts, firsts[at], pick))?
                };
                if number as usize == next {
                    firsts.push(pick);
                    if self.are_packed {
                        known.push(word);
                    }
                }
                own.push(number);
            }
            numbers.push(own);
        }
        Ok(Numbered { firsts, numbers })
    }

    /// The groups of a partition with a state of their own.
    fn merged(
        &self,
        plan: &Grouped,
        partition: usize,
        Numbered { firsts, numbers }: Numbered,
    ) -> Result<Partition, ExecError> {
        let group_count = firsts.len();
        let mut accumulators = empty_states(plan);
        for ((part, spread), to) in self.parts.iter().zip(&self.spreads).zip(&numbers) {
            let taken = Taken { from: spread.of(partition).0, to, group_count };
            for (accumulator, later) in accumulators.iter_mut().zip(&part.accumulators) {
                accumulator.merge(later, &taken)?;
            }
        }
        Ok(Partition { firsts, accumulators })
    }

    /// The parts as they are, but for the few groups that are equal to an earlier one: these are
    /// taken in there. So what is read of the others is read from front to back.
    fn in_their_parts(
        mut self,
        plan: &Grouped,
        numbered: &[Numbered],
    ) -> Result<Settled, ExecError> {
        let mut again: Vec<(Pick, Pick)> = Vec::new();
        for (index, Numbered { firsts, numbers }) in numbered.iter().enumerate() {
            for ((piece, spread), numbers) in (0..).zip(&self.spreads).zip(numbers) {
                let picks = spread.of(index).0.iter().map(|&row| Pick { piece, row });
                let pairs = picks.zip(numbers.iter().map(|&number| firsts[number as usize]));
                again.extend(pairs.filter(|(pick, first)| pick != first));
            }
        }
        // The sort is stable: what a group takes in comes in the order of the rows.
        let pieces = |(pick, first): &(Pick, Pick)| (pick.piece, first.piece);
        again.sort_by_key(pieces);
        let mut is_first: Vec<Bitmap> =
            self.parts.iter().map(|part| Bitmap::filled(true, part.group_count)).collect();
        for run in again.chunk_by(|left, right| pieces(left) == pieces(right)) {
            let (from, to): (Vec<u32>, Vec<u32>) =
                run.iter().map(|(pick, first)| (pick.row, first.row)).unzip();
            let (later, earlier) = (run[0].0.piece as usize, run[0].1.piece as usize);
            from.iter().for_each(|&row| is_first[later].set(row as usize, false));
            let between = position_rows(0..from.len())?;
            let taken = Taken { from: &from, to: &between, group_count: from.len() };
            let group_count = self.parts[earlier].group_count;
            let given = Taken { from: &between, to: &to, group_count };
            for (index, mut state) in empty_states(plan).into_iter().enumerate() {
                state.merge(&self.parts[later].accumulators[index], &taken)?;
                self.parts[earlier].accumulators[index].merge(&state, &given)?;
            }
        }
        let parts = (0..).zip(self.parts.iter_mut()).zip(&is_first);
        let partitions = parts.map(|((piece, part), is_first)| {
            let rows = position_rows(is_first.ones())?;
            let mut accumulators = std::mem::take(&mut part.accumulators);
            if rows.len() < part.group_count {
                let to = position_rows(0..rows.len())?;
                let taken = Taken { from: &rows, to: &to, group_count: rows.len() };
                let all = std::mem::replace(&mut accumulators, empty_states(plan));
                let mut states = accumulators.iter_mut().zip(&all);
                states.try_for_each(|(state, all)| state.merge(all, &taken))?;
            }
            let firsts = rows.into_iter().map(|row| Pick { piece, row }).collect();
            Ok(Partition { firsts, accumulators })
        });
        let partitions = partitions.collect::<Result<_, ExecError>>()?;
        Ok(Settled { parts: self.parts, partitions })
    }
}

/// Whether two groups of any parts have the same keys.
#[inline]
fn is_same(parts: &[SealedPart], left: Pick, right: Pick) -> bool {
    let group = |pick: Pick| (&parts[pick.piece as usize].keys, pick.row as usize);
    let ((left_keys, left), (right_keys, right)) = (group(left), group(right));
    left_keys.iter().zip(right_keys).all(|((key, positions), (other, others))| {
        let position = position_at(positions.as_deref(), left);
        key.equals(position, other, position_at(others.as_deref(), right))
    })
}

impl Partition {
    /// The results of the aggregates, one for each of so many groups.
    pub(crate) fn finish(self, group_count: usize) -> Result<Vec<Column>, ExecError> {
        self.accumulators.into_iter().map(|state| state.finish(group_count)).collect()
    }
}

impl Settled {
    /// The keys of groups by where these first appeared; nulls stand for those that are not read.
    pub(crate) fn keys(
        &self,
        plan: &Grouped,
        firsts: &[Pick],
        is_read: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<Column>, ExecError> {
        let keys = plan.keys.iter().enumerate().map(|(index, key)| match is_read(index) {
            true => self.key_column(index, firsts),
            false => Ok(Column::nulls(key.data_type.clone(), firsts.len())),
        });
        keys.collect()
    }

    fn key_column(&self, index: usize, firsts: &[Pick]) -> Result<Column, ExecError> {
        let keys = self.parts.iter().filter_map(|part| part.keys.get(index));
        let keys: Vec<&(KeyColumn, Option<Vec<u32>>)> = keys.collect();
        let pick = |pick: &Pick| match keys.get(pick.piece as usize) {
            Some((_, Some(positions))) => Pick { row: positions[pick.row as usize], ..*pick },
            _ => *pick,
        };
        let picks: Vec<Pick> = firsts.iter().map(pick).collect();
        KeyColumn::pick(&keys.iter().map(|(key, _)| key).collect::<Vec<_>>(), &picks)
    }
}
