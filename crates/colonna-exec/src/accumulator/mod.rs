//! What an aggregate keeps of the rows of each group: vectors by group index.
//!
//! Every accumulator keeps enough for its answer not to depend on how the rows were split: sums are
//! exact until the end, and what goes by order takes the rows in theirs.

mod best;
mod boolean;
mod cardinality;
mod coded;
mod count;
mod dense;
mod digits;
mod distinct;
mod exact_sum;
mod extreme;
mod lanes;
mod moments;
mod pick;
mod quantile;
mod sum;

use std::borrow::Cow;
use std::ops::Range;

use colonna_column::{Bitmap, Column, Values};
use colonna_schema::{AggregateFunction, DataType};

use self::boolean::BooleanFold;
use self::cardinality::Cardinality;
use self::count::{CountRows, CountValues};
pub(crate) use self::dense::bounds;
use self::distinct::{CountDistinct, EachOnce};
use self::extreme::Extreme;
use self::moments::Moments;
use self::pick::Pick;
use self::quantile::Quantile;
use self::sum::{DecimalSum, FloatSum, IntegerSum};
use crate::ExecError;

/// Which group each row belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grouping<'a> {
    /// All rows to the only one there is.
    One,
    /// All rows to this one.
    Same(u32),
    /// Each row to its own.
    Each(&'a [u32]),
}

impl Grouping<'_> {
    /// Calls `visit` with group and row of each row that is valid, in order.
    #[inline]
    pub(crate) fn each(
        self,
        row_count: usize,
        validity: Option<&Bitmap>,
        mut visit: impl FnMut(usize, usize),
    ) {
        match (self, self.single(), validity) {
            (Self::Each(groups), _, None) => {
                groups.iter().enumerate().for_each(|(row, &group)| visit(group as usize, row));
            }
            (Self::Each(groups), _, Some(valid)) => {
                each_set(valid, |row| visit(groups[row] as usize, row));
            }
            (_, single, None) => {
                (0..row_count).for_each(|row| visit(single.unwrap_or_default(), row));
            }
            (_, single, Some(valid)) => {
                each_set(valid, |row| visit(single.unwrap_or_default(), row));
            }
        }
    }

    /// Calls `visit` as [`Grouping::each`] does, for the rows of a column that are not null.
    #[inline]
    pub(crate) fn each_valid(self, column: &Column, visit: impl FnMut(usize, usize)) {
        if !matches!(column.values(), Values::Null) {
            self.each(column.len(), column.validity(), visit);
        }
    }

    /// The group of all rows, where they have the same.
    #[inline]
    pub(crate) fn single(self) -> Option<usize> {
        match self {
            Self::One => Some(0),
            Self::Same(group) => Some(group as usize),
            Self::Each(_) => None,
        }
    }

    /// The group of a row.
    #[inline]
    pub(crate) fn at(self, row: usize) -> u32 {
        match self {
            Self::One => 0,
            Self::Same(group) => group,
            Self::Each(groups) => groups[row],
        }
    }
}

/// Calls `visit` with the position of each bit that is set.
#[inline]
fn each_set(bits: &Bitmap, mut visit: impl FnMut(usize)) {
    for (index, &word) in bits.words().iter().enumerate() {
        let mut rest = word;
        for _ in 0..word.count_ones() {
            visit(index * 64 + rest.trailing_zeros() as usize);
            rest &= rest.wrapping_sub(1);
        }
    }
}

/// The rows of one batch, as an accumulator takes them in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// The values; of `count(*)` none.
    pub(crate) values: Option<&'a Column>,
    /// What `first` and `last` go by.
    pub(crate) order: Option<&'a Column>,
    /// The group of each row.
    pub(crate) grouping: Grouping<'a>,
    /// How many rows there are.
    pub(crate) row_count: usize,
    /// How many groups there are so far.
    pub(crate) group_count: usize,
    /// How many of the rows each group has, where the groups are few.
    pub(crate) row_counts: Option<&'a [u32]>,
}

impl Rows<'_> {
    /// Whether the groups are few for so many rows.
    pub(crate) fn has_few_groups(&self) -> bool {
        self.grouping.single().is_some() || self.row_counts.is_some()
    }

    /// The groups that the rows may be of: of all so far just the one, where they have the same.
    pub(crate) fn groups(&self) -> Range<usize> {
        self.grouping.single().map_or(0..self.group_count, |group| group..group + 1)
    }
}

