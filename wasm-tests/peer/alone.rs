//! A node that no other node is there for: what it says of itself, and how it says no.

use futures::StreamExt;
use rs2p::{Address, Event, MeshError, MeshSocket, Status};
use wasm_bindgen_test::wasm_bindgen_test;

use super::harness::soon;

async fn node() -> MeshSocket {
    MeshSocket::builder("alone")
        .spawn()
        .await
        .expect("a browser")
}

/// The address of the server that served this page: there is HTTP, and no WebSocket.
fn page_server() -> Address {
    let origin = js_sys::eval("location.host").expect("a page");
    let host = origin.as_string().expect("a page of a server");
    format!("ws://{host}/").parse().expect("an address")
}

#[wasm_bindgen_test]
async fn a_node_begins_with_an_id_of_its_own_and_nobody_else() {
    let (one, other) = (node().await, node().await);
    assert_ne!(one.id(), other.id());
    assert_eq!((one.subnet(), one.status()), ("alone", Status::Connecting));
    assert!(one.peers().is_empty() && one.listening().is_empty());
    let topology = one.topology();
    assert_eq!(topology.nodes.keys().collect::<Vec<_>>(), [one.id()]);
}

#[wasm_bindgen_test]
async fn what_a_node_is_told_wrongly_is_an_error_of_its_start() {
    let code = |outcome: Result<MeshSocket, MeshError>| outcome.map_err(|error| error.code());
    let malformed = MeshSocket::builder("alone")
        .peer("http://localhost:80")
        .spawn()
        .await;
    assert_eq!(code(malformed).err(), Some("bad-address"));
    let listening = MeshSocket::builder("alone")
        .listen("ws://127.0.0.1:0")
        .spawn()
        .await;
    assert_eq!(code(listening).err(), Some("cannot-listen"));
}

#[wasm_bindgen_test]
async fn what_cannot_be_dialled_is_unreachable_and_says_why() {
    let node = node().await;
    let tcp: Address = "tcp://127.0.0.1:4444".parse().expect("an address");
    for (address, advice) in [
        (tcp, "only ws:// and wss://"),
        (page_server(), "is the relay running"),
    ] {
        let dial = soon("a failure", node.connect(&address)).await;
        let error = dial.expect_err("no node is there");
        assert_eq!(error.code(), "unreachable", "{error}");
        let text = error.to_string();
        assert!(
            text.contains(advice) && text.contains(&address.to_string()),
            "{text}"
        );
    }
    assert_eq!(node.status(), Status::Connecting);
}

#[wasm_bindgen_test]
async fn a_peer_given_at_the_start_is_dialled_again_though_it_fails() {
    let address = page_server();
    let node = MeshSocket::builder("alone")
        .peer(address.to_string())
        .spawn()
        .await;
    let mut events = node.expect("a browser").events();
    for _ in 0..3 {
        let event = soon("a failed dial", events.next()).await;
        let Some(Event::DialFailed {
            address: failed,
            retry_in,
            ..
        }) = event
        else {
            panic!("{event:?}");
        };
        assert!(
            failed == address && retry_in.is_some(),
            "{failed}, again in {retry_in:?}"
        );
    }
}

#[wasm_bindgen_test]
async fn a_node_without_peers_sends_nothing() {
    let (node, other) = (node().await, node().await);
    let sent = soon("an answer", node.send("hello")).await;
    assert_eq!(sent.map_err(|error| error.code()), Err("not-joined"));
    let whispered = soon("an answer", node.whisper(other.id(), "hello")).await;
    assert_eq!(whispered.map_err(|error| error.code()), Err("not-joined"));
    assert!(node.try_recv().is_none());
}

#[wasm_bindgen_test]
async fn a_node_that_is_closed_does_nothing_any_more() {
    let node = node().await;
    let mut events = node.events();
    for is_first in [true, false] {
        assert_eq!(soon("the end", node.close()).await.is_ok(), is_first);
    }
    assert!(matches!(node.status(), Status::Closed { .. }));
    assert!(soon("no message", node.recv()).await.is_none());
    assert!(soon("the end of the events", events.next()).await.is_none());
    let sent = soon("an answer", node.send("hello")).await;
    assert_eq!(sent.map_err(|error| error.code()), Err("closed"));
    let dial = soon("an answer", node.connect(&page_server())).await;
    assert_eq!(dial.map_err(|error| error.code()), Err("closed"));
}
