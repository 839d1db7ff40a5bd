//! Messages to one node: over a link to it, over the nodes between, or, as protocol 0.7 has it, after asking where it is.

use rand_chacha::rand_core::RngCore;

use super::Mesh;
use super::error::{CommandError, Failure};
use super::event::{Receipt, Ticket};
use super::lookup::Lookup;
use super::outbox::{Class, Parcel};
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{IdForm, Kind, Message, RawPackets, Signal, Value, sub_flag};

impl Mesh {
    pub(super) fn whisper(
        &mut self,
        now: Timestamp,
        to: NodeId,
        packets: RawPackets,
    ) -> Result<Receipt, CommandError> {
        self.check_size(&packets)?;
        if to == self.identity.node {
            return Err(CommandError::ToSelf);
        }
        if self.table.contains(&to) {
            return self.whisper_to_peer(now, &to, &packets);
        }
        if self.table.is_empty() {
            return Err(CommandError::NotJoined);
        }
        if let Some(hop) = self.next_hop(&to) {
            return self.whisper_over(now, hop, &to, &packets);
        }
        if self.lookups.is_full() {
            return Err(CommandError::TooMany {
                what: "lookups",
                limit: self.config.lookups,
            });
        }
        Ok(self.look_up(now, to, packets))
    }

    fn whisper_to_peer(
        &mut self,
        now: Timestamp,
        to: &NodeId,
        packets: &RawPackets,
    ) -> Result<Receipt, CommandError> {
        if !self
            .table
            .link(to)
            .is_some_and(|link| self.has_room(link, packets))
        {
            return Err(CommandError::Busy);
        }
        let ticket = self.ticket();
        let message = self.compose(now, Kind::Whisper, sub_flag::WHISPER, packets);
        let links = self.post_whisper(now, to, &message, ticket);
        Ok(Receipt::Sent {
            ticket,
            id: Some(message.id()),
            links,
        })
    }

    /// Sends a whisper over the link to its receiver; over both, while it is settled which one stays.
    fn post_whisper(
        &mut self,
        now: Timestamp,
        to: &NodeId,
        message: &Message,
        ticket: Ticket,
    ) -> usize {
        let forms = self.forms(message);
        let links: Vec<LinkId> = match self.table.contest(to) {
            Some((older, newer)) => vec![older, newer],
            None => self.table.link(to).into_iter().collect(),
        };
        let mut took = 0;
        for id in links {
            let Some(greeted) = self.links.get(&id).and_then(|link| link.greeted()) else {
                continue;
            };
            let frame = forms.for_peer(greeted).0.clone();
            if !greeted.capable
                && let Some(link) = self.links.get_mut(&id)
            {
                link.last_message = Some(message.frame());
            }
            let parcel = Parcel {
                frame,
                class: Class::Own,
                ticket: Some(ticket),
            };
            took += self.post_counted(now, id, parcel);
        }
        self.expect_written(ticket, took);
        took
    }

    /// Asks the mesh where a node is; the packets wait (protocol 0.7, Request and response).
    fn look_up(&mut self, now: Timestamp, wanted: NodeId, packets: RawPackets) -> Receipt {
        let ticket = self.ticket();
        let request = Value::from(format!(
            "{:016x}{:016x}",
            self.rng.next_u64(),
            self.rng.next_u64()
        ));
        let signal = Signal::Request {
            request: request.clone(),
            wanted: wanted.clone(),
            form: IdForm::Text,
        };
        // Kept before it is asked: the answer may come at once.
        self.lookups.insert(
            ticket,
            Lookup {
                request,
                wanted,
                packets,
            },
        );
        self.timers
            .set(Timer::Lookup(ticket), now + self.config.lookup_timeout);
        let links = self.broadcast_signal(now, &signal);
        Receipt::Sent {
            ticket,
            id: None,
            links,
        }
    }

    pub(super) fn lookup_expired(&mut self, ticket: Ticket) {
        if let Some(lookup) = self.lookups.remove(ticket) {
            self.settle(ticket, Err(Failure::NoRoute(lookup.wanted)));
        }
    }

    /// Sends what waited for a link to `node`, now that there is one.
    pub(super) fn send_deferred(&mut self, now: Timestamp, node: &NodeId) {
        for (ticket, lookup) in self.lookups.take_for(node) {
            self.timers.stop(Timer::Lookup(ticket));
            let message = self.compose(now, Kind::Whisper, sub_flag::WHISPER, &lookup.packets);
            self.post_whisper(now, node, &message, ticket);
        }
    }
}
