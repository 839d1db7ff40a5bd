//! Addresses being dialled: how a dial begins, what comes of it, and when it is done again.

use core::mem;
use core::time::Duration;

use super::Mesh;
use super::ended::Ended;
use super::error::{CloseReason, Failure};
use super::event::{Event, LinkInfo};
use super::link::{Link, Phase};
use super::links::Caller;
use super::targets::{Kin, Next, Origin, State, Target, TargetId, full_jitter};
use super::timers::Timer;
use crate::address::{Address, Scheme};
use crate::id::NodeId;
use crate::time::Timestamp;
use crate::wire::Endpoint;

impl Mesh {
    /// Dials an address now, unless its node is linked already.
    pub(super) fn dial(&mut self, now: Timestamp, id: TargetId) {
        let Some(target) = self.targets.target(id) else {
            return;
        };
        if self.closing.is_some()
            || self.surroundings.has_left
            || matches!(target.state(), State::On(_))
            || self.is_out_of_reach(target)
        {
            return;
        }
        if target
            .node
            .as_ref()
            .is_some_and(|node| self.table.contains(node))
        {
            return self.target_up(id);
        }
        if self.stands_by(target) {
            return;
        }
        let address = target.address.clone();
        self.timers.stop(Timer::Redial(id));
        let info = LinkInfo {
            scheme: address.scheme(),
            remote: Some(address.to_string()),
            local_host: None,
            proxied: false,
        };
        let mut state = self.new_link(now, info, Phase::Dialled);
        state.target = Some(id);
        let link = self.dial_link(now, state, address);
        self.targets.set_state(id, State::On(link));
        if let Some(target) = self.targets.target_mut(id) {
            target.dialled_at = Some(now);
        }
    }

    /// Without a network only this machine is left, where many a relay runs.
    fn is_out_of_reach(&self, target: &Target) -> bool {
        self.is_address_out_of_reach(&target.address)
    }

    pub(super) fn is_address_out_of_reach(&self, address: &Address) -> bool {
        self.offline && !address.is_loopback()
    }

    /// The deadline of a redial has come.
    pub(super) fn redial(&mut self, now: Timestamp, id: TargetId) {
        let Some(origin) = self.targets.target(id).map(|target| target.origin) else {
            return;
        };
        self.targets.set_state(id, State::Idle);
        match origin {
            Origin::User => self.dial(now, id),
            Origin::Peer if self.weigh_anchor(now, id) => self.dial(now, id),
            Origin::Peer | Origin::Lookup => self.want_links(now),
        }
    }

    /// Dials everything that waits, as the network or the page has come back.
    pub(super) fn redial_all(&mut self, now: Timestamp) {
        let waiting: Vec<_> = self
            .targets
            .iter()
            .filter(|(_, t)| !matches!(t.state(), State::On(_)))
            .map(|(id, _)| id)
            .collect();
        for id in waiting {
            self.timers.stop(Timer::Redial(id));
            self.redial(now, id);
        }
        self.look_soon(now);
    }

    /// Dials a legacy peer that dialled this node and is gone: it never dials again itself. However many links there are.
    /// Soon again only on the machine that it called from: any other address is its own word.
    pub(super) fn dial_back(&mut self, now: Timestamp, caller: Caller) {
        let (entry, is_home) = (caller.entry, caller.is_home);
        let address = entry
            .endpoint
            .as_ref()
            .and_then(|at| address_of(caller.scheme, at));
        let node = entry.node.clone();
        self.learn(now, &caller.teller, caller.scheme, &[entry], is_home);
        let Some(id) = address.and_then(|address| self.targets.find(&address)) else {
            return;
        };
        self.absentees.parted(now, node, Some(id));
        if is_home {
            self.keep_fresh(now, id);
        }
        self.dial(now, id);
    }

