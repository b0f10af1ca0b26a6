//! From records to columns of a shape.

mod convert;
mod file;
mod quoted_key;
mod reconcile;
mod residual;
mod scalar;
mod shaper;
mod shred;

use std::sync::Arc;

use colonna_column::{ColumnBuilder, Columns};
use colonna_schema::{DataType, Field, Schema};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use self::quoted_key::QuotedKey;
pub(crate) use self::scalar::write_text;
pub use self::shaper::{Misfit, Shaper};
use crate::TimeFormat;
use crate::infer::NumberStyle;

/// The columns that records become, and how each value gets into its column.
///
/// As a schema file it is JSON to be read and edited: the columns with their names, types and time
/// formats, and the field each one comes from where that has another name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "file::ShapeFile", into = "file::ShapeFile")]
pub struct RecordShape {
    pub(crate) schema: Arc<Schema>,
    pub(crate) root: ObjectShape,
    /// The column for what no other column takes.
    pub(crate) residual: Option<usize>,
    /// Spellings of null in texts of CSV.
    pub(crate) nulls: Arc<[String]>,
    /// The column, and the fields of structs, that every record must have a value in.
    pub(crate) required: Option<Required>,
    /// The column of texts in which no record may have the empty one.
    pub(crate) never_empty: Option<usize>,
    /// Empty columns that know which texts are worth interning; none where nothing is known.
    pub(crate) forms: Arc<[ColumnBuilder]>,
    /// No value that fits its column without surprise could lead to another shape.
    pub(crate) is_settled: bool,
}

/// A value that no record may lack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Required {
    /// The column's name, and names of struct fields.
    pub(crate) path: Vec<String>,
    /// Their places.
    pub(crate) slots: Vec<usize>,
}

impl RecordShape {
    pub(crate) fn new(
        schema: Arc<Schema>,
        root: ObjectShape,
        residual: Option<usize>,
        nulls: Arc<[String]>,
    ) -> Self {
        Self { schema, root, residual, nulls, ..Self::default() }
    }

    /// Whether this is the shape of the whole input if it is that of a part, and the rest of the
    /// input decodes into it without a surprise.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Whether rows of the other shape, which decoded into it without a surprise, are the rows of
    /// this one, but for columns and fields of structs that they lack; and this one is then the shape
    /// of all of them.
    pub fn extends(&self, other: &Self) -> bool {
        self.nulls == other.nulls
            && self.required == other.required
            && other.residual.is_none_or(|_| self.residual.is_some())
            && self.root.extends(&other.root)
    }

    /// The columns.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The same shape, under which a record without a value at that path (a column's name, then
    /// names of struct fields) is rejected. A path that leads nowhere changes nothing.
    #[must_use]
    pub fn with_required(mut self, path: &[String]) -> Self {
        let mut slots = Vec::with_capacity(path.len());
        let mut fields = &self.schema.fields;
        for (depth, name) in path.iter().enumerate() {
            let Some(slot) = fields.iter().position(|field| field.name == *name) else {
                return self;
            };
            slots.push(slot);
            match fields.get(slot).map(|field| &field.data_type) {
                Some(DataType::Struct(children)) => fields = children,
                _ if depth + 1 == path.len() => {}
                _ => return self,
            }
        }
        self.required = Some(Required { path: path.to_vec(), slots });
        self
    }

    /// The same shape, under which a record with the empty text in that column is rejected. It takes
    /// longer to decode into it.
    #[must_use]
    pub fn with_never_empty(mut self, column: &str) -> Self {
        self.never_empty = self.schema.index_of(column);
        self
    }

    /// The same shape, under which texts are interned where they repeated in these columns of it.
    #[must_use]
    pub fn with_forms_of(mut self, columns: &Columns) -> Self {
        if columns.schema() == &self.schema {
            self.forms = columns.columns().iter().map(ColumnBuilder::like).collect();
        }
        self
    }

    /// Empty columns of this shape.
    pub(crate) fn builders(&self) -> Vec<ColumnBuilder> {
        if self.forms.len() == self.schema.fields.len() {
            return self.forms.iter().map(ColumnBuilder::with_room).collect();
        }
        let fields = self.schema.fields.iter();
        fields.map(|field| ColumnBuilder::saving(&field.data_type)).collect()
    }

    /// Whether there is a column for what no other column takes.
    pub fn has_residual(&self) -> bool {
        self.residual.is_some()
    }
}

/// A spelling of null that is one only without quotes.
pub(crate) const UNQUOTED_NULL: &str = "\\N";

/// The fields of an object and where they go.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ObjectShape {
    pub(crate) fields: Vec<FieldShape>,
    /// The keys of the fields, as JSON writes them.
    pub(crate) keys: Vec<QuotedKey>,
    /// More objects with the same keys, which surprise nobody, could make a map of it.
    may_turn: bool,
    index: FxHashMap<Box<str>, usize>,
}

