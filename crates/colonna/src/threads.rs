//! The threads that work on one load or one query.

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Error;

/// A pool of its own where a number is given, otherwise the one of the process.
#[derive(Debug)]
pub(crate) struct Threads(Option<ThreadPool>);

impl Threads {
    pub(crate) fn try_new(threads: Option<usize>) -> Result<Self, Error> {
        let pool = threads.map(|threads| {
            let builder = ThreadPoolBuilder::new().num_threads(threads.max(1));
            builder.build().map_err(|source| Error::NoThreads { threads, source })
        });
        Ok(Self(pool.transpose()?))
    }

    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}
