//! Whether two answers say the same.

use colonna_schema::Scalar;

/// How far two doubles may lie apart, as a part of the larger: sums are rounded in some order.
const TOLERANCE: f64 = 1e-9;

/// Whether two values are of one type and equal, doubles up to rounding.
pub fn same_value(expected: &Scalar, found: &Scalar) -> bool {
    match (expected, found) {
        (Scalar::Float64(expected), Scalar::Float64(found)) => same_double(*expected, *found),
        (Scalar::List(expected), Scalar::List(found)) => same_row(expected, found),
        (Scalar::Struct(expected), Scalar::Struct(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|((left_name, left), (right_name, right))| {
                    left_name == right_name && same_value(left, right)
                })
        }
        (Scalar::Map(expected), Scalar::Map(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|((left_key, left), (right_key, right))| {
                    same_value(left_key, right_key) && same_value(left, right)
                })
        }
        _ => std::mem::discriminant(expected) == std::mem::discriminant(found) && expected == found,
    }
}

fn same_double(expected: f64, found: f64) -> bool {
    // Covers infinities and zeros; the rest is a matter of distance.
    if expected == found || (expected.is_nan() && found.is_nan()) {
        return true;
    }
    (expected - found).abs() <= TOLERANCE * expected.abs().max(found.abs())
        && expected.is_finite()
        && found.is_finite()
}

fn same_row(expected: &[Scalar], found: &[Scalar]) -> bool {
    expected.len() == found.len()
        && expected.iter().zip(found).all(|(expected, found)| same_value(expected, found))
}

/// Asserts that two answers have the same rows, in the same order or in any.
///
/// # Panics
///
/// Where a row is missing, or one is too many.
#[track_caller]
pub fn assert_same_rows(expected: &[Vec<Scalar>], found: &[Vec<Scalar>], ordered: bool) {
    let same = if ordered {
        expected.len() == found.len()
            && expected.iter().zip(found).all(|(expected, found)| same_row(expected, found))
    } else {
        same_multiset(expected, found)
    };
    let order = if ordered { "in order" } else { "in any order" };
    assert!(
        same,
        "the rows differ ({order})\nexpected {} rows:\n{}\nfound {} rows:\n{}",
        expected.len(),
        written(expected),
        found.len(),
        written(found)
    );
}

fn same_multiset(expected: &[Vec<Scalar>], found: &[Vec<Scalar>]) -> bool {
    let mut left: Vec<&Vec<Scalar>> = found.iter().collect();
    let all_there = expected.iter().all(|row| {
        let position = left.iter().position(|candidate| same_row(row, candidate));
        position.map(|position| left.swap_remove(position)).is_some()
    });
    all_there && left.is_empty()
}

fn written(rows: &[Vec<Scalar>]) -> String {
    let line = |row: &Vec<Scalar>| {
        let values: Vec<String> = row.iter().map(|value| format!("{value:?}")).collect();
        format!("  [{}]", values.join(", "))
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_rows_counts_only_where_it_is_asked_for() {
        let rows = [vec![Scalar::Int64(1)], vec![Scalar::Float64(0.3)]];
        let turned = [vec![Scalar::Float64(0.1 + 0.2)], vec![Scalar::Int64(1)]];
        assert_same_rows(&rows, &turned, false);
        assert!(std::panic::catch_unwind(|| assert_same_rows(&rows, &turned, true)).is_err());
    }

    #[test]
    fn a_value_of_another_type_is_another_value() {
        assert!(!same_value(&Scalar::Int64(1), &Scalar::Float64(1.0)));
        assert!(!same_value(&Scalar::Float64(f64::INFINITY), &Scalar::Float64(1e308)));
        assert!(same_value(&Scalar::Float64(f64::NAN), &Scalar::Float64(f64::NAN)));
    }

    #[test]
    fn a_row_that_comes_twice_is_not_the_same_as_once() {
        let once = [vec![Scalar::Int64(1)], vec![Scalar::Int64(2)]];
        let twice = [vec![Scalar::Int64(1)], vec![Scalar::Int64(1)]];
        assert!(!same_multiset(&once, &twice));
    }
}
