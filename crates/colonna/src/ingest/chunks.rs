//! Chunks of the input, worked on by all cores, taken in the order of the input.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use colonna_ingest::{Chunk, IngestError, Prepared};

use crate::Error;

/// How long a thread sleeps that has nothing to do until another is done.
const NAP: Duration = Duration::from_micros(50);

/// Chunks that are worked on before what comes of them can be taken, rather than sleep.
const FAR_AHEAD: u64 = 8;

/// Where a chunk stands: the index of its source, and its own among those of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) source: usize,
    pub(super) chunk: u64,
}

/// Hands every chunk of all sources, or the chosen ones, to `work`, on all threads of the current
/// pool, and what comes of it to `take`, one at a time and in the order of the input.
///
/// Every thread reads the next chunk, works on it, and takes what is next to be taken, unless
/// another thread is taking; so reading, working and taking go on side by side. A thread that is
/// ahead helps with what the taking thread hands to the pool, and goes on where there is nothing to
/// help with, until it is far ahead.
///
/// Memory: no more than three chunks for each thread, and [`FAR_AHEAD`] more, are held at a time.
pub(super) fn for_each_chunk<T: Send>(
    sources: &[Prepared],
    chosen: Option<&BTreeSet<Place>>,
    work: impl Fn(&Prepared, &Chunk) -> Result<T, Error> + Sync,
    take: impl FnMut(Place, T) -> Result<(), Error> + Send,
) -> Result<(), Error> {
    let line = Line {
        sources,
        reading: Mutex::new(Reading { sources, chosen, at: None, source: 0, sequence: 0 }),
        worked: Mutex::new(BTreeMap::new()),
        read: AtomicU64::new(0),
        taken: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
        error: Mutex::new(None),
        work,
        take: Mutex::new(take),
    };
    rayon::broadcast(|_| line.run());
    line.error.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Where a chunk stands and what came of it.
type Worked<T> = (Place, Result<T, Error>);

/// What the threads share.
struct Line<'a, T, Work, Take> {
    sources: &'a [Prepared],
    reading: Mutex<Reading<'a>>,
    /// What was worked on and not taken yet, by its place in the order.
    worked: Mutex<BTreeMap<u64, Worked<T>>>,
    /// How many chunks have been read, and how many taken.
    read: AtomicU64,
    taken: AtomicU64,
    /// Nothing more is to be read: all of it was, or there was an error.
    is_over: AtomicBool,
    error: Mutex<Option<Error>>,
    work: Work,
    take: Mutex<Take>,
}

impl<T, Work, Take> Line<'_, T, Work, Take>
where
    T: Send,
    Work: Fn(&Prepared, &Chunk) -> Result<T, Error> + Sync,
    Take: FnMut(Place, T) -> Result<(), Error> + Send,
{
    fn run(&self) {
        let thread_count = rayon::current_num_threads() as u64;
        while !self.is_over.load(Ordering::Acquire) {
            let ahead = self
                .read
                .load(Ordering::Acquire)
                .saturating_sub(self.taken.load(Ordering::Acquire));
            if ahead > 2 * thread_count {
                self.take_what_is_next();
                if rayon::yield_now() == Some(rayon::Yield::Executed) {
                    continue;
                }
                if ahead > 2 * thread_count + FAR_AHEAD {
                    thread::sleep(NAP);
                    continue;
                }
            }
            let Some((sequence, place, chunk)) = self.read_next() else { break };
            let result = match chunk {
                Ok(chunk) => {
                    let worked = (self.work)(&self.sources[place.source], &chunk);
                    chunk.recycle();
                    worked
                }
                Err(error) => Err(error.into()),
            };
            lock(&self.worked).insert(sequence, (place, result));
            self.take_what_is_next();
        }
    }

    fn read_next(&self) -> Option<(u64, Place, Result<Chunk, IngestError>)> {
        let next = lock(&self.reading).next();
        match next {
            Some(_) => drop(self.read.fetch_add(1, Ordering::AcqRel)),
            None => self.is_over.store(true, Ordering::Release),
        }
        next
    }

    /// Takes, in order, whatever has been worked on, unless another thread does.
    fn take_what_is_next(&self) {
        loop {
            let Ok(mut take) = self.take.try_lock() else { return };
            while let Some((place, result)) = self.pop_next() {
                if let Err(error) = result.and_then(|worked| take(place, worked)) {
                    *lock(&self.error) = Some(error);
                    self.is_over.store(true, Ordering::Release);
                    // The order ends here: what comes behind is never next.
                    return;
                }
                self.taken.fetch_add(1, Ordering::AcqRel);
            }
            drop(take);
            // Another thread may have come by in vain between the last look and the letting go.
            if !lock(&self.worked).contains_key(&self.taken.load(Ordering::Acquire)) {
                return;
            }
        }
    }

    fn pop_next(&self) -> Option<Worked<T>> {
        lock(&self.worked).remove(&self.taken.load(Ordering::Acquire))
    }
}

/// A panic of another thread ends the load anyway; until then the state is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Chunks = Box<dyn Iterator<Item = Result<Chunk, IngestError>> + Send>;

/// The chunks of all sources, one source after the other.
struct Reading<'a> {
    sources: &'a [Prepared],
    chosen: Option<&'a BTreeSet<Place>>,
    /// The chunks of the source that is being read, and the number of the next one.
    at: Option<(Chunks, u64)>,
    /// The source that is being read or is the next to be.
    source: usize,
    sequence: u64,
}

impl Reading<'_> {
    fn is_chosen(&self, place: Place) -> bool {
        self.chosen.is_none_or(|chosen| chosen.contains(&place))
    }

    fn has_chosen(&self, source: usize) -> bool {
        let places = Place { source, chunk: 0 }..Place { source: source + 1, chunk: 0 };
        self.chosen.is_none_or(|chosen| chosen.range(places).next().is_some())
    }

    fn next(&mut self) -> Option<(u64, Place, Result<Chunk, IngestError>)> {
        loop {
            let Some((chunks, number)) = &mut self.at else {
                let source = self.source;
                let prepared = self.sources.get(source)?;
                if !self.has_chosen(source) {
                    self.source += 1;
                    continue;
                }
                match prepared.chunks() {
                    Ok(chunks) => self.at = Some((chunks, 0)),
                    Err(error) => return Some(self.found(Place { source, chunk: 0 }, Err(error))),
                }
                continue;
            };
            let place = Place { source: self.source, chunk: *number };
            *number += 1;
            match chunks.next() {
                Some(chunk) if chunk.is_err() || self.is_chosen(place) => {
                    return Some(self.found(place, chunk));
                }
                Some(_) => {}
                None => (self.at, self.source) = (None, self.source + 1),
            }
        }
    }

    fn found(
        &mut self,
        place: Place,
        chunk: Result<Chunk, IngestError>,
    ) -> (u64, Place, Result<Chunk, IngestError>) {
        let sequence = self.sequence;
        self.sequence += 1;
        if chunk.is_err() {
            // Nothing is read behind an error.
            (self.at, self.source) = (None, self.sources.len());
        }
        (sequence, place, chunk)
    }
}
