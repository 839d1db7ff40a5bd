//! One link's state: how far it has come, and what it holds.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;

use super::contest::Challenger;
use super::echo::Echo;
use super::event::{LinkInfo, Ticket};
use super::gossip::Untold;
use super::interest::Wish;
use super::loans::Lent;
use super::meter::Meter;
use super::outbox::{Bounds, Class, Full, Outbox, Parcel};
use super::targets::TargetId;
use super::telling::Said;
use super::train::Train;
use crate::address::Scheme;
use crate::id::{LinkId, MessageId, NodeId};
use crate::network::Network;
use crate::ordered::OrderedSet;
use crate::time::Timestamp;
use crate::wire::{Capabilities, Compression, FrameReader, Handshake, IdForm, Message};

/// How far a link has come. Named by what has happened, not by what is awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// This node dials.
    Dialled,
    /// The link is up; the peer's handshake has not come.
    Up,
    /// The peer greeted, and so did this node.
    Greeted(Greeted),
}

/// What a greeted link knows of its peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Greeted {
    pub(super) node: NodeId,
    /// It showed capabilities: it is spoken to in the ways that py2p and js2p do not know.
    pub(super) capable: bool,
    /// It is js2p, as far as its handshake tells: the only one without capabilities that writes ids as text, and the only
    /// one on WebSockets.
    pub(super) is_js2p: bool,
    /// It hands whispers on.
    pub(super) forwards: bool,
    /// It keeps a tree for each source of broadcasts.
    pub(super) trees: bool,
    /// It holds the broadcasts of the last minute, and gives them.
    pub(super) remembers: bool,
    /// It tells and is told addresses.
    pub(super) addresses: bool,
    /// It is told when this node sleeps, and tells when it does.
    pub(super) sleeps: bool,
    /// It is told which broadcasts this node wants.
    pub(super) topics: bool,
    /// Which broadcasts it wants.
    pub(super) wish: Wish,
    /// It tells and is told who is in the mesh.
    pub(super) presence: bool,
    /// It may be py2p: frames go to it no faster than this node's legacy pace.
    pub(super) paced: bool,
    /// What it may be sent compressed with.
    pub(super) compression: Option<Compression>,
    /// How it writes ids.
    pub(super) form: IdForm,
    pub(super) since: Timestamp,
}

impl Greeted {
    /// What a handshake tells of who sent it.
    pub(super) fn new(
        now: Timestamp,
        scheme: Scheme,
        handshake: &Handshake,
        capabilities: Option<Capabilities>,
    ) -> Self {
        let has = |capability| capabilities.is_some_and(|all| all.contains(capability));
        let is_legacy = capabilities.is_none();
        let is_js2p = is_legacy && (handshake.form == IdForm::Text || scheme.is_websocket());
        Self {
            node: handshake.node.clone(),
            capable: !is_legacy,
            is_js2p,
            forwards: has(Capabilities::FORWARD),
            trees: has(Capabilities::TREES),
            remembers: has(Capabilities::HISTORY),
            addresses: has(Capabilities::ADDRESSES),
            sleeps: has(Capabilities::SLEEP),
            topics: has(Capabilities::TOPICS),
            wish: Wish::new(capabilities.unwrap_or_default()),
            presence: has(Capabilities::PRESENCE),
            paced: is_legacy && !is_js2p,
            compression: has(Capabilities::ZLIB).then_some(Compression::Zlib),
            form: handshake.form,
            since: now,
        }
    }
}