impl ObjectShape {
    pub(crate) fn new(fields: Vec<FieldShape>) -> Self {
        let index = fields.iter().enumerate();
        let index = index.map(|(index, field)| (field.key.clone(), index)).collect();
        let keys = fields.iter().map(|field| QuotedKey::new(&field.key)).collect();
        Self { fields, keys, may_turn: false, index }
    }

    /// The same, where more objects could make a map of it, or not.
    #[must_use]
    pub(crate) fn with_may_turn(self, may_turn: bool) -> Self {
        Self { may_turn, ..self }
    }

    /// The index of the field of that key. `hint` is where it stands if keys come in order.
    #[inline]
    pub(crate) fn find(&self, key: &str, hint: usize) -> Option<usize> {
        match self.fields.get(hint) {
            Some(field) if *field.key == *key => Some(hint),
            _ => self.index.get(key).copied(),
        }
    }
}

/// One field of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldShape {
    /// Its key in the input.
    pub(crate) key: Box<str>,
    /// The name of its column.
    pub(crate) name: String,
    /// The place of its column among those of its object, or of the record where the object is
    /// flattened.
    pub(crate) slot: usize,
    pub(crate) value: ValueShape,
    pub(crate) policy: Policy,
}

/// What happens to a value that does not fit, and how near it must come to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Only what the column holds exactly fits. Anything else goes to the residual column where
    /// there is one; else the record is rejected.
    #[default]
    Keep,
    /// The type was given: what can be read as a value of it fits. Else the record is rejected.
    Reject,
}

/// How the values of a field become those of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueShape {
    Boolean,
    Int64(Reading),
    Float64(Reading),
    Decimal {
        precision: u8,
        scale: u8,
    },
    Text(Reading),
    Binary,
    Date(TimeFormat),
    Timestamp {
        format: TimeFormat,
        /// Digits below a microsecond may be cut.
        may_cut: bool,
    },
    List(Box<Self>),
    Struct(ObjectShape),
    /// A struct whose fields are columns of the record.
    Flat(ObjectShape),
    Map(Box<Self>),
}

/// How texts are read as numbers, and what they would be as times.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) style: NumberStyle,
    /// The format that every value has if the column were one of times.
    pub(crate) times: Option<TimeFormat>,
    /// The next value could make another type of it: it has had none, or only such as leave open
    /// what they are.
    pub(crate) is_open: bool,
}

impl ValueShape {
    pub(crate) const TEXT: Self =
        Self::Text(Reading { style: NumberStyle::Plain, times: None, is_open: false });
    pub(crate) const OPEN: Self =
        Self::Text(Reading { style: NumberStyle::Plain, times: None, is_open: true });

    /// Whether values of the other shape are values of this one, but for fields that they lack.
    fn extends(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Struct(own), Self::Struct(other)) | (Self::Flat(own), Self::Flat(other)) => {
                own.extends(other)
            }
            (Self::List(own), Self::List(other)) | (Self::Map(own), Self::Map(other)) => {
                own.extends(other)
            }
            // An open text has had no values.
            (Self::Text(own), Self::Text(other)) => own.style == other.style,
            (own, other) => own == other,
        }
    }

    /// The type of the column. A flattened struct has none of its own.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int64(_) => DataType::Int64,
            Self::Float64(_) => DataType::Float64,
            Self::Decimal { precision, scale } => {
                DataType::Decimal { precision: *precision, scale: *scale }
            }
            Self::Text(_) => DataType::Utf8,
            Self::Binary => DataType::Binary,
            Self::Date(_) => DataType::Date,
            Self::Timestamp { .. } => DataType::Timestamp,
            Self::List(element) => DataType::List(Box::new(element.data_type())),
            Self::Map(value) => {
                DataType::Map(Box::new(DataType::Utf8), Box::new(value.data_type()))
            }
            Self::Struct(object) | Self::Flat(object) => DataType::Struct(object.schema_fields()),
        }
    }
}

impl ObjectShape {
    /// Whether it has the fields of the other, and keeps them whatever objects that fitted the other
    /// have not been counted.
    fn extends(&self, other: &Self) -> bool {
        let has = |field: &FieldShape| {
            let own = self.find(&field.key, usize::MAX).and_then(|index| self.fields.get(index));
            own.is_some_and(|own| {
                own.name == field.name
                    && own.policy == field.policy
                    && own.value.extends(&field.value)
            })
        };
        !self.may_turn && other.fields.iter().all(has)
    }

    /// The fields of the struct, in the order of their slots.
    fn schema_fields(&self) -> Vec<Field> {
        let mut fields: Vec<&FieldShape> = self.fields.iter().collect();
        fields.sort_by_key(|field| field.slot);
        fields.iter().map(|field| Field::new(&field.name, field.value.data_type())).collect()
    }
}
