//! The table of limits.

use std::io::{Result, Write};
use std::time::Duration;

use colonna::Counters;
use colonna_page::ReadCounters;

use crate::question::Question;

/// The best times of a limit and its query, and what each read.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) limit: Duration,
    pub(crate) query: Duration,
    needed: ReadCounters,
    read: Counters,
}

impl Pair {
    /// No times yet.
    pub(crate) fn new(needed: ReadCounters, read: Counters) -> Self {
        Self { limit: Duration::MAX, query: Duration::MAX, needed, read }
    }

    /// The part of the query's time that cannot be saved.
    fn share(&self) -> f64 {
        self.limit.as_secs_f64() / self.query.as_secs_f64()
    }

    /// How many times the values that are needed the query decoded.
    fn excess(&self) -> f64 {
        self.read.values_decoded as f64 / self.needed.values_decoded.max(1) as f64
    }
}

/// A query with its times without the cache and with it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) question: Question,
    pub(crate) read: Pair,
    pub(crate) cached: Pair,
}

/// Everything as Markdown: a line for each query, then the median shares of the classes.
pub(crate) fn write(out: &mut impl Write, lines: &[Line]) -> Result<()> {
    let header = "| class | query | pages | MB | needed values | decoded / needed | limit ms | query ms | share | cached limit ms | cached query ms | share |";
    writeln!(out, "{header}\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    let classes = classes(lines);
    for class in &classes {
        for line in lines.iter().filter(|line| line.question.class == *class) {
            write_line(out, line)?;
        }
    }
    writeln!(
        out,
        "\n| class | queries | median share | median share, cached |\n|---|--:|--:|--:|"
    )?;
    for class in &classes {
        let of_class = lines.iter().filter(|line| line.question.class == *class);
        write_medians(out, class, &of_class.collect::<Vec<_>>())?;
    }
    write_medians(out, "all", &lines.iter().collect::<Vec<_>>())
}

/// The classes in the order in which they come.
fn classes(lines: &[Line]) -> Vec<&str> {
    let mut classes: Vec<&str> = Vec::new();
    for line in lines {
        if !classes.contains(&line.question.class.as_str()) {
            classes.push(&line.question.class);
        }
    }
    classes
}

fn write_line(out: &mut impl Write, line: &Line) -> Result<()> {
    let Line { question, read, cached } = line;
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let times = |pair: &Pair| {
        format!("{:.2} | {:.2} | {:.2}", ms(pair.limit), ms(pair.query), pair.share())
    };
    writeln!(
        out,
        "| {} | {} | {} | {:.2} | {} | {:.2} | {} | {} |",
        question.class,
        question.id,
        read.needed.pages_read,
        read.needed.bytes_read as f64 / 1e6,
        read.needed.values_decoded,
        read.excess(),
        times(read),
        times(cached),
    )
}

fn write_medians(out: &mut impl Write, name: &str, lines: &[&Line]) -> Result<()> {
    let read = median(lines.iter().map(|line| line.read.share()).collect());
    let cached = median(lines.iter().map(|line| line.cached.share()).collect());
    writeln!(out, "| {name} | {} | {read:.2} | {cached:.2} |", lines.len())
}

/// The middle one, or what lies between the two in the middle; nothing has no middle.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match (numbers.len() % 2, numbers.get(middle)) {
        (_, None) => f64::NAN,
        (1, Some(middle)) => *middle,
        (_, Some(above)) => (numbers[middle - 1] + above) / 2.0,
    }
}
