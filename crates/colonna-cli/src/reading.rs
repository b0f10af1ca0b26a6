//! From the options of `load` and `schema` to how inputs are read.

use std::path::Path;

use colonna::{FormatName, InferOptions, Ingest, ReadOptions, Unwrap};
use colonna_ingest::GivenType;

use crate::args::{Bounds, FormatArgs, InputFormat, OnOff, ReadArgs, TypeArgs, Unwrapping, YesNo};
use crate::error::CliError;
use crate::words::FieldType;

/// A load into a table, with all that says how its inputs are read.
pub(crate) fn ingest(
    table: &Path,
    inputs: &[String],
    args: &ReadArgs,
    bounds: Bounds,
) -> Result<Ingest, CliError> {
    // From the root, for the library makes every folder of the path, and the first of a relative one
    // is the folder that the program was started in.
    let table = std::path::absolute(table).unwrap_or_else(|_unknown| table.to_owned());
    let mut ingest = Ingest::into(table)
        .inputs(inputs)
        .read_options(read_options(&args.format)?)
        .infer_options(infer_options(&args.types)?);
    if let Some(threads) = bounds.threads {
        ingest = ingest.threads(usize::from(threads));
    }
    if let Some(memory) = bounds.memory {
        ingest = ingest.memory(memory.0);
    }
    Ok(ingest)
}

fn infer_options(args: &TypeArgs) -> Result<InferOptions, CliError> {
    Ok(InferOptions {
        types: args.types.iter().map(given_type).collect::<Result<_, _>>()?,
        all_text: args.all_text,
        flatten: args.flatten,
        find_maps: args.maps != Some(OnOff::Off),
        nulls: args.null.clone(),
        ..InferOptions::default()
    })
}

fn given_type(given: &FieldType) -> Result<GivenType, CliError> {
    let FieldType { field, data_type, format } = given;
    let read = |text: &String| {
        text.parse().map_err(|source| CliError::TimeFormat {
            field: field.clone(),
            format: text.clone(),
            source,
        })
    };
    Ok(GivenType {
        path: field.clone(),
        data_type: data_type.clone(),
        format: format.as_ref().map(read).transpose()?,
    })
}

/// An option that only another format than the given one has.
fn check_format(args: &FormatArgs) -> Result<(), CliError> {
    let Some(given) = args.format else { return Ok(()) };
    let options = [
        ("--delimiter", InputFormat::Csv, args.delimiter.is_some()),
        ("--quote", InputFormat::Csv, args.quote.is_some()),
        ("--escape", InputFormat::Csv, args.escape.is_some()),
        ("--comment", InputFormat::Csv, args.comment.is_some()),
        ("--header", InputFormat::Csv, args.header.is_some()),
        ("--skip", InputFormat::Csv, args.skip.is_some()),
        ("--regex", InputFormat::Text, args.regex.is_some()),
        ("--pointer", InputFormat::Json, args.pointer.is_some()),
        ("--array-header", InputFormat::Json, args.array_header),
        ("--unwrap", InputFormat::Json, args.unwrap.is_some()),
    ];
    match options.into_iter().find(|(_, format, is_given)| *is_given && *format != given) {
        Some((option, format, _)) => Err(CliError::OptionOfOtherFormat {
            option,
            format: format_name(format),
            given: format_name(given),
        }),
        None => Ok(()),
    }
}

fn format_name(format: InputFormat) -> FormatName {
    match format {
        InputFormat::Json => FormatName::Json,
        InputFormat::Csv => FormatName::Csv,
        InputFormat::Text => FormatName::Text,
    }
}

fn read_options(args: &FormatArgs) -> Result<ReadOptions, CliError> {
    check_format(args)?;
    let format = args.format.map(format_name);
    let mut options = ReadOptions { format, ..ReadOptions::default() };
    options.json.pointer = args.pointer.clone();
    options.json.array_header = args.array_header;
    if let Some(unwrap) = args.unwrap {
        options.json.unwrap = match unwrap {
            Unwrapping::Mongo => Unwrap::MongoExtended,
            Unwrapping::Dynamodb => Unwrap::DynamoDb,
            Unwrapping::Elastic => Unwrap::ElasticSource,
            Unwrapping::ElasticBulk => Unwrap::ElasticBulk,
        };
    }
    if let Some(size) = args.max_record {
        options.limits.record_byte_len = usize::try_from(size.0).unwrap_or(usize::MAX);
    }
    options.source.encoding = args.encoding.clone();
    options.source.source_column = args.source_column.clone();
    options.source.path_pattern = args.path_pattern.clone();
    options.text.regex = args.regex.clone();
    let csv = &mut options.csv;
    csv.delimiter = args.delimiter.as_ref().map(|delimiter| delimiter.0.clone());
    csv.header = args.header.map(|header| header == YesNo::Yes);
    csv.skip_lines = args.skip;
    let marks = [
        (&args.quote, &mut csv.quote),
        (&args.escape, &mut csv.escape),
        (&args.comment, &mut csv.comment),
    ];
    for (given, mark) in marks {
        if let Some(given) = given {
            *mark = given.0.parse()?;
        }
    }
    Ok(options)
}
