//! A query bound to the schema of its input, and the states in which its answer grows.

mod group_rows;
mod partial;
mod told;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use colonna_column::{Bitmap, Column, Columns, Pick, Picks, pick};
use colonna_schema::{Expr, Field, Query, Schema};
use rayon::prelude::*;

use crate::aggregate::{Grouped, Groups};
use crate::evaluate::Memo;
use crate::group_keys::{GroupKeys, position_rows};
use crate::order::{OrderHint, OrderKey};
use crate::resolve::{GroupScope, Output, check_predicate, has_aggregate, output_of, outputs};
use crate::settle::in_order;
use crate::sort::{Direction, sorted_rows};
use crate::top_k::{KeptRows, Projected};
use crate::{BoundExpr, BoundKind, ExecError, Slots, bind, select};

/// A query bound to a schema: what must be read, and what becomes of it.
///
/// The answer is made in three steps. Each task takes an empty [`Partial`] and updates it with the
/// columns it reads; the partials are merged in the order of the tasks; the last one is finished.
/// The answer does not depend on how the rows were split into tasks and batches.
///
/// ```
/// use std::sync::Arc;
///
/// use colonna_column::{Column, Columns};
/// use colonna_exec::Plan;
/// use colonna_schema::{DataType, Field, Query, Scalar, Schema, col, sum};
///
/// let schema = Arc::new(Schema::new(vec![Field::new("status", DataType::Int64)]));
/// let query = Query {
///     projection: vec![sum("status").into()],
///     filter: Some(col("status").at_least(400)),
///     ..Query::default()
/// };
/// let plan = Plan::try_new(&query, &schema).unwrap();
/// let rows = vec![("status".to_owned(), Column::from_i64(vec![200, 404, 500]))];
/// let mut partial = plan.partial();
/// partial.update(&Columns::from_named(rows).unwrap()).unwrap();
/// let answer = plan.finish(partial).unwrap();
/// assert_eq!(answer.row(0), [Scalar::Int64(904)]);
/// ```
#[derive(Clone, Debug)]
pub struct Plan(pub(crate) Arc<Bound>);

#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) slots: Slots,
    pub(crate) predicate: Option<BoundExpr>,
    /// The slots that the predicate reads, ascending.
    predicate_slots: Vec<usize>,
    /// The slots before this are read past the predicate.
    pub(crate) read_past: usize,
    pub(crate) body: Body,
    /// Names and types of the result columns.
    schema: Arc<Schema>,
    limit: Option<usize>,
    offset: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Rows(Projected),
    Groups(Box<GroupBody>),
}

/// What becomes of groups once all rows are in them.
#[derive(Clone, Debug)]
pub(crate) struct GroupBody {
    pub(crate) grouped: Grouped,
    /// Whether the last of the aggregates is where a group first appeared, see [`crate::Divided`].
    pub(crate) is_placed: bool,
    /// The columns of the groups that the expressions read.
    slots: Slots,
    having: Option<BoundExpr>,
    projected: Projected,
    distinct: bool,
}

/// The state of an answer over some of the rows.
#[derive(Clone, Debug)]
pub struct Partial {
    plan: Arc<Bound>,
    state: State,
    /// What the predicate made of dictionaries.
    memo: Memo,
}

#[derive(Clone, Debug)]
enum State {
    Rows(KeptRows),
    Groups(Groups),
    /// The rows of groups that were finished part by part.
    Finished(Vec<Placed>),
}

/// Result rows, and for each of them where its group first appeared.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    rows: Columns,
    places: Vec<i64>,
}

impl Plan {
    /// Binds a query to the schema of its input; what it is asked of (`from`) is not looked at.
    ///
    /// # Errors
    ///
    /// Where a name is unknown or ambiguous, types do not go together, or a column is neither
    /// grouped nor aggregated.
    pub fn try_new(query: &Query, schema: &Arc<Schema>) -> Result<Self, ExecError> {
        let mut slots = Slots::new(Arc::clone(schema));
        let outputs = outputs(query, schema)?;
        let aggregated = !query.group_by.is_empty()
            || query.having.is_some()
            || outputs.iter().any(|output| has_aggregate(&output.expr))
            || query.order_by.iter().any(|key| has_aggregate(&key.expr));
        let body = if aggregated || query.distinct {
            let body = GroupBody::try_new(query, &outputs, aggregated, &mut slots)?;
            Body::Groups(Box::new(body))
        } else {
            let mut identity = |expr: &Expr| Ok(expr.clone());
            let projected = lifted(query, &outputs, schema, &mut identity)?;
            Body::Rows(projected.bind(&mut slots, row_limit(query))?)
        };
        let read_past = slots.paths().len();
        let predicate = match &query.filter {
            Some(filter) => {
                let bound = bind(filter, &mut slots)?;
                check_predicate(&bound, filter)?;
                Some(bound)
            }
            None => None,
        };
        let made = body.projected().schema.fields.iter().take(outputs.len());
        let schema = Arc::new(Schema::new(made.cloned().collect()));
        let limit = query.limit.map(row_count);
        let offset = row_count(query.offset);
        let predicate_slots = slots_read_by(predicate.as_ref());
        let bound =
            Bound { slots, predicate, predicate_slots, read_past, body, schema, limit, offset };
        Ok(Self(Arc::new(bound)))
    }

