//! Broadcasts between capable neighbours: payloads along the tree of their source, ids elsewhere, and what is late is asked for.
//!
//! Towards py2p and js2p everything floods. A broadcast never goes back by the link it came on, nor to its sender, nor to
//! who showed to have it.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Mesh;
use super::event::Ticket;
use super::flood::Forms;
use super::history::{Kept, One};
use super::limit::Limit;
use super::link::{Greeted, Link};
use super::outbox::{Class, Parcel};
use super::timers::Timer;
use super::trees::Branch;
use crate::id::{LinkId, MessageId, NodeId};
use crate::ordered::OrderedSet;
use crate::time::Timestamp;
use crate::wire::{Signal, Topic, Trailer};

/// Ids that wait for one link before they are sent without waiting for more.
const ANNOUNCED: usize = 256;
/// Most ids in one question.
const ASKED: usize = 512;

/// A broadcast on its way through this node, or several that go the same ways.
pub(super) struct Passing<'a> {
    /// Of each its id.
    pub(super) ids: Vec<MessageId>,
    pub(super) forms: Forms,
    /// The link by which it came; `None` for this node's own.
    pub(super) from: Option<LinkId>,
    pub(super) topic: Option<&'a Topic>,
    /// The links by which it was announced, or which brought it to where it waits.
    pub(super) knowing: Vec<LinkId>,
}

/// Where a broadcast goes from here.
struct Ways<'a> {
    branch: &'a Branch,
    /// The links that get ids of every source.
    quiet: OrderedSet<LinkId>,
    source: &'a NodeId,
    topic: Option<&'a Topic>,
    /// Who brought it.
    bearer: Option<NodeId>,
    knowing: &'a [LinkId],
}

impl Ways<'_> {
    /// Whether a neighbour may not have it, and wants it.
    fn lead_to(&self, link: LinkId, peer: &Greeted) -> bool {
        peer.wish.matches(self.topic)
            && peer.node != *self.source
            && self.bearer.as_ref() != Some(&peer.node)
            && !self.knowing.contains(&link)
    }

    /// Whether a neighbour is told of it by its id.
    fn are_lazy(&self, link: LinkId, peer: &Greeted) -> bool {
        peer.trees && (self.branch.is_lazy(link) || self.quiet.contains(&link))
    }

    /// The links whose peers may be told of it by its id.
    fn lazy(&self) -> impl Iterator<Item = LinkId> {
        let quiet = self
            .quiet
            .iter()
            .filter(|link| !self.branch.is_lazy(**link));
        self.branch.lazy().iter().chain(quiet).copied()
    }
}

impl Mesh {
    /// Sends a broadcast that is new on; returns how many links took its payload.
    pub(super) fn spread(
        &mut self,
        now: Timestamp,
        passing: Passing<'_>,
        class: Class,
        ticket: Option<Ticket>,
    ) -> usize {
        let (forms, from, topic) = (&passing.forms, passing.from, passing.topic);
        let source = &forms.sender;
        let mut branch = self.trees.take(source);
        match from {
            Some(link) => branch.came_by(link),
            None if self.are_all_lazy(&branch, topic) => {
                branch.flood();
                self.trees.unhush_all();
            }
            None => {}
        }
        let ways = Ways {
            branch: &branch,
            quiet: self.trees.quiet().clone(),
            source,
            topic,
            bearer: self.bearer(from),
            knowing: &passing.knowing,
        };
        let mut took = self.flood(now, forms, class, ticket, |link, peer| {
            ways.lead_to(link, peer) && !ways.are_lazy(link, peer)
        });
        if took == 0 && from.is_none() {
            // Only those that were to be told have room: a copy too many is better than nothing.
            took = self.flood(now, forms, class, ticket, |l, peer| ways.lead_to(l, peer));
        }
        let told = self.announce(now, &passing.ids, &ways);
        self.trees.put(source, branch);
        self.keep(now, passing, told);
        took
    }

    /// The links that have announced a broadcast, which is no promise any more, and those that hold it back.
    pub(super) fn knowing(&mut self, id: &MessageId) -> Vec<LinkId> {
        let mut knowing = self.promises.kept(id);
        knowing.extend(self.catch_ups.holders(id));
        knowing
    }

