//! What a query needs of a table, found out once and then read as often as one likes.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;

use colonna::Scalar;
use colonna_column::{Bitmap, Column, Columns};
use colonna_exec::{OrderHint, Plan};
use colonna_page::{Blocks, PageError, ReadCounters, Reader};
use colonna_scan::{ScanOptions, ScanSource, Task, scan, tasks};
use rayon::prelude::*;

use crate::Outcome;

/// The pieces of a table that a query needs.
#[derive(Debug)]
pub(crate) struct Needs {
    pieces: Vec<Piece>,
}

impl Needs {
    /// What the plan needs: it is run once, as far as its predicate and its order go.
    pub(crate) fn of(source: &ScanSource, plan: &Plan) -> Outcome<Self> {
        let mut tasks = tasks(source, plan, &ScanOptions::default())?;
        let last = plan.order_hint().map(|hint| last_row(source, plan, hint)).transpose()?;
        let last = last.flatten();
        if let Some((hint, bound)) = &last {
            let within = |task: &Task| task.within(source, plan, hint, bound);
            tasks = tasks.iter().filter_map(within).collect();
        }
        let pieces = tasks.par_iter().map(|task| Piece::of(source, plan, task, last.as_ref()));
        Ok(Self { pieces: pieces.collect::<Outcome<_>>()? })
    }

    /// Reads, inflates and decodes it, and does nothing with it.
    pub(crate) fn read(&self) -> Result<ReadCounters, PageError> {
        let both = |mut left: ReadCounters, right| {
            left += right;
            Ok(left)
        };
        self.pieces.par_iter().map(Piece::read).try_reduce(ReadCounters::default, both)
    }
}

/// The keys of the last row of an answer that is cut by a limit; none where it has fewer rows.
fn last_row(
    source: &ScanSource,
    plan: &Plan,
    hint: OrderHint,
) -> Outcome<Option<(OrderHint, Vec<Scalar>)>> {
    let (partial, _) = scan(source, plan, &ScanOptions::default())?;
    let mut keys = partial.order_keys()?;
    keys.sort_by(|left, right| hint.cmp(left, right));
    let last = hint.limit.checked_sub(1).and_then(|last| keys.into_iter().nth(last));
    Ok(last.map(|last| (hint, last)))
}

/// What is needed of a row group.
#[derive(Debug)]
struct Piece {
    reader: Arc<Reader>,
    row_group: usize,
    ranges: Option<Vec<Range<u64>>>,
    /// The columns that decide which rows are wanted.
    first: Vec<Vec<String>>,
    /// The columns of which only these rows are wanted.
    rest: Vec<Vec<String>>,
    /// What is wanted of each block.
    wanted: Vec<Wanted>,
}

#[derive(Debug)]
enum Wanted {
    Nothing,
    All,
    Rows(Vec<u32>),
}

impl Piece {
    fn of(
        source: &ScanSource,
        plan: &Plan,
        task: &Task,
        last: Option<&(OrderHint, Vec<Scalar>)>,
    ) -> Outcome<Self> {
        let ordered = last.and_then(|(hint, _)| hint.keys.first()).map(|key| key.slot);
        let is_first =
            |slot: usize| plan.predicate_slots().contains(&slot) || ordered == Some(slot);
        let slots = Slots::of(source, plan, task);
        let stored = |wanted: &dyn Fn(usize) -> bool| {
            let stored = slots.stored.iter().enumerate().filter(|(slot, _)| wanted(*slot));
            stored.filter_map(|(_, path)| path.clone()).collect::<Vec<_>>()
        };
        let mut piece = Self {
            reader: Arc::clone(&task.reader),
            row_group: task.row_group,
            ranges: task.ranges.clone(),
            first: stored(&is_first),
            rest: stored(&|slot| !is_first(slot) && plan.is_read_past_predicate(slot)),
            wanted: Vec::new(),
        };
        let mut blocks = piece.blocks()?;
        while let Some(row_count) = blocks.advance()? {
            let columns = slots.columns(&mut blocks, row_count, &is_first)?;
            let mut selected = plan.select(&columns)?;
            if let Some((hint, bound)) = last
                && let (Some(key), Some(bound)) = (hint.keys.first(), bound.first())
            {
                let within = key.within(&columns.columns()[key.slot], bound)?;
                selected = Some(selected.map_or(within.clone(), |selected| selected.and(&within)));
            }
            piece.wanted.push(Wanted::of(selected.as_ref(), row_count));
        }
        Ok(piece)
    }

    fn blocks(&self) -> Result<Blocks, PageError> {
        let projection: Vec<Vec<String>> = self.first.iter().chain(&self.rest).cloned().collect();
        self.reader.read(self.row_group, &projection, self.ranges.as_deref())
    }

    fn read(&self) -> Result<ReadCounters, PageError> {
        let mut blocks = self.blocks()?;
        for wanted in &self.wanted {
            blocks.advance()?;
            for path in &self.first {
                black_box(blocks.column(path)?);
            }
            match wanted {
                Wanted::Nothing => continue,
                Wanted::All => {}
                Wanted::Rows(rows) => blocks.keep(rows),
            }
            for path in &self.rest {
                black_box(blocks.column(path)?);
            }
        }
        Ok(blocks.counters())
    }
}

impl Wanted {
    fn of(selected: Option<&Bitmap>, row_count: usize) -> Self {
        match selected {
            Some(selected) if selected.count_ones() == 0 => Self::Nothing,
            Some(selected) if selected.count_ones() < row_count => {
                Self::Rows(selected.ones().filter_map(|row| u32::try_from(row).ok()).collect())
            }
            _ => Self::All,
        }
    }
}

/// The slots of a plan, as a file has them.
struct Slots<'a> {
    plan: &'a Plan,
    /// Where the file has it; none where all its rows share one value.
    stored: Vec<Option<Vec<String>>>,
    constants: &'a [(String, Scalar)],
}

impl<'a> Slots<'a> {
    fn of(source: &'a ScanSource, plan: &'a Plan, task: &Task) -> Self {
        let constants = source.files[task.file].constants.as_slice();
        let stored = |path: &Vec<String>| {
            let is_constant = constants.iter().any(|(name, _)| path.len() == 1 && path[0] == *name);
            (!is_constant).then(|| source.renamed.get(path).unwrap_or(path).clone())
        };
        let stored = plan.slots().paths().iter().map(stored).collect();
        Self { plan, stored, constants }
    }

    /// The columns of some slots, and nulls for the others.
    fn columns(
        &self,
        blocks: &mut Blocks,
        row_count: usize,
        is_wanted: &dyn Fn(usize) -> bool,
    ) -> Outcome<Columns> {
        let schema = self.plan.slots().slot_schema();
        let mut columns = Vec::new();
        for (slot, field) in schema.fields.iter().enumerate() {
            let nulls = || Column::nulls(field.data_type.clone(), row_count);
            columns.push(match &self.stored[slot] {
                _ if !is_wanted(slot) => nulls(),
                Some(path) => blocks.column(path)?.unwrap_or_else(nulls),
                None => {
                    let known = self.constants.iter().find(|(name, _)| *name == field.name);
                    let value = known.map_or(Scalar::Null, |(_, value)| value.clone());
                    Column::constant(field.data_type.clone(), value, row_count)
                }
            });
        }
        Ok(Columns::try_new(Arc::new(schema), columns, row_count)?)
    }
}
