//! A web server's log in the combined format.

use std::io::{self, Write};

use crate::{Civil, MILLIS_PER_DAY, PLACES, Random, START_MILLIS};

/// Writes `rows` lines of a combined log over the 3 days from 2025-10-01.
///
/// # Errors
///
/// Where `out` cannot be written.
pub fn access_log(rows: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut random = Random::new(seed);
    let span = 3 * MILLIS_PER_DAY / i64::try_from(rows.max(1)).unwrap_or(1);
    for row in 0..rows {
        let at = Civil::at(START_MILLIS + i64::try_from(row).unwrap_or(0) * span);
        let (year, day, seconds) = (at.year, at.day, at.time_millis / 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let user = if random.chance(0.1) { "ann" } else { "-" };
        let status = random.pick(&["200", "200", "200", "200", "304", "404", "500"]);
        let size = if status == "304" { "-".to_owned() } else { random.below(60_000).to_string() };
        let referrer = if random.chance(0.5) { "-" } else { "https://search.example/?q=colonna" };
        writeln!(
            out,
            "192.0.2.{} - {user} [{day:02}/Oct/{year}:{hour:02}:{minute:02}:{second:02} +0000] \"GET /{}/{} HTTP/1.1\" {status} {size} \"{referrer}\" \"curl/8.17.0\"",
            random.skewed(250),
            random.pick(&PLACES).to_lowercase(),
            random.skewed(40)
        )?;
    }
    Ok(())
}
