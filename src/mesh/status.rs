//! Whether the node is connected: one state, made of what is known already, and told whenever it changes.
//!
//! | from | to | when |
//! | --- | --- | --- |
//! | connecting | joined | the first peer has greeted |
//! | connecting | offline | the network is said to be off, or the page is left |
//! | joined | degraded: silence | no link was heard for [`Config::doubt`](super::Config::doubt) |
//! | joined | degraded: network off | [`Environment::Offline`](super::Environment::Offline) |
//! | degraded: silence | joined | a peer is heard |
//! | degraded: network off | degraded: silence | [`Environment::Online`](super::Environment::Online): the links are asked |
//! | joined, degraded | offline | the last link is lost |
//! | offline | offline | the next attempt is another one |
//! | offline | connecting | the network came, and there never was a peer |
//! | offline | degraded: catching up | a peer has greeted that holds what was missed |
//! | degraded: catching up | joined | what was missed is here, or cannot be had |
//! | any | closed | the user closes the node |
//!
//! It decides nothing else, and costs nothing while messages flow.

use core::time::Duration;

use super::event::Event;
use super::link::{Greeted, Link};
use super::timers::Timer;
use super::{Closing, Mesh};
use crate::time::Timestamp;

/// A deadline that moves on with what is heard is set anew no more often than this.
const STEP: Duration = Duration::from_secs(1);

/// A peer that gives what was missed by drops is not waited for any longer than this.
const LONGEST_REUNION: Duration = Duration::from_secs(30);

/// Whether a node is in the mesh.
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
    /// It has no peer: it had one, or it cannot dial now.
    Offline {
        /// When it dials next; `None` if a dial is under way or none is planned.
        next_attempt: Option<Timestamp>,
    },
    /// It takes nothing more.
    Closed {
        /// Why.
        reason: EndReason,
    },
}

/// Why a node with peers may not be in the mesh as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Doubt {
    /// No peer was heard for [`Config::doubt`](super::Config::doubt), or none since the network came back.
    Silence,
    /// The network is said to be off.
    NetworkOff,
    /// The mesh was lost and found again, and what was said meanwhile is not all here.
    CatchingUp,
}

/// Why a node has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// Its user closed it.
    Asked,
    /// Nothing runs it any more: its future was dropped.
    Dropped,
}

impl Status {
    /// Whether all is well: a peer shows life, and nothing is being caught up.
    pub const fn is_joined(self) -> bool {
        matches!(self, Self::Joined)
    }

    /// Whether there is a peer to send to that was heard of late: joined, or degraded for another reason than silence.
    pub const fn has_peer(self) -> bool {
        matches!(
            self,
            Self::Joined
                | Self::Degraded {
                    why: Doubt::NetworkOff | Doubt::CatchingUp
                }
        )
    }

    /// Every word of [`Status::as_str`].
    pub(crate) const WORDS: [&'static str; 5] =
        ["connecting", "joined", "degraded", "offline", "closed"];

    /// The state in one word.
    pub const fn as_str(self) -> &'static str {
        let [connecting, joined, degraded, offline, closed] = Self::WORDS;
        match self {
            Self::Connecting => connecting,
            Self::Joined => joined,
            Self::Degraded { .. } => degraded,
            Self::Offline { .. } => offline,
            Self::Closed { .. } => closed,
        }
    }
}

impl Doubt {
    /// The reason in one word, or two.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::NetworkOff => "network-off",
            Self::CatchingUp => "catching-up",
        }
    }
}

impl EndReason {
    /// The reason in one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Dropped => "dropped",
        }
    }
}

/// What was told, and what the next telling depends on.
#[derive(Debug, Default)]
pub(super) struct Condition {
    told: Status,
    told_at: Timestamp,
    /// Something happened that may have changed it.
    pub(super) is_stale: bool,
    /// A link was lost since it was last reckoned when to doubt.
    pub(super) has_lost: bool,
    was_joined: bool,
    /// Links count as silent that were not heard after this: the network was gone before.
    pub(super) proof_after: Option<Timestamp>,
    /// When a peer was found again after the last was lost, until what was missed is here.
    reunited: Option<Timestamp>,
    doubt_at: Timestamp,
}

impl Mesh {
    /// Whether the node is in the mesh, as [`Event::Status`] told it last.
    pub fn status(&self) -> Status {
        self.condition.told
    }

