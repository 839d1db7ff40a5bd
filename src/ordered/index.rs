//! The order of slots whose keys it does not know: a list of chunks of slot numbers.
//!
//! Of each key it has the prefix only, and where those are equal it asks a function that compares the key in a slot with the one
//! that is sought. It owns no key and no value, so it is compiled once.

use core::cmp::Ordering;
use core::slice;

/// Most slots in one chunk. 128: moving 2 KiB costs less than the comparisons of the search that led there.
const CHUNK: usize = 128;

/// Two neighbouring chunks with no more slots than this become one, so that a chunk is a quarter full on average at least.
const SPARSE: usize = CHUNK / 2;

/// The number of a place in a slab.
pub(crate) type Slot = u32;

/// Where a slot stands in the order, until the next change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    chunk: usize,
    at: usize,
}

/// A slot in use.
#[derive(Clone, Copy, Debug)]
struct Entry {
    prefix: u64,
    slot: Slot,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// The slots in use, in order. No chunk is empty.
    chunks: Vec<Vec<Entry>>,
    len: usize,
    /// Slots that were in use and are not: every number below `len + free.len()` is in use or here.
    free: Vec<Slot>,
}

impl Index {
    pub(super) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
            free: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The slot that is equal, or the place where one would stand. `prefix` is of the key that is sought, and `compare` says how the
    /// key in a slot compares with it.
    #[inline]
    pub(super) fn find(
        &self,
        prefix: u64,
        compare: &dyn Fn(Slot) -> Ordering,
    ) -> Result<(Place, Slot), Place> {
        let chunk = self.chunk_for(prefix, compare);
        let entries = self.chunks.get(chunk).map_or(&[][..], Vec::as_slice);
        let start = entries.partition_point(|entry| entry.prefix < prefix);
        let rest = &entries[start..];
        let same = &rest[..rest.partition_point(|entry| entry.prefix == prefix)];
        match same.binary_search_by(|entry| compare(entry.slot)) {
            Ok(at) => Ok((
                Place {
                    chunk,
                    at: start + at,
                },
                same[at].slot,
            )),
            Err(at) => Err(Place {
                chunk,
                at: start + at,
            }),
        }
    }

    /// The only chunk where it can be: the first that does not end before it, or the last.
    fn chunk_for(&self, prefix: u64, compare: &dyn Fn(Slot) -> Ordering) -> usize {
        let ends_before = |entries: &Vec<Entry>| {
            let order = |last: &Entry| last.prefix.cmp(&prefix).then_with(|| compare(last.slot));
            entries.last().is_some_and(|last| order(last).is_lt())
        };
        let but_last = self.chunks.len().saturating_sub(1);
        self.chunks[..but_last].partition_point(ends_before)
    }

    /// Puts a slot that was not in use where [`Self::find`] found it missing.
    pub(super) fn insert(&mut self, place: Place, prefix: u64) -> Slot {
        let slot = self.free.pop().unwrap_or(self.len as Slot);
        let Place { mut chunk, mut at } = place;
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        if self.chunks[chunk].len() == CHUNK {
            let upper = self.chunks[chunk].split_off(CHUNK / 2);
            self.chunks.insert(chunk + 1, upper);
            if at > CHUNK / 2 {
                chunk += 1;
                at -= CHUNK / 2;
            }
        }
        self.chunks[chunk].insert(at, Entry { prefix, slot });
        self.len += 1;
        slot
    }

    /// Takes out the slot that [`Self::find`] found.
    pub(super) fn remove(&mut self, place: Place) {
        let entry = self.chunks[place.chunk].remove(place.at);
        self.free.push(entry.slot);
        self.len -= 1;
        if self.chunks[place.chunk].is_empty() {
            self.chunks.remove(place.chunk);
        }
        self.join(place.chunk);
        self.join(place.chunk.wrapping_sub(1));
        if self.len == 0 {
            self.free.clear();
        }
    }

    /// Makes one chunk of two neighbours, the first of which is `chunk`, if they are sparse.
    fn join(&mut self, chunk: usize) {
        let next = chunk.wrapping_add(1);
        let count = |chunk: usize| self.chunks.get(chunk).map_or(CHUNK, Vec::len);
        if count(chunk) + count(next) <= SPARSE {
            let right = self.chunks.remove(next);
            self.chunks[chunk].extend_from_slice(&right);
        }
    }

    /// Keeps those slots for which `keep` says so; it is asked in order.
    pub(super) fn retain(&mut self, keep: &mut dyn FnMut(Slot) -> bool) {
        let entries = self.chunks.iter().flatten().copied();
        let (kept, gone): (Vec<_>, Vec<_>) = entries.partition(|entry| keep(entry.slot));
        if gone.is_empty() {
            return;
        }
        self.free.extend(gone.iter().map(|entry| entry.slot));
        self.len = kept.len();
        self.chunks = kept.chunks(CHUNK / 2).map(<[Entry]>::to_vec).collect();
        if self.len == 0 {
            self.free.clear();
        }
    }

    pub(super) fn first(&self) -> Option<Slot> {
        Some(self.chunks.first()?.first()?.slot)
    }

    /// All slots in order.
    pub(super) fn slots(&self) -> Slots<'_> {
        Slots {
            chunks: self.chunks.iter(),
            chunk: [].iter(),
        }
    }
}

/// Slots in order.
#[derive(Clone, Debug)]
pub(super) struct Slots<'a> {
    chunks: slice::Iter<'a, Vec<Entry>>,
    chunk: slice::Iter<'a, Entry>,
}

impl Iterator for Slots<'_> {
    type Item = Slot;

    #[inline]
    fn next(&mut self) -> Option<Slot> {
        loop {
            if let Some(entry) = self.chunk.next() {
                return Some(entry.slot);
            }
            self.chunk = self.chunks.next()?.iter();
        }
    }
}

#[cfg(test)]
impl Index {
    /// Panics unless the chunks are as they should be.
    #[allow(dead_code, reason = "the property tests that call it are native only")]
    pub(super) fn check(&self) {
        let counts: Vec<_> = self.chunks.iter().map(Vec::len).collect();
        assert!(counts.iter().all(|count| (1..=CHUNK).contains(count)));
        assert_eq!(counts.iter().sum::<usize>(), self.len);
        assert!(counts.windows(2).all(|two| two[0] + two[1] > SPARSE));
        let mut all: Vec<_> = self.slots().chain(self.free.iter().copied()).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..(self.len + self.free.len()) as Slot));
    }
}
