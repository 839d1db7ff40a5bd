//! Who brings more than it may: its link is read from more slowly, and its questions are answered later. Nothing of it is lost:
//! what is not read waits in the network, whose own window holds the sender back.
//!
//! Only what strangers bring is held against them: on links that a node accepts, and on those that hearsay had it dial. A
//! node that nobody can dial reads all that it gets.

use core::time::Duration;

use super::Mesh;
use super::event::Output;
use super::limit::Limit;
use super::meter::{Bill, Whose};
use super::targets::Origin;
use super::timers::Timer;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Kind, Message, sub_flag};

/// How much longer than it must a pause lasts, so that a link is read from in portions: some fifty a second. What a portion holds goes to
/// every peer at once, and all others wait until it is written: fewer and larger ones are what the honest would notice of a few that
/// flood.
const PORTION: Duration = Duration::from_millis(20);

/// Of what keeps the mesh together so many bytes count as a frame of their own: of ids, nodes and addresses, each of which is looked
/// up, several are in it, as nobody knows yet how many.
const ITEM: usize = 128;
/// And of who is in the mesh, and what they say of themselves, which is most of it: honest relays among thousands of lively nodes tell
/// each other hundreds of KiB in a second.
const PRESENCE_ITEM: usize = 1 << 10;
/// To unfold a byte costs as much as to take so many that came as they are.
const UNFOLDING: usize = 4;

/// What `came` bytes cost that are `unfolded` ones.
fn weight(came: usize, unfolded: usize) -> usize {
    came + unfolded.saturating_sub(came) * UNFOLDING
}

impl Mesh {
    /// Whether what a link brings is held against anybody, now that it is known who is there.
    pub(super) fn set_meter(&mut self, id: LinkId) {
        let is_exempt = self.is_exempt(id);
        if let Some(link) = self.links.get_mut(&id) {
            link.meter.is_exempt = is_exempt;
        }
    }

    fn is_exempt(&self, id: LinkId) -> bool {
        let Some(link) = self.links.get(&id) else {
            return true;
        };
        let target = link.target.and_then(|target| self.targets.target(target));
        let is_users = target.is_some_and(|target| target.origin == Origin::User);
        let is_trusted = link.node().is_some_and(|node| {
            let mut trusted = self.config.trusted.iter();
            trusted.any(|trusted| trusted.includes(node, link.info.remote.as_deref()))
        });
        self.config.advertise.is_empty() || link.lent.is_some() || is_users || is_trusted
    }

    /// Charges a message that came in a frame of so many bytes to whom it goes.
    pub(super) fn charge_message(
        &mut self,
        now: Timestamp,
        id: LinkId,
        came: usize,
        message: &Message,
    ) {
        let link = self.links.get(&id);
        if self.config.message_rate.is_none() || link.is_none_or(|link| link.meter.is_exempt) {
            return;
        }
        let is_request =
            message.kind() == Kind::Broadcast && message.sub_flag() == Some(sub_flag::REQUEST);
        let unfolded = message.packed_len();
        let bytes = came.max(unfolded);
        let bill = Bill {
            of: self.account(id, message),
            frames: 1 + items(message, bytes),
            bytes,
            weight: weight(came, unfolded),
            is_request,
        };
        self.charge(now, id, bill);
    }

