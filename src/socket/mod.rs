//! What a user holds: [`MeshSocket`], a cloneable handle on a node that runs elsewhere.
//!
//! The names are those of py2p's mesh module: send, recv, reply, connect, disconnect, request peers, the routing table,
//! the events. Handles share one node; it closes when the last one is dropped, or when one says so.

mod builder;
mod dispatcher;
mod error;
mod event;
mod faults;
mod handlers;
mod hub;
mod inbox;
mod listeners;
mod members;
mod message;
mod report;
mod requests;
mod sending;
mod snapshot;
mod topics;

use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::channel::oneshot;
use serde::Serialize;

pub use builder::{Builder, Node};
pub use dispatcher::Dispatcher;
pub use error::MeshError;
pub use event::{Event, Events, StatusChanges};
pub use faults::{FAULTS, Fault};
pub use handlers::HandlerId;
pub use hub::Announcer;
pub use inbox::{InboxLimits, Overflow};
pub use listeners::{EventKind, LISTENERS_AT_WORK, ListenerId};
pub use members::{MemberEvent, MemberEvents};
pub use message::Message;
pub use requests::{Replies, RequestOptions};
pub use sending::{SendOptions, Sent};
pub use snapshot::{KnownNode, Status, Topology};
pub use topics::Messages;

use crate::address::Address;
use crate::driver::{Caller, Job, Request, Until, Wait};
use crate::id::NodeId;
use crate::mesh::{
    self, Command, CommandError, Environment, Failure, Member, Peer, Receipt, Stats,
};
use hub::{Hub, InboxId};
use inbox::Item;
use snapshot::Snapshot;
use topics::Subscriptions;

/// A node of the mesh.
///
/// Every method takes `&self`; clones are handles on the same node. Dropping a future that a method returned gives up the
/// waiting, not what was asked: a message that was accepted is sent.
#[derive(Clone)]
pub struct MeshSocket {
    shared: Arc<Shared>,
}

struct Shared {
    node: NodeId,
    subnet: String,
    listening: Vec<Address>,
    advertised: Vec<Address>,
    caller: Caller,
    hub: Arc<Hub>,
    inbox: InboxId,
    subscriptions: Subscriptions,
    /// Somebody asked it to close.
    is_closed: AtomicBool,
}

impl MeshSocket {
    /// Begins a node of `subnet`: `MeshSocket::builder("chat").peer("ws://…").spawn()`.
    pub fn builder(subnet: impl Into<String>) -> Builder {
        Builder::new(subnet)
    }

    /// This node's id.
    pub fn id(&self) -> &NodeId {
        &self.shared.node
    }

    /// The name of the mesh.
    pub fn subnet(&self) -> &str {
        &self.shared.subnet
    }

    /// Where this node listens, with the ports that were bound.
    pub fn listening(&self) -> &[Address] {
        &self.shared.listening
    }

    /// Where this node tells others to dial it: py2p's `out_addr`. Empty if it cannot be dialled, as in a browser.
    pub fn out_addr(&self) -> &[Address] {
        &self.shared.advertised
    }

    /// Whether it is in the mesh.
    pub fn status(&self) -> Status {
        self.look(Snapshot::status)
    }

    /// The status, now and whenever it is another one. Who looks seldom sees the newest, not those between.
    pub fn status_changes(&self) -> StatusChanges {
        StatusChanges::of(self)
    }

    /// Every node with a link to this one, in the order of their ids.
    pub fn peers(&self) -> Vec<Peer> {
        self.look(|snapshot| snapshot.peers.values().cloned().collect())
    }

    /// As [`MeshSocket::peers`], by their ids.
    pub fn routing_table(&self) -> BTreeMap<NodeId, Peer> {
        self.look(|snapshot| snapshot.peers.clone())
    }

    /// The peers that this node dialled.
    pub fn outgoing(&self) -> Vec<NodeId> {
        self.peers()
            .into_iter()
            .filter(|peer| peer.dialled)
            .map(|peer| peer.node)
            .collect()
    }

    /// The peers that dialled this node.
    pub fn incoming(&self) -> Vec<NodeId> {
        self.peers()
            .into_iter()
            .filter(|peer| !peer.dialled)
            .map(|peer| peer.node)
            .collect()
    }

    /// The mesh as this node knows it: its peers, and theirs as they told last ([`MeshSocket::request_peers`]).
    pub fn topology(&self) -> Topology {
        self.look(|snapshot| snapshot.topology(&self.shared.node))
    }

