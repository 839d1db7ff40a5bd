//! Several relays, few of them kept: of the addresses that the user gave, the quickest are linked and the others stand by.
//!
//! By default all are linked ([`Config::relays`](super::Config::relays)): a second link costs ids only, and when a relay dies nothing
//! has to be fetched. A tab may be spared that. Then whoever greets first is kept; when it is lost all others are dialled at
//! once, spread over the shortest wait; and now and then those that stand by are tried, as one of them may be better by now.

use core::time::Duration;

use super::Mesh;
use super::error::CloseReason;
use super::targets::{Origin, State, Target, TargetId, full_jitter};
use super::timers::Timer;
use crate::id::LinkId;
use crate::time::Timestamp;

/// A relay takes over from one that is kept if it greets in less than the time of that one divided by this.
const BETTER: u32 = 2;

impl Mesh {
    /// The user's addresses that are linked, with their links.
    fn relays_up(&self) -> impl Iterator<Item = (LinkId, &Target)> {
        let users = |target: &Target| target.origin == Origin::User;
        let is_up = |link| self.links.get(&link).is_some_and(|l| l.greeted().is_some());
        let on = self.targets.on();
        on.filter(move |(link, target)| users(target) && is_up(*link))
    }

    fn has_relays_enough(&self) -> bool {
        self.relays_up().count() >= self.config.relays
    }

    /// Whether an address is to be left alone, as relays enough are linked. Not while somebody waits for it, or it is tried.
    pub(super) fn stands_by(&self, target: &Target) -> bool {
        let may =
            target.origin == Origin::User && target.tickets.is_empty() && !target.is_tried_out;
        may && self.has_relays_enough()
    }

    /// A user's address is linked: it, or the slowest of those before it, is one too many.
    pub(super) fn weigh_relays(&mut self, now: Timestamp, id: TargetId, link: LinkId) {
        let Some(target) = self.targets.target_mut(id) else {
            return;
        };
        let took = target.dialled_at.map_or(Duration::MAX, |at| now.since(at));
        target.greets_in = took;
        target.is_tried_out = false;
        if target.origin != Origin::User || self.relays_up().count() <= self.config.relays {
            return self.try_relays_later(now);
        }
        let others = self.relays_up().filter(|(other, _)| *other != link);
        let slowest = others.max_by_key(|(_, target)| target.greets_in);
        let spare = match slowest {
            Some((other, target)) if took < target.greets_in / BETTER => other,
            _ => link,
        };
        self.close_link(now, spare, CloseReason::Standby);
        self.try_relays_later(now);
    }

    /// A link is lost: those that stand by are dialled, if there are relays too few now.
    pub(super) fn call_standbys(&mut self, now: Timestamp) {
        let is_limited = self.config.relays < usize::MAX;
        if !is_limited || self.closing.is_some() || self.has_relays_enough() {
            return;
        }
        let hurries = now < self.surroundings.hurries_until;
        for id in self.standbys() {
            let shortest = if hurries {
                Duration::ZERO
            } else {
                self.config.redial.0
            };
            let wait = full_jitter((shortest, shortest), 0, &mut self.rng);
            self.targets.set_state(id, State::Waiting);
            self.timers.set(Timer::Redial(id), now + wait);
        }
    }

    fn standbys(&self) -> Vec<TargetId> {
        let stands_by =
            |target: &Target| target.origin == Origin::User && target.state() == State::Idle;
        let all = self.targets.iter();
        all.filter(|(_, target)| stands_by(target))
            .map(|(id, _)| id)
            .collect()
    }

    fn try_relays_later(&mut self, now: Timestamp) {
        if self.config.relays < usize::MAX {
            let half = self.config.relays_tried / 2;
            let wait = half + full_jitter((half, half), 0, &mut self.rng);
            self.timers.set_if_unset(Timer::Relays, now + wait);
        }
    }

    /// Tries those that stand by: how soon do they greet now?
    pub(super) fn try_relays(&mut self, now: Timestamp) {
        if !self.has_relays_enough() {
            return;
        }
        for id in self.standbys() {
            if let Some(target) = self.targets.target_mut(id) {
                target.is_tried_out = true;
            }
            self.dial(now, id);
        }
        self.try_relays_later(now);
    }
}
