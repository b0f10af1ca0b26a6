//! `colonna load`: files into a table.

use std::sync::Arc;

use colonna::{Granularity, Ingest, LoadReport, MissingTime, Mode, Profile, Table};

use crate::args::{self, Bounds, LoadArgs, Replace};
use crate::error::{CliError, in_one_line};
use crate::output::Output;
use crate::progress::Bar;
use crate::reading;
use crate::{Outcome, complain};

/// Loads the input and reports what became of it.
pub(crate) fn run(args: &LoadArgs, bounds: Bounds) -> Result<Outcome, CliError> {
    let mut ingest = reading::ingest(&args.table, &args.inputs, &args.read, bounds)?;
    ingest = partitioned(ingest, args);
    if !args.sort.is_empty() {
        ingest = ingest.sort_by(args.sort.iter().cloned());
    }
    if let Some(path) = &args.schema {
        ingest = ingest.schema_file(path);
    }
    ingest = ingest.mode(match args.replace {
        None => Mode::Append,
        Some(Replace::Table) => Mode::ReplaceTable,
        Some(Replace::Partitions) => Mode::ReplacePartitions,
    });
    ingest = ingest.profile(match args.profile {
        args::Profile::Smallest => Profile::Smallest,
        args::Profile::Balanced => Profile::Balanced,
        args::Profile::Fastest => Profile::Fastest,
    });
    ingest = ingest.missing_time(match args.missing_time {
        args::MissingTime::Null => MissingTime::NullPartition,
        args::MissingTime::Quarantine => MissingTime::Quarantine,
    });
    if let Some(records) = args.max_rejects {
        ingest = ingest.max_rejects(records);
    }
    if let Some(identity) = &args.identity {
        ingest = ingest.identity(&identity.name, identity.version);
    }
    if args.again {
        ingest = ingest.again();
    }
    if args.dry_run {
        ingest = ingest.dry_run();
    }
    let report = watched(ingest).map_err(|error| explained(error, args))?;
    tell(&report, args.json)?;
    Ok(if report.rows_quarantined > 0 { Outcome::Rejects } else { Outcome::Done })
}

/// By what a new table is partitioned. A table that is there already knows, and is asked only where
/// --by says something.
fn partitioned(ingest: Ingest, args: &LoadArgs) -> Ingest {
    let exists = Table::exists(&args.table);
    match (args.by.as_deref(), args.time.as_deref()) {
        (None, None) => ingest,
        (None, Some(time)) if exists => ingest.time(time),
        (None, Some(time)) => ingest.partition_by(time, Granularity::Day),
        (Some("none"), time) => with_time(ingest.unpartitioned(), time),
        (Some(word), time) => match (granularity(word), time) {
            (Some(granularity), Some(time)) => ingest.partition_by(time, granularity),
            // Without a time the word can only be a column: flights have a `day` and a `month`.
            (_, time) => with_time(ingest.partition_by_column(word), time),
        },
    }
}

fn with_time(ingest: Ingest, time: Option<&str>) -> Ingest {
    match time {
        Some(time) => ingest.time(time),
        None => ingest,
    }
}

fn granularity(word: &str) -> Option<Granularity> {
    match word {
        "hour" => Some(Granularity::Hour),
        "day" => Some(Granularity::Day),
        "month" => Some(Granularity::Month),
        "year" => Some(Granularity::Year),
        _ => None,
    }
}

/// Says what was probably meant where `--by day` stands alone and there is no such column.
fn explained(error: colonna::Error, args: &LoadArgs) -> CliError {
    match (&error, args.by.as_deref(), args.time.as_deref()) {
        (colonna::Error::NoSuchField { field, .. }, Some(word), None)
            if field == word && granularity(word).is_some() =>
        {
            CliError::NoTimeToPartitionBy { word: word.to_owned() }
        }
        _ => CliError::Colonna(error),
    }
}

/// Runs the load with a bar, where somebody looks.
fn watched(ingest: Ingest) -> Result<LoadReport, colonna::Error> {
    let Some(bar) = Bar::on_terminal() else { return ingest.run() };
    let shown = Arc::clone(&bar);
    let result = ingest.on_progress(Arc::new(move |progress| shown.show(progress))).run();
    bar.finish();
    result
}

fn tell(report: &LoadReport, as_json: bool) -> Result<(), CliError> {
    let text = if as_json {
        serde_json::to_string(report).map_err(|source| CliError::Report { source })?
    } else {
        report.to_string()
    };
    // The rows are in the table, whether or not anybody reads on, and the exit code says so.
    if let Err(error) = Output::standard().write_line(&text)
        && !error.is_broken_pipe()
    {
        complain(&format!("the load is done; of its report: {}", in_one_line(&error)));
    }
    Ok(())
}
