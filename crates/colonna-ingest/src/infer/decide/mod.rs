//! The table of types, applied.

mod scalar;

use std::sync::Arc;

use colonna_schema::{DataType, Field, Schema};

use super::evidence::{Class, Evidence, FieldEvidence, ObjectEvidence, Seen, ValueEvidence};
use super::given::{field_shape, given_shape, is_format_open, seen_shape};
use super::maps::{keys_are_data, may_turn};
use super::report::{Conflict, FieldReport};
use super::{GivenType, InferOptions, Names, RESIDUAL};
use crate::shape::{
    FieldShape, ObjectShape, Policy, Reading, RecordShape, UNQUOTED_NULL, ValueShape,
};

/// A shape, and why it is so.
#[derive(Clone, Debug)]
pub struct Inferred {
    /// The shape that every value seen fits.
    pub shape: RecordShape,
    /// What was seen of every field, in the order of the columns, nested ones behind their parents.
    pub fields: Vec<FieldReport>,
    /// The fields whose types are given and that no record has.
    pub unseen: Vec<UnseenField>,
}

/// A field whose type is given and that no record has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenField {
    /// Its path, as it was given.
    pub path: String,
    /// Its column; none where it would be a field of a struct, which is not made up.
    pub column: Option<String>,
}

/// Decides the shape that holds everything that was seen.
pub fn infer(evidence: &Evidence, options: &InferOptions) -> Inferred {
    let evidence = &*evidence.bounded();
    let mut decider = Decider {
        evidence,
        options,
        columns: Vec::new(),
        names: Names::new(
            flat_names(&evidence.root, options.flatten).iter().map(String::as_str),
            true,
        ),
        leaves_left: options.column_limit,
        needs_residual: evidence.has_surplus || evidence.root.is_over_limit,
        is_settled: !evidence.root.is_over_limit,
        reports: Vec::new(),
        unseen: Vec::new(),
    };
    let root = decider.root();
    let mut columns = decider.columns;
    let residual = decider.needs_residual.then(|| {
        columns.push(Field::new(RESIDUAL, DataType::Utf8));
        columns.len() - 1
    });
    let mut nulls = options.nulls.clone();
    if !options.all_text {
        nulls.push(UNQUOTED_NULL.to_owned());
    }
    let schema = Arc::new(Schema::new(columns));
    let shape = RecordShape {
        is_settled: decider.is_settled,
        ..RecordShape::new(schema, root, residual, nulls.into())
    };
    Inferred { shape, fields: decider.reports, unseen: decider.unseen }
}

/// All names that columns of the record may ask for.
fn flat_names(object: &ObjectEvidence, flatten: bool) -> Vec<String> {
    let mut names = Vec::new();
    for field in &object.fields {
        names.push(field.name.to_string());
        if flatten && let Some(nested) = &field.value.object {
            let nested = flat_names(nested, true);
            names.extend(nested.iter().map(|name| format!("{}.{name}", field.name)));
        }
    }
    names
}

struct Decider<'a> {
    evidence: &'a Evidence,
    options: &'a InferOptions,
    /// The columns of the record.
    columns: Vec<Field>,
    /// The names of the columns of the record.
    names: Names,
    leaves_left: usize,
    needs_residual: bool,
    /// No field that has values is open.
    is_settled: bool,
    reports: Vec<FieldReport>,
    unseen: Vec<UnseenField>,
}

/// Where a field stands.
#[derive(Clone, Debug)]
struct Place {
    path: Vec<String>,
    column: Vec<String>,
    /// How many objects could have had it.
    object_count: u64,
    depth: usize,
    /// Its fields may become columns of the record.
    may_flatten: bool,
}

impl Place {
    fn dotted(&self) -> String {
        self.path.join(".")
    }

    fn child(&self, name: &str, column: &str, object_count: u64) -> Self {
        let mut child = self.clone();
        child.path.push(name.to_owned());
        child.column.push(column.to_owned());
        child.object_count = object_count;
        child.depth += 1;
        child.may_flatten = false;
        child
    }
}

