//! Native nodes for a test, started, questioned and ended through the harness that runs them.

use core::future::Future;
use core::pin::pin;

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use rs2p::{Address, MeshSocket, Message, NodeId, Scheme};
use serde_json::{Value as Json, json};
use wasm_bindgen::prelude::*;

/// Milliseconds within which everything that a test waits for happens, or the test has failed.
const DEADLINE: u32 = 15_000;

#[wasm_bindgen(module = "/wasm-tests/peer/support.js")]
extern "C" {
    /// Says where the package is, which the tests in JavaScript use.
    fn load(harness: &str);

    /// Posts a body; gives the status and the text of the answer as a pair.
    #[wasm_bindgen(catch)]
    async fn post(url: &str, body: &str) -> Result<js_sys::Array, JsValue>;
}

/// What `event` comes to.
pub(super) async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    match select(pin!(event), TimeoutFuture::new(DEADLINE)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => panic!("{what}: nothing of the sort within {DEADLINE} ms"),
    }
}

/// What a test in JavaScript comes to.
pub(super) async fn outcome(
    test: impl Future<Output = Result<JsValue, JsValue>>,
) -> Result<(), JsValue> {
    soon("the end of the test", test).await.map(drop)
}

/// The next message of a node in this tab.
pub(super) async fn hears(node: &MeshSocket) -> Message {
    soon("a message", node.recv())
        .await
        .expect("a node that runs")
}

/// The text that a message is.
pub(super) fn text(message: &Message) -> String {
    message.decode().expect("a message of one text")
}

/// A native node.
pub(super) struct Native {
    number: u64,
    id: NodeId,
    listening: Vec<Address>,
}

/// A message as a native node heard it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) sender: NodeId,
    pub(super) is_whisper: bool,
    pub(super) text: String,
}

impl Native {
    /// Starts a node.
    pub(super) async fn start(subnet: &str, listen: &[&str], peers: &[&Address]) -> Self {
        let peers: Vec<_> = peers.iter().map(ToString::to_string).collect();
        let command = json!({ "do": "start", "subnet": subnet, "listen": listen, "peers": peers });
        let started = obey(&command).await;
        let text = |value: &Json| value.as_str().expect("a text").to_owned();
        let listening = started["listening"].as_array().expect("a list").iter();
        Self {
            number: started["node"].as_u64().expect("a number"),
            id: text(&started["id"]).parse().expect("an id"),
            listening: listening
                .map(|url| text(url).parse().expect("an address"))
                .collect(),
        }
    }

    /// The node's id.
    pub(super) fn id(&self) -> &NodeId {
        &self.id
    }

    /// Where the node listens on a kind of transport.
    pub(super) fn address(&self, scheme: Scheme) -> &Address {
        let mut listening = self.listening.iter();
        let found = listening.find(|address| address.scheme() == scheme);
        found.expect("a listener of that kind")
    }

    /// Has the node broadcast "TEXT 0", "TEXT 1" and so on. Done when all are on their way.
    pub(super) async fn say(&self, text: &str, count: usize) {
        self.tell(json!({ "do": "say", "text": text, "count": count }))
            .await;
    }

    /// The next so many messages of the node.
    pub(super) async fn hear(&self, count: usize) -> Vec<Heard> {
        let heard = self.tell(json!({ "do": "hear", "count": count })).await;
        let heard = heard.as_array().expect("a list").iter();
        heard.map(Heard::read).collect()
    }

    /// Waits until the node's peers are `wanted`, and nobody else.
    pub(super) async fn has_peers(&self, wanted: &[&NodeId]) {
        let ids: Vec<_> = wanted.iter().map(ToString::to_string).collect();
        self.tell(json!({ "do": "has-peers", "ids": ids })).await;
    }

    /// Waits until the node loses a peer; gives the reason in words.
    pub(super) async fn parting(&self, peer: &NodeId) -> String {
        let reason = self
            .tell(json!({ "do": "parting", "peer": peer.to_string() }))
            .await;
        reason.as_str().expect("a reason").to_owned()
    }

    /// Ends the node, which closes its links.
    pub(super) async fn close(self) {
        self.tell(json!({ "do": "end", "crash": false })).await;
    }

    /// Ends the node without a word to its peers.
    pub(super) async fn crash(self) {
        self.tell(json!({ "do": "end", "crash": true })).await;
    }

    async fn tell(&self, mut command: Json) -> Json {
        command["node"] = self.number.into();
        obey(&command).await
    }
}

impl Heard {
    fn read(message: &Json) -> Self {
        let [packet] = message["packets"].as_array().expect("packets").as_slice() else {
            panic!("not one packet: {message}");
        };
        Self {
            sender: message["sender"]
                .as_str()
                .and_then(|id| id.parse().ok())
                .expect("an id"),
            is_whisper: message["whisper"].as_bool().expect("a truth value"),
            text: packet.as_str().expect("a text").to_owned(),
        }
    }
}

/// Where the harness is.
fn url() -> &'static str {
    let url: Option<&str> = option_env!("RS2P_HARNESS");
    url.expect("a harness, which `cargo xtask test peer` starts")
}

/// Where the harness is, for a test in JavaScript, which finds the package there.
pub(super) fn harness_with_package() -> &'static str {
    load(url());
    url()
}

/// Has the harness carry out a command.
async fn obey(command: &Json) -> Json {
    let posted = soon("the harness's answer", post(url(), &command.to_string())).await;
    let answer = posted.expect("a harness that runs");
    let text = answer.get(1).as_string().unwrap_or_default();
    assert_eq!(answer.get(0).as_f64(), Some(200.0), "{command}: {text}");
    serde_json::from_str(&text).expect("JSON")
}
