//! Standby peers: which of the learnt addresses are kept, and when they are dialled while links are wanted.
//!
//! A few dials run at once; one that has no answer makes room for the next. Whose word is followed next, the [turns](super::turns) say.

use core::net::IpAddr;
use core::time::Duration;

use super::Mesh;
use super::dialling::address_of;
use super::limit::Limit;
use super::targets::{Anchored, Kin, Origin, State, Target, TargetId};
use super::tellers::Teller;
use super::timers::Timer;
use crate::address::{Address, Scheme};
use crate::id::NodeId;
use crate::time::Timestamp;
use crate::wire::{IdForm, PeerEntry};

/// Most addresses of a full book that one message replaces.
const REPLACED: usize = 8;

/// What a peer says of an address.
pub(super) struct Told {
    pub(super) address: Address,
    pub(super) node: NodeId,
    pub(super) kin: Kin,
    /// The time since somebody was linked there.
    pub(super) age: Duration,
    /// It is the peer's own, on the machine from which it called.
    pub(super) is_home: bool,
}

/// The links that this node dials.
#[derive(Clone, Copy, Default)]
struct Dials {
    /// Greeted.
    up: usize,
    /// Begun a moment ago.
    young: usize,
    /// Without an answer for longer.
    slow: usize,
}

impl Mesh {
    /// Dials learnt addresses until there are as many dialled links as wanted.
    pub(super) fn want_links(&mut self, now: Timestamp) {
        if self.offline || self.closing.is_some() || self.surroundings.has_left {
            return;
        }
        let (at_once, in_all) = self.config.dials_at_once;
        for _ in 0..at_once {
            let dials = self.dials(now);
            let is_enough = dials.up + dials.young >= self.config.outgoing;
            if is_enough || dials.young >= at_once || dials.young + dials.slow >= in_all {
                break;
            }
            let Some(id) = self.pick_standby(now) else {
                break;
            };
            if let Err(at) = self.pace.take(now) {
                return self.timers.set(Timer::Standby, at);
            }
            self.dial(now, id);
        }
        let dials = self.dials(now);
        if dials.up < self.config.outgoing && dials.young > 0 {
            let at = now + self.config.dial_patience;
            self.timers.set_if_unset(Timer::Standby, at);
        }
    }

    fn dials(&self, now: Timestamp) -> Dials {
        let mut dials = Dials::default();
        for (link, target) in self.targets.on() {
            let is_up = self.links.get(&link).is_some_and(|l| l.greeted().is_some());
            let age = target.dialled_at.map_or(Duration::MAX, |at| now.since(at));
            match (is_up, age < self.config.dial_patience) {
                (true, _) => dials.up += 1,
                (false, true) => dials.young += 1,
                (false, false) => dials.slow += 1,
            }
        }
        dials
    }

    /// How many greeted links this node dialled.
    pub(super) fn dialled_links(&self, now: Timestamp) -> usize {
        self.dials(now).up
    }

    fn pick_standby(&mut self, now: Timestamp) -> Option<TargetId> {
        let has_peer = !self.table.is_empty();
        let rests = |target: &Target| {
            let is_over = target.failures >= self.config.learned_attempts;
            has_peer && is_over && target.fresh_until <= now
        };
        let under_way = self.nodes_under_way();
        let is_fit = |target: &Target| !rests(target) && self.is_candidate(target, &under_way);
        let fit = self.targets.iter().filter(|(_, target)| is_fit(target));
        let fit: Vec<_> = fit.map(|(id, _)| id).collect();
        self.targets.choose(&fit, &mut self.rng)
    }

    /// Learnt addresses that may lead to a node that is no peer and that nobody is dialling.
    pub(super) fn candidates(&self) -> Vec<TargetId> {
        let under_way = self.nodes_under_way();
        self.targets
            .iter()
            .filter(|(_, target)| self.is_candidate(target, &under_way))
            .map(|(id, _)| id)
            .collect()
    }

    fn is_candidate(&self, target: &Target, under_way: &[&NodeId]) -> bool {
        let is_free = |node: &NodeId| {
            !under_way.contains(&node)
                && !self.table.contains(node)
                && !self.unwanted.contains(node)
        };
        target.origin == Origin::Peer
            && target.state() == State::Idle
            && target.node.as_ref().is_none_or(is_free)
    }

    /// Those who are at the addresses being dialled or linked, as far as is known.
    fn nodes_under_way(&self) -> Vec<&NodeId> {
        let on = self.targets.on();
        on.filter_map(|(_, target)| target.node.as_ref()).collect()
    }

