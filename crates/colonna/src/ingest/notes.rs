//! What the user of a load should know of names and types.

use std::sync::atomic::{AtomicBool, Ordering};

use colonna_column::Columns;
use colonna_ingest::{FieldReport, Inferred, Prepared, UnseenField};
use colonna_schema::Schema;

use super::target::path_of;

/// Notes on what was seen so far.
///
/// A field whose type is given and that no record has is a column all the same, so that a table has
/// it from its first load on. So a name that was mistyped does not fail, and it is told of; unless
/// the table has the column, for a day without the field is a day like others then.
#[derive(Debug, Default)]
pub(super) struct Notes {
    words: Vec<String>,
    absent: Vec<Absent>,
}

/// A field whose type is given and that nobody has seen yet.
#[derive(Debug)]
struct Absent {
    field: UnseenField,
    is_found: AtomicBool,
}

impl Notes {
    /// On fields whose column has another name, or that have none, or that are nowhere.
    pub(super) fn on(inferred: &Inferred, table: Option<&Schema>) -> Self {
        let words = inferred.fields.iter().filter_map(renamed).collect();
        let is_new =
            |field: &&UnseenField| table.is_none_or(|table| path_of(&field.path, table).is_none());
        let absent = inferred.unseen.iter().filter(is_new).cloned();
        let absent = absent.map(|field| Absent { field, is_found: AtomicBool::new(false) });
        Self { words, absent: absent.collect() }
    }

    /// Adds what was passed over of the sources.
    pub(super) fn with_sources(mut self, sources: &[Prepared]) -> Self {
        for source in sources {
            let name = source.source().name();
            self.words.extend(source.passed_over().iter().map(|what| format!("{name}: {what}")));
        }
        self
    }

    /// The same for rows of which some have been looked at before.
    pub(super) fn following(mut self, before: &Self) -> Self {
        self.absent.retain(|absent| {
            !before.absent.iter().any(|earlier| earlier.field == absent.field && earlier.is_found())
        });
        self
    }

    /// Looks whether these rows have what nobody has seen yet.
    pub(super) fn look_at(&self, rows: &Columns) {
        for absent in self.absent.iter().filter(|absent| !absent.is_found()) {
            let column = absent.field.column.as_ref().and_then(|name| rows.look_at(&[name]));
            if column.is_some_and(|column| column.null_count() < column.len()) {
                absent.is_found.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The notes in words, when all rows have been looked at.
    pub(super) fn words(&self) -> Vec<String> {
        let absent = self.absent.iter().filter(|absent| !absent.is_found());
        let names: Vec<String> = absent.map(|absent| format!("{:?}", absent.field.path)).collect();
        let mut words = self.words.clone();
        if !names.is_empty() {
            let names = names.join(", ");
            words.push(format!("a type is given for {names}, of which no record has a value"));
        }
        words
    }
}

impl Absent {
    fn is_found(&self) -> bool {
        self.is_found.load(Ordering::Relaxed)
    }
}

fn renamed(field: &FieldReport) -> Option<String> {
    let (path, column) = (field.path.join("."), field.column.join("."));
    match (field.path.last(), field.column.last()) {
        (Some(_), None) => {
            Some(format!("field {path:?} has no column: its values are in _residual"))
        }
        (Some(key), Some(name)) if key != name && column != path && !is_part(key) => {
            Some(format!("field {path:?} is column {column:?}: {}", field.decision))
        }
        _ => None,
    }
}

/// The elements of a list and the values of a map have no name of their own.
fn is_part(key: &str) -> bool {
    matches!(key, "[]" | "{}")
}
