//! Anchors: the two peers to which dialled links lasted longest.
//!
//! What lasted is likely to last. When such a peer is lost, it is dialled again like the user's own for an hour, though links
//! enough are up, so that a part of the mesh which was cut off is noticed when it comes back. Shells may keep them
//! from one run to the next. The user's own addresses need no anchor and are none.

use core::cmp::Reverse;
use core::time::Duration;

use super::Mesh;
use super::targets::{Anchored, Origin, State, Target, TargetId};
use super::timers::Timer;
use crate::address::Address;
use crate::ordered::OrderedSet;
use crate::time::Timestamp;

/// How many there are.
const ANCHORS: usize = 2;

impl Mesh {
    /// Where the peers are to which links of this node's lasted longest, the user's own addresses aside: those that are
    /// lost and dialled again first, then those whose links are oldest. At most two. To be given to the node's next run
    /// ([`Config::anchors`](super::Config::anchors)).
    pub fn anchors(&self) -> Vec<Address> {
        let ranked: OrderedSet<_> = self
            .targets
            .iter()
            .filter(|(_, target)| target.origin == Origin::Peer)
            .filter_map(|(_, target)| Some((self.anchor_rank(target)?, &target.address)))
            .collect();
        let addresses = ranked.iter().take(ANCHORS);
        addresses.map(|(_, address)| (*address).clone()).collect()
    }

    /// The least is the best anchor; `None` if it is none.
    fn anchor_rank(&self, target: &Target) -> Option<(Timestamp, Reverse<Duration>)> {
        let lost = (Timestamp::ZERO, Reverse(target.lasted));
        match target.anchored {
            Anchored::No => Some((self.linked_since(target)?, Reverse(target.lasted))),
            Anchored::Remembered | Anchored::Until(_) => Some(lost),
        }
    }

    fn linked_since(&self, target: &Target) -> Option<Timestamp> {
        let State::On(link) = target.state() else {
            return None;
        };
        Some(self.links.get(&link)?.greeted()?.since)
    }

    /// Takes the anchors of an earlier run; they are dialled when time begins to pass.
    pub(super) fn remember_anchors(&mut self) {
        for address in self.config.anchors.clone().into_iter().take(ANCHORS) {
            let is_of_use = self.config.dials.contains(&address.scheme()) && !self.is_own(&address);
            if !is_of_use || self.targets.find(&address).is_some() {
                continue;
            }
            let added = self.targets.add(address, Origin::Peer, &mut self.rng);
            if let Some((id, target)) =
                added.and_then(|id| Some((id, self.targets.target_mut(id)?)))
            {
                target.tried = true;
                target.anchored = Anchored::Remembered;
                self.targets.set_state(id, State::Waiting);
                self.timers.set(Timer::Redial(id), Timestamp::ZERO);
            }
        }
    }

    /// A link to a learnt address has ended that this node wanted: is it one of those that lasted longest?
    pub(super) fn anchor_lost(&mut self, now: Timestamp, id: TargetId, since: Timestamp) {
        let Some(target) = self.targets.target_mut(id) else {
            return;
        };
        if target.origin != Origin::Peer {
            return;
        }
        target.lasted = target.lasted.max(now.since(since));
        target.anchored = Anchored::Until(now + self.config.anchor_span);
        self.keep_longest(now);
    }

    /// Of all anchors and links, the two that lasted longest are anchors.
    fn keep_longest(&mut self, now: Timestamp) {
        let lasted = |target: &Target| {
            let linked = self.linked_since(target).map(|since| now.since(since));
            match (linked, target.is_anchored(now)) {
                (Some(linked), _) => Some(linked.max(target.lasted)),
                (None, true) => Some(target.lasted),
                (None, false) => None,
            }
        };
        let ranked: OrderedSet<_> = self
            .targets
            .iter()
            .filter(|(_, target)| target.origin == Origin::Peer)
            .filter_map(|(id, target)| Some((Reverse(lasted(target)?), id)))
            .collect();
        for (_, id) in ranked.iter().skip(ANCHORS) {
            if let Some(target) = self.targets.target_mut(*id) {
                target.anchored = Anchored::No;
            }
        }
    }

    /// An anchor is dialled, or its time is over. Whether it still is one.
    pub(super) fn weigh_anchor(&mut self, now: Timestamp, id: TargetId) -> bool {
        let end = now + self.config.anchor_span;
        let Some(target) = self.targets.target_mut(id) else {
            return false;
        };
        target.anchored = match target.anchored {
            Anchored::Remembered => Anchored::Until(end),
            Anchored::Until(end) if now >= end => Anchored::No,
            other => other,
        };
        target.is_anchored(now)
    }
}
