//! What is chosen by trial, and that it is remembered.

use super::*;
use crate::compress::Codec;
use crate::layout::Choice;

fn random(row: usize) -> u64 {
    let mut bits = (row as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits ^= bits >> 31;
    bits.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (bits >> 17)
}

fn ids(row_count: usize) -> Columns {
    let ids: Vec<Scalar> =
        (0..row_count).map(|row| Scalar::Utf8(format!("{:016x}", random(row)))).collect();
    let kinds: Vec<Scalar> = (0..row_count)
        .map(|row| ["view", "click", "buy"][usize::try_from(random(row) % 3).unwrap()].into())
        .collect();
    let times = (0..i64::try_from(row_count).unwrap()).map(|row| row * 864_000).collect();
    let text = |values: &[Scalar]| Column::from_scalars(&DataType::Utf8, values).unwrap();
    Columns::from_named(vec![
        ("id".to_owned(), text(&ids)),
        ("kind".to_owned(), text(&kinds)),
        ("ts".to_owned(), Column::from_i64(times).with_type(DataType::Timestamp).unwrap()),
        ("gone".to_owned(), Column::nulls(DataType::Utf8, row_count)),
    ])
    .unwrap()
}

fn chosen(layout: &Layout) -> Vec<Option<Choice>> {
    (0..4).map(|position| layout.remembered(position)).collect()
}

#[test]
fn a_trial_finds_what_suits_each_column() {
    let rows = ids(30_000);
    for profile in [Profile::Smallest, Profile::Balanced, Profile::Fastest] {
        let options = WriteOptions { profile, ..WriteOptions::default() };
        let layout = Layout::by_trial(&rows, &options).unwrap();
        let [Some(id), Some(kind), Some(ts), None] = chosen(&layout)[..] else {
            panic!("{layout:?}");
        };
        assert!(id.codes.is_none() && kind.codes.is_some() && ts.codes.is_none(), "{layout:?}");
    }
}

#[test]
fn long_words_that_are_alike_go_by_snappy_and_doubles_with_decimals_by_lz4() {
    let urls: Vec<Scalar> = (0..30_000)
        .map(|row| {
            let (page, from) = (random(row) % 300, random(row + 7) % 8);
            let path =
                "all/that/there/is/to/be/seen/of/this/and/of/that/before/one/comes/to/a/page";
            format!("https://shop.example/{path}/{page}?from=word{from:x}").into()
        })
        .collect();
    let prices = (0..30_000).map(|row| (random(row) % 400_000) as f64 / 1000.0).collect();
    let prices = Column::try_new(DataType::Float64, 30_000, Values::Float64(prices), None).unwrap();
    let rows = Columns::from_named(vec![
        ("url".to_owned(), Column::from_scalars(&DataType::Utf8, &urls).unwrap()),
        ("price".to_owned(), prices),
    ]);
    let layout = Layout::by_trial(&rows.unwrap(), &WriteOptions::default()).unwrap();
    let [Some(url), Some(price)] = [0, 1].map(|position| layout.remembered(position)) else {
        panic!("{layout:?}");
    };
    assert!(matches!(url.codes, Some((_, Codec::Snappy))), "{url:?}");
    assert!(price.codes.is_none() && price.plain.1 == Codec::Lz4Eights, "{price:?}");
}

#[test]
fn a_trial_makes_files_no_larger_and_says_the_same_rows() {
    let rows = ids(30_000);
    let sizes: Vec<usize> = [Profile::Smallest, Profile::Balanced, Profile::Fastest]
        .into_iter()
        .map(|profile| {
            let options = WriteOptions { profile, ..WriteOptions::default() };
            let (_folder, path, written) = written(std::slice::from_ref(&rows), &options);
            let reader = Reader::open(path).unwrap();
            assert_eq!(all_rows(&reader).len(), rows.row_count());
            usize::try_from(written.byte_len).unwrap()
        })
        .collect();
    assert!(sizes.is_sorted(), "{sizes:?}");
}

#[test]
fn files_of_one_load_share_what_the_first_found() {
    let rows = ids(30_000);
    let layout = Arc::new(Layout::new(rows.schema()));
    let options = WriteOptions { layout: Some(Arc::clone(&layout)), ..WriteOptions::default() };
    assert_eq!(chosen(&layout), [None; 4]);
    let (first, _) = write_file(Vec::new(), rows.schema(), [&rows], &options).unwrap();
    let found = chosen(&layout);
    assert_eq!(found.iter().filter(|choice| choice.is_some()).count(), 3);
    let few = rows.slice(0, 10);
    write_file(Vec::new(), few.schema(), [&few], &options).unwrap();
    let (again, _) = write_file(Vec::new(), rows.schema(), [&rows], &options).unwrap();
    assert_eq!(chosen(&layout), found);
    assert!(first == again);
}

#[test]
fn a_level_that_is_asked_for_is_kept_to() {
    let rows = ids(30_000);
    let options = WriteOptions { compression_level: Some(5), ..WriteOptions::default() };
    let layout = Layout::by_trial(&rows, &options).unwrap();
    let codecs = chosen(&layout).into_iter().flatten().flat_map(|choice| {
        [Some(choice.plain.1), choice.codes.map(|(_, codec)| codec)].into_iter().flatten()
    });
    let kept = |codec| matches!(codec, Codec::None | Codec::Zstd(5));
    assert!(codecs.into_iter().all(kept));
    let options = WriteOptions { compression_level: Some(23), ..WriteOptions::default() };
    let refused = write_file(Vec::new(), rows.schema(), [&rows], &options);
    assert!(matches!(refused, Err(PageError::NoSuchLevel { level: 23 })));
}

#[test]
fn columns_of_nothing_take_a_page_of_a_few_bytes() {
    let columns = |row_count| {
        let column = |index| (format!("c{index}"), Column::nulls(DataType::Utf8, row_count));
        Columns::from_named((0..500).map(column).collect()).unwrap()
    };
    let len = |row_count| {
        let rows = columns(row_count);
        let options = WriteOptions { page_rows: 1 << 20, ..WriteOptions::default() };
        let (_, written) = write_file(Vec::new(), rows.schema(), [&rows], &options).unwrap();
        written.byte_len
    };
    assert!(len(100_000) < len(1) + 500 * 40, "{} {}", len(100_000), len(1));
}

#[test]
fn no_byte_of_a_column_is_read_twice_but_the_header_of_a_long_dictionary() {
    let texts: Vec<Scalar> = (0..60_000)
        .map(|row| Scalar::Utf8(format!("{:016x}", random(row % 20_000)).repeat(2)))
        .collect();
    let numbers: Vec<i64> = (0..60_000).map(|row| random(row).cast_signed()).collect();
    let rows = Columns::from_named(vec![
        ("text".to_owned(), Column::from_scalars(&DataType::Utf8, &texts).unwrap()),
        ("number".to_owned(), Column::from_i64(numbers)),
    ]);
    let options = WriteOptions { page_rows: 11_000, ..WriteOptions::default() };
    let (_folder, path, _) = written(&[rows.unwrap()], &options);
    let reader = Reader::open(path).unwrap();
    for (name, most_more) in [("text", 2 * 512), ("number", 0)] {
        let mut blocks = reader.read(0, &[vec![name.to_owned()]], None).unwrap();
        let codes = blocks.by_ref().map(|block| block.unwrap().columns()[0].clone());
        let are_codes = codes.map(|column| matches!(column.values(), Values::Codes { .. }));
        assert!(are_codes.into_iter().all(|is_coded| is_coded == (name == "text")));
        let counters = blocks.counters();
        assert!(counters.pages_read > 3 && counters.bytes_total > 200_000, "{counters:?}");
        assert!(counters.bytes_read <= counters.bytes_total + most_more, "{counters:?}");
    }
}

#[test]
fn a_row_group_ends_where_it_has_enough_rows_or_bytes() {
    let rows = ids(30_000);
    let groups = |options: WriteOptions| {
        let (_folder, path, _) = written(std::slice::from_ref(&rows), &options);
        let reader = Reader::open(path).unwrap();
        (0..reader.row_group_count()).map(|group| reader.row_group_rows(group)).collect::<Vec<_>>()
    };
    let options = WriteOptions { row_group_rows: 12_000, ..WriteOptions::default() };
    assert_eq!(groups(options), [12_000, 12_000, 6000]);
    let options = WriteOptions { row_group_bytes: 100_000, ..WriteOptions::default() };
    assert!(groups(options).len() > 2);
}
