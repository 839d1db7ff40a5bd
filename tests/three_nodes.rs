//! Three native nodes in a line, over TCP and WebSocket: what one says, each other hears once, through whatever happens
//! to the one between.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    pub(crate) mod crossing;
    pub(crate) mod node;
}

use std::collections::BTreeSet;

use rs2p::mesh::CloseReason;
use rs2p::{
    Builder, Config, Event, Failure, MeshError, MeshSocket, Message, NodeId, Scheme, Status,
};
use support::crossing::Crossing;
use support::node::{Node, soon, text};
use tokio::runtime::Runtime;

const TCP: &str = "tcp://127.0.0.1:0";
const WS: &str = "ws://127.0.0.1:0";
/// What a node says last in a test that counts.
const LAST: &str = "that was all";

fn node() -> Builder {
    MeshSocket::builder("line").hearsay(rs2p::Hearsay::Any)
}

/// Three nodes in a line: the first two linked over TCP, the last two over a WebSocket.
async fn line() -> [Node; 3] {
    let mut middle = Node::start(node().listen(TCP).listen(WS)).await;
    let mut first = Node::start(node().peer(middle.address(Scheme::Tcp).to_string())).await;
    let mut last = Node::start(node().peer(middle.address(Scheme::Ws).to_string())).await;
    middle.has_peers(&[first.id(), last.id()]).await;
    first.has_peers(&[middle.id()]).await;
    last.has_peers(&[middle.id()]).await;
    [first, middle, last]
}

/// The texts that a node hears, by who said them, until as many nodes have said that this was all.
async fn hear_all(node: &Node, speakers: usize) -> Vec<(NodeId, String)> {
    let mut heard = Vec::new();
    let mut ended = 0;
    while ended < speakers {
        let message = node.hears().await;
        let text = text(&message);
        ended += usize::from(text == LAST);
        heard.push((message.sender().clone(), text));
    }
    heard
}

/// Closes nodes, the ones that spoke to all others first; nobody may have heard anything that was not taken.
async fn close_in_silence(nodes: impl IntoIterator<Item = Node>) {
    for node in nodes {
        let rest: Vec<Message> = node.close().await;
        assert!(rest.is_empty(), "heard besides: {rest:?}");
    }
}

#[tokio::test]
async fn each_broadcast_reaches_each_other_node_once() {
    const EACH: usize = 300;
    let nodes = line().await;
    let talk = async |node: &Node| {
        for number in 0..EACH {
            node.say(&format!("{number}")).await;
        }
        node.say(LAST).await;
    };
    let [first, middle, last] = &nodes;
    let ((), (), (), at_first, at_middle, at_last) = tokio::join!(
        talk(first),
        talk(middle),
        talk(last),
        hear_all(first, 2),
        hear_all(middle, 2),
        hear_all(last, 2),
    );
    for (hearer, heard) in [(first, at_first), (middle, at_middle), (last, at_last)] {
        for speaker in nodes.iter().map(Node::id) {
            let from: Vec<_> = heard
                .iter()
                .filter(|(id, _)| id == speaker)
                .map(|(_, text)| text)
                .collect();
            let mut sent: Vec<_> = (0..EACH).map(|number| number.to_string()).collect();
            sent.push(LAST.to_owned());
            sent.retain(|_| speaker != hearer.id());
            assert_eq!(
                from,
                sent.iter().collect::<Vec<_>>(),
                "in the order in which it was sent"
            );
        }
        let stats = hearer.socket.stats();
        assert_eq!(
            (stats.duplicates, stats.dropped_slow),
            (0, 0),
            "nothing comes back in a line"
        );
    }
    close_in_silence(nodes).await;
}

#[tokio::test]
async fn a_large_message_crosses_both_transports() {
    let [first, middle, last] = line().await;
    let large = "large ".repeat(150_000);
    first.say(&large).await;
    for node in [&middle, &last] {
        assert!(node.hears_text().await == large);
    }
    last.say(&large).await;
    for node in [&middle, &first] {
        assert!(node.hears_text().await == large);
    }
    close_in_silence([first, last, middle]).await;
}

