//! What goes into the core and what comes out of it.

use bytes::Bytes;

use super::error::{CloseReason, Failure, LinkDown};
use super::member::Member;
use super::status::Status;
use crate::address::{Address, Scheme};
use crate::id::{LinkId, MessageId, NodeId};
use crate::ordered::Key;
use crate::time::WallSeconds;
use crate::wire::{Departure, Endpoint, Flag, Interest, Kind, Message, RawPackets, Topic};

/// What the transport tells the core. Handled by `Mesh::handle_link`, which takes anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LinkEvent {
    /// A link is up: one that was dialled, or one that was accepted, with an id that is new.
    Opened {
        /// The link.
        link: LinkId,
        /// What is known of it.
        info: LinkInfo,
    },
    /// Bytes came, in any chunking.
    Received {
        /// The link.
        link: LinkId,
        /// The bytes.
        bytes: Bytes,
    },
    /// The network took bytes of what was transmitted.
    Written {
        /// The link.
        link: LinkId,
        /// How many bytes of frames, counted without the transport's own framing.
        bytes: usize,
    },
    /// The far end's transport has answered a [`Output::Ping`]: its machine lives, whatever its program does.
    Alive {
        /// The link.
        link: LinkId,
    },
    /// The link is gone, or the dial failed. No event for it follows.
    Closed {
        /// The link.
        link: LinkId,
        /// How it ended.
        down: LinkDown,
    },
}

/// What a transport knows of a new link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// The kind of transport.
    pub scheme: Scheme,
    /// The peer's address as people would write it, `host:port`; of a client behind a proxy that is trusted, the client's,
    /// with the proxy's port.
    pub remote: Option<String>,
    /// The host by which the peer reaches this node, if the transport can tell.
    pub local_host: Option<String>,
    /// Whether a proxy in between said that it is there. Then `remote` may be a proxy's, and tells little of the peer.
    pub proxied: bool,
}

/// What the user asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Link to the node at an address, and again whenever the link is lost. Settles when linked or when the first
    /// attempt failed.
    Connect {
        /// Where.
        address: Address,
        /// Who should be there, if it matters.
        expected: Option<NodeId>,
        /// Whether to go on if the first attempt fails; otherwise the address is then forgotten.
        persist: bool,
    },
    /// Send packets to every node, or to neighbours only. Settles when the first peer's transport has written the message.
    Broadcast {
        /// How far.
        reach: Reach,
        /// What sort of message it is.
        flag: Flag,
        /// The packets, without sub-flag.
        packets: RawPackets,
        /// What they are about. Those who narrowed their interest to other topics are not sent it.
        topic: Option<Topic>,
    },
    /// Send packets to one node. Settles when written to it; without a link to it, it is looked up and dialled.
    Whisper {
        /// To whom.
        to: NodeId,
        /// The packets, without sub-flag.
        packets: RawPackets,
        /// What they are about, which its receiver is told.
        topic: Option<Topic>,
        /// The [number](Message::question) of the question that they answer.
        answer: Option<u64>,
    },
    /// Send packets to one node or to every node, and await answers: whispers with the question's number. Each is told by
    /// [`Event::Answer`]. Settles when enough have come; as [`Failure::NoAnswer`] when the time is over; else as the
    /// message does if it cannot be sent. py2p and js2p get the message and cannot answer it.
    Ask {
        /// Whom, if not everybody. A question to one node travels as [`Command::Whisper`], else as [`Command::Broadcast`].
        to: Option<NodeId>,
        /// What it is about.
        topic: Option<Topic>,
        /// The packets, without sub-flag.
        packets: RawPackets,
        /// How long to wait for answers.
        patience: core::time::Duration,
        /// How many answers are enough: at least one, and no more than [`Config::replies`](super::Config::replies) count.
        /// Each node answers once.
        answers: usize,
    },
    /// Wait no longer for answers: the question settles as if its time was over.
    Forget {
        /// What the question was accepted under.
        ticket: Ticket,
    },
    /// Be sent and told these broadcasts only; whispers always come. Every neighbour is told, now and whenever it is new. What the
    /// user wants newly of the last minute follows.
    Interest(Interest),
    /// Ask every peer for its peers.
    RequestPeers,
    /// Close the link to a peer, and do not dial it again.
    Disconnect {
        /// The peer.
        node: NodeId,
    },
    /// Show packets to every member, in place of those before: at most [`MAX_PRESENCE`](crate::wire::MAX_PRESENCE) bytes.
    Present {
        /// The packets; none to show nothing.
        packets: RawPackets,
    },
    /// As `Close`, without a herd: link after link within [`Config::drain`](super::Config::drain), each peer being told before
    /// where else it can go. Nobody new is taken, and nothing more of the user's. Settles when every link is closed.
    Drain,
    /// Write what waits, close every link, and end. Settles when every link is closed.
    Close,
}

/// How far a message goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// To every node: a broadcast, which nodes hand on.
    #[default]
    Mesh,
    /// To every peer, which keeps it: a whisper on each link.
    Peers,
    /// To one peer, which keeps it.
    Peer(NodeId),
}

impl Reach {
    /// Whether a link to `node` carries the message.
    pub(super) fn includes(&self, node: &NodeId) -> bool {
        match self {
            Self::Mesh | Self::Peers => true,
            Self::Peer(only) => only == node,
        }
    }

