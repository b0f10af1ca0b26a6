//! What was seen of every field: counts, first places, and what its values have in common.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::InferOptions;
use super::number::{Number, is_exact_double, read_number};
use super::text::{Commas, TextValue, read_text};
use crate::decode::json::{Kind, Value, has_lone_surrogate};
use crate::source::Source;
use crate::time::{EpochCandidates, TimeCandidates};

/// What a value is, as far as its type goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Null,
    Boolean,
    Int,
    BigInt,
    Float,
    Wide,
    Text,
    Object,
    EmptyObject,
    Array,
    EmptyArray,
}

impl Class {
    pub(super) const ALL: [Self; 11] = [
        Self::Null,
        Self::Boolean,
        Self::Int,
        Self::BigInt,
        Self::Float,
        Self::Wide,
        Self::Text,
        Self::Object,
        Self::EmptyObject,
        Self::Array,
        Self::EmptyArray,
    ];

    /// The class in words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "integer",
            Self::BigInt => "integer past 64 bits",
            Self::Float => "decimal number",
            Self::Wide => "number past a double",
            Self::Text => "text",
            Self::Object => "object",
            Self::EmptyObject => "empty object",
            Self::Array => "list",
            Self::EmptyArray => "empty list",
        }
    }
}

/// A line of a source. Line 0 is none. Earlier records are less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) source: u32,
    pub(super) line: u64,
}

/// Where the record stands that is looked at, and how many fields there were so far, nested ones
/// included.
#[derive(Clone, Copy, Debug, Default)]
struct Sight {
    seen: Seen,
    field_count: u64,
}

impl Sight {
    /// The place of the next new field.
    fn place(&mut self) -> u64 {
        self.field_count += 1;
        self.field_count
    }
}

/// What changes in evidence that comes to stand behind other evidence.
#[derive(Clone, Copy, Debug)]
struct Shift<'a> {
    /// The new indices of its sources.
    sources: &'a [u32],
    /// How many fields there were before.
    field_count: u64,
}

impl Shift<'_> {
    /// Both are parts of the same evidence.
    const NONE: Self = Self { sources: &[], field_count: 0 };

    fn seen(&self, seen: Seen) -> Seen {
        let source = self.sources.get(seen.source as usize).copied();
        Seen { source: source.unwrap_or(seen.source), ..seen }
    }
}

/// What the values of one field are.
#[derive(Clone, Debug)]
pub(super) struct ValueEvidence {
    counts: [u64; Class::ALL.len()],
    first: [Seen; Class::ALL.len()],
    /// Every integer is a double exactly.
    pub(super) ints_are_doubles: bool,
    pub(super) times: TimeCandidates,
    pub(super) epoch: EpochCandidates,
    /// Strings with half of a surrogate pair.
    pub(super) lone_surrogates: u64,
    /// What only the texts of CSV show.
    pub(super) text: Option<Box<TextEvidence>>,
    pub(super) object: Option<Box<ObjectEvidence>>,
    pub(super) element: Option<Box<ValueEvidence>>,
}

/// What only the texts of CSV show.
#[derive(Clone, Debug, Default)]
pub(super) struct TextEvidence {
    pub(super) spelled_nulls: u64,
    pub(super) first_spelled: Seen,
    pub(super) quoted_empty: u64,
    pub(super) specials: u64,
    pub(super) first_special: Seen,
    pub(super) commas: Commas,
}

impl Default for ValueEvidence {
    fn default() -> Self {
        Self {
            counts: [0; Class::ALL.len()],
            first: [Seen::default(); Class::ALL.len()],
            ints_are_doubles: true,
            times: TimeCandidates::new(),
            epoch: EpochCandidates::new(),
            lone_surrogates: 0,
            text: None,
            object: None,
            element: None,
        }
    }
}

impl ValueEvidence {
    pub(super) fn count(&self, class: Class) -> u64 {
        self.counts.get(class as usize).copied().unwrap_or_default()
    }

