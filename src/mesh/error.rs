//! What goes wrong, sorted by who is at fault: [`CloseReason`] is the peer's (or nobody's), [`CommandError`] the
//! caller's, [`Failure`] the mesh's answer to something that was accepted.

use crate::id::NodeId;
use crate::wire::DecodeError;

/// Why this node closes a link. A peer over WebSocket is told by [`CloseReason::code`] and the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// The user asked for it.
    #[error("disconnected by the user")]
    Disconnected,
    /// This node is shutting down.
    #[error("this node is shutting down")]
    Shutdown,
    /// The peer belongs to another subnet, or to the same one on another kind of transport.
    #[error(
        "the peer is in another subnet: its protocol id is {theirs}, here it is {ours}; give both the same subnet"
    )]
    WrongSubnet {
        /// The protocol id that the peer showed, shortened.
        theirs: String,
        /// The protocol id of this node on that transport.
        ours: String,
    },
    /// The peer is this node.
    #[error("this is the node itself")]
    OwnNode,
    /// The node at the address is another one than the user expected.
    #[error("the node there is {found}, not {expected}")]
    OtherNode {
        /// Who was expected.
        expected: NodeId,
        /// Who answered.
        found: NodeId,
    },
    /// There is another link to the same peer, and it stays.
    #[error("another link to the same peer is kept")]
    Duplicate,
    /// The older link to a peer did not answer, and a newer one replaces it.
    #[error("replaced by a newer link to the same peer")]
    Replaced,
    /// The peer sent no handshake in time.
    #[error("no handshake in time")]
    GreetingTimeout,
    /// The peer sent something else before its handshake.
    #[error("something other than a handshake before the handshake")]
    NotGreeted,
    /// A frame was begun and not finished in time.
    #[error("a frame was not finished in time")]
    FrameTimeout,
    /// The peer sent what cannot be decoded.
    #[error("undecodable: {0}")]
    Undecodable(#[from] DecodeError),
    /// The peer was silent for too long.
    #[error("the peer was silent for too long")]
    Silent,
    /// The peer sleeps, and did so for too long.
    #[error("the peer slept for too long")]
    AsleepTooLong,
    /// The peer does not read what it is sent.
    #[error("the peer does not read what it is sent")]
    SlowReader,
    /// There are as many links as this node allows.
    #[error("this node has as many links as it allows")]
    Full,
    /// Too many links had not greeted, and this one had waited longest where most come from.
    #[error("too many wait to be greeted: come again")]
    CrowdedOut,
    /// The dialled address did not answer in time.
    #[error("no answer in time")]
    DialTimeout,
    /// This node looked whether the peer is in another part of the mesh; it is not, and links enough are up.
    #[error("looked around: the mesh is whole, and links enough are up")]
    Surplus,
    /// Other addresses of the user's are linked, and they are better: this one stands by.
    #[error("other relays are better now: this one stands by")]
    Standby,
}

impl CloseReason {
    /// The WebSocket close code that tells the peer (RFC 6455, 7.4): 1000 and 1001 for good ends, 4000 to 4099 for ours.
    pub const fn code(&self) -> u16 {
        match self {
            Self::Disconnected => 1000,
            Self::Shutdown | Self::AsleepTooLong => 1001,
            Self::WrongSubnet { .. } => 4001,
            Self::OwnNode => 4002,
            Self::OtherNode { .. } => 4003,
            Self::Duplicate => 4004,
            Self::Replaced => 4005,
            Self::GreetingTimeout => 4006,
            Self::NotGreeted => 4007,
            Self::FrameTimeout => 4008,
            Self::Undecodable(_) => 4009,
            Self::Silent => 4010,
            Self::SlowReader => 4011,
            Self::Full => 4012,
            Self::DialTimeout => 4013,
            Self::Surplus | Self::Standby => Self::SURPLUS,
            Self::CrowdedOut => 4015,
        }
    }

    /// Whether the peer did what no peer should.
    pub const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::GreetingTimeout
                | Self::NotGreeted
                | Self::FrameTimeout
                | Self::Undecodable(_)
                | Self::SlowReader
        )
    }

    /// Whether the link is lost rather than unwanted: a new one is worth a dial.
    pub const fn is_loss(&self) -> bool {
        matches!(self, Self::Silent | Self::SlowReader | Self::FrameTimeout)
    }

    /// The code with which a node refuses a peer of another subnet.
    pub const WRONG_SUBNET: u16 = 4001;
    /// The code with which a node that has as many links as it allows refuses another.
    pub const FULL: u16 = 4012;
    /// The code of a link that gave way to another link to the same peer.
    pub const DUPLICATE: u16 = 4004;
    /// The code of a link that its dialler needs no more, as its peer is reachable otherwise.
    pub const SURPLUS: u16 = 4014;
}