    /// The type that makes nodes treat the message so.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Mesh => Kind::Broadcast,
            Self::Peers | Self::Peer(_) => Kind::Whisper,
        }
    }
}

/// The number of an accepted command whose end is told by [`Event::Settled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

impl Key for Ticket {
    fn prefix(&self) -> u64 {
        self.0
    }
}

/// That a command was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receipt {
    /// Done already.
    Done,
    /// A message was put on its way.
    Sent {
        /// Its end is told under this number.
        ticket: Ticket,
        /// The message's id; `None` while a whisper waits for a link.
        id: Option<MessageId>,
        /// How many links took it.
        links: usize,
    },
    /// Under way; the end is told under this number.
    Pending(Ticket),
}

/// What happens around the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// What the wall clock says. To be told before anything else, and whenever it steps; between two tellings the core
    /// counts on by the monotonic clock.
    WallClock(WallSeconds),
    /// The network went: only this machine's own addresses are dialled. Links stay until they are found dead.
    Offline,
    /// The network came: as `Resumed`.
    Online,
    /// The page is not seen.
    Hidden,
    /// The page is seen again: as `Resumed`.
    Visible,
    /// The page is about to be stopped: its peers are told that it sleeps.
    Frozen,
    /// The page runs again: every link is probed, and everything dialled, at once.
    Resumed,
    /// The page is left, perhaps for good: every link is closed at once and nothing is dialled, until it is shown again
    /// (`Resumed` or `Visible`).
    Leaving,
}

/// What the core wants done, in this order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output {
    /// Open a link to an address and tell of it under this id: `Opened`, or `Closed` if it fails.
    Dial {
        /// The id of the link.
        link: LinkId,
        /// Where.
        address: Address,
    },
    /// Send frames to several links, which share their bytes.
    Transmit {
        /// The links.
        to: Vec<LinkId>,
        /// Whole frames, at least one, one behind the other: those that one read, or a portion of it, has brought and that go the
        /// same ways leave in one piece, of at most 64 KiB unless it is one frame.
        frames: Bytes,
    },
    /// Have the far end's transport asked whether it lives, where the transport has a way, as WebSockets have; it is told of
    /// by [`LinkEvent::Alive`].
    Ping {
        /// The link.
        link: LinkId,
    },
    /// Read no more from a link until [`Output::Resume`]: it has brought more than it may. What it is sent goes out as ever. Up to
    /// one read that is under way may still be told as [`LinkEvent::Received`].
    Pause {
        /// The link.
        link: LinkId,
    },
    /// Read from a link again.
    Resume {
        /// The link.
        link: LinkId,
    },
    /// Close a link, or give up its dial. The core has forgotten it; no event for it is expected.
    Close {
        /// The link.
        link: LinkId,
        /// Why, which the peer is told where the transport has words for it.
        reason: CloseReason,
    },
    /// Tell the user.
    Event(Event),
}

/// What the user is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The first peer is linked: the node is in the mesh, again and again after each loss.
    Joined,
    /// The last peer is gone.
    Left,
    /// The node's status is another one.
    Status(Status),
    /// A node became a peer.
    PeerUp(Peer),
    /// Another link to a peer took over, so what is known of the peer changed.
    PeerChanged(Peer),
    /// A node is no peer any more.
    PeerDown {
        /// The node.
        node: NodeId,
        /// Why, in words.
        reason: String,
    },
    /// A message for the application.
    Message {
        /// The message.
        message: Message,
        /// The peer that it came from, which is its sender only if that one is a neighbour.
        via: NodeId,
    },
    /// An answer to a question of the user's, which is told nowhere else.
    Answer {
        /// What the question was accepted under.
        ticket: Ticket,
        /// The answer.
        message: Message,
        /// The peer that it came from.
        via: NodeId,
    },
    /// The node was without a peer for longer than the one that it found remembers: what was said in so much of the time that it
    /// was away is lost to it ([`Config::history`](super::Config::history)).
    Gap {
        /// How much time.
        unknown: core::time::Duration,
    },
    /// A node is in the mesh ([`Mesh::members`](super::Mesh::members)).
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
    /// A neighbour told its peers.
    Peers {
        /// The neighbour.
        of: NodeId,
    },
    /// What was begun under a ticket has ended.
    Settled {
        /// The ticket.
        ticket: Ticket,
        /// How.
        result: Result<(), Failure>,
    },
    /// A dial failed or its link was refused; it will be tried again if `redial` says when.
    DialFailed {
        /// Where.
        address: Address,
        /// Why.
        failure: Failure,
        /// The wait until the next attempt.
        redial: Option<core::time::Duration>,
    },
    /// A peer that had not greeted was refused, or a link was cut: something an operator may want in a log.
    LinkClosed {
        /// The link.
        link: LinkId,
        /// The peer's address, if known.
        remote: Option<String>,
        /// Who it was, if it had greeted.
        node: Option<NodeId>,
        /// Why.
        reason: CloseReason,
    },
    /// Every link is closed; nothing follows.
    Closed,
}

/// A peer: a node with a link to this one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Its id.
    pub node: NodeId,
    /// Where it says that it can be dialled; `None` for a browser tab.
    pub endpoint: Option<Endpoint>,
    /// The kind of transport.
    pub scheme: Scheme,
    /// Whether this node dialled (else it was dialled).
    pub dialled: bool,
    /// Whether it showed capabilities, as rs2p nodes do and py2p and js2p do not.
    pub capable: bool,
}
