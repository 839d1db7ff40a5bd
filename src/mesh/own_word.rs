//! What this node says of itself, and what it answers to what others say of it: an earlier life of its own is told of, a link
//! was lost, or somebody lies.
//!
//! The greatest stamp holds, so nobody may use one that leaves no greater: stamps beyond the wall clock are nobody's. The node
//! outbids what it hears, at once, and more slowly each time that it is outbid again, as by another node with its id.

use core::time::Duration;

use rand_chacha::rand_core::RngCore;

use super::Mesh;
use super::members::Merged;
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::time::{Timestamp, WallSeconds};
use crate::wire::{Mark, Presence, PresenceEntry, PresenceState, Signal, Stamp, Word};

/// Stamps are believed that are so far ahead of the wall clock, in seconds: one that was set wrong for a while keeps its node out
/// for no longer than this.
const AHEAD: u64 = 24 * 3_600;
/// So much do the wall clocks of two nodes differ at most, in seconds: more, and they take no broadcasts of each other.
const SKEW: u64 = 90;
/// The wait before this node outbids what it has outbid already; it doubles from the one to the other.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// After so long without being outbid, the next time is the first.
const CALM: Duration = Duration::from_secs(120);

/// What was said of this node that it has to outbid, and when it does.
#[derive(Debug, Default)]
pub(super) struct Bids {
    heard: Option<Stamp>,
    /// When it outbid last, or does next.
    at: Option<Timestamp>,
    wait: Duration,
}

impl Bids {
    fn hear(&mut self, stamp: Stamp) {
        self.heard = self.heard.max(Some(stamp));
    }

    /// When to outbid what was heard now.
    fn due(&mut self, now: Timestamp) -> Timestamp {
        let due = match self.at {
            Some(at) if at > now => return at,
            Some(at) if now.since(at) < CALM => now + self.wait,
            _ => {
                self.wait = Duration::ZERO;
                now
            }
        };
        self.wait = (self.wait * 2).clamp(WAIT.0, WAIT.1);
        self.at = Some(due);
        due
    }
}

impl Mesh {
    /// Whether a node may have said something of itself under this stamp: a greater one is left for it to say something newer.
    pub(super) fn is_credible(&self, now: Timestamp, stamp: Stamp) -> bool {
        stamp.version <= Stamp::LAST_VERSION
            && stamp.seconds() <= self.wall(now).0.saturating_add(AHEAD)
    }

    /// Takes what is said of this node; true if there is something to be told at once.
    pub(super) fn hear_of_itself(
        &mut self,
        now: Timestamp,
        id: LinkId,
        peer: &NodeId,
        entry: PresenceEntry,
    ) -> bool {
        let own = self.standing.stamp.unwrap_or_default();
        // Others whose clocks are ahead may believe it.
        let is_believed = entry.stamp.version <= Stamp::LAST_VERSION
            && entry.stamp.seconds() <= self.wall(now).0.saturating_add(AHEAD + SKEW);
        if entry.stamp < own || !is_believed {
            return false;
        }
        let is_gone = |word: &Word| word.state == PresenceState::Gone;
        let says_gone = entry.word.as_ref().is_some_and(is_gone) && self.closing.is_none();
        // Its host cannot say any more that it fell asleep or woke up.
        let is_worn = entry.edges.iter().any(|(_, mark)| mark.is_worn());
        if entry.stamp > own || says_gone || is_worn {
            return self.outbid(now, entry.stamp);
        }
        for (host, _) in entry.edges.iter().filter(|(_, mark)| mark.is_down()) {
            self.hear_of_loss(now, host, peer);
        }
        let merged = self.standing.members.merge(now, id, peer, entry);
        merged == Merged::News || self.standing.is_stale
    }

    /// Says something newer than what was heard; true if that is at once.
    fn outbid(&mut self, now: Timestamp, heard: Stamp) -> bool {
        self.standing.bids.hear(heard);
        let due = self.standing.bids.due(now);
        if due > now {
            self.timers.set(Timer::Bid, due);
        } else {
            self.standing.is_stale = true;
        }
        due <= now
    }

    /// `host` is said to have lost its link to this node. If that tells it itself, the link lives; else it is asked.
    fn hear_of_loss(&mut self, now: Timestamp, host: &NodeId, peer: &NodeId) {
        let links = self.links_to(host).into_iter().filter(|id| id.is_dialled());
        for link in links.collect::<Vec<_>>() {
            if host == peer {
                self.standing.is_stale = true;
            } else if self.standing.disputed.insert(link) {
                self.probe(now, link);
            }
        }
    }

    /// Says anew what this node is, if that has changed.
    pub(super) fn renew(&mut self, now: Timestamp) {
        let is_known = self.standing.stamp.is_some() || self.presence_links().next().is_some();
        if !is_known || !core::mem::take(&mut self.standing.is_stale) {
            return;
        }
        let last = self.standing.stamp.max(self.standing.bids.heard.take());
        let stamp = last.map_or_else(|| self.first_stamp(now), Stamp::next);
        self.standing.stamp = Some(stamp);
        let edges = self.hosts().into_iter().map(|host| (host, Mark::UP));
        let entry = PresenceEntry {
            node: self.identity.node.clone(),
            stamp,
            edges: edges.collect(),
            word: Some(self.standing.word.clone()),
        };
        self.standing.members.put_own(entry);
        self.repeat_if_ahead(now, stamp);
    }

    /// Nodes whose clocks are behind may not believe it yet.
    fn repeat_if_ahead(&mut self, now: Timestamp, stamp: Stamp) {
        self.timers.stop(Timer::Bid);
        if stamp.seconds() + SKEW > self.wall(now).0.saturating_add(AHEAD) {
            let due = self.standing.bids.due(now);
            self.timers.set(Timer::Bid, due.max(now + WAIT.0));
        }
    }

    /// What was not believed by a clock that was behind is asked for again.
    pub(super) fn clock_changed(&mut self, now: Timestamp, before: WallSeconds) {
        if self.wall(now).0 <= before.0.saturating_add(SKEW) {
            return;
        }
        let links: Vec<_> = self.presence_links().map(|(id, _)| id).collect();
        for &id in &links {
            let digest = Presence::Digest(self.standing.members.digest());
            self.send_signal(now, id, &Signal::Presence(digest));
        }
        if !links.is_empty() {
            self.say_anew(now);
        }
    }

    /// The wall clock makes a later life under the same id count for more, chance tells two of one second apart. Where
    /// that fails, as with a clock that went back, the node hears of its earlier life and goes on from there.
    fn first_stamp(&mut self, now: Timestamp) -> Stamp {
        let seconds = self.wall(now).0 & u64::from(u32::MAX);
        Stamp {
            boot: seconds << 32 | u64::from(self.rng.next_u32()),
            version: 0,
        }
    }
}
