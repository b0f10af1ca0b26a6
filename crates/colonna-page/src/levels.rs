//! Levels: how Parquet says which values of a leaf column are missing, and which repeat within a
//! row.
//!
//! The definition level of a slot is the number of steps towards its value that are there; where
//! all are, a value is. The repetition level is 0 where a row begins, and otherwise the number of
//! the list, counted from the outermost, of which the slot is another element.

use std::ops::Range;

use colonna_column::Bitmap;

use crate::encoding::boolean::with_length;
use crate::encoding::hybrid;
use crate::shred::{LeafColumn, Step};

/// Where the values of a leaf column stand.
#[derive(Debug)]
pub(crate) struct Levels {
    definition: Definition,
    repetition: Repetition,
    slot_count: usize,
    most: MostLevels,
}

/// The highest levels of a leaf column, as its schema says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MostLevels {
    /// The definition level of a value.
    pub(crate) definition: u16,
    /// How many lists the leaf is in.
    pub(crate) repetition: u16,
}

#[derive(Debug)]
enum Definition {
    /// One for all slots.
    Uniform(u16),
    /// That of a value where the bit is set, and otherwise another. Eight to a byte, the first in the
    /// lowest bit.
    Bits {
        bytes: Vec<u8>,
        unset: u16,
    },
    Each(Vec<u16>),
}

#[derive(Debug)]
enum Repetition {
    /// A row is a slot.
    None,
    Each {
        levels: Vec<u16>,
        /// The slot with which each row begins, and the end of the last.
        row_starts: Vec<usize>,
    },
}

/// Which rows of the leaf's column are values.
#[derive(Debug)]
pub(crate) enum Present {
    All,
    None,
    /// The rows at these positions.
    Some(Vec<u32>),
}

impl Levels {
    /// The levels of a leaf column, and which of its rows are values. `None` where it has more
    /// elements than 32 bits count.
    pub(crate) fn of(leaf: &LeafColumn<'_>, most: MostLevels) -> Option<(Self, Present)> {
        if leaf.is_repeated() { repeated(leaf, most) } else { flat(leaf, most) }
    }

    pub(crate) fn slot_count(&self) -> usize {
        self.slot_count
    }

    pub(crate) fn row_count(&self) -> usize {
        match &self.repetition {
            Repetition::Each { row_starts, .. } => row_starts.len() - 1,
            Repetition::None => self.slot_count,
        }
    }

    /// The slots of these rows.
    pub(crate) fn slots(&self, rows: Range<usize>) -> Range<usize> {
        match &self.repetition {
            Repetition::Each { row_starts, .. } => row_starts[rows.start]..row_starts[rows.end],
            Repetition::None => rows,
        }
    }

    /// How many of these slots have a value.
    pub(crate) fn value_count(&self, slots: Range<usize>) -> usize {
        match &self.definition {
            Definition::Uniform(level) if *level == self.most.definition => slots.len(),
            Definition::Uniform(_) => 0,
            Definition::Bits { bytes, .. } => count_bits(bytes, slots),
            Definition::Each(levels) => {
                levels[slots].iter().filter(|level| **level == self.most.definition).count()
            }
        }
    }

    /// Adds the levels of these slots as a data page begins with them.
    pub(crate) fn encode(&self, out: &mut Vec<u8>, slots: &Range<usize>) {
        let MostLevels { definition: most, repetition } = self.most;
        match &self.repetition {
            Repetition::None if repetition == 0 => {}
            Repetition::None => encode_one(out, slots.len(), 0, repetition),
            Repetition::Each { levels, .. } => encode_each(out, &levels[slots.clone()], repetition),
        }
        if most == 0 {
            return;
        }
        match &self.definition {
            Definition::Uniform(level) => encode_one(out, slots.len(), *level, most),
            Definition::Bits { bytes, unset: 0 } if most == 1 && slots.start.is_multiple_of(8) => {
                with_length(out, |out| {
                    hybrid::encode_bits(out, &bytes[slots.start / 8..], slots.len());
                });
            }
            Definition::Bits { bytes, unset } => {
                let level = |slot: usize| {
                    if bytes[slot / 8] >> (slot % 8) & 1 == 1 { most } else { *unset }
                };
                encode_each(out, &slots.clone().map(level).collect::<Vec<_>>(), most);
            }
            Definition::Each(levels) => encode_each(out, &levels[slots.clone()], most),
        }
    }
}

fn encode_one(out: &mut Vec<u8>, count: usize, level: u16, most: u16) {
    let width = hybrid::width_of(most.into());
    with_length(out, |out| hybrid::encode_run(out, count, level.into(), width));
}

fn encode_each(out: &mut Vec<u8>, levels: &[u16], most: u16) {
    let wide: Vec<u32> = levels.iter().copied().map(u32::from).collect();
    with_length(out, |out| hybrid::encode(out, &wide, hybrid::width_of(most.into())));
}

fn count_bits(bytes: &[u8], range: Range<usize>) -> usize {
    let until = |end: usize| {
        let whole = bytes[range.start / 8..end / 8].iter().map(|byte| byte.count_ones() as usize);
        let rest = match end % 8 {
            0 => 0,
            count => (bytes[end / 8] & ((1 << count) - 1)).count_ones() as usize,
        };
        whole.sum::<usize>() + rest
    };
    until(range.end) - until(range.start)
}

