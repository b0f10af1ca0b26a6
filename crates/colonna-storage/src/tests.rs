use std::collections::BTreeMap;
use std::fs;

use colonna_column::{Column, Columns};
use colonna_page::{Reader, WriteOptions};
use colonna_schema::{DataType, Field, Scalar, Schema, parse_timestamp};
use tempfile::TempDir;

use crate::durable::crash;
use crate::*;

fn rows(day: &str, ids: std::ops::Range<i64>) -> Columns {
    let start = parse_timestamp(day).unwrap();
    let times: Vec<Scalar> = ids.clone().map(|id| Scalar::Timestamp(start + id)).collect();
    Columns::from_named(vec![
        ("id".to_owned(), Column::from_i64(ids.collect())),
        ("ts".to_owned(), Column::from_scalars(&DataType::Timestamp, &times).unwrap()),
    ])
    .unwrap()
}

fn by_day() -> PartitionSpec {
    PartitionSpec::Time { column: "ts".to_owned(), granularity: Granularity::Day }
}

fn new_table() -> (TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let schema = rows("2025-10-01", 0..0).schema().as_ref().clone();
    let path = folder.path().join("t");
    let table = Snapshot::create_partitioned(path, &schema, &by_day(), &BTreeMap::new()).unwrap();
    (folder, table)
}

fn encoded(table: &Snapshot, rows: &Columns) -> Result<Vec<DataFile>, StorageError> {
    let spec = table.partition_spec().unwrap();
    let split = spec.split(rows)?;
    let file = |(key, members): (PartitionKey, Vec<u32>)| {
        let rows = spec.without_partition_columns(rows.gather(&members))?;
        encode(table, &key, &rows, &WriteOptions::default())
    };
    split.into_iter().map(file).collect()
}

fn append(table: &Snapshot, rows: &Columns) -> Result<Committed, StorageError> {
    commit(table, &Change { adds: encoded(table, rows)?, ..Change::default() })
}

/// All ids in the table, ascending, read from its files.
fn ids(table: &Snapshot) -> Vec<i64> {
    let mut ids = Vec::new();
    for file in table.files().unwrap() {
        let reader = Reader::open(table.path_of(&file)).unwrap();
        assert_eq!(reader.row_count(), file.statistics.as_ref().unwrap().row_count);
        for group in 0..reader.row_group_count() {
            for block in reader.read(group, &[vec!["id".to_owned()]], None).unwrap() {
                let block = block.unwrap();
                ids.extend((0..block.row_count()).filter_map(|row| block.columns()[0].i64_at(row)));
            }
        }
    }
    ids.sort_unstable();
    ids
}

fn key(table: &Snapshot, rows: &Columns) -> PartitionKey {
    table.partition_spec().unwrap().split(rows).unwrap()[0].0.clone()
}

#[test]
fn rows_are_committed_under_the_folder_of_their_day() {
    let (_folder, table) = new_table();
    assert_eq!(table.partition_spec(), Some(by_day()));
    assert_eq!(append(&table, &rows("2025-10-01", 0..10)).unwrap(), Committed::Now { version: 1 });
    let table = table.refresh().unwrap();
    let files = table.files().unwrap();
    assert!(files[0].path.starts_with("ts_date=2025-10-01/part-"), "{}", files[0].path);
    assert_eq!(files[0].partition_values, [("ts_date".to_owned(), Scalar::Date(20_362))]);
    let id = &files[0].statistics.as_ref().unwrap().columns[&vec!["id".to_owned()]];
    assert_eq!((&id.min, &id.max), (&Some(Scalar::Int64(0)), &Some(Scalar::Int64(9))));
    assert_eq!(table.file_schema(), **rows("2025-10-01", 0..0).schema());
    assert_eq!(ids(&table), (0..10).collect::<Vec<_>>());
}

#[test]
fn an_append_is_tried_again_on_top_of_another() {
    let (_folder, table) = new_table();
    append(&table, &rows("2025-10-01", 0..5)).unwrap();
    assert_eq!(append(&table, &rows("2025-10-01", 5..9)).unwrap(), Committed::Now { version: 2 });
    assert_eq!(ids(&table.refresh().unwrap()), (0..9).collect::<Vec<_>>());
}

