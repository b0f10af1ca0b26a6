// Shared by the two decoder targets: what must hold for any bytes.

use std::path::Path;
use std::sync::Arc;

use colonna_ingest::{
    Evidence, InferOptions, IngestError, Prepared, ReadOptions, Source, expand, infer,
};

/// Reads the bytes twice, as a load does, and gives back rows and rejected records as text.
fn load(bytes: &[u8], read: &ReadOptions) -> Result<Vec<String>, IngestError> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a temporary folder");
    let path = folder.path().join("input");
    std::fs::write(&path, bytes).expect("a temporary file");
    let options = InferOptions::default();
    let inputs = expand(&[path.display().to_string()])?;
    let mut lines = Vec::new();
    for input in inputs {
        let source = Prepared::try_new(Source::try_new(input, &read.source)?, read)?;
        let mut evidence = Evidence::new(&options);
        let mut observed = 0;
        for chunk in source.chunks()? {
            observed += source.observe(&chunk?, &mut evidence)?.records;
        }
        let shape = Arc::new(infer(&evidence, &options).shape);
        let mut decoded_records = 0;
        for chunk in source.chunks()? {
            let decoded = source.decode(&chunk?, &shape)?;
            let rows = decoded.columns.row_count();
            assert_eq!(
                decoded.records,
                (rows + decoded.rejections.len()) as u64,
                "a record is lost"
            );
            decoded_records += decoded.records;
            lines.extend((0..rows).map(|row| format!("{:?}", decoded.columns.row(row))));
            lines.extend(decoded.rejections.iter().map(|rejection| {
                let raw = rejection.raw.escape_ascii();
                format!("{:?}: {} {raw}", rejection.position, rejection.reason)
            }));
        }
        assert_eq!(observed, decoded_records, "the two passes differ");
    }
    Ok(lines)
}

/// Rows do not depend on how the bytes are cut into chunks, and no record is lost.
pub fn check(bytes: &[u8], read: ReadOptions) {
    let whole = load(bytes, &ReadOptions { chunk_byte_len: 4 << 20, ..read.clone() });
    let pieces = load(bytes, &read);
    match (whole, pieces) {
        (Ok(mut whole), Ok(mut pieces)) => {
            whole.sort();
            pieces.sort();
            assert_eq!(whole, pieces, "the answer depends on the chunks");
        }
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => panic!("an error only in small chunks: {error}"),
        (Err(error), Ok(_)) => panic!("an error only in one chunk: {error}"),
    }
}