    /// On whose account a message goes that a link brought.
    fn account<'a>(&self, id: LinkId, message: &'a Message) -> Whose<'a> {
        let peer = self.links.get(&id).and_then(|link| link.node());
        let is_peers = peer == Some(message.sender());
        match message.kind() {
            // An answer to somebody's question is none of its own words: it has as many of those besides.
            Kind::Broadcast if is_peers && message.sub_flag() == Some(sub_flag::RESPONSE) => {
                Whose::Author(message.sender())
            }
            Kind::Broadcast if is_peers => Whose::Peer,
            // Nobody is to blame for what this node asked for.
            Kind::Broadcast if self.catch_ups.is_asked(&message.id()) => Whose::Nobody,
            Kind::Broadcast => Whose::Author(message.sender()),
            Kind::Whisper if is_application(message) => Whose::Peer,
            _ => Whose::Nobody,
        }
    }

    /// Charges a whisper that a link hands on to who wrote it.
    pub(super) fn charge_forward(&mut self, now: Timestamp, id: LinkId, message: &Message) {
        let bill = Bill {
            of: self.whose(id, message.sender()),
            frames: 1,
            bytes: message.packed_len(),
            weight: message.packed_len(),
            is_request: false,
        };
        self.charge(now, id, bill);
    }

    /// Charges that the mesh is asked for a node, as a whisper of `author`'s that a link handed on has to find it.
    pub(super) fn charge_search(&mut self, now: Timestamp, id: LinkId, author: &NodeId) {
        let bill = Bill {
            of: self.whose(id, author),
            frames: 1,
            bytes: 0,
            weight: 0,
            is_request: true,
        };
        self.charge(now, id, bill);
    }

    fn whose<'a>(&self, id: LinkId, author: &'a NodeId) -> Whose<'a> {
        let peer = self.links.get(&id).and_then(|link| link.node());
        if peer == Some(author) {
            Whose::Peer
        } else {
            Whose::Author(author)
        }
    }

    /// Charges frames that are of no use: copies, or what makes no sense.
    pub(super) fn charge_waste(&mut self, now: Timestamp, id: LinkId, frames: usize, bytes: usize) {
        let bill = Bill {
            of: Whose::Nobody,
            frames,
            bytes,
            weight: bytes,
            is_request: false,
        };
        self.charge(now, id, bill);
    }

    /// Charges a folded frame that made no sense once it was unfolded, to `unfolded` bytes at most.
    pub(super) fn charge_folded_waste(&mut self, now: Timestamp, id: LinkId, unfolded: usize) {
        let bill = Bill {
            of: Whose::Nobody,
            frames: 1,
            bytes: unfolded,
            weight: weight(0, unfolded),
            is_request: false,
        };
        self.charge(now, id, bill);
    }

    fn charge(&mut self, now: Timestamp, id: LinkId, bill: Bill<'_>) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let authors = &mut self.authors;
        let next = link.meter.charge(now, &self.config, id, authors, bill);
        if next > now {
            self.pause(id, next + PORTION);
        }
    }

    /// Reads no more from a link until `until`.
    fn pause(&mut self, id: LinkId, until: Timestamp) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.meter.is_paused = true;
        self.stats.struck.count(Limit::MessageRate);
        if !core::mem::replace(&mut link.meter.is_told, true) {
            self.outputs.push_back(Output::Pause { link: id });
        }
        self.timers.set(Timer::Meter(id), until);
    }

    /// A link may bring more: first what was read already, then what waits in the network.
    pub(super) fn pause_over(&mut self, now: Timestamp, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.meter.is_paused = false;
        if link.reader.buffered() > 0 {
            // It was said long ago, and is heard only now.
            link.hears(now, self.config.silence);
        }
        self.read_frames(now, id);
        if let Some(link) = self.links.get_mut(&id)
            && !link.meter.is_paused
            && core::mem::take(&mut link.meter.is_told)
        {
            self.outputs.push_back(Output::Resume { link: id });
        }
    }

    /// A peer asks for this node's peers: it is told, now or as soon as it may be.
    pub(super) fn peers_asked_for(&mut self, now: Timestamp, id: LinkId) {
        let rate = self.config.peers_rate;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        match link.meter.peers.take(now, rate) {
            Ok(()) => self.tell_peers(now, id),
            // However often it asks meanwhile, one answer does for all.
            Err(at) => {
                self.stats.struck.count(Limit::PeersRate);
                self.timers.set_if_unset(Timer::Peers(id), at);
            }
        }
    }

    /// Whether a peer may have its renegotiation answered.
    pub(super) fn may_renegotiate(&mut self, now: Timestamp, id: LinkId) -> bool {
        let rate = self.config.renegotiation_rate;
        let link = self.links.get_mut(&id);
        let may = link.is_some_and(|link| link.meter.renegotiations.take(now, rate).is_ok());
        if !may {
            self.stats.struck.count(Limit::RenegotiationRate);
        }
        may
    }
}

/// For how many frames more a message of so many bytes counts, if it is about the mesh itself. A whisper that is handed on is
/// charged to who wrote it, besides.
fn items(message: &Message, bytes: usize) -> usize {
    match message.sub_flag() {
        _ if message.kind() == Kind::Broadcast || is_application(message) => 0,
        Some(sub_flag::FORWARD) => 0,
        Some(sub_flag::PRESENCE) => bytes / PRESENCE_ITEM,
        _ => bytes / ITEM,
    }
}

/// Whether a whisper is what a user said.
fn is_application(message: &Message) -> bool {
    matches!(
        message.sub_flag(),
        Some(sub_flag::BROADCAST | sub_flag::WHISPER)
    )
}
