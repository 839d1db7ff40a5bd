//! A node in a tab that is joined to a real relay over a WebSocket, and through it to other native nodes.

use futures::StreamExt;
use futures::future::join;
use rs2p::{Address, Event, MeshError, MeshSocket, NodeId, Scheme, Status};
use wasm_bindgen_test::wasm_bindgen_test;

use super::harness::{Heard, Native, hears, soon, text};

const WS: &str = "ws://127.0.0.1:0";
const TCP: &str = "tcp://127.0.0.1:0";
const SUBNET: &str = "tab";

/// A relay.
pub(super) async fn relay() -> Native {
    Native::start(SUBNET, &[WS, TCP], &[]).await
}

/// A node in this tab, linked to a relay.
async fn joined(relay: &Native) -> MeshSocket {
    let node = MeshSocket::builder(SUBNET)
        .spawn()
        .await
        .expect("a browser");
    dial(&node, relay.address(Scheme::Ws))
        .await
        .expect("a relay that listens");
    node
}

async fn dial(node: &MeshSocket, address: &Address) -> Result<(), MeshError> {
    soon("the end of a dial", node.connect(address)).await
}

/// A node in this tab and a native one, with a relay between them: the tab over a WebSocket, the native over TCP.
async fn across_a_relay() -> (MeshSocket, Native, Native) {
    let relay = relay().await;
    let native = Native::start(SUBNET, &[], &[relay.address(Scheme::Tcp)]).await;
    let tab = joined(&relay).await;
    relay.has_peers(&[tab.id(), native.id()]).await;
    (tab, relay, native)
}

async fn say(node: &MeshSocket, text: &str) {
    soon("a message on its way", node.send(text))
        .await
        .expect("a node with peers");
}

/// "TEXT 0" and so on, so many.
fn numbered(text: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("{text} {number}"))
        .collect()
}

/// The next so many messages of a node in this tab, and who sent them.
async fn hear(node: &MeshSocket, count: usize) -> Vec<(NodeId, String)> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let message = hears(node).await;
        assert!(!message.is_whisper());
        heard.push((message.sender().clone(), text(&message)));
    }
    heard
}

