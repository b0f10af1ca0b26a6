//! Records written into the columns of a shape.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_column::{ColumnBuilder, Columns};
use colonna_schema::DataType;
use rustc_hash::{FxHashMap, FxHashSet};

use super::residual::{Unfit, residual_json};
use super::scalar::{write_scalar, write_text};
use super::{ObjectShape, Policy, RecordShape, UNQUOTED_NULL, ValueShape};
use crate::decode::json::{Kind, Value, quoted};
use crate::decode::moments::Moments;
use crate::infer::read_number;
use crate::{IngestError, Source};

/// A value that does not fit its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The field, where it is one.
    pub field: Option<String>,
    /// Why it does not fit, in one line.
    pub reason: String,
}

/// Collects records into columns.
///
/// Invariant: between two records no column has more than `rows` rows; one that has fewer is filled
/// up with nulls when it gets its next value. A record that is dropped stays in the columns until
/// [`Shaper::finish`] leaves it out.
#[derive(Debug)]
pub struct Shaper {
    shape: Arc<RecordShape>,
    columns: Vec<ColumnBuilder>,
    rows: usize,
    /// The straight way left some of the current record in its columns.
    pub(super) is_torn: bool,
    dropped: FxHashSet<usize>,
    extra_fields: Vec<(String, String)>,
    state: State,
    moments: Moments,
}

/// What goes beside the columns while a record is written.
#[derive(Debug, Default)]
struct State {
    unfit: Vec<Unfit>,
    policy: Policy,
    /// How many lists and maps lie around the value.
    list_depth: usize,
    /// A key stood in an object before: the record must be written again.
    is_repeated: bool,
    /// Objects are looked through for repeated keys before they are written.
    is_careful: bool,
    surprises: u64,
}

impl Shaper {
    /// No rows yet.
    pub fn new(shape: &Arc<RecordShape>) -> Self {
        Self {
            shape: Arc::clone(shape),
            columns: shape.builders(),
            rows: 0,
            is_torn: false,
            dropped: FxHashSet::default(),
            extra_fields: Vec::new(),
            state: State::default(),
            moments: Moments::default(),
        }
    }

    /// The shape, the columns, the place of the current record in them, and the last day.
    pub(crate) fn parts_mut(
        &mut self,
    ) -> (&RecordShape, &mut [ColumnBuilder], usize, &mut Moments) {
        (&self.shape, &mut self.columns, self.rows, &mut self.moments)
    }

    /// How many values there were, so far, that another shape could have taken better: they did not
    /// fit, no column takes them, or their column is open.
    pub fn surprises(&self) -> u64 {
        self.state.surprises
    }

    /// Says which source the next records come from. They get its extra fields when they end.
    pub fn begin_source(&mut self, source: &Source) {
        self.extra_fields = source.extra_fields().to_vec();
    }

    /// Adds a record that is a JSON object.
    ///
    /// # Errors
    ///
    /// Where a value does not fit and cannot be kept otherwise; the record is dropped then.
    pub fn push_record(&mut self, record: &Value<'_>) -> Result<(), Misfit> {
        let shape = Arc::clone(&self.shape);
        self.take_back_members(record);
        self.state.write_object(&mut self.columns, &shape.root, record, self.rows);
        if self.state.is_repeated {
            self.rollback_record();
            self.state.is_careful = true;
            self.state.write_object(&mut self.columns, &shape.root, record, self.rows);
            self.state.is_careful = false;
        }
        self.finish_record()
    }

    /// Takes back what the straight way left of a record that is to be written.
    fn take_back_members(&mut self, record: &Value<'_>) {
        if !std::mem::take(&mut self.is_torn) {
            return;
        }
        // There may be thousands of columns, of which it has met no others.
        for (key, _) in record.members() {
            let index = self.shape.root.find(&key.as_written(), usize::MAX);
            let field = index.and_then(|index| self.shape.root.fields.get(index));
            if let Some(column) = field.and_then(|field| self.columns.get_mut(field.slot)) {
                column.truncate(self.rows);
            }
        }
    }

    /// Takes back what the straight way left of a record that is not to be written.
    #[inline]
    pub(super) fn take_back(&mut self) {
        if std::mem::take(&mut self.is_torn) {
            self.columns.iter_mut().for_each(|column| column.truncate(self.rows));
        }
    }

