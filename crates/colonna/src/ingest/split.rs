//! Rows by the partitions that they go to.

use colonna_column::{Column, Columns, Values};
use colonna_ingest::{Chunk, Decoded, Prepared, RecordShape};
use colonna_storage::{PartitionKey, PartitionSpec};

use super::router::Part;
use crate::Error;

/// The rows of each partition.
pub(super) type Split = Vec<(PartitionKey, Part)>;

/// What was decoded of a chunk; where a row of it has the empty text for its partition, which no
/// folder can be named by, decoded again so that its record is rejected.
pub(super) fn named_partitions(
    source: &Prepared,
    chunk: &Chunk,
    shape: &RecordShape,
    spec: &PartitionSpec,
    decoded: Decoded,
) -> Result<Decoded, Error> {
    let PartitionSpec::Column { name } = spec else { return Ok(decoded) };
    if !decoded.columns.look_at(&[name]).is_some_and(|column| may_have_empty_text(&column)) {
        return Ok(decoded);
    }
    let shape = shape.clone().with_never_empty(name);
    Ok(source.decode(chunk, &shape.into())?)
}

fn may_have_empty_text(column: &Column) -> bool {
    match column.values() {
        Values::Codes { dictionary, .. } => dictionary.iter().any(<[u8]>::is_empty),
        Values::Strings(texts) => {
            texts.iter().enumerate().any(|(row, text)| text.is_empty() && column.is_valid(row))
        }
        Values::Sparse { values, .. } => may_have_empty_text(values),
        _ => false,
    }
}

/// The rows of each partition, as its files hold them.
pub(super) fn split(spec: &PartitionSpec, rows: Columns) -> Result<Split, Error> {
    let row_count = rows.row_count();
    let mut members = spec.split(&rows)?;
    let rows = spec.without_partition_columns(rows)?;
    // Rows of one partition mostly come together. Where most of the rows are of one, it takes them as
    // they are; what was picked for the others is small.
    let most = members.iter().position(|(_, members)| members.len() * 2 > row_count);
    let most = most.map(|index| members.remove(index));
    let mut split: Split = Vec::with_capacity(members.len() + 1);
    for (key, members) in members {
        let rows = rows.gather(&members).compacted();
        split.push((key, Part { rows, picked: None }));
    }
    if let Some((key, members)) = most {
        let picked = (members.len() < row_count).then_some(members);
        split.push((key, Part { rows, picked }));
    }
    Ok(split)
}
