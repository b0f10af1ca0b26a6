//! SELECT, FROM, WITH, GROUP BY, HAVING, ORDER BY and LIMIT.

use colonna_schema::{Expr, Projection, Query, Scalar, SortKey};
use sqlparser::ast;

use crate::error::Place;
use crate::limits::{MAX_NODES, MAX_QUERIES};
use crate::names::{SelectList, check_no_aggregate};
use crate::walk::{aggregate_in, size};
use crate::{ParseOptions, SqlError};

/// The state of lowering a syntax tree to a query.
pub(crate) struct Lowering {
    pub(crate) options: ParseOptions,
    /// How deep in an expression we are.
    pub(crate) depth: usize,
    /// How many nodes may still be made.
    nodes_left: usize,
    /// How the columns of the table in FROM may be qualified: the parts before the column's name.
    qualifiers: Vec<Vec<String>>,
    /// The queries of WITH that are in scope, the innermost last.
    named: Vec<(String, Lowered)>,
}

/// A query, the table at its bottom, and how many queries lie in one another.
#[derive(Clone)]
pub(crate) struct Lowered {
    pub(crate) query: Query,
    pub(crate) table: String,
    depth: usize,
}

impl Lowering {
    pub(crate) fn new(options: ParseOptions) -> Self {
        Self { options, depth: 0, nodes_left: MAX_NODES, qualifiers: Vec::new(), named: Vec::new() }
    }

    /// Pays for nodes that are made.
    pub(crate) fn charge(&mut self, nodes: usize) -> Result<(), SqlError> {
        self.nodes_left = self.nodes_left.checked_sub(nodes).ok_or(SqlError::TooLarge {
            size: MAX_NODES.saturating_add(nodes),
            unit: "parts",
            limit: MAX_NODES,
        })?;
        Ok(())
    }

    /// A whole query: WITH, SELECT, ORDER BY, LIMIT.
    pub(crate) fn query(&mut self, query: &ast::Query) -> Result<Lowered, SqlError> {
        refuse_query_clauses(query)?;
        let in_scope = self.named.len();
        if let Some(with) = &query.with {
            self.with(with)?;
        }
        let mut lowered = match &*query.body {
            ast::SetExpr::Select(select) => self.select(select, query)?,
            ast::SetExpr::Query(inner) => {
                let inner = self.query(inner)?;
                if query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none()
                {
                    inner
                } else {
                    let mut outer = nested(inner, Place::of_query(query))?;
                    let order_by = self.order_by(query, &SelectList(&[]))?;
                    outer.query.order_by = order_by;
                    outer
                }
            }
            other => return Err(refused_body(other)),
        };
        self.named.truncate(in_scope);
        limit(query, &mut lowered.query)?;
        Ok(lowered)
    }

    fn with(&mut self, with: &ast::With) -> Result<(), SqlError> {
        let at = Place::from(with.with_token.0.span);
        if with.recursive {
            let advice = "name each step in a WITH of its own";
            return Err(SqlError::unsupported("WITH RECURSIVE", at, advice));
        }
        for table in &with.cte_tables {
            refuse_column_aliases(&table.alias)?;
            let lowered = self.query(&table.query)?;
            self.named.push((table.alias.name.value.clone(), lowered));
        }
        Ok(())
    }

    fn select(&mut self, select: &ast::Select, query: &ast::Query) -> Result<Lowered, SqlError> {
        refuse_select_clauses(select)?;
        let mut lowered = self.from(&select.from)?;
        if let Some(condition) = &select.selection {
            let filter = self.expr(condition)?;
            check_no_aggregate(&filter, "WHERE", Place::start(condition))?;
            lowered.query.filter = Some(filter);
        }
        let projection = self.projection(&select.projection)?;
        let list = SelectList(&projection);
        lowered.query.group_by = self.group_by(&select.group_by, &list)?;
        if let Some(condition) = &select.having {
            let having = self.expr(condition)?;
            lowered.query.having = Some(self.with_aliases(having, &list)?);
        }
        lowered.query.distinct = match &select.distinct {
            None | Some(ast::Distinct::All) => false,
            Some(ast::Distinct::Distinct) => true,
            Some(ast::Distinct::On(keys)) => {
                let at = keys.first().map_or_else(Place::default, Place::start);
                let advice = "use first(x ORDER BY ..) and GROUP BY";
                return Err(SqlError::unsupported("DISTINCT ON", at, advice));
            }
        };
        lowered.query.order_by = self.order_by(query, &list)?;
        lowered.query.projection = projection;
        Ok(lowered)
    }

