//! Messages to one node: over a link to it, over the nodes between, or, as protocol 0.7 has it, after asking where it is.

use super::Mesh;
use super::error::CommandError;
use super::event::{Receipt, Ticket};
use super::link::LastWord;
use super::lookup::Cargo;
use super::outbox::{Class, Parcel};
use super::sending::Letter;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Kind, Message, sub_flag};

impl Mesh {
    pub(super) fn whisper(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        to: NodeId,
        letter: Letter,
    ) -> Result<Receipt, CommandError> {
        self.check_size(&letter)?;
        if to == self.identity.node {
            return Err(CommandError::ToSelf);
        }
        if self.table.contains(&to) {
            return self.whisper_to_peer(now, ticket, &to, &letter);
        }
        if self.table.is_empty() {
            return Err(CommandError::NotJoined);
        }
        if let Some(hop) = self.next_hop(&to) {
            return self.whisper_over(now, ticket, hop, &to, &letter);
        }
        if !self.lookups.has_room() {
            return Err(CommandError::TooMany {
                what: "lookups",
                limit: self.config.lookups,
            });
        }
        let links = self.look_up(now, &to, Cargo::Own { ticket, letter });
        Ok(Receipt::Sent {
            ticket,
            id: None,
            links,
        })
    }

    fn whisper_to_peer(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        to: &NodeId,
        letter: &Letter,
    ) -> Result<Receipt, CommandError> {
        if !self
            .table
            .link(to)
            .is_some_and(|link| self.has_room(link, letter))
        {
            return Err(CommandError::Busy);
        }
        Ok(self.whisper_own(now, to, letter, ticket))
    }

    /// Sends packets of the user's over the link to their receiver.
    pub(super) fn whisper_own(
        &mut self,
        now: Timestamp,
        to: &NodeId,
        letter: &Letter,
        ticket: Ticket,
    ) -> Receipt {
        let message = self.compose(now, Kind::Whisper, sub_flag::WHISPER, letter);
        let links = self.post_whisper(now, to, &message, ticket);
        Receipt::Sent {
            ticket,
            id: Some(message.id()),
            links,
        }
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
            let frame = forms.for_peer(greeted).0.bytes().clone();
            if !greeted.capable
                && let Some(link) = self.links.get_mut(&id)
            {
                link.last_word = Some(LastWord::Frame(message.frame().into_bytes()));
            }
            let parcel = Parcel {
                frame,
                class: Class::Whisper,
                ticket: Some(ticket),
            };
            took += self.post_counted(now, id, parcel);
        }
        self.expect_written(ticket, took);
        took
    }
}
