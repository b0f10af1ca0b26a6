//! What was found out about each field, in words.

use std::fmt;
use std::sync::Arc;

use colonna_schema::DataType;

/// What was seen of a field, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldReport {
    /// The names that lead to it in the input. The elements of a list are `[]`, the values of a map
    /// `{}`.
    pub path: Vec<String>,
    /// The names that lead to it in the table; empty where it has no column and goes to the residual
    /// column.
    pub column: Vec<String>,
    /// What it becomes.
    pub data_type: DataType,
    /// How its times are written.
    pub format: Option<String>,
    /// How many values there are of each kind, and how many are null or missing.
    pub counts: Vec<(&'static str, u64)>,
    /// The first value that kept the others from a narrower type.
    pub conflict: Option<Conflict>,
    /// Why it becomes that.
    pub decision: String,
}

/// Where a value of another kind was first seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The source.
    pub source: Arc<str>,
    /// The line its record starts on.
    pub line: u64,
    /// What kind of value it is.
    pub kind: &'static str,
}

/// One line: the path, the type, the counts, the decision.
impl fmt::Display for FieldReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path.join("."), self.data_type)?;
        if let Some(format) = &self.format {
            write!(formatter, " ({format})")?;
        }
        if let Some(name) = self.column.last()
            && self.path.last() != Some(name)
            && self.path.join(".") != *name
        {
            write!(formatter, " in column {name}")?;
        }
        for (index, (kind, count)) in self.counts.iter().enumerate() {
            let separator = if index == 0 { "; " } else { ", " };
            write!(formatter, "{separator}{count} {kind}")?;
        }
        write!(formatter, "; {}", self.decision)?;
        if let Some(conflict) = &self.conflict {
            let Conflict { source, line, kind } = conflict;
            write!(formatter, "; first {kind} at {source}:{line}")?;
        }
        Ok(())
    }
}
