//! `colonna schema`: what an input would become, with the evidence.

use std::io::{self, Write};

use colonna::{Inspection, counted, grouped};
use colonna_ingest::FieldReport;
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::args::{Bounds, SchemaArgs};
use crate::error::{CliError, flat};
use crate::output::Output;
use crate::progress::Bar;
use crate::reading;
use crate::render::fields::short;
use crate::render::table::{Page, Report, write_grid};
use crate::terminal;

/// Sources of one format are listed by name up to that many.
const SOURCES_NAMED: usize = 3;

/// Looks at the input and tells what was found.
pub(crate) fn run(args: &SchemaArgs, bounds: Bounds) -> Result<Outcome, CliError> {
    // Nothing goes to a table; the path is never looked at.
    let mut ingest = reading::ingest("none".as_ref(), &args.inputs, &args.read, bounds)?;
    if let Some(time) = &args.time {
        ingest = ingest.time(time);
    }
    let bar = Bar::on_terminal();
    if let Some(bar) = &bar {
        let shown = std::sync::Arc::clone(bar);
        ingest = ingest.on_progress(std::sync::Arc::new(move |progress| shown.show(progress)));
    }
    let inspected = ingest.inspect();
    if let Some(bar) = bar {
        bar.finish();
    }
    let found = inspected?;
    if let Some(path) = &args.write {
        let text = serde_json::to_string_pretty(&found.inferred.shape)
            .map_err(|source| CliError::Report { source })?;
        Output::open(Some(path))?.write_line(&text)?;
    }
    let output = Output::standard();
    if args.json {
        output.write_line(&inspection_value(&found).to_string())?;
    } else {
        output.write(|out| write_inspection(out, &found, terminal::page()))?;
    }
    Ok(if found.rejections > 0 { Outcome::Rejects } else { Outcome::Done })
}

fn write_inspection(out: &mut dyn Write, found: &Inspection, page: Page) -> io::Result<()> {
    for (format, names) in by_format(&found.sources) {
        let more = names.len().saturating_sub(SOURCES_NAMED);
        let named: Vec<String> = names.iter().take(SOURCES_NAMED).map(|name| flat(name)).collect();
        let rest =
            if more > 0 { format!(" and {} more", grouped(count(more))) } else { String::new() };
        writeln!(
            out,
            "{}: {format}: {}{rest}",
            counted(count(names.len()), "source"),
            named.join(", ")
        )?;
    }
    write!(out, "{}", counted(found.records, "record"))?;
    if found.rejections > 0 {
        write!(out, ", of which {} cannot be read", grouped(found.rejections))?;
    }
    writeln!(out, "\n")?;
    let mut report = Report::default().left("field").left("type").left("seen").left("why");
    for field in &found.inferred.fields {
        report.push([label(field), type_text(field), seen_text(field), why_text(field)]);
    }
    // The place of a conflict stands at the end of its line, and is what one looks for.
    let page = Page { width: None, cell_width: usize::MAX, ..page };
    write_grid(out, &report, page)?;
    found.notes.iter().try_for_each(|note| writeln!(out, "note: {}", flat(note)))
}

/// The sources under what their formats are called, in the order in which each is first met.
fn by_format(sources: &[(String, String)]) -> Vec<(&str, Vec<&str>)> {
    let mut formats: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, format) in sources {
        match formats.iter_mut().find(|(known, _)| known == format) {
            Some((_, names)) => names.push(name),
            None => formats.push((format, vec![name])),
        }
    }
    formats
}

/// The last of its names, set in by how deep it lies.
fn label(field: &FieldReport) -> String {
    let name = field.path.last().map_or("", String::as_str);
    format!("{}{name}", "  ".repeat(field.path.len().saturating_sub(1)))
}

fn type_text(field: &FieldReport) -> String {
    let data_type = short(&field.data_type);
    match &field.format {
        Some(format) => format!("{data_type} ({format})"),
        None => data_type,
    }
}

fn seen_text(field: &FieldReport) -> String {
    let counts = field.counts.iter().map(|(kind, count)| format!("{} {kind}", grouped(*count)));
    counts.collect::<Vec<_>>().join(", ")
}

/// The decision, the value that forced it, and the column where it has another name.
fn why_text(field: &FieldReport) -> String {
    let mut text = field.decision.clone();
    if let Some(conflict) = &field.conflict {
        text.push_str(&format!(
            "; first {} at {}:{}",
            conflict.kind, conflict.source, conflict.line
        ));
    }
    if field.column.last() != field.path.last() && !field.column.is_empty() {
        text.push_str(&format!("; column {}", field.column.join(".")));
    }
    text
}

fn inspection_value(found: &Inspection) -> Value {
    let sources: Vec<Value> = found
        .sources
        .iter()
        .map(|(name, format)| json!({ "name": name, "format": format }))
        .collect();
    json!({
        "records": found.records,
        "rejections": found.rejections,
        "notes": found.notes,
        "sources": sources,
        "fields": found.inferred.fields.iter().map(field_value).collect::<Vec<_>>(),
    })
}

fn field_value(field: &FieldReport) -> Value {
    let counts = field.counts.iter().map(|(kind, count)| ((*kind).to_owned(), json!(count)));
    let conflict = field.conflict.as_ref().map(|conflict| {
        json!({ "source": &*conflict.source, "line": conflict.line, "kind": conflict.kind })
    });
    json!({
        "name": field.path.join("."),
        "path": field.path,
        "column": field.column,
        "type": field.data_type.to_string(),
        "format": field.format,
        "counts": counts.collect::<Map<_, _>>(),
        "conflict": conflict,
        "decision": field.decision,
    })
}

fn count(len: usize) -> u64 {
    len as u64
}
