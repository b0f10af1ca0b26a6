//! Every check asks the same of flat columns, of codes, and of each row as a constant.

use std::sync::Arc;

use colonna_column::{Column, ColumnBuilder, Columns, Strings, Values};
use colonna_schema::{DataType, Expr, Scalar, Schema};

use super::*;
use crate::{Slots, bind};

mod json;
mod laws;
mod numbers;
mod texts;
mod times;
mod values;

/// Columns with their names.
type Named = Vec<(&'static str, Column)>;

fn column(data_type: &DataType, values: &[Scalar]) -> Column {
    Column::from_scalars(data_type, values).unwrap()
}

fn ints(values: &[Option<i64>]) -> Column {
    column(&DataType::Int64, &values.iter().map(|value| (*value).into()).collect::<Vec<_>>())
}

fn floats(values: &[Option<f64>]) -> Column {
    column(&DataType::Float64, &values.iter().map(|value| (*value).into()).collect::<Vec<_>>())
}

fn texts(values: &[Option<&str>]) -> Column {
    column(&DataType::Utf8, &values.iter().map(|value| (*value).into()).collect::<Vec<_>>())
}

fn bools(values: &[Option<bool>]) -> Column {
    column(&DataType::Boolean, &values.iter().map(|value| (*value).into()).collect::<Vec<_>>())
}

fn moments(values: &[&str]) -> Column {
    let moment = |text: &&str| Scalar::Timestamp(colonna_schema::parse_timestamp(text).unwrap());
    column(&DataType::Timestamp, &values.iter().map(moment).collect::<Vec<_>>())
}

/// Texts as codes, with an entry that no row has.
fn coded(column: &Column) -> Column {
    let Values::Strings(strings) = column.values() else { return column.clone() };
    let mut dictionary = Strings::new();
    dictionary.push("used by no row");
    strings.iter().for_each(|text| dictionary.push(text));
    let codes = (0..column.len()).map(|row| match column.is_valid(row) {
        true => u32::try_from(row + 1).unwrap(),
        // Of a null row it may be any number.
        false => 4_000_000_000,
    });
    let values = Values::Codes { codes: codes.collect(), dictionary: Arc::new(dictionary) };
    Column::try_new(column.data_type().clone(), column.len(), values, column.validity().cloned())
        .unwrap()
}

fn named(columns: &Named, form: impl Fn(&Column) -> Column) -> Columns {
    let columns = columns.iter().map(|(name, column)| ((*name).to_owned(), form(column)));
    Columns::from_named(columns.collect()).unwrap()
}

/// Binds an expression to the columns and evaluates it.
fn ask(expr: &Expr, columns: &Columns) -> Result<Vec<Scalar>, ExecError> {
    let mut slots = Slots::new(Arc::clone(columns.schema()));
    let bound = bind(expr, &mut slots)?;
    let picked = slots.paths().iter().map(|path| columns.column_at(path).unwrap()).collect();
    let schema: Arc<Schema> = Arc::new(slots.slot_schema());
    let columns = Columns::try_new(schema, picked, columns.row_count()).unwrap();
    let column = evaluate(&bound, &columns)?;
    assert_eq!(*column.data_type(), bound.data_type, "{expr}");
    assert_eq!(column.len(), columns.row_count(), "{expr}");
    Ok(column.scalars())
}

/// The answer, which must be the same for every form of the columns.
#[track_caller]
fn answer(expr: &Expr, columns: &Named) -> Result<Vec<Scalar>, String> {
    let flat = ask(expr, &named(columns, Clone::clone)).map_err(|error| error.to_string());
    // Each text three times, so that codes are worth resolving.
    let thrice = |column: &Column| {
        let rows: Vec<u32> =
            (0..column.len() * 3).map(|row| u32::try_from(row / 3).unwrap()).collect();
        coded(column).gather(&rows)
    };
    let by_codes = ask(expr, &named(columns, thrice)).map_err(|error| error.to_string());
    let by_codes = by_codes.map(|values| values.into_iter().step_by(3).collect::<Vec<_>>());
    assert_eq!(by_codes, flat, "by codes: {expr}");
    let row_count = columns.first().map_or(0, |(_, column)| column.len());
    let by_row: Result<Vec<Scalar>, String> = (0..row_count)
        .map(|row| {
            let constant = |column: &Column| {
                Column::constant(column.data_type().clone(), column.scalar_at(row), 2)
            };
            let values = ask(expr, &named(columns, constant)).map_err(|error| error.to_string())?;
            assert_eq!(values[0], values[1]);
            Ok(values[0].clone())
        })
        .collect();
    assert_eq!(by_row, flat, "row by row: {expr}");
    let none = named(columns, |column| column.slice(0, 0));
    if flat.is_ok() {
        assert_eq!(ask(expr, &none).unwrap(), [], "without rows: {expr}");
    }
    flat
}

#[track_caller]
fn check<T: Into<Scalar>>(expr: &Expr, columns: &Named, expected: impl IntoIterator<Item = T>) {
    let expected: Vec<Scalar> = expected.into_iter().map(Into::into).collect();
    let found = answer(expr, columns).unwrap();
    assert_eq!(found, expected, "{expr}");
}

/// As [`check`], by how the values are written.
#[track_caller]
fn check_shown(expr: &Expr, columns: &Named, expected: &[&str]) {
    let found = answer(expr, columns).unwrap();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{expr}");
}

#[track_caller]
fn check_error(expr: &Expr, columns: &Named, expected: &str) {
    assert_eq!(answer(expr, columns).unwrap_err(), expected);
}

fn list_of(data_type: &DataType, rows: &[Option<&[Scalar]>]) -> Column {
    let mut builder = ColumnBuilder::new(&DataType::List(Box::new(data_type.clone())));
    for row in rows {
        let value = row.map_or(Scalar::Null, |values| Scalar::List(values.to_vec()));
        builder.push_scalar(&value).unwrap();
    }
    builder.finish()
}
