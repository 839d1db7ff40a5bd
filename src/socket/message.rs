//! A message as the application gets it.

use core::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MeshError, MeshSocket};
use crate::id::{MessageId, NodeId};
use crate::wire::{self, Flag, Kind, RawPackets, Time, Topic, Value};

/// A message of another node, with a way to answer it. Cheap to clone.
#[derive(Clone)]
pub struct Message {
    inner: wire::Message,
    via: NodeId,
    socket: MeshSocket,
}

impl Message {
    pub(super) fn new(inner: wire::Message, via: NodeId, socket: MeshSocket) -> Self {
        Self { inner, via, socket }
    }

    /// Whether it was sent to this node alone, else to everybody.
    pub fn is_whisper(&self) -> bool {
        self.inner.kind() == Kind::Whisper
    }

    /// Who says that it sent the message. Protocol 0.7 proves no author of a broadcast.
    pub fn sender(&self) -> &NodeId {
        self.inner.sender()
    }

    /// The peer from which the message came: its sender, or one that passed it on.
    pub fn via(&self) -> &NodeId {
        &self.via
    }

    /// When it was sent by the sender's clock, in seconds since 1970 UTC.
    pub fn time(&self) -> u64 {
        match self.inner.time() {
            Time::Seconds(seconds) => *seconds,
            // Broadcasts without a whole number of seconds are not delivered; a whisper may have anything.
            Time::Other(_) => 0,
        }
    }

    /// The id of the message.
    pub fn id(&self) -> MessageId {
        self.inner.id()
    }

    /// What sort of message it is, by its sub-flag: a plain one, or one of the application's own.
    pub fn flag(&self) -> Flag {
        // The core delivers no message without.
        self.inner.flag().unwrap_or_default()
    }

    /// The packets, without the sub-flag that the protocol puts before them.
    pub fn packets(&self) -> Vec<Value> {
        self.inner.packets()
    }

    /// The packets as a type of the user's: a tuple or a sequence takes one packet each; where that does not fit and there is
    /// one packet, the type is that packet's. The other side of [`MeshSocket::send`].
    ///
    /// # Errors
    /// [`MeshError::Decode`] if the packets are of another type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, MeshError> {
        Ok(self.inner.deserialize_packets()?)
    }

    /// What it is about, if its sender said so.
    pub fn topic(&self) -> Option<&Topic> {
        self.inner.topic()
    }

    /// Whether its sender awaits a reply: it asked by [`MeshSocket::request`] or [`MeshSocket::request_many`].
    pub fn wants_reply(&self) -> bool {
        self.inner.question().is_some()
    }

    /// Sends packets to the sender of this message alone, as [`MeshSocket::whisper`]. If it [asked](Self::wants_reply), that is
    /// the answer to its question, and no message of its own there.
    ///
    /// # Errors
    /// As [`MeshSocket::whisper`].
    pub async fn reply<P: Serialize + ?Sized>(&self, packets: &P) -> Result<(), MeshError> {
        let packets = RawPackets::serialize(packets)?;
        let answer = self.inner.question();
        self.socket
            .whisper_raw(self.sender(), packets, answer)
            .await
    }

    /// The node that the message came to.
    pub fn socket(&self) -> &MeshSocket {
        &self.socket
    }

    /// The message as it was on the wire.
    pub fn as_wire(&self) -> &wire::Message {
        &self.inner
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id())
            .field("sender", self.sender())
            .field("is_whisper", &self.is_whisper())
            .field("flag", &self.flag())
            .field("packets", &self.packets())
            .finish()
    }
}
