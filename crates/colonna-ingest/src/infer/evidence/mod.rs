//! What was seen of every field: counts, first places, and what its values have in common.

mod object;
mod seen;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

pub(super) use self::object::{FieldEvidence, ObjectEvidence};
pub(super) use self::seen::Seen;
use self::seen::{Shift, Sight};
pub(super) use self::value::{Class, ValueEvidence};
use super::InferOptions;
use crate::decode::json::Value;
use crate::source::Source;

/// What was seen of every field of every record.
///
/// Evidence of later records is merged into that of earlier ones in the order of the records: so
/// fields keep the order in which they were first seen, and the result is that of one long look,
/// wherever the records were cut. The limit of columns falls where it falls for all of them
/// together: what has been merged into knows which keys of records it keeps, and forgets the others;
/// what is merged has forgotten none, for they may be known.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub(super) root: ObjectEvidence,
    pub(super) records: u64,
    pub(super) sources: Vec<Arc<str>>,
    /// A record had a value that no column takes.
    pub(super) has_surplus: bool,
    sight: Sight,
    extra_fields: Vec<(usize, String)>,
    nulls: Arc<[String]>,
    column_limit: usize,
}

impl Evidence {
    /// Nothing seen yet.
    pub fn new(options: &InferOptions) -> Self {
        Self::under(options.nulls.clone().into(), options.column_limit)
    }

    /// Nothing seen yet, under the same options.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self::under(Arc::clone(&self.nulls), self.column_limit)
    }

    fn under(nulls: Arc<[String]>, column_limit: usize) -> Self {
        Self {
            root: ObjectEvidence::default(),
            records: 0,
            sources: Vec::new(),
            has_surplus: false,
            sight: Sight::default(),
            extra_fields: Vec::new(),
            nulls,
            column_limit,
        }
    }

    /// Whether no field and no record was seen.
    pub fn is_empty(&self) -> bool {
        self.records == 0 && self.root.fields.is_empty()
    }

    /// How many records were seen.
    pub fn record_count(&self) -> u64 {
        self.records
    }

    /// Adds what was seen in records that stand later, in one chunk of them.
    pub fn merge(&mut self, later: Self) {
        let sources: Vec<u32> = later.sources.iter().map(|name| self.source_index(name)).collect();
        let shift = Shift { sources: &sources, field_count: self.sight.field_count };
        self.sight.field_count += later.sight.field_count;
        self.records += later.records;
        self.has_surplus |= later.has_surplus;
        self.root.merge(later.root, &shift);
        self.root.bound_root(self.column_limit);
    }

    /// The same within the limit of columns: what is decided by.
    pub(super) fn bounded(&self) -> Cow<'_, Self> {
        if self.root.is_bounded(self.column_limit) {
            return Cow::Borrowed(self);
        }
        let mut bounded = self.clone();
        bounded.root.bound_root(self.column_limit);
        Cow::Owned(bounded)
    }

    fn source_index(&mut self, name: &Arc<str>) -> u32 {
        let known = self.sources.iter().rposition(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.sources.push(Arc::clone(name));
            self.sources.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Says which source the next records come from. Its extra fields are seen with every record.
    pub fn begin_source(&mut self, source: &Source) {
        self.sight.seen.source = self.source_index(source.name());
        let fields = source.extra_fields().iter();
        self.extra_fields =
            fields.map(|(name, text)| (self.text_field(name), text.clone())).collect();
    }

    /// Sees a record that is a JSON object.
    pub fn observe_record(&mut self, record: &Value<'_>, line: u64) {
        self.sight.seen.line = line;
        self.root.observe(record.members(), &mut self.sight);
        self.finish(line);
    }

    /// The index of the field of that name, for records of texts seen by this evidence.
    pub fn text_field(&mut self, name: &str) -> usize {
        self.root.field(name, 0, || self.sight.place())
    }

    /// Sees the text of a field in the current record of texts. An empty text and `\N` are nulls where
    /// they are not quoted.
    pub fn observe_text(&mut self, index: usize, text: &str, quoted: bool, line: u64) {
        let seen = Seen { line, ..self.sight.seen };
        let is_null = (text == "\\N" && !quoted) || self.nulls.iter().any(|null| null == text);
        let object = self.root.object_count + 1;
        if let Some(field) = self.root.fields.get_mut(index) {
            if field.last_object == object {
                self.root.duplicates += 1;
            } else {
                field.last_object = object;
                field.object_count += 1;
            }
            field.value.observe_text(text, quoted, is_null, seen);
        }
    }

    /// Ends a record of texts.
    pub fn finish_text_record(&mut self, line: u64) {
        self.root.object_count += 1;
        self.finish(line);
    }

    /// A record has a value that no column takes: there will be a residual column.
    pub fn observe_surplus(&mut self) {
        self.has_surplus = true;
    }

    /// The fields that the source adds count as part of the record, which is counted already.
    fn finish(&mut self, line: u64) {
        self.records += 1;
        if self.extra_fields.is_empty() {
            return;
        }
        self.root.object_count -= 1;
        for (index, text) in std::mem::take(&mut self.extra_fields) {
            self.observe_text(index, &text, true, line);
            self.extra_fields.push((index, text));
        }
        self.root.object_count += 1;
    }
}
