//! LIKE and regular expressions. A pattern that is a literal is compiled once.

use colonna_column::{Bitmap, Column};
use colonna_schema::{DataType, Function};
use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;

use super::frame::Site;
use super::logic::boolean;
use super::operand::{CheckedTexts, Side, Texts, all_valid, integers, is_valid};
use super::text::{text_rows, with_part};
use crate::ExecError;

/// How many bytes a compiled regular expression may take.
const REGEX_BYTES: usize = 4 << 20;

/// How many regular expressions are kept where each row may have its own.
const REGEXES_KEPT: usize = 64;

/// `text LIKE pattern`
#[expect(clippy::unnecessary_wraps, reason = "kernels share one signature")]
pub(super) fn like(
    operand: &Column,
    pattern: &Column,
    escape: Option<char>,
    case_insensitive: bool,
    negated: bool,
) -> Result<Column, ExecError> {
    let len = operand.len();
    let validity = all_valid(&[operand, pattern]);
    let (texts, patterns) = (Texts::of(operand), Texts::of(pattern));
    let folded = |text: &str| if case_insensitive { folded(text) } else { text.to_owned() };
    let compiled = |pattern: &str| LikePattern::new(&folded(pattern), escape);
    let bits = match patterns.constant() {
        Some(pattern) if !case_insensitive => compiled(pattern).select(&texts, len),
        Some(pattern) => {
            let pattern = compiled(pattern);
            Bitmap::from_fn(len, |row| pattern.matches(&folded(texts.text(row))))
        }
        None => {
            let mut last = (String::new(), compiled(""));
            Bitmap::from_fn(len, |row| {
                let pattern = patterns.text(row);
                if last.0 != pattern {
                    last = (pattern.to_owned(), compiled(pattern));
                }
                last.1.matches(&folded(texts.text(row)))
            })
        }
    };
    Ok(boolean(if negated { bits.not() } else { bits }, validity))
}

/// The text with each letter in lower case for itself: what a pattern says of one letter must not hang
/// on the letters around it, as the Greek sigma does in words, nor may one become two.
fn folded(text: &str) -> String {
    text.chars().map(|letter| letter.to_lowercase().next().unwrap_or(letter)).collect()
}

