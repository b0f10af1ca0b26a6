//! The rows of a table, made from a seed.
//!
//! Every table has the same columns. How a column's values lie (anywhere, growing with the rows, in
//! runs), how far they reach and how many are null is thrown anew for each column of each table, so
//! that statistics of files, row groups and pages decide much, little or nothing.

use std::sync::Arc;

use colonna_column::{Column, ColumnError, Columns};
use colonna_schema::{DataType, Field, Scalar, Schema};

use crate::dice::Dice;

/// The digits of the decimal column, and those of them behind the point.
pub const DECIMAL: (u8, u8) = (12, 2);

const MICROS_PER_DAY: f64 = 86_400e6;

/// The most rows of a table.
const MAX_ROWS: usize = 2500;

/// The columns of every table.
pub fn schema() -> Schema {
    let text = DataType::Utf8;
    let device = DataType::Struct(vec![Field::new("os", text.clone())]);
    let user = vec![
        Field::new("id", DataType::Int64),
        Field::new("country", text.clone()),
        Field::new("device", device),
    ];
    let (precision, scale) = DECIMAL;
    Schema::new(vec![
        Field::new("id", DataType::Int64),
        Field::new("n", DataType::Int64),
        Field::new("small", DataType::Int64),
        Field::new("big", DataType::Int64),
        Field::new("x", DataType::Float64),
        Field::new("wild", DataType::Float64),
        Field::new("price", DataType::Decimal { precision, scale }),
        Field::new("ok", DataType::Boolean),
        Field::new("city", text.clone()),
        Field::new("name", text.clone()),
        Field::new("digits", text.clone()),
        Field::new("day", DataType::Date),
        Field::new("ts", DataType::Timestamp),
        Field::new("user", DataType::Struct(user)),
        Field::new("tags", DataType::List(Box::new(text.clone()))),
        Field::new("shard", text),
    ])
}

