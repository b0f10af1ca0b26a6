//! By what a repeated load is known.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use colonna_ingest::Prepared;
use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use crate::Error;

/// The application id and version of a load: those that were given, or else a digest of the names
/// and the content of its sources, in any order. The same files loaded twice have the same; a file
/// that has grown or changed has another.
///
/// It is made when it is first asked for: before the load, where a table may hold the input already,
/// and else at its end, when everything has been read anyway.
#[derive(Debug)]
pub(super) struct Identity<'a> {
    given: Option<(String, i64)>,
    sources: &'a [Prepared],
    made: OnceLock<((String, i64), Vec<u128>)>,
}

impl<'a> Identity<'a> {
    pub(super) fn new(given: Option<(String, i64)>, sources: &'a [Prepared]) -> Self {
        Self { given, sources, made: OnceLock::new() }
    }

    pub(super) fn get(&self) -> Result<(String, i64), Error> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        if let Some((made, _)) = self.made.get() {
            return Ok(made.clone());
        }
        let digests = digests(self.sources)?;
        let made = of_sources(self.sources, &digests);
        // Nobody else can have set it meanwhile.
        drop(self.made.set((made.clone(), digests)));
        Ok(made)
    }

    /// An error where a source is not what it was when the identity was made.
    pub(super) fn check_unchanged(&self) -> Result<(), Error> {
        match self.made.get() {
            Some((_, before)) => check_unchanged(self.sources, before, &digests(self.sources)?),
            None => Ok(()),
        }
    }
}

/// A digest of the content of each source.
pub(super) fn digests(sources: &[Prepared]) -> Result<Vec<u128>, Error> {
    sources.par_iter().map(|source| Ok(source.source().digest()?)).collect()
}

/// Types were found for what was read before; they say nothing of anything else.
pub(super) fn check_unchanged(
    sources: &[Prepared],
    before: &[u128],
    now: &[u128],
) -> Result<(), Error> {
    let pairs = before.iter().zip(now).zip(sources);
    match pairs.into_iter().find(|((before, now), _)| before != now) {
        Some((_, source)) => Err(Error::InputChanged { path: source.source().name().to_string() }),
        None => Ok(()),
    }
}

fn of_sources(sources: &[Prepared], digests: &[u128]) -> (String, i64) {
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
