//! Pages into columns: the rows of a row group, block after block.
//!
//! A block ends where a page of its first column ends. Its columns are read when they are asked for,
//! and a page that no asked-for row is in is passed over: not inflated, and where the file says
//! where its pages are, not even read. What [`Kind`] does not know, and lists in lists, of structs or
//! of unknown pages, goes through Parquet's own reader ([`foreign`]).

mod foreign;
mod kind;
mod leaf;
mod list;
mod values;
mod window;

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::Schema as ArrowSchema;
use colonna_column::{Bitmap, Column, Columns, Values};
use colonna_schema::{DataType, Field, Schema};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::Type;

use self::foreign::ForeignReader;
use self::kind::Kind;
pub(crate) use self::leaf::has_only_numbers;
use self::leaf::{LeafReader, Rows};
pub(crate) use self::values::Words;
use self::window::Pages;
use crate::leaf::Leaf;
use crate::source::FileBytes;
use crate::{PageError, ReadCounters};

/// The most rows of a block, where a page has more: enough to make a kernel's loop long, and few
/// enough for the cache.
const BLOCK_ROWS: u64 = 131_072;

/// The rest of the rows that were asked for, block after block.
///
/// As an iterator it gives whole blocks. Whoever wants to look at some columns before it decides
/// which rows of the others it needs, calls [`Blocks::advance`], [`Blocks::column`] and
/// [`Blocks::keep`] instead.
#[derive(Debug)]
pub struct Blocks {
    /// The rows asked for, ascending.
    ranges: Vec<Range<u64>>,
    next_row: u64,
    rows: Rows,
    units: Vec<Unit>,
    /// The columns of the record that are read, as far as they are.
    nodes: Vec<Node>,
    schema: Arc<Schema>,
    source: Option<FileBytes>,
    /// Pages and bytes there are.
    totals: ReadCounters,
    has_failed: bool,
}

/// What is read in one piece.
#[derive(Debug)]
enum Unit {
    Own(Box<LeafReader>),
    Foreign(Box<ForeignReader>),
}

/// A column, or a field of a struct.
#[derive(Debug)]
struct Node {
    name: String,
    data_type: DataType,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Unit(usize),
    Struct {
        /// How many of its ancestors and itself may be null.
        level: u8,
        /// How many names lead to it.
        depth: usize,
        fields: Vec<Node>,
    },
}

/// What the readers of a row group are made from.
pub(crate) struct RowGroup<'a> {
    pub(crate) source: FileBytes,
    /// With the page index, where that is known.
    pub(crate) metadata: &'a Arc<ParquetMetaData>,
    pub(crate) arrow_schema: &'a Arc<ArrowSchema>,
    pub(crate) schema: &'a Schema,
    pub(crate) leaves: &'a [Leaf],
    pub(crate) row_group: usize,
    pub(crate) row_count: u64,
    /// Pages and bytes of the columns that are read.
    pub(crate) totals: ReadCounters,
}

impl RowGroup<'_> {
    /// Readers for the leaves at these positions, which ascend.
    pub(crate) fn blocks(
        self,
        columns: &[usize],
        ranges: Vec<Range<u64>>,
    ) -> Result<Blocks, PageError> {
        let root = self.metadata.file_metadata().schema_descr().root_schema();
        let (path, units) = (Vec::new(), Vec::new());
        let mut plan = UnitPlan { group: &self, columns, ranges: &ranges, path, units };
        let nodes = plan.nodes(&self.schema.fields, root, 0)?;
        let units = plan.units;
        Ok(Blocks {
            next_row: ranges.first().map_or(0, |range| range.start),
            rows: Rows { range: 0..0, some: None },
            ranges,
            units,
            schema: Arc::new(Schema::new(fields_of(&nodes))),
            nodes,
            source: Some(self.source),
            totals: self.totals,
            has_failed: false,
        })
    }

    fn unit(
        &self,
        path: &[String],
        below: &[usize],
        data_type: DataType,
        ranges: &[Range<u64>],
    ) -> Result<Unit, PageError> {
        let group = self.metadata.row_group(self.row_group);
        if let [position] = below {
            let (leaf, chunk) = (&self.leaves[*position], group.column(*position));
            let mut pages = Pages::new(&self.source, chunk, self.row_count, self.places(*position));
            if let Some(kind) = Kind::of(leaf, chunk)
                && (!leaf.repeated || is_list_of_leaves(&data_type) && pages.are_of_rows(chunk)?)
            {
                let reader = LeafReader::new(kind, data_type, leaf, chunk, pages)?;
                return Ok(Unit::Own(Box::new(reader)));
            }
        }
        Ok(Unit::Foreign(Box::new(ForeignReader::new(
            path.to_vec(),
            (&self.source, self.metadata),
            self.arrow_schema,
            self.row_group,
            below.to_vec(),
            ranges.to_vec(),
        ))))
    }

    /// Where the pages of a leaf are, and which row is their first, if the file says so.
    fn places(&self, position: usize) -> Vec<(u64, u64)> {
        let index = self.metadata.offset_index().and_then(|index| index.get(self.row_group));
        let Some(index) = index.and_then(|group| group.get(position)) else { return Vec::new() };
        let place = |place: &parquet::file::page_index::offset_index::PageLocation| {
            Some((u64::try_from(place.offset).ok()?, u64::try_from(place.first_row_index).ok()?))
        };
        index.page_locations().iter().map(place).collect::<Option<_>>().unwrap_or_default()
    }
}

