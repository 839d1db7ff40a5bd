//! What py2p's mesh module has besides handlers and listeners, member by member, and what its document says raises.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    pub(crate) mod node;
}

use std::collections::BTreeMap;

use rs2p::socket::{Fault, InboxLimits};
use rs2p::wire::{EncodeError, Flag, InvalidFlag};
use rs2p::{
    AddressError, Builder, CommandError, EndReason, Event, Failure, MeshError, MeshSocket, NodeId,
    Scheme, SendOptions, Status, Value,
};
use support::node::{Node, soon, text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TCP: &str = "tcp://127.0.0.1:0";

fn node() -> Builder {
    MeshSocket::builder("members")
        .hearsay(rs2p::Hearsay::Any)
        .configure(|config| config.outgoing = 0)
}

async fn alone() -> Node {
    Node::start(node().listen(TCP)).await
}

async fn joined(to: &Node) -> Node {
    let address = to.address(Scheme::Tcp).to_string();
    let mut joined = Node::start(node().listen(TCP).peer(address)).await;
    joined.has_peers(&[to.id()]).await;
    joined
}

/// Three nodes in a line, none of which dials by itself.
async fn line() -> [Node; 3] {
    let first = alone().await;
    let mut middle = joined(&first).await;
    let last = joined(&middle).await;
    middle.has_peers(&[first.id(), last.id()]).await;
    [first, middle, last]
}

#[tokio::test]
async fn a_message_to_the_peers_goes_no_further() {
    let [first, middle, last] = line().await;
    let to_peers = SendOptions::new().to_peers();
    let sent = first.socket.send_with(&to_peers, "for neighbours").await;
    assert_eq!(sent.expect("a peer").peers, 1);
    first.say("for all").await;
    let near = middle.hears().await;
    assert_eq!(
        (text(&near), near.is_whisper()),
        ("for neighbours".into(), true)
    );
    assert_eq!(middle.hears_text().await, "for all");
    assert_eq!(last.hears_text().await, "for all", "and nothing before");
}

#[tokio::test]
async fn a_message_to_one_peer_goes_to_nobody_else() {
    let [first, middle, last] = line().await;
    let to_first = SendOptions::new().to_peer(first.id().clone());
    let sent = middle.socket.send_with(&to_first, "for you").await;
    assert_eq!(sent.expect("a peer").peers, 1);
    middle.say("for all").await;
    assert_eq!(first.hears_text().await, "for you");
    assert_eq!(last.hears_text().await, "for all");
    let to_last = SendOptions::new().to_peer(last.id().clone());
    let refused = first.socket.send_with(&to_last, "for you").await;
    let expected = CommandError::NotAPeer(last.id().clone());
    assert_eq!(refused, Err(expected.into()));
}

#[test]
fn a_reserved_flag_is_refused_before_anything_is_sent() {
    for number in [1, 7, 0x2f, 0x40, 0x7f] {
        let error = MeshError::from(Flag::try_from(number).expect_err("reserved"));
        assert_eq!(error, MeshError::Flag(InvalidFlag::Reserved(number)));
        assert_eq!(error.code(), "reserved-flag");
    }
}

#[tokio::test]
async fn what_cannot_be_serialised_is_an_error_and_nothing_is_sent() {
    /// As a map whose key has no form would be, or a lock that is poisoned.
    struct Unserialisable;
    impl serde::Serialize for Unserialisable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not this one"))
        }
    }
    let here = alone().await;
    let there = joined(&here).await;
    let deep = (0..20).fold(Value::Nil, |inner, _| Value::Array(vec![inner]));
    let refused = [
        there.socket.send(&("fine", Unserialisable)).await.map(drop),
        there
            .socket
            .send_values(std::slice::from_ref(&deep))
            .await
            .map(drop),
        there.socket.whisper(here.id(), &Unserialisable).await,
        there.socket.whisper_values(here.id(), &[deep]).await,
    ];
    for refused in refused {
        let error = refused.expect_err("no form on the wire");
        assert!(
            matches!(
                error,
                MeshError::Encode(EncodeError::Unserialisable(_) | EncodeError::TooDeep)
            ),
            "{error:?}"
        );
        assert_eq!(error.code(), "bad-argument");
    }
    there.say("afterwards").await;
    assert_eq!(here.hears_text().await, "afterwards", "and nothing before");
}

