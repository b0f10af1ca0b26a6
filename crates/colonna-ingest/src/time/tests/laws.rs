//! Laws of times: what is written is read back, and columns are what their values say.

use chrono::Utc;
use proptest::prelude::*;

use super::*;

/// Any moment of the years that four digits can write.
fn any_moment() -> impl Strategy<Value = DateTime<Utc>> {
    (-62_167_219_200_000_000_i64..253_402_300_800_000_000)
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
}

/// Texts that come close to a time.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "2025",
        "10",
        "01",
        "1",
        "12",
        "31",
        "-",
        "/",
        ".",
        ":",
        " ",
        "T",
        "Z",
        "W40",
        "274",
        "+02:00",
        "13",
        "59",
        "60",
        "24",
        "Dec",
        "Wed",
        ", ",
        "PM",
        "1588205000",
        ",5",
        "\u{e9}",
        "UTC",
        "[",
    ]);
    let close = prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat());
    prop_oneof![close, any::<String>(), any_moment().prop_map(|time| time.to_rfc3339())]
}

/// How texts write times.
const STYLES: [&str; 9] = [
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M",
    "%d %b %Y",
    "%Y.%m.%d",
    "%Y.%-m.%-d",
    "%Y/%-m/%d",
    "%-d.%m.%Y",
];

