//! The rows an expression is asked of, and where in it an error arises.

use std::borrow::Cow;

use colonna_column::{Column, Columns};
use colonna_schema::Schema;

use super::memo::Memo;
use crate::{BoundExpr, ExecError};

/// The columns of the slots, or of those an expression reads, for some of the rows.
pub(super) struct Frame<'a> {
    schema: &'a Schema,
    columns: Vec<Option<Cow<'a, Column>>>,
    row_count: usize,
    memo: &'a Memo,
}

impl<'a> Frame<'a> {
    /// All rows.
    pub(super) fn new(columns: &'a Columns, memo: &'a Memo) -> Self {
        Self {
            memo,
            schema: columns.schema(),
            columns: columns.columns().iter().map(|column| Some(Cow::Borrowed(column))).collect(),
            row_count: columns.row_count(),
        }
    }

    pub(super) fn row_count(&self) -> usize {
        self.row_count
    }

    pub(super) fn column(&self, slot: usize) -> Result<&Column, ExecError> {
        match self.columns.get(slot) {
            Some(Some(column)) => Ok(column),
            _ => Err(ExecError::MissingSlot { slot }),
        }
    }

    /// Some of the rows, with the columns that the expression reads.
    pub(super) fn narrowed(&self, expr: &BoundExpr, rows: &[u32]) -> Frame<'a> {
        let mut columns: Vec<Option<Cow<'a, Column>>> = vec![None; self.columns.len()];
        expr.visit_slots(&mut |slot| {
            if let (Some(place @ None), Some(Some(column))) =
                (columns.get_mut(slot), self.columns.get(slot))
            {
                *place = Some(Cow::Owned(column.gather(rows)));
            }
        });
        Frame { schema: self.schema, columns, row_count: rows.len(), memo: self.memo }
    }

    /// That expression, with the names of its slots at hand.
    pub(super) fn site<'s>(&'s self, expr: &'s BoundExpr) -> Site<'s> {
        Site { expr, schema: self.schema, memo: self.memo }
    }
}

/// An expression that is being evaluated. It names itself where a row has no value.
pub(super) struct Site<'a> {
    /// The expression.
    pub(super) expr: &'a BoundExpr,
    schema: &'a Schema,
    /// What was made of dictionaries before.
    pub(super) memo: &'a Memo,
}

impl Site<'_> {
    /// The expression as written.
    pub(super) fn expression(&self) -> String {
        let name_of = |slot: usize| {
            self.schema.fields.get(slot).map_or(format!("slot {slot}"), |field| field.name.clone())
        };
        self.expr.to_expr(&name_of).to_string()
    }

    /// The value of a row does not fit the expression's type.
    pub(super) fn overflow(&self) -> ExecError {
        ExecError::Overflow {
            expression: self.expression(),
            data_type: self.expr.data_type.clone(),
        }
    }
}
