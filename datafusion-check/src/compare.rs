//! Whether two answers say the same, as far as the query determines them.

use std::cmp::Ordering;

use colonna_schema::Scalar;

use crate::differences::{same_row, same_value};
use crate::question::Order;

/// Rows of an answer.
pub type Rows = Vec<Vec<Scalar>>;

/// Whether two answers agree.
pub fn same_answer(ours: &Rows, theirs: &Rows, order: &Order) -> bool {
    if ours.len() != theirs.len() {
        return false;
    }
    match order {
        Order::Free => same_multiset(ours.iter().collect(), theirs.iter().collect()),
        Order::Whole => ours.iter().zip(theirs).all(|(ours, theirs)| same_row(ours, theirs)),
        Order::By(columns) => same_in_order(ours, theirs, columns),
    }
}

/// The keys must agree row by row. Of the rows, those are left out that lie in a tie with the first
/// or the last one, for a LIMIT may have taken others of the tie.
fn same_in_order(ours: &Rows, theirs: &Rows, columns: &[usize]) -> bool {
    let same_key = |left: &[Scalar], right: &[Scalar]| {
        columns.iter().all(|column| {
            left.get(*column)
                .zip(right.get(*column))
                .is_some_and(|(left, right)| same_value(left, right))
        })
    };
    let keys_agree = ours.iter().zip(theirs).all(|(ours, theirs)| same_key(ours, theirs));
    let (Some(first), Some(last)) = (ours.first(), ours.last()) else { return keys_agree };
    let inside = |rows: &'_ Rows| -> Vec<usize> {
        let is_inside = |row: &[Scalar]| !same_key(row, first) && !same_key(row, last);
        (0..rows.len()).filter(|row| is_inside(&rows[*row])).collect()
    };
    let pick = |rows| inside(rows).into_iter().map(|row: usize| &rows[row]).collect();
    keys_agree && same_multiset(pick(ours), pick(theirs))
}

/// Sorted, equal rows stand beside each other, unless rounding has turned the order of two of them;
/// then each looks for its like among all.
fn same_multiset(mut ours: Vec<&Vec<Scalar>>, mut theirs: Vec<&Vec<Scalar>>) -> bool {
    ours.sort_by(|left, right| row_order(left, right));
    theirs.sort_by(|left, right| row_order(left, right));
    if ours.len() != theirs.len() {
        return false;
    }
    if ours.iter().zip(&theirs).all(|(ours, theirs)| same_row(ours, theirs)) {
        return true;
    }
    ours.iter().all(|row| {
        let found = theirs.iter().position(|candidate| same_row(row, candidate));
        found.map(|position| theirs.remove(position)).is_some()
    })
}

fn row_order(left: &[Scalar], right: &[Scalar]) -> Ordering {
    let orders = left.iter().zip(right).map(|(left, right)| left.total_cmp(right));
    orders.fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[[i64; 2]]) -> Rows {
        values.iter().map(|row| row.map(Scalar::Int64).to_vec()).collect()
    }

    #[test]
    fn a_tie_at_the_end_may_be_cut_anywhere_and_one_inside_may_not() {
        let order = Order::By(vec![0]);
        let ours = rows(&[[1, 1], [2, 5], [2, 6], [3, 1]]);
        assert!(same_answer(&ours, &rows(&[[1, 1], [2, 6], [2, 5], [3, 9]]), &order));
        assert!(!same_answer(&ours, &rows(&[[1, 1], [2, 6], [2, 6], [3, 1]]), &order));
        assert!(!same_answer(&ours, &rows(&[[1, 1], [2, 6], [3, 5], [3, 1]]), &order));
    }

    #[test]
    fn without_an_order_rows_are_counted() {
        let (once, twice) = (rows(&[[1, 1], [2, 2]]), rows(&[[1, 1], [1, 1]]));
        assert!(!same_answer(&once, &twice, &Order::Free));
        assert!(same_answer(&once, &rows(&[[2, 2], [1, 1]]), &Order::Free));
    }
}
