//! What the values of one field have in common.

use super::object::ObjectEvidence;
use super::seen::{Seen, Shift, Sight};
use crate::decode::json::{Kind, Value, has_lone_surrogate};
use crate::infer::number::{Number, is_exact_double, read_number};
use crate::infer::text::{Commas, TextValue, read_text};
use crate::time::{EpochCandidates, TimeCandidates};

/// What a value is, as far as its type goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
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
    pub(crate) const ALL: [Self; 11] = [
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
    pub(crate) fn name(self) -> &'static str {
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

/// What the values of one field are.
#[derive(Clone, Debug)]
pub(crate) struct ValueEvidence {
    counts: [u64; Class::ALL.len()],
    first: [Seen; Class::ALL.len()],
    /// Every integer is a double exactly.
    pub(crate) ints_are_doubles: bool,
    pub(crate) times: TimeCandidates,
    pub(crate) epoch: EpochCandidates,
    /// Strings with half of a surrogate pair.
    pub(crate) lone_surrogates: u64,
    /// What only the texts of CSV show.
    pub(crate) text: Option<Box<TextEvidence>>,
    pub(crate) object: Option<Box<ObjectEvidence>>,
    pub(crate) element: Option<Box<ValueEvidence>>,
}

/// What only the texts of CSV show.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextEvidence {
    pub(crate) spelled_nulls: u64,
    pub(crate) first_spelled: Seen,
    pub(crate) quoted_empty: u64,
    pub(crate) specials: u64,
    pub(crate) first_special: Seen,
    pub(crate) commas: Commas,
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
    pub(crate) fn count(&self, class: Class) -> u64 {
        self.counts.get(class as usize).copied().unwrap_or_default()
    }

    pub(crate) fn first(&self, class: Class) -> Seen {
        self.first.get(class as usize).copied().unwrap_or_default()
    }

    /// The values that are no nulls.
    pub(crate) fn value_count(&self) -> u64 {
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

    pub(super) fn observe(&mut self, value: &Value<'_>, sight: &mut Sight) {
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

    #[inline]
    pub(super) fn observe_text(&mut self, text: &str, quoted: bool, is_null: bool, seen: Seen) {
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
    pub(super) fn merge(&mut self, other: Self, shift: &Shift<'_>) {
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
    pub(super) fn bound(&mut self, limit: usize) {
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

    pub(super) fn is_bounded(&self, limit: usize) -> bool {
        self.object.as_ref().is_none_or(|object| object.is_bounded(limit))
            && self.element.as_ref().is_none_or(|element| element.is_bounded(limit))
    }
}
