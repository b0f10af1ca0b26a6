//! GROUP BY, ORDER BY and LIMIT.

use colonna_schema::{Expr, Projection, Query, Scalar, SortKey};
use sqlparser::ast;

use crate::SqlError;
use crate::error::Place;
use crate::names::{SelectList, check_no_aggregate};
use crate::refuse::refuse;
use crate::select::Lowering;
use crate::walk::{aggregate_in, size};

impl Lowering {
    pub(crate) fn group_by(
        &mut self,
        group_by: &ast::GroupByExpr,
        list: &SelectList<'_>,
    ) -> Result<Vec<Expr>, SqlError> {
        let (written, modifiers) = match group_by {
            ast::GroupByExpr::All(modifiers) => (None, modifiers),
            ast::GroupByExpr::Expressions(written, modifiers) => (Some(written), modifiers),
        };
        if let Some(modifier) = modifiers.first() {
            let what = modifier.to_string();
            return Err(SqlError::unsupported(what, Place::default(), "ask one query per level"));
        }
        let mut keys = Vec::new();
        match written {
            None => self.group_by_all(list, &mut keys)?,
            Some(written) => {
                for key in written {
                    self.group_key(key, list, &mut keys)?;
                }
            }
        }
        Ok(keys)
    }

    /// GROUP BY ALL: by every entry of the SELECT list that is no aggregate.
    fn group_by_all(
        &mut self,
        list: &SelectList<'_>,
        keys: &mut Vec<Expr>,
    ) -> Result<(), SqlError> {
        for entry in list.0 {
            match entry {
                Projection::Expr { expr, .. } if aggregate_in(expr).is_none() => {
                    self.charge(size(expr))?;
                    keys.push(expr.clone());
                }
                Projection::Expr { .. } => {}
                Projection::All { .. } => {
                    let (what, advice) = ("GROUP BY ALL beside *", "name the columns");
                    return Err(SqlError::unsupported(what, Place::default(), advice));
                }
            }
        }
        Ok(())
    }

    fn group_key(
        &mut self,
        written: &ast::Expr,
        list: &SelectList<'_>,
        keys: &mut Vec<Expr>,
    ) -> Result<(), SqlError> {
        let at = Place::start(written);
        let advice = "ask one query per level";
        let key = match written {
            ast::Expr::Tuple(parts) => {
                return parts.iter().try_for_each(|part| self.group_key(part, list, keys));
            }
            ast::Expr::Rollup(_) => return Err(SqlError::unsupported("ROLLUP", at, advice)),
            ast::Expr::Cube(_) => return Err(SqlError::unsupported("CUBE", at, advice)),
            ast::Expr::GroupingSets(_) => {
                return Err(SqlError::unsupported("GROUPING SETS", at, advice));
            }
            ast::Expr::Identifier(name) => match list.group_key(&name.value) {
                Some(aliased) => aliased.clone(),
                None => self.expr(written)?,
            },
            other => match self.expr(other)? {
                Expr::Literal(Scalar::Int64(position)) => {
                    list.at_position("GROUP BY", position, at)?.clone()
                }
                key => key,
            },
        };
        check_no_aggregate(&key, "GROUP BY", at)?;
        self.charge(size(&key))?;
        keys.push(key);
        Ok(())
    }

    pub(crate) fn with_aliases(
        &mut self,
        mut expr: Expr,
        list: &SelectList<'_>,
    ) -> Result<Expr, SqlError> {
        if list.expand_aliases(&mut expr) > 0 {
            self.charge(size(&expr))?;
        }
        Ok(expr)
    }

