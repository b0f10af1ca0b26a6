//! Rows picked by position, and runs of rows.

use std::sync::Arc;

use crate::sparse::gathered;
use crate::{Bitmap, Column, Values};

impl Column {
    /// The rows at these positions, in their order. Every position must lie inside.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        let validity = self.validity().map(|bits| bits.gather(rows));
        let values = match self.values() {
            Values::Null => Values::Null,
            Values::Constant(value) => Values::Constant(value.clone()),
            Values::Sparse { rows: own, values } => {
                let (places, found) = gathered(own, rows);
                let (data_type, len) = (self.data_type().clone(), rows.len());
                return Self::of_rows(data_type, len, places, values.gather(&found));
            }
            Values::Boolean(bits) => Values::Boolean(bits.gather(rows)),
            Values::Int64(values) => Values::Int64(pick(values, rows)),
            Values::Float64(values) => Values::Float64(pick(values, rows)),
            Values::Decimal(values) => Values::Decimal(pick(values, rows)),
            Values::Strings(values) => Values::Strings(Arc::new(values.gather(rows))),
            Values::Codes { codes, dictionary } => {
                Values::Codes { codes: pick(codes, rows), dictionary: Arc::clone(dictionary) }
            }
            Values::NumberCodes { codes, dictionary } => {
                Values::NumberCodes { codes: pick(codes, rows), dictionary: Arc::clone(dictionary) }
            }
            Values::Struct(columns) => {
                Values::Struct(columns.iter().map(|column| column.gather(rows)).collect())
            }
            Values::List { offsets, elements } => {
                let (offsets, picked) = entries_of(offsets, rows);
                Values::List { offsets, elements: Box::new(elements.gather_positions(&picked)) }
            }
            Values::Map { offsets, keys, values } => {
                let (offsets, picked) = entries_of(offsets, rows);
                let keys = Box::new(keys.gather_positions(&picked));
                Values::Map { offsets, keys, values: Box::new(values.gather_positions(&picked)) }
            }
        };
        Self::from_parts(self.data_type().clone(), rows.len(), values, validity)
    }

    /// Elements of lists may be more than 2^32; in that case they are gathered piece by piece.
    fn gather_positions(&self, positions: &[usize]) -> Self {
        match positions
            .iter()
            .map(|&position| u32::try_from(position))
            .collect::<Result<Vec<_>, _>>()
        {
            Ok(rows) => self.gather(&rows),
            Err(_) => {
                let rows: Vec<Self> = positions.iter().map(|&row| self.slice(row, 1)).collect();
                crate::concat(self.data_type(), &rows)
            }
        }
    }

    /// `len` rows from `start` on, as far as there are any.
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        let start = start.min(self.len());
        let len = len.min(self.len() - start);
        let range = start..start + len;
        let validity = self.validity().map(|bits| bits.slice(start, len));
        let values = match self.values() {
            Values::Null => Values::Null,
            Values::Constant(value) => Values::Constant(value.clone()),
            Values::Sparse { rows, values } => {
                let within = |row: usize| rows.partition_point(|found| (*found as usize) < row);
                let (first, end) = (within(start), within(start + len));
                let values = values.slice(first, end - first);
                let rows = rows[first..end].iter().map(|row| row - narrow(start)).collect();
                return Self::of_rows(self.data_type().clone(), len, rows, values);
            }
            Values::Boolean(bits) => Values::Boolean(bits.slice(start, len)),
            Values::Int64(values) => Values::Int64(values[range].to_vec()),
            Values::Float64(values) => Values::Float64(values[range].to_vec()),
            Values::Decimal(values) => Values::Decimal(values[range].to_vec()),
            Values::Strings(values) => Values::Strings(Arc::new(values.slice(range))),
            Values::Codes { codes, dictionary } => {
                Values::Codes { codes: codes[range].to_vec(), dictionary: Arc::clone(dictionary) }
            }
            Values::NumberCodes { codes, dictionary } => Values::NumberCodes {
                codes: codes[range].to_vec(),
                dictionary: Arc::clone(dictionary),
            },
            Values::Struct(columns) => {
                Values::Struct(columns.iter().map(|column| column.slice(start, len)).collect())
            }
            Values::List { offsets, elements } => {
                let (offsets, first, count) = cut(&offsets[start..=start + len]);
                Values::List { offsets, elements: Box::new(elements.slice(first, count)) }
            }
            Values::Map { offsets, keys, values } => {
                let (offsets, first, count) = cut(&offsets[start..=start + len]);
                let keys = Box::new(keys.slice(first, count));
                Values::Map { offsets, keys, values: Box::new(values.slice(first, count)) }
            }
        };
        Self::from_parts(self.data_type().clone(), len, values, validity)
    }

    /// The same values, in a form that does not hold on to a dictionary with more words than there
    /// are rows.
    #[must_use]
    pub fn compacted(self) -> Self {
        match self.values() {
            Values::Codes { codes, dictionary } if dictionary.len() > codes.len() => self.to_flat(),
            Values::NumberCodes { codes, dictionary } if dictionary.len() > codes.len() => {
                self.to_flat()
            }
            Values::Sparse { rows, values } => {
                let (rows, values) = (rows.clone(), Box::new(values.as_ref().clone().compacted()));
                let values = Values::Sparse { rows, values };
                Self::from_parts(self.data_type().clone(), self.len(), values, None)
            }
            Values::Struct(columns) => {
                let columns = columns.iter().map(|column| column.clone().compacted()).collect();
                let validity = self.validity().cloned();
                let data_type = self.data_type().clone();
                Self::from_parts(data_type, self.len(), Values::Struct(columns), validity)
            }
            _ => self,
        }
    }

    /// The column with the rows that are not set in `valid` made null, its fields with it.
    #[must_use]
    pub fn masked(self, valid: &Bitmap) -> Self {
        let validity = match self.validity() {
            Some(known) => known.and(valid),
            None => valid.clone(),
        };
        let (data_type, len) = (self.data_type().clone(), self.len());
        let values = match self.into_values() {
            Values::Null => return Self::nulls(data_type, len),
            Values::Sparse { rows, values } => {
                return values.spread(&rows, len).masked(valid);
            }
            // A constant has no nulls among its rows.
            constant @ Values::Constant(_) => {
                let all = Self::from_parts(data_type.clone(), len, constant, None);
                all.to_flat().into_values()
            }
            Values::Struct(columns) => {
                Values::Struct(columns.into_iter().map(|column| column.masked(&validity)).collect())
            }
            values => values,
        };
        Self::from_parts(data_type, len, values, Some(validity))
    }

    /// The rows whose bit is set.
    #[must_use]
    pub fn filter(&self, selected: &Bitmap) -> Self {
        self.gather(&selected.positions())
    }
}

/// A position within rows that 32 bits count.
fn narrow(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize]).collect()
}

/// The offsets of the picked rows, and the positions of their entries.
fn entries_of(offsets: &[usize], rows: &[u32]) -> (Vec<usize>, Vec<usize>) {
    let mut picked_offsets = Vec::with_capacity(rows.len() + 1);
    picked_offsets.push(0);
    let mut picked = Vec::new();
    for &row in rows {
        picked.extend(offsets[row as usize]..offsets[row as usize + 1]);
        picked_offsets.push(picked.len());
    }
    (picked_offsets, picked)
}

/// Offsets that start with 0 again, with the first entry and the number of entries.
fn cut(offsets: &[usize]) -> (Vec<usize>, usize, usize) {
    let first = offsets.first().copied().unwrap_or_default();
    let cut: Vec<usize> = offsets.iter().map(|offset| offset - first).collect();
    let count = cut.last().copied().unwrap_or_default();
    (cut, first, count)
}