/// A LIKE pattern, in the simplest form that says the same.
#[derive(Clone, Debug, PartialEq)]
enum LikePattern {
    /// No wildcard.
    Equals(String),
    /// `text%`
    Prefix(String),
    /// `%text`
    Suffix(String),
    /// `%text%`
    Contains(String),
    /// Anything else: runs of letters between `%`s.
    Runs(Vec<Vec<Letter>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Letter {
    This(char),
    /// `_`
    Any,
}

impl Letter {
    fn is(self, letter: char) -> bool {
        match self {
            Self::This(this) => this == letter,
            Self::Any => true,
        }
    }
}

impl LikePattern {
    fn new(pattern: &str, escape: Option<char>) -> Self {
        let mut runs: Vec<Vec<Letter>> = Vec::new();
        let mut run = Vec::new();
        let mut letters = pattern.chars();
        while let Some(letter) = letters.next() {
            match letter {
                // An escape at the end has nothing to take literally but itself.
                _ if Some(letter) == escape => {
                    run.push(Letter::This(letters.next().unwrap_or(letter)));
                }
                '%' => runs.push(std::mem::take(&mut run)),
                '_' => run.push(Letter::Any),
                other => run.push(Letter::This(other)),
            }
        }
        runs.push(run);
        Self::simplest(runs)
    }

    fn simplest(runs: Vec<Vec<Letter>>) -> Self {
        let literal = |run: &[Letter]| {
            run.iter()
                .map(|letter| match letter {
                    Letter::This(letter) => Some(*letter),
                    Letter::Any => None,
                })
                .collect::<Option<String>>()
        };
        let simple = match runs.as_slice() {
            [all] => literal(all).map(Self::Equals),
            [start, end] if end.is_empty() => literal(start).map(Self::Prefix),
            [start, end] if start.is_empty() => literal(end).map(Self::Suffix),
            [start, middle, end] if start.is_empty() && end.is_empty() => {
                literal(middle).map(Self::Contains)
            }
            _ => None,
        };
        simple.unwrap_or(Self::Runs(runs))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equals(other) => text == other,
            Self::Prefix(start) => text.starts_with(start.as_str()),
            Self::Suffix(end) => text.ends_with(end.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::Runs(runs) => matches_runs(runs, text),
        }
    }

    /// As [`Self::matches`] for each row, on bytes where letters play no part.
    fn select(&self, texts: &Texts<'_>, len: usize) -> Bitmap {
        match self {
            Self::Equals(other) => Bitmap::from_fn(len, |row| texts.bytes(row) == other.as_bytes()),
            Self::Prefix(start) => with_start(texts, start.as_bytes(), len),
            Self::Suffix(end) => {
                Bitmap::from_fn(len, |row| texts.bytes(row).ends_with(end.as_bytes()))
            }
            Self::Contains(part) => with_part(texts, part, len),
            Self::Runs(runs) => Bitmap::from_fn(len, |row| matches_runs(runs, texts.text(row))),
        }
    }
}

/// Which of the texts begin so. Those that do not mostly differ in the last bytes of it, for what
/// texts of one column have in common is at their front.
fn with_start(texts: &Texts<'_>, start: &[u8], len: usize) -> Bitmap {
    let Some((before, last)) = start.split_last_chunk::<8>() else {
        return Bitmap::from_fn(len, |row| texts.bytes(row).starts_with(start));
    };
    let begins = |text: &[u8]| {
        text.split_at_checked(before.len())
            .is_some_and(|(front, rest)| rest.first_chunk::<8>() == Some(last) && front == before)
    };
    let Texts::Each(strings) = texts else {
        return Bitmap::from_fn(len, |row| begins(texts.bytes(row)));
    };
    // A look at these bytes first, whoever's they are, leaves few texts to cut out.
    let (offsets, arena) = strings.parts();
    let mut may_begin = Bitmap::from_values(&offsets[..strings.len()], |offset| {
        arena.get(offset + before.len()..).is_some_and(|rest| rest.first_chunk::<8>() == Some(last))
    });
    let found: Vec<usize> = may_begin.ones().collect();
    found.into_iter().for_each(|row| may_begin.set(row, begins(strings.bytes(row))));
    may_begin
}

/// The first run stands at the start, the last at the end, and each between them as early as it
/// can: later places leave less for the rest.
fn matches_runs(runs: &[Vec<Letter>], text: &str) -> bool {
    let Some((first, rest)) = runs.split_first() else { return text.is_empty() };
    let Some(mut left) = after_run(first, text) else { return false };
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for run in middle {
        match after_first(run, left) {
            Some(rest) => left = rest,
            None => return false,
        }
    }
    let letters = left.chars().count();
    letters >= last.len()
        && after_run(last, tail(left, letters - last.len())).is_some_and(str::is_empty)
}

fn tail(text: &str, skipped: usize) -> &str {
    let start = text.char_indices().nth(skipped).map_or(text.len(), |(offset, _)| offset);
    text.get(start..).unwrap_or_default()
}

/// What follows the run at the start of the text.
fn after_run<'a>(run: &[Letter], text: &'a str) -> Option<&'a str> {
    let mut letters = text.chars();
    for wanted in run {
        if !wanted.is(letters.next()?) {
            return None;
        }
    }
    Some(letters.as_str())
}

/// What follows the first place where the run stands.
fn after_first<'a>(run: &[Letter], text: &'a str) -> Option<&'a str> {
    let mut letters = text.chars();
    loop {
        if let Some(rest) = after_run(run, letters.as_str()) {
            return Some(rest);
        }
        letters.next()?;
    }
}

