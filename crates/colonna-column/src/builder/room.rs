//! The room that a builder starts with: what a column held that is like the one to come.

use super::gaps::Gaps;
use super::{ColumnBuilder, Parts};
use crate::{Column, Interner, Strings, Values};

/// How much a column held.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Room {
    pub(super) rows: usize,
    /// Words of its dictionary.
    words: usize,
    /// Bytes of its texts, or of the words.
    bytes: usize,
}

impl Room {
    fn of(column: &Column) -> Self {
        let column = with_values(column);
        let (words, bytes) = match column.values() {
            Values::Strings(strings) => (0, strings.byte_len()),
            Values::Codes { dictionary, .. } => (dictionary.len(), dictionary.byte_len()),
            _ => (0, 0),
        };
        Self { rows: column.len(), words, bytes }
    }

    /// Somewhat more: no two columns are alike.
    fn widened(self) -> Self {
        let wider = |len: usize| len + len / 8;
        Self { rows: wider(self.rows), words: wider(self.words), bytes: wider(self.bytes) }
    }
}

/// The values of a column that has some: those of a sparse one stand side by side.
fn with_values(column: &Column) -> &Column {
    if let Values::Sparse { values, .. } = column.values() { values } else { column }
}

impl ColumnBuilder {
    /// An empty column of the type of another, that saves as [`ColumnBuilder::saving`]; but texts that
    /// are no codes there do not become any.
    pub fn like(column: &Column) -> Self {
        let mut builder = Self::new(column.data_type());
        builder.room = Room::of(column);
        builder.gaps = Gaps::None;
        match (with_values(column).values(), &mut builder.parts) {
            (Values::Struct(columns), Parts::Struct(fields)) => {
                *fields = columns.iter().map(Self::like).collect();
            }
            (Values::Codes { .. } | Values::Null, _) => builder.save(),
            _ => {}
        }
        builder
    }

    /// An empty column like this empty one, with room for what the column held that it was made
    /// like. Memory that grows by and by is copied again and again.
    #[must_use]
    pub fn with_room(&self) -> Self {
        let mut builder = self.clone();
        let Room { rows, words, bytes } = self.room.widened();
        match &mut builder.parts {
            Parts::Null | Parts::Boolean(_) | Parts::Entries { .. } => {}
            Parts::Int64(values) => values.reserve_exact(rows),
            Parts::Float64(values) => values.reserve_exact(rows),
            Parts::Decimal(values) => values.reserve_exact(rows),
            Parts::Strings(values) => *values = Strings::with_capacity(rows, bytes),
            Parts::Interned { codes, interner } => {
                codes.reserve_exact(rows);
                *interner = Interner::with_capacity(words, bytes);
            }
            Parts::Struct(fields) => {
                fields.iter_mut().for_each(|field| *field = field.with_room());
            }
        }
        builder
    }

    /// A last column may be far shorter than the one it was made like.
    pub(super) fn give_room_back(&mut self) {
        match &mut self.parts {
            Parts::Int64(values) => values.shrink_to_fit(),
            Parts::Float64(values) => values.shrink_to_fit(),
            Parts::Decimal(values) => values.shrink_to_fit(),
            Parts::Strings(values) => values.shrink_to_fit(),
            Parts::Interned { codes, interner } => {
                codes.shrink_to_fit();
                interner.shrink_to_fit();
            }
            Parts::Null | Parts::Boolean(_) | Parts::Entries { .. } | Parts::Struct(_) => {}
        }
    }
}
