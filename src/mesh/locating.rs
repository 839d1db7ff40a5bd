//! Request and response: asking the mesh where a node is, and answering who asks (protocol 0.7, Request and response).
//!
//! What waits goes over the first link that has greeted as the node that was meant, or over the neighbour that
//! answered, if that one hands whispers on. An address out of an answer is only ever a place to try.

use rand_chacha::rand_core::RngCore;

use super::Mesh;
use super::dialling::address_of;
use super::error::Failure;
use super::lookup::{Cargo, WaitId};
use super::timers::Timer;
use crate::address::Address;
use crate::id::{LinkId, MessageId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Endpoint, IdForm, Message, RawPackets, Signal, Value};

/// Most bytes of a request's id, which the answer repeats to everybody. The relatives' have under 100.
const REQUEST: usize = 256;

impl Mesh {
    /// Keeps a whisper until there is a way to `wanted`, and asks for one; returns how many links were asked.
    pub(super) fn look_up(&mut self, now: Timestamp, wanted: &NodeId, cargo: Cargo) -> usize {
        // Kept before it is asked: the answer may come at once.
        let id = self.lookups.wait(wanted.clone(), cargo);
        self.timers
            .set(Timer::Lookup(id), now + self.config.lookup_timeout);
        if self.lookups.is_searched(wanted) {
            return 0;
        }
        self.ask_for(now, wanted)
    }

    fn ask_for(&mut self, now: Timestamp, wanted: &NodeId) -> usize {
        let (high, low) = (self.rng.next_u64(), self.rng.next_u64());
        let request = Value::from(format!("{high:016x}{low:016x}"));
        self.lookups.search(wanted.clone(), request.clone());
        // The relatives know a node under the form in which it writes its id, which this node may not know.
        let asked = [IdForm::Text, IdForm::Bytes].map(|form| {
            let signal = Signal::Request {
                request: request.clone(),
                wanted: wanted.clone(),
                form,
            };
            self.broadcast_signal(now, &signal)
        });
        asked[0]
    }

    pub(super) fn lookup_expired(&mut self, id: WaitId) {
        match self.lookups.take(id) {
            Some((wanted, Cargo::Own { ticket, .. })) => {
                self.settle(ticket, Err(Failure::NoRoute(wanted)));
            }
            Some((_, Cargo::Foreign { .. })) => self.stats.undeliverable += 1,
            None => {}
        }
    }

    /// Answers who asks for a node that is a peer here, once for each question.
    pub(super) fn handle_request(
        &mut self,
        now: Timestamp,
        id: LinkId,
        message: &Message,
        request: Value,
        wanted: &NodeId,
        form: IdForm,
    ) {
        let Some(scheme) = self.links.get(&id).map(|link| link.info.scheme) else {
            return;
        };
        let Some(peer) = self.table.peer(wanted) else {
            return;
        };
        // An address is of use on its own kind of transport only.
        let may = |at: &Endpoint| peer.scheme == scheme && self.is_tellable(&peer.node, scheme, at);
        let endpoint = peer.endpoint.clone().filter(may);
        let may_know = may_be_answered(message, endpoint.as_ref());
        if !may_know || !self.is_first_time_asked(now, &request, wanted) {
            return;
        }
        // Another neighbour of that node may have said the same by now.
        if !self.is_first_answer(now, &request, wanted, endpoint.as_ref()) {
            return;
        }
        let answer = Signal::Response {
            request,
            endpoint,
            node: wanted.clone(),
            form,
        };
        self.broadcast_signal(now, &answer);
    }

    /// One question may come in many messages: each answer goes to the whole mesh.
    fn is_first_time_asked(&mut self, now: Timestamp, request: &Value, wanted: &NodeId) -> bool {
        key(Asked::Question, request, wanted)
            .is_some_and(|question| self.answered.insert(now, MessageId::of(&question)))
    }

    /// Each neighbour of a node answers in a message of its own, all of which say the same: one of them goes round. An answer
    /// that says something else is another, as the first to come may be a lie.
    pub(super) fn is_first_answer(
        &mut self,
        now: Timestamp,
        request: &Value,
        node: &NodeId,
        endpoint: Option<&Endpoint>,
    ) -> bool {
        let kind = endpoint.map_or(Asked::AnswerWithout, |_| Asked::Answer);
        let Some(mut answer) = key(kind, request, node) else {
            return false;
        };
        if let Some(at) = endpoint {
            answer.extend_from_slice(&at.port.to_be_bytes());
            answer.extend_from_slice(at.host.as_bytes());
        }
        self.answered.insert(now, MessageId::of(&answer))
    }