    /// The address of a legacy peer that was linked until now is dialled again soon and often, for as long as what is
    /// missed meanwhile is kept.
    fn keep_fresh(&mut self, now: Timestamp, id: TargetId) {
        if let Some(target) = self.targets.target_mut(id) {
            target.fresh_until = now + self.config.accept_past;
        }
    }

    pub(super) fn is_own(&self, address: &Address) -> bool {
        self.config
            .advertised(address.scheme())
            .is_some_and(|own| own.host() == address.host() && own.port() == address.port())
    }

    /// Dials an address at which `node` is said to be. False if that leads nowhere.
    pub(super) fn dial_candidate(
        &mut self,
        now: Timestamp,
        address: &Address,
        node: &NodeId,
    ) -> bool {
        let known = self.targets.find(address);
        let id = known.or_else(|| {
            let address = address.clone();
            self.targets.add(address, Origin::Lookup, &mut self.rng)
        });
        let Some(id) = id else {
            return false;
        };
        if let Some(target) = self.targets.target_mut(id).filter(|_| known.is_none()) {
            target.expected = Some(node.clone());
        }
        self.dial(now, id);
        let state = self.targets.target(id).map(Target::state);
        let is_under_way = match state {
            Some(State::On(link)) => self
                .links
                .get(&link)
                .is_some_and(|link| link.greeted().is_none()),
            _ => false,
        };
        if !is_under_way && known.is_none() {
            self.targets.remove(id);
        }
        is_under_way
    }

    /// The node at an address is known now: it is a peer.
    pub(super) fn met(&mut self, now: Timestamp, id: TargetId, node: &NodeId) {
        let kin = match self.table.peer(node).map(|peer| peer.capable) {
            Some(true) => Kin::Capable,
            Some(false) => Kin::Legacy,
            None => Kin::Unknown,
        };
        self.targets.met(now, id, node, kin);
    }

    /// What was asked of an address has come about: its node is linked.
    pub(super) fn target_up(&mut self, id: TargetId) {
        let Some(target) = self.targets.target_mut(id) else {
            return;
        };
        target.persist = true;
        let tickets = mem::take(&mut target.tickets);
        let result = match (&target.expected, &target.node) {
            (Some(expected), Some(found)) if expected != found => {
                let (expected, found) = (expected.clone(), found.clone());
                let reason = CloseReason::OtherNode { expected, found };
                Err(Failure::Refused(reason.to_string()))
            }
            _ => Ok(()),
        };
        for ticket in tickets {
            self.settle(ticket, result.clone());
        }
    }

    /// A dialled link ended.
    pub(super) fn target_down(&mut self, now: Timestamp, link: &Link, ended: &Ended) {
        if self.closing.is_some() {
            return self.rest_target(now, link);
        }
        if let Some(node) = link
            .node()
            .filter(|node| link.lent.is_none() && !self.table.contains(node))
            .cloned()
        {
            self.redial_node(now, &node);
        }
        let Some(id) = link.target else { return };
        let Some(target) = self.targets.target_mut(id) else {
            return;
        };
        target.is_tried_out = false;
        if link.greeted().is_some() {
            target.was_alive(now, Duration::ZERO);
        }
        // It may rest only while its node is linked otherwise: that link's end wakes it (redial_node).
        let is_linked = target
            .node
            .as_ref()
            .is_some_and(|node| self.table.contains(node));
        let address = target.address.clone();
        let is_settled = ended.is_duplicate && is_linked && target.tickets.is_empty();
        if is_settled || ended.is_surplus {
            self.targets.set_state(id, State::Idle);
        } else {
            self.try_target_again(now, id, link, ended);
        }
        self.try_candidates_after(now, &address);
    }

    /// The link of a node that dials nobody any more: its address is as good as before, and others may be told of it.
    fn rest_target(&mut self, now: Timestamp, link: &Link) {
        let Some(id) = link.target else { return };
        if let Some(target) = self.targets.target_mut(id) {
            if link.greeted().is_some() {
                target.was_alive(now, Duration::ZERO);
            }
            self.targets.set_state(id, State::Idle);
        }
    }

