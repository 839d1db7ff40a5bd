//! Peers that sleep: tabs that the browser froze. They can be told from dead ones, are not fed, and catch up when they wake.
//!
//! A page that knows says so (*sleep*, 0x4b). One that does not know is found out: its WebSocket answers for it while it does
//! not. Whoever speaks is awake. A link to a sleeper is kept for [`Config::asleep_cut`](super::Config::asleep_cut), or until the
//! sleeper comes back by another one and nobody answers for it on the first.

use super::Mesh;
use super::error::CloseReason;
use super::event::Output;
use super::link::{Greeted, Link};
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::Signal;

impl Mesh {
    /// The far end's transport has answered for it.
    pub(super) fn link_alive(&mut self, now: Timestamp, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.alive = Some(now);
            if let Some(challenger) = &mut link.challenger {
                challenger.is_answered_for = true;
            }
        }
    }

    /// Whether a peer that is silent may be asleep: one that dialled this node over a WebSocket, as tabs do.
    pub(super) fn may_sleep(&self, id: LinkId) -> bool {
        self.links.get(&id).is_some_and(|link| link.may_sleep(id))
    }

    /// Whether a peer sleeps: it said so, or its transport alone answers for it.
    pub fn sleeps(&self, peer: &NodeId) -> bool {
        self.table
            .link(peer)
            .is_some_and(|link| self.is_asleep(link))
    }

    pub(super) fn is_asleep(&self, id: LinkId) -> bool {
        let link = self.links.get(&id);
        link.is_some_and(|link| link.asleep.is_some())
    }

    /// A peer that should have answered by now: whether its machine has, so that it only sleeps, or will be taken to.
    pub(super) fn is_dozing(&mut self, now: Timestamp, id: LinkId) -> bool {
        let Some(link) = self.links.get(&id) else {
            return false;
        };
        if link.alive.is_none() {
            return false;
        }
        let asleep_at = link.heard + self.config.asleep_after;
        if now >= asleep_at {
            self.link_sleeps(now, id, true);
        } else {
            self.outputs.push_back(Output::Ping { link: id });
            let at = asleep_at.min(now + self.config.heartbeat);
            self.timers.set(Timer::Heartbeat(id), at);
        }
        true
    }

    /// A peer says that it will sleep. Only one that could say so in its greeting is believed.
    pub(super) fn peer_falls_asleep(&mut self, now: Timestamp, id: LinkId) {
        let peer = self.links.get(&id).and_then(Link::greeted);
        if peer.is_some_and(|peer| peer.sleeps) {
            self.link_sleeps(now, id, true);
        }
    }

    /// The peer of a link fell asleep, or woke.
    pub(super) fn link_sleeps(&mut self, now: Timestamp, id: LinkId, is_asleep: bool) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let Some(node) = link.greeted().map(|greeted| greeted.node.clone()) else {
            return;
        };
        if link.asleep.is_some() == is_asleep {
            return;
        }
        if is_asleep {
            link.asleep = Some(now);
            link.asked = None;
            self.stop_feeding(now, id);
            self.look_after_sleeper(now, id);
        } else {
            link.asleep = None;
            self.timers.stop(Timer::Heartbeat(id));
            self.begin_heartbeat(now, id);
            // It names and fetches what was said meanwhile; then comes what waited for it alone.
            self.name_anew(now, id);
            self.flush(now, id);
        }
        self.set_asleep(now, &node, is_asleep);
    }

    /// What goes to all is told anew when the peer wakes.
    fn stop_feeding(&mut self, now: Timestamp, id: LinkId) {
        self.end_catch_up(now, id);
        self.timers.stop(Timer::Announce(id));
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.announcing.clear();
        link.owed.clear();
        let dropped = link.outbox.drop_relayed();
        self.stats.dropped_slow += dropped as u64;
    }

    /// A sleeper is cut after its time, or when its machine answers no more that did before.
    pub(super) fn look_after_sleeper(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let cut_at = link.heard + self.config.asleep_cut;
        let silence = self.config.silence;
        if now >= cut_at {
            return self.close_link(now, id, CloseReason::AsleepTooLong);
        }
        if link.alive.is_some_and(|alive| now.since(alive) >= silence) {
            return self.close_link(now, id, CloseReason::Silent);
        }
        self.outputs.push_back(Output::Ping { link: id });
        let at = cut_at.min(now + self.config.heartbeat);
        self.timers.set(Timer::Heartbeat(id), at);
    }

    /// A sleeper is back by a newer link: the older one is of no use, and what waited for it goes over the newer.
    pub(super) fn replace_sleeper(&mut self, now: Timestamp, older: LinkId, newer: LinkId) {
        let waiting = self
            .links
            .get_mut(&older)
            .map(|link| link.outbox.take_waiting())
            .unwrap_or_default();
        self.close_link(now, older, CloseReason::Replaced);
        let node = self.links.get(&newer).and_then(Link::node).cloned();
        if let Some(node) = node {
            self.set_asleep(now, &node, false);
        }
        for parcel in waiting {
            if parcel.class.waits_for_sleepers() {
                self.post_counted(now, newer, parcel);
            }
        }
    }

    /// This node is about to be stopped: its peers are told, and give it later what it misses from here on.
    pub(super) fn fall_asleep(&mut self, now: Timestamp) {
        let is_told = |peer: &Greeted| peer.sleeps;
        let told: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.lent.is_none() && link.greeted().is_some_and(is_told))
            .map(|(&id, _)| id)
            .collect();
        if !told.is_empty() {
            self.left.get_or_insert(now);
        }
        for id in told {
            self.send_signal(now, id, &Signal::Sleep);
        }
    }

    /// This node runs again. Was it away for so long that its peers took it for asleep?
    pub(super) fn note_sleep(&mut self, now: Timestamp) {
        let silence = self.config.silence;
        let links = self.links.values().filter(|link| link.greeted().is_some());
        // What waited while this node was stopped may have been read already.
        let Some(heard) = links.map(|link| link.whole_until(now, silence)).max() else {
            return;
        };
        if now.since(heard) >= self.config.asleep_after {
            self.left.get_or_insert(heard);
        }
        if self.left.is_some() {
            self.note_reunion(now);
        }
    }
}
