use chrono::DateTime;

use super::*;

mod laws;

#[track_caller]
fn check(format: &str, text: &str, expected: &str) {
    let format: TimeFormat = format.parse().unwrap();
    let moment = format.parse(text).unwrap_or_else(|| panic!("{format} does not read {text:?}"));
    assert_eq!(written(moment), expected, "{format} of {text:?}");
}

/// `2025-10-01` for a date, else the moment; a `~` behind it says that something was lost.
fn written(moment: Moment) -> String {
    let time = DateTime::from_timestamp_micros(moment.micros).unwrap();
    let text = if moment.is_date {
        assert_eq!(moment.micros.rem_euclid(86_400_000_000), 0, "a date is a midnight");
        time.format("%Y-%m-%d").to_string()
    } else {
        time.format("%Y-%m-%d %H:%M:%S%.f").to_string()
    };
    format!("{text}{}", if moment.is_exact { "" } else { "~" })
}

#[track_caller]
fn check_refused(format: &str, texts: &[&str]) {
    let format: TimeFormat = format.parse().unwrap();
    for text in texts {
        assert_eq!(format.parse(text), None, "{format} reads {text:?}");
    }
}

#[track_caller]
fn decide(texts: &[&str]) -> Option<Decided> {
    let mut candidates = TimeCandidates::new();
    texts.iter().for_each(|text| candidates.observe(text));
    let decided = candidates.decide();
    if let Some(Decided { format, is_date, is_exact, .. }) = &decided {
        let moments: Vec<_> = texts.iter().map(|text| format.parse(text).unwrap()).collect();
        assert_eq!(*is_date, moments.iter().all(|moment| moment.is_date), "{texts:?}");
        assert_eq!(*is_exact, moments.iter().all(|moment| moment.is_exact), "{texts:?}");
    }
    decided
}

/// The format's name, `date` or `time`, and what is not well with it.
#[track_caller]
fn check_column(texts: &[&str], expected: &str) {
    let found = decide(texts).map_or_else(
        || "text".to_owned(),
        |decided| {
            let kind = if decided.is_date { "date" } else { "time" };
            let loss = if decided.is_exact { "" } else { ", not exact" };
            let doubt = if decided.ambiguous.is_some() { ", ambiguous" } else { "" };
            format!("{} {kind}{loss}{doubt}", decided.format)
        },
    );
    assert_eq!(found, expected, "{texts:?}");
}