    pub(super) fn first(&self, class: Class) -> Seen {
        self.first.get(class as usize).copied().unwrap_or_default()
    }

    /// The values that are no nulls.
    pub(super) fn value_count(&self) -> u64 {
        self.counts.iter().skip(1).sum()
    }

    #[inline]
    fn add(&mut self, class: Class, seen: Seen) {
        if let (Some(count), Some(first)) =
            (self.counts.get_mut(class as usize), self.first.get_mut(class as usize))
        {
            if *count == 0 {
                *first = seen;
            }
            *count += 1;
        }
    }

    fn observe(&mut self, value: &Value<'_>, sight: &mut Sight) {
        let class = match value.kind() {
            Kind::Null => Class::Null,
            Kind::True | Kind::False => Class::Boolean,
            Kind::Integer | Kind::Decimal => self.observe_number(value.inner()),
            Kind::PlainText => {
                if !self.times.is_hopeless() {
                    self.times.observe(value.inner());
                }
                Class::Text
            }
            Kind::EscapedText => {
                if !self.times.is_hopeless() {
                    self.times.observe(&value.as_written());
                }
                self.lone_surrogates += u64::from(has_lone_surrogate(value.inner()));
                Class::Text
            }
            Kind::Array => {
                let mut class = Class::EmptyArray;
                for element in value.elements() {
                    class = Class::Array;
                    self.element.get_or_insert_default().observe(&element, sight);
                }
                class
            }
            Kind::Object => {
                let mut members = value.members().peekable();
                if members.peek().is_some() {
                    self.object.get_or_insert_default().observe(members, sight);
                    Class::Object
                } else {
                    Class::EmptyObject
                }
            }
        };
        self.add(class, sight.seen);
    }

    #[inline]
    fn observe_number(&mut self, text: &str) -> Class {
        if !self.epoch.is_hopeless() {
            self.epoch.observe(text);
        }
        self.class_of(read_number(text))
    }

    #[inline]
    fn class_of(&mut self, number: Option<Number>) -> Class {
        match number {
            Some(Number::Int(value)) => {
                self.ints_are_doubles &= is_exact_double(value);
                Class::Int
            }
            Some(Number::Float(_)) => Class::Float,
            Some(Number::BigInt) => Class::BigInt,
            Some(Number::Wide) | None => Class::Wide,
        }
    }

    fn observe_text(&mut self, text: &str, quoted: bool, is_null: bool, seen: Seen) {
        let texts = self.text.get_or_insert_default();
        let read = if is_null { TextValue::Empty } else { read_text(text) };
        if !matches!(read, TextValue::Empty | TextValue::SpelledNull | TextValue::Special(_)) {
            let number = match read {
                TextValue::Number(number) => Some(number),
                _ => None,
            };
            texts.commas.observe(text, number);
        }
        let class = match read {
            TextValue::Empty if quoted && !is_null && text.is_empty() => {
                texts.quoted_empty += 1;
                return;
            }
            TextValue::Empty if is_null || text.is_empty() => Class::Null,
            TextValue::SpelledNull => {
                if texts.spelled_nulls == 0 {
                    texts.first_spelled = seen;
                }
                texts.spelled_nulls += 1;
                return;
            }
            TextValue::Special(_) => {
                if texts.specials == 0 {
                    texts.first_special = seen;
                }
                texts.specials += 1;
                return;
            }
            TextValue::Boolean(_) => Class::Boolean,
            TextValue::Number(number) => {
                if !self.epoch.is_hopeless() {
                    self.epoch.observe(text);
                }
                self.class_of(Some(number))
            }
            // Nothing but blanks is text, or a null among values that are none.
            TextValue::Empty => {
                texts.quoted_empty += 1;
                return;
            }
            TextValue::Other => {
                if !self.times.is_hopeless() {
                    self.times.observe(text);
                }
                Class::Text
            }
        };
        self.add(class, seen);
    }