/// A table's rows, at least one: DataFusion finds no columns in a folder without files.
///
/// # Errors
///
/// Never: the values are of the columns' types.
pub fn rows(dice: &mut Dice) -> Result<Columns, ColumnError> {
    let row_count = match dice.below(12) {
        0 => 1 + dice.below(3),
        1..=4 => 1 + dice.below(100),
        _ => 1 + dice.below(MAX_ROWS),
    };
    let schema = Arc::new(schema());
    let columns = schema.fields.iter().map(|field| {
        let values = values(dice, &field.name, row_count);
        Column::from_scalars(&field.data_type, &values)
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Columns::try_new(Arc::clone(&schema), columns, row_count)
}

/// How the values of a column lie among the rows.
#[derive(Clone, Copy)]
enum Lie {
    Anywhere,
    Growing,
    Falling,
    InRuns(usize),
}

/// Where in its range the value of a row lies, from 0 to below 1.
fn place(dice: &mut Dice, lie: Lie, row: usize, row_count: usize) -> f64 {
    let along = (row as f64 + dice.fraction()) / row_count.max(1) as f64;
    match lie {
        Lie::Anywhere => dice.fraction(),
        Lie::Growing => along,
        Lie::Falling => 1.0 - along,
        Lie::InRuns(len) => Dice::new((row / len) as u64).fraction(),
    }
}

fn values(dice: &mut Dice, name: &str, row_count: usize) -> Vec<Scalar> {
    if name == "id" {
        return ids(dice, row_count);
    }
    let lies = [Lie::Anywhere, Lie::Growing, Lie::Falling, Lie::InRuns(7), Lie::InRuns(150)];
    let lie = lies[[0, 0, 0, 0, 1, 1, 2, 3, 4, 4][dice.below(10)]];
    let nulls = if name == "shard" { 0.0 } else { dice.pick(&[0.0, 0.02, 0.15, 0.15, 0.6, 1.0]) };
    // All null is the rarest of them.
    let nulls = if nulls == 1.0 && !dice.one_in(3) { 0.0 } else { nulls };
    let nulls_in_runs = dice.one_in(4);
    let reach = Reach::any(dice);
    (0..row_count)
        .map(|row| {
            let chance = match nulls_in_runs {
                true => Dice::new(1000 + (row / 60) as u64).fraction(),
                false => dice.fraction(),
            };
            let place = place(dice, lie, row, row_count);
            if chance < nulls { Scalar::Null } else { value(dice, name, place, &reach) }
        })
        .collect()
}

/// Each number once, in order or not.
fn ids(dice: &mut Dice, row_count: usize) -> Vec<Scalar> {
    let mut ids: Vec<i64> = (0..).take(row_count).collect();
    if dice.one_in(2) {
        for row in (1..row_count).rev() {
            ids.swap(row, dice.below(row + 1));
        }
    }
    ids.into_iter().map(Scalar::Int64).collect()
}

/// How far the values of a column reach.
struct Reach {
    integers: f64,
    first_day: f64,
    days: f64,
    whole_seconds: bool,
    words: usize,
}

impl Reach {
    fn any(dice: &mut Dice) -> Self {
        Self {
            integers: dice.pick(&[10.0, 100.0, 1000.0]),
            first_day: dice.pick(&[-400.0, -3.0, 0.0, 10_957.0, 19_700.0, 20_000.0]),
            days: dice.pick(&[0.01, 1.0, 3.0, 40.0, 900.0]),
            whole_seconds: dice.one_in(2),
            words: dice.pick(&[2, 4, WORDS.len()]),
        }
    }
}

/// Texts of which there are few.
pub const WORDS: &[&str] =
    &["Bern", "Oslo", "bern", "", "Z\u{fc}rich", "New York", "a_b", "100%", "Oslofjord", "osl"];

/// Texts of some number, and of none.
pub const DIGITS: &[&str] =
    &["12", "-3", "0", "007", "x", "", "1e3", "999999999999999999999", "4 2"];

const WILD: &[f64] = &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1, 1e300, -1e300, 1e-300, 0.0];

/// Letters of names; with the characters of patterns, and some that are not ASCII.
const LETTERS: &[char] = &[
    'a', 'b', 'c', 'A', 'B', 'e', '0', '7', ' ', '%', '_', '-', '.', '\u{e9}', '\u{df}', '\u{4e2d}',
];

fn value(dice: &mut Dice, name: &str, place: f64, reach: &Reach) -> Scalar {
    let centred = place * 2.0 - 1.0;
    match name {
        "n" => Scalar::Int64(floor(centred * reach.integers)),
        "small" => Scalar::Int64(floor(place * 7.0) - 3),
        "big" if dice.one_in(20) => Scalar::Int64(dice.pick(&[i64::MIN, i64::MAX, 0, 1 << 53])),
        "big" => Scalar::Int64(floor(centred * 1e15)),
        "x" => Scalar::Float64((centred * reach.integers * 4.0).floor() / 4.0),
        "wild" if dice.one_in(8) => Scalar::Float64(dice.pick(WILD)),
        "wild" => Scalar::Float64(centred * reach.integers),
        "price" => Scalar::Decimal {
            value: i128::from(floor(centred * reach.integers * 100.0)),
            scale: DECIMAL.1,
        },
        "ok" => Scalar::Boolean(place < 0.5),
        "city" => Scalar::from(WORDS[index(place, reach.words)]),
        "name" => Scalar::from(any_name(dice, place).as_str()),
        "digits" if place < 0.7 => Scalar::from(floor(place * 100.0).to_string().as_str()),
        "digits" => Scalar::from(dice.pick(DIGITS)),
        "day" => Scalar::Date(floor(reach.first_day + place * reach.days * 4.0) as i32),
        "ts" => Scalar::Timestamp(moment(place, reach)),
        "user" => user(dice, place, reach),
        "tags" => {
            Scalar::List((0..dice.below(4)).map(|_| word_or_null(dice, reach.words)).collect())
        }
        _ => Scalar::from(["east", "west", "north and south", "50%"][index(place, 4)]),
    }
}

fn floor(value: f64) -> i64 {
    value.floor() as i64
}

fn index(place: f64, len: usize) -> usize {
    ((place * len as f64) as usize).min(len - 1)
}

fn moment(place: f64, reach: &Reach) -> i64 {
    let micros = floor((reach.first_day + place * reach.days) * MICROS_PER_DAY);
    if reach.whole_seconds { micros.div_euclid(1_000_000) * 1_000_000 } else { micros }
}

/// A name that begins with a letter of its place, so that names grow where places do.
fn any_name(dice: &mut Dice, place: f64) -> String {
    let first = char::from(b'a' + index(place, 26) as u8);
    std::iter::once(first).chain((0..dice.below(6)).map(|_| dice.pick(LETTERS))).collect()
}

fn word_or_null(dice: &mut Dice, words: usize) -> Scalar {
    if dice.one_in(6) { Scalar::Null } else { Scalar::from(WORDS[dice.below(words)]) }
}

fn user(dice: &mut Dice, place: f64, reach: &Reach) -> Scalar {
    let id = if dice.one_in(6) { Scalar::Null } else { Scalar::Int64(floor(place * 50.0)) };
    let device = match dice.below(5) {
        0 => Scalar::Null,
        1 => Scalar::Struct(vec![("os".to_owned(), Scalar::Null)]),
        other => {
            let os = if other == 2 { "linux" } else { "macos" };
            Scalar::Struct(vec![("os".to_owned(), Scalar::from(os))])
        }
    };
    Scalar::Struct(vec![
        ("id".to_owned(), id),
        ("country".to_owned(), word_or_null(dice, reach.words)),
        ("device".to_owned(), device),
    ])
}
