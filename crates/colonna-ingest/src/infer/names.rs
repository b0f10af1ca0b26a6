//! Names that every reader of a table can tell apart.

use rustc_hash::FxHashSet;

/// Where the values go that no column takes.
pub const RESIDUAL: &str = "_residual";

/// Gives each name its column.
///
/// Readers of Parquet and Delta do not tell upper from lower case. So of names that differ in case
/// only, the first one seen keeps its own, and a later one gets `_2`, `_3`, .. behind it: the first
/// that no name of the input has either. An empty name becomes `_empty`. A blank, a control character
/// and each of `,;{}()=` in a name becomes `_`, because a Delta table without column mapping cannot
/// hold them. `_residual` belongs to the residual column.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: FxHashSet<String>,
    of_input: FxHashSet<String>,
}

impl Names {
    /// For columns that come from fields of these names, besides a residual column where there may
    /// be one.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>, has_residual: bool) -> Self {
        let taken = has_residual.then(|| RESIDUAL.to_owned()).into_iter().collect();
        Self { taken, of_input: names.map(str::to_lowercase).collect() }
    }

    /// The name of the column for the field of that name.
    pub(crate) fn claim(&mut self, name: &str) -> String {
        let clean = if name.is_empty() {
            "_empty".to_owned()
        } else {
            name.chars()
                .map(|character| if is_refused(character) { '_' } else { character })
                .collect()
        };
        // A name that had to be changed must not take that of a field which has it by itself.
        let is_own = clean == name;
        if (is_own || !self.of_input.contains(&clean.to_lowercase()))
            && self.taken.insert(clean.to_lowercase())
        {
            return clean;
        }
        let mut number = 2_u64;
        loop {
            let candidate = format!("{clean}_{number}");
            let lower = candidate.to_lowercase();
            if !self.of_input.contains(&lower) && self.taken.insert(lower) {
                return candidate;
            }
            number += 1;
        }
    }
}

/// What Delta refuses in the name of a column.
fn is_refused(character: char) -> bool {
    character.is_control() || matches!(character, ' ' | ',' | ';' | '{' | '}' | '(' | ')' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: &[&str]) {
        let mut given = Names::new(names.iter().copied(), true);
        let claimed: Vec<String> = names.iter().map(|name| given.claim(name)).collect();
        assert_eq!(claimed, expected);
    }

    #[test]
    fn names_that_differ_in_case_only_are_told_apart() {
        check(&["Name", "name", "NAME"], &["Name", "name_2", "NAME_3"]);
        check(&["Name", "name", "name_2"], &["Name", "name_3", "name_2"]);
    }

    #[test]
    fn names_that_cannot_be_columns_are_changed() {
        check(&["", "a\nb", "_residual"], &["_empty", "a_b", "_residual_2"]);
        check(&["a\nb", "a_b"], &["a_b_2", "a_b"]);
        check(&["Customer ID", "f(x)=1"], &["Customer_ID", "f_x__1"]);
    }
}
