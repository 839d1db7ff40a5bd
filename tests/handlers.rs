//! Handlers: who is shown a message first may keep it, and nothing that a handler does harms its node.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    pub(crate) mod node;
}

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rs2p::driver::Driver;
use rs2p::memory::MemoryNetwork;
use rs2p::native::TokioClock;
use rs2p::socket::{Fault, HandlerId, InboxLimits, Node as Parts};
use rs2p::transport::Clock;
use rs2p::wire::Flag;
use rs2p::{Builder, Event, MeshSocket, Message, Peer, Scheme, SendOptions};
use support::node::{Node, soon, text};
use tokio::sync::{Semaphore, mpsc};

fn node() -> Builder {
    MeshSocket::builder("handlers").hearsay(rs2p::Hearsay::Any)
}

/// Two nodes with a link: who handles, and who speaks.
async fn pair() -> [Node; 2] {
    pair_of(node()).await
}

async fn pair_of(handling: Builder) -> [Node; 2] {
    let mut handling = Node::start(handling.listen("tcp://127.0.0.1:0")).await;
    let mut speaking = Node::start(node().peer(handling.address(Scheme::Tcp).to_string())).await;
    handling.has_peers(&[speaking.id()]).await;
    speaking.has_peers(&[handling.id()]).await;
    [handling, speaking]
}

/// What handlers were shown, in order.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<String>>>);

impl Shown {
    fn note(&self, who: &str, message: &Message) {
        let line = format!("{who} {}", text(message));
        self.0.lock().expect("no panic within").push(line);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().expect("no panic within").clone()
    }
}

/// A handler that keeps the messages that are `kept`.
fn keeper(shown: Shown, who: &'static str, kept: &'static str) -> impl Fn(&Message, &Peer) -> bool {
    move |message, _| {
        shown.note(who, message);
        text(message) == kept
    }
}

#[tokio::test]
async fn handlers_are_asked_in_order_and_the_first_to_act_ends_the_chain() {
    let [here, there] = pair().await;
    let shown = Shown::default();
    for (who, kept) in [("1st", "nothing"), ("2nd", "yours"), ("3rd", "mine")] {
        here.socket
            .register_handler(keeper(shown.clone(), who, kept));
    }
    for text in ["yours", "mine", "nobody's"] {
        there.say(text).await;
    }
    assert_eq!(here.hears_text().await, "nobody's");
    let expected = [
        "1st yours",
        "2nd yours",
        "1st mine",
        "2nd mine",
        "3rd mine",
        "1st nobody's",
        "2nd nobody's",
        "3rd nobody's",
    ];
    assert_eq!(shown.all(), expected);
    assert!(there.close().await.is_empty() && here.close().await.is_empty());
}