fn is_list_of_leaves(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(element) if !element.is_nested())
}

/// What is read of a row group, found field by field.
struct UnitPlan<'a> {
    group: &'a RowGroup<'a>,
    /// The leaves that are read.
    columns: &'a [usize],
    ranges: &'a [Range<u64>],
    /// The names that lead to the field that is looked at.
    path: Vec<String>,
    units: Vec<Unit>,
}

impl UnitPlan<'_> {
    /// What is read of the fields of a parent, which may be null up to a level.
    fn nodes(
        &mut self,
        fields: &[Field],
        parent: &Type,
        level: u8,
    ) -> Result<Vec<Node>, PageError> {
        let mut nodes = Vec::new();
        for field in fields {
            self.path.push(field.name.clone());
            nodes.extend(self.node(field, parent, level)?);
            self.path.pop();
        }
        Ok(nodes)
    }

    /// The field that the path leads to, with what is read of it; none where nothing is.
    fn node(&mut self, field: &Field, parent: &Type, level: u8) -> Result<Option<Node>, PageError> {
        let is_read = |leaf: &usize| self.group.leaves[*leaf].path.starts_with(&self.path);
        let below: Vec<usize> = self.columns.iter().copied().filter(is_read).collect();
        if below.is_empty() {
            return Ok(None);
        }
        let (name, data_type) = (field.name.clone(), field.data_type.clone());
        let DataType::Struct(fields) = &field.data_type else {
            let unit = self.group.unit(&self.path, &below, data_type.clone(), self.ranges)?;
            self.units.push(unit);
            return Ok(Some(Node {
                name,
                data_type,
                content: Content::Unit(self.units.len() - 1),
            }));
        };
        let own = parent.get_fields().iter().find(|own| own.name() == name);
        let own = own.ok_or_else(|| PageError::Malformed {
            action: "read the schema",
            detail: format!("no column {:?}", self.path.join(".")),
        })?;
        let level = level.saturating_add(u8::from(own.is_optional()));
        let fields = self.nodes(fields, own, level)?;
        let data_type = DataType::Struct(fields_of(&fields));
        let content = Content::Struct { level, depth: self.path.len(), fields };
        Ok(Some(Node { name, data_type, content }))
    }
}

fn fields_of(nodes: &[Node]) -> Vec<Field> {
    nodes.iter().map(|node| Field::new(&node.name, node.data_type.clone())).collect()
}

impl Blocks {
    /// So many rows of no column.
    pub(crate) fn without_columns(rows: u64) -> Self {
        Self {
            ranges: std::iter::once(0..rows).collect(),
            next_row: 0,
            rows: Rows { range: 0..0, some: None },
            units: Vec::new(),
            nodes: Vec::new(),
            schema: Arc::default(),
            source: None,
            totals: ReadCounters::default(),
            has_failed: false,
        }
    }

    /// What was touched so far.
    pub fn counters(&self) -> ReadCounters {
        let mut counters = self.totals;
        let mut found = 0;
        for unit in &self.units {
            match unit {
                Unit::Own(reader) => {
                    counters.pages_read += reader.pages_read;
                    counters.pages_cached += reader.pages_cached;
                    counters.values_decoded += reader.values_decoded;
                    found += reader.pages_found().max(1);
                }
                Unit::Foreign(reader) => {
                    // It does not say how many it reads.
                    counters.pages_read +=
                        if reader.is_started() { reader.leaf_count() } else { 0 };
                    counters.values_decoded += reader.values_decoded;
                    found += reader.leaf_count();
                }
            }
        }
        // Where the file does not say how many pages there are, those that were met are all.
        counters.pages_total = counters.pages_total.max(found).max(counters.pages_read);
        counters.bytes_read = self.source.as_ref().map_or(0, FileBytes::bytes_read);
        counters
    }

