//! Finds the layout of a source in its first bytes.
//!
//! Each candidate (delimiter, quote, escape) reads the sample. The best one cuts most records into
//! the same number of fields, and leaves no delimiters and quotes inside of fields. Blanks and colons
//! stand inside of values more often than between them: they have to cut every record alike, and
//! never a value of a type.

use super::census::{Census, SINGLE_FIELD, usual_len};
use super::dialect::{Comment, Dialect, Extent, Field};
use super::header::{Below, is_header};
use super::layout::{Layout, MOST_NAMES, count_lines, distinct_names, numbered_name};
use super::{CsvOptions, Mark};

/// How much of the head each candidate reads.
const SAMPLE_BYTE_LEN: usize = 64 << 10;

/// How many records tell the types of columns.
const TYPED_ROWS: usize = 500;

/// How many lines may stand before the header.
const MAX_PREAMBLE: usize = 50;

/// How long a quoted field may be while candidates are compared.
const SAMPLE_RECORD_LIMIT: usize = 64 << 10;

/// The delimiters that are looked for, by preference, and how much they are trusted.
const DELIMITERS: [(u8, f64); 10] = [
    (b',', 1.0),
    (b'\t', 1.0),
    (b';', 1.0),
    (b'|', 1.0),
    (0x01, 1.0),
    (0x1f, 1.0),
    (b'^', 0.9),
    (b'~', 0.9),
    (b':', 0.5),
    (b' ', 0.5),
];

/// How much it is trusted that `"` means nothing where it is in a source, or that `'` is the quote
/// where it breaks records: a broken record shows sooner than quotes that are left in values.
const OTHER_QUOTES: f64 = 0.3;

/// The layout of a source with that head. None where the head ends before the header does.
pub(super) fn sniff(
    head: &[u8],
    is_whole: bool,
    options: &CsvOptions,
    record_limit: usize,
) -> Option<Layout> {
    let (given_byte, given_lines) = skip(head, options.skip_lines.unwrap_or(0));
    let head_rest = head.get(given_byte..).unwrap_or_default();
    let sample = sample(head_rest, is_whole);
    let mut dialect = best_dialect(sample.bytes, sample.is_whole, options);
    dialect.record_limit = record_limit.min(SAMPLE_RECORD_LIMIT);
    settle_quotes(head_rest, is_whole, options, &mut dialect);
    let rows = Rows::read(&dialect, head_rest, is_whole, TYPED_ROWS);
    dialect.comment = comment(options, &rows);
    dialect.record_limit = record_limit;
    let rows = Rows::read(&dialect, head_rest, is_whole, TYPED_ROWS);
    if rows.records.is_empty() && !is_whole {
        return None;
    }
    let mut layout = layout(dialect, head_rest, &rows, options);
    layout.start_byte += given_byte;
    layout.start_line += given_lines;
    layout.skipped_lines += given_lines;
    Some(layout)
}

/// Passes so many lines.
fn skip(head: &[u8], lines: u64) -> (usize, u64) {
    let ends_at_cr = line_ends(head).first() == Some(&true);
    let plain = Dialect { ends_at_cr, ..Dialect::lines(usize::MAX) };
    let (mut at, mut passed) = (0, 0);
    while passed < lines {
        match plain.extent(head, at, true) {
            Extent::Record { next, .. } if next > at => at = next,
            _ => break,
        }
        passed += 1;
    }
    (at, passed)
}

struct Sample<'a> {
    bytes: &'a [u8],
    is_whole: bool,
}

fn sample(head: &[u8], is_whole: bool) -> Sample<'_> {
    match head.get(..SAMPLE_BYTE_LEN) {
        Some(bytes) => Sample { bytes, is_whole: false },
        None => Sample { bytes: head, is_whole },
    }
}

