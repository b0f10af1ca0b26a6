//! Numbers that codes lead to.

use colonna_schema::{DataType, Scalar};

use crate::Values;
use crate::column::int_scalar;

/// The numbers of a dictionary.
#[derive(Clone, Debug)]
pub enum Numbers {
    /// Integers, days, or microseconds.
    Int64(Vec<i64>),
    /// Doubles.
    Float64(Vec<f64>),
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Int64(numbers) => numbers.len(),
            Self::Float64(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of a code as a value of a type; null where the code leads nowhere.
    pub(crate) fn scalar(&self, code: u32, data_type: &DataType) -> Scalar {
        let value = match self {
            Self::Int64(_) => self.i64_at(code).map(|value| int_scalar(data_type, value)),
            Self::Float64(numbers) => numbers.get(code as usize).copied().map(Scalar::Float64),
        };
        value.unwrap_or(Scalar::Null)
    }

    /// The integer of a code.
    pub(crate) fn i64_at(&self, code: u32) -> Option<i64> {
        match self {
            Self::Int64(numbers) => numbers.get(code as usize).copied(),
            Self::Float64(_) => None,
        }
    }

    /// The number for each of the codes; any for a code that leads nowhere.
    #[must_use]
    pub fn gather(&self, codes: &[u32]) -> Values {
        match self {
            Self::Int64(numbers) => Values::Int64(gathered(numbers, codes)),
            Self::Float64(numbers) => Values::Float64(gathered(numbers, codes)),
        }
    }

    /// All of them as the values of a column.
    #[must_use]
    pub fn to_values(&self) -> Values {
        match self {
            Self::Int64(numbers) => Values::Int64(numbers.clone()),
            Self::Float64(numbers) => Values::Float64(numbers.clone()),
        }
    }
}

fn gathered<T: Copy + Default>(numbers: &[T], codes: &[u32]) -> Vec<T> {
    codes.iter().map(|code| numbers.get(*code as usize).copied().unwrap_or_default()).collect()
}
