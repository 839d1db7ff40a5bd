//! Looking around: so that two parts of a mesh find each other although each has links enough.
//!
//! Now and then addresses are exchanged with a peer, and one known address that is no peer is dialled. That link is on
//! trial: it is kept unless its peer proves to be reachable without it, by peer lists that were asked for just then.
//! Without that proof no link is closed, as it may be the only one between two parts; so trials are few, and while they
//! last nobody else is tried. Links to py2p and js2p are never closed so, and those of them that a peer names are not dialled.

use core::cmp::Reverse;
use core::time::Duration;

use rand_chacha::rand_core::RngCore;

use super::Mesh;
use super::error::CloseReason;
use super::targets::{Kin, Origin, State, Target, TargetId, full_jitter, pick};
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::ordered::{OrderedMap, OrderedSet};
use crate::time::Timestamp;
use crate::wire::{PeerEntry, Signal};

/// Most links on trial.
const TRIALS: usize = 2;
/// Most peers that are asked for their peers in a trial.
const ASKED: usize = 16;
/// A trial is judged so long after its link is up, and up to so much later at random, so that two nodes do not give up two links between the same
/// parts at once, each for the sake of the other.
const TRIAL: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(4));
/// How often the peer of a trial is asked for its peers.
const PROOFS: u32 = 3;
/// How long what the peer of a trial told of its peers counts.
const ANSWER: Duration = Duration::from_secs(5);
/// The time between two looks grows by this factor while they teach nothing.
const GROWTH: u32 = 4;

/// When this node looks around, and which of its links are on trial.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Looks since something changed.
    looks: u32,
    trials: OrderedMap<LinkId, Trial>,
}

/// What is known of a link on trial.
#[derive(Debug, Default)]
struct Trial {
    /// It is time to judge.
    is_ripe: bool,
    /// What its peer told of its peers, and when.
    theirs: Option<(Timestamp, OrderedSet<NodeId>)>,
    /// How often it was asked for.
    asked: u32,
}

impl Search {
    pub(super) fn is_on_trial(&self, link: LinkId) -> bool {
        self.trials.contains_key(&link)
    }

    /// The link is not on trial any more.
    pub(super) fn end_trial(&mut self, link: LinkId) {
        self.trials.remove(&link);
    }
}

impl Mesh {
    /// It is time to look around.
    pub(super) fn look_around(&mut self, now: Timestamp) {
        if self.closing.is_some() || self.table.is_empty() {
            return;
        }
        self.exchange_addresses(now);
        let trials: Vec<_> = self.search.trials.keys().copied().collect();
        for link in trials {
            self.ask_for_proof(now, link);
        }
        self.dial_unknown(now);
        self.search.looks = self.search.looks.saturating_add(1);
        let at = now + self.time_to_next_look();
        self.timers.set(Timer::Search, at);
    }

    /// Something changed: this node looks around soon, and again more often.
    pub(super) fn look_soon(&mut self, now: Timestamp) {
        if self.closing.is_some() || self.table.is_empty() {
            return;
        }
        self.search.looks = 0;
        let at = now + self.time_to_next_look();
        let is_set_sooner = self.timers.at(Timer::Search).is_some_and(|set| set <= at);
        if !is_set_sooner {
            self.timers.set(Timer::Search, at);
        }
    }

    fn time_to_next_look(&mut self) -> Duration {
        let (shortest, longest) = self.config.probe;
        let growth = GROWTH.saturating_pow(self.search.looks);
        let half = shortest.saturating_mul(growth).min(longest) / 2;
        half + full_jitter((half, half), 0, &mut self.rng)
    }

    /// Dials the address of which the least is known.
    fn dial_unknown(&mut self, now: Timestamp) {
        // A node that wants no links looks for none.
        let may = !self.offline && self.config.outgoing > 0;
        if !may || self.search.trials.len() >= TRIALS {
            return;
        }
        let Some(id) = self.least_known(now) else {
            return;
        };
        if self.pace.take(now).is_err() {
            return;
        }
        let is_enough = self.dialled_links(now) >= self.config.outgoing;
        self.dial(now, id);
        if let Some(State::On(link)) = self.targets.target(id).map(Target::state)
            && is_enough
        {
            self.search.trials.insert(link, Trial::default());
        }
    }

    fn least_known(&self, now: Timestamp) -> Option<TargetId> {
        self.candidates()
            .into_iter()
            .filter_map(|id| Some((id, self.targets.target(id)?)))
            .filter(|(_, target)| {
                let node = target.node.as_ref();
                target.kin == Kin::Capable || node.is_none_or(|node| !self.is_named(node))
            })
            .max_by_key(|(id, target)| (target.unknown_for(now), Reverse(*id)))
            .map(|(id, _)| id)
    }

    /// Whether a node that is no peer is known to be in the mesh.
    fn is_named(&self, node: &NodeId) -> bool {
        self.table.teller(node).is_some() || self.next_hop(node).is_some()
    }