#[tokio::test]
async fn equal_messages_of_one_second_are_as_many_messages() {
    let [first, middle, last] = line().await;
    for _ in 0..20 {
        first.say("the same").await;
    }
    first.say(LAST).await;
    for node in [&middle, &last] {
        let heard = hear_all(node, 1).await;
        assert_eq!(
            heard.iter().filter(|(_, text)| text == "the same").count(),
            20
        );
    }
    close_in_silence([first, middle, last]).await;
}

async fn whisper(from: &Node, to: &Node, text: &str) {
    let sent = soon("a whisper on its way", from.socket.whisper(to.id(), text)).await;
    sent.expect("a way to the node");
}

#[tokio::test]
async fn a_whisper_and_its_reply_are_for_two_nodes_alone() {
    let [first, middle, last] = line().await;
    for (asker, answerer) in [
        (&first, &middle),
        (&middle, &first),
        (&middle, &last),
        (&last, &middle),
    ] {
        whisper(asker, answerer, "who is there?").await;
        let question = answerer.hears().await;
        assert!(
            question.is_whisper()
                && question.sender() == asker.id()
                && question.via() == asker.id()
        );
        assert_eq!(text(&question), "who is there?");
        soon("a reply", question.reply("a friend"))
            .await
            .expect("a neighbour");
        let answer = asker.hears().await;
        assert!(answer.is_whisper() && answer.sender() == answerer.id());
        assert_eq!(text(&answer), "a friend");
    }
    close_in_silence([first, middle, last]).await;
}

#[tokio::test]
async fn what_a_node_says_is_replied_to_over_the_node_between() {
    let [first, middle, last] = line().await;
    last.say("is anybody there?").await;
    let question = first.hears().await;
    assert_eq!(question.via(), middle.id());
    let reply = question.reply("somebody is");
    soon("a reply on its way", reply).await.expect("a way back");
    let answer = last.hears().await;
    assert!(answer.is_whisper() && answer.sender() == first.id() && answer.via() == middle.id());
    assert_eq!(text(&answer), "somebody is");
    // And back again, along the way that the answer came.
    let reply = answer.reply("so it is");
    soon("a reply on its way", reply).await.expect("a way back");
    let answer = first.hears().await;
    assert!(answer.is_whisper() && answer.sender() == last.id());
    assert_eq!(text(&answer), "so it is");
    assert_eq!(middle.hears_text().await, "is anybody there?");
    close_in_silence([first, last, middle]).await;
}

#[tokio::test]
async fn a_node_that_can_be_dialled_is_found_through_the_node_between() {
    let mut middle = Node::start(node().listen(TCP)).await;
    let address = middle.address(Scheme::Tcp).to_string();
    // One outgoing link is enough for them, so they do not dial each other before there is something to say.
    let content = || {
        let limit = |config: &mut Config| config.outgoing = 1;
        node().listen(TCP).configure(limit).peer(&address)
    };
    let mut first = Node::start(content()).await;
    first.has_peers(&[middle.id()]).await;
    let mut last = Node::start(content()).await;
    last.has_peers(&[middle.id()]).await;
    middle.has_peers(&[first.id(), last.id()]).await;
    // The first has not been told of the last, who came later and has said nothing.
    whisper(&first, &last, "over there?").await;
    let question = last.hears().await;
    assert!(question.is_whisper() && question.sender() == first.id());
    assert_eq!(text(&question), "over there?");
    soon("a reply on its way", question.reply("over here"))
        .await
        .expect("a way back");
    assert_eq!(first.hears_text().await, "over here");
    close_in_silence([first, last, middle]).await;
}

