//! Whispers to nodes that are no neighbours, handed on from node to node along the path on which their target was heard.
//!
//! So a tab, which nobody can dial, can be answered. The message travels as its sender packed it, inside a whisper of each
//! node on the way; each hands it on once, so it cannot circle. An extension: only nodes that showed the capability are
//! given such whispers.

use bytes::Bytes;

use super::Mesh;
use super::error::CommandError;
use super::event::{Receipt, Ticket};
use super::flood::{Age, age};
use super::limit::Limit;
use super::loans::Lent;
use super::lookup::Cargo;
use super::outbox::{Class, Parcel};
use super::sending::Letter;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Kind, Message, Signal, Trailer, sub_flag};

impl Mesh {
    /// The link that leads to a node that is no neighbour, as far as this node knows.
    pub(super) fn next_hop(&self, to: &NodeId) -> Option<LinkId> {
        let forwards = |link: &LinkId| {
            self.links
                .get(link)
                .and_then(|link| link.greeted())
                .is_some_and(|greeted| greeted.forwards)
        };
        let heard = self.routes.towards(to).filter(forwards);
        // Of one that has not spoken yet, a neighbour may have told.
        heard.or_else(|| self.table.teller(to).filter(forwards))
    }

    /// A node was heard by a link: that is the way to it, unless a better one is known.
    pub(super) fn learn_way(&mut self, now: Timestamp, node: &NodeId, link: LinkId) {
        let is_up = |link| self.links.get(&link).is_some_and(|l| l.greeted().is_some());
        self.routes.learn(now, node, link, is_up);
    }

    /// Sends packets to a node over another one.
    pub(super) fn whisper_over(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        hop: LinkId,
        to: &NodeId,
        letter: &Letter,
    ) -> Result<Receipt, CommandError> {
        if !self.has_room(hop, letter) {
            return Err(CommandError::Busy);
        }
        Ok(self.forward_own(now, hop, to, letter, ticket))
    }

    pub(super) fn forward_own(
        &mut self,
        now: Timestamp,
        hop: LinkId,
        to: &NodeId,
        letter: &Letter,
        ticket: Ticket,
    ) -> Receipt {
        let message = self.compose(now, Kind::Whisper, sub_flag::WHISPER, letter);
        let links = self.send_forward(now, hop, to, &message, Class::Whisper, Some(ticket));
        self.expect_written(ticket, links);
        Receipt::Sent {
            ticket,
            id: Some(message.id()),
            links,
        }
    }

    /// Sends another node's whisper to the next node on its way.
    pub(super) fn forward_foreign(
        &mut self,
        now: Timestamp,
        hop: LinkId,
        to: &NodeId,
        message: &Message,
    ) {
        self.send_forward(now, hop, to, message, Class::Passing, None);
    }

    fn send_forward(
        &mut self,
        now: Timestamp,
        hop: LinkId,
        to: &NodeId,
        message: &Message,
        class: Class,
        ticket: Option<Ticket>,
    ) -> usize {
        let signal = Signal::Forward {
            to: to.clone(),
            packed: message.packed(),
        };
        let outer = self.sign(now, &signal, Trailer::default());
        let parcel = Parcel {
            frame: outer.frame().into_bytes(),
            class,
            ticket,
        };
        self.post_counted(now, hop, parcel)
    }

    /// Takes a whisper that is on its way to `to`: here, or further on.
    pub(super) fn handle_forward(
        &mut self,
        now: Timestamp,
        from: LinkId,
        to: NodeId,
        packed: Bytes,
    ) {
        let message = Message::from_packed(&packed, &self.config.values).ok();
        let Some(message) = message.filter(|message| self.is_fit_to_forward(now, message)) else {
            return self.stats.malformed += 1;
        };
        if *message.sender() == to {
            return self.stats.malformed += 1;
        }
        if !self.seen.insert(now, message.id()) {
            return self.stats.duplicates += 1;
        }
        self.charge_forward(now, from, &message);
        // So that it can be answered, though its sender never spoke to all.
        self.learn_way(now, message.sender(), from);
        self.send_waiting(now, message.sender());
        if to == self.identity.node {
            return self.take_whisper(from, message);
        }
        self.pass_on(now, from, &to, message);
    }

    /// Sends another node's whisper on: to its receiver, towards it, or, where the way is not known, into the search for it.
    pub(super) fn pass_on(&mut self, now: Timestamp, from: LinkId, to: &NodeId, message: Message) {
        if let Some((older, newer)) = self.table.contest(to) {
            // One of them may be dead. Who has it twice drops it.
            self.hand_to_target(now, older, to, &message);
            self.hand_to_target(now, newer, to, &message);
        } else if let Some(link) = self.table.link(to) {
            self.hand_to_target(now, link, to, &message);
        } else if self.is_lent(message.sender(), to) {
            let (borrower, peer) = (message.sender().clone(), to.clone());
            self.speak_for(now, &Lent { borrower, peer }, message.frame().into_bytes());
        } else if let Some(hop) = self.next_hop(to).filter(|hop| *hop != from) {
            self.forward_foreign(now, hop, to, &message);
        } else if self.closing.is_none() && self.lookups.has_room_for_foreign(from, to) {
            if !self.lookups.is_searched(to) {
                self.charge_search(now, from, message.sender());
            }
            self.look_up(now, to, Cargo::Foreign { from, message });
        } else {
            if self.closing.is_none() {
                self.stats.struck.count(Limit::Errands);
            }
            self.stats.undeliverable += 1;
        }
    }

    /// The same rules as for a broadcast, and a nonce, as each node on the way must know a copy when it sees one.
    fn is_fit_to_forward(&self, now: Timestamp, message: &Message) -> bool {
        let (past, future) = (self.config.accept_past, self.config.accept_future);
        message.kind() == Kind::Whisper
            && matches!(Signal::parse(message), Ok(Signal::Application))
            && message.trailer().nonce.is_some()
            && *message.sender() != self.identity.node
            && age(message.time(), self.wall(now), past, future) == Age::Current
    }

    /// A neighbour that knows no forwards is given the whisper itself.
    pub(super) fn hand_to_target(
        &mut self,
        now: Timestamp,
        link: LinkId,
        to: &NodeId,
        message: &Message,
    ) {
        let greeted = self.links.get(&link).and_then(|link| link.greeted());
        if greeted.is_some_and(|greeted| greeted.forwards) {
            self.send_forward(now, link, to, message, Class::Passing, None);
        } else {
            self.lend(now, link, message, to);
        }
    }
}
