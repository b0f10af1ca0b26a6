//! What SQL means, what of it is refused, and that no text can do harm.
#![expect(clippy::panic, reason = "the checks say which SQL they failed on")]

mod accepted;
mod hostile;
mod refused;

use colonna_schema::{Projection, Query};
use colonna_sql::{Statement, parse};

/// The parts of a query in the order in which they are evaluated, as one line.
fn written(query: &Query, table: &str) -> String {
    let from = match &query.from {
        Some(inner) => format!("({})", written(inner, table)),
        None => table.to_owned(),
    };
    let mut parts = vec![from];
    parts.extend(query.filter.iter().map(|filter| format!("where {filter}")));
    if !query.group_by.is_empty() {
        let keys: Vec<String> = query.group_by.iter().map(ToString::to_string).collect();
        parts.push(format!("group {}", keys.join(", ")));
    }
    parts.extend(query.having.iter().map(|having| format!("having {having}")));
    if !query.projection.is_empty() {
        let entries: Vec<String> = query.projection.iter().map(entry).collect();
        parts.push(format!("select {}", entries.join(", ")));
    }
    parts.extend(query.distinct.then(|| "distinct".to_owned()));
    if !query.order_by.is_empty() {
        let keys = query.order_by.iter().map(|key| {
            let descending = if key.descending { " desc" } else { "" };
            let nulls = if key.nulls_first { " nulls first" } else { "" };
            format!("{}{descending}{nulls}", key.expr)
        });
        parts.push(format!("order {}", keys.collect::<Vec<_>>().join(", ")));
    }
    parts.extend((query.offset > 0).then(|| format!("offset {}", query.offset)));
    parts.extend(query.limit.map(|limit| format!("limit {limit}")));
    parts.join(" | ")
}

fn entry(projection: &Projection) -> String {
    match projection {
        Projection::All { except } if except.is_empty() => "*".to_owned(),
        Projection::All { except } => format!("* except {}", except.join(", ")),
        Projection::Expr { expr, name: None } => expr.to_string(),
        Projection::Expr { expr, name: Some(name) } => format!("{expr} as {name}"),
    }
}

#[track_caller]
fn understood(sql: &str) -> Statement {
    match parse(sql) {
        Ok(statement) => statement,
        Err(error) => panic!("{sql}\n{error}"),
    }
}

/// Checks the parts of a whole statement.
#[track_caller]
fn check(sql: &str, expected: &str) {
    let statement = understood(sql);
    assert_eq!(written(&statement.query, &statement.table), expected, "{sql}");
}

/// Checks expressions, each as the only entry of a SELECT list over `t`.
#[track_caller]
fn check_exprs(cases: &[(&str, &str)]) {
    for (expr, expected) in cases {
        let sql = format!("SELECT {expr} FROM t");
        check(&sql, &format!("t | select {expected}"));
    }
}
