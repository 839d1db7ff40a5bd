//! Things in numbered slots, in no order.

use super::index::Slot;

/// Capacity from which an empty slab gives its memory back. 64: below it, a table that is empty now and then would only ask for
/// the same memory again.
const WORTH: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Slab<T>(Vec<Option<T>>);

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn at(&self, slot: Slot) -> Option<&T> {
        self.0.get(slot as usize)?.as_ref()
    }

    pub(super) fn at_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.0.get_mut(slot as usize)?.as_mut()
    }

    /// Fills a slot; the slots in use have no gap above them but the next one.
    pub(super) fn put(&mut self, slot: Slot, thing: T) -> &mut T {
        let slot = slot as usize;
        if slot == self.0.len() {
            self.0.push(None);
        }
        self.0[slot].insert(thing)
    }

    /// Fills a slot unless it is filled.
    pub(super) fn or_default(&mut self, slot: Slot) -> &mut T
    where
        T: Default,
    {
        let slot = slot as usize;
        if slot == self.0.len() {
            self.0.push(None);
        }
        self.0[slot].get_or_insert_default()
    }

    pub(super) fn take(&mut self, slot: Slot) -> Option<T> {
        self.0.get_mut(slot as usize)?.take()
    }

    /// What all slots hold, in the order of their numbers.
    pub(super) fn each_mut(&mut self) -> Vec<Option<&mut T>> {
        self.0.iter_mut().map(Option::as_mut).collect()
    }

    /// No slot is in use: what was needed for many is given back.
    pub(super) fn release(&mut self) {
        if self.0.capacity() >= WORTH {
            self.0 = Vec::new();
        }
    }
}
