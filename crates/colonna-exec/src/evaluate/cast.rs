//! Casts. What does not fit is an error that names the value, or null for TRY_CAST.
//!
//! A double becomes the nearest integer, halves to the even one, and a decimal the nearest one,
//! halves away from zero, as DuckDB has it. Text is read without the blanks around it; text that
//! is no integer is not read as one, even where it is a number.

use std::fmt::Write;
use std::sync::Arc;

use colonna_column::{Bitmap, Column, ColumnBuilder, Strings, Values};
use colonna_schema::{DataType, Scalar, parse_date, parse_timestamp};

use super::frame::Site;
use super::logic::boolean;
use super::operand::{Texts, decimals, doubles, integers, is_valid};
use crate::ExecError;
use crate::bind::exact_integer;
use crate::decimal;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A column as another type.
pub(super) fn cast(site: &Site<'_>, operand: &Column, or_null: bool) -> Result<Column, ExecError> {
    cast_to(site, operand, &site.expr.data_type, or_null)
}

/// As [`cast`], to the type of a part of the result.
pub(super) fn cast_to(
    site: &Site<'_>,
    operand: &Column,
    to: &DataType,
    or_null: bool,
) -> Result<Column, ExecError> {
    let len = operand.len();
    if operand.data_type() == to {
        return Ok(operand.clone());
    }
    if matches!(operand.values(), Values::Null) {
        return Ok(Column::nulls(to.clone(), len));
    }
    let rows = Rows { site, operand, to, or_null };
    match (operand.data_type(), to) {
        (DataType::Binary, DataType::Utf8) => text_of_bytes(operand),
        (_, DataType::Utf8) => texts(operand),
        (DataType::Utf8, DataType::Binary) => Ok(operand.to_flat().with_type(DataType::Binary)?),
        (DataType::Utf8, _) => from_text(&rows),
        (DataType::Int64, DataType::Float64) => {
            let values = integers(operand);
            #[expect(clippy::cast_precision_loss, reason = "the nearest double is asked for")]
            let doubles = (0..len).map(|row| values.get(row) as f64).collect();
            let validity = operand.validity().cloned();
            Ok(Column::try_new(to.clone(), len, Values::Float64(doubles), validity)?)
        }
        (DataType::Timestamp, DataType::Date) => {
            let values = integers(operand);
            rows.integers(|row| {
                i32::try_from(values.get(row).div_euclid(MICROS_PER_DAY)).ok().map(i64::from)
            })
        }
        (DataType::Date, DataType::Timestamp) => {
            let values = integers(operand);
            rows.integers(|row| values.get(row).checked_mul(MICROS_PER_DAY))
        }
        (_, DataType::Boolean) => {
            let zero = Column::constant(DataType::Int64, Scalar::Int64(0), len);
            super::compare::compare(colonna_schema::BinaryOperator::NotEqual, operand, &zero)
        }
        (_, DataType::Int64) => to_integers(&rows),
        (_, DataType::Float64) => rows.doubles(|row| number_at(operand, row).as_f64()),
        (_, DataType::Decimal { precision, scale }) => {
            rows.decimals(|row| to_decimal(&number_at(operand, row), *precision, *scale))
        }
        _ => nested(&rows),
    }
}

/// A cast row by row, to one type.
struct Rows<'a> {
    site: &'a Site<'a>,
    operand: &'a Column,
    to: &'a DataType,
    or_null: bool,
}

macro_rules! collected {
    ($($name:ident: $type:ty => $form:ident),+) => {$(
        fn $name(&self, value_of: impl Fn(usize) -> Option<$type>) -> Result<Column, ExecError> {
            let (values, validity) = self.collect(value_of)?;
            Ok(Column::try_new(self.to.clone(), self.operand.len(), Values::$form(values), validity)?)
        }
    )+};
}

