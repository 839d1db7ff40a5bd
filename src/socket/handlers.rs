//! Handlers: those who are shown each message before it is anybody else's, in the order in which they came.

use core::future::Future;
use core::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::faults::{Fault, words};
use super::hub::Hub;
use super::{MeshSocket, Message};
use crate::mesh::Peer;

/// The number of a handler, by which it can be taken away again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandlerId(pub(super) u64);

type Act = dyn Fn(&Message, &Peer) -> bool + Send + Sync;
type ActLater = dyn Fn(Message, Peer) -> BoxFuture<'static, bool> + Send + Sync;

/// What a user registered.
#[derive(Clone)]
pub(super) enum Handler {
    Sync(Arc<Act>),
    Async(Arc<ActLater>),
}

impl Handler {
    async fn act(&self, message: &Message, peer: &Peer) -> bool {
        match self {
            Self::Sync(handler) => handler(message, peer),
            Self::Async(handler) => handler(message.clone(), peer.clone()).await,
        }
    }
}

/// Shows a message to each of `handlers` until one acts.
pub(super) async fn chain(
    handlers: Vec<(HandlerId, Handler)>,
    message: Message,
    peer: Peer,
    hub: Arc<Hub>,
) -> bool {
    for (id, handler) in handlers {
        let acted = AssertUnwindSafe(handler.act(&message, &peer)).catch_unwind();
        match acted.await {
            Ok(true) => return true,
            Ok(false) => {}
            Err(panic) => hub.fault(Fault::Handler {
                handler: id,
                panic: words(&*panic),
            }),
        }
    }
    false
}

impl MeshSocket {
    /// Shows every message to `handler` before anybody else has it, with the peer that it came from. True says that the
    /// handler acted: then the chain ends, and the message goes neither to later handlers, nor to [`MeshSocket::recv`],
    /// [`MeshSocket::events`] or the listeners to [`EventKind::Message`](super::EventKind).
    ///
    /// Handlers are asked in the order in which they were registered, one message at a time: later messages wait meanwhile,
    /// within [`InboxLimits`](super::InboxLimits), so that their order is kept. Other events do not wait. A message with a
    /// flag of its own ([`Message::flag`]) goes to handlers first as well.
    ///
    /// They run in a task of their own, beside the node's loop: one that takes long holds up the application, never a link
    /// (but on a runtime of one thread, one that blocks it does). One that panics has not acted, and is named in
    /// [`MeshSocket::faults`]; it stays registered. A handler reaches its node by [`Message::socket`]: one that holds a handle
    /// keeps the node open until it is closed.
    ///
    /// ```
    /// # fn example(socket: &rs2p::MeshSocket) {
    /// let pings = socket.register_handler(|message, peer| {
    ///     let is_ping = message.decode::<String>().is_ok_and(|text| text == "ping");
    ///     if is_ping {
    ///         println!("a ping by way of {}", peer.node);
    ///     }
    ///     is_ping
    /// });
    /// socket.unregister_handler(pings);
    /// # }
    /// ```
    ///
    /// What is no handler does not compile, where py2p raises a `ValueError`:
    ///
    /// ```compile_fail
    /// # fn example(socket: &rs2p::MeshSocket) {
    /// socket.register_handler(|message| true);
    /// # }
    /// ```
    pub fn register_handler(
        &self,
        handler: impl Fn(&Message, &Peer) -> bool + Send + Sync + 'static,
    ) -> HandlerId {
        self.shared
            .hub
            .add_handler(Handler::Sync(Arc::new(handler)))
    }

    /// As [`MeshSocket::register_handler`], for a handler that waits for something before it says whether it acts. The next
    /// message is shown to nobody before, nor does [`MeshSocket::recv`] tell the end: a handler must not wait for either.
    ///
    /// ```
    /// # fn example(socket: &rs2p::MeshSocket) {
    /// socket.register_async_handler(|message, _peer| async move {
    ///     message.reply("I heard you").await.is_ok()
    /// });
    /// # }
    /// ```
    pub fn register_async_handler<F>(
        &self,
        handler: impl Fn(Message, Peer) -> F + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let handler = move |message, peer| handler(message, peer).boxed();
        self.shared
            .hub
            .add_handler(Handler::Async(Arc::new(handler)))
    }

    /// Takes a handler away; false if it is not there any more. A message that it is shown just now it may finish.
    pub fn unregister_handler(&self, handler: HandlerId) -> bool {
        self.shared.hub.remove_handler(handler)
    }
}
