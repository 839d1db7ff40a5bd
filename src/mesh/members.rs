//! Who is in the mesh, as far as it was told: what each node said last, what others say of its links, and from that who can
//! be reached.
//!
//! A member is a node to which links lead from here that both their ends hold for up. The table takes what it is told,
//! says what was news, and judges who came and who left; whom to tell it refuses to know.

use core::time::Duration;

use super::known::{FORGET, Known, Parts, Slot, bucket, edges, known, raise};
use super::member::{Change, Member};
use crate::id::{LinkId, NodeId};
use crate::ordered::OrderedMap;
use crate::time::Timestamp;
use crate::wire::{MAX_HASHES, Mark, PresenceEntry, PresenceState, Stamp};

/// A node that says it is linked to this one, which knows of no such link, has so long to be right: what it says may be
/// quicker by another way than its greeting.
const DOUBT: Duration = Duration::from_secs(2);
/// Nodes to a hash of a digest, about: where hashes differ, so many are told.
const BUCKET: usize = 8;

/// News that others have to be told.
#[derive(Debug, Default)]
pub(super) struct News {
    /// What the node says of itself is news too, not only what is said of its links.
    pub(super) is_whole: bool,
    /// The links that told it.
    pub(super) tellers: Vec<LinkId>,
}

/// Whether something was news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    Old,
    News,
}

#[derive(Debug)]
pub(super) struct Members {
    own: NodeId,
    known: Vec<Option<Known>>,
    index: OrderedMap<NodeId, Slot>,
    free: Vec<Slot>,
    capacity: usize,
    /// How many were told by each link.
    told: OrderedMap<LinkId, usize>,
    news: OrderedMap<NodeId, News>,
    /// Members that made room for others, of which the user has not heard.
    ousted: Vec<Change>,
}

impl Members {
    /// Knows at most so many others.
    pub(super) fn new(own: NodeId, capacity: usize) -> Self {
        Self {
            own,
            known: Vec::new(),
            index: OrderedMap::new(),
            free: Vec::new(),
            capacity,
            told: OrderedMap::new(),
            news: OrderedMap::new(),
            ousted: Vec::new(),
        }
    }

    /// How many others are known, those that left included.
    pub(super) fn len(&self) -> usize {
        self.index.len() - usize::from(self.index.contains_key(&self.own))
    }