#[test]
fn appends_of_many_threads_all_land() {
    let (_folder, table) = new_table();
    std::thread::scope(|scope| {
        for writer in 0..6_i64 {
            let table = &table;
            scope.spawn(move || {
                for round in 0..3 {
                    let first = writer * 100 + round * 10;
                    append(table, &rows("2025-10-01", first..first + 10)).unwrap();
                }
            });
        }
    });
    let table = table.refresh().unwrap();
    assert_eq!(table.version(), 18);
    assert_eq!(ids(&table).len(), 180);
}

#[test]
fn a_replace_loses_against_whoever_touched_its_partition() {
    let (_folder, table) = new_table();
    append(&table, &rows("2025-10-01", 0..5)).unwrap();
    let planned = table.refresh().unwrap();
    let mine = rows("2025-10-01", 100..103);
    let change = Change {
        adds: encoded(&planned, &mine).unwrap(),
        replaced: Replaced::Partitions(vec![key(&planned, &mine)]),
        ..Change::default()
    };
    // Another day is nobody's business.
    append(&planned, &rows("2025-10-02", 50..52)).unwrap();
    assert_eq!(commit(&planned, &change).unwrap(), Committed::Now { version: 3 });
    let now = table.refresh().unwrap();
    assert_eq!(ids(&now), [50, 51, 100, 101, 102]);

    let change = Change { adds: encoded(&now, &rows("2025-10-01", 7..8)).unwrap(), ..change };
    append(&now, &rows("2025-10-01", 60..61)).unwrap();
    let refused = commit(&now, &change);
    assert!(matches!(refused, Err(StorageError::Conflict { winner: 4 })), "{refused:?}");
    assert_eq!(ids(&table.refresh().unwrap()), [50, 51, 60, 100, 101, 102]);
}

#[test]
fn a_replace_of_an_empty_partition_loses_against_an_append_to_it() {
    let (_folder, table) = new_table();
    let mine = rows("2025-10-01", 0..1);
    let replaced = Replaced::Partitions(vec![key(&table, &mine)]);
    let change = Change { adds: encoded(&table, &mine).unwrap(), replaced, ..Change::default() };
    append(&table, &rows("2025-10-01", 5..6)).unwrap();
    assert!(matches!(commit(&table, &change), Err(StorageError::Conflict { winner: 1 })));
}

#[test]
fn the_same_transaction_lands_once() {
    let (_folder, table) = new_table();
    let identity = Some(("load".to_owned(), 7));
    let load = |rows: &Columns| Change {
        adds: encoded(&table, rows).unwrap(),
        identity: identity.clone(),
        ..Change::default()
    };
    let first = load(&rows("2025-10-01", 0..5));
    let again = load(&rows("2025-10-01", 0..5));
    assert_eq!(commit(&table, &first).unwrap(), Committed::Now { version: 1 });
    // Planned before the first one landed.
    assert_eq!(commit(&table, &again).unwrap(), Committed::Before { version: 1 });
    assert_eq!(
        commit(&table.refresh().unwrap(), &again).unwrap(),
        Committed::Before { version: 1 }
    );
    assert_eq!(ids(&table.refresh().unwrap()), (0..5).collect::<Vec<_>>());
}

#[test]
fn a_column_that_another_writer_added_meanwhile_is_not_added_twice() {
    let (_folder, table) = new_table();
    let wider = |kind| Change { new_columns: vec![Field::new("x", kind)], ..Change::default() };
    commit(&table, &wider(DataType::Int64)).unwrap();
    let mut same = wider(DataType::Int64);
    same.adds = encoded(&table, &rows("2025-10-01", 0..1)).unwrap();
    commit(&table, &same).unwrap();
    let other = commit(&table.refresh().unwrap(), &wider(DataType::Utf8));
    assert!(matches!(other, Err(StorageError::ColumnExists { .. })), "{other:?}");
}

#[test]
fn a_struct_gets_the_fields_it_lacks_also_inside_lists() {
    let folder = tempfile::tempdir().unwrap();
    let user = |names: &[&str]| {
        let fields = names.iter().map(|name| Field::new(*name, DataType::Int64)).collect();
        DataType::Struct(fields)
    };
    let columns = |names: &[&str]| {
        let list = DataType::List(Box::new(user(names)));
        vec![Field::new("user", user(names)), Field::new("users", list)]
    };
    let none = PartitionSpec::None;
    let table = Snapshot::create_partitioned(
        folder.path().join("t"),
        &Schema::new(columns(&["id"])),
        &none,
        &BTreeMap::new(),
    );
    let table = table.unwrap();
    let change = Change { new_columns: columns(&["id", "age"]), ..Change::default() };
    commit(&table, &change).unwrap();
    assert_eq!(table.refresh().unwrap().schema().fields, columns(&["id", "age"]));
}

