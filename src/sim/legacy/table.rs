//! How a relative keeps its routing table, and loses what is in it.

use super::Legacy;
use crate::id::{LinkId, NodeId};
use crate::sim::node::Relative;
use crate::time::Timestamp;
use crate::wire::{Handshake, Kind, sub_flag};
use core::cmp::Ordering;

impl Legacy {
    pub(super) fn greeted(&mut self, now: Timestamp, link: LinkId, handshake: Handshake) {
        if handshake.protocol != self.protocol {
            return self.hang_up(now, link);
        }
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        let is_first = !state.has_greeted;
        state.has_greeted = true;
        state.is_compressed = !handshake.compression.is_empty();
        state.endpoint = handshake.endpoint;
        let other = self.table.get(&handshake.node).copied();
        if let Some(other) = other.filter(|&other| other != link) {
            self.settle(now, &handshake.node, other, link);
        }
        // A link that was just chosen to go stays in the table of a py2p all the same.
        self.table.insert(handshake.node, link);
        // js2p's acceptor greets once more, when it has been greeted.
        if self.relative == Relative::Js2p && !link.is_dialled() && is_first {
            self.greet(now, link);
        }
        self.tell_peers(now, link);
    }

    /// Two links to one node: the one survives that was dialled by the node with the greater id.
    fn settle(&mut self, now: Timestamp, node: &NodeId, older: LinkId, newer: LinkId) {
        let is_greater = self.node.numeric_cmp(node) == Ordering::Greater;
        let loser = if is_greater ^ newer.is_dialled() {
            newer
        } else {
            older
        };
        self.links.remove(&loser);
        self.end(loser);
        self.parted(now, loser);
    }

    /// It closes a link.
    pub(super) fn hang_up(&mut self, now: Timestamp, link: LinkId) {
        self.end(link);
        self.lost(now, link);
    }

    /// A link is gone.
    pub(super) fn lost(&mut self, now: Timestamp, link: LinkId) {
        self.links.remove(&link);
        let was_peer = self.table.values().any(|&other| other == link);
        self.table.retain(|_, other| *other != link);
        if was_peer {
            self.parted(now, link);
        }
    }

    /// py2p asks all its peers for theirs whenever it loses one, with a text that another py2p does not understand.
    fn parted(&mut self, now: Timestamp, link: LinkId) {
        if self.relative != Relative::Py2p {
            return;
        }
        let question = self.compose(now, Kind::Whisper, &[sub_flag::REQUEST.into(), "*".into()]);
        let others = self.table.values().copied().filter(|&other| other != link);
        let others: Vec<_> = others.collect();
        self.transmit(others, &question);
    }
}
