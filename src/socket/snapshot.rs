//! What a handle can look at without asking the node: its state, its peers, and the mesh as far as it knows it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::id::NodeId;
use crate::mesh::{Event, Mesh, Peer, Stats};
use crate::wire::{Endpoint, PeerEntry};

/// Whether a node is in the mesh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// It has never had a peer.
    #[default]
    Connecting,
    /// It has a peer.
    Joined,
    /// It had one, and has none now.
    Offline {
        /// The wait until the next attempt, as it was when the last one failed; `None` if none is planned or one is under
        /// way.
        retry_in: Option<Duration>,
    },
    /// It has ended.
    Closed,
}

impl Status {
    /// Whether something that is sent now reaches somebody.
    pub fn is_joined(self) -> bool {
        self == Self::Joined
    }

    /// The state in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Joined => "joined",
            Self::Offline { .. } => "offline",
            Self::Closed => "closed",
        }
    }
}

/// The mesh as one node knows it: itself, its peers, and what they told of theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// Every node known, this one included.
    pub nodes: BTreeMap<NodeId, KnownNode>,
    /// The links known, each once, the lesser id first.
    pub links: BTreeSet<(NodeId, NodeId)>,
}

/// What is known of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNode {
    /// Where it can be dialled.
    pub endpoint: Option<Endpoint>,
    /// Whether it is a peer of this node.
    pub is_peer: bool,
}

/// Kept up to date event by event, so that a relay of thousands pays for a peer what one peer costs.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) peers: BTreeMap<NodeId, Peer>,
    pub(super) stats: Stats,
    pub(super) anchors: Vec<Address>,
    told: BTreeMap<NodeId, Vec<PeerEntry>>,
    was_joined: bool,
    retry_in: Option<Duration>,
    ended: bool,
}

impl Snapshot {
    pub(super) fn apply(&mut self, mesh: &Mesh, event: &Event) {
        self.stats = mesh.stats();
        self.look_for_anchors(mesh, event);
        match event {
            Event::PeerUp(peer) | Event::PeerChanged(peer) => {
                self.was_joined = true;
                self.retry_in = None;
                self.peers.insert(peer.node.clone(), peer.clone());
            }
            Event::PeerDown { node, .. } => {
                self.peers.remove(node);
                self.told.remove(node);
            }
            Event::Peers { of } => {
                self.told.insert(of.clone(), mesh.peers_of(of).to_vec());
            }
            Event::DialFailed { redial, .. } => self.retry_in = *redial,
            _ => {}
        }
    }

    /// Anchors change with links. A node that closes has forgotten all addresses: those of before are what counts.
    fn look_for_anchors(&mut self, mesh: &Mesh, event: &Event) {
        if let Event::PeerUp(_) | Event::PeerChanged(_) | Event::PeerDown { .. } = event {
            let anchors = mesh.anchors();
            if !(anchors.is_empty() && matches!(event, Event::PeerDown { .. })) {
                self.anchors = anchors;
            }
        }
    }

    pub(super) fn status(&self) -> Status {
        match (self.ended, self.peers.is_empty(), self.was_joined) {
            (true, ..) => Status::Closed,
            (false, false, _) => Status::Joined,
            (false, true, true) => Status::Offline {
                retry_in: self.retry_in,
            },
            (false, true, false) => Status::Connecting,
        }
    }

    pub(super) fn topology(&self, own: &NodeId) -> Topology {
        let mut topology = Topology::default();
        topology.nodes.insert(own.clone(), KnownNode::default());
        for peer in self.peers.values() {
            topology.nodes.insert(
                peer.node.clone(),
                KnownNode {
                    endpoint: peer.endpoint.clone(),
                    is_peer: true,
                },
            );
            topology.links.insert(ordered(own, &peer.node));
        }
        for (of, entries) in &self.told {
            for entry in entries {
                topology.links.insert(ordered(of, &entry.node));
                let known = topology.nodes.entry(entry.node.clone()).or_default();
                if known.endpoint.is_none() {
                    known.endpoint.clone_from(&entry.endpoint);
                }
            }
        }
        topology
    }

    pub(super) fn end(&mut self) {
        *self = Self {
            stats: self.stats,
            anchors: core::mem::take(&mut self.anchors),
            ended: true,
            ..Self::default()
        };
    }
}

fn ordered(one: &NodeId, other: &NodeId) -> (NodeId, NodeId) {
    let (lesser, greater) = if one <= other {
        (one, other)
    } else {
        (other, one)
    };
    (lesser.clone(), greater.clone())
}
