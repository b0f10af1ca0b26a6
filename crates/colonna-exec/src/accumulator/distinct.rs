//! Each value once: `count(DISTINCT x)`, and DISTINCT before any other aggregate.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use colonna_column::{Column, Pick, Values};
use colonna_schema::DataType;
use rayon::prelude::*;

use super::dense::DenseSets;
use super::{Accumulator, AggregateKind, Grouping, Rows, Taken, digits, expanded};
use crate::ExecError;
use crate::group_keys::{KeyColumn, PairKeys, PositionTable, hash_pair, position_rows};
use crate::settle::{Spread, in_order, partition_count};

/// The distinct values of each group, in parts: a value of a group may be in several of them.
#[derive(Clone, Debug)]
struct DistinctValues {
    data_type: DataType,
    values: KeyColumn,
    /// Group and value; none where all rows are of one group.
    pairs: PairKeys,
    /// The group of all values, as long as there are no pairs.
    single: u32,
    /// What was taken in before.
    sealed: Vec<SealedValues>,
}

/// Values of groups that do not change.
#[derive(Clone, Debug)]
struct SealedValues {
    values: Arc<KeyColumn>,
    /// Group and position of a value.
    groups: Vec<u32>,
    positions: Vec<u32>,
    is_unique: bool,
    /// The group of all of them, where it is one.
    single: Option<u32>,
}

impl DistinctValues {
    fn new(data_type: &DataType) -> Self {
        let values = KeyColumn::new(data_type, false);
        let (pairs, sealed) = (PairKeys::new(false), Vec::new());
        Self { data_type: data_type.clone(), values, pairs, single: 0, sealed }
    }