    /// Adds what was seen in other values, and in none of these.
    fn merge(&mut self, other: Self, shift: &Shift<'_>) {
        for (index, count) in other.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let firsts = (self.counts.get_mut(index), self.first.get_mut(index));
            if let (Some(own), Some(first)) = firsts {
                let seen = shift.seen(other.first.get(index).copied().unwrap_or_default());
                *first = if *own == 0 { seen } else { seen.min(*first) };
                *own += count;
            }
        }
        self.ints_are_doubles &= other.ints_are_doubles;
        self.times.merge(&other.times);
        self.epoch.merge(&other.epoch);
        self.lone_surrogates += other.lone_surrogates;
        if let Some(other) = other.text {
            let own = self.text.get_or_insert_default();
            if own.spelled_nulls == 0 {
                own.first_spelled = shift.seen(other.first_spelled);
            }
            if own.specials == 0 {
                own.first_special = shift.seen(other.first_special);
            }
            own.spelled_nulls += other.spelled_nulls;
            own.quoted_empty += other.quoted_empty;
            own.specials += other.specials;
            own.commas.merge(&other.commas);
        }
        if let Some(other) = other.object {
            self.object.get_or_insert_default().merge(*other, shift);
        }
        if let Some(other) = other.element {
            self.element.get_or_insert_default().merge(*other, shift);
        }
    }

    /// Takes the keys of each object for data where there are more of them than there may be columns.
    fn bound(&mut self, limit: usize) {
        if let Some(object) = &mut self.object {
            if object.fields.len() > limit {
                object.collapse();
            }
            object.bound_values(limit);
        }
        if let Some(element) = &mut self.element {
            element.bound(limit);
        }
    }

    fn is_bounded(&self, limit: usize) -> bool {
        self.object.as_ref().is_none_or(|object| object.is_bounded(limit))
            && self.element.as_ref().is_none_or(|element| element.is_bounded(limit))
    }
}

/// One key of an object.
#[derive(Clone, Debug)]
pub(super) struct FieldEvidence {
    pub(super) name: Arc<str>,
    pub(super) value: ValueEvidence,
    /// In how many objects it stands.
    pub(super) object_count: u64,
    /// The last object it stood in, counted from 1.
    last_object: u64,
    /// Its place among all fields of the records, in the order in which they were first seen.
    place: u64,
}

/// The keys of the objects of one field, in the order in which they were first seen.
#[derive(Clone, Debug, Default)]
pub(super) struct ObjectEvidence {
    pub(super) fields: Vec<FieldEvidence>,
    by_name: FxHashMap<Arc<str>, usize>,
    /// The objects that have keys.
    pub(super) object_count: u64,
    /// Keys that stood in an object before, with another value.
    pub(super) duplicates: u64,
    /// Keys beyond the limit, of which nothing is known.
    pub(super) is_over_limit: bool,
    /// All values of the keys together, once there were so many keys that they must be data.
    pub(super) collapsed: Option<Box<ValueEvidence>>,
}