/// A function of regular expressions.
pub(super) fn call(
    site: &Site<'_>,
    function: Function,
    operands: &[&Column],
) -> Result<Column, ExecError> {
    let (Some(texts), Some(patterns)) = (operands.first(), operands.get(1)) else {
        return Ok(Column::nulls(site.expr.data_type.clone(), 0));
    };
    let validity = all_valid(operands);
    let len = texts.len();
    let texts = CheckedTexts::of(texts);
    let third = operands.get(2).copied();
    let fourth = operands.get(3).copied();
    let mut regexes = Regexes::new(Texts::of(patterns), fourth.map(Texts::of));
    match function {
        Function::RegexpMatches => {
            if validity.is_none() && len > 0 && regexes.is_constant() {
                let start = regexes.start();
                let regex = &regexes.at(site, 0)?.regex;
                let Some(start) = start else {
                    let bits = Bitmap::from_fn(len, |row| regex.is_match(texts.text(row)));
                    return Ok(boolean(bits, None));
                };
                let mut bits = Bitmap::filled(false, len);
                for row in with_part(&texts.texts(), start, len).ones() {
                    bits.set(row, regex.is_match(texts.text(row)));
                }
                return Ok(boolean(bits, None));
            }
            let mut bits = Bitmap::filled(false, len);
            for row in (0..len).filter(|row| is_valid(validity.as_ref(), *row)) {
                bits.set(row, regexes.at(site, row)?.regex.is_match(texts.text(row)));
            }
            Ok(boolean(bits, validity))
        }
        Function::RegexpExtract => {
            let group = third.map_or(Side::One(0), integers);
            text_rows(len, validity, |row, out| {
                let regex = &regexes.at(site, row)?.regex;
                let group = group_at(site, regex, group.get(row))?;
                let captures = regex.captures(texts.text(row));
                let found = captures.as_ref().and_then(|captures| captures.get(group));
                out.push_str(found.map_or("", |found| found.as_str()));
                Ok(())
            })
        }
        _ => {
            let empty = Column::constant(DataType::Utf8, "".into(), len);
            let replacements = Texts::of(third.unwrap_or(&empty));
            let constant = replacements.constant().map(replacement);
            text_rows(len, validity, |row, out| {
                let pattern = regexes.at(site, row)?;
                let limit = if pattern.everywhere { 0 } else { 1 };
                let own = match &constant {
                    Some(constant) => constant,
                    None => &replacement(replacements.text(row)),
                };
                out.push_str(&pattern.regex.replacen(texts.text(row), limit, own.as_str()));
                Ok(())
            })
        }
    }
}

fn group_at(site: &Site<'_>, regex: &Regex, group: i64) -> Result<usize, ExecError> {
    usize::try_from(group).ok().filter(|group| *group < regex.captures_len()).ok_or_else(|| {
        ExecError::InvalidArgument {
            expression: site.expression(),
            argument: "the group",
            value: group.to_string(),
            expected: "one that the pattern has, or 0 for the whole match",
        }
    })
}

/// `\1` is a group, as in SQL; a dollar is a dollar.
fn replacement(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut letters = written.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '$' => text.push_str("$$"),
            '\\' => match letters.next() {
                Some(digit @ '0'..='9') => text.extend(["${", &digit.to_string(), "}"]),
                Some('$') => text.push_str("$$"),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    text
}

/// A compiled pattern and what its flags say.
struct Pattern {
    regex: Regex,
    /// Flag `g`: all matches are replaced, not only the first.
    everywhere: bool,
}

/// The letters that every match of a regular expression begins with, as far as they stand in it as
/// they are.
fn start_of_matches(pattern: &str) -> Option<&str> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/_-:=,;@% ".contains(letter);
    // Other branches begin otherwise, and flags change what letters mean.
    if pattern.contains('|') || pattern.contains("(?") {
        return None;
    }
    let plain = pattern.find(|letter| !is_plain(letter)).unwrap_or(pattern.len());
    let (start, rest) = pattern.split_at(plain);
    let may_be_absent = rest.starts_with(['*', '?', '{', '+']);
    let last = start.char_indices().next_back().filter(|_| may_be_absent);
    let start = last.map_or(start, |(last, _)| start.split_at(last).0);
    (!start.is_empty()).then_some(start)
}

/// The patterns of the rows, each compiled once as far as they are few.
struct Regexes<'a> {
    patterns: Texts<'a>,
    flags: Option<Texts<'a>>,
    known: FxHashMap<(String, String), Pattern>,
    constant: Option<Pattern>,
}

impl<'a> Regexes<'a> {
    fn new(patterns: Texts<'a>, flags: Option<Texts<'a>>) -> Self {
        Self { patterns, flags, known: FxHashMap::default(), constant: None }
    }

    /// Whether all rows have one pattern.
    fn is_constant(&self) -> bool {
        matches!(self.patterns, Texts::One(_))
            && self.flags.as_ref().is_none_or(|flags| matches!(flags, Texts::One(_)))
    }