/// The best of all candidates, without its comments.
fn best_dialect(sample: &[u8], is_whole: bool, options: &CsvOptions) -> Dialect {
    let mut best: Option<(f64, Dialect)> = None;
    for ends_at_cr in line_ends(sample) {
        for (delimiter, trust) in delimiters(sample, options) {
            for (quote, escape) in quotes(sample, options) {
                // No score is above one, but for what is made of it.
                let most_doubt = match quote {
                    None if options.quote == Mark::Auto => OTHER_QUOTES,
                    _ => 1.0,
                };
                let most_worth = if delimiter.is_empty() { SINGLE_FIELD } else { 1.0 };
                let most = most_doubt * trust * most_worth;
                if best.as_ref().is_some_and(|(best, _)| *best >= most) {
                    continue;
                }
                let dialect = Dialect {
                    delimiter: delimiter.clone().into(),
                    quote,
                    escape,
                    comment: given_comment(options),
                    ends_at_cr,
                    blank_before_quote: blank_before_quote(sample, &delimiter, quote),
                    record_limit: SAMPLE_RECORD_LIMIT,
                };
                let census = Census::of(&dialect, sample, is_whole);
                let doubt = match quote {
                    Some(b'"') => 1.0,
                    _ if options.quote != Mark::Auto => 1.0,
                    Some(_) if census.bad == 0 && census.quoted > 0 => 1.0,
                    _ => OTHER_QUOTES,
                };
                let score = doubt * trust * census.score(trust < 0.6);
                if best.as_ref().is_none_or(|(best, _)| score > *best) {
                    best = Some((score, dialect));
                }
            }
        }
    }
    best.map_or_else(|| Dialect::lines(SAMPLE_RECORD_LIMIT), |(_, dialect)| dialect)
}

/// Whether CR alone ends lines: no by preference, yes where there is no LF.
fn line_ends(sample: &[u8]) -> Vec<bool> {
    let has_feeds = memchr::memchr(b'\n', sample).is_some();
    let mut returns = memchr::memchr_iter(b'\r', sample);
    let is_alone = |at: usize| {
        let behind = sample.get(at + 1..).unwrap_or_default();
        !matches!(behind.iter().find(|byte| **byte != b'\r'), Some(b'\n') | None)
    };
    // Behind the last CR of the sample nobody knows.
    match returns.any(is_alone) {
        true if has_feeds => vec![false, true],
        is_alone => vec![is_alone],
    }
}

fn delimiters(sample: &[u8], options: &CsvOptions) -> Vec<(Vec<u8>, f64)> {
    if let Some(delimiter) = &options.delimiter {
        return vec![(delimiter.clone().into_bytes(), 1.0)];
    }
    let taken = [options.quote, options.escape, options.comment];
    let candidates = DELIMITERS.iter().filter(|(byte, _)| {
        !taken.contains(&Mark::Byte(*byte)) && memchr::memchr(*byte, sample).is_some()
    });
    let mut found: Vec<_> = candidates.map(|(byte, trust)| (vec![*byte], *trust)).collect();
    found.push((Vec::new(), 1.0));
    found
}

/// The pairs of quote and escape, the usual one first.
fn quotes(sample: &[u8], options: &CsvOptions) -> Vec<(Option<u8>, Option<u8>)> {
    let holds = |bytes: &[u8]| memchr::memmem::find(sample, bytes).is_some();
    let quotes = match options.quote {
        Mark::Byte(quote) => vec![Some(quote)],
        Mark::None => vec![None],
        Mark::Auto => {
            let mut quotes = vec![Some(b'"')];
            if holds(b"'") {
                quotes.push(Some(b'\''));
            }
            if holds(b"\"") {
                quotes.push(None);
            }
            quotes
        }
    };
    let mut pairs = Vec::new();
    for quote in quotes {
        match (options.escape, quote) {
            (Mark::Byte(escape), _) => {
                pairs.push((quote, Some(escape).filter(|_| quote != Some(escape))))
            }
            (Mark::Auto, Some(byte)) => {
                pairs.push((quote, None));
                if holds(&[b'\\', byte]) {
                    pairs.push((quote, Some(b'\\')));
                }
            }
            _ => pairs.push((quote, None)),
        }
    }
    pairs
}

