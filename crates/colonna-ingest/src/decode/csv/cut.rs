//! Where whole records end in the bytes at hand.
//!
//! [`Dialect::extent`] decides that, record by record; but one thread cuts a whole source for all
//! others, so it asks only where it must. The rest is a walk from quote to quote: outside of quotes a
//! quote opens a field where a field starts and is a character anywhere else, and it closes one where
//! a delimiter or a line end follows at once. Where that does not tell (a stray quote, blanks behind
//! one, a field that does not end), records are read by the rules from the last known start of one.
//! In bytes in which every quote opens or closes a whole field, the ends of all fields and lines are
//! found by counting quotes, and go along with the chunk.

use super::delimiters::mask;
use super::dialect::{Dialect, Extent};
use super::ends::Ends;
use super::marks::{BLOCK_LEN, Meanings};

/// After so many bytes it is time to know again where a record starts.
const BYTES_BETWEEN_KNOWN_STARTS: usize = 512;

/// How many of the bytes are whole records, and where fields end in these as far as that was looked
/// for. They start with a record, they are not the last ones of their source, and they are no more
/// than one record may have.
pub(super) fn whole_len(dialect: &Dialect, bytes: &[u8]) -> (usize, Ends) {
    let mark = dialect.quote.or(dialect.escape);
    let has_marks = mark.is_some_and(|mark| memchr::memchr(mark, bytes).is_some());
    let quotes = Quotes::of(dialect, bytes).filter(|_| has_marks && !dialect.ends_at_cr);
    if let Some(mut ends) = quotes.as_ref().and_then(Quotes::ends) {
        let len = ends.last_line_end();
        ends.truncate(len);
        return (len, ends);
    }
    let len = match quotes {
        Some(quotes) => scanned_len(dialect, &quotes),
        None if has_marks || dialect.ends_at_cr => past(dialect, bytes, 0, bytes.len()),
        None => memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1),
    };
    (len, Ends::default())
}

/// How many of the bytes are whole records, by the quotes and, where these do not tell, by the rules.
fn scanned_len(dialect: &Dialect, quotes: &Quotes<'_>) -> usize {
    let bytes = quotes.bytes;
    let mut start = 0;
    loop {
        match quotes.scan(start) {
            Scan::End { start } => return past(dialect, bytes, start, bytes.len()),
            Scan::Odd { start: known, quote } => {
                start = past(dialect, bytes, known, quote + 1);
                if start <= quote {
                    return start;
                }
            }
        }
    }
}

/// Reads records by the rules, from the start of one. Where the first of them starts that starts at
/// `end` or behind it, or the first one that is not whole.
fn past(dialect: &Dialect, bytes: &[u8], start: usize, end: usize) -> usize {
    let mut at = start;
    while at < end {
        match dialect.extent(bytes, at, false) {
            Extent::Record { next, .. } | Extent::Broken { next, .. } => at = next,
            Extent::Incomplete => break,
        }
    }
    at
}

/// The marks of a dialect in which quotes can be told apart by the bytes beside them.
struct Quotes<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    quote: u8,
    escape: Option<u8>,
    comment: Option<u8>,
    blank_before_quote: bool,
}

enum Scan {
    /// No quotes are left. The last known start of a record.
    End { start: usize },
    /// This quote needs the rules. The last known start of a record before it.
    Odd { start: usize, quote: usize },
}

/// How far the scan has come.
struct State {
    /// Here a record starts. Up to `searched` no other one is known to.
    known: usize,
    searched: usize,
    /// Where the record starts or the quoted field ends that is before the next quote.
    gap: usize,
    /// The quote that opened the field that the scan is in.
    opening: Option<usize>,
    /// Quotes and escapes before this place have no meaning.
    from: usize,
}

impl<'a> Quotes<'a> {
    fn of(dialect: &Dialect, bytes: &'a [u8]) -> Option<Self> {
        let delimiter = match *dialect.delimiter {
            [] => b'\n',
            [delimiter] => delimiter,
            _ => return None,
        };
        let quote = dialect.quote?;
        let comment = dialect.comment.map(|comment| comment.mark);
        let marks = [Some(quote), dialect.escape, comment, Some(b'\r'), Some(b' ')];
        (!marks.contains(&Some(delimiter))).then_some(Self {
            bytes,
            delimiter,
            quote,
            escape: dialect.escape,
            comment,
            blank_before_quote: dialect.blank_before_quote,
        })
    }

    /// Where fields and lines end, where that can be told at once: every quote stands at the start of a
    /// field or at its end, or is doubled in it.
    fn ends(&self) -> Option<Ends> {
        let has_comments = |mark| {
            self.bytes.first() == Some(&mark)
                || memchr::memmem::find(self.bytes, &[b'\n', mark]).is_some()
        };
        if self.escape.is_some() || self.comment.is_some_and(has_comments) {
            return None;
        }
        let meanings = Meanings { delimiter: self.delimiter, quote: Some(self.quote) };
        let mut ends = Ends::default();
        ends.find(meanings, true, self.bytes, 0);
        (ends.end() == self.bytes.len()).then_some(ends)
    }

