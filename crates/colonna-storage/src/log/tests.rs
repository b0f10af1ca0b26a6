use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use colonna_schema::{ColumnStatistics, DataType, Field, Scalar, Schema, Statistics};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::durable::crash;

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("id", DataType::Int64),
        Field::new("user", DataType::Struct(vec![Field::new("country", DataType::Utf8)])),
        Field::new("ts", DataType::Timestamp),
        Field::new("day", DataType::Date),
    ])
}

fn new_table() -> (TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let snapshot =
        Snapshot::create(folder.path().join("t"), &schema(), &["day".to_owned()], &BTreeMap::new())
            .unwrap();
    (folder, snapshot)
}

fn file(name: &str, day: i32, max_id: i64) -> DataFile {
    let id = ColumnStatistics {
        min: Some(Scalar::Int64(0)),
        max: Some(Scalar::Int64(max_id)),
        null_count: Some(1),
        min_is_exact: true,
        max_is_exact: true,
        is_nan_free: false,
    };
    let country = ColumnStatistics { max: Some("de".into()), max_is_exact: true, ..id.clone() };
    let country = ColumnStatistics { min: Some("at".into()), ..country };
    let columns =
        [(vec!["id".to_owned()], id), (vec!["user".to_owned(), "country".to_owned()], country)];
    DataFile {
        path: format!("day={day}/{name}"),
        byte_len: 100,
        modified_ms: 1,
        partition_values: vec![("day".to_owned(), Scalar::Date(day))],
        statistics: Some(Statistics { row_count: 10, columns: columns.into_iter().collect() }),
        deletion_vector: None,
    }
}

fn column(field: Field) -> NewColumn {
    NewColumn { parent: Vec::new(), field }
}

fn append(files: Vec<DataFile>) -> Transaction {
    Transaction { adds: files, ..Transaction::new(Operation::Append) }
}

#[track_caller]
fn commit(transaction: &Transaction, snapshot: &Snapshot) -> Snapshot {
    match transaction.commit(snapshot).unwrap() {
        CommitOutcome::Committed { version } => {
            let after = snapshot.refresh().unwrap();
            assert_eq!(after.version(), version);
            after
        }
        other => panic!("{other:?}"),
    }
}

fn paths(snapshot: &Snapshot) -> Vec<String> {
    snapshot.files().unwrap().into_iter().map(|file| file.path).collect()
}

#[test]
fn what_is_committed_is_read_back() {
    let (_folder, empty) = new_table();
    assert_eq!(empty.version(), 0);
    assert_eq!(**empty.schema(), schema());
    assert_eq!(empty.partition_columns(), ["day"]);

    let added = file("a b%20\u{e4}.parquet", -1, 7);
    let mut transaction = append(vec![added.clone()]);
    transaction.identity = Some(("load".to_owned(), 3));
    let full = commit(&transaction, &empty);
    let files = full.files().unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].path, added.path);
    assert_eq!(files[0].byte_len, 100);
    assert_eq!(files[0].partition_values, added.partition_values);
    assert_eq!(files[0].statistics, added.statistics);
    assert_eq!(full.transaction_version("load").unwrap(), Some(3));
    assert_eq!(full.transaction_version("other").unwrap(), None);
    assert!(empty.files().unwrap().is_empty());
    assert!(Snapshot::open(full.root(), Some(0)).unwrap().files().unwrap().is_empty());
}

