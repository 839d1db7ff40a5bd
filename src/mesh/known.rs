//! What is known of one node: what it said last, what others say of its links, and what the user was told of it.

use core::time::Duration;

use super::member::{Change, Member};
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Departure, Mark, PresenceEntry, PresenceState, Stamp, Word};

/// For so long a node that left is remembered, so that what is told of it late is known to be old.
pub(super) const FORGET: Duration = Duration::from_secs(120);
/// The place of a node in the table, until it is forgotten.
pub(super) type Slot = usize;

/// What is known of a node.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) node: NodeId,
    pub(super) stamp: Stamp,
    pub(super) word: Word,
    pub(super) edges: Vec<Edge>,
    /// The link that told of it first.
    pub(super) teller: Option<LinkId>,
    /// That link is its own.
    pub(super) is_neighbour: bool,
    /// What the user was told of it; `None` if it is no member.
    pub(super) shown: Option<Member>,
    /// Since when no links lead to it.
    pub(super) unreached: Option<Timestamp>,
    /// Until when it may be right about a link to this node.
    pub(super) doubted: Option<Timestamp>,
}

/// A link that a node dialled.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) host: NodeId,
    pub(super) mark: Mark,
    /// Where the host was the last time.
    pub(super) hint: Slot,
}

impl Known {
    pub(super) fn is_gone(&self) -> bool {
        self.word.state == PresenceState::Gone
    }

    /// Nothing leads to it, whoever may be where.
    pub(super) fn has_left(&self) -> bool {
        let is_cut_off = || self.edges.iter().all(|edge| edge.mark.is_down());
        self.is_gone() || !self.edges.is_empty() && is_cut_off()
    }

    /// Whether it says that it dialled a node, which does not deny it.
    pub(super) fn names(&self, host: &NodeId) -> bool {
        let is_named = |edge: &Edge| edge.host == *host && !edge.mark.is_down();
        self.edges.iter().any(is_named)
    }

    pub(super) fn entry(&self, is_whole: bool) -> PresenceEntry {
        let edges = self.edges.iter().map(|edge| (edge.host.clone(), edge.mark));
        PresenceEntry {
            node: self.node.clone(),
            stamp: self.stamp,
            edges: edges.collect(),
            word: is_whole.then(|| self.word.clone()),
        }
    }

    pub(super) fn judge(
        &mut self,
        now: Timestamp,
        is_reached: bool,
        grace: Duration,
    ) -> Option<Change> {
        if is_reached {
            self.unreached = None;
            let is_asleep = self.is_asleep();
            let shown = self.shown.as_ref();
            if shown.is_some_and(|shown| shown.is_still(&self.word, is_asleep)) {
                return None;
            }
            let member = Member::new(&self.node, &self.word, is_asleep);
            return match self.shown.replace(member.clone()) {
                None => Some(Change::Joined(member)),
                Some(_) => Some(Change::Changed(member)),
            };
        }
        let since = *self.unreached.get_or_insert(now);
        let is_over = self.is_gone() || now >= since + grace;
        self.shown.take_if(|_| is_over)?;
        Some(Change::Left(self.node.clone(), self.departure()))
    }

    pub(super) fn is_forgotten(&self, now: Timestamp) -> bool {
        let is_over = |since: Timestamp| now >= since + FORGET;
        self.shown.is_none() && self.unreached.is_some_and(is_over)
    }

    /// Whether those that it is linked to say so, all of them.
    fn is_asleep(&self) -> bool {
        let mut up = self
            .edges
            .iter()
            .filter(|edge| !edge.mark.is_down())
            .peekable();
        up.peek().is_some() && up.all(|edge| edge.mark.is_asleep())
    }

    pub(super) fn departure(&self) -> Departure {
        if self.is_gone() {
            return Departure::Goodbye;
        }
        let reasons = self.edges.iter().map(|edge| edge.mark.departure());
        // If one link is up still, it was lost with the nodes behind that one.
        let reasons: Option<Vec<_>> = reasons.collect();
        reasons
            .and_then(|reasons| reasons.into_iter().max())
            .unwrap_or_default()
    }

    pub(super) fn hash(&self) -> u64 {
        let mut hash = Fnv::of(self.node.as_bytes());
        hash.add(&self.stamp.boot.to_be_bytes());
        hash.add(&self.stamp.version.to_be_bytes());
        for edge in &self.edges {
            hash.add(&edge.mark.bits().to_be_bytes());
        }
        hash.0
    }
}

pub(super) fn known(entry: PresenceEntry, teller: Option<LinkId>, is_neighbour: bool) -> Known {
    Known {
        node: entry.node,
        stamp: entry.stamp,
        word: entry.word.unwrap_or_default(),
        edges: edges(entry.edges),
        teller,
        is_neighbour,
        shown: None,
        unreached: None,
        doubted: None,
    }
}

pub(super) fn edges(told: Vec<(NodeId, Mark)>) -> Vec<Edge> {
    let edge = |(host, mark)| Edge {
        host,
        mark,
        hint: Slot::MAX,
    };
    told.into_iter().map(edge).collect()
}

/// Takes the later of what is said of each link; whether anything was.
pub(super) fn raise(edges: &mut [Edge], told: &[(NodeId, Mark)]) -> bool {
    let mut is_news = false;
    for edge in edges {
        let mark = told.iter().find(|(host, _)| *host == edge.host);
        if let Some(&(_, mark)) = mark.filter(|(_, mark)| *mark > edge.mark) {
            edge.mark = mark;
            is_news = true;
        }
    }
    is_news
}

pub(super) fn bucket(node: &NodeId, count: usize) -> usize {
    // The lowest bits, as they depend on all of the id.
    Fnv::of(node.as_bytes()).0 as usize & (count - 1)
}

/// FNV-1a: both ends of a link come to the same numbers, and nobody gains by making two equal.
struct Fnv(u64);

impl Fnv {
    fn of(bytes: &[u8]) -> Self {
        let mut hash = Self(0xcbf2_9ce4_8422_2325);
        hash.add(bytes);
        hash
    }

    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Sets of slots that grow together.
pub(super) struct Parts(Vec<Slot>);

impl Parts {
    pub(super) fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut slot: Slot) -> Slot {
        while self.0[slot] != slot {
            self.0[slot] = self.0[self.0[slot]];
            slot = self.0[slot];
        }
        slot
    }

    pub(super) fn join(&mut self, one: Slot, other: Slot) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }

    pub(super) fn are_joined(&mut self, one: Slot, other: Slot) -> bool {
        self.root(one) == self.root(other)
    }
}
