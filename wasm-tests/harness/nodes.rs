//! The nodes of a test, and what can be asked of them.
//!
//! Each runs in a runtime of its own, so that it can crash: its sockets close without a word. Each answers every whisper
//! with the packets that it brought.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use rs2p::wire::Flag;
use rs2p::{Event, Events, MeshError, MeshSocket, Message, SendOptions, Value};
use serde::Deserialize;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

/// The time within which everything that is waited for happens, or the command fails.
const DEADLINE: Duration = Duration::from_secs(10);
/// Most nodes at once. A test that fails leaves its own behind.
const NODES: usize = 128;
/// Most messages that one command sends.
const SAY: usize = 10_000;
/// Most messages kept until they are asked for; the oldest go.
const HEARD: usize = 10_000;
/// Most ends of links kept.
const PARTED: usize = 256;

/// What comes of a command; a failure in words.
pub(super) type Answer = Result<serde_json::Value, String>;

/// What a test can ask.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Command {
    /// Starts a node: `{"node": number, "id": text, "listening": [urls]}`.
    Start {
        subnet: String,
        #[serde(default)]
        listen: Vec<String>,
        #[serde(default)]
        peers: Vec<String>,
    },
    /// Broadcasts "TEXT 0", "TEXT 1" and so on, each as soon as the one before is on its way.
    Say {
        node: u64,
        text: String,
        count: usize,
    },
    /// Sends one text with a flag, a number or a text: to every node, to its peers or to one of them.
    Flag {
        node: u64,
        flag: serde_json::Value,
        to: String,
        text: String,
    },
    /// Waits for as many messages and takes them: `[{"sender": id, "whisper": bool, "flag": text,
    /// "packets": [texts]}]`.
    Hear { node: u64, count: usize },
    /// As `hear`, for messages with flags of their own.
    HearFlagged { node: u64, count: usize },
    /// Waits until the peers of a node are these and nobody else.
    HasPeers { node: u64, ids: Vec<String> },
    /// Waits for the end of the link to a peer, and says in words why it ended.
    Parting { node: u64, peer: String },
    /// Ends a node: its links are closed, or, in a crash, just gone.
    End { node: u64, crash: bool },
}

#[derive(Default)]
pub(super) struct Nodes {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: BTreeMap<u64, Running>,
    next: u64,
}

struct Running {
    runtime: Runtime,
    node: Node,
}

#[derive(Clone)]
struct Node {
    socket: MeshSocket,
    seen: Arc<watch::Sender<Seen>>,
}

/// What happened in a node.
#[derive(Default)]
struct Seen {
    peers: Vec<String>,
    heard: VecDeque<Message>,
    flagged: VecDeque<Message>,
    parted: VecDeque<(String, String)>,
}

impl Nodes {
    /// Carries out a command.
    pub(super) async fn obey(&self, command: Command) -> Answer {
        match command {
            Command::Start {
                subnet,
                listen,
                peers,
            } => self.start(&subnet, &listen, &peers).await,
            Command::Say { node, text, count } => self.node(node)?.say(&text, count).await,
            Command::Flag {
                node,
                flag,
                to,
                text,
            } => self.node(node)?.flag(&flag, &to, &text).await,
            Command::Hear { node, count } => {
                self.node(node)?.hear(count, |seen| &mut seen.heard).await
            }
            Command::HearFlagged { node, count } => {
                self.node(node)?.hear(count, |seen| &mut seen.flagged).await
            }
            Command::HasPeers { node, ids } => self.node(node)?.has_peers(ids).await,
            Command::Parting { node, peer } => self.node(node)?.parting(&peer).await,
            Command::End { node, crash } => self.end(node, crash).await,
        }
    }

    /// Ends all nodes, without a word to their peers.
    pub(super) fn abandon(&self) {
        for (_, Running { runtime, .. }) in std::mem::take(&mut self.lock().running) {
            runtime.shutdown_background();
        }
    }

    async fn start(&self, subnet: &str, listen: &[String], peers: &[String]) -> Answer {
        if self.lock().running.len() >= NODES {
            return Err(format!("there are {NODES} nodes already"));
        }
        let builder = MeshSocket::builder(subnet);
        let builder = listen.iter().fold(builder, rs2p::Builder::listen);
        let builder = peers.iter().fold(builder, rs2p::Builder::peer);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.map_err(in_words)?;
        match runtime.spawn(Node::start(builder)).await {
            Ok(Ok(node)) => Ok(self.insert(Running { runtime, node })),
            failed => {
                runtime.shutdown_background();
                Err(match failed {
                    Ok(Err(error)) => in_words(error),
                    _ => "the node panicked as it began".to_owned(),
                })
            }
        }
    }

    fn insert(&self, running: Running) -> serde_json::Value {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        let socket = &running.node.socket;
        let listening: Vec<_> = socket.listening().iter().map(ToString::to_string).collect();
        let answer =
            json!({ "node": number, "id": socket.id().to_string(), "listening": listening });
        state.running.insert(number, running);
        answer
    }

    async fn end(&self, number: u64, crash: bool) -> Answer {
        let running = self.lock().running.remove(&number);
        let Running { runtime, node } = running.ok_or_else(|| no_node(number))?;
        if !crash {
            drop(node.socket.close().await);
        }
        // What waits for the node here learns of its end from the socket, which ends with the runtime.
        runtime.shutdown_background();
        Ok(json!(null))
    }

