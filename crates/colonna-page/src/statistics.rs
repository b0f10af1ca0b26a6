//! Statistics as the file keeps them, and only those that are sure to hold.
//!
//! Bounds are left out where they are NaN or reversed, where the file does not say in which order
//! they bound, and where their bytes are no value of the column. A bound of text may be cut.

use arrow::datatypes::{DataType as ArrowType, TimeUnit};
use colonna_schema::{ColumnStatistics, Scalar, Statistics};
use parquet::basic::{ColumnOrder, SortOrder};
use parquet::file::metadata::{FileMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics as ChunkStatistics;

use crate::leaf::Leaf;

/// A bound as the file spells it.
#[derive(Clone, Copy)]
enum Raw<'a> {
    Boolean(bool),
    Int32(i32),
    Int64(i64),
    Float(f32),
    Double(f64),
    Bytes(&'a [u8]),
}

/// Which bound it is, and whether the file says that it is a value of the column.
#[derive(Clone, Copy)]
enum Side {
    Min,
    Max,
}

/// Under this name the footers of our files list the leaf columns of doubles without a NaN, by
/// their positions.
pub(crate) const NAN_FREE_KEY: &str = "colonna.nan_free";

/// Whether the file says that no row of a leaf column is NaN.
pub(crate) fn is_nan_free(file: &FileMetaData, position: usize) -> bool {
    let mut entries = file.key_value_metadata().into_iter().flatten();
    let listed = entries.find(|entry| entry.key == NAN_FREE_KEY);
    let mut positions = listed.and_then(|entry| entry.value.as_deref()).unwrap_or("").split(',');
    positions.any(|listed| listed.parse() == Ok(position))
}

/// What is known of a row group.
pub(crate) fn of_row_group(
    file: &FileMetaData,
    row_group: &RowGroupMetaData,
    leaves: &[Leaf],
) -> Statistics {
    let row_count = u64::try_from(row_group.num_rows()).unwrap_or_default();
    let mut statistics = Statistics { row_count, ..Statistics::default() };
    for (position, leaf) in leaves.iter().enumerate().filter(|(_, leaf)| !leaf.repeated) {
        let Some(chunk) = row_group.columns().get(position).and_then(|chunk| chunk.statistics())
        else {
            continue;
        };
        let column = of_chunk(chunk, leaf, order(file, position), row_count);
        let is_nan_free = leaf.is_double() && is_nan_free(file, position);
        let column = ColumnStatistics { is_nan_free, ..column };
        if column != ColumnStatistics::default() {
            statistics.columns.insert(leaf.path.clone(), column);
        }
    }
    statistics
}

/// What is known of a whole file: what is known of all its row groups.
pub(crate) fn of_file(metadata: &ParquetMetaData, leaves: &[Leaf]) -> Statistics {
    of_row_groups(metadata.file_metadata(), metadata.row_groups(), leaves)
}

/// What is known of all rows of these row groups.
pub(crate) fn of_row_groups(
    file: &FileMetaData,
    row_groups: &[RowGroupMetaData],
    leaves: &[Leaf],
) -> Statistics {
    let mut groups = row_groups.iter().map(|group| of_row_group(file, group, leaves));
    let first = groups.next().unwrap_or_default();
    groups.fold(first, |all, group| merged(&all, &group))
}

/// What is known of the rows of both. A bound that one of them lacks is lost.
fn merged(left: &Statistics, right: &Statistics) -> Statistics {
    let mut both =
        Statistics { row_count: left.row_count + right.row_count, ..Statistics::default() };
    for (path, column) in &left.columns {
        let Some(other) = right.columns.get(path) else { continue };
        let all_null = |column: &ColumnStatistics, rows: u64| column.null_count == Some(rows);
        let null_count = column.null_count.zip(other.null_count).map(|(left, right)| left + right);
        let bounds = if all_null(column, left.row_count) {
            other.clone()
        } else if all_null(other, right.row_count) {
            column.clone()
        } else {
            wider(column, other)
        };
        let is_nan_free = column.is_nan_free && other.is_nan_free;
        both.columns.insert(path.clone(), ColumnStatistics { null_count, is_nan_free, ..bounds });
    }
    both
}

fn wider(left: &ColumnStatistics, right: &ColumnStatistics) -> ColumnStatistics {
    let mut bounds = ColumnStatistics::default();
    if let (Some(one), Some(other)) = (&left.min, &right.min) {
        let order = one.total_cmp(other);
        let (min, exact) =
            if order.is_le() { (one, left.min_is_exact) } else { (other, right.min_is_exact) };
        bounds.min = Some(min.clone());
        bounds.min_is_exact = exact || (order.is_eq() && right.min_is_exact);
    }
    if let (Some(one), Some(other)) = (&left.max, &right.max) {
        let order = one.total_cmp(other);
        let (max, exact) =
            if order.is_ge() { (one, left.max_is_exact) } else { (other, right.max_is_exact) };
        bounds.max = Some(max.clone());
        bounds.max_is_exact = exact || (order.is_eq() && right.max_is_exact);
    }
    bounds
}

/// In which order the bounds of a column were taken.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// As its type says.
    OfType,
    /// As signed numbers, whatever its type, by old writers.
    Signed,
    Unknown,
}

