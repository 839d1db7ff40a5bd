//! Frames on their way out: to one link, or one broadcast to many with one shared buffer.

use super::Mesh;
use super::error::CloseReason;
use super::event::{Output, Ticket};
use super::flood::Forms;
use super::link::{Greeted, Taken};
use super::outbox::{Class, Full, Parcel};
use super::timers::Timer;
use super::train::Train;
use crate::id::{LinkId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Draft, Kind, Message, RawPackets, Signal, Topic, Trailer, Value};
use rand_chacha::rand_core::RngCore;

/// What became of frames that were given to many links.
#[derive(Debug, Default)]
struct Flooded {
    /// Those whose transports get the plain form now.
    plain: Vec<LinkId>,
    compressed: Vec<LinkId>,
    /// Those at which it waits.
    waiting: Vec<LinkId>,
    /// Those whose stall timer is to be set.
    untimed: Vec<LinkId>,
    /// Frames for which there was no room.
    dropped: usize,
}

/// What the user says, before it is a message.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) packets: RawPackets,
    /// What stands behind them, but for the nonce.
    pub(super) trailer: Trailer,
}

impl Letter {
    pub(super) fn new(packets: RawPackets, topic: Option<Topic>, answer: Option<u64>) -> Self {
        let trailer = Trailer {
            topic,
            answer,
            ..Trailer::default()
        };
        Self { packets, trailer }
    }

    /// How many bytes its packets have.
    pub(super) fn size(&self) -> usize {
        self.packets.as_bytes().len()
    }
}

impl Mesh {
    /// Makes a control message of whoever speaks over the link at this end, and sends it.
    pub(super) fn send_signal(&mut self, now: Timestamp, id: LinkId, signal: &Signal) {
        let speaker = self.speaker(id);
        let message = self.sign_as(now, &speaker, signal, Trailer::default());
        self.post_control(now, id, &message);
    }

    /// Makes a control message of this node.
    pub(super) fn sign(&mut self, now: Timestamp, signal: &Signal, trailer: Trailer) -> Message {
        let speaker = self.identity.node.clone();
        self.sign_as(now, &speaker, signal, trailer)
    }

    /// Makes a control message of whoever speaks over a link.
    pub(super) fn sign_as(
        &mut self,
        now: Timestamp,
        speaker: &NodeId,
        signal: &Signal,
        trailer: Trailer,
    ) -> Message {
        let trailer = Trailer {
            nonce: Some(self.rng.next_u64()),
            ..trailer
        };
        Draft::new(signal.kind(), speaker, self.wall(now))
            .trailer(trailer)
            .encode(&signal.payload())
    }

    /// Who speaks over a link at this end: this node, or whom it lent the link.
    pub(super) fn speaker(&self, id: LinkId) -> NodeId {
        let lent = self.links.get(&id).and_then(|link| link.lent.as_ref());
        lent.map_or(&self.identity.node, |lent| &lent.borrower)
            .clone()
    }

    /// Makes a message of the application. Its nonce makes it differ from an equal one in the same second.
    pub(super) fn compose(
        &mut self,
        now: Timestamp,
        kind: Kind,
        sub_flag: impl Into<Value>,
        letter: &Letter,
    ) -> Message {
        let trailer = Trailer {
            nonce: Some(self.rng.next_u64()),
            ..letter.trailer.clone()
        };
        Draft::new(kind, &self.identity.node, self.wall(now))
            .trailer(trailer)
            .encode_raw(sub_flag, &letter.packets)
    }

    /// Gives a parcel to the link's transport, or to its queue.
    fn post(&mut self, now: Timestamp, id: LinkId, parcel: Parcel) -> Result<(), Full> {
        let Some(link) = self.links.get_mut(&id) else {
            return Ok(());
        };
        let train = Train::one(parcel.frame);
        match link.take(now, &train, parcel.class, parcel.ticket)? {
            Taken::AtOnce => self.transmit(now, id, &train),
            Taken::Queued { dropped } => {
                self.stats.count_slow(dropped as u64);
                self.flush(now, id);
            }
        }
        Ok(())
    }

    /// Sends what the link depends on. A peer whose queue has no room even for that is cut.
    pub(super) fn post_control(&mut self, now: Timestamp, id: LinkId, message: &Message) {
        if self.post(now, id, Parcel::control(message)).is_err() {
            self.close_link(now, id, CloseReason::SlowReader);
        }
    }

