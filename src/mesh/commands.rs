//! What the user asks for.

use super::error::{CloseReason, CommandError, Failure};
use super::event::{Reach, Receipt, Ticket};
use super::flood::Forms;
use super::link::{Greeted, LastWord, Link};
use super::lookup::Cargo;
use super::outbox::Class;
use super::sending::Letter;
use super::spreading::Passing;
use super::targets::{Origin, State};
use super::timers::Timer;
use super::train::Train;
use super::{Closing, Mesh};
use crate::address::Address;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Compression, Flag, Message, Signal};

/// What a message has besides its packets, at most: checksum, header, sub-flag and trailer.
const ENVELOPE: usize = 512;

impl Mesh {
    pub(super) fn connect(
        &mut self,
        now: Timestamp,
        address: Address,
        expected: Option<NodeId>,
        persist: bool,
    ) -> Result<Receipt, CommandError> {
        let full = CommandError::TooMany {
            what: "addresses",
            limit: self.config.addresses,
        };
        let known = self.targets.find(&address);
        let id = known
            .or_else(|| self.targets.add(address, Origin::User, &mut self.rng))
            .ok_or(full)?;
        let ticket = self.ticket();
        let Some(target) = self.targets.target_mut(id) else {
            return Ok(Receipt::Done);
        };
        if let Some(node) = expected.as_ref().or(target.node.as_ref()).cloned() {
            self.unwanted.retain(|unwanted| *unwanted != node);
        }
        target.origin = Origin::User;
        target.persist = persist || known.is_some_and(|_| target.persist);
        target.expected = expected.or(target.expected.take());
        target.tickets.push(ticket);
        if let State::On(link) = target.state()
            && self
                .links
                .get(&link)
                .is_some_and(|link| link.greeted().is_some())
        {
            self.target_up(id);
            return Ok(Receipt::Pending(ticket));
        }
        // Without a network nothing is dialled; the ticket settles with the first attempt after.
        self.dial(now, id);
        Ok(Receipt::Pending(ticket))
    }

    pub(super) fn broadcast(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        reach: &Reach,
        flag: &Flag,
        letter: Letter,
    ) -> Result<Receipt, CommandError> {
        self.check_size(&letter)?;
        self.check_reach(reach)?;
        let is_wanted = self.has_taker(reach, &letter, |_| true);
        if is_wanted && !self.has_taker(reach, &letter, |id| self.has_room(id, &letter)) {
            return Err(CommandError::Busy);
        }
        let message = self.compose(now, reach.kind(), flag, &letter);
        self.seen.insert(now, message.id());
        let forms = self.forms(&message);
        let links = match reach {
            Reach::Mesh => {
                let passing = Passing {
                    ids: vec![message.id()],
                    forms,
                    from: None,
                    topic: message.topic(),
                    knowing: Vec::new(),
                };
                self.spread(now, passing, Class::Own, Some(ticket))
            }
            _ => self.flood(now, &forms, Class::Whisper, Some(ticket), |_, peer| {
                reach.includes(&peer.node)
            }),
        };
        if is_wanted {
            self.expect_written(ticket, links);
        } else {
            // Nobody who is here wants it. It is kept for those who will.
            self.settle(ticket, Ok(()));
        }
        Ok(Receipt::Sent {
            ticket,
            id: Some(message.id()),
            links,
        })
    }

    /// Whether a peer within reach, by a link that fits, wants a message of the user's.
    fn has_taker(&self, reach: &Reach, letter: &Letter, fits: impl Fn(LinkId) -> bool) -> bool {
        let topic = letter.trailer.topic.as_ref();
        let takes = |(id, link): (&LinkId, &Link)| {
            let is_wanted = |peer: &Greeted| {
                let is_whisper = *reach != Reach::Mesh;
                reach.includes(&peer.node) && (is_whisper || peer.wish.matches(topic))
            };
            let is_there = link.lent.is_none() && (*reach != Reach::Mesh || link.asleep.is_none());
            is_there && link.greeted().is_some_and(is_wanted) && fits(*id)
        };
        self.links.iter().any(takes)
    }

    fn check_reach(&self, reach: &Reach) -> Result<(), CommandError> {
        match reach {
            Reach::Peer(node) if !self.table.contains(node) => {
                Err(CommandError::NotAPeer(node.clone()))
            }
            _ if self.table.is_empty() => Err(CommandError::NotJoined),
            _ => Ok(()),
        }
    }

    pub(super) fn check_size(&self, letter: &Letter) -> Result<(), CommandError> {
        let (size, limit) = (letter.size() + ENVELOPE, self.config.frame);
        if size > limit {
            Err(CommandError::TooLarge { size, limit })
        } else {
            Ok(())
        }
    }

