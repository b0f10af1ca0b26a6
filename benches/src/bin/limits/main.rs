//! How far each query of `peers/queries.toml` is from its limit: the time to read, inflate and
//! decode what it needs and compute nothing, beside the time of its answer.
//!
//! `cargo run --release -p colonna-benches --bin limits -- --tables FOLDER`, where the folder has
//! the tables `events` and `trips`, as `peers/run.py query` makes them.
//!
//! What a query needs is the columns of its plan, in the row groups and pages that statistics leave:
//! those that its predicate looks at for all these rows, the others for blocks, and of these rows,
//! that the predicate selects. With ORDER BY and LIMIT, it is what is left once the last row of the
//! answer is known, which no scan knows when it begins. All of this is found out before any clock
//! runs. Queries that read no page are left out.
//!
//! Limit and query take turns, on the same threads and warm, and the best of all turns counts: once
//! with every page read and inflated anew, and once out of a cache of inflated pages.

mod needs;
mod question;
mod report;

use std::error::Error;
use std::io::stdout;
use std::path::{Path, PathBuf};

use clap::Parser;
use colonna::{QueryOptions, Stopwatch, Table};
use colonna_exec::Plan;
use colonna_scan::ScanSource;
use colonna_storage::Snapshot;

use needs::Needs;
use question::{Question, questions};
use report::{Line, Pair};

/// Prints, beside each query's time, that of reading and decoding what it needs.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder with the tables `events` and `trips`
    #[arg(long)]
    tables: PathBuf,
    /// The queries
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/queries.toml"))]
    queries: PathBuf,
    /// How many threads; 0 for all cores
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// How many turns limit and query take; the best counts
    #[arg(long, default_value_t = 9)]
    repeat: usize,
    /// How many MiB of inflated pages the cache holds
    #[arg(long, default_value_t = 4096)]
    cache: u64,
    /// Only the queries of these names
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// Tasks fail on any thread.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global()?;
    let mut lines = Vec::new();
    for name in ["events", "trips"] {
        let folder = arguments.tables.join(name);
        let asked = questions(&arguments.queries)?.into_iter().filter(|question| {
            let is_chosen = arguments.only.is_empty() || arguments.only.contains(&question.id);
            is_chosen && question.table() == Some(name)
        });
        let asked: Vec<Question> = asked.collect();
        let read = Opened::try_new(&folder, None)?.measure(&asked, arguments.repeat)?;
        let cached = Opened::try_new(&folder, Some(arguments.cache << 20))?
            .measure(&asked, arguments.repeat)?;
        for ((question, read), cached) in asked.into_iter().zip(read).zip(cached) {
            if let Some((read, cached)) = read.zip(cached) {
                lines.push(Line { question, read, cached });
            }
        }
    }
    report::write(&mut stdout().lock(), &lines)?;
    Ok(())
}

/// A table, opened twice: to be asked, and to be read.
struct Opened {
    table: Table,
    source: ScanSource,
}

impl Opened {
    fn try_new(folder: &Path, cache: Option<u64>) -> Outcome<Self> {
        let mut table = Table::open(folder)?;
        let mut source = ScanSource::from_snapshot(&Snapshot::open(folder, None)?)?;
        if let Some(byte_len) = cache {
            table = table.with_page_cache(byte_len);
            source.cache_pages(byte_len);
        }
        Ok(Self { table, source })
    }

    fn measure(&self, questions: &[Question], repeat: usize) -> Outcome<Vec<Option<Pair>>> {
        questions.iter().map(|question| self.measure_one(question, repeat)).collect()
    }

    /// None for a query that reads no page.
    fn measure_one(&self, question: &Question, repeat: usize) -> Outcome<Option<Pair>> {
        let query = colonna_sql::parse(&question.sql)?.query;
        let needs = Needs::of(&self.source, &Plan::try_new(&query, &self.source.schema)?)?;
        let options = QueryOptions::default();
        let answer = self.table.query(&query, &options)?;
        if answer.counters().pages_read() == 0 {
            return Ok(None);
        }
        let mut pair = Pair::new(needs.read()?, *answer.counters());
        for _ in 0..repeat {
            let stopwatch = Stopwatch::start();
            self.table.query(&query, &options)?;
            pair.query = pair.query.min(stopwatch.elapsed());
            let stopwatch = Stopwatch::start();
            needs.read()?;
            pair.limit = pair.limit.min(stopwatch.elapsed());
        }
        Ok(Some(pair))
    }
}
