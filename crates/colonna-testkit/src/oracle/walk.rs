//! The parts of an expression.

use colonna_schema::Expr;

/// The expressions it is made of; of an aggregate none, for they belong to other rows.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Column(_) | Expr::Literal(_) | Expr::Aggregate(_) => Vec::new(),
        Expr::Unary { operand, .. }
        | Expr::IsNull { operand, .. }
        | Expr::Cast { operand, .. }
        | Expr::Field { operand, .. } => vec![operand],
        Expr::Binary { left, right, .. } => vec![left, right],
        Expr::InList { operand, list, .. } => std::iter::once(&**operand).chain(list).collect(),
        Expr::Like { operand, pattern, .. } => vec![operand, pattern],
        Expr::Case { operand, branches, otherwise } => {
            let mut parts: Vec<&Expr> = operand.iter().map(|operand| &**operand).collect();
            parts.extend(branches.iter().flat_map(|(when, then)| [when, then]));
            parts.extend(otherwise.iter().map(|otherwise| &**otherwise));
            parts
        }
        Expr::Call { arguments, .. } => arguments.iter().collect(),
    }
}

/// Adds every aggregate in the expression.
pub(super) fn aggregates(expr: &Expr, found: &mut Vec<Expr>) {
    if matches!(expr, Expr::Aggregate(_)) {
        found.push(expr.clone());
    }
    children(expr).into_iter().for_each(|part| aggregates(part, found));
}

/// Whether two expressions are written alike. Equality of scalars does not tell `1` from `1.0`.
pub(super) fn alike(left: &Expr, right: &Expr) -> bool {
    left == right && format!("{left:?}") == format!("{right:?}")
}