    /// Goes from quote to quote, from the start of a record on.
    fn scan(&self, start: usize) -> Scan {
        let mut state =
            State { known: start, searched: start, gap: start, opening: None, from: start };
        let (blocks, rest) = rest(self.bytes, start).as_chunks::<BLOCK_LEN>();
        let mut tail = [0; BLOCK_LEN];
        tail.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        for (index, block) in blocks.iter().chain([&tail]).enumerate() {
            let mut marks = match self.escape {
                None => mask([self.quote], block),
                Some(escape) => mask([self.quote, escape], block),
            };
            while marks != 0 {
                let at = start + index * BLOCK_LEN + marks.trailing_zeros() as usize;
                marks &= marks - 1;
                if let Some(odd) = self.step(&mut state, at) {
                    return Scan::Odd { start: state.known, quote: odd };
                }
            }
        }
        if let Some(quote) = state.opening {
            return Scan::Odd { start: state.known, quote };
        }
        let last = self.line_start(state.searched, self.bytes.len());
        Scan::End { start: last.unwrap_or(state.known) }
    }

    /// Goes past a quote or an escape, unless it tells nothing; then this is the quote that does not.
    #[inline]
    fn step(&self, state: &mut State, at: usize) -> Option<usize> {
        if at < state.from {
            return None;
        }
        let is_quote = self.escape.is_none() || self.bytes.get(at) == Some(&self.quote);
        let Some(opening) = state.opening else {
            if is_quote && !self.is_in_comment(state, at) && self.opens(state.gap, at) {
                state.opening = Some(at);
            }
            return None;
        };
        let next = *self.bytes.get(at + 1).unwrap_or(&self.quote);
        let is_end = next == self.delimiter || next == b'\n' || self.is_crlf(at + 1);
        if is_quote && is_end {
            (state.opening, state.gap, state.searched) = (None, at + 1, at + 1);
        } else if !is_quote || (next == self.quote && self.escape.is_none()) {
            state.from = at + 2;
        } else {
            return Some(opening);
        }
        None
    }

    /// Whether a field starts with this quote, when `gap` is the start of a record or the end of a
    /// quoted field before it.
    #[inline]
    fn opens(&self, gap: usize, quote: usize) -> bool {
        let mut before = self.bytes.get(gap..quote).unwrap_or_default();
        while self.blank_before_quote
            && let [shorter @ .., b' '] = before
        {
            before = shorter;
        }
        before.last().is_none_or(|last| *last == self.delimiter || *last == b'\n')
    }

    /// Whether this quote stands in a line that is no record; the scan goes on behind it then.
    #[inline]
    fn is_in_comment(&self, state: &mut State, quote: usize) -> bool {
        if self.comment.is_none() && quote - state.known < BYTES_BETWEEN_KNOWN_STARTS {
            return false;
        }
        state.known = self.line_start(state.searched, quote).unwrap_or(state.known);
        state.searched = quote;
        // Where a record has had a quote before this one, it was looked at then.
        let is_comment =
            self.comment.is_some_and(|mark| self.bytes.get(state.known) == Some(&mark));
        if is_comment {
            let newline = memchr::memchr(b'\n', rest(self.bytes, quote));
            let next = newline.map_or(self.bytes.len(), |newline| quote + newline + 1);
            (state.from, state.gap) = (next, next);
            if newline.is_some() {
                (state.known, state.searched) = (next, next);
            }
        }
        is_comment
    }

    /// Whether a line ends with a CR here, or several, and LF.
    fn is_crlf(&self, at: usize) -> bool {
        let mut rest = rest(self.bytes, at).iter();
        self.bytes.get(at) == Some(&b'\r') && rest.find(|byte| **byte != b'\r') == Some(&b'\n')
    }

    /// Where the last line starts that starts in this range.
    fn line_start(&self, from: usize, to: usize) -> Option<usize> {
        let newline = memchr::memrchr(b'\n', self.bytes.get(from..to)?)?;
        Some(from + newline + 1)
    }
}

fn rest(bytes: &[u8], from: usize) -> &[u8] {
    bytes.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::csv::dialect::Comment;
    use proptest::prelude::*;

    fn any_dialect() -> impl Strategy<Value = Dialect> {
        let delimiter = prop::sample::select(vec![",", ",", ",", "", ", ", " ", "\""]);
        let quote =
            prop::sample::select(vec![Some(b'"'), Some(b'"'), Some(b'"'), Some(b'\''), None]);
        let escape = prop::option::weighted(0.25, Just(b'\\'));
        let comment = any::<bool>().prop_map(|is_guess| Comment { mark: b'#', is_guess });
        let comment = prop::option::weighted(0.25, comment);
        (delimiter, quote, escape, comment, prop::bool::weighted(0.1), any::<bool>()).prop_map(
            |(delimiter, quote, escape, comment, ends_at_cr, blank_before_quote)| Dialect {
                delimiter: delimiter.as_bytes().into(),
                quote,
                escape,
                comment,
                ends_at_cr,
                blank_before_quote,
                record_limit: 1 << 20,
            },
        )
    }

    /// Lines as files have them, with a few that are none.
    fn any_text() -> impl Strategy<Value = String> {
        let field = prop_oneof![
            4 => "[a1]{0,3}",
            4 => "\"[a,\n#]{0,3}\"",
            2 => "\"(a|\"\"|\\\\\"|,|\r\n){0,4}\"",
            2 => "[ \"'\\\\,#a\r\n]{0,4}",
        ];
        let end = prop_oneof![6 => Just(","), 3 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\n#")];
        let part = (field, end).prop_map(|(field, end)| field + end);
        prop::collection::vec(part, 0..400).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn records_end_where_the_rules_say(dialect in any_dialect(), text in any_text(), tail: u16) {
            let bytes = text.as_bytes();
            for len in [bytes.len(), usize::from(tail) % (bytes.len() + 1)] {
                let bytes = &bytes[..len];
                let expected = past(&dialect, bytes, 0, bytes.len());
                prop_assert_eq!(whole_len(&dialect, bytes).0, expected, "{:?}", text);
            }
        }
    }
}
