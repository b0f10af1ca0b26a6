//! What a name in GROUP BY, HAVING or ORDER BY stands for: a position, an alias or a column.

use colonna_schema::{AggregateExpr, Expr, Projection};

use crate::SqlError;
use crate::error::Place;
use crate::walk::{aggregate_in, names_column, replace_columns};

/// The SELECT list, as the clauses after it see it.
pub(crate) struct SelectList<'a>(pub(crate) &'a [Projection]);

impl<'a> SelectList<'a> {
    /// The expression that has that alias.
    ///
    /// Columns are not known here, but one that the aliased expression itself reads is sure to be
    /// there: in `date_trunc('day', ts) AS ts` it is what `ts` means elsewhere, as in other engines.
    fn aliased(&self, wanted: &str) -> Option<(&'a Expr, bool)> {
        self.0.iter().find_map(|entry| match entry {
            Projection::Expr { expr, name: Some(name) } if name.eq_ignore_ascii_case(wanted) => {
                Some((expr, names_column(expr, wanted)))
            }
            _ => None,
        })
    }

    /// What `GROUP BY name` groups by, where the name is an alias.
    pub(crate) fn group_key(&self, name: &str) -> Option<&'a Expr> {
        self.aliased(name).filter(|(_, shadowed)| !shadowed).map(|(expr, _)| expr)
    }

    /// Puts what they stand for in the place of the aliases in an expression, and gives back how
    /// many there were.
    pub(crate) fn expand_aliases(&self, expr: &mut Expr) -> usize {
        let mut count = 0;
        replace_columns(expr, &mut |name| {
            let (found, shadowed) = self.aliased(name)?;
            // An aggregate cannot be meant by the column that it reads: that is not grouped.
            if shadowed && aggregate_in(found).is_none() {
                return None;
            }
            count += 1;
            Some(found.clone())
        });
        count
    }

    /// The entry that a position counts from one.
    pub(crate) fn at_position(
        &self,
        clause: &'static str,
        position: i64,
        at: Place,
    ) -> Result<&'a Expr, SqlError> {
        self.check_position(clause, position, at)?;
        let index = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
        let before = self.0.iter().take(index.map_or(0, |index| index + 1));
        let is_star = |entry: &Projection| matches!(entry, Projection::All { .. });
        match index.and_then(|index| self.0.get(index)) {
            Some(Projection::Expr { expr, .. }) if !before.clone().any(is_star) => Ok(expr),
            _ => {
                let what = format!("a position in {clause} beside *");
                Err(SqlError::unsupported(what, at, "name the columns"))
            }
        }
    }

    /// Refuses a position that counts no entry. With `*` their number is not known here.
    pub(crate) fn check_position(
        &self,
        clause: &'static str,
        position: i64,
        at: Place,
    ) -> Result<(), SqlError> {
        let columns = self.0.len();
        let upper = if self.has_star() { usize::MAX } else { columns };
        match usize::try_from(position) {
            Ok(index) if (1..=upper).contains(&index) => Ok(()),
            _ => {
                let position = position.to_string();
                Err(SqlError::Position { clause, position, columns, at })
            }
        }
    }

    /// Whether all columns of the input are among the results, so that their number is not known.
    pub(crate) fn has_star(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|entry| matches!(entry, Projection::All { .. }))
    }
}

/// Refuses an aggregate in a clause that sees rows.
pub(crate) fn check_no_aggregate(
    expr: &Expr,
    clause: &'static str,
    at: Place,
) -> Result<(), SqlError> {
    let advice = match clause {
        "WHERE" => "conditions on groups stand in HAVING",
        "GROUP BY" => "group by what the aggregate is made of",
        _ => "take the inner one in a subquery in FROM",
    };
    match aggregate_in(expr).map(AggregateExpr::to_string) {
        None => Ok(()),
        Some(aggregate) => Err(SqlError::MisplacedAggregate { aggregate, clause, at, advice }),
    }
}
