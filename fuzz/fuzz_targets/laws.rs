// Shared by the two decoder targets: what must hold for any bytes.

use std::sync::Arc;

use colonna_ingest::{
    Evidence, FormatName, InferOptions, IngestError, Prepared, ReadOptions, Source, expand, infer,
};

/// Reads the bytes twice, as a load does, and gives back rows and rejected records as text.
fn load(bytes: &[u8], format: FormatName, chunk_byte_len: usize) -> Result<Vec<String>, IngestError> {
    let folder = tempfile::tempdir_in(if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" })
        .expect("a temporary folder");
    let path = folder.path().join("input");
    std::fs::write(&path, bytes).expect("a temporary file");
    let read = ReadOptions { format: Some(format), chunk_byte_len, ..ReadOptions::default() };
    let options = InferOptions::default();
    let inputs = expand(&[path.display().to_string()])?;
    let mut lines = Vec::new();
    for input in inputs {
        let source = Prepared::try_new(Source::try_new(input, &read.source)?, &read)?;
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
            assert_eq!(decoded.records, (rows + decoded.rejections.len()) as u64, "a record is lost");
            decoded_records += decoded.records;
            lines.extend((0..rows).map(|row| format!("{:?}", decoded.columns.row(row))));
            lines.extend(decoded.rejections.iter().map(|rejection| {
                format!("{}: {:?}", rejection.position.line, rejection.raw)
            }));
        }
        assert_eq!(observed, decoded_records, "the two passes differ");
    }
    Ok(lines)
}

/// Rows do not depend on how the bytes are cut into chunks, and no record is lost.
pub fn check(bytes: &[u8], format: FormatName) {
    let whole = load(bytes, format, 4 << 20);
    let pieces = load(bytes, format, 16);
    if let (Ok(mut whole), Ok(mut pieces)) = (whole, pieces) {
        whole.sort();
        pieces.sort();
        assert_eq!(whole, pieces, "the answer depends on the chunks");
    }
}
