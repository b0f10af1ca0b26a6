//! One query after the other, asked of both.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use colonna::QueryOptions;
use colonna_schema::Scalar;

use crate::CheckError;
use crate::compare::{Rows, same_answer};
use crate::differences::REFUSALS;
use crate::peer::Peer;
use crate::question::{Form, Question};
use crate::table::Written;

/// So many neighbouring seeds ask the same table.
const QUERIES_PER_TABLE: u64 = 40;

/// Rows of an answer that are shown.
const ROWS_SHOWN: usize = 12;

/// What came of one query.
#[derive(Debug)]
pub enum Outcome {
    /// The answers say the same.
    Agreed,
    /// Both refuse it, as where a number overflows.
    BothRefused,
    /// DataFusion refuses it by a fault of its own that is known.
    TheirFault,
    /// One of them answers, or they answer differently.
    Differed(Box<Disagreement>),
}

/// What is needed to look into a disagreement.
#[derive(Debug)]
pub struct Disagreement {
    /// The seed that makes it again.
    pub seed: u64,
    /// The question.
    pub question: Question,
    /// What colonna says.
    pub ours: Result<Rows, String>,
    /// What colonna says when it reads everything.
    pub unpruned: Result<Rows, String>,
    /// What DataFusion says.
    pub theirs: Result<Rows, String>,
}

/// How many queries of each kind came to what.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// For each kind: those that agreed, were refused by both, met a fault of
    /// DataFusion, and differed; and the rows of the answers.
    pub counts: [[usize; 5]; Form::ALL.len()],
}

/// Asks the queries of so many seeds, from one on, and shows each disagreement as it is found.
///
/// # Errors
///
/// Where a table cannot be written or read.
pub fn check(
    first_seed: u64,
    count: u64,
    mut show: impl FnMut(&Disagreement),
) -> Result<Tally, CheckError> {
    let mut tally = Tally::default();
    let mut table: Option<(u64, Written, Peer)> = None;
    for seed in first_seed..first_seed.saturating_add(count) {
        let wanted = seed / QUERIES_PER_TABLE;
        if table.as_ref().is_none_or(|(number, ..)| *number != wanted) {
            let written = Written::try_new(wanted)?;
            let peer = Peer::try_new(&written)?;
            table = Some((wanted, written, peer));
        }
        let Some((_, written, peer)) = &table else { continue };
        let question = Question::new(seed, &written.rows);
        let form = question.form;
        let (outcome, rows) = ask(seed, question, written, peer);
        let counts = &mut tally.counts[form as usize];
        counts[4] += rows;
        match outcome {
            Outcome::Agreed => counts[0] += 1,
            Outcome::BothRefused => counts[1] += 1,
            Outcome::TheirFault => counts[2] += 1,
            Outcome::Differed(disagreement) => {
                counts[3] += 1;
                show(&disagreement);
            }
        }
    }
    Ok(tally)
}

fn ask(seed: u64, question: Question, written: &Written, peer: &Peer) -> (Outcome, usize) {
    let ours = caught(|| answer(written, &question, true));
    let unpruned = caught(|| answer(written, &question, false));
    let theirs = caught(|| peer.answer(&question.sql.theirs).map_err(|error| error.to_string()));
    let rows = ours.as_ref().map_or(0, Vec::len);
    let outcome = match (&ours, &unpruned, &theirs) {
        (Ok(ours), Ok(unpruned), Ok(theirs))
            if same_answer(ours, theirs, &question.order)
                && same_answer(unpruned, theirs, &question.order) =>
        {
            Outcome::Agreed
        }
        (Err(_), Err(_), Err(_)) => Outcome::BothRefused,
        (Ok(_), Ok(_), Err(message)) if is_known(message) => Outcome::TheirFault,
        _ => Outcome::Differed(Box::new(Disagreement { seed, question, ours, unpruned, theirs })),
    };
    (outcome, rows)
}

fn is_known(refusal: &str) -> bool {
    REFUSALS.iter().any(|(words, _why)| refusal.contains(words))
}

/// A panic as one more way to refuse: the seed must be shown.
fn caught(answer: impl FnOnce() -> Result<Rows, String>) -> Result<Rows, String> {
    let panicked = |_panic| Err("it panicked".to_owned());
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(panicked)
}

fn answer(written: &Written, question: &Question, pruning: bool) -> Result<Rows, String> {
    let statement = colonna_sql::parse(&question.sql.ours).map_err(|error| error.to_string())?;
    let options = QueryOptions { pruning, ..QueryOptions::default() };
    let answer =
        written.table.query(&statement.query, &options).map_err(|error| error.to_string())?;
    Ok((0..answer.row_count()).map(|row| answer.row(row)).collect())
}

impl Tally {
    /// How many queries differed.
    pub fn differed(&self) -> usize {
        self.counts.iter().map(|counts| counts[3]).sum()
    }

    /// How many queries agreed.
    pub fn agreed(&self) -> usize {
        self.counts.iter().map(|counts| counts[0]).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, cells: [String; 5]| {
            let [agree, both, fault, differ, rows] = cells;
            writeln!(
                formatter,
                "{name:<20} {agree:>8} {both:>12} {fault:>12} {differ:>8} {rows:>10}"
            )
        };
        let heads = ["agree", "both refuse", "their fault", "differ", "rows"];
        line("kind of query", heads.map(str::to_owned))?;
        let mut all = [0; 5];
        for form in Form::ALL {
            let counts = self.counts[*form as usize];
            all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
            line(&form.to_string(), counts.map(|count| count.to_string()))?;
        }
        line("all", all.map(|count| count.to_string()))
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "seed {}", self.seed)?;
        writeln!(formatter, "  colonna:    {}", self.question.sql.ours)?;
        writeln!(formatter, "  DataFusion: {}", self.question.sql.theirs)?;
        show(formatter, "colonna says", &self.ours)?;
        if format!("{:?}", self.ours) != format!("{:?}", self.unpruned) {
            show(formatter, "colonna says without pruning", &self.unpruned)?;
        }
        show(formatter, "DataFusion says", &self.theirs)
    }
}

/// An answer without the rows that the other has too would be shorter, but not in its order.
fn show(
    formatter: &mut fmt::Formatter<'_>,
    head: &str,
    answer: &Result<Rows, String>,
) -> fmt::Result {
    match answer {
        Err(message) => writeln!(formatter, "  {head}: {message}"),
        Ok(rows) => {
            writeln!(formatter, "  {head}, {} rows:", rows.len())?;
            for row in rows.iter().take(ROWS_SHOWN) {
                let values: Vec<String> = row.iter().map(written_value).collect();
                writeln!(formatter, "    {}", values.join(" | "))?;
            }
            Ok(())
        }
    }
}

fn written_value(value: &Scalar) -> String {
    match value {
        Scalar::Utf8(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}
