//! Heartbeats: how a peer that is silent is found out.
//!
//! Who accepted a link keeps its rhythm: it asks when it has heard nothing for a heartbeat, or said nothing. So who dialled
//! hears something in every heartbeat, answers, and needs no timer of its own while it does: a page whose timers come once a
//! minute is a peer like any other. Only where that rhythm fails it asks itself. It judges by timestamps, not by which timer
//! came.

use core::time::Duration;

use super::Mesh;
use super::error::CloseReason;
use super::event::Output;
use super::link::Link;
use super::timers::Timer;
use crate::id::LinkId;
use crate::time::Timestamp;
use crate::wire::Signal;

/// A deadline that moves on with what is heard is set anew no more often than this.
const STEP: Duration = Duration::from_secs(1);

impl Mesh {
    /// When the peer is to be asked whether it lives, if nothing more is heard or said until then.
    fn beat_at(&self, id: LinkId, link: &Link) -> Timestamp {
        let is_rhythm = !id.is_dialled() && is_capable(link);
        // py2p and js2p keep no rhythm, and are not to be asked more often than is needed.
        let since = if is_rhythm {
            link.heard.min(link.spoken)
        } else {
            link.heard
        };
        since + self.beat(id, link)
    }

    fn beat(&self, id: LinkId, link: &Link) -> Duration {
        let (heartbeat, silence) = (self.config.heartbeat, self.config.silence);
        if id.is_dialled() && is_capable(link) {
            // The other end should have asked; a quarter of what is left is for its question to come.
            heartbeat + silence.saturating_sub(heartbeat) / 4
        } else {
            heartbeat
        }
    }

    /// How long a peer has to answer that is asked now.
    fn patience(&self, now: Timestamp, id: LinkId, link: &Link) -> Duration {
        let silence = self.config.silence;
        if self.surroundings.is_hidden && now.since(link.heard) >= silence {
            // Asked late, as the timers of a hidden page come late.
            return self.config.probe_timeout;
        }
        silence.saturating_sub(self.beat(id, link))
    }

    /// The first beat of a link.
    pub(super) fn begin_heartbeat(&mut self, now: Timestamp, id: LinkId) {
        self.timers
            .set(Timer::Heartbeat(id), now + self.config.heartbeat);
    }

    /// Something was heard by a link that this node dialled: its deadline moves on, so that no timer comes while the other end
    /// keeps the rhythm.
    pub(super) fn put_off_heartbeat(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id).filter(|_| id.is_dialled()) else {
            return;
        };
        if link.greeted().is_none() {
            return;
        }
        let at = self.beat_at(id, link);
        let before = self.timers.at(Timer::Heartbeat(id));
        if before.is_none_or(|before| at.since(before) >= STEP) {
            self.timers.set(Timer::Heartbeat(id), at);
        }
    }

    /// Asks a silent peer whether it lives, and cuts one that did not answer.
    pub(super) fn heartbeat_expired(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let beat_at = self.beat_at(id, link);
        match link.asked {
            _ if link.asleep.is_some() => self.look_after_sleeper(now, id),
            Some(asked) => self.unanswered(now, id, asked),
            None if now >= beat_at => self.ask_for_life(now, id),
            None => self.timers.set(Timer::Heartbeat(id), beat_at),
        }
    }

    fn ask_for_life(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let (patience, may_sleep) = (self.patience(now, id, link), self.may_sleep(id));
        if let Some(link) = self.links.get_mut(&id) {
            link.asked = Some((now, now + patience));
            link.fed = 0;
        }
        let look = if may_sleep { patience / 2 } else { patience };
        self.timers.set(Timer::Heartbeat(id), now + look);
        self.probe(now, id);
    }

    /// The peer has not answered: its transport is asked, as a page that sleeps answers by that alone.
    fn unanswered(&mut self, now: Timestamp, id: LinkId, (_, due): (Timestamp, Timestamp)) {
        let is_unread = self.links.get(&id).is_some_and(|link| link.meter.is_told);
        if now >= due && is_unread {
            // It may have answered, behind what it has brought besides.
            return self
                .timers
                .set(Timer::Heartbeat(id), now + self.config.heartbeat);
        }
        if now >= due {
            if self.may_sleep(id) && self.is_dozing(now, id) {
                return;
            }
            return self.close_link(now, id, CloseReason::Silent);
        }
        if self.may_sleep(id) {
            self.outputs.push_back(Output::Ping { link: id });
        }
        self.timers.set(Timer::Heartbeat(id), due);
    }

    /// Makes a peer say something: by a heartbeat, or, where it would not know that, by asking for its peers.
    pub(super) fn probe(&mut self, now: Timestamp, id: LinkId) {
        let Some(greeted) = self.links.get(&id).and_then(|link| link.greeted()) else {
            return;
        };
        let signal = if greeted.capable {
            Signal::Ping(now.as_micros())
        } else {
            Signal::RequestPeers
        };
        self.send_signal(now, id, &signal);
    }

    /// Asks every peer, with a deadline that a link which lives keeps easily. The relatives, whom a lost link costs more, have
    /// the usual one.
    pub(super) fn probe_all(&mut self, now: Timestamp) {
        let ids: Vec<_> = self.links.keys().copied().collect();
        for id in ids {
            if let Some(link) = self.links.get_mut(&id).filter(|link| is_capable(link)) {
                link.probed = Some(now);
                let due = now + self.config.probe_timeout;
                self.timers.set(Timer::Probe(id), due);
            }
            self.probe(now, id);
        }
    }

    /// A link that was asked as the page came back has not answered: it is dead.
    pub(super) fn probe_expired(&mut self, now: Timestamp, id: LinkId) {
        let probed = self.links.get(&id).and_then(|link| link.probed);
        if probed.is_some() {
            self.close_link(now, id, CloseReason::Silent);
        }
    }
}

fn is_capable(link: &Link) -> bool {
    link.greeted().is_some_and(|greeted| greeted.capable)
}
