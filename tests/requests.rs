//! Requests through a node's handle: who replies to whom, and what becomes of those who do not.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod told;
}

use std::time::Duration;

use futures::StreamExt;
use rs2p::{
    Builder, CommandError, Failure, MeshError, MeshSocket, Message, RequestOptions, Scheme, Topic,
};
use support::node::{Node, soon, text};
use support::py2p::Py2p;

const SUBNET: &str = "requests";
/// Longer than any test.
const PATIENCE: Duration = Duration::from_secs(60);

fn node() -> Builder {
    MeshSocket::builder(SUBNET)
        .hearsay(rs2p::Hearsay::Any)
        .configure(|config| config.outgoing = 0)
}

async fn joined(builder: Builder) -> Node {
    let node = Node::start(builder).await;
    let joined = soon("a peer", node.socket.joined()).await;
    joined.expect("a relay that runs");
    node
}

/// Two tabs, each at a relay of its own; the relays are linked.
async fn tabs_at_two_relays() -> [Node; 4] {
    let first = Node::start(node().listen("ws://127.0.0.1:0")).await;
    let at = |relay: &Node| relay.address(Scheme::Ws).to_string();
    let second = node().listen("ws://127.0.0.1:0").peer(at(&first));
    let second = joined(second).await;
    let one = joined(node().peer(at(&first))).await;
    let two = joined(node().peer(at(&second))).await;
    [one, two, first, second]
}

async fn close(nodes: impl IntoIterator<Item = Node>) {
    for node in nodes {
        node.close().await;
    }
}

/// Answers every question with its text, and a prefix.
fn answers(node: &Node, prefix: &'static str) {
    node.socket
        .register_async_handler(move |message: Message, _| async move {
            let answer = format!("{prefix} {}", text(&message));
            message.wants_reply() && message.reply(&answer).await.is_ok()
        });
}

#[tokio::test]
async fn a_tab_asks_another_through_two_relays_and_no_queue_has_the_reply() {
    let [one, two, first, second] = tabs_at_two_relays().await;
    answers(&two, "heard");
    for words in ["a", "b"] {
        let asked = one.socket.request(two.id(), words, PATIENCE);
        let reply = soon("a reply", asked).await.expect("a reply");
        assert_eq!(text(&reply), format!("heard {words}"));
        assert!(reply.is_whisper() && reply.sender() == two.id());
    }
    assert!(one.socket.try_recv().is_none());
    close([one, two, first, second]).await;
}

#[tokio::test]
async fn requests_at_once_get_each_its_own_reply() {
    let [one, two, first, second] = tabs_at_two_relays().await;
    answers(&two, "re");
    let words: Vec<_> = (0..50).map(|n| n.to_string()).collect();
    let asked = words
        .iter()
        .map(|words| one.socket.request(two.id(), words, PATIENCE));
    let replies = soon("all replies", futures::future::join_all(asked)).await;
    for (words, reply) in words.iter().zip(replies) {
        assert_eq!(text(&reply.expect("a reply")), format!("re {words}"));
    }
    close([one, two, first, second]).await;
}

#[tokio::test]
async fn everybody_replies_and_the_stream_ends_with_the_last_that_was_wanted() {
    let [one, two, first, second] = tabs_at_two_relays().await;
    for (node, name) in [(&two, "two"), (&first, "first"), (&second, "second")] {
        answers(node, name);
    }
    let options = RequestOptions::new(PATIENCE).replies(3);
    let replies = one.socket.request_many(&options, "who?").await;
    let replies = replies
        .expect("accepted")
        .map(|reply| text(&reply.expect("a reply")));
    let mut replies: Vec<_> = soon("the end", replies.collect()).await;
    replies.sort();
    assert_eq!(replies, ["first who?", "second who?", "two who?"]);
    close([one, two, first, second]).await;
}