    /// The forms in which an own message goes out: compressed too, if somebody takes that and it is worth it.
    pub(super) fn forms(&self, message: &Message) -> Forms {
        let plain = message.frame();
        let wanted = self
            .config
            .compress_from
            .is_some_and(|least| plain.as_bytes().len() >= least)
            && self
                .links
                .values()
                .filter_map(|link| link.greeted())
                .any(|greeted| greeted.compression.is_some());
        let compressed = wanted
            .then(|| message.compressed_frame(Compression::Zlib))
            .flatten();
        Forms {
            sender: self.identity.node.clone(),
            last: LastWord::Frame(plain.as_bytes().clone()),
            plain: Train::one(plain.into_bytes()),
            compressed: compressed.map(|frame| (Compression::Zlib, Train::one(frame.into_bytes()))),
        }
    }

    /// Whether a greeted link takes a message with these packets without dropping anything for it.
    pub(super) fn has_room(&self, id: LinkId, letter: &Letter) -> bool {
        self.has_room_for(id, letter.size())
    }

    /// As [`Mesh::has_room`], for so many bytes of packets.
    pub(super) fn has_room_for(&self, id: LinkId, packets: usize) -> bool {
        self.links.get(&id).is_some_and(|link| {
            link.greeted().is_some()
                && link.lent.is_none()
                && link.outbox.has_room(packets + ENVELOPE)
        })
    }

    /// A message of the user's is settled by the first of `links` links that writes it, or when the last is lost.
    pub(super) fn expect_written(&mut self, ticket: Ticket, links: usize) {
        match links {
            0 => self.settle(ticket, Err(Failure::Lost)),
            links => drop(self.tickets.insert(ticket, links)),
        }
    }

    pub(super) fn request_peers(&mut self, now: Timestamp) -> Receipt {
        let ids: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.greeted().is_some() && link.lent.is_none())
            .map(|(&id, _)| id)
            .collect();
        for id in ids {
            self.send_signal(now, id, &Signal::RequestPeers);
        }
        Receipt::Done
    }

    pub(super) fn disconnect(
        &mut self,
        now: Timestamp,
        node: &NodeId,
    ) -> Result<Receipt, CommandError> {
        if !self.table.contains(node) {
            return Err(CommandError::NotAPeer(node.clone()));
        }
        self.unwant(node);
        for id in self.targets.of_node(node) {
            self.timers.stop(Timer::Redial(id));
            let Some(target) = self.targets.remove(id) else {
                continue;
            };
            let state = target.state();
            for ticket in target.tickets {
                let failure = Failure::Refused(CloseReason::Disconnected.to_string());
                self.settle(ticket, Err(failure));
            }
            if let State::On(link) = state {
                self.close_link(now, link, CloseReason::Disconnected);
            }
        }
        while let Some(link) = self.table.link(node) {
            self.close_link(now, link, CloseReason::Disconnected);
        }
        for link in self.loans.links_to(node) {
            self.close_link(now, link, CloseReason::Disconnected);
        }
        Ok(Receipt::Done)
    }

    /// Whatever others tell, this node is not dialled until the user wants it again.
    fn unwant(&mut self, node: &NodeId) {
        self.unwanted.retain(|unwanted| unwanted != node);
        if self.unwanted.len() >= self.config.unwanted {
            self.unwanted.pop_front();
        }
        self.unwanted.push_back(node.clone());
    }

    pub(super) fn close(&mut self, now: Timestamp) -> Receipt {
        let ticket = match self.closing {
            Some(Closing::Draining(ticket)) => return Receipt::Pending(ticket),
            Some(Closing::Done) => return Receipt::Done,
            Some(Closing::Leaving(ticket)) => ticket,
            None => self.ticket(),
        };
        self.close_under(now, ticket);
        Receipt::Pending(ticket)
    }

    /// Closes every link as soon as its queue is written, and ends.
    pub(super) fn close_under(&mut self, now: Timestamp, ticket: Ticket) {
        self.say_goodbye(now);
        self.closing = Some(Closing::Draining(ticket));
        self.forget_targets();
        self.close_questions();
        for (id, cargo) in self.lookups.take_all() {
            self.timers.stop(Timer::Lookup(id));
            if let Cargo::Own { ticket, .. } = cargo {
                self.settle(ticket, Err(Failure::Closed));
            }
        }
        self.timers.stop(Timer::Drain);
        self.timers.set(Timer::Linger, now + self.config.linger);
        self.close_drained(now);
    }

    fn forget_targets(&mut self) {
        self.timers.stop(Timer::Standby);
        self.timers.stop(Timer::Search);
        let ids: Vec<_> = self.targets.iter().map(|(id, _)| id).collect();
        for id in ids {
            self.timers.stop(Timer::Redial(id));
            for ticket in self
                .targets
                .remove(id)
                .map(|target| target.tickets)
                .unwrap_or_default()
            {
                self.settle(ticket, Err(Failure::Closed));
            }
        }
    }
}
