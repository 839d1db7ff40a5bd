//! What is known by the ids of messages, in flat tables: each message looks into several, and most are in none of them.
//!
//! So each place has a tag of one byte, apart from what stands there: the tags of a hundred thousand messages lie in the
//! processor's cache, and who is not there is not looked for in memory.
//!
//! Nothing is removed from a table. Two of them, the younger and the older, forget.

use core::hash::{BuildHasher, Hasher};

use crate::id::MessageId;

/// What is kept of an id: 16 of its 32 bytes. Another message with the same ones is as hard to find as one with the same id were
/// ids of that length, which nobody can.
type Short = [u64; 2];

/// What stands where nothing does.
const NONE: Short = [0, 0];
/// Room in the smallest table.
const LEAST: usize = 32;

/// Spreads ids, which are hashes already, by folding them with a secret: a peer chooses its messages and so their ids, but
/// cannot choose which come to stand in one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Secret(u64);

/// An id, and where it stands in a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    id: Short,
    at: u64,
}

impl Place {
    /// Other bits than those that say where it stands. Never [`FREE`].
    fn tag(self) -> u8 {
        (self.at >> 57) as u8 | 0x80
    }
}

impl Secret {
    pub(super) fn new(secret: u64) -> Self {
        Self(secret)
    }

    #[inline]
    pub(super) fn place(self, id: &MessageId) -> Place {
        let [a, b, ..] = words(&id.0);
        self.place_of([a, b])
    }

    fn place_of(self, id: Short) -> Place {
        let at = fold(self.0, id[0], id[1]);
        Place { id, at }
    }
}

#[inline]
fn words(id: &[u8; 32]) -> [u64; 4] {
    let (words, _) = id.as_chunks();
    core::array::from_fn(|at| words.get(at).map_or(0, |word| u64::from_be_bytes(*word)))
}

#[inline]
fn fold(key: u64, a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ key) * u128::from(b ^ key.rotate_left(32));
    (product >> 64) as u64 ^ product as u64
}

/// A table by ids that is at most half full, each as near behind its place as there was room.
#[derive(Debug)]
pub(super) struct Ids<V> {
    /// A power of two of them, or none: [`FREE`], or some bits of the id that stands there.
    tags: Vec<u8>,
    /// What stands in each place.
    table: Vec<(Short, V)>,
    len: usize,
}

/// How many places a table has in which so many ids have room.
fn places(ids: usize) -> usize {
    match ids {
        0 => 0,
        ids => (ids * 2).next_power_of_two(),
    }
}

/// The tag of a place where nothing stands.
const FREE: u8 = 0;

impl<V: Copy + Default> Ids<V> {
    /// An empty table in which so many have room.
    pub(super) fn with_room(ids: usize) -> Self {
        let places = places(ids);
        Self {
            tags: vec![FREE; places],
            table: vec![(NONE, V::default()); places],
            len: 0,
        }
    }

