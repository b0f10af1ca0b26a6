//! How the state of an answer takes in rows, statistics, and the states of later rows.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_column::{Bitmap, Columns};
use colonna_schema::Scalar;

use super::{Body, Bound, Partial, Plan, State};
use crate::aggregate::gather_read;
use crate::evaluate::{Memo, select_with};
use crate::{ExecError, Spared};

impl Partial {
    /// Takes in rows: the columns of the plan's slots in their order, as they were read. Those that
    /// the predicate does not select are left out here.
    ///
    /// # Errors
    ///
    /// Where a column is missing, or an expression has no value for a row that is selected.
    pub fn update(&mut self, columns: &Columns) -> Result<(), ExecError> {
        let plan = Arc::clone(&self.plan);
        match plan.filtered(columns, &self.memo)? {
            Some(columns) => self.update_selected(&columns),
            None => Ok(()),
        }
    }

    /// As [`Plan::select`]; entries of dictionaries that earlier batches had are not asked again.
    ///
    /// # Errors
    ///
    /// As [`Plan::select`].
    pub fn select(&self, columns: &Columns) -> Result<Option<Bitmap>, ExecError> {
        let select = |predicate| select_with(predicate, columns, &self.memo);
        self.plan.predicate.as_ref().map(select).transpose()
    }

    /// Takes in rows that the predicate has selected already. Nulls of the right type may stand for
    /// columns that only the predicate reads.
    ///
    /// # Errors
    ///
    /// Where a column is missing, or an expression has no value for a row.
    pub fn update_selected(&mut self, columns: &Columns) -> Result<(), ExecError> {
        self.update_sparing(columns, None)
    }

    /// As [`Partial::update_selected`], of rows of which something is known already; all of them must
    /// be taken in with it.
    ///
    /// # Errors
    ///
    /// As [`Partial::update_selected`].
    pub fn update_sparing(
        &mut self,
        columns: &Columns,
        spared: Option<&mut Spared>,
    ) -> Result<(), ExecError> {
        if columns.row_count() == 0 {
            return Ok(());
        }
        let plan = Arc::clone(&self.plan);
        match (&mut self.state, &plan.body) {
            (State::Rows(rows), Body::Rows(projected)) => rows.update(projected, columns),
            (State::Groups(groups), Body::Groups(body)) => {
                groups.update(&body.grouped, columns, spared)
            }
            _ => Err(ExecError::ForeignPartial),
        }
    }

    /// Takes in the rows whose bits are set, as [`Partial::update_selected`] does. The others are
    /// made null in the columns, so that none of the columns is copied.
    ///
    /// # Errors
    ///
    /// As [`Partial::update_selected`].
    pub fn update_masked(&mut self, columns: Columns, selected: &Bitmap) -> Result<(), ExecError> {
        let plan = Arc::clone(&self.plan);
        let (schema, row_count) = (Arc::clone(columns.schema()), columns.row_count());
        let masked = columns.into_parts().1.into_iter().map(|column| column.masked(selected));
        let columns = Columns::try_new(schema, masked.collect(), row_count)?;
        if let (State::Groups(groups), Body::Groups(body)) = (&mut self.state, &plan.body)
            && groups.update_masked(&body.grouped, &columns, selected)?
        {
            return Ok(());
        }
        let rows = selected.positions();
        self.update_selected(&gather_read(&columns, &rows, |slot| slot < plan.read_past)?)
    }

    /// Takes in the rows of another state, which come after all of this one. Equal groups are
    /// joined when the answer is made, on all cores.
    ///
    /// # Errors
    ///
    /// Where the other is of another plan.
    pub fn merge(&mut self, later: Self) -> Result<(), ExecError> {
        if !Arc::ptr_eq(&self.plan, &later.plan) {
            return Err(ExecError::ForeignPartial);
        }
        match (&mut self.state, later.state, &self.plan.body) {
            (State::Rows(rows), State::Rows(later), Body::Rows(projected)) => {
                rows.merge(projected, later)
            }
            (State::Groups(groups), State::Groups(later), _) => {
                groups.merge(later);
                Ok(())
            }
            (State::Finished(made), State::Finished(later), _) => {
                made.extend(later);
                Ok(())
            }
            (State::Groups(groups), later @ State::Finished(_), _) if groups.group_count() == 0 => {
                self.state = later;
                Ok(())
            }
            _ => Err(ExecError::ForeignPartial),
        }
    }

    /// About how many bytes of memory it takes.
    pub fn byte_len(&self) -> usize {
        match &self.state {
            State::Rows(rows) => rows.byte_len(),
            State::Groups(groups) => groups.byte_len(),
            State::Finished(made) => {
                made.iter().map(|made| made.rows.byte_len() + made.places.len() * 8).sum()
            }
        }
    }

    /// How many rows are held for the answer; of groups none are.
    pub fn row_count(&self) -> usize {
        match &self.state {
            State::Rows(rows) => rows.row_count(),
            State::Groups(_) | State::Finished(_) => 0,
        }
    }

    /// With an order and a limit: the keys of the rows that are held and may be in the answer, as far
    /// as none of them is null.
    ///
    /// # Errors
    ///
    /// Where rows cannot be put in order.
    pub fn order_keys(&self) -> Result<Vec<Vec<Scalar>>, ExecError> {
        match (&self.state, &self.plan.body) {
            (State::Rows(rows), Body::Rows(projected)) => rows.keys(projected),
            _ => Ok(Vec::new()),
        }
    }

    /// With an order and a limit, and once that many rows are held: the keys, or the first of them,
    /// of a row behind which none is in the answer.
    pub fn order_bound(&self) -> Option<&[Scalar]> {
        match &self.state {
            State::Rows(rows) => rows.bound(),
            State::Groups(_) | State::Finished(_) => None,
        }
    }

    /// How many groups there are; equal ones of states that were merged count each.
    pub fn group_count(&self) -> usize {
        match &self.state {
            State::Rows(_) | State::Finished(_) => 0,
            State::Groups(groups) => groups.group_count(),
        }
    }

    /// The groups finished, as far as they may be in the answer: in the place of the state.
    pub(crate) fn finished(self) -> Result<Self, ExecError> {
        let Self { plan, state, memo } = self;
        let state = match (state, &plan.body) {
            (State::Groups(groups), Body::Groups(body)) => {
                State::Finished(body.rows_of_all(groups)?)
            }
            (state, _) => state,
        };
        Ok(Self { plan, state, memo })
    }

    /// The same state under another plan, which must make the same of its rows.
    pub(crate) fn under(self, plan: &Plan) -> Self {
        Self { plan: Arc::clone(&plan.0), ..self }
    }
}

impl Bound {
    /// The rows that the predicate selects; `None` where it selects none.
    fn filtered<'a>(
        &self,
        columns: &'a Columns,
        memo: &Memo,
    ) -> Result<Option<Cow<'a, Columns>>, ExecError> {
        let selected = match &self.predicate {
            Some(predicate) => select_with(predicate, columns, memo)?,
            None => return Ok((columns.row_count() > 0).then_some(Cow::Borrowed(columns))),
        };
        let count = selected.count_ones();
        if count == 0 {
            return Ok(None);
        }
        if count == columns.row_count() {
            return Ok(Some(Cow::Borrowed(columns)));
        }
        let rows = selected.positions();
        gather_read(columns, &rows, |slot| slot < self.read_past).map(|rows| Some(Cow::Owned(rows)))
    }
}