    /// An address has led to somebody: whoever else was looked for there is looked for elsewhere.
    pub(super) fn try_elsewhere(&mut self, now: Timestamp, id: TargetId) {
        if let Some(target) = self.targets.target(id) {
            let address = target.address.clone();
            self.try_candidates_after(now, &address);
        }
    }

    fn try_candidates_after(&mut self, now: Timestamp, address: &Address) {
        for wanted in self.lookups.candidate_failed(address) {
            self.try_next_candidate(now, &wanted);
        }
    }

    fn try_target_again(&mut self, now: Timestamp, id: TargetId, link: &Link, ended: &Ended) {
        if link.greeted().is_some_and(|greeted| !greeted.capable) {
            self.keep_fresh(now, id);
        }
        if link
            .greeted()
            .is_some_and(|greeted| now.since(greeted.since) >= self.config.greeting_timeout)
        {
            self.targets.held(id);
        }
        if let Some(greeted) = link.greeted() {
            self.anchor_lost(now, id, greeted.since);
        }
        self.retry(now, id, link, &ended.failure);
    }

    fn retry(&mut self, now: Timestamp, id: TargetId, link: &Link, failure: &Failure) {
        let Some(target) = self.targets.target_mut(id) else {
            return;
        };
        let (address, tickets) = (target.address.clone(), mem::take(&mut target.tickets));
        let is_fresh = target.fresh_until > now;
        let redial = self.next_attempt(now, id, is_fresh);
        for ticket in tickets {
            self.settle(ticket, Err(failure.clone()));
        }
        if link.greeted().is_none() {
            self.tell(Event::DialFailed {
                address,
                failure: failure.clone(),
                redial,
            });
        }
    }

    /// Sets the next dial of an address; `None` if it is forgotten instead.
    fn next_attempt(&mut self, now: Timestamp, id: TargetId, is_fresh: bool) -> Option<Duration> {
        let (shortest, mut longest) = self.config.redial;
        let hurries = now < self.surroundings.hurries_until;
        if is_fresh {
            longest = longest.min(self.config.legacy_redial);
        }
        // Without a peer, an address that may be stale is better than none.
        let attempts = if is_fresh || self.table.is_empty() {
            u32::MAX
        } else {
            self.config.learned_attempts
        };
        let bounds = (shortest, longest);
        let is_first = self
            .targets
            .target(id)
            .is_some_and(|target| target.failures == 0);
        let failed = self
            .targets
            .failed(now, id, bounds, attempts, &mut self.rng);
        match failed {
            Next::Retry(wait) => {
                let wait = if hurries && is_first {
                    Duration::ZERO
                } else {
                    wait
                };
                self.timers.set(Timer::Redial(id), now + wait);
                Some(wait)
            }
            Next::Rest | Next::Forget => None,
        }
    }

    /// A node is no peer any more: those of its addresses that rested because it was one are dialled again.
    fn redial_node(&mut self, now: Timestamp, node: &NodeId) {
        for id in self.targets.of_node(node) {
            let Some(target) = self.targets.target(id) else {
                continue;
            };
            let is_wanted = target.origin == Origin::User || target.is_anchored(now);
            if is_wanted && target.state() == State::Idle {
                self.targets.set_state(id, State::Waiting);
                let shortest = self.config.redial.0;
                let wait = full_jitter((shortest, shortest), 0, &mut self.rng);
                self.timers.set(Timer::Redial(id), now + wait);
            }
        }
    }
}

pub(super) fn address_of(scheme: Scheme, endpoint: &Endpoint) -> Option<Address> {
    match scheme {
        Scheme::Memory => Some(Address::memory(endpoint.port)),
        scheme => Address::new(scheme, &endpoint.host, endpoint.port).ok(),
    }
}