fn order(file: &FileMetaData, position: usize) -> Order {
    match file.column_order(position) {
        ColumnOrder::TYPE_DEFINED_ORDER(SortOrder::UNDEFINED) | ColumnOrder::UNKNOWN => {
            Order::Unknown
        }
        ColumnOrder::TYPE_DEFINED_ORDER(_) => Order::OfType,
        ColumnOrder::UNDEFINED => Order::Signed,
    }
}

fn of_chunk(
    chunk: &ChunkStatistics,
    leaf: &Leaf,
    order: Order,
    row_count: u64,
) -> ColumnStatistics {
    let order =
        if chunk.is_min_max_deprecated() && order == Order::OfType { Order::Signed } else { order };
    let (min, max) = match chunk {
        ChunkStatistics::Boolean(values) => {
            (values.min_opt().map(|v| Raw::Boolean(*v)), values.max_opt().map(|v| Raw::Boolean(*v)))
        }
        ChunkStatistics::Int32(values) => {
            (values.min_opt().map(|v| Raw::Int32(*v)), values.max_opt().map(|v| Raw::Int32(*v)))
        }
        ChunkStatistics::Int64(values) => {
            (values.min_opt().map(|v| Raw::Int64(*v)), values.max_opt().map(|v| Raw::Int64(*v)))
        }
        ChunkStatistics::Float(values) => {
            (values.min_opt().map(|v| Raw::Float(*v)), values.max_opt().map(|v| Raw::Float(*v)))
        }
        ChunkStatistics::Double(values) => {
            (values.min_opt().map(|v| Raw::Double(*v)), values.max_opt().map(|v| Raw::Double(*v)))
        }
        ChunkStatistics::ByteArray(_) | ChunkStatistics::FixedLenByteArray(_) => {
            (chunk.min_bytes_opt().map(Raw::Bytes), chunk.max_bytes_opt().map(Raw::Bytes))
        }
        ChunkStatistics::Int96(_) => (None, None),
    };
    let column = bounded(leaf, order, min, max, (chunk.min_is_exact(), chunk.max_is_exact()));
    let null_count = chunk.null_count_opt().filter(|count| *count <= row_count);
    ColumnStatistics { null_count, ..column }
}

/// What is known of a page but for NaN: see [`ColumnIndexMetaData`].
pub(crate) fn of_page(
    file: &FileMetaData,
    position: usize,
    leaf: &Leaf,
    index: &ColumnIndexMetaData,
    page: usize,
    row_count: u64,
) -> ColumnStatistics {
    let null_count = index.null_count(page).and_then(|count| u64::try_from(count).ok());
    let null_count = null_count.filter(|count| *count <= row_count);
    if index.is_null_page(page) {
        let null_count = Some(row_count);
        return ColumnStatistics { null_count, ..ColumnStatistics::default() };
    }
    let (min, max) = match index {
        ColumnIndexMetaData::BOOLEAN(values) => (
            values.min_value(page).map(|v| Raw::Boolean(*v)),
            values.max_value(page).map(|v| Raw::Boolean(*v)),
        ),
        ColumnIndexMetaData::INT32(values) => (
            values.min_value(page).map(|v| Raw::Int32(*v)),
            values.max_value(page).map(|v| Raw::Int32(*v)),
        ),
        ColumnIndexMetaData::INT64(values) => (
            values.min_value(page).map(|v| Raw::Int64(*v)),
            values.max_value(page).map(|v| Raw::Int64(*v)),
        ),
        ColumnIndexMetaData::FLOAT(values) => (
            values.min_value(page).map(|v| Raw::Float(*v)),
            values.max_value(page).map(|v| Raw::Float(*v)),
        ),
        ColumnIndexMetaData::DOUBLE(values) => (
            values.min_value(page).map(|v| Raw::Double(*v)),
            values.max_value(page).map(|v| Raw::Double(*v)),
        ),
        ColumnIndexMetaData::BYTE_ARRAY(values)
        | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(values) => {
            (values.min_value(page).map(Raw::Bytes), values.max_value(page).map(Raw::Bytes))
        }
        ColumnIndexMetaData::INT96(_) | ColumnIndexMetaData::NONE => (None, None),
    };
    // The page index has no word on whether a text was cut.
    let column = bounded(leaf, order(file, position), min, max, (false, false));
    ColumnStatistics { null_count, ..column }
}

