//! A tab that a browser froze answers the pings of its WebSocket and nothing else: over real sockets it is told from one
//! that is dead.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod node;
    pub(crate) mod raw;
}

use std::time::Duration;

use rs2p::mesh::CloseReason;
use rs2p::wire::{Capabilities, Trailer};
use rs2p::{Config, Event, MeshSocket, NodeId, Scheme};
use support::node::Node;
use support::raw::{Raw, handshake, whisper};

/// The deadlines of a relay, a hundredth of what they are.
fn in_haste(config: &mut Config) {
    config.heartbeat = Duration::from_millis(150);
    config.silence = Duration::from_millis(350);
    config.asleep_after = Duration::from_millis(600);
    config.asleep_cut = Duration::from_millis(1_200);
}

/// A relay, and a tab at it that has greeted and will not say another word.
async fn silent_tab() -> (Node, Raw) {
    let relay = MeshSocket::builder("sleep")
        .hearsay(rs2p::Hearsay::Any)
        .listen("ws://127.0.0.1:0");
    let mut relay = Node::start(relay.configure(in_haste)).await;
    let tab = NodeId::from_entropy(&[7; 48]);
    let mut raw = Raw::dial(&relay.address(Scheme::Ws)).await;
    let trailer = Trailer {
        nonce: Some(1),
        capabilities: Some(Capabilities::HEARTBEAT),
        ..Trailer::default()
    };
    let greeting = handshake(&tab, Scheme::Ws, "sleep");
    raw.send(whisper(&tab, &greeting, trailer)).await;
    relay.has_peers(&[&tab]).await;
    (relay, raw)
}

/// Why the relay closed its link.
async fn reason(relay: &mut Node) -> CloseReason {
    let closed = |event| match event {
        Event::LinkClosed { reason, .. } => Some(reason),
        _ => None,
    };
    relay.happens("the end of the link", closed).await
}

#[tokio::test]
async fn a_tab_that_answers_pings_alone_is_kept_as_a_sleeper_and_then_cut() {
    let (mut relay, tab) = silent_tab().await;
    // Reading is what answers pings.
    let (code, reason) = tokio::join!(tab.end(), reason(&mut relay));
    assert_eq!(reason, CloseReason::AsleepTooLong);
    assert_eq!(code, Some(1001));
}

#[tokio::test]
async fn a_tab_that_answers_nothing_is_cut_as_silent() {
    let (mut relay, _unread) = silent_tab().await;
    assert_eq!(reason(&mut relay).await, CloseReason::Silent);
}
