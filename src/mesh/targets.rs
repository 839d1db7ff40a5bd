//! The addresses that this node dials: those the user gave, for ever; those that peers told, while links are wanted.
//!
//! It keeps the state of each and says how long to wait. Dialling and timers are the node's.

use core::time::Duration;
use std::collections::BTreeMap;

use rand_chacha::rand_core::RngCore;

use super::event::Ticket;
use crate::address::Address;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;

/// The number of an address of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TargetId(u64);

/// Who named the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The user: it is dialled again for ever.
    User,
    /// A peer: it is dialled while links are wanted, and forgotten after some failures.
    Peer,
    /// The answer to a lookup: it is dialled once, at once.
    Lookup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is under way.
    Idle,
    /// A redial is set.
    Waiting,
    /// This link is being dialled, or up.
    On(LinkId),
}

#[derive(Debug)]
pub(super) struct Target {
    pub(super) address: Address,
    pub(super) origin: Origin,
    pub(super) state: State,
    /// Who must be there.
    pub(super) expected: Option<NodeId>,
    /// Who was there the last time, or is said to be.
    pub(super) node: Option<NodeId>,
    /// The commands that wait for the attempt under way.
    pub(super) tickets: Vec<Ticket>,
    /// Whether it is kept when the first attempt fails.
    pub(super) persist: bool,
    /// Until when it is dialled more often, as a legacy peer was linked there.
    pub(super) fresh_until: Timestamp,
    failures: u32,
}

#[derive(Debug)]
pub(super) struct Targets {
    all: BTreeMap<TargetId, Target>,
    capacity: usize,
    next: u64,
}

/// What becomes of an address after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Retry(Duration),
    Forget,
}

impl Targets {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            all: BTreeMap::new(),
            capacity,
            next: 0,
        }
    }

    /// Adds an address; one that a peer told makes room for one that matters more. `None` if there is no room.
    pub(super) fn add(&mut self, address: Address, origin: Origin) -> Option<TargetId> {
        if self.all.len() >= self.capacity && !self.make_room(origin) {
            return None;
        }
        let id = TargetId(self.next);
        self.next += 1;
        let target = Target {
            address,
            origin,
            state: State::Idle,
            expected: None,
            node: None,
            tickets: Vec::new(),
            persist: origin == Origin::User,
            fresh_until: Timestamp::ZERO,
            failures: 0,
        };
        self.all.insert(id, target);
        Some(id)
    }

    fn make_room(&mut self, origin: Origin) -> bool {
        let idle = |target: &Target| target.origin == Origin::Peer && target.state == State::Idle;
        let victim = (origin != Origin::Peer)
            .then(|| self.all.iter().find(|(_, t)| idle(t)).map(|(&id, _)| id));
        victim
            .flatten()
            .is_some_and(|id| self.all.remove(&id).is_some())
    }

    pub(super) fn find(&self, address: &Address) -> Option<TargetId> {
        self.all
            .iter()
            .find(|(_, target)| target.address == *address)
            .map(|(&id, _)| id)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn target(&self, id: TargetId) -> Option<&Target> {
        self.all.get(&id)
    }

    pub(super) fn target_mut(&mut self, id: TargetId) -> Option<&mut Target> {
        self.all.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: TargetId) -> Option<Target> {
        self.all.remove(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (TargetId, &Target)> {
        self.all.iter().map(|(&id, target)| (id, target))
    }

    /// The addresses at which `node` was met or is said to be.
    pub(super) fn of_node(&self, node: &NodeId) -> Vec<TargetId> {
        self.iter()
            .filter(|(_, target)| target.node.as_ref() == Some(node))
            .map(|(id, _)| id)
            .collect()
    }

    /// The address is no good for now: how long to wait, or whether to forget it.
    pub(super) fn failed(
        &mut self,
        id: TargetId,
        bounds: (Duration, Duration),
        learned_attempts: u32,
        rng: &mut impl RngCore,
    ) -> Next {
        let Some(target) = self.all.get_mut(&id) else {
            return Next::Forget;
        };
        let failures = target.failures;
        target.failures = failures.saturating_add(1);
        let forget = match target.origin {
            Origin::User => !target.persist,
            Origin::Peer => target.failures >= learned_attempts,
            Origin::Lookup => true,
        };
        if forget {
            self.all.remove(&id);
            return Next::Forget;
        }
        target.state = State::Waiting;
        Next::Retry(full_jitter(bounds, failures, rng))
    }

    /// A link to the address held for a while: the next wait is short again.
    pub(super) fn held(&mut self, id: TargetId) {
        if let Some(target) = self.all.get_mut(&id) {
            target.failures = 0;
        }
    }
}

/// A wait drawn evenly from zero to a bound that doubles with each failure: "full jitter", which spreads the clients of a
/// relay that went away best.
pub(super) fn full_jitter(
    (shortest, longest): (Duration, Duration),
    failures: u32,
    rng: &mut impl RngCore,
) -> Duration {
    let bound = shortest.saturating_mul(1 << failures.min(24)).min(longest);
    let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(((u128::from(rng.next_u64()) * u128::from(micros)) >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    const BOUNDS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::from_seed([1; 32])
    }

    #[test]
    fn the_users_address_is_retried_for_ever_within_the_bounds() {
        let mut targets = Targets::new(4);
        let id = targets.add(Address::memory(1), Origin::User).expect("room");
        let mut longest = Duration::ZERO;
        for attempt in 0..200 {
            let Next::Retry(wait) = targets.failed(id, BOUNDS, 4, &mut rng()) else {
                panic!("forgotten")
            };
            assert!(wait <= BOUNDS.0 * (1 << attempt.min(10)) && wait <= BOUNDS.1);
            longest = longest.max(wait);
        }
        assert!(longest > Duration::from_secs(5));
    }

    #[test]
    fn waits_are_spread_over_the_whole_range() {
        let mut rng = rng();
        let waits: Vec<_> = (0..1_000)
            .map(|_| full_jitter(BOUNDS, 20, &mut rng))
            .collect();
        for tenth in 0..10 {
            let from = BOUNDS.1 / 10 * tenth;
            let count = waits
                .iter()
                .filter(|&&wait| wait >= from && wait < from + BOUNDS.1 / 10)
                .count();
            assert!((50..200).contains(&count), "{count} waits in tenth {tenth}");
        }
    }

    #[test]
    fn a_learned_address_is_forgotten_after_some_failures() {
        let mut targets = Targets::new(4);
        let id = targets.add(Address::memory(1), Origin::Peer).expect("room");
        assert!(matches!(
            targets.failed(id, BOUNDS, 2, &mut rng()),
            Next::Retry(_)
        ));
        assert_eq!(targets.failed(id, BOUNDS, 2, &mut rng()), Next::Forget);
        assert!(targets.target(id).is_none());
    }

    #[test]
    fn learned_addresses_make_room_for_the_users_and_not_for_each_other() {
        let mut targets = Targets::new(2);
        targets.add(Address::memory(1), Origin::Peer).expect("room");
        targets.add(Address::memory(2), Origin::Peer).expect("room");
        assert!(targets.add(Address::memory(3), Origin::Peer).is_none());
        assert!(targets.add(Address::memory(4), Origin::User).is_some());
        assert!(targets.add(Address::memory(5), Origin::User).is_some());
        assert!(targets.add(Address::memory(6), Origin::User).is_none());
    }
}
