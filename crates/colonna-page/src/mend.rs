//! What some writers leave wrong in a footer, set right before anything goes by it.
//!
//! To older ones the place 0 of a dictionary means that there is none, for nothing but the magic word
//! stands there. Others leave the count of the file's rows at 0, and only that of row groups is right.

use std::sync::Arc;

use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, RowGroupMetaData,
};

use crate::PageError;
use crate::error::parquet_error;

/// The same footer, set right.
pub(crate) fn mended(metadata: &Arc<ParquetMetaData>) -> Result<Arc<ParquetMetaData>, PageError> {
    let row_count = rows_of(metadata.row_groups());
    let is_well = metadata.file_metadata().num_rows() == row_count
        && metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).all(is_placed);
    if is_well {
        return Ok(Arc::clone(metadata));
    }
    let groups = metadata.row_groups().iter().map(|group| {
        let columns = group.columns().iter().map(|chunk| match is_placed(chunk) {
            true => Ok(chunk.clone()),
            false => chunk.clone().into_builder().set_dictionary_page_offset(None).build(),
        });
        let columns = columns.collect::<Result<_, _>>()?;
        group.clone().into_builder().set_column_metadata(columns).build()
    });
    let groups: Result<Vec<RowGroupMetaData>, _> = groups.collect();
    let groups = groups.map_err(parquet_error("read the footer"))?;
    let file = metadata.file_metadata();
    let file = FileMetaData::new(
        file.version(),
        row_count,
        file.created_by().map(str::to_owned),
        file.key_value_metadata().cloned(),
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    Ok(Arc::new(ParquetMetaData::new(file, groups)))
}

fn rows_of(groups: &[RowGroupMetaData]) -> i64 {
    groups.iter().fold(0, |rows, group| rows.saturating_add(group.num_rows()))
}

/// Whether the place of its dictionary is one.
fn is_placed(chunk: &ColumnChunkMetaData) -> bool {
    chunk.dictionary_page_offset() != Some(0)
}
