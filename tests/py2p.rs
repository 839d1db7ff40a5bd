//! py2p 0.7.878 from PyPI, unmodified, as a peer over TCP.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod door;
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod told;
}

use std::collections::BTreeMap;

use rs2p::mesh::CloseReason;
use rs2p::{Builder, Event, Failure, MeshError, MeshSocket, NodeId, Scheme, Value};
use serde_json::json;
use support::door::Door;
use support::node::{Node, soon, text};
use support::py2p::Py2p;

const SUBNET: &str = "family";
const TCP: &str = "tcp://127.0.0.1:0";
const WS: &str = "ws://127.0.0.1:0";
/// Messages from each node in the tests that count.
const EACH: usize = 200;

fn node() -> Builder {
    MeshSocket::builder(SUBNET).hearsay(rs2p::Hearsay::Any)
}

/// A node of ours and a py2p that has dialled it.
async fn dialled_by_py2p() -> (Node, Py2p) {
    let mut ours = Node::start(node().listen(TCP).listen(WS)).await;
    let theirs = joined_by_py2p(&mut ours).await;
    (ours, theirs)
}

/// A py2p that has dialled a node of ours.
async fn joined_by_py2p(ours: &mut Node) -> Py2p {
    let mut theirs = Py2p::start(SUBNET).await;
    theirs.connect(&ours.address(Scheme::Tcp)).await;
    let came = |event| match event {
        Event::PeerUp(peer) => (peer.node == *theirs.id()).then_some(()),
        _ => None,
    };
    ours.happens("py2p as a peer", came).await;
    assert_eq!(theirs.has_peers(1).await, [ours.id().clone()]);
    theirs
}

/// A node of ours that has dialled a py2p.
async fn dialled_by_us() -> (Node, Py2p) {
    let mut theirs = Py2p::start(SUBNET).await;
    let mut ours = Node::start(node().peer(theirs.address().to_string())).await;
    ours.has_peers(&[theirs.id()]).await;
    assert_eq!(theirs.has_peers(1).await, [ours.id().clone()]);
    (ours, theirs)
}

/// What one node says in a test that counts.
fn texts() -> Vec<String> {
    (0..EACH)
        .map(|number| format!("message {number}"))
        .collect()
}

/// Sends [`texts`].
async fn talk(node: &Node) {
    for text in texts() {
        node.say(&text).await;
    }
}

/// What a node hears, by who said it.
type Heard = BTreeMap<NodeId, Vec<String>>;

/// That each of these said [`texts`], in order and once.
fn said_by<const N: usize>(ids: [&NodeId; N]) -> Heard {
    said(ids.map(|id| (id, texts())))
}

/// That each of these said its texts, in order and once.
fn said<const N: usize>(speakers: [(&NodeId, Vec<String>); N]) -> Heard {
    speakers.map(|(id, texts)| (id.clone(), texts)).into()
}

/// The next `count` messages of a node of ours.
async fn hear(node: &Node, count: usize) -> Heard {
    let mut heard = Heard::new();
    for _ in 0..count {
        let message = node.hears().await;
        heard
            .entry(message.sender().clone())
            .or_default()
            .push(text(&message));
    }
    heard
}

/// The next `count` messages of a py2p.
async fn hear_there(node: &mut Py2p, count: usize) -> Heard {
    let mut heard = Heard::new();
    for _ in 0..count {
        let message = node.hears().await;
        let text = message.text().to_owned();
        heard.entry(message.sender).or_default().push(text);
    }
    heard
}

/// What each of two peers hears next is what is said last.
async fn nothing_else_was_heard(ours: Node, mut theirs: Py2p) {
    ours.say("the end").await;
    assert_eq!(theirs.hears().await.text(), "the end");
    theirs.send(json!(["the end"])).await;
    assert_eq!(ours.hears_text().await, "the end");
    assert_eq!(theirs.complaints().await, json!([]));
    theirs.close().await;
    let rest = ours.close().await;
    assert!(rest.is_empty(), "heard besides: {rest:?}");
}

#[tokio::test]
async fn it_dials_us_and_each_hears_the_other() {
    let (ours, mut theirs) = dialled_by_py2p().await;
    assert_eq!(ours.socket.incoming(), [theirs.id().clone()]);
    is_known_for_what_it_is(&ours, &theirs);
    greet(&ours, &mut theirs, "hello").await;
    nothing_else_was_heard(ours, theirs).await;
}

#[tokio::test]
async fn we_dial_it_and_each_hears_the_other() {
    let (ours, mut theirs) = dialled_by_us().await;
    assert_eq!(ours.socket.outgoing(), [theirs.id().clone()]);
    is_known_for_what_it_is(&ours, &theirs);
    greet(&ours, &mut theirs, "hello").await;
    nothing_else_was_heard(ours, theirs).await;
}

