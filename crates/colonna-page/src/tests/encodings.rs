//! Every encoding, with nulls and in structs, read back by parquet's own reader.

use colonna_column::ColumnBuilder;

use super::*;
use crate::compress::Codec;
use crate::encoding::delta_binary_packed::Widths;
use crate::encoding::dictionary::CodeWidth;
use crate::layout::{Choice, Codes, Uncoded};
use crate::words::Order;

fn every_choice() -> Vec<Choice> {
    let ways = [
        Uncoded::Plain,
        Uncoded::Delta(Widths::Natural),
        Uncoded::Delta(Widths::WholeBytes),
        Uncoded::DeltaLength,
        Uncoded::DeltaPrefix,
        Uncoded::Split,
        Uncoded::Runs,
    ];
    let codecs = [
        Codec::None,
        Codec::Zstd(1),
        Codec::Near,
        Codec::Short,
        Codec::Lz4,
        Codec::Lz4Eights,
        Codec::Snappy,
    ];
    let mut choices = Vec::new();
    for (way, codec) in ways.into_iter().zip(codecs.into_iter().cycle()) {
        choices.push(Choice { codes: None, plain: (way, codec) });
    }
    for order in [Order::Frequency, Order::Sorted] {
        let widths = [CodeWidth::Natural, CodeWidth::WholeBytes];
        for (width, codec) in widths.into_iter().cycle().zip(codecs) {
            let codes = Some((Codes { order, width }, codec));
            choices.push(Choice { codes, plain: (Uncoded::Plain, codec) });
        }
    }
    choices
}

fn any_choice() -> impl Strategy<Value = Choice> {
    prop::sample::select(every_choice())
}

/// Writes the rows by that choice, and checks that they come back as they were.
#[track_caller]
fn check(rows: &Columns, choice: Choice, page_rows: usize) {
    let leaf_count = leaf::leaves_of(&colonna_column::arrow_schema(rows.schema())).len();
    let layout = Arc::new(Layout::of_choice(rows.schema(), leaf_count, choice));
    let options = WriteOptions { page_rows, layout: Some(layout), ..WriteOptions::default() };
    let (_folder, path, _) = written(std::slice::from_ref(rows), &options);
    let reader = Reader::open(path).unwrap();
    let expected: Vec<Vec<Scalar>> = (0..rows.row_count()).map(|row| rows.row(row)).collect();
    assert_eq!(all_rows(&reader), expected, "{choice:?}");
    for group in 0..reader.row_group_count() {
        check_statistics(&reader.row_group_statistics(group), rows).unwrap();
    }
}

proptest! {
    #[test]
    fn rows_come_back_from_every_encoding(
        rows in any_rows(),
        choice in any_choice(),
        page_rows in 1_usize..10,
    ) {
        check(&rows, choice, page_rows);
    }
}

/// A column's name, its type, and its value in each row.
type Kind<'a> = (&'a str, DataType, &'a dyn Fn(usize) -> Scalar);

/// Rows of every type, enough for many pages: sorted, of few values, and of many.
fn all_types(row_count: usize, null_every: usize) -> Columns {
    let text = |row: usize| Scalar::Utf8(format!("https://example.org/{:06}", row * 7919 % 5000));
    let int = |row: usize| i64::try_from(row).unwrap();
    let kinds: [Kind<'_>; 12] = [
        ("flag", DataType::Boolean, &|row| Scalar::Boolean(row % 100 < 60)),
        ("sorted", DataType::Timestamp, &|row| Scalar::Timestamp(int(row) * 1000 + int(row % 3))),
        ("few", DataType::Int64, &|row| Scalar::Int64(int(row % 7) - 3)),
        ("wide", DataType::Int64, &|row| Scalar::Int64(int(row).wrapping_mul(i64::MAX / 3))),
        ("day", DataType::Date, &|row| Scalar::Date(i32::try_from(row % 400).unwrap() - 200)),
        ("price", DataType::Float64, &|row| Scalar::Float64((row % 100) as f64 / 8.0)),
        ("text", DataType::Utf8, &text),
        ("word", DataType::Utf8, &|row| ["de", "", "at"][row % 3].into()),
        ("bytes", DataType::Binary, &|row| Scalar::Binary(row.to_le_bytes()[..row % 4].to_vec())),
        ("small", DataType::Decimal { precision: 9, scale: 2 }, &|row| Scalar::Decimal {
            value: i128::try_from(row).unwrap() - 500,
            scale: 2,
        }),
        ("middle", DataType::Decimal { precision: 18, scale: 0 }, &|row| Scalar::Decimal {
            value: i128::try_from(row % 50).unwrap() * -1_000_000_007,
            scale: 0,
        }),
        ("large", DataType::Decimal { precision: 38, scale: 5 }, &|row| Scalar::Decimal {
            value: i128::MAX / 7 - i128::try_from(row % 3000).unwrap(),
            scale: 5,
        }),
    ];
    let values = |value: &dyn Fn(usize) -> Scalar| -> Vec<Scalar> {
        let value =
            |row| if null_every > 0 && row % null_every == 1 { Scalar::Null } else { value(row) };
        (0..row_count).map(value).collect()
    };
    let mut named = Vec::new();
    let mut fields = Vec::new();
    for (name, data_type, value) in &kinds {
        let column = Column::from_scalars(data_type, &values(value)).unwrap();
        named.push(((*name).to_owned(), column));
        fields.push(Field::new(*name, data_type.clone()));
    }
    let nested = |row: usize| {
        let fields = kinds.iter().map(|(name, _, value)| {
            let value = if row.is_multiple_of(5) { Scalar::Null } else { value(row) };
            ((*name).to_owned(), value)
        });
        if row % 3 == 2 { Scalar::Null } else { Scalar::Struct(fields.collect()) }
    };
    let nested: Vec<Scalar> = (0..row_count).map(nested).collect();
    named
        .push(("in".to_owned(), Column::from_scalars(&DataType::Struct(fields), &nested).unwrap()));
    Columns::from_named(named).unwrap()
}

