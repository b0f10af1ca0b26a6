//! The rows of one task as the columns that a plan reads.

use std::sync::Arc;

use colonna_column::{Bitmap, Column, Columns, Values};
use colonna_exec::{Partial, Plan, Spared};
use colonna_page::{Blocks, PageError};
use colonna_schema::{DataType, Field, Scalar, Schema};

use crate::plan::Task;
use crate::top_k::SharedBound;
use crate::{Counters, ScanError, ScanFile, ScanSource};

/// Rows of a block that are selected.
pub(crate) struct Selected {
    pub(crate) columns: Columns,
    /// Of the columns' rows only these are; all where there is none, as for plans that take no mask.
    pub(crate) mask: Option<Bitmap>,
}

/// Hands over the rows of a task, block after block: those that the predicate selects, and that are
/// still in the running by the bound; and how many rows there were to select from since the last time.
/// The state remembers what the predicate made of dictionaries. What is spared is not read.
pub(crate) fn run(
    source: &ScanSource,
    plan: &Plan,
    task: &Task,
    partial: &mut Partial,
    (bound, spared): (Option<&SharedBound>, Option<&Spared>),
    mut take_in: impl FnMut(&mut Partial, Selected, usize) -> Result<(), ScanError>,
) -> Result<Counters, ScanError> {
    let unread = spared.map_or(&[][..], Spared::unread);
    let mut rows = TaskRows::new(source, plan, task, bound, unread)?;
    let mut read = 0;
    while let Some(row_count) = rows.advance()? {
        read += row_count;
        let looked_at = rows.looked_at(row_count)?;
        let selected = partial.select(&looked_at)?;
        let selected = match bound {
            Some(bound) => both(selected, bound.within(&looked_at)?),
            None => selected,
        };
        let selected = selected.filter(|selected| selected.count_ones() < row_count);
        if selected.as_ref().is_some_and(|selected| selected.count_ones() == 0) {
            continue;
        }
        let (mask, kept) = match selected {
            Some(selected) if plan.takes_mask(&selected) => (Some(selected), None),
            selected => (None, selected.map(|selected| selected.positions())),
        };
        let columns = rows.past(looked_at, kept.as_deref())?;
        take_in(partial, Selected { columns, mask }, std::mem::take(&mut read))?;
    }
    Ok(rows.counters())
}

/// The rows that both select; all where there is neither.
fn both(left: Option<Bitmap>, right: Option<Bitmap>) -> Option<Bitmap> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.and(&right)),
        (left, right) => left.or(right),
    }
}

/// The rows of a task as the columns of the plan's slots, block after block. What the predicate
/// looks at is decoded first, and the rest only for blocks, and of these rows, that it selects.
struct TaskRows<'a> {
    plan: &'a Plan,
    file: &'a ScanFile,
    slots: Vec<Slot<'a>>,
    /// The slots that are looked at before it is known which rows are wanted.
    looked_at: Vec<usize>,
    schema: Arc<Schema>,
    blocks: Blocks,
    rows_decoded: u64,
}

