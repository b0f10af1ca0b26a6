//! Rides of a taxi company: quoted text, empty fields, prices.

use std::io::{self, Write};

use crate::{PLACES, Random, START_MILLIS, iso_millis};

const SECONDS: u64 = 90 * 86_400;

/// Writes `rows` trips as CSV with a header, over the 90 days from 2025-10-01, in the order in which
/// they began.
///
/// # Errors
///
/// Where `out` cannot be written.
pub fn trips(rows: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut random = Random::new(seed);
    writeln!(
        out,
        "trip,began_at,ended_at,passengers,distance_km,from_zone,to_zone,payment,fare,tip,note"
    )?;
    for row in 0..rows {
        let began = row * SECONDS / rows.max(1);
        let metres = 400 + random.skewed(24_000);
        let ended = began + metres / 7 + random.below(600);
        let passengers =
            if random.chance(0.02) { String::new() } else { random.below(6).to_string() };
        let payment = random.pick(&["card", "card", "card", "cash", "voucher", ""]);
        let fare = 350 + metres * 2 / 10;
        let tip = if payment == "card" { random.skewed(900) } else { 0 };
        let note =
            if random.chance(0.002) { "\"left \"\"bag\"\" behind,\ncalled back\"" } else { "" };
        writeln!(
            out,
            "{row:07},{},{},{passengers},{}.{:02},\"{}, {}\",\"{}, {}\",{payment},{}.{:02},{}.{:02},{note}",
            stamp(began),
            stamp(ended),
            metres / 1000,
            metres % 1000 / 10,
            random.pick_skewed(&PLACES),
            random.pick(&["north", "south"]),
            random.pick_skewed(&PLACES),
            random.pick(&["north", "south"]),
            fare / 100,
            fare % 100,
            tip / 100,
            tip % 100
        )?;
    }
    Ok(())
}

/// `2025-10-01 00:00:00`
fn stamp(seconds: u64) -> String {
    let millis = START_MILLIS + i64::try_from(seconds).unwrap_or(0) * 1000;
    iso_millis(millis)[..19].replace('T', " ")
}