    pub(crate) fn order_by(
        &mut self,
        query: &ast::Query,
        list: &SelectList<'_>,
    ) -> Result<Vec<SortKey>, SqlError> {
        let Some(order_by) = &query.order_by else { return Ok(Vec::new()) };
        if order_by.interpolate.is_some() {
            let (what, advice) = ("INTERPOLATE", "fill gaps after the query");
            return Err(SqlError::unsupported(what, Place::of_query(query), advice));
        }
        match &order_by.kind {
            ast::OrderByKind::Expressions(keys) => {
                keys.iter().map(|key| self.sort_key(key, list)).collect()
            }
            ast::OrderByKind::All(options) => {
                let at = Place::of_query(query);
                if list.has_star() {
                    let advice = "name the columns";
                    return Err(SqlError::unsupported("ORDER BY ALL beside *", at, advice));
                }
                (1_i64..)
                    .zip(list.0)
                    .map(|(position, _)| sort_key(Expr::from(position), options, at))
                    .collect()
            }
        }
    }

    fn sort_key(
        &mut self,
        key: &ast::OrderByExpr,
        list: &SelectList<'_>,
    ) -> Result<SortKey, SqlError> {
        let at = Place::start(&key.expr);
        if key.with_fill.is_some() {
            return Err(SqlError::unsupported("WITH FILL", at, "fill gaps after the query"));
        }
        let expr = match self.expr(&key.expr)? {
            // Whether it names a result or an input column is found out when it is bound.
            column @ Expr::Column(_) => column,
            Expr::Literal(Scalar::Int64(position)) => {
                list.check_position("ORDER BY", position, at)?;
                Expr::from(position)
            }
            other => self.with_aliases(other, list)?,
        };
        sort_key(expr, &key.options, at)
    }
}

fn sort_key(expr: Expr, options: &ast::OrderByOptions, at: Place) -> Result<SortKey, SqlError> {
    let descending = match &options.sort {
        None | Some(ast::OrderBySort::Asc) => false,
        Some(ast::OrderBySort::Desc) => true,
        Some(ast::OrderBySort::Using(_)) => {
            return Err(SqlError::unsupported("ORDER BY .. USING", at, "write ASC or DESC"));
        }
    };
    Ok(SortKey { expr, descending, nulls_first: options.nulls_first.unwrap_or(false) })
}

/// LIMIT, OFFSET and FETCH.
pub(crate) fn limit(query: &ast::Query, lowered: &mut Query) -> Result<(), SqlError> {
    match &query.limit_clause {
        None => {}
        Some(ast::LimitClause::LimitOffset { limit, offset, limit_by }) => {
            if let Some(key) = limit_by.first() {
                let advice = "ask for one group at a time";
                return Err(SqlError::unsupported("LIMIT BY", Place::start(key), advice));
            }
            lowered.limit = limit.as_ref().map(row_count).transpose()?;
            lowered.offset =
                offset.as_ref().map(|offset| row_count(&offset.value)).transpose()?.unwrap_or(0);
        }
        Some(ast::LimitClause::OffsetCommaLimit { offset, limit }) => {
            lowered.limit = Some(row_count(limit)?);
            lowered.offset = row_count(offset)?;
        }
    }
    if let Some(fetch) = &query.fetch {
        let refused =
            [(fetch.with_ties, "FETCH .. WITH TIES"), (fetch.percent, "FETCH .. PERCENT")];
        refuse(&refused, Place::default(), "write LIMIT and a number")?;
        if lowered.limit.is_some() {
            let (what, advice) = ("FETCH beside LIMIT", "write one of them");
            return Err(SqlError::unsupported(what, Place::default(), advice));
        }
        lowered.limit = Some(fetch.quantity.as_ref().map_or(Ok(1), row_count)?);
    }
    Ok(())
}

fn row_count(written: &ast::Expr) -> Result<u64, SqlError> {
    let count = match written {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Number(digits, _) => digits.replace('_', "").parse().ok(),
            _ => None,
        },
        _ => None,
    };
    count.ok_or_else(|| {
        let (at, wanted) = (Place::start(written), "a number of rows, at least 0");
        match written {
            ast::Expr::Value(_) => SqlError::literal(written.to_string(), wanted, at),
            _ => {
                let what = "an expression in LIMIT or OFFSET";
                SqlError::unsupported(what, at, "write a number of rows, at least 0")
            }
        }
    })
}
