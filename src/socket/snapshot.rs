//! What a handle can look at without asking the node: its state, its peers, and the mesh as far as it knows it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::id::NodeId;
use crate::mesh::{self, Doubt, EndReason, Event, Member, Mesh, Peer, Stats};
use crate::wire::{Endpoint, PeerEntry};

/// Whether a node is in the mesh: what [`mesh::Status`] says, with waits in the place of times. When it changes to what is the table
/// of [`mesh::Status`]'s module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// It has never had a peer.
    #[default]
    Connecting,
    /// It has a peer that shows life.
    Joined,
    /// It has peers, and what is sent now may reach nobody, or others may have said more than is known here.
    Degraded {
        /// Why.
        why: Doubt,
    },
    /// It had a peer and has none now, or it cannot dial.
    Offline {
        /// The wait until the next attempt, as it was when that was planned; `None` if none is planned or one is under way.
        retry_in: Option<Duration>,
    },
    /// It has ended.
    Closed {
        /// Why.
        reason: EndReason,
    },
}

impl Status {
    /// Whether all is well: a peer shows life, and nothing is being caught up.
    pub const fn is_joined(self) -> bool {
        matches!(self, Self::Joined)
    }

    /// Whether there is a peer to send to that was heard of late: joined, or degraded for another reason than silence.
    pub const fn has_peer(self) -> bool {
        self.without_times().has_peer()
    }

    /// The state in one word.
    pub const fn as_str(self) -> &'static str {
        self.without_times().as_str()
    }

    const fn without_times(self) -> mesh::Status {
        match self {
            Self::Connecting => mesh::Status::Connecting,
            Self::Joined => mesh::Status::Joined,
            Self::Degraded { why } => mesh::Status::Degraded { why },
            Self::Offline { .. } => mesh::Status::Offline { next_attempt: None },
            Self::Closed { reason } => mesh::Status::Closed { reason },
        }
    }

    fn of(mesh: &Mesh) -> Self {
        match mesh.status() {
            mesh::Status::Connecting => Self::Connecting,
            mesh::Status::Joined => Self::Joined,
            mesh::Status::Degraded { why } => Self::Degraded { why },
            mesh::Status::Offline { next_attempt } => Self::Offline {
                retry_in: next_attempt.map(|at| at.since(mesh.status_since())),
            },
            mesh::Status::Closed { reason } => Self::Closed { reason },
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
    pub(super) members: BTreeMap<NodeId, Member>,
    pub(super) stats: Stats,
    pub(super) anchors: Vec<Address>,
    told: BTreeMap<NodeId, Vec<PeerEntry>>,
    status: Status,
}

impl Snapshot {
    pub(super) fn apply(&mut self, mesh: &Mesh, event: &Event) {
        self.stats = mesh.stats();
        self.status = Status::of(mesh);
        self.look_for_anchors(mesh, event);
        match event {
            Event::PeerUp(peer) | Event::PeerChanged(peer) => {
                self.peers.insert(peer.node.clone(), peer.clone());
            }
            Event::PeerDown { node, .. } => {
                self.peers.remove(node);
                self.told.remove(node);
            }
            Event::Peers { of } => {
                self.told.insert(of.clone(), mesh.peers_of(of).to_vec());
            }
            Event::MemberJoined(member) | Event::MemberChanged(member) => {
                self.members.insert(member.node.clone(), member.clone());
            }
            Event::MemberLeft { node, .. } => drop(self.members.remove(node)),
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
        self.status
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
            status: ended(self.status),
            ..Self::default()
        };
    }
}

/// The status of a node that has ended.
fn ended(before: Status) -> Status {
    match before {
        Status::Closed { .. } => before,
        _ => Status::Closed {
            reason: EndReason::Dropped,
        },
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
