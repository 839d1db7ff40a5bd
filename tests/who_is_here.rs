//! Members as the user of a socket sees them: a list, a stream that begins with it, and what each shows.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod node;
}

use futures::StreamExt;
use rs2p::wire::MAX_PRESENCE;
use rs2p::{Builder, Departure, Event, Member, MemberEvent, MeshSocket, Scheme};
use support::node::{Node, soon};

fn node() -> Builder {
    MeshSocket::builder("who is here").hearsay(rs2p::Hearsay::Any)
}

async fn relay() -> Node {
    Node::start(node().listen("ws://127.0.0.1:0")).await
}

async fn tab(relay: &Node, name: &str) -> Node {
    let address = relay.address(Scheme::Ws).to_string();
    Node::start(node().peer(address).presence(name)).await
}

async fn next(events: &mut rs2p::MemberEvents) -> MemberEvent {
    soon("an event", events.next())
        .await
        .expect("the node lives")
}

fn name(member: &Member) -> String {
    member.presence().unwrap_or_default()
}

#[tokio::test]
async fn who_is_there_comes_first_and_then_who_comes_changes_and_leaves() {
    let relay = relay().await;
    let ann = tab(&relay, "ann").await;
    let mut early = relay.socket.member_events();
    let MemberEvent::Joined(first) = next(&mut early).await else {
        panic!("nobody left");
    };
    assert_eq!(name(&first), "ann");
    assert_eq!(relay.socket.members(), [first]);

    let mut late = relay.socket.member_events();
    assert!(matches!(next(&mut late).await, MemberEvent::Joined(who) if name(&who) == "ann"));
    let bob = tab(&relay, "bob").await;
    assert!(matches!(next(&mut late).await, MemberEvent::Joined(who) if name(&who) == "bob"));
    bob.socket
        .set_presence("robert")
        .await
        .expect("it is short");
    assert!(matches!(next(&mut late).await, MemberEvent::Changed(who) if name(&who) == "robert"));
    bob.socket.close().await.expect("it closes");
    let MemberEvent::Left { member, reason } = next(&mut late).await else {
        panic!("bob left");
    };
    assert_eq!(
        (name(&member).as_str(), reason),
        ("robert", Departure::Goodbye)
    );
    drop(ann);
}

#[tokio::test]
async fn tabs_of_one_relay_see_each_other() {
    let relay = relay().await;
    let (ann, bob) = (tab(&relay, "ann").await, tab(&relay, "bob").await);
    for (here, other) in [(&ann, &bob), (&bob, &ann)] {
        let mut events = here.socket.member_events();
        let both = [next(&mut events).await, next(&mut events).await];
        let is_there = |event: &MemberEvent| matches!(event, MemberEvent::Joined(member) if member.node == *other.id());
        assert!(both.iter().any(is_there), "{both:?}");
    }
}

#[tokio::test]
async fn the_stream_of_all_events_has_them_too() {
    let relay = relay().await;
    let mut events = relay.socket.events();
    let ann = tab(&relay, "ann").await;
    let joined = async {
        while let Some(event) = events.next().await {
            if let Event::MemberJoined(member) = event {
                return Some(member.node);
            }
        }
        None
    };
    assert_eq!(
        soon("somebody joins", joined).await.as_ref(),
        Some(ann.id())
    );
}

#[tokio::test]
async fn what_is_too_long_to_be_shown_is_refused() {
    let long = "x".repeat(MAX_PRESENCE);
    assert!(node().presence(&long).check().is_err());
    let relay = relay().await;
    assert!(relay.socket.set_presence(&long).await.is_err());
    assert!(relay.socket.set_presence(&()).await.is_ok());
}