#[tokio::test]
async fn only_those_who_want_a_topic_are_asked_about_it() {
    let topic: Topic = "news".parse().expect("a topic");
    let relay = Node::start(node().listen("ws://127.0.0.1:0")).await;
    let at = relay.address(Scheme::Ws).to_string();
    let asker = joined(node().peer(&at)).await;
    let wants = joined(node().peer(&at).topics([topic.clone()])).await;
    let not = joined(node().peer(&at).topics([])).await;
    for (node, name) in [(&wants, "wants"), (&not, "not")] {
        answers(node, name);
    }
    let options = RequestOptions::new(Duration::from_millis(500)).topic(topic);
    let replies = asker
        .socket
        .request_many(&options, "?")
        .await
        .expect("accepted");
    let replies = replies.map(|reply| text(&reply.expect("a reply")));
    let replies: Vec<_> = soon("the end of the time", replies.collect()).await;
    assert_eq!(replies, ["wants ?"]);
    close([asker, wants, not, relay]).await;
}

#[tokio::test]
async fn a_request_that_nobody_answers_says_so_in_its_time() {
    let [one, two, first, second] = tabs_at_two_relays().await;
    let asked = one
        .socket
        .request(two.id(), "?", Duration::from_millis(300));
    let error = soon("the end of the time", asked)
        .await
        .expect_err("no reply");
    let missing = Failure::NoAnswer {
        answers: 0,
        wanted: 1,
    };
    assert_eq!(error, MeshError::Failure(missing));
    assert_eq!(error.code(), "no-answer");
    let late = two.hears().await;
    soon("a late reply", late.reply("late"))
        .await
        .expect("sent");
    let after = one.socket.request(two.id(), "?", PATIENCE);
    let (reply, ()) = futures::join!(after, async {
        let asked = two.hears().await;
        asked.reply("in time").await.expect("sent");
    });
    assert_eq!(text(&reply.expect("a reply")), "in time");
    assert!(
        one.socket.try_recv().is_none(),
        "late replies are no messages"
    );
    close([one, two, first, second]).await;
}

#[tokio::test]
async fn a_request_that_is_given_up_makes_room() {
    let relay = Node::start(node().listen("ws://127.0.0.1:0")).await;
    let at = relay.address(Scheme::Ws).to_string();
    let asker = node().peer(at).configure(|config| config.questions = 1);
    let asker = joined(asker).await;
    let options = RequestOptions::new(PATIENCE);
    let ask = || asker.socket.request_many(&options, "?");
    let first = ask().await.expect("accepted");
    let full = CommandError::TooMany {
        what: "questions",
        limit: 1,
    };
    assert_eq!(ask().await.map(drop), Err(MeshError::Command(full)));
    drop(first);
    drop(soon("room", ask()).await.expect("accepted"));
    close([asker, relay]).await;
}

#[tokio::test]
async fn a_node_that_closes_ends_its_requests() {
    let relay = Node::start(node().listen("ws://127.0.0.1:0")).await;
    let asker = joined(node().peer(relay.address(Scheme::Ws).to_string())).await;
    let (socket, to) = (asker.socket.clone(), relay.id().clone());
    let asked = tokio::spawn(async move { socket.request(&to, "?", PATIENCE).await });
    assert!(relay.hears().await.wants_reply());
    close([asker]).await;
    let end = soon("the end", asked).await.expect("no panic");
    assert_eq!(end.map(|_| ()), Err(MeshError::Failure(Failure::Closed)));
    close([relay]).await;
}

#[tokio::test]
async fn py2p_gets_the_question_as_a_message_and_its_word_is_no_reply() {
    let mut py2p = Py2p::start(SUBNET).await;
    let mut ours = Node::start(node().peer(py2p.address().to_string())).await;
    let to = py2p.id().clone();
    ours.has_peers(&[&to]).await;
    let asked = ours.socket.request(&to, "who?", Duration::from_millis(800));
    let (end, ()) = futures::join!(asked, async {
        let question = py2p.hears().await;
        assert!(question.is_whisper && question.text() == "who?");
        py2p.reply(&question, serde_json::json!(["I"])).await;
    });
    assert!(matches!(
        end,
        Err(MeshError::Failure(Failure::NoAnswer { .. }))
    ));
    assert_eq!(ours.hears_text().await, "I");
    ours.close().await;
}
