//! The keys of the objects of one field, and what was seen of each.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::seen::{Shift, Sight};
use super::value::ValueEvidence;
use crate::decode::json::Value;

/// One key of an object.
#[derive(Clone, Debug)]
pub(crate) struct FieldEvidence {
    pub(crate) name: Arc<str>,
    pub(crate) value: ValueEvidence,
    /// In how many objects it stands.
    pub(crate) object_count: u64,
    /// The last object it stood in, counted from 1.
    pub(super) last_object: u64,
    /// Its place among all fields of the records, in the order in which they were first seen.
    place: u64,
}

/// The keys of the objects of one field, in the order in which they were first seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectEvidence {
    pub(crate) fields: Vec<FieldEvidence>,
    by_name: FxHashMap<Arc<str>, usize>,
    /// The objects that have keys.
    pub(crate) object_count: u64,
    /// Keys that stood in an object before, with another value.
    pub(crate) duplicates: u64,
    /// Keys beyond the limit, of which nothing is known.
    pub(crate) is_over_limit: bool,
    /// All values of the keys together, once there were so many keys that they must be data.
    pub(crate) collapsed: Option<Box<ValueEvidence>>,
}

impl ObjectEvidence {
    pub(super) fn observe<'a>(
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
    pub(super) fn field(&mut self, name: &str, hint: usize, place: impl FnOnce() -> u64) -> usize {
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

    pub(crate) fn find(&self, name: &str) -> Option<&FieldEvidence> {
        self.fields.get(*self.by_name.get(name)?)
    }

    /// Adds what was seen in other objects, and in none of these.
    pub(super) fn merge(&mut self, mut other: Self, shift: &Shift<'_>) {
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
    pub(super) fn collapse(&mut self) -> &mut ValueEvidence {
        let values = self.collapsed.get_or_insert_default();
        for field in std::mem::take(&mut self.fields) {
            values.merge(field.value, &Shift::NONE);
        }
        self.by_name.clear();
        values
    }

    /// All values of the keys together, under a limit of columns.
    pub(crate) fn values(&self, limit: usize) -> ValueEvidence {
        let mut values = std::mem::take(self.clone().collapse());
        values.bound(limit);
        values
    }

    /// Brings the fields into the order in which they were first seen, which those that were put
    /// together from the values of several keys have lost.
    pub(super) fn bound_values(&mut self, limit: usize) {
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
    pub(super) fn bound_root(&mut self, limit: usize) {
        if self.fields.len() > limit {
            self.is_over_limit = true;
            for field in self.fields.drain(limit..) {
                self.by_name.remove(&field.name);
            }
        }
        self.bound_values(limit);
    }

    pub(super) fn is_bounded(&self, limit: usize) -> bool {
        self.fields.len() <= limit
            && self.fields.iter().all(|field| field.value.is_bounded(limit))
            && self.collapsed.as_ref().is_none_or(|values| values.is_bounded(limit))
    }
}
