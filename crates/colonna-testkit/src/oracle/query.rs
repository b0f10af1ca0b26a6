//! A query, in the order in which SQL means it.

use std::cmp::Ordering;

use colonna_schema::{DataType, Expr, Field, Projection, Query, Scalar, Schema, SortKey};

use super::evaluate::{Row, truth_of, value_of};
use super::types::{Scope, check_condition, of_aggregate, type_of};
use super::{Answer, Outcome, aggregate, fails, not_covered, walk};

/// A result column.
struct Output {
    name: String,
    expr: Expr,
}

/// What an output row is computed from: a row, or what is known of a group.
struct Source {
    values: Vec<Scalar>,
    known: Vec<Scalar>,
}

pub(super) fn answer(query: &Query, table: &Answer) -> Outcome<Answer> {
    let inner = query.from.as_deref().map(|from| answer(from, table)).transpose()?;
    let input = inner.as_ref().unwrap_or(table);
    let rows_of = Scope { schema: &input.schema, known: Vec::new(), grouped: false };
    let kept = filtered(query, input, &rows_of)?;
    let outputs = outputs(query, &input.schema)?;
    let aggregates = aggregates(query, &outputs);
    let (scope, sources) = if aggregates.is_empty() && query.group_by.is_empty() {
        if query.having.is_some() {
            return not_covered("HAVING without groups");
        }
        let source = |row: &Vec<Scalar>| Source { values: row.clone(), known: Vec::new() };
        (rows_of, kept.into_iter().map(source).collect())
    } else {
        grouped(query, &aggregates, &kept, &rows_of)?
    };
    let fields = outputs
        .iter()
        .map(|output| Ok(Field::new(output.name.as_str(), type_of(&output.expr, &scope)?)));
    let schema = Schema::new(fields.collect::<Outcome<_>>()?);
    let sources = having(query, sources, &scope)?;
    let mut rows = Vec::new();
    for source in &sources {
        let row = Row { scope: &scope, values: &source.values, known: &source.known };
        let cells = outputs.iter().map(|output| value_of(&output.expr, &row));
        let cells = cells.collect::<Outcome<Vec<_>>>()?;
        let keys = query.order_by.iter().map(|key| sort_value(key, query, &outputs, &cells, &row));
        let keys = keys.collect::<Outcome<Vec<_>>>()?;
        rows.push((cells, keys));
    }
    check_order(query, &outputs, &scope)?;
    if query.distinct {
        rows = first_of_each(rows);
    }
    rows.sort_by(|left, right| by_keys(&query.order_by, &left.1, &right.1));
    let neighbours = rows.iter().zip(rows.iter().skip(1));
    if !aggregates.is_empty() && neighbours.into_iter().any(|(left, right)| are_close(left, right))
    {
        return not_covered("an order that the rounding of a sum decides");
    }
    let rows = rows.into_iter().map(|(cells, _)| cells).skip(saturated(query.offset));
    let limit = query.limit.map_or(usize::MAX, saturated);
    Ok(Answer { schema, rows: rows.take(limit).collect() })
}

/// Whether the first keys in which rows differ are doubles that differ in their last bits only.
fn are_close(left: &(Vec<Scalar>, Vec<Scalar>), right: &(Vec<Scalar>, Vec<Scalar>)) -> bool {
    let differing = left.1.iter().zip(&right.1).find(|(left, right)| left != right);
    match differing {
        Some((Scalar::Float64(left), Scalar::Float64(right))) => {
            (left - right).abs() <= left.abs().max(right.abs()) * 1e-9
        }
        _ => false,
    }
}

fn saturated(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn filtered<'a>(
    query: &Query,
    input: &'a Answer,
    scope: &Scope<'_>,
) -> Outcome<Vec<&'a Vec<Scalar>>> {
    let Some(filter) = &query.filter else { return Ok(input.rows.iter().collect()) };
    check_condition(filter, scope)?;
    let mut kept = Vec::new();
    for values in &input.rows {
        if truth_of(filter, &Row { scope, values, known: &[] })? == Some(true) {
            kept.push(values);
        }
    }
    Ok(kept)
}

fn outputs(query: &Query, schema: &Schema) -> Outcome<Vec<Output>> {
    let named = |expr: &Expr, name: Option<&String>| Output {
        name: name.cloned().unwrap_or_else(|| expr.default_name()),
        expr: expr.clone(),
    };
    // The whole name as one part, so that a dot in it leads nowhere.
    let column = |field: &Field| Output {
        name: field.name.clone(),
        expr: Expr::Column(colonna_schema::ColumnPath(vec![field.name.clone()])),
    };
    if query.projection.is_empty() {
        if !query.group_by.is_empty() {
            return Ok(query.group_by.iter().map(|key| named(key, None)).collect());
        }
        return Ok(schema.fields.iter().map(column).collect());
    }
    let mut outputs = Vec::new();
    for projection in &query.projection {
        match projection {
            Projection::Expr { expr, name } => outputs.push(named(expr, name.as_ref())),
            Projection::All { except } => {
                if except.iter().any(|name| schema.index_of(name).is_none()) {
                    return not_covered("EXCEPT a column that is not there");
                }
                let kept = schema.fields.iter().filter(|field| !except.contains(&field.name));
                outputs.extend(kept.map(column));
            }
        }
    }
    Ok(outputs)
}

