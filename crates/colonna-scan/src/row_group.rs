//! The rows of one task as the columns that a plan reads.

use std::sync::Arc;

use colonna_column::{Column, Columns, Values};
use colonna_exec::{Partial, Plan};
use colonna_schema::{DataType, Field, Scalar, Schema};

use crate::plan::Task;
use crate::{Counters, ScanError, ScanFile, ScanSource};

/// Folds the rows of a task into a state of its own.
pub(crate) fn run(
    source: &ScanSource,
    plan: &Plan,
    task: &Task,
) -> Result<(Partial, Counters), ScanError> {
    let file = &source.files[task.file];
    let page_error = |error| ScanError::Page { path: file.path.clone(), source: error };
    let slots: Vec<Slot<'_>> = slots_of(source, plan, file);
    let projection: Vec<Vec<String>> = slots
        .iter()
        .filter_map(|slot| match slot {
            Slot::Stored { path, .. } => Some(path.clone()),
            Slot::Constant { .. } => None,
        })
        .collect();
    let schema = Arc::new(plan.slots().slot_schema());
    let mut partial = plan.partial();
    let mut counters = Counters::default();
    let mut blocks = task
        .reader
        .read(task.row_group, &projection, task.ranges.as_deref())
        .map_err(page_error)?;
    for block in &mut blocks {
        let block = block.map_err(page_error)?;
        let row_count = block.row_count();
        let columns =
            slots.iter().map(|slot| slot.column(&block, file)).collect::<Result<Vec<_>, _>>()?;
        counters.rows_decoded += count(row_count);
        counters.values_decoded += count(row_count * projection.len());
        partial.update(&Columns::try_new(Arc::clone(&schema), columns, row_count)?)?;
    }
    let read = blocks.counters();
    counters.pages_considered = read.pages_total;
    counters.pages_skipped = read.pages_total - read.pages_read;
    counters.bytes_read = read.bytes_read;
    Ok((partial, counters))
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Where the values of a slot come from.
enum Slot<'a> {
    /// Every row of the file has this one.
    Constant { data_type: DataType, value: &'a Scalar },
    /// The file has them, or, where it is older than the column, nulls.
    Stored { data_type: DataType, name: String, path: Vec<String> },
}

fn slots_of<'a>(source: &ScanSource, plan: &Plan, file: &'a ScanFile) -> Vec<Slot<'a>> {
    let fields = plan.slots().slot_schema().fields;
    plan.slots()
        .paths()
        .iter()
        .zip(fields)
        .map(|(path, Field { name, data_type })| {
            let constant =
                file.constants.iter().find(|(constant, _)| path.len() == 1 && *constant == path[0]);
            match constant {
                Some((_, value)) => Slot::Constant { data_type, value },
                None => Slot::Stored { data_type, name, path: source.physical_path(path) },
            }
        })
        .collect()
}

impl Slot<'_> {
    fn column(&self, block: &Columns, file: &ScanFile) -> Result<Column, ScanError> {
        let row_count = block.row_count();
        match self {
            Self::Constant { data_type, value } => {
                Ok(Column::constant(data_type.clone(), (*value).clone(), row_count))
            }
            Self::Stored { data_type, name, path } => match block.column_at(path) {
                None => Ok(Column::nulls(data_type.clone(), row_count)),
                Some(column) => {
                    conform(column, data_type).map_err(|column| ScanError::TypeMismatch {
                        path: file.path.clone(),
                        column: name.clone(),
                        expected: data_type.clone(),
                        found: column.data_type().clone(),
                    })
                }
            },
        }
    }
}

