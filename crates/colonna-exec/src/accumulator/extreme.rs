//! The least and the greatest value.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use colonna_column::{Bitmap, Column, ColumnBuilder, Numbers, Values};
use colonna_schema::{AggregateFunction, DataType, Scalar};

use super::best::Best;
use super::{AggregateKind, Grouping, Rows, Taken, expanded, lanes, optional};
use crate::ExecError;
use crate::group_keys::position_of;
use crate::sort::cmp_doubles;

/// `min` or `max`, in the order of [`Scalar::total_cmp`]. Of equal values the first is kept.
#[derive(Clone, Debug)]
pub(crate) struct Extreme {
    /// What a value must be to the one that is kept, to take its place.
    wanted: Ordering,
    data_type: DataType,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Words(Best<i64>),
    Doubles(Best<f64>),
    Decimals(Vec<Option<i128>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Scalars(Vec<Option<Scalar>>),
}

#[inline]
fn offer<T: Copy>(
    kept: &mut Option<T>,
    value: T,
    wanted: Ordering,
    cmp: impl Fn(&T, &T) -> Ordering,
) {
    match kept {
        Some(kept) if cmp(&value, kept) != wanted => {}
        _ => *kept = Some(value),
    }
}

/// One of the doubles that no other goes before.
fn best_double(values: &[f64], valid: Option<&Bitmap>, wanted: Ordering) -> Option<f64> {
    lanes::best(values, valid, wanted == Ordering::Greater).or_else(|| {
        let mut kept = None;
        let offered = |value: &f64| offer(&mut kept, *value, wanted, |a, b| cmp_doubles(*a, *b));
        without_nulls(values, valid)?.iter().for_each(offered);
        kept
    })
}

/// Whether passing over the nulls of a column costs more than putting a value in their place.
fn has_few_nulls(column: &Column) -> bool {
    column.null_count() < column.len().div_ceil(4)
}

/// The values with the first that is not null in place of those that are: of all of them the same one
/// is the best, and the first of it. None where all are null.
fn without_nulls<'a, T: Copy>(values: &'a [T], valid: Option<&Bitmap>) -> Option<Cow<'a, [T]>> {
    let Some(valid) = valid else { return Some(Cow::Borrowed(values)) };
    let first = valid.ones().next().and_then(|row| values.get(row))?;
    let mut without = values.to_vec();
    valid.fill_unset(&mut without, *first);
    Some(Cow::Owned(without))
}

#[inline]
fn number_of<T: Copy + Default>(numbers: &[T], code: u32) -> T {
    numbers.get(code as usize).copied().unwrap_or_default()
}

fn offer_bytes(kept: &mut Option<Vec<u8>>, value: &[u8], wanted: Ordering) {
    match kept {
        Some(kept) if value.cmp(kept.as_slice()) != wanted => {}
        Some(kept) => {
            kept.clear();
            kept.extend_from_slice(value);
        }
        None => *kept = Some(value.to_vec()),
    }
}

impl Extreme {
    pub(super) fn new(kind: &AggregateKind) -> Self {
        let greatest = kind.function == AggregateFunction::Max;
        let wanted = if greatest { Ordering::Greater } else { Ordering::Less };
        let state = match kind.input {
            DataType::Boolean | DataType::Int64 | DataType::Date | DataType::Timestamp => {
                State::Words(Best::new(wanted))
            }
            DataType::Float64 => State::Doubles(Best::new(wanted)),
            DataType::Decimal { .. } => State::Decimals(Vec::new()),
            DataType::Utf8 | DataType::Binary => State::Bytes(Vec::new()),
            _ => State::Scalars(Vec::new()),
        };
        Self { wanted, data_type: kind.output.clone(), state }
    }

    fn resize(&mut self, group_count: usize) {
        match &mut self.state {
            State::Words(kept) => kept.resize(group_count),
            State::Doubles(kept) => kept.resize(group_count),
            State::Decimals(kept) => kept.resize(group_count, None),
            State::Bytes(kept) => kept.resize(group_count, None),
            State::Scalars(kept) => kept.resize(group_count, None),
        }
    }

    /// Offers one value to a group, of which there are so many.
    pub(crate) fn add(
        &mut self,
        value: &Scalar,
        group: usize,
        group_count: usize,
    ) -> Result<(), ExecError> {
        let column = Column::from_scalars(&self.data_type, std::slice::from_ref(value))?;
        let grouping = Grouping::Same(position_of(group)?);
        let values = Some(&column);
        let (order, row_counts) = (None, None);
        self.update(&Rows { values, order, grouping, row_count: 1, group_count, row_counts })
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    pub(super) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
        self.resize(rows.group_count);
        let Some(column) = rows.values else { return Ok(()) };
        let (wanted, grouping) = (self.wanted, rows.grouping);
        if let (Values::NumberCodes { codes, dictionary }, None) =
            (column.values(), grouping.single())
        {
            self.update_coded(codes, dictionary, column, rows);
            return Ok(());
        }
        let column = expanded(column);
        let group = grouping.single().filter(|_| has_few_nulls(&column));
        match (&mut self.state, column.values()) {
            (State::Words(kept), Values::Int64(values)) => {
                if let Some(group) = group {
                    let values = without_nulls(values, column.validity()).unwrap_or_default();
                    let best = match wanted {
                        Ordering::Greater => values.iter().copied().max(),
                        _ => values.iter().copied().min(),
                    };
                    best.into_iter().for_each(|best| kept.offer(group, best));
                } else {
                    kept.offer_rows(rows, &column, values, |row| values[row]);
                }
            }
            (State::Words(kept), Values::Boolean(bits)) => {
                kept.offer_rows(rows, &column, &[], |row| i64::from(bits.get(row)));
            }
            (State::Doubles(kept), Values::Float64(values)) => {
                if let Some(group) = grouping.single() {
                    let best = best_double(values, column.validity(), wanted);
                    best.into_iter().for_each(|best| kept.offer(group, best));
                } else {
                    kept.offer_rows(rows, &column, values, |row| values[row]);
                }
            }
            (State::Decimals(kept), Values::Decimal(values)) => {
                grouping.each_valid(&column, |group, row| {
                    offer(&mut kept[group], values[row], wanted, i128::cmp);
                });
            }
            (State::Bytes(kept), _) => update_bytes(kept, &column, grouping, wanted),
            (State::Scalars(kept), _) => grouping.each_valid(&column, |group, row| {
                let value = column.scalar_at(row);
                offer_scalar(&mut kept[group], value, wanted);
            }),
            _ => {}
        }
        Ok(())
    }

