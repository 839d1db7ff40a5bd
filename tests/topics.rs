//! Topics through a node's handle: streams of messages, and what a node that narrowed its interest is sent.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod js2p;
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod told;
}

use futures::StreamExt;
use rs2p::{Builder, Event, Interest, MeshSocket, Messages, Scheme, Topic};
use serde_json::json;
use support::js2p::Js2p;
use support::node::{Node, soon, text};
use support::py2p::Py2p;

const SUBNET: &str = "topics";

fn topic(name: &str) -> Topic {
    name.parse().expect("a topic")
}

fn node() -> Builder {
    MeshSocket::builder(SUBNET)
        .hearsay(rs2p::Hearsay::Any)
        .configure(|config| config.outgoing = 0)
}

fn tab(relay: &Node) -> Builder {
    node().peer(relay.address(Scheme::Ws).to_string())
}

async fn relay() -> Node {
    Node::start(node().listen("ws://127.0.0.1:0")).await
}

async fn joined(builder: Builder) -> Node {
    let node = Node::start(builder).await;
    let joined = soon("a peer", node.socket.joined()).await;
    joined.expect("a relay that runs");
    node
}

async fn say(node: &Node, name: &str, words: &str) {
    let sent = node.socket.send_to_topic(&topic(name), words).await;
    sent.expect("a node with peers");
}

async fn next(messages: &mut Messages) -> String {
    let next = soon("a message of a stream", messages.next()).await;
    text(&next.expect("a node that runs"))
}

#[tokio::test]
async fn a_stream_has_what_is_about_its_topic_and_recv_has_everything() {
    let relay = relay().await;
    let (one, two) = (joined(tab(&relay)).await, joined(tab(&relay)).await);
    let mut news = one.socket.subscribe(topic("news"));
    let mut all = one.socket.messages();
    for (name, words) in [("news", "a"), ("weather", "b"), ("news", "c")] {
        say(&two, name, words).await;
    }
    two.say("d").await;
    assert_eq!([next(&mut news).await, next(&mut news).await], ["a", "c"]);
    for words in ["a", "b", "c", "d"] {
        assert_eq!(next(&mut all).await, words);
        let message = one.hears().await;
        assert_eq!(text(&message), words);
        assert_eq!(message.topic().is_none(), words == "d");
    }
    drop((news, all));
    for node in [one, two, relay] {
        node.close().await;
    }
}

#[tokio::test]
async fn a_narrowed_node_is_sent_what_it_subscribes_to_as_long_as_it_does() {
    let relay = relay().await;
    let speaker = joined(tab(&relay)).await;
    let listener = joined(tab(&relay).topics([topic("news")])).await;
    say(&speaker, "weather", "rain").await;
    say(&speaker, "news", "election").await;
    assert_eq!(listener.hears_text().await, "election");
    let mut weather = listener.socket.subscribe(topic("weather"));
    assert_eq!(next(&mut weather).await, "rain", "what was said before");
    let mut again = listener.socket.subscribe(topic("weather"));
    drop(weather);
    say(&speaker, "weather", "sun").await;
    assert_eq!(next(&mut again).await, "sun", "another stream is about it");
    assert_eq!(
        [listener.hears_text().await, listener.hears_text().await],
        ["rain", "sun"]
    );
    drop(again);
    say(&speaker, "news", "result").await;
    assert_eq!(listener.hears_text().await, "result");
    say(&speaker, "weather", "fog").await;
    say(&speaker, "news", "end").await;
    assert_eq!(listener.hears_text().await, "end");
    let rest = listener.close().await;
    assert!(rest.is_empty(), "{rest:?}");
    for node in [speaker, relay] {
        node.close().await;
    }
}

#[tokio::test]
async fn what_a_node_wants_can_change_while_it_runs() {
    let relay = relay().await;
    let (one, two) = (joined(tab(&relay)).await, joined(tab(&relay)).await);
    one.socket.narrow(Interest::nothing());
    one.socket
        .narrow(Interest::topics([topic("news")]).and_plain());
    say(&two, "weather", "no").await;
    two.say("plain").await;
    say(&two, "news", "news").await;
    assert_eq!(
        [one.hears_text().await, one.hears_text().await],
        ["plain", "news"]
    );
    for node in [one, two, relay] {
        node.close().await;
    }
}

#[tokio::test]
async fn a_subscription_outlives_the_relay() {
    let relay = relay().await;
    let address = relay.address(Scheme::Ws);
    let narrowed = node().peer(address.to_string()).topics([]);
    let mut listener = joined(narrowed).await;
    let mut news = listener.socket.subscribe(topic("news"));
    relay.close().await;
    let left = |event| matches!(event, Event::Disconnected).then_some(());
    listener.happens("the loss of the relay", left).await;
    let again = Node::start(node().listen(address.to_string())).await;
    soon("a peer", again.socket.joined())
        .await
        .expect("a tab that redials");
    say(&again, "weather", "no").await;
    say(&again, "news", "yes").await;
    assert_eq!(next(&mut news).await, "yes");
    drop(news);
    for node in [listener, again] {
        node.close().await;
    }
}

#[tokio::test]
async fn to_py2p_and_js2p_a_topic_is_a_broadcast_as_any() {
    let ours = node()
        .listen("tcp://127.0.0.1:0")
        .listen("ws://127.0.0.1:0");
    let mut ours = Node::start(ours.topics([topic("news")])).await;
    let mut py2p = Py2p::start(SUBNET).await;
    py2p.connect(&ours.address(Scheme::Tcp)).await;
    let mut js2p = Js2p::start(SUBNET, Scheme::Ws).await;
    js2p.connect(&ours.address(Scheme::Ws)).await;
    ours.has_peers(&[py2p.id(), js2p.id()]).await;
    say(&ours, "news", "to all").await;
    for heard in [py2p.hears().await, js2p.hears().await] {
        assert!(!heard.is_whisper && heard.sender == *ours.id());
        assert_eq!(heard.packets, json!(["to all"]));
    }
    py2p.send(json!(["of no topic"])).await;
    assert_eq!(
        js2p.hears().await.text(),
        "of no topic",
        "handed on all the same"
    );
    ours.socket.narrow(Interest::Everything);
    assert_eq!(ours.hears_text().await, "of no topic", "it was kept");
    ours.close().await;
}
