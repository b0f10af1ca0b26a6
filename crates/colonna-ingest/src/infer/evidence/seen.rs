//! Where something was seen, and what becomes of that where evidence is joined.

/// A line of a source. Line 0 is none. Earlier records are less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) source: u32,
    pub(crate) line: u64,
}

/// Where the record stands that is looked at, and how many fields there were so far, nested ones
/// included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight {
    pub(super) seen: Seen,
    pub(super) field_count: u64,
}

impl Sight {
    /// The place of the next new field.
    pub(super) fn place(&mut self) -> u64 {
        self.field_count += 1;
        self.field_count
    }
}

/// What changes in evidence that comes to stand behind other evidence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift<'a> {
    /// The new indices of its sources.
    pub(super) sources: &'a [u32],
    /// How many fields there were before.
    pub(super) field_count: u64,
}

impl Shift<'_> {
    /// Both are parts of the same evidence.
    pub(super) const NONE: Self = Self { sources: &[], field_count: 0 };

    pub(super) fn seen(&self, seen: Seen) -> Seen {
        let source = self.sources.get(seen.source as usize).copied();
        Seen { source: source.unwrap_or(seen.source), ..seen }
    }
}
