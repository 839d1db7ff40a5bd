//! What the user is told of who is in the mesh.

use crate::id::NodeId;
use crate::wire::{DecodeError, Departure, PresenceState, RawPackets, Word};
use serde::de::DeserializeOwned;

/// A node that is in the mesh: it can be reached from this one over nodes that take part in presence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its id. Nothing proves that a node far away is who it claims to be.
    pub node: NodeId,
    /// How it is.
    pub state: MemberState,
    /// What its application shows the others; none if it shows nothing.
    pub packets: RawPackets,
}

/// How a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberState {
    /// It runs, and is seen if it is a page.
    Awake,
    /// Its page runs and is not seen.
    Hidden,
    /// Its page was stopped, by its own word or by that of the nodes that it is linked to: it hears nothing for now.
    Asleep,
}

impl MemberState {
    fn of(word: &Word, is_asleep: bool) -> Self {
        match word.state {
            _ if is_asleep => Self::Asleep,
            PresenceState::Asleep => Self::Asleep,
            PresenceState::Hidden => Self::Hidden,
            PresenceState::Awake | PresenceState::Gone => Self::Awake,
        }
    }

    /// The state in one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Awake => "awake",
            Self::Hidden => "hidden",
            Self::Asleep => "asleep",
        }
    }
}

impl Member {
    pub(super) fn new(node: &NodeId, word: &Word, is_asleep: bool) -> Self {
        Self {
            node: node.clone(),
            state: MemberState::of(word, is_asleep),
            packets: word.packets.clone(),
        }
    }

    /// Whether this is what the member says still. Asked of everybody again and again, so it copies nothing.
    pub(super) fn is_still(&self, word: &Word, is_asleep: bool) -> bool {
        self.state == MemberState::of(word, is_asleep) && self.packets == word.packets
    }

    /// What it shows, as any type that can be deserialised: a tuple or sequence has one item for each packet, anything else is
    /// the one packet there is.
    ///
    /// # Errors
    /// [`DecodeError::OtherType`] if it shows something else, or nothing.
    pub fn presence<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.packets.deserialize()
    }
}

/// What changed among the members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Joined(Member),
    Changed(Member),
    Left(NodeId, Departure),
}