/// What a field becomes, and why.
struct Decision {
    value: ValueShape,
    words: &'static str,
    conflict: Option<Class>,
}

impl Decision {
    fn new(value: ValueShape, words: &'static str) -> Self {
        Self { value, words, conflict: None }
    }

    fn text(words: &'static str, conflict: Option<Class>) -> Self {
        Self { value: ValueShape::TEXT, words, conflict }
    }

    /// Text for now: the next value could make something else of it.
    fn open(words: &'static str) -> Self {
        Self { value: ValueShape::OPEN, words, conflict: None }
    }
}

impl Decider<'_> {
    fn root(&mut self) -> ObjectShape {
        let evidence = self.evidence;
        let place = Place {
            path: Vec::new(),
            column: Vec::new(),
            object_count: evidence.records,
            depth: 0,
            may_flatten: self.options.flatten,
        };
        let mut fields = self.flat_object(&evidence.root, &place).fields;
        self.add_unseen(&mut fields);
        ObjectShape::new(fields)
    }

    /// Adds the columns whose types are given and that no record has, so that a table has them from
    /// its first load on. A field of a struct is not made up.
    fn add_unseen(&mut self, fields: &mut Vec<FieldShape>) {
        for given in &self.options.types {
            let is_seen = fields.iter().any(|field| *field.key == *given.path)
                || self.reports.iter().any(|report| report.path.join(".") == given.path);
            if is_seen {
                continue;
            }
            let path = given.path.clone();
            if path.contains('.') || self.leaves_left == 0 {
                self.unseen.push(UnseenField { path, column: None });
                continue;
            }
            self.is_settled &= !is_format_open(&given.data_type, given.format.as_ref());
            let value = given_shape(&given.data_type, given.format.as_ref(), Policy::Reject);
            let name = self.names.claim(&given.path);
            let slot = self.columns.len();
            self.columns.push(Field::new(&name, value.data_type()));
            self.unseen.push(UnseenField { path, column: Some(name.clone()) });
            fields.push(field_shape(&given.path, name, slot, value, Policy::Reject));
        }
    }

    /// The fields of an object that become columns of the record.
    fn flat_object(&mut self, object: &ObjectEvidence, place: &Place) -> ObjectShape {
        self.needs_residual |= object.duplicates > 0;
        let mut fields = Vec::with_capacity(object.fields.len());
        for field in &object.fields {
            let dotted = field_path(place, &field.name);
            if self.leaves_left == 0 {
                self.report_dropped(field, place);
                continue;
            }
            let nested = field.value.object.as_deref();
            let mut child = place.child(&field.name, "", place_objects(place, object));
            child.may_flatten = place.may_flatten;
            if place.may_flatten
                && self.is_plain_struct(&field.value, &child)
                && let Some(nested) = nested
            {
                let may_turn = self.may_turn(nested, &child);
                let nested = self.flat_object(nested, &child).with_may_turn(may_turn);
                let value = ValueShape::Flat(nested);
                fields.push(field_shape(&field.name, String::new(), 0, value, Policy::Keep));
                continue;
            }
            let name = self.names.claim(&dotted);
            child.column = vec![name.clone()];
            let (value, policy) = self.value(&field.value, &child);
            let slot = self.columns.len();
            self.columns.push(Field::new(&name, value.data_type()));
            fields.push(field_shape(&field.name, name, slot, value, policy));
        }
        ObjectShape::new(fields)
    }

    /// Whether a field holds nothing but objects that are to become structs.
    fn is_plain_struct(&self, evidence: &ValueEvidence, place: &Place) -> bool {
        let objects = evidence.count(Class::Object) + evidence.count(Class::EmptyObject);
        !self.options.all_text
            && self.given(place).is_none()
            && objects == evidence.value_count()
            && evidence.text.is_none()
            && evidence.object.as_ref().is_some_and(|object| !self.is_map(object, place))
    }

    /// The fields of an object that become those of a struct.
    fn object(&mut self, object: &ObjectEvidence, place: &Place) -> ObjectShape {
        self.needs_residual |= object.duplicates > 0;
        let mut names = Names::new(object.fields.iter().map(|field| &*field.name), false);
        let mut fields = Vec::with_capacity(object.fields.len());
        for field in &object.fields {
            if self.leaves_left == 0 {
                self.report_dropped(field, place);
                continue;
            }
            let name = names.claim(&field.name);
            let child = place.child(&field.name, &name, object.object_count);
            let (value, policy) = self.value(&field.value, &child);
            fields.push(field_shape(&field.name, name, fields.len(), value, policy));
        }
        ObjectShape::new(fields)
    }

    /// What a field becomes, with its report.
    fn value(&mut self, evidence: &ValueEvidence, place: &Place) -> (ValueShape, Policy) {
        let at = self.reports.len();
        let given = self.given(place).cloned();
        let (decision, policy) = match given {
            Some(given) => {
                self.is_settled &= !is_format_open(&given.data_type, given.format.as_ref());
                let value = seen_shape(
                    &given.data_type,
                    given.format.as_ref(),
                    Some(evidence),
                    Policy::Reject,
                );
                (Decision::new(value, "its type is given"), Policy::Reject)
            }
            None => (self.decide(evidence, place), Policy::Keep),
        };
        if let ValueShape::Text(Reading { is_open: true, .. }) = decision.value {
            let specials = evidence.text.as_ref().map_or(0, |text| text.specials);
            self.is_settled &= evidence.value_count() + specials == 0;
        }
        if let ValueShape::Date(_) | ValueShape::Timestamp { .. } = decision.value {
            self.is_settled &= policy == Policy::Reject || !evidence.times.may_become_ambiguous();
        }
        if !decision.value.data_type().is_nested() {
            self.leaves_left = self.leaves_left.saturating_sub(1);
        }
        let report = self.report(evidence, place, &decision);
        self.reports.insert(at, report);
        (decision.value, policy)
    }

    fn given(&self, place: &Place) -> Option<&GivenType> {
        if self.options.types.is_empty() {
            return None;
        }
        let path = place.dotted();
        self.options.types.iter().rfind(|given| given.path == path)
    }

    fn is_map(&self, object: &ObjectEvidence, place: &Place) -> bool {
        let path = place.dotted();
        if self.options.maps.contains(&path) || object.collapsed.is_some() {
            return true;
        }
        self.options.find_maps && !self.options.structs.contains(&path) && keys_are_data(object)
    }

    /// Whether records that surprise nobody could make a struct of a map, or a map of a struct. The
    /// shape is not settled then.
    fn may_turn(&mut self, object: &ObjectEvidence, place: &Place) -> bool {
        let (path, options) = (place.dotted(), self.options);
        let is_said = options.maps.contains(&path) || options.structs.contains(&path);
        let may_turn = options.find_maps && !is_said && may_turn(object);
        self.is_settled &= !may_turn;
        may_turn
    }

    fn decide(&mut self, evidence: &ValueEvidence, place: &Place) -> Decision {
        if self.options.all_text {
            return Decision::text("every value is kept as text", None);
        }
        let sum =
            |classes: &[Class]| classes.iter().map(|class| evidence.count(*class)).sum::<u64>();
        let objects = sum(&[Class::Object, Class::EmptyObject]);
        let lists = sum(&[Class::Array, Class::EmptyArray]);
        let scalars = evidence.value_count() - objects - lists
            + evidence.text.as_ref().map_or(0, |text| text.specials);
        match (objects > 0, lists > 0, scalars > 0) {
            (false, false, false) => Decision::open("no value but null"),
            (false, false, true) => self.decide_scalar(evidence, place),
            (true, false, false) => self.decide_object(evidence, place),
            (false, true, false) => self.decide_list(evidence, place),
            _ => Decision::text("values of different kinds, as written", minority(evidence)),
        }
    }

    fn decide_object(&mut self, evidence: &ValueEvidence, place: &Place) -> Decision {
        let Some(object) = evidence.object.as_deref() else {
            return Decision::open("objects without keys, as written");
        };
        if place.depth >= self.options.nesting_limit {
            return Decision::text("nested deeper than columns may be, as written", None);
        }
        let may_turn = self.may_turn(object, place);
        if self.is_map(object, place) {
            self.needs_residual |= object.duplicates > 0;
            let values = object.values(self.options.column_limit);
            let child = place.child("{}", "{}", values.value_count() + values.count(Class::Null));
            let (value, _) = self.value(&values, &child);
            return Decision::new(ValueShape::Map(Box::new(value)), "keys that are data");
        }
        let object = self.object(object, place).with_may_turn(may_turn);
        Decision::new(ValueShape::Struct(object), "objects")
    }

    fn decide_list(&mut self, evidence: &ValueEvidence, place: &Place) -> Decision {
        if place.depth >= self.options.nesting_limit {
            return Decision::text("nested deeper than columns may be, as written", None);
        }
        let (value, words) = match evidence.element.as_deref() {
            Some(element) => {
                let count = element.value_count() + element.count(Class::Null);
                (self.value(element, &place.child("[]", "[]", count)).0, "lists")
            }
            None => (ValueShape::OPEN, "lists without elements"),
        };
        Decision::new(ValueShape::List(Box::new(value)), words)
    }

    fn report(&self, evidence: &ValueEvidence, place: &Place, decision: &Decision) -> FieldReport {
        let text = evidence.text.as_deref();
        let mut counts: Vec<(&'static str, u64)> = Class::ALL
            .into_iter()
            .skip(1)
            .map(|class| (class.name(), evidence.count(class)))
            .chain([
                ("NaN or infinity", text.map_or(0, |text| text.specials)),
                ("word for null", text.map_or(0, |text| text.spelled_nulls)),
                ("blank text", text.map_or(0, |text| text.quoted_empty)),
                ("text with half a surrogate pair", evidence.lone_surrogates),
            ])
            .collect();
        let seen = evidence.value_count()
            + text.map_or(0, |text| text.specials + text.spelled_nulls + text.quoted_empty);
        counts.push(("null or missing", place.object_count.saturating_sub(seen)));
        counts.retain(|(_, count)| *count > 0);
        FieldReport {
            path: place.path.clone(),
            column: place.column.clone(),
            data_type: decision.value.data_type(),
            format: format_of(&decision.value),
            counts,
            conflict: decision
                .conflict
                .and_then(|class| self.conflict(class, evidence.first(class))),
            decision: decision.words.to_owned(),
        }
    }

    fn conflict(&self, class: Class, seen: Seen) -> Option<Conflict> {
        let source = Arc::clone(self.evidence.sources.get(seen.source as usize)?);
        Some(Conflict { source, line: seen.line, kind: class.name() })
    }

    fn report_dropped(&mut self, field: &FieldEvidence, place: &Place) {
        self.needs_residual = true;
        let mut path = place.path.clone();
        path.push(field.name.to_string());
        self.reports.push(FieldReport {
            path,
            column: Vec::new(),
            data_type: DataType::Utf8,
            format: None,
            counts: vec![("value", field.object_count)],
            conflict: None,
            decision: "past the limit of columns: kept in the residual column".to_owned(),
        });
    }
}

/// The name of a column of the record: its path, from the first field that is flattened on.
fn field_path(place: &Place, name: &str) -> String {
    match place.path.is_empty() {
        true => name.to_owned(),
        false => format!("{}.{name}", place.dotted()),
    }
}

/// The objects that a field of this place could stand in.
fn place_objects(place: &Place, object: &ObjectEvidence) -> u64 {
    if place.path.is_empty() { place.object_count } else { object.object_count }
}

/// The class, besides null, that came up last: the one that widened the type.
fn minority(evidence: &ValueEvidence) -> Option<Class> {
    let seen = Class::ALL.into_iter().skip(1).filter(|class| evidence.count(*class) > 0);
    seen.max_by_key(|class| evidence.first(*class))
}

fn format_of(value: &ValueShape) -> Option<String> {
    match value {
        ValueShape::Date(format) | ValueShape::Timestamp { format, .. } => Some(format.to_string()),
        _ => None,
    }
}