fn given_comment(options: &CsvOptions) -> Option<Comment> {
    match options.comment {
        Mark::Byte(mark) => Some(Comment { mark, is_guess: false }),
        Mark::Auto | Mark::None => None,
    }
}

fn blank_before_quote(sample: &[u8], delimiter: &[u8], quote: Option<u8>) -> bool {
    let Some(quote) = quote.filter(|_| !delimiter.is_empty() && delimiter != b" ") else {
        return false;
    };
    let wanted = [delimiter, b" ", &[quote]].concat();
    memchr::memmem::find(sample, &wanted).is_some()
}

/// What quotes mean may show late: the whole head decides how they are escaped, and whether they mean
/// anything. They do not where more records are broken by them than quoted, or in many records none
/// is quoted.
fn settle_quotes(head: &[u8], is_whole: bool, options: &CsvOptions, dialect: &mut Dialect) {
    let Some(quote) = dialect.quote else {
        return;
    };
    if memchr::memchr(quote, head).is_none() {
        return;
    }
    let read = |escape| Census::of(&Dialect { escape, ..dialect.clone() }, head, is_whole);
    let mut census = read(dialect.escape);
    if options.escape == Mark::Auto && memchr::memmem::find(head, &[b'\\', quote]).is_some() {
        let other = if dialect.escape.is_none() { Some(b'\\') } else { None };
        let second = read(other);
        if second.bad < census.bad {
            (dialect.escape, census) = (other, second);
        }
    }
    let has_no_use = census.quoted == 0 && census.lens.len() >= 100;
    let does_harm = census.bad >= 3 && census.bad > census.quoted;
    if options.quote == Mark::Auto && census.bad > 0 && (has_no_use || does_harm) {
        (dialect.quote, dialect.escape) = (None, None);
    }
}

/// The first records, as texts.
struct Rows<'a> {
    records: Vec<Row<'a>>,
}

struct Row<'a> {
    start: usize,
    next: usize,
    fields: Vec<(&'a [u8], Field)>,
}

impl<'a> Rows<'a> {
    fn read(dialect: &Dialect, head: &'a [u8], is_whole: bool, limit: usize) -> Self {
        let mut records = Vec::new();
        let (mut fields, mut at) = (Vec::new(), 0);
        while at < head.len() && records.len() < limit {
            let start = at;
            match dialect.split(head, at, is_whole, &mut fields) {
                Extent::Record { end, next, .. } => {
                    at = next;
                    if end > start {
                        let text = |field: &Field| {
                            (head.get(field.start..field.end).unwrap_or_default(), *field)
                        };
                        let fields = fields.iter().map(text).collect();
                        records.push(Row { start, next, fields });
                    }
                }
                // It has no fields, and it counts.
                Extent::Broken { next, .. } => {
                    at = next;
                    records.push(Row { start, next, fields: Vec::new() });
                }
                Extent::Incomplete => break,
            }
        }
        if let Some(Comment { mark, is_guess: false }) = dialect.comment {
            records.retain(|row| head.get(row.start) != Some(&mark));
        }
        Self { records }
    }

    /// The number of fields that most records have.
    fn usual_len(&self) -> usize {
        let lens = self.records.iter().map(|row| row.fields.len());
        usual_len(lens.filter(|len| *len > 0)).unwrap_or(0)
    }
}

/// Lines that start with `#` are comments if nearly none of them could be a record.
fn comment(options: &CsvOptions, rows: &Rows<'_>) -> Option<Comment> {
    if options.comment != Mark::Auto {
        return given_comment(options);
    }
    let usual = rows.usual_len();
    let marked = rows.records.iter().filter(|row| {
        row.fields.first().is_some_and(|(text, field)| !field.is_quoted && text.starts_with(b"#"))
    });
    let (mut all, mut like_records) = (0, 0);
    for row in marked {
        all += 1;
        like_records += usize::from(row.fields.len() == usual);
    }
    let is_comment = usual > 1 && all > 0 && like_records * 10 <= all;
    is_comment.then_some(Comment { mark: b'#', is_guess: true })
}

