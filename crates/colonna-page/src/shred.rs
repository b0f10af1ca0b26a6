//! The leaf columns of a block of rows, each with the steps that lead to it.

use colonna_column::{Bitmap, Column, Values};
use colonna_schema::DataType;

/// A step from a row towards the values of a leaf.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    /// What may be null: a struct, a list, a map, or the leaf itself. `None` where nothing is.
    Optional(Option<&'a Bitmap>),
    /// What is null in every row, and so is all below it.
    AllNull,
    /// What is null but in these rows, of which the next step knows no others.
    Few(&'a [u32]),
    /// The elements of a list or the entries of a map.
    Repeated(&'a [usize]),
}

/// A leaf column of some rows.
#[derive(Clone, Debug)]
pub(crate) struct LeafColumn<'a> {
    pub(crate) steps: Vec<Step<'a>>,
    /// `None` where every row is null.
    pub(crate) values: Option<&'a Column>,
    pub(crate) row_count: usize,
}

impl LeafColumn<'_> {
    pub(crate) fn is_repeated(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Repeated(_)))
    }
}

/// Whether the walk meets structs, lists and maps in no other form than as parts or as nulls.
pub(crate) fn is_walkable(column: &Column) -> bool {
    match column.values() {
        Values::Constant(_) => !column.data_type().is_nested(),
        Values::Struct(columns) => columns.iter().all(is_walkable),
        Values::List { elements, .. } => is_walkable(elements),
        Values::Map { keys, values, .. } => is_walkable(keys) && is_walkable(values),
        Values::Sparse { values, .. } => {
            !matches!(values.values(), Values::Struct(_)) && is_walkable(values)
        }
        _ => true,
    }
}

/// The leaves of a column that [`is_walkable`], in the order of Parquet's column chunks.
pub(crate) fn leaves_of_column<'a>(column: &'a Column, leaves: &mut Vec<LeafColumn<'a>>) {
    let walk = &mut Walk { steps: Vec::new(), row_count: column.len(), leaves };
    walk.optional(column);
}

struct Walk<'a, 'b> {
    steps: Vec<Step<'a>>,
    row_count: usize,
    leaves: &'b mut Vec<LeafColumn<'a>>,
}

impl<'a> Walk<'a, '_> {
    /// A column that may be null.
    fn optional(&mut self, column: &'a Column) {
        let (step, column) = match column.values() {
            Values::Null => (Step::AllNull, column),
            Values::Sparse { rows, values } => (Step::Few(rows), values.as_ref()),
            _ => (Step::Optional(column.validity()), column),
        };
        self.steps.push(step);
        self.required(column);
        self.steps.pop();
    }

    /// A column whose nulls are accounted for.
    fn required(&mut self, column: &'a Column) {
        match column.values() {
            Values::Null => self.absent(column.data_type()),
            Values::Struct(columns) => columns.iter().for_each(|column| self.optional(column)),
            Values::List { offsets, elements } => {
                self.steps.push(Step::Repeated(offsets));
                self.optional(elements);
                self.steps.pop();
            }
            Values::Map { offsets, keys, values } => {
                self.steps.push(Step::Repeated(offsets));
                self.required(keys);
                self.optional(values);
                self.steps.pop();
            }
            _ => self.leaf(Some(column)),
        }
    }

    /// The leaves of a type of which there is no value.
    fn absent(&mut self, data_type: &DataType) {
        match data_type {
            DataType::Struct(fields) => {
                fields.iter().for_each(|field| self.absent(&field.data_type));
            }
            DataType::List(element) => self.absent(element),
            DataType::Map(key, value) => {
                self.absent(key);
                self.absent(value);
            }
            _ => self.leaf(None),
        }
    }

    fn leaf(&mut self, values: Option<&'a Column>) {
        let (steps, row_count) = (self.steps.clone(), self.row_count);
        self.leaves.push(LeafColumn { steps, values, row_count });
    }
}
