//! Fields between delimiters: CSV, TSV and their kin.
//!
//! Every setting that is not given is found by the content of each source (`sniff`), and every
//! setting that is found can be given. How lines, quotes and escapes are read stands in `dialect`.
//! Two places ask that only where they must: `cut` finds the end of a chunk, and with it mostly where
//! all fields in it end (`ends`), and `shred` takes records straight into their columns, from between
//! these ends (`bounds`).
//!
//! A record shorter than the header has nulls for the rest. What a record has past the names goes to
//! the residual column as `column_7`, unless it is empty. Sources with other columns, or with the
//! same in another order, go together by name.

mod bounds;
mod cell;
mod census;
mod chunks;
mod cut;
pub(super) mod delimiters;
mod dialect;
mod ends;
mod header;
mod lanes;
mod layout;
mod marks;
mod options;
mod records;
mod shred;
#[cfg(test)]
mod shred_tests;
mod sniff;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::sync::Arc;

use self::chunks::RecordChunks;
use self::dialect::Field;
pub(crate) use self::ends::Ends;
pub(crate) use self::layout::Layout;
use self::layout::{MOST_NAMES, numbered_name};
pub use self::options::{CsvOptions, Mark};
use self::records::{Record, Records, text_of};
use self::shred::Shredder;
use self::sniff::sniff;
use super::feed::Feed;
use super::{Chunks, Decode, Decoded, Observed};
use crate::{
    Chunk, Evidence, IngestError, Misfit, Position, ReadOptions, RecordShape, Rejection, Shaper,
    Source,
};

/// Reads one source of CSV.
#[derive(Debug)]
pub(crate) struct CsvDecoder {
    layout: Arc<Layout>,
    record_byte_len: usize,
    chunk_byte_len: usize,
}

impl CsvDecoder {
    pub(crate) fn try_new(
        source: &Source,
        head: &[u8],
        options: &ReadOptions,
    ) -> Result<Self, IngestError> {
        options.csv.check()?;
        let record_byte_len = options.limits.record_byte_len;
        let mut head = std::borrow::Cow::Borrowed(head);
        let layout = loop {
            let is_whole = is_whole(source, &head)?;
            if let Some(layout) = sniff(&head, is_whole, &options.csv, record_byte_len) {
                break layout;
            }
            // The header goes on past the head.
            if is_whole || head.len() > record_byte_len {
                return Err(IngestError::RecordTooLarge {
                    name: Arc::clone(source.name()),
                    line: 1,
                    limit: record_byte_len,
                });
            }
            head = read_head(source, head.len().saturating_mul(2))?.into();
        };
        if layout.names.len() > MOST_NAMES {
            let (name, line) = (Arc::clone(source.name()), layout.skipped_lines + 1);
            return Err(IngestError::TooManyFields { name, line, limit: MOST_NAMES });
        }
        let chunk_byte_len = options.chunk_byte_len;
        Ok(Self { layout: Arc::new(layout), record_byte_len, chunk_byte_len })
    }

    fn observe_row(
        &self,
        fields: &[Field],
        record: &Record<'_>,
        text: &str,
        line: u64,
        target: &mut (&mut Evidence, Vec<usize>),
    ) {
        let (evidence, indices) = target;
        let mut scratch = String::new();
        for (index, field) in fields.iter().enumerate() {
            let text = text_of(&self.layout.dialect, field, text, record.start, &mut scratch);
            match indices.get(index) {
                Some(index) => evidence.observe_text(*index, text, field.is_quoted, line),
                None if is_nothing(field, text) => {}
                None => evidence.observe_surplus(),
            }
        }
        evidence.finish_text_record(line);
    }

    /// The rows of a chunk: of what the shredder reads, where there is one, and of all the rest.
    fn decode_records(
        &self,
        source: &Source,
        chunk: &Chunk,
        shape: &Arc<RecordShape>,
        mut records: Records<'_>,
        mut shredder: Option<Shredder<'_>>,
    ) -> Result<Decoded, IngestError> {
        let mut shaper = Shaper::new(shape);
        shaper.begin_source(source);
        let columns: Vec<Option<usize>> =
            self.layout.names.iter().map(|name| shaper.column_of(name)).collect();
        let mut rejections = Vec::new();
        let reject = |record: &Record<'_>, Misfit { field, reason }| Rejection {
            source: Arc::clone(source.name()),
            position: position(chunk, record),
            field,
            reason,
            raw: record.bytes.to_vec(),
        };
        let mut count = 0;
        loop {
            let starts = shredder.as_mut().map(|it| it.push_records(&mut shaper, records.at()));
            if let Some([starts @ .., next]) = starts
                && !starts.is_empty()
            {
                count += crate::chunk::count(starts.len());
                let are_whole = shaper.finish_whole_records(starts.len());
                for start in if are_whole { &[] } else { starts } {
                    if let Err(misfit) = shaper.finish_record() {
                        records.skip_to(*start as usize);
                        rejections.extend(records.next().map(|record| reject(&record, misfit)));
                    }
                }
                records.skip_to(*next as usize);
                continue;
            }
            let Some(record) = records.next() else { break };
            count += 1;
            let finished = match record.text {
                Ok(text) => {
                    self.push_row(records.fields(), &record, text, &columns, &mut shaper);
                    shaper.finish_record()
                }
                Err(reason) => Err(Misfit { field: None, reason: reason.to_owned() }),
            };
            rejections.extend(finished.err().map(|misfit| reject(&record, misfit)));
        }
        let surprises = shaper.surprises();
        Ok(Decoded { columns: shaper.finish()?, rejections, records: count, surprises })
    }

    fn push_row(
        &self,
        fields: &[Field],
        record: &Record<'_>,
        text: &str,
        columns: &[Option<usize>],
        shaper: &mut Shaper,
    ) {
        let mut scratch = String::new();
        for (index, field) in fields.iter().enumerate() {
            let text = text_of(&self.layout.dialect, field, text, record.start, &mut scratch);
            match columns.get(index) {
                Some(Some(column)) => shaper.push_text(*column, text, field.is_quoted),
                _ if is_nothing(field, text) => {}
                _ => {
                    let name = self.layout.names.get(index).cloned();
                    shaper.push_surplus(&name.unwrap_or_else(|| numbered_name(index)), text);
                }
            }
        }
    }
}