    /// Keeps what goes on for those who will have missed it. `told` are the links that were told of it by its id.
    fn keep(&mut self, now: Timestamp, passing: Passing<'_>, told: Vec<LinkId>) {
        let Passing {
            ids,
            forms,
            from,
            topic,
            ..
        } = passing;
        let mut kept = Kept::new(now, forms.sender, from, ids, forms.plain);
        kept.topic = topic.cloned();
        kept.is_unheard = from.is_some() && !self.interest.matches(topic);
        if from.is_none() {
            kept.told = told;
        }
        self.history.keep(kept);
    }

    /// The node at the other end of the link by which something came.
    fn bearer(&self, from: Option<LinkId>) -> Option<NodeId> {
        from.and_then(|link| self.links.get(&link))
            .and_then(Link::node)
            .cloned()
    }

    /// Whether every link that wants the payload is to get the id: each has heard of the source by another that is gone.
    fn are_all_lazy(&self, branch: &Branch, topic: Option<&Topic>) -> bool {
        let is_lazy = |id| branch.is_lazy(id) || self.trees.quiet().contains(&id);
        let is_mesh = |link: &Link| link.lent.is_none() && link.asleep.is_none();
        let mesh = self.links.iter().filter(|(_, link)| is_mesh(link));
        let peers = mesh.filter_map(|(&id, link)| Some((id, link.greeted()?)));
        let mut takers = peers
            .filter(|(_, peer)| peer.wish.matches(topic))
            .peekable();
        takers.peek().is_some() && takers.all(|(id, peer)| peer.trees && is_lazy(id))
    }

    /// Notes broadcasts for the neighbours that are told of them by their ids; returns their links.
    fn announce(&mut self, now: Timestamp, ids: &[MessageId], ways: &Ways<'_>) -> Vec<LinkId> {
        let mut told = Vec::new();
        for id in ways.lazy() {
            let Some(link) = self.links.get_mut(&id) else {
                continue;
            };
            let is_told = |peer: &Greeted| ways.lead_to(id, peer) && ways.are_lazy(id, peer);
            let is_awake = link.asleep.is_none();
            if !is_awake || !link.greeted().is_some_and(is_told) {
                continue;
            }
            told.push(id);
            link.announcing.extend_from_slice(ids);
            if link.announcing.len() >= ANNOUNCED {
                self.announce_over(now, id);
            } else {
                let due = now + self.config.announce;
                self.timers.set_if_unset(Timer::Announce(id), due);
            }
        }
        told
    }

    /// Sends a link the ids that wait for it. A peer that reads too slowly for payloads is spared these too.
    pub(super) fn announce_over(&mut self, now: Timestamp, id: LinkId) {
        self.timers.stop(Timer::Announce(id));
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let ids = core::mem::take(&mut link.announcing);
        if ids.is_empty() {
            return;
        }
        self.send_spare(now, id, &Signal::Announce(ids));
    }

    /// Sends what the link can live without.
    pub(super) fn send_spare(&mut self, now: Timestamp, id: LinkId, signal: &Signal) {
        let message = self.sign(now, signal, Trailer::default());
        let frame = message.frame().into_bytes();
        self.post_counted(now, id, Parcel::relayed(frame));
    }

