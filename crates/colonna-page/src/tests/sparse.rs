//! Columns of few values, and those of structs, are written as if they had room for each row.

use colonna_column::ColumnBuilder;

use super::*;

/// A column with that many nulls before each of the values.
fn with_gaps(data_type: &DataType, values: &[(usize, Scalar)], row_count: usize) -> Column {
    let mut builder = ColumnBuilder::saving(data_type);
    for (gap, value) in values {
        builder.push_nulls_to(builder.len() + gap);
        builder.push_scalar(value).unwrap();
    }
    builder.push_nulls_to(row_count);
    builder.truncate(row_count);
    builder.finish()
}

proptest! {
    #[test]
    fn few_values_make_the_file_that_they_make_among_nulls(
        columns in prop::collection::vec(
            any_type().prop_flat_map(|data_type| {
                let value = (0_usize..40, any_scalar(&data_type));
                (Just(data_type), prop::collection::vec(value, 0..12))
            }),
            1..4,
        ),
        row_count in 1_usize..200,
    ) {
        let mut sparse = Vec::new();
        for (index, (data_type, values)) in columns.iter().enumerate() {
            sparse.push((format!("c{index}"), with_gaps(data_type, values, row_count)));
        }
        let sparse = Columns::from_named(sparse).unwrap();
        let dense = sparse.clone().dense();
        let options = WriteOptions { page_rows: 13, ..WriteOptions::default() };
        let file = |rows: &Columns| write_file(Vec::new(), rows.schema(), [rows], &options).unwrap();
        let (bytes, written) = file(&sparse);
        prop_assert_eq!((&bytes, &written), (&file(&dense).0, &file(&dense).1));
        let options = WriteOptions { row_group_rows: 60, ..options };
        let (_folder, path, _) = super::written(std::slice::from_ref(&sparse), &options);
        let reader = Reader::open(&path).unwrap();
        let expected: Vec<Vec<Scalar>> = (0..row_count).map(|row| dense.row(row)).collect();
        prop_assert_eq!(all_rows(&reader), expected);
    }
}
