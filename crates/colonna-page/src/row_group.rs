//! A block of rows as the column chunks of a row group, the leaf columns side by side.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_column::{Column, Columns};
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};
use rayon::prelude::*;

use crate::PageError;
use crate::bounds::Shape;
use crate::chunk::{Chunk, Target, encode_chunk};
use crate::compress::Codec;
use crate::dense::Dense;
use crate::layout::Choice;
use crate::levels::{Levels, MostLevels};
use crate::shred::{LeafColumn, is_walkable, leaves_of_column};

/// A leaf column as the schema of a file has it.
#[derive(Clone, Debug)]
pub(crate) struct LeafTarget {
    descriptor: ColumnDescPtr,
    shape: Shape,
    most: MostLevels,
}

/// The leaf columns of a file, in its order of them.
pub(crate) fn targets(schema: &SchemaDescriptor) -> Vec<LeafTarget> {
    let target = |descriptor: &ColumnDescPtr| {
        let is_fixed = descriptor.physical_type() == PhysicalType::FIXED_LEN_BYTE_ARRAY;
        let fixed_width = if is_fixed { descriptor.type_length() } else { 0 };
        let level = |level: i16| u16::try_from(level).unwrap_or_default();
        LeafTarget {
            shape: Shape {
                physical: descriptor.physical_type(),
                is_text: descriptor.logical_type_ref() == Some(&LogicalType::String)
                    || descriptor.converted_type() == ConvertedType::UTF8,
                fixed_width: usize::try_from(fixed_width).unwrap_or_default(),
            },
            most: MostLevels {
                definition: level(descriptor.max_def_level()),
                repetition: level(descriptor.max_rep_level()),
            },
            descriptor: Arc::clone(descriptor),
        }
    };
    schema.columns().iter().map(target).collect()
}

/// Encodes the rows, of which there must be one at least.
pub(crate) fn encode_row_group(
    rows: &Columns,
    targets: &[LeafTarget],
    codec: Codec,
    page_rows: usize,
) -> Result<Vec<Chunk>, PageError> {
    let columns: Vec<Cow<'_, Column>> = rows.columns().iter().map(walkable).collect();
    let mut leaves = Vec::with_capacity(targets.len());
    columns.iter().for_each(|column| leaves_of_column(column, &mut leaves));
    if leaves.len() != targets.len() {
        return Err(PageError::OtherSchema);
    }
    let encode = |(leaf, target): (&LeafColumn<'_>, &LeafTarget)| {
        encode_leaf(leaf, target, codec, page_rows)
    };
    leaves.par_iter().zip(targets).map(encode).collect()
}

fn walkable(column: &Column) -> Cow<'_, Column> {
    if is_walkable(column) { Cow::Borrowed(column) } else { Cow::Owned(column.to_flat()) }
}

fn encode_leaf(
    leaf: &LeafColumn<'_>,
    target: &LeafTarget,
    codec: Codec,
    page_rows: usize,
) -> Result<Chunk, PageError> {
    let LeafTarget { descriptor, shape, most } = target;
    let (levels, present) = Levels::of(leaf, *most)
        .ok_or_else(|| PageError::TooManyElements { column: descriptor.path().string() })?;
    let values = Dense::of(leaf.values, &present, *shape)?;
    let choice = Choice::usual(&values, codec);
    let target = Target { descriptor, shape: *shape, page_rows };
    encode_chunk(&target, leaf.row_count, &levels, values, &choice)
}
