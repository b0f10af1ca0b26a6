//! Chunks of the input, worked on by all cores, taken in the order of the input.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use colonna_ingest::{Chunk, IngestError, Prepared};
use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use crate::Error;

type Read = Result<(usize, Chunk), IngestError>;

/// Hands every chunk of all sources to `work`, on all threads of the current pool, and what comes
/// of it to `take`, in the order of the input. One more thread reads and decompresses ahead. Gives
/// back a digest of each source's content.
///
/// Memory: no more than four chunks for each thread are held at a time.
pub(super) fn for_each_chunk<T: Send>(
    sources: &[Prepared],
    work: impl Fn(&Prepared, &Chunk) -> Result<T, Error> + Sync,
    mut take: impl FnMut(&Prepared, T) -> Result<(), Error>,
) -> Result<Vec<u128>, Error> {
    let threads = rayon::current_num_threads();
    let window_len = 2 * threads;
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(window_len);
        let reader = scope.spawn(move || read_all(sources, &sender));
        loop {
            let window = next_window(&receiver, window_len)?;
            if window.is_empty() {
                break;
            }
            let worked: Vec<(usize, Result<T, Error>)> = window
                .into_par_iter()
                .map(|(index, chunk)| (index, work(&sources[index], &chunk)))
                .collect();
            for (index, result) in worked {
                take(&sources[index], result?)?;
            }
        }
        reader.join().map_err(|panic| {
            let message = panic.downcast_ref::<&str>().copied().unwrap_or("no message");
            Error::ThreadPanicked { what: "reading the input", message: message.to_owned() }
        })
    })
}

/// Sends every chunk, or the first error, and stops when nobody listens any more.
fn read_all(sources: &[Prepared], sender: &SyncSender<Read>) -> Vec<u128> {
    let mut digests = Vec::with_capacity(sources.len());
    for (index, source) in sources.iter().enumerate() {
        let chunks = match source.chunks() {
            Ok(chunks) => chunks,
            Err(error) => {
                // Nobody listens only where the other side has failed, and says so itself.
                drop(sender.send(Err(error)));
                return digests;
            }
        };
        let mut digest = Xxh3::new();
        for chunk in chunks {
            let failed = chunk.is_err();
            if let Ok(chunk) = &chunk {
                digest.update(&chunk.bytes);
            }
            if sender.send(chunk.map(|chunk| (index, chunk))).is_err() || failed {
                return digests;
            }
        }
        digests.push(digest.digest128());
    }
    digests
}

fn next_window(receiver: &Receiver<Read>, len: usize) -> Result<Vec<(usize, Chunk)>, Error> {
    let mut window = Vec::with_capacity(len);
    while window.len() < len {
        match receiver.recv() {
            Ok(chunk) => window.push(chunk?),
            Err(_nothing_more) => break,
        }
    }
    Ok(window)
}