    fn update(&mut self, column: &Column, grouping: Grouping<'_>) -> Result<(), ExecError> {
        if column.null_count() == column.len() {
            return Ok(());
        }
        // Values of one group, and pairs of values with groups, are kept in parts of their own.
        let is_single = self.values.len() > 0 && self.pairs.len() == 0;
        match grouping.single().and_then(|group| u32::try_from(group).ok()) {
            Some(group) if self.pairs.len() == 0 => {
                if is_single && self.single != group {
                    self.seal()?;
                }
                self.single = group;
            }
            None if is_single => self.seal()?,
            _ => {}
        }
        let valid = match column.null_count() {
            0 => None,
            _ => Some(column.valid_bits().positions()),
        };
        let positions = match &valid {
            None => self.values.resolve(column)?,
            Some(rows) => self.values.resolve(&column.gather(rows))?,
        };
        let groups: Cow<'_, [u32]> = match (grouping, valid) {
            (Grouping::Each(groups), None) => Cow::Borrowed(groups),
            (Grouping::Each(groups), Some(rows)) => {
                rows.iter().map(|row| groups[*row as usize]).collect()
            }
            _ if self.pairs.len() == 0 => return Ok(()),
            (single, _) => vec![single.at(0); positions.len()].into(),
        };
        let group_count = groups.iter().max().map_or(0, |greatest| *greatest as usize + 1);
        self.pairs.resolve(&groups, &positions, (group_count, self.values.len()))?;
        Ok(())
    }

    /// Takes in no more rows in the part that is open.
    fn seal(&mut self) -> Result<(), ExecError> {
        let value_count = self.values.len();
        if value_count == 0 {
            return Ok(());
        }
        let empty = Self::new(&self.data_type);
        let values = std::mem::replace(&mut self.values, empty.values);
        let pairs = std::mem::replace(&mut self.pairs, empty.pairs);
        let is_unique = values.is_unique() && pairs.is_unique();
        let single = (pairs.len() == 0).then_some(self.single);
        let (groups, positions) = match single {
            Some(group) => (vec![group; value_count], position_rows(0..value_count)?),
            None => pairs.sides(),
        };
        let values = Arc::new(values);
        self.sealed.push(SealedValues { values, groups, positions, is_unique, single });
        Ok(())
    }

    /// Takes in what is sealed in another.
    fn merge(&mut self, later: &Self, taken: &Taken<'_>) {
        let mapping = taken.mapping();
        self.sealed.extend(later.sealed.iter().map(|sealed| {
            let groups = sealed.groups.iter().map(|&group| mapping[group as usize]).collect();
            let single = sealed.single.map(|group| mapping[group as usize]);
            let (values, positions) = (Arc::clone(&sealed.values), sealed.positions.clone());
            SealedValues { values, groups, positions, is_unique: sealed.is_unique, single }
        }));
    }

    /// Each value of each group once, in lists: in which part it is, and which pair there.
    fn each_once(&self) -> Result<Vec<Vec<Pick>>, ExecError> {
        let mut found = Vec::new();
        let mut others = Vec::new();
        for ((piece, sealed), is_alone) in (0..).zip(&self.sealed).zip(self.are_alone()) {
            if is_alone {
                let rows = position_rows(0..sealed.groups.len())?;
                found.push(rows.into_iter().map(|row| Pick { piece, row }).collect());
            } else {
                others.push(piece);
            }
        }
        found.extend(self.each_of_once(&others)?);
        Ok(found)
    }

    /// For each part whether no other one has a value of its groups.
    fn are_alone(&self) -> Vec<bool> {
        let mut parts_of: HashMap<u32, usize> = HashMap::new();
        for sealed in &self.sealed {
            sealed.single.iter().for_each(|group| *parts_of.entry(*group).or_default() += 1);
        }
        let all_single = self.sealed.iter().all(|sealed| sealed.single.is_some());
        let is_alone = |sealed: &SealedValues| match sealed.single {
            _ if !sealed.is_unique => false,
            Some(group) if all_single => parts_of.get(&group) == Some(&1),
            _ => self.sealed.len() == 1,
        };
        self.sealed.iter().map(is_alone).collect()
    }

    /// Each value of each group of some of the parts once, by partition.
    fn each_of_once(&self, pieces: &[u32]) -> Result<Vec<Vec<Pick>>, ExecError> {
        let part = |piece: &u32| &self.sealed[*piece as usize];
        let partitions = partition_count(pieces.iter().map(|piece| part(piece).groups.len()).sum());
        let hashed = pieces.par_iter().map(|piece| {
            let spread = Spread::new(&part(piece).hashes(), |hash| hash, partitions)?;
            Ok((*piece, spread))
        });
        let hashed = in_order(hashed.collect())?;
        let found = (0..partitions).into_par_iter().map(|partition| {
            let pairs = hashed.iter().map(|(piece, spread)| (*piece, spread.of(partition)));
            let pair_count = pairs.clone().map(|(_, (pairs, _))| pairs.len()).sum();
            let mut table = PositionTable::with_capacity(pair_count);
            let mut firsts: Vec<Pick> = Vec::with_capacity(pair_count);
            for (piece, (pairs, hashes)) in pairs {
                for (&row, &hash) in pairs.iter().zip(hashes) {
                    let pick = Pick { piece, row };
                    let same = |at: usize| self.is_same(firsts[at], pick);
                    let next = firsts.len();
                    if table.position(hash, next, same)? as usize == next {
                        firsts.push(pick);
                    }
                }
            }
            Ok(firsts)
        });
        in_order(found.collect())
    }

    #[inline]
    fn is_same(&self, left: Pick, right: Pick) -> bool {
        let pair = |pick: Pick| {
            let (sealed, row) = (&self.sealed[pick.piece as usize], pick.row as usize);
            (&sealed.values, sealed.groups[row], sealed.positions[row] as usize)
        };
        let ((values, group, position), (others, other, at)) = (pair(left), pair(right));
        group == other && values.equals(position, others, at)
    }

    fn byte_len(&self) -> usize {
        let sealed = |sealed: &SealedValues| sealed.values.byte_len() + sealed.groups.len() * 8;
        self.values.byte_len()
            + self.pairs.byte_len()
            + self.sealed.iter().map(sealed).sum::<usize>()
    }
}

impl SealedValues {
    fn hashes(&self) -> Vec<u64> {
        let pairs = self.groups.iter().zip(&self.positions);
        let hash = |(&group, &position): (&u32, &u32)| {
            hash_pair(self.values.hash_at(position as usize), u64::from(group))
        };
        pairs.map(hash).collect()
    }
}

/// `count(DISTINCT x)`, exactly. Integers that lie close together, and texts of digits as the
/// integers they are, are bits of a set.
#[derive(Clone, Debug)]
pub(crate) struct CountDistinct {
    data_type: DataType,
    dense: DenseSets,
    /// Whether rows are of more groups than one.
    is_grouped: bool,
    /// What is no such integer is hashed, and with it everything else.
    hashed: Option<DistinctValues>,
}

impl CountDistinct {
    pub(super) fn new(data_type: &DataType) -> Self {
        let (dense, is_grouped, hashed) = (DenseSets::default(), false, None);
        Self { data_type: data_type.clone(), dense, is_grouped, hashed }
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        let Some(column) = rows.values else { return Ok(()) };
        self.is_grouped |= !matches!(rows.grouping, Grouping::One);
        if self.hashed.is_none() {
            let column = expanded(column);
            if let Some(numbers) = numbers_of(&column)
                && let validity = column.validity()
                && self.dense.insert(&numbers, validity, rows.grouping, rows.group_count)
            {
                return Ok(());
            }
        }
        self.hashed()?.update(column, rows.grouping)
    }