fn aggregates(query: &Query, outputs: &[Output]) -> Vec<Expr> {
    let mut found = Vec::new();
    let exprs = outputs.iter().map(|output| &output.expr);
    let exprs = exprs.chain(&query.having).chain(query.order_by.iter().map(|key| &key.expr));
    exprs.for_each(|expr| walk::aggregates(expr, &mut found));
    found
}

/// The groups in the order in which they first appear, each with its keys and aggregates.
fn grouped<'a>(
    query: &Query,
    aggregates: &[Expr],
    rows: &[&Vec<Scalar>],
    scope: &Scope<'a>,
) -> Outcome<(Scope<'a>, Vec<Source>)> {
    let mut known: Vec<(Expr, DataType)> = Vec::new();
    for key in &query.group_by {
        known.push((key.clone(), type_of(key, scope)?));
    }
    for expr in aggregates {
        let Expr::Aggregate(aggregate) = expr else { continue };
        known.push((expr.clone(), of_aggregate(aggregate, scope)?));
    }
    let mut groups: Vec<(Vec<Scalar>, Vec<&Vec<Scalar>>)> = Vec::new();
    if query.group_by.is_empty() {
        groups.push((Vec::new(), rows.to_vec()));
    } else {
        for values in rows {
            let row = Row { scope, values, known: &[] };
            let keys = query.group_by.iter().map(|key| value_of(key, &row));
            let keys = keys.collect::<Outcome<Vec<_>>>()?;
            match groups.iter_mut().find(|(found, _)| *found == keys) {
                Some((_, members)) => members.push(values),
                None => groups.push((keys, vec![values])),
            }
        }
    }
    let mut sources = Vec::new();
    for (mut known, members) in groups {
        for expr in aggregates {
            let Expr::Aggregate(aggregate) = expr else { continue };
            known.push(aggregate::over(aggregate, &members, scope)?);
        }
        sources.push(Source { values: Vec::new(), known });
    }
    Ok((Scope { schema: scope.schema, known, grouped: true }, sources))
}

fn having(query: &Query, sources: Vec<Source>, scope: &Scope<'_>) -> Outcome<Vec<Source>> {
    let Some(condition) = &query.having else { return Ok(sources) };
    check_condition(condition, scope)?;
    let mut kept = Vec::new();
    for source in sources {
        let row = Row { scope, values: &source.values, known: &source.known };
        if truth_of(condition, &row)? == Some(true) {
            kept.push(source);
        }
    }
    Ok(kept)
}

/// What a sort key goes by: a result column, by position or name, or an expression of its own.
enum Order<'a> {
    Output(usize),
    Expr(&'a Expr),
}

fn order_of<'a>(key: &'a SortKey, query: &Query, outputs: &[Output]) -> Outcome<Order<'a>> {
    if let Some(position) = key.position() {
        let index = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
        return match index.filter(|index| *index < outputs.len()) {
            Some(index) => Ok(Order::Output(index)),
            None => fails(format!("no result column {position}")),
        };
    }
    if let Expr::Column(path) = &key.expr {
        let name = path.to_string();
        let mut named = (0..outputs.len())
            .filter(|index| outputs.get(*index).is_some_and(|output| output.name == name));
        match (named.next(), named.next()) {
            (Some(_), Some(_)) => return not_covered("an ORDER BY that names two columns"),
            (Some(index), None) => return Ok(Order::Output(index)),
            _ => {}
        }
    }
    if query.distinct {
        return not_covered("DISTINCT with an ORDER BY of its own");
    }
    Ok(Order::Expr(&key.expr))
}

fn check_order(query: &Query, outputs: &[Output], scope: &Scope<'_>) -> Outcome<()> {
    for key in &query.order_by {
        if let Order::Expr(expr) = order_of(key, query, outputs)? {
            type_of(expr, scope)?;
        }
    }
    Ok(())
}

fn sort_value(
    key: &SortKey,
    query: &Query,
    outputs: &[Output],
    cells: &[Scalar],
    row: &Row<'_>,
) -> Outcome<Scalar> {
    match order_of(key, query, outputs)? {
        Order::Output(index) => Ok(cells.get(index).cloned().unwrap_or(Scalar::Null)),
        Order::Expr(expr) => {
            type_of(expr, row.scope)?;
            value_of(expr, row)
        }
    }
}

fn by_keys(keys: &[SortKey], left: &[Scalar], right: &[Scalar]) -> Ordering {
    for ((key, left), right) in keys.iter().zip(left).zip(right) {
        let order = match (left.is_null(), right.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) if key.nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if key.nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if key.descending => right.total_cmp(left),
            (false, false) => left.total_cmp(right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

type Keyed = (Vec<Scalar>, Vec<Scalar>);

fn first_of_each(rows: Vec<Keyed>) -> Vec<Keyed> {
    let mut seen: Vec<Keyed> = Vec::new();
    for row in rows {
        if !seen.iter().any(|(cells, _)| *cells == row.0) {
            seen.push(row);
        }
    }
    seen
}
