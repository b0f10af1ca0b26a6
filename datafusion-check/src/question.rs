//! Queries in the words of both engines, with what of the answer's order is determined.

use std::fmt;

use colonna_column::Columns;

use crate::author::{Author, Kind};
use crate::dice::Dice;
use crate::differences::{at_end, count_if, extreme_double, of_doubles, quantile};
use crate::phrase::Phrase;

/// Kinds of queries, which are counted by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Rows, with computed columns.
    Rows,
    /// The rows that a LIMIT leaves of an order.
    TopRows,
    /// DISTINCT.
    DistinctRows,
    /// Aggregates of all rows.
    OneGroup,
    /// GROUP BY.
    Groups,
    /// A query in FROM.
    Nested,
}

impl Form {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Rows,
        Self::TopRows,
        Self::DistinctRows,
        Self::OneGroup,
        Self::Groups,
        Self::Nested,
    ];
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rows => "rows",
            Self::TopRows => "rows in order, cut",
            Self::DistinctRows => "distinct rows",
            Self::OneGroup => "one group",
            Self::Groups => "groups",
            Self::Nested => "a query in FROM",
        })
    }
}

/// A query for both.
#[derive(Clone, Debug)]
pub struct Question {
    /// Of which kind.
    pub form: Form,
    /// The text.
    pub sql: Phrase,
    /// What its order determines.
    pub order: Order,
}

/// What of an answer's order is determined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nothing.
    Free,
    /// The values of these result columns, counted from zero; rows that are equal in all of them may
    /// stand in any order, and a LIMIT may keep any of them.
    By(Vec<usize>),
    /// Everything.
    Whole,
}

impl Question {
    /// The query of a seed about these rows.
    pub fn new(seed: u64, rows: &Columns) -> Self {
        let mut author = Author::new(Dice::new(seed), rows);
        let form = match author.dice.below(12) {
            0 | 1 => Form::Rows,
            2 | 3 => Form::TopRows,
            4 => Form::DistinctRows,
            5 | 6 => Form::OneGroup,
            7..=10 => Form::Groups,
            _ => Form::Nested,
        };
        match form {
            Form::Rows | Form::TopRows | Form::DistinctRows => of_rows(&mut author, form),
            Form::OneGroup => one_group(&mut author),
            Form::Groups => groups(&mut author),
            Form::Nested => nested(&mut author),
        }
    }
}

/// ` WHERE ..`, mostly.
fn filter(author: &mut Author<'_>) -> Phrase {
    if author.dice.one_in(4) {
        return Phrase::same("");
    }
    let depth = author.dice.below(4);
    Phrase::of(" WHERE {0}", &[author.condition(depth)])
}

/// `x AS c0, y AS c1`
fn named(exprs: &[Phrase]) -> Phrase {
    let name = |(index, expr): (usize, &Phrase)| {
        Phrase::of(&format!("{{0}} AS c{index}"), std::slice::from_ref(expr))
    };
    Phrase::joined(&exprs.iter().enumerate().map(name).collect::<Vec<_>>(), ", ")
}

fn any_value(author: &mut Author<'_>) -> Phrase {
    let kind = author.dice.pick(Kind::ALL);
    let depth = author.dice.below(4);
    match author.dice.below(12) {
        0 => Phrase::same(author.dice.pick(&["big", "wild", "tags", "\"user\""])),
        1 => Phrase::same("wild"),
        _ => author.value(kind, depth),
    }
}

fn of_rows(author: &mut Author<'_>, form: Form) -> Question {
    let count = 1 + author.dice.below(4);
    let exprs: Vec<Phrase> = match form {
        // What is sorted or compared whole is of a type that has an order in both.
        Form::Rows => (0..count).map(|_| any_value(author)).collect(),
        _ => (0..count).map(|_| ordered_value(author)).collect(),
    };
    let distinct = if form == Form::DistinctRows { "DISTINCT " } else { "" };
    let parts = [Phrase::same(distinct), named(&exprs), filter(author)];
    let sql = Phrase::of("SELECT {0}{1} FROM t{2}", &parts);
    let (tail, order) = match form {
        Form::Rows => match author.dice.one_in(3) {
            true => (by_id(author), Order::Whole),
            false => (Phrase::same(""), Order::Free),
        },
        Form::TopRows if author.dice.one_in(3) => {
            let lead = match author.dice.one_in(2) {
                true => Phrase::same("c0"),
                false => {
                    // Never a literal: that is a place among the columns.
                    let kind = author.dice.pick(Kind::ALL);
                    author.value(kind, 1)
                }
            };
            let lead = key(author, lead);
            let keys = lead.then(&Phrase::same(", id"));
            let tail = Phrase::of(" ORDER BY {0}{1}", &[keys, cut(author)]);
            (tail, Order::Whole)
        }
        _ => {
            let cut_off = form == Form::TopRows || author.dice.one_in(3);
            by_columns(author, count, cut_off)
        }
    };
    Question { form, sql: sql.then(&tail), order }
}