    fn node(&self, number: u64) -> Result<Node, String> {
        let node = self
            .lock()
            .running
            .get(&number)
            .map(|running| running.node.clone());
        node.ok_or_else(|| no_node(number))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_node(number: u64) -> String {
    format!("there is no node {number}")
}

fn in_words(error: impl ToString) -> String {
    error.to_string()
}

impl Node {
    async fn start(builder: rs2p::Builder) -> Result<Self, MeshError> {
        let socket = builder.spawn().await?;
        let seen = Arc::new(watch::Sender::new(Seen::default()));
        tokio::spawn(watch_events(socket.events(), seen.clone()));
        tokio::spawn(answer_whispers(socket.clone()));
        Ok(Self { socket, seen })
    }

    async fn say(&self, text: &str, count: usize) -> Answer {
        if count > SAY {
            return Err(format!("{count} messages are more than {SAY}"));
        }
        for number in 0..count {
            let text = format!("{text} {number}");
            let sent = timeout(DEADLINE, self.socket.send(&text)).await;
            sent.map_err(|_| format!("\"{text}\" did not leave"))?
                .map_err(in_words)?;
        }
        Ok(json!(null))
    }

    async fn flag(&self, flag: &serde_json::Value, to: &str, text: &str) -> Answer {
        let flag = match (flag.as_u64(), flag.as_str()) {
            (Some(number), _) => Flag::try_from(number),
            (None, text) => Flag::try_from(text.unwrap_or_default()),
        };
        let options = match to {
            "mesh" => SendOptions::new(),
            "peers" => SendOptions::new().to_peers(),
            peer => SendOptions::new().to_peer(peer.parse().map_err(in_words)?),
        };
        let options = options.flag(flag.map_err(in_words)?);
        let sent = timeout(DEADLINE, self.socket.send_with(&options, text)).await;
        sent.map_err(in_words)?.map_err(in_words)?;
        Ok(json!(null))
    }

    /// Takes messages out of one of the queues.
    async fn hear(&self, count: usize, queue: fn(&mut Seen) -> &mut VecDeque<Message>) -> Answer {
        let mut taken = None;
        let take = |seen: &mut Seen| {
            let queue = queue(seen);
            taken = (queue.len() >= count).then(|| queue.drain(..count).collect::<Vec<_>>());
            taken.is_some()
        };
        let mut changes = self.seen.subscribe();
        let enough = async {
            let mut take = take;
            while !self.seen.send_if_modified(&mut take) && changes.changed().await.is_ok() {}
        };
        let _ = timeout(DEADLINE, enough).await;
        match taken {
            Some(taken) => Ok(taken.iter().map(described).collect()),
            None => {
                let mut heard = 0;
                self.seen.send_if_modified(|seen| {
                    heard = queue(seen).len();
                    false
                });
                Err(format!(
                    "heard {heard} messages of {count} within {DEADLINE:?}"
                ))
            }
        }
    }

    async fn has_peers(&self, mut ids: Vec<String>) -> Answer {
        ids.sort();
        if self.wait(|seen| seen.peers == ids).await {
            return Ok(json!(null));
        }
        let peers = &self.seen.borrow().peers;
        Err(format!(
            "the peers are {peers:?}, not {ids:?}, after {DEADLINE:?}"
        ))
    }

    async fn parting(&self, peer: &str) -> Answer {
        let parted = |seen: &Seen| seen.parted.iter().any(|(node, _)| node == peer);
        if !self.wait(parted).await {
            return Err(format!("{peer} was not lost within {DEADLINE:?}"));
        }
        let seen = self.seen.borrow();
        let why = seen.parted.iter().rev().find(|(node, _)| node == peer);
        Ok(json!(why.map(|(_, reason)| reason)))
    }

    /// Whether what is waited for happens in time.
    async fn wait(&self, happened: impl Fn(&Seen) -> bool) -> bool {
        let mut seen = self.seen.subscribe();
        let waiting = pin!(seen.wait_for(happened));
        timeout(DEADLINE, waiting)
            .await
            .is_ok_and(|seen| seen.is_ok())
    }
}

async fn watch_events(mut events: Events, seen: Arc<watch::Sender<Seen>>) {
    while let Some(event) = events.next().await {
        seen.send_modify(|seen| seen.note(event));
    }
}

async fn answer_whispers(socket: MeshSocket) {
    while let Some(message) = socket.recv().await {
        if message.is_whisper() {
            // A test that gets no answer fails; why, is in its own node.
            let _ = socket
                .whisper_values(message.sender(), &message.packets())
                .await;
        }
    }
}

impl Seen {
    fn note(&mut self, event: Event) {
        match event {
            Event::PeerUp(peer) => {
                self.peers.push(peer.node.to_string());
                self.peers.sort();
            }
            Event::PeerDown { node, reason } => {
                let node = node.to_string();
                self.peers.retain(|peer| *peer != node);
                keep(&mut self.parted, (node, reason), PARTED);
            }
            Event::Message(message) => keep(&mut self.heard, message, HEARD),
            Event::Flagged(message) => keep(&mut self.flagged, message, HEARD),
            _ => {}
        }
    }
}

fn keep<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}

fn described(message: &Message) -> serde_json::Value {
    let text = |packet: &Value| match packet.as_str() {
        Some(text) => text.to_owned(),
        None => format!("{packet:?}"),
    };
    let packets: Vec<_> = message.packets().iter().map(text).collect();
    json!({
        "sender": message.sender().to_string(),
        "whisper": message.is_whisper(),
        "flag": message.flag().to_string(),
        "packets": packets,
    })
}