fn is_known_for_what_it_is(ours: &Node, theirs: &Py2p) {
    let peer = ours.socket.peers().pop().expect("a peer");
    assert!(!peer.capable, "it knows nothing of capabilities");
    let port = peer.endpoint.map(|endpoint| endpoint.port);
    assert_eq!(port, Some(theirs.address().port()));
}

/// Each says the text to the other. Two equal texts of a py2p in one second are one message to everybody.
async fn greet(ours: &Node, theirs: &mut Py2p, text: &str) {
    ours.say(text).await;
    let heard = theirs.hears().await;
    assert_eq!(
        (&heard.sender, heard.text(), heard.is_whisper),
        (ours.id(), text, false)
    );
    theirs.send(json!([text])).await;
    let heard = ours.hears().await;
    assert_eq!(
        (heard.sender(), heard.via(), heard.is_whisper()),
        (theirs.id(), theirs.id(), false)
    );
    assert_eq!(support::node::text(&heard), text);
    assert_eq!(theirs.complaints().await, json!([]));
}

#[tokio::test]
async fn every_kind_of_value_arrives_as_it_was_sent() {
    let (ours, mut theirs) = dialled_by_us().await;
    let values = [
        Value::Nil,
        true.into(),
        Value::Int(i64::MIN),
        Value::UInt(u64::MAX),
        Value::F64(0.1),
        "text \u{1f980}".into(),
        b"bytes\xff".into(),
        Value::Array(vec![1_u64.into(), Value::Array(Vec::new())]),
        Value::Map(vec![("key".into(), "value".into())]),
    ];
    let in_python = json!([null, true, i64::MIN, u64::MAX, 0.1, "text \u{1f980}", { "bytes": "6279746573ff" }, [1, []], { "key": "value" }]);
    ours.socket.send_values(&values).await.expect("a peer");
    assert_eq!(theirs.hears().await.packets, in_python);
    theirs.send(in_python).await;
    assert_eq!(ours.hears().await.packets(), values);
}

#[tokio::test]
async fn hundreds_of_messages_each_way_arrive_once() {
    let (ours, mut theirs) = dialled_by_py2p().await;
    theirs.echo("echo of ").await;
    let ((), here, there) = tokio::join!(
        talk(&ours),
        hear(&ours, EACH),
        hear_there(&mut theirs, EACH)
    );
    let echoes = texts()
        .iter()
        .map(|text| format!("echo of {text}"))
        .collect();
    assert_eq!(here, BTreeMap::from([(theirs.id().clone(), echoes)]));
    assert_eq!(there, said_by([ours.id()]));
    theirs.echo("").await;
    nothing_else_was_heard(ours, theirs).await;
}

#[tokio::test]
async fn a_chain_passes_on_between_py2p_and_a_websocket() {
    let (mut relay, mut theirs) = dialled_by_py2p().await;
    let mut far = Node::start(node().peer(relay.address(Scheme::Ws).to_string())).await;
    far.has_peers(&[relay.id()]).await;
    relay.has_peers(&[far.id(), theirs.id()]).await;
    let sent = theirs.send_many(&texts()).await;
    for hearer in [&relay, &far] {
        assert_eq!(
            hear(hearer, EACH).await,
            said([(theirs.id(), sent.clone())])
        );
    }
    let ((), (), at_relay, at_far, there) = tokio::join!(
        talk(&relay),
        talk(&far),
        hear(&relay, EACH),
        hear(&far, EACH),
        hear_there(&mut theirs, 2 * EACH)
    );
    assert_eq!(at_relay, said_by([far.id()]));
    assert_eq!(at_far, said_by([relay.id()]));
    assert_eq!(there, said_by([relay.id(), far.id()]));
    nothing_else_was_heard(far, theirs).await;
}

#[tokio::test]
async fn two_of_them_reach_each_other_through_two_of_ours() {
    let mut left = Node::start(node().listen(TCP).listen(WS)).await;
    let mut right = Node::start(
        node()
            .listen(TCP)
            .peer(left.address(Scheme::Ws).to_string()),
    )
    .await;
    right.has_peers(&[left.id()]).await;
    let mut first = joined_by_py2p(&mut left).await;
    let mut last = joined_by_py2p(&mut right).await;
    let from_first = first.send_many(&texts()).await;
    let heard = hear_there(&mut last, EACH).await;
    assert_eq!(heard, said([(first.id(), from_first.clone())]));
    let from_last = last.send_many(&texts()).await;
    let heard = hear_there(&mut first, EACH).await;
    assert_eq!(heard, said([(last.id(), from_last.clone())]));
    let from_both = said([(first.id(), from_first), (last.id(), from_last)]);
    for ours in [&left, &right] {
        assert_eq!(hear(ours, 2 * EACH).await, from_both);
    }
    let ((), (), at_first, at_last) = tokio::join!(
        talk(&left),
        talk(&right),
        hear_there(&mut first, 2 * EACH),
        hear_there(&mut last, 2 * EACH)
    );
    assert_eq!(at_first, said_by([left.id(), right.id()]));
    assert_eq!(at_last, said_by([left.id(), right.id()]));
    assert_eq!(hear(&left, EACH).await, said_by([right.id()]));
    assert_eq!(hear(&right, EACH).await, said_by([left.id()]));
    assert_eq!(first.complaints().await, json!([]));
    nothing_else_was_heard(right, last).await;
}