fn layout(dialect: Dialect, head: &[u8], rows: &Rows<'_>, options: &CsvOptions) -> Layout {
    let usual = rows.usual_len();
    let mut records: &[Row<'_>] = &rows.records;
    if let Some(Comment { mark, is_guess: true }) = dialect.comment {
        let comments = records.iter().take_while(|row| is_comment(row, mark, usual)).count();
        records = records.get(comments..).unwrap_or_default();
    }
    let mut header = header_of(records, usual, options);
    let may_skip = options.skip_lines.is_none() && options.header != Some(false) && usual > 1;
    if may_skip && header.is_none_or(|width| width != usual) {
        let preamble = records.iter().position(|row| row.fields.len() == usual).unwrap_or(0);
        let table = records.get(preamble..).unwrap_or_default();
        let is_short = |row: &Row<'_>| row.fields.len() <= (usual / 2).max(1);
        let is_preamble = preamble <= MAX_PREAMBLE
            && records.get(..preamble).unwrap_or_default().iter().all(is_short)
            && header_of(table, usual, options) == Some(usual)
            && table.len() > 1;
        if preamble > 0 && is_preamble {
            (records, header) = (table, Some(usual));
        }
    }
    let first = records.first();
    let names = match (&options.names, first) {
        (Some(names), _) => names.clone(),
        (None, Some(first)) if header.is_some() => header_names(first, records, &dialect),
        _ => (0..usual.min(MOST_NAMES + 1)).map(numbered_name).collect(),
    };
    let before = first.map_or(0, |row| row.start);
    let start_byte = if header.is_some() { first.map_or(0, |row| row.next) } else { before };
    let lines = |len| count_lines(&dialect, head.get(..len).unwrap_or_default());
    Layout {
        names: distinct_names(names.into_iter()),
        start_byte,
        start_line: lines(start_byte),
        skipped_lines: lines(before),
        has_header: header.is_some(),
        dialect,
    }
}

fn is_comment(row: &Row<'_>, mark: u8, usual: usize) -> bool {
    row.fields.len() != usual
        && row.fields.first().is_some_and(|(text, _)| text.first() == Some(&mark))
}

/// The number of names, if the first of these records holds names.
fn header_of(records: &[Row<'_>], usual: usize, options: &CsvOptions) -> Option<usize> {
    let (first, rest) = records.split_first()?;
    let width = first.fields.len();
    if width == 0 {
        return None;
    }
    match (options.header, &options.names) {
        (Some(true), _) => return Some(width),
        (Some(false), _) | (None, Some(_)) => return None,
        (None, None) => {}
    }
    let texts: Vec<&[u8]> = first.fields.iter().map(|(text, _)| *text).collect();
    let below = below(&texts, rest);
    // A lone field over a table is a title.
    let is_title = width == 1 && usual > 1;
    (!is_title && is_header(&texts, &below, rest.len())).then_some(width)
}

fn below(first: &[&[u8]], rest: &[Row<'_>]) -> Vec<Below> {
    let mut below = vec![Below::default(); first.len()];
    for row in rest {
        for ((below, first), (text, _)) in below.iter_mut().zip(first).zip(&row.fields) {
            below.observe(first, text);
        }
    }
    below
}

/// The names of a header. A trailing delimiter names no column where no record has a value for it.
fn header_names(first: &Row<'_>, records: &[Row<'_>], dialect: &Dialect) -> Vec<String> {
    let texts: Vec<&[u8]> = first.fields.iter().map(|(text, _)| *text).collect();
    let below = below(&texts, records.get(1..).unwrap_or_default());
    let mut names: Vec<String> = first
        .fields
        .iter()
        .take(MOST_NAMES + 1)
        .map(|(text, field)| {
            let text = String::from_utf8_lossy(text);
            let whole = Field { start: 0, end: text.len(), ..*field };
            super::records::text_of(dialect, &whole, &text, 0, &mut String::new()).to_owned()
        })
        .collect();
    let is_trailing = names.len() > 1
        && names.last().is_some_and(|name| name.trim().is_empty())
        && below.last().is_some_and(Below::is_empty);
    if is_trailing {
        names.pop();
    }
    names
}
