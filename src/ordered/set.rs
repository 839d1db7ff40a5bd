//! Keys in order.

use core::fmt;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use super::Key;
use super::index::{Index, Place, Slot, Slots};
use super::slab::Slab;

/// A set that is read in the order of its keys.
#[derive(Clone)]
pub(crate) struct OrderedSet<K> {
    pub(super) index: Index,
    pub(super) keys: Slab<K>,
    last: Finger,
}

/// The slot that was found last: what is looked up is often what was looked up before.
struct Finger(AtomicU32);

impl Finger {
    const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    fn slot(&self) -> Slot {
        self.0.load(Relaxed)
    }

    fn point(&self, slot: Slot) {
        self.0.store(slot, Relaxed);
    }
}

impl Clone for Finger {
    fn clone(&self) -> Self {
        Self(AtomicU32::new(self.slot()))
    }
}

impl<K> OrderedSet<K> {
    pub(crate) const fn new() -> Self {
        Self {
            index: Index::new(),
            keys: Slab::new(),
            last: Finger::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The least key.
    pub(crate) fn first(&self) -> Option<&K> {
        self.keys.at(self.index.first()?)
    }

    pub(crate) fn iter(&self) -> Iter<'_, K> {
        Iter {
            slots: self.index.slots(),
            keys: &self.keys,
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Keeps those for which `keep` says so; it is asked in order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        let keys = &mut self.keys;
        self.index.retain(&mut |slot| {
            let is_kept = keys.at(slot).is_some_and(&mut keep);
            if !is_kept {
                keys.take(slot);
            }
            is_kept
        });
    }
}

impl<K: Key> OrderedSet<K> {
    pub(super) fn find(&self, key: &K) -> Result<(Place, Slot), Place> {
        self.index
            .find(key.prefix(), &|slot| self.keys.at(slot).cmp(&Some(key)))
    }

    pub(super) fn slot(&self, key: &K) -> Option<Slot> {
        if self.is_empty() {
            return None;
        }
        let last = self.last.slot();
        if self.keys.at(last) == Some(key) {
            return Some(last);
        }
        let (_, slot) = self.find(key).ok()?;
        self.last.point(slot);
        Some(slot)
    }

    /// Takes a key out: the slot where it was, and the key.
    pub(super) fn take_slot(&mut self, key: &K) -> Option<(Slot, K)> {
        if self.is_empty() {
            return None;
        }
        let (place, slot) = self.find(key).ok()?;
        self.index.remove(place);
        let key = self.keys.take(slot)?;
        if self.is_empty() {
            self.keys.release();
        }
        Some((slot, key))
    }

    /// The slot of a key, which is put in if it is missing.
    pub(super) fn slot_or_insert(&mut self, key: K) -> (Slot, bool) {
        let last = self.last.slot();
        if self.keys.at(last) == Some(&key) {
            return (last, false);
        }
        match self.find(&key) {
            Ok((_, slot)) => (slot, false),
            Err(place) => {
                let slot = self.index.insert(place, key.prefix());
                self.keys.put(slot, key);
                (slot, true)
            }
        }
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.slot(key).is_some()
    }

    /// Puts a key in; whether it is new.
    pub(crate) fn insert(&mut self, key: K) -> bool {
        self.slot_or_insert(key).1
    }

    /// Takes a key out; whether it was there.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        self.take_slot(key).is_some()
    }

    /// Whether no key is in both.
    pub(crate) fn is_disjoint(&self, other: &Self) -> bool {
        !self.iter().any(|key| other.contains(key))
    }
}

impl<K> Default for OrderedSet<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Key> Extend<K> for OrderedSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl<K: Key> FromIterator<K> for OrderedSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::new();
        set.extend(keys);
        set
    }
}

impl<'a, K> IntoIterator for &'a OrderedSet<K> {
    type Item = &'a K;
    type IntoIter = Iter<'a, K>;

    fn into_iter(self) -> Iter<'a, K> {
        self.iter()
    }
}

impl<K: PartialEq> PartialEq for OrderedSet<K> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<K: fmt::Debug> fmt::Debug for OrderedSet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

/// The keys of a table in order.
pub(crate) struct Iter<'a, K> {
    pub(super) slots: Slots<'a>,
    pub(super) keys: &'a Slab<K>,
}

impl<'a, K> Iterator for Iter<'a, K> {
    type Item = &'a K;

    fn next(&mut self) -> Option<&'a K> {
        self.keys.at(self.slots.next()?)
    }
}
