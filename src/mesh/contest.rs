//! Two links to one peer: which one stays.
//!
//! Only one of the two nodes decides, the one with the numerically greater id, so they can never each close the other's
//! choice. It asks over the older link; if that answers in time the newer goes, else the older. A claim to an id
//! therefore never displaces a link that lives, though its peer sleeps, or reads too slowly to have been asked yet: whoever
//! greets only says who it is. Until then both carry what is sent, and the receiver drops duplicates.

use core::cmp::Ordering;
use core::time::Duration;

use super::Mesh;
use super::error::CloseReason;
use super::event::Output;
use super::link::{Greeted, Link};
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;

/// How much longer than the deciding node the other waits before it decides itself.
const GRACE: Duration = Duration::from_millis(500);

/// How long after its greeting a link may still give way to another one to the same peer: longer than a contest takes.
const SETTLING: Duration = Duration::from_secs(10);

/// Whether it may yet turn out that the peer has another link.
pub(super) fn is_settling(now: Timestamp, greeted: &Greeted) -> bool {
    now.since(greeted.since) < SETTLING
}

/// A newer link to the peer of a link, which goes if that one shows that it lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Challenger {
    newer: LinkId,
    /// When the older link was asked.
    asked: Timestamp,
    /// Something was sent to it shortly before, which it may have to read first. Both links serve meanwhile, so there is time.
    is_behind: bool,
    /// Since then the transport of the older link's peer has answered for it.
    pub(super) is_answered_for: bool,
}

/// What the older of two links is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Older {
    Lives,
    /// It says other things, or has not read so far as it was asked.
    Undecided,
    Dead,
}

impl Mesh {
    /// One of two links to a peer ended. What was under way on it may be lost, so it is said again over the other, unless the
    /// peer asks for what it missed: what it knows, it drops.
    pub(super) fn repeat_over_other(&mut self, now: Timestamp, ended: &Greeted) {
        let other = self
            .table
            .link(&ended.node)
            .filter(|_| is_settling(now, ended));
        let Some(other) = other else { return };
        let greeted = self.links.get(&other).and_then(Link::greeted);
        let asks_for_nothing = |peer: &&Greeted| peer.capable && !peer.remembers;
        let Some(greeted) = greeted.filter(asks_for_nothing) else {
            return;
        };
        // Since the other was greeted, all went over both.
        let when = ended.since..greeted.since;
        self.repeat(now, other, &ended.node, when);
    }

    pub(super) fn contest_begun(
        &mut self,
        now: Timestamp,
        node: &NodeId,
        older: LinkId,
        newer: LinkId,
    ) {
        let is_legacy = self
            .links
            .get(&newer)
            .and_then(|link| link.greeted())
            .is_some_and(|greeted| !greeted.capable);
        match self.identity.node.numeric_cmp(node) {
            Ordering::Greater => self.challenge(now, older, newer),
            // Who sleeps decides nothing.
            _ if self.is_asleep(older) => self.challenge(now, older, newer),
            // Neither relative asks.
            _ if is_legacy => self.challenge(now, older, newer),
            // The other decides; if it does not, it may know less than this node.
            Ordering::Less | Ordering::Equal => {
                self.timers
                    .set(Timer::Contest(newer), now + self.config.contest + GRACE);
            }
        }
    }

    /// Whether a node has two links: both shown to it, or one held.
    pub(super) fn is_contested(&self, node: &NodeId) -> bool {
        let older = self.table.link(node).and_then(|id| self.links.get(&id));
        let challenger = older.and_then(|link| link.challenger);
        self.table.is_contested(node)
            || challenger.is_some_and(|c| self.links.contains_key(&c.newer))
    }

