//! What strangers do in a simulation: they attack, tell tales, and lead nodes astray.

use bytes::Bytes;

use super::host::Actor;
use super::node::Place;
use super::simulation::Simulation;
use crate::address::Address;
use crate::id::NodeId;
use crate::wire::KnownAddress;

impl Simulation {
    /// Has a puppet dial `victim` and say `words`, each the bytes of a frame, as soon as the link is up. False if it cannot
    /// dial it, or is no puppet.
    pub fn attack(&mut self, puppet: Place, victim: Place, words: Vec<Bytes>) -> bool {
        let host = &self.hosts[puppet.number()];
        let Some(address) = self.route(host, victim) else {
            return false;
        };
        let Actor::Puppet(actor) = &mut self.hosts[puppet.number()].actor else {
            return false;
        };
        actor.dial(address, words);
        self.drain(puppet.0);
        true
    }

    /// Has a puppet say something over all its links.
    pub fn say(&mut self, puppet: Place, word: &Bytes) {
        if let Actor::Puppet(actor) = &mut self.hosts[puppet.number()].actor {
            actor.say(word);
            self.drain(puppet.0);
        }
    }

    /// Has a Sybil tell all that it is linked to, and whoever asks it from now on, that these nodes are at these addresses.
    pub fn tell_tales(&mut self, sybil: Place, tales: &[(Address, NodeId)]) {
        let known = |(address, node): &(Address, NodeId)| KnownAddress {
            address: address.clone(),
            node: node.clone(),
            age: 0,
        };
        if let Actor::Sybil(actor) = &mut self.hosts[sybil.number()].actor {
            actor.tell(tales.iter().map(known).collect());
            self.drain(sybil.0);
        }
    }

    /// One more address at which a place answers.
    pub fn open_door(&mut self, place: Place, address: &Address) {
        self.doors
            .insert(address.authority(), Some((place.0, address.scheme())));
    }

    /// Whoever dials this address gets no answer, not even that nobody is there.
    pub fn swallow_dials(&mut self, address: &Address) {
        self.doors.insert(address.authority(), None);
    }
}
