//! The way from a table to an answer: `snapshot -> prune -> scan -> aggregate -> result`.

use std::sync::Arc;

use colonna_column::Columns;
use colonna_exec::Plan;
use colonna_scan::{Counters, ScanOptions, ScanSource, scan};
use colonna_schema::{Expr, Projection, Query, SortKey};

use crate::clock::Stopwatch;
use crate::threads::Threads;
use crate::{Answer, Error, Table};

/// How a query is run. None of it changes the answer.
#[derive(Clone, Debug)]
pub struct QueryOptions {
    /// How many threads; all cores without it.
    pub threads: Option<usize>,
    /// About the most bytes of memory that it may take to make the answer, the rows of groups that are
    /// in the answer apart. Groups that take more are made part by part, from rows in a temporary
    /// file; passing it with rows that are not grouped, or with what is kept of one group, is an error.
    pub memory: Option<u64>,
    /// Whether statistics are used to skip files, row groups and pages.
    pub pruning: bool,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self { threads: None, memory: None, pruning: true }
    }
}

/// The corridor: a query over the files of one version of a table.
pub(crate) fn answer(
    source: &ScanSource,
    query: &Query,
    options: &QueryOptions,
) -> Result<Answer, Error> {
    let stopwatch = Stopwatch::start();
    let mut counters = Counters::default();
    let threads = Threads::try_new(options.threads)?;
    let columns = threads.run(|| rows_of(source, query, options, &mut counters))?;
    Ok(Answer::new(columns, counters, stopwatch.elapsed()))
}

fn rows_of(
    source: &ScanSource,
    query: &Query,
    options: &QueryOptions,
    counters: &mut Counters,
) -> Result<Columns, Error> {
    let Some(from) = &query.from else {
        let plan = Plan::try_new(query, &source.schema)?;
        let scan_options = ScanOptions { memory: options.memory, pruning: options.pruning };
        let (partial, read) = scan(source, &plan, &scan_options)?;
        *counters += read;
        return Ok(plan.finish(partial)?);
    };
    let inner = rows_of(source, from, options, counters)?;
    let plan = Plan::try_new(query, inner.schema())?;
    let mut partial = plan.partial();
    partial.update(&slots_of(&plan, &inner)?)?;
    Ok(plan.finish(partial)?)
}

/// The columns a plan reads, out of rows in memory.
fn slots_of(plan: &Plan, rows: &Columns) -> Result<Columns, Error> {
    let schema = Arc::new(plan.slots().slot_schema());
    let columns = plan.slots().paths().iter().filter_map(|path| rows.column_at(path)).collect();
    Ok(Columns::try_new(schema, columns, rows.row_count())?)
}

/// How a query would be answered, in words.
pub(crate) fn explain(source: &ScanSource, query: &Query) -> Result<String, Error> {
    let mut lines = Vec::new();
    describe(query, &mut lines);
    let mut innermost = query;
    while let Some(from) = &innermost.from {
        innermost = from;
    }
    let plan = Plan::try_new(innermost, &source.schema)?;
    let columns: Vec<String> = plan.slots().paths().iter().map(|path| path.join(".")).collect();
    lines.push(format!(
        "scan {} of {} columns: {}",
        columns.len(),
        source.schema.leaves().len(),
        columns.join(", ")
    ));
    let counters = colonna_scan::explain(source, &plan)?;
    lines.push(format!(
        "would read {} of {} files, and {} of the {} row groups in them",
        counters.files_read(),
        counters.files_considered,
        counters.row_groups_read(),
        counters.row_groups_considered,
    ));
    if counters.files_answered_by_statistics > 0 {
        let answered = counters.files_answered_by_statistics;
        lines.push(format!("{answered} files are answered by their statistics"));
    }
    Ok(lines.join("\n"))
}