#[tokio::test]
async fn what_a_handler_keeps_reaches_neither_queue_nor_events_nor_listeners() {
    let [mut here, there] = pair().await;
    let told = Arc::new(AtomicUsize::new(0));
    let telling = told.clone();
    here.socket.on("message", move |_, _| {
        telling.fetch_add(1, Ordering::SeqCst);
    });
    here.socket
        .register_handler(|message, _| text(message) == "kept");
    for text in ["kept", "kept", "left", "kept", "last"] {
        there.say(text).await;
    }
    for expected in ["left", "last"] {
        assert_eq!(here.hears_text().await, expected);
        let event = |event| match event {
            Event::Message(message) => Some(text(&message)),
            _ => None,
        };
        assert_eq!(here.happens("a message", event).await, expected);
    }
    there.close().await;
    // The end comes behind everything that was shown.
    assert!(here.close().await.is_empty());
    assert_eq!(told.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_async_handler_is_waited_for_and_order_is_kept() {
    let [here, there] = pair().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let (asked, mut asking) = mpsc::channel(8);
    here.socket.register_async_handler(move |message, _| {
        let (gate, asked) = (gate.clone(), asked.clone());
        async move {
            asked.send(text(&message)).await.expect("a test that runs");
            gate.acquire().await.expect("never closed").forget();
            text(&message) == "second"
        }
    });
    for text in ["first", "second", "third"] {
        there.say(text).await;
    }
    for expected in ["first", "second", "third"] {
        assert_eq!(
            soon("a question", asking.recv()).await.as_deref(),
            Some(expected)
        );
        assert!(asking.try_recv().is_err(), "one message at a time");
        assert!(here.socket.try_recv().is_none(), "nothing overtakes it");
        opened.add_permits(1);
        if expected != "second" {
            assert_eq!(here.hears_text().await, expected);
        }
    }
}

#[tokio::test]
async fn a_handler_may_send_before_it_answers() {
    let [here, there] = pair().await;
    here.socket.register_async_handler(|message, _| async move {
        message.reply("I heard you").await.is_ok()
    });
    there.say("do you?").await;
    assert_eq!(there.hears_text().await, "I heard you");
    assert!(here.close().await.is_empty());
}

#[tokio::test]
async fn a_handler_that_panics_has_not_acted_and_is_named() {
    let [here, there] = pair().await;
    let at_once = here.socket.register_handler(|message, _| {
        assert_ne!(text(message), "panic", "at once");
        false
    });
    let later = here.socket.register_async_handler(|message, _| async move {
        assert_ne!(text(&message), "panic", "later");
        false
    });
    for text in ["panic", "calm"] {
        there.say(text).await;
        assert_eq!(here.hears_text().await, text, "the next in line has it");
    }
    let faults: Vec<(HandlerId, String)> = here
        .socket
        .faults()
        .into_iter()
        .map(|fault| match fault {
            Fault::Handler { handler, panic } => (handler, panic),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(faults.len(), 2);
    for ((handler, panic), (expected, words)) in
        faults.iter().zip([(at_once, "at once"), (later, "later")])
    {
        assert_eq!(*handler, expected);
        assert!(panic.contains(words), "{panic}");
    }
}

#[tokio::test]
async fn a_handler_that_was_taken_away_is_not_asked() {
    let [here, there] = pair().await;
    let (shown, mut showing) = mpsc::unbounded_channel();
    let handler = here
        .socket
        .register_handler(move |message, _| shown.send(text(message)).is_ok());
    there.say("kept").await;
    let kept = soon("a handler's turn", showing.recv()).await;
    assert_eq!(kept.as_deref(), Some("kept"));
    assert!(here.socket.unregister_handler(handler));
    assert!(!here.socket.unregister_handler(handler));
    there.say("left").await;
    assert_eq!(here.hears_text().await, "left");
    assert!(showing.recv().await.is_none(), "it is dropped");
}

#[tokio::test]
async fn nothing_overtakes_a_message_whose_handler_is_taken_away() {
    let [here, there] = pair().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let (asked, mut asking) = mpsc::unbounded_channel();
    let handler = here.socket.register_async_handler(move |_, _| {
        let (gate, asked) = (gate.clone(), asked.clone());
        async move {
            asked.send(()).expect("a test that runs");
            gate.acquire().await.expect("never closed").forget();
            false
        }
    });
    there.say("first").await;
    soon("a question", asking.recv()).await;
    assert!(here.socket.unregister_handler(handler));
    there.say("second").await;
    soon("two messages", async {
        while here.socket.stats().delivered < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(here.socket.try_recv().is_none());
    opened.add_permits(1);
    for expected in ["first", "second"] {
        assert_eq!(here.hears_text().await, expected);
    }
}

#[tokio::test]
async fn a_message_with_a_flag_of_its_own_goes_to_handlers_and_events_only() {
    let [mut here, there] = pair().await;
    let (shown, mut showing) = mpsc::unbounded_channel();
    here.socket.register_handler(move |message, _| {
        shown.send(message.flag()).expect("a test that runs");
        text(message) == "kept"
    });
    let flags = [
        Flag::try_from("news").expect("short"),
        Flag::try_from(&b"news"[..]).expect("short"),
        Flag::try_from(0x30).expect("free"),
    ];
    for flag in &flags {
        for options in [SendOptions::new(), SendOptions::new().to_peers()] {
            let options = options.flag(flag.clone());
            for text in ["left", "kept"] {
                let sent = there.socket.send_with(&options, text).await;
                assert_eq!(sent.expect("a node with peers").peers, 1);
            }
        }
    }
    there.say("plain").await;
    assert_eq!(here.hears_text().await, "plain", "recv() has nothing else");
    for flag in &flags {
        for is_whisper in [false, true] {
            let event = |event| match event {
                Event::Flagged(message) => Some(message),
                _ => None,
            };
            let message = here.happens("a message with a flag", event).await;
            assert_eq!(
                (message.flag(), text(&message)),
                (flag.clone(), "left".into())
            );
            assert_eq!(message.is_whisper(), is_whisper);
            for _ in 0..2 {
                assert_eq!(showing.recv().await.as_ref(), Some(flag));
            }
        }
    }
    assert_eq!(showing.recv().await, Some(Flag::BROADCAST));
}

#[tokio::test]
async fn a_handler_gets_the_peer_that_handed_the_message_on() {
    let [here, mut between] = pair().await;
    let mut far = Node::start(node().configure(|config| config.outgoing = 0)).await;
    let address = here.address(Scheme::Tcp);
    far.socket.connect(&address).await.expect("a listener");
    far.has_peers(&[here.id()]).await;
    let (shown, mut showing) = mpsc::unbounded_channel();
    between.has_peers(&[here.id()]).await;
    between.socket.register_handler(move |message, peer| {
        let line = (message.sender().clone(), peer.node.clone(), peer.dialled);
        shown.send(line).is_ok()
    });
    far.say("from afar").await;
    let shown = soon("a handler's turn", showing.recv()).await;
    assert_eq!(shown, Some((far.id().clone(), here.id().clone(), true)));
}

#[tokio::test]
async fn a_handler_that_never_answers_holds_up_messages_alone() {
    let [mut here, there] = pair().await;
    here.socket
        .register_async_handler(|_, _| std::future::pending::<bool>());
    there.say("never answered").await;
    // The node itself goes on: it sends, is asked for its peers, and closes.
    here.say("I live").await;
    assert_eq!(there.hears_text().await, "I live");
    there.socket.request_peers().await.expect("an open node");
    assert_eq!(there.socket.peers().len(), 1);
    let (telling, mut told) = mpsc::unbounded_channel();
    here.socket.on("disconnect", move |_, _| {
        telling.send(()).expect("a test that runs");
    });
    drop(there);
    let disconnected = |event| matches!(event, Event::Disconnected).then_some(());
    here.happens("a loss", disconnected).await;
    soon("a call", told.recv()).await;
    soon("the end", here.socket.close()).await.expect("open");
}

#[tokio::test]
async fn what_slow_handlers_leave_is_bounded_and_its_loss_is_told() {
    let limits = InboxLimits {
        overflow: rs2p::Overflow::DropOldest,
        events: 4,
        bytes: 1 << 20,
    };
    let [here, there] = pair_of(node().inbox(limits)).await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    here.socket.register_async_handler(move |_, _| {
        let gate = gate.clone();
        async move {
            gate.acquire().await.expect("never closed").forget();
            false
        }
    });
    for number in 0..10 {
        there.say(&number.to_string()).await;
    }
    soon("ten messages", async {
        while here.socket.stats().delivered < 10 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last| last != "9") {
        opened.add_permits(1);
        heard.push(here.hears_text().await);
    }
    let lost = 10 - heard.len() as u64;
    // One may have been shown before the others came.
    assert!((5..=6).contains(&lost), "{lost}");
    assert!(here.socket.faults().contains(&Fault::HandlersLate(lost)));
    assert_eq!(here.socket.missed(), lost, "recv() has missed them too");
}

#[tokio::test]
async fn a_node_without_handles_closes_though_it_has_handlers() {
    let [here, mut there] = pair().await;
    here.socket.register_handler(|_, _| true);
    here.socket.on("message", |_, _| {});
    drop(here);
    there.has_peers(&[]).await;
}

#[tokio::test]
async fn what_was_being_shown_at_the_end_is_received_all_the_same() {
    let [here, there] = pair().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    here.socket.register_async_handler(move |_, _| {
        let gate = gate.clone();
        async move {
            gate.acquire().await.expect("never closed").forget();
            false
        }
    });
    for text in ["one", "two"] {
        there.say(text).await;
    }
    soon("two messages", async {
        while here.socket.stats().delivered < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    soon("the end", here.socket.close()).await.expect("open");
    opened.add_permits(2);
    for expected in ["one", "two"] {
        assert_eq!(here.hears_text().await, expected);
    }
    assert!(soon("nothing more", here.socket.recv()).await.is_none());
}

/// A node whose parts the test runs itself.
fn by_hand(builder: Builder, seed: u8) -> (Parts, TokioClock) {
    let clock = TokioClock::new();
    let parts = builder.build(Vec::new(), clock.wall(), [seed; 80]);
    (parts.expect("as set up"), clock)
}

#[tokio::test]
async fn without_its_dispatcher_a_node_delivers_all_the_same() {
    let network = MemoryNetwork::new();
    let (mut here, here_clock) = by_hand(node(), 1);
    let (there, there_clock) = by_hand(node().peer("memory:1"), 2);
    let here_transport = network.transport(Some(1)).expect("a free port");
    let there_transport = network.transport(None).expect("none is needed");
    let drivers = async {
        tokio::join!(
            Driver::new(
                here.mesh,
                here_transport,
                here_clock,
                here.announcer,
                here.port
            ),
            Driver::new(
                there.mesh,
                there_transport,
                there_clock,
                there.announcer,
                there.port
            ),
        )
    };
    let test = async {
        here.socket
            .register_async_handler(|_, _| std::future::pending());
        there.socket.joined().await.expect("a peer");
        // What was being shown when it went, what was to be, and what comes afterwards: none is lost.
        for text in ["shown", "staged"] {
            there.socket.send(text).await.expect("a peer");
        }
        while here.socket.stats().delivered < 2 {
            tokio::task::yield_now().await;
        }
        assert!(futures::poll!(&mut here.dispatcher).is_pending());
        assert!(here.socket.try_recv().is_none(), "it waits for the handler");
        drop(here.dispatcher);
        there.socket.send("after").await.expect("a peer");
        for expected in ["shown", "staged", "after"] {
            let message = here.socket.recv().await.expect("an open node");
            assert_eq!(text(&message), expected);
        }
    };
    tokio::select! {
        () = async { soon("two messages", test).await } => {}
        _ = drivers => panic!("the nodes ended"),
    }
}
