//! The routing table: which nodes are linked, by which links, and what they told of their own peers.
//!
//! One link a node is the rule; a second is kept only until it is settled which one stays.

use super::event::Peer;
use crate::id::{LinkId, NodeId};
use crate::ordered::OrderedMap;
use crate::wire::PeerEntry;

#[derive(Debug)]
struct Entry {
    peer: Peer,
    link: LinkId,
    /// A newer link to the same node.
    rival: Option<(LinkId, Peer)>,
}

#[derive(Debug, Default)]
pub(super) struct RoutingTable {
    peers: OrderedMap<NodeId, Entry>,
    told: OrderedMap<NodeId, Vec<PeerEntry>>,
    told_capacity: usize,
}

/// What a new link means for the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// The node had no link.
    First,
    /// The node has an older link.
    Rival {
        /// The older link.
        older: LinkId,
    },
}

/// What the end of a link means for the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parted {
    /// The node has another link still.
    OneLeft,
    /// The node is no peer any more.
    Gone,
}

impl RoutingTable {
    pub(super) fn new(told_capacity: usize) -> Self {
        Self {
            told_capacity,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    pub(super) fn contains(&self, node: &NodeId) -> bool {
        self.peers.contains_key(node)
    }

    pub(super) fn link(&self, node: &NodeId) -> Option<LinkId> {
        self.peers.get(node).map(|entry| entry.link)
    }

    /// Whether the node has two links already.
    pub(super) fn is_contested(&self, node: &NodeId) -> bool {
        self.peers
            .get(node)
            .is_some_and(|entry| entry.rival.is_some())
    }

    /// Both links of a contested node: the older and the newer.
    pub(super) fn contest(&self, node: &NodeId) -> Option<(LinkId, LinkId)> {
        self.peers
            .get(node)
            .and_then(|entry| Some((entry.link, entry.rival.as_ref()?.0)))
    }

    pub(super) fn peers(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values().map(|entry| &entry.peer)
    }

    pub(super) fn peer(&self, node: &NodeId) -> Option<&Peer> {
        self.peers.get(node).map(|entry| &entry.peer)
    }

    /// Adds a link to a node that has fewer than two.
    pub(super) fn join(&mut self, peer: Peer, link: LinkId) -> Joined {
        if let Some(entry) = self.peers.get_mut(&peer.node) {
            entry.rival = Some((link, peer));
            return Joined::Rival { older: entry.link };
        }
        self.peers.insert(
            peer.node.clone(),
            Entry {
                peer,
                link,
                rival: None,
            },
        );
        Joined::First
    }

    /// Removes a link of a node.
    pub(super) fn part(&mut self, node: &NodeId, link: LinkId) -> Parted {
        let Some(entry) = self.peers.get_mut(node) else {
            return Parted::Gone;
        };
        match entry.rival.take() {
            Some((rival, peer)) if entry.link == link => {
                entry.link = rival;
                entry.peer = peer;
            }
            Some(_) => {}
            None => {
                self.peers.remove(node);
                self.told.remove(node);
                return Parted::Gone;
            }
        }
        Parted::OneLeft
    }

    /// The link of a node changed: so did what is known of the peer.
    pub(super) fn describe(&mut self, peer: Peer) {
        if let Some(entry) = self.peers.get_mut(&peer.node) {
            entry.peer = peer;
        }
    }

    /// Keeps what a peer told of its peers, for as many peers as configured.
    pub(super) fn tell(&mut self, of: &NodeId, peers: Vec<PeerEntry>) {
        if self.told.contains_key(of) || self.told.len() < self.told_capacity {
            self.told.insert(of.clone(), peers);
        }
    }

    /// The link to a peer that told of `node` among its own.
    pub(super) fn teller(&self, node: &NodeId) -> Option<LinkId> {
        let knows = |entries: &[PeerEntry]| entries.iter().any(|entry| entry.node == *node);
        let teller = self.told.iter().find(|(_, entries)| knows(entries));
        teller.and_then(|(of, _)| self.link(of))
    }

    /// What a peer told of its peers the last time.
    pub(super) fn told(&self, of: &NodeId) -> &[PeerEntry] {
        self.told.get(of).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Scheme;

    const OLDER: LinkId = LinkId::accepted(1);
    const NEWER: LinkId = LinkId::dialled(2);

    fn peer() -> Peer {
        let node = "3a".parse().expect("an id");
        Peer {
            node,
            endpoint: None,
            scheme: Scheme::Memory,
            dialled: false,
            capable: true,
        }
    }

    #[test]
    fn a_node_is_gone_with_its_last_link() {
        let mut table = RoutingTable::new(1);
        let node = peer().node;
        assert_eq!(table.join(peer(), OLDER), Joined::First);
        assert_eq!(table.join(peer(), NEWER), Joined::Rival { older: OLDER });
        assert!(table.is_contested(&node));
        assert_eq!(table.part(&node, OLDER), Parted::OneLeft);
        assert_eq!(table.link(&node), Some(NEWER));
        assert!(!table.is_contested(&node));
        assert_eq!(table.part(&node, NEWER), Parted::Gone);
        assert!(table.is_empty());
    }

    #[test]
    fn the_older_link_stays_when_its_rival_parts() {
        let mut table = RoutingTable::new(1);
        table.join(peer(), OLDER);
        table.join(peer(), NEWER);
        assert_eq!(table.part(&peer().node, NEWER), Parted::OneLeft);
        assert_eq!(table.link(&peer().node), Some(OLDER));
    }

    #[test]
    fn only_so_many_peer_lists_are_kept() {
        let mut table = RoutingTable::new(1);
        let (one, two) = ("1".parse().expect("an id"), "2".parse().expect("an id"));
        let list = || {
            vec![PeerEntry {
                endpoint: None,
                node: peer().node,
                form: crate::wire::IdForm::Text,
            }]
        };
        table.tell(&one, list());
        table.tell(&two, list());
        assert_eq!((table.told(&one).len(), table.told(&two).len()), (1, 0));
    }
}