/// Values in which an order is the same in both.
fn ordered_value(author: &mut Author<'_>) -> Phrase {
    let kind = author.dice.pick(Kind::ALL);
    let depth = author.dice.below(3);
    match author.dice.below(12) {
        0 => Phrase::same(author.dice.pick(&["big", "wild"])),
        _ => author.value(kind, depth),
    }
}

/// An order by the one column that tells all rows apart.
fn by_id(author: &mut Author<'_>) -> Phrase {
    let direction = Phrase::same(author.dice.pick(&["", " DESC"]));
    Phrase::of(" ORDER BY id{0}{1}", &[direction, cut(author)])
}

fn key(author: &mut Author<'_>, expr: Phrase) -> Phrase {
    let direction = author.dice.pick(&["", " ASC", " DESC"]);
    let nulls = author.dice.pick(&["FIRST", "LAST"]);
    Phrase::of("{0}{1} NULLS {2}", &[expr, Phrase::same(direction), Phrase::same(nulls)])
}

/// ` LIMIT .. OFFSET ..`, or nothing.
fn cut(author: &mut Author<'_>) -> Phrase {
    let limit = author.dice.below(30);
    Phrase::same(match author.dice.below(4) {
        0 => String::new(),
        1 => format!(" LIMIT {limit} OFFSET {}", author.dice.below(20)),
        _ => format!(" LIMIT {limit}"),
    })
}

/// An order by some of the result columns, by name or place.
fn by_columns(author: &mut Author<'_>, count: usize, cut_off: bool) -> (Phrase, Order) {
    let mut left: Vec<usize> = (0..count).collect();
    let mut columns = Vec::new();
    for _ in 0..=author.dice.below(count) {
        columns.push(left.swap_remove(author.dice.below(left.len())));
    }
    let keys: Vec<Phrase> = columns
        .iter()
        .map(|column| {
            let name = match author.dice.one_in(3) {
                true => (column + 1).to_string(),
                false => format!("c{column}"),
            };
            key(author, Phrase::same(name))
        })
        .collect();
    let cut = if cut_off { cut(author) } else { Phrase::same("") };
    let tail = Phrase::of(" ORDER BY {0}{1}", &[Phrase::joined(&keys, ", "), cut]);
    (tail, Order::By(columns))
}

fn one_group(author: &mut Author<'_>) -> Question {
    let count = 1 + author.dice.below(5);
    let aggregates: Vec<Phrase> = (0..count).map(|_| aggregate(author)).collect();
    let sql = Phrase::of("SELECT {0} FROM t{1}", &[named(&aggregates), filter(author)]);
    Question { form: Form::OneGroup, sql, order: Order::Free }
}

fn groups(author: &mut Author<'_>) -> Question {
    let key_count = 1 + author.dice.below(3);
    let keys: Vec<Phrase> = (0..key_count).map(|_| group_key(author)).collect();
    let mut exprs = keys.clone();
    exprs.extend((0..author.dice.below(4)).map(|_| aggregate(author)));
    let by = match author.dice.below(3) {
        0 => Phrase::joined(&keys, ", "),
        1 => {
            let places: Vec<Phrase> =
                (1..=key_count).map(|place| Phrase::same(place.to_string())).collect();
            Phrase::joined(&places, ", ")
        }
        _ => {
            let names: Vec<Phrase> =
                (0..key_count).map(|index| Phrase::same(format!("c{index}"))).collect();
            Phrase::joined(&names, ", ")
        }
    };
    let parts = [named(&exprs), filter(author), by, having(author)];
    let sql = Phrase::of("SELECT {0} FROM t{1} GROUP BY {2}{3}", &parts);
    let is_nested = |key: &Phrase| NESTED.contains(&key.ours.as_str());
    let (tail, order) = match author.dice.below(3) {
        _ if keys.iter().any(is_nested) => (Phrase::same(""), Order::Free),
        0 => (Phrase::same(""), Order::Free),
        other => {
            // Only by keys: the order of what was rounded is not determined.
            let (tail, order) = by_columns(author, key_count, other == 1);
            let all = matches!(&order, Order::By(columns) if columns.len() == key_count);
            (tail, if all { Order::Whole } else { order })
        }
    };
    Question { form: Form::Groups, sql: sql.then(&tail), order }
}

/// Columns by which groups are made and not sorted.
const NESTED: &[&str] = &["tags", "\"user\""];

fn group_key(author: &mut Author<'_>) -> Phrase {
    let kind = author.dice.pick(Kind::ALL);
    match author.dice.below(10) {
        0..=4 => author.column(kind),
        5 => Phrase::same(author.dice.pick(&["small", "shard", "city", "ok"])),
        6 => Phrase::same(author.dice.pick(&["wild", "big", "tags", "\"user\""])),
        7 => author.value(Kind::Moment, 1),
        _ => author.value(kind, 1),
    }
}

fn having(author: &mut Author<'_>) -> Phrase {
    let least = Phrase::same(author.dice.between(0, 9).to_string());
    match author.dice.below(12) {
        0 => Phrase::of(" HAVING count(*) > {0}", &[least]),
        1 => Phrase::of(" HAVING count(DISTINCT small) >= {0}", &[least]),
        2 => Phrase::of(" HAVING (max(n) > {0} OR min(small) IS NULL)", &[least]),
        3 => Phrase::of(" HAVING NOT (sum(n) % 7 < {0})", &[least]),
        _ => Phrase::same(""),
    }
}

