use colonna_schema::parse_timestamp;
use proptest::prelude::*;

use super::*;

fn times(texts: &[Option<&str>]) -> Columns {
    let micros = texts
        .iter()
        .map(|text| {
            text.map_or(Scalar::Null, |text| Scalar::Timestamp(parse_timestamp(text).unwrap()))
        })
        .collect::<Vec<_>>();
    let column = Column::from_scalars(&DataType::Timestamp, &micros).unwrap();
    Columns::from_named(vec![("ts".to_owned(), column)]).unwrap()
}

fn by(granularity: Granularity) -> PartitionSpec {
    PartitionSpec::Time { column: "ts".to_owned(), granularity }
}

#[track_caller]
fn check(granularity: Granularity, texts: &[Option<&str>], expected: &[(&str, &[u32])]) {
    let split = by(granularity).split(&times(texts)).unwrap();
    let found: Vec<(String, &[u32])> =
        split.iter().map(|(key, rows)| (key.folder(), rows.as_slice())).collect();
    let expected: Vec<(String, &[u32])> =
        expected.iter().map(|(folder, rows)| ((*folder).to_owned(), *rows)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_moment_before_the_epoch_belongs_to_the_day_before() {
    let texts = [Some("1970-01-01T00:00:00Z"), Some("1969-12-31T23:59:59.999999Z"), None];
    check(
        Granularity::Day,
        &texts,
        &[
            ("ts_date=1969-12-31", &[1]),
            ("ts_date=1970-01-01", &[0]),
            ("ts_date=__HIVE_DEFAULT_PARTITION__", &[2]),
        ],
    );
    check(
        Granularity::Hour,
        &texts,
        &[
            ("ts_date=1969-12-31/ts_hour=23", &[1]),
            ("ts_date=1970-01-01/ts_hour=0", &[0]),
            ("ts_date=__HIVE_DEFAULT_PARTITION__/ts_hour=__HIVE_DEFAULT_PARTITION__", &[2]),
        ],
    );
}

#[test]
fn days_of_a_month_share_a_partition() {
    let texts =
        [Some("2025-10-31T23:00:00Z"), Some("2025-10-01"), Some("2025-11-01"), Some("2024-10-02")];
    check(
        Granularity::Month,
        &texts,
        &[("ts_month=2024-10", &[3]), ("ts_month=2025-10", &[0, 1]), ("ts_month=2025-11", &[2])],
    );
    check(Granularity::Year, &texts, &[("ts_year=2024", &[3]), ("ts_year=2025", &[0, 1, 2])]);
}

#[test]
fn what_cannot_be_partitioned_by_is_refused_by_name() {
    let rows = times(&[None]);
    let missing = PartitionSpec::Column { name: "x".to_owned() }.split(&rows).unwrap_err();
    assert_eq!(missing.to_string(), "cannot partition by \"x\", which is not there");
    let text = Column::from_scalars(&DataType::Utf8, &["".into()]).unwrap();
    let rows = Columns::from_named(vec![("ts".to_owned(), text)]).unwrap();
    assert!(by(Granularity::Day).split(&rows).is_err());
    let empty = PartitionSpec::Column { name: "ts".to_owned() }.split(&rows).unwrap_err();
    assert!(matches!(empty, StorageError::NoPartitionFor { .. }));
    let taken = Schema::new(vec![
        Field::new("ts", DataType::Timestamp),
        Field::new("ts_date", DataType::Date),
    ]);
    assert!(by(Granularity::Day).table_schema(&taken).is_err());
}

#[test]
fn a_spec_survives_its_text() {
    for spec in [
        PartitionSpec::None,
        by(Granularity::Hour),
        PartitionSpec::Column { name: "a (b)".to_owned() },
    ] {
        assert_eq!(spec.to_string().parse::<PartitionSpec>().unwrap(), spec);
    }
    assert!("week(ts)".parse::<PartitionSpec>().is_err());
}

proptest! {
    #[test]
    fn every_row_is_in_the_partition_of_its_value(
        micros in prop::collection::vec(prop::option::of(any::<i64>()), 0..40),
        near in prop::collection::vec(prop::option::of(-MICROS_PER_DAY * 40..MICROS_PER_DAY * 40), 0..40),
    ) {
        for micros in [micros, near] {
            let values: Vec<Scalar> =
                micros.iter().map(|micros| micros.map_or(Scalar::Null, Scalar::Timestamp)).collect();
            let column = Column::from_scalars(&DataType::Timestamp, &values).unwrap();
            let rows = Columns::from_named(vec![("ts".to_owned(), column)]).unwrap();
            for granularity in [Granularity::Hour, Granularity::Day, Granularity::Month, Granularity::Year] {
                let split = by(granularity).split(&rows).unwrap();
                let mut seen: Vec<u32> = split.iter().flat_map(|(_, rows)| rows.clone()).collect();
                seen.sort_unstable();
                prop_assert_eq!(seen, (0..narrow(rows.row_count())).collect::<Vec<_>>());
                let mut folders: Vec<String> = split.iter().map(|(key, _)| key.folder()).collect();
                folders.sort();
                folders.dedup();
                prop_assert_eq!(folders.len(), split.len());
                for (key, members) in &split {
                    for &row in members {
                        let hour = micros[row as usize].map(|micros| micros.div_euclid(MICROS_PER_HOUR));
                        prop_assert_eq!(&time_key("ts", granularity, hour), key);
                    }
                }
            }
        }
    }

    #[test]
    fn a_day_has_the_year_and_month_that_it_is_written_with(days in -719_528_i32..2_932_896) {
        let (year, month) = year_and_month(i64::from(days));
        prop_assert_eq!(format!("{year:04}-{month:02}"), &colonna_schema::format_date(days)[..7]);
    }

    #[test]
    fn different_texts_have_different_folders(texts in prop::collection::vec("[a%/._\0\u{c4}]{1,4}", 2..8)) {
        let values: Vec<Scalar> = texts.iter().map(|text| text.as_str().into()).collect();
        let column = Column::from_scalars(&DataType::Utf8, &values).unwrap();
        let rows = Columns::from_named(vec![("k".to_owned(), column)]).unwrap();
        let split = PartitionSpec::Column { name: "k".to_owned() }.split(&rows).unwrap();
        let distinct: std::collections::BTreeSet<&String> = texts.iter().collect();
        let folders: std::collections::BTreeSet<String> =
            split.iter().map(|(key, _)| key.folder()).collect();
        prop_assert_eq!(folders.len(), distinct.len());
        for folder in folders {
            prop_assert_eq!(folder.split('/').count(), 1);
        }
    }
}