    /// Who is in the mesh besides this node, in the order of their ids: every node that can be reached over nodes that take part
    /// in presence.
    pub fn members(&self) -> Vec<Member> {
        self.look(|snapshot| snapshot.members.values().cloned().collect())
    }

    /// Who is in the mesh, and then who comes and leaves: members that are there already come first, as if they had just
    /// joined.
    pub fn member_events(&self) -> MemberEvents {
        MemberEvents::of(self)
    }

    /// Shows packets to every member, in place of those before, as [`Member::presence`] gives them there: the items of a tuple
    /// or sequence, else the value itself; `()` to show nothing.
    ///
    /// # Errors
    /// [`EncodeError`](crate::wire::EncodeError) if the value has no msgpack form, [`CommandError::TooLarge`] beyond
    /// [`MAX_PRESENCE`](crate::wire::MAX_PRESENCE) bytes.
    pub async fn set_presence<T: Serialize + ?Sized>(&self, packets: &T) -> Result<(), MeshError> {
        let packets = members::shown(packets)?;
        self.ask(Command::Present { packets }, Until::Accepted)
            .await
            .map(drop)
    }

    /// What was counted, as of the last event.
    pub fn stats(&self) -> Stats {
        self.look(|snapshot| snapshot.stats)
    }

    /// Where the two peers are to which links lasted longest, the user's own addresses aside. To be given to the node's next
    /// run, as [`Config::anchors`](crate::Config::anchors); there still when the node has closed.
    pub fn anchors(&self) -> Vec<Address> {
        self.look(|snapshot| snapshot.anchors.clone())
    }