/// An aggregate, or something computed of two.
fn aggregate(author: &mut Author<'_>) -> Phrase {
    match author.dice.below(14) {
        0 => Phrase::same("count(*)"),
        1 => Phrase::of("({0} + count(*))", &[of_integers(author)]),
        2 => Phrase::of("coalesce({0}, 0)", &[of_integers(author)]),
        3 => {
            let condition = author.condition(1);
            Phrase::of("count(*) FILTER (WHERE {0})", &[condition])
        }
        4 => count_if(author.condition(1)),
        5 => {
            let condition = author.condition(1);
            Phrase::of("{0} FILTER (WHERE {1})", &[of_integers(author), condition])
        }
        6 => {
            let (last, kind) = (author.dice.one_in(2), author.dice.pick(Kind::ALL));
            at_end(last, author.column(kind), Phrase::same("id"))
        }
        7 => {
            let function = Phrase::same(author.dice.pick(&["bool_and", "bool_or"]));
            Phrase::of("{1}({0})", &[author.condition(0), function])
        }
        8 | 9 => of_integers(author),
        10 | 11 => of_numbers(author),
        _ => of_any(author),
    }
}

/// Exact aggregates of integers.
fn of_integers(author: &mut Author<'_>) -> Phrase {
    let depth = author.dice.below(2);
    let number = author.value(Kind::Integer, depth);
    let template = author.dice.pick(&["sum({0})", "min({0})", "max({0})", "sum(DISTINCT {0})"]);
    Phrase::of(template, &[number])
}

/// Aggregates that are rounded, of any numbers.
fn of_numbers(author: &mut Author<'_>) -> Phrase {
    let kind = author.dice.pick(&[Kind::Integer, Kind::Double, Kind::Decimal]);
    let depth = author.dice.below(2);
    let number = author.value(kind, depth);
    match author.dice.below(9) {
        0 => Phrase::of("sum({0})", &[number]),
        1 => of_doubles("avg({0})", number),
        2 => of_doubles("median({0})", number),
        3 => quantile(number, author.dice.pick(&["0.25", "0.5", "0.75", "0", "1"])),
        other => {
            let functions = ["var_samp", "var_pop", "stddev", "stddev_pop", "avg"]
                .map(|name| format!("{name}({{0}})"));
            of_doubles(&functions[other - 4], number)
        }
    }
}

/// Aggregates of any type that has an order.
fn of_any(author: &mut Author<'_>) -> Phrase {
    let kind = author.dice.pick(Kind::ALL);
    let depth = author.dice.below(2);
    let (value, is_double) = match author.dice.below(16) {
        0 => (Phrase::same("big"), false),
        1 => (Phrase::same("wild"), true),
        _ => (author.value(kind, depth), kind == Kind::Double),
    };
    match (author.dice.below(4), is_double) {
        (0, _) => Phrase::of("count({0})", &[value]),
        (1, _) => Phrase::of("count(DISTINCT {0})", &[value]),
        (other, true) => extreme_double(other == 2, value),
        (2, false) => Phrase::of("max({0})", &[value]),
        _ => Phrase::of("min({0})", &[value]),
    }
}

/// Groups of rows, or of groups, of a query in FROM or WITH.
fn nested(author: &mut Author<'_>) -> Question {
    let key = group_key(author);
    let depth = author.dice.below(3);
    let (inner, least) = (author.value(Kind::Integer, depth), author.dice.between(-5, 5));
    let inner = match author.dice.below(2) {
        0 => {
            let parts = [key, inner, author.value(Kind::Double, 1), filter(author)];
            Phrase::of("SELECT {0} AS k, {1} AS v, {2} AS d FROM t{3}", &parts)
        }
        _ => {
            let parts = [key, group_key(author), inner, filter(author)];
            Phrase::of(
                "SELECT {0} AS k, {1} AS k2, sum({2}) AS v, CAST(count(*) AS DOUBLE) AS d \
                 FROM t{3} GROUP BY 1, 2",
                &parts,
            )
        }
    };
    let extreme = extreme_double(author.dice.one_in(2), Phrase::same("d"));
    let parts = [inner, Phrase::same(least.to_string()), extreme];
    let template = match author.dice.below(3) {
        0 => {
            "SELECT k AS c0, count(*) AS c1, sum(v) AS c2, {2} AS c3 FROM ({0}) AS q \
              WHERE v > {1} OR v IS NULL GROUP BY k"
        }
        1 => {
            "WITH q AS ({0}) SELECT k AS c0, count(v) AS c1, {2} AS c2 FROM q GROUP BY k \
              HAVING count(*) > {1}"
        }
        _ => "SELECT DISTINCT k AS c0, v AS c1 FROM ({0}) AS q WHERE d > {1}",
    };
    Question { form: Form::Nested, sql: Phrase::of(template, &parts), order: Order::Free }
}
