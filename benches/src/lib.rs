//! The workloads of the benches: inputs made from a seed, the same on every machine.
//!
//! What enters is a number of rows and a seed; what leaves are lines of NDJSON, CSV or a web
//! server's log. Equal seeds make equal bytes. `testdata/` was made by the `generate` program of
//! this package, and so can be any larger input of the same kind.
//!
//! ```
//! let mut text = Vec::new();
//! colonna_benches::events(10, 7, &mut text).unwrap();
//! assert_eq!(text.iter().filter(|&&byte| byte == b'\n').count(), 10);
//! ```

mod access_log;
mod clicks;
mod events;
mod random;
mod trips;

pub use access_log::access_log;
pub use clicks::clicks;
pub use events::events;
pub use random::Random;
pub use trips::trips;

/// 2025-10-01T00:00:00Z in milliseconds, where every workload begins.
pub const START_MILLIS: i64 = 1_759_276_800_000;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Milliseconds as `2025-10-01T00:00:00.000Z`. Only for the years around the workloads.
fn iso_millis(millis: i64) -> String {
    let Civil { year, month, day, time_millis } = Civil::at(millis);
    let (hour, minute) = (time_millis / 3_600_000, time_millis / 60_000 % 60);
    let (second, part) = (time_millis / 1000 % 60, time_millis % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{part:03}Z")
}

/// A day of the calendar, and the milliseconds since its midnight.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    time_millis: i64,
}

impl Civil {
    /// Howard Hinnant's "days to civil".
    fn at(millis: i64) -> Self {
        let shifted = millis.div_euclid(MILLIS_PER_DAY) + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            time_millis: millis.rem_euclid(MILLIS_PER_DAY),
        }
    }
}

const PLACES: [&str; 24] = [
    "Amsel", "Birke", "Corso", "Delfin", "Esche", "Falke", "Garten", "Hafen", "Insel", "Jasmin",
    "Kastell", "Linde", "Markt", "Norden", "Ostbad", "Palais", "Quelle", "Rosen", "Speicher",
    "Turm", "Ufer", "Viadukt", "Weiher", "Zeder",
];

const COUNTRIES: [&str; 16] = [
    "KR", "DE", "US", "JP", "BR", "IN", "FR", "GB", "VN", "PL", "NL", "SE", "MX", "CA", "IT", "ES",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_make_equal_bytes() {
        for workload in [events, trips, clicks, access_log] {
            let (mut first, mut again, mut other) = (Vec::new(), Vec::new(), Vec::new());
            workload(200, 5, &mut first).unwrap();
            workload(200, 5, &mut again).unwrap();
            workload(200, 6, &mut other).unwrap();
            assert_eq!(first, again);
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_moment_is_written_in_the_calendar() {
        assert_eq!(iso_millis(START_MILLIS), "2025-10-01T00:00:00.000Z");
        assert_eq!(iso_millis(951_782_400_000 - 1), "2000-02-28T23:59:59.999Z");
    }
}
