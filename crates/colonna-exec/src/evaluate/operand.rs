//! How kernels look at their operands: a value for each row, or one for all.

use std::borrow::Cow;

use colonna_column::{Bitmap, Column, Numbers, Strings, Values};
use colonna_schema::Scalar;

/// Values of one operand. What stands at a null row has no meaning.
#[derive(Clone, Debug)]
pub(super) enum Side<'a, T: Clone> {
    /// One for each row.
    Each(Cow<'a, [T]>),
    /// A code for each row, and the values that codes lead to.
    Coded(&'a [u32], &'a [T]),
    /// One for all rows.
    One(T),
}

/// The value of a code; any for a code that leads nowhere, as that of a null row may.
#[inline]
pub(super) fn led_to<T: Copy + Default>(values: &[T], code: u32) -> T {
    values.get(code as usize).copied().unwrap_or_default()
}

impl<T: Copy + Default> Side<'_, T> {
    /// The value at a row that lies inside.
    #[inline]
    pub(super) fn get(&self, row: usize) -> T {
        match self {
            Self::Each(values) => values[row],
            Self::Coded(codes, values) => led_to(values, codes[row]),
            Self::One(value) => *value,
        }
    }
}

/// Integers, days or moments.
pub(super) fn integers(column: &Column) -> Side<'_, i64> {
    match column.values() {
        Values::Int64(values) => Side::Each(Cow::Borrowed(values)),
        Values::Constant(Scalar::Int64(value) | Scalar::Timestamp(value)) => Side::One(*value),
        Values::Constant(Scalar::Date(days)) => Side::One(i64::from(*days)),
        Values::NumberCodes { codes, dictionary } => match dictionary.as_ref() {
            Numbers::Int64(numbers) => Side::Coded(codes, numbers),
            Numbers::Float64(_) => Side::One(0),
        },
        _ => Side::One(0),
    }
}

/// Doubles.
pub(super) fn doubles(column: &Column) -> Side<'_, f64> {
    match column.values() {
        Values::Float64(values) => Side::Each(Cow::Borrowed(values)),
        Values::Constant(Scalar::Float64(value)) => Side::One(*value),
        Values::NumberCodes { codes, dictionary } => match dictionary.as_ref() {
            Numbers::Float64(numbers) => Side::Coded(codes, numbers),
            Numbers::Int64(_) => Side::One(0.0),
        },
        _ => Side::One(0.0),
    }
}

/// Unscaled integers of decimals.
pub(super) fn decimals(column: &Column) -> Side<'_, i128> {
    match column.values() {
        Values::Decimal(values) => Side::Each(Cow::Borrowed(values)),
        Values::Constant(Scalar::Decimal { value, .. }) => Side::One(*value),
        _ => Side::One(0),
    }
}

/// Texts or bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Texts<'a> {
    Each(&'a Strings),
    Codes(&'a [u32], &'a Strings),
    One(&'a [u8]),
}

impl<'a> Texts<'a> {
    pub(super) fn of(column: &'a Column) -> Self {
        match column.values() {
            Values::Strings(strings) => Self::Each(strings),
            Values::Codes { codes, dictionary } => Self::Codes(codes, dictionary),
            Values::Constant(Scalar::Utf8(text)) => Self::One(text.as_bytes()),
            Values::Constant(Scalar::Binary(bytes)) => Self::One(bytes),
            _ => Self::One(&[]),
        }
    }

    #[inline]
    pub(super) fn bytes(&self, row: usize) -> &'a [u8] {
        match self {
            Self::Each(strings) => strings.bytes(row),
            Self::Codes(codes, strings) => {
                codes.get(row).map_or(&[], |code| strings.bytes(*code as usize))
            }
            Self::One(bytes) => bytes,
        }
    }

    /// The text at a row; one that is no UTF-8 is empty.
    #[inline]
    pub(super) fn text(&self, row: usize) -> &'a str {
        std::str::from_utf8(self.bytes(row)).unwrap_or_default()
    }

    /// Whether every byte is a letter of ASCII.
    pub(super) fn is_ascii(&self) -> bool {
        match self {
            Self::Each(strings) | Self::Codes(_, strings) => strings.parts().1.is_ascii(),
            Self::One(bytes) => bytes.is_ascii(),
        }
    }

    /// The one text of all rows.
    pub(super) fn constant(&self) -> Option<&'a str> {
        match self {
            Self::One(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }
}

/// Texts that were found to be UTF-8 all at once, which takes less than asking of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckedTexts<'a> {
    texts: Texts<'a>,
    /// All of them in a row; nothing where that is no UTF-8.
    whole: &'a str,
}

impl<'a> CheckedTexts<'a> {
    pub(super) fn of(column: &'a Column) -> Self {
        let texts = Texts::of(column);
        let whole = match texts {
            Texts::Each(strings) => simdutf8::basic::from_utf8(strings.parts().1),
            _ => Ok(""),
        };
        Self { texts, whole: whole.unwrap_or_default() }
    }

    pub(super) fn texts(&self) -> Texts<'a> {
        self.texts
    }

    /// The text at a row; one that is no UTF-8 is empty.
    #[inline]
    pub(super) fn text(&self, row: usize) -> &'a str {
        if let Texts::Each(strings) = self.texts
            && let [start, end] = strings.parts().0.get(row..row + 2).unwrap_or_default()
            && let Some(text) = self.whole.get(*start..*end)
        {
            return text;
        }
        self.texts.text(row)
    }
}

/// The rows where no operand is null; `None` where that is all of them.
pub(super) fn all_valid(operands: &[&Column]) -> Option<Bitmap> {
    let mut joined: Option<Bitmap> = None;
    for operand in operands {
        let bits = match (operand.validity(), operand.values()) {
            (Some(bits), _) => Cow::Borrowed(bits),
            (None, Values::Null) => Cow::Owned(Bitmap::filled(false, operand.len())),
            (None, _) => continue,
        };
        joined = Some(match joined {
            Some(joined) => joined.and(&bits),
            None => bits.into_owned(),
        });
    }
    joined
}

/// Whether a row is valid under a validity that may be absent.
#[inline]
pub(super) fn is_valid(validity: Option<&Bitmap>, row: usize) -> bool {
    validity.is_none_or(|bits| bits.get(row))
}
