//! The links by their ids: in order for whoever goes over all of them, and at once for whoever looks for one, as every frame
//! does several times.

use core::hash::BuildHasherDefault;
use std::collections::HashMap;

use super::link::Link;
use crate::id::LinkId;
use crate::ordered::{Numbers, OrderedMap, Slot};

#[derive(Debug, Default)]
pub(super) struct LinkTable {
    links: OrderedMap<LinkId, Link>,
    slots: HashMap<LinkId, Slot, BuildHasherDefault<Numbers>>,
}

impl LinkTable {
    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    pub(super) fn contains_key(&self, id: &LinkId) -> bool {
        self.slots.contains_key(id)
    }

    pub(super) fn get(&self, id: &LinkId) -> Option<&Link> {
        self.links.at(*self.slots.get(id)?)
    }

    pub(super) fn get_mut(&mut self, id: &LinkId) -> Option<&mut Link> {
        self.links.at_mut(*self.slots.get(id)?)
    }

    pub(super) fn insert(&mut self, id: LinkId, link: Link) {
        let slot = self.links.place(id, link);
        self.slots.insert(id, slot);
    }

    pub(super) fn remove(&mut self, id: &LinkId) -> Option<Link> {
        self.slots.remove(id)?;
        self.links.remove(id)
    }

    /// In the order of the ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&LinkId, &Link)> {
        self.links.iter()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &LinkId> {
        self.links.keys()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        self.links.values_mut()
    }

    /// Shows each to be changed, in the order of the ids.
    pub(super) fn for_each_mut(&mut self, change: impl FnMut(LinkId, &mut Link)) {
        let mut change = change;
        self.links.for_each_mut(|id, link| change(*id, link));
    }
}