#[tokio::test]
async fn another_subnet_is_an_error_that_says_so() {
    for scheme in [Scheme::Tcp, Scheme::Ws] {
        let mut here = Node::start(node().listen(TCP).listen(WS)).await;
        let stranger =
            Node::start(MeshSocket::builder("another line").hearsay(rs2p::Hearsay::Any)).await;
        let address = here.address(scheme);
        let error = soon("a refusal", stranger.socket.connect(&address))
            .await
            .expect_err("another subnet");
        let subnet = "another line".to_owned();
        assert_eq!(
            error,
            MeshError::Failure(Failure::WrongSubnet { subnet }),
            "{scheme}"
        );
        assert_eq!(stranger.socket.status(), Status::Connecting, "{scheme}");
        // Over TCP the one who listens speaks first, and is told nothing by who then leaves.
        if scheme == Scheme::Ws {
            let reason = here.happens("a refusal", refusal).await;
            assert!(
                matches!(reason, CloseReason::WrongSubnet { .. }),
                "{reason:?}"
            );
        }
        close_in_silence([stranger, here]).await;
    }
}

fn refusal(event: Event) -> Option<CloseReason> {
    match event {
        Event::LinkClosed { reason, .. } => Some(reason),
        _ => None,
    }
}

/// How the node between the others ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    Crash,
}

#[tokio::test]
async fn a_line_heals_when_the_node_between_starts_again() {
    for end in [End::Close, End::Crash] {
        let (mut middle, mut runtime) = start_apart(node().listen(TCP).listen(WS));
        let [tcp, ws] = [Scheme::Tcp, Scheme::Ws].map(|scheme| middle.address(scheme).to_string());
        let mut first = Node::start(node().peer(&tcp)).await;
        let mut last = Node::start(node().peer(&ws)).await;
        for turn in ["one", "two", "three"] {
            middle.has_peers(&[first.id(), last.id()]).await;
            first.has_peers(&[middle.id()]).await;
            last.has_peers(&[middle.id()]).await;
            first.say(turn).await;
            assert_eq!(last.hears_text().await, turn, "{end:?}");
            last.say(turn).await;
            assert_eq!(first.hears_text().await, turn, "{end:?}");
            if let End::Close = end {
                middle.close().await;
            }
            runtime.shutdown_background();
            first.has_peers(&[]).await;
            last.has_peers(&[]).await;
            assert!(
                matches!(first.socket.status(), Status::Offline { .. }),
                "{end:?}"
            );
            (middle, runtime) = start_apart(node().listen(&tcp).listen(&ws));
        }
        runtime.shutdown_background();
        close_in_silence([first, last]).await;
    }
}

/// Starts a node in a runtime of its own, with which it can crash.
fn start_apart(builder: Builder) -> (Node, Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a thread");
    let start = || {
        runtime
            .block_on(builder.spawn())
            .expect("free ports on loopback")
    };
    let socket = std::thread::scope(|scope| scope.spawn(start).join().expect("no panic"));
    (Node::of(socket), runtime)
}

#[tokio::test]
async fn the_end_of_a_node_is_seen_by_its_peers() {
    let [mut first, middle, mut last] = line().await;
    let gone = middle.id().clone();
    close_in_silence([middle]).await;
    for (node, words) in [
        (&mut first, "closed by the peer"),
        (&mut last, "shutting down"),
    ] {
        let (node_down, reason) = node.happens("a peer that goes", peer_down).await;
        assert_eq!(node_down, gone);
        assert!(reason.contains(words), "{reason}");
        node.happens("the last peer going", |event| {
            matches!(event, Event::Disconnected).then_some(())
        })
        .await;
        assert!(matches!(node.socket.status(), Status::Offline { .. }));
        assert!(node.socket.send("anybody?").await.is_err());
    }
    close_in_silence([first, last]).await;
}

fn peer_down(event: Event) -> Option<(NodeId, String)> {
    match event {
        Event::PeerDown { node, reason } => Some((node, reason)),
        _ => None,
    }
}

#[tokio::test]
async fn nodes_that_dial_each_other_at_once_end_with_one_link() {
    for scheme in [Scheme::Tcp, Scheme::Ws] {
        for round in 0..50 {
            cross(scheme, round % 2 == 0).await;
        }
    }
}