    fn update_coded(
        &mut self,
        codes: &[u32],
        dictionary: &Numbers,
        column: &Column,
        rows: &Rows<'_>,
    ) {
        match (&mut self.state, dictionary) {
            (State::Words(kept), Numbers::Int64(numbers)) => {
                kept.offer_rows(rows, column, numbers, |row| number_of(numbers, codes[row]));
            }
            (State::Doubles(kept), Numbers::Float64(numbers)) => {
                kept.offer_rows(rows, column, numbers, |row| number_of(numbers, codes[row]));
            }
            _ => {}
        }
    }

    pub(super) fn merge(&mut self, later: &Self, taken: &Taken<'_>) -> Result<(), ExecError> {
        self.resize(taken.group_count);
        let wanted = self.wanted;
        macro_rules! offered {
            ($kept:ident, $later:ident, $offer:expr) => {
                taken.each($later, |group, value| {
                    value.iter().for_each(|value| $offer(&mut $kept[group], value));
                })
            };
        }
        match (&mut self.state, &later.state) {
            (State::Words(kept), State::Words(later)) => kept.merge(later, taken),
            (State::Doubles(kept), State::Doubles(later)) => kept.merge(later, taken),
            (State::Decimals(kept), State::Decimals(later)) => {
                offered!(kept, later, |kept, value: &i128| offer(kept, *value, wanted, i128::cmp));
            }
            (State::Bytes(kept), State::Bytes(later)) => {
                offered!(kept, later, |kept, value: &Vec<u8>| offer_bytes(kept, value, wanted));
            }
            (State::Scalars(kept), State::Scalars(later)) => {
                offered!(kept, later, |kept, value: &Scalar| offer_scalar(
                    kept,
                    value.clone(),
                    wanted
                ));
            }
            _ => return Err(ExecError::ForeignPartial),
        }
        Ok(())
    }

    pub(super) fn finish(mut self, group_count: usize) -> Result<Column, ExecError> {
        self.resize(group_count);
        let data_type = &self.data_type;
        match self.state {
            State::Words(kept) if *data_type == DataType::Boolean => {
                optional(data_type, kept.into_values(), |words| {
                    Values::Boolean(words.into_iter().map(|word| word == 1).collect())
                })
            }
            State::Words(kept) => optional(data_type, kept.into_values(), Values::Int64),
            State::Doubles(kept) => {
                // Which of two zeros came first is not what was asked, and statistics do not know it.
                let unsigned = |values: Vec<f64>| values.into_iter().map(|value| value + 0.0);
                optional(data_type, kept.into_values(), |values| {
                    Values::Float64(unsigned(values).collect())
                })
            }
            State::Decimals(kept) => optional(data_type, kept, Values::Decimal),
            State::Bytes(kept) => optional(data_type, kept, |values| {
                Values::Strings(Arc::new(values.into_iter().collect()))
            }),
            State::Scalars(kept) => {
                let mut builder = ColumnBuilder::new(data_type);
                for value in kept {
                    builder.push_scalar(&value.unwrap_or(Scalar::Null))?;
                }
                Ok(builder.finish())
            }
        }
    }

    pub(super) fn byte_len(&self) -> usize {
        match &self.state {
            State::Words(kept) => kept.byte_len(),
            State::Doubles(kept) => kept.byte_len(),
            State::Decimals(kept) => kept.len() * 32,
            State::Bytes(kept) => {
                kept.iter().map(|kept| 24 + kept.as_ref().map_or(0, Vec::len)).sum()
            }
            State::Scalars(kept) => kept.len() * size_of::<Scalar>(),
        }
    }
}

fn offer_scalar(kept: &mut Option<Scalar>, value: Scalar, wanted: Ordering) {
    match kept {
        Some(kept) if value.total_cmp(kept) != wanted => {}
        _ => *kept = Some(value),
    }
}

fn update_bytes(
    kept: &mut [Option<Vec<u8>>],
    column: &Column,
    grouping: Grouping<'_>,
    wanted: Ordering,
) {
    match (column.values(), grouping.single()) {
        (Values::Codes { codes, dictionary }, Some(group)) => {
            // Each entry that occurs is compared once, however many rows have it.
            let mut used = vec![false; dictionary.len()];
            grouping.each_valid(column, |_, row| {
                used.get_mut(codes[row] as usize).into_iter().for_each(|used| *used = true);
            });
            let entries = used.iter().enumerate().filter(|(_, used)| **used);
            entries.for_each(|(code, _)| {
                offer_bytes(&mut kept[group], dictionary.bytes(code), wanted);
            });
        }
        _ => grouping.each_valid(column, |group, row| {
            let bytes = column.bytes_at(row).unwrap_or_default();
            offer_bytes(&mut kept[group], bytes, wanted);
        }),
    }
}