impl<'a> TaskRows<'a> {
    fn new(
        source: &'a ScanSource,
        plan: &'a Plan,
        task: &Task,
        bound: Option<&SharedBound>,
        unread: &[usize],
    ) -> Result<Self, ScanError> {
        let ordered = bound.and_then(|bound| bound.hint.keys.first()).map(|key| key.slot);
        let looked_at = plan.predicate_slots().iter().copied().chain(ordered).collect();
        let file = &source.files[task.file];
        let mut slots = slots_of(source, plan, file);
        for (slot, place) in slots.iter_mut().enumerate() {
            if let Slot::Stored { data_type, .. } = place
                && unread.contains(&slot)
            {
                let (data_type, value) = (data_type.clone(), &Scalar::Null);
                *place = Slot::Constant { data_type, value };
            }
        }
        let stored = |slot: &Slot<'_>| match slot {
            Slot::Stored { path, .. } => Some(path.clone()),
            Slot::Constant { .. } => None,
        };
        let projection: Vec<Vec<String>> = slots.iter().filter_map(stored).collect();
        let blocks = task
            .reader
            .read(task.row_group, &projection, task.ranges.as_deref())
            .map_err(|source| ScanError::Page { path: file.path.clone(), source })?;
        let schema = Arc::new(plan.slots().slot_schema());
        Ok(Self { plan, file, slots, looked_at, schema, blocks, rows_decoded: 0 })
    }

    /// Goes to the next block, and says how many rows it has.
    fn advance(&mut self) -> Result<Option<usize>, ScanError> {
        let row_count = self.blocks.advance().map_err(|source| self.page_error(source))?;
        self.rows_decoded += count(row_count.unwrap_or_default());
        Ok(row_count)
    }

    /// The columns that the predicate looks at, and nulls for the others.
    fn looked_at(&mut self, row_count: usize) -> Result<Columns, ScanError> {
        let columns = (0..self.slots.len()).map(|slot| match self.looked_at.contains(&slot) {
            true => self.column(slot, row_count),
            false => Ok(self.nulls(slot, row_count)),
        });
        let columns = columns.collect::<Result<_, _>>()?;
        Ok(Columns::try_new(Arc::clone(&self.schema), columns, row_count)?)
    }

    /// The columns that are read past the predicate, of some rows or all, and nulls for the others.
    fn past(&mut self, looked_at: Columns, rows: Option<&[u32]>) -> Result<Columns, ScanError> {
        let plan = self.plan;
        let row_count = rows.map_or(looked_at.row_count(), <[u32]>::len);
        if let Some(rows) = rows {
            self.blocks.keep(rows);
        }
        let columns = looked_at.into_parts().1.into_iter().enumerate().map(|(slot, column)| {
            if !plan.is_read_past_predicate(slot) {
                return Ok(self.nulls(slot, row_count));
            }
            match (self.looked_at.contains(&slot), rows) {
                (false, _) => self.column(slot, row_count),
                (true, None) => Ok(column),
                (true, Some(rows)) => Ok(column.gather(rows)),
            }
        });
        let columns = columns.collect::<Result<_, _>>()?;
        Ok(Columns::try_new(Arc::clone(&self.schema), columns, row_count)?)
    }

    fn nulls(&self, slot: usize, row_count: usize) -> Column {
        Column::nulls(self.schema.fields[slot].data_type.clone(), row_count)
    }

    fn column(&mut self, slot: usize, row_count: usize) -> Result<Column, ScanError> {
        match &self.slots[slot] {
            Slot::Constant { data_type, value } => {
                Ok(Column::constant(data_type.clone(), (*value).clone(), row_count))
            }
            Slot::Stored { data_type, name, path } => {
                let column = self.blocks.column(path).map_err(|source| self.page_error(source))?;
                let Some(column) = column else {
                    return Ok(Column::nulls(data_type.clone(), row_count));
                };
                conform(column, data_type).map_err(|column| ScanError::TypeMismatch {
                    path: self.file.path.clone(),
                    column: name.clone(),
                    expected: data_type.clone(),
                    found: column.data_type().clone(),
                })
            }
        }
    }

    fn page_error(&self, source: PageError) -> ScanError {
        ScanError::Page { path: self.file.path.clone(), source }
    }

    fn counters(&self) -> Counters {
        let read = self.blocks.counters();
        Counters {
            pages_considered: read.pages_total,
            pages_skipped: read.pages_total - read.pages_read,
            pages_cached: read.pages_cached,
            bytes_read: read.bytes_read,
            rows_decoded: self.rows_decoded,
            values_decoded: read.values_decoded,
            ..Counters::default()
        }
    }
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

/// The column under the table's type, where the file's can stand for it: the same, an integer for a
/// double that holds it exactly, a narrower decimal, a struct with fields missing or in another
/// order. Gives the column back where it cannot.
pub(crate) fn conform(column: Column, data_type: &DataType) -> Result<Column, Column> {
    if column.data_type() == data_type {
        return Ok(column);
    }
    if matches!(column.values(), Values::Null) {
        return Ok(Column::nulls(data_type.clone(), column.len()));
    }
    let column = column.with_numbers();
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
