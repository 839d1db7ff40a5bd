//! An unmodified py2p in a Python process of its own, which ends with the test.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rs2p::{Address, NodeId, Scheme};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::node::soon;

/// A message as py2p hands it to its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Under which it can be replied to.
    number: u64,
    pub(crate) sender: NodeId,
    pub(crate) is_whisper: bool,
    pub(crate) packets: Value,
}

impl Heard {
    fn read(message: &Value) -> Option<Self> {
        Some(Self {
            number: message["number"].as_u64()?,
            sender: message["sender"].as_str()?.parse().ok()?,
            is_whisper: message["is_whisper"].as_bool()?,
            packets: message["packets"].clone(),
        })
    }

    /// The message, if it is one text.
    pub(crate) fn text(&self) -> &str {
        self.packets[0].as_str().expect("a message of one text")
    }
}

/// A py2p node.
pub(crate) struct Py2p {
    process: Child,
    commands: ChildStdin,
    said: mpsc::Receiver<Value>,
    heard: VecDeque<Heard>,
    id: NodeId,
    port: u16,
}

impl Py2p {
    /// Starts a node of `subnet` on a free port.
    pub(crate) async fn start(subnet: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/venv/bin/python");
        assert!(
            python.is_file(),
            "no {}: run `cargo xtask setup` first",
            python.display()
        );
        let mut process = Command::new(python)
            .arg(root.join("tests/support/py2p_node.py"))
            .arg(subnet)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a Python that runs");
        let commands = process.stdin.take().expect("a pipe");
        let said = lines(process.stdout.take().expect("a pipe"));
        let id = "1".parse().expect("an id");
        let mut node = Self {
            process,
            commands,
            said,
            heard: VecDeque::new(),
            id,
            port: 0,
        };
        let own = node.answer().await;
        node.id = own["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("an id");
        node.port = own["port"]
            .as_u64()
            .and_then(|port| port.try_into().ok())
            .expect("a port");
        node
    }

    /// The node's id.
    pub(crate) fn id(&self) -> &NodeId {
        &self.id
    }

    /// Where the node listens.
    pub(crate) fn address(&self) -> Address {
        Address::new(Scheme::Tcp, "127.0.0.1", self.port).expect("an address")
    }

    /// Has the node dial another.
    pub(crate) async fn connect(&mut self, to: &Address) {
        self.tell(json!({ "do": "connect", "port": to.port() }))
            .await;
    }

    /// Waits until the node has so many peers; returns their ids.
    pub(crate) async fn has_peers(&mut self, count: usize) -> Vec<NodeId> {
        let ids = self
            .tell(json!({ "do": "wait_for_peers", "count": count }))
            .await;
        let ids = ids.as_array().expect("a list").iter();
        ids.map(|id| id.as_str().and_then(|id| id.parse().ok()).expect("an id"))
            .collect()
    }

    /// Has the node broadcast packets.
    pub(crate) async fn send(&mut self, packets: Value) {
        self.tell(json!({ "do": "send", "packets": packets })).await;
    }

    /// Has the node broadcast texts, with pauses of five milliseconds.
    ///
    /// A py2p that is told them by another node loses its link to that one when a read of it ends four bytes into a frame,
    /// which it may where several wait to be read: a read has 1,024 bytes. So the texts are filled up until each frame has a
    /// multiple of eight bytes, after which no read can end there. Returns what was sent.
    pub(crate) async fn send_many(&mut self, texts: &[String]) -> Vec<String> {
        let filled: Vec<String> = texts.iter().map(|text| self.fill(text)).collect();
        // In parts, so that each is done in the time for one event.
        for part in filled.chunks(50) {
            self.tell(json!({ "do": "send_many", "texts": part, "pause": 0.005 }))
                .await;
        }
        filled
    }

    fn fill(&self, text: &str) -> String {
        /// Length and checksum; the heads of the array, of the id and of the text; type, time and sub-flag.
        const BESIDES: usize = (4 + 32) + (1 + 2 + 1) + (1 + 5 + 1);
        let frame = BESIDES + self.id.as_bytes().len() + text.len();
        let filled = format!("{text}{:.<1$}", "", frame.next_multiple_of(8) - frame);
        assert!(filled.len() < 32, "a text of that length has a longer head");
        filled
    }

    /// Has the node broadcast each text that it hears from now on, behind `prefix`.
    pub(crate) async fn echo(&mut self, prefix: &str) {
        self.tell(json!({ "do": "echo_all", "prefix": prefix }))
            .await;
    }

    /// Has the node drop every link.
    pub(crate) async fn drop_links(&mut self) {
        self.tell(json!({ "do": "drop_links" })).await;
    }

    /// Has the node whisper packets to a peer.
    pub(crate) async fn whisper(&mut self, to: &NodeId, packets: Value) {
        self.tell(json!({ "do": "whisper", "to": to.to_string(), "packets": packets }))
            .await;
    }

    /// Has the node reply to a message.
    pub(crate) async fn reply(&mut self, to: &Heard, packets: Value) {
        self.tell(json!({ "do": "reply", "number": to.number, "packets": packets }))
            .await;
    }

    /// The exceptions that py2p caught.
    pub(crate) async fn complaints(&mut self) -> Value {
        self.tell(json!({ "do": "complaints" })).await
    }

    /// Has the node close.
    pub(crate) async fn close(mut self) {
        self.tell(json!({ "do": "close" })).await;
    }

    /// The next message.
    pub(crate) async fn hears(&mut self) -> Heard {
        while self.heard.is_empty() {
            if let Some(answer) = self.listen("a message at py2p").await {
                panic!("an answer to nothing: {answer}");
            }
        }
        self.heard.pop_front().expect("it is not empty")
    }

    /// Gives a command and waits for its end.
    async fn tell(&mut self, command: Value) -> Value {
        writeln!(self.commands, "{command}").expect("a Python that runs");
        self.answer().await
    }

    async fn answer(&mut self) -> Value {
        loop {
            if let Some(answer) = self.listen("an answer of py2p").await {
                return answer;
            }
        }
    }

    /// Takes the next line: a message, which is kept, or an answer.
    async fn listen(&mut self, what: &str) -> Option<Value> {
        let mut line = soon(what, self.said.recv())
            .await
            .expect("a Python that runs");
        if let Some(failure) = line.get("failure") {
            panic!("py2p failed: {failure}");
        }
        if let Some(message) = line.get("message") {
            self.heard
                .push_back(Heard::read(message).expect("a message"));
            return None;
        }
        Some(line["answer"].take())
    }
}

impl Drop for Py2p {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The JSON of each line, read by a thread that ends with the process.
fn lines(output: ChildStdout) -> mpsc::Receiver<Value> {
    let (sender, receiver) = mpsc::channel(4_096);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let value = serde_json::from_str(&line).expect("a line of JSON");
            if sender.blocking_send(value).is_err() {
                return;
            }
        }
    });
    receiver
}