/// deltalake 1.6 takes a bound that is null, or missing, for one that no value keeps.
#[test]
fn an_infinite_bound_is_in_the_log() {
    let (_folder, empty) = new_table();
    let added = Field::new("f", DataType::Float64);
    let infinite = |min, max| ColumnStatistics {
        min: Some(Scalar::Float64(min)),
        max: Some(Scalar::Float64(max)),
        is_nan_free: true,
        ..ColumnStatistics::default()
    };
    let mut files = vec![file("a b", 0, 1), file("c", 0, 1)];
    let mut set = |index: usize, min, max| {
        let columns = &mut files[index].statistics.as_mut().unwrap().columns;
        columns.insert(vec!["f".to_owned()], infinite(min, max));
    };
    set(0, f64::NEG_INFINITY, f64::INFINITY);
    set(1, 1.5, f64::INFINITY);
    let mut transaction = append(files);
    transaction.new_columns.push(column(added));
    let after = commit(&transaction, &empty);
    let log = fs::read_to_string(after.root().join("_delta_log/00000000000000000001.json"));
    let log = log.unwrap();
    assert!(log.contains(r#"\"minValues\":{\"id\":0"#), "{log}");
    assert!(log.contains(r#"\"f\":\"-Infinity\""#), "{log}");
    assert!(log.contains(r#"\"f\":1.5"#), "{log}");
    assert_eq!(log.matches(r#"\"f\":\"Infinity\""#).count(), 2, "{log}");
    assert!(!log.contains(":null"), "{log}");
    // What is unbounded bounds nothing, and the rest is as it was.
    assert_eq!(after.files().unwrap().len(), 2);
}

#[test]
fn a_new_table_asks_no_feature_of_its_readers() {
    let (_folder, empty) = new_table();
    let log =
        fs::read_to_string(empty.root().join("_delta_log/00000000000000000000.json")).unwrap();
    let protocol = log.lines().find(|line| line.contains("\"protocol\"")).unwrap();
    assert!(!protocol.contains("readerFeatures\":[\""), "{protocol}");
    assert!(!protocol.contains("writerFeatures\":[\""), "{protocol}");
}

#[test]
fn a_column_is_added_with_the_rows_that_have_it() {
    let (_folder, empty) = new_table();
    let mut transaction = append(vec![file("a", 0, 1)]);
    transaction.new_columns = vec![column(Field::new("note", DataType::Utf8))];
    let wider = commit(&transaction, &empty);
    assert_eq!(wider.schema().type_of(&["note"]), Some(&DataType::Utf8));
    assert_eq!(paths(&wider), ["day=0/a"]);

    let mut alone = Transaction::new(Operation::Append);
    alone.new_columns = vec![column(Field::new("more", DataType::Int64))];
    assert_eq!(commit(&alone, &wider).schema().fields.len(), 6);
}

#[test]
fn files_take_the_place_of_others_in_one_commit() {
    let (_folder, empty) = new_table();
    let before = commit(&append(vec![file("a", 0, 1), file("b", 0, 1), file("c", 1, 1)]), &empty);
    let mut transaction = Transaction::new(Operation::Replace);
    transaction.adds = vec![file("d", 0, 1)];
    transaction.removes = ["day=0/a".to_owned(), "day=0/b".to_owned()].into();
    let after = commit(&transaction, &before);
    assert_eq!(paths(&after), ["day=0/d", "day=1/c"]);
    assert_eq!(paths(&before).len(), 3);

    transaction.adds.clear();
    let again = transaction.commit(&after);
    assert!(matches!(again, Err(StorageError::NoSuchFile { .. })), "{again:?}");
}

#[test]
fn one_of_two_racing_commits_wins() {
    let (_folder, empty) = new_table();
    let writers: Vec<String> = (0..8).map(|writer| format!("w{writer}")).collect();
    let outcomes: Vec<(String, CommitOutcome)> = std::thread::scope(|scope| {
        let writers = writers.iter().map(|writer| {
            let empty = &empty;
            scope.spawn(move || {
                let outcome = append(vec![file(writer, 0, 1)]).commit(empty).unwrap();
                (writer.clone(), outcome)
            })
        });
        let writers: Vec<_> = writers.collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let winners: Vec<&String> = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, CommitOutcome::Committed { version: 1 }))
        .map(|(writer, _)| writer)
        .collect();
    let losers = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, CommitOutcome::Conflict { winner: 1 }));
    assert_eq!((winners.len(), losers.count()), (1, 7));
    assert_eq!(paths(&empty.refresh().unwrap()), [format!("day=0/{}", winners[0])]);
}

#[test]
fn a_crash_between_any_two_steps_leaves_the_old_snapshot_or_the_new() {
    let mut seen = BTreeSet::new();
    for steps in 0..20 {
        let (_folder, empty) = new_table();
        let (outcome, crashed) =
            crash::after(steps, || append(vec![file("a", 0, 1)]).commit(&empty));
        let now = Snapshot::open(empty.root(), None).unwrap();
        let landed = now.version() == 1;
        assert_eq!(paths(&now).len(), usize::from(landed));
        match outcome {
            Ok(CommitOutcome::Committed { .. }) => assert!(landed),
            Ok(CommitOutcome::Unknown { .. }) => {}
            Ok(CommitOutcome::Conflict { .. }) => panic!("nobody else is here"),
            Err(_) => assert!(!landed),
        }
        seen.insert(landed);
        // Whoever comes next can go on.
        commit(&append(vec![file("b", 0, 1)]), &now);
        if !crashed {
            assert_eq!(seen, [false, true].into());
            return;
        }
    }
    panic!("the plug was pulled at every step");
}

#[test]
fn a_table_is_made_once() {
    let (_folder, table) = new_table();
    let again = Snapshot::create(table.root(), &schema(), &[], &BTreeMap::new());
    assert!(matches!(again, Err(StorageError::TableExists { .. })));
}

#[test]
fn what_is_no_table_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = Snapshot::open(folder.path(), None).unwrap_err();
    assert!(matches!(error, StorageError::NotATable { .. }), "{error}");
    fs::create_dir(folder.path().join("_delta_log")).unwrap();
    let error = Snapshot::open(folder.path(), None).unwrap_err();
    assert!(matches!(error, StorageError::NotATable { .. }), "{error}");
    let (_folder, table) = new_table();
    let error = Snapshot::open(table.root(), Some(9)).unwrap_err();
    assert!(matches!(error, StorageError::NoSuchVersion { version: 9, .. }), "{error:?}");
}

#[test]
fn a_log_that_names_a_file_outside_is_refused() {
    for path in ["../secret.parquet", "/etc/passwd", "file:///etc/passwd", "a/%2e%2e/%2e%2e/b"] {
        let (_folder, table) = new_table();
        let entry = format!(
            r#"{{"add":{{"path":"{path}","partitionValues":{{"day":null}},"size":1,"modificationTime":0,"dataChange":true}}}}"#
        );
        fs::write(table.root().join("_delta_log/00000000000000000001.json"), entry).unwrap();
        let error = table.refresh().unwrap().files().unwrap_err();
        assert!(matches!(error, StorageError::PathOutsideTable { .. }), "{path}: {error}");
    }
}

#[test]
fn a_column_of_another_width_is_read_and_not_written() {
    let (_folder, table) = new_table();
    let first = table.root().join("_delta_log/00000000000000000000.json");
    let narrow = fs::read_to_string(&first).unwrap().replacen("long", "integer", 1);
    fs::write(&first, narrow).unwrap();
    let table = table.refresh().unwrap();
    assert_eq!(**table.schema(), schema());
    let refused = append(vec![file("a", 0, 1)]).commit(&table);
    assert!(matches!(refused, Err(StorageError::NotWritable { .. })), "{refused:?}");
}

#[test]
fn an_empty_text_names_no_partition() {
    let folder = tempfile::tempdir().unwrap();
    let text = Schema::new(vec![Field::new("k", DataType::Utf8), Field::new("v", DataType::Int64)]);
    let table =
        Snapshot::create(folder.path(), &text, &["k".to_owned()], &BTreeMap::new()).unwrap();
    let mut empty = file("a", 0, 1);
    empty.partition_values = vec![("k".to_owned(), "".into())];
    let refused = append(vec![empty]).commit(&table);
    assert!(matches!(refused, Err(StorageError::NoPartitionFor { .. })), "{refused:?}");
}

/// The kernel's own scan reads the data files without any of our readers.
#[test]
fn a_reader_that_is_not_ours_reads_the_same_rows() {
    use colonna_column::{Column, Columns};
    use delta_kernel::arrow::array::{Array as _, AsArray};
    use delta_kernel::arrow::datatypes::{Date32Type, Int64Type};
    use delta_kernel::engine::arrow_data::ArrowEngineData;

    let (_folder, table) = new_table();
    let mut expected = Vec::new();
    let mut files = Vec::new();
    for (day, ids) in [(-1, 0..40_i64), (20_000, 40..100)] {
        let countries = ids.clone().map(|id| match id % 3 {
            0 => Scalar::Null,
            _ => Scalar::Struct(vec![("country".to_owned(), format!("c{}", id % 7).into())]),
        });
        let countries: Vec<Scalar> = countries.collect();
        let times: Vec<Scalar> = ids.clone().map(|id| Scalar::Timestamp(id - 5)).collect();
        let fields = schema().fields;
        let rows = Columns::from_named(vec![
            ("id".to_owned(), Column::from_i64(ids.clone().collect())),
            ("user".to_owned(), Column::from_scalars(&fields[1].data_type, &countries).unwrap()),
            ("ts".to_owned(), Column::from_scalars(&fields[2].data_type, &times).unwrap()),
        ])
        .unwrap();
        let key = crate::PartitionKey::new(vec![("day".to_owned(), Scalar::Date(day))]);
        let options = colonna_page::WriteOptions { row_group_rows: 16, ..Default::default() };
        files.push(crate::encode(&table, &key, &rows, &options).unwrap());
        expected.extend(ids.map(|id| {
            let country = (id % 3 != 0).then(|| format!("c{}", id % 7));
            (id, country, day)
        }));
    }
    let table = commit(&append(files), &table);
    let scan = std::sync::Arc::clone(table.inner()).scan_builder().build().unwrap();
    let engine = std::sync::Arc::clone(table.engine());
    let mut found = Vec::new();
    for data in scan.execute(engine).unwrap() {
        let data = ArrowEngineData::try_from_engine_data(data.unwrap()).unwrap();
        let batch = data.record_batch();
        let ids = batch.column_by_name("id").unwrap().as_primitive::<Int64Type>();
        let days = batch.column_by_name("day").unwrap().as_primitive::<Date32Type>();
        let users = batch.column_by_name("user").unwrap();
        let countries = users.as_struct().column(0).as_string::<i32>();
        found.extend((0..batch.num_rows()).map(|row| {
            let is_null = users.is_null(row) || countries.is_null(row);
            let country = (!is_null).then(|| countries.value(row).to_owned());
            (ids.value(row), country, days.value(row))
        }));
    }
    found.sort();
    assert_eq!(found, expected);
}

/// Takes the checkpoints away, so that the log is replayed from zero.
fn without_checkpoints(root: &Path) {
    for entry in fs::read_dir(root.join("_delta_log")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            fs::remove_file(path).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn replay_from_a_checkpoint_equals_replay_from_zero(
        steps in prop::collection::vec((0_u8..4, any::<prop::sample::Index>()), 1..12),
    ) {
        let (_folder, mut table) = new_table();
        let mut model: Vec<String> = Vec::new();
        for (number, (kind, pick)) in steps.iter().enumerate() {
            let name = format!("{number:03}");
            let mut transaction = append(vec![file(&name, 0, 5)]);
            model.push(format!("day=0/{name}"));
            if *kind == 1 {
                let gone = model.remove(pick.index(model.len()));
                // What this very commit adds is not there to be removed.
                if gone.ends_with(&name) {
                    transaction.adds.clear();
                    transaction.new_columns = vec![column(Field::new(format!("c{name}"), DataType::Utf8))];
                } else {
                    transaction.operation = Operation::Replace;
                    transaction.removes = [gone].into();
                }
            }
            transaction.identity = Some((format!("app{}", number % 2), i64::try_from(number).unwrap()));
            table = commit(&transaction, &table);
            if *kind == 2 {
                table.checkpoint().unwrap();
            }
        }
        model.sort();
        prop_assert_eq!(&paths(&table), &model);
        let from_checkpoint = Snapshot::open(table.root(), None).unwrap();
        let files = format!("{:?}", from_checkpoint.files().unwrap());
        let transactions = ["app0", "app1"].map(|app| from_checkpoint.transaction_version(app).unwrap());
        without_checkpoints(table.root());
        let from_zero = Snapshot::open(table.root(), None).unwrap();
        prop_assert_eq!(from_zero.schema(), from_checkpoint.schema());
        prop_assert_eq!(format!("{:?}", from_zero.files().unwrap()), files);
        prop_assert_eq!(["app0", "app1"].map(|app| from_zero.transaction_version(app).unwrap()), transactions);
    }
}

#[test]
fn a_checkpoint_comes_with_every_fiftieth_commit() {
    let (_folder, mut table) = new_table();
    for number in 0..51 {
        table = commit(&append(vec![file(&format!("{number:02}"), 0, 1)]), &table);
    }
    let names = fs::read_dir(table.root().join("_delta_log")).unwrap();
    let checkpoints = names
        .filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().contains("checkpoint"));
    // The checkpoint and the hint that names it.
    assert_eq!(checkpoints.count(), 2);
    assert_eq!(paths(&Snapshot::open(table.root(), None).unwrap()).len(), 51);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_damaged_log_is_an_error_or_is_read(
        which in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (_folder, mut table) = new_table();
        for number in 0..3 {
            table = commit(&append(vec![file(&format!("{number}"), 0, 1)]), &table);
            if number == 1 {
                table.checkpoint().unwrap();
            }
        }
        let log = fs::read_dir(table.root().join("_delta_log")).unwrap();
        let mut files: Vec<_> = log.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let damaged = &files[which.index(files.len())];
        let mut bytes = fs::read(damaged).unwrap();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(damaged, bytes).unwrap();
        if let Ok(table) = Snapshot::open(table.root(), None) {
            drop(table.transaction_version("app"));
            for file in table.files().unwrap_or_default() {
                drop(table.deleted_rows(&file));
            }
        }
    }
}
