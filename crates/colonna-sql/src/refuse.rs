//! The parts of queries that are refused, by name.

use sqlparser::ast;

use crate::SqlError;
use crate::error::Place;

pub(crate) fn refuse(
    clauses: &[(bool, &'static str)],
    at: Place,
    advice: &'static str,
) -> Result<(), SqlError> {
    match clauses.iter().find(|(present, _)| *present) {
        None => Ok(()),
        Some((_, what)) => Err(SqlError::unsupported(*what, at, advice)),
    }
}

pub(crate) fn refuse_column_aliases(alias: &ast::TableAlias) -> Result<(), SqlError> {
    let refused = [
        (!alias.columns.is_empty(), "a list of column aliases after a table"),
        (alias.at.is_some(), "AT after a table"),
    ];
    refuse(&refused, alias.name.span.into(), "name the columns with AS in the SELECT list")
}

pub(crate) fn refuse_query_clauses(query: &ast::Query) -> Result<(), SqlError> {
    let refused = [
        (!query.locks.is_empty(), "FOR UPDATE"),
        (query.for_clause.is_some(), "FOR XML, JSON or BROWSE"),
        (query.settings.is_some(), "SETTINGS"),
        (query.format_clause.is_some(), "FORMAT"),
        (!query.pipe_operators.is_empty(), "|>"),
    ];
    refuse(&refused, Place::default(), "leave it out")
}

pub(crate) fn refuse_select_clauses(select: &ast::Select) -> Result<(), SqlError> {
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

pub(crate) fn refuse_table_clauses(relation: &ast::TableFactor) -> Result<(), SqlError> {
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

pub(crate) fn refused_body(body: &ast::SetExpr) -> SqlError {
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

pub(crate) fn refused_relation(relation: &ast::TableFactor) -> SqlError {
    let (what, advice) = match relation {
        ast::TableFactor::Derived { lateral: true, .. } => ("LATERAL", "query one table"),
        ast::TableFactor::Derived { .. } => ("TABLESAMPLE", "use WHERE and LIMIT"),
        ast::TableFactor::NestedJoin { .. } => {
            ("JOIN", "query one table at a time, or join before loading")
        }
        ast::TableFactor::Pivot { .. } => ("PIVOT", "use FILTER behind the aggregates"),
        ast::TableFactor::Unpivot { .. } => ("UNPIVOT", "query the columns by name"),
        _ => ("a table function", "name a table or a subquery"),
    };
    SqlError::unsupported(what, Place::of(relation), advice)
}
