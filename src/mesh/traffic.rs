//! Messages that come in: what is passed on, what is answered, and what is the application's.

use super::Mesh;
use super::error::CloseReason;
use super::event::Event;
use super::flood::{Age, Forms, age};
use super::history::One;
use super::link::{LastWord, Phase};
use super::outbox::{Class, Parcel};
use super::spreading::Passing;
use super::tellers::Teller;
use super::train::Train;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Compression, DecodeError, Frame, Kind, Message, PeerEntry, Signal, Trailer};

/// What a link accepts compressed: from a capable peer, what this node's capabilities say; from others nothing, as
/// nothing was announced to them.
const FROM_CAPABLE: &[Compression] = Compression::OWN.as_slice();

impl Mesh {
    /// Takes a frame. It `is_new` if what it claims as its id was looked up already, and is not known.
    pub(super) fn handle_frame(&mut self, now: Timestamp, id: LinkId, frame: &Frame, is_new: bool) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        self.stats.received += 1;
        if !is_new
            && link.greeted().is_some()
            && let Some(claimed) = frame.claimed_id().filter(|id| self.seen.contains(id))
        {
            let bytes = frame.as_bytes().len();
            return self.copies_came(now, id, (1, bytes), &[claimed]);
        }
        let capable = link.greeted().is_some_and(|greeted| greeted.capable);
        let peer = link.node();
        let accepted = if capable { FROM_CAPABLE } else { &[] };
        let (limit, up) = match link.phase {
            Phase::Greeted(_) => (self.config.frame, false),
            Phase::Up | Phase::Dialled => (self.config.greeting_frame, true),
        };
        match frame.open_from(peer, accepted, limit, &self.config.values) {
            Ok(message) if up => {
                self.let_go(now);
                self.handle_greeting(now, id, &message);
            }
            Ok(message) => {
                self.charge_message(now, id, frame.as_bytes().len(), &message);
                self.handle_message(now, id, frame, message);
            }
            // A broadcast that somebody else wrote, as far as can be told.
            Err(error) if !up && error.is_authors() => {
                self.stats.malformed += 1;
                if frame.may_be_folded(accepted) {
                    self.charge_folded_waste(now, id, limit);
                } else {
                    self.charge_waste(now, id, 1, frame.as_bytes().len());
                }
            }
            Err(error) => {
                self.let_go(now);
                self.close_link(now, id, CloseReason::Undecodable(error));
            }
        }
    }

    fn handle_message(&mut self, now: Timestamp, id: LinkId, frame: &Frame, message: Message) {
        if message.kind() != Kind::Broadcast {
            self.let_go(now);
        }
        match message.kind() {
            Kind::Broadcast => self.handle_broadcast(now, id, frame, &message),
            Kind::Whisper => self.handle_whisper(now, id, message),
            Kind::Renegotiate => self.handle_renegotiation(now, id, &message),
            // Reserved, and used by nobody (protocol 0.7, Types).
            Kind::Ping | Kind::Pong | Kind::Other(_) => {}
        }
    }

    fn handle_broadcast(&mut self, now: Timestamp, id: LinkId, frame: &Frame, message: &Message) {
        if !self.hold_back(now, id, frame, message) {
            self.take_broadcast(now, id, frame, message);
            self.caught(now, message.id());
        }
    }

    /// The waterfall: a broadcast that is new and current goes to every link but the one it came on and its sender's.
    pub(super) fn take_broadcast(
        &mut self,
        now: Timestamp,
        id: LinkId,
        frame: &Frame,
        message: &Message,
    ) {
        if !self.is_current(now, message) {
            return;
        }
        if *message.sender() == self.identity.node {
            // What this node sent, it remembers; this it did not send.
            return self.stats.spoofed += 1;
        }
        if !self.seen.insert(now, message.id()) || self.is_restamped(now, id, message) {
            self.stats.duplicates += 1;
            self.let_go(now);
            // A compressed frame does not show its id: only here it is known for a copy.
            return self.prune_if_redundant(now, id, &message.id());
        }
        // Nobody but its peer is behind a lent link; and of a volley the first has shown the way.
        if !self.gathering.is_of(id, message.sender())
            && self.links.get(&id).is_some_and(|link| link.lent.is_none())
        {
            self.learn_way(now, message.sender(), id);
            self.send_waiting(now, message.sender());
        }
        let signal = Signal::parse(message);
        if self.is_to_be_relayed(now, &signal) {
            self.relay(now, id, frame, message, &signal);
        }
        self.act_on_broadcast(now, id, message, signal);
    }

    /// Whether a broadcast goes on from here: all do, but an answer that says what another said.
    fn is_to_be_relayed(&mut self, now: Timestamp, signal: &Result<Signal, DecodeError>) -> bool {
        match signal {
            Ok(Signal::Response {
                request,
                endpoint,
                node,
                ..
            }) => self.is_first_answer(now, request, node, endpoint.as_ref()),
            Ok(_) | Err(_) => true,
        }
    }

    /// Whether a broadcast may be passed on by its time; counted if not.
    fn is_current(&mut self, now: Timestamp, message: &Message) -> bool {
        let (past, future) = (self.config.accept_past, self.config.accept_future);
        match age(message.time(), self.wall(now), past, future) {
            Age::Current => return true,
            Age::Stale => self.stats.stale += 1,
            Age::Future => self.stats.future += 1,
            // One fractional time makes js2p drop every later sender, and a NaN circles for ever.
            Age::NoTime => self.stats.no_time += 1,
        }
        false
    }

    /// A broadcast that makes no sense was passed on all the same: its neighbour is not to blame.
    fn act_on_broadcast(
        &mut self,
        now: Timestamp,
        id: LinkId,
        message: &Message,
        signal: Result<Signal, DecodeError>,
    ) {
        match signal {
            Ok(Signal::Application) => self.deliver_if_wanted(id, message),
            Ok(Signal::Request {
                request,
                wanted,
                form,
            }) => self.handle_request(now, id, message, request, &wanted, form),
            Ok(Signal::Response {
                request,
                endpoint,
                node,
                ..
            }) => self.handle_response(now, id, &request, endpoint, &node),
            Ok(_) | Err(_) => {}
        }
    }

    fn relay(
        &mut self,
        now: Timestamp,
        from: LinkId,
        frame: &Frame,
        message: &Message,
        signal: &Result<Signal, DecodeError>,
    ) {
        // A frame that came plain is the message's own buffer; comparing contents would read a mebibyte.
        let came_plain = message.frame_bytes().as_ptr() == frame.as_bytes().as_ptr();
        // A question is of the moment: it takes every path, and is not kept.
        let is_kept = matches!(signal, Ok(Signal::Application));
        let knowing = if is_kept {
            self.knowing(&message.id())
        } else {
            Vec::new()
        };
        if is_kept && came_plain && knowing.is_empty() {
            return self.gather(now, from, message);
        }
        self.let_go(now);
        let train = |frame: &Frame| Train::one(frame.as_bytes().clone());
        let sender = message.sender();
        let forms = Forms {
            sender: sender.clone(),
            plain: train(&message.frame()),
            compressed: (!came_plain).then(|| (Compression::Zlib, train(frame))),
            last: if is_kept {
                LastWord::Kept(message.id())
            } else {
                LastWord::Frame(message.frame().into_bytes())
            },
        };
        if is_kept {
            let passing = Passing {
                ids: vec![message.id()],
                forms,
                from: Some(from),
                topic: message.topic(),
                knowing,
            };
            self.spread(now, passing, Class::Relayed, None);
            return;
        }
        let arrived_from = self.links.get(&from).and_then(|link| link.node()).cloned();
        self.flood(now, &forms, Class::Relayed, None, |_, peer| {
            peer.node != *sender && Some(&peer.node) != arrived_from.as_ref()
        });
    }

    pub(super) fn deliver(&mut self, id: LinkId, message: Message) {
        if !self.config.delivers {
            return;
        }
        let Some(via) = self.links.get(&id).and_then(|link| link.node()).cloned() else {
            return;
        };
        self.deliver_by(via, message);
    }

    pub(super) fn deliver_by(&mut self, via: NodeId, message: Message) {
        if !self.config.delivers {
            return;
        }
        self.stats.delivered += 1;
        self.tell(Event::Message { message, via });
    }

    /// What was sent on need not be what the user wants.
    fn deliver_if_wanted(&mut self, id: LinkId, message: &Message) {
        if !self.interest.matches(message.topic()) {
            self.stats.unwanted += 1;
        } else if self.config.delivers {
            self.deliver(id, message.clone());
        }
    }

    fn handle_whisper(&mut self, now: Timestamp, id: LinkId, message: Message) {
        // A whisper goes over one link, so its sender is the peer there.
        if self.links.get(&id).and_then(|link| link.node()) != Some(message.sender()) {
            return self.stats.spoofed += 1;
        }
        if let Some(lent) = self.links.get(&id).and_then(|link| link.lent.clone()) {
            return self.handle_lent_whisper(now, id, &lent, &message);
        }
        match Signal::parse(&message) {
            Ok(Signal::Application) => self.handle_application_whisper(now, id, message),
            Ok(Signal::Peers(entries)) => self.handle_peers(now, id, entries),
            Ok(Signal::RequestPeers) => self.peers_asked_for(now, id),
            Ok(Signal::Addresses(told)) => self.handle_addresses(now, id, told),
            Ok(Signal::Forward { to, packed }) => self.handle_forward(now, id, to, packed),
            Ok(Signal::Ping(nonce)) => self.send_signal(now, id, &Signal::Pong(nonce)),
            Ok(Signal::Pong(asked)) => {
                self.contest_answered(now, id, Some(asked));
                self.presence_answered(now, id);
            }
            Ok(Signal::Presence(told)) => self.handle_presence(now, id, told),
            Ok(Signal::Announce(ids)) => self.handle_announce(now, id, ids),
            Ok(Signal::Graft(ids)) => self.handle_graft(now, id, ids),
            Ok(Signal::Prune(source)) => self.handle_prune(id, source.as_ref()),
            Ok(Signal::History(history)) => self.handle_history(now, id, history),
            Ok(Signal::Fetch(ids)) => self.owe(now, id, ids),
            Ok(Signal::Gone(ids)) => self.handle_gone(now, id, &ids),
            Ok(Signal::Sleep) => self.peer_falls_asleep(now, id),
            Ok(Signal::Interest(interest)) => self.handle_interest(now, id, interest),
            // A pong has done its work by coming. js2p greets twice. The rest nobody promised to know.
            Ok(_) | Err(_) => {}
        }
    }

    fn handle_application_whisper(&mut self, now: Timestamp, id: LinkId, message: Message) {
        // While two links to a peer are settled, a whisper comes on both. Only a nonce tells a copy from an equal message.
        if message.trailer().nonce.is_some() && !self.seen.insert(now, message.id()) {
            return self.stats.duplicates += 1;
        }
        self.take_whisper(id, message);
    }

    fn handle_peers(&mut self, now: Timestamp, id: LinkId, entries: Vec<PeerEntry>) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let Some(node) = link.node().cloned() else {
            return;
        };
        let (scheme, teller) = (link.info.scheme, Teller::of(&node, link.network()));
        self.contest_answered(now, id, None);
        let entries = self.believed(scheme, entries);
        self.learn(now, &teller, scheme, &entries, false);
        self.weigh_trials(now, id, &entries);
        let is_searched = |node: &&NodeId| self.lookups.is_searched(node);
        let told = entries.iter().map(|entry| &entry.node).filter(is_searched);
        let told: Vec<_> = told.cloned().collect();
        self.table.tell(&node, entries);
        for told in told {
            self.send_waiting(now, &told);
        }
        self.tell(Event::Peers { of: node });
    }

    /// Sends a control message to everybody.
    pub(super) fn broadcast_signal(&mut self, now: Timestamp, signal: &Signal) -> usize {
        let message = self.sign(now, signal, Trailer::default());
        self.seen.insert(now, message.id());
        let forms = Forms {
            sender: self.identity.node.clone(),
            last: LastWord::Frame(message.frame().into_bytes()),
            plain: Train::one(message.frame().into_bytes()),
            compressed: None,
        };
        self.flood(now, &forms, Class::Control, None, |_, _| true)
    }

    /// A legacy peer changes the link's compression, or asks for the last message again.
    fn handle_renegotiation(&mut self, now: Timestamp, id: LinkId, message: &Message) {
        if !self.may_renegotiate(now, id) {
            return;
        }
        match Signal::parse(message) {
            Ok(Signal::Compression(codes)) => self.handle_compression(now, id, &codes),
            Ok(Signal::Resend) => self.resend(now, id),
            Ok(_) | Err(_) => {}
        }
    }

    /// The peer wants frames in one of `codes`. This node announces none to such a peer, so it answers with none, once
    /// for each list that says otherwise; two nodes that both do so agree at once.
    fn handle_compression(&mut self, now: Timestamp, id: LinkId, codes: &[u64]) {
        let greeted = self.links.get(&id).and_then(|link| link.greeted());
        // js2p loses the link over a renegotiation.
        let is_py2p = greeted.is_some_and(|greeted| !greeted.capable && !greeted.is_js2p);
        if !codes.is_empty() && is_py2p {
            self.send_signal(now, id, &Signal::Compression(Vec::new()));
        }
    }

    fn resend(&mut self, now: Timestamp, id: LinkId) {
        let link = self.links.get(&id);
        let frame = match link.and_then(|link| link.last_word.as_ref()) {
            Some(LastWord::Kept(id)) => self.history.find(id).map(One::frame),
            Some(LastWord::Frame(frame)) => Some(frame.clone()),
            None => None,
        };
        if let Some(frame) = frame {
            self.post_counted(now, id, Parcel::relayed(frame));
        }
    }
}