/// The steps from the result down to the scan.
fn describe(query: &Query, lines: &mut Vec<String>) {
    let joined = |exprs: &[Expr]| exprs.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ");
    if query.limit.is_some() || query.offset > 0 {
        let limit = query.limit.map_or_else(|| "all".to_owned(), |limit| limit.to_string());
        lines.push(format!("limit {limit} after {}", query.offset));
    }
    if !query.order_by.is_empty() {
        let key = |key: &SortKey| {
            let direction = if key.descending { " DESC" } else { "" };
            let nulls = if key.nulls_first { " NULLS FIRST" } else { "" };
            format!("{}{direction}{nulls}", key.expr)
        };
        lines.push(format!(
            "order by {}",
            query.order_by.iter().map(key).collect::<Vec<_>>().join(", ")
        ));
    }
    if query.distinct {
        lines.push("distinct".to_owned());
    }
    let projection: Vec<String> = query
        .projection
        .iter()
        .map(|projection| match projection {
            Projection::All { .. } => "*".to_owned(),
            Projection::Expr { expr, name: Some(name) } => format!("{expr} AS {name}"),
            Projection::Expr { expr, name: None } => expr.to_string(),
        })
        .collect();
    lines.push(format!(
        "project {}",
        if projection.is_empty() { "*".to_owned() } else { projection.join(", ") }
    ));
    if let Some(having) = &query.having {
        lines.push(format!("having {having}"));
    }
    if !query.group_by.is_empty() {
        lines.push(format!("group by {}", joined(&query.group_by)));
    }
    if let Some(filter) = &query.filter {
        lines.push(format!("filter {filter}"));
    }
    if let Some(from) = &query.from {
        describe(from, lines);
    }
}

/// A query that grows step by step; [`Scan::collect`] answers it.
#[derive(Clone, Debug)]
pub struct Scan<'a> {
    table: &'a Table,
    query: Query,
    options: QueryOptions,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(table: &'a Table) -> Self {
        Self { table, query: Query::default(), options: QueryOptions::default() }
    }

    /// Keeps the rows for which the predicate is true. Several are joined by AND.
    #[must_use]
    pub fn filter(mut self, predicate: impl Into<Expr>) -> Self {
        let predicate = predicate.into();
        self.query.filter = Some(match self.query.filter.take() {
            Some(before) => before.and(predicate),
            None => predicate,
        });
        self
    }

    /// What is answered; without it all columns, or the keys and aggregates.
    #[must_use]
    pub fn select<P: Into<Projection>>(mut self, projection: impl IntoIterator<Item = P>) -> Self {
        self.query.projection.extend(projection.into_iter().map(Into::into));
        self
    }

    /// The keys of the groups. They come first in the answer.
    #[must_use]
    pub fn group_by<E: Into<Expr>>(mut self, keys: impl IntoIterator<Item = E>) -> Self {
        for key in keys {
            let key = key.into();
            self.query.projection.push(key.clone().into());
            self.query.group_by.push(key);
        }
        self
    }

    /// The aggregates of each group, or of all rows.
    #[must_use]
    pub fn aggregate<P: Into<Projection>>(self, aggregates: impl IntoIterator<Item = P>) -> Self {
        self.select(aggregates)
    }

    /// Keeps the groups for which the predicate is true.
    #[must_use]
    pub fn having(mut self, predicate: impl Into<Expr>) -> Self {
        self.query.having = Some(predicate.into());
        self
    }

    /// Each row once.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.query.distinct = true;
        self
    }

    /// Orders by a result column or an expression, ascending, nulls last.
    #[must_use]
    pub fn order_by(mut self, name: &str) -> Self {
        self.query.order_by.push(SortKey::ascending(colonna_schema::col(name)));
        self
    }

    /// Orders by a result column or an expression, descending, nulls last.
    #[must_use]
    pub fn order_by_descending(mut self, name: &str) -> Self {
        self.query.order_by.push(SortKey::descending(colonna_schema::col(name)));
        self
    }

    /// Answers no more than that many rows.
    #[must_use]
    pub fn limit(mut self, row_count: u64) -> Self {
        self.query.limit = Some(row_count);
        self
    }

    /// Passes over that many rows first.
    #[must_use]
    pub fn offset(mut self, row_count: u64) -> Self {
        self.query.offset = row_count;
        self
    }

    /// Uses that many threads instead of all cores.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = Some(threads);
        self
    }

    /// Reads everything, whatever the statistics say.
    #[must_use]
    pub fn without_pruning(mut self) -> Self {
        self.options.pruning = false;
        self
    }

    /// The query as it stands.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Answers it.
    ///
    /// # Errors
    ///
    /// Where a name is unknown, types do not go together, a value overflows, or a file cannot be
    /// read.
    pub fn collect(self) -> Result<Answer, Error> {
        self.table.query(&self.query, &self.options)
    }
}
