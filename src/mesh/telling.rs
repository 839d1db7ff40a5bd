//! Where nodes can be dialled, as capable peers tell each other: on every kind of transport, whatever their link runs on.
//!
//! So a relay that meets another over TCP can lead a browser tab to its WebSocket. What a peer says of itself is passed on
//! as long as it is linked; of others, what somebody was linked to within the hour. A peer is told only what it can dial.

use core::net::IpAddr;
use core::time::Duration;

use rand_chacha::rand_core::RngCore;

use super::Mesh;
use super::hearsay::{Hearsay, is_proven_name};
use super::link::{Greeted, Link};
use super::peers::RoutingTable;
use super::standby::{Told, is_a_place};
use super::targets::{Kin, Origin, State, Target, Targets};
use super::tellers::Teller;
use crate::address::{Address, Scheme};
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Addresses, KnownAddress, MAX_KNOWN, MAX_OWN, Signal};

/// An address is told others for so long after somebody was linked there: the dead do not go round for ever.
const TELLABLE: Duration = Duration::from_secs(3_600);
/// Of what is told, so many are peers' own addresses, and the rest others at random.
const OF_PEERS: usize = MAX_KNOWN / 2;
/// A peer is answered at most once in this time: answers are longer than questions.
const REST: Duration = Duration::from_secs(1);
/// So many new addresses in one answer are news: there is more to be learnt.
const NEWS: usize = MAX_KNOWN / 4;

/// What a peer said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    dials: Vec<Scheme>,
    own: Vec<Address>,
    answered: Option<Timestamp>,
}

/// An address that may be told. A book has many, of which few are told: only those are copied.
struct Tellable<'a> {
    address: &'a Address,
    node: &'a NodeId,
    age: Duration,
}

impl From<Tellable<'_>> for KnownAddress {
    fn from(tellable: Tellable<'_>) -> Self {
        Self {
            address: tellable.address.clone(),
            node: tellable.node.clone(),
            age: u32::try_from(tellable.age.as_secs()).unwrap_or(u32::MAX),
        }
    }
}

/// Who is told, and what it can dial.
struct Hearer<'a> {
    node: &'a NodeId,
    dials: &'a [Scheme],
    hearsay: Hearsay,
}

impl Hearer<'_> {
    fn may_use(&self, address: &Address, node: &NodeId) -> bool {
        self.dials.contains(&address.scheme()) && node != self.node
    }

    fn addresses_of_peers<'a>(&self, links: impl Iterator<Item = &'a Link>) -> Vec<Tellable<'a>> {
        let mut known = Vec::new();
        for link in links {
            let (Some(node), Some(said)) = (link.node(), &link.said) else {
                continue;
            };
            let own = said.own.iter().filter(|at| self.may_use(at, node));
            known.extend(own.map(|address| Tellable {
                address,
                node,
                age: Duration::ZERO,
            }));
        }
        known
    }

    fn addresses_of_others<'a>(
        &self,
        now: Timestamp,
        targets: &'a Targets,
        table: &RoutingTable,
    ) -> Vec<Tellable<'a>> {
        let tellable = |target: &'a Target| {
            let (address, node) = (&target.address, target.node.as_ref()?);
            let age = match target.state() {
                State::On(_) if target.tried => Duration::ZERO,
                _ => target.age(now),
            };
            let may = target.kin == Kin::Capable
                && target.failures == 0
                && age < TELLABLE
                && (target.origin == Origin::User
                    || target.is_home
                    || self.hearsay.allows(address))
                && self.may_use(address, node)
                && !table.contains(node);
            may.then_some(Tellable { address, node, age })
        };
        let targets = targets.iter();
        targets.filter_map(|(_, target)| tellable(target)).collect()
    }
}

/// Leaves so many, any.
fn thin_out<T>(all: &mut Vec<T>, most: usize, rng: &mut impl RngCore) {
    while all.len() > most {
        let index = rng.next_u32() as usize % all.len();
        all.swap_remove(index);
    }
}

impl Mesh {
    /// Tells a peer that is new where this node can be dialled, and asks it where others can.
    pub(super) fn introduce_addresses(&mut self, now: Timestamp, id: LinkId) {
        let link = self.links.get(&id).and_then(|link| link.greeted());
        if link.is_some_and(|greeted| greeted.addresses) {
            self.tell_addresses(now, id, true);
        }
    }

    /// Exchanges addresses with a peer, any.
    pub(super) fn exchange_addresses(&mut self, now: Timestamp) {
        if let Some(id) = self.any_peer_with_addresses() {
            self.tell_addresses(now, id, true);
        }
    }

