//! `colonna show`: what a table holds.

use std::io::{self, Write};
use std::path::Path;

use colonna::{DataFile, Table, byte_size, counted, grouped};
use colonna_schema::Scalar;
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::args::ShowArgs;
use crate::error::CliError;
use crate::output::Output;
use crate::render::fields;
use crate::render::json::value as json_text;
use crate::render::table::{Page, Report, write_grid};
use crate::terminal;

/// So many partitions are listed unless all are asked for.
const PARTITIONS_SHOWN: usize = 20;

/// The folder of the records that could not be read, below the table's.
const QUARANTINE: &str = "_quarantine";

/// Files that stand together, and what they hold.
#[derive(Clone, Debug, Default)]
struct Totals {
    /// What the partition columns are; empty for the whole table.
    values: Vec<(String, Scalar)>,
    files: u64,
    bytes: u64,
    rows: u64,
    /// Files of which it is not known how many rows they have.
    uncounted_files: u64,
    deleted_rows: u64,
}

impl Totals {
    fn add(&mut self, file: &DataFile) {
        let deleted = file.deletion_vector.as_ref().map_or(0, |vector| vector.row_count);
        self.files += 1;
        self.bytes += file.byte_len;
        self.deleted_rows += deleted;
        match &file.statistics {
            Some(statistics) => self.rows += statistics.row_count.saturating_sub(deleted),
            None => self.uncounted_files += 1,
        }
    }

    /// The rows, as far as the files say how many they have.
    fn rows_text(&self) -> String {
        match self.uncounted_files {
            0 => grouped(self.rows),
            _ => format!("{} or more", grouped(self.rows)),
        }
    }

    fn rows_value(&self) -> Value {
        if self.uncounted_files == 0 { self.rows.into() } else { Value::Null }
    }
}

/// What is known of a table.
struct Overview {
    name: String,
    table: Table,
    files: Vec<DataFile>,
    all: Totals,
    partitions: Vec<Totals>,
    quarantined: u64,
}

/// Shows the table.
pub(crate) fn run(args: &ShowArgs) -> Result<Outcome, CliError> {
    let table = match args.table_version {
        Some(version) => Table::open_version(&args.table, version)?,
        None => Table::open(&args.table)?,
    };
    let files = table.files()?;
    let mut all = Totals::default();
    files.iter().for_each(|file| all.add(file));
    let overview = Overview {
        name: table.name().to_owned(),
        partitions: partitions(&files),
        quarantined: quarantined(&args.table)?,
        all,
        files,
        table,
    };
    let output = Output::standard();
    if args.json {
        output.write_line(&overview_value(&overview, args).to_string())?;
    } else {
        output.write(|out| write_overview(out, &overview, args, terminal::page()))?;
    }
    Ok(Outcome::Done)
}

/// The partitions in the order of their values. Without partition columns there are none.
fn partitions(files: &[DataFile]) -> Vec<Totals> {
    let mut sorted: Vec<&DataFile> =
        files.iter().filter(|file| !file.partition_values.is_empty()).collect();
    let by_values = |left: &&DataFile, right: &&DataFile| {
        let pairs = left.partition_values.iter().zip(&right.partition_values);
        let mut orders = pairs.map(|((_, left), (_, right))| left.total_cmp(right));
        orders.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    };
    sorted.sort_by(by_values);
    let mut partitions: Vec<Totals> = Vec::new();
    for file in sorted {
        match partitions.last_mut() {
            Some(last) if last.values == file.partition_values => last.add(file),
            _ => {
                let mut next =
                    Totals { values: file.partition_values.clone(), ..Totals::default() };
                next.add(file);
                partitions.push(next);
            }
        }
    }
    partitions
}

/// How many records stand in the quarantine, whatever version is shown.
fn quarantined(table: &Path) -> Result<u64, CliError> {
    let folder = table.join(QUARANTINE);
    if !folder.join("_delta_log").is_dir() {
        return Ok(0);
    }
    let mut all = Totals::default();
    Table::open(folder)?.files()?.iter().for_each(|file| all.add(file));
    Ok(all.rows)
}

fn write_overview(
    out: &mut dyn Write,
    overview: &Overview,
    args: &ShowArgs,
    page: Page,
) -> io::Result<()> {
    let Overview { name, table, all, .. } = overview;
    let version =
        table.version().map_or_else(|| "none (a folder of Parquet)".to_owned(), |v| v.to_string());
    writeln!(out, "table       {}", crate::error::flat(name))?;
    writeln!(out, "version     {version}")?;
    writeln!(out, "rows        {}", all.rows_text())?;
    if all.deleted_rows > 0 {
        writeln!(out, "deleted     {}", counted(all.deleted_rows, "row"))?;
    }
    writeln!(out, "bytes       {}", byte_size(all.bytes))?;
    writeln!(out, "files       {}", grouped(all.files))?;
    let columns = table.partition_columns();
    if !columns.is_empty() {
        writeln!(out, "partitions  {} by {}", overview.partitions.len(), columns.join(", "))?;
    }
    writeln!(out, "quarantine  {}", counted(overview.quarantined, "record"))?;
    for (name, value) in table.properties() {
        writeln!(
            out,
            "property    {} = {}",
            crate::error::flat(&name),
            crate::error::flat(&value)
        )?;
    }
    writeln!(out)?;
    write_columns(out, table, page)?;
    if !columns.is_empty() {
        let shown = if args.partitions { usize::MAX } else { PARTITIONS_SHOWN };
        write_partitions(out, &columns, &overview.partitions, shown, page)?;
    }
    if args.files { write_files(out, &overview.files, page) } else { Ok(()) }
}

