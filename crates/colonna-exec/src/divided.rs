//! Groups part by part: where those of all rows are too many for memory, rows are set aside in parts
//! by the hashes of their keys, and the groups of each part are made for themselves.

use std::sync::Arc;

use colonna_column::{Column, Columns};
use colonna_schema::{AggregateFunction, DataType, Field, Schema};

use crate::accumulator::AggregateKind;
use crate::aggregate::{Aggregate, values_of};
use crate::evaluate::Memo;
use crate::group_keys::GroupKeys;
use crate::plan::{Body, Bound};
use crate::settle::{Spread, hashes_of};
use crate::{BoundExpr, BoundKind, ExecError, Partial, Plan};

/// How many bits of the hash tell the parts of one level apart.
const LEVEL_BITS: u32 = 8;

/// A plan with GROUP BY whose rows are set aside in parts.
///
/// Invariant: rows of one group are in one part. Each row has its place among all, so that the
/// groups of all parts can be put in the order in which they first appeared.
#[derive(Clone, Debug)]
pub struct Divided {
    whole: Plan,
    /// As the whole, with where a group first appeared as its last aggregate.
    part: Plan,
    /// The columns that are read past the predicate, and the place.
    schema: Arc<Schema>,
}

impl Divided {
    /// The most parts of a level.
    pub const PARTS_MAX: usize = 1 << LEVEL_BITS;

    /// How often parts can be divided further: their rows differ in other bits of the hash.
    pub const LEVELS: u32 = 3;

    /// None where the plan has no keys to divide rows by.
    pub fn try_new(plan: &Plan) -> Option<Self> {
        let mut bound = Bound::clone(&plan.0);
        let Body::Groups(body) = &mut bound.body else { return None };
        if body.grouped.keys.is_empty() {
            return None;
        }
        body.grouped.aggregates.push(least_place(bound.read_past));
        body.is_placed = true;
        bound.predicate = None;
        // A name in the file is a position: two paths may be written alike.
        let slots = bound.slots.slot_schema().fields.into_iter().take(bound.read_past);
        let types = slots.map(|field| field.data_type).chain([DataType::Int64]).enumerate();
        let fields = types.map(|(index, data_type)| Field::new(index.to_string(), data_type));
        let schema = Arc::new(Schema::new(fields.collect()));
        Some(Self { whole: plan.clone(), part: Plan(Arc::new(bound)), schema })
    }

    /// The rows that are set aside. The last column is their place.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Rows that the predicate has selected as they are set aside; the first of them has that place,
    /// and those after it the places that follow.
    ///
    /// # Errors
    ///
    /// Where a column is missing.
    pub fn placed(&self, selected: Columns, first_place: i64) -> Result<Columns, ExecError> {
        let row_count = selected.row_count();
        let mut columns = selected.into_parts().1;
        columns.truncate(self.schema.fields.len() - 1);
        let places = first_place..;
        columns.push(Column::from_i64(places.take(row_count).collect()));
        Ok(Columns::try_new(Arc::clone(&self.schema), columns, row_count)?)
    }

    /// The part of each of the rows: their positions by part, each in order, and where each part
    /// starts. The number of parts is a power of two, and of `level` 0 at first.
    ///
    /// # Errors
    ///
    /// Where a key has no value for a row.
    pub fn parts_of(
        &self,
        rows: &Columns,
        level: u32,
        part_count: usize,
    ) -> Result<(Vec<u32>, Vec<usize>), ExecError> {
        let Body::Groups(body) = &self.part.0.body else { return Err(ExecError::ForeignPartial) };
        let memo = Memo::default();
        let values = body.grouped.keys.iter().map(|key| values_of(key, rows, &memo));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let mut keys = GroupKeys::new(body.grouped.keys.iter().map(|key| &key.data_type), true);
        let groups = keys.resolve(&values, rows.row_count())?;
        let group_count = keys.len();
        let hashes = hashes_of(&keys.into_columns(), group_count);
        // The lowest bits are those by which the groups of a part are spread in the end.
        let shift = LEVEL_BITS * (level + 1);
        let hashes: Vec<u64> =
            groups.iter().map(|&group| hashes[group as usize] >> shift).collect();
        let Spread { rows, starts, .. } = Spread::new(&hashes, |hash| hash, part_count)?;
        Ok((rows, starts))
    }

    /// The state of a part none of whose rows was taken in. It takes rows that were set aside, in
    /// the order of their places.
    pub fn partial(&self) -> Partial {
        self.part.partial()
    }

    /// The state of the whole plan, after all rows of some parts.
    ///
    /// # Errors
    ///
    /// As [`Plan::finish`].
    pub fn finish(&self, part: Partial) -> Result<Partial, ExecError> {
        Ok(part.finished()?.under(&self.whole))
    }
}

/// Where a group first appeared.
fn least_place(slot: usize) -> Aggregate {
    let kind = AggregateKind {
        function: AggregateFunction::Min,
        input: DataType::Int64,
        output: DataType::Int64,
        distinct: false,
        name: "min(place)".to_owned(),
    };
    let argument = BoundExpr { kind: BoundKind::Slot(slot), data_type: DataType::Int64 };
    Aggregate { kind, argument: Some(argument), order_by: None, filter: None, reads: vec![slot] }
}
