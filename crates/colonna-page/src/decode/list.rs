//! The levels of a page of lists: where its rows begin, and which of their elements are there.

use colonna_column::Bitmap;

use crate::PageError;
use crate::encoding::hybrid;

/// What the levels of a leaf in one list mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListLevels {
    /// From here on there is an element; one below it the list is there and empty.
    pub(super) element: u8,
    /// The element has a value.
    pub(super) most: u8,
}

/// The rows of a page of lists.
#[derive(Debug)]
pub(super) struct ListRows {
    /// Where the elements of each row begin, and those of the last end.
    pub(super) offsets: Vec<usize>,
    /// The level of each row's first slot.
    pub(super) levels: Vec<u8>,
    /// Which elements have a value; none where all have.
    pub(super) validity: Option<Bitmap>,
}

impl ListRows {
    /// The rows that so many slots are of, by their levels of both kinds.
    pub(super) fn decode(
        (repetition, definition): (&[u8], &[u8]),
        known: ListLevels,
        slot_count: usize,
        row_count: usize,
    ) -> Result<Self, PageError> {
        let repeats = hybrid::decode_bits(repetition, slot_count)?;
        let levels = hybrid::decode(definition, hybrid::width_of(known.most.into()), slot_count)?;
        let greatest = levels.iter().fold(0, |greatest, level| *level.max(&greatest));
        if greatest > u32::from(known.most) {
            return Err(malformed(format!("level {greatest} of {}", known.most)));
        }
        if row_count > slot_count || repeats.get(0) {
            return Err(malformed(format!("{slot_count} values of {row_count} rows")));
        }
        let mut offsets = vec![0; row_count + 1];
        let mut row_levels = vec![0; row_count + 1];
        let (mut row, mut end) = (0, 0);
        for (levels, word) in levels.chunks(64).zip(repeats.words()) {
            for (bit, &level) in levels.iter().enumerate() {
                // Written for each slot, and for good where a row begins: that follows no rule which
                // a branch could go by.
                if let (Some(offset), Some(row_level)) =
                    (offsets.get_mut(row), row_levels.get_mut(row))
                {
                    (*offset, *row_level) = (end, u8::try_from(level).unwrap_or(known.most));
                }
                row += usize::from(word >> bit & 1 == 0);
                end += usize::from(level >= u32::from(known.element));
            }
        }
        if row != row_count {
            return Err(malformed(format!("{row} rows where {row_count} were to be")));
        }
        offsets[row_count] = end;
        row_levels.truncate(row_count);
        let value_count = levels.iter().filter(|level| **level == u32::from(known.most)).count();
        let validity = (value_count < end).then(|| {
            let elements = levels.iter().filter(|level| **level >= u32::from(known.element));
            elements.map(|level| *level == u32::from(known.most)).collect()
        });
        Ok(Self { offsets, levels: row_levels, validity })
    }

    /// How many elements there are.
    pub(super) fn element_count(&self) -> usize {
        self.offsets.last().copied().unwrap_or_default()
    }
}

fn malformed(detail: String) -> PageError {
    PageError::Malformed { action: "decode a page of lists", detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::hybrid::{encode, width_of};
    use proptest::prelude::*;

    /// A row of a nullable list of nullable elements, in a struct that may be null.
    type Row = Result<Vec<bool>, u8>;

    fn slots(rows: &[Row]) -> (Vec<u32>, Vec<u32>) {
        let mut slots = Vec::new();
        for row in rows {
            match row {
                Err(level) => slots.push((0, u32::from(*level))),
                Ok(elements) if elements.is_empty() => slots.push((0, 2)),
                Ok(elements) => slots.extend(
                    elements
                        .iter()
                        .enumerate()
                        .map(|(index, is_there)| (u32::from(index > 0), 3 + u32::from(*is_there))),
                ),
            }
        }
        slots.into_iter().unzip()
    }

    proptest! {
        #[test]
        fn levels_of_lists_say_which_rows_they_are_of(
            rows in prop::collection::vec(
                prop_oneof![
                    (0_u8..2).prop_map(Err),
                    prop::collection::vec(any::<bool>(), 0..4).prop_map(Ok),
                ],
                0..200,
            ),
            wrong in 0_usize..3,
        ) {
            let (repetition, definition) = slots(&rows);
            let mut bytes = (Vec::new(), Vec::new());
            encode(&mut bytes.0, &repetition, 1);
            encode(&mut bytes.1, &definition, width_of(4));
            let known = ListLevels { element: 3, most: 4 };
            let levels = (bytes.0.as_slice(), bytes.1.as_slice());
            let found = ListRows::decode(levels, known, definition.len(), rows.len()).unwrap();
            let mut validity = Vec::new();
            for (row, expected) in rows.iter().enumerate() {
                prop_assert_eq!(found.levels[row] < 2, expected.is_err());
                let elements = expected.as_deref().unwrap_or_default();
                prop_assert_eq!(found.offsets[row + 1] - found.offsets[row], elements.len());
                validity.extend_from_slice(elements);
            }
            prop_assert_eq!(found.element_count(), validity.len());
            let bits = found.validity.unwrap_or_else(|| Bitmap::filled(true, validity.len()));
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), validity);
            if wrong != 0 {
                let count = rows.len() + wrong;
                prop_assert!(ListRows::decode(levels, known, definition.len(), count).is_err());
            }
        }

        #[test]
        fn malformed_levels_are_an_error_or_rows(
            repetition in prop::collection::vec(any::<u8>(), 0..20),
            definition in prop::collection::vec(any::<u8>(), 0..20),
            slot_count in 0_usize..300,
            row_count in 0_usize..300,
        ) {
            let known = ListLevels { element: 2, most: 3 };
            let levels = (repetition.as_slice(), definition.as_slice());
            if let Ok(rows) = ListRows::decode(levels, known, slot_count, row_count) {
                prop_assert_eq!(rows.offsets.len(), row_count + 1);
                prop_assert!(rows.offsets.is_sorted());
                prop_assert_eq!(rows.levels.len(), row_count);
            }
        }
    }
}