fn write_columns(out: &mut dyn Write, table: &Table, page: Page) -> io::Result<()> {
    let mut report = Report::default().left("column").left("type");
    for line in fields::lines(&table.schema().fields) {
        report.push([line.label, line.data_type]);
    }
    write_grid(out, &report, page).map(drop)
}

fn write_partitions(
    out: &mut dyn Write,
    columns: &[String],
    partitions: &[Totals],
    shown: usize,
    page: Page,
) -> io::Result<()> {
    let report = columns.iter().fold(Report::default(), |report, column| report.left(column));
    let mut report = report.right("rows").right("files").right("bytes");
    for partition in partitions.iter().take(shown) {
        let values = columns.iter().map(|column| {
            let found = partition.values.iter().find(|(name, _)| name == column);
            found.map_or_else(|| "null".to_owned(), |(_, value)| value.to_string())
        });
        let counts = [partition.rows_text(), grouped(partition.files), byte_size(partition.bytes)];
        report.push(values.chain(counts));
    }
    writeln!(out)?;
    write_grid(out, &report, page)?;
    let more = partitions.len().saturating_sub(shown);
    if more > 0 { writeln!(out, "... {more} more; --partitions lists all") } else { Ok(()) }
}

fn write_files(out: &mut dyn Write, files: &[DataFile], page: Page) -> io::Result<()> {
    let mut report = Report::default().left("file").right("rows").right("bytes");
    for file in files {
        let mut totals = Totals::default();
        totals.add(file);
        report.push([file.path.clone(), totals.rows_text(), byte_size(file.byte_len)]);
    }
    writeln!(out)?;
    // A path that is cut leads nowhere.
    let width = files.iter().map(|file| file.path.len()).max().unwrap_or_default();
    let page = Page { width: None, cell_width: page.cell_width.max(width), ..page };
    write_grid(out, &report, page).map(drop)
}

fn overview_value(overview: &Overview, args: &ShowArgs) -> Value {
    let Overview { name, table, files, all, partitions, quarantined } = overview;
    let schema: Vec<Value> = table
        .schema()
        .fields
        .iter()
        .map(|field| json!({ "name": field.name, "type": field.data_type.to_string() }))
        .collect();
    let partitions: Vec<Value> = partitions
        .iter()
        .map(|partition| {
            json!({
                "values": values_value(&partition.values),
                "rows": partition.rows_value(),
                "files": partition.files,
                "bytes": partition.bytes,
            })
        })
        .collect();
    let mut value = json!({
        "table": name,
        "version": table.version(),
        "rows": all.rows_value(),
        "deleted_rows": all.deleted_rows,
        "bytes": all.bytes,
        "files": all.files,
        "quarantined": quarantined,
        "partition_columns": table.partition_columns(),
        "partitions": partitions,
        "schema": schema,
        "properties": table.properties(),
    });
    if args.files {
        value["data_files"] = files.iter().map(file_value).collect();
    }
    value
}

fn file_value(file: &DataFile) -> Value {
    let mut totals = Totals::default();
    totals.add(file);
    json!({
        "path": file.path,
        "rows": totals.rows_value(),
        "bytes": file.byte_len,
        "partition": values_value(&file.partition_values),
    })
}

fn values_value(values: &[(String, Scalar)]) -> Value {
    let entry = |(name, value): &(String, Scalar)| {
        let value = serde_json::from_str(&json_text(value)).unwrap_or(Value::Null);
        (name.clone(), value)
    };
    Value::Object(values.iter().map(entry).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use colonna_schema::Statistics;

    use super::*;

    fn file(day: Scalar, rows: Option<u64>) -> DataFile {
        DataFile {
            path: String::new(),
            byte_len: 10,
            modified_ms: 0,
            partition_values: vec![("day".to_owned(), day)],
            statistics: rows.map(|row_count| Statistics { row_count, ..Statistics::default() }),
            deletion_vector: None,
        }
    }

    #[test]
    fn files_of_one_partition_are_added_up_in_the_order_of_the_values() {
        let files = [file(2.into(), Some(5)), file(1.into(), Some(1)), file(2.into(), None)];
        let shown: Vec<(String, String, u64)> = partitions(&files)
            .iter()
            .map(|part| (part.values[0].1.to_string(), part.rows_text(), part.bytes))
            .collect();
        let expected =
            [("1".to_owned(), "1".to_owned(), 10), ("2".to_owned(), "5 or more".to_owned(), 20)];
        assert_eq!(shown, expected);
    }
}