#[tokio::test]
async fn up_to_so_many_messages_are_taken_that_wait() {
    let here = alone().await;
    assert!(here.socket.try_recv_many(3).is_empty());
    let there = joined(&here).await;
    for number in 0..5 {
        there.say(&number.to_string()).await;
    }
    soon("five messages", async {
        while here.socket.stats().delivered < 5 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let taken = |quantity| -> Vec<String> {
        let messages = here.socket.try_recv_many(quantity);
        messages.iter().map(text).collect()
    };
    assert!(taken(0).is_empty());
    assert_eq!(taken(3), ["0", "1", "2"]);
    assert_eq!(taken(3), ["3", "4"]);
    assert!(taken(3).is_empty());
    assert!(here.socket.try_recv().is_none());
}

#[tokio::test]
async fn what_recv_does_not_take_in_time_is_counted() {
    let limits = InboxLimits {
        overflow: rs2p::Overflow::DropOldest,
        events: 3,
        bytes: 1 << 20,
    };
    let here = Node::start(node().listen(TCP).inbox(limits)).await;
    let there = joined(&here).await;
    for number in 0..10 {
        there.say(&number.to_string()).await;
    }
    soon("ten messages", async {
        while here.socket.stats().delivered < 10 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(here.socket.missed(), 0, "nobody has looked yet");
    assert_eq!(here.hears_text().await, "7");
    assert_eq!(here.socket.missed(), 7);
    assert_eq!(here.socket.faults(), [Fault::Missed(7)]);
}

#[tokio::test]
async fn a_flood_of_messages_drops_no_news_of_links() {
    let limits = InboxLimits {
        overflow: rs2p::Overflow::DropOldest,
        events: 8,
        bytes: 1 << 20,
    };
    let mut here = Node::start(node().listen(TCP).inbox(limits)).await;
    let there = joined(&here).await;
    for number in 0..100 {
        there.say(&number.to_string()).await;
    }
    soon("a flood", async {
        while here.socket.stats().delivered < 100 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let up = |event| match event {
        Event::PeerUp(peer) => Some(peer.node),
        _ => None,
    };
    assert_eq!(here.happens("a peer", up).await, *there.id());
}

#[tokio::test]
async fn the_routing_table_is_told_by_id_and_by_who_dialled() {
    let [first, middle, last] = line().await;
    let table = middle.socket.routing_table();
    let by_id: BTreeMap<NodeId, bool> = table
        .iter()
        .map(|(id, peer)| (id.clone(), peer.dialled))
        .collect();
    let expected = [(first.id().clone(), true), (last.id().clone(), false)];
    assert_eq!(by_id, BTreeMap::from(expected));
    assert!(table.iter().all(|(id, peer)| *id == peer.node));
    assert_eq!(middle.socket.outgoing(), [first.id().clone()]);
    assert_eq!(middle.socket.incoming(), [last.id().clone()]);
    let lonely = alone().await;
    assert!(lonely.socket.routing_table().is_empty());
    assert_eq!(lonely.socket.status(), Status::Connecting);
}

#[tokio::test]
async fn the_address_that_others_are_told_can_be_given() {
    let told = "tcp://mesh.example:4444";
    let here = Node::start(node().listen(TCP).advertise(told)).await;
    let addresses = |node: &Node| -> Vec<String> {
        let addresses = node.socket.out_addr().iter();
        addresses.map(ToString::to_string).collect()
    };
    assert_eq!(addresses(&here), [told]);
    let usual = alone().await;
    assert_eq!(usual.socket.out_addr(), usual.socket.listening());
    let tab = Node::start(node()).await;
    assert!(tab.socket.out_addr().is_empty());
    // What a peer is told, it shows in its table.
    let mut there = joined(&here).await;
    there.has_peers(&[here.id()]).await;
    let endpoint = there.socket.peers()[0]
        .endpoint
        .clone()
        .expect("one was told");
    assert_eq!((&*endpoint.host, endpoint.port), ("mesh.example", 4444));
}

#[tokio::test]
async fn peers_of_peers_are_known_when_asked_for() {
    let [mut first, middle, last] = line().await;
    first.socket.request_peers().await.expect("an open node");
    let changed = |event| matches!(event, Event::TopologyChanged).then_some(());
    soon("the peers of the middle", async {
        while !first.socket.topology().nodes.contains_key(last.id()) {
            first.happens("a change", changed).await;
        }
    })
    .await;
    assert!(!first.socket.routing_table().contains_key(last.id()));
    assert!(first.socket.routing_table().contains_key(middle.id()));
}

#[tokio::test]
async fn a_node_other_than_the_expected_is_refused() {
    let here = alone().await;
    let there = Node::start(node()).await;
    let address = here.address(Scheme::Tcp);
    let stranger: NodeId = "somebody".parse().expect("an id");
    let refused = there.socket.connect_to(&address, Some(stranger)).await;
    assert!(
        matches!(refused, Err(MeshError::Failure(Failure::Refused(_)))),
        "{refused:?}"
    );
    let expected = Some(here.id().clone());
    let linked = there.socket.connect_to(&address, expected).await;
    linked.expect("that one it is");
}

#[tokio::test]
async fn a_peer_that_is_disconnected_is_gone_and_not_dialled_again() {
    let mut here = alone().await;
    let there = joined(&here).await;
    here.has_peers(&[there.id()]).await;
    there.socket.disconnect(here.id()).await.expect("a peer");
    here.has_peers(&[]).await;
    let again = there.socket.disconnect(here.id()).await;
    assert_eq!(again, Err(CommandError::NotAPeer(here.id().clone()).into()));
    assert_eq!(there.socket.status(), Status::Offline { retry_in: None });
}

#[tokio::test]
async fn a_second_close_is_an_error() {
    let here = alone().await;
    let handle = here.socket.clone();
    assert_eq!(soon("the end", handle.close()).await, Ok(()));
    assert_eq!(
        handle.status(),
        Status::Closed {
            reason: EndReason::Asked
        }
    );
    for handle in [handle, here.socket] {
        let again = soon("an answer", handle.close()).await;
        let error = again.expect_err("it was closed");
        assert_eq!(error, CommandError::Closed.into());
        assert_eq!(error.code(), "closed");
        let sent = handle.send("too late").await;
        assert_eq!(sent, Err(CommandError::Closed.into()));
    }
}

#[tokio::test]
async fn of_two_closes_at_once_both_end_and_one_is_the_first() {
    let here = alone().await;
    let (one, other) = tokio::join!(here.socket.close(), here.socket.close());
    assert_eq!([one, other].iter().filter(|end| end.is_ok()).count(), 1);
    assert_eq!(
        here.socket.status(),
        Status::Closed {
            reason: EndReason::Asked
        }
    );
}

#[tokio::test]
async fn a_close_that_was_given_up_does_not_keep_the_next_from_closing() {
    let here = alone().await;
    {
        let mut close = std::pin::pin!(here.socket.close());
        let waker = std::task::Waker::noop();
        let mut cx = std::task::Context::from_waker(waker);
        assert!(close.as_mut().poll(&mut cx).is_pending());
    }
    let again = soon("the end", here.socket.close()).await;
    assert_eq!(again, Err(CommandError::Closed.into()));
    assert_eq!(
        here.socket.status(),
        Status::Closed {
            reason: EndReason::Asked
        }
    );
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let here = alone().await;
    let bound = here.address(Scheme::Tcp).to_string();
    let error = node().listen(&bound).spawn().await.expect_err("in use");
    assert!(matches!(error, MeshError::Listen(_)), "{error:?}");
    assert_eq!(error.code(), "cannot-listen");
    let port = here.address(Scheme::Tcp).port().to_string();
    assert!(error.to_string().contains(&port), "{error}");
}

#[tokio::test]
async fn an_unknown_transport_is_an_error() {
    for address in ["carrier-pigeon://127.0.0.1:1", "SSL2://127.0.0.1:1"] {
        for builder in [node().listen(address), node().peer(address)] {
            let error = builder.spawn().await.expect_err("no such transport");
            assert!(
                matches!(error, MeshError::Address(AddressError::Scheme { .. })),
                "{error:?}"
            );
            assert_eq!(error.code(), "bad-address");
        }
    }
}

#[tokio::test]
async fn a_peer_that_never_finishes_a_message_is_cleaned_out() {
    let quick = |config: &mut rs2p::Config| {
        config.greeting_timeout = core::time::Duration::from_millis(200);
    };
    let here = Node::start(node().listen(TCP).configure(quick)).await;
    let port = here.address(Scheme::Tcp).port();
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("a listener");
    // A frame of 100 bytes that never comes.
    stream.write_all(&[0, 0, 0, 100, 1]).await.expect("a link");
    let mut rest = Vec::new();
    let read = soon("the end of the link", stream.read_to_end(&mut rest)).await;
    // Closed or reset: either way it is over.
    drop(read);
    assert!(here.socket.peers().is_empty());
    assert!(
        here.socket
            .faults()
            .iter()
            .any(|fault| matches!(fault, Fault::Link { .. })),
        "{:?}",
        here.socket.faults()
    );
}

#[tokio::test]
async fn a_node_to_which_nothing_happened_has_no_faults() {
    let [first, middle, last] = line().await;
    for node in [&first, &middle, &last] {
        node.say("all is well").await;
    }
    for node in [&first, &middle, &last] {
        for _ in 0..2 {
            assert_eq!(node.hears_text().await, "all is well");
        }
        assert_eq!(node.socket.status(), Status::Joined);
        assert!(node.socket.faults().is_empty());
        assert_eq!(node.socket.missed(), 0);
    }
    for node in [first, middle, last] {
        assert!(node.close().await.is_empty(), "each message came once");
    }
}