#[test]
fn a_crash_between_any_two_steps_of_a_load_leaves_the_old_rows_or_the_new() {
    let (mut landed, mut told) = (None, None);
    for steps in 0..60 {
        let (_folder, table) = new_table();
        append(&table, &rows("2025-10-01", 0..3)).unwrap();
        let planned = Snapshot::open(table.root(), None).unwrap();
        let load = rows("2025-10-02", 10..12);
        let change = || {
            Ok(Change {
                adds: encoded(&planned, &load)?,
                identity: Some(("load".to_owned(), 1)),
                ..Change::default()
            })
        };
        let (result, crashed) =
            crash::after(steps, || change().and_then(|change| commit(&planned, &change)));
        let after = Snapshot::open(table.root(), None).unwrap();
        let found = ids(&after);
        assert!(found == [0, 1, 2] || found == [0, 1, 2, 10, 11], "{found:?}");
        if found.len() == 5 {
            landed.get_or_insert(steps);
        }
        if result.is_ok() {
            assert_eq!(found.len(), 5);
            told.get_or_insert(steps);
        }
        // The rerun neither loses nor repeats a row.
        let rerun = Change {
            adds: encoded(&after, &load).unwrap(),
            identity: Some(("load".to_owned(), 1)),
            ..Change::default()
        };
        commit(&after, &rerun).unwrap();
        assert_eq!(ids(&after.refresh().unwrap()), [0, 1, 2, 10, 11]);
        if !crashed {
            // What is visible is not acknowledged before its name is durable, too.
            assert!(landed < told, "visible after {landed:?} steps, told after {told:?}");
            return;
        }
    }
    panic!("the plug was pulled at every step");
}

#[test]
fn a_file_that_is_not_committed_is_not_seen_and_one_not_ended_is_not_left() {
    let (_folder, table) = new_table();
    encoded(&table, &rows("2025-10-01", 0..3)).unwrap();
    assert!(table.refresh().unwrap().files().unwrap().is_empty());
    let rows = rows("2025-10-02", 0..3);
    let options = WriteOptions::default();
    let schema = std::sync::Arc::clone(rows.schema());
    let mut encoder =
        Encoder::try_new(&table.folder(), key(&table, &rows), schema, options).unwrap();
    encoder.write(&rows).unwrap();
    drop(encoder);
    let folder = table.root().join("ts_date=2025-10-02");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn values_of_a_column_go_into_the_folders_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let texts = ["a/b", "..", "%", "__HIVE_DEFAULT_PARTITION__", "A", "a", "Gr\u{f6}\u{df}e 1"];
    let mut keys: Vec<Scalar> = texts.iter().map(|&text| text.into()).collect();
    keys.push(Scalar::Null);
    let ids = (0..i64::try_from(keys.len()).unwrap()).collect();
    let rows = Columns::from_named(vec![
        ("id".to_owned(), Column::from_i64(ids)),
        ("k".to_owned(), Column::from_scalars(&DataType::Utf8, &keys).unwrap()),
    ])
    .unwrap();
    let spec = PartitionSpec::Column { name: "k".to_owned() };
    let table = Snapshot::create_partitioned(folder.path(), rows.schema(), &spec, &BTreeMap::new())
        .unwrap();
    append(&table, &rows).unwrap();
    let table = table.refresh().unwrap();
    let mut found: Vec<(i64, Scalar)> = Vec::new();
    for file in table.files().unwrap() {
        let reader = Reader::open(table.path_of(&file)).unwrap();
        assert_eq!(reader.schema().fields.len(), 1);
        let block =
            reader.read(0, &[vec!["id".to_owned()]], None).unwrap().next().unwrap().unwrap();
        found.push((block.columns()[0].i64_at(0).unwrap(), file.partition_values[0].1.clone()));
    }
    found.sort_by_key(|(id, _)| *id);
    assert_eq!(found.into_iter().map(|(_, key)| key).collect::<Vec<_>>(), keys);
}