    /// A broadcast came by a link though it was known: unless that is where it comes from, the link is to get ids only.
    pub(super) fn prune_if_redundant(&mut self, now: Timestamp, id: LinkId, message: &MessageId) {
        let peer = self.links.get(&id).and_then(Link::greeted);
        let Some(peer) = peer.filter(|peer| peer.trees) else {
            return;
        };
        let Some(kept) = self.history.find(message) else {
            return;
        };
        let Some(branch) = self.trees.get_mut(&kept.sender) else {
            return;
        };
        let parent = branch.parent.and_then(|link| self.links.get(&link));
        let parent = parent.and_then(Link::greeted);
        // Two links to one peer: which one stays is not settled.
        if parent.is_some_and(|parent| parent.node == peer.node) {
            return;
        }
        // What is gathered makes the link the source's: then it is none to be pruned.
        if self.gathering.is_of(id, &kept.sender) {
            return;
        }
        match parent {
            // Who narrowed its interest brings a part of what the source says: that is no tree for the rest.
            Some(parent) if parent.wish.is_narrow() && !peer.wish.is_narrow() => {
                let narrow = branch.parent;
                branch.came_by(id);
                let narrow = narrow.filter(|link| branch.is_to_be_pruned(now, *link));
                let source = kept.sender.clone();
                self.let_go(now);
                // It may have had this by way of here, and take the link for one too many.
                self.send_signal(now, id, &Signal::Graft(vec![*message]));
                if let Some(narrow) = narrow {
                    self.send_signal(now, narrow, &Signal::Prune(Some(source)));
                }
            }
            // The flood of the relatives is not to be relied on.
            Some(parent) if !parent.trees => branch.came_by(id),
            None if kept.via.is_some() => branch.came_by(id),
            _ => {
                if branch.is_to_be_pruned(now, id) {
                    let source = kept.sender.clone();
                    self.let_go(now);
                    self.send_signal(now, id, &Signal::Prune(Some(source)));
                }
            }
        }
    }

    /// The peer has the source's messages from elsewhere, or everybody's.
    pub(super) fn handle_prune(&mut self, link: LinkId, source: Option<&NodeId>) {
        let Some(source) = source else {
            return self.trees.hush(link);
        };
        if let Some(branch) = self.trees.get_mut(source) {
            branch.prune(link);
        }
    }

    /// A link may not last: until something is asked for over it, no tree is to lead through it.
    pub(super) fn hush(&mut self, now: Timestamp, link: LinkId) {
        let peer = self.links.get(&link).and_then(Link::greeted);
        if peer.is_some_and(|peer| peer.trees) {
            self.trees.hush(link);
            self.send_signal(now, link, &Signal::Prune(None));
        }
    }

    /// A link that was hushed is one as any other.
    pub(super) fn unhush(&mut self, now: Timestamp, link: LinkId) {
        if self.trees.quiet().contains(&link) {
            self.trees.unhush(link);
            self.send_signal(now, link, &Signal::Graft(Vec::new()));
        }
    }

    /// The peer has these: they come of themselves soon, or are asked for.
    pub(super) fn handle_announce(&mut self, now: Timestamp, link: LinkId, ids: Vec<MessageId>) {
        let due = now + self.config.graft;
        for id in ids.into_iter().filter(|id| !self.seen.contains(id)) {
            // Who was asked for it may not give it.
            let due = if self.catch_ups.is_asked(&id) {
                now + self.config.catch_up_timeout
            } else {
                due
            };
            self.promises.made(id, link, due);
        }
        self.time_promises();
    }

    fn time_promises(&mut self) {
        match self.promises.next() {
            Some(due) => self.timers.set(Timer::Promises, due),
            None => self.timers.stop(Timer::Promises),
        }
    }

    /// Asks for what was promised and is late.
    pub(super) fn promises_expired(&mut self, now: Timestamp) {
        for (link, ids) in self.promises.overdue(now, self.config.graft) {
            for ids in ids.chunks(ASKED) {
                self.stats.grafts += ids.len() as u64;
                self.trees.unhush(link);
                self.send_spare(now, link, &Signal::Graft(ids.to_vec()));
            }
        }
        self.time_promises();
    }

    /// The peer wants these, and what their sources say from now on.
    pub(super) fn handle_graft(&mut self, now: Timestamp, link: LinkId, ids: Vec<MessageId>) {
        self.trees.unhush(link);
        for id in &ids {
            let source = self.history.find(id).map(|one| &one.among().sender);
            if let Some(branch) = source.and_then(|source| self.trees.get_mut(source)) {
                branch.graft(link);
            }
        }
        self.owe(now, link, ids);
        self.owe_unannounced(now, link);
    }

