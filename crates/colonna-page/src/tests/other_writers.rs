//! What other programs write, as far as Parquet's own writer can write like them.

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

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

/// The bytes of a file whose footer says something else.
fn with_footer(bytes: &[u8], change: impl FnOnce(ParquetMetaData) -> ParquetMetaData) -> Vec<u8> {
    let mut reader = ParquetMetaDataReader::new();
    reader.try_parse(&bytes::Bytes::copy_from_slice(bytes)).unwrap();
    let metadata = change(reader.finish().unwrap());
    let footer_len = u32::from_le_bytes(*bytes[bytes.len() - 8..].first_chunk().unwrap());
    let mut changed = bytes[..bytes.len() - 8 - usize::try_from(footer_len).unwrap()].to_vec();
    ParquetMetaDataWriter::new(&mut changed, &metadata).finish().unwrap();
    changed
}

#[track_caller]
fn check_footer(rows: &Columns, change: impl FnOnce(ParquetMetaData) -> ParquetMetaData) {
    let batch = rows.to_batch().unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_offset_index_disabled(true)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    fs::write(&path, with_footer(&bytes, change)).unwrap();
    let expected: Vec<Vec<Scalar>> = (0..rows.row_count()).map(|row| rows.row(row)).collect();
    let found = all_rows(&Reader::open(&path).unwrap());
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
}

/// Numbers, texts and lists of structs, which only Parquet's own reader reads.
fn phones() -> Columns {
    let phone = DataType::Struct(vec![Field::new("number", DataType::Int64)]);
    let list = DataType::List(Box::new(phone));
    let fields = vec![
        Field::new("id", DataType::Int64),
        Field::new("kind", DataType::Utf8),
        Field::new("phones", list.clone()),
    ];
    let types: Vec<DataType> = fields.iter().map(|field| field.data_type.clone()).collect();
    let phones = |numbers: Range<i64>| {
        Scalar::List(numbers.map(|n| Scalar::Struct(vec![("number".into(), n.into())])).collect())
    };
    let rows = [
        [Scalar::Int64(1), Scalar::from("home"), phones(0..2)],
        [Scalar::Int64(2), Scalar::Null, phones(0..0)],
    ];
    let columns = types.iter().enumerate().map(|(at, data_type)| {
        let values: Vec<Scalar> = rows.iter().map(|row| row[at].clone()).collect();
        Column::from_scalars(data_type, &values).unwrap()
    });
    Columns::try_new(Arc::new(Schema::new(fields)), columns.collect(), rows.len()).unwrap()
}

#[test]
fn a_dictionary_at_the_place_zero_is_none() {
    check_footer(&phones(), |metadata| {
        let groups = metadata.row_groups().iter().map(|group| {
            let columns = group.columns().iter().map(|chunk| {
                chunk.clone().into_builder().set_dictionary_page_offset(Some(0)).build().unwrap()
            });
            let columns = columns.collect();
            group.clone().into_builder().set_column_metadata(columns).build().unwrap()
        });
        ParquetMetaData::new(metadata.file_metadata().clone(), groups.collect())
    });
}

#[test]
fn the_rows_of_a_file_are_those_of_its_row_groups() {
    check_footer(&phones(), |metadata| {
        let file = metadata.file_metadata();
        let file = FileMetaData::new(1, 0, None, None, file.schema_descr_ptr(), None);
        ParquetMetaData::new(file, metadata.row_groups().to_vec())
    });
}