/// How many groups may be kept in several cells each, so that rows of one group need not wait for
/// each other.
const FEW_GROUPS: usize = 1 << 12;

/// Rows in a row go to as many cells of their group.
const LANES: usize = 4;

/// Among so many groups a row hardly ever waits for the one before it.
const LANED_GROUPS: usize = 1024;

/// How many cells there are for so many groups.
pub(crate) fn cell_count(group_count: usize) -> usize {
    if group_count > LANED_GROUPS { group_count } else { group_count * LANES }
}

/// Calls `add` with the cell and the row of each row. Of few groups, group `g` has the cells `g`,
/// `g + count`, `g + 2 * count` and so on: [`LANES`] of them.
#[inline]
pub(crate) fn in_lanes(groups: &[u32], group_count: usize, mut add: impl FnMut(usize, usize)) {
    if group_count > LANED_GROUPS {
        groups.iter().enumerate().for_each(|(row, &group)| add(group as usize, row));
        return;
    }
    let mut rows = groups.chunks_exact(LANES);
    for (chunk, groups) in (&mut rows).enumerate() {
        for (lane, &group) in groups.iter().enumerate() {
            add(lane * group_count + group as usize, chunk * LANES + lane);
        }
    }
    let rest = rows.remainder();
    for (row, &group) in (groups.len() - rest.len()..).zip(rest) {
        add(group as usize, row);
    }
}

/// How many of the rows each group has; `None` where the groups are not few for so many rows.
pub(crate) fn row_counts(grouping: Grouping<'_>, group_count: usize) -> Option<Vec<u32>> {
    let Grouping::Each(groups) = grouping else { return None };
    if group_count > FEW_GROUPS || group_count * LANES > groups.len() {
        return None;
    }
    let mut cells = vec![0_u32; cell_count(group_count)];
    in_lanes(groups, group_count, |cell, _| cells[cell] += 1);
    let (counts, lanes) = cells.split_at_mut(group_count);
    for lane in lanes.chunks(group_count.max(1)) {
        counts.iter_mut().zip(lane).for_each(|(count, more)| *count += more);
    }
    cells.truncate(group_count);
    Some(cells)
}

/// Calls `add` with the cell and the row of each row, as [`in_lanes`] does, for any grouping: there
/// are cells for [`Rows::groups`] only.
#[inline]
pub(crate) fn each_in_lanes(rows: &Rows<'_>, mut add: impl FnMut(usize, usize)) {
    match rows.grouping {
        Grouping::Each(groups) => in_lanes(groups, rows.group_count, add),
        _ => (0..rows.row_count).for_each(|row| add(row % LANES, row)),
    }
}

/// The values with nothing in place of those that are null.
pub(crate) fn zeroed<'a, T: Copy + Default>(
    values: &'a [T],
    validity: Option<&Bitmap>,
) -> Cow<'a, [T]> {
    let Some(valid) = validity else { return Cow::Borrowed(values) };
    let mut zeroed = values.to_vec();
    valid.fill_unset(&mut zeroed, T::default());
    Cow::Owned(zeroed)
}

/// Adds to each group the number of its rows in which the column is not null.
pub(crate) fn add_value_counts(counts: &mut [u64], rows: &Rows<'_>, column: &Column) {
    match (rows.grouping.single(), rows.row_counts) {
        (Some(group), _) => counts[group] += (column.len() - column.null_count()) as u64,
        (None, Some(row_counts)) if column.null_count() == 0 => {
            counts.iter_mut().zip(row_counts).for_each(|(count, more)| *count += u64::from(*more));
        }
        (None, _) => rows.grouping.each_valid(column, |group, _| counts[group] += 1),
    }
}

/// The groups of a later state that are taken in, and which groups they are here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'a> {
    /// The groups there.
    pub(crate) from: &'a [u32],
    /// For each of them the group here.
    pub(crate) to: &'a [u32],
    /// How many groups there are here.
    pub(crate) group_count: usize,
}