fn flat(leaf: &LeafColumn<'_>, most: MostLevels) -> Option<(Levels, Present)> {
    let slot_count = leaf.row_count;
    // What lies below a step that is null in all rows does not matter.
    let ends = leaf.steps.iter().position(|step| matches!(step, Step::AllNull));
    let top = u16::try_from(ends.unwrap_or(leaf.steps.len())).ok()?;
    let varying: Vec<(u16, &Bitmap)> = (0..top)
        .zip(&leaf.steps)
        .filter_map(|(level, step)| match step {
            Step::Optional(Some(bits)) => Some((level, *bits)),
            _ => None,
        })
        .collect();
    let (definition, present) = match (varying.as_slice(), ends) {
        ([], None) => (Definition::Uniform(top), Present::All),
        ([], Some(_)) => (Definition::Uniform(top), Present::None),
        ([(unset, bits)], None) => {
            let positions = positions(bits)?;
            (Definition::Bits { bytes: bytes_of(bits), unset: *unset }, Present::Some(positions))
        }
        _ => {
            let mut levels = vec![top; slot_count];
            for (level, bits) in varying.iter().rev() {
                for (row, place) in levels.iter_mut().enumerate() {
                    if !bits.get(row) {
                        *place = *level;
                    }
                }
            }
            let rows = levels.iter().enumerate().filter(|(_, level)| **level == most.definition);
            let rows: Option<Vec<u32>> = rows.map(|(row, _)| u32::try_from(row).ok()).collect();
            (Definition::Each(levels), Present::Some(rows?))
        }
    };
    Some((Levels { definition, repetition: Repetition::None, slot_count, most }, present))
}

fn positions(bits: &Bitmap) -> Option<Vec<u32>> {
    let mut positions = Vec::with_capacity(bits.count_ones());
    for position in bits.ones() {
        positions.push(u32::try_from(position).ok()?);
    }
    Some(positions)
}

/// Bits eight to a byte, the first in the lowest.
pub(crate) fn bytes_of(bits: &Bitmap) -> Vec<u8> {
    let mut bytes = vec![0; bits.len().div_ceil(8)];
    for position in bits.ones() {
        bytes[position / 8] |= 1 << (position % 8);
    }
    bytes
}

/// A place that holds a value or says why there is none.
struct Slot {
    definition: u16,
    repetition: u16,
    /// The row of the column that the steps so far lead to; none where one of them was null.
    row: Option<u32>,
}

fn repeated(leaf: &LeafColumn<'_>, most: MostLevels) -> Option<(Levels, Present)> {
    let first =
        |row| Some(Slot { definition: 0, repetition: 0, row: Some(u32::try_from(row).ok()?) });
    let mut slots: Vec<Slot> = (0..leaf.row_count).map(first).collect::<Option<_>>()?;
    let mut lists = 0;
    for step in &leaf.steps {
        match step {
            Step::Optional(bits) => slots.iter_mut().for_each(|slot| match slot.row {
                Some(row) if bits.is_none_or(|bits| bits.get(row as usize)) => {
                    slot.definition += 1;
                }
                _ => slot.row = None,
            }),
            Step::AllNull => slots.iter_mut().for_each(|slot| slot.row = None),
            Step::Repeated(offsets) => {
                lists += 1;
                slots = expanded(slots, offsets, lists)?;
            }
        }
    }
    let present = slots.iter().filter_map(|slot| slot.row).collect();
    let starts = slots.iter().enumerate().filter(|(_, slot)| slot.repetition == 0);
    let row_starts = starts.map(|(slot, _)| slot).chain([slots.len()]).collect();
    let levels = slots.iter().map(|slot| slot.repetition).collect();
    let repetition = Repetition::Each { levels, row_starts };
    let definition = Definition::Each(slots.iter().map(|slot| slot.definition).collect());
    let slot_count = slots.len();
    Some((Levels { definition, repetition, slot_count, most }, Present::Some(present)))
}

/// A slot for each element, and one for each list without any.
fn expanded(slots: Vec<Slot>, offsets: &[usize], level: u16) -> Option<Vec<Slot>> {
    let mut expanded = Vec::with_capacity(slots.len());
    for slot in slots {
        let elements =
            slot.row.map_or(0..0, |row| offsets[row as usize]..offsets[row as usize + 1]);
        if elements.is_empty() {
            expanded.push(Slot { row: None, ..slot });
            continue;
        }
        let mut repetition = slot.repetition;
        for element in elements {
            let row = Some(u32::try_from(element).ok()?);
            expanded.push(Slot { definition: slot.definition + 1, repetition, row });
            repetition = level;
        }
    }
    Some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_of_a_range_are_counted(
            bits in prop::collection::vec(any::<bool>(), 0..100),
            cuts in (0_usize..=100, 0_usize..=100),
        ) {
            let (start, end) = (cuts.0.min(cuts.1).min(bits.len()), cuts.0.max(cuts.1).min(bits.len()));
            let expected = bits[start..end].iter().filter(|bit| **bit).count();
            let bytes = bytes_of(&bits.iter().copied().collect());
            prop_assert_eq!(count_bits(&bytes, start..end), expected);
        }
    }
}