/// An empty field without quotes is a null, and a null past the names is nothing.
fn is_nothing(field: &Field, text: &str) -> bool {
    text.is_empty() && !field.is_quoted
}

impl Decode for CsvDecoder {
    fn description(&self) -> String {
        let layout = &*self.layout;
        let header = if layout.has_header { "header" } else { "no header" };
        let skipped = layout.lines_before().map_or_else(String::new, |lines| format!(", {lines}"));
        format!("CSV, {}, {header}{skipped}", layout.dialect)
    }

    fn passed_over(&self) -> Vec<String> {
        let lines = self.layout.lines_before();
        let lines = lines.map(|lines| format!("{lines} the records passed over"));
        let comment = self.layout.dialect.comment.filter(|comment| comment.is_guess);
        let comments = comment.map(|comment| {
            let mark = char::from(comment.mark);
            format!("lines that begin with {mark} passed over as comments, but for those with all fields")
        });
        lines.into_iter().chain(comments).collect()
    }

    fn has_a_record_on_each_line(&self) -> bool {
        let dialect = &self.layout.dialect;
        dialect.quote.is_none() && dialect.escape.is_none() && !dialect.ends_at_cr
    }

    fn chunks(&self, source: &Source) -> Result<Chunks, IngestError> {
        let feed = Feed::open(source, self.record_byte_len, self.chunk_byte_len)?;
        Ok(Box::new(RecordChunks::new(Arc::clone(&self.layout), feed)))
    }

    fn observe(
        &self,
        source: &Source,
        chunk: &Chunk,
        evidence: &mut Evidence,
    ) -> Result<Observed, IngestError> {
        evidence.begin_source(source);
        let indices = self.layout.names.iter().map(|name| evidence.text_field(name)).collect();
        let mut target = (evidence, indices);
        let mut observed = Observed::default();
        let mut records = Records::new(&self.layout, &chunk.bytes);
        while let Some(record) = records.next() {
            observed.records += 1;
            match record.text {
                Ok(text) => {
                    let line = chunk.start.line + record.lines;
                    self.observe_row(records.fields(), &record, text, line, &mut target);
                }
                Err(_) => observed.rejections += 1,
            }
        }
        Ok(observed)
    }

    fn decode(
        &self,
        source: &Source,
        chunk: &Chunk,
        shape: &Arc<RecordShape>,
    ) -> Result<Decoded, IngestError> {
        let records = Records::new(&self.layout, &chunk.bytes);
        let text = records.text();
        let extra_fields = source.extra_fields();
        let shredder = text.and_then(|text| {
            Shredder::try_new(&self.layout, text, &chunk.ends, shape, extra_fields)
        });
        self.decode_records(source, chunk, shape, records, shredder)
    }
}

fn position(chunk: &Chunk, record: &Record<'_>) -> Position {
    Position {
        line: chunk.start.line + record.lines,
        byte_offset: chunk.start.byte_offset + crate::chunk::count(record.start),
    }
}

/// Whether the head is all there is. A head is cut at a length that is a power of two.
fn is_whole(source: &Source, head: &[u8]) -> Result<bool, IngestError> {
    Ok(!head.len().is_power_of_two() || read_head(source, head.len() + 1)?.len() == head.len())
}

fn read_head(source: &Source, byte_len: usize) -> Result<Vec<u8>, IngestError> {
    let mut head = Vec::new();
    let read = source.open()?.take(crate::chunk::count(byte_len)).read_to_end(&mut head);
    read.map_err(|error| IngestError::ReadFailed {
        name: Arc::clone(source.name()),
        byte_offset: crate::chunk::count(head.len()),
        source: error,
    })?;
    Ok(head)
}