    pub(super) fn challenge(&mut self, now: Timestamp, older: LinkId, newer: LinkId) {
        let patience = self.config.stall_timeout;
        if let Some(link) = self.links.get_mut(&older) {
            let capable = link.greeted().is_some_and(|greeted| greeted.capable);
            link.challenger = Some(Challenger {
                newer,
                asked: now,
                is_behind: capable && now.since(link.spoken) < patience,
                is_answered_for: false,
            });
        }
        self.timers
            .set(Timer::Contest(newer), now + self.config.contest);
        self.probe(now, older);
        // A page that is frozen does not answer, while its browser does.
        if self.may_sleep(older) {
            self.outputs.push_back(Output::Ping { link: older });
        }
    }

    /// What is known of the older link when its time to answer is over.
    fn weigh_older(&self, now: Timestamp, older: LinkId) -> Older {
        let link = self.links.get(&older);
        let Some((link, challenger)) = link.and_then(|link| Some((link, link.challenger?))) else {
            return Older::Dead;
        };
        let asked = challenger.asked;
        // It may have said that before it died; but nothing is on its way for as long as a slow reader is borne.
        let is_heard = now.since(link.heard) < self.config.contest / 2;
        let is_behind = challenger.is_behind || !link.outbox.is_empty();
        // Its answer may also wait behind what it has brought besides, which is read slowly.
        let is_unread = link.asleep.is_none() && is_behind || link.meter.is_told;
        let is_late = now.since(asked) >= self.config.stall_timeout;
        match is_late {
            _ if challenger.is_answered_for && self.may_sleep(older) => Older::Lives,
            false if is_heard || is_unread => Older::Undecided,
            true if is_heard => Older::Lives,
            _ => Older::Dead,
        }
    }

    /// The older link lives: the newer is one too many.
    pub(super) fn contest_answered(&mut self, now: Timestamp, older: LinkId, asked: Option<u64>) {
        let Some(link) = self.links.get_mut(&older) else {
            return;
        };
        let capable = link.greeted().is_some_and(|greeted| greeted.capable);
        let answered = |challenger: &mut Challenger| match asked {
            Some(asked) => asked >= challenger.asked.as_micros(),
            None => !capable,
        };
        if let Some(Challenger { newer, .. }) = link.challenger.take_if(answered) {
            self.contest_won(now, older, newer);
        }
    }

    fn contest_won(&mut self, now: Timestamp, older: LinkId, newer: LinkId) {
        if self.close_held_rival(now, newer) {
            return;
        }
        let contest = self
            .links
            .get(&older)
            .and_then(|link| link.node())
            .and_then(|node| self.table.contest(node));
        if contest == Some((older, newer)) {
            self.close_link(now, newer, CloseReason::Duplicate);
        }
    }

    pub(super) fn contest_expired(&mut self, now: Timestamp, newer: LinkId) {
        let held_for = self
            .held_rival(newer)
            .and_then(|node| self.table.link(node));
        if let Some(older) = held_for {
            return self.end_contest(now, older, newer);
        }
        if self.replace_by_held(now, newer) {
            return;
        }
        let Some(node) = self.links.get(&newer).and_then(|link| link.node()) else {
            return;
        };
        let Some((older, rival)) = self.table.contest(node) else {
            return;
        };
        if rival != newer {
            return;
        }
        let challenged = self
            .links
            .get(&older)
            .is_some_and(|link| link.challenger.is_some_and(|c| c.newer == newer));
        if challenged {
            self.end_contest(now, older, newer);
        } else {
            self.challenge(now, older, newer);
        }
    }

    /// The older link was asked, and its time is over.
    fn end_contest(&mut self, now: Timestamp, older: LinkId, newer: LinkId) {
        match self.weigh_older(now, older) {
            Older::Lives => {
                if let Some(link) = self.links.get_mut(&older) {
                    link.challenger = None;
                }
                self.contest_won(now, older, newer);
            }
            Older::Undecided => {
                let again = now + self.config.contest;
                self.timers.set(Timer::Contest(newer), again);
            }
            Older::Dead if self.replace_by_held(now, newer) => {}
            Older::Dead if self.is_asleep(older) => self.replace_sleeper(now, older, newer),
            Older::Dead => self.close_link(now, older, CloseReason::Replaced),
        }
    }
}