/// Two nodes whose dials are held until both are under way.
async fn cross(scheme: Scheme, first_is_greater: bool) {
    let ids: [NodeId; 2] = ["2", "3"].map(|text| text.parse().expect("an id"));
    let listener = || node().listen(format!("{scheme}://127.0.0.1:0"));
    let mut one =
        Node::start(listener().identity(ids[usize::from(first_is_greater)].clone())).await;
    let mut other =
        Node::start(listener().identity(ids[usize::from(!first_is_greater)].clone())).await;
    let mut crossing = Crossing::new(2);
    let to_one = crossing.gate(&one.address(scheme)).await;
    let to_other = crossing.gate(&other.address(scheme)).await;
    let mut traffic = crossing.traffic();
    let dials =
        async { tokio::join!(one.socket.connect(&to_other), other.socket.connect(&to_one)) };
    let (dialled, dialled_back) = soon("both dials", dials).await;
    assert_eq!((dialled, dialled_back), (Ok(()), Ok(())), "{scheme}");
    one.has_peers(&[other.id()]).await;
    other.has_peers(&[one.id()]).await;
    let one_left = traffic.wait_for(|traffic| traffic.came - traffic.ended == 1);
    soon("the end of one link", one_left)
        .await
        .expect("a crossing");
    for (speaker, hearer) in [(&one, &other), (&other, &one)] {
        speaker.say("still there").await;
        assert_eq!(hearer.hears_text().await, "still there", "{scheme}");
    }
    let left = *traffic.borrow();
    assert_eq!(
        (left.came, left.ended),
        (2, 1),
        "{scheme}: the link that was chosen stays"
    );
    assert_eq!(
        (one.socket.peers().len(), other.socket.peers().len()),
        (1, 1),
        "{scheme}"
    );
    close_in_silence([one, other]).await;
}

#[tokio::test]
async fn a_crossing_loses_and_doubles_nothing() {
    const EACH: usize = 40;
    for scheme in [Scheme::Tcp, Scheme::Ws] {
        let mut one = Node::start(node().listen(format!("{scheme}://127.0.0.1:0"))).await;
        let mut other = Node::start(node().listen(format!("{scheme}://127.0.0.1:0"))).await;
        let mut crossing = Crossing::new(2);
        let to_one = crossing.gate(&one.address(scheme)).await;
        let to_other = crossing.gate(&other.address(scheme)).await;
        let dials =
            async { tokio::join!(one.socket.connect(&to_other), other.socket.connect(&to_one)) };
        let dials = async { assert_eq!(dials.await, (Ok(()), Ok(())), "{scheme}") };
        soon("both dials", dials).await;
        one.has_peers(&[other.id()]).await;
        other.has_peers(&[one.id()]).await;
        // Both links may be up still: whispers go over both, broadcasts too.
        for number in 0..EACH {
            one.say(&format!("{number}")).await;
            whisper(&one, &other, &format!("whisper {number}")).await;
        }
        one.say(LAST).await;
        let heard: Vec<_> = hear_all(&other, 1)
            .await
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        let distinct: BTreeSet<_> = heard.iter().collect();
        assert_eq!(
            (heard.len(), distinct.len()),
            (2 * EACH + 1, 2 * EACH + 1),
            "{scheme}"
        );
        close_in_silence([one, other]).await;
    }
}

#[tokio::test]
async fn a_node_that_is_refused_as_a_copy_of_itself_says_so() {
    let mut here = Node::start(node().listen(TCP).listen(WS)).await;
    for scheme in [Scheme::Tcp, Scheme::Ws] {
        let address = here.address(scheme);
        let error = soon("a refusal", here.socket.connect(&address))
            .await
            .expect_err("itself");
        assert!(
            matches!(error, MeshError::Failure(Failure::Refused(_))),
            "{scheme}: {error:?}"
        );
        let reason = here.happens("a refusal", refusal).await;
        assert_eq!(reason, CloseReason::OwnNode, "{scheme}");
    }
    assert_eq!(here.socket.status(), Status::Connecting);
    let closed = soon("the end", here.socket.close()).await;
    closed.expect("closed once");
}
