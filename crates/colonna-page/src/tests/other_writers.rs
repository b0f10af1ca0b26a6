//! What other programs write, as far as Parquet's own writer can write like them.

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::*;

prop_compose! {
    fn any_properties()(
        is_second in any::<bool>(),
        compression in prop::sample::select(vec![
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::ZSTD(ZstdLevel::default()),
            Compression::LZ4_RAW,
        ]),
        has_dictionary in any::<bool>(),
        dictionary_bytes in prop_oneof![Just(1_usize), Just(1 << 20)],
        page_rows in prop_oneof![1_usize..9, Just(20_000)],
        batch_rows in 1_usize..9,
        has_index in any::<bool>(),
        encoding in prop::sample::select(vec![
            None,
            Some(Encoding::PLAIN),
            Some(Encoding::DELTA_BINARY_PACKED),
            Some(Encoding::DELTA_BYTE_ARRAY),
            Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
            Some(Encoding::BYTE_STREAM_SPLIT),
        ]),
    ) -> (WriterProperties, Option<Encoding>, bool) {
        let version =
            if is_second { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_compression(compression)
            .set_dictionary_enabled(has_dictionary)
            .set_dictionary_page_size_limit(dictionary_bytes)
            .set_data_page_row_count_limit(page_rows)
            .set_write_batch_size(batch_rows)
            .set_offset_index_disabled(!has_index)
            .build();
        let has_words = has_dictionary && dictionary_bytes > 1;
        (properties, encoding, has_words)
    }
}

/// Whether Parquet's writer keeps values of that type so.
fn suits(encoding: Encoding, data_type: &DataType) -> bool {
    match encoding {
        Encoding::DELTA_BINARY_PACKED => {
            matches!(data_type, DataType::Int64 | DataType::Timestamp | DataType::Date)
        }
        Encoding::DELTA_BYTE_ARRAY | Encoding::DELTA_LENGTH_BYTE_ARRAY => {
            matches!(data_type, DataType::Utf8 | DataType::Binary)
        }
        Encoding::BYTE_STREAM_SPLIT => {
            matches!(data_type, DataType::Int64 | DataType::Float64 | DataType::Date)
        }
        _ => true,
    }
}

proptest! {
    #[test]
    fn files_of_other_writers_are_read_as_they_were_written(
        rows in any_rows(),
        (properties, encoding, has_words) in any_properties(),
        cuts in prop::collection::vec(0_u64..26, 0..6),
    ) {
        let mut properties = properties.into_builder();
        for field in &rows.schema().fields {
            if let Some(encoding) = encoding.filter(|encoding| suits(*encoding, &field.data_type)) {
                let path = parquet::schema::types::ColumnPath::from(field.name.as_str());
                properties = properties.set_column_encoding(path, encoding);
            }
        }
        let batch = rows.to_batch().unwrap();
        let mut bytes = Vec::new();
        let mut writer =
            ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        fs::write(&path, &bytes).unwrap();
        let reader = Reader::open(&path).unwrap();
        let expected: Vec<Vec<Scalar>> = (0..rows.row_count()).map(|row| rows.row(row)).collect();
        let found = all_rows(&reader);
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));

        for field in &rows.schema().fields {
            let path = [field.name.clone()];
            if field.data_type == DataType::Float64 && rows.row_count() > 0 {
                let values = rows.column_at(&path).unwrap().scalars();
                let is_nan = |value: &Scalar| matches!(value, Scalar::Float64(value) if value.is_nan());
                let is_told = has_words || values.iter().all(Scalar::is_null);
                let expected = is_told && !values.iter().any(is_nan);
                prop_assert_eq!(reader.is_nan_free(0, &path), expected);
            }
        }

        if rows.row_count() > 0 {
            let mut cuts: Vec<u64> = cuts.into_iter().map(|cut| cut.min(found.len() as u64)).collect();
            cuts.sort_unstable();
            let (pairs, _) = cuts.as_chunks::<2>();
            let ranges: Vec<Range<u64>> = pairs.iter().map(|[start, end]| *start..*end).collect();
            let some = rows_in(reader.read(0, &everything(&reader), Some(&ranges)).unwrap());
            let picked = ranges.into_iter().flatten();
            let expected: Vec<&Vec<Scalar>> =
                picked.map(|row| &expected[usize::try_from(row).unwrap()]).collect();
            prop_assert_eq!(format!("{some:?}"), format!("{expected:?}"));
        }
    }

    /// Looking at one column first and then keeping some rows gives what reading all gives.
    #[test]
    fn rows_that_are_kept_are_those_rows(rows in any_rows(), kept in any::<u64>()) {
        let (_folder, path, _) = written(std::slice::from_ref(&rows), &small());
        let reader = Reader::open(&path).unwrap();
        let columns = everything(&reader);
        let (mut found, mut expected, mut row) = (Vec::new(), Vec::new(), 0);
        for group in 0..reader.row_group_count() {
            let mut blocks = reader.read(group, &columns, None).unwrap();
            while let Some(row_count) = blocks.advance().unwrap() {
                let first = blocks.column(&columns[0]).unwrap().unwrap();
                prop_assert_eq!(first.len(), row_count);
                let some: Vec<u32> = (0..u32::try_from(row_count).unwrap())
                    .filter(|row| kept >> (row % 64) & 1 == 1)
                    .collect();
                expected.extend(some.iter().map(|at| rows.row(row + *at as usize)));
                blocks.keep(&some);
                let read: Vec<Column> = columns
                    .iter()
                    .map(|path| blocks.column(path).unwrap().unwrap())
                    .collect();
                found.extend((0..some.len()).map(|row| {
                    read.iter().map(|column| column.scalar_at(row)).collect::<Vec<_>>()
                }));
                row += row_count;
            }
        }
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }
}