    /// A capable peer that had dialled this node has closed the link in order: it is gone, or wants no link, and comes back
    /// by itself. What was learnt of it is forgotten.
    pub(super) fn forget_who_left(&mut self, node: &NodeId) {
        for id in self.targets.of_node(node) {
            let is_learnt =
                |target: &Target| target.origin == Origin::Peer && target.anchored == Anchored::No;
            // One that waits is not to be learnt anew, and dialled before its time.
            let is_idle = |target: &Target| target.state() == State::Idle;
            if self
                .targets
                .target(id)
                .is_some_and(|target| is_learnt(target) && is_idle(target))
            {
                self.timers.stop(Timer::Redial(id));
                self.targets.remove(id);
            }
        }
    }

    /// Keeps the addresses of a peer list, on the transport on which it came, and dials them while links are wanted. `is_home`:
    /// it is the peer's own address, on the machine from which it called.
    pub(super) fn learn(
        &mut self,
        now: Timestamp,
        teller: &Teller,
        scheme: Scheme,
        entries: &[PeerEntry],
        is_home: bool,
    ) {
        let told = entries.iter().filter_map(|entry| {
            let address = address_of(scheme, entry.endpoint.as_ref()?)?;
            // Only py2p writes its id as bytes; js2p cannot be told from ours.
            let kin = match entry.form {
                IdForm::Bytes => Kin::Legacy,
                _ => Kin::Unknown,
            };
            Some(Told {
                address,
                node: entry.node.clone(),
                kin,
                age: Duration::ZERO,
                is_home,
            })
        });
        self.keep_told(now, teller, told);
        self.want_links(now);
    }

    /// Keeps what a peer told of addresses, as far as it is of use. How many were new.
    pub(super) fn keep_told(
        &mut self,
        now: Timestamp,
        teller: &Teller,
        told: impl IntoIterator<Item = Told>,
    ) -> usize {
        let (mut new, mut replaced) = (0, 0);
        for told in told {
            let known = self.targets.find(&told.address);
            let is_full = self.targets.len() >= self.config.addresses;
            let is_too_much = known.is_none() && is_full && replaced >= REPLACED;
            if is_too_much || !self.is_of_use(&told) {
                continue;
            }
            if self.keep_address(now, teller, told, known) {
                new += 1;
                replaced += usize::from(is_full);
            }
        }
        new
    }

    fn is_of_use(&self, told: &Told) -> bool {
        told.node != self.identity.node
            && !self.unwanted.contains(&told.node)
            && !self.is_own(&told.address)
            && self.config.dials.contains(&told.address.scheme())
            && (told.is_home && is_a_place(&told.address) || self.believes(&told.address))
    }

    /// Whether it was new and there is room for it.
    fn keep_address(
        &mut self,
        now: Timestamp,
        teller: &Teller,
        told: Told,
        known: Option<TargetId>,
    ) -> bool {
        let id = known.or_else(|| self.targets.add_told(told.address, teller, &mut self.rng));
        if let Some(id) = known {
            self.targets.say(id, teller);
        }
        let Some(target) = id.and_then(|id| self.targets.target_mut(id)) else {
            self.stats.struck.count(Limit::Addresses);
            return false;
        };
        target.was_alive(now, told.age);
        target.is_home |= told.is_home && target.address.is_loopback();
        // Who is there, a teller may say of what is its word alone.
        let is_its_own_word = known.is_none() || target.tellers() == [teller.clone()];
        name_who_is_there(target, told.node, told.kin, is_its_own_word);
        known.is_none()
    }
}

/// What this node has seen for itself, or the user named, no tale changes. Where tellers are at odds it is open who is there: a
/// false name, of a peer, would keep this node away.
fn name_who_is_there(target: &mut Target, node: NodeId, kin: Kin, is_its_own_word: bool) {
    if target.tried || target.state() != State::Idle || target.origin == Origin::User {
        return;
    }
    let is_agreed = is_its_own_word || target.node.as_ref() == Some(&node);
    target.node = is_agreed.then_some(node);
    if target.kin == Kin::Unknown {
        target.kin = kin;
    }
}

/// Whether somebody can be there: the unspecified host and port 0 are for those who listen.
pub(super) fn is_a_place(address: &Address) -> bool {
    let is_somewhere = |address: &Address| {
        let ip = address.host().parse::<IpAddr>();
        !ip.is_ok_and(|ip| ip.is_unspecified())
    };
    address.scheme() == Scheme::Memory || address.port() != 0 && is_somewhere(address)
}
