//! The `colonna` program: rows in, columns kept, answers out.
//!
//! Each command is one module: it turns its arguments into calls of the library and writes what
//! comes back. Answers and reports go to standard output, everything else to standard error.

mod args;
mod error;
mod load;
mod output;
mod progress;
mod query;
mod reading;
mod render;
mod schema;
mod show;
mod size;
mod terminal;
mod words;

use std::io::Write;
use std::panic;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::{Cli, Command};
use crate::error::{CliError, flat, in_one_line};

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// Done, but not with every record.
    Rejects,
}

const REJECTS: u8 = 1;
const FAILED: u8 = 2;

/// About as much as glibc may keep of what is given back to it.
const KEPT_BYTES: usize = (32 << 20) - (64 << 10);

/// Columns are large and short-lived. glibc gives what is large back to the system, which has to
/// clear it for whoever asks next, until something larger was given back before: from then on it
/// keeps what is smaller (mallopt(3), `M_MMAP_THRESHOLD`). Other allocators take no notice.
fn keep_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(KEPT_BYTES)));
}

/// A file that makes its reader panic is malformed, and an error says so; nothing else need.
fn keep_quiet_of_malformed_files() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        if !colonna_page::is_reading_guarded() {
            tell(what);
        }
    }));
}

fn main() -> ExitCode {
    keep_memory();
    keep_quiet_of_malformed_files();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    match run(&cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Rejects) => ExitCode::from(REJECTS),
        // Whoever read the output has seen enough.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            complain(&in_one_line(&error));
            ExitCode::from(FAILED)
        }
    }
}

fn run(cli: &Cli) -> Result<Outcome, CliError> {
    match &cli.command {
        Command::Load(args) => load::run(args, cli.bounds),
        Command::Query(args) => query::run(args, cli.bounds),
        Command::Schema(args) => schema::run(args, cli.bounds),
        Command::Show(args) => show::run(args),
    }
}

/// Help and version are what was asked for; the rest is told in one line.
fn not_understood(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let is_printed = error.print().is_ok();
        let is_help = is_printed && !error.use_stderr();
        return if is_help { ExitCode::SUCCESS } else { ExitCode::from(FAILED) };
    }
    let text = error.render().to_string();
    let message = text.split("\n\nUsage:").next().unwrap_or(&text);
    let message = message.split("\n\nFor more information").next().unwrap_or(message);
    let message = flat(message.strip_prefix("error: ").unwrap_or(message));
    complain(&format!("{message}; --help shows how"));
    ExitCode::from(FAILED)
}

/// Says what is wrong. Where not even that can be written, the exit code has to do.
fn complain(line: &str) {
    drop(writeln!(std::io::stderr(), "colonna: {line}"));
}
