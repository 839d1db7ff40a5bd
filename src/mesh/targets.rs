//! The address book: where this node dials. What the user gave is dialled for ever; what was learnt, while links are wanted.
//!
//! A learnt address is *tried* once a link of this node's has come up there, and *new* while it is hearsay. The book is
//! bounded: room is made by new ones of whoever named most, so that no tale drives out what is known, nor the few words of
//! another; then by the tried one that failed longest ago. It keeps the state of each address and says how long to wait. Which one
//! has its turn ([`turns`](super::turns)), dialling and timers are others'.

use core::mem;
use core::time::Duration;

use rand_chacha::rand_core::RngCore;

use super::event::Ticket;
use super::tellers::{Teller, Tellers};
use crate::address::Address;
use crate::id::{LinkId, NodeId};
use crate::ordered::{Key, OrderedMap, OrderedSet};
use crate::time::Timestamp;

/// One teller's share of the book: a quarter. Whoever lies leaves most of it as it was.
const SHARE: usize = 4;

/// The number of an address of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TargetId(u64);

impl Key for TargetId {
    fn prefix(&self) -> u64 {
        self.0
    }
}

/// Who named the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The user: it is dialled again for ever.
    User,
    /// A peer: it is dialled while links are wanted, and rests after some failures.
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

/// Who is at an address, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kin {
    Unknown,
    /// A node that shows capabilities.
    Capable,
    /// py2p or js2p.
    Legacy,
}

/// How long an address is dialled like the user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchored {
    /// It is no anchor that was lost.
    No,
    /// It was remembered from an earlier run, and has not been dialled yet.
    Remembered,
    Until(Timestamp),
}

#[derive(Debug)]
pub(super) struct Target {
    pub(super) address: Address,
    pub(super) origin: Origin,
    /// Set by [`Targets::set_state`] alone, which keeps count.
    state: State,
    /// Who must be there.
    pub(super) expected: Option<NodeId>,
    /// Who was there the last time, or is said to be.
    pub(super) node: Option<NodeId>,
    pub(super) kin: Kin,
    /// The commands that wait for the attempt under way.
    pub(super) tickets: Vec<Ticket>,
    /// Whether it is kept when the first attempt fails.
    pub(super) persist: bool,
    /// Until when it is dialled more often, as a legacy peer was linked there.
    pub(super) fresh_until: Timestamp,
    pub(super) anchored: Anchored,
    /// The longest that a link of this node's lasted there.
    pub(super) lasted: Duration,
    /// Its node said that it is there, and called from that very machine.
    pub(super) is_home: bool,
    /// A link of this node's has come up there.
    pub(super) tried: bool,
    /// When it was dialled last.
    pub(super) dialled_at: Option<Timestamp>,
    pub(super) failures: u32,
    /// How long it took from the dial to its greeting, the last time.
    pub(super) greets_in: Duration,
    /// It stands by and is dialled all the same, to see how soon it greets.
    pub(super) is_tried_out: bool,
    /// Whose word it is, while it is new. Changed by [`Targets`] alone, which keeps count.
    tellers: Vec<Teller>,
    /// When somebody was linked there, as far as was told by then: how long before.
    alive: (Timestamp, Duration),
    failed_at: Timestamp,
}

