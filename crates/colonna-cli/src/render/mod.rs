//! How answers and reports are written.

pub(crate) mod csv;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod table;
