//! Broadcasts of one source that one read, or a portion of it, brought: they go the same ways, and so they go together.
//!
//! Where they go is found out once for all of them, each link is given one piece, and is counted and written to once. Between
//! two of them nothing else is said: whatever else comes of the read first lets go what was gathered, but for copies.

use super::Mesh;
use super::flood::Forms;
use super::link::LastWord;
use super::outbox::Class;
use super::spreading::Passing;
use super::train::Coupling;
use crate::id::{LinkId, MessageId, NodeId};
use crate::time::Timestamp;
use crate::wire::{Message, Topic};

/// Most bytes that go together. 64 KiB: more would fall out of the processor's cache between two links.
const MOST: usize = 64 << 10;

/// What is gathered, and how much was the last time: room for as much is made at once.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    volley: Option<Volley>,
    ids: usize,
    bytes: usize,
}

impl Gathering {
    /// Whether something of this source, by this link, is gathered now.
    pub(super) fn is_of(&self, from: LinkId, source: &NodeId) -> bool {
        let volley = self.volley.as_ref();
        volley.is_some_and(|volley| volley.from == from && volley.source == *source)
    }
}

#[derive(Debug)]
struct Volley {
    source: NodeId,
    from: LinkId,
    topic: Option<Topic>,
    ids: Vec<MessageId>,
    frames: Coupling,
}

impl Volley {
    fn new(from: LinkId, message: &Message, room: (usize, usize)) -> Self {
        let mut ids = Vec::with_capacity(room.0);
        ids.push(message.id());
        Self {
            source: message.sender().clone(),
            from,
            topic: message.topic().cloned(),
            ids,
            frames: Coupling::new(message.frame().into_bytes(), room.1),
        }
    }

    /// Whether a message goes where these go, and fits.
    fn takes(&self, from: LinkId, message: &Message) -> bool {
        self.from == from
            && self.source == *message.sender()
            && self.topic.as_ref() == message.topic()
            && self.frames.len() + message.frame_len() <= MOST
    }

    fn push(&mut self, message: &Message) {
        self.ids.push(message.id());
        self.frames.push(message.frame_bytes());
    }
}

impl Mesh {
    /// Gathers a broadcast that is to be passed on, and that nobody has promised or waits for.
    pub(super) fn gather(&mut self, now: Timestamp, from: LinkId, message: &Message) {
        if let Some(volley) = &mut self.gathering.volley
            && volley.takes(from, message)
        {
            return volley.push(message);
        }
        self.let_go(now);
        let room = (self.gathering.ids, self.gathering.bytes);
        self.gathering.volley = Some(Volley::new(from, message, room));
    }

    /// Passes on what was gathered.
    pub(super) fn let_go(&mut self, now: Timestamp) {
        let Some(mut volley) = self.gathering.volley.take() else {
            return;
        };
        self.gathering.ids = volley.ids.len();
        self.gathering.bytes = volley.frames.len();
        // Kept for a minute: with no more room than it needs, or nearly so.
        if volley.ids.capacity() / 2 > volley.ids.len() {
            volley.ids.shrink_to_fit();
        }
        let Some(last) = volley.ids.last().copied().map(LastWord::Kept) else {
            return;
        };
        let forms = Forms {
            sender: volley.source,
            plain: volley.frames.finish(),
            compressed: None,
            last,
        };
        let passing = Passing {
            ids: volley.ids,
            forms,
            from: Some(volley.from),
            topic: volley.topic.as_ref(),
            knowing: Vec::new(),
        };
        self.spread(now, passing, Class::Relayed, None);
    }
}
