//! From the bytes of sources to columns.
//!
//! What enters: files, globs, folders or standard input that hold JSON, CSV or lines of text. What
//! leaves: a [`RecordShape`] that every value of the input fits, and [`Columns`](colonna_column::Columns)
//! of that shape, chunk by chunk, with a [`Rejection`] for each record that could not be read.
//!
//! What holds: records read = rows + rejections, for every chunk; and no value is changed: a column
//! takes the narrowest type that holds all its values exactly, and text as written where none does.
//! The sure way takes two passes: the first observes every value ([`Evidence`], [`infer()`]), the
//! second decodes. One will do where the shape comes from a part of the input, is settled
//! ([`RecordShape::is_settled`]), and the rest decodes into it without a surprise
//! ([`Decoded::surprises`]).
//!
//! ```
//! use colonna_ingest::{Evidence, InferOptions, Prepared, ReadOptions, Source, expand, infer};
//! use std::sync::Arc;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("trades.ndjson");
//! std::fs::write(&path, "{\"id\":1,\"price\":0.5}\n{\"id\":\"C2\"}\n")?;
//!
//! let read = ReadOptions::default();
//! let options = InferOptions::default();
//! let mut evidence = Evidence::new(&options);
//! let inputs = expand(&[path.display().to_string()])?;
//! let sources = inputs.into_iter().map(|input| {
//!     Prepared::try_new(Source::try_new(input, &read.source)?, &read)
//! });
//! let sources = sources.collect::<Result<Vec<_>, _>>()?;
//! for source in &sources {
//!     for chunk in source.chunks()? {
//!         source.observe(&chunk?, &mut evidence)?;
//!     }
//! }
//! let shape = Arc::new(infer(&evidence, &options).shape);
//! let chunk = sources[0].chunks()?.next().unwrap()?;
//! let decoded = sources[0].decode(&chunk, &shape)?;
//! assert_eq!(decoded.columns.row(1)[0].to_string(), "C2");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chunk;
mod decode;
mod error;
mod infer;
mod options;
mod prepare;
mod reject;
mod shape;
mod source;
mod time;

pub use chunk::{Chunk, Position};
pub use decode::Value;
pub use decode::{Decoded, Observed};
pub use error::IngestError;
pub use infer::{
    Conflict, Evidence, FieldReport, GivenType, InferOptions, Inferred, RESIDUAL, UnseenField,
    infer,
};
pub use options::{
    CsvOptions, FormatName, JsonOptions, Limits, Mark, ReadOptions, TextOptions, Unwrap,
};
pub use prepare::Prepared;
pub use reject::Rejection;
pub use shape::{Misfit, RecordShape, Shaper};
pub use source::{Input, Source, SourceOptions, expand};
pub use time::{
    Ambiguity, Decided, EpochCandidates, EpochUnit, Moment, Pattern, Separator, TimeCandidates,
    TimeFormat, TimeFormatError, YearDigits,
};
