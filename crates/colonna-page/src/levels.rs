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
    with_length(out, |out| hybrid::encode(out, levels, hybrid::width_of(most.into())));
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
    if let Some((Step::Few(rows), above)) = leaf.steps.split_last() {
        let definition = few(rows, above, slot_count, most)?;
        let levels = Levels { definition, repetition: Repetition::None, slot_count, most };
        return Some((levels, Present::All));
    }
    // What lies below a step that is null in all rows does not matter.
    let ends = leaf.steps.iter().position(|step| matches!(step, Step::AllNull));
    let top = u16::try_from(ends.unwrap_or(leaf.steps.len())).ok()?;
    let varying = varying(leaf.steps.get(..top.into())?);
    let (definition, present) = match (varying.as_slice(), ends) {
        ([], None) => (Definition::Uniform(top), Present::All),
        ([], Some(_)) => (Definition::Uniform(top), Present::None),
        ([(unset, bits)], None) => {
            let positions = positions(bits)?;
            (Definition::Bits { bytes: bytes_of(bits), unset: *unset }, Present::Some(positions))
        }
        _ => {
            let mut levels = vec![top; slot_count];
            lower(&mut levels, &varying);
            let all = match varying.split_first() {
                Some(((_, first), rest)) if ends.is_none() => {
                    rest.iter().fold((*first).clone(), |all, (_, bits)| all.and(bits))
                }
                _ => Bitmap::new(),
            };
            (Definition::Each(levels), Present::Some(positions(&all)?))
        }
    };
    Some((Levels { definition, repetition: Repetition::None, slot_count, most }, present))
}

/// The steps that are there in some rows only, each with the level of the rows where it is not.
fn varying<'a>(steps: &[Step<'a>]) -> Vec<(u16, &'a Bitmap)> {
    let varying = (0..).zip(steps).filter_map(|(level, step)| match step {
        Step::Optional(Some(bits)) => Some((level, *bits)),
        _ => None,
    });
    varying.collect()
}

/// Lowers the levels of slots where a step is not there to that of the first such step.
fn lower(levels: &mut [u16], varying: &[(u16, &Bitmap)]) {
    for (level, bits) in varying.iter().rev() {
        for (places, word) in levels.chunks_mut(u64::BITS as usize).zip(bits.words()) {
            for (index, place) in places.iter_mut().enumerate() {
                *place = if word >> index & 1 == 1 { *place } else { *level };
            }
        }
    }
}