#[tokio::test]
async fn two_of_them_and_one_of_ours_link_all_round() {
    let (mut ours, mut first) = dialled_by_py2p().await;
    let mut last = Py2p::start(SUBNET).await;
    last.connect(&ours.address(Scheme::Tcp)).await;
    ours.has_peers(&[first.id(), last.id()]).await;
    // It is told of the other by ours, and dials it.
    last.has_peers(2).await;
    first.has_peers(2).await;
    first.send(json!(["from the first"])).await;
    assert_eq!(last.hears().await.text(), "from the first");
    last.send(json!(["from the last"])).await;
    assert_eq!(first.hears().await.text(), "from the last");
    assert_eq!(ours.hears_text().await, "from the first");
    assert_eq!(ours.hears_text().await, "from the last");
    ours.say("from ours").await;
    for node in [&mut first, &mut last] {
        assert_eq!(node.hears().await.text(), "from ours");
        assert_eq!(node.complaints().await, json!([]));
    }
    nothing_else_was_heard(ours, first).await;
}

#[tokio::test]
async fn whispers_are_replied_to_both_ways() {
    for (ours, mut theirs) in [dialled_by_py2p().await, dialled_by_us().await] {
        theirs.whisper(ours.id(), json!(["are you there?"])).await;
        let question = ours.hears().await;
        assert!(question.is_whisper() && question.sender() == theirs.id());
        assert_eq!(text(&question), "are you there?");
        soon("a reply on its way", question.reply("here I am"))
            .await
            .expect("a neighbour");
        let answer = theirs.hears().await;
        assert_eq!(
            (&answer.sender, answer.text(), answer.is_whisper),
            (ours.id(), "here I am", true)
        );
        theirs.reply(&answer, json!(["so am I"])).await;
        let last = ours.hears().await;
        assert!(last.is_whisper());
        assert_eq!(text(&last), "so am I");
        assert_eq!(theirs.complaints().await, json!([]));
    }
}

#[tokio::test]
async fn another_subnet_is_refused_and_told() {
    let mut ours = Node::start(node().listen(TCP)).await;
    let mut stranger = Py2p::start("another family").await;
    let error = soon("a refusal", ours.socket.connect(&stranger.address())).await;
    let subnet = SUBNET.to_owned();
    assert_eq!(
        error,
        Err(MeshError::Failure(Failure::WrongSubnet { subnet }))
    );
    ours.happens("a refusal", wrong_subnet).await;
    stranger.connect(&ours.address(Scheme::Tcp)).await;
    ours.happens("a refusal", wrong_subnet).await;
    stranger.has_peers(0).await;
    assert_eq!(ours.socket.peers(), []);
}

fn wrong_subnet(event: Event) -> Option<()> {
    matches!(
        event,
        Event::LinkClosed {
            reason: CloseReason::WrongSubnet { .. },
            ..
        }
    )
    .then_some(())
}

#[tokio::test]
async fn a_py2p_that_starts_again_is_dialled_again() {
    for is_killed in [true, false] {
        let mut theirs = Py2p::start(SUBNET).await;
        let door = Door::to(theirs.address()).await;
        let mut ours = Node::start(node().peer(door.address().to_string())).await;
        ours.has_peers(&[theirs.id()]).await;
        theirs.has_peers(1).await;
        greet(&ours, &mut theirs, "before").await;
        if is_killed {
            drop(theirs);
        } else {
            theirs.close().await;
        }
        ours.has_peers(&[]).await;
        theirs = Py2p::start(SUBNET).await;
        door.lead_to(theirs.address());
        ours.has_peers(&[theirs.id()]).await;
        theirs.has_peers(1).await;
        greet(&ours, &mut theirs, "after").await;
    }
}

#[tokio::test]
async fn a_link_that_py2p_drops_is_made_again() {
    // What it has dialled, it does not dial again.
    for (mut ours, mut theirs) in [dialled_by_us().await, dialled_by_py2p().await] {
        for text in ["one", "two", "three"] {
            greet(&ours, &mut theirs, text).await;
            theirs.drop_links().await;
            ours.happens("a peer that goes", peer_down).await;
            ours.has_peers(&[theirs.id()]).await;
            theirs.has_peers(1).await;
        }
        nothing_else_was_heard(ours, theirs).await;
    }
}

fn peer_down(event: Event) -> Option<()> {
    matches!(event, Event::PeerDown { .. }).then_some(())
}
