//! A block of rows as the column chunks of a row group, the leaf columns side by side.

use std::borrow::Cow;
use std::sync::Arc;

use colonna_column::{Column, Columns, arrow_schema};
use colonna_schema::Schema;
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};
use rayon::prelude::*;

use crate::bounds::Shape;
use crate::chunk::{Chunk, Target, encode_chunk};
use crate::dense::Dense;
use crate::error::parquet_error;
use crate::layout::{Goal, Layout};
use crate::levels::{Levels, MostLevels};
use crate::shred::{LeafColumn, is_walkable, leaves_of_column};
use crate::words::Dictionary;
use crate::{PageError, WriteOptions};

/// A leaf column as the schema of a file has it.
#[derive(Clone, Debug)]
pub(crate) struct LeafTarget {
    descriptor: ColumnDescPtr,
    shape: Shape,
    most: MostLevels,
}

/// The rows of so few are encoded faster by one thread than handed to several.
const FEW_ROWS: usize = 256;

/// The schema that a file of such rows has.
pub(crate) fn parquet_schema(schema: &Schema) -> Result<SchemaDescriptor, PageError> {
    ArrowSchemaConverter::new()
        .convert(&arrow_schema(schema))
        .map_err(parquet_error("describe the columns"))
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
    layout: &Layout,
    options: &WriteOptions,
) -> Result<Vec<Chunk>, PageError> {
    let encode = |position: usize, leaf: &LeafColumn<'_>, target: &LeafTarget| {
        let (levels, values) = shredded(leaf, target)?;
        let dictionary = Dictionary::new(&values);
        let goal = goal(target, options);
        let choice = layout.choice(position, &values, &dictionary, &levels, &goal)?;
        let LeafTarget { descriptor, shape, .. } = target;
        let WriteOptions { page_rows, profile, .. } = *options;
        let target = Target { descriptor, shape: *shape, page_rows, profile };
        encode_chunk(&target, leaf.row_count, &levels, &values, &dictionary, &choice)
    };
    for_each_leaf(rows, targets, encode)
}

/// Finds encodings for the leaf columns of these rows.
pub(crate) fn try_encodings(
    rows: &Columns,
    layout: &Layout,
    options: &WriteOptions,
) -> Result<(), PageError> {
    let targets = targets(&parquet_schema(rows.schema())?);
    let try_leaf = |position: usize, leaf: &LeafColumn<'_>, target: &LeafTarget| {
        let (levels, values) = shredded(leaf, target)?;
        let dictionary = Dictionary::new(&values);
        let goal = goal(target, options);
        layout.choice(position, &values, &dictionary, &levels, &goal).map(drop)
    };
    for_each_leaf(rows, &targets, try_leaf).map(drop)
}

/// What `work` makes of each leaf column, which it is given with its position.
fn for_each_leaf<T: Send>(
    rows: &Columns,
    targets: &[LeafTarget],
    work: impl Fn(usize, &LeafColumn<'_>, &LeafTarget) -> Result<T, PageError> + Sync,
) -> Result<Vec<T>, PageError> {
    let columns: Vec<Cow<'_, Column>> = rows.columns().iter().map(walkable).collect();
    let mut leaves = Vec::with_capacity(targets.len());
    columns.iter().for_each(|column| leaves_of_column(column, &mut leaves));
    if leaves.len() != targets.len() {
        return Err(PageError::OtherSchema);
    }
    let work = |(position, (leaf, target)): (usize, (&LeafColumn<'_>, &LeafTarget))| {
        work(position, leaf, target)
    };
    if rows.row_count() < FEW_ROWS {
        return leaves.iter().zip(targets).enumerate().map(work).collect();
    }
    // One of them may take as long as all others, so each is up for whoever is free.
    leaves.par_iter().zip(targets).enumerate().with_max_len(1).map(work).collect()
}

fn walkable(column: &Column) -> Cow<'_, Column> {
    if is_walkable(column) { Cow::Borrowed(column) } else { Cow::Owned(column.to_flat()) }
}

fn shredded<'a>(
    leaf: &LeafColumn<'a>,
    target: &LeafTarget,
) -> Result<(Levels, Dense<'a>), PageError> {
    let LeafTarget { descriptor, shape, most } = target;
    let (levels, present) = Levels::of(leaf, *most)
        .ok_or_else(|| PageError::TooManyElements { column: descriptor.path().string() })?;
    let values = Dense::of(leaf.values, &present, *shape)?;
    Ok((levels, values))
}

fn goal(target: &LeafTarget, options: &WriteOptions) -> Goal {
    Goal {
        profile: options.profile,
        level: options.compression_level,
        page_rows: options.page_rows.max(1),
        fixed_width: target.shape.fixed_width,
    }
}