fn bounded(
    leaf: &Leaf,
    order: Order,
    min: Option<Raw<'_>>,
    max: Option<Raw<'_>>,
    (min_is_exact, max_is_exact): (bool, bool),
) -> ColumnStatistics {
    let mut column = ColumnStatistics::default();
    if order == Order::Unknown
        || (order == Order::Signed && !orders_as_signed(&leaf.arrow_type, min.or(max)))
    {
        return column;
    }
    // A NaN on one side says that the other one was taken with NaN about, too.
    if [min, max].into_iter().flatten().any(is_nan) {
        return column;
    }
    let min = min.and_then(|raw| scalar(&leaf.arrow_type, raw, Side::Min, min_is_exact));
    let max = max.and_then(|raw| scalar(&leaf.arrow_type, raw, Side::Max, max_is_exact));
    if let (Some((min, _)), Some((max, _))) = (&min, &max)
        && min.total_cmp(max).is_gt()
    {
        return column;
    }
    if let Some((value, exact)) = min {
        (column.min, column.min_is_exact) = (Some(value), exact);
    }
    if let Some((value, exact)) = max {
        (column.max, column.max_is_exact) = (Some(value), exact);
    }
    column
}

fn is_nan(raw: Raw<'_>) -> bool {
    match raw {
        Raw::Float(value) => value.is_nan(),
        Raw::Double(value) => value.is_nan(),
        _ => false,
    }
}

/// Whether signed comparison is this type's own.
fn orders_as_signed(arrow_type: &ArrowType, raw: Option<Raw<'_>>) -> bool {
    let unsigned = matches!(
        arrow_type,
        ArrowType::UInt8 | ArrowType::UInt16 | ArrowType::UInt32 | ArrowType::UInt64
    );
    !unsigned && !matches!(raw, Some(Raw::Bytes(_)))
}

/// The bound as a value, and whether it is a value of the column.
fn scalar(arrow_type: &ArrowType, raw: Raw<'_>, side: Side, exact: bool) -> Option<(Scalar, bool)> {
    // Only bytes are ever cut.
    let whole = |value: Scalar| Some((value, true));
    match (arrow_type, raw) {
        (ArrowType::Boolean, Raw::Boolean(value)) => whole(Scalar::Boolean(value)),
        (
            ArrowType::Int8 | ArrowType::Int16 | ArrowType::Int32 | ArrowType::Time32(_),
            Raw::Int32(value),
        ) => whole(Scalar::Int64(value.into())),
        (ArrowType::UInt8 | ArrowType::UInt16 | ArrowType::UInt32, Raw::Int32(value)) => {
            whole(Scalar::Int64(value.cast_unsigned().into()))
        }
        (ArrowType::Int64 | ArrowType::Time64(_), Raw::Int64(value)) => whole(Scalar::Int64(value)),
        (ArrowType::UInt64, Raw::Int64(value)) => {
            whole(Scalar::Decimal { value: value.cast_unsigned().into(), scale: 0 })
        }
        (ArrowType::Float32, Raw::Float(value)) => whole(Scalar::Float64(value.into())),
        (ArrowType::Float64, Raw::Double(value)) => whole(Scalar::Float64(value)),
        (ArrowType::Date32, Raw::Int32(days)) => whole(Scalar::Date(days)),
        (ArrowType::Timestamp(unit, _), Raw::Int64(value)) => timestamp(*unit, value, side),
        (
            ArrowType::Decimal32(_, scale)
            | ArrowType::Decimal64(_, scale)
            | ArrowType::Decimal128(_, scale),
            raw,
        ) => {
            let scale = u8::try_from(*scale).ok()?;
            let value = match raw {
                Raw::Int32(value) => value.into(),
                Raw::Int64(value) => value.into(),
                Raw::Bytes(bytes) => unscaled(bytes)?,
                _ => return None,
            };
            whole(Scalar::Decimal { value, scale })
        }
        (ArrowType::Utf8, Raw::Bytes(bytes)) => {
            Some((Scalar::Utf8(std::str::from_utf8(bytes).ok()?.to_owned()), exact))
        }
        (ArrowType::Binary | ArrowType::FixedSizeBinary(_), Raw::Bytes(bytes)) => {
            Some((Scalar::Binary(bytes.to_vec()), exact))
        }
        _ => None,
    }
}