/// The levels of values in a few rows, below these steps.
fn few(
    rows: &[u32],
    above: &[Step<'_>],
    slot_count: usize,
    most: MostLevels,
) -> Option<Definition> {
    let unset = u16::try_from(above.len()).ok()?;
    let varying = varying(above);
    if varying.is_empty() {
        let mut bytes = vec![0_u8; slot_count.div_ceil(8)];
        rows.iter().for_each(|row| bytes[*row as usize / 8] |= 1 << (row % 8));
        return Some(Definition::Bits { bytes, unset });
    }
    let mut levels = vec![unset; slot_count];
    lower(&mut levels, &varying);
    rows.iter().for_each(|row| levels[*row as usize] = most.definition);
    Some(Definition::Each(levels))
}

fn positions(bits: &Bitmap) -> Option<Vec<u32>> {
    u32::try_from(bits.len()).ok()?;
    let mut positions = Vec::with_capacity(bits.count_ones());
    for (start, word) in (0_u32..).step_by(u64::BITS as usize).zip(bits.words()) {
        if *word == u64::MAX {
            positions.extend(start..start + u64::BITS);
            continue;
        }
        let mut rest = *word;
        while rest != 0 {
            positions.push(start + rest.trailing_zeros());
            rest &= rest - 1;
        }
    }
    Some(positions)
}

/// Bits eight to a byte, the first in the lowest.
pub(crate) fn bytes_of(bits: &Bitmap) -> Vec<u8> {
    let mut bytes: Vec<u8> = bits.words().iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.truncate(bits.len().div_ceil(8));
    bytes
}

/// Slots while they are found, step by step.
struct Slots {
    definition: Vec<u16>,
    repetition: Vec<u16>,
    /// The slots at which no step was null yet, each with the row of the column that the steps so
    /// far lead to.
    live: Vec<(u32, u32)>,
}

fn repeated(leaf: &LeafColumn<'_>, most: MostLevels) -> Option<(Levels, Present)> {
    let row_count = u32::try_from(leaf.row_count).ok()?;
    let zeros = vec![0; leaf.row_count];
    let (definition, repetition) = (zeros.clone(), zeros);
    // Where most rows are null, most slots end at the first step.
    let (live, rest) = match leaf.steps.split_first() {
        Some((Step::Optional(Some(bits)), rest)) => {
            (positions(bits)?.into_iter().map(|row| (row, row)).collect(), rest)
        }
        Some((Step::Optional(None), rest)) => {
            ((0..row_count).map(|row| (row, row)).collect(), rest)
        }
        Some((Step::Few(rows), rest)) => (rows.iter().copied().zip(0..).collect(), rest),
        _ => return None,
    };
    let mut slots = Slots { definition, repetition, live };
    slots.defined();
    let mut lists = 0;
    for step in rest {
        match step {
            Step::Optional(Some(bits)) => {
                slots.live.retain(|(_, row)| bits.get(*row as usize));
                slots.defined();
            }
            Step::Optional(None) => slots.defined(),
            Step::AllNull => slots.live.clear(),
            Step::Few(rows) => slots.few(rows)?,
            Step::Repeated(offsets) => {
                lists += 1;
                slots = slots.expanded(offsets, lists)?;
            }
        }
    }
    let Slots { definition, repetition: levels, live } = slots;
    let present = Present::Some(live.into_iter().map(|(_, row)| row).collect());
    let slot_count = levels.len();
    let starts = levels.iter().enumerate().filter(|(_, level)| **level == 0);
    let row_starts = starts.map(|(slot, _)| slot).chain([slot_count]).collect();
    let repetition = Repetition::Each { levels, row_starts };
    let definition = Definition::Each(definition);
    Some((Levels { definition, repetition, slot_count, most }, present))
}

impl Slots {
    /// One more step is there.
    fn defined(&mut self) {
        for (slot, _) in &self.live {
            self.definition[*slot as usize] += 1;
        }
    }

    /// One more step is there, in these rows only. Its own rows are counted without the others.
    fn few(&mut self, rows: &[u32]) -> Option<()> {
        let mut live = Vec::with_capacity(rows.len());
        for (slot, row) in &self.live {
            if let Ok(index) = rows.binary_search(row) {
                live.push((*slot, u32::try_from(index).ok()?));
            }
        }
        self.live = live;
        self.defined();
        Some(())
    }

    /// A slot for each element, and one for each list without any.
    fn expanded(&self, offsets: &[usize], level: u16) -> Option<Self> {
        let len = self.definition.len();
        let mut all = Self {
            definition: Vec::with_capacity(len),
            repetition: Vec::with_capacity(len),
            live: Vec::with_capacity(self.live.len()),
        };
        let mut next = 0;
        for (slot, row) in &self.live {
            let (slot, row) = (*slot as usize, *row as usize);
            let elements = offsets[row]..offsets[row + 1];
            if elements.is_empty() {
                continue;
            }
            all.copy(self, next..slot);
            let first = u32::try_from(all.definition.len()).ok()?;
            let elements = u32::try_from(elements.start).ok()?..u32::try_from(elements.end).ok()?;
            all.definition.extend(elements.clone().map(|_| self.definition[slot] + 1));
            all.repetition.push(self.repetition[slot]);
            all.repetition.extend(elements.clone().skip(1).map(|_| level));
            all.live.extend((first..).zip(elements));
            next = slot + 1;
        }
        all.copy(self, next..len);
        Some(all)
    }

    /// Adds slots that stay as they are.
    fn copy(&mut self, other: &Self, slots: Range<usize>) {
        self.definition.extend_from_slice(&other.definition[slots.clone()]);
        self.repetition.extend_from_slice(&other.repetition[slots]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn positions_are_those_of_the_bits_that_are_set(
            bits in prop::collection::vec(prop::bool::weighted(0.97), 0..400),
        ) {
            let expected = (0..).zip(&bits).filter(|(_, bit)| **bit).map(|(index, _)| index);
            let expected: Vec<u32> = expected.collect();
            prop_assert_eq!(positions(&bits.into_iter().collect()).unwrap(), expected);
        }

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
