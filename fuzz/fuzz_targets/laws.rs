// Shared by the two decoder targets: what must hold for any bytes.

use std::path::Path;
use std::sync::Arc;

use colonna_ingest::{
    Decoded, Evidence, GivenType, InferOptions, IngestError, Prepared, ReadOptions, RecordShape,
    Source, TimeFormat, expand, infer,
};
use colonna_schema::{DataType, Field, Scalar};

/// What is longer is not read in small pieces.
const PIECES_BYTE_LEN: usize = 1 << 13;

/// What is longer is not read at all: a million names would take minutes here.
const MOST_BYTE_LEN: usize = 1 << 17;

/// What became of the bytes, in no order: the fields, and the rows and rejected records as text.
#[derive(Debug, PartialEq)]
struct Loaded {
    fields: String,
    records: Vec<String>,
}

/// What a byte chooses of how a source is read: one of four dialects, chunks of 1 to 16 bytes, and
/// what is said of the types.
pub struct Choice {
    pub dialect: u8,
    pub chunk_byte_len: usize,
    pub infer: InferOptions,
}

impl Choice {
    pub fn of(byte: u8) -> Self {
        let chunk_byte_len = usize::from(byte / 4 % 16) + 1;
        let given =
            |path: &str, data_type, format| GivenType { path: path.to_owned(), data_type, format };
        // With a format, or with that which the values show.
        let format = (chunk_byte_len % 2 == 0).then_some(TimeFormat::Iso8601);
        let mut infer = InferOptions::default();
        match byte / 64 {
            1 => {
                infer.types = vec![
                    given("a", DataType::Timestamp, format),
                    given("b", DataType::Int64, None),
                ];
            }
            2 => infer.time_columns = vec!["a".to_owned()],
            3 => (infer.flatten, infer.column_limit) = (true, 4),
            _ => {}
        }
        Self { dialect: byte % 4, chunk_byte_len, infer }
    }
}

/// Rows do not depend on how the bytes are cut into chunks, nor on whether all of them were looked
/// at before any was decoded, and no record is lost.
pub fn check(bytes: &[u8], read: &ReadOptions, infer: &InferOptions) {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a temporary folder");
    let path = folder.path().join("input");
    std::fs::write(&path, bytes).expect("a temporary file");
    let open = |chunk_byte_len| {
        let read = ReadOptions { chunk_byte_len, ..read.clone() };
        let input = expand(&[path.display().to_string()])?.remove(0);
        Prepared::try_new(Source::try_new(input, &read.source)?, &read)
    };
    let load = |chunk_byte_len, load: Load| load(&open(chunk_byte_len)?, infer);
    // A few bytes may inflate to very many, which would only take long.
    let text_byte_len = open(1 << 12).map_or(0, |source| inflated(&source));
    if text_byte_len > MOST_BYTE_LEN {
        return;
    }
    let whole = load(4 << 20, thorough);
    if text_byte_len > PIECES_BYTE_LEN {
        return;
    }
    let pieces = load(read.chunk_byte_len, thorough);
    match (&whole, &pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(whole, pieces, "the answer depends on the chunks");
            match load(read.chunk_byte_len, hopeful) {
                Ok(None) => {}
                Ok(hoped) => assert_eq!(whole, &hoped, "the answer depends on what was seen first"),
                Err(error) => panic!("an error only where not all was seen first: {error}"),
            }
        }
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => panic!("an error only in small chunks: {error}"),
        (Err(error), Ok(_)) => panic!("an error only in one chunk: {error}"),
    }
}

/// How long the text is, up to where it cannot be read.
fn inflated(source: &Prepared) -> usize {
    let chunks = source.chunks().into_iter().flatten();
    chunks.map_while(Result::ok).map(|chunk| chunk.bytes.len()).sum()
}

type Load = fn(&Prepared, &InferOptions) -> Result<Option<Loaded>, IngestError>;

