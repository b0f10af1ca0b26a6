//! What kernels made of the entries of dictionaries, kept for the batches that follow.

use std::cell::RefCell;
use std::sync::Arc;

use colonna_column::{Bitmap, Column, Numbers, Strings, Values};
use colonna_schema::DataType;

use crate::{BoundExpr, ExecError};

/// How many results are kept; the row groups of one task share few dictionaries.
const KEPT: usize = 16;

/// What expressions made of dictionaries: the batches of a row group share their dictionaries, and
/// each entry is computed once for all of them.
///
/// Invariant: what an expression makes of an entry depends on nothing else. So it is asked only for
/// expressions of which a single operand reads columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo(RefCell<Vec<Remembered>>);

#[derive(Clone, Debug)]
struct Remembered {
    expr: BoundExpr,
    dictionary: Dictionary,
    /// How many rows asked for entries before all were computed.
    asked: usize,
    entries: Option<Arc<Entries>>,
}

/// What codes lead to.
#[derive(Clone, Debug)]
pub(super) enum Dictionary {
    Texts(Arc<Strings>),
    Numbers(Arc<Numbers>),
}

impl Dictionary {
    /// The codes of a column that has some, and its dictionary.
    pub(super) fn of(column: &Column) -> Option<(&[u32], Self)> {
        match column.values() {
            Values::Codes { codes, dictionary } => {
                Some((codes, Self::Texts(Arc::clone(dictionary))))
            }
            Values::NumberCodes { codes, dictionary } => {
                Some((codes, Self::Numbers(Arc::clone(dictionary))))
            }
            _ => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries as the values of a column.
    pub(super) fn to_values(&self) -> Values {
        match self {
            Self::Texts(texts) => Values::Strings(Arc::clone(texts)),
            Self::Numbers(numbers) => numbers.to_values(),
        }
    }

    /// The values that codes lead to.
    fn led_to_by(self, codes: Vec<u32>) -> Values {
        match self {
            Self::Texts(dictionary) => Values::Codes { codes, dictionary },
            Self::Numbers(dictionary) => Values::NumberCodes { codes, dictionary },
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Texts(left), Self::Texts(right)) => Arc::ptr_eq(left, right),
            (Self::Numbers(left), Self::Numbers(right)) => Arc::ptr_eq(left, right),
            _ => false,
        }
    }
}

/// The result of a kernel for each entry of a dictionary, flat.
#[derive(Clone, Debug)]
pub(super) enum Entries {
    /// Texts or numbers are the dictionary of the result.
    Coded(DataType, Dictionary, Option<Bitmap>),
    /// Anything else.
    Values(Column),
}

impl Memo {
    /// The result for all entries, if it is known or if computing it pays: a quarter as many rows
    /// as there are entries have asked for some. For fewer, those that they have are computed.
    pub(super) fn entries(
        &self,
        expr: &BoundExpr,
        dictionary: &Dictionary,
        row_count: usize,
        compute: impl FnOnce() -> Result<Column, ExecError>,
    ) -> Result<Option<Arc<Entries>>, ExecError> {
        let mut kept = self.0.borrow_mut();
        let same = |known: &Remembered| known.dictionary.is_same(dictionary) && known.expr == *expr;
        let index = kept.iter().position(same).unwrap_or_else(|| {
            if kept.len() >= KEPT {
                kept.remove(0);
            }
            let (expr, dictionary) = (expr.clone(), dictionary.clone());
            kept.push(Remembered { expr, dictionary, asked: 0, entries: None });
            kept.len() - 1
        });
        let Some(known) = kept.get_mut(index) else { return Ok(None) };
        known.asked = known.asked.saturating_add(row_count);
        if known.entries.is_none() && known.asked.saturating_mul(4) >= dictionary.len() {
            known.entries = Some(Arc::new(Entries::of(&compute()?)));
        }
        Ok(known.entries.clone())
    }
}

impl Entries {
    /// The entries of a result.
    pub(super) fn of(result: &Column) -> Self {
        let flat = result.to_flat();
        let dictionary = match flat.values() {
            Values::Strings(texts) => Dictionary::Texts(Arc::clone(texts)),
            Values::Int64(numbers) => {
                Dictionary::Numbers(Arc::new(Numbers::Int64(numbers.clone())))
            }
            Values::Float64(numbers) => {
                Dictionary::Numbers(Arc::new(Numbers::Float64(numbers.clone())))
            }
            _ => return Self::Values(flat),
        };
        Self::Coded(flat.data_type().clone(), dictionary, flat.validity().cloned())
    }

    /// Whether there is a result for each of the codes, which of a null row may be any number.
    pub(super) fn has_all(&self, codes: &[u32]) -> bool {
        match self {
            Self::Values(entries) if !matches!(entries.values(), Values::Boolean(_)) => {
                codes.iter().fold(true, |all, code| all & ((*code as usize) < entries.len()))
            }
            // Bits that are not there are false, and codes stay what they are.
            _ => true,
        }
    }

    /// The results for rows that have these codes, all of which are there.
    pub(super) fn spread(
        &self,
        codes: &[u32],
        validity: Option<&Bitmap>,
    ) -> Result<Column, ExecError> {
        if let Self::Values(entries) = self
            && matches!(entries.values(), Values::Null)
        {
            return Ok(Column::nulls(entries.data_type().clone(), codes.len()));
        }
        let (data_type, own, values) = match self {
            Self::Coded(data_type, dictionary, own) => {
                let values = dictionary.clone().led_to_by(codes.to_vec());
                (data_type, own.as_ref().map(|own| own.gather(codes)), values)
            }
            Self::Values(entries) => {
                let result = entries.gather(codes);
                let own = result.validity().cloned();
                (entries.data_type(), own, result.values().clone())
            }
        };
        let validity = match (own, validity) {
            (Some(own), Some(validity)) => Some(own.and(validity)),
            (own, validity) => own.or_else(|| validity.cloned()),
        };
        Ok(Column::try_new(data_type.clone(), codes.len(), values, validity)?)
    }
}