#[test]
fn every_type_comes_back_from_every_encoding_in_many_pages() {
    for (row_count, null_every) in [(0, 0), (1, 0), (1, 1), (3000, 0), (3000, 7), (3000, 1)] {
        let rows = all_types(row_count, null_every);
        for choice in every_choice() {
            check(&rows, choice, 1000);
        }
    }
}

#[test]
fn the_file_says_how_values_are_kept() {
    let rows = all_types(3000, 7);
    let leaf_count = leaf::leaves_of(&colonna_column::arrow_schema(rows.schema())).len();
    let choice = Choice { codes: None, plain: (Uncoded::Delta(Widths::Natural), Codec::None) };
    let layout = Some(Arc::new(Layout::of_choice(rows.schema(), leaf_count, choice)));
    let options = WriteOptions { layout, ..WriteOptions::default() };
    let (_folder, path, _) = written(std::slice::from_ref(&rows), &options);
    let file = fs::File::open(path).unwrap();
    let metadata =
        parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
    let chunk = |position: usize| metadata.row_group(0).column(position);
    let delta = parquet::basic::Encoding::DELTA_BINARY_PACKED;
    assert!(chunk(1).encodings().any(|encoding| encoding == delta));
    assert!(!chunk(0).encodings().any(|encoding| encoding == delta));
    assert_eq!(chunk(1).compression(), parquet::basic::Compression::UNCOMPRESSED);
}

#[test]
fn codes_that_no_row_uses_and_words_that_are_equal_leave_no_trace() {
    let words: colonna_column::Strings = ["unused", "b", "a", "b"].iter().collect();
    let values = Values::Codes { codes: vec![3, 1, 2, 99, 1], dictionary: Arc::new(words) };
    let validity = Some([true, true, true, false, true].into_iter().collect());
    let column = Column::try_new(DataType::Utf8, 5, values, validity).unwrap();
    let rows = Columns::from_named(vec![("s".to_owned(), column.clone())]).unwrap();
    let (_folder, path, _) = written(std::slice::from_ref(&rows), &WriteOptions::default());
    let reader = Reader::open(path).unwrap();
    let blocks = reader.read(0, &everything(&reader), None).unwrap();
    let blocks: Vec<Columns> = blocks.map(Result::unwrap).collect();
    let Values::Codes { dictionary, .. } = blocks[0].columns()[0].values() else {
        panic!("{:?}", blocks[0].columns()[0].values());
    };
    assert_eq!(dictionary.iter().collect::<Vec<_>>(), [b"b", b"a"]);
    assert_eq!(blocks[0].columns()[0], column);
}

#[test]
fn a_value_that_does_not_fit_its_type_is_an_error() {
    let days = Column::from_i64(vec![i64::MAX]).with_type(DataType::Date).unwrap();
    let rows = Columns::from_named(vec![("d".to_owned(), days)]).unwrap();
    let refused = write_file(Vec::new(), rows.schema(), [&rows], &WriteOptions::default());
    assert!(matches!(refused, Err(PageError::OutOfRange { .. })));
}

#[test]
fn a_damaged_page_is_told_by_its_checksum() {
    let rows = all_types(3000, 0);
    let leaf_count = leaf::leaves_of(&colonna_column::arrow_schema(rows.schema())).len();
    // Nothing but the checksum tells that a value is another.
    let choice = Choice { codes: None, plain: (Uncoded::Plain, Codec::None) };
    let layout = Some(Arc::new(Layout::of_choice(rows.schema(), leaf_count, choice)));
    let options = WriteOptions { layout, ..WriteOptions::default() };
    let (bytes, _) = write_file(Vec::new(), rows.schema(), [&rows], &options).unwrap();
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new()
        .parse_and_finish(&bytes::Bytes::from(bytes.clone()))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    for position in 0..leaf_count {
        let (start, len) = metadata.row_group(0).column(position).byte_range();
        let mut damaged = bytes.clone();
        damaged[usize::try_from(start + len).unwrap() - 1] ^= 1;
        fs::write(&path, damaged).unwrap();
        let reader = Reader::open(&path).unwrap();
        let mut blocks = reader.read(0, &everything(&reader), None).unwrap();
        assert!(blocks.any(|block| block.is_err()), "column {position}");
    }
}

#[test]
fn a_header_that_names_more_than_there_is_ends_at_once() {
    let mut lists = ColumnBuilder::new(&DataType::List(Box::new(DataType::Int64)));
    for row in 0..100 {
        lists.elements_mut()[0].push_i64(row).unwrap();
        lists.close_row();
    }
    let rows = Columns::from_named(vec![("lists".to_owned(), lists.finish())]).unwrap();
    let (_folder, path, _) = written(&[rows], &WriteOptions::default());
    let mut bytes = fs::read(&path).unwrap();
    // A first field, and then a list of very many doubles.
    bytes[4..12].copy_from_slice(&[0x15, 0, 0x59, 0xf7, 0xff, 0xff, 0xff, 0x1f]);
    fs::write(&path, bytes).unwrap();
    let reader = Reader::open(&path).unwrap();
    let blocks = reader.read(0, &everything(&reader), None).unwrap();
    assert!(blocks.collect::<Result<Vec<Columns>, _>>().is_err());
}
