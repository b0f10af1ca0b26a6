//! Clicks on pages: the input of cumulative views by URL.

use std::io::{self, Write};

use crate::{MILLIS_PER_DAY, PLACES, Random, START_MILLIS, iso_millis};

/// Writes `rows` clicks as NDJSON over the 7 days from 2025-10-01.
///
/// # Errors
///
/// Where `out` cannot be written.
pub fn clicks(rows: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut random = Random::new(seed);
    let span = 7 * MILLIS_PER_DAY / i64::try_from(rows.max(1)).unwrap_or(1);
    for row in 0..rows {
        let ts = iso_millis(START_MILLIS + i64::try_from(row).unwrap_or(0) * span);
        let place = random.pick_skewed(&PLACES).to_lowercase();
        let (page, visitor) = (random.skewed(6), random.skewed(900));
        writeln!(out, r#"{{"ts":"{ts}","url":"/{place}/{page}","visitor":"v{visitor}"}}"#)?;
    }
    Ok(())
}