    /// As [`with_room`](Self::with_room), in the memory of this one if that is as much.
    pub(super) fn renew(mut self, ids: usize) -> Self {
        if self.tags.len() != places(ids) {
            return Self::with_room(ids);
        }
        self.tags.fill(FREE);
        self.len = 0;
        self
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where an id is, or the free place where it would be; `None` in a table of nothing.
    #[inline]
    fn find(&self, place: Place) -> Option<usize> {
        let last = self.tags.len().checked_sub(1)?;
        let tag = place.tag();
        let mut at = place.at as usize & last;
        while self.tags[at] != FREE && !(self.tags[at] == tag && self.table[at].0 == place.id) {
            at = (at + 1) & last;
        }
        Some(at)
    }

    /// Reads where an id will be looked for, and says nothing of it: what is read is in the processor's cache then.
    #[inline]
    pub(super) fn foresee(&self, place: Place) -> u64 {
        let Some(last) = self.tags.len().checked_sub(1) else {
            return 0;
        };
        let at = place.at as usize & last;
        u64::from(self.tags[at]) ^ self.table[at].0[0]
    }

    /// As [`foresee`](Self::foresee), of an id that is not likely to be there: by its tag that is known.
    #[inline]
    pub(super) fn foresee_tag(&self, place: Place) -> u64 {
        let last = self.tags.len().checked_sub(1);
        last.map_or(0, |last| u64::from(self.tags[place.at as usize & last]))
    }

    #[inline]
    pub(super) fn contains(&self, place: Place) -> bool {
        self.get(place).is_some()
    }

    #[inline]
    pub(super) fn get(&self, place: Place) -> Option<V> {
        let at = self.find(place)?;
        (self.tags[at] != FREE).then(|| self.table[at].1)
    }

    /// Puts something in, in place of what was known by the id.
    pub(super) fn put(&mut self, secret: Secret, place: Place, value: V) {
        if self.table.len() <= self.len * 2 {
            self.grow(secret);
        }
        if let Some(at) = self.find(place) {
            self.len += usize::from(self.tags[at] == FREE);
            self.tags[at] = place.tag();
            self.table[at] = (place.id, value);
        }
    }

    fn grow(&mut self, secret: Secret) {
        let mut grown = Self::with_room((self.len * 2).max(LEAST));
        for (tag, &(id, value)) in self.tags.iter().zip(&self.table) {
            let place = (*tag != FREE).then(|| secret.place_of(id));
            if let Some(at) = place.and_then(|place| grown.find(place)) {
                grown.tags[at] = *tag;
                grown.table[at] = (id, value);
            }
        }
        grown.len = self.len;
        *self = grown;
    }
}

/// As [`Secret`], for maps by ids.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed {
    pub(super) key: u64,
}

impl BuildHasher for Keyed {
    type Hasher = Fold;

    fn build_hasher(&self) -> Fold {
        Fold {
            key: self.key,
            state: 0,
        }
    }
}

pub(super) struct Fold {
    key: u64,
    state: u64,
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks();
        let word = |at: usize| words.get(at).map_or(0, |word| u64::from_be_bytes(*word));
        self.state ^= fold(self.key, word(0), word(1));
    }

    fn write_usize(&mut self, _length: usize) {
        // An array hashes its length first, which is the same for every id.
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: Secret = Secret(7);

    fn id(number: u64) -> MessageId {
        MessageId::of(&number.to_be_bytes())
    }

    #[test]
    fn a_table_is_at_most_half_full_and_finds_what_is_in_it() {
        let mut ids = Ids::with_room(0);
        for number in 0..5_000 {
            let place = SECRET.place(&id(number));
            assert!(!ids.contains(place));
            ids.put(SECRET, place, number);
            assert!(ids.table.len() >= ids.len() * 2);
        }
        assert!((0..5_000).all(|number| ids.get(SECRET.place(&id(number))) == Some(number)));
        assert!((5_000..10_000).all(|number| !ids.contains(SECRET.place(&id(number)))));
    }

    #[test]
    fn what_is_put_in_again_is_there_once() {
        let mut ids = Ids::with_room(10);
        ids.put(SECRET, SECRET.place(&id(1)), 1);
        ids.put(SECRET, SECRET.place(&id(1)), 2);
        assert_eq!((ids.len(), ids.get(SECRET.place(&id(1)))), (1, Some(2)));
    }

    #[test]
    fn a_table_that_is_renewed_is_empty_and_as_large_as_a_new_one() {
        for room in [10, 16, 100] {
            let mut ids = Ids::with_room(16);
            ids.put(SECRET, SECRET.place(&id(1)), 1);
            let ids = ids.renew(room);
            assert_eq!(
                (ids.len(), ids.tags.len()),
                (0, Ids::<u64>::with_room(room).tags.len())
            );
            assert!(!ids.contains(SECRET.place(&id(1))));
        }
    }

    #[test]
    fn ids_that_begin_with_nothing_are_ids() {
        let mut ids = Ids::with_room(0);
        let zeros = SECRET.place(&MessageId([0; 32]));
        assert!(!ids.contains(zeros));
        ids.put(SECRET, zeros, ());
        assert!(ids.contains(zeros));
    }
}
