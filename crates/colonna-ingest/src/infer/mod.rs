//! From what was seen of every value to the shape that holds them all.
//!
//! | the values of a field | its column |
//! | --- | --- |
//! | nothing but null | text |
//! | booleans | boolean |
//! | integers of 64 bits | int64 |
//! | decimal numbers, and integers that are doubles exactly | float64 |
//! | numbers of which one leaves 64 bits, or a double would change it | text as written |
//! | texts that are all days, by one format | date |
//! | texts that are all days or moments, by one format, to the microsecond | timestamp |
//! | other texts | text |
//! | lists | list of what their elements are together; `[]` alone is a list of text |
//! | objects | struct of their keys, or map from text where the keys are data; `{}` alone is text |
//! | anything mixed | text as written: strings without quotes, the rest as its JSON text |
//!
//! A decimal number is a double's where the double, printed with as many significant digits, gives
//! it back: `0.1` is, `0.12345678901234567890123` is not. `-0` is the integer 0.
//!
//! Texts of JSON never become numbers. Texts of CSV do where every one is a number: without zeros
//! in front and without `+`; with a decimal comma or with commas between thousands where the column
//! shows which; NaN and infinities beside other numbers. `NA`, `N/A` and `null` in any usual case
//! are null in a column of anything but text; `\N`, the spellings that are given, and the empty text
//! without quotes are null in any column; `""` is the empty text in a column of text.
//!
//! Numbers become times only in a column that is named as a time or given that type.

mod decide;
mod evidence;
mod given;
mod maps;
mod names;
mod number;
mod options;
mod report;
#[cfg(test)]
mod tests;
mod text;

pub use self::decide::{Inferred, UnseenField, infer};
pub use self::evidence::Evidence;
pub(crate) use self::given::given_shape;
pub(crate) use self::names::Names;
pub use self::names::RESIDUAL;
pub(crate) use self::number::{Number, is_exact_double, read_number};
pub use self::options::{GivenType, InferOptions};
pub use self::report::{Conflict, FieldReport};
pub(crate) use self::text::{NumberStyle, TextValue, read_text};
