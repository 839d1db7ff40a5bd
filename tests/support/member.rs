//! One member of a mesh, of ours or a py2p, so that a scenario can be told once for all who may play in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rs2p::native::{ServerIdentity, Trust};
use rs2p::{Address, Builder, MeshSocket, Message, NodeId, Scheme};
use serde_json::json;

use super::node::{Node, soon, text};
use super::py2p::Py2p;
use super::told::Heard;

/// Whose program a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Ours,
    Theirs,
}

/// How a handler answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// With a whisper on the link by which the message came.
    Link,
    /// With a reply to the message.
    Reply,
}

/// A member that listens on one transport.
pub(crate) enum Member {
    Ours {
        node: Node,
        connected: Arc<AtomicU64>,
    },
    Theirs(Py2p),
}

/// A message that a member received.
pub(crate) enum Received {
    Ours(Message),
    Theirs(Heard),
}

/// A node of ours as the family is on `scheme`: over TLS it has a certificate of its own and trusts whoever answers.
pub(crate) async fn family(builder: Builder) -> Node {
    let identity = ServerIdentity::self_signed().expect("a certificate");
    let node = builder.spawn_with(|options| {
        options.tls.identity = Some(identity);
        options.tls.trust = Trust::DangerousVerifyNothing;
    });
    Node::of(node.await.expect("a free port on loopback"))
}

impl Member {
    /// Starts a member of `subnet` on a free port.
    pub(crate) async fn start(whose: Whose, subnet: &str, scheme: Scheme) -> Self {
        match whose {
            Whose::Ours => {
                let listening = format!("{scheme}://127.0.0.1:0");
                Self::ours(
                    MeshSocket::builder(subnet)
                        .hearsay(rs2p::Hearsay::Any)
                        .listen(listening),
                )
                .await
            }
            Whose::Theirs => Self::Theirs(Py2p::start_on(subnet, scheme).await),
        }
    }

    /// Starts a member of ours.
    pub(crate) async fn ours(builder: Builder) -> Self {
        let node = family(builder).await;
        let connected = Arc::<AtomicU64>::default();
        let counting = Arc::clone(&connected);
        node.socket.on("connect", move |_, _| {
            counting.fetch_add(1, Ordering::Relaxed);
        });
        Self::Ours { node, connected }
    }

    pub(crate) fn id(&self) -> &NodeId {
        match self {
            Self::Ours { node, .. } => node.id(),
            Self::Theirs(py2p) => py2p.id(),
        }
    }

    pub(crate) fn address(&self, scheme: Scheme) -> Address {
        match self {
            Self::Ours { node, .. } => node.address(scheme),
            Self::Theirs(py2p) => py2p.address(),
        }
    }

    /// Dials another member.
    pub(crate) async fn dials(&mut self, other: &Address) {
        match self {
            Self::Ours { node, .. } => soon("a link", node.socket.connect(other))
                .await
                .expect("a member that listens"),
            Self::Theirs(py2p) => py2p.connect(other).await,
        }
    }

    /// Waits until the member's peers are `wanted`, and nobody else.
    pub(crate) async fn has_peers(&mut self, wanted: &[&NodeId]) {
        match self {
            Self::Ours { node, .. } => node.has_peers(wanted).await,
            Self::Theirs(py2p) => {
                let peers = py2p.has_peers(wanted.len()).await;
                assert!(peers.iter().all(|peer| wanted.contains(&peer)), "{peers:?}");
            }
        }
    }

    /// How often the member, which is connected, was told so.
    pub(crate) async fn connected(&mut self) -> u64 {
        match self {
            Self::Ours { connected, .. } => {
                let told = async {
                    // Listeners have a task of their own.
                    while connected.load(Ordering::Relaxed) == 0 {
                        tokio::task::yield_now().await;
                    }
                };
                soon("news of a connection", told).await;
                connected.load(Ordering::Relaxed)
            }
            Self::Theirs(py2p) => py2p.connected().await,
        }
    }

    /// Broadcasts text.
    pub(crate) async fn says(&mut self, text: &str) {
        match self {
            Self::Ours { node, .. } => node.say(text).await,
            Self::Theirs(py2p) => py2p.send(json!([text])).await,
        }
    }

    /// Whispers text to a neighbour.
    pub(crate) async fn whispers(&mut self, to: &NodeId, text: &str) {
        match self {
            Self::Ours { node, .. } => soon("a whisper", node.socket.whisper(to, text))
                .await
                .expect("a neighbour"),
            Self::Theirs(py2p) => py2p.whisper(to, json!([text])).await,
        }
    }

    /// Replies to a message that this member received.
    pub(crate) async fn replies(&mut self, to: &Received, text: &str) {
        match (self, to) {
            (Self::Ours { .. }, Received::Ours(message)) => {
                let reply = soon("a reply on its way", message.reply(text));
                reply.await.expect("a neighbour");
            }
            (Self::Theirs(py2p), Received::Theirs(heard)) => py2p.reply(heard, json!([text])).await,
            _ => panic!("the message is another's"),
        }
    }

    /// The next message.
    pub(crate) async fn hears(&mut self) -> Received {
        match self {
            Self::Ours { node, .. } => Received::Ours(node.hears().await),
            Self::Theirs(py2p) => Received::Theirs(py2p.hears().await),
        }
    }

    /// Keeps each message that is this text, by a handler which answers it.
    pub(crate) async fn handles(&mut self, question: &'static str, answer: &'static str, by: By) {
        match self {
            Self::Ours { node, .. } => {
                node.socket
                    .register_async_handler(move |message, peer| async move {
                        if text(&message) != question {
                            return false;
                        }
                        let answered = match by {
                            By::Link => message.socket().whisper(&peer.node, answer).await,
                            By::Reply => message.reply(answer).await,
                        };
                        answered.is_ok()
                    });
            }
            Self::Theirs(py2p) => py2p.answers(question, answer, by == By::Link).await,
        }
    }

    /// That nothing is left to hear, and nothing went wrong.
    pub(crate) async fn is_content(&mut self) {
        match self {
            Self::Ours { node, .. } => {
                let faults = node.socket.faults();
                assert!(faults.is_empty(), "{faults:?}");
                let rest = node.socket.try_recv_many(usize::MAX);
                assert!(rest.is_empty(), "heard besides: {rest:?}");
            }
            Self::Theirs(py2p) => {
                assert_eq!(py2p.complaints().await, json!([]));
                assert_eq!(py2p.waiting().await, 0, "it waits to be received");
                py2p.says_no_more();
            }
        }
    }
}

impl Received {
    pub(crate) fn sender(&self) -> &NodeId {
        match self {
            Self::Ours(message) => message.sender(),
            Self::Theirs(heard) => &heard.sender,
        }
    }

    pub(crate) fn is_whisper(&self) -> bool {
        match self {
            Self::Ours(message) => message.is_whisper(),
            Self::Theirs(heard) => heard.is_whisper,
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Ours(message) => text(message),
            Self::Theirs(heard) => heard.text().to_owned(),
        }
    }
}