    /// A link is up: if it is on trial, the time of its judgement is set.
    pub(super) fn begin_trial(&mut self, now: Timestamp, id: LinkId) {
        if !self.search.trials.contains_key(&id) {
            return;
        }
        let is_capable = self
            .links
            .get(&id)
            .and_then(|link| link.greeted())
            .is_some_and(|greeted| greeted.capable);
        if !is_capable {
            return self.search.end_trial(id);
        }
        self.hush(now, id);
        let wait = TRIAL.0 + full_jitter((TRIAL.1, TRIAL.1), 0, &mut self.rng);
        self.timers.set(Timer::Trial(id), now + wait);
    }

    /// Asks the peer of a trial for its peers.
    pub(super) fn ask_for_proof(&mut self, now: Timestamp, id: LinkId) {
        let is_up = self.links.get(&id).is_some_and(|l| l.greeted().is_some());
        let Some(trial) = self.search.trials.get_mut(&id).filter(|_| is_up) else {
            return;
        };
        if trial.asked >= PROOFS {
            // There is none to be had: a link as any other from here on.
            self.search.end_trial(id);
            self.presence_kept(now, id);
            return self.unhush(now, id);
        }
        *trial = Trial {
            is_ripe: true,
            theirs: None,
            asked: trial.asked + 1,
        };
        self.send_signal(now, id, &Signal::RequestPeers);
    }

    /// A peer told its peers: does that prove that the peer of a trial is reachable without it?
    pub(super) fn weigh_trials(&mut self, now: Timestamp, from: LinkId, entries: &[PeerEntry]) {
        if self.search.trials.is_empty() {
            return;
        }
        let own = self.identity.node.clone();
        let named: OrderedSet<_> = entries
            .iter()
            .map(|entry| entry.node.clone())
            .filter(|node| *node != own)
            .collect();
        if self.is_redundant_by(from, &named) {
            return self.give_up(now, from);
        }
        self.give_up_those_named(now, from, &named);
        let trial = self.search.trials.get_mut(&from);
        if let Some(trial) = trial.filter(|trial| trial.is_ripe && trial.theirs.is_none()) {
            trial.theirs = Some((now, named));
            self.ask_others(now, from);
        }
    }

    /// The peer of a trial names another peer of this node's: there is a way through that one.
    fn is_redundant_by(&self, id: LinkId, named: &OrderedSet<NodeId>) -> bool {
        let is_ripe = self.search.trials.get(&id).is_some_and(|t| t.is_ripe);
        is_ripe && named.iter().any(|node| self.table.contains(node))
    }

    /// Another peer names the peer of a trial, or one that both know.
    fn give_up_those_named(&mut self, now: Timestamp, from: LinkId, named: &OrderedSet<NodeId>) {
        let is_proof = |(id, trial): (&LinkId, &Trial)| {
            let peer = self.links.get(id).and_then(|link| link.node())?;
            let theirs = trial.theirs.as_ref();
            let (_, theirs) = theirs.filter(|(at, _)| now.since(*at) < ANSWER)?;
            let is_met = named.contains(peer) || !named.is_disjoint(theirs);
            (is_met && *id != from).then_some(*id)
        };
        let redundant: Vec<_> = self.search.trials.iter().filter_map(is_proof).collect();
        for id in redundant {
            self.give_up(now, id);
        }
    }

    fn ask_others(&mut self, now: Timestamp, trial: LinkId) {
        let mut others: Vec<_> = self
            .links
            .iter()
            .filter(|(id, link)| {
                let is_capable = link.greeted().is_some_and(|greeted| greeted.capable);
                **id != trial && link.lent.is_none() && is_capable
            })
            .map(|(&id, _)| id)
            .collect();
        while others.len() > ASKED {
            let index = self.rng.next_u32() as usize % others.len();
            others.swap_remove(index);
        }
        for id in others {
            self.send_signal(now, id, &Signal::RequestPeers);
        }
    }

    /// The peer of a trial is reachable without it, so the trial is over; the link too, if there are enough without it.
    fn give_up(&mut self, now: Timestamp, id: LinkId) {
        self.search.end_trial(id);
        self.timers.stop(Timer::Trial(id));
        let target = self.links.get(&id).and_then(|link| link.target);
        let is_learnt = target
            .and_then(|target| self.targets.target(target))
            .is_some_and(|t| t.origin == Origin::Peer && !t.is_anchored(now));
        if is_learnt && self.dialled_links(now) > self.config.outgoing {
            self.close_link(now, id, CloseReason::Surplus);
        } else {
            self.presence_kept(now, id);
            self.unhush(now, id);
        }
    }

    /// A capable peer with which addresses are exchanged.
    pub(super) fn any_peer_with_addresses(&mut self) -> Option<LinkId> {
        let peers: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.greeted().is_some_and(|greeted| greeted.addresses))
            .map(|(&id, _)| id)
            .collect();
        pick(&peers, &mut self.rng).copied()
    }
}
