//! The rows that are made of the groups of a partition.

use std::sync::Arc;

use colonna_column::{Column, Columns, Pick};
use colonna_schema::{DataType, Field, Schema};

use super::{GroupBody, Placed};
use crate::group_keys::position_rows;
use crate::settle::{Partition, Settled};
use crate::sort::Direction;
use crate::top_k::{KeptRows, Projected, by_bound};
use crate::{BoundExpr, BoundKind, ExecError, evaluate, select};

/// How many groups are looked at together where but the first in an order are wanted.
const CHUNK: usize = 1 << 12;

impl GroupBody {
    /// The rows of a partition that may be in the answer, and where their groups first appeared.
    pub(super) fn rows_of(
        &self,
        settled: &Settled,
        mut partition: Partition,
    ) -> Result<Placed, ExecError> {
        let firsts = std::mem::take(&mut partition.firsts);
        let mut aggregates = partition.finish(firsts.len())?;
        let place = |first: &Pick| i64::from(first.piece) << 32 | i64::from(first.row);
        let mut places: Vec<i64> = match aggregates.pop_if(|_| self.is_placed) {
            Some(column) => (0..column.len()).filter_map(|group| column.i64_at(group)).collect(),
            None => firsts.iter().map(place).collect(),
        };
        if let Some(limit) = self.projected.limit.filter(|limit| self.keeps_first(*limit, &firsts))
        {
            return self.first_rows(settled, (&firsts, &aggregates, places), limit);
        }
        let mut read = self.read_columns(settled, &firsts, aggregates)?;
        drop(firsts);
        if let Some(having) = &self.having {
            let rows = position_rows(select(having, &read)?.ones())?;
            read = read.gather(&rows);
            places = rows.into_iter().map(|row| places[row as usize]).collect();
        }
        let made = self.projected.exprs.iter().map(|expr| evaluate(expr, &read));
        let made = made.collect::<Result<Vec<_>, _>>()?;
        let schema = Arc::clone(&self.projected.schema);
        let rows = Columns::try_new(schema, made, read.row_count())?;
        match self.projected.limit.filter(|limit| !self.distinct && *limit < rows.row_count()) {
            Some(limit) => {
                let order = match self.order(&rows)? {
                    Some(order) => order,
                    None => position_rows(0..limit)?,
                };
                let places = order.iter().map(|&row| places[row as usize]).collect();
                Ok(Placed { rows: rows.gather(&order), places })
            }
            None => Ok(Placed { rows, places }),
        }
    }

    /// Whether the first rows can be kept as groups are looked at: there are many more of these, and
    /// nothing that is made of those that are left out can fail.
    fn keeps_first(&self, limit: usize, firsts: &[Pick]) -> bool {
        let is_slot = |expr: &BoundExpr| matches!(expr.kind, BoundKind::Slot(_));
        limit < CHUNK
            && CHUNK < firsts.len()
            && !self.distinct
            && self.having.is_none()
            && !self.projected.sort.is_empty()
            && self.projected.exprs.iter().all(is_slot)
    }

    /// The first rows of the groups in the order. Keys are only looked up for groups whose aggregates
    /// leave them in the running, and for a few groups at once, so that they stay in the cache.
    fn first_rows(
        &self,
        settled: &Settled,
        (firsts, aggregates, places): (&[Pick], &[Column], Vec<i64>),
        limit: usize,
    ) -> Result<Placed, ExecError> {
        let with_place = self.with_place(limit);
        let ordered = self.ordered_aggregate();
        let mut kept = KeptRows::default();
        for (index, firsts) in firsts.chunks(CHUNK).enumerate() {
            let start = index * CHUNK;
            let mut places = Column::from_i64(places[start..start + firsts.len()].to_vec());
            let chunk = aggregates.iter().map(|column| column.slice(start, firsts.len()));
            let mut chunk: Vec<Column> = chunk.collect();
            let mut rows = None;
            if let (Some((aggregate, direction)), Some([bound, ..])) = (ordered, kept.bound()) {
                let mut before = Vec::new();
                let column = &chunk[aggregate];
                if let Some(equal) = by_bound(column, direction, bound, None, &mut before)? {
                    before.extend(equal);
                    before.sort_unstable();
                    rows = Some(before);
                }
            }
            let mut firsts = std::borrow::Cow::Borrowed(firsts);
            if let Some(rows) = rows.filter(|rows| rows.len() < firsts.len()) {
                chunk.iter_mut().for_each(|column| *column = column.gather(&rows));
                places = places.gather(&rows);
                firsts = rows.iter().map(|&row| firsts[row as usize]).collect::<Vec<_>>().into();
            }
            let read = self.read_columns(settled, &firsts, chunk)?;
            let row_count = read.row_count();
            let (schema, mut columns) = read.into_parts();
            let mut fields = schema.fields.clone();
            fields.push(Field::new(String::new(), DataType::Int64));
            columns.push(places);
            let read = Columns::try_new(Arc::new(Schema::new(fields)), columns, row_count)?;
            kept.update(&with_place, &read)?;
        }
        let (_, mut columns) = kept.finish(&with_place)?.into_parts();
        let places = columns.pop().map_or(Vec::new(), |column| {
            (0..column.len()).filter_map(|row| column.i64_at(row)).collect()
        });
        let rows = Columns::try_new(Arc::clone(&self.projected.schema), columns, places.len())?;
        Ok(Placed { rows, places })
    }

    /// What is projected, with the place of a group for a last column.
    fn with_place(&self, limit: usize) -> Projected {
        let mut projected = Projected { limit: Some(limit), ..self.projected.clone() };
        let (kind, data_type) = (BoundKind::Slot(self.slots.paths().len()), DataType::Int64);
        projected.exprs.push(BoundExpr { kind, data_type });
        let mut fields = projected.schema.fields.clone();
        fields.push(Field::new(String::new(), DataType::Int64));
        projected.schema = Arc::new(Schema::new(fields));
        projected
    }

    /// The aggregate that rows are ordered by first, where they are by one.
    fn ordered_aggregate(&self) -> Option<(usize, Direction)> {
        let (index, direction) = self.projected.sort.first()?;
        let BoundKind::Slot(slot) = self.projected.exprs.get(*index)?.kind else { return None };
        let [name] = self.slots.paths().get(slot)?.as_slice() else { return None };
        let index = self.grouped.schema.fields.iter().position(|field| field.name == *name)?;
        Some((index.checked_sub(self.grouped.keys.len())?, *direction))
    }

    /// The columns of some groups that the expressions over groups read.
    fn read_columns(
        &self,
        settled: &Settled,
        firsts: &[Pick],
        aggregates: Vec<Column>,
    ) -> Result<Columns, ExecError> {
        let paths = self.slots.paths();
        let fields = &self.grouped.schema.fields;
        let is_read = |index: usize| {
            fields.get(index).is_some_and(|field| {
                paths.iter().any(|path| path.first().is_some_and(|name| *name == field.name))
            })
        };
        let mut columns = settled.keys(&self.grouped, firsts, &is_read)?;
        columns.extend(aggregates);
        let schema = Arc::clone(&self.grouped.schema);
        let groups = Columns::try_new(schema, columns, firsts.len())?;
        let read = paths
            .iter()
            .enumerate()
            .map(|(slot, path)| groups.column_at(path).ok_or(ExecError::MissingSlot { slot }));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        let schema = Arc::new(self.slots.slot_schema());
        Ok(Columns::try_new(schema, read, firsts.len())?)
    }
}
