//! Rows in columns for the eye, as wide as the terminal.
//!
//! A cell that is too long is cut and ends in `..`, and a last line says so. A null is `null`, dim
//! where the terminal shows it. Control characters are written as escapes, so that no value can
//! steer a terminal.

use std::io::{self, Write};

use colonna_column::Columns;
use colonna_schema::Scalar;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::json;

/// What stands between two columns.
const GAP: &str = "  ";

/// A column is not made narrower than that to fit in a terminal.
const NARROWEST: usize = 6;

/// Where a table is written to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// How many characters a line may have; without it a cell has at most `cell_width`.
    pub(crate) width: Option<usize>,
    /// How many characters a cell may have where lines may be of any length.
    pub(crate) cell_width: usize,
    /// Whether escape sequences are understood.
    pub(crate) is_styled: bool,
}

/// One cell, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    is_null: bool,
}

impl Cell {
    /// A text in which nothing steers a terminal.
    pub(crate) fn text(text: &str) -> Self {
        Self { text: visible(text), is_null: false }
    }

    fn of(value: &Scalar) -> Self {
        match value {
            Scalar::Null => Self { text: "null".to_owned(), is_null: true },
            Scalar::List(_) | Scalar::Struct(_) | Scalar::Map(_) => Self::text(&json::value(value)),
            value => Self::text(&value.to_string()),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

/// What can be shown as a table. Rows are asked for twice, so that they need not all be held.
pub(crate) trait Grid {
    /// The name of each column.
    fn header(&self) -> Vec<Cell>;
    /// Whether each column is pushed to the right.
    fn right_aligned(&self) -> Vec<bool>;
    /// How many rows there are.
    fn row_count(&self) -> usize;
    /// The cells of a row, as many as the header has.
    fn row(&self, row: usize) -> Vec<Cell>;
}

impl Grid for Columns {
    fn header(&self) -> Vec<Cell> {
        self.schema().fields.iter().map(|field| Cell::text(&field.name)).collect()
    }

    fn right_aligned(&self) -> Vec<bool> {
        self.schema().fields.iter().map(|field| field.data_type.is_numeric()).collect()
    }

    fn row_count(&self) -> usize {
        Columns::row_count(self)
    }

    fn row(&self, row: usize) -> Vec<Cell> {
        Columns::row(self, row).iter().map(Cell::of).collect()
    }
}

/// A table that a report writes itself.
#[derive(Debug, Default)]
pub(crate) struct Report {
    header: Vec<String>,
    right_aligned: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Report {
    /// With one more column, its values to the left.
    #[must_use]
    pub(crate) fn left(mut self, name: &str) -> Self {
        self.header.push(name.to_owned());
        self.right_aligned.push(false);
        self
    }

    /// With one more column, its values to the right.
    #[must_use]
    pub(crate) fn right(mut self, name: &str) -> Self {
        self.header.push(name.to_owned());
        self.right_aligned.push(true);
        self
    }

    /// Adds a row of as many cells as there are columns.
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl Grid for Report {
    fn header(&self) -> Vec<Cell> {
        self.header.iter().map(|name| Cell::text(name)).collect()
    }

    fn right_aligned(&self) -> Vec<bool> {
        self.right_aligned.clone()
    }

    fn row_count(&self) -> usize {
        self.rows.len()
    }

    fn row(&self, row: usize) -> Vec<Cell> {
        self.rows.get(row).into_iter().flatten().map(|text| Cell::text(text)).collect()
    }
}

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    /// How many cells were cut.
    pub(crate) cells: usize,
    /// How many columns at the end are not shown at all.
    pub(crate) columns: usize,
}

/// Writes an answer and how many rows it has.
pub(crate) fn write_answer(out: &mut dyn Write, rows: &Columns, page: Page) -> io::Result<()> {
    let cut = write_grid(out, rows, page)?;
    let count = rows.row_count();
    write!(out, "({count} {}", if count == 1 { "row" } else { "rows" })?;
    if cut.columns > 0 {
        write!(out, "; columns left out: {}", cut.columns)?;
    }
    if cut.cells > 0 {
        write!(out, "; cells cut: {}", cut.cells)?;
    }
    if cut != Cut::default() {
        write!(out, "; --format json or csv shows all")?;
    }
    writeln!(out, ")")
}

/// Writes the header, a rule and the rows.
pub(crate) fn write_grid(out: &mut dyn Write, grid: &dyn Grid, page: Page) -> io::Result<Cut> {
    let header = grid.header();
    let widths = fitted(natural_widths(grid, &header), page);
    let right = grid.right_aligned();
    let mut cut = Cut { cells: 0, columns: header.len() - widths.len() };
    let lay_out = |cells: &[Cell], is_header: bool, cut: &mut Cut| {
        let mut line = String::new();
        let columns = cells.iter().zip(&widths).zip(&right);
        for (index, ((cell, width), right)) in columns.enumerate() {
            line.push_str(if index > 0 { GAP } else { "" });
            push_cell(&mut line, cell, *width, *right && !is_header, page.is_styled, cut);
        }
        line.truncate(line.trim_end_matches(' ').len());
        line.push('\n');
        line
    };
    // A name that is cut says nothing about the values.
    out.write_all(lay_out(&header, true, &mut Cut::default()).as_bytes())?;
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    writeln!(out, "{}", rule.join(GAP))?;
    for row in 0..grid.row_count() {
        out.write_all(lay_out(&grid.row(row), false, &mut cut).as_bytes())?;
    }
    Ok(cut)
}

/// How wide each column would be with all its cells whole.
fn natural_widths(grid: &dyn Grid, header: &[Cell]) -> Vec<usize> {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.text.width()).collect();
    for row in 0..grid.row_count() {
        for (width, cell) in widths.iter_mut().zip(grid.row(row)) {
            *width = (*width).max(cell.text.width());
        }
    }
    widths
}

/// The widths that the page has room for: the widest columns give way first, and where all are at
/// their narrowest, the last columns are left out.
fn fitted(mut widths: Vec<usize>, page: Page) -> Vec<usize> {
    let Some(line) = page.width else {
        return widths.into_iter().map(|width| width.min(page.cell_width)).collect();
    };
    let gaps = |columns: usize| columns.saturating_sub(1) * GAP.len();
    let least = |widths: &[usize]| {
        widths.iter().map(|width| (*width).min(NARROWEST)).sum::<usize>() + gaps(widths.len())
    };
    while widths.len() > 1 && least(&widths) > line {
        widths.pop();
    }
    let room = line.saturating_sub(gaps(widths.len())).max(1);
    // The greatest width that all can be held to; found from the narrow columns up.
    let mut sorted = widths.clone();
    sorted.sort_unstable();
    let (mut left, mut limit) = (room, usize::MAX);
    for (index, width) in sorted.iter().enumerate() {
        let share = left / (sorted.len() - index);
        if *width > share {
            limit = share.max(1);
            break;
        }
        left -= width;
    }
    widths.into_iter().map(|width| width.min(limit)).collect()
}

fn push_cell(
    line: &mut String,
    cell: &Cell,
    width: usize,
    is_right: bool,
    is_styled: bool,
    cut: &mut Cut,
) {
    let (shown, used) = shortened(&cell.text, width);
    if shown.len() < cell.text.len() || used > width {
        cut.cells += 1;
    }
    let padding = " ".repeat(width.saturating_sub(used));
    if is_right {
        line.push_str(&padding);
    }
    if cell.is_null && is_styled {
        line.push_str("\x1b[2m");
        line.push_str(&shown);
        line.push_str("\x1b[0m");
    } else {
        line.push_str(&shown);
    }
    if !is_right {
        line.push_str(&padding);
    }
}

/// The text, or as much of it as leaves room for `..`, and how wide that is.
fn shortened(text: &str, width: usize) -> (String, usize) {
    let whole = text.width();
    if whole <= width {
        return (text.to_owned(), whole);
    }
    let room = width.saturating_sub(2);
    let mut used = 0;
    let mut shown = String::new();
    for c in text.chars() {
        let char_width = c.width().unwrap_or(0);
        if used + char_width > room {
            break;
        }
        used += char_width;
        shown.push(c);
    }
    let dots = width.min(2);
    shown.push_str(&".".repeat(dots));
    (shown, used + dots)
}

/// The text with its control characters as escapes.
fn visible(text: &str) -> String {
    // The marks that turn the direction of writing can hide what a line says.
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_unseen) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if is_unseen(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use colonna_column::Column;
    use colonna_schema::DataType;

    use super::*;

    const WIDE: Page = Page { width: None, cell_width: 60, is_styled: false };

    fn rows(columns: &[(&str, DataType, Vec<Scalar>)]) -> Columns {
        let columns = columns.iter().map(|(name, data_type, values)| {
            ((*name).to_owned(), Column::from_scalars(data_type, values).unwrap())
        });
        Columns::from_named(columns.collect()).unwrap()
    }

    #[track_caller]
    fn check(rows: &Columns, page: Page, expected: &str) {
        let mut text = Vec::new();
        write_answer(&mut text, rows, page).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn numbers_stand_to_the_right_and_the_rows_are_counted() {
        let rows = rows(&[
            ("name", DataType::Utf8, vec!["ab".into(), Scalar::Null]),
            ("n", DataType::Int64, vec![7.into(), 1234.into()]),
        ]);
        check(&rows, WIDE, "name  n\n----  ----\nab       7\nnull  1234\n(2 rows)\n");
    }

    #[test]
    fn the_widest_column_gives_way_first() {
        let rows = rows(&[
            ("long", DataType::Utf8, vec!["abcdefghijklmnopqrstuvwxyz".into()]),
            ("short", DataType::Utf8, vec!["whole".into()]),
        ]);
        let page = Page { width: Some(20), ..WIDE };
        let hint = "(1 row; cells cut: 1; --format json or csv shows all)";
        let expected =
            format!("long           short\n-------------  -----\nabcdefghijk..  whole\n{hint}\n");
        check(&rows, page, &expected);
    }

    #[test]
    fn columns_that_find_no_room_are_counted() {
        let values = || vec!["0123456789".into()];
        let rows = rows(&[
            ("a", DataType::Utf8, values()),
            ("b", DataType::Utf8, values()),
            ("c", DataType::Utf8, values()),
        ]);
        let mut text = Vec::new();
        let cut = write_grid(&mut text, &rows, Page { width: Some(14), ..WIDE }).unwrap();
        assert_eq!(cut, Cut { cells: 2, columns: 1 });
        let text = String::from_utf8(text).unwrap();
        assert!(text.lines().all(|line| line.len() <= 14), "{text}");
    }

    #[test]
    fn wide_characters_take_two_places() {
        let rows = rows(&[
            ("x", DataType::Utf8, vec!["\u{6771}\u{4eac}".into(), "a".into()]),
            ("n", DataType::Int64, vec![1.into(), 2.into()]),
        ]);
        check(&rows, WIDE, "x     n\n----  -\n\u{6771}\u{4eac}  1\na     2\n(2 rows)\n");
    }

    #[test]
    fn no_value_steers_the_terminal() {
        let rows = rows(&[("x", DataType::Utf8, vec!["a\x1b[31m\nb\u{202e}".into()])]);
        check(&rows, WIDE, "x\n----------------------\na\\u{1b}[31m\\nb\\u{202e}\n(1 row)\n");
    }

    #[test]
    fn a_null_is_dim_where_the_terminal_shows_it() {
        let rows = rows(&[("x", DataType::Utf8, vec![Scalar::Null])]);
        let page = Page { is_styled: true, ..WIDE };
        check(&rows, page, "x\n----\n\x1b[2mnull\x1b[0m\n(1 row)\n");
    }

    #[test]
    fn an_answer_without_rows_still_shows_its_columns() {
        check(&rows(&[("x", DataType::Utf8, vec![])]), WIDE, "x\n-\n(0 rows)\n");
    }
}
