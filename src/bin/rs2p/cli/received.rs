//! A message as it is printed.

use rs2p::{Message, NodeId, Value};

/// What is printed of a message.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// Sent to this node alone, else to everybody.
    pub(super) is_whisper: bool,
    /// Who says that it is the sender.
    pub(super) sender: NodeId,
    /// The sender's clock, in seconds since 1970 UTC.
    pub(super) time: u64,
    /// The message's id, in hex.
    pub(super) id: String,
    /// What it is about.
    pub(super) topic: Option<String>,
    /// The packets, without their sub-flag.
    pub(super) packets: Vec<Value>,
}

impl From<&Message> for Received {
    fn from(message: &Message) -> Self {
        Self {
            is_whisper: message.is_whisper(),
            sender: message.sender().clone(),
            time: message.time(),
            id: message.id().to_string(),
            topic: message.topic().map(ToString::to_string),
            packets: message.packets(),
        }
    }
}
