//! How each leaf column is encoded, and where that is remembered.

use std::sync::{Arc, Mutex, PoisonError};

use colonna_column::Columns;
use colonna_schema::Schema;

use crate::compress::Codec;
use crate::dense::Dense;
use crate::encoding::delta_binary_packed::Widths;
use crate::encoding::dictionary::CodeWidth;
use crate::levels::Levels;
use crate::row_group::try_encodings;
use crate::trial::{self, LEAST_VALUES};
use crate::words::{Dictionary, Order};
use crate::{PageError, WriteOptions};

/// What a file is written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// For few bytes, at the price of time and of readers that know newer encodings.
    Smallest,
    /// For few bytes that are read fast.
    #[default]
    Balanced,
    /// For being written and read fast.
    Fastest,
}

/// The encodings of the leaf columns of a table, found by trial. The files of one load share it,
/// so that not each of them pays for the trials.
///
/// It is filled as rows come: the first file whose rows are many enough decides, and a later one
/// with far more rows decides again. Which file is first changes how values are kept and never
/// what is read.
///
/// ```
/// use std::sync::Arc;
///
/// use colonna_column::{Column, Columns};
/// use colonna_page::{Layout, WriteOptions, write_file};
///
/// let rows = Columns::from_named(vec![("n".to_owned(), Column::from_i64(vec![1, 2, 3]))]).unwrap();
/// let layout = Arc::new(Layout::new(rows.schema()));
/// let options = WriteOptions { layout: Some(layout), ..WriteOptions::default() };
/// for _ in 0..2 {
///     write_file(Vec::new(), rows.schema(), [&rows], &options).unwrap();
/// }
/// ```
#[derive(Debug)]
pub struct Layout {
    schema: Arc<Schema>,
    /// By the positions of the leaf columns; as many as were asked for.
    leaves: Mutex<Vec<Option<Arc<Mutex<Remembered>>>>>,
}

/// What was found for a leaf, and from how many values: none at first.
#[derive(Debug, Default)]
struct Remembered {
    value_count: usize,
    choice: Option<Choice>,
}

impl Layout {
    /// A layout for files of that schema, of which nothing is known yet.
    pub fn new(schema: &Arc<Schema>) -> Self {
        Self { schema: Arc::clone(schema), leaves: Mutex::default() }
    }

    /// A layout for files of rows like these, found by trying encodings on them.
    ///
    /// # Errors
    ///
    /// Where a type cannot be kept in Parquet, or a value does not fit its type.
    pub fn by_trial(rows: &Columns, options: &WriteOptions) -> Result<Self, PageError> {
        let layout = Self::new(rows.schema());
        try_encodings(rows, &layout, options)?;
        Ok(layout)
    }

    /// The columns that it is for.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// How these values of a leaf column are to be encoded.
    pub(crate) fn choice(
        &self,
        position: usize,
        values: &Dense<'_>,
        dictionary: &Dictionary<'_>,
        levels: &Levels,
        goal: &Goal,
    ) -> Result<Choice, PageError> {
        let value_count = values.len();
        if value_count == 0 {
            return Ok(Choice::usual(values, Codec::None));
        }
        let leaf = self.leaf(position);
        // Who comes for the same leaf meanwhile waits, rather than trying the same.
        let mut leaf = leaf.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = leaf.choice.is_some() && value_count / FAR_MORE < leaf.value_count;
        if value_count >= LEAST_VALUES && !is_known {
            leaf.choice = Some(trial::choose(values, dictionary, levels, goal)?);
            leaf.value_count = value_count;
        }
        Ok(leaf.choice.unwrap_or_else(|| Choice::usual(values, goal.usual_codec())))
    }

    /// A layout by which all leaf columns are encoded in one way, as far as it suits them.
    #[cfg(test)]
    pub(crate) fn of_choice(schema: &Arc<Schema>, leaf_count: usize, choice: Choice) -> Self {
        let layout = Self::new(schema);
        for position in 0..leaf_count {
            let leaf = layout.leaf(position);
            *leaf.lock().unwrap() = Remembered { value_count: usize::MAX, choice: Some(choice) };
        }
        layout
    }

    /// What was found for a leaf column.
    #[cfg(test)]
    pub(crate) fn remembered(&self, position: usize) -> Option<Choice> {
        self.leaf(position).lock().unwrap().choice
    }

    fn leaf(&self, position: usize) -> Arc<Mutex<Remembered>> {
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if leaves.len() <= position {
            leaves.resize(position + 1, None);
        }
        Arc::clone(leaves[position].get_or_insert_default())
    }
}

/// What was found from so many times fewer values is found again.
const FAR_MORE: usize = 8;

/// What encodings are chosen for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub(crate) profile: Profile,
    /// The one level of zstd that is used, where one was asked for.
    pub(crate) level: Option<i32>,
    /// About how many rows make a page.
    pub(crate) page_rows: usize,
    /// The bytes of a decimal of more than 18 digits.
    pub(crate) fixed_width: usize,
}

impl Goal {
    /// The codec for what is not tried.
    pub(crate) fn usual_codec(&self) -> Codec {
        Codec::Zstd(self.level.unwrap_or(1))
    }
}

/// How values are kept where they are not coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uncoded {
    /// As they are.
    Plain,
    /// Integers as the steps between them.
    Delta(Widths),
    /// Texts after their lengths.
    DeltaLength,
    /// Texts as what they do not share with the one before.
    DeltaPrefix,
    /// Numbers byte by byte.
    Split,
    /// Booleans as runs.
    Runs,
}

/// How codes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Codes {
    pub(crate) order: Order,
    pub(crate) width: CodeWidth,
}

/// How a leaf column is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// As codes, where its values are few enough.
    pub(crate) codes: Option<(Codes, Codec)>,
    /// And otherwise so.
    pub(crate) plain: (Uncoded, Codec),
}

impl Choice {
    /// What is right for most columns of values like these, where they are too few to try.
    pub(crate) fn usual(values: &Dense<'_>, codec: Codec) -> Self {
        let codes = Codes { order: Order::Frequency, width: CodeWidth::Natural };
        let (codes, plain) = match values {
            Dense::Nothing => (None, Uncoded::Plain),
            Dense::Boolean { .. } => (None, Uncoded::Runs),
            Dense::Int32(_) | Dense::Int64(_) => (Some(codes), Uncoded::Delta(Widths::Natural)),
            Dense::Double(_) | Dense::Fixed(_) => (Some(codes), Uncoded::Plain),
            Dense::Strings(_) | Dense::Codes { .. } => (Some(codes), Uncoded::DeltaLength),
        };
        Self { codes: codes.map(|codes| (codes, codec)), plain: (plain, codec) }
    }
}
