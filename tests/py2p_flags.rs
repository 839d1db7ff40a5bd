//! Flags between ours and an unmodified py2p: whom a message reaches, and which handlers tell it from others.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod told;
}

use rs2p::wire::Flag;
use rs2p::{Builder, Event, MeshSocket, Message, NodeId, Scheme, SendOptions};
use serde_json::{Value, json};
use support::node::{Node, soon, text};
use support::py2p::Py2p;
use tokio::sync::mpsc;

const SUBNET: &str = "flags";

fn node() -> Builder {
    MeshSocket::builder(SUBNET)
        .hearsay(rs2p::Hearsay::Any)
        .configure(|config| config.outgoing = 0)
}

/// A py2p, a node of ours that has dialled it, and another of ours behind that one.
async fn line() -> (Py2p, Node, Node) {
    let mut theirs = Py2p::start(SUBNET).await;
    let middle = node()
        .listen("ws://127.0.0.1:0")
        .peer(theirs.address().to_string());
    let mut middle = Node::start(middle).await;
    middle.has_peers(&[theirs.id()]).await;
    theirs.has_peers(1).await;
    let address = middle.address(Scheme::Ws).to_string();
    let mut far = Node::start(node().peer(address)).await;
    far.has_peers(&[middle.id()]).await;
    middle.has_peers(&[theirs.id(), far.id()]).await;
    theirs.tell(json!({ "do": "handle" })).await;
    (theirs, middle, far)
}

/// Flags of each form, as ours and as Python's.
fn flags() -> [(Flag, Value); 4] {
    let flag = |flag: Result<Flag, _>| flag.expect("an application's own");
    [
        (flag(Flag::try_from("news")), json!("news")),
        (
            flag(Flag::try_from(&b"news\xff"[..])),
            json!({ "bytes": "6e657773ff" }),
        ),
        (flag(Flag::try_from(0x30)), json!(0x30)),
        (flag(Flag::try_from(u64::MAX)), json!(u64::MAX)),
    ]
}

#[tokio::test]
async fn a_flag_of_ours_reaches_the_handlers_of_py2p_and_not_its_queue() {
    let (mut theirs, middle, far) = line().await;
    for (flag, _) in flags() {
        let to_all = SendOptions::new().flag(flag.clone());
        let sent = far.socket.send_with(&to_all, "to all").await;
        sent.expect("a peer");
        let to_peers = to_all.to_peers();
        for node in [&middle, &far] {
            let sent = node.socket.send_with(&to_peers, "to peers").await;
            sent.expect("a peer");
        }
    }
    let handled = json!({ "do": "wait_for_handled", "count": 8 });
    let mut handled = theirs.tell(handled).await;
    let mut expected: Vec<Value> = flags()
        .into_iter()
        .flat_map(|(_, flag)| {
            [
                json!([far.id().to_string(), [flag, "to all"]]),
                json!([middle.id().to_string(), [flag, "to peers"]]),
            ]
        })
        .collect();
    let handled = handled.as_array_mut().expect("a list");
    for list in [&mut *handled, &mut expected] {
        list.sort_by_key(Value::to_string);
    }
    assert_eq!(*handled, expected);
    far.say("plain").await;
    assert_eq!(theirs.hears().await.text(), "plain", "and nothing before");
    assert_eq!(theirs.complaints().await, json!([]));
}

/// What the handlers of a node are shown that has a flag of its own, which they keep.
fn handled(node: &Node) -> mpsc::UnboundedReceiver<(Flag, NodeId, bool)> {
    let (telling, told) = mpsc::unbounded_channel();
    node.socket.register_handler(move |message: &Message, _| {
        let is_own = !message.flag().is_plain();
        if is_own {
            let seen = (
                message.flag(),
                message.sender().clone(),
                message.is_whisper(),
            );
            telling.send(seen).expect("a test that runs");
        }
        is_own
    });
    told
}

#[tokio::test]
async fn a_flag_of_py2p_reaches_our_handlers_and_not_our_queue() {
    let (mut theirs, middle, far) = line().await;
    let (mut at_middle, mut at_far) = (handled(&middle), handled(&far));
    for (flag, there) in flags() {
        for reach in ["broadcast", "whisper"] {
            let command =
                json!({ "do": "send_as", "packets": [reach], "flag": reach, "type": there });
            theirs.tell(command).await;
            let expected = (flag.clone(), theirs.id().clone(), reach == "whisper");
            let seen = soon("a handler's turn", at_middle.recv()).await;
            assert_eq!(seen, Some(expected.clone()));
            if reach == "broadcast" {
                let seen = soon("a handler's turn", at_far.recv()).await;
                assert_eq!(seen, Some(expected), "a whisper goes no further");
            }
        }
    }
    theirs.send(json!(["plain"])).await;
    for node in [&middle, &far] {
        assert_eq!(node.hears_text().await, "plain");
    }
    assert!(at_middle.try_recv().is_err() && at_far.try_recv().is_err());
}

#[tokio::test]
async fn a_whisper_of_py2p_to_its_peers_is_heard_by_those_alone() {
    let (mut theirs, mut middle, far) = line().await;
    // Both keywords at their plain values: py2p's packet 0 stays that of a broadcast.
    let command = json!({ "do": "send_as", "packets": ["to peers"], "flag": "whisper", "type": 0 });
    theirs.tell(command).await;
    let message = |event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    };
    let heard = middle.happens("a message", message).await;
    assert!(heard.is_whisper() && heard.flag() == Flag::BROADCAST);
    assert_eq!(text(&heard), "to peers");
    theirs.send(json!(["to all"])).await;
    assert_eq!(far.hears_text().await, "to all", "and nothing before");
}
