//! Nodes on free ports of loopback, and waiting for what happens in them.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::time::Duration;

use futures::Stream;
use rs2p::{Address, Builder, Event, Events, MeshSocket, Message, NodeId, Scheme};

/// The time within which everything that a test waits for happens, or the test has failed.
const DEADLINE: Duration = Duration::from_secs(10);

/// What `event` comes to.
pub(crate) async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, event).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("{what}: nothing of the sort within {DEADLINE:?}"),
    }
}

/// A node, and what happened in it since it was started.
pub(crate) struct Node {
    pub(crate) socket: MeshSocket,
    events: Events,
}

impl Node {
    /// Starts a node.
    pub(crate) async fn start(builder: Builder) -> Self {
        // The runtime of a test has one thread, so no event passes between these two.
        Self::of(builder.spawn().await.expect("free ports on loopback"))
    }

    /// A node that runs, and what happens in it from now on.
    pub(crate) fn of(socket: MeshSocket) -> Self {
        let events = socket.events();
        Self { socket, events }
    }

    /// The node's id.
    pub(crate) fn id(&self) -> &NodeId {
        self.socket.id()
    }

    /// Where the node listens on a kind of transport.
    pub(crate) fn address(&self, scheme: Scheme) -> Address {
        let mut listening = self.socket.listening().iter();
        let found = listening.find(|address| address.scheme() == scheme);
        found.expect("a listener of that kind").clone()
    }

    /// The next event.
    async fn event(&mut self) -> Event {
        let next = poll_fn(|cx| Pin::new(&mut self.events).poll_next(cx)).await;
        next.expect("a node that runs")
    }

    /// What `pick` makes of the first event of which it makes something. Those before are gone then.
    pub(crate) async fn happens<T>(&mut self, what: &str, pick: impl Fn(Event) -> Option<T>) -> T {
        soon(what, async {
            loop {
                if let Some(picked) = pick(self.event().await) {
                    return picked;
                }
            }
        })
        .await
    }

    /// Waits until the node's peers are `wanted`, and nobody else.
    pub(crate) async fn has_peers(&mut self, wanted: &[&NodeId]) {
        let wanted: BTreeSet<_> = wanted.iter().copied().cloned().collect();
        soon("the wanted peers", async {
            while self.peers() != wanted {
                self.event().await;
            }
        })
        .await;
    }

    fn peers(&self) -> BTreeSet<NodeId> {
        let peers = self.socket.peers().into_iter();
        peers.map(|peer| peer.node).collect()
    }

    /// Broadcasts text.
    pub(crate) async fn say(&self, text: &str) {
        self.socket.send(text).await.expect("a node with peers");
    }

    /// The next message.
    pub(crate) async fn hears(&self) -> Message {
        soon("a message", self.socket.recv())
            .await
            .expect("a node that runs")
    }

    /// The next message, which is one text.
    pub(crate) async fn hears_text(&self) -> String {
        text(&self.hears().await)
    }

    /// Closes the node; returns what it had received and nobody had taken.
    pub(crate) async fn close(self) -> Vec<Message> {
        let closed = soon("the end of a node that closes", self.socket.close()).await;
        closed.expect("a node that nobody closed before");
        let mut rest = Vec::new();
        while let Some(message) = self.socket.recv().await {
            rest.push(message);
        }
        rest
    }
}

/// The text that a message is.
pub(crate) fn text(message: &Message) -> String {
    message.decode().expect("a message of one text")
}
