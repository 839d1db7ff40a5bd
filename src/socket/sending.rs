//! What a user sends: to all, to the neighbours, to one node.

use core::time::Duration;

use serde::Serialize;

use super::{MeshError, MeshSocket};
use crate::driver::{Until, Wait};
use crate::id::{MessageId, NodeId};
use crate::mesh::{Command, Failure, Reach, Receipt};
use crate::wire::{Flag, RawPackets, Topic, Value};

/// A message that is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id, by which every node knows it.
    pub id: MessageId,
    /// How many peers took it. Others, to which it comes by a shorter way, were told of it only.
    pub peers: usize,
}

/// How far a message goes and what sort it is, for [`MeshSocket::send_with`]: py2p's `send(…, flag, type)`.
///
/// ```
/// use rs2p::{Flag, SendOptions};
///
/// let to_all = SendOptions::new();
/// let news_for_neighbours = SendOptions::new().to_peers().flag(Flag::try_from("news")?);
/// # assert_ne!(to_all, news_for_neighbours);
/// # Ok::<(), rs2p::wire::InvalidFlag>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "options do nothing until they are given to send_with()"]
pub struct SendOptions {
    reach: Reach,
    flag: Flag,
    wait: Wait,
    topic: Option<Topic>,
    is_written: bool,
}

impl SendOptions {
    /// A plain message to every node, as [`MeshSocket::send`] sends it.
    pub fn new() -> Self {
        Self::default()
    }

    /// To every peer, which keeps it to itself: a whisper on each link, py2p's `flag=whisper`.
    pub fn to_peers(self) -> Self {
        Self {
            reach: Reach::Peers,
            ..self
        }
    }

    /// To one peer, which keeps it to itself: py2p's `MeshConnection.send`. It goes over the link with that peer or not at
    /// all.
    pub fn to_peer(self, node: NodeId) -> Self {
        Self {
            reach: Reach::Peer(node),
            ..self
        }
    }

    /// Waits for a peer, should there be none, up to so long: a send while the node is offline then goes out when it is back. Whoever
    /// drops the future meanwhile has sent nothing.
    pub fn wait(self, within: Duration) -> Self {
        let peers = self.wait.peers.max(1);
        Self {
            wait: Wait { peers, within },
            ..self
        }
    }

    /// Sends only while there are at least so many peers, which are waited for as long as [`SendOptions::wait`] says; without it,
    /// they must be there.
    pub fn at_least(self, peers: usize) -> Self {
        let wait = Wait { peers, ..self.wait };
        Self { wait, ..self }
    }

    /// Of this sort: py2p's `type`, which its users see as `packets[0]`. A message with a flag of its own goes to the handlers of those who get it, not
    /// to their queues.
    pub fn flag(self, flag: Flag) -> Self {
        Self { flag, ..self }
    }

    /// Done only when the message is written to the first peer's connection: [`Failure::Lost`] if every link closed before.
    pub fn written(self) -> Self {
        Self {
            is_written: true,
            ..self
        }
    }

    /// About this topic: nodes that narrowed their interest to others are not sent it. To py2p and js2p it is a message like
    /// any other.
    pub fn topic(self, topic: Topic) -> Self {
        Self {
            topic: Some(topic),
            ..self
        }
    }
}

impl MeshSocket {
    /// Sends packets to every node of the mesh, each of which gets them once.
    ///
    /// A tuple or sequence is one packet an item; anything else, a struct or map included, is one packet. Bytes are `bin`
    /// by `serde_bytes` or [`Value::Bin`]. Done when the message is queued for the peers; while every queue is full it waits.
    ///
    /// # Errors
    /// [`CommandError::NotJoined`](crate::CommandError) without a peer, [`CommandError::TooLarge`](crate::CommandError),
    /// [`MeshError::Encode`] for what cannot be serialised. Nothing was sent then.
    pub async fn send<P: Serialize + ?Sized>(&self, packets: &P) -> Result<Sent, MeshError> {
        self.send_with(&SendOptions::new(), packets).await
    }

