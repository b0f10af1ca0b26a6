//! Any expression over the columns of [`crate::rows::schema`], by its type.
//!
//! What is compared with is mostly a value of the table itself, so that predicates keep some rows and
//! drop others.

mod numbers;
mod texts;
mod times;
mod truths;

use colonna_column::Columns;
use colonna_schema::Scalar;

use crate::dice::Dice;
use crate::phrase::Phrase;

/// Who writes expressions.
#[derive(Debug)]
pub struct Author<'a> {
    /// What decides.
    pub dice: Dice,
    rows: &'a Columns,
}

/// The types of expressions that have an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 64 bits.
    Integer,
    /// 64 bits, with a point.
    Double,
    /// 12 digits, two of them behind the point.
    Decimal,
    /// Characters.
    Text,
    /// Days.
    Day,
    /// Microseconds.
    Moment,
    /// True or false.
    Truth,
}

impl Kind {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Integer,
        Self::Double,
        Self::Decimal,
        Self::Text,
        Self::Day,
        Self::Moment,
        Self::Truth,
    ];
}

impl<'a> Author<'a> {
    /// Who writes about these rows.
    pub fn new(dice: Dice, rows: &'a Columns) -> Self {
        Self { dice, rows }
    }

    /// An expression of that type, so many calls deep at most.
    pub fn value(&mut self, kind: Kind, depth: usize) -> Phrase {
        match kind {
            Kind::Integer => self.integer(depth),
            Kind::Double => self.double(depth),
            Kind::Decimal => self.decimal(depth),
            Kind::Text => self.text(depth),
            Kind::Day => self.day(depth),
            Kind::Moment => self.moment(depth),
            Kind::Truth => self.condition(depth),
        }
    }

    /// A column of that type.
    pub fn column(&mut self, kind: Kind) -> Phrase {
        let path = self.dice.pick(columns(kind));
        named(path)
    }

    /// A value of the column of that path, or null where the table has none.
    fn found(&mut self, path: &[&str]) -> Scalar {
        let row = self.dice.below(self.rows.row_count().max(1));
        self.rows.column_at(path).map_or(Scalar::Null, |column| column.scalar_at(row))
    }
}

/// A column or a field of one.
pub fn named(path: &[&str]) -> Phrase {
    match path {
        [name] => Phrase::same(*name),
        path => crate::differences::field(path),
    }
}

/// The columns and fields of a type.
fn columns(kind: Kind) -> &'static [&'static [&'static str]] {
    match kind {
        Kind::Integer => &[&["n"], &["n"], &["small"], &["id"], &["user", "id"]],
        Kind::Double => &[&["x"]],
        Kind::Decimal => &[&["price"]],
        Kind::Text => &[
            &["city"],
            &["city"],
            &["name"],
            &["digits"],
            &["user", "country"],
            &["user", "device", "os"],
            &["shard"],
        ],
        Kind::Day => &[&["day"]],
        Kind::Moment => &[&["ts"]],
        Kind::Truth => &[&["ok"]],
    }
}

/// A text between quotes.
pub fn quoted(text: &str) -> Phrase {
    Phrase::same(format!("'{}'", text.replace('\'', "''")))
}
