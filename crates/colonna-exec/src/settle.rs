//! Parts of groups become one: equal groups of several parts are joined.
//!
//! Groups are spread over partitions by their hashes, and each partition is joined for itself, on
//! all cores. No key is copied: a group is known by where it first appeared, which also gives the
//! groups their order.

use colonna_column::{Column, Pick};
use rayon::prelude::*;

use crate::ExecError;
use crate::accumulator::{Accumulator, Taken};
use crate::aggregate::{Grouped, Part};
use crate::group_keys::{KeyColumn, PositionTable, hash_pair, position_rows};

/// Groups that one partition may have without a need for others.
const PARTITION_GROUPS: usize = 1 << 14;

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
    /// The groups by partition, in order, and their hashes: partition `i` has those from `starts[i]`
    /// to `starts[i + 1]`.
    groups: Vec<u32>,
    hashes: Vec<u64>,
    starts: Vec<usize>,
    accumulators: Vec<Accumulator>,
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
        let parts = parts.into_iter().map(SealedPart::unhashed).collect();
        return Ok(Settled { parts, partitions: vec![partition] });
    }
    let sealed = parts.into_par_iter().map(|part| SealedPart::new(part, partition_count));
    let parts = in_order(sealed.collect())?;
    let partitions = (0..partition_count).into_par_iter();
    let partitions = partitions.map(|index| Partition::new(plan, &parts, index));
    let partitions = in_order(partitions.collect())?;
    Ok(Settled { parts, partitions })
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
    fn unhashed(part: Part) -> Self {
        Self {
            keys: part.keys.into_columns(),
            hashes: Vec::new(),
            groups: Vec::new(),
            starts: Vec::new(),
            accumulators: part.accumulators,
        }
    }

    fn new(part: Part, partition_count: usize) -> Result<Self, ExecError> {
        let group_count = part.keys.len();
        let mut sealed = Self::unhashed(part);
        sealed.accumulators.iter_mut().try_for_each(Accumulator::seal)?;
        let hashes = hashes_of(&sealed.keys, group_count);
        (sealed.groups, sealed.starts) = by_partition(&hashes, partition_count)?;
        sealed.hashes = sealed.groups.iter().map(|&group| hashes[group as usize]).collect();
        Ok(sealed)
    }

    fn groups_of(&self, partition: usize) -> (&[u32], &[u64]) {
        let range = self.starts[partition]..self.starts[partition + 1];
        (&self.groups[range.clone()], &self.hashes[range])
    }
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

/// The positions of hashes by partition, each in order, and where each partition starts.
pub(crate) fn by_partition(
    hashes: &[u64],
    partition_count: usize,
) -> Result<(Vec<u32>, Vec<usize>), ExecError> {
    // The table of a partition goes by the high half of the hash.
    let mask = partition_count as u64 - 1;
    let partition_of = |hash: u64| usize::try_from(hash & mask).unwrap_or_default();
    let mut starts = vec![0; partition_count + 1];
    hashes.iter().for_each(|&hash| starts[partition_of(hash) + 1] += 1);
    (0..partition_count).for_each(|index| starts[index + 1] += starts[index]);
    let mut next = starts.clone();
    let mut positions = vec![0; hashes.len()];
    for (position, &hash) in position_rows(0..hashes.len())?.into_iter().zip(hashes) {
        let at = &mut next[partition_of(hash)];
        positions[*at] = position;
        *at += 1;
    }
    Ok((positions, starts))
}

#[inline]
fn position_at(positions: Option<&[u32]>, group: usize) -> usize {
    positions.map_or(group, |positions| positions[group] as usize)
}

impl Partition {
    fn new(plan: &Grouped, parts: &[SealedPart], index: usize) -> Result<Self, ExecError> {
        let row_count = parts.iter().map(|part| part.groups_of(index).0.len()).sum();
        let mut table = PositionTable::with_capacity(row_count);
        let mut firsts: Vec<Pick> = Vec::with_capacity(row_count);
        let aggregates = plan.aggregates.iter();
        let mut accumulators: Vec<Accumulator> =
            aggregates.map(|aggregate| Accumulator::new(&aggregate.kind)).collect();
        let mut to = Vec::new();
        for (piece, part) in (0..).zip(parts) {
            let (from, hashes) = part.groups_of(index);
            to.clear();
            to.reserve(from.len());
            for (&group, &hash) in from.iter().zip(hashes) {
                let pick = Pick { piece, row: group };
                let same = |at: usize| is_same(parts, firsts[at], pick);
                let position = table.position(hash, firsts.len(), same)?;
                if position as usize == firsts.len() {
                    firsts.push(pick);
                }
                to.push(position);
            }
            let taken = Taken { from, to: &to, group_count: firsts.len() };
            for (accumulator, later) in accumulators.iter_mut().zip(&part.accumulators) {
                accumulator.merge(later, &taken)?;
            }
        }
        Ok(Self { firsts, accumulators })
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

impl Settled {
    /// The columns of a partition, whose groups first appeared there: keys, of which nulls stand for
    /// those that are not read, and then aggregates.
    pub(crate) fn columns(
        &self,
        plan: &Grouped,
        partition: Partition,
        firsts: &[Pick],
        is_read: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<Column>, ExecError> {
        let group_count = firsts.len();
        let mut columns = Vec::with_capacity(plan.schema.fields.len());
        for (index, key) in plan.keys.iter().enumerate() {
            columns.push(if is_read(index) {
                self.key_column(index, firsts)?
            } else {
                Column::nulls(key.data_type.clone(), group_count)
            });
        }
        for accumulator in partition.accumulators {
            columns.push(accumulator.finish(group_count)?);
        }
        Ok(columns)
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