impl Rows<'_> {
    collected!(integers: i64 => Int64, doubles: f64 => Float64, decimals: i128 => Decimal);

    fn collect<T: Default>(
        &self,
        value_of: impl Fn(usize) -> Option<T>,
    ) -> Result<(Vec<T>, Option<Bitmap>), ExecError> {
        let len = self.operand.len();
        let mut values = Vec::with_capacity(len);
        let mut failed = Vec::new();
        for row in 0..len {
            let value = if is_valid(self.operand.validity(), row) {
                value_of(row)
            } else {
                Some(T::default())
            };
            if value.is_none() {
                self.fail(row)?;
                failed.push(row);
            }
            values.push(value.unwrap_or_default());
        }
        if failed.is_empty() {
            return Ok((values, self.operand.validity().cloned()));
        }
        let mut validity = self.operand.valid_bits();
        failed.into_iter().for_each(|row| validity.set(row, false));
        Ok((values, Some(validity)))
    }

    /// The value of the row does not fit.
    fn fail(&self, row: usize) -> Result<(), ExecError> {
        if self.or_null {
            return Ok(());
        }
        Err(ExecError::CastFailed {
            expression: self.site.expression(),
            value: self.operand.scalar_at(row).to_string(),
            data_type: self.to.clone(),
        })
    }
}

/// `true` and `false` in any case, and the letters and digits that stand for them.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    const TRUE: [&str; 5] = ["true", "t", "yes", "y", "1"];
    const FALSE: [&str; 5] = ["false", "f", "no", "n", "0"];
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    if TRUE.iter().any(is) {
        return Some(true);
    }
    FALSE.iter().any(is).then_some(false)
}

fn from_text(rows: &Rows<'_>) -> Result<Column, ExecError> {
    let texts = Texts::of(rows.operand);
    let text = |row| texts.text(row).trim();
    match rows.to {
        DataType::Boolean => {
            let (values, validity) = rows.collect(|row| parse_bool(text(row)))?;
            Ok(boolean(values.into_iter().collect(), validity))
        }
        DataType::Int64 => rows.integers(|row| text(row).parse().ok()),
        DataType::Float64 => rows.doubles(|row| text(row).parse().ok()),
        DataType::Decimal { precision, scale } => rows.decimals(|row| {
            let (value, digits) = decimal::parse(text(row))?;
            decimal::rescale(value, digits, *scale)
                .filter(|value| decimal::fits(*value, *precision))
        }),
        DataType::Date => rows.integers(|row| {
            let day = parse_date(text(row)).ok().map(i64::from);
            day.or_else(|| Some(parse_timestamp(text(row)).ok()?.div_euclid(MICROS_PER_DAY)))
        }),
        _ => rows.integers(|row| parse_timestamp(text(row)).ok()),
    }
}

fn number_at(operand: &Column, row: usize) -> Scalar {
    match operand.scalar_at(row) {
        Scalar::Boolean(value) => Scalar::Int64(i64::from(value)),
        other => other,
    }
}

fn to_integers(rows: &Rows<'_>) -> Result<Column, ExecError> {
    match rows.operand.data_type() {
        DataType::Float64 => {
            let values = doubles(rows.operand);
            rows.integers(|row| exact_integer(values.get(row).round_ties_even()))
        }
        DataType::Decimal { scale, .. } => {
            let values = decimals(rows.operand);
            rows.integers(|row| i64::try_from(decimal::rescale(values.get(row), *scale, 0)?).ok())
        }
        _ => rows.integers(|row| match number_at(rows.operand, row) {
            Scalar::Int64(value) => Some(value),
            _ => None,
        }),
    }
}

/// A double is taken by the digits that people see.
fn to_decimal(value: &Scalar, precision: u8, scale: u8) -> Option<i128> {
    let (value, digits) = match value {
        Scalar::Int64(value) => (i128::from(*value), 0),
        Scalar::Float64(value) => decimal::of_double(*value)?,
        Scalar::Decimal { value, scale } => (*value, *scale),
        _ => return None,
    };
    decimal::rescale(value, digits, scale).filter(|value| decimal::fits(*value, precision))
}

