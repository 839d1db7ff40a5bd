//! Nodes that are looked up, and the whispers that wait for a link to them.

use std::collections::BTreeMap;

use super::event::Ticket;
use crate::id::NodeId;
use crate::wire::{RawPackets, Value};

/// A whisper that waits for a link.
#[derive(Debug)]
pub(super) struct Lookup {
    /// The id of the request that went through the mesh, which its answer repeats.
    pub(super) request: Value,
    pub(super) wanted: NodeId,
    pub(super) packets: RawPackets,
}

#[derive(Debug)]
pub(super) struct Lookups {
    pending: BTreeMap<Ticket, Lookup>,
    capacity: usize,
}

impl Lookups {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            pending: BTreeMap::new(),
            capacity,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= self.capacity
    }

    pub(super) fn insert(&mut self, ticket: Ticket, lookup: Lookup) {
        self.pending.insert(ticket, lookup);
    }

    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Lookup> {
        self.pending.remove(&ticket)
    }

    /// Whether somebody here asked `request` for `node`: an answer to nobody's question is not dialled.
    pub(super) fn asked(&self, request: &Value, node: &NodeId) -> bool {
        self.pending
            .values()
            .any(|lookup| lookup.request == *request && lookup.wanted == *node)
    }

    /// Takes everything that waits for `node`, oldest first.
    pub(super) fn take_for(&mut self, node: &NodeId) -> Vec<(Ticket, Lookup)> {
        let tickets: Vec<_> = self
            .pending
            .iter()
            .filter(|(_, l)| l.wanted == *node)
            .map(|(&t, _)| t)
            .collect();
        tickets
            .into_iter()
            .filter_map(|ticket| Some((ticket, self.pending.remove(&ticket)?)))
            .collect()
    }

    /// Takes everything, for a node that closes.
    pub(super) fn take_all(&mut self) -> Vec<Ticket> {
        core::mem::take(&mut self.pending).into_keys().collect()
    }
}