impl Phase {
    pub(super) fn greeted(&self) -> Option<&Greeted> {
        match self {
            Self::Greeted(greeted) => Some(greeted),
            Self::Dialled | Self::Up => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) info: LinkInfo,
    pub(super) phase: Phase,
    /// When it came up; before, when its dial was begun.
    pub(super) since: Timestamp,
    pub(super) received_bytes: u64,
    pub(super) sent_bytes: u64,
    /// The address that was dialled.
    pub(super) target: Option<TargetId>,
    /// Who speaks over it, if not this node.
    pub(super) lent: Option<Lent>,
    /// This node has sent its handshake.
    pub(super) spoke: bool,
    /// That handshake said that this node does not want every broadcast.
    pub(super) said_narrow: bool,
    /// The peer has sent something.
    pub(super) has_heard: bool,
    /// The peer's handshake, while it is not decided whether this link is to be.
    pub(super) held: Option<Box<Message>>,
    pub(super) reader: FrameReader,
    /// What it has brought.
    pub(super) meter: Meter,
    pub(super) outbox: Outbox,
    /// When the frame that is being received was begun.
    pub(super) frame_since: Option<Timestamp>,
    pub(super) heard: Timestamp,
    /// When it was heard before a silence so long that its peer may have given it up, as while this node was stopped, and
    /// after it.
    heard_around: Option<(Timestamp, Timestamp)>,
    /// When something was last sent.
    pub(super) spoken: Timestamp,
    /// When it was asked whether it lives, if nothing was heard since, and until when it must have answered.
    pub(super) asked: Option<(Timestamp, Timestamp)>,
    /// When it was asked as the page came back, if nothing was heard since.
    pub(super) probed: Option<Timestamp>,
    /// When its transport last answered for it, if nothing was heard since.
    pub(super) alive: Option<Timestamp>,
    /// Bytes that it was sent since it was asked.
    pub(super) fed: usize,
    /// It was not sent what it wants, and does not sleep: once it is heard again, it is named what is held.
    pub(super) is_starved: bool,
    /// Since when its peer sleeps.
    pub(super) asleep: Option<Timestamp>,
    /// It is closed as soon as nothing waits for it.
    pub(super) is_leaving: bool,
    /// The stall timer is set.
    pub(super) stall_timed: bool,
    /// A newer link to the same peer, while it is asked whether this one lives.
    pub(super) challenger: Option<Challenger>,
    /// When the next frame may go to a paced peer.
    pub(super) pace_at: Timestamp,
    /// What it gave back, if it is one.
    pub(super) echo: Echo,
    /// Until when no links to the peer are lent, as one did not come up.
    pub(super) unlent_until: Timestamp,
    /// Ids of broadcasts of which it gets no payload, to be announced together.
    pub(super) announcing: Vec<MessageId>,
    /// Broadcasts that the peer asked for.
    pub(super) owed: VecDeque<MessageId>,
    /// The numbers of those that it was given for the asking, as the history has them.
    pub(super) given: OrderedSet<u64>,
    /// What its peer said of the addresses at which it can be dialled.
    pub(super) said: Option<Said>,
    /// What its peer has not been told of who is in the mesh.
    pub(super) untold: Untold,
    /// The last message of the application, which a legacy peer may ask for again.
    pub(super) last_word: Option<LastWord>,
}

/// A message that a peer may ask for again.
#[derive(Clone, Debug)]
pub(super) enum LastWord {
    /// It is kept for others too, as long as it is.
    Kept(MessageId),
    /// Its plain frame.
    Frame(Bytes),
}

/// What a link does with a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It goes to the transport.
    AtOnce,
    /// It waits, and so many frames were dropped for it.
    Queued { dropped: usize },
}

impl Link {
    pub(super) fn new(
        now: Timestamp,
        info: LinkInfo,
        phase: Phase,
        greeting_frame: usize,
        bounds: Bounds,
    ) -> Self {
        Self {
            info,
            phase,
            since: now,
            received_bytes: 0,
            sent_bytes: 0,
            target: None,
            lent: None,
            spoke: false,
            said_narrow: false,
            has_heard: false,
            held: None,
            reader: FrameReader::new(greeting_frame),
            meter: Meter::default(),
            outbox: Outbox::new(bounds, now),
            frame_since: None,
            heard: now,
            heard_around: None,
            spoken: now,
            asked: None,
            probed: None,
            alive: None,
            fed: 0,
            is_starved: false,
            asleep: None,
            is_leaving: false,
            stall_timed: false,
            challenger: None,
            pace_at: now,
            echo: Echo::default(),
            unlent_until: now,
            announcing: Vec::new(),
            owed: VecDeque::new(),
            given: OrderedSet::new(),
            said: None,
            untold: Untold::default(),
            last_word: None,
        }
    }

    /// Until when everything was heard that the peer said, as the link ends.
    pub(super) fn whole_until(&self, now: Timestamp, silence: Duration) -> Timestamp {
        // What came of late was said long ago, if the peer had given it up by then.
        let before = self
            .heard_around
            .filter(|(_, after)| now.since(*after) < silence);
        before.map_or(self.heard, |(before, _)| before)
    }

