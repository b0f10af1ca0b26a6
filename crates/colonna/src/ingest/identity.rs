//! By what a repeated load is known.

use std::fs;
use std::path::Path;

use colonna_ingest::Prepared;
use colonna_schema::Field;
use xxhash_rust::xxh3::Xxh3;

/// The application id and version of a load that was given none: a digest of the names and the
/// content of its sources, in any order, and of the names of their fields, which in CSV stand
/// before the records. The same files loaded twice have the same; a file that has grown or changed
/// has another.
pub(super) fn of_sources(
    sources: &[Prepared],
    digests: &[u128],
    fields: &[Field],
) -> (String, i64) {
    let mut parts: Vec<u128> = sources
        .iter()
        .zip(digests)
        .map(|(source, content)| {
            let mut digest = Xxh3::new();
            digest.update(full_name(source.source().name()).as_bytes());
            digest.update(&content.to_le_bytes());
            digest.digest128()
        })
        .collect();
    parts.sort_unstable();
    let mut digest = Xxh3::new();
    parts.iter().for_each(|part| digest.update(&part.to_le_bytes()));
    for field in fields {
        digest.update(field.name.as_bytes());
        digest.update(&[0]);
    }
    (format!("colonna-load-{:032x}", digest.digest128()), 1)
}

/// The path from the root, so that a load is known from whatever folder it is repeated; the name as
/// it is where it is no path.
fn full_name(name: &str) -> String {
    match fs::canonicalize(Path::new(name)) {
        Ok(path) => path.display().to_string(),
        Err(_no_file) => name.to_owned(),
    }
}