    /// What went wrong where no call could tell, the oldest first: the last [`FAULTS`]. None is py2p's status "Nominal".
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.hub.faults()
    }

    fn look<R>(&self, read: impl FnOnce(&Snapshot) -> R) -> R {
        self.shared.hub.look(read)
    }

    /// Waits until the node has a peer that was heard of late ([`Status::has_peer`]); at once if it has one.
    ///
    /// # Errors
    /// [`Failure::Closed`] if the node ends first. An address that fails is tried again and is no error here:
    /// [`MeshSocket::connect`] reports it, and [`MeshSocket::events`].
    pub async fn joined(&self) -> Result<(), MeshError> {
        let joined = |snapshot: &Snapshot| snapshot.status().has_peer().then_some(());
        poll_fn(|cx| self.shared.hub.poll_look(cx, joined))
            .await
            .ok_or(Failure::Closed.into())
    }

    /// Links to the node at `address`, and again whenever that link is lost. Done when both have greeted.
    ///
    /// # Errors
    /// [`Failure::Unreachable`], [`Failure::WrongSubnet`] or [`Failure::Refused`] if the first attempt fails; the address is
    /// then forgotten.
    pub async fn connect(&self, address: &Address) -> Result<(), MeshError> {
        self.connect_to(address, None).await
    }

    /// As [`MeshSocket::connect`], and refuses any node but `expected` at that address.
    ///
    /// # Errors
    /// As [`MeshSocket::connect`]; another node there is [`Failure::Refused`].
    pub async fn connect_to(
        &self,
        address: &Address,
        expected: Option<NodeId>,
    ) -> Result<(), MeshError> {
        let command = Command::Connect {
            address: address.clone(),
            expected,
            persist: false,
        };
        self.ask(command, Until::Settled).await.map(drop)
    }

    /// The next message; `None` when the node has closed and none is left, or after a loss where
    /// [`Overflow::Close`] is wanted.
    ///
    /// A node that joins, or joins again, begins with the broadcasts of the last minute that it has not had, as far as its
    /// peers hold them ([`Config::history`](crate::Config::history)).
    ///
    /// Plain messages that no handler kept wait here from the node's start on, within [`InboxLimits`]; what is dropped is
    /// counted by [`MeshSocket::missed`]. Handles that wait at once share them, each message going to one. Cancel-safe: a
    /// message is not lost when the future is dropped.
    pub async fn recv(&self) -> Option<Message> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// A message that waits already.
    pub fn try_recv(&self) -> Option<Message> {
        while let Some(item) = self.shared.hub.try_next(self.shared.inbox) {
            if let Some(message) = self.received(item) {
                return Some(message);
            }
        }
        None
    }

    /// Up to `quantity` messages that wait already, the oldest first; maybe none.
    pub fn try_recv_many(&self, quantity: usize) -> Vec<Message> {
        core::iter::from_fn(|| self.try_recv())
            .take(quantity)
            .collect()
    }

    /// As [`MeshSocket::recv`], for those who write futures.
    pub fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            let Some(item) = ready!(self.shared.hub.poll_next(self.shared.inbox, cx)) else {
                return Poll::Ready(None);
            };
            if let Some(message) = self.received(item) {
                return Poll::Ready(Some(message));
            }
        }
    }

    fn received(&self, item: Item<mesh::Event>) -> Option<Message> {
        match item {
            Item::One(mesh::Event::Message { message, via }) => {
                Some(Message::new(message, via, self.clone()))
            }
            Item::Lagged(count) => {
                self.shared.hub.miss(count);
                None
            }
            Item::One(_) => None,
        }
    }

    /// How many messages [`MeshSocket::recv`] found dropped because they were not taken in time
    /// ([`InboxLimits`]).
    pub fn missed(&self) -> u64 {
        self.shared.hub.missed()
    }

    /// Everything that happens from now on, messages included, in a queue of its own within [`InboxLimits`].
    pub fn events(&self) -> Events {
        Events::of(self)
    }

    /// Asks every peer for its peers, which shows in [`MeshSocket::topology`] when they answer.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub async fn request_peers(&self) -> Result<(), MeshError> {
        self.ask(Command::RequestPeers, Until::Accepted)
            .await
            .map(drop)
    }

    /// Closes the link to a peer, and does not dial it again.
    ///
    /// # Errors
    /// [`CommandError::NotAPeer`].
    pub async fn disconnect(&self, node: &NodeId) -> Result<(), MeshError> {
        self.ask(Command::Disconnect { node: node.clone() }, Until::Accepted)
            .await
            .map(drop)
    }

    /// Tells the node what happens around it: the page is hidden, the network is gone.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub async fn notice(&self, environment: Environment) -> Result<(), MeshError> {
        self.request_of_node(Request::Environment(environment))
            .await
    }

    /// Writes what waits, closes every link and ends the node. Done when all that is so, within twice
    /// [`Config::linger`](crate::Config); at once if it is already.
    ///
    /// # Errors
    /// [`CommandError::Closed`] if the node was told to close before, by any handle. It is closed then all the same.
    pub async fn close(&self) -> Result<(), MeshError> {
        self.end(Command::Close).await
    }

    /// As [`MeshSocket::close`], for a node that others depend on: it takes nobody new, tells its peers where else they can go, and
    /// closes its links one after the other within [`Config::drain`](crate::Config). What peers say meanwhile it passes on; nothing
    /// more can be sent from here. [`MeshSocket::close`] ends it at once.
    ///
    /// # Errors
    /// [`CommandError::Closed`] if the node was told to end before, by any handle. It has ended then all the same.
    pub async fn drain(&self) -> Result<(), MeshError> {
        self.end(Command::Drain).await
    }

    async fn end(&self, command: Command) -> Result<(), MeshError> {
        let was_closed = self.shared.is_closed.swap(true, Ordering::Relaxed);
        // Asked again, as who asked before may have given up before the node was told. One that has ended needs no asking.
        drop(self.ask(command, Until::Accepted).await);
        poll_fn(|cx| self.shared.hub.poll_look(cx, |_| None::<()>)).await;
        if was_closed {
            return Err(CommandError::Closed.into());
        }
        Ok(())
    }

    async fn ask(&self, command: Command, until: Until) -> Result<Receipt, MeshError> {
        self.ask_patiently(command, until, Wait::default()).await
    }

    async fn ask_patiently(
        &self,
        command: Command,
        until: Until,
        wait: Wait,
    ) -> Result<Receipt, MeshError> {
        let (reply, answer) = oneshot::channel();
        self.request_of_node(Request::Command(Job {
            command,
            until,
            wait,
            reply,
            answers: None,
        }))
        .await?;
        Ok(answer.await.map_err(|_| CommandError::Closed)??)
    }

    pub(super) async fn request_of_node(&self, request: Request) -> Result<(), MeshError> {
        Ok(self.shared.caller.ask(request).await?)
    }
}

impl fmt::Debug for MeshSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshSocket")
            .field("id", self.id())
            .field("subnet", &self.subnet())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
