//! A look at records from all over the input, by which a shape is proposed.

use colonna_ingest::{Chunk, Evidence, InferOptions, Prepared};
use rayon::prelude::*;

use crate::Error;

/// How many places are looked at, besides the start.
const PLACES: u64 = 24;

/// How much is looked at in each: this part of the input, but no more.
const PLACE_SHARE: u64 = 128;
const PLACE_BYTE_LEN: u64 = 256 << 10;

/// What was seen.
pub(super) struct Sample {
    pub(super) evidence: Evidence,
    /// The records at the start of the first source, with its index.
    pub(super) first: Option<Chunk>,
}

/// Looks at the start of the input, at its end, and at places in between, as far as sources can be
/// read from any place; of the others at their starts.
pub(super) fn sample(sources: &[Prepared], options: &InferOptions) -> Result<Sample, Error> {
    let byte_len = place_byte_len(sources);
    let seen: Vec<Option<(Evidence, Chunk)>> = places(sources, byte_len)
        .into_par_iter()
        .map(|(index, byte_offset)| {
            let Some(source) = sources.get(index) else { return Ok(None) };
            let Some(chunk) = source.sample(byte_offset, byte_len)? else { return Ok(None) };
            let mut evidence = Evidence::new(options);
            source.observe(&chunk, &mut evidence)?;
            Ok(Some((evidence, chunk)))
        })
        .collect::<Result<_, Error>>()?;
    let mut all = Evidence::new(options);
    let mut first = None;
    for (index, seen) in seen.into_iter().enumerate() {
        if let Some((evidence, chunk)) = seen {
            all.merge(evidence);
            if index == 0 {
                first = Some(chunk);
            }
        }
    }
    Ok(Sample { evidence: all, first })
}

fn byte_len(source: &Prepared) -> u64 {
    source.source().byte_len().unwrap_or_default()
}

fn place_byte_len(sources: &[Prepared]) -> usize {
    let total: u64 = sources.iter().map(byte_len).sum();
    usize::try_from((total / PLACE_SHARE).min(PLACE_BYTE_LEN)).unwrap_or_default()
}

/// Sources and bytes of them, in their order, the start of the first source among them.
fn places(sources: &[Prepared], piece: usize) -> Vec<(usize, u64)> {
    let total: u64 = sources.iter().map(byte_len).sum();
    let piece = piece as u64;
    let mut places = vec![(0, 0)];
    let (mut index, mut before) = (0, 0);
    for number in 1..=PLACES {
        // The last place ends where the input does.
        let at = (total / PLACES * number).min(total.saturating_sub(piece));
        while let Some(source) = sources.get(index)
            && before + byte_len(source) <= at
        {
            before += byte_len(source);
            index += 1;
        }
        let Some(source) = sources.get(index) else { break };
        let is_small = byte_len(source) <= 4 * piece;
        places.push((index, if is_small || !source.is_seekable() { 0 } else { at - before }));
    }
    places.dedup();
    places
}
