//! Numbers that codes lead to: what an aggregate makes of each is made once for a dictionary.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_column::{Bitmap, Column, Numbers, Values};

use super::Rows;

/// What is made of the numbers of the dictionary that was met last: the columns that were cut from
/// one row group share one.
#[derive(Clone, Debug)]
pub(super) struct Made<T> {
    dictionary: Arc<Numbers>,
    /// For batches of up to so many rows.
    row_count: usize,
    /// One for each number, and one for null; none where nothing could be made of them.
    entries: Option<Vec<T>>,
}

/// For each row that is not null what was made of its number; for the others anything.
#[derive(Debug)]
pub(super) struct CodedRows<'a, T> {
    pub(super) codes: Cow<'a, [u32]>,
    pub(super) valid: Option<&'a Bitmap>,
    pub(super) entries: &'a [T],
}

impl<T: Copy + Default> Made<T> {
    /// What is made of the numbers that some rows have, if they are coded and it pays. `make` is told
    /// for how many rows it is; what it makes of null is the default.
    pub(super) fn rows<'a>(
        known: &'a mut Option<Self>,
        column: &'a Column,
        rows: &Rows<'_>,
        make: impl FnOnce(&Numbers, usize) -> Option<Vec<T>>,
    ) -> Option<CodedRows<'a, T>> {
        let Values::NumberCodes { codes, dictionary } = column.values() else { return None };
        if !rows.has_few_groups() {
            return None;
        }
        let is_known = |known: &Self| {
            Arc::ptr_eq(&known.dictionary, dictionary) && rows.row_count <= known.row_count
        };
        if !known.as_ref().is_some_and(is_known) {
            if dictionary.len() > codes.len() {
                return None;
            }
            let row_count = rows.row_count.next_power_of_two();
            let entries = make(dictionary, row_count).map(|mut entries| {
                entries.resize(dictionary.len(), T::default());
                entries.push(T::default());
                entries
            });
            *known = Some(Self { dictionary: Arc::clone(dictionary), row_count, entries });
        }
        let entries = known.as_ref()?.entries.as_deref()?;
        Some(CodedRows { codes: Cow::Borrowed(codes), valid: column.validity(), entries })
    }

    /// About how many bytes of memory it takes.
    pub(super) fn byte_len(&self) -> usize {
        self.entries.as_ref().map_or(0, |entries| entries.len() * size_of::<T>())
    }
}

impl<T: Copy + Default> CodedRows<'_, T> {
    /// For the rows that are null what was made of null.
    pub(super) fn with_null(mut self) -> Self {
        if let Some((valid, null)) = self.valid.zip(u32::try_from(self.entries.len() - 1).ok()) {
            valid.fill_unset(self.codes.to_mut(), null);
        }
        self
    }

    #[inline]
    pub(super) fn at(&self, row: usize) -> T {
        let code = self.codes[row];
        self.entries.get(code as usize).copied().unwrap_or_default()
    }
}
