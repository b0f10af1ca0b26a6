//! `colonna query`: a table asked in SQL.

use std::io::{self, Write};
use std::time::Duration;

use colonna::{Answer, QueryOptions, Table};
use colonna_page::{WriteOptions, write_file};
use colonna_sql::{ParseOptions, Statement};

use crate::Outcome;
use crate::args::{Bounds, OutputFormat, QueryArgs};
use crate::error::CliError;
use crate::output::Output;
use crate::render::{csv, json, table};
use crate::terminal;

/// Answers the query and writes the rows.
pub(crate) fn run(args: &QueryArgs, bounds: Bounds) -> Result<Outcome, CliError> {
    let opened = match args.table_version {
        Some(version) => Table::open_version(&args.table, version)?,
        None => Table::open(&args.table)?,
    };
    let opened = match &args.cache {
        Some(size) => opened.with_page_cache(size.0),
        None => opened,
    };
    let now = ParseOptions::default().with_now_micros(colonna::now_micros());
    let statement = colonna_sql::parse_with(&args.sql, now)?;
    check_table(&statement.table, opened.name())?;
    let options = QueryOptions {
        threads: bounds.threads.map(usize::from),
        memory: bounds.memory.map(|size| size.0),
        pruning: !args.no_pruning,
    };
    // Before the work, so that an output that cannot be is known at once.
    let output = Output::open(args.output.as_deref())?;
    if args.format == OutputFormat::Parquet && output.is_terminal() && !statement.explain {
        return Err(CliError::ParquetToTerminal);
    }
    if statement.explain {
        return explain(&opened, &statement, &options, output);
    }
    let (answer, runs) = answer(&opened, &statement, &options, args.repeat)?;
    if args.stats {
        tell_stats(&answer)?;
    }
    if args.json {
        output.write_line(&measured(&answer, &runs))?;
        return Ok(Outcome::Done);
    }
    if args.repeat > 1 {
        tell_runs(&runs)?;
    }
    write_rows(&answer, args.format, output)?;
    Ok(Outcome::Done)
}

/// A query knows the table by its folder's name and by `t`, in any case.
fn check_table(asked: &str, name: &str) -> Result<(), CliError> {
    if asked.eq_ignore_ascii_case(name) || asked.eq_ignore_ascii_case("t") {
        return Ok(());
    }
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    let name = if is_word { name.to_owned() } else { format!("\"{name}\"") };
    if asked.is_empty() {
        return Err(CliError::NoTable { name });
    }
    Err(CliError::OtherTable { asked: asked.to_owned(), name })
}

/// The answer of the last of so many runs, with the time of each.
fn answer(
    table: &Table,
    statement: &Statement,
    options: &QueryOptions,
    repeat: u32,
) -> Result<(Answer, Vec<Duration>), CliError> {
    let mut answer = table.query(&statement.query, options)?;
    let mut runs = vec![answer.elapsed()];
    for _ in 1..repeat {
        answer = table.query(&statement.query, options)?;
        runs.push(answer.elapsed());
    }
    Ok((answer, runs))
}

fn explain(
    table: &Table,
    statement: &Statement,
    options: &QueryOptions,
    output: Output,
) -> Result<Outcome, CliError> {
    let mut text = table.explain(&statement.query)?;
    if statement.analyze {
        let answer = table.query(&statement.query, options)?;
        text = format!("{text}\n\nwhat it read:\n{}", stats(&answer));
    }
    output.write_line(&text)?;
    Ok(Outcome::Done)
}

fn write_rows(answer: &Answer, format: OutputFormat, output: Output) -> Result<(), CliError> {
    let rows = answer.columns();
    match format {
        OutputFormat::Table => {
            let page = if output.is_standard() { terminal::page() } else { terminal::plain_page() };
            output.write(|out| table::write_answer(out, rows, page))
        }
        OutputFormat::Csv => output.write(|out| csv::write(out, rows)),
        OutputFormat::Json => output.write(|out| json::write_lines(out, rows)),
        OutputFormat::Parquet => {
            let sink = output.into_sink()?;
            let written = write_file(sink, rows.schema(), [rows], &WriteOptions::default());
            let flushed = written.map_err(|source| CliError::Parquet { source })?.0.flush();
            flushed.map_err(|source| CliError::Output { source })
        }
    }
}

/// What was read and skipped, how many rows came of it, and how long it took.
fn stats(answer: &Answer) -> String {
    let rows = colonna::counted(answer.row_count() as u64, "row");
    format!("{}\n{rows} in {:.3} ms", answer.counters(), millis(answer.elapsed()))
}

fn tell_stats(answer: &Answer) -> Result<(), CliError> {
    tell(&stats(answer))
}

fn tell_runs(runs: &[Duration]) -> Result<(), CliError> {
    let best = runs.iter().min().copied().unwrap_or_default();
    tell(&format!("best of {} runs: {:.3} ms", runs.len(), millis(best)))
}

fn tell(text: &str) -> Result<(), CliError> {
    writeln!(io::stderr(), "{text}").map_err(|source| CliError::Output { source })
}

/// `{"best_ms": .., "runs_ms": [..], "counters": {..}, "rows": [..]}`
fn measured(answer: &Answer, runs: &[Duration]) -> String {
    let best = runs.iter().min().copied().unwrap_or_default();
    let shown: Vec<String> = runs.iter().map(|run| format!("{:.3}", millis(*run))).collect();
    let counters: Vec<String> = answer
        .counters()
        .named()
        .iter()
        .map(|(name, count)| format!("{}:{count}", json::quoted(name)))
        .collect();
    format!(
        "{{\"best_ms\":{:.3},\"runs_ms\":[{}],\"counters\":{{{}}},\"rows\":{}}}",
        millis(best),
        shown.join(","),
        counters.join(","),
        json::array(answer.columns()),
    )
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_goes_by_its_folders_name_and_by_t() {
        assert!(check_table("events", "Events").is_ok());
        assert!(check_table("T", "events").is_ok());
        let other = check_table("event", "events").unwrap_err();
        assert_eq!(
            other.to_string(),
            "this table is not called \"event\": write FROM events, or FROM t"
        );
        let none = check_table("", "2025-10 events").unwrap_err();
        assert_eq!(
            none.to_string(),
            "the query has no FROM: write FROM \"2025-10 events\", or FROM t"
        );
    }
}