impl Taken<'_> {
    /// Calls `visit` with each group here and the state that it is to take in.
    #[inline]
    pub(crate) fn each<T>(&self, states: &[T], mut visit: impl FnMut(usize, &T)) {
        for (&from, &to) in self.from.iter().zip(self.to) {
            // A group without a state has met no row.
            if let Some(state) = states.get(from as usize) {
                visit(to as usize, state);
            }
        }
    }

    /// The group here for each group there, where all are taken.
    pub(crate) fn mapping(&self) -> Vec<u32> {
        let mut mapping = vec![0; self.from.len()];
        for (&from, &to) in self.from.iter().zip(self.to) {
            mapping.get_mut(from as usize).into_iter().for_each(|group| *group = to);
        }
        mapping
    }
}

/// What an aggregate is made of, with its types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AggregateKind {
    /// Which aggregate.
    pub(crate) function: AggregateFunction,
    /// The type of its argument; null for `count(*)`.
    pub(crate) input: DataType,
    /// The type of its result.
    pub(crate) output: DataType,
    /// Each value once.
    pub(crate) distinct: bool,
    /// As it is written, for errors.
    pub(crate) name: String,
}

/// The type of an aggregate's result.
pub(crate) fn result_type(
    function: AggregateFunction,
    input: &DataType,
    name: &str,
) -> Result<DataType, ExecError> {
    use AggregateFunction as F;
    let refused = |expected| {
        let (expression, found) = (name.to_owned(), input.clone());
        Err(ExecError::WrongType { expression, expected, found })
    };
    Ok(match (function, input) {
        (F::CountRows | F::Count | F::CountDistinct | F::ApproximateCountDistinct, _) => {
            DataType::Int64
        }
        (F::Min | F::Max | F::First | F::Last | F::QuantileDiscrete(_), input) => input.clone(),
        (_, DataType::Null) => DataType::Null,
        (F::Sum, DataType::Int64 | DataType::Boolean) => DataType::Int64,
        (F::Sum, DataType::Decimal { scale, .. }) => {
            DataType::Decimal { precision: 38, scale: *scale }
        }
        (F::Sum, DataType::Float64) => DataType::Float64,
        (F::Avg, DataType::Boolean) => DataType::Float64,
        (F::Avg | F::QuantileContinuous(_), DataType::Date | DataType::Timestamp) => {
            DataType::Timestamp
        }
        (
            F::Avg
            | F::VarianceSample
            | F::VariancePopulation
            | F::StddevSample
            | F::StddevPopulation
            | F::QuantileContinuous(_),
            input,
        ) if input.is_numeric() => DataType::Float64,
        (F::BoolAnd | F::BoolOr, DataType::Boolean) => DataType::Boolean,
        (F::BoolAnd | F::BoolOr, _) => return refused("a boolean"),
        (F::Avg | F::QuantileContinuous(_), _) => return refused("a number or a time"),
        _ => return refused("a number"),
    })
}

macro_rules! accumulators {
    ($($variant:ident($kind:ty)),+ $(,)?) => {
        /// The state of one aggregate over all groups.
        #[derive(Clone, Debug)]
        pub(crate) enum Accumulator { $($variant($kind)),+ }

        impl Accumulator {
            /// Takes in the rows of a batch.
            pub(crate) fn update(&mut self, rows: &Rows<'_>) -> Result<(), ExecError> {
                match self { $(Self::$variant(state) => state.update(rows)),+ }
            }

            /// Takes in what another has of later rows, or of some groups of them.
            pub(crate) fn merge(
                &mut self,
                later: &Self,
                taken: &Taken<'_>,
            ) -> Result<(), ExecError> {
                match (self, later) {
                    $((Self::$variant(state), Self::$variant(later)) => {
                        state.merge(later, taken)
                    })+
                    _ => Err(ExecError::ForeignPartial),
                }
            }

            /// The results, one for each group.
            pub(crate) fn finish(self, group_count: usize) -> Result<Column, ExecError> {
                match self { $(Self::$variant(state) => state.finish(group_count)),+ }
            }

            /// About how many bytes of memory it takes.
            pub(crate) fn byte_len(&self) -> usize {
                match self { $(Self::$variant(state) => state.byte_len()),+ }
            }
        }
    };
}

