//! Values without room for the nulls between them.

use super::{ColumnBuilder, Parts};
use crate::Column;
use crate::sparse::{ROWS_PER_VALUE, bits_at, spread, spread_offsets, spread_texts};

/// Values that a column may have before it shows whether they are few.
const TRIAL_VALUES: usize = 64;

/// The rows that a column has no room for.
#[derive(Clone, Debug, Default)]
pub(super) enum Gaps {
    /// Each null has room.
    #[default]
    Never,
    /// No null so far.
    None,
    /// There are few values so far. The first of them stand in the first rows, up to the first gap.
    Some(Vec<Gap>),
}

/// Rows without a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    /// How many values stand before it.
    values_before: usize,
    /// The row behind it.
    end: usize,
}

impl Gaps {
    /// Where the value of a row before the end stands, which is none in a gap.
    fn place_of(&self, row: usize, value_count: impl Fn() -> usize) -> Option<usize> {
        let Self::Some(gaps) = self else { return Some(row) };
        let behind = gaps.partition_point(|gap| gap.end <= row);
        let start = behind.checked_sub(1).and_then(|index| gaps.get(index));
        let start = start.copied().unwrap_or(Gap { values_before: 0, end: 0 });
        let values_before = gaps.get(behind).map_or_else(value_count, |gap| gap.values_before);
        let place = start.values_before + (row - start.end);
        (place < values_before).then_some(place)
    }

    /// Forgets the rows from `kept` on. Gives back how many values are left.
    pub(super) fn truncate(&mut self, kept: usize, value_count: usize) -> usize {
        let Self::Some(gaps) = self else { return kept.min(value_count) };
        let mut values = value_count;
        while let Some(gap) = gaps.pop_if(|gap| gap.end > kept) {
            values = gap.values_before;
        }
        let start = gaps.last().copied().unwrap_or(Gap { values_before: 0, end: 0 });
        let values = values.min(start.values_before + (kept - start.end));
        if start.end + (values - start.values_before) < kept {
            gaps.push(Gap { values_before: values, end: kept });
        }
        values
    }
}

impl ColumnBuilder {
    /// How many values have room, nulls with them where nulls have.
    pub(super) fn value_count(&self) -> usize {
        match &self.parts {
            Parts::Null | Parts::Struct(_) => self.len,
            Parts::Boolean(bits) => bits.len(),
            Parts::Int64(values) => values.len(),
            Parts::Float64(values) => values.len(),
            Parts::Decimal(values) => values.len(),
            Parts::Strings(values) => values.len(),
            Parts::Interned { codes, .. } => codes.len(),
            Parts::Entries { offsets, .. } => offsets.len() - 1,
        }
    }

    /// Where the value of a row before the end stands; none in a gap.
    pub(super) fn place_of(&self, row: usize) -> Option<usize> {
        self.gaps.place_of(row, || self.value_count())
    }

    /// Adds that many nulls without room for them. False where they are to have room, for the column
    /// has too many values.
    pub(super) fn leave_gap(&mut self, count: usize) -> bool {
        let values_before = self.value_count();
        let end = self.len + count;
        let has_no_room_anyway = matches!(self.parts, Parts::Null | Parts::Struct(_));
        if has_no_room_anyway || values_before > TRIAL_VALUES.max(end / ROWS_PER_VALUE) {
            self.fill_gaps();
            return false;
        }
        if matches!(self.gaps, Gaps::None) {
            self.gaps = Gaps::Some(Vec::new());
        }
        if let Gaps::Some(gaps) = &mut self.gaps {
            gaps.pop_if(|last| last.values_before == values_before);
            gaps.push(Gap { values_before, end });
        }
        self.len = end;
        true
    }

    /// Makes room for all nulls, now and later.
    #[cold]
    fn fill_gaps(&mut self) {
        let Gaps::Some(gaps) = std::mem::take(&mut self.gaps) else { return };
        let (rows, len) = (&*self.rows_of(&gaps), self.len);
        match &mut self.parts {
            Parts::Null | Parts::Struct(_) => {}
            Parts::Boolean(bits) => {
                let set = rows.iter().zip(bits.iter()).filter(|(_, bit)| *bit);
                *bits = bits_at(&set.map(|(row, _)| *row).collect::<Vec<_>>(), len);
            }
            Parts::Int64(values) => *values = spread(values, rows, len),
            Parts::Float64(values) => *values = spread(values, rows, len),
            Parts::Decimal(values) => *values = spread(values, rows, len),
            Parts::Strings(values) => *values = spread_texts(values, rows, len),
            Parts::Interned { codes, .. } => *codes = spread(codes, rows, len),
            Parts::Entries { offsets, .. } => *offsets = spread_offsets(offsets, rows, len),
        }
        self.validity = Some(bits_at(rows, len));
    }

    /// The column whose values have no room for the nulls between them.
    pub(super) fn finish_with_gaps(mut self, gaps: &[Gap]) -> Column {
        let (data_type, len, rows) = (self.data_type.clone(), self.len, self.rows_of(gaps));
        self.len = rows.len();
        Column::of_rows(data_type, len, rows, self.finish())
    }

    /// The rows of the values, which 32 bits count.
    fn rows_of(&self, gaps: &[Gap]) -> Vec<u32> {
        let mut rows: Vec<u32> = Vec::with_capacity(self.value_count());
        let mut row: usize = 0;
        let ends = gaps.iter().map(|gap| gap.values_before).chain([self.value_count()]);
        for (values, next) in ends.zip(gaps.iter().map(|gap| gap.end).chain([self.len])) {
            let run = (row..).take(values - rows.len());
            rows.extend(run.map(|row| u32::try_from(row).unwrap_or(u32::MAX)));
            row = next;
        }
        rows
    }
}