    /// Tells a peer of a node that leaves where else it can go, and that it is not to come back here.
    pub(super) fn tell_ways_out(&mut self, now: Timestamp, id: LinkId) {
        let link = self.links.get(&id).filter(|link| link.lent.is_none());
        let may = |greeted: &Greeted| greeted.addresses;
        if !link.and_then(|link| link.greeted()).is_some_and(may) {
            return;
        }
        let addresses = Addresses {
            ask: false,
            dials: self.config.dials.clone(),
            own: Vec::new(),
            known: self.known_to_tell(now, id),
        };
        self.send_signal(now, id, &Signal::Addresses(addresses));
    }

    fn tell_addresses(&mut self, now: Timestamp, id: LinkId, ask: bool) {
        let addresses = Addresses {
            ask,
            dials: self.config.dials.clone(),
            own: self.own_addresses(id),
            known: self.known_to_tell(now, id),
        };
        self.send_signal(now, id, &Signal::Addresses(addresses));
    }

    /// Where the peer of a link can dial this node, on any transport.
    fn own_addresses(&self, id: LinkId) -> Vec<Address> {
        let local = self.links.get(&id).and_then(|l| l.info.local_host.clone());
        let resolve = |address: &Address| {
            let ip = address.host().parse::<IpAddr>();
            match (ip.is_ok_and(|ip| ip.is_unspecified()), &local) {
                (false, _) => Some(address.clone()),
                (true, Some(host)) => address.with_endpoint(host, address.port()).ok(),
                (true, None) => None,
            }
        };
        let own = self.config.advertise.iter().filter_map(resolve);
        own.filter(is_a_place).take(MAX_OWN).collect()
    }

    /// What the peer of a link is told of others; nothing before it has said what it can dial.
    fn known_to_tell(&mut self, now: Timestamp, id: LinkId) -> Vec<KnownAddress> {
        let link = self.links.get(&id);
        let Some(hearer) = link.and_then(|link| {
            Some(Hearer {
                node: link.node()?,
                dials: &link.said.as_ref()?.dials,
                hearsay: self.config.hearsay,
            })
        }) else {
            return Vec::new();
        };
        let mut known = hearer.addresses_of_peers(self.links.values());
        thin_out(&mut known, OF_PEERS, &mut self.rng);
        let mut others = hearer.addresses_of_others(now, &self.targets, &self.table);
        thin_out(&mut others, MAX_KNOWN - known.len(), &mut self.rng);
        known.append(&mut others);
        known.into_iter().map(KnownAddress::from).collect()
    }

    /// Takes what a peer tells, and answers if it asks.
    pub(super) fn handle_addresses(&mut self, now: Timestamp, id: LinkId, told: Addresses) {
        let link = self.links.get(&id).filter(|link| link.lent.is_none());
        let Some((link, node)) = link.and_then(|link| Some((link, link.node().cloned()?))) else {
            return;
        };
        let teller = Teller::of(&node, link.network());
        let own = told.own.into_iter().filter_map(|at| {
            let is_home = at.is_loopback() && self.is_home(id, link, &at);
            let is_believed = is_home || self.believes(&at);
            // A name is for others to prove: this node does not go there.
            (is_believed || is_proven_name(&at)).then_some((at, is_believed, is_home))
        });
        let own: Vec<_> = own.collect();
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let answered = link.said.as_ref().and_then(|said| said.answered);
        let is_rested = answered.is_none_or(|at| now.since(at) >= REST);
        let answers = told.ask && is_rested;
        link.said = Some(Said {
            dials: told.dials,
            own: own.iter().map(|(at, ..)| at.clone()).collect(),
            answered: if answers { Some(now) } else { answered },
        });
        let own = own.into_iter().filter(|(_, is_believed, _)| *is_believed);
        let own = own.map(|(at, _, is_home)| (at, is_home)).collect();
        let news = self.keep_all(now, (&node, &teller), own, told.known);
        if answers {
            self.tell_addresses(now, id, false);
        }
        if news >= NEWS {
            self.look_soon(now);
        }
        self.want_links(now);
    }

    /// How many of them were new.
    fn keep_all(
        &mut self,
        now: Timestamp,
        (peer, teller): (&NodeId, &Teller),
        own: Vec<(Address, bool)>,
        known: Vec<KnownAddress>,
    ) -> usize {
        let has_room = self.targets.len() < self.config.addresses;
        let own = own.into_iter().map(|(address, is_home)| Told {
            address,
            node: peer.clone(),
            kin: Kin::Capable,
            age: Duration::ZERO,
            is_home,
        });
        let known = known.into_iter().map(|known| Told {
            address: known.address,
            node: known.node,
            kin: Kin::Capable,
            age: Duration::from_secs(known.age.into()),
            is_home: false,
        });
        let told = own.chain(known);
        let new = self.keep_told(now, teller, told);
        // In a full book one new address drives out another: that never ends, and is no news.
        if has_room { new } else { 0 }
    }
}
