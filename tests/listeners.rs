//! Listeners: `on`, `once` and `emit` as py2p has them, beside the stream of events.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    pub(crate) mod node;
}

use std::sync::{Arc, Mutex};

use rs2p::socket::{EventKind, Fault, LISTENERS_AT_WORK};
use rs2p::{Builder, Event, MeshSocket, Scheme, Value};
use support::node::{Node, soon, text};
use tokio::sync::mpsc;

fn node() -> Builder {
    MeshSocket::builder("listeners").hearsay(rs2p::Hearsay::Any)
}

async fn alone() -> Node {
    Node::start(node().listen("tcp://127.0.0.1:0")).await
}

async fn joined(to: &Node) -> Node {
    let mut joined = Node::start(node().peer(to.address(Scheme::Tcp).to_string())).await;
    joined.has_peers(&[to.id()]).await;
    joined
}

/// What listeners say, in order.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    fn say(&self, word: &str) {
        self.0.lock().expect("no panic within").push(word.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic within"))
    }
}

/// A listener that says `word` whenever it is called.
fn saying(said: &Said, word: &'static str) -> impl Fn(&MeshSocket, &[Value]) + use<> {
    let said = said.clone();
    move |_, _| said.say(word)
}

#[tokio::test]
async fn connect_is_told_each_time_the_table_goes_from_none_to_one() {
    let mut here = alone().await;
    let (telling, mut told) = mpsc::unbounded_channel();
    for kind in ["connect", "disconnect"] {
        let telling = telling.clone();
        here.socket.on(kind, move |socket, arguments| {
            assert!(arguments.is_empty());
            drop(telling.send((kind, socket.id().clone())));
        });
    }
    let once = telling.clone();
    here.socket.once("connect", move |socket, _| {
        drop(once.send(("once", socket.id().clone())));
    });
    let mut first = joined(&here).await;
    let second = joined(&here).await;
    here.has_peers(&[first.id(), second.id()]).await;
    second.close().await;
    first.has_peers(&[here.id()]).await;
    first.close().await;
    here.has_peers(&[]).await;
    let _third = joined(&here).await;
    for expected in ["connect", "once", "disconnect", "connect"] {
        let told = soon("a call", told.recv()).await;
        assert_eq!(told, Some((expected, here.id().clone())));
    }
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn message_is_told_once_the_message_waits_in_the_queue() {
    let here = alone().await;
    let (telling, mut told) = mpsc::unbounded_channel();
    here.socket
        .on(EventKind::Message, move |socket, arguments| {
            assert!(arguments.is_empty(), "the message itself is not passed");
            let message = socket.try_recv().expect("it waits");
            drop(telling.send(text(&message)));
        });
    let there = joined(&here).await;
    for number in 0..20 {
        there.say(&number.to_string()).await;
    }
    for number in 0..20 {
        let told = soon("a call", told.recv()).await;
        assert_eq!(told, Some(number.to_string()));
    }
}

#[tokio::test]
async fn who_listens_once_is_called_once() {
    let here = alone().await;
    let said = Said::default();
    here.socket.once("data", saying(&said, "once"));
    here.socket.on("data", saying(&said, "always"));
    assert!(here.socket.emit("data", &[]));
    assert!(here.socket.emit("data", &[]));
    assert_eq!(said.take(), ["once", "always", "always"]);
    assert_eq!(here.socket.listeners("data").len(), 1);
}

#[tokio::test]
async fn emit_calls_with_its_arguments_and_says_whether_anybody_listens() {
    let here = alone().await;
    assert!(!here.socket.emit("data", &[1.into()]));
    let said = Said::default();
    let saying = said.clone();
    here.socket.on("data", move |socket, arguments| {
        assert_eq!(socket.id().as_bytes().len(), socket.id().to_string().len());
        saying.say(&format!("{arguments:?}"));
    });
    let arguments = [Value::from("00101001"), 7.into()];
    assert!(here.socket.emit("data", &arguments));
    assert!(!here.socket.emit("other data", &arguments));
    assert_eq!(said.take(), [format!("{arguments:?}")]);
}

#[tokio::test]
async fn listeners_are_listed_and_taken_away_one_by_one() {
    let here = alone().await;
    let said = Said::default();
    let first = here.socket.on("data", saying(&said, "first"));
    let second = here.socket.once("data", saying(&said, "second"));
    let other = here.socket.on("other data", saying(&said, "other"));
    assert_eq!(here.socket.listeners("data"), [first, second]);
    assert_eq!(here.socket.listeners("other data"), [other]);
    assert!(here.socket.remove_listener(first));
    assert!(!here.socket.remove_listener(first), "it is gone");
    assert_eq!(here.socket.listeners("data"), [second]);
    here.socket.emit("data", &[]);
    assert_eq!(said.take(), ["second"]);
}

#[tokio::test]
async fn all_listeners_of_a_kind_or_of_every_kind_are_taken_away() {
    let here = alone().await;
    let said = Said::default();
    for kind in ["connect", "data", "more data"] {
        here.socket.on(kind, saying(&said, kind));
        here.socket.on(kind, saying(&said, kind));
    }
    here.socket.remove_all_listeners(Some("data".into()));
    assert!(!here.socket.emit("data", &[]));
    assert!(here.socket.emit("more data", &[]));
    assert_eq!(said.take(), ["more data", "more data"]);
    here.socket.remove_all_listeners(None);
    for kind in ["connect", "data", "more data"] {
        assert!(!here.socket.emit(kind, &[]), "{kind}");
    }
}

#[tokio::test]
async fn an_async_listener_is_begun_and_not_waited_for() {
    let here = alone().await;
    let (telling, mut told) = mpsc::unbounded_channel();
    let (opening, open) = tokio::sync::watch::channel(false);
    let begun = telling.clone();
    here.socket.on_async("connect", move |socket, _| {
        let (telling, mut open) = (begun.clone(), open.clone());
        async move {
            telling.send("begun").expect("a test that runs");
            open.changed().await.expect("a test that runs");
            socket.send("here I am").await.expect("a peer");
            telling.send("done").expect("a test that runs");
        }
    });
    here.socket.once_async("message", move |_, _| {
        let telling = telling.clone();
        async move { _ = telling.send("a message") }
    });
    let there = joined(&here).await;
    assert_eq!(soon("a call", told.recv()).await, Some("begun"));
    // Nobody waits for it: a message passes.
    there.say("hello").await;
    assert_eq!(here.hears_text().await, "hello");
    assert_eq!(soon("a call", told.recv()).await, Some("a message"));
    opening.send(true).expect("a listener");
    assert_eq!(there.hears_text().await, "here I am");
    assert_eq!(soon("the end", told.recv()).await, Some("done"));
    assert!(here.socket.listeners("message").is_empty());
}

#[tokio::test]
async fn an_async_listener_may_outlive_its_node() {
    let here = alone().await;
    let (telling, mut told) = mpsc::unbounded_channel();
    here.socket.on_async("data", move |socket, _| {
        let telling = telling.clone();
        async move {
            while socket.recv().await.is_some() {}
            _ = telling.send("the end");
        }
    });
    assert!(here.socket.emit("data", &[]));
    here.close().await;
    assert_eq!(soon("the end", told.recv()).await, Some("the end"));
}

#[tokio::test]
async fn a_listener_that_panics_is_named_and_the_next_is_called() {
    let here = alone().await;
    let said = Said::default();
    here.socket.on("data", |_, _| panic!("at once"));
    here.socket
        .on_async("data", |_, _| async { panic!("later") });
    let (telling, mut told) = mpsc::unbounded_channel();
    here.socket.on_async("data", move |_, _| {
        let telling = telling.clone();
        async move { _ = telling.send(()) }
    });
    here.socket.on("data", saying(&said, "calm"));
    assert!(here.socket.emit("data", &[]));
    assert_eq!(said.take(), ["calm"]);
    soon("a call", told.recv()).await;
    soon("two faults", async {
        while here.socket.faults().len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let expected = ["at once", "later"].map(|panic| Fault::Listener {
        kind: "data".into(),
        panic: panic.to_owned(),
    });
    assert_eq!(here.socket.faults(), expected);
}

#[tokio::test]
async fn only_so_many_async_listeners_are_at_work() {
    let here = alone().await;
    here.socket
        .on_async("data", |_, _| std::future::pending::<()>());
    for _ in 0..LISTENERS_AT_WORK {
        here.socket.emit("data", &[]);
    }
    assert!(here.socket.faults().is_empty());
    here.socket.emit("data", &[]);
    let kind = EventKind::from("data");
    assert_eq!(here.socket.faults(), [Fault::ListenersBusy { kind }]);
}

#[tokio::test]
async fn listeners_and_the_stream_of_events_are_told_the_same() {
    let mut here = alone().await;
    let said = Said::default();
    here.socket.on("connect", saying(&said, "connect"));
    here.socket.on("message", saying(&said, "message"));
    let there = joined(&here).await;
    there.say("hello").await;
    let connected = |event| matches!(event, Event::Connected).then_some(());
    here.happens("a connect", connected).await;
    let message = |event| match event {
        Event::Message(message) => Some(text(&message)),
        _ => None,
    };
    assert_eq!(here.happens("a message", message).await, "hello");
    assert!(there.close().await.is_empty());
    here.close().await;
    assert_eq!(said.take(), ["connect", "message"]);
}
