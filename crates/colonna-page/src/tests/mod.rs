#![expect(clippy::single_range_in_vec_init, reason = "one range of rows is what is asked for")]

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use colonna_column::{Column, Columns, Values};
use colonna_schema::{DataType, Field, Scalar, Schema};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

mod encodings;
mod layouts;
mod other_writers;
mod sparse;

/// A file of these rows in small row groups and pages.
fn written(blocks: &[Columns], options: &WriteOptions) -> (TempDir, PathBuf, WrittenFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let schema = Arc::clone(blocks[0].schema());
    let file = fs::File::create(&path).unwrap();
    let (_, written) = write_file(file, &schema, blocks, options).unwrap();
    assert_eq!(written.byte_len, fs::metadata(&path).unwrap().len());
    (folder, path, written)
}

fn small() -> WriteOptions {
    WriteOptions { row_group_rows: 7, page_rows: 3, ..WriteOptions::default() }
}

fn everything(reader: &Reader) -> Vec<Vec<String>> {
    reader.schema().fields.iter().map(|field| vec![field.name.clone()]).collect()
}

fn rows_in(blocks: Blocks) -> Vec<Vec<Scalar>> {
    let blocks: Vec<Columns> = blocks.collect::<Result<_, _>>().unwrap();
    blocks.iter().flat_map(|block| (0..block.row_count()).map(|row| block.row(row))).collect()
}

fn all_rows(reader: &Reader) -> Vec<Vec<Scalar>> {
    let groups = 0..reader.row_group_count();
    groups
        .flat_map(|group| rows_in(reader.read(group, &everything(reader), None).unwrap()))
        .collect()
}

fn any_type() -> impl Strategy<Value = DataType> {
    let leaf = prop_oneof![
        Just(DataType::Boolean),
        Just(DataType::Int64),
        Just(DataType::Float64),
        Just(DataType::Utf8),
        Just(DataType::Binary),
        Just(DataType::Date),
        Just(DataType::Timestamp),
        Just(DataType::Decimal { precision: 9, scale: 2 }),
        Just(DataType::Decimal { precision: 18, scale: 0 }),
        Just(DataType::Decimal { precision: 38, scale: 5 }),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|element| DataType::List(Box::new(element))),
            inner
                .clone()
                .prop_map(|value| DataType::Map(Box::new(DataType::Utf8), Box::new(value))),
            prop::collection::vec(inner, 1..3).prop_map(|types| {
                let field = |(index, kind)| Field::new(format!("f{index}"), kind);
                DataType::Struct(types.into_iter().enumerate().map(field).collect())
            }),
        ]
    })
}

fn any_scalar(data_type: &DataType) -> BoxedStrategy<Scalar> {
    let value = match data_type {
        DataType::Null => Just(Scalar::Null).boxed(),
        DataType::Boolean => any::<bool>().prop_map(Scalar::Boolean).boxed(),
        DataType::Int64 => prop_oneof![any::<i64>(), 0_i64..3].prop_map(Scalar::Int64).boxed(),
        DataType::Float64 => {
            let some = prop_oneof![any::<f64>(), Just(f64::NAN), Just(-0.0), Just(0.0)];
            some.prop_map(Scalar::Float64).boxed()
        }
        DataType::Decimal { precision, scale } => {
            let (most, scale) = (10_i128.pow(u32::from(*precision)), *scale);
            any::<i128>()
                .prop_map(move |value| Scalar::Decimal { value: value % most, scale })
                .boxed()
        }
        DataType::Utf8 => {
            let long = "[a\u{7f}\u{10ffff}]{60,70}";
            prop_oneof![3 => ".{0,5}", 3 => "[ab]", 1 => long].prop_map(Scalar::Utf8).boxed()
        }
        DataType::Binary => {
            prop::collection::vec(any::<u8>(), 0..4).prop_map(Scalar::Binary).boxed()
        }
        DataType::Date => any::<i32>().prop_map(Scalar::Date).boxed(),
        DataType::Timestamp => any::<i64>().prop_map(Scalar::Timestamp).boxed(),
        DataType::List(element) => {
            prop::collection::vec(any_scalar(element), 0..3).prop_map(Scalar::List).boxed()
        }
        DataType::Map(_, value) => {
            prop::collection::vec((".{0,3}".prop_map(Scalar::Utf8), any_scalar(value)), 0..3)
                .prop_map(Scalar::Map)
                .boxed()
        }
        DataType::Struct(fields) => {
            let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
            let values: Vec<_> = fields.iter().map(|field| any_scalar(&field.data_type)).collect();
            let named = move |values| Scalar::Struct(names.iter().cloned().zip(values).collect());
            values.prop_map(named).boxed()
        }
    };
    prop_oneof![1 => Just(Scalar::Null), 4 => value].boxed()
}

