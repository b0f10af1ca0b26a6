//! WITH, SELECT and FROM.

use colonna_schema::{Projection, Query};
use sqlparser::ast;

use crate::clauses::limit;
use crate::error::Place;
use crate::limits::{MAX_NODES, MAX_QUERIES};
use crate::names::{SelectList, check_no_aggregate};
use crate::refuse::{
    refuse, refuse_column_aliases, refuse_query_clauses, refuse_select_clauses,
    refuse_table_clauses, refused_body, refused_relation,
};
use crate::walk::size;
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
            // A path names its table by its last part, without what follows a dot.
            if let Some(stem) = last.rsplit('/').next().and_then(|part| part.split('.').next()) {
                self.qualifiers.push(vec![stem.to_owned()]);
            }
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