    /// The table, or the query in its place.
    fn from(&mut self, from: &[ast::TableWithJoins]) -> Result<Lowered, SqlError> {
        self.qualifiers.clear();
        let joins = "query one table at a time, or join before loading";
        let relation = match from {
            [] => {
                let (query, table) = (Query::default(), String::new());
                return Ok(Lowered { query, table, depth: 1 });
            }
            [only] => match only.joins.first() {
                None => &only.relation,
                Some(join) => return Err(SqlError::unsupported("JOIN", Place::of(join), joins)),
            },
            [_, second, ..] => {
                let at = Place::of(&second.relation);
                return Err(SqlError::unsupported("JOIN (a comma in FROM)", at, joins));
            }
        };
        match relation {
            ast::TableFactor::Table { name, alias, .. } => {
                refuse_table_clauses(relation)?;
                self.table(name, alias.as_ref())
            }
            ast::TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                let inner = self.query(subquery)?;
                self.qualify(alias.as_ref(), Vec::new())?;
                nested(inner, Place::of_query(subquery))
            }
            other => Err(refused_relation(other)),
        }
    }

    fn table(
        &mut self,
        name: &ast::ObjectName,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Lowered, SqlError> {
        let parts = name_parts(name)?;
        self.qualify(alias, parts.clone())?;
        let table = parts.join(".");
        let named = self.named.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(&table));
        if let Some((_, lowered)) = named {
            let lowered = lowered.clone();
            self.charge(query_size(&lowered.query))?;
            return nested(lowered, Place::of(name));
        }
        Ok(Lowered { query: Query::default(), table, depth: 1 })
    }

    /// Notes how columns may be qualified. An alias hides the name, as SQL has it.
    fn qualify(
        &mut self,
        alias: Option<&ast::TableAlias>,
        name: Vec<String>,
    ) -> Result<(), SqlError> {
        self.qualifiers.clear();
        if let Some(alias) = alias {
            refuse_column_aliases(alias)?;
            self.qualifiers.push(vec![alias.name.value.clone()]);
        } else if let Some(last) = name.last() {
            self.qualifiers.push(vec![last.clone()]);
            if name.len() > 1 {
                self.qualifiers.push(name);
            }
        }
        Ok(())
    }

    /// A column's path without the name of the table before it.
    pub(crate) fn unqualified(&self, mut parts: Vec<String>) -> Vec<String> {
        let matches = |qualifier: &&Vec<String>| {
            parts.len() > qualifier.len()
                && qualifier
                    .iter()
                    .zip(&parts)
                    .all(|(left, right)| left.eq_ignore_ascii_case(right))
        };
        let stripped = self.qualifiers.iter().filter(matches).map(Vec::len).max().unwrap_or(0);
        parts.drain(..stripped);
        parts
    }

    fn is_qualifier(&self, parts: &[String]) -> bool {
        self.qualifiers.iter().any(|qualifier| {
            qualifier.len() == parts.len()
                && qualifier.iter().zip(parts).all(|(left, right)| left.eq_ignore_ascii_case(right))
        })
    }

    fn projection(&mut self, items: &[ast::SelectItem]) -> Result<Vec<Projection>, SqlError> {
        items.iter().map(|item| self.select_item(item)).collect()
    }

    fn select_item(&mut self, item: &ast::SelectItem) -> Result<Projection, SqlError> {
        let at = match item {
            ast::SelectItem::UnnamedExpr(expr)
            | ast::SelectItem::ExprWithAlias { expr, .. }
            | ast::SelectItem::ExprWithAliases { expr, .. } => Place::start(expr),
            ast::SelectItem::Wildcard(options) => options.wildcard_token.0.span.into(),
            ast::SelectItem::QualifiedWildcard(_, options) => options.wildcard_token.0.span.into(),
        };
        match item {
            ast::SelectItem::UnnamedExpr(expr) => {
                Ok(Projection::Expr { expr: self.expr(expr)?, name: None })
            }
            ast::SelectItem::ExprWithAlias { expr, alias } => {
                Ok(Projection::Expr { expr: self.expr(expr)?, name: Some(alias.value.clone()) })
            }
            ast::SelectItem::ExprWithAliases { .. } => {
                Err(SqlError::unsupported("a list of aliases", at, "name each column by itself"))
            }
            ast::SelectItem::Wildcard(options) => self.star(options, at),
            ast::SelectItem::QualifiedWildcard(kind, options) => match kind {
                ast::SelectItemQualifiedWildcardKind::ObjectName(name)
                    if self.is_qualifier(&name_parts(name)?) =>
                {
                    self.star(options, at)
                }
                _ => {
                    let advice = "name the fields of the struct";
                    Err(SqlError::unsupported("* of what is not the table", at, advice))
                }
            },
        }
    }

    fn star(
        &self,
        options: &ast::WildcardAdditionalOptions,
        at: Place,
    ) -> Result<Projection, SqlError> {
        let refused = [
            (options.opt_ilike.is_some(), "* ILIKE"),
            (options.opt_replace.is_some(), "* REPLACE"),
            (options.opt_rename.is_some(), "* RENAME"),
            (options.opt_alias.is_some(), "* AS"),
        ];
        refuse(&refused, at, "name the columns")?;
        let mut except = Vec::new();
        match &options.opt_exclude {
            Some(ast::ExcludeSelectItem::Single(name)) => except.push(self.column_name(name)?),
            Some(ast::ExcludeSelectItem::Multiple(names)) => {
                for name in names {
                    except.push(self.column_name(name)?);
                }
            }
            None => {}
        }
        if let Some(names) = &options.opt_except {
            let others = names.additional_elements.iter();
            let names = std::iter::once(&names.first_element).chain(others);
            except.extend(names.map(|name| name.value.clone()));
        }
        Ok(Projection::All { except })
    }

    fn column_name(&self, name: &ast::ObjectName) -> Result<String, SqlError> {
        Ok(self.unqualified(name_parts(name)?).join("."))
    }

    fn group_by(
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

    fn with_aliases(&mut self, mut expr: Expr, list: &SelectList<'_>) -> Result<Expr, SqlError> {
        if list.expand_aliases(&mut expr) > 0 {
            self.charge(size(&expr))?;
        }
        Ok(expr)
    }

    fn order_by(
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

/// A query over the result of another.
fn nested(inner: Lowered, at: Place) -> Result<Lowered, SqlError> {
    let depth = inner.depth + 1;
    if depth > MAX_QUERIES {
        return Err(SqlError::TooDeep { at });
    }
    let query = Query { from: Some(Box::new(inner.query)), ..Query::default() };
    Ok(Lowered { query, table: inner.table, depth })
}

/// How many nodes the expressions of a query have.
fn query_size(query: &Query) -> usize {
    let projected = query.projection.iter().map(|entry| match entry {
        Projection::Expr { expr, .. } => size(expr),
        Projection::All { except } => except.len(),
    });
    let rest = query.filter.iter().chain(&query.group_by).chain(&query.having);
    let sorted = query.order_by.iter().map(|key| &key.expr);
    projected.sum::<usize>()
        + rest.chain(sorted).map(size).sum::<usize>()
        + query.from.as_deref().map_or(0, query_size)
}

/// LIMIT, OFFSET and FETCH.
fn limit(query: &ast::Query, lowered: &mut Query) -> Result<(), SqlError> {
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
        let wanted = "a number of rows, at least 0, without arithmetic";
        SqlError::literal(excerpt(written), wanted, Place::start(written))
    })
}