prop_compose! {
    fn any_rows()(types in prop::collection::vec(any_type(), 1..4), row_count in 0_usize..25)
        (columns in types
            .iter()
            .map(|kind| prop::collection::vec(any_scalar(kind), row_count..=row_count))
            .collect::<Vec<_>>(), types in Just(types)) -> Columns
    {
        let column = |(index, (kind, values)): (usize, (&DataType, &Vec<Scalar>))| {
            (format!("c{index}"), Column::from_scalars(kind, values).unwrap())
        };
        Columns::from_named(types.iter().zip(&columns).enumerate().map(column).collect()).unwrap()
    }
}

/// Every value lies within the bounds that are given, and exact bounds are met.
fn check_statistics(
    statistics: &colonna_schema::Statistics,
    rows: &Columns,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(statistics.row_count, rows.row_count() as u64);
    for (path, column) in &statistics.columns {
        let values = rows.column_at(path).unwrap().scalars();
        let is_nan = |value: &Scalar| matches!(value, Scalar::Float64(value) if value.is_nan());
        let nulls = values.iter().filter(|value| value.is_null()).count();
        let numbers: Vec<&Scalar> =
            values.iter().filter(|value| !value.is_null() && !is_nan(value)).collect();
        if let Some(count) = column.null_count {
            prop_assert_eq!(count, nulls as u64, "{:?}", path);
        }
        if column.is_nan_free {
            prop_assert!(!values.iter().any(is_nan), "{:?}", path);
        }
        if let Some(min) = &column.min {
            prop_assert!(
                numbers.iter().all(|value| min.total_cmp(value).is_le()),
                "{path:?} {min}"
            );
            prop_assert!(!column.min_is_exact || numbers.contains(&min), "{path:?} {min}");
        }
        if let Some(max) = &column.max {
            prop_assert!(
                numbers.iter().all(|value| max.total_cmp(value).is_ge()),
                "{path:?} {max}"
            );
            prop_assert!(!column.max_is_exact || numbers.contains(&max), "{path:?} {max}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn reading_gives_back_what_was_written(rows in any_rows(), split in 0_usize..25) {
        let split = split.min(rows.row_count());
        let blocks = [rows.slice(0, split), rows.slice(split, usize::MAX)];
        let (_folder, path, written) = written(&blocks, &small());
        let reader = Reader::open(path).unwrap();
        prop_assert_eq!(reader.schema(), rows.schema());
        prop_assert_eq!(reader.row_count(), rows.row_count() as u64);
        let expected: Vec<Vec<Scalar>> = (0..rows.row_count()).map(|row| rows.row(row)).collect();
        prop_assert_eq!(all_rows(&reader), expected);
        prop_assert_eq!(&reader.statistics(), &written.statistics);
    }

    #[test]
    fn every_bound_holds(rows in any_rows()) {
        let (_folder, path, written) = written(std::slice::from_ref(&rows), &small());
        check_statistics(&written.statistics, &rows)?;
        let reader = Reader::open(path).unwrap();
        let mut start = 0;
        for group in 0..reader.row_group_count() {
            let len = usize::try_from(reader.row_group_rows(group)).unwrap();
            let of_group = rows.slice(start, len);
            check_statistics(&reader.row_group_statistics(group), &of_group)?;
            for (path, _) in rows.schema().leaves() {
                for page in reader.pages(group, &path) {
                    let first = usize::try_from(page.rows.start).unwrap();
                    let count = usize::try_from(page.rows.end - page.rows.start).unwrap();
                    let columns = [(path.clone(), page.statistics)].into();
 let statistics = colonna_schema::Statistics { row_count: count as u64, columns };
                    check_statistics(&statistics, &of_group.slice(first, count))?;
                }
            }
            start += len;
        }
    }

    #[test]
    fn ranges_of_rows_are_those_rows(rows in any_rows(), cuts in prop::collection::vec(0_u64..30, 0..6)) {
        let options = WriteOptions { row_group_rows: 1000, page_rows: 3, ..WriteOptions::default() };
        let (_folder, path, _) = written(std::slice::from_ref(&rows), &options);
        let reader = Reader::open(path).unwrap();
        let mut cuts: Vec<u64> = cuts.into_iter().map(|cut| cut.min(rows.row_count() as u64)).collect();
        cuts.sort_unstable();
        let ranges: Vec<Range<u64>> = cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
        if reader.row_group_count() == 0 {
            return Ok(());
        }
        let found: Vec<Vec<Scalar>> =
            rows_in(reader.read(0, &everything(&reader), Some(&ranges)).unwrap());
        let wanted = ranges.iter().cloned().flatten();
        let expected: Vec<Vec<Scalar>> =
            wanted.map(|row| rows.row(usize::try_from(row).unwrap())).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_damaged_file_is_an_error_or_is_read(
        rows in any_rows(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (_folder, path, _) = written(std::slice::from_ref(&rows), &small());
        let mut bytes = fs::read(&path).unwrap();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(&path, bytes).unwrap();
        if let Ok(reader) = Reader::open(&path) {
            reader.statistics();
            for group in 0..reader.row_group_count() {
                for (path, _) in reader.schema().leaves() {
                    reader.pages(group, &path);
                }
                if let Ok(blocks) = reader.read(group, &everything(&reader), None) {
                    blocks.for_each(drop);
                }
                if let Ok(blocks) = reader.read(group, &everything(&reader), Some(&[0..1])) {
                    blocks.for_each(drop);
                }
            }
        }
    }
}

fn user_rows(row_count: usize) -> Columns {
    let user = DataType::Struct(vec![
        Field::new("country", DataType::Utf8),
        Field::new("age", DataType::Int64),
    ]);
    let id = (0..i64::try_from(row_count).unwrap()).collect();
    let users: Vec<Scalar> = (0..row_count)
        .map(|row| match row % 5 {
            4 => Scalar::Null,
            kind => Scalar::Struct(vec![
                ("country".to_owned(), ["de", "at", "ch", "li"][kind].into()),
                ("age".to_owned(), Scalar::Int64(20 + i64::try_from(kind).unwrap())),
            ]),
        })
        .collect();
    let tags: Vec<Scalar> =
        (0..row_count).map(|row| Scalar::List(vec!["x".into(); row % 3])).collect();
    Columns::from_named(vec![
        ("id".to_owned(), Column::from_i64(id)),
        ("user".to_owned(), Column::from_scalars(&user, &users).unwrap()),
        (
            "tags".to_owned(),
            Column::from_scalars(&DataType::List(Box::new(DataType::Utf8)), &tags).unwrap(),
        ),
    ])
    .unwrap()
}

fn path(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|&part| part.to_owned()).collect()
}

#[test]
fn a_field_of_a_struct_is_read_alone() {
    let rows = user_rows(100);
    let (_folder, file, _) = written(std::slice::from_ref(&rows), &WriteOptions::default());
    let reader = Reader::open(file).unwrap();
    let asked = [path(&["user", "country"]), path(&["missing"])];
    let blocks: Vec<Columns> = reader.read(0, &asked, None).unwrap().map(Result::unwrap).collect();
    let wanted = Schema::new(vec![Field::new(
        "user",
        DataType::Struct(vec![Field::new("country", DataType::Utf8)]),
    )]);
    assert_eq!(**blocks[0].schema(), wanted);
    let country = blocks[0].column_at(&path(&["user", "country"])).unwrap();
    assert_eq!(country, rows.column_at(&path(&["user", "country"])).unwrap());
}

#[test]
fn texts_that_the_file_keeps_as_codes_come_as_codes_with_one_dictionary() {
    let text: Vec<Scalar> = (0..200_000).map(|row| ["de", "at", "ch"][row % 3].into()).collect();
    let text = Column::from_scalars(&DataType::Utf8, &text).unwrap();
    let rows = Columns::from_named(vec![("s".to_owned(), text)]).unwrap();
    let (_folder, file, _) = written(std::slice::from_ref(&rows), &WriteOptions::default());
    let blocks = Reader::open(file).unwrap().read(0, &[path(&["s"])], None).unwrap();
    let blocks: Vec<Columns> = blocks.map(Result::unwrap).collect();
    let dictionaries: Vec<_> = blocks
        .iter()
        .map(|block| match block.columns()[0].values() {
            Values::Codes { dictionary, .. } => Arc::clone(dictionary),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(dictionaries.len() > 1);
    assert!(dictionaries.iter().all(|dictionary| Arc::ptr_eq(dictionary, &dictionaries[0])));
}

#[test]
fn rows_of_no_column_are_counted_without_reading() {
    let (_folder, file, _) = written(&[user_rows(100)], &WriteOptions::default());
    let reader = Reader::open(file).unwrap();
    let mut blocks = reader.read(0, &[], Some(&[10..20, 30..33])).unwrap();
    let counted: usize = blocks.by_ref().map(|block| block.unwrap().row_count()).sum();
    assert_eq!((counted, blocks.counters().bytes_read), (13, 0));
}

#[test]
fn only_the_pages_of_the_rows_are_read() {
    let options = WriteOptions { page_rows: 5_000, ..WriteOptions::default() };
    let (_folder, file, _) = written(&[user_rows(100_000)], &options);
    let reader = Reader::open(file).unwrap();
    let id = [path(&["id"])];
    assert!(reader.pages(0, &id[0]).len() >= 15, "{:?}", reader.pages(0, &id[0]));
    let page = reader.pages(0, &id[0])[3].rows.clone();

    let mut all = reader.read(0, &id, None).unwrap();
    assert_eq!(all.by_ref().map(|block| block.unwrap().row_count()).sum::<usize>(), 100_000);
    assert_eq!(all.counters().pages_read, all.counters().pages_total);
    assert_eq!(all.counters().bytes_read, all.counters().bytes_total);

    let mut one = reader.read(0, &id, Some(&[page.start + 1..page.end - 1])).unwrap();
    one.by_ref().for_each(drop);
    assert_eq!(one.counters().pages_read, 1);
    assert!(one.counters().bytes_read * 5 < one.counters().bytes_total, "{:?}", one.counters());
}

#[test]
fn lists_come_as_codes_and_only_the_pages_of_the_rows_are_read() {
    let options = WriteOptions { page_rows: 5_000, ..WriteOptions::default() };
    let rows = user_rows(100_000);
    let (_folder, file, _) = written(std::slice::from_ref(&rows), &options);
    let reader = Reader::open(file).unwrap();
    let tags = [path(&["tags"])];
    let mut all = reader.read(0, &tags, None).unwrap();
    let blocks: Vec<Columns> = all.by_ref().map(Result::unwrap).collect();
    for block in &blocks {
        let Values::List { elements, .. } = block.columns()[0].values() else { panic!("no list") };
        assert!(matches!(elements.values(), Values::Codes { .. }), "{elements:?}");
    }
    let expected = rows.column_at(&tags[0]).unwrap();
    assert_eq!(Columns::concat(blocks[0].schema(), &blocks).unwrap().columns()[0], expected);
    assert_eq!(all.counters().pages_read, all.counters().pages_total);
    assert!(all.counters().pages_read >= 15, "{:?}", all.counters());

    let mut some = reader.read(0, &tags, Some(&[52_001..52_007])).unwrap();
    let block = some.next().unwrap().unwrap();
    assert_eq!(block.columns()[0], expected.slice(52_001, 6));
    assert_eq!(some.counters().pages_read, 1);
}

#[test]
fn rows_that_are_not_there_are_an_error() {
    let (_folder, file, _) = written(&[user_rows(10)], &WriteOptions::default());
    let reader = Reader::open(file).unwrap();
    assert!(matches!(reader.read(1, &[], None), Err(PageError::NoSuchRowGroup { count: 1, .. })));
    for ranges in [&[5..11][..], &[5..7, 6..8], &[Range { start: 3, end: 2 }]] {
        let refused = reader.read(0, &everything(&reader), Some(ranges));
        assert!(matches!(refused, Err(PageError::NoSuchRows { row_count: 10, .. })), "{ranges:?}");
    }
}

#[test]
fn what_is_no_parquet_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    assert!(matches!(Reader::open(&file), Err(PageError::Open { .. })));
    for bytes in [&b""[..], b"PAR1", b"PAR1\0\0\0\0PAR1", b"PAR1\xff\xff\xff\x7fPAR1"] {
        fs::write(&file, bytes).unwrap();
        assert!(Reader::open(&file).is_err(), "{bytes:?}");
    }
}

#[test]
fn the_order_of_the_rows_is_noted() {
    let sorted_by =
        vec![SortedBy { path: path(&["user", "age"]), descending: false, nulls_first: false }];
    let options = WriteOptions { sorted_by, ..WriteOptions::default() };
    let (_folder, file, _) = written(&[user_rows(10)], &options);
    let bytes = fs::File::open(file).unwrap();
    let metadata =
        parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&bytes).unwrap();
    assert_eq!(metadata.row_group(0).sorting_columns().unwrap()[0].column_idx, 2);
    let keys = metadata.file_metadata().key_value_metadata().unwrap();
    assert!(keys.iter().all(|entry| entry.key != "ARROW:schema"));

    let unknown = vec![SortedBy { path: path(&["tags"]), descending: false, nulls_first: false }];
    let options = WriteOptions { sorted_by: unknown, ..WriteOptions::default() };
    let refused = write_file(Vec::new(), user_rows(1).schema(), [&user_rows(1)], &options);
    assert!(matches!(refused, Err(PageError::NoSuchSortColumn { .. })));
}
