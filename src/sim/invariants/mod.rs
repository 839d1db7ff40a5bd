//! The rules that hold in every step of every run, checked where the run touches them: only the node that acted, and only
//! what it did, is looked at.
//!
//! A rule is checked against what a node puts out and what it says of itself, never against its inner state. Where a rule
//! has a time in it, that time does not run for nodes that are disturbed: frozen, slow, or cut off.

mod bounds;
mod links;
mod messages;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::agenda::What;
use super::figures::Followed;
use super::host::Actor;
use super::simulation::Simulation;
use super::verdict::Rule;
use crate::address::Address;
use crate::id::MessageId;
use crate::mesh::{Event, Failure, Receipt, Ticket};
use crate::time::Timestamp;

/// How often what time alone can break is looked at.
const AUDIT: Duration = Duration::from_secs(1);

/// How long an accepted request may stay without an end: several times what any takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is kept of each node.
#[derive(Debug, Default)]
pub(super) struct HostWatch {
    /// When something was done to it, the last time.
    disturbed: Timestamp,
    /// Addresses that are not to be dialled before a time.
    waits: BTreeMap<Address, Timestamp>,
    /// Addresses that its user gave.
    wanted: BTreeSet<Address>,
    /// Requests that have not ended, and since when.
    tickets: BTreeMap<Ticket, Timestamp>,
    /// The whispers that its application was given.
    whispers: BTreeSet<MessageId>,
    /// How many addresses it dialled.
    dials: u64,
    /// How often it acted.
    actions: u64,
}

/// What is kept of all.
#[derive(Debug, Default)]
pub(super) struct Watch {
    hosts: Vec<HostWatch>,
    /// The links between two nodes, by their cables and serial numbers.
    pairs: BTreeMap<(u32, u32), Vec<(u32, u32)>>,
    /// Pairs with more than one link, and since when.
    rivals: BTreeMap<(u32, u32), Timestamp>,
    /// Broadcasts that nobody may take, and the rule that says so.
    taboo: HashMap<MessageId, Rule>,
}

impl Watch {
    fn host(&mut self, place: u32) -> &mut HostWatch {
        let index = place as usize;
        if index >= self.hosts.len() {
            self.hosts.resize_with(index + 1, HostWatch::default);
        }
        &mut self.hosts[index]
    }
}

impl Simulation {
    /// Begins to look.
    pub(super) fn begin_audits(&mut self) {
        if self.options.checked {
            self.agenda.push(self.now + AUDIT, What::Audit);
        }
    }

    /// What time alone can break.
    pub(super) fn audit(&mut self) {
        self.agenda.push(self.now + AUDIT, What::Audit);
        self.audit_pairs();
        self.audit_tickets();
    }

    /// A broadcast that no core may give to its application or pass on: `rule` forbids it.
    pub fn forbid(&mut self, id: MessageId, rule: Rule) {
        self.watch.taboo.insert(id, rule);
    }

    /// Something was done to a place.
    pub(super) fn disturbed(&mut self, place: u32) {
        let now = self.now;
        self.watch.host(place).disturbed = now;
    }

    pub(super) fn all_disturbed(&mut self) {
        for place in 0..self.hosts.len() as u32 {
            self.disturbed(place);
        }
    }

    /// A place knows nothing any more.
    pub(super) fn died(&mut self, place: u32) {
        let now = self.now;
        *self.watch.host(place) = HostWatch {
            disturbed: now,
            ..HostWatch::default()
        };
    }

    /// Nothing was done to a place for so long, and it can do what it should.
    fn is_calm(&self, place: u32, span: Duration) -> bool {
        let host = &self.hosts[place as usize];
        let disturbed = self.watch.hosts.get(place as usize);
        host.is_alive()
            && !host.is_frozen
            && host.reads.is_none()
            && host.delay.is_zero()
            && disturbed.is_none_or(|watch| self.now.since(watch.disturbed) >= span)
    }

    /// A place was told to try at once whatever waits.
    pub(super) fn encouraged(&mut self, place: u32) {
        self.watch.host(place).waits.clear();
    }

    /// A request was accepted.
    pub(super) fn accepted(&mut self, place: u32, receipt: Receipt) {
        let ticket = match receipt {
            Receipt::Sent { ticket, .. } | Receipt::Pending(ticket) => ticket,
            Receipt::Done => return,
        };
        let now = self.now;
        if self.options.checked {
            self.watch.host(place).tickets.insert(ticket, now);
        }
    }

    /// I13: whatever is asked for ends.
    fn audit_tickets(&mut self) {
        for place in 0..self.hosts.len() as u32 {
            if !self.is_calm(place, PATIENCE) {
                continue;
            }
            let now = self.now;
            let is_late = |since: &Timestamp| now.since(*since) > PATIENCE;
            let late = self.watch.host(place).tickets.iter();
            let late = late.filter(|(_, since)| is_late(since)).map(|(t, _)| *t);
            if let Some(ticket) = late.min() {
                let what = format!("{ticket:?} did not end within {PATIENCE:?}");
                self.breach(Rule::Settled, place, what);
            }
        }
    }

    /// A node tells its user something.
    pub(super) fn told(&mut self, place: u32, event: &Event) {
        match event {
            Event::Message { message, .. } => self.given(place, message),
            Event::Settled { ticket, .. } => {
                self.watch.host(place).tickets.remove(ticket);
            }
            Event::DialFailed {
                address,
                redial: Some(wait),
                failure,
            } if !matches!(failure, Failure::Closed) => {
                let due = self.now + *wait;
                self.watch.host(place).waits.insert(address.clone(), due);
            }
            _ => {}
        }
    }

    /// I8: a node dials an address.
    pub(super) fn dialled(&mut self, place: u32, address: &Address) {
        self.watch.host(place).dials += 1;
        let host = &self.hosts[place as usize];
        let Actor::Core(mesh) = &host.actor else {
            return;
        };
        if host.addresses.contains(address) {
            return self.breach(Rule::DialledInTime, place, format!("{address} is its own"));
        }
        let hearsay = mesh.config().hearsay;
        let is_wanted = self.watch.host(place).wanted.contains(address);
        if !hearsay.allows(address) && !is_wanted {
            let what = format!("{address} is forbidden to be dialled on hearsay");
            return self.breach(Rule::DialledInTime, place, what);
        }
        // Who looks for somebody dials where that one is said to be, and a relative is dialled at once.
        let searches = mesh
            .usage()
            .any(|usage| matches!(usage.what, "lookups" | "errands") && usage.used > 0);
        let door = self.door(address);
        let is_relative = door.is_some_and(|to| self.is_relative(super::Place(to)));
        let due = self.watch.host(place).waits.remove(address);
        let is_early = due.is_some_and(|due| due > self.now);
        if is_early && !searches && !is_relative {
            let what = format!("{address} was to wait until {due:?}");
            self.breach(Rule::DialledInTime, place, what);
        }
    }

    /// How many addresses a node dialled since it started.
    pub fn dials(&self, place: super::Place) -> u64 {
        let host = self.watch.hosts.get(place.number());
        host.map_or(0, |watch| watch.dials)
    }

    /// The user wants an address dialled, whenever that was due.
    pub(super) fn wanted(&mut self, place: u32, address: &Address) {
        let host = self.watch.host(place);
        host.waits.remove(address);
        host.wanted.insert(address.clone());
    }

    /// Whether a broadcast is forbidden.
    fn taboo(&self, broadcast: Followed) -> Option<Rule> {
        if self.watch.taboo.is_empty() {
            return None;
        }
        let id = self.figures.id(broadcast);
        self.watch.taboo.get(&id).copied()
    }
}