/// How a link ended that this node did not close.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkDown {
    /// It never came up: no such host, refused, or no WebSocket there.
    #[error("{0}")]
    Unreachable(String),
    /// The peer closed it, over WebSocket with a code and a reason.
    #[error("closed by the peer{}", describe_close(*.code, .reason))]
    ClosedByPeer {
        /// The WebSocket close code, if there was one.
        code: Option<u16>,
        /// The peer's words, possibly empty.
        reason: String,
    },
    /// The network failed.
    #[error("the link failed: {0}")]
    Failed(String),
}

fn describe_close(code: Option<u16>, reason: &str) -> String {
    match (code, reason) {
        (None, _) => String::new(),
        (Some(code), "") => format!(" (code {code})"),
        (Some(code), reason) => format!(" (code {code}: {reason})"),
    }
}

/// Why a command was not accepted. The fault is the caller's; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no peer to send to.
    #[error("not joined: no peer is linked, connect first or wait until a redial succeeds")]
    NotJoined,
    /// There were fewer peers than the message was to wait for, when its time was over.
    #[error("{found} peers are linked and {wanted} were waited for: wait longer, or for fewer")]
    TooFewPeers {
        /// How many were waited for.
        wanted: usize,
        /// How many there were.
        found: usize,
    },
    /// The message is larger than a frame may be.
    #[error("the message has {size} bytes, the limit is {limit}: split it")]
    TooLarge {
        /// Size of the frame's body, in bytes.
        size: usize,
        /// [`Config::frame`](super::Config::frame).
        limit: usize,
    },
    /// Every queue is full; the command can be repeated once something was written.
    #[error("every peer's queue is full, repeat when one has room")]
    Busy,
    /// The node is closing or closed.
    #[error("the node is closed")]
    Closed,
    /// The node has no link to this peer.
    #[error("{0} is not a peer")]
    NotAPeer(NodeId),
    /// A message to oneself.
    #[error("a node sends nothing to itself")]
    ToSelf,
    /// As many addresses or lookups as the configuration allows.
    #[error("too many {what}, the limit is {limit}: try again later or raise it")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// Why something that was accepted did not come about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Every link that should have carried the message closed before it was written.
    #[error("every link that carried the message closed before it was written")]
    Lost,
    /// Nobody in the mesh knows an address for the node, or it could not be dialled.
    #[error("no way to {0} was found in time")]
    NoRoute(NodeId),
    /// The address did not come up.
    #[error("{0}")]
    Unreachable(String),
    /// The peer there is in another subnet, by its protocol id or by its own word.
    #[error("the peer is in another subnet than \"{subnet}\": give both the same one")]
    WrongSubnet {
        /// This node's subnet.
        subnet: String,
    },
    /// The link was refused or closed before both sides had greeted.
    #[error("{0}")]
    Refused(String),
    /// A question was not answered in time, or not by enough.
    #[error("{answers} of {wanted} answers came in time")]
    NoAnswer {
        /// How many came.
        answers: usize,
        /// How many were waited for.
        wanted: usize,
    },
    /// The node was closed first.
    #[error("the node was closed")]
    Closed,
}

impl CommandError {
    /// A word for programs. The words do not change once released.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotJoined => "not-joined",
            Self::TooFewPeers { .. } => "too-few-peers",
            Self::TooLarge { .. } => "too-large",
            Self::Busy => "busy",
            Self::Closed => "closed",
            Self::NotAPeer(_) => "not-a-peer",
            Self::ToSelf => "to-self",
            Self::TooMany { .. } => "too-many",
        }
    }
}

impl Failure {
    /// A word for programs. The words do not change once released.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::NoRoute(_) => "no-route",
            Self::Unreachable(_) => "unreachable",
            Self::WrongSubnet { .. } => "wrong-subnet",
            Self::Refused(_) => "refused",
            Self::NoAnswer { .. } => "no-answer",
            Self::Closed => "closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stay_small_enough_to_return() {
        assert!(
            size_of::<CloseReason>() <= 72,
            "{}",
            size_of::<CloseReason>()
        );
        assert!(size_of::<CommandError>() <= 32);
        assert!(size_of::<Failure>() <= 32);
    }

    #[test]
    fn a_peers_words_are_part_of_the_text() {
        let end = LinkDown::ClosedByPeer {
            code: Some(4001),
            reason: "another subnet".to_owned(),
        };
        assert_eq!(
            end.to_string(),
            "closed by the peer (code 4001: another subnet)"
        );
    }
}