    /// The columns a scan must read, in the order in which it must hand them over.
    pub fn slots(&self) -> &Slots {
        &self.0.slots
    }

    /// WHERE, over the slots.
    pub fn predicate(&self) -> Option<&BoundExpr> {
        self.0.predicate.as_ref()
    }

    /// The slots that WHERE reads, ascending.
    pub fn predicate_slots(&self) -> &[usize] {
        &self.0.predicate_slots
    }

    /// The rows that WHERE selects; `None` where there is no WHERE. Only the columns of
    /// [`Plan::predicate_slots`] are looked at: nulls of the right type may stand for the others.
    ///
    /// # Errors
    ///
    /// Where a column is missing, or the predicate has no value for a row.
    pub fn select(&self, columns: &Columns) -> Result<Option<Bitmap>, ExecError> {
        self.0.predicate.as_ref().map(|predicate| select(predicate, columns)).transpose()
    }

    /// Whether rows that WHERE does not select are better handed over with the others, to be left out
    /// by [`Partial::update_masked`]: there is no GROUP BY, and they are few.
    pub fn takes_mask(&self, selected: &Bitmap) -> bool {
        let Body::Groups(body) = &self.0.body else { return false };
        body.grouped.takes_masks() && selected.count_ones() * DENSE_PARTS >= selected.len() * DENSE
    }

    /// Whether a slot is read for rows that WHERE has selected, and not only by WHERE itself.
    pub fn is_read_past_predicate(&self, slot: usize) -> bool {
        slot < self.0.read_past
    }

    /// Names and types of the answer.
    pub fn output_schema(&self) -> Schema {
        self.0.schema.as_ref().clone()
    }

    /// The state of a task that has read nothing yet.
    pub fn partial(&self) -> Partial {
        let state = match &self.0.body {
            Body::Rows(_) => State::Rows(KeptRows::default()),
            Body::Groups(body) => State::Groups(Groups::new(&body.grouped)),
        };
        Partial { plan: Arc::clone(&self.0), state, memo: Memo::default() }
    }

    /// How many rows past the filter are enough, where any rows will do: a scan may stop there, as
    /// long as the rows before them in the order of the tasks are read.
    pub fn row_limit(&self) -> Option<usize> {
        match &self.0.body {
            Body::Rows(projected) if projected.sort.is_empty() => projected.limit,
            _ => None,
        }
    }

    /// What the answer is ordered by first, where that is a column as it is read, and only so many
    /// rows are wanted. A row whose value stands strictly after [`Partial::order_bound`] cannot be
    /// in the answer.
    pub fn order_hint(&self) -> Option<OrderHint> {
        let Body::Rows(projected) = &self.0.body else { return None };
        let limit = projected.limit?;
        let keys = projected.sort.iter().map_while(|(index, direction)| {
            let expr = projected.exprs.get(*index)?;
            let BoundKind::Slot(slot) = expr.kind else { return None };
            let (descending, nulls_first) = (direction.descending, direction.nulls_first);
            let key = OrderKey { slot, descending, nulls_first, data_type: expr.data_type.clone() };
            (!key.data_type.is_nested()).then_some(key)
        });
        let keys: Vec<OrderKey> = keys.collect();
        (!keys.is_empty()).then_some(OrderHint { keys, limit })
    }

    /// The answer, from the state after all rows.
    ///
    /// # Errors
    ///
    /// Where a sum does not fit its type, an expression over groups has no value, or the partial
    /// is of another plan.
    pub fn finish(&self, partial: Partial) -> Result<Columns, ExecError> {
        let made = match (partial.state, &self.0.body) {
            (State::Rows(rows), Body::Rows(projected)) => rows.finish(projected)?,
            (State::Groups(groups), Body::Groups(body)) => body.finish(groups)?,
            (State::Finished(made), Body::Groups(body)) => body.in_place(made)?,
            _ => return Err(ExecError::ForeignPartial),
        };
        let wanted = self.0.limit.unwrap_or(usize::MAX);
        let made = if self.0.offset > 0 || wanted < made.row_count() {
            made.slice(self.0.offset, wanted)
        } else {
            made
        };
        let row_count = made.row_count();
        let (_, mut columns) = made.into_parts();
        columns.truncate(self.0.schema.fields.len());
        Ok(Columns::try_new(Arc::clone(&self.0.schema), columns, row_count)?)
    }
}

