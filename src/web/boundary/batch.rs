//! Messages that follow one another, in one row of an answer: what a page pays for each is its own bytes and little more.
//!
//! Nine msgpack values a message, one message after the other: id, sender, via, whether whispered, seconds, size of the
//! frame, topic or nil, question or nil, and the msgpack of flag and packets. A node is named in full where it first comes up in a
//! batch, and after that by the place of that name among the others, a whole number; at most [`NAMES`] have a place.

use crate::id::NodeId;
use crate::wire::{Kind, Message, Time, Topic, Value};

/// Most names that have a place. Each name is compared with all of them.
const NAMES: usize = 16;

/// Messages in the making of a row.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    names: Vec<NodeId>,
}

impl Batch {
    /// A batch of one.
    pub(super) fn of(message: &Message, via: &NodeId) -> Vec<u8> {
        let mut batch = Self::default();
        batch.add(message, via);
        batch.bytes
    }

    pub(super) fn add(&mut self, message: &Message, via: &NodeId) {
        let seconds = match message.time() {
            Time::Seconds(seconds) => *seconds,
            // Broadcasts without a whole number of seconds are not delivered; a whisper may have anything.
            Time::Other(_) => 0,
        };
        self.bytes.extend_from_slice(&[0xc4, 32]);
        self.bytes.extend_from_slice(&message.id().0);
        self.name(message.sender());
        self.name(via);
        self.value(message.kind() == Kind::Whisper);
        self.value(seconds);
        self.value(message.frame().as_bytes().len());
        self.value(message.topic().map(Topic::as_str));
        self.value(message.question());
        self.value(message.payload_bytes());
    }

    /// What was added since this was asked last; `None` if nothing was.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        self.names.clear();
        let bytes = core::mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(bytes)
    }

    fn name(&mut self, node: &NodeId) {
        if let Some(place) = self.names.iter().position(|name| name == node) {
            return self.value(place);
        }
        if self.names.len() < NAMES {
            self.names.push(node.clone());
        }
        self.value(node.to_string());
    }

    fn value(&mut self, value: impl Into<Value>) {
        value.into().encode(&mut self.bytes);
    }
}