impl ObjectEvidence {
    fn observe<'a>(
        &mut self,
        members: impl Iterator<Item = (Value<'a>, Value<'a>)>,
        sight: &mut Sight,
    ) {
        self.object_count += 1;
        // Objects of one kind have their keys in one order: the next key is the next field.
        let mut hint = 0;
        for (key, value) in members {
            let name = key.as_written();
            let index = self.field(&name, hint, || sight.place());
            hint = index + 1;
            if let Some(field) = self.fields.get_mut(index) {
                if field.last_object == self.object_count {
                    self.duplicates += 1;
                } else {
                    field.last_object = self.object_count;
                    field.object_count += 1;
                }
                field.value.observe(&value, sight);
            }
        }
    }

    /// The index of the field of that name, which is made where there is none.
    #[inline]
    fn field(&mut self, name: &str, hint: usize, place: impl FnOnce() -> u64) -> usize {
        if self.fields.get(hint).is_some_and(|field| &*field.name == name) {
            return hint;
        }
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = self.fields.len();
        let name: Arc<str> = Arc::from(name);
        self.by_name.insert(Arc::clone(&name), index);
        let value = ValueEvidence::default();
        let (object_count, last_object) = (0, 0);
        self.fields.push(FieldEvidence { name, value, object_count, last_object, place: place() });
        index
    }

    pub(super) fn find(&self, name: &str) -> Option<&FieldEvidence> {
        self.fields.get(*self.by_name.get(name)?)
    }

    /// Adds what was seen in other objects, and in none of these.
    fn merge(&mut self, mut other: Self, shift: &Shift<'_>) {
        let objects_before = self.object_count;
        self.object_count += other.object_count;
        self.duplicates += other.duplicates;
        self.is_over_limit |= other.is_over_limit;
        if self.collapsed.is_some() || other.collapsed.is_some() {
            self.collapse().merge(std::mem::take(other.collapse()), shift);
            return;
        }
        let mut hint = 0;
        for other in other.fields {
            let index = self.field(&other.name, hint, || other.place + shift.field_count);
            hint = index + 1;
            if let Some(field) = self.fields.get_mut(index) {
                field.place = field.place.min(other.place + shift.field_count);
                field.object_count += other.object_count;
                field.last_object = objects_before + other.last_object;
                field.value.merge(other.value, shift);
            }
        }
    }

    /// Takes all keys for data.
    fn collapse(&mut self) -> &mut ValueEvidence {
        let values = self.collapsed.get_or_insert_default();
        for field in std::mem::take(&mut self.fields) {
            values.merge(field.value, &Shift::NONE);
        }
        self.by_name.clear();
        values
    }

    /// All values of the keys together, under a limit of columns.
    pub(super) fn values(&self, limit: usize) -> ValueEvidence {
        let mut values = std::mem::take(self.clone().collapse());
        values.bound(limit);
        values
    }

    /// Brings the fields into the order in which they were first seen, which those that were put
    /// together from the values of several keys have lost.
    fn bound_values(&mut self, limit: usize) {
        if !self.fields.is_sorted_by_key(|field| field.place) {
            self.fields.sort_by_key(|field| field.place);
            for (index, field) in self.fields.iter().enumerate() {
                self.by_name.insert(Arc::clone(&field.name), index);
            }
        }
        for field in &mut self.fields {
            field.value.bound(limit);
        }
        if let Some(collapsed) = &mut self.collapsed {
            collapsed.bound(limit);
        }
    }

    /// Forgets the keys of records past the limit: they go to the residual column.
    fn bound_root(&mut self, limit: usize) {
        if self.fields.len() > limit {
            self.is_over_limit = true;
            for field in self.fields.drain(limit..) {
                self.by_name.remove(&field.name);
            }
        }
        self.bound_values(limit);
    }

    fn is_bounded(&self, limit: usize) -> bool {
        self.fields.len() <= limit
            && self.fields.iter().all(|field| field.value.is_bounded(limit))
            && self.collapsed.as_ref().is_none_or(|values| values.is_bounded(limit))
    }
}

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
        Self {
            root: ObjectEvidence::default(),
            records: 0,
            sources: Vec::new(),
            has_surplus: false,
            sight: Sight::default(),
            extra_fields: Vec::new(),
            nulls: options.nulls.clone().into(),
            column_limit: options.column_limit,
        }
    }

    /// Nothing seen yet, under the same options.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self {
            root: ObjectEvidence::default(),
            records: 0,
            sources: Vec::new(),
            has_surplus: false,
            sight: Sight::default(),
            extra_fields: Vec::new(),
            nulls: Arc::clone(&self.nulls),
            column_limit: self.column_limit,
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
