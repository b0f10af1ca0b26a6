//! What has to be known of one source to read it: its dialect, its names, where its records start.

use std::collections::HashSet;

use super::dialect::{Comment, Dialect, Extent, Field};

/// The layout of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) dialect: Dialect,
    /// The names of the fields, all different.
    pub(crate) names: Vec<String>,
    /// Where the first record behind the header starts.
    pub(crate) start_byte: usize,
    /// The lines before it.
    pub(crate) start_line: u64,
    /// The lines before the header or, without one, before the first record.
    pub(crate) skipped_lines: u64,
    pub(crate) has_header: bool,
}

/// More fields are not one record of a table, but a wrong delimiter.
pub(super) const MOST_NAMES: usize = 100_000;

impl Layout {
    /// Whether what stands there counts as a record: a broken line does, an empty line and a comment
    /// do not.
    pub(crate) fn is_record(&self, bytes: &[u8], at: usize, extent: Extent) -> bool {
        let end = match extent {
            Extent::Record { end, .. } | Extent::Broken { end, .. } => end,
            Extent::Incomplete => return false,
        };
        if end <= at {
            return false;
        }
        match self.dialect.comment {
            Some(Comment { mark, is_guess }) if bytes.get(at) == Some(&mark) => {
                is_guess && self.fields_of_line(bytes, at, end) == self.names.len()
            }
            _ => true,
        }
    }

    /// How many lines stand before the records, in words; none where there are none.
    pub(super) fn lines_before(&self) -> Option<String> {
        match self.skipped_lines {
            0 => None,
            1 => Some("1 line before".to_owned()),
            lines => Some(format!("{lines} lines before")),
        }
    }

    fn fields_of_line(&self, bytes: &[u8], at: usize, end: usize) -> usize {
        let mut fields: Vec<Field> = Vec::new();
        self.dialect.split(bytes.get(..end).unwrap_or_default(), at, true, &mut fields);
        fields.len()
    }
}

/// Names for fields, all different: without blanks around them; an empty one by its place, as in
/// `column_3`; one that was there before by its number, as in `name_2`.
pub(super) fn distinct_names(raw: impl Iterator<Item = String>) -> Vec<String> {
    let trimmed: Vec<String> = raw.map(|name| name.trim().to_owned()).collect();
    let mut taken: HashSet<String> = trimmed.iter().cloned().collect();
    let mut given = HashSet::new();
    let mut names = Vec::with_capacity(trimmed.len());
    for (index, name) in trimmed.into_iter().enumerate() {
        let place = numbered_name(index);
        let name = match name.is_empty() {
            false if given.insert(name.clone()) => name,
            is_empty => {
                let stem = if is_empty { "column".to_owned() } else { name };
                let first = if is_empty { index + 1 } else { 2 };
                let free = (first..).map(|number| format!("{stem}_{number}"));
                let mut free = free.filter(|name| !taken.contains(name));
                free.next().unwrap_or(place)
            }
        };
        given.insert(name.clone());
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// The name of a field that has none.
pub(super) fn numbered_name(index: usize) -> String {
    format!("column_{}", index + 1)
}

/// How many lines end in these bytes.
pub(super) fn count_lines(dialect: &Dialect, bytes: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', bytes).count();
    if !dialect.ends_at_cr {
        return crate::chunk::count(feeds);
    }
    let returns =
        memchr::memchr_iter(b'\r', bytes).filter(|at| bytes.get(at + 1) != Some(&b'\n')).count();
    crate::chunk::count(feeds + returns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: &[&str]) {
        assert_eq!(distinct_names(names.iter().map(|name| (*name).to_owned())), expected);
    }

    #[test]
    fn names_are_different_and_none_is_empty() {
        check(&["a", " b ", "a", ""], &["a", "b", "a_2", "column_4"]);
        check(&["a", "a", "a_2", "a"], &["a", "a_3", "a_2", "a_4"]);
        check(&["", "column_1", "column_2"], &["column_3", "column_1", "column_2"]);
    }
}