    /// The index of the field of that name, for [`Shaper::push_text`]. None where it has no column:
    /// its values are surplus.
    pub fn column_of(&self, name: &str) -> Option<usize> {
        self.shape.root.find(name, usize::MAX)
    }

    /// Adds the text of a field to the current record. An empty text and `\N` are null where they are
    /// not quoted. One that does not fit is told by [`Shaper::finish_record`].
    pub fn push_text(&mut self, index: usize, text: &str, quoted: bool) {
        let Self { shape, columns, state, rows, .. } = self;
        let Some(field) = shape.root.fields.get(index) else { return };
        let Some(builder) = columns.get_mut(field.slot) else { return };
        if matches!(field.value, ValueShape::Flat(_)) || builder.len() > *rows {
            return state.keep_surplus(&field.key, text);
        }
        builder.push_nulls_to(*rows);
        let is_null = !quoted && text.is_empty()
            || shape.nulls.iter().any(|null| null == text && !(quoted && null == UNQUOTED_NULL));
        let exactly = field.policy == Policy::Keep;
        state.surprises += u64::from(!is_null && is_open(&field.value));
        if is_null {
            builder.push_null();
        } else if !write_text(builder, &field.value, text, exactly) {
            builder.push_null();
            let reason = misfit_reason(&field.value, text);
            let json = crate::decode::json::quoted(text);
            let is_rejected = field.policy == Policy::Reject;
            let reversed_path = vec![field.key.to_string()];
            state.unfit.push(Unfit { reversed_path, json, reason, is_rejected });
        }
    }

    /// Keeps a text that no column takes in the residual column, under that key.
    pub fn push_surplus(&mut self, key: &str, text: &str) {
        self.state.keep_surplus(key, text);
    }

    /// Ends the record. Fields that got nothing are null.
    ///
    /// # Errors
    ///
    /// Where a value does not fit and cannot be kept otherwise; the record is dropped then.
    #[inline]
    pub fn finish_record(&mut self) -> Result<(), Misfit> {
        let required = self.shape.required.as_ref();
        let is_plain = self.extra_fields.is_empty()
            && self.state.unfit.is_empty()
            && self.shape.never_empty.is_none();
        if is_plain && required.is_none_or(|required| !self.lacks(&required.slots)) {
            self.rows += 1;
            return Ok(());
        }
        self.finish_odd_record()
    }