    /// Goes to the next block, and says how many rows it has. None where there is none.
    ///
    /// # Errors
    ///
    /// Where the file is malformed.
    pub fn advance(&mut self) -> Result<Option<usize>, PageError> {
        let row = self.next_row;
        let Some(first) = self.ranges.iter().position(|range| row < range.end) else {
            return Ok(None);
        };
        self.ranges.drain(..first);
        let Some(last) = self.ranges.last().map(|range| range.end) else { return Ok(None) };
        let start = row.max(self.ranges[0].start);
        let own = self.units.iter_mut().find_map(|unit| match unit {
            Unit::Own(reader) => Some(reader),
            Unit::Foreign(_) => None,
        });
        let page_end = own.map_or(Ok(u64::MAX), |reader| reader.page_end(start))?;
        let end = page_end.min(start + BLOCK_ROWS).min(last);
        self.next_row = end;
        let wanted = |range: &Range<u64>| range.start.max(start)..range.end.min(end);
        let near = self.ranges.iter().take_while(|range| range.start < end);
        let mut wanted = near.map(wanted).filter(|range| !range.is_empty());
        let range = wanted.next().unwrap_or(start..end);
        let rest: Vec<Range<u64>> = wanted.collect();
        self.rows = match rest.last() {
            None => Rows { range, some: None },
            Some(last) => {
                let (first, last) = (range.start, last.end);
                let narrow = |row: u64| u32::try_from(row - first).unwrap_or(u32::MAX);
                let some = std::iter::once(range).chain(rest).flatten().map(narrow).collect();
                Rows { range: first..last, some: Some(some) }
            }
        };
        Ok(Some(self.rows.count()))
    }

    /// The values of the block's rows at a path: a column's name, then names of struct fields.
    /// None where the file has no such column, or it was not asked for.
    ///
    /// # Errors
    ///
    /// Where the file is malformed.
    pub fn column(&mut self, path: &[String]) -> Result<Option<Column>, PageError> {
        let Some((first, rest)) = path.split_first() else { return Ok(None) };
        let mut node = self.nodes.iter().find(|node| node.name == *first);
        for name in rest {
            node = match node.map(|node| &node.content) {
                Some(Content::Struct { fields, .. }) => {
                    fields.iter().find(|field| field.name == *name)
                }
                _ => None,
            };
        }
        let Some(node) = node else { return Ok(None) };
        node.column(&mut self.units, &self.rows).map(Some)
    }

    /// Of the block's rows only these are wanted from now on; they must ascend.
    pub fn keep(&mut self, rows: &[u32]) {
        let some = match &self.rows.some {
            None => rows.to_vec(),
            Some(some) => rows.iter().filter_map(|row| some.get(*row as usize).copied()).collect(),
        };
        self.rows.some = Some(some);
    }

    fn next_block(&mut self) -> Result<Option<Columns>, PageError> {
        let Some(row_count) = self.advance()? else { return Ok(None) };
        let Self { nodes, units, rows, .. } = self;
        let columns = nodes.iter().map(|node| node.column(units, rows).map(Column::with_numbers));
        let columns = columns.collect::<Result<_, _>>()?;
        Ok(Some(Columns::try_new(Arc::clone(&self.schema), columns, row_count)?))
    }
}

impl Iterator for Blocks {
    type Item = Result<Columns, PageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let block = self.next_block();
        self.has_failed = block.is_err();
        block.transpose()
    }
}

impl Node {
    fn column(&self, units: &mut [Unit], rows: &Rows) -> Result<Column, PageError> {
        if rows.count() == 0 {
            return Ok(Column::nulls(self.data_type.clone(), 0));
        }
        match &self.content {
            Content::Unit(unit) => match &mut units[*unit] {
                Unit::Own(reader) => reader.column(rows),
                Unit::Foreign(reader) => reader.column(rows),
            },
            Content::Struct { level, depth, fields } => {
                let columns =
                    fields.iter().map(|field| field.column(units, rows).map(Column::with_numbers));
                let columns: Vec<Column> = columns.collect::<Result<_, _>>()?;
                let validity = self.is_there(units, rows, *level, *depth)?;
                let (data_type, values) = (self.data_type.clone(), Values::Struct(columns));
                Ok(Column::try_new(data_type, rows.count(), values, Some(validity))?)
            }
        }
    }

    /// In which rows the struct is not null: the first thing below it knows.
    fn is_there(
        &self,
        units: &mut [Unit],
        rows: &Rows,
        level: u8,
        depth: usize,
    ) -> Result<Bitmap, PageError> {
        match &self.content {
            Content::Unit(unit) => match &mut units[*unit] {
                Unit::Own(reader) => reader.is_there(rows, level),
                Unit::Foreign(reader) => reader.is_there(rows, depth),
            },
            Content::Struct { fields, .. } => match fields.first() {
                Some(field) => field.is_there(units, rows, level, depth),
                None => Ok(Bitmap::filled(true, rows.count())),
            },
        }
    }
}