    /// Takes the answer to a question of this node.
    pub(super) fn handle_response(
        &mut self,
        now: Timestamp,
        id: LinkId,
        request: &Value,
        endpoint: Option<Endpoint>,
        node: &NodeId,
    ) {
        if !self.lookups.asked(request, node) {
            return;
        }
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let scheme = link.info.scheme;
        if link.greeted().is_some_and(|greeted| greeted.forwards) {
            self.learn_way(now, node, id);
            return self.send_waiting(now, node);
        }
        let address = endpoint.and_then(|at| address_of(scheme, &at));
        // Others cannot make this node dial whom its user sent away.
        let may_dial = !self.unwanted.contains(node) || self.lookups.is_wanted_by_user(node);
        let is_fit = |at: &Address| may_dial && self.believes(at) && !self.is_own(at);
        if let Some(address) = address.filter(is_fit) {
            self.lookups.suggest(node, address);
            self.try_next_candidate(now, node);
        }
    }

    /// Dials where somebody said that `node` is, one place after the other.
    pub(super) fn try_next_candidate(&mut self, now: Timestamp, node: &NodeId) {
        while let Some(address) = self.lookups.next_candidate(node) {
            if self.dial_candidate(now, &address, node) {
                return;
            }
            self.lookups.candidate_failed(&address);
        }
    }

    /// Sends what waits for `node` over its link, or by the neighbour that leads to it, as far as there is room. The rest
    /// goes when the link has written something. To be called whenever a way may have come about.
    pub(super) fn send_waiting(&mut self, now: Timestamp, node: &NodeId) {
        if !self.lookups.is_searched(node) {
            return;
        }
        self.let_go(now);
        while let Some(way) = self.way_to(node) {
            let Some((id, size)) = self.lookups.first_for(node, way.link()) else {
                return;
            };
            if !self.has_room_for(way.link(), size) {
                return self.lookups.wait_for_room(node, way.link());
            }
            self.timers.stop(Timer::Lookup(id));
            if let Some((_, cargo)) = self.lookups.take(id) {
                self.send_by(now, way, node, cargo);
            }
        }
    }

    fn send_by(&mut self, now: Timestamp, way: Way, node: &NodeId, cargo: Cargo) {
        match (cargo, way) {
            (Cargo::Own { ticket, letter }, Way::Link(_)) => {
                self.whisper_own(now, node, &letter, ticket);
            }
            (Cargo::Own { ticket, letter }, Way::Hop(hop)) => {
                self.forward_own(now, hop, node, &letter, ticket);
            }
            (Cargo::Foreign { message, .. }, Way::Link(link)) => {
                self.hand_to_target(now, link, node, &message);
            }
            (Cargo::Foreign { message, .. }, Way::Hop(hop)) => {
                self.forward_foreign(now, hop, node, &message);
            }
        }
    }

    /// A link has written something, or is gone: what waited for room on it goes on, or another way.
    pub(super) fn send_waiting_over(&mut self, now: Timestamp, link: LinkId) {
        for node in self.lookups.take_waiting_for_room(link) {
            self.send_waiting(now, &node);
        }
    }

    fn way_to(&self, node: &NodeId) -> Option<Way> {
        let link = self.table.link(node).map(Way::Link);
        link.or_else(|| self.next_hop(node).map(Way::Hop))
    }
}

/// What is remembered: nobody can make one look like another.
#[derive(Clone, Copy)]
enum Asked {
    Question,
    Answer,
    /// One that names no address.
    AnswerWithout,
}

/// A question as bytes, which no other is; `None` if its id is too long to be repeated.
fn key(kind: Asked, request: &Value, wanted: &NodeId) -> Option<Vec<u8>> {
    let request = RawPackets::from_values(core::slice::from_ref(request)).ok()?;
    let (request, wanted) = (request.as_bytes(), wanted.as_bytes());
    let length = u16::try_from(wanted.len()).ok()?.to_be_bytes();
    let is_short = request.len() <= REQUEST;
    is_short.then(|| [&[kind as u8][..], request, &length, wanted].concat())
}

/// Whether who asked can do with the answer. py2p dials whatever it is told, so it is told of no peer without an address.
/// js2p cannot digest an answer and drops the link over it.
fn may_be_answered(question: &Message, endpoint: Option<&Endpoint>) -> bool {
    let is_ours = question.trailer().nonce.is_some();
    let is_py2p = question.sender_form() != IdForm::Text;
    is_ours || is_py2p && endpoint.is_some()
}

/// The way that a whisper takes from here.
#[derive(Clone, Copy)]
enum Way {
    /// The link to its receiver.
    Link(LinkId),
    /// The link to a node that hands it on.
    Hop(LinkId),
}

impl Way {
    fn link(&self) -> LinkId {
        match *self {
            Self::Link(link) | Self::Hop(link) => link,
        }
    }
}