    /// The hash table, with what the sets held so far.
    fn hashed(&mut self) -> Result<&mut DistinctValues, ExecError> {
        let data_type = &self.data_type;
        let hashed = self.hashed.get_or_insert_with(|| DistinctValues::new(data_type));
        let (values, groups) = std::mem::take(&mut self.dense).into_values();
        if !values.is_empty() {
            let len = values.len();
            let values = match data_type {
                DataType::Utf8 | DataType::Binary => {
                    let texts = values.into_iter().map(digits::text_of).collect();
                    Values::Strings(Arc::new(texts))
                }
                _ => Values::Int64(values),
            };
            let column = Column::try_new(data_type.clone(), len, values, None)?;
            let is_grouped = self.is_grouped;
            let grouping = if is_grouped { Grouping::Each(&groups) } else { Grouping::One };
            hashed.update(&column, grouping)?;
        }
        Ok(hashed)
    }

    pub(super) fn seal(&mut self) -> Result<(), ExecError> {
        self.hashed.as_mut().map_or(Ok(()), DistinctValues::seal)
    }

    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.is_grouped |= later.is_grouped;
        let are_dense = self.hashed.is_none() && later.hashed.is_none();
        if are_dense && self.dense.merge(&later.dense, taken) {
            return Ok(());
        }
        let mut later = Cow::Borrowed(later);
        if later.hashed.is_none() {
            let later = later.to_mut();
            later.hashed()?;
            later.seal()?;
        }
        let hashed = self.hashed()?;
        later.hashed.iter().for_each(|later| hashed.merge(later, taken));
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        self.seal()?;
        let mut counts = vec![0; group_count];
        let Some(hashed) = &self.hashed else {
            let known = counts.iter_mut().zip(self.dense.counts());
            known.for_each(|(count, len)| *count = i64::try_from(len).unwrap_or(i64::MAX));
            return Ok(Column::from_i64(counts));
        };
        let found = hashed.each_once()?;
        if let [count] = counts.as_mut_slice() {
            *count = found.iter().filter_map(|found| i64::try_from(found.len()).ok()).sum();
            return Ok(Column::from_i64(counts));
        }
        found.iter().flatten().for_each(|pick| {
            let sealed = &hashed.sealed[pick.piece as usize];
            counts[sealed.groups[pick.row as usize] as usize] += 1;
        });
        Ok(Column::from_i64(counts))
    }

    pub(super) fn byte_len(&self) -> usize {
        self.dense.byte_len() + self.hashed.as_ref().map_or(0, DistinctValues::byte_len)
    }
}

/// The values as integers that differ just where the values do; none where there are no such.
fn numbers_of(column: &Column) -> Option<Cow<'_, [i64]>> {
    match column.values() {
        Values::Int64(values) => Some(Cow::Borrowed(values)),
        Values::Strings(texts) => digits::numbers(texts, column.validity()).map(Cow::Owned),
        Values::Null => Some(Cow::Owned(Vec::new())),
        _ => None,
    }
}

/// Another aggregate over each value once.
#[derive(Clone, Debug)]
pub(crate) struct EachOnce {
    /// What takes in the values, in the end.
    kind: AggregateKind,
    values: DistinctValues,
}

impl EachOnce {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        let kind = AggregateKind { distinct: false, ..kind.clone() };
        Self { values: DistinctValues::new(&kind.input), kind }
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        rows.values.map_or(Ok(()), |column| self.values.update(column, rows.grouping))
    }

    pub(super) fn seal(&mut self) -> Result<(), ExecError> {
        self.values.seal()
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.values.merge(&later.values, taken);
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        self.seal()?;
        let sealed = &self.values.sealed;
        let mut picks = self.values.each_once()?.concat();
        let mut groups = Vec::with_capacity(picks.len());
        for pick in &mut picks {
            let (of, pair) = (&sealed[pick.piece as usize], pick.row as usize);
            groups.push(of.groups[pair]);
            pick.row = of.positions[pair];
        }
        let keys: Vec<&KeyColumn> = sealed.iter().map(|sealed| sealed.values.as_ref()).collect();
        let mut accumulator = Accumulator::new(&self.kind);
        if !picks.is_empty() {
            let column = KeyColumn::pick(&keys, &picks)?;
            accumulator.update(&Rows {
                values: Some(&column),
                order: None,
                grouping: Grouping::Each(&groups),
                row_count: groups.len(),
                group_count,
                row_counts: None,
            })?;
        }
        accumulator.finish(group_count)
    }

    pub(super) fn byte_len(&self) -> usize {
        self.values.byte_len()
    }
}