/// Where at least so many parts of the rows are selected, passing over the others costs less than
/// moving each of these out of every column.
const DENSE: usize = 3;
const DENSE_PARTS: usize = 4;

/// The slots that an expression reads, ascending.
fn slots_read_by(expr: Option<&BoundExpr>) -> Vec<usize> {
    let mut read = BTreeSet::new();
    if let Some(expr) = expr {
        expr.visit_slots(&mut |slot| _ = read.insert(slot));
    }
    read.into_iter().collect()
}

/// A count of rows; what memory cannot hold is as good as no limit.
fn row_count(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The rows that LIMIT and OFFSET need together.
fn row_limit(query: &Query) -> Option<usize> {
    Some(row_count(query.limit?).saturating_add(row_count(query.offset)))
}

/// Result columns and what is sorted by, before they are bound.
struct Lifted {
    outputs: Vec<(Expr, String)>,
    hidden: Vec<Expr>,
    sort: Vec<(usize, Direction)>,
}

fn lifted(
    query: &Query,
    outputs: &[Output],
    schema: &Schema,
    lift: &mut dyn FnMut(&Expr) -> Result<Expr, ExecError>,
) -> Result<Lifted, ExecError> {
    let made = outputs.iter().map(|output| Ok((lift(&output.expr)?, output.name.clone())));
    let made = made.collect::<Result<Vec<_>, ExecError>>()?;
    let (mut hidden, mut sort) = (Vec::new(), Vec::new());
    for key in &query.order_by {
        let direction = Direction { descending: key.descending, nulls_first: key.nulls_first };
        let index = match output_of(key, outputs, schema)? {
            Some(index) => index,
            None => {
                hidden.push(lift(&key.expr)?);
                made.len() + hidden.len() - 1
            }
        };
        sort.push((index, direction));
    }
    Ok(Lifted { outputs: made, hidden, sort })
}

impl Lifted {
    fn bind(self, slots: &mut Slots, limit: Option<usize>) -> Result<Projected, ExecError> {
        let (mut exprs, mut fields) = (Vec::new(), Vec::new());
        let names = self.outputs.iter().map(|(expr, name)| (expr, name.clone()));
        let hidden = self.hidden.iter().map(|expr| (expr, String::new()));
        for (expr, name) in names.chain(hidden) {
            let bound = bind(expr, slots)?;
            fields.push(Field::new(name, bound.data_type.clone()));
            exprs.push(bound);
        }
        // A hidden key that is computed anyway is not computed twice.
        let outputs = self.outputs.len();
        let known = |index: usize| {
            let expr = exprs.get(index)?;
            exprs.iter().take(outputs).position(|output| output == expr)
        };
        let sort: Vec<(usize, Direction)> = self
            .sort
            .iter()
            .map(|&(index, direction)| (known(index).unwrap_or(index), direction))
            .collect();
        if sort.iter().all(|(index, _)| *index < outputs) {
            exprs.truncate(outputs);
            fields.truncate(outputs);
        }
        Ok(Projected { exprs, schema: Arc::new(Schema::new(fields)), sort, limit })
    }
}

impl Body {
    fn projected(&self) -> &Projected {
        match self {
            Self::Rows(projected) => projected,
            Self::Groups(body) => &body.projected,
        }
    }
}

impl GroupBody {
    fn try_new(
        query: &Query,
        outputs: &[Output],
        aggregated: bool,
        slots: &mut Slots,
    ) -> Result<Self, ExecError> {
        let schema = Arc::clone(slots.schema());
        // SELECT DISTINCT of rows is a group for each of them.
        let selected: Vec<Expr>;
        let keys = if aggregated {
            &query.group_by
        } else {
            selected = outputs.iter().map(|output| output.expr.clone()).collect();
            &selected
        };
        let mut scope = GroupScope::new(keys, slots)?;
        let lifted = match lifted(query, outputs, &schema, &mut |expr| scope.lift(expr)) {
            Err(ExecError::NotGrouped { column }) if !aggregated => {
                return Err(ExecError::NotSelected { expression: column });
            }
            lifted => lifted?,
        };
        let having = query.having.as_ref().map(|having| scope.lift(having)).transpose()?;
        let (keys, aggregates, group_schema) = scope.into_parts();
        let group_schema = Arc::new(group_schema);
        let mut group_slots = Slots::new(Arc::clone(&group_schema));
        let having = match (&having, &query.having) {
            (Some(lifted), Some(written)) => {
                let bound = bind(lifted, &mut group_slots)?;
                check_predicate(&bound, written)?;
                Some(bound)
            }
            _ => None,
        };
        let projected = lifted.bind(&mut group_slots, row_limit(query))?;
        let distinct = query.distinct && aggregated;
        let hidden = query.order_by.iter().zip(&projected.sort);
        let mut hidden = hidden.filter(|(_, (index, _))| distinct && *index >= outputs.len());
        if let Some((key, _)) = hidden.next() {
            return Err(ExecError::NotSelected { expression: key.expr.to_string() });
        }
        let grouped = Grouped { keys, aggregates, schema: group_schema };
        let is_placed = false;
        Ok(Self { grouped, is_placed, slots: group_slots, having, projected, distinct })
    }

    fn finish(&self, groups: Groups) -> Result<Columns, ExecError> {
        self.in_place(self.rows_of_all(groups)?)
    }

    /// The rows that may be in the answer, partition by partition.
    pub(crate) fn rows_of_all(&self, groups: Groups) -> Result<Vec<Placed>, ExecError> {
        let mut settled = groups.settle(&self.grouped)?;
        let partitions = std::mem::take(&mut settled.partitions);
        let made = partitions.into_par_iter().map(|partition| self.rows_of(&settled, partition));
        in_order(made.collect())
    }

    /// The rows of all partitions as the answer has them.
    fn in_place(&self, mut made: Vec<Placed>) -> Result<Columns, ExecError> {
        let mut rows = match (made.pop(), made.is_empty()) {
            (Some(Placed { rows, .. }), true) => rows,
            (last, _) => self.joined(made.into_iter().chain(last).collect())?,
        };
        if self.distinct {
            rows = first_of_each(&rows)?;
        }
        Ok(match self.order(&rows)? {
            Some(order) => rows.gather(&order),
            None => rows,
        })
    }

    /// The rows of all partitions, in the order in which their groups first appeared.
    fn joined(&self, made: Vec<Placed>) -> Result<Columns, ExecError> {
        let mut order = Vec::with_capacity(made.iter().map(|made| made.places.len()).sum());
        let mut pieces = Vec::with_capacity(made.len());
        for (piece, Placed { rows, places }) in (0..).zip(made) {
            let picks = (0..).map(|row| Pick { piece, row });
            order.extend(places.into_iter().zip(picks));
            pieces.push(rows.into_parts().1.into_iter());
        }
        order.par_sort_unstable_by_key(|(place, _)| *place);
        let picks: Picks = order.into_iter().map(|(_, pick)| pick).collect();
        // Column by column, so that no more than one of them is in memory twice.
        let columns = self.projected.schema.fields.iter().map(|field| {
            let column: Vec<Column> = pieces.iter_mut().filter_map(Iterator::next).collect();
            pick(&field.data_type, &column.iter().collect::<Vec<_>>(), &picks)
        });
        let schema = Arc::clone(&self.projected.schema);
        Ok(Columns::try_new(schema, columns.collect(), picks.len())?)
    }

    /// The order of ORDER BY, as far as LIMIT asks for it.
    fn order(&self, made: &Columns) -> Result<Option<Vec<u32>>, ExecError> {
        if self.projected.sort.is_empty() {
            return Ok(None);
        }
        let keys = self.projected.sort.iter().filter_map(|(index, direction)| {
            Some((Cow::Borrowed(made.columns().get(*index)?), *direction))
        });
        let keys: Vec<(Cow<'_, Column>, Direction)> = keys.collect();
        sorted_rows(&keys, made.row_count(), self.projected.limit).map(Some)
    }
}

/// The first of the rows that are equal, for each.
fn first_of_each(rows: &Columns) -> Result<Columns, ExecError> {
    let mut keys = GroupKeys::new(rows.columns().iter().map(Column::data_type), true);
    let columns: Vec<Cow<'_, Column>> = rows.columns().iter().map(Cow::Borrowed).collect();
    let groups = keys.resolve(&columns, rows.row_count())?;
    let mut known = 0;
    let first = groups.iter().enumerate().filter_map(|(row, &group)| {
        let is_new = group == known;
        known += u32::from(is_new);
        is_new.then_some(row)
    });
    Ok(rows.gather(&position_rows(first)?))
}

#[cfg(test)]
mod tests;
