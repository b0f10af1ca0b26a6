//! What is known of the terminal.

use std::env;
use std::io::{IsTerminal, stdout};

use crate::render::table::Page;

/// How wide a cell may be where nobody says how wide a line may be.
const CELL_WIDTH: usize = 60;

/// How tables on standard output are laid out: as wide as the terminal, or as wide as `COLUMNS`
/// says.
pub(crate) fn page() -> Page {
    let is_terminal = stdout().is_terminal();
    let told = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let measured = || {
        let (width, _height) = terminal_size::terminal_size_of(stdout())?;
        Some(usize::from(width.0))
    };
    let width = if is_terminal { told.or_else(measured) } else { told };
    Page {
        width: width.filter(|width| *width > 0),
        cell_width: CELL_WIDTH,
        is_styled: is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// How tables in files are laid out.
pub(crate) fn plain_page() -> Page {
    Page { width: None, cell_width: CELL_WIDTH, is_styled: false }
}