/// Anything as text: as [`Scalar`] is displayed, but nested values as JSON.
fn texts(operand: &Column) -> Result<Column, ExecError> {
    let len = operand.len();
    let validity = operand.validity().cloned();
    let mut strings = Strings::with_capacity(len, len * 8);
    let mut text = String::new();
    let nested = operand.data_type().is_nested();
    for row in 0..len {
        text.clear();
        if operand.is_valid(row) {
            let value = operand.scalar_at(row);
            if nested {
                write_json(&value, &mut text);
            } else {
                // Writing into a String cannot fail.
                let _ = write!(text, "{value}");
            }
        }
        strings.push(&text);
    }
    Ok(Column::try_new(DataType::Utf8, len, Values::Strings(Arc::new(strings)), validity)?)
}

/// A value as JSON. What JSON has no form for, such as times and NaN, is a text.
fn write_json(value: &Scalar, out: &mut String) {
    match value {
        Scalar::Float64(number) if !number.is_finite() => write_quoted(&value.to_string(), out),
        Scalar::Null
        | Scalar::Boolean(_)
        | Scalar::Int64(_)
        | Scalar::Float64(_)
        | Scalar::Decimal { .. } => {
            let _ = write!(out, "{value}");
        }
        Scalar::List(values) => {
            write_all(('[', ']'), values, out, write_json);
        }
        Scalar::Struct(fields) => write_all(('{', '}'), fields, out, |(name, value), out| {
            write_quoted(name, out);
            out.push(':');
            write_json(value, out);
        }),
        Scalar::Map(entries) => write_all(('{', '}'), entries, out, |(key, value), out| {
            write_quoted(&key.to_string(), out);
            out.push(':');
            write_json(value, out);
        }),
        other => write_quoted(&other.to_string(), out),
    }
}

fn write_all<T>(
    (open, close): (char, char),
    items: &[T],
    out: &mut String,
    write: impl Fn(&T, &mut String),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Lists, maps and structs are cast part by part; fields of a struct go by name.
fn nested(rows: &Rows<'_>) -> Result<Column, ExecError> {
    let part = |column: &Column, to: &DataType| cast_to(rows.site, column, to, rows.or_null);
    let flat = rows.operand.to_flat();
    let values = match (flat.values(), flat.data_type(), rows.to) {
        (Values::List { offsets, elements }, _, DataType::List(to)) => {
            let elements = Box::new(part(elements, to)?);
            Values::List { offsets: offsets.clone(), elements }
        }
        (Values::Map { offsets, keys, values }, _, DataType::Map(to_key, to)) => {
            let (keys, values) = (Box::new(part(keys, to_key)?), Box::new(part(values, to)?));
            Values::Map { offsets: offsets.clone(), keys, values }
        }
        (Values::Struct(_), _, DataType::Struct(fields)) => {
            let columns = fields.iter().map(|wanted| match flat.field(&wanted.name) {
                Some(column) => part(&column, &wanted.data_type),
                None => Ok(Column::nulls(wanted.data_type.clone(), flat.len())),
            });
            Values::Struct(columns.collect::<Result<_, _>>()?)
        }
        (_, found, to) => {
            let (expression, left, right) = (rows.site.expression(), found.clone(), to.clone());
            return Err(ExecError::Incompatible { expression, left, right });
        }
    };
    Ok(Column::try_new(rows.to.clone(), flat.len(), values, flat.validity().cloned())?)
}
/// Bytes as the text they are. What is no UTF-8 is written `\xff`, byte by byte.
fn text_of_bytes(operand: &Column) -> Result<Column, ExecError> {
    let mut builder = ColumnBuilder::new(&DataType::Utf8);
    for row in 0..operand.len() {
        match operand.bytes_at(row) {
            None => builder.push_null(),
            Some(bytes) => {
                let mut text = String::with_capacity(bytes.len());
                for piece in bytes.utf8_chunks() {
                    text.push_str(piece.valid());
                    piece
                        .invalid()
                        .iter()
                        .for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
                }
                builder.push_text(&text)?;
            }
        }
    }
    Ok(builder.finish())
}
