//! How well a dialect fits a sample.

use std::collections::BTreeMap;

use super::cell::Kind;
use super::dialect::{Dialect, Extent, Field};

/// How many records show whether fields look like fields.
const CLEAN_ROWS: usize = 100;

/// How many records show whether a blank or a colon delimits.
const WEAK_ROWS: usize = 20;

/// What a line of one field counts beside lines of several.
pub(super) const SINGLE_FIELD: f64 = 0.1;

/// What a dialect makes of a sample.
#[derive(Default)]
pub(super) struct Census {
    /// The number of fields of each record.
    pub(super) lens: Vec<usize>,
    /// Records with quotes that do not end, or stray ones.
    pub(super) bad: usize,
    /// Records with quoted fields that end as they should.
    pub(super) quoted: usize,
    cells: usize,
    /// How many of the cells look like one value, each from 0 to 1.
    clean: f64,
    /// Some cell behind the first of a record is a number, a time or quoted; and no record as a whole
    /// is such a value.
    is_typed: bool,
}

impl Census {
    pub(super) fn of(dialect: &Dialect, sample: &[u8], is_whole: bool) -> Self {
        let mut census = Self::default();
        let (mut fields, mut at) = (Vec::new(), 0);
        let mut is_value = false;
        while at < sample.len() {
            let extent = dialect.split(sample, at, is_whole, &mut fields);
            let start = at;
            match extent {
                Extent::Record { end, next, has_stray_quote } => {
                    at = next;
                    let is_comment = dialect
                        .comment
                        .is_some_and(|comment| sample.get(start) == Some(&comment.mark));
                    if end > start && !is_comment {
                        census.bad += usize::from(has_stray_quote);
                        let is_quoted = fields.iter().any(|field| field.is_quoted);
                        census.quoted += usize::from(is_quoted && !has_stray_quote);
                        census.add(sample, &fields);
                        let line = sample.get(start..end).unwrap_or_default();
                        is_value |= census.lens.len() <= WEAK_ROWS && Kind::of(line).is_typed();
                    }
                }
                Extent::Broken { next, .. } => {
                    census.bad += 1;
                    at = next;
                }
                Extent::Incomplete => break,
            }
        }
        census.is_typed &= !is_value;
        census
    }

    /// How well the dialect fits: the share of records that have the usual number of fields, the more
    /// fields the better, and the share of fields that look like fields.
    pub(super) fn score(&self, is_weak: bool) -> f64 {
        let Some(usual) = usual_len(self.lens.iter().copied()) else {
            return 0.0;
        };
        let start = self.lens.iter().position(|len| *len == usual).unwrap_or(0);
        let table = self.lens.get(start..).unwrap_or_default();
        let same = table.iter().filter(|len| **len == usual).count();
        if is_weak && (same < self.lens.len() || self.lens.len() < 2 || !self.is_typed) {
            return 0.0;
        }
        let share = |count, of: usize| ratio(count, of.max(1));
        let clean = self.clean / ratio(self.cells, 1).max(1.0);
        let kept = 1.0 - share(self.bad, self.lens.len() + self.bad);
        share(same, table.len() + self.bad) * worth(usual) * clean * clean * kept
    }

    fn add(&mut self, sample: &[u8], fields: &[Field]) {
        self.lens.push(fields.len());
        if self.lens.len() > CLEAN_ROWS {
            return;
        }
        for (index, field) in fields.iter().enumerate() {
            let text = sample.get(field.start..field.end).unwrap_or_default();
            self.cells += 1;
            self.clean += if field.is_quoted { 1.0 } else { cleanness(text) };
            self.is_typed |= index > 0
                && self.lens.len() <= WEAK_ROWS
                && (field.is_quoted || Kind::of(text).is_typed());
        }
    }
}

/// Whether a field without quotes looks like one value.
fn cleanness(field: &[u8]) -> f64 {
    if memchr::memchr(b'"', field).is_some() {
        return 0.1;
    }
    if field.first() == Some(&b'\'') || field.last() == Some(&b'\'') {
        return 0.5;
    }
    if field.iter().any(|byte| matches!(byte, b'\t' | b';' | b'|' | 0x01 | 0x1f)) {
        return 0.5;
    }
    // A longer text with a comma is no number and no time.
    let is_value = || field.len() <= 40 && Kind::of(field).is_typed();
    if memchr::memchr(b',', field).is_some() && !is_value() {
        return 0.8;
    }
    1.0
}

/// The number of fields that most records have; lines of one field count little beside others.
pub(super) fn usual_len(lens: impl Iterator<Item = usize>) -> Option<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for len in lens {
        *counts.entry(len).or_default() += 1;
    }
    let weight = |(len, count): &(&usize, &usize)| ratio(**count, 1) * worth(**len);
    counts.iter().max_by(|a, b| weight(a).total_cmp(&weight(b))).map(|(len, _)| *len)
}

/// How much it tells that records have so many fields.
fn worth(len: usize) -> f64 {
    if len < 2 { SINGLE_FIELD } else { 1.0 - 1.0 / ratio(len, 1) }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a sample are small")]
fn ratio(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}