    /// Sends what the link can live without: how many links took it, which is one or none.
    pub(super) fn post_counted(&mut self, now: Timestamp, id: LinkId, parcel: Parcel) -> usize {
        match self.post(now, id, parcel) {
            Ok(()) => 1,
            Err(Full) => {
                self.stats.count_slow(1);
                0
            }
        }
    }

    /// Sends a message to every greeted link that `to` picks; returns how many took it.
    ///
    /// Nothing is encoded, hashed or copied for a link: those that share a form share its bytes.
    pub(super) fn flood(
        &mut self,
        now: Timestamp,
        forms: &Forms,
        class: Class,
        ticket: Option<Ticket>,
        to: impl Fn(LinkId, &Greeted) -> bool,
    ) -> usize {
        let mut taken = Flooded::default();
        let (most, pace) = (self.config.queue_bytes, self.config.legacy_pace);
        let all = self.links.len();
        self.links.for_each_mut(|id, link| {
            let mesh = link.greeted().filter(|_| link.lent.is_none());
            let Some(greeted) = mesh.filter(|greeted| to(id, greeted)) else {
                return;
            };
            if !class.waits_for_sleepers() && !link.is_fed(id, most) {
                link.is_starved = true;
                return;
            }
            let (frames, is_compressed) = forms.for_peer(greeted);
            if !greeted.capable {
                link.last_word = Some(forms.last.clone());
                if class == Class::Relayed {
                    link.echo.gave(now, frames.count());
                }
            }
            match link.take(now, frames, class, ticket) {
                Ok(Taken::AtOnce) => {
                    taken.untimed.extend(link.note_sent(now, id, frames, pace));
                    let links = if is_compressed {
                        &mut taken.compressed
                    } else {
                        &mut taken.plain
                    };
                    if links.is_empty() {
                        // Room for whoever follows, so that no link allocates.
                        links.reserve_exact(all);
                    }
                    links.push(id);
                }
                Ok(Taken::Queued { dropped }) => {
                    taken.dropped += dropped;
                    taken.waiting.push(id);
                }
                Err(Full) => taken.dropped += frames.count(),
            }
        });
        self.flooded(now, forms, taken)
    }

    /// Puts out what links took at once, and what now goes of the rest; how many links took it.
    fn flooded(&mut self, now: Timestamp, forms: &Forms, taken: Flooded) -> usize {
        let Flooded {
            plain,
            compressed,
            waiting,
            untimed,
            dropped,
        } = taken;
        let took = plain.len() + compressed.len() + waiting.len();
        self.stats.count_slow(dropped as u64);
        for id in untimed {
            self.time_stall(now, id);
        }
        if let Some((_, frames)) = forms.compressed.as_ref().filter(|_| !compressed.is_empty()) {
            self.put_out(compressed, frames);
        }
        if !plain.is_empty() {
            self.put_out(plain, &forms.plain);
        }
        for id in waiting {
            self.flush(now, id);
        }
        took
    }

    /// Gives the transport what its budget and the peer's pace allow of the queue.
    pub(super) fn flush(&mut self, now: Timestamp, id: LinkId) {
        while let Some(link) = self.links.get_mut(&id) {
            if link.asleep.is_some() {
                return;
            }
            if link.is_paced(now) && link.pace_at > now {
                if link.outbox.is_waiting() {
                    let at = link.pace_at;
                    self.timers.set(Timer::Pace(id), at);
                }
                return;
            }
            let Some(frame) = link.outbox.next(now) else {
                return;
            };
            self.transmit(now, id, &Train::one(frame));
        }
    }

    fn transmit(&mut self, now: Timestamp, id: LinkId, train: &Train) {
        let pace = self.config.legacy_pace;
        let link = self.links.get_mut(&id);
        if let Some(id) = link.and_then(|link| link.note_sent(now, id, train, pace)) {
            self.time_stall(now, id);
        }
        self.put_out(vec![id], train);
    }

    /// A link that was given something has to take it in time.
    fn time_stall(&mut self, now: Timestamp, id: LinkId) {
        let due = now + self.config.stall_timeout;
        self.timers.set(Timer::Stall(id), due);
    }

    fn put_out(&mut self, to: Vec<LinkId>, train: &Train) {
        let frames = train.bytes().clone();
        self.stats.transmitted += (to.len() * train.count()) as u64;
        self.stats.transmitted_bytes += (to.len() * frames.len()) as u64;
        self.outputs.push_back(Output::Transmit { to, frames });
    }
}