    /// Something was heard.
    pub(super) fn hears(&mut self, now: Timestamp, silence: Duration) {
        if now.since(self.heard) >= silence {
            self.heard_around = Some((self.heard, now));
        }
        self.heard = now;
        self.has_heard = true;
        self.asked = None;
        self.probed = None;
        self.alive = None;
    }

    /// Whether broadcasts go to it. A peer that sleeps is told of them when it wakes; one that has not answered yet may be
    /// asleep, and is given no more than `most` bytes.
    pub(super) fn is_fed(&self, id: LinkId, most: usize) -> bool {
        let is_in_doubt = self.asked.is_some() && self.may_sleep(id);
        self.asleep.is_none() && (!is_in_doubt || self.fed < most)
    }

    /// Whether its peer, when it is silent, may be asleep: one that dialled this node over a WebSocket, as tabs do.
    pub(super) fn may_sleep(&self, id: LinkId) -> bool {
        let is_of_a_tab = !id.is_dialled() && self.info.scheme.is_websocket();
        let capable = self.greeted().is_some_and(|greeted| greeted.capable);
        is_of_a_tab && self.lent.is_none() && capable
    }

    pub(super) fn greeted(&self) -> Option<&Greeted> {
        self.phase.greeted()
    }

    pub(super) fn greeted_mut(&mut self) -> Option<&mut Greeted> {
        match &mut self.phase {
            Phase::Greeted(greeted) => Some(greeted),
            Phase::Dialled | Phase::Up => None,
        }
    }

    pub(super) fn node(&self) -> Option<&NodeId> {
        self.greeted().map(|greeted| &greeted.node)
    }

    /// The peer's machine, without its port.
    pub(super) fn remote_host(&self) -> Option<&str> {
        let (host, _port) = self.info.remote.as_deref()?.rsplit_once(':')?;
        Some(host)
    }

    /// Where the peer is, if it is at an IP address.
    pub(super) fn network(&self) -> Option<Network> {
        Network::of_endpoint(self.info.remote.as_deref()?)
    }

    /// Whether frames go to it no faster than it is known to bear.
    pub(super) fn is_paced(&self, now: Timestamp) -> bool {
        self.greeted().is_some_and(|greeted| greeted.paced) && !self.echo.is_missing(now)
    }

    /// Gives frames to the queue, one by one, or counts them as handed to the transport where all can go at once.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        train: &Train,
        class: Class,
        ticket: Option<Ticket>,
    ) -> Result<Taken, Full> {
        // Whoever sleeps is asked whether it does; the rest has to wait.
        let is_due = match self.asleep {
            Some(_) => class == Class::Control,
            None => self.takes(now, train),
        };
        if is_due {
            self.outbox.hand_over(now, train.bytes().len(), ticket);
            return Ok(Taken::AtOnce);
        }
        let mut dropped = 0;
        for frame in train.frames() {
            dropped += self.outbox.push(Parcel {
                frame,
                class,
                ticket,
            })?;
        }
        Ok(Taken::Queued { dropped })
    }

    /// Takes note of what its transport is given; its id if its stall timer is to be set.
    pub(super) fn note_sent(
        &mut self,
        now: Timestamp,
        id: LinkId,
        train: &Train,
        pace: Duration,
    ) -> Option<LinkId> {
        let bytes = train.bytes().len();
        self.spoken = now;
        self.fed += bytes;
        self.sent_bytes += bytes as u64;
        if self.is_paced(now) {
            self.pace_at = now + pace;
        }
        let is_timed = core::mem::replace(&mut self.stall_timed, true);
        (!is_timed).then_some(id)
    }

    /// Whether there is nothing that its transport could be given, once it has taken what it was given.
    pub(super) fn rests(&self) -> bool {
        !self.outbox.is_waiting()
            && self.untold.is_empty()
            && self.owed.is_empty()
            && !self.is_leaving
    }

    fn takes(&self, now: Timestamp, train: &Train) -> bool {
        let is_fit = |paced: bool| !paced || self.pace_at <= now && train.count() == 1;
        self.outbox.takes(train.bytes().len()) && is_fit(self.is_paced(now))
    }
}
