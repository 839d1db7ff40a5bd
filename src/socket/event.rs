//! What happens in a node, as its user is told, and the stream of it.

use core::pin::Pin;
use core::task::{Context, Poll};

use futures::Stream;

use super::hub::{InboxId, Wanted};
use super::inbox::Item;
use super::snapshot::{Snapshot, Status};
use super::{MeshError, MeshSocket, Message};
use crate::address::Address;
use crate::id::NodeId;
use crate::mesh::{self, Departure, Member, Peer};

/// What happens in a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The node has its first peer: py2p's `connect`. Comes again after each loss of the last one.
    Connected,
    /// The last peer is gone.
    Disconnected,
    /// A node became a peer.
    PeerUp(Peer),
    /// A node is no peer any more.
    PeerDown {
        /// The node.
        node: NodeId,
        /// Why, in words.
        reason: String,
    },
    /// A plain message came, as [`MeshSocket::recv`] gives it too.
    Message(Message),
    /// A message came whose flag is an application's own ([`Message::flag`]). No queue but this one has it.
    Flagged(Message),
    /// The node was away for longer than the peer that it found remembers: what was said in so much of that time is lost to it
    /// ([`Config::history`](mesh::Config::history)).
    Gap {
        /// How much time.
        unknown: core::time::Duration,
    },
    /// A node is in the mesh ([`MeshSocket::members`]).
    MemberJoined(Member),
    /// A member shows something else, fell asleep or woke up.
    MemberChanged(Member),
    /// A node is in the mesh no more.
    MemberLeft {
        /// The node.
        node: NodeId,
        /// Why.
        reason: Departure,
    },
    /// What is known of the mesh changed.
    TopologyChanged,
    /// An address could not be dialled, or refused this node.
    DialFailed {
        /// Where.
        address: Address,
        /// Why.
        error: MeshError,
        /// The wait until the next attempt, if there will be one.
        retry_in: Option<core::time::Duration>,
    },
    /// A link was cut or refused by this node, with the reason that its peer was told.
    LinkClosed {
        /// The peer's address, if known.
        remote: Option<String>,
        /// Who it was, if it had greeted.
        node: Option<NodeId>,
        /// Why.
        reason: mesh::CloseReason,
    },
    /// So many events were dropped here because they were not taken in time ([`InboxLimits`](super::InboxLimits)).
    Lagged(u64),
}

impl Event {
    fn from_item(item: Item<mesh::Event>, socket: &MeshSocket) -> Option<Self> {
        match item {
            Item::Lagged(missed) => Some(Self::Lagged(missed)),
            Item::One(event) => Self::from_core(event, socket),
        }
    }

    fn from_core(event: mesh::Event, socket: &MeshSocket) -> Option<Self> {
        Some(match event {
            mesh::Event::Joined => Self::Connected,
            mesh::Event::Left => Self::Disconnected,
            mesh::Event::PeerUp(peer) => Self::PeerUp(peer),
            mesh::Event::PeerDown { node, reason } => Self::PeerDown { node, reason },
            mesh::Event::Message { message, via } => {
                let message = Message::new(message, via, socket.clone());
                if message.as_wire().has_plain_flag() {
                    Self::Message(message)
                } else {
                    Self::Flagged(message)
                }
            }
            mesh::Event::MemberJoined(member) => Self::MemberJoined(member),
            mesh::Event::MemberChanged(member) => Self::MemberChanged(member),
            mesh::Event::MemberLeft { node, reason } => Self::MemberLeft { node, reason },
            mesh::Event::Gap { unknown } => Self::Gap { unknown },
            mesh::Event::Peers { .. } | mesh::Event::PeerChanged(_) => Self::TopologyChanged,
            mesh::Event::DialFailed {
                address,
                failure,
                redial,
            } => Self::DialFailed {
                address,
                error: failure.into(),
                retry_in: redial,
            },
            mesh::Event::LinkClosed {
                remote,
                node,
                reason,
                ..
            } => Self::LinkClosed {
                remote,
                node,
                reason,
            },
            mesh::Event::Answer { .. }
            | mesh::Event::Settled { .. }
            | mesh::Event::Status(_)
            | mesh::Event::Closed => {
                return None;
            }
        })
    }
}

/// The events of a node, from [`MeshSocket::events`]. Ends when the node has closed. Cancel-safe.
///
/// It holds a handle: the node lives while this does.
#[derive(Debug)]
pub struct Events {
    inbox: InboxId,
    socket: MeshSocket,
}

impl Events {
    pub(super) fn of(socket: &MeshSocket) -> Self {
        let inbox = socket.shared.hub.subscribe(Wanted::Everything);
        Self {
            inbox,
            socket: socket.clone(),
        }
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            match self.socket.shared.hub.poll_next(self.inbox, cx) {
                Poll::Ready(Some(item)) => {
                    if let Some(event) = Event::from_item(item, &self.socket) {
                        return Poll::Ready(Some(event));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.socket.shared.hub.unsubscribe(self.inbox);
    }
}

/// The status of a node whenever it is another one, from [`MeshSocket::status_changes`]. Ends after
/// [`Status::Closed`]. Cancel-safe.
///
/// It holds a handle: the node lives while this does.
#[derive(Debug)]
pub struct StatusChanges {
    told: Option<Status>,
    socket: MeshSocket,
}

impl StatusChanges {
    pub(super) fn of(socket: &MeshSocket) -> Self {
        Self {
            told: None,
            socket: socket.clone(),
        }
    }
}

impl Stream for StatusChanges {
    type Item = Status;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Status>> {
        let this = self.get_mut();
        let told = this.told;
        let changed =
            |snapshot: &Snapshot| Some(snapshot.status()).filter(|now| Some(*now) != told);
        let next = this.socket.shared.hub.poll_look(cx, changed);
        if let Poll::Ready(Some(status)) = next {
            this.told = Some(status);
        }
        next
    }
}
