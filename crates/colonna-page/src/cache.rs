//! Inflated pages, and dictionaries as they are decoded, kept for those who ask again.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::decode::Words;
use crate::page_header::PageHeader;

/// About what a page takes beside its bytes.
const OVERHEAD: usize = 128;

/// About how many bytes a page has; it need not be right.
const USUAL_BYTES: u64 = 64 << 10;

/// Pages of any number of files as they were before they were compressed: up to so many bytes, and
/// those that are asked for most.
#[derive(Debug)]
pub struct PageCache {
    pages: Cache<Place, Arc<CachedPage>, ByBytes>,
}

/// Which file, by the number it got when it was opened, and where in it the page's header begins.
pub(crate) type Place = (u64, u64);

/// A page that was inflated.
#[derive(Debug)]
pub(crate) struct CachedPage {
    pub(crate) header: PageHeader,
    /// Where in the file its bytes begin, behind the header.
    pub(crate) position: u64,
    pub(crate) content: Content,
}

/// What is kept of a page.
#[derive(Debug)]
pub(crate) enum Content {
    /// Levels and values of a data page.
    Bytes(Box<[u8]>),
    /// The words of a dictionary page: its codes are read faster than they are.
    Words(Words),
}

#[derive(Clone, Copy, Debug)]
struct ByBytes;

impl Weighter<Place, Arc<CachedPage>> for ByBytes {
    fn weight(&self, _: &Place, page: &Arc<CachedPage>) -> u64 {
        let byte_len = match &page.content {
            Content::Bytes(bytes) => bytes.len(),
            Content::Words(words) => words.byte_len(),
        };
        (byte_len + OVERHEAD) as u64
    }
}

impl PageCache {
    /// An empty cache that holds up to so many bytes.
    pub fn new(byte_len: u64) -> Self {
        let pages =
            usize::try_from(byte_len / USUAL_BYTES).unwrap_or(usize::MAX).clamp(16, 1 << 20);
        Self { pages: Cache::with_weighter(pages, byte_len, ByBytes) }
    }

    /// How many bytes its pages take.
    pub fn byte_len(&self) -> u64 {
        self.pages.weight()
    }

    pub(crate) fn get(&self, place: Place) -> Option<Arc<CachedPage>> {
        self.pages.get(&place)
    }

    pub(crate) fn insert(&self, place: Place, page: CachedPage) {
        self.pages.insert(place, Arc::new(page));
    }
}