    /// As [`MeshSocket::send`], as far and with the flag that `options` say.
    ///
    /// # Errors
    /// As [`MeshSocket::send`], [`CommandError::NotAPeer`](crate::CommandError) for one peer that is none, and
    /// [`CommandError::TooFewPeers`](crate::CommandError) if there are some and fewer than [`SendOptions::at_least`] says.
    pub async fn send_with<P: Serialize + ?Sized>(
        &self,
        options: &SendOptions,
        packets: &P,
    ) -> Result<Sent, MeshError> {
        let until = if options.is_written {
            Until::Settled
        } else {
            Until::Accepted
        };
        self.broadcast(options, RawPackets::serialize(packets)?, until)
            .await
    }

    /// As [`MeshSocket::send`], to those who want to hear of `topic`.
    ///
    /// # Errors
    /// As [`MeshSocket::send`].
    pub async fn send_to_topic<P: Serialize + ?Sized>(
        &self,
        topic: &Topic,
        packets: &P,
    ) -> Result<Sent, MeshError> {
        let options = SendOptions::new().topic(topic.clone());
        self.send_with(&options, packets).await
    }

    /// As [`MeshSocket::send`], and done when the message is written to the first peer's connection.
    ///
    /// # Errors
    /// As [`MeshSocket::send`], and [`Failure::Lost`] if every link closed before.
    pub async fn send_written<P: Serialize + ?Sized>(
        &self,
        packets: &P,
    ) -> Result<Sent, MeshError> {
        self.send_with(&SendOptions::new().written(), packets).await
    }

    /// As [`MeshSocket::send`], for packets that are msgpack values already.
    ///
    /// # Errors
    /// As [`MeshSocket::send`].
    pub async fn send_values(&self, packets: &[Value]) -> Result<Sent, MeshError> {
        let options = SendOptions::new();
        self.broadcast(&options, RawPackets::from_values(packets)?, Until::Accepted)
            .await
    }

    /// As [`MeshSocket::send_with`], of packets that are serialised.
    pub(crate) async fn broadcast(
        &self,
        options: &SendOptions,
        packets: RawPackets,
        until: Until,
    ) -> Result<Sent, MeshError> {
        let command = Command::Broadcast {
            reach: options.reach.clone(),
            flag: options.flag.clone(),
            packets,
            topic: options.topic.clone(),
        };
        match self.ask_patiently(command, until, options.wait).await? {
            Receipt::Sent {
                id: Some(id),
                links,
                ..
            } => Ok(Sent { id, peers: links }),
            // The core answers a broadcast with `Sent` alone.
            _ => Err(Failure::Lost.into()),
        }
    }

    /// Sends packets to one node. Done when they are written to a link with it, or with the first node on the way to it.
    ///
    /// Without a link to the node they go along the way on which it was heard last, or by a neighbour that told of it; else
    /// the mesh is asked where it is, and it is dialled there.
    ///
    /// # Errors
    /// [`Failure::NoRoute`] if it was not found or not reached in time ([`Config::lookup_timeout`](crate::Config)),
    /// [`Failure::Lost`] if its link closed before, else as [`MeshSocket::send`].
    pub async fn whisper<P: Serialize + ?Sized>(
        &self,
        to: &NodeId,
        packets: &P,
    ) -> Result<(), MeshError> {
        self.whisper_raw(to, RawPackets::serialize(packets)?, None)
            .await
    }

    /// As [`MeshSocket::whisper`], for packets that are msgpack values already.
    ///
    /// # Errors
    /// As [`MeshSocket::whisper`].
    pub async fn whisper_values(&self, to: &NodeId, packets: &[Value]) -> Result<(), MeshError> {
        self.whisper_raw(to, RawPackets::from_values(packets)?, None)
            .await
    }

    /// Sends packets to one node, as the answer to the question with this number if there is one.
    pub(super) async fn whisper_raw(
        &self,
        to: &NodeId,
        packets: RawPackets,
        answer: Option<u64>,
    ) -> Result<(), MeshError> {
        let to = to.clone();
        let command = Command::Whisper {
            to,
            packets,
            topic: None,
            answer,
        };
        self.ask(command, Until::Settled).await.map(drop)
    }
}
