//! What is told about the columns, where their values alone shall not decide.

use colonna_schema::DataType;

use crate::TimeFormat;

/// A type that is given for a field. A record with a value that does not fit it is rejected.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenType {
    /// The field: its name, or the names that lead to it with dots between them.
    pub path: String,
    /// What it holds.
    pub data_type: DataType,
    /// How its times are written, for a date or a timestamp.
    pub format: Option<TimeFormat>,
}

/// How a shape is found. Paths are written with dots, as `user.country`.
#[derive(Clone, Debug, PartialEq)]
pub struct InferOptions {
    /// Types that are given.
    pub types: Vec<GivenType>,
    /// The fields that hold a time: numbers in them count seconds, milliseconds, microseconds or
    /// nanoseconds since 1970, by the magnitude of them all; digits below a microsecond are cut.
    pub time_columns: Vec<String>,
    /// Every value is kept as the text it was.
    pub all_text: bool,
    /// Fields of structs become columns of their own, named `a.b`.
    pub flatten: bool,
    /// Objects whose keys are data become maps where their keys show it.
    pub find_maps: bool,
    /// Objects that become maps in any case.
    pub maps: Vec<String>,
    /// Objects that become structs in any case.
    pub structs: Vec<String>,
    /// Spellings of null in fields of text, besides `\N` and the empty text, which are
    /// null where they are not quoted.
    pub nulls: Vec<String>,
    /// The most leaf columns; keys past them go to the residual column.
    pub column_limit: usize,
    /// How deeply columns may nest; what is deeper is kept as its JSON text.
    pub nesting_limit: usize,
}

impl Default for InferOptions {
    fn default() -> Self {
        Self {
            types: Vec::new(),
            time_columns: Vec::new(),
            all_text: false,
            flatten: false,
            find_maps: true,
            maps: Vec::new(),
            structs: Vec::new(),
            nulls: Vec::new(),
            column_limit: 10_000,
            nesting_limit: 32,
        }
    }
}
