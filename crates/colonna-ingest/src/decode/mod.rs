//! From bytes to records: one folder for each format.

pub(crate) mod csv;
pub(crate) mod digits;
pub(crate) mod feed;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod moments;
pub(crate) mod text;

use std::fmt::Debug;
use std::sync::Arc;

use colonna_column::Columns;

pub use self::csv::{CsvOptions, Mark};
pub use self::json::{JsonOptions, Unwrap, Value};
pub use self::text::TextOptions;
use crate::{Chunk, Evidence, IngestError, RecordShape, Rejection, Source};

/// What was seen in a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The records, broken ones included.
    pub records: u64,
    /// Those that cannot be read.
    pub rejections: u64,
}

/// The rows of a chunk.
///
/// Invariant: `records` is the number of rows and of rejections together.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The rows. Columns of few values are sparse; before anything is computed with them, they are to be
    /// made dense, see [`Columns::dense`].
    pub columns: Columns,
    /// The records that are no rows.
    pub rejections: Vec<Rejection>,
    /// How many records there were.
    pub records: u64,
    /// How many values there were that another shape could have taken better. Where there were none,
    /// and the shape was settled by other records, it is the shape that these lead to as well.
    pub surprises: u64,
}

/// The chunks of a source, one after the other.
pub(crate) type Chunks = Box<dyn Iterator<Item = Result<Chunk, IngestError>> + Send>;

/// A format, with all that had to be found out about one source.
pub(crate) trait Decode: Debug + Send + Sync {
    /// The format in words.
    fn description(&self) -> String;

    /// What of the source is passed over as no record, in words.
    fn passed_over(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether each line is a record, or none, whatever stands on the others.
    fn has_a_record_on_each_line(&self) -> bool {
        false
    }

    /// The source in pieces of whole records.
    fn chunks(&self, source: &Source) -> Result<Chunks, IngestError>;

    /// Adds the values of a chunk to evidence that is empty.
    fn observe(
        &self,
        source: &Source,
        chunk: &Chunk,
        evidence: &mut Evidence,
    ) -> Result<Observed, IngestError>;

    /// The rows of a chunk.
    fn decode(
        &self,
        source: &Source,
        chunk: &Chunk,
        shape: &Arc<RecordShape>,
    ) -> Result<Decoded, IngestError>;
}
