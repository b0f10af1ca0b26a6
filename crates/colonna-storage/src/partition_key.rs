//! The key of a partition, and the folder that stands for it: one segment for each column, as Hive
//! names them, whatever the values are.

use std::fmt;

use colonna_schema::Scalar;

/// What stands for null in the name of a folder, by Hive's custom.
const NULL_SEGMENT: &str = "__HIVE_DEFAULT_PARTITION__";

/// What the rows of one partition have in common: a value for each partition column.
///
/// Invariant: equal keys name the same folder, and different keys different ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionKey {
    values: Vec<(String, Scalar)>,
}

impl PartitionKey {
    /// The key of these values, one for each partition column in the table's order.
    pub fn new(values: Vec<(String, Scalar)>) -> Self {
        Self { values }
    }

    /// A value for each partition column, in the table's order.
    pub fn values(&self) -> &[(String, Scalar)] {
        &self.values
    }

    /// The folder below the table's, with `/` between segments; empty for a table that is not
    /// partitioned.
    pub fn folder(&self) -> String {
        let segment = |(name, value): &(String, Scalar)| {
            format!("{}={}", escaped(name), value_segment(value))
        };
        self.values.iter().map(segment).collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.values.is_empty() {
            true => formatter.write_str("the whole table"),
            false => formatter.write_str(&self.folder()),
        }
    }
}

fn value_segment(value: &Scalar) -> String {
    match value {
        Scalar::Null => NULL_SEGMENT.to_owned(),
        // A text that looks like null must not be read as null.
        Scalar::Utf8(text) if text == NULL_SEGMENT => text.replacen('_', "%5F", 1),
        // Written as other engines write it in a partition's name.
        Scalar::Timestamp(_) => {
            escaped(value.to_string().replacen('T', " ", 1).trim_end_matches('Z'))
        }
        other => escaped(&other.to_string()),
    }
}

/// The text as one segment of a path: no separator, no `.` or `..`, nothing that a tool that
/// lists files would take for a hidden one.
fn escaped(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for (index, character) in text.char_indices() {
        let is_plain = match character {
            '.' => index != 0,
            '"' | '#' | '%' | '\'' | '*' | '/' | ':' | '=' | '?' | '\\' | '{' | '}' | '[' | ']'
            | '^' | '<' | '>' | '|' => false,
            other => !other.is_control(),
        };
        if is_plain {
            segment.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                segment.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_segment_of_a_path() {
        let check = |value: Scalar, expected: &str| assert_eq!(value_segment(&value), expected);
        check("a/b".into(), "a%2Fb");
        check(".".into(), "%2E");
        check("..".into(), "%2E.");
        check("a.b".into(), "a.b");
        check("100%".into(), "100%25");
        check("a\0b".into(), "a%00b");
        check("Gr\u{f6}\u{df}e".into(), "Gr\u{f6}\u{df}e");
        check(Scalar::Null, "__HIVE_DEFAULT_PARTITION__");
        check("__HIVE_DEFAULT_PARTITION__".into(), "%5F_HIVE_DEFAULT_PARTITION__");
        check(Scalar::Timestamp(0), "1970-01-01 00%3A00%3A00");
        check(Scalar::Int64(6), "6");
        check("06".into(), "06");
    }
}
