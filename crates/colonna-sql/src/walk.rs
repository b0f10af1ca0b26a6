//! Walking a lowered expression.

use colonna_schema::{AggregateExpr, Expr};

/// The parts an expression is made of.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Column(_) | Expr::Literal(_) => Vec::new(),
        Expr::Unary { operand, .. }
        | Expr::IsNull { operand, .. }
        | Expr::Cast { operand, .. }
        | Expr::Field { operand, .. } => vec![operand],
        Expr::Binary { left, right, .. } => vec![left, right],
        Expr::Like { operand, pattern, .. } => vec![operand, pattern],
        Expr::InList { operand, list, .. } => {
            std::iter::once(&**operand).chain(list.iter()).collect()
        }
        Expr::Case { operand, branches, otherwise } => operand
            .as_deref()
            .into_iter()
            .chain(branches.iter().flat_map(|(when, then)| [when, then]))
            .chain(otherwise.as_deref())
            .collect(),
        Expr::Call { arguments, .. } => arguments.iter().collect(),
        Expr::Aggregate(AggregateExpr { argument, order_by, filter, .. }) => {
            [argument, order_by, filter].into_iter().flatten().map(|part| &**part).collect()
        }
    }
}

/// The parts an expression is made of, to be changed.
fn children_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::Column(_) | Expr::Literal(_) => Vec::new(),
        Expr::Unary { operand, .. }
        | Expr::IsNull { operand, .. }
        | Expr::Cast { operand, .. }
        | Expr::Field { operand, .. } => vec![operand],
        Expr::Binary { left, right, .. } => vec![left, right],
        Expr::Like { operand, pattern, .. } => vec![operand, pattern],
        Expr::InList { operand, list, .. } => {
            std::iter::once(&mut **operand).chain(list.iter_mut()).collect()
        }
        Expr::Case { operand, branches, otherwise } => operand
            .as_deref_mut()
            .into_iter()
            .chain(branches.iter_mut().flat_map(|(when, then)| [when, then]))
            .chain(otherwise.as_deref_mut())
            .collect(),
        Expr::Call { arguments, .. } => arguments.iter_mut().collect(),
        Expr::Aggregate(AggregateExpr { argument, order_by, filter, .. }) => {
            [argument, order_by, filter].into_iter().flatten().map(|part| &mut **part).collect()
        }
    }
}

/// How many nodes it has.
pub(crate) fn size(expr: &Expr) -> usize {
    let (mut size, mut rest) = (0, vec![expr]);
    while let Some(expr) = rest.pop() {
        size += 1;
        rest.extend(children(expr));
    }
    size
}

/// An aggregate in it, where there is one.
pub(crate) fn aggregate_in(expr: &Expr) -> Option<&AggregateExpr> {
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        if let Expr::Aggregate(aggregate) = expr {
            return Some(aggregate);
        }
        rest.extend(children(expr));
    }
    None
}

/// Whether a column is named so in it.
pub(crate) fn names_column(expr: &Expr, name: &str) -> bool {
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        match expr {
            Expr::Column(path)
                if path.0.first().is_some_and(|part| part.eq_ignore_ascii_case(name)) =>
            {
                return true;
            }
            other => rest.extend(children(other)),
        }
    }
    false
}

/// Puts an expression in the place of columns, outside of aggregates, whose arguments see the rows
/// and not the results.
pub(crate) fn replace_columns(expr: &mut Expr, replacement: &mut impl FnMut(&str) -> Option<Expr>) {
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        match expr {
            Expr::Aggregate(_) => {}
            Expr::Column(path) => {
                if let [name] = path.0.as_slice()
                    && let Some(found) = replacement(name)
                {
                    *expr = found;
                }
            }
            other => rest.extend(children_mut(other)),
        }
    }
}