/// Texts of a column that is often one of times.
fn any_column() -> impl Strategy<Value = Vec<String>> {
    let timely = prop::sample::select(STYLES.to_vec()).prop_flat_map(|style| {
        prop::collection::vec(any_moment().prop_map(|time| time.format(style).to_string()), 0..8)
    });
    prop_oneof![4 => timely, 1 => prop::collection::vec(any_text(), 0..8)]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(time in any_moment()) {
        for (format, style) in [
            ("iso8601", "%Y-%m-%dT%H:%M:%S%.6fZ"),
            ("iso8601", "%Y-%m-%d %H:%M:%S%.f"),
            ("iso8601", "%G-W%V-%uT%H%M%S,%6f+00"),
            ("iso8601", "%Y%jT%H:%M:%S%.9f"),
            ("year/month/day", "%Y/%-m/%-d %-H:%M:%S%.6f"),
            ("day.month.year", "%d.%m.%Y, %I:%M:%S%.6f %p"),
            ("month/day/year", "%m/%d/%YT%H:%M:%S%.6f+00:00"),
            ("month_name", "%A, %B %-d, %Y %H:%M:%S%.6f"),
            ("month_name", "%a %b %e %H:%M:%S%.6f %Y"),
            ("common_log", "%d/%b/%Y:%H:%M:%S%.6f +0000"),
            ("%Y%m%d%H%M%S%f", "%Y%m%d%H%M%S%6f"),
        ] {
            let text = time.format(style).to_string();
            let moment = format.parse::<TimeFormat>().unwrap().parse(&text);
            let expected = Moment { micros: time.timestamp_micros(), is_date: false, is_exact: true };
            // The week of a day may be in a year that four digits cannot write.
            if style.starts_with("%G") && text.starts_with(['+', '-']) { continue }
            prop_assert_eq!(moment, Some(expected), "{} {}", format, text);
        }
    }

    #[test]
    fn a_number_of_the_epoch_is_read_back(micros in any::<i64>()) {
        let seconds = format!(
            "{}{}.{:06}",
            if micros < 0 { "-" } else { "" },
            micros.unsigned_abs() / 1_000_000,
            micros.unsigned_abs() % 1_000_000
        );
        // The lowest of all integers has no positive twin to be read as.
        let expected = (micros != i64::MIN).then_some((micros, true));
        for (unit, text) in
            [(EpochUnit::Seconds, seconds), (EpochUnit::Microseconds, micros.to_string())]
        {
            let moment = TimeFormat::Epoch(unit).parse(&text);
            prop_assert_eq!(moment.map(|moment| (moment.micros, moment.is_exact)), expected);
        }
    }

    #[test]
    fn a_date_is_the_day_that_chrono_finds(year in -300_i64..3000, month in 0_i64..14, day in 0_i64..33) {
        let number = |value: i64| u32::try_from(value).unwrap();
        let expected = chrono::NaiveDate::from_ymd_opt(i32::try_from(year).unwrap(), number(month), number(day))
            .map(|date| date.signed_duration_since(chrono::NaiveDate::default()).num_days());
        prop_assert_eq!(calendar::days_of_date(year, month, day), expected);
    }

    #[test]
    fn a_moment_with_an_offset_is_earlier_by_it(time in any_moment(), minutes in -1439_i64..1440) {
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let text = time.format("%Y-%m-%dT%H:%M:%S%.6f");
        for text in [format!("{text}{sign}{hours:02}:{rest:02}"), format!("{text} {sign}{hours:02}{rest:02}")] {
            let micros = TimeFormat::Iso8601.parse(&text).unwrap().micros;
            prop_assert_eq!(micros, time.timestamp_micros() - minutes * 60_000_000);
        }
    }

    #[test]
    fn where_chrono_reads_rfc_3339_it_reads_the_same(text in any_text()) {
        if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
            prop_assert_eq!(TimeFormat::Iso8601.parse(&text).unwrap().micros, time.timestamp_micros());
        }
    }

    #[test]
    fn no_text_makes_a_format_panic(text in any_text()) {
        let given = ["%Y%m%d %H:%M:%S.%f %z", "%a %e %b %y %I %p", "%s%.f", "%j %Y", "syslog:2025"];
        for format in TimeFormat::all_named().chain(given.map(|text| text.parse().unwrap())) {
            if let Some(moment) = format.parse(&text) {
                prop_assert!(!moment.is_date || moment.micros.rem_euclid(86_400_000_000) == 0);
            }
        }
        drop(text.parse::<TimeFormat>());
        drop(format!("%{text}").parse::<TimeFormat>());
    }

    #[test]
    fn parts_of_a_column_merge_to_the_whole(texts in any_column(), split in 0_usize..9) {
        let candidates_of = |texts: &[String]| {
            let mut candidates = TimeCandidates::new();
            texts.iter().for_each(|text| candidates.observe(text));
            candidates
        };
        let (left, right) = texts.split_at(split.min(texts.len()));
        let mut merged = candidates_of(left);
        merged.merge(&candidates_of(right));
        prop_assert_eq!(merged, candidates_of(&texts));
    }

    #[test]
    fn what_is_decided_reads_every_value(texts in any_column()) {
        drop(decide(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
    }

    // A load that has seen a part decodes the rest in the format of the part, and what fits surprises
    // nobody.
    #[test]
    fn a_text_that_the_format_of_a_column_reads_leaves_the_column_that_format(
        texts in any_column(),
        more in prop_oneof![
            4 => (any_moment(), prop::sample::select(STYLES.to_vec()))
                .prop_map(|(time, style)| time.format(style).to_string()),
            1 => any_text(),
        ],
    ) {
        let mut candidates = TimeCandidates::new();
        texts.iter().for_each(|text| candidates.observe(text));
        let decided = candidates.decide().filter(|decided| decided.ambiguous.is_none());
        if let Some(decided) = decided
            && decided.format.is_evident_in(&more)
            && decided.format.parse(&more).is_some()
        {
            candidates.observe(&more);
            prop_assert_eq!(candidates.decide().map(|decided| decided.format), Some(decided.format));
        }
    }

    #[test]
    fn a_column_is_what_its_formats_say(texts in any_column()) {
        let mut candidates = TimeCandidates::new();
        texts.iter().for_each(|text| candidates.observe(text));
        // The slow way: a format is left if it reads every text; but texts of digits are numbers.
        let slow = ["iso8601", "rfc2822", "common_log", "day/month/year", "month/day/year", "month_name"]
            .map(|name| name.parse::<TimeFormat>().unwrap())
            .into_iter()
            .find(|format| {
                let reads = |text: &String| {
                    !text.trim_ascii().bytes().all(|byte| byte.is_ascii_digit()) && format.parse(text).is_some()
                };
                !texts.is_empty() && texts.iter().all(reads)
            });
        if let Some(slow) = slow {
            prop_assert_eq!(candidates.decide().map(|decided| decided.format), Some(slow));
        }
    }
}