    fn finish_odd_record(&mut self) -> Result<(), Misfit> {
        for (name, text) in std::mem::take(&mut self.extra_fields) {
            match self.column_of(&name) {
                Some(index) => self.push_text(index, &text, true),
                None => self.push_surplus(&name, &text),
            }
            self.extra_fields.push((name, text));
        }
        let residual = self.shape.residual;
        self.state.count_unfit();
        let refused = self.state.unfit.iter().find(|unfit| unfit.is_rejected || residual.is_none());
        if let Some(refused) = refused {
            let (field, reason) = (Some(refused.field()), refused.reason.clone());
            self.rollback_record();
            return Err(Misfit { field, reason });
        }
        if let Some(required) = self.shape.required.as_ref().filter(|it| self.lacks(&it.slots)) {
            let (field, reason) = (required.path.join("."), "a value is required here".to_owned());
            self.rollback_record();
            return Err(Misfit { field: Some(field), reason });
        }
        if let Some(slot) = self.shape.never_empty
            && self.columns.get(slot).is_some_and(|column| column.is_empty_text(self.rows))
        {
            let field = self.shape.schema.fields.get(slot).map(|field| field.name.clone());
            self.rollback_record();
            let reason = "the empty text cannot stand for a partition".to_owned();
            return Err(Misfit { field, reason });
        }
        if !self.state.unfit.is_empty()
            && let Some(column) = residual.and_then(|slot| self.columns.get_mut(slot))
        {
            column.push_nulls_to(self.rows);
            if column.push_text(&residual_json(&self.state.unfit)).is_err() {
                column.push_null();
            }
            self.state.unfit.clear();
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends that many records at once, where nothing is to be added to them and they lack nothing.
    /// False where they have to be ended one by one.
    pub(crate) fn finish_whole_records(&mut self, count: usize) -> bool {
        let end = self.rows + count;
        let required = self.shape.required.as_ref().map_or(&[][..], |required| &required.slots);
        let is_complete = match required {
            [] => true,
            [slot] => self.columns.get(*slot).is_some_and(|column| column.are_valid_to(end)),
            _ => false,
        };
        let are_whole = is_complete
            && self.extra_fields.is_empty()
            && self.state.unfit.is_empty()
            && self.shape.never_empty.is_none();
        if are_whole {
            self.rows = end;
        }
        are_whole
    }

    /// Whether the current record has no value in the column and fields at these places.
    fn lacks(&self, slots: &[usize]) -> bool {
        let mut builders = self.columns.as_slice();
        let mut is_valid = false;
        for slot in slots {
            let Some(builder) = builders.get(*slot) else { return true };
            is_valid = builder.is_valid(self.rows);
            builders = builder.fields();
        }
        !is_valid
    }

    /// Drops what was pushed of a record that was not finished.
    pub fn rollback_record(&mut self) {
        self.dropped.insert(self.rows);
        self.rows += 1;
        self.state.unfit.clear();
        self.state.is_repeated = false;
    }

    /// The columns of all records.
    ///
    /// # Errors
    ///
    /// Where the columns do not hold together, which no input brings about.
    pub fn finish(mut self) -> Result<Columns, IngestError> {
        self.take_back();
        self.columns.iter_mut().for_each(|column| column.push_nulls_to(self.rows));
        let columns = self.columns.into_iter().map(ColumnBuilder::finish).collect();
        let columns = Columns::try_new(Arc::clone(self.shape.schema()), columns, self.rows)?;
        if self.dropped.is_empty() {
            return Ok(columns);
        }
        let kept = (0..self.rows).filter(|row| !self.dropped.contains(row));
        let kept: Vec<u32> = kept.filter_map(|row| u32::try_from(row).ok()).collect();
        Ok(columns.gather(&kept))
    }
}

impl State {
    /// A value whose type was given is no surprise, whatever it is.
    fn count_unfit(&mut self) {
        let unfit = self.unfit.iter().filter(|unfit| !unfit.is_rejected);
        self.surprises += crate::chunk::count(unfit.count());
    }

    fn keep_surplus(&mut self, key: &str, text: &str) {
        self.unfit.push(Unfit {
            reversed_path: vec![key.to_owned()],
            json: quoted(text),
            reason: "no column takes it".to_owned(),
            is_rejected: false,
        });
    }

    /// Writes the members of an object into the columns of its fields, at `row`. False where some
    /// of it was not kept and no struct around it can say where: inside of lists.
    fn write_object(
        &mut self,
        columns: &mut [ColumnBuilder],
        shape: &ObjectShape,
        object: &Value<'_>,
        row: usize,
    ) -> bool {
        let repeated = if self.is_careful { repeated_members(object) } else { Vec::new() };
        let mut is_kept = true;
        let mut hint = 0;
        for (index, (key, value)) in object.members().enumerate() {
            let name = key.as_written();
            if repeated.contains(&index) {
                is_kept &= self.keep(&name, &value, "the key stands in the object again");
                continue;
            }
            let Some(index) = shape.find(&name, hint) else {
                is_kept &= self.keep(&name, &value, "no column takes it");
                continue;
            };
            hint = index + 1;
            let Some(field) = shape.fields.get(index) else { continue };
            let policy = std::mem::replace(&mut self.policy, field.policy);
            let unfit_before = self.unfit.len();
            let is_written = match &field.value {
                ValueShape::Flat(nested) if value.kind() == Kind::Object => {
                    self.write_object(columns, nested, &value, row)
                }
                ValueShape::Flat(_) => value.kind() == Kind::Null,
                shape => match columns.get_mut(field.slot) {
                    Some(column) if column.len() <= row => {
                        column.push_nulls_to(row);
                        self.write(column, shape, &value)
                    }
                    _ => {
                        self.is_repeated = true;
                        true
                    }
                },
            };
            for unfit in self.unfit.iter_mut().skip(unfit_before) {
                unfit.reversed_path.push(name.to_string());
            }
            if !is_written {
                let reason = misfit_reason(&field.value, value.raw());
                is_kept &= self.keep(&name, &value, &reason);
            }
            self.policy = policy;
        }
        is_kept
    }

    /// Keeps a member that is not in its column. Inside of lists it is the outermost one that is
    /// kept, as a whole.
    fn keep(&mut self, name: &str, value: &Value<'_>, reason: &str) -> bool {
        if self.list_depth > 0 {
            return false;
        }
        self.unfit.push(Unfit {
            reversed_path: vec![name.to_string()],
            json: value.raw().to_owned(),
            reason: reason.to_owned(),
            is_rejected: self.policy == Policy::Reject,
        });
        true
    }

    /// Adds one row to a column. False where the value is not wholly in it.
    fn write(&mut self, column: &mut ColumnBuilder, shape: &ValueShape, value: &Value<'_>) -> bool {
        let kind = value.kind();
        match (shape, kind) {
            (_, Kind::Null) => {
                column.push_null();
                true
            }
            (ValueShape::Text(reading), kind) if reading.is_open && kind != Kind::Null => {
                self.surprises += 1;
                column.push_text(&value.as_written()).is_ok()
            }
            (ValueShape::Text(_), Kind::EscapedText) => {
                column.push_text(&value.as_written()).is_ok()
            }
            (ValueShape::Text(_), _) => column.push_text(value.inner()).is_ok(),
            (ValueShape::List(element), Kind::Array) => self.write_list(column, element, value),
            (ValueShape::Map(element), Kind::Object) => self.write_map(column, element, value),
            (ValueShape::Struct(object), Kind::Object) => {
                let row = column.len();
                let is_kept = self.write_object(column.fields_mut(), object, value, row);
                column.close_row();
                is_kept
            }
            (_, Kind::Array | Kind::Object) => {
                column.push_null();
                false
            }
            _ => {
                let is_written = write_scalar(column, shape, value, self.policy == Policy::Keep);
                if !is_written {
                    column.push_null();
                }
                is_written
            }
        }
    }

    fn write_list(
        &mut self,
        column: &mut ColumnBuilder,
        shape: &ValueShape,
        list: &Value<'_>,
    ) -> bool {
        self.list_depth += 1;
        let mut is_kept = true;
        if let [elements] = column.elements_mut() {
            for element in list.elements() {
                is_kept &= self.write(elements, shape, &element);
            }
        }
        column.close_row();
        self.list_depth -= 1;
        is_kept
    }

    fn write_map(
        &mut self,
        column: &mut ColumnBuilder,
        shape: &ValueShape,
        object: &Value<'_>,
    ) -> bool {
        self.list_depth += 1;
        let mut is_kept = true;
        let repeated = repeated_members(object);
        if let [keys, values] = column.elements_mut() {
            for (index, (key, value)) in object.members().enumerate() {
                if repeated.contains(&index) {
                    is_kept = false;
                    continue;
                }
                is_kept &= keys.push_text(&key.as_written()).is_ok();
                is_kept &= self.write(values, shape, &value);
            }
        }
        column.close_row();
        self.list_depth -= 1;
        is_kept
    }
}

/// The members whose key stands in the object again, behind them.
fn repeated_members(object: &Value<'_>) -> Vec<usize> {
    let mut last: FxHashMap<Cow<'_, str>, usize> = FxHashMap::default();
    let mut repeated = Vec::new();
    for (index, (key, _)) in object.members().enumerate() {
        repeated.extend(last.insert(key.as_written(), index));
    }
    repeated
}

/// Whether another value could make another type of the field.
fn is_open(shape: &ValueShape) -> bool {
    matches!(shape, ValueShape::Text(reading) if reading.is_open)
}

fn misfit_reason(shape: &ValueShape, found: &str) -> String {
    const SHOWN: usize = 60;
    let shown: String = found.chars().take(SHOWN).collect();
    let dots = if shown.len() < found.len() { ".." } else { "" };
    let format = match shape {
        ValueShape::Date(format) | ValueShape::Timestamp { format, .. } => format!(" ({format})"),
        _ => String::new(),
    };
    let wanted = match shape {
        ValueShape::List(_) => "list".to_owned(),
        ValueShape::Struct(_) | ValueShape::Flat(_) => "struct".to_owned(),
        ValueShape::Map(_) => "map".to_owned(),
        scalar => DataType::to_string(&scalar.data_type()),
    };
    let why = match shape {
        ValueShape::Float64(_) if read_number(found.trim_ascii()).is_some() => {
            ", which a double would change"
        }
        _ => "",
    };
    format!("expected {wanted}{format}, found {shown}{dots}{why}")
}
