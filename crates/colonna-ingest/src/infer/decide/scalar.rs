//! What a field becomes that has neither objects nor lists.

use super::{Decider, Decision, Place, minority};
use crate::infer::evidence::{Class, ValueEvidence};
use crate::shape::{Reading, ValueShape};

impl Decider<'_> {
    pub(super) fn decide_scalar(&self, evidence: &ValueEvidence, place: &Place) -> Decision {
        let has = |class: Class| evidence.count(class) > 0;
        let specials = evidence.text.as_ref().map_or(0, |text| text.specials);
        let numbers = [Class::Int, Class::BigInt, Class::Float, Class::Wide];
        let has_number = numbers.into_iter().any(has);
        if has(Class::Boolean) {
            return if has_number || has(Class::Text) || specials > 0 {
                Decision::text("values of different kinds, as written", minority(evidence))
            } else {
                Decision::new(ValueShape::Boolean, "booleans")
            };
        }
        if has(Class::Text) {
            return self.decide_text(evidence, place, has_number, specials > 0);
        }
        let times = evidence.epoch.decide().filter(|_| specials == 0);
        if let Some(times) = &times
            && self.is_time_column(place)
        {
            let value = ValueShape::Timestamp { format: times.format.clone(), may_cut: true };
            return Decision::new(value, "numbers in a column of times");
        }
        let reading = Reading { times: times.map(|times| times.format), ..Reading::default() };
        if let Some(class) = [Class::BigInt, Class::Wide].into_iter().find(|class| has(*class)) {
            let words = "numbers that no number type holds exactly, as written";
            return Decision { value: ValueShape::Text(reading), words, conflict: Some(class) };
        }
        let is_double = has(Class::Float) || specials > 0;
        match (has(Class::Int), is_double) {
            (true, true) if !evidence.ints_are_doubles => {
                let words = "integers that a double would change, beside others, as written";
                Decision { value: ValueShape::Text(reading), words, conflict: minority(evidence) }
            }
            (true, false) => Decision::new(ValueShape::Int64(reading), "integers"),
            (false, true) if !has_number => Decision::open("no number but NaN and infinities"),
            _ => Decision::new(ValueShape::Float64(reading), "numbers"),
        }
    }

    /// For a field that has texts, and perhaps numbers, but no booleans.
    fn decide_text(
        &self,
        evidence: &ValueEvidence,
        place: &Place,
        has_number: bool,
        has_special: bool,
    ) -> Decision {
        let commas = evidence.text.as_ref().map(|text| text.commas);
        if let Some(commas) = commas.filter(|commas| commas.count == evidence.count(Class::Text))
            && let Some((style, is_integer)) = commas.decide()
        {
            let reading = Reading { style, ..Reading::default() };
            return if is_integer && !has_special {
                Decision::new(ValueShape::Int64(reading), "integers with commas between thousands")
            } else {
                Decision::new(ValueShape::Float64(reading), "numbers with commas")
            };
        }
        let may_be_numbers = commas.is_some_and(|commas| {
            commas.may_decide() && commas.count == evidence.count(Class::Text)
        });
        if has_number || has_special {
            let words = "values of different kinds, as written";
            let value = if may_be_numbers { ValueShape::OPEN } else { ValueShape::TEXT };
            return Decision { value, words, conflict: minority(evidence) };
        }
        let Some(times) = evidence.times.decide() else {
            return if may_be_numbers {
                Decision::open("texts")
            } else {
                Decision::text("texts", None)
            };
        };
        let reading =
            Reading { times: Some(times.format.clone()), is_open: true, ..Reading::default() };
        let is_named = self.is_time_column(place);
        match times.ambiguous {
            Some(crate::time::Ambiguity::OrdinalOrIdentifier) if is_named => {}
            Some(crate::time::Ambiguity::OrdinalOrIdentifier) => {
                let words = "ordinal dates or identifiers: give a format to read dates";
                return Decision::new(ValueShape::Text(reading), words);
            }
            Some(_) => {
                let words = "dates with the day or the month first: give a format to read dates";
                return Decision::open(words);
            }
            None => {}
        }
        if !times.is_exact && !is_named {
            let words = "times finer than a microsecond: give the type to cut them";
            return Decision::new(ValueShape::Text(reading), words);
        }
        if times.is_date {
            return Decision::new(ValueShape::Date(times.format), "days");
        }
        let value = ValueShape::Timestamp { format: times.format, may_cut: is_named };
        Decision::new(value, "moments")
    }

    fn is_time_column(&self, place: &Place) -> bool {
        !self.options.time_columns.is_empty() && {
            let path = place.dotted();
            self.options.time_columns.contains(&path)
        }
    }
}