    /// How many others are known at most.
    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// The members, in the order of their ids.
    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        let slots = self.index.values();
        slots.filter_map(|&slot| self.at(slot)?.shown.as_ref())
    }

    /// When a node said last what it is.
    pub(super) fn stamp(&self, node: &NodeId) -> Option<Stamp> {
        Some(self.get(node)?.stamp)
    }

    /// What is known of a node.
    pub(super) fn entry(&self, node: &NodeId, is_whole: bool) -> Option<PresenceEntry> {
        Some(self.get(node)?.entry(is_whole))
    }

    /// Whether this node has said that it dialled `host`.
    pub(super) fn names_own(&self, host: &NodeId) -> bool {
        let own = self.get(&self.own);
        own.is_some_and(|own| own.edges.iter().any(|edge| edge.host == *host))
    }

    fn at(&self, slot: Slot) -> Option<&Known> {
        self.known.get(slot)?.as_ref()
    }

    fn get(&self, node: &NodeId) -> Option<&Known> {
        self.at(*self.index.get(node)?)
    }

    fn get_mut(&mut self, node: &NodeId) -> Option<&mut Known> {
        let slot = *self.index.get(node)?;
        self.known.get_mut(slot)?.as_mut()
    }

    fn all(&self) -> impl Iterator<Item = &Known> {
        self.index.values().filter_map(|&slot| self.at(slot))
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Known> {
        self.known.iter_mut().flatten()
    }

    /// Puts what this node says of itself in place of what it said before.
    pub(super) fn put_own(&mut self, entry: PresenceEntry) {
        let own = self.own.clone();
        if let Some(known) = self.get_mut(&own) {
            known.stamp = entry.stamp;
            known.word = entry.word.unwrap_or_default();
            known.edges = edges(entry.edges);
        } else {
            self.insert(known(entry, None, false));
        }
        self.note(&own, true, None);
    }

    /// Takes what `teller`, the link of a node, was told by it.
    pub(super) fn merge(
        &mut self,
        now: Timestamp,
        teller: LinkId,
        peer: &NodeId,
        entry: PresenceEntry,
    ) -> Merged {
        let is_neighbours = entry.node == *peer;
        let Some(known) = self.get_mut(&entry.node) else {
            return self.meet(now, teller, is_neighbours, entry);
        };
        known.is_neighbour |= is_neighbours;
        let node = entry.node.clone();
        let is_orphan = known.teller.is_none() && node != self.own;
        let merged = self.update(now, teller, entry);
        if is_orphan {
            self.adopt(&node, teller);
        }
        merged
    }

    fn update(&mut self, now: Timestamp, teller: LinkId, entry: PresenceEntry) -> Merged {
        let own = self.own.clone();
        let Some(known) = self.get_mut(&entry.node) else {
            return Merged::Old;
        };
        if entry.stamp < known.stamp {
            return Merged::Old;
        }
        if entry.stamp == known.stamp {
            let is_news = raise(&mut known.edges, &entry.edges);
            if is_news {
                self.note(&entry.node, false, Some(teller));
            } else if let Some(news) = self.news.get_mut(&entry.node) {
                // It need not be told what it tells.
                if !news.tellers.contains(&teller) {
                    news.tellers.push(teller);
                }
            }
            return if is_news { Merged::News } else { Merged::Old };
        }
        // What was said of its links is of another moment than what is known of it.
        let Some(word) = entry.word else {
            return Merged::Old;
        };
        known.stamp = entry.stamp;
        known.word = word;
        known.edges = edges(entry.edges);
        known.doubted = known.names(&own).then_some(now + DOUBT);
        self.note(&entry.node, true, Some(teller));
        Merged::News
    }

    /// Takes what it is told of a node that it does not know.
    fn meet(
        &mut self,
        now: Timestamp,
        teller: LinkId,
        is_neighbour: bool,
        entry: PresenceEntry,
    ) -> Merged {
        // Of one that left and was never known there is nothing to remember.
        let is_there = entry
            .word
            .as_ref()
            .is_some_and(|word| word.state != PresenceState::Gone);
        let has_links =
            is_neighbour || entry.edges.is_empty() || entry.edges.iter().any(|e| !e.1.is_down());
        if !(is_there && has_links && self.make_room(teller, is_neighbour)) {
            return Merged::Old;
        }
        let node = entry.node.clone();
        let mut known = known(entry, Some(teller), is_neighbour);
        known.doubted = known.names(&self.own).then_some(now + DOUBT);
        self.insert(known);
        *self.told.or_default(teller) += 1;
        self.note(&node, true, Some(teller));
        Merged::News
    }

    fn insert(&mut self, known: Known) {
        let slot = self.free.pop().unwrap_or(self.known.len());
        self.index.insert(known.node.clone(), slot);
        if slot == self.known.len() {
            self.known.push(Some(known));
        } else {
            self.known[slot] = Some(known);
        }
    }

    fn remove(&mut self, node: &NodeId) -> Option<Known> {
        let slot = self.index.remove(node)?;
        let known = self.known.get_mut(slot)?.take()?;
        self.free.push(slot);
        self.news.remove(node);
        if let Some(teller) = known.teller {
            self.untell(teller);
        }
        Some(known)
    }

    fn untell(&mut self, teller: LinkId) {
        if let Some(count) = self.told.get_mut(&teller) {
            *count -= 1;
            if *count == 0 {
                self.told.remove(&teller);
            }
        }
    }

    fn adopt(&mut self, node: &NodeId, teller: LinkId) {
        if let Some(known) = self.get_mut(node) {
            known.teller = Some(teller);
            *self.told.or_default(teller) += 1;
        }
    }

    /// Makes room for one more that `teller` tells. In a full table those make room that left; then one of those that were told
    /// by the link that told most: for a neighbour, so that a liar drives out its own lies only, and for whom a link told that
    /// told less than half as many, so that neither a liar nor an honest neighbour has the whole table.
    fn make_room(&mut self, teller: LinkId, is_neighbour: bool) -> bool {
        if self.len() < self.capacity {
            return true;
        }
        let victim = self
            .one_that_left()
            .or_else(|| self.one_too_many(teller, is_neighbour));
        victim.is_some_and(|node| self.oust(&node))
    }

    fn oust(&mut self, node: &NodeId) -> bool {
        let Some(known) = self.remove(node) else {
            return false;
        };
        if known.shown.is_some() {
            let left = Change::Left(known.node.clone(), known.departure());
            self.ousted.push(left);
        }
        true
    }

    fn one_that_left(&self) -> Option<NodeId> {
        let left = self.all().filter(|known| known.shown.is_none());
        let left = left.filter_map(|known| Some((known.unreached?, known)));
        left.min_by_key(|(since, _)| *since)
            .map(|(_, known)| known.node.clone())
    }

    fn one_too_many(&self, teller: LinkId, is_neighbour: bool) -> Option<NodeId> {
        let (&most, &count) = self.told.iter().max_by_key(|(_, count)| **count)?;
        let own = self.told.get(&teller).copied().unwrap_or_default();
        let is_greedy = is_neighbour || own + 1 < count / 2;
        let victims = || {
            self.all()
                .filter(|known| known.teller == Some(most) && !known.is_neighbour)
        };
        (is_greedy && most != teller)
            .then(|| victims().last())
            .flatten()
            .map(|k| k.node.clone())
    }

    /// A link is gone, over which a node may have spoken for itself.
    pub(super) fn forget_link(&mut self, link: LinkId) {
        self.told.remove(&link);
        for known in self.all_mut().filter(|known| known.teller == Some(link)) {
            known.teller = None;
            known.is_neighbour = false;
        }
        for news in self.news.values_mut() {
            news.tellers.retain(|teller| *teller != link);
        }
    }

    /// Sets what this node says of the link by which `node` dialled it; true if that is news.
    pub(super) fn mark_own(&mut self, node: &NodeId, turn: impl FnOnce(Mark) -> Mark) -> bool {
        let own = self.own.clone();
        let Some(known) = self.get_mut(node) else {
            return false;
        };
        let Some(edge) = known.edges.iter_mut().find(|edge| edge.host == own) else {
            return false;
        };
        let mark = turn(edge.mark).max(edge.mark);
        let is_news = mark > edge.mark;
        edge.mark = mark;
        if is_news {
            self.note(node, false, None);
        }
        is_news
    }

    /// Others have to be told of a node.
    fn note(&mut self, node: &NodeId, is_whole: bool, teller: Option<LinkId>) {
        let news = self.news.or_default(node.clone());
        news.is_whole |= is_whole;
        // What others told of it is old now.
        news.tellers.clear();
        news.tellers.extend(teller);
    }

    /// Takes what others have to be told.
    pub(super) fn take_news(&mut self) -> Vec<(PresenceEntry, Vec<LinkId>)> {
        let news = core::mem::take(&mut self.news);
        let entry = |(node, news): (NodeId, News)| {
            let known = self.get(&node)?;
            Some((known.entry(news.is_whole), news.tellers))
        };
        news.into_iter().filter_map(entry).collect()
    }

    /// Nodes that say they are linked to this one and should have been by now.
    pub(super) fn doubted(&self, now: Timestamp) -> Vec<NodeId> {
        let is_due = |known: &&Known| known.doubted.is_some_and(|until| until <= now);
        self.all()
            .filter(is_due)
            .map(|known| known.node.clone())
            .collect()
    }

    /// A doubt was settled.
    pub(super) fn trust(&mut self, node: &NodeId) {
        if let Some(known) = self.get_mut(node) {
            known.doubted = None;
        }
    }

    /// Judges who came and who left, `neighbours` being linked to this node. Who cannot be reached any more has `grace` to turn
    /// up again.
    pub(super) fn settle(
        &mut self,
        now: Timestamp,
        neighbours: &[NodeId],
        grace: Duration,
    ) -> Vec<Change> {
        let mut parts = self.parts(neighbours);
        let Some(&own) = self.index.get(&self.own) else {
            return Vec::new();
        };
        let (mut changes, mut forgotten) = (core::mem::take(&mut self.ousted), Vec::new());
        for &slot in self.index.values().filter(|slot| **slot != own) {
            let is_reached = parts.are_joined(slot, own);
            let Some(known) = self.known.get_mut(slot).and_then(Option::as_mut) else {
                continue;
            };
            changes.extend(known.judge(now, is_reached, grace));
            if known.is_forgotten(now) {
                forgotten.push(known.node.clone());
            }
        }
        for node in forgotten {
            self.remove(&node);
        }
        changes
    }

    /// Who is connected with whom.
    fn parts(&mut self, neighbours: &[NodeId]) -> Parts {
        let mut parts = Parts::new(self.known.len());
        self.find_hosts();
        for (slot, known) in self.known.iter().enumerate() {
            // Its own links this node knows better than by what it said of them.
            let Some(known) = known.as_ref().filter(|known| known.node != self.own) else {
                continue;
            };
            for edge in known.edges.iter().filter(|edge| !edge.mark.is_down()) {
                let host = self.at(edge.hint).filter(|host| host.node == edge.host);
                let are_there = !known.is_gone() && host.is_some_and(|host| !host.is_gone());
                if are_there {
                    parts.join(slot, edge.hint);
                }
            }
        }
        if let Some(&own) = self.index.get(&self.own) {
            let there = neighbours.iter().filter_map(|node| self.index.get(node));
            let there = there.filter(|slot| self.at(**slot).is_some_and(|known| !known.is_gone()));
            there.for_each(|&slot| parts.join(slot, own));
        }
        parts
    }

    /// Looks up hosts that are not where they were.
    fn find_hosts(&mut self) {
        let Self { known, index, .. } = self;
        for slot in 0..known.len() {
            let count = known[slot].as_ref().map_or(0, |known| known.edges.len());
            for at in 0..count {
                let edge = |known: &[Option<Known>]| {
                    let edge = &known.get(slot)?.as_ref()?.edges[at];
                    let host = known.get(edge.hint).and_then(Option::as_ref);
                    let is_there = host.is_some_and(|host| host.node == edge.host);
                    (!is_there)
                        .then(|| index.get(&edge.host).copied())
                        .flatten()
                };
                if let Some(hint) = edge(known)
                    && let Some(known) = known[slot].as_mut()
                {
                    known.edges[at].hint = hint;
                }
            }
        }
    }

    /// When [`Members::settle`] or [`Members::doubted`] has something to say that nobody told.
    pub(super) fn next_deadline(&self, grace: Duration) -> Option<Timestamp> {
        let deadline = |known: &Known| {
            let wait = if known.shown.is_some() { grace } else { FORGET };
            let judged = known.unreached.map(|since| since + wait);
            judged.into_iter().chain(known.doubted).min()
        };
        self.all().filter_map(deadline).min()
    }

    /// Hashes of all that can be reached; none if that is nobody.
    pub(super) fn digest(&self) -> Vec<u64> {
        let reached = self.all().filter(|known| known.shown.is_some()).count();
        let count = (reached / BUCKET + 1).next_power_of_two();
        if reached == 0 {
            return Vec::new();
        }
        self.hashes(count.min(MAX_HASHES))
    }

    fn hashes(&self, count: usize) -> Vec<u64> {
        let mut hashes = vec![0; count];
        for known in self.all().filter(|known| self.is_told(known)) {
            hashes[bucket(&known.node, count)] ^= known.hash();
        }
        hashes
    }

    /// Whether a new neighbour is told of it: this node, and whom it can reach.
    fn is_told(&self, known: &Known) -> bool {
        !known.is_gone() && (known.shown.is_some() || known.node == self.own)
    }

    /// What a neighbour with this digest does not know, or knows otherwise.
    pub(super) fn beyond(&self, digest: &[u64], neighbour: &NodeId) -> Vec<PresenceEntry> {
        let own = self.hashes(digest.len().max(1));
        let differs = |node: &NodeId| {
            digest.is_empty() || {
                let at = bucket(node, digest.len());
                own[at] != digest[at]
            }
        };
        let all = self.all().filter(|known| known.node != *neighbour);
        // Who left for certain is told of too: it may be there in another part of the mesh.
        let told =
            all.filter(|known| self.is_told(known) || !digest.is_empty() && known.has_left());
        told.filter(|known| differs(&known.node))
            .map(|known| known.entry(true))
            .collect()
    }
}