/// The start of a piece of the statement, for a message. Only what is surely small is written
/// out, for writing recurses.
fn excerpt(written: &ast::Expr) -> String {
    match written {
        ast::Expr::Value(_) | ast::Expr::Identifier(_) => written.to_string(),
        _ => "..".to_owned(),
    }
}

pub(crate) fn name_parts(name: &ast::ObjectName) -> Result<Vec<String>, SqlError> {
    name.0
        .iter()
        .map(|part| match part {
            ast::ObjectNamePart::Identifier(name) => Ok(name.value.clone()),
            ast::ObjectNamePart::Function(_) => {
                let advice = "write the name itself";
                Err(SqlError::unsupported("a computed name", Place::of(name), advice))
            }
        })
        .collect()
}

fn refuse(
    clauses: &[(bool, &'static str)],
    at: Place,
    advice: &'static str,
) -> Result<(), SqlError> {
    match clauses.iter().find(|(present, _)| *present) {
        None => Ok(()),
        Some((_, what)) => Err(SqlError::unsupported(*what, at, advice)),
    }
}

fn refuse_column_aliases(alias: &ast::TableAlias) -> Result<(), SqlError> {
    let refused = [
        (!alias.columns.is_empty(), "a list of column aliases after a table"),
        (alias.at.is_some(), "AT after a table"),
    ];
    refuse(&refused, alias.name.span.into(), "name the columns with AS in the SELECT list")
}

fn refuse_query_clauses(query: &ast::Query) -> Result<(), SqlError> {
    let refused = [
        (!query.locks.is_empty(), "FOR UPDATE"),
        (query.for_clause.is_some(), "FOR XML, JSON or BROWSE"),
        (query.settings.is_some(), "SETTINGS"),
        (query.format_clause.is_some(), "FORMAT"),
        (!query.pipe_operators.is_empty(), "|>"),
    ];
    refuse(&refused, Place::default(), "leave it out")
}

fn refuse_select_clauses(select: &ast::Select) -> Result<(), SqlError> {
    let refused = [
        (select.top.is_some(), "TOP"),
        (select.into.is_some(), "SELECT INTO"),
        (select.exclude.is_some(), "EXCLUDE after the SELECT list"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (!select.named_window.is_empty(), "WINDOW"),
        (select.qualify.is_some(), "QUALIFY"),
        (select.value_table_mode.is_some(), "SELECT AS VALUE or STRUCT"),
        (select.select_modifiers.is_some(), "a modifier after SELECT"),
    ];
    let at = Place::from(select.select_token.0.span);
    refuse(&refused, at, "SELECT takes FROM, WHERE, GROUP BY, HAVING, ORDER BY and LIMIT")
}

fn refuse_table_clauses(relation: &ast::TableFactor) -> Result<(), SqlError> {
    let ast::TableFactor::Table {
        args,
        with_hints,
        version,
        with_ordinality,
        partitions,
        json_path,
        sample,
        index_hints,
        ..
    } = relation
    else {
        return Ok(());
    };
    let refused = [
        (args.is_some(), "a table function"),
        (!with_hints.is_empty() || !index_hints.is_empty(), "a hint after a table"),
        (version.is_some(), "a version after a table"),
        (*with_ordinality, "WITH ORDINALITY"),
        (!partitions.is_empty(), "PARTITION after a table"),
        (json_path.is_some(), "a path after a table"),
        (sample.is_some(), "TABLESAMPLE"),
    ];
    refuse(&refused, Place::of(relation), "name the table alone")
}

fn refused_body(body: &ast::SetExpr) -> SqlError {
    let mut at = Place::default();
    let what = match body {
        ast::SetExpr::SetOperation { op, right, .. } => {
            if let ast::SetExpr::Select(select) = &**right {
                at = select.select_token.0.span.into();
            }
            op.to_string()
        }
        ast::SetExpr::Values(_) => "VALUES".to_owned(),
        ast::SetExpr::Table(_) => "TABLE".to_owned(),
        ast::SetExpr::Insert(_) => "INSERT".to_owned(),
        ast::SetExpr::Update(_) => "UPDATE".to_owned(),
        ast::SetExpr::Delete(_) => "DELETE".to_owned(),
        ast::SetExpr::Merge(_) => "MERGE".to_owned(),
        ast::SetExpr::Select(_) | ast::SetExpr::Query(_) => "this query".to_owned(),
    };
    SqlError::unsupported(what, at, "ask one SELECT at a time")
}

fn refused_relation(relation: &ast::TableFactor) -> SqlError {
    let (what, advice) = match relation {
        ast::TableFactor::Derived { lateral: true, .. } => ("LATERAL", "query one table"),
        ast::TableFactor::Derived { .. } => ("TABLESAMPLE", "use WHERE and LIMIT"),
        ast::TableFactor::NestedJoin { .. } => {
            ("JOIN", "query one table at a time, or join before loading")
        }
        ast::TableFactor::UNNEST { .. } => ("UNNEST", "use list_contains or a subscript"),
        ast::TableFactor::Pivot { .. } => ("PIVOT", "use FILTER behind the aggregates"),
        ast::TableFactor::Unpivot { .. } => ("UNPIVOT", "query the columns by name"),
        _ => ("a table function", "name a table or a subquery"),
    };
    SqlError::unsupported(what, Place::of(relation), advice)
}
