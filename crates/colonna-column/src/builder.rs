//! A column that grows value by value.

mod gaps;
mod room;
mod rows;
mod scalars;

use std::sync::Arc;

use colonna_schema::DataType;

use self::gaps::Gaps;
use self::room::Room;
use crate::{Bitmap, Column, ColumnError, Interner, Strings, Values};

/// So many texts show whether they repeat.
const TRIAL_LEN: usize = 1024;

/// Collects values of one type into a [`Column`]: a flat one, or, where it saves, one with codes for
/// texts that repeat, which is sparse where few rows have a value.
///
/// A struct or list grows from its parts: push into [`ColumnBuilder::fields_mut`] or
/// [`ColumnBuilder::elements_mut`], then close the row with [`ColumnBuilder::close_row`]. A null
/// struct is pushed with [`ColumnBuilder::push_null`]. Fields have nulls where nothing was pushed.
#[derive(Clone, Debug)]
pub struct ColumnBuilder {
    data_type: DataType,
    len: usize,
    parts: Parts,
    /// Which rows are not null, none before the first null. Rows past its end are not null.
    validity: Option<Bitmap>,
    /// Where there are gaps between the values in `parts`, which have no room for nulls then.
    gaps: Gaps,
    /// What the column held that it was made like.
    room: Room,
}

// With a tag of its own it is matched in one step, for every value.
#[repr(u8)]
#[derive(Clone, Debug)]
enum Parts {
    Null,
    Boolean(Bitmap),
    Int64(Vec<i64>),
    Float64(Vec<f64>),
    Decimal(Vec<i128>),
    Strings(Strings),
    /// Texts that are given up to `Strings` when more than half of them turn out to be different.
    Interned {
        codes: Vec<u32>,
        interner: Interner,
    },
    /// The elements of a list, or the keys and the values of a map.
    Entries {
        offsets: Vec<usize>,
        children: Vec<ColumnBuilder>,
    },
    Struct(Vec<ColumnBuilder>),
}

impl ColumnBuilder {
    /// An empty column of that type.
    pub fn new(data_type: &DataType) -> Self {
        let parts = match data_type {
            DataType::Null => Parts::Null,
            DataType::Boolean => Parts::Boolean(Bitmap::new()),
            DataType::Int64 | DataType::Date | DataType::Timestamp => Parts::Int64(Vec::new()),
            DataType::Float64 => Parts::Float64(Vec::new()),
            DataType::Decimal { .. } => Parts::Decimal(Vec::new()),
            DataType::Utf8 | DataType::Binary => Parts::Strings(Strings::new()),
            DataType::List(element) => {
                Parts::Entries { offsets: vec![0], children: vec![Self::new(element)] }
            }
            DataType::Map(key, value) => Parts::Entries {
                offsets: vec![0],
                children: vec![Self::new(key), Self::new(value)],
            },
            DataType::Struct(fields) => {
                Parts::Struct(fields.iter().map(|field| Self::new(&field.data_type)).collect())
            }
        };
        let (data_type, gaps, room) = (data_type.clone(), Gaps::default(), Room::default());
        Self { data_type, len: 0, parts, validity: None, gaps, room }
    }

    /// An empty column of that type, and fields of structs, that saves: texts become codes, as long as
    /// they repeat, and a column of few values becomes sparse.
    pub fn saving(data_type: &DataType) -> Self {
        let mut builder = Self::new(data_type);
        builder.save();
        builder
    }

    fn save(&mut self) {
        self.gaps = Gaps::None;
        match &mut self.parts {
            Parts::Strings(_) if self.data_type == DataType::Utf8 => {
                self.parts = Parts::Interned { codes: Vec::new(), interner: Interner::new() };
            }
            Parts::Struct(fields) => fields.iter_mut().for_each(Self::save),
            _ => {}
        }
    }

    /// What the column holds.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// How many rows there are so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none so far.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// About how many bytes of memory the values take.
    pub fn byte_len(&self) -> usize {
        match &self.parts {
            Parts::Null => 0,
            Parts::Boolean(bits) => bits.len() / 8,
            Parts::Int64(values) => values.len() * 8,
            Parts::Float64(values) => values.len() * 8,
            Parts::Decimal(values) => values.len() * 16,
            Parts::Strings(values) => values.byte_len() + values.len() * 8,
            Parts::Interned { codes, interner } => {
                codes.len() * 4 + interner.words().byte_len() + interner.len() * 8
            }
            Parts::Entries { offsets, children } => {
                offsets.len() * 8 + children.iter().map(Self::byte_len).sum::<usize>()
            }
            Parts::Struct(fields) => fields.iter().map(Self::byte_len).sum(),
        }
    }

    /// Adds a null.
    pub fn push_null(&mut self) {
        self.push_nulls(1);
    }

