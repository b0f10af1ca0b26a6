//! What the rows hold that were pushed so far.

use super::gaps::Gaps;
use super::{ColumnBuilder, Parts};

impl ColumnBuilder {
    /// Whether there is such a row already and it is not null.
    pub fn is_valid(&self, row: usize) -> bool {
        row < self.len
            && !matches!(self.parts, Parts::Null)
            && self.place_of(row).is_some()
            && self
                .validity
                .as_ref()
                .is_none_or(|validity| row >= validity.len() || validity.get(row))
    }

    /// Whether a row holds the empty text.
    pub fn is_empty_text(&self, row: usize) -> bool {
        let Some(place) = self.place_of(row).filter(|_| self.is_valid(row)) else { return false };
        match &self.parts {
            Parts::Strings(texts) => texts.bytes(place).is_empty(),
            Parts::Interned { codes, interner } => codes
                .get(place)
                .is_some_and(|code| interner.words().bytes(*code as usize).is_empty()),
            _ => false,
        }
    }

    /// Whether all rows up to that one are there and not null.
    pub fn are_valid_to(&self, len: usize) -> bool {
        self.len >= len
            && self.validity.is_none()
            && !matches!(self.parts, Parts::Null)
            && !matches!(self.gaps, Gaps::Some(_))
    }
}