    /// Since when it is so.
    pub fn status_since(&self) -> Timestamp {
        self.condition.told_at
    }

    /// The node has its first peer, for the first time or again.
    pub(super) fn note_joined(&mut self, now: Timestamp) {
        self.condition.is_stale = true;
        if core::mem::replace(&mut self.condition.was_joined, true) {
            self.note_reunion(now);
        }
    }

    /// A peer is back that may tell what was missed.
    pub(super) fn note_reunion(&mut self, now: Timestamp) {
        self.condition.reunited = Some(now);
        self.condition.is_stale = true;
    }

    /// A peer was heard: it will be doubted later. Called for every read, so it does next to nothing.
    pub(super) fn put_off_doubt(&mut self, now: Timestamp) {
        let at = now + self.config.doubt;
        if self.condition.told.is_joined() && at.since(self.condition.doubt_at) >= STEP {
            self.doubt_at(at);
        }
    }

    fn doubt_at(&mut self, at: Timestamp) {
        self.condition.doubt_at = at;
        self.timers.set(Timer::Doubt, at);
    }

    /// Tells the status if it is another one. While all is well only what makes it stale does that.
    pub(super) fn review_status(&mut self, now: Timestamp) {
        let is_stale = core::mem::take(&mut self.condition.is_stale);
        if self.condition.told.is_joined() && !is_stale {
            return;
        }
        self.end_reunion(now);
        let status = self.state(now);
        self.time_doubt(now, status);
        if core::mem::replace(&mut self.condition.told, status) != status {
            self.condition.told_at = now;
            self.tell(Event::Status(status));
        }
    }

    fn state(&self, now: Timestamp) -> Status {
        // One that leaves link after link has its peers still.
        if matches!(self.closing, Some(Closing::Draining(_) | Closing::Done)) {
            let reason = EndReason::Asked;
            return Status::Closed { reason };
        }
        if !self.table.is_empty() {
            let doubt = self.doubt(now);
            return doubt.map_or(Status::Joined, |why| Status::Degraded { why });
        }
        let has_left = self.surroundings.has_left;
        if !(self.condition.was_joined || self.offline || has_left) {
            return Status::Connecting;
        }
        let next_attempt = self.next_dial().filter(|_| !has_left);
        Status::Offline { next_attempt }
    }

    fn doubt(&self, now: Timestamp) -> Option<Doubt> {
        if self.offline {
            Some(Doubt::NetworkOff)
        } else if !self
            .peers_heard()
            .any(|(link, _)| self.is_lively(now, link))
        {
            Some(Doubt::Silence)
        } else {
            self.condition.reunited.map(|_| Doubt::CatchingUp)
        }
    }

    fn peers_heard(&self) -> impl Iterator<Item = (&Link, &Greeted)> {
        let own = self.links.values().filter(|link| link.lent.is_none());
        own.filter_map(|link| Some((link, link.greeted()?)))
    }

    fn is_lively(&self, now: Timestamp, link: &Link) -> bool {
        let proof = self.condition.proof_after;
        now.since(link.heard) < self.config.doubt && proof.is_none_or(|after| link.heard > after)
    }

    /// What was missed is here, or nobody gives it.
    fn end_reunion(&mut self, now: Timestamp) {
        let Some(since) = self.condition.reunited else {
            return;
        };
        let is_awaited = self.left.is_some()
            && now.since(since) < self.config.catch_up_timeout
            && self.peers_heard().any(|(_, peer)| peer.remembers);
        let is_coming = !self.catch_ups.is_empty() && now.since(since) < LONGEST_REUNION;
        if self.table.is_empty() || !(is_awaited || is_coming) {
            self.condition.reunited = None;
        }
    }

    fn time_doubt(&mut self, now: Timestamp, status: Status) {
        match status {
            Status::Joined => {
                // Who says something puts it off, and only a link that is lost brings it nearer.
                let is_timed = self.timers.at(Timer::Doubt).is_some();
                let has_lost = core::mem::take(&mut self.condition.has_lost);
                if self.condition.told.is_joined() && is_timed && !has_lost {
                    return;
                }
                let heard = self.peers_heard().map(|(link, _)| link.heard).max();
                self.doubt_at(heard.unwrap_or(now) + self.config.doubt);
            }
            Status::Degraded {
                why: Doubt::CatchingUp,
            } => self.doubt_at(now + self.config.catch_up_timeout),
            _ => self.timers.stop(Timer::Doubt),
        }
    }
}