/// Waits for an event.
async fn happens(node: &MeshSocket, what: &str, wanted: impl Fn(&Event) -> bool) {
    let mut events = node.events();
    let happened = async { while !wanted(&events.next().await.expect("a node that runs")) {} };
    soon(what, happened).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_tab_joins_a_relay_over_a_websocket() {
    let relay = relay().await;
    let tab = joined(&relay).await;
    assert_eq!(tab.status(), Status::Joined);
    assert_eq!(tab.outgoing(), [relay.id().clone()]);
    assert!(tab.incoming().is_empty());
    relay.has_peers(&[tab.id()]).await;
    soon("the end", tab.close()).await.expect("closed once");
    relay.close().await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_tab_and_a_native_node_hear_each_other_once_and_in_order() {
    const EACH: usize = 200;
    let (tab, relay, native) = across_a_relay().await;
    let talk = async {
        for text in numbered("tab", EACH) {
            say(&tab, &text).await;
        }
    };
    join(talk, native.say("native", EACH)).await;
    // What came twice would come before these.
    say(&tab, "that was all").await;
    native.say("that was all", 1).await;

    let heard = hear(&tab, EACH + 1).await;
    let said = numbered("native", EACH)
        .into_iter()
        .chain(["that was all 0".to_owned()]);
    assert_eq!(
        heard,
        said.map(|text| (native.id().clone(), text))
            .collect::<Vec<_>>()
    );
    let said = numbered("tab", EACH)
        .into_iter()
        .chain(["that was all".to_owned()]);
    let said = said.map(|text| Heard {
        sender: tab.id().clone(),
        is_whisper: false,
        text,
    });
    assert_eq!(native.hear(EACH + 1).await, said.collect::<Vec<_>>());
    assert_eq!((tab.stats().duplicates, tab.stats().dropped_slow), (0, 0));
    end(&[&tab], [native, relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn two_nodes_of_one_tab_hear_each_other_through_the_relay() {
    let relay = relay().await;
    let (one, other) = (joined(&relay).await, joined(&relay).await);
    relay.has_peers(&[one.id(), other.id()]).await;
    say(&one, "is anybody there?").await;
    let question = hears(&other).await;
    assert_eq!((question.sender(), question.via()), (one.id(), relay.id()));
    assert_eq!(text(&question), "is anybody there?");
    end(&[&one, &other], [relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn equal_messages_of_one_second_are_as_many_messages() {
    let (tab, relay, native) = across_a_relay().await;
    for _ in 0..20 {
        say(&tab, "the same").await;
    }
    say(&tab, "that was all").await;
    let heard = native.hear(21).await;
    assert!(
        heard[..20].iter().all(|heard| heard.text == "the same"),
        "{heard:?}"
    );
    end(&[&tab], [native, relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_message_of_nearly_a_mebibyte_goes_and_comes() {
    let relay = relay().await;
    let tab = joined(&relay).await;
    // The relay answers a whisper with what it says.
    let large = "large ".repeat(150_000);
    soon("a way to the relay", tab.whisper(relay.id(), &large))
        .await
        .expect("a peer");
    assert!(text(&hears(&tab).await) == large);
    let larger = "larger ".repeat(150_000);
    let sent = soon("a refusal", tab.send(&larger)).await;
    assert_eq!(sent.map_err(|error| error.code()), Err("too-large"));
    end(&[&tab], [relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_whisper_and_its_reply_are_for_two_nodes_alone() {
    let (tab, relay, native) = across_a_relay().await;
    soon(
        "a way to the relay",
        tab.whisper(relay.id(), "who is there?"),
    )
    .await
    .expect("a peer");
    let answer = hears(&tab).await;
    assert!(answer.is_whisper() && answer.sender() == relay.id());
    assert_eq!(text(&answer), "who is there?");
    let heard = relay.hear(1).await;
    assert!(
        heard[0].is_whisper && heard[0].sender == *tab.id(),
        "{heard:?}"
    );
    say(&tab, "for all").await;
    assert_eq!(native.hear(1).await[0].text, "for all");
    end(&[&tab], [native, relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_whisper_finds_a_native_node_beyond_the_relay() {
    let relay = relay().await;
    let native = Native::start(SUBNET, &[WS], &[relay.address(Scheme::Ws)]).await;
    relay.has_peers(&[native.id()]).await;
    let tab = joined(&relay).await;
    soon("a way to the node", tab.whisper(native.id(), "over there?"))
        .await
        .expect("a way");
    let answer = hears(&tab).await;
    assert!(answer.is_whisper() && answer.sender() == native.id());
    assert_eq!(text(&answer), "over there?");
    end(&[&tab], [native, relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_node_beyond_the_relay_answers_a_tab_that_nobody_can_dial() {
    let (tab, relay, native) = across_a_relay().await;
    let asking = tab.whisper(native.id(), "can you hear me?");
    soon("a way to the node", asking).await.expect("a way");
    let answer = hears(&tab).await;
    assert!(answer.is_whisper());
    assert_eq!((answer.sender(), answer.via()), (native.id(), relay.id()));
    assert_eq!(text(&answer), "can you hear me?");
    end(&[&tab], [native, relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn one_tab_whispers_to_another_across_the_relay() {
    let relay = relay().await;
    let (one, other) = (joined(&relay).await, joined(&relay).await);
    relay.has_peers(&[one.id(), other.id()]).await;
    say(&one, "who can keep a secret?").await;
    let question = hears(&other).await;
    let replying = question.reply("I can");
    soon("a way back", replying).await.expect("a way");
    let reply = hears(&one).await;
    assert!(reply.is_whisper());
    assert_eq!(
        (reply.sender(), text(&reply)),
        (other.id(), "I can".to_owned())
    );
    // The relay heard the question alone.
    say(&one, "that was all").await;
    let heard: Vec<_> = relay
        .hear(2)
        .await
        .into_iter()
        .map(|heard| heard.text)
        .collect();
    assert_eq!(heard, ["who can keep a secret?", "that was all"]);
    assert_eq!(text(&hears(&other).await), "that was all");
    end(&[&one, &other], [relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn another_subnet_is_an_error_that_says_so() {
    let relay = relay().await;
    let stranger = MeshSocket::builder("another tab")
        .spawn()
        .await
        .expect("a browser");
    let error = dial(&stranger, relay.address(Scheme::Ws))
        .await
        .expect_err("another subnet");
    assert_eq!(error.code(), "wrong-subnet");
    assert!(error.to_string().contains("\"another tab\""), "{error}");
    assert_eq!(stranger.status(), Status::Connecting);
    end(&[&stranger], [relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn another_node_than_expected_is_refused() {
    let relay = relay().await;
    let tab = MeshSocket::builder(SUBNET)
        .spawn()
        .await
        .expect("a browser");
    let expected = Some(tab.id().clone());
    let dialled = soon(
        "a refusal",
        tab.connect_to(relay.address(Scheme::Ws), expected),
    )
    .await;
    assert_eq!(dialled.map_err(|error| error.code()), Err("refused"));
    let expected = Some(relay.id().clone());
    let dialled = soon(
        "a link",
        tab.connect_to(relay.address(Scheme::Ws), expected),
    )
    .await;
    assert_eq!(dialled, Ok(()));
    end(&[&tab], [relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_relay_that_is_gone_is_unreachable() {
    let relay = relay().await;
    let address = relay.address(Scheme::Ws).clone();
    relay.close().await;
    let tab = MeshSocket::builder(SUBNET)
        .spawn()
        .await
        .expect("a browser");
    let error = dial(&tab, &address)
        .await
        .expect_err("nobody listens there");
    assert_eq!(error.code(), "unreachable");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_relay_that_comes_back_is_joined_again() {
    let mut relay = relay().await;
    let tab = joined(&relay).await;
    for (round, crash) in [false, true, false].into_iter().enumerate() {
        let address = relay.address(Scheme::Ws).clone();
        let lost = happens(&tab, "the loss of the relay", |event| {
            matches!(event, Event::Disconnected)
        });
        join(lost, async {
            if crash {
                relay.crash().await;
            } else {
                relay.close().await;
            }
        })
        .await;
        assert!(
            matches!(tab.status(), Status::Offline { .. }),
            "{:?}",
            tab.status()
        );
        relay = Native::start(SUBNET, &[&address.to_string()], &[]).await;
        soon("the way back", tab.joined())
            .await
            .expect("a node that runs");
        relay.has_peers(&[tab.id()]).await;
        relay.say("welcome back", 1).await;
        assert_eq!(text(&hears(&tab).await), "welcome back 0");
        say(&tab, "here again").await;
        // A new node begins with the last minute: what was said in the rounds before.
        let heard = relay.hear(2 * round + 1).await;
        assert_eq!(heard[2 * round].text, "here again");
    }
    end(&[&tab], [relay]).await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_close_is_seen_by_the_relay_at_once_and_as_one() {
    let relay = relay().await;
    let tab = joined(&relay).await;
    relay.has_peers(&[tab.id()]).await;
    say(&tab, "goodbye").await;
    soon("the end", tab.close()).await.expect("closed once");
    let reason = relay.parting(tab.id()).await;
    // A page may close with 1000 and with no other code below 3000 (HTML, WebSocket.close).
    assert!(
        reason.contains("1000") && reason.contains("shutting down"),
        "{reason}"
    );
    assert_eq!(
        relay.hear(1).await[0].text,
        "goodbye",
        "what waited is written first"
    );
    relay.close().await;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_peer_that_is_disconnected_is_told_so_and_can_be_dialled_again() {
    let relay = relay().await;
    let tab = joined(&relay).await;
    soon("an answer", tab.disconnect(relay.id()))
        .await
        .expect("a peer");
    let reason = relay.parting(tab.id()).await;
    assert!(reason.contains("1000: disconnected"), "{reason}");
    relay.has_peers(&[]).await;
    assert!(tab.peers().is_empty());
    dial(&tab, relay.address(Scheme::Ws))
        .await
        .expect("a relay that listens");
    end(&[&tab], [relay]).await;
}

/// Ends everything; a node in this tab may have heard nothing that was not taken.
async fn end<const N: usize>(tabs: &[&MeshSocket], natives: [Native; N]) {
    for tab in tabs {
        soon("the end", tab.close()).await.expect("closed once");
        let rest = tab.recv().await;
        assert!(rest.is_none(), "heard besides: {rest:?}");
    }
    for native in natives {
        native.close().await;
    }
}
