//! Links that this node lends to nodes that cannot dial: who speaks over which, to whom, and what waits for it.
//!
//! It keeps the account. Dialling, greeting and sending are the node's.

use bytes::Bytes;

use crate::id::{LinkId, NodeId};
use crate::ordered::{Key, OrderedMap};
use crate::time::Timestamp;

/// Most whispers that wait for one link to come up.
const WAITING: usize = 16;

/// Between whom a lent link runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lent {
    /// Who speaks over it.
    pub(super) borrower: NodeId,
    /// The peer of this node that it leads to.
    pub(super) peer: NodeId,
}

impl Key for Lent {
    fn prefix(&self) -> u64 {
        self.borrower.prefix()
    }
}

#[derive(Debug)]
pub(super) struct Loan {
    pub(super) link: LinkId,
    /// Frames of the borrower's, until the peer has greeted.
    pub(super) waiting: Vec<Bytes>,
    /// How many bytes more may wait.
    room: usize,
    pub(super) used: Timestamp,
}

#[derive(Debug)]
pub(super) struct Loans {
    all: OrderedMap<Lent, Loan>,
    capacity: usize,
    bytes: usize,
}

impl Loans {
    /// At most `capacity` loans, for each of which at most so many bytes wait.
    pub(super) fn new(capacity: usize, bytes: usize) -> Self {
        Self {
            all: OrderedMap::new(),
            capacity,
            bytes,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.all.len() < self.capacity
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn contains(&self, lent: &Lent) -> bool {
        self.all.contains_key(lent)
    }

    pub(super) fn loan(&mut self, lent: &Lent) -> Option<&mut Loan> {
        self.all.get_mut(lent)
    }

    pub(super) fn add(&mut self, now: Timestamp, lent: Lent, link: LinkId) {
        let loan = Loan {
            link,
            waiting: Vec::new(),
            room: self.bytes,
            used: now,
        };
        self.all.insert(lent, loan);
    }

    /// The links that are lent to lead to `peer`.
    pub(super) fn links_to(&self, peer: &NodeId) -> Vec<LinkId> {
        let to_peer = self.all.iter().filter(|(lent, _)| lent.peer == *peer);
        to_peer.map(|(_, loan)| loan.link).collect()
    }

    /// Takes the loan whose link ended.
    pub(super) fn remove(&mut self, lent: &Lent) -> Option<Loan> {
        self.all.remove(lent)
    }
}

impl Loan {
    /// Keeps a frame until the link is up; false if too many wait.
    pub(super) fn wait(&mut self, frame: Bytes) -> bool {
        let has_room = self.waiting.len() < WAITING && frame.len() <= self.room;
        if has_room {
            self.room -= frame.len();
            self.waiting.push(frame);
        }
        has_room
    }
}
