//! Keys in order, with values.

use core::fmt;
use std::vec;

use super::Key;
use super::index::{Slot, Slots};
use super::set::{self, OrderedSet};
use super::slab::Slab;

/// A map that is read in the order of its keys.
#[derive(Clone)]
pub(crate) struct OrderedMap<K, V> {
    keys: OrderedSet<K>,
    values: Slab<V>,
}

impl<K, V> OrderedMap<K, V> {
    pub(crate) const fn new() -> Self {
        Self {
            keys: OrderedSet::new(),
            values: Slab::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        Iter {
            slots: self.keys.index.slots(),
            map: self,
        }
    }

    /// Each key with its value, to be changed. It costs a list of as many pointers.
    pub(crate) fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        IterMut {
            slots: self.keys.index.slots(),
            keys: &self.keys.keys,
            values: self.values.each_mut(),
        }
    }

    pub(crate) fn keys(&self) -> set::Iter<'_, K> {
        self.keys.iter()
    }

    /// The values, in the order of their keys.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        let slots = self.keys.index.slots();
        slots.filter_map(|slot| self.values.at(slot))
    }

    /// The values, in the order of their keys, to be changed. It costs a list of as many pointers.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// What is in a slot.
    pub(crate) fn at(&self, slot: Slot) -> Option<&V> {
        self.values.at(slot)
    }

    /// What is in a slot, to be changed.
    pub(crate) fn at_mut(&mut self, slot: Slot) -> Option<&mut V> {
        self.values.at_mut(slot)
    }

    /// Shows each value to be changed, in the order of their keys.
    pub(crate) fn for_each_mut(&mut self, mut change: impl FnMut(&K, &mut V)) {
        for slot in self.keys.index.slots() {
            if let (Some(key), Some(value)) = (self.keys.keys.at(slot), self.values.at_mut(slot)) {
                change(key, value);
            }
        }
    }

    /// Keeps those for which `keep` says so; it is asked in order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let (keys, values) = (&mut self.keys.keys, &mut self.values);
        self.keys.index.retain(&mut |slot| {
            let entry = keys.at(slot).zip(values.at_mut(slot));
            let is_kept = entry.is_some_and(|(key, value)| keep(key, value));
            if !is_kept {
                keys.take(slot);
                values.take(slot);
            }
            is_kept
        });
    }
}

impl<K: Key, V> OrderedMap<K, V> {
    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.keys.contains(key)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.values.at(self.keys.slot(key)?)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.values.at_mut(self.keys.slot(key)?)
    }

    /// Puts a value in: the slot where it is found until it is removed.
    pub(crate) fn place(&mut self, key: K, value: V) -> Slot {
        let (slot, _) = self.keys.slot_or_insert(key);
        self.values.take(slot);
        self.values.put(slot, value);
        slot
    }

    /// Puts a value in: the one that it replaces.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (slot, _) = self.keys.slot_or_insert(key);
        let before = self.values.take(slot);
        self.values.put(slot, value);
        before
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (slot, _) = self.keys.take_slot(key)?;
        let value = self.values.take(slot);
        if self.is_empty() {
            self.values.release();
        }
        value
    }

    /// The value of a key, which gets the default one if it has none.
    pub(crate) fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let (slot, _) = self.keys.slot_or_insert(key);
        self.values.or_default(slot)
    }
}

impl<K, V> Default for OrderedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Key, V> Extend<(K, V)> for OrderedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Key, V> FromIterator<(K, V)> for OrderedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<'a, K, V> IntoIterator for &'a OrderedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut OrderedMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    fn into_iter(self) -> IterMut<'a, K, V> {
        self.iter_mut()
    }
}

impl<K, V> IntoIterator for OrderedMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        let slots: Vec<_> = self.keys.index.slots().collect();
        IntoIter {
            slots: slots.into_iter(),
            keys: self.keys.keys,
            values: self.values,
        }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for OrderedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for OrderedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// The entries of a map in the order of the keys.
pub(crate) struct Iter<'a, K, V> {
    slots: Slots<'a>,
    map: &'a OrderedMap<K, V>,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        self.map.keys.keys.at(slot).zip(self.map.values.at(slot))
    }
}

/// The entries of a map in the order of the keys, with values to be changed.
pub(crate) struct IterMut<'a, K, V> {
    slots: Slots<'a>,
    keys: &'a Slab<K>,
    values: Vec<Option<&'a mut V>>,
}

impl<'a, K, V> Iterator for IterMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        let value = self.values.get_mut(slot as usize)?.take();
        self.keys.at(slot).zip(value)
    }
}

/// The entries of a map that is used up, in the order of the keys.
pub(crate) struct IntoIter<K, V> {
    slots: vec::IntoIter<Slot>,
    keys: Slab<K>,
    values: Slab<V>,
}

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        self.keys.take(slot).zip(self.values.take(slot))
    }
}