    /// What every text that matches the one pattern has in it.
    fn start(&self) -> Option<&'a str> {
        self.patterns.constant().filter(|_| self.flags.is_none()).and_then(start_of_matches)
    }

    fn at(&mut self, site: &Site<'_>, row: usize) -> Result<&Pattern, ExecError> {
        let is_constant = self.is_constant();
        let Self { patterns, flags, constant, .. } = self;
        if is_constant && let Some(compiled) = constant {
            return Ok(compiled);
        }
        let pattern = patterns.text(row);
        let flags = flags.as_ref().map_or("", |flags| flags.text(row));
        if is_constant {
            return Ok(constant.insert(compile(site, pattern, flags)?));
        }
        let key = (pattern.to_owned(), flags.to_owned());
        if !self.known.contains_key(&key) && self.known.len() >= REGEXES_KEPT {
            self.known.clear();
        }
        match self.known.entry(key) {
            std::collections::hash_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::hash_map::Entry::Vacant(entry) => {
                Ok(entry.insert(compile(site, pattern, flags)?))
            }
        }
    }
}

fn compile(site: &Site<'_>, pattern: &str, flags: &str) -> Result<Pattern, ExecError> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES);
    let mut everywhere = false;
    for flag in flags.chars() {
        match flag {
            'g' => everywhere = true,
            'i' => _ = builder.case_insensitive(true),
            'c' => _ = builder.case_insensitive(false),
            's' => _ = builder.dot_matches_new_line(true),
            'm' => _ = builder.multi_line(true),
            other => {
                return Err(ExecError::InvalidArgument {
                    expression: site.expression(),
                    argument: "a flag",
                    value: other.to_string(),
                    expected: "one of g, i, c, s and m",
                });
            }
        }
    }
    let regex = builder.build().map_err(|cause| ExecError::InvalidPattern {
        pattern: pattern.to_owned(),
        source: Box::new(cause),
    })?;
    Ok(Pattern { regex, everywhere })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_reduced_to_what_it_says() {
        let pattern = |text: &str| LikePattern::new(text, Some('\\'));
        assert_eq!(pattern("abc"), LikePattern::Equals("abc".into()));
        assert_eq!(pattern("abc%"), LikePattern::Prefix("abc".into()));
        assert_eq!(pattern("%abc"), LikePattern::Suffix("abc".into()));
        assert_eq!(pattern("%abc%"), LikePattern::Contains("abc".into()));
        assert_eq!(pattern("100\\%%"), LikePattern::Prefix("100%".into()));
        assert!(matches!(pattern("a_c"), LikePattern::Runs(_)));
    }

    #[test]
    fn runs_between_wildcards_stand_in_their_order_without_overlap() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(LikePattern::new(pattern, None).matches(text), expected, "{text} {pattern}");
        };
        check("a%a", "a", false);
        check("a%a", "aa", true);
        check("a%b%c", "axxbyyc", true);
        check("a%b%c", "axxcyyb", false);
        check("_%", "", false);
        check("_%", "x", true);
        check("%_b", "ab", true);
        check("%ab_%", "xxabab", true);
        check("%ab_", "xxab", false);
        check("_", "\u{e9}", true);
        check("%", "", true);
        check("%%", "x", true);
    }

    #[test]
    fn the_start_of_matches_is_what_none_can_do_without() {
        let check = |pattern, start| assert_eq!(start_of_matches(pattern), start, "{pattern}");
        check("amsel/[0-9]+7.from", Some("amsel/"));
        check("ab*", Some("a"));
        check("\u{e9}\u{e9}{0}", Some("\u{e9}"));
        check("a?b", None);
        check("ab.|c", None);
        check("(?i)ab.", None);
        check("ab(?-u:.)", None);
        check("^ab", None);
        check("a.b", Some("a"));
        check("ab", Some("ab"));
    }

    #[test]
    fn texts_begin_as_their_own_bytes_say() {
        let texts: Vec<String> =
            (0..40).map(|len| "a common start, and 7"[..len / 2].to_owned()).collect();
        let strings = texts.iter().collect::<colonna_column::Strings>();
        for start in (0..texts.len()).map(|row| &texts[row]).chain([&"a common sTart".to_owned()]) {
            let found = with_start(&Texts::Each(&strings), start.as_bytes(), texts.len());
            let expected: Bitmap =
                texts.iter().map(|text| text.starts_with(start.as_str())).collect();
            assert_eq!(found, expected, "{start}");
        }
    }

    #[test]
    fn a_group_in_a_replacement_is_written_with_a_backslash() {
        assert_eq!(replacement("\\2-\\1 $5 \\\\"), "${2}-${1} $$5 \\");
    }
}