/// Nanoseconds are cut to microseconds when they are read; their bounds are widened.
fn timestamp(unit: TimeUnit, value: i64, side: Side) -> Option<(Scalar, bool)> {
    let (micros, exact) = match unit {
        TimeUnit::Second => (value.checked_mul(1_000_000)?, true),
        TimeUnit::Millisecond => (value.checked_mul(1000)?, true),
        TimeUnit::Microsecond => (value, true),
        TimeUnit::Nanosecond => {
            let (whole, rest) = (value.div_euclid(1000), value.rem_euclid(1000));
            let up = i64::from(matches!(side, Side::Max) && rest != 0);
            (whole + up, rest == 0)
        }
    };
    Some((Scalar::Timestamp(micros), exact))
}

/// A big-endian integer in two's complement, as decimals are kept in bytes.
fn unscaled(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    if bytes.len() > 16 {
        return None;
    }
    let sign = if first & 0x80 == 0 { 0 } else { 0xff };
    let mut wide = [sign; 16];
    wide[16 - bytes.len()..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(min: f64, null_count: u64) -> ColumnStatistics {
        ColumnStatistics {
            min: Some(Scalar::Float64(min)),
            max: Some(Scalar::Float64(min + 1.0)),
            null_count: Some(null_count),
            min_is_exact: true,
            max_is_exact: false,
            is_nan_free: true,
        }
    }

    fn of(row_count: u64, column: ColumnStatistics) -> Statistics {
        Statistics { row_count, columns: [(vec!["x".to_owned()], column)].into() }
    }

    #[test]
    fn a_bound_that_one_row_group_lacks_is_lost() {
        let unknown = ColumnStatistics { null_count: Some(1), ..ColumnStatistics::default() };
        let both = merged(&of(3, column(1.0, 0)), &of(2, unknown));
        let found = &both.columns[&vec!["x".to_owned()]];
        assert_eq!((both.row_count, found.null_count), (5, Some(1)));
        assert_eq!((&found.min, &found.max), (&None, &None));
    }

    #[test]
    fn a_row_group_of_nulls_does_not_widen_a_bound() {
        let nulls = ColumnStatistics { null_count: Some(2), ..ColumnStatistics::default() };
        let both = merged(&of(2, nulls), &of(3, column(1.0, 0)));
        let found = &both.columns[&vec!["x".to_owned()]];
        assert_eq!((&found.min, found.null_count), (&Some(Scalar::Float64(1.0)), Some(2)));
    }

    #[test]
    fn the_wider_bound_wins_with_its_exactness() {
        let mut left = column(1.0, 0);
        left.min_is_exact = false;
        let both = merged(&of(1, left), &of(1, column(2.0, 0)));
        let found = &both.columns[&vec!["x".to_owned()]];
        assert_eq!((&found.min, found.min_is_exact), (&Some(Scalar::Float64(1.0)), false));
        assert_eq!(found.max, Some(Scalar::Float64(3.0)));
    }

    #[test]
    fn nanoseconds_are_widened_to_microseconds() {
        let check = |value, side, expected, exact| {
            let found = timestamp(TimeUnit::Nanosecond, value, side);
            assert_eq!(found, Some((Scalar::Timestamp(expected), exact)));
        };
        check(-1, Side::Min, -1, false);
        check(-1, Side::Max, 0, false);
        check(1001, Side::Max, 2, false);
        check(2000, Side::Max, 2, true);
    }

    #[test]
    fn decimals_in_bytes_have_a_sign() {
        assert_eq!(unscaled(&[0xff, 0xfe]), Some(-2));
        assert_eq!(unscaled(&[0x01, 0x00]), Some(256));
        assert_eq!(unscaled(&[]), None);
        assert_eq!(unscaled(&[0; 17]), None);
    }
}
