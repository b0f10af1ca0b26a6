//! Events of a web shop: nested, with keys that come and go, late rows and mixed types.

use std::io::{self, Write};

use crate::{COUNTRIES, MILLIS_PER_DAY, PLACES, Random, START_MILLIS, iso_millis};

const DAYS: i64 = 30;
const KINDS: [&str; 12] = [
    "view", "view", "view", "view", "view", "click", "click", "scroll", "search", "login",
    "purchase", "failure",
];
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_2) AppleWebKit/605.1.15 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0",
    "curl/8.17.0",
    "shop-app/7.3 (Android 16)",
];

/// Writes `rows` events as NDJSON, spread over the 30 days from 2025-10-01, in the order of their
/// time but for one in fifty, which comes up to three days late.
///
/// # Errors
///
/// Where `out` cannot be written.
pub fn events(rows: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut random = Random::new(seed);
    for row in 0..rows {
        let position = i64::try_from(row).unwrap_or(0)
            * (DAYS * MILLIS_PER_DAY / i64::try_from(rows).unwrap_or(1));
        let late = if random.chance(0.02) { random.below(3 * 86_400_000) } else { 0 };
        let millis = (START_MILLIS + position - i64::try_from(late).unwrap_or(0)).max(START_MILLIS);
        event(row, millis, &mut random, out)?;
    }
    Ok(())
}

fn event(row: u64, millis: i64, random: &mut Random, out: &mut dyn Write) -> io::Result<()> {
    let kind = random.pick(&KINDS);
    let (user, product) = (random.skewed(50_000), random.skewed(4_000));
    let id = random.bits();
    let ts = iso_millis(millis);
    write!(
        out,
        r#"{{"id":"{id:016x}{row:06x}","ts":"{ts}","kind":"{kind}","user":{{"id":{user},"country":"{}""#,
        random.pick_skewed(&COUNTRIES)
    )?;
    if random.chance(0.6) {
        let plan = if random.chance(0.2) { "plus" } else { "basic" };
        write!(out, r#","plan":"{plan}""#)?;
    }
    let place = PLACES[usize::try_from(product % 24).unwrap_or(0)].to_lowercase();
    write!(
        out,
        r#"}},"url":"https://shop.example/{place}/{product}?from={}","agent":"{}""#,
        random.pick(&PLACES).to_lowercase(),
        random.pick_skewed(&AGENTS)
    )?;
    let status = if random.chance(0.97) { 200 } else { 500 };
    write!(out, r#","duration_ms":{:.3},"status":{status}"#, random.exponential(80.0))?;
    match kind {
        "purchase" => write!(
            out,
            r#","purchase":{{"total":{}.{:02},"currency":"EUR","items":[{{"sku":"P{product}","quantity":{}}},{{"sku":"G{}","quantity":1}}]}}"#,
            random.below(400),
            random.below(100),
            1 + random.below(3),
            random.below(90)
        )?,
        "search" => write!(out, r#","query":"{} {}""#, random.pick(&PLACES), random.pick(&PLACES))?,
        "failure" => write!(
            out,
            r#","error":{{"code":{},"message":"upstream \"{}\" timed out\nretry"}}"#,
            500 + random.below(5),
            random.pick(&PLACES)
        )?,
        _ => {}
    }
    if random.chance(0.25) {
        write!(out, r#","tags":["{}","{}"]"#, random.pick(&PLACES), random.pick(&PLACES))?;
    }
    if random.chance(0.03) {
        let score = random.below(10_000);
        let quote = if random.chance(0.5) { "\"" } else { "" };
        write!(out, r#","score":{quote}0.{score:04}{quote}"#)?;
    }
    out.write_all(b"}\n")
}