accumulators! {
    Nothing(Nothing),
    CountRows(CountRows),
    CountValues(CountValues),
    CountDistinct(CountDistinct),
    EachOnce(EachOnce),
    Cardinality(Cardinality),
    IntegerSum(IntegerSum),
    DecimalSum(DecimalSum),
    FloatSum(FloatSum),
    Extreme(Extreme),
    Moments(Moments),
    Quantile(Box<Quantile>),
    Pick(Box<Pick>),
    BooleanFold(BooleanFold),
}

impl Accumulator {
    /// Whether some of its groups can be taken in without a look at the others.
    pub(crate) fn divides(&self) -> bool {
        !matches!(self, Self::CountDistinct(_) | Self::EachOnce(_) | Self::Quantile(_))
    }

    /// Makes ready to be taken in by another. Rows may come after it.
    pub(crate) fn seal(&mut self) -> Result<(), ExecError> {
        match self {
            Self::CountDistinct(state) => state.seal(),
            Self::EachOnce(state) => state.seal(),
            _ => Ok(()),
        }
    }

    /// No rows yet.
    pub(crate) fn new(kind: &AggregateKind) -> Self {
        use AggregateFunction as F;
        let once = kind.distinct
            && matches!(
                kind.function,
                F::Sum
                    | F::Avg
                    | F::VarianceSample
                    | F::VariancePopulation
                    | F::StddevSample
                    | F::StddevPopulation
                    | F::QuantileContinuous(_)
                    | F::QuantileDiscrete(_)
            );
        match kind.function {
            F::CountRows => return Self::CountRows(CountRows::default()),
            F::Count if kind.distinct => {
                return Self::CountDistinct(CountDistinct::new(&kind.input));
            }
            F::Count => return Self::CountValues(CountValues::default()),
            F::CountDistinct => return Self::CountDistinct(CountDistinct::new(&kind.input)),
            F::ApproximateCountDistinct => return Self::Cardinality(Cardinality::default()),
            _ => {}
        }
        if kind.input == DataType::Null {
            return Self::Nothing(Nothing(kind.output.clone()));
        }
        if once {
            return Self::EachOnce(EachOnce::new(kind));
        }
        match kind.function {
            F::Min | F::Max => Self::Extreme(Extreme::new(kind)),
            F::First | F::Last => Self::Pick(Box::new(Pick::new(kind))),
            F::BoolAnd | F::BoolOr => Self::BooleanFold(BooleanFold::new(kind.function)),
            F::QuantileContinuous(_) | F::QuantileDiscrete(_) => {
                Self::Quantile(Box::new(Quantile::new(kind)))
            }
            F::Sum | F::Avg => match kind.input {
                DataType::Float64 => Self::FloatSum(FloatSum::new(kind)),
                DataType::Decimal { .. } => Self::DecimalSum(DecimalSum::new(kind)),
                _ => Self::IntegerSum(IntegerSum::new(kind)),
            },
            _ => Self::Moments(Moments::new(kind)),
        }
    }
}

/// The aggregate of a column that holds nothing but nulls.
#[derive(Clone, Debug)]
pub(crate) struct Nothing(DataType);

impl Nothing {
    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    fn update(&mut self, _: &Rows<'_>) -> Result<(), ExecError> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    fn merge(&mut self, _: &Self, _: &Taken<'_>) -> Result<(), ExecError> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every accumulator has this form")]
    fn finish(self, group_count: usize) -> Result<Column, ExecError> {
        Ok(Column::nulls(self.0, group_count))
    }

    fn byte_len(&self) -> usize {
        size_of::<Self>()
    }
}

/// A column without constants and codes of numbers, so that a kernel meets its values in a row.
pub(crate) fn expanded(column: &Column) -> Cow<'_, Column> {
    match column.values() {
        Values::Constant(_) | Values::NumberCodes { .. } => Cow::Owned(column.to_flat()),
        _ => Cow::Borrowed(column),
    }
}

/// A column of these values, null where there is none.
pub(crate) fn optional<T>(
    data_type: &DataType,
    values: Vec<Option<T>>,
    collect: impl FnOnce(Vec<T>) -> Values,
) -> Result<Column, ExecError>
where
    T: Default,
{
    let len = values.len();
    let validity = Bitmap::from_fn(len, |row| values[row].is_some());
    let values = collect(values.into_iter().map(Option::unwrap_or_default).collect());
    Ok(Column::try_new(data_type.clone(), len, values, Some(validity))?)
}