    /// Adds that many nulls.
    pub fn push_nulls(&mut self, count: usize) {
        if !matches!(self.gaps, Gaps::Never) && self.leave_gap(count) {
            return;
        }
        let len = self.len + count;
        match &mut self.parts {
            Parts::Null => {}
            Parts::Boolean(bits) => bits.extend(false, count),
            Parts::Int64(values) => values.resize(len, 0),
            Parts::Float64(values) => values.resize(len, 0.0),
            Parts::Decimal(values) => values.resize(len, 0),
            Parts::Strings(values) => values.push_empty(count),
            Parts::Interned { codes, .. } => codes.resize(len, 0),
            Parts::Entries { offsets, .. } => {
                let end = offsets.last().copied().unwrap_or_default();
                offsets.resize(len + 1, end);
            }
            // What its fields lack is filled up when they get their next value.
            Parts::Struct(_) => {}
        }
        let validity = self.validity.get_or_insert_default();
        validity.extend(true, self.len - validity.len());
        validity.extend(false, count);
        self.len = len;
    }

    /// Adds a boolean.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    pub fn push_bool(&mut self, value: bool) -> Result<(), ColumnError> {
        match &mut self.parts {
            Parts::Boolean(bits) => bits.push(value),
            _ => return Err(self.mismatch(DataType::Boolean)),
        }
        self.pushed();
        Ok(())
    }

    /// Adds an integer, a day or a moment.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    #[inline]
    pub fn push_i64(&mut self, value: i64) -> Result<(), ColumnError> {
        match &mut self.parts {
            Parts::Int64(values) => values.push(value),
            _ => return Err(self.mismatch(DataType::Int64)),
        }
        self.pushed();
        Ok(())
    }

    /// Adds a double.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    #[inline]
    pub fn push_f64(&mut self, value: f64) -> Result<(), ColumnError> {
        match &mut self.parts {
            Parts::Float64(values) => values.push(value),
            _ => return Err(self.mismatch(DataType::Float64)),
        }
        self.pushed();
        Ok(())
    }

    /// Adds the unscaled integer of a decimal that has the column's scale.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    pub fn push_decimal(&mut self, value: i128) -> Result<(), ColumnError> {
        match &mut self.parts {
            Parts::Decimal(values) => values.push(value),
            _ => return Err(self.mismatch(DataType::Decimal { precision: 38, scale: 0 })),
        }
        self.pushed();
        Ok(())
    }

    /// Adds a text.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    #[inline]
    pub fn push_text(&mut self, value: &str) -> Result<(), ColumnError> {
        self.push_utf8(value.as_bytes())
    }

    /// Adds the bytes of a text, which whoever adds them knows to be UTF-8.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    #[inline(always)]
    pub fn push_utf8(&mut self, value: &[u8]) -> Result<(), ColumnError> {
        match &mut self.parts {
            Parts::Strings(values) => values.push(value),
            Parts::Interned { codes, interner } => {
                codes.push(interner.intern(value));
                self.settle_form();
            }
            _ => return Err(self.mismatch(DataType::Utf8)),
        }
        self.pushed();
        Ok(())
    }

    /// Adds integers, days or moments.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    pub fn extend_i64(&mut self, added: &[i64]) -> Result<(), ColumnError> {
        let Parts::Int64(values) = &mut self.parts else {
            return Err(self.mismatch(DataType::Int64));
        };
        values.extend_from_slice(added);
        self.len += added.len();
        Ok(())
    }

    /// Adds doubles.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    pub fn extend_f64(&mut self, added: &[f64]) -> Result<(), ColumnError> {
        let Parts::Float64(values) = &mut self.parts else {
            return Err(self.mismatch(DataType::Float64));
        };
        values.extend_from_slice(added);
        self.len += added.len();
        Ok(())
    }

    /// Adds texts, which are to be UTF-8, and gives back how many they were. Who cuts them out of a text
    /// knows that they are, and need not look at each once more.
    ///
    /// # Errors
    ///
    /// Where the column is of another type.
    #[inline]
    pub fn extend_texts<'t>(
        &mut self,
        added: impl Iterator<Item = &'t [u8]>,
    ) -> Result<usize, ColumnError> {
        let count = match &mut self.parts {
            Parts::Strings(values) => {
                let before = values.len();
                added.for_each(|text| values.push(text));
                values.len() - before
            }
            Parts::Interned { codes, interner } => {
                let before = codes.len();
                added.for_each(|text| codes.push(interner.intern(text)));
                codes.len() - before
            }
            _ => return Err(self.mismatch(DataType::Utf8)),
        };
        self.settle_form();
        self.len += count;
        Ok(count)
    }

    /// Gives up codes where too few texts repeat.
    #[inline]
    fn settle_form(&mut self) {
        if let Parts::Interned { codes, interner } = &self.parts
            && codes.len() >= TRIAL_LEN
            && interner.len() * 2 > codes.len()
        {
            self.intern_no_more();
        }
    }

    #[cold]
    fn intern_no_more(&mut self) {
        if let Parts::Interned { codes, interner } = &self.parts {
            self.parts = Parts::Strings(interner.words().gather(codes));
        }
    }

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// Where the column does not hold bytes.
    pub fn push_bytes(&mut self, value: &[u8]) -> Result<(), ColumnError> {
        match &mut self.parts {
            Parts::Strings(values) if self.data_type == DataType::Binary => values.push(value),
            _ => return Err(self.mismatch(DataType::Binary)),
        }
        self.pushed();
        Ok(())
    }

    /// The fields of a struct column; none for another. One that got nothing in the last rows has
    /// fewer rows than the struct, and is to be filled up before it gets a value.
    pub fn fields_mut(&mut self) -> &mut [Self] {
        match &mut self.parts {
            Parts::Struct(fields) => fields,
            _ => &mut [],
        }
    }

    /// The fields of a struct column; none for another.
    pub fn fields(&self) -> &[Self] {
        match &self.parts {
            Parts::Struct(fields) => fields,
            _ => &[],
        }
    }

    /// Keeps the first `len` rows, and drops what was pushed into the parts of a row that was not
    /// closed.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        // Of the thousands of fields that a struct may have, hardly one has more rows.
        let has_parts = matches!(self.parts, Parts::Entries { .. } | Parts::Struct(_));
        if self.len > len || has_parts {
            self.drop_rows(len);
        }
    }

    fn drop_rows(&mut self, len: usize) {
        let kept = len.min(self.len);
        let value_count = self.value_count();
        let values_kept = self.gaps.truncate(kept, value_count);
        match &mut self.parts {
            Parts::Null => {}
            Parts::Boolean(bits) => bits.truncate(values_kept),
            Parts::Int64(values) => values.truncate(values_kept),
            Parts::Float64(values) => values.truncate(values_kept),
            Parts::Decimal(values) => values.truncate(values_kept),
            Parts::Strings(values) => values.truncate(values_kept),
            Parts::Interned { codes, .. } => codes.truncate(values_kept),
            Parts::Entries { offsets, children } => {
                offsets.truncate(values_kept + 1);
                let end = offsets.last().copied().unwrap_or_default();
                children.iter_mut().for_each(|child| child.truncate(end));
            }
            // Lazily filled fields may have fewer rows than the struct, and never need more.
            Parts::Struct(fields) => fields.iter_mut().for_each(|field| field.truncate(kept)),
        }
        if let Some(validity) = &mut self.validity {
            validity.truncate(kept);
        }
        self.len = kept;
    }

    /// The elements of a list column (one builder), the keys and the values of a map column (two);
    /// none for another.
    pub fn elements_mut(&mut self) -> &mut [Self] {
        match &mut self.parts {
            Parts::Entries { children, .. } => children,
            _ => &mut [],
        }
    }

    /// Ends a row of a struct, list or map with what was pushed into its parts. A struct field that
    /// got nothing becomes null; a map key that got no value has null.
    #[inline]
    pub fn close_row(&mut self) {
        match &mut self.parts {
            Parts::Struct(_) => {}
            Parts::Entries { offsets, children } => {
                let end = children.first().map_or(0, Self::len);
                children.iter_mut().for_each(|child| child.push_nulls_to(end));
                offsets.push(end);
            }
            _ => return,
        }
        self.pushed();
    }

    /// The column.
    pub fn finish(mut self) -> Column {
        if let Some(validity) = &mut self.validity {
            validity.extend(true, self.len - validity.len());
        }
        if self.len * 2 < self.room.rows {
            self.give_room_back();
        }
        if let Gaps::Some(gaps) = std::mem::replace(&mut self.gaps, Gaps::Never) {
            return self.finish_with_gaps(&gaps);
        }
        let values = match self.parts {
            Parts::Null => Values::Null,
            Parts::Boolean(bits) => Values::Boolean(bits),
            Parts::Int64(values) => Values::Int64(values),
            Parts::Float64(values) => Values::Float64(values),
            Parts::Decimal(values) => Values::Decimal(values),
            Parts::Strings(values) => Values::Strings(Arc::new(values)),
            Parts::Interned { interner, .. } if interner.is_empty() && self.len > 0 => Values::Null,
            Parts::Interned { codes, interner } => {
                Values::Codes { codes, dictionary: Arc::new(interner.into_words()) }
            }
            Parts::Struct(mut fields) => {
                fields.iter_mut().for_each(|field| field.push_nulls_to(self.len));
                Values::Struct(fields.into_iter().map(Self::finish).collect())
            }
            Parts::Entries { offsets, children } => {
                let mut children = children.into_iter().map(|child| Box::new(child.finish()));
                match (children.next(), children.next()) {
                    (Some(keys), Some(values)) => Values::Map { offsets, keys, values },
                    (Some(elements), None) => Values::List { offsets, elements },
                    (None, _) => Values::Null,
                }
            }
        };
        let validity = if matches!(values, Values::Null) { None } else { self.validity };
        Column::from_parts(self.data_type, self.len, values, validity)
    }

    /// Fills up with nulls to `len` rows.
    #[inline]
    pub fn push_nulls_to(&mut self, len: usize) {
        if len > self.len {
            self.push_nulls(len - self.len);
        }
    }

    #[inline]
    fn pushed(&mut self) {
        self.len += 1;
    }

    #[cold]
    fn mismatch(&self, found: DataType) -> ColumnError {
        ColumnError::TypeMismatch { expected: self.data_type.clone(), found }
    }
}
