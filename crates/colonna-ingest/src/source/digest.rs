//! By what the content of a source is known.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::Xxh3;

/// The digest of a source's bytes as they are stored, once somebody has read them all.
#[derive(Clone, Debug, Default)]
pub(super) struct Digest(Arc<Mutex<Option<u128>>>);

impl Digest {
    pub(super) fn get(&self) -> Option<u128> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same bytes; at their end the digest is known.
    pub(super) fn of(&self, inner: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        Box::new(Digested { inner, so_far: Xxh3::new(), digest: self.clone() })
    }
}

struct Digested {
    inner: Box<dyn Read + Send>,
    so_far: Xxh3,
    digest: Digest,
}

impl Read for Digested {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.so_far.update(buffer.get(..len).unwrap_or_default());
        if len == 0 && !buffer.is_empty() {
            let mut digest = self.digest.0.lock().unwrap_or_else(PoisonError::into_inner);
            *digest = Some(self.so_far.digest128());
        }
        Ok(len)
    }
}
