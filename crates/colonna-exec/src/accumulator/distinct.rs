//! Each value once: `count(DISTINCT x)`, and DISTINCT before any other aggregate.

use colonna_column::{Column, Values};
use colonna_schema::DataType;
use roaring::RoaringTreemap;

use super::{Accumulator, AggregateKind, Grouping, Rows};
use crate::ExecError;
use crate::group_keys::{KeyColumn, PairKeys, position_rows};

/// How far apart integers may lie for a bitmap to hold them better than a hash table does.
const BITMAP_RANGE: u64 = 1 << 33;

/// The distinct values of each group.
#[derive(Clone, Debug)]
struct DistinctValues {
    values: KeyColumn,
    /// Group and value.
    pairs: PairKeys,
}

impl DistinctValues {
    fn new(data_type: &DataType) -> Self {
        Self { values: KeyColumn::new(data_type), pairs: PairKeys::default() }
    }

    fn update(&mut self, column: &Column, grouping: Grouping<'_>) -> Result<(), ExecError> {
        if matches!(column.values(), Values::Null) {
            return Ok(());
        }
        let mut groups = Vec::with_capacity(column.len());
        grouping.each_valid(column, |_, row| groups.push(grouping.at(row)));
        let positions = if groups.len() == column.len() {
            self.values.resolve(column)?
        } else {
            let rows = position_rows(column.valid_bits().ones())?;
            self.values.resolve(&column.gather(&rows))?
        };
        self.pairs.resolve(&groups, &positions)?;
        Ok(())
    }

    fn merge(&mut self, later: &Self, mapping: &[u32]) -> Result<(), ExecError> {
        let positions = self.values.resolve(&later.values.to_column()?)?;
        self.pairs.merge(&later.pairs, mapping, &positions)?;
        Ok(())
    }

    fn byte_len(&self) -> usize {
        self.values.byte_len() + self.pairs.byte_len()
    }
}

/// `count(DISTINCT x)`, exactly. Integers that lie close together are kept in a bitmap where there
/// is but one group.
#[derive(Clone, Debug)]
pub(crate) struct CountDistinct {
    data_type: DataType,
    bitmap: Option<RoaringTreemap>,
    hashed: Option<DistinctValues>,
}

impl CountDistinct {
    pub(super) fn new(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), bitmap: None, hashed: None }
    }

    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        let Some(column) = rows.values else { return Ok(()) };
        if let (Grouping::One, Values::Int64(values)) = (rows.grouping, column.values())
            && self.hashed.is_none()
            && is_dense(column, values)
        {
            let bitmap = self.bitmap.get_or_insert_default();
            match column.validity() {
                None => bitmap.extend(values.iter().copied().map(shifted)),
                Some(valid) => bitmap.extend(valid.ones().map(|row| shifted(values[row]))),
            }
            return Ok(());
        }
        self.hashed()?.update(column, rows.grouping)
    }

    /// The hash table, with what the bitmap held so far.
    fn hashed(&mut self) -> Result<&mut DistinctValues, ExecError> {
        let data_type = &self.data_type;
        let hashed = self.hashed.get_or_insert_with(|| DistinctValues::new(data_type));
        if let Some(bitmap) = self.bitmap.take() {
            let values: Vec<i64> = bitmap.into_iter().map(unshifted).collect();
            let len = values.len();
            let column = Column::try_new(data_type.clone(), len, Values::Int64(values), None)?;
            hashed.update(&column, Grouping::One)?;
        }
        Ok(hashed)
    }

    pub(super) fn merge(
        &mut self,
        mut later: Self,
        mapping: &[u32],
        _: usize,
    ) -> Result<(), ExecError> {
        if self.hashed.is_none() && later.hashed.is_none() {
            if let Some(theirs) = later.bitmap {
                *self.bitmap.get_or_insert_default() |= theirs;
            }
            return Ok(());
        }
        let later = later.hashed()?;
        self.hashed()?.merge(later, mapping)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn finish(self, group_count: usize) -> Result<Column, ExecError> {
        let mut counts = vec![0; group_count];
        if let (Some(bitmap), Some(count)) = (&self.bitmap, counts.first_mut()) {
            *count = i64::try_from(bitmap.len()).unwrap_or(i64::MAX);
        }
        if let Some(hashed) = &self.hashed {
            hashed.pairs.sides().0.into_iter().for_each(|group| counts[group as usize] += 1);
        }
        Ok(Column::from_i64(counts))
    }

    pub(super) fn byte_len(&self) -> usize {
        self.bitmap.as_ref().map_or(0, RoaringTreemap::serialized_size)
            + self.hashed.as_ref().map_or(0, DistinctValues::byte_len)
    }
}

fn is_dense(column: &Column, values: &[i64]) -> bool {
    let bounds = values.iter().fold(None, |bounds, &value| match bounds {
        None => Some((value, value)),
        Some((min, max)) => Some((value.min(min), value.max(max))),
    });
    let range = bounds.map_or(0, |(min, max)| max.wrapping_sub(min).cast_unsigned());
    // Moments lie so far apart that each would take a container of its own.
    *column.data_type() != DataType::Timestamp && range < BITMAP_RANGE
}

/// The integers in their order, as a bitmap counts them.
fn shifted(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

fn unshifted(value: u64) -> i64 {
    (value ^ (1 << 63)).cast_signed()
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

    #[expect(clippy::needless_pass_by_value, reason = "every accumulator has this form")]
    pub(super) fn merge(
        &mut self,
        later: Self,
        mapping: &[u32],
        _: usize,
    ) -> Result<(), ExecError> {
        self.values.merge(&later.values, mapping)
    }

    pub(super) fn finish(self, group_count: usize) -> Result<Column, ExecError> {
        let (groups, positions) = self.values.pairs.sides();
        let column = self.values.values.to_column()?.gather(&positions);
        let mut accumulator = Accumulator::new(&self.kind);
        accumulator.update(&Rows {
            values: Some(&column),
            order: None,
            grouping: Grouping::Each(&groups),
            row_count: groups.len(),
            group_count,
        })?;
        accumulator.finish(group_count)
    }

    pub(super) fn byte_len(&self) -> usize {
        self.values.byte_len()
    }
}