#[test]
fn iso_8601_is_read_in_all_its_forms() {
    for (text, expected) in [
        ("2025-10-01", "2025-10-01"),
        ("2024-02-29", "2024-02-29"),
        ("2025-W40-3", "2025-10-01"),
        ("2025W403", "2025-10-01"),
        ("2020-W53-7", "2021-01-03"),
        ("2025-W01-1", "2024-12-30"),
        ("2025-274", "2025-10-01"),
        ("2024-366", "2024-12-31"),
        ("20251001", "2025-10-01"),
        ("2025274", "2025-10-01"),
        ("+002025-10-01", "2025-10-01"),
        ("-0001-12-31", "-0001-12-31"),
        ("0000-01-01", "0000-01-01"),
        ("  2025-10-01 ", "2025-10-01"),
        ("2025-10-01T13:00:00Z", "2025-10-01 13:00:00"),
        ("2025-10-01t13:00:00z", "2025-10-01 13:00:00"),
        ("2025-10-01 13:00:00", "2025-10-01 13:00:00"),
        ("2025-10-01T13:00", "2025-10-01 13:00:00"),
        ("2025-10-01T13", "2025-10-01 13:00:00"),
        ("2025-10-01 13", "2025-10-01 13:00:00"),
        ("2025-10-01T13Z", "2025-10-01 13:00:00"),
        ("20251001T130000Z", "2025-10-01 13:00:00"),
        ("20251001T1300", "2025-10-01 13:00:00"),
        ("2025274T130000.25+0100", "2025-10-01 12:00:00.250"),
        ("2025-W40-3T13:00:00", "2025-10-01 13:00:00"),
        ("2025-10-01T13:00:00,5", "2025-10-01 13:00:00.500"),
        ("2025-10-01T13:00:00.123456", "2025-10-01 13:00:00.123456"),
        ("2025-10-01T13:00:00.123456000000Z", "2025-10-01 13:00:00.123456"),
        ("2025-10-01T13:00:00.1234567Z", "2025-10-01 13:00:00.123456~"),
        ("2025-10-01T13:00:00.0000000000000000000000000001Z", "2025-10-01 13:00:00~"),
        ("2025-10-01T13.5", "2025-10-01 13:30:00"),
        ("2025-10-01T13:00,25", "2025-10-01 13:00:15"),
        ("2025-10-01T13:00.000000001", "2025-10-01 13:00:00~"),
        ("2025-10-01T13:00:00+02", "2025-10-01 11:00:00"),
        ("2025-10-01T13:00:00+0530", "2025-10-01 07:30:00"),
        ("2025-10-01T13:00:00-05:30", "2025-10-01 18:30:00"),
        ("2025-10-01 13:00:00 +02:00", "2025-10-01 11:00:00"),
        ("2025-10-01 13:00:00+00", "2025-10-01 13:00:00"),
        ("2025-10-01 13:00:00 UTC", "2025-10-01 13:00:00"),
        ("2025-10-01T00:30:00+01:00", "2025-09-30 23:30:00"),
        ("2025-12-31T24:00:00Z", "2026-01-01 00:00:00"),
        ("2025-12-31T24:00", "2026-01-01 00:00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01 00:00:00~"),
        ("2016-12-31T23:59:60.25Z", "2017-01-01 00:00:00.250~"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31 23:59:59.999999"),
        ("1969-12-31T23:59:59.9999999Z", "1969-12-31 23:59:59.999999~"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999"),
    ] {
        check("iso8601", text, expected);
    }
}

#[test]
fn what_names_no_moment_is_not_iso_8601() {
    let texts = [
        "",
        " ",
        "2025",
        "2025-10",
        "2025-10-",
        "2025-1-5",
        "2025-02-29",
        "1900-02-29",
        "2025-13-01",
        "2025-00-10",
        "2025-10-00",
        "2025-10-32",
        "0000-00-00",
        "2025-W40",
        "2025-W53-1",
        "2025-W00-1",
        "2025-W40-0",
        "2025-W40-8",
        "2025-W403",
        "2025W40-3",
        "2025-366",
        "2025-000",
        "2025-1001",
        "2025-10-01T",
        "2025-10-01 ",
        "2025-10-01T25",
        "2025-10-01T24:01",
        "2025-10-01T24:00:00.1",
        "2025-10-01T13:60",
        "2025-10-01T13:00:60",
        "2025-10-01T13:59:61",
        "2025-10-01T13:00:00.",
        "2025-10-01T13:0",
        "2025-10-01T1",
        "2025-10-01 1300",
        "2025-10-01T13:00:00+1",
        "2025-10-01T13:00:00+24:00",
        "2025-10-01T13:00:00+01:60",
        "2025-10-01T13:00:00 EST",
        "2025-10-01T13:00:00[Europe/Paris]",
        "2025-10-01Z",
        "2025-10-01+02:00",
        "2025-10-01 13:00 ",
        "x2025-10-01",
        "2025-10-01x",
        "2025-10-01  13:00:00",
        "+999999-01-01",
        "2025/10/01",
        "2025-10-01T13:00:00 +",
        "1.5",
        "-7",
        "\u{662}025-10-01",
    ];
    // Blanks around a text do not count; these two are dates.
    let texts: Vec<_> =
        texts.into_iter().filter(|text| text.is_empty() || text.trim() == *text).collect();
    check_refused("iso8601", &texts);
    check("iso8601", "2025-10-01 ", "2025-10-01");
}

#[test]
fn a_month_by_name_leaves_no_doubt() {
    for (text, expected) in [
        ("1-Dec-2010", "2010-12-01"),
        ("31-OCT-2023", "2023-10-31"),
        ("31-OCT-23 01.45.01.500000 PM", "2023-10-31 13:45:01.500"),
        ("1 December 2010", "2010-12-01"),
        ("1st Dec. 2010", "2010-12-01"),
        ("01Dec2010", "2010-12-01"),
        ("01/Dec/2010 10:00", "2010-12-01 10:00:00"),
        ("2010-Dec-01", "2010-12-01"),
        ("Dec 1, 2010", "2010-12-01"),
        ("December 1st, 2010", "2010-12-01"),
        ("Sept 9 2010", "2010-09-09"),
        ("Dec 1, 2010 5:03 PM", "2010-12-01 17:03:00"),
        ("Dec 1, 2010, 12:03:04 a.m.", "2010-12-01 00:03:04"),
        ("December 1, 2010 at 5:03pm", "2010-12-01 17:03:00"),
        ("Wednesday, December 1, 2010 5 PM", "2010-12-01 17:00:00"),
        ("Mon 30, June 2003, 12:03:10 PM", "2003-06-30 12:03:10"),
        ("Wed Oct 11 14:32:52 2000", "2000-10-11 14:32:52"),
        ("Wed Oct 11 14:32:52.123456 2000", "2000-10-11 14:32:52.123456"),
        ("Thu Nov  6 11:16:00 UTC 2025", "2025-11-06 11:16:00"),
        ("Wed Aug 27 13:08:45 +0100 2008", "2008-08-27 12:08:45"),
    ] {
        check("month_name", text, expected);
    }
    check_refused(
        "month_name",
        &[
            "Dec 2010",
            "2010 Dec",
            "Dec 1",
            "1 Dec 10",
            "31 Feb 2010",
            "1-Dec/2010",
            "1 Foo 2010",
            "Thu Oct 11 14:32:52 2000",
            "Dec 1, 2010 13:00 PM",
            "Dec 1, 2010 0:30 am",
            "Dec 1, 2010 5",
            "Dec 1, 2010 5.30",
            "Wed Aug 27 13:08:45 PST 2008",
            "may",
            "Monday",
            "1 May be 2010",
            "Dec 1 12:00:00",
            "Dec 1, 2010x",
            "Dec 1, 20101",
        ],
    );
}

#[test]
fn lines_of_servers_and_mails_are_read() {
    check("common_log", "10/Oct/2000:13:55:36 -0700", "2000-10-10 20:55:36");
    check("common_log", "[10/Oct/2000:13:55:36.250 +0000]", "2000-10-10 13:55:36.250");
    check_refused("common_log", &["10/Oct/2000", "10/Oct/2000 13:55:36", "1/Oct/2000:13:55:36"]);
    check("rfc2822", "Tue, 1 Jul 2003 10:52:37 +0200", "2003-07-01 08:52:37");
    check("rfc2822", "1 Jul 2003 10:52:37 EST", "2003-07-01 15:52:37");
    check("rfc2822", "Tue, 1 Jul 2003 10:52:37 GMT (Greenwich)", "2003-07-01 10:52:37");
    check("rfc2822", "Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01 00:00:00~");
    check_refused("rfc2822", &["1 Jul 2003 10:52:37 A", "Mon, 1 Jul 2003 10:52:37 +0200", "x", ""]);
    check("syslog:2024", "Feb 29 22:14:15", "2024-02-29 22:14:15");
    check("syslog:2025", "Oct  1 22:14:15.5", "2025-10-01 22:14:15.500");
    check_refused("syslog:2025", &["Feb 29 22:14:15", "Oct 1", "Oct 11 2025 22:14:15"]);
}

#[test]
fn three_numbers_are_read_in_the_order_of_the_format() {
    check("month/day/year", "12/1/2010 8:26", "2010-12-01 08:26:00");
    check("day/month/year", "12/1/2010 8:26", "2010-01-12 08:26:00");
    check("month/day/year", "1/2/2023, 12:33 PM", "2023-01-02 12:33:00");
    check("day.month.year", "31.12.2025 13:45:01", "2025-12-31 13:45:01");
    check("day.month.yy", "31.12.68", "2068-12-31");
    check("month-day-yy", "12-31-69", "1969-12-31");
    check("year/month/day", "2010/12/01", "2010-12-01");
    check("year.month.day", "2010.2.1", "2010-02-01");
    check("year-month-day", "2025-1-5 8:05", "2025-01-05 08:05:00");
    check("year-month-day", "2025-10-01T13", "2025-10-01 13:00:00");
    check("day-month-year", "30-12-2020 01:25:58.745232+01", "2020-12-30 00:25:58.745232");
    check_refused(
        "day/month/year",
        &[
            "12/13/2010",
            "31/4/2010",
            "1/1/10",
            "1/1/010",
            "1-1-2010",
            "1/1",
            "1/1/2010/1",
            "1/1/2010x",
        ],
    );
}

#[test]
fn a_number_counts_from_the_epoch_exactly() {
    check("epoch_s", "1588205000.123456", "2020-04-30 00:03:20.123456");
    check("epoch_s", "1588205000.1234567", "2020-04-30 00:03:20.123456~");
    check("epoch_s", "1.588205e9", "2020-04-30 00:03:20");
    check("epoch_s", "-0.0000001", "1969-12-31 23:59:59.999999~");
    check("epoch_s", "-1", "1969-12-31 23:59:59");
    check("epoch_s", "0e999999999999999999999", "1970-01-01 00:00:00");
    check("epoch_ms", "1588205000123", "2020-04-30 00:03:20.123");
    check("epoch_us", "1588205000123456", "2020-04-30 00:03:20.123456");
    check("epoch_ns", "1588205000123456000", "2020-04-30 00:03:20.123456");
    check("epoch_ns", "1588205000123456789", "2020-04-30 00:03:20.123456~");
    let texts =
        ["", "-", ".", "e5", "1e", "1e999999999999999999999", "99999999999999", "NaN", "1 2"];
    check_refused("epoch_s", &texts);
}

#[test]
fn a_pattern_is_read_by_its_letters() {
    check("%d/%m/%Y %H:%M", "31/12/2025 08:05", "2025-12-31 08:05:00");
    check("%Y%m%d", "20251001", "2025-10-01");
    check("%Y%m%d%H%M%S%3f", "20251001130001250", "2025-10-01 13:00:01.250");
    check("%Y-%m-%d %H:%M:%S.%f", "2025-10-01 13:00:01.5", "2025-10-01 13:00:01.500");
    check("%Y-%m-%d %H:%M:%S,%f", "2025-10-01 13:00:01,1234567", "2025-10-01 13:00:01.123456~");
    check("%FT%T%.f%:z", "2025-10-01T13:00:01+02:00", "2025-10-01 11:00:01");
    check("%a %b %e %I:%M %p %Y %Z", "Wed Oct  1 01:05 PM 2025 UTC", "2025-10-01 13:05:00");
    check("%D", "10/01/25", "2025-10-01");
    check("%Y-%j %R", "2025-274 13:00", "2025-10-01 13:00:00");
    check("%s.%f", "1588205000.25", "2020-04-30 00:03:20.250");
    check("week of %Y-%-m-%-d", "week of 2025-1-5", "2025-01-05");
    check("100%% %F", "100% 2025-01-05", "2025-01-05");
    check_refused("%a %F", &["Thu 2025-10-01", "2025-10-01"]);
    check_refused("%F %I %p", &["2025-10-01 13 PM", "2025-10-01 0 AM"]);
    check_refused("%F %H %Z", &["2025-10-01 13 EST", "2025-10-01 13 "]);
}

#[test]
fn a_pattern_that_names_no_day_is_refused_with_a_reason() {
    for (pattern, expected) in [
        (
            "%b %d %H:%M:%S",
            "time pattern \"%b %d %H:%M:%S\" has no year (for syslog give syslog:2025)",
        ),
        ("%Y-%m", "time pattern \"%Y-%m\" has no day"),
        ("%Y %d", "time pattern \"%Y %d\" has no month"),
        ("%F %M", "time pattern \"%F %M\" has no hour"),
        ("%F %q", "time pattern \"%F %q\": %q is not read"),
        ("%c", "time pattern \"%c\": %c is not read: it depends on a country; write the parts"),
        ("%F %", "time pattern \"%F %\": % is not read: for a percent sign write %%"),
    ] {
        assert_eq!(pattern.parse::<TimeFormat>().unwrap_err().to_string(), expected);
    }
    for name in ["", "iso", "day/month", "day/month.year", "syslog:", "syslog:x", "syslog:-1"] {
        assert!(name.parse::<TimeFormat>().is_err(), "{name:?}");
    }
}

#[test]
fn a_name_is_read_back_as_its_format() {
    let given = ["%d/%m/%Y %H:%M", "syslog:2025"].map(|text| text.parse().unwrap());
    for format in TimeFormat::all_named().chain(given) {
        assert_eq!(format.to_string().parse(), Ok(format.clone()));
        let json = serde_json::to_string(&format).unwrap();
        assert_eq!(json, format!("\"{format}\""));
        assert_eq!(serde_json::from_str::<TimeFormat>(&json).unwrap(), format);
    }
}

#[test]
fn a_column_is_a_time_only_by_one_format() {
    check_column(&["2025-10-01", "2025-10-02"], "iso8601 date");
    check_column(&["2025-10-01", "2025-10-02 13:00:00", "2025-10-02T13:00:00+02"], "iso8601 time");
    check_column(&["2025-10-01T13:00:00.1234567Z"], "iso8601 time, not exact");
    check_column(&["2025-10-01", "2025-1-5 8:05"], "year-month-day time");
    check_column(&["2025-10-01", "1/5/2025"], "text");
    check_column(&["2024/12/12", "2020/01/01 01:02:03"], "year/month/day time");
    check_column(&["2000.01.01", "2002.02.02"], "year.month.day date");
    check_column(&["Dec 8, 2022", "8 Dec 2022"], "month_name date");
    check_column(&["31-OCT-2023"], "month_name date");
    check_column(&["Tue, 1 Jul 2003 10:52:37 +0200"], "rfc2822 time");
    check_column(&["10/Oct/2000:13:55:36 -0700"], "common_log time");
    check_column(&[], "text");
}

#[test]
fn the_whole_column_says_whether_the_day_is_first() {
    check_column(&["12/1/2010 8:26", "12/13/2010 8:26"], "month/day/year time");
    check_column(&["12/1/2010", "13/1/2010"], "day/month/year date");
    check_column(&["12/1/2010", "11/2/2010"], "day/month/year date, ambiguous");
    check_column(&["13/1/2010", "1/13/2010"], "text");
    check_column(&["10-10-2020", "1-1-2021"], "day-month-year date");
    check_column(&["10-10-2020", "1-2-2021"], "day-month-year date, ambiguous");
    check_column(&["12/17/23", "12/14/23"], "month/day/yy date");
    check_column(&["12/17/23", "12/14/2023"], "text");
    check_column(&["05.06.2010"], "day.month.year date");
    let ambiguous = decide(&["12/1/2010"]).unwrap().ambiguous.unwrap();
    assert_eq!(ambiguous.to_string(), "could be month/day/year as well: give its format");
}

#[test]
fn where_day_and_month_were_always_equal_the_next_text_may_be_ambiguous() {
    let may_become = |texts: &[&str]| {
        let mut candidates = TimeCandidates::new();
        texts.iter().for_each(|text| candidates.observe(text));
        candidates.may_become_ambiguous()
    };
    assert!(may_become(&["1/1/2020", "5/5/1995"]));
    for texts in [&[][..], &["1/1/2020", "13/1/2020"], &["1/1/2020", "1/2/2020"], &["2020-01-01"]] {
        assert!(!may_become(texts) || decide(texts).unwrap().ambiguous.is_some(), "{texts:?}");
    }
}

#[test]
fn what_only_looks_like_a_time_stays_text() {
    for text in [
        "",
        " ",
        "20251001",
        "1588205000",
        "2025",
        "2025-10",
        "12:12:12",
        "2.2.0",
        "13.2.11",
        "2024.10.1",
        "10.0.0.1",
        "1.5",
        "-7",
        "1/2",
        "24/7/365",
        "41_10_1",
        "536365",
        "may",
        "Monday",
        "336%584%3205",
        "919 304 6161",
        "2025-10-01 13:00:00 EST",
        "555-1234",
        "1-1-1A",
        "N/A",
        "2025-W40",
        "5.6.10",
        "5-6-10",
    ] {
        check_column(&[text], "text");
    }
    check_column(&["2024-001", "2024-002"], "iso8601 date, ambiguous");
    check_column(&["2024-001", "2024-01-02"], "iso8601 date");
    check_column(&["2024-001T13:00"], "iso8601 time");
}

#[test]
fn once_hopeless_always_hopeless() {
    let mut candidates = TimeCandidates::new();
    candidates.observe("hello");
    assert!(candidates.is_hopeless());
    candidates.observe("2025-10-01");
    assert!(candidates.is_hopeless());
    assert_eq!(candidates.decide(), None);
}

#[track_caller]
fn check_epoch(numbers: &[&str], expected: Option<(&str, bool)>) {
    let mut candidates = EpochCandidates::new();
    numbers.iter().for_each(|number| candidates.observe(number));
    let found = candidates.decide().map(|decided| (decided.format.to_string(), decided.is_exact));
    assert_eq!(found, expected.map(|(name, is_exact)| (name.to_owned(), is_exact)), "{numbers:?}");
}

#[test]
fn the_magnitude_of_the_whole_column_says_the_unit() {
    check_epoch(&["1588205000", "1588205000.5"], Some(("epoch_s", true)));
    check_epoch(&["1588205000.1234567"], Some(("epoch_s", false)));
    check_epoch(&["1588205000123"], Some(("epoch_ms", true)));
    check_epoch(&["1588205000123456", "1.588205e15"], Some(("epoch_us", true)));
    check_epoch(&["1588205000123456000"], Some(("epoch_ns", true)));
    check_epoch(&["1588205000", "1588205000123"], None);
    check_epoch(&["1588205000", "0"], None);
    check_epoch(&["31535999"], None);
    check_epoch(&["31536000", "7258118399.999999"], Some(("epoch_s", true)));
    check_epoch(&["7258118400"], None);
    check_epoch(&["text"], None);
    check_epoch(&[], None);
}