    /// What would only be announced, though its source's next message is sent: that must not overtake it.
    fn owe_unannounced(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let (history, trees) = (&self.history, &mut self.trees);
        let is_lazy = |message: &MessageId| {
            let source = history.find(message).map(|one| &one.among().sender);
            let branch = source.and_then(|source| trees.get_mut(source));
            branch.is_some_and(|branch| branch.is_lazy(id))
        };
        let all = core::mem::take(&mut link.announcing);
        let (announced, owed) = all.into_iter().partition(is_lazy);
        link.announcing = announced;
        self.owe(now, id, owed);
    }

    /// The peer wants these, which go as its link takes them; those that are not here, it is told of.
    pub(super) fn owe(&mut self, now: Timestamp, id: LinkId, ids: Vec<MessageId>) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let (mut here, mut gone): (Vec<_>, Vec<_>) = ids
            .into_iter()
            .partition(|id| self.history.find(id).is_some());
        let room = self.config.owed.saturating_sub(link.owed.len());
        let beyond = here.split_off(room.min(here.len()));
        let without_room = beyond.len() as u64;
        gone.extend(beyond);
        link.owed.extend(here);
        self.stats.struck.count_many(Limit::Owed, without_room);
        if !gone.is_empty() {
            self.send_spare(now, id, &Signal::Gone(gone));
        }
        self.pay(now, id);
    }

    /// Sends a link what it is owed, as far as its transport takes it: what is live has the queue to itself.
    pub(super) fn pay(&mut self, now: Timestamp, id: LinkId) {
        while let Some(frame) = self.next_owed(id) {
            self.post_counted(now, id, Parcel::relayed(frame));
        }
    }

    fn next_owed(&mut self, id: LinkId) -> Option<Bytes> {
        let link = self.links.get_mut(&id)?;
        let node = link.node()?.clone();
        while let Some(first) = link.owed.front() {
            // Gone meanwhile, or the peer's own word: never back by the link it came on.
            let kept = self.history.find(first);
            let kept = kept.filter(|kept| kept.via != Some(id) && kept.sender != node);
            if kept.is_some_and(|kept| !link.outbox.takes(kept.frame_len())) {
                return None;
            }
            let is_fit = kept.is_some();
            let Some(first) = link.owed.pop_front().filter(|_| is_fit) else {
                continue;
            };
            // Once: nobody makes a node say much by asking much.
            let oldest = self.history.first();
            let Some((number, frame)) = self.history.give(&first) else {
                continue;
            };
            if link.given.len() >= self.config.history.1 {
                link.given.retain(|given| *given >= oldest);
            }
            if link.given.insert(number) {
                return Some(frame);
            }
        }
        // Its room is not needed any more.
        link.owed = VecDeque::new();
        None
    }

    /// A link is gone: what was to come by it is asked for elsewhere, at once.
    pub(super) fn forget_branches(&mut self, now: Timestamp, id: LinkId, gone: &Link) {
        let Some(peer) = gone.greeted() else {
            return;
        };
        // By a quiet link nothing was to come.
        let was_quiet = self.trees.quiet().contains(&id);
        if peer.trees && !was_quiet {
            self.say_again(now, id);
        }
        self.trees.forget(id);
        self.promises.forget(id);
        if !was_quiet {
            self.promises.hurry(now);
        }
        self.time_promises();
    }

    /// What this node said last may be lost with a link that carried it. Those who heard the ids only would ask for it too
    /// late: what is said next would overtake it.
    fn say_again(&mut self, now: Timestamp, id: LinkId) {
        let own = self.identity.node.clone();
        let Some(branch) = self.trees.get_mut(&own) else {
            return;
        };
        if branch.is_lazy(id) {
            return;
        }
        branch.flood();
        let asked_for_by_now = self.config.announce + self.config.graft * 2;
        let is_at_risk = |kept: &One<'_>| now.since(kept.at) < asked_for_by_now;
        let recent = self.history.recent(now).filter(is_at_risk);
        let told =
            recent.flat_map(|one| one.among().told.iter().map(move |link| (*link, one.id())));
        let told: Vec<_> = told.collect();
        for (link, message) in told {
            self.owe(now, link, vec![message]);
        }
    }
}