impl Target {
    fn new(address: Address, origin: Origin) -> Self {
        Self {
            address,
            origin,
            state: State::Idle,
            expected: None,
            node: None,
            kin: Kin::Unknown,
            tickets: Vec::new(),
            persist: origin == Origin::User,
            fresh_until: Timestamp::ZERO,
            anchored: Anchored::No,
            lasted: Duration::ZERO,
            is_home: false,
            tried: false,
            dialled_at: None,
            failures: 0,
            greets_in: Duration::MAX,
            is_tried_out: false,
            tellers: Vec::new(),
            alive: (Timestamp::ZERO, Duration::MAX),
            failed_at: Timestamp::ZERO,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Whose word it is; nobody's if this node has seen it for itself.
    pub(super) fn tellers(&self) -> &[Teller] {
        &self.tellers
    }

    pub(super) fn is_anchored(&self, now: Timestamp) -> bool {
        match self.anchored {
            Anchored::No => false,
            Anchored::Remembered => true,
            Anchored::Until(end) => now < end,
        }
    }

    /// The time since somebody was linked there, as far as is known.
    pub(super) fn age(&self, now: Timestamp) -> Duration {
        let (told, age) = self.alive;
        age.saturating_add(now.since(told))
    }

    /// Somebody was linked there so long ago.
    pub(super) fn was_alive(&mut self, now: Timestamp, age: Duration) {
        if age <= self.age(now) {
            self.alive = (now, age);
        }
    }

    /// The time since anything was learnt of it: by a dial, or by what was told.
    pub(super) fn unknown_for(&self, now: Timestamp) -> Duration {
        let dialled = self.dialled_at.map_or(Duration::MAX, |at| now.since(at));
        self.age(now).min(dialled)
    }

    /// Room may be made of it.
    fn is_spare(&self) -> bool {
        self.origin == Origin::Peer
            && !matches!(self.state, State::On(_))
            && self.anchored == Anchored::No
            && self.tickets.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Targets {
    all: OrderedMap<TargetId, Target>,
    by_address: OrderedMap<Address, TargetId>,
    /// Those that are being dialled or linked: few, of which it is asked often.
    on: OrderedSet<TargetId>,
    /// Whose word the new ones are.
    tellers: Tellers,
    capacity: usize,
    /// Most tellers of one address.
    most_tellers: usize,
    next: u64,
}

/// What becomes of an address after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Retry(Duration),
    /// It stays in the book, and is dialled when nothing better is known.
    Rest,
    Forget,
}

impl Targets {
    pub(super) fn new(capacity: usize, most_tellers: usize) -> Self {
        Self {
            all: OrderedMap::new(),
            by_address: OrderedMap::new(),
            on: OrderedSet::new(),
            tellers: Tellers::default(),
            capacity,
            most_tellers,
            next: 0,
        }
    }

    /// Adds an address that the user or a lookup named. `None` if there is no room.
    pub(super) fn add(
        &mut self,
        address: Address,
        origin: Origin,
        rng: &mut impl RngCore,
    ) -> Option<TargetId> {
        let id = self.insert(address, origin);
        if self.all.len() > self.capacity {
            let victim = self.least_worth(id, rng).or_else(|| self.any_spare());
            self.remove(victim.unwrap_or(id));
        }
        self.all.contains_key(&id).then_some(id)
    }

    /// Adds a new address that `teller` told. `None` if there is no room for it.
    pub(super) fn add_told(
        &mut self,
        address: Address,
        teller: &Teller,
        rng: &mut impl RngCore,
    ) -> Option<TargetId> {
        if self.has_said_its_share(teller) {
            self.take_back_one(teller, rng)?;
        }
        let id = self.insert(address, Origin::Peer);
        self.say(id, teller);
        if self.all.len() > self.capacity {
            let victim = self.least_worth(id, rng);
            self.remove(victim.unwrap_or(id));
        }
        self.all.contains_key(&id).then_some(id)
    }

    /// The address is this teller's word too, if it is hearsay. Of more tellers than are remembered, the one who named most is not.
    pub(super) fn say(&mut self, id: TargetId, teller: &Teller) {
        let is_too_much = self.has_said_its_share(teller);
        let Some(target) = self.all.get_mut(&id) else {
            return;
        };
        let is_hearsay = target.origin == Origin::Peer && !target.tried;
        if !is_hearsay || is_too_much || target.tellers.contains(teller) {
            return;
        }
        target.tellers.push(teller.clone());
        self.tellers.add(teller.clone());
        if target.tellers.len() > self.most_tellers
            && let Some(place) = self.tellers.loudest(&target.tellers)
        {
            self.tellers.take(&target.tellers.swap_remove(place));
        }
    }

    fn has_said_its_share(&self, teller: &Teller) -> bool {
        self.tellers.named(teller) >= (self.capacity / SHARE).max(1)
    }

    /// One of this teller's words counts no more. What is nobody's word then is forgotten.
    fn take_back_one(&mut self, teller: &Teller, rng: &mut impl RngCore) -> Option<()> {
        let is_its = |target: &Target| target.is_spare() && target.tellers.contains(teller);
        let its: Vec<_> = self.iter().filter(|(_, target)| is_its(target)).collect();
        let id = pick(&its, rng).map(|&(id, _)| id)?;
        let target = self.all.get_mut(&id)?;
        if target.tellers.len() == 1 {
            self.remove(id);
        } else {
            target.tellers.retain(|of| of != teller);
            self.tellers.take(teller);
        }
        Some(())
    }

    fn insert(&mut self, address: Address, origin: Origin) -> TargetId {
        let id = TargetId(self.next);
        self.next += 1;
        self.by_address.insert(address.clone(), id);
        self.all.insert(id, Target::new(address, origin));
        id
    }

    /// What makes room for this one.
    fn least_worth(&self, id: TargetId, rng: &mut impl RngCore) -> Option<TargetId> {
        let new = self.new_of_the_loudest(id, rng);
        new.or_else(|| self.longest_failed())
    }

    /// A new one besides this, any of those whose tellers have all named most: what somebody named who named little stays.
    fn new_of_the_loudest(&self, besides: TargetId, rng: &mut impl RngCore) -> Option<TargetId> {
        let (mut most, mut loudest) = (0, Vec::new());
        let is_new = |target: &Target| !target.tried && target.is_spare();
        let new = self.iter().filter(|(_, target)| is_new(target));
        for (id, target) in new.filter(|&(id, _)| id != besides) {
            let named = self.tellers.fewest(&target.tellers);
            if named > most {
                most = named;
                loudest.clear();
            }
            if named == most {
                loudest.push(id);
            }
        }
        pick(&loudest, rng).copied()
    }

    fn longest_failed(&self) -> Option<TargetId> {
        self.iter()
            .filter(|(_, target)| target.is_spare() && target.failures > 0)
            .min_by_key(|(_, target)| target.failed_at)
            .map(|(id, _)| id)
    }

    fn any_spare(&self) -> Option<TargetId> {
        let mut spare = self.iter().filter(|(_, target)| target.is_spare());
        spare.next().map(|(id, _)| id)
    }

    pub(super) fn find(&self, address: &Address) -> Option<TargetId> {
        self.by_address.get(address).copied()
    }

    pub(super) fn target(&self, id: TargetId) -> Option<&Target> {
        self.all.get(&id)
    }

    pub(super) fn target_mut(&mut self, id: TargetId) -> Option<&mut Target> {
        self.all.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: TargetId) -> Option<Target> {
        let target = self.all.remove(&id)?;
        self.by_address.remove(&target.address);
        self.on.remove(&id);
        target.tellers.iter().for_each(|of| self.tellers.take(of));
        Some(target)
    }

    pub(super) fn set_state(&mut self, id: TargetId, state: State) {
        let Some(target) = self.all.get_mut(&id) else {
            return;
        };
        target.state = state;
        match state {
            State::On(_) => self.on.insert(id),
            State::Idle | State::Waiting => self.on.remove(&id),
        };
    }

    /// Those that are being dialled or linked, each with its link.
    pub(super) fn on(&self) -> impl Iterator<Item = (LinkId, &Target)> {
        let on = self.on.iter().filter_map(|id| self.all.get(id));
        on.filter_map(|target| match target.state {
            State::On(link) => Some((link, target)),
            State::Idle | State::Waiting => None,
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (TargetId, &Target)> {
        self.all.iter().map(|(&id, target)| (id, target))
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many tellers the address has that has most.
    pub(super) fn tellers_of_one(&self) -> usize {
        let each = self.iter().map(|(_, target)| target.tellers.len());
        each.max().unwrap_or(0)
    }

    /// The addresses at which `node` was met or is said to be.
    pub(super) fn of_node(&self, node: &NodeId) -> Vec<TargetId> {
        self.iter()
            .filter(|(_, target)| target.node.as_ref() == Some(node))
            .map(|(id, _)| id)
            .collect()
    }

    /// A link of this node's has come up at the address, and `node` was there.
    pub(super) fn met(&mut self, now: Timestamp, id: TargetId, node: &NodeId, kin: Kin) {
        let Some(target) = self.all.get_mut(&id) else {
            return;
        };
        target.node = Some(node.clone());
        target.kin = kin;
        target.tried = true;
        target.was_alive(now, Duration::ZERO);
        // What a lookup found is an address like any other from here on.
        if target.origin == Origin::Lookup {
            target.origin = Origin::Peer;
        }
        let tellers = mem::take(&mut target.tellers);
        tellers.iter().for_each(|of| self.tellers.take(of));
    }

    /// The address is no good for now: how long to wait, whether to let it rest, or to forget it.
    pub(super) fn failed(
        &mut self,
        now: Timestamp,
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
        target.failed_at = now;
        let is_over = target.failures >= learned_attempts && !target.is_anchored(now);
        match target.origin {
            Origin::User if target.persist => {}
            Origin::Peer if !is_over => {}
            Origin::Peer => {
                self.set_state(id, State::Idle);
                return Next::Rest;
            }
            Origin::User | Origin::Lookup => {
                self.remove(id);
                return Next::Forget;
            }
        }
        self.set_state(id, State::Waiting);
        Next::Retry(full_jitter(bounds, failures, rng))
    }

    /// A link to the address held for a while: the next wait is short again.
    pub(super) fn held(&mut self, id: TargetId) {
        if let Some(target) = self.all.get_mut(&id) {
            target.failures = 0;
        }
    }
}

/// One of `all`, any with equal chances.
pub(super) fn pick<'a, T>(all: &'a [T], rng: &mut impl RngCore) -> Option<&'a T> {
    let index = (u64::from(rng.next_u32()) * all.len() as u64) >> 32;
    all.get(index as usize)
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
        let mut targets = Targets::new(4, 2);
        let id = targets
            .add(Address::memory(1), Origin::User, &mut rng())
            .expect("room");
        let mut longest = Duration::ZERO;
        for attempt in 0..200 {
            let Next::Retry(wait) = targets.failed(Timestamp::ZERO, id, BOUNDS, 4, &mut rng())
            else {
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

    fn node(number: u16) -> NodeId {
        format!("{number}").parse().expect("digits are an id")
    }

    fn tell(targets: &mut Targets, number: u16, teller: u16) -> Option<TargetId> {
        targets.add_told(Address::memory(number), &teller_named(teller), &mut rng())
    }

    fn teller_named(number: u16) -> Teller {
        Teller::Node(node(number))
    }

    fn say(targets: &mut Targets, number: u16, teller: u16) {
        let id = targets.find(&Address::memory(number)).expect("known");
        targets.say(id, &teller_named(teller));
    }

    fn numbers(targets: &Targets) -> Vec<u16> {
        targets.iter().map(|(_, t)| t.address.port()).collect()
    }

    #[test]
    fn a_learned_address_rests_after_some_failures_and_stays_known() {
        let mut targets = Targets::new(4, 2);
        let id = tell(&mut targets, 1, 9).expect("room");
        let now = Timestamp::ZERO;
        let mut next = || targets.failed(now, id, BOUNDS, 2, &mut rng());
        assert!(matches!(next(), Next::Retry(_)));
        assert_eq!(next(), Next::Rest);
        assert_eq!(targets.find(&Address::memory(1)), Some(id));
    }

    #[test]
    fn one_teller_fills_a_quarter_of_the_book_and_then_replaces_its_own() {
        let mut targets = Targets::new(16, 3);
        for number in 0..100 {
            tell(&mut targets, number, 7);
        }
        assert_eq!(targets.len(), 4);
        tell(&mut targets, 200, 8).expect("room for another's word");
        for number in 100..200 {
            tell(&mut targets, number, 7);
        }
        assert_eq!(targets.len(), 5);
        assert!(targets.find(&Address::memory(200)).is_some());
    }

    #[test]
    fn who_says_most_makes_room_and_the_few_words_of_another_stay() {
        let (mut targets, mut rng) = (Targets::new(16, 2), rng());
        for number in 0..2 {
            tell(&mut targets, number, 1);
        }
        for number in 100..400 {
            let liar = teller_named(2 + number % 7);
            targets.add_told(Address::memory(number), &liar, &mut rng);
        }
        assert_eq!(targets.len(), 16);
        assert_eq!(numbers(&targets)[..2], [0, 1]);
    }

    #[test]
    fn a_word_that_is_anothers_too_stays_when_its_teller_says_too_much() {
        let (mut targets, mut rng) = (Targets::new(16, 2), rng());
        tell(&mut targets, 0, 1);
        say(&mut targets, 0, 2);
        for number in 100..200 {
            targets.add_told(Address::memory(number), &teller_named(2), &mut rng);
        }
        let id = targets.find(&Address::memory(0)).expect("kept");
        let tellers = targets.target(id).expect("known").tellers();
        assert_eq!(tellers, [teller_named(1)]);
        assert_counts(&targets);
    }

    #[test]
    fn of_too_many_tellers_those_are_remembered_who_named_few() {
        let mut targets = Targets::new(16, 2);
        tell(&mut targets, 0, 1);
        for loud in [2, 3, 4] {
            tell(&mut targets, 10 * loud, loud);
            say(&mut targets, 0, loud);
        }
        say(&mut targets, 0, 5);
        let id = targets.find(&Address::memory(0)).expect("kept");
        let tellers = targets.target(id).expect("known").tellers();
        assert_eq!(tellers, [teller_named(1), teller_named(5)]);
        assert_counts(&targets);
    }

    #[test]
    fn what_this_node_has_seen_for_itself_is_nobodys_word() {
        let mut targets = Targets::new(16, 2);
        let id = tell(&mut targets, 0, 1).expect("room");
        targets.met(Timestamp::ZERO, id, &node(9), Kin::Capable);
        say(&mut targets, 0, 2);
        assert!(targets.target(id).expect("known").tellers().is_empty());
        assert_counts(&targets);
    }

    #[test]
    fn new_addresses_make_room_first_then_the_tried_one_that_failed_longest_ago() {
        let mut targets = Targets::new(4, 2);
        let user = targets.add(Address::memory(0), Origin::User, &mut rng());
        for number in 1..4 {
            let id = tell(&mut targets, number, number).expect("room");
            targets.met(Timestamp::ZERO, id, &node(number), Kin::Capable);
        }
        assert_eq!(tell(&mut targets, 4, 4), None, "all that is known is good");
        for (number, second) in [(1, 5), (2, 3), (3, 9)] {
            let id = targets.find(&Address::memory(number)).expect("known");
            let at = Timestamp::from_millis(second);
            targets.failed(at, id, BOUNDS, 12, &mut rng());
        }
        tell(&mut targets, 4, 4).expect("room of the one that failed first");
        assert_eq!(numbers(&targets), [0, 1, 3, 4]);
        tell(&mut targets, 5, 5).expect("room of the new one");
        assert_eq!(numbers(&targets), [0, 1, 3, 5]);
        assert_eq!(targets.find(&Address::memory(0)), user);
    }

    #[test]
    fn nothing_makes_room_that_is_the_users_or_linked_or_an_anchor() {
        let mut targets = Targets::new(3, 2);
        targets.add(Address::memory(0), Origin::User, &mut rng());
        let on = tell(&mut targets, 1, 1).expect("room");
        let anchor = tell(&mut targets, 2, 2).expect("room");
        targets.set_state(on, State::On(LinkId::dialled(1)));
        targets.target_mut(anchor).expect("known").anchored = Anchored::Remembered;
        assert_eq!(tell(&mut targets, 3, 3), None);
        assert!(
            targets
                .add(Address::memory(4), Origin::User, &mut rng())
                .is_none()
        );
    }

    #[test]
    fn learned_addresses_make_room_for_the_users() {
        let mut targets = Targets::new(2, 2);
        tell(&mut targets, 1, 1).expect("room");
        tell(&mut targets, 2, 2).expect("room");
        for (number, is_room) in [(4, true), (5, true), (6, false)] {
            let added = targets.add(Address::memory(number), Origin::User, &mut rng());
            assert_eq!(added.is_some(), is_room, "{number}");
        }
    }

    /// What is counted as it changes, counted anew.
    fn assert_counts(targets: &Targets) {
        let is_on = |target: &&Target| matches!(target.state, State::On(_));
        let on = targets.all.values().filter(is_on).count();
        assert_eq!(targets.on().count(), on);
        let mut tellers = Tellers::default();
        let words = targets.all.values().flat_map(|target| &target.tellers);
        words.for_each(|teller| tellers.add(teller.clone()));
        assert_eq!(targets.tellers, tellers);
        let is_bounded = |target: &Target| target.tellers.len() <= targets.most_tellers;
        assert!(targets.all.values().all(is_bounded));
    }

    #[test]
    fn the_counts_follow_every_change() {
        let (mut targets, mut rng) = (Targets::new(16, 3), rng());
        let mut is_shared = false;
        for step in 0..2_000 {
            let draw = rng.next_u32();
            let (number, teller) = ((draw >> 8) as u16 % 40, (draw >> 24) as u16 % 6);
            let now = Timestamp::from_millis(step);
            match (targets.find(&Address::memory(number)), draw % 6) {
                (None, 0) => drop(targets.add(Address::memory(number), Origin::Lookup, &mut rng)),
                (None, _) => drop(tell(&mut targets, number, teller)),
                (Some(id), 0) => drop(targets.remove(id)),
                (Some(id), 1) => targets.met(now, id, &node(number), Kin::Capable),
                (Some(id), 2) => targets.set_state(id, State::On(LinkId::dialled(step))),
                (Some(id), 3) => targets.set_state(id, State::Waiting),
                (Some(_), 4) => say(&mut targets, number, teller),
                (Some(id), _) => drop(targets.failed(now, id, BOUNDS, 2, &mut rng)),
            }
            assert_counts(&targets);
            is_shared |= targets.tellers_of_one() == 3;
        }
        assert!(targets.on().count() > 0 && is_shared);
    }
}
