//! The leaf columns of a file, by the paths under which we know them.

use std::sync::Arc;

use arrow::datatypes::{
    DataType as ArrowType, Field as ArrowField, FieldRef, Schema as ArrowSchema, TimeUnit,
};
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::schema::types::SchemaDescriptor;

/// A leaf column of a file, in the file's order of them.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// A column's name, then names of struct fields. The leaves of one list or map share its path.
    pub(crate) path: Vec<String>,
    /// The Arrow type that the file's own types say.
    pub(crate) arrow_type: ArrowType,
    /// Whether it is inside a list or a map, so that it has more or fewer values than rows.
    pub(crate) repeated: bool,
}

impl Leaf {
    /// Whether it may hold NaN.
    pub(crate) fn is_double(&self) -> bool {
        matches!(self.arrow_type, ArrowType::Float16 | ArrowType::Float32 | ArrowType::Float64)
    }
}

/// The leaves of a schema, depth first, as Parquet orders its column chunks.
pub(crate) fn leaves_of(schema: &ArrowSchema) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for field in schema.fields() {
        walk(&mut vec![field.name().clone()], field.data_type(), false, &mut leaves);
    }
    leaves
}

fn walk(path: &mut Vec<String>, data_type: &ArrowType, repeated: bool, leaves: &mut Vec<Leaf>) {
    match data_type {
        ArrowType::Struct(fields) => {
            for field in fields {
                // Fields inside a list are reached through the list only.
                if !repeated {
                    path.push(field.name().clone());
                }
                walk(path, field.data_type(), repeated, leaves);
                if !repeated {
                    path.pop();
                }
            }
        }
        ArrowType::List(element)
        | ArrowType::LargeList(element)
        | ArrowType::FixedSizeList(element, _)
        | ArrowType::Map(element, _) => walk(path, element.data_type(), true, leaves),
        leaf => {
            leaves.push(Leaf { path: path.clone(), arrow_type: leaf.clone(), repeated });
        }
    }
}

/// Which leaves a projection asks for: those at or below one of its paths.
pub(crate) fn projected(leaves: &[Leaf], projection: &[Vec<String>]) -> Vec<usize> {
    let asked = |leaf: &Leaf| projection.iter().any(|path| leaf.path.starts_with(path));
    let positions = leaves.iter().enumerate().filter(|(_, leaf)| asked(leaf));
    positions.map(|(position, _)| position).collect()
}

/// The schema by which a row group is best read: texts as codes where the file holds codes, and
/// timestamps of 96 bits as microseconds, since nanoseconds end in the year 2262.
pub(crate) fn hinted(
    schema: &ArrowSchema,
    parquet_schema: &SchemaDescriptor,
    row_group: &RowGroupMetaData,
) -> ArrowSchema {
    let mut leaf = 0;
    let fields = schema.fields().iter();
    let fields: Vec<FieldRef> = fields
        .map(|field| hinted_field(field, parquet_schema, row_group, false, &mut leaf))
        .collect();
    ArrowSchema::new_with_metadata(fields, schema.metadata().clone())
}

fn hinted_field(
    field: &FieldRef,
    parquet_schema: &SchemaDescriptor,
    row_group: &RowGroupMetaData,
    repeated: bool,
    leaf: &mut usize,
) -> FieldRef {
    let mut inner = |field: &FieldRef, repeated: bool| {
        hinted_field(field, parquet_schema, row_group, repeated, leaf)
    };
    let data_type = match field.data_type() {
        ArrowType::Struct(fields) => {
            ArrowType::Struct(fields.iter().map(|field| inner(field, repeated)).collect())
        }
        ArrowType::List(element) => ArrowType::List(inner(element, true)),
        ArrowType::LargeList(element) => ArrowType::LargeList(inner(element, true)),
        ArrowType::FixedSizeList(element, len) => {
            ArrowType::FixedSizeList(inner(element, true), *len)
        }
        ArrowType::Map(entries, sorted) => ArrowType::Map(inner(entries, true), *sorted),
        other => {
            let position = *leaf;
            *leaf += 1;
            let is_int96 = parquet_schema.column(position).physical_type() == PhysicalType::INT96;
            match other {
                ArrowType::Utf8 if !repeated && is_coded(row_group.column(position)) => {
                    ArrowType::Dictionary(Box::new(ArrowType::Int32), Box::new(ArrowType::Utf8))
                }
                ArrowType::Timestamp(..) if is_int96 => {
                    ArrowType::Timestamp(TimeUnit::Microsecond, None)
                }
                other => other.clone(),
            }
        }
    };
    if data_type == *field.data_type() {
        return Arc::clone(field);
    }
    Arc::new(ArrowField::clone(field).with_data_type(data_type))
}

/// Whether all data pages hold codes into one dictionary.
pub(crate) fn is_coded(chunk: &ColumnChunkMetaData) -> bool {
    let coded =
        |encoding| matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
    if chunk.dictionary_page_offset().is_none() {
        return false;
    }
    match chunk.page_encoding_stats_mask() {
        Some(mask) => mask.as_i32() != 0 && mask.encodings().all(coded),
        // Levels are runs or packed bits; whatever else there is may be plain pages.
        #[expect(deprecated, reason = "old files name the encoding of their levels")]
        None => {
            let mut values = chunk
                .encodings()
                .filter(|encoding| !matches!(encoding, Encoding::RLE | Encoding::BIT_PACKED));
            values.all(coded)
        }
    }
}