/// The column under the table's type, where the file's can stand for it: the same, an integer for a
/// double that holds it exactly, a narrower decimal, a struct with fields missing or in another
/// order. Gives the column back where it cannot.
fn conform(column: Column, data_type: &DataType) -> Result<Column, Column> {
    if column.data_type() == data_type {
        return Ok(column);
    }
    if matches!(column.values(), Values::Null) {
        return Ok(Column::nulls(data_type.clone(), column.len()));
    }
    let (len, validity) = (column.len(), column.validity().cloned());
    let values = match (data_type, column.values()) {
        (DataType::Struct(fields), Values::Struct(_)) => {
            let part = |field: &Field| match column.field(&field.name) {
                Some(part) => conform(part, &field.data_type).ok(),
                None => Some(Column::nulls(field.data_type.clone(), len)),
            };
            fields.iter().map(part).collect::<Option<_>>().map(Values::Struct)
        }
        (DataType::List(element), Values::List { offsets, elements }) => {
            conform((**elements).clone(), element).ok().map(|elements| Values::List {
                offsets: offsets.clone(),
                elements: Box::new(elements),
            })
        }
        (_, values) => widened(column.data_type(), values, data_type),
    };
    let Some(values) = values else { return Err(column) };
    Column::try_new(data_type.clone(), len, values, validity).map_err(|_mismatch| column)
}

/// The numbers and times of a type that holds them all exactly; none where it does not.
fn widened(found: &DataType, values: &Values, wanted: &DataType) -> Option<Values> {
    match (found, values, wanted) {
        (DataType::Int64, Values::Int64(values), DataType::Float64) => values
            .iter()
            .map(|value| exact_double(*value))
            .collect::<Option<_>>()
            .map(Values::Float64),
        (
            DataType::Decimal { scale: from, .. },
            Values::Decimal(values),
            DataType::Decimal { scale, .. },
        ) => {
            let factor = 10_i128.checked_pow(u32::from(scale.checked_sub(*from)?))?;
            let scaled = values.iter().map(|value| value.checked_mul(factor));
            scaled.collect::<Option<_>>().map(Values::Decimal)
        }
        (DataType::Int64, Values::Int64(values), DataType::Decimal { scale, .. }) => {
            let factor = 10_i128.checked_pow(u32::from(*scale))?;
            let scaled = values.iter().map(|value| i128::from(*value).checked_mul(factor));
            scaled.collect::<Option<_>>().map(Values::Decimal)
        }
        (DataType::Date, Values::Int64(days), DataType::Timestamp) => {
            let micros = days.iter().map(|days| days.checked_mul(86_400_000_000));
            micros.collect::<Option<_>>().map(Values::Int64)
        }
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the way back is checked"
)]
fn exact_double(value: i64) -> Option<f64> {
    let double = value as f64;
    (double as i128 == i128::from(value)).then_some(double)
}

/// The schema that has every column of both, for files that differ.
pub(crate) fn union(left: &Schema, right: &Schema) -> Option<Schema> {
    let mut fields = left.fields.clone();
    for field in &right.fields {
        match fields.iter_mut().find(|known| known.name == field.name) {
            None => fields.push(field.clone()),
            Some(known) => known.data_type = wider(&known.data_type, &field.data_type)?,
        }
    }
    Some(Schema::new(fields))
}

/// The type that both conform to.
fn wider(left: &DataType, right: &DataType) -> Option<DataType> {
    Some(match (left, right) {
        (left, right) if left == right => left.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => {
            DataType::Float64
        }
        (DataType::Date, DataType::Timestamp) | (DataType::Timestamp, DataType::Date) => {
            DataType::Timestamp
        }
        (
            DataType::Decimal { .. } | DataType::Int64,
            DataType::Decimal { .. } | DataType::Int64,
        ) => {
            let scale = |data_type: &DataType| match data_type {
                DataType::Decimal { scale, .. } => *scale,
                _ => 0,
            };
            DataType::Decimal { precision: 38, scale: scale(left).max(scale(right)) }
        }
        (DataType::Struct(left), DataType::Struct(right)) => {
            let both = union(&Schema::new(left.clone()), &Schema::new(right.clone()))?;
            DataType::Struct(both.fields)
        }
        (DataType::List(left), DataType::List(right)) => {
            DataType::List(Box::new(wider(left, right)?))
        }
        _ => return None,
    })
}
