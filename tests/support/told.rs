//! A node in a program of its own that does what it is told: a JSON object a line, each with its answer.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rs2p::{Address, NodeId};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::node::soon;

/// A message as a relative hands it to its user.
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
            sender: id(&message["sender"])?,
            is_whisper: message["is_whisper"].as_bool()?,
            packets: message["packets"].clone(),
        })
    }

    /// The message, if it is one text.
    pub(crate) fn text(&self) -> &str {
        self.packets[0].as_str().expect("a message of one text")
    }
}

/// A node in a program of its own, which ends with the test.
pub(crate) struct Told {
    process: Child,
    commands: ChildStdin,
    said: mpsc::Receiver<Value>,
    heard: VecDeque<Heard>,
    id: NodeId,
    port: u16,
}

impl Told {
    /// Starts the program, which says its id and port first.
    pub(crate) async fn start(program: &mut Command) -> Self {
        let mut process = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program that runs: run `cargo xtask setup` first");
        let commands = process.stdin.take().expect("a pipe");
        let said = lines(process.stdout.take().expect("a pipe"));
        let mut node = Self {
            process,
            commands,
            said,
            heard: VecDeque::new(),
            id: "1".parse().expect("an id"),
            port: 0,
        };
        let own = node.answer().await;
        node.becomes(&own);
        node
    }

    /// Has the node end, and another of `subnet` begin in its place, with an id and a port of its own. It may tell its
    /// peers another port.
    pub(crate) async fn start_again(&mut self, subnet: &str, told: Option<u16>) {
        let start = json!({ "do": "start", "subnet": subnet, "told": told });
        let own = self.tell(start).await;
        self.heard.clear();
        self.becomes(&own);
    }

    fn becomes(&mut self, own: &Value) {
        self.id = id(&own["id"]).expect("an id");
        let port = own["port"].as_u64().and_then(|port| port.try_into().ok());
        self.port = port.expect("a port");
    }

    /// The node's id.
    pub(crate) fn id(&self) -> &NodeId {
        &self.id
    }

    /// Where the node listens on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Has the node dial another. A js2p dials nobody on a host or a port on which it has a peer.
    pub(crate) async fn connect(&mut self, to: &Address) {
        self.tell(json!({ "do": "connect", "host": to.host(), "port": to.port() }))
            .await;
    }

    /// Waits until the node has so many peers; returns their ids.
    pub(crate) async fn has_peers(&mut self, count: usize) -> Vec<NodeId> {
        let ids = self
            .tell(json!({ "do": "wait_for_peers", "count": count }))
            .await;
        let ids = ids.as_array().expect("a list").iter();
        ids.map(|text| id(text).expect("an id")).collect()
    }

    /// Has the node broadcast packets.
    pub(crate) async fn send(&mut self, packets: Value) {
        self.tell(json!({ "do": "send", "packets": packets })).await;
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

    /// The exceptions that the node caught.
    pub(crate) async fn complaints(&mut self) -> Value {
        self.tell(json!({ "do": "complaints" })).await
    }

    /// Has the node close.
    pub(crate) async fn close(&mut self) {
        self.tell(json!({ "do": "close" })).await;
    }

    /// The next message.
    pub(crate) async fn hears(&mut self) -> Heard {
        while self.heard.is_empty() {
            if let Some(answer) = self.listen("a message at a relative").await {
                panic!("an answer to nothing: {answer}");
            }
        }
        self.heard.pop_front().expect("it is not empty")
    }

    /// That no message is left of those that the node has told.
    pub(crate) fn says_no_more(&mut self) {
        assert!(self.heard.is_empty(), "heard besides: {:?}", self.heard);
    }

    /// Gives a command and waits for its end.
    pub(crate) async fn tell(&mut self, command: Value) -> Value {
        writeln!(self.commands, "{command}").expect("a program that runs");
        self.answer().await
    }

    async fn answer(&mut self) -> Value {
        loop {
            if let Some(answer) = self.listen("an answer of a relative").await {
                return answer;
            }
        }
    }

    /// Takes the next line: a message, which is kept, or an answer.
    async fn listen(&mut self, what: &str) -> Option<Value> {
        let mut line = soon(what, self.said.recv())
            .await
            .expect("a program that runs");
        if let Some(failure) = line.get("failure") {
            panic!("it failed: {failure}");
        }
        if let Some(message) = line.get("message") {
            self.heard
                .push_back(Heard::read(message).expect("a message"));
            return None;
        }
        Some(line["answer"].take())
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn id(text: &Value) -> Option<NodeId> {
    text.as_str()?.parse().ok()
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