/// Looks at all chunks before it decodes any.
fn thorough(source: &Prepared, options: &InferOptions) -> Result<Option<Loaded>, IngestError> {
    let mut evidence = Evidence::new(options);
    let mut observed = 0;
    for chunk in source.chunks()? {
        observed += source.observe(&chunk?, &mut evidence)?.records;
    }
    let shape = Arc::new(infer(&evidence, options).shape);
    let (mut records, mut decoded_records) = (Vec::new(), 0);
    for chunk in source.chunks()? {
        let decoded = source.decode(&chunk?, &shape)?;
        decoded_records += decoded.records;
        add_records(&decoded, &mut records);
    }
    assert_eq!(observed, decoded_records, "the two passes differ");
    Ok(Some(loaded(&shape, records)))
}

/// Decodes into the shape of the first chunk, and what surprises into the shape that this leads to,
/// as a load does. None where a load would look at all of it first.
fn hopeful(source: &Prepared, options: &InferOptions) -> Result<Option<Loaded>, IngestError> {
    let mut evidence = Evidence::new(options);
    let Some(first) = source.chunks()?.next().transpose()? else { return Ok(None) };
    source.observe(&first, &mut evidence)?;
    let shape = infer(&evidence, options).shape;
    if evidence.record_count() == 0 || !shape.is_settled() {
        return Ok(None);
    }
    let decoded = source.decode(&first, &Arc::new(shape.clone()))?;
    let shape = Arc::new(shape.with_forms_of(&decoded.columns));
    let (mut records, mut aside) = (Vec::new(), Vec::new());
    for chunk in source.chunks()? {
        let chunk = chunk?;
        let decoded = source.decode(&chunk, &shape)?;
        if decoded.surprises == 0 {
            add_records(&decoded, &mut records);
            continue;
        }
        let mut later = Evidence::new(options);
        source.observe(&chunk, &mut later)?;
        evidence.merge(later);
        aside.push(chunk);
    }
    if aside.is_empty() {
        return Ok(Some(loaded(&shape, records)));
    }
    let wider = Arc::new(infer(&evidence, options).shape);
    if !wider.extends(&shape) {
        return Ok(None);
    }
    for chunk in &aside {
        add_records(&source.decode(chunk, &wider)?, &mut records);
    }
    Ok(Some(loaded(&wider, records)))
}

fn add_records(decoded: &Decoded, records: &mut Vec<String>) {
    let row_count = decoded.columns.row_count();
    let count = (row_count + decoded.rejections.len()) as u64;
    assert_eq!(decoded.records, count, "a record is lost");
    let fields = &decoded.columns.schema().fields;
    records.extend((0..row_count).map(|row| {
        let row = decoded.columns.row(row);
        said(fields.iter().map(|field| field.name.as_str()).zip(&row))
    }));
    records.extend(decoded.rejections.iter().map(|rejection| {
        let raw = rejection.raw.escape_ascii();
        format!("{:?}: {} {raw}", rejection.position, rejection.reason)
    }));
}

fn loaded(shape: &RecordShape, mut records: Vec<String>) -> Loaded {
    records.sort();
    Loaded { fields: names(&shape.schema().fields), records }
}

/// The fields with their types, in no order.
fn names(fields: &[Field]) -> String {
    let mut names: Vec<String> = fields
        .iter()
        .map(|field| format!("{:?}: {}", field.name, type_name(&field.data_type)))
        .collect();
    names.sort();
    format!("{{{}}}", names.join(", "))
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(fields) => names(fields),
        DataType::List(element) => format!("[{}]", type_name(element)),
        DataType::Map(_, value) => format!("map of {}", type_name(value)),
        other => other.to_string(),
    }
}

/// The values that are not null, in no order. So a field that is missing is one that is null.
fn said<'a>(fields: impl Iterator<Item = (&'a str, &'a Scalar)>) -> String {
    let mut values: Vec<String> = fields
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{name:?}: {}", said_by(value)))
        .collect();
    values.sort();
    format!("{{{}}}", values.join(", "))
}

fn said_by(value: &Scalar) -> String {
    match value {
        Scalar::Struct(fields) => said(fields.iter().map(|(name, value)| (name.as_str(), value))),
        Scalar::List(values) => {
            format!("[{}]", values.iter().map(said_by).collect::<Vec<_>>().join(", "))
        }
        Scalar::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| format!("{key:?}: {}", said_by(value)));
            format!("<{}>", entries.collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    }
}
